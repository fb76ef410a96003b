/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Elements as text. Floating-point numbers get as few digits as read back as the same value of their own dtype: short,
 * and no bit of a result is hidden.
 */
#ifndef AXPROD_PROGRAMS_FORMAT_H
#define AXPROD_PROGRAMS_FORMAT_H

#include <axprod.h>
#include <stddef.h>

/* Enough for each element: two numbers of 24 letters and what stands between them. */
#define FORMAT_SIZE 80

/* element points to one of dtype, with any alignment. */
void format_element(axprod_dtype dtype, const void *element, char text[FORMAT_SIZE]);

void format_f64(double value, char text[FORMAT_SIZE]);

#endif
