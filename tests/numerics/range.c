/* SPDX-License-Identifier: BSD-3-Clause */
/* Exponents without end: running products far beyond 32 bits of exponent, and back to 1. */
#include "check.h"
#include "suite.h"

#include <inttypes.h>
#include <math.h>

/* 2^22 elements of 2^-1074 go below 2^(-2^32). */
#define MANY (INT64_C(1) << 22)

/* Dense runs of one value after another; the product is known. */
static void test_there_and_back(void **state) {
    static const struct {
        double first, second; /* their product is 1 */
    } pairs[] = {{0x1p-1022, 0x1p1022}, {0x1p1023, 0x1p-1023}};
    double *x = malloc(sizeof *x * 2 * MANY);
    (void)state;
    assert_non_null(x);
    for (int p = 0; p < 2; p++) {
        for (int64_t i = 0; i < MANY; i++) {
            x[i] = pairs[p].first;
            x[MANY + i] = pairs[p].second;
        }
        x[5] = -x[5];
        x[2 * MANY - 1] *= 0.75;
        assert_true(product_bits(AXPROD_F64, x, 2 * MANY, AXPROD_F64) == bits_load(AXPROD_F64, &(double){-0.75}));
        assert_true(product_bits(AXPROD_F64, x, 2 * MANY, AXPROD_F32) == bits_load(AXPROD_F32, &(float){-0.75f}));
        assert_true(product_bits(AXPROD_F64, x, MANY, AXPROD_F64) ==
                    bits_load(AXPROD_F64, &(double){p == 0 ? -0.0 : -(double)INFINITY}));
    }
    free(x);
}

/* A column of long runs: the same with the kept axis contiguous. */
static void test_columns(void **state) {
    int64_t shape[] = {1 << 16, 5}, five = 5;
    int axis = 0;
    double *x = malloc(sizeof *x * (5 << 16)), out[5], significand[5];
    int64_t exponent[5];
    axprod_tensor in = {x, AXPROD_F64, 2, shape, NULL}, result = {out, AXPROD_F64, 1, &five, NULL};
    axprod_tensor first = {significand, AXPROD_F64, 1, &five, NULL}, second = {exponent, AXPROD_I64, 1, &five, NULL};
    (void)state;
    assert_non_null(x);
    for (int64_t i = 0; i < 1 << 16; i++) {
        for (int c = 0; c < 5; c++)
            x[5 * i + c] = c == 0 ? 0x1p-1074 : c == 1 ? 0x1p1023 : (i < 1 << 15) == (c == 2) ? 0x1p-1000 : 0x1p1000;
    }
    x[2] *= -1.25;
    x[3] *= 1.25;
    assert_ok(axprod_prod(&in, &axis, 1, NULL, &result));
    assert_true(out[0] == 0 && isinf(out[1]) && out[2] == -1.25 && out[3] == 1.25 && out[4] == 1);
    assert_ok(axprod_scaled_prod(&in, &axis, 1, NULL, &first, &second));
    assert_true(significand[0] == 0.5 && exponent[0] == -1074 * 65536 + 1);
    assert_true(significand[1] == 0.5 && exponent[1] == 1023 * 65536 + 1);
    assert_true(significand[2] == -0.625 && exponent[2] == 1);
    free(x);
}

/* Stride zero: 2^32 virtual elements would take seconds, 2^26 give an exponent of -7 10^10. */
static void test_virtual(void **state) {
    static double tiny = -0x1p-1074, huge = 0x1p1023;
    double significand;
    int64_t exponent, count = (INT64_C(1) << 26) + 1, stride = 0;
    axprod_tensor x = {&tiny, AXPROD_F64, 1, &count, &stride};
    axprod_tensor first = {&significand, AXPROD_F64, 0, NULL, NULL}, second = {&exponent, AXPROD_I64, 0, NULL, NULL};
    (void)state;
    assert_ok(axprod_scaled_prod(&x, NULL, 0, NULL, &first, &second));
    if (significand != -0.5 || exponent != -1074 * count + 1)
        fail_msg("%a and %" PRId64, significand, exponent);
    x.data = &huge;
    second.dtype = AXPROD_F64;
    double logabs;
    second.data = &logabs;
    assert_ok(axprod_log_prod(&x, NULL, 0, NULL, &first, &second));
    double expected = (double)(1023 * count) * 0x1.62e42fefa39efp-1;
    if (significand != 1 || fabs(logabs - expected) > 4 * (nextafter(expected, 1e300) - expected))
        fail_msg("sign %g, logarithm %a, about %a", significand, logabs, expected);
}

/* Every kind of data whose running product leaves the range, in dtypes with little of it. */
static void test_wandering(void **state) {
    static const char *const dtypes[] = {"f16", "bf16", "f32", "f64"};
    static const char *const kinds[] = {"balanced", "wild", "subnormal", "shrinking"};
    (void)state;
    for (int x = 0; x < 4; x++) {
        for (int k = 0; k < 4; k++) {
            for (int out = 0; out < 4; out++) {
                for (int length = 1; length < 3000; length += 1 + length / 2)
                    assert_true(check("%s 7x%d axes=1 out=%s data=%s seed=%d", dtypes[x], length, dtypes[out], kinds[k],
                                      length));
                assert_true(check("%s 700x19 axes=0 out=%s data=%s", dtypes[x], dtypes[out], kinds[k]));
            }
            assert_true(check("%s 9x1000 axes=1 form=scaled data=%s", dtypes[x], kinds[k]));
        }
    }
}

/*
 * Every power of two of double among ones. The first and the last exponents are the ones that a kernel may forget: an
 * exact subnormal sets no sticky flag, and the reciprocal of 2^1023 is subnormal itself.
 */
static void test_every_power(void **state) {
    static const int64_t counts[] = {1, 2, 3, 8, 20, 33, 130};
    double elements[130], columns[130 * 40], out[40];
    int64_t shape[] = {0, 40}, forty = 40;
    int axis = 0;
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        for (int e = -1074; e<1024; e += e> - 1000 && e < 1000 ? 37 : 1) {
            double power = e % 2 ? -ldexp(1, e) : ldexp(1, e);
            int64_t count = counts[c], place = (e + 1074) % count;
            for (int64_t i = 0; i < count; i++)
                elements[i] = i == place ? power : 1;
            for (int64_t i = 0; i < 40 * count; i++)
                columns[i] = i / 40 == place ? power : 1;
            if (product_bits(AXPROD_F64, elements, count, AXPROD_F64) != bits_load(AXPROD_F64, &power))
                fail_msg("%a among %d ones", power, (int)count - 1);
            shape[0] = count;
            axprod_tensor x = {columns, AXPROD_F64, 2, shape, NULL}, y = {out, AXPROD_F64, 1, &forty, NULL};
            assert_ok(axprod_prod(&x, &axis, 1, NULL, &y));
            for (int i = 0; i < 40; i++) {
                if (out[i] != power)
                    fail_msg("%a among %d ones in column %d: %a", power, (int)count - 1, i, out[i]);
            }
        }
    }
}

/* The same on the way: partial products of exactly 2^-1075 .. 2^-1022 or 2^1023, which come back. */
static void test_exact_on_the_way(void **state) {
    (void)state;
    for (int e = -1140; e<1090; e += e> - 960 && e < 960 ? 61 : 1) {
        for (int64_t count = 4; count <= 24; count += 5) {
            double elements[24];
            for (int64_t i = 0; i < count; i++)
                elements[i] = 1;
            elements[0] = ldexp(1, e / 2);
            elements[1] = -ldexp(1.5, e - e / 2);
            elements[count - 2] = ldexp(1.25, -(e / 2));
            elements[count - 1] = ldexp(1, e / 2 - e);
            double expected = -1.875;
            if (product_bits(AXPROD_F64, elements, count, AXPROD_F64) != bits_load(AXPROD_F64, &expected))
                fail_msg("%a %a ... %a %a, %d elements", elements[0], elements[1], elements[count - 2],
                         elements[count - 1], (int)count);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_columns),
        cmocka_unit_test(test_virtual),        cmocka_unit_test(test_wandering),
        cmocka_unit_test(test_every_power),    cmocka_unit_test(test_exact_on_the_way),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
