/* SPDX-License-Identifier: BSD-3-Clause */
#include "mem.h"

#include <stdint.h>
#include <stdlib.h>

void *(*axp_malloc_hook)(size_t alignment, size_t bytes) = aligned_alloc;
void (*axp_free_hook)(void *memory) = free;

void *axp_alloc(size_t bytes) {
    if (bytes > SIZE_MAX - AXP_ALIGNMENT)
        return NULL;
    /* aligned_alloc wants a multiple of the alignment */
    return axp_malloc_hook(AXP_ALIGNMENT, (bytes + AXP_ALIGNMENT - 1) / AXP_ALIGNMENT * AXP_ALIGNMENT);
}

void axp_free(void *memory) {
    axp_free_hook(memory);
}
