/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads of a rank: the cores that its process may run on, divided by the ranks of the node that may run on some of
 * them. A rank that is bound to its own cores has them all; ranks that are bound to none share them.
 */
#include "internal.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Machines of up to so many logical processors; on larger ones all ranks of a node share. */
#define MOST_PROCESSORS 8192

struct mask {
    uint64_t words[MOST_PROCESSORS / 64];
};

static struct mask own_mask(void) {
    struct mask mask;
    if (sched_getaffinity(0, sizeof mask, (cpu_set_t *)(void *)&mask) != 0)
        memset(&mask, 0xff, sizeof mask);
    return mask;
}

static bool meet(const struct mask *a, const struct mask *b) {
    for (int i = 0; i < MOST_PROCESSORS / 64; i++)
        if (a->words[i] & b->words[i])
            return true;
    return false;
}

/* What OMP_NUM_THREADS asks for on the outermost level; 0: nothing. */
static int threads_in_environment(void) {
    const char *text = getenv("OMP_NUM_THREADS");
    int threads = text ? atoi(text) : 0;
    return threads > 0 ? threads : 0;
}

/* The first rank of a node speaks for it. */
static void warn(const axp_mpi_cores *cores, const char *setting, int threads) {
    if (cores->first)
        fprintf(stderr, "axprod: %s asks for %d threads, but this node has %d core%s for each rank\n", setting, threads,
                cores->share, cores->share == 1 ? "" : "s");
}

/* Room for all masks comes before the first message, so that every rank knows whether all have it. */
static axprod_status count_sharers(MPI_Comm node, int *sharers) {
    int ranks;
    AXP_TRY_MPI(MPI_Comm_size(node, &ranks));
    struct mask own = own_mask(), *masks = axp_mpi_alloc(ranks, sizeof *masks);
    axprod_status status = axp_mpi_agree(node, masks ? AXPROD_OK : AXPROD_ERROR_NO_MEMORY);
    if (status == AXPROD_OK)
        status = axp_mpi_check(MPI_Allgather(&own, sizeof own, MPI_BYTE, masks, sizeof own, MPI_BYTE, node));
    *sharers = 0;
    for (int i = 0; i < ranks && status == AXPROD_OK; i++)
        *sharers += meet(&own, &masks[i]);
    axp_mpi_free(masks);
    return status;
}

axprod_status axp_mpi_share_cores(MPI_Comm comm, axp_mpi_cores *cores) {
    MPI_Comm node;
    int sharers = 1, rank = 0;
    AXP_TRY_MPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
    axprod_status status = axp_mpi_check(MPI_Comm_rank(node, &rank));
    if (status == AXPROD_OK)
        status = count_sharers(node, &sharers);
    MPI_Comm_free(&node);
    status = axp_mpi_agree(comm, status);
    int share = (int)axp_mpi_max(1, axprod_usable_cores() / axp_mpi_max(1, sharers));
    *cores = (axp_mpi_cores){.share = share, .first = rank == 0};
    if (status == AXPROD_OK && threads_in_environment() > share)
        warn(cores, "OMP_NUM_THREADS", threads_in_environment());
    return status;
}

int axp_mpi_choose_threads(axp_mpi_cores *cores, int wanted) {
    if (wanted > cores->share && !cores->warned) {
        warn(cores, "options.num_threads", wanted);
        cores->warned = true;
    }
    if (wanted > 0)
        return wanted;
    return axprod_usable_threads() <= cores->share ? 0 : cores->share;
}
