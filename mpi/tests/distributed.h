/* SPDX-License-Identifier: BSD-3-Clause */
/* A problem over ranks: each has a box of its tensor, and the bits have to be those of one process. */
#ifndef TESTS_DISTRIBUTED_H
#define TESTS_DISTRIBUTED_H

#include "shard.h"
#include "world.h"

struct distributed {
    struct problem problem; /* of the whole tensor */
    enum sharding sharding;
    axprod_mpi_result result;
    int root;
    bool copied; /* the local tensor is a dense copy of the box, not a view of the whole */
    MPI_Comm comm;
    int rank, ranks;
    struct box boxes[MOST_RANKS], box; /* of all ranks, and this one's */
    struct buffer x;                   /* the whole tensor, on every rank */
    struct buffer copy;                /* dense */
    axprod_tensor local;
    int64_t first, count; /* the slice, for AXPROD_MPI_SCATTER */
    int output_count;
    struct buffer outputs[2];
    struct results expected; /* the whole result, by the core */
};

/* A random problem, box, result and root from the seed; or those of the problem given. Collective. */
void distributed_open(struct distributed *d, const struct problem *problem, uint64_t seed, enum sharding sharding,
                      axprod_mpi_result result, MPI_Comm comm);
void distributed_close(struct distributed *d);

axprod_mpi_options distributed_options(const struct distributed *d);
axprod_status distributed_call(struct distributed *d);
axprod_status distributed_plan(struct distributed *d, axprod_mpi_plan **plan);

/*
 * Compares what this rank got, bit for bit, and the bytes beside it; ends all ranks where they differ. Complex results
 * are judged instead. Collective.
 */
void distributed_check(struct distributed *d);

/* Outputs that were compared so far, by all ranks. Collective. */
int64_t distributed_compared(void);

/* The same by the exact oracle: complex results by their error bound. Afterwards d->expected is what this rank got. */
void distributed_judge(struct distributed *d);

#endif
