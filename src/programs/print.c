/* SPDX-License-Identifier: BSD-3-Clause */
/* Results as text: see print.h. Two passes over the elements shown: the first finds the width that aligns them. */
#include "print.h"

#include "format.h"

#include <inttypes.h>
#include <string.h>

enum {
    SUMMARY_THRESHOLD = 1000,
    SUMMARY_EDGE = 3,
    LINE_WIDTH = 100
};

/* Two numbers, and what stands around them. */
#define ELEMENT_SIZE (2 * FORMAT_SIZE + 8)

typedef struct printer {
    FILE *stream; /* NULL: only the width is wanted */
    const result *r;
    bool summarised;
    int width;
} printer;

void print_shape(FILE *stream, int ndim, const int64_t *shape) {
    putc('(', stream);
    for (int i = 0; i < ndim; i++)
        fprintf(stream, "%s%" PRId64, i > 0 ? ", " : "", shape[i]);
    fputs(ndim == 1 ? ",)" : ")", stream);
}

static int format_result(const result *r, int64_t index, char text[ELEMENT_SIZE]) {
    char parts[RESULT_MAX_PARTS][FORMAT_SIZE];
    for (int i = 0; i < r->num_parts; i++) {
        size_t size = axprod_dtype_size(r->dtypes[i]);
        format_element(r->dtypes[i], (const char *)r->data[i] + (size_t)index * size, parts[i]);
    }
    switch (r->form) {
    case RESULT_SCALED:
        return snprintf(text, ELEMENT_SIZE, "%s * 2^%s", parts[0], parts[1]);
    case RESULT_LOG:
        return snprintf(text, ELEMENT_SIZE, "(%s, %s)", parts[0], parts[1]);
    default:
        return snprintf(text, ELEMENT_SIZE, "%s", parts[0]);
    }
}

/* The number of entries shown along an axis, where each "..." counts as one; entry SUMMARY_EDGE is it. */
static bool is_cut(const printer *p, int axis) {
    return p->summarised && p->r->shape[axis] > 2 * SUMMARY_EDGE;
}

static int64_t entries(const printer *p, int axis) {
    return is_cut(p, axis) ? 2 * SUMMARY_EDGE + 1 : p->r->shape[axis];
}

/* The index along the axis that an entry shows; -1 for "...". */
static int64_t index_of_entry(const printer *p, int axis, int64_t entry) {
    if (!is_cut(p, axis) || entry < SUMMARY_EDGE)
        return entry;
    return entry == SUMMARY_EDGE ? -1 : p->r->shape[axis] - entries(p, axis) + entry;
}

static void spaces(FILE *stream, int count) {
    fprintf(stream, "%*s", count, "");
}

static void print_row(printer *p, int64_t first) {
    int axis = p->r->ndim - 1, column = axis + 1;
    int64_t shown = entries(p, axis);
    for (int64_t entry = 0; entry < shown; entry++) {
        char text[ELEMENT_SIZE] = "...";
        int64_t index = index_of_entry(p, axis, entry);
        int length = index < 0 ? (int)strlen(text) : format_result(p->r, first + index, text);
        if (!p->stream) {
            p->width = index >= 0 && length > p->width ? length : p->width;
            continue;
        }
        int padding = index < 0 ? 0 : p->width - length;
        const char *separator = entry + 1 < shown ? "," : "";
        if (entry > 0 && column + 1 + padding + length + 1 > LINE_WIDTH) {
            putc('\n', p->stream);
            column = axis + 1;
            spaces(p->stream, column);
        } else if (entry > 0) {
            putc(' ', p->stream);
            column++;
        }
        spaces(p->stream, padding);
        fprintf(p->stream, "%s%s", text, separator);
        column += padding + length + (int)strlen(separator);
    }
}

/* Between blocks of n dimensions there are n - 1 empty lines, as in NumPy. */
static void print_break(const printer *p, int axis) {
    if (!p->stream)
        return;
    putc(',', p->stream);
    for (int i = axis; i < p->r->ndim - 1; i++)
        putc('\n', p->stream);
    spaces(p->stream, axis + 1);
}

static void print_axis(printer *p, int axis, int64_t first) {
    if (p->stream)
        putc('[', p->stream);
    if (axis == p->r->ndim - 1) {
        print_row(p, first);
    } else {
        int64_t step = 1, shown = entries(p, axis);
        for (int i = axis + 1; i < p->r->ndim; i++)
            step *= p->r->shape[i];
        for (int64_t entry = 0; entry < shown; entry++) {
            int64_t index = index_of_entry(p, axis, entry);
            if (entry > 0)
                print_break(p, axis);
            if (index >= 0)
                print_axis(p, axis + 1, first + index * step);
            else if (p->stream)
                fputs("...", p->stream);
        }
    }
    if (p->stream)
        putc(']', p->stream);
}

void print_elements(FILE *stream, const result *r) {
    if (r->count == 0) {
        fputs("[]\n", stream);
        return;
    }
    if (r->ndim == 0) {
        char text[ELEMENT_SIZE];
        format_result(r, 0, text);
        fprintf(stream, "%s\n", text);
        return;
    }
    printer p = {.stream = NULL, .r = r, .summarised = r->count > SUMMARY_THRESHOLD};
    print_axis(&p, 0, 0);
    p.stream = stream;
    print_axis(&p, 0, 0);
    putc('\n', stream);
}
