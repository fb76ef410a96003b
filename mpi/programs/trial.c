/* SPDX-License-Identifier: BSD-3-Clause */
/* Timing over ranks: see trial.h. */
#include "trial.h"

#include "read.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_REPETITIONS 5

enum way {
    WAY_TOTAL,
    WAY_LOCAL,
    WAY_HAND,
    WAY_ALLREDUCE,
    WAY_READ, /* READERS of them */
    WAYS = WAY_READ + READERS
};

static void run_way(struct share *share, int way) {
    axprod_status status = AXPROD_OK;
    if (way == WAY_TOTAL) {
        status = share_execute(share);
    } else if (way == WAY_LOCAL) {
        status = share_multiply(share);
    } else if (way == WAY_HAND) {
        hand_multiply(&share->hand);
        hand_reduce(&share->hand);
    } else if (way == WAY_ALLREDUCE) {
        hand_reduce(&share->hand);
    } else {
        size_t bytes = (size_t)(axprod_plan_outputs(share->local) * axprod_plan_factors(share->local)) *
                       axprod_dtype_size(share->problem->dtype);
        read_bytes(&readers()[way - WAY_READ], share->x.lowest, bytes, share->threads);
    }
    if (status != AXPROD_OK)
        errx(EXIT_FAILURE, "%s", axprod_last_error());
}

/* Products that overflow or vanish are slower to multiply, so MPI_Allreduce alone always begins with ones. */
static void prepare(struct share *share, int way) {
    for (int i = 0; way == WAY_ALLREDUCE && i < share->hand.count; i++)
        share->hand.products[i] = 1;
}

static double time_way(struct share *share, int way) {
    prepare(share, way);
    MPI_Barrier(MPI_COMM_WORLD);
    double begin = now();
    run_way(share, way);
    return now() - begin;
}

/* One rank's clock decides for all. */
static bool goes_on(const struct effort *effort, int repetitions, double seconds) {
    int more = effort->repetitions
                   ? repetitions < effort->repetitions
                   : repetitions < LEAST_REPETITIONS || (repetitions < MOST_REPETITIONS && seconds < effort->min_time);
    MPI_Bcast(&more, 1, MPI_INT, 0, MPI_COMM_WORLD);
    return more;
}

static double median_of(const double *values, int count) {
    static double sorted[MOST_REPETITIONS];
    memcpy(sorted, values, sizeof *values * (size_t)count);
    return median(sorted, count);
}

static double median_of_ratios(const double *above, const double *below, int count) {
    static double ratios[MOST_REPETITIONS];
    for (int r = 0; r < count; r++)
        ratios[r] = above[r] / below[r];
    return median(ratios, count);
}

static double median_of_differences(const double *from, const double *less, int count) {
    static double differences[MOST_REPETITIONS];
    for (int r = 0; r < count; r++)
        differences[r] = from[r] - less[r];
    return median(differences, count);
}

static void evaluate(double (*times)[MOST_REPETITIONS], int n, bool by_hand, struct trial *trial) {
    int best = WAY_READ;
    for (int way = WAY_READ; way < WAYS; way++)
        if (median_of(times[way], n) < median_of(times[best], n))
            best = way;
    *trial = (struct trial){.total = median_of(times[WAY_TOTAL], n),
                            .local = median_of(times[WAY_LOCAL], n),
                            .rest = median_of_differences(times[WAY_TOTAL], times[WAY_LOCAL], n),
                            .read = median_of(times[best], n),
                            .fraction = median_of_ratios(times[best], times[WAY_TOTAL], n),
                            .reader = readers()[best - WAY_READ].name,
                            .repetitions = n};
    if (by_hand) {
        trial->hand = median_of(times[WAY_HAND], n);
        trial->allreduce = median_of(times[WAY_ALLREDUCE], n);
        trial->speedup = median_of_ratios(times[WAY_HAND], times[WAY_TOTAL], n);
    }
}

void trial_run(struct share *share, const struct effort *effort, struct trial *trial) {
    static double times[WAYS][MOST_REPETITIONS];
    bool by_hand = share->hand.products != NULL;
    int n = 0;
    /* The first turn warms up. */
    for (double begin = now(), turn = -1; turn < 0 || goes_on(effort, n, now() - begin); turn++) {
        for (int way = 0; way < WAYS; way++)
            if (by_hand || (way != WAY_HAND && way != WAY_ALLREDUCE))
                times[way][n] = time_way(share, way);
        if (turn < 0)
            begin = now();
        else
            n++;
    }
    for (int way = 0; way < WAYS; way++)
        MPI_Allreduce(MPI_IN_PLACE, times[way], n, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    evaluate(times, n, by_hand, trial);
}
