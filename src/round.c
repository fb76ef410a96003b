/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exact numbers to results, in integers: the slow and obvious way, for the outputs that vectors cannot decide. The test
 * is the same everywhere: if both ends of an interval round to the same result, so does all between them.
 */
#include "internal.h"

#include <string.h>

static int bit_length(axp_uint128 a) {
    uint64_t high = (uint64_t)(a >> 64), low = (uint64_t)a;
    return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

/* The magnitude in units of 2^quantum, rounded to nearest, ties to even. The caller knows that 64 bits hold it. */
static uint64_t round_to_unit(const axp_real *value, int64_t quantum) {
    int64_t shift = quantum - value->exponent;
    if (shift > 128)
        return 0;
    if (shift <= 0)
        return (uint64_t)(value->magnitude << -shift);
    axp_uint128 half = (axp_uint128)1 << (shift - 1);
    axp_uint128 whole = shift == 128 ? 0 : value->magnitude >> shift;
    axp_uint128 rest = value->magnitude - (shift == 128 ? 0 : whole << shift);
    bool up = rest > half || (rest == half && (value->more || (whole & 1)));
    return (uint64_t)whole + up;
}

/* So many leading bits that `more` never matters by more than its being there. */
static axp_real normalised(const axp_real *value) {
    axp_real result = *value;
    int shift = 128 - bit_length(value->magnitude);
    if (value->magnitude && shift > 0) {
        result.magnitude <<= shift;
        result.exponent -= shift;
    }
    return result;
}

uint64_t axp_round_real(const axp_real *value, const axp_format *format) {
    axp_real v = normalised(value);
    if (!v.magnitude)
        return 0;
    int64_t top = axp_max(v.exponent + 127, format->min_exponent);
    uint64_t infinity = (uint64_t)(format->max_exponent - format->min_exponent + 2) << (format->precision - 1);
    if (top > format->max_exponent)
        return infinity;
    uint64_t significand = round_to_unit(&v, top - (format->precision - 1));
    /* Exponent field and fraction are one integer: a carry out of the fraction does what it should. */
    uint64_t below = (uint64_t)(top - format->min_exponent) << (format->precision - 1);
    return below + significand;
}

static uint64_t double_bits(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ------------------------------------------------------------------------------------------------------- forms --- */

static uint64_t value_bits(axprod_dtype dtype, const axp_real *value, bool negative) {
    const axp_dtype_info *info = &axp_dtypes[dtype];
    return axp_round_real(value, &info->format) | (uint64_t)negative << (8 * info->bytes - 1);
}

/* significand in [1/2, 1) and exponent, as C's frexp */
static void scaled_bits(const axp_real *value, bool negative, uint64_t bits[2]) {
    axp_real v = normalised(value);
    int64_t exponent = v.exponent + 128;
    v.exponent = -128;
    double significand = double_of(axp_round_real(&v, &axp_dtypes[AXPROD_F64].format));
    if (significand == 1) {
        significand = 0.5;
        exponent++;
    }
    bits[0] = double_bits(negative ? -significand : significand);
    bits[1] = (uint64_t)exponent;
}

/* sqrt(2) 2^127, rounded down: where the binades of the logarithm meet. */
static const uint64_t sqrt2_high = UINT64_C(0xb504f333f9de6484);

int64_t axp_log_binade(const axp_real *value) {
    axp_real v = normalised(value);
    return v.exponent + 127 + ((uint64_t)(v.magnitude >> 64) > sqrt2_high);
}

/*
 * The logarithm is a function of the product rounded to 57 bits (in binade 0: of product - 1), so it has the same bits
 * however the product was come by.
 */
enum {
    LOG_BITS = 57
};

static uint64_t log_argument(const axp_real *value, int64_t *exponent) {
    axp_real v = normalised(value);
    *exponent = v.exponent + 128 - LOG_BITS;
    return v.magnitude ? round_to_unit(&v, *exponent) : 0;
}

static double scale(double value, int64_t exponent) {
    /* |exponent| may be beyond what one power of two has; the argument of the logarithm never gets subnormal that way
     */
    while (exponent < -1000) {
        value *= 0x1p-1000;
        exponent += 1000;
        if (value == 0)
            return 0;
    }
    return value * double_of((uint64_t)(exponent + 1023) << 52);
}

static double log_value(const axp_interval *interval) {
    int64_t exponent;
    uint64_t argument = log_argument(&interval->low, &exponent);
    double high, low;
    if (interval->binade == 0) {
        high = (double)argument;
        low = (double)((int64_t)argument - (int64_t)high);
        high = scale(interval->low.negative ? -high : high, exponent);
        low = scale(interval->low.negative ? -low : low, exponent);
    } else {
        /* (argument 2^exponent') - 1 is exact in 57 bits, exponent' being that of the binade */
        int64_t one = INT64_C(1) << -(exponent - interval->binade);
        int64_t difference = (int64_t)argument - one;
        high = (double)difference;
        low = (double)(difference - (int64_t)high);
        high = scale(high, exponent - interval->binade);
        low = scale(low, exponent - interval->binade);
    }
    return axp_log(interval->binade, high, low);
}

static bool log_decided(const axp_interval *interval) {
    int64_t low_exponent, high_exponent;
    uint64_t low = log_argument(&interval->low, &low_exponent), high = log_argument(&interval->high, &high_exponent);
    return !interval->split && low == high &&
           (low == 0 || (low_exponent == high_exponent && interval->low.negative == interval->high.negative));
}

bool axp_decide(axp_form form, axprod_dtype dtype, const axp_interval *interval, uint64_t bits[2]) {
    uint64_t other[2] = {0, 0};
    bits[1] = 0;
    switch (form) {
    case AXP_FORM_VALUE:
        bits[0] = value_bits(dtype, &interval->low, interval->negative);
        other[0] = value_bits(dtype, &interval->high, interval->negative);
        return bits[0] == other[0];
    case AXP_FORM_SCALED:
        scaled_bits(&interval->low, interval->negative, bits);
        scaled_bits(&interval->high, interval->negative, other);
        return bits[0] == other[0] && bits[1] == other[1];
    default:
        bits[0] = double_bits(interval->negative ? -1 : 1);
        bits[1] = double_bits(log_value(interval));
        return log_decided(interval);
    }
}

void axp_special_output(axp_form form, axprod_dtype dtype, double special, uint64_t bits[2]) {
    const axp_dtype_info *info = &axp_dtypes[dtype];
    bool is_nan = special != special, is_zero = special == 0;
    bool negative = !is_nan && __builtin_signbit(special);
    const uint64_t nan = UINT64_C(0x7ff8000000000000);
    bits[1] = 0;
    if (form == AXP_FORM_LOG) {
        bits[0] = is_nan ? nan : double_bits(is_zero ? 0 : negative ? -1 : 1);
        bits[1] = is_nan ? nan : double_bits(is_zero ? -__builtin_inf() : __builtin_inf());
    } else if (is_zero) {
        bits[0] = (uint64_t)negative << (8 * info->bytes - 1);
    } else {
        const axp_format *format = &info->format;
        uint64_t infinity = (uint64_t)(format->max_exponent - format->min_exponent + 2) << (format->precision - 1);
        uint64_t quiet = is_nan ? UINT64_C(1) << (format->precision - 2) : 0;
        bits[0] = infinity | quiet | (uint64_t)negative << (8 * info->bytes - 1);
    }
}
