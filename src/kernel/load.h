/* SPDX-License-Identifier: BSD-3-Clause */
/* Loads that widen elements of every dtype to vectors of doubles, or of words. */
#ifndef AXP_LOAD_H
#define AXP_LOAD_H

#include "vec.h"

/* ---------------------------------------------------------------------------------------------- widening loads --- */

/* One vector of doubles from LANES consecutive elements at p; exact for each of these dtypes. */
INLINE vdouble load_f64(const char *p) {
    return load_vdouble(p);
}

#if defined(__x86_64__)

#if !defined(AXP_ISA_avx512)
#define INT8_TO_INT32(v) _mm_cvtepi8_epi32(v)
#define UINT8_TO_INT32(v) _mm_cvtepu8_epi32(v)
#define INT16_TO_INT32(v) _mm_cvtepi16_epi32(v)
#define UINT16_TO_INT32(v) _mm_cvtepu16_epi32(v)
#define SHIFT_LEFT_16(v) _mm_slli_epi32(v, 16)
#endif

INLINE vdouble load_f32(const char *p) {
    return FLOAT_TO_DOUBLE(LOAD_4(p));
}
INLINE vdouble load_f16(const char *p) {
    return FLOAT_TO_DOUBLE(F16_TO_FLOAT(p));
}
INLINE vdouble load_bf16(const char *p) {
    return FLOAT_TO_DOUBLE(SHIFT_LEFT_16(UINT16_TO_INT32(LOAD_2(p))));
}
INLINE vfloat load_float_f16(const char *p) {
    return (vfloat)F16_TO_VFLOAT(p);
}
INLINE vfloat load_float_bf16(const char *p) {
    return (vfloat)BF16_TO_VFLOAT(p);
}
INLINE vdouble low_half(vfloat v) {
    return FLOAT_TO_DOUBLE(LOW_HALF(v));
}
INLINE vdouble high_half(vfloat v) {
    return FLOAT_TO_DOUBLE(HIGH_HALF(v));
}
INLINE vdouble load_i8(const char *p) {
    return INT32_TO_DOUBLE(INT8_TO_INT32(LOAD_1(p)));
}
INLINE vdouble load_u8(const char *p) {
    return INT32_TO_DOUBLE(UINT8_TO_INT32(LOAD_1(p)));
}
INLINE vdouble load_bool8(const char *p) {
    return INT32_TO_DOUBLE(UINT8_TO_INT32(_mm_min_epu8(LOAD_1(p), _mm_set1_epi8(1))));
}
INLINE vdouble load_i16(const char *p) {
    return INT32_TO_DOUBLE(INT16_TO_INT32(LOAD_2(p)));
}
INLINE vdouble load_u16(const char *p) {
    return INT32_TO_DOUBLE(UINT16_TO_INT32(LOAD_2(p)));
}
INLINE vdouble load_i32(const char *p) {
    return INT32_TO_DOUBLE(LOAD_4(p));
}
INLINE vint load_u32_bits(const char *p) {
    return UINT32_TO_UINT64(LOAD_4(p));
}

#else /* AArch64 */

#define LOAD_LANES(name, type)                                                                                         \
    INLINE vdouble load_##name(const char *p) {                                                                        \
        type e[2];                                                                                                     \
        memcpy(e, p, sizeof e);                                                                                        \
        return (vdouble){(double)e[0], (double)e[1]};                                                                  \
    }
LOAD_LANES(f32, float)
LOAD_LANES(i8, int8_t)
LOAD_LANES(u8, uint8_t)
LOAD_LANES(i16, int16_t)
LOAD_LANES(u16, uint16_t)
LOAD_LANES(i32, int32_t)
#undef LOAD_LANES

INLINE vdouble load_f16(const char *p) {
    uint32_t bits;
    memcpy(&bits, p, 4);
    float32x4_t wide = vcvt_f32_f16(vreinterpret_f16_u32(vdup_n_u32(bits)));
    return (vdouble)vcvt_f64_f32(vget_low_f32(wide));
}
INLINE vdouble load_bf16(const char *p) {
    uint16_t e[2];
    memcpy(e, p, sizeof e);
    uint32x2_t bits = {(uint32_t)e[0] << 16, (uint32_t)e[1] << 16};
    return (vdouble)vcvt_f64_f32(vreinterpret_f32_u32(bits));
}
INLINE vfloat load_float_f16(const char *p) {
    uint64_t bits;
    memcpy(&bits, p, 8);
    return (vfloat)vcvt_f32_f16(vreinterpret_f16_u64(vcreate_u64(bits)));
}
INLINE vfloat load_float_bf16(const char *p) {
    uint64_t bits;
    memcpy(&bits, p, 8);
    return (vfloat)vshll_n_u16(vreinterpret_u16_u64(vcreate_u64(bits)), 16);
}
INLINE vdouble low_half(vfloat v) {
    return (vdouble)vcvt_f64_f32(vget_low_f32((float32x4_t)v));
}
INLINE vdouble high_half(vfloat v) {
    return (vdouble)vcvt_high_f64_f32((float32x4_t)v);
}
INLINE vdouble load_bool8(const char *p) {
    return (vdouble){p[0] != 0, p[1] != 0};
}
INLINE vint load_u32_bits(const char *p) {
    uint32_t e[2];
    memcpy(e, p, sizeof e);
    return (vint){e[0], e[1]};
}

#endif

/* An integer below 2^32 in the low half of each lane, as a double: the bits of 2^52 + it, less 2^52. */
INLINE vdouble low_half_to_double(vint low) {
    return as_double(low | broadcast_bits(0x4330000000000000u)) - broadcast(0x1p52);
}
INLINE vdouble load_u32(const char *p) {
    return low_half_to_double(load_u32_bits(p));
}

/* 64-bit integers as two doubles: the return value is the nearest double, *low what remains. */
INLINE vdouble split_integer(vdouble high_half, vint bits, vdouble *low) {
    vdouble b = low_half_to_double(bits & broadcast_bits(0xffffffffu));
    vdouble sum = high_half + b;
    *low = b - (sum - high_half);
    return sum;
}
INLINE vdouble load_u64(const char *p, vdouble *low) {
    vint bits = load_vint(p);
    return split_integer(low_half_to_double(shift_right(bits, 32)) * broadcast(0x1p32), bits, low);
}
INLINE vdouble load_i64(const char *p, vdouble *low) {
    vint bits = load_vint(p);
    /* flipping the sign bit adds 2^31 to the signed upper half */
    vdouble high = low_half_to_double(shift_right(bits, 32) ^ broadcast_bits(0x80000000u)) - broadcast(0x1p31);
    return split_integer(high * broadcast(0x1p32), bits, low);
}

/* The same from elements that are `at` bytes behind each of LANES places, and from elements `step` bytes apart. */
#define LOAD_EACH(dtype, type, vector, widen)                                                                          \
    INLINE type load_one_##dtype(const char *p) {                                                                      \
        type element;                                                                                                  \
        memcpy(&element, p, sizeof element);                                                                           \
        return element;                                                                                                \
    }                                                                                                                  \
    INLINE vdouble load_each_##dtype(const char *const p[LANES], int64_t at) {                                         \
        return widen(((vector){OF_EACH_LANE(load_one_##dtype, p, at)}));                                               \
    }
#define OF_2_LANES(f, p, at, i) f((p)[i] + (at)), f((p)[(i) + 1] + (at))
#define OF_4_LANES(f, p, at, i) OF_2_LANES(f, p, at, i), OF_2_LANES(f, p, at, i + 2)
#if LANES == 2
#define OF_EACH_LANE(f, p, at) OF_2_LANES(f, p, at, 0)
#elif LANES == 4
#define OF_EACH_LANE(f, p, at) OF_4_LANES(f, p, at, 0)
#else
#define OF_EACH_LANE(f, p, at) OF_4_LANES(f, p, at, 0), OF_4_LANES(f, p, at, 4)
#endif
LOAD_EACH(f64, double, vdouble, )
LOAD_EACH(f32, float, vfloat_half, widen_floats)
#undef OF_EACH_LANE
#undef OF_4_LANES
#undef OF_2_LANES
#undef LOAD_EACH
#define COLLECT(dtype)                                                                                                 \
    INLINE vdouble load_each_##dtype(const char *const p[LANES], int64_t at) {                                         \
        uint16_t elements[LANES];                                                                                      \
        for (int i = 0; i < LANES; i++)                                                                                \
            memcpy(&elements[i], p[i] + at, sizeof elements[i]);                                                       \
        return load_##dtype((const char *)elements);                                                                   \
    }
COLLECT(f16)
COLLECT(bf16)
#undef COLLECT
#define LOAD_APART(dtype)                                                                                              \
    INLINE vdouble load_apart_##dtype(const char *p, int64_t step) {                                                   \
        const char *each[LANES];                                                                                       \
        for (int i = 0; i < LANES; i++)                                                                                \
            each[i] = p + i * step;                                                                                    \
        return load_each_##dtype(each, 0);                                                                             \
    }
LOAD_APART(f64)
LOAD_APART(f32)
LOAD_APART(f16)
LOAD_APART(bf16)
#undef LOAD_APART

/*
 * Every other of 2 LANES - 1 consecutive elements. What lies between the first and the last is read, too, but nothing
 * behind the last.
 */
#if LANES == 2
#define EVERY_OTHER 0, 3
#elif LANES == 4
#define EVERY_OTHER 0, 2, 5, 7
#else
#define EVERY_OTHER 0, 2, 4, 6, 9, 11, 13, 15
#endif
#define LOAD_EVERY_OTHER(dtype, type, widen)                                                                           \
    INLINE vdouble load_every_other_##dtype(const char *p) {                                                           \
        typedef type elements __attribute__((vector_size(LANES * sizeof(type))));                                      \
        elements a, b, every_other;                                                                                    \
        memcpy(&a, p, sizeof a);                                                                                       \
        memcpy(&b, p + (LANES - 1) * sizeof(type), sizeof b);                                                          \
        every_other = __builtin_shufflevector(a, b, EVERY_OTHER);                                                      \
        return widen(every_other);                                                                                     \
    }
#define WIDEN_F32(v) widen_floats((vfloat_half)(v))
#define WIDEN_F16(v) load_f16((const char *)&(v))
#define WIDEN_BF16(v) load_bf16((const char *)&(v))
LOAD_EVERY_OTHER(f64, double, )
LOAD_EVERY_OTHER(f32, float, WIDEN_F32)
LOAD_EVERY_OTHER(f16, uint16_t, WIDEN_F16)
LOAD_EVERY_OTHER(bf16, uint16_t, WIDEN_BF16)
#undef WIDEN_BF16
#undef WIDEN_F16
#undef WIDEN_F32
#undef LOAD_EVERY_OTHER
#undef EVERY_OTHER

#if LANES > 2
typedef double joined_16 __attribute__((vector_size(16)));
INLINE joined_16 load_joined_16(const char *p) {
    joined_16 v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE joined_16 join_8(const char *p, const char *q) {
    return (joined_16){load_one_f64(p), load_one_f64(q)};
}
typedef double joined_32 __attribute__((vector_size(32)));
INLINE joined_32 load_joined_32(const char *p) {
    joined_32 v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE joined_32 join_16(joined_16 a, joined_16 b) {
    return __builtin_shufflevector(a, b, 0, 1, 2, 3);
}
#endif
#if LANES > 4
INLINE vdouble join_32(joined_32 a, joined_32 b) {
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
}
#endif

/* `width` elements from each of LANES / width places, p[0], p[width], ... */
INLINE vdouble load_places_f64(const int width, const char *const p[], int64_t at) {
#if LANES == 8
    if (width == 4)
        return join_32(load_joined_32(p[0] + at), load_joined_32(p[4] + at));
    if (width == 2)
        return join_32(join_16(load_joined_16(p[0] + at), load_joined_16(p[2] + at)),
                       join_16(load_joined_16(p[4] + at), load_joined_16(p[6] + at)));
#elif LANES == 4
    if (width == 2)
        return join_16(load_joined_16(p[0] + at), load_joined_16(p[2] + at));
#endif
    (void)width;
    return load_f64(p[0] + at);
}
INLINE vdouble load_places_f32(const int width, const char *const p[], int64_t at) {
#if LANES == 8
    if (width == 4)
        return widen_floats((vfloat_half)join_16(load_joined_16(p[0] + at), load_joined_16(p[4] + at)));
    if (width == 2)
        return widen_floats((vfloat_half)join_16(join_8(p[0] + at, p[2] + at), join_8(p[4] + at, p[6] + at)));
#elif LANES == 4
    if (width == 2)
        return widen_floats((vfloat_half)join_8(p[0] + at, p[2] + at));
#endif
    (void)width;
    return load_f32(p[0] + at);
}
/* Those of 16 bits in one place alone. */
INLINE vdouble load_places_f16(const int width, const char *const p[], int64_t at) {
    (void)width;
    return load_f16(p[0] + at);
}
INLINE vdouble load_places_bf16(const int width, const char *const p[], int64_t at) {
    (void)width;
    return load_bf16(p[0] + at);
}

/* A vector of words modulo 2^32 or 2^64 from consecutive elements at p; signs are extended, bool8 is 0 or 1. */
#define LOAD_WORDS(word, dtype, type)                                                                                  \
    INLINE v##word load_##word##_##dtype(const char *p) {                                                              \
        typedef type elements __attribute__((vector_size(VECTOR_BYTES / sizeof((v##word){0}[0]) * sizeof(type))));     \
        elements e;                                                                                                    \
        memcpy(&e, p, sizeof e);                                                                                       \
        return __builtin_convertvector(e, v##word);                                                                    \
    }
LOAD_WORDS(word32, i32, int32_t)
LOAD_WORDS(word32, u32, uint32_t)
LOAD_WORDS(word32, i64, int64_t)
LOAD_WORDS(word32, u64, uint64_t)
LOAD_WORDS(word64, i64, int64_t)
LOAD_WORDS(word64, u64, uint64_t)

#if defined(__x86_64__)

#define EXTEND_WORDS(word, dtype, from, to, elements)                                                                  \
    INLINE v##word load_##word##_##dtype(const char *p) {                                                              \
        return (v##word)EXTEND(from, to, elements);                                                                    \
    }
EXTEND_WORDS(word32, i8, i8, i32, LOAD_2(p))
EXTEND_WORDS(word32, u8, u8, i32, LOAD_2(p))
EXTEND_WORDS(word32, bool8, u8, i32, _mm_min_epu8(LOAD_2(p), _mm_set1_epi8(1)))
EXTEND_WORDS(word32, i16, i16, i32, LOAD_4(p))
EXTEND_WORDS(word32, u16, u16, i32, LOAD_4(p))
EXTEND_WORDS(word64, i8, i8, i64, LOAD_1(p))
EXTEND_WORDS(word64, u8, u8, i64, LOAD_1(p))
EXTEND_WORDS(word64, bool8, u8, i64, _mm_min_epu8(LOAD_1(p), _mm_set1_epi8(1)))
EXTEND_WORDS(word64, i16, i16, i64, LOAD_2(p))
EXTEND_WORDS(word64, u16, u16, i64, LOAD_2(p))
EXTEND_WORDS(word64, i32, i32, i64, LOAD_4(p))
EXTEND_WORDS(word64, u32, u32, i64, LOAD_4(p))
#undef EXTEND_WORDS

#else

LOAD_WORDS(word32, i8, int8_t)
LOAD_WORDS(word32, u8, uint8_t)
LOAD_WORDS(word32, i16, int16_t)
LOAD_WORDS(word32, u16, uint16_t)
LOAD_WORDS(word64, i8, int8_t)
LOAD_WORDS(word64, u8, uint8_t)
LOAD_WORDS(word64, i16, int16_t)
LOAD_WORDS(word64, u16, uint16_t)
LOAD_WORDS(word64, i32, int32_t)
LOAD_WORDS(word64, u32, uint32_t)

INLINE vword32 load_word32_bool8(const char *p) {
    return (vword32)(load_word32_u8(p) != 0) & 1;
}
INLINE vword64 load_word64_bool8(const char *p) {
    return (vword64)(load_word64_u8(p) != 0) & 1;
}

#endif
#undef LOAD_WORDS

/*
 * LANES complex numbers as their real and imaginary parts, in the order of lanes that costs least: number k of the
 * first half in lane 2 k, of the second half in lane 2 k + 1.
 */
INLINE void divide_complex(vdouble a, vdouble b, vdouble *re, vdouble *im) {
    *re = __builtin_shufflevector(a, b, REAL_PARTS);
    *im = __builtin_shufflevector(a, b, IMAGINARY_PARTS);
}
INLINE void load_c128(const char *p, vdouble *re, vdouble *im) {
    divide_complex(load_vdouble(p), load_vdouble(p + VECTOR_BYTES), re, im);
}
INLINE void load_c64(const char *p, vdouble *re, vdouble *im) {
    divide_complex(load_f32(p), load_f32(p + VECTOR_BYTES / 2), re, im);
}
INLINE vdouble to_complex_lanes(vdouble v) {
    return __builtin_shufflevector(v, v, TO_COMPLEX_LANES);
}
INLINE vdouble from_complex_lanes(vdouble v) {
    return __builtin_shufflevector(v, v, FROM_COMPLEX_LANES);
}

#endif
