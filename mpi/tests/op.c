/* SPDX-License-Identifier: BSD-3-Clause */
/* The datatype and the operation in collectives of the user's own: the bits that axprod_partial_merge gives. */
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

int main(int argc, char **argv) {
    int commutative = 0, bytes = 0;
    CHECK(axprod_mpi_type() == MPI_DATATYPE_NULL && axprod_mpi_op() == MPI_OP_NULL); /* before MPI */
    world_open(&argc, &argv);
    MPI_Op_commutative(axprod_mpi_op(), &commutative);
    MPI_Type_size(axprod_mpi_type(), &bytes);
    CHECK(commutative && bytes == sizeof(axprod_partial));
    check_commutative(scaled_count(1000000));
    check_collectives(1);
    check_collectives(97);
    check_collectives(20000);
    return world_close();
}
