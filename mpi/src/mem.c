/* SPDX-License-Identifier: BSD-3-Clause */
#include "mem.h"
#include "internal.h"

#include <stdlib.h>
#include <sys/mman.h>

#define CACHE_LINE 64
#define HUGE_PAGE ((int64_t)2 << 20)
/* More than any machine has. */
#define MOST_BYTES ((int64_t)1 << 60)

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

void axp_mpi_want(axp_mpi_rooms *rooms, char **address, int64_t count, int64_t bytes) {
    int i = rooms->size++;
    rooms->list[i].address = address;
    rooms->list[i].count = count;
    rooms->list[i].bytes = bytes;
}

static int64_t round_up(int64_t value, int64_t unit) {
    return (value + unit - 1) / unit * unit;
}

/* The end, up to a cache line, of room i that begins at `at`; MOST_BYTES where it is beyond that. */
static int64_t room_end(const axp_mpi_rooms *rooms, int i, int64_t at) {
    int64_t bytes, end;
    if (__builtin_mul_overflow(rooms->list[i].count, rooms->list[i].bytes, &bytes) ||
        __builtin_add_overflow(at, bytes, &end) || end > MOST_BYTES)
        return MOST_BYTES;
    return round_up(end, CACHE_LINE);
}

/*
 * What travels between the ranks of a node is copied page by page, which takes twice as long in small pages. So what
 * is worth a huge page lies in such ones, as far as the system grants them. It is one allocation because only its last
 * page may be filled in part.
 */
void *axp_mpi_alloc_rooms(const axp_mpi_rooms *rooms) {
    int64_t all = 0;
    for (int i = 0; i < rooms->size; i++)
        all = room_end(rooms, i, all);
    int64_t page = all >= HUGE_PAGE / 2 ? HUGE_PAGE : CACHE_LINE;
    all = round_up(all, page);
    void *memory = axp_mpi_alloc((all + page) / CACHE_LINE, CACHE_LINE);
    if (!memory)
        return NULL;
    char *at = (char *)memory + (page - (int64_t)((uintptr_t)memory % (uintptr_t)page)) % page;
#ifdef MADV_HUGEPAGE
    if (page == HUGE_PAGE)
        madvise(at, (size_t)all, MADV_HUGEPAGE);
#endif
    for (int i = 0; i < rooms->size; i++) {
        *rooms->list[i].address = at;
        at += round_up(rooms->list[i].count * rooms->list[i].bytes, CACHE_LINE);
    }
    return memory;
}
