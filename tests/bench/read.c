/* SPDX-License-Identifier: BSD-3-Clause */
/* The choice among pure reads, and their threads; see read.h. */
#include "read.h"

#if defined(__x86_64__)
extern const struct reader readers_x86_64_v2[READERS], readers_avx2[READERS], readers_avx512[READERS];

const struct reader *readers(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return readers_avx512;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? readers_avx2 : readers_x86_64_v2;
}
#else
extern const struct reader readers_neon[READERS];

const struct reader *readers(void) {
    return readers_neon;
}
#endif

/* Where the sums end, so that they are worth computing. */
static volatile uint64_t sink;

/* Parts begin at cache lines. */
static size_t part_begin(size_t bytes, int part, int parts) {
    return part == parts ? bytes : bytes / (size_t)parts * (size_t)part / 64 * 64;
}

void read_bytes(const struct reader *reader, const unsigned char *data, size_t bytes, int threads) {
    uint64_t sum = 0;
    if (threads == 1) {
        sink = reader->read(data, bytes);
        return;
    }
#pragma omp parallel for num_threads(threads) schedule(static) reduction(+ : sum)
    for (int t = 0; t < threads; t++) {
        size_t begin = part_begin(bytes, t, threads);
        sum += reader->read(data + begin, part_begin(bytes, t + 1, threads) - begin);
    }
    sink = sum;
}
