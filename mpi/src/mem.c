/* SPDX-License-Identifier: BSD-3-Clause */
#include "mem.h"
#include "internal.h"

#include <stdlib.h>

void *(*axp_mpi_malloc_hook)(size_t bytes) = malloc;

void *axp_mpi_alloc(int64_t count, int64_t bytes) {
    int64_t all;
    void *memory = NULL;
    if (!__builtin_mul_overflow(count, bytes, &all))
        memory = axp_mpi_malloc_hook(all > 0 ? (size_t)all : 1);
    if (!memory)
        axp_mpi_fail(AXPROD_ERROR_NO_MEMORY, "%lld times %lld bytes could not be allocated", (long long)count,
                     (long long)bytes);
    return memory;
}

void axp_mpi_free(void *memory) {
    free(memory);
}
