/* SPDX-License-Identifier: BSD-3-Clause */
/* Data for problems; see data.h. */
#include "data.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define DATA_X(NAME, name, text) #name,
    DATA_LIST(DATA_X)
#undef DATA_X
};

const char *data_name(enum data_kind kind) {
    return names[kind];
}

bool data_from_name(const char *name, enum data_kind *kind) {
    for (int i = 0; i < DATA_KINDS; i++) {
        if (strcmp(name, names[i]) == 0) {
            *kind = (enum data_kind)i;
            return true;
        }
    }
    return false;
}

/* The factors of one output while they are made: dense, one after the other. */
struct group {
    enum data_kind kind;
    axprod_dtype dtype, result;
    int64_t count;
    struct rng *rng;
    unsigned char *bytes;
    int64_t exponent; /* about log2 of the product so far */
};

static void put(struct group *group, int64_t i, struct element element) {
    element.negative = is_signed(group->dtype) && rng_coin(group->rng);
    if (!element_store(group->dtype, element, group->bytes + (size_t)i * axprod_dtype_size(group->dtype)))
        abort(); /* a generator made a number that is no element: a mistake in the tests */
}

/* A random significand of the format's precision, as a number in [1/2, 1) times 2^exponent; fewer bits if subnormal. */
static struct element random_float(const struct format *format, struct rng *rng, int64_t exponent) {
    int64_t bits = exponent - format->min_exponent;
    bits = bits > format->precision ? format->precision : bits;
    return element_make(false, rng_bits(rng, (int)bits), exponent - bits);
}

static void put_wild(struct group *group, int64_t i) {
    unsigned char *address = group->bytes + (size_t)i * axprod_dtype_size(group->dtype);
    struct element element;
    do {
        bits_store(group->dtype, rng_next(group->rng), address);
        element = element_load(group->dtype, address);
    } while (format_of(group->dtype) && element.kind != ELEMENT_FINITE);
}

static void put_special(struct group *group, int64_t i) {
    const struct format *format = format_of(group->dtype);
    unsigned char *address = group->bytes + (size_t)i * axprod_dtype_size(group->dtype);
    uint64_t which = rng_below(group->rng, 4 * (uint64_t)group->count);
    if (which == 1 && format) {
        put(group, i, (struct element){ELEMENT_INFINITE, false, 0, 0});
    } else if (which == 0 && format) {
        do { /* any payload, quiet or signaling, either sign */
            bits_store(group->dtype, rng_next(group->rng) | format->nan << 1, address);
        } while (element_load(group->dtype, address).kind != ELEMENT_NAN);
    } else if (which == 2 || which == 3) {
        put(group, i, (struct element){ELEMENT_ZERO, false, 0, 0});
    } else {
        put_wild(group, i);
    }
}

/* Feedback: exponents that bring the product so far back, the last one to somewhere in the result's range. */
static void put_balanced(struct group *group, int64_t i) {
    const struct format *format = format_of(group->dtype), *result = format_of(group->result);
    int64_t low = format->min_exponent + 1, high = format->max_exponent, exponent;
    if (i + 1 == group->count) {
        result = result ? result : format;
        exponent = rng_between(group->rng, result->min_exponent - 1, result->max_exponent + 1) - group->exponent;
    } else {
        exponent = group->exponent > 0 ? rng_between(group->rng, low, 0) : rng_between(group->rng, 0, high);
    }
    exponent = exponent < low ? low : exponent > high ? high : exponent;
    group->exponent += exponent;
    put(group, i, random_float(format, group->rng, exponent));
}

static void put_subnormal(struct group *group, int64_t i) {
    const struct format *format = format_of(group->dtype);
    int64_t exponent;
    if (i % 2 == 0) {
        exponent = format->min_exponent + rng_between(group->rng, 1, format->precision - 1);
    } else {
        exponent = 1 - group->exponent + rng_between(group->rng, -1, 1);
        exponent = exponent > format->max_exponent ? format->max_exponent : exponent;
    }
    group->exponent += exponent;
    put(group, i, random_float(format, group->rng, exponent));
}

static void put_power(struct group *group, int64_t i) {
    int64_t low, high;
    exponent_range(group->dtype, 1, &low, &high);
    put(group, i, element_make(false, 1, rng_between(group->rng, low, high)));
}

static void put_float(struct group *group, int64_t i) {
    const struct format *format = format_of(group->dtype);
    struct rng *rng = group->rng;
    switch (group->kind) {
    case DATA_SHRINKING: /* [1/4, 1/2) or [1/2, 3/4) */
        if (rng_coin(rng))
            put(group, i, random_float(format, rng, -1));
        else
            put(group, i,
                element_make(false, UINT64_C(1) << (format->precision - 1) | rng_bits(rng, format->precision) >> 2,
                             -format->precision));
        break;
    case DATA_BALANCED:
        put_balanced(group, i);
        break;
    case DATA_SUBNORMAL:
        put_subnormal(group, i);
        break;
    case DATA_TINY:
        if (rng_below(rng, 512) == 0)
            put(group, i, random_float(format, rng, rng_between(rng, -1, 1)));
        else
            put(group, i, random_float(format, rng, format->min_exponent + rng_between(rng, 1, format->precision - 1)));
        break;
    default: /* the mean of log2 is zero where a number in [1/2, 1) has the probability 0.557 */
        put(group, i, random_float(format, rng, rng_below(rng, 1000) < 557 ? 0 : 1));
    }
}

static void put_integer(struct group *group, int64_t i, uint64_t most) {
    uint64_t end = group->dtype == AXPROD_BOOL ? 1 : most;
    put(group, i, element_make(false, 1 + rng_below(group->rng, end), 0));
}

static void put_one(struct group *group, int64_t i) {
    size_t size = axprod_dtype_size(group->dtype);
    element_store(group->dtype, element_make(false, 1, 0), group->bytes + (size_t)i * size);
}

static void put_any(struct group *group, int64_t i, int64_t hot) {
    enum data_kind kind = group->kind;
    if (kind == DATA_WILD || (kind == DATA_ONEHOT && i == hot))
        put_wild(group, i);
    else if (kind == DATA_ONEHOT || kind == DATA_ONES)
        put_one(group, i);
    else if (kind == DATA_SPECIALS)
        put_special(group, i);
    else if (kind == DATA_POWERS)
        put_power(group, i);
    else if (kind == DATA_SMALLINT)
        put_integer(group, i, 9);
    else if (!format_of(group->dtype))
        put_integer(group, i, 3);
    else
        put_float(group, i);
}

/* The all-ones integers of 8, 9, 11, 12, 24, 25, 53 and 54 bits: factors of at most 11 bits wherever there are. */
static const struct {
    int bits;
    uint64_t factors[8];
} all_ones[] = {
    {8, {3, 5, 17, 0}},
    {9, {7, 73, 0}},
    {11, {23, 89, 0}},
    {12, {3, 3, 5, 7, 13, 0}},
    {24, {9, 5, 7, 13, 17, 241, 0}},
    {25, {31, 601, 1801, 0}},
    {53, {6361, 69431, 20394401, 0}},
    {54, {81, 7, 19, 73, 87211, 262657, 0}},
};

static bool aim_at_all_ones(struct construction *construction, int bits) {
    for (size_t i = 0; i < sizeof all_ones / sizeof all_ones[0]; i++) {
        if (all_ones[i].bits == bits) {
            construction->bits = 0;
            memcpy(construction->target, all_ones[i].factors, sizeof construction->target);
            return true;
        }
    }
    return false;
}

/* The kinds that aim at a rounding. False where the factors cannot do it. */
static bool aim(const struct group *group, struct element *factors) {
    const struct format *result = format_of(group->result);
    struct rng *rng = group->rng;
    static const int closenesses[] = {0, 0, 0, 0, -1, -1, 1, 1, -2, -2};
    if (!result || is_complex(group->dtype))
        return false;
    int precision = result->precision;
    struct construction construction = {.dtype = group->dtype,
                                        .count = group->count,
                                        .bits = precision + 1,
                                        .closeness = closenesses[rng_below(rng, 10)],
                                        .wide_exponents = rng_coin(rng)};
    switch (group->kind) {
    case DATA_TIES:
        construction.top = rng_between(rng, -precision, precision < result->max_exponent ? precision : 15);
        if (rng_coin(rng))
            construction.top = rng_between(rng, result->min_exponent + precision, result->max_exponent);
        break;
    case DATA_BORDER:
        construction.bits = 1 + (int)rng_between(rng, 0, precision);
        construction.top = result->min_exponent + construction.bits - 1;
        if (rng_below(rng, 4) == 0) { /* between the largest subnormal and the smallest normal number */
            aim_at_all_ones(&construction, precision);
            construction.top = result->min_exponent + precision - 1;
        }
        break;
    case DATA_OVERFLOW:
        if (rng_below(rng, 4) != 0)
            aim_at_all_ones(&construction, precision + 1);
        construction.top = result->max_exponent;
        break;
    case DATA_POWERS:
        construction.bits = 1;
        construction.closeness = 0;
        construction.top = rng_between(rng, result->min_exponent - 1, result->max_exponent + 1);
        break;
    default:
        return false;
    }
    return construct(&construction, rng, factors);
}

static void make_group(struct group *group, struct element *factors) {
    size_t size = axprod_dtype_size(group->dtype);
    bool aimed = group->kind == DATA_TIES || group->kind == DATA_BORDER || group->kind == DATA_OVERFLOW ||
                 (group->kind == DATA_POWERS && rng_coin(group->rng));
    group->exponent = 0;
    if (aimed && aim(group, factors)) {
        for (int64_t i = 0; i < group->count; i++) {
            if (!element_store(group->dtype, factors[i], group->bytes + (size_t)i * size))
                abort();
        }
        return;
    }
    int64_t hot = group->count ? (int64_t)rng_below(group->rng, (uint64_t)group->count) : 0;
    for (int64_t i = 0; i < group->count; i++)
        put_any(group, i, hot);
}

void data_fill(const struct data_request *request, const struct reduction *reduction, void *data) {
    struct rng rng = rng_make(request->seed);
    /* A complex number is made of two real ones; a group then has twice as many. */
    bool complex = is_complex(request->dtype);
    axprod_dtype dtype = request->dtype == AXPROD_C64 ? AXPROD_F32 : complex ? AXPROD_F64 : request->dtype;
    size_t element_size = axprod_dtype_size(request->dtype), factors = (size_t)reduction->factors;
    struct group group = {request->kind, dtype, request->result, reduction->factors * (complex ? 2 : 1), &rng, NULL, 0};
    struct element *elements = malloc(sizeof *elements * ((size_t)group.count + 1));
    group.bytes = malloc(element_size * factors + 8);
    if (!elements || !group.bytes)
        abort();
    for (int64_t output = 0; output < reduction->outputs; output++) {
        make_group(&group, elements);
        for (size_t i = 0; i < factors; i++)
            memcpy((char *)data + reduction->output_offsets[output] + reduction->factor_offsets[i],
                   group.bytes + i * element_size, element_size);
    }
    free(elements);
    free(group.bytes);
}
