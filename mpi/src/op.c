/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The datatypes and operations for partials. Made where they are first asked for, and freed in MPI_Finalize: by the
 * deletion of an attribute of MPI_COMM_SELF, which comes while MPI still works.
 */
#include "internal.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void multiply_partials(void *in, void *inout, int *count, MPI_Datatype *unused) {
    (void)unused;
    axprod_partial_merge(in, inout, *count);
}

static void multiply_complex_partials(void *in, void *inout, int *count, MPI_Datatype *unused) {
    (void)unused;
    axprod_complex_partial_merge(in, inout, *count);
}

enum {
    REAL,
    COMPLEX,
    ALGEBRAS
};

static struct algebra {
    int words;
    MPI_User_function *multiply;
    MPI_Datatype type;
    MPI_Op op;
} algebras[ALGEBRAS] = {
    [REAL] = {3, multiply_partials, MPI_DATATYPE_NULL, MPI_OP_NULL},
    [COMPLEX] = {5, multiply_complex_partials, MPI_DATATYPE_NULL, MPI_OP_NULL},
};

static int on_finalize(MPI_Comm comm, int key, void *value, void *unused) {
    (void)comm, (void)value, (void)unused;
    for (struct algebra *a = algebras; a < algebras + ALGEBRAS; a++) {
        if (a->op != MPI_OP_NULL)
            MPI_Op_free(&a->op);
        if (a->type != MPI_DATATYPE_NULL)
            MPI_Type_free(&a->type);
    }
    return MPI_Comm_free_keyval(&key);
}

/* Words: as fast as any datatype without gaps, and never cut in the middle. */
static void make(void) {
    int key;
    if (MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, on_finalize, &key, NULL) != MPI_SUCCESS ||
        MPI_Comm_set_attr(MPI_COMM_SELF, key, NULL) != MPI_SUCCESS)
        return;
    for (struct algebra *a = algebras; a < algebras + ALGEBRAS; a++) {
        if (MPI_Type_contiguous(a->words, MPI_INT64_T, &a->type) != MPI_SUCCESS ||
            MPI_Type_commit(&a->type) != MPI_SUCCESS)
            a->type = MPI_DATATYPE_NULL;
        if (MPI_Op_create(a->multiply, 1, &a->op) != MPI_SUCCESS)
            a->op = MPI_OP_NULL;
    }
}

static const struct algebra *get(int which) {
    int initialized = 0, finalized = 0;
    MPI_Initialized(&initialized);
    MPI_Finalized(&finalized);
    pthread_mutex_lock(&lock);
    if (initialized && !finalized && algebras[REAL].op == MPI_OP_NULL)
        make();
    pthread_mutex_unlock(&lock);
    return &algebras[which];
}

MPI_Datatype axprod_mpi_type(void) {
    return get(REAL)->type;
}

MPI_Op axprod_mpi_op(void) {
    return get(REAL)->op;
}

MPI_Datatype axprod_mpi_complex_type(void) {
    return get(COMPLEX)->type;
}

MPI_Op axprod_mpi_complex_op(void) {
    return get(COMPLEX)->op;
}
