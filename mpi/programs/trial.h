/* SPDX-License-Identifier: BSD-3-Clause */
/* The time of a share, beside what one would write without axprod and a pure read, taken in turn. */
#ifndef AXPROD_MPI_PROGRAMS_TRIAL_H
#define AXPROD_MPI_PROGRAMS_TRIAL_H

#include "measure.h"
#include "share.h"

/* Seconds: medians over repetitions of the slowest rank's, each begun together. Zero: not for this problem. */
struct trial {
    double total;     /* axprod */
    double local;     /* of that, multiplying the elements of the block */
    double rest;      /* total less local: messages and finishing */
    double hand;      /* the loop and MPI_Allreduce */
    double allreduce; /* MPI_Allreduce with MPI_PROD alone */
    double read;      /* of each rank's bytes, by the best reader */
    double speedup;   /* median of the ratios of neighbours: hand by total */
    double fraction;  /* likewise: read by total */
    const char *reader;
    int repetitions;
};

/* Collective. Ends the program where a call fails. */
void trial_run(struct share *share, const struct effort *effort, struct trial *trial);

#endif
