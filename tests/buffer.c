/* SPDX-License-Identifier: BSD-3-Clause */
/* Guarded tensors; see buffer.h. */
#include "buffer.h"

#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * As elements, moderate floating-point numbers: where some are multiplied by mistake no flag tells, and no other way is
 * taken. Irregular, so that a shifted copy of neighbours shows as well.
 */
static unsigned char pattern(size_t i) {
    return (unsigned char)(0x3e | (((i * 167 + (i >> 8) * 59) >> 3) & 0x81));
}

static void fail(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

void buffer_open(struct buffer *buffer, axprod_dtype dtype, int ndim, const int64_t *shape,
                 const struct layout *layout) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int64_t low, high;
    memset(buffer, 0, sizeof *buffer);
    if (ndim > 0)
        memcpy(buffer->shape, shape, sizeof(int64_t) * (size_t)ndim);
    buffer->tensor =
        (axprod_tensor){NULL, dtype, ndim, buffer->shape, layout_is_plain(layout) ? NULL : buffer->strides};
    if (!layout_strides(layout, dtype, ndim, buffer->shape, buffer->strides) ||
        !layout_span(dtype, ndim, buffer->shape, buffer->strides, &low, &high)) {
        fprintf(stderr, "the strides of a buffer overflow\n");
        exit(EXIT_FAILURE);
    }
    size_t bytes = (size_t)(high - low);
    buffer->pages_bytes = (bytes + (size_t)layout->offset + page) / page * page;
    buffer->map_bytes = buffer->pages_bytes + 2 * page;
    buffer->map = mmap(NULL, buffer->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer->map == MAP_FAILED)
        fail("mmap");
    buffer->pages = buffer->map + page;
    if (mprotect(buffer->pages, buffer->pages_bytes, PROT_READ | PROT_WRITE))
        fail("mprotect");
    for (size_t i = 0; i < buffer->pages_bytes; i++)
        buffer->pages[i] = pattern(i);
    unsigned char *lowest = buffer->pages + (layout->at_start ? (size_t)layout->offset
                                                              : buffer->pages_bytes - bytes - (size_t)layout->offset);
    buffer->tensor.data = lowest - low;
}

void buffer_close(struct buffer *buffer) {
    if (munmap(buffer->map, buffer->map_bytes))
        fail("munmap");
    memset(buffer, 0, sizeof *buffer);
}

void buffer_seal(struct buffer *buffer) {
    if (mprotect(buffer->pages, buffer->pages_bytes, PROT_READ))
        fail("mprotect");
}

/* The offsets of all elements in C order. */
static int64_t *offsets_of(const struct buffer *buffer, int64_t *count) {
    *count = walk_count(buffer->tensor.ndim, buffer->shape);
    return walk_offsets(buffer->tensor.ndim, buffer->shape, buffer->strides);
}

void buffer_get(const struct buffer *buffer, void *dense) {
    int64_t count, *offsets = offsets_of(buffer, &count);
    size_t size = axprod_dtype_size(buffer->tensor.dtype);
    for (int64_t i = 0; i < count; i++)
        memcpy((char *)dense + (size_t)i * size, (const char *)buffer->tensor.data + offsets[i], size);
    free(offsets);
}

void buffer_put(struct buffer *buffer, const void *dense) {
    int64_t count, *offsets = offsets_of(buffer, &count);
    size_t size = axprod_dtype_size(buffer->tensor.dtype);
    for (int64_t i = 0; i < count; i++)
        memcpy((char *)buffer->tensor.data + offsets[i], (const char *)dense + (size_t)i * size, size);
    free(offsets);
}

bool buffer_gaps_intact(const struct buffer *buffer) {
    bool *covered = calloc(buffer->pages_bytes, sizeof *covered), intact = true;
    int64_t count, *offsets = offsets_of(buffer, &count);
    if (!covered)
        fail("calloc");
    for (int64_t i = 0; i < count; i++) {
        unsigned char *address = (unsigned char *)buffer->tensor.data + offsets[i];
        memset(covered + (address - buffer->pages), 1, axprod_dtype_size(buffer->tensor.dtype));
    }
    for (size_t i = 0; i < buffer->pages_bytes; i++) {
        if (!covered[i] && buffer->pages[i] != pattern(i))
            intact = false;
    }
    free(covered);
    free(offsets);
    return intact;
}

bool buffer_untouched(const struct buffer *buffer) {
    for (size_t i = 0; i < buffer->pages_bytes; i++) {
        if (buffer->pages[i] != pattern(i))
            return false;
    }
    return true;
}
