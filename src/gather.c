/* SPDX-License-Identifier: BSD-3-Clause */
/* Elements with any strides, copied into rows that kernels take. */
#include "walk.h"

#include <string.h>

/* Copies elements for `outputs` outputs and n reduced iterations into rows of `pitch` elements of constant size. */
static inline __attribute__((always_inline)) void copy_elements(const size_t bytes, const char *x, const int64_t *kept,
                                                                int64_t outputs, const int64_t *reduced, int64_t n,
                                                                bool along_reduced, char *rows, int64_t pitch) {
    if (along_reduced) {
        for (int64_t j = 0; j < outputs; j++)
            for (int64_t i = 0; i < n; i++)
                memcpy(rows + (i * pitch + j) * (int64_t)bytes, x + kept[j] + reduced[i], bytes);
    } else {
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < outputs; j++)
                memcpy(rows + (i * pitch + j) * (int64_t)bytes, x + kept[j] + reduced[i], bytes);
    }
}

/* The size is a constant in each case, so that each copy is one load and one store. */
static void copy_any_elements(int bytes, const char *x, const int64_t *kept, int64_t outputs, const int64_t *reduced,
                              int64_t n, bool along_reduced, char *rows, int64_t pitch) {
    switch (bytes) {
    case 1:
        copy_elements(1, x, kept, outputs, reduced, n, along_reduced, rows, pitch);
        break;
    case 2:
        copy_elements(2, x, kept, outputs, reduced, n, along_reduced, rows, pitch);
        break;
    case 4:
        copy_elements(4, x, kept, outputs, reduced, n, along_reduced, rows, pitch);
        break;
    case 8:
        copy_elements(8, x, kept, outputs, reduced, n, along_reduced, rows, pitch);
        break;
    default:
        copy_elements(16, x, kept, outputs, reduced, n, along_reduced, rows, pitch);
    }
}

static inline __attribute__((always_inline)) void repeat(const size_t bytes, const unsigned char *element, char *to,
                                                         int64_t n) {
    for (int64_t i = 0; i < n; i++)
        memcpy(to + i * (int64_t)bytes, element, bytes);
}

void axp_fill_identity_elements(axprod_dtype dtype, char *elements, int64_t n) {
    unsigned char one[16];
    axp_dtype_identity(dtype, one);
    switch (axp_dtypes[dtype].bytes) {
    case 1:
        memset(elements, one[0], (size_t)n);
        break;
    case 2:
        repeat(2, one, elements, n);
        break;
    case 4:
        repeat(4, one, elements, n);
        break;
    case 8:
        repeat(8, one, elements, n);
        break;
    default:
        repeat(16, one, elements, n);
    }
}

/* Some outputs of a piece, copied together. */
struct block {
    const axp_piece *piece;
    const int64_t *kept;  /* where they begin, the last one repeated up to `width` */
    int64_t count, width; /* outputs; elements of a row, in whole vectors */
    bool along_reduced;
};

/* One element at a time, of the first `outputs` of the block. */
static void copy_each(const struct block *b, int64_t outputs, int64_t i, int64_t n, char *rows) {
    const axprod_plan *plan = b->piece->plan;
    int64_t reduced[AXP_ROWS];
    axp_fill_offsets(plan->nest.reduced, plan->nest.reduced_count, AXP_X, i, n, reduced);
    copy_any_elements(plan->element_bytes, b->piece->x, b->kept, outputs, reduced, n, b->along_reduced, rows,
                      b->width / plan->spread);
}

/* Runs of contiguous elements, and the padding with them. */
static void copy_runs(const struct block *b, int64_t i, int64_t n, char *rows) {
    const axprod_plan *plan = b->piece->plan;
    const int64_t extent = plan->nest.reduced[0].extent, pitch = b->width * plan->element_bytes;
    for (int64_t length; n > 0; i += length, n -= length, rows += length * pitch) {
        int64_t offset;
        length = axp_min(n, extent - i % extent);
        axp_fill_offsets(plan->nest.reduced, plan->nest.reduced_count, AXP_X, i, 1, &offset);
        if (!axp_transpose(plan->element_bytes, b->piece->x + offset, b->kept, b->width, length, rows, pitch))
            copy_each(b, b->width, i, length, rows);
    }
}

static bool is_smaller(int64_t stride, int64_t than) {
    return (uint64_t)stride - 1 < (uint64_t)than - 1; /* none is 0 */
}

static void gather_block(const struct block *b, axp_states states, int64_t at) {
    const axp_piece *p = b->piece;
    const axprod_plan *plan = p->plan;
    const int bytes = plan->element_bytes;
    const int64_t spread = plan->spread, row_bytes = b->width * bytes, pitch = b->width / spread;
    const int64_t most = axp_min(AXP_GATHER_BYTES / row_bytes, AXP_ROWS / spread);
    const bool turns = b->along_reduced && spread == 1 && plan->nest.reduced[0].stride[AXP_X] == bytes;
    const int64_t most_rows = axp_min(most, axp_divide_up(p->end - p->begin, spread));
    for (int64_t row = 0; row < most_rows; row++)
        p->s->rows[row] = row * row_bytes;
    if (b->count < pitch && !turns)
        axp_fill_identity_elements(plan->x_dtype, p->s->gathered, b->width * most_rows);
    for (int64_t i = p->begin; i < p->end; i += most * spread) {
        int64_t n = axp_min(p->end - i, most * spread), rows = axp_divide_up(n, spread);
        if (turns)
            copy_runs(b, i, n, p->s->gathered);
        else
            copy_each(b, b->count, i, n, p->s->gathered);
        axp_fill_identity_elements(plan->x_dtype, p->s->gathered + n * pitch * bytes, (rows * spread - n) * pitch);
        p->fold(p->s->gathered, p->s->rows, rows, b->width, 0, states, at, &p->s->hint);
        p->add_progress(p, n * b->count * bytes);
    }
}

void axp_gather(const axp_piece *p, int64_t first, int64_t count, axp_states states) {
    const axp_nest *nest = &p->plan->nest;
    struct block b = {.piece = p};
    b.along_reduced = nest->reduced_count &&
                      (!nest->kept_count || is_smaller(nest->reduced[0].stride[AXP_X], nest->kept[0].stride[AXP_X]));
    /* few outputs with all of their elements, so that memory is read from end to end */
    int64_t width = AXP_GATHER_BYTES / p->plan->element_bytes / (p->end - p->begin) / AXP_STATE_PAD * AXP_STATE_PAD;
    width = axp_max(width, AXP_STATE_PAD);
    axp_locate_outputs(p, first, count);
    for (int64_t j = 0; j < count; j += width) {
        b.kept = p->s->room.offsets + j;
        b.count = axp_min(count - j, width);
        b.width = axp_round_up(b.count, AXP_STATE_PAD);
        gather_block(&b, states, j);
    }
}
