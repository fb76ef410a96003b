! SPDX-License-Identifier: BSD-3-Clause
!
! What is wrong with an argument: the status, a sentence that names the argument in Fortran's terms, and outputs that
! are as they were. With an argument, "stop", the error of a function that ends the program.
program errors
   use, intrinsic :: iso_fortran_env, only: int32, int64, real64
   use axprod
   use checking
   implicit none

   real(real64), target :: x(2, 3, 4), plane(2, 4)
   real(real64) :: other(2, 4)
   real(real64), pointer :: p(:,:)
   integer(int32) :: counts(2, 4)
   integer(int64) :: exponents(2, 4)
   complex(real64) :: z(3)
   logical :: truth(3)
   character(len=4) :: words(3)
   real(real64) :: scalar
   integer :: stat
   character(len=100) :: message
   character(len=8) :: short

   x = 2
   if (command_argument_count() > 0) plane = axprod_prod(x, dim=3 + command_argument_count())

   plane = 7
   message = 'unchanged'
   call axprod_prod_into(x, other, 2, stat=stat, errmsg=message)
   call check(stat == AXPROD_OK .and. message == 'unchanged' .and. all(other == 8), 'no error')

   message = repeat('%', len(message))
   call axprod_prod_into(x, plane, 0, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_AXIS, 'dim 0 is out of range for an array of rank 3')
   call axprod_prod_into(x, plane, [4], stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_AXIS, 'dim 4 is out of range for an array of rank 3')
   call axprod_prod_into(x, plane, -huge(1), stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_AXIS, 'dim -2147483647')
   call axprod_prod_into(x, plane, [2, 1, 2], stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_AXIS, 'dim 2 is repeated')
   call axprod_prod_into(x, plane, reshape([2], [1, 1]), stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_AXIS, 'dim has rank 2')
   call axprod_prod_into(scalar, plane, 1, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_AXIS, 'rank 0')
   call axprod_prod_into(x, plane(:, 1), 2, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OUT_SHAPE, 'out has rank 1; the product has rank 2, or 3')
   call axprod_prod_into(x, plane(:, :3), 2, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OUT_SHAPE, 'extent 2 of out is 3; that of the product is 4')
   call axprod_prod_into(x, plane(2:, :), 2, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OUT_SHAPE, 'extent 1 of out is 1; that of the product is 2')
   call axprod_prod_into(x, counts, 2, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OUT_DTYPE, 'out')
   call axprod_prod_into(truth, scalar, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_DTYPE, 'x is neither an integer')
   call axprod_prod_into(words, scalar, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_DTYPE, 'x is neither an integer')
   call axprod_prod_into(x, truth, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_DTYPE, 'out is neither an integer')
   call axprod_prod_into(x, x(:, 1, :), 2, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OVERLAP, 'out overlaps x')
   call axprod_prod_into(x, plane, 2, num_threads=-1, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OPTIONS, 'num_threads is -1')
   call axprod_scaled_prod(x, plane(:, :2), exponents, 2, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OUT_SHAPE, 'extent 2 of significand')
   call axprod_scaled_prod(x, plane, exponents(:1, :), 2, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OUT_SHAPE, 'extent 1 of exponent')
   call axprod_log_prod(x, plane, plane, 2, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OVERLAP, 'sign and logabs overlap')
   call axprod_log_prod(x, plane, other(:, 4), 2, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OUT_SHAPE, 'logabs has rank 1')
   call axprod_log_prod(z, scalar, other(1, 1), stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_OUT_DTYPE, 'complex')
   ! No Fortran, but what programs do; nullify leaves the shape in a descriptor.
   p => plane
   nullify(p)
   call axprod_prod_into(p, scalar, stat=stat, errmsg=message)
   call expect(AXPROD_ERROR_NULL, 'x is not allocated or not associated')
   call assumed_size(x)

   short = ''
   call axprod_prod_into(x, plane, 9, stat=stat, errmsg=short)
   call check(short == 'dim 9 is', 'a message that is cut')
   call check(all(plane == 7), 'outputs are as they were')

contains

   subroutine expect(status, words)
      integer, intent(in) :: status
      character(len=*), intent(in) :: words
      call check(stat == status, words // ': another status')
      call check(index(message, words) > 0, words // ', not: ' // message)
      call check(index(message, '%') == 0, words // ': the message is not filled with blanks')
      stat = -1
      message = repeat('%', len(message))
   end subroutine

   subroutine assumed_size(y)
      real(real64), intent(in) :: y(2, 3, *)
      call axprod_prod_into(y, plane, 2, stat=stat, errmsg=message)
      call expect(AXPROD_ERROR_SHAPE, 'x is of assumed size')
      call axprod_prod_into(y(:, :, 1:4), other, 2, stat=stat)
      call check(stat == AXPROD_OK, 'a section of assumed size')
   end subroutine

end program errors
