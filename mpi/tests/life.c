/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life around the calls: before MPI_Init and after MPI_Finalize, null and inter-communicators, MPI_COMM_SELF, split,
 * reordered and freed communicators, a user's error handler and messages that stay untouched.
 */
#include "distributed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static axprod_status multiply(MPI_Comm comm, int rank, int ranks, double *result) {
    double x[2] = {2, 3};
    const int64_t global_shape = 2 * ranks, offset = 2 * rank, shape = 2;
    axprod_tensor local = {x, AXPROD_F64, 1, &shape, NULL}, out = {result, AXPROD_F64, 0, NULL, NULL};
    return axprod_mpi_prod(&local, &global_shape, &offset, NULL, 0, NULL, &out, comm);
}

static void check_on(MPI_Comm comm) {
    int rank, size;
    double result = 0, expected = 1;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    for (int r = 0; r < size; r++)
        expected *= 6;
    CHECK_OK(multiply(comm, rank, size, &result));
    CHECK(result == expected);
}

static void check_problems(MPI_Comm comm) {
    static const char *const texts[] = {"f64 64x7 axes=0 data=ties seed=1", "f32 6x3000 axes=0 data=ties seed=2",
                                        "i16 7x8x9 axes=1 data=wild seed=3"};
    for (int i = 0; i < 12; i++) {
        struct distributed d;
        struct problem problem = problem_of("%s", texts[i % 3]);
        distributed_open(&d, &problem, (uint64_t)i, (enum sharding)(i % SHARDINGS), (axprod_mpi_result)(i % 4), comm);
        CHECK_OK(distributed_call(&d));
        distributed_check(&d);
        distributed_close(&d);
    }
}

static void check_refused(void) {
    double result;
    MPI_Comm inter, half;
    int rank = world_rank();
    CHECK_STATUS(multiply(MPI_COMM_NULL, 0, 1, &result), AXPROD_ERROR_COMM);
    CHECK(strstr(axprod_last_error(), "MPI_COMM_NULL"));
    if (world_size() < 2)
        return;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rank % 2, 9, &inter);
    CHECK_STATUS(multiply(inter, 0, 1, &result), AXPROD_ERROR_COMM);
    CHECK(strstr(axprod_last_error(), "inter-communicator"));
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
}

/* The caller's own messages on the communicator arrive, with any tag, and its collectives are not disturbed. */
static void check_untouched(void) {
    int rank = world_rank(), size = world_size(), sent = rank, got = -1;
    MPI_Request request;
    MPI_Status status;
    MPI_Irecv(&got, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &request);
    check_problems(MPI_COMM_WORLD);
    MPI_Send(&sent, 1, MPI_INT, (rank + 1) % size, 5, MPI_COMM_WORLD);
    MPI_Wait(&request, &status);
    CHECK(got == (rank + size - 1) % size && status.MPI_TAG == 5);
}

static void check_communicators(void) {
    MPI_Comm comm;
    int rank = world_rank(), size = world_size();
    check_on(MPI_COMM_SELF);
    check_problems(MPI_COMM_SELF);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &comm); /* in two, the ranks in reverse order */
    check_on(comm);
    check_problems(comm);
    MPI_Comm_free(&comm);
    MPI_Comm_split(MPI_COMM_WORLD, 0, (rank * 7 + 3) % size, &comm);
    check_on(comm);
    check_problems(comm);
    MPI_Comm_free(&comm);
    /* many, made and freed: a leak of communicators would end this; few ranks, as some MPIs do not yield */
    for (int64_t i = 0; i < scaled_count(size > 2 ? 50 : 1500); i++) {
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        check_on(comm);
        MPI_Comm_free(&comm);
    }
}

/* A plan outlives the handle of its communicator. */
static void check_plan_after_free(void) {
    struct distributed d;
    struct problem problem = problem_of("f64 64x7 axes=0 data=ties seed=1");
    axprod_mpi_plan *plan;
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    distributed_open(&d, &problem, 1, SHARDING_TREE, AXPROD_MPI_ALL, comm);
    CHECK_OK(distributed_plan(&d, &plan));
    MPI_Comm_free(&comm);
    CHECK_OK(axprod_mpi_plan_execute(plan, d.local.data, d.outputs[0].tensor.data, NULL));
    distributed_check(&d);
    axprod_mpi_plan_destroy(plan);
    distributed_close(&d);
}

int main(int argc, char **argv) {
    double result;
    if (multiply(MPI_COMM_WORLD, 0, 1, &result) != AXPROD_ERROR_MPI || !strstr(axprod_last_error(), "not initialised"))
        return EXIT_FAILURE;
    world_open(&argc, &argv);
    check_refused();
    check_on(MPI_COMM_WORLD);
    check_untouched();
    check_communicators();
    check_plan_after_free();
    int status = world_close();
    if (multiply(MPI_COMM_WORLD, 0, 1, &result) != AXPROD_ERROR_MPI || !strstr(axprod_last_error(), "finalised"))
        return EXIT_FAILURE;
    if (axprod_mpi_type() != MPI_DATATYPE_NULL || axprod_mpi_op() != MPI_OP_NULL)
        return EXIT_FAILURE;
    return status;
}
