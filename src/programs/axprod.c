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
#include "demo.h"
#include "npy.h"
#include "options.h"
#include "output.h"
#include "print.h"
#include "progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EXIT_USAGE = 2
};

/* ---------------------------------------------------------------------------------------------- the computation --- */

static axprod_tensor part_tensor(const result *r, int part) {
    return (axprod_tensor){.data = r->data[part], .dtype = r->dtypes[part], .ndim = r->ndim, .shape = r->shape};
}

static const int *axes_of(const options *o) {
    return o->all_axes ? NULL : o->axes;
}

static bool describe_result(const options *o, const axprod_tensor *x, result *r, message *error) {
    axprod_dtype value = o->dtype != AXPROD_DTYPE_NONE ? o->dtype : axprod_result_dtype(x->dtype);
    *r = (result){.form = o->form, .num_parts = o->form == RESULT_VALUE ? 1 : 2};
    r->dtypes[0] = o->form == RESULT_VALUE ? value : AXPROD_F64;
    r->dtypes[1] = o->form == RESULT_SCALED ? AXPROD_I64 : AXPROD_F64;
    if (axprod_result_shape(x->ndim, x->shape, axes_of(o), o->naxes, o->keepdims, &r->ndim, r->shape) != AXPROD_OK)
        return message_fail(error, "%s", axprod_last_error());
    return true;
}

static bool create_plan(const options *o, const axprod_tensor *x, const result *r, const axprod_options *how,
                        axprod_plan **plan, message *error) {
    const axprod_tensor first = part_tensor(r, 0), second = part_tensor(r, 1);
    const int *axes = axes_of(o);
    axprod_status status =
        r->form == RESULT_SCALED ? axprod_plan_create_scaled(plan, x, axes, o->naxes, how, &first, &second)
        : r->form == RESULT_LOG  ? axprod_plan_create_log(plan, x, axes, o->naxes, how, &first, &second)
                                 : axprod_plan_create(plan, x, axes, o->naxes, how, &first);
    return status == AXPROD_OK || message_fail(error, "%s", axprod_last_error());
}

/* An allocation beyond the machine's memory often succeeds, and ends the program when it is used. */
static bool exceeds_memory(size_t bytes) {
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0 && bytes / (size_t)page_bytes >= (size_t)pages;
}

static bool allocate_result(result *r, message *error) {
    size_t count = (size_t)r->count, total = 0;
    for (int part = 0; part < r->num_parts; part++) {
        size_t bytes;
        if (__builtin_mul_overflow(count, axprod_dtype_size(r->dtypes[part]), &bytes) ||
            __builtin_add_overflow(total, bytes, &total) || exceeds_memory(total))
            return message_fail(error, "the result has %zu elements, which do not fit into memory", count);
        r->data[part] = malloc(bytes > 0 ? bytes : 1);
        if (!r->data[part])
            return message_fail(error, "no memory for the %zu bytes of the result", bytes);
    }
    return true;
}

static bool execute(const axprod_plan *plan, const axprod_tensor *x, const result *r, message *error) {
    axprod_status status = r->num_parts == 1 ? axprod_plan_execute(plan, x->data, r->data[0])
                                             : axprod_plan_execute_pair(plan, x->data, r->data[0], r->data[1]);
    return status == AXPROD_OK || message_fail(error, "%s", axprod_last_error());
}

/* ------------------------------------------------------------------------------------------------- the report ----- */

static void print_plan(const axprod_plan *plan) {
    int length = axprod_plan_describe(plan, NULL, 0);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text) {
        axprod_plan_describe(plan, text, (size_t)length + 1);
        fprintf(stderr, "plan: %s\n", text);
    }
    free(text);
}

static void print_time(double seconds, int64_t bytes) {
    double gigabytes = (double)bytes / 1e9;
    fprintf(stderr, "time: %.6f s for %.6f GB, %.2f GB/s\n", seconds, gigabytes,
            seconds > 0 ? gigabytes / seconds : 0.0);
}

static void print_axes(FILE *stream, const options *o) {
    if (o->all_axes) {
        fputs("along all axes", stream);
    } else if (o->naxes == 0) {
        fputs("along no axis", stream);
    } else {
        fputs(o->naxes == 1 ? "along axis" : "along axes", stream);
        for (int i = 0; i < o->naxes; i++)
            fprintf(stream, "%s %d", i > 0 ? "," : "", o->axes[i]);
    }
}

/* "f64 (64,): product of a.npy, f64 (64, 100), along axis 1" */
static void print_title(FILE *stream, const options *o, const axprod_tensor *x, const result *r) {
    if (r->form == RESULT_VALUE)
        fputs(axprod_dtype_name(r->dtypes[0]), stream);
    else
        fputs(r->form == RESULT_SCALED ? "f64 * 2^i64" : "(sign f64, ln f64)", stream);
    putc(' ', stream);
    print_shape(stream, r->ndim, r->shape);
    fputs(": product of ", stream);
    message_print_name(stream, o->file);
    fprintf(stream, ", %s ", axprod_dtype_name(x->dtype));
    print_shape(stream, x->ndim, x->shape);
    fputs(", ", stream);
    print_axes(stream, o);
    putc('\n', stream);
}

static const char *name_of_part(result_form form, int part) {
    static const char *const names[][RESULT_MAX_PARTS] = {
        [RESULT_VALUE] = {"product", NULL},
        [RESULT_SCALED] = {"significands", "exponents"},
        [RESULT_LOG] = {"signs", "logarithms"},
    };
    return names[form][part];
}

static bool check_standard_output(message *error) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return message_fail(error, "standard output: %s", errno ? strerror(errno) : "write error");
}

/* Where a result goes to standard output as a file, text would spoil it. */
static bool report(const options *o, const axprod_tensor *x, const result *r, const output *outputs, message *error) {
    bool in_files = false;
    for (int part = 0; part < r->num_parts; part++) {
        in_files |= outputs[part].name != NULL;
        if (outputs[part].is_standard_output)
            return true;
    }
    print_title(stdout, o, x, r);
    if (!in_files)
        print_elements(stdout, r);
    for (int part = 0; part < r->num_parts; part++)
        if (outputs[part].name) {
            printf("%s: ", name_of_part(r->form, part));
            message_print_name(stdout, outputs[part].name);
            putchar('\n');
        }
    return check_standard_output(error);
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

static bool open_outputs(job *j, message *error) {
    for (int part = 0; part < j->r.num_parts; part++)
        if (j->o->outputs[part] && !output_open(&j->outputs[part], j->o->outputs[part], error))
            return false;
    const output *out = j->outputs;
    if (out[0].target && out[1].target && strcmp(out[0].target, out[1].target) == 0)
        return message_fail(error, "%s and %s are the same file", out[0].name, out[1].name);
    return true;
}

static bool write_outputs(job *j, message *error) {
    for (int part = 0; part < j->r.num_parts; part++) {
        output *out = &j->outputs[part];
        if (!out->name)
            continue;
        char header[NPY_MAX_HEADER_BYTES];
        size_t header_bytes = npy_format_header(header, j->r.dtypes[part], j->r.ndim, j->r.shape);
        size_t bytes = (size_t)j->r.count * axprod_dtype_size(j->r.dtypes[part]);
        if (!output_write(out, header, header_bytes, error) || !output_write(out, j->r.data[part], bytes, error))
            return false;
    }
    return true;
}

/* What concerns the input: each sentence is about its file. */
static bool prepare(job *j, axprod_options *how, message *error) {
    const options *o = j->o;
    const axprod_tensor *x = &j->view.tensor;
    if (!npy_describe(&j->view, o->input_dtype, error))
        return message_about(error, o->file);
    progress_begin(o->progress, j->view.header.data_bytes, how);
    if (!describe_result(o, x, &j->r, error) || !create_plan(o, x, &j->r, how, &j->plan, error))
        return message_about(error, o->file);
    j->r.count = axprod_plan_outputs(j->plan);
    return allocate_result(&j->r, error) || message_about(error, o->file);
}

static bool compute(job *j, message *error) {
    axprod_options how = AXPROD_OPTIONS_INIT;
    how.num_threads = j->o->threads;
    if (!prepare(j, &how, error) || !open_outputs(j, error))
        return false;
    if (j->o->verbose)
        print_plan(j->plan);
    double begin = clock_seconds();
    bool done = execute(j->plan, &j->view.tensor, &j->r, error);
    double seconds = clock_seconds() - begin;
    progress_erase();
    if (!done)
        return message_about(error, j->o->file);
    if (j->o->verbose)
        print_time(seconds, j->view.header.data_bytes);
    return write_outputs(j, error) && report(j->o, &j->view.tensor, &j->r, j->outputs, error) &&
           output_commit(j->outputs, j->r.num_parts, error);
}

static bool run(const options *o, message *error) {
    job j = {.o = o, .outputs = {OUTPUT_CLOSED, OUTPUT_CLOSED}};
    if (!npy_open(&j.view, o->file, error))
        return message_about(error, o->file);
    cleanup_watch_mapping(o->file, j.view.mapping, j.view.mapping_bytes);
    bool done = compute(&j, error);
    output_discard(j.outputs, RESULT_MAX_PARTS);
    axprod_plan_destroy(j.plan);
    for (int part = 0; part < RESULT_MAX_PARTS; part++)
        free(j.r.data[part]);
    npy_close(&j.view);
    return done;
}

static bool act(const options *o, message *error) {
    const char *isa = axprod_isa();
    switch (o->action) {
    case ACTION_HELP:
        fputs(options_help, stdout);
        return check_standard_output(error);
    case ACTION_VERSION:
        printf("axprod %s (%s)\n", axprod_version(), isa ? isa : "no instruction set");
        return check_standard_output(error);
    case ACTION_DEMO:
        return demo_print(stdout, error) && check_standard_output(error);
    default:
        return run(o, error);
    }
}

int main(int argc, char **argv) {
    static message error;
    options o;
    cleanup_install();
    bool understood = options_parse(argc, argv, &o, &error);
    if (understood && act(&o, &error))
        return EXIT_SUCCESS;
    message_print(&error);
    return understood ? EXIT_FAILURE : EXIT_USAGE;
}
