/* SPDX-License-Identifier: BSD-3-Clause */
/* Arguments of the functions on partials and wide partials, and what they leave untouched. */
#include "check.h"
#include "suite.h"

#define OUTPUTS 3
#define FACTORS 4

static double elements[OUTPUTS * FACTORS] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const double products[OUTPUTS] = {24, 1680, 11880};
static int64_t shape[] = {OUTPUTS, FACTORS}, out_shape[] = {OUTPUTS}, out_strides[] = {16};
static int axis = 1;

static axprod_plan *plan_of(axprod_dtype x_dtype, axprod_dtype out_dtype) {
    axprod_tensor x = {NULL, x_dtype, 2, shape, NULL}, out = {NULL, out_dtype, 1, out_shape, out_strides};
    axprod_plan *plan = NULL;
    assert_ok(axprod_plan_create(&plan, &x, &axis, 1, NULL, &out));
    return plan;
}

static axprod_plan *scaled_plan(void) {
    axprod_tensor x = {NULL, AXPROD_F64, 2, shape, NULL}, first = {NULL, AXPROD_F64, 1, out_shape, NULL};
    axprod_tensor second = {NULL, AXPROD_I64, 1, out_shape, NULL};
    axprod_plan *plan = NULL;
    assert_ok(axprod_plan_create_scaled(&plan, &x, &axis, 1, NULL, &first, &second));
    return plan;
}

static void test_unsupported(void **state) {
    static const struct {
        axprod_dtype x, out;
    } pairs[] = {
        {AXPROD_I32, AXPROD_I32}, {AXPROD_BOOL, AXPROD_I64}, {AXPROD_C64, AXPROD_C64}, {AXPROD_C128, AXPROD_C64}};
    axprod_complex128 data[OUTPUTS * FACTORS], out[2 * OUTPUTS];
    axprod_partial partials[OUTPUTS];
    int64_t first = 0;
    double wide[64];
    (void)state;
    memset(data, 0, sizeof data);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        axprod_plan *plan = plan_of(pairs[i].x, pairs[i].out);
        assert_status(axprod_plan_partials(plan, data, partials), AXPROD_ERROR_UNSUPPORTED);
        assert_status(axprod_plan_finish(plan, partials, FACTORS, out, NULL, NULL, NULL), AXPROD_ERROR_UNSUPPORTED);
        assert_status(axprod_plan_wide_partials(plan, data, &first, 1, 2, wide), AXPROD_ERROR_UNSUPPORTED);
        assert_status(axprod_plan_finish_wide(plan, wide, 2, &first, 1, out, NULL, NULL, NULL),
                      AXPROD_ERROR_UNSUPPORTED);
        axprod_plan_destroy(plan);
    }
}

/* Plans of complex results have partials of their own, and others do not have these. */
static void test_complex(void **state) {
    static const axprod_dtype others[] = {AXPROD_I32, AXPROD_U64, AXPROD_F16, AXPROD_F64};
    axprod_complex128 data[OUTPUTS * FACTORS], out[2 * OUTPUTS];
    axprod_complex_partial partials[OUTPUTS];
    (void)state;
    for (int i = 0; i < OUTPUTS * FACTORS; i++)
        data[i] = (axprod_complex128){0, elements[i]};
    for (int i = 0; i < 4; i++) {
        axprod_plan *plan = plan_of(others[i], others[i]);
        assert_refused(axprod_plan_complex_partials(plan, data, partials), AXPROD_ERROR_UNSUPPORTED,
                       axprod_dtype_name(others[i]));
        assert_status(axprod_plan_complex_finish(plan, partials, out), AXPROD_ERROR_UNSUPPORTED);
        axprod_plan_destroy(plan);
    }
    axprod_plan *plan = plan_of(AXPROD_C128, AXPROD_C128);
    assert_status(axprod_plan_complex_partials(NULL, data, partials), AXPROD_ERROR_NULL);
    assert_refused(axprod_plan_complex_partials(plan, NULL, partials), AXPROD_ERROR_NULL, "x");
    assert_refused(axprod_plan_complex_partials(plan, data, NULL), AXPROD_ERROR_NULL, "partials");
    assert_status(axprod_plan_complex_partials(plan, data, (void *)&data[1]), AXPROD_ERROR_OVERLAP);
    assert_ok(axprod_plan_complex_partials(plan, data, partials));
    assert_status(axprod_plan_complex_finish(NULL, partials, out), AXPROD_ERROR_NULL);
    assert_refused(axprod_plan_complex_finish(plan, NULL, out), AXPROD_ERROR_NULL, "partials");
    assert_refused(axprod_plan_complex_finish(plan, partials, NULL), AXPROD_ERROR_NULL, "out");
    assert_ok(axprod_plan_complex_finish(plan, partials, out));
    for (int o = 0; o < OUTPUTS; o++) /* i^4 = 1; strides of 16 bytes are without gaps here */
        assert_true(out[o].re == products[o] && out[o].im == 0);
    axprod_plan_destroy(plan);
}

static void test_null(void **state) {
    axprod_plan *plan = plan_of(AXPROD_F64, AXPROD_F64);
    axprod_partial partials[OUTPUTS];
    double out[2 * OUTPUTS], wide[64];
    int64_t first = 0;
    (void)state;
    assert_status(axprod_plan_partials(NULL, elements, partials), AXPROD_ERROR_NULL);
    assert_refused(axprod_plan_partials(plan, NULL, partials), AXPROD_ERROR_NULL, "x");
    assert_refused(axprod_plan_partials(plan, elements, NULL), AXPROD_ERROR_NULL, "partials");
    assert_ok(axprod_plan_partials(plan, elements, partials));
    assert_status(axprod_plan_finish(NULL, partials, FACTORS, out, NULL, NULL, NULL), AXPROD_ERROR_NULL);
    assert_refused(axprod_plan_finish(plan, NULL, FACTORS, out, NULL, NULL, NULL), AXPROD_ERROR_NULL, "partials");
    assert_refused(axprod_plan_finish(plan, partials, FACTORS, NULL, NULL, NULL, NULL), AXPROD_ERROR_NULL, "out");
    assert_status(axprod_plan_wide_partials(NULL, elements, &first, 1, 2, wide), AXPROD_ERROR_NULL);
    assert_refused(axprod_plan_wide_partials(plan, NULL, &first, 1, 2, wide), AXPROD_ERROR_NULL, "x");
    assert_refused(axprod_plan_wide_partials(plan, elements, NULL, 1, 2, wide), AXPROD_ERROR_NULL, "outputs");
    assert_refused(axprod_plan_wide_partials(plan, elements, &first, 1, 2, NULL), AXPROD_ERROR_NULL, "wide");
    assert_ok(axprod_plan_wide_partials(plan, elements, &first, 1, 2, wide));
    assert_refused(axprod_wide_merge(NULL, wide, 1, 2), AXPROD_ERROR_NULL, "in");
    assert_refused(axprod_wide_merge(wide, NULL, 1, 2), AXPROD_ERROR_NULL, "inout");
    assert_status(axprod_plan_finish_wide(NULL, wide, 2, &first, 1, out, NULL, NULL, NULL), AXPROD_ERROR_NULL);
    assert_refused(axprod_plan_finish_wide(plan, NULL, 2, &first, 1, out, NULL, NULL, NULL), AXPROD_ERROR_NULL, "wide");
    assert_refused(axprod_plan_finish_wide(plan, wide, 2, NULL, 1, out, NULL, NULL, NULL), AXPROD_ERROR_NULL,
                   "outputs");
    assert_refused(axprod_plan_finish_wide(plan, wide, 2, &first, 1, NULL, NULL, NULL, NULL), AXPROD_ERROR_NULL, "out");
    axprod_plan_destroy(plan);
    plan = scaled_plan();
    assert_status(axprod_plan_finish(plan, partials, FACTORS, out, NULL, NULL, NULL), AXPROD_ERROR_NULL);
    axprod_plan_destroy(plan);
}

static void test_counts(void **state) {
    static const int64_t bad_words[] = {0, -1, INT64_MIN, AXPROD_MAX_WORDS + 1, INT64_MAX};
    static const int64_t bad_outputs[] = {-1, OUTPUTS, INT64_MAX, INT64_MIN};
    axprod_plan *plan = plan_of(AXPROD_F64, AXPROD_F64);
    axprod_partial partials[OUTPUTS];
    double out[2 * OUTPUTS] = {7, 7, 7, 7, 7, 7}, wide[64];
    (void)state;
    assert_ok(axprod_plan_partials(plan, elements, partials));
    assert_refused(axprod_plan_finish(plan, partials, -1, out, NULL, NULL, NULL), AXPROD_ERROR_COUNT, "factors");
    assert_refused(axprod_plan_finish(plan, partials, (INT64_C(1) << 52) + 1, out, NULL, NULL, NULL),
                   AXPROD_ERROR_COUNT, "factors");
    for (size_t i = 0; i < sizeof bad_words / sizeof bad_words[0]; i++) {
        int64_t first = 0;
        assert_int_equal(axprod_wide_bytes(bad_words[i]), 0);
        assert_refused(axprod_plan_wide_partials(plan, elements, &first, 1, bad_words[i], wide), AXPROD_ERROR_COUNT,
                       "words");
        assert_refused(axprod_wide_merge(wide, wide + 32, 1, bad_words[i]), AXPROD_ERROR_COUNT, "words");
        assert_refused(axprod_plan_finish_wide(plan, wide, bad_words[i], &first, 1, out, NULL, NULL, NULL),
                       AXPROD_ERROR_COUNT, "words");
    }
    for (size_t i = 0; i < sizeof bad_outputs / sizeof bad_outputs[0]; i++) {
        int64_t list[] = {1, bad_outputs[i]};
        assert_refused(axprod_plan_wide_partials(plan, elements, list, 2, 2, wide), AXPROD_ERROR_COUNT, "outputs");
        memset(wide, 0, sizeof wide);
        assert_refused(axprod_plan_finish_wide(plan, wide, 2, list, 2, out, NULL, NULL, NULL), AXPROD_ERROR_COUNT,
                       "outputs");
    }
    for (int i = 0; i < 2 * OUTPUTS; i++)
        assert_true(out[i] == 7);
    axprod_plan_destroy(plan);
}

static void test_packed(void **state) {
    axprod_plan *plan = plan_of(AXPROD_F64, AXPROD_F64), *integers = plan_of(AXPROD_I32, AXPROD_I32);
    axprod_packed_partial packed[OUTPUTS + 1] = {AXPROD_PACKED_PARTIAL_IDENTITY};
    const axprod_packed_partial *pieces[] = {packed, NULL};
    const int64_t most = axprod_packed_factors(AXPROD_F64);
    double out[2 * OUTPUTS] = {7, 7, 7, 7, 7, 7};
    (void)state;
    assert_status(axprod_plan_packed_partials(NULL, elements, packed), AXPROD_ERROR_NULL);
    assert_refused(axprod_plan_packed_partials(plan, NULL, packed), AXPROD_ERROR_NULL, "x");
    assert_refused(axprod_plan_packed_partials(plan, elements, NULL), AXPROD_ERROR_NULL, "packed");
    assert_refused(axprod_plan_packed_partials(plan, elements, (void *)&elements[1]), AXPROD_ERROR_OVERLAP, "packed");
    assert_status(axprod_plan_packed_partials(integers, elements, packed), AXPROD_ERROR_UNSUPPORTED);
    assert_ok(axprod_plan_packed_partials(plan, elements, packed));
#define FINISH(plan, pieces, num, first, count, factors, out)                                                          \
    axprod_plan_finish_packed(plan, pieces, num, first, count, factors, out, NULL, NULL, NULL)
    assert_status(FINISH(NULL, pieces, 1, 0, 1, FACTORS, out), AXPROD_ERROR_NULL);
    assert_refused(FINISH(plan, NULL, 1, 0, 1, FACTORS, out), AXPROD_ERROR_NULL, "pieces");
    assert_refused(FINISH(plan, pieces, 2, 0, 1, FACTORS, out), AXPROD_ERROR_NULL, "pieces[1]");
    assert_refused(FINISH(plan, pieces, 1, 0, 1, FACTORS, NULL), AXPROD_ERROR_NULL, "out");
    assert_status(FINISH(integers, pieces, 1, 0, 1, FACTORS, out), AXPROD_ERROR_UNSUPPORTED);
    assert_refused(FINISH(plan, pieces, 0, 0, 1, FACTORS, out), AXPROD_ERROR_COUNT, "num_pieces");
    assert_refused(FINISH(plan, pieces, 1, -1, 1, FACTORS, out), AXPROD_ERROR_COUNT, "first");
    assert_refused(FINISH(plan, pieces, 1, 1, -1, FACTORS, out), AXPROD_ERROR_COUNT, "count");
    assert_refused(FINISH(plan, pieces, 1, 1, OUTPUTS, FACTORS, out), AXPROD_ERROR_COUNT, "first");
    assert_refused(FINISH(plan, pieces, 1, INT64_MAX, 1, FACTORS, out), AXPROD_ERROR_COUNT, "first");
    assert_refused(FINISH(plan, pieces, 1, 0, 1, -1, out), AXPROD_ERROR_COUNT, "factors");
    assert_refused(FINISH(plan, pieces, 1, 0, 1, most + 1, out), AXPROD_ERROR_COUNT, "factors");
    for (int i = 0; i < 2 * OUTPUTS; i++)
        assert_true(out[i] == 7);
    /* some of the outputs, of pieces that are their own square; nothing */
    pieces[1] = packed;
    assert_ok(FINISH(plan, pieces, 2, 0, OUTPUTS - 1, 2 * FACTORS, out));
    assert_ok(FINISH(plan, pieces, 2, OUTPUTS, 0, 2 * FACTORS, out));
#undef FINISH
    for (int o = 0; o < OUTPUTS; o++) {
        assert_true(out[2 * o] == (o < OUTPUTS - 1 ? products[o] * products[o] : 7));
        assert_true(out[2 * o + 1] == 7);
    }
    axprod_plan_destroy(integers);
    axprod_plan_destroy(plan);
}

static void test_wide_bytes(void **state) {
    (void)state;
    assert_true(axprod_wide_bytes(AXPROD_MAX_WORDS) >= 8 * AXPROD_MAX_WORDS);
    for (int64_t words = 1; words < 100; words++) {
        assert_true(axprod_wide_bytes(words) >= 8 * words);
        assert_int_equal(axprod_wide_bytes(words) % 8, 0);
        assert_true(axprod_wide_bytes(words + 1) > axprod_wide_bytes(words));
    }
}

/* Enough words: the finished output is right and the ones that were not listed keep their bytes. */
static void test_others_untouched(void **state) {
    axprod_plan *plan = plan_of(AXPROD_F64, AXPROD_F64);
    (void)state;
    for (int64_t listed = 0; listed < 1 << OUTPUTS; listed++) {
        double out[2 * OUTPUTS] = {7, 7, 7, 7, 7, 7}, wide[64];
        int64_t list[OUTPUTS], count = 0, left = 55;
        for (int64_t o = 0; o < OUTPUTS; o++) {
            if (listed >> o & 1)
                list[count++] = o;
        }
        assert_ok(axprod_plan_wide_partials(plan, elements, list, count, 4, wide));
        assert_ok(axprod_plan_finish_wide(plan, wide, 4, list, count, out, NULL, NULL, &left));
        assert_int_equal(left, 0);
        for (int o = 0; o < 2 * OUTPUTS; o++)
            assert_true(out[o] == (o % 2 == 0 && listed >> o / 2 & 1 ? products[o / 2] : 7));
    }
    axprod_plan_destroy(plan);
}

/* Outputs may be listed in any order: the i-th wide partial belongs to the i-th of the list. */
static void test_any_order(void **state) {
    axprod_plan *plan = plan_of(AXPROD_F64, AXPROD_F64);
    int64_t list[] = {2, 0, 1};
    double out[2 * OUTPUTS], wide[64];
    (void)state;
    assert_ok(axprod_plan_wide_partials(plan, elements, list, 3, 4, wide));
    assert_ok(axprod_plan_finish_wide(plan, wide, 4, list, 3, out, NULL, NULL, NULL));
    for (int o = 0; o < OUTPUTS; o++)
        assert_true(out[2 * o] == products[o]);
    axprod_plan_destroy(plan);
}

/* (2^27 + 1) (2^27 - 1) = 2^54 - 1 is a tie in f64 that no hi + lo can decide and one word can. */
static void test_unresolved(void **state) {
    double tie[OUTPUTS * FACTORS] = {0x1p27 + 1, 0x1p27 - 1, 0x1p-54, 1, 1, 2, 3, 4, 0x1p27 - 1, 1, 0x1p27 + 1, -1};
    axprod_plan *plan = plan_of(AXPROD_F64, AXPROD_F64);
    axprod_partial partials[OUTPUTS];
    double out[2 * OUTPUTS], wide[64];
    int64_t unresolved[OUTPUTS] = {-1, -1, -1}, count = -1;
    (void)state;
    assert_ok(axprod_plan_partials(plan, tie, partials));
    assert_status(axprod_plan_finish(plan, partials, FACTORS, out, NULL, NULL, NULL), AXPROD_UNRESOLVED);
    assert_status(axprod_plan_finish(plan, partials, FACTORS, out, NULL, NULL, &count), AXPROD_UNRESOLVED);
    assert_int_equal(count, 2);
    assert_status(axprod_plan_finish(plan, partials, FACTORS, out, NULL, unresolved, NULL), AXPROD_UNRESOLVED);
    assert_int_equal(unresolved[0], 0);
    assert_int_equal(unresolved[1], 2);
    assert_int_equal(unresolved[2], -1);
    assert_true(out[2] == 24);
    assert_ok(axprod_plan_wide_partials(plan, tie, unresolved, 2, 2, wide));
    assert_ok(axprod_plan_finish_wide(plan, wide, 2, unresolved, 2, out, NULL, NULL, NULL));
    assert_true(out[0] == 1 && out[2] == 24 && out[4] == -0x1p54);
    axprod_plan_destroy(plan);
}

/* Too few words for a product of 54 bits times full-width factors: said so, and enough words later. */
static void test_too_few_words(void **state) {
    double factors[OUTPUTS * FACTORS] = {1 + 0x1p-52, 1 - 0x1p-52, 0x1p27 + 1, 0x1p27 - 1, 1, 1, 1, 1, 1, 1, 1, 1};
    axprod_plan *plan = plan_of(AXPROD_F64, AXPROD_F64);
    double out[2 * OUTPUTS] = {0};
    int64_t first = 0, unresolved = -1, count = -1;
    (void)state;
    for (int64_t words = 1; words <= 4; words++) {
        double wide[64];
        assert_ok(axprod_plan_wide_partials(plan, factors, &first, 1, words, wide));
        axprod_status status = axprod_plan_finish_wide(plan, wide, words, &first, 1, out, NULL, &unresolved, &count);
        assert_int_equal(status, words == 1 ? AXPROD_UNRESOLVED : status);
        assert_int_equal(status == AXPROD_OK ? 0 : 1, count);
        if (words >= 4)
            assert_ok(status);
    }
    /* (2^54 - 1) (1 - 2^-104) is just below the tie between 2^54 - 2 and 2^54. */
    assert_true(out[0] == 0x1p54 - 2);
    axprod_plan_destroy(plan);
}

/* Merging wide partials: commutative to the last bit, also where they have to be truncated. */
static void test_wide_merge(void **state) {
    struct rng rng = rng_make(9);
    axprod_plan *plan = plan_of(AXPROD_F64, AXPROD_F64);
    (void)state;
    for (int64_t i = 0; i < scaled_count(3000); i++) {
        double data[2][OUTPUTS * FACTORS];
        double wide[2][64], ab[64], ba[64];
        int64_t list[] = {0, 1, 2}, words = rng_between(&rng, 1, 5);
        size_t bytes = (size_t)axprod_wide_bytes(words) * 3;
        assert_true(bytes <= sizeof ab);
        for (int side = 0; side < 2; side++) {
            for (int e = 0; e < OUTPUTS * FACTORS; e++)
                bits_store(AXPROD_F64, rng_next(&rng) >> (rng_below(&rng, 9) ? 0 : 63), &data[side][e]);
            assert_ok(axprod_plan_wide_partials(plan, data[side], list, 3, words, wide[side]));
        }
        memcpy(ab, wide[1], bytes);
        memcpy(ba, wide[0], bytes);
        assert_ok(axprod_wide_merge(wide[0], ab, 3, words));
        assert_ok(axprod_wide_merge(wide[1], ba, 3, words));
        assert_memory_equal(ab, ba, bytes);
    }
    axprod_plan_destroy(plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unsupported),      cmocka_unit_test(test_complex),    cmocka_unit_test(test_null),
        cmocka_unit_test(test_counts),           cmocka_unit_test(test_packed),     cmocka_unit_test(test_wide_bytes),
        cmocka_unit_test(test_others_untouched), cmocka_unit_test(test_any_order),  cmocka_unit_test(test_unresolved),
        cmocka_unit_test(test_too_few_words),    cmocka_unit_test(test_wide_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
