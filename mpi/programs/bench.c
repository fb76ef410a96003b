/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * axprod-mpi-bench: how fast problems are over ranks, beside a loop and MPI_Allreduce. It judges no speed, only
 * results.
 *
 * Rank 0 alone reads the command line and speaks. Exit status, on all ranks: 0 success; 1 a result is wrong, or the
 * system refuses something; 2 the command line or a problem is wrong, and nothing was measured.
 */
#include "arguments.h"
#include "bits.h"
#include "report.h"
#include "trial.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

static const char summary[] =
    "Measures problems over the ranks of an MPI job: mpirun -n 2 axprod-mpi-bench 'f64 2x1000 axes=0'. The problems "
    "are those of axprod-bench, cut into even blocks.\v"
    "Times are of the slowest rank from a common barrier on, medians over repetitions, in turn: the product; of it the "
    "multiplication of the rank's block without messages (\"local\"; \"rest\" is what the product takes beyond it, "
    "messages and finishing); for f64, what one would write instead, a loop on one thread (-O3 -ffast-math) and "
    "MPI_Allreduce with MPI_PROD among the ranks that share outputs (\"hand\"), and that MPI_Allreduce alone; pure "
    "reads of each rank's bytes, as axprod-bench has them. \"speedup\" and \"fraction\" are medians of ratios of "
    "neighbours, hand and read by product. GB/s are 1e9 bytes of elements of all ranks per second. Arrays of both "
    "sides lie in huge pages where the system has some. Where ranks share a core, \"rest\" also holds the others' "
    "multiplications.\n\n"
    "The elements are those that axprod-bench gives the problem, for any number of ranks. What is checked before: for "
    "tensors of up to 2^22 elements in all, the bits against those of one process on the whole tensor; afterwards, "
    "that ranks with the same outputs have them with the same bits. \"bits\", in JSON, stands for those of the whole "
    "result: axprod-bench has the same for the same problem.";

enum {
    KEY_GRID = ARGUMENTS_KEYS,
    KEY_RESULT
};

static const struct argp_option option_list[] = {
    {"grid", KEY_GRID, "LIST", 0, "blocks along each axis, as 2x3 (all along the first axis)", 3},
    {"result", KEY_RESULT, "WHERE", 0, "local, all, root or scatter: see axprod_mpi.h (local)", 3},
    {0},
};

static const char *const result_names[] = {
    [AXPROD_MPI_LOCAL] = "local",
    [AXPROD_MPI_ALL] = "all",
    [AXPROD_MPI_ROOT] = "root",
    [AXPROD_MPI_SCATTER] = "scatter",
};
#define RESULTS ((int)(sizeof result_names / sizeof *result_names))

/* The command line; what all ranks need of it. */
struct plan {
    int result, entries;
    struct effort effort;
    bool json;
    int grid_ndim, grid[AXPROD_MAX_NDIM];
};

struct options {
    struct arguments arguments;
    struct plan plan;
};

static void parse_grid(struct argp_state *state, const char *text, struct plan *plan) {
    char *end;
    for (const char *at = text;; at = end + 1) {
        long blocks = strtol(at, &end, 10);
        if (end == at || blocks < 1 || blocks > INT32_MAX || (*end && *end != 'x') ||
            plan->grid_ndim == AXPROD_MAX_NDIM)
            argp_error(state, "--grid needs numbers from 1 on with x between them, not '%s'", text);
        plan->grid[plan->grid_ndim++] = (int)blocks;
        if (!*end)
            return;
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->arguments;
        return 0;
    case KEY_GRID:
        parse_grid(state, text, &o->plan);
        return 0;
    case KEY_RESULT:
        for (o->plan.result = 0; strcmp(text, result_names[o->plan.result]) != 0;)
            if (++o->plan.result == RESULTS)
                argp_error(state, "--result knows local, all, root and scatter, not '%s'", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The grid for a problem: false, and why, where there is none of non-empty blocks. */
static bool grid_for(const struct plan *plan, const struct problem *problem, int *grid, const char **why) {
    int ranks;
    int64_t blocks = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    *why = plan->grid_ndim && plan->grid_ndim != problem->ndim ? "the grid has another number of dimensions"
           : problem->ndim == 0                                ? "a scalar cannot be cut"
                                                               : NULL;
    for (int d = 0; d < problem->ndim && !*why; d++) {
        grid[d] = plan->grid_ndim ? plan->grid[d] : d == 0 ? ranks : 1;
        if (grid[d] > problem->shape[d])
            *why = "some blocks would have no element";
        blocks *= grid[d] <= ranks / blocks ? grid[d] : ranks + 1;
        if (blocks > ranks)
            *why = "the grid has not as many blocks as there are ranks";
    }
    if (!*why && blocks != ranks)
        *why = "the grid has not as many blocks as there are ranks";
    return !*why;
}

/* -------------------------------------------------------------------------------------------------- the end ------- */

static bool deciding;

/*
 * Whatever ends the program also ends the other ranks: while rank 0 reads the command line, they wait for its word;
 * afterwards only MPI_Abort reaches them.
 */
static void leave(int status, void *unused) {
    int finalized;
    (void)unused;
    MPI_Finalized(&finalized);
    if (finalized)
        return;
    fflush(NULL);
    if (!deciding)
        MPI_Abort(MPI_COMM_WORLD, status);
    MPI_Bcast(&status, 1, MPI_INT, 0, MPI_COMM_WORLD);
    MPI_Finalize();
}

/* Rank 0: what is to be measured. Ends the program where that is wrong. */
static void decide(int argc, char **argv, struct plan *plan, struct set *set) {
    static const struct argp_child children[] = {{&arguments_parser, 0, NULL, 0}, {0}};
    static const struct argp parser = {option_list, parse_option, "[PROBLEM...]", summary, children, NULL, NULL};
    static struct options o = {.arguments = ARGUMENTS_INIT};
    int grid[AXPROD_MAX_NDIM];
    const char *why;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &o);
    if (!axprod_isa())
        errx(EXIT_USAGE, "the instruction set %s is unknown or absent here", getenv("AXPROD_ISA"));
    arguments_open_set(&o.arguments, set);
    for (int i = 0; i < set->count; i++) {
        if (!grid_for(&o.plan, &set->entries[i].problem, grid, &why))
            errx(EXIT_USAGE, "\"%s\": %s", set->entries[i].text, why);
        axprod_dtype dtype = set->entries[i].problem.dtype;
        if (dtype == AXPROD_C64 || dtype == AXPROD_C128)
            errx(EXIT_USAGE, "\"%s\": complex products are not measured", set->entries[i].text);
    }
    *plan = o.plan;
    plan->entries = set->count;
    plan->effort = o.arguments.effort;
    plan->json = o.arguments.json;
}

/* Rank 0's decision on all ranks. A rank that is to leave does not come back. */
static void share_decision(int rank, int argc, char **argv, struct plan *plan, struct set *set) {
    int status = -1; /* go on */
    if (rank == 0) {
        deciding = true;
        decide(argc, argv, plan, set);
        deciding = false;
    }
    MPI_Bcast(&status, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (status != -1) {
        MPI_Finalize();
        exit(status);
    }
    MPI_Bcast(plan, sizeof *plan, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (rank != 0)
        set->entries = malloc(sizeof *set->entries * (size_t)plan->entries);
    if (!set->entries)
        err(EXIT_FAILURE, "the list of problems");
    set->count = plan->entries;
    for (int i = 0; i < set->count; i++)
        MPI_Bcast(&set->entries[i], sizeof *set->entries, MPI_BYTE, 0, MPI_COMM_WORLD);
}

/* --------------------------------------------------------------------------------------------------- report ------- */

static void print_json(const struct plan *plan, const struct entry *entry, const struct share *share, int ranks,
                       const struct trial *t, uint64_t bits) {
    char canonical[PROBLEM_TEXT];
    int64_t elements = share->outputs * share->factors;
    double bytes = (double)elements * (double)axprod_dtype_size(entry->problem.dtype);
    problem_print(&entry->problem, canonical, sizeof canonical);
    printf(
        "{\"text\": \"%s\", \"problem\": \"%s\", \"ranks\": %d, \"result\": \"%s\", \"threads\": %d, \"bytes\": %.0f, "
        "\"outputs\": %" PRId64 ", \"factors\": %" PRId64 ", \"seconds\": %.4e, \"local_seconds\": %.4e, "
        "\"rest_seconds\": %.4e, \"gb_per_s\": %.3f, ",
        entry->text, canonical, ranks, result_names[plan->result], share->threads, bytes, share->outputs,
        share->factors, t->total, t->local, t->rest, 1e-9 * bytes / t->total);
    if (share->hand.products)
        printf("\"hand_seconds\": %.4e, \"allreduce_seconds\": %.4e, \"speedup\": %.4f, ", t->hand, t->allreduce,
               t->speedup);
    printf("\"reader\": \"%s\", \"read_gb_per_s\": %.3f, \"fraction\": %.4f, \"verified\": %s, \"bits\": "
           "\"%016" PRIx64 "\", \"repetitions\": %d}\n",
           t->reader, 1e-9 * bytes / t->read, t->fraction, elements <= SHARE_MOST_VERIFIED ? "true" : "false", bits,
           t->repetitions);
}

static void print_row(int width, const struct plan *plan, const struct entry *entry, const struct share *share,
                      int ranks, const struct trial *t) {
    double gigabytes =
        1e-9 * (double)(share->outputs * share->factors) * (double)axprod_dtype_size(entry->problem.dtype);
    printf("%-*s %-7s %5d %7d", width, entry->text, result_names[plan->result], ranks, share->threads);
    report_time(t->total);
    report_time(t->local);
    report_time(t->rest);
    if (share->hand.products) {
        report_time(t->hand);
        report_time(t->allreduce);
        printf(" %8.3f", t->speedup);
    } else {
        printf(" %10s %10s %8s", "-", "-", "-");
    }
    printf(" %8.2f %8.3f\n", gigabytes / t->total, t->fraction);
}

static void print_heading(const struct plan *plan, int width) {
    char library[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    MPI_Get_library_version(library, &length);
    library[strcspn(library, "\n,\"\\")] = '\0';
    report_machine(plan->json, library);
    if (!plan->json)
        printf("%-*s %-7s %5s %7s %10s %10s %10s %10s %10s %8s %8s %8s\n", width, "problem", "result", "ranks",
               "threads", "time", "local", "rest", "hand", "allreduce", "speedup", "GB/s", "fraction");
}

/* False where the result is wrong. */
static bool measure_entry(const struct plan *plan, const struct entry *entry, int rank, int width) {
    static struct share share;
    struct trial trial;
    uint64_t bits;
    int grid[AXPROD_MAX_NDIM], ranks;
    const char *why;
    grid_for(plan, &entry->problem, grid, &why);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    share_open(&share, &entry->problem, grid, (axprod_mpi_result)plan->result);
    bool good = share_verify(&share);
    if (good) {
        trial_run(&share, &plan->effort, &trial);
        good = share_bits(&share, &bits);
    }
    if (good && rank == 0 && plan->json)
        print_json(plan, entry, &share, ranks, &trial, bits);
    else if (good && rank == 0)
        print_row(width, plan, entry, &share, ranks, &trial);
    else if (!good && rank == 0)
        warnx("wrong: \"%s\"", entry->text);
    share_close(&share);
    return good;
}

int main(int argc, char **argv) {
    int provided, rank;
    struct plan plan;
    struct set set = {0};
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    on_exit(leave, NULL);
    share_decision(rank, argc, argv, &plan, &set);
    int width = report_width(&set);
    if (rank == 0)
        print_heading(&plan, width);
    bool good = true;
    for (int i = 0; i < set.count; i++)
        good = measure_entry(&plan, &set.entries[i], rank, width) && good;
    set_close(&set);
    int written = fflush(stdout) == 0;
    MPI_Allreduce(MPI_IN_PLACE, &written, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    MPI_Finalize();
    return good && written ? EXIT_SUCCESS : EXIT_FAILURE;
}
