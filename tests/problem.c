/* SPDX-License-Identifier: BSD-3-Clause */
/* The problem language; see problem.h. */
#include "problem.h"

#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const form_names[] = {"value", "scaled", "log"};

/* A list of integers between separators; returns their number, or -1 where it is none or longer than capacity. */
static int parse_list(const char *text, char separator, int64_t *values, int capacity) {
    for (int count = 0; count < capacity;) {
        char *end;
        values[count++] = strtoll(text, &end, 10);
        if (end == text)
            return -1;
        if (*end == '\0')
            return count;
        if (*end != separator)
            return -1;
        text = end + 1;
    }
    return -1;
}

static bool parse_mask(const char *text, int ndim, uint64_t *mask) {
    int64_t values[AXPROD_MAX_NDIM];
    int count = parse_list(text, ',', values, AXPROD_MAX_NDIM);
    for (int i = 0; i < count; i++) {
        if (values[i] < 0 || values[i] >= ndim)
            return false;
        *mask |= UINT64_C(1) << values[i];
    }
    return count > 0;
}

static bool parse_order(const char *text, int ndim, struct layout *layout) {
    int64_t values[AXPROD_MAX_NDIM];
    uint64_t seen = 0;
    layout->has_order = true;
    if (parse_list(text, ',', values, AXPROD_MAX_NDIM) != ndim || !parse_mask(text, ndim, &seen))
        return false;
    for (int d = 0; d < ndim; d++)
        layout->order[d] = (int)values[d];
    return __builtin_popcountll(seen) == ndim;
}

/* One word about a layout. ndim is that of the tensor it belongs to. */
static bool parse_layout(const char *key, const char *value, int ndim, struct layout *layout) {
    if (strcmp(key, "order") == 0)
        return parse_order(value, ndim, layout);
    if (strcmp(key, "strides") == 0) {
        layout->has_strides = true;
        return parse_list(value, ',', layout->strides, AXPROD_MAX_NDIM) == ndim;
    }
    if (strcmp(key, "flip") == 0)
        return parse_mask(value, ndim, &layout->flip);
    if (strcmp(key, "broadcast") == 0)
        return parse_mask(value, ndim, &layout->broadcast);
    if (strcmp(key, "pad") == 0) {
        layout->pad = strtoll(value, NULL, 10);
        return layout->pad >= 0;
    }
    if (strcmp(key, "offset") == 0) {
        layout->offset = atoi(value);
        return layout->offset >= 0 && layout->offset < 16;
    }
    layout->at_start = strcmp(key, "front") == 0;
    return layout->at_start;
}

static bool parse_axes(const char *value, struct problem *problem) {
    int64_t values[AXPROD_MAX_NDIM];
    problem->naxes = -1;
    if (strcmp(value, "all") == 0)
        return true;
    problem->naxes = 0;
    if (strcmp(value, "none") == 0)
        return true;
    problem->naxes = parse_list(value, ',', values, AXPROD_MAX_NDIM);
    for (int i = 0; i < problem->naxes; i++) {
        problem->axes[i] = (int)values[i];
        if (values[i] < -problem->ndim || values[i] >= problem->ndim)
            return false;
    }
    return problem->naxes > 0;
}

static bool parse_form(const char *value, struct problem *problem) {
    for (int form = FORM_VALUE; form <= FORM_LOG; form++) {
        if (strcmp(value, form_names[form]) == 0) {
            problem->form = (enum form)form;
            return true;
        }
    }
    return false;
}

/* Any word but the output's layout, whose number of dimensions is known only when all words are read. */
static bool parse_word(const char *key, const char *value, struct problem *problem) {
    if (strcmp(key, "axes") == 0)
        return parse_axes(value, problem);
    if (strcmp(key, "form") == 0)
        return parse_form(value, problem);
    if (strcmp(key, "keepdims") == 0)
        return problem->keepdims = true;
    if (strcmp(key, "out") == 0)
        return (problem->out = axprod_dtype_from_name(value)) != AXPROD_DTYPE_NONE;
    if (strcmp(key, "threads") == 0)
        return (problem->threads = atoi(value)) >= 0;
    if (strcmp(key, "data") == 0)
        return data_from_name(value, &problem->data);
    if (strcmp(key, "seed") == 0) {
        problem->seed = strtoull(value, NULL, 10);
        return true;
    }
    return parse_layout(key, value, problem->ndim, &problem->layout);
}

/* Splits "key=value" in place; the value of a word without '=' is empty. */
static char *split(char *word) {
    char *value = strchr(word, '=');
    if (!value)
        return word + strlen(word);
    *value = '\0';
    return value + 1;
}

static bool parse_words(char *copy, struct problem *problem, bool outputs_only) {
    char *rest = NULL, *word = strtok_r(copy, " \t\r\n", &rest);
    for (int i = 0; word; i++, word = strtok_r(NULL, " \t\r\n", &rest)) {
        char *value = split(word);
        bool output = strncmp(word, "out-", 4) == 0, good = true;
        int ndim;
        int64_t shape[AXPROD_MAX_NDIM];
        if (i < 2 && !outputs_only) {
            if (i == 0)
                good = (problem->dtype = axprod_dtype_from_name(word)) != AXPROD_DTYPE_NONE;
            else if (strcmp(word, "scalar") != 0)
                good = (problem->ndim = parse_list(word, 'x', problem->shape, AXPROD_MAX_NDIM)) >= 0;
        } else if (i >= 2 && output && outputs_only) {
            problem_out_shape(problem, &ndim, shape);
            good = parse_layout(word + 4, value, ndim, &problem->out_layout);
        } else if (i >= 2 && !output && !outputs_only) {
            good = parse_word(word, value, problem);
        }
        if (!good) {
            fprintf(stderr, "problem: cannot understand \"%s\" with value \"%s\"\n", word, value);
            return false;
        }
    }
    return problem->dtype != AXPROD_DTYPE_NONE;
}

bool problem_parse(const char *text, struct problem *problem) {
    char first[PROBLEM_TEXT], second[PROBLEM_TEXT];
    memset(problem, 0, sizeof *problem);
    problem->naxes = -1;
    if (strlen(text) >= sizeof first)
        return false;
    strcpy(first, text);
    strcpy(second, text);
    if (!parse_words(first, problem, false))
        return false;
    if (problem->out == AXPROD_DTYPE_NONE)
        problem->out = axprod_result_dtype(problem->dtype);
    return parse_words(second, problem, true);
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
        put(&writer, " form=%s", form_names[problem->form]);
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
