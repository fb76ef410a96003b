/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One execution of a plan, as a sequence of stages: each hands one collective operation to MPI, and goes on when that
 * has ended. The blocking call waits in each; the others come back to it in test and wait. All ranks of a communicator
 * go through the same stages, since what decides on the next one is known to all of them.
 */
#include "plan.h"

#include <stdio.h>
#include <string.h>

void axp_mpi_note(axprod_mpi_plan *plan, axprod_status status) {
    if (plan->status != AXPROD_OK || status == AXPROD_OK)
        return;
    plan->status = status;
    snprintf(plan->sentence, sizeof plan->sentence, "%s", axprod_last_error());
}

/* ------------------------------------------------------------------------------------- agreement between turns --- */

void axp_mpi_fill_header(axprod_mpi_plan *plan) {
    plan->header.failure = axp_mpi_failure(plan->status, plan->geometry.rank);
    plan->header.pending = plan->num_unresolved;
}

static int post_header(axprod_mpi_plan *plan) {
    axp_mpi_fill_header(plan);
    return AXP_MPI_CALL(plan, MPI_Allreduce, MPI_Iallreduce, &plan->header, &plan->agreed, 3, MPI_INT64_T, MPI_MAX,
                        plan->agree);
}

axp_mpi_stage axp_mpi_settle(axprod_mpi_plan *plan) {
    plan->header.open = 0;
    if (plan->agreed.failure)
        return AXP_MPI_STAGE_SENTENCE;
    plan->settled = plan->agreed.pending == 0;
    if (plan->settled)
        return AXP_MPI_STAGE_SHARE;
    axp_mpi_next_round(plan, plan->agreed.open > 0);
    return AXP_MPI_STAGE_COUNTS;
}

/* The rank that failed tells the others. */
static int post_sentence(axprod_mpi_plan *plan) {
    int rank = axp_mpi_failure_rank(plan->agreed.failure);
    int root = plan->agree == plan->group ? plan->geometry.member[rank] : rank;
    return AXP_MPI_CALL(plan, MPI_Bcast, MPI_Ibcast, plan->sentence, (int)sizeof plan->sentence, MPI_CHAR, root,
                        plan->agree);
}

static axp_mpi_stage end_sentence(axprod_mpi_plan *plan) {
    plan->status = AXPROD_OK;
    axp_mpi_note(plan, axp_mpi_fail_as(plan->agreed.failure, plan->sentence));
    return AXP_MPI_STAGE_DONE;
}

/* ------------------------------------------------------------------------------------------------------- stages --- */

static const struct {
    int (*post)(axprod_mpi_plan *plan);
    axp_mpi_stage (*end)(axprod_mpi_plan *plan);
} stages[] = {
    [AXP_MPI_STAGE_GATHER] = {axp_mpi_post_gather, axp_mpi_end_gather},
    [AXP_MPI_STAGE_REDUCE] = {axp_mpi_post_reduce, axp_mpi_end_reduce},
    [AXP_MPI_STAGE_EXCHANGE] = {axp_mpi_post_exchange, axp_mpi_end_exchange},
    [AXP_MPI_STAGE_GATHER_ELEMENTS] = {axp_mpi_post_gather, axp_mpi_end_gather_elements},
    [AXP_MPI_STAGE_EXCHANGE_ELEMENTS] = {axp_mpi_post_exchange_elements, axp_mpi_end_exchange_elements},
    [AXP_MPI_STAGE_HEADER] = {post_header, axp_mpi_settle},
    [AXP_MPI_STAGE_COUNTS] = {axp_mpi_post_counts, axp_mpi_end_counts},
    [AXP_MPI_STAGE_LISTS] = {axp_mpi_post_lists, axp_mpi_end_lists},
    [AXP_MPI_STAGE_WIDES] = {axp_mpi_post_wides, axp_mpi_end_wides},
    [AXP_MPI_STAGE_SHARE] = {axp_mpi_post_share, axp_mpi_end_share},
    [AXP_MPI_STAGE_SENTENCE] = {post_sentence, end_sentence},
};

static void fail_in_mpi(axprod_mpi_plan *plan, int code) {
    plan->status = AXPROD_OK;
    axp_mpi_note(plan, axp_mpi_check(code));
    plan->broken = true;
    plan->stage = AXP_MPI_STAGE_DONE;
}

static void enter(axprod_mpi_plan *plan, axp_mpi_stage stage) {
    plan->stage = stage;
    plan->num_requests = 0;
    if (stage == AXP_MPI_STAGE_DONE)
        return;
    int code = stages[stage].post(plan);
    if (code != MPI_SUCCESS)
        fail_in_mpi(plan, code);
}

/* Goes on as far as that is possible; returns whether all is done. */
static bool advance(axprod_mpi_plan *plan, bool waits) {
    while (plan->stage != AXP_MPI_STAGE_DONE) {
        int arrived = 1;
        int code = plan->num_requests == 0 ? MPI_SUCCESS
                   : waits                 ? MPI_Waitall(plan->num_requests, plan->requests, MPI_STATUSES_IGNORE)
                           : MPI_Testall(plan->num_requests, plan->requests, &arrived, MPI_STATUSES_IGNORE);
        if (code != MPI_SUCCESS) {
            fail_in_mpi(plan, code);
        } else if (!arrived) {
            return false;
        } else {
            enter(plan, stages[plan->stage].end(plan));
        }
    }
    return true;
}

/* -------------------------------------------------------------------------------------------- begin and end --- */

/* x and the outputs: none NULL that has elements, no two that overlap. */
static axprod_status check_addresses(const axprod_mpi_plan *plan) {
    static const char *const names[][3] = {{"x", "out", ""}, {"x", "significand", "exponent"}, {"x", "sign", "logabs"}};
    const char *const *name = names[plan->form];
    const void *data[3] = {plan->x, plan->data[0], plan->data[1]};
    uintptr_t begin[3], end[3];
    int count = !plan->receives ? 1 : plan->dtypes[1] ? 3 : 2;
    for (int i = 0; i < count; i++) {
        const axp_mpi_extent *extent = &plan->extents[i];
        begin[i] = (uintptr_t)data[i] + (uintptr_t)extent->begin;
        end[i] = (uintptr_t)data[i] + (uintptr_t)extent->end;
        if (begin[i] != end[i] && !data[i])
            return axp_mpi_fail(AXPROD_ERROR_NULL, "the data of %s is NULL", name[i]);
        for (int k = 0; k < i; k++)
            if (begin[i] != end[i] && begin[k] != end[k] && begin[i] < end[k] && begin[k] < end[i])
                return axp_mpi_fail(AXPROD_ERROR_OVERLAP, "%s overlaps %s in memory", name[i], name[k]);
    }
    return AXPROD_OK;
}

static axprod_status run_core(const axprod_mpi_plan *plan, void *const out[2]) {
    if (plan->form == AXP_MPI_VALUE)
        return axprod_plan_execute(plan->multiply, plan->x, out[0]);
    return axprod_plan_execute_pair(plan->multiply, plan->x, out[0], out[1]);
}

/* This rank's elements: into the outputs, into results, or into what travels; after a failure partials are identities.
 */
static void multiply(axprod_mpi_plan *plan) {
    axp_mpi_note(plan, check_addresses(plan));
    axp_mpi_place_results(plan);
    void *const results[2] = {plan->results[0], plan->results[1]};
    if (plan->status == AXPROD_OK && plan->transport == AXP_MPI_ALONE)
        axp_mpi_note(plan, run_core(plan, plan->direct ? plan->data : results));
    else if (plan->status == AXPROD_OK && axp_mpi_sends_elements(plan))
        axp_mpi_note(plan, axp_mpi_collect_elements(plan));
    else if (plan->status == AXPROD_OK)
        axp_mpi_note(plan, plan->kind->multiply(plan->multiply, plan->x, plan->partials));
    if (plan->status != AXPROD_OK && plan->transport != AXP_MPI_ALONE && !axp_mpi_sends_elements(plan))
        axp_mpi_fill(plan->kind, plan->partials, plan->outputs);
    plan->header.failure = axp_mpi_failure(plan->status, plan->geometry.rank);
}

static axp_mpi_stage first_stage(axprod_mpi_plan *plan) {
    switch (plan->transport) {
    case AXP_MPI_GATHER:
        return AXP_MPI_STAGE_GATHER;
    case AXP_MPI_REDUCE:
        return AXP_MPI_STAGE_REDUCE;
    case AXP_MPI_EXCHANGE:
        return AXP_MPI_STAGE_EXCHANGE;
    case AXP_MPI_GATHER_ELEMENTS:
        return AXP_MPI_STAGE_GATHER_ELEMENTS;
    case AXP_MPI_EXCHANGE_ELEMENTS:
        return AXP_MPI_STAGE_EXCHANGE_ELEMENTS;
    default:
        if (plan->agree != MPI_COMM_NULL)
            return axp_mpi_after_results(plan);
        if (!plan->direct && plan->status == AXPROD_OK)
            axp_mpi_store_space(plan);
        return AXP_MPI_STAGE_DONE;
    }
}

static axprod_status begin(axprod_mpi_plan *plan, const void *x, void *out, void *second, bool blocking) {
    if (!plan)
        return axp_mpi_fail(AXPROD_ERROR_NULL, "plan is NULL");
    if (plan->started)
        return axp_mpi_fail(AXPROD_ERROR_UNSUPPORTED, "the plan is under way: wait for it first");
    plan->started = true;
    if (plan->broken)
        return AXPROD_OK; /* with the status of what broke it */
    plan->status = AXPROD_OK;
    plan->header = (axp_mpi_header){0};
    plan->blocking = blocking;
    plan->x = x;
    plan->data[0] = out;
    plan->data[1] = second;
    plan->turn = plan->output = 0;
    plan->num_unresolved = 0;
    plan->settled = false;
    multiply(plan);
    enter(plan, first_stage(plan));
    return AXPROD_OK;
}

/* The status of an execution that is done. */
static axprod_status end(axprod_mpi_plan *plan) {
    plan->started = false;
    axp_mpi_free_round(&plan->round);
    if (plan->status == AXPROD_OK)
        return AXPROD_OK;
    if (plan->agree == MPI_COMM_NULL)
        return axp_mpi_fail_as(axp_mpi_failure(plan->status, plan->geometry.rank), plan->sentence);
    return axp_mpi_fail(plan->status, "%s", plan->sentence);
}

axprod_status axprod_mpi_plan_execute(axprod_mpi_plan *plan, const void *x, void *out, void *second) {
    AXP_TRY(begin(plan, x, out, second, true));
    advance(plan, true);
    return end(plan);
}

axprod_status axprod_mpi_plan_start(axprod_mpi_plan *plan, const void *x, void *out, void *second) {
    return begin(plan, x, out, second, false);
}

static axprod_status check_started(const axprod_mpi_plan *plan) {
    if (!plan)
        return axp_mpi_fail(AXPROD_ERROR_NULL, "plan is NULL");
    if (!plan->started)
        return axp_mpi_fail(AXPROD_ERROR_UNSUPPORTED, "the plan is not under way: start it first");
    return AXPROD_OK;
}

axprod_status axprod_mpi_plan_test(axprod_mpi_plan *plan, bool *done) {
    if (!done)
        return axp_mpi_fail(AXPROD_ERROR_NULL, "done is NULL");
    AXP_TRY(check_started(plan));
    *done = advance(plan, false);
    return *done ? end(plan) : AXPROD_OK;
}

axprod_status axprod_mpi_plan_wait(axprod_mpi_plan *plan) {
    AXP_TRY(check_started(plan));
    advance(plan, true);
    return end(plan);
}
