/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contract between the library and its kernels: running products as planes of memory, and one table of functions
 * for each instruction set. A kernel sees rows of contiguous elements only; which rows, and what they mean, is decided
 * in walk.c.
 */
#ifndef AXP_KERNEL_H
#define AXP_KERNEL_H

#include "dtype.h"

/* How running products are kept, and the planes of 8-byte words that takes. */
typedef enum axp_accumulator {
    AXP_REAL,    /* hi, lo, exponent: (hi + lo) 2^exponent, see below */
    AXP_COMPLEX, /* hi, lo, exponent, then hi, lo of the imaginary part: one exponent for both */
    AXP_WORD32,  /* a product modulo 2^32, two to an 8-byte word */
    AXP_WORD64,  /* a product modulo 2^64 */
    AXP_ACCUMULATORS
} axp_accumulator;

enum {
    AXP_PLANE_HI,
    AXP_PLANE_LO,
    AXP_PLANE_EXPONENT,
    AXP_PLANE_IM_HI,
    AXP_PLANE_IM_LO,
    AXP_PLANE_SPARE = 3
};

static inline int axp_accumulator_planes(axp_accumulator accumulator) {
    return (const int[]){3, 5, 1, 1}[accumulator];
}

/*
 * `capacity` running products, a multiple of AXP_STATE_PAD: plane p begins at words + p * capacity. Between calls of
 * kernels a real state has 1 <= |hi| < 2 and hi the double nearest to hi + lo; or hi is a zero, an infinity or NaN (of
 * any payload), and lo and exponent mean nothing.
 */
typedef struct axp_states {
    double *words;
    int64_t capacity;
} axp_states;

/* Kernels may touch states up to the next multiple of this. */
#define AXP_STATE_PAD 16

static inline double *axp_plane(axp_states states, int plane) {
    return states.words + plane * states.capacity;
}
static inline int64_t *axp_exponents(axp_states states) {
    return (int64_t *)axp_plane(states, AXP_PLANE_EXPONENT);
}

/* The states of a fold have that many planes more, for the kernel to use: AXP_REAL keeps there what it may have to go
 * back to. */
static inline int axp_spare_planes(axp_accumulator accumulator) {
    return accumulator == AXP_REAL ? 2 : 0;
}

/* A way that works for most data, and whether it is worth trying. */
typedef struct axp_trial {
    int pause;    /* chains to do another way before this one is tried again */
    int patience; /* how long that was the last time */
} axp_trial;

/* What a walk has learned about its data; begins as zeros. Only speed depends on it. */
typedef struct axp_fold_hint {
    axp_trial raw;     /* elements multiplied as they are */
    axp_trial normal;  /* elements without zeros, subnormals, infinities and NaN */
    axp_trial tiny;    /* nothing but zeros and subnormals */
    axp_trial finite;  /* elements without infinities and NaN */
    bool short_chains; /* elements multiplied as they are have left the range in long chains */
} axp_fold_hint;

/*
 * Multiplies rows into states: state at + i, 0 <= i < n, by element i of each row, row r beginning at
 * base + offsets[r]. n is a multiple of AXP_STATE_PAD. prefetch: bytes ahead, or more, to ask the memory for; or 0.
 */
typedef void axp_fold(const char *base, const int64_t *offsets, int64_t rows, int64_t n, int64_t prefetch,
                      axp_states states, int64_t at, axp_fold_hint *hint);

/* Runs of elements `step` bytes apart, of `length` elements each. */
typedef struct axp_runs {
    const int64_t *offsets;
    int64_t count, length, step;
    bool dense;     /* one run for each output, contiguous, one behind the other */
    bool in_memory; /* as axprod_plan has it */
} axp_runs;

/*
 * Sets states 0 .. n-1 to the products of runs: run r of output i begins at base + outputs[i] + runs->offsets[r]. n is
 * rounded up to AXP_STATE_PAD, and outputs has so many entries. An output takes one run, or at most
 * AXP_RUN_STEPS vectors, counted run by run, or so many elements where runs are shorter than a vector.
 */
typedef void axp_fold_runs(const char *base, const int64_t *outputs, int64_t n, const axp_runs *runs, axp_states states,
                           axp_fold_hint *hint);
#define AXP_RUN_STEPS 16

/*
 * The same, rounded to elements of the dtype, out[0 .. n) without gaps, in the manner of axp_round_states. One
 * contiguous run has at most AXP_LONG_RUN_STEPS vectors. -1: the data need another way, and what was written means
 * nothing.
 */
typedef int64_t axp_round_runs(const char *base, const int64_t *outputs, int64_t n, const axp_runs *runs, double bound,
                               char *out, int32_t *doubtful, axp_fold_hint *hint);
#define AXP_LONG_RUN_STEPS 64

/*
 * The same for n columns, in blocks of AXP_STATE_PAD: block b is contiguous from base + blocks[b] on, and row r of each
 * begins at offsets[r]. At most AXP_COLUMN_STEPS rows. next: bytes from these elements to those of the next call, to
 * ask the memory for; or 0.
 */
typedef int64_t axp_round_columns(const char *base, const int64_t *blocks, int64_t n, const int64_t *offsets,
                                  int64_t rows, int64_t next, double bound, char *out, int32_t *doubtful,
                                  axp_fold_hint *hint);
#define AXP_COLUMN_STEPS 64

/*
 * Multiplies states into[i .. i+n) by from[j .. j+n). n is rounded up to AXP_STATE_PAD: states beyond n that are not
 * read later may change. The two may be ranges of one array that do not overlap within n.
 */
typedef void axp_merge(axp_states into, int64_t i, axp_states from, int64_t j, int64_t n);

/*
 * Rounds real states at .. at+n to a format, into out[0 .. n) without gaps. bound: how far, at most, hi + lo is from
 * the exact significand. The indices (0 .. n-1) where that does not decide the rounding go to doubtful; returned is
 * their number. out has room for n rounded up to AXP_STATE_PAD.
 */
typedef int64_t axp_round_states(axp_states states, int64_t at, int64_t n, double bound, void *out, int32_t *doubtful);

/*
 * Rounds the products of elements at .. at + n - 1 of `count` arrays to a format, into out[0 .. n) without gaps, which
 * has room for n rounded up to AXP_STATE_PAD. bound: as above, of each product. False: some need another way, and what
 * was written means nothing.
 */
typedef bool axp_round_packed(const axprod_packed_partial *const *pieces, int64_t count, int64_t at, int64_t n,
                              double bound, char *out);

/*
 * Sets real states 0 .. groups-1 to the products of `width` states each, which are in turn; width is a multiple of
 * AXP_STATE_PAD. groups is rounded up to the lanes of a vector: so many are there to be read.
 */
typedef void axp_collapse_states(axp_states states, int64_t width, int64_t groups);

typedef struct axp_kernels {
    const char *isa;
    int lanes;   /* doubles in a vector */
    int columns; /* real states that go through rows together, as hides the latency of their steps */
    axp_fold *fold[AXP_ACCUMULATORS][AXP_DTYPES];
    axp_fold
        *fold_narrow[AXP_DTYPES]; /* AXP_REAL with the error of AXP_NARROW_ERROR_PER_FACTOR; floating-point dtypes */
    axp_fold_runs *fold_runs[AXP_DTYPES], *fold_runs_narrow[AXP_DTYPES]; /* floating-point dtypes */
    axp_round_runs *round_runs[AXP_DTYPES];                              /* f32 (narrow), f64 */
    axp_round_columns *round_columns[AXP_DTYPES];                        /* the same */
    axp_merge *merge[AXP_ACCUMULATORS];
    /* to[i] = first + i * step, for i in 0 .. n-1 */
    void (*count_up)(int64_t first, int64_t step, int64_t n, int64_t *to);
    axp_collapse_states *collapse;
    /* inout[i] = in[i] * inout[i] */
    void (*merge_partials)(const axprod_partial *in, axprod_partial *inout, int64_t n);
    /* To real states 0 .. n-1, with identities up to the next multiple of AXP_STATE_PAD. */
    void (*load_partials)(const axprod_partial *from, int64_t n, axp_states states);
    /* From real states 0 .. n-1; zeros, infinities and NaN in their one public form. */
    void (*store_partials)(axp_states states, int64_t n, axprod_partial *to);
    /* To real states likewise: the products of elements at .. at + n - 1 of `count` arrays; and from states. */
    void (*multiply_packed)(const axprod_packed_partial *const *pieces, int64_t count, int64_t at, int64_t n,
                            axp_states states);
    void (*pack_states)(axp_states states, int64_t n, axprod_packed_partial *to);
    axp_round_packed *round_packed[AXP_DTYPES]; /* f32, f64 */
    /* The same of complex partials and states; storing may change what stands for zeros and NaN in the states. */
    void (*merge_complex_partials)(const axprod_complex_partial *in, axprod_complex_partial *inout, int64_t n);
    void (*load_complex_partials)(const axprod_complex_partial *from, int64_t n, axp_states states);
    void (*store_complex_partials)(axp_states states, int64_t n, axprod_complex_partial *to);
    axp_round_states *round[AXP_DTYPES]; /* f16, bf16, f32, f64 */
} axp_kernels;

/*
 * Error of the real states. u = 2^-53; a state of n elements comes from n elements in chains of careful steps, and at
 * most n merges, of states that may have been packed once. real.h proves that its relative error is at most n *
 * AXP_ERROR_PER_FACTOR u^2.
 */
#define AXP_ERROR_PER_FACTOR 100

/* Packed partials hold any exponent of two up to this, either way. */
#define AXP_PACKED_EXPONENT ((INT64_C(1) << 21) - 1024)

/* Of narrow folds: real.h proves a relative error of n (AXP_NARROW_ERROR_PER_FACTOR u + AXP_ERROR_PER_FACTOR u^2). */
#define AXP_NARROW_ERROR_PER_FACTOR 2

/*
 * While the odd parts of the elements have at most this many bits together nothing is rounded at all: see real.h.
 */
#define AXP_EXACT_BITS 100

#endif
