/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a call to a plan: each rank checks its own arguments, then all ranks agree on errors and on the arguments that
 * have to be the same, learn each other's boxes, and agree once more when they have the memory.
 */
#include "plan.h"

#include <stdio.h>
#include <string.h>

axprod_status axp_mpi_core_plan(axprod_plan **plan, axp_mpi_form form, const axprod_tensor *x, const int *axes,
                                int naxes, const axprod_options *options, const axprod_tensor *out,
                                const axprod_tensor *second) {
    if (form == AXP_MPI_SCALED)
        return axprod_plan_create_scaled(plan, x, axes, naxes, options, out, second);
    if (form == AXP_MPI_LOG)
        return axprod_plan_create_log(plan, x, axes, naxes, options, out, second);
    return axprod_plan_create(plan, x, axes, naxes, options, out);
}

/* ------------------------------------------------------------------------------------- arguments of this rank --- */

static axprod_status check_options(const axprod_mpi_options *options, int ranks) {
    if (options->size != sizeof *options)
        return axp_mpi_fail(AXPROD_ERROR_OPTIONS,
                            "options.size is %zu; this library knows %zu (use AXPROD_MPI_OPTIONS_INIT)", options->size,
                            sizeof *options);
    if (options->result < AXPROD_MPI_LOCAL || options->result > AXPROD_MPI_SCATTER)
        return axp_mpi_fail(AXPROD_ERROR_OPTIONS, "options.result is %d, which is none", (int)options->result);
    if (options->root < 0 || options->root >= ranks)
        return axp_mpi_fail(AXPROD_ERROR_OPTIONS, "options.root is %d; the communicator has ranks 0 to %d",
                            options->root, ranks - 1);
    return AXPROD_OK;
}

static axprod_status check_box(const axprod_tensor *local, const int64_t *global_shape, const int64_t *offset) {
    for (int d = 0; d < local->ndim; d++)
        if (offset[d] < 0 || local->shape[d] > global_shape[d] || offset[d] > global_shape[d] - local->shape[d])
            return axp_mpi_fail(AXPROD_ERROR_SHAPE,
                                "offset[%d] is %lld and extent %d of local is %lld: the box is not inside the global "
                                "extent of %lld",
                                d, (long long)offset[d], d, (long long)local->shape[d], (long long)global_shape[d]);
    return AXPROD_OK;
}

/* What the core says to a tensor and these outputs, NULL standing for tensors that it would accept. */
static axprod_status check_with_core(const axp_mpi_request *request, const axprod_tensor *x,
                                     const axprod_options *options, const axprod_tensor *const out[2],
                                     const axprod_dtype dtypes[2]) {
    int64_t shape[AXPROD_MAX_NDIM];
    axprod_tensor fit[2] = {{.dtype = dtypes[0], .shape = shape}, {.dtype = dtypes[1], .shape = shape}};
    axprod_plan *plan;
    AXP_TRY(axprod_result_shape(x->ndim, x->shape, request->axes, request->naxes, false, &fit[0].ndim, shape));
    fit[1].ndim = fit[0].ndim;
    axprod_status status = axp_mpi_core_plan(&plan, request->form, x, request->axes, request->naxes, options,
                                             out ? out[0] : &fit[0], out ? out[1] : &fit[1]);
    axprod_plan_destroy(plan);
    return status;
}

static void choose_dtypes(const axp_mpi_request *request, axprod_dtype dtypes[2]) {
    const axprod_tensor *out = request->out[0];
    dtypes[0] = request->form != AXP_MPI_VALUE ? AXPROD_F64
                : out                          ? out->dtype
                                               : axprod_result_dtype(request->local->dtype);
    dtypes[1] = request->form == AXP_MPI_VALUE ? AXPROD_DTYPE_NONE
                : request->form == AXP_MPI_LOG ? AXPROD_F64
                                               : AXPROD_I64;
}

static axprod_status check_slices(const axp_mpi_request *request, const axprod_dtype dtypes[2]) {
    for (int i = 0; i < (request->form == AXP_MPI_VALUE ? 1 : 2); i++) {
        const axprod_tensor *out = request->out[i];
        if (!out)
            return axp_mpi_fail(AXPROD_ERROR_NULL, "an output is NULL");
        if (out->ndim != 1)
            return axp_mpi_fail(AXPROD_ERROR_OUT_SHAPE, "an output has %d dimensions; a slice has one", out->ndim);
        if (out->dtype != dtypes[i])
            return axp_mpi_fail(AXPROD_ERROR_OUT_DTYPE, "the dtype of an output is %s; it has to be %s",
                                axprod_dtype_name(out->dtype), axprod_dtype_name(dtypes[i]));
    }
    return AXPROD_OK;
}

static uint64_t set_of_axes(int ndim, const int *axes, int naxes) {
    uint64_t set = 0;
    for (int d = 0; d < ndim && !axes; d++)
        set |= UINT64_C(1) << d;
    for (int i = 0; i < naxes && axes; i++)
        set |= UINT64_C(1) << (axes[i] < 0 ? axes[i] + ndim : axes[i]);
    return set;
}

static void copy_tensor(const axprod_tensor *from, axprod_tensor *to, int64_t *shape, int64_t *strides) {
    *to = (axprod_tensor){NULL, from->dtype, from->ndim, shape, from->strides ? strides : NULL};
    for (int d = 0; d < from->ndim; d++) {
        shape[d] = from->shape[d];
        if (from->strides)
            strides[d] = from->strides[d];
    }
}

static axprod_status check_pointers(const axp_mpi_request *request) {
    if (!request->local)
        return axp_mpi_fail(AXPROD_ERROR_NULL, "local is NULL");
    if (request->local->ndim > 0 && (!request->global_shape || !request->offset))
        return axp_mpi_fail(AXPROD_ERROR_NULL, "%s is NULL", request->global_shape ? "offset" : "global_shape");
    return AXPROD_OK;
}

/* Fills the plan from this rank's tensors.
 * local_out, global_out: the outputs have the shape of this rank's result, or of the whole one. */
static axprod_status prepare_tensors(axprod_mpi_plan *plan, const axp_mpi_request *request,
                                     const axprod_options *options, bool local_out, bool global_out) {
    const axprod_tensor *local = request->local;
    AXP_TRY(check_with_core(request, local, options, local_out ? request->out : NULL, plan->dtypes));
    axprod_tensor global = {NULL, local->dtype, local->ndim, request->global_shape, NULL};
    AXP_TRY(check_with_core(request, &global, NULL, global_out ? request->out : NULL, plan->dtypes));
    AXP_TRY(check_box(local, request->global_shape, request->offset));
    copy_tensor(local, &plan->local, plan->shapes[0], plan->strides[0]);
    return axp_mpi_geometry_init(&plan->geometry, plan->context->ranks, plan->context->rank, local->ndim,
                                 set_of_axes(local->ndim, request->axes, request->naxes), request->global_shape);
}

/* Fills the plan from the arguments of this rank. */
static axprod_status prepare(axprod_mpi_plan *plan, const axp_mpi_request *request, const axprod_mpi_options *options) {
    AXP_TRY(check_options(options, plan->context->ranks));
    plan->form = request->form;
    plan->result = options->result;
    plan->root = options->root;
    plan->receives = options->result != AXPROD_MPI_ROOT || options->root == plan->context->rank;
    AXP_TRY(check_pointers(request));
    choose_dtypes(request, plan->dtypes);
    if (plan->result == AXPROD_MPI_SCATTER)
        AXP_TRY(check_slices(request, plan->dtypes));
    axprod_options core = AXPROD_OPTIONS_INIT;
    core.num_threads = options->num_threads;
    AXP_TRY(prepare_tensors(plan, request, &core, plan->result == AXPROD_MPI_LOCAL,
                            plan->result == AXPROD_MPI_ALL || (plan->result == AXPROD_MPI_ROOT && plan->receives)));
    for (int i = 0; i < 2 && plan->receives && request->out[i]; i++)
        copy_tensor(request->out[i], &plan->out[i], plan->shapes[1 + i], plan->strides[1 + i]);
    return AXPROD_OK;
}

/* The same without outputs and options. */
static axprod_status prepare_boxes(axprod_mpi_plan *plan, const axp_mpi_request *request) {
    AXP_TRY(check_pointers(request));
    plan->receives = true;
    choose_dtypes(request, plan->dtypes);
    return prepare_tensors(plan, request, NULL, false, false);
}

/* --------------------------------------------------------------------------- arguments that are the same on all --- */

enum {
    SAME_NDIM,
    SAME_DTYPE,
    SAME_FORM,
    SAME_RESULT,
    SAME_ROOT,
    SAME_AXES,
    SAME_SHAPE,
    SAME_OUT_DTYPE,
    SAMES
};

static const char *const same_names[SAMES] = {
    "the number of dimensions", "the dtype of local", "the form",        "options.result", "options.root",
    "the set of axes",          "global_shape",       "the dtype of out"};

static int64_t hash_of_shape(int ndim, const int64_t *shape) {
    uint64_t hash = 0;
    for (int d = 0; d < ndim; d++)
        hash = (hash ^ (uint64_t)shape[d]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
    return (int64_t)hash;
}

/* One message: the status, and each value with its complement, whose maxima are the largest and smallest value. */
static axprod_status agree_on_arguments(axprod_mpi_plan *plan, const axp_mpi_request *request, axprod_status status,
                                        const axp_mpi_context *context) {
    struct {
        int64_t failure, value[SAMES], complement[SAMES];
    } mine = {0};
    char sentence[AXP_MPI_SENTENCE];
    mine.failure = axp_mpi_failure(status, context->rank);
    if (status == AXPROD_OK) {
        const axp_mpi_geometry *g = &plan->geometry;
        const int64_t values[SAMES] = {g->ndim,
                                       plan->local.dtype,
                                       plan->form,
                                       plan->result,
                                       plan->root,
                                       (int64_t)g->reduced,
                                       hash_of_shape(g->ndim, request->global_shape),
                                       plan->dtypes[0]};
        memcpy(mine.value, values, sizeof values);
        for (int i = 0; i < SAMES; i++)
            mine.complement[i] = ~values[i];
        /* What has no result need not know its dtype. */
        if (!plan->receives)
            mine.value[SAME_OUT_DTYPE] = mine.complement[SAME_OUT_DTYPE] = INT64_MIN;
    }
    AXP_TRY_MPI(
        MPI_Allreduce(MPI_IN_PLACE, &mine, (int)(sizeof mine / sizeof(int64_t)), MPI_INT64_T, MPI_MAX, context->comm));
    if (mine.failure) {
        snprintf(sentence, sizeof sentence, "%s", axprod_last_error());
        AXP_TRY_MPI(MPI_Bcast(sentence, sizeof sentence, MPI_CHAR, axp_mpi_failure_rank(mine.failure), context->comm));
        return axp_mpi_fail_as(mine.failure, sentence);
    }
    for (int i = 0; i < SAMES; i++)
        if (mine.value[i] != ~mine.complement[i])
            return axp_mpi_fail(AXPROD_ERROR_DIFFER, "%s differs between ranks", same_names[i]);
    plan->dtypes[0] = (axprod_dtype)mine.value[SAME_OUT_DTYPE];
    plan->kind = axp_mpi_kind_of(plan->form, plan->local.dtype, plan->dtypes[0]);
    return AXPROD_OK;
}

/* ------------------------------------------------------------------------------------------ boxes of all ranks --- */

/* The idle slots travel with the boxes; *idle becomes the set of those idle on all ranks. */
static axprod_status exchange_boxes(axprod_mpi_plan *plan, const int64_t *offset, uint64_t *idle) {
    axp_mpi_geometry *g = &plan->geometry;
    int64_t mine[2 * AXPROD_MAX_NDIM];
    for (int d = 0; d < g->ndim; d++) {
        mine[d] = offset[d];
        mine[g->ndim + d] = plan->local.shape[d];
    }
    AXP_TRY_MPI(MPI_Allgather(mine, 2 * g->ndim, MPI_INT64_T, g->boxes, 2 * g->ndim, MPI_INT64_T, plan->context->comm));
    *idle = axp_mpi_idle_slots(plan->context);
    AXP_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, idle, 1, MPI_UINT64_T, MPI_BAND, plan->context->comm));
    return AXPROD_OK;
}

/* The first half of a creation: what ranks have to agree on, and the boxes. The status is still this rank's own. */
static axprod_status learn(axprod_mpi_plan *plan, const axp_mpi_request *request, axprod_status status,
                           axp_mpi_context *context, uint64_t *idle, axprod_status *solved) {
    AXP_TRY(agree_on_arguments(plan, request, status, context));
    AXP_TRY(exchange_boxes(plan, request->offset, idle));
    *solved = axp_mpi_geometry_solve(&plan->geometry);
    return AXPROD_OK;
}

static axprod_status create(axprod_mpi_plan *plan, const axp_mpi_request *request, axp_mpi_context *context) {
    static const axprod_mpi_options initial = AXPROD_MPI_OPTIONS_INIT;
    const axprod_mpi_options *options = request->options ? request->options : &initial;
    uint64_t idle;
    axprod_status status = plan ? prepare(plan, request, options) : AXPROD_ERROR_NO_MEMORY, solved;
    AXP_TRY(learn(plan, request, status, context, &idle, &solved));
    if (solved == AXPROD_OK)
        solved = axp_mpi_lay_out(plan, request->axes, request->naxes, options);
    AXP_TRY(axp_mpi_agree(context->comm, solved));
    return axp_mpi_connect(plan, &idle);
}

/* An empty plan, NULL without memory; it has the reference to the context. */
static axprod_mpi_plan *make(axp_mpi_context *context) {
    axprod_mpi_plan *plan = axp_mpi_alloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    memset(plan, 0, sizeof *plan);
    plan->context = context;
    plan->slots[0] = plan->slots[1] = -1;
    plan->group = plan->agree = MPI_COMM_NULL;
    plan->round.type = MPI_DATATYPE_NULL;
    return plan;
}

static void discard(axprod_mpi_plan *plan, axp_mpi_context *context) {
    if (plan)
        axprod_mpi_plan_destroy(plan);
    else
        axp_mpi_context_release(context);
}

axprod_status axp_mpi_create(axprod_mpi_plan **plan, const axp_mpi_request *request) {
    axp_mpi_context *context;
    if (!plan)
        return axp_mpi_fail(AXPROD_ERROR_NULL, "plan is NULL");
    *plan = NULL;
    AXP_TRY(axp_mpi_context_get(request->comm, &context));
    axprod_mpi_plan *made = make(context);
    axprod_status status = create(made, request, context);
    if (status == AXPROD_OK)
        *plan = made;
    else
        discard(made, context);
    return status;
}

axprod_status axp_mpi_slice(const axp_mpi_request *request, int64_t *first, int64_t *count) {
    axp_mpi_context *context;
    AXP_TRY(axp_mpi_context_get(request->comm, &context));
    axprod_mpi_plan *plan = make(context);
    axprod_status status = plan ? prepare_boxes(plan, request) : AXPROD_ERROR_NO_MEMORY, solved;
    uint64_t idle;
    if (status == AXPROD_OK && (!first || !count))
        status = axp_mpi_fail(AXPROD_ERROR_NULL, "%s is NULL", first ? "count" : "first");
    status = learn(plan, request, status, context, &idle, &solved);
    if (status == AXPROD_OK)
        status = axp_mpi_agree(context->comm, solved);
    if (status == AXPROD_OK)
        *count = axp_mpi_slice_of(&plan->geometry, context->rank, first);
    discard(plan, context);
    return status;
}
