# SPDX-License-Identifier: BSD-3-Clause

from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class Axprod(CMakePackage):
    """Correctly rounded products of the elements of tensors along axes: the same bits for any
    number of threads and ranks, any memory layout and any instruction set."""

    license("BSD-3-Clause")

    # Built from a folder with its sources: spack develop --path=FOLDER axprod@develop.
    version("develop")

    variant("mpi", default=True, description="Build the MPI layer")
    variant("fortran", default=True, description="Build the Fortran modules")
    variant("shared", default=True, description="axprod::axprod is the shared library; both are built")
    variant("tests", default=False, description="Build the tests and the benchmarks")

    depends_on("c", type="build")
    depends_on("cxx", type="build", when="+tests")
    depends_on("fortran", type="build", when="+fortran")
    depends_on("cmake@3.18:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("hwloc@2:")
    depends_on("gmp")
    depends_on("mpi@3.1:", when="+mpi")
    depends_on("mpfr", when="+tests")
    depends_on("cmocka", type=("build", "link"), when="+tests")
    depends_on("python@3:", type=("build", "test"), when="+tests")
    depends_on("py-numpy", type=("build", "test"), when="+tests")

    requires("%gcc@12:", when="+fortran", msg="The Fortran modules are for gfortran 12 or later")
    requires(
        "target=x86_64:",
        "target=aarch64:",
        policy="one_of",
        msg="There are kernels for x86-64 and AArch64 alone",
    )

    def cmake_args(self):
        return [
            self.define_from_variant("AXPROD_MPI", "mpi"),
            self.define_from_variant("AXPROD_FORTRAN", "fortran"),
            self.define_from_variant("AXPROD_TESTS", "tests"),
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
        ]
