/* SPDX-License-Identifier: BSD-3-Clause */
/* Large tensors; see operand.h. */
#include "operand.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define CACHE_LINE 64

/* No element is farther than this from the place that offset= asks for. */
#define MOST_OFFSET 16

bool operand_bytes(const struct layout *layout, axprod_dtype dtype, int ndim, const int64_t *shape, size_t *bytes) {
    int64_t strides[AXPROD_MAX_NDIM], low, high, elements = (int64_t)axprod_dtype_size(dtype);
    if (!layout_strides(layout, dtype, ndim, shape, strides) || !layout_span(dtype, ndim, shape, strides, &low, &high))
        return false;
    for (int d = 0; d < ndim; d++)
        if (__builtin_mul_overflow(elements, shape[d], &elements))
            return false;
    /* A pure read goes over as many bytes as there are elements, also where these share memory. */
    int64_t most = high - low > elements ? high - low : elements;
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page_bytes > 0 && most / page_bytes >= pages)
        return false;
    *bytes = ((size_t)most + MOST_OFFSET + HUGE_PAGE) / HUGE_PAGE * HUGE_PAGE;
    return true;
}

/* At least bytes, from a huge page on. */
static unsigned char *map_pages(struct operand *operand, size_t bytes) {
    operand->map_bytes = bytes + HUGE_PAGE;
    operand->map = mmap(NULL, operand->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (operand->map == MAP_FAILED)
        err(EXIT_FAILURE, "%zu bytes", operand->map_bytes);
    /* Advice: where the system has no huge pages, small ones do. */
    madvise(operand->map, operand->map_bytes, MADV_HUGEPAGE);
    return operand->map + (HUGE_PAGE - (size_t)operand->map % HUGE_PAGE) % HUGE_PAGE;
}

void operand_open(struct operand *operand, const struct layout *layout, axprod_dtype dtype, int ndim,
                  const int64_t *shape, int threads) {
    size_t bytes;
    int64_t low, high;
    memset(operand, 0, sizeof *operand);
    if (ndim > 0)
        memcpy(operand->shape, shape, sizeof *shape * (size_t)ndim);
    if (!operand_bytes(layout, dtype, ndim, operand->shape, &bytes))
        abort(); /* the caller has asked */
    layout_strides(layout, dtype, ndim, operand->shape, operand->strides);
    layout_span(dtype, ndim, operand->shape, operand->strides, &low, &high);
    unsigned char *pages = map_pages(operand, bytes);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t at = 0; at < bytes; at += HUGE_PAGE)
        memset(pages + at, 0, HUGE_PAGE);
    operand->lowest = pages + layout->offset;
    operand->span = (size_t)(high - low);
    operand->tensor = (axprod_tensor){operand->lowest - low, dtype, ndim, operand->shape,
                                      layout_is_plain(layout) ? NULL : operand->strides};
}

void operand_close(struct operand *operand) {
    if (operand->map && munmap(operand->map, operand->map_bytes))
        err(EXIT_FAILURE, "munmap");
    memset(operand, 0, sizeof *operand);
}

/* ------------------------------------------------------------------------------------------------------ filling --- */

static int64_t elements_bytes(const struct problem *problem) {
    return walk_count(problem->ndim, problem->shape) * (int64_t)axprod_dtype_size(problem->dtype);
}

bool operand_can_fill(const struct problem *problem) {
    int64_t size = (int64_t)axprod_dtype_size(problem->dtype);
    for (int d = 0; problem->layout.has_strides && d < problem->ndim; d++)
        if (problem->layout.strides[d] % size != 0)
            return elements_bytes(problem) <= FILL_BYTES;
    return true;
}

static void fill_tensor(const struct problem *problem, const axprod_tensor *x, const int *axes, int naxes) {
    struct reduction reduction;
    struct data_request request = {problem->data, problem->dtype,
                                   problem->form == FORM_VALUE ? problem->out : AXPROD_F64, problem->seed};
    reduction_open(&reduction, x, axes, naxes);
    data_fill(&request, &reduction, x->data);
    reduction_close(&reduction);
}

/* Where in the block that is repeated the copy begins that lies FILL_BYTES * number behind the lowest element. */
static size_t turn_of(size_t number) {
    return number * 2654435761u % FILL_BYTES / CACHE_LINE * CACHE_LINE;
}

/* All bytes from the lowest element to the highest: gaps hold elements that belong to no output. */
static void repeat_block(struct operand *operand, const unsigned char *block, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t at = 0; at < operand->span; at += FILL_BYTES) {
        size_t turn = turn_of(at / FILL_BYTES);
        size_t left = operand->span - at < FILL_BYTES ? operand->span - at : FILL_BYTES;
        size_t first = left < FILL_BYTES - turn ? left : FILL_BYTES - turn;
        memcpy(operand->lowest + at, block + turn, first);
        memcpy(operand->lowest + at + first, block, left - first);
    }
}

/* The elements that larger problems have again and again. */
static const unsigned char *make_block(const struct problem *problem) {
    static unsigned char block[FILL_BYTES];
    int64_t count = FILL_BYTES / (int64_t)axprod_dtype_size(problem->dtype);
    axprod_tensor x = {block, problem->dtype, 1, &count, NULL};
    fill_tensor(problem, &x, NULL, -1);
    return block;
}

void operand_fill(struct operand *operand, const struct problem *problem, int threads) {
    if (elements_bytes(problem) <= FILL_BYTES)
        fill_tensor(problem, &operand->tensor, problem_axes(problem), problem->naxes);
    else
        repeat_block(operand, make_block(problem), threads);
}

/* One run of a part along its last axis. whole: where the run begins, in bytes from the whole's lowest element. */
struct run {
    unsigned char *part;
    int64_t whole, part_stride, whole_stride, count;
};

static struct run run_of(const struct operand *part, const struct problem *whole, const int64_t *strides,
                         int64_t index) {
    int last = whole->ndim - 1;
    struct run run = {part->tensor.data, 0, 0, 0, 1};
    if (last >= 0)
        run = (struct run){part->tensor.data, 0, part->strides[last], strides[last], part->shape[last]};
    for (int d = last - 1; d >= 0; d--) {
        int64_t place = index % part->shape[d];
        index /= part->shape[d];
        run.part += place * part->strides[d];
        run.whole += place * strides[d];
    }
    return run;
}

/* bytes: of the whole tensor from its lowest element on, or the block that repeats. */
static void copy_run(struct run run, size_t size, const unsigned char *bytes, bool repeats) {
    for (int64_t i = 0; i < run.count; i++) {
        size_t at = (size_t)(run.whole + i * run.whole_stride);
        if (repeats)
            at = (turn_of(at / FILL_BYTES) + at) % FILL_BYTES;
        memcpy(run.part + i * run.part_stride, bytes + at, size);
    }
}

void operand_fill_part(struct operand *part, const struct problem *whole, const int64_t *offset, int threads) {
    struct operand small = {.map = NULL};
    int64_t strides[AXPROD_MAX_NDIM], first, high, runs = 1;
    bool repeats = elements_bytes(whole) > FILL_BYTES;
    layout_strides(&whole->layout, whole->dtype, whole->ndim, whole->shape, strides);
    layout_span(whole->dtype, whole->ndim, whole->shape, strides, &first, &high);
    if (!repeats) {
        operand_open(&small, &whole->layout, whole->dtype, whole->ndim, whole->shape, 1);
        operand_fill(&small, whole, 1);
    }
    const unsigned char *bytes = repeats ? make_block(whole) : small.lowest;
    for (int d = 0; d < whole->ndim; d++) {
        first -= offset[d] * strides[d];
        runs *= d < whole->ndim - 1 ? part->shape[d] : 1;
    }
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < runs; i++) {
        struct run run = run_of(part, whole, strides, i);
        run.whole -= first;
        copy_run(run, axprod_dtype_size(whole->dtype), bytes, repeats);
    }
    operand_close(&small);
}
