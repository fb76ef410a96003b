/* SPDX-License-Identifier: BSD-3-Clause */
/* Boxes inside spaces: which elements follow each other, and where they are. Also the blocks of a process grid. */
#include "internal.h"

#include <string.h>

int64_t axp_mpi_box_count(axp_mpi_box box) {
    int64_t count = 1;
    for (int d = 0; d < box.ndim; d++)
        count *= box.extent[d];
    return count;
}

int64_t axp_mpi_number_of(axp_mpi_box space, axp_mpi_box box, int64_t i) {
    int64_t number = 0, pitch = 1;
    for (int d = box.ndim - 1; d >= 0; d--) {
        number += (box.first[d] - space.first[d] + i % box.extent[d]) * pitch;
        i /= box.extent[d];
        pitch *= space.extent[d];
    }
    return number;
}

int64_t axp_mpi_count_below(axp_mpi_box space, axp_mpi_box box, int64_t number) {
    int64_t pitch = axp_mpi_box_count(space), inner = axp_mpi_box_count(box), count = 0;
    if (inner == 0 || number >= pitch)
        return inner;
    for (int d = 0; d < box.ndim; d++) {
        pitch /= space.extent[d];
        inner /= box.extent[d];
        int64_t digit = number / pitch + space.first[d] - box.first[d];
        number %= pitch;
        count += axp_mpi_min(axp_mpi_max(digit, 0), box.extent[d]) * inner;
        if (digit < 0 || digit >= box.extent[d])
            break;
    }
    return count;
}

bool axp_mpi_contains(axp_mpi_box space, axp_mpi_box box, int64_t number) {
    return axp_mpi_count_below(space, box, number + 1) > axp_mpi_count_below(space, box, number);
}

axp_mpi_run axp_mpi_next_run(axp_mpi_box space, axp_mpi_box box, int64_t i, int64_t end) {
    int64_t row = 1;
    for (int d = box.ndim - 1; d >= 0; d--) {
        row *= box.extent[d];
        if (box.extent[d] != space.extent[d])
            break;
    }
    return (axp_mpi_run){i, axp_mpi_number_of(space, box, i), axp_mpi_min(end - i, row - i % row)};
}

axp_mpi_extent axp_mpi_extent_of(const axprod_tensor *tensor) {
    int64_t pitch = (int64_t)axprod_dtype_size(tensor->dtype);
    axp_mpi_extent extent = {0, pitch};
    for (int d = tensor->ndim - 1; d >= 0; d--) {
        int64_t stride = tensor->strides ? tensor->strides[d] : pitch;
        if (tensor->shape[d] == 0)
            return (axp_mpi_extent){0, 0};
        *(stride < 0 ? &extent.begin : &extent.end) += (tensor->shape[d] - 1) * stride;
        pitch *= tensor->shape[d];
    }
    return extent;
}

bool axp_mpi_is_dense(const axprod_tensor *tensor) {
    int64_t pitch = (int64_t)axprod_dtype_size(tensor->dtype);
    for (int d = tensor->ndim - 1; d >= 0; d--) {
        if (tensor->strides && tensor->shape[d] > 1 && tensor->strides[d] != pitch)
            return false;
        pitch *= tensor->shape[d];
    }
    return true;
}

/* Dense elements to a row of a tensor; sizes are constants so that each copy is one load and one store. */
static void store_row(char *to, int64_t stride, const char *dense, size_t bytes, int64_t n) {
    if (stride == (int64_t)bytes) {
        memcpy(to, dense, bytes * (size_t)n);
    } else if (bytes == 8) {
        for (int64_t i = 0; i < n; i++)
            memcpy(to + i * stride, dense + 8 * i, 8);
    } else {
        for (int64_t i = 0; i < n; i++)
            memcpy(to + i * stride, dense + i * (int64_t)bytes, bytes);
    }
}

void axp_mpi_store(const axprod_tensor *tensor, void *data, int64_t first, int64_t count, const char *dense) {
    size_t bytes = axprod_dtype_size(tensor->dtype);
    int last = tensor->ndim - 1;
    if (!tensor->strides) {
        store_row((char *)data + first * (int64_t)bytes, (int64_t)bytes, dense, bytes, count);
        return;
    }
    int64_t row = last >= 0 ? tensor->shape[last] : 1, stride = last >= 0 ? tensor->strides[last] : 0;
    while (count > 0) {
        int64_t column = first % row, index = first / row, n = axp_mpi_min(count, row - column);
        char *to = (char *)data + column * stride;
        for (int d = last - 1; d >= 0; d--) {
            to += index % tensor->shape[d] * tensor->strides[d];
            index /= tensor->shape[d];
        }
        store_row(to, stride, dense, bytes, n);
        dense += n * (int64_t)bytes;
        first += n;
        count -= n;
    }
}

axprod_status axprod_mpi_block(int ndim, const int64_t *global_shape, const int *grid, int rank, int64_t *offset,
                               int64_t *shape) {
    int64_t ranks = 1;
    if (ndim < 0 || ndim > AXPROD_MAX_NDIM)
        return axp_mpi_fail(AXPROD_ERROR_NDIM, "ndim is %d; 0 to %d are possible", ndim, AXPROD_MAX_NDIM);
    if (ndim > 0 && (!global_shape || !grid || !offset || !shape))
        return axp_mpi_fail(AXPROD_ERROR_NULL, "%s is NULL",
                            !global_shape ? "global_shape"
                            : !grid       ? "grid"
                            : !offset     ? "offset"
                                          : "shape");
    for (int d = 0; d < ndim; d++) {
        if (global_shape[d] < 0)
            return axp_mpi_fail(AXPROD_ERROR_SHAPE, "global_shape[%d] is %lld: extents cannot be negative", d,
                                (long long)global_shape[d]);
        if (grid[d] < 1 || __builtin_mul_overflow(ranks, (int64_t)grid[d], &ranks))
            return axp_mpi_fail(AXPROD_ERROR_COUNT, "grid[%d] is %d, which is out of range", d, grid[d]);
    }
    if (rank < 0 || rank >= ranks)
        return axp_mpi_fail(AXPROD_ERROR_COUNT, "rank is %d; the grid has ranks 0 to %lld", rank, (long long)ranks - 1);
    for (int d = ndim - 1; d >= 0; d--) {
        int64_t place = rank % grid[d], each = global_shape[d] / grid[d], longer = global_shape[d] % grid[d];
        offset[d] = place * each + axp_mpi_min(place, longer);
        shape[d] = each + (place < longer);
        rank /= grid[d];
    }
    return AXPROD_OK;
}
