/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs between the programs that share a command line. Each of them defines its own. */
#ifndef AXPROD_PROGRAMS_PROGRAM_H
#define AXPROD_PROGRAMS_PROGRAM_H

#include <stdbool.h>

typedef struct program {
    const char *name;
    const char *synopsis; /* a command line, for the help */
    bool over_ranks;      /* knows --grid */
} program;

extern const program this_program;

#endif
