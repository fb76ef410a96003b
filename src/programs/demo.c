/* SPDX-License-Identifier: BSD-3-Clause */
/* axprod --demo: see demo.h. Both columns of a line are computed from the same doubles; no result is written here. */
#include "demo.h"

#include "format.h"
#include "print.h"

#include <math.h>

enum {
    MAX_FACTORS = 1000
};

typedef struct example {
    const char *text;
    result_form form;
    int count;
    void (*fill)(double *x, int count);
} example;

static void fill_overflow(double *x, int count) {
    for (int i = 0; i < count; i++)
        x[i] = i < count / 2 ? 1e300 : 1e-300;
}

static void fill_underflow(double *x, int count) {
    for (int i = 0; i < count; i++)
        x[i] = i < count / 2 ? 1e-300 : 1e300;
}

static void fill_rounding(double *x, int count) {
    for (int i = 0; i < count; i++)
        x[i] = 1.3;
}

static void fill_factorial(double *x, int count) {
    for (int i = 0; i < count; i++)
        x[i] = i + 1;
}

static void fill_small(double *x, int count) {
    for (int i = 0; i < count; i++)
        x[i] = i % 2 ? -0.01 : 0.001;
}

static const example examples[] = {
    {"1e300 * 1e300 * 1e-300 * 1e-300", RESULT_VALUE, 4, fill_overflow},
    {"1e-300 * 1e-300 * 1e300 * 1e300", RESULT_VALUE, 4, fill_underflow},
    {"1.3 * 1.3 * 1.3", RESULT_VALUE, 3, fill_rounding},
    {"1 * 2 * 3 * ... * 1000, scaled", RESULT_SCALED, 1000, fill_factorial},
    {"301 small factors, (sign, log)", RESULT_LOG, 301, fill_small},
};

static bool print_exactly(FILE *stream, const example *e, double *x, message *error) {
    const int64_t extent = e->count;
    double real[RESULT_MAX_PARTS];
    int64_t exponent;
    result r = {.form = e->form,
                .num_parts = e->form == RESULT_VALUE ? 1 : 2,
                .dtypes = {AXPROD_F64, e->form == RESULT_SCALED ? AXPROD_I64 : AXPROD_F64},
                .data = {&real[0], e->form == RESULT_SCALED ? (void *)&exponent : (void *)&real[1]},
                .count = 1};
    const axprod_tensor in = {.data = x, .dtype = AXPROD_F64, .ndim = 1, .shape = &extent};
    const axprod_tensor first = {.data = r.data[0], .dtype = r.dtypes[0]};
    const axprod_tensor second = {.data = r.data[1], .dtype = r.dtypes[1]};
    axprod_status status = e->form == RESULT_SCALED ? axprod_scaled_prod(&in, NULL, 0, NULL, &first, &second)
                           : e->form == RESULT_LOG  ? axprod_log_prod(&in, NULL, 0, NULL, &first, &second)
                                                    : axprod_prod(&in, NULL, 0, NULL, &first);
    if (status != AXPROD_OK)
        return message_fail(error, "%s", axprod_last_error());
    print_elements(stream, &r);
    return true;
}

static void print_plainly(FILE *stream, const example *e, const double *x) {
    double product = 1;
    for (int i = 0; i < e->count; i++)
        product *= x[i];
    char text[FORMAT_SIZE];
    format_f64(e->form == RESULT_LOG ? log(fabs(product)) : product, text);
    fprintf(stream, "%-34s %-20s ", e->text, text);
}

bool demo_print(FILE *stream, message *error) {
    fprintf(stream, "%-34s %-20s %s\n", "product of doubles", "multiplied plainly", "axprod");
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        double x[MAX_FACTORS];
        examples[i].fill(x, examples[i].count);
        print_plainly(stream, &examples[i], x);
        if (!print_exactly(stream, &examples[i], x, error))
            return false;
    }
    return true;
}
