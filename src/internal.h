/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the library share. A product goes through them in this order:
 *   api.c -> shape.c (validate) -> nest.c (canonicalise) -> plan.c -> run.c (kernels, merge) -> finish.c
 *   -> resolve.c for the few outputs whose rounding the states do not decide.
 */
#ifndef AXP_INTERNAL_H
#define AXP_INTERNAL_H

#include "dtype.h"
#include "kernel/kernel.h"
#include "mem.h"

/* Hands an error on. */
#define AXP_TRY(call)                                                                                                  \
    do {                                                                                                               \
        axprod_status status_ = (call);                                                                                \
        if (status_ != AXPROD_OK)                                                                                      \
            return status_;                                                                                            \
    } while (0)

static inline int64_t axp_min(int64_t a, int64_t b) {
    return a < b ? a : b;
}
static inline int64_t axp_max(int64_t a, int64_t b) {
    return a > b ? a : b;
}
static inline int64_t axp_divide_up(int64_t a, int64_t b) {
    return a / b + (a % b != 0);
}
static inline int64_t axp_round_up(int64_t a, int64_t multiple) {
    return axp_divide_up(a, multiple) * multiple;
}

/* status.c: keeps the sentence for axprod_last_error and returns status. */
axprod_status axp_fail(axprod_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ------------------------------------------------------------------------------------------ shape.c: validation --- */

typedef enum axp_form {
    AXP_FORM_VALUE,
    AXP_FORM_SCALED,
    AXP_FORM_LOG
} axp_form;

#define AXP_MAX_FACTORS (INT64_C(1) << 52)
#define AXP_MAX_THREADS 4096

/* One call as the user made it. */
typedef struct axp_request {
    axp_form form;
    const axprod_tensor *x;
    const int *axes;
    int naxes;
    const axprod_options *options;
    const axprod_tensor *out[2]; /* the second: NULL for AXP_FORM_VALUE */
} axp_request;

/* The bytes that a tensor touches: first .. end, from the address of element (0, 0, ...). Both 0 where it is empty. */
typedef struct axp_extent {
    int64_t first, end;
} axp_extent;

/* What validation found out: reduced is a bit set of axes; strides of outputs are 0 on reduced axes. */
typedef struct axp_geometry {
    int ndim;
    uint64_t reduced;
    int64_t outputs, factors;
    int64_t shape[AXPROD_MAX_NDIM];
    int64_t x_stride[AXPROD_MAX_NDIM];
    int64_t out_stride[2][AXPROD_MAX_NDIM];
    axp_extent x_extent, out_extent[2];
} axp_geometry;

axprod_status axp_validate(const axp_request *request, axp_geometry *geometry);
axprod_status axp_check_pointers(const axp_extent *x_extent, const void *x, const char *name0,
                                 const axp_extent *extent0, const void *out0, const char *name1,
                                 const axp_extent *extent1, const void *out1);
const char *axp_output_name(axp_form form, int which);

/* --------------------------------------------------------------------------------------- nest.c: canonical form --- */

/* The strides, in bytes, that go with one loop: of x, of both outputs, and of an index in C order of the result. */
typedef enum axp_operand {
    AXP_X,
    AXP_OUT,
    AXP_SECOND,
    AXP_INDEX,
    AXP_OPERANDS
} axp_operand;

typedef struct axp_loop {
    int64_t extent;
    int64_t stride[AXP_OPERANDS];
} axp_loop;

/*
 * A tensor as two nests of loops, the innermost first: in order of the size of x's stride, neighbours merged, all
 * strides of x positive or zero. A linear index of a nest counts with the innermost loop fastest. An empty nest is one
 * iteration.
 */
typedef struct axp_nest {
    int kept_count, reduced_count;
    int64_t outputs, factors;
    int64_t origin[AXP_OPERANDS]; /* of the first iteration, from element (0, 0, ...) */
    axp_loop kept[AXPROD_MAX_NDIM];
    axp_loop reduced[AXPROD_MAX_NDIM];
} axp_nest;

void axp_canonicalise(const axp_geometry *geometry, axp_nest *nest);

/* Whether linear indices of the kept nest are indices in C order of the result. */
static inline bool axp_in_index_order(const axp_nest *nest) {
    return nest->kept_count == 0 || (nest->kept_count == 1 && nest->kept[0].stride[AXP_INDEX] == 1);
}

/* offsets[i] = where operand is at linear index first + i, for i in 0 .. n-1, from the first iteration. */
void axp_fill_offsets(const axp_loop *loops, int count, axp_operand operand, int64_t first, int64_t n,
                      int64_t *offsets);

/* ------------------------------------------------------------------------------------------------------- plan.c --- */

typedef enum axp_layout {
    AXP_LAYOUT_EMPTY,  /* no output, or no factor */
    AXP_LAYOUT_COLUMN, /* kept axis contiguous: rows of x are rows of states */
    AXP_LAYOUT_ROW,    /* long runs of contiguous elements that belong to `inner` outputs in turn */
    AXP_LAYOUT_RUNS,   /* runs of elements of one output each: several outputs go together */
    AXP_LAYOUT_SPLIT,  /* a long run that is not contiguous: parts of it go together as RUNS do */
    AXP_LAYOUT_GATHER  /* any strides: elements are copied into rows first */
} axp_layout;

struct axprod_plan {
    axp_form form;
    axprod_dtype x_dtype, out_dtype[2];
    axp_layout layout;
    axp_accumulator accumulator;
    const axp_kernels *kernels;
    int element_bytes;
    int threads;
    bool direct;           /* RUNS, COLUMN: whether a kernel makes the outputs of a tile at once */
    bool in_memory;        /* x comes from memory, or from a third-level cache that others need, too */
    int64_t inner;         /* ROW: outputs that a run of elements belongs to in turn; else 1 */
    int64_t width;         /* ROW, STRIDE, GATHER: states of one group of outputs, before they are collapsed */
    int64_t spread;        /* states of one output among them, a power of two */
    int64_t tile;          /* outputs that are worked on together */
    int64_t tiles;         /* COLUMN: of whole innermost kept loops, or each of a part of one */
    int64_t column_tiles;  /* COLUMN: tiles of one innermost kept loop */
    int64_t parts;         /* the reduced nest in that many ranges */
    int64_t part_factors;  /* of that many iterations each, the last one fewer */
    int64_t capacity;      /* states of one working set */
    int64_t scratch_bytes; /* of one thread's working set */
    double bound;          /* on the error of hi + lo; 0: exact */
    double narrow_bound;   /* the same for narrow folds; 0: they are not worth it here */
    void (*progress)(double fraction, void *context);
    void *progress_context;
    axp_extent x_extent, out_extent[2];
    axp_nest nest;
};

axprod_status axp_plan_init(axprod_plan *plan, const axp_request *request);

/* The error of real states of that many elements of this dtype, which may have been packed: absolute, on hi + lo. */
double axp_error_bound(axprod_dtype dtype, int64_t factors, bool packed);

/* ------------------------------------------------------------------------------------------- topo.c, dispatch.c --- */

typedef struct axp_topology {
    int cores;           /* physical cores that this process may run on, at least 1 */
    int64_t l2_bytes;    /* second-level cache of a core */
    int64_t cache_bytes; /* of second and third level, of these cores together */
} axp_topology;

const axp_topology *axp_topology_get(void);

/* NULL, with the sentence for axprod_last_error, where AXPROD_ISA cannot be obeyed. */
const axp_kernels *axp_kernels_get(void);
/* For functions that cannot fail: the table of axp_kernels_get, or the baseline. */
const axp_kernels *axp_kernels_any(void);

/* ---------------------------------------------------------------------------------------------- run.c, finish.c --- */

/* Where results go: partials of the plan's accumulator, or else the outputs. */
typedef struct axp_sink {
    void *partials;
    char *out[2];
    bool packed; /* partials: axprod_packed_partial */
} axp_sink;

axprod_status axp_run(const axprod_plan *plan, const char *x, const axp_sink *sink);

/* Threads that a call at this place may use: 1 inside a parallel region. */
int axp_default_threads(void);

/* Outputs that are finished at once. */
#define AXP_FINISH_MOST 512

/* What a thread needs to finish so many outputs, or a tile of fewer: room for them and for the doubtful ones. */
typedef struct axp_finish_room {
    char *values;      /* 16 bytes for each state, rounded up to AXP_STATE_PAD */
    int32_t *doubtful; /* two for each: of columns some may be listed twice */
    int64_t *offsets;  /* one for each */
} axp_finish_room;

/* Outputs that the elements are not at hand for, by their index in C order. NULL: the elements are at hand. */
typedef struct axp_unresolved {
    int64_t *indices; /* may be NULL */
    int64_t count;
} axp_unresolved;

/*
 * Rounds states at .. at+n-1 and stores them as outputs first .. first+n-1 (linear indices of the kept nest); at is a
 * multiple of AXP_STATE_PAD. x may be NULL where unresolved is not.
 */
axprod_status axp_finish_states(const axprod_plan *plan, const char *x, int64_t first, axp_states states, int64_t at,
                                int64_t n, double bound, const axp_finish_room *room, const axp_sink *sink,
                                axp_unresolved *unresolved);

/* Where to put the finished values of outputs first .. first+n-1: where they belong if they lie there as they are made,
   else in room->values. */
char *axp_place_values(const axprod_plan *plan, int64_t first, int64_t n, const axp_finish_room *room,
                       const axp_sink *sink);

/* Stores values that are in that place, and resolves the first `doubtful` of room->doubtful. */
axprod_status axp_finish_values(const axprod_plan *plan, const char *x, int64_t first, int64_t n, const char *values,
                                const axp_finish_room *room, int64_t doubtful, const axp_sink *sink);

/* Stores one finished output. bits: as axp_decide gives them. */
void axp_store_output(const axprod_plan *plan, int64_t output, const uint64_t bits[2], const axp_sink *sink);

/* ------------------------------------------------------------------------------------------- round.c, resolve.c --- */

typedef unsigned __int128 axp_uint128;

/* The real number +-(magnitude + something in [0, 1), not 0 where more is set) 2^exponent. */
typedef struct axp_real {
    axp_uint128 magnitude;
    int64_t exponent;
    bool more;
    bool negative;
} axp_real;

/* Rounds to nearest, ties to even; the encoded magnitude, without the sign. */
uint64_t axp_round_real(const axp_real *value, const axp_format *format);

/*
 * An interval that a product is in. For AXP_FORM_LOG and products between about 0.7 and 1.4, ends are those of
 * product - 1, and binade is 0.
 */
typedef struct axp_interval {
    axp_real low, high; /* in order of the product's magnitude */
    int64_t binade;     /* AXP_FORM_LOG: k with product 2^-k in [sqrt(1/2), sqrt(2)), the same for both ends */
    bool split;         /* AXP_FORM_LOG: the ends are in different binades, nothing is decided */
    bool negative;
} axp_interval;

/*
 * The output(s) for a product in that interval, as the bits of their elements; returns whether all of the interval
 * gives these.
 */
bool axp_decide(axp_form form, axprod_dtype dtype, const axp_interval *interval, uint64_t bits[2]);
/* The output(s) for a zero, infinity or NaN. */
void axp_special_output(axp_form form, axprod_dtype dtype, double special, uint64_t bits[2]);

/* Which of [sqrt(1/2), sqrt(2)) 2^k a magnitude is in. magnitude != 0. */
int64_t axp_log_binade(const axp_real *value);
/* ln of (1 + f) 2^k: f exact in fh + fl, |f| < 0.42, |fl| at most half an ulp of fh. */
double axp_log(int64_t k, double fh, double fl);

/* The linear index in the kept nest of an index in C order. */
int64_t axp_output_of_index(const axp_nest *nest, int64_t index);

/* Multiplies the elements of one output again, in as many words as its rounding needs. */
axprod_status axp_resolve(const axprod_plan *plan, const char *x, int64_t output, uint64_t bits[2]);

#endif
