/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of problems; see set.h. */
#include "set.h"

#include "task.h"

#include <err.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The command line, or a file in it, is at fault. */
#define EXIT_USAGE 2

/* Where a text is from, and what it is given. */
struct source {
    struct set *set;
    const struct supply *supply;
    const char *origin;
};

static void add_entry(const struct source *source, const char *text) {
    struct set *set = source->set;
    struct entry entry;
    struct problem_error error;
    char why[512];
    if (!problem_parse(text, &entry.problem, &error))
        errx(EXIT_USAGE, "%s: column %d of \"%s\": %s", source->origin, error.column, text, error.sentence);
    if (source->supply->only && fnmatch(source->supply->only, text, 0) != 0)
        return;
    snprintf(entry.text, sizeof entry.text, "%s", text);
    if (!strstr(text, " threads=")) {
        int64_t bytes = (int64_t)axprod_dtype_size(entry.problem.dtype);
        for (int d = 0; d < entry.problem.ndim && bytes < MANY_BYTES; d++)
            bytes *= entry.problem.shape[d] < MANY_BYTES ? entry.problem.shape[d] : MANY_BYTES;
        entry.problem.threads = source->supply->threads >= 0 ? source->supply->threads : bytes < MANY_BYTES;
    }
    if (!task_possible(&entry.problem, why, sizeof why))
        errx(EXIT_USAGE, "%s: \"%s\": %s", source->origin, text, why);
    if (set->count == set->capacity) {
        set->capacity = set->capacity ? 2 * set->capacity : 64;
        set->entries = realloc(set->entries, sizeof *set->entries * (size_t)set->capacity);
        if (!set->entries)
            err(EXIT_FAILURE, "the list of problems");
    }
    set->entries[set->count++] = entry;
}

/* Writes text with " word=" and each choice behind it, and hands each on. */
static void supply_word(const struct source *source, const char *text, const char *word, const struct choices *choices,
                        void (*next)(const struct source *, const char *)) {
    for (int i = 0; i < choices->count; i++) {
        char longer[PROBLEM_TEXT];
        if (snprintf(longer, sizeof longer, "%s %s=%s", text, word, choices->texts[i]) >= (int)sizeof longer)
            errx(EXIT_USAGE, "%s: \"%s\" is too long", source->origin, text);
        next(source, longer);
    }
}

static void supply_data(const struct source *source, const char *text) {
    if (strstr(text, " data="))
        add_entry(source, text);
    else
        supply_word(source, text, "data", &source->supply->data, add_entry);
}

static void supply_size(const struct source *source, const char *text) {
    if (strstr(text, " size=") || !strchr(text, '*'))
        supply_data(source, text);
    else
        supply_word(source, text, "size", &source->supply->sizes, supply_data);
}

/* Replaces the first braces by each of their alternatives in turn, until there are none. */
static void expand(const struct source *source, const char *text) {
    const char *open = strchr(text, '{'), *close = open ? strchr(open, '}') : NULL;
    if (!open && !strchr(text, '}')) {
        supply_size(source, text);
        return;
    }
    if (!close || memchr(open + 1, '{', (size_t)(close - open - 1)))
        errx(EXIT_USAGE, "%s: \"%s\": braces come in pairs, and not inside each other", source->origin, text);
    for (const char *at = open + 1; at <= close;) {
        char expanded[PROBLEM_TEXT];
        int length = (int)strcspn(at, ",}");
        if (snprintf(expanded, sizeof expanded, "%.*s%.*s%s", (int)(open - text), text, length, at, close + 1) >=
            (int)sizeof expanded)
            errx(EXIT_USAGE, "%s: \"%s\" is too long", source->origin, text);
        expand(source, expanded);
        at += length + 1;
    }
}

void set_add(struct set *set, const struct supply *supply, const char *text, const char *origin) {
    struct source source = {set, supply, origin};
    expand(&source, text);
}

void set_add_file(struct set *set, const struct supply *supply, const char *path) {
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "r");
    char *line = NULL, origin[PROBLEM_TEXT];
    size_t room = 0;
    if (!file)
        err(EXIT_USAGE, "%s", path);
    for (int number = 1; getline(&line, &room, file) >= 0; number++) {
        line[strcspn(line, "#\r\n")] = '\0';
        for (size_t end = strlen(line); end > 0 && strchr(" \t", line[end - 1]);)
            line[--end] = '\0';
        snprintf(origin, sizeof origin, "%s:%d", is_stdin ? "standard input" : path, number);
        if (*line)
            set_add(set, supply, line, origin);
    }
    if (ferror(file))
        err(EXIT_USAGE, "%s", path);
    free(line);
    if (!is_stdin)
        fclose(file);
}

void set_close(struct set *set) {
    free(set->entries);
    *set = (struct set){0};
}
