/* SPDX-License-Identifier: BSD-3-Clause */
/* The one door to the heap. Tests replace the hook to make the n-th allocation of one rank fail. */
#ifndef AXP_MPI_MEM_H
#define AXP_MPI_MEM_H

#include <stddef.h>
#include <stdint.h>

/* count elements of that many bytes, at least one; NULL, with the sentence for axprod_last_error, without memory. */
void *axp_mpi_alloc(int64_t count, int64_t bytes);
void axp_mpi_free(void *memory);

/* Rooms of count elements of that many bytes each, and where their addresses go. */
typedef struct axp_mpi_rooms {
    struct {
        char **address;
        int64_t count, bytes;
    } list[8];
    int size;
} axp_mpi_rooms;

/* One more room; at most as many as the list has. */
void axp_mpi_want(axp_mpi_rooms *rooms, char **address, int64_t count, int64_t bytes);

/* All rooms in one allocation, which is returned and to be freed as axp_mpi_alloc's; NULL likewise. */
void *axp_mpi_alloc_rooms(const axp_mpi_rooms *rooms);

extern void *(*axp_mpi_malloc_hook)(size_t bytes);

#endif
