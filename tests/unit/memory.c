/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Working memory is what the header says, on the heap and on the stack, for every layout, whatever the threads and the
 * caches: memory CACHE, in bytes, as HWLOC_SYNTHETIC has it.
 */
#include "check.h"
#include "mem.h"
#include "problem.h"
#include "suite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

/* What the header says. */
#define BYTES_PER_OUTPUT 24
#define LEAST_BYTES_PER_THREAD 524288
#define PLAN_BYTES 8192
#define SMALL_ELEMENTS 300
#define STACK_BYTES (64 * 1024)

static int64_t bytes_per_thread;

/* ---------------------------------------------------------------------------------------------------- the heap --- */

static _Atomic int64_t held, most;

/* The size of a block is kept in front of it, where the alignment leaves room. */
static void *count_block(size_t alignment, size_t bytes) {
    char *block = aligned_alloc(alignment, bytes + alignment);
    if (!block)
        return NULL;
    memcpy(block, &bytes, sizeof bytes);
    int64_t now = atomic_fetch_add(&held, (int64_t)bytes) + (int64_t)bytes, before = atomic_load(&most);
    while (now > before && !atomic_compare_exchange_weak(&most, &before, now))
        ;
    return block + alignment;
}

static void uncount_block(void *memory) {
    if (!memory)
        return;
    char *block = (char *)memory - AXP_ALIGNMENT;
    size_t bytes;
    memcpy(&bytes, block, sizeof bytes);
    atomic_fetch_sub(&held, (int64_t)bytes);
    free(block);
}

/* What a plan keeps, and that its execution on few elements takes nothing more. */
static void check_small(const char *dtype, int rows, int columns, int axis) {
    struct problem problem = problem_of("%s %dx%d axes=%d data=ones", dtype, rows, columns, axis);
    struct buffer x, outputs[2];
    axprod_plan *plan;
    problem_open_input(&problem, &x);
    problem_open_outputs(&problem, outputs);
    assert_ok(problem_plan(&problem, &x.tensor, &outputs[0].tensor, &outputs[1].tensor, &plan));
    int64_t plan_bytes = atomic_load(&held);
    assert_in_range(plan_bytes, 1, PLAN_BYTES);
    atomic_store(&most, 0);
    assert_ok(axprod_plan_execute(plan, x.tensor.data, outputs[0].tensor.data));
    if (atomic_load(&most) > 0)
        fail_msg("%s %dx%d axes=%d: %lld bytes", dtype, rows, columns, axis, (long long)most);
    assert_int_equal(atomic_load(&held), plan_bytes);
    axprod_plan_destroy(plan);
    assert_int_equal(atomic_load(&held), 0);
    buffer_close(&x);
    buffer_close(&outputs[0]);
}

static void test_small(void **state) {
    (void)state;
    for (int rows = 1; rows < SMALL_ELEMENTS; rows++)
        for (int axis = 0; axis < 2; axis++) {
            check_small("f64", rows, (SMALL_ELEMENTS - 1) / rows, axis);
            check_small("i32", rows, (SMALL_ELEMENTS - 1) / rows, axis);
            check_small("c64", rows, (SMALL_ELEMENTS - 1) / rows, axis);
        }
}

static int arm(void **state) {
    (void)state;
    axp_malloc_hook = count_block;
    axp_free_hook = uncount_block;
    return 0;
}

/* What follows the dtype; inputs of tens of MiB have strides of zero, so that they are no memory themselves. */
static const char *const shapes[] = {
    "512x16384 broadcast=0 axes=0", /* COLUMN, in parts */
    "16x16384 axes=0",
    "7x100003 axes=0",
    "2x1000000 axes=0",
    "3x15x16500 axes=1",
    "90x26000 broadcast=0 axes=0", /* whole rows, as long as they may be, and longer ones */
    "90x40000 broadcast=0 axes=0",
    "2000x1000 broadcast=0 axes=0", /* ROW, as wide as it may be */
    "2x70x18000 broadcast=1 axes=1",
    "3x60x37000 broadcast=1 axes=1",
    "63x65x2000 broadcast=1 axes=1", /* several tiles of states, each in parts */
    "33x2000x31 axes=1",             /* ROW, with groups that are turned round */
    "10000x33x16 axes=1",
    "2x4194304 broadcast=0 axes=1",
    "400000 axes=all",
    "511x300x5 axes=0,2", /* RUNS */
    "1000000x5 axes=1",
    "2000x63x3 axes=0,2", /* GATHER */
    "1000x300x7 order=1,2,0 axes=1 pad=3 flip=0",
    "200x300 axes=1 out-order=0 out-pad=5",
    "8388608 broadcast=0 axes=all",
    "1000000 axes=none",
    "1000000x0 axes=1", /* EMPTY */
};

static const char *const dtypes[] = {"f64", "f32", "i8", "c128"};

static void check_call(const struct problem *problem, const struct buffer *x, const struct buffer outputs[2]) {
    char text[PROBLEM_TEXT];
    int ndim;
    int64_t shape[AXPROD_MAX_NDIM];
    problem_out_shape(problem, &ndim, shape);
    int64_t most_bytes = problem->threads * bytes_per_thread + BYTES_PER_OUTPUT * walk_count(ndim, shape);
    atomic_store(&most, 0);
    assert_ok(problem_call(problem, &x->tensor, &outputs[0].tensor, &outputs[1].tensor));
    if (atomic_load(&most) > most_bytes || atomic_load(&held) != 0) {
        problem_print(problem, text, sizeof text);
        fail_msg("%s: %lld bytes of %lld, %lld afterwards", text, (long long)most, (long long)most_bytes,
                 (long long)held);
    }
}

static void check_threads(struct problem *problem, const struct buffer *x) {
    static const int threads[] = {1, 2, 4, 16};
    struct buffer outputs[2];
    int count = problem_open_outputs(problem, outputs);
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
        problem->threads = threads[t];
        check_call(problem, x, outputs);
    }
    for (int i = 0; i < count; i++)
        buffer_close(&outputs[i]);
}

/* All elements are what an open buffer is filled with: making others would take longer than the calls. */
static void check_forms(const char *dtype, const char *shape) {
    struct problem problem = problem_of("%s %s", dtype, shape);
    struct buffer x;
    buffer_open(&x, problem.dtype, problem.ndim, problem.shape, &problem.layout);
    check_threads(&problem, &x);
    problem.form = FORM_SCALED;
    if (problem.dtype != AXPROD_C128)
        check_threads(&problem, &x);
    buffer_close(&x);
}

static void test_layouts(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (size_t d = 0; d < sizeof dtypes / sizeof dtypes[0]; d++)
            check_forms(dtypes[d], shapes[s]);
}

/* Outputs that the states do not decide are multiplied again on the stack. */
static void test_resolved(void **state) {
    static const char *const problems[] = {
        "f64 20x3000 axes=1 data=ties seed=1",           "f32 600x50 axes=1 data=ties seed=2",
        "f16 30x3000 axes=0 data=smallint seed=3",       "f64 4x200000 axes=1 data=ties seed=4",
        "f64 30x4000 axes=1 form=scaled data=ties",      "f64 30x4000 axes=1 form=log data=ties",
        "f64 40x2 axes=1 form=log data=balanced seed=5", "i16 300x90 axes=1 out=f16 data=ties seed=6",
    };
    (void)state;
    for (size_t p = 0; p < sizeof problems / sizeof problems[0]; p++) {
        struct problem problem = problem_of("%s", problems[p]);
        struct buffer x;
        problem_open_input(&problem, &x);
        check_threads(&problem, &x);
        buffer_close(&x);
    }
}

/* --------------------------------------------------------------------------------------------------- the stack --- */

enum {
    WHOLE_STACK = 1 << 20,
    UNTOUCHED = 0xa5
};

struct stack_call {
    const struct problem *problem; /* NULL: nothing is called */
    const struct buffer *x, *outputs;
    axprod_status status;
};

static void *call_on_stack(void *argument) {
    struct stack_call *call = argument;
    if (call->problem)
        call->status =
            problem_call(call->problem, &call->x->tensor, &call->outputs[0].tensor, &call->outputs[1].tensor);
    return NULL;
}

/* Bytes of its stack that a thread has written to. */
static int64_t used_stack(struct stack_call *call) {
    unsigned char *stack = mmap(NULL, WHOLE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;
    int64_t untouched = 0;
    assert_true(stack != MAP_FAILED);
    memset(stack, UNTOUCHED, WHOLE_STACK);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, WHOLE_STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, call_on_stack, call), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    while (untouched < WHOLE_STACK && stack[untouched] == UNTOUCHED)
        untouched++;
    munmap(stack, WHOLE_STACK);
    return WHOLE_STACK - untouched;
}

static void check_stack(const struct problem *problem) {
    struct buffer x, outputs[2];
    char text[PROBLEM_TEXT];
    problem_open_input(problem, &x);
    int count = problem_open_outputs(problem, outputs);
    struct stack_call nothing = {NULL, NULL, NULL, AXPROD_OK}, call = {problem, &x, outputs, AXPROD_OK};
    int64_t bytes = used_stack(&call) - used_stack(&nothing);
    assert_ok(call.status);
    if (bytes <= 0 || bytes > STACK_BYTES) {
        problem_print(problem, text, sizeof text);
        fail_msg("%s: %lld bytes of stack of %d", text, (long long)bytes, STACK_BYTES);
    }
    for (int i = 0; i < count; i++)
        buffer_close(&outputs[i]);
    buffer_close(&x);
}

static void test_stack(void **state) {
    static const char *const some[] = {
        "f64 8 threads=1",
        "f64 300x8 axes=1 data=ties threads=1",
        "f32 300x70 axes=1 data=wild threads=1",
        "f64 50x400 axes=0 data=wild threads=1",
        "f64 4x2000 axes=1 data=ties form=log threads=1",
        "f64 30x400 axes=1 data=ties form=scaled threads=1",
        "f64 9x8x7x6x5x4x3 axes=0,2,4,6 order=6,0,5,1,4,2,3 pad=1 data=ties threads=1",
        "i16 30x70 axes=1 out=f16 data=ties threads=1",
        "i32 300x400 axes=0 data=wild threads=1",
        "c64 300x400 axes=0 threads=1",
        "c128 300x400 axes=1 threads=1",
        "f64 600000 threads=2",
        "f64 2000x300 axes=0 data=wild threads=16",
    };
    (void)state;
    for (size_t p = 0; p < sizeof some / sizeof some[0]; p++) {
        struct problem problem = problem_of("%s", some[p]);
        check_stack(&problem);
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_resolved),
        cmocka_unit_test(test_stack),
    };
    if (argc != 2)
        return EXIT_FAILURE;
    int64_t cache = atoll(argv[1]);
    bytes_per_thread = cache < LEAST_BYTES_PER_THREAD ? LEAST_BYTES_PER_THREAD : cache;
    return cmocka_run_group_tests(tests, arm, NULL);
}
