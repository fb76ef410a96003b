! SPDX-License-Identifier: BSD-3-Clause
!
! Radiation of one frequency through a gas that absorbs it in front and amplifies it behind, as a maser does. Along each
! ray of cells of length ds the intensity obeys dI/ds = kappa I; the trapezoidal rule gives each cell a factor of
! (1 + h) / (1 - h), h = kappa ds / 2, and the transmission of the ray is the product of its factors. Between the two
! halves of the gas 10**-360 of the intensity is left, so that a product in real64 is zero from there on, although ten
! decimal orders below or above one are all that comes out behind. The gas is cut into boxes along all three dimensions,
! which the rays cross.
! G. B. Rybicki, A. P. Lightman, "Radiative Processes in Astrophysics", 1979, sections 1.4 and 1.6.
program transmission
   use, intrinsic :: iso_fortran_env, only: int64, real64, real128
   use mpi_f08
   use axprod_mpi
   implicit none

   integer(int64), parameter :: cells(3) = [16_int64, 12_int64, 4096_int64]
   real(real64), allocatable :: factors(:,:,:), through(:,:)
   integer(int64) :: lower(3), upper(3), extents(3), i, j, k
   integer :: grid(3), rank, ranks, wrong, plainly_wrong
   real(real64) :: faintest, brightest

   call MPI_Init()
   call MPI_Comm_rank(MPI_COMM_WORLD, rank)
   call MPI_Comm_size(MPI_COMM_WORLD, ranks)
   grid = 0
   call MPI_Dims_create(ranks, 3, grid)
   call axprod_mpi_block(cells, grid(3:1:-1), rank, lower, extents)
   upper = lower + extents - 1

   allocate(factors(lower(1):upper(1), lower(2):upper(2), lower(3):upper(3)))
   allocate(through(lower(1):upper(1), lower(2):upper(2)))
   do k = lower(3), upper(3)
      do j = lower(2), upper(2)
         do i = lower(1), upper(1)
            factors(i, j, k) = factor(i, j, k)
         end do
      end do
   end do
   call axprod_mpi_prod(factors, cells, lower, through, MPI_COMM_WORLD, dim=3)

   call verify(wrong, plainly_wrong)
   faintest = minval(through)
   brightest = maxval(through)
   call of_all_ranks()
   if (rank == 0) then
      print '(a, 2es25.16)', 'transmission of the faintest and of the brightest ray:', faintest, brightest
      print '(i0, a, i0, a)', cells(1) * cells(2), ' rays: ', plainly_wrong, ' of them are wrong with a plain product,'
      print '(i0, a)', wrong, ' with axprod_mpi_prod'
   end if
   call MPI_Finalize()
   if (wrong /= 0) error stop 'transmission: wrong'

contains

   ! The factor of a cell: clumps of gas that absorb in the nearer half, and amplify in the farther one.
   pure real(real64) function factor(i, j, k)
      integer(int64), intent(in) :: i, j, k
      real(real64) :: h
      h = 0.2_real64 + 0.05_real64 * sin(12.9898_real64 * i + 78.233_real64 * j + 37.719_real64 * k)
      if (2 * k <= cells(3)) h = -h
      factor = (1 + h) / (1 - h)
   end function

   ! This rank's rays against products in real128, which has range and bits to spare.
   subroutine verify(wrong, plainly_wrong)
      integer, intent(out) :: wrong, plainly_wrong
      real(real64) :: ray(cells(3))
      wrong = 0
      plainly_wrong = 0
      do j = lower(2), upper(2)
         do i = lower(1), upper(1)
            ray = [(factor(i, j, k), k = 1, cells(3))]
            associate (exact => real(product(real(ray, real128)), real64))
               wrong = wrong + count([abs(through(i, j) - exact) > 0])
               plainly_wrong = plainly_wrong + count([abs(product(ray) - exact) > 1e-10_real64 * exact])
            end associate
         end do
      end do
      ! Of the ranks that share rays, one counts them.
      plainly_wrong = merge(plainly_wrong, 0, lower(3) == 1)
   end subroutine

   subroutine of_all_ranks()
      call MPI_Allreduce(MPI_IN_PLACE, wrong, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD)
      call MPI_Allreduce(MPI_IN_PLACE, plainly_wrong, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD)
      call MPI_Allreduce(MPI_IN_PLACE, faintest, 1, MPI_DOUBLE_PRECISION, MPI_MIN, MPI_COMM_WORLD)
      call MPI_Allreduce(MPI_IN_PLACE, brightest, 1, MPI_DOUBLE_PRECISION, MPI_MAX, MPI_COMM_WORLD)
   end subroutine

end program transmission
