/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keeps kernels from falling back unnoticed: each problem, in a second-level cache and on one thread, has to be so
 * many times as fast as the plain loop p *= x[i] over as many bytes. The loop waits for one multiplication after the
 * other on every machine, so the ratio says how well a kernel overlaps them, whatever the clock is. The shortest of
 * many interleaved times counts, which other work on the machine only delays; and since another thread on the same core
 * slows a kernel more than that loop, a ratio that is too small is measured again before it counts.
 *     guard ISA      with that instruction set's ratios; AXPROD_ISA says which one is used
 */
#include "check.h"
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * About half of the least that was measured on a processor with AVX2, with either compiler: whatever a kernel falls
 * back to costs more than that.
 */
static const struct {
    const char *text;
    double baseline, vectors; /* x86_64_v2, wider ones */
} cases[] = {
    {"f64 *", 0.41, 1.4},
    {"f64 16x* axes=1", 0.38, 1.1},
    {"f64 64x* axes=0", 0.36, 2.2},
    {"f64 *x8 axes=1", 0.22, 0.8},
    {"f64 *x64 axes=1", 0.26, 1.8},
    {"f64 *x4 axes=0", 0.41, 1.4},
    {"f64 *x32x32 axes=1", 0.35, 1.4},
    {"f64 * data=shrinking", 0.41, 1.4},
    {"f64 * data=wild", 0.17, 1},
    {"f64 64x* axes=0 data=wild", 0.17, 0.9},
    {"f64 *x64 axes=1 data=wild", 0.17, 0.6},
    {"f64 * data=tiny", 0.1, 0.7},
    {"f64 *x1 axes=all pad=1", 0.25, 1},
    {"f32 *", 0.9, 1.4},
    {"f32 64x* axes=0", 0.9, 1.5},
    {"f32 *x64 axes=1", 0.43, 1.6},
    {"f32 *x8 axes=1", 0.47, 0.8},
    {"f32 *x64 axes=1 data=wild", 0.4, 0.7},
    {"i32 *x64 axes=1", 1, 1},
    {"i8 *x64 axes=1", 0.32, 0.5},
    {"c128 *x64 axes=1", 0.16, 0.6},
    {"f16 *", 0.23, 0.8},
    {"bf16 *", 0.6, 0.7},
    {"i32 *", 2.9, 3.5},
    {"i64 *", 1, 1.6},
    {"c64 *", 0.08, 0.45},
    {"c128 *", 0.18, 0.9},
};

#define BYTES (128 << 10)

/* As many as fill this time, which outlasts a time slice of other work, and at least so many; so often, if need be. */
#define SECONDS 0.1
#define LEAST_ROUNDS 20
#define ATTEMPTS 20

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static volatile double plain_product;

/* Seconds of the plain loop. */
static double time_plain(const double *x, size_t count) {
    double start = now(), product = 1;
    for (size_t i = 0; i < count; i++)
        product *= x[i];
    plain_product = product;
    return now() - start;
}

static double time_task(struct task *task) {
    double start = now();
    if (task_execute(task) != AXPROD_OK) {
        fprintf(stderr, "%s\n", axprod_last_error());
        exit(EXIT_FAILURE);
    }
    return now() - start;
}

/* How many times as fast as the plain loop. */
static double ratio_of(struct task *task, const double *x, size_t count) {
    double plain = 1e9, product = 1e9, start = now();
    for (int round = 0; round < LEAST_ROUNDS || now() - start < SECONDS; round++) {
        double a = time_plain(x, count), b = time_task(task);
        plain = a < plain ? a : plain;
        product = b < product ? b : product;
    }
    return plain / product * (double)task->bytes / (double)(count * sizeof *x);
}

int main(int argc, char **argv) {
    static double x[BYTES / sizeof(double)];
    int failures = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: %s ISA\n", argv[0]);
        return EXIT_FAILURE;
    }
    skip_without_isa();
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        x[i] = i % 2 ? 1.25 : 0.8;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct problem problem = problem_of("%s size=%d threads=1", cases[i].text, BYTES);
        double least = strcmp(argv[1], "x86_64_v2") == 0 ? cases[i].baseline : cases[i].vectors;
        struct task task;
        task_open(&task, &problem);
        double ratio = 0;
        for (int attempt = 0; attempt == 0 || (attempt < ATTEMPTS && ratio < least); attempt++) {
            double again = ratio_of(&task, x, sizeof x / sizeof x[0]);
            ratio = again > ratio ? again : ratio;
        }
        task_close(&task);
        failures += ratio < least;
        printf("%s%-28s %7.3f times the plain loop, at least %.3f\n", ratio < least ? "FAILED " : "       ",
               cases[i].text, ratio, least);
    }
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
