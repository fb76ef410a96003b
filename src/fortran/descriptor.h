/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fortran's arrays as tensors, for the procedures of both modules. Fortran describes its arrays to C where they lie,
 * so sections are never copied. Dimension d of an array of rank n is axis n - d of the tensor: array element order,
 * in which the first dimension runs fastest, is the tensor's C order.
 */
#ifndef FORTRAN_DESCRIPTOR_H
#define FORTRAN_DESCRIPTOR_H

#include <ISO_Fortran_binding.h>

#include <axprod.h>

#define AXP_TRY(call)                                                                                                  \
    do {                                                                                                               \
        axprod_status status_ = (call);                                                                                \
        if (status_ != AXPROD_OK)                                                                                      \
            return status_;                                                                                            \
    } while (0)

/* Leaves the sentence for axprod_last_error() and returns the status. */
axprod_status axp_fortran_fail(axprod_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The tensor points into the struct, which therefore stays where it is. */
typedef struct axp_fortran_array {
    axprod_tensor tensor;
    int64_t shape[CFI_MAX_RANK], strides[CFI_MAX_RANK];
} axp_fortran_array;

/* name: of the argument, for messages. Errors: DTYPE, NULL (elements, but no address), SHAPE (of assumed size). */
axprod_status axp_fortran_array_of(const char *name, const CFI_cdesc_t *descriptor, axp_fortran_array *array);

/* A set of dimensions as the core takes it. list is NULL for all of them, or points into the struct. */
typedef struct axp_fortran_axes {
    const int *list;
    int count;
    int axes[CFI_MAX_RANK];
} axp_fortran_axes;

/* dim: a scalar or an array of rank one, counted from one; NULL: all dimensions. Errors: AXIS. */
axprod_status axp_fortran_axes_of(const CFI_cdesc_t *dim, int rank, axp_fortran_axes *axes);

/* Whether out has the shape of the product of a tensor of this shape, or that with the axes at extent one. The core
 * would find out, too, but its axes count the other way. Errors: OUT_SHAPE. */
axprod_status axp_fortran_match(const char *name, const axprod_tensor *out, int rank, const int64_t *shape,
                                const axp_fortran_axes *axes);

/* As Fortran's ALLOCATE does: stat becomes the status, errmsg the sentence where it is an error; either may be NULL,
 * but an error without stat ends the program. */
void axp_fortran_report(axprod_status status, int *stat, const CFI_cdesc_t *errmsg);

#endif
