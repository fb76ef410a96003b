/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of the programs. What contradicts itself is refused before any file is touched. */
#ifndef AXPROD_PROGRAMS_OPTIONS_H
#define AXPROD_PROGRAMS_OPTIONS_H

#include "message.h"
#include "progress.h"
#include "result.h"

typedef enum action {
    ACTION_PRODUCT,
    ACTION_DEMO,
    ACTION_HELP,
    ACTION_VERSION
} action;

typedef struct options {
    action action;
    const char *file;
    bool all_axes;
    int naxes;
    int axes[AXPROD_MAX_NDIM];
    bool keepdims;
    result_form form;
    axprod_dtype dtype;       /* NONE: the usual one for the input */
    axprod_dtype input_dtype; /* NONE: as the file says */
    int threads;              /* 0: as many as are useful */
    progress_when progress;
    bool verbose;
    const char *grid; /* as it was said; NULL: not */
    int grid_ndim;
    int blocks[AXPROD_MAX_NDIM];           /* of the grid, along each axis */
    const char *outputs[RESULT_MAX_PARTS]; /* by part of the result; NULL: not written */
} options;

/* What the library is called with: NULL for all axes. */
const int *options_axes(const options *o);

void options_print_help(FILE *stream);

bool options_parse(int argc, char **argv, options *o, message *error);

#endif
