# SPDX-License-Identifier: BSD-3-Clause
#
# Label consumers: axprod as other projects get it, built and run by tests/consumers/check. With the machine's own
# compilers alone, and without sanitizers, of which those projects know nothing. Included at the top, where all targets
# are known.
if(CMAKE_CROSSCOMPILING OR CMAKE_C_FLAGS MATCHES "-fsanitize")
  return()
endif()
if(NOT CMAKE_CXX_COMPILER)
  message(STATUS "Tests of consumers are left out: there is no C++ compiler")
  return()
endif()

set(environment AXPROD_BUILD=${PROJECT_BINARY_DIR} CMAKE=${CMAKE_COMMAND} CMAKE_GENERATOR=${CMAKE_GENERATOR}
    CC=${CMAKE_C_COMPILER} CXX=${CMAKE_CXX_COMPILER})
if(TARGET axprod_mpi_shared)
  get_property(mpi_environment GLOBAL PROPERTY axprod_mpi_environment)
  list(APPEND environment MPICC=${MPI_C_COMPILER} "MPIEXEC=${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG}"
       ${mpi_environment})
else()
  list(APPEND environment MPICC=)
endif()
set(fortran)
if(axprod_fortran)
  set(fortran ${CMAKE_Fortran_COMPILER})
endif()
set(mpi_fortran)
if(TARGET axprod_mpi_fortran_shared)
  set(mpi_fortran ${MPI_Fortran_COMPILER})
endif()
list(APPEND environment FC=${fortran} MPIFC=${mpi_fortran})

foreach(way IN ITEMS install shared static pkgconfig archives messages build fetch)
  add_test(NAME consumers.${way}
           COMMAND ${PROJECT_SOURCE_DIR}/tests/consumers/check ${way} ${PROJECT_BINARY_DIR}/consumers)
  set_tests_properties(consumers.${way} PROPERTIES LABELS consumers TIMEOUT 300 ENVIRONMENT "${environment}")
endforeach()
set_tests_properties(consumers.install PROPERTIES FIXTURES_SETUP axprod_prefix)
set_tests_properties(consumers.fetch PROPERTIES PROCESSORS 2) # the others mostly wait
set_tests_properties(consumers.shared consumers.static consumers.pkgconfig consumers.archives consumers.messages
                     PROPERTIES FIXTURES_REQUIRED axprod_prefix)

# Whoever links a library may have another compiler than it was built with.
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
  find_program(AXPROD_OTHER_CC NAMES clang-14 clang)
  find_program(AXPROD_OTHER_CXX NAMES clang++-14 clang++)
else()
  find_program(AXPROD_OTHER_CC gcc)
  find_program(AXPROD_OTHER_CXX g++)
endif()
if(AXPROD_OTHER_CC AND AXPROD_OTHER_CXX)
  add_test(NAME consumers.other_cc
           COMMAND ${PROJECT_SOURCE_DIR}/tests/consumers/check shared ${PROJECT_BINARY_DIR}/consumers/other_cc)
  list(APPEND environment CC=${AXPROD_OTHER_CC} CXX=${AXPROD_OTHER_CXX}
       AXPROD_PREFIX=${PROJECT_BINARY_DIR}/consumers/prefix)
  set_tests_properties(consumers.other_cc PROPERTIES LABELS consumers TIMEOUT 300 FIXTURES_REQUIRED axprod_prefix
                       ENVIRONMENT "${environment}")
endif()
