/* SPDX-License-Identifier: BSD-3-Clause */
/* What the programs compute: see result.h. */
#include "result.h"

#include "options.h"

#include <stdlib.h>
#include <unistd.h>

/* False where their number overflows; where there is none, it does not, whatever the other extents are. */
static bool count_elements(result *r) {
    bool overflows = false;
    r->count = 1;
    for (int i = 0; i < r->ndim; i++) {
        if (r->shape[i] == 0) {
            r->count = 0;
            return true;
        }
        overflows |= __builtin_mul_overflow(r->count, r->shape[i], &r->count);
    }
    return !overflows;
}

bool result_describe(const options *o, const axprod_tensor *x, result *r, message *error) {
    axprod_dtype value = o->dtype != AXPROD_DTYPE_NONE ? o->dtype : axprod_result_dtype(x->dtype);
    *r = (result){.form = o->form, .num_parts = o->form == RESULT_VALUE ? 1 : 2};
    r->dtypes[0] = o->form == RESULT_VALUE ? value : AXPROD_F64;
    r->dtypes[1] = o->form == RESULT_SCALED ? AXPROD_I64 : AXPROD_F64;
    if (axprod_result_shape(x->ndim, x->shape, options_axes(o), o->naxes, o->keepdims, &r->ndim, r->shape) != AXPROD_OK)
        return message_fail(error, "%s", axprod_last_error());
    return count_elements(r) || message_fail(error, "the result has more elements than can be counted");
}

/* An allocation beyond the machine's memory often succeeds, and ends the program when it is used. */
static bool exceeds_memory(size_t bytes) {
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0 && bytes / (size_t)page_bytes >= (size_t)pages;
}

bool result_allocate(result *r, message *error) {
    size_t count = (size_t)r->count, total = 0;
    for (int part = 0; part < r->num_parts; part++) {
        size_t bytes;
        if (__builtin_mul_overflow(count, axprod_dtype_size(r->dtypes[part]), &bytes) ||
            __builtin_add_overflow(total, bytes, &total) || exceeds_memory(total))
            return message_fail(error, "the result has %zu elements, which do not fit into memory", count);
        r->data[part] = malloc(bytes > 0 ? bytes : 1);
        if (!r->data[part])
            return message_fail(error, "no memory for the %zu bytes of the result", bytes);
    }
    return true;
}

void result_free(result *r) {
    for (int part = 0; part < RESULT_MAX_PARTS; part++)
        free(r->data[part]);
}

axprod_tensor result_tensor(const result *r, int part) {
    return (axprod_tensor){.data = r->data[part], .dtype = r->dtypes[part], .ndim = r->ndim, .shape = r->shape};
}
