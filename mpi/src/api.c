/* SPDX-License-Identifier: BSD-3-Clause */
/* The public products and plans, and the slices that they keep. */
#include "plan.h"

static axprod_status create_and_execute(const axp_mpi_request *request) {
    axprod_mpi_plan *plan;
    AXP_TRY(axp_mpi_create(&plan, request));
    const axprod_tensor *first = request->out[0], *second = request->out[1];
    axprod_status status =
        axprod_mpi_plan_execute(plan, request->local->data, first ? first->data : NULL, second ? second->data : NULL);
    axprod_mpi_plan_destroy(plan);
    return status;
}

axprod_status axprod_mpi_prod(const axprod_tensor *local, const int64_t *global_shape, const int64_t *offset,
                              const int *axes, int naxes, const axprod_mpi_options *options, const axprod_tensor *out,
                              MPI_Comm comm) {
    return create_and_execute(
        &(axp_mpi_request){AXP_MPI_VALUE, local, global_shape, offset, axes, naxes, options, {out, NULL}, comm});
}

axprod_status axprod_mpi_scaled_prod(const axprod_tensor *local, const int64_t *global_shape, const int64_t *offset,
                                     const int *axes, int naxes, const axprod_mpi_options *options,
                                     const axprod_tensor *significand, const axprod_tensor *exponent, MPI_Comm comm) {
    return create_and_execute(&(axp_mpi_request){
        AXP_MPI_SCALED, local, global_shape, offset, axes, naxes, options, {significand, exponent}, comm});
}

axprod_status axprod_mpi_log_prod(const axprod_tensor *local, const int64_t *global_shape, const int64_t *offset,
                                  const int *axes, int naxes, const axprod_mpi_options *options,
                                  const axprod_tensor *sign, const axprod_tensor *logabs, MPI_Comm comm) {
    return create_and_execute(
        &(axp_mpi_request){AXP_MPI_LOG, local, global_shape, offset, axes, naxes, options, {sign, logabs}, comm});
}

axprod_status axprod_mpi_plan_create(axprod_mpi_plan **plan, const axprod_tensor *local, const int64_t *global_shape,
                                     const int64_t *offset, const int *axes, int naxes,
                                     const axprod_mpi_options *options, const axprod_tensor *out, MPI_Comm comm) {
    return axp_mpi_create(
        plan, &(axp_mpi_request){AXP_MPI_VALUE, local, global_shape, offset, axes, naxes, options, {out, NULL}, comm});
}

axprod_status axprod_mpi_plan_create_scaled(axprod_mpi_plan **plan, const axprod_tensor *local,
                                            const int64_t *global_shape, const int64_t *offset, const int *axes,
                                            int naxes, const axprod_mpi_options *options,
                                            const axprod_tensor *significand, const axprod_tensor *exponent,
                                            MPI_Comm comm) {
    return axp_mpi_create(
        plan, &(axp_mpi_request){
                  AXP_MPI_SCALED, local, global_shape, offset, axes, naxes, options, {significand, exponent}, comm});
}

axprod_status axprod_mpi_plan_create_log(axprod_mpi_plan **plan, const axprod_tensor *local,
                                         const int64_t *global_shape, const int64_t *offset, const int *axes, int naxes,
                                         const axprod_mpi_options *options, const axprod_tensor *sign,
                                         const axprod_tensor *logabs, MPI_Comm comm) {
    return axp_mpi_create(
        plan, &(axp_mpi_request){AXP_MPI_LOG, local, global_shape, offset, axes, naxes, options, {sign, logabs}, comm});
}

axprod_status axprod_mpi_slice(int ndim, const int64_t *global_shape, const int64_t *offset, const int64_t *shape,
                               const int *axes, int naxes, MPI_Comm comm, int64_t *first, int64_t *count) {
    /* Slices do not depend on the dtype. */
    axprod_tensor local = {NULL, AXPROD_F64, ndim, shape, NULL};
    return axp_mpi_slice(&(axp_mpi_request){.form = AXP_MPI_VALUE,
                                            .local = &local,
                                            .global_shape = global_shape,
                                            .offset = offset,
                                            .axes = axes,
                                            .naxes = naxes,
                                            .comm = comm},
                         first, count);
}
