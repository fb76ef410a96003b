/* SPDX-License-Identifier: BSD-3-Clause */
/* Fortran's arrays as tensors, and errors as Fortran reports them; see descriptor.h. */
#include "descriptor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* In the module: ERROR STOP with these bytes. It does not return. */
void axprod_fortran_stop(const char *sentence, size_t length);

axprod_status axp_fortran_fail(axprod_status status, const char *format, ...) {
    char sentence[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    axprod_set_last_error(sentence);
    return status;
}

/* Which of C's types a compiler has in mind with a kind of its integers is up to the compiler. */
static axprod_dtype dtype_of(const CFI_cdesc_t *descriptor) {
    static const struct {
        CFI_type_t type;
        axprod_dtype dtype;
    } types[] = {
        {CFI_type_int8_t, AXPROD_I8},
        {CFI_type_int16_t, AXPROD_I16},
        {CFI_type_int32_t, AXPROD_I32},
        {CFI_type_int64_t, AXPROD_I64},
        {CFI_type_signed_char, AXPROD_I8},
        {CFI_type_short, AXPROD_I16},
        {CFI_type_int, AXPROD_I32},
        {CFI_type_long, AXPROD_I64},
        {CFI_type_long_long, AXPROD_I64},
        {CFI_type_float, AXPROD_F32},
        {CFI_type_double, AXPROD_F64},
        {CFI_type_float_Complex, AXPROD_C64},
        {CFI_type_double_Complex, AXPROD_C128},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].type == descriptor->type && axprod_dtype_size(types[i].dtype) == descriptor->elem_len)
            return types[i].dtype;
    return AXPROD_DTYPE_NONE;
}

axprod_status axp_fortran_array_of(const char *name, const CFI_cdesc_t *descriptor, axp_fortran_array *array) {
    int rank = descriptor->rank;
    bool empty = false;
    array->tensor = (axprod_tensor){descriptor->base_addr, dtype_of(descriptor), rank, array->shape, array->strides};
    if (array->tensor.dtype == AXPROD_DTYPE_NONE)
        return axp_fortran_fail(AXPROD_ERROR_DTYPE,
                                "%s is neither an integer of 8 to 64 bits, nor a real or complex of real32 or real64",
                                name);
    for (int d = 0; d < rank; d++) {
        const CFI_dim_t *dim = &descriptor->dim[rank - 1 - d];
        if (dim->extent < 0)
            return axp_fortran_fail(AXPROD_ERROR_SHAPE, "%s is of assumed size: pass a section with an upper bound",
                                    name);
        array->shape[d] = dim->extent;
        array->strides[d] = dim->sm;
        empty |= dim->extent == 0;
    }
    if (!descriptor->base_addr && !empty)
        return axp_fortran_fail(AXPROD_ERROR_NULL, "%s is not allocated or not associated", name);
    return AXPROD_OK;
}

axprod_status axp_fortran_axes_of(const CFI_cdesc_t *dim, int rank, axp_fortran_axes *axes) {
    unsigned seen = 0;
    *axes = (axp_fortran_axes){0};
    if (!dim)
        return AXPROD_OK;
    if (dim->rank > 1)
        return axp_fortran_fail(AXPROD_ERROR_AXIS, "dim has rank %d: it is a scalar or has rank 1", dim->rank);
    CFI_index_t count = dim->rank == 0 ? 1 : dim->dim[0].extent;
    if (count < 0)
        return axp_fortran_fail(AXPROD_ERROR_AXIS, "dim is an array of assumed size: its length is not known");
    axes->list = axes->axes;
    for (CFI_index_t i = 0; i < count; i++) {
        int d = *(const int *)((const char *)dim->base_addr + (dim->rank == 0 ? 0 : i * dim->dim[0].sm));
        if (d < 1 || d > rank)
            return axp_fortran_fail(AXPROD_ERROR_AXIS, "dim %d is out of range for an array of rank %d", d, rank);
        if (seen >> d & 1)
            return axp_fortran_fail(AXPROD_ERROR_AXIS, "dim %d is repeated", d);
        seen |= 1U << d;
        axes->axes[axes->count++] = rank - d;
    }
    return AXPROD_OK;
}

axprod_status axp_fortran_match(const char *name, const axprod_tensor *out, int rank, const int64_t *shape,
                                const axp_fortran_axes *axes) {
    int64_t wanted[CFI_MAX_RANK];
    unsigned reduced = axes->list ? 0 : ~0U;
    int count = 0, kept = axes->list ? rank - axes->count : 0;
    for (int i = 0; i < axes->count; i++)
        reduced |= 1U << axes->axes[i];
    if (out->ndim != kept && out->ndim != rank)
        return axp_fortran_fail(AXPROD_ERROR_OUT_SHAPE,
                                "%s has rank %d; the product has rank %d, or %d where dimensions stay with extent 1",
                                name, out->ndim, kept, rank);
    for (int d = 0; d < rank; d++)
        if (out->ndim == rank || !(reduced >> d & 1))
            wanted[count++] = reduced >> d & 1 ? 1 : shape[d];
    for (int d = 0; d < count; d++)
        if (out->shape[d] != wanted[d])
            return axp_fortran_fail(AXPROD_ERROR_OUT_SHAPE, "extent %d of %s is %lld; that of the product is %lld",
                                    count - d, name, (long long)out->shape[d], (long long)wanted[d]);
    return AXPROD_OK;
}

void axp_fortran_report(axprod_status status, int *stat, const CFI_cdesc_t *errmsg) {
    const char *sentence = axprod_last_error();
    size_t length = strlen(sentence);
    if (stat)
        *stat = status;
    if (status == AXPROD_OK)
        return;
    if (errmsg) {
        size_t copied = length < errmsg->elem_len ? length : errmsg->elem_len;
        memcpy(errmsg->base_addr, sentence, copied);
        memset((char *)errmsg->base_addr + copied, ' ', errmsg->elem_len - copied);
    }
    if (!stat)
        axprod_fortran_stop(sentence, length);
}
