# SPDX-License-Identifier: BSD-3-Clause
"""The command line of scripts/scaling."""

import argparse

from common import Refusal, parse_numbers, parse_size, powers_up_to

DESCRIPTION = """
Studies how axprod scales on this machine, or over the nodes of an allocation: over threads, ranks, and ranks of several
threads; with a problem of fixed size (strong) and one of fixed size per core (weak); and MPI_Allreduce over the number
of outputs, beside MPI_PROD. Without an argument it takes some minutes and ends in build/scaling/index.html, with tables
(CSV, JSON) and plots (SVG, PNG) beside it. A study that was interrupted goes on with the same command.
"""

EPILOG = """
A PROBLEM is one of axprod-bench --help in which one extent is *, such as 'f64 *x1024 axes=0' (that one and its f32
are the default): it becomes as large as the size of each point allows. Ranks cut the first axis.

Each point is measured several times, round by round, so that what disturbs the machine for a while does not make one
point slow; medians count. A point has beside it, from the same run: the pure read of as many bytes by the same threads
of the same ranks; the ideal, in proportion to one core; and, for f64 over ranks, a loop and MPI_Allreduce with
MPI_PROD.

In a Slurm allocation:  scripts/scaling --build=build/release --launcher=srun
Exit status: 0; 1 where points of one problem have different bits, or a program failed; 2 where something is refused,
before anything has run.
"""


def parser():
    p = argparse.ArgumentParser(
        prog="scripts/scaling",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = p.add_argument_group("what is measured").add_argument
    add("problems", nargs="*", metavar="PROBLEM", default=["f64 *x1024 axes=0", "f32 *x1024 axes=0"])
    add("--threads", metavar="LIST", help="threads of one process (1, 2, 4 .. the usable cores), or none")
    add("--ranks", metavar="LIST", help="ranks of one thread (1, 2, 4 .. the slots), or none")
    add(
        "--hybrid",
        metavar="LIST",
        help="threads of each rank, in as many ranks as there are cores for: 1, 2, 4 .. "
        "(2, and the cores of a NUMA node where there are several), or none",
    )
    add("--size", default="512MiB", help="of fixed problems (512MiB)")
    add("--core-size", default="256MiB", help="per core, of problems that grow (256MiB)")
    add(
        "--counts",
        metavar="LIST",
        help="outputs of MPI_Allreduce (1,3,10 .. 3000000, as far as memory allows), or none",
    )
    add("--rounds", type=int, default=5, help="of all measurements, of which medians count (5)")
    add("--min-time", metavar="SECONDS", type=float, default=0.8, help="of each measurement (0.8)")
    add = p.add_argument_group("how ranks are started").add_argument
    add(
        "--launcher",
        default="mpirun",
        help="mpirun, mpiexec or srun, with options of yours; or any command with "
        "{ranks}, and {threads} and {hostfile} where it needs them (mpirun)",
    )
    add("--hostfile", metavar="FILE", help="lines such as 'node1 slots=4' (this machine, or the Slurm allocation)")
    add("--oversubscribe", action="store_true", help="let more ranks and threads run than there are cores, unbound")
    add = p.add_argument_group("simulated ranks, with SimGrid").add_argument
    add("--simulate", metavar="LIST", default="64,256,1024", help="ranks (64,256,1024), or none")
    add = p.add_argument_group("where").add_argument
    add(
        "--build",
        metavar="FOLDER",
        help="what is built already, with tests and MPI; without it: build/release, which is " "brought up to date",
    )
    add("--folder", default="build/scaling", help="for all that comes out (build/scaling)")
    add("--restart", action="store_true", help="forget what an earlier study in the folder has measured")
    return p


def parse(arguments, cores, numa_nodes):
    """Lists and sizes as numbers. cores: usable ones. The room for ranks is known only later, so their list is None
    where it is left open, as is that of counts, which depends on them."""
    p = parser()
    o = p.parse_args(arguments)
    if o.rounds < 1 or not 0 < o.min_time <= 3600:
        p.error("--rounds begins at 1, --min-time is more than 0 and at most 3600 seconds")
    o.threads = parse_numbers("--threads", o.threads) if o.threads else powers_up_to(cores)
    o.ranks = parse_numbers("--ranks", o.ranks) if o.ranks else None
    usual = sorted(
        {2, cores // numa_nodes} if numa_nodes > 1 and cores >= 2 * numa_nodes else {2} if cores > 1 else set()
    )
    o.hybrid = [t for t in (parse_numbers("--hybrid", o.hybrid) if o.hybrid else usual) if t > 1]
    o.counts = parse_numbers("--counts", o.counts) if o.counts else None
    o.simulate = parse_numbers("--simulate", o.simulate)
    for problem in o.problems:
        if "*" not in problem:
            raise Refusal("'%s' has no extent *, so that it cannot take the sizes of the points" % problem)
    o.size, o.core_size = parse_size(o.size), parse_size(o.core_size)
    return o
