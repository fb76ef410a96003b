/* SPDX-License-Identifier: BSD-3-Clause */
/* A rank dies while the others are in a product with it: the job must end, not hang. CTest expects a failure. */
#include "world.h"

#include <signal.h>

int main(int argc, char **argv) {
    double x = 2, result;
    world_open(&argc, &argv);
    const int64_t global_shape = world_size(), offset = world_rank(), shape = 1;
    axprod_tensor local = {&x, AXPROD_F64, 1, &shape, NULL}, out = {&result, AXPROD_F64, 0, NULL, NULL};
    CHECK_OK(axprod_mpi_prod(&local, &global_shape, &offset, NULL, 0, NULL, &out, MPI_COMM_WORLD));
    if (world_rank() == 1)
        raise(SIGKILL);
    axprod_mpi_prod(&local, &global_shape, &offset, NULL, 0, NULL, &out, MPI_COMM_WORLD);
    return world_close();
}
