/* SPDX-License-Identifier: BSD-3-Clause */
/* Between run.c, which divides the work among threads, and walk.c, runs.c and gather.c, which do a piece of it. */
#ifndef AXP_WALK_H
#define AXP_WALK_H

#include "internal.h"

enum {
    AXP_ROWS = 128,          /* offsets of rows handed to a kernel at once */
    AXP_GATHER_BYTES = 16384 /* gathered elements at once */
};

/* Most bytes of a working set that are not for its states. */
#define AXP_SCRATCH_BESIDE_STATES (AXP_ROWS * 8 + AXP_GATHER_BYTES + AXP_FINISH_MOST * 32 + AXP_ALIGNMENT)

/* What one thread works with. */
typedef struct axp_scratch {
    axp_states states, other; /* plan->capacity each */
    char *gathered;           /* copied elements */
    int64_t *rows;            /* offsets of rows */
    axp_finish_room room;
    axp_fold_hint hint;
} axp_scratch;

/* Takes a block of memory apart and returns its size. With memory NULL only the size counts. */
int64_t axp_divide_scratch(const axprod_plan *plan, char *memory, axp_scratch *s);

/* One range of outputs and of reduced iterations, and what works on it. */
typedef struct axp_piece {
    const axprod_plan *plan;
    axp_fold *fold;
    axp_fold_runs *fold_runs;
    const char *x; /* the first iteration of both nests */
    axp_scratch *s;
    int64_t first, count; /* outputs: linear indices of the kept nest */
    int64_t begin, end;   /* reduced: likewise */
    void (*add_progress)(const struct axp_piece *piece, int64_t bytes);
    void *owner; /* for add_progress */
    int thread;
} axp_piece;

/* Vectors of a run of that length, or elements of one that is shorter than a vector. */
static inline int64_t axp_run_steps(const axprod_plan *plan, int64_t length) {
    const int64_t lanes = plan->kernels->lanes;
    return length < lanes ? length : axp_divide_up(length, lanes);
}

/* The product of a piece, one state for each output, in s->states. */
void axp_walk(const axp_piece *piece);

/*
 * The same, where plan->direct, as finished values, which have room up to a multiple of AXP_STATE_PAD, and in
 * s->room.doubtful those whose rounding the bound does not decide; returns their number. -1: the data need axp_walk,
 * and the values mean nothing.
 */
int64_t axp_walk_direct(const axp_piece *piece, double bound, char *values);

/* The first element of an output, in the first reduced iteration. */
const char *axp_output_base(const axp_piece *piece, int64_t output);
/* The same of outputs first .. first+count-1 as offsets from piece->x, the last one repeated up to a multiple of
   AXP_STATE_PAD, in s->room.offsets. */
void axp_locate_outputs(const axp_piece *piece, int64_t first, int64_t count);

/* ---------------------------------------------------------------------------------------- runs.c, for axp_walk --- */

void axp_walk_runs(const axp_piece *piece);
void axp_walk_split(const axp_piece *piece);
/* RUNS of axp_walk_direct. */
int64_t axp_walk_runs_direct(const axp_piece *piece, double bound, char *values);

/* -------------------------------------------------------------------------------------------------- gather.c --- */

/*
 * Any strides: the elements of `count` outputs from `first` on are copied into rows of whole vectors, plan->spread
 * reduced iterations to a row, and multiplied into states.
 */
void axp_gather(const axp_piece *piece, int64_t first, int64_t count, axp_states states);
void axp_fill_identity_elements(axprod_dtype dtype, char *elements, int64_t n);

/* ----------------------------------------------------------------------------------------------- transpose.c --- */

/*
 * Element i of the run that begins at base + outputs[j] goes to rows + i * pitch + j * bytes, 0 <= i < length,
 * 0 <= j < n. n is a multiple of AXP_STATE_PAD, pitch is in bytes. False, and nothing is done, where a run of this
 * length is not worth it.
 */
bool axp_transpose(int bytes, const char *base, const int64_t *outputs, int64_t n, int64_t length, char *rows,
                   int64_t pitch);

/* ---------------------------------------------------------------------------------------------------- states --- */

int64_t axp_states_bytes(axp_accumulator accumulator, int64_t states);
/* Sets states 0 .. n-1, and what kernels touch behind them, to the identity. */
void axp_set_identity(axp_accumulator accumulator, axp_states s, int64_t n);
/* to[i + k to_step] = from[j + k from_step] for k in 0 .. n-1 */
void axp_copy_states(axp_accumulator accumulator, axp_states to, int64_t i, int64_t to_step, axp_states from, int64_t j,
                     int64_t from_step, int64_t n);

/* Multiplies the plan->spread copies of states, one copy after the other `pitch` apart, into the first. */
void axp_collapse(const axprod_plan *plan, axp_states states, int64_t pitch);

#endif
