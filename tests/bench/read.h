/* SPDX-License-Identifier: BSD-3-Clause */
/* Pure reads: what the machine can do with the same bytes, as the measure of all else. */
#ifndef TESTS_BENCH_READ_H
#define TESTS_BENCH_READ_H

#include <stddef.h>
#include <stdint.h>

/* Ways of reading: which is best depends on the cache that the bytes are in, and on the machine. */
#define READERS 6

struct reader {
    const char *name;
    uint64_t (*read)(const unsigned char *data, size_t bytes);
};

/* READERS of them, for the best instruction set of this processor, whatever AXPROD_ISA says. */
const struct reader *readers(void);

/* Reads bytes with that many threads, each an even part, as one call. */
void read_bytes(const struct reader *reader, const unsigned char *data, size_t bytes, int threads);

#endif
