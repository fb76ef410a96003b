/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * axprod-mpi: axprod over the ranks of an MPI job, each of which reads only its block of the file.
 *
 * Every step that can fail on one rank is agreed on before the next one, so that all ranks leave together, with the
 * same exit status as axprod, and rank 0 alone speaks and writes.
 */
#include "cleanup.h"
#include "clock.h"
#include "deliver.h"
#include "npy.h"
#include "options.h"
#include "output.h"
#include "program.h"
#include "progress.h"
#include "ranks.h"

#include <axprod_mpi.h>
#include <stdlib.h>

const program this_program = {"axprod-mpi", "mpirun -n RANKS axprod-mpi [OPTION]... FILE.npy", true};

enum {
    EXIT_USAGE = 2
};

/* ----------------------------------------------------------------------------------------------------- blocks ----- */

/* This rank's block of the tensor, where it lies in the file's mapping. */
typedef struct block {
    axprod_tensor local;
    int64_t global_shape[AXPROD_MAX_NDIM], offset[AXPROD_MAX_NDIM], shape[AXPROD_MAX_NDIM];
} block;

static bool check_grid(const options *o, message *error) {
    int64_t blocks = 1;
    /* No product that is in range yet overflows. */
    for (int d = 0; d < o->grid_ndim && blocks <= ranks_count(); d++)
        blocks *= o->blocks[d];
    if (o->grid && blocks != ranks_count())
        return message_fail(error, "--grid=%s has not as many blocks as there are ranks, which are %d", o->grid,
                            ranks_count());
    return true;
}

/*
 * Along one axis: of those long enough for all ranks, the slowest in the file, so that a rank reads one part of it,
 * else the longest.
 */
static int axis_to_cut(const npy_header *header) {
    int longest = 0;
    for (int i = 0; i < header->ndim; i++) {
        int d = header->fortran_order ? header->ndim - 1 - i : i;
        if (header->shape[d] >= ranks_count())
            return d;
        longest = header->shape[d] > header->shape[longest] ? d : longest;
    }
    return longest;
}

static bool choose_grid(const options *o, const npy_header *header, int grid[AXPROD_MAX_NDIM], message *error) {
    if (o->grid && o->grid_ndim != header->ndim)
        return message_fail(error, "--grid=%s is for %d dimensions, but the array has %d", o->grid, o->grid_ndim,
                            header->ndim);
    for (int d = 0; d < header->ndim; d++)
        grid[d] = o->grid ? o->blocks[d] : 1;
    if (!o->grid)
        grid[axis_to_cut(header)] = ranks_count();
    return true;
}

/*
 * The file is mapped as a whole, but only the pages of the block are ever read, and nothing is copied: the library
 * takes the block where it lies, with the file's strides.
 */
static bool take_block(const options *o, const npy_view *view, block *b, message *error) {
    int grid[AXPROD_MAX_NDIM] = {1};
    const axprod_tensor *x = &view->tensor;
    bool scalar = x->ndim == 0;
    if (!choose_grid(o, &view->header, grid, error))
        return false;
    /* One element cannot be divided without an axis, so it gets one. */
    if (scalar)
        grid[0] = ranks_count();
    b->local = (axprod_tensor){x->data, x->dtype, scalar ? 1 : x->ndim, b->shape, scalar ? NULL : x->strides};
    for (int d = 0; d < b->local.ndim; d++)
        b->global_shape[d] = scalar ? 1 : x->shape[d];
    if (axprod_mpi_block(b->local.ndim, b->global_shape, grid, ranks_mine(), b->offset, b->shape) != AXPROD_OK)
        return message_fail(error, "%s", axprod_last_error());
    for (int d = 0; d < x->ndim; d++)
        b->local.data = (char *)b->local.data + b->offset[d] * x->strides[d];
    return true;
}

/* ---------------------------------------------------------------------------------------------- the computation --- */

/* Everything that one run holds; released as a whole. The result and the outputs are those of rank 0. */
typedef struct job {
    const options *o;
    npy_view view;
    block block;
    result r;
    axprod_mpi_plan *plan;
    output outputs[RESULT_MAX_PARTS];
} job;

/* Opens this rank's view of the file. */
static bool open_input(job *j, message *error) {
    if (!npy_open(&j->view, j->o->file, error)) {
        j->view.mapping = NULL;
        return message_about(error, j->o->file);
    }
    cleanup_watch_mapping(j->o->file, j->view.mapping, j->view.mapping_bytes);
    if (!npy_describe(&j->view, j->o->input_dtype, error) || !take_block(j->o, &j->view, &j->block, error) ||
        !result_describe(j->o, &j->view.tensor, &j->r, error) || (ranks_mine() == 0 && !result_allocate(&j->r, error)))
        return message_about(error, j->o->file);
    return true;
}

/* Rank 0's block is as large as any other, so its progress is that of all. */
static bool create_plan(job *j, message *error) {
    const axprod_tensor first = result_tensor(&j->r, 0), second = result_tensor(&j->r, 1), *x = &j->block.local;
    const int64_t *shape = j->block.global_shape, *offset = j->block.offset;
    const int *axes = j->view.tensor.ndim == 0 ? NULL : options_axes(j->o);
    int naxes = j->o->naxes;
    axprod_mpi_options how = AXPROD_MPI_OPTIONS_INIT;
    how.result = AXPROD_MPI_ROOT;
    how.num_threads = j->o->threads;
    how.progress = ranks_mine() == 0 ? progress_begin(j->o->progress, j->view.header.data_bytes) : NULL;
    axprod_status status =
        j->r.form == RESULT_SCALED ? axprod_mpi_plan_create_scaled(&j->plan, x, shape, offset, axes, naxes, &how,
                                                                   &first, &second, MPI_COMM_WORLD)
        : j->r.form == RESULT_LOG
            ? axprod_mpi_plan_create_log(&j->plan, x, shape, offset, axes, naxes, &how, &first, &second, MPI_COMM_WORLD)
            : axprod_mpi_plan_create(&j->plan, x, shape, offset, axes, naxes, &how, &first, MPI_COMM_WORLD);
    if (status == AXPROD_OK)
        return true;
    message_set(error, "%s", axprod_last_error());
    return message_about(error, j->o->file);
}

static bool open_outputs(job *j, message *error) {
    return ranks_mine() != 0 || deliver_open(j->outputs, j->o, &j->r, error);
}

static int describe_plan(const void *plan, char *text, size_t size) {
    return axprod_mpi_plan_describe(plan, text, size);
}

static bool execute(job *j, message *error) {
    bool tell = j->o->verbose && ranks_mine() == 0;
    if (tell)
        deliver_plan(describe_plan, j->plan);
    double begin = clock_seconds();
    axprod_status status = axprod_mpi_plan_execute(j->plan, j->block.local.data, j->r.data[0], j->r.data[1]);
    double seconds = clock_seconds() - begin;
    progress_erase();
    if (status != AXPROD_OK) {
        message_set(error, "%s", axprod_last_error());
        return message_about(error, j->o->file);
    }
    if (tell)
        deliver_time(seconds, j->view.header.data_bytes);
    return true;
}

static bool deliver_result(job *j, message *error) {
    return ranks_mine() != 0 || deliver(j->outputs, j->o, &j->view.tensor, &j->r, error);
}

static bool run(const options *o, message *error) {
    static bool (*const steps[])(job *, message *) = {open_input, create_plan, open_outputs, execute, deliver_result};
    job j = {.o = o, .outputs = {OUTPUT_CLOSED, OUTPUT_CLOSED}};
    bool good = true;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && good; i++)
        good = ranks_agree(steps[i](&j, error), error);
    output_discard(j.outputs, RESULT_MAX_PARTS);
    axprod_mpi_plan_destroy(j.plan);
    result_free(&j.r);
    if (j.view.mapping)
        npy_close(&j.view);
    return good;
}

/* Help, version and demo, by rank 0. */
static bool say(const options *o, message *error) {
    return ranks_agree(ranks_mine() != 0 || deliver_words(o->action, error), error);
}

int main(int argc, char **argv) {
    static message error;
    options o;
    cleanup_install();
    ranks_begin(&argc, &argv);
    bool understood = options_parse(argc, argv, &o, &error) && check_grid(&o, &error);
    bool good = understood && (o.action == ACTION_PRODUCT ? run(&o, &error) : say(&o, &error));
    if (!good && ranks_mine() == 0)
        message_print(&error);
    MPI_Finalize();
    return good ? EXIT_SUCCESS : understood ? EXIT_FAILURE : EXIT_USAGE;
}
