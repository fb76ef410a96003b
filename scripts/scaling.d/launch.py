# SPDX-License-Identifier: BSD-3-Clause
"""How ranks are started: the options of known launchers, host files, and how many ranks there is room for."""

import os
import re
import shlex
import shutil

from common import Refusal, run

KINDS = ("openmpi", "mpich", "srun", "other")


def kind_of(words):
    """Which launcher a command is, by its name and by what it says of itself."""
    if os.path.basename(words[0]) == "srun":
        return "srun"
    said = run([words[0], "--version"])
    text = said.stdout + said.stderr
    if "Open MPI" in text or "OpenRTE" in text or "PRRTE" in text:
        return "openmpi"
    return "mpich" if "HYDRA" in text else "other"


def parse_hosts(text):
    """(hosts, slots) of a host file: "name slots=4", "name:4" or "name" on each line, # begins a comment."""
    slots = {}
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        name, _, count = words[0].partition(":")
        for word in words[1:]:
            match = re.fullmatch(r"(?:slots|max_slots|max-slots)=(\d+)", word)
            if match and not word.startswith("max"):
                count = match.group(1)
        if count and not count.isdigit():
            raise Refusal("the host file's line '%s' has no number after the colon" % line.strip())
        slots[name] = slots.get(name, 0) + int(count or 1)
    return len(slots), sum(slots.values())


def slurm_room(environment, threads_per_core):
    """(nodes, cores) of the allocation that this runs in, or None. What Slurm counts are hardware threads."""
    match = re.match(r"(\d+)(?:\(x(\d+)\))?", environment.get("SLURM_JOB_CPUS_PER_NODE", ""))
    if not match:
        return None
    nodes = cores = 0
    for count, times in re.findall(r"(\d+)(?:\(x(\d+)\))?(?:,|$)", environment["SLURM_JOB_CPUS_PER_NODE"]):
        nodes += int(times or 1)
        cores += int(count) // threads_per_core * int(times or 1)
    return nodes, cores


class Launcher:
    """text: a command such as "mpirun", "srun --exclusive" or "launch -n {ranks} -t {threads}"."""

    def __init__(self, text, hostfile, oversubscribe, usable, threads_per_core):
        self.words, self.hostfile, self.oversubscribe = shlex.split(text), hostfile, oversubscribe
        if not self.words:
            raise Refusal("--launcher is empty: mpirun, srun or another command goes there")
        if not shutil.which(self.words[0]):
            raise Refusal(
                "the launcher '%s' is not found: name another with --launcher, install an MPI (scripts/setup "
                "does), or study threads alone with --ranks=none --hybrid=none" % self.words[0]
            )
        self.template = "{ranks}" in text
        self.kind = "other" if self.template else kind_of(self.words)
        if hostfile and self.kind == "other" and "{hostfile}" not in text:
            raise Refusal("where does --hostfile go in the launcher '%s'? Say it as {hostfile}, and {ranks}" % text)
        self.nodes, self.slots = self.room(usable, threads_per_core)

    def room(self, usable, threads_per_core):
        if self.hostfile:
            try:
                with open(self.hostfile, encoding="utf-8") as file:
                    return parse_hosts(file.read())
            except OSError as error:
                raise Refusal("the host file %s: %s" % (self.hostfile, error.strerror)) from error
        return slurm_room(os.environ, threads_per_core) or (1, usable)

    def check(self, ranks, threads):
        if ranks * threads > self.slots and not self.oversubscribe:
            raise Refusal(
                "%d ranks of %d threads need %d cores, and there are %d: ask for less with --ranks and --hybrid, "
                "name more with --hostfile, or let them share cores with --oversubscribe"
                % (ranks, threads, ranks * threads, self.slots)
            )

    def command(self, ranks, threads):
        """The words before the program."""
        if self.template:
            values = {"ranks": str(ranks), "threads": str(threads), "hostfile": self.hostfile or ""}
            return [re.sub(r"\{(ranks|threads|hostfile)\}", lambda m: values[m.group(1)], w) for w in self.words]
        command = self.words + ["-n", str(ranks)]
        if self.kind == "openmpi":
            return command + self.openmpi_words(threads)
        if self.kind == "srun":
            host = ["--nodelist=" + os.path.abspath(self.hostfile)] if self.hostfile else []
            over = ["--overcommit"] if self.oversubscribe else ["--cpus-per-task=%d" % threads, "--threads-per-core=1", "--cpu-bind=cores"]
            return command + host + over
        if self.kind == "mpich":
            bind = [] if self.oversubscribe else ["-bind-to", "core:%d" % threads]
            return command + (["-f", self.hostfile] if self.hostfile else []) + bind
        return command

    def openmpi_words(self, threads):
        words = ["--hostfile", self.hostfile] if self.hostfile else []
        if self.oversubscribe:
            words += ["--oversubscribe", "--bind-to", "none"]
        else:
            words += ["--map-by", "slot:PE=%d" % threads, "--bind-to", "core"]
        for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
            words += ["-x", name]
        return words

    def environment(self, threads):
        """What Open MPI refuses without is said only where it is needed: by root, and where ranks share cores."""
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="passive")
        if self.kind == "openmpi" and os.geteuid() == 0:
            environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        if self.oversubscribe:
            environment.update(OMPI_MCA_mpi_yield_when_idle="1")
        return environment

    def binding(self):
        if self.oversubscribe:
            return "none"
        return {
            "openmpi": "--map-by slot:PE=THREADS --bind-to core",
            "srun": "--cpus-per-task=THREADS --threads-per-core=1 --cpu-bind=cores",
            "mpich": "-bind-to core:THREADS",
            "other": "as the launcher does",
        }[self.kind]
