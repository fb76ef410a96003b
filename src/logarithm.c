/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ln((1 + f) 2^k) in the four operations alone, so that it has the same bits on every machine; a library's log has not.
 *
 * ln(1 + f) = 2 artanh(s), s = f / (2 + f), = 2s + (2/3) s^3 + (2/5) s^5 + ..., |s| < 0.1717. With 2s = f - s f and
 * s f = f^2/2 - s f^2/2 it is f - (h - s (h + R)), h = f^2/2, R = (2/3) z + (2/5) z^2 + ..., z = s^2: the leading term
 * f is exact and the rest is at most 0.2 of it. Twelve terms of R leave less than 2^-61 of f. Error: for k = 0 the
 * rest, below 0.21 |f|, has a few roundings of its largest terms: below 0.5 ulp of the result, and the last sum another
 * 0.5; the argument's own 57 bits add 0.06. For k != 0 the result is at least 0.346, k ln 2 is held to 2^-100, and the
 * same roundings are at most 0.6 ulp of it. Below 1.3 ulp in all; the header promises 2.
 */
#include "internal.h"

/* ln 2 to 106 bits: its nearest double, and the double nearest to the rest. */
#define LN2_HIGH 0x1.62e42fefa39efp-1
#define LN2_LOW 0x1.abc9e3b39803fp-56

static double exact_sum(double a, double b, double *error) {
    double sum = a + b, part = sum - a;
    *error = (a - (sum - part)) + (b - part);
    return sum;
}

/* Veltkamp's splitting and Dekker's product: no contraction, no fma of any library */
static double exact_product(double a, double b, double *error) {
    double ca = a * 0x1.0000002p27, cb = b * 0x1.0000002p27;
    double ah = ca - (ca - a), bh = cb - (cb - b), al = a - ah, bl = b - bh;
    double product = a * b;
    *error = ((ah * bh - product) + ah * bl + al * bh) + al * bl;
    return product;
}

double axp_log(int64_t k, double fh, double fl) {
    double s = fh / (2 + fh), z = s * s, h = 0.5 * fh * fh, r = 0;
    for (int n = 25; n >= 3; n -= 2)
        r = z * (r + 2.0 / n);
    double rest = fl / (1 + fh) - (h - s * (h + r));
    if (k == 0)
        return fh + rest;

    /* k may have more bits than a double: the upper part is a multiple of 2^32 */
    double kh = (double)(k / (INT64_C(1) << 32)) * 0x1p32, kl = (double)(k % (INT64_C(1) << 32));
    double e1, e2, e3, e4;
    double high = exact_product(kh, LN2_HIGH, &e1), middle = exact_product(kl, LN2_HIGH, &e2);
    double sum = exact_sum(high, middle, &e3);
    sum = exact_sum(sum, fh, &e4);
    return sum + (e3 + (e4 + (rest + ((e1 + e2) + (kh + kl) * LN2_LOW))));
}
