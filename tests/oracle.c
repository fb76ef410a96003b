/* SPDX-License-Identifier: BSD-3-Clause */
/* Exact products of reals and integers, rounded once; see oracle.h. */
#include "oracle.h"

#include <gmp.h>
#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than 100 bits beyond a double, however small the logarithm is. */
#define LOG_PRECISION 256

/* Larger powers of one product would take minutes; tests must not ask for them. */
#define MOST_BITS (INT64_C(1) << 31)

/* What the elements of one output multiply to: a special value, or (-1)^negative odd 2^exponent. */
struct product {
    enum element_kind kind;
    bool negative;
    mpz_t odd;
    int64_t exponent;
};

/* The product of many words, as a tree: multiplying one by one is quadratic. */
static void multiply_words(mpz_t product, const uint64_t *words, int64_t count) {
    if (count <= 24) {
        mpz_set_ui(product, 1);
        for (int64_t i = 0; i < count; i++)
            mpz_mul_ui(product, product, words[i]);
        return;
    }
    mpz_t upper;
    mpz_init(upper);
    multiply_words(product, words, count / 2);
    multiply_words(upper, words + count / 2, count - count / 2);
    mpz_mul(product, product, upper);
    mpz_clear(upper);
}

static void multiply(struct product *product, axprod_dtype dtype, const struct reduction *reduction, const char *first,
                     uint64_t *words) {
    bool nan = false, infinite = false, zero = false, negative = false;
    int64_t exponent = 0, count = 0;
    for (int64_t i = 0; i < reduction->factors && reduction->repeat > 0; i++) {
        struct element element = element_load(dtype, first + reduction->factor_offsets[i]);
        nan |= element.kind == ELEMENT_NAN;
        infinite |= element.kind == ELEMENT_INFINITE;
        zero |= element.kind == ELEMENT_ZERO;
        negative ^= element.negative;
        exponent += element.exponent;
        if (element.odd > 1)
            words[count++] = element.odd;
    }
    product->kind = ELEMENT_FINITE;
    if (nan || (infinite && zero))
        product->kind = ELEMENT_NAN;
    else if (infinite)
        product->kind = ELEMENT_INFINITE;
    else if (zero)
        product->kind = ELEMENT_ZERO;
    product->negative = negative && reduction->repeat % 2 && product->kind != ELEMENT_NAN;
    product->exponent = exponent * reduction->repeat;
    mpz_set_ui(product->odd, 1);
    if (product->kind != ELEMENT_FINITE || count == 0)
        return;
    multiply_words(product->odd, words, count);
    if (reduction->repeat > 1) {
        if ((int64_t)mpz_sizeinbase(product->odd, 2) > MOST_BITS / reduction->repeat) {
            fprintf(stderr, "oracle: the product has too many bits\n");
            exit(EXIT_FAILURE);
        }
        mpz_pow_ui(product->odd, product->odd, (unsigned long)reduction->repeat);
    }
}

/* The bit pattern of a rounded number, which the format can represent. */
static uint64_t encode(const struct format *format, bool negative, mpfr_t rounded) {
    unsigned char bytes[8] = {0};
    struct element element = {ELEMENT_ZERO, negative, 0, 0};
    if (mpfr_inf_p(rounded)) {
        element.kind = ELEMENT_INFINITE;
    } else if (!mpfr_zero_p(rounded)) {
        mpz_t significand;
        mpz_init(significand);
        mpfr_exp_t exponent = mpfr_get_z_2exp(significand, rounded);
        element = element_make(negative, mpz_get_ui(significand), exponent);
        mpz_clear(significand);
    }
    if (!element_store(format->dtype, element, bytes)) {
        fprintf(stderr, "oracle: a rounded number is not representable\n");
        exit(EXIT_FAILURE);
    }
    return bits_load(format->dtype, bytes);
}

/* Rounds odd 2^exponent once. MPFR's exponents belong to significands in [1/2, 1), as format's max_exponent. */
static uint64_t round_once(const struct format *format, bool negative, const mpz_t odd, int64_t exponent) {
    mpfr_exp_t min_before = mpfr_get_emin(), max_before = mpfr_get_emax();
    mpfr_t rounded;
    mpfr_set_emin(mpfr_get_emin_min());
    mpfr_set_emax(mpfr_get_emax_max());
    mpfr_init2(rounded, format->precision);
    int ternary = mpfr_set_z_2exp(rounded, odd, exponent, MPFR_RNDN);
    mpfr_set_emin(format->min_exponent + 1);
    mpfr_set_emax(format->max_exponent);
    ternary = mpfr_check_range(rounded, ternary, MPFR_RNDN);
    mpfr_subnormalize(rounded, ternary, MPFR_RNDN);
    uint64_t bits = encode(format, negative, rounded);
    mpfr_set_emin(min_before);
    mpfr_set_emax(max_before);
    mpfr_clear(rounded);
    return bits;
}

uint64_t oracle_round(const struct format *format, bool negative, uint64_t significand, int64_t exponent) {
    mpz_t odd;
    mpz_init_set_ui(odd, significand);
    uint64_t bits = round_once(format, negative, odd, exponent);
    mpz_clear(odd);
    return bits;
}

static uint64_t special_bits(const struct format *format, enum element_kind kind, bool negative) {
    unsigned char bytes[8];
    element_store(format->dtype, (struct element){kind, negative && kind != ELEMENT_NAN, 0, 0}, bytes);
    return bits_load(format->dtype, bytes);
}

/* Integer results: modulo 2^64, of which the lower bits of every result dtype are a part. */
static uint64_t multiply_modulo(axprod_dtype dtype, const struct reduction *reduction, const char *first) {
    uint64_t product = 1, power;
    for (int64_t i = 0; i < reduction->factors && reduction->repeat > 0; i++) {
        struct element element = element_load(dtype, first + reduction->factor_offsets[i]);
        uint64_t magnitude = element.kind == ELEMENT_ZERO ? 0 : element.odd << element.exponent;
        product *= element.negative ? 0 - magnitude : magnitude;
    }
    power = product;
    product = 1;
    for (int64_t left = reduction->repeat; left > 0; left >>= 1) {
        if (left & 1)
            product *= power;
        power *= power;
    }
    return product;
}

void oracle_prod(const axprod_tensor *x, const int *axes, int naxes, axprod_dtype result, void *dense) {
    const struct format *format = format_of(result);
    struct reduction reduction;
    struct product product;
    reduction_open(&reduction, x, axes, naxes);
    uint64_t *words = malloc(sizeof(uint64_t) * ((size_t)reduction.factors + 1));
    if (!words)
        abort();
    mpz_init(product.odd);
    for (int64_t i = 0; i < reduction.outputs; i++) {
        const char *first = x->data ? (const char *)x->data + reduction.output_offsets[i] : NULL;
        uint64_t bits;
        if (!format) {
            bits = multiply_modulo(x->dtype, &reduction, first);
        } else {
            multiply(&product, x->dtype, &reduction, first, words);
            bits = product.kind == ELEMENT_FINITE ? round_once(format, product.negative, product.odd, product.exponent)
                                                  : special_bits(format, product.kind, product.negative);
        }
        bits_store(result, bits, (char *)dense + (size_t)i * axprod_dtype_size(result));
    }
    mpz_clear(product.odd);
    free(words);
    reduction_close(&reduction);
}

void oracle_scaled(const axprod_tensor *x, const int *axes, int naxes, uint64_t *significands, int64_t *exponents) {
    const struct format *format = format_of(AXPROD_F64);
    struct reduction reduction;
    struct product product;
    reduction_open(&reduction, x, axes, naxes);
    uint64_t *words = malloc(sizeof(uint64_t) * ((size_t)reduction.factors + 1));
    if (!words)
        abort();
    mpz_init(product.odd);
    for (int64_t i = 0; i < reduction.outputs; i++) {
        const char *first = x->data ? (const char *)x->data + reduction.output_offsets[i] : NULL;
        multiply(&product, x->dtype, &reduction, first, words);
        exponents[i] = 0;
        if (product.kind != ELEMENT_FINITE) {
            significands[i] = special_bits(format, product.kind, product.negative);
            continue;
        }
        int64_t width = (int64_t)mpz_sizeinbase(product.odd, 2);
        significands[i] = round_once(format, product.negative, product.odd, -width);
        exponents[i] = product.exponent + width;
        if (significands[i] << 1 == UINT64_C(0x3ff0000000000000) << 1) { /* rounded up to 1 */
            significands[i] -= UINT64_C(1) << 52;
            exponents[i]++;
        }
    }
    mpz_clear(product.odd);
    free(words);
    reduction_close(&reduction);
}

/* ln(odd 2^exponent), correctly rounded by MPFR from the exact number, in two doubles. */
static void log_once(const mpz_t odd, int64_t exponent, struct oracle_log *result) {
    mpfr_exp_t min_before = mpfr_get_emin(), max_before = mpfr_get_emax();
    mpfr_t exact, log;
    mpfr_set_emin(mpfr_get_emin_min());
    mpfr_set_emax(mpfr_get_emax_max());
    mpfr_init2(exact, (mpfr_prec_t)mpz_sizeinbase(odd, 2) + 1);
    mpfr_init2(log, LOG_PRECISION);
    mpfr_set_z_2exp(exact, odd, exponent, MPFR_RNDN);
    mpfr_log(log, exact, MPFR_RNDN);
    result->nearest = mpfr_get_d(log, MPFR_RNDN);
    mpfr_sub_d(log, log, result->nearest, MPFR_RNDN);
    result->rest = mpfr_get_d(log, MPFR_RNDN);
    mpfr_clears(exact, log, (mpfr_ptr)0);
    mpfr_set_emin(min_before);
    mpfr_set_emax(max_before);
}

void oracle_log(const axprod_tensor *x, const int *axes, int naxes, struct oracle_log *dense) {
    struct reduction reduction;
    struct product product;
    reduction_open(&reduction, x, axes, naxes);
    uint64_t *words = malloc(sizeof(uint64_t) * ((size_t)reduction.factors + 1));
    if (!words)
        abort();
    mpz_init(product.odd);
    for (int64_t i = 0; i < reduction.outputs; i++) {
        const char *first = x->data ? (const char *)x->data + reduction.output_offsets[i] : NULL;
        multiply(&product, x->dtype, &reduction, first, words);
        double sign = product.negative ? -1 : 1;
        if (product.kind == ELEMENT_NAN)
            dense[i] = (struct oracle_log){(double)NAN, (double)NAN, 0};
        else if (product.kind == ELEMENT_INFINITE)
            dense[i] = (struct oracle_log){sign, (double)INFINITY, 0};
        else if (product.kind == ELEMENT_ZERO)
            dense[i] = (struct oracle_log){0, -(double)INFINITY, 0};
        else
            log_once(product.odd, product.exponent, &dense[i]);
        if (product.kind == ELEMENT_FINITE)
            dense[i].sign = sign;
    }
    mpz_clear(product.odd);
    free(words);
    reduction_close(&reduction);
}

double oracle_log_ulps(const struct oracle_log *oracle, double computed) {
    double nearest = oracle->nearest;
    if (isnan(nearest) || isinf(nearest) || nearest == 0) {
        bool same = memcmp(&nearest, &computed, sizeof nearest) == 0;
        return same || (isnan(nearest) && isnan(computed)) ? 0 : (double)INFINITY;
    }
    if (!isfinite(computed))
        return (double)INFINITY;
    /* Close numbers subtract exactly; for distant ones a rough number of ulps is enough. */
    return fabs((computed - nearest) - oracle->rest) / ldexp(1, ilogb(nearest) - 52);
}
