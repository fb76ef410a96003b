/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Outputs whose rounding the partials leave open are multiplied again, in wide partials. It goes in rounds, which all
 * ranks that agree on errors do together: each owner says which outputs it asks for, each rank sends it its factors'
 * product in `words` words, and the owner merges and tries to finish. What is then still open is tried first in the
 * next round, with four times the words.
 */
#include "plan.h"

#include <limits.h>
#include <string.h>

enum {
    FIRST_WORDS = 4, /* the fewest that can decide a product that does not fit */
    MORE_WORDS = 4,
    ROUND_OUTPUTS = 16384,  /* of all owners of a group in one round */
    ROUND_BYTES = 16 << 20, /* of their wide partials, where that is not even one of each */
};

void axp_mpi_free_round(axp_mpi_round *round) {
    if (round->bytes == 0)
        return;
    if (round->type != MPI_DATATYPE_NULL)
        MPI_Type_free(&round->type);
    axp_mpi_free(round->lists);
    axp_mpi_free(round->indices);
    axp_mpi_free(round->sent);
    axp_mpi_free(round->received);
    axp_mpi_free(round->merged);
    *round = (axp_mpi_round){.words = round->words, .type = MPI_DATATYPE_NULL};
}

static axprod_status take_memory(axp_mpi_round *round, int size) {
    int64_t all = round->most * size;
    round->lists = axp_mpi_alloc(all, sizeof *round->lists);
    round->indices = axp_mpi_alloc(all, sizeof *round->indices);
    round->sent = axp_mpi_alloc(all, round->bytes);
    round->received = axp_mpi_alloc(all, round->bytes);
    round->merged = axp_mpi_alloc(round->most, round->bytes);
    if (!round->lists || !round->indices || !round->sent || !round->received || !round->merged)
        return AXPROD_ERROR_NO_MEMORY;
    AXP_TRY_MPI(MPI_Type_contiguous((int)(round->bytes / 8), MPI_INT64_T, &round->type));
    return axp_mpi_check(MPI_Type_commit(&round->type));
}

/* Alone, or with the elements of all its outputs: nothing is open, whatever other groups have. */
static bool stays_out(const axprod_mpi_plan *plan) {
    return plan->size == 1 || axp_mpi_sends_elements(plan);
}

void axp_mpi_next_round(axprod_mpi_plan *plan, bool more_words) {
    axp_mpi_round *round = &plan->round;
    round->words = more_words ? round->words * MORE_WORDS : FIRST_WORDS;
    axp_mpi_free_round(round);
    if (stays_out(plan))
        return;
    round->bytes = axprod_wide_bytes(round->words);
    if (round->bytes == 0 || round->bytes / 8 > INT_MAX) {
        axp_mpi_note(plan, axp_mpi_fail(AXPROD_ERROR_NO_MEMORY, "wide partials of %lld words are too long to be sent",
                                        (long long)round->words));
        return;
    }
    round->most = axp_mpi_max(1, axp_mpi_min(ROUND_OUTPUTS, ROUND_BYTES / round->bytes) / plan->size);
    axprod_status status = take_memory(round, plan->size);
    round->taken = axp_mpi_min(plan->num_unresolved, round->most);
    axp_mpi_note(plan, status);
}

/* ---------------------------------------------------------------------------------------------- which outputs --- */

int axp_mpi_post_counts(axprod_mpi_plan *plan) {
    axp_mpi_round *round = &plan->round;
    if (stays_out(plan))
        return MPI_SUCCESS;
    round->taken = plan->status == AXPROD_OK ? round->taken : -1;
    return AXP_MPI_CALL(plan, MPI_Allgather, MPI_Iallgather, &round->taken, 1, MPI_INT64_T, plan->asked, 1, MPI_INT64_T,
                        plan->group);
}

axp_mpi_stage axp_mpi_end_counts(axprod_mpi_plan *plan) {
    bool good = !stays_out(plan);
    for (int i = 0; i < plan->size && good; i++)
        good = plan->asked[i] >= 0;
    return good ? AXP_MPI_STAGE_LISTS : AXP_MPI_STAGE_HEADER;
}

int axp_mpi_post_lists(axprod_mpi_plan *plan) {
    axp_mpi_round *round = &plan->round;
    int at = 0;
    for (int i = 0; i < plan->size; i++) {
        plan->receive_counts[i] = (int)plan->asked[i];
        plan->receive_at[i] = at;
        at += plan->receive_counts[i];
    }
    /* in the space's numbers: what is finished begins at values_first */
    for (int64_t k = 0; k < round->taken; k++)
        round->indices[k] = plan->unresolved[k] + plan->values_first;
    return AXP_MPI_CALL(plan, MPI_Allgatherv, MPI_Iallgatherv, round->indices, (int)round->taken, MPI_INT64_T,
                        round->lists, plan->receive_counts, plan->receive_at, MPI_INT64_T, plan->group);
}

axp_mpi_stage axp_mpi_end_lists(axprod_mpi_plan *plan) {
    (void)plan;
    return AXP_MPI_STAGE_WIDES;
}

/* ------------------------------------------------------------------------------------------------ wide partials --- */

/* This rank's wide partials for every owner: those of the listed outputs that are in its box. */
static void multiply_wide(axprod_mpi_plan *plan) {
    const axp_mpi_geometry *g = &plan->geometry;
    axp_mpi_round *round = &plan->round;
    axp_mpi_box space = axp_mpi_space(g, g->rank), own = axp_mpi_kept(g, g->rank);
    const int64_t *list = round->lists;
    int64_t found = 0;
    for (int i = 0; i < plan->size; i++) {
        plan->send_at[i] = (int)found;
        for (int64_t k = 0; k < plan->asked[i]; k++)
            if (axp_mpi_contains(space, own, list[k]))
                round->indices[found++] = axp_mpi_count_below(space, own, list[k]);
        plan->send_counts[i] = (int)(found - plan->send_at[i]);
        list += plan->asked[i];
    }
    axprod_status status =
        axprod_plan_wide_partials(plan->multiply, plan->x, round->indices, found, round->words, round->sent);
    axp_mpi_note(plan, status);
}

int axp_mpi_post_wides(axprod_mpi_plan *plan) {
    const axp_mpi_geometry *g = &plan->geometry;
    axp_mpi_round *round = &plan->round;
    axp_mpi_box space = axp_mpi_space(g, g->rank);
    const int64_t *mine = round->lists + plan->receive_at[plan->member];
    int at = 0;
    multiply_wide(plan);
    for (int i = 0; i < plan->size; i++) {
        axp_mpi_box box = axp_mpi_kept(g, plan->ranks[i]);
        plan->receive_at[i] = at;
        for (int64_t k = 0; k < round->taken; k++)
            at += axp_mpi_contains(space, box, mine[k]);
        plan->receive_counts[i] = at - plan->receive_at[i];
    }
    /* kept for the end: lists is as long as all that is received */
    memmove(round->lists, mine, (size_t)round->taken * sizeof *mine);
    return AXP_MPI_CALL(plan, MPI_Alltoallv, MPI_Ialltoallv, round->sent, plan->send_counts, plan->send_at, round->type,
                        round->received, plan->receive_counts, plan->receive_at, round->type, plan->group);
}

/* The product over all ranks of each output that this rank has asked for; the first factor is copied. */
static axprod_status merge_wide(axprod_mpi_plan *plan) {
    const axp_mpi_geometry *g = &plan->geometry;
    axp_mpi_round *round = &plan->round;
    axp_mpi_box space = axp_mpi_space(g, g->rank);
    for (int64_t k = 0; k < round->taken; k++) {
        char *into = round->merged + k * round->bytes;
        bool begun = false;
        for (int i = 0; i < plan->size; i++) {
            if (!axp_mpi_contains(space, axp_mpi_kept(g, plan->ranks[i]), round->lists[k]))
                continue;
            const char *in = round->received + plan->receive_at[i]++ * round->bytes;
            if (begun)
                AXP_TRY(axprod_wide_merge(in, into, 1, round->words));
            else
                memcpy(into, in, (size_t)round->bytes);
            begun = true;
        }
    }
    return AXPROD_OK;
}

/* What stays open goes to the front of the unresolved outputs. */
static axprod_status finish_wide(axprod_mpi_plan *plan) {
    axp_mpi_round *round = &plan->round;
    int64_t open = 0, rest = plan->num_unresolved - round->taken;
    axprod_status status =
        axprod_plan_finish_wide(plan->finish, round->merged, round->words, plan->unresolved, round->taken,
                                plan->results[0], plan->results[1], round->indices, &open);
    if (status != AXPROD_OK && status != AXPROD_UNRESOLVED)
        return status;
    memcpy(plan->unresolved, round->indices, (size_t)open * sizeof *plan->unresolved);
    memmove(plan->unresolved + open, plan->unresolved + round->taken, (size_t)rest * sizeof *plan->unresolved);
    plan->num_unresolved = open + rest;
    plan->header.open = open;
    return AXPROD_OK;
}

axp_mpi_stage axp_mpi_end_wides(axprod_mpi_plan *plan) {
    axprod_status status = merge_wide(plan);
    if (status == AXPROD_OK)
        status = finish_wide(plan);
    axp_mpi_note(plan, status);
    return AXP_MPI_STAGE_HEADER;
}
