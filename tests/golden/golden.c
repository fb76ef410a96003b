/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One hash of the result's bits for each problem of a file. The results never depend on instruction set, threads or
 * layout, so one list serves every machine, and it comes from the oracle, not from the library:
 *     golden --oracle PROBLEMS > GOLDEN      makes the list
 *     golden PROBLEMS GOLDEN                 compares the library's results with it
 */
#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE (PROBLEM_TEXT + 32)

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), over the elements in C order. */
static uint64_t hash(const struct results *results) {
    uint64_t word = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < results->count; i++) {
        size_t bytes = (size_t)results->outputs * axprod_dtype_size(results->dtypes[i]);
        for (size_t b = 0; b < bytes; b++)
            word = (word ^ results->dense[i][b]) * UINT64_C(0x100000001b3);
    }
    return word;
}

/* The hash of a problem's results; false where they could not be had. */
static bool hash_problem(const char *text, bool oracle, uint64_t *word) {
    struct problem problem;
    struct results results;
    struct buffer x;
    if (!problem_parse_aloud(text, &problem))
        return false;
    bool good = true;
    if (problem.form == FORM_LOG || is_complex(problem.dtype)) {
        fprintf(stderr, "only correctly rounded results have golden bits: %s\n", text);
        return false;
    }
    if (oracle) {
        problem_open_input(&problem, &x);
        results_oracle(&problem, &x.tensor, &results);
        buffer_close(&x);
    } else {
        good = results_run(&problem, &results);
    }
    *word = hash(&results);
    results_close(&results);
    return good;
}

/* The next line that is a problem, without its line feed; false at the end. */
static bool next_problem(FILE *file, char *line) {
    while (fgets(line, PROBLEM_TEXT, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '#' && line[0] != '\0')
            return true;
    }
    return false;
}

static FILE *open_text(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return file;
}

static int print_golden(const char *path) {
    FILE *problems = open_text(path);
    char text[PROBLEM_TEXT];
    uint64_t word;
    while (next_problem(problems, text)) {
        if (!hash_problem(text, true, &word))
            return EXIT_FAILURE;
        printf("%016" PRIx64 " %s\n", word, text);
    }
    fclose(problems);
    return EXIT_SUCCESS;
}

static int compare(const char *path, const char *golden_path) {
    FILE *problems = open_text(path), *golden = open_text(golden_path);
    char text[PROBLEM_TEXT], line[LINE], expected[LINE];
    int count = 0, failures = 0;
    uint64_t word;
    for (; next_problem(problems, text); count++) {
        bool good = hash_problem(text, false, &word);
        snprintf(line, sizeof line, "%016" PRIx64 " %s\n", word, text);
        if (!fgets(expected, sizeof expected, golden))
            snprintf(expected, sizeof expected, "nothing: the golden file is too short\n");
        if (!good || strcmp(line, expected) != 0) {
            fprintf(stderr, "FAILED got      %s       expected %s", line, expected);
            failures++;
        }
    }
    if (fgets(expected, sizeof expected, golden)) {
        fprintf(stderr, "FAILED the golden file is too long: %s", expected);
        failures++;
    }
    fclose(problems);
    fclose(golden);
    printf("%d problems, %d failures\n", count, failures);
    return failures || count == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s --oracle PROBLEMS | PROBLEMS GOLDEN\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (strcmp(argv[1], "--oracle") == 0)
        return print_golden(argv[2]);
    skip_without_isa();
    return compare(argv[1], argv[2]);
}
