# SPDX-License-Identifier: BSD-3-Clause
#
# The target doc: the reference of both headers, in html/ of the build folder. It is complete or fails.
find_package(Doxygen COMPONENTS doxygen)
if(DOXYGEN_FOUND)
  set(DOXYGEN_OPTIMIZE_OUTPUT_FOR_C YES)
  set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
  set(DOXYGEN_MACRO_EXPANSION YES)
  set(DOXYGEN_PREDEFINED AXPROD_API=)
  set(DOXYGEN_EXCLUDE_SYMBOLS AXPROD_X)
  set(DOXYGEN_HAVE_DOT NO)
  set(DOXYGEN_QUIET YES)
  set(DOXYGEN_WARN_NO_PARAMDOC YES)
  set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
  set(DOXYGEN_USE_MDFILE_AS_MAINPAGE README.md)
  doxygen_add_docs(doc README.md include/axprod.h mpi/include/axprod_mpi.h)
endif()
