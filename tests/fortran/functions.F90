! SPDX-License-Identifier: BSD-3-Clause
!
! axprod_prod as a function, of every type, kind and rank, against the intrinsic product.

module test_int8
   use, intrinsic :: iso_fortran_env, only: real64, int8
   use axprod, only: axprod_prod
   use checking
#define NAME "integer(int8): "
#define ELEMENT integer(int8)
#define TOLERANCE 0
#include "kind.fi"
end module test_int8

module test_int16
   use, intrinsic :: iso_fortran_env, only: real64, int16
   use axprod, only: axprod_prod
   use checking
#define NAME "integer(int16): "
#define ELEMENT integer(int16)
#define TOLERANCE 0
#include "kind.fi"
end module test_int16

module test_int32
   use, intrinsic :: iso_fortran_env, only: real64, int32
   use axprod, only: axprod_prod
   use checking
#define NAME "integer(int32): "
#define ELEMENT integer(int32)
#define TOLERANCE 0
#include "kind.fi"
end module test_int32

module test_int64
   use, intrinsic :: iso_fortran_env, only: real64, int64
   use axprod, only: axprod_prod
   use checking
#define NAME "integer(int64): "
#define ELEMENT integer(int64)
#define TOLERANCE 0
#include "kind.fi"
end module test_int64

module test_real32
   use, intrinsic :: iso_fortran_env, only: real64, real32
   use axprod, only: axprod_prod
   use checking
#define NAME "real(real32): "
#define ELEMENT real(real32)
#define TOLERANCE 0
#include "kind.fi"
end module test_real32

module test_real64
   use, intrinsic :: iso_fortran_env, only: real64
   use axprod, only: axprod_prod
   use checking
#define NAME "real(real64): "
#define ELEMENT real(real64)
#define TOLERANCE 0
#include "kind.fi"
end module test_real64

module test_complex32
   use, intrinsic :: iso_fortran_env, only: real64, real32
   use axprod, only: axprod_prod
   use checking
#define NAME "complex(real32): "
#define ELEMENT complex(real32)
#define TOLERANCE 1.1 * epsilon(1.0)
#include "kind.fi"
end module test_complex32

module test_complex64
   use, intrinsic :: iso_fortran_env, only: real64
   use axprod, only: axprod_prod
   use checking
#define NAME "complex(real64): "
#define ELEMENT complex(real64)
#define TOLERANCE 1.1 * epsilon(1.0_real64)
#include "kind.fi"
end module test_complex64

program functions
   use test_int8, only: int8 => test
   use test_int16, only: int16 => test
   use test_int32, only: int32 => test
   use test_int64, only: int64 => test
   use test_real32, only: real32 => test
   use test_real64, only: real64 => test
   use test_complex32, only: complex32 => test
   use test_complex64, only: complex64 => test
   implicit none
   call int8()
   call int16()
   call int32()
   call int64()
   call real32()
   call real64()
   call complex32()
   call complex64()
end program functions
