# SPDX-License-Identifier: BSD-3-Clause
#
# The CMake package beside the targets that axp_library exports: in the build folder and where they are installed.
include(CMakePackageConfigHelpers)
configure_file(scripts/cmake/axprod-config.cmake.in axprod-config.cmake @ONLY)
# Below 1.0 a new minor version may break what was.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/axprod-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/axprod-config.cmake ${PROJECT_BINARY_DIR}/axprod-config-version.cmake
        DESTINATION ${axprod_cmakedir} COMPONENT axprod-development)
