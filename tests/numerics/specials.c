/* SPDX-License-Identifier: BSD-3-Clause */
/* NaN, infinity, zero and sign: rules 1 to 5 of the contract for every position, length and dtype. */
#include "check.h"
#include "oracle.h"
#include "suite.h"

#include <inttypes.h>

static const axprod_dtype floats[] = {AXPROD_F16, AXPROD_BF16, AXPROD_F32, AXPROD_F64};

#define LONGEST 70

/* A vector of one dtype that is filled with ordinary numbers and then spoiled in places. */
struct vector {
    axprod_dtype dtype;
    int64_t count;
    unsigned char bytes[LONGEST * 8];
};

/* Numbers whose product overflows (odd seeds) or underflows far: the specials must not come from there. */
static void fill(struct vector *v, axprod_dtype dtype, int64_t count, uint64_t seed) {
    struct rng rng = rng_make(seed);
    const struct format *format = format_of(dtype);
    v->dtype = dtype;
    v->count = count;
    for (int64_t i = 0; i < count; i++) {
        int64_t exponent = seed % 2 ? format->max_exponent - 4 : format->min_exponent + 1;
        struct element element = element_make(rng_coin(&rng), rng_bits(&rng, 2), exponent);
        assert_true(element_store(dtype, element, v->bytes + (size_t)i * axprod_dtype_size(dtype)));
    }
}

static void set(struct vector *v, int64_t i, uint64_t bits) {
    bits_store(v->dtype, bits, v->bytes + (size_t)i * axprod_dtype_size(v->dtype));
}

static uint64_t sign_bit(axprod_dtype dtype) {
    return UINT64_C(1) << (8 * axprod_dtype_size(dtype) - 1);
}

static uint64_t infinity_bits(axprod_dtype dtype) {
    return (2 * (uint64_t)format_of(dtype)->max_exponent - 1) << (format_of(dtype)->precision - 1);
}

static bool negative(const struct vector *v) {
    bool odd = false;
    for (int64_t i = 0; i < v->count; i++)
        odd ^= (bits_load(v->dtype, v->bytes + (size_t)i * axprod_dtype_size(v->dtype)) & sign_bit(v->dtype)) != 0;
    return odd;
}

static void expect(const struct vector *v, axprod_dtype result, uint64_t expected, const char *what) {
    uint64_t got = product_bits(v->dtype, v->bytes, v->count, result);
    if (got != expected)
        fail_msg("%s: %" PRId64 " elements of %s into %s: bits %" PRIx64 ", expected %" PRIx64, what, v->count,
                 axprod_dtype_name(v->dtype), axprod_dtype_name(result), got, expected);
}

/* Calls test(dtype, result, length, position, seed) for all of them. */
static void for_all(void (*test)(axprod_dtype, axprod_dtype, int64_t, int64_t, uint64_t)) {
    for (int d = 0; d < 4; d++) {
        for (int64_t count = 1; count <= LONGEST; count++) {
            int64_t step = count < 20 ? 1 : 1 + count / 9;
            for (int64_t place = 0; place < count; place += step)
                test(floats[d], floats[(count + place + d) % 4], count, place, (uint64_t)(count + 3 * place));
            test(floats[d], floats[count % 4], count, count - 1, (uint64_t)count);
        }
    }
}

/* Rule 1, with every kind of NaN: quiet or signaling, either sign, any payload; beside infinities and zeros. */
static void nan_wins(axprod_dtype dtype, axprod_dtype result, int64_t count, int64_t place, uint64_t seed) {
    struct vector v;
    uint64_t infinity = infinity_bits(dtype), quiet = format_of(dtype)->nan;
    uint64_t nans[] = {quiet,     quiet | sign_bit(dtype), infinity | 1,           infinity | 1 | sign_bit(dtype),
                       quiet | 5, sign_bit(dtype) - 1,     2 * sign_bit(dtype) - 1};
    for (size_t i = 0; i < sizeof nans / sizeof nans[0]; i++) {
        fill(&v, dtype, count, seed);
        set(&v, place, nans[i]);
        expect(&v, result, format_of(result)->nan, "a NaN");
        if (count > 2) {
            set(&v, (place + 1) % count, infinity | (i % 2 ? sign_bit(dtype) : 0));
            set(&v, (place + 2) % count, i % 3 ? sign_bit(dtype) : 0);
            expect(&v, result, format_of(result)->nan, "a NaN, an infinity and a zero");
        }
    }
}

/* Rules 2 and 3. */
static void infinity_next(axprod_dtype dtype, axprod_dtype result, int64_t count, int64_t place, uint64_t seed) {
    struct vector v;
    for (int minus = 0; minus < 2; minus++) {
        fill(&v, dtype, count, seed);
        set(&v, place, infinity_bits(dtype) | (minus ? sign_bit(dtype) : 0));
        expect(&v, result, infinity_bits(result) | (negative(&v) ? sign_bit(result) : 0), "an infinity");
        if (count < 2)
            continue;
        set(&v, (place + count / 2) % count, infinity_bits(dtype) | (seed % 3 ? sign_bit(dtype) : 0));
        expect(&v, result, infinity_bits(result) | (negative(&v) ? sign_bit(result) : 0), "two infinities");
        set(&v, (place + 1 + count / 3) % count == place ? (place + 1) % count : (place + 1 + count / 3) % count,
            seed % 2 ? sign_bit(dtype) : 0);
        if (count > 3)
            set(&v, place, infinity_bits(dtype));
        else
            continue;
        expect(&v, result, format_of(result)->nan, "an infinity and a zero");
    }
}

/* Rule 4: zeros of either sign count for the sign, too. */
static void zero_last(axprod_dtype dtype, axprod_dtype result, int64_t count, int64_t place, uint64_t seed) {
    struct vector v;
    for (int minus = 0; minus < 2; minus++) {
        fill(&v, dtype, count, seed);
        set(&v, place, minus ? sign_bit(dtype) : 0);
        expect(&v, result, negative(&v) ? sign_bit(result) : 0, "a zero");
        set(&v, (place + count / 2) % count, seed % 3 ? sign_bit(dtype) : 0);
        expect(&v, result, negative(&v) ? sign_bit(result) : 0, "two zeros");
    }
}

static void test_nan(void **state) {
    (void)state;
    for_all(nan_wins);
}

static void test_infinity(void **state) {
    (void)state;
    for_all(infinity_next);
}

static void test_zero(void **state) {
    (void)state;
    for_all(zero_last);
}

/* Overflow and underflow of P itself have the sign of the product, too. */
static void test_out_of_range(void **state) {
    struct vector v;
    (void)state;
    for (int d = 0; d < 4; d++) {
        for (int64_t count = 1; count <= LONGEST; count++) {
            for (uint64_t seed = 0; seed < 8; seed++) {
                axprod_tensor x = {v.bytes, floats[d], 1, &v.count, NULL};
                axprod_dtype result = floats[(seed / 2 + (uint64_t)count) % 4];
                unsigned char expected[8];
                fill(&v, floats[d], count, seed);
                oracle_prod(&x, NULL, -1, result, expected);
                expect(&v, result, bits_load(result, expected), "out of range");
            }
        }
    }
}

/* All 65536 elements of the 16-bit dtypes, alone and beside one that hides nothing. */
static void test_all_halves(void **state) {
    static const uint64_t partners[] = {0x0000, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e01, 0x0001, 0x7bff, 0x3f80};
    (void)state;
    for (int d = 0; d < 2; d++) {
        for (size_t p = 0; p < sizeof partners / sizeof partners[0]; p++) {
            static uint16_t pairs[65536][2];
            static uint64_t got[65536], expected[65536];
            for (uint32_t bits = 0; bits < 65536; bits++) {
                pairs[bits][0] = (uint16_t)bits;
                pairs[bits][1] = (uint16_t)partners[p];
            }
            int64_t shape[] = {65536, 2}, out_shape[] = {65536};
            int axis = 1;
            axprod_dtype result = floats[(p + (size_t)d) % 4];
            axprod_tensor x = {pairs, floats[d], 2, shape, NULL}, out = {got, result, 1, out_shape, NULL};
            assert_ok(axprod_prod(&x, &axis, 1, NULL, &out));
            oracle_prod(&x, &axis, 1, result, expected);
            if (memcmp(got, expected, 65536 * axprod_dtype_size(result)) != 0)
                fail_msg("%s times %" PRIx64 " into %s", axprod_dtype_name(floats[d]), partners[p],
                         axprod_dtype_name(result));
        }
    }
}

/* Scaled and log have their own convention: exponent 0, sign 0, the canonical NaN. */
static void test_other_forms(void **state) {
    (void)state;
    for (int d = 0; d < 4; d++) {
        for (int k = 1; k <= LONGEST; k += 1 + k / 8) {
            assert_true(check("%s 60x%d axes=1 form=scaled data=specials seed=%d", axprod_dtype_name(floats[d]), k, k));
            assert_true(check("%s %dx60 axes=0 form=log data=specials seed=%d", axprod_dtype_name(floats[d]), k, k));
        }
    }
    assert_true(check("i16 300x5 axes=1 form=scaled data=specials seed=1"));
    assert_true(check("i16 300x5 axes=1 form=log data=specials seed=2"));
    assert_true(check("i8 300x5 axes=1 out=f16 data=specials seed=3"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nan),          cmocka_unit_test(test_infinity),   cmocka_unit_test(test_zero),
        cmocka_unit_test(test_out_of_range), cmocka_unit_test(test_all_halves), cmocka_unit_test(test_other_forms),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
