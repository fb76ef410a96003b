/* SPDX-License-Identifier: BSD-3-Clause */
/* Random problems; see generate.h. */
#include "generate.h"

#include <string.h>

static const axprod_dtype floats[] = {AXPROD_F16, AXPROD_BF16, AXPROD_F32, AXPROD_F64};
static const axprod_dtype integers[] = {AXPROD_I8,  AXPROD_I16, AXPROD_I32, AXPROD_I64, AXPROD_U8,
                                        AXPROD_U16, AXPROD_U32, AXPROD_U64, AXPROD_BOOL};

/* Around every length at which a kernel might change its way: vectors, chains, blocks. */
static const int64_t lengths[] = {1,   2,   3,   4,   5,   6,   7,    8,    9,    10,   11,   12,  13,  14,
                                  15,  16,  17,  18,  19,  20,  31,   32,   33,   34,   35,   47,  48,  49,
                                  63,  64,  65,  66,  96,  100, 127,  128,  129,  130,  255,  256, 257, 258,
                                  259, 260, 511, 512, 513, 514, 1000, 1024, 2049, 4096, 10000};

static void choose_dtypes(struct rng *rng, const struct wish *wish, struct problem *problem) {
    uint64_t which = rng_below(rng, 100);
    if (which < 70) {
        problem->dtype = floats[rng_below(rng, 4)];
        problem->out = floats[rng_below(rng, 4)];
    } else if (which < 90 || !wish->complex_too) {
        problem->dtype = integers[rng_below(rng, 9)];
        problem->out = rng_coin(rng) ? floats[rng_below(rng, 4)] : integers[rng_below(rng, 8)]; /* not bool */
    } else {
        problem->dtype = rng_coin(rng) ? AXPROD_C64 : AXPROD_C128;
        problem->out = rng_coin(rng) ? AXPROD_C64 : AXPROD_C128;
    }
    which = rng_below(rng, 10);
    if (which < 2 && problem->dtype != AXPROD_C64 && problem->dtype != AXPROD_C128)
        problem->form = which ? FORM_SCALED : FORM_LOG;
}

/* Extents of up to `most` axes whose product is count, in any order. */
static int split(struct rng *rng, int64_t count, int most, int64_t *extents) {
    int axes = (int)rng_between(rng, 1, most);
    for (int i = 0; i + 1 < axes; i++) {
        extents[i] = 1;
        for (int64_t divisor = rng_between(rng, 1, 64); divisor > 1; divisor--) {
            if (count % divisor == 0) {
                extents[i] = divisor;
                break;
            }
        }
        count /= extents[i];
    }
    extents[axes - 1] = count;
    return axes;
}

static void choose_shape(struct rng *rng, const struct wish *wish, struct problem *problem) {
    int64_t factors = lengths[rng_below(rng, sizeof lengths / sizeof lengths[0])], extents[8];
    int64_t room = wish->most_elements / factors, outputs;
    int places[8], reduced = split(rng, factors, 3, extents);
    /* As many problems of one output as of thousands. */
    outputs = room > 1 ? room >> rng_below(rng, 64 - (uint64_t)__builtin_clzll((uint64_t)room)) : 1;
    outputs -= rng_coin(rng) && outputs > 1;
    int kept = rng_below(rng, 4) ? split(rng, outputs, 3, extents + reduced) : 0;
    problem->ndim = reduced + kept;
    for (int i = 0; i < problem->ndim; i++)
        places[i] = i;
    if (rng_coin(rng)) /* else the reduced axes come first */
        rng_shuffle(rng, places, problem->ndim);
    else if (rng_coin(rng)) /* last */
        for (int i = 0; i < problem->ndim; i++)
            places[i] = (i + kept) % problem->ndim;
    for (int i = 0; i < problem->ndim; i++)
        problem->shape[places[i]] = extents[i];
    problem->naxes = reduced;
    for (int i = 0; i < reduced; i++)
        problem->axes[i] = places[i] - (rng_below(rng, 4) == 0 ? problem->ndim : 0);
    if (kept == 0 && rng_coin(rng))
        problem->naxes = -1;
    if (rng_below(rng, 200) == 0)
        problem->naxes = 0;
    if (rng_below(rng, 200) == 0)
        problem->shape[rng_below(rng, (uint64_t)problem->ndim)] = 0;
    problem->keepdims = rng_coin(rng);
}

void generate_layout(struct rng *rng, int ndim, bool input, struct layout *layout) {
    memset(layout, 0, sizeof *layout);
    layout->at_start = rng_below(rng, 4) == 0;
    if (rng_below(rng, 3) == 0)
        layout->offset = (int)rng_below(rng, 16);
    if (ndim == 0 || rng_below(rng, 3) == 0)
        return;
    layout->has_order = true;
    for (int d = 0; d < ndim; d++)
        layout->order[d] = ndim - 1 - d; /* Fortran order */
    if (rng_coin(rng))
        rng_shuffle(rng, layout->order, ndim);
    if (rng_coin(rng))
        layout->flip = rng_next(rng) & ((UINT64_C(1) << ndim) - 1);
    if (rng_coin(rng))
        layout->pad = rng_between(rng, 1, 5);
    if (input && rng_below(rng, 8) == 0)
        layout->broadcast = UINT64_C(1) << rng_below(rng, (uint64_t)ndim);
}

void generate_problem(uint64_t seed, const struct wish *wish, struct problem *problem) {
    static const int threads[] = {0, 0, 0, 1, 2, 3, 5};
    struct rng rng = rng_make(seed);
    int out_ndim;
    int64_t out_shape[AXPROD_MAX_NDIM];
    memset(problem, 0, sizeof *problem);
    choose_dtypes(&rng, wish, problem);
    choose_shape(&rng, wish, problem);
    problem->data = (enum data_kind)rng_below(&rng, DATA_KINDS);
    problem->threads = threads[rng_below(&rng, sizeof threads / sizeof threads[0])];
    problem->seed = seed;
    generate_layout(&rng, problem->ndim, true, &problem->layout);
    problem_out_shape(problem, &out_ndim, out_shape);
    if (rng_coin(&rng))
        generate_layout(&rng, out_ndim, false, &problem->out_layout);
}
