/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tests' own tools, tested against something that is not theirs: the hardware's multiplication and conversion, and
 * numbers worked out by hand.
 */
#include "oracle.h"
#include "check.h"
#include "generate.h"
#include "suite.h"

#include <math.h>

/* Two factors: IEEE 754 hardware rounds their product once, subnormal or not. */
static void test_two_factors(void **state) {
    struct rng rng = rng_make(1);
    int64_t two = 2;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t words[2], wide;
        uint32_t narrow;
        double d[2];
        float f[2];
        for (int j = 0; j < 2; j++) {
            words[j] = rng_next(&rng);
            if (i % 3 == 1) /* results around the smallest and the largest ones */
                words[j] = (words[j] & ~(UINT64_C(0x7ff) << 52)) | rng_below(&rng, 0x3ff + 0x400 * (uint64_t)(i % 2))
                                                                       << 52;
            memcpy(&d[j], &words[j], sizeof d[j]);
            uint32_t half = (uint32_t)(words[j] >> 32);
            if (i % 3 == 2)
                half = (half & ~(UINT32_C(0xff) << 23)) | (uint32_t)rng_below(&rng, 0x7f + 0x80 * (uint64_t)(i % 2))
                                                              << 23;
            memcpy(&f[j], &half, sizeof f[j]);
        }
        axprod_tensor doubles = {d, AXPROD_F64, 1, &two, NULL}, floats = {f, AXPROD_F32, 1, &two, NULL};
        volatile double p = d[0] * d[1];
        volatile float q = f[0] * f[1];
        double got;
        float got_single;
        oracle_prod(&doubles, NULL, -1, AXPROD_F64, &wide);
        oracle_prod(&floats, NULL, -1, AXPROD_F32, &narrow);
        memcpy(&got, &wide, sizeof got);
        memcpy(&got_single, &narrow, sizeof got_single);
        if (isnan(p) ? wide != format_of(AXPROD_F64)->nan : got != p || signbit(got) != signbit(p))
            fail_msg("%a times %a is %a, not %a", d[0], d[1], p, got);
        if (isnan(q) ? narrow != format_of(AXPROD_F32)->nan : got_single != q || signbit(got_single) != signbit(q))
            fail_msg("%a times %a is %a, not %a", (double)f[0], (double)f[1], (double)q, (double)got_single);
    }
}

/* One factor: the conversion of doubles and integers to float, of floats to double. */
static void test_one_factor(void **state) {
    struct rng rng = rng_make(2);
    int64_t one = 1;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t word = rng_next(&rng) >> (i % 64);
        if (i % 2)
            word = rng_next(&rng) & ~(UINT64_C(0x7ff) << 52);
        word |= i % 2 ? (uint64_t)rng_between(&rng, 0x3ff - 160, 0x3ff + 130) << 52 : 0;
        double d;
        memcpy(&d, &word, sizeof d);
        int64_t integer = (int64_t)word;
        axprod_tensor wide = {&d, AXPROD_F64, 1, &one, NULL}, whole = {&integer, AXPROD_I64, 1, &one, NULL};
        volatile float f = (float)d, g = (float)integer;
        volatile double h = (double)integer;
        float got;
        double got_wide;
        oracle_prod(&wide, NULL, -1, AXPROD_F32, &got);
        assert_true(isnan(f) || got == f);
        oracle_prod(&whole, NULL, -1, AXPROD_F32, &got);
        assert_true(got == g);
        oracle_prod(&whole, NULL, -1, AXPROD_F64, &got_wide);
        assert_true(got_wide == h);
    }
}

/* The short formats, by hand. */
static void test_short_formats(void **state) {
    const struct format *f16 = format_of(AXPROD_F16), *bf16 = format_of(AXPROD_BF16);
    (void)state;
    assert_int_equal(oracle_round(f16, false, 1, 0), 0x3c00);
    assert_int_equal(oracle_round(f16, true, 2049, 0), 0xe800);    /* a tie: 2048 is even */
    assert_int_equal(oracle_round(f16, false, 2051, 0), 0x6802);   /* a tie: 2052 is even */
    assert_int_equal(oracle_round(f16, false, 65519, 0), 0x7bff);  /* below the overflow threshold */
    assert_int_equal(oracle_round(f16, false, 65520, 0), 0x7c00);  /* on it */
    assert_int_equal(oracle_round(f16, false, 1, -24), 0x0001);    /* the smallest number */
    assert_int_equal(oracle_round(f16, true, 1, -25), 0x8000);     /* half of it: a tie to even, which is zero */
    assert_int_equal(oracle_round(f16, false, 0x10001, -41), 1);   /* a little more than half */
    assert_int_equal(oracle_round(f16, false, 3, -25), 0x0002);    /* one and a half: to even */
    assert_int_equal(oracle_round(f16, false, 4095, -26), 0x0400); /* rounded up to the smallest normal number */
    assert_int_equal(oracle_round(f16, false, 2047, -25), 0x0400); /* a tie there */
    assert_int_equal(oracle_round(f16, false, 1, -1000000), 0);
    assert_int_equal(oracle_round(f16, true, 1, 1000000), 0xfc00);
    assert_int_equal(oracle_round(bf16, false, 257, 0), 0x4380);
    assert_int_equal(oracle_round(bf16, false, 259, 0), 0x4382);
    assert_int_equal(oracle_round(bf16, false, 1, -133), 0x0001);
    assert_int_equal(oracle_round(bf16, false, 1, -134), 0x0000);
    assert_int_equal(oracle_round(bf16, false, 511, 119), 0x7f80);
    assert_int_equal(oracle_round(bf16, false, 1021, 118), 0x7f7f);
}

/* Every 16-bit pattern survives decoding and encoding. */
static void test_elements(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        for (int d = 0; d < 4; d++) {
            static const axprod_dtype dtypes[] = {AXPROD_F16, AXPROD_BF16, AXPROD_I16, AXPROD_U16};
            uint16_t in = (uint16_t)bits, out = 0;
            struct element element = element_load(dtypes[d], &in);
            assert_true(element_store(dtypes[d], element, &out));
            assert_true(in == out || element.kind == ELEMENT_NAN);
        }
    }
}

/* Constructed data do what their names say: ties really lie halfway. */
static void test_ties(void **state) {
    static const char *const floats[] = {"f16", "bf16", "f32"};
    (void)state;
    for (int d = 0; d < 3; d++) {
        struct problem problem = problem_of("%s 400x6 axes=1 data=ties seed=5", floats[d]);
        struct buffer x;
        uint64_t significands[400];
        int64_t exponents[400];
        int ties = 0, precision = format_of(problem.dtype)->precision;
        problem_open_input(&problem, &x);
        oracle_scaled(&x.tensor, problem.axes, 1, significands, exponents);
        for (int o = 0; o < 400; o++) {
            /* A tie has one bit more than the format, and all of it shows in a significand of f64. */
            uint64_t below = significands[o] << (11 + precision);
            ties += below == UINT64_C(1) << 63;
        }
        if (ties < 100)
            fail_msg("%s: only %d of 400 are ties", floats[d], ties);
        buffer_close(&x);
    }
}

/* A write beside the elements is seen; a problem's string names it; random problems differ. */
static void test_harness(void **state) {
    struct layout layout = {.has_order = true, .order = {1, 0}, .pad = 1, .offset = 3};
    int64_t shape[] = {3, 4};
    struct buffer buffer;
    (void)state;
    buffer_open(&buffer, AXPROD_F32, 2, shape, &layout);
    assert_true(buffer_untouched(&buffer) && buffer_gaps_intact(&buffer));
    *(char *)buffer.tensor.data ^= 1;
    assert_true(!buffer_untouched(&buffer) && buffer_gaps_intact(&buffer));
    *((char *)buffer.tensor.data + 3 * 4) ^= 1;
    assert_true(!buffer_gaps_intact(&buffer));
    buffer_close(&buffer);
    struct problem problem = problem_of("f32 3x5x7 axes=0,-1 keepdims out=f64 order=2,0,1 pad=3 out-pad=1 seed=1");
    char text[PROBLEM_TEXT];
    problem_print(&problem, text, sizeof text);
    assert_string_equal(text, "f32 3x5x7 axes=0,-1 keepdims out=f64 order=2,0,1 pad=3 out-pad=1 data=neutral seed=1");
}

/* What is no problem is refused, from the right column on. */
static void test_no_problems(void **state) {
    static const struct {
        const char *text;
        int column;
    } cases[] = {
        {"", 1},
        {"f33 3x5", 1},
        {"f32", 4},
        {"f32 3y5", 5},
        {"f32 3x-5", 5},
        {"f32 3x5 axes=2", 9},
        {"f32 3x5 axes=0,-2", 9},
        {"f32  3x5 colour=red", 10},
        {"f32 3x5 order=0,0", 9},
        {"f32 3x5 pad=2 pad=3", 15},
        {"f32 3x5 pad=two", 9},
        {"f32 3x5 pad", 9},
        {"f32 3x5 keepdims=1", 9},
        {"f32 3x5 axes=0 out-flip=1", 16},
        {"f32 *x*", 5},
        {"f32 *x5", 1},
        {"f32 3x5 size=1KiB", 1},
        {"f32 *x0 size=1KiB", 1},
        {"f32 *x5 size=1kB", 9},
        {"f32 *x5 size=99999999999GiB", 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct problem problem;
        struct problem_error error = {0, ""};
        if (problem_parse(cases[i].text, &problem, &error) || error.column != cases[i].column)
            fail_msg("\"%s\": column %d (%s)", cases[i].text, error.column, error.sentence);
    }
}

/* The extent * takes what fits. */
static void test_sizes(void **state) {
    struct problem problem;
    (void)state;
    problem = problem_of("f64 *x3 axes=1 size=1KiB");
    assert_int_equal(problem.shape[0], 42);
    problem = problem_of("c64 8x*x2 size=1MiB");
    assert_int_equal(problem.shape[1], 8192);
    problem = problem_of("i8 *x4096 size=1KiB");
    assert_int_equal(problem.shape[0], 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_factors), cmocka_unit_test(test_one_factor), cmocka_unit_test(test_short_formats),
        cmocka_unit_test(test_elements),    cmocka_unit_test(test_ties),       cmocka_unit_test(test_harness),
        cmocka_unit_test(test_no_problems), cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
