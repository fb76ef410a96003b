/* SPDX-License-Identifier: BSD-3-Clause */
/* Exact decoding and encoding of elements; see element.h. */
#include "element.h"

#include <string.h>

static const struct format formats[] = {
    {AXPROD_F16, 11, -24, 16, 0x7e00},
    {AXPROD_BF16, 8, -133, 128, 0x7fc0},
    {AXPROD_F32, 24, -149, 128, 0x7fc00000},
    {AXPROD_F64, 53, -1074, 1024, UINT64_C(0x7ff8000000000000)},
};

const struct format *format_of(axprod_dtype dtype) {
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (formats[i].dtype == dtype)
            return &formats[i];
    }
    return NULL;
}

bool is_complex(axprod_dtype dtype) {
    return dtype == AXPROD_C64 || dtype == AXPROD_C128;
}

bool is_integer(axprod_dtype dtype) {
    return !format_of(dtype) && !is_complex(dtype) && axprod_dtype_size(dtype) > 0;
}

bool is_signed(axprod_dtype dtype) {
    return format_of(dtype) || dtype == AXPROD_I8 || dtype == AXPROD_I16 || dtype == AXPROD_I32 || dtype == AXPROD_I64;
}

uint64_t bits_load(axprod_dtype dtype, const void *address) {
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    uint64_t wide;
    switch (axprod_dtype_size(dtype)) {
    case 1:
        memcpy(&byte, address, sizeof byte);
        return byte;
    case 2:
        memcpy(&half, address, sizeof half);
        return half;
    case 4:
        memcpy(&word, address, sizeof word);
        return word;
    default:
        memcpy(&wide, address, sizeof wide);
        return wide;
    }
}

void bits_store(axprod_dtype dtype, uint64_t bits, void *address) {
    uint8_t byte = (uint8_t)bits;
    uint16_t half = (uint16_t)bits;
    uint32_t word = (uint32_t)bits;
    switch (axprod_dtype_size(dtype)) {
    case 1:
        memcpy(address, &byte, sizeof byte);
        break;
    case 2:
        memcpy(address, &half, sizeof half);
        break;
    case 4:
        memcpy(address, &word, sizeof word);
        break;
    default:
        memcpy(address, &bits, sizeof bits);
    }
}

struct element element_make(bool negative, uint64_t significand, int64_t exponent) {
    struct element element = {ELEMENT_ZERO, negative, 0, 0};
    if (significand) {
        int zeros = __builtin_ctzll(significand);
        element = (struct element){ELEMENT_FINITE, negative, significand >> zeros, exponent + zeros};
    }
    return element;
}

static struct element load_integer(axprod_dtype dtype, const void *address) {
    uint64_t bits = bits_load(dtype, address);
    if (dtype == AXPROD_BOOL)
        return element_make(false, bits != 0, 0);
    bool negative = is_signed(dtype) && bits >> (8 * axprod_dtype_size(dtype) - 1);
    if (negative) {
        unsigned unused = 64 - 8 * (unsigned)axprod_dtype_size(dtype);
        bits = (0 - bits) << unused >> unused;
    }
    return element_make(negative, bits, 0);
}

struct element element_load(axprod_dtype dtype, const void *address) {
    const struct format *format = format_of(dtype);
    if (!format)
        return load_integer(dtype, address);
    uint64_t bits = bits_load(dtype, address);
    int fraction_bits = format->precision - 1;
    uint64_t fraction = bits & ((UINT64_C(1) << fraction_bits) - 1);
    uint64_t largest = 2 * (uint64_t)format->max_exponent - 1; /* the biased exponent of infinity */
    uint64_t biased = bits >> fraction_bits & largest;
    bool negative = bits >> (8 * axprod_dtype_size(dtype) - 1);
    if (biased == largest)
        return (struct element){fraction ? ELEMENT_NAN : ELEMENT_INFINITE, negative, 0, 0};
    if (biased == 0)
        return element_make(negative, fraction, format->min_exponent);
    return element_make(negative, fraction | UINT64_C(1) << fraction_bits, format->min_exponent + (int64_t)biased - 1);
}

static bool store_integer(axprod_dtype dtype, struct element element, void *address) {
    int bits = 8 * (int)axprod_dtype_size(dtype) - is_signed(dtype);
    if (dtype == AXPROD_BOOL)
        bits = 1;
    if (element.kind > ELEMENT_FINITE || (element.negative && !is_signed(dtype)) || element.exponent < 0)
        return false;
    bool least = element.negative && element.odd == 1 && element.exponent == bits; /* -2^bits is there, 2^bits is not */
    if (element.kind == ELEMENT_FINITE && 64 - __builtin_clzll(element.odd) + element.exponent > bits && !least)
        return false;
    uint64_t magnitude = element.kind == ELEMENT_ZERO ? 0 : element.odd << element.exponent;
    bits_store(dtype, element.negative ? 0 - magnitude : magnitude, address);
    return true;
}

bool element_store(axprod_dtype dtype, struct element element, void *address) {
    const struct format *format = format_of(dtype);
    if (!format)
        return store_integer(dtype, element, address);
    int fraction_bits = format->precision - 1;
    uint64_t sign = (uint64_t)element.negative << (8 * axprod_dtype_size(dtype) - 1), magnitude = 0;
    if (element.kind == ELEMENT_NAN) {
        magnitude = format->nan;
    } else if (element.kind == ELEMENT_INFINITE) {
        magnitude = (2 * (uint64_t)format->max_exponent - 1) << fraction_bits;
    } else if (element.kind == ELEMENT_FINITE) {
        int width = 64 - __builtin_clzll(element.odd);
        int64_t top = element.exponent + width; /* magnitude < 2^top */
        /* The lowest bit that a number of this size can have. */
        int64_t lowest =
            top - format->precision > format->min_exponent ? top - format->precision : format->min_exponent;
        if (top > format->max_exponent || element.exponent < lowest)
            return false;
        /* A carry out of the fraction into the exponent field is the hidden bit of a normal number. */
        magnitude =
            ((uint64_t)(lowest - format->min_exponent) << fraction_bits) + (element.odd << (element.exponent - lowest));
    }
    bits_store(dtype, sign | magnitude, address);
    return true;
}
