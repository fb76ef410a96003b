/* SPDX-License-Identifier: BSD-3-Clause */
/* Merging partials: commutative to the last bit, neutral identity, valid and accurate results, special values. */
#include "check.h"
#include "suite.h"

#include <math.h>
#include <mpfr.h>

static const axprod_partial identity = AXPROD_PARTIAL_IDENTITY;

/* Special values as the library makes them, and ordinary partials at the corners of what is valid. */
static const axprod_partial corners[] = {
    AXPROD_PARTIAL_IDENTITY,
    {-1, 0, 0},
    {0, 0, 0},
    {-0.0, 0, 0},
    {(double)INFINITY, 0, 0},
    {-(double)INFINITY, 0, 0},
    {(double)NAN, 0, 0},
    {1, -0x1p-53, 0},
    {1, 0x1p-53, 0},
    {-1, 0x1p-53, INT64_C(1) << 60},
    {0x1.fffffffffffffp0, 0x1p-53, 5},
    {0x1.fffffffffffffp0, -0x1p-53, -5},
    {-0x1.fffffffffffffp0, 0x1p-53, -(INT64_C(1) << 60)},
    {0x1.0000000000001p0, -0x1p-53, 7},
    {1.5, 0x1p-1000, -7},
    {1.5, -0x1p-106, 1},
    {0x1.6a09e667f3bcdp0, 0x1p-54, 0}, /* squares next to 2 */
    {0x1.6a09e667f3bccp0, 0x1.fffffffffffffp-54, 0},
};
#define CORNERS (int)(sizeof corners / sizeof corners[0])

static axprod_partial random_partial(struct rng *rng) {
    if (rng_below(rng, 16) == 0)
        return corners[rng_below(rng, CORNERS)];
    double sign = rng_coin(rng) ? 1 : -1, low_sign = rng_coin(rng) ? 1 : -1;
    int64_t shift = rng_coin(rng) ? 0 : rng_between(rng, 0, 60);
    axprod_partial partial = {sign * ldexp((double)rng_bits(rng, 53), -52),
                              low_sign * ldexp((double)rng_bits(rng, 53), (int)(-107 - shift)),
                              rng_between(rng, -(INT64_C(1) << 60), INT64_C(1) << 60)};
    if (rng_below(rng, 8) == 0)
        partial.hi = rng_coin(rng) ? 1 : -0x1.fffffffffffffp0;
    if (rng_below(rng, 8) == 0)
        partial.lo = 0;
    return partial;
}

static bool special(const axprod_partial *p) {
    return p->hi == 0 || !isfinite(p->hi);
}

static bool valid(const axprod_partial *p) {
    if (special(p))
        return p->exponent == 0 && bits_load(AXPROD_F64, &p->lo) << 1 == 0 &&
               (!isnan(p->hi) || bits_load(AXPROD_F64, &p->hi) == format_of(AXPROD_F64)->nan);
    return fabs(p->hi) >= 1 && fabs(p->hi) < 2 && fabs(p->lo) <= 0x1p-53;
}

static void fail_pair(const char *what, const axprod_partial *a, const axprod_partial *b, const axprod_partial *ab,
                      const axprod_partial *ba) {
    fail_msg("%s: {%a, %a, %lld} and {%a, %a, %lld} give {%a, %a, %lld} and {%a, %a, %lld}", what, a->hi, a->lo,
             (long long)a->exponent, b->hi, b->lo, (long long)b->exponent, ab->hi, ab->lo, (long long)ab->exponent,
             ba->hi, ba->lo, (long long)ba->exponent);
}

/* Merges both ways, in arrays of this length, and compares bytes. */
static void check_pairs(const axprod_partial *a, const axprod_partial *b, int64_t count) {
    axprod_partial ab[64], ba[64];
    memcpy(ab, b, sizeof(axprod_partial) * (size_t)count);
    memcpy(ba, a, sizeof(axprod_partial) * (size_t)count);
    axprod_partial_merge(a, ab, count);
    axprod_partial_merge(b, ba, count);
    for (int64_t i = 0; i < count; i++) {
        if (memcmp(&ab[i], &ba[i], sizeof ab[i]) != 0)
            fail_pair("not commutative", &a[i], &b[i], &ab[i], &ba[i]);
        if (!valid(&ab[i]))
            fail_pair("not valid", &a[i], &b[i], &ab[i], &ba[i]);
    }
}

static void test_commutative(void **state) {
    struct rng rng = rng_make(1);
    (void)state;
    for (int64_t pairs = 0; pairs < scaled_count(1000000);) {
        axprod_partial a[64], b[64];
        int64_t count = rng_between(&rng, 1, 64);
        for (int64_t i = 0; i < count; i++) {
            a[i] = random_partial(&rng);
            b[i] = random_partial(&rng);
        }
        check_pairs(a, b, count);
        pairs += count;
    }
    for (int i = 0; i < CORNERS; i++) {
        for (int j = 0; j < CORNERS; j++)
            check_pairs(&corners[i], &corners[j], 1);
    }
}

/* A lo of exactly half an ulp may be on either side of two neighbouring hi, of which one may be a power of two. */
static bool same_value(const axprod_partial *a, const axprod_partial *b) {
    if (special(a) || special(b))
        return memcmp(&a->hi, &b->hi, sizeof a->hi) == 0 || (isnan(a->hi) && isnan(b->hi));
    int64_t shift = b->exponent - a->exponent;
    if (shift < -1 || shift > 1)
        return false;
    double hi = ldexp(b->hi, (int)shift), lo = ldexp(b->lo, (int)shift);
    return (a->hi - hi) + (a->lo - lo) == 0;
}

static void test_identity(void **state) {
    struct rng rng = rng_make(2);
    (void)state;
    for (int64_t i = 0; i < scaled_count(100000); i++) {
        axprod_partial a = random_partial(&rng), left = a, right = identity;
        axprod_partial_merge(&identity, &left, 1);
        axprod_partial_merge(&a, &right, 1);
        if (!same_value(&left, &a) || !same_value(&right, &a))
            fail_pair("identity is not neutral", &a, &identity, &left, &right);
    }
}

static void test_specials(void **state) {
    static const double values[] = {1, -1, 0.0, -0.0, (double)INFINITY, -(double)INFINITY, (double)NAN};
    (void)state;
    for (int i = 0; i < 7; i++) {
        for (int j = 0; j < 7; j++) {
            axprod_partial a = {values[i], 0, 0}, b = {values[j], 0, 0}, merged = b;
            double expected = values[i] * values[j]; /* IEEE 754 has the same rules, but for the NaN's sign */
            axprod_partial_merge(&a, &merged, 1);
            bool same = isnan(expected) ? bits_load(AXPROD_F64, &merged.hi) == format_of(AXPROD_F64)->nan
                                        : merged.hi == expected && signbit(merged.hi) == signbit(expected);
            if (!same || !valid(&merged))
                fail_pair("special values", &a, &b, &merged, &merged);
        }
    }
}

/* The relative error of one merge of exact partials: the cross terms and their sum are rounded at 2^-106 or so. */
static void test_accurate(void **state) {
    struct rng rng = rng_make(3);
    mpfr_t exact, other, error;
    (void)state;
    mpfr_inits2(400, exact, other, error, (mpfr_ptr)0);
    for (int64_t i = 0; i < scaled_count(20000); i++) {
        axprod_partial a = random_partial(&rng), b = random_partial(&rng), merged = b;
        if (special(&a) || special(&b))
            continue;
        axprod_partial_merge(&a, &merged, 1);
        mpfr_set_d(exact, a.hi, MPFR_RNDN);
        mpfr_add_d(exact, exact, a.lo, MPFR_RNDN);
        mpfr_set_d(other, b.hi, MPFR_RNDN);
        mpfr_add_d(other, other, b.lo, MPFR_RNDN);
        mpfr_mul(exact, exact, other, MPFR_RNDN);
        mpfr_set_d(other, merged.hi, MPFR_RNDN);
        mpfr_add_d(other, other, merged.lo, MPFR_RNDN);
        mpfr_mul_2si(other, other, (long)(merged.exponent - a.exponent - b.exponent), MPFR_RNDN);
        mpfr_sub(error, other, exact, MPFR_RNDN);
        mpfr_div(error, error, exact, MPFR_RNDN);
        if (!(fabs(mpfr_get_d(error, MPFR_RNDN)) <= 0x1p-101))
            fail_pair("not accurate", &a, &b, &merged, &merged);
    }
    mpfr_clears(exact, other, error, (mpfr_ptr)0);
}

/* Nothing to do: NULL, or a count of zero or less. */
static void test_nothing(void **state) {
    axprod_partial a = {1.5, 0, 3}, b = {1.25, 0, 4}, before = b;
    (void)state;
    axprod_partial_merge(NULL, &b, 1);
    axprod_partial_merge(&a, NULL, 1);
    axprod_partial_merge(NULL, NULL, 1);
    axprod_partial_merge(&a, &b, 0);
    axprod_partial_merge(&a, &b, -1);
    axprod_partial_merge(&a, &b, INT64_MIN);
    assert_memory_equal(&b, &before, sizeof b);
    assert_int_equal(sizeof(axprod_partial), 24);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commutative), cmocka_unit_test(test_identity), cmocka_unit_test(test_specials),
        cmocka_unit_test(test_accurate),    cmocka_unit_test(test_nothing),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
