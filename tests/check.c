/* SPDX-License-Identifier: BSD-3-Clause */
/* Running and judging problems; see check.h. */
#include "check.h"

#include "oracle.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t judged;

int64_t checked_outputs(void) {
    return judged;
}

void skip_without_isa(void) {
    if (!axprod_isa()) {
        fprintf(stderr, "skipped: AXPROD_ISA=%s is not here\n", getenv("AXPROD_ISA"));
        exit(EXIT_SKIPPED);
    }
}

int64_t scaled_count(int64_t count) {
    const char *percent = getenv("AXPROD_TEST_SCALE");
    int64_t scaled = percent ? count * atoll(percent) / 100 : count;
    return scaled > 0 ? scaled : 1;
}

int scaled_step(int most) {
    return scaled_count(100) < 100 ? most : 1;
}

static void complain(const struct problem *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void complain(const struct problem *problem, const char *format, ...) {
    char text[PROBLEM_TEXT];
    va_list arguments;
    problem_print(problem, text, sizeof text);
    fprintf(stderr, "FAILED %s\n       isa=%s: ", text, axprod_isa() ? axprod_isa() : "none");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void results_open(const struct problem *problem, struct results *results) {
    int ndim;
    int64_t shape[AXPROD_MAX_NDIM];
    memset(results, 0, sizeof *results);
    results->count = problem_out_dtypes(problem, results->dtypes);
    problem_out_shape(problem, &ndim, shape);
    results->outputs = walk_count(ndim, shape);
    for (int i = 0; i < results->count; i++) {
        results->dense[i] = calloc((size_t)results->outputs + 1, 16);
        if (!results->dense[i])
            abort();
    }
}

void results_close(struct results *results) {
    free(results->dense[0]);
    free(results->dense[1]);
    memset(results, 0, sizeof *results);
}

/* The call on an input that is already there. */
static bool run_on(const struct problem *problem, const struct buffer *x, struct results *results) {
    struct buffer outputs[2];
    bool good = true;
    results_open(problem, results);
    problem_open_outputs(problem, outputs);
    axprod_status status = problem_call(problem, &x->tensor, &outputs[0].tensor, &outputs[1].tensor);
    if (status != AXPROD_OK) {
        complain(problem, "%s: %s", axprod_status_name(status), axprod_last_error());
        good = false;
    }
    for (int i = 0; i < results->count; i++) {
        if (!buffer_gaps_intact(&outputs[i])) {
            complain(problem, "bytes beside the elements of output %d have changed", i);
            good = false;
        }
        buffer_get(&outputs[i], results->dense[i]);
        buffer_close(&outputs[i]);
    }
    return good;
}

bool results_run(const struct problem *problem, struct results *results) {
    struct buffer x;
    problem_open_input(problem, &x);
    buffer_seal(&x);
    bool good = run_on(problem, &x, results);
    buffer_close(&x);
    return good;
}

bool results_same(const struct problem *problem, const char *what, const struct results *got,
                  const struct results *expected) {
    for (int i = 0; i < expected->count; i++) {
        size_t size = axprod_dtype_size(expected->dtypes[i]);
        for (int64_t o = 0; o < expected->outputs; o++) {
            const unsigned char *here = got->dense[i] + (size_t)o * size,
                                *there = expected->dense[i] + (size_t)o * size;
            if (memcmp(here, there, size) == 0)
                continue;
            size_t half = size == 16 ? 8 : 0;
            complain(problem, "%s: output %d at %" PRId64 " has bits %" PRIx64 ", expected %" PRIx64 " (%s)", what, i,
                     o, bits_load(expected->dtypes[i], here), bits_load(expected->dtypes[i], there),
                     axprod_dtype_name(expected->dtypes[i]));
            if (half)
                complain(problem, "imaginary parts %" PRIx64 " and %" PRIx64, bits_load(AXPROD_U64, here + half),
                         bits_load(AXPROD_U64, there + half));
            return false;
        }
    }
    return true;
}

void results_oracle(const struct problem *problem, const axprod_tensor *x, struct results *results) {
    const int *axes = problem_axes(problem);
    results_open(problem, results);
    if (problem->form == FORM_SCALED)
        oracle_scaled(x, axes, problem->naxes, (uint64_t *)(void *)results->dense[0],
                      (int64_t *)(void *)results->dense[1]);
    else
        oracle_prod(x, axes, problem->naxes, problem->out, results->dense[0]);
}

/* Signs must be exact, logarithms within the header's 2 ulp. */
static bool judge_log(const struct problem *problem, const axprod_tensor *x, const struct results *got) {
    struct oracle_log *oracle = malloc(sizeof *oracle * ((size_t)got->outputs + 1));
    bool good = true;
    if (!oracle)
        abort();
    oracle_log(x, problem_axes(problem), problem->naxes, oracle);
    for (int64_t i = 0; i < got->outputs && good; i++) {
        double sign, logabs;
        memcpy(&sign, got->dense[0] + 8 * i, sizeof sign);
        memcpy(&logabs, got->dense[1] + 8 * i, sizeof logabs);
        uint64_t nan = format_of(AXPROD_F64)->nan, sign_bits = bits_load(AXPROD_F64, got->dense[0] + 8 * i);
        bool right = oracle[i].sign != oracle[i].sign ? sign_bits == nan : sign == oracle[i].sign;
        double ulps = oracle_log_ulps(&oracle[i], logabs);
        if (!right || !(ulps <= 2)) {
            complain(problem, "output %" PRId64 " has sign %g (expected %g), logarithm %a (expected %a + %a): %g ulp",
                     i, sign, oracle[i].sign, logabs, oracle[i].nearest, oracle[i].rest, ulps);
            good = false;
        }
    }
    free(oracle);
    return good;
}

static bool judge_complex(const struct problem *problem, const axprod_tensor *x, const struct results *got) {
    double worst;
    int64_t bad = oracle_complex(x, problem_axes(problem), problem->naxes, problem->out, got->dense[0], &worst);
    if (bad < 0)
        return true;
    const unsigned char *address = got->dense[0] + (size_t)bad * axprod_dtype_size(problem->out);
    size_t half = axprod_dtype_size(problem->out) / 2;
    axprod_dtype real = half == 4 ? AXPROD_F32 : AXPROD_F64;
    complain(problem, "output %" PRId64 " has bits %" PRIx64 " %" PRIx64 "; the worst error is %g of the bound", bad,
             bits_load(real, address), bits_load(real, address + half), worst);
    return false;
}

bool results_judge(const struct problem *problem, const axprod_tensor *x, const struct results *got) {
    struct results expected;
    judged += got->outputs;
    if (problem->form == FORM_LOG)
        return judge_log(problem, x, got);
    if (is_complex(problem->dtype))
        return judge_complex(problem, x, got);
    results_oracle(problem, x, &expected);
    bool good = results_same(problem, "oracle", got, &expected);
    results_close(&expected);
    return good;
}

bool check_problem(const struct problem *problem) {
    struct buffer x;
    struct results got;
    problem_open_input(problem, &x);
    buffer_seal(&x);
    bool good = run_on(problem, &x, &got) && results_judge(problem, &x.tensor, &got);
    results_close(&got);
    buffer_close(&x);
    return good;
}

static struct problem parse_formatted(const char *format, va_list arguments) {
    char text[PROBLEM_TEXT];
    struct problem problem;
    vsnprintf(text, sizeof text, format, arguments);
    if (!problem_parse_aloud(text, &problem))
        exit(EXIT_FAILURE);
    return problem;
}

bool check(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    struct problem problem = parse_formatted(format, arguments);
    va_end(arguments);
    return check_problem(&problem);
}

struct problem problem_of(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    struct problem problem = parse_formatted(format, arguments);
    va_end(arguments);
    return problem;
}

uint64_t product_bits(axprod_dtype dtype, const void *elements, int64_t count, axprod_dtype result) {
    unsigned char value[16] = {0};
    axprod_tensor x = {(void *)(uintptr_t)elements, dtype, 1, &count, NULL}, out = {value, result, 0, NULL, NULL};
    axprod_status status = axprod_prod(&x, NULL, 0, NULL, &out);
    if (status != AXPROD_OK) {
        fprintf(stderr, "axprod_prod: %s: %s\n", axprod_status_name(status), axprod_last_error());
        exit(EXIT_FAILURE);
    }
    return bits_load(result, value);
}
