/* SPDX-License-Identifier: BSD-3-Clause */
/* Tensors without elements, without dimensions, with sixty-four of them, and larger than any memory. */
#include "check.h"
#include "suite.h"

#include <math.h>

/* Extents of zero in every position, for every set of reduced axes: ones, or nothing at all. */
static void test_zero_extents(void **state) {
    (void)state;
    for (int zeros = 1; zeros < 8; zeros++) {
        for (int reduced = 0; reduced < 8; reduced++) {
            struct problem problem = problem_of("f32 2x3x4 out=f64 data=wild");
            problem.naxes = 0;
            for (int d = 0; d < 3; d++) {
                if (zeros >> d & 1)
                    problem.shape[d] = 0;
                if (reduced >> d & 1)
                    problem.axes[problem.naxes++] = d;
            }
            for (int form = FORM_VALUE; form <= FORM_LOG; form++) {
                problem.form = (enum form)form;
                problem.keepdims = !problem.keepdims;
                assert_true(check_problem(&problem));
            }
        }
    }
}

/* The empty product of every dtype in every result dtype is 1. */
static void test_empty_product(void **state) {
    (void)state;
    for (int x = AXPROD_I8; x <= AXPROD_BOOL; x++) {
        for (int out = AXPROD_I8; out < AXPROD_BOOL; out++) {
            bool integer = x < AXPROD_F16 || x == AXPROD_BOOL, complex = x == AXPROD_C64 || x == AXPROD_C128;
            if ((out >= AXPROD_C64) != complex || (!integer && out < AXPROD_F16))
                continue;
            assert_true(check("%s 0 out=%s", axprod_dtype_name(x), axprod_dtype_name(out)));
            assert_true(check("%s 3x0x7 axes=1 out=%s", axprod_dtype_name(x), axprod_dtype_name(out)));
        }
    }
}

/* Without elements no data is needed: not of x, and not of an output that has none either. */
static void test_null_data(void **state) {
    int64_t shape[] = {0, 5}, none[] = {0};
    int first = 0, second = 1;
    double out[5] = {7, 7, 7, 7, 7}, logabs[5] = {7, 7, 7, 7, 7};
    int64_t five = 5;
    axprod_tensor x = {NULL, AXPROD_F64, 2, shape, NULL}, nothing = {NULL, AXPROD_F64, 1, none, NULL};
    axprod_tensor ones = {out, AXPROD_F64, 1, &five, NULL}, zeros = {logabs, AXPROD_F64, 1, &five, NULL};
    (void)state;
    assert_ok(axprod_prod(&x, &second, 1, NULL, &nothing));
    assert_ok(axprod_log_prod(&x, &second, 1, NULL, &nothing, &nothing));
    assert_ok(axprod_log_prod(&x, &first, 1, NULL, &ones, &zeros));
    for (int i = 0; i < 5; i++)
        assert_true(out[i] == 1 && logabs[i] == 0 && !signbit(logabs[i]));
    ones.data = NULL;
    assert_status(axprod_prod(&x, &first, 1, NULL, &ones), AXPROD_ERROR_NULL);
}

/* An extent of zero makes all strides harmless; the other extents still have to be countable. */
static void test_huge_but_empty(void **state) {
    int64_t shape[] = {INT64_C(1) << 50, 0, 7}, strides[] = {INT64_MAX, INT64_MIN, INT64_MAX};
    int64_t out_shape[] = {INT64_C(1) << 50, 0}, kept[] = {1, 0, 1};
    int axes[] = {0, 2};
    double value = 7;
    axprod_tensor x = {NULL, AXPROD_F64, 3, shape, NULL}, out = {NULL, AXPROD_F64, 2, out_shape, NULL};
    axprod_tensor scalar = {&value, AXPROD_F64, 0, NULL, NULL};
    (void)state;
    assert_ok(axprod_prod(&x, &axes[1], 1, NULL, &out));
    x.strides = strides;
    assert_ok(axprod_prod(&x, &axes[1], 1, NULL, &out));
    out.strides = strides;
    assert_ok(axprod_prod(&x, &axes[1], 1, NULL, &out));
    out = (axprod_tensor){NULL, AXPROD_F64, 3, kept, NULL};
    assert_ok(axprod_prod(&x, axes, 2, NULL, &out));
    assert_ok(axprod_prod(&x, NULL, 0, NULL, &scalar));
    assert_true(value == 1);
    value = 7;
    shape[0] = shape[2] = INT64_MAX;
    assert_refused(axprod_prod(&x, NULL, 0, NULL, &scalar), AXPROD_ERROR_SHAPE, "x");
    x.strides = NULL;
    assert_refused(axprod_prod(&x, NULL, 0, NULL, &scalar), AXPROD_ERROR_SHAPE, "x");
    assert_true(value == 7);
}

static void test_no_dimension(void **state) {
    double element = -2.5, value = 7;
    int axis = 0;
    axprod_tensor x = {&element, AXPROD_F64, 0, NULL, NULL}, out = {&value, AXPROD_F64, 0, NULL, NULL};
    (void)state;
    assert_ok(axprod_prod(&x, NULL, 0, NULL, &out));
    assert_true(value == -2.5);
    value = 7;
    assert_ok(axprod_prod(&x, &axis, 0, NULL, &out));
    assert_true(value == -2.5);
    assert_status(axprod_prod(&x, &axis, 1, NULL, &out), AXPROD_ERROR_AXIS);
    for (int form = FORM_VALUE; form <= FORM_LOG; form++) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct problem problem = problem_of("f32 scalar out=f16 data=wild seed=%d", (int)seed);
            problem.form = (enum form)form;
            assert_true(check_problem(&problem));
        }
    }
}

/* No axis: a conversion, element by element. NULL is not the same: all axes. */
static void test_no_axes(void **state) {
    (void)state;
    for (int x = AXPROD_F16; x <= AXPROD_F64; x++) {
        for (int out = AXPROD_F16; out <= AXPROD_F64; out++) {
            assert_true(check("%s 40x50 axes=none out=%s data=specials", axprod_dtype_name(x), axprod_dtype_name(out)));
            assert_true(check("%s 40x50 axes=none out=%s data=wild order=1,0 pad=1", axprod_dtype_name(x),
                              axprod_dtype_name(out)));
        }
    }
    assert_true(check("i64 40x5 axes=none out=i8 data=wild"));
    assert_true(check("i64 40x5 axes=none out=f64 data=wild"));
    assert_true(check("bool 40x5 axes=none data=wild"));
}

static void test_most_dimensions(void **state) {
    struct problem problem = problem_of("f64 scalar data=neutral seed=3");
    (void)state;
    problem.ndim = AXPROD_MAX_NDIM;
    problem.layout.has_order = true;
    for (int d = 0; d < AXPROD_MAX_NDIM; d++) {
        problem.shape[d] = d % 9 == 4 ? 2 : 1;
        problem.layout.order[d] = (d * 37 + 11) % AXPROD_MAX_NDIM;
    }
    problem.naxes = 0;
    for (int d = 1; d < AXPROD_MAX_NDIM; d += 2)
        problem.axes[problem.naxes++] = d % 4 == 1 ? d : d - AXPROD_MAX_NDIM;
    assert_true(check_problem(&problem));
    problem.keepdims = true;
    assert_true(check_problem(&problem));
    problem.naxes = -1;
    assert_true(check_problem(&problem));
    for (int d = 0; d < AXPROD_MAX_NDIM; d++) /* no two axes can be merged into one */
        problem.layout.flip |= (uint64_t)(d % 2) << d;
    problem.naxes = 3;
    assert_true(check_problem(&problem));
}

/* Stride zero: one element stands for 2^24, in every form. */
static void test_virtual(void **state) {
    (void)state;
    assert_true(check("f64 16777216 broadcast=0 data=powers seed=1"));
    assert_true(check("f64 4096x4096 broadcast=0,1 form=scaled data=powers seed=2"));
    assert_true(check("f32 4096x4096 broadcast=0,1 form=log data=powers seed=3"));
    assert_true(check("f32 3x4096x5x100 axes=1,3 broadcast=1,3 out=f64 data=ones"));
    assert_true(check("i32 16777215 broadcast=0 data=wild seed=4"));
    assert_true(check("f16 100x7x11 axes=0 broadcast=0 out=f64 data=ties seed=5"));
    assert_true(check("bf16 7x100x11 axes=1,2 broadcast=1 out=f32 data=neutral seed=6"));
    assert_true(check("f64 1x20000x3 axes=1 broadcast=1,2 out-order=1,0 data=specials seed=7"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_extents),    cmocka_unit_test(test_empty_product), cmocka_unit_test(test_null_data),
        cmocka_unit_test(test_huge_but_empty),  cmocka_unit_test(test_no_dimension),  cmocka_unit_test(test_no_axes),
        cmocka_unit_test(test_most_dimensions), cmocka_unit_test(test_virtual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
