/* SPDX-License-Identifier: BSD-3-Clause */
/* Digests over ranks: see bits.h. */
#include "bits.h"

#include "digest.h"

/* What this rank has of the result. */
static uint64_t digest_mine(const struct share *share) {
    axprod_dtype dtypes[2];
    int outs = problem_out_dtypes(share->problem, dtypes);
    if (share->result == AXPROD_MPI_ALL || share->result == AXPROD_MPI_ROOT)
        return digest_whole(share->problem, share->out);
    int64_t first = share->result == AXPROD_MPI_SCATTER ? share->first : 0;
    uint64_t sum = 0;
    for (int i = 0; i < outs; i++)
        sum += digest_part(share->problem, share->offset, share->block.shape, first, &share->out[i], i);
    return sum;
}

/* Does every rank of comm have this number? */
static bool all_have(uint64_t number, MPI_Comm comm) {
    uint64_t ends[2] = {number, ~number};
    MPI_Allreduce(MPI_IN_PLACE, ends, 2, MPI_UINT64_T, MPI_MAX, comm);
    return ends[0] == ~ends[1];
}

bool share_bits(const struct share *share, uint64_t *bits) {
    int rank, member;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_rank(share->group, &member);
    uint64_t mine = digest_mine(share);
    int same = share->result == AXPROD_MPI_ALL     ? all_have(mine, MPI_COMM_WORLD)
               : share->result == AXPROD_MPI_LOCAL ? all_have(mine, share->group)
                                                   : true;
    /* Each output counts once. */
    bool first = share->result == AXPROD_MPI_SCATTER || (share->result == AXPROD_MPI_LOCAL ? member : rank) == 0;
    *bits = first ? mine : 0;
    MPI_Allreduce(MPI_IN_PLACE, bits, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return same;
}
