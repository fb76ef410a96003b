# SPDX-License-Identifier: BSD-3-Clause
"""All tests of axprod-mpi on one number of ranks: it does what axprod does, bit for bit, and fails on all ranks at once.

AXPROD_PROGRAM: mpiexec -n N .../axprod-mpi; AXPROD_SERIAL: .../axprod; AXPROD_TEST_RANKS: N.
Usage: python3 test_axprod_mpi.py [-v] [TEST]...
"""

import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "program"))
sys.dont_write_bytecode = True

import numpy as np
from program import COMMAND, ENVIRONMENT, TIMEOUT, ProgramTest, run

RANKS = int(os.environ["AXPROD_TEST_RANKS"])
PRECIOUS = b"what was there before"


def serial(*arguments, **keywords):
    return subprocess.run([os.environ["AXPROD_SERIAL"], *arguments], env=ENVIRONMENT, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=TIMEOUT, check=False, **keywords)


def numbers(shape, dtype="<f8"):
    """Reproducible elements near 1, of both signs."""
    random = np.random.default_rng(7)
    return (random.uniform(0.5, 2, shape) * random.choice([-1, 1], shape)).astype(dtype)


class RanksTest(ProgramTest):
    def same(self, path, *options):
        """Text and files are those of axprod."""
        outputs = [o for o in ("r.npy", "e.npy") if any(self.path(o) in option for option in options)]
        expected = serial(*options, path)
        self.assertEqual((expected.returncode, expected.stderr), (0, b""), options)
        files = [self.read(o) for o in outputs]
        for name in outputs:
            os.remove(self.path(name))
        self.assertEqual(self.succeed(*options, path), expected.stdout.decode(), options)
        self.assertEqual([self.read(o) for o in outputs], files, options)

    def check_failure(self, done, status, pattern="axprod-mpi"):
        """The launcher adds lines of its own; of ours there is one."""
        lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("axprod")]
        self.assertEqual((done.returncode, len(lines)), (status, 1), done.stderr)
        self.assertRegex(lines[0], r"\Aaxprod-mpi: [^\n]+\Z")
        self.assertRegex(lines[0], pattern)


class Values(RanksTest):
    def test_orders_and_axes(self):
        array = numbers((5, 6, 7))
        path = self.save(array, "c.npy")
        for axis in "0", "1", "2", "0,1", "-1,0", "":
            self.same(path, "--axis=" + axis, "--output=" + self.path("r.npy"))
        self.same(path)
        path = self.save(np.asfortranarray(array), "f.npy")
        for axis in "1", "0,2":
            self.same(path, "--axis=" + axis, "--output=" + self.path("r.npy"))

    def test_shapes(self):
        """Without axes, without elements, and with fewer elements than ranks."""
        for array in numbers(()), numbers((0, 3)), numbers((3, 0)), numbers((1, 1, 2)):
            path = self.save(array)
            self.same(path)
            self.same(path, "--axis=", "--output=" + self.path("r.npy"))
        self.same(self.save(numbers((0, 3))), "--axis=0", "--keepdims", "--output=" + self.path("r.npy"))
        self.same(self.save(numbers(())), "--keepdims", "--scaled", "--output=" + self.path("r.npy"))

    def test_options(self):
        path = self.save(numbers((12, 10)))
        r, e = "--output=" + self.path("r.npy"), self.path("e.npy")
        self.same(path, "--axis=0", "--scaled", r, "--exponent-output=" + e)
        self.same(path, "--axis=0", "--log", r, "--sign-output=" + e)
        self.same(path, "--axis=1", "--keepdims", "--dtype=f32", "--threads=1", r)
        self.same(path, "--axis=1", "--log")
        integers = self.save(np.arange(1, 41, dtype="<u2").reshape(8, 5))
        self.same(integers, "--axis=0", "--dtype=i8", r)
        self.same(integers, "--axis=0", "--dtype=f16", r)
        self.same(integers, "--input-dtype=bf16", "--axis=1", r)
        self.same(self.save(np.array([[True, False], [True, True]])), "--axis=0", r)
        # Gaussian integers are exact: the same bits however they are cut
        gaussian = (np.arange(40) % 5 - 2 + 1j * (np.arange(40) % 3 - 1)).reshape(8, 5)
        self.same(self.save(gaussian.astype("<c8")), "--axis=0", "--dtype=c128", r)
        self.same(self.save(gaussian + 3), "--axis=1", r)

    def test_big(self):
        """Blocks of several pages along each axis, none of which begins at a page."""
        path = self.save(numbers((1003, 2001)))
        for axis in "0", "1", "0,1":
            self.same(path, "--axis=" + axis, "--output=" + self.path("r.npy"))

    def test_grids(self):
        path = self.save(numbers((7, 5, 9)))
        for grid in "%dx1x1", "1x%dx1", "1x1x%d":
            self.same_grid(path, grid % RANKS)
        if RANKS == 4:
            self.same_grid(path, "2x1x2")
            self.same_grid(path, "1x2x2")

    def same_grid(self, path, grid):
        for axis in "0", "1,2":
            expected = serial("--axis=" + axis, path)
            self.assertEqual(self.succeed("--grid=" + grid, "--axis=" + axis, path), expected.stdout.decode(), grid)


class Words(RanksTest):
    def test_help_version_demo(self):
        """Said once."""
        text = self.succeed("--help")
        self.assertEqual(text.count("Usage: mpirun -n RANKS axprod-mpi [OPTION]... FILE.npy\n"), 1)
        self.assertIn("--grid", text)
        self.assertRegex(self.succeed("--version"), r"\Aaxprod-mpi \d+\.\d+\.\d+ \(\w+\)\n\Z")
        self.assertEqual(self.succeed("--demo"), serial("--demo").stdout.decode())

    def test_verbose_and_progress(self):
        path = self.save(numbers((12, 10)))
        done = run("--verbose", "--progress=always", "--axis=0", path)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr.decode(), r"\Aplan: axprod_mpi: .*\btime: [\d.]+ s for 0\.000001 GB, [\d.]+ GB/s\n\Z"
                         .replace(".*", r"[^\n]+ranks=%d[^\n]+\n" % RANKS))
        self.assertEqual(done.stdout, serial("--axis=0", path).stdout)


class Failures(RanksTest):
    def setUp(self):
        super().setUp()
        self.x = self.save(numbers((4, 6)))

    def test_usage(self):
        for pattern, *arguments in [
            ("is missing",),
            ("there is no option --frobnicate", "--frobnicate", self.x),
            ("see axprod-mpi --help", "--dtype=f65", self.x),
            ("--scaled and --log", "--scaled", "--log", self.x),
            ("--grid is given twice", "--grid=1x1", "--grid=1x1", self.x),
            ("not as many blocks as there are ranks", "--grid=%dx7" % RANKS, self.x),
            ("not as many blocks", "--grid=" + "x".join(["2147483647"] * 64), self.x),
            ("more than 64 axes", "--grid=" + "x".join("1" * 65), self.x),
        ]:
            self.fail_with(2, re.escape(pattern), *arguments)
        for text in "", "0x1", "2x", "2,2", "1.5":
            self.fail_with(2, "--grid needs numbers", "--grid=" + text, self.x)

    def test_files(self):
        r = self.write("r.npy", PRECIOUS)
        for pattern, *arguments in [
            (r"missing\.npy: No such file", self.path("missing.npy")),
            (r"is for 1 dimensions, but the array has 2", "--grid=%d" % RANKS, self.x),
            (r"x\.npy: .*axis 2 ", "--axis=2", self.x),
            (r"x\.npy: .", "--dtype=i32", self.x),
            (r"x\.npy: .*complex products have no scaled form", "--scaled",
             self.save(np.ones((3, 3), "<c16"), "x.npy")),
            (r"\.npy", self.write("damaged.npy", self.read("x.npy")[:-8])),
        ]:
            self.fail_with(1, pattern, "--output=" + r, *arguments)
            self.assertEqual(self.read("r.npy"), PRECIOUS)

    def test_output_refused(self):
        self.fail_with(1, "cannot be written: No such file", "--output=" + self.path("no/r.npy"), self.x)
        self.fail_with(1, "cannot be written: Is a directory", "--output=" + self.directory, self.x)

    @unittest.skipIf(RANKS == 1, "needs a rank besides the one that has the file")
    def test_file_of_one_rank(self):
        """The file is where one rank starts, and nowhere else: all leave, and the lowest rank without it is named."""
        os.mkdir(self.path("elsewhere"))
        number = COMMAND.index(str(RANKS))
        program = COMMAND[number + 1:] + ["--output=" + self.write("r.npy", PRECIOUS), "x.npy"]
        for here, pattern in (1, r"rank 1: x\.npy: No such file"), (RANKS - 1, r"rank %d: x\.npy" % (RANKS - 1)):
            command = COMMAND[:number] + [str(here), "-wdir", self.directory] + program + [":", "-n", str(RANKS - here)]
            done = subprocess.run(command + ["-wdir", self.path("elsewhere")] + program, env=ENVIRONMENT,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=TIMEOUT, check=False)
            self.check_failure(done, 1, pattern)
            self.assertEqual(self.read("r.npy"), PRECIOUS)


if __name__ == "__main__":
    unittest.main()
