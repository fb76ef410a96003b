/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of the command line that all benchmarks share: which problems, how long, and what comes out. */
#ifndef TESTS_BENCH_ARGUMENTS_H
#define TESTS_BENCH_ARGUMENTS_H

#include "measure.h"
#include "set.h"

#include <argp.h>

#define MOST_SOURCES 256

/* Sources: files, and (with is_file false) problems. */
struct arguments {
    struct supply supply;
    struct {
        bool is_file;
        const char *text;
    } sources[MOST_SOURCES];
    int source_count;
    struct effort effort;
    bool json, list;
};

/* What is not said. */
#define ARGUMENTS_INIT                                                                                                 \
    { .supply = {{4, {"16KiB", "512KiB", "4MiB", "1GiB"}}, {1, {"neutral"}}, -1, NULL}, .effort = {0.3, 0}, }

/* A child for the parser of a program, whose own keys begin at ARGUMENTS_KEYS; its input: struct arguments. */
extern const struct argp arguments_parser;
#define ARGUMENTS_KEYS 300

/* The problems; ends the program where one of them is wrong, or there is none. */
void arguments_open_set(const struct arguments *arguments, struct set *set);

/* For options of the programs: splits a list in place; reads a number. End the program where that cannot be done. */
void parse_choices(struct argp_state *state, const char *option, char *text, struct choices *choices);
long parse_number(struct argp_state *state, const char *option, const char *text, long least, long most);

#endif
