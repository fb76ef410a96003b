/* SPDX-License-Identifier: BSD-3-Clause */
/* A problem ready to be executed: tensors with data, and a plan. */
#ifndef TESTS_BENCH_TASK_H
#define TESTS_BENCH_TASK_H

#include "operand.h"

struct task {
    const struct problem *problem;
    struct operand x, out[2];
    axprod_plan *plan;
    int threads; /* of the plan */
    int64_t bytes, outputs, factors;
};

/* Plans tell how many threads they have only in words: those of axprod_plan_describe. */
int task_threads(const char *description);

/* Could task_open open it? If not, why. Touches no memory of the problem's size. */
bool task_possible(const struct problem *problem, char *why, size_t size);

void task_open(struct task *task, const struct problem *problem);
void task_close(struct task *task);

/* Executes the plan once; the same by one call of the library, without the plan. */
axprod_status task_execute(struct task *task);
axprod_status task_call(struct task *task);

/*
 * Executes the plan, and judges some or all of the results: those of outputs with up to a million elements by exact
 * arithmetic, as many outputs as make up some ten thousand elements together, evenly chosen; results of more elements
 * by a second calculation on one thread, from pieces that are multiplied apart. Prints what is wrong.
 */
bool task_verify(struct task *task);

#endif
