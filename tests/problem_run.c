/* SPDX-License-Identifier: BSD-3-Clause */
/* From a problem to tensors and a call; see problem.h. */
#include "problem.h"

#include "walk.h"

#include <string.h>

const int *problem_axes(const struct problem *problem) {
    return problem->naxes < 0 ? NULL : problem->axes;
}

void problem_out_shape(const struct problem *problem, int *ndim, int64_t *shape) {
    bool reduced[AXPROD_MAX_NDIM];
    *ndim = 0;
    for (int d = 0; d < problem->ndim; d++)
        reduced[d] = problem->naxes < 0;
    for (int i = 0; i < problem->naxes; i++)
        reduced[problem->axes[i] < 0 ? problem->axes[i] + problem->ndim : problem->axes[i]] = true;
    for (int d = 0; d < problem->ndim; d++) {
        if (!reduced[d])
            shape[(*ndim)++] = problem->shape[d];
        else if (problem->keepdims)
            shape[(*ndim)++] = 1;
    }
}

int problem_out_dtypes(const struct problem *problem, axprod_dtype dtypes[2]) {
    dtypes[0] = problem->form == FORM_VALUE ? problem->out : AXPROD_F64;
    dtypes[1] = problem->form == FORM_LOG ? AXPROD_F64 : AXPROD_I64;
    return problem->form == FORM_VALUE ? 1 : 2;
}

void problem_open_input(const struct problem *problem, struct buffer *x) {
    struct reduction reduction;
    buffer_open(x, problem->dtype, problem->ndim, problem->shape, &problem->layout);
    reduction_open(&reduction, &x->tensor, problem_axes(problem), problem->naxes);
    struct data_request request = {problem->data, problem->dtype,
                                   problem->form == FORM_VALUE ? problem->out : AXPROD_F64, problem->seed};
    data_fill(&request, &reduction, x->tensor.data);
    reduction_close(&reduction);
}

int problem_open_outputs(const struct problem *problem, struct buffer outputs[2]) {
    axprod_dtype dtypes[2];
    int ndim, count = problem_out_dtypes(problem, dtypes);
    int64_t shape[AXPROD_MAX_NDIM];
    problem_out_shape(problem, &ndim, shape);
    memset(outputs, 0, 2 * sizeof outputs[0]);
    for (int i = 0; i < count; i++) {
        struct layout layout = problem->out_layout;
        /* Strides are in bytes and both outputs of a pair have elements of eight bytes, so they fit both. */
        buffer_open(&outputs[i], dtypes[i], ndim, shape, &layout);
    }
    return count;
}

bool problem_reduces(const struct problem *problem, int axis) {
    for (int i = 0; i < problem->naxes; i++)
        if (problem->axes[i] == axis || problem->axes[i] == axis - problem->ndim)
            return true;
    return problem->naxes < 0;
}

axprod_status problem_call(const struct problem *problem, const axprod_tensor *x, const axprod_tensor *first,
                           const axprod_tensor *second) {
    axprod_options options = AXPROD_OPTIONS_INIT;
    const int *axes = problem_axes(problem);
    options.num_threads = problem->threads;
    if (problem->form == FORM_SCALED)
        return axprod_scaled_prod(x, axes, problem->naxes, &options, first, second);
    if (problem->form == FORM_LOG)
        return axprod_log_prod(x, axes, problem->naxes, &options, first, second);
    return axprod_prod(x, axes, problem->naxes, &options, first);
}

axprod_status problem_plan(const struct problem *problem, const axprod_tensor *x, const axprod_tensor *first,
                           const axprod_tensor *second, axprod_plan **plan) {
    axprod_options options = AXPROD_OPTIONS_INIT;
    const int *axes = problem_axes(problem);
    options.num_threads = problem->threads;
    if (problem->form == FORM_SCALED)
        return axprod_plan_create_scaled(plan, x, axes, problem->naxes, &options, first, second);
    if (problem->form == FORM_LOG)
        return axprod_plan_create_log(plan, x, axes, problem->naxes, &options, first, second);
    return axprod_plan_create(plan, x, axes, problem->naxes, &options, first);
}
