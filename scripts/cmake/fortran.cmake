# SPDX-License-Identifier: BSD-3-Clause
#
# Whether the Fortran modules are built, as AXPROD_FORTRAN wants it: sets axprod_fortran, and for whoever compiles C
# that Fortran calls axprod_fortran_include. Included at the top, where languages are enabled. Only projects that have
# Fortran themselves get it from a part of theirs unasked.
include(CheckLanguage)

# Where the modules were asked for, what is in their way is an error.
macro(axp_no_fortran reason)
  if(AXPROD_FORTRAN STREQUAL AUTO)
    message(STATUS "axprod without Fortran: ${reason}")
  else()
    message(FATAL_ERROR "AXPROD_FORTRAN is ${AXPROD_FORTRAN}, but ${reason}")
  endif()
endmacro()

set(axprod_fortran OFF)
get_property(axprod_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(AXPROD_FORTRAN STREQUAL AUTO AND (CMAKE_CROSSCOMPILING OR NOT (is_top_level OR Fortran IN_LIST axprod_languages)))
  message(STATUS "axprod without Fortran, which AXPROD_FORTRAN=ON would ask for")
elseif(AXPROD_FORTRAN)
  check_language(Fortran)
  if(NOT CMAKE_Fortran_COMPILER)
    axp_no_fortran("there is no Fortran compiler: install gfortran, or set CMAKE_Fortran_COMPILER")
  else()
    enable_language(Fortran)
    if(NOT CMAKE_Fortran_COMPILER_ID STREQUAL GNU OR CMAKE_Fortran_COMPILER_VERSION VERSION_LESS 12)
      axp_no_fortran("${CMAKE_Fortran_COMPILER} is not gfortran 12 or later: older ones describe arrays of any type \
wrongly to C, and others have not been tried")
    else()
      set(axprod_fortran ON)
    endif()
  endif()
endif()

if(axprod_fortran)
  # Of the Fortran compiler, whichever the C compiler is; out of a folder where it is alone.
  execute_process(COMMAND ${CMAKE_Fortran_COMPILER} -print-file-name=include/ISO_Fortran_binding.h
                  OUTPUT_VARIABLE axprod_fortran_binding OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(axprod_fortran_include ${PROJECT_BINARY_DIR}/fortran/include)
  configure_file(${axprod_fortran_binding} ${axprod_fortran_include}/ISO_Fortran_binding.h COPYONLY)
  # Modules are for the compiler that made them: the folder below that of the libraries.
  string(REGEX REPLACE "[.].*" "" axprod_modules fortran/gfortran-${CMAKE_Fortran_COMPILER_VERSION})
endif()

# axp_fortran_library(NAME COMPONENT SOURCE...): axp_library for Fortran, with modules in place of a header.
function(axp_fortran_library name component)
  axp_library(${name} ${component} ${ARGN})
  string(REPLACE "_" "-" package ${name})
  foreach(kind IN ITEMS static shared)
    set(target ${name}_${kind})
    set(modules ${CMAKE_CURRENT_BINARY_DIR}/modules-${kind})
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE Fortran Fortran_MODULE_DIRECTORY ${modules}
                          INSTALL_RPATH "$ORIGIN")
    target_compile_definitions(${target} PRIVATE $<$<COMPILE_LANGUAGE:C>:AXPROD_BUILDING>)
    target_compile_options(${target} PRIVATE
      $<$<COMPILE_LANGUAGE:Fortran>:-std=f2018 -Wall -Wextra -Wpedantic>
      $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wshadow -Wstrict-prototypes>
      $<$<BOOL:${AXPROD_WERROR}>:-Werror>)
    target_include_directories(${target}
      PRIVATE $<$<COMPILE_LANGUAGE:C>:${axprod_fortran_include};${PROJECT_SOURCE_DIR}/src/fortran>
      INTERFACE $<BUILD_INTERFACE:${modules}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_LIBDIR}/${axprod_modules}>)
  endforeach()
  if(AXPROD_INSTALL)
    install(DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/modules-${axprod_kind}/
            DESTINATION ${CMAKE_INSTALL_LIBDIR}/${axprod_modules} COMPONENT ${package}-development)
  endif()
endfunction()
