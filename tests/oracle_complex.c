/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Complex products for an error bound: 256 bits leave an error of K 2^-250 |P|, far below the bound that is checked,
 * so nothing here needs to be exact.
 */
#include "oracle.h"

#include <math.h>
#include <mpfr.h>
#include <string.h>

#define PRECISION 256

enum {
    RE,
    IM,
    PART,
    OTHER,
    REGISTERS
};

struct complex_product {
    mpfr_t value[REGISTERS];
    bool nan, zero;
};

static double component(axprod_dtype dtype, const void *address, int part) {
    float single;
    double wide;
    if (dtype == AXPROD_C64) {
        memcpy(&single, (const char *)address + 4 * part, sizeof single);
        return (double)single;
    }
    memcpy(&wide, (const char *)address + 8 * part, sizeof wide);
    return wide;
}

/* (re + im i) *= a + b i */
static void multiply(mpfr_t *value, double a, double b) {
    mpfr_mul_d(value[PART], value[RE], b, MPFR_RNDN);
    mpfr_mul_d(value[OTHER], value[IM], b, MPFR_RNDN);
    mpfr_mul_d(value[RE], value[RE], a, MPFR_RNDN);
    mpfr_mul_d(value[IM], value[IM], a, MPFR_RNDN);
    mpfr_sub(value[RE], value[RE], value[OTHER], MPFR_RNDN);
    mpfr_add(value[IM], value[IM], value[PART], MPFR_RNDN);
}

static void product(struct complex_product *result, axprod_dtype dtype, const struct reduction *reduction,
                    const char *first) {
    result->nan = result->zero = false;
    mpfr_set_ui(result->value[RE], 1, MPFR_RNDN);
    mpfr_set_zero(result->value[IM], 1);
    for (int64_t again = 0; again < reduction->repeat; again++) {
        for (int64_t i = 0; i < reduction->factors; i++) {
            const char *address = first + reduction->factor_offsets[i];
            double a = component(dtype, address, 0), b = component(dtype, address, 1);
            result->nan |= !isfinite(a) || !isfinite(b);
            result->zero |= a == 0 && b == 0;
            if (!result->nan && !result->zero)
                multiply(result->value, a, b);
        }
    }
}

/* One component must have this value, to the last bit. */
static bool same_component(const struct format *format, double computed, double expected) {
    uint64_t bits, wanted = format->nan;
    float narrow = (float)computed;
    if (isnan(expected)) {
        if (format->precision == 24) {
            uint32_t word;
            memcpy(&word, &narrow, sizeof word);
            bits = word;
        } else {
            memcpy(&bits, &computed, sizeof bits);
        }
        return bits == wanted;
    }
    return computed == expected && signbit(computed) == signbit(expected);
}

/* What a component adds to the permitted error, and its error; an infinite one is judged by the overflow threshold. */
static bool component_error(mpfr_t exact, double computed, const struct format *format, mpfr_t error, mpfr_t slack) {
    mpfr_set_zero(slack, 1);
    if (isnan(computed))
        return false;
    if (isinf(computed)) {
        /* Right where a value within the bound overflows: so the nearest number below the threshold stands for it. */
        mpfr_set_ui_2exp(error, 1, format->max_exponent, MPFR_RNDN);
        mpfr_setsign(error, error, computed < 0, MPFR_RNDN);
        mpfr_sub(error, error, exact, MPFR_RNDN);
        if ((computed > 0) == (mpfr_sgn(error) <= 0))
            mpfr_set_zero(error, 1);
        return true;
    }
    mpfr_set_d(error, computed, MPFR_RNDN);
    mpfr_sub(error, error, exact, MPFR_RNDN);
    if (fabs(computed) <= ldexp(1, format->min_exponent + format->precision - 1))
        mpfr_set_ui_2exp(slack, 1, format->min_exponent - 1, MPFR_RNDN);
    return true;
}

/* |computed - P| / ((u + 2^-99 K) |P| + subnormal slack), infinite where a special value is wrong. */
static double ratio(struct complex_product *p, const struct format *format, const double computed[2], double factors) {
    mpfr_t error[2], slack[2], bound;
    double result = (double)INFINITY;
    if (p->nan || p->zero) {
        double expected = p->nan ? (double)NAN : 0.0;
        bool same = same_component(format, computed[0], expected) && same_component(format, computed[1], expected);
        return same ? 0 : result;
    }
    mpfr_inits2(PRECISION, error[0], error[1], slack[0], slack[1], bound, (mpfr_ptr)0);
    if (component_error(p->value[RE], computed[0], format, error[0], slack[0]) &&
        component_error(p->value[IM], computed[1], format, error[1], slack[1])) {
        mpfr_hypot(bound, p->value[RE], p->value[IM], MPFR_RNDN);
        mpfr_mul_d(bound, bound, ldexp(1, -format->precision) + ldexp(factors, -99), MPFR_RNDN);
        mpfr_hypot(slack[0], slack[0], slack[1], MPFR_RNDN);
        mpfr_add(bound, bound, slack[0], MPFR_RNDN);
        mpfr_hypot(error[0], error[0], error[1], MPFR_RNDN);
        mpfr_div(error[0], error[0], bound, MPFR_RNDU);
        result = mpfr_get_d(error[0], MPFR_RNDU);
    }
    mpfr_clears(error[0], error[1], slack[0], slack[1], bound, (mpfr_ptr)0);
    return result;
}

int64_t oracle_complex(const axprod_tensor *x, const int *axes, int naxes, axprod_dtype result, const void *dense,
                       double *worst) {
    const struct format *format = format_of(result == AXPROD_C64 ? AXPROD_F32 : AXPROD_F64);
    struct reduction reduction;
    struct complex_product p;
    int64_t bad = -1;
    reduction_open(&reduction, x, axes, naxes);
    for (int i = 0; i < REGISTERS; i++)
        mpfr_init2(p.value[i], PRECISION);
    *worst = 0;
    for (int64_t i = 0; i < reduction.outputs; i++) {
        const char *address = (const char *)dense + (size_t)i * axprod_dtype_size(result);
        double computed[2] = {component(result, address, 0), component(result, address, 1)};
        product(&p, x->dtype, &reduction, x->data ? (const char *)x->data + reduction.output_offsets[i] : NULL);
        double here = ratio(&p, format, computed, (double)reduction.factors * (double)reduction.repeat);
        *worst = here > *worst ? here : *worst;
        if (!(here <= 1) && bad < 0)
            bad = i;
    }
    for (int i = 0; i < REGISTERS; i++)
        mpfr_clear(p.value[i]);
    reduction_close(&reduction);
    return bad;
}
