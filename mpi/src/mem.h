/* SPDX-License-Identifier: BSD-3-Clause */
/* The one door to the heap. Tests replace the hook to make the n-th allocation of one rank fail. */
#ifndef AXP_MPI_MEM_H
#define AXP_MPI_MEM_H

#include <stddef.h>
#include <stdint.h>

/* count elements of that many bytes, at least one; NULL, with the sentence for axprod_last_error, without memory. */
void *axp_mpi_alloc(int64_t count, int64_t bytes);
void axp_mpi_free(void *memory);

extern void *(*axp_mpi_malloc_hook)(size_t bytes);

#endif
