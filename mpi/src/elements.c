/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where each rank of a reduce group has one factor of each output, elements travel instead of partials: they are
 * shorter, and who has all of an output needs no second look at a doubtful rounding.
 */
#include "plan.h"

#include <string.h>

bool axp_mpi_has_single_factors(const axp_mpi_geometry *g) {
    for (int r = 0; r < g->ranks; r++) {
        const int64_t *box = g->boxes + 2 * (int64_t)g->ndim * r;
        if (g->group[r] == g->group[g->rank] &&
            axp_mpi_box_count((axp_mpi_box){g->ndim, box, box + g->ndim}) != axp_mpi_box_count(axp_mpi_kept(g, r)))
            return false;
    }
    return !g->united && axp_mpi_box_count(axp_mpi_kept(g, g->rank)) > 0;
}

int64_t axp_mpi_element_bytes(const axprod_mpi_plan *plan) {
    return (int64_t)axprod_dtype_size(plan->local.dtype);
}

static bool gathers(const axprod_mpi_plan *plan) {
    return plan->transport == AXP_MPI_GATHER_ELEMENTS;
}

/* --------------------------------------------------------------------------------------------- plans and memory --- */

/* Elements are sent from where they are if they follow each other there, and nobody wants to hear of their reading.
 * What packs them is also what a rank describes that gathers for others alone. */
axprod_status axp_mpi_plan_packing(axprod_mpi_plan *plan, const int *axes, int naxes, const axprod_options *core) {
    axp_mpi_box kept = axp_mpi_kept(&plan->geometry, plan->geometry.rank);
    axprod_dtype dtype = plan->local.dtype == AXPROD_BOOL ? AXPROD_U8 : plan->local.dtype;
    axprod_tensor dense = {NULL, dtype, kept.ndim, kept.extent, NULL};
    plan->in_place = axp_mpi_is_dense(&plan->local) && !core->progress;
    if (plan->in_place && (plan->receives || !gathers(plan)))
        return AXPROD_OK;
    return axp_mpi_core_plan(&plan->multiply, AXP_MPI_VALUE, &plan->local, axes, naxes, core, &dense, NULL);
}

/* An output without its reduced axes, of which keepdims leaves extent 1. */
static axprod_tensor without_reduced(const axprod_mpi_plan *plan, int i, int64_t *shape, int64_t *strides) {
    const axp_mpi_geometry *g = &plan->geometry;
    const axprod_tensor *out = &plan->out[i];
    if (plan->result == AXPROD_MPI_SCATTER || out->ndim != g->ndim)
        return *out;
    axprod_tensor rest = {NULL, out->dtype, 0, shape, out->strides ? strides : NULL};
    for (int d = 0; d < g->ndim; d++) {
        if (g->reduced >> d & 1)
            continue;
        shape[rest.ndim] = out->shape[d];
        if (out->strides)
            strides[rest.ndim] = out->strides[d];
        rest.ndim++;
    }
    return rest;
}

/* From what all ranks have sent, one row of elements for each, into the outputs. On one thread: it takes no memory. */
static axprod_status plan_gathered(axprod_mpi_plan *plan) {
    bool slice = plan->result == AXPROD_MPI_SCATTER;
    axp_mpi_box kept = axp_mpi_kept(&plan->geometry, plan->geometry.rank);
    int64_t shape[AXPROD_MAX_NDIM + 1] = {plan->size}, strides[AXPROD_MAX_NDIM + 1] = {plan->gather_at[1]};
    int64_t shapes[2][AXPROD_MAX_NDIM], out_strides[2][AXPROD_MAX_NDIM], pitch = axp_mpi_element_bytes(plan);
    axprod_tensor x = {NULL, plan->local.dtype, 1 + (slice ? 1 : kept.ndim), shape, strides}, out[2];
    for (int d = x.ndim - 1; d > 0; d--) {
        shape[d] = slice ? plan->count : kept.extent[d - 1];
        strides[d] = pitch;
        pitch *= shape[d];
    }
    for (int i = 0; i < 2; i++)
        out[i] = without_reduced(plan, i, shapes[i], out_strides[i]);
    axprod_options core = AXPROD_OPTIONS_INIT;
    core.num_threads = 1;
    return axp_mpi_core_plan(&plan->finish, plan->form, &x, &(int){0}, 1, &core, &out[0], &out[1]);
}

/* From what one step has brought, into results. */
static axprod_status plan_step(axprod_mpi_plan *plan, int threads) {
    const int64_t shape[2] = {plan->size, plan->step};
    axprod_tensor x = {NULL, plan->local.dtype, 2, shape, NULL}, out[2];
    for (int i = 0; i < 2; i++)
        out[i] = (axprod_tensor){NULL, plan->dtypes[i], 1, &plan->step, NULL};
    axprod_options core = AXPROD_OPTIONS_INIT;
    core.num_threads = threads;
    return axp_mpi_core_plan(&plan->finish, plan->form, &x, &(int){0}, 1, &core, &out[0], &out[1]);
}

axprod_status axp_mpi_plan_elements(axprod_mpi_plan *plan, int threads) {
    if (!gathers(plan))
        return plan_step(plan, threads);
    return plan->receives ? plan_gathered(plan) : AXPROD_OK;
}

static int64_t received_bytes(const axprod_mpi_plan *plan) {
    return gathers(plan) ? axp_mpi_gathered_bytes(plan) : plan->size * plan->step * axp_mpi_element_bytes(plan);
}

void axp_mpi_want_elements(axprod_mpi_plan *plan, axp_mpi_rooms *rooms) {
    bool packs = !gathers(plan) && !plan->in_place;
    axp_mpi_want(rooms, &plan->sent, packs ? plan->outputs : 0, axp_mpi_element_bytes(plan));
    axp_mpi_want(rooms, &plan->received, received_bytes(plan), 1);
}

void axp_mpi_prepare_elements(axprod_mpi_plan *plan) {
    plan->partials = gathers(plan) ? plan->received + plan->gather_at[plan->member] + AXP_MPI_STATUS_BYTES : plan->sent;
    memset(plan->received, 0, (size_t)received_bytes(plan)); /* a rank that fails sends what is there */
}

/* ---------------------------------------------------------------------------------------------------- execution --- */

axprod_status axp_mpi_collect_elements(axprod_mpi_plan *plan) {
    if (!plan->in_place)
        return axprod_plan_execute(plan->multiply, plan->x, plan->partials);
    if (gathers(plan))
        memcpy(plan->partials, plan->x, (size_t)(plan->outputs * axp_mpi_element_bytes(plan)));
    return AXPROD_OK;
}

static axprod_status multiply_received(const axprod_mpi_plan *plan, const char *x, void *first, void *second) {
    if (plan->form == AXP_MPI_VALUE)
        return axprod_plan_execute(plan->finish, x, first);
    return axprod_plan_execute_pair(plan->finish, x, first, second);
}

axp_mpi_stage axp_mpi_end_gather_elements(axprod_mpi_plan *plan) {
    int64_t failure = axp_mpi_gathered_failure(plan);
    if (failure) {
        plan->agreed.failure = failure;
        return AXP_MPI_STAGE_SENTENCE;
    }
    int64_t skipped = plan->result == AXPROD_MPI_SCATTER ? plan->first * axp_mpi_element_bytes(plan) : 0;
    if (plan->receives)
        axp_mpi_note(plan, multiply_received(plan, plan->received + AXP_MPI_STATUS_BYTES + skipped, plan->data[0],
                                             plan->data[1]));
    return AXP_MPI_STAGE_DONE;
}

/* What a step brings from a member. */
static char *row_of(const axprod_mpi_plan *plan, int i) {
    return plan->received + i * plan->step * axp_mpi_element_bytes(plan);
}

/* Slices to their owners, to the next rank first; a rank that has failed may have no elements and sends its row. */
static int send_elements(axprod_mpi_plan *plan, int i, const char *elements) {
    int64_t begin, end, bytes = axp_mpi_element_bytes(plan);
    axp_mpi_turn(plan, plan->ranks[i], plan->step, &begin, &end);
    const char *from = plan->status == AXPROD_OK ? elements + begin * bytes : row_of(plan, plan->member);
    return axp_mpi_post_send(plan, plan->group, from, (end - begin) * bytes, i);
}

int axp_mpi_post_exchange_elements(axprod_mpi_plan *plan) {
    const char *elements = plan->in_place ? plan->x : plan->partials;
    int64_t begin, end, bytes = axp_mpi_element_bytes(plan);
    int code = MPI_SUCCESS;
    axp_mpi_turn(plan, plan->geometry.rank, plan->step, &begin, &end);
    for (int i = 0; i < plan->size && code == MPI_SUCCESS; i++)
        if (i != plan->member)
            code = axp_mpi_post_receive(plan, plan->group, row_of(plan, i), (end - begin) * bytes, i);
    for (int k = 1; k < plan->size && code == MPI_SUCCESS; k++)
        code = send_elements(plan, (plan->member + k) % plan->size, elements);
    if (plan->status == AXPROD_OK)
        memcpy(row_of(plan, plan->member), elements + begin * bytes, (size_t)((end - begin) * bytes));
    return code;
}

/* The last step may be shorter than its results: what is multiplied beyond it is nobody's. */
axp_mpi_stage axp_mpi_end_exchange_elements(axprod_mpi_plan *plan) {
    char *values[2];
    for (int i = 0; i < 2; i++)
        values[i] = plan->results[i] + (plan->results[i] ? plan->turn * plan->step : 0) * axp_mpi_result_bytes(plan, i);
    axp_mpi_note(plan, multiply_received(plan, plan->received, values[0], values[1]));
    if (++plan->turn < plan->turns)
        return AXP_MPI_STAGE_EXCHANGE_ELEMENTS;
    plan->turn = 0;
    return axp_mpi_after_results(plan);
}
