/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must not change a bit: the order of the elements, the order of the axes, the layout in memory. And what must
 * change exactly the exponent: a factor that is a power of two.
 */
#include "check.h"
#include "generate.h"
#include "suite.h"

#include <math.h>

static const char *const floats[] = {"f16", "bf16", "f32", "f64"};
static const int lengths[] = {2, 3, 8, 9, 17, 33, 64, 100, 257, 1000};
#define LENGTHS (int)(sizeof lengths / sizeof lengths[0])

static void shuffle_elements(struct rng *rng, unsigned char *elements, int64_t count, size_t size) {
    unsigned char element[16];
    for (int64_t i = count - 1; i > 0; i--) {
        unsigned char *a = elements + (size_t)i * size, *b = elements + rng_below(rng, (uint64_t)i + 1) * size;
        memcpy(element, a, size);
        memcpy(a, b, size);
        memcpy(b, element, size);
    }
}

static void test_order(void **state) {
    struct rng rng = rng_make(1);
    (void)state;
    for (int x = 0; x < 4; x++) {
        for (int kind = 0; kind < DATA_KINDS; kind++) {
            for (int k = 0; k < LENGTHS; k++) {
                struct problem problem = problem_of("%s %d out=%s data=%s seed=%d", floats[x], lengths[k],
                                                    floats[(x + k) % 4], data_name((enum data_kind)kind), k);
                struct buffer buffer;
                size_t size = axprod_dtype_size(problem.dtype);
                problem_open_input(&problem, &buffer);
                uint64_t bits = product_bits(problem.dtype, buffer.tensor.data, lengths[k], problem.out);
                for (int again = 0; again < 5; again++) {
                    shuffle_elements(&rng, buffer.tensor.data, lengths[k], size);
                    if (product_bits(problem.dtype, buffer.tensor.data, lengths[k], problem.out) != bits)
                        fail_msg("%s %s of %d elements: another order, other bits", floats[x],
                                 data_name((enum data_kind)kind), lengths[k]);
                }
                buffer_close(&buffer);
            }
        }
    }
}

/* The same tensor in another layout: the data are made in the order of the indices, so they are the same. */
static void test_layout(void **state) {
    struct wish wish = {false, 4000};
    (void)state;
    for (int64_t seed = 1; seed <= scaled_count(400); seed++) {
        struct problem problem;
        struct results plain, other;
        struct rng rng = rng_make((uint64_t)seed);
        int ndim;
        int64_t shape[AXPROD_MAX_NDIM];
        generate_problem((uint64_t)seed + 1000000, &wish, &problem);
        memset(&problem.layout, 0, sizeof problem.layout);
        memset(&problem.out_layout, 0, sizeof problem.out_layout);
        problem_out_shape(&problem, &ndim, shape);
        assert_true(results_run(&problem, &plain));
        for (int again = 0; again < 6; again++) {
            generate_layout(&rng, problem.ndim, false, &problem.layout);
            generate_layout(&rng, ndim, false, &problem.out_layout);
            assert_true(results_run(&problem, &other));
            assert_true(results_same(&problem, "plain layout", &other, &plain));
            results_close(&other);
        }
        results_close(&plain);
    }
}

/* Axes in another order in shape and memory, reduced ones among themselves. */
static void test_axes(void **state) {
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    (void)state;
    for (int x = 0; x < 4; x++) {
        for (int o = 0; o < 6; o++) {
            const int *order = orders[o];
            struct problem problem = problem_of("%s 5x7x11 axes=0,2 data=wild seed=%d", floats[x], o);
            struct results expected, got;
            problem.data = o % 2 ? DATA_TIES : DATA_NEUTRAL;
            struct buffer buffer;
            problem_open_input(&problem, &buffer);
            assert_true(results_run(&problem, &expected));
            /* A view of the same memory with its axes in another order. */
            int64_t shape[3], strides[3], all[3], size = (int64_t)axprod_dtype_size(problem.dtype), seven = 7;
            int axes[2], count = 0;
            all[0] = 77 * size;
            all[1] = 11 * size;
            all[2] = size;
            for (int d = 0; d < 3; d++) {
                shape[d] = problem.shape[order[d]];
                strides[d] = all[order[d]];
                if (order[d] != 1)
                    axes[count++] = d;
            }
            axprod_tensor view = {buffer.tensor.data, problem.dtype, 3, shape, strides};
            unsigned char out[7 * 16];
            axprod_tensor result = {out, problem.out, 1, &seven, NULL};
            assert_ok(axprod_prod(&view, axes, 2, NULL, &result));
            got = expected;
            got.dense[0] = out;
            assert_true(results_same(&problem, "another order of axes", &got, &expected));
            results_close(&expected);
            buffer_close(&buffer);
        }
    }
}

static uint64_t f64_bits(double value) {
    return bits_load(AXPROD_F64, &value);
}

/* A power of two more changes the exponent, and nothing else. */
static void test_scale(void **state) {
    double elements[1001];
    struct rng rng = rng_make(2);
    (void)state;
    for (int k = 0; k < LENGTHS; k++) {
        for (int again = 0; again < 20; again++) {
            int64_t count = lengths[k];
            for (int64_t i = 0; i < count; i++)
                elements[i] = ldexp((double)rng_bits(&rng, 53), (int)rng_between(&rng, -56, -50));
            double significands[2];
            int64_t exponents[2], power = rng_between(&rng, -1074, 1023), place = rng_between(&rng, 0, count);
            for (int scaled = 0; scaled < 2; scaled++) {
                int64_t length = count + scaled;
                axprod_tensor x = {elements, AXPROD_F64, 1, &length, NULL};
                axprod_tensor first = {&significands[scaled], AXPROD_F64, 0, NULL, NULL};
                axprod_tensor second = {&exponents[scaled], AXPROD_I64, 0, NULL, NULL};
                assert_ok(axprod_scaled_prod(&x, NULL, 0, NULL, &first, &second));
                memmove(elements + place + 1, elements + place, sizeof(double) * (size_t)(count - place));
                elements[place] = ldexp(1, (int)power);
            }
            if (f64_bits(significands[0]) != f64_bits(significands[1]) || exponents[1] != exponents[0] + power)
                fail_msg("%d elements times 2^%d: %a 2^%d became %a 2^%d", (int)count, (int)power, significands[0],
                         (int)exponents[0], significands[1], (int)exponents[1]);
        }
    }
}

/* Ones beside one element: the element itself, to the last bit, in every dtype and at every place. */
static void test_onehot(void **state) {
    static const axprod_dtype dtypes[] = {AXPROD_F16, AXPROD_BF16, AXPROD_F32, AXPROD_F64, AXPROD_I8,  AXPROD_I16,
                                          AXPROD_I32, AXPROD_I64,  AXPROD_U8,  AXPROD_U16, AXPROD_U32, AXPROD_U64};
    struct rng rng = rng_make(3);
    (void)state;
    for (size_t d = 0; d < sizeof dtypes / sizeof dtypes[0]; d++) {
        size_t size = axprod_dtype_size(dtypes[d]);
        for (int64_t count = 1; count <= 300; count += 1 + count / 9) {
            unsigned char elements[300 * 8];
            for (int64_t i = 0; i < count; i++)
                assert_true(element_store(dtypes[d], element_make(false, 1, 0), elements + (size_t)i * size));
            for (int64_t place = 0; place < count; place += 1 + count / 13) {
                unsigned char *address = elements + (size_t)place * size;
                struct element element;
                do {
                    bits_store(dtypes[d], rng_next(&rng), address);
                    element = element_load(dtypes[d], address);
                } while (element.kind == ELEMENT_NAN);
                uint64_t expected = bits_load(dtypes[d], address);
                if (product_bits(dtypes[d], elements, count, dtypes[d]) != expected)
                    fail_msg("%s: element %d of %d has bits %llx, the product has not", axprod_dtype_name(dtypes[d]),
                             (int)place, (int)count, (unsigned long long)expected);
                assert_true(element_store(dtypes[d], element_make(false, 1, 0), address));
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order), cmocka_unit_test(test_layout), cmocka_unit_test(test_axes),
        cmocka_unit_test(test_scale), cmocka_unit_test(test_onehot),
    };
    skip_without_isa();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
