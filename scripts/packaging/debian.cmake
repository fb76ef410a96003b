# SPDX-License-Identifier: BSD-3-Clause
#
# Debian packages of the components that are installed, made by cpack; scripts/packaging/test makes and tries them. For
# the folders of a distribution configure with -DCMAKE_INSTALL_PREFIX=/usr. DEBFULLNAME and DEBEMAIL in the environment
# say who makes them, as for Debian's own tools.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR axprod)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_PACKAGE_CONTACT "axprod developers <axprod@axprod.invalid>")
if(DEFINED ENV{DEBEMAIL})
  set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian_files.cmake)
# Libraries of the other packages, which dpkg does not know yet: what depends on them says so below.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR} ${PROJECT_BINARY_DIR}/src/fortran
    ${PROJECT_BINARY_DIR}/mpi ${PROJECT_BINARY_DIR}/mpi/fortran)
set(CPACK_COMPONENTS_ALL)
# The linker's cache is brought up to date by dpkg, as Debian has it, and not by scripts alone, as cpack has it.
file(WRITE ${PROJECT_BINARY_DIR}/triggers "activate-noawait ldconfig\n")

# axp_deb(COMPONENT PACKAGE SECTION SYNOPSIS DEPENDS...): how the package of a component is called, where it has files.
function(axp_deb component package section synopsis)
  get_cmake_property(installed COMPONENTS)
  if(NOT component IN_LIST installed)
    return()
  endif()
  list(REMOVE_ITEM ARGN "")
  list(JOIN ARGN ", " depends)
  string(TOUPPER ${component} COMPONENT)
  set(prefix CPACK_DEBIAN_${COMPONENT})
  set(${prefix}_PACKAGE_NAME ${package} PARENT_SCOPE)
  set(${prefix}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(${prefix}_PACKAGE_DEPENDS "${depends}" PARENT_SCOPE)
  set(${prefix}_DESCRIPTION "${synopsis}\n${axprod_about}" PARENT_SCOPE)
  if(section MATCHES "lib")
    set(${prefix}_PACKAGE_MULTIARCH same PARENT_SCOPE)
  endif()
  if(section STREQUAL "libs")
    set(${prefix}_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/triggers PARENT_SCOPE)
  endif()
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} ${component} PARENT_SCOPE)
endfunction()

# axp_owner(RESULT FILE): the package that has the file; none where it is no package's.
function(axp_owner result file)
  set(owner "")
  if(EXISTS "${file}")
    file(REAL_PATH ${file} file)
    execute_process(COMMAND dpkg-query --search ${file} OUTPUT_VARIABLE owner ERROR_QUIET)
    string(REGEX REPLACE ":.*" "" owner "${owner}")
  endif()
  set(${result} ${owner} PARENT_SCOPE)
endfunction()

set(axprod_about "axprod multiplies the elements of a tensor along axes: the exact product,
rounded once, with the same bits for any number of threads and ranks, any
memory layout and any instruction set, at about the speed of memory.")
set(so ${PROJECT_VERSION_MAJOR})
set(same "(= ${PROJECT_VERSION})")
find_file(axprod_mpi_header mpi.h PATHS ${MPI_C_INCLUDE_DIRS} NO_DEFAULT_PATH NO_CACHE)
axp_owner(mpi "${axprod_mpi_header}")
# What a gfortran whose modules have the same form provides.
axp_owner(gfortran "${CMAKE_Fortran_COMPILER}")
set(modules "")
if(gfortran)
  execute_process(COMMAND dpkg-query --show --showformat \${Provides} ${gfortran} OUTPUT_VARIABLE modules)
  string(REGEX MATCH "gfortran-mod-[0-9]+" modules "${modules}")
  set(modules "${gfortran} | ${modules}")
endif()

axp_deb(axprod-runtime libaxprod${so} libs "correctly rounded products of tensors")
axp_deb(axprod-development libaxprod-dev libdevel "correctly rounded products of tensors - development files"
        "libaxprod${so} ${same}" libhwloc-dev libgmp-dev libudev-dev)
axp_deb(axprod-programs axprod math "correctly rounded products of tensors - programs")
axp_deb(axprod-mpi-runtime libaxprod-mpi${so} libs "correctly rounded products of tensors over MPI"
        "libaxprod${so} ${same}")
axp_deb(axprod-mpi-development libaxprod-mpi-dev libdevel
        "correctly rounded products of tensors over MPI - development files"
        "libaxprod-mpi${so} ${same}" "libaxprod-dev ${same}" ${mpi})
axp_deb(axprod-mpi-programs axprod-mpi math "correctly rounded products of tensors over MPI - programs")
axp_deb(axprod-fortran-runtime libaxprod-fortran${so} libs "correctly rounded products of tensors in Fortran"
        "libaxprod${so} ${same}")
axp_deb(axprod-fortran-development libaxprod-fortran-dev libdevel
        "correctly rounded products of tensors in Fortran - development files"
        "libaxprod-fortran${so} ${same}" "libaxprod-dev ${same}" "${modules}")
axp_deb(axprod-mpi-fortran-runtime libaxprod-mpi-fortran${so} libs
        "correctly rounded products of tensors over MPI in Fortran"
        "libaxprod-mpi${so} ${same}" "libaxprod-fortran${so} ${same}")
axp_deb(axprod-mpi-fortran-development libaxprod-mpi-fortran-dev libdevel
        "correctly rounded products of tensors over MPI in Fortran - development files"
        "libaxprod-mpi-fortran${so} ${same}" "libaxprod-mpi-dev ${same}" "libaxprod-fortran-dev ${same}" "${modules}")
include(CPack)
