/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads: any number gives the same bits, for complex as well; calls from inside a parallel region; one plan executed
 * by many threads of the program at once, while others create and destroy their own.
 */
#include "check.h"
#include "suite.h"

#include <omp.h>
#include <pthread.h>

static const char *const problems[] = {
    "f64 400000 data=neutral seed=1",
    "f64 3x150000 axes=1 data=ties seed=2",
    "f64 150000x3 axes=0 data=balanced seed=3",
    "f64 900x700 axes=0 data=neutral seed=4",
    "f64 900x700 axes=1 data=border seed=5",
    "f64 9x800x70 axes=1 form=scaled data=shrinking seed=6",
    "f64 9x800x70 axes=0,2 form=log data=wild seed=7",
    "f64 90000x8 axes=1 out=f32 data=ties seed=8",
    "f64 300x20x100 axes=1 order=2,0,1 out-order=1,0 data=neutral seed=9",
    "f64 300x2000 axes=0 flip=0,1 pad=3 offset=5 data=specials seed=10",
    "f32 800000 data=neutral seed=11",
    "f32 60x10000 axes=0 data=ties seed=12",
    "f32 5x200000 axes=1 out=f64 data=ties seed=13",
    "f16 800000 out=f64 data=neutral seed=14",
    "f16 200000x5 axes=1 data=smallint seed=15",
    "bf16 40x20000 axes=0 data=overflow seed=16",
    "bf16 20000x40 axes=0 out=f32 data=balanced seed=17",
    "i32 400000 data=smallint seed=18",
    "i8 800x1000 axes=0 out=i64 data=wild seed=19",
    "i16 1000x800 axes=1 out=f64 data=smallint seed=20",
    "bool 900000 data=ones seed=21",
    "u64 300x1000 axes=0 out=f32 data=wild seed=22",
    "c64 300000 data=neutral seed=23",
    "c64 700x400 axes=0 data=wild seed=24",
    "c128 200000 data=shrinking seed=25",
    "c128 2x100000 axes=1 out=c64 data=neutral seed=26",
    "c128 400x500 axes=1 data=subnormal seed=27",
    "f64 1x1 data=wild seed=28",
    "f64 0x5 axes=0 data=wild seed=29",
    "f64 1000x1000 axes=none out=f16 data=wild seed=30",
};
#define PROBLEMS (int)(sizeof problems / sizeof problems[0])

static void test_numbers(void **state) {
    static const int numbers[] = {0, 2, 3, 5, 8, 61};
    (void)state;
    for (int p = 0; p < PROBLEMS; p += scaled_step(2)) {
        struct problem problem = problem_of("%s threads=1", problems[p]);
        struct results one, other;
        assert_true(check_problem(&problem));
        assert_true(results_run(&problem, &one));
        for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
            problem.threads = numbers[n];
            assert_true(results_run(&problem, &other));
            assert_true(results_same(&problem, "one thread", &other, &one));
            results_close(&other);
        }
        results_close(&one);
    }
}

/* From inside a parallel region: serial by default, nested where a number is given; the same bits. */
static void test_parallel_region(void **state) {
    (void)state;
    for (int p = 0; p < PROBLEMS; p += 3 * scaled_step(2)) {
        struct problem problem = problem_of("%s threads=1", problems[p]);
        struct results one;
        int failures = 0;
        assert_true(results_run(&problem, &one));
#pragma omp parallel num_threads(4) reduction(+ : failures)
        {
            struct problem mine = problem;
            struct results got;
            mine.threads = omp_get_thread_num() % 3;
            failures += !results_run(&mine, &got) || !results_same(&mine, "outside a parallel region", &got, &one);
            results_close(&got);
        }
        assert_int_equal(failures, 0);
        results_close(&one);
    }
}

/* What the threads of the program share in the next test. */
struct crowd {
    const axprod_plan *plan;
    const struct problem *problem;
    const struct buffer *x;
    const struct results *expected;
};

static void *execute_often(void *argument) {
    const struct crowd *crowd = argument;
    struct results got = *crowd->expected;
    size_t bytes = (size_t)got.outputs * 16;
    char text[512];
    intptr_t failures = 0;
    for (int again = 0; again < 20; again++) {
        got.dense[0] = calloc(1, bytes + 16);
        failures += axprod_plan_execute(crowd->plan, crowd->x->tensor.data, got.dense[0]) != AXPROD_OK;
        failures += !results_same(crowd->problem, "another thread of the program", &got, crowd->expected);
        failures += axprod_plan_describe(crowd->plan, text, sizeof text) <= 0;
        free(got.dense[0]);
    }
    return (void *)failures;
}

static void *create_often(void *argument) {
    const struct crowd *crowd = argument;
    const struct problem *problem = crowd->problem;
    struct buffer outputs[2];
    intptr_t failures = 0;
    problem_open_outputs(problem, outputs);
    for (int again = 0; again < 50; again++) {
        axprod_plan *plan = NULL;
        failures += axprod_plan_create(&plan, &crowd->x->tensor, problem_axes(problem), problem->naxes, NULL,
                                       &outputs[0].tensor) != AXPROD_OK;
        axprod_plan_destroy(plan);
    }
    buffer_close(&outputs[0]);
    return (void *)failures;
}

static void test_one_plan(void **state) {
    (void)state;
    for (int p = 0; p < PROBLEMS; p += 4 * scaled_step(2)) {
        struct problem problem = problem_of("%s", problems[p]);
        struct results expected;
        struct buffer x, outputs[2];
        pthread_t threads[5];
        axprod_plan *plan = NULL;
        if (problem.form != FORM_VALUE)
            continue;
        problem.out_layout = (struct layout){0};
        problem_open_input(&problem, &x);
        assert_true(results_run(&problem, &expected));
        problem_open_outputs(&problem, outputs);
        axprod_options options = AXPROD_OPTIONS_INIT;
        options.num_threads = p % 3;
        assert_ok(
            axprod_plan_create(&plan, &x.tensor, problem_axes(&problem), problem.naxes, &options, &outputs[0].tensor));
        struct crowd crowd = {plan, &problem, &x, &expected};
        for (int t = 0; t < 5; t++)
            assert_int_equal(pthread_create(&threads[t], NULL, t < 4 ? execute_often : create_often, &crowd), 0);
        for (int t = 0; t < 5; t++) {
            void *failures;
            assert_int_equal(pthread_join(threads[t], &failures), 0);
            assert_null(failures);
        }
        axprod_plan_destroy(plan);
        results_close(&expected);
        buffer_close(&outputs[0]);
        buffer_close(&x);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_parallel_region),
        cmocka_unit_test(test_one_plan),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
