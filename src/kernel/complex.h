/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arithmetic of complex running products: real and imaginary part as hi + lo, one exponent for both.
 *
 * The step. Of a component a c -+ b d let p = fl(a c), q = fl(b d), s = fl(p -+ q). Knuth's sum gives w + z = s
 * exactly, w near p and z near -+q, with p - w and q +- z exact; so a c -+ b d = s + (a c - w) -+ (b d +- z) exactly,
 * and each difference is one fused operation. hi' = s, and lo' has the two differences and lo times the element.
 *
 * Error, in units of u^2 |z||x|, u = 2^-53, for the state z = hi + lo and the element x, by the norms of vectors of two
 * components. |a||c| + |b||d| <= |z||x|, and the norm of both components' sums of products is at most sqrt 2 |z||x|.
 * s leaves at most u |z||x| and p and q at most sqrt 2 u |z||x|: the differences are together at most 2.42 u |z||x|. By
 * themselves they are at most u (|p| + |q|) and u (|p| + 3 |q|): rounding them costs 1.5 + 4.5, rounding their sum 2.5.
 * After i steps since the last normalisation |lo| <= (1 + 2.42 i) u |z|, so the two roundings of lo' cost at most
 * 2 (1 + 2.42 i) + 2.5. That is 11 + 2 (1 + 2.42 i), on average over a chain of m = COMPLEX_CHAIN = 32 steps 93.
 * Where nothing is fused the products with lo are rounded by themselves as well, sqrt 2 (1 + 2.42 i) more: with m = 16
 * on average 85. Folding lo into hi is exact but for u |lo|, 79 or 40 for the chain. A merge, of which there is at most
 * one for each element, has the errors of its products and sums exactly, at most 2.42 u |z||x| together; it rounds
 * their sum, 2.5, and that with lo, 5.3, drops lo * lo, 1, and rounds four products and three sums with lo, 8.5;
 * folding lo costs at most 5.3 again. That is 93 + 3 + 23 for each element of a long chain, and less for each of a
 * short one: below 2^-99 = 128 units, which the header states.
 *
 * All this is scaled by powers of two alone, so it holds for elements as they are as long as nothing overflows and
 * nothing too small is inexact, which the processor's flags tell; and for elements scaled to [1, 2).
 */
#ifndef AXP_COMPLEX_H
#define AXP_COMPLEX_H

#include "load.h"
#include "real.h"

#ifdef FMA
#define COMPLEX_CHAIN 32 /* steps between normalisations */
#else
#define COMPLEX_CHAIN 16
#endif
enum {
    COMPLEX_SCALED_CHAIN = 16, /* the same where elements are in [2^-52, 2 sqrt 2) */
    COMPLEX_CHECK = 128,       /* rows between looks at the flags */
    COMPLEX_COLUMNS = 128,     /* columns that share a look */
    COMPLEX_PLANES = AXP_PLANE_IM_LO + 1,
    COMPLEX_VECTORS = 2, /* vectors of columns that go through the rows together, to hide the latency of a step */
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

/* States in the order of lanes that elements are loaded in. */
INLINE struct complex_state load_complex_lanes(axp_states states, int64_t at) {
    struct complex_state s = load_complex(states, at);
    return (struct complex_state){{to_complex_lanes(s.re.hi), to_complex_lanes(s.re.lo)},
                                  {to_complex_lanes(s.im.hi), to_complex_lanes(s.im.lo)},
                                  as_bits(to_complex_lanes(as_double(s.exponent)))};
}
INLINE void store_complex_lanes(axp_states states, int64_t at, struct complex_state s) {
    store_complex(states, at,
                  (struct complex_state){{from_complex_lanes(s.re.hi), from_complex_lanes(s.re.lo)},
                                         {from_complex_lanes(s.im.hi), from_complex_lanes(s.im.lo)},
                                         as_bits(from_complex_lanes(as_double(s.exponent)))});
}

/* The exponent bits of the larger of |a| and |b|. */
INLINE vint larger_exponent(vdouble a, vdouble b) {
    vint x = as_bits(a) & broadcast_bits(EXPONENT_BITS), y = as_bits(b) & broadcast_bits(EXPONENT_BITS);
    /* their lower halves are zero */
    return (vint)greatest_uint32((vuint32)x, (vuint32)y);
}

/*
 * Scales an element so that its larger component is in [1, 2), or less for subnormals, and returns the exponent. A
 * component that is infinite or NaN makes both NaN. The smaller component may lose bits below 2^-1074 of the larger.
 */
INLINE vint take_complex_exponent(vdouble *re, vdouble *im) {
    vdouble nan_or_zero = (*re - *re) + (*im - *im);
    vint field = shift_right(larger_exponent(*re, *im), 52);
    field = select_bits((vint)(field < broadcast_bits(1)), broadcast_bits(1), field);
    field = select_bits((vint)(field > broadcast_bits(2 * BIAS - 1)), broadcast_bits(2 * BIAS - 1), field);
    vdouble scale = as_double((broadcast_bits(2 * BIAS) - field) << 52);
    *re = *re * scale + nan_or_zero;
    *im = *im * scale + nan_or_zero;
    return field - BIAS;
}

/* *sum + the returned error = a c + b d. */
INLINE vdouble add_products(vdouble a, vdouble c, vdouble b, vdouble d, vdouble *sum) {
    vdouble p = a * c, q = b * d, s = p + q, z = s - p, w = s - z;
    *sum = s;
    return product_less(a, c, p, w) + product_less(b, d, q, z);
}

/* *sum + the returned error = a c - b d. */
INLINE vdouble subtract_products(vdouble a, vdouble c, vdouble b, vdouble d, vdouble *sum) {
    vdouble p = a * c, q = b * d, s = p - q, z = p - s, w = s + z;
    *sum = s;
    return product_less(a, c, p, w) - product_less(b, d, q, z);
}

INLINE void multiply_complex(struct complex_state *s, vdouble a, vdouble b) {
    struct complex_state z = *s;
    vdouble re = subtract_products(z.re.hi, a, z.im.hi, b, &s->re.hi);
    vdouble im = add_products(z.re.hi, b, z.im.hi, a, &s->im.hi);
    s->re.lo = multiply_add(z.re.lo, a, subtract_product(re, z.im.lo, b));
    s->im.lo = multiply_add(z.re.lo, b, multiply_add(z.im.lo, a, im));
}

/* Where normalise_complex does not work: the larger component is subnormal, or its exponent one of the two highest. */
INLINE vint complex_is_extreme(const struct complex_state *s) {
    vint field = larger_exponent(s->re.hi, s->im.hi);
    vint subnormal =
        (vint)(field == broadcast_bits(0)) & ((vint)(s->re.hi != broadcast(0)) | (vint)(s->im.hi != broadcast(0)));
    vint large = (vint)(field > broadcast_bits((uint64_t)(2 * BIAS - 2) << 52));
    return subnormal | (large & (vint)(field < broadcast_bits(EXPONENT_BITS)));
}

/* Folds lo into hi (Fast2Sum; a component smaller than its lo is right to a rounding of lo) and takes the exponent out.
 */
INLINE void normalise_complex(struct complex_state *s) {
    vdouble re = s->re.hi + s->re.lo, im = s->im.hi + s->im.lo;
    vint field = larger_exponent(re, im);
    vdouble scale = as_double((broadcast_bits((uint64_t)2 * BIAS << 52) - field) & broadcast_bits(EXPONENT_BITS));
    s->exponent += shift_right(field, 52) - BIAS;
    s->re.lo = (s->re.lo - (re - s->re.hi)) * scale;
    s->im.lo = (s->im.lo - (im - s->im.hi)) * scale;
    s->re.hi = re * scale;
    s->im.hi = im * scale;
}

/* A product and its error, alike for a b and b a: Dekker's error is not where it is so small that it is inexact. */
INLINE vdouble commutative_product(vdouble a, vdouble b, vdouble *error) {
    vdouble p = a * b;
    vint less = (vint)(a < b);
    *error = product_error(select_double(less, b, a), select_double(less, a, b), p);
    return p;
}

/* p + q and the error of that and of p and q, alike in both orders (Knuth's sum, whose error is exact). */
INLINE vdouble commutative_sum(vdouble p, vdouble p_error, vdouble q, vdouble q_error, vdouble *error) {
    vdouble sum = p + q, z = sum - p;
    *error = (p_error + q_error) + ((p - (sum - z)) + (q - z));
    return sum;
}

/* Commutative to the last bit, as merge_real. */
INLINE struct complex_state merge_complex(struct complex_state x, struct complex_state y) {
    struct complex_state s;
    vdouble re = (x.re.hi * y.re.lo + x.re.lo * y.re.hi) - (x.im.hi * y.im.lo + x.im.lo * y.im.hi);
    vdouble im = (x.re.hi * y.im.lo + x.re.lo * y.im.hi) + (x.im.hi * y.re.lo + x.im.lo * y.re.hi);
    vdouble p_error, q_error, error;
    vdouble p = commutative_product(x.re.hi, y.re.hi, &p_error), q = commutative_product(x.im.hi, y.im.hi, &q_error);
    s.re.hi = commutative_sum(p, p_error, -q, -q_error, &error);
    s.re.lo = error + re;
    p = commutative_product(x.re.hi, y.im.hi, &p_error);
    q = commutative_product(x.im.hi, y.re.hi, &q_error);
    s.im.hi = commutative_sum(p, p_error, q, q_error, &error);
    s.im.lo = error + im;
    s.exponent = x.exponent + y.exponent;
    normalise_complex(&s);
    return s;
}

/* The one representation of zero and NaN that leaves the library. */
INLINE struct complex_state canonical_complex(struct complex_state s) {
    vdouble sum = s.re.hi + s.im.hi;
    vint nan = (vint)(sum != sum);
    vint special = nan | ((vint)(s.re.hi == broadcast(0)) & (vint)(s.im.hi == broadcast(0)));
    vint quiet = nan & broadcast_bits(NAN_BITS);
    s.re.hi = as_double((as_bits(s.re.hi) & ~special) | quiet);
    s.im.hi = as_double((as_bits(s.im.hi) & ~special) | quiet);
    s.re.lo = as_double(as_bits(s.re.lo) & ~special);
    s.im.lo = as_double(as_bits(s.im.lo) & ~special);
    s.exponent = s.exponent & ~special;
    return s;
}

#endif
