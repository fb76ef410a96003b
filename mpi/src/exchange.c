/* SPDX-License-Identifier: BSD-3-Clause */
/* Partials of one reduce group on their way together, in one of three transports. */
#include "plan.h"

#include <string.h>

/* Finishes plan->merged into plan->results; a failure goes to plan->status. */
static void finish_merged(axprod_mpi_plan *plan) {
    if (plan->values_count == 0)
        return;
    void *const out[2] = {plan->results[0], plan->results[1]};
    axprod_status status = plan->kind->finish(plan->finish, plan->dtypes[0], plan->merged, plan->values_count,
                                              plan->geometry.factors, out, plan->unresolved, &plan->num_unresolved);
    axp_mpi_note(plan, status);
}

/* Multiplies the ranks' pieces of results first .. first + count - 1 and finishes these, likewise. */
static void finish_pieces(axprod_mpi_plan *plan, int64_t first, int64_t count) {
    if (count == 0)
        return;
    void *const out[2] = {plan->results[0], plan->results[1]};
    int64_t found = 0;
    axprod_status status =
        plan->kind->finish_pieces(plan->finish, plan->pieces, plan->size, first, count, plan->geometry.factors, out,
                                  plan->unresolved + plan->num_unresolved, &found);
    plan->num_unresolved += found;
    axp_mpi_note(plan, status);
}

/*
 * Multiplies partials of elements begin .. end-1 of a box into partials of the space, of which `into` is number
 * `first`.
 */
static void merge_box(const axp_mpi_kind *kind, axp_mpi_box space, axp_mpi_box box, int64_t begin, int64_t end,
                      const char *in, char *into, int64_t first) {
    for (int64_t i = begin; i < end;) {
        axp_mpi_run run = axp_mpi_next_run(space, box, i, end);
        kind->merge(in + (i - begin) * kind->bytes, into + (run.number - first) * kind->bytes, run.length);
        i += run.length;
    }
}

/* --------------------------------------------------------------------------------------- messages between pairs --- */

/* The bytes of each piece of a message but the last one; both sides know the message's. */
static int64_t piece_bytes(int64_t bytes) {
    return bytes <= AXP_MPI_EAGER_BYTES * AXP_MPI_PIECES ? AXP_MPI_EAGER_BYTES : bytes;
}

int axp_mpi_post_send(axprod_mpi_plan *plan, MPI_Comm comm, const char *from, int64_t bytes, int to) {
    int64_t piece = piece_bytes(bytes);
    int code = MPI_SUCCESS;
    for (int64_t at = 0; at < bytes && code == MPI_SUCCESS; at += piece)
        code = MPI_Isend(from + at, (int)axp_mpi_min(piece, bytes - at), MPI_BYTE, to, 0, comm,
                         &plan->requests[plan->num_requests++]);
    return code;
}

int axp_mpi_post_receive(axprod_mpi_plan *plan, MPI_Comm comm, char *into, int64_t bytes, int from) {
    int64_t piece = piece_bytes(bytes);
    int code = MPI_SUCCESS;
    for (int64_t at = 0; at < bytes && code == MPI_SUCCESS; at += piece)
        code = MPI_Irecv(into + at, (int)axp_mpi_min(piece, bytes - at), MPI_BYTE, from, 0, comm,
                         &plan->requests[plan->num_requests++]);
    return code;
}

/* To the next rank first, so that not all send to the same one. */
int axp_mpi_post_pairs(axprod_mpi_plan *plan, MPI_Comm comm, const void *mine, int bytes, char *into, const int *counts,
                       const int *at) {
    bool in_group = comm == plan->group;
    int size = in_group ? plan->size : plan->sharers, rank = in_group ? plan->member : plan->geometry.rank;
    int code = MPI_SUCCESS;
    for (int k = 1; k < size && code == MPI_SUCCESS; k++)
        code = axp_mpi_post_send(plan, comm, mine, bytes, (rank + k) % size);
    for (int k = 1; k < size && code == MPI_SUCCESS; k++) {
        int i = (rank + k) % size;
        code = axp_mpi_post_receive(plan, comm, into + at[i], counts[i], i);
    }
    return code;
}

/* ----------------------------------------------------------------------------------- all partials to all ranks --- */

/* As bytes: a datatype of words costs more than the message, and only the operation needs it. */
int axp_mpi_post_gather(axprod_mpi_plan *plan) {
    char *mine = plan->received + plan->gather_at[plan->member];
    memcpy(mine, &plan->header.failure, sizeof plan->header.failure);
    if (plan->size <= AXP_MPI_PAIRED_RANKS)
        return axp_mpi_post_pairs(plan, plan->group, mine, plan->gather_counts[plan->member], plan->received,
                                  plan->gather_counts, plan->gather_at);
    return AXP_MPI_CALL(plan, MPI_Allgatherv, MPI_Iallgatherv, MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, plan->received,
                        plan->gather_counts, plan->gather_at, MPI_BYTE, plan->group);
}

int64_t axp_mpi_gathered_failure(const axprod_mpi_plan *plan) {
    int64_t failure = 0, theirs;
    for (int i = 0; i < plan->size; i++) {
        memcpy(&theirs, plan->received + plan->gather_at[i], sizeof theirs);
        failure = axp_mpi_max(failure, theirs);
    }
    return failure;
}

/* In the same order on all ranks, so that they come to the same results and doubts. */
static void finish_gathered(axprod_mpi_plan *plan) {
    const axp_mpi_geometry *g = &plan->geometry;
    axp_mpi_box space = axp_mpi_space(g, g->rank);
    if (axp_mpi_finishes_pieces(plan)) {
        finish_pieces(plan, 0, plan->values_count);
        return;
    }
    axp_mpi_fill(plan->kind, plan->merged, plan->values_count);
    for (int i = 0; i < plan->size; i++) {
        axp_mpi_box box = axp_mpi_kept(g, plan->ranks[i]);
        merge_box(plan->kind, space, box, 0, axp_mpi_box_count(box), plan->pieces[i], plan->merged, 0);
    }
    finish_merged(plan);
}

/* From here on each rank of the group owns its slice, as in the other transports. */
static void keep_own_unresolved(axprod_mpi_plan *plan) {
    int64_t kept = 0;
    for (int64_t i = 0; i < plan->num_unresolved; i++) {
        int64_t number = plan->unresolved[i];
        if (number >= plan->first && number < plan->first + plan->count)
            plan->unresolved[kept++] = number;
    }
    plan->num_unresolved = kept;
}

axp_mpi_stage axp_mpi_end_gather(axprod_mpi_plan *plan) {
    bool agreed = plan->agree == plan->group;
    int64_t failure = axp_mpi_gathered_failure(plan);
    if (failure && agreed) {
        plan->agreed.failure = failure;
        return AXP_MPI_STAGE_SENTENCE;
    }
    finish_gathered(plan);
    if (plan->num_unresolved == 0 && agreed) {
        axp_mpi_store_space(plan);
        return AXP_MPI_STAGE_DONE;
    }
    keep_own_unresolved(plan);
    return agreed ? AXP_MPI_STAGE_HEADER : axp_mpi_after_results(plan);
}

/* --------------------------------------------------------------------------------------- slices to their owners --- */

int axp_mpi_post_reduce(axprod_mpi_plan *plan) {
    int64_t first;
    for (int i = 0; i < plan->size; i++)
        plan->receive_counts[i] = (int)axp_mpi_slice_of(&plan->geometry, plan->ranks[i], &first);
    return AXP_MPI_CALL(plan, MPI_Reduce_scatter, MPI_Ireduce_scatter, plan->partials, plan->merged,
                        plan->receive_counts, plan->kind->type(), plan->kind->op(), plan->group);
}

axp_mpi_stage axp_mpi_end_reduce(axprod_mpi_plan *plan) {
    finish_merged(plan);
    return axp_mpi_after_results(plan);
}

static void turn_of(const axprod_mpi_plan *plan, int member, int64_t *begin, int64_t *end) {
    axp_mpi_turn(plan, plan->ranks[member], plan->step, begin, end);
}

/* How many outputs of a rank's box are below `number` of the space. */
static int64_t below(const axprod_mpi_plan *plan, int rank, int64_t number) {
    const axp_mpi_geometry *g = &plan->geometry;
    return axp_mpi_count_below(axp_mpi_space(g, rank), axp_mpi_kept(g, rank), number);
}

/* Hands to MPI what this rank gets of its own slice; all pieces lie one after the other. */
static int post_receives(axprod_mpi_plan *plan) {
    int64_t mine[2], at = 0, bytes = plan->kind->bytes;
    int code = MPI_SUCCESS;
    turn_of(plan, plan->member, &mine[0], &mine[1]);
    for (int i = 0; i < plan->size && code == MPI_SUCCESS; i++) {
        int rank = plan->ranks[i], count = (int)(below(plan, rank, mine[1]) - below(plan, rank, mine[0]));
        plan->receive_counts[i] = count;
        plan->receive_at[i] = (int)at;
        if (i == plan->member || count == 0)
            continue;
        code = axp_mpi_post_receive(plan, plan->group, plan->received + at * bytes, count * bytes, i);
        at += count;
    }
    return code;
}

/* Partials go to their owners from where they are, to the next rank first, so that not all send to the same one. */
static int post_sends(axprod_mpi_plan *plan) {
    int64_t bytes = plan->kind->bytes;
    int code = MPI_SUCCESS, rank = plan->geometry.rank;
    for (int k = 1; k < plan->size && code == MPI_SUCCESS; k++) {
        int i = (plan->member + k) % plan->size;
        int64_t theirs[2];
        turn_of(plan, i, &theirs[0], &theirs[1]);
        int64_t begin = below(plan, rank, theirs[0]), count = below(plan, rank, theirs[1]) - begin;
        code = axp_mpi_post_send(plan, plan->group, plan->partials + begin * bytes, count * bytes, i);
    }
    return code;
}

int axp_mpi_post_exchange(axprod_mpi_plan *plan) {
    if (plan->turn == 0 && plan->geometry.united)
        axp_mpi_fill(plan->kind, plan->merged, plan->count);
    int code = post_receives(plan);
    return code == MPI_SUCCESS ? post_sends(plan) : code;
}

static void merge_turn(axprod_mpi_plan *plan, int64_t begin_of_turn) {
    const axp_mpi_geometry *g = &plan->geometry;
    axp_mpi_box space = axp_mpi_space(g, g->rank);
    for (int i = 0; i < plan->size; i++) {
        if (i == plan->member && !g->united)
            continue; /* they are what the others are merged into */
        int64_t begin = below(plan, plan->ranks[i], begin_of_turn);
        merge_box(plan->kind, space, axp_mpi_kept(g, plan->ranks[i]), begin, begin + plan->receive_counts[i],
                  plan->pieces[i], plan->merged, plan->first);
    }
}

axp_mpi_stage axp_mpi_end_exchange(axprod_mpi_plan *plan) {
    int64_t mine[2], bytes = plan->kind->bytes;
    turn_of(plan, plan->member, &mine[0], &mine[1]);
    for (int i = 0; i < plan->size; i++)
        plan->pieces[i] = plan->received + plan->receive_at[i] * bytes;
    plan->pieces[plan->member] = plan->partials + below(plan, plan->geometry.rank, mine[0]) * bytes;
    if (axp_mpi_finishes_pieces(plan))
        finish_pieces(plan, mine[0] - plan->first, mine[1] - mine[0]);
    else
        merge_turn(plan, mine[0]);
    if (++plan->turn < plan->turns)
        return AXP_MPI_STAGE_EXCHANGE;
    plan->turn = 0;
    if (!axp_mpi_finishes_pieces(plan))
        finish_merged(plan);
    return axp_mpi_after_results(plan);
}
