/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Complex partials: merging is commutative to the last bit, the identity is neutral, special values have one form, one
 * merge is accurate, and a tensor in pieces stays within the header's error bound.
 */
#include "generate.h"
#include "pieces.h"
#include "suite.h"

#include <math.h>
#include <mpfr.h>

typedef axprod_complex_partial partial;

static const partial identity = AXPROD_COMPLEX_PARTIAL_IDENTITY;
static const partial nothing = {{(double)NAN, 0}, {(double)NAN, 0}, 0};
static const partial zero = {{0, 0}, {0, 0}, 0};

/* Zero and NaN as the library makes them, and what is valid but rare: equal, opposite, missing and tiny components. */
static const partial corners[] = {
    AXPROD_COMPLEX_PARTIAL_IDENTITY,
    {{(double)NAN, 0}, {(double)NAN, 0}, 0},
    {{0, 0}, {0, 0}, 0},
    {{-1, 0}, {0, 0}, 0},
    {{0, 0}, {1, 0}, 0},
    {{0, 0}, {-1, 0x1p-54}, 3},
    {{1, 0}, {1, 0}, INT64_C(1) << 60},
    {{1, 0x1p-53}, {-1, -0x1p-53}, -(INT64_C(1) << 60)},
    {{0x1.fffffffffffffp0, 0x1p-53}, {0x1.fffffffffffffp0, -0x1p-53}, 0},
    {{0x1.6a09e667f3bcdp0, 0x1p-54}, {-0x1.6a09e667f3bcdp0, 0x1p-54}, 1},
    {{1.5, 0}, {0x1p-53, 0}, -7},
    {{0x1.123456789abcdp-540, 0}, {1.25, 0x1p-60}, 0},
    {{1.75, -0x1p-55}, {-0x1.fedcba9876543p-530, 0}, 0},
    {{0x1p-1074, 0}, {-1.5, 0}, 0},
};
#define CORNERS (int)(sizeof corners / sizeof corners[0])

static double random_significand(struct rng *rng, int64_t scale) {
    double sign = rng_coin(rng) ? 1 : -1;
    return sign * ldexp((double)rng_bits(rng, 53), (int)(-52 - scale));
}

static partial random_partial(struct rng *rng) {
    if (rng_below(rng, 16) == 0)
        return corners[rng_below(rng, CORNERS)];
    int64_t smaller = rng_coin(rng) ? rng_between(rng, 0, 3) : rng_between(rng, 0, 600);
    partial p = {{random_significand(rng, 0), random_significand(rng, 54)},
                 {random_significand(rng, smaller), random_significand(rng, smaller + 54)},
                 rng_between(rng, -(INT64_C(1) << 60), INT64_C(1) << 60)};
    if (rng_coin(rng))
        p = (partial){{p.im.hi, p.im.lo}, {p.re.hi, p.re.lo}, p.exponent};
    if (rng_below(rng, 8) == 0)
        p.re.lo = p.im.lo = 0;
    return p;
}

static bool is_special(const partial *p) {
    return isnan(p->re.hi) || (p->re.hi == 0 && p->im.hi == 0);
}

static bool is_valid(const partial *p) {
    if (is_special(p)) {
        const partial *form = isnan(p->re.hi) ? &nothing : &zero;
        return memcmp(p, form, sizeof *p) == 0;
    }
    double larger = fmax(fabs(p->re.hi), fabs(p->im.hi));
    return larger >= 1 && larger < 2 && fabs(p->re.lo) < 0x1p-52 && fabs(p->im.lo) < 0x1p-52;
}

static void fail_pair(const char *what, const partial *a, const partial *b, const partial *got) {
    const partial *all[] = {a, b, got};
    for (int i = 0; i < 3; i++)
        print_error("(%a + %a) + (%a + %a) i, %lld\n", all[i]->re.hi, all[i]->re.lo, all[i]->im.hi, all[i]->im.lo,
                    (long long)all[i]->exponent);
    fail_msg("%s", what);
}

/* Merges both ways, in arrays of this length, and compares bytes. */
static void check_pairs(const partial *a, const partial *b, int64_t count) {
    partial ab[300], ba[300];
    memcpy(ab, b, sizeof *b * (size_t)count);
    memcpy(ba, a, sizeof *a * (size_t)count);
    axprod_complex_partial_merge(a, ab, count);
    axprod_complex_partial_merge(b, ba, count);
    for (int64_t i = 0; i < count; i++) {
        if (memcmp(&ab[i], &ba[i], sizeof ab[i]) != 0)
            fail_pair("not commutative", &a[i], &b[i], &ab[i]);
        if (!is_valid(&ab[i]))
            fail_pair("not valid", &a[i], &b[i], &ab[i]);
    }
}

static void test_commutative(void **state) {
    struct rng rng = rng_make(1);
    (void)state;
    for (int64_t pairs = 0; pairs < scaled_count(1000000);) {
        partial a[300], b[300];
        int64_t count = rng_between(&rng, 1, 300);
        for (int64_t i = 0; i < count; i++) {
            a[i] = random_partial(&rng);
            b[i] = random_partial(&rng);
        }
        check_pairs(a, b, count);
        pairs += count;
    }
    for (int i = 0; i < CORNERS; i++)
        for (int j = 0; j < CORNERS; j++)
            check_pairs(&corners[i], &corners[j], 1);
}

static void test_specials(void **state) {
    (void)state;
    for (int i = 0; i < CORNERS; i++) {
        partial with_nan = corners[i], with_zero = corners[i];
        axprod_complex_partial_merge(&nothing, &with_nan, 1);
        axprod_complex_partial_merge(&zero, &with_zero, 1);
        assert_memory_equal(&with_nan, &nothing, sizeof nothing);
        assert_memory_equal(&with_zero, isnan(corners[i].re.hi) ? &nothing : &zero, sizeof zero);
    }
}

struct number {
    mpfr_t re, im;
};

static void set_number(struct number *n, const partial *p, int64_t exponent) {
    mpfr_set_d(n->re, p->re.hi, MPFR_RNDN);
    mpfr_add_d(n->re, n->re, p->re.lo, MPFR_RNDN);
    mpfr_mul_2si(n->re, n->re, (long)(p->exponent - exponent), MPFR_RNDN);
    mpfr_set_d(n->im, p->im.hi, MPFR_RNDN);
    mpfr_add_d(n->im, n->im, p->im.lo, MPFR_RNDN);
    mpfr_mul_2si(n->im, n->im, (long)(p->exponent - exponent), MPFR_RNDN);
}

static void multiply_numbers(struct number *product, const struct number *x, const struct number *y) {
    mpfr_fmms(product->re, x->re, y->re, x->im, y->im, MPFR_RNDN);
    mpfr_fmma(product->im, x->re, y->im, x->im, y->re, MPFR_RNDN);
}

/* |a - b| / |a| */
static double distance(struct number *a, struct number *b) {
    mpfr_sub(b->re, b->re, a->re, MPFR_RNDN);
    mpfr_sub(b->im, b->im, a->im, MPFR_RNDN);
    mpfr_hypot(b->re, b->re, b->im, MPFR_RNDN);
    mpfr_hypot(a->re, a->re, a->im, MPFR_RNDN);
    mpfr_div(b->re, b->re, a->re, MPFR_RNDN);
    return mpfr_get_d(b->re, MPFR_RNDN);
}

/* complex.h: a merge costs at most 22 u^2; with the identity it moves a value by one rounding of lo. */
static void test_accurate(void **state) {
    struct rng rng = rng_make(3);
    struct number n[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        mpfr_inits2(3000, n[i].re, n[i].im, (mpfr_ptr)0);
    for (int64_t i = 0; i < scaled_count(20000); i++) {
        partial a = random_partial(&rng), b = rng_below(&rng, 8) ? random_partial(&rng) : identity, ab = b;
        if (is_special(&a) || is_special(&b))
            continue;
        axprod_complex_partial_merge(&a, &ab, 1);
        set_number(&n[0], &a, a.exponent);
        set_number(&n[1], &b, b.exponent);
        multiply_numbers(&n[2], &n[0], &n[1]);
        set_number(&n[3], &ab, a.exponent + b.exponent);
        bool neutral = memcmp(&b, &identity, sizeof b) == 0;
        if (!(distance(&n[2], &n[3]) <= (neutral ? 0x1p-105 : 22 * 0x1p-106)))
            fail_pair("not accurate", &a, &b, &ab);
    }
    for (int i = 0; i < 4; i++)
        mpfr_clears(n[i].re, n[i].im, (mpfr_ptr)0);
}

/* Nothing to do: NULL, or a count of zero or less. */
static void test_nothing(void **state) {
    partial a = corners[9], b = corners[10], before = b;
    (void)state;
    axprod_complex_partial_merge(NULL, &b, 1);
    axprod_complex_partial_merge(&a, NULL, 1);
    axprod_complex_partial_merge(&a, &b, 0);
    axprod_complex_partial_merge(&a, &b, -1);
    assert_memory_equal(&b, &before, sizeof b);
}

/* ------------------------------------------------------------------------------------------- a tensor in pieces --- */

static bool check_split(const struct problem *problem, struct rng *rng) {
    struct pieces pieces;
    struct results got;
    if (!pieces_open(&pieces, problem, rng))
        return false;
    partial *partials = pieces_complex_partials(&pieces, rng);
    bool good = partials && axprod_plan_complex_finish(pieces.whole, partials, pieces.outputs[0].tensor.data) == 0;
    for (int64_t i = 0; good && i < pieces.results; i++)
        good = is_valid(&partials[i]);
    pieces_results(&pieces, &got);
    good = good && results_judge(problem, &pieces.x.tensor, &got) && buffer_gaps_intact(&pieces.outputs[0]);
    if (!good) {
        char text[PROBLEM_TEXT];
        problem_print(problem, text, sizeof text);
        print_error("FAILED %s in %d pieces\n", text, pieces.count);
    }
    free(partials);
    results_close(&got);
    pieces_close(&pieces);
    return good;
}

static void test_split(void **state) {
    struct wish wish = {true, 4000};
    int64_t done = 0;
    (void)state;
    for (uint64_t seed = 1; done < scaled_count(300); seed++) {
        struct rng rng = rng_make(seed);
        struct problem problem;
        generate_problem(seed + 3000000, &wish, &problem);
        if (!is_complex(problem.dtype))
            continue;
        assert_true(check_split(&problem, &rng));
        done++;
    }
}

/* Long products, wide and narrow, in range and out of it. */
static void test_long(void **state) {
    static const char *const kinds[] = {"neutral", "balanced", "wild", "specials"};
    struct rng rng = rng_make(5);
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct problem problem = problem_of("c128 5x3000 axes=1 data=%s seed=%d", kinds[i], i);
        assert_true(check_split(&problem, &rng));
        problem = problem_of("c64 3000x5 axes=0 out=c128 data=%s seed=%d", kinds[i], i);
        assert_true(check_split(&problem, &rng));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commutative), cmocka_unit_test(test_specials), cmocka_unit_test(test_accurate),
        cmocka_unit_test(test_nothing),     cmocka_unit_test(test_split),    cmocka_unit_test(test_long),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
