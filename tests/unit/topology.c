/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plans for machines that no one here owns: topology FEWEST MOST CORES. The machine comes from HWLOC_SYNTHETIC, read
 * once per process; plans are made for large tensors without data, and say how many threads they would use.
 */
#include "suite.h"

#include <omp.h>

static int fewest, most, cores;

static int threads_of(axprod_dtype dtype, int64_t rows, int64_t columns, int reduced, int wanted) {
    int64_t shape[] = {rows, columns}, out_shape[] = {reduced == 0 ? columns : rows};
    axprod_tensor x = {NULL, dtype, 2, shape, NULL}, out = {NULL, dtype, reduced < 0 ? 0 : 1, out_shape, NULL};
    axprod_options options = AXPROD_OPTIONS_INIT;
    axprod_plan *plan = NULL;
    char text[2048];
    options.num_threads = wanted;
    assert_ok(axprod_plan_create(&plan, &x, reduced < 0 ? NULL : &reduced, reduced < 0 ? 0 : 1, &options, &out));
    assert_in_range(axprod_plan_describe(plan, text, sizeof text), 1, sizeof text - 1);
    axprod_plan_destroy(plan);
    const char *threads = strstr(text, "threads=");
    assert_non_null(threads);
    print_message("%s\n", text);
    return atoi(threads + strlen("threads="));
}

/* A gigabyte is worth all cores, in any direction. */
static void test_large(void **state) {
    (void)state;
    assert_in_range(threads_of(AXPROD_F64, 1 << 14, 1 << 14, 0, 0), fewest, most);
    assert_in_range(threads_of(AXPROD_F64, 1 << 14, 1 << 14, 1, 0), fewest, most);
    assert_in_range(threads_of(AXPROD_F64, 1 << 14, 1 << 14, -1, 0), fewest, most);
    assert_in_range(threads_of(AXPROD_F16, 3, 1 << 30, 1, 0), fewest, most);
    assert_in_range(threads_of(AXPROD_C128, 1 << 30, 3, 0, 0), fewest, most);
}

/* A few elements are not, on any machine. */
static void test_small(void **state) {
    (void)state;
    assert_int_equal(threads_of(AXPROD_F64, 3, 4, 1, 0), 1);
    assert_int_equal(threads_of(AXPROD_I8, 10, 10, -1, 0), 1);
}

/* A number that is asked for is taken as it is. */
static void test_asked_for(void **state) {
    (void)state;
    assert_int_equal(threads_of(AXPROD_F64, 1 << 14, 1 << 14, 0, 1), 1);
    assert_int_equal(threads_of(AXPROD_F64, 1 << 14, 1 << 14, 0, 3), 3);
    assert_int_equal(threads_of(AXPROD_F64, 1 << 14, 1 << 14, -1, 200), 200);
}

/* What others are told who share the machine. */
static void test_usable(void **state) {
    int inside[2] = {0, 0};
    (void)state;
    assert_int_equal(axprod_usable_cores(), cores);
    assert_int_equal(axprod_usable_threads(), most);
#pragma omp parallel num_threads(2)
    inside[omp_get_thread_num()] = axprod_usable_threads();
    assert_int_equal(inside[0], 1);
    assert_int_equal(inside[1], 1);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_asked_for),
        cmocka_unit_test(test_usable),
    };
    if (argc != 4)
        return EXIT_FAILURE;
    fewest = atoi(argv[1]);
    most = atoi(argv[2]);
    cores = atoi(argv[3]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
