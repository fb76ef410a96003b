/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One problem, one string: tests, benchmarks and bug reports name a case the same way.
 *
 *     f32 3x5x7 axes=0,2 keepdims out=f64 order=2,0,1 pad=3 data=neutral seed=1
 *
 * First the dtype and the shape ("scalar" for no dimension), then in any order, all optional, each at most once:
 *     axes=all | none | 0,2   axes to multiply along (all); negative ones count from the end
 *     size=64KiB              bytes of all elements together, where one extent is *, as in *x64: it becomes the largest
 *                             with which they fit, at least 1; B, KiB, MiB, GiB or none
 *     keepdims                the output has the keepdims shape
 *     form=value | scaled | log                                                            (value)
 *     out=DTYPE               result dtype of form=value (the input's default)
 *     order=2,0,1             axes from the slowest to the fastest in memory (C order)
 *     strides=96,-8,4         strides in bytes, instead of an order
 *     flip=0,2                axes that run backwards through memory
 *     broadcast=1             axes of stride zero
 *     pad=N                   gaps of N elements between rows
 *     offset=N                elements misaligned by N bytes
 *     front                   the first byte, not the last one, is next to a guard page
 *     out-order= out-strides= out-flip= out-pad= out-offset= out-front    the same for the output(s)
 *     threads=N               options.num_threads (0)
 *     data=KIND               see data.h (neutral)
 *     seed=N                  of the data (0)
 */
#ifndef TESTS_PROBLEM_H
#define TESTS_PROBLEM_H

#include "buffer.h"
#include "data.h"

enum form {
    FORM_VALUE,
    FORM_SCALED,
    FORM_LOG
};

/* "value", "scaled", "log" */
extern const char *const problem_form_names[];

struct problem {
    axprod_dtype dtype, out;
    enum form form;
    int ndim;
    int64_t shape[AXPROD_MAX_NDIM];
    int naxes; /* -1: all */
    int axes[AXPROD_MAX_NDIM];
    bool keepdims;
    struct layout layout, out_layout;
    int threads;
    enum data_kind data;
    uint64_t seed;
};

/* Enough for a problem of eight dimensions with everything said. */
#define PROBLEM_TEXT 1024

/* What is wrong with a text, and the first character (from 1 on) of what is wrong. */
struct problem_error {
    int column;
    char sentence[256];
};

/* False, and *error, where the text is no problem. */
bool problem_parse(const char *text, struct problem *problem, struct problem_error *error);

/* The number of bytes in "16KiB", as size= understands it. */
bool problem_parse_size(const char *text, int64_t *bytes);

/* The same with the sentence, the text and the place in it on stderr. */
bool problem_parse_aloud(const char *text, struct problem *problem);

/* The canonical string; parsing it gives the same problem. Truncated as by snprintf; returns the whole length. */
int problem_print(const struct problem *problem, char *text, size_t size);

/* What the library is called with: NULL for all axes. */
const int *problem_axes(const struct problem *problem);

/* Is this axis (0 .. ndim-1) multiplied along? */
bool problem_reduces(const struct problem *problem, int axis);

/* The output's shape, with keepdims as the problem says. */
void problem_out_shape(const struct problem *problem, int *ndim, int64_t *shape);

/* Result dtypes: one, or two for the forms with two outputs; returns how many. */
int problem_out_dtypes(const struct problem *problem, axprod_dtype dtypes[2]);

/* Opens the input's buffer and fills it with the problem's data. */
void problem_open_input(const struct problem *problem, struct buffer *x);

/* Opens the buffers of the output(s); the second one is left closed for form=value. Returns how many. */
int problem_open_outputs(const struct problem *problem, struct buffer outputs[2]);

/* Calls the one-shot function of the problem's form, or creates its plan. second: not looked at for form=value. */
axprod_status problem_call(const struct problem *problem, const axprod_tensor *x, const axprod_tensor *first,
                           const axprod_tensor *second);
axprod_status problem_plan(const struct problem *problem, const axprod_tensor *x, const axprod_tensor *first,
                           const axprod_tensor *second, axprod_plan **plan);

#endif
