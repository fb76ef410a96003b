/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Factors with a product that is known in advance; see data.h.
 *
 * A product right between two results needs an odd integer of one bit more than the result has. One that is nearly so
 * gets pairs of factors beside it whose product is almost a power of two:
 *     (2^k - 1) (2^k + 1) = 2^2k - 1                                  below
 *     (2^t - 2^n + 1) (2^t + 2^n + 1) = 2^2t + 1, t = 2n - 1          above (Aurifeuille's factorisation)
 * With k = t the product of both pairs is 2^4k - 1, and with k = t + 1 one pair above and four below come to within
 * 2^-4t of a power of two: 2^-204 for doubles. The other factors are powers of two, in any order.
 */
#include "data.h"

#include <stdlib.h>
#include <string.h>

static int width(uint64_t value) {
    return 64 - __builtin_clzll(value);
}

void exponent_range(axprod_dtype dtype, uint64_t odd, int64_t *low, int64_t *high) {
    const struct format *format = format_of(dtype);
    *low = format ? format->min_exponent : 0;
    if (format)
        *high = format->max_exponent - width(odd);
    else
        *high = dtype == AXPROD_BOOL ? 0 : 8 * (int64_t)axprod_dtype_size(dtype) - is_signed(dtype) - width(odd);
}

/* Most bits of an odd element. */
static int significand_bits(axprod_dtype dtype) {
    const struct format *format = format_of(dtype);
    if (dtype == AXPROD_BOOL)
        return 1;
    return format ? format->precision : 8 * (int)axprod_dtype_size(dtype) - is_signed(dtype);
}

struct odds {
    uint64_t *values;
    int64_t count, capacity;
    int64_t excess; /* the pairs' product is about 2^excess */
};

static bool append(struct odds *odds, uint64_t odd) {
    if (odds->count == odds->capacity)
        return false;
    odds->values[odds->count++] = odd;
    return true;
}

/*
 * A random odd integer of exactly that many bits as a product of odd parts. A part of n bits brings at least n - 1, so
 * this many parts are enough, and the last one, which makes the number of bits right, is never too long.
 */
static bool append_random(struct odds *odds, int bits, int most, struct rng *rng) {
    int parts = bits <= most ? 1 : most == 1 ? 0 : (bits + most - 2) / (most - 1);
    if (parts == 0)
        return false;
    if (parts == 1 && bits > 4 && odds->capacity > 1 && rng_coin(rng))
        parts = 2;
    uint64_t product = 1;
    for (; parts > 1; parts--) {
        int left = bits - width(product) + 1, wanted = (left + parts - 1) / parts + 1;
        uint64_t part = rng_bits(rng, wanted < most ? wanted : most) | 1;
        product *= part;
        if (!append(odds, part))
            return false;
    }
    uint64_t low = ((UINT64_C(1) << (bits - 1)) + product - 1) / product;
    uint64_t high = ((UINT64_C(2) << (bits - 1)) - 1) / product;
    if (low > high)
        return false;
    uint64_t last = (low + rng_below(rng, high - low + 1)) | 1;
    if (last > high)
        last -= 2;
    return last >= low && width(last) <= most && append(odds, last);
}

/* A product of given odd factors, put together as far as they fit into one element. */
static bool append_target(struct odds *odds, const uint64_t *target, int most) {
    uint64_t product = 1;
    for (int i = 0; target[i]; i++) {
        if (width(target[i]) > most)
            return false;
        unsigned __int128 both = (unsigned __int128)product * target[i];
        if (both >> (most - 1) <= 1) {
            product = (uint64_t)both;
        } else {
            if (!append(odds, product))
                return false;
            product = target[i];
        }
    }
    return append(odds, product);
}

static bool append_below(struct odds *odds, int k) {
    odds->excess += 2 * k;
    return append(odds, (UINT64_C(1) << k) - 1) && append(odds, (UINT64_C(1) << k) + 1);
}

static bool append_above(struct odds *odds, int t) {
    uint64_t middle = (UINT64_C(1) << t) + 1, step = UINT64_C(1) << (t + 1) / 2;
    odds->excess += 2 * t;
    return append(odds, middle - step) && append(odds, middle + step);
}

static bool append_pairs(struct odds *odds, int closeness, int most, struct rng *rng) {
    int k = most - 1, t = k % 2 ? k : k - 1;
    if (closeness == 0)
        return true;
    if (t < 3)
        return false;
    if (closeness == -2) {
        bool done = append_above(odds, t);
        for (int i = 0; done && i < (k == t ? 1 : 4); i++)
            done = append_below(odds, k);
        return done;
    }
    if (rng_coin(rng)) { /* anywhere, not as near as can be */
        k = (int)rng_between(rng, 2, k);
        t = 2 * (int)rng_between(rng, 1, t / 2) + 1;
    }
    return closeness < 0 ? append_below(odds, k) : append_above(odds, t);
}

/* Exponents for the odd factors that sum to total. */
static bool spread(const struct construction *construction, const uint64_t *odds, int64_t total, struct rng *rng,
                   struct element *factors) {
    int64_t count = construction->count;
    for (int64_t i = 0; i < count; i++) {
        int64_t low, high, start = 1 - width(odds[i]) + rng_between(rng, -2, 2);
        exponent_range(construction->dtype, odds[i], &low, &high);
        if (low > high)
            return false;
        if (construction->wide_exponents)
            start = rng_between(rng, low, high);
        start = start < low ? low : start > high ? high : start;
        factors[i] = (struct element){ELEMENT_FINITE, false, odds[i], start};
        total -= start;
    }
    /* Two rounds: the first one leaves most factors something of their own. */
    for (int round = 0; round < 2; round++) {
        for (int64_t i = 0; i < count && total; i++) {
            int64_t low, high, most = round ? INT64_MAX : 1 + (total < 0 ? -total : total) / 2;
            exponent_range(construction->dtype, odds[i], &low, &high);
            int64_t room = total < 0 ? factors[i].exponent - low : high - factors[i].exponent;
            int64_t wanted = total < 0 ? -total : total;
            int64_t step = wanted < room ? wanted : room;
            step = step < most ? step : most;
            factors[i].exponent += total < 0 ? -step : step;
            total += total < 0 ? step : -step;
        }
    }
    return total == 0;
}

static void shuffle(struct element *factors, int64_t count, struct rng *rng) {
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t other = (int64_t)rng_below(rng, (uint64_t)i + 1);
        struct element factor = factors[i];
        factors[i] = factors[other];
        factors[other] = factor;
    }
}

static int target_bits(const uint64_t *target) {
    uint64_t product = 1;
    for (int i = 0; target[i]; i++)
        product *= target[i];
    return width(product);
}

bool construct(const struct construction *construction, struct rng *rng, struct element *factors) {
    int most = significand_bits(construction->dtype);
    struct odds odds = {malloc(sizeof(uint64_t) * (size_t)(construction->count + 1)), 0, construction->count, 0};
    if (!odds.values)
        abort();
    int bits = construction->bits ? construction->bits : target_bits(construction->target);
    bool done =
        construction->bits ? append_random(&odds, bits, most, rng) : append_target(&odds, construction->target, most);
    done = done && append_pairs(&odds, construction->closeness, most, rng);
    while (done && odds.count < odds.capacity)
        odds.values[odds.count++] = 1;
    done = done && spread(construction, odds.values, construction->top - bits - odds.excess, rng, factors);
    for (int64_t i = 0; done && i < construction->count; i++)
        factors[i].negative = is_signed(construction->dtype) && rng_coin(rng);
    if (done)
        shuffle(factors, construction->count, rng);
    free(odds.values);
    return done;
}
