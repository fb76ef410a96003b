/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of byte offsets; see walk.h. */
#include "walk.h"

#include <stdlib.h>
#include <string.h>

void walk_c_strides(axprod_dtype dtype, int ndim, const int64_t *shape, int64_t *strides) {
    int64_t stride = (int64_t)axprod_dtype_size(dtype);
    for (int d = ndim - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *= shape[d] > 0 ? shape[d] : 1;
    }
}

int64_t walk_count(int ndim, const int64_t *shape) {
    int64_t count = 1;
    for (int d = 0; d < ndim; d++)
        count *= shape[d];
    return count;
}

int64_t *walk_offsets(int ndim, const int64_t *shape, const int64_t *strides) {
    int64_t count = walk_count(ndim, shape), index[AXPROD_MAX_NDIM] = {0}, offset = 0;
    int64_t *offsets = malloc(sizeof(int64_t) * (size_t)(count + 1));
    if (!offsets)
        abort();
    for (int64_t i = 0; i < count; i++) {
        offsets[i] = offset;
        for (int d = ndim - 1; d >= 0; d--) {
            offset += strides[d];
            if (++index[d] < shape[d])
                break;
            offset -= shape[d] * strides[d];
            index[d] = 0;
        }
    }
    return offsets;
}

void reduction_open(struct reduction *reduction, const axprod_tensor *x, const int *axes, int naxes) {
    bool reduced[AXPROD_MAX_NDIM] = {false};
    int64_t c_strides[AXPROD_MAX_NDIM], kept_strides[AXPROD_MAX_NDIM];
    int64_t factor_shape[AXPROD_MAX_NDIM], factor_strides[AXPROD_MAX_NDIM];
    const int64_t *strides = x->strides;
    int factor_ndim = 0;
    memset(reduction, 0, sizeof *reduction);
    reduction->repeat = 1;
    if (!strides) {
        walk_c_strides(x->dtype, x->ndim, x->shape, c_strides);
        strides = c_strides;
    }
    for (int d = 0; d < x->ndim; d++)
        reduced[d] = !axes || naxes < 0;
    for (int i = 0; axes && i < naxes; i++)
        reduced[axes[i] < 0 ? axes[i] + x->ndim : axes[i]] = true;
    for (int d = 0; d < x->ndim; d++) {
        if (!reduced[d]) {
            kept_strides[reduction->out_ndim] = strides[d];
            reduction->out_shape[reduction->out_ndim++] = x->shape[d];
        } else if (strides[d] == 0 && x->shape[d] > 0) {
            reduction->repeat *= x->shape[d];
        } else {
            factor_strides[factor_ndim] = strides[d];
            factor_shape[factor_ndim++] = x->shape[d];
        }
    }
    reduction->outputs = walk_count(reduction->out_ndim, reduction->out_shape);
    reduction->factors = walk_count(factor_ndim, factor_shape);
    reduction->output_offsets = walk_offsets(reduction->out_ndim, reduction->out_shape, kept_strides);
    reduction->factor_offsets = walk_offsets(factor_ndim, factor_shape, factor_strides);
}

void reduction_close(struct reduction *reduction) {
    free(reduction->output_offsets);
    free(reduction->factor_offsets);
}
