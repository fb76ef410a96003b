/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * axprod: the product of the elements of a .npy file along axes.
 *
 * Exit status: 0 success; 1 a file, the library or standard output failed; 2 the command line is wrong. A run that
 * fails says why in one line on standard error, and leaves existing output files as they were: they are replaced last
 * of all, after everything else that can fail.
 */
#include "cleanup.h"
#include "clock.h"
#include "deliver.h"
#include "npy.h"
#include "options.h"
#include "output.h"
#include "program.h"
#include "progress.h"

#include <stdlib.h>

const program this_program = {"axprod", "axprod [OPTION]... FILE.npy", false};

enum {
    EXIT_USAGE = 2
};

/* ---------------------------------------------------------------------------------------------- the computation --- */

static bool create_plan(const options *o, const axprod_tensor *x, const result *r, const axprod_options *how,
                        axprod_plan **plan, message *error) {
    const axprod_tensor first = result_tensor(r, 0), second = result_tensor(r, 1);
    const int *axes = options_axes(o);
    axprod_status status =
        r->form == RESULT_SCALED ? axprod_plan_create_scaled(plan, x, axes, o->naxes, how, &first, &second)
        : r->form == RESULT_LOG  ? axprod_plan_create_log(plan, x, axes, o->naxes, how, &first, &second)
                                 : axprod_plan_create(plan, x, axes, o->naxes, how, &first);
    return status == AXPROD_OK || message_fail(error, "%s", axprod_last_error());
}

static bool execute(const axprod_plan *plan, const axprod_tensor *x, const result *r, message *error) {
    axprod_status status = r->num_parts == 1 ? axprod_plan_execute(plan, x->data, r->data[0])
                                             : axprod_plan_execute_pair(plan, x->data, r->data[0], r->data[1]);
    return status == AXPROD_OK || message_fail(error, "%s", axprod_last_error());
}

/* ------------------------------------------------------------------------------------------------- one run -------- */

/* Everything that one run holds; released as a whole. */
typedef struct job {
    const options *o;
    npy_view view;
    result r;
    axprod_plan *plan;
    output outputs[RESULT_MAX_PARTS];
} job;

static int describe_plan(const void *plan, char *text, size_t size) {
    return axprod_plan_describe(plan, text, size);
}

/* What concerns the input: each sentence is about its file. */
static bool prepare(job *j, axprod_options *how, message *error) {
    const options *o = j->o;
    const axprod_tensor *x = &j->view.tensor;
    if (!npy_describe(&j->view, o->input_dtype, error))
        return message_about(error, o->file);
    how->progress = progress_begin(o->progress, j->view.header.data_bytes);
    if (!result_describe(o, x, &j->r, error) || !create_plan(o, x, &j->r, how, &j->plan, error) ||
        !result_allocate(&j->r, error))
        return message_about(error, o->file);
    return true;
}

static bool compute(job *j, message *error) {
    axprod_options how = AXPROD_OPTIONS_INIT;
    how.num_threads = j->o->threads;
    if (!prepare(j, &how, error) || !deliver_open(j->outputs, j->o, &j->r, error))
        return false;
    if (j->o->verbose)
        deliver_plan(describe_plan, j->plan);
    double begin = clock_seconds();
    bool done = execute(j->plan, &j->view.tensor, &j->r, error);
    double seconds = clock_seconds() - begin;
    progress_erase();
    if (!done)
        return message_about(error, j->o->file);
    if (j->o->verbose)
        deliver_time(seconds, j->view.header.data_bytes);
    return deliver(j->outputs, j->o, &j->view.tensor, &j->r, error);
}

static bool run(const options *o, message *error) {
    job j = {.o = o, .outputs = {OUTPUT_CLOSED, OUTPUT_CLOSED}};
    if (!npy_open(&j.view, o->file, error))
        return message_about(error, o->file);
    cleanup_watch_mapping(o->file, j.view.mapping, j.view.mapping_bytes);
    bool done = compute(&j, error);
    output_discard(j.outputs, RESULT_MAX_PARTS);
    axprod_plan_destroy(j.plan);
    result_free(&j.r);
    npy_close(&j.view);
    return done;
}

int main(int argc, char **argv) {
    static message error;
    options o;
    cleanup_install();
    bool understood = options_parse(argc, argv, &o, &error);
    if (understood && (o.action == ACTION_PRODUCT ? run(&o, &error) : deliver_words(o.action, &error)))
        return EXIT_SUCCESS;
    message_print(&error);
    return understood ? EXIT_FAILURE : EXIT_USAGE;
}
