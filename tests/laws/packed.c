/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packed partials: products at the ends of their range, and outputs of all sorts side by side, so that some are
 * finished in the fastest way and their neighbours in another.
 */
#include "check.h"
#include "suite.h"

#include <float.h>
#include <math.h>

/* ----------------------------------------------------------------------------------------- outputs of all sorts --- */

enum {
    ROWS = 3, /* of one piece */
    MOST_PIECES = 20,
    COLUMNS = 700
};

enum sort {
    ORDINARY,
    FAR,       /* pieces near 2^+-511, whose products leave the range on the way */
    SUBNORMAL, /* the result */
    OVERFLOWN,
    WILD, /* pieces whose exponents are beyond those of doubles */
    SPECIAL,
    TIE,
    SORTS
};

struct case_ {
    int pieces;
    double x[MOST_PIECES * ROWS][COLUMNS];
    enum sort sorts[COLUMNS];
};

static double random_significand(struct rng *rng) {
    return (rng_coin(rng) ? 1 : -1) * ldexp((double)rng_bits(rng, 53), -53 + (int)rng_below(rng, 2));
}

/* Multiplies the first element of a piece so that the piece's product has that exponent, or one beside it. */
static void shift(struct case_ *c, int piece, int column, int exponent) {
    double *first = &c->x[piece * ROWS][column], product = *first;
    for (int r = 1; r < ROWS; r++)
        product *= c->x[piece * ROWS + r][column];
    *first = ldexp(*first, exponent - ilogb(product));
}

static void fill_column(struct case_ *c, int column, struct rng *rng) {
    static const double specials[] = {0.0, -0.0, (double)INFINITY, -(double)INFINITY, (double)NAN};
    const int last = c->pieces - 1, rows = c->pieces * ROWS;
    for (int r = 0; r < rows; r++)
        c->x[r][column] = random_significand(rng);
    switch (c->sorts[column]) {
    case FAR:
        for (int piece = 0; piece < c->pieces; piece++)
            shift(c, piece, column, piece % 4 < 2 ? -511 : 511);
        break;
    case SUBNORMAL:
        shift(c, last, column, -1050);
        break;
    case OVERFLOWN:
        shift(c, last, column, 1000);
        c->x[last * ROWS + 1][column] *= 0x1p30;
        break;
    case WILD:
        for (int r = 0; r < rows; r++)
            c->x[r][column] *= r < ROWS ? 0x1p-900 : 1;
        c->x[last * ROWS + 1][column] *= 0x1p1000;
        break;
    case SPECIAL:
        for (int i = 0; i < 2; i++)
            c->x[rng_below(rng, (uint64_t)rows)][column] = specials[rng_below(rng, 5)];
        break;
    case TIE:
        for (int r = 0; r < rows; r++)
            c->x[r][column] = 1;
        c->x[0][column] = 0x1p27 + 1;
        c->x[rows - 1][column] = 0x1p27 - 1;
        break;
    default:
        break;
    }
}

/* strange: how many of 1000 outputs are not ordinary. */
static void fill(struct case_ *c, int pieces, int strange, struct rng *rng) {
    c->pieces = pieces;
    for (int column = 0; column < COLUMNS; column++) {
        bool is_strange = rng_below(rng, 1000) < (uint64_t)strange;
        c->sorts[column] = is_strange ? (enum sort)rng_below(rng, SORTS) : ORDINARY;
        fill_column(c, column, rng);
    }
}

struct outputs {
    char first[8 * COLUMNS];
    int64_t second[COLUMNS];
};

static axprod_plan *plan_of(axprod_dtype out, int64_t rows) {
    const int64_t shape[2] = {rows, COLUMNS}, kept = COLUMNS;
    const axprod_tensor x = {NULL, AXPROD_F64, 2, shape, NULL}, first = {NULL, out, 1, &kept, NULL},
                        second = {NULL, AXPROD_I64, 1, &kept, NULL};
    axprod_plan *plan;
    if (out == AXPROD_DTYPE_NONE) {
        const axprod_tensor significand = {NULL, AXPROD_F64, 1, &kept, NULL};
        assert_ok(axprod_plan_create_scaled(&plan, &x, &(int){0}, 1, NULL, &significand, &second));
    } else {
        assert_ok(axprod_plan_create(&plan, &x, &(int){0}, 1, NULL, &first));
    }
    return plan;
}

static void execute(const axprod_plan *plan, bool scaled, const void *x, struct outputs *out) {
    assert_ok(scaled ? axprod_plan_execute_pair(plan, x, out->first, out->second)
                     : axprod_plan_execute(plan, x, out->first));
}

/* out NONE: scaled. Only ties may be left unresolved; all else has the bits of one call on the whole. */
static void check_case(const struct case_ *c, axprod_dtype out) {
    static axprod_packed_partial packed[MOST_PIECES][COLUMNS];
    static struct outputs expected, got;
    const axprod_packed_partial *pieces[MOST_PIECES];
    int64_t unresolved[COLUMNS], count = -1, next = 0;
    const bool scaled = out == AXPROD_DTYPE_NONE;
    const size_t bytes = scaled ? 8 : axprod_dtype_size(out);
    axprod_plan *whole = plan_of(out, c->pieces * ROWS), *piece = plan_of(out, ROWS);
    execute(whole, scaled, c->x, &expected);
    for (int k = 0; k < c->pieces; k++) {
        assert_ok(axprod_plan_packed_partials(piece, c->x[k * ROWS], packed[k]));
        pieces[k] = packed[k];
    }
    axprod_status status = axprod_plan_finish_packed(whole, pieces, c->pieces, 0, COLUMNS, c->pieces * ROWS, got.first,
                                                     scaled ? got.second : NULL, unresolved, &count);
    assert_int_equal(status, count ? AXPROD_UNRESOLVED : AXPROD_OK);
    for (int i = 0; i < COLUMNS; i++) {
        bool open = next < count && unresolved[next] == i;
        next += open;
        if (open ? c->sorts[i] != TIE
                 : memcmp(got.first + (size_t)i * bytes, expected.first + (size_t)i * bytes, bytes) != 0 ||
                       (scaled && got.second[i] != expected.second[i]))
            fail_msg("%d pieces, %s: output %d, of sort %d, is %s", c->pieces, axprod_dtype_name(out), i,
                     (int)c->sorts[i], open ? "unresolved" : "wrong");
    }
    assert_int_equal(next, count);
    axprod_plan_destroy(piece);
    axprod_plan_destroy(whole);
}

static void test_sorts(void **state) {
    static const axprod_dtype outs[] = {AXPROD_F64, AXPROD_F32, AXPROD_BF16, AXPROD_F16, AXPROD_DTYPE_NONE};
    static const int counts[] = {1, 2, 3, 4, 7, 8, 9, MOST_PIECES}, strange[] = {0, 3, 100, 1000};
    static struct case_ c;
    struct rng rng = rng_make(1);
    (void)state;
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++)
        for (size_t s = 0; s < sizeof strange / sizeof *strange; s++)
            for (int64_t repeated = 0; repeated < scaled_count(20); repeated++) {
                fill(&c, counts[n], strange[s], &rng);
                for (size_t o = 0; o < sizeof outs / sizeof *outs; o++)
                    check_case(&c, outs[o]);
            }
}

/* --------------------------------------------------------------------------------------------- ends of the range ---
 */

/* As many as fit of one element, in two pieces: the scaled product is that of one call. One more is refused. */
static void check_most(axprod_dtype dtype, const void *element) {
    const int64_t most = axprod_packed_factors(dtype), lengths[] = {most / 3, most - most / 3, most, most + 1};
    const size_t bytes = axprod_dtype_size(dtype);
    double significand, expected_significand;
    int64_t exponent, expected_exponent;
    axprod_packed_partial packed[3];
    const axprod_packed_partial *pieces[] = {&packed[0], &packed[1]};
    axprod_plan *plans[4];
    char *x = malloc(bytes * (size_t)(most + 1));
    assert_non_null(x);
    for (int64_t i = 0; i <= most; i++)
        memcpy(x + (size_t)i * bytes, element, bytes);
    for (int i = 0; i < 4; i++) {
        const axprod_tensor in = {NULL, dtype, 1, &lengths[i], NULL}, first = {NULL, AXPROD_F64, 0, NULL, NULL},
                            second = {NULL, AXPROD_I64, 0, NULL, NULL};
        assert_ok(axprod_plan_create_scaled(&plans[i], &in, NULL, 0, NULL, &first, &second));
    }
    assert_ok(axprod_plan_execute_pair(plans[2], x, &expected_significand, &expected_exponent));
    assert_ok(axprod_plan_packed_partials(plans[0], x, &packed[0]));
    assert_ok(axprod_plan_packed_partials(plans[1], x, &packed[1]));
    assert_ok(axprod_plan_packed_partials(plans[2], x, &packed[2]));
    for (int whole = 0; whole < 2; whole++) {
        pieces[0] = &packed[whole ? 2 : 0];
        assert_ok(axprod_plan_finish_packed(plans[2], pieces, whole ? 1 : 2, 0, 1, most, &significand, &exponent, NULL,
                                            NULL));
        if (memcmp(&significand, &expected_significand, 8) != 0 || exponent != expected_exponent)
            fail_msg("%lld of %s: %a 2^%lld, expected %a 2^%lld", (long long)most, axprod_dtype_name(dtype),
                     significand, (long long)exponent, expected_significand, (long long)expected_exponent);
    }
    assert_refused(axprod_plan_packed_partials(plans[3], x, &packed[2]), AXPROD_ERROR_COUNT, "factors");
    assert_refused(axprod_plan_finish_packed(plans[3], pieces, 1, 0, 1, most + 1, &significand, &exponent, NULL, NULL),
                   AXPROD_ERROR_COUNT, "factors");
    for (int i = 0; i < 4; i++)
        axprod_plan_destroy(plans[i]);
    free(x);
}

static void test_most_factors(void **state) {
    (void)state;
    check_most(AXPROD_F64, &(double){DBL_MAX});
    check_most(AXPROD_F64, &(double){-0x1.921fb54442d18p-1023});
    check_most(AXPROD_F64, &(double){0x1p-1074});
    check_most(AXPROD_F32, &(float){FLT_MAX});
    check_most(AXPROD_F32, &(float){-0x1p-149f});
    check_most(AXPROD_F16, &(uint16_t){0x7bff});
    check_most(AXPROD_F16, &(uint16_t){0x8001});
    check_most(AXPROD_BF16, &(uint16_t){0x7f7f});
    check_most(AXPROD_BF16, &(uint16_t){0x0001});
    check_most(AXPROD_I64, &(int64_t){INT64_MIN});
    check_most(AXPROD_U64, &(uint64_t){UINT64_MAX});
    check_most(AXPROD_I8, &(int8_t){INT8_MIN});
    check_most(AXPROD_U16, &(uint16_t){UINT16_MAX});
    assert_int_equal(axprod_packed_factors(AXPROD_F64), 1949); /* as the header says */
    assert_int_equal(axprod_packed_factors(AXPROD_C64), 0);
    assert_int_equal(axprod_packed_factors(AXPROD_C128), 0);
    assert_int_equal(axprod_packed_factors(AXPROD_DTYPE_NONE), 0);
    assert_int_equal(axprod_packed_factors((axprod_dtype)99), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorts),
        cmocka_unit_test(test_most_factors),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
