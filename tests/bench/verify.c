/* SPDX-License-Identifier: BSD-3-Clause */
/* Results against a reference before they are timed; see task.h. */
#include "check.h"
#include "task.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Elements that exact arithmetic multiplies in a moment, and in a second or two. */
#define SAMPLE_ELEMENTS (1 << 16)
#define ORACLE_FACTORS (1 << 20)

/* Pieces for the second calculation: odd, so that they begin at no round number. */
#define PIECES 5

/* ------------------------------------------------------------------------------------------- by exact arithmetic ---
 */

/* One output as a problem of its own: all axes of its tensor are reduced. */
struct one {
    struct problem problem;
    axprod_tensor x;
    int64_t strides[AXPROD_MAX_NDIM];
    struct results results;
};

static void open_one(const struct task *task, struct one *one) {
    const struct problem *problem = task->problem;
    one->problem = *problem;
    one->problem.ndim = 0;
    one->problem.naxes = -1;
    one->problem.keepdims = false;
    one->problem.layout = one->problem.out_layout = (struct layout){0};
    for (int d = 0; d < problem->ndim; d++) {
        if (problem_reduces(problem, d)) {
            one->strides[one->problem.ndim] = task->x.strides[d];
            one->problem.shape[one->problem.ndim++] = problem->shape[d];
        }
    }
    one->x = (axprod_tensor){NULL, problem->dtype, one->problem.ndim, one->problem.shape, one->strides};
    results_open(&one->problem, &one->results);
}

/* Where output `index` (in C order) of the result lies, and its first element. */
static void locate(const struct task *task, int64_t index, struct one *one) {
    const struct problem *problem = task->problem;
    const char *x = task->x.tensor.data, *out[2] = {task->out[0].tensor.data, task->out[1].tensor.data};
    int axis = task->out[0].tensor.ndim;
    for (int d = problem->ndim - 1; d >= 0; d--) {
        if (problem_reduces(problem, d)) {
            axis -= problem->keepdims;
            continue;
        }
        int64_t place = index % problem->shape[d];
        index /= problem->shape[d];
        axis--;
        x += place * task->x.strides[d];
        for (int i = 0; i < one->results.count; i++)
            out[i] += place * task->out[i].strides[axis];
    }
    one->x.data = (char *)(uintptr_t)x;
    for (int i = 0; i < one->results.count; i++)
        memcpy(one->results.dense[i], out[i], axprod_dtype_size(one->results.dtypes[i]));
}

static bool verify_sample(const struct task *task) {
    int64_t count = SAMPLE_ELEMENTS / task->factors;
    bool good = true;
    struct one one;
    count = count < 1 ? 1 : count > task->outputs ? task->outputs : count;
    open_one(task, &one);
    for (int64_t i = 0; i < count && good; i++) {
        int64_t index = count == 1 ? 0 : (int64_t)((__int128)i * (task->outputs - 1) / (count - 1));
        locate(task, index, &one);
        good = results_judge(&one.problem, &one.x, &one.results);
        if (!good)
            fprintf(stderr, "       that is output %" PRId64 "\n", index);
    }
    results_close(&one.results);
    return good;
}

/* ------------------------------------------------------------------------------------------ by a second calculation
 * --- */

/* The whole on one thread, for complex results: their bits depend on nothing else that is the same here. */
static bool run_alone(const struct task *task, struct operand out[2]) {
    struct problem problem = *task->problem;
    problem.threads = 1;
    return problem_call(&problem, &task->x.tensor, &out[0].tensor, &out[1].tensor) == AXPROD_OK;
}

/* The plan of piece p along an axis, on one thread, and its first element. */
static axprod_plan *plan_piece(const struct task *task, int axis, int p, struct operand out[2], const char **first) {
    struct problem problem = *task->problem;
    axprod_tensor x = task->x.tensor;
    axprod_plan *plan = NULL;
    int64_t extent = problem.shape[axis], begin = extent * p / PIECES, end = extent * (p + 1) / PIECES;
    problem.threads = 1;
    problem.shape[axis] = end - begin;
    x.shape = problem.shape;
    x.strides = task->x.strides;
    *first = (const char *)x.data + begin * task->x.strides[axis];
    problem_plan(&problem, &x, &out[0].tensor, &out[1].tensor, &plan);
    return plan;
}

static int longest_reduced(const struct problem *problem) {
    int longest = -1;
    for (int d = 0; d < problem->ndim; d++)
        if (problem_reduces(problem, d) && (longest < 0 || problem->shape[d] > problem->shape[longest]))
            longest = d;
    return longest;
}

/* Partials of the pieces, merged and finished. */
static bool run_partials(const struct task *task, struct operand out[2]) {
    int axis = longest_reduced(task->problem);
    axprod_partial *all = malloc(sizeof *all * (size_t)task->outputs),
                   *some = malloc(sizeof *some * (size_t)task->outputs);
    bool good = all && some;
    for (int p = 0; p < PIECES && good; p++) {
        const char *first;
        axprod_plan *plan = plan_piece(task, axis, p, out, &first);
        good = plan && axprod_plan_partials(plan, first, p ? some : all) == AXPROD_OK;
        if (good && p)
            axprod_partial_merge(some, all, task->outputs);
        axprod_plan_destroy(plan);
    }
    void *second = out[1].tensor.data;
    good =
        good && axprod_plan_finish(task->plan, all, task->factors, out[0].tensor.data, second, NULL, NULL) == AXPROD_OK;
    free(all);
    free(some);
    return good;
}

/* The offsets of a result's elements in C order, and their number. */
static int64_t *offsets_of(const struct operand *out, int64_t *count) {
    *count = walk_count(out->tensor.ndim, out->shape);
    return walk_offsets(out->tensor.ndim, out->shape, out->strides);
}

/* Integer results of the pieces, multiplied modulo 2^64: the lower bits are those of any narrower dtype. */
static bool run_integers(const struct task *task, struct operand out[2]) {
    int axis = longest_reduced(task->problem);
    int64_t count, *offsets = offsets_of(&out[0], &count);
    uint64_t *products = malloc(sizeof *products * (size_t)count);
    bool good = products != NULL;
    axprod_dtype dtype = out[0].tensor.dtype;
    char *data = out[0].tensor.data;
    for (int64_t i = 0; i < count && good; i++)
        products[i] = 1;
    for (int p = 0; p < PIECES && good; p++) {
        const char *first;
        axprod_plan *plan = plan_piece(task, axis, p, out, &first);
        good = plan && axprod_plan_execute(plan, first, data) == AXPROD_OK;
        for (int64_t i = 0; i < count && good; i++)
            products[i] *= bits_load(dtype, data + offsets[i]);
        axprod_plan_destroy(plan);
    }
    for (int64_t i = 0; i < count && good; i++)
        bits_store(dtype, products[i], data + offsets[i]);
    free(products);
    free(offsets);
    return good;
}

static bool same_results(const struct operand *got, const struct operand *expected) {
    int64_t count, *offsets = offsets_of(got, &count), different = 0;
    size_t size = axprod_dtype_size(got->tensor.dtype);
    for (int64_t i = 0; i < count; i++)
        different += memcmp((const char *)got->tensor.data + offsets[i],
                            (const char *)expected->tensor.data + offsets[i], size) != 0;
    if (different)
        fprintf(stderr, "FAILED %" PRId64 " of %" PRId64 " outputs have other bits than in pieces on one thread\n",
                different, count);
    free(offsets);
    return different == 0;
}

static bool verify_again(const struct task *task) {
    struct operand again[2] = {{.map = NULL}, {.map = NULL}};
    axprod_dtype dtypes[2];
    int outs = problem_out_dtypes(task->problem, dtypes);
    for (int i = 0; i < outs; i++)
        operand_open(&again[i], &task->problem->out_layout, dtypes[i], task->out[i].tensor.ndim, task->out[i].shape, 1);
    bool good = is_complex(task->problem->dtype)     ? run_alone(task, again)
                : is_integer(dtypes[0]) && outs == 1 ? run_integers(task, again)
                                                     : run_partials(task, again);
    if (!good)
        fprintf(stderr, "FAILED the second calculation: %s\n", axprod_last_error());
    for (int i = 0; i < outs; i++) {
        good = good && same_results(&task->out[i], &again[i]);
        operand_close(&again[i]);
    }
    return good;
}

bool task_verify(struct task *task) {
    if (task_execute(task) != AXPROD_OK) {
        fprintf(stderr, "FAILED %s\n", axprod_last_error());
        return false;
    }
    return task->factors <= ORACLE_FACTORS ? verify_sample(task) : verify_again(task);
}
