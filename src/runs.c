/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs of elements of one output each: many outputs go through the kernel together, or parts of one long run do. */
#include "walk.h"

enum {
    PART_SPAN = 32768 /* bytes from the beginning of a part of a run to its end, about; broadcast ones have no step */
};

/* From reduced iteration i on: the whole runs, or the part of one run, that the kernel takes at once. */
static axp_runs next_runs(const axp_piece *p, int64_t i) {
    const axp_nest *nest = &p->plan->nest;
    const axp_loop *loop = &nest->reduced[0];
    int64_t lanes = p->plan->kernels->lanes;
    axp_runs runs = {.length = loop->extent, .step = loop->stride[AXP_X], .in_memory = p->plan->in_memory};
    if (loop->extent < nest->factors && loop->extent <= AXP_RUN_STEPS * lanes) {
        runs.count = axp_min((p->end - i) / loop->extent, AXP_RUN_STEPS / axp_run_steps(p->plan, loop->extent));
    } else {
        runs.count = 1;
        runs.length = axp_min(p->end - i, loop->extent - i % loop->extent);
    }
    runs.dense = runs.count == 1 && runs.step == p->plan->element_bytes && nest->kept_count == 1 &&
                 nest->kept[0].stride[AXP_X] == runs.length * runs.step;
    return runs;
}

/* Where runs begin: within `offsets` for each of them, beside axp_locate_outputs. */
static void locate_runs(const axp_piece *p, int64_t i, axp_runs *runs, int64_t offsets[AXP_RUN_STEPS]) {
    const axp_nest *nest = &p->plan->nest;
    runs->offsets = offsets;
    axp_fill_offsets(nest->reduced + 1, nest->reduced_count - 1, AXP_X, i / nest->reduced[0].extent, runs->count,
                     offsets);
    axp_locate_outputs(p, p->first, p->count);
}

/* The products of some runs, one state for each output. */
static void multiply_some_runs(const axp_piece *p, int64_t i, axp_runs *runs, axp_states states) {
    const axprod_plan *plan = p->plan;
    int64_t offsets[AXP_RUN_STEPS];
    locate_runs(p, i, runs, offsets);
    const char *base = p->x + i % plan->nest.reduced[0].extent * runs->step;
    p->fold_runs(base, p->s->room.offsets, p->count, runs, states, &p->s->hint);
    p->add_progress(p, runs->count * runs->length * p->count * plan->element_bytes);
}

void axp_walk_runs(const axp_piece *p) {
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
 * Parts of one run, as if they were outputs; their products are merged into plan->spread states. Returns the
 * elements that this took: 0 where they are too few.
 */
static int64_t multiply_parts(const axp_piece *p, const char *run, int64_t length, int64_t step, axp_states states) {
    const axprod_plan *plan = p->plan;
    const int64_t zero = 0;
    const axp_runs runs = {.offsets = &zero,
                           .count = 1,
                           .length = axp_min(length / AXP_STATE_PAD, axp_divide_up(PART_SPAN, axp_max(step, 1))),
                           .step = step,
                           .in_memory = plan->in_memory};
    if (runs.length < plan->kernels->lanes)
        return 0;
    int64_t begins[AXP_STATE_PAD];
    for (int64_t i = 0; i < AXP_STATE_PAD; i++)
        begins[i] = i * runs.length * step;
    p->fold_runs(run, begins, AXP_STATE_PAD, &runs, p->s->other, &p->s->hint);
    plan->kernels->merge[plan->accumulator](states, 0, p->s->other, 0, AXP_STATE_PAD);
    p->add_progress(p, AXP_STATE_PAD * runs.length * plan->element_bytes);
    return AXP_STATE_PAD * runs.length;
}

/* One output, into plan->spread states. What parts do not take is gathered. */
static void multiply_split_output(const axp_piece *p, int64_t output, axp_states states) {
    const axprod_plan *plan = p->plan;
    const axp_loop *loop = &plan->nest.reduced[0];
    const char *base = axp_output_base(p, output);
    for (int64_t i = p->begin; i < p->end;) {
        int64_t offset, length = axp_min(p->end - i, loop->extent - i % loop->extent);
        axp_fill_offsets(plan->nest.reduced, plan->nest.reduced_count, AXP_X, i, 1, &offset);
        int64_t taken = multiply_parts(p, base + offset, length, loop->stride[AXP_X], states);
        if (taken == 0) {
            axp_piece rest = *p;
            taken = length;
            rest.begin = i;
            rest.end = i + length;
            axp_gather(&rest, output, 1, states);
        }
        i += taken;
    }
}

void axp_walk_split(const axp_piece *p) {
    const axprod_plan *plan = p->plan;
    for (int64_t j = 0; j < p->count; j++) {
        axp_states states = {p->s->states.words + j * plan->spread, p->s->states.capacity};
        multiply_split_output(p, p->first + j, states);
        axp_collapse(plan, states, 1);
    }
    axp_copy_states(plan->accumulator, p->s->states, 0, 1, p->s->states, 0, plan->spread, p->count);
}

int64_t axp_walk_runs_direct(const axp_piece *p, double bound, char *values) {
    const axprod_plan *plan = p->plan;
    const axp_finish_room *room = &p->s->room;
    int64_t offsets[AXP_RUN_STEPS];
    axp_runs all = next_runs(p, 0);
    locate_runs(p, 0, &all, offsets);
    return plan->kernels->round_runs[plan->x_dtype](p->x, room->offsets, p->count, &all, bound, values, room->doubtful,
                                                    &p->s->hint);
}
