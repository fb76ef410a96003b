/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vectors of doubles and 64-bit integers at the native width of the instruction set that the file is compiled for, and
 * what is done with them. Intrinsics are here and in load.h alone; everything else is written in the operators of the
 * compiler's vector types.
 */
#ifndef AXP_VEC_H
#define AXP_VEC_H

#include "fpenv.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(AXP_ISA_avx512)
#define VECTOR_BYTES 64
#elif defined(AXP_ISA_avx2)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
#define LANES (VECTOR_BYTES / 8)

typedef double vdouble __attribute__((vector_size(VECTOR_BYTES)));
typedef int64_t vint __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t vuint64 __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t vword64 __attribute__((vector_size(VECTOR_BYTES)));
typedef uint32_t vuint32 __attribute__((vector_size(VECTOR_BYTES)));
typedef vuint32 vword32;
typedef float vfloat __attribute__((vector_size(VECTOR_BYTES)));
typedef float vfloat_half __attribute__((vector_size(VECTOR_BYTES / 2)));
typedef uint32_t vuint32_half __attribute__((vector_size(VECTOR_BYTES / 2)));
typedef uint16_t vuint16_quarter __attribute__((vector_size(VECTOR_BYTES / 4)));

#define INLINE static inline __attribute__((always_inline, unused))

/* A loop whose arrays the compiler is to keep in registers. */
#if defined(__clang__)
#define UNROLLED(i, n) _Pragma("clang loop unroll(full)") for (int i = 0; i < (n); i++)
#else
#define UNROLLED(i, n) _Pragma("GCC unroll 8") for (int i = 0; i < (n); i++)
#endif

/* Memory has no alignment to rely on. */
INLINE vdouble load_vdouble(const void *p) {
    vdouble v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE void store_vdouble(void *p, vdouble v) {
    memcpy(p, &v, sizeof v);
}
INLINE vint load_vint(const void *p) {
    vint v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE void store_vint(void *p, vint v) {
    memcpy(p, &v, sizeof v);
}

/* Keeps the compiler from making a constant anew in each turn of a loop: moves between registers cost more than loads.
 */
#if defined(__aarch64__)
#define KEEP(vector) __asm__("" : "+w"(vector))
#elif defined(AXP_ISA_avx512)
#define KEEP(vector) __asm__("" : "+v"(vector))
#else
#define KEEP(vector) __asm__("" : "+x"(vector))
#endif

INLINE vdouble broadcast(double value) {
    return value - (vdouble){0};
}
INLINE vint broadcast_bits(uint64_t value) {
    return (int64_t)value - (vint){0};
}
INLINE vdouble as_double(vint bits) {
    return (vdouble)bits;
}
INLINE vint as_bits(vdouble value) {
    return (vint)value;
}
INLINE vint shift_right(vint bits, int count) {
    return (vint)((vuint64)bits >> count);
}
/* 0, 1, 2, ... */
INLINE vint lane_numbers(void) {
    vint v = {0};
    for (int i = 0; i < LANES; i++)
        v[i] = i;
    return v;
}
/* mask: 0 or -1 in each lane */
INLINE vdouble select_double(vint mask, vdouble yes, vdouble no) {
#if defined(AXP_ISA_avx2)
    return (vdouble)_mm256_blendv_pd((__m256d)no, (__m256d)yes, (__m256d)mask);
#else
    return as_double((mask & as_bits(yes)) | (~mask & as_bits(no)));
#endif
}
INLINE vint select_bits(vint mask, vint yes, vint no) {
    return as_bits(select_double(mask, as_double(yes), as_double(no)));
}

/* ----------------------------------------------------------------------------------------- per instruction set --- */

#if defined(__x86_64__)
INLINE __m128i load_4_bytes(const void *p) {
    int32_t bits;
    memcpy(&bits, p, 4);
    return _mm_cvtsi32_si128(bits);
}
#endif

/* any_lane: whether a mask (0 or -1 in each lane) has a lane set. any_negative: whether a sign bit is set. */
#if defined(AXP_ISA_avx512)

INLINE bool any_lane(vint mask) {
    return _mm512_movepi64_mask((__m512i)mask) != 0;
}
INLINE bool any_negative(vuint32 v) {
    return _mm512_movepi32_mask((__m512i)v) != 0;
}
#define REAL_PARTS 0, 8, 2, 10, 4, 12, 6, 14
#define IMAGINARY_PARTS 1, 9, 3, 11, 5, 13, 7, 15
#define TO_COMPLEX_LANES 0, 4, 1, 5, 2, 6, 3, 7
#define FROM_COMPLEX_LANES 0, 2, 4, 6, 1, 3, 5, 7
#define FMA(a, b, c) (vdouble) _mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c))
#define FMS(a, b, c) (vdouble) _mm512_fmsub_pd((__m512d)(a), (__m512d)(b), (__m512d)(c))
#define INT32_TO_DOUBLE(v) (vdouble) _mm512_cvtepi32_pd(v)
#define HALF_VECTOR __m256i
#define UINT32_TO_UINT64(v) (vint) _mm512_cvtepu32_epi64(v)
#define EXTEND(from, to, v) _mm512_cvtep##from##_ep##to(v)
#define FLOAT_TO_DOUBLE(v) (vdouble) _mm512_cvtps_pd((__m256)(v))
#define INT8_TO_INT32(v) _mm256_cvtepi8_epi32(v)
#define UINT8_TO_INT32(v) _mm256_cvtepu8_epi32(v)
#define INT16_TO_INT32(v) _mm256_cvtepi16_epi32(v)
#define UINT16_TO_INT32(v) _mm256_cvtepu16_epi32(v)
#define LOAD_1(p) _mm_loadl_epi64((const __m128i *)(p))
#define LOAD_2(p) _mm_loadu_si128((const __m128i *)(p))
#define LOAD_4(p) _mm256_loadu_si256((const __m256i *)(p))
#define SHIFT_LEFT_16(v) _mm256_slli_epi32(v, 16)
#define F16_TO_FLOAT(p) _mm256_cvtph_ps(LOAD_2(p))
#define LOW_HALF(v) _mm512_castps512_ps256((__m512)(v))
#define HIGH_HALF(v) _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd((__m512)(v)), 1))
#define F16_TO_VFLOAT(p) _mm512_cvtph_ps(LOAD_4(p))
#define BF16_TO_VFLOAT(p) _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(LOAD_4(p)), 16))
#define LEAST_UINT32(a, b) _mm512_min_epu32((__m512i)(a), (__m512i)(b))
#define GREATEST_UINT32(a, b) _mm512_max_epu32((__m512i)(a), (__m512i)(b))
#define UPPER_HALVES(a, b) _mm512_castps_si512(_mm512_shuffle_ps((__m512)(a), (__m512)(b), 0xdd))
#define INTERLEAVE_FIRST(low, high) _mm512_unpacklo_epi32((__m512i)(low), (__m512i)(high))
#define INTERLEAVE_SECOND(low, high) _mm512_unpackhi_epi32((__m512i)(low), (__m512i)(high))

#elif defined(AXP_ISA_avx2)

INLINE bool any_lane(vint mask) {
    return _mm256_movemask_pd((__m256d)mask) != 0;
}
INLINE bool any_negative(vuint32 v) {
    return _mm256_movemask_ps((__m256)v) != 0;
}
#define REAL_PARTS 0, 4, 2, 6
#define IMAGINARY_PARTS 1, 5, 3, 7
#define TO_COMPLEX_LANES 0, 2, 1, 3
#define FROM_COMPLEX_LANES 0, 2, 1, 3
#define FMA(a, b, c) (vdouble) _mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c))
#define FMS(a, b, c) (vdouble) _mm256_fmsub_pd((__m256d)(a), (__m256d)(b), (__m256d)(c))
#define INT32_TO_DOUBLE(v) (vdouble) _mm256_cvtepi32_pd(v)
#define HALF_VECTOR __m128i
#define UINT32_TO_UINT64(v) (vint) _mm256_cvtepu32_epi64(v)
#define EXTEND(from, to, v) _mm256_cvtep##from##_ep##to(v)
#define FLOAT_TO_DOUBLE(v) (vdouble) _mm256_cvtps_pd((__m128)(v))
#define LOAD_1(p) load_4_bytes(p)
#define LOAD_2(p) _mm_loadl_epi64((const __m128i *)(p))
#define LOAD_4(p) _mm_loadu_si128((const __m128i *)(p))
#define F16_TO_FLOAT(p) _mm_cvtph_ps(LOAD_2(p))
#define LOW_HALF(v) _mm256_castps256_ps128((__m256)(v))
#define HIGH_HALF(v) _mm256_extractf128_ps((__m256)(v), 1)
#define F16_TO_VFLOAT(p) _mm256_cvtph_ps(LOAD_4(p))
#define BF16_TO_VFLOAT(p) _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(LOAD_4(p)), 16))
#define LEAST_UINT32(a, b) _mm256_min_epu32((__m256i)(a), (__m256i)(b))
#define GREATEST_UINT32(a, b) _mm256_max_epu32((__m256i)(a), (__m256i)(b))
#define UPPER_HALVES(a, b) _mm256_castps_si256(_mm256_shuffle_ps((__m256)(a), (__m256)(b), 0xdd))
#define INTERLEAVE_FIRST(low, high) _mm256_unpacklo_epi32((__m256i)(low), (__m256i)(high))
#define INTERLEAVE_SECOND(low, high) _mm256_unpackhi_epi32((__m256i)(low), (__m256i)(high))

#elif defined(__x86_64__)

INLINE bool any_lane(vint mask) {
    return _mm_movemask_pd((__m128d)mask) != 0;
}
INLINE bool any_negative(vuint32 v) {
    return _mm_movemask_ps((__m128)v) != 0;
}
INLINE __m128i load_2_bytes(const void *p) {
    uint16_t bits;
    memcpy(&bits, p, 2);
    return _mm_cvtsi32_si128(bits);
}
/* binary16 in the low halves: the bits moved into a binary32 are 2^-112 of the value; the top exponent moves along. */
INLINE __m128 f16_to_float(__m128i halves) {
    __m128i h = _mm_cvtepu16_epi32(halves);
    __m128i sign = _mm_slli_epi32(_mm_and_si128(h, _mm_set1_epi32(0x8000)), 16);
    __m128i magnitude = _mm_slli_epi32(_mm_and_si128(h, _mm_set1_epi32(0x7fff)), 13);
    __m128 scaled = _mm_mul_ps(_mm_castsi128_ps(magnitude), _mm_castsi128_ps(_mm_set1_epi32((127 + 112) << 23)));
    __m128i special = _mm_cmpgt_epi32(magnitude, _mm_set1_epi32((31 << 23) - 1));
    __m128i infinite = _mm_and_si128(special, _mm_set1_epi32(0x7f800000));
    return _mm_or_ps(scaled, _mm_castsi128_ps(_mm_or_si128(sign, infinite)));
}
#define REAL_PARTS 0, 2
#define IMAGINARY_PARTS 1, 3
#define TO_COMPLEX_LANES 0, 1
#define FROM_COMPLEX_LANES 0, 1
#define INT32_TO_DOUBLE(v) (vdouble) _mm_cvtepi32_pd(v)
#define UINT32_TO_UINT64(v) (vint) _mm_cvtepu32_epi64(v)
#define EXTEND(from, to, v) _mm_cvtep##from##_ep##to(v)
#define FLOAT_TO_DOUBLE(v) (vdouble) _mm_cvtps_pd((__m128)(v))
#define LOAD_1(p) load_2_bytes(p)
#define LOAD_2(p) load_4_bytes(p)
#define LOAD_4(p) _mm_loadl_epi64((const __m128i *)(p))
#define F16_TO_FLOAT(p) f16_to_float(LOAD_2(p))
#define LOW_HALF(v) (__m128)(v)
#define HIGH_HALF(v) _mm_movehl_ps((__m128)(v), (__m128)(v))
#define F16_TO_VFLOAT(p) f16_to_float(LOAD_4(p))
#define BF16_TO_VFLOAT(p) _mm_castsi128_ps(_mm_slli_epi32(_mm_cvtepu16_epi32(LOAD_4(p)), 16))
#define LEAST_UINT32(a, b) _mm_min_epu32((__m128i)(a), (__m128i)(b))
#define GREATEST_UINT32(a, b) _mm_max_epu32((__m128i)(a), (__m128i)(b))
#define UPPER_HALVES(a, b) _mm_castps_si128(_mm_shuffle_ps((__m128)(a), (__m128)(b), 0xdd))
#define INTERLEAVE_FIRST(low, high) _mm_unpacklo_epi32((__m128i)(low), (__m128i)(high))
#define INTERLEAVE_SECOND(low, high) _mm_unpackhi_epi32((__m128i)(low), (__m128i)(high))

#elif defined(__aarch64__)

INLINE bool any_lane(vint mask) {
    return vmaxvq_u32((uint32x4_t)mask) != 0;
}
INLINE bool any_negative(vuint32 v) {
    return vminvq_s32((int32x4_t)v) < 0;
}
#define REAL_PARTS 0, 2
#define IMAGINARY_PARTS 1, 3
#define TO_COMPLEX_LANES 0, 1
#define FROM_COMPLEX_LANES 0, 1
#define FMA(a, b, c) (vdouble) vfmaq_f64((float64x2_t)(c), (float64x2_t)(a), (float64x2_t)(b))
#define FMS(a, b, c) (vdouble) vfmaq_f64(vnegq_f64((float64x2_t)(c)), (float64x2_t)(a), (float64x2_t)(b))
#define LEAST_UINT32(a, b) vminq_u32((uint32x4_t)(a), (uint32x4_t)(b))
#define GREATEST_UINT32(a, b) vmaxq_u32((uint32x4_t)(a), (uint32x4_t)(b))
#define UPPER_HALVES(a, b) vuzp2q_u32((uint32x4_t)(a), (uint32x4_t)(b))
#define INTERLEAVE_FIRST(low, high) vzip1q_u32((uint32x4_t)(low), (uint32x4_t)(high))
#define INTERLEAVE_SECOND(low, high) vzip2q_u32((uint32x4_t)(low), (uint32x4_t)(high))

#endif

/* Half as many bytes to whole lanes; where the operator would become several instructions, the one that there is. */
INLINE vdouble widen_floats(vfloat_half v) {
#if LANES > 2
    return FLOAT_TO_DOUBLE(v);
#else
    return __builtin_convertvector(v, vdouble);
#endif
}
INLINE vint differing_lanes(vfloat_half a, vfloat_half b) {
#if LANES > 2
    return (vint)EXTEND(i32, i64, (HALF_VECTOR)(a != b));
#else
    return __builtin_convertvector(a != b, vint);
#endif
}
INLINE vint widen_words(vuint32_half v) {
#if LANES > 2
    return UINT32_TO_UINT64((HALF_VECTOR)v);
#else
    return __builtin_convertvector(v, vint);
#endif
}

/* Whether some lanes differ, as NaN do. */
INLINE bool any_different(vdouble a, vdouble b) {
#if defined(AXP_ISA_avx512)
    return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_NEQ_UQ) != 0;
#else
    return any_lane((vint)(a != b));
#endif
}
INLINE bool any_different_float(vfloat_half a, vfloat_half b) {
#if defined(AXP_ISA_avx512)
    return _mm256_cmp_ps_mask((__m256)a, (__m256)b, _CMP_NEQ_UQ) != 0;
#elif defined(AXP_ISA_avx2)
    return _mm_movemask_ps((__m128)(a != b)) != 0;
#else
    return any_lane(differing_lanes(a, b));
#endif
}

INLINE vuint32 least_uint32(vuint32 a, vuint32 b) {
    return (vuint32)LEAST_UINT32(a, b);
}
INLINE vuint32 greatest_uint32(vuint32 a, vuint32 b) {
    return (vuint32)GREATEST_UINT32(a, b);
}

/* The upper halves of the lanes of two vectors, in the order that costs least. */
INLINE vuint32 upper_halves(vint a, vint b) {
    return (vuint32)UPPER_HALVES(a, b);
}
/* And back: the lanes of the first or of the second of them, put together from their halves. */
INLINE vint first_lanes(vuint32 low, vuint32 high) {
    return (vint)INTERLEAVE_FIRST(low, high);
}
INLINE vint second_lanes(vuint32 low, vuint32 high) {
    return (vint)INTERLEAVE_SECOND(low, high);
}

/* --------------------------------------------------------------------------------------- floating-point flags --- */

/* Makes the compiler compute both before it reads the flags. */
INLINE void finish_before_flags(vdouble a, vdouble b) {
#if defined(__aarch64__)
    __asm__ volatile("" ::"w"(a), "w"(b) : "memory");
#elif defined(AXP_ISA_avx512)
    __asm__ volatile("" ::"v"(a), "v"(b) : "memory");
#else
    __asm__ volatile("" ::"x"(a), "x"(b) : "memory");
#endif
}

/* Whether a result since clear_flags was beyond the range, or too small to be exact. */
INLINE bool left_the_range(void) {
#if defined(__x86_64__)
    unsigned flags;
    __asm__ volatile("stmxcsr %0" : "=m"(flags)::"memory");
    return flags & 0x18; /* overflow, underflow */
#else
    uint64_t flags;
    __asm__ volatile("mrs %0, fpsr" : "=r"(flags)::"memory");
    return flags & 0xc;
#endif
}

INLINE void clear_flags(void) {
#if defined(__x86_64__)
    unsigned control = AXP_MXCSR_DEFAULT;
    __asm__ volatile("ldmxcsr %0" ::"m"(control) : "memory");
#else
    __asm__ volatile("msr fpsr, %0" ::"r"(UINT64_C(0)) : "memory");
#endif
}

/* ----------------------------------------------------------------------------------------- exact multiplication --- */

/* a * b - p, exactly, for p the double nearest to a * b, as long as nothing leaves the normal range. */
INLINE vdouble product_error(vdouble a, vdouble b, vdouble p) {
#ifdef FMS
    return FMS(a, b, p);
#else
    /* T. J. Dekker, Numer. Math. 18, 1971, with Veltkamp's splitting by 2^27 + 1 */
    vdouble ca = a * broadcast(0x1p27 + 1), cb = b * broadcast(0x1p27 + 1);
    vdouble ah = ca - (ca - a), bh = cb - (cb - b);
    vdouble al = a - ah, bl = b - bh;
    return ((ah * bh - p) + ah * bl + al * bh) + al * bl;
#endif
}

/* a * b - w, rounded once, for p the double nearest to a * b and w so near to it that p - w is exact. */
INLINE vdouble product_less(vdouble a, vdouble b, vdouble p, vdouble w) {
#ifdef FMS
    (void)p;
    return FMS(a, b, w);
#else
    return product_error(a, b, p) + (p - w);
#endif
}

/* a * b + c, rounded once or twice. */
INLINE vdouble multiply_add(vdouble a, vdouble b, vdouble c) {
#ifdef FMA
    return FMA(a, b, c);
#else
    return a * b + c;
#endif
}

/* c - a * b, likewise. */
INLINE vdouble subtract_product(vdouble c, vdouble a, vdouble b) {
    return multiply_add(-a, b, c);
}

#endif
