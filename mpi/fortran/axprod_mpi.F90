! SPDX-License-Identifier: BSD-3-Clause
!
! Module axprod_mpi: products of arrays that are distributed over the ranks of an mpi_f08 communicator. The result has
! the bits that module axprod gives on the whole array on one rank, for any number of ranks and any boxes; complex ones
! may differ from those in the last bit.
!
!    use mpi_f08
!    use axprod_mpi
!    call axprod_mpi_block(global_shape, grid, rank, lower, extents)     ! or any other boxes that tile the array
!    allocate(x(lower(1):lower(1) + extents(1) - 1, lower(2):lower(2) + extents(2) - 1))
!    call axprod_mpi_prod(x, global_shape, lower, y, MPI_COMM_WORLD, dim=2, result=AXPROD_MPI_ALL)
!
! Each rank holds one box of the global array; the boxes of all ranks tile it without gap or overlap. Otherwise they are
! free: uneven, empty, sections, cut along any dimensions. The subroutines have these arguments in common:
!    x:            this rank's box, as in module axprod. It has the rank of the global array; its shape is that of the
!                  box. What its lower bounds are in the program does not matter.
!    global_shape: integer(int64), rank(x) of them: the extents of the global array, the same on all ranks.
!    lower:        integer(int64), rank(x) of them: where in the global array, whose indices start at 1, the box starts.
!    comm:         type(MPI_Comm), an intra-communicator. It carries no messages of a call that succeeds: the first call
!                  makes a duplicate that is freed with it.
!    dim:          as in module axprod, dimensions of the global array.
!    result:       where the result goes, and so what shape the outputs have:
!                  AXPROD_MPI_LOCAL    (default) each rank gets the part of the result that its box has factors of;
!                                      as module axprod wants it for x;
!                  AXPROD_MPI_ALL      every rank gets all of it; as module axprod wants it for the global array;
!                  AXPROD_MPI_ROOT     rank root gets all of it; on other ranks the outputs are not looked at;
!                  AXPROD_MPI_SCATTER  each rank keeps a slice of the part that it shares with other ranks, as
!                                      axprod_mpi_slice tells; of rank 1.
!    root:         a rank of comm, counted from 0 as MPI does; default 0.
!    num_threads:  of this rank; 0 or absent: a fair share of the cores that this process may run on.
!    stat, errmsg: as in module axprod. The error is the same on all ranks, and the sentence names the rank at fault.
! All but axprod_mpi_block are collective: all ranks of comm call them in the same order, with the same global_shape,
! dim, result, root, and types. MPI is called on the calling thread only.
! Errors: those of module axprod, and AXPROD_ERROR_TILING (gaps or overlaps), _DIFFER (arguments differ between ranks),
! _COMM (a null or inter-communicator), _MPI (MPI is not running, or failed), _COUNT (a size or rank out of range).
module axprod_mpi
   use, intrinsic :: iso_c_binding, only: c_char, c_double, c_int, c_int64_t
   use mpi_f08, only: MPI_Comm
   implicit none
   private
   public :: axprod_mpi_prod, axprod_mpi_scaled_prod, axprod_mpi_log_prod, axprod_mpi_block, axprod_mpi_slice

   ! As in axprod_mpi.h.
   integer, parameter, public :: AXPROD_MPI_LOCAL = 0, AXPROD_MPI_ALL = 1, AXPROD_MPI_ROOT = 2, AXPROD_MPI_SCATTER = 3

   interface
      ! out = the product of the global array along dim, rounded once to the type and kind of out; see axprod_prod_into.
      subroutine axprod_mpi_prod(x, global_shape, lower, out, comm, dim, result, root, num_threads, stat, errmsg) &
         bind(C, name="axprod_mpi_fortran_prod")
         import :: MPI_Comm, c_char, c_int, c_int64_t
         type(*), intent(in) :: x(..)
         integer(c_int64_t), intent(in) :: global_shape(:), lower(:)
         type(*), intent(inout) :: out(..)
         type(MPI_Comm), intent(in) :: comm
         integer(c_int), intent(in), optional :: dim(..)
         integer(c_int), intent(in), optional :: result, root, num_threads
         integer(c_int), intent(out), optional :: stat
         character(kind=c_char, len=*), intent(inout), optional :: errmsg
      end subroutine

      ! The product as significand * 2.0**exponent; see axprod_scaled_prod.
      subroutine axprod_mpi_scaled_prod(x, global_shape, lower, significand, exponent, comm, dim, result, root, &
         num_threads, stat, errmsg) bind(C, name="axprod_mpi_fortran_scaled_prod")
         import :: MPI_Comm, c_char, c_double, c_int, c_int64_t
         type(*), intent(in) :: x(..)
         integer(c_int64_t), intent(in) :: global_shape(:), lower(:)
         real(c_double), intent(inout) :: significand(..)
         integer(c_int64_t), intent(inout) :: exponent(..)
         type(MPI_Comm), intent(in) :: comm
         integer(c_int), intent(in), optional :: dim(..)
         integer(c_int), intent(in), optional :: result, root, num_threads
         integer(c_int), intent(out), optional :: stat
         character(kind=c_char, len=*), intent(inout), optional :: errmsg
      end subroutine

      ! The sign of the product and the natural logarithm of its magnitude; see axprod_log_prod.
      subroutine axprod_mpi_log_prod(x, global_shape, lower, sign, logabs, comm, dim, result, root, num_threads, &
         stat, errmsg) bind(C, name="axprod_mpi_fortran_log_prod")
         import :: MPI_Comm, c_char, c_double, c_int, c_int64_t
         type(*), intent(in) :: x(..)
         integer(c_int64_t), intent(in) :: global_shape(:), lower(:)
         real(c_double), intent(inout) :: sign(..), logabs(..)
         type(MPI_Comm), intent(in) :: comm
         integer(c_int), intent(in), optional :: dim(..)
         integer(c_int), intent(in), optional :: result, root, num_threads
         integer(c_int), intent(out), optional :: stat
         character(kind=c_char, len=*), intent(inout), optional :: errmsg
      end subroutine

      ! The box of a rank where an array is divided evenly over a process grid: dimension d into grid(d) blocks, of
      ! which the first ones are longer by one where the extent is no multiple. Ranks are numbered as MPI_Cart_create
      ! does: the last dimension of the grid runs fastest. Local: needs no MPI.
      !    global_shape, grid: of the same size, one for each dimension.
      !    rank:               0 to product(grid) - 1.
      !    lower, extents:     of that size, too: where the box starts, and its shape.
      subroutine axprod_mpi_block(global_shape, grid, rank, lower, extents, stat, errmsg) &
         bind(C, name="axprod_mpi_fortran_block")
         import :: c_char, c_int, c_int64_t
         integer(c_int64_t), intent(in) :: global_shape(:)
         integer(c_int), intent(in) :: grid(:)
         integer(c_int), intent(in) :: rank
         integer(c_int64_t), intent(inout) :: lower(:), extents(:)
         integer(c_int), intent(out), optional :: stat
         character(kind=c_char, len=*), intent(inout), optional :: errmsg
      end subroutine

      ! Which slice a rank keeps with AXPROD_MPI_SCATTER: of the part of the result that its box has factors of, the
      ! elements first to first + count - 1 in array element order, counted from 1.
      !    extents: the shape of this rank's box.
      subroutine axprod_mpi_slice(global_shape, lower, extents, comm, first, count, dim, stat, errmsg) &
         bind(C, name="axprod_mpi_fortran_slice")
         import :: MPI_Comm, c_char, c_int, c_int64_t
         integer(c_int64_t), intent(in) :: global_shape(:), lower(:), extents(:)
         type(MPI_Comm), intent(in) :: comm
         integer(c_int64_t), intent(inout) :: first, count
         integer(c_int), intent(in), optional :: dim(..)
         integer(c_int), intent(out), optional :: stat
         character(kind=c_char, len=*), intent(inout), optional :: errmsg
      end subroutine
   end interface

end module axprod_mpi
