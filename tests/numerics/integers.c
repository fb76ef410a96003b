/* SPDX-License-Identifier: BSD-3-Clause */
/* Integer results modulo 2^bits, widening and narrowing; integers and bools into floating point, rounded once. */
#include "check.h"
#include "suite.h"

static const char *const integers[] = {"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bool"};
static const char *const floats[] = {"f16", "bf16", "f32", "f64"};
static const char *const kinds[] = {"wild", "smallint", "specials", "powers", "onehot", "neutral"};
static const int lengths[] = {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64, 65, 127, 257, 1000};

/* Every integer dtype into every other one, which sign-extends or cuts off. */
static void test_modular(void **state) {
    (void)state;
    for (int x = 0; x < 9; x++) {
        for (int out = 0; out < 8; out++) {
            for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
                const char *kind = kinds[(k + (size_t)out) % 6];
                assert_true(check("%s 20x%d axes=1 out=%s data=%s seed=%d", integers[x], lengths[k], integers[out],
                                  kind, (int)k));
                assert_true(check("%s %dx35 axes=0 out=%s data=%s seed=%d", integers[x], lengths[k], integers[out],
                                  kinds[(k + 1) % 6], (int)k));
            }
        }
    }
}

static void test_into_floats(void **state) {
    (void)state;
    for (int x = 0; x < 9; x++) {
        for (int out = 0; out < 4; out++) {
            for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
                assert_true(check("%s 20x%d axes=1 out=%s data=%s seed=%d", integers[x], lengths[k], floats[out],
                                  kinds[k % 6], (int)k));
                assert_true(check("%s %dx35 axes=0 out=%s data=%s seed=%d", integers[x], lengths[k], floats[out],
                                  k % 2 ? "ties" : "overflow", (int)k));
            }
        }
    }
}

/* All pairs of bytes. */
static void test_all_bytes(void **state) {
    static unsigned char pairs[65536][2];
    static const axprod_dtype dtypes[] = {AXPROD_I8, AXPROD_U8, AXPROD_BOOL};
    int64_t shape[] = {65536, 2}, out_shape[] = {65536};
    int axis = 1;
    (void)state;
    for (int i = 0; i < 65536; i++) {
        pairs[i][0] = (unsigned char)(i >> 8);
        pairs[i][1] = (unsigned char)i;
    }
    for (int d = 0; d < 3; d++) {
        static int64_t wide[65536];
        static int8_t narrow[65536];
        axprod_tensor x = {pairs, dtypes[d], 2, shape, NULL}, out = {wide, AXPROD_I64, 1, out_shape, NULL};
        axprod_tensor cut = {narrow, AXPROD_I8, 1, out_shape, NULL};
        assert_ok(axprod_prod(&x, &axis, 1, NULL, &out));
        assert_ok(axprod_prod(&x, &axis, 1, NULL, &cut));
        for (int i = 0; i < 65536; i++) {
            unsigned char a = pairs[i][0], b = pairs[i][1];
            int64_t expected = d == 0 ? (int64_t)(int8_t)a * (int8_t)b : d == 1 ? a * b : a && b;
            if (wide[i] != expected || narrow[i] != (int8_t)(uint8_t)expected)
                fail_msg("%s: %d times %d is %d and %d", axprod_dtype_name(dtypes[d]), a, b, (int)wide[i], narrow[i]);
        }
    }
}

/* Any nonzero byte is true, in long vectors as well, where a kernel might multiply bytes as they are. */
static void test_bool_bytes(void **state) {
    unsigned char bytes[300];
    (void)state;
    for (int64_t count = 1; count <= 300; count += 1 + count / 20) {
        for (int64_t zero = -1; zero < count; zero += 1 + count / 7) {
            for (int64_t i = 0; i < count; i++)
                bytes[i] = (unsigned char)(i == zero ? 0 : 1 + i * 37 % 255);
            double expected = zero < 0;
            assert_true(product_bits(AXPROD_BOOL, bytes, count, AXPROD_I64) == (zero < 0));
            assert_true(product_bits(AXPROD_BOOL, bytes, count, AXPROD_U8) == (zero < 0));
            assert_true(product_bits(AXPROD_BOOL, bytes, count, AXPROD_F64) == bits_load(AXPROD_F64, &expected));
        }
    }
}

/* Extremes: the least number has no positive counterpart, the largest unsigned one no double. */
static void test_extremes(void **state) {
    static const int64_t least[] = {INT64_MIN, INT64_MIN, INT64_MIN};
    static const uint64_t most[] = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    static const int8_t bytes[] = {-128, -128, -128};
    double cube = -0x1p189, wide = 0x1p192, byte_cube = -0x1p21;
    (void)state;
    assert_true(product_bits(AXPROD_I64, least, 1, AXPROD_I64) == (uint64_t)INT64_MIN);
    assert_true(product_bits(AXPROD_I64, least, 3, AXPROD_I64) == 0);
    assert_true(product_bits(AXPROD_I64, least, 3, AXPROD_F64) == bits_load(AXPROD_F64, &cube));
    assert_true(product_bits(AXPROD_U64, most, 3, AXPROD_U64) == UINT64_MAX);
    assert_true(product_bits(AXPROD_U64, most, 3, AXPROD_F64) == bits_load(AXPROD_F64, &wide));
    assert_true(product_bits(AXPROD_U64, most, 3, AXPROD_F16) == 0x7c00);
    assert_true(product_bits(AXPROD_I8, bytes, 3, AXPROD_I64) == (uint64_t)-2097152);
    assert_true(product_bits(AXPROD_I8, bytes, 3, AXPROD_I8) == 0);
    assert_true(product_bits(AXPROD_I8, bytes, 3, AXPROD_F64) == bits_load(AXPROD_F64, &byte_cube));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modular),    cmocka_unit_test(test_into_floats), cmocka_unit_test(test_all_bytes),
        cmocka_unit_test(test_bool_bytes), cmocka_unit_test(test_extremes),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
