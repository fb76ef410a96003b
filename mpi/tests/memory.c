/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each allocation of one rank fails in turn: all ranks return NO_MEMORY, with the sentence of that rank, until the call
 * succeeds; then the result is right, and the communicator is as good as before. And what all of a plan takes is what
 * the header says.
 */
#include "distributed.h"
#include "mem.h"
#include "src/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t countdown; /* allocations until the one that fails; below 0: none does */

static void *failing(size_t bytes) {
    return countdown-- == 0 ? NULL : malloc(bytes);
}

/* Returns how many allocations the call makes. */
static int64_t fail_each(const char *text, enum sharding sharding, axprod_mpi_result result, int rank) {
    struct problem problem = problem_of("%s", text);
    for (int64_t n = 0;; n++) {
        struct distributed d;
        MPI_Comm comm;
        char name[32];
        snprintf(name, sizeof name, "rank %d:", rank);
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        distributed_open(&d, &problem, 5, sharding, result, comm);
        if (result == AXPROD_MPI_SCATTER) { /* which has used the communicator */
            MPI_Comm_dup(MPI_COMM_WORLD, &d.comm);
            MPI_Comm_free(&comm);
            comm = d.comm;
        }
        countdown = world_rank() == rank ? n : -1;
        axprod_status status = distributed_call(&d);
        countdown = -1;
        CHECK(status == AXPROD_OK || status == AXPROD_ERROR_NO_MEMORY);
        if (status != AXPROD_OK && !strstr(axprod_last_error(), name))
            world_fail("allocation %d of rank %d: %s", (int)n, rank, axprod_last_error());
        bool good = status == AXPROD_OK;
        if (!good)
            CHECK_OK(distributed_call(&d));
        distributed_check(&d);
        distributed_close(&d);
        MPI_Comm_free(&comm);
        if (good)
            return n;
    }
}

static int64_t taken; /* bytes, freed or not */

static void *counting(size_t bytes) {
    taken += (int64_t)bytes;
    return malloc(bytes);
}

/* 48 bytes for each output and a few MiB, with every result, for boxes that are equal and for others. */
static void check_bound(enum sharding sharding) {
    axp_mpi_malloc_hook = counting;
    for (axprod_mpi_result result = AXPROD_MPI_LOCAL; result <= AXPROD_MPI_SCATTER; result++) {
        struct distributed d;
        struct problem problem = problem_of("f64 4x400000 axes=0 form=scaled data=neutral seed=4");
        distributed_open(&d, &problem, 5, sharding, result, MPI_COMM_WORLD);
        taken = 0;
        CHECK_OK(distributed_call(&d));
        if (taken > 48 * 400000 + (INT64_C(6) << 20))
            world_fail("%s, result %d: %lld bytes of working memory", sharding_name(sharding), (int)result,
                       (long long)taken);
        distributed_close(&d);
    }
    axp_mpi_malloc_hook = failing;
}

static void *refusing(size_t alignment, size_t bytes) {
    (void)alignment, (void)bytes;
    return NULL;
}

/* Few real elements that all ranks gather are multiplied without memory: one rank could not tell the others. */
static void check_gathered(const char *text) {
    struct problem problem = problem_of("%s", text);
    for (axprod_mpi_result result = AXPROD_MPI_LOCAL; result <= AXPROD_MPI_SCATTER; result++) {
        struct distributed d;
        axprod_mpi_plan *plan;
        char line[1024];
        distributed_open(&d, &problem, 5, SHARDING_ROWS, result, MPI_COMM_WORLD);
        CHECK_OK(distributed_plan(&d, &plan));
        axprod_mpi_plan_describe(plan, line, sizeof line);
        CHECK(strstr(line, "transport=allgather of elements"));
        void *(*hook)(size_t, size_t) = axp_malloc_hook;
        axp_malloc_hook = refusing;
        CHECK_OK(axprod_mpi_plan_execute(plan, d.local.data, d.outputs[0].tensor.data, d.outputs[1].tensor.data));
        axp_malloc_hook = hook;
        distributed_check(&d);
        axprod_mpi_plan_destroy(plan);
        distributed_close(&d);
    }
}

/* Rooms of one allocation, small and of several huge pages, are all there and apart; what no machine has is refused. */
static void check_rooms(int64_t bytes) {
    axp_mpi_rooms rooms = {.size = 0};
    char *room[3];
    axp_mpi_want(&rooms, &room[0], bytes, 1);
    axp_mpi_want(&rooms, &room[1], 0, 24);
    axp_mpi_want(&rooms, &room[2], bytes, 3);
    char *memory = axp_mpi_alloc_rooms(&rooms);
    CHECK(memory);
    memset(room[0], 1, (size_t)bytes);
    memset(room[2], 2, (size_t)(3 * bytes));
    CHECK(room[0] >= memory && room[0] + bytes <= room[1] && room[1] <= room[2]);
    CHECK(room[0][bytes - 1] == 1 && room[2][3 * bytes - 1] == 2);
    axp_mpi_free(memory);
    axp_mpi_want(&rooms, &room[1], INT64_MAX / 16, 24);
    CHECK(!axp_mpi_alloc_rooms(&rooms));
    CHECK(strstr(axprod_last_error(), "could not be allocated"));
}

int main(int argc, char **argv) {
    world_open(&argc, &argv);
    axp_mpi_malloc_hook = failing;
    countdown = -1;
    int rank = world_size() - 1;
    for (axprod_mpi_result result = AXPROD_MPI_LOCAL; result <= AXPROD_MPI_SCATTER;
         result += (unsigned)scaled_step(3)) {
        /* with ties, so that wide partials are allocated, too */
        CHECK(fail_each("f64 64x7 axes=0 data=ties seed=1", SHARDING_ROWS, result, rank) > 5);
        CHECK(fail_each("f64 16x4000 axes=0 data=ties seed=2", SHARDING_ROWS, result, rank) > 5);
        CHECK(fail_each("f64 16x4x20 axes=0,1 data=ties seed=2", SHARDING_TREE, result, rank) > 5);
        CHECK(fail_each("i16 16x4000 axes=0 data=wild seed=3", SHARDING_ROWS, result, rank) > 5);
        /* one factor of each rank, few and many */
        CHECK(fail_each("f64 2x7 axes=0 data=ties seed=4", SHARDING_ROWS, result, rank) > 5);
        CHECK(fail_each("f64 2x700 axes=0 order=1,0 data=ties seed=5", SHARDING_ROWS, result, rank) > 5);
    }
    check_rooms(5);
    check_rooms(700001);
    check_rooms(INT64_C(5) << 20);
    check_bound(SHARDING_ROWS);
    check_bound(SHARDING_TREE);
    check_gathered("f64 2x256 axes=0 data=ties seed=6");
    check_gathered("bf16 2x16x16 axes=0 order=2,1,0 form=scaled data=wild seed=8");
    check_gathered("i64 2x256 axes=0 form=log data=wild seed=9");
    return world_close();
}
