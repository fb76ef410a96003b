/* SPDX-License-Identifier: BSD-3-Clause */
/* The time of a problem beside that of a pure read of as many bytes, taken in turn. */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include "task.h"

/* What is timed. */
enum call {
    CALL_EXECUTE, /* a plan that was made before */
    CALL_ONCE     /* a call of the library that makes its own */
};
#define CALLS 2
extern const char *const call_names[CALLS];

#define MOST_USERS 64
#define MOST_REPETITIONS 10000

struct effort {
    double min_time; /* seconds for one measurement, */
    int repetitions; /* or, where not 0, as many repetitions */
};

/* Times are of one call: those of all users at once where there are several. */
struct measurement {
    double median, best;           /* seconds of the problem */
    double read_median, read_best; /* of the pure read that has the best median */
    double fraction;               /* median of the ratios of neighbours: the time of the read by the problem's */
    const char *reader;
    int64_t calls; /* timed together */
    int repetitions;
};

/*
 * users tasks, each executed by a thread of its own at the same time as the others. The warm-up: as many calls as the
 * clock needs. Ends the program where a call fails.
 */
void measure(struct task *tasks, int users, enum call call, const struct effort *effort, struct measurement *result);

/* Seconds of a clock that no one sets back. */
double now(void);

/* Sorts the values. */
double median(double *values, int count);

#endif
