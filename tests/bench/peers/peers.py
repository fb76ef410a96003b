# SPDX-License-Identifier: BSD-3-Clause
"""axprod beside other libraries on the same inputs: times of calls taken in turn, results compared. See scripts/peers.

Each number of threads has a process of its own, bound to as many cores, since some libraries choose their threads
once. A library that is not here is left out, with a line that says so.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time

REPETITIONS = 7
BATCH_SECONDS = 0.01
# Threads of the library before go on spinning for a while.
PAUSE_SECONDS = 0.02

# --------------------------------------------------------------------------------------------- the measuring process


def open_libraries(threads, folder, wanted):
    from libraries import PEERS, Axprod
    libraries, missing = [Axprod(threads, folder)], {}
    for peer in PEERS:
        if wanted and peer.name not in wanted:
            continue
        try:
            libraries.append(peer(threads, folder))
        except (ImportError, OSError, subprocess.CalledProcessError) as error:
            missing[peer.name] = str(error).splitlines()[0]
    return libraries, missing


def time_batch(call, count):
    time.sleep(PAUSE_SECONDS)
    call()
    start = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - start) / count


def compare(problem, expected, got):
    """What is wrong with a result: "" for nothing, "!" where a result is infinite, zero, subnormal or NaN while the
    right one is an ordinary number (or the other way round), "~" where an error is larger than K roundings make."""
    import numpy as np
    if expected.dtype.kind == "i":
        return "" if np.array_equal(expected, got) else "~"
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    exact, other = expected.astype(wide), np.asarray(got).reshape(expected.shape).astype(wide)
    exact, other = exact.reshape(-1), other.reshape(-1)
    info = np.finfo(expected.dtype) if problem.dtype != "bf16" else __import__("ml_dtypes").finfo(expected.dtype)

    def ordinary(values):
        with np.errstate(invalid="ignore"):
            return np.isfinite(values) & (np.abs(values) >= float(info.tiny))

    both = ordinary(exact) & ordinary(other)
    specials_agree = (exact == other) | (np.isnan(exact) & np.isnan(other))
    if not np.all(both | specials_agree):
        return "!"
    bound = 2 * problem.factors * float(info.eps) * (3 if expected.dtype.kind == "c" else 1)
    with np.errstate(over="ignore", invalid="ignore"):
        far = np.abs(other[both] - exact[both]) > bound * np.abs(exact[both])
    return "~" if far.any() else ""


def measure(libraries, problem):
    x = problem.array()
    bound = {library.name: library.bind(problem, x) for library in libraries}
    bound = {name: functions for name, functions in bound.items() if functions}
    counts, times = {}, {name: [] for name in bound}
    for name, (call, _) in bound.items():
        call()
        counts[name] = max(1, math.ceil(BATCH_SECONDS / time_batch(call, 1)))
    for _ in range(REPETITIONS):
        for name, (call, _) in bound.items():
            times[name].append(time_batch(call, counts[name]))
    expected = bound["axprod"][1]().copy()
    result = {"problem": problem.label, "bytes": problem.count * x.itemsize, "peers": {}}
    for name, (_, fetch) in bound.items():
        result["peers"][name] = {"seconds": sorted(times[name])[REPETITIONS // 2],
                                 "mark": compare(problem, expected, fetch())}
    return result


def work(threads, folder, wanted):
    """Problems from standard input; a line of JSON about the libraries, then one for each problem."""
    import numpy
    from problem import Problem
    numpy.seterr(all="ignore")
    libraries, missing = open_libraries(threads, folder, wanted)
    print(json.dumps({"versions": {library.name: library.version for library in libraries}, "missing": missing}),
          flush=True)
    for line in sys.stdin:
        print(json.dumps(measure(libraries, Problem(line.strip()))), flush=True)


# ----------------------------------------------------------------------------------------------------- the main one


def list_problems(bench, arguments):
    return subprocess.run([bench, "--list", *arguments], check=True, capture_output=True,
                          text=True).stdout.splitlines()


def pure_read(bench, size):
    output = subprocess.run([bench, "--json", "f64 *", "--size=" + size], check=True, capture_output=True,
                            text=True).stdout.splitlines()
    return json.loads(output[0]), json.loads(output[1])


def run_worker(arguments, threads, problems):
    cores = sorted(os.sched_getaffinity(0))[:threads]
    command = [sys.executable, os.path.abspath(__file__), "--worker", "--threads=%d" % threads, arguments.bench]
    if arguments.libraries:
        command.append("--libraries=" + arguments.libraries)
    command.append("--folder=" + arguments.folder)
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              preexec_fn=lambda: os.sched_setaffinity(0, cores),
                              env=dict(os.environ, OMP_NUM_THREADS=str(threads)))
    worker.stdin.write("".join(problem + "\n" for problem in problems))
    worker.stdin.close()
    head = json.loads(worker.stdout.readline())
    results = []
    for line in worker.stdout:
        results.append(dict(json.loads(line), threads=threads))
        print("%d of %d with %d threads" % (len(results), len(problems), threads), file=sys.stderr)
    if worker.wait() or len(results) != len(problems):
        sys.exit("peers: the measuring process failed")
    return head, results


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values)) if values else math.nan


def ratio(result, name):
    """How many times as fast as that peer axprod is."""
    return result["peers"][name]["seconds"] / result["peers"]["axprod"]["seconds"]


def table_rows(results, names):
    rows = []
    for result in results:
        others = [ratio(result, name) for name in result["peers"] if name != "axprod"]
        row = [result["problem"], str(result["threads"])]
        for name in ["axprod"] + names:
            peer = result["peers"].get(name)
            row.append("-" if peer is None else "%.3g%s" % (result["bytes"] / peer["seconds"] * 1e-9, peer["mark"]))
        rows.append(row + ["%.2f" % min(others) if others else "-"])
    means = [geometric_mean([ratio(result, name) for result in results if name in result["peers"]]) for name in names]
    best = geometric_mean([min(ratio(result, name) for name in result["peers"] if name != "axprod")
                           for result in results if len(result["peers"]) > 1])
    rows.append(["geometric mean of axprod / peer", "", ""] + ["%.2f" % mean for mean in means] + ["%.2f" % best])
    return rows


def print_table(header, rows, markdown):
    if markdown:
        print("| " + " | ".join(header) + " |\n|" + " --- |" * len(header))
        for row in rows:
            print("| " + " | ".join(row) + " |")
        return
    widths = [max(len(row[i]) for row in [header] + rows) for i in range(len(header))]
    for row in [header] + rows:
        print(row[0].ljust(widths[0]) + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:])))


def print_heading(machine, reads, head, markdown):
    end = "  " if markdown else ""
    print("%s, %d cores; %s; %s%s" % (machine["processor"], len(os.sched_getaffinity(0)), machine["os"],
                                      machine["compiler"], end))
    print("Pure read: " + "; ".join("%.1f GB/s from %s with %d threads" % (read["read_gb_per_s"], size, read["threads"])
                                    for size, read in reads) + end)
    print("; ".join("%s %s" % item for item in head["versions"].items()) + end)
    for name, why in head["missing"].items():
        print("Left out: %s (%s)%s" % (name, why, end))
    print("GB/s of elements, median of %d; ! some results infinite, zero, subnormal or NaN where the product is not; "
          "~ some further off\nthan twice as many roundings as there are factors; - not possible without a copy.\n" %
          REPETITIONS)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="peers", description="axprod beside other libraries")
    parser.add_argument("bench", help="the program axprod-bench")
    parser.add_argument("--folder", required=True, help="for what is compiled")
    parser.add_argument("--libraries", default="", help="names, with commas between them; all")
    parser.add_argument("--markdown", action="store_true", help="a table in Markdown")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each problem")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    return parser.parse_known_args()


def main():
    arguments, selection = parse_arguments()
    wanted = arguments.libraries.split(",") if arguments.libraries else []
    if arguments.worker:
        work(arguments.threads, arguments.folder, wanted)
        return
    problems = list_problems(arguments.bench, selection)
    many = len(os.sched_getaffinity(0))
    groups = {1: [p for p in problems if " threads=1 " in p], many: [p for p in problems if " threads=" not in p]}
    if sum(map(len, groups.values())) != len(problems):
        sys.exit("peers: only with threads=1 or all")
    machine, read = pure_read(arguments.bench, "1GiB")
    reads = [("1 GiB", read), ("4 MiB", pure_read(arguments.bench, "4MiB")[1])]
    head, results = None, []
    for threads, group in groups.items():
        if group:
            head, more = run_worker(arguments, threads, group)
            results += more
    if arguments.json:
        for result in results:
            print(json.dumps(result))
        return
    names = [name for name in head["versions"] if name != "axprod"]
    print_heading(machine, reads, head, arguments.markdown)
    print_table(["problem", "threads", "axprod"] + names + ["axprod / best peer"], table_rows(results, names),
                arguments.markdown)


if __name__ == "__main__":
    main()
