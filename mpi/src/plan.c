/* SPDX-License-Identifier: BSD-3-Clause */
/* How partials travel in a plan: the transport, the memory and the communicators that it needs; its description. */
#include "plan.h"

#include <stdio.h>
#include <string.h>

enum {
    /* All partials of a group, up to this, go to all of its ranks, in messages that MPI sends without asking first. */
    GATHER_BYTES = 65536,
    /* Elements of so many outputs, of so many ranks at most, likewise: few enough that the core multiplies them without
     * taking memory, which might not be there on one rank alone. */
    GATHER_OUTPUTS = 256,
    GATHER_RANKS = 64,
    /* In larger groups messages between all pairs are worth their number from this on for each. */
    PAIR_BYTES = 2048,
    /* Partials of all ranks in one step of an exchange, and results of all ranks in one step of sharing them: what the
     * caches hold. */
    STEP_PARTIALS = 1 << 16,
    STEP_RESULTS = 1 << 17,
};

/* ---------------------------------------------------------------------------------------------------- transport --- */

/* The bytes that all ranks of this rank's group, or with `all` all ranks, would gather, a status from each among them;
 * INT64_MAX where a message is too long for that. */
static int64_t bytes_to_gather(const axprod_mpi_plan *plan, bool all) {
    const axp_mpi_geometry *g = &plan->geometry;
    int64_t sum = 0;
    for (int r = 0; r < g->ranks; r++) {
        int64_t bytes;
        if (!all && g->group[r] != g->group[g->rank])
            continue;
        if (__builtin_mul_overflow(axp_mpi_box_count(axp_mpi_kept(g, r)), plan->kind->bytes, &bytes) ||
            bytes > AXP_MPI_EAGER_BYTES - AXP_MPI_STATUS_BYTES)
            return INT64_MAX;
        sum += AXP_MPI_STATUS_BYTES + bytes;
    }
    return sum;
}

/* The longest slice among all ranks, or those of this rank's group. */
static int64_t longest_slice(const axp_mpi_geometry *g, bool all) {
    int64_t longest = 0, first;
    for (int r = 0; r < g->ranks; r++)
        if (all || g->group[r] == g->group[g->rank])
            longest = axp_mpi_max(longest, axp_mpi_slice_of(g, r, &first));
    return longest;
}

/*
 * Whether all ranks can multiply all elements of the group: then no other ranks may wait for their word. Complex bits
 * depend on where each rank has its output, so there one rank does it for all.
 */
static bool gathers_elements(const axprod_mpi_plan *plan) {
    bool is_complex = plan->local.dtype == AXPROD_C64 || plan->local.dtype == AXPROD_C128;
    return !is_complex && plan->outputs <= GATHER_OUTPUTS && plan->size <= GATHER_RANKS &&
           (!plan->for_all || plan->size == plan->geometry.ranks);
}

static axp_mpi_transport choose_transport(const axprod_mpi_plan *plan) {
    const axp_mpi_geometry *g = &plan->geometry;
    int64_t pair = axp_mpi_box_count(axp_mpi_space(g, g->rank)) / plan->size;
    bool few = plan->size <= AXP_MPI_PAIRED_RANKS, single = axp_mpi_has_single_factors(g);
    if (plan->size == 1)
        return AXP_MPI_ALONE;
    if (single && gathers_elements(plan))
        return AXP_MPI_GATHER_ELEMENTS;
    if (single && (few || pair * plan->kind->bytes >= PAIR_BYTES))
        return AXP_MPI_EXCHANGE_ELEMENTS;
    if (bytes_to_gather(plan, false) <= GATHER_BYTES)
        return AXP_MPI_GATHER;
    return g->united || few || pair * plan->kind->bytes >= PAIR_BYTES ? AXP_MPI_EXCHANGE : AXP_MPI_REDUCE;
}

/* Packed partials where they are finished as they arrive; they cannot be merged. */
static void choose_kind_and_transport(axprod_mpi_plan *plan) {
    const axp_mpi_kind *kind = plan->kind;
    if (!plan->geometry.united)
        plan->kind = axp_mpi_pack(kind, plan->local.dtype, plan->geometry.factors);
    plan->transport = choose_transport(plan);
    if (plan->transport == AXP_MPI_REDUCE)
        plan->kind = kind;
}

/* Steps of about the same length: elements of a step are multiplied as a whole. */
static void choose_steps(axprod_mpi_plan *plan) {
    int64_t longest = longest_slice(&plan->geometry, false);
    plan->step = axp_mpi_max(1, axp_mpi_min(longest, STEP_PARTIALS / plan->size));
    plan->turns = axp_mpi_divide_up(longest, plan->step);
    if (plan->turns > 0)
        plan->step = axp_mpi_divide_up(longest, plan->turns);
    plan->longest = longest_slice(&plan->geometry, plan->for_all);
    plan->share_step = axp_mpi_max(1, axp_mpi_min(plan->longest, STEP_RESULTS / plan->sharers));
}

static void divide_work(axprod_mpi_plan *plan) {
    axp_mpi_geometry *g = &plan->geometry;
    plan->for_all = plan->result == AXPROD_MPI_ALL || plan->result == AXPROD_MPI_ROOT;
    if (plan->for_all && g->size[g->rank] < g->ranks && bytes_to_gather(plan, true) <= GATHER_BYTES)
        axp_mpi_unite(g);
    plan->size = g->size[g->rank];
    plan->member = g->member[g->rank];
    plan->outputs = axp_mpi_box_count(axp_mpi_kept(g, g->rank));
    plan->count = axp_mpi_slice_of(g, g->rank, &plan->first);
    plan->sharers = plan->for_all ? g->ranks : plan->size;
    choose_kind_and_transport(plan);
    plan->direct = plan->size == 1 && (plan->result == AXPROD_MPI_LOCAL || (plan->for_all && g->ranks == 1));
    bool everything = plan->transport == AXP_MPI_GATHER;
    plan->values_first = everything ? 0 : plan->first;
    plan->values_count = everything ? axp_mpi_box_count(axp_mpi_space(g, g->rank)) : plan->count;
    choose_steps(plan);
}

void axp_mpi_turn(const axprod_mpi_plan *plan, int rank, int64_t step, int64_t *begin, int64_t *end) {
    int64_t first, count = axp_mpi_slice_of(&plan->geometry, rank, &first);
    *begin = first + axp_mpi_min(count, plan->turn * step);
    *end = first + axp_mpi_min(count, (plan->turn + 1) * step);
}

/* ------------------------------------------------------------------------------------------- plans of the core --- */

/* The plan that multiplies this rank's box: into the outputs, into dense results, or into what travels. */
static axprod_status plan_multiply(axprod_mpi_plan *plan, const int *axes, int naxes, const axprod_options *core) {
    axp_mpi_box kept = axp_mpi_kept(&plan->geometry, plan->geometry.rank);
    axprod_tensor dense[2];
    for (int i = 0; i < 2; i++)
        dense[i] = (axprod_tensor){NULL, plan->dtypes[i], kept.ndim, kept.extent, NULL};
    if (plan->transport != AXP_MPI_ALONE && plan->kind->dtype != AXPROD_DTYPE_NONE)
        dense[0].dtype = plan->kind->dtype;
    const axprod_tensor *out = plan->direct ? plan->out : dense;
    return axp_mpi_core_plan(&plan->multiply, plan->form, &plan->local, axes, naxes, core, &out[0], &out[1]);
}

/* The plan that finishes partials into dense results: of no axis, so that its outputs are the partials in turn. */
static axprod_status plan_finish(axprod_mpi_plan *plan) {
    axprod_tensor x = {NULL, plan->local.dtype, 1, &plan->values_count, NULL}, dense[2];
    for (int i = 0; i < 2; i++)
        dense[i] = (axprod_tensor){NULL, plan->dtypes[i], 1, &plan->values_count, NULL};
    if (plan->kind->dtype != AXPROD_DTYPE_NONE)
        return AXPROD_OK; /* finished without a plan */
    return axp_mpi_core_plan(&plan->finish, plan->form, &x, &(int){0}, 0, NULL, &dense[0], &dense[1]);
}

/* An output that keeps a slice has to be as long as that. */
static axprod_status check_slice(const axprod_mpi_plan *plan) {
    for (int i = 0; i < 2 && plan->result == AXPROD_MPI_SCATTER && plan->dtypes[i]; i++)
        if (plan->out[i].shape[0] != plan->count)
            return axp_mpi_fail(AXPROD_ERROR_OUT_SHAPE, "an output has %lld elements; this rank's slice has %lld",
                                (long long)plan->out[i].shape[0], (long long)plan->count);
    return AXPROD_OK;
}

/* ------------------------------------------------------------------------------------------------------- memory --- */

static int64_t requests_at_once(const axprod_mpi_plan *plan) {
    return AXP_MPI_PIECES *
           axp_mpi_max(2 * (int64_t)plan->size, axp_mpi_shares_in_pairs(plan) ? 4 * (int64_t)plan->sharers : 0);
}

static axprod_status list_ranks(axprod_mpi_plan *plan) {
    const axp_mpi_geometry *g = &plan->geometry;
    plan->ranks = axp_mpi_alloc(plan->size, sizeof *plan->ranks);
    plan->send_counts = axp_mpi_alloc(6 * (int64_t)g->ranks, sizeof(int));
    plan->asked = axp_mpi_alloc(plan->size, sizeof *plan->asked);
    plan->division = axp_mpi_alloc(g->ranks, sizeof *plan->division);
    plan->requests = axp_mpi_alloc(requests_at_once(plan), sizeof *plan->requests);
    plan->headers = axp_mpi_alloc(axp_mpi_shares_in_pairs(plan) ? plan->sharers : 0, sizeof *plan->headers);
    plan->pieces = axp_mpi_alloc(plan->size, sizeof *plan->pieces);
    if (!plan->headers || !plan->pieces || !plan->ranks || !plan->send_counts || !plan->asked || !plan->division ||
        !plan->requests)
        return AXPROD_ERROR_NO_MEMORY;
    memcpy(plan->division, g->group, (size_t)g->ranks * sizeof *plan->division);
    plan->send_at = plan->send_counts + g->ranks;
    plan->receive_counts = plan->send_at + g->ranks;
    plan->receive_at = plan->receive_counts + g->ranks;
    plan->gather_counts = plan->receive_at + g->ranks;
    plan->gather_at = plan->gather_counts + g->ranks;
    for (int r = 0; r < g->ranks; r++)
        if (g->group[r] == g->group[g->rank])
            plan->ranks[g->member[r]] = r;
    return AXPROD_OK;
}

/* From each rank its status, then partials or elements of its outputs. */
static void lay_out_gathered(axprod_mpi_plan *plan) {
    int64_t bytes = axp_mpi_sends_elements(plan) ? axp_mpi_element_bytes(plan) : plan->kind->bytes;
    int at = 0;
    for (int i = 0; i < plan->size && axp_mpi_gathers(plan); i++) {
        int64_t outputs = axp_mpi_box_count(axp_mpi_kept(&plan->geometry, plan->ranks[i]));
        plan->gather_counts[i] = (int)(AXP_MPI_STATUS_BYTES + outputs * bytes);
        plan->gather_at[i] = at;
        at += plan->gather_counts[i];
    }
}

/* Whether partials are merged, and elsewhere than into this rank's own. */
static bool merges_apart(const axprod_mpi_plan *plan) {
    return !axp_mpi_finishes_pieces(plan) && (plan->transport != AXP_MPI_EXCHANGE || plan->geometry.united);
}

/* Partials: this rank's own, those on their way, and those that it finishes. What is gathered has its own among those
 * of all ranks. */
static void want_partials(axprod_mpi_plan *plan, axp_mpi_rooms *rooms) {
    int64_t bytes = plan->kind->bytes;
    if (plan->transport != AXP_MPI_GATHER)
        axp_mpi_want(rooms, &plan->sent, plan->outputs, bytes);
    if (plan->transport == AXP_MPI_GATHER)
        axp_mpi_want(rooms, &plan->received, axp_mpi_gathered_bytes(plan), 1);
    else if (plan->transport == AXP_MPI_EXCHANGE)
        axp_mpi_want(rooms, &plan->received, plan->step * plan->size, bytes);
    if (merges_apart(plan))
        axp_mpi_want(rooms, &plan->merged, plan->values_count, bytes);
}

static void prepare_partials(axprod_mpi_plan *plan) {
    plan->partials = plan->sent;
    if (plan->transport == AXP_MPI_GATHER)
        plan->partials = plan->received + plan->gather_at[plan->member] + AXP_MPI_STATUS_BYTES;
    for (int i = 0; i < plan->size && plan->transport == AXP_MPI_GATHER; i++)
        plan->pieces[i] = plan->received + plan->gather_at[i] + AXP_MPI_STATUS_BYTES;
    if (!merges_apart(plan))
        plan->merged = plan->partials + plan->first * plan->kind->bytes;
}

/* Results: those that this rank finishes, and those on their way, packed and received. */
static void want_results(axprod_mpi_plan *plan, axp_mpi_rooms *rooms) {
    int64_t widest = axp_mpi_max(axp_mpi_result_bytes(plan, 0), axp_mpi_result_bytes(plan, 1)),
            step = plan->share_step * plan->sharers;
    int64_t results = axp_mpi_sends_elements(plan) ? plan->turns * plan->step : plan->values_count;
    bool shares = plan->result != AXPROD_MPI_SCATTER, packs = shares && plan->geometry.united;
    for (int i = 0; i < 2 && plan->dtypes[i]; i++)
        axp_mpi_want(rooms, &plan->values[i], results, axp_mpi_result_bytes(plan, i));
    axp_mpi_want(rooms, &plan->packed, packs ? step : 0, widest);
    axp_mpi_want(rooms, &plan->shared, shares ? step : 0, widest);
}

static axprod_status take_memory(axprod_mpi_plan *plan) {
    axp_mpi_rooms rooms = {.size = 0};
    bool elements = axp_mpi_sends_elements(plan), partials = !elements && plan->transport != AXP_MPI_ALONE;
    if (plan->transport != AXP_MPI_GATHER_ELEMENTS)
        want_results(plan, &rooms);
    if (elements)
        axp_mpi_want_elements(plan, &rooms);
    if (partials)
        want_partials(plan, &rooms);
    plan->memory = axp_mpi_alloc_rooms(&rooms);
    plan->unresolved = axp_mpi_alloc(partials ? plan->values_count : 0, sizeof *plan->unresolved);
    if (!plan->memory || !plan->unresolved)
        return AXPROD_ERROR_NO_MEMORY;
    if (elements)
        axp_mpi_prepare_elements(plan);
    if (partials)
        prepare_partials(plan);
    return AXPROD_OK;
}

static axprod_status plan_core(axprod_mpi_plan *plan, const int *axes, int naxes, const axprod_mpi_options *options) {
    axprod_options core = AXPROD_OPTIONS_INIT;
    core.num_threads = axp_mpi_choose_threads(&plan->context->cores, options->num_threads);
    core.progress = options->progress;
    core.progress_context = options->progress_context;
    if (axp_mpi_sends_elements(plan)) {
        AXP_TRY(axp_mpi_plan_packing(plan, axes, naxes, &core));
        return axp_mpi_plan_elements(plan, core.num_threads);
    }
    AXP_TRY(plan_multiply(plan, axes, naxes, &core));
    return plan->transport == AXP_MPI_ALONE ? AXPROD_OK : plan_finish(plan);
}

axprod_status axp_mpi_lay_out(axprod_mpi_plan *plan, const int *axes, int naxes, const axprod_mpi_options *options) {
    divide_work(plan);
    AXP_TRY(check_slice(plan));
    AXP_TRY(list_ranks(plan));
    lay_out_gathered(plan);
    AXP_TRY(plan_core(plan, axes, naxes, options));
    axp_mpi_plan_sharing(plan);
    for (int i = 0; i < 3; i++)
        plan->extents[i] = axp_mpi_extent_of(i == 0 ? &plan->local : &plan->out[i - 1]);
    return plan->direct ? AXPROD_OK : take_memory(plan);
}

/* ----------------------------------------------------------------------------------------------- communicators --- */

static bool any_group(const axp_mpi_geometry *g) {
    for (int r = 0; r < g->ranks; r++)
        if (g->size[r] > 1)
            return true;
    return false;
}

axprod_status axp_mpi_connect(axprod_mpi_plan *plan, uint64_t *idle) {
    axp_mpi_geometry *g = &plan->geometry;
    axp_mpi_context *context = plan->context;
    if (any_group(g)) {
        AXP_TRY(axp_mpi_acquire(context, &plan->division, idle, &plan->slots[0]));
        if (plan->size > 1)
            plan->group = plan->agree = context->slots[plan->slots[0]].comm;
    }
    if (plan->for_all && plan->size < g->ranks) {
        AXP_TRY(axp_mpi_acquire(context, &(int *){NULL}, idle, &plan->slots[1]));
        plan->agree = context->slots[plan->slots[1]].comm;
    }
    return AXPROD_OK;
}

void axprod_mpi_plan_destroy(axprod_mpi_plan *plan) {
    if (!plan)
        return;
    for (int i = 0; i < 2; i++)
        if (plan->slots[i] >= 0)
            plan->context->slots[plan->slots[i]].used = false;
    axprod_plan_destroy(plan->multiply);
    axprod_plan_destroy(plan->finish);
    axp_mpi_free(plan->ranks);
    axp_mpi_free(plan->send_counts);
    axp_mpi_free(plan->asked);
    axp_mpi_free(plan->division);
    axp_mpi_free(plan->requests);
    axp_mpi_free(plan->headers);
    axp_mpi_free(plan->pieces);
    axp_mpi_free(plan->memory);
    axp_mpi_free(plan->unresolved);
    axp_mpi_geometry_free(&plan->geometry);
    axp_mpi_context_release(plan->context);
    axp_mpi_free(plan);
}

int axprod_mpi_plan_describe(const axprod_mpi_plan *plan, char *text, size_t size) {
    static const char *const results[] = {"local", "all", "root", "scatter"};
    static const char *const transports[] = {
        [AXP_MPI_ALONE] = "none: no other rank has factors of its outputs",
        [AXP_MPI_GATHER] = "allgather: few bytes, so one message and the same merge on each rank",
        [AXP_MPI_REDUCE] = "reduce-scatter: short slices, by the MPI's own tree",
        [AXP_MPI_EXCHANGE] = "exchange: long slices, merged by their owners",
        [AXP_MPI_GATHER_ELEMENTS] = "allgather of elements: few, and one factor of each rank",
        [AXP_MPI_EXCHANGE_ELEMENTS] = "exchange of elements: one factor of each rank, multiplied by owners"};
    char core[512], partials[64] = "";
    if (!plan)
        return snprintf(text, size, "no plan");
    axprod_plan_describe(axp_mpi_sends_elements(plan) && plan->finish ? plan->finish : plan->multiply, core,
                         sizeof core);
    if (plan->transport != AXP_MPI_ALONE && !axp_mpi_sends_elements(plan))
        snprintf(partials, sizeof partials, " partials=%d bytes%s", (int)plan->kind->bytes,
                 axp_mpi_finishes_pieces(plan) ? " (packed)" : "");
    return snprintf(text, size, "axprod_mpi: result=%s ranks=%d group=%d%s outputs=%lld slice=%lld%s transport=%s; %s",
                    results[plan->result], plan->geometry.ranks, plan->size, plan->geometry.united ? " (united)" : "",
                    (long long)plan->outputs, (long long)plan->count, partials, transports[plan->transport], core);
}
