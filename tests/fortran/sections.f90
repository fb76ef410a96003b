! SPDX-License-Identifier: BSD-3-Clause
!
! No array is copied on its way to the core: what arrives there has the address of the section's first element and the
! section's strides, however the array came by its shape.
program sections
   use, intrinsic :: iso_c_binding, only: c_associated, c_int, c_int64_t, c_loc, c_ptr
   use, intrinsic :: iso_fortran_env, only: int16, real32, real64
   use axprod
   use checking
   implicit none

   interface
      subroutine seen(x, rank, strides, out) bind(C)
         import :: c_int, c_int64_t, c_ptr
         type(c_ptr), intent(out) :: x, out
         integer(c_int), intent(out) :: rank
         integer(c_int64_t), intent(out) :: strides(*)
      end subroutine
   end interface

   type :: particle
      integer(int16) :: charge
      real(real64) :: position(3)
      real(real32) :: weight
   end type

   real(real64), target :: a(4, 5, 6)
   real(real64), target, allocatable :: b(:,:)
   real(real64), pointer :: p(:,:)
   type(particle), target :: particles(10)
   integer(int16), target :: charges(-2:2, 3:7)
   real(real64) :: plane(4, 6)
   real(real64), target :: out(5, 6)
   real(real64) :: scalar
   real(real32) :: weight
   integer(int16) :: row(5)

   ! Every result is looked at: the functions are pure, and calls for nothing may be left out.
   a = 1
   charges = 1
   particles = particle(2, 1, 0.5)
   allocate(b(6, 4), source=1.0_real64)

   plane = axprod_prod(a, dim=2)
   call check_seen(c_loc(a), [8, 32, 160], 'a whole array')
   call check(all(plane == 1), 'a whole array')
   plane = axprod_prod(a(:, 5:1:-2, :), 2)
   call check_seen(c_loc(a(1, 5, 1)), [8, -64, 160], 'a section with a negative stride')
   call check(all(plane == 1), 'a section with a negative stride')
   scalar = axprod_prod(a(2, :, ::5))
   call check_seen(c_loc(a(2, 1, 1)), [32, 800], 'a section of less rank')
   call check(scalar == 1, 'a section of less rank')
   call axprod_prod_into(a(4:2:-1, :, :), out, dim=[1])
   call check_seen(c_loc(a(4, 1, 1)), [-8, 32, 160], 'a section for the subroutine')
   call axprod_prod_into(a(1, :, 2:3), out(5:1:-1, 2:6:4), dim=[integer ::])
   call check_seen(c_loc(a(1, 1, 2)), [32, 160], 'a section into a section', c_loc(out(5, 2)))
   scalar = axprod_prod(b(::2, 3))
   call check_seen(c_loc(b(1, 3)), [16], 'a section of an allocatable array')
   call check(scalar == 1, 'a section of an allocatable array')
   p => a(::3, 2, 6:1:-2)
   scalar = axprod_prod(p)
   call check_seen(c_loc(p(1, 1)), [24, -320], 'a pointer')
   call check(scalar == 1, 'a pointer')
   call dummy(a(:, 3, :))
   call axprod_prod_into(particles%weight, weight)
   call check_seen(c_loc(particles(1)%weight), [int(storage_size(particles(1)) / 8)], 'components of structures')
   call check(weight == 0.5**10, 'components of structures')
   row = axprod_prod(charges, 1)
   call check_seen(c_loc(charges(-2, 3)), [2, 10], 'lower bounds other than one')
   call check(all(row == 1), 'lower bounds other than one')
   deallocate(b)

contains

   subroutine dummy(x)
      real(real64), target, intent(in) :: x(0:,:)
      real(real64) :: y(size(x, 1))
      y = axprod_prod(x(:, ::2), 2)
      call check_seen(c_loc(x(0, 1)), [8, 320], 'an assumed-shape dummy')
      call check(all(y == 1), 'an assumed-shape dummy')
   end subroutine

   subroutine check_seen(x, strides, what, out)
      type(c_ptr), intent(in) :: x
      integer, intent(in) :: strides(:)
      character(len=*), intent(in) :: what
      type(c_ptr), intent(in), optional :: out
      type(c_ptr) :: seen_x, seen_out
      integer(c_int) :: rank
      integer(c_int64_t) :: seen_strides(64)
      call seen(seen_x, rank, seen_strides, seen_out)
      call check(c_associated(seen_x, x), what // ': another address')
      call check(rank == size(strides), what // ': another rank')
      call check(all(seen_strides(:rank) == strides), what // ': other strides')
      if (present(out)) call check(c_associated(seen_out, out), what // ': another address of the result')
   end subroutine

end program sections
