# SPDX-License-Identifier: BSD-3-Clause
"""The examples of README.md, the manual pages and the headers, as a reader would use them. Run by CTest: docs.examples.

C examples are compiled without a warning against an installed axprod, run, and compared with what they say they print:
the comment behind each printf. What is no whole program is included by a program beside this file, its frame. Shell
examples are run; benchmarks only list their problems.
"""

import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

sys.dont_write_bytecode = True

from documents import HEADERS, OVERVIEW, OVER_RANKS, PAGES, PROGRAMS, ROOT, read

# The frames of each document's fragments, in their order.
FRAMES = {"README.md": ["pieces.c", "ranks.c"], "include/axprod.h": ["columns.c"],
          "mpi/include/axprod_mpi.h": ["rows.c"]}
NEEDS_RANKS = {"ranks.c", "rows.c"}
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def fences(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", read("README.md"), re.MULTILINE | re.DOTALL)


def c_examples():
    """Pairs of a document and an example in it."""
    for text in fences("c"):
        yield "README.md", text
    for header in HEADERS:
        for text in re.findall(r"^ \* @code\n(.*?)^ \* @endcode$", read(header), re.MULTILINE | re.DOTALL):
            yield header, re.sub(r"^ \* ?", "", text, flags=re.MULTILINE)
    for page in [OVERVIEW, *PAGES.values()]:
        for text in re.findall(r"^\.Bd -literal\n(.*?)^\.Ed$", read(page), re.MULTILINE | re.DOTALL):
            yield page, text.replace(r"\e", "\\")


def shell_examples():
    for text in fences("sh"):
        yield from (line for line in text.splitlines() if not line.startswith("#"))
    yield from re.findall(r"^(?:mpi)?cc .*", read(OVERVIEW), re.MULTILINE)
    for page in PAGES.values():
        yield from re.findall(r"^\.Dl \$ (.*)", read(page), re.MULTILINE)


def stated_output(example):
    comments = re.findall(r"printf\(.*;\s*(?://(.*)|/\*(.*)\*/)", example)
    return [(line or block).strip() for line, block in comments]


class Examples(unittest.TestCase):
    """In a folder that looks like a clone with a build, with the programs in PATH and axprod installed."""

    @classmethod
    def setUpClass(cls):
        cls.prefix = tempfile.mkdtemp(prefix="axprod-docs-prefix-")
        cls.addClassCleanup(shutil.rmtree, cls.prefix)
        subprocess.run([os.environ["AXPROD_CMAKE"], "--install", os.environ["AXPROD_BUILD"], "--prefix", cls.prefix],
                       stdout=subprocess.DEVNULL, check=True)
        modules, = glob.glob(cls.prefix + "/**/pkgconfig", recursive=True)
        cls.environment = dict(os.environ, PKG_CONFIG_PATH=modules, LD_LIBRARY_PATH=os.path.dirname(modules))

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="axprod-docs-")
        self.addCleanup(shutil.rmtree, self.directory)
        for name in "include", "tests":
            os.symlink(os.path.join(ROOT, name), self.path(name))
        os.makedirs(self.path("build"))
        os.symlink(os.environ["AXPROD_BUILD"], self.path("build/quickstart"))
        os.makedirs(self.path("bin"))
        commands = {**PROGRAMS, "cc": os.environ["AXPROD_CC"]}
        if OVER_RANKS:
            commands.update(mpirun=os.environ["AXPROD_MPIEXEC"], mpicc=os.environ["AXPROD_MPI_CC"])
        for name, program in commands.items():
            os.symlink(shutil.which(program), self.path("bin/" + name))
        for name in "big.npy", "matrix.npy":
            np.save(self.path(name), np.linspace(0.5, 1.5, 24).reshape(4, 6))

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def run_command(self, command):
        environment = dict(self.environment, PATH=self.path("bin") + ":" + os.environ["PATH"])
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              cwd=self.directory, env=environment, timeout=60, shell=isinstance(command, str))
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}")
        return done.stdout

    def compile(self, source, over_ranks, *flags):
        compiler, module = ("mpicc", "axprod-mpi") if over_ranks else ("cc", "axprod")
        linking = self.run_command(["pkg-config", "--cflags", "--libs", module]).split()
        self.run_command([compiler, *WARNINGS, *flags, source, "-o", self.path("example"), *linking])

    def check_whole(self, example):
        self.compile(self.write("example.c", example), "axprod_mpi.h" in example)
        self.assertEqual(self.run_command(["./example"]).splitlines(), stated_output(example))

    def check_fragment(self, example, frame):
        fragment = self.write("fragment.h", example)
        over_ranks = frame in NEEDS_RANKS
        self.compile(os.path.join(ROOT, "tests/docs", frame), over_ranks, f'-DFRAGMENT="{fragment}"')
        launcher = ["mpirun", "-n", "2"] if over_ranks else []
        self.assertEqual(self.run_command([*launcher, "./example"]).splitlines(), stated_output(example), frame)

    def test_c(self):
        frames, whole = {document: list(names) for document, names in FRAMES.items()}, 0
        for document, example in c_examples():
            with self.subTest(document=document, example=example[:60]):
                if "int main(" in example:
                    whole += 1
                    self.check_whole(example)
                    continue
                self.assertTrue(frames.get(document), "a fragment without a frame: see FRAMES")
                frame = frames[document].pop(0)
                if OVER_RANKS or frame not in NEEDS_RANKS:
                    self.check_fragment(example, frame)
        self.assertGreaterEqual(whole, 2)
        self.assertFalse(any(frames.values()), f"frames without a fragment: {frames}")

    def check_shell(self, line):
        command = re.sub(r"\s+#.*", "", line)
        words = shlex.split(command)
        program = next((word for word in reversed(words) if word in PAGES), words[0])
        if "[--" in command:
            synopsis = self.run_command([program, "--help"])
            for option in re.findall(r"--[a-z-]+", command):
                self.assertRegex(synopsis, rf" {option}\b")
        elif words[0].startswith("scripts/"):
            self.assertTrue(os.access(os.path.join(ROOT, words[0]), os.X_OK))
        elif program in PROGRAMS:
            self.run_command(command + " --list" if "bench" in program else command)
        else:
            self.assertIn(words[0], ("cc", "mpicc"), "test_examples.py does not know how to try this command")
            printed = self.run_command(command if "./" in command else command + " && ./a.out")
            self.assertEqual(printed.splitlines(), stated_output(fences("c")[0]))

    def test_shell(self):
        for name in "product.c", "program.c":
            self.write(name, fences("c")[0])
        tried = 0
        for line in shell_examples():
            if OVER_RANKS or "mpi" not in line:
                with self.subTest(line):
                    tried += 1
                    self.check_shell(line)
        self.assertGreater(tried, 8)


if __name__ == "__main__":
    unittest.main()
