/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NumPy's .npy files: read-only views of files of versions 1.0, 2.0 and 3.0, and writing of version 1.0.
 *
 * A file begins with the six bytes "\x93NUMPY", two bytes of version, the length of the header (2 bytes in version 1.0,
 * 4 bytes afterwards, little-endian), and the header: a Python dict literal with the keys 'descr', 'fortran_order' and
 * 'shape'. The elements follow without a gap, in C or Fortran order.
 *
 * Everything in a file is hostile until it is checked: no file may cause undefined behaviour, and each one is either
 * described exactly or refused with a sentence that says why.
 */
#ifndef AXPROD_PROGRAMS_NPY_H
#define AXPROD_PROGRAMS_NPY_H

#include "message.h"

#include <axprod.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct npy_header {
    axprod_dtype dtype;
    int ndim;
    bool fortran_order;
    int64_t shape[AXPROD_MAX_NDIM];
    int64_t strides[AXPROD_MAX_NDIM]; /* bytes; all zero where the array has no element */
    int64_t data_offset;              /* of the first element, in bytes from the beginning of the file */
    int64_t data_bytes;               /* of all elements; the file has at least data_offset + data_bytes bytes */
} npy_header;

/*
 * Reads the header of a file of file_bytes bytes that lie at bytes. input_dtype: AXPROD_DTYPE_NONE, or AXPROD_BF16
 * where the caller knows that elements of two bytes without a type of their own ('V2'), or of type 'u2', are bf16.
 */
bool npy_parse_header(const void *bytes, int64_t file_bytes, axprod_dtype input_dtype, npy_header *header,
                      message *error);

/* The longest header that npy_format_header makes: 64 extents of 19 digits and what stands around them. */
#define NPY_MAX_HEADER_BYTES 2048

/*
 * Writes what precedes the elements of a C-order array, byte for byte as numpy.save does, to text and returns its
 * length, a multiple of 64.
 */
size_t npy_format_header(char text[NPY_MAX_HEADER_BYTES], axprod_dtype dtype, int ndim, const int64_t *shape);

/* A file mapped into memory for reading. tensor points into header: a view stays where it was opened. */
typedef struct npy_view {
    axprod_tensor tensor;
    npy_header header;
    void *mapping;
    size_t mapping_bytes;
} npy_view;

/*
 * Maps a regular file, which may be larger than memory. Its bytes are read when they are used, so from here on a file
 * that becomes shorter raises SIGBUS: see cleanup.h.
 */
bool npy_open(npy_view *view, const char *path, message *error);

/* Reads the header of an open view and fills in its tensor. input_dtype: as npy_parse_header. */
bool npy_describe(npy_view *view, axprod_dtype input_dtype, message *error);

void npy_close(npy_view *view);

#endif
