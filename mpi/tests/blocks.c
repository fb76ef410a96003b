/* SPDX-License-Identifier: BSD-3-Clause */
/* The boxes of a process grid: they follow each other along each axis, the longer ones first, ranks in C order. */
#include "world.h"

#include <string.h>

/* From one rank's box to the next rank's: the last axis goes first, and starts again where it has ended. */
static void check_grid(int ndim, const int64_t *shape, const int *grid) {
    int place[AXPROD_MAX_NDIM] = {0}, ranks = 1;
    int64_t expected[AXPROD_MAX_NDIM] = {0}, offset[AXPROD_MAX_NDIM], extent[AXPROD_MAX_NDIM];
    for (int d = 0; d < ndim; d++)
        ranks *= grid[d];
    for (int rank = 0; rank < ranks; rank++) {
        CHECK_OK(axprod_mpi_block(ndim, shape, grid, rank, offset, extent));
        for (int d = 0; d < ndim; d++) {
            int64_t longer = shape[d] - shape[d] / grid[d] * grid[d];
            CHECK(offset[d] == expected[d] && extent[d] == shape[d] / grid[d] + (place[d] < longer));
        }
        for (int d = ndim - 1; d >= 0; d--) {
            expected[d] += extent[d];
            if (++place[d] < grid[d])
                break;
            CHECK(expected[d] == shape[d]);
            expected[d] = place[d] = 0;
        }
    }
}

static void check_errors(void) {
    const int64_t shape[2] = {5, 7}, negative[2] = {5, -1};
    const int grid[2] = {2, 3}, none[2] = {2, 0}, huge[3] = {1 << 30, 1 << 30, 1 << 30};
    const int64_t three[3] = {1, 1, 1};
    int64_t offset[3], extent[3];
    CHECK_STATUS(axprod_mpi_block(-1, shape, grid, 0, offset, extent), AXPROD_ERROR_NDIM);
    CHECK_STATUS(axprod_mpi_block(AXPROD_MAX_NDIM + 1, shape, grid, 0, offset, extent), AXPROD_ERROR_NDIM);
    CHECK_STATUS(axprod_mpi_block(2, NULL, grid, 0, offset, extent), AXPROD_ERROR_NULL);
    CHECK(strstr(axprod_last_error(), "global_shape"));
    CHECK_STATUS(axprod_mpi_block(2, shape, NULL, 0, offset, extent), AXPROD_ERROR_NULL);
    CHECK(strstr(axprod_last_error(), "grid"));
    CHECK_STATUS(axprod_mpi_block(2, shape, grid, 0, NULL, extent), AXPROD_ERROR_NULL);
    CHECK(strstr(axprod_last_error(), "offset"));
    CHECK_STATUS(axprod_mpi_block(2, shape, grid, 0, offset, NULL), AXPROD_ERROR_NULL);
    CHECK_STATUS(axprod_mpi_block(2, negative, grid, 0, offset, extent), AXPROD_ERROR_SHAPE);
    CHECK(strstr(axprod_last_error(), "global_shape[1]"));
    CHECK_STATUS(axprod_mpi_block(2, shape, none, 0, offset, extent), AXPROD_ERROR_COUNT);
    CHECK(strstr(axprod_last_error(), "grid[1]"));
    CHECK_STATUS(axprod_mpi_block(3, three, huge, 0, offset, extent), AXPROD_ERROR_COUNT);
    CHECK_STATUS(axprod_mpi_block(2, shape, grid, 6, offset, extent), AXPROD_ERROR_COUNT);
    CHECK_STATUS(axprod_mpi_block(2, shape, grid, -1, offset, extent), AXPROD_ERROR_COUNT);
    CHECK_OK(axprod_mpi_block(0, NULL, NULL, 0, NULL, NULL));
    CHECK_STATUS(axprod_mpi_block(0, NULL, NULL, 1, NULL, NULL), AXPROD_ERROR_COUNT);
}

int main(int argc, char **argv) {
    struct rng rng = rng_make(1);
    world_open(&argc, &argv);
    for (int64_t i = 0; i < scaled_count(1000); i++) {
        int ndim = (int)rng_between(&rng, 1, 4), grid[4];
        int64_t shape[4];
        for (int d = 0; d < ndim; d++) {
            shape[d] = rng_coin(&rng) ? rng_between(&rng, 0, 9) : rng_between(&rng, 0, INT64_C(1) << 62);
            grid[d] = (int)rng_between(&rng, 1, 6);
        }
        check_grid(ndim, shape, grid);
    }
    check_errors();
    return world_close();
}
