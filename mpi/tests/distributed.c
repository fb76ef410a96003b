/* SPDX-License-Identifier: BSD-3-Clause */
/* A problem over ranks; see distributed.h. */
#include "distributed.h"

#include "element.h"
#include "walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool receives(const struct distributed *d) {
    return d->result != AXPROD_MPI_ROOT || d->rank == d->root;
}

/* The shape of what this rank's outputs hold: that of a problem on the local tensor, on the whole one, or a slice. */
static void output_shape(const struct distributed *d, int *ndim, int64_t *shape) {
    struct problem problem = d->problem;
    if (d->result == AXPROD_MPI_LOCAL)
        memcpy(problem.shape, d->box.shape, sizeof problem.shape);
    problem_out_shape(&problem, ndim, shape);
    if (d->result == AXPROD_MPI_SCATTER) {
        *ndim = 1;
        shape[0] = d->count;
    }
}

static void open_outputs(struct distributed *d, struct rng *rng) {
    axprod_dtype dtypes[2];
    int ndim;
    int64_t shape[AXPROD_MAX_NDIM];
    d->output_count = problem_out_dtypes(&d->problem, dtypes);
    output_shape(d, &ndim, shape);
    for (int i = 0; i < d->output_count; i++) {
        struct layout layout = {0};
        if (rng_coin(rng) && ndim > 0) {
            layout.pad = rng_between(rng, 0, 2);
            layout.flip = rng_next(rng) & ((UINT64_C(1) << ndim) - 1);
            layout.at_start = rng_coin(rng);
        }
        buffer_open(&d->outputs[i], dtypes[i], ndim, shape, &layout);
    }
}

/* The box as a view of the whole tensor, or a dense copy of it. */
static void open_local(struct distributed *d) {
    d->local = d->x.tensor;
    d->local.shape = d->box.shape;
    d->local.strides = d->x.strides;
    d->local.data = (char *)d->x.tensor.data;
    bool empty = walk_count(d->problem.ndim, d->box.shape) == 0;
    for (int i = 0; i < d->problem.ndim && !empty; i++)
        d->local.data = (char *)d->local.data + d->box.offset[i] * d->x.strides[i];
    if (empty)
        d->local.data = NULL;
    if (!d->copied)
        return;
    struct layout dense = {0};
    size_t size = axprod_dtype_size(d->problem.dtype);
    buffer_open(&d->copy, d->problem.dtype, d->problem.ndim, d->box.shape, &dense);
    int64_t *offsets = walk_offsets(d->problem.ndim, d->box.shape, d->x.strides);
    int64_t count = walk_count(d->problem.ndim, d->box.shape);
    for (int64_t i = 0; i < count; i++)
        memcpy((char *)d->copy.tensor.data + i * (int64_t)size, (char *)d->local.data + offsets[i], size);
    free(offsets);
    buffer_seal(&d->copy);
    d->local = d->copy.tensor;
}

void distributed_open(struct distributed *d, const struct problem *problem, uint64_t seed, enum sharding sharding,
                      axprod_mpi_result result, MPI_Comm comm) {
    struct rng rng = rng_make(seed), own;
    memset(d, 0, sizeof *d);
    d->problem = *problem;
    d->sharding = sharding;
    d->result = result;
    d->comm = comm;
    MPI_Comm_rank(comm, &d->rank);
    MPI_Comm_size(comm, &d->ranks);
    shard(sharding, &rng, problem->ndim, problem->shape, d->ranks, d->boxes);
    d->root = (int)rng_below(&rng, (uint64_t)d->ranks);
    d->box = d->boxes[d->rank];
    own = rng_make(seed * 1000 + (uint64_t)d->rank);
    d->copied = rng_coin(&own);
    problem_open_input(problem, &d->x);
    buffer_seal(&d->x);
    open_local(d);
    if (result == AXPROD_MPI_SCATTER)
        CHECK_OK(axprod_mpi_slice(problem->ndim, problem->shape, d->box.offset, d->box.shape, problem_axes(problem),
                                  problem->naxes, comm, &d->first, &d->count));
    open_outputs(d, &own);
    CHECK(results_run(problem, &d->expected));
}

void distributed_close(struct distributed *d) {
    for (int i = 0; i < d->output_count; i++)
        buffer_close(&d->outputs[i]);
    if (d->copied)
        buffer_close(&d->copy);
    buffer_close(&d->x);
    results_close(&d->expected);
}

axprod_mpi_options distributed_options(const struct distributed *d) {
    axprod_mpi_options options = AXPROD_MPI_OPTIONS_INIT;
    options.result = d->result;
    options.root = d->root;
    options.num_threads = d->problem.threads;
    return options;
}

axprod_status distributed_call(struct distributed *d) {
    const struct problem *p = &d->problem;
    axprod_mpi_options options = distributed_options(d);
    const axprod_tensor *first = receives(d) ? &d->outputs[0].tensor : NULL,
                        *second = receives(d) ? &d->outputs[1].tensor : NULL;
    if (p->form == FORM_SCALED)
        return axprod_mpi_scaled_prod(&d->local, p->shape, d->box.offset, problem_axes(p), p->naxes, &options, first,
                                      second, d->comm);
    if (p->form == FORM_LOG)
        return axprod_mpi_log_prod(&d->local, p->shape, d->box.offset, problem_axes(p), p->naxes, &options, first,
                                   second, d->comm);
    return axprod_mpi_prod(&d->local, p->shape, d->box.offset, problem_axes(p), p->naxes, &options, first, d->comm);
}

axprod_status distributed_plan(struct distributed *d, axprod_mpi_plan **plan) {
    const struct problem *p = &d->problem;
    axprod_mpi_options options = distributed_options(d);
    const axprod_tensor *first = receives(d) ? &d->outputs[0].tensor : NULL,
                        *second = receives(d) ? &d->outputs[1].tensor : NULL;
    if (p->form == FORM_SCALED)
        return axprod_mpi_plan_create_scaled(plan, &d->local, p->shape, d->box.offset, problem_axes(p), p->naxes,
                                             &options, first, second, d->comm);
    if (p->form == FORM_LOG)
        return axprod_mpi_plan_create_log(plan, &d->local, p->shape, d->box.offset, problem_axes(p), p->naxes, &options,
                                          first, second, d->comm);
    return axprod_mpi_plan_create(plan, &d->local, p->shape, d->box.offset, problem_axes(p), p->naxes, &options, first,
                                  d->comm);
}

/* -------------------------------------------------------------------------------------------------------- check --- */

static bool is_reduced(const struct problem *p, int axis) {
    bool reduced = p->naxes < 0;
    for (int i = 0; i < p->naxes; i++)
        reduced |= (p->axes[i] < 0 ? p->axes[i] + p->ndim : p->axes[i]) == axis;
    return reduced;
}

/* Which outputs of the whole result the kept part of a box has, in C order; the caller frees the list. */
static int64_t *kept_numbers(const struct problem *problem, const struct box *box, int64_t *count) {
    int ndim;
    int64_t shape[AXPROD_MAX_NDIM], strides[AXPROD_MAX_NDIM], first = 0;
    struct problem p = *problem;
    p.keepdims = true;
    problem_out_shape(&p, &ndim, shape);
    int64_t pitch = 1;
    for (int d = ndim - 1; d >= 0; d--) {
        strides[d] = pitch;
        pitch *= shape[d];
        if (!is_reduced(&p, d)) {
            shape[d] = box->shape[d];
            first += box->offset[d] * strides[d];
        }
    }
    *count = walk_count(ndim, shape);
    int64_t *numbers = walk_offsets(ndim, shape, strides);
    for (int64_t i = 0; i < *count; i++)
        numbers[i] += first;
    return numbers;
}

/* Whether the kept parts of two boxes are neither equal nor disjoint. */
static bool parts_cross(const struct problem *p, const struct box *a, const struct box *b) {
    bool same = true, meet = true;
    for (int d = 0; d < p->ndim; d++) {
        if (is_reduced(p, d))
            continue;
        int64_t low = a->offset[d] > b->offset[d] ? a->offset[d] : b->offset[d];
        int64_t end_a = a->offset[d] + a->shape[d], end_b = b->offset[d] + b->shape[d];
        same &= a->offset[d] == b->offset[d] && end_a == end_b;
        meet &= low < (end_a < end_b ? end_a : end_b);
    }
    return meet && !same;
}

/* The header's rule for when all ranks are one group. */
static bool united(const struct distributed *d) {
    for (int a = 0; a < d->ranks; a++)
        for (int b = 0; b < a; b++)
            if (parts_cross(&d->problem, &d->boxes[a], &d->boxes[b]))
                return true;
    for (int axis = 0; axis < d->problem.ndim; axis++)
        if (is_reduced(&d->problem, axis) && d->problem.shape[axis] == 0)
            return true;
    return false;
}

/* What of the whole result a slice is: of the kept part that its group has, or of the whole one. */
static int64_t *slice_numbers(const struct distributed *d, int64_t *count) {
    struct box all = {{0}, {0}};
    int64_t outputs;
    memcpy(all.shape, d->problem.shape, sizeof all.shape);
    int64_t *numbers = kept_numbers(&d->problem, united(d) ? &all : &d->box, &outputs);
    *count = d->count;
    CHECK(d->first >= 0 && d->count >= 0 && d->first + d->count <= outputs);
    memmove(numbers, numbers + d->first, sizeof *numbers * (size_t)d->count);
    return numbers;
}

static int64_t *expected_numbers(const struct distributed *d, int64_t *count) {
    if (d->result == AXPROD_MPI_LOCAL)
        return kept_numbers(&d->problem, &d->box, count);
    if (d->result == AXPROD_MPI_SCATTER)
        return slice_numbers(d, count);
    int64_t *numbers = malloc(sizeof *numbers * ((size_t)d->expected.outputs + 1));
    *count = d->expected.outputs;
    for (int64_t i = 0; numbers && i < *count; i++)
        numbers[i] = i;
    return numbers;
}

static void fail_at(const struct distributed *d, int which, int64_t output, const void *got, const void *expected) {
    static const char *const results[] = {"local", "all", "root", "scatter"};
    char text[PROBLEM_TEXT];
    axprod_dtype dtype = d->expected.dtypes[which];
    problem_print(&d->problem, text, sizeof text);
    world_fail("%s\n    sharding=%s result=%s root=%d: output %d at %" PRId64 " has bits %" PRIx64
               ", expected %" PRIx64,
               text, sharding_name(d->sharding), results[d->result], d->root, which, output, bits_load(dtype, got),
               bits_load(dtype, expected));
}

/* The elements of output i, in the order of their numbers; the caller frees them. */
static unsigned char *got_elements(struct distributed *d, int i, int64_t count) {
    unsigned char *got = calloc((size_t)count + 1, 16);
    CHECK(got && buffer_gaps_intact(&d->outputs[i]));
    buffer_get(&d->outputs[i], got);
    return got;
}

static int64_t compared;

int64_t distributed_compared(void) {
    int64_t all;
    MPI_Allreduce(&compared, &all, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    return all;
}

static void check_bits(struct distributed *d, const int64_t *numbers, int64_t count) {
    for (int i = 0; i < d->output_count; i++) {
        size_t size = axprod_dtype_size(d->expected.dtypes[i]);
        unsigned char *got = got_elements(d, i, count);
        compared += count;
        for (int64_t o = 0; o < count; o++) {
            const unsigned char *expected = d->expected.dense[i] + (size_t)numbers[o] * size;
            if (memcmp(got + (size_t)o * size, expected, size) != 0)
                fail_at(d, i, numbers[o], got + (size_t)o * size, expected);
        }
        free(got);
    }
}

/* What this rank got, in place of what one process gave. */
static void take_results(struct distributed *d, const int64_t *numbers, int64_t count) {
    for (int i = 0; i < d->output_count; i++) {
        size_t size = axprod_dtype_size(d->expected.dtypes[i]);
        unsigned char *got = got_elements(d, i, count);
        for (int64_t o = 0; o < count; o++)
            memcpy(d->expected.dense[i] + (size_t)numbers[o] * size, got + (size_t)o * size, size);
        free(got);
    }
}

/* Where all ranks got the whole result, it is the same to the last bit. */
static void check_alike(struct distributed *d) {
    size_t bytes = (size_t)d->expected.outputs * axprod_dtype_size(d->expected.dtypes[0]);
    unsigned char *first = malloc(bytes + 1);
    CHECK(first && bytes < INT32_MAX);
    memcpy(first, d->expected.dense[0], bytes);
    MPI_Bcast(first, (int)bytes, MPI_BYTE, 0, d->comm);
    CHECK(memcmp(first, d->expected.dense[0], bytes) == 0);
    free(first);
}

void distributed_judge(struct distributed *d) {
    int64_t count = 0;
    int64_t *numbers = receives(d) ? expected_numbers(d, &count) : NULL;
    CHECK(numbers || !receives(d));
    if (receives(d))
        take_results(d, numbers, count);
    free(numbers);
    if (d->result == AXPROD_MPI_ALL)
        check_alike(d);
    if (receives(d) && (d->result != AXPROD_MPI_ALL || d->rank == 0))
        CHECK(results_judge(&d->problem, &d->x.tensor, &d->expected));
}

void distributed_check(struct distributed *d) {
    int64_t count;
    if (is_complex(d->problem.dtype)) {
        distributed_judge(d);
        return;
    }
    if (!receives(d)) {
        for (int i = 0; i < d->output_count; i++)
            CHECK(buffer_untouched(&d->outputs[i]));
        return;
    }
    int64_t *numbers = expected_numbers(d, &count);
    CHECK(numbers);
    check_bits(d, numbers, count);
    free(numbers);
}
