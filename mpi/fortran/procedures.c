/* SPDX-License-Identifier: BSD-3-Clause */
/* The subroutines of the module axprod_mpi, which declares them with these names and says what they do. */
#include "descriptor.h"

#include <axprod_mpi.h>
#include <stdio.h>

/* One call, as the MPI layer takes it. */
typedef struct call {
    MPI_Comm comm;
    axp_fortran_array x, out[2];
    const axprod_tensor *outputs[2]; /* NULL where this rank has none */
    axp_fortran_axes axes;
    int64_t global_shape[CFI_MAX_RANK], offset[CFI_MAX_RANK];
    axprod_mpi_options options;
} call;

/* What the three products are given by Fortran; those with one output have NULL for the second. */
typedef struct arguments {
    const CFI_cdesc_t *x, *global_shape, *lower, *out[2];
    const char *name[2];
    const MPI_Fint *comm;
    const CFI_cdesc_t *dim;
    const int *result, *root, *num_threads;
} arguments;

/* Without MPI handles mean nothing; the MPI layer says so. */
static MPI_Comm comm_of(const MPI_Fint *handle) {
    int initialized = 0, finalized = 0;
    MPI_Initialized(&initialized);
    MPI_Finalized(&finalized);
    return initialized && !finalized ? MPI_Comm_f2c(*handle) : MPI_COMM_NULL;
}

/* Element i of an array of rank one. */
static void *element(const CFI_cdesc_t *array, CFI_index_t i) {
    return (char *)array->base_addr + i * array->dim[0].sm;
}

static axprod_status check_size(const char *name, const CFI_cdesc_t *array, CFI_index_t size) {
    if (array->dim[0].extent != size)
        return axp_fortran_fail(AXPROD_ERROR_COUNT, "%s has %lld elements; there are %lld dimensions", name,
                                (long long)array->dim[0].extent, (long long)size);
    return AXPROD_OK;
}

/* The box from 1-based dimensions in Fortran's order to offsets of axes. */
static axprod_status translate_box(int rank, const CFI_cdesc_t *global_shape, const CFI_cdesc_t *lower,
                                   const int64_t *shape, int64_t *global, int64_t *offset) {
    AXP_TRY(check_size("global_shape", global_shape, rank));
    AXP_TRY(check_size("lower", lower, rank));
    for (int d = 0; d < rank; d++) {
        int axis = rank - 1 - d;
        int64_t first = *(const int64_t *)element(lower, d), extent = *(const int64_t *)element(global_shape, d);
        if (extent < 0)
            return axp_fortran_fail(AXPROD_ERROR_SHAPE, "global_shape(%d) is %lld: extents cannot be negative", d + 1,
                                    (long long)extent);
        if (first < 1 || shape[axis] < 0 || shape[axis] > extent || first - 1 > extent - shape[axis])
            return axp_fortran_fail(AXPROD_ERROR_SHAPE,
                                    "lower(%d) is %lld and the box has extent %lld there: it is not inside 1 to %lld",
                                    d + 1, (long long)first, (long long)shape[axis], (long long)extent);
        offset[axis] = first - 1;
        global[axis] = extent;
    }
    return AXPROD_OK;
}

/* An output where this rank has one, in the shape that the place of the result asks for. */
static axprod_status translate_output(call *c, const arguments *a, int which) {
    axprod_mpi_result result = c->options.result;
    int rank = -1;
    /* no communicator: the MPI layer says so */
    if (result == AXPROD_MPI_ROOT &&
        (c->comm == MPI_COMM_NULL || (MPI_Comm_rank(c->comm, &rank) == MPI_SUCCESS && rank != c->options.root)))
        return AXPROD_OK;
    AXP_TRY(axp_fortran_array_of(a->name[which], a->out[which], &c->out[which]));
    c->outputs[which] = &c->out[which].tensor;
    if (result != AXPROD_MPI_SCATTER)
        AXP_TRY(axp_fortran_match(a->name[which], &c->out[which].tensor, c->x.tensor.ndim,
                                  result == AXPROD_MPI_LOCAL ? c->x.shape : c->global_shape, &c->axes));
    return AXPROD_OK;
}

static axprod_status translate(call *c, const arguments *a) {
    AXP_TRY(axp_fortran_array_of("x", a->x, &c->x));
    AXP_TRY(axp_fortran_axes_of(a->dim, a->x->rank, &c->axes));
    AXP_TRY(translate_box(a->x->rank, a->global_shape, a->lower, c->x.shape, c->global_shape, c->offset));
    for (int i = 0; i < 2 && a->out[i]; i++)
        AXP_TRY(translate_output(c, a, i));
    return AXPROD_OK;
}

/* What this rank found wrong with its own arguments: a copy, as the agreement has a sentence of its own. */
typedef struct finding {
    axprod_status status;
    char sentence[256];
} finding;

static finding finding_of(axprod_status status) {
    finding own = {status, ""};
    if (status != AXPROD_OK)
        snprintf(own.sentence, sizeof own.sentence, "%s", axprod_last_error());
    return own;
}

/*
 * A call whose arguments are wrong on this rank goes to the MPI layer with a null pointer, which that refuses on all
 * ranks with ERROR_NULL, a status that no call from here has otherwise. Then all know, and agree on what was wrong in
 * Fortran's words: the status that is largest, on the first of its ranks, as the layer chooses.
 */
static axprod_status settle(axprod_status status, MPI_Comm comm, const finding *own) {
    int rank, mine[2], chosen[2];
    finding agreed = *own;
    if (status != AXPROD_ERROR_NULL)
        return status;
    MPI_Comm_rank(comm, &rank);
    mine[0] = -(int)own->status;
    mine[1] = rank;
    MPI_Allreduce(mine, chosen, 1, MPI_2INT, MPI_MINLOC, comm);
    MPI_Bcast(agreed.sentence, sizeof agreed.sentence, MPI_CHAR, chosen[1], comm);
    return axp_fortran_fail((axprod_status)-chosen[0], "rank %d: %s", chosen[1], agreed.sentence);
}

/* The MPI layer's function of one form; local: NULL after an error of this rank. */
typedef axprod_status multiply(const call *c, const axprod_tensor *local);

static axprod_status run(const arguments *a, multiply *function) {
    call c = {.comm = comm_of(a->comm), .options = AXPROD_MPI_OPTIONS_INIT};
    c.options.result = a->result ? (axprod_mpi_result)*a->result : AXPROD_MPI_LOCAL;
    c.options.root = a->root ? *a->root : 0;
    c.options.num_threads = a->num_threads ? *a->num_threads : 0;
    finding own = finding_of(translate(&c, a));
    return settle(function(&c, own.status == AXPROD_OK ? &c.x.tensor : NULL), c.comm, &own);
}

static axprod_status multiply_value(const call *c, const axprod_tensor *local) {
    return axprod_mpi_prod(local, c->global_shape, c->offset, c->axes.list, c->axes.count, &c->options, c->outputs[0],
                           c->comm);
}

static axprod_status multiply_scaled(const call *c, const axprod_tensor *local) {
    return axprod_mpi_scaled_prod(local, c->global_shape, c->offset, c->axes.list, c->axes.count, &c->options,
                                  c->outputs[0], c->outputs[1], c->comm);
}

static axprod_status multiply_log(const call *c, const axprod_tensor *local) {
    return axprod_mpi_log_prod(local, c->global_shape, c->offset, c->axes.list, c->axes.count, &c->options,
                               c->outputs[0], c->outputs[1], c->comm);
}

/* ------------------------------------------------------------------------------------------------------- boxes --- */

static axprod_status check_rank(const char *name, const CFI_cdesc_t *array) {
    if (array->dim[0].extent > CFI_MAX_RANK)
        return axp_fortran_fail(AXPROD_ERROR_NDIM, "%s has %lld elements; an array has at most %d dimensions", name,
                                (long long)array->dim[0].extent, CFI_MAX_RANK);
    return AXPROD_OK;
}

static axprod_status block(const CFI_cdesc_t *global_shape, const CFI_cdesc_t *grid, int rank, const CFI_cdesc_t *lower,
                           const CFI_cdesc_t *extents) {
    int64_t global[CFI_MAX_RANK], offset[CFI_MAX_RANK], shape[CFI_MAX_RANK];
    int blocks[CFI_MAX_RANK];
    AXP_TRY(check_rank("global_shape", global_shape));
    int ndim = (int)global_shape->dim[0].extent;
    AXP_TRY(check_size("grid", grid, ndim));
    AXP_TRY(check_size("lower", lower, ndim));
    AXP_TRY(check_size("extents", extents, ndim));
    for (int d = 0; d < ndim; d++) {
        global[d] = *(const int64_t *)element(global_shape, d);
        blocks[d] = *(const int *)element(grid, d);
        if (global[d] < 0)
            return axp_fortran_fail(AXPROD_ERROR_SHAPE, "global_shape(%d) is %lld: extents cannot be negative", d + 1,
                                    (long long)global[d]);
        if (blocks[d] < 1)
            return axp_fortran_fail(AXPROD_ERROR_COUNT, "grid(%d) is %d: there is at least one block", d + 1,
                                    blocks[d]);
    }
    AXP_TRY(axprod_mpi_block(ndim, global, blocks, rank, offset, shape));
    for (int d = 0; d < ndim; d++) {
        *(int64_t *)element(lower, d) = offset[d] + 1;
        *(int64_t *)element(extents, d) = shape[d];
    }
    return AXPROD_OK;
}

typedef struct boxes {
    int ndim;
    axp_fortran_axes axes;
    int64_t global_shape[CFI_MAX_RANK], offset[CFI_MAX_RANK], shape[CFI_MAX_RANK];
} boxes;

static axprod_status translate_boxes(boxes *b, const CFI_cdesc_t *global_shape, const CFI_cdesc_t *lower,
                                     const CFI_cdesc_t *extents, const CFI_cdesc_t *dim) {
    AXP_TRY(check_rank("extents", extents));
    b->ndim = (int)extents->dim[0].extent;
    for (int d = 0; d < b->ndim; d++)
        b->shape[b->ndim - 1 - d] = *(const int64_t *)element(extents, d);
    AXP_TRY(axp_fortran_axes_of(dim, b->ndim, &b->axes));
    return translate_box(b->ndim, global_shape, lower, b->shape, b->global_shape, b->offset);
}

static axprod_status slice(const CFI_cdesc_t *global_shape, const CFI_cdesc_t *lower, const CFI_cdesc_t *extents,
                           MPI_Comm comm, int64_t *first, int64_t *count, const CFI_cdesc_t *dim) {
    boxes b;
    int64_t start = 0;
    finding own = finding_of(translate_boxes(&b, global_shape, lower, extents, dim));
    if (own.status != AXPROD_OK)
        return settle(axprod_mpi_slice(0, NULL, NULL, NULL, NULL, 0, comm, NULL, NULL), comm, &own);
    AXP_TRY(settle(
        axprod_mpi_slice(b.ndim, b.global_shape, b.offset, b.shape, b.axes.list, b.axes.count, comm, &start, count),
        comm, &own));
    *first = start + 1;
    return AXPROD_OK;
}

/* ------------------------------------------------------------------------------------- as the module calls them --- */

AXPROD_API void axprod_mpi_fortran_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *global_shape, const CFI_cdesc_t *lower,
                                        const CFI_cdesc_t *out, const MPI_Fint *comm, const CFI_cdesc_t *dim,
                                        const int *result, const int *root, const int *num_threads, int *stat,
                                        const CFI_cdesc_t *errmsg);
AXPROD_API void axprod_mpi_fortran_scaled_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *global_shape,
                                               const CFI_cdesc_t *lower, const CFI_cdesc_t *significand,
                                               const CFI_cdesc_t *exponent, const MPI_Fint *comm,
                                               const CFI_cdesc_t *dim, const int *result, const int *root,
                                               const int *num_threads, int *stat, const CFI_cdesc_t *errmsg);
AXPROD_API void axprod_mpi_fortran_log_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *global_shape,
                                            const CFI_cdesc_t *lower, const CFI_cdesc_t *sign,
                                            const CFI_cdesc_t *logabs, const MPI_Fint *comm, const CFI_cdesc_t *dim,
                                            const int *result, const int *root, const int *num_threads, int *stat,
                                            const CFI_cdesc_t *errmsg);
AXPROD_API void axprod_mpi_fortran_block(const CFI_cdesc_t *global_shape, const CFI_cdesc_t *grid, const int *rank,
                                         const CFI_cdesc_t *lower, const CFI_cdesc_t *extents, int *stat,
                                         const CFI_cdesc_t *errmsg);
AXPROD_API void axprod_mpi_fortran_slice(const CFI_cdesc_t *global_shape, const CFI_cdesc_t *lower,
                                         const CFI_cdesc_t *extents, const MPI_Fint *comm, int64_t *first,
                                         int64_t *count, const CFI_cdesc_t *dim, int *stat, const CFI_cdesc_t *errmsg);

void axprod_mpi_fortran_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *global_shape, const CFI_cdesc_t *lower,
                             const CFI_cdesc_t *out, const MPI_Fint *comm, const CFI_cdesc_t *dim, const int *result,
                             const int *root, const int *num_threads, int *stat, const CFI_cdesc_t *errmsg) {
    const arguments a = {x, global_shape, lower, {out, NULL}, {"out", NULL}, comm, dim, result, root, num_threads};
    axp_fortran_report(run(&a, multiply_value), stat, errmsg);
}

void axprod_mpi_fortran_scaled_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *global_shape, const CFI_cdesc_t *lower,
                                    const CFI_cdesc_t *significand, const CFI_cdesc_t *exponent, const MPI_Fint *comm,
                                    const CFI_cdesc_t *dim, const int *result, const int *root, const int *num_threads,
                                    int *stat, const CFI_cdesc_t *errmsg) {
    const arguments a = {
        x,      global_shape, lower,      {significand, exponent}, {"significand", "exponent"}, comm, dim,
        result, root,         num_threads};
    axp_fortran_report(run(&a, multiply_scaled), stat, errmsg);
}

void axprod_mpi_fortran_log_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *global_shape, const CFI_cdesc_t *lower,
                                 const CFI_cdesc_t *sign, const CFI_cdesc_t *logabs, const MPI_Fint *comm,
                                 const CFI_cdesc_t *dim, const int *result, const int *root, const int *num_threads,
                                 int *stat, const CFI_cdesc_t *errmsg) {
    const arguments a = {x,    global_shape, lower,  {sign, logabs}, {"sign", "logabs"},
                         comm, dim,          result, root,           num_threads};
    axp_fortran_report(run(&a, multiply_log), stat, errmsg);
}

void axprod_mpi_fortran_block(const CFI_cdesc_t *global_shape, const CFI_cdesc_t *grid, const int *rank,
                              const CFI_cdesc_t *lower, const CFI_cdesc_t *extents, int *stat,
                              const CFI_cdesc_t *errmsg) {
    axp_fortran_report(block(global_shape, grid, *rank, lower, extents), stat, errmsg);
}

void axprod_mpi_fortran_slice(const CFI_cdesc_t *global_shape, const CFI_cdesc_t *lower, const CFI_cdesc_t *extents,
                              const MPI_Fint *comm, int64_t *first, int64_t *count, const CFI_cdesc_t *dim, int *stat,
                              const CFI_cdesc_t *errmsg) {
    axp_fortran_report(slice(global_shape, lower, extents, comm_of(comm), first, count, dim), stat, errmsg);
}
