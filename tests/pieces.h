/* SPDX-License-Identifier: BSD-3-Clause */
/* A problem's tensor cut into pieces along its reduced axes, each with a plan of its own: what transports do. */
#ifndef TESTS_PIECES_H
#define TESTS_PIECES_H

#include "check.h"
#include "random.h"

#define MOST_PIECES 8

struct pieces {
    const struct problem *problem;
    struct buffer x, outputs[2];
    int output_count, count;
    axprod_plan *whole, *plans[MOST_PIECES];
    const void *data[MOST_PIECES];
    int64_t results, factors;
};

/* Cuts at random places; pieces may be empty. One piece where no axis is reduced. False, and a message, on failure. */
bool pieces_open(struct pieces *pieces, const struct problem *problem, struct rng *rng);
void pieces_close(struct pieces *pieces);

/* Partials of all pieces, merged in a random order into dense partials; the caller frees them. NULL on failure. */
axprod_partial *pieces_partials(const struct pieces *pieces, struct rng *rng);
axprod_complex_partial *pieces_complex_partials(const struct pieces *pieces, struct rng *rng);

/*
 * Packed partials of all pieces, in a random order, finished in ranges of random lengths into the pieces' outputs;
 * unresolved and count as axprod_plan_finish_packed() gives them, of all ranges. The pieces have no more factors than
 * axprod_packed_factors().
 */
axprod_status pieces_finish_packed(struct pieces *pieces, struct rng *rng, int64_t *unresolved, int64_t *count);

/* Wide partials of all pieces for these outputs, merged in a random order; the caller frees them. NULL on failure. */
void *pieces_wide(const struct pieces *pieces, const int64_t *outputs, int64_t count, int64_t words, struct rng *rng);

/* The library's finish functions on the pieces' outputs. */
axprod_status pieces_finish(struct pieces *pieces, const axprod_partial *partials, int64_t *unresolved, int64_t *count);
axprod_status pieces_finish_wide(struct pieces *pieces, const void *wide, int64_t words, const int64_t *outputs,
                                 int64_t count, int64_t *unresolved, int64_t *left);

/* Copies the outputs as they are. */
void pieces_results(const struct pieces *pieces, struct results *results);

#endif
