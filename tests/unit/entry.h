/* SPDX-License-Identifier: BSD-3-Clause */
/* The six functions that take a tensor, axes, options and outputs, as one: what one refuses, all must refuse. */
#ifndef TESTS_UNIT_ENTRY_H
#define TESTS_UNIT_ENTRY_H

#include "suite.h"

enum entry {
    PROD,
    SCALED,
    LOG,
    PLAN_PROD,
    PLAN_SCALED,
    PLAN_LOG,
    ENTRIES
};

static const char *const entry_names[] = {"axprod_prod",        "axprod_scaled_prod",        "axprod_log_prod",
                                          "axprod_plan_create", "axprod_plan_create_scaled", "axprod_plan_create_log"};
static const char *const output_names[3][2] = {{"out", "out"}, {"significand", "exponent"}, {"sign", "logabs"}};

/* Arguments of any of them; output pointers may be NULL. */
struct request {
    const axprod_tensor *x;
    const int *axes;
    int naxes;
    const axprod_options *options;
    const axprod_tensor *outputs[2];
};

static inline int entry_outputs(enum entry entry) {
    return entry % 3 == PROD ? 1 : 2;
}

/* Calls it; a plan is destroyed at once, and must be NULL where creating it failed. */
static inline axprod_status entry_call(enum entry entry, const struct request *r) {
    axprod_plan *plan = (axprod_plan *)(uintptr_t)0x55;
    const axprod_tensor *first = r->outputs[0], *second = r->outputs[1];
    axprod_status status;
    switch (entry) {
    case PROD:
        return axprod_prod(r->x, r->axes, r->naxes, r->options, first);
    case SCALED:
        return axprod_scaled_prod(r->x, r->axes, r->naxes, r->options, first, second);
    case LOG:
        return axprod_log_prod(r->x, r->axes, r->naxes, r->options, first, second);
    case PLAN_PROD:
        status = axprod_plan_create(&plan, r->x, r->axes, r->naxes, r->options, first);
        break;
    case PLAN_SCALED:
        status = axprod_plan_create_scaled(&plan, r->x, r->axes, r->naxes, r->options, first, second);
        break;
    default:
        status = axprod_plan_create_log(&plan, r->x, r->axes, r->naxes, r->options, first, second);
    }
    if (status == AXPROD_OK)
        assert_non_null(plan);
    else
        assert_null(plan);
    axprod_plan_destroy(plan);
    return status;
}

/* A sound problem for each entry: f64 4x3 along axis 1; tests spoil one thing. */
struct sound {
    double data[12];
    int64_t shape[2], strides[2], out_shapes[2][2], out_strides[2][2];
    int axes[2];
    unsigned char memory[2][64];
    axprod_options options;
    axprod_tensor x, outputs[2];
    struct request request;
};

#define UNTOUCHED 0xc3

static inline void sound_open(struct sound *s, enum entry entry) {
    memset(s, 0, sizeof *s);
    for (int i = 0; i < 12; i++)
        s->data[i] = 1.5 - i;
    s->shape[0] = s->out_shapes[0][0] = s->out_shapes[1][0] = 4;
    s->shape[1] = 3;
    s->strides[0] = 24;
    s->strides[1] = s->out_strides[0][0] = s->out_strides[1][0] = 8;
    s->axes[0] = 1;
    s->options = (axprod_options)AXPROD_OPTIONS_INIT;
    s->x = (axprod_tensor){s->data, AXPROD_F64, 2, s->shape, s->strides};
    for (int i = 0; i < 2; i++) {
        memset(s->memory[i], UNTOUCHED, sizeof s->memory[i]);
        s->outputs[i] = (axprod_tensor){s->memory[i] + 16, AXPROD_F64, 1, s->out_shapes[i], s->out_strides[i]};
    }
    if (entry % 3 == SCALED)
        s->outputs[1].dtype = AXPROD_I64;
    s->request = (struct request){&s->x, s->axes, 1, &s->options, {&s->outputs[0], &s->outputs[1]}};
}

/* The call must fail with this status, name the argument, and leave every byte of both outputs. */
static inline void sound_refused(struct sound *s, enum entry entry, axprod_status expected, const char *word,
                                 const char *why) {
    axprod_status status = entry_call(entry, &s->request);
    if (status != expected)
        fail_msg("%s, %s: %s, expected %s (%s)", entry_names[entry], why, axprod_status_name(status),
                 axprod_status_name(expected), axprod_last_error());
    if (!has_word(axprod_last_error(), word))
        fail_msg("%s, %s: the sentence \"%s\" does not name \"%s\"", entry_names[entry], why, axprod_last_error(),
                 word);
    for (int i = 0; i < 2; i++) {
        for (size_t b = 0; b < sizeof s->memory[i]; b++) {
            if (s->memory[i][b] != UNTOUCHED)
                fail_msg("%s, %s: wrote to output %d", entry_names[entry], why, i);
        }
    }
}

#endif
