/* SPDX-License-Identifier: BSD-3-Clause */
/* Overlap of outputs with the input, with each other and with themselves. */
#include "unit/entry.h"

static double memory[256];

/* x: 4x8 doubles at memory + 64. out: 4 doubles at an offset in bytes from there. */
static axprod_status at(ptrdiff_t offset) {
    int64_t shape[] = {4, 8}, out_shape[] = {4};
    int axis = 1;
    axprod_tensor x = {memory + 64, AXPROD_F64, 2, shape, NULL};
    axprod_tensor out = {(char *)(memory + 64) + offset, AXPROD_F64, 1, out_shape, NULL};
    return axprod_prod(&x, &axis, 1, NULL, &out);
}

static void test_input_and_output(void **state) {
    static const ptrdiff_t overlapping[] = {0, 8, -31, -24, -1, 1, 100, 224, 255};
    static const ptrdiff_t apart[] = {-32, -40, -33, 256, 257, 300};
    (void)state;
    for (int i = 0; i < 256; i++)
        memory[i] = 2;
    for (size_t i = 0; i < sizeof overlapping / sizeof overlapping[0]; i++)
        assert_refused(at(overlapping[i]), AXPROD_ERROR_OVERLAP, "out");
    for (int i = 0; i < 256; i++)
        assert_true(memory[i] == 2);
    for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++)
        assert_ok(at(apart[i]));
}

/* The span of a tensor with negative strides begins before its first element. */
static void test_backwards(void **state) {
    int64_t shape[] = {4, 8}, strides[] = {-64, -8}, out_shape[] = {4}, out_strides[] = {-8};
    int axis = 1;
    axprod_tensor x = {memory + 95, AXPROD_F64, 2, shape, strides}; /* memory[64] .. memory[95] */
    axprod_tensor out = {NULL, AXPROD_F64, 1, out_shape, out_strides};
    (void)state;
    for (int last = 60; last < 102; last++) { /* memory[last - 3] .. memory[last] */
        out.data = memory + last;
        axprod_status status = axprod_prod(&x, &axis, 1, NULL, &out);
        if ((status == AXPROD_ERROR_OVERLAP) != (last >= 64 && last - 3 <= 95))
            fail_msg("output at memory[%d..%d], input at memory[64..95]: %s", last - 3, last,
                     axprod_status_name(status));
    }
}

/* By first and last byte: interleaved halves overlap, although no element does. */
static void test_interleaved(void **state) {
    int64_t shape[] = {4, 8}, strides[] = {128, 16}, out_shape[] = {4}, out_strides[] = {16};
    int axis = 1;
    axprod_tensor x = {memory, AXPROD_F64, 2, shape, strides};
    axprod_tensor out = {memory + 1, AXPROD_F64, 1, out_shape, out_strides};
    (void)state;
    assert_refused(axprod_prod(&x, &axis, 1, NULL, &out), AXPROD_ERROR_OVERLAP, "out");
    out.data = memory + 64;
    assert_ok(axprod_prod(&x, &axis, 1, NULL, &out));
}

/* The second output overlapping the input, or the first one. */
static void test_pair(void **state) {
    (void)state;
    for (int entry = SCALED; entry <= LOG; entry++) {
        int64_t shape[] = {4, 8}, out_shape[] = {4};
        int axis = 1;
        axprod_tensor x = {memory + 64, AXPROD_F64, 2, shape, NULL};
        axprod_tensor first = {memory, AXPROD_F64, 1, out_shape, NULL};
        axprod_tensor second = {memory + 8, entry == SCALED ? AXPROD_I64 : AXPROD_F64, 1, out_shape, NULL};
        struct request request = {&x, &axis, 1, NULL, {&first, &second}};
        for (int i = 0; i < 256; i++)
            memory[i] = 2;
        second.data = memory + 70;
        assert_refused(entry_call((enum entry)entry, &request), AXPROD_ERROR_OVERLAP, output_names[entry][1]);
        second.data = memory + 3;
        assert_refused(entry_call((enum entry)entry, &request), AXPROD_ERROR_OVERLAP, output_names[entry][1]);
        second.data = memory;
        assert_status(entry_call((enum entry)entry, &request), AXPROD_ERROR_OVERLAP);
        second.data = memory + 8;
        first.data = memory + 61;
        assert_refused(entry_call((enum entry)entry, &request), AXPROD_ERROR_OVERLAP, output_names[entry][0]);
        for (int i = 0; i < 256; i++)
            assert_true(memory[i] == 2);
        first.data = memory + 4;
        assert_ok(entry_call((enum entry)entry, &request));
    }
}

struct self_case {
    const char *name;
    int64_t shape[3], strides[3];
    bool overlaps;
};

/* Kept extents 4x3x2 of f64: which strides put two output elements onto one byte? */
static void test_output_itself(void **state) {
    static const struct self_case cases[] = {
        {"zero stride", {4, 3, 2}, {0, 16, 8}, true},
        {"zero stride of the fastest axis", {4, 3, 2}, {48, 16, 0}, true},
        {"stride of half an element", {4, 3, 2}, {48, 16, 4}, true},
        {"rows overlap", {4, 3, 2}, {24, 16, 8}, true},
        {"rows overlap by a byte", {4, 3, 2}, {47, 16, 8}, true},
        {"two axes the same", {4, 3, 2}, {48, 8, 8}, true},
        {"backwards and overlapping", {4, 3, 2}, {-40, 16, -8}, true},
        {"C order", {4, 3, 2}, {48, 16, 8}, false},
        {"Fortran order", {4, 3, 2}, {8, 32, 96}, false},
        {"backwards", {4, 3, 2}, {-48, 16, -8}, false},
        {"odd gaps", {4, 3, 2}, {61, 19, 9}, false},
        {"extent 1 with stride zero", {4, 1, 2}, {16, 0, 8}, false},
        {"extent 1 with any stride", {4, 1, 2}, {16, 3, 8}, false},
        {"no element", {4, 0, 2}, {0, 0, 0}, false},
    };
    static double elements[48];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct self_case *c = &cases[i];
        int64_t shape[] = {c->shape[0], c->shape[1], c->shape[2], 2};
        int axis = 3;
        axprod_tensor x = {elements, AXPROD_F64, 4, shape, NULL};
        axprod_tensor out = {memory + 100, AXPROD_F64, 3, c->shape, c->strides};
        axprod_plan *plan;
        axprod_status expected = c->overlaps ? AXPROD_ERROR_OVERLAP : AXPROD_OK;
        axprod_status status = axprod_prod(&x, &axis, 1, NULL, &out);
        if (status != expected)
            fail_msg("%s: %s (%s)", c->name, axprod_status_name(status), axprod_last_error());
        assert_status(axprod_plan_create(&plan, &x, &axis, 1, NULL, &out), expected);
        axprod_plan_destroy(plan);
    }
}

/* Plans know addresses only when they are executed. */
static void test_execute(void **state) {
    int64_t shape[] = {4, 8}, out_shape[] = {4};
    int axis = 1;
    axprod_tensor x = {NULL, AXPROD_F64, 2, shape, NULL}, out = {NULL, AXPROD_F64, 1, out_shape, NULL};
    axprod_tensor exponent = {NULL, AXPROD_I64, 1, out_shape, NULL};
    axprod_plan *plan;
    static union {
        axprod_partial partials[16];
        double elements[48];
    } shared;
    (void)state;
    assert_ok(axprod_plan_create(&plan, &x, &axis, 1, NULL, &out));
    assert_status(axprod_plan_execute(plan, memory + 64, memory + 95), AXPROD_ERROR_OVERLAP);
    assert_status(axprod_plan_execute(plan, memory + 64, memory + 61), AXPROD_ERROR_OVERLAP);
    assert_ok(axprod_plan_execute(plan, memory + 64, memory + 96));
    assert_ok(axprod_plan_execute(plan, memory + 64, memory + 60));
    /* Four partials are twelve doubles. */
    assert_status(axprod_plan_partials(plan, shared.elements + 11, shared.partials), AXPROD_ERROR_OVERLAP);
    assert_status(axprod_plan_partials(plan, shared.elements, shared.partials + 10), AXPROD_ERROR_OVERLAP);
    assert_ok(axprod_plan_partials(plan, shared.elements + 12, shared.partials));
    axprod_plan_destroy(plan);
    assert_ok(axprod_plan_create_scaled(&plan, &x, &axis, 1, NULL, &out, &exponent));
    assert_status(axprod_plan_execute_pair(plan, memory + 64, memory, memory + 2), AXPROD_ERROR_OVERLAP);
    assert_status(axprod_plan_execute_pair(plan, memory + 64, memory, memory + 94), AXPROD_ERROR_OVERLAP);
    assert_ok(axprod_plan_execute_pair(plan, memory + 64, memory, memory + 4));
    axprod_plan_destroy(plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input_and_output), cmocka_unit_test(test_backwards),
        cmocka_unit_test(test_interleaved),      cmocka_unit_test(test_pair),
        cmocka_unit_test(test_output_itself),    cmocka_unit_test(test_execute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
