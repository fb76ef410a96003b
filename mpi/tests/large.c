/* SPDX-License-Identifier: BSD-3-Clause */
/* More elements than an int counts, all at one place in memory: the product of an odd number of -1 is -1. */
#include "world.h"

int main(int argc, char **argv) {
    world_open(&argc, &argv);
    const int64_t all = (INT64_C(1) << 31) + 3;
    const int grid = world_size();
    int64_t offset, extent, stride = 0;
    int8_t element = -1, result = 0;
    CHECK_OK(axprod_mpi_block(1, &all, &grid, world_rank(), &offset, &extent));
    axprod_tensor local = {&element, AXPROD_I8, 1, &extent, &stride}, out = {&result, AXPROD_I8, 0, NULL, NULL};
    CHECK_OK(axprod_mpi_prod(&local, &all, &offset, NULL, 0, NULL, &out, MPI_COMM_WORLD));
    CHECK(result == -1);
    return world_close();
}
