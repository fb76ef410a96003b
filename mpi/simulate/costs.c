/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * costs: what one element costs on one core of this machine in a reduction, for simulate.c: a line of JSON with the
 * seconds of merging two partials, of multiplying two doubles and of finishing one result. The shortest of many times
 * counts, on as many elements as fit into a second-level cache.
 */
#include <axprod.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define COUNT 8192
#define ROUNDS 400

static double x[COUNT], y[COUNT];
static axprod_partial in[COUNT], inout[COUNT];
static axprod_plan *plan;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void merge(void) {
    axprod_partial_merge(in, inout, COUNT);
}

/* As an operation of MPI does it: nothing is known of the pointers. */
static void multiply(void) {
    double *volatile target = y, *to = target;
    for (int i = 0; i < COUNT; i++)
        to[i] *= x[i];
}

static void finish(void) {
    static int64_t unresolved[COUNT];
    int64_t doubtful;
    if (axprod_plan_finish(plan, inout, 2, y, NULL, unresolved, &doubtful) != AXPROD_OK)
        errx(EXIT_FAILURE, "%s", axprod_last_error());
}

static double seconds_each(void (*work)(void)) {
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        if (axprod_plan_partials(plan, x, inout) != AXPROD_OK)
            errx(EXIT_FAILURE, "%s", axprod_last_error());
        double begin = now();
        work();
        double seconds = now() - begin;
        best = seconds < best ? seconds : best;
    }
    return best / COUNT;
}

int main(void) {
    const axprod_options one_thread = {.size = sizeof one_thread, .num_threads = 1};
    axprod_tensor row = {x, AXPROD_F64, 2, (int64_t[]){1, COUNT}, NULL},
                  out = {y, AXPROD_F64, 1, (int64_t[]){COUNT}, NULL};
    for (int i = 0; i < COUNT; i++) {
        x[i] = 1 + (double)(i * 31 % 1009) / 3027;
        y[i] = 1;
    }
    if (axprod_plan_create(&plan, &row, (int[]){0}, 1, &one_thread, &out) != AXPROD_OK ||
        axprod_plan_partials(plan, x, in) != AXPROD_OK)
        errx(EXIT_FAILURE, "%s", axprod_last_error());
    printf("{\"merge_seconds\": %.4e, \"multiply_seconds\": %.4e, \"finish_seconds\": %.4e}\n", seconds_each(merge),
           seconds_each(multiply), seconds_each(finish));
    axprod_plan_destroy(plan);
    return EXIT_SUCCESS;
}
