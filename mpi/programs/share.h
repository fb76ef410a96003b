/* SPDX-License-Identifier: BSD-3-Clause */
/* One rank's share of a problem, ready to be executed: its block with data, and plans. All functions are collective. */
#ifndef AXPROD_MPI_PROGRAMS_SHARE_H
#define AXPROD_MPI_PROGRAMS_SHARE_H

#include "hand.h"
#include "operand.h"

#include <axprod_mpi.h>

struct share {
    const struct problem *problem; /* the whole */
    axprod_mpi_result result;
    struct problem block; /* this rank's */
    int64_t offset[AXPROD_MAX_NDIM], first, count, outputs, factors;
    int threads;
    struct operand x, out[2], dense[2]; /* out: as the result goes; dense: of the block alone */
    struct operand partials;            /* of the block, three words each */
    axprod_mpi_plan *plan;
    axprod_plan *local; /* of the block alone */
    MPI_Comm group;     /* the ranks that have factors of the same outputs */
    struct hand hand;
};

/* grid: of as many blocks as there are ranks; none is empty. Ends the program where something fails. */
void share_open(struct share *share, const struct problem *problem, const int *grid, axprod_mpi_result result);
void share_close(struct share *share);

/* The whole product; what a rank does before it meets others. */
axprod_status share_execute(struct share *share);
axprod_status share_multiply(struct share *share);

/*
 * Executes the plan and compares the bits with those of axprod_prod on the whole tensor, on all ranks. Only for whole
 * tensors of up to SHARE_MOST_VERIFIED elements; for larger ones it executes alone.
 */
#define SHARE_MOST_VERIFIED (INT64_C(1) << 22)
bool share_verify(struct share *share);

#endif
