! SPDX-License-Identifier: BSD-3-Clause
!
! Results against exact values: where the intrinsic product is rounded more than once or leaves the range, other kinds
! of results, several dimensions, and the scaled and log forms.
program values
   use, intrinsic :: ieee_arithmetic, only: operator(==), ieee_class, ieee_is_nan, ieee_negative_inf, &
      ieee_negative_zero, ieee_positive_inf, ieee_quiet_nan, ieee_value
   use, intrinsic :: iso_fortran_env, only: int8, int16, int32, int64, real32, real64, real128
   use axprod
   use checking
   implicit none

   call random_pairs()
   call random_quadruples()
   call long_products()
   call special_values()
   call result_kinds()
   call several_dimensions()
   call forms()
   call complex_products()

contains

   ! Numbers of wildly different magnitude, half of them negative.
   function wild(seed, n, largest_exponent) result(x)
      integer, intent(in) :: seed, n, largest_exponent
      real(real64) :: x(n), u(n)
      call uniform(seed, u)
      call uniform(seed + 1, x)
      x = (x + 0.5_real64) * 2.0_real64**nint((2 * u - 1) * largest_exponent)
      where (u < 0.25 .or. u > 0.75) x = -x
   end function

   ! Two factors of 53 bits have a product of 106, which a real128 holds.
   subroutine random_pairs()
      real(real64) :: x(2, 20, 30), along_1(20, 30)
      x = reshape(wild(1, size(x), 500), shape(x))
      along_1 = real(real(x(1, :, :), real128) * real(x(2, :, :), real128), real64)
      call check(all(same_bits(axprod_prod(x, 1), along_1)), 'pairs, x(2, :, :)')
      call check(all(same_bits(axprod_prod(x(2:1:-1, :, ::7), dim=1), along_1(:, ::7))), 'pairs, a section')
   end subroutine

   ! Four factors of 24 bits have one of 96. The intrinsic product has other bits in some of them, or the test shows
   ! less.
   subroutine random_quadruples()
      real(real32) :: x(100, 4), y(100)
      real(real128) :: exact(100)
      x = real(reshape(wild(3, size(x), 20), shape(x)), real32)
      exact = real(x(:, 1), real128) * x(:, 2) * x(:, 3) * x(:, 4)
      y = axprod_prod(x, dim=2)
      call check(all(y == real(exact, real32)), 'quadruples of real32')
      call check(any(y /= product(x, dim=2)), 'quadruples that are hard for plain multiplication')
   end subroutine

   subroutine long_products()
      real(real64) :: x(4, 2), ramp(1000)
      integer :: i
      x(:, 1) = [1e300_real64, 1e300_real64, 1e-300_real64, 1e-300_real64]
      x(:, 2) = [0.1_real64, 0.2_real64, 0.3_real64, 0.4_real64]
      call check(all(same_bits(axprod_prod(x, dim=1), [1.0000000000000002_real64, 0.0024000000000000002_real64])), &
         'over the ends of the range and back')
      ramp = [(2.0_real64**(mod(i * 389, 1000) - 499), i = 1, 1000)]
      ! exponents -499 to 500: in all 2**500
      call check(axprod_prod(ramp) == 2.0_real64**500, '1000 powers of two')
      call check(axprod_prod(ramp(1000:1:-1)) == 2.0_real64**500, '1000 powers of two from the end')
   end subroutine

   subroutine special_values()
      real(real64) :: inf, nan, none(3, 0)
      inf = ieee_value(inf, ieee_positive_inf)
      nan = ieee_value(nan, ieee_quiet_nan)
      call check(axprod_prod([1e300_real64, 1e300_real64, 0.0_real64]) == 0, 'a zero after overflow')
      call check(ieee_class(axprod_prod([-1e300_real64, 1e300_real64, 0.0_real64])) == ieee_negative_zero, &
         'a negative zero')
      call check(ieee_class(axprod_prod([-inf, 1e-300_real64])) == ieee_negative_inf, 'an infinity')
      call check(ieee_is_nan(axprod_prod([0.0_real64, inf])), 'zero times infinity')
      call check(ieee_is_nan(axprod_prod([0.0_real64, nan])), 'zero, then NaN')
      call check(all(axprod_prod(none, 2) == [1, 1, 1]) .and. size(axprod_prod(none, 1)) == 0, 'no elements')
   end subroutine

   subroutine result_kinds()
      integer(int8) :: i8(3) = [100_int8, 100_int8, 100_int8]
      integer(int16) :: i16
      integer(int64) :: i64
      real(real32) :: r32
      real(real64) :: r64
      call axprod_prod_into(i8, i64)
      call check(i64 == 1000000, 'int8 into int64')
      call axprod_prod_into(i8, i16)
      call check(i16 == 16960, 'int8 into int16, modulo 2**16')
      call check(axprod_prod(i8) == 64, 'int8, modulo 2**8')
      call axprod_prod_into(spread(2**30, 1, 30), r64)
      call check(r64 == 2.0_real64**900, 'int32 into real64')
      call axprod_prod_into([1e30_real64, 1e30_real64, 1e-45_real64], r32)
      call check(r32 == 1e15_real32, 'real64 into real32')
      call axprod_prod_into([1e30_real32, 1e30_real32], r64)
      call check(r64 == real(real(1e30_real32, real128)**2, real64), 'real32 into real64')
   end subroutine

   ! Factors that are powers of two, so that the intrinsic product is exact.
   subroutine several_dimensions()
      real(real64) :: x(3, 4, 5, 2), y(4, 2), kept(1, 4, 1, 2), all_of_it, one(1, 1, 1, 1), same(3, 4, 5, 2)
      x = 2.0_real64**(nint(reshape(wild(5, size(x), 1), shape(x))))
      call axprod_prod_into(x, y, dim=[3, 1])
      call check(all(y == product(product(x, 3), 1)), 'dim=[3, 1]')
      call axprod_prod_into(x, kept, dim=[1, 3])
      call check(all(kept(1, :, 1, :) == y), 'dimensions of extent 1 stay')
      call axprod_prod_into(x, all_of_it)
      call axprod_prod_into(x, one, dim=[1, 2, 3, 4])
      call check(all_of_it == product(x) .and. one(1, 1, 1, 1) == product(x), 'all dimensions')
      call axprod_prod_into(x, same, dim=[integer ::], num_threads=2)
      call check(all(same == x), 'no dimension')
      call axprod_prod_into(x(:, 4:1:-3, :, :), y(::3, 2:1:-1), dim=[1, 3], num_threads=1)
      call check(all(y(::3, 2:1:-1) == product(product(x(:, 4:1:-3, :, :), 3), 1)), 'from a section into a section')
   end subroutine

   subroutine forms()
      real(real64) :: x(2, 1000), significand(2), sign(2), logabs(2), exact
      integer(int64) :: exponent(2)
      x(1, :) = -0.75_real64 * 2.0_real64**1000
      x(2, :) = 1
      x(2, 17) = 1 - epsilon(1.0_real64)
      call axprod_scaled_prod(x, significand, exponent, dim=2)
      ! 0.75**1000 = 3**1000 / 2**2000, of which real128 has the leading bits
      call check(exponent(1) == 1000000 - 415 .and. &
         same_bits(significand(1), real(0.75_real128**1000 * 2.0_real128**415, real64)), 'a scaled product')
      call check(exponent(2) == 0 .and. significand(2) == x(2, 17), 'a scaled product within 1 of nothing')
      call axprod_log_prod(x, sign, logabs, dim=2)
      call check(all(sign == 1), 'signs')
      exact = real(1000 * (log(0.75_real128) + 1000 * log(2.0_real128)), real64)
      call check(abs(logabs(1) - exact) <= 2 * spacing(exact), 'the logarithm of a large product')
      call check(logabs(2) == real(log(real(x(2, 17), real128)), real64), 'the logarithm of almost 1')
      x(:, 3) = 0
      call axprod_log_prod(x, sign, logabs, dim=2)
      call check(all(sign == 0) .and. all(logabs < -huge(logabs)), 'the logarithm of 0')
   end subroutine

   ! |computed - exact| <= (1 + 2^-20) u |exact|, u half of epsilon.
   subroutine complex_products()
      complex(real64) :: x(2, 50), y(50)
      complex(real128) :: exact(50)
      x = reshape(cmplx(wild(7, 100, 100), wild(9, 100, 100), real64), shape(x))
      y = axprod_prod(x, 1)
      exact = cmplx(x(1, :), kind=real128) * cmplx(x(2, :), kind=real128)
      call check(all(abs(y - exact) <= (1 + 2.0_real128**(-20)) * epsilon(1.0_real64) / 2 * abs(exact)), &
         'complex pairs')
      call axprod_prod_into(cmplx(x(1, :2), kind=real32), y(1))
      exact(1) = cmplx(cmplx(x(1, 1), kind=real32), kind=real128) * cmplx(x(1, 2), kind=real32)
      call check(abs(y(1) - exact(1)) <= epsilon(1.0_real64) * abs(exact(1)), 'complex real32 into real64')
   end subroutine

end program values
