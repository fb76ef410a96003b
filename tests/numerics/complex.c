/* SPDX-License-Identifier: BSD-3-Clause */
/* Complex products within the header's bound, their special values, and the same bits for any number of threads. */
#include "check.h"
#include "suite.h"

#include <math.h>

static const char *const dtypes[] = {"c64", "c128"};

static void test_bound(void **state) {
    (void)state;
    for (int kind = 0; kind < DATA_KINDS; kind++) {
        for (int x = kind % scaled_step(2); x < 4; x += scaled_step(2)) {
            for (int k = 1; k < 1500; k += scaled_step(3) + k / 2) {
                const char *name = data_name((enum data_kind)kind);
                assert_true(check("%s 4x%d axes=1 out=%s data=%s seed=%d", dtypes[x % 2], k, dtypes[x / 2], name, k));
                assert_true(check("%s %dx7 axes=0 out=%s data=%s seed=%d", dtypes[x % 2], k, dtypes[x / 2], name, k));
            }
        }
    }
}

static void test_layouts(void **state) {
    (void)state;
    for (int x = 0; x < 2; x++) {
        assert_true(check("%s 6x7x8 axes=0,2 order=1,2,0 pad=1 data=neutral", dtypes[x]));
        assert_true(check("%s 6x7x8 axes=1 flip=0,1 offset=3 out-pad=2 data=wild", dtypes[x]));
        assert_true(check("%s 600x7 axes=0 order=1,0 front data=shrinking", dtypes[x]));
        assert_true(check("%s 50x60 broadcast=1 data=neutral", dtypes[x]));
    }
}

/* Bits in any order: the oracle checks the bound of the first run, the others must have its bits. */
static void test_threads(void **state) {
    static const char *const shapes[] = {"300000 axes=0", "3x90000 axes=1", "700x400 axes=0", "2x9x20000 axes=0,2"};
    (void)state;
    for (int x = 0; x < 2; x++) {
        for (int s = 0; s < 4; s++) {
            struct results one, other;
            struct problem problem = problem_of("%s %s threads=1 data=neutral seed=%d", dtypes[x], shapes[s], s);
            assert_true(check_problem(&problem));
            assert_true(results_run(&problem, &one));
            for (int threads = 0; threads <= 8; threads += scaled_step(3)) {
                problem.threads = threads;
                assert_true(results_run(&problem, &other));
                assert_true(results_same(&problem, "one thread", &other, &one));
                results_close(&other);
            }
            results_close(&one);
        }
    }
}

/*
 * Pairs of conjugates: the imaginary part of their product is 0, so what is computed are the last bits of everything.
 * Half of the elements overflow and underflow, so that the library goes another way there and for a while after it,
 * with other last bits: the same on any thread, whatever that thread did before.
 */
static void test_threads_and_range(void **state) {
    enum {
        COUNT = 600000,
        FAR = COUNT / 4
    };
    axprod_complex128 *x = malloc(COUNT * sizeof *x), one, other;
    int64_t count = COUNT;
    struct rng rng = rng_make(1);
    axprod_tensor in = {x, AXPROD_C128, 1, &count, NULL}, result = {&one, AXPROD_C128, 0, NULL, NULL};
    axprod_options options = AXPROD_OPTIONS_INIT;
    (void)state;
    assert_non_null(x);
    double magnitude = 0;
    for (int i = 0; i < COUNT / 2; i++) {
        double power = i < FAR / 2 ? 900 : i < FAR ? -900 : magnitude > 0 ? -1 : 1;
        double re = 0.5 + 0x1p-54 * (double)rng_bits(&rng, 53), im = 0x1p-53 * (double)rng_bits(&rng, 53);
        magnitude += power + log2(hypot(re, im));
        re = ldexp(re, (int)power);
        im = ldexp(im, (int)power);
        x[i] = (axprod_complex128){re, im};
        x[COUNT - 1 - i] = (axprod_complex128){re, -im};
    }
    options.num_threads = 1;
    assert_ok(axprod_prod(&in, NULL, 0, &options, &result));
    result.data = &other;
    for (options.num_threads = 2; options.num_threads <= 9; options.num_threads++) {
        assert_ok(axprod_prod(&in, NULL, 0, &options, &result));
        assert_memory_equal(&one, &other, sizeof one);
    }
    assert_true(isnormal(one.re) && one.im != 0 && fabs(one.im) <= ldexp(COUNT, -99) * fabs(one.re));
    free(x);
}

/* Positions of a special element in products that over- or underflow on the way. */
static void test_specials(void **state) {
    static const double specials[][2] = {
        {(double)NAN, 0}, {0, (double)NAN}, {(double)INFINITY, 1},           {0, -(double)INFINITY},
        {0, 0},           {-0.0, 0},        {(double)INFINITY, (double)NAN}, {-0.0, -0.0}};
    axprod_complex128 x[40], out;
    (void)state;
    for (int64_t count = 1; count <= 40; count++) {
        for (int64_t place = 0; place < count; place++) {
            for (size_t s = 0; s < sizeof specials / sizeof specials[0]; s++) {
                for (int64_t i = 0; i < count; i++)
                    x[i] = (axprod_complex128){s % 2 ? 1e300 : 1e-300, i % 2 ? 1e300 : -1e-300};
                x[place] = (axprod_complex128){specials[s][0], specials[s][1]};
                axprod_tensor in = {x, AXPROD_C128, 1, &count, NULL}, result = {&out, AXPROD_C128, 0, NULL, NULL};
                assert_ok(axprod_prod(&in, NULL, 0, NULL, &result));
                bool zero = specials[s][0] == 0 && specials[s][1] == 0;
                uint64_t expected = zero ? 0 : UINT64_C(0x7ff8000000000000);
                if (bits_load(AXPROD_F64, &out.re) != expected || bits_load(AXPROD_F64, &out.im) != expected)
                    fail_msg("special %d at %d of %d: %a %a", (int)s, (int)place, (int)count, out.re, out.im);
            }
        }
    }
}

/* No special value in between: (1e300 + 1e300 i)^3 times as small ones. */
static void test_range(void **state) {
    axprod_complex128 x[12], out;
    int64_t count = 12;
    axprod_tensor in = {x, AXPROD_C128, 1, &count, NULL}, result = {&out, AXPROD_C128, 0, NULL, NULL};
    (void)state;
    for (int i = 0; i < 12; i++)
        x[i] = i < 6 ? (axprod_complex128){0x1p1000, -0x1p1000} : (axprod_complex128){0x1p-1001, 0x1p-1001};
    assert_ok(axprod_prod(&in, NULL, 0, NULL, &result));
    assert_true(out.re == 1 && out.im == 0);
    for (int i = 0; i < 12; i++) /* one component subnormal, the other huge */
        x[i] = i < 6 ? (axprod_complex128){0x1p-1074, 0x1p900} : (axprod_complex128){0x1p-900, 0x1p-1074};
    assert_ok(axprod_prod(&in, NULL, 0, NULL, &result));
    assert_true(out.re == -1 && fabs(out.im) <= 0x1p-60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound),    cmocka_unit_test(test_layouts), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_specials), cmocka_unit_test(test_range),   cmocka_unit_test(test_threads_and_range),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
