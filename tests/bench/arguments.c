/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command lines of benchmarks share; see arguments.h. */
#include "arguments.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

enum {
    KEY_FILE = 'f',
    KEY_SIZE = 256,
    KEY_DATA,
    KEY_THREADS,
    KEY_ONLY,
    KEY_MIN_TIME,
    KEY_REPETITIONS,
    KEY_JSON,
    KEY_LIST
};

static const struct argp_option option_list[] = {
    {NULL, 0, NULL, 0, "Which problems, besides those named:", 1},
    {"file", KEY_FILE, "FILE", 0, "those of a text file, one a line, # begins a comment; - is standard input", 1},
    {"only", KEY_ONLY, "PATTERN", 0, "of all these, those whose text matches a shell pattern, as '*axes=0*'", 1},
    {"list", KEY_LIST, NULL, 0, "print the problems in full instead of measuring them", 1},
    {NULL, 0, NULL, 0, "What problems leave open:", 2},
    {"size", KEY_SIZE, "LIST", 0, "size= for extents * (16KiB,512KiB,4MiB,1GiB)", 2},
    {"data", KEY_DATA, "LIST", 0, "data= (neutral)", 2},
    {"threads", KEY_THREADS, "N", 0,
     "threads=, 0 for as many as are useful (the default: that from 64 MiB of elements on, else 1)", 2},
    {NULL, 0, NULL, 0, "How:", 3},
    {"min-time", KEY_MIN_TIME, "SECONDS", 0, "for each measurement, five repetitions at least (0.3)", 3},
    {"repetitions", KEY_REPETITIONS, "N", 0, "instead of a time", 3},
    {"json", KEY_JSON, NULL, 0, "a line of JSON about the machine, and one for each measurement", 3},
    {0},
};

void parse_choices(struct argp_state *state, const char *option, char *text, struct choices *choices) {
    choices->count = 0;
    for (char *rest = NULL, *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        if (choices->count == MOST_CHOICES)
            argp_error(state, "--%s has more than %d values", option, MOST_CHOICES);
        choices->texts[choices->count++] = word;
    }
    if (choices->count == 0)
        argp_error(state, "--%s needs a value", option);
}

long parse_number(struct argp_state *state, const char *option, const char *text, long least, long most) {
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno || end == text || *end || number < least || number > most)
        argp_error(state, "--%s needs a number from %ld to %ld, not '%s'", option, least, most, text);
    return number;
}

static void parse_sizes(struct argp_state *state, char *text, struct choices *sizes) {
    int64_t bytes;
    parse_choices(state, "size", text, sizes);
    for (int i = 0; i < sizes->count; i++)
        if (!problem_parse_size(sizes->texts[i], &bytes))
            argp_error(state, "--size needs sizes such as 16KiB or 1GiB, not '%s'", sizes->texts[i]);
}

static void parse_data(struct argp_state *state, char *text, struct choices *data) {
    enum data_kind kind;
    parse_choices(state, "data", text, data);
    for (int i = 0; i < data->count; i++)
        if (!data_from_name(data->texts[i], &kind))
            argp_error(state, "--data knows no '%s'", data->texts[i]);
}

static void add_source(struct argp_state *state, struct arguments *o, bool is_file, const char *text) {
    if (o->source_count == MOST_SOURCES)
        argp_error(state, "more than %d files and problems", MOST_SOURCES);
    o->sources[o->source_count].is_file = is_file;
    o->sources[o->source_count++].text = text;
}

static void parse_effort(struct argp_state *state, int key, const char *text, struct effort *effort) {
    char *end;
    if (key == KEY_REPETITIONS) {
        effort->repetitions = (int)parse_number(state, "repetitions", text, 1, MOST_REPETITIONS);
        return;
    }
    effort->min_time = strtod(text, &end);
    if (end == text || *end || !(effort->min_time >= 0 && effort->min_time <= 3600))
        argp_error(state, "--min-time needs seconds from 0 to 3600, not '%s'", text);
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *o = state->input;
    switch (key) {
    case KEY_FILE:
    case ARGP_KEY_ARG:
        add_source(state, o, key == KEY_FILE, text);
        return 0;
    case KEY_ONLY:
        o->supply.only = text;
        return 0;
    case KEY_LIST:
        o->list = true;
        return 0;
    case KEY_SIZE:
        parse_sizes(state, text, &o->supply.sizes);
        return 0;
    case KEY_DATA:
        parse_data(state, text, &o->supply.data);
        return 0;
    case KEY_THREADS:
        o->supply.threads = (int)parse_number(state, "threads", text, 0, 4096);
        return 0;
    case KEY_MIN_TIME:
    case KEY_REPETITIONS:
        parse_effort(state, key, text, &o->effort);
        return 0;
    case KEY_JSON:
        o->json = true;
        return 0;
    case ARGP_KEY_END:
        if (o->source_count == 0)
            argp_error(state, "no problem is named, and no --file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp arguments_parser = {option_list, parse_option, NULL, NULL, NULL, NULL, NULL};

static void list_all(const struct set *set) {
    char text[PROBLEM_TEXT];
    for (int i = 0; i < set->count; i++) {
        problem_print(&set->entries[i].problem, text, sizeof text);
        puts(text);
    }
}

void arguments_open_set(const struct arguments *arguments, struct set *set) {
    for (int i = 0; i < arguments->source_count; i++) {
        if (arguments->sources[i].is_file)
            set_add_file(set, &arguments->supply, arguments->sources[i].text);
        else
            set_add(set, &arguments->supply, arguments->sources[i].text, "command line");
    }
    if (set->count == 0)
        errx(EXIT_USAGE, "no problem is left to measure");
    if (arguments->list) {
        list_all(set);
        exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
}
