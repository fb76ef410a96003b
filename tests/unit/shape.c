/* SPDX-License-Identifier: BSD-3-Clause */
/* axprod_result_shape: what it answers, what it refuses, what it leaves alone. */
#include "suite.h"

static const int64_t shape[] = {2, 3, 0, 5};

struct shape_case {
    const char *name;
    int axes[6], naxes;
    bool keepdims;
    int ndim;
    int64_t expected[4];
};

static void test_shapes(void **state) {
    static const struct shape_case cases[] = {
        {"one axis", {1}, 1, false, 3, {2, 0, 5}},
        {"one axis kept", {1}, 1, true, 4, {2, 1, 0, 5}},
        {"the empty axis", {2}, 1, false, 3, {2, 3, 5}},
        {"negative", {-1}, 1, false, 3, {2, 3, 0}},
        {"most negative", {-4}, 1, true, 4, {1, 3, 0, 5}},
        {"several in any order", {3, 0}, 2, false, 2, {3, 0}},
        {"mixed signs", {-1, 1, -4}, 3, true, 4, {1, 1, 0, 1}},
        {"every axis", {0, 1, 2, 3}, 4, false, 0, {0}},
        {"every axis kept", {3, 2, 1, 0}, 4, true, 4, {1, 1, 1, 1}},
        {"none", {0}, 0, false, 4, {2, 3, 0, 5}},
        {"none kept", {0}, 0, true, 4, {2, 3, 0, 5}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct shape_case *c = &cases[i];
        int ndim = -1;
        int64_t out[5] = {-7, -7, -7, -7, -7};
        assert_ok(axprod_result_shape(4, shape, c->axes, c->naxes, c->keepdims, &ndim, out));
        if (ndim != c->ndim || memcmp(out, c->expected, sizeof(int64_t) * (size_t)c->ndim) != 0)
            fail_msg("%s: %d dimensions, %d %d %d %d", c->name, ndim, (int)out[0], (int)out[1], (int)out[2],
                     (int)out[3]);
        assert_int_equal(out[4], -7);
    }
}

static void test_all_axes(void **state) {
    int ndim = -1;
    int64_t out[4] = {0};
    (void)state;
    assert_ok(axprod_result_shape(4, shape, NULL, 0, false, &ndim, out));
    assert_int_equal(ndim, 0);
    assert_ok(axprod_result_shape(4, shape, NULL, 0, true, &ndim, out));
    assert_int_equal(ndim, 4);
    for (int d = 0; d < 4; d++)
        assert_int_equal(out[d], 1);
}

static void test_ranks(void **state) {
    int64_t many[AXPROD_MAX_NDIM], out[AXPROD_MAX_NDIM];
    int axes[AXPROD_MAX_NDIM], ndim = -1, axis = 0;
    (void)state;
    assert_ok(axprod_result_shape(0, NULL, NULL, 0, true, &ndim, out));
    assert_int_equal(ndim, 0);
    assert_ok(axprod_result_shape(0, NULL, &axis, 0, false, &ndim, out));
    assert_int_equal(ndim, 0);
    assert_refused(axprod_result_shape(0, NULL, &axis, 1, false, &ndim, out), AXPROD_ERROR_AXIS, "axis");
    for (int d = 0; d < AXPROD_MAX_NDIM; d++) {
        many[d] = d + 1;
        axes[d] = d % 2 ? d : d - AXPROD_MAX_NDIM;
    }
    assert_ok(axprod_result_shape(AXPROD_MAX_NDIM, many, axes, AXPROD_MAX_NDIM - 1, false, &ndim, out));
    assert_int_equal(ndim, 1);
    assert_int_equal(out[0], AXPROD_MAX_NDIM);
    /* Only the extents are asked for here, so their product may be beyond all bounds. */
    for (int d = 0; d < AXPROD_MAX_NDIM; d++)
        many[d] = INT64_MAX;
    assert_ok(axprod_result_shape(AXPROD_MAX_NDIM, many, axes, 1, false, &ndim, out));
    assert_int_equal(ndim, AXPROD_MAX_NDIM - 1);
    assert_true(out[62] == INT64_MAX);
}

static void test_refused(void **state) {
    static const int low[] = {-5}, high[] = {0, 4}, twice[] = {1, 1}, alias[] = {1, -3}, one[] = {0};
    static const int extreme[] = {INT32_MIN};
    int64_t negative[] = {2, -1}, out[4] = {-7, -7, -7, -7}, many[AXPROD_MAX_NDIM + 1] = {0};
    int ndim = -7;
    (void)state;
    assert_refused(axprod_result_shape(4, shape, low, 1, false, &ndim, out), AXPROD_ERROR_AXIS, "-5");
    assert_refused(axprod_result_shape(4, shape, high, 2, false, &ndim, out), AXPROD_ERROR_AXIS, "4");
    assert_refused(axprod_result_shape(4, shape, extreme, 1, false, &ndim, out), AXPROD_ERROR_AXIS, "axis");
    assert_refused(axprod_result_shape(4, shape, twice, 2, true, &ndim, out), AXPROD_ERROR_AXIS, "axis");
    assert_refused(axprod_result_shape(4, shape, alias, 2, true, &ndim, out), AXPROD_ERROR_AXIS, "axis");
    assert_status(axprod_result_shape(4, shape, one, -1, false, &ndim, out), AXPROD_ERROR_AXIS);
    assert_refused(axprod_result_shape(2, negative, one, 1, false, &ndim, out), AXPROD_ERROR_SHAPE, "extent");
    assert_refused(axprod_result_shape(2, negative, NULL, 0, true, &ndim, out), AXPROD_ERROR_SHAPE, "extent");
    assert_refused(axprod_result_shape(-1, shape, one, 1, false, &ndim, out), AXPROD_ERROR_NDIM, "-1");
    assert_refused(axprod_result_shape(AXPROD_MAX_NDIM + 1, many, one, 1, false, &ndim, out), AXPROD_ERROR_NDIM, "65");
    assert_refused(axprod_result_shape(INT32_MAX, many, one, 1, false, &ndim, out), AXPROD_ERROR_NDIM, "2147483647");
    assert_refused(axprod_result_shape(4, NULL, one, 1, false, &ndim, out), AXPROD_ERROR_NULL, "shape");
    assert_refused(axprod_result_shape(4, shape, one, 1, false, NULL, out), AXPROD_ERROR_NULL, "out_ndim");
    assert_refused(axprod_result_shape(4, shape, one, 1, false, &ndim, NULL), AXPROD_ERROR_NULL, "out_shape");
    assert_int_equal(ndim, -7);
    for (int d = 0; d < 4; d++)
        assert_int_equal(out[d], -7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_all_axes),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
