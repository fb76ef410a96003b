/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory for one tensor in any layout, between two pages that may not be touched. Bytes that belong to no element hold
 * a known pattern, so that a write beside the elements is seen even where no guard page stops it.
 */
#ifndef TESTS_BUFFER_H
#define TESTS_BUFFER_H

#include "layout.h"

struct buffer {
    axprod_tensor tensor;
    int64_t shape[AXPROD_MAX_NDIM], strides[AXPROD_MAX_NDIM];
    unsigned char *map; /* guard page, pages, guard page */
    size_t map_bytes;
    unsigned char *pages;
    size_t pages_bytes;
};

void buffer_open(struct buffer *buffer, axprod_dtype dtype, int ndim, const int64_t *shape,
                 const struct layout *layout);
void buffer_close(struct buffer *buffer);

/* Makes the pages read-only: from here on a write to an input stops the test. */
void buffer_seal(struct buffer *buffer);

/* Copies all elements in C order, from and to dense memory. */
void buffer_get(const struct buffer *buffer, void *dense);
void buffer_put(struct buffer *buffer, const void *dense);

/* No byte that is not an element's has changed. */
bool buffer_gaps_intact(const struct buffer *buffer);

/* No byte at all has changed since buffer_open. */
bool buffer_untouched(const struct buffer *buffer);

#endif
