/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Divides a plan among threads: tiles of outputs and parts of the reduced loops, private states merged into one, and
 * each finished tile to its outputs. The only file that knows OpenMP.
 */
#include "kernel/fpenv.h"
#include "walk.h"

#include <omp.h>
#include <stdatomic.h>

/* Working memory that small calls have without an allocation. */
enum {
    STACK_BYTES = 40960
};

/* Bytes read between two reports of progress. */
#define PROGRESS_BYTES (INT64_C(8) << 20)

struct run {
    const axprod_plan *plan;
    const char *x; /* the first iteration of both nests */
    const axp_sink *sink;
    axp_fold *fold;
    axp_fold_runs *fold_runs;
    double bound;  /* of what fold makes */
    char *scratch; /* one after the other for each thread */
    double *parts; /* states of each tile and part, where several of them are one thread's work; else NULL */
    int64_t tile_states;
    atomic_int status;
    _Atomic int64_t bytes_done;
    int64_t bytes_reported, bytes_all;
};

/* Only the thread that made the call reports. */
static void add_progress(const axp_piece *piece, int64_t bytes) {
    struct run *run = piece->owner;
    if (!run->plan->progress)
        return;
    int64_t done = atomic_fetch_add_explicit(&run->bytes_done, bytes, memory_order_relaxed) + bytes;
    if (piece->thread == 0 && done - run->bytes_reported >= PROGRESS_BYTES && done < run->bytes_all) {
        run->bytes_reported = done;
        run->plan->progress((double)done / (double)run->bytes_all, run->plan->progress_context);
    }
}

/* ---------------------------------------------------------------------------------------------- tiles and parts --- */

static void locate_tile(const axprod_plan *plan, int64_t tile, int64_t *first, int64_t *count) {
    if (plan->layout == AXP_LAYOUT_COLUMN && plan->tile % plan->nest.kept[0].extent != 0) {
        int64_t row = plan->nest.kept[0].extent, column = tile % plan->column_tiles * plan->tile;
        *first = tile / plan->column_tiles * row + column;
        *count = axp_min(plan->tile, row - column);
    } else {
        *first = tile * plan->tile;
        *count = axp_min(plan->tile, plan->nest.outputs - *first);
    }
}

/* Field by field: small calls would feel a copy. */
static void set_piece(axp_piece *piece, struct run *run, axp_scratch *s, int thread, int64_t tile, int64_t part) {
    const axprod_plan *plan = run->plan;
    piece->plan = plan;
    piece->fold = run->fold;
    piece->fold_runs = run->fold_runs;
    piece->x = run->x;
    piece->s = s;
    piece->add_progress = add_progress;
    piece->owner = run;
    piece->thread = thread;
    locate_tile(plan, tile, &piece->first, &piece->count);
    piece->begin = part * plan->part_factors;
    piece->end = axp_min(piece->begin + plan->part_factors, plan->nest.factors);
}

/* The working set number i of plan->threads. */
static axp_scratch scratch_of(const struct run *run, int64_t i) {
    axp_scratch s;
    axp_divide_scratch(run->plan, run->scratch + i * run->plan->scratch_bytes, &s);
    return s;
}

static axp_states part_states(const struct run *run, int64_t tile, int64_t part) {
    const axprod_plan *plan = run->plan;
    const int64_t item = tile * plan->parts + part;
    if (!run->parts)
        return scratch_of(run, item).states;
    const int64_t words = run->tile_states * axp_accumulator_planes(plan->accumulator);
    return (axp_states){run->parts + item * words, run->tile_states};
}

static void note_status(struct run *run, axprod_status status) {
    if (status != AXPROD_OK)
        atomic_store(&run->status, (int)status);
}

/* States at .. at+n-1 of a tile to their outputs, which begin with `first`. */
static void finish_states(struct run *run, const axp_scratch *s, int64_t first, axp_states states, int64_t at,
                          int64_t n) {
    note_status(run, axp_finish_states(run->plan, run->x, first, states, at, n, run->bound, &s->room, run->sink, NULL));
}

/* A tile without a detour through states; false where the data do not allow it. */
static bool run_direct(struct run *run, const axp_piece *piece) {
    const axp_finish_room *room = &piece->s->room;
    char *values = axp_place_values(run->plan, piece->first, piece->count, room, run->sink);
    const int64_t doubtful = axp_walk_direct(piece, run->bound, values);
    if (doubtful < 0)
        return false;
    note_status(run,
                axp_finish_values(run->plan, run->x, piece->first, piece->count, values, room, doubtful, run->sink));
    return true;
}

/* First phase. One part: all of the tile, finished. Several: its states are put aside, or have a scratch that is left
   to them. */
static void run_item(struct run *run, axp_scratch *s, int thread, int64_t item) {
    const axprod_plan *plan = run->plan;
    int64_t tile = item / plan->parts, part = item % plan->parts;
    axp_piece piece;
    axp_scratch own;
    if (plan->parts > 1 && !run->parts) {
        own = scratch_of(run, item);
        s = &own;
    }
    set_piece(&piece, run, s, thread, tile, part);
    if (plan->direct && !run->sink->partials && run_direct(run, &piece))
        return;
    axp_walk(&piece);
    if (plan->parts == 1)
        finish_states(run, s, piece.first, s->states, 0, piece.count);
    else if (run->parts)
        axp_copy_states(plan->accumulator, part_states(run, tile, part), 0, 1, s->states, 0, 1, run->tile_states);
}

/* Outputs of a tile whose parts are merged at once: a few tiles are still work for all threads. */
static int64_t merges_of_tile(const axprod_plan *plan) {
    return axp_divide_up(plan->tile, AXP_FINISH_MOST);
}

/* Second phase, for several parts: they are merged in their order and finished. */
static void run_merge(struct run *run, axp_scratch *s, int thread, int64_t item) {
    (void)thread;
    const axprod_plan *plan = run->plan;
    const int64_t tile = item / merges_of_tile(plan), at = item % merges_of_tile(plan) * AXP_FINISH_MOST;
    int64_t first, count;
    locate_tile(plan, tile, &first, &count);
    const int64_t n = axp_min(AXP_FINISH_MOST, count - at);
    if (n <= 0)
        return;
    axp_states all = part_states(run, tile, 0);
    for (int64_t part = 1; part < plan->parts; part++)
        plan->kernels->merge[plan->accumulator](all, at, part_states(run, tile, part), at, n);
    finish_states(run, s, first + at, all, at, n);
}

/* ---------------------------------------------------------------------------------------------------- threads --- */

int axp_default_threads(void) {
    return omp_in_parallel() ? 1 : omp_get_max_threads();
}

typedef void phase(struct run *run, axp_scratch *s, int thread, int64_t item);

/* Each thread works on a block of neighbouring items, in the default floating-point environment. */
static void for_all(struct run *run, int threads, int64_t items, phase *work) {
    if (threads == 1) {
        axp_scratch s = scratch_of(run, 0);
        axp_fpenv saved = axp_fpenv_enter();
        for (int64_t item = 0; item < items; item++)
            work(run, &s, 0, item);
        axp_fpenv_leave(saved);
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        int thread = omp_get_thread_num();
        axp_scratch s = scratch_of(run, thread);
        axp_fpenv saved = axp_fpenv_enter();
#pragma omp for schedule(static)
        for (int64_t item = 0; item < items; item++)
            work(run, &s, thread, item);
        axp_fpenv_leave(saved);
    }
}

static axprod_status run_all(struct run *run) {
    const axprod_plan *plan = run->plan;
    for_all(run, plan->threads, plan->tiles * plan->parts, run_item);
    if (plan->parts > 1) {
        const int64_t merges = plan->tiles * merges_of_tile(plan);
        for_all(run, (int)axp_min(plan->threads, merges), merges, run_merge);
    }
    if (plan->progress)
        plan->progress(1, plan->progress_context);
    /* what was said about it was said on another thread */
    if (atomic_load(&run->status) != AXPROD_OK)
        return axp_fail((axprod_status)atomic_load(&run->status),
                        "memory to resolve the rounding of an output could not be allocated");
    return AXPROD_OK;
}

axprod_status axp_run(const axprod_plan *plan, const char *x, const axp_sink *sink) {
    struct run run;
    run.plan = plan;
    run.x = x ? x + plan->nest.origin[AXP_X] : NULL;
    run.sink = sink;
    /* partials are to have both of their doubles */
    if (plan->narrow_bound > 0 && !sink->partials) {
        run.fold = plan->kernels->fold_narrow[plan->x_dtype];
        run.fold_runs = plan->kernels->fold_runs_narrow[plan->x_dtype];
        run.bound = plan->narrow_bound;
    } else {
        run.fold = plan->kernels->fold[plan->accumulator][plan->x_dtype];
        run.fold_runs = plan->kernels->fold_runs[plan->x_dtype];
        run.bound = plan->bound;
    }
    run.parts = NULL;
    run.tile_states = axp_round_up(plan->tile, AXP_STATE_PAD);
    atomic_init(&run.status, AXPROD_OK);
    atomic_init(&run.bytes_done, 0);
    run.bytes_reported = 0;
    run.bytes_all = plan->nest.outputs * plan->nest.factors * plan->element_bytes;

    int64_t scratch = plan->scratch_bytes * plan->threads;
    const int64_t items = plan->tiles * plan->parts;
    const int64_t parts =
        plan->parts > 1 && items > plan->threads ? axp_states_bytes(plan->accumulator, run.tile_states) * items : 0;
    if (parts == 0 && scratch <= STACK_BYTES) {
        _Alignas(AXP_ALIGNMENT) char memory[STACK_BYTES];
        run.scratch = memory;
        return run_all(&run);
    }
    char *memory = axp_alloc((size_t)(scratch + parts));
    if (!memory)
        return axp_fail(AXPROD_ERROR_NO_MEMORY, "%lld bytes of working memory could not be allocated",
                        (long long)(scratch + parts));
    run.scratch = memory;
    run.parts = parts > 0 ? (double *)(memory + scratch) : NULL;
    axprod_status status = run_all(&run);
    axp_free(memory);
    return status;
}
