/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the elements of a tensor lie, as plain lists of byte offsets: slow, and too simple to be wrong. */
#ifndef TESTS_WALK_H
#define TESTS_WALK_H

#include "axprod.h"

/* Strides of a tensor without gaps in C order. */
void walk_c_strides(axprod_dtype dtype, int ndim, const int64_t *shape, int64_t *strides);

/* The product of the extents. */
int64_t walk_count(int ndim, const int64_t *shape);

/* The byte offset of every element in C order; the caller frees the list. */
int64_t *walk_offsets(int ndim, const int64_t *shape, const int64_t *strides);

/*
 * A reduction as two lists: factor f of output o lies at data + output_offsets[o] + factor_offsets[f]. Reduced axes of
 * stride zero are not walked: each listed factor occurs `repeat` times.
 */
struct reduction {
    int64_t outputs, factors, repeat;
    int64_t *output_offsets, *factor_offsets;
    int out_ndim; /* without keepdims */
    int64_t out_shape[AXPROD_MAX_NDIM];
};

/* naxes < 0 or axes == NULL: all axes. */
void reduction_open(struct reduction *reduction, const axprod_tensor *x, const int *axes, int naxes);
void reduction_close(struct reduction *reduction);

#endif
