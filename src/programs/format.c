/* SPDX-License-Identifier: BSD-3-Clause */
/* Elements as text: see format.h. */
#include "format.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A binary format: bits of the significand, and the exponent of the least subnormal number. */
typedef struct binary_format {
    int precision, least_exponent, most_digits;
} binary_format;

static const binary_format binary16 = {11, -24, 5}, bfloat16 = {8, -133, 4}, binary32 = {24, -149, 9},
                           binary64 = {53, -1074, 17};

/*
 * The number in that format that text is nearest to. Reading as double first rounds twice, which differs from rounding
 * once only where text lies within 2^-53 of the middle between two numbers without being the middle. The tests show
 * that no such case arises for the formats of 16 bits. binary32 has a function of its own.
 */
static double read_back(const char *text, const binary_format *format) {
    if (format == &binary32)
        return (double)strtof(text, NULL);
    double value = strtod(text, NULL);
    if (format == &binary64)
        return value;
    int exponent;
    frexp(value, &exponent);
    int last_bit =
        exponent - format->precision > format->least_exponent ? exponent - format->precision : format->least_exponent;
    return ldexp(nearbyint(ldexp(value, -last_bit)), last_bit);
}

/*
 * Returns the length. value is a number of that format. The fewest digits are found among the decimals nearest to it,
 * so that a few powers of two, whose neighbours lie at unequal distances, get one digit more than they need.
 */
static int format_binary(double value, const binary_format *format, char *text, size_t size) {
    if (isnan(value))
        return snprintf(text, size, "nan");
    if (isinf(value))
        return snprintf(text, size, value < 0 ? "-inf" : "inf");
    int digits = 1;
    for (; digits < format->most_digits; digits++) {
        snprintf(text, size, "%.*e", digits - 1, value);
        if (read_back(text, format) == value)
            break;
    }
    snprintf(text, size, "%.*e", digits - 1, value);
    int exponent = atoi(strchr(text, 'e') + 1);
    /* Numbers with that many digits before the point look better as 120 than as 1.2e+02. */
    if (exponent >= digits && exponent < format->most_digits)
        digits = exponent + 1;
    return snprintf(text, size, "%.*g", digits, value);
}

static double from_binary16(uint16_t bits) {
    int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    double magnitude = exponent == 0x1f ? (fraction ? (double)NAN : (double)INFINITY)
                       : exponent == 0  ? ldexp(fraction, -24)
                                        : ldexp(fraction + 0x400, exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
}

static double from_bfloat16(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

/* As Python writes complex numbers, without the parentheses: 1.5-2j. */
static void format_complex(double re, double im, const binary_format *format, char text[FORMAT_SIZE]) {
    int length = format_binary(re, format, text, FORMAT_SIZE);
    if (isnan(im) || !signbit(im))
        text[length++] = '+';
    length += format_binary(im, format, text + length, FORMAT_SIZE - (size_t)length);
    memcpy(text + length, "j", sizeof "j");
}

void format_f64(double value, char text[FORMAT_SIZE]) {
    format_binary(value, &binary64, text, FORMAT_SIZE);
}

void format_element(axprod_dtype dtype, const void *element, char text[FORMAT_SIZE]) {
    union {
#define AXPROD_X(NAME, name, bytes, type) type name##_;
        AXPROD_DTYPE_LIST(AXPROD_X)
#undef AXPROD_X
    } is;
    memcpy(&is, element, axprod_dtype_size(dtype));
    switch (dtype) {
#define SIGNED_CASE(NAME, name)                                                                                        \
    case AXPROD_##NAME:                                                                                                \
        snprintf(text, FORMAT_SIZE, "%" PRId64, (int64_t)is.name);                                                     \
        break;
#define UNSIGNED_CASE(NAME, name)                                                                                      \
    case AXPROD_##NAME:                                                                                                \
        snprintf(text, FORMAT_SIZE, "%" PRIu64, (uint64_t)is.name);                                                    \
        break;
        SIGNED_CASE(I8, i8_)
        SIGNED_CASE(I16, i16_)
        SIGNED_CASE(I32, i32_)
        SIGNED_CASE(I64, i64_)
        UNSIGNED_CASE(U8, u8_)
        UNSIGNED_CASE(U16, u16_)
        UNSIGNED_CASE(U32, u32_)
        UNSIGNED_CASE(U64, u64_)
#undef SIGNED_CASE
#undef UNSIGNED_CASE
    case AXPROD_F16:
        format_binary(from_binary16(is.f16_), &binary16, text, FORMAT_SIZE);
        break;
    case AXPROD_BF16:
        format_binary(from_bfloat16(is.bf16_), &bfloat16, text, FORMAT_SIZE);
        break;
    case AXPROD_F32:
        format_binary((double)is.f32_, &binary32, text, FORMAT_SIZE);
        break;
    case AXPROD_F64:
        format_f64(is.f64_, text);
        break;
    case AXPROD_C64:
        format_complex((double)is.c64_.re, (double)is.c64_.im, &binary32, text);
        break;
    case AXPROD_C128:
        format_complex(is.c128_.re, is.c128_.im, &binary64, text);
        break;
    case AXPROD_BOOL:
        snprintf(text, FORMAT_SIZE, "%s", is.bool_ ? "True" : "False");
        break;
    case AXPROD_DTYPE_NONE:
        text[0] = '\0';
        break;
    }
}
