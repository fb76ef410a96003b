/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many plans under way at once, of all kinds and results, tested and waited for in an order of its own on each rank;
 * and a start that does not wait for a rank that comes late.
 */
#include "distributed.h"
#include "generate.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    FLIGHTS = 15
};

static const char *const texts[FLIGHTS] = {
    "f64 64x7 axes=0 data=ties seed=1",
    "f32 40x3000 axes=0 data=ties seed=2",
    "bf16 16x3000 axes=0 data=ties seed=3",
    "i32 5x6x7 axes=1 data=wild seed=4",
    "f64 30x20 axes=0,1 form=scaled data=balanced seed=5",
    "f64 30x20 axes=1 form=log data=neutral seed=6",
    "f16 8x9x10 axes=2 data=specials seed=7",
    "u8 9x5000 axes=0 out=u64 data=wild seed=8",
    "f64 16x500 axes=0 data=ties seed=9",
    "f32 7x11 axes=none data=wild seed=10",
    "f64 20x20x20 axes=0,2 data=ties seed=11",
    "f64 0x4 axes=0 seed=12",
    "c64 8x900 axes=0 data=wild seed=13",
    "f64 8x300 axes=0 data=ties seed=14",
    "f32 8x2000 axes=0 data=specials seed=15",
};

static void start_all(struct distributed *d, axprod_mpi_plan **plans, uint64_t seed) {
    for (int i = 0; i < FLIGHTS; i++) {
        struct problem problem = problem_of("%s", texts[i]);
        uint64_t number = seed * FLIGHTS + (uint64_t)i;
        distributed_open(&d[i], &problem, number, (enum sharding)(number % SHARDINGS),
                         (axprod_mpi_result)(number / 3 % 4), MPI_COMM_WORLD);
        CHECK_OK(distributed_plan(&d[i], &plans[i]));
    }
    for (int i = 0; i < FLIGHTS; i++)
        CHECK_OK(
            axprod_mpi_plan_start(plans[i], d[i].local.data, d[i].outputs[0].tensor.data, d[i].outputs[1].tensor.data));
}

static void run(uint64_t seed, bool tests) {
    static struct distributed d[FLIGHTS];
    axprod_mpi_plan *plans[FLIGHTS];
    struct rng rng = rng_make(seed * 100 + (uint64_t)world_rank());
    bool done[FLIGHTS] = {false};
    int left = FLIGHTS;
    start_all(d, plans, seed);
    while (left > 0) {
        int i = (int)rng_below(&rng, FLIGHTS);
        if (done[i])
            continue;
        if (tests) {
            CHECK_OK(axprod_mpi_plan_test(plans[i], &done[i]));
        } else {
            /* all in turn: a wait for one while others need this rank's tests would be a deadlock of the caller */
            for (i = 0; done[i]; i++)
                ;
            CHECK_OK(axprod_mpi_plan_wait(plans[i]));
            done[i] = true;
        }
        left -= done[i];
    }
    for (int i = 0; i < FLIGHTS; i++) {
        distributed_check(&d[i]);
        axprod_mpi_plan_destroy(plans[i]);
        distributed_close(&d[i]);
    }
}

/* Rank 0 starts and tests while the others wait for its word before they start. */
static void run_late(const char *text, enum sharding sharding) {
    struct problem problem = problem_of("%s", text);
    struct distributed d;
    axprod_mpi_plan *plan;
    bool done = false;
    int word = 1;
    distributed_open(&d, &problem, 3, sharding, AXPROD_MPI_ALL, MPI_COMM_WORLD);
    CHECK_OK(distributed_plan(&d, &plan));
    if (world_rank() != 0)
        MPI_Recv(&word, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    CHECK_OK(axprod_mpi_plan_start(plan, d.local.data, d.outputs[0].tensor.data, d.outputs[1].tensor.data));
    if (world_rank() == 0) {
        CHECK_OK(axprod_mpi_plan_test(plan, &done));
        CHECK(!done || world_size() == 1);
        for (int r = 1; r < world_size(); r++)
            MPI_Send(&word, 1, MPI_INT, r, 0, MPI_COMM_WORLD);
    }
    while (!done)
        CHECK_OK(axprod_mpi_plan_test(plan, &done));
    distributed_check(&d);
    axprod_mpi_plan_destroy(plan);
    distributed_close(&d);
}

int main(int argc, char **argv) {
    world_open(&argc, &argv);
    for (int64_t seed = 0; seed < scaled_count(8); seed++)
        run((uint64_t)seed, seed % 2 == 0);
    run_late("f64 64x7 axes=0 data=ties seed=1", SHARDING_ROWS);
    run_late("f64 16x5000 axes=0 data=ties seed=1", SHARDING_ROWS);
    char text[PROBLEM_TEXT];
    for (int columns = 7; columns < 10000; columns += 9000) { /* one factor of each rank */
        snprintf(text, sizeof text, "f64 %dx%d axes=0 data=ties seed=2", world_size(), columns);
        run_late(text, SHARDING_ROWS);
    }
    return world_close();
}
