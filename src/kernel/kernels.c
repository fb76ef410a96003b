/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All kernels of one instruction set: this file is compiled once for each, with AXP_ISA its name. One table is all that
 * leaves it. The error bounds are derived in real.h and complex.h, beside the arithmetic.
 */
#include "complex.h"
#include "kernel.h"
#include "load.h"
#include "prefetch.h"
#include "real.h"
#include "shuffle.h"
#include "vec.h"

/*
 * Constants of real.inc and raw.inc. GROUP: that many significands fit in 53 bits. STEPS: hi, which begins in [1, 2),
 * stays within 2^+-900 after STEPS groups, or after GROUP * STEPS - 1 single elements; so r and lo are exact or far
 * below the bound. STEPS * SEGMENTS is a chain of at most 32 steps, 8 for pairs, with the single elements at its end.
 * Raw chains, of RAW_STEPS steps, or as real.h has them for runs and columns, are exact in the same sense because the
 * processor has raised no flag.
 */
enum {
    RAW_STEPS = 64,     /* between looks at the flags, which wait for all arithmetic to end; before lo is folded into hi
                           and the exponent is taken out, or half of that */
    MOST_PATIENCE = 63, /* longest time, in chains, before a way that failed is tried again */
    CAREFUL_ROWS = 8,   /* of many columns at once, or about so: caches have few ways for rows a power of two apart */
    LEAST_WIDE = 64,    /* columns that go through a few rows at a time */
    LONG_ROW_BYTES = 32768,        /* longer rows come from memory, which likes more of them at once */
    TURNED_AHEAD = 4096,           /* bytes from what is turned round to what is asked of the memory */
    CHUNK = LANES < 4 ? LANES : 4, /* elements of each between looks at the exponents: f32 has no room for more */
    ASKED_BYTES = 128,             /* of runs that the memory is asked for */
    SPREAD_BYTES = 512,            /* of runs that are read in several places instead */
    LONG_RUN = 512,                /* elements of a run that are rows of their own where that takes many operations */
    LONG_RUN_ROWS = 128,           /* such rows at once */
    LONG_RUN_AHEAD = 1024,         /* bytes ahead in such a run */
    WIDE_RUN = 3,                  /* vectors of a run that are worth the lanes of a vector that it does not fill */
};

INLINE bool is_worth_trying(axp_trial *trial) {
    if (trial->pause == 0)
        return true;
    trial->pause--;
    return false;
}

/* Whether a run, the only one of its output, has one element more than fill vectors of so many lanes. */
INLINE bool has_single(const axp_runs *runs, int width, int64_t bytes) {
    return width > 1 && runs->step == bytes && runs->count == 1 && runs->length > width && runs->length % width == 1;
}

/* Before a way begins that asks for the flags: reading them is cheaper than clearing them. */
INLINE void forget_flags(void) {
    if (left_the_range())
        clear_flags();
}

/* Data that fail once may go on failing: ever longer until the next try. */
INLINE bool note_trial(axp_trial *trial, bool succeeded) {
    trial->patience = succeeded ? 0 : trial->patience < MOST_PATIENCE ? 2 * trial->patience + 1 : MOST_PATIENCE;
    trial->pause = trial->patience;
    return succeeded;
}

/* Data that leave the range in a long chain may stay in it in a short one. */
INLINE int raw_steps(const axp_fold_hint *hint) {
    return hint->short_chains ? RAW_STEPS / 2 : RAW_STEPS;
}
INLINE bool note_chain(axp_fold_hint *hint, bool succeeded) {
    hint->short_chains |= !succeeded;
    return note_trial(&hint->raw, succeeded);
}

INLINE bool try_raw(axp_fold_hint *hint) {
    if (!is_worth_trying(&hint->raw))
        return false;
    if (hint->raw.patience > 0)
        clear_flags();
    return true;
}

/* |x| in [2^-149, 2^128): 6 elements, 2^-894 */
#define DTYPE f32
#define BYTES 4
#define GROUP 2
#define STEPS 3
#define SEGMENTS 8
#define PAIRS 0
#include "real.inc"

/* |x| in [2^-24, 2^16): 32 elements, 2^-768 */
#define DTYPE f16
#define BYTES 2
#define GROUP 4
#define STEPS 8
#define SEGMENTS 3
#define PAIRS 0
#include "real.inc"

/* |x| in [2^-133, 2^128): 4 elements, 2^-532 */
#define DTYPE bf16
#define BYTES 2
#define GROUP 4
#define STEPS 1
#define SEGMENTS 24
#define PAIRS 0
#include "real.inc"

/* |x| in [1, 2^8], or zero: 30 elements, 2^240 */
#define DTYPE i8
#define BYTES 1
#define GROUP 6
#define STEPS 5
#define SEGMENTS 5
#define PAIRS 0
#include "real.inc"

#define DTYPE u8
#define BYTES 1
#define GROUP 6
#define STEPS 5
#define SEGMENTS 5
#define PAIRS 0
#include "real.inc"

#define DTYPE bool8
#define BYTES 1
#define GROUP 6
#define STEPS 5
#define SEGMENTS 5
#define PAIRS 0
#include "real.inc"

/* |x| in [1, 2^16]: 30 elements, 2^480 */
#define DTYPE i16
#define BYTES 2
#define GROUP 3
#define STEPS 10
#define SEGMENTS 3
#define PAIRS 0
#include "real.inc"

#define DTYPE u16
#define BYTES 2
#define GROUP 3
#define STEPS 10
#define SEGMENTS 3
#define PAIRS 0
#include "real.inc"

/* |x| in [1, 2^32]: 16 elements, 2^512 */
#define DTYPE i32
#define BYTES 4
#define GROUP 1
#define STEPS 16
#define SEGMENTS 2
#define PAIRS 0
#include "real.inc"

#define DTYPE u32
#define BYTES 4
#define GROUP 1
#define STEPS 16
#define SEGMENTS 2
#define PAIRS 0
#include "real.inc"

/* |x| in [1, 2^64]: 8 elements, 2^512 */
#define DTYPE i64
#define BYTES 8
#define GROUP 1
#define STEPS 8
#define SEGMENTS 1
#define PAIRS 1
#include "real.inc"

#define DTYPE u64
#define BYTES 8
#define GROUP 1
#define STEPS 8
#define SEGMENTS 1
#define PAIRS 1
#include "real.inc"

#include "apart.h"
#include "round.inc"

static void merge_states_real(axp_states into, int64_t i, axp_states from, int64_t j, int64_t n) {
    for (int64_t k = 0; k < n; k += LANES)
        store_real(into, i + k, merge_real(load_real(into, i + k), load_real(from, j + k)));
}

static void collapse_states(axp_states states, int64_t width, int64_t groups) {
    for (int64_t g = 0; g < groups; g += LANES) {
        struct real_state s[LANES];
        UNROLLED(j, LANES) {
            s[j] = load_real(states, (g + j) * width);
            for (int64_t i = LANES; i < width; i += LANES)
                s[j] = merge_real(s[j], load_real(states, (g + j) * width + i));
        }
        turn_states(false, LANES, s);
        for (int half = LANES / 2; half > 0; half /= 2)
            for (int j = 0; j < half; j++)
                s[j] = merge_real(s[j], s[j + half]);
        store_real(states, g, s[0]);
    }
}

/* STEPS: as in real.inc, for single elements; of float64 what is left of them. FLOATS: significands of 11 or 8 bits
 * twice; 8 bits three times would leave a rest of most powers of two */
#define DTYPE f32
#define BYTES 4
#define GROUP 2
#define FLOATS 0
#define PASS_GROUPS 4
#define STEPS 6
#include "raws.inc"

#define DTYPE f64
#define BYTES 8
#define GROUP 1
#define FLOATS 0
#define PASS_GROUPS 8
#define STEPS APART_UNSCALED
#include "raws.inc"

#define DTYPE f16
#define BYTES 2
#define GROUP 4
#define FLOATS 2
#define PASS_GROUPS 2
#define STEPS 32
#include "raws.inc"

#define DTYPE bf16
#define BYTES 2
#define GROUP 4
#define FLOATS 2
#define PASS_GROUPS 2
#define STEPS 4
#include "raws.inc"

#define DTYPE c64
#define BYTES 8
#include "complex.inc"

#define DTYPE c128
#define BYTES 16
#include "complex.inc"

enum {
    INTEGER_GROUP = 4 /* rows, a power of two */
};

#define INTEGER_DTYPES(X)                                                                                              \
    X(I8, i8) X(I16, i16) X(I32, i32) X(I64, i64) X(U8, u8) X(U16, u16) X(U32, u32) X(U64, u64) X(BOOL, bool8)

#define X(NAME, name)                                                                                                  \
    static void fold_##name(const char *base, const int64_t *offsets, int64_t rows, int64_t n, int64_t prefetch,       \
                            axp_states states, int64_t at, axp_fold_hint *hint) {                                      \
        careful_##name(false, base, offsets, rows, n, prefetch, states, at, hint);                                     \
    }
INTEGER_DTYPES(X)
#undef X

#define FLOAT_DTYPES(X) X(F16, f16) X(BF16, bf16) X(F32, f32) X(F64, f64)

#define WORD word32
#define WORD_T uint32_t
#define WORD_VECTOR vword32
#include "integers.inc"
#undef WORD
#undef WORD_T
#undef WORD_VECTOR

#define WORD word64
#define WORD_T uint64_t
#define WORD_VECTOR vword64
#include "integers.inc"
#undef WORD
#undef WORD_T
#undef WORD_VECTOR

static void merge_states_complex(axp_states into, int64_t i, axp_states from, int64_t j, int64_t n) {
    for (int64_t k = 0; k < n; k += LANES)
        store_complex(into, i + k, merge_complex(load_complex(into, i + k), load_complex(from, j + k)));
}

static void merge_states_word32(axp_states into, int64_t i, axp_states from, int64_t j, int64_t n) {
    uint32_t *a = (uint32_t *)into.words + i, *b = (uint32_t *)from.words + j;
    for (int64_t k = 0; k < n; k++)
        a[k] *= b[k];
}

static void merge_states_word64(axp_states into, int64_t i, axp_states from, int64_t j, int64_t n) {
    uint64_t *a = (uint64_t *)into.words + i, *b = (uint64_t *)from.words + j;
    for (int64_t k = 0; k < n; k++)
        a[k] *= b[k];
}

static void count_up(int64_t first, int64_t step, int64_t n, int64_t *to) {
    for (int64_t i = 0; i < n; i++, first += step)
        to[i] = first;
}

#include "partials.inc"

#include "packed.inc"

#define TABLE_NAME_PASTE(isa) axp_kernels_##isa
#define TABLE_NAME(isa) TABLE_NAME_PASTE(isa)
#define TEXT_PASTE(isa) #isa
#define TEXT(isa) TEXT_PASTE(isa)

extern const axp_kernels TABLE_NAME(AXP_ISA);
const axp_kernels TABLE_NAME(AXP_ISA) = {
    .isa = TEXT(AXP_ISA),
    .lanes = LANES,
    .columns = BLOCK_VECTORS * LANES,
    .fold =
        {
            [AXP_REAL] =
                {
#define X(NAME, name) [AXPROD_##NAME] = fold_##name,
                    INTEGER_DTYPES(X)
#undef X
#define X(NAME, name) [AXPROD_##NAME] = raw_fold_##name,
                        FLOAT_DTYPES(X)
#undef X
                },
            [AXP_COMPLEX] = {[AXPROD_C64] = fold_complex_c64, [AXPROD_C128] = fold_complex_c128},
            [AXP_WORD32] =
                {
#define X(NAME, name) [AXPROD_##NAME] = fold_word32_##name,
                    INTEGER_DTYPES(X)
#undef X
                },
            [AXP_WORD64] =
                {
#define X(NAME, name) [AXPROD_##NAME] = fold_word64_##name,
                    INTEGER_DTYPES(X)
#undef X
                },
        },
    .fold_narrow =
        {
#define X(NAME, name) [AXPROD_##NAME] = narrow_fold_##name,
            FLOAT_DTYPES(X)
#undef X
        },
    .fold_runs =
        {
#define X(NAME, name) [AXPROD_##NAME] = raw_any_runs_##name,
            FLOAT_DTYPES(X)
#undef X
        },
    .fold_runs_narrow =
        {
#define X(NAME, name) [AXPROD_##NAME] = narrow_any_runs_##name,
            FLOAT_DTYPES(X)
#undef X
        },
    .round_runs = {[AXPROD_F32] = narrow_round_runs_f32, [AXPROD_F64] = raw_round_runs_f64},
    .round_columns = {[AXPROD_F32] = narrow_round_columns_f32, [AXPROD_F64] = raw_round_columns_f64},
    .merge = {merge_states_real, merge_states_complex, merge_states_word32, merge_states_word64},
    .count_up = count_up,
    .collapse = collapse_states,
    .merge_partials = merge_partials,
    .load_partials = load_partials,
    .store_partials = store_partials,
    .multiply_packed = multiply_packed,
    .pack_states = pack_states,
    .round_packed = {[AXPROD_F32] = round_packed_f32, [AXPROD_F64] = round_packed_f64},
    .merge_complex_partials = merge_complex_partials,
    .load_complex_partials = load_complex_partials,
    .store_complex_partials = store_complex_partials,
    .round = {[AXPROD_F16] = round_f16, [AXPROD_BF16] = round_bf16, [AXPROD_F32] = round_f32, [AXPROD_F64] = round_f64},
};
