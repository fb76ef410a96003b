/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * axprod: the product of the elements of a tensor along axes, correctly rounded.
 *
 * For real numbers and integers the result is the exact product, rounded once. It never over- or underflows on the
 * way, and it has the same bits for any number of threads, any memory layout and any instruction set.
 *
 * @code
 * double x[3][2] = {{1e300, 0.1}, {1e300, 0.2}, {1e-300, 0.3}}, y[2]; // 3 rows, 2 columns
 * const axprod_tensor in = {x, AXPROD_F64, 2, (int64_t[]){3, 2}, NULL};
 * const axprod_tensor out = {y, AXPROD_F64, 1, (int64_t[]){2}, NULL};
 * if (axprod_prod(&in, (int[]){0}, 1, NULL, &out) != AXPROD_OK) // along axis 0: one product for each column
 *     fprintf(stderr, "%s\n", axprod_last_error());
 * printf("%g %g\n", y[0], y[1]); // 1e+300 0.006
 * @endcode
 *
 * Numerical contract. For one output let X be the elements reduced into it and P their exact product.
 *
 * Real floating-point dtypes, and integers into a floating-point result, in this order:
 * - any NaN in X: the positive quiet NaN with zero payload;
 * - an infinity and a zero in X: the same NaN;
 * - an infinity in X: infinity, negative where the number of negative elements (-0 counts as negative) is odd;
 * - a zero in X: zero, its sign likewise;
 * - else P rounded once to the result dtype, to nearest, ties to even; subnormal results are rounded once, at their
 *   final exponent, and infinity results only where P itself overflows.
 *
 * Integer results: P modulo 2^bits of the result dtype, two's complement. bool elements count as 0 and 1 (any nonzero
 * byte is 1).
 *
 * Complex results: no over- or underflow on the way; |computed - P| <= (u + 2^-99 K) |P| for K elements, hence at most
 * (1 + 2^-20) u |P| up to K = 2^26, with u = 2^-24 (c64) or 2^-53 (c128), plus half the smallest subnormal for each
 * component that is subnormal. A NaN or infinite component in X makes the result NaN + NaN i, else a zero element makes
 * it +0 + 0 i. The same bits for any number of threads; layouts and instruction sets may differ in the last bit.
 *
 * Empty product: 1. One output may have at most 2^52 elements.
 *
 * The caller's floating-point environment (rounding mode, flush-to-zero, exception flags) neither matters nor changes.
 * Every function may be called from any number of threads at once. Nothing is ever written outside the output tensors,
 * and axprod keeps no pointer to memory of the caller after a call returns, but for options.progress of a plan.
 *
 * Working memory: 64 KiB of stack. On the heap a plan takes 8 KiB; one thread for less than 300 elements nothing; any
 * other call at most a second-level cache (that of a core, or 512 KiB where that is less) for each thread and 24 bytes
 * for each output while it runs, never in proportion to x. An output whose product is closer than 2^-b of itself, b >
 * 3800, to the middle between two results (for a logarithm also: to 1) without being there takes b + 512 bytes more
 * while it is resolved. Not counted is what the OpenMP runtime keeps for its threads.
 *
 * A call that fails returns the status that names the cause, leaves a sentence in axprod_last_error(), and has not
 * written to any output. One exception: where memory lacks for an output so close to a middle, NO_MEMORY is returned
 * with part of the outputs written. Below, errors are listed by the ends of their names: NULL stands for
 * AXPROD_ERROR_NULL. A pointer may be NULL only where that is said.
 */
#ifndef AXPROD_H
#define AXPROD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Marks what the libraries export. */
#if defined(__GNUC__) && defined(AXPROD_BUILDING)
#define AXPROD_API __attribute__((visibility("default")))
#else
#define AXPROD_API
#endif

#define AXPROD_VERSION_MAJOR 0 /**< of this header; axprod_version() is that of the library */
#define AXPROD_VERSION_MINOR 1 /**< likewise */
#define AXPROD_VERSION_PATCH 0 /**< likewise */

/** Most dimensions of a tensor. */
#define AXPROD_MAX_NDIM 64

/** @return "major.minor.patch" of the library in use. Static storage. */
AXPROD_API const char *axprod_version(void);

/* ---------------------------------------------------------------------------------------------- element types --- */

/** X(enumerator, name, bytes, C type of the same layout), for all dtypes. Users may expand the list, too. */
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

/** An element of dtype c64; the layout of C's and Fortran's complex numbers. */
typedef struct axprod_complex64 {
    float re; /**< real part */
    float im; /**< imaginary part */
} axprod_complex64;

/** An element of dtype c128, likewise. */
typedef struct axprod_complex128 {
    double re; /**< real part */
    double im; /**< imaginary part */
} axprod_complex128;

#define AXPROD_X(NAME, name, bytes, type) AXPROD_##NAME,

/**
 * The type of a tensor's elements.
 *
 * AXPROD_I8 ... AXPROD_BOOL: signed and unsigned integers, IEEE 754 binary16 (f16), bfloat16 (bf16: the upper half of
 * a binary32), binary32, binary64, complex of two binary32 or binary64, and bool of one byte. Zero is no dtype, so a
 * tensor that was only cleared is refused.
 */
typedef enum axprod_dtype {
    AXPROD_DTYPE_NONE = 0,
    AXPROD_DTYPE_LIST(AXPROD_X)
} axprod_dtype;
#undef AXPROD_X

/**
 * @param dtype  any value
 * @return Its name, such as "f64"; "none" for a value that is no dtype. Static storage.
 */
AXPROD_API const char *axprod_dtype_name(axprod_dtype dtype);

/**
 * @param name  such as "f64", or NULL
 * @return The dtype of that name; AXPROD_DTYPE_NONE where there is none.
 */
AXPROD_API axprod_dtype axprod_dtype_from_name(const char *name);

/**
 * @param dtype  any value
 * @return Bytes of one element; 0 for a value that is no dtype.
 */
AXPROD_API size_t axprod_dtype_size(axprod_dtype dtype);

/**
 * The result dtype that users of tensor libraries expect by default. Any other one that the input can be reduced into
 * is asked for by the dtype of the output.
 *
 * @param x  the dtype of the input; any value
 * @return The same; i64 for bool; AXPROD_DTYPE_NONE for a value that is no dtype.
 */
AXPROD_API axprod_dtype axprod_result_dtype(axprod_dtype x);

/* ----------------------------------------------------------------------------------------------------- statuses --- */

/** X(enumerator, value, what it means), for all statuses. Values never change. */
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
    X(ERROR_ISA, 11, "no kernels: AXPROD_ISA is unknown or absent here, or the processor is too old")                  \
    X(ERROR_UNSUPPORTED, 12, "this plan does not have that operation")                                                 \
    X(ERROR_COUNT, 13, "a count, index or number of words is out of range")                                            \
    X(UNRESOLVED, 14, "the partials do not decide the rounding of some outputs")                                       \
    X(ERROR_TILING, 15, "the boxes of all ranks have gaps or overlaps (axprod_mpi.h, as all below)")                   \
    X(ERROR_DIFFER, 16, "arguments differ between ranks")                                                              \
    X(ERROR_COMM, 17, "a communicator is null or has two groups")                                                      \
    X(ERROR_MPI, 18, "MPI is not running, or a function of it failed")

#define AXPROD_X(NAME, value, text) AXPROD_##NAME = value,

/**
 * What a call says of how it went. After any but AXPROD_OK, axprod_last_error() names the argument and what is wrong
 * with it, so that the sentence is what to print. Who returns them, and what to do:
 * - OK: all functions.
 * - ERROR_NULL, ERROR_DTYPE, ERROR_NDIM, ERROR_SHAPE, ERROR_AXIS, ERROR_OUT_SHAPE, ERROR_OUT_DTYPE, ERROR_OPTIONS:
 *   products, and the creation of plans; axprod_result_shape() those of its arguments. ERROR_NULL also all that is done
 *   with a plan. Mend the call; axprod_result_shape() tells what an output has to be like.
 * - ERROR_OVERLAP: what writes to outputs. Give outputs memory of their own.
 * - ERROR_NO_MEMORY: whatever allocates. Free some, or ask for fewer threads.
 * - ERROR_ISA: products, and the creation of plans. Unset AXPROD_ISA, or name an instruction set of this machine.
 * - ERROR_UNSUPPORTED: functions that are for plans of another kind. Use the one for this kind, if there is one.
 * - ERROR_COUNT: functions of partials, of boxes, and of plans over MPI. Mend the number.
 * - UNRESOLVED: axprod_plan_finish(), axprod_plan_finish_packed() and axprod_plan_finish_wide() alone, and no failure:
 *   all outputs are written, and those listed are to be finished again with wide partials.
 * - ERROR_TILING, ERROR_DIFFER, ERROR_COMM, ERROR_MPI: functions of axprod_mpi.h alone. Let the boxes tile the tensor;
 *   give all ranks the same arguments; pass an intra-communicator; call while MPI runs.
 */
typedef enum axprod_status {
    AXPROD_STATUS_LIST(AXPROD_X)
} axprod_status;
#undef AXPROD_X

/**
 * @param status  any value
 * @return Its name, such as "AXPROD_ERROR_AXIS"; "unknown status" for a value that is none. Static storage.
 */
AXPROD_API const char *axprod_status_name(axprod_status status);

/**
 * What was wrong in the last call of this thread that failed.
 *
 * @return A sentence that names the argument: "axis 3 is out of range for a tensor of 2 dimensions (-2..1)"; "" if none
 * has failed yet. The text belongs to the calling thread and is valid until its next call fails. Calls that succeed
 * leave it alone.
 */
AXPROD_API const char *axprod_last_error(void);

/**
 * For libraries built on this one, which report their errors in the same place: sets axprod_last_error() of the calling
 * thread.
 *
 * @param sentence  copied, and cut at 255 bytes; NULL does nothing
 */
AXPROD_API void axprod_set_last_error(const char *sentence);

/* ------------------------------------------------------------------------------------------------------ tensors --- */

/**
 * A view of memory that the caller owns, data, shape and strides alike; a call needs them until it returns. Element
 * (i0, i1, ...) lies at (char *)data + i0 strides[0] + i1 strides[1] + ... Elements need no alignment. Of inputs the
 * data are only read.
 */
typedef struct axprod_tensor {
    void *data;           /**< of element (0, 0, ...); may be NULL where the tensor has no element */
    axprod_dtype dtype;   /**< of the elements */
    int ndim;             /**< number of dimensions, 0 .. AXPROD_MAX_NDIM */
    const int64_t *shape; /**< ndim extents >= 0, in elements; may be NULL where ndim is 0 */
    /**
     * ndim strides in bytes: also negative, zero (outputs: only where the extent is 1) or no multiple of the element's
     * size. NULL: C order without gaps. Where elements of x lie two of their sizes apart, what is between two of them
     * may be read, too, and does not matter.
     */
    const int64_t *strides;
} axprod_tensor;

/**
 * The shape of a result.
 *
 * @param ndim       dimensions of the tensor, 0 .. AXPROD_MAX_NDIM
 * @param shape      its ndim extents; may be NULL where ndim is 0
 * @param axes,naxes as in axprod_prod()
 * @param keepdims   the reduced axes stay, with extent 1
 * @param out_ndim   how many dimensions the result has
 * @param out_shape  its extents; room for ndim of them; may be NULL where ndim is 0
 * @return OK; NULL, NDIM, SHAPE (an extent is negative), AXIS.
 */
AXPROD_API axprod_status axprod_result_shape(int ndim, const int64_t *shape, const int *axes, int naxes, bool keepdims,
                                             int *out_ndim, int64_t *out_shape);

/* ------------------------------------------------------------------------------------------------------ options --- */

/**
 * Options of a call or plan. Initialise with AXPROD_OPTIONS_INIT, then set what matters. They are copied: a plan does
 * not need them any more.
 */
typedef struct axprod_options {
    size_t size; /**< of this struct, as the caller was compiled with it */
    /**
     * Threads to use. 0: as many as are useful, at most the cores that this process may run on and at most
     * omp_get_max_threads(); one where the call is made inside a parallel region. A positive number, up to 4096, is
     * taken as it is, as far as there is work for so many.
     */
    int num_threads;
    /**
     * Called now and then while a large tensor is read, only on the thread that made the call, with the fraction that
     * is done (0..1, never decreasing), the last time with 1, and with progress_context. It must not call
     * longjmp() or throw; which floating-point environment it finds is not promised. NULL: none.
     */
    void (*progress)(double fraction, void *context);
    void *progress_context; /**< for progress alone; may be NULL */
} axprod_options;

/** The initial values of axprod_options: as many threads as are useful, no progress. options == NULL means the same. */
#define AXPROD_OPTIONS_INIT                                                                                            \
    { sizeof(axprod_options), 0, NULL, NULL }

/* -------------------------------------------------------------------------------------------- products, at once --- */

/**
 * out = the product of x along axes.
 *
 * Method: products of elements with their rounding errors (T. Ogita, S. M. Rump, S. Oishi, "Accurate sum and dot
 * product", SIAM J. Sci. Comput. 26(6), 2005; S. Graillat, "Accurate floating-point product and exponentiation", IEEE
 * Trans. Comput. 58(7), 2009), the exponent apart, then rounding with a test (A. Ziv, ACM TOMS 17(3), 1991); the few
 * outputs that fail the test are multiplied again in integers of growing length until their rounding is decided.
 *
 * @param x          the input, of any dtype
 * @param axes,naxes naxes axes to multiply along, each in -ndim .. ndim-1, where negative ones count from the end; none
 *                   twice. NULL: all axes, whatever naxes is. naxes == 0 and axes not NULL: none; the elements are
 *                   converted to the result dtype.
 * @param options    NULL: as AXPROD_OPTIONS_INIT
 * @param out        of the shape of x without the reduced axes, or with them at extent 1 (keepdims); which of the two
 *                   its ndim says. It must not overlap x in memory: that is decided by the first and last byte of each
 *                   tensor, so the interleaved halves of one array count as overlapping. Nor may it overlap itself:
 *                   sorted by size, each stride has to be at least what the elements inside it span. Its dtype: f16,
 *                   bf16, f32 or f64 where x is real floating point; any integer (modulo 2^bits) or f16, bf16, f32 or
 *                   f64 (rounded once) where x is integer or bool; c64 or c128 where x is complex.
 * @return OK; NULL (x, out, or data of a tensor that has elements), DTYPE, NDIM, SHAPE (an extent is negative, sizes
 * overflow 64 bits, or more than 2^52 elements are multiplied into one), AXIS, OUT_SHAPE, OUT_DTYPE, OVERLAP, OPTIONS,
 * NO_MEMORY, ISA.
 */
AXPROD_API axprod_status axprod_prod(const axprod_tensor *x, const int *axes, int naxes, const axprod_options *options,
                                     const axprod_tensor *out);

/**
 * The product as P = m 2^e with a significand m, 0.5 <= |m| < 1 (as C's frexp), correctly rounded, and an exponent e:
 * range has no end. IEEE 754-2019, 9.4, names the operation scaledProd. Zero is (+-0, 0), infinity (+-inf, 0), NaN
 * (NaN, 0).
 *
 * @param x          the input, of any dtype but complex
 * @param axes,naxes as in axprod_prod()
 * @param options    NULL: as AXPROD_OPTIONS_INIT
 * @param significand,exponent  of dtypes f64 and i64, each as out in axprod_prod(); they do not overlap each other
 * @return OK; errors as axprod_prod(), OUT_DTYPE also where x is complex.
 */
AXPROD_API axprod_status axprod_scaled_prod(const axprod_tensor *x, const int *axes, int naxes,
                                            const axprod_options *options, const axprod_tensor *significand,
                                            const axprod_tensor *exponent);

/**
 * The product as its sign (-1, 0 or +1; NaN for NaN) and the natural logarithm of its magnitude: within 2 ulp, also
 * where P is close to 1, and with the same bits everywhere. ln 0 is -inf, ln inf is inf,
 * ln NaN is NaN.
 *
 * @param x          the input, of any dtype but complex
 * @param axes,naxes as in axprod_prod()
 * @param options    NULL: as AXPROD_OPTIONS_INIT
 * @param sign,logabs  both of dtype f64, each as out in axprod_prod(); they do not overlap each other
 * @return OK; errors as axprod_prod(), OUT_DTYPE also where x is complex.
 */
AXPROD_API axprod_status axprod_log_prod(const axprod_tensor *x, const int *axes, int naxes,
                                         const axprod_options *options, const axprod_tensor *sign,
                                         const axprod_tensor *logabs);

/* -------------------------------------------------------------------------------------------------------- plans --- */

/**
 * A product prepared once and executed often: dtypes, shapes, strides, axes and options are fixed, addresses are not.
 * A plan never changes after its creation: many threads may execute one at once, on different outputs.
 */
typedef struct axprod_plan axprod_plan;

/**
 * Creates a plan for axprod_prod() with the same arguments. data of the tensors is not looked at and may be NULL; the
 * plan keeps copies of all else.
 *
 * @param plan       set to NULL before anything else; the plan belongs to the caller, who gives it to
 *                   axprod_plan_destroy()
 * @param x,axes,naxes,options,out  as in axprod_prod()
 * @return OK; errors as axprod_prod() without OVERLAP with x; NULL also for plan.
 */
AXPROD_API axprod_status axprod_plan_create(axprod_plan **plan, const axprod_tensor *x, const int *axes, int naxes,
                                            const axprod_options *options, const axprod_tensor *out);

/**
 * The same for axprod_scaled_prod().
 *
 * @param plan       as in axprod_plan_create()
 * @param x,axes,naxes,options,significand,exponent  as in axprod_scaled_prod()
 * @return OK; errors as axprod_scaled_prod() without OVERLAP of different tensors; NULL also for plan.
 */
AXPROD_API axprod_status axprod_plan_create_scaled(axprod_plan **plan, const axprod_tensor *x, const int *axes,
                                                   int naxes, const axprod_options *options,
                                                   const axprod_tensor *significand, const axprod_tensor *exponent);

/**
 * The same for axprod_log_prod().
 *
 * @param plan       as in axprod_plan_create()
 * @param x,axes,naxes,options,sign,logabs  as in axprod_log_prod()
 * @return OK; errors as axprod_log_prod() without OVERLAP of different tensors; NULL also for plan.
 */
AXPROD_API axprod_status axprod_plan_create_log(axprod_plan **plan, const axprod_tensor *x, const int *axes, int naxes,
                                                const axprod_options *options, const axprod_tensor *sign,
                                                const axprod_tensor *logabs);

/**
 * Executes a plan with one output on the tensors at these addresses.
 *
 * @param plan   of axprod_plan_create()
 * @param x,out  addresses of element (0, 0, ...), as axprod_tensor.data
 * @return OK; NULL, OVERLAP, NO_MEMORY, UNSUPPORTED (a plan with two outputs).
 */
AXPROD_API axprod_status axprod_plan_execute(const axprod_plan *plan, const void *x, void *out);

/**
 * Executes a plan with two outputs.
 *
 * @param plan   of axprod_plan_create_scaled() or axprod_plan_create_log()
 * @param x,first,second  addresses of element (0, 0, ...); of the outputs in the order of the plan's creation
 * @return OK; NULL, OVERLAP, NO_MEMORY, UNSUPPORTED (a plan with one output).
 */
AXPROD_API axprod_status axprod_plan_execute_pair(const axprod_plan *plan, const void *x, void *first, void *second);

/**
 * @param plan  a plan, or NULL
 * @return How many elements its result has; 0 for NULL.
 */
AXPROD_API int64_t axprod_plan_outputs(const axprod_plan *plan);

/**
 * @param plan  a plan, or NULL
 * @return How many elements of x are multiplied into each output; 0 for NULL.
 */
AXPROD_API int64_t axprod_plan_factors(const axprod_plan *plan);

/**
 * Writes a line about the plan for logs and bug reports (dtypes, loops, layout, instruction set, threads, tiles), as
 * snprintf. The wording may change.
 *
 * @param plan  a plan, or NULL
 * @param text  gets at most size bytes with the terminating zero; may be NULL where size is 0
 * @param size  bytes of text
 * @return The length of the whole line.
 */
AXPROD_API int axprod_plan_describe(const axprod_plan *plan, char *text, size_t size);

/**
 * Frees a plan.
 *
 * @param plan  not executing; NULL does nothing
 */
AXPROD_API void axprod_plan_destroy(axprod_plan *plan);

/* --------------------------------------------------------------------------------------------- partial products --- */

/**
 * A running product of real numbers: (hi + lo) 2^exponent with 1 <= |hi| < 2 and hi the double nearest to hi + lo.
 * Zeros, infinities and NaN are in hi, with lo and exponent zero. The identity is {1, 0, 0}. A plain value: 24 bytes
 * without padding, to be sent, stored and merged by any transport.
 *
 * The product of a tensor that is in several places: partials of each piece, merge, then finish; the result has the
 * bits that one call on the whole tensor gives. Plans for integer results have no partials (multiply them modulo
 * 2^bits) and plans for complex results have partials of their own, below: both give UNSUPPORTED here.
 */
typedef struct axprod_partial {
    double hi;        /**< the double nearest to the significand; or zero, infinity, NaN */
    double lo;        /**< what is missing of it */
    int64_t exponent; /**< of two */
} axprod_partial;

/** The partial of no element: 1. */
#define AXPROD_PARTIAL_IDENTITY                                                                                        \
    { 1.0, 0.0, 0 }

/**
 * partials[i], i in C order of the result, = the product of the elements of x that belong to output i.
 *
 * @param plan      of one of the three products, with a real result; its outputs are not looked at
 * @param x         address of element (0, 0, ...)
 * @param partials  room for axprod_plan_outputs(plan) of them, outside x
 * @return OK; NULL, COUNT (more partials than any memory holds), OVERLAP, NO_MEMORY, UNSUPPORTED.
 */
AXPROD_API axprod_status axprod_plan_partials(const axprod_plan *plan, const void *x, axprod_partial *partials);

/**
 * inout[i] = in[i] * inout[i]. Commutative to the last bit: merging b into a and a into b give the same bytes. Not
 * associative in the last bits, which finish accounts for: a partial of n elements may come from at most n merges with
 * partials other than the identity.
 *
 * @param in     count valid partials
 * @param inout  count valid partials, which do not overlap those of in
 * @param count  how many; with count <= 0, or where in or inout is NULL, nothing is done
 */
AXPROD_API void axprod_partial_merge(const axprod_partial *in, axprod_partial *inout, int64_t count);

/**
 * Finishes partials into the plan's output or outputs. Where their error bound does not decide the rounding, the output
 * is written with a candidate (at most one unit in the last place off; a logarithm near zero may be further off), and
 * reported as unresolved: such outputs are to be finished from wide partials, below.
 *
 * @param plan      as in axprod_plan_partials()
 * @param partials  axprod_plan_outputs(plan) of them, in C order of the result
 * @param factors   how many elements were multiplied into each partial in all pieces together, 0 .. 2^52; it sets the
 *                  error bound, so it must not be too small
 * @param out,second  addresses of the outputs, in the order of the plan's creation; second: NULL for plans with one
 * @param unresolved  gets the indices of unresolved outputs in increasing order; room for all outputs; NULL: not wanted
 * @param num_unresolved  gets their number; NULL: not wanted
 * @return OK; UNRESOLVED where there are any; NULL, COUNT (factors is out of range), OVERLAP (of the outputs),
 * UNSUPPORTED. partials and unresolved must not overlap the outputs, which is not checked.
 */
AXPROD_API axprod_status axprod_plan_finish(const axprod_plan *plan, const axprod_partial *partials, int64_t factors,
                                            void *out, void *second, int64_t *unresolved, int64_t *num_unresolved);

/* -------------------------------------------------------------------------------------- packed partial products --- */

/**
 * A running product of real numbers in 16 bytes, for messages: the same as an axprod_partial but for a lo rounded to a
 * multiple of 2^-103, which finish accounts for, and with exponents of 22 bits, which hold the products of
 * axprod_packed_factors() elements. They may be sent between machines of the same byte order.
 */
typedef struct axprod_packed_partial {
    uint64_t words[2]; /**< the library's own */
} axprod_packed_partial;

/** The packed partial of no element: 1. */
#define AXPROD_PACKED_PARTIAL_IDENTITY                                                                                 \
    {                                                                                                                  \
        { UINT64_C(0x3ff0000000000000), UINT64_C(0x0008000000000000) }                                                 \
    }

/**
 * @param x  dtype of the elements
 * @return The most elements of that dtype whose product a packed partial holds for certain: 1949 of f64, more of
 * others; 0 for complex and unknown dtypes. All elements count that are multiplied in all pieces together.
 */
AXPROD_API int64_t axprod_packed_factors(axprod_dtype x);

/**
 * As axprod_plan_partials(), packed.
 *
 * @param plan    as in axprod_plan_partials()
 * @param x       address of element (0, 0, ...)
 * @param packed  room for axprod_plan_outputs(plan) of them, outside x
 * @return OK; NULL, COUNT (more factors than axprod_packed_factors(), or more partials than any memory holds), OVERLAP,
 * NO_MEMORY, UNSUPPORTED.
 */
AXPROD_API axprod_status axprod_plan_packed_partials(const axprod_plan *plan, const void *x,
                                                     axprod_packed_partial *packed);

/**
 * Finishes some outputs as axprod_plan_finish() does, from partials that need no merge before: output first + i gets
 * the product over k of pieces[k][i]. Other outputs are not touched. Outputs whose strides are not in C order are
 * finished one by one, which is slower.
 *
 * @param plan        as in axprod_plan_partials()
 * @param pieces      num_pieces arrays of count packed partials, in C order of the result
 * @param num_pieces  how many, at least 1
 * @param first,count outputs first .. first + count - 1 of the result in C order
 * @param factors     how many elements were multiplied into each output in all pieces together,
 *                    0 .. axprod_packed_factors(); it sets the error bound, so it must not be too small
 * @param out,second  as in axprod_plan_finish(): addresses of element (0, 0, ...), whatever first is
 * @param unresolved  gets the indices of unresolved outputs in increasing order; room for count; NULL: not wanted
 * @param num_unresolved  gets their number; NULL: not wanted
 * @return OK; UNRESOLVED where there are any; NULL, COUNT (num_pieces, first, count or factors is out of range),
 * OVERLAP (of the outputs), UNSUPPORTED. pieces and unresolved must not overlap the outputs, which is not checked.
 */
AXPROD_API axprod_status axprod_plan_finish_packed(const axprod_plan *plan, const axprod_packed_partial *const *pieces,
                                                   int num_pieces, int64_t first, int64_t count, int64_t factors,
                                                   void *out, void *second, int64_t *unresolved,
                                                   int64_t *num_unresolved);

/* ---------------------------------------------------------------------------------------- wide partial products --- */

/*
 * Wide partials: running products as integers of up to `words` words of 64 bits, exact while the product of the odd
 * parts of the elements fits, and truncated with a known error afterwards. A product of doubles fits for certain where
 * words >= factors; with fewer than 4 words a product that does not fit is never decided. An array of count wide
 * partials is count * axprod_wide_bytes(words) bytes, with the alignment of int64_t, without pointers: to be sent,
 * stored and merged between machines of the same byte order.
 */

/** Most words of a wide partial. */
#define AXPROD_MAX_WORDS (INT64_C(1) << 40)

/**
 * @param words  of 64 bits, 1 .. AXPROD_MAX_WORDS
 * @return Bytes of one wide partial; 0 where words is out of range.
 */
AXPROD_API int64_t axprod_wide_bytes(int64_t words);

/**
 * wide[i], i in 0 .. count-1, = the product of the elements of x that belong to output outputs[i].
 *
 * @param plan     as in axprod_plan_partials()
 * @param x        address of element (0, 0, ...)
 * @param outputs  count indices in C order of the result, as axprod_plan_finish() reports them
 * @param count    how many, at least 0
 * @param words    as in axprod_wide_bytes()
 * @param wide     room for count wide partials, outside x
 * @return OK; NULL, COUNT (count, an index or words is out of range), OVERLAP, UNSUPPORTED.
 */
AXPROD_API axprod_status axprod_plan_wide_partials(const axprod_plan *plan, const void *x, const int64_t *outputs,
                                                   int64_t count, int64_t words, void *wide);

/**
 * inout[i] = in[i] * inout[i]. Commutative to the last bit.
 *
 * @param in     count wide partials
 * @param inout  count wide partials of as many words, which do not overlap those of in
 * @param count  how many, at least 0
 * @param words  as in axprod_wide_bytes()
 * @return OK; NULL, COUNT, NO_MEMORY.
 */
AXPROD_API axprod_status axprod_wide_merge(const void *in, void *inout, int64_t count, int64_t words);

/**
 * Finishes wide partials into the plan's output or outputs; other outputs are not touched. Outputs whose rounding is
 * still undecided are written with a candidate and reported as axprod_plan_finish() does; repeat those with more words.
 *
 * @param plan     as in axprod_plan_partials()
 * @param wide     count wide partials
 * @param words    as in axprod_wide_bytes()
 * @param outputs  to which output each of them belongs, as in axprod_plan_wide_partials()
 * @param count    how many, at least 0
 * @param out,second  as in axprod_plan_finish()
 * @param unresolved  room for count indices, which come in the order of outputs; NULL: not wanted
 * @param num_unresolved  gets their number; NULL: not wanted
 * @return OK; UNRESOLVED where there are any; NULL, COUNT (count, an index or words is out of range), OVERLAP (of the
 * outputs), NO_MEMORY, UNSUPPORTED.
 */
AXPROD_API axprod_status axprod_plan_finish_wide(const axprod_plan *plan, const void *wide, int64_t words,
                                                 const int64_t *outputs, int64_t count, void *out, void *second,
                                                 int64_t *unresolved, int64_t *num_unresolved);

/* ------------------------------------------------------------------------------------ complex partial products --- */

/**
 * A running product of complex numbers: ((re.hi + re.lo) + (im.hi + im.lo) i) 2^exponent, where the larger of |re.hi|
 * and |im.hi| is in [1, 2) and each lo is below 2^-52. Zero has all five words zero, NaN the NaN of the contract in
 * both hi and else zeros. The identity is 1. A plain value, too: 40 bytes without padding.
 *
 * The product of a tensor in pieces has the error bound of the contract, for K the elements of all pieces together.
 * Pieces and the order of merges may show in the last bits, as layouts do: there is no test of the rounding, nothing
 * is unresolved, and there are no wide partials.
 */
typedef struct axprod_complex_partial {
    /** Real part of the significand. */
    struct {
        double hi;    /**< the double nearest to it */
        double lo;    /**< what is missing of it */
    } re, im;         /**< Imaginary part, likewise. */
    int64_t exponent; /**< of two */
} axprod_complex_partial;

/** The complex partial of no element: 1. */
#define AXPROD_COMPLEX_PARTIAL_IDENTITY                                                                                \
    { {1.0, 0.0}, {0.0, 0.0}, 0 }

/**
 * As axprod_plan_partials(), for complex results.
 *
 * @param plan      of axprod_plan_create(), with a complex result; its output is not looked at
 * @param x         address of element (0, 0, ...)
 * @param partials  room for axprod_plan_outputs(plan) of them, outside x
 * @return OK; NULL, COUNT (more partials than any memory holds), OVERLAP, NO_MEMORY, UNSUPPORTED (a plan of another
 * result).
 */
AXPROD_API axprod_status axprod_plan_complex_partials(const axprod_plan *plan, const void *x,
                                                      axprod_complex_partial *partials);

/**
 * inout[i] = in[i] * inout[i], as axprod_partial_merge(): commutative to the last bit as well.
 *
 * @param in     count valid partials
 * @param inout  count valid partials, which do not overlap those of in
 * @param count  how many; with count <= 0, or where in or inout is NULL, nothing is done
 */
AXPROD_API void axprod_complex_partial_merge(const axprod_complex_partial *in, axprod_complex_partial *inout,
                                             int64_t count);

/**
 * Finishes partials into the plan's output.
 *
 * @param plan      as in axprod_plan_complex_partials()
 * @param partials  axprod_plan_outputs(plan) of them, in C order of the result; they must not overlap the output, which
 *                  is not checked
 * @param out       address of the output
 * @return OK; NULL, OVERLAP (of the output), UNSUPPORTED (a plan of another result).
 */
AXPROD_API axprod_status axprod_plan_complex_finish(const axprod_plan *plan, const axprod_complex_partial *partials,
                                                    void *out);

/* ----------------------------------------------------------------------------------------------- the machine --- */

/**
 * For programs and libraries that share a machine among several processes.
 *
 * @return The physical cores that this process may run on, at least 1.
 */
AXPROD_API int axprod_usable_cores(void);

/**
 * @return The threads that a call with num_threads == 0 made here would use at most: axprod_usable_cores(), but at most
 * omp_get_max_threads(), and 1 inside a parallel region.
 */
AXPROD_API int axprod_usable_threads(void);

/**
 * @return The instruction set in use: "x86_64_v2", "avx2", "avx512" or "neon"; NULL where calls fail with
 * AXPROD_ERROR_ISA. Static storage.
 */
AXPROD_API const char *axprod_isa(void);

#ifdef __cplusplus
}
#endif

#endif
