/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors: their sentences, and the agreement of all ranks on one of them. */
#include "internal.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

axprod_status axp_mpi_fail(axprod_status status, const char *format, ...) {
    char sentence[AXP_MPI_SENTENCE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    axprod_set_last_error(sentence);
    return status;
}

axprod_status axp_mpi_check(int code) {
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;
    if (code == MPI_SUCCESS)
        return AXPROD_OK;
    MPI_Error_string(code, text, &length);
    return axp_mpi_fail(AXPROD_ERROR_MPI, "MPI: %s", text);
}

int64_t axp_mpi_failure(axprod_status status, int rank) {
    return status == AXPROD_OK ? 0 : (int64_t)status << 32 | (INT_MAX - rank);
}

axprod_status axp_mpi_failure_status(int64_t failure) {
    return (axprod_status)(failure >> 32);
}

int axp_mpi_failure_rank(int64_t failure) {
    return INT_MAX - (int)(failure & INT_MAX);
}

axprod_status axp_mpi_fail_as(int64_t failure, const char *sentence) {
    axprod_status status = axp_mpi_failure_status(failure);
    char named[AXP_MPI_SENTENCE + 32];
    /* Those errors all ranks have found, or made, together. */
    if (status == AXPROD_ERROR_TILING || status == AXPROD_ERROR_DIFFER)
        snprintf(named, sizeof named, "%s", sentence);
    else
        snprintf(named, sizeof named, "rank %d: %s", axp_mpi_failure_rank(failure), sentence);
    axprod_set_last_error(named);
    return status;
}

axprod_status axp_mpi_agree(MPI_Comm comm, axprod_status status) {
    int rank;
    char sentence[AXP_MPI_SENTENCE];
    AXP_TRY_MPI(MPI_Comm_rank(comm, &rank));
    int64_t failure = axp_mpi_failure(status, rank);
    AXP_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, &failure, 1, MPI_INT64_T, MPI_MAX, comm));
    if (!failure)
        return AXPROD_OK;
    snprintf(sentence, sizeof sentence, "%s", axprod_last_error());
    AXP_TRY_MPI(MPI_Bcast(sentence, sizeof sentence, MPI_CHAR, axp_mpi_failure_rank(failure), comm));
    return axp_mpi_fail_as(failure, sentence);
}
