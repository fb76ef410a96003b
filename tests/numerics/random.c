/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random problems against the oracle: random [PROBLEMS [FIRST_SEED [ELEMENTS]]]. Any failure can be run again alone by
 * its string (numerics/problems.c) or its seed.
 */
#include "check.h"
#include "generate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A hundred failures say no more than ten. */
#define MOST_FAILURES 10

/* The program's own string: what is printed for a failure must name the same problem. */
static bool string_names(const struct problem *problem) {
    char text[PROBLEM_TEXT], again[PROBLEM_TEXT];
    struct problem parsed;
    problem_print(problem, text, sizeof text);
    if (!problem_parse_aloud(text, &parsed))
        return false;
    problem_print(&parsed, again, sizeof again);
    for (int i = 0; text[i] || again[i]; i++) {
        if (text[i] != again[i]) {
            fprintf(stderr, "FAILED the string\n  %s\nis read as\n  %s\n", text, again);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv) {
    int64_t problems = argc > 1 ? atoll(argv[1]) : scaled_count(8000), failures = 0;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct wish wish = {true, argc > 3 ? atoll(argv[3]) : 20000};
    skip_without_isa();
    for (int64_t i = 0; i < problems && failures < MOST_FAILURES; i++) {
        struct problem problem;
        generate_problem(first + (uint64_t)i, &wish, &problem);
        failures += !string_names(&problem) || !check_problem(&problem);
    }
    printf("%" PRId64 " problems, %" PRId64 " outputs, %" PRId64 " failures\n", problems, checked_outputs(), failures);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
