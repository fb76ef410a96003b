/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reference that results are judged by: the exact product as a GMP integer and a power of two, rounded once by
 * MPFR. Infinity, zero and NaN are decided from the elements alone. It shares no code with the library.
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "element.h"
#include "walk.h"

/* The product of each output in C order, stored as elements of the result dtype. Not for complex dtypes. */
void oracle_prod(const axprod_tensor *x, const int *axes, int naxes, axprod_dtype result, void *dense);

/* Significands (as bit patterns of f64) and exponents, by axprod_scaled_prod's rules. */
void oracle_scaled(const axprod_tensor *x, const int *axes, int naxes, uint64_t *significands, int64_t *exponents);

/* ln|P| = nearest + rest to more than 100 bits; nearest is a double, rest at most half an ulp of it. */
struct oracle_log {
    double sign, nearest, rest;
};
void oracle_log(const axprod_tensor *x, const int *axes, int naxes, struct oracle_log *dense);

/* The distance of a computed logarithm from the true one in ulps of the true one; 0 for the same special value. */
double oracle_log_ulps(const struct oracle_log *oracle, double computed);

/*
 * Judges complex results (dense, of the result dtype) by the header's bound. The largest ratio of error to bound goes
 * to *worst; returns the index of the first output beyond the bound, or -1. Specials must have the exact bits.
 */
int64_t oracle_complex(const axprod_tensor *x, const int *axes, int naxes, axprod_dtype result, const void *dense,
                       double *worst);

/* (-1)^negative * significand * 2^exponent rounded once to a format, as a bit pattern. For tests of the oracle, too. */
uint64_t oracle_round(const struct format *format, bool negative, uint64_t significand, int64_t exponent);

#endif
