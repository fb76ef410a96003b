/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The canonical form of a reduction. The order of multiplication is free, so loops may be turned round, sorted by how
 * they walk through memory, and merged with their neighbours: what is left is as few and as long loops as there are.
 */
#include "internal.h"

static int64_t magnitude(int64_t a) {
    return a < 0 ? -a : a;
}

/* Turns a loop round where x would be walked backwards. */
static void make_forward(axp_loop *loop, int64_t origin[AXP_OPERANDS]) {
    if (loop->stride[AXP_X] >= 0)
        return;
    for (int operand = 0; operand < AXP_OPERANDS; operand++) {
        origin[operand] += loop->stride[operand] * (loop->extent - 1);
        loop->stride[operand] = -loop->stride[operand];
    }
}

/* Whether a comes inside b: smaller steps in x first, broadcast loops (no step) last; then by the first output. */
static bool goes_inside(const axp_loop *a, const axp_loop *b) {
    uint64_t xa = (uint64_t)a->stride[AXP_X] - 1, xb = (uint64_t)b->stride[AXP_X] - 1;
    return xa != xb ? xa < xb : magnitude(a->stride[AXP_OUT]) < magnitude(b->stride[AXP_OUT]);
}

static void insert(axp_loop *loops, int *count, axp_loop loop) {
    int i = (*count)++;
    for (; i > 0 && goes_inside(&loop, &loops[i - 1]); i--)
        loops[i] = loops[i - 1];
    loops[i] = loop;
}

/* Whether the outer loop's step is where the inner loop ends. */
static bool steps_on(const axp_loop *inner, const axp_loop *outer, int operand) {
    int64_t end;
    return !__builtin_mul_overflow(inner->stride[operand], inner->extent, &end) && end == outer->stride[operand];
}

/* Merges loops that walk on where the one inside them ends, in all operands. */
static void merge_neighbours(axp_loop *loops, int *count) {
    int n = 0;
    for (int i = 0; i < *count; i++) {
        bool continues = n > 0;
        for (int operand = 0; continues && operand < AXP_OPERANDS; operand++)
            continues = steps_on(&loops[n - 1], &loops[i], operand);
        if (continues)
            loops[n - 1].extent *= loops[i].extent;
        else
            loops[n++] = loops[i];
    }
    *count = n;
}

void axp_canonicalise(const axp_geometry *g, axp_nest *nest) {
    nest->kept_count = nest->reduced_count = 0;
    nest->outputs = g->outputs;
    nest->factors = g->factors;
    for (int operand = 0; operand < AXP_OPERANDS; operand++)
        nest->origin[operand] = 0;

    /* An extent of zero leaves nothing to walk through on its side; the other side's loops still matter. */
    int64_t index_stride = 1;
    for (int d = g->ndim - 1; d >= 0; d--) {
        bool reduced = g->reduced >> d & 1;
        axp_loop loop = {g->shape[d],
                         {g->x_stride[d], reduced ? 0 : g->out_stride[0][d], reduced ? 0 : g->out_stride[1][d],
                          reduced ? 0 : index_stride}};
        if (!reduced)
            index_stride *= axp_max(loop.extent, 1);
        if (loop.extent <= 1)
            continue;
        make_forward(&loop, nest->origin);
        if (reduced)
            insert(nest->reduced, &nest->reduced_count, loop);
        else
            insert(nest->kept, &nest->kept_count, loop);
    }
    merge_neighbours(nest->kept, &nest->kept_count);
    merge_neighbours(nest->reduced, &nest->reduced_count);
}

void axp_fill_offsets(const axp_loop *loops, int count, axp_operand operand, int64_t first, int64_t n,
                      int64_t *offsets) {
    if (count <= 1) {
        int64_t stride = count ? loops[0].stride[operand] : 0, offset = first * stride;
        for (int64_t i = 0; i < n; i++, offset += stride)
            offsets[i] = offset;
        return;
    }
    int64_t digits[AXPROD_MAX_NDIM], offset = 0, rest = first;
    for (int d = 0; d < count; d++) {
        digits[d] = rest % loops[d].extent;
        rest /= loops[d].extent;
        offset += digits[d] * loops[d].stride[operand];
    }
    for (int64_t i = 0; i < n;) {
        int64_t run = axp_min(n - i, loops[0].extent - digits[0]), stride = loops[0].stride[operand];
        for (int64_t end = i + run; i < end; i++, offset += stride)
            offsets[i] = offset;
        digits[0] += run;
        for (int d = 0; d + 1 < count && digits[d] == loops[d].extent; d++) {
            offset += loops[d + 1].stride[operand] - digits[d] * loops[d].stride[operand];
            digits[d] = 0;
            digits[d + 1]++;
        }
    }
}
