/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The normalising constant of a Gaussian Markov random field on a line of 10^6 sites that is distributed over ranks:
 * its density is sqrt(det Q) (2 pi)^(-n/2) exp(-x'Qx/2). Q is tridiagonal: coupling(i) ties site i to the next one, and
 * HOLD ties each to zero. det Q is the product of the pivots of Q = LU. It is about 10^970,000, and tells models
 * apart by its ratios alone, so that every bit of it counts: its exponent is kept apart.
 * H. Rue, L. Held, "Gaussian Markov Random Fields", 2005, section 2.4.
 */
#include <axprod_mpi.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SITES INT64_C(1000000)
#define HOLD 2.0

/* Between 1 and 10, from a hash of the site: splitmix64. No coupling leaves the line. */
static double coupling(int64_t site) {
    if (site < 0 || site >= SITES - 1)
        return 0;
    uint64_t z = (uint64_t)site * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return 1 + 9 * ldexp((double)((z ^ (z >> 31)) >> 11), -53);
}

static double diagonal(int64_t site) {
    return HOLD + coupling(site - 1) + coupling(site);
}

/* The pivots of this rank's rows; elimination goes on where the rank before stopped. */
static void eliminate(int64_t first, int64_t rows, double *pivots) {
    int rank, ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    double pivot = 1;
    if (rank > 0)
        MPI_Recv(&pivot, 1, MPI_DOUBLE, rank - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    for (int64_t row = 0; row < rows; row++) {
        const double above = coupling(first + row - 1);
        pivot = diagonal(first + row) - above / pivot * above;
        pivots[row] = pivot;
    }
    if (rank < ranks - 1)
        MPI_Send(&pivot, 1, MPI_DOUBLE, rank + 1, 0, MPI_COMM_WORLD);
}

/* What everyone writes first. */
static double plain_product(int64_t rows, const double *pivots) {
    double local = 1, product;
    for (int64_t row = 0; row < rows; row++)
        local *= pivots[row];
    MPI_Allreduce(&local, &product, 1, MPI_DOUBLE, MPI_PROD, MPI_COMM_WORLD);
    return product;
}

/* The determinant without pivots, significand and exponent: D(i) = q(i,i) D(i-1) - q(i,i-1)^2 D(i-2). */
static long double continuant(int64_t *exponent) {
    long double before = 0, now = 1;
    *exponent = 0;
    for (int64_t site = 0; site < SITES; site++) {
        const long double above = coupling(site - 1), next = diagonal(site) * now - above * above * before;
        int shift;
        before = now;
        now = frexpl(next, &shift);
        before = ldexpl(before, -shift);
        *exponent += shift;
    }
    return now;
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    int rank, ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);

    const int64_t sites = SITES;
    int64_t first, rows;
    axprod_mpi_block(1, &sites, &ranks, rank, &first, &rows);
    double *pivots = malloc((size_t)rows * sizeof(double));
    if (pivots == NULL)
        MPI_Abort(MPI_COMM_WORLD, 1);
    eliminate(first, rows, pivots);

    double significand;
    int64_t exponent;
    const axprod_tensor local = {pivots, AXPROD_F64, 1, &rows, NULL};
    const axprod_tensor m = {&significand, AXPROD_F64, 0, NULL, NULL}, e = {&exponent, AXPROD_I64, 0, NULL, NULL};
    axprod_mpi_options options = AXPROD_MPI_OPTIONS_INIT;
    options.result = AXPROD_MPI_ALL;
    if (axprod_mpi_scaled_prod(&local, &sites, &first, NULL, 0, &options, &m, &e, MPI_COMM_WORLD) != AXPROD_OK) {
        fprintf(stderr, "determinant: %s\n", axprod_last_error());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    const double plain = plain_product(rows, pivots);
    free(pivots);

    int good = 1;
    if (rank == 0) {
        int64_t exact_exponent;
        const long double exact = continuant(&exact_exponent);
        const double error = (double)(ldexpl(significand / exact, (int)(exponent - exact_exponent)) - 1);
        printf("det Q, plain product:    %g\n", plain);
        printf("det Q, axprod:           %.17g * 2^%" PRId64 "\n", significand, exponent);
        printf("det Q, its recurrence:   %.17g * 2^%" PRId64 "\n", (double)exact, exact_exponent);
        printf("relative difference:     %.1e\n", error);
        good = fabs(error) < 1e-11 && isinf(plain);
    }
    MPI_Bcast(&good, 1, MPI_INT, 0, MPI_COMM_WORLD);
    MPI_Finalize();
    return good ? 0 : 1;
}
