/* SPDX-License-Identifier: BSD-3-Clause */
/* Problems from text files against the oracle: problems FILE ...; "-" is standard input. Lines with # are comments. */
#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t check_lines(FILE *file, int64_t *problems) {
    char line[PROBLEM_TEXT];
    int64_t failures = 0;
    while (fgets(line, sizeof line, file)) {
        struct problem problem;
        if (line[strspn(line, " \t\r\n")] == '\0' || line[0] == '#')
            continue;
        failures += !problem_parse_aloud(line, &problem) || !check_problem(&problem);
        ++*problems;
    }
    return failures;
}

int main(int argc, char **argv) {
    int64_t problems = 0, failures = 0;
    skip_without_isa();
    for (int i = 1; i < argc; i++) {
        FILE *file = strcmp(argv[i], "-") == 0 ? stdin : fopen(argv[i], "r");
        if (!file) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        failures += check_lines(file, &problems);
        if (file != stdin)
            fclose(file);
    }
    printf("%" PRId64 " problems, %" PRId64 " outputs, %" PRId64 " failures\n", problems, checked_outputs(), failures);
    return failures || problems == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
