/* SPDX-License-Identifier: BSD-3-Clause */
/* Random problems, boxes and results: bits as one process gives them. */
#include "distributed.h"
#include "generate.h"

#include <stdlib.h>

/* At least one dimension, so that there is something to cut. */
static void make_problem(uint64_t seed, struct problem *problem) {
    struct wish wish = {false, 3000};
    for (uint64_t other = seed;; other += 1000003) {
        generate_problem(other, &wish, problem);
        if (problem->ndim > 0 || world_size() == 1)
            return;
    }
}

static void run(const struct problem *problem, uint64_t seed, enum sharding sharding, axprod_mpi_result result) {
    struct distributed d;
    distributed_open(&d, problem, seed, sharding, result, MPI_COMM_WORLD);
    CHECK_OK(distributed_call(&d));
    distributed_check(&d);
    distributed_close(&d);
}

int main(int argc, char **argv) {
    world_open(&argc, &argv);
    int64_t count = argc > 1 ? atoll(argv[1]) : 100, first = argc > 2 ? atoll(argv[2]) : 0;
    for (int64_t i = 0; i < scaled_count(count); i++) {
        struct problem problem;
        uint64_t seed = (uint64_t)(first + i);
        make_problem(seed, &problem);
        run(&problem, seed, (enum sharding)(i % SHARDINGS), (axprod_mpi_result)(i / SHARDINGS % 4));
    }
    return world_close();
}
