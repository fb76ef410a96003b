/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must happen when a signal ends the program: temporary files are removed, and a mapped file that became shorter
 * while it was read is reported in words. One of each kind of thing per process, as signal handlers are.
 *
 * All functions are called from the main thread; the handlers run on any.
 */
#ifndef AXPROD_PROGRAMS_CLEANUP_H
#define AXPROD_PROGRAMS_CLEANUP_H

#include <stdbool.h>
#include <stddef.h>

/* Files 0, 1 and 2 are open afterwards, a closed pipe is an error of write, and the handlers below are installed. */
void cleanup_install(void);

/* SIGBUS within this mapping means that the file of that name could not be read, and ends the program with 1. */
void cleanup_watch_mapping(const char *name, const void *mapping, size_t bytes);

/* Most temporary files at a time. */
#define CLEANUP_MAX_FILES 2

/*
 * Creates a file as mkostemp does, and removes it if a signal ends the program before cleanup_forget. The path stays
 * the caller's and must stay valid until then. -1 with errno on failure.
 */
int cleanup_create_temporary(char *path);

/* Renames a file created here to target, or removes it where target is NULL. False with errno where that failed. */
bool cleanup_finish_temporary(const char *path, const char *target);

#endif
