! SPDX-License-Identifier: BSD-3-Clause
!
! Module axprod_mpi: every place of the result and every form has the bits that module axprod gives on the whole array,
! on boxes of several process grids; errors of one rank are the same on all.
program fortran
   use, intrinsic :: iso_fortran_env, only: int64, real64
   use mpi_f08
   use axprod
   use axprod_mpi
   use checking
   implicit none

   integer(int64), parameter :: global_shape(3) = [7_int64, 5_int64, 6_int64]
   real(real64) :: whole(7, 5, 6)
   real(real64), allocatable :: box(:,:,:)
   integer(int64) :: lower(3), extents(3)
   integer :: rank, ranks, stat
   character(len=200) :: message

   call before_init()
   call MPI_Init()
   call MPI_Comm_rank(MPI_COMM_WORLD, rank)
   call MPI_Comm_size(MPI_COMM_WORLD, ranks)
   call check_world()
   call fill()
   call on_grid([ranks, 1, 1])
   call on_grid([1, ranks, 1])
   call on_grid([1, 1, ranks])
   if (mod(ranks, 2) == 0) call on_grid([ranks / 2, 1, 2])
   deallocate(box)
   call communicators()
   call errors()
   call MPI_Finalize()

contains

   subroutine before_init()
      real(real64) :: y(1)
      call axprod_mpi_prod([1.0_real64], [1_int64], [1_int64], y, MPI_COMM_WORLD, stat=stat, errmsg=message)
      call check(stat == AXPROD_ERROR_MPI .and. index(message, 'not initialised') > 0, 'before MPI_Init: ' // message)
   end subroutine

   ! A launcher of another MPI would start as many worlds of one rank.
   subroutine check_world()
      character(len=20) :: expected, found
      call get_environment_variable('AXPROD_TEST_RANKS', expected)
      write (found, '(i0)') ranks
      call check(expected == found, 'the world has ' // trim(found) // ' ranks, expected ' // expected)
   end subroutine

   ! Wild numbers: their products leave the range on the way.
   subroutine fill()
      real(real64) :: u(size(whole)), v(size(whole))
      call uniform(1, u)
      call uniform(2, v)
      u = (v - 0.5_real64) * 2.0_real64**nint((2 * u - 1) * 300)
      whole = reshape(u, shape(whole))
   end subroutine

   ! The box has other strides than an array of its own, and other lower bounds than one.
   subroutine on_grid(grid)
      integer, intent(in) :: grid(3)
      integer :: first(3), last(3)
      call axprod_mpi_block(global_shape, grid, rank, lower, extents)
      first = int(lower)
      last = int(lower + extents - 1)
      if (allocated(box)) deallocate(box)
      allocate(box(first(1):last(1), 2 * first(2):2 * last(2) + 1, first(3):last(3)), source=0.0_real64)
      box(:, 2 * first(2)::2, :) = whole(first(1):last(1), first(2):last(2), first(3):last(3))
      call local_parts(first, last)
      call whole_results()
      call slices()
      call forms()
   end subroutine

   subroutine local_parts(first, last)
      integer, intent(in) :: first(3), last(3)
      real(real64) :: all_y(5, 6), y(first(2):last(2), first(3):last(3)), kept(first(1):last(1), 1, 1)
      real(real64) :: all_kept(7, 1, 1)
      all_y = axprod_prod(whole, 1)
      call axprod_mpi_prod(box(:, ::2, :), global_shape, lower, y, MPI_COMM_WORLD, dim=1)
      call check(all(same_bits(y, all_y(first(2):last(2), first(3):last(3)))), 'local parts')
      call axprod_prod_into(whole, all_kept, dim=[2, 3])
      call axprod_mpi_prod(box(:, ::2, :), global_shape, lower, kept, MPI_COMM_WORLD, dim=[3, 2], &
         result=AXPROD_MPI_LOCAL, num_threads=1)
      call check(all(same_bits(kept(:, 1, 1), all_kept(first(1):last(1), 1, 1))), 'local parts with extents of 1')
   end subroutine

   subroutine whole_results()
      real(real64) :: y(7, 6), scalar, nothing(0)
      integer(int64) :: counts(7, 5), box_of_counts(extents(1), extents(2), extents(3))
      call axprod_mpi_prod(box(:, ::2, :), global_shape, lower, y, MPI_COMM_WORLD, dim=2, result=AXPROD_MPI_ALL)
      call check(all(same_bits(y, axprod_prod(whole, 2))), 'the whole result on all ranks')
      call axprod_mpi_prod(box(:, ::2, :), global_shape, lower, scalar, MPI_COMM_WORLD, result=AXPROD_MPI_ALL)
      call check(same_bits(scalar, axprod_prod(whole)), 'all dimensions')
      if (rank == ranks - 1) then
         call axprod_mpi_prod(box(:, ::2, :), global_shape, lower, y(:, 6:1:-1), MPI_COMM_WORLD, 2, &
            AXPROD_MPI_ROOT, ranks - 1)
         call check(all(same_bits(y(:, 6:1:-1), axprod_prod(whole, 2))), 'the whole result on the last rank')
      else
         call axprod_mpi_prod(box(:, ::2, :), global_shape, lower, nothing, MPI_COMM_WORLD, 2, AXPROD_MPI_ROOT, &
            ranks - 1)
      end if
      box_of_counts = -3
      call axprod_mpi_prod(box_of_counts, global_shape, lower, counts, MPI_COMM_WORLD, dim=3, result=AXPROD_MPI_ALL)
      call check(all(counts == 3**6), 'integers')
   end subroutine

   subroutine slices()
      real(real64), allocatable :: slice(:)
      integer(int64) :: first, count
      call axprod_mpi_slice(global_shape, lower, extents, MPI_COMM_WORLD, first, count, dim=1)
      allocate(slice(count))
      call axprod_mpi_prod(box(:, ::2, :), global_shape, lower, slice, MPI_COMM_WORLD, 1, AXPROD_MPI_SCATTER)
      call check(all(same_bits(slice, part_of(axprod_prod(whole, 1), first, count))), 'slices')
   end subroutine

   ! Elements first to first + count - 1 in array element order of this box's part of the result.
   function part_of(y, first, count) result(slice)
      real(real64), intent(in) :: y(5, 6)
      integer(int64), intent(in) :: first, count
      real(real64) :: slice(count)
      real(real64), allocatable :: part(:)
      part = reshape(y(lower(2):lower(2) + extents(2) - 1, lower(3):lower(3) + extents(3) - 1), &
         [extents(2) * extents(3)])
      slice = part(first:first + count - 1)
   end function

   subroutine forms()
      real(real64) :: significand(7, 6), expected(7, 6), logabs(7, 6), expected_logabs(7, 6)
      integer(int64) :: exponent(7, 6), expected_exponent(7, 6)
      call axprod_scaled_prod(whole, expected, expected_exponent, 2)
      call axprod_mpi_scaled_prod(box(:, ::2, :), global_shape, lower, significand, exponent, MPI_COMM_WORLD, 2, &
         AXPROD_MPI_ALL)
      call check(all(same_bits(significand, expected)) .and. all(exponent == expected_exponent), 'scaled products')
      call axprod_log_prod(whole, expected, expected_logabs, 2)
      call axprod_mpi_log_prod(box(:, ::2, :), global_shape, lower, significand, logabs, MPI_COMM_WORLD, 2, &
         AXPROD_MPI_ALL)
      call check(all(same_bits(significand, expected)) .and. all(same_bits(logabs, expected_logabs)), 'logarithms')
   end subroutine

   subroutine communicators()
      real(real64) :: y(7, 6), nobody(2, 3)
      type(MPI_Comm) :: comm
      call axprod_mpi_prod(whole, global_shape, [1_int64, 1_int64, 1_int64], y, MPI_COMM_SELF, 2)
      call check(all(same_bits(y, axprod_prod(whole, 2))), 'a communicator of one rank')
      call MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, comm)
      call axprod_mpi_block(global_shape, [1, ranks, 1], ranks - 1 - rank, lower, extents)
      call axprod_mpi_prod(whole(:, lower(2):lower(2) + extents(2) - 1, :), global_shape, lower, y, comm, 2)
      call check(all(same_bits(y, axprod_prod(whole, 2))), 'ranks in another order')
      call MPI_Comm_free(comm)
      nobody = 0
      call axprod_mpi_prod(nobody, [2_int64, 3_int64], [1_int64, 1_int64], y(1, 1), MPI_COMM_NULL, stat=stat, &
         errmsg=message)
      call check(stat == AXPROD_ERROR_COMM .and. index(message, 'MPI_COMM_NULL') > 0, 'no communicator: ' // message)
   end subroutine

   ! What only the last rank does wrong: 0 nothing, 1 to 8 as below.
   subroutine errors()
      integer :: mistake
      integer, parameter :: status(0:8) = [AXPROD_OK, AXPROD_ERROR_AXIS, AXPROD_ERROR_OUT_SHAPE, AXPROD_ERROR_DTYPE, &
         AXPROD_ERROR_SHAPE, AXPROD_ERROR_COUNT, AXPROD_ERROR_OPTIONS, AXPROD_ERROR_OVERLAP, AXPROD_ERROR_SHAPE]
      character(len=12), parameter :: word(0:8) = [character(len=12) :: '', 'dim 4', 'extent 2 of', &
         'x is neither', 'lower(3)', 'global_shape', 'num_threads', 'overlap', 'lower(1)']
      do mistake = 0, size(status) - 1
         message = ''
         call with_mistake(merge(mistake, 0, rank == ranks - 1))
         call check_agreed(status(mistake), trim(word(mistake)))
      end do
      call with_boxes_that_overlap()
      call slice_with_mistake()
   end subroutine

   subroutine with_mistake(mistake)
      integer, intent(in) :: mistake
      real(real64), target :: x(2, 3, 4)
      real(real64), target :: y(3, 4)
      real(real64), pointer :: out(:,:)
      logical :: truth(2, 3, 4)
      integer(int64) :: shape_of_all(3), start(3)
      integer :: dim, threads
      x = 2
      truth = .true.
      shape_of_all = [2_int64 * ranks, 3_int64, 4_int64]
      start = [2_int64 * rank + 1, 1_int64, 1_int64]
      dim = merge(4, 1, mistake == 1)
      out => y
      if (mistake == 2) out => y(:, :3)
      if (mistake == 4) start(3) = 2
      threads = merge(-1, 1, mistake == 6)
      if (mistake == 7) out => x(1, :, :)
      if (mistake == 8) start(1) = huge(start)
      if (mistake == 3) then
         call axprod_mpi_prod(truth, shape_of_all, start, out, MPI_COMM_WORLD, dim, stat=stat, errmsg=message)
      else if (mistake == 5) then
         call axprod_mpi_prod(x, shape_of_all(:2), start, out, MPI_COMM_WORLD, dim, stat=stat, errmsg=message)
      else
         call axprod_mpi_prod(x, shape_of_all, start, out, MPI_COMM_WORLD, dim, num_threads=threads, stat=stat, &
            errmsg=message)
      end if
      if (stat == AXPROD_OK) call check(all(y == 4.0_real64**ranks), 'a call that is right')
   end subroutine

   ! The same status and sentence on all ranks, which names the last one.
   subroutine check_agreed(status, word)
      integer, intent(in) :: status
      character(len=*), intent(in) :: word
      character(len=len(message)) :: of_first
      character(len=20) :: culprit
      of_first = message
      call MPI_Bcast(of_first, len(of_first), MPI_CHARACTER, 0, MPI_COMM_WORLD)
      write (culprit, '("rank ", i0, ":")') ranks - 1
      call check(stat == status, word // ': another status: ' // message)
      call check(message == of_first, word // ': another sentence: ' // message // of_first)
      call check(index(message, word) > 0, word // ', not: ' // message)
      call check(status == AXPROD_OK .or. index(message, trim(culprit)) == 1, &
         word // ': the rank is not named: ' // message)
   end subroutine

   subroutine with_boxes_that_overlap()
      real(real64) :: x(3), y
      x = 1
      call axprod_mpi_prod(x, [4_int64], [1_int64], y, MPI_COMM_WORLD, stat=stat, errmsg=message)
      call check(stat == AXPROD_ERROR_TILING, 'boxes with gaps or overlaps: ' // message)
   end subroutine

   subroutine slice_with_mistake()
      integer(int64) :: first, count
      integer :: dim
      dim = merge(4, 1, rank == ranks - 1)
      message = ''
      call axprod_mpi_slice([2_int64 * ranks, 3_int64, 4_int64], [2_int64 * rank + 1, 1_int64, 1_int64], &
         [2_int64, 3_int64, 4_int64], MPI_COMM_WORLD, first, count, dim, stat, message)
      call check_agreed(AXPROD_ERROR_AXIS, 'dim 4')
      call axprod_mpi_block(global_shape, [1, 0, 1], rank, lower, extents, stat, message)
      call check(stat == AXPROD_ERROR_COUNT .and. index(message, 'grid(2) is 0') > 0, 'a grid of none: ' // message)
      call axprod_mpi_block(global_shape, [ranks, 1, 1], ranks, lower, extents, stat, message)
      call check(stat == AXPROD_ERROR_COUNT .and. index(message, 'rank is') > 0, 'a rank outside: ' // message)
      call axprod_mpi_block(global_shape, [ranks, 1], rank, lower, extents, stat, message)
      call check(stat == AXPROD_ERROR_COUNT .and. index(message, 'grid has 2 elements') > 0, &
         'a grid too small: ' // message)
   end subroutine

end program fortran
