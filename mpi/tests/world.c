/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranks of a test; see world.h. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int rank, size;

int world_rank(void) {
    return rank;
}

int world_size(void) {
    return size;
}

void world_fail(const char *format, ...) {
    va_list arguments;
    fflush(stdout);
    fprintf(stderr, "FAILED on rank %d of %d: ", rank, size);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    fflush(stderr);
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    abort();
}

void world_open(int *argc, char ***argv) {
    int provided;
    const char *expected = getenv("AXPROD_TEST_RANKS");
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (!expected || atoi(expected) != size)
        world_fail("the world has %d ranks, expected %s: launcher and library of different MPIs?", size,
                   expected ? expected : "a number in AXPROD_TEST_RANKS");
    if (!axprod_isa())
        MPI_Finalize();
    skip_without_isa();
}

int world_close(void) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        printf("passed on %d ranks\n", size);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
