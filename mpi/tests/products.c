/* SPDX-License-Identifier: BSD-3-Clause */
/* Random problems, boxes and results: bits as one process gives them, and as the exact oracle does. */
#include "distributed.h"
#include "generate.h"

#include <stdio.h>
#include <stdlib.h>

/* At least one dimension, so that there is something to cut. */
static void make_problem(uint64_t seed, struct problem *problem) {
    struct wish wish = {true, 3000};
    for (uint64_t other = seed;; other += 1000003) {
        generate_problem(other, &wish, problem);
        if (problem->ndim > 0 || world_size() == 1)
            return;
    }
}

static void run(const struct problem *problem, uint64_t seed, enum sharding sharding, axprod_mpi_result result,
                void judge(struct distributed *d)) {
    struct distributed d;
    distributed_open(&d, problem, seed, sharding, result, MPI_COMM_WORLD);
    CHECK_OK(distributed_call(&d));
    judge(&d);
    distributed_close(&d);
}

/* Every dtype by the oracle. */
static void run_dtypes(void) {
    static const char *const data[] = {"wild", "neutral", "ties", "specials"};
    for (axprod_dtype dtype = AXPROD_I8; dtype <= AXPROD_BOOL; dtype++)
        for (int i = 0; i < 4; i++) {
            bool real = format_of(dtype) != NULL;
            struct problem problem = problem_of("%s 12x7x5 axes=%s data=%s seed=%d", axprod_dtype_name(dtype),
                                                i % 2 ? "0,2" : "1", real || i != 2 ? data[i] : "smallint", i);
            run(&problem, (uint64_t)(16 * dtype + i), (enum sharding)((dtype + i) % SHARDINGS), (axprod_mpi_result)i,
                distributed_judge);
        }
}

int main(int argc, char **argv) {
    world_open(&argc, &argv);
    int64_t count = argc > 1 ? atoll(argv[1]) : 100, first = argc > 2 ? atoll(argv[2]) : 0;
    for (int64_t i = 0; i < scaled_count(count); i++) {
        struct problem problem;
        uint64_t seed = (uint64_t)(first + i);
        make_problem(seed, &problem);
        run(&problem, seed, (enum sharding)(i % SHARDINGS), (axprod_mpi_result)(i / SHARDINGS % 4),
            i % 5 ? distributed_check : distributed_judge);
    }
    run_dtypes();
    int64_t compared = distributed_compared();
    if (world_rank() == 0)
        printf("%lld problems, %lld outputs with the bits of one process\n", (long long)scaled_count(count),
               (long long)compared);
    return world_close();
}
