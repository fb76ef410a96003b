/* SPDX-License-Identifier: BSD-3-Clause */
/* The one door to the heap. Tests replace the hooks: the n-th allocation fails, or what is held is counted. */
#ifndef AXP_MEM_H
#define AXP_MEM_H

#include <stddef.h>

/* Widest vector and a cache line: what every block is aligned to. */
#define AXP_ALIGNMENT 64

/* bytes > 0, aligned to AXP_ALIGNMENT, to be freed by axp_free. NULL where there is no memory. */
void *axp_alloc(size_t bytes);
void axp_free(void *memory);

/* Called by axp_alloc and axp_free (NULL, too); set only while no other call runs. */
extern void *(*axp_malloc_hook)(size_t alignment, size_t bytes);
extern void (*axp_free_hook)(void *memory);

#endif
