/* SPDX-License-Identifier: BSD-3-Clause */
/* What one would write without axprod: a loop over the elements, and MPI_Allreduce with MPI_PROD. Only of f64. */
#ifndef AXPROD_MPI_PROGRAMS_HAND_H
#define AXPROD_MPI_PROGRAMS_HAND_H

#include "operand.h"

#include <mpi.h>

struct hand {
    const char *data;
    double *products;      /* NULL: not for this problem */
    struct operand memory; /* of the products */
    int count;
    int ndim; /* without axes of extent 1; the slowest axis in memory first */
    int64_t extents[AXPROD_MAX_NDIM], strides[AXPROD_MAX_NDIM];
    int64_t steps[AXPROD_MAX_NDIM]; /* in products; 0 along reduced axes */
    MPI_Comm comm;
};

/* local: this rank's part of the problem; comm: the ranks that have factors of the same outputs. */
void hand_open(struct hand *hand, const struct problem *problem, const axprod_tensor *local, MPI_Comm comm);
void hand_close(struct hand *hand);

void hand_multiply(struct hand *hand);
void hand_reduce(struct hand *hand);

#endif
