/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads of a rank: threads THREADS WARNINGS [bound], on the machine that HWLOC_SYNTHETIC describes, or this one, and
 * with the OMP_NUM_THREADS of the environment. A large product gets so many threads, and the node says so many times
 * that OMP_NUM_THREADS asks for more, and once that the options do. bound: skipped where the launcher has not bound
 * each rank to a core of its own.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the plan of a large product on the communicator says; its elements are all at one place. */
static void check_threads(MPI_Comm comm, int wanted, int expected) {
    const int64_t shape[2] = {INT64_C(1) << 24, 16}, strides[2] = {0, 8}, offset[2] = {shape[0] * world_rank(), 0},
                  global_shape[2] = {shape[0] * world_size(), 16};
    const int axis = 0;
    char text[1024], threads[32];
    axprod_mpi_options options = AXPROD_MPI_OPTIONS_INIT;
    axprod_mpi_plan *plan;
    axprod_tensor local = {NULL, AXPROD_F64, 2, shape, strides}, out = {NULL, AXPROD_F64, 1, &shape[1], NULL};
    options.num_threads = wanted;
    CHECK_OK(axprod_mpi_plan_create(&plan, &local, global_shape, offset, &axis, 1, &options, &out, comm));
    axprod_mpi_plan_describe(plan, text, sizeof text);
    snprintf(threads, sizeof threads, "threads=%d ", expected);
    if (!strstr(text, threads))
        world_fail("%s, expected %s", text, threads);
    axprod_mpi_plan_destroy(plan);
}

/* Sends stderr to a file; returns the old one. */
static int catch_stderr(FILE *file) {
    int saved = dup(STDERR_FILENO);
    CHECK(file && saved >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    return saved;
}

static int count_warnings(FILE *file, const char *setting) {
    char line[512], words[64];
    int count = 0;
    snprintf(words, sizeof words, "axprod: %s asks for", setting);
    rewind(file);
    while (fgets(line, sizeof line, file))
        count += strstr(line, words) != NULL;
    MPI_Allreduce(MPI_IN_PLACE, &count, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return count;
}

static void skip_unless_bound(void) {
    int most = axprod_usable_cores();
    MPI_Allreduce(MPI_IN_PLACE, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    if (most > 1) {
        MPI_Finalize();
        exit(EXIT_SKIPPED);
    }
}

int main(int argc, char **argv) {
    world_open(&argc, &argv);
    if (argc < 3)
        world_fail("usage: threads THREADS WARNINGS [bound]");
    if (argc > 3)
        skip_unless_bound();
    int expected = atoi(argv[1]), warnings = atoi(argv[2]);
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    FILE *file = tmpfile();
    int saved = catch_stderr(file);
    check_threads(comm, 0, expected);
    check_threads(comm, 0, expected);
    check_threads(comm, expected, expected);
    for (int more = 9; more < 12; more++)
        check_threads(comm, more, more);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    int environment = count_warnings(file, "OMP_NUM_THREADS"), options = count_warnings(file, "options.num_threads");
    fclose(file);
    if (environment != warnings || options != 1)
        world_fail("%d and %d warnings, expected %d and 1", environment, options, warnings);
    MPI_Comm_free(&comm);
    return world_close();
}
