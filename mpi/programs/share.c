/* SPDX-License-Identifier: BSD-3-Clause */
/* Shares of problems: see share.h. */
#include "share.h"

#include "task.h"
#include "walk.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(axprod_status status) {
    if (status != AXPROD_OK)
        errx(EXIT_FAILURE, "%s", axprod_last_error());
}

static void *allocate(size_t bytes) {
    void *memory = malloc(bytes > 0 ? bytes : 1);
    if (!memory)
        err(EXIT_FAILURE, "%zu bytes", bytes);
    return memory;
}

/* The problem of the outputs that this rank has factors of, with all of their factors. */
static struct problem problem_of_kept(const struct share *share) {
    struct problem problem = *share->problem;
    for (int d = 0; d < problem.ndim; d++)
        if (!problem_reduces(&problem, d))
            problem.shape[d] = share->block.shape[d];
    return problem;
}

/* Ranks whose blocks begin at the same place along kept axes. */
static void open_group(struct share *share, const int *grid, int rank) {
    int color = 0, weight = 1;
    for (int d = share->problem->ndim - 1; d >= 0; d--) {
        if (!problem_reduces(share->problem, d)) {
            color += rank % grid[d] * weight;
            weight *= grid[d];
        }
        rank /= grid[d];
    }
    MPI_Comm_split(MPI_COMM_WORLD, color, 0, &share->group);
}

static void open_operands(struct operand operands[2], const struct problem *problem, const struct layout *layout) {
    axprod_dtype dtypes[2];
    int64_t shape[AXPROD_MAX_NDIM];
    int ndim, outs = problem_out_dtypes(problem, dtypes);
    problem_out_shape(problem, &ndim, shape);
    for (int i = 0; i < outs; i++)
        operand_open(&operands[i], layout, dtypes[i], ndim, shape, 1);
}

static void open_outputs(struct share *share) {
    static const struct layout plain;
    axprod_dtype dtypes[2];
    int outs = problem_out_dtypes(share->problem, dtypes);
    open_operands(share->dense, &share->block, &plain);
    if (share->result == AXPROD_MPI_LOCAL)
        open_operands(share->out, &share->block, &share->problem->out_layout);
    else if (share->result != AXPROD_MPI_SCATTER)
        open_operands(share->out, share->problem, &share->problem->out_layout);
    for (int i = 0; share->result == AXPROD_MPI_SCATTER && i < outs; i++)
        operand_open(&share->out[i], &plain, dtypes[i], 1, &share->count, 1);
}

static void open_partials(struct operand *partials, int64_t outputs) {
    static const struct layout plain;
    const int64_t shape[2] = {outputs, 3};
    size_t bytes;
    if (!operand_bytes(&plain, AXPROD_I64, 2, shape, &bytes))
        errx(EXIT_FAILURE, "%lld partials are more than the memory", (long long)outputs);
    operand_open(partials, &plain, AXPROD_I64, 2, shape, 1);
}

static void open_plan(struct share *share) {
    const struct problem *problem = share->problem;
    const int *axes = problem_axes(problem);
    const axprod_tensor *x = &share->x.tensor, *first = &share->out[0].tensor, *second = &share->out[1].tensor;
    axprod_mpi_options how = AXPROD_MPI_OPTIONS_INIT;
    how.result = share->result;
    how.num_threads = problem->threads;
    if (problem->form == FORM_SCALED)
        check(axprod_mpi_plan_create_scaled(&share->plan, x, problem->shape, share->offset, axes, problem->naxes, &how,
                                            first, second, MPI_COMM_WORLD));
    else if (problem->form == FORM_LOG)
        check(axprod_mpi_plan_create_log(&share->plan, x, problem->shape, share->offset, axes, problem->naxes, &how,
                                         first, second, MPI_COMM_WORLD));
    else
        check(axprod_mpi_plan_create(&share->plan, x, problem->shape, share->offset, axes, problem->naxes, &how, first,
                                     MPI_COMM_WORLD));
}

void share_open(struct share *share, const struct problem *problem, const int *grid, axprod_mpi_result result) {
    int rank;
    char description[2 * PROBLEM_TEXT];
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    memset(share, 0, sizeof *share);
    share->problem = problem;
    share->result = result;
    share->block = *problem;
    check(axprod_mpi_block(problem->ndim, problem->shape, grid, rank, share->offset, share->block.shape));
    int touching = problem->threads > 0 ? problem->threads : 1;
    operand_open(&share->x, &problem->layout, problem->dtype, problem->ndim, share->block.shape, touching);
    operand_fill_part(&share->x, problem, share->offset, touching);
    check(axprod_mpi_slice(problem->ndim, problem->shape, share->offset, share->block.shape, problem_axes(problem),
                           problem->naxes, MPI_COMM_WORLD, &share->first, &share->count));
    open_outputs(share);
    open_plan(share);
    axprod_mpi_plan_describe(share->plan, description, sizeof description);
    share->block.threads = share->threads = task_threads(description);
    check(
        problem_plan(&share->block, &share->x.tensor, &share->dense[0].tensor, &share->dense[1].tensor, &share->local));
    share->outputs = share->factors = 1;
    for (int d = 0; d < problem->ndim; d++)
        *(problem_reduces(problem, d) ? &share->factors : &share->outputs) *= problem->shape[d];
    open_partials(&share->partials, axprod_plan_outputs(share->local));
    open_group(share, grid, rank);
    axprod_tensor x = share->x.tensor;
    x.strides = share->x.strides;
    hand_open(&share->hand, problem, &x, share->group);
}

void share_close(struct share *share) {
    hand_close(&share->hand);
    MPI_Comm_free(&share->group);
    operand_close(&share->partials);
    axprod_plan_destroy(share->local);
    axprod_mpi_plan_destroy(share->plan);
    operand_close(&share->x);
    for (int i = 0; i < 2; i++) {
        operand_close(&share->out[i]);
        operand_close(&share->dense[i]);
    }
}

axprod_status share_execute(struct share *share) {
    return axprod_mpi_plan_execute(share->plan, share->x.tensor.data, share->out[0].tensor.data,
                                   share->out[1].tensor.data);
}

/* Into what travels between ranks. Integer results have no partials: their products are results. */
axprod_status share_multiply(struct share *share) {
    axprod_dtype out = share->out[0].tensor.dtype;
    if (share->problem->form == FORM_VALUE && (out < AXPROD_F16 || out == AXPROD_BOOL))
        return axprod_plan_execute(share->local, share->x.tensor.data, share->dense[0].tensor.data);
    if (share->factors <= axprod_packed_factors(share->problem->dtype))
        return axprod_plan_packed_partials(share->local, share->x.tensor.data, share->partials.tensor.data);
    return axprod_plan_partials(share->local, share->x.tensor.data, share->partials.tensor.data);
}

/* ------------------------------------------------------------------------------------------------- the check ------ */

/* The elements of a tensor to or from dense memory in C order. */
static void copy_elements(const axprod_tensor *tensor, const int64_t *strides, char *dense, bool to_dense) {
    size_t size = axprod_dtype_size(tensor->dtype);
    int64_t count = walk_count(tensor->ndim, tensor->shape),
            *offsets = walk_offsets(tensor->ndim, tensor->shape, strides);
    for (int64_t i = 0; i < count; i++) {
        char *element = (char *)tensor->data + offsets[i], *copy = dense + (size_t)i * size;
        memcpy(to_dense ? copy : element, to_dense ? element : copy, size);
    }
    free(offsets);
}

/* The boxes of all ranks, put together: dense, in C order. */
static char *gather_whole(const struct share *share, int64_t *strides) {
    const struct problem *problem = share->problem;
    int ranks, size = (int)axprod_dtype_size(problem->dtype), box = 2 * problem->ndim;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    int64_t mine[2 * AXPROD_MAX_NDIM], *boxes = allocate(sizeof *boxes * (size_t)(box * ranks));
    int *counts = allocate(sizeof *counts * (size_t)ranks), *starts = allocate(sizeof *starts * (size_t)ranks),
        total = 0;
    memcpy(mine, share->offset, sizeof *mine * (size_t)problem->ndim);
    memcpy(mine + problem->ndim, share->block.shape, sizeof *mine * (size_t)problem->ndim);
    MPI_Allgather(mine, box, MPI_INT64_T, boxes, box, MPI_INT64_T, MPI_COMM_WORLD);
    for (int r = 0; r < ranks; r++) {
        starts[r] = total;
        counts[r] = (int)walk_count(problem->ndim, boxes + box * r + problem->ndim) * size;
        total += counts[r];
    }
    char *all = allocate((size_t)total), *whole = allocate((size_t)total), *dense = allocate((size_t)total);
    copy_elements(&share->x.tensor, share->x.strides, dense, true);
    MPI_Allgatherv(dense, (int)walk_count(problem->ndim, share->block.shape) * size, MPI_BYTE, all, counts, starts,
                   MPI_BYTE, MPI_COMM_WORLD);
    walk_c_strides(problem->dtype, problem->ndim, problem->shape, strides);
    for (int r = 0; r < ranks; r++) {
        axprod_tensor place = {whole, problem->dtype, problem->ndim, boxes + box * r + problem->ndim, strides};
        for (int d = 0; d < problem->ndim; d++)
            place.data = (char *)place.data + boxes[box * r + d] * strides[d];
        copy_elements(&place, strides, all + starts[r], false);
    }
    free(boxes);
    free(counts);
    free(starts);
    free(all);
    free(dense);
    return whole;
}

/* Bits of what this rank has against those of one process; a slice is a part of the expected ones. */
static bool same_bits(const struct operand *got, const struct operand *expected, int64_t first) {
    size_t size = axprod_dtype_size(got->tensor.dtype);
    int64_t count = walk_count(got->tensor.ndim, got->shape);
    char *dense = allocate((size_t)count * size);
    copy_elements(&got->tensor, got->strides, dense, true);
    bool same = memcmp(dense, (const char *)expected->tensor.data + (size_t)first * size, (size_t)count * size) == 0;
    free(dense);
    return same;
}

static bool compare(const struct share *share) {
    static const struct layout plain;
    bool all = share->result == AXPROD_MPI_ALL || share->result == AXPROD_MPI_ROOT;
    struct problem problem = all ? *share->problem : problem_of_kept(share);
    struct operand expected[2];
    axprod_dtype dtypes[2];
    int64_t strides[AXPROD_MAX_NDIM];
    int rank, outs = problem_out_dtypes(&problem, dtypes);
    memset(expected, 0, sizeof expected);
    char *whole = gather_whole(share, strides);
    axprod_tensor x = {whole, problem.dtype, problem.ndim, problem.shape, strides};
    for (int d = 0; !all && d < problem.ndim; d++)
        x.data = (char *)x.data + (problem_reduces(&problem, d) ? 0 : share->offset[d] * strides[d]);
    open_operands(expected, &problem, &plain);
    check(problem_call(&problem, &x, &expected[0].tensor, &expected[1].tensor));
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    bool good = true, mine = share->result != AXPROD_MPI_ROOT || rank == 0;
    for (int i = 0; i < outs; i++) {
        good &=
            !mine || same_bits(&share->out[i], &expected[i], share->result == AXPROD_MPI_SCATTER ? share->first : 0);
        operand_close(&expected[i]);
    }
    free(whole);
    return good;
}

bool share_verify(struct share *share) {
    check(share_execute(share));
    if (share->outputs * share->factors > SHARE_MOST_VERIFIED)
        return true;
    int good = compare(share);
    MPI_Allreduce(MPI_IN_PLACE, &good, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return good;
}
