/* SPDX-License-Identifier: BSD-3-Clause */
/* Lanes of several vectors that change places. */
#ifndef AXP_SHUFFLE_H
#define AXP_SHUFFLE_H

#include "vec.h"

/* Exchanges, between v[j] and v[j + step], the lanes whose numbers differ in the bit `step`. */
#define EXCHANGE(v, j, step, low, high)                                                                                \
    do {                                                                                                               \
        vdouble a_ = (v)[j], b_ = (v)[(j) + (step)];                                                                   \
        (v)[j] = __builtin_shufflevector(a_, b_, low);                                                                 \
        (v)[(j) + (step)] = __builtin_shufflevector(a_, b_, high);                                                     \
    } while (0)
#define LIST(...) __VA_ARGS__
#if LANES == 2
#define EVEN_LANES LIST(0, 2)
#define ODD_LANES LIST(1, 3)
#elif LANES == 4
#define EVEN_LANES LIST(0, 4, 2, 6)
#define ODD_LANES LIST(1, 5, 3, 7)
#define EVEN_PAIRS LIST(0, 1, 4, 5)
#define ODD_PAIRS LIST(2, 3, 6, 7)
#else
#define EVEN_LANES LIST(0, 8, 2, 10, 4, 12, 6, 14)
#define ODD_LANES LIST(1, 9, 3, 11, 5, 13, 7, 15)
#define EVEN_PAIRS LIST(0, 1, 8, 9, 4, 5, 12, 13)
#define ODD_PAIRS LIST(2, 3, 10, 11, 6, 7, 14, 15)
#endif

/* In each `width` lanes, a power of two, lane i of v[j] and lane j of v[i] change places; v has so many vectors. */
INLINE void transpose(const int width, vdouble *v) {
    for (int j = 0; j < width; j++)
        if (!(j & 1))
            EXCHANGE(v, j, 1, EVEN_LANES, ODD_LANES);
#if LANES >= 4
    for (int j = 0; j < width && width > 2; j++)
        if (!(j & 2))
            EXCHANGE(v, j, 2, EVEN_PAIRS, ODD_PAIRS);
#endif
#if LANES >= 8
    for (int j = 0; j < width && width > 4; j++)
        if (!(j & 4))
            EXCHANGE(v, j, 4, LIST(0, 1, 2, 3, 8, 9, 10, 11), LIST(4, 5, 6, 7, 12, 13, 14, 15));
#endif
}
#undef EXCHANGE
#undef LIST
#undef EVEN_LANES
#undef ODD_LANES
#undef EVEN_PAIRS
#undef ODD_PAIRS

#define PICK(x, y, ...) __builtin_shufflevector(x, y, __VA_ARGS__)

/* LANES times three words, of which the first, second and third ones make a vector each; and back. */
INLINE void load_triples(const void *p, vdouble *a, vdouble *b, vdouble *c) {
    vdouble x = load_vdouble(p), y = load_vdouble((const double *)p + LANES),
            z = load_vdouble((const double *)p + 2 * LANES);
#if LANES == 2
    *a = PICK(x, y, 0, 3);
    *b = PICK(x, z, 1, 2);
    *c = PICK(y, z, 0, 3);
#elif LANES == 4
    vdouble ab = PICK(x, y, 0, 1, 6, 7), ca = PICK(x, z, 2, 3, 4, 5), bc = PICK(y, z, 0, 1, 6, 7);
    *a = PICK(ab, ca, 0, 5, 2, 7);
    *b = PICK(ab, bc, 1, 4, 3, 6);
    *c = PICK(ca, bc, 0, 5, 2, 7);
#else
    vdouble a5 = PICK(x, y, 0, 3, 6, 9, 12, 15, 15, 15), b4 = PICK(x, y, 1, 4, 7, 10, 13, 13, 13, 13),
            c4 = PICK(x, y, 2, 5, 8, 11, 14, 14, 14, 14);
    *a = PICK(a5, z, 0, 1, 2, 3, 4, 5, 10, 13);
    *b = PICK(b4, z, 0, 1, 2, 3, 4, 8, 11, 14);
    *c = PICK(c4, z, 0, 1, 2, 3, 4, 9, 12, 15);
#endif
}
INLINE void store_triples(void *p, vdouble a, vdouble b, vdouble c) {
#if LANES == 2
    vdouble x = PICK(a, b, 0, 2), y = PICK(c, a, 0, 3), z = PICK(b, c, 1, 3);
#elif LANES == 4
    vdouble ab = PICK(a, b, 0, 4, 2, 6), ca = PICK(c, a, 0, 5, 2, 7), bc = PICK(b, c, 1, 5, 3, 7);
    vdouble x = PICK(ab, ca, 0, 1, 4, 5), y = PICK(bc, ab, 0, 1, 6, 7), z = PICK(ca, bc, 2, 3, 6, 7);
#else
    vdouble x = PICK(PICK(a, b, 0, 8, 8, 1, 9, 9, 2, 10), c, 0, 1, 8, 3, 4, 9, 6, 7);
    vdouble y = PICK(PICK(a, b, 3, 3, 11, 11, 4, 12, 12, 5), c, 10, 1, 2, 11, 4, 5, 12, 7);
    vdouble z = PICK(PICK(a, b, 13, 13, 6, 14, 14, 7, 15, 15), c, 0, 13, 2, 3, 14, 5, 6, 15);
#endif
    store_vdouble(p, x);
    store_vdouble((double *)p + LANES, y);
    store_vdouble((double *)p + 2 * LANES, z);
}

/* The same of two words. */
INLINE void load_pairs(const void *p, vdouble *a, vdouble *b) {
    vdouble x = load_vdouble(p), y = load_vdouble((const double *)p + LANES);
#if LANES == 2
    *a = PICK(x, y, 0, 2);
    *b = PICK(x, y, 1, 3);
#elif LANES == 4
    *a = PICK(x, y, 0, 2, 4, 6);
    *b = PICK(x, y, 1, 3, 5, 7);
#else
    *a = PICK(x, y, 0, 2, 4, 6, 8, 10, 12, 14);
    *b = PICK(x, y, 1, 3, 5, 7, 9, 11, 13, 15);
#endif
}
INLINE void store_pairs(void *p, vdouble a, vdouble b) {
#if LANES == 2
    vdouble x = PICK(a, b, 0, 2), y = PICK(a, b, 1, 3);
#elif LANES == 4
    vdouble x = PICK(a, b, 0, 4, 1, 5), y = PICK(a, b, 2, 6, 3, 7);
#else
    vdouble x = PICK(a, b, 0, 8, 1, 9, 2, 10, 3, 11), y = PICK(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#endif
    store_vdouble(p, x);
    store_vdouble((double *)p + LANES, y);
}
#undef PICK

#endif
