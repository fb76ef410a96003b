/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory for one large tensor in any layout: on huge pages, touched first by the threads that will use it. Guard pages
 * are for tests (buffer.h); here a cache line more or less would be seen.
 */
#ifndef TESTS_BENCH_OPERAND_H
#define TESTS_BENCH_OPERAND_H

#include "problem.h"

struct operand {
    axprod_tensor tensor;
    int64_t shape[AXPROD_MAX_NDIM], strides[AXPROD_MAX_NDIM];
    unsigned char *map, *lowest; /* the pages, the first byte of an element */
    size_t map_bytes, span;      /* span: from there to behind the last element */
};

/* What an operand will take. False where that overflows or is more than this machine has. */
bool operand_bytes(const struct layout *layout, axprod_dtype dtype, int ndim, const int64_t *shape, size_t *bytes);

/* For sizes that operand_bytes allows. Ends the program where the system refuses the memory. */
void operand_open(struct operand *operand, const struct layout *layout, axprod_dtype dtype, int ndim,
                  const int64_t *shape, int threads);
void operand_close(struct operand *operand);

/*
 * The problem's data: up to FILL_BYTES of elements those of the tests, beyond that the first FILL_BYTES again and
 * again, turned by another number of cache lines each time.
 */
#define FILL_BYTES (1 << 20)
void operand_fill(struct operand *operand, const struct problem *problem, int threads);

/*
 * For an operand that is a part of the whole tensor of a problem, its elements from that offset on: those that
 * operand_fill gives the whole.
 */
void operand_fill_part(struct operand *part, const struct problem *whole, const int64_t *offset, int threads);

/* Can operand_fill do it? Elements that lie across others are for small problems alone. */
bool operand_can_fill(const struct problem *problem);

#endif
