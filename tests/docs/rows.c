/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame of the example of axprod_mpi.h, which takes its rows from the whole tensor that this one has on every rank. */
#include <axprod_mpi.h>
#include <stdio.h>
#include <string.h>

static double whole[1000][2];

static double *rows(int64_t first, int64_t count) {
    return count > 0 ? whole[first] : NULL;
}

static int is_right(const double *y) {
    double expected[2];
    const axprod_tensor x = {whole, AXPROD_F64, 2, (int64_t[]){1000, 2}, NULL};
    const axprod_tensor out = {expected, AXPROD_F64, 1, (int64_t[]){2}, NULL};
    return axprod_prod(&x, (int[]){0}, 1, NULL, &out) == AXPROD_OK && memcmp(expected, y, sizeof expected) == 0;
}

int main(int argc, char **argv) {
    int rank, ranks;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    for (int i = 0; i < 2000; i++)
        whole[i / 2][i % 2] = 0.5 + (i * 7 % 1000) / 1000.0;
#include FRAGMENT
    int good = status == AXPROD_OK && is_right(y);
    if (!good)
        fprintf(stderr, "rank %d of %d: not the bits of one process\n", rank, ranks);
    MPI_Finalize();
    return !good;
}
