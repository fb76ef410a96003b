/* SPDX-License-Identifier: BSD-3-Clause */
/* The subroutines of the module, which declares them with these names and says what they do. */
#include "descriptor.h"

/* One call: the input, the outputs (count of them) with their names, and what was asked for. */
typedef struct call {
    axp_fortran_array x, out[2];
    axp_fortran_axes axes;
    axprod_options options;
} call;

static axprod_status translate(call *c, const CFI_cdesc_t *x, const CFI_cdesc_t *dim, const int *num_threads) {
    AXP_TRY(axp_fortran_array_of("x", x, &c->x));
    AXP_TRY(axp_fortran_axes_of(dim, x->rank, &c->axes));
    c->options = (axprod_options)AXPROD_OPTIONS_INIT;
    if (num_threads)
        c->options.num_threads = *num_threads;
    return AXPROD_OK;
}

static axprod_status translate_output(call *c, int which, const char *name, const CFI_cdesc_t *out) {
    AXP_TRY(axp_fortran_array_of(name, out, &c->out[which]));
    return axp_fortran_match(name, &c->out[which].tensor, c->x.tensor.ndim, c->x.shape, &c->axes);
}

static axprod_status prod(const CFI_cdesc_t *x, const CFI_cdesc_t *out, const CFI_cdesc_t *dim,
                          const int *num_threads) {
    call c;
    AXP_TRY(translate(&c, x, dim, num_threads));
    AXP_TRY(translate_output(&c, 0, "out", out));
    return axprod_prod(&c.x.tensor, c.axes.list, c.axes.count, &c.options, &c.out[0].tensor);
}

static axprod_status scaled_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *significand, const CFI_cdesc_t *exponent,
                                 const CFI_cdesc_t *dim, const int *num_threads) {
    call c;
    AXP_TRY(translate(&c, x, dim, num_threads));
    AXP_TRY(translate_output(&c, 0, "significand", significand));
    AXP_TRY(translate_output(&c, 1, "exponent", exponent));
    return axprod_scaled_prod(&c.x.tensor, c.axes.list, c.axes.count, &c.options, &c.out[0].tensor, &c.out[1].tensor);
}

static axprod_status log_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *sign, const CFI_cdesc_t *logabs,
                              const CFI_cdesc_t *dim, const int *num_threads) {
    call c;
    AXP_TRY(translate(&c, x, dim, num_threads));
    AXP_TRY(translate_output(&c, 0, "sign", sign));
    AXP_TRY(translate_output(&c, 1, "logabs", logabs));
    return axprod_log_prod(&c.x.tensor, c.axes.list, c.axes.count, &c.options, &c.out[0].tensor, &c.out[1].tensor);
}

AXPROD_API void axprod_fortran_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *out, const CFI_cdesc_t *dim,
                                    const int *num_threads, int *stat, const CFI_cdesc_t *errmsg);
AXPROD_API void axprod_fortran_scaled_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *significand,
                                           const CFI_cdesc_t *exponent, const CFI_cdesc_t *dim, const int *num_threads,
                                           int *stat, const CFI_cdesc_t *errmsg);
AXPROD_API void axprod_fortran_log_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *sign, const CFI_cdesc_t *logabs,
                                        const CFI_cdesc_t *dim, const int *num_threads, int *stat,
                                        const CFI_cdesc_t *errmsg);

void axprod_fortran_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *out, const CFI_cdesc_t *dim, const int *num_threads,
                         int *stat, const CFI_cdesc_t *errmsg) {
    axp_fortran_report(prod(x, out, dim, num_threads), stat, errmsg);
}

void axprod_fortran_scaled_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *significand, const CFI_cdesc_t *exponent,
                                const CFI_cdesc_t *dim, const int *num_threads, int *stat, const CFI_cdesc_t *errmsg) {
    axp_fortran_report(scaled_prod(x, significand, exponent, dim, num_threads), stat, errmsg);
}

void axprod_fortran_log_prod(const CFI_cdesc_t *x, const CFI_cdesc_t *sign, const CFI_cdesc_t *logabs,
                             const CFI_cdesc_t *dim, const int *num_threads, int *stat, const CFI_cdesc_t *errmsg) {
    axp_fortran_report(log_prod(x, sign, logabs, dim, num_threads), stat, errmsg);
}
