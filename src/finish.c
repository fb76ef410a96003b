/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finished states to elements of the outputs: rounding in vectors with the test, then one by one the few outputs that
 * fail it, then the store with any strides.
 */
#include "internal.h"

#include <string.h>

/* Scatters n values of constant size. */
static inline __attribute__((always_inline)) void scatter(const size_t bytes, char *to, const int64_t *offsets,
                                                          const char *values, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        memcpy(to + offsets[i], values + i * (int64_t)bytes, bytes);
}

/* Output `first` where those behind it follow without gaps, else NULL. */
static char *contiguous_outputs(const axprod_plan *plan, int which, int64_t first, const axp_sink *sink) {
    const axp_nest *nest = &plan->nest;
    const axp_operand operand = which ? AXP_SECOND : AXP_OUT;
    const int64_t bytes = axp_dtypes[plan->out_dtype[which]].bytes;
    if (nest->kept_count != 1 || nest->kept[0].stride[operand] != bytes)
        return NULL;
    return sink->out[which] + nest->origin[operand] + first * bytes;
}

char *axp_place_values(const axprod_plan *plan, int64_t first, int64_t n, const axp_finish_room *room,
                       const axp_sink *sink) {
    char *outputs = n % AXP_STATE_PAD == 0 ? contiguous_outputs(plan, 0, first, sink) : NULL;
    return outputs ? outputs : room->values;
}

/* Stores n values that lie without gaps as outputs first .. first+n-1. */
static void store_values(const axprod_plan *plan, int which, int64_t first, int64_t n, const axp_finish_room *room,
                         const axp_sink *sink) {
    const axp_nest *nest = &plan->nest;
    axp_operand operand = which ? AXP_SECOND : AXP_OUT;
    int64_t bytes = axp_dtypes[plan->out_dtype[which]].bytes;
    char *to = contiguous_outputs(plan, which, first, sink);
    if (to) {
        memcpy(to, room->values, (size_t)(n * bytes));
        return;
    }
    to = sink->out[which] + nest->origin[operand];
    axp_fill_offsets(nest->kept, nest->kept_count, operand, first, n, room->offsets);
    switch (bytes) {
    case 1:
        scatter(1, to, room->offsets, room->values, n);
        break;
    case 2:
        scatter(2, to, room->offsets, room->values, n);
        break;
    case 4:
        scatter(4, to, room->offsets, room->values, n);
        break;
    case 8:
        scatter(8, to, room->offsets, room->values, n);
        break;
    default:
        scatter(16, to, room->offsets, room->values, n);
    }
}

void axp_store_output(const axprod_plan *plan, int64_t output, const uint64_t bits[2], const axp_sink *sink) {
    const axp_nest *nest = &plan->nest;
    for (int which = 0; which <= (plan->form != AXP_FORM_VALUE); which++) {
        axp_operand operand = which ? AXP_SECOND : AXP_OUT;
        int64_t offset;
        axp_fill_offsets(nest->kept, nest->kept_count, operand, output, 1, &offset);
        /* little endian: narrow dtypes are the low bytes */
        memcpy(sink->out[which] + nest->origin[operand] + offset, &bits[which],
               (size_t)axp_dtypes[plan->out_dtype[which]].bytes);
    }
}

/* ------------------------------------------------------------------------------------------ states as intervals --- */

/* Fixed point with 124 fraction bits: hi + lo exactly, or rounded down. */
#define FRACTION_BITS 124

/* hi + lo, 1 <= hi <= 2, in units of 2^-FRACTION_BITS; *more: whether bits of lo below that were cut off. */
static axp_uint128 to_fixed_point(double hi, double lo, bool *more) {
    double scaled = lo * 0x1p124;
    __int128 low = (__int128)scaled;
    if ((double)low > scaled)
        low--;
    *more = (double)low != scaled;
    return ((axp_uint128)(hi * 0x1p52) << (FRACTION_BITS - 52)) + (axp_uint128)low;
}

/* value - 1, for a value of binade 0: its unit is 2^-FRACTION_BITS or half of that, so 1 is a whole number of units. */
static void subtract_one(axp_real *value) {
    axp_uint128 one = (axp_uint128)1 << -value->exponent;
    value->negative = value->magnitude < one;
    value->magnitude = value->negative ? one - value->magnitude : value->magnitude - one;
}

/*
 * Where the product of a state is. bound 0 means an exact state of at most 106 bits, of which nothing is cut off:
 * an interval of one number.
 */
static axp_interval state_interval(axp_form form, double hi, double lo, int64_t exponent, double bound) {
    axp_interval interval = {.negative = hi < 0};
    bool more;
    axp_uint128 middle = to_fixed_point(hi < 0 ? -hi : hi, hi < 0 ? -lo : lo, &more);
    /* one unit for the bound's fraction, one for what was cut off */
    axp_uint128 margin = bound > 0 ? (axp_uint128)(bound * 0x1p124) + 2 : 0;
    interval.low = (axp_real){middle - margin, exponent - FRACTION_BITS, false, false};
    interval.high = (axp_real){middle + margin, exponent - FRACTION_BITS, false, false};
    if (form == AXP_FORM_LOG) {
        int64_t high_binade = axp_log_binade(&interval.high);
        interval.binade = axp_log_binade(&interval.low);
        interval.split = high_binade != interval.binade;
        if (interval.binade == 0)
            subtract_one(&interval.low);
        if (high_binade == 0)
            subtract_one(&interval.high);
    }
    return interval;
}

/* ------------------------------------------------------------------------------------------------ real results --- */

static bool is_special(double hi) {
    return hi == 0 || hi - hi != 0;
}

/* One output from its state: decided, or resolved from the elements, or reported. */
static axprod_status finish_one(const axprod_plan *plan, const char *x, int64_t output, axp_states states, int64_t i,
                                double bound, axp_unresolved *unresolved, uint64_t bits[2]) {
    double hi = axp_plane(states, AXP_PLANE_HI)[i], lo = axp_plane(states, AXP_PLANE_LO)[i];
    if (is_special(hi)) {
        axp_special_output(plan->form, plan->out_dtype[0], hi, bits);
        return AXPROD_OK;
    }
    axp_interval interval = state_interval(plan->form, hi, lo, axp_exponents(states)[i], bound);
    if (axp_decide(plan->form, plan->out_dtype[0], &interval, bits))
        return AXPROD_OK;
    if (!unresolved)
        return axp_resolve(plan, x, output, bits);
    if (unresolved->indices) {
        const axp_nest *nest = &plan->nest;
        int64_t index;
        axp_fill_offsets(nest->kept, nest->kept_count, AXP_INDEX, output, 1, &index);
        unresolved->indices[unresolved->count] = nest->origin[AXP_INDEX] + index;
    }
    unresolved->count++;
    return AXPROD_OK;
}

/* Every output by itself: log, and those that the vectors leave. list NULL: all n. */
static axprod_status finish_listed(const axprod_plan *plan, const char *x, int64_t first, const int32_t *list,
                                   int64_t n, axp_states states, double bound, const axp_sink *sink,
                                   axp_unresolved *unresolved) {
    for (int64_t k = 0; k < n; k++) {
        int64_t i = list ? list[k] : k;
        uint64_t bits[2];
        AXP_TRY(finish_one(plan, x, first + i, states, i, bound, unresolved, bits));
        axp_store_output(plan, first + i, bits, sink);
    }
    return AXPROD_OK;
}

/* The significands are the states rounded at exponent zero; then frexp's convention. */
static int64_t round_scaled(const axprod_plan *plan, int64_t first, int64_t n, axp_states states, double bound,
                            const axp_finish_room *room, const axp_sink *sink) {
    int64_t *exponents = axp_exponents(states), *result = (int64_t *)room->values;
    double *significands = (double *)room->values;
    int64_t saved[AXP_STATE_PAD], doubtful = 0;
    for (int64_t at = 0; at < n; at += AXP_STATE_PAD) {
        int64_t some = axp_min(n - at, AXP_STATE_PAD);
        memcpy(saved, exponents + at, sizeof saved);
        memset(exponents + at, 0, sizeof saved);
        int64_t found =
            plan->kernels->round[AXPROD_F64](states, at, some, bound, significands + at, room->doubtful + doubtful);
        for (int64_t k = 0; k < found; k++)
            room->doubtful[doubtful++] += (int32_t)at;
        memcpy(exponents + at, saved, sizeof saved);
    }
    for (int64_t i = 0; i < n; i++)
        significands[i] *= 0.5; /* exact; [1, 2] becomes [0.5, 1] */
    for (int64_t i = 0; i < n; i++)
        if (significands[i] == 1 || significands[i] == -1)
            significands[i] *= 0.5;
    store_values(plan, 0, first, n, room, sink);
    for (int64_t i = 0; i < n; i++) {
        double hi = axp_plane(states, AXP_PLANE_HI)[i];
        bool carried = significands[i] == 0.5 ? hi > 1.5 : significands[i] == -0.5 && hi < -1.5;
        result[i] = is_special(hi) ? 0 : exponents[i] + 1 + carried;
    }
    store_values(plan, 1, first, n, room, sink);
    return doubtful;
}

static axprod_status finish_real(const axprod_plan *plan, const char *x, int64_t first, int64_t n, axp_states states,
                                 double bound, const axp_finish_room *room, const axp_sink *sink,
                                 axp_unresolved *unresolved) {
    if (plan->form == AXP_FORM_LOG)
        return finish_listed(plan, x, first, NULL, n, states, bound, sink, unresolved);
    int64_t doubtful;
    if (plan->form == AXP_FORM_SCALED) {
        doubtful = round_scaled(plan, first, n, states, bound, room, sink);
    } else {
        char *values = axp_place_values(plan, first, n, room, sink);
        doubtful = plan->kernels->round[plan->out_dtype[0]](states, 0, n, bound, values, room->doubtful);
        if (values == room->values)
            store_values(plan, 0, first, n, room, sink);
    }
    return finish_listed(plan, x, first, room->doubtful, doubtful, states, bound, sink, unresolved);
}

/* -------------------------------------------------------------------------------------- other results, partials --- */

static void finish_words(const axprod_plan *plan, int64_t first, int64_t n, axp_states states,
                         const axp_finish_room *room, const axp_sink *sink) {
    const int bytes = axp_dtypes[plan->out_dtype[0]].bytes;
    const uint32_t *words = (const uint32_t *)states.words;
    void *values = room->values;
    if (bytes == 1)
        for (int64_t i = 0; i < n; i++)
            ((uint8_t *)values)[i] = (uint8_t)words[i];
    else if (bytes == 2)
        for (int64_t i = 0; i < n; i++)
            ((uint16_t *)values)[i] = (uint16_t)words[i];
    else
        memcpy(values, words, (size_t)(n * bytes));
    store_values(plan, 0, first, n, room, sink);
}

/* value 2^exponent, rounded once where it is subnormal */
static double scale(double value, int64_t exponent) {
    if (exponent < -1022 || exponent > 1023) /* beyond 4096 all numbers over- or underflow */
        return __builtin_ldexp(value, (int)axp_max(-4096, axp_min(exponent, 4096)));
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return value * power;
}

/*
 * hi alone: it is the double nearest to hi + lo or so. Rounding it once more, to binary32, keeps the bound: with u =
 * 2^-24 that is u / (1 + u) of hi, which leaves u^2 = 2^-48 for the 2^-53 before.
 */
static void finish_complex(const axprod_plan *plan, int64_t first, int64_t n, axp_states states,
                           const axp_finish_room *room, const axp_sink *sink) {
    bool wide = plan->out_dtype[0] == AXPROD_C128;
    for (int64_t i = 0; i < n; i++) {
        int64_t exponent = axp_exponents(states)[i];
        double re = axp_plane(states, AXP_PLANE_HI)[i], im = axp_plane(states, AXP_PLANE_IM_HI)[i];
        if (re - re != 0 || im - im != 0)
            re = im = __builtin_nan("");
        /* -0 + 0 is +0 */
        re = scale(re + 0, exponent);
        im = scale(im + 0, exponent);
        if (wide)
            ((axprod_complex128 *)room->values)[i] = (axprod_complex128){re, im};
        else
            ((axprod_complex64 *)room->values)[i] = (axprod_complex64){(float)re, (float)im};
    }
    store_values(plan, 0, first, n, room, sink);
}

axprod_status axp_finish_values(const axprod_plan *plan, const char *x, int64_t first, int64_t n, const char *values,
                                const axp_finish_room *room, int64_t doubtful, const axp_sink *sink) {
    if (values == room->values)
        store_values(plan, 0, first, n, room, sink);
    for (int64_t k = 0; k < doubtful; k++) {
        uint64_t bits[2];
        AXP_TRY(axp_resolve(plan, x, first + room->doubtful[k], bits));
        axp_store_output(plan, first + room->doubtful[k], bits, sink);
    }
    return AXPROD_OK;
}

static void convert_partials(const axprod_plan *plan, axp_states states, int64_t n, bool packed, void *partials) {
    if (packed)
        plan->kernels->pack_states(states, n, partials);
    else if (plan->accumulator == AXP_REAL)
        plan->kernels->store_partials(states, n, partials);
    else
        plan->kernels->store_complex_partials(states, n, partials);
}

/* In C order of the result already, or put into it. */
static void store_partials(const axprod_plan *plan, int64_t first, int64_t n, axp_states states,
                           const axp_finish_room *room, const axp_sink *sink) {
    const axp_nest *nest = &plan->nest;
    const size_t bytes = sink->packed                    ? sizeof(axprod_packed_partial)
                         : plan->accumulator == AXP_REAL ? sizeof(axprod_partial)
                                                         : sizeof(axprod_complex_partial);
    char *partials = sink->partials;
    if (axp_in_index_order(nest)) {
        convert_partials(plan, states, n, sink->packed, partials + first * (int64_t)bytes);
        return;
    }
    axp_fill_offsets(nest->kept, nest->kept_count, AXP_INDEX, first, n, room->offsets);
    partials += nest->origin[AXP_INDEX] * (int64_t)bytes;
    for (int64_t at = 0; at < n; at += AXP_STATE_PAD) {
        _Alignas(double) char some[AXP_STATE_PAD * sizeof(axprod_complex_partial)];
        int64_t count = axp_min(n - at, AXP_STATE_PAD);
        convert_partials(plan, (axp_states){states.words + at, states.capacity}, count, sink->packed, some);
        for (int64_t i = 0; i < count; i++)
            memcpy(partials + room->offsets[at + i] * (int64_t)bytes, some + (size_t)i * bytes, bytes);
    }
}

static axprod_status finish_some(const axprod_plan *plan, const char *x, int64_t first, int64_t n, axp_states states,
                                 double bound, const axp_finish_room *room, const axp_sink *sink,
                                 axp_unresolved *unresolved) {
    if (sink->partials)
        store_partials(plan, first, n, states, room, sink);
    else if (plan->accumulator == AXP_REAL)
        return finish_real(plan, x, first, n, states, bound, room, sink, unresolved);
    else if (plan->accumulator == AXP_COMPLEX)
        finish_complex(plan, first, n, states, room, sink);
    else
        finish_words(plan, first, n, states, room, sink);
    return AXPROD_OK;
}

axprod_status axp_finish_states(const axprod_plan *plan, const char *x, int64_t first, axp_states states, int64_t at,
                                int64_t n, double bound, const axp_finish_room *room, const axp_sink *sink,
                                axp_unresolved *unresolved) {
    const int64_t in_word = plan->accumulator == AXP_WORD32 ? 2 : 1;
    for (int64_t i = 0; i < n; i += AXP_FINISH_MOST) {
        axp_states some = {states.words + (at + i) / in_word, states.capacity};
        AXP_TRY(finish_some(plan, x, first + i, axp_min(AXP_FINISH_MOST, n - i), some, bound, room, sink, unresolved));
    }
    return AXPROD_OK;
}
