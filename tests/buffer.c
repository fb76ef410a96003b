/* SPDX-License-Identifier: BSD-3-Clause */
/* Guarded tensors; see buffer.h. */
#include "buffer.h"

#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Differs from byte to byte, so that a shifted copy of neighbours shows as well. */
static unsigned char pattern(size_t i) {
    return (unsigned char)(i * 167 + (i >> 8) * 59 + 0xa5);
}

static void fail(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

static void set_strides(struct buffer *buffer, const struct layout *layout) {
    const axprod_tensor *tensor = &buffer->tensor;
    int64_t size = (int64_t)axprod_dtype_size(tensor->dtype), stride = size;
    for (int i = tensor->ndim - 1; i >= 0; i--) {
        int d = layout->has_order ? layout->order[i] : i;
        if (layout->has_strides) {
            buffer->strides[d] = layout->strides[d];
            continue;
        }
        bool repeated = layout->broadcast >> d & 1;
        buffer->strides[d] = repeated ? 0 : layout->flip >> d & 1 ? -stride : stride;
        if (!repeated && tensor->shape[d] > 0)
            stride *= tensor->shape[d];
        stride += layout->pad * size;
    }
}

/* The bytes from the lowest to behind the highest element, relative to element (0, 0, ...); none for no elements. */
static void span(const struct buffer *buffer, int64_t *low, int64_t *high) {
    *low = 0;
    *high = (int64_t)axprod_dtype_size(buffer->tensor.dtype);
    for (int d = 0; d < buffer->tensor.ndim; d++) {
        int64_t reach = (buffer->shape[d] - 1) * buffer->strides[d];
        if (buffer->shape[d] == 0) {
            *low = *high = 0;
            return;
        }
        *(reach < 0 ? low : high) += reach;
    }
}

void buffer_open(struct buffer *buffer, axprod_dtype dtype, int ndim, const int64_t *shape,
                 const struct layout *layout) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bool plain = !layout->has_order && !layout->has_strides && !layout->flip && !layout->broadcast && !layout->pad;
    int64_t low, high;
    memset(buffer, 0, sizeof *buffer);
    if (ndim > 0)
        memcpy(buffer->shape, shape, sizeof(int64_t) * (size_t)ndim);
    buffer->tensor = (axprod_tensor){NULL, dtype, ndim, buffer->shape, plain ? NULL : buffer->strides};
    set_strides(buffer, layout);
    span(buffer, &low, &high);
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
