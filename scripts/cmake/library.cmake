# SPDX-License-Identifier: BSD-3-Clause
#
# axp_library(NAME COMPONENT SOURCE...): one library from these objects, static and shared: targets NAME_static and
# NAME_shared, installed and exported as axprod::COMPONENT, which here is the one that BUILD_SHARED_LIBS asks for. Its
# public header, if it has one, is include/NAME.h beside the caller. A static and a shared library have the same name in
# two export sets, of which axprod-config.cmake includes one.
function(axp_library name component)
  string(REPLACE "_" "-" package ${name})
  foreach(kind IN ITEMS static shared)
    string(TOUPPER ${kind} KIND)
    set(target ${name}_${kind})
    set(targets ${package}-${kind}-targets)
    add_library(${target} ${KIND} ${ARGN})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} EXPORT_NAME ${component} VERSION ${PROJECT_VERSION}
                          SOVERSION ${PROJECT_VERSION_MAJOR})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include)
      target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
                                 $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    endif()
    if(kind STREQUAL axprod_kind)
      add_library(axprod::${component} ALIAS ${target})
    endif()
    # Sanitizers add symbols of their own.
    if(AXPROD_TESTS AND NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
      add_test(NAME unit.symbols.${target}
               COMMAND ${PROJECT_SOURCE_DIR}/tests/unit/symbols ${CMAKE_NM} $<TARGET_FILE:${target}>)
      set_tests_properties(unit.symbols.${target} PROPERTIES LABELS unit)
    endif()
    if(AXPROD_INSTALL)
      install(TARGETS ${target} EXPORT ${targets}
              LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${package}-runtime
                      NAMELINK_COMPONENT ${package}-development
              ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${package}-development)
      install(EXPORT ${targets} NAMESPACE axprod:: DESTINATION ${axprod_cmakedir} COMPONENT ${package}-development)
      export(EXPORT ${targets} NAMESPACE axprod:: FILE ${PROJECT_BINARY_DIR}/${targets}.cmake)
    endif()
  endforeach()
  if(AXPROD_INSTALL)
    axp_install_files(${name} ${package})
  endif()
endfunction()

# The header, and the pkg-config file, whose folders are relative to itself: the prefix may be moved.
function(axp_install_files name package)
  file(RELATIVE_PATH prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  string(REGEX REPLACE "/$" "" prefix ${prefix})
  file(RELATIVE_PATH includedir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
  list(TRANSFORM axprod_runtime PREPEND -l REGEX "^[^/]" OUTPUT_VARIABLE runtime)
  list(JOIN runtime " " runtime)
  configure_file(${PROJECT_SOURCE_DIR}/scripts/cmake/${package}.pc.in ${CMAKE_CURRENT_BINARY_DIR}/${package}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${package}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT ${package}-development)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include)
    install(FILES include/${name}.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT ${package}-development)
  endif()
endfunction()
