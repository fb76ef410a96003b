/* SPDX-License-Identifier: BSD-3-Clause */
/* Problems with data and plans; see task.h. */
#include "task.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int task_threads(const char *description) {
    int threads;
    const char *word = strstr(description, " threads=");
    if (!word || sscanf(word, " threads=%d", &threads) != 1)
        errx(EXIT_FAILURE, "no number of threads in \"%s\"", description);
    return threads;
}

/* The tensors of a problem, without memory. */
struct outline {
    axprod_tensor x, out[2];
    int64_t x_strides[AXPROD_MAX_NDIM], out_shape[AXPROD_MAX_NDIM], out_strides[2][AXPROD_MAX_NDIM];
};

static bool outline(const struct problem *problem, struct outline *o) {
    axprod_dtype dtypes[2];
    int out_ndim, outs = problem_out_dtypes(problem, dtypes);
    size_t bytes;
    problem_out_shape(problem, &out_ndim, o->out_shape);
    if (!operand_bytes(&problem->layout, problem->dtype, problem->ndim, problem->shape, &bytes) ||
        !layout_strides(&problem->layout, problem->dtype, problem->ndim, problem->shape, o->x_strides))
        return false;
    o->x = (axprod_tensor){NULL, problem->dtype, problem->ndim, problem->shape, o->x_strides};
    for (int i = 0; i < outs; i++) {
        if (!operand_bytes(&problem->out_layout, dtypes[i], out_ndim, o->out_shape, &bytes) ||
            !layout_strides(&problem->out_layout, dtypes[i], out_ndim, o->out_shape, o->out_strides[i]))
            return false;
        o->out[i] = (axprod_tensor){NULL, dtypes[i], out_ndim, o->out_shape, o->out_strides[i]};
    }
    return true;
}

bool task_possible(const struct problem *problem, char *why, size_t size) {
    struct outline o;
    axprod_plan *plan;
    if (!outline(problem, &o)) {
        snprintf(why, size, "the tensors are larger than this machine's memory");
        return false;
    }
    if (walk_count(problem->ndim, problem->shape) == 0) {
        snprintf(why, size, "there is no element to measure");
        return false;
    }
    if (!operand_can_fill(problem)) {
        snprintf(why, size, "beyond %d bytes of elements, strides must be multiples of the element's size", FILL_BYTES);
        return false;
    }
    axprod_status status = problem_plan(problem, &o.x, &o.out[0], &o.out[1], &plan);
    if (status != AXPROD_OK)
        snprintf(why, size, "%s", axprod_last_error());
    axprod_plan_destroy(plan);
    return status == AXPROD_OK;
}

void task_open(struct task *task, const struct problem *problem) {
    axprod_dtype dtypes[2];
    int out_ndim, outs = problem_out_dtypes(problem, dtypes);
    char description[PROBLEM_TEXT];
    struct outline o;
    memset(task, 0, sizeof *task);
    task->problem = problem;
    if (!outline(problem, &o) || problem_plan(problem, &o.x, &o.out[0], &o.out[1], &task->plan) != AXPROD_OK)
        errx(EXIT_FAILURE, "%s", axprod_last_error());
    axprod_plan_describe(task->plan, description, sizeof description);
    task->threads = task_threads(description);
    task->outputs = axprod_plan_outputs(task->plan);
    task->factors = axprod_plan_factors(task->plan);
    task->bytes = task->outputs * task->factors * (int64_t)axprod_dtype_size(problem->dtype);
    operand_open(&task->x, &problem->layout, problem->dtype, problem->ndim, problem->shape, task->threads);
    operand_fill(&task->x, problem, task->threads);
    problem_out_shape(problem, &out_ndim, o.out_shape);
    for (int i = 0; i < outs; i++)
        operand_open(&task->out[i], &problem->out_layout, dtypes[i], out_ndim, o.out_shape, task->threads);
}

axprod_status task_execute(struct task *task) {
    if (task->problem->form == FORM_VALUE)
        return axprod_plan_execute(task->plan, task->x.tensor.data, task->out[0].tensor.data);
    return axprod_plan_execute_pair(task->plan, task->x.tensor.data, task->out[0].tensor.data,
                                    task->out[1].tensor.data);
}

axprod_status task_call(struct task *task) {
    return problem_call(task->problem, &task->x.tensor, &task->out[0].tensor, &task->out[1].tensor);
}

void task_close(struct task *task) {
    axprod_plan_destroy(task->plan);
    operand_close(&task->x);
    operand_close(&task->out[0]);
    operand_close(&task->out[1]);
    memset(task, 0, sizeof *task);
}
