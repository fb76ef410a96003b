/* SPDX-License-Identifier: BSD-3-Clause */
/* What the programs compute: one array, or two of the same shape, in C order without gaps. */
#ifndef AXPROD_PROGRAMS_RESULT_H
#define AXPROD_PROGRAMS_RESULT_H

#include "message.h"

#include <axprod.h>
#include <stdint.h>

typedef enum result_form {
    RESULT_VALUE,  /* one part: the product */
    RESULT_SCALED, /* significand (f64), exponent (i64) */
    RESULT_LOG     /* sign (f64), logarithm of the magnitude (f64) */
} result_form;

#define RESULT_MAX_PARTS 2

typedef struct result {
    result_form form;
    int num_parts;
    axprod_dtype dtypes[RESULT_MAX_PARTS];
    void *data[RESULT_MAX_PARTS];
    int ndim;
    int64_t shape[AXPROD_MAX_NDIM];
    int64_t count; /* elements of each part */
} result;

struct options;

/* Form, dtypes, shape and count of the result for an input x. */
bool result_describe(const struct options *o, const axprod_tensor *x, result *r, message *error);

/* Memory for all parts, or a sentence. result_free is due in both cases. */
bool result_allocate(result *r, message *error);
void result_free(result *r);

/* A part as the library takes it. */
axprod_tensor result_tensor(const result *r, int part);

#endif
