/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs problems and judges results. Everything here prints what went wrong, with the problem's string and the bits, to
 * stderr and returns false; the caller decides whether to go on.
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include "problem.h"

/* A problem's outputs in C order, without gaps: one or two arrays of elements of at most 16 bytes. */
struct results {
    int count; /* of arrays */
    int64_t outputs;
    axprod_dtype dtypes[2];
    unsigned char *dense[2];
};

/*
 * Runs a problem as it is: input read-only between guard pages, bytes between output elements watched. False where the
 * call fails or writes beside its outputs. The caller closes the results in either case.
 */
bool results_run(const struct problem *problem, struct results *results);
void results_close(struct results *results);

/* Room for a problem's results, cleared. */
void results_open(const struct problem *problem, struct results *results);

/* The same bits? Prints the first difference. what: what was compared, for the message. */
bool results_same(const struct problem *problem, const char *what, const struct results *got,
                  const struct results *expected);

/* Results of f64 and f32 that were made by the oracle, for real and integer dtypes; not for form=log. */
void results_oracle(const struct problem *problem, const axprod_tensor *x, struct results *results);

/* Compares results of a problem with the oracle: bits, 2 ulp for logarithms, the header's bound for complex. */
bool results_judge(const struct problem *problem, const axprod_tensor *x, const struct results *got);

/* Runs a problem and judges its results. */
bool check_problem(const struct problem *problem);

/* The same for its string, printf-like. */
bool check(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs a problem from its string, printf-like; stops the test program where the string is no problem. */
struct problem problem_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The product of dense elements, all of them, as the bits of the result dtype. Fails the program if the call fails. */
uint64_t product_bits(axprod_dtype dtype, const void *elements, int64_t count, axprod_dtype result);

/* Outputs that check_problem has judged since the program started. */
int64_t checked_outputs(void);

/* Exit status of a test that this machine cannot run. */
#define EXIT_SKIPPED 77

/* Leaves the program with EXIT_SKIPPED where the instruction set that AXPROD_ISA asks for is absent. */
void skip_without_isa(void);

/* Percent of the random cases to run: AXPROD_TEST_SCALE, for sanitizers and emulators. At least one of count. */
int64_t scaled_count(int64_t count);

/* For lists of cases that are not random: the step through them, 1 or more where programs are slow. */
int scaled_step(int most);

#endif
