# SPDX-License-Identifier: BSD-3-Clause
"""Reductions over simulated clusters: see scripts/simulate --help."""

import argparse
import glob
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import machine
from common import ROOT, Failure, Progress, Refusal, bytes_text, main_of, parse_numbers, parse_size, run, seconds_text

SOURCES = os.path.join(ROOT, "mpi", "simulate")
TOPOLOGIES = {"fat-tree": "fat tree", "dragonfly": "dragonfly"}
COUNTS = [1, 1000, 10000]
MOST_RANKS = 4096  # nodes of the clusters described
DEFAULT_BYTES = 16 << 30

# What SimGrid takes for a rank, and for an output of a rank; a copy of the program in the temporary folder.
RANK_BYTES, OUTPUT_BYTES, COPY_BYTES = 600 << 10, 130, 1 << 20

# Without these, SimGrid takes algorithms and latencies of old clusters: a tree for every size, and links several times
# slower than described. Algorithms are those that Open MPI chooses.
SETTINGS = [
    "--log=root.thres:warning",
    "--cfg=smpi/host-speed:1Gf",
    "--cfg=smpi/simulate-computation:no",
    "--cfg=smpi/lat-factor:0:1",
    "--cfg=smpi/bw-factor:0:1",
    "--cfg=smpi/allreduce:ompi",
    "--cfg=smpi/reduce:ompi_binomial",
    "--cfg=smpi/bcast:binomial_tree",
]
SECONDS_LIMIT = 900

MODEL_SENTENCES = [
    "Simulated: every message of MPI_Allreduce, with the algorithms that Open MPI chooses (hence the steps), over "
    "links with latency, bandwidth and contention; one rank on each node. The arithmetic is really done, and its bits "
    "are compared with those of one process.",
    "Charged, at rates measured here: the multiplication of a rank's elements, the products inside MPI_Allreduce "
    "(MPI_PROD by an operation of the same multiplications), and finishing.",
    "Not modelled: other jobs, noise, congestion control, the software's own overhead of each message, several ranks "
    "on a node, and the transports of axprod_mpi_prod, which for many outputs choose other collectives than "
    "MPI_Allreduce.",
]


def check(ranks, counts):
    """Everything that would fail later."""
    for tool in "smpicc", "smpirun":
        if not shutil.which(tool):
            raise Refusal(
                "%s of SimGrid is not found: scripts/setup scaling installs it (package libsimgrid-dev); or leave "
                "simulated ranks out of a study with --simulate=none" % tool
            )
    if max(ranks) > MOST_RANKS or min(ranks) < 2:
        raise Refusal(
            "the simulated clusters have 2 to %d nodes, not %d"
            % (MOST_RANKS, max(ranks) if max(ranks) > MOST_RANKS else min(ranks))
        )
    needed = max(ranks) * (RANK_BYTES + OUTPUT_BYTES * max(counts))
    if needed > machine.memory_available():
        raise Refusal(
            "%d simulated ranks take some %s of memory, and %s are available: simulate fewer"
            % (max(ranks), bytes_text(needed), bytes_text(machine.memory_available()))
        )
    copies = max(ranks) * COPY_BYTES
    if copies > shutil.disk_usage(tempfile.gettempdir()).free:
        raise Refusal(
            "%d simulated ranks take %s in %s, where less is free: simulate fewer, or set TMPDIR"
            % (max(ranks), bytes_text(copies), tempfile.gettempdir())
        )


def check_library(library):
    if not os.path.exists(library):
        raise Refusal(
            "%s is not there: build axprod first (cmake --preset release, cmake --build --preset release), or "
            "name its folder with --build" % library
        )


def compile_all(folder, library):
    """simulate and costs, from the sources of the MPI layer and the core's static library."""
    flags = [
        "-std=gnu11",
        "-O2",
        "-s",
        "-D_GNU_SOURCE",
        "-DAXPROD_BUILDING",
        "-I" + os.path.join(ROOT, "include"),
        "-I" + os.path.join(ROOT, "mpi", "include"),
    ]
    libraries = [library, "-fopenmp", "-lhwloc", "-lgmp", "-lpthread", "-lm"]
    layer = sorted(glob.glob(os.path.join(ROOT, "mpi", "src", "*.c")))
    programs = {
        "simulate": ["smpicc", "-Wl,--wrap=axprod_partial_merge", os.path.join(SOURCES, "simulate.c")] + layer,
        "costs": ["cc", os.path.join(SOURCES, "costs.c")],
    }
    for name, (compiler, *sources) in programs.items():
        said = run([compiler] + flags + sources + libraries + ["-o", os.path.join(folder, name)])
        if said.returncode != 0:
            raise Failure("%s%s did not compile" % (said.stderr[-3000:], name))


def measure_costs(folder):
    said = run([os.path.join(folder, "costs")])
    if said.returncode != 0:
        raise Failure("%sthe costs of elements could not be measured" % said.stderr)
    return json.loads(said.stdout)


def run_group(command):
    """(status, output, errors) of a command. smpirun is a script, so its children are ended together with it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=SECONDS_LIMIT)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            raise Failure("%s\ntook more than %d seconds" % (" ".join(command), SECONDS_LIMIT)) from error
        raise
    return process.returncode, output, errors


def simulate_one(folder, topology, ranks, count, model):
    """One simulation, with how long it took."""
    hosts = os.path.join(folder, "hosts")
    with open(hosts, "w", encoding="ascii") as file:
        file.writelines("node%d\n" % i for i in range(ranks))
    local = model["bytes"] / ranks / model["bytes_per_second"]
    command = (
        ["smpirun", "-np", str(ranks), "-platform", os.path.join(SOURCES, topology + ".xml"), "-hostfile", hosts]
        + SETTINGS
        + [os.path.join(folder, "simulate"), str(count)]
        + [
            "%.6e" % seconds
            for seconds in (local, model["merge_seconds"], model["multiply_seconds"], model["finish_seconds"])
        ]
    )
    begin = time.monotonic()
    status, output, errors = run_group(command)
    if status != 0:
        raise Failure("%s\nfailed with status %d:\n%s" % (" ".join(command), status, errors[-3000:]))
    return dict(json.loads(output), topology=topology, elapsed_seconds=time.monotonic() - begin)


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def open_record(folder, rate, rate_source, total):
    """The file, its model, and what has been simulated with it; begins anew where programs or rates have changed."""
    path = os.path.join(folder, "simulated.jsonl")
    identity = {"program": digest_of(os.path.join(folder, "simulate")), "bytes_per_second": rate, "bytes": total}
    lines = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file.read().split("\n")[:-1] if line]
    if not lines or lines[0]["identity"] != identity:
        model = dict(measure_costs(folder), bytes=total, bytes_per_second=rate, rate_source=rate_source)
        lines = [{"identity": identity, "model": model}]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path, lines[0]["model"], lines[1:]


def study(folder, library, ranks, counts, rate, rate_source, total=DEFAULT_BYTES):
    """Simulates what has not been simulated yet: {"model": ..., "points": [...]}, also in simulated.json."""
    os.makedirs(folder, exist_ok=True)
    compile_all(folder, library)
    path, model, found = open_record(folder, rate, rate_source, total)
    wanted = [(topology, r, count) for r in sorted(ranks) for topology in TOPOLOGIES for count in counts]
    there = {(p["topology"], p["ranks"], p["count"]) for p in found}
    left = [job for job in wanted if job not in there]
    weights = [0.5 + 2.5e-3 * r + 4e-7 * r * count for _, r, count in left]
    progress = Progress(weights, time.monotonic)
    with open(path, "a", encoding="utf-8") as file:
        for job, weight in zip(left, weights):
            progress.start("%s of %d simulated ranks, %d outputs" % (TOPOLOGIES[job[0]], job[1], job[2]))
            found.append(simulate_one(folder, *job, model))
            file.write(json.dumps(found[-1]) + "\n")
            file.flush()
            progress.finish(weight)
    points = sorted(
        (p for p in found if (p["topology"], p["ranks"], p["count"]) in wanted),
        key=lambda p: (p["topology"], p["count"], p["ranks"]),
    )
    simulation = {"model": model, "does": MODEL_SENTENCES, "points": points}
    with open(os.path.join(folder, "simulated.json"), "w", encoding="utf-8") as file:
        json.dump(simulation, file, indent=1)
    return simulation


def agrees(simulation):
    """Had all ranks of all simulations the bits of one process?"""
    return all(p["right_ranks"] == p["ranks"] for p in simulation["points"])


def bits_sentence(simulation):
    wrong = [p for p in simulation["points"] if p["right_ranks"] != p["ranks"]]
    plain = [p for p in simulation["points"] if p["plain_right_ranks"] != p["ranks"]]
    if wrong:
        return "Simulated: WRONG bits in %d of %d simulations" % (len(wrong), len(simulation["points"]))
    return "Simulated: in all %d simulations every rank had the bits of one process (with MPI_PROD, in %d)." % (
        len(simulation["points"]),
        len(simulation["points"]) - len(plain),
    )


def measured_rate(bench):
    """Bytes per second of axprod on all cores."""
    if not os.path.exists(bench):
        raise Refusal("%s is not there: build with -DAXPROD_TESTS=ON, or tell the rate with --rate" % bench)
    said = run([bench, "--json", "--size=512MiB", "f64 *x1024 axes=0"])
    if said.returncode != 0:
        raise Failure("%sthe rate could not be measured" % said.stderr)
    return json.loads(said.stdout.splitlines()[1])["gb_per_s"] * 1e9


def parse(arguments):
    p = argparse.ArgumentParser(
        prog="scripts/simulate",
        description="Simulates a product over the ranks of a fat tree and "
        "of a dragonfly (mpi/simulate/*.xml) with SimGrid: MPI_Allreduce of partial products with "
        "axprod's operation beside doubles with MPI_PROD. All results' bits are checked.",
        epilog=" ".join(MODEL_SENTENCES),
    )
    p.add_argument("--ranks", metavar="LIST", default="64,256,1024", help="up to %d (64,256,1024)" % MOST_RANKS)
    p.add_argument("--counts", metavar="LIST", default=",".join(map(str, COUNTS)), help="outputs (1,1000,10000)")
    p.add_argument(
        "--size", default="16GiB", help="of the elements of all ranks, whose multiplication is charged (16GiB)"
    )
    p.add_argument("--rate", metavar="GB/S", type=float, help="at which a rank multiplies (that of axprod-bench here)")
    p.add_argument("--build", metavar="FOLDER", default=os.path.join(ROOT, "build", "release"), help="(build/release)")
    p.add_argument("--folder", default="build/simulate", help="for simulated.json (build/simulate)")
    o = p.parse_args(arguments)
    if o.rate is not None and not 0 < o.rate < 1e6:
        p.error("--rate is more than 0")
    o.ranks, o.counts, o.size = (
        parse_numbers("--ranks", o.ranks),
        parse_numbers("--counts", o.counts),
        parse_size(o.size),
    )
    if not o.ranks or not o.counts:
        raise Refusal("--ranks and --counts need a number each")
    return o


def print_table(points):
    print(
        "%-9s %6s %8s %12s %12s %14s %14s %6s"
        % ("cluster", "ranks", "outputs", "axprod", "MPI_PROD", "axprod + local", "MPI_PROD + local", "bits")
    )
    for p in points:
        print(
            "%-9s %6d %8d %12s %12s %14s %14s %6s"
            % (
                TOPOLOGIES[p["topology"]],
                p["ranks"],
                p["count"],
                *map(seconds_text, (p["seconds"], p["plain_seconds"], p["total_seconds"], p["plain_total_seconds"])),
                "same" if p["right_ranks"] == p["ranks"] else "WRONG",
            )
        )


def main(arguments):
    def whole():
        o = parse(arguments)
        check(o.ranks, o.counts)
        library = os.path.join(o.build, "libaxprod.a")
        check_library(library)
        rate = o.rate * 1e9 if o.rate else measured_rate(os.path.join(o.build, "tests", "axprod-bench"))
        source = "--rate" if o.rate else "axprod-bench on all cores"
        simulation = study(os.path.abspath(o.folder), library, o.ranks, o.counts, rate, source, o.size)
        print_table(simulation["points"])
        print(bits_sentence(simulation))
        return 0 if agrees(simulation) else 1

    main_of("scripts/simulate", whole)
