/* SPDX-License-Identifier: BSD-3-Clause */
/* Places where chains of multiplications change from one way to another: each was wrong or slow once. */
#include "check.h"
#include "suite.h"

/* Rows x columns of f64, the same factors in each column, ones after them; all results have to be the expected. */
static void check_columns(const double *factors, int count, int rows, int columns, double expected) {
    int64_t shape[] = {rows, columns}, kept = columns;
    int axis = 0;
    double *x = malloc(sizeof *x * (size_t)(rows * columns)), *out = malloc(sizeof *out * (size_t)columns);
    axprod_tensor in = {x, AXPROD_F64, 2, shape, NULL}, result = {out, AXPROD_F64, 1, &kept, NULL};
    assert_non_null(x);
    assert_non_null(out);
    for (int i = 0; i < rows * columns; i++)
        x[i] = i / columns < count ? factors[i / columns] : 1;
    assert_ok(axprod_prod(&in, &axis, 1, NULL, &result));
    for (int c = 0; c < columns; c++)
        if (out[c] != expected)
            fail_msg("%d x %d, column %d: %a, expected %a", rows, columns, c, out[c], expected);
    free(x);
    free(out);
}

/* hi is the double below 2^1023 and lo carries it up, as the last of a chain or in the middle. */
static void test_carry_at_the_top(void **state) {
    static const double factors[] = {0x1.2265b1f236eb0p+300, 0x1.d8f16ad9ac27cp+300, 0x1.e8a0d3ecd0cbep+421};
    static const int rows[] = {3, 4, 8, 31, 32, 33, 64, 100}, columns[] = {1, 16, 17, 64, 80, 1000};
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
            check_columns(factors, 3, rows[r], columns[c], 0x1p1023);
}

/* Exactly subnormal on the way, without a flag, and back. */
static void test_subnormal_on_the_way(void **state) {
    static const double factors[] = {0x1p-1000, 0x1p-74, 0x1.8p1000, 0x1p74};
    static const int rows[] = {4, 5, 8, 33, 64}, columns[] = {1, 16, 17, 64, 80, 1000};
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
            check_columns(factors, 4, rows[r], columns[c], 1.5);
}

/* Logarithms of inexact products just below and above 1 are decided by a few words, not by all of them. */
static void test_logarithm_beside_zero(void **state) {
    enum {
        PAIRS = 40,
        WORDS = 6
    };
    double x[2 * PAIRS + 1], sign, logabs;
    int64_t n = 2 * PAIRS + 1, zero = 0, unresolved = 0;
    (void)state;
    axprod_tensor in = {x, AXPROD_F64, 1, &n, NULL}, first = {&sign, AXPROD_F64, 0, NULL, NULL},
                  second = {&logabs, AXPROD_F64, 0, NULL, NULL};
    axprod_plan *plan;
    assert_ok(axprod_plan_create_log(&plan, &in, NULL, 0, NULL, &first, &second));
    void *wide = malloc((size_t)axprod_wide_bytes(WORDS));
    assert_non_null(wide);
    for (int below = 0; below < 2; below++) {
        for (int i = 0; i < PAIRS; i++) {
            x[2 * i] = 1 + (i + 1) / 97.0;
            x[2 * i + 1] = 1 / x[2 * i];
        }
        x[2 * PAIRS] = below ? 1 - 0x1p-40 : 1 + 0x1p-40;
        assert_ok(axprod_plan_wide_partials(plan, x, &zero, 1, WORDS, wide));
        assert_ok(axprod_plan_finish_wide(plan, wide, WORDS, &zero, 1, &sign, &logabs, NULL, &unresolved));
        double by_words = logabs;
        assert_true(sign == 1 && (below ? logabs < 0 : logabs > 0));
        assert_ok(axprod_log_prod(&in, NULL, 0, NULL, &first, &second));
        assert_true(logabs == by_words);
    }
    free(wide);
    axprod_plan_destroy(plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carry_at_the_top),
        cmocka_unit_test(test_subnormal_on_the_way),
        cmocka_unit_test(test_logarithm_beside_zero),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
