/* SPDX-License-Identifier: BSD-3-Clause */
/* What the program computes: one array, or two of the same shape, in C order without gaps. */
#ifndef AXPROD_PROGRAMS_RESULT_H
#define AXPROD_PROGRAMS_RESULT_H

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

#endif
