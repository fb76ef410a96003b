/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Data for problems, by name. The same seed gives the same elements for any memory layout, because values are made
 * output by output. Kinds that aim at a rounding (ties, border, overflow) know the result dtype.
 */
#ifndef TESTS_DATA_H
#define TESTS_DATA_H

#include "element.h"
#include "random.h"
#include "walk.h"

/* X(enumerator, name, what it is) */
#define DATA_LIST(X)                                                                                                   \
    X(NEUTRAL, neutral, "magnitudes around 1, so the product stays near 1")                                            \
    X(SHRINKING, shrinking, "magnitudes in [1/4, 3/4), so long products underflow by far")                             \
    X(WILD, wild, "any finite bit pattern but zero")                                                                   \
    X(BALANCED, balanced, "exponents over the whole range, of which the last ones bring the product back")             \
    X(SMALLINT, smallint, "integers 1 .. 9 with signs")                                                                \
    X(SPECIALS, specials, "NaN, infinities and zeros among the rest")                                                  \
    X(SUBNORMAL, subnormal, "subnormal elements, every other one with a large partner")                                \
    X(TINY, tiny, "subnormal elements, and few others: products far below the range of every dtype")                   \
    X(TIES, ties, "products halfway between two results, or nearly so")                                                \
    X(BORDER, border, "the same with subnormal results, down to half of the smallest one")                             \
    X(OVERFLOW, overflow, "products at the largest finite result plus half an ulp, or nearly so")                      \
    X(POWERS, powers, "powers of two")                                                                                 \
    X(ONEHOT, onehot, "one wild element, else ones")                                                                   \
    X(ONES, ones, "ones")

enum data_kind {
#define DATA_X(NAME, name, text) DATA_##NAME,
    DATA_LIST(DATA_X)
#undef DATA_X
    DATA_KINDS
};

const char *data_name(enum data_kind kind);
bool data_from_name(const char *name, enum data_kind *kind);

struct data_request {
    enum data_kind kind;
    axprod_dtype dtype, result;
    uint64_t seed;
};

/* Fills every element that the reduction walks. */
void data_fill(const struct data_request *request, const struct reduction *reduction, void *data);

/* ------------------------------------------------------------------------------------- for data.c and construct.c */

/*
 * Factors of one output whose product is (odd part of `target`) * 2^exponent exactly, or next to it where `closeness`
 * is not zero (its sign is the side). False where that many factors of that dtype cannot do it.
 */
struct construction {
    axprod_dtype dtype;
    int64_t count;
    int bits;           /* random odd target of that many bits; 0: use target */
    uint64_t target[8]; /* else the target's own odd factors, ended by 0 */
    int64_t top;        /* the product lies in [2^(top-1), 2^top) */
    int closeness;
    bool wide_exponents;
};
bool construct(const struct construction *construction, struct rng *rng, struct element *factors);

/* Range of e such that odd * 2^e is an element of the dtype; powers of two beyond the normal range are not counted. */
void exponent_range(axprod_dtype dtype, uint64_t odd, int64_t *low, int64_t *high);

#endif
