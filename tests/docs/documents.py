# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of the documentation share: where documents and programs are."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OVER_RANKS = "AXPROD_MPI_PROGRAM" in os.environ

HEADERS = ["include/axprod.h", "mpi/include/axprod_mpi.h"]
PROGRAMS = {"axprod": os.environ["AXPROD_PROGRAM"], "axprod-bench": os.environ["AXPROD_BENCH"]}
PAGES = {"axprod": "src/programs/axprod.1", "axprod-bench": "tests/bench/axprod-bench.1"}
if OVER_RANKS:
    PROGRAMS.update({"axprod-mpi": os.environ["AXPROD_MPI_PROGRAM"],
                     "axprod-mpi-bench": os.environ["AXPROD_MPI_BENCH"]})
    PAGES.update({name: f"mpi/programs/{name}.1" for name in ("axprod-mpi", "axprod-mpi-bench")})
OVERVIEW = "src/axprod.3"


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def functions(header):
    """The names of the functions that a header declares."""
    return set(re.findall(r"^AXPROD_API [^(;]*?(\w+)\(", read(header), re.MULTILINE))
