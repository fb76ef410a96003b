/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The progress bar: one line on standard error, drawn only where the work takes longer than a moment, and erased at
 * its end. One per process.
 */
#ifndef AXPROD_PROGRAMS_PROGRESS_H
#define AXPROD_PROGRAMS_PROGRESS_H

#include <axprod.h>
#include <stdint.h>

typedef enum progress_when {
    PROGRESS_AUTO, /* where standard error is a terminal */
    PROGRESS_ALWAYS,
    PROGRESS_NEVER
} progress_when;

/* As in axprod_options. */
typedef void progress_callback(double fraction, void *context);

/* Takes the time from now on, and returns the callback for the options; NULL: none. bytes: how many will be read in
 * all. */
progress_callback *progress_begin(progress_when when, int64_t bytes);

/* Erases the bar. Does nothing where none is drawn. Async-signal-safe. */
void progress_erase(void);

#endif
