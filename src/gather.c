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

void axp_gather(const axp_piece *p, int64_t first, int64_t count, int64_t width, int64_t spread, axp_states states,
                int64_t at) {
    const axprod_plan *plan = p->plan;
    const axp_nest *nest = &plan->nest;
    int bytes = plan->element_bytes;
    int64_t pitch = width / spread;
    int64_t most = axp_min(AXP_GATHER_BYTES / (width * bytes), AXP_ROWS / spread);
    int64_t reduced[AXP_ROWS], *kept = p->s->room.offsets;
    axp_fill_offsets(nest->kept, nest->kept_count, AXP_X, first, count, kept);
    for (int64_t row = 0; row < most; row++)
        p->s->rows[row] = row * width * bytes;
    bool along_reduced = nest->reduced_count && (!nest->kept_count || (uint64_t)nest->reduced[0].stride[AXP_X] - 1 <
                                                                          (uint64_t)nest->kept[0].stride[AXP_X] - 1);
    if (count < pitch)
        axp_fill_identity_elements(plan->x_dtype, p->s->gathered,
                                   width * axp_min(most, axp_divide_up(p->end - p->begin, spread)));
    for (int64_t i = p->begin; i < p->end; i += most * spread) {
        int64_t n = axp_min(p->end - i, most * spread), rows = axp_divide_up(n, spread);
        axp_fill_offsets(nest->reduced, nest->reduced_count, AXP_X, i, n, reduced);
        copy_any_elements(bytes, p->x, kept, count, reduced, n, along_reduced, p->s->gathered, pitch);
        axp_fill_identity_elements(plan->x_dtype, p->s->gathered + n * pitch * bytes, (rows * spread - n) * pitch);
        p->fold(p->s->gathered, p->s->rows, rows, width, 0, states, at, &p->s->hint);
        p->add_progress(p, n * count * bytes);
    }
}
