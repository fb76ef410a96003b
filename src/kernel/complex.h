/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arithmetic of complex running products: real and imaginary part as hi + lo, one exponent for both.
 *
 * Error, relative to |z|, with u = 2^-53 and every |lo| <= 2u |z| or so: an element is a + b i with doubles a, b,
 * scaled by a power of two so that the larger one is in [1, 2). Of each component of the product, the four products of
 * hi are exact with their errors, the sum of the two large ones is exact with its error, and what is rounded are the
 * sums of small terms: three roundings of terms of at most 3u |z||x|, so below 5 u^2 each, 8 u^2 |z||x| for both
 * components by the norm, and with the errors of lo * x (two roundings of terms of 2u) below 16 u^2. A merge drops lo *
 * lo as well, 4 u^2 more, and there is at most one merge for each element: below 2^-101 per element, which the header
 * states.
 */
#ifndef AXP_COMPLEX_H
#define AXP_COMPLEX_H

#include "real.h"

/* Careful steps between exponents: |z| grows by less than 2 sqrt 2 and shrinks by no more than 2^52 (subnormals) a
 * step. */
enum {
    COMPLEX_CHAIN = 8
};

struct complex_state {
    struct {
        vdouble hi, lo;
    } re, im;
    vint exponent;
};

INLINE struct complex_state load_complex(axp_states states, int64_t at) {
    struct complex_state s;
    s.re.hi = load_vdouble(axp_plane(states, AXP_PLANE_HI) + at);
    s.re.lo = load_vdouble(axp_plane(states, AXP_PLANE_LO) + at);
    s.im.hi = load_vdouble(axp_plane(states, AXP_PLANE_IM_HI) + at);
    s.im.lo = load_vdouble(axp_plane(states, AXP_PLANE_IM_LO) + at);
    s.exponent = load_vint(axp_exponents(states) + at);
    return s;
}
INLINE void store_complex(axp_states states, int64_t at, struct complex_state s) {
    store_vdouble(axp_plane(states, AXP_PLANE_HI) + at, s.re.hi);
    store_vdouble(axp_plane(states, AXP_PLANE_LO) + at, s.re.lo);
    store_vdouble(axp_plane(states, AXP_PLANE_IM_HI) + at, s.im.hi);
    store_vdouble(axp_plane(states, AXP_PLANE_IM_LO) + at, s.im.lo);
    store_vint(axp_exponents(states) + at, s.exponent);
}

/* The exponent field of the larger of |a| and |b|: the larger bits. */
INLINE vint larger_field(vdouble a, vdouble b) {
    vint x = as_bits(a) & broadcast_bits(~SIGN_BIT), y = as_bits(b) & broadcast_bits(~SIGN_BIT);
    return shift_right(select_bits((vint)(x > y), x, y), 52);
}

/*
 * Scales an element so that its larger component is in [1, 2), or less for subnormals, and returns the exponent. A
 * component that is infinite or NaN makes both NaN. The smaller component may lose bits below 2^-1074 of the larger.
 */
INLINE vint take_complex_exponent(vdouble *re, vdouble *im) {
    vdouble nan_or_zero = (*re - *re) + (*im - *im);
    vint field = larger_field(*re, *im);
    field = select_bits((vint)(field < broadcast_bits(1)), broadcast_bits(1), field);
    field = select_bits((vint)(field > broadcast_bits(2 * BIAS - 1)), broadcast_bits(2 * BIAS - 1), field);
    vdouble scale = as_double((broadcast_bits(2 * BIAS) - field) << 52);
    *re = *re * scale + nan_or_zero;
    *im = *im * scale + nan_or_zero;
    return field - BIAS;
}

/* a + b = *sum + the returned error, exactly (Knuth). */
INLINE vdouble exact_sum(vdouble a, vdouble b, vdouble *sum) {
    vdouble s = a + b, part = s - a;
    *sum = s;
    return (a - (s - part)) + (b - part);
}

/* hi + lo = a b + sign c d + small, up to roundings of the small terms. */
INLINE void sum_of_products(vdouble a, vdouble b, vdouble c, vdouble d, double sign, vdouble small, vdouble *hi,
                            vdouble *lo) {
    vdouble p = a * b, q = c * d;
    vdouble pe = product_error(a, b, p), qe = product_error(c, d, q);
    vdouble s, e = exact_sum(p, sign * q, &s);
    *lo = exact_sum(s, e + (pe + sign * qe) + small, hi);
}

INLINE void multiply_complex(struct complex_state *s, vdouble a, vdouble b) {
    struct complex_state z = *s;
    sum_of_products(z.re.hi, a, z.im.hi, b, -1, z.re.lo * a - z.im.lo * b, &s->re.hi, &s->re.lo);
    sum_of_products(z.re.hi, b, z.im.hi, a, 1, z.re.lo * b + z.im.lo * a, &s->im.hi, &s->im.lo);
}

INLINE void renormalise_complex(struct complex_state *s) {
    vint field = larger_field(s->re.hi, s->im.hi) << 52;
    vdouble scale = as_double((broadcast_bits((uint64_t)2 * BIAS << 52) - field) & broadcast_bits(EXPONENT_BITS));
    s->exponent += shift_right(field, 52) - BIAS;
    s->re.hi *= scale;
    s->re.lo *= scale;
    s->im.hi *= scale;
    s->im.lo *= scale;
}

INLINE struct complex_state merge_complex(struct complex_state x, struct complex_state y) {
    struct complex_state s;
    vdouble re = (x.re.hi * y.re.lo + x.re.lo * y.re.hi) - (x.im.hi * y.im.lo + x.im.lo * y.im.hi);
    vdouble im = (x.re.hi * y.im.lo + x.re.lo * y.im.hi) + (x.im.hi * y.re.lo + x.im.lo * y.re.hi);
    sum_of_products(x.re.hi, y.re.hi, x.im.hi, y.im.hi, -1, re, &s.re.hi, &s.re.lo);
    sum_of_products(x.re.hi, y.im.hi, x.im.hi, y.re.hi, 1, im, &s.im.hi, &s.im.lo);
    s.exponent = x.exponent + y.exponent;
    renormalise_complex(&s);
    return s;
}

#endif
