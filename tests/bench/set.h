/* SPDX-License-Identifier: BSD-3-Clause */
/* Problems to measure: from text files and the command line, with what they leave open supplied. */
#ifndef TESTS_BENCH_SET_H
#define TESTS_BENCH_SET_H

#include "problem.h"

#define MOST_CHOICES 32

/* A list of an option: as "16KiB,1GiB". */
struct choices {
    int count;
    const char *texts[MOST_CHOICES];
};

/* What problems are given where they do not say it themselves. */
struct supply {
    struct choices sizes, data;
    int threads;      /* -1: as many as are useful from MANY_BYTES on, else 1 */
    const char *only; /* a shell pattern, or NULL: other problems are left out */
};
#define MANY_BYTES (INT64_C(64) << 20)

struct entry {
    char text[PROBLEM_TEXT]; /* as it was said, with what was supplied */
    struct problem problem;
};

struct set {
    int count, capacity;
    struct entry *entries;
};

/*
 * Adds what a text stands for: {a,b} in it stands for a and for b. Ends the program with the place of what is wrong
 * where something is; origin names where the text comes from.
 */
void set_add(struct set *set, const struct supply *supply, const char *text, const char *origin);

/* Adds the lines of a file, "-" for standard input; what follows a # is a comment. */
void set_add_file(struct set *set, const struct supply *supply, const char *path);

void set_close(struct set *set);

#endif
