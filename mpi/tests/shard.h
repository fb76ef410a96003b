/* SPDX-License-Identifier: BSD-3-Clause */
/* Ways to cut a tensor into boxes, one for each rank. The same seed gives the same boxes on every rank. */
#ifndef TESTS_SHARD_H
#define TESTS_SHARD_H

#include "random.h"

#include <axprod.h>

#define MOST_RANKS 64

/* X(enumerator, name, what it is) */
#define SHARDING_LIST(X)                                                                                               \
    X(GRID, grid, "an even block distribution over a random process grid")                                             \
    X(UNEVEN, uneven, "a process grid with cuts at random places; boxes may be empty")                                 \
    X(TREE, tree, "halves of halves at random places, so that kept parts overlap in part")                             \
    X(ONE, one, "one rank has all, the others have nothing")                                                           \
    X(ROWS, rows, "even blocks along the first axis")                                                                  \
    X(SINGLES, singles, "one element for each rank but the last, which has the rest")

enum sharding {
#define SHARDING_X(NAME, name, text) SHARDING_##NAME,
    SHARDING_LIST(SHARDING_X)
#undef SHARDING_X
    SHARDINGS
};

const char *sharding_name(enum sharding sharding);

struct box {
    int64_t offset[AXPROD_MAX_NDIM], shape[AXPROD_MAX_NDIM];
};

/* Fills the boxes of all ranks in a random order of ranks. Not for tensors without dimensions on several ranks. */
void shard(enum sharding sharding, struct rng *rng, int ndim, const int64_t *shape, int ranks, struct box *boxes);

#endif
