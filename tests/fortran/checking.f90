! SPDX-License-Identifier: BSD-3-Clause
!
! What the tests of the Fortran modules share: a check that fails ends the program.
module checking
   use, intrinsic :: iso_fortran_env, only: error_unit, int64, real64
   implicit none
   private
   public :: check, same_bits, uniform

contains

   subroutine check(condition, what)
      logical, intent(in) :: condition
      character(len=*), intent(in) :: what
      if (condition) return
      write (error_unit, '(2a)') 'FAILED: ', what
      error stop
   end subroutine

   ! NaN is the same as NaN, and -0 is not the same as 0.
   elemental logical function same_bits(a, b)
      real(real64), intent(in) :: a, b
      same_bits = transfer(a, 0_int64) == transfer(b, 0_int64)
   end function

   ! Numbers in 0 to 1 from a seed of the caller's.
   subroutine uniform(seed, x)
      integer, intent(in) :: seed
      real(real64), intent(out) :: x(:)
      integer, allocatable :: state(:)
      integer :: size_of_state, i
      call random_seed(size=size_of_state)
      state = [(7919 * seed + 104729 * i, i = 1, size_of_state)]
      call random_seed(put=state)
      call random_number(x)
   end subroutine

end module checking
