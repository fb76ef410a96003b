/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tensor in several places: partials of the pieces, plain or packed, merged in any order, finished, and where that
 * does not decide the rounding, wide partials with more and more words. The bits must be those of one call on the whole
 * tensor.
 */
#include "generate.h"
#include "oracle.h"
#include "pieces.h"
#include "suite.h"

#include <inttypes.h>

static int64_t unresolved_total;

/* A list of outputs must be increasing and within range. */
static bool increasing(const int64_t *outputs, int64_t count, int64_t end) {
    for (int64_t i = 0; i < count; i++) {
        if (outputs[i] >= end || outputs[i] < (i ? outputs[i - 1] + 1 : 0))
            return false;
    }
    return true;
}

/* How far apart two finite results of one dtype and sign are, in units in the last place. */
static int64_t steps(axprod_dtype dtype, const void *a, const void *b) {
    int64_t distance = (int64_t)(bits_load(dtype, a) - bits_load(dtype, b));
    return distance < 0 ? -distance : distance;
}

/* Outputs that were not reported have the right bits; the others are at most one unit off. */
static bool candidates_right(const struct pieces *pieces, const struct results *expected, const int64_t *unresolved,
                             int64_t count) {
    struct results got;
    bool good = true;
    int64_t next = 0;
    pieces_results(pieces, &got);
    for (int64_t o = 0; o < expected->outputs; o++) {
        bool open = next < count && unresolved[next] == o;
        next += open;
        for (int i = 0; i < expected->count; i++) {
            size_t size = axprod_dtype_size(expected->dtypes[i]);
            const void *a = got.dense[i] + (size_t)o * size, *b = expected->dense[i] + (size_t)o * size;
            /* A significand of 1/2 and the one below it are one unit apart, whatever the exponent says. */
            bool close = open && (pieces->problem->form != FORM_VALUE || steps(expected->dtypes[i], a, b) <= 1);
            if (!close && memcmp(a, b, size) != 0) {
                fprintf(stderr, "output %" PRId64 " is %" PRIx64 ", expected %" PRIx64 ", %s\n", o,
                        bits_load(expected->dtypes[i], a), bits_load(expected->dtypes[i], b),
                        open ? "unresolved" : "not reported as unresolved");
                good = false;
            }
        }
    }
    results_close(&got);
    return good;
}

/* Wide partials with 1, 2, 4, ... words until nothing is left. */
static bool resolve(struct pieces *pieces, int64_t *outputs, int64_t count, struct rng *rng) {
    int64_t *left = malloc(sizeof(int64_t) * ((size_t)pieces->results + 1));
    bool good = left != NULL;
    for (int64_t words = 1; good && count > 0; words *= 2) {
        int64_t still = -1;
        void *wide = pieces_wide(pieces, outputs, count, words, rng);
        if (!wide)
            return false;
        axprod_status status = pieces_finish_wide(pieces, wide, words, outputs, count, left, &still);
        good = (status == AXPROD_OK && still == 0) || (status == AXPROD_UNRESOLVED && still > 0 && still <= count);
        good = good && increasing(left, still, pieces->results);
        if (words >= 2 * pieces->factors && still > 0) {
            fprintf(stderr, "%" PRId64 " words do not resolve %" PRId64 " factors\n", words, pieces->factors);
            good = false;
        }
        free(wide);
        memcpy(outputs, left, sizeof(int64_t) * (size_t)(still > 0 ? still : 0));
        count = still;
    }
    free(left);
    return good;
}

/* Merged and finished; unresolved outputs and their number likewise. */
static axprod_status finish(struct pieces *pieces, bool packed, struct rng *rng, int64_t *unresolved, int64_t *count) {
    if (packed)
        return pieces_finish_packed(pieces, rng, unresolved, count);
    axprod_partial *partials = pieces_partials(pieces, rng);
    axprod_status status = partials ? pieces_finish(pieces, partials, unresolved, count) : AXPROD_ERROR_NULL;
    free(partials);
    return status;
}

static bool check_way(const struct problem *problem, bool packed, struct rng *rng) {
    struct pieces pieces;
    struct results expected, got;
    bool good = results_run(problem, &expected) && pieces_open(&pieces, problem, rng);
    if (!good)
        return false;
    int64_t *unresolved = malloc(sizeof(int64_t) * ((size_t)pieces.results + 1)), count = -1;
    axprod_status status = finish(&pieces, packed, rng, unresolved, &count);
    good = status == AXPROD_OK ? count == 0 : status == AXPROD_UNRESOLVED && count > 0 && count <= pieces.results;
    good = good && increasing(unresolved, count, pieces.results);
    good = good && candidates_right(&pieces, &expected, unresolved, count);
    unresolved_total += good ? count : 0;
    good = good && resolve(&pieces, unresolved, count, rng);
    pieces_results(&pieces, &got);
    good = results_same(problem, "the whole at once", &got, &expected) && good;
    for (int i = 0; i < pieces.output_count; i++)
        good = good && buffer_gaps_intact(&pieces.outputs[i]);
    if (!good) {
        char text[PROBLEM_TEXT];
        problem_print(problem, text, sizeof text);
        fprintf(stderr, "FAILED %s\n       in %d %spieces, finish says %s and %" PRId64 "\n", text, pieces.count,
                packed ? "packed " : "", axprod_status_name(status), count);
    }
    free(unresolved);
    results_close(&got);
    results_close(&expected);
    pieces_close(&pieces);
    return good;
}

static bool packs(const struct problem *problem) {
    int64_t factors = 1;
    for (int d = 0; d < problem->ndim; d++)
        factors *= problem_reduces(problem, d) ? problem->shape[d] : 1;
    return factors <= axprod_packed_factors(problem->dtype);
}

static bool check_split(const struct problem *problem, struct rng *rng) {
    return check_way(problem, false, rng) && (!packs(problem) || check_way(problem, true, rng));
}

static void test_random(void **state) {
    struct wish wish = {false, 4000};
    (void)state;
    for (int64_t seed = 1; seed <= scaled_count(1500); seed++) {
        struct rng rng = rng_make((uint64_t)seed);
        struct problem problem;
        generate_problem((uint64_t)seed + 2000000, &wish, &problem);
        if (problem.form == FORM_VALUE && !format_of(problem.out))
            problem.out = AXPROD_F32;
        assert_true(check_split(&problem, &rng));
    }
}

/* Exact ties must come out as unresolved: no partial of finite width can decide them. */
static void test_ties(void **state) {
    static const char *const dtypes[] = {"f16", "bf16", "f32", "f64", "i16", "u32", "i64"};
    static const char *const outs[] = {"f16", "bf16", "f32", "f64"};
    (void)state;
    for (int x = 0; x < 7; x++) {
        for (int out = 0; out < 4; out++) {
            for (int k = 2; k < 300; k += 1 + k / 2) {
                struct rng rng = rng_make((uint64_t)k);
                struct problem problem = problem_of("%s 40x%d axes=1 out=%s data=%s seed=%d", dtypes[x], k, outs[out],
                                                    k % 3 ? "ties" : "border", k);
                assert_true(check_split(&problem, &rng));
                problem = problem_of("%s %dx40 axes=0 out=%s data=smallint seed=%d", dtypes[x], k, outs[out], k);
                assert_true(check_split(&problem, &rng));
            }
        }
    }
    assert_true(unresolved_total > 1000);
    print_message("%d outputs were unresolved\n", (int)unresolved_total);
}

/* Long products of full width, whose wide partials have to be truncated. */
static void test_long(void **state) {
    static const char *const kinds[] = {"ties", "neutral", "balanced", "specials"};
    struct rng rng = rng_make(5);
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct problem problem = problem_of("f64 5x3000 axes=1 data=%s seed=%d", kinds[i], i);
        assert_true(check_split(&problem, &rng));
        problem = problem_of("f64 3000x5 axes=0 form=scaled data=%s seed=%d", kinds[i], i);
        assert_true(check_split(&problem, &rng));
        problem = problem_of("f64 3000x5 axes=0 form=log data=%s seed=%d", kinds[i], i);
        assert_true(check_split(&problem, &rng));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_long),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
