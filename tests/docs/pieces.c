/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame of the example of tensors in pieces: an upper half here, a lower half elsewhere, and one call on the whole. */
#include <axprod.h>
#include <stdio.h>
#include <string.h>

enum {
    ROWS = 200,
    COLUMNS = 3
};

static double whole[2 * ROWS][COLUMNS];
static const int axes[] = {0}, naxes = 1;
static const int64_t shape[] = {ROWS, COLUMNS}, both[] = {2 * ROWS, COLUMNS}, columns[] = {COLUMNS};

static int compare(const double *result) {
    double expected[COLUMNS];
    const axprod_tensor x = {whole, AXPROD_F64, 2, both, NULL}, y = {expected, AXPROD_F64, 1, columns, NULL};
    return axprod_prod(&x, axes, naxes, NULL, &y) == AXPROD_OK && memcmp(expected, result, sizeof expected) == 0;
}

int main(void) {
    double result[COLUMNS];
    for (int i = 0; i < 2 * ROWS * COLUMNS; i++)
        whole[i / COLUMNS][i % COLUMNS] = 0.5 + (i * 7 % 1000) / 1000.0;
    const axprod_tensor piece = {whole, AXPROD_F64, 2, shape, NULL}, out = {result, AXPROD_F64, 1, columns, NULL};
    const int64_t factors_of_all_pieces = 2 * ROWS;
    axprod_partial mine[COLUMNS], theirs[COLUMNS];
    int64_t unresolved[COLUMNS], count;
    axprod_plan *plan;
    axprod_status status = axprod_plan_create(&plan, &piece, axes, naxes, NULL, &out);
    if (status == AXPROD_OK)
        status = axprod_plan_partials(plan, whole[ROWS], theirs);
    axprod_plan_destroy(plan);
    if (status != AXPROD_OK)
        return fprintf(stderr, "%s\n", axprod_last_error()), 1;
#include FRAGMENT
    axprod_plan_destroy(plan);
    if (status != AXPROD_OK || count != 0)
        return fprintf(stderr, "%s\n", axprod_last_error()), 1;
    return compare(result) ? 0 : (fprintf(stderr, "not the bits of one call\n"), 1);
}
