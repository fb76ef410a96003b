/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a nest of loops is walked: which layout, which tiles of outputs, in how many parts of the reduced loops, on how
 * many threads. Real and integer results do not depend on any of it. Complex ones do in their last bit, so for them no
 * number here depends on the number of threads.
 */
#include "walk.h"

#include <stdio.h>

/* Working sets, in states. */
enum {
    /* Rows of COLUMN as long as this, in bytes, keep the memory's streams going, longer ones still better; the others
       stay in a first-level cache beside the rows that stream through it. */
    COLUMN_TILE_BYTES = 32768,
    WIDE_STATE_BYTES = 32,   /* of a second-level cache for each state: half of it for what passes load and store */
    COLUMN_TILE_OTHER = 512, /* of complex states, of small calls, of several rows together */
    /* Columns that are rounded at once are read across their rows: a second-level cache has them and the next tile. */
    DIRECT_COLUMN_BYTES = 128 * 1024,
    DIRECT_FACTORS = 32,      /* of an output: more go through wide rows faster from end to end */
    DIRECT_TILE_BYTES = 2048, /* of such a row */
    GROUP_STATES = 1024,      /* states of the groups of a ROW tile together */
    RUNS_TILE = 256,
    GATHER_TILE = 256,
    GATHER_TILE_COMPLEX = 64,
};

/*
 * A narrow fold leaves one output in 2^(NARROW_BITS - precision) / factors doubtful, or about so. To multiply that
 * again takes ten times as long, from memory a hundred times: 1 to 5 % altogether for f32 results of up to 2^18
 * factors, from memory 2^16, for f16 2^31 and 2^29. Narrow folds gain 30 % where the memory does not hold them up.
 */
#define NARROW_BITS 51
#define NARROW_LEAST_GAIN 9
#define NARROW_LEAST_GAIN_IN_MEMORY 11
/* 2 n u, with u = 2^-53, for the most factors n that this leaves: 2^34 into bf16. */
#define NARROW_SECOND_ORDER 0x1p-18

/* Longest run of outputs in turn (ROW) that fills vectors, or is complex: more are a COLUMN. */
#define ROW_MAX_INNER 64
/* Of others, least rows of as many as fill vectors: the states of a row have to be collapsed in the end. */
#define ROW_LEAST_ROWS 32
/* Shortest run that is worth the collapse of a group's states: fewer elements are gathered. */
#define ROW_MIN_RUN 64
/* Runs of several outputs go through the kernel together up to this many bytes: as streams so far apart, longer ones
   are slower than one after the other. */
#define RUNS_MOST_BYTES (256 * 1024)
/* Runs of fewer elements do so even if they leave many lanes idle. */
#define RUNS_IDLE 1024
/* Runs of fewer bytes, for each plane of the states, are turned into rows: less work than the collapse. */
#define ROW_MIN_BYTES 1024
/* Shortest run for SPLIT: vectors of each part. */
#define SPLIT_LEAST_VECTORS 2
/* Outputs that are too few to fill the lanes are worth it up to this many elements. */
#define RUNS_FEW_FACTORS 64
/* Gathered outputs whose reduced loop is spread over several states each, to fill the vectors. */
#define GATHER_SPREAD_FACTORS 32

/* So many items for each thread are even enough, whatever their number: none waits long for another. */
#define ITEMS_PER_THREAD 16
/* A thread's working memory is a second-level cache of this size, or of the size that the machine has. */
#define LEAST_CACHE_BYTES (512 * 1024)
/* Memory for the states of all parts of a complex product, whatever the threads, and most of them. */
#define COMPLEX_PARTS_BYTES (256 * 1024)
#define COMPLEX_PARTS 256
/* No part of a reduced loop is smaller than this; a complex one, which one thread alone has as well, than that. */
#define PART_BYTES (32 * 1024)
#define COMPLEX_PART_BYTES (256 * 1024)

/* Input that is larger than this part of the caches is asked for ahead of time: it comes from memory, or from a
   third level that others need, too. */
#define CACHE_SHARE 4

/* Input from which starting the other threads pays, and for each of them. */
#define PARALLEL_BYTES (256 * 1024)
#define BYTES_PER_THREAD (128 * 1024)

double axp_error_bound(axprod_dtype dtype, int64_t factors, bool packed) {
    int bits = axp_dtypes[dtype].significand_bits;
    if (bits == 0 || factors <= AXP_EXACT_BITS / bits || (factors == 2 && bits <= 53 && !packed))
        return 0;
    /* relative, u = 2^-53, on a value below 2; rounded up to what a double holds, as the caller's rounding is unknown
     */
    int64_t units = factors * (2 * AXP_ERROR_PER_FACTOR);
    if (units >= INT64_C(1) << 53)
        units = (units / 64 + 1) * 64;
    return (double)units * 0x1p-106;
}

static double narrow_bound(const axprod_plan *plan) {
    const axp_dtype_info *out = &axp_dtypes[plan->out_dtype[0]];
    if (plan->form != AXP_FORM_VALUE || axp_dtypes[plan->x_dtype].kind != AXP_KIND_FLOAT || out->bytes > 4)
        return 0;
    /* what is exact anyway stays so; of f32, outputs of a few elements are rounded in RUNS at once */
    if (plan->bound == 0 && plan->x_dtype != AXPROD_F32)
        return 0;
    const int gain = plan->in_memory ? NARROW_LEAST_GAIN_IN_MEMORY : NARROW_LEAST_GAIN;
    if (plan->nest.factors > INT64_C(1) << (NARROW_BITS - gain - out->format.precision))
        return 0;
    /* absolute, on a value below 2; one unit more for the merges and what is rounded here */
    double units = (double)(plan->nest.factors * 2 * AXP_NARROW_ERROR_PER_FACTOR);
    return (units * (1 + NARROW_SECOND_ORDER) + 1) * 0x1p-53;
}

static axp_accumulator choose_accumulator(axp_form form, axprod_dtype x, axprod_dtype out) {
    axp_kind kind = axp_dtypes[out].kind;
    if (axp_dtypes[x].kind == AXP_KIND_COMPLEX)
        return AXP_COMPLEX;
    if (form == AXP_FORM_VALUE && (kind == AXP_KIND_SIGNED || kind == AXP_KIND_UNSIGNED))
        return axp_dtypes[out].bytes <= 4 ? AXP_WORD32 : AXP_WORD64;
    return AXP_REAL;
}

/* The least multiple of group by a power of two that fills whole vectors. */
static int64_t fill_vectors(int64_t group) {
    while (group % AXP_STATE_PAD)
        group *= 2;
    return group;
}

static bool rounds_to_own_dtype(const axprod_plan *plan) {
    return plan->form == AXP_FORM_VALUE && plan->out_dtype[0] == plan->x_dtype;
}

static bool can_round_columns(const axprod_plan *plan) {
    return rounds_to_own_dtype(plan) && plan->kernels->round_columns[plan->x_dtype] &&
           plan->nest.factors <= AXP_COLUMN_STEPS;
}

/* Whether the factors of columns are so few that they are best rounded at once. */
static bool has_few_factors(const axprod_plan *plan) {
    return can_round_columns(plan) && plan->nest.factors <= DIRECT_FACTORS;
}

/* States of a row of ROW, at most: what is left of a run at its end is copied into one. */
static int64_t most_row_width(const axprod_plan *plan) {
    return AXP_GATHER_BYTES / plan->element_bytes;
}

/* Whether runs that belong to `inner` outputs in turn are long enough for ROW. */
static bool are_runs_worth(const axprod_plan *plan, int64_t inner) {
    const axp_nest *nest = &plan->nest;
    const int64_t elements = nest->reduced->extent * inner, width = fill_vectors(inner);
    /* a few rows of whole vectors are columns */
    if (width == inner)
        return nest->factors > AXP_COLUMN_STEPS;
    if (inner > ROW_MAX_INNER || (inner >= AXP_STATE_PAD && plan->accumulator == AXP_REAL))
        return !has_few_factors(plan) && width <= most_row_width(plan) && elements >= ROW_LEAST_ROWS * width;
    if (inner == 1 && nest->outputs >= AXP_STATE_PAD &&
        elements * plan->element_bytes < ROW_MIN_BYTES * axp_accumulator_planes(plan->accumulator))
        return false;
    return elements >= axp_max(ROW_MIN_RUN, 2 * width);
}

/* Whether x has runs of contiguous elements that belong to `inner` outputs in turn, long enough for ROW. */
static bool find_runs(const axprod_plan *plan, int64_t *inner) {
    const axp_nest *nest = &plan->nest;
    const int64_t bytes = plan->element_bytes;
    const axp_loop *kept = nest->kept, *reduced = nest->reduced;
    *inner = 1;
    if (nest->reduced_count == 0)
        return false;
    if (nest->kept_count && kept->stride[AXP_X] == bytes && reduced->stride[AXP_X] == bytes * kept->extent) {
        const bool fills = kept->extent % AXP_STATE_PAD == 0;
        const int64_t most = fills || plan->accumulator == AXP_COMPLEX ? ROW_MAX_INNER : most_row_width(plan);
        if (kept->extent > most || !are_runs_worth(plan, kept->extent))
            return false;
        *inner = kept->extent;
        return true;
    }
    return reduced->stride[AXP_X] == bytes && are_runs_worth(plan, 1);
}

static bool can_fold_runs(const axprod_plan *plan) {
    return plan->accumulator == AXP_REAL && plan->kernels->fold_runs[plan->x_dtype] && plan->nest.reduced_count > 0;
}

/* Whether runs of one output each can be taken several outputs at a time. */
static bool has_runs(const axprod_plan *plan) {
    return can_fold_runs(plan) &&
           (plan->nest.outputs >= plan->kernels->lanes || plan->nest.factors <= RUNS_FEW_FACTORS);
}
static bool leaves_lanes_idle(const axprod_plan *plan) {
    const int64_t outputs = plan->nest.outputs;
    return axp_round_up(outputs, plan->kernels->lanes) - outputs > outputs / 8;
}
static bool has_short_runs(const axprod_plan *plan) {
    const axp_loop *run = &plan->nest.reduced[0];
    return has_runs(plan) && run->stride[AXP_X] == plan->element_bytes &&
           run->extent <= RUNS_MOST_BYTES / plan->element_bytes &&
           (run->extent < RUNS_IDLE || !leaves_lanes_idle(plan));
}

/* Whether few outputs, but not one, have runs that fill vectors: copies cost more than a few idle lanes. */
static bool has_vectors(const axprod_plan *plan) {
    const axp_loop *run = &plan->nest.reduced[0];
    return can_fold_runs(plan) && plan->nest.outputs > 1 && run->stride[AXP_X] == plan->element_bytes &&
           run->extent >= plan->kernels->lanes;
}

/* Whether the innermost reduced loop is long enough for SPLIT, where outputs are too few for RUNS. */
static bool has_long_run(const axprod_plan *plan) {
    const int64_t least = SPLIT_LEAST_VECTORS * AXP_STATE_PAD * plan->kernels->lanes;
    return can_fold_runs(plan) && plan->nest.outputs < AXP_STATE_PAD && plan->nest.reduced[0].extent >= least;
}

static void choose_split(axprod_plan *plan) {
    plan->layout = AXP_LAYOUT_SPLIT;
    plan->tile = plan->nest.outputs;
    plan->tiles = 1;
    plan->width = plan->spread = AXP_STATE_PAD;
    plan->capacity = plan->tile * plan->spread;
}

static void choose_runs(axprod_plan *plan) {
    plan->layout = AXP_LAYOUT_RUNS;
    plan->tile = axp_min(plan->nest.outputs, RUNS_TILE);
    plan->tiles = axp_divide_up(plan->nest.outputs, plan->tile);
    plan->width = plan->capacity = axp_round_up(plan->tile, AXP_STATE_PAD);
}

/* What a thread may take, beyond OUTPUT_BYTES for each output. topology: NULL for small calls. */
#define OUTPUT_BYTES 24
static int64_t thread_bytes(const axp_topology *topology) {
    return axp_max(LEAST_CACHE_BYTES, topology ? topology->l2_bytes : 0);
}

static int64_t common_divisor(int64_t a, int64_t b) {
    return b == 0 ? a : common_divisor(b, a % b);
}

/*
 * Tiles of each of some rows of columns. Complex bits depend on tiles, so those of all machines are the same. From
 * memory whole rows are read best, then long pieces of rows that all threads go through side by side: tiles of one
 * thread that are in different rows than those of another are a quarter slower.
 */
static int64_t tiles_of_row(const axprod_plan *plan, const axp_topology *topology, int64_t row, int64_t rows) {
    if (plan->accumulator == AXP_COMPLEX || !topology)
        return axp_divide_up(row, COLUMN_TILE_OTHER);
    const int64_t threads = plan->threads, room = thread_bytes(topology) - AXP_SCRATCH_BESIDE_STATES;
    const int64_t part_bytes = axp_accumulator_planes(plan->accumulator) * 8;
    const int64_t state_bytes = part_bytes + axp_spare_planes(plan->accumulator) * 8;
    /* where threads share several tiles, there is a state of each part beside one of the working set */
    const int64_t shared_bytes = threads % rows == 0 ? state_bytes : state_bytes + part_bytes;
    const int64_t least = axp_min(COLUMN_TILE_BYTES / plan->element_bytes, room / (state_bytes + part_bytes));
    if (!plan->in_memory)
        return axp_divide_up(row, least);
    if (row <= threads * room / axp_max(threads * shared_bytes - OUTPUT_BYTES, threads * WIDE_STATE_BYTES))
        return 1;
    int64_t tiles = axp_divide_up(row, thread_bytes(topology) / WIDE_STATE_BYTES);
    if (rows * tiles < threads * ITEMS_PER_THREAD)
        tiles = axp_round_up(tiles, threads / common_divisor(threads, rows));
    return axp_min(tiles, axp_divide_up(row, least));
}

/* Several short rows of outputs make a tile, or a part of a long one does. */
static void choose_columns(axprod_plan *plan, const axp_topology *topology) {
    const int64_t row = plan->nest.kept[0].extent, rows = plan->nest.outputs / row;
    const bool few = has_few_factors(plan);
    const int64_t padded = axp_round_up(row, AXP_STATE_PAD);
    const int64_t together = padded > row && !few ? 1 : axp_min(COLUMN_TILE_OTHER / padded, rows);
    plan->layout = AXP_LAYOUT_COLUMN;
    if (together > 1) {
        plan->tile = together * row;
        plan->column_tiles = 1;
        plan->tiles = axp_divide_up(rows, together);
    } else {
        const int64_t tiles =
            few ? axp_divide_up(row, DIRECT_TILE_BYTES / plan->element_bytes) : tiles_of_row(plan, topology, row, rows);
        plan->tile = axp_round_up(axp_divide_up(row, tiles), AXP_STATE_PAD);
        plan->column_tiles = axp_divide_up(row, plan->tile);
        plan->tiles = rows * plan->column_tiles;
    }
    plan->capacity = axp_round_up(plan->tile + padded - row, AXP_STATE_PAD);
}

static void choose_layout(axprod_plan *plan, const axp_topology *topology) {
    const axp_nest *nest = &plan->nest;
    int64_t bytes = plan->element_bytes;
    plan->inner = plan->width = plan->spread = 1;
    if (nest->outputs == 0 || nest->factors == 0) {
        plan->layout = AXP_LAYOUT_EMPTY;
        plan->tile = COLUMN_TILE_OTHER;
        plan->tiles = axp_divide_up(nest->outputs, plan->tile);
        plan->capacity = COLUMN_TILE_OTHER;
    } else if (has_short_runs(plan)) {
        choose_runs(plan);
    } else if (find_runs(plan, &plan->inner)) {
        plan->layout = AXP_LAYOUT_ROW;
        plan->width = fill_vectors(plan->inner);
        while (plan->accumulator == AXP_REAL && plan->width < plan->kernels->columns)
            plan->width *= 2;
        plan->spread = plan->width / plan->inner;
        int64_t groups = nest->outputs / plan->inner;
        /* few groups would be mostly padding when they are turned round */
        int64_t most = GROUP_STATES / plan->width;
        int64_t in_tile = axp_min(groups, most < AXP_STATE_PAD / 2 ? 1 : most);
        plan->tile = in_tile * plan->inner;
        plan->tiles = axp_divide_up(groups, in_tile);
        plan->capacity = in_tile == 1 ? plan->width : plan->width * axp_round_up(in_tile, AXP_STATE_PAD);
    } else if (nest->kept_count && nest->kept[0].stride[AXP_X] == bytes && nest->kept[0].extent >= AXP_STATE_PAD) {
        choose_columns(plan, topology);
    } else if (has_runs(plan) || has_vectors(plan)) {
        choose_runs(plan);
    } else if (has_long_run(plan)) {
        choose_split(plan);
    } else {
        plan->layout = AXP_LAYOUT_GATHER;
        plan->tile = axp_min(nest->outputs, plan->accumulator == AXP_COMPLEX ? GATHER_TILE_COMPLEX : GATHER_TILE);
        plan->tiles = axp_divide_up(nest->outputs, plan->tile);
        plan->width = axp_round_up(plan->tile, AXP_STATE_PAD);
        if (plan->tile <= AXP_STATE_PAD / 2 && nest->factors > GATHER_SPREAD_FACTORS)
            for (plan->spread = AXP_STATE_PAD; plan->tile * plan->spread > AXP_STATE_PAD;)
                plan->spread /= 2;
        plan->capacity = plan->width;
    }
}

/* Pieces of work that are worth having: for complex the same for any threads. */
static int64_t count_items(const axprod_plan *plan, const axp_topology *topology) {
    int64_t tile_bytes = axp_round_up(plan->tile, AXP_STATE_PAD) * axp_accumulator_planes(plan->accumulator) * 8;
    if (plan->accumulator == AXP_COMPLEX)
        return axp_min(COMPLEX_PARTS, COMPLEX_PARTS_BYTES / tile_bytes);
    if (plan->threads == 1)
        return 1;
    int64_t room = thread_bytes(topology) - plan->scratch_bytes;
    return plan->threads * axp_max(1, axp_min(ITEMS_PER_THREAD, room / tile_bytes));
}

/* Whether each output has one run, of whatever step. */
static bool has_one_run(const axprod_plan *plan) {
    return plan->layout == AXP_LAYOUT_RUNS && plan->nest.factors == plan->nest.reduced[0].extent;
}

static bool are_runs_direct(const axprod_plan *plan) {
    const axp_loop *run = &plan->nest.reduced[0];
    const int64_t steps = plan->nest.factors / run->extent * axp_run_steps(plan, run->extent);
    const bool contiguous = has_one_run(plan) && run->stride[AXP_X] == plan->element_bytes;
    return rounds_to_own_dtype(plan) && plan->kernels->round_runs[plan->x_dtype] &&
           steps <= (contiguous ? AXP_LONG_RUN_STEPS : AXP_RUN_STEPS);
}

/* Whether one call of a kernel takes all factors of a tile to finished outputs of the input's dtype. */
static bool is_direct(const axprod_plan *plan) {
    if (plan->layout == AXP_LAYOUT_RUNS)
        return are_runs_direct(plan);
    return plan->layout == AXP_LAYOUT_COLUMN && can_round_columns(plan) && plan->tile <= COLUMN_TILE_OTHER &&
           plan->nest.factors * plan->tile * plan->element_bytes <= DIRECT_COLUMN_BYTES;
}

/* Parts begin where a group of states begins, or, where an output has several runs, one of these. */
static int64_t part_granule(const axprod_plan *plan) {
    if (plan->layout != AXP_LAYOUT_RUNS)
        return plan->spread;
    return has_one_run(plan) ? AXP_STATE_PAD : plan->nest.reduced[0].extent;
}

/*
 * Divides the reduced loops where there are too few tiles for the workers, evenly where that can be. Parts cannot be
 * direct, which costs more than a wait: direct tiles need only be enough for the threads.
 */
static void choose_parts(axprod_plan *plan, const axp_topology *topology) {
    const axp_nest *nest = &plan->nest;
    int64_t items = count_items(plan, topology);
    plan->parts = 1;
    plan->part_factors = nest->factors;
    plan->direct = is_direct(plan);
    if (plan->layout == AXP_LAYOUT_EMPTY || plan->tiles >= (plan->direct ? plan->threads : items))
        return;
    const bool complex = plan->accumulator == AXP_COMPLEX;
    const int64_t even = plan->threads / common_divisor(plan->threads, plan->tiles);
    int64_t parts = complex ? items / plan->tiles : axp_min(axp_divide_up(items, plan->tiles), even);
    int64_t factor_bytes = axp_min(plan->tile, nest->outputs) * plan->element_bytes;
    int64_t least_bytes = complex ? COMPLEX_PART_BYTES : PART_BYTES;
    int64_t factors = axp_max(axp_divide_up(nest->factors, parts), axp_divide_up(least_bytes, factor_bytes));
    factors = axp_round_up(factors, part_granule(plan));
    plan->part_factors = axp_min(factors, nest->factors);
    plan->parts = axp_divide_up(nest->factors, plan->part_factors);
    plan->direct = plan->direct && plan->parts == 1;
}

static int choose_threads(const axprod_options *options, const axp_topology *topology, int64_t bytes) {
    if (options && options->num_threads > 0)
        return options->num_threads;
    if (!topology)
        return 1;
    return (int)axp_min(axprod_usable_threads(), bytes / BYTES_PER_THREAD);
}

static int64_t input_bytes(const axprod_plan *plan) {
    int64_t elements, bytes;
    if (__builtin_mul_overflow(plan->nest.factors, plan->nest.outputs, &elements) ||
        __builtin_mul_overflow(elements, plan->element_bytes, &bytes))
        return INT64_MAX;
    return bytes;
}

axprod_status axp_plan_init(axprod_plan *plan, const axp_request *request) {
    axp_geometry geometry;
    AXP_TRY(axp_validate(request, &geometry));
    plan->kernels = axp_kernels_get();
    if (!plan->kernels)
        return AXPROD_ERROR_ISA;
    axp_canonicalise(&geometry, &plan->nest);

    const axprod_options *options = request->options;
    plan->form = request->form;
    plan->x_dtype = request->x->dtype;
    plan->out_dtype[0] = request->out[0]->dtype;
    plan->out_dtype[1] = request->out[1] ? request->out[1]->dtype : AXPROD_DTYPE_NONE;
    plan->element_bytes = axp_dtypes[plan->x_dtype].bytes;
    plan->accumulator = choose_accumulator(plan->form, plan->x_dtype, plan->out_dtype[0]);
    plan->bound = axp_error_bound(plan->x_dtype, plan->nest.factors, false);
    plan->x_extent = geometry.x_extent;
    plan->out_extent[0] = geometry.out_extent[0];
    plan->out_extent[1] = geometry.out_extent[1];
    plan->progress = options ? options->progress : NULL;
    plan->progress_context = options ? options->progress_context : NULL;
    int64_t bytes = input_bytes(plan);
    const axp_topology *topology = bytes >= PARALLEL_BYTES ? axp_topology_get() : NULL;
    plan->in_memory = topology && bytes > topology->cache_bytes / CACHE_SHARE;
    plan->narrow_bound = narrow_bound(plan);
    plan->threads = choose_threads(options, topology, bytes);
    choose_layout(plan, topology);
    axp_scratch unused;
    plan->scratch_bytes = axp_divide_scratch(plan, NULL, &unused);
    choose_parts(plan, topology);
    plan->threads = (int)axp_max(1, axp_min(plan->threads, plan->tiles * plan->parts));
    return AXPROD_OK;
}

int axprod_plan_describe(const axprod_plan *plan, char *text, size_t size) {
    static const char *const forms[] = {"value", "scaled", "log"};
    static const char *const layouts[] = {"empty", "column", "row", "runs", "split", "gather"};
    if (!plan)
        return snprintf(text, size, "no plan");
    const axp_nest *nest = &plan->nest;
    return snprintf(text, size,
                    "axprod %s: form=%s %s -> %s%s%s outputs=%lld factors=%lld loops=%d+%d layout=%s inner=%lld isa=%s "
                    "threads=%d tile=%lld tiles=%lld parts=%lld",
                    axprod_version(), forms[plan->form], axp_dtypes[plan->x_dtype].name,
                    axp_dtypes[plan->out_dtype[0]].name, plan->form == AXP_FORM_VALUE ? "" : ",",
                    plan->form == AXP_FORM_VALUE ? "" : axp_dtypes[plan->out_dtype[1]].name, (long long)nest->outputs,
                    (long long)nest->factors, nest->kept_count, nest->reduced_count, layouts[plan->layout],
                    (long long)plan->inner, plan->kernels->isa, plan->threads, (long long)plan->tile,
                    (long long)plan->tiles, (long long)plan->parts);
}
