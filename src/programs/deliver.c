/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a result goes: see deliver.h. */
#include "deliver.h"

#include "demo.h"
#include "npy.h"
#include "print.h"
#include "program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------- in words ------- */

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

/* ------------------------------------------------------------------------------------------------- in files ------- */

bool deliver_open(output *outputs, const options *o, const result *r, message *error) {
    for (int part = 0; part < r->num_parts; part++)
        if (o->outputs[part] && !output_open(&outputs[part], o->outputs[part], error))
            return false;
    if (outputs[0].target && outputs[1].target && strcmp(outputs[0].target, outputs[1].target) == 0)
        return message_fail(error, "%s and %s are the same file", outputs[0].name, outputs[1].name);
    return true;
}

static bool write_files(output *outputs, const result *r, message *error) {
    for (int part = 0; part < r->num_parts; part++) {
        output *out = &outputs[part];
        if (!out->name)
            continue;
        char header[NPY_MAX_HEADER_BYTES];
        size_t header_bytes = npy_format_header(header, r->dtypes[part], r->ndim, r->shape);
        size_t bytes = (size_t)r->count * axprod_dtype_size(r->dtypes[part]);
        if (!output_write(out, header, header_bytes, error) || !output_write(out, r->data[part], bytes, error))
            return false;
    }
    return true;
}

bool deliver(output *outputs, const options *o, const axprod_tensor *x, const result *r, message *error) {
    return write_files(outputs, r, error) && report(o, x, r, outputs, error) &&
           output_commit(outputs, r->num_parts, error);
}

/* ------------------------------------------------------------------------------------------- without a result ----- */

bool deliver_words(action what, message *error) {
    const char *isa = axprod_isa();
    if (what == ACTION_HELP)
        options_print_help(stdout);
    else if (what == ACTION_VERSION)
        printf("%s %s (%s)\n", this_program.name, axprod_version(), isa ? isa : "no instruction set");
    else if (!demo_print(stdout, error))
        return false;
    return check_standard_output(error);
}

/* ------------------------------------------------------------------------------------------------ --verbose ------- */

void deliver_plan(int (*describe)(const void *plan, char *text, size_t size), const void *plan) {
    int length = describe(plan, NULL, 0);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text) {
        describe(plan, text, (size_t)length + 1);
        fprintf(stderr, "plan: %s\n", text);
    }
    free(text);
}

void deliver_time(double seconds, int64_t bytes) {
    double gigabytes = (double)bytes / 1e9;
    fprintf(stderr, "time: %.6f s for %.6f GB, %.2f GB/s\n", seconds, gigabytes,
            seconds > 0 ? gigabytes / seconds : 0.0);
}
