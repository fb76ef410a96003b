! SPDX-License-Identifier: BSD-3-Clause
!
! Module axprod: products of arrays, correctly rounded. This file is its manual. The numerical contract, the same as
! that of the C library, is in axprod.h: the result is the exact product rounded once, nothing over- or underflows on
! the way, and the bits do not depend on threads, memory layout or instruction set (complex: as axprod.h says).
!
!    use axprod
!    y = axprod_prod(x)                               ! as product(x)
!    y = axprod_prod(x(:, 1:n:2, :), dim=2)           ! as product(x(:, 1:n:2, :), dim=2)
!    call axprod_prod_into(x, y, dim=[1, 3])          ! along several dimensions, or into another kind
!    call axprod_scaled_prod(x, significand, exponent, dim=2)
!    call axprod_log_prod(x, sign, logabs, dim=2, stat=status, errmsg=message)
!
! function axprod_prod(x)
! function axprod_prod(x, dim)
!    The product of all elements of x, a scalar; or along one dimension, an array of the shape of x without it (a scalar
!    where x has rank 1). The result has the type and kind of x.
!    x:   integer(int8, int16, int32, int64), real(real32, real64) or complex(real32, real64); of any rank for the first
!         form, of rank 1 to 7 for the second. Neither x nor a section of it is copied.
!         (gfortran copies components of arrays of structures, cells%mass, for functions. The subroutines get them as
!         they lie.)
!    dim: integer, 1 to rank(x).
!    The products of no elements are 1. Integers are exact modulo 2**bits.
!    An error (dim out of range, no memory) ends the program with ERROR STOP and a sentence; the subroutine
!    axprod_prod_into has stat and errmsg. Pure; may be called from any number of threads at once.
!
! The subroutines are described at their interfaces below. They may be called from any number of threads at once, do not
! keep any address, and have these arguments in common:
!    x:           as above, of any rank from 0 to 15. Any other type is an error at run time (AXPROD_ERROR_DTYPE).
!                 Sections with any strides, pointers and allocatable arrays are read where they lie. It belongs to the
!                 caller, as all arguments do. An array of assumed size needs an upper bound: x(:, 1:n).
!    dim:         integer, a scalar or an array of rank 1: the dimensions to multiply along, each in 1 to rank(x), none
!                 twice, in any order. Absent: all. Of size zero: none, the elements are converted to the kind of out.
!    outputs:     have the shape of x without the dimensions in dim, or, if they have the rank of x, with extent 1
!                 there. They must not overlap x in memory, nor each other.
!    num_threads: 0 or absent: as many threads as are useful, at most the cores that the process may use; 1 to 4096:
!                 that many.
!    stat:        becomes 0, or the error: one of AXPROD_ERROR_..., as in axprod.h. Nothing is written to the outputs
!                 then (but see axprod.h for a lack of memory).
!                 Absent: an error ends the program with ERROR STOP.
!    errmsg:      after an error a sentence that names the argument, cut or filled with blanks; otherwise unchanged.
! Errors: AXPROD_ERROR_NULL (not allocated or associated), _DTYPE, _SHAPE (assumed size; sizes beyond 64 bits), _AXIS
! (dim), _OUT_SHAPE, _OUT_DTYPE, _OVERLAP, _OPTIONS (num_threads), _NO_MEMORY, _ISA.
!
! Where programs are compiled with other default kinds (-fdefault-integer-8), say integer(int32) for dim, num_threads
! and stat.
module axprod_subroutines
   use, intrinsic :: iso_c_binding, only: c_char, c_double, c_int, c_int64_t, c_size_t
   implicit none
   private
   public :: axprod_prod_into, axprod_scaled_prod, axprod_log_prod

   interface
      ! out = the product of x along dim, rounded once to the type and kind of out.
      !    out: for real x real(real32 or real64); for integer x those, or an integer of any kind of axprod_prod;
      !         for complex x complex(real32 or real64). intent(out) in effect, which Fortran has not for type(*).
      pure subroutine axprod_prod_into(x, out, dim, num_threads, stat, errmsg) bind(C, name="axprod_fortran_prod")
         import :: c_char, c_int
         type(*), intent(in) :: x(..)
         type(*), intent(inout) :: out(..)
         integer(c_int), intent(in), optional :: dim(..)
         integer(c_int), intent(in), optional :: num_threads
         integer(c_int), intent(out), optional :: stat
         character(kind=c_char, len=*), intent(inout), optional :: errmsg
      end subroutine

      ! The product as significand * 2.0**exponent with 0.5 <= abs(significand) < 1, as the intrinsics fraction and
      ! exponent split numbers: range has no end. Zero is (0, 0), infinity (inf, 0), NaN (NaN, 0).
      !    x:           integer or real.
      !    significand: real(real64), correctly rounded.
      !    exponent:    integer(int64).
      pure subroutine axprod_scaled_prod(x, significand, exponent, dim, num_threads, stat, errmsg) &
         bind(C, name="axprod_fortran_scaled_prod")
         import :: c_char, c_double, c_int, c_int64_t
         type(*), intent(in) :: x(..)
         real(c_double), intent(inout) :: significand(..)
         integer(c_int64_t), intent(inout) :: exponent(..)
         integer(c_int), intent(in), optional :: dim(..)
         integer(c_int), intent(in), optional :: num_threads
         integer(c_int), intent(out), optional :: stat
         character(kind=c_char, len=*), intent(inout), optional :: errmsg
      end subroutine

      ! The sign of the product and the natural logarithm of its magnitude, within 2 ulp.
      !    x:      integer or real.
      !    sign:   real(real64): -1, 0, 1, or NaN.
      !    logabs: real(real64): -inf for zero, inf for infinity.
      pure subroutine axprod_log_prod(x, sign, logabs, dim, num_threads, stat, errmsg) &
         bind(C, name="axprod_fortran_log_prod")
         import :: c_char, c_double, c_int
         type(*), intent(in) :: x(..)
         real(c_double), intent(inout) :: sign(..), logabs(..)
         integer(c_int), intent(in), optional :: dim(..)
         integer(c_int), intent(in), optional :: num_threads
         integer(c_int), intent(out), optional :: stat
         character(kind=c_char, len=*), intent(inout), optional :: errmsg
      end subroutine
   end interface

contains

   ! How the C side ends the program where there is no stat.
   subroutine stop_with(sentence, length) bind(C, name="axprod_fortran_stop")
      integer(c_size_t), intent(in), value :: length
      character(kind=c_char), intent(in) :: sentence(length)
      character(len=length) :: text
      integer :: i
      do i = 1, int(length)
         text(i:i) = sentence(i)
      end do
      error stop "axprod: " // text
   end subroutine

end module axprod_subroutines

! Functions of the same name in one module for each type and kind, from one source: a module's names are its own.

module axprod_int8
   use, intrinsic :: iso_fortran_env, only: int8
   use axprod_subroutines, only: axprod_prod_into
#define ELEMENT integer(int8)
#include "functions.fi"
end module axprod_int8

module axprod_int16
   use, intrinsic :: iso_fortran_env, only: int16
   use axprod_subroutines, only: axprod_prod_into
#define ELEMENT integer(int16)
#include "functions.fi"
end module axprod_int16

module axprod_int32
   use, intrinsic :: iso_fortran_env, only: int32
   use axprod_subroutines, only: axprod_prod_into
#define ELEMENT integer(int32)
#include "functions.fi"
end module axprod_int32

module axprod_int64
   use, intrinsic :: iso_fortran_env, only: int64
   use axprod_subroutines, only: axprod_prod_into
#define ELEMENT integer(int64)
#include "functions.fi"
end module axprod_int64

module axprod_real32
   use, intrinsic :: iso_fortran_env, only: real32
   use axprod_subroutines, only: axprod_prod_into
#define ELEMENT real(real32)
#include "functions.fi"
end module axprod_real32

module axprod_real64
   use, intrinsic :: iso_fortran_env, only: real64
   use axprod_subroutines, only: axprod_prod_into
#define ELEMENT real(real64)
#include "functions.fi"
end module axprod_real64

module axprod_complex32
   use, intrinsic :: iso_fortran_env, only: real32
   use axprod_subroutines, only: axprod_prod_into
#define ELEMENT complex(real32)
#include "functions.fi"
end module axprod_complex32

module axprod_complex64
   use, intrinsic :: iso_fortran_env, only: real64
   use axprod_subroutines, only: axprod_prod_into
#define ELEMENT complex(real64)
#include "functions.fi"
end module axprod_complex64

module axprod
   use axprod_subroutines
   use axprod_int8
   use axprod_int16
   use axprod_int32
   use axprod_int64
   use axprod_real32
   use axprod_real64
   use axprod_complex32
   use axprod_complex64
   implicit none
   private
   public :: axprod_prod, axprod_prod_into, axprod_scaled_prod, axprod_log_prod
   ! AXPROD_OK and the others, from axprod.h.
#include "statuses.inc"
end module axprod
