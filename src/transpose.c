/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs of contiguous elements turned into rows. Vectors of 16 bytes, which every processor has, are enough: what is
 * done with the rows takes several times as long.
 */
#include "walk.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* A loop whose arrays the compiler is to keep in registers. */
#if defined(__clang__)
#define UNROLLED(i, n) _Pragma("clang loop unroll(full)") for (int i = 0; i < (n); i++)
#else
#define UNROLLED(i, n) _Pragma("GCC unroll 16") for (int i = 0; i < (n); i++)
#endif

enum {
    VECTOR_BYTES = 16
};

typedef uint8_t vector8 __attribute__((vector_size(VECTOR_BYTES)));
typedef uint16_t vector16 __attribute__((vector_size(VECTOR_BYTES)));
typedef uint32_t vector32 __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t vector64 __attribute__((vector_size(VECTOR_BYTES)));

/* The elements of the first halves of two vectors in turn, or of the second halves. */
INLINE vector64 interleave_first(const int bytes, vector64 a, vector64 b) {
    switch (bytes) {
    case 1:
        return (vector64)__builtin_shufflevector((vector8)a, (vector8)b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6,
                                                 22, 7, 23);
    case 2:
        return (vector64)__builtin_shufflevector((vector16)a, (vector16)b, 0, 8, 1, 9, 2, 10, 3, 11);
    case 4:
        return (vector64)__builtin_shufflevector((vector32)a, (vector32)b, 0, 4, 1, 5);
    default:
        return __builtin_shufflevector(a, b, 0, 2);
    }
}
INLINE vector64 interleave_second(const int bytes, vector64 a, vector64 b) {
    switch (bytes) {
    case 1:
        return (vector64)__builtin_shufflevector((vector8)a, (vector8)b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
                                                 14, 30, 15, 31);
    case 2:
        return (vector64)__builtin_shufflevector((vector16)a, (vector16)b, 4, 12, 5, 13, 6, 14, 7, 15);
    case 4:
        return (vector64)__builtin_shufflevector((vector32)a, (vector32)b, 2, 6, 3, 7);
    default:
        return __builtin_shufflevector(a, b, 1, 3);
    }
}

#define LOAD(bits)                                                                                                     \
    INLINE uint##bits##_t load##bits(const void *p) {                                                                  \
        uint##bits##_t value;                                                                                          \
        memcpy(&value, p, sizeof value);                                                                               \
        return value;                                                                                                  \
    }
LOAD(16)
LOAD(32)
LOAD(64)
#undef LOAD

/* A vector of pieces, one from each of as many outputs as it takes. */
INLINE vector64 load_pieces(const int piece, const char *base, const int64_t *outputs) {
    vector16 v2;
    vector32 v4;
    vector64 v8;
    switch (piece) {
    case 2:
        UNROLLED(h, 8)
        v2[h] = load16(base + outputs[h]);
        return (vector64)v2;
    case 4:
        UNROLLED(h, 4)
        v4[h] = load32(base + outputs[h]);
        return (vector64)v4;
    case 8:
        UNROLLED(h, 2)
        v8[h] = load64(base + outputs[h]);
        return v8;
    default:
        memcpy(&v8, base + outputs[0], sizeof v8);
        return v8;
    }
}

/* Bits of the number of an element in a vector. */
INLINE int count_moves(const int bytes) {
    return bytes == 1 ? 4 : bytes == 2 ? 3 : bytes == 4 ? 2 : bytes == 8 ? 1 : 0;
}

/*
 * A piece of each of 16 / bytes outputs, from base on, into as many rows as it has elements. The bits of an element's
 * index are, from the greatest on: vector, piece in the vector, element in the piece. Interleaving the two halves of
 * the vectors moves the first bit to the end; when the bits of the outputs are there, what is in front is the row.
 */
INLINE void turn_block(const int bytes, const int piece, const char *base, const int64_t *outputs, char *rows,
                       int64_t pitch) {
    const int count = piece / bytes;
    vector64 v[VECTOR_BYTES], w[VECTOR_BYTES];
    UNROLLED(k, count)
    v[k] = load_pieces(piece, base, outputs + k * (VECTOR_BYTES / piece));
    UNROLLED(move, count_moves(bytes)) {
        UNROLLED(k, count / 2) {
            w[2 * k] = interleave_first(bytes, v[k], v[k + count / 2]);
            w[2 * k + 1] = interleave_second(bytes, v[k], v[k + count / 2]);
        }
        UNROLLED(k, count)
        v[k] = w[k];
    }
    UNROLLED(k, count)
    memcpy(rows + k * pitch, &v[k], VECTOR_BYTES);
}

/* The last piece of a run may have elements of the one before: nothing beyond the run is read. */
INLINE void turn_runs(const int bytes, const int piece, const char *base, const int64_t *outputs, int64_t n,
                      int64_t length, char *rows, int64_t pitch) {
    const int64_t step = piece / bytes;
    for (int64_t j = 0; j < n; j += AXP_STATE_PAD)
        for (int64_t i = 0; i < length; i += step) {
            const int64_t at = axp_min(i, length - step);
            UNROLLED(k, AXP_STATE_PAD * bytes / VECTOR_BYTES)
            turn_block(bytes, piece, base + at * bytes, outputs + j + k * (VECTOR_BYTES / bytes),
                       rows + at * pitch + j * bytes + k * VECTOR_BYTES, pitch);
        }
}

bool axp_transpose(int bytes, const char *base, const int64_t *outputs, int64_t n, int64_t length, char *rows,
                   int64_t pitch) {
    int piece = VECTOR_BYTES;
    while (piece > length * bytes)
        piece /= 2;
        /* constants in each case: all of a block stays in registers */
#define TURN(BYTES, PIECE)                                                                                             \
    case BYTES * 256 + PIECE:                                                                                          \
        turn_runs(BYTES, PIECE, base, outputs, n, length, rows, pitch);                                                \
        return true
    switch (bytes * 256 + piece) {
        TURN(1, 2);
        TURN(1, 4);
        TURN(1, 8);
        TURN(1, 16);
        TURN(2, 4);
        TURN(2, 8);
        TURN(2, 16);
        TURN(4, 8);
        TURN(4, 16);
        TURN(8, 16);
        TURN(16, 16);
    default:
        return false; /* one element */
    }
#undef TURN
}
