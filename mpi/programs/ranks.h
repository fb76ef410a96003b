/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What makes many ranks one program: they read one command line, and fail together. All functions are collective over
 * MPI_COMM_WORLD.
 */
#ifndef AXPROD_MPI_PROGRAMS_RANKS_H
#define AXPROD_MPI_PROGRAMS_RANKS_H

#include "message.h"

#include <mpi.h>

/* Starts MPI, and replaces the arguments of all ranks by those of rank 0, which belong to the program from then on. */
void ranks_begin(int *argc, char ***argv);

/* The size of the world, and this rank. */
int ranks_count(void);
int ranks_mine(void);

/*
 * Was it good on all ranks? If not, every rank has the sentence of the lowest one where it was not; which one that was
 * is said where it is not rank 0. Call it before anything that would wait for a rank that failed.
 */
bool ranks_agree(bool good, message *error);

#endif
