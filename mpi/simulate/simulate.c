/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * simulate COUNT LOCAL MERGE MULTIPLY FINISH: a product over simulated ranks, by axprod's operation and by what one
 * would write instead. For SimGrid's smpirun; scripts/simulate compiles and runs it.
 *
 * Each rank has one row of COUNT elements; the product runs over ranks. Messages are simulated, and so are times: LOCAL
 * seconds for the elements that a rank is taken to multiply before, and for each element that MPI_Allreduce multiplies
 * MERGE (partials) or MULTIPLY (doubles), for each result FINISH. The arithmetic itself is done, and the bits of all
 * results on all ranks are compared with those of one call on the whole tensor. Rank 0 prints a line of JSON.
 */
#include <axprod_mpi.h>

#include <err.h>
#include <inttypes.h>
#include <simgrid/host.h>
#include <smpi/smpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct { double local, merge, multiply, finish; /* seconds */ } costs;

static void charge(double seconds) {
    smpi_execute_flops(seconds * sg_host_get_speed(sg_host_self()));
}

/* The linker puts this in the place of axprod_partial_merge (--wrap), which the operation calls inside MPI. */
void __real_axprod_partial_merge(const axprod_partial *in, axprod_partial *inout, int64_t count);
void __wrap_axprod_partial_merge(const axprod_partial *in, axprod_partial *inout, int64_t count);

void __wrap_axprod_partial_merge(const axprod_partial *in, axprod_partial *inout, int64_t count) {
    __real_axprod_partial_merge(in, inout, count);
    charge(costs.merge * (double)count);
}

/* MPI_PROD, whose time can be charged. */
static void multiply(void *in, void *inout, int *count, MPI_Datatype *unused) {
    const double *x = in;
    double *y = inout;
    (void)unused;
    for (int i = 0; i < *count; i++)
        y[i] *= x[i];
    charge(costs.multiply * *count);
}

static void *allocate(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory)
        err(EXIT_FAILURE, "%zu bytes", bytes);
    return memory;
}

static void check(axprod_status status) {
    if (status != AXPROD_OK)
        errx(EXIT_FAILURE, "%s", axprod_last_error());
}

/* Random bits (splitmix64) as a significand in [1, 2), every other one halved: products of thousands stay in range. */
static double element(int rank, int i) {
    uint64_t x = ((uint64_t)rank << 32 | (uint32_t)i) + UINT64_C(0x9e3779b97f4a7c15);
    double value;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    uint64_t bits = UINT64_C(0x3ff) << 52 | x >> 12;
    memcpy(&value, &bits, sizeof value);
    return x & 1 ? value / 2 : value;
}

struct run {
    int rank, ranks, count;
    double *x, *y, *expected;
    axprod_partial *partials;
    axprod_plan *plan; /* of this rank's row */
    MPI_Op plain;
};

static const axprod_options one_thread = {.size = sizeof(axprod_options), .num_threads = 1};

static void open_run(struct run *run, int count) {
    MPI_Comm_rank(MPI_COMM_WORLD, &run->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &run->ranks);
    run->count = count;
    run->x = allocate(sizeof *run->x * (size_t)count);
    run->y = allocate(sizeof *run->y * (size_t)count);
    run->expected = allocate(sizeof *run->expected * (size_t)count);
    run->partials = allocate(sizeof *run->partials * (size_t)count);
    for (int i = 0; i < count; i++)
        run->x[i] = element(run->rank, i);
    axprod_tensor row = {run->x, AXPROD_F64, 2, (int64_t[]){1, count}, NULL},
                  out = {run->y, AXPROD_F64, 1, (int64_t[]){count}, NULL};
    check(axprod_plan_create(&run->plan, &row, (int[]){0}, 1, &one_thread, &out));
    MPI_Op_create(multiply, 1, &run->plain);
}

static void close_run(struct run *run) {
    MPI_Op_free(&run->plain);
    axprod_plan_destroy(run->plan);
    free(run->x);
    free(run->y);
    free(run->expected);
    free(run->partials);
}

/* The product of the whole tensor by one call on rank 0, then on all ranks. */
static void expect(struct run *run) {
    if (run->rank == 0) {
        double *whole = allocate(sizeof *whole * (size_t)run->count * (size_t)run->ranks);
        for (int r = 0; r < run->ranks; r++)
            for (int i = 0; i < run->count; i++)
                whole[(size_t)r * (size_t)run->count + (size_t)i] = element(r, i);
        axprod_tensor x = {whole, AXPROD_F64, 2, (int64_t[]){run->ranks, run->count}, NULL},
                      out = {run->expected, AXPROD_F64, 1, (int64_t[]){run->count}, NULL};
        check(axprod_prod(&x, (int[]){0}, 1, &one_thread, &out));
        free(whole);
    }
    MPI_Bcast(run->expected, run->count, MPI_DOUBLE, 0, MPI_COMM_WORLD);
}

static void reduce_by_axprod(struct run *run) {
    MPI_Allreduce(MPI_IN_PLACE, run->partials, run->count, axprod_mpi_type(), axprod_mpi_op(), MPI_COMM_WORLD);
    int64_t *unresolved = allocate(sizeof *unresolved * (size_t)run->count), doubtful;
    check(axprod_plan_finish(run->plan, run->partials, run->ranks, run->y, NULL, unresolved, &doubtful));
    free(unresolved);
    charge(costs.finish * run->count);
}

static void reduce_plainly(struct run *run) {
    MPI_Allreduce(MPI_IN_PLACE, run->y, run->count, MPI_DOUBLE, run->plain, MPI_COMM_WORLD);
}

/* Simulated seconds of the slowest rank: of everything, and of what follows the local work. */
struct times {
    double total, reduction;
};

static struct times time_reduction(struct run *run, void (*reduce)(struct run *)) {
    struct times times;
    check(axprod_plan_partials(run->plan, run->x, run->partials));
    memcpy(run->y, run->x, sizeof *run->y * (size_t)run->count);
    MPI_Barrier(MPI_COMM_WORLD);
    double begin = MPI_Wtime();
    charge(costs.local);
    double middle = MPI_Wtime();
    reduce(run);
    double end = MPI_Wtime();
    times = (struct times){end - begin, end - middle};
    MPI_Allreduce(MPI_IN_PLACE, &times, 2, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return times;
}

/* Ranks whose results, all of them, have the expected bits. */
static int count_right(const struct run *run) {
    int right = memcmp(run->y, run->expected, sizeof *run->y * (size_t)run->count) == 0;
    MPI_Allreduce(MPI_IN_PLACE, &right, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return right;
}

static double number(const char *text, double least) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= least))
        errx(2, "'%s' is no number from %g on", text, least);
    return value;
}

int main(int argc, char **argv) {
    struct run run;
    if (argc != 6)
        errx(2, "usage: simulate COUNT LOCAL MERGE MULTIPLY FINISH");
    MPI_Init(&argc, &argv);
    costs.local = number(argv[2], 0);
    costs.merge = number(argv[3], 0);
    costs.multiply = number(argv[4], 0);
    costs.finish = number(argv[5], 0);
    open_run(&run, (int)number(argv[1], 1));
    expect(&run);
    /* The first collectives of a simulation are skewed. */
    time_reduction(&run, reduce_plainly);
    struct times plain = time_reduction(&run, reduce_plainly);
    int plain_right = count_right(&run);
    struct times axprod = time_reduction(&run, reduce_by_axprod);
    int right = count_right(&run);
    if (run.rank == 0)
        printf("{\"ranks\": %d, \"count\": %d, \"local_seconds\": %.6e, \"seconds\": %.6e, \"total_seconds\": %.6e, "
               "\"plain_seconds\": %.6e, \"plain_total_seconds\": %.6e, \"right_ranks\": %d, \"plain_right_ranks\": "
               "%d}\n",
               run.ranks, run.count, costs.local, axprod.reduction, axprod.total, plain.reduction, plain.total, right,
               plain_right);
    close_run(&run);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
