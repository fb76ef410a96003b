/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wide partials: running products as long integers, for the outputs whose rounding hi + lo does not decide. The only
 * file that knows GMP (its lowest layer, which allocates nothing).
 *
 * A finite element is +-odd * 2^exponent. The odd parts are multiplied into limbs; while they fit the product is
 * exact, and so is every tie, as a tie has few bits. When they no longer fit in `words` limbs the lowest limb is cut
 * off: the value gets smaller by less than one unit of its lowest limb, that is by less than 2^-64(words-1) of itself.
 * After n cuts the product is in [value, value (1 + 2^-64(words-1))^n], and with n < 2^52, words >= 4 the upper end is
 * below value + 2n 2^64 units, since value < 2^(64 words) units.
 */
#include "internal.h"
#include "kernel/fpenv.h"

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

enum {
    FOUND_ZERO = 1,
    FOUND_INFINITY = 2,
    FOUND_NAN = 4,
    NEGATIVE = 8
};

/* Seen by users as bytes: integers only, no pointers. */
typedef struct wide {
    int64_t exponent;
    int64_t found; /* of the flags above */
    int64_t size;  /* limbs in use */
    int64_t cuts;
    uint64_t limbs[];
} wide;

_Static_assert(sizeof(mp_limb_t) == sizeof(uint64_t), "limbs of GMP are 64-bit words");

static mp_limb_t *limbs_of(wide *w) {
    return (mp_limb_t *)w->limbs;
}

int64_t axprod_wide_bytes(int64_t words) {
    if (words < 1 || words > AXPROD_MAX_WORDS)
        return 0;
    return (int64_t)sizeof(wide) + words * (int64_t)sizeof(uint64_t);
}

static void set_one(wide *w) {
    *w = (wide){.size = 1};
    w->limbs[0] = 1;
}

static void multiply_limb(wide *w, int64_t words, uint64_t factor) {
    mp_limb_t *limbs = limbs_of(w);
    mp_limb_t carry = mpn_mul_1(limbs, limbs, w->size, factor);
    if (!carry)
        return;
    if (w->size == words) {
        w->cuts += limbs[0] != 0;
        w->exponent += 64;
        memmove(limbs, limbs + 1, (size_t)(words - 1) * sizeof *limbs);
        limbs[words - 1] = carry;
    } else {
        limbs[w->size++] = carry;
    }
}

/* ----------------------------------------------------------------------------------------------------- elements --- */

struct element {
    uint64_t odd; /* 0 where found says zero, infinity or NaN */
    int64_t exponent;
    int64_t found;
};

static struct element split(uint64_t significand, int64_t exponent, bool negative) {
    struct element e = {0, 0, negative ? NEGATIVE : 0};
    if (significand == 0) {
        e.found |= FOUND_ZERO;
    } else {
        int zeros = __builtin_ctzll(significand);
        e.odd = significand >> zeros;
        e.exponent = exponent + zeros;
    }
    return e;
}

static struct element read_float(uint64_t bits, const axp_format *format, int width) {
    bool negative = bits >> (width - 1) & 1;
    uint64_t fraction_mask = (UINT64_C(1) << (format->precision - 1)) - 1;
    int fields = format->max_exponent - format->min_exponent + 2;
    uint64_t fraction = bits & fraction_mask;
    int field = (int)(bits >> (format->precision - 1) & (uint64_t)fields);
    if (field == fields)
        return (struct element){0, 0, (negative ? NEGATIVE : 0) | (fraction ? FOUND_NAN : FOUND_INFINITY)};
    int64_t exponent = format->min_exponent - (format->precision - 1) + (field ? field - 1 : 0);
    return split(field ? fraction | (fraction_mask + 1) : fraction, exponent, negative);
}

static struct element read_element(axprod_dtype dtype, const char *at) {
    const axp_dtype_info *info = &axp_dtypes[dtype];
    uint64_t bits = 0;
    memcpy(&bits, at, (size_t)info->bytes);
    if (info->kind == AXP_KIND_FLOAT)
        return read_float(bits, &info->format, 8 * info->bytes);
    if (info->kind == AXP_KIND_BOOL)
        return split(bits != 0, 0, false);
    int unused = 64 - 8 * info->bytes;
    if (info->kind == AXP_KIND_SIGNED) {
        int64_t value = (int64_t)(bits << unused) >> unused;
        return split(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 0, value < 0);
    }
    return split(bits, 0, false);
}

/* The product of all elements of one output. Odd parts are collected in a word before they reach the limbs. */
static void multiply_output(const axprod_plan *plan, const char *x, int64_t output, wide *w, int64_t words) {
    enum {
        SOME = 64
    };
    const axp_nest *nest = &plan->nest;
    int64_t offsets[SOME], base;
    uint64_t collected = 1;
    set_one(w);
    if (nest->factors == 0)
        return;
    axp_fill_offsets(nest->kept, nest->kept_count, AXP_X, output, 1, &base);
    for (int64_t i = 0; i < nest->factors; i += SOME) {
        int64_t n = axp_min(SOME, nest->factors - i);
        axp_fill_offsets(nest->reduced, nest->reduced_count, AXP_X, i, n, offsets);
        for (int64_t k = 0; k < n; k++) {
            struct element e = read_element(plan->x_dtype, x + base + offsets[k]);
            w->found = (w->found | (e.found & ~NEGATIVE)) ^ (e.found & NEGATIVE);
            w->exponent += e.exponent;
            uint64_t more;
            if (e.odd == 0)
                continue;
            if (__builtin_mul_overflow(collected, e.odd, &more)) {
                multiply_limb(w, words, collected);
                collected = e.odd;
            } else {
                collected = more;
            }
        }
    }
    multiply_limb(w, words, collected);
}

/* inout *= in; work has room for 2 * words limbs. Exact product first, so that the order does not matter. */
static void merge(const wide *in, wide *inout, int64_t words, mp_limb_t *work) {
    const mp_limb_t *a = (const mp_limb_t *)in->limbs;
    mp_limb_t *b = limbs_of(inout);
    int64_t size = in->size + inout->size;
    work[in->size] = mpn_mul_1(work, a, in->size, b[0]);
    for (int64_t i = 1; i < inout->size; i++)
        work[in->size + i] = mpn_addmul_1(work + i, a, in->size, b[i]);
    size -= work[size - 1] == 0;
    int64_t cut = axp_max(0, size - words);
    bool lost = false;
    for (int64_t i = 0; i < cut; i++)
        lost |= work[i] != 0;
    memcpy(b, work + cut, (size_t)(size - cut) * sizeof *b);
    memset(b + (size - cut), 0, (size_t)(words - (size - cut)) * sizeof *b);
    int64_t negative = (in->found ^ inout->found) & NEGATIVE;
    inout->found = ((in->found | inout->found) & ~NEGATIVE) | negative;
    inout->exponent += in->exponent + 64 * cut;
    inout->cuts += in->cuts + lost;
    inout->size = size - cut;
}

/* ---------------------------------------------------------------------------------------------------- decisions --- */

static double special_value(int64_t found) {
    if (found & FOUND_NAN || (found & FOUND_INFINITY && found & FOUND_ZERO))
        return __builtin_nan("");
    double magnitude = found & FOUND_INFINITY ? __builtin_inf() : 0;
    return found & NEGATIVE ? -magnitude : magnitude;
}

/* The leading 128 bits of limbs, and whether there is more. */
static axp_real leading(const mp_limb_t *limbs, int64_t size, int64_t exponent) {
    axp_real value = {0, exponent, false, false};
    while (size > 0 && limbs[size - 1] == 0)
        size--;
    if (size == 0)
        return value;
    int zeros = __builtin_clzl(limbs[size - 1]);
    axp_uint128 top = (axp_uint128)limbs[size - 1] << 64 | (size > 1 ? limbs[size - 2] : 0);
    mp_limb_t next = size > 2 ? limbs[size - 3] : 0;
    value.magnitude = zeros ? top << zeros | next >> (64 - zeros) : top;
    value.exponent += 64 * (size - 2) - zeros;
    value.more = next << zeros != 0;
    for (int64_t i = 0; i + 3 < size && !value.more; i++)
        value.more = limbs[i] != 0;
    return value;
}

/* limbs 2^exponent - 1 in place, of a value in binade 0 */
static bool subtract_one(mp_limb_t *limbs, int64_t size, int64_t exponent) {
    while (size > 1 && limbs[size - 1] == 0)
        size--;
    int64_t limb = -exponent / 64;
    mp_limb_t one = (mp_limb_t)1 << (-exponent % 64);
    if (exponent > 0 || limb >= size) /* below 1: 1 - value, by the complement */
        limb = size;
    bool below = limb == size || (limb == size - 1 && limbs[limb] < one);
    if (!below) {
        mpn_sub_1(limbs + limb, limbs + limb, size - limb, one);
        return false;
    }
    mpn_neg(limbs, limbs, size);
    if (limb < size)
        limbs[limb] += one;
    return true;
}

/* One end of the interval, taken from a copy of the limbs that may be changed. */
static axp_real interval_end(axp_form form, mp_limb_t *limbs, int64_t size, int64_t exponent, int64_t *binade) {
    axp_real value = leading(limbs, size, exponent);
    *binade = axp_log_binade(&value);
    if (form != AXP_FORM_LOG || *binade != 0)
        return value;
    bool negative = subtract_one(limbs, size, exponent);
    value = leading(limbs, size, exponent);
    value.negative = negative;
    return value;
}

/* work has room for words + 1 limbs. */
static bool decide(axp_form form, axprod_dtype dtype, const wide *w, int64_t words, mp_limb_t *work, uint64_t bits[2]) {
    if (w->found & ~NEGATIVE) {
        axp_special_output(form, dtype, special_value(w->found), bits);
        return true;
    }
    axp_interval interval = {.negative = w->found & NEGATIVE};
    int64_t high_binade;
    memcpy(work, w->limbs, (size_t)w->size * sizeof *work);
    interval.low = interval_end(form, work, w->size, w->exponent, &interval.binade);
    interval.high = interval.low;
    high_binade = interval.binade;
    if (w->cuts > 0 && words >= 4) {
        memcpy(work, w->limbs, (size_t)w->size * sizeof *work);
        work[w->size] = mpn_add_1(work + 1, work + 1, w->size - 1, 2 * (mp_limb_t)w->cuts);
        interval.high = interval_end(form, work, w->size + 1, w->exponent, &high_binade);
    }
    interval.split = high_binade != interval.binade;
    bool decided = axp_decide(form, dtype, &interval, bits);
    return decided && (w->cuts == 0 || words >= 4);
}

axprod_status axp_resolve(const axprod_plan *plan, const char *x, int64_t output, uint64_t bits[2]) {
    enum {
        ON_STACK = 64
    };
    uint64_t stack[(sizeof(wide) + 8 * (2 * ON_STACK + 1)) / 8];
    for (int64_t words = 4;; words *= 4) {
        int64_t bytes = axprod_wide_bytes(words) + (words + 1) * (int64_t)sizeof(mp_limb_t);
        uint64_t *memory = words <= ON_STACK ? stack : axp_alloc((size_t)bytes);
        if (!memory)
            return axp_fail(AXPROD_ERROR_NO_MEMORY,
                            "%lld bytes to resolve the rounding of an output could not be allocated", (long long)bytes);
        wide *w = (wide *)memory;
        multiply_output(plan, x, output, w, words);
        bool decided = decide(plan->form, plan->out_dtype[0], w, words, limbs_of(w) + words, bits);
        if (memory != stack)
            axp_free(memory);
        if (decided)
            return AXPROD_OK;
    }
}

/* --------------------------------------------------------------------------------------------- public functions --- */

/* The digits of the index are found from the largest stride on. */
int64_t axp_output_of_index(const axp_nest *nest, int64_t index) {
    int64_t linear = 0, inner[AXPROD_MAX_NDIM], previous = INT64_MAX;
    for (int d = 0; d < nest->kept_count; d++)
        inner[d] = d ? inner[d - 1] * nest->kept[d - 1].extent : 1;
    for (int n = 0; n < nest->kept_count; n++) {
        int largest = -1;
        int64_t stride = 0;
        for (int d = 0; d < nest->kept_count; d++) {
            int64_t size = llabs(nest->kept[d].stride[AXP_INDEX]);
            if (size > stride && size < previous) {
                stride = size;
                largest = d;
            }
        }
        const axp_loop *loop = &nest->kept[largest];
        int64_t digit = index / stride;
        index %= stride;
        linear += (loop->stride[AXP_INDEX] < 0 ? loop->extent - 1 - digit : digit) * inner[largest];
        previous = stride;
    }
    return linear;
}

static axprod_status check_wide(const axprod_plan *plan, const int64_t *outputs, int64_t count, int64_t words,
                                const void *wides) {
    if (!plan)
        return axp_fail(AXPROD_ERROR_NULL, "plan is NULL");
    if (plan->accumulator != AXP_REAL)
        return axp_fail(AXPROD_ERROR_UNSUPPORTED, "plans for %s results have no wide partials",
                        axprod_dtype_name(plan->out_dtype[0]));
    if (axprod_wide_bytes(words) == 0)
        return axp_fail(AXPROD_ERROR_COUNT, "words is %lld; 1 to 2^40 are possible", (long long)words);
    if (count < 0)
        return axp_fail(AXPROD_ERROR_COUNT, "count is %lld: it cannot be negative", (long long)count);
    if (count > 0 && (!outputs || !wides))
        return axp_fail(AXPROD_ERROR_NULL, "%s is NULL", outputs ? "wide" : "outputs");
    int64_t bytes;
    if (__builtin_mul_overflow(count, axprod_wide_bytes(words), &bytes))
        return axp_fail(AXPROD_ERROR_COUNT, "%lld wide partials of %lld words are more than all memory",
                        (long long)count, (long long)words);
    for (int64_t i = 0; i < count; i++)
        if (outputs[i] < 0 || outputs[i] >= plan->nest.outputs)
            return axp_fail(AXPROD_ERROR_COUNT, "outputs[%lld] is %lld; the result has %lld elements", (long long)i,
                            (long long)outputs[i], (long long)plan->nest.outputs);
    return AXPROD_OK;
}

axprod_status axprod_plan_wide_partials(const axprod_plan *plan, const void *x, const int64_t *outputs, int64_t count,
                                        int64_t words, void *wides) {
    AXP_TRY(check_wide(plan, outputs, count, words, wides));
    int64_t bytes = axprod_wide_bytes(words);
    axp_extent none = {0, 0}, extent = {0, count * bytes};
    AXP_TRY(axp_check_pointers(&plan->x_extent, x, "wide", &extent, wides, "wide", &none, NULL));
    for (int64_t i = 0; i < count; i++) {
        wide *w = (wide *)((char *)wides + i * bytes);
        multiply_output(plan, x ? (const char *)x + plan->nest.origin[AXP_X] : NULL,
                        axp_output_of_index(&plan->nest, outputs[i]), w, words);
        memset(w->limbs + w->size, 0, (size_t)(words - w->size) * sizeof *w->limbs);
    }
    return AXPROD_OK;
}

axprod_status axprod_wide_merge(const void *in, void *inout, int64_t count, int64_t words) {
    int64_t bytes = axprod_wide_bytes(words);
    if (bytes == 0 || count < 0)
        return axp_fail(AXPROD_ERROR_COUNT, "%s is %lld, which is out of range", bytes ? "count" : "words",
                        (long long)(bytes ? count : words));
    if (count == 0)
        return AXPROD_OK;
    if (!in || !inout)
        return axp_fail(AXPROD_ERROR_NULL, "%s is NULL", in ? "inout" : "in");
    mp_limb_t *work = axp_alloc((size_t)words * 2 * sizeof *work);
    if (!work)
        return axp_fail(AXPROD_ERROR_NO_MEMORY, "room for %lld words could not be allocated", (long long)(2 * words));
    for (int64_t i = 0; i < count; i++)
        merge((const wide *)((const char *)in + i * bytes), (wide *)((char *)inout + i * bytes), words, work);
    axp_free(work);
    return AXPROD_OK;
}

axprod_status axprod_plan_finish_wide(const axprod_plan *plan, const void *wides, int64_t words, const int64_t *outputs,
                                      int64_t count, void *out, void *second, int64_t *unresolved,
                                      int64_t *num_unresolved) {
    AXP_TRY(check_wide(plan, outputs, count, words, wides));
    axp_extent none = {0, 0};
    AXP_TRY(axp_check_pointers(&none, NULL, axp_output_name(plan->form, 0), &plan->out_extent[0], out,
                               axp_output_name(plan->form, 1), &plan->out_extent[1], second));
    int64_t bytes = axprod_wide_bytes(words), found = 0;
    mp_limb_t *work = axp_alloc((size_t)(words + 1) * sizeof *work);
    if (!work)
        return axp_fail(AXPROD_ERROR_NO_MEMORY, "room for %lld words could not be allocated", (long long)words);
    axp_sink sink = {.out = {out, second}};
    axp_fpenv saved = axp_fpenv_enter();
    for (int64_t i = 0; i < count; i++) {
        uint64_t bits[2];
        const wide *w = (const wide *)((const char *)wides + i * bytes);
        if (!decide(plan->form, plan->out_dtype[0], w, words, work, bits)) {
            if (unresolved)
                unresolved[found] = outputs[i];
            found++;
        }
        axp_store_output(plan, axp_output_of_index(&plan->nest, outputs[i]), bits, &sink);
    }
    axp_fpenv_leave(saved);
    axp_free(work);
    if (num_unresolved)
        *num_unresolved = found;
    if (found)
        return axp_fail(AXPROD_UNRESOLVED, "the rounding of %lld outputs needs more than %lld words", (long long)found,
                        (long long)words);
    return AXPROD_OK;
}
