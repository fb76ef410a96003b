/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A number that stands for the bits of a result: results with the same bits have the same one, others almost surely
 * another. Each element counts with its place in the whole result, and elements are added up, so that parts of a result
 * may be digested where they are.
 */
#ifndef TESTS_BENCH_DIGEST_H
#define TESTS_BENCH_DIGEST_H

#include "operand.h"

/*
 * Of elements first .. first + count - 1, in C order, of the box of `problem`'s result whose outputs are those of the
 * elements from offset on with these extents, of the problem's dimensions. part: these count elements, in C order;
 * number: 0, or 1 for the second output of a pair.
 */
uint64_t digest_part(const struct problem *problem, const int64_t *offset, const int64_t *extents, int64_t first,
                     const struct operand *part, int number);

/* Of all outputs. */
uint64_t digest_whole(const struct problem *problem, const struct operand out[2]);

#endif
