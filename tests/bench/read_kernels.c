/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pure reads, compiled once for each instruction set, with its widest vectors: the sum of all bytes' words keeps the
 * compiler from leaving a load out, and costs less than the load.
 */
#include "read.h"

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
typedef uint64_t vector __attribute__((vector_size(VECTOR_BYTES), aligned(8), may_alias));

/* As many sums as it takes to hide the latency of an addition behind two or three loads in each cycle. */
#define SUMS 8

static uint64_t fold(vector sum) {
    uint64_t all = 0;
    for (size_t i = 0; i < VECTOR_BYTES / sizeof all; i++)
        all += sum[i];
    return all;
}

/* One stream; the hardware finds out by itself what comes next. */
static uint64_t read_plain(const unsigned char *data, size_t bytes) {
    const vector *v = (const vector *)(const void *)data;
    size_t count = bytes / VECTOR_BYTES, i = 0;
    vector sum[SUMS] = {{0}};
    uint64_t rest = 0;
    for (; i + SUMS <= count; i += SUMS)
        for (size_t k = 0; k < SUMS; k++)
            sum[k] += v[i + k];
    for (; i < count; i++)
        sum[0] += v[i];
    for (size_t b = count * VECTOR_BYTES; b < bytes; b++)
        rest += data[b];
    for (size_t k = 1; k < SUMS; k++)
        sum[0] += sum[k];
    return fold(sum[0]) + rest;
}

/* What is read at a time in each stream, and how far ahead of it lines are asked for. */
#define STEP 128
#define AHEAD 1024

static inline __attribute__((always_inline)) uint64_t read_streams(const unsigned char *data, size_t bytes,
                                                                   size_t streams) {
    size_t each = bytes / streams / STEP * STEP;
    vector sum[STEP / VECTOR_BYTES] = {{0}};
    for (size_t i = 0; i < each; i += STEP)
        for (size_t s = 0; s < streams; s++) {
            const unsigned char *at = data + s * each + i;
            const vector *v = (const vector *)(const void *)at;
            for (size_t line = 0; line < STEP; line += 64)
                __builtin_prefetch(at + AHEAD + line);
            for (size_t k = 0; k < STEP / VECTOR_BYTES; k++)
                sum[k] += v[k];
        }
    for (size_t k = 1; k < STEP / VECTOR_BYTES; k++)
        sum[0] += sum[k];
    return fold(sum[0]) + read_plain(data + streams * each, bytes - streams * each);
}

static uint64_t read_1(const unsigned char *data, size_t bytes) {
    return read_streams(data, bytes, 1);
}
static uint64_t read_4(const unsigned char *data, size_t bytes) {
    return read_streams(data, bytes, 4);
}
static uint64_t read_8(const unsigned char *data, size_t bytes) {
    return read_streams(data, bytes, 8);
}

#define NAME_OF(isa) NAME_OF_(isa)
#define NAME_OF_(isa) readers_##isa

const struct reader NAME_OF(AXP_ISA)[READERS] = {
    {"plain", read_plain},
    {"1 stream", read_1},
    {"4 streams", read_4},
    {"8 streams", read_8},
};
