/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * axprod over MPI: the product of the elements of a distributed tensor along axes, correctly rounded.
 *
 * The result has the bits that axprod_prod gives on the whole tensor in one process, for any number of ranks, any
 * boxes, any place of the result and any MPI: it is a function of the elements alone (see axprod.h, whose numerical
 * contract holds here, too). Complex results have the error bound of that contract, for the elements of all ranks
 * together; in one call all ranks get the same bits, but other boxes or numbers of ranks may differ in the last bit.
 *
 * @code
 * // 1000 x 2 elements in blocks of rows, one for each rank; every rank gets the product of each column
 * const int64_t global_shape[] = {1000, 2};
 * int64_t offset[2], shape[2];
 * axprod_mpi_block(2, global_shape, (int[]){ranks, 1}, rank, offset, shape);
 * double *x = rows(offset[0], shape[0]), y[2]; // the elements of this rank, shape[0] x 2
 * const axprod_tensor local = {x, AXPROD_F64, 2, shape, NULL}, out = {y, AXPROD_F64, 1, (int64_t[]){2}, NULL};
 * axprod_status status = axprod_mpi_prod(&local, global_shape, offset, (int[]){0}, 1, NULL, &out, MPI_COMM_WORLD);
 * if (status != AXPROD_OK && rank == 0)
 *     fprintf(stderr, "%s\n", axprod_last_error());
 * @endcode
 *
 * Boxes. Each rank holds one box of the global tensor: its offset and its extents, both in elements of the global
 * shape. The boxes of all ranks of the communicator tile the tensor: no gap, no overlap. Otherwise they are free:
 * uneven, empty, with any strides in memory, cut along reduced axes, kept axes or both. The kept part of a box is the
 * box without its reduced axes: the outputs that it has factors of. A box without elements may still have a kept part:
 * extent 0 along reduced axes alone.
 *
 * Reduce groups: where the kept parts of any two boxes are equal or disjoint, the ranks with equal ones are a reduce
 * group, and its part is that kept part. Where kept parts overlap otherwise, or the tensor has outputs but no factors,
 * all ranks are one group, whose part is the whole result: that costs more messages, nothing else.
 *
 * Collective calls. Functions that say so are collective over the communicator: all of its ranks call them in the same
 * order, with the same global shape, axes, dtypes, form, options.result and options.root. They return the same status
 * on all ranks, and axprod_last_error() names the rank that was at fault and its argument. An error that shows only
 * while elements are multiplied (NO_MEMORY; NULL and OVERLAP in the execution of a plan) is agreed on by the ranks of a
 * reduce group, with AXPROD_MPI_ALL and AXPROD_MPI_ROOT by all ranks; the outputs then hold anything, on every rank.
 * After any other error no output has been written to. After an error that only some ranks can see, ERROR_MPI, plans on
 * that communicator can only be destroyed. MPI cannot agree without a communicator: errors of comm itself, of MPI not
 * running and of plan == NULL come back at once, on the rank that made them alone.
 *
 * The caller's communicator carries no traffic: the first call on it makes a duplicate, with MPI_ERRORS_RETURN, which
 * is kept as an attribute and freed with it. MPI_COMM_SELF and any intra-communicator will do. MPI has to be
 * initialised, at any thread level: axprod calls MPI only on the thread that called it. With MPI_THREAD_MULTIPLE
 * several threads may call at once on different communicators. Counts are 64-bit; messages are cut into pieces that MPI
 * can count and that caches hold.
 *
 * Every pointer means what it does in axprod.h. axprod_mpi has the version of axprod.
 */
#ifndef AXPROD_MPI_H
#define AXPROD_MPI_H

#include <axprod.h>
#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------ options --- */

/**
 * Where the result goes, and what `out` (or the two outputs of a form) has to be there. LOCAL and SCATTER need no
 * message between reduce groups.
 */
typedef enum axprod_mpi_result {
    /**
     * Each rank gets the kept part of its own box; out: of that shape, with or without the reduced axes at extent 1, as
     * axprod_prod() wants it for the local tensor.
     */
    AXPROD_MPI_LOCAL,
    /** Every rank gets the whole result; out: as axprod_prod() wants it for the global tensor. */
    AXPROD_MPI_ALL,
    /** Rank options.root gets the whole result; out: likewise; NULL, or any tensor, on the other ranks. */
    AXPROD_MPI_ROOT,
    /**
     * Each rank keeps a slice of its reduce group's part: the elements first .. first + count - 1 of the part in C
     * order, as axprod_mpi_slice() tells; out: one dimension, count elements.
     */
    AXPROD_MPI_SCATTER
} axprod_mpi_result;

/** Options of a call or plan. Initialise with AXPROD_MPI_OPTIONS_INIT, then set what matters. They are copied. */
typedef struct axprod_mpi_options {
    size_t size;              /**< of this struct, as the caller was compiled with it */
    axprod_mpi_result result; /**< where the result goes */
    int root; /**< rank that gets the result (AXPROD_MPI_ROOT); 0 .. size of the communicator - 1 with any result */
    /**
     * Threads of this rank. 0: the cores that this process may run on, shared with the ranks of the node that may run
     * there, too, and at most as many as axprod would use alone; OMP_NUM_THREADS can ask for fewer. A positive number
     * is taken as it is. The first rank of each node, and it alone, says so on stderr where its OMP_NUM_THREADS or this
     * option asks for more than its share of the cores: once for each communicator and each of the two.
     */
    int num_threads;
    /** As in axprod_options, for the multiplication of this rank's elements. */
    void (*progress)(double fraction, void *context);
    void *progress_context; /**< for progress alone; may be NULL */
} axprod_mpi_options;

/** The initial values of axprod_mpi_options; options == NULL means the same. */
#define AXPROD_MPI_OPTIONS_INIT                                                                                        \
    { sizeof(axprod_mpi_options), AXPROD_MPI_LOCAL, 0, 0, NULL, NULL }

/* -------------------------------------------------------------------------------------------------------- boxes --- */

/**
 * The box of a rank where a tensor is divided evenly over a process grid: along axis d into grid[d] blocks, of which
 * the first ones are longer by one where the extent is no multiple. Local: needs no MPI.
 *
 * @param ndim          dimensions, 0 .. AXPROD_MAX_NDIM
 * @param global_shape  ndim extents; where ndim is 0, this and the other arrays may be NULL
 * @param grid          ndim numbers of blocks, at least 1 each
 * @param rank          numbered in C order of the grid, as MPI_Cart_create does
 * @param offset,shape  get the box; room for ndim
 * @return OK; NULL, NDIM, SHAPE (an extent is negative), COUNT (grid[d] < 1, or rank is not in the grid).
 */
AXPROD_API axprod_status axprod_mpi_block(int ndim, const int64_t *global_shape, const int *grid, int rank,
                                          int64_t *offset, int64_t *shape);

/**
 * Collective. Which slice of its reduce group's part a rank keeps with AXPROD_MPI_SCATTER: elements *first ..
 * *first + *count - 1 in C order.
 *
 * @param ndim,global_shape  the global tensor
 * @param offset,shape  this rank's box
 * @param axes,naxes    of the global tensor, as in axprod_prod()
 * @param comm          as in axprod_mpi_prod()
 * @param first,count   get the slice, in elements
 * @return OK; NULL, NDIM, SHAPE, AXIS, NO_MEMORY, ISA, TILING, DIFFER, COMM, MPI: see axprod_mpi_prod().
 */
AXPROD_API axprod_status axprod_mpi_slice(int ndim, const int64_t *global_shape, const int64_t *offset,
                                          const int64_t *shape, const int *axes, int naxes, MPI_Comm comm,
                                          int64_t *first, int64_t *count);

/* -------------------------------------------------------------------------------------------- products, at once --- */

/**
 * Collective. out = the product of the global tensor along axes.
 *
 * Working memory of a rank: where its reduce group has other ranks, at most 48 bytes (complex: 72) for each output of
 * its part and a few MiB; else as axprod_prod(), and at most 32 bytes for each output unless the result is LOCAL.
 * Outputs whose rounding the partial products do not decide are multiplied again, in wide arithmetic over the ranks, at
 * most 16,384 of a reduce group at a time.
 *
 * @param local         this rank's box, whose shape is the box's extents; as many dimensions as the global tensor
 * @param global_shape,offset  local->ndim each; may be NULL where that is 0
 * @param axes,naxes    of the global tensor, as in axprod_prod()
 * @param options       NULL: as AXPROD_MPI_OPTIONS_INIT
 * @param out           as options.result says
 * @param comm          an intra-communicator; it belongs to the caller, and carries no message
 * @return OK; the errors of axprod_prod() (SHAPE also where a box is not inside the global shape), TILING
 * (boxes with gaps or overlaps), DIFFER (arguments differ between ranks), COUNT (too many plans,
 * axprod_mpi_plan_create()), COMM (comm is MPI_COMM_NULL or an inter-communicator), MPI (MPI is not initialised or
 * already finalised, or a function of it failed).
 */
AXPROD_API axprod_status axprod_mpi_prod(const axprod_tensor *local, const int64_t *global_shape, const int64_t *offset,
                                         const int *axes, int naxes, const axprod_mpi_options *options,
                                         const axprod_tensor *out, MPI_Comm comm);

/**
 * Collective. The same as axprod_scaled_prod(): P = significand 2^exponent.
 *
 * @param local,global_shape,offset,axes,naxes,options,comm  as in axprod_mpi_prod()
 * @param significand,exponent  of dtypes f64 and i64, each as options.result says
 * @return OK; errors as axprod_mpi_prod().
 */
AXPROD_API axprod_status axprod_mpi_scaled_prod(const axprod_tensor *local, const int64_t *global_shape,
                                                const int64_t *offset, const int *axes, int naxes,
                                                const axprod_mpi_options *options, const axprod_tensor *significand,
                                                const axprod_tensor *exponent, MPI_Comm comm);

/**
 * Collective. The same as axprod_log_prod(): the sign of P and ln|P|.
 *
 * @param local,global_shape,offset,axes,naxes,options,comm  as in axprod_mpi_prod()
 * @param sign,logabs  both of dtype f64, each as options.result says
 * @return OK; errors as axprod_mpi_prod().
 */
AXPROD_API axprod_status axprod_mpi_log_prod(const axprod_tensor *local, const int64_t *global_shape,
                                             const int64_t *offset, const int *axes, int naxes,
                                             const axprod_mpi_options *options, const axprod_tensor *sign,
                                             const axprod_tensor *logabs, MPI_Comm comm);

/* -------------------------------------------------------------------------------------------------------- plans --- */

/**
 * A product over ranks prepared once and executed often: boxes, dtypes, strides, axes and options are fixed, addresses
 * are not. A plan has memory and a communicator of its own, so that several may be under way at once, each with one
 * execution. It belongs to one thread at a time.
 */
typedef struct axprod_mpi_plan axprod_mpi_plan;

/** Most plans that may live on one communicator at a time. */
#define AXPROD_MPI_MAX_PLANS 32

/**
 * Collective. Creates a plan for axprod_mpi_prod() with the same arguments. data of the tensors is not looked at and
 * may be NULL; the plan keeps copies of all else.
 *
 * @param plan  set to NULL before anything else; the plan belongs to the caller, who gives it to
 *              axprod_mpi_plan_destroy()
 * @param local,global_shape,offset,axes,naxes,options,out,comm  as in axprod_mpi_prod()
 * @return OK; errors as axprod_mpi_prod() without OVERLAP with the input; NULL also for plan; COUNT (more than
 * AXPROD_MPI_MAX_PLANS).
 */
AXPROD_API axprod_status axprod_mpi_plan_create(axprod_mpi_plan **plan, const axprod_tensor *local,
                                                const int64_t *global_shape, const int64_t *offset, const int *axes,
                                                int naxes, const axprod_mpi_options *options, const axprod_tensor *out,
                                                MPI_Comm comm);

/**
 * Collective. The same for axprod_mpi_scaled_prod().
 *
 * @param plan  as in axprod_mpi_plan_create()
 * @param local,global_shape,offset,axes,naxes,options,significand,exponent,comm  as in axprod_mpi_scaled_prod()
 * @return OK; errors as axprod_mpi_plan_create().
 */
AXPROD_API axprod_status axprod_mpi_plan_create_scaled(axprod_mpi_plan **plan, const axprod_tensor *local,
                                                       const int64_t *global_shape, const int64_t *offset,
                                                       const int *axes, int naxes, const axprod_mpi_options *options,
                                                       const axprod_tensor *significand, const axprod_tensor *exponent,
                                                       MPI_Comm comm);

/**
 * Collective. The same for axprod_mpi_log_prod().
 *
 * @param plan  as in axprod_mpi_plan_create()
 * @param local,global_shape,offset,axes,naxes,options,sign,logabs,comm  as in axprod_mpi_log_prod()
 * @return OK; errors as axprod_mpi_plan_create().
 */
AXPROD_API axprod_status axprod_mpi_plan_create_log(axprod_mpi_plan **plan, const axprod_tensor *local,
                                                    const int64_t *global_shape, const int64_t *offset, const int *axes,
                                                    int naxes, const axprod_mpi_options *options,
                                                    const axprod_tensor *sign, const axprod_tensor *logabs,
                                                    MPI_Comm comm);

/**
 * Collective over the plan's communicator. Executes a plan. After an error the outputs may hold anything.
 *
 * @param plan    not under way
 * @param x       address of element (0, 0, ...) of this rank's box; may be NULL where that is empty
 * @param out     address of the output, or of the first one; may be NULL where this rank gets nothing
 * @param second  of the second output of a scaled or log plan, likewise; NULL for the others
 * @return OK; NULL, OVERLAP, NO_MEMORY, MPI, UNSUPPORTED (the plan is under way).
 */
AXPROD_API axprod_status axprod_mpi_plan_execute(axprod_mpi_plan *plan, const void *x, void *out, void *second);

/**
 * Begins an execution without waiting for other ranks: multiplies this rank's elements and hands the first message to
 * MPI. All ranks start their plans on a communicator in the same order; tests and waits may come in any order and
 * number. Work goes on inside these calls alone. From start until axprod_mpi_plan_test() says done or
 * axprod_mpi_plan_wait() returns, x stays as it is, since rounding may need its elements once more, and the outputs
 * belong to the plan. What fails is reported once, by the test that says done, or by wait.
 *
 * @param plan,x,out,second  as in axprod_mpi_plan_execute()
 * @return OK; NULL (plan), UNSUPPORTED (the plan is under way).
 */
AXPROD_API axprod_status axprod_mpi_plan_start(axprod_mpi_plan *plan, const void *x, void *out, void *second);

/**
 * Does of a started execution what can be done now.
 *
 * @param plan  started
 * @param done  whether all of it is done
 * @return OK; errors as axprod_mpi_plan_execute(), NULL also for done, UNSUPPORTED where nothing was started.
 */
AXPROD_API axprod_status axprod_mpi_plan_test(axprod_mpi_plan *plan, bool *done);

/**
 * Does the rest of a started execution, and waits for other ranks as far as that needs them.
 *
 * @param plan  started
 * @return OK; errors as axprod_mpi_plan_execute(), UNSUPPORTED where nothing was started.
 */
AXPROD_API axprod_status axprod_mpi_plan_wait(axprod_mpi_plan *plan);

/**
 * Writes a line about the plan for logs and bug reports (result, ranks of the reduce group, bytes of a partial product
 * on its way, transport and why, threads, then axprod_plan_describe() of what this rank multiplies), as snprintf. The
 * wording may change.
 *
 * @param plan,text,size  as in axprod_plan_describe()
 * @return The length of the whole line.
 */
AXPROD_API int axprod_mpi_plan_describe(const axprod_mpi_plan *plan, char *text, size_t size);

/**
 * Frees a plan. Local.
 *
 * @param plan  not under way; NULL does nothing
 */
AXPROD_API void axprod_mpi_plan_destroy(axprod_mpi_plan *plan);

/* ------------------------------------------------------------------------------------ collectives of your own --- */

/**
 * For partials of all sorts of collectives: MPI_Allreduce, MPI_Reduce, MPI_Reduce_scatter, MPI_Scan and all others,
 * blocking or not.
 *
 * @return The MPI datatype of one axprod_partial; MPI_DATATYPE_NULL where MPI is not running or refuses. It belongs to
 * the library and is freed in MPI_Finalize.
 */
AXPROD_API MPI_Datatype axprod_mpi_type(void);

/**
 * The product of partials as an operation on that datatype. It is commutative to the last bit and declared so; it is
 * not associative in the last bits, for which axprod_plan_finish() accounts. An MPI may multiply in another order on
 * each rank, so let one rank finish partials, or finish what axprod_plan_finish() leaves unresolved by the word of one
 * rank.
 *
 * @return The operation; MPI_OP_NULL where MPI is not running or refuses. It belongs to the library and is freed in
 * MPI_Finalize.
 */
AXPROD_API MPI_Op axprod_mpi_op(void);

/**
 * As axprod_mpi_type().
 *
 * @return The MPI datatype of one axprod_complex_partial; MPI_DATATYPE_NULL where MPI is not running or refuses. It
 * belongs to the library and is freed in MPI_Finalize.
 */
AXPROD_API MPI_Datatype axprod_mpi_complex_type(void);

/**
 * As axprod_mpi_op(), for complex partials. Their rounding is not tested, so ranks that finish what an MPI multiplied
 * in another order may get other bits.
 *
 * @return The operation; MPI_OP_NULL where MPI is not running or refuses. It belongs to the library and is freed in
 * MPI_Finalize.
 */
AXPROD_API MPI_Op axprod_mpi_complex_op(void);

#ifdef __cplusplus
}
#endif

#endif
