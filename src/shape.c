/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that can be wrong with the arguments of a call is found here, before anything is computed or written;
 * behind this file nothing is checked again.
 */
#include "internal.h"

const char *axp_output_name(axp_form form, int which) {
    static const char *const names[][2] = {
        [AXP_FORM_VALUE] = {"out", "out"},
        [AXP_FORM_SCALED] = {"significand", "exponent"},
        [AXP_FORM_LOG] = {"sign", "logabs"},
    };
    return names[form][which];
}

static axprod_status check_axes(int ndim, const int *axes, int naxes, uint64_t *reduced) {
    *reduced = 0;
    if (!axes) {
        for (int axis = 0; axis < ndim; axis++)
            *reduced |= UINT64_C(1) << axis;
        return AXPROD_OK;
    }
    if (naxes < 0)
        return axp_fail(AXPROD_ERROR_AXIS, "naxes is %d: a number of axes cannot be negative", naxes);
    for (int i = 0; i < naxes; i++) {
        int axis = axes[i] < 0 ? axes[i] + ndim : axes[i];
        if (axis < 0 || axis >= ndim) {
            if (ndim == 0)
                return axp_fail(AXPROD_ERROR_AXIS, "axis %d is out of range for a tensor of 0 dimensions", axes[i]);
            return axp_fail(AXPROD_ERROR_AXIS, "axis %d is out of range for a tensor of %d dimensions (%d..%d)",
                            axes[i], ndim, -ndim, ndim - 1);
        }
        if (*reduced >> axis & 1)
            return axp_fail(AXPROD_ERROR_AXIS, "axis %d is repeated: axes[%d] names axis %d again", axes[i], i, axis);
        *reduced |= UINT64_C(1) << axis;
    }
    return AXPROD_OK;
}

static axprod_status check_ndim(const char *name, int ndim) {
    if (ndim < 0 || ndim > AXPROD_MAX_NDIM)
        return axp_fail(AXPROD_ERROR_NDIM, "%s has %d dimensions; 0 to %d are possible", name, ndim, AXPROD_MAX_NDIM);
    return AXPROD_OK;
}

static axprod_status check_extents(const char *name, int ndim, const int64_t *shape) {
    if (ndim > 0 && !shape)
        return axp_fail(AXPROD_ERROR_NULL, "%s has %d dimensions, but its shape is NULL", name, ndim);
    for (int d = 0; d < ndim; d++)
        if (shape[d] < 0)
            return axp_fail(AXPROD_ERROR_SHAPE, "extent %d of %s is %lld: extents cannot be negative", d, name,
                            (long long)shape[d]);
    return AXPROD_OK;
}

/* Strides in bytes, given or those of C order, and the bytes that the tensor touches. */
static axprod_status check_strides(const char *name, const axprod_tensor *tensor, int64_t *strides,
                                   axp_extent *extent) {
    int64_t elements = 1, bytes = axp_dtypes[tensor->dtype].bytes;
    bool empty = false;
    for (int d = tensor->ndim - 1; d >= 0; d--) {
        int64_t n = tensor->shape[d];
        empty |= n == 0;
        strides[d] = tensor->strides ? tensor->strides[d] : elements * bytes;
        /* Empty tensors, too, keep to the limit: their results need not be empty. */
        int64_t size;
        if (__builtin_mul_overflow(elements, axp_max(n, 1), &elements) ||
            __builtin_mul_overflow(elements, bytes, &size))
            return axp_fail(AXPROD_ERROR_SHAPE, "the shape of %s has more elements than 64-bit sizes can count", name);
    }
    *extent = (axp_extent){0, empty ? 0 : bytes};
    /* nothing is at any stride of an empty tensor, so the loops may take them as they like */
    for (int d = 0; d < tensor->ndim && empty; d++)
        strides[d] = 0;
    for (int d = 0; d < tensor->ndim && !empty; d++) {
        int64_t span;
        int64_t *end = strides[d] < 0 ? &extent->first : &extent->end;
        if (__builtin_mul_overflow(tensor->shape[d] - 1, strides[d], &span) || __builtin_add_overflow(*end, span, end))
            return axp_fail(AXPROD_ERROR_SHAPE, "stride %d of %s is %lld bytes: the tensor would end beyond all memory",
                            d, name, (long long)strides[d]);
    }
    int64_t range;
    if (__builtin_sub_overflow(extent->end, extent->first, &range))
        return axp_fail(AXPROD_ERROR_SHAPE, "the strides of %s span more than all memory", name);
    return AXPROD_OK;
}

static axprod_status check_tensor(const char *name, const axprod_tensor *tensor) {
    if (!tensor)
        return axp_fail(AXPROD_ERROR_NULL, "%s is NULL", name);
    if (!axp_dtype_known(tensor->dtype))
        return axp_fail(AXPROD_ERROR_DTYPE, "the dtype of %s is %d, which is none", name, (int)tensor->dtype);
    AXP_TRY(check_ndim(name, tensor->ndim));
    return check_extents(name, tensor->ndim, tensor->shape);
}

static axprod_status check_out_dtype(axp_form form, int which, axprod_dtype x, axprod_dtype out) {
    axp_kind from = axp_dtypes[x].kind, to = axp_dtypes[out].kind;
    const char *name = axp_output_name(form, which);
    if (form != AXP_FORM_VALUE) {
        axprod_dtype wanted = form == AXP_FORM_SCALED && which == 1 ? AXPROD_I64 : AXPROD_F64;
        if (from == AXP_KIND_COMPLEX)
            return axp_fail(AXPROD_ERROR_OUT_DTYPE, "%s: complex products have no %s form", name,
                            form == AXP_FORM_SCALED ? "scaled" : "log");
        if (out != wanted)
            return axp_fail(AXPROD_ERROR_OUT_DTYPE, "the dtype of %s is %s; it has to be %s", name,
                            axp_dtypes[out].name, axp_dtypes[wanted].name);
        return AXPROD_OK;
    }
    bool possible = from == AXP_KIND_COMPLEX ? to == AXP_KIND_COMPLEX
                    : from == AXP_KIND_FLOAT ? to == AXP_KIND_FLOAT
                                             : to == AXP_KIND_SIGNED || to == AXP_KIND_UNSIGNED || to == AXP_KIND_FLOAT;
    if (!possible)
        return axp_fail(AXPROD_ERROR_OUT_DTYPE, "the dtype of %s is %s, which a product of %s cannot be stored in",
                        name, axp_dtypes[out].name, axp_dtypes[x].name);
    return AXPROD_OK;
}

/* Spreads the strides of an output over the axes of x, and checks its shape on the way. */
static axprod_status match_shape(const char *name, const axprod_tensor *out, const int64_t *strides,
                                 const axp_geometry *g, int64_t *spread) {
    bool keepdims = out->ndim == g->ndim;
    if (!keepdims && out->ndim != g->ndim - __builtin_popcountll(g->reduced))
        return axp_fail(AXPROD_ERROR_OUT_SHAPE, "%s has %d dimensions; the result has %d, or %d with keepdims", name,
                        out->ndim, g->ndim - __builtin_popcountll(g->reduced), g->ndim);
    for (int d = 0, o = 0; d < g->ndim; d++) {
        bool is_reduced = g->reduced >> d & 1;
        spread[d] = 0;
        if (is_reduced && !keepdims)
            continue;
        int64_t wanted = is_reduced ? 1 : g->shape[d];
        if (out->shape[o] != wanted)
            return axp_fail(AXPROD_ERROR_OUT_SHAPE, "extent %d of %s is %lld; the result's is %lld", o, name,
                            (long long)out->shape[o], (long long)wanted);
        if (!is_reduced)
            spread[d] = strides[o];
        o++;
    }
    return AXPROD_OK;
}

/*
 * Whether no two elements of an output share a byte, by the test that loops nest: each stride is at least what all
 * smaller ones span. Layouts that interleave in other ways are refused.
 */
static axprod_status check_nesting(const char *name, const axprod_tensor *out, const int64_t *strides) {
    int64_t span = axp_dtypes[out->dtype].bytes, previous = 0;
    for (int d = 0; d < out->ndim; d++)
        if (out->shape[d] == 0)
            return AXPROD_OK;
    for (;;) {
        /* the next larger stride; equal ones overlap and are found by their second */
        int next = -1;
        int64_t least = INT64_MAX;
        for (int d = 0; d < out->ndim; d++) {
            int64_t stride = strides[d] < 0 ? -strides[d] : strides[d];
            if (out->shape[d] > 1 && stride <= least && stride > previous) {
                least = stride;
                next = d;
            } else if (out->shape[d] > 1 && stride == 0) {
                return axp_fail(AXPROD_ERROR_OVERLAP, "stride %d of %s is 0: its elements would overlap", d, name);
            }
        }
        if (next < 0)
            return AXPROD_OK;
        for (int d = 0; d < out->ndim; d++)
            if (d != next && out->shape[d] > 1 && (strides[d] == least || strides[d] == -least))
                return axp_fail(AXPROD_ERROR_OVERLAP, "strides %d and %d of %s are equal: its elements would overlap",
                                d, next, name);
        if (least < span)
            return axp_fail(AXPROD_ERROR_OVERLAP,
                            "stride %d of %s is %lld bytes, less than the %lld bytes inside it: its "
                            "elements would overlap",
                            next, name, (long long)strides[next], (long long)span);
        span += least * (out->shape[next] - 1);
        previous = least;
    }
}

static axprod_status check_output(const axp_request *request, int which, axp_geometry *g) {
    const axprod_tensor *out = request->out[which];
    const char *name = axp_output_name(request->form, which);
    int64_t strides[AXPROD_MAX_NDIM];
    AXP_TRY(check_tensor(name, out));
    AXP_TRY(check_out_dtype(request->form, which, request->x->dtype, out->dtype));
    AXP_TRY(check_strides(name, out, strides, &g->out_extent[which]));
    AXP_TRY(match_shape(name, out, strides, g, g->out_stride[which]));
    return check_nesting(name, out, strides);
}

static axprod_status check_options(const axprod_options *options) {
    if (!options)
        return AXPROD_OK;
    if (options->size != sizeof(axprod_options))
        return axp_fail(AXPROD_ERROR_OPTIONS, "options.size is %zu; this library knows %zu (use AXPROD_OPTIONS_INIT)",
                        options->size, sizeof(axprod_options));
    if (options->num_threads < 0 || options->num_threads > AXP_MAX_THREADS)
        return axp_fail(AXPROD_ERROR_OPTIONS, "options.num_threads is %d; 0 to %d are possible", options->num_threads,
                        AXP_MAX_THREADS);
    return AXPROD_OK;
}

axprod_status axp_validate(const axp_request *request, axp_geometry *g) {
    const axprod_tensor *x = request->x;
    AXP_TRY(check_tensor("x", x));
    g->ndim = x->ndim;
    AXP_TRY(check_axes(x->ndim, request->axes, request->naxes, &g->reduced));
    AXP_TRY(check_strides("x", x, g->x_stride, &g->x_extent));
    g->outputs = g->factors = 1;
    for (int d = 0; d < x->ndim; d++) {
        g->shape[d] = x->shape[d];
        *(g->reduced >> d & 1 ? &g->factors : &g->outputs) *= x->shape[d];
    }
    if (g->outputs > 0 && g->factors > AXP_MAX_FACTORS)
        return axp_fail(AXPROD_ERROR_SHAPE, "%lld elements of x are multiplied into each output; at most 2^52 can be",
                        (long long)g->factors);
    AXP_TRY(check_output(request, 0, g));
    if (request->form != AXP_FORM_VALUE) {
        AXP_TRY(check_output(request, 1, g));
    } else {
        g->out_extent[1] = (axp_extent){0, 0};
        for (int d = 0; d < g->ndim; d++)
            g->out_stride[1][d] = 0;
    }
    return check_options(request->options);
}

static bool overlap(const axp_extent *a, const void *pa, const axp_extent *b, const void *pb) {
    uintptr_t a0 = (uintptr_t)pa + (uintptr_t)a->first, a1 = (uintptr_t)pa + (uintptr_t)a->end;
    uintptr_t b0 = (uintptr_t)pb + (uintptr_t)b->first, b1 = (uintptr_t)pb + (uintptr_t)b->end;
    return a0 != a1 && b0 != b1 && a0 < b1 && b0 < a1;
}

static axprod_status check_data(const char *name, const axp_extent *extent, const void *data) {
    if (!data && extent->first != extent->end)
        return axp_fail(AXPROD_ERROR_NULL, "the data of %s is NULL", name);
    return AXPROD_OK;
}

/* extent1 empty: there is no second output. */
axprod_status axp_check_pointers(const axp_extent *x_extent, const void *x, const char *name0,
                                 const axp_extent *extent0, const void *out0, const char *name1,
                                 const axp_extent *extent1, const void *out1) {
    AXP_TRY(check_data("x", x_extent, x));
    AXP_TRY(check_data(name0, extent0, out0));
    AXP_TRY(check_data(name1, extent1, out1));
    if (overlap(x_extent, x, extent0, out0))
        return axp_fail(AXPROD_ERROR_OVERLAP, "%s overlaps x in memory", name0);
    if (overlap(x_extent, x, extent1, out1))
        return axp_fail(AXPROD_ERROR_OVERLAP, "%s overlaps x in memory", name1);
    if (overlap(extent0, out0, extent1, out1))
        return axp_fail(AXPROD_ERROR_OVERLAP, "%s and %s overlap in memory", name0, name1);
    return AXPROD_OK;
}

axprod_status axprod_result_shape(int ndim, const int64_t *shape, const int *axes, int naxes, bool keepdims,
                                  int *out_ndim, int64_t *out_shape) {
    uint64_t reduced;
    AXP_TRY(check_ndim("the tensor", ndim));
    AXP_TRY(check_extents("the tensor", ndim, shape));
    AXP_TRY(check_axes(ndim, axes, naxes, &reduced));
    if (!out_ndim)
        return axp_fail(AXPROD_ERROR_NULL, "out_ndim is NULL");
    if (!out_shape && ndim > 0)
        return axp_fail(AXPROD_ERROR_NULL, "out_shape is NULL");
    int n = 0;
    for (int d = 0; d < ndim; d++)
        if (!(reduced >> d & 1))
            out_shape[n++] = shape[d];
        else if (keepdims)
            out_shape[n++] = 1;
    *out_ndim = n;
    return AXPROD_OK;
}
