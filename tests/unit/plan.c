/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans: creation, execution, description, progress; and the sentence of the last error, one for each thread. */
#include "suite.h"

#include <pthread.h>

static int64_t shape[] = {3, 4}, out_shape[] = {3};
static int axis = 1;
static double elements[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const double products[3] = {24, 1680, 11880};

static axprod_tensor x_tensor(void) {
    return (axprod_tensor){NULL, AXPROD_F64, 2, shape, NULL};
}

static axprod_tensor out_tensor(axprod_dtype dtype) {
    return (axprod_tensor){NULL, dtype, 1, out_shape, NULL};
}

static axprod_plan *make_plan(void) {
    axprod_tensor x = x_tensor(), out = out_tensor(AXPROD_F64);
    axprod_plan *plan = NULL;
    assert_ok(axprod_plan_create(&plan, &x, &axis, 1, NULL, &out));
    return plan;
}

/* What the plan was made from may change or vanish afterwards. */
static void test_execute(void **state) {
    int64_t own_shape[] = {3, 4}, own_out_shape[] = {3}, strides[] = {32, 8}, out_strides[] = {16};
    int axes[] = {1};
    axprod_tensor x = {elements, AXPROD_F64, 2, own_shape, strides};
    axprod_tensor out = {elements, AXPROD_F64, 1, own_out_shape, out_strides};
    axprod_options options = AXPROD_OPTIONS_INIT;
    axprod_plan *plan = NULL;
    double results[6], moved[12];
    (void)state;
    assert_ok(axprod_plan_create(&plan, &x, axes, 1, &options, &out));
    memset(own_shape, 0x11, sizeof own_shape);
    memset(own_out_shape, 0x11, sizeof own_out_shape);
    memset(strides, 0x11, sizeof strides);
    memset(out_strides, 0x11, sizeof out_strides);
    memset(&x, 0x11, sizeof x);
    memset(&out, 0x11, sizeof out);
    memset(&options, 0x11, sizeof options);
    axes[0] = 55;
    memcpy(moved, elements, sizeof moved);
    for (int again = 0; again < 3; again++) {
        for (int i = 0; i < 6; i++)
            results[i] = -1;
        assert_ok(axprod_plan_execute(plan, again == 1 ? moved : elements, results));
        for (int i = 0; i < 6; i++)
            assert_true(results[i] == (i % 2 ? -1 : products[i / 2]));
    }
    assert_int_equal(axprod_plan_outputs(plan), 3);
    assert_int_equal(axprod_plan_factors(plan), 4);
    axprod_plan_destroy(plan);
}

static void test_pair(void **state) {
    axprod_tensor x = x_tensor(), first = out_tensor(AXPROD_F64), second = out_tensor(AXPROD_I64);
    axprod_plan *plan = NULL;
    double significands[3] = {7, 7, 7};
    int64_t exponents[3] = {7, 7, 7};
    (void)state;
    assert_ok(axprod_plan_create_scaled(&plan, &x, &axis, 1, NULL, &first, &second));
    assert_status(axprod_plan_execute(plan, elements, significands), AXPROD_ERROR_UNSUPPORTED);
    assert_status(axprod_plan_execute_pair(plan, elements, significands, NULL), AXPROD_ERROR_NULL);
    assert_status(axprod_plan_execute_pair(plan, elements, NULL, exponents), AXPROD_ERROR_NULL);
    assert_status(axprod_plan_execute_pair(plan, NULL, significands, exponents), AXPROD_ERROR_NULL);
    assert_true(significands[0] == 7 && exponents[0] == 7);
    assert_ok(axprod_plan_execute_pair(plan, elements, significands, exponents));
    assert_true(significands[0] == 0.75 && exponents[0] == 5);
    axprod_plan_destroy(plan);
    plan = make_plan();
    assert_status(axprod_plan_execute_pair(plan, elements, significands, exponents), AXPROD_ERROR_UNSUPPORTED);
    assert_true(significands[0] == 0.75 && exponents[0] == 5);
    axprod_plan_destroy(plan);
}

static void test_null(void **state) {
    double result = 7;
    axprod_plan *plan = make_plan();
    (void)state;
    assert_status(axprod_plan_execute(NULL, elements, &result), AXPROD_ERROR_NULL);
    assert_status(axprod_plan_execute_pair(NULL, elements, &result, &result), AXPROD_ERROR_NULL);
    assert_status(axprod_plan_execute(plan, NULL, &result), AXPROD_ERROR_NULL);
    assert_status(axprod_plan_execute(plan, elements, NULL), AXPROD_ERROR_NULL);
    assert_true(result == 7);
    assert_int_equal(axprod_plan_outputs(NULL), 0);
    assert_int_equal(axprod_plan_factors(NULL), 0);
    axprod_plan_destroy(plan);
    axprod_plan_destroy(NULL);
}

/* As snprintf: truncated, always terminated, the length of the whole line returned. */
static void test_describe(void **state) {
    char whole[4096], part[4096];
    axprod_plan *plan = make_plan();
    (void)state;
    int length = axprod_plan_describe(plan, whole, sizeof whole);
    assert_in_range(length, 10, sizeof whole - 1);
    assert_int_equal(strlen(whole), length);
    assert_int_equal(axprod_plan_describe(plan, NULL, 0), length);
    for (int size = 1; size <= length + 3; size++) {
        memset(part, '#', sizeof part);
        assert_int_equal(axprod_plan_describe(plan, part, (size_t)size), length);
        size_t kept = (size_t)(size <= length ? size - 1 : length);
        assert_int_equal(strlen(part), kept);
        assert_memory_equal(part, whole, kept);
        assert_true(part[size] == '#');
    }
    memset(part, '#', sizeof part);
    assert_int_equal(axprod_plan_describe(plan, part, 0), length);
    assert_true(part[0] == '#');
    assert_non_null(strstr(whole, "f64"));
    char isa[64];
    snprintf(isa, sizeof isa, "isa=%s", axprod_isa());
    assert_non_null(strstr(whole, isa));
    assert_non_null(strstr(whole, "threads="));
    assert_non_null(strstr(whole, "layout="));
    assert_null(strchr(whole, '\n'));
    axprod_plan_destroy(plan);
}

static void test_describe_null(void **state) {
    char text[64] = "#";
    (void)state;
    assert_true(axprod_plan_describe(NULL, text, sizeof text) >= 0);
    assert_true(memchr(text, '\0', sizeof text) != NULL);
}

struct record {
    int calls;
    double last;
    bool decreased, foreign;
    pthread_t thread;
};

static void progress(double fraction, void *context) {
    struct record *record = context;
    record->calls++;
    record->decreased |= !(fraction >= record->last && fraction <= 1);
    record->foreign |= !pthread_equal(record->thread, pthread_self());
    record->last = fraction;
}

static void test_progress(void **state) {
    (void)state;
    for (int threads = 0; threads <= 3; threads++) {
        int64_t many = 3 << 20;
        float *data = calloc((size_t)many, sizeof *data);
        double value = 7;
        assert_non_null(data);
        struct record record = {0, 0, false, false, pthread_self()};
        axprod_options options = {sizeof options, threads, progress, &record};
        axprod_tensor x = {data, AXPROD_F32, 1, &many, NULL}, out = {&value, AXPROD_F64, 0, NULL, NULL};
        assert_ok(axprod_prod(&x, NULL, 0, &options, &out));
        assert_true(value == 0);
        if (record.calls < 1 || record.last != 1 || record.decreased || record.foreign)
            fail_msg("%d threads: %d calls, the last with %g%s%s", threads, record.calls, record.last,
                     record.decreased ? ", decreasing" : "", record.foreign ? ", on another thread" : "");
        free(data);
    }
}

static void *other_thread(void *argument) {
    int64_t out[2];
    int ndim, bad = 9;
    char *sentence = argument;
    bool empty_at_first = axprod_last_error()[0] == '\0';
    int64_t extents[] = {2, 2};
    axprod_result_shape(2, extents, &bad, 1, false, &ndim, out);
    snprintf(sentence, 256, "%s", empty_at_first ? axprod_last_error() : "not empty at first");
    return NULL;
}

static void test_last_error(void **state) {
    int64_t out[2], extents[] = {2, 2};
    int ndim, bad = 3;
    char other[256], mine[256];
    pthread_t thread;
    (void)state;
    assert_status(axprod_result_shape(2, extents, &bad, 1, false, &ndim, out), AXPROD_ERROR_AXIS);
    snprintf(mine, sizeof mine, "%s", axprod_last_error());
    assert_true(has_word(mine, "3"));
    assert_int_equal(pthread_create(&thread, NULL, other_thread, other), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(has_word(other, "9"));
    assert_string_equal(axprod_last_error(), mine);
    bad = 1;
    assert_ok(axprod_result_shape(2, extents, &bad, 1, false, &ndim, out));
    assert_string_equal(axprod_last_error(), mine);
    axprod_plan *plan = make_plan();
    axprod_plan_destroy(plan);
    assert_string_equal(axprod_last_error(), mine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_execute),    cmocka_unit_test(test_pair),          cmocka_unit_test(test_null),
        cmocka_unit_test(test_describe),   cmocka_unit_test(test_describe_null), cmocka_unit_test(test_progress),
        cmocka_unit_test(test_last_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
