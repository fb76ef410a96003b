/* SPDX-License-Identifier: BSD-3-Clause */
/* Digests of results: see digest.h. */
#include "digest.h"

#include "random.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

/* Every bit of the input changes about half of the output. */
static uint64_t mix(uint64_t x) {
    return rng_next(&(struct rng){x});
}

/* The place in the whole result of element `index` of a box. */
static int64_t place_of(const struct problem *problem, const int64_t *offset, const int64_t *extents, int64_t index) {
    int64_t place = 0, weight = 1;
    for (int d = problem->ndim - 1; d >= 0; d--) {
        if (problem_reduces(problem, d))
            continue;
        place += (offset[d] + index % extents[d]) * weight;
        index /= extents[d];
        weight *= problem->shape[d];
    }
    return place;
}

uint64_t digest_part(const struct problem *problem, const int64_t *offset, const int64_t *extents, int64_t first,
                     const struct operand *part, int number) {
    size_t size = axprod_dtype_size(part->tensor.dtype);
    int64_t count = walk_count(part->tensor.ndim, part->shape),
            *offsets = walk_offsets(part->tensor.ndim, part->shape, part->strides);
    uint64_t sum = 0;
    for (int64_t i = 0; i < count; i++) {
        uint64_t bits[2] = {0, 0};
        memcpy(bits, (const char *)part->tensor.data + offsets[i], size);
        int64_t place = place_of(problem, offset, extents, first + i);
        sum += mix(mix(mix(2 * (uint64_t)place + (uint64_t)number) ^ bits[0]) ^ bits[1]);
    }
    free(offsets);
    return sum;
}

uint64_t digest_whole(const struct problem *problem, const struct operand out[2]) {
    static const int64_t zeros[AXPROD_MAX_NDIM];
    axprod_dtype dtypes[2];
    int outs = problem_out_dtypes(problem, dtypes);
    uint64_t sum = 0;
    for (int i = 0; i < outs; i++)
        sum += digest_part(problem, zeros, problem->shape, 0, &out[i], i);
    return sum;
}
