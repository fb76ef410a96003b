/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Elements of every real dtype as exact numbers: sign, odd integer, power of two. Decoding and encoding are written on
 * bits alone, without any floating-point operation, because they belong to the oracle that the library is judged by.
 */
#ifndef TESTS_ELEMENT_H
#define TESTS_ELEMENT_H

#include "axprod.h"

/* A floating-point format. Finite numbers are integers below 2^precision times 2^exponent, exponent >= min_exponent. */
struct format {
    axprod_dtype dtype;
    int precision;    /* bits of the significand with the hidden one */
    int min_exponent; /* of the smallest subnormal */
    int max_exponent; /* every finite number is below 2^max_exponent */
    uint64_t nan;     /* the canonical quiet NaN */
};

/* The format of a real floating-point dtype; NULL for any other dtype. */
const struct format *format_of(axprod_dtype dtype);

bool is_integer(axprod_dtype dtype); /* bool included */
bool is_signed(axprod_dtype dtype);  /* real floating point included */
bool is_complex(axprod_dtype dtype);

enum element_kind {
    ELEMENT_ZERO,
    ELEMENT_FINITE,
    ELEMENT_INFINITE,
    ELEMENT_NAN
};

/* (-1)^negative * odd * 2^exponent; odd and exponent are zero where kind is not ELEMENT_FINITE. */
struct element {
    enum element_kind kind;
    bool negative;
    uint64_t odd;
    int64_t exponent;
};

/* The number at an address, which needs no alignment. Not for complex dtypes. */
struct element element_load(axprod_dtype dtype, const void *address);

/* Stores a number; false, and nothing stored, where the dtype cannot represent it exactly. */
bool element_store(axprod_dtype dtype, struct element element, void *address);

/* A finite element of any significand: trailing zero bits go to the exponent. */
struct element element_make(bool negative, uint64_t significand, int64_t exponent);

/* An element's bytes as an integer, and back; for dtypes of at most 8 bytes. */
uint64_t bits_load(axprod_dtype dtype, const void *address);
void bits_store(axprod_dtype dtype, uint64_t bits, void *address);

#endif
