/* SPDX-License-Identifier: BSD-3-Clause */
/* Loops without axprod: see hand.h. This file is compiled with -O3 -ffast-math, as many such codes are. */
#include "hand.h"

#include "walk.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int64_t size_of_stride(const struct hand *hand, int axis) {
    return llabs(hand->strides[axis]);
}

static void swap(int64_t *values, int i, int j) {
    int64_t value = values[i];
    values[i] = values[j];
    values[j] = value;
}

static void sort_axes(struct hand *hand) {
    for (int i = 1; i < hand->ndim; i++)
        for (int j = i; j > 0 && size_of_stride(hand, j - 1) < size_of_stride(hand, j); j--) {
            swap(hand->extents, j - 1, j);
            swap(hand->strides, j - 1, j);
            swap(hand->steps, j - 1, j);
        }
}

void hand_open(struct hand *hand, const struct problem *problem, const axprod_tensor *local, MPI_Comm comm) {
    static const struct layout plain;
    *hand = (struct hand){.data = local->data, .comm = comm};
    int64_t count = 1;
    for (int d = local->ndim - 1; d >= 0; d--) {
        bool reduced = problem_reduces(problem, d);
        if (local->shape[d] > 1) {
            hand->extents[hand->ndim] = local->shape[d];
            hand->strides[hand->ndim] = local->strides[d];
            hand->steps[hand->ndim++] = reduced ? 0 : count;
        }
        count *= reduced ? 1 : local->shape[d];
    }
    if (problem->dtype != AXPROD_F64 || problem->out != AXPROD_F64 || problem->form != FORM_VALUE || count > INT_MAX)
        return;
    sort_axes(hand);
    hand->count = (int)count;
    operand_open(&hand->memory, &plain, AXPROD_F64, 1, &count, 1);
    hand->products = hand->memory.tensor.data;
}

void hand_close(struct hand *hand) {
    operand_close(&hand->memory);
}

/* For the machine that it runs on, as with -march=native. */
#if defined(__x86_64__)
#define FOR_THIS_MACHINE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_THIS_MACHINE
#endif

enum {
    CHAINS = 32 /* products at once, since one waits for the last: four of the widest vectors */
};

FOR_THIS_MACHINE
static double multiply_dense(const double *x, int64_t n) {
    double products[CHAINS], product = 1;
    int64_t i = 0;
    for (int c = 0; c < CHAINS; c++)
        products[c] = 1;
    for (; i + CHAINS <= n; i += CHAINS)
        for (int c = 0; c < CHAINS; c++)
            products[c] *= x[i + c];
    for (; i < n; i++)
        product *= x[i];
    for (int c = 0; c < CHAINS; c++)
        product *= products[c];
    return product;
}

FOR_THIS_MACHINE
static void multiply_columns(const double *x, double *products, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        products[i] *= x[i];
}

/* The fastest axis in memory. */
static void multiply_run(const struct hand *hand, const char *x, double *products) {
    int64_t n = hand->extents[hand->ndim - 1], stride = hand->strides[hand->ndim - 1],
            step = hand->steps[hand->ndim - 1];
    const double *dense = (const double *)(const void *)x;
    if (step == 0 && stride == sizeof(double)) {
        *products *= multiply_dense(dense, n);
    } else if (step == 1 && stride == sizeof(double)) {
        multiply_columns(dense, products, n);
    } else {
        for (int64_t i = 0; i < n; i++)
            products[i * step] *= *(const double *)(const void *)(x + i * stride);
    }
}

static void multiply_axis(const struct hand *hand, int axis, const char *x, double *products) {
    if (axis == hand->ndim - 1) {
        multiply_run(hand, x, products);
        return;
    }
    for (int64_t i = 0; i < hand->extents[axis]; i++)
        multiply_axis(hand, axis + 1, x + i * hand->strides[axis], products + i * hand->steps[axis]);
}

void hand_multiply(struct hand *hand) {
    for (int i = 0; i < hand->count; i++)
        hand->products[i] = 1;
    if (hand->ndim == 0)
        memcpy(hand->products, hand->data, sizeof *hand->products);
    else
        multiply_axis(hand, 0, hand->data, hand->products);
}

void hand_reduce(struct hand *hand) {
    MPI_Allreduce(MPI_IN_PLACE, hand->products, hand->count, MPI_DOUBLE, MPI_PROD, hand->comm);
}
