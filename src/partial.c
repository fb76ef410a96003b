/* SPDX-License-Identifier: BSD-3-Clause */
/* Partial products as users see them: made by a run, merged, and finished without the elements. */
#include "internal.h"
#include "kernel/fpenv.h"

#include <stdlib.h>

static axprod_status check_partials(const axprod_plan *plan, axp_accumulator accumulator, const char *name,
                                    const void *partials) {
    if (!plan)
        return axp_fail(AXPROD_ERROR_NULL, "plan is NULL");
    if (plan->accumulator != accumulator)
        return axp_fail(AXPROD_ERROR_UNSUPPORTED, "plans for %s results have no %s partials",
                        axprod_dtype_name(plan->out_dtype[0]), accumulator == AXP_REAL ? "real" : "complex");
    if (!partials && plan->nest.outputs > 0)
        return axp_fail(AXPROD_ERROR_NULL, "%s is NULL", name);
    return AXPROD_OK;
}

/* bytes: of one partial */
static axprod_status run_to_partials(const axprod_plan *plan, const void *x, void *partials, int64_t bytes,
                                     bool packed) {
    const char *name = packed ? "packed" : "partials";
    axp_extent none = {0, 0}, extent = {0, 0};
    if (__builtin_mul_overflow(plan->nest.outputs, bytes, &extent.end))
        return axp_fail(AXPROD_ERROR_COUNT, "%lld partials are more than all memory", (long long)plan->nest.outputs);
    AXP_TRY(axp_check_pointers(&plan->x_extent, x, name, &extent, partials, name, &none, NULL));
    axp_sink sink = {partials, {NULL, NULL}, packed};
    return axp_run(plan, x, &sink);
}

axprod_status axprod_plan_partials(const axprod_plan *plan, const void *x, axprod_partial *partials) {
    AXP_TRY(check_partials(plan, AXP_REAL, "partials", partials));
    return run_to_partials(plan, x, partials, (int64_t)sizeof *partials, false);
}

axprod_status axprod_plan_complex_partials(const axprod_plan *plan, const void *x, axprod_complex_partial *partials) {
    AXP_TRY(check_partials(plan, AXP_COMPLEX, "partials", partials));
    return run_to_partials(plan, x, partials, (int64_t)sizeof *partials, false);
}

void axprod_partial_merge(const axprod_partial *in, axprod_partial *inout, int64_t count) {
    if (!in || !inout || count <= 0)
        return;
    axp_fpenv saved = axp_fpenv_enter();
    axp_kernels_any()->merge_partials(in, inout, count);
    axp_fpenv_leave(saved);
}

void axprod_complex_partial_merge(const axprod_complex_partial *in, axprod_complex_partial *inout, int64_t count) {
    if (!in || !inout || count <= 0)
        return;
    axp_fpenv saved = axp_fpenv_enter();
    axp_kernels_any()->merge_complex_partials(in, inout, count);
    axp_fpenv_leave(saved);
}

enum {
    BLOCK = 256
};

/* What a block of outputs goes through on its way from partials to results. */
struct workspace {
    _Alignas(AXP_ALIGNMENT) double words[5 * BLOCK]; /* states; complex ones have most planes */
    _Alignas(AXP_ALIGNMENT) char values[16 * BLOCK];
    int32_t doubtful[BLOCK];
    int64_t offsets[BLOCK];
};

static axp_states states_of(struct workspace *w) {
    return (axp_states){w->words, BLOCK};
}

static axp_finish_room room_of(struct workspace *w) {
    return (axp_finish_room){w->values, w->doubtful, w->offsets};
}

/* Partials of outputs first .. first+n-1 of the nest in turn: where they are, or gathered. */
static const axprod_partial *find_partials(const axp_nest *nest, const axprod_partial *partials, int64_t first,
                                           int64_t n, axprod_partial *some) {
    if (axp_in_index_order(nest))
        return partials + first;
    int64_t indices[BLOCK];
    axp_fill_offsets(nest->kept, nest->kept_count, AXP_INDEX, first, n, indices);
    for (int64_t i = 0; i < n; i++)
        some[i] = partials[nest->origin[AXP_INDEX] + indices[i]];
    return some;
}

static axprod_status finish_all(const axprod_plan *plan, const axprod_partial *partials, double bound,
                                const axp_sink *sink, axp_unresolved *unresolved) {
    const axp_nest *nest = &plan->nest;
    struct workspace w;
    const axp_states states = states_of(&w);
    const axp_finish_room room = room_of(&w);
    for (int64_t first = 0; first < nest->outputs; first += BLOCK) {
        int64_t n = axp_min(BLOCK, nest->outputs - first);
        axprod_partial some[BLOCK];
        plan->kernels->load_partials(find_partials(nest, partials, first, n, some), n, states);
        AXP_TRY(axp_finish_states(plan, NULL, first, states, 0, n, bound, &room, sink, unresolved));
    }
    return AXPROD_OK;
}

static int compare_indices(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static axprod_status check_outputs(const axprod_plan *plan, void *out, void *second) {
    axp_extent none = {0, 0};
    return axp_check_pointers(&none, NULL, axp_output_name(plan->form, 0), &plan->out_extent[0], out,
                              axp_output_name(plan->form, 1), &plan->out_extent[1], second);
}

static axprod_status tell_unresolved(axprod_status status, int64_t count, int64_t *num_unresolved) {
    if (num_unresolved)
        *num_unresolved = count;
    if (status == AXPROD_OK && count)
        return axp_fail(AXPROD_UNRESOLVED, "the partials do not decide the rounding of %lld outputs", (long long)count);
    return status;
}

axprod_status axprod_plan_finish(const axprod_plan *plan, const axprod_partial *partials, int64_t factors, void *out,
                                 void *second, int64_t *unresolved, int64_t *num_unresolved) {
    AXP_TRY(check_partials(plan, AXP_REAL, "partials", partials));
    if (factors < 0 || factors > AXP_MAX_FACTORS)
        return axp_fail(AXPROD_ERROR_COUNT, "factors is %lld; 0 to 2^52 are possible", (long long)factors);
    AXP_TRY(check_outputs(plan, out, second));
    axp_sink sink = {.out = {out, second}};
    axp_unresolved list = {unresolved, 0};
    axp_fpenv saved = axp_fpenv_enter();
    axprod_status status = finish_all(plan, partials, axp_error_bound(plan->x_dtype, factors, false), &sink, &list);
    axp_fpenv_leave(saved);
    if (unresolved && !axp_in_index_order(&plan->nest))
        qsort(unresolved, (size_t)list.count, sizeof *unresolved, compare_indices);
    return tell_unresolved(status, list.count, num_unresolved);
}

/* --------------------------------------------------------------------------------------------- packed partials --- */

/* The largest exponent of an element's magnitude, either way. */
static int64_t widest_exponent(const axp_dtype_info *info) {
    return info->kind == AXP_KIND_FLOAT ? info->format.precision - 1 - info->format.min_exponent
                                        : 8 * (int64_t)info->bytes;
}

int64_t axprod_packed_factors(axprod_dtype x) {
    if (!axp_dtype_known(x) || axp_dtypes[x].kind == AXP_KIND_COMPLEX)
        return 0;
    return AXP_PACKED_EXPONENT / (widest_exponent(&axp_dtypes[x]) + 1);
}

static axprod_status check_packed(const axprod_plan *plan, const char *name, const void *packed, int64_t factors) {
    AXP_TRY(check_partials(plan, AXP_REAL, name, packed));
    int64_t most = axprod_packed_factors(plan->x_dtype);
    if (factors < 0 || factors > most)
        return axp_fail(AXPROD_ERROR_COUNT, "factors is %lld; packed partials hold 0 to %lld of dtype %s",
                        (long long)factors, (long long)most, axprod_dtype_name(plan->x_dtype));
    return AXPROD_OK;
}

axprod_status axprod_plan_packed_partials(const axprod_plan *plan, const void *x, axprod_packed_partial *packed) {
    AXP_TRY(check_packed(plan, "packed", packed, axprod_plan_factors(plan)));
    return run_to_partials(plan, x, packed, (int64_t)sizeof *packed, true);
}

static axprod_status check_pieces(const axprod_plan *plan, const axprod_packed_partial *const *pieces, int num_pieces,
                                  int64_t first, int64_t count) {
    if (num_pieces < 1)
        return axp_fail(AXPROD_ERROR_COUNT, "num_pieces is %d: it has to be at least 1", num_pieces);
    if (first < 0 || count < 0 || count > plan->nest.outputs || first > plan->nest.outputs - count)
        return axp_fail(AXPROD_ERROR_COUNT, "first is %lld and count is %lld; the result has %lld elements",
                        (long long)first, (long long)count, (long long)plan->nest.outputs);
    for (int k = 0; k < num_pieces && count > 0; k++)
        if (!pieces[k])
            return axp_fail(AXPROD_ERROR_NULL, "pieces[%d] is NULL", k);
    return AXPROD_OK;
}

/* In blocks where outputs in C order are neighbours in the nest; else one by one. */
static axprod_status finish_pieces(const axprod_plan *plan, const axprod_packed_partial *const *pieces, int num_pieces,
                                   int64_t first, int64_t count, double bound, const axp_sink *sink,
                                   axp_unresolved *unresolved) {
    const bool in_order = axp_in_index_order(&plan->nest);
    const int64_t most = in_order ? BLOCK : 1;
    axp_round_packed *round = plan->form == AXP_FORM_VALUE ? plan->kernels->round_packed[plan->out_dtype[0]] : NULL;
    struct workspace w;
    const axp_states states = states_of(&w);
    const axp_finish_room room = room_of(&w);
    for (int64_t at = 0; at < count; at += most) {
        int64_t n = axp_min(most, count - at);
        int64_t output = in_order ? first + at : axp_output_of_index(&plan->nest, first + at);
        char *values = axp_place_values(plan, output, n, &room, sink);
        if (round && round(pieces, num_pieces, at, n, bound, values)) {
            AXP_TRY(axp_finish_values(plan, NULL, output, n, values, &room, 0, sink));
            continue;
        }
        plan->kernels->multiply_packed(pieces, num_pieces, at, n, states);
        AXP_TRY(axp_finish_states(plan, NULL, output, states, 0, n, bound, &room, sink, unresolved));
    }
    return AXPROD_OK;
}

axprod_status axprod_plan_finish_packed(const axprod_plan *plan, const axprod_packed_partial *const *pieces,
                                        int num_pieces, int64_t first, int64_t count, int64_t factors, void *out,
                                        void *second, int64_t *unresolved, int64_t *num_unresolved) {
    AXP_TRY(check_packed(plan, "pieces", pieces, factors));
    AXP_TRY(check_pieces(plan, pieces, num_pieces, first, count));
    AXP_TRY(check_outputs(plan, out, second));
    axp_sink sink = {.out = {out, second}};
    axp_unresolved list = {unresolved, 0};
    axp_fpenv saved = axp_fpenv_enter();
    axprod_status status = finish_pieces(plan, pieces, num_pieces, first, count,
                                         axp_error_bound(plan->x_dtype, factors, true), &sink, &list);
    axp_fpenv_leave(saved);
    return tell_unresolved(status, list.count, num_unresolved);
}

/* -------------------------------------------------------------------------------------------- complex partials --- */

static void finish_all_complex(const axprod_plan *plan, const axprod_complex_partial *partials, const axp_sink *sink) {
    const axp_nest *nest = &plan->nest;
    struct workspace w;
    const axp_states states = states_of(&w);
    const axp_finish_room room = room_of(&w);
    for (int64_t first = 0; first < nest->outputs; first += BLOCK) {
        int64_t n = axp_min(BLOCK, nest->outputs - first);
        axprod_complex_partial some[BLOCK];
        axp_fill_offsets(nest->kept, nest->kept_count, AXP_INDEX, first, n, w.offsets);
        for (int64_t i = 0; i < n; i++)
            some[i] = partials[nest->origin[AXP_INDEX] + w.offsets[i]];
        plan->kernels->load_complex_partials(some, n, states);
        axp_finish_states(plan, NULL, first, states, 0, n, 0, &room, sink, NULL);
    }
}

axprod_status axprod_plan_complex_finish(const axprod_plan *plan, const axprod_complex_partial *partials, void *out) {
    AXP_TRY(check_partials(plan, AXP_COMPLEX, "partials", partials));
    AXP_TRY(check_outputs(plan, out, NULL));
    axp_sink sink = {.out = {out, NULL}};
    axp_fpenv saved = axp_fpenv_enter();
    finish_all_complex(plan, partials, &sink);
    axp_fpenv_leave(saved);
    return AXPROD_OK;
}
