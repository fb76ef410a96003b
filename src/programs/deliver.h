/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a result goes: to files, or as text to standard output; and what is told of it. */
#ifndef AXPROD_PROGRAMS_DELIVER_H
#define AXPROD_PROGRAMS_DELIVER_H

#include "options.h"
#include "output.h"
#include "result.h"

/* Opens the output files that are asked for: outputs of RESULT_MAX_PARTS. output_discard is due where that fails, too.
 */
bool deliver_open(output *outputs, const options *o, const result *r, message *error);

/* Writes the files, tells standard output, and gives the files their names. */
bool deliver(output *outputs, const options *o, const axprod_tensor *x, const result *r, message *error);

/* For --verbose, on standard error. description: of a plan, as axprod_plan_describe writes it. */
void deliver_plan(int (*describe)(const void *plan, char *text, size_t size), const void *plan);
void deliver_time(double seconds, int64_t bytes);

/* Help, version and demo: all that needs no file. */
bool deliver_words(action what, message *error);

#endif
