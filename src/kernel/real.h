/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arithmetic of real running products, (hi + lo) 2^exponent in vectors.
 *
 * The careful step (Ogita, Rump, Oishi 2005; Graillat 2009): p = fl(hi x), r = hi x - p exactly, lo' = lo x + r, hi' =
 * p.
 *
 * Error. Let u = 2^-53 and let a chain be m careful steps from a normalised state, |lo| <= u |hi|. Before step i
 * |lo| <= a_i |hi| with a_1 = u, and the step computes lo' with at most two roundings of terms below (a_i + u) |p|
 * (1 + u): so a_{i+1} <= (a_i + u)(1 + 4u) and a_i <= i u (1 + 4 i u), and the step's error is at most
 * 2u (a_i + u)(1 + u)|p| <= 2 u^2 (i + 1)(1 + 5 i u) |p|. Later multiplications are exact or add errors of their own,
 * so the chain's relative error is at most sum_{i=1..m} 2 (i + 1) u^2 (1 + small) = (m^2 + 3m) u^2 (1 + small) with
 * small < 2^-40 for m <= 64. With at least one element a step that is m + 3 <= 67 u^2 per element.
 *
 * Folding lo into hi is exact (Dekker's Fast2Sum, |hi| > |lo|), and scaling by powers of two is exact: chains stay so
 * far from the ends of the range that lo, too, is normal or is below 2^-180 of hi; or the processor's flags say that
 * nothing was inexact for being too small.
 *
 * A pair is an element x + y, |y| <= u |x|. lo y is dropped, a_i u; lo has two roundings more, each of a term below 2u;
 * and u in the growth of a_i doubles: for chains of m <= 8 steps at most 32 u^2 per step.
 *
 * A merge: p = fl(h1 h2), r exact, t = fl(fl(h1 l2) + fl(l1 h2)), lo = fl(r + t). The neglected l1 l2 is at most u^2,
 * the roundings of the two products 2 u^2, of their sum 2 u^2, of the last sum 3 u^2, all (1 + small): 8 u^2 |p|. A
 * product of n elements has at most n merges with anything but the identity, which is exact.
 *
 * Packing (packed.inc) costs a partial of one or more elements at most 4 u^2, once.
 *
 * Together at most 67 + 8 + 4, 32 + 8 + 4, 79 + 2 + 8 + 4 or 68 + 8 + 4, in units of u^2 per element: below
 * AXP_ERROR_PER_FACTOR, with room for the second order (n < 2^52 / 100 elements; beyond, the bound makes every output
 * doubtful and hence exact).
 *
 * Runs. An output has one lane, or 2, 4 or 8, each of which begins with an element and multiplies m - 1 more: (m + 3)
 * u^2 per element, and |lo| <= a u |hi| with a = m - 1; ones in the place of elements are exact and do not count. One
 * lane has at most 17 elements. Where a vector has 8 lanes and an output all of them, m is at most AXP_RUN_STEPS = 16,
 * of one contiguous run AXP_LONG_RUN_STEPS = 64; with 4 of them, halves of such vectors, 32; 2 of them take runs of
 * less than WIDE_RUN * 4 elements, two such vectors or as many elements as steps: 6 for each two of them, 48. Narrower
 * vectors have no more steps. Two lanes are combined into lo = fl(r + fl(fl(h1 l2) + fl(l1 fl(h2 + l2)))), which
 * neglects nothing. The roundings, in that order from the inside, are of terms that are a2, a1, a1, a1 + a2 and a1 + a2
 * + 1 times u |p|: together below (4 (a1 + a2) + 1) u^2, so below 4 u^2 per element, and a = a1 + a2 + 1 again is one
 * less than the number of elements. There is a level of that for each doubling: 67 + 12, 35 + 8 or 51 + 4 u^2; then 2
 * u^2 for one step with an element that fills no vector, as a is the number of the others; and 8 u^2 for a merge of the
 * run with others. Longer runs are chains of at most AXP_LONG_RUN_STEPS elements in each lane, and one more at the
 * beginning, which are normalised and merged: 68 u^2.
 *
 * Columns that are rounded at once are one chain of n <= AXP_COLUMN_STEPS elements without a merge, (n^2 + 3n) u^2 <=
 * 67 n u^2. Their rounding (round_unscaled_f64) takes 2 AXP_ERROR_PER_FACTOR n u^2 as relative to hi.
 *
 * Narrow. Of f16, bf16 and f32 results one double says enough. A narrow chain drops lo, at most u |hi|, at its
 * beginning, and multiplies hi alone, which rounds once for each step: with at least one element for each step and
 * chain, at most AXP_NARROW_ERROR_PER_FACTOR = 2 u per element, (1 + u)^2n - 1 < 2 n u (1 + 2 n u). Merges have the
 * error above.
 *
 * No error. If the odd parts of all elements together have at most AXP_EXACT_BITS = 100 bits, then so has every
 * product T on the way: it is a multiple of 2^-99 of its leading bit. Of i steps since the last normalisation only
 * those with an odd part of two bits or more count, at most 50; powers of two change nothing but exponents. What p
 * leaves of T is at most 50 2^-52 of it, so it has at most 47 + 6 bits: lo holds it exactly. In a merge one of the two
 * has at most 50 bits, its l is zero, and h l has fewer than 53 bits. Two doubles (106 bits) are one exact product p +
 * r, in a step or in a merge. Combined lanes are like a merge.
 */
#ifndef AXP_REAL_H
#define AXP_REAL_H

#include "kernel.h"
#include "shuffle.h"
#include "vec.h"

#define EXPONENT_BITS UINT64_C(0x7ff0000000000000)
#define SIGNIFICAND_AND_SIGN UINT64_C(0x800fffffffffffff)
#define SIGN_BIT UINT64_C(0x8000000000000000)
#define ONE_BITS UINT64_C(0x3ff0000000000000)
#define NAN_BITS UINT64_C(0x7ff8000000000000)
#define BIAS 1023

/* Enough chains in flight to hide the latency of a multiplication (4 cycles, two units) and to fit in the registers. */
#define BLOCK_VECTORS 4
/* As many as AXP_STATE_PAD is sure to have. */
#define PASS_VECTORS (LANES == 8 ? 2 : 4)

struct real_state {
    vdouble hi, lo;
    vint exponent;
};

INLINE struct real_state load_real(axp_states states, int64_t at) {
    return (struct real_state){load_vdouble(axp_plane(states, AXP_PLANE_HI) + at),
                               load_vdouble(axp_plane(states, AXP_PLANE_LO) + at),
                               load_vint(axp_exponents(states) + at)};
}
/* In the midst of a chain. narrow: lo is neither read nor written. */
INLINE struct real_state load_real_midst(const bool narrow, axp_states states, int64_t at) {
    struct real_state s = load_real(states, at);
    if (narrow)
        s.lo = broadcast(0);
    return s;
}
INLINE void store_real_midst(const bool narrow, axp_states states, int64_t at, struct real_state s) {
    store_vdouble(axp_plane(states, AXP_PLANE_HI) + at, s.hi);
    if (!narrow)
        store_vdouble(axp_plane(states, AXP_PLANE_LO) + at, s.lo);
    store_vint(axp_exponents(states) + at, s.exponent);
}
INLINE void store_real(axp_states states, int64_t at, struct real_state s) {
    store_real_midst(false, states, at, s);
}

INLINE void multiply(struct real_state *s, vdouble x) {
    KEEP(x);
    vdouble p = s->hi * x;
    vdouble r = product_error(s->hi, x, p);
    s->lo = multiply_add(s->lo, x, r);
    s->hi = p;
}

INLINE void multiply_pair(struct real_state *s, vdouble x, vdouble y) {
    vdouble p = s->hi * x;
    vdouble r = product_error(s->hi, x, p);
    s->lo = multiply_add(s->lo, x, multiply_add(s->hi, y, r));
    s->hi = p;
}

/*
 * Where take_exponent does not work: hi is subnormal (exactly, or the flags would tell), or finite and 2^1023 or more;
 * from 2^1022 on, as lo may still carry it up.
 */
INLINE vint exponent_is_extreme(vdouble hi) {
    vint field = as_bits(hi) & broadcast_bits(EXPONENT_BITS);
    vint subnormal = (vint)(field == broadcast_bits(0)) & (vint)(hi != broadcast(0));
    vint large = (vint)(field > broadcast_bits((uint64_t)(2 * BIAS - 2) << 52));
    return subnormal | (large & (vint)(field < broadcast_bits(EXPONENT_BITS)));
}

/*
 * 2^-e for the exponent e of hi; built from the bits so that zeros, infinities and NaN go through unchanged (0 *
 * 2^1023, inf * inf).
 */
INLINE vdouble exponent_scale(vdouble hi) {
    vint field = as_bits(hi) & broadcast_bits(EXPONENT_BITS);
    return as_double((broadcast_bits((uint64_t)2 * BIAS << 52) - field) & broadcast_bits(EXPONENT_BITS));
}

/* Moves the exponent of hi into exponent. */
INLINE void take_exponent(struct real_state *s) {
    vdouble scale = exponent_scale(s->hi);
    s->exponent += shift_right(as_bits(s->hi) & broadcast_bits(EXPONENT_BITS), 52) - BIAS;
    s->hi *= scale;
    s->lo *= scale;
}

/*
 * Folds lo into hi, then takes the exponent out. lo counts only where it is a nonzero number: adding +0 would turn -0
 * into +0, and beside an infinity lo is NaN.
 */
INLINE void renormalise(struct real_state *s) {
    vint counts = (vint)(s->lo < broadcast(0)) | (vint)(s->lo > broadcast(0));
    vdouble lo = as_double(as_bits(s->lo) & counts);
    vdouble sum = select_double(counts, s->hi + lo, s->hi);
    s->lo = lo - (sum - s->hi);
    s->hi = sum;
    take_exponent(s);
}

/* narrow: hi is all that counts. */
INLINE void multiply_real(const bool narrow, struct real_state *s, vdouble x) {
    if (narrow)
        s->hi *= x;
    else
        multiply(s, x);
}

INLINE void normalise_real(const bool narrow, struct real_state *s) {
    if (narrow) {
        take_exponent(s);
        s->lo = broadcast(0);
    } else {
        renormalise(s);
    }
}

/* Commutative to the last bit: the cross terms are rounded alike and added, and nothing is contracted. */
INLINE struct real_state merge_real(struct real_state a, struct real_state b) {
    vdouble p = a.hi * b.hi;
    vdouble r = product_error(a.hi, b.hi, p);
    struct real_state s = {p, r + (a.hi * b.lo + a.lo * b.hi), a.exponent + b.exponent};
    renormalise(&s);
    return s;
}

/* transpose() of states. narrow: of hi; lo is zero. */
INLINE void turn_states(const bool narrow, const int width, struct real_state s[LANES]) {
    vdouble hi[LANES], lo[LANES], exponent[LANES];
    UNROLLED(j, width) {
        hi[j] = s[j].hi;
        lo[j] = s[j].lo;
        exponent[j] = as_double(s[j].exponent);
    }
    transpose(width, hi);
    if (!narrow)
        transpose(width, lo);
    transpose(width, exponent);
    UNROLLED(j, width)
    s[j] = (struct real_state){hi[j], narrow ? broadcast(0) : lo[j], as_bits(exponent[j])};
}

INLINE vint is_special(vdouble hi) {
    return (as_bits(hi) & broadcast_bits(EXPONENT_BITS)) != broadcast_bits(ONE_BITS);
}

INLINE vdouble canonical_nan(vdouble value) {
    return select_double((vint)(value == value), value, as_double(broadcast_bits(NAN_BITS)));
}

/* The one representation of zeros, infinities and NaN that leaves the library. */
INLINE struct real_state canonical(struct real_state s) {
    vint special = is_special(s.hi);
    return (struct real_state){canonical_nan(s.hi), as_double(as_bits(s.lo) & ~special), s.exponent & ~special};
}

#endif
