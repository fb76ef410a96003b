/* SPDX-License-Identifier: BSD-3-Clause */
/* Problems as they are printed; see problem.h. */
#include "problem.h"

#include <stdio.h>

const char *const problem_form_names[] = {"value", "scaled", "log"};

bool problem_parse_aloud(const char *text, struct problem *problem) {
    struct problem_error error;
    if (problem_parse(text, problem, &error))
        return true;
    fprintf(stderr, "no problem, from column %d on: %s\n  %s\n  %*s\n", error.column, error.sentence, text,
            error.column, "^");
    return false;
}

/* A string that grows as by snprintf. */
struct writer {
    char *text;
    size_t size;
    int length;
};

static void __attribute__((format(printf, 2, 3))) put(struct writer *writer, const char *format, ...) {
    __builtin_va_list arguments;
    size_t used = (size_t)writer->length < writer->size ? (size_t)writer->length : writer->size;
    __builtin_va_start(arguments, format);
    writer->length += vsnprintf(writer->size ? writer->text + used : NULL, writer->size - used, format, arguments);
    __builtin_va_end(arguments);
}

static void put_mask(struct writer *writer, const char *prefix, const char *key, uint64_t mask) {
    const char *separator = "";
    if (!mask)
        return;
    put(writer, " %s%s=", prefix, key);
    for (int d = 0; d < AXPROD_MAX_NDIM; d++) {
        if (mask >> d & 1) {
            put(writer, "%s%d", separator, d);
            separator = ",";
        }
    }
}

static void put_layout(struct writer *writer, const char *prefix, const struct layout *layout, int ndim) {
    for (int d = 0; layout->has_order && d < ndim; d++)
        put(writer, d == 0 ? " %s%s=%d" : "%.0s%.0s,%d", prefix, "order", layout->order[d]);
    for (int d = 0; layout->has_strides && d < ndim; d++)
        put(writer, d == 0 ? " %s%s=%lld" : "%.0s%.0s,%lld", prefix, "strides", (long long)layout->strides[d]);
    put_mask(writer, prefix, "flip", layout->flip);
    put_mask(writer, prefix, "broadcast", layout->broadcast);
    if (layout->pad)
        put(writer, " %spad=%lld", prefix, (long long)layout->pad);
    if (layout->offset)
        put(writer, " %soffset=%d", prefix, layout->offset);
    if (layout->at_start)
        put(writer, " %sfront", prefix);
}

int problem_print(const struct problem *problem, char *text, size_t size) {
    struct writer writer = {text, size, 0};
    int out_ndim;
    int64_t out_shape[AXPROD_MAX_NDIM];
    put(&writer, "%s ", axprod_dtype_name(problem->dtype));
    for (int d = 0; d < problem->ndim; d++)
        put(&writer, "%s%lld", d ? "x" : "", (long long)problem->shape[d]);
    if (problem->ndim == 0)
        put(&writer, "scalar");
    put(&writer, problem->naxes < 0 ? " axes=all" : problem->naxes == 0 ? " axes=none" : " axes=");
    for (int i = 0; i < problem->naxes; i++)
        put(&writer, "%s%d", i ? "," : "", problem->axes[i]);
    if (problem->keepdims)
        put(&writer, " keepdims");
    if (problem->form != FORM_VALUE)
        put(&writer, " form=%s", problem_form_names[problem->form]);
    else
        put(&writer, " out=%s", axprod_dtype_name(problem->out));
    problem_out_shape(problem, &out_ndim, out_shape);
    put_layout(&writer, "", &problem->layout, problem->ndim);
    put_layout(&writer, "out-", &problem->out_layout, out_ndim);
    if (problem->threads)
        put(&writer, " threads=%d", problem->threads);
    put(&writer, " data=%s seed=%llu", data_name(problem->data), (unsigned long long)problem->seed);
    return writer.length;
}
