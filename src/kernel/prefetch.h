/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What kernels ask of the memory before they need it. Rows are mostly read a few at a time, or across: an order in
 * which the memory is slow, and which the processor does not foresee from one row to the next.
 */
#ifndef AXP_PREFETCH_H
#define AXP_PREFETCH_H

#include "vec.h"

/* From the runs of an output to those that are asked for, of other outputs behind it: in all its places together. */
#define RUNS_AHEAD 65536
/* Most bytes from long runs to those that come after them. */
#define LONG_RUNS_AHEAD 524288

/* Most bytes of what does not fill a block of columns. */
#define ROW_GAP (AXP_STATE_PAD * 8)

/* Into a second-level cache: the first level is small, and what is asked into it takes the place of the processor's own
   requests. */
INLINE void prefetch_later(const char *at, int bytes) {
    for (int line = 0; line < bytes; line += 64)
        __builtin_prefetch(at + line, 0, 2);
}

/* 0 where rows do not lie one behind the other, but for what does not fill a block at their ends, or where so far ahead
   is not behind them. */
INLINE int64_t bytes_ahead(const int64_t *offsets, int64_t rows, int64_t row_bytes, int64_t prefetch) {
    const int64_t gap = rows > 1 ? offsets[1] - offsets[0] - row_bytes : -1;
    return gap >= 0 && gap < ROW_GAP && prefetch >= rows * row_bytes ? prefetch : 0;
}

/* Rows that come later, asked for a piece at a time in the order of memory. */
struct rows_ahead {
    const char *base, *at, *end; /* of the row */
    const int64_t *offsets;
    int64_t row, rows, bytes; /* of a row */
};

INLINE struct rows_ahead rows_from(const char *base, const int64_t *offsets, int64_t rows, int64_t bytes) {
    return (struct rows_ahead){base, base + offsets[0], base + offsets[0] + bytes, offsets, 0, rows, bytes};
}

INLINE void ask_ahead(struct rows_ahead *ahead, int bytes) {
    if (ahead->row == ahead->rows)
        return;
    prefetch_later(ahead->at, bytes);
    ahead->at += bytes;
    if (ahead->at >= ahead->end && ++ahead->row < ahead->rows) {
        ahead->at = ahead->base + ahead->offsets[ahead->row];
        ahead->end = ahead->at + ahead->bytes;
    }
}

#endif
