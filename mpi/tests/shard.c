/* SPDX-License-Identifier: BSD-3-Clause */
/* Tilings of a tensor; see shard.h. */
#include "shard.h"

#include "world.h"

#include <string.h>

static const char *const names[] = {
#define SHARDING_X(NAME, name, text) #name,
    SHARDING_LIST(SHARDING_X)
#undef SHARDING_X
};

const char *sharding_name(enum sharding sharding) {
    return names[sharding];
}

static struct box whole(int ndim, const int64_t *shape) {
    struct box box = {{0}, {0}};
    memcpy(box.shape, shape, sizeof *shape * (size_t)ndim);
    return box;
}

/* A random factor of the number of ranks for each axis. */
static void random_grid(struct rng *rng, int ndim, int ranks, int *grid) {
    int order[AXPROD_MAX_NDIM];
    for (int d = 0; d < ndim; d++) {
        grid[d] = 1;
        order[d] = d;
    }
    rng_shuffle(rng, order, ndim);
    for (int prime = 2, place = 0; ranks > 1; prime++) {
        for (; ranks % prime == 0; ranks /= prime)
            grid[order[place++ % ndim]] *= prime;
    }
}

static void cut_rows(int ndim, const int64_t *shape, int ranks, struct box *boxes) {
    int grid[AXPROD_MAX_NDIM] = {ranks};
    for (int d = 1; d < ndim; d++)
        grid[d] = 1;
    for (int r = 0; r < ranks; r++)
        CHECK_OK(axprod_mpi_block(ndim, shape, grid, r, boxes[r].offset, boxes[r].shape));
}

static void cut_grid(struct rng *rng, int ndim, const int64_t *shape, int ranks, struct box *boxes) {
    int grid[AXPROD_MAX_NDIM];
    random_grid(rng, ndim, ranks, grid);
    for (int r = 0; r < ranks; r++)
        CHECK_OK(axprod_mpi_block(ndim, shape, grid, r, boxes[r].offset, boxes[r].shape));
}

/* Moves the cuts of a grid: those at the same place of an axis together, so that the boxes still tile. */
static void cut_uneven(struct rng *rng, int ndim, const int64_t *shape, int ranks, struct box *boxes) {
    int grid[AXPROD_MAX_NDIM];
    random_grid(rng, ndim, ranks, grid);
    for (int d = 0, inner = ranks; d < ndim; d++) {
        int64_t cuts[MOST_RANKS + 1];
        cuts[0] = 0;
        inner /= grid[d];
        for (int i = 1; i <= grid[d]; i++)
            cuts[i] = i == grid[d] ? shape[d] : rng_between(rng, cuts[i - 1], shape[d]);
        for (int r = 0; r < ranks; r++) {
            int place = r / inner % grid[d];
            boxes[r].offset[d] = cuts[place];
            boxes[r].shape[d] = cuts[place + 1] - cuts[place];
        }
    }
}

static void cut_tree(struct rng *rng, int ndim, const struct box *box, int ranks, struct box *boxes) {
    if (ranks == 1) {
        *boxes = *box;
        return;
    }
    int axis = (int)rng_below(rng, (uint64_t)ndim), left = (int)rng_between(rng, 1, ranks - 1);
    int64_t cut = rng_between(rng, 0, box->shape[axis]);
    struct box low = *box, high = *box;
    low.shape[axis] = cut;
    high.offset[axis] += cut;
    high.shape[axis] -= cut;
    cut_tree(rng, ndim, &low, left, boxes);
    cut_tree(rng, ndim, &high, ranks - left, boxes + left);
}

/* Along the longest axis; what one element is cut from has extent 1 along the others only if the tensor has. */
static void cut_singles(int ndim, const int64_t *shape, int ranks, struct box *boxes) {
    int axis = 0;
    for (int d = 0; d < ndim; d++)
        if (shape[d] > shape[axis])
            axis = d;
    for (int r = 0; r < ranks; r++) {
        boxes[r] = whole(ndim, shape);
        boxes[r].offset[axis] = r < shape[axis] ? r : shape[axis];
        boxes[r].shape[axis] = r == ranks - 1 ? shape[axis] - boxes[r].offset[axis] : r < shape[axis];
    }
}

void shard(enum sharding sharding, struct rng *rng, int ndim, const int64_t *shape, int ranks, struct box *boxes) {
    struct box made[MOST_RANKS], all = whole(ndim, shape);
    int order[MOST_RANKS];
    memset(made, 0, sizeof made);
    for (int r = 0; r < ranks; r++) {
        order[r] = r;
        made[r] = all;
    }
    if (ndim == 0)
        CHECK(ranks == 1);
    else if (sharding == SHARDING_GRID)
        cut_grid(rng, ndim, shape, ranks, made);
    else if (sharding == SHARDING_UNEVEN)
        cut_uneven(rng, ndim, shape, ranks, made);
    else if (sharding == SHARDING_TREE)
        cut_tree(rng, ndim, &all, ranks, made);
    else if (sharding == SHARDING_ROWS)
        cut_rows(ndim, shape, ranks, made);
    else if (sharding == SHARDING_SINGLES)
        cut_singles(ndim, shape, ranks, made);
    else
        for (int r = 1; r < ranks; r++)
            memset(made[r].shape, 0, sizeof made[r].shape);
    rng_shuffle(rng, order, ranks);
    for (int r = 0; r < ranks; r++)
        boxes[order[r]] = made[r];
}
