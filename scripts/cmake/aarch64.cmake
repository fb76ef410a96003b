# SPDX-License-Identifier: BSD-3-Clause
# Toolchain: cross build for AArch64 with Debian's cross compiler and multiarch packages (scripts/setup ci).
# Tests run under qemu's user mode, on the same multiarch libraries.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# Libraries and headers of that architecture stand beside the machine's own; only pkg-config has to be told.
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig)
# "/" and not the cross compiler's folder, whose loader may not fit the multiarch C library.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /)
