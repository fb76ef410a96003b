/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The caller's floating-point environment neither matters nor changes: rounding direction, flush-to-zero,
 * denormals-are-zero, exception flags and traps, on the calling thread and on the threads of the pool.
 */
#include "check.h"
#include "suite.h"

#include <fenv.h>
#include <omp.h>

#if defined(__x86_64__)
#include <xmmintrin.h>

static uint64_t control(void) {
    return _mm_getcsr();
}

static void set_control(uint64_t word) {
    _mm_setcsr((unsigned)word);
}

#define FLUSH UINT64_C(0x8040) /* FTZ and DAZ */
#elif defined(__aarch64__)
/* Control in the upper half, status in the lower one, so that one word is all of it. */
static uint64_t control(void) {
    uint64_t fpcr, fpsr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    __asm__ volatile("mrs %0, fpsr" : "=r"(fpsr));
    return fpcr << 32 | fpsr;
}

static void set_control(uint64_t word) {
    __asm__ volatile("msr fpcr, %0" : : "r"(word >> 32));
    __asm__ volatile("msr fpsr, %0" : : "r"(word & 0xffffffff));
}

#define FLUSH (UINT64_C(0x1080000) << 32) /* FZ and FZ16 */
#endif

static const char *const problems[] = {
    "f64 40x37 axes=1 data=neutral seed=1",
    "f64 40x37 axes=1 out=f32 data=border seed=2",
    "f64 300x20 axes=0 data=border seed=3",
    "f64 30x600 axes=1 data=wild seed=4",
    "f64 100x2 axes=1 data=subnormal seed=5",
    "f64 100x1 axes=1 out=f16 data=ties seed=6",
    "f32 100x9 axes=1 data=border seed=7",
    "f32 9x100 axes=0 out=f64 data=subnormal seed=8",
    "f32 64x64 axes=1 out=bf16 data=ties seed=9",
    "f16 100x9 axes=1 data=border seed=10",
    "f16 50x64 axes=1 out=f32 data=smallint seed=11",
    "bf16 100x9 axes=1 data=overflow seed=12",
    "bf16 9x100 axes=0 out=f64 data=subnormal seed=13",
    "f64 60x33 axes=1 form=scaled data=subnormal seed=14",
    "f64 60x33 axes=1 form=log data=balanced seed=15",
    "f32 33x60 axes=0 form=log data=subnormal seed=16",
    "f16 60x33 axes=1 form=scaled data=specials seed=17",
    "f64 60x33 axes=1 data=specials seed=18",
    "i32 60x33 axes=1 out=f16 data=ties seed=19",
    "i64 60x9 axes=1 out=f64 data=wild seed=20",
    "i64 60x9 axes=1 data=wild seed=21",
    "u8 9x60 axes=0 out=bf16 data=smallint seed=22",
    "c64 60x33 axes=1 data=wild seed=23",
    "c128 33x60 axes=0 data=subnormal seed=24",
    "c128 60x33 axes=1 out=c64 data=specials seed=25",
    "f64 70000 threads=3 data=subnormal seed=26",
    "f64 3x70000 axes=1 threads=3 data=border seed=27",
    "f32 4000x70 axes=0 threads=3 data=subnormal seed=28",
    "f16 70x4000 axes=0 threads=3 out=f64 data=wild seed=29",
    "f64 2000x70 axes=1 threads=3 form=log data=shrinking seed=30",
    "c128 70000 threads=3 data=subnormal seed=31",
    "f32 1100000 threads=3 data=subnormal seed=32",
};
#define PROBLEMS (int)(sizeof problems / sizeof problems[0])

/* One environment: what differs from the default. */
struct environment {
    const char *name;
    int rounding;
    uint64_t extra; /* bits of the control word */
    int flags, traps;
};

static const struct environment environments[] = {
    {"default", FE_TONEAREST, 0, 0, 0},
    {"upward", FE_UPWARD, 0, 0, 0},
    {"downward", FE_DOWNWARD, 0, 0, 0},
    {"toward zero", FE_TOWARDZERO, 0, 0, 0},
    {"flushing", FE_TONEAREST, FLUSH, 0, 0},
    {"flushing upward with all flags", FE_UPWARD, FLUSH, FE_ALL_EXCEPT, 0},
    {"invalid and overflow set", FE_TONEAREST, 0, FE_INVALID | FE_OVERFLOW, 0},
    {"all flags", FE_TONEAREST, 0, FE_ALL_EXCEPT, 0},
#if defined(__x86_64__) /* AArch64 cores may have no traps */
    {"all traps", FE_TONEAREST, 0, 0, FE_ALL_EXCEPT},
    {"all traps downward, inexact set", FE_DOWNWARD, 0, FE_INEXACT, FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW},
#endif
};
#define ENVIRONMENTS (int)(sizeof environments / sizeof environments[0])

static void enter(const struct environment *e) {
    feclearexcept(FE_ALL_EXCEPT);
    fesetround(e->rounding);
    set_control(control() | e->extra);
    if (e->flags)
        feraiseexcept(e->flags);
    if (e->traps)
        feenableexcept(e->traps);
}

/* What a caller can see of the environment. */
struct seen {
    uint64_t control;
    int rounding, flags, traps;
};

static struct seen look(void) {
    struct seen seen = {control(), fegetround(), fetestexcept(FE_ALL_EXCEPT), fegetexcept()};
    return seen;
}

static bool same(const struct seen *a, const struct seen *b) {
    return a->control == b->control && a->rounding == b->rounding && a->flags == b->flags && a->traps == b->traps;
}

/* Runs the problem in an environment; everything around the call happens in the default one. */
static bool run_in(const struct environment *e, const struct problem *problem, const struct buffer *x,
                   struct results *results) {
    struct buffer outputs[2];
    struct seen before, after;
    fenv_t outside;
    uint64_t outside_control = control();
    memset(results, 0, sizeof *results);
    results->count = problem_open_outputs(problem, outputs);
    problem_out_dtypes(problem, results->dtypes);
    fegetenv(&outside);
    enter(e);
    before = look();
    axprod_status status = problem_call(problem, &x->tensor, &outputs[0].tensor, &outputs[1].tensor);
    after = look();
    fesetenv(&outside);
    set_control(outside_control);
    for (int i = 0; i < results->count; i++) {
        results->outputs = walk_count(outputs[i].tensor.ndim, outputs[i].shape);
        results->dense[i] = calloc((size_t)results->outputs + 1, 16);
        buffer_get(&outputs[i], results->dense[i]);
        buffer_close(&outputs[i]);
    }
    if (status != AXPROD_OK || !same(&before, &after)) {
        fprintf(stderr, "%s: %s, control %llx then %llx, flags %x then %x\n", e->name, axprod_status_name(status),
                (unsigned long long)before.control, (unsigned long long)after.control, before.flags, after.flags);
        return false;
    }
    return true;
}

static bool check_environment(const struct environment *e, const char *text) {
    struct problem problem = problem_of("%s", text);
    struct results expected, got;
    struct buffer x;
    problem_open_input(&problem, &x);
    bool good = run_in(&environments[0], &problem, &x, &expected);
    good = run_in(e, &problem, &x, &got) && good;
    good = results_same(&problem, e->name, &got, &expected) && good;
    results_close(&expected);
    results_close(&got);
    buffer_close(&x);
    return good;
}

static void test_caller(void **state) {
    (void)state;
    for (int p = 0; p < PROBLEMS; p++)
        assert_true(check("%s", problems[p]));
    for (int e = 0; e < ENVIRONMENTS; e++) {
        for (int p = e % scaled_step(3); p < PROBLEMS; p += scaled_step(3))
            assert_true(check_environment(&environments[e], problems[p]));
    }
}

/* A problem of several threads, run again: the same bits as before. */
static bool check_again(const char *text, const struct results *expected, const char *name) {
    struct problem problem = problem_of("%s", text);
    struct results got;
    bool good = results_run(&problem, &got) && results_same(&problem, name, &got, expected);
    results_close(&got);
    return good;
}

/* Threads of the pool that an earlier parallel region of the program left in a strange state, and must find so again.
   What is right in the default state is known from test_caller. */
static void test_pool(void **state) {
    struct results expected[PROBLEMS] = {0};
    (void)state;
    for (int p = 0; p < PROBLEMS; p++) {
        struct problem problem = problem_of("%s", problems[p]);
        if (problem.threads == 3)
            assert_true(results_run(&problem, &expected[p]));
    }
    for (int e = 1; e < ENVIRONMENTS; e += scaled_step(2)) {
        struct seen before[3], after[3];
        fenv_t outside[3];
        uint64_t words[3];
        bool good = true;
#pragma omp parallel num_threads(3)
        {
            int t = omp_get_thread_num();
            fegetenv(&outside[t]);
            words[t] = control();
            if (t > 0)
                enter(&environments[e]);
            before[t] = look();
        }
        for (int p = 0; p < PROBLEMS; p++) {
            if (expected[p].count > 0)
                good = check_again(problems[p], &expected[p], environments[e].name) && good;
        }
#pragma omp parallel num_threads(3)
        {
            int t = omp_get_thread_num();
            after[t] = look();
            fesetenv(&outside[t]);
            set_control(words[t]);
        }
        assert_true(good);
        for (int t = 1; t < 3; t++) {
            if (!same(&before[t], &after[t]))
                fail_msg("thread %d, %s: control %llx then %llx, flags %x then %x", t, environments[e].name,
                         (unsigned long long)before[t].control, (unsigned long long)after[t].control, before[t].flags,
                         after[t].flags);
        }
    }
    for (int p = 0; p < PROBLEMS; p++)
        results_close(&expected[p]);
}

/* The functions on partials, too. */
static void test_partials(void **state) {
    struct problem problem = problem_of("f64 40x30 axes=1 data=subnormal seed=33");
    struct buffer x, out;
    double expected[40];
    (void)state;
    problem_open_input(&problem, &x);
    int64_t shape = 40, indices[40];
    int axis = 1;
    axprod_plan *plan;
    struct layout plain = {0};
    buffer_open(&out, AXPROD_F64, 1, &shape, &plain);
    assert_ok(axprod_plan_create(&plan, &x.tensor, &axis, 1, NULL, &out.tensor));
    assert_ok(axprod_plan_execute(plan, x.tensor.data, expected));
    for (int i = 0; i < 40; i++)
        indices[i] = i;
    size_t wide_bytes = (size_t)axprod_wide_bytes(30) * 40;
    void *wide = malloc(wide_bytes), *one = malloc(wide_bytes);
    for (int e = 0; e < ENVIRONMENTS; e++) {
        axprod_partial partials[40], others[40];
        axprod_packed_partial packed[40];
        double narrow[40], from_packed[40], exact[40];
        fenv_t outside;
        uint64_t word = control();
        for (int i = 0; i < 40; i++)
            others[i] = (axprod_partial)AXPROD_PARTIAL_IDENTITY;
        fegetenv(&outside);
        enter(&environments[e]);
        struct seen before = look();
        axprod_status status = axprod_plan_partials(plan, x.tensor.data, partials);
        axprod_partial_merge(partials, others, 40);
        axprod_status finish = axprod_plan_finish(plan, others, 30, narrow, NULL, NULL, NULL);
        axprod_status pack = axprod_plan_packed_partials(plan, x.tensor.data, packed);
        axprod_status finish_packed = axprod_plan_finish_packed(plan, &(const axprod_packed_partial *){packed}, 1, 0,
                                                                40, 30, from_packed, NULL, NULL, NULL);
        axprod_status wider = axprod_plan_wide_partials(plan, x.tensor.data, indices, 40, 30, wide);
        memcpy(one, wide, wide_bytes);
        axprod_status merge = axprod_wide_merge(wide, one, 40, 30);
        axprod_status last = axprod_plan_finish_wide(plan, wide, 30, indices, 40, exact, NULL, NULL, NULL);
        struct seen after = look();
        fesetenv(&outside);
        set_control(word);
        assert_ok(status);
        assert_true(finish == AXPROD_OK || finish == AXPROD_UNRESOLVED);
        assert_ok(pack);
        assert_true(finish_packed == AXPROD_OK || finish_packed == AXPROD_UNRESOLVED);
        assert_ok(wider);
        assert_ok(merge);
        assert_ok(last);
        if (!same(&before, &after) || memcmp(exact, expected, sizeof exact) != 0 ||
            (finish == AXPROD_OK && memcmp(narrow, expected, sizeof narrow) != 0) ||
            (finish_packed == AXPROD_OK && memcmp(from_packed, expected, sizeof from_packed) != 0))
            fail_msg("%s: control %llx then %llx, flags %x then %x", environments[e].name,
                     (unsigned long long)before.control, (unsigned long long)after.control, before.flags, after.flags);
    }
    free(wide);
    free(one);
    axprod_plan_destroy(plan);
    buffer_close(&x);
    buffer_close(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caller),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_partials),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
