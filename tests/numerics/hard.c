/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Roundings that are hard to get right, by construction: exact ties and products next to them, subnormal results, the
 * overflow threshold. At every length up to 300 and some longer ones, so that every path of every kernel meets them.
 */
#include "check.h"
#include "suite.h"

#include <math.h>

static const char *const floats[] = {"f16", "bf16", "f32", "f64"};
static const char *const kinds[] = {"ties", "border", "overflow", "powers"};

static void sweep(const char *kind, int first, int last, int step, const char *shape, const char *axis) {
    for (int k = first; k <= last; k += step) {
        for (int x = 0; x < 4; x++) {
            int out = (k / step + x) % 4;
            char extents[64];
            snprintf(extents, sizeof extents, shape, k);
            assert_true(check("%s %s axes=%s out=%s data=%s seed=%d", floats[x], extents, axis, floats[out], kind, k));
            assert_true(check("%s %s axes=%s out=%s data=%s seed=%d", floats[x], extents, axis, floats[x], kind, k));
        }
    }
}

static void test_rows(void **state) {
    int step = (int)(100 / scaled_count(100));
    (void)state;
    for (int i = 0; i < 4; i++) {
        sweep(kinds[i], 1, 300, step, "24x%d", "1");
        sweep(kinds[i], 500, 4500, 997, "9x%d", "1");
    }
}

static void test_columns(void **state) {
    int step = (int)(100 / scaled_count(100));
    (void)state;
    for (int i = 0; i < 4; i++) {
        sweep(kinds[i], 1, 270, 3 * step, "%dx67", "0");
        sweep(kinds[i], 1, 80, 5 * step, "3x%dx19", "1");
    }
}

/* Ties decide between even and odd: small integers in short formats are where they really come up. */
static void test_small_integers(void **state) {
    static const char *const dtypes[] = {"i8",  "u8",  "i16", "u16",  "i32", "u32",
                                         "i64", "u64", "f16", "bf16", "f32", "f64"};
    (void)state;
    for (size_t d = 0; d < sizeof dtypes / sizeof dtypes[0]; d++) {
        for (int k = 1; k <= 64; k += 1 + k / 6) {
            for (int out = 0; out < 4; out++) {
                assert_true(check("%s 150x%d axes=1 out=%s data=smallint seed=%d", dtypes[d], k, floats[out], k));
                assert_true(check("%s %dx40 axes=0 out=%s data=ties seed=%d", dtypes[d], k, floats[out], k));
            }
        }
    }
}

static uint64_t f64_product(const double *elements, int64_t count) {
    return product_bits(AXPROD_F64, elements, count, AXPROD_F64);
}

static uint64_t bits_of(double value) {
    return bits_load(AXPROD_F64, &value);
}

/* The examples of the header and the README, and what IEEE 754 hardware gives for two factors. */
static void test_examples(void **state) {
    static const double zero[] = {1e300, 1e300, 0}, back[] = {1e300, 1e300, 1e-300, 1e-300};
    static const double tie[] = {0x3p-1074, 0.5}, half[] = {0x1p-1074, 0.5};
    static const double above[] = {0x1p-1074, 0.5, 1 + 0x1p-52}, sign[] = {-0x1p-1074, 0.5};
    static const double largest[] = {0x1.fffffffffffffp1023, 1 + 0x1p-52};
    (void)state;
    assert_true(f64_product(zero, 3) == 0);
    assert_true(f64_product(back, 4) == bits_of(1.0000000000000002));
    assert_true(f64_product(tie, 2) == bits_of(0x1p-1073));
    assert_true(f64_product(half, 2) == 0);
    assert_true(f64_product(above, 3) == 1);
    assert_true(f64_product(sign, 2) == bits_of(-0.0));
    assert_true(f64_product(largest, 2) == bits_of((double)INFINITY));
}

/*
 * The largest finite number plus half an ulp is infinity, and anything below it is the largest finite number:
 * 2^54 - 1 = (2^27 - 1) (2^27 + 1).
 */
static void test_overflow_threshold(void **state) {
    double factors[10] = {0x1p27 - 1, 0x1p27 + 1, 0x1p485, 0x1p485, 1 - 0x1p-52, 1 + 0x1p-52, 1, 1, 1, 1};
    (void)state;
    assert_true(f64_product(factors, 4) == bits_of((double)INFINITY));
    assert_true(f64_product(factors, 6) == bits_of(0x1.fffffffffffffp1023));
    factors[0] = -factors[0];
    assert_true(f64_product(factors, 4) == bits_of(-(double)INFINITY));
    /* Above by 2^-102: (2^51 - 2^26 + 1) (2^51 + 2^26 + 1) = 2^102 + 1. */
    factors[4] = (0x1p51 - 0x1p26 + 1) * 0x1p-51;
    factors[5] = (0x1p51 + 0x1p26 + 1) * 0x1p-51;
    assert_true(f64_product(factors, 6) == bits_of(-(double)INFINITY));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_small_integers),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_overflow_threshold),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
