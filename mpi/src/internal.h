/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the MPI layer share. A product goes through them in this order:
 *   api.c -> comm.c (private communicator) -> create.c (validate, agree) -> geometry.c (boxes, reduce groups)
 *   -> plan.c (transport, memory) -> execute.c (stages), with exchange.c, elements.c, resolve.c and share.c
 *   for its messages.
 * The core is used through axprod.h alone.
 */
#ifndef AXP_MPI_INTERNAL_H
#define AXP_MPI_INTERNAL_H

#include <axprod_mpi.h>

#include "mem.h"

/* Hands an error on. */
#define AXP_TRY(call)                                                                                                  \
    do {                                                                                                               \
        axprod_status status_ = (call);                                                                                \
        if (status_ != AXPROD_OK)                                                                                      \
            return status_;                                                                                            \
    } while (0)

/* The same for a function of MPI. */
#define AXP_TRY_MPI(call) AXP_TRY(axp_mpi_check(call))

static inline int64_t axp_mpi_min(int64_t a, int64_t b) {
    return a < b ? a : b;
}
static inline int64_t axp_mpi_max(int64_t a, int64_t b) {
    return a > b ? a : b;
}
static inline int64_t axp_mpi_divide_up(int64_t a, int64_t b) {
    return a / b + (a % b != 0);
}

/* ------------------------------------------------------------------------------------------------------ error.c --- */

/* Bytes of a sentence that one rank tells the others. */
#define AXP_MPI_SENTENCE 256

/* Keeps the sentence for axprod_last_error and returns status. */
axprod_status axp_mpi_fail(axprod_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* OK for MPI_SUCCESS, else MPI's own sentence. */
axprod_status axp_mpi_check(int code);

/* A status with its rank, for a maximum over ranks: the largest status, of the lowest rank that has it. */
int64_t axp_mpi_failure(axprod_status status, int rank);
axprod_status axp_mpi_failure_status(int64_t failure);
int axp_mpi_failure_rank(int64_t failure);

/* Collective: the status of all ranks, and the sentence of the rank at fault. */
axprod_status axp_mpi_agree(MPI_Comm comm, axprod_status status);

/* Keeps the sentence of the rank that failed, with its rank, and returns its status. */
axprod_status axp_mpi_fail_as(int64_t failure, const char *sentence);

/* ------------------------------------------------------------------------------------------------------- comm.c --- */

/* Communicators of a context: two for each plan, one for its reduce groups and one for all ranks. */
#define AXP_MPI_SLOTS (2 * AXPROD_MPI_MAX_PLANS)
_Static_assert(AXP_MPI_SLOTS <= 64, "a set of slots is one word");

typedef struct axp_mpi_slot {
    MPI_Comm comm;
    int *division; /* into groups: that of each rank; NULL: all ranks are one */
    bool used;
} axp_mpi_slot;

/* What this rank has of the cores of its node. */
typedef struct axp_mpi_cores {
    int share;   /* of the usable ones, at least 1 */
    bool first;  /* the first rank of the node */
    bool warned; /* that options asked for more */
} axp_mpi_cores;

/* What is kept with a communicator of the user, from its first use on; freed with it and the last plan. */
typedef struct axp_mpi_context {
    MPI_Comm comm; /* the private duplicate */
    int ranks, rank;
    axp_mpi_cores cores;
    int references;
    axp_mpi_slot slots[AXP_MPI_SLOTS]; /* filled from the first on, alike on all ranks */
} axp_mpi_context;

/* Collective where the communicator is new. The reference belongs to the caller. */
axprod_status axp_mpi_context_get(MPI_Comm comm, axp_mpi_context **context);
void axp_mpi_context_release(axp_mpi_context *context);

/* The slots that this rank does not use, as a set. */
uint64_t axp_mpi_idle_slots(const axp_mpi_context *context);

/*
 * Collective. A slot with a communicator for this division into groups. (*division)[r]: the group of rank r; NULL: all
 * ranks are one; set to NULL where the slot keeps it. idle: the slots that no rank uses, from which the slot is taken.
 */
axprod_status axp_mpi_acquire(axp_mpi_context *context, int **division, uint64_t *idle, int *slot);

/* ---------------------------------------------------------------------------------------------------- threads.c --- */

/* Collective: this rank's share of the cores of its node, with a word on stderr where the environment asks for more. */
axprod_status axp_mpi_share_cores(MPI_Comm comm, axp_mpi_cores *cores);

/* What the core is told: wanted, the first time with a word where that is more than the share; or this rank's share, 0
 * where the core would choose the same by itself. */
int axp_mpi_choose_threads(axp_mpi_cores *cores, int wanted);

/* -------------------------------------------------------------------------------------------------------- box.c --- */

/* Elements first[d] .. first[d] + extent[d] - 1 along each axis, numbered in C order. */
typedef struct axp_mpi_box {
    int ndim;
    const int64_t *first, *extent;
} axp_mpi_box;

int64_t axp_mpi_box_count(axp_mpi_box box);

/* For a box inside a space: the number in the space of the box's element i, and how many elements of the box have
 * smaller numbers in the space than `number`. */
int64_t axp_mpi_number_of(axp_mpi_box space, axp_mpi_box box, int64_t i);
int64_t axp_mpi_count_below(axp_mpi_box space, axp_mpi_box box, int64_t number);
bool axp_mpi_contains(axp_mpi_box space, axp_mpi_box box, int64_t number);

/* Elements of a box whose numbers in the space follow each other: begin .. begin + length - 1 from number on. */
typedef struct axp_mpi_run {
    int64_t begin, number, length;
} axp_mpi_run;

/* The run that begins at element i and ends before element `end` of the box. */
axp_mpi_run axp_mpi_next_run(axp_mpi_box space, axp_mpi_box box, int64_t i, int64_t end);

/* The bytes that a tensor touches, from the address of element (0, 0, ...); begin == end: none. */
typedef struct axp_mpi_extent {
    int64_t begin, end;
} axp_mpi_extent;

axp_mpi_extent axp_mpi_extent_of(const axprod_tensor *tensor);

/* Whether the elements follow each other in C order. */
bool axp_mpi_is_dense(const axprod_tensor *tensor);

/* Copies dense elements into elements first .. first + count - 1, in C order, of a tensor. */
void axp_mpi_store(const axprod_tensor *tensor, void *data, int64_t first, int64_t count, const char *dense);

/* --------------------------------------------------------------------------------------------------- geometry.c --- */

/*
 * The boxes of all ranks and what follows from them, the same on all ranks. The outputs of a rank are its kept part;
 * its space is the part of its reduce group.
 */
typedef struct axp_mpi_geometry {
    int ranks, rank;
    int ndim, kept_ndim;
    uint64_t reduced;         /* a set of axes */
    int64_t outputs, factors; /* of the whole tensor */
    int64_t *boxes;           /* per rank: first, extent of its box */
    int64_t *kept;            /* per rank: first, extent of its kept part */
    int64_t *whole;           /* first, extent of the whole result */
    int *group;               /* per rank: its reduce group, by the lowest rank in it */
    int *member;              /* per rank: how many ranks of its group are lower */
    int *size;                /* per rank: the size of its group */
    bool united;              /* all ranks are one group, whose space is the whole result */
} axp_mpi_geometry;

/* Memory for the boxes of so many ranks. */
axprod_status axp_mpi_geometry_init(axp_mpi_geometry *geometry, int ranks, int rank, int ndim, uint64_t reduced,
                                    const int64_t *global_shape);
void axp_mpi_geometry_free(axp_mpi_geometry *geometry);

/* From the boxes: checks that they tile the tensor and finds the groups. The same on all ranks but for NO_MEMORY. */
axprod_status axp_mpi_geometry_solve(axp_mpi_geometry *geometry);

/* Makes all ranks one group. */
void axp_mpi_unite(axp_mpi_geometry *geometry);

axp_mpi_box axp_mpi_kept(const axp_mpi_geometry *geometry, int rank);
axp_mpi_box axp_mpi_whole(const axp_mpi_geometry *geometry);
axp_mpi_box axp_mpi_space(const axp_mpi_geometry *geometry, int rank);
/* The outputs of its space that a rank owns: *first .. *first + the returned number - 1. */
int64_t axp_mpi_slice_of(const axp_mpi_geometry *geometry, int rank, int64_t *first);

/* tiling.c: two of these boxes (first and extent of ndim axes each, none empty) that overlap; false: there are none. */
axprod_status axp_mpi_find_overlap(int ndim, const int64_t *const *boxes, int count, bool *found, int pair[2]);

/* ------------------------------------------------------------------------------------------------------- kind.c --- */

typedef enum axp_mpi_form {
    AXP_MPI_VALUE,
    AXP_MPI_SCALED,
    AXP_MPI_LOG
} axp_mpi_form;

/* What travels between ranks for one output: partial products of some accumulator. */
typedef struct axp_mpi_kind {
    int64_t bytes;
    const void *identity; /* one element */
    /* The result dtype of the plan that multiplies; AXPROD_DTYPE_NONE: that of the output. */
    axprod_dtype dtype;
    axprod_status (*multiply)(const axprod_plan *plan, const void *x, void *partials);
    void (*merge)(const void *in, void *inout, int64_t count);
    /* Results of `count` partials, all outputs of the plan, as axprod_plan_finish gives them. dtype: of out. */
    axprod_status (*finish)(const axprod_plan *plan, axprod_dtype dtype, const void *partials, int64_t count,
                            int64_t factors, void *const out[2], int64_t *unresolved, int64_t *num_unresolved);
    /* Results first .. first + count - 1 likewise, of the products of num_pieces arrays of count partials. A kind has
     * either this or all of merge, finish, type and op. */
    axprod_status (*finish_pieces)(const axprod_plan *plan, const void *const *pieces, int num_pieces, int64_t first,
                                   int64_t count, int64_t factors, void *const out[2], int64_t *unresolved,
                                   int64_t *num_unresolved);
    MPI_Datatype (*type)(void);
    MPI_Op (*op)(void);
} axp_mpi_kind;

const axp_mpi_kind *axp_mpi_kind_of(axp_mpi_form form, axprod_dtype x, axprod_dtype out);
/* The shorter kind that does for this one where all ranks of a group have the same outputs; or the same kind. factors:
 * of each output, in all boxes together. */
const axp_mpi_kind *axp_mpi_pack(const axp_mpi_kind *kind, axprod_dtype x, int64_t factors);

/* count identities */
void axp_mpi_fill(const axp_mpi_kind *kind, void *partials, int64_t count);

/* ----------------------------------------------------------------------------------------------------- create.c --- */

/* One call as the user made it. */
typedef struct axp_mpi_request {
    axp_mpi_form form;
    const axprod_tensor *local;
    const int64_t *global_shape, *offset;
    const int *axes;
    int naxes;
    const axprod_mpi_options *options;
    const axprod_tensor *out[2]; /* the second: NULL for AXP_MPI_VALUE */
    MPI_Comm comm;
} axp_mpi_request;

axprod_status axp_mpi_create(axprod_mpi_plan **plan, const axp_mpi_request *request);
/* The same as far as the boxes; outputs and options are not looked at. */
axprod_status axp_mpi_slice(const axp_mpi_request *request, int64_t *first, int64_t *count);

/* A plan of the core for this form; second: NULL for AXP_MPI_VALUE. */
axprod_status axp_mpi_core_plan(axprod_plan **plan, axp_mpi_form form, const axprod_tensor *x, const int *axes,
                                int naxes, const axprod_options *options, const axprod_tensor *out,
                                const axprod_tensor *second);

#endif
