# SPDX-License-Identifier: BSD-3-Clause
#
# axprod as a part of this project, of which nothing may change: neither variables that speak of compilers, flags or
# installation, nor properties of its folder, nor the tests that it has.
set(properties COMPILE_DEFINITIONS COMPILE_OPTIONS INCLUDE_DIRECTORIES LINK_LIBRARIES LINK_OPTIONS)

# state(RESULT): a list of all that is to stay as it is.
function(state result)
  get_cmake_property(names VARIABLES)
  list(FILTER names INCLUDE REGEX "^(CMAKE_.*|BUILD_.*)$")
  # But for what CMake's own GNUInstallDirs and FindThreads keep for all, and what each call sets anew.
  list(FILTER names EXCLUDE REGEX "^CMAKE_(INSTALL_[A-Z]+DIR|HAVE_.*|CURRENT_FUNCTION.*|MATCH_.*)$")
  set(state)
  foreach(name IN LISTS names)
    list(APPEND state "${name} is ${${name}}")
  endforeach()
  foreach(property IN LISTS properties)
    get_directory_property(value ${property})
    list(APPEND state "${property} is ${value}")
  endforeach()
  set(${result} "${state}" PARENT_SCOPE)
endfunction()

include(FetchContent)
FetchContent_Declare(axprod SOURCE_DIR ${AXPROD_SOURCE})
state(before)
FetchContent_MakeAvailable(axprod)
state(after)
if(NOT before STREQUAL after)
  list(REMOVE_ITEM after ${before})
  message(FATAL_ERROR "axprod as a part of a project changes it: ${after}")
endif()

get_property(tests DIRECTORY ${axprod_SOURCE_DIR} PROPERTY TESTS)
get_property(targets DIRECTORY ${axprod_SOURCE_DIR} PROPERTY BUILDSYSTEM_TARGETS)
list(FILTER targets EXCLUDE REGEX "^axprod")
if(tests OR targets OR AXPROD_TESTS OR AXPROD_PROGRAMS OR AXPROD_INSTALL OR AXPROD_WERROR)
  message(FATAL_ERROR "axprod as a part of a project brings more than its libraries: ${tests} ${targets}")
endif()
