/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tests over ranks share. A check that fails ends all ranks at once, so that none waits for the one that left.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "check.h"
#include "random.h"

#include <axprod_mpi.h>

/*
 * Starts MPI; fails where the world has not the size that AXPROD_TEST_RANKS tells, which is what happens where the
 * launcher belongs to another MPI. Skips where the instruction set is absent.
 */
void world_open(int *argc, char ***argv);
/* Says that all is well, ends MPI and returns the program's exit status. */
int world_close(void);

int world_rank(void);
int world_size(void);

/* Prints the sentence, with the rank, and ends all ranks. */
void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            world_fail("%s:%d: %s", __FILE__, __LINE__, #condition);                                                   \
    } while (0)

#define CHECK_STATUS(call, expected)                                                                                   \
    do {                                                                                                               \
        axprod_status status_ = (call);                                                                                \
        if (status_ != (expected))                                                                                     \
            world_fail("%s:%d: %s: %s, expected %s (%s)", __FILE__, __LINE__, #call, axprod_status_name(status_),      \
                       axprod_status_name(expected), axprod_last_error());                                             \
    } while (0)

#define CHECK_OK(call) CHECK_STATUS(call, AXPROD_OK)

#endif
