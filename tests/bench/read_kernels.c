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
typedef uint64_t vector __attribute__((vector_size(VECTOR_BYTES), aligned(1), may_alias));

static uint64_t fold(vector sum) {
    uint64_t all = 0;
    for (size_t i = 0; i < VECTOR_BYTES / sizeof all; i++)
        all += sum[i];
    return all;
}

/*
 * One stream; the hardware finds out by itself what comes next. Eight sums hide the latency of an addition behind two
 * or three loads in each cycle; by name, since an array of them would begin and end in memory.
 */
static uint64_t read_plain(const unsigned char *data, size_t bytes) {
    const vector *v = (const vector *)(const void *)data, *end = v + bytes / VECTOR_BYTES;
    vector s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, s4 = {0}, s5 = {0}, s6 = {0}, s7 = {0};
    uint64_t rest = 0;
    for (; end - v >= 8; v += 8) {
        s0 += v[0];
        s1 += v[1];
        s2 += v[2];
        s3 += v[3];
        s4 += v[4];
        s5 += v[5];
        s6 += v[6];
        s7 += v[7];
    }
    for (; v < end; v++)
        s0 += *v;
    for (size_t i = bytes / VECTOR_BYTES * VECTOR_BYTES; i < bytes; i++)
        rest += data[i];
    return fold(((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))) + rest;
}

/* What is read at a time in each stream. */
#define STEP 128

/* Several streams keep more requests to memory under way. ahead: how far lines are asked for in advance, 0: not. */
static inline __attribute__((always_inline)) uint64_t read_streams(const unsigned char *data, size_t bytes,
                                                                   size_t streams, size_t ahead) {
    size_t each = bytes / streams / STEP * STEP;
    vector sum[STEP / VECTOR_BYTES] = {{0}};
    for (size_t i = 0; i < each; i += STEP)
        for (size_t s = 0; s < streams; s++) {
            const unsigned char *at = data + s * each + i;
            const vector *v = (const vector *)(const void *)at;
            for (size_t line = 0; ahead && line < STEP; line += 64)
                __builtin_prefetch(at + ahead + line);
            for (size_t k = 0; k < STEP / VECTOR_BYTES; k++)
                sum[k] += v[k];
        }
    for (size_t k = 1; k < STEP / VECTOR_BYTES; k++)
        sum[0] += sum[k];
    return fold(sum[0]) + read_plain(data + streams * each, bytes - streams * each);
}

/* Streams that lie no farther apart than this stay within few pages: up to a sixth faster on some machines. */
#define BLOCK ((size_t)4 << 20)

static inline __attribute__((always_inline)) uint64_t read_blocks(const unsigned char *data, size_t bytes,
                                                                  size_t streams, size_t ahead) {
    uint64_t sum = 0;
    for (size_t at = 0; at < bytes; at += BLOCK)
        sum += read_streams(data + at, bytes - at < BLOCK ? bytes - at : BLOCK, streams, ahead);
    return sum;
}

static uint64_t read_ahead_1(const unsigned char *data, size_t bytes) {
    return read_streams(data, bytes, 1, 1024);
}
static uint64_t read_ahead_4(const unsigned char *data, size_t bytes) {
    return read_streams(data, bytes, 4, 1024);
}
static uint64_t read_blocks_4(const unsigned char *data, size_t bytes) {
    return read_blocks(data, bytes, 4, 0);
}
static uint64_t read_blocks_ahead_4(const unsigned char *data, size_t bytes) {
    return read_blocks(data, bytes, 4, 512);
}
static uint64_t read_blocks_8(const unsigned char *data, size_t bytes) {
    return read_blocks(data, bytes, 8, 0);
}

#define NAME_OF(isa) NAME_OF_(isa)
#define NAME_OF_(isa) readers_##isa

const struct reader NAME_OF(AXP_ISA)[READERS] = {
    {"1 stream", read_plain},
    {"1 stream, prefetching", read_ahead_1},
    {"4 streams, prefetching", read_ahead_4},
    {"4 streams in blocks", read_blocks_4},
    {"4 streams in blocks, prefetching", read_blocks_ahead_4},
    {"8 streams in blocks", read_blocks_8},
};
