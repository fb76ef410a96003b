/* SPDX-License-Identifier: BSD-3-Clause */
/* Random problems: every seed names one. */
#ifndef TESTS_GENERATE_H
#define TESTS_GENERATE_H

#include "problem.h"
#include "random.h"

/* Which problems a test wants. */
struct wish {
    bool complex_too;
    int64_t most_elements;
};

/* Any dtype, result dtype, form, data kind, number of factors, shape, layout and number of threads. */
void generate_problem(uint64_t seed, const struct wish *wish, struct problem *problem);

/* A random layout for a tensor of that shape. An input may get axes of stride zero, an output may not. */
void generate_layout(struct rng *rng, int ndim, bool input, struct layout *layout);

#endif
