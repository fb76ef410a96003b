/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame of the README's example over MPI: blocks of rows that are all alike, so each rank has the same elements. */
#include <axprod_mpi.h>
#include <stdio.h>
#include <string.h>

enum {
    ROWS = 100,
    COLUMNS = 3
};

int main(int argc, char **argv) {
    double x[ROWS][COLUMNS], result[COLUMNS], expected[COLUMNS];
    MPI_Comm comm = MPI_COMM_WORLD;
    int rank, ranks, naxes = 1;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &ranks);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        x[i / COLUMNS][i % COLUMNS] = 0.7 + i % COLUMNS;
    const int axes[] = {0}, grid[] = {ranks, 1};
    const int64_t global_shape[] = {ROWS, COLUMNS}, columns[] = {COLUMNS};
    int64_t offset[2], shape[2];
    const axprod_tensor local = {x, AXPROD_F64, 2, shape, NULL}, out = {result, AXPROD_F64, 1, columns, NULL};
#include FRAGMENT
    const axprod_tensor all = {x, AXPROD_F64, 2, global_shape, NULL}, y = {expected, AXPROD_F64, 1, columns, NULL};
    int good = axprod_prod(&all, axes, naxes, NULL, &y) == AXPROD_OK && memcmp(expected, result, sizeof expected) == 0;
    if (!good)
        fprintf(stderr, "rank %d of %d: not the bits of one process: %s\n", rank, ranks, axprod_last_error());
    MPI_Finalize();
    return !good;
}
