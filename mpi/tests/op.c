/* SPDX-License-Identifier: BSD-3-Clause */
/* The datatypes and operations in collectives of the user's own: the bits that the library's own merges give. */
#include "world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double specials[] = {0.0, -0.0, (double)INFINITY, -(double)INFINITY, (double)NAN, 1, -1};

static axprod_partial random_partial(struct rng *rng) {
    if (rng_below(rng, 16) == 0)
        return (axprod_partial){specials[rng_below(rng, 7)], 0, 0};
    double sign = rng_coin(rng) ? 1 : -1, low_sign = rng_coin(rng) ? 1 : -1;
    return (axprod_partial){sign * ldexp((double)rng_bits(rng, 53), -52),
                            low_sign * ldexp((double)rng_bits(rng, 53), -107),
                            rng_between(rng, -(INT64_C(1) << 40), INT64_C(1) << 40)};
}

static axprod_partial *random_partials(int rank, int count) {
    struct rng rng = rng_make((uint64_t)rank + 77);
    axprod_partial *partials = malloc(sizeof *partials * (size_t)count);
    CHECK(partials);
    for (int i = 0; i < count; i++)
        partials[i] = random_partial(&rng);
    return partials;
}

/* Through MPI, in arrays of many lengths: a b and b a are the same bytes, and those of the library's own merge. */
static void check_commutative(int64_t pairs) {
    struct rng rng = rng_make(1);
    enum {
        MOST = 1000
    };
    static axprod_partial a[MOST], b[MOST], ab[MOST], ba[MOST], merged[MOST];
    for (int64_t done = 0; done < pairs;) {
        int count = (int)rng_between(&rng, 1, MOST);
        for (int i = 0; i < count; i++) {
            a[i] = random_partial(&rng);
            b[i] = random_partial(&rng);
        }
        size_t bytes = sizeof *a * (size_t)count;
        memcpy(ab, b, bytes);
        memcpy(ba, a, bytes);
        memcpy(merged, b, bytes);
        MPI_Reduce_local(a, ab, count, axprod_mpi_type(), axprod_mpi_op());
        MPI_Reduce_local(b, ba, count, axprod_mpi_type(), axprod_mpi_op());
        axprod_partial_merge(a, merged, count);
        CHECK(memcmp(ab, ba, bytes) == 0);
        CHECK(memcmp(ab, merged, bytes) == 0);
        done += count;
    }
}

/* hi, exponent and class of the product of these ranks; low words depend on the order. */
static void check_product(const axprod_partial *got, int last_rank, int at, int all) {
    axprod_partial expected = AXPROD_PARTIAL_IDENTITY;
    for (int r = 0; r <= last_rank; r++) {
        axprod_partial *theirs = random_partials(r, all);
        axprod_partial_merge(&theirs[at], &expected, 1);
        free(theirs);
    }
    bool special = expected.hi == 0 || !isfinite(expected.hi);
    if (special) {
        CHECK(memcmp(got, &expected, sizeof expected) == 0);
    } else {
        int64_t shift = got->exponent - expected.exponent;
        CHECK(shift >= -1 && shift <= 1);
        double error = (ldexp(got->hi, (int)shift) - expected.hi) + (ldexp(got->lo, (int)shift) - expected.lo);
        CHECK(fabs(error) <= ldexp(world_size(), -100));
    }
}

static void check_collectives(int count) {
    int rank = world_rank(), size = world_size(), each = count / size;
    axprod_partial *mine = random_partials(rank, count), *got = random_partials(0, count);
    MPI_Datatype type = axprod_mpi_type();
    MPI_Op op = axprod_mpi_op();
    int *counts = malloc(sizeof *counts * (size_t)size);
    CHECK(counts);
    for (int r = 0; r < size; r++)
        counts[r] = r == size - 1 ? count - each * (size - 1) : each;
    MPI_Allreduce(mine, got, count, type, op, MPI_COMM_WORLD);
    for (int i = 0; i < count; i += 1 + count / 20)
        check_product(&got[i], size - 1, i, count);
    MPI_Reduce(mine, got, count, type, op, size - 1, MPI_COMM_WORLD);
    for (int i = 0; i < count && rank == size - 1; i += 1 + count / 20)
        check_product(&got[i], size - 1, i, count);
    MPI_Reduce_scatter(mine, got, counts, type, op, MPI_COMM_WORLD);
    for (int i = 0; i < counts[rank]; i += 1 + count / 20)
        check_product(&got[i], size - 1, rank * each + i, count);
    MPI_Scan(mine, got, count, type, op, MPI_COMM_WORLD);
    for (int i = 0; i < count; i += 1 + count / 20)
        check_product(&got[i], rank, i, count);
    free(counts);
    free(mine);
    free(got);
}

/* ------------------------------------------------------------------------------------------------------ complex --- */

static double random_component(struct rng *rng, int place) {
    return (rng_coin(rng) ? 1 : -1) * ldexp((double)rng_bits(rng, 53), place - 52);
}

static axprod_complex_partial random_complex_partial(struct rng *rng) {
    if (rng_below(rng, 16) == 0)
        return rng_coin(rng) ? (axprod_complex_partial){{0, 0}, {0, 0}, 0}
                             : (axprod_complex_partial){{(double)NAN, 0}, {(double)NAN, 0}, 0};
    return (axprod_complex_partial){{random_component(rng, 0), random_component(rng, -54)},
                                    {random_component(rng, -(int)rng_below(rng, 60)), random_component(rng, -114)},
                                    rng_between(rng, -(INT64_C(1) << 40), INT64_C(1) << 40)};
}

/* All ranks have all partials: the product of two ranks is one merge, of more it has a bound. */
static void check_complex(int count) {
    axprod_complex_partial *mine = malloc(sizeof *mine * (size_t)count), *got = malloc(sizeof *got * (size_t)count);
    axprod_complex_partial *expected = malloc(sizeof *expected * (size_t)count);
    CHECK(mine && got && expected);
    for (int i = 0; i < count; i++)
        expected[i] = (axprod_complex_partial)AXPROD_COMPLEX_PARTIAL_IDENTITY;
    for (int r = 0; r < world_size(); r++) {
        struct rng rng = rng_make((uint64_t)r + 99);
        for (int i = 0; i < count; i++)
            got[i] = random_complex_partial(&rng);
        axprod_complex_partial_merge(got, expected, count);
        if (r == world_rank())
            memcpy(mine, got, sizeof *mine * (size_t)count);
    }
    MPI_Allreduce(mine, got, count, axprod_mpi_complex_type(), axprod_mpi_complex_op(), MPI_COMM_WORLD);
    for (int i = 0; i < count; i++) {
        const axprod_complex_partial *g = &got[i], *e = &expected[i];
        int64_t shift = g->exponent - e->exponent;
        CHECK(isnan(g->re.hi) == isnan(e->re.hi) && isnan(g->im.hi) == isnan(e->im.hi));
        CHECK(shift >= -1 && shift <= 1);
        double re = ldexp(g->re.hi, (int)shift) - e->re.hi + (ldexp(g->re.lo, (int)shift) - e->re.lo),
               im = ldexp(g->im.hi, (int)shift) - e->im.hi + (ldexp(g->im.lo, (int)shift) - e->im.lo);
        CHECK(isnan(e->re.hi) || hypot(re, im) <= ldexp(world_size(), -98));
    }
    MPI_Reduce_local(mine, got, count, axprod_mpi_complex_type(), axprod_mpi_complex_op());
    MPI_Allreduce(mine, expected, count, axprod_mpi_complex_type(), axprod_mpi_complex_op(), MPI_COMM_WORLD);
    axprod_complex_partial_merge(mine, expected, count);
    CHECK(memcmp(got, expected, sizeof *got * (size_t)count) == 0);
    free(expected);
    free(got);
    free(mine);
}

int main(int argc, char **argv) {
    int commutative = 0, bytes = 0;
    CHECK(axprod_mpi_type() == MPI_DATATYPE_NULL && axprod_mpi_op() == MPI_OP_NULL); /* before MPI */
    CHECK(axprod_mpi_complex_type() == MPI_DATATYPE_NULL && axprod_mpi_complex_op() == MPI_OP_NULL);
    world_open(&argc, &argv);
    MPI_Op_commutative(axprod_mpi_op(), &commutative);
    MPI_Type_size(axprod_mpi_type(), &bytes);
    CHECK(commutative && bytes == sizeof(axprod_partial));
    MPI_Op_commutative(axprod_mpi_complex_op(), &commutative);
    MPI_Type_size(axprod_mpi_complex_type(), &bytes);
    CHECK(commutative && bytes == sizeof(axprod_complex_partial));
    check_commutative(scaled_count(1000000));
    check_collectives(1);
    check_collectives(97);
    check_collectives(20000);
    check_complex(1);
    check_complex(20000);
    return world_close();
}
