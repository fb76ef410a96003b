/* SPDX-License-Identifier: BSD-3-Clause */
/* Measurements as text; see report.h. */
#include "report.h"

#include "digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* Fields of a name on a line "name : value" of /proc/cpuinfo; false where there is no such line. */
static bool find_processor(char *name, size_t size) {
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[512];
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", strlen("model name")) == 0 && colon && colon[1] == ' ') {
            line[strcspn(line, "\n\"\\")] = '\0';
            snprintf(name, size, "%s", colon + 2);
            found = true;
        }
    }
    if (file)
        fclose(file);
    return found;
}

void report_machine(bool json, const char *over) {
    char processor[256];
    struct utsname os;
    if (!find_processor(processor, sizeof processor))
        snprintf(processor, sizeof processor, "unknown processor");
    if (uname(&os) != 0)
        snprintf(os.release, sizeof os.release, "unknown");
    if (json)
        printf("{\"axprod\": \"%s\", \"isa\": \"%s\", \"processor\": \"%s\", \"os\": \"Linux %s\", \"compiler\": "
               "\"%s\"%s%s%s}\n",
               axprod_version(), axprod_isa(), processor, os.release, COMPILER, over ? ", \"mpi\": \"" : "",
               over ? over : "", over ? "\"" : "");
    else
        printf("axprod %s, %s; %s; Linux %s; %s%s%s\n", axprod_version(), axprod_isa(), processor, os.release, COMPILER,
               over ? "; " : "", over ? over : "");
}

int report_width(const struct set *set) {
    int width = (int)strlen("problem");
    for (int i = 0; i < set->count; i++) {
        int length = (int)strlen(set->entries[i].text);
        width = length > width ? length : width;
    }
    return width;
}

void report_begin(struct report *report, const struct set *set) {
    report->width = report_width(set);
    report_machine(report->json, NULL);
    if (!report->json)
        printf("%-*s %-7s %5s %7s %10s %8s %8s %8s %8s\n", report->width, "problem", "call", "users", "threads", "time",
               "GB/s", "best", "read", "fraction");
    fflush(stdout);
}

void report_time(double seconds) {
    static const char *const units[] = {"ns", "us", "ms", "s"};
    int unit = 0;
    for (seconds *= 1e9; seconds >= 9999.5 && unit < 3; unit++)
        seconds /= 1e3;
    printf(" %7.*f %-2s", seconds < 100 ? 1 : 0, seconds, units[unit]);
}

void report_add(const struct report *report, const struct entry *entry, const struct task *tasks, int users,
                enum call call, const struct measurement *m) {
    double gigabytes = 1e-9 * (double)tasks->bytes * users;
    char canonical[PROBLEM_TEXT];
    problem_print(&entry->problem, canonical, sizeof canonical);
    if (report->json) {
        printf("{\"text\": \"%s\", \"problem\": \"%s\", \"call\": \"%s\", \"users\": %d, \"threads\": %d, \"bytes\": "
               "%" PRId64 ", \"outputs\": %" PRId64 ", \"factors\": %" PRId64 ", \"seconds\": %.4e, \"best_seconds\": "
               "%.4e, \"gb_per_s\": %.3f, \"best_gb_per_s\": %.3f, \"reader\": \"%s\", \"read_gb_per_s\": %.3f, "
               "\"best_read_gb_per_s\": %.3f, \"fraction\": %.4f, \"bits\": \"%016" PRIx64 "\", \"calls\": %" PRId64
               ", \"repetitions\": "
               "%d}\n",
               entry->text, canonical, call_names[call], users, tasks->threads, tasks->bytes, tasks->outputs,
               tasks->factors, m->median, m->best, gigabytes / m->median, gigabytes / m->best, m->reader,
               gigabytes / m->read_median, gigabytes / m->read_best, m->fraction,
               digest_whole(tasks->problem, tasks->out), m->calls, m->repetitions);
    } else {
        printf("%-*s %-7s %5d %7d", report->width, entry->text, call_names[call], users, tasks->threads);
        report_time(m->median);
        printf(" %8.2f %8.2f %8.2f %8.3f\n", gigabytes / m->median, gigabytes / m->best, gigabytes / m->read_median,
               m->fraction);
    }
    fflush(stdout);
}
