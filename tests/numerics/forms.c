/* SPDX-License-Identifier: BSD-3-Clause */
/* The scaled form, correctly rounded with any exponent, and the logarithm, within 2 ulp also close to 1. */
#include "check.h"
#include "oracle.h"
#include "suite.h"

#include <inttypes.h>
#include <math.h>

static const char *const dtypes[] = {"f16", "bf16", "f32", "f64", "i8",  "u8",  "i16",
                                     "u16", "i32",  "u32", "i64", "u64", "bool"};
#define DTYPES (int)(sizeof dtypes / sizeof dtypes[0])

static void sweep(const char *form) {

    for (int x = 0; x < DTYPES; x++) {
        for (int kind = 0; kind < DATA_KINDS; kind++) {
            for (int k = 1; k < 2000; k += 1 + k) {
                const char *name = data_name((enum data_kind)kind);
                assert_true(check("%s 30x%d axes=1 form=%s data=%s seed=%d", dtypes[x], k, form, name, k));
                assert_true(check("%s %dx33 axes=0 form=%s data=%s seed=%d", dtypes[x], k, form, name, k));
            }
        }
    }
}

static void test_scaled(void **state) {
    (void)state;
    sweep("scaled");
}

static void test_log(void **state) {
    (void)state;
    sweep("log");
}

static void scaled(const double *elements, int64_t count, double expected_significand, int64_t expected_exponent) {
    double significand = 7;
    int64_t exponent = 7;
    axprod_tensor x = {(void *)(uintptr_t)elements, AXPROD_F64, 1, &count, NULL};
    axprod_tensor first = {&significand, AXPROD_F64, 0, NULL, NULL}, second = {&exponent, AXPROD_I64, 0, NULL, NULL};
    assert_ok(axprod_scaled_prod(&x, NULL, 0, NULL, &first, &second));
    if (significand != expected_significand || signbit(significand) != signbit(expected_significand) ||
        exponent != expected_exponent)
        fail_msg("got %a 2^%" PRId64 ", expected %a 2^%" PRId64, significand, exponent, expected_significand,
                 expected_exponent);
}

/* A significand that rounds up to 1 is 1/2 with the next exponent. */
static void test_scaled_carry(void **state) {
    /* (1 + 2^-52) (1 - 2^-53) > 1, 6361 69431 20394401 = 2^53 - 1, and 2^54 - 1 rounds to 2^54 by a tie. */
    static const double above[] = {1 + 0x1p-52, 1 - 0x1p-53}, below[] = {1 + 0x1p-52, 1 - 0x1p-52};
    static const double most[] = {6361, 69431, 20394401}, tie[] = {0x1p27 - 1, -0x1p27 - 1};
    static const double tiny[] = {0x1p-1074, 0x1p-1074, -0x1p-1074}, zero[] = {0x1p1000, -0.0};
    static const double infinite[] = {-(double)INFINITY, 0x1p-1074};
    (void)state;
    scaled(above, 2, 0.5, 1);
    scaled(below, 2, 0.5, 1);
    scaled(most, 3, 1 - 0x1p-53, 53);
    scaled(tie, 2, -0.5, 55);
    scaled(tiny, 3, -0.5, -3221);
    scaled(zero, 2, -0.0, 0);
    scaled(infinite, 2, -(double)INFINITY, 0);
    scaled(above, 0, 0.5, 1);
}

static double ulps(axprod_dtype dtype, const void *elements, int64_t count) {
    double sign = 7, logabs = 7;
    struct oracle_log oracle;
    axprod_tensor x = {(void *)(uintptr_t)elements, dtype, 1, &count, NULL};
    axprod_tensor first = {&sign, AXPROD_F64, 0, NULL, NULL}, second = {&logabs, AXPROD_F64, 0, NULL, NULL};
    assert_ok(axprod_log_prod(&x, NULL, 0, NULL, &first, &second));
    oracle_log(&x, NULL, -1, &oracle);
    double error = oracle_log_ulps(&oracle, logabs);
    if (sign != oracle.sign || !(error <= 2))
        fail_msg("sign %g (expected %g), logarithm %a (expected %a + %a): %g ulp", sign, oracle.sign, logabs,
                 oracle.nearest, oracle.rest, error);
    return error;
}

/* Products next to 1, from 2^-1 to 2^-204 away on both sides, where ln P is P - 1 and all cancels. */
static void test_log_near_one(void **state) {
    static const double exact[] = {0.5, -2}, both[] = {1 + 0x1p-52, 1 - 0x1p-52},
                        twice[] = {1 + 0x1p-52, -1 + 0x1p-52, -1};
    static const double above[] = {(0x1p51 - 0x1p26 + 1) * 0x1p-51, (0x1p51 + 0x1p26 + 1) * 0x1p-51};
    double pairs[10] = {above[0], above[1]}, one[2];
    struct rng rng = rng_make(11);
    (void)state;
    ulps(AXPROD_F64, exact, 2);
    ulps(AXPROD_F64, both, 2);
    ulps(AXPROD_F64, twice, 3);
    ulps(AXPROD_F64, above, 2);
    for (int i = 2; i < 10; i++)
        pairs[i] = i % 2 ? 1 + 0x1p-52 : 1 - 0x1p-52;
    for (int64_t count = 2; count <= 10; count += 2)
        ulps(AXPROD_F64, pairs, count);
    for (int bit = 1; bit <= 53; bit++) {
        one[0] = 1 - ldexp(1, -bit);
        ulps(AXPROD_F64, one, 1);
        one[0] = bit < 53 ? 1 + ldexp(1, -bit) : 1;
        ulps(AXPROD_F64, one, 1);
    }
    /* x and its rounded reciprocal: P - 1 is anywhere below 2^-52. */
    for (int64_t i = 0; i < scaled_count(20000); i++) {
        one[0] = ldexp((double)rng_bits(&rng, 53), (int)rng_between(&rng, -900, 900));
        one[1] = 1 / one[0];
        ulps(AXPROD_F64, one, 2);
    }
}

/* A sweep of P over all distances from 1. */
static void test_log_distances(void **state) {
    struct rng rng = rng_make(12);
    (void)state;
    for (int64_t i = 0; i < scaled_count(20000); i++) {
        int bits = (int)rng_between(&rng, 1, 52);
        double distance = ldexp((double)rng_bits(&rng, 53), -bits - 53);
        double pair[2] = {rng_coin(&rng) ? 1 + distance : 1 - distance, 1};
        pair[1] = rng_coin(&rng) ? 1 + ldexp((double)rng_bits(&rng, 53), (int)rng_between(&rng, -106, -54)) : -1;
        ulps(AXPROD_F64, pair, 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scaled),       cmocka_unit_test(test_log),           cmocka_unit_test(test_scaled_carry),
        cmocka_unit_test(test_log_near_one), cmocka_unit_test(test_log_distances),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
