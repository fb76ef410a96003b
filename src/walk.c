/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One piece of a plan: some outputs, some of the reduced loops. Its elements go as rows or runs into the kernels, as
 * the layout says, and what each output has in several states is collapsed into one.
 */
#include "walk.h"

#include <string.h>

enum {
    COLUMN_ROWS = 128, /* rows of a column tile at once */
    WIDE_ROWS = 16,    /* the same for more than FEW_COLUMNS: what the memory reads well from end to end */
    FEW_COLUMNS = 64,
    STREAMS = 4,             /* places in a long run that are read in turn: one does not fill the memory's bandwidth */
    STREAM_WINDOW = 1 << 22, /* bytes that these places are in: far apart they are slower by a quarter */
    PREFETCH_BYTES = 1024,   /* ahead in each stream */
    COLUMN_PREFETCH = 512,   /* ahead in each row of a column tile */
};

/* --------------------------------------------------------------------------------------------- working memory --- */

int64_t axp_states_bytes(axp_accumulator accumulator, int64_t states) {
    return states * axp_accumulator_planes(accumulator) * (int64_t)sizeof(double);
}

/* Whether the groups of a tile are turned round in a second set of states before they are collapsed. */
static bool turns_groups(const axprod_plan *plan) {
    return plan->layout == AXP_LAYOUT_ROW && plan->spread > 1 && plan->tile > plan->inner;
}

/* Runs that take several calls of the kernel have their products there before they are merged, parts of runs always. */
static bool needs_other_states(const axprod_plan *plan) {
    return turns_groups(plan) || plan->layout == AXP_LAYOUT_RUNS || plan->layout == AXP_LAYOUT_STRIDE;
}

int64_t axp_divide_scratch(const axprod_plan *plan, char *memory, axp_scratch *s) {
    int64_t room = axp_round_up(axp_min(plan->tile, AXP_FINISH_MOST), AXP_STATE_PAD), at = 0;
    bool gathers = plan->layout != AXP_LAYOUT_EMPTY;
    s->hint = (axp_fold_hint){{0, 0}, {0, 0}};
    s->states = (axp_states){(double *)(memory + at), plan->capacity};
    at += axp_states_bytes(plan->accumulator, plan->capacity);
    at += plan->capacity * axp_spare_planes(plan->accumulator) * (int64_t)sizeof(double);
    s->other = (axp_states){(double *)(memory + at), plan->capacity};
    at += needs_other_states(plan) ? axp_states_bytes(plan->accumulator, plan->capacity) : 0;
    /* RUNS folds into the other states, too: their spare planes, 16 bytes for each, are where values come afterwards */
    s->room.values = memory + at;
    at += room * 16;
    s->room.offsets = (int64_t *)(memory + at);
    at += room * 8;
    s->rows = (int64_t *)(memory + at);
    at += AXP_ROWS * 8;
    s->room.doubtful = (int32_t *)(memory + at);
    at += room * 4;
    s->gathered = memory + at;
    at += gathers ? AXP_GATHER_BYTES : 0;
    return axp_round_up(at, AXP_ALIGNMENT);
}

/* ----------------------------------------------------------------------------------------------------- states --- */

static void fill(double *plane, int64_t n, double value) {
    for (int64_t i = 0; i < n; i++)
        plane[i] = value;
}

void axp_set_identity(axp_accumulator accumulator, axp_states s, int64_t n) {
    n = axp_round_up(n, AXP_STATE_PAD);
    if (accumulator == AXP_WORD32) {
        for (int64_t i = 0; i < n; i++)
            ((uint32_t *)s.words)[i] = 1;
    } else if (accumulator == AXP_WORD64) {
        for (int64_t i = 0; i < n; i++)
            ((uint64_t *)s.words)[i] = 1;
    } else {
        fill(axp_plane(s, AXP_PLANE_HI), n, 1);
        for (int plane = AXP_PLANE_LO; plane < axp_accumulator_planes(accumulator); plane++)
            fill(axp_plane(s, plane), n, 0); /* +0 and the integer 0 have the same bits */
    }
}

void axp_copy_states(axp_accumulator accumulator, axp_states to, int64_t i, int64_t to_step, axp_states from, int64_t j,
                     int64_t from_step, int64_t n) {
    if (accumulator == AXP_WORD32) {
        uint32_t *a = (uint32_t *)to.words + i, *b = (uint32_t *)from.words + j;
        for (int64_t k = 0; k < n; k++)
            a[k * to_step] = b[k * from_step];
        return;
    }
    for (int plane = 0; plane < axp_accumulator_planes(accumulator); plane++) {
        /* as integers: NaN keep their bits, and exponents are integers */
        int64_t *a = (int64_t *)axp_plane(to, plane) + i, *b = (int64_t *)axp_plane(from, plane) + j;
        for (int64_t k = 0; k < n; k++)
            a[k * to_step] = b[k * from_step];
    }
}

/* Multiplies the `spread` copies of `n` states, one copy after the other `pitch` apart, into the first. */
static void collapse(const axprod_plan *plan, axp_states states, int64_t pitch) {
    for (int64_t half = plan->spread / 2; half > 0; half /= 2)
        plan->kernels->merge[plan->accumulator](states, 0, states, half * pitch, half * pitch);
}

/*
 * Collapses the groups of a ROW tile: turned round, so that the same state of all groups lies together and whole
 * vectors are merged, and turned back.
 */
static void collapse_groups(const axprod_plan *plan, const axp_scratch *s, int64_t groups) {
    if (plan->spread == 1)
        return;
    if (!turns_groups(plan)) {
        collapse(plan, s->states, plan->inner);
        return;
    }
    int64_t pitch = axp_round_up(groups, AXP_STATE_PAD);
    axp_set_identity(plan->accumulator, s->other, pitch * plan->width);
    for (int64_t g = 0; g < groups; g++)
        axp_copy_states(plan->accumulator, s->other, g, pitch, s->states, g * plan->width, 1, plan->width);
    collapse(plan, s->other, pitch * plan->inner);
    for (int64_t i = 0; i < plan->inner; i++)
        axp_copy_states(plan->accumulator, s->states, i, plan->inner, s->other, i * pitch, 1, groups);
}

/* -------------------------------------------------------------------------------------------------- the layouts --- */

/* Multiplies the rows that are listed in s->rows into states at .. at+n-1. */
static void fold(const axp_piece *p, const char *base, int64_t rows, int64_t n, int64_t prefetch, axp_states states,
                 int64_t at) {
    p->fold(base, p->s->rows, rows, n, prefetch, states, at, &p->s->hint);
}

static const char *output_base(const axp_piece *p, int64_t output) {
    const axp_nest *nest = &p->plan->nest;
    int64_t offset;
    axp_fill_offsets(nest->kept, nest->kept_count, AXP_X, output, 1, &offset);
    return p->x + offset;
}

/* Copies elements for `outputs` outputs and n reduced iterations into rows of `pitch` elements of constant size. */
static inline __attribute__((always_inline)) void copy_elements(const size_t bytes, const char *x, const int64_t *kept,
                                                                int64_t outputs, const int64_t *reduced, int64_t n,
                                                                bool along_reduced, char *rows, int64_t pitch) {
    if (along_reduced) {
        for (int64_t j = 0; j < outputs; j++)
            for (int64_t i = 0; i < n; i++)
                memcpy(rows + (i * pitch + j) * (int64_t)bytes, x + kept[j] + reduced[i], bytes);
    } else {
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < outputs; j++)
                memcpy(rows + (i * pitch + j) * (int64_t)bytes, x + kept[j] + reduced[i], bytes);
    }
}

/* The size is a constant in each case, so that each copy is one load and one store. */
static void copy_any_elements(int bytes, const char *x, const int64_t *kept, int64_t outputs, const int64_t *reduced,
                              int64_t n, bool along_reduced, char *rows, int64_t pitch) {
    switch (bytes) {
    case 1:
        copy_elements(1, x, kept, outputs, reduced, n, along_reduced, rows, pitch);
        break;
    case 2:
        copy_elements(2, x, kept, outputs, reduced, n, along_reduced, rows, pitch);
        break;
    case 4:
        copy_elements(4, x, kept, outputs, reduced, n, along_reduced, rows, pitch);
        break;
    case 8:
        copy_elements(8, x, kept, outputs, reduced, n, along_reduced, rows, pitch);
        break;
    default:
        copy_elements(16, x, kept, outputs, reduced, n, along_reduced, rows, pitch);
    }
}

static inline __attribute__((always_inline)) void repeat(const size_t bytes, const unsigned char *element, char *to,
                                                         int64_t n) {
    for (int64_t i = 0; i < n; i++)
        memcpy(to + i * (int64_t)bytes, element, bytes);
}

static void fill_identity_elements(axprod_dtype dtype, char *elements, int64_t n) {
    unsigned char one[16];
    axp_dtype_identity(dtype, one);
    switch (axp_dtypes[dtype].bytes) {
    case 1:
        memset(elements, one[0], (size_t)n);
        break;
    case 2:
        repeat(2, one, elements, n);
        break;
    case 4:
        repeat(4, one, elements, n);
        break;
    case 8:
        repeat(8, one, elements, n);
        break;
    default:
        repeat(16, one, elements, n);
    }
}

/*
 * Any strides: the elements of `count` outputs from `first` on are copied into rows of `width` elements, `spread`
 * reduced iterations to a row, and multiplied into states at, at+1, ...
 */
static void gather(const axp_piece *p, int64_t first, int64_t count, int64_t width, int64_t spread, axp_states states,
                   int64_t at) {
    const axprod_plan *plan = p->plan;
    const axp_nest *nest = &plan->nest;
    int bytes = plan->element_bytes;
    int64_t pitch = width / spread;
    int64_t most = axp_min(AXP_GATHER_BYTES / (width * bytes), AXP_ROWS / spread);
    int64_t reduced[AXP_ROWS], *kept = p->s->room.offsets;
    axp_fill_offsets(nest->kept, nest->kept_count, AXP_X, first, count, kept);
    for (int64_t row = 0; row < most; row++)
        p->s->rows[row] = row * width * bytes;
    bool along_reduced = nest->reduced_count && (!nest->kept_count || (uint64_t)nest->reduced[0].stride[AXP_X] - 1 <
                                                                          (uint64_t)nest->kept[0].stride[AXP_X] - 1);
    if (count < pitch)
        fill_identity_elements(plan->x_dtype, p->s->gathered,
                               width * axp_min(most, axp_divide_up(p->end - p->begin, spread)));
    for (int64_t i = p->begin; i < p->end; i += most * spread) {
        int64_t n = axp_min(p->end - i, most * spread), rows = axp_divide_up(n, spread);
        axp_fill_offsets(nest->reduced, nest->reduced_count, AXP_X, i, n, reduced);
        copy_any_elements(bytes, p->x, kept, count, reduced, n, along_reduced, p->s->gathered, pitch);
        fill_identity_elements(plan->x_dtype, p->s->gathered + n * pitch * bytes, (rows * spread - n) * pitch);
        fold(p, p->s->gathered, rows, width, 0, states, at);
        p->add_progress(p, n * count * bytes);
    }
}

static void multiply_gathered(const axp_piece *p) {
    const axprod_plan *plan = p->plan;
    gather(p, p->first, p->count, plan->width, plan->spread, p->s->states, 0);
    collapse(plan, p->s->states, plan->width / plan->spread);
}

/* Rows of x are rows of states from `at` on; what does not fill a vector at their end is gathered. */
static void multiply_row_of_columns(const axp_piece *p, int64_t first, int64_t count, int64_t at) {
    const axprod_plan *plan = p->plan;
    const axp_nest *nest = &plan->nest;
    int64_t whole = count / AXP_STATE_PAD * AXP_STATE_PAD;
    const char *base = output_base(p, first);
    /* real states have their own way through many rows */
    const int64_t most = plan->accumulator == AXP_REAL || whole <= FEW_COLUMNS ? COLUMN_ROWS : WIDE_ROWS;
    for (int64_t i = p->begin; i < p->end && whole; i += most) {
        int64_t rows = axp_min(p->end - i, most);
        axp_fill_offsets(nest->reduced, nest->reduced_count, AXP_X, i, rows, p->s->rows);
        fold(p, base, rows, whole, COLUMN_PREFETCH, p->s->states, at);
        p->add_progress(p, rows * whole * plan->element_bytes);
    }
    if (whole < count)
        gather(p, first + whole, count - whole, AXP_STATE_PAD, 1, p->s->states, at + whole);
}

static void multiply_columns(const axp_piece *p) {
    const int64_t row = p->plan->nest.kept[0].extent;
    for (int64_t done = 0; done < p->count;) {
        int64_t some = axp_min(p->count - done, row - (p->first + done) % row);
        multiply_row_of_columns(p, p->first + done, some, done);
        done += some;
    }
}

/*
 * A window of a long run as rows of `width` elements, taken in turn from STREAMS places. Returns how many elements that
 * were; the rest has less than STREAMS rows.
 */
static int64_t multiply_streams(const axp_piece *p, const char *run, int64_t elements, int64_t at) {
    const axprod_plan *plan = p->plan;
    int64_t row_bytes = plan->width * plan->element_bytes;
    int64_t each = elements / plan->width / STREAMS; /* rows of a stream */
    for (int64_t i = 0; i < AXP_ROWS; i++)
        p->s->rows[i] = (i % STREAMS * each + i / STREAMS) * row_bytes;
    for (int64_t row = 0; row < each; row += AXP_ROWS / STREAMS) {
        int64_t rows = axp_min(each - row, AXP_ROWS / STREAMS) * STREAMS;
        fold(p, run + row * row_bytes, rows, plan->width, PREFETCH_BYTES, p->s->states, at);
        p->add_progress(p, rows * row_bytes);
    }
    return each * STREAMS * plan->width;
}

/* The rest of a run: whole rows, then one that is filled up with ones. */
static void multiply_rest(const axp_piece *p, const char *rest, int64_t elements, int64_t at) {
    const axprod_plan *plan = p->plan;
    int64_t row_bytes = plan->width * plan->element_bytes, rows = elements / plan->width;
    for (int64_t row = 0; row < rows; row++)
        p->s->rows[row] = row * row_bytes;
    int64_t tail = elements - rows * plan->width;
    if (tail) {
        size_t tail_bytes = (size_t)(tail * plan->element_bytes);
        memcpy(p->s->gathered, rest + rows * row_bytes, tail_bytes);
        fill_identity_elements(plan->x_dtype, p->s->gathered + tail_bytes, plan->width - tail);
        p->s->rows[rows++] = (int64_t)((uintptr_t)p->s->gathered - (uintptr_t)rest);
    }
    if (rows)
        fold(p, rest, rows, plan->width, 0, p->s->states, at);
    p->add_progress(p, elements * plan->element_bytes);
}

/* One group of outputs: every run of contiguous elements that belongs to them. */
static void multiply_runs(const axp_piece *p, const char *base, int64_t at) {
    const axprod_plan *plan = p->plan;
    const axp_nest *nest = &plan->nest;
    for (int64_t i = p->begin; i < p->end;) {
        int64_t offset;
        axp_fill_offsets(nest->reduced, nest->reduced_count, AXP_X, i, 1, &offset);
        int64_t length = axp_min(p->end - i, nest->reduced[0].extent - i % nest->reduced[0].extent);
        const char *run = base + offset;
        int64_t elements = length * plan->inner, done = 0;
        while (elements - done >= AXP_ROWS * plan->width)
            done += multiply_streams(p, run + done * plan->element_bytes,
                                     axp_min(elements - done, STREAM_WINDOW / plan->element_bytes), at);
        while (done < elements) {
            int64_t some = axp_min(elements - done, (AXP_ROWS - 1) * plan->width);
            multiply_rest(p, run + done * plan->element_bytes, some, at);
            done += some;
        }
        i += length;
    }
}

static void multiply_rows(const axp_piece *p) {
    const axprod_plan *plan = p->plan;
    int64_t groups = p->count / plan->inner;
    for (int64_t g = 0; g < groups; g++)
        multiply_runs(p, output_base(p, p->first + g * plan->inner), g * plan->width);
    collapse_groups(plan, p->s, groups);
}

/* From reduced iteration i on: the whole runs, or the part of one run, that the kernel takes at once. */
static axp_runs next_runs(const axp_piece *p, int64_t i) {
    const axp_loop *loop = &p->plan->nest.reduced[0];
    int64_t lanes = p->plan->kernels->lanes;
    axp_runs runs = {.length = loop->extent, .step = loop->stride[AXP_X]};
    if (loop->extent <= AXP_RUN_STEPS * lanes) {
        runs.count = axp_min((p->end - i) / loop->extent, AXP_RUN_STEPS / axp_run_steps(p->plan, loop->extent));
    } else {
        /* what is left in about equal pieces, so that none is shorter than a vector */
        int64_t rest = loop->extent - i % loop->extent;
        runs.count = 1;
        runs.length = axp_divide_up(rest, axp_divide_up(rest, AXP_RUN_STEPS * lanes));
    }
    return runs;
}

/* Where the elements of each output begin, in s->room.offsets, to whole vectors. */
static void locate_outputs(const axp_piece *p) {
    const axp_nest *nest = &p->plan->nest;
    int64_t *outputs = p->s->room.offsets;
    axp_fill_offsets(nest->kept, nest->kept_count, AXP_X, p->first, p->count, outputs);
    for (int64_t k = p->count; k % AXP_STATE_PAD; k++)
        outputs[k] = outputs[p->count - 1];
}

/* Where runs begin: within `offsets` for each of them, beside locate_outputs. */
static void locate_runs(const axp_piece *p, int64_t i, axp_runs *runs, int64_t offsets[AXP_RUN_STEPS]) {
    const axp_nest *nest = &p->plan->nest;
    runs->offsets = offsets;
    axp_fill_offsets(nest->reduced + 1, nest->reduced_count - 1, AXP_X, i / nest->reduced[0].extent, runs->count,
                     offsets);
    locate_outputs(p);
}

/* The products of some runs, one state for each output. */
static void multiply_some_runs(const axp_piece *p, int64_t i, axp_runs *runs, axp_states states) {
    const axprod_plan *plan = p->plan;
    int64_t offsets[AXP_RUN_STEPS];
    locate_runs(p, i, runs, offsets);
    const char *base = p->x + i % plan->nest.reduced[0].extent * runs->step;
    if (p->fold_runs(base, p->s->room.offsets, p->count, runs, states, &p->s->hint)) {
        p->add_progress(p, runs->count * runs->length * p->count * plan->element_bytes);
        return;
    }
    axp_set_identity(plan->accumulator, states, p->count);
    axp_piece rest = *p;
    rest.begin = i;
    rest.end = i + runs->count * runs->length;
    gather(&rest, p->first, p->count, axp_round_up(p->count, AXP_STATE_PAD), 1, states, 0);
}

static void multiply_short_runs(const axp_piece *p) {
    const axprod_plan *plan = p->plan;
    for (int64_t i = p->begin; i < p->end;) {
        axp_runs runs = next_runs(p, i);
        multiply_some_runs(p, i, &runs, i == p->begin ? p->s->states : p->s->other);
        if (i != p->begin)
            plan->kernels->merge[plan->accumulator](p->s->states, 0, p->s->other, 0, p->count);
        i += runs.count * runs.length;
    }
}

/*
 * Parts of one strided run, each as long as the kernel takes them, as if they were outputs; their products are merged
 * into plan->spread states. Returns the elements that this took: 0 where they are too few, or need another way.
 */
static int64_t multiply_parts(const axp_piece *p, const char *run, int64_t length, int64_t step, axp_states states) {
    const axprod_plan *plan = p->plan;
    const int64_t zero = 0;
    const axp_runs runs = {.offsets = &zero, .count = 1, .length = AXP_RUN_STEPS * plan->kernels->lanes, .step = step};
    int64_t begins[AXP_STRIDE_PARTS], n = AXP_STRIDE_PARTS;
    while (n * runs.length > length)
        n /= 2;
    if (n < plan->spread)
        return 0;
    for (int64_t i = 0; i < n; i++)
        begins[i] = i * runs.length * step;
    if (!p->fold_runs(run, begins, n, &runs, p->s->other, &p->s->hint))
        return 0;
    for (int64_t half = n / 2; half >= plan->spread; half /= 2)
        plan->kernels->merge[plan->accumulator](p->s->other, 0, p->s->other, half, half);
    plan->kernels->merge[plan->accumulator](states, 0, p->s->other, 0, plan->spread);
    p->add_progress(p, n * runs.length * plan->element_bytes);
    return n * runs.length;
}

/* One output, into plan->spread states. What parts do not take is gathered, as many elements at a time. */
static void multiply_strided_output(const axp_piece *p, int64_t output, axp_states states) {
    const axprod_plan *plan = p->plan;
    const axp_loop *loop = &plan->nest.reduced[0];
    const char *base = output_base(p, output);
    for (int64_t i = p->begin; i < p->end;) {
        int64_t offset, length = axp_min(p->end - i, loop->extent - i % loop->extent);
        axp_fill_offsets(plan->nest.reduced, plan->nest.reduced_count, AXP_X, i, 1, &offset);
        int64_t taken = multiply_parts(p, base + offset, length, loop->stride[AXP_X], states);
        if (taken == 0) {
            axp_piece rest = *p;
            taken = axp_min(length, AXP_STRIDE_PARTS * AXP_RUN_STEPS * plan->kernels->lanes);
            rest.begin = i;
            rest.end = i + taken;
            gather(&rest, output, 1, plan->width, plan->spread, states, 0);
        }
        i += taken;
    }
}

static void multiply_strided(const axp_piece *p) {
    const axprod_plan *plan = p->plan;
    for (int64_t j = 0; j < p->count; j++) {
        axp_states states = {p->s->states.words + j * plan->spread, p->s->states.capacity};
        multiply_strided_output(p, p->first + j, states);
        collapse(plan, states, 1);
    }
    axp_copy_states(plan->accumulator, p->s->states, 0, 1, p->s->states, 0, plan->spread, p->count);
}

static int64_t round_runs(const axp_piece *p, double bound) {
    const axprod_plan *plan = p->plan;
    const axp_finish_room *room = &p->s->room;
    int64_t offsets[AXP_RUN_STEPS];
    axp_runs all = next_runs(p, 0);
    locate_runs(p, 0, &all, offsets);
    return plan->kernels->round_runs[plan->x_dtype](p->x, room->offsets, p->count, &all, bound, room->values,
                                                    room->doubtful, &p->s->hint);
}

static int64_t round_columns(const axp_piece *p, double bound) {
    const axprod_plan *plan = p->plan;
    const axp_nest *nest = &plan->nest;
    const axp_finish_room *room = &p->s->room;
    axp_fill_offsets(nest->reduced, nest->reduced_count, AXP_X, 0, nest->factors, p->s->rows);
    locate_outputs(p);
    return plan->kernels->round_columns[plan->x_dtype](p->x, room->offsets, p->count, p->s->rows, nest->factors, bound,
                                                       room->values, room->doubtful, &p->s->hint);
}

int64_t axp_walk_direct(const axp_piece *p, double bound) {
    const axprod_plan *plan = p->plan;
    int64_t doubtful = plan->layout == AXP_LAYOUT_RUNS ? round_runs(p, bound) : round_columns(p, bound);
    if (doubtful >= 0)
        p->add_progress(p, plan->nest.factors * p->count * plan->element_bytes);
    return doubtful;
}

void axp_walk(const axp_piece *p) {
    const axprod_plan *plan = p->plan;
    /* where speed is not all that depends on it: nothing of what the thread did before may show */
    if (plan->accumulator == AXP_COMPLEX)
        p->s->hint = (axp_fold_hint){{0, 0}, {0, 0}};
    switch (plan->layout) {
    case AXP_LAYOUT_COLUMN:
        axp_set_identity(plan->accumulator, p->s->states, p->count);
        multiply_columns(p);
        break;
    case AXP_LAYOUT_ROW:
        axp_set_identity(plan->accumulator, p->s->states, p->count / plan->inner * plan->width);
        multiply_rows(p);
        break;
    case AXP_LAYOUT_RUNS:
        multiply_short_runs(p);
        break;
    case AXP_LAYOUT_STRIDE:
        axp_set_identity(plan->accumulator, p->s->states, p->count * plan->spread);
        multiply_strided(p);
        break;
    case AXP_LAYOUT_GATHER:
        axp_set_identity(plan->accumulator, p->s->states, plan->width);
        multiply_gathered(p);
        break;
    default:
        axp_set_identity(plan->accumulator, p->s->states, p->count);
    }
}
