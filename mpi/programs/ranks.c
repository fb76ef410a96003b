/* SPDX-License-Identifier: BSD-3-Clause */
/* One program of many ranks: see ranks.h. MPI's own errors end all ranks, as is usual. */
#include "ranks.h"

#include <stdlib.h>
#include <string.h>

int ranks_count(void) {
    int count;
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    return count;
}

int ranks_mine(void) {
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static void *allocate(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory)
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    return memory;
}

/* All arguments behind each other, each with its zero. */
static char *join(int argc, char **argv, int *bytes) {
    *bytes = 0;
    for (int i = 0; i < argc; i++)
        *bytes += (int)strlen(argv[i]) + 1;
    char *text = allocate((size_t)*bytes), *end = text;
    for (int i = 0; i < argc; i++)
        end = stpcpy(end, argv[i]) + 1;
    return text;
}

static char **split(char *text, int argc) {
    char **argv = allocate(sizeof *argv * ((size_t)argc + 1));
    for (int i = 0; i < argc; i++) {
        argv[i] = text;
        text += strlen(text) + 1;
    }
    argv[argc] = NULL;
    return argv;
}

/* Launchers can start ranks with different arguments; then not even which collectives come would be certain. */
void ranks_begin(int *argc, char ***argv) {
    int provided, size[2];
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    char *text = join(*argc, *argv, &size[1]);
    size[0] = *argc;
    MPI_Bcast(size, 2, MPI_INT, 0, MPI_COMM_WORLD);
    if (ranks_mine() != 0) {
        free(text);
        text = allocate((size_t)size[1]);
    }
    MPI_Bcast(text, size[1], MPI_CHAR, 0, MPI_COMM_WORLD);
    *argc = size[0];
    *argv = split(text, size[0]);
}

bool ranks_agree(bool good, message *error) {
    int none = ranks_count(), first = good ? none : ranks_mine();
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (first == none)
        return true;
    MPI_Bcast(error->text, sizeof error->text, MPI_CHAR, first, MPI_COMM_WORLD);
    if (first != 0) {
        char subject[32];
        snprintf(subject, sizeof subject, "rank %d", first);
        message_about(error, subject);
    }
    return false;
}
