/* SPDX-License-Identifier: BSD-3-Clause */
/* From layouts to strides; see layout.h. */
#include "layout.h"

bool layout_is_plain(const struct layout *layout) {
    return !layout->has_order && !layout->has_strides && !layout->flip && !layout->broadcast && !layout->pad;
}

bool layout_strides(const struct layout *layout, axprod_dtype dtype, int ndim, const int64_t *shape, int64_t *strides) {
    int64_t size = (int64_t)axprod_dtype_size(dtype), stride = size, gap;
    bool overflow = __builtin_mul_overflow(layout->pad, size, &gap);
    for (int i = ndim - 1; i >= 0; i--) {
        int d = layout->has_order ? layout->order[i] : i;
        if (layout->has_strides) {
            strides[d] = layout->strides[d];
            continue;
        }
        bool repeated = layout->broadcast >> d & 1;
        strides[d] = repeated ? 0 : layout->flip >> d & 1 ? -stride : stride;
        if (!repeated && shape[d] > 0)
            overflow |= __builtin_mul_overflow(stride, shape[d], &stride);
        overflow |= __builtin_add_overflow(stride, gap, &stride);
    }
    return !overflow;
}

bool layout_span(axprod_dtype dtype, int ndim, const int64_t *shape, const int64_t *strides, int64_t *low,
                 int64_t *high) {
    int64_t bytes;
    bool overflow = false;
    *low = 0;
    *high = (int64_t)axprod_dtype_size(dtype);
    for (int d = 0; d < ndim; d++) {
        int64_t reach;
        if (shape[d] == 0) {
            *low = *high = 0;
            return true;
        }
        overflow |= __builtin_mul_overflow(shape[d] - 1, strides[d], &reach);
        int64_t *end = reach < 0 ? low : high;
        overflow |= __builtin_add_overflow(*end, reach, end);
    }
    return !overflow && !__builtin_sub_overflow(*high, *low, &bytes);
}
