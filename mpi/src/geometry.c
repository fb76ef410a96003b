/* SPDX-License-Identifier: BSD-3-Clause */
/* The boxes of all ranks: do they tile the tensor, and which ranks reduce together? */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

axprod_status axp_mpi_geometry_init(axp_mpi_geometry *g, int ranks, int rank, int ndim, uint64_t reduced,
                                    const int64_t *global_shape) {
    int kept_ndim = ndim - __builtin_popcountll(reduced);
    *g = (axp_mpi_geometry){.ranks = ranks, .rank = rank, .ndim = ndim, .kept_ndim = kept_ndim, .reduced = reduced};
    g->boxes = axp_mpi_alloc(ranks, 2 * ndim * (int64_t)sizeof(int64_t));
    g->kept = axp_mpi_alloc(ranks, 2 * kept_ndim * (int64_t)sizeof(int64_t));
    g->whole = axp_mpi_alloc(2 * kept_ndim, sizeof(int64_t));
    g->group = axp_mpi_alloc(ranks, sizeof(int));
    g->member = axp_mpi_alloc(ranks, sizeof(int));
    g->size = axp_mpi_alloc(ranks, sizeof(int));
    if (!g->boxes || !g->kept || !g->whole || !g->group || !g->member || !g->size)
        return AXPROD_ERROR_NO_MEMORY;
    g->outputs = g->factors = 1;
    for (int d = 0, k = 0; d < ndim; d++) {
        if (reduced >> d & 1) {
            g->factors *= global_shape[d];
        } else {
            g->outputs *= global_shape[d];
            g->whole[k] = 0;
            g->whole[kept_ndim + k++] = global_shape[d];
        }
    }
    return AXPROD_OK;
}

void axp_mpi_geometry_free(axp_mpi_geometry *g) {
    axp_mpi_free(g->boxes);
    axp_mpi_free(g->kept);
    axp_mpi_free(g->whole);
    axp_mpi_free(g->group);
    axp_mpi_free(g->member);
    axp_mpi_free(g->size);
    *g = (axp_mpi_geometry){0};
}

/* ------------------------------------------------------------------------------------------------------- tiling --- */

static int64_t volume(int ndim, const int64_t *box) {
    return axp_mpi_box_count((axp_mpi_box){ndim, box, box + ndim});
}

/* Boxes that do not overlap and have the tensor's volume tile it. list: room for all boxes. */
static axprod_status check_tiling(const axp_mpi_geometry *g, const int64_t **list, int *ranks) {
    int64_t all = g->outputs * g->factors, covered = 0;
    int count = 0, pair[2];
    bool found;
    for (int r = 0; r < g->ranks; r++) {
        const int64_t *box = g->boxes + 2 * (int64_t)g->ndim * r;
        if (volume(g->ndim, box) > 0) {
            list[count] = box;
            ranks[count++] = r;
        }
    }
    AXP_TRY(axp_mpi_find_overlap(g->ndim, list, count, &found, pair));
    if (found)
        return axp_mpi_fail(AXPROD_ERROR_TILING, "the boxes of ranks %d and %d overlap",
                            ranks[pair[0]] < ranks[pair[1]] ? ranks[pair[0]] : ranks[pair[1]],
                            ranks[pair[0]] < ranks[pair[1]] ? ranks[pair[1]] : ranks[pair[0]]);
    for (int i = 0; i < count; i++)
        covered += volume(g->ndim, list[i]);
    if (covered != all)
        return axp_mpi_fail(AXPROD_ERROR_TILING,
                            "the boxes have gaps: all ranks together have %lld elements, the global shape has %lld",
                            (long long)covered, (long long)all);
    return AXPROD_OK;
}

/* ------------------------------------------------------------------------------------------------------- groups --- */

static void find_kept_parts(axp_mpi_geometry *g) {
    for (int r = 0; r < g->ranks; r++) {
        const int64_t *box = g->boxes + 2 * (int64_t)g->ndim * r;
        int64_t *kept = g->kept + 2 * (int64_t)g->kept_ndim * r;
        for (int d = 0, k = 0; d < g->ndim; d++) {
            if (g->reduced >> d & 1)
                continue;
            kept[k] = box[d];
            kept[g->kept_ndim + k++] = box[g->ndim + d];
        }
    }
}

struct part {
    const int64_t *kept;
    int length, rank;
};

static int compare_parts(const void *a, const void *b) {
    const struct part *x = a, *y = b;
    for (int i = 0; i < x->length; i++)
        if (x->kept[i] != y->kept[i])
            return x->kept[i] > y->kept[i] ? 1 : -1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static bool same_part(const struct part *x, const struct part *y) {
    return memcmp(x->kept, y->kept, (size_t)x->length * sizeof *x->kept) == 0;
}

/* Members and sizes, from the group of each rank. */
static void number_members(axp_mpi_geometry *g) {
    for (int r = 0; r < g->ranks; r++)
        g->size[r] = 0;
    for (int r = 0; r < g->ranks; r++)
        g->member[r] = g->size[g->group[r]]++;
    for (int r = g->ranks - 1; r >= 0; r--)
        g->size[r] = g->size[g->group[r]];
}

void axp_mpi_unite(axp_mpi_geometry *g) {
    g->united = true;
    for (int r = 0; r < g->ranks; r++)
        g->group[r] = 0;
    number_members(g);
}

/* Equal kept parts are a group; empty ones, too. list and parts: room for all ranks. */
static axprod_status find_groups(axp_mpi_geometry *g, const int64_t **list, struct part *parts) {
    int count = 0, pair[2];
    bool overlap;
    for (int r = 0; r < g->ranks; r++)
        parts[r] = (struct part){g->kept + 2 * (int64_t)g->kept_ndim * r, 2 * g->kept_ndim, r};
    qsort(parts, (size_t)g->ranks, sizeof *parts, compare_parts);
    for (int i = 0; i < g->ranks; i++) {
        bool first = i == 0 || !same_part(&parts[i - 1], &parts[i]);
        g->group[parts[i].rank] = first ? parts[i].rank : g->group[parts[i - 1].rank];
        if (first && volume(g->kept_ndim, parts[i].kept) > 0)
            list[count++] = parts[i].kept;
    }
    AXP_TRY(axp_mpi_find_overlap(g->kept_ndim, list, count, &overlap, pair));
    /* Without factors nothing says that the kept parts cover the result. */
    if (overlap || g->factors == 0)
        axp_mpi_unite(g);
    else
        number_members(g);
    return AXPROD_OK;
}

axprod_status axp_mpi_geometry_solve(axp_mpi_geometry *g) {
    const int64_t **list = axp_mpi_alloc(g->ranks, sizeof *list);
    int *ranks = axp_mpi_alloc(g->ranks, sizeof *ranks);
    struct part *parts = axp_mpi_alloc(g->ranks, sizeof *parts);
    axprod_status status = list && ranks && parts ? AXPROD_OK : AXPROD_ERROR_NO_MEMORY;
    if (status == AXPROD_OK)
        status = check_tiling(g, list, ranks);
    if (status == AXPROD_OK) {
        find_kept_parts(g);
        status = find_groups(g, list, parts);
    }
    axp_mpi_free(parts);
    axp_mpi_free(ranks);
    axp_mpi_free(list);
    return status;
}

axp_mpi_box axp_mpi_kept(const axp_mpi_geometry *g, int rank) {
    const int64_t *kept = g->kept + 2 * (int64_t)g->kept_ndim * rank;
    return (axp_mpi_box){g->kept_ndim, kept, kept + g->kept_ndim};
}

axp_mpi_box axp_mpi_whole(const axp_mpi_geometry *g) {
    return (axp_mpi_box){g->kept_ndim, g->whole, g->whole + g->kept_ndim};
}

axp_mpi_box axp_mpi_space(const axp_mpi_geometry *g, int rank) {
    return g->united ? axp_mpi_whole(g) : axp_mpi_kept(g, rank);
}

int64_t axp_mpi_slice_of(const axp_mpi_geometry *g, int rank, int64_t *first) {
    int64_t outputs = axp_mpi_box_count(axp_mpi_space(g, rank)), size = g->size[rank], place = g->member[rank];
    *first = outputs / size * place + axp_mpi_min(place, outputs % size);
    return outputs / size + (place < outputs % size);
}
