/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How close to the memory's speed: products of a large tensor beside pure reads of the same bytes by the same number of
 * threads, interleaved in one run, and the cost of small calls. Prints medians; not a test, as it judges nothing.
 *   speed [MIB [THREADS [REPETITIONS [KIND]]]]     (1024, all cores, 7, all kinds of data)
 */
#include "axprod.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

typedef uint64_t vector __attribute__((vector_size(32), aligned(8)));

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times, int n) {
    qsort(times, (size_t)n, sizeof *times, ascending);
    return times[n / 2];
}

/* Reads bytes in `streams` places in turn; the sum keeps the compiler from leaving the loads out. */
static uint64_t read_streams(const char *data, size_t bytes, int streams) {
    size_t each = bytes / (size_t)streams / 128 * 128;
    vector sum[4] = {{0}};
    for (size_t i = 0; i < each; i += 128)
        for (int s = 0; s < streams; s++) {
            const vector *p = (const vector *)(data + (size_t)s * each + i);
            __builtin_prefetch((const char *)p + 1024);
            __builtin_prefetch((const char *)p + 1088);
            for (int k = 0; k < 4; k++)
                sum[k] += p[k];
        }
    vector all = sum[0] + sum[1] + sum[2] + sum[3];
    return all[0] + all[1] + all[2] + all[3];
}

static volatile uint64_t sink;

/* The time of the best of several readers of the same bytes. */
static double pure_read(const char *data, size_t bytes, int threads) {
    double best = 1e9;
    const int streams[] = {1, 4, 8};
    for (int r = 0; r < 3; r++) {
        double start = now();
        uint64_t sum = 0;
#pragma omp parallel for num_threads(threads) reduction(+ : sum)
        for (int t = 0; t < threads; t++)
            sum += read_streams(data + bytes / (size_t)threads * (size_t)t, bytes / (size_t)threads, streams[r]);
        sink = sum;
        double time = now() - start;
        best = time < best ? time : best;
    }
    return best;
}

static uint64_t state = 88172645463325252u;
static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}
static double uniform(void) {
    return (double)(next_random() >> 11) * 0x1p-53;
}

/* One element of a kind of data, as a double. f32 has the same kinds in its own range. */
static double element(const char *kind, bool is_f32) {
    double least = is_f32 ? 0x1p-149 : 0x1p-1074;
    switch (kind[0]) {
    case 'n': /* neutral */
        return 0.7 + 0.75 * uniform();
    case 's': /* shrinking */
        return 0.01 + 0.5 * uniform();
    case 'z': /* zeros: every eighth */
        return next_random() % 8 ? 0.7 + 0.75 * uniform() : 0;
    case 'd': /* denormal (subnormal) numbers only */
        return least * (double)(1 + next_random() % 100000);
    case 'i': /* small integers */
        return (double)(1 + next_random() % 9);
    default: /* mixed: one subnormal in a hundred */
        return next_random() % 100 ? 0.7 + 0.75 * uniform() : least * (double)(1 + next_random() % 1000);
    }
}

static void fill(char *data, size_t bytes, const char *kind, bool is_f32) {
    enum {
        BLOCK = 1 << 20
    };
    static double f64[BLOCK / 8];
    static float f32[BLOCK / 4];
    for (size_t i = 0; i < BLOCK / 8; i++)
        f64[i] = element(kind, false);
    for (size_t i = 0; i < BLOCK / 4; i++)
        f32[i] = (float)element(kind, true);
    const char *block = is_f32 ? (const char *)f32 : (const char *)f64;
#pragma omp parallel for
    for (size_t at = 0; at < bytes; at += BLOCK) {
        /* turned by another amount each time, so that no column repeats itself */
        size_t turn = (at / BLOCK * 2654435761u) % BLOCK / 64 * 64;
        memcpy(data + at, block + turn, BLOCK - turn);
        memcpy(data + at + (BLOCK - turn), block, turn);
    }
}

static void large(char *data, size_t bytes, int threads, int repetitions, axprod_dtype dtype, const char *kind,
                  const char *layout, int64_t rows, int axis) {
    int64_t item = (int64_t)axprod_dtype_size(dtype), columns = (int64_t)bytes / item / rows;
    int64_t shape[2] = {rows, columns}, outputs = axis < 0 ? 1 : shape[1 - axis];
    void *results = malloc((size_t)(outputs * item));
    axprod_tensor x = {data, dtype, 2, shape, NULL};
    axprod_tensor out = {results, dtype, axis < 0 ? 0 : 1, &outputs, NULL};
    axprod_options options = AXPROD_OPTIONS_INIT;
    options.num_threads = threads;
    double products[64], reads[64], ratios[64];
    for (int r = -1; r < repetitions; r++) {
        double read = pure_read(data, bytes, threads), start = now();
        if (axprod_prod(&x, axis < 0 ? NULL : &axis, 1, &options, &out) != AXPROD_OK) {
            fprintf(stderr, "%s\n", axprod_last_error());
            exit(1);
        }
        double time = now() - start;
        if (r < 0)
            continue;
        products[r] = time;
        reads[r] = read;
        ratios[r] = read / time;
    }
    printf("%-4s %-22s %-10s %8.2f GB/s  read %8.2f GB/s  ratio %.2f\n", axprod_dtype_name(dtype), layout, kind,
           (double)bytes / median(products, repetitions) * 1e-9, (double)bytes / median(reads, repetitions) * 1e-9,
           median(ratios, repetitions));
    fflush(stdout);
    free(results);
}

static void small_calls(void) {
    enum {
        CALLS = 20000,
        ROUNDS = 21
    };
    double x[8] = {1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8}, out, calls[ROUNDS], executes[ROUNDS];
    int64_t n = 8;
    axprod_tensor tensor = {x, AXPROD_F64, 1, &n, NULL}, result = {&out, AXPROD_F64, 0, NULL, NULL};
    axprod_plan *plan;
    if (axprod_plan_create(&plan, &tensor, NULL, 0, NULL, &result) != AXPROD_OK)
        exit(1);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (int i = 0; i < CALLS; i++)
            axprod_prod(&tensor, NULL, 0, NULL, &result);
        calls[round] = (now() - start) / CALLS * 1e9;
        start = now();
        for (int i = 0; i < CALLS; i++)
            axprod_plan_execute(plan, x, &out);
        executes[round] = (now() - start) / CALLS * 1e9;
    }
    printf("8 elements: call %.0f ns, plan execute %.0f ns\n", median(calls, ROUNDS), median(executes, ROUNDS));
    axprod_plan_destroy(plan);
}

int main(int argc, char **argv) {
    size_t bytes = (size_t)(argc > 1 ? atol(argv[1]) : 1024) << 20;
    int threads = argc > 2 ? atoi(argv[2]) : omp_get_max_threads();
    int repetitions = argc > 3 ? atoi(argv[3]) : 7;
    if (bytes < 1 << 20 || threads < 1 || repetitions < 1 || repetitions > 64) {
        fprintf(stderr, "usage: speed [MIB [THREADS [REPETITIONS (1..64) [KIND]]]]\n");
        return 2;
    }
    printf("axprod %s, %s, %d threads, %zu MiB, median of %d\n", axprod_version(), axprod_isa(), threads, bytes >> 20,
           repetitions);
    small_calls();
    char *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    madvise(data, bytes, MADV_HUGEPAGE);
    static const char *const kinds[] = {"neutral", "shrinking", "zeros", "denormal", "integers", "mixed"};
    for (int dtype = AXPROD_F32; dtype <= AXPROD_F64; dtype++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            if (argc > 4 && strcmp(argv[4], kinds[k]) != 0)
                continue;
            fill(data, bytes, kinds[k], dtype == AXPROD_F32);
            large(data, bytes, threads, repetitions, (axprod_dtype)dtype, kinds[k], "full 1-D", 1, -1);
            large(data, bytes, threads, repetitions, (axprod_dtype)dtype, kinds[k], "reduced contiguous", 4096, 1);
            large(data, bytes, threads, repetitions, (axprod_dtype)dtype, kinds[k], "kept contiguous", 4096, 0);
        }
    return 0;
}
