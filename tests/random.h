/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random numbers that are the same on every machine: splitmix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable
 * pseudorandom number generators", OOPSLA 2014). One word of state, so a test can start anew from any seed.
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng) {
    uint64_t word = rng->state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

/* Seeds that differ by one give unrelated streams: the state is the mixed seed, not the seed. */
static inline struct rng rng_make(uint64_t seed) {
    struct rng mixer = {seed};
    struct rng rng = {rng_next(&mixer)};
    return rng;
}

/* 0 .. end-1, with a bias below 2^-32 for the small ends that tests use. */
static inline uint64_t rng_below(struct rng *rng, uint64_t end) {
    return rng_next(rng) % end;
}

/* low .. high */
static inline int64_t rng_between(struct rng *rng, int64_t low, int64_t high) {
    return low + (int64_t)rng_below(rng, (uint64_t)(high - low) + 1);
}

static inline bool rng_coin(struct rng *rng) {
    return rng_next(rng) >> 63;
}

/* An integer of that many bits (1 .. 64), top bit set. */
static inline uint64_t rng_bits(struct rng *rng, int bits) {
    return (rng_next(rng) >> (64 - bits)) | UINT64_C(1) << (bits - 1);
}

/* A random order of count ints. */
static inline void rng_shuffle(struct rng *rng, int *values, int count) {
    for (int i = count - 1; i > 0; i--) {
        int other = (int)rng_below(rng, (uint64_t)i + 1), value = values[i];
        values[i] = values[other];
        values[other] = value;
    }
}

#endif
