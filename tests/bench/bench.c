/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * axprod-bench: how fast problems are beside a pure read of as many bytes. It judges no speed, only results.
 *
 * Exit status: 0 success; 1 a result is wrong, or the system refuses something; 2 the command line or a problem is
 * wrong, and nothing was measured.
 */
#include "arguments.h"
#include "measure.h"
#include "report.h"
#include "task.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

static const char summary[] =
    "Measures problems, such as 'f64 4096x32768 axes=0'; axprod-bench(1) explains the language. In an extent * a "
    "problem leaves its size open, and {a,b} stands for a and for b: '{f32,f64} *x64 axes=1 data={neutral,wild}'.\v"
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
    "integer results, whose results) are multiplied; for complex results, the whole. \"bits\", in JSON, stands for the "
    "bits of all results after the last call.\n\n"
    "Exit status: 0; 1 where a result is wrong or the system refuses something; 2 where the command line or a problem "
    "is wrong: nothing is measured then.";

enum {
    KEY_CALL = ARGUMENTS_KEYS,
    KEY_USERS,
    KEY_ISA
};

static const struct argp_option option_list[] = {
    {"call", KEY_CALL, "LIST", 0, "execute: an existing plan; once: a call that makes its own (execute)", 3},
    {"users", KEY_USERS, "LIST", 0,
     "threads of the host program that each do it at the same time, with a tensor of their own (1)", 3},
    {"isa", KEY_ISA, "NAME", 0, "as AXPROD_ISA=NAME", 3},
    {0},
};

/* The command line. */
struct options {
    struct arguments arguments;
    bool calls[CALLS];
    int users[MOST_CHOICES], user_count;
};

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

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->arguments;
        return 0;
    case KEY_CALL:
        parse_calls(state, text, o->calls);
        return 0;
    case KEY_USERS:
        parse_users(state, text, o);
        return 0;
    case KEY_ISA:
        return setenv("AXPROD_ISA", text, 1);
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
        measure(tasks, users, (enum call)call, &o->arguments.effort, &measurement);
        report_add(report, entry, tasks, users, (enum call)call, &measurement);
    }
    for (int u = 0; u < users; u++)
        task_close(&tasks[u]);
    if (!good)
        warnx("wrong: \"%s\"", entry->text);
    return good;
}

static bool measure_all(const struct options *o, const struct set *set) {
    struct report report = {.json = o->arguments.json};
    bool good = true;
    report_begin(&report, set);
    for (int i = 0; i < set->count; i++)
        for (int u = 0; u < o->user_count; u++)
            good = measure_entry(o, &report, &set->entries[i], o->users[u]) && good;
    return good;
}

int main(int argc, char **argv) {
    static struct options o = {
        .arguments = ARGUMENTS_INIT, .calls = {[CALL_EXECUTE] = true}, .users = {1}, .user_count = 1};
    static const struct argp_child children[] = {{&arguments_parser, 0, NULL, 0}, {0}};
    static const struct argp parser = {option_list, parse_option, "[PROBLEM...]", summary, children, NULL, NULL};
    struct set set = {0};
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &o);
    if (!axprod_isa())
        errx(EXIT_USAGE, "the instruction set %s is unknown or absent here", getenv("AXPROD_ISA"));
    arguments_open_set(&o.arguments, &set);
    bool good = measure_all(&o, &set);
    set_close(&set);
    return good && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
