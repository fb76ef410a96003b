/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plain loops that a user would write, for elements of TYPE: as a peer in benchmarks, compiled with -O3
 * -march=native, with and without -ffast-math. Strides are in elements.
 */
#include <stdint.h>

/* Columns that stay in a first-level cache while rows are multiplied into them. */
#define BLOCK 1024

static inline TYPE multiply_row(const TYPE *x, int64_t count, int64_t stride) {
    TYPE p = 1;
    if (stride == 1) {
#pragma omp simd reduction(* : p)
        for (int64_t i = 0; i < count; i++)
            p *= x[i];
    } else {
#pragma omp simd reduction(* : p)
        for (int64_t i = 0; i < count; i++)
            p *= x[i * stride];
    }
    return p;
}

/* All elements. */
void prod_all(const TYPE *x, TYPE *out, int64_t count, int64_t stride) {
    TYPE p = 1;
    if (stride == 1) {
#pragma omp parallel for simd reduction(* : p)
        for (int64_t i = 0; i < count; i++)
            p *= x[i];
    } else {
#pragma omp parallel for simd reduction(* : p)
        for (int64_t i = 0; i < count; i++)
            p *= x[i * stride];
    }
    *out = p;
}

/* out[a] = the product of row a. */
void prod_rows(const TYPE *x, TYPE *out, int64_t rows, int64_t row_stride, int64_t count, int64_t stride) {
#pragma omp parallel for
    for (int64_t a = 0; a < rows; a++)
        out[a] = multiply_row(x + a * row_stride, count, stride);
}

/* out[a][b] = the product over k of x[a][k][b]; rows of b are contiguous. */
void prod_columns(const TYPE *x, TYPE *out, int64_t outer, int64_t count, int64_t width) {
#pragma omp parallel for collapse(2)
    for (int64_t a = 0; a < outer; a++)
        for (int64_t begin = 0; begin < width; begin += BLOCK) {
            int64_t end = begin + BLOCK < width ? begin + BLOCK : width;
            TYPE *row = out + a * width;
            for (int64_t b = begin; b < end; b++)
                row[b] = 1;
            for (int64_t k = 0; k < count; k++)
#pragma omp simd
                for (int64_t b = begin; b < end; b++)
                    row[b] *= x[(a * count + k) * width + b];
        }
}

/* out[b] = the product over j and k of x[j][b][k]; contiguous. */
void prod_both(const TYPE *x, TYPE *out, int64_t outer, int64_t width, int64_t count) {
#pragma omp parallel for
    for (int64_t b = 0; b < width; b++) {
        TYPE p = 1;
        for (int64_t j = 0; j < outer; j++)
            p *= multiply_row(x + (j * width + b) * count, count, 1);
        out[b] = p;
    }
}
