/* SPDX-License-Identifier: BSD-3-Clause */
/* The public products: at once, and as plans. */
#include "internal.h"

static axprod_status check_and_run(const axprod_plan *plan, const void *x, void *first, void *second) {
    AXP_TRY(axp_check_pointers(&plan->x_extent, x, axp_output_name(plan->form, 0), &plan->out_extent[0], first,
                               axp_output_name(plan->form, 1), &plan->out_extent[1], second));
    axp_sink sink = {.out = {first, second}};
    return axp_run(plan, x, &sink);
}

/* A plan on the stack: small calls allocate nothing. */
static axprod_status run_request(const axp_request *request) {
    axprod_plan plan;
    AXP_TRY(axp_plan_init(&plan, request));
    return check_and_run(&plan, request->x->data, request->out[0]->data,
                         request->out[1] ? request->out[1]->data : NULL);
}

axprod_status axprod_prod(const axprod_tensor *x, const int *axes, int naxes, const axprod_options *options,
                          const axprod_tensor *out) {
    return run_request(&(axp_request){AXP_FORM_VALUE, x, axes, naxes, options, {out, NULL}});
}

axprod_status axprod_scaled_prod(const axprod_tensor *x, const int *axes, int naxes, const axprod_options *options,
                                 const axprod_tensor *significand, const axprod_tensor *exponent) {
    return run_request(&(axp_request){AXP_FORM_SCALED, x, axes, naxes, options, {significand, exponent}});
}

axprod_status axprod_log_prod(const axprod_tensor *x, const int *axes, int naxes, const axprod_options *options,
                              const axprod_tensor *sign, const axprod_tensor *logabs) {
    return run_request(&(axp_request){AXP_FORM_LOG, x, axes, naxes, options, {sign, logabs}});
}

static axprod_status create(axprod_plan **plan, const axp_request *request) {
    if (!plan)
        return axp_fail(AXPROD_ERROR_NULL, "plan is NULL");
    *plan = NULL;
    axprod_plan made;
    AXP_TRY(axp_plan_init(&made, request));
    axprod_plan *kept = axp_alloc(sizeof *kept);
    if (!kept)
        return axp_fail(AXPROD_ERROR_NO_MEMORY, "%zu bytes for a plan could not be allocated", sizeof *kept);
    *kept = made;
    *plan = kept;
    return AXPROD_OK;
}

axprod_status axprod_plan_create(axprod_plan **plan, const axprod_tensor *x, const int *axes, int naxes,
                                 const axprod_options *options, const axprod_tensor *out) {
    return create(plan, &(axp_request){AXP_FORM_VALUE, x, axes, naxes, options, {out, NULL}});
}

axprod_status axprod_plan_create_scaled(axprod_plan **plan, const axprod_tensor *x, const int *axes, int naxes,
                                        const axprod_options *options, const axprod_tensor *significand,
                                        const axprod_tensor *exponent) {
    return create(plan, &(axp_request){AXP_FORM_SCALED, x, axes, naxes, options, {significand, exponent}});
}

axprod_status axprod_plan_create_log(axprod_plan **plan, const axprod_tensor *x, const int *axes, int naxes,
                                     const axprod_options *options, const axprod_tensor *sign,
                                     const axprod_tensor *logabs) {
    return create(plan, &(axp_request){AXP_FORM_LOG, x, axes, naxes, options, {sign, logabs}});
}

axprod_status axprod_plan_execute(const axprod_plan *plan, const void *x, void *out) {
    if (!plan)
        return axp_fail(AXPROD_ERROR_NULL, "plan is NULL");
    if (plan->form != AXP_FORM_VALUE)
        return axp_fail(AXPROD_ERROR_UNSUPPORTED, "this plan has two outputs: use axprod_plan_execute_pair");
    return check_and_run(plan, x, out, NULL);
}

axprod_status axprod_plan_execute_pair(const axprod_plan *plan, const void *x, void *first, void *second) {
    if (!plan)
        return axp_fail(AXPROD_ERROR_NULL, "plan is NULL");
    if (plan->form == AXP_FORM_VALUE)
        return axp_fail(AXPROD_ERROR_UNSUPPORTED, "this plan has one output: use axprod_plan_execute");
    return check_and_run(plan, x, first, second);
}

int64_t axprod_plan_outputs(const axprod_plan *plan) {
    return plan ? plan->nest.outputs : 0;
}

int64_t axprod_plan_factors(const axprod_plan *plan) {
    return plan ? plan->nest.factors : 0;
}

void axprod_plan_destroy(axprod_plan *plan) {
    axp_free(plan);
}
