/* SPDX-License-Identifier: BSD-3-Clause */
/* Measurements as a table or as JSON lines, on standard output. */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include "measure.h"
#include "set.h"

struct report {
    bool json;
    int width; /* of the longest problem */
};

/* One line: machine, compiler, instruction set, and the MPI where there is one (or NULL). */
void report_machine(bool json, const char *over);

/* The longest problem, or the word above them. */
int report_width(const struct set *set);

/* Seconds in a unit that leaves one to four digits before the point, in 11 columns. */
void report_time(double seconds);

/* What the figures belong to: machine, compiler, instruction set. */
void report_begin(struct report *report, const struct set *set);

/* tasks: users of them. */
void report_add(const struct report *report, const struct entry *entry, const struct task *tasks, int users,
                enum call call, const struct measurement *m);

#endif
