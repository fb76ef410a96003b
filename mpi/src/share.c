/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finished results from their owners to the ranks that get them, in steps, and into the outputs. Among few ranks they
 * are sent before it is known whether all ranks have theirs: that comes along with them, and where something has failed
 * or is pending, they are sent again afterwards or not at all.
 */
#include "plan.h"

#include <limits.h>
#include <string.h>

/* Stores dense results of elements begin .. end-1 of a box inside the target, which the output has. */
static void store_box(axprod_mpi_plan *plan, int i, axp_mpi_box target, axp_mpi_box box, int64_t begin, int64_t end,
                      const char *dense) {
    int64_t bytes = axp_mpi_result_bytes(plan, i);
    for (int64_t at = begin; at < end;) {
        axp_mpi_run run = axp_mpi_next_run(target, box, at, end);
        axp_mpi_store(&plan->out[i], plan->data[i], run.number, run.length, dense + (at - begin) * bytes);
        at += run.length;
    }
}

/* Copies results of elements begin .. end-1 of a box inside the space, of which `values` is number `first`. */
static void pack_box(const axprod_mpi_plan *plan, int i, axp_mpi_box space, axp_mpi_box box, int64_t begin, int64_t end,
                     char *dense) {
    int64_t bytes = axp_mpi_result_bytes(plan, i);
    for (int64_t at = begin; at < end;) {
        axp_mpi_run run = axp_mpi_next_run(space, box, at, end);
        memcpy(dense + (at - begin) * bytes, plan->results[i] + (run.number - plan->values_first) * bytes,
               (size_t)(run.length * bytes));
        at += run.length;
    }
}

/* A slice as the output of its owner. */
static void store_slice(axprod_mpi_plan *plan, int i) {
    axp_mpi_store(&plan->out[i], plan->data[i], 0, plan->count,
                  plan->results[i] + (plan->first - plan->values_first) * axp_mpi_result_bytes(plan, i));
}

void axp_mpi_store_space(axprod_mpi_plan *plan) {
    const axp_mpi_geometry *g = &plan->geometry;
    axp_mpi_box space = axp_mpi_space(g, g->rank), kept = axp_mpi_kept(g, g->rank);
    for (int i = 0; i < 2 && plan->dtypes[i] && plan->receives; i++) {
        int64_t bytes = axp_mpi_result_bytes(plan, i);
        if (plan->results[i] != plan->values[i])
            continue; /* they are in the output */
        if (plan->result == AXPROD_MPI_SCATTER) {
            store_slice(plan, i);
        } else if (plan->result != AXPROD_MPI_LOCAL) {
            axp_mpi_store(&plan->out[i], plan->data[i], 0, plan->values_count, plan->results[i]);
        } else {
            for (int64_t at = 0; at < plan->outputs;) {
                axp_mpi_run run = axp_mpi_next_run(space, kept, at, plan->outputs);
                axp_mpi_store(&plan->out[i], plan->data[i], at, run.length, plan->results[i] + run.number * bytes);
                at += run.length;
            }
        }
    }
}

/* --------------------------------------------------------------------------------- slices to all ranks or root --- */

static int sharer(const axprod_mpi_plan *plan, int k) {
    return plan->for_all ? k : plan->ranks[k];
}

static void turn_of(const axprod_mpi_plan *plan, int rank, int64_t *begin, int64_t *end) {
    axp_mpi_turn(plan, rank, plan->share_step, begin, end);
}

/* A rank that has failed may have no output. */
static bool in_output(const axprod_mpi_plan *plan, int i) {
    return plan->in_output[i] && plan->status == AXPROD_OK;
}

bool axp_mpi_shares_in_pairs(const axprod_mpi_plan *plan) {
    return plan->sharers <= AXP_MPI_PAIRED_RANKS &&
           (plan->result == AXPROD_MPI_ALL || (plan->result == AXPROD_MPI_LOCAL && !plan->geometry.united));
}

axp_mpi_stage axp_mpi_after_results(const axprod_mpi_plan *plan) {
    return axp_mpi_shares_in_pairs(plan) ? AXP_MPI_STAGE_SHARE : AXP_MPI_STAGE_HEADER;
}

/*
 * Results belong in an output without gaps, of which each slice is a row, and that MPI can count. Those of partials are
 * finished there if all sharing is in pairs: MPI's own functions copy what they gather.
 */
void axp_mpi_plan_sharing(axprod_mpi_plan *plan) {
    int64_t outputs = axp_mpi_box_count(axp_mpi_space(&plan->geometry, plan->geometry.rank));
    for (int i = 0; i < 2 && plan->dtypes[i]; i++)
        plan->in_output[i] = plan->receives && plan->sharers == plan->size && axp_mpi_is_dense(&plan->out[i]) &&
                             outputs <= INT_MAX / axp_mpi_result_bytes(plan, i);
    plan->finishes_there =
        (plan->transport == AXP_MPI_GATHER || plan->transport == AXP_MPI_EXCHANGE) && axp_mpi_shares_in_pairs(plan);
}

void axp_mpi_place_results(axprod_mpi_plan *plan) {
    for (int i = 0; i < 2 && plan->dtypes[i]; i++)
        plan->results[i] = plan->finishes_there && in_output(plan, i)
                               ? (char *)plan->data[i] + plan->values_first * axp_mpi_result_bytes(plan, i)
                               : plan->values[i];
}

/* The headers of all ranks, on the way beside their first results. */
static int post_headers(axprod_mpi_plan *plan) {
    int counts[AXP_MPI_PAIRED_RANKS], at[AXP_MPI_PAIRED_RANKS], bytes = (int)sizeof plan->header;
    axp_mpi_fill_header(plan);
    for (int k = 0; k < plan->sharers; k++) {
        counts[k] = bytes;
        at[k] = k * bytes;
        plan->headers[k] = plan->header;
    }
    return axp_mpi_post_pairs(plan, plan->agree, &plan->header, bytes, (char *)plan->headers, counts, at);
}

static axp_mpi_stage end_headers(axprod_mpi_plan *plan) {
    plan->agreed = plan->headers[0];
    for (int k = 1; k < plan->sharers; k++) {
        plan->agreed.failure = axp_mpi_max(plan->agreed.failure, plan->headers[k].failure);
        plan->agreed.pending = axp_mpi_max(plan->agreed.pending, plan->headers[k].pending);
    }
    return axp_mpi_settle(plan);
}

static int post_slices(axprod_mpi_plan *plan) {
    int i = plan->output, at = 0;
    int64_t bytes = axp_mpi_result_bytes(plan, i), begin, end;
    bool direct = in_output(plan, i);
    char *to = direct ? plan->data[i] : plan->shared;
    for (int k = 0; k < plan->sharers; k++) {
        turn_of(plan, sharer(plan, k), &begin, &end);
        plan->receive_counts[k] = (int)((end - begin) * bytes);
        plan->receive_at[k] = direct ? (int)(begin * bytes) : at;
        at += plan->receive_counts[k];
    }
    turn_of(plan, plan->geometry.rank, &begin, &end);
    const char *mine = plan->results[i] + (begin - plan->values_first) * bytes;
    int count = (int)((end - begin) * bytes);
    if (axp_mpi_shares_in_pairs(plan)) {
        char *own =
            to + (direct ? begin * bytes : plan->receive_at[plan->for_all ? plan->geometry.rank : plan->member]);
        if (own != mine && count > 0)
            memcpy(own, mine, (size_t)count);
        return axp_mpi_post_pairs(plan, plan->agree, mine, count, to, plan->receive_counts, plan->receive_at);
    }
    if (plan->result == AXPROD_MPI_ROOT)
        return AXP_MPI_CALL(plan, MPI_Gatherv, MPI_Igatherv, mine, count, MPI_BYTE, to, plan->receive_counts,
                            plan->receive_at, MPI_BYTE, plan->root, plan->agree);
    return AXP_MPI_CALL(plan, MPI_Allgatherv, MPI_Iallgatherv, mine, count, MPI_BYTE, to, plan->receive_counts,
                        plan->receive_at, MPI_BYTE, plan->agree);
}

static void store_slices(axprod_mpi_plan *plan) {
    const axp_mpi_geometry *g = &plan->geometry;
    for (int k = 0; k < plan->sharers && plan->receives && !in_output(plan, plan->output); k++) {
        axp_mpi_box space = axp_mpi_space(g, sharer(plan, k));
        int64_t begin, end;
        turn_of(plan, sharer(plan, k), &begin, &end);
        store_box(plan, plan->output, plan->for_all ? axp_mpi_whole(g) : space, space, begin, end,
                  plan->shared + plan->receive_at[k]);
    }
}

/* --------------------------------------------------------------- parts of slices to boxes that overlap in part --- */

static int post_parts(axprod_mpi_plan *plan) {
    const axp_mpi_geometry *g = &plan->geometry;
    axp_mpi_box space = axp_mpi_whole(g), own = axp_mpi_kept(g, g->rank);
    int i = plan->output, sent = 0, received = 0;
    int64_t bytes = axp_mpi_result_bytes(plan, i), mine[2], theirs[2];
    turn_of(plan, g->rank, &mine[0], &mine[1]);
    for (int k = 0; k < plan->size; k++) {
        axp_mpi_box box = axp_mpi_kept(g, k);
        int64_t begin = axp_mpi_count_below(space, box, mine[0]), end = axp_mpi_count_below(space, box, mine[1]);
        pack_box(plan, i, space, box, begin, end, plan->packed + sent);
        plan->send_at[k] = sent;
        plan->send_counts[k] = (int)((end - begin) * bytes);
        sent += plan->send_counts[k];
        turn_of(plan, k, &theirs[0], &theirs[1]);
        plan->receive_at[k] = received;
        plan->receive_counts[k] =
            (int)((axp_mpi_count_below(space, own, theirs[1]) - axp_mpi_count_below(space, own, theirs[0])) * bytes);
        received += plan->receive_counts[k];
    }
    return AXP_MPI_CALL(plan, MPI_Alltoallv, MPI_Ialltoallv, plan->packed, plan->send_counts, plan->send_at, MPI_BYTE,
                        plan->shared, plan->receive_counts, plan->receive_at, MPI_BYTE, plan->group);
}

static void store_parts(axprod_mpi_plan *plan) {
    const axp_mpi_geometry *g = &plan->geometry;
    axp_mpi_box own = axp_mpi_kept(g, g->rank);
    int64_t bytes = axp_mpi_result_bytes(plan, plan->output), theirs[2];
    for (int k = 0; k < plan->size; k++) {
        turn_of(plan, k, &theirs[0], &theirs[1]);
        int64_t begin = axp_mpi_count_below(axp_mpi_whole(g), own, theirs[0]);
        axp_mpi_store(&plan->out[plan->output], plan->data[plan->output], begin, plan->receive_counts[k] / bytes,
                      plan->shared + plan->receive_at[k]);
    }
}

/* --------------------------------------------------------------------------------------------------- the stage --- */

static bool in_parts(const axprod_mpi_plan *plan) {
    return plan->result == AXPROD_MPI_LOCAL && plan->geometry.united;
}

int axp_mpi_post_share(axprod_mpi_plan *plan) {
    if (plan->result == AXPROD_MPI_SCATTER)
        return MPI_SUCCESS;
    int code = plan->settled ? MPI_SUCCESS : post_headers(plan);
    if (code != MPI_SUCCESS)
        return code;
    return in_parts(plan) ? post_parts(plan) : post_slices(plan);
}

axp_mpi_stage axp_mpi_end_share(axprod_mpi_plan *plan) {
    if (!plan->settled) {
        axp_mpi_stage next = end_headers(plan);
        if (next != AXP_MPI_STAGE_SHARE)
            return next;
    }
    if (plan->result == AXPROD_MPI_SCATTER) {
        for (int i = 0; i < 2 && plan->dtypes[i]; i++)
            store_slice(plan, i);
        return AXP_MPI_STAGE_DONE;
    }
    if (in_parts(plan))
        store_parts(plan);
    else
        store_slices(plan);
    if (++plan->turn * plan->share_step < plan->longest)
        return AXP_MPI_STAGE_SHARE;
    plan->turn = 0;
    plan->output++;
    return plan->output < 2 && plan->dtypes[plan->output] ? AXP_MPI_STAGE_SHARE : AXP_MPI_STAGE_DONE;
}
