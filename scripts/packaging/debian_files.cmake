# SPDX-License-Identifier: BSD-3-Clause
#
# Run by cpack for the files that are about to be packed: what Debian's policy wants in each package besides.
cmake_policy(VERSION 3.18...3.25)
file(READ ${CMAKE_CURRENT_LIST_DIR}/../../LICENSE license)
string(REGEX REPLACE "\n+$" "" license "${license}")
string(REGEX MATCH "Copyright [^\n]*" holder "${license}")
string(REPLACE "Copyright (c) " "" holder "${holder}")
# Paragraphs of a control file: a space before each line, and a dot where it is empty.
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license "${license}")
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} COMPONENT)
  set(package ${CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME})
  set(root ${CPACK_TEMPORARY_DIRECTORY}/${component})
  set(doc ${root}/usr/share/doc/${package})
  file(WRITE ${doc}/copyright "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: axprod

Files: *
Copyright: ${holder}
License: BSD-3-Clause

License: BSD-3-Clause
 ${license}
")
  file(WRITE ${doc}/changelog "axprod (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * Release ${CPACK_PACKAGE_VERSION}.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
  file(GLOB_RECURSE pages ${root}/usr/share/man/*)
  execute_process(COMMAND gzip -9n ${doc}/changelog ${pages} COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB_RECURSE files LIST_DIRECTORIES ON ${root}/*)
  foreach(file IN LISTS files)
    if(NOT IS_SYMLINK ${file})
      execute_process(COMMAND chmod go=u-w ${file} COMMAND_ERROR_IS_FATAL ANY)
    endif()
  endforeach()
endforeach()
