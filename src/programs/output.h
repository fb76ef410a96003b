/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Output files that appear complete or not at all: each is written to a temporary file in its own directory, and takes
 * its name only when all outputs of the run are written. Until then a file of that name is untouched. What is no
 * regular file (a device, a pipe) and standard output are written directly.
 */
#ifndef AXPROD_PROGRAMS_OUTPUT_H
#define AXPROD_PROGRAMS_OUTPUT_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct output {
    const char *name; /* as the user gave it; NULL: not open */
    char *target;     /* what will be replaced; NULL where name is written directly */
    char *temporary;
    int descriptor;
    bool is_standard_output;
} output;

/* What an output is before output_open and after output_commit or output_discard. */
#define OUTPUT_CLOSED                                                                                                  \
    { NULL, NULL, NULL, -1, false }

/* Finds out whether path can be written, before any work is done for it. path must stay valid. */
bool output_open(output *out, const char *path, message *error);

bool output_write(output *out, const void *bytes, size_t count, message *error);

/* Closes all, and then gives all of them their names. Where that fails, output_discard is still due. */
bool output_commit(output *outputs, int count, message *error);

/* Removes what is not committed. */
void output_discard(output *outputs, int count);

#endif
