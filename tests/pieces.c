/* SPDX-License-Identifier: BSD-3-Clause */
/* A tensor in pieces; see pieces.h. */
#include "pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool complain(const struct problem *problem, const char *what, axprod_status status) {
    char text[PROBLEM_TEXT];
    problem_print(problem, text, sizeof text);
    fprintf(stderr, "FAILED %s\n       %s: %s: %s\n", text, what, axprod_status_name(status), axprod_last_error());
    return false;
}

static axprod_status make_plan(const struct pieces *pieces, const axprod_tensor *x, axprod_plan **plan) {
    return problem_plan(pieces->problem, x, &pieces->outputs[0].tensor, &pieces->outputs[1].tensor, plan);
}

/* A reduced axis to cut, -1 for none. */
static int axis_to_cut(const struct problem *problem, struct rng *rng) {
    if (problem->ndim == 0 || problem->naxes == 0)
        return -1;
    if (problem->naxes < 0)
        return (int)rng_below(rng, (uint64_t)problem->ndim);
    int axis = problem->axes[rng_below(rng, (uint64_t)problem->naxes)];
    return axis < 0 ? axis + problem->ndim : axis;
}

bool pieces_open(struct pieces *pieces, const struct problem *problem, struct rng *rng) {
    memset(pieces, 0, sizeof *pieces);
    pieces->problem = problem;
    problem_open_input(problem, &pieces->x);
    buffer_seal(&pieces->x);
    pieces->output_count = problem_open_outputs(problem, pieces->outputs);
    axprod_status status = make_plan(pieces, &pieces->x.tensor, &pieces->whole);
    if (status != AXPROD_OK)
        return complain(problem, "plan of the whole", status);
    pieces->results = axprod_plan_outputs(pieces->whole);
    pieces->factors = axprod_plan_factors(pieces->whole);
    int axis = axis_to_cut(problem, rng), wanted = axis < 0 ? 1 : (int)rng_between(rng, 1, MOST_PIECES);
    int64_t start = 0;
    for (; pieces->count < wanted; pieces->count++) {
        axprod_tensor part = pieces->x.tensor;
        int64_t shape[AXPROD_MAX_NDIM];
        memcpy(shape, pieces->x.shape, sizeof shape);
        if (axis >= 0) {
            int64_t left = shape[axis] - start;
            shape[axis] = pieces->count + 1 == wanted ? left : rng_between(rng, 0, left);
            part.data = (char *)part.data + start * pieces->x.strides[axis];
            start += shape[axis];
        }
        part.shape = shape;
        part.strides = pieces->x.strides;
        pieces->data[pieces->count] = part.data;
        status = make_plan(pieces, &part, &pieces->plans[pieces->count]);
        if (status != AXPROD_OK)
            return complain(problem, "plan of a piece", status);
    }
    return true;
}

void pieces_close(struct pieces *pieces) {
    for (int i = 0; i < pieces->count; i++)
        axprod_plan_destroy(pieces->plans[i]);
    axprod_plan_destroy(pieces->whole);
    for (int i = 0; i < pieces->output_count; i++)
        buffer_close(&pieces->outputs[i]);
    buffer_close(&pieces->x);
}

static void random_order(const struct pieces *pieces, struct rng *rng, int *order) {
    for (int i = 0; i < pieces->count; i++)
        order[i] = i;
    rng_shuffle(rng, order, pieces->count);
}

/* What partials of one kind are made and merged by. */
struct algebra {
    size_t bytes;
    const void *identity;
    axprod_status (*make)(const axprod_plan *plan, const void *x, void *partials);
    void (*merge)(const void *in, void *inout, int64_t count);
};

static axprod_status make_real(const axprod_plan *plan, const void *x, void *partials) {
    return axprod_plan_partials(plan, x, partials);
}
static void merge_real(const void *in, void *inout, int64_t count) {
    axprod_partial_merge(in, inout, count);
}
static axprod_status make_complex(const axprod_plan *plan, const void *x, void *partials) {
    return axprod_plan_complex_partials(plan, x, partials);
}
static void merge_complex(const void *in, void *inout, int64_t count) {
    axprod_complex_partial_merge(in, inout, count);
}

static void *merge_all(const struct pieces *pieces, struct rng *rng, const struct algebra *algebra) {
    size_t bytes = algebra->bytes * ((size_t)pieces->results + 1);
    char *all = malloc(bytes), *one = malloc(bytes);
    int order[MOST_PIECES];
    if (!all || !one)
        abort();
    random_order(pieces, rng, order);
    for (int64_t i = 0; i < pieces->results; i++)
        memcpy(all + (size_t)i * algebra->bytes, algebra->identity, algebra->bytes);
    for (int i = 0; i < pieces->count; i++) {
        axprod_status status = algebra->make(pieces->plans[order[i]], pieces->data[order[i]], one);
        if (status != AXPROD_OK) {
            complain(pieces->problem, "partials", status);
            free(all);
            all = NULL;
            break;
        }
        algebra->merge(one, all, pieces->results);
    }
    free(one);
    return all;
}

axprod_partial *pieces_partials(const struct pieces *pieces, struct rng *rng) {
    static const axprod_partial identity = AXPROD_PARTIAL_IDENTITY;
    return merge_all(pieces, rng, &(struct algebra){sizeof identity, &identity, make_real, merge_real});
}

axprod_complex_partial *pieces_complex_partials(const struct pieces *pieces, struct rng *rng) {
    static const axprod_complex_partial identity = AXPROD_COMPLEX_PARTIAL_IDENTITY;
    return merge_all(pieces, rng, &(struct algebra){sizeof identity, &identity, make_complex, merge_complex});
}

void *pieces_wide(const struct pieces *pieces, const int64_t *outputs, int64_t count, int64_t words, struct rng *rng) {
    size_t bytes = (size_t)(axprod_wide_bytes(words) * count) + 1;
    void *all = calloc(1, bytes), *one = calloc(1, bytes);
    int order[MOST_PIECES];
    if (!all || !one)
        abort();
    random_order(pieces, rng, order);
    for (int i = 0; i < pieces->count; i++) {
        int piece = order[i];
        axprod_status status =
            axprod_plan_wide_partials(pieces->plans[piece], pieces->data[piece], outputs, count, words, i ? one : all);
        if (status == AXPROD_OK && i)
            status = axprod_wide_merge(one, all, count, words);
        if (status != AXPROD_OK) {
            complain(pieces->problem, "wide partials", status);
            free(all);
            all = NULL;
            break;
        }
    }
    free(one);
    return all;
}

axprod_status pieces_finish(struct pieces *pieces, const axprod_partial *partials, int64_t *unresolved,
                            int64_t *count) {
    return axprod_plan_finish(pieces->whole, partials, pieces->factors, pieces->outputs[0].tensor.data,
                              pieces->outputs[1].tensor.data, unresolved, count);
}

axprod_status pieces_finish_wide(struct pieces *pieces, const void *wide, int64_t words, const int64_t *outputs,
                                 int64_t count, int64_t *unresolved, int64_t *left) {
    return axprod_plan_finish_wide(pieces->whole, wide, words, outputs, count, pieces->outputs[0].tensor.data,
                                   pieces->outputs[1].tensor.data, unresolved, left);
}

/* Packed partials of each piece, in a random order. */
static axprod_status packed_pieces(const struct pieces *pieces, struct rng *rng, axprod_packed_partial **packed) {
    int order[MOST_PIECES];
    axprod_status status = AXPROD_OK;
    random_order(pieces, rng, order);
    for (int i = 0; i < pieces->count; i++) {
        packed[i] = malloc(sizeof **packed * ((size_t)pieces->results + 1));
        if (!packed[i])
            abort();
        if (status == AXPROD_OK)
            status = axprod_plan_packed_partials(pieces->plans[order[i]], pieces->data[order[i]], packed[i]);
    }
    return status;
}

axprod_status pieces_finish_packed(struct pieces *pieces, struct rng *rng, int64_t *unresolved, int64_t *count) {
    axprod_packed_partial *packed[MOST_PIECES];
    const axprod_packed_partial *parts[MOST_PIECES];
    axprod_status status = packed_pieces(pieces, rng, packed);
    int64_t most = rng_coin(rng) ? pieces->results : pieces->results / 3, some;
    bool open = false;
    *count = 0;
    for (int64_t first = 0; status == AXPROD_OK && first < pieces->results; first += some) {
        int64_t left = pieces->results - first, found = -1;
        some = rng_between(rng, 1, most < 1 ? 1 : most < left ? most : left);
        for (int i = 0; i < pieces->count; i++)
            parts[i] = packed[i] + first;
        status = axprod_plan_finish_packed(pieces->whole, parts, pieces->count, first, some, pieces->factors,
                                           pieces->outputs[0].tensor.data, pieces->outputs[1].tensor.data,
                                           unresolved + *count, &found);
        open |= status == AXPROD_UNRESOLVED;
        status = status == AXPROD_UNRESOLVED && found > 0 ? AXPROD_OK : status;
        *count += found;
    }
    for (int i = 0; i < pieces->count; i++)
        free(packed[i]);
    return status == AXPROD_OK && open ? AXPROD_UNRESOLVED : status;
}

void pieces_results(const struct pieces *pieces, struct results *results) {
    memset(results, 0, sizeof *results);
    results->count = problem_out_dtypes(pieces->problem, results->dtypes);
    results->outputs = pieces->results;
    for (int i = 0; i < results->count; i++) {
        results->dense[i] = calloc((size_t)pieces->results + 1, 16);
        if (!results->dense[i])
            abort();
        buffer_get(&pieces->outputs[i], results->dense[i]);
    }
}
