/* SPDX-License-Identifier: BSD-3-Clause */
/* Timing; see measure.h. */
#include "measure.h"

#include "read.h"

#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

const char *const call_names[CALLS] = {"execute", "once"};

/* Calls are timed in batches that last this long: the clock is then nothing, nor is the start of several users. */
#define BATCH_SECONDS 1e-4
#define USERS_BATCH_SECONDS 2e-3

/* Medians of fewer say little. */
#define LEAST_REPETITIONS 5

/* What is timed: one of the calls, or beyond them one of the readers. */
enum {
    WAYS = CALLS + READERS
};

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One way, called a number of times by one user. */
struct batch {
    struct task *task;
    int way;
    const struct reader *reader; /* of that way, or NULL */
    int64_t calls;
    pthread_barrier_t *barrier;
    double start, end;
};

static const struct reader *reader_of(int way) {
    return way < CALLS ? NULL : &readers()[way - CALLS];
}

static inline void call_way(const struct batch *batch) {
    struct task *task = batch->task;
    axprod_status status = AXPROD_OK;
    if (batch->reader)
        read_bytes(batch->reader, task->x.lowest, (size_t)task->bytes, task->threads);
    else
        status = batch->way == CALL_ONCE ? task_call(task) : task_execute(task);
    if (status != AXPROD_OK)
        errx(EXIT_FAILURE, "%s", axprod_last_error());
}

static void run_batch(struct batch *batch) {
    batch->start = now();
    for (int64_t i = 0; i < batch->calls; i++)
        call_way(batch);
    batch->end = now();
}

/* A thread's first call starts threads of its own, so it comes before the others are waited for. */
static void *run_user(void *argument) {
    struct batch *batch = argument;
    call_way(batch);
    pthread_barrier_wait(batch->barrier);
    run_batch(batch);
    return NULL;
}

/* Seconds of one call, from the first start to the last end. */
static double time_batch(struct task *tasks, int users, int way, int64_t calls) {
    struct batch batches[MOST_USERS] = {{.task = tasks, .way = way, .reader = reader_of(way), .calls = calls}};
    pthread_t threads[MOST_USERS];
    pthread_barrier_t barrier;
    if (users == 1) {
        run_batch(&batches[0]);
        return (batches[0].end - batches[0].start) / (double)calls;
    }
    pthread_barrier_init(&barrier, NULL, (unsigned)users);
    for (int u = 0; u < users; u++) {
        batches[u] = batches[0];
        batches[u].task = &tasks[u];
        batches[u].barrier = &barrier;
        if (pthread_create(&threads[u], NULL, run_user, &batches[u]))
            errx(EXIT_FAILURE, "a thread could not be started");
    }
    double start = 1e300, end = 0;
    for (int u = 0; u < users; u++) {
        pthread_join(threads[u], NULL);
        start = batches[u].start < start ? batches[u].start : start;
        end = batches[u].end > end ? batches[u].end : end;
    }
    pthread_barrier_destroy(&barrier);
    return (end - start) / (double)calls;
}

/* Calls that last long enough; the largest number that is tried is the last one of the warm-up. */
static int64_t count_calls(struct task *tasks, int users, int way) {
    double least = users == 1 ? BATCH_SECONDS : USERS_BATCH_SECONDS;
    for (int64_t calls = 1;;) {
        double seconds = time_batch(tasks, users, way, calls) * (double)calls;
        if (seconds >= least)
            return calls;
        double wanted = (double)calls * 1.2 * least / (seconds > 1e-9 ? seconds : 1e-9);
        calls = wanted < 10.0 * (double)calls ? (int64_t)wanted + 1 : 10 * calls;
    }
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, ascending);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* times[way][repetition] to the result. */
static void evaluate(double (*times)[MOST_REPETITIONS], enum call call, int repetitions, struct measurement *result) {
    static double sorted[WAYS][MOST_REPETITIONS], ratios[MOST_REPETITIONS];
    int best = CALLS;
    for (int way = 0; way < WAYS; way++) {
        for (int r = 0; r < repetitions; r++)
            sorted[way][r] = times[way][r];
        double middle = median(sorted[way], repetitions);
        if (way == CALLS || (way > CALLS && middle < result->read_median)) {
            best = way;
            result->read_median = middle;
            result->read_best = sorted[way][0];
        }
    }
    for (int r = 0; r < repetitions; r++)
        ratios[r] = times[best][r] / times[call][r];
    result->fraction = median(ratios, repetitions);
    result->median = median(sorted[call], repetitions);
    result->best = sorted[call][0];
    result->reader = reader_of(best)->name;
    result->repetitions = repetitions;
}

void measure(struct task *tasks, int users, enum call call, const struct effort *effort, struct measurement *result) {
    static double times[WAYS][MOST_REPETITIONS];
    int64_t calls[WAYS] = {0};
    for (int way = 0; way < WAYS; way++)
        if (way == (int)call || way >= CALLS)
            calls[way] = count_calls(tasks, users, way);
    double start = now();
    int r = 0;
    while (effort->repetitions ? r < effort->repetitions
                               : r < LEAST_REPETITIONS || (r < MOST_REPETITIONS && now() - start < effort->min_time)) {
        for (int way = 0; way < WAYS; way++)
            if (calls[way])
                times[way][r] = time_batch(tasks, users, way, calls[way]);
        r++;
    }
    *result = (struct measurement){.calls = calls[call]};
    evaluate(times, call, r, result);
}
