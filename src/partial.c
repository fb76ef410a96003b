/* SPDX-License-Identifier: BSD-3-Clause */
/* Partial products as users see them: made by a run, merged, and finished without the elements. */
#include "internal.h"
#include "kernel/fpenv.h"

#include <stdlib.h>

static axprod_status check_partials(const axprod_plan *plan, const axprod_partial *partials) {
    if (!plan)
        return axp_fail(AXPROD_ERROR_NULL, "plan is NULL");
    if (plan->accumulator != AXP_REAL)
        return axp_fail(AXPROD_ERROR_UNSUPPORTED, "plans for %s results have no partials",
                        axprod_dtype_name(plan->out_dtype[0]));
    if (!partials && plan->nest.outputs > 0)
        return axp_fail(AXPROD_ERROR_NULL, "partials is NULL");
    return AXPROD_OK;
}

axprod_status axprod_plan_partials(const axprod_plan *plan, const void *x, axprod_partial *partials) {
    AXP_TRY(check_partials(plan, partials));
    axp_extent none = {0, 0}, extent = {0, 0};
    if (__builtin_mul_overflow(plan->nest.outputs, (int64_t)sizeof *partials, &extent.end))
        return axp_fail(AXPROD_ERROR_COUNT, "%lld partials are more than all memory", (long long)plan->nest.outputs);
    AXP_TRY(axp_check_pointers(&plan->x_extent, x, "partials", &extent, partials, "partials", &none, NULL));
    axp_sink sink = {partials, {NULL, NULL}};
    return axp_run(plan, x, &sink);
}

enum {
    BLOCK = 64
};

/* A block of partials as states on the stack. */
struct block {
    _Alignas(AXP_ALIGNMENT) double words[3 * BLOCK];
};

static axp_states states_of(struct block *block) {
    return (axp_states){block->words, BLOCK};
}

static void load_block(struct block *block, const axprod_partial *partials, int64_t n) {
    axp_states s = states_of(block);
    int64_t padded = axp_round_up(n, AXP_STATE_PAD);
    for (int64_t i = 0; i < padded; i++) {
        axprod_partial p = i < n ? partials[i] : (axprod_partial)AXPROD_PARTIAL_IDENTITY;
        axp_plane(s, AXP_PLANE_HI)[i] = p.hi;
        axp_plane(s, AXP_PLANE_LO)[i] = p.lo;
        axp_exponents(s)[i] = p.exponent;
    }
}

void axprod_partial_merge(const axprod_partial *in, axprod_partial *inout, int64_t count) {
    if (!in || !inout || count <= 0)
        return;
    const axp_kernels *kernels = axp_kernels_any();
    struct block a, b;
    axp_fpenv saved = axp_fpenv_enter();
    for (int64_t at = 0; at < count; at += BLOCK) {
        int64_t n = axp_min(BLOCK, count - at);
        load_block(&a, inout + at, n);
        load_block(&b, in + at, n);
        axp_states s = states_of(&a);
        kernels->merge[AXP_REAL](s, 0, states_of(&b), 0, n);
        kernels->canonicalise(s, n);
        for (int64_t i = 0; i < n; i++)
            inout[at + i] =
                (axprod_partial){axp_plane(s, AXP_PLANE_HI)[i], axp_plane(s, AXP_PLANE_LO)[i], axp_exponents(s)[i]};
    }
    axp_fpenv_leave(saved);
}

/* Outputs of the nest in C order of the result: partials are gathered by index, finished and stored. */
static axprod_status finish_all(const axprod_plan *plan, const axprod_partial *partials, double bound,
                                const axp_sink *sink, axp_unresolved *unresolved) {
    const axp_nest *nest = &plan->nest;
    struct block block;
    _Alignas(AXP_ALIGNMENT) char values[16 * BLOCK];
    int32_t doubtful[BLOCK];
    int64_t offsets[BLOCK], indices[BLOCK];
    axp_finish_room room = {values, doubtful, offsets};
    for (int64_t first = 0; first < nest->outputs; first += BLOCK) {
        int64_t n = axp_min(BLOCK, nest->outputs - first);
        axprod_partial some[BLOCK];
        axp_fill_offsets(nest->kept, nest->kept_count, AXP_INDEX, first, n, indices);
        for (int64_t i = 0; i < n; i++)
            some[i] = partials[nest->origin[AXP_INDEX] + indices[i]];
        load_block(&block, some, n);
        AXP_TRY(axp_finish_tile(plan, NULL, first, n, states_of(&block), bound, &room, sink, unresolved));
    }
    return AXPROD_OK;
}

static int compare_indices(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

axprod_status axprod_plan_finish(const axprod_plan *plan, const axprod_partial *partials, int64_t factors, void *out,
                                 void *second, int64_t *unresolved, int64_t *num_unresolved) {
    AXP_TRY(check_partials(plan, partials));
    if (factors < 0 || factors > AXP_MAX_FACTORS)
        return axp_fail(AXPROD_ERROR_COUNT, "factors is %lld; 0 to 2^52 are possible", (long long)factors);
    axp_extent none = {0, 0};
    AXP_TRY(axp_check_pointers(&none, NULL, axp_output_name(plan->form, 0), &plan->out_extent[0], out,
                               axp_output_name(plan->form, 1), &plan->out_extent[1], second));
    axp_sink sink = {NULL, {out, second}};
    axp_unresolved list = {unresolved, 0};
    axp_fpenv saved = axp_fpenv_enter();
    axprod_status status = finish_all(plan, partials, axp_error_bound(plan->x_dtype, factors), &sink, &list);
    axp_fpenv_leave(saved);
    if (unresolved)
        qsort(unresolved, (size_t)list.count, sizeof *unresolved, compare_indices);
    if (num_unresolved)
        *num_unresolved = list.count;
    if (status == AXPROD_OK && list.count)
        return axp_fail(AXPROD_UNRESOLVED, "the partials do not decide the rounding of %lld outputs",
                        (long long)list.count);
    return status;
}
