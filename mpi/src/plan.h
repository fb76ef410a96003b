/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan and its execution: what create.c makes and the stages of execute.c work on. */
#ifndef AXP_MPI_PLAN_H
#define AXP_MPI_PLAN_H

#include "internal.h"

/* How partials come together in a reduce group. */
typedef enum axp_mpi_transport {
    AXP_MPI_ALONE,    /* the group is one rank, which multiplies and finishes at once */
    AXP_MPI_GATHER,   /* all partials to all ranks, which merge and finish them alike */
    AXP_MPI_REDUCE,   /* each slice to its owner by MPI_Reduce_scatter, which finishes it */
    AXP_MPI_EXCHANGE, /* each slice to its owner in steps, which merges and finishes it */
    /* Where each rank of the group has one factor of each output: */
    AXP_MPI_GATHER_ELEMENTS,  /* all elements to all ranks, which multiply them alike */
    AXP_MPI_EXCHANGE_ELEMENTS /* each slice to its owner in steps, which multiplies it */
} axp_mpi_transport;

typedef enum axp_mpi_stage {
    AXP_MPI_STAGE_GATHER,
    AXP_MPI_STAGE_REDUCE,
    AXP_MPI_STAGE_EXCHANGE,
    AXP_MPI_STAGE_GATHER_ELEMENTS,
    AXP_MPI_STAGE_EXCHANGE_ELEMENTS,
    AXP_MPI_STAGE_HEADER,
    AXP_MPI_STAGE_COUNTS,
    AXP_MPI_STAGE_LISTS,
    AXP_MPI_STAGE_WIDES,
    AXP_MPI_STAGE_SHARE,
    AXP_MPI_STAGE_SENTENCE,
    AXP_MPI_STAGE_DONE
} axp_mpi_stage;

/* What ranks that have to agree tell each other before each turn; the maximum counts. */
typedef struct axp_mpi_header {
    int64_t failure;
    int64_t open;    /* outputs of the last round that need more words */
    int64_t pending; /* outputs that are unresolved */
} axp_mpi_header;

/* In groups of up to so many ranks a message for each pair, all at once, is faster than what MPI does in steps. */
#define AXP_MPI_PAIRED_RANKS 6

/*
 * Messages of up to so many bytes MPI sends without asking the receiver first (Open MPI: 4,096 with its own header).
 * Longer ones between pairs are cut into such pieces, as long as they are few: the question takes as long as some
 * pieces, and then the receiver reads the sender's memory, which makes the sender's next write there slow. Two ranks
 * reduce 600 to 4,000 outputs in 7 to 33 % less time, with MPICH in 4 % more to 14 % less; more pieces gain nothing.
 */
#define AXP_MPI_EAGER_BYTES 4000
#define AXP_MPI_PIECES 8

/* Each message to all ranks of a group begins with the status of its rank. */
#define AXP_MPI_STATUS_BYTES ((int64_t)sizeof(int64_t))

/* A round of resolving: the first unresolved outputs of each owner, in wide partials of the same words. */
typedef struct axp_mpi_round {
    int64_t words, bytes; /* of a wide partial; no bytes between rounds */
    MPI_Datatype type;    /* of a wide partial; MPI_DATATYPE_NULL between rounds */
    int64_t most;         /* outputs of one owner */
    int64_t taken;        /* of this rank as an owner */
    int64_t *lists;       /* their numbers in the space, those of one owner after the other */
    int64_t *indices;     /* in this rank's box, of those that are in it; or what stays unresolved */
    char *sent, *received, *merged;
} axp_mpi_round;

struct axprod_mpi_plan {
    axp_mpi_context *context;
    axp_mpi_form form;
    axprod_mpi_result result;
    int root;
    bool receives; /* this rank gets results */
    const axp_mpi_kind *kind;
    axp_mpi_geometry geometry;
    axprod_dtype dtypes[2]; /* of the outputs; the second: AXPROD_DTYPE_NONE for AXP_MPI_VALUE */
    axprod_tensor local, out[2];
    int64_t shapes[3][AXPROD_MAX_NDIM], strides[3][AXPROD_MAX_NDIM]; /* of local and out */
    axp_mpi_extent extents[3];                                       /* likewise */

    axp_mpi_transport transport;
    bool direct;           /* the core writes the result by itself: nothing travels */
    int slots[2];          /* of the communicators; -1: not needed */
    MPI_Comm group, agree; /* of the reduce group, and of the ranks that agree on errors; MPI_COMM_NULL: this rank */
    int size, member;
    int *ranks;    /* of the group's members */
    int *division; /* the group of each rank, for the communicators to keep; or NULL */
    axprod_plan *multiply, *finish;

    int64_t outputs;                    /* of this rank's kept part */
    int64_t first, count;               /* the slice of the space that this rank owns */
    int64_t values_first, values_count; /* what of the space it finishes: the slice, or all of it */
    int64_t step;                       /* outputs of each owner in one step of an exchange */
    int64_t turns;                      /* steps of the exchange */
    bool in_place;                      /* elements travel from where they are */
    bool in_output[2];                  /* shared results arrive where they belong */
    bool finishes_there;                /* so do those that this rank finishes, where it has an output that does */
    bool for_all;                       /* the result goes to all ranks, or to the root */
    int sharers;                        /* ranks that share results */
    int64_t longest;                    /* slice among theirs */
    int64_t share_step;                 /* results of each in one step */

    void *memory; /* of all that follows but unresolved */
    char *sent;
    char *partials; /* or elements of this rank's outputs: in `sent`, or in `received` where all ranks gather them */
    char *received;
    char *merged;        /* partials of the outputs that this rank finishes; may be among its own */
    const void **pieces; /* of each rank of the group: partials of the same outputs, to be finished without a merge */
    char *values[2];
    char *packed, *shared;               /* results to send, and received ones */
    int64_t *unresolved, num_unresolved; /* numbers from values_first on */
    int *send_counts, *send_at, *receive_counts, *receive_at;
    int *gather_counts, *gather_at; /* bytes of each rank of the group in `received`, where it gathers */
    int64_t *asked; /* outputs that each rank of the group asks for in a round; -1: it has no memory for it */

    /* One execution. */
    axp_mpi_stage stage;
    bool started, blocking;
    bool broken;             /* an error of MPI: the communicators are in no known state */
    MPI_Request *requests;   /* room for all that a stage hands to MPI */
    axp_mpi_header *headers; /* of each rank, where they do */
    int num_requests;        /* that are under way */
    const void *x;
    void *data[2];
    axprod_status status;
    axp_mpi_header header, agreed;
    bool settled;     /* nothing has failed or is pending on any of the ranks that agree */
    char *results[2]; /* that this rank finishes: in values, or where they belong in its outputs */
    axp_mpi_round round;
    int64_t turn;                    /* of exchanges and of sharing */
    int output;                      /* that is shared */
    char sentence[AXP_MPI_SENTENCE]; /* of the failure */
};

/* Bytes of one result; 0 for a second output that is not there. */
static inline int64_t axp_mpi_result_bytes(const axprod_mpi_plan *plan, int i) {
    return (int64_t)axprod_dtype_size(plan->dtypes[i]);
}

static inline bool axp_mpi_sends_elements(const axprod_mpi_plan *plan) {
    return plan->transport == AXP_MPI_GATHER_ELEMENTS || plan->transport == AXP_MPI_EXCHANGE_ELEMENTS;
}

/* Whether all ranks of the group get the same messages, which begin with a status. */
static inline bool axp_mpi_gathers(const axprod_mpi_plan *plan) {
    return plan->transport == AXP_MPI_GATHER || plan->transport == AXP_MPI_GATHER_ELEMENTS;
}

/* What all ranks of the group get; the last message ends it. */
static inline int64_t axp_mpi_gathered_bytes(const axprod_mpi_plan *plan) {
    return plan->gather_at[plan->size - 1] + plan->gather_counts[plan->size - 1];
}

/* A collective function of MPI, or its nonblocking twin, as the execution wants it. */
#define AXP_MPI_CALL(plan, blocking_name, nonblocking_name, ...)                                                       \
    ((plan)->blocking ? blocking_name(__VA_ARGS__)                                                                     \
                      : nonblocking_name(__VA_ARGS__, &(plan)->requests[(plan)->num_requests++]))

/*
 * Each stage in two halves: what it hands to MPI, and what follows when that has arrived, which names the next stage.
 * A stage may hand nothing to MPI.
 */
int axp_mpi_post_gather(axprod_mpi_plan *plan);
axp_mpi_stage axp_mpi_end_gather(axprod_mpi_plan *plan);
int axp_mpi_post_reduce(axprod_mpi_plan *plan);
axp_mpi_stage axp_mpi_end_reduce(axprod_mpi_plan *plan);
int axp_mpi_post_exchange(axprod_mpi_plan *plan);
axp_mpi_stage axp_mpi_end_exchange(axprod_mpi_plan *plan);

/* The worst status among the messages of a gather, each of which begins with one. */
int64_t axp_mpi_gathered_failure(const axprod_mpi_plan *plan);

/* Hand a message to or from another rank of a communicator to MPI, in one piece or more; of no bytes, none. */
int axp_mpi_post_send(axprod_mpi_plan *plan, MPI_Comm comm, const char *from, int64_t bytes, int to);
int axp_mpi_post_receive(axprod_mpi_plan *plan, MPI_Comm comm, char *into, int64_t bytes, int from);
/* A message of this rank to each other one of plan->group or plan->agree; counts[i] bytes of theirs to into + at[i]. */
int axp_mpi_post_pairs(axprod_mpi_plan *plan, MPI_Comm comm, const void *mine, int bytes, char *into, const int *counts,
                       const int *at);

/* Keeps the first failure of an execution, with its sentence, for the ranks to agree on. */
void axp_mpi_note(axprod_mpi_plan *plan, axprod_status status);

/* What this rank tells the others of itself now. */
void axp_mpi_fill_header(axprod_mpi_plan *plan);

/* The stage after plan->agreed, the maximum of all headers. */
axp_mpi_stage axp_mpi_settle(axprod_mpi_plan *plan);

/* plan.c: transport, plans of the core and memory; then, collective, the communicators from the idle slots. */
axprod_status axp_mpi_lay_out(axprod_mpi_plan *plan, const int *axes, int naxes, const axprod_mpi_options *options);
axprod_status axp_mpi_connect(axprod_mpi_plan *plan, uint64_t *idle);

/* The numbers of its space, begin .. end-1, of which a rank's slice has its turn in steps of that many outputs. */
void axp_mpi_turn(const axprod_mpi_plan *plan, int rank, int64_t step, int64_t *begin, int64_t *end);

/* Whether partials of the group's ranks are multiplied and finished in one go: plan->merged is not needed. */
static inline bool axp_mpi_finishes_pieces(const axprod_mpi_plan *plan) {
    return plan->kind->finish_pieces;
}

/* elements.c: whether all ranks of the group have one factor of each output; the plans for that, the memory, what is
 * in it before the first execution, and this rank's elements where they are to be sent from. core: options of the plan
 * that packs elements. */
bool axp_mpi_has_single_factors(const axp_mpi_geometry *geometry);
int64_t axp_mpi_element_bytes(const axprod_mpi_plan *plan);
axprod_status axp_mpi_plan_packing(axprod_mpi_plan *plan, const int *axes, int naxes, const axprod_options *core);
axprod_status axp_mpi_plan_elements(axprod_mpi_plan *plan, int threads);
void axp_mpi_want_elements(axprod_mpi_plan *plan, axp_mpi_rooms *rooms);
void axp_mpi_prepare_elements(axprod_mpi_plan *plan);
axprod_status axp_mpi_collect_elements(axprod_mpi_plan *plan);
axp_mpi_stage axp_mpi_end_gather_elements(axprod_mpi_plan *plan);
int axp_mpi_post_exchange_elements(axprod_mpi_plan *plan);
axp_mpi_stage axp_mpi_end_exchange_elements(axprod_mpi_plan *plan);

/* resolve.c */
int axp_mpi_post_counts(axprod_mpi_plan *plan);
axp_mpi_stage axp_mpi_end_counts(axprod_mpi_plan *plan);
int axp_mpi_post_lists(axprod_mpi_plan *plan);
axp_mpi_stage axp_mpi_end_lists(axprod_mpi_plan *plan);
int axp_mpi_post_wides(axprod_mpi_plan *plan);
axp_mpi_stage axp_mpi_end_wides(axprod_mpi_plan *plan);
/* Chooses the words of the next round and takes memory for it; a failure goes to plan->status. */
void axp_mpi_next_round(axprod_mpi_plan *plan, bool more_words);
void axp_mpi_free_round(axp_mpi_round *round);

/* share.c: the stage after this rank's results are finished. */
axp_mpi_stage axp_mpi_after_results(const axprod_mpi_plan *plan);
/* Whether ranks send their results to each other in messages for each pair, with their headers beside them. */
bool axp_mpi_shares_in_pairs(const axprod_mpi_plan *plan);
/* Fills plan->in_output and finishes_there. */
void axp_mpi_plan_sharing(axprod_mpi_plan *plan);
/* Chooses plan->results of an execution. */
void axp_mpi_place_results(axprod_mpi_plan *plan);
int axp_mpi_post_share(axprod_mpi_plan *plan);
axp_mpi_stage axp_mpi_end_share(axprod_mpi_plan *plan);
/* Stores what this rank gets where it has finished the whole space by itself. */
void axp_mpi_store_space(axprod_mpi_plan *plan);

#endif
