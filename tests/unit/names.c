/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and sizes of dtypes, names of statuses, the version, the instruction set. */
#include "suite.h"

static void test_dtypes(void **state) {
    (void)state;
#define AXPROD_X(NAME, name, bytes, type)                                                                              \
    assert_string_equal(axprod_dtype_name(AXPROD_##NAME), #name);                                                      \
    assert_int_equal(axprod_dtype_from_name(#name), AXPROD_##NAME);                                                    \
    assert_int_equal(axprod_dtype_size(AXPROD_##NAME), bytes);                                                         \
    assert_int_equal(sizeof(type), bytes);                                                                             \
    assert_int_equal(axprod_result_dtype(AXPROD_##NAME), AXPROD_##NAME == AXPROD_BOOL ? AXPROD_I64 : AXPROD_##NAME);
    AXPROD_DTYPE_LIST(AXPROD_X)
#undef AXPROD_X
}

static void test_no_dtype(void **state) {
    static const int none[] = {0, -1, AXPROD_BOOL + 1, 1000, INT32_MAX, INT32_MIN};
    static const char *const names[] = {"", "none", "f", "f6", "f644", "F64", " f64", "f64 ", "float64", "i128"};
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_string_equal(axprod_dtype_name((axprod_dtype)none[i]), "none");
        assert_int_equal(axprod_dtype_size((axprod_dtype)none[i]), 0);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (axprod_dtype_from_name(names[i]) != AXPROD_DTYPE_NONE)
            fail_msg("\"%s\" is taken for a dtype", names[i]);
    }
    assert_int_equal(axprod_dtype_from_name(NULL), AXPROD_DTYPE_NONE);
}

static void test_statuses(void **state) {
    (void)state;
#define AXPROD_X(NAME, value, text)                                                                                    \
    assert_int_equal(AXPROD_##NAME, value);                                                                            \
    assert_string_equal(axprod_status_name(AXPROD_##NAME), "AXPROD_" #NAME);
    AXPROD_STATUS_LIST(AXPROD_X)
#undef AXPROD_X
    assert_string_equal(axprod_status_name((axprod_status)-1), "unknown status");
    assert_string_equal(axprod_status_name((axprod_status)19), "unknown status");
    assert_string_equal(axprod_status_name((axprod_status)INT32_MAX), "unknown status");
}

/* The sentence of other libraries, cut where it is too long. */
static void test_last_error(void **state) {
    char longest[400];
    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    axprod_set_last_error("rank 3: x is NULL");
    assert_string_equal(axprod_last_error(), "rank 3: x is NULL");
    axprod_set_last_error(NULL);
    axprod_set_last_error(axprod_last_error());
    assert_string_equal(axprod_last_error(), "rank 3: x is NULL");
    axprod_set_last_error(longest);
    assert_int_equal(strlen(axprod_last_error()), 255);
    assert_refused(axprod_prod(NULL, NULL, 0, NULL, NULL), AXPROD_ERROR_NULL, "x");
}

static void test_version(void **state) {
    char version[64];
    (void)state;
    snprintf(version, sizeof version, "%d.%d.%d", AXPROD_VERSION_MAJOR, AXPROD_VERSION_MINOR, AXPROD_VERSION_PATCH);
    assert_string_equal(axprod_version(), version);
}

/* AXPROD_ISA is set for this test where one is asked for. */
static void test_isa(void **state) {
    const char *asked = getenv("AXPROD_ISA"), *isa = axprod_isa();
    (void)state;
    if (asked && strcmp(asked, "absurd") == 0) {
        double value = 2, result = 7;
        axprod_tensor x = {&value, AXPROD_F64, 0, NULL, NULL}, out = {&result, AXPROD_F64, 0, NULL, NULL};
        axprod_plan *plan = (axprod_plan *)(void *)&value;
        assert_null(isa);
        assert_refused(axprod_prod(&x, NULL, 0, NULL, &out), AXPROD_ERROR_ISA, "AXPROD_ISA");
        assert_true(result == 7);
        assert_refused(axprod_plan_create(&plan, &x, NULL, 0, NULL, &out), AXPROD_ERROR_ISA, "absurd");
        assert_null(plan);
    } else if (asked && isa) {
        assert_string_equal(isa, asked);
    } else if (!asked) {
        assert_non_null(isa);
        bool known =
            !strcmp(isa, "x86_64_v2") || !strcmp(isa, "avx2") || !strcmp(isa, "avx512") || !strcmp(isa, "neon");
        assert_true(known);
    }
    assert_ptr_equal(axprod_isa(), isa);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtypes),     cmocka_unit_test(test_no_dtype), cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_last_error), cmocka_unit_test(test_version),  cmocka_unit_test(test_isa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
