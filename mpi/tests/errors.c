/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each error on one rank only: all ranks return the same status, none hangs, and the sentence names the rank and the
 * argument. After each error the same communicator still multiplies.
 */
#include "suite.h"
#include "world.h"

#include <limits.h>
#include <stdio.h>

enum {
    ROWS = 6,
    COLUMNS = 5,
    MANY_COLUMNS = 600,
    MOST_COLUMNS = 2000 /* between two ranks in several messages */
};

/* A call that is right: every rank has ROWS rows of its own, the product is along them. */
struct call {
    double x[ROWS * MOST_COLUMNS], out[MOST_COLUMNS], second[MOST_COLUMNS];
    int64_t shape[2], global_shape[2], offset[2], out_shape[2], strides[2];
    int axes[2], naxes;
    const axprod_tensor *local_argument, *out_argument;
    const int64_t *global_argument, *offset_argument;
    axprod_tensor local, result;
    axprod_mpi_options options;
    const axprod_mpi_options *options_argument;
};

static void make_right(struct call *c) {
    memset(c, 0, sizeof *c);
    for (int i = 0; i < ROWS * MOST_COLUMNS; i++)
        c->x[i] = 2;
    c->shape[0] = ROWS;
    c->shape[1] = c->out_shape[0] = c->global_shape[1] = COLUMNS;
    c->global_shape[0] = (int64_t)ROWS * world_size();
    c->offset[0] = (int64_t)ROWS * world_rank();
    c->axes[0] = 0;
    c->naxes = 1;
    c->local = (axprod_tensor){c->x, AXPROD_F64, 2, c->shape, NULL};
    c->result = (axprod_tensor){c->out, AXPROD_F64, 1, c->out_shape, NULL};
    c->local_argument = &c->local;
    c->out_argument = &c->result;
    c->global_argument = c->global_shape;
    c->offset_argument = c->offset;
    c->options = (axprod_mpi_options)AXPROD_MPI_OPTIONS_INIT;
    c->options_argument = &c->options;
}

static axprod_status run(struct call *c) {
    return axprod_mpi_prod(c->local_argument, c->global_argument, c->offset_argument, c->axes, c->naxes,
                           c->options_argument, c->out_argument, MPI_COMM_WORLD);
}

/* X(function, status, word): what one rank does wrong, what all return, and what the sentence names */
#define MISTAKES(X)                                                                                                    \
    X(no_local, AXPROD_ERROR_NULL, "local")                                                                            \
    X(no_global, AXPROD_ERROR_NULL, "global_shape")                                                                    \
    X(no_offset, AXPROD_ERROR_NULL, "offset")                                                                          \
    X(no_out, AXPROD_ERROR_NULL, "out")                                                                                \
    X(no_data, AXPROD_ERROR_NULL, "x")                                                                                 \
    X(no_out_data, AXPROD_ERROR_NULL, "out")                                                                           \
    X(bad_dtype, AXPROD_ERROR_DTYPE, "dtype")                                                                          \
    X(bad_ndim, AXPROD_ERROR_NDIM, "dimensions")                                                                       \
    X(bad_shape, AXPROD_ERROR_SHAPE, "extent")                                                                         \
    X(bad_axis, AXPROD_ERROR_AXIS, "axis")                                                                             \
    X(bad_out_shape, AXPROD_ERROR_OUT_SHAPE, "out")                                                                    \
    X(bad_out_dtype, AXPROD_ERROR_OUT_DTYPE, "out")                                                                    \
    X(overlap, AXPROD_ERROR_OVERLAP, "out")                                                                            \
    X(bad_size, AXPROD_ERROR_OPTIONS, "size")                                                                          \
    X(bad_result, AXPROD_ERROR_OPTIONS, "result")                                                                      \
    X(bad_root, AXPROD_ERROR_OPTIONS, "root")                                                                          \
    X(bad_threads, AXPROD_ERROR_OPTIONS, "num_threads")                                                                \
    X(outside, AXPROD_ERROR_SHAPE, "offset")                                                                           \
    X(before, AXPROD_ERROR_SHAPE, "offset")                                                                            \
    X(far_outside, AXPROD_ERROR_SHAPE, "offset")

static void no_local(struct call *c) {
    c->local_argument = NULL;
}
static void no_global(struct call *c) {
    c->global_argument = NULL;
}
static void no_offset(struct call *c) {
    c->offset_argument = NULL;
}
static void no_out(struct call *c) {
    c->out_argument = NULL;
}
static void no_data(struct call *c) {
    c->local.data = NULL;
}
static void no_out_data(struct call *c) {
    c->result.data = NULL;
}
static void bad_dtype(struct call *c) {
    c->local.dtype = (axprod_dtype)99;
}
static void bad_ndim(struct call *c) {
    c->local.ndim = -1;
}
static void bad_shape(struct call *c) {
    c->shape[1] = -1;
}
static void bad_axis(struct call *c) {
    c->axes[0] = 2;
}
static void bad_out_shape(struct call *c) {
    c->out_shape[0]++;
}
static void bad_out_dtype(struct call *c) {
    c->result.dtype = AXPROD_I32;
}
static void overlap(struct call *c) {
    c->result.data = c->x;
}
static void bad_size(struct call *c) {
    c->options.size = 1;
}
static void bad_result(struct call *c) {
    c->options.result = (axprod_mpi_result)7;
}
static void bad_root(struct call *c) {
    c->options.root = world_size();
}
static void bad_threads(struct call *c) {
    c->options.num_threads = -1;
}
static void outside(struct call *c) {
    c->offset[0] = c->global_shape[0] - ROWS + 1;
}
static void before(struct call *c) {
    c->offset[1] = -1;
}
static void far_outside(struct call *c) {
    c->offset[0] = INT64_MAX;
}

/* The status of all ranks is the same, and their sentences are. */
static void check_agreed(const char *what, axprod_status status, axprod_status expected, const char *word, int rank) {
    char sentence[256], first[256], name[32];
    snprintf(sentence, sizeof sentence, "%s", axprod_last_error());
    memcpy(first, sentence, sizeof first);
    MPI_Bcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
    snprintf(name, sizeof name, "rank %d:", rank);
    if (status != expected || !has_word(sentence, word) || (rank >= 0 && !strstr(sentence, name)) ||
        strcmp(sentence, first) != 0)
        world_fail("%s on rank %d: %s (%s; on rank 0: %s), expected %s with \"%s\"", what, rank,
                   axprod_status_name(status), sentence, first, axprod_status_name(expected), word);
}

static void check_right(void) {
    struct call c;
    make_right(&c);
    CHECK_OK(run(&c));
    for (int i = 0; i < COLUMNS; i++)
        CHECK(c.out[i] == (double)(UINT64_C(1) << (ROWS * world_size())));
}

static void one_rank_wrong(const char *what, void (*spoil)(struct call *c), axprod_status expected, const char *word) {
    for (int rank = 0; rank < world_size(); rank++) {
        struct call c;
        make_right(&c);
        if (rank == world_rank())
            spoil(&c);
        axprod_status status = run(&c);
        check_agreed(what, status, expected, word, rank);
        check_right();
    }
}

/* ------------------------------------------------------------------------- arguments that differ between ranks --- */

static void differ(const char *what, struct call *c, axprod_status expected, const char *word) {
    axprod_status status = run(c);
    check_agreed(what, status, expected, word, -1);
    check_right();
}

static void ranks_differ(void) {
    bool odd = world_rank() == world_size() - 1;
    struct call c;
    make_right(&c);
    c.global_shape[0] += odd;
    differ("global_shape", &c, AXPROD_ERROR_DIFFER, "global_shape");
    make_right(&c);
    c.options.result = odd ? AXPROD_MPI_ALL : AXPROD_MPI_LOCAL;
    differ("result", &c, AXPROD_ERROR_DIFFER, "result");
    make_right(&c);
    c.options.root = odd;
    differ("root", &c, AXPROD_ERROR_DIFFER, "root");
    make_right(&c);
    c.result.dtype = odd ? AXPROD_F32 : AXPROD_F64;
    differ("out", &c, AXPROD_ERROR_DIFFER, "out");
    make_right(&c);
    if (odd) {
        c.axes[0] = 1;
        c.out_shape[0] = ROWS;
        c.result.data = c.x;
        c.local.data = NULL;
    }
    differ("axes", &c, AXPROD_ERROR_DIFFER, "axes");
    make_right(&c);
    if (odd) {
        c.local.dtype = AXPROD_F32;
    }
    differ("dtype", &c, AXPROD_ERROR_DIFFER, "local");
    make_right(&c);
    c.offset[0] = 0;
    differ("overlap", &c, AXPROD_ERROR_TILING, "overlap");
    make_right(&c);
    c.global_shape[0]++;
    differ("gap", &c, AXPROD_ERROR_TILING, "gaps");
    make_right(&c);
    c.shape[1] = c.out_shape[0] = odd ? COLUMNS - 1 : COLUMNS;
    differ("gap of one rank", &c, AXPROD_ERROR_TILING, "gaps");
}

/* ---------------------------------------------------------------------------------------------------- plans --- */

/* What only the execution sees: of partials and of elements, of few and of many outputs. */
static void executions(int64_t rows, int64_t columns) {
    for (int rank = 0; rank < world_size(); rank++) {
        struct call c;
        axprod_mpi_plan *plan;
        bool wrong = rank == world_rank(), done = false;
        make_right(&c);
        c.shape[0] = rows;
        c.shape[1] = c.out_shape[0] = c.global_shape[1] = columns;
        c.global_shape[0] = rows * world_size();
        c.offset[0] = rows * world_rank();
        CHECK_OK(axprod_mpi_plan_create(&plan, &c.local, c.global_shape, c.offset, c.axes, 1, NULL, &c.result,
                                        MPI_COMM_WORLD));
        axprod_status status = axprod_mpi_plan_execute(plan, wrong ? NULL : c.x, c.out, NULL);
        check_agreed("x", status, AXPROD_ERROR_NULL, "x", rank);
        status = axprod_mpi_plan_execute(plan, c.x, wrong ? c.x : c.out, NULL);
        check_agreed("overlap", status, AXPROD_ERROR_OVERLAP, "out", rank);
        CHECK_OK(axprod_mpi_plan_start(plan, c.x, wrong ? NULL : c.out, NULL));
        status = axprod_mpi_plan_wait(plan);
        check_agreed("start", status, AXPROD_ERROR_NULL, "out", rank);
        CHECK_STATUS(axprod_mpi_plan_wait(plan), AXPROD_ERROR_UNSUPPORTED);
        CHECK_STATUS(axprod_mpi_plan_test(plan, &done), AXPROD_ERROR_UNSUPPORTED);
        CHECK_STATUS(axprod_mpi_plan_test(plan, NULL), AXPROD_ERROR_NULL);
        CHECK_OK(axprod_mpi_plan_start(plan, c.x, c.out, NULL));
        CHECK_STATUS(axprod_mpi_plan_start(plan, c.x, c.out, NULL), AXPROD_ERROR_UNSUPPORTED);
        CHECK_STATUS(axprod_mpi_plan_execute(plan, c.x, c.out, NULL), AXPROD_ERROR_UNSUPPORTED);
        CHECK_OK(axprod_mpi_plan_wait(plan));
        for (int64_t i = 0; i < columns; i++)
            CHECK(c.out[i] == (double)(UINT64_C(1) << (rows * world_size())));
        axprod_mpi_plan_destroy(plan);
    }
}

static void no_plan(void) {
    CHECK_STATUS(axprod_mpi_plan_execute(NULL, NULL, NULL, NULL), AXPROD_ERROR_NULL);
    CHECK_STATUS(axprod_mpi_plan_start(NULL, NULL, NULL, NULL), AXPROD_ERROR_NULL);
    CHECK_STATUS(axprod_mpi_plan_wait(NULL), AXPROD_ERROR_NULL);
    axprod_mpi_plan_destroy(NULL);
}

/* So many and no more; then again, as places become free. */
static void most_plans(void) {
    struct call c;
    axprod_mpi_plan *plans[AXPROD_MPI_MAX_PLANS], *extra;
    make_right(&c);
    c.options.result = AXPROD_MPI_ALL;
    CHECK_STATUS(axprod_mpi_plan_create(NULL, &c.local, c.global_shape, c.offset, c.axes, 1, &c.options, &c.result,
                                        MPI_COMM_WORLD),
                 AXPROD_ERROR_NULL);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < AXPROD_MPI_MAX_PLANS; i++)
            CHECK_OK(axprod_mpi_plan_create(&plans[i], &c.local, c.global_shape, c.offset, c.axes, 1, &c.options,
                                            &c.result, MPI_COMM_WORLD));
        axprod_status status = AXPROD_OK;
        int more = 0;
        axprod_mpi_plan *spare[AXPROD_MPI_MAX_PLANS + 1];
        /* a plan whose ranks are one group needs one communicator only, so that up to twice as many may fit */
        for (; status == AXPROD_OK && more <= AXPROD_MPI_MAX_PLANS; more += status == AXPROD_OK) {
            status = axprod_mpi_plan_create(&spare[more], &c.local, c.global_shape, c.offset, c.axes, 1, &c.options,
                                            &c.result, MPI_COMM_WORLD);
            CHECK(status == AXPROD_OK || spare[more] == NULL);
        }
        if (world_size() > 1)
            CHECK_STATUS(status, AXPROD_ERROR_COUNT);
        while (more > 0)
            axprod_mpi_plan_destroy(spare[--more]);
        /* each rank in an order of its own */
        for (int i = 0; i < AXPROD_MPI_MAX_PLANS; i++)
            axprod_mpi_plan_destroy(plans[(i + 5 * world_rank()) % AXPROD_MPI_MAX_PLANS]);
    }
    CHECK_OK(axprod_mpi_plan_create(&extra, &c.local, c.global_shape, c.offset, c.axes, 1, &c.options, &c.result,
                                    MPI_COMM_WORLD));
    CHECK_OK(axprod_mpi_plan_execute(extra, c.x, c.out, NULL));
    axprod_mpi_plan_destroy(extra);
}

static void slices(void) {
    struct call c;
    int64_t first, count;
    bool odd = world_rank() == world_size() - 1;
    make_right(&c);
    axprod_status status =
        axprod_mpi_slice(2, c.global_shape, c.offset, c.shape, c.axes, 1, MPI_COMM_WORLD, odd ? NULL : &first, &count);
    check_agreed("first", status, AXPROD_ERROR_NULL, "first", world_size() - 1);
    c.options.result = AXPROD_MPI_SCATTER;
    CHECK_OK(axprod_mpi_slice(2, c.global_shape, c.offset, c.shape, c.axes, 1, MPI_COMM_WORLD, &first, &count));
    c.out_shape[0] = count + odd;
    differ("slice", &c, AXPROD_ERROR_OUT_SHAPE, "slice");
    c.out_shape[0] = count;
    c.result.ndim = odd ? 0 : 1;
    differ("dimensions of a slice", &c, AXPROD_ERROR_OUT_SHAPE, "slice");
}

int main(int argc, char **argv) {
    world_open(&argc, &argv);
    check_right();
#define X(function, status, word) one_rank_wrong(#function, function, status, word);
    MISTAKES(X)
#undef X
    if (world_size() > 1)
        ranks_differ();
    executions(ROWS, COLUMNS);
    executions(ROWS, MANY_COLUMNS);
    executions(ROWS, MOST_COLUMNS);
    executions(1, COLUMNS);
    executions(1, MANY_COLUMNS);
    executions(1, MOST_COLUMNS);
    no_plan();
    most_plans();
    slices();
    check_right();
    return world_close();
}
