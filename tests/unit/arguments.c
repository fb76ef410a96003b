/* SPDX-License-Identifier: BSD-3-Clause */
/* Every bad argument of the functions that take tensors: exact status, a sentence with its name, outputs untouched. */
#include "unit/entry.h"

/* Runs a block once for each entry, with s sound at its start. */
#define FOR_EACH_ENTRY(s, entry)                                                                                       \
    for (enum entry entry = PROD; entry < ENTRIES; entry++)                                                            \
        for (bool once = (sound_open(&(s), entry), true); once; once = false)

static void test_sound(void **state) {
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        assert_ok(entry_call(entry, &s.request));
    }
    FOR_EACH_ENTRY(s, entry) {
        s.request.options = NULL;
        assert_ok(entry_call(entry, &s.request));
    }
}

static void test_null(void **state) {
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        s.request.x = NULL;
        sound_refused(&s, entry, AXPROD_ERROR_NULL, "x", "x NULL");
        sound_open(&s, entry);
        s.x.shape = NULL;
        sound_refused(&s, entry, AXPROD_ERROR_NULL, "x", "x's shape NULL");
        for (int i = 0; i < entry_outputs(entry); i++) {
            sound_open(&s, entry);
            s.request.outputs[i] = NULL;
            sound_refused(&s, entry, AXPROD_ERROR_NULL, output_names[entry % 3][i], "output NULL");
            sound_open(&s, entry);
            s.outputs[i].shape = NULL;
            sound_refused(&s, entry, AXPROD_ERROR_NULL, output_names[entry % 3][i], "output's shape NULL");
        }
    }
    sound_open(&s, PROD);
    const struct request *r = &s.request;
    assert_refused(axprod_plan_create(NULL, r->x, r->axes, 1, NULL, r->outputs[0]), AXPROD_ERROR_NULL, "plan");
    assert_refused(axprod_plan_create_log(NULL, r->x, r->axes, 1, NULL, r->outputs[0], r->outputs[1]),
                   AXPROD_ERROR_NULL, "plan");
    sound_open(&s, SCALED);
    assert_refused(axprod_plan_create_scaled(NULL, r->x, r->axes, 1, NULL, r->outputs[0], r->outputs[1]),
                   AXPROD_ERROR_NULL, "plan");
}

static void test_null_data(void **state) {
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        s.x.data = NULL;
        if (entry >= PLAN_PROD)
            assert_ok(entry_call(entry, &s.request));
        else
            sound_refused(&s, entry, AXPROD_ERROR_NULL, "x", "x's data NULL");
        for (int i = 0; i < entry_outputs(entry); i++) {
            sound_open(&s, entry);
            s.outputs[i].data = NULL;
            if (entry >= PLAN_PROD)
                assert_ok(entry_call(entry, &s.request));
            else
                sound_refused(&s, entry, AXPROD_ERROR_NULL, output_names[entry % 3][i], "output's data NULL");
        }
    }
}

static void test_dtype(void **state) {
    static const int none[] = {0, -1, AXPROD_BOOL + 1, INT32_MAX};
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        for (size_t k = 0; k < sizeof none / sizeof none[0]; k++) {
            sound_open(&s, entry);
            s.x.dtype = (axprod_dtype)none[k];
            sound_refused(&s, entry, AXPROD_ERROR_DTYPE, "x", "x's dtype");
            for (int i = 0; i < entry_outputs(entry); i++) {
                sound_open(&s, entry);
                s.outputs[i].dtype = (axprod_dtype)none[k];
                sound_refused(&s, entry, AXPROD_ERROR_DTYPE, output_names[entry % 3][i], "output's dtype");
            }
        }
    }
}

static void test_ndim(void **state) {
    static const int bad[] = {-1, AXPROD_MAX_NDIM + 1, INT32_MAX, INT32_MIN};
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            sound_open(&s, entry);
            s.x.ndim = bad[k];
            sound_refused(&s, entry, AXPROD_ERROR_NDIM, "x", "x's ndim");
            for (int i = 0; i < entry_outputs(entry); i++) {
                sound_open(&s, entry);
                s.outputs[i].ndim = bad[k];
                sound_refused(&s, entry, AXPROD_ERROR_NDIM, output_names[entry % 3][i], "output's ndim");
            }
        }
    }
}

static void test_axes(void **state) {
    static const struct {
        const char *why;
        int axes[3], naxes;
    } bad[] = {{"high", {2}, 1},          {"low", {-3}, 1},
               {"far", {INT32_MAX}, 1},   {"farther", {INT32_MIN}, 1},
               {"repeated", {0, 0}, 2},   {"repeated by alias", {1, -1}, 2},
               {"too many", {0, 1, 0}, 3}};
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            sound_open(&s, entry);
            s.request.axes = bad[k].axes;
            s.request.naxes = bad[k].naxes;
            sound_refused(&s, entry, AXPROD_ERROR_AXIS, "axis", bad[k].why);
        }
        sound_open(&s, entry);
        s.request.naxes = -1;
        sound_refused(&s, entry, AXPROD_ERROR_AXIS, "naxes", "naxes negative");
    }
}

static void test_shape(void **state) {
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        s.shape[1] = -1;
        sound_refused(&s, entry, AXPROD_ERROR_SHAPE, "x", "x's extent negative");
        sound_open(&s, entry);
        s.shape[1] = INT64_MIN;
        sound_refused(&s, entry, AXPROD_ERROR_SHAPE, "x", "x's extent most negative");
        sound_open(&s, entry);
        s.shape[1] = INT64_MAX / 8;
        s.x.strides = NULL;
        sound_refused(&s, entry, AXPROD_ERROR_SHAPE, "x", "x's size overflows");
        sound_open(&s, entry);
        s.strides[1] = INT64_MAX;
        sound_refused(&s, entry, AXPROD_ERROR_SHAPE, "x", "x's stride overflows");
        sound_open(&s, entry);
        s.strides[1] = INT64_MIN;
        sound_refused(&s, entry, AXPROD_ERROR_SHAPE, "x", "x's negative stride overflows");
        sound_open(&s, entry);
        s.strides[0] = s.strides[1] = INT64_MAX / 4;
        sound_refused(&s, entry, AXPROD_ERROR_SHAPE, "x", "x's strides overflow together");
        sound_open(&s, entry);
        s.strides[0] = s.strides[1] = 0;
        s.shape[0] = s.out_shapes[0][0] = s.out_shapes[1][0] = INT64_C(1) << 40;
        s.shape[1] = INT64_C(1) << 40;
        sound_refused(&s, entry, AXPROD_ERROR_SHAPE, "x", "x has more elements than can be counted");
        sound_open(&s, entry);
        s.strides[1] = 0;
        s.shape[1] = (INT64_C(1) << 52) + 1;
        sound_refused(&s, entry, AXPROD_ERROR_SHAPE, "x", "more factors than the contract allows");
        for (int i = 0; i < entry_outputs(entry); i++) {
            sound_open(&s, entry);
            s.out_shapes[i][0] = -4;
            sound_refused(&s, entry, AXPROD_ERROR_SHAPE, output_names[entry % 3][i], "output's extent negative");
            sound_open(&s, entry);
            s.out_strides[i][0] = INT64_MAX / 2;
            sound_refused(&s, entry, AXPROD_ERROR_SHAPE, output_names[entry % 3][i], "output's stride overflows");
        }
    }
}

static void test_out_shape(void **state) {
    static const struct {
        int ndim;
        int64_t shape[3];
    } bad[] = {{0, {0}}, {1, {3}}, {1, {5}}, {1, {1}}, {1, {0}}, {2, {4, 3}}, {2, {1, 4}}, {2, {4, 0}}, {3, {4, 1, 1}}};
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            for (int i = 0; i < entry_outputs(entry); i++) {
                sound_open(&s, entry);
                s.outputs[i].ndim = bad[k].ndim;
                s.outputs[i].shape = bad[k].shape;
                s.outputs[i].strides = NULL;
                sound_refused(&s, entry, AXPROD_ERROR_OUT_SHAPE, output_names[entry % 3][i], "output's shape");
            }
        }
    }
}

/* Each output may have the reduced or the keepdims shape, whatever the other one has. */
static void test_keepdims(void **state) {
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        for (int which = 1; which < 1 << entry_outputs(entry); which++) {
            sound_open(&s, entry);
            for (int i = 0; i < 2; i++) {
                s.out_shapes[i][1] = 1;
                s.out_strides[i][1] = 12345; /* of an extent of 1: means nothing */
                s.outputs[i].ndim = which >> i & 1 ? 2 : 1;
            }
            assert_ok(entry_call(entry, &s.request));
        }
    }
}

static void test_out_dtype(void **state) {
    struct sound s;
    (void)state;
    for (enum entry entry = PROD; entry < ENTRIES; entry++) {
        for (int x = AXPROD_I8; x <= AXPROD_BOOL; x++) {
            for (int out = AXPROD_I8; out <= AXPROD_BOOL; out++) {
                bool x_float = x >= AXPROD_F16 && x <= AXPROD_F64, out_float = out >= AXPROD_F16 && out <= AXPROD_F64;
                bool x_complex = x == AXPROD_C64 || x == AXPROD_C128,
                     out_complex = out == AXPROD_C64 || out == AXPROD_C128;
                bool good = x_complex ? out_complex : x_float ? out_float : !out_complex && out != AXPROD_BOOL;
                if (entry % 3 != PROD)
                    good = !x_complex && out == AXPROD_F64;
                sound_open(&s, entry);
                s.shape[0] = s.out_shapes[0][0] = s.out_shapes[1][0] = 1; /* room for any dtype */
                s.shape[1] = 2;
                s.x.strides = s.outputs[0].strides = NULL;
                s.x.dtype = (axprod_dtype)x;
                s.outputs[0].dtype = (axprod_dtype)out;
                if (good)
                    assert_ok(entry_call(entry, &s.request));
                else if (entry % 3 != PROD && x_complex)
                    assert_int_not_equal(entry_call(entry, &s.request), AXPROD_OK);
                else
                    sound_refused(&s, entry, AXPROD_ERROR_OUT_DTYPE, output_names[entry % 3][0],
                                  axprod_dtype_name(out));
            }
        }
    }
}

/* The second output's dtype is fixed. */
static void test_second_dtype(void **state) {
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        for (int out = AXPROD_I8; entry_outputs(entry) == 2 && out <= AXPROD_BOOL; out++) {
            sound_open(&s, entry);
            bool good = s.outputs[1].dtype == (axprod_dtype)out;
            s.shape[0] = s.out_shapes[0][0] = s.out_shapes[1][0] = 1;
            s.outputs[1].dtype = (axprod_dtype)out;
            if (!good)
                sound_refused(&s, entry, AXPROD_ERROR_OUT_DTYPE, output_names[entry % 3][1], axprod_dtype_name(out));
        }
    }
}

static void test_options(void **state) {
    static const size_t sizes[] = {
        0, 1, 4, sizeof(axprod_options) - 1, sizeof(axprod_options) + 1, sizeof(axprod_options) + 8, SIZE_MAX};
    struct sound s;
    (void)state;
    FOR_EACH_ENTRY(s, entry) {
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            sound_open(&s, entry);
            s.options.size = sizes[k];
            sound_refused(&s, entry, AXPROD_ERROR_OPTIONS, "size", "options' size");
        }
        sound_open(&s, entry);
        s.options.num_threads = -1;
        sound_refused(&s, entry, AXPROD_ERROR_OPTIONS, "num_threads", "num_threads negative");
        s.options.num_threads = INT32_MIN;
        sound_refused(&s, entry, AXPROD_ERROR_OPTIONS, "num_threads", "num_threads most negative");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),     cmocka_unit_test(test_null),         cmocka_unit_test(test_null_data),
        cmocka_unit_test(test_dtype),     cmocka_unit_test(test_ndim),         cmocka_unit_test(test_axes),
        cmocka_unit_test(test_shape),     cmocka_unit_test(test_out_shape),    cmocka_unit_test(test_keepdims),
        cmocka_unit_test(test_out_dtype), cmocka_unit_test(test_second_dtype), cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
