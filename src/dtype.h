/* SPDX-License-Identifier: BSD-3-Clause */
/* What the library knows of each dtype beyond its size. */
#ifndef AXP_DTYPE_H
#define AXP_DTYPE_H

#include "axprod.h"

typedef enum axp_kind {
    AXP_KIND_NONE,
    AXP_KIND_SIGNED,
    AXP_KIND_UNSIGNED,
    AXP_KIND_BOOL,
    AXP_KIND_FLOAT,
    AXP_KIND_COMPLEX
} axp_kind;

/*
 * A binary floating-point format: value = significand * 2^q, significand < 2^precision, q >= min_exponent - precision
 * + 1. Encoded as IEEE 754 interchange formats (and bfloat16) are.
 */
typedef struct axp_format {
    int precision;    /* bits of the significand with the leading one */
    int min_exponent; /* of the smallest normal number */
    int max_exponent; /* of the largest finite number */
} axp_format;

typedef struct axp_dtype_info {
    const char *name;
    int bytes;
    axp_kind kind;
    /* An element is an integer of at most this many bits, times a power of two. */
    int significand_bits;
    axp_format format; /* of floating-point dtypes and of one component of complex ones */
} axp_dtype_info;

#define AXP_DTYPES (AXPROD_BOOL + 1)

/* Indexed by axprod_dtype; entry 0 has no bytes. */
extern const axp_dtype_info axp_dtypes[AXP_DTYPES];

static inline bool axp_dtype_known(axprod_dtype dtype) {
    return (int)dtype > 0 && (int)dtype < AXP_DTYPES;
}

/* The element 1 of dtype, at one of 16 bytes. */
void axp_dtype_identity(axprod_dtype dtype, unsigned char element[16]);

#endif
