/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The private side of the user's communicators: a duplicate of each, kept as its attribute, and communicators for
 * plans, which are kept and used again, since making one costs more than most products.
 */
#include "internal.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int keyval = MPI_KEYVAL_INVALID;

/* ------------------------------------------------------------------------------------------- life of a context --- */

static void free_comm(MPI_Comm *comm) {
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (!finalized && *comm != MPI_COMM_NULL)
        MPI_Comm_free(comm);
    *comm = MPI_COMM_NULL;
}

static void free_slot(axp_mpi_slot *slot) {
    free_comm(&slot->comm);
    axp_mpi_free(slot->division);
    slot->division = NULL;
}

void axp_mpi_context_release(axp_mpi_context *context) {
    if (!context || --context->references > 0)
        return;
    for (int i = 0; i < AXP_MPI_SLOTS; i++)
        free_slot(&context->slots[i]);
    free_comm(&context->comm);
    axp_mpi_free(context);
}

/* MPI calls this when the user frees the communicator. */
static int on_free(MPI_Comm comm, int key, void *context, void *unused) {
    (void)comm, (void)key, (void)unused;
    axp_mpi_context_release(context);
    return MPI_SUCCESS;
}

static axprod_status get_keyval(int *key) {
    int code = MPI_SUCCESS;
    pthread_mutex_lock(&lock);
    if (keyval == MPI_KEYVAL_INVALID)
        code = MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, on_free, &keyval, NULL);
    *key = keyval;
    pthread_mutex_unlock(&lock);
    return axp_mpi_check(code);
}

/* Nothing else may be asked of MPI before this. */
static axprod_status check_comm(MPI_Comm comm) {
    int initialized = 0, finalized = 0, inter = 0;
    MPI_Initialized(&initialized);
    MPI_Finalized(&finalized);
    if (!initialized || finalized)
        return axp_mpi_fail(AXPROD_ERROR_MPI, finalized ? "MPI has been finalised"
                                                        : "MPI is not initialised: call MPI_Init_thread first");
    if (comm == MPI_COMM_NULL)
        return axp_mpi_fail(AXPROD_ERROR_COMM, "comm is MPI_COMM_NULL");
    AXP_TRY_MPI(MPI_Comm_test_inter(comm, &inter));
    if (inter)
        return axp_mpi_fail(AXPROD_ERROR_COMM, "comm is an inter-communicator: reductions need one group of ranks");
    return AXPROD_OK;
}

static axprod_status fill_context(axp_mpi_context *context, MPI_Comm comm) {
    *context = (axp_mpi_context){.comm = comm, .references = 1};
    for (int i = 0; i < AXP_MPI_SLOTS; i++)
        context->slots[i].comm = MPI_COMM_NULL;
    AXP_TRY_MPI(MPI_Comm_size(comm, &context->ranks));
    AXP_TRY_MPI(MPI_Comm_rank(comm, &context->rank));
    return AXPROD_OK;
}

/* Collective: the duplicate comes first, so that ranks without memory can say so on it. */
static axprod_status make_context(MPI_Comm comm, int key, axp_mpi_context **context) {
    MPI_Comm own;
    AXP_TRY_MPI(MPI_Comm_dup(comm, &own));
    AXP_TRY_MPI(MPI_Comm_set_errhandler(own, MPI_ERRORS_RETURN));
    axp_mpi_context *made = axp_mpi_alloc(1, sizeof *made);
    axprod_status status = made ? fill_context(made, own) : AXPROD_ERROR_NO_MEMORY;
    status = axp_mpi_agree(own, status);
    if (status == AXPROD_OK)
        status = axp_mpi_share_cores(own, &made->cores);
    if (status == AXPROD_OK)
        status = axp_mpi_check(MPI_Comm_set_attr(comm, key, made));
    if (status != AXPROD_OK) {
        free_comm(&own);
        axp_mpi_free(made);
        return status;
    }
    *context = made;
    return AXPROD_OK;
}

axprod_status axp_mpi_context_get(MPI_Comm comm, axp_mpi_context **context) {
    int key, found = 0;
    AXP_TRY(check_comm(comm));
    AXP_TRY(get_keyval(&key));
    AXP_TRY_MPI(MPI_Comm_get_attr(comm, key, context, &found));
    if (!found)
        AXP_TRY(make_context(comm, key, context));
    (*context)->references++;
    return AXPROD_OK;
}

/* -------------------------------------------------------------------------------------- communicators for plans --- */

uint64_t axp_mpi_idle_slots(const axp_mpi_context *context) {
    uint64_t idle = 0;
    for (int i = 0; i < AXP_MPI_SLOTS; i++)
        idle |= (uint64_t)!context->slots[i].used << i;
    return idle;
}

/* NULL: all ranks are one group. */
static bool same_division(const int *a, const int *b, int ranks) {
    for (int r = 0; r < ranks; r++)
        if ((a ? a[r] : 0) != (b ? b[r] : 0))
            return false;
    return true;
}

/* An idle slot that has this division, else an empty one, else any idle one; -1: all are in use. */
static int find_slot(const axp_mpi_context *context, const int *division, uint64_t idle) {
    int empty = -1, any = -1;
    for (int i = 0; i < AXP_MPI_SLOTS; i++) {
        const axp_mpi_slot *slot = &context->slots[i];
        if (!(idle >> i & 1))
            continue;
        if (slot->comm != MPI_COMM_NULL && same_division(slot->division, division, context->ranks))
            return i;
        if (slot->comm == MPI_COMM_NULL && empty < 0)
            empty = i;
        any = i;
    }
    return empty >= 0 ? empty : any;
}

axprod_status axp_mpi_acquire(axp_mpi_context *context, int **division, uint64_t *idle, int *found) {
    int i = find_slot(context, *division, *idle);
    if (i < 0)
        return axp_mpi_fail(AXPROD_ERROR_COUNT, "comm has %d plans already: destroy some", AXPROD_MPI_MAX_PLANS);
    axp_mpi_slot *slot = &context->slots[i];
    if (slot->comm == MPI_COMM_NULL || !same_division(slot->division, *division, context->ranks)) {
        free_slot(slot);
        AXP_TRY_MPI(
            MPI_Comm_split(context->comm, *division ? (*division)[context->rank] : 0, context->rank, &slot->comm));
        AXP_TRY_MPI(MPI_Comm_set_errhandler(slot->comm, MPI_ERRORS_RETURN));
        slot->division = *division;
        *division = NULL;
    }
    slot->used = true;
    *idle &= ~(UINT64_C(1) << i);
    *found = i;
    return AXPROD_OK;
}
