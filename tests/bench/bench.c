/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * axprod-bench: how fast problems are beside a pure read of as many bytes. It judges no speed, only results.
 *
 * Exit status: 0 success; 1 a result is wrong, or the system refuses something; 2 the command line or a problem is
 * wrong, and nothing was measured.
 */
#include "measure.h"
#include "report.h"
#include "set.h"
#include "task.h"

#include <argp.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

static const char summary[] =
    "Measures problems, such as 'f64 4096x32768 axes=0'; tests/problem.h explains the language. In an extent * a "
    "problem "
    "leaves its size open, and {a,b} stands for a and for b: '{f32,f64} *x64 axes=1 data={neutral,wild}'.\v"
    "What is compared: the median time of the product, and of a pure read of as many bytes as the elements have, by as "
    "many threads, from the beginning of the memory that the elements are in, in turn with the product. The read adds "
    "up "
    "the words, in the widest vectors of this processor; of six readers (one, four or eight streams, far apart or "
    "within "
    "4 MiB, with prefetching or without) the one with the best median counts. \"fraction\" is the median of the ratios "
    "of neighbouring times, read by product. Where the elements have gaps or share memory, the read has neither: it "
    "reads as many bytes in one run. GB/s are 1e9 bytes of elements per second. Calls are timed in batches of at least "
    "0.1 ms, of several users 2 ms.\n\n"
    "What is checked before: for outputs of up to 2^20 elements, exact arithmetic multiplies as many outputs again as "
    "make up 2^16 elements (all of them, or evenly chosen ones); complex ones are held to the header's bound. Outputs "
    "of "
    "more elements are compared with a second calculation on one thread: the tensor in five pieces whose partials (for "
    "integer results, whose results) are multiplied; for complex results, the whole.\n\n"
    "Exit status: 0; 1 where a result is wrong or the system refuses something; 2 where the command line or a problem "
    "is wrong: nothing is measured then.";

enum {
    KEY_FILE = 'f',
    KEY_SIZE = 256,
    KEY_DATA,
    KEY_THREADS,
    KEY_ONLY,
    KEY_CALL,
    KEY_USERS,
    KEY_ISA,
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
    {"call", KEY_CALL, "LIST", 0, "execute: an existing plan; once: a call that makes its own (execute)", 3},
    {"users", KEY_USERS, "LIST", 0,
     "threads of the host program that each do it at the same time, with a tensor of their own (1)", 3},
    {"isa", KEY_ISA, "NAME", 0, "as AXPROD_ISA=NAME", 3},
    {"min-time", KEY_MIN_TIME, "SECONDS", 0, "for each measurement, five repetitions at least (0.3)", 3},
    {"repetitions", KEY_REPETITIONS, "N", 0, "instead of a time", 3},
    {"json", KEY_JSON, NULL, 0, "a line of JSON about the machine, and one for each measurement", 3},
    {0},
};

#define MOST_SOURCES 256

/* The command line. Sources: files, and (with is_file false) problems. */
struct options {
    struct supply supply;
    struct {
        bool is_file;
        const char *text;
    } sources[MOST_SOURCES];
    int source_count;
    bool calls[CALLS];
    int users[MOST_CHOICES], user_count;
    struct effort effort;
    bool json, list;
};

/* Splits a list in place. */
static void parse_choices(struct argp_state *state, const char *option, char *text, struct choices *choices) {
    choices->count = 0;
    for (char *rest = NULL, *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        if (choices->count == MOST_CHOICES)
            argp_error(state, "--%s has more than %d values", option, MOST_CHOICES);
        choices->texts[choices->count++] = word;
    }
    if (choices->count == 0)
        argp_error(state, "--%s needs a value", option);
}

static long parse_number(struct argp_state *state, const char *option, const char *text, long least, long most) {
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

static void parse_calls(struct argp_state *state, char *text, bool calls[CALLS]) {
    struct choices choices;
    parse_choices(state, "call", text, &choices);
    memset(calls, 0, sizeof(bool) * CALLS);
    for (int i = 0; i < choices.count; i++) {
        int call = 0;
        while (call < CALLS && strcmp(choices.texts[i], call_names[call]) != 0)
            call++;
        if (call == CALLS)
            argp_error(state, "--call knows execute and once, not '%s'", choices.texts[i]);
        else
            calls[call] = true;
    }
}

static void parse_users(struct argp_state *state, char *text, struct options *o) {
    struct choices choices;
    parse_choices(state, "users", text, &choices);
    o->user_count = choices.count;
    for (int i = 0; i < choices.count; i++)
        o->users[i] = (int)parse_number(state, "users", choices.texts[i], 1, MOST_USERS);
}

static void add_source(struct argp_state *state, struct options *o, bool is_file, const char *text) {
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
    struct options *o = state->input;
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
    case KEY_CALL:
        parse_calls(state, text, o->calls);
        return 0;
    case KEY_USERS:
        parse_users(state, text, o);
        return 0;
    case KEY_ISA:
        return setenv("AXPROD_ISA", text, 1);
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

/* One problem in all ways of calling it. False where a result is wrong. */
static bool measure_entry(const struct options *o, const struct report *report, const struct entry *entry, int users) {
    static struct task tasks[MOST_USERS];
    bool good = true;
    for (int u = 0; u < users; u++) {
        task_open(&tasks[u], &entry->problem);
        good = good && task_verify(&tasks[u]);
    }
    for (int call = 0; call < CALLS && good; call++) {
        struct measurement measurement;
        if (!o->calls[call])
            continue;
        measure(tasks, users, (enum call)call, &o->effort, &measurement);
        report_add(report, entry, tasks, users, (enum call)call, &measurement);
    }
    for (int u = 0; u < users; u++)
        task_close(&tasks[u]);
    if (!good)
        warnx("wrong: \"%s\"", entry->text);
    return good;
}

static bool measure_all(const struct options *o, const struct set *set) {
    struct report report = {.json = o->json};
    bool good = true;
    report_begin(&report, set);
    for (int i = 0; i < set->count; i++)
        for (int u = 0; u < o->user_count; u++)
            good = measure_entry(o, &report, &set->entries[i], o->users[u]) && good;
    return good;
}

static void list_all(const struct set *set) {
    char text[PROBLEM_TEXT];
    for (int i = 0; i < set->count; i++) {
        problem_print(&set->entries[i].problem, text, sizeof text);
        puts(text);
    }
}

int main(int argc, char **argv) {
    static struct options o = {
        .supply = {{4, {"16KiB", "512KiB", "4MiB", "1GiB"}}, {1, {"neutral"}}, -1, NULL},
        .calls = {[CALL_EXECUTE] = true},
        .users = {1},
        .user_count = 1,
        .effort = {0.3, 0},
    };
    static const struct argp parser = {option_list, parse_option, "[PROBLEM...]", summary, NULL, NULL, NULL};
    struct set set = {0};
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &o);
    if (!axprod_isa())
        errx(EXIT_USAGE, "the instruction set %s is unknown or absent here", getenv("AXPROD_ISA"));
    for (int i = 0; i < o.source_count; i++) {
        if (o.sources[i].is_file)
            set_add_file(&set, &o.supply, o.sources[i].text);
        else
            set_add(&set, &o.supply, o.sources[i].text, "command line");
    }
    if (set.count == 0)
        errx(EXIT_USAGE, "no problem is left to measure");
    bool good = true;
    if (o.list)
        list_all(&set);
    else
        good = measure_all(&o, &set);
    set_close(&set);
    return good && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
