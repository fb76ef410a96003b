/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * axprod: the product of the elements of a tensor along axes, correctly rounded.
 *
 * For real numbers and integers the result is the exact product, rounded once. It never over- or underflows on the
 * way, and it has the same bits for any number of threads, any memory layout and any instruction set.
 *
 * Numerical contract. For one output let X be the elements reduced into it and P their exact product.
 *   Real floating-point dtypes and integers into a floating-point result, in this order:
 *     any NaN in X: the positive quiet NaN with zero payload;   an infinity and a zero in X: the same NaN;
 *     an infinity in X: infinity, negative where the number of negative elements (-0 counts as negative) is odd;
 *     a zero in X: zero, its sign likewise;
 *     else P rounded once to the result dtype, to nearest, ties to even; subnormal results are rounded once, at their
 *     final exponent, and infinity results only where P itself overflows.
 *   Integer results: P modulo 2^bits of the result dtype, two's complement. bool elements count as 0 and 1 (any
 *   nonzero byte is 1).
 *   Complex results: no over- or underflow on the way; |computed - P| <= (u + 2^-99 K) |P| for K elements, hence at
 *   most (1 + 2^-20) u |P| up to K = 2^26, with u = 2^-24 (c64) or 2^-53 (c128), plus half the smallest subnormal for
 *   each component that is subnormal. A NaN or infinite component in X makes the result NaN + NaN i, else a zero
 *   element makes it +0 + 0 i. The same bits for any number of threads; layouts and instruction sets may differ in
 *   the last bit.
 *   Empty product: 1.
 * One output may have at most 2^52 elements.
 *
 * The caller's floating-point environment (rounding mode, flush-to-zero, exception flags) neither matters nor
 * changes. Every function may be called from any number of threads at once. Nothing is ever written outside the
 * output tensors, and axprod keeps no pointer to memory of the caller after a call returns.
 *
 * A call that fails returns the status that names the cause, leaves a sentence in axprod_last_error(), and has not
 * written to any output. One exception: an output whose product is closer to the middle between two results than
 * 2^-4000 of itself, without being in the middle, needs memory to be resolved; if there is none then, NO_MEMORY is
 * returned with part of the outputs written.
 */
#ifndef AXPROD_H
#define AXPROD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && defined(AXPROD_BUILDING)
#define AXPROD_API __attribute__((visibility("default")))
#else
#define AXPROD_API
#endif

#define AXPROD_VERSION_MAJOR 0
#define AXPROD_VERSION_MINOR 1
#define AXPROD_VERSION_PATCH 0

/* Most dimensions of a tensor. */
#define AXPROD_MAX_NDIM 64

/* "major.minor.patch" of the library in use. Static storage. */
AXPROD_API const char *axprod_version(void);

/* ---------------------------------------------------------------------------------------------- element types --- */

/* X(enumerator, name, bytes, C type of the same layout). The list may be expanded by users, too. */
#define AXPROD_DTYPE_LIST(X)                                                                                           \
    X(I8, i8, 1, int8_t)                                                                                               \
    X(I16, i16, 2, int16_t)                                                                                            \
    X(I32, i32, 4, int32_t)                                                                                            \
    X(I64, i64, 8, int64_t)                                                                                            \
    X(U8, u8, 1, uint8_t)                                                                                              \
    X(U16, u16, 2, uint16_t)                                                                                           \
    X(U32, u32, 4, uint32_t)                                                                                           \
    X(U64, u64, 8, uint64_t)                                                                                           \
    X(F16, f16, 2, uint16_t)                                                                                           \
    X(BF16, bf16, 2, uint16_t)                                                                                         \
    X(F32, f32, 4, float)                                                                                              \
    X(F64, f64, 8, double)                                                                                             \
    X(C64, c64, 8, axprod_complex64)                                                                                   \
    X(C128, c128, 16, axprod_complex128)                                                                               \
    X(BOOL, bool, 1, uint8_t)

/* Real and imaginary part; the layout of C's and Fortran's complex numbers. */
typedef struct axprod_complex64 {
    float re, im;
} axprod_complex64;
typedef struct axprod_complex128 {
    double re, im;
} axprod_complex128;

/*
 * AXPROD_I8 ... AXPROD_BOOL: signed and unsigned integers, IEEE 754 binary16 (f16), bfloat16 (bf16: the upper half of
 * a binary32), binary32, binary64, complex of two binary32 or binary64, and bool of one byte. Zero is no dtype, so a
 * tensor that was only cleared is refused.
 */
typedef enum axprod_dtype {
    AXPROD_DTYPE_NONE = 0,
#define AXPROD_X(NAME, name, bytes, type) AXPROD_##NAME,
    AXPROD_DTYPE_LIST(AXPROD_X)
#undef AXPROD_X
} axprod_dtype;

/* "f64"; "none" for a value that is no dtype. Static storage. */
AXPROD_API const char *axprod_dtype_name(axprod_dtype dtype);

/* The dtype of that name; AXPROD_DTYPE_NONE where there is none, or name is NULL. */
AXPROD_API axprod_dtype axprod_dtype_from_name(const char *name);

/* Bytes of one element; 0 for a value that is no dtype. */
AXPROD_API size_t axprod_dtype_size(axprod_dtype dtype);

/* The result dtype that users of tensor libraries expect by default: the input's own; i64 for bool. */
AXPROD_API axprod_dtype axprod_result_dtype(axprod_dtype x);

/* ----------------------------------------------------------------------------------------------------- statuses --- */

/* X(enumerator, value, what it means). Values never change. */
#define AXPROD_STATUS_LIST(X)                                                                                          \
    X(OK, 0, "success")                                                                                                \
    X(ERROR_NULL, 1, "a pointer that is needed is NULL")                                                               \
    X(ERROR_DTYPE, 2, "a dtype is unknown")                                                                            \
    X(ERROR_NDIM, 3, "a number of dimensions is out of range")                                                         \
    X(ERROR_SHAPE, 4, "an extent is negative, or a size or stride overflows")                                          \
    X(ERROR_AXIS, 5, "an axis is out of range or repeated")                                                            \
    X(ERROR_OUT_SHAPE, 6, "an output has neither the reduced nor the keepdims shape")                                  \
    X(ERROR_OUT_DTYPE, 7, "an output has a dtype that the input's product cannot be stored in")                        \
    X(ERROR_OVERLAP, 8, "an output overlaps the input, another output or itself")                                      \
    X(ERROR_OPTIONS, 9, "an option is out of range, or the options' size is unknown")                                  \
    X(ERROR_NO_MEMORY, 10, "memory could not be allocated")                                                            \
    X(ERROR_ISA, 11, "AXPROD_ISA names an instruction set that is unknown or absent here")                             \
    X(ERROR_UNSUPPORTED, 12, "this plan does not have that operation")                                                 \
    X(ERROR_COUNT, 13, "a count, index or number of words is out of range")                                            \
    X(UNRESOLVED, 14, "the partials do not decide the rounding of some outputs")                                       \
    X(ERROR_TILING, 15, "the boxes of all ranks have gaps or overlaps (axprod_mpi.h, as all below)")                   \
    X(ERROR_DIFFER, 16, "arguments differ between ranks")                                                              \
    X(ERROR_COMM, 17, "a communicator is null or has two groups")                                                      \
    X(ERROR_MPI, 18, "MPI is not running, or a function of it failed")

typedef enum axprod_status {
#define AXPROD_X(NAME, value, text) AXPROD_##NAME = value,
    AXPROD_STATUS_LIST(AXPROD_X)
#undef AXPROD_X
} axprod_status;

/* "AXPROD_ERROR_AXIS"; "unknown status" for another value. Static storage. */
AXPROD_API const char *axprod_status_name(axprod_status status);

/*
 * What was wrong in the last call of this thread that failed, as a sentence that names the argument: "axis 3 is out of
 * range for a tensor of 2 dimensions (-2..1)". Empty if none has failed yet. The text belongs to the calling thread
 * and is valid until its next call fails. Calls that succeed leave it alone.
 */
AXPROD_API const char *axprod_last_error(void);

/*
 * For libraries built on this one, which report their errors in the same place: from now on axprod_last_error() of the
 * calling thread is this sentence (copied, and cut at 255 bytes; NULL does nothing).
 */
AXPROD_API void axprod_set_last_error(const char *sentence);

/* ------------------------------------------------------------------------------------------------------ tensors --- */

/*
 * A view of memory that the caller owns. Element (i0, i1, ...) lies at (char *)data + i0 strides[0] + i1 strides[1] +
 * ...: strides are in bytes and may be negative, zero (outputs: only where the extent is 1) or no multiple of the
 * element's size. strides == NULL means C order without gaps. shape may be NULL where ndim is 0, data where the tensor
 * has no element. Elements need no alignment.
 */
typedef struct axprod_tensor {
    void *data;
    axprod_dtype dtype;
    int ndim;             /* 0 .. AXPROD_MAX_NDIM */
    const int64_t *shape; /* ndim extents >= 0 */
    const int64_t *strides;
} axprod_tensor;

/*
 * axes (all functions): naxes axes to multiply along, each in -ndim .. ndim-1, where negative ones count from the end;
 * none twice. NULL: all axes. naxes == 0 and not NULL: none, the elements are converted to the result dtype.
 *
 * out (all functions): its shape is that of x without the reduced axes, or with them at extent 1 (keepdims); which of
 * the two its ndim says. It must not overlap x in memory: that is decided by the first and last byte of each tensor, so
 * the interleaved halves of one array count as overlapping. Nor may it overlap itself: sorted by size, each stride has
 * to be at least what the elements inside it span. Its dtype is one that x can be reduced into:
 *   x real floating point: f16, bf16, f32, f64;
 *   x integer or bool:     any integer (modulo 2^bits), or f16, bf16, f32, f64 (rounded once);
 *   x complex:             c64, c128.
 */

/*
 * The shape of a result. out_shape: room for ndim extents; out_ndim: their number. With keepdims reduced axes stay,
 * with extent 1.
 * Errors: NULL, NDIM, SHAPE (an extent is negative), AXIS.
 */
AXPROD_API axprod_status axprod_result_shape(int ndim, const int64_t *shape, const int *axes, int naxes, bool keepdims,
                                             int *out_ndim, int64_t *out_shape);

/* ------------------------------------------------------------------------------------------------------ options --- */

/*
 * Options of a call or plan. Initialise with AXPROD_OPTIONS_INIT, then set what matters; a NULL pointer means the same
 * as the initial values.
 */
typedef struct axprod_options {
    size_t size; /* of this struct, as the caller was compiled with it */
    /*
     * Threads to use. 0: as many as are useful, at most the cores that this process may run on and at most
     * omp_get_max_threads(); one where the call is made inside a parallel region. A positive number, up to 4096, is
     * taken as it is, as far as there is work for so many.
     */
    int num_threads;
    /*
     * Called now and then while a large tensor is read, only on the thread that made the call, with the fraction
     * that is done (0..1, never decreasing), the last time with 1. It runs in the default floating-point
     * environment. NULL: none.
     */
    void (*progress)(double fraction, void *context);
    void *progress_context;
} axprod_options;

#define AXPROD_OPTIONS_INIT                                                                                            \
    { sizeof(axprod_options), 0, NULL, NULL }

/* -------------------------------------------------------------------------------------------- products, at once --- */

/*
 * out = the product of x along axes.
 *
 * Working memory: small calls allocate nothing; others at most about 1.5 MiB for each thread, never in proportion to x
 * (complex: 1 MiB for each thread and 8 MiB).
 * Errors: NULL (x, out, or data of a tensor that has elements), DTYPE, NDIM, SHAPE, AXIS, OUT_SHAPE, OUT_DTYPE,
 * OVERLAP, OPTIONS, NO_MEMORY, ISA.
 * Method: products of elements with their rounding errors (T. Ogita, S. M. Rump, S. Oishi, "Accurate sum and dot
 * product", SIAM J. Sci. Comput. 26(6), 2005; S. Graillat, "Accurate floating-point product and exponentiation", IEEE
 * Trans. Comput. 58(7), 2009), the exponent apart, then rounding with a test (A. Ziv, ACM TOMS 17(3), 1991); the few
 * outputs that fail the test are multiplied again in integers of growing length until their rounding is decided.
 */
AXPROD_API axprod_status axprod_prod(const axprod_tensor *x, const int *axes, int naxes, const axprod_options *options,
                                     const axprod_tensor *out);

/*
 * The product as P = m 2^e with a significand m, 0.5 <= |m| < 1 (as C's frexp), correctly rounded, and an exponent e:
 * range has no end. IEEE 754 names the operation scaledProd.
 * significand: f64; exponent: i64; both of the result's shape. Zero is (+-0, 0), infinity (+-inf, 0), NaN (NaN, 0).
 * x: any dtype but complex. Errors: as axprod_prod.
 */
AXPROD_API axprod_status axprod_scaled_prod(const axprod_tensor *x, const int *axes, int naxes,
                                            const axprod_options *options, const axprod_tensor *significand,
                                            const axprod_tensor *exponent);

/*
 * The product as its sign (-1, 0 or +1; NaN for NaN) and the natural logarithm of its magnitude: within 2 ulp, also
 * where P is close to 1, and with the same bits everywhere. ln 0 is -inf, ln inf is inf.
 * sign: f64; logabs: f64; both of the result's shape. x: any dtype but complex. Errors: as axprod_prod.
 */
AXPROD_API axprod_status axprod_log_prod(const axprod_tensor *x, const int *axes, int naxes,
                                         const axprod_options *options, const axprod_tensor *sign,
                                         const axprod_tensor *logabs);

/* -------------------------------------------------------------------------------------------------------- plans --- */

/*
 * A product prepared once and executed often: dtypes, shapes, strides, axes and options are fixed, addresses are not.
 * A plan never changes after its creation: many threads may execute one at once, on different outputs.
 */
typedef struct axprod_plan axprod_plan;

/*
 * Creates a plan: for axprod_prod, axprod_scaled_prod or axprod_log_prod with the same arguments. data of the tensors
 * is not looked at and may be NULL. *plan is set to NULL before anything else, and belongs to the caller, who gives
 * it to axprod_plan_destroy.
 * Errors: as the function of that name without OVERLAP with x; NULL also for plan.
 */
AXPROD_API axprod_status axprod_plan_create(axprod_plan **plan, const axprod_tensor *x, const int *axes, int naxes,
                                            const axprod_options *options, const axprod_tensor *out);
AXPROD_API axprod_status axprod_plan_create_scaled(axprod_plan **plan, const axprod_tensor *x, const int *axes,
                                                   int naxes, const axprod_options *options,
                                                   const axprod_tensor *significand, const axprod_tensor *exponent);
AXPROD_API axprod_status axprod_plan_create_log(axprod_plan **plan, const axprod_tensor *x, const int *axes, int naxes,
                                                const axprod_options *options, const axprod_tensor *sign,
                                                const axprod_tensor *logabs);

/*
 * Executes a plan on the tensors at these addresses (of element (0, 0, ...), as axprod_tensor.data).
 * axprod_plan_execute is for plans with one output, axprod_plan_execute_pair for those with two, in the order of
 * their creation. Errors: NULL, OVERLAP, NO_MEMORY, ISA, UNSUPPORTED (a plan of the other kind).
 */
AXPROD_API axprod_status axprod_plan_execute(const axprod_plan *plan, const void *x, void *out);
AXPROD_API axprod_status axprod_plan_execute_pair(const axprod_plan *plan, const void *x, void *first, void *second);

/* How many elements the plan's result has, and how many elements of x are multiplied into each. 0 for NULL. */
AXPROD_API int64_t axprod_plan_outputs(const axprod_plan *plan);
AXPROD_API int64_t axprod_plan_factors(const axprod_plan *plan);

/*
 * Writes a line about the plan for logs and bug reports (dtypes, loops, layout, instruction set, threads, tiles), as
 * snprintf: at most size bytes with the terminating zero, and returns the length of the whole line. text may be NULL
 * where size is 0. The wording may change.
 */
AXPROD_API int axprod_plan_describe(const axprod_plan *plan, char *text, size_t size);

/* Frees a plan; NULL does nothing. The plan must not be executing. */
AXPROD_API void axprod_plan_destroy(axprod_plan *plan);

/* --------------------------------------------------------------------------------------------- partial products --- */

/*
 * A running product of real numbers: (hi + lo) 2^exponent with 1 <= |hi| < 2 and hi the double nearest to hi + lo.
 * Zeros, infinities and NaN are in hi, with lo and exponent zero. The identity is {1, 0, 0}. A plain value: 24 bytes
 * without padding, to be sent, stored and merged by any transport.
 *
 * The product of a tensor that is in several places: partials of each piece, merge, then finish; the result has the
 * bits that one call on the whole tensor gives. Plans for integer results have no partials (multiply them modulo
 * 2^bits) and plans for complex results have partials of their own, below: both give UNSUPPORTED here.
 */
typedef struct axprod_partial {
    double hi, lo;
    int64_t exponent;
} axprod_partial;

#define AXPROD_PARTIAL_IDENTITY                                                                                        \
    { 1.0, 0.0, 0 }

/*
 * partials[i], i in C order of the result, = the product of the elements of x that belong to output i.
 * partials: axprod_plan_outputs(plan) of them. Errors: NULL, OVERLAP, NO_MEMORY, ISA, UNSUPPORTED.
 */
AXPROD_API axprod_status axprod_plan_partials(const axprod_plan *plan, const void *x, axprod_partial *partials);

/*
 * inout[i] = in[i] * inout[i]. Commutative to the last bit: merging b into a and a into b give the same bytes. Not
 * associative in the last bits, which finish accounts for: a partial of n elements may come from at most n merges with
 * partials other than the identity. in and inout are count partials each and do not overlap; NULL or count <= 0 does
 * nothing. in must be valid partials.
 */
AXPROD_API void axprod_partial_merge(const axprod_partial *in, axprod_partial *inout, int64_t count);

/*
 * Finishes partials (as axprod_plan_partials orders them) into the plan's output, or outputs (second: NULL for plans
 * with one). factors: how many elements were multiplied into each partial in all pieces together; it sets the error
 * bound, so it must not be too small.
 * Where that bound does not decide the rounding, the output is written with a candidate (at most one unit in the last
 * place off; a logarithm near zero may be further off), and its index is appended to unresolved (room for all outputs;
 * NULL: not wanted) in increasing order; their number goes to *num_unresolved (NULL: not wanted), and the status is
 * UNRESOLVED. Those outputs are to be finished from wide partials, below. partials and unresolved must not overlap
 * the outputs. Errors: NULL, COUNT (factors negative or over 2^52), OVERLAP (of the outputs), UNSUPPORTED.
 */
AXPROD_API axprod_status axprod_plan_finish(const axprod_plan *plan, const axprod_partial *partials, int64_t factors,
                                            void *out, void *second, int64_t *unresolved, int64_t *num_unresolved);

/*
 * Wide partials: running products as integers of up to `words` words of 64 bits, exact while the product of the odd
 * parts of the elements fits, and truncated with a known error afterwards. A product of doubles fits for certain where
 * words >= factors; with fewer than 4 words a product that does not fit is never decided. An array of count wide
 * partials is count * axprod_wide_bytes(words) bytes, with the alignment of int64_t, without pointers: to be sent,
 * stored and merged between machines of the same byte order.
 */

/* Bytes of one wide partial; 0 where words is out of range (1 .. AXPROD_MAX_WORDS). */
#define AXPROD_MAX_WORDS (INT64_C(1) << 40)
AXPROD_API int64_t axprod_wide_bytes(int64_t words);

/*
 * wide[i] = the product of the elements of x that belong to output outputs[i] (an index in C order of the result), for
 * i in 0 .. count-1. Errors: NULL, COUNT (an index or words out of range), OVERLAP, NO_MEMORY, ISA, UNSUPPORTED.
 */
AXPROD_API axprod_status axprod_plan_wide_partials(const axprod_plan *plan, const void *x, const int64_t *outputs,
                                                   int64_t count, int64_t words, void *wide);

/*
 * inout[i] = in[i] * inout[i], for count wide partials of the same words. Commutative to the last bit.
 * Errors: NULL, COUNT, NO_MEMORY.
 */
AXPROD_API axprod_status axprod_wide_merge(const void *in, void *inout, int64_t count, int64_t words);

/*
 * Finishes wide partials, of which the i-th belongs to output outputs[i], into the plan's output(s); other outputs
 * are not touched. Outputs whose rounding is still undecided are written with a candidate and reported as
 * axprod_plan_finish does, in the order of outputs; repeat those with more words. Errors: as axprod_plan_finish, COUNT
 * for an index, and NO_MEMORY.
 */
AXPROD_API axprod_status axprod_plan_finish_wide(const axprod_plan *plan, const void *wide, int64_t words,
                                                 const int64_t *outputs, int64_t count, void *out, void *second,
                                                 int64_t *unresolved, int64_t *num_unresolved);

/*
 * A running product of complex numbers: ((re.hi + re.lo) + (im.hi + im.lo) i) 2^exponent, where the larger of |re.hi|
 * and |im.hi| is in [1, 2) and each lo is below 2^-52. Zero has all five words zero, NaN the NaN of the contract in
 * both hi and else zeros. The identity is 1. A plain value, too: 40 bytes without padding.
 *
 * The product of a tensor in pieces has the error bound of the contract, for K the elements of all pieces together.
 * Pieces and the order of merges may show in the last bits, as layouts do: there is no test of the rounding, nothing
 * is unresolved, and there are no wide partials.
 */
typedef struct axprod_complex_partial {
    struct {
        double hi, lo;
    } re, im;
    int64_t exponent;
} axprod_complex_partial;

#define AXPROD_COMPLEX_PARTIAL_IDENTITY                                                                                \
    { {1.0, 0.0}, {0.0, 0.0}, 0 }

/* As axprod_plan_partials, for plans of complex results; others give UNSUPPORTED. Errors: likewise. */
AXPROD_API axprod_status axprod_plan_complex_partials(const axprod_plan *plan, const void *x,
                                                      axprod_complex_partial *partials);

/* As axprod_partial_merge, commutative to the last bit as well. */
AXPROD_API void axprod_complex_partial_merge(const axprod_complex_partial *in, axprod_complex_partial *inout,
                                             int64_t count);

/*
 * Finishes partials (as axprod_plan_complex_partials orders them) into the plan's output, which they must not overlap.
 * Errors: NULL, OVERLAP (of the output), UNSUPPORTED.
 */
AXPROD_API axprod_status axprod_plan_complex_finish(const axprod_plan *plan, const axprod_complex_partial *partials,
                                                    void *out);

/*
 * The physical cores that this process may run on, at least 1, and the threads that a call with num_threads == 0 made
 * here would use at most: as many, but at most omp_get_max_threads(), and 1 inside a parallel region. For programs and
 * libraries that share a machine among several processes.
 */
AXPROD_API int axprod_usable_cores(void);
AXPROD_API int axprod_usable_threads(void);

/* The instruction set in use: "x86_64_v2", "avx2", "avx512" or "neon"; NULL where AXPROD_ISA asks for the impossible.
 */
AXPROD_API const char *axprod_isa(void);

#ifdef __cplusplus
}
#endif

#endif
