/* SPDX-License-Identifier: BSD-3-Clause */
/* What travels between ranks for one output: a partial product of real or complex numbers, or a product modulo 2^64. */
#include "internal.h"

#include <string.h>

/* -------------------------------------------------------------------------------------------------------- reals --- */

_Static_assert(sizeof(axprod_partial) == 24, "partials travel without padding");

static axprod_status multiply_real(const axprod_plan *plan, const void *x, void *partials) {
    return axprod_plan_partials(plan, x, partials);
}

static void merge_real(const void *in, void *inout, int64_t count) {
    axprod_partial_merge(in, inout, count);
}

static axprod_status finish_real(const axprod_plan *plan, axprod_dtype dtype, const void *partials, int64_t count,
                                 int64_t factors, void *const out[2], int64_t *unresolved, int64_t *num_unresolved) {
    (void)dtype, (void)count;
    axprod_status status = axprod_plan_finish(plan, partials, factors, out[0], out[1], unresolved, num_unresolved);
    return status == AXPROD_UNRESOLVED ? AXPROD_OK : status;
}

static const axprod_partial real_identity = AXPROD_PARTIAL_IDENTITY;

static const axp_mpi_kind real_kind = {.bytes = sizeof(axprod_partial),
                                       .identity = &real_identity,
                                       .dtype = AXPROD_DTYPE_NONE,
                                       .multiply = multiply_real,
                                       .merge = merge_real,
                                       .finish = finish_real,
                                       .type = axprod_mpi_type,
                                       .op = axprod_mpi_op};

/* ------------------------------------------------------------------------------------------------ packed reals --- */

_Static_assert(sizeof(axprod_packed_partial) == 16, "partials travel without padding");

static axprod_status multiply_packed(const axprod_plan *plan, const void *x, void *partials) {
    return axprod_plan_packed_partials(plan, x, partials);
}

static axprod_status finish_packed_pieces(const axprod_plan *plan, const void *const *pieces, int num_pieces,
                                          int64_t first, int64_t count, int64_t factors, void *const out[2],
                                          int64_t *unresolved, int64_t *num_unresolved) {
    axprod_status status = axprod_plan_finish_packed(plan, (const axprod_packed_partial *const *)pieces, num_pieces,
                                                     first, count, factors, out[0], out[1], unresolved, num_unresolved);
    return status == AXPROD_UNRESOLVED ? AXPROD_OK : status;
}

static const axprod_packed_partial packed_identity = AXPROD_PACKED_PARTIAL_IDENTITY;

static const axp_mpi_kind packed_kind = {.bytes = sizeof(axprod_packed_partial),
                                         .identity = &packed_identity,
                                         .dtype = AXPROD_DTYPE_NONE,
                                         .multiply = multiply_packed,
                                         .finish_pieces = finish_packed_pieces};

/* ----------------------------------------------------------------------------------------------------- complex --- */

_Static_assert(sizeof(axprod_complex_partial) == 40, "partials travel without padding");

static axprod_status multiply_complex(const axprod_plan *plan, const void *x, void *partials) {
    return axprod_plan_complex_partials(plan, x, partials);
}

static void merge_complex(const void *in, void *inout, int64_t count) {
    axprod_complex_partial_merge(in, inout, count);
}

static axprod_status finish_complex(const axprod_plan *plan, axprod_dtype dtype, const void *partials, int64_t count,
                                    int64_t factors, void *const out[2], int64_t *unresolved, int64_t *num_unresolved) {
    (void)dtype, (void)count, (void)factors, (void)unresolved;
    *num_unresolved = 0;
    return axprod_plan_complex_finish(plan, partials, out[0]);
}

static const axprod_complex_partial complex_identity = AXPROD_COMPLEX_PARTIAL_IDENTITY;

static const axp_mpi_kind complex_kind = {.bytes = sizeof(axprod_complex_partial),
                                          .identity = &complex_identity,
                                          .dtype = AXPROD_DTYPE_NONE,
                                          .multiply = multiply_complex,
                                          .merge = merge_complex,
                                          .finish = finish_complex,
                                          .type = axprod_mpi_complex_type,
                                          .op = axprod_mpi_complex_op};

/* ----------------------------------------------------------------------------------------------------- integers --- */

/*
 * Of every integer dtype the product modulo 2^64, in uint64_t: the narrower results are its low bits. Not in the result
 * dtype itself, as MPI_PROD of signed or short integers may overflow, which C leaves undefined.
 */
static axprod_status multiply_words(const axprod_plan *plan, const void *x, void *words) {
    return axprod_plan_execute(plan, x, words);
}

static void merge_words(const void *in, void *inout, int64_t count) {
    const uint64_t *a = in;
    uint64_t *b = inout;
    for (int64_t i = 0; i < count; i++)
        b[i] *= a[i];
}

/* Little endian, as all machines that the core has kernels for: the value modulo 2^bits is in the first bytes. */
static axprod_status finish_words(const axprod_plan *plan, axprod_dtype dtype, const void *words, int64_t count,
                                  int64_t factors, void *const out[2], int64_t *unresolved, int64_t *num_unresolved) {
    size_t bytes = axprod_dtype_size(dtype);
    (void)plan, (void)factors, (void)unresolved;
    *num_unresolved = 0;
    for (int64_t i = 0; i < count; i++)
        memcpy((char *)out[0] + i * (int64_t)bytes, (const char *)words + 8 * i, bytes);
    return AXPROD_OK;
}

static MPI_Datatype type_of_words(void) {
    return MPI_UINT64_T;
}

static MPI_Op op_of_words(void) {
    return MPI_PROD;
}

static const uint64_t one_word = 1;

static const axp_mpi_kind word_kind = {.bytes = sizeof(uint64_t),
                                       .identity = &one_word,
                                       .dtype = AXPROD_U64,
                                       .multiply = multiply_words,
                                       .merge = merge_words,
                                       .finish = finish_words,
                                       .type = type_of_words,
                                       .op = op_of_words};

/* ------------------------------------------------------------------------------------------------------- choice --- */

static bool is_complex(axprod_dtype dtype) {
    return dtype == AXPROD_C64 || dtype == AXPROD_C128;
}

static bool is_float(axprod_dtype dtype) {
    return dtype == AXPROD_F16 || dtype == AXPROD_BF16 || dtype == AXPROD_F32 || dtype == AXPROD_F64;
}

const axp_mpi_kind *axp_mpi_kind_of(axp_mpi_form form, axprod_dtype x, axprod_dtype out) {
    if (is_complex(x))
        return &complex_kind;
    return form == AXP_MPI_VALUE && !is_float(out) ? &word_kind : &real_kind;
}

const axp_mpi_kind *axp_mpi_pack(const axp_mpi_kind *kind, axprod_dtype x, int64_t factors) {
    return kind == &real_kind && factors <= axprod_packed_factors(x) ? &packed_kind : kind;
}

void axp_mpi_fill(const axp_mpi_kind *kind, void *partials, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        memcpy((char *)partials + i * kind->bytes, kind->identity, (size_t)kind->bytes);
}
