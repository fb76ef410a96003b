/* SPDX-License-Identifier: BSD-3-Clause */
/* How a tensor lies in memory, in the words of problem.h. */
#ifndef TESTS_LAYOUT_H
#define TESTS_LAYOUT_H

#include "axprod.h"

/* All zeros: C order, described by strides == NULL. */
struct layout {
    bool has_order;
    int order[AXPROD_MAX_NDIM]; /* axes from the slowest to the fastest in memory */
    bool has_strides;
    int64_t strides[AXPROD_MAX_NDIM]; /* in bytes; instead of an order */
    uint64_t flip;                    /* bit d: axis d runs backwards */
    uint64_t broadcast;               /* bit d: axis d has stride zero */
    int64_t pad;                      /* elements of gap after each run of the fastest axis, and on each further axis */
    int offset;                       /* bytes (0 .. 15) by which the elements are misaligned; needs no guard page */
    bool at_start;                    /* the first byte, not the last one, is next to a guard page */
};

/* C order without gaps: strides need not be said. */
bool layout_is_plain(const struct layout *layout);

/* The strides in bytes. False where they overflow. */
bool layout_strides(const struct layout *layout, axprod_dtype dtype, int ndim, const int64_t *shape, int64_t *strides);

/*
 * The bytes from the lowest to behind the highest element, relative to element (0, 0, ...); none for no elements. False
 * where their number overflows.
 */
bool layout_span(axprod_dtype dtype, int ndim, const int64_t *shape, const int64_t *strides, int64_t *low,
                 int64_t *high);

#endif
