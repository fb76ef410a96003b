/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether boxes overlap, by a sweep: sorted along the axis with most places to begin at, each is compared with those
 * that have begun and not ended there. A grid of P boxes in d dimensions takes about P^(2 - 1/d) comparisons.
 */
#include "internal.h"

#include <stdlib.h>

struct begin {
    int64_t first;
    int box;
};

static int compare_begins(const void *a, const void *b) {
    const struct begin *x = a, *y = b;
    return x->first != y->first ? (x->first > y->first) - (x->first < y->first) : (x->box > y->box) - (x->box < y->box);
}

static void sort_along(int axis, const int64_t *const *boxes, int count, struct begin *begins) {
    for (int i = 0; i < count; i++)
        begins[i] = (struct begin){boxes[i][axis], i};
    qsort(begins, (size_t)count, sizeof *begins, compare_begins);
}

static int best_axis(int ndim, const int64_t *const *boxes, int count, struct begin *begins) {
    int best = 0, most = 0;
    for (int axis = 0; axis < ndim; axis++) {
        int places = 1;
        sort_along(axis, boxes, count, begins);
        for (int i = 1; i < count; i++)
            places += begins[i].first != begins[i - 1].first;
        if (places > most) {
            most = places;
            best = axis;
        }
    }
    return best;
}

static bool overlap(int ndim, const int64_t *a, const int64_t *b) {
    for (int d = 0; d < ndim; d++)
        if (a[d] + a[ndim + d] <= b[d] || b[d] + b[ndim + d] <= a[d])
            return false;
    return true;
}

axprod_status axp_mpi_find_overlap(int ndim, const int64_t *const *boxes, int count, bool *found, int pair[2]) {
    struct begin *begins = axp_mpi_alloc(count, sizeof *begins);
    int *active = axp_mpi_alloc(count, sizeof *active), actives = 0;
    axprod_status status = begins && active ? AXPROD_OK : AXPROD_ERROR_NO_MEMORY;
    *found = false;
    if (status == AXPROD_OK) {
        int axis = best_axis(ndim, boxes, count, begins);
        if (ndim > 0)
            sort_along(axis, boxes, count, begins);
        for (int i = 0; i < count && !*found; i++) {
            int box = ndim > 0 ? begins[i].box : i, left = 0;
            for (int k = 0; k < actives && !*found; k++) {
                const int64_t *other = boxes[active[k]];
                if (ndim > 0 && other[axis] + other[ndim + axis] <= boxes[box][axis])
                    continue;
                *found = overlap(ndim, other, boxes[box]);
                pair[0] = active[k];
                pair[1] = box;
                active[left++] = active[k];
            }
            actives = left;
            active[actives++] = box;
        }
    }
    axp_mpi_free(active);
    axp_mpi_free(begins);
    return status;
}
