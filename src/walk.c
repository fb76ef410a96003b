/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One piece of a plan: some outputs, some of the reduced loops. Its elements go as rows into the kernels, and what each
 * output has in several states is collapsed into one. Columns and long rows are here, other layouts in runs.c and
 * gather.c.
 */
#include "walk.h"

#include <string.h>

enum {
    COLUMN_ROWS = 128, /* rows of a column tile at once, of real states or of FEW_COLUMNS */
    FEW_COLUMNS = 64,
    WIDE_ROWS = 8,           /* the same of more columns: what the memory reads well from end to end */
    WIDE_COMPLEX = 16,       /* likewise, of complex states, which are more to load and store */
    STREAMS = 4,             /* places in a long run that are read in turn: one does not fill the memory's bandwidth */
    STREAM_WINDOW = 1 << 22, /* bytes that these places are in: far apart they are slower by a quarter */
    LEAST_STREAMED = 4 * AXP_ROWS, /* rows of a run that are worth it */
    PREFETCH_BYTES = 1024,         /* ahead in each stream */
    COLUMN_PREFETCH = 512,         /* ahead in each row of a column tile */
    NARROW_BYTES = 4096,           /* of rows that are too short for either, so that what follows them is asked for */
    NARROW_PREFETCH = 32768,
};

/* --------------------------------------------------------------------------------------------- working memory --- */

int64_t axp_states_bytes(axp_accumulator accumulator, int64_t states) {
    return states * axp_accumulator_planes(accumulator) * (int64_t)sizeof(double);
}

/* Whether there are several groups of one real output each, which the kernels collapse together. */
static bool collapses_together(const axprod_plan *plan) {
    return plan->layout == AXP_LAYOUT_ROW && plan->accumulator == AXP_REAL && plan->inner == 1 && plan->tile > 1;
}

/* Whether the groups of a tile are turned round in a second set of states before they are collapsed. */
static bool turns_groups(const axprod_plan *plan) {
    return plan->layout == AXP_LAYOUT_ROW && plan->spread > 1 && plan->tile > plan->inner && !collapses_together(plan);
}

/* Runs that take several calls of the kernel have their products there before they are merged, parts of runs always. */
static bool needs_other_states(const axprod_plan *plan) {
    return turns_groups(plan) || plan->layout == AXP_LAYOUT_RUNS || plan->layout == AXP_LAYOUT_SPLIT;
}

int64_t axp_divide_scratch(const axprod_plan *plan, char *memory, axp_scratch *s) {
    int64_t room = axp_round_up(axp_min(plan->tile, AXP_FINISH_MOST), AXP_STATE_PAD), at = 0;
    bool gathers = plan->layout != AXP_LAYOUT_EMPTY;
    s->hint = (axp_fold_hint){.raw = {0, 0}};
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
    at += room * 8;
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

void axp_collapse(const axprod_plan *plan, axp_states states, int64_t pitch) {
    for (int64_t half = plan->spread / 2; half > 0; half /= 2)
        plan->kernels->merge[plan->accumulator](states, 0, states, half * pitch, half * pitch);
}

/*
 * Collapses the groups of a ROW tile: by the kernels, or turned round, so that the same state of all groups lies
 * together and whole vectors are merged, and turned back.
 */
static void collapse_groups(const axprod_plan *plan, const axp_scratch *s, int64_t groups) {
    if (plan->spread == 1)
        return;
    if (collapses_together(plan)) {
        plan->kernels->collapse(s->states, plan->width, groups);
        return;
    }
    if (!turns_groups(plan)) {
        axp_collapse(plan, s->states, plan->inner);
        return;
    }
    int64_t pitch = axp_round_up(groups, AXP_STATE_PAD);
    axp_set_identity(plan->accumulator, s->other, pitch * plan->width);
    for (int64_t g = 0; g < groups; g++)
        axp_copy_states(plan->accumulator, s->other, g, pitch, s->states, g * plan->width, 1, plan->width);
    axp_collapse(plan, s->other, pitch * plan->inner);
    for (int64_t i = 0; i < plan->inner; i++)
        axp_copy_states(plan->accumulator, s->states, i, plan->inner, s->other, i * pitch, 1, groups);
}

/* --------------------------------------------------------------------------------------------- columns and rows --- */

/* Multiplies the rows that are listed in s->rows into states at .. at+n-1. */
static void fold(const axp_piece *p, const char *base, int64_t rows, int64_t n, int64_t prefetch, axp_states states,
                 int64_t at) {
    p->fold(base, p->s->rows, rows, n, prefetch, states, at, &p->s->hint);
}

const char *axp_output_base(const axp_piece *p, int64_t output) {
    const axp_nest *nest = &p->plan->nest;
    int64_t offset;
    axp_fill_offsets(nest->kept, nest->kept_count, AXP_X, output, 1, &offset);
    return p->x + offset;
}

static void multiply_gathered(const axp_piece *p) {
    const axprod_plan *plan = p->plan;
    axp_gather(p, p->first, p->count, p->s->states);
    axp_collapse(plan, p->s->states, plan->width / plan->spread);
}

/* Real states have their own way through many rows. */
static int64_t rows_at_once(const axprod_plan *plan, int64_t columns) {
    if (plan->accumulator == AXP_REAL || columns <= FEW_COLUMNS)
        return COLUMN_ROWS;
    return plan->accumulator == AXP_COMPLEX ? WIDE_COMPLEX : WIDE_ROWS;
}

/* Bytes ahead of rows of so many columns; usual: where rows are not narrow. */
static int64_t choose_prefetch(const axprod_plan *plan, int64_t columns, int64_t usual) {
    const bool narrow = columns >= FEW_COLUMNS && columns * plan->element_bytes <= NARROW_BYTES;
    return narrow && plan->in_memory ? NARROW_PREFETCH : usual;
}

/* Outputs of a piece of columns from its output number `done` on, to the end of their row or of the piece. */
static int64_t outputs_in_row(const axp_piece *p, int64_t done) {
    const int64_t row = p->plan->nest.kept[0].extent;
    return axp_min(p->count - done, row - (p->first + done) % row);
}

/* Rows of n elements are rows of states from `at` on; the last `fresh` columns have not been multiplied elsewhere. */
static void multiply_whole_columns(const axp_piece *p, const char *base, int64_t n, int64_t fresh, int64_t at) {
    const axprod_plan *plan = p->plan;
    const axp_nest *nest = &plan->nest;
    const int64_t most = rows_at_once(plan, n), prefetch = choose_prefetch(plan, n, COLUMN_PREFETCH);
    for (int64_t i = p->begin; i < p->end; i += most) {
        int64_t rows = axp_min(p->end - i, most);
        axp_fill_offsets(nest->reduced, nest->reduced_count, AXP_X, i, rows, p->s->rows);
        fold(p, base, rows, n, prefetch, p->s->states, at);
        p->add_progress(p, rows * fresh * plan->element_bytes);
    }
}

/* What does not fill a block at the end of a row is multiplied together with columns before it, for the second time. */
static void multiply_row_of_columns(const axp_piece *p, int64_t first, int64_t count, int64_t at) {
    const axprod_plan *plan = p->plan;
    const int64_t whole = count / AXP_STATE_PAD * AXP_STATE_PAD, tail = count - whole;
    const char *base = axp_output_base(p, first);
    if (whole)
        multiply_whole_columns(p, base, whole, whole, at);
    if (tail) {
        base += (count - AXP_STATE_PAD) * plan->element_bytes;
        multiply_whole_columns(p, base, AXP_STATE_PAD, tail, at + whole);
        axp_copy_states(plan->accumulator, p->s->states, at + whole, 1, p->s->states, at + whole + AXP_STATE_PAD - tail,
                        1, tail);
    }
}

static void multiply_columns(const axp_piece *p) {
    for (int64_t done = 0; done < p->count;) {
        const int64_t some = outputs_in_row(p, done);
        multiply_row_of_columns(p, p->first + done, some, done);
        done += some;
        /* the end of a row has used states of the next one; only tiles of real states have several such rows */
        if (some % AXP_STATE_PAD && done < p->count)
            axp_set_identity(p->plan->accumulator, (axp_states){p->s->states.words + done, p->s->states.capacity},
                             AXP_STATE_PAD);
    }
}

/* Rows of `width` elements, one behind the other: as many as there are in a run, and the place behind them. */
static void list_rows(const axp_piece *p) {
    const axprod_plan *plan = p->plan;
    const int64_t row_bytes = plan->width * plan->element_bytes;
    const int64_t rows = axp_min(AXP_ROWS, plan->nest.reduced[0].extent * plan->inner / plan->width + 1);
    for (int64_t row = 0; row < rows; row++)
        p->s->rows[row] = row * row_bytes;
}

/*
 * A window of a long run as rows of `width` elements, taken in turn from STREAMS places. Returns how many elements that
 * were; the rest has less than STREAMS rows.
 */
static int64_t multiply_streams(const axp_piece *p, const char *run, int64_t elements, int64_t at) {
    const axprod_plan *plan = p->plan;
    int64_t row_bytes = plan->width * plan->element_bytes;
    int64_t each = elements / plan->width / STREAMS; /* rows of a stream */
    int64_t *offsets = p->s->rows;
    for (int64_t i = 0; i < AXP_ROWS / STREAMS; i++)
        for (int64_t stream = 0; stream < STREAMS; stream++)
            offsets[i * STREAMS + stream] = stream * each * row_bytes + i * row_bytes;
    for (int64_t row = 0; row < each; row += AXP_ROWS / STREAMS) {
        int64_t rows = axp_min(each - row, AXP_ROWS / STREAMS) * STREAMS;
        fold(p, run + row * row_bytes, rows, plan->width, PREFETCH_BYTES, p->s->states, at);
        p->add_progress(p, rows * row_bytes);
    }
    return each * STREAMS * plan->width;
}

/* The rest of a run: whole rows, as they are listed, then one that is filled up with ones. */
static void multiply_rest(const axp_piece *p, const char *rest, int64_t elements, int64_t at) {
    const axprod_plan *plan = p->plan;
    const int64_t rows = elements / plan->width, tail = elements - rows * plan->width, listed = p->s->rows[rows];
    if (tail) {
        size_t tail_bytes = (size_t)(tail * plan->element_bytes);
        memcpy(p->s->gathered, rest + listed, tail_bytes);
        axp_fill_identity_elements(plan->x_dtype, p->s->gathered + tail_bytes, plan->width - tail);
        p->s->rows[rows] = (int64_t)((uintptr_t)p->s->gathered - (uintptr_t)rest);
    }
    fold(p, rest, rows + (tail > 0), plan->width, choose_prefetch(plan, plan->width, PREFETCH_BYTES), p->s->states, at);
    p->s->rows[rows] = listed;
    p->add_progress(p, elements * plan->element_bytes);
}

/* With what fills the vectors where groups are collapsed together. */
static int64_t states_of_rows(const axprod_plan *plan, int64_t groups) {
    return plan->width * (collapses_together(plan) ? axp_round_up(groups, plan->kernels->lanes) : groups);
}

/* Not where steps take longer because elements are not multiplied as they are: these are served best from one place. In
   complex products the order of factors may show, so nothing of the data decides it. */
static bool likes_streams(const axp_piece *p) {
    return p->plan->accumulator == AXP_COMPLEX || p->s->hint.raw.pause == 0;
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
        while (elements - done >= LEAST_STREAMED * plan->width && likes_streams(p))
            done += multiply_streams(p, run + done * plan->element_bytes,
                                     axp_min(elements - done, STREAM_WINDOW / plan->element_bytes), at);
        if (done > 0)
            list_rows(p);
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
    list_rows(p);
    for (int64_t g = 0; g < groups; g++)
        multiply_runs(p, axp_output_base(p, p->first + g * plan->inner), g * plan->width);
    collapse_groups(plan, p->s, groups);
}

void axp_locate_outputs(const axp_piece *p, int64_t first, int64_t count) {
    const axp_nest *nest = &p->plan->nest;
    int64_t *outputs = p->s->room.offsets;
    if (nest->kept_count == 1) {
        const int64_t step = nest->kept[0].stride[AXP_X];
        p->plan->kernels->count_up(first * step, step, count, outputs);
    } else {
        axp_fill_offsets(nest->kept, nest->kept_count, AXP_X, first, count, outputs);
    }
    for (int64_t k = count; k % AXP_STATE_PAD; k++)
        outputs[k] = outputs[count - 1];
}

/*
 * Where blocks of AXP_STATE_PAD outputs of a tile begin, as axp_locate_outputs has it; returns how many they are. What
 * does not fill a block at the end of a row is in one with columns before it, for the second time.
 */
static int64_t locate_blocks(const axp_piece *p) {
    const axp_nest *nest = &p->plan->nest;
    const int64_t row = nest->kept[0].extent, step = AXP_STATE_PAD * nest->kept[0].stride[AXP_X];
    int64_t *blocks = p->s->room.offsets;
    /* rows may be many and short: one division for all of them */
    if (row % AXP_STATE_PAD == 0) {
        axp_loop loops[AXPROD_MAX_NDIM];
        memcpy(loops, nest->kept, (size_t)nest->kept_count * sizeof *loops);
        loops[0].extent /= AXP_STATE_PAD;
        loops[0].stride[AXP_X] = step;
        axp_fill_offsets(loops, nest->kept_count, AXP_X, p->first / AXP_STATE_PAD, p->count / AXP_STATE_PAD, blocks);
        return p->count / AXP_STATE_PAD;
    }
    int64_t count = 0;
    for (int64_t done = 0; done < p->count;) {
        const int64_t some = outputs_in_row(p, done), whole = some / AXP_STATE_PAD;
        const int64_t offset = axp_output_base(p, p->first + done) - p->x;
        p->plan->kernels->count_up(offset, step, whole, blocks + count);
        count += whole;
        if (some % AXP_STATE_PAD)
            blocks[count++] = offset + (some - AXP_STATE_PAD) * p->plan->element_bytes;
        done += some;
    }
    return count;
}

/* From the values of such blocks, whose doubtful ones are listed, to values without gaps; returns how many of these are
   doubtful. */
static int64_t close_gaps(const axp_piece *p, const char *blocks, int64_t doubtful, char *values) {
    const int64_t bytes = p->plan->element_bytes;
    int32_t *list = p->s->room.doubtful;
    int64_t block = 0, listed = 0, kept = 0;
    for (int64_t done = 0; done < p->count;) {
        const int64_t some = outputs_in_row(p, done);
        const int64_t whole = some / AXP_STATE_PAD * AXP_STATE_PAD, tail = some - whole;
        const int64_t again = tail ? AXP_STATE_PAD - tail : 0; /* columns */
        memmove(values + done * bytes, blocks + block * bytes, (size_t)(whole * bytes));
        memmove(values + (done + whole) * bytes, blocks + (block + whole + again) * bytes, (size_t)(tail * bytes));
        for (; listed < doubtful && list[listed] < block + some + again; listed++) {
            const int64_t column = list[listed] - block;
            if (column < whole || column >= whole + again)
                list[kept++] = (int32_t)(done + (column < whole ? column : column - again));
        }
        block += some + again;
        done += some;
    }
    return kept;
}

static int64_t round_columns(const axp_piece *p, double bound, char *values) {
    const axprod_plan *plan = p->plan;
    const axp_nest *nest = &plan->nest;
    const axp_finish_room *room = &p->s->room;
    axp_fill_offsets(nest->reduced, nest->reduced_count, AXP_X, 0, nest->factors, p->s->rows);
    const int64_t n = locate_blocks(p) * AXP_STATE_PAD, end = p->first + p->count;
    const int64_t next = plan->in_memory && end < nest->outputs ? axp_output_base(p, end) - p->x - room->offsets[0] : 0;
    char *in_blocks = n == p->count ? values : room->values;
    const int64_t doubtful = plan->kernels->round_columns[plan->x_dtype](
        p->x, room->offsets, n, p->s->rows, nest->factors, next, bound, in_blocks, room->doubtful, &p->s->hint);
    return n == p->count || doubtful < 0 ? doubtful : close_gaps(p, in_blocks, doubtful, values);
}

int64_t axp_walk_direct(const axp_piece *p, double bound, char *values) {
    const axprod_plan *plan = p->plan;
    int64_t doubtful =
        plan->layout == AXP_LAYOUT_RUNS ? axp_walk_runs_direct(p, bound, values) : round_columns(p, bound, values);
    if (doubtful >= 0)
        p->add_progress(p, plan->nest.factors * p->count * plan->element_bytes);
    return doubtful;
}

void axp_walk(const axp_piece *p) {
    const axprod_plan *plan = p->plan;
    /* where speed is not all that depends on it: nothing of what the thread did before may show */
    if (plan->accumulator == AXP_COMPLEX)
        p->s->hint = (axp_fold_hint){.raw = {0, 0}};
    switch (plan->layout) {
    case AXP_LAYOUT_COLUMN:
        axp_set_identity(plan->accumulator, p->s->states, axp_min(p->count + AXP_STATE_PAD, plan->capacity));
        multiply_columns(p);
        break;
    case AXP_LAYOUT_ROW:
        axp_set_identity(plan->accumulator, p->s->states, states_of_rows(plan, p->count / plan->inner));
        multiply_rows(p);
        break;
    case AXP_LAYOUT_RUNS:
        axp_walk_runs(p);
        break;
    case AXP_LAYOUT_SPLIT:
        axp_set_identity(plan->accumulator, p->s->states, p->count * plan->spread);
        axp_walk_split(p);
        break;
    case AXP_LAYOUT_GATHER:
        axp_set_identity(plan->accumulator, p->s->states, plan->width);
        multiply_gathered(p);
        break;
    default:
        axp_set_identity(plan->accumulator, p->s->states, p->count);
    }
}
