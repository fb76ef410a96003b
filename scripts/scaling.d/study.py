# SPDX-License-Identifier: BSD-3-Clause
"""A study from its command line to its page: see scripts/scaling --help.

    options -> jobs (what is to be run) -> checks of everything that can be checked before -> measurements, each written
    to measurements.jsonl as soon as it is there -> tables -> plots -> page
"""

import hashlib
import json
import os
import shutil
import time

import machine
import options
import page
import plots
import results
import simulate
from common import ROOT, Failure, Progress, Refusal, bytes_text, main_of, powers_up_to, run
from launch import Launcher

# Of the memory that is available, what a problem may take: results, partials and the programs need some, too.
MEMORY_SHARE = 0.8
# What a rank needs for each output of a reduction: the element, results, partials on their way.
OUTPUT_BYTES = 100
USUAL_COUNTS = sorted(digit * 10**power for power in range(7) for digit in (1, 3))
DTYPE_BYTES = {
    "i8": 1,
    "u8": 1,
    "bool": 1,
    "i16": 2,
    "u16": 2,
    "f16": 2,
    "bf16": 2,
    "i32": 4,
    "u32": 4,
    "f32": 4,
    "i64": 8,
    "u64": 8,
    "f64": 8,
    "c64": 8,
    "c128": 16,
}


def programs(folder, wants_mpi):
    """The benchmarks of a build folder."""
    found = {
        "bench": os.path.join(folder, "tests", "axprod-bench"),
        "mpi": os.path.join(folder, "mpi", "programs", "axprod-mpi-bench"),
    }
    if not os.path.exists(found["bench"]):
        raise Refusal("%s is not there: build with -DAXPROD_TESTS=ON, or leave --build out" % found["bench"])
    if wants_mpi and not os.path.exists(found["mpi"]):
        raise Refusal(
            "%s is not there, as MPI was not built: install an MPI (scripts/setup does) and build with "
            "-DAXPROD_MPI=ON, or study threads alone with --ranks=none --hybrid=none" % found["mpi"]
        )
    return found


def build(wants_mpi):
    """build/release, up to date."""
    if not shutil.which("cmake"):
        raise Refusal("cmake is not found: scripts/setup installs it, or name a finished build with --build")
    targets = ["axprod_static", "axprod_bench"] + (["axprod_mpi_bench"] if wants_mpi else [])
    for command in (
        ["cmake", "--preset", "release", "-DAXPROD_MPI=" + ("ON" if wants_mpi else "AUTO")],
        ["cmake", "--build", "--preset", "release", "--target"] + targets,
    ):
        print("$ " + " ".join(command), flush=True)
        said = run(command, cwd=ROOT)
        if said.returncode != 0:
            raise Failure(said.stdout[-3000:] + said.stderr[-3000:] + "the build failed")
    return os.path.join(ROOT, "build", "release")


class Problem:
    """One size of a problem, in the canonical words of axprod-bench."""

    def __init__(self, bench, text, size):
        said = run([bench, "--list", "--threads=0", "--size=%d" % size, text])
        if said.returncode != 0:
            raise Refusal(said.stderr.strip())
        lines = said.stdout.splitlines()
        if len(lines) != 1:
            raise Refusal("'%s' names %d problems; name each of them" % (text, len(lines)))
        self.text = lines[0]
        dtype, shape = self.text.split()[:2]
        self.extents = [int(extent) for extent in shape.split("x")]
        self.bytes = DTYPE_BYTES[dtype]
        for extent in self.extents:
            self.bytes *= extent


class Job:
    """One run of a benchmark. key: what it is, without the round; problems: of one run."""

    def __init__(self, program, ranks, threads, problems, tag, round_number):
        self.program, self.ranks, self.threads, self.problems, self.tag = program, ranks, threads, problems, tag
        self.round = round_number
        self.key = json.dumps([program, ranks, threads, [p.text for p in problems], round_number])

    def expected_seconds(self, min_time):
        """Filling, checking and timing: guesses, which the progress bar corrects."""
        each = sum(p.bytes for p in self.problems) * 4e-9 / min(self.ranks * self.threads, 8)
        return 0.7 + each + (min_time + 0.1) * len(self.problems)

    def describe(self):
        where = (
            "%d threads" % self.threads
            if self.program == "bench"
            else "%d ranks x %d threads" % (self.ranks, self.threads)
        )
        return "round %d, %s, %s" % (
            self.round,
            where,
            self.problems[0].text.split(" out=")[0]
            if len(self.problems) == 1
            else "MPI_Allreduce of %d counts" % len(self.problems),
        )


class Study:
    def __init__(self, arguments):
        self.topology = machine.topology()
        cores = machine.usable_cores(self.topology)
        self.o = options.parse(arguments, cores, len(self.topology.get("numa_nodes", [])) or 1)
        self.folder = os.path.abspath(self.o.folder)
        plots.check()
        self.launcher = None
        if self.o.ranks != [] or self.o.hybrid:
            self.launcher = Launcher(
                self.o.launcher, self.o.hostfile, self.o.oversubscribe, cores, machine.threads_per_core(self.topology)
            )
            self.o.ranks = powers_up_to(self.launcher.slots) if self.o.ranks is None else self.o.ranks
        for ranks, threads in self.team_sizes():
            self.launcher.check(ranks, threads)
        if max(self.o.threads, default=0) > cores and not self.o.oversubscribe:
            raise Refusal(
                "%d threads need as many cores, and there are %d here: ask for fewer with --threads, or let them "
                "share cores with --oversubscribe" % (max(self.o.threads), cores)
            )
        if self.o.simulate:
            simulate.check(self.o.simulate, simulate.COUNTS)
        self.check_memory()
        self.choose_counts()
        if not self.o.threads and not self.team_sizes():
            raise Refusal("nothing is to be measured: name threads, ranks or both")
        built = os.path.abspath(self.o.build) if self.o.build else build(self.launcher is not None)
        self.programs, self.library = programs(built, self.launcher is not None), os.path.join(built, "libaxprod.a")
        if self.o.simulate:
            simulate.check_library(self.library)
        self.jobs = self.make_jobs()

    # --------------------------------------------------------------------------------------------- what is to be run

    def team_sizes(self):
        """(ranks, threads of each) over MPI."""
        teams = [(ranks, 1) for ranks in self.o.ranks or []]
        for threads in self.o.hybrid:
            room = self.launcher.slots // threads
            teams += [(ranks, threads) for ranks in powers_up_to(max(room, 1))]
        return teams

    def places(self):
        """(program, ranks, threads, series) of every point."""
        for threads in self.o.threads:
            yield "bench", 1, threads, "threads"
        for ranks, threads in self.team_sizes():
            yield "mpi", ranks, threads, "ranks" if threads == 1 else "ranks of %d threads" % threads

    def check_memory(self):
        """The largest problem, divided among the nodes."""
        nodes = self.launcher.nodes if self.launcher else 1
        cores = max([ranks * threads for _, ranks, threads, _ in self.places()], default=1)
        most = max(self.o.size, self.o.core_size * cores) / nodes
        available = machine.memory_available()
        if self.o.size > available * MEMORY_SHARE or most > available * MEMORY_SHARE:
            raise Refusal(
                "problems of %s do not fit into the %s of memory that are available on a node: choose a smaller "
                "--size or --core-size" % (bytes_text(max(most, self.o.size)), bytes_text(available))
            )

    def choose_counts(self):
        """All usual counts that fit into a node's memory, or exactly those that were asked for."""
        ranks = max(self.o.ranks or [0])
        ranks_on_node = -(-ranks // self.launcher.nodes) if ranks else 0
        room = machine.memory_available() * MEMORY_SHARE / (OUTPUT_BYTES * max(ranks_on_node, 1))
        if self.o.counts is None:
            self.o.counts = [count for count in USUAL_COUNTS if count <= room]
        elif max(self.o.counts, default=0) > room:
            raise Refusal(
                "%d outputs on each of %d ranks do not fit into the memory of a node: choose smaller --counts"
                % (max(self.o.counts), ranks_on_node)
            )

    def make_jobs(self):
        """self.points: what the jobs are points of; a job may be several, as a weak point of all cores a strong one."""
        bench, jobs, self.points = self.programs["bench"], {}, []
        sized = {}
        for index, text in enumerate(self.o.problems):
            for program, ranks, threads, series in self.places():
                for mode, size in ("strong", self.o.size), ("weak", self.o.core_size * ranks * threads):
                    if (text, size) not in sized:
                        sized[text, size] = Problem(bench, text, size)
                    problem = sized[text, size]
                    if program == "mpi" and text.startswith("c"):
                        raise Refusal(
                            "'%s' is complex, which axprod-mpi-bench does not measure: add --ranks=none --hybrid=none"
                            % text
                        )
                    if problem.extents[0] < ranks:
                        raise Refusal(
                            "'%s' cannot be cut for %d ranks along its first axis, which has %d elements"
                            % (text, ranks, problem.extents[0])
                        )
                    self.points.append(
                        {
                            "index": index,
                            "mode": mode,
                            "series": series,
                            "ranks": ranks,
                            "threads": threads,
                            "cores": ranks * threads,
                            "program": program,
                            "problem": problem.text,
                        }
                    )
                    for round_number in range(1, self.o.rounds + 1):
                        job = Job(program, ranks, threads, [problem], "point", round_number)
                        jobs.setdefault(job.key, job)
        for job in self.count_jobs():
            jobs[job.key] = job
        return sorted(jobs.values(), key=lambda job: job.round)

    def count_jobs(self):
        """MPI_Allreduce: one factor of each output on each rank, so that nothing is left but messages."""
        ranks = max(self.o.ranks or [0])
        if ranks < 2 or not self.o.counts:
            return
        problems = [Problem(self.programs["bench"], "f64 %dx%d axes=0" % (ranks, count), 1) for count in self.o.counts]
        for round_number in range(1, self.o.rounds + 1):
            yield Job("mpi", ranks, 1, problems, "counts", round_number)

    def identity(self):
        """What measurements must have in common to be of one study: settings, programs and machine."""
        settings = {key: value for key, value in vars(self.o).items() if key not in ("folder", "restart", "build")}
        digest = hashlib.sha256()
        for name in ["bench"] + (["mpi"] if self.launcher else []):
            with open(self.programs[name], "rb") as file:
                digest.update(file.read())
        return {"settings": settings, "programs": digest.hexdigest(), "host": machine.host()}

    # ----------------------------------------------------------------------------------------------------- measuring

    def open_record(self):
        """Measurements so far, by the keys of their jobs; ends where the folder holds another study's."""
        path, found = os.path.join(self.folder, "measurements.jsonl"), {}
        os.makedirs(self.folder, exist_ok=True)
        if self.o.restart and os.path.exists(path):
            os.remove(path)
        head = {"identity": self.identity(), "date": machine.date()}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                # the last line of a study that was killed may be a part of one
                lines = [line for line in file.read().split("\n")[:-1] if line]
            old = json.loads(lines[0]) if lines else head
            if old["identity"] != head["identity"]:
                raise Refusal(
                    "%s holds another study (%s), or one of programs that have changed: begin anew with "
                    "--restart, or keep it and name another --folder" % (self.folder, old["date"])
                )
            found = {json.loads(line)["key"]: json.loads(line) for line in lines[1:]}
            head = old
        self.date = head["date"]
        with open(path, "w", encoding="utf-8") as file:
            for line in [head] + list(found.values()):
                file.write(json.dumps(line) + "\n")
        return path, found

    def measure(self):
        """Runs the jobs that have not been measured yet."""
        path, self.found = self.open_record()
        left = [job for job in self.jobs if job.key not in self.found]
        if len(left) < len(self.jobs):
            print("going on: %d of %d measurements are there" % (len(self.jobs) - len(left), len(self.jobs)))
        weights = [job.expected_seconds(self.o.min_time) for job in left]
        progress = Progress(weights, time.monotonic)
        with open(path, "a", encoding="utf-8") as file:
            for job, weight in zip(left, weights):
                progress.start(job.describe())
                self.found[job.key] = self.run_job(job)
                file.write(json.dumps(self.found[job.key]) + "\n")
                file.flush()
                progress.finish(weight)

    def run_job(self, job):
        words = ["--json", "--min-time=%g" % self.o.min_time] + [
            "%s threads=%d" % (problem.text, job.threads) for problem in job.problems
        ]
        if job.program == "bench":
            environment = dict(os.environ, OMP_NUM_THREADS=str(job.threads), OMP_PLACES="cores", OMP_PROC_BIND="close")
            command = [self.programs["bench"]] + words
        else:
            environment = self.launcher.environment(job.threads)
            command = self.launcher.command(job.ranks, job.threads) + [self.programs["mpi"]] + words
        said = run(command, env=environment)
        if said.returncode != 0:
            raise Failure("%s\nfailed with status %d:\n%s" % (" ".join(command), said.returncode, said.stderr[-3000:]))
        head, *measured = map(json.loads, said.stdout.splitlines())
        if len(measured) != len(job.problems) or any(r.get("ranks", 1) != job.ranks for r in measured):
            raise Failure(
                "%s\nmeasured %d problems instead of %d, or with another number of ranks than %d: does the "
                "launcher belong to another MPI, or does srun need --mpi=pmix?" % (" ".join(command), len(measured), len(job.problems), job.ranks)
            )
        return {"key": job.key, "command": command, "machine": head, "results": measured}

    # ------------------------------------------------------------------------------------------------------- the end

    def describe(self):
        """Everything needed to repeat the study."""
        heads = [found["machine"] for found in self.found.values()]
        mpi = [head["mpi"] for head in heads if "mpi" in head]
        return {
            "date": self.date,
            "host": machine.host(),
            "processor": heads[0]["processor"],
            "os": heads[0]["os"],
            "topology": self.topology,
            "topology_text": machine.topology_text(self.topology),
            "compiler": heads[0]["compiler"],
            "isa": heads[0]["isa"],
            "axprod": heads[0]["axprod"],
            "commit": machine.commit(),
            "mpi": mpi[0] if mpi else None,
            "launcher": " ".join(self.launcher.words) if self.launcher else None,
            "rank_binding": self.launcher.binding() if self.launcher else None,
            "thread_binding": "OMP_PLACES=cores OMP_PROC_BIND=close",
            "settings": self.identity()["settings"],
        }

    def simulated(self, tables):
        if not self.o.simulate:
            return None
        rate, source = tables.local_rate()
        return simulate.study(self.folder, self.library, self.o.simulate, simulate.COUNTS, rate, source)

    def finish(self):
        tables = results.Tables(self.describe(), self.o.problems, self.points, self.jobs, self.found)
        simulation = self.simulated(tables)
        tables.write(self.folder, simulation)
        figures = plots.draw_all(self.folder, tables, simulation)
        path = page.write(self.folder, tables, simulation, figures)
        print("\n".join(tables.bits_sentences()))
        print("the page: %s" % path)
        return 1 if tables.differing() or (simulation and not simulate.agrees(simulation)) else 0


def main(arguments):
    def whole():
        study = Study(arguments)
        study.measure()
        return study.finish()

    main_of("scripts/scaling", whole)
