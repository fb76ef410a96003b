/* SPDX-License-Identifier: BSD-3-Clause */
/* Results as text on a stream. The caller looks for errors of the stream. */
#ifndef AXPROD_PROGRAMS_PRINT_H
#define AXPROD_PROGRAMS_PRINT_H

#include "result.h"

#include <stdio.h>

/* As Python writes tuples: (), (3,), (3, 4). */
void print_shape(FILE *stream, int ndim, const int64_t *shape);

/*
 * The elements as nested lists. Arrays of more than 1000 elements are summarised: the first and last three along each
 * axis. Elements: 0.5; scaled 0.5 * 2^-7; log (sign, logarithm).
 */
void print_elements(FILE *stream, const result *r);

#endif
