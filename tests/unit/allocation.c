/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every allocation fails once: the first, the second, ... until a call needs no more. Each time the status must be
 * NO_MEMORY and the outputs untouched; that nothing leaks is seen by running this under a leak checker.
 */
#include "mem.h"
#include "pieces.h"
#include "suite.h"

#include <stdatomic.h>

static atomic_int allocations; /* since the last reset */
static int failing;            /* the allocation that fails; -1: none */

static void *fail_once(size_t alignment, size_t bytes) {
    if (atomic_fetch_add(&allocations, 1) == failing)
        return NULL;
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void reset(int which) {
    failing = which;
    atomic_store(&allocations, 0);
}

static int arm(void **state) {
    (void)state;
    axp_malloc_hook = fail_once;
    return 0;
}

static int disarm(void **state) {
    (void)state;
    reset(-1);
    return 0;
}

/* No call needs more than this many allocations: something would run away. */
#define MOST_ALLOCATIONS 100000

static const char *const problems[] = {
    "f64 600000 threads=1 data=neutral",
    "f64 600000 threads=3 data=neutral",
    "f64 900x700 axes=0 threads=3 data=ties",
    "f64 900x700 axes=1 threads=2 data=wild",
    "f64 20x3000 axes=1 threads=1 data=ties seed=1",
    "f32 60x50 axes=1 data=ties seed=2",
    "f64 4x20000 axes=1 threads=2 data=ties seed=3",
    "f16 3000x30 axes=1 out=f16 data=smallint seed=4",
    "f64 50x30x40 axes=0,2 order=1,2,0 pad=3 threads=2 data=balanced",
    "f64 30x4000 axes=1 form=scaled data=ties threads=2",
    "f64 30x4000 axes=1 form=log data=ties threads=2",
    "f64 40x2 axes=1 form=log data=balanced",
    "i32 700x900 axes=0 threads=3 data=wild",
    "i16 300x90 axes=1 out=f16 data=ties",
    "c128 500x900 axes=0 threads=3 data=neutral",
    "c64 300000 threads=2 data=wild",
};
#define PROBLEMS (int)(sizeof problems / sizeof problems[0])

static void fail_at(const char *what, const char *text, int n, axprod_status status) {
    fail_msg("%s, %s, allocation %d fails: %s (%s)", text, what, n, axprod_status_name(status), axprod_last_error());
}

/* What a call that has failed may not have done. */
static void check_failed(const char *what, const char *text, int n, axprod_status status,
                         const struct buffer outputs[2], int count) {
    if (status != AXPROD_ERROR_NO_MEMORY)
        fail_at(what, text, n, status);
    for (int i = 0; i < count; i++) {
        if (!buffer_untouched(&outputs[i]))
            fail_at("output written", text, n, status);
    }
}

static void test_calls(void **state) {
    (void)state;
    for (int p = 0; p < PROBLEMS; p++) {
        struct problem problem = problem_of("%s", problems[p]);
        struct buffer x;
        problem_open_input(&problem, &x);
        for (int n = 0; n < MOST_ALLOCATIONS; n++) {
            struct buffer outputs[2];
            int count = problem_open_outputs(&problem, outputs);
            reset(n);
            axprod_status status = problem_call(&problem, &x.tensor, &outputs[0].tensor, &outputs[1].tensor);
            bool met = atomic_load(&allocations) > n;
            if (status != AXPROD_OK)
                check_failed("call", problems[p], n, status, outputs, count);
            for (int i = 0; i < count; i++)
                buffer_close(&outputs[i]);
            if (!met) {
                assert_int_equal(status, AXPROD_OK);
                break;
            }
        }
        reset(-1);
        buffer_close(&x);
        assert_true(check_problem(&problem));
    }
}

static void test_plan_create(void **state) {
    int64_t shape[] = {300, 400}, out_shape[] = {300};
    int axis = 1;
    axprod_tensor x = {NULL, AXPROD_F64, 2, shape, NULL}, out = {NULL, AXPROD_F64, 1, out_shape, NULL};
    axprod_plan *plan;
    bool failed = false;
    (void)state;
    for (int n = 0;; n++) {
        plan = (axprod_plan *)(uintptr_t)0x55;
        reset(n);
        axprod_status status = axprod_plan_create(&plan, &x, &axis, 1, NULL, &out);
        if (status == AXPROD_OK)
            break;
        assert_status(status, AXPROD_ERROR_NO_MEMORY);
        assert_null(plan);
        failed = true;
    }
    assert_true(failed);
    assert_non_null(plan);
    axprod_plan_destroy(plan);
}

/* One function on partials, with its n-th allocation failing. */
typedef axprod_status step(struct pieces *pieces, void *partials, void *wide, int64_t *outputs);
#define WORDS 40

static axprod_status step_partials(struct pieces *pieces, void *partials, void *wide, int64_t *outputs) {
    (void)wide;
    (void)outputs;
    return axprod_plan_partials(pieces->whole, pieces->x.tensor.data, partials);
}

static axprod_status step_finish(struct pieces *pieces, void *partials, void *wide, int64_t *outputs) {
    (void)wide;
    (void)outputs;
    return pieces_finish(pieces, partials, NULL, NULL);
}

static axprod_status step_wide(struct pieces *pieces, void *partials, void *wide, int64_t *outputs) {
    (void)partials;
    return axprod_plan_wide_partials(pieces->whole, pieces->x.tensor.data, outputs, pieces->results, WORDS, wide);
}

static axprod_status step_merge(struct pieces *pieces, void *partials, void *wide, int64_t *outputs) {
    (void)outputs;
    (void)partials;
    char *second = (char *)wide + axprod_wide_bytes(WORDS) * pieces->results / 2;
    return axprod_wide_merge(wide, second, pieces->results / 2, WORDS);
}

static axprod_status step_finish_wide(struct pieces *pieces, void *partials, void *wide, int64_t *outputs) {
    (void)partials;
    return pieces_finish_wide(pieces, wide, WORDS, outputs, pieces->results, NULL, NULL);
}

static void test_partials(void **state) {
    static step *const steps[] = {step_partials, step_finish, step_wide, step_finish_wide, step_merge};
    static const char *const names[] = {"partials", "finish", "wide partials", "finish wide", "wide merge"};
    struct rng rng = rng_make(1);
    (void)state;
    for (int p = 0; p < 11; p++) {
        struct problem problem = problem_of("%s", problems[p]);
        struct pieces pieces;
        reset(-1);
        assert_true(pieces_open(&pieces, &problem, &rng));
        size_t wide_bytes = (size_t)(axprod_wide_bytes(WORDS) * pieces.results);
        void *partials = malloc(sizeof(axprod_partial) * (size_t)pieces.results), *wide = malloc(wide_bytes);
        int64_t *outputs = malloc(sizeof *outputs * (size_t)pieces.results);
        for (int64_t i = 0; i < pieces.results; i++)
            outputs[i] = i;
        for (int s = 0; s < 5; s++) {
            for (int n = 0; n < MOST_ALLOCATIONS; n++) {
                /* A step that went through has written: the next failure is judged by fresh outputs. */
                for (int i = 0; i < pieces.output_count; i++)
                    buffer_close(&pieces.outputs[i]);
                problem_open_outputs(&problem, pieces.outputs);
                reset(n);
                axprod_status status = steps[s](&pieces, partials, wide, outputs);
                bool met = atomic_load(&allocations) > n;
                if (status != AXPROD_OK && status != AXPROD_UNRESOLVED)
                    check_failed(names[s], problems[p], n, status, pieces.outputs, pieces.output_count);
                if (!met)
                    break;
            }
        }
        reset(-1);
        free(partials);
        free(wide);
        free(outputs);
        pieces_close(&pieces);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_plan_create),
        cmocka_unit_test(test_partials),
    };
    return cmocka_run_group_tests(tests, arm, disarm);
}
