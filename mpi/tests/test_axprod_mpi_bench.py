# SPDX-License-Identifier: BSD-3-Clause
"""The command line of axprod-mpi-bench. AXPROD_BENCH: mpiexec -n N .../axprod-mpi-bench; AXPROD_TEST_RANKS: N;
AXPROD_SERIAL_BENCH: .../axprod-bench.

Usage: python3 test_axprod_mpi_bench.py [-v] [TEST]...
"""

import json
import os
import shlex
import subprocess
import unittest

COMMAND = shlex.split(os.environ["AXPROD_BENCH"])
RANKS = int(os.environ["AXPROD_TEST_RANKS"])
SERIAL = os.environ["AXPROD_SERIAL_BENCH"]


def run(*arguments):
    return subprocess.run(COMMAND + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=100)


class Bench(unittest.TestCase):
    def measure(self, *arguments):
        done = run("--json", "--repetitions=3", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        machine, *results = map(json.loads, done.stdout.splitlines())
        self.assertEqual(set(machine), {"axprod", "isa", "processor", "os", "compiler", "mpi"})
        return results

    def test_results(self):
        """Every place of the result, its bits checked, on problems of all kinds that travel between ranks."""
        bits = set()
        for where in "local", "all", "root", "scatter":
            results = self.measure("--result=" + where, "f64 10x30x7 axes={0,1,2,all,none}", "f32 40x9 axes=0 order=1,0",
                                   "f64 10x30 axes=0 keepdims form={scaled,log}", "u16 10x30 axes=1 out=i64",
                                   "bf16 64x50 axes=0 data={ties,wild} out-order=0")
            self.assertEqual(len(results), 11)
            for r in results:
                self.assertEqual((r["result"], r["ranks"], r["verified"], r["repetitions"]), (where, RANKS, True, 3))
                self.assertEqual("speedup" in r, r["problem"].startswith("f64") and "form=" not in r["problem"])
                self.assertGreater(min(r["seconds"], r["local_seconds"], r["read_gb_per_s"]), 0)
                # of a few bytes it may round to nothing
                self.assertGreaterEqual(r["fraction"], 0)
            bits.add(tuple(r["bits"] for r in results))
        self.assertEqual(len(bits), 1)
        self.assertEqual(len(set(*bits)), 11)

    def test_bits(self):
        """The digest of a result tells neither ranks nor blocks, and elements that repeat are those of one process."""
        problems = "f64 *x24 axes=0", "f32 *x64 axes=1 order=1,0 pad=1 flip=0", "u16 40x30 axes=1 out=i64"
        for problem in problems:
            bits = {self.measure("--size=3MiB", "--grid=" + grid % RANKS, problem)[0]["bits"]
                    for grid in ("%dx1", "1x%d")}
            done = subprocess.run([SERIAL, "--json", "--repetitions=1", "--size=3MiB", problem],
                                  stdout=subprocess.PIPE, text=True, check=True, timeout=100)
            bits.add(json.loads(done.stdout.splitlines()[1])["bits"])
            self.assertEqual(len(bits), 1, problem)

    def test_grid(self):
        for grid in "%dx1", "1x%d":
            (r,) = self.measure("--grid=" + grid % RANKS, "f64 30x50 axes=0")
            self.assertEqual((r["bytes"], r["outputs"], r["factors"]), (12000, 50, 30))
            self.assertTrue(r["verified"])

    def test_refusals(self):
        """Rank 0 says why, all ranks leave, and nothing is measured."""
        for pattern, *arguments in [
            ("a problem begins with a dtype", "g64 8"),
            ("no problem is named",),
            ("complex products are not measured", "c64 8"),
            ("not as many blocks", "--grid=%dx7" % RANKS, "f64 800x30"),
            ("another number of dimensions", "--grid=%d" % RANKS, "f64 800x30"),
            ("a scalar cannot be cut", "f64 scalar"),
            ("would have no element", "f64 1x30"),
            ("--grid needs numbers", "--grid=0x1", "f64 8"),
            ("--result knows", "--result=here", "f64 8"),
        ]:
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), (arguments, done.stderr))
            self.assertEqual(done.stderr.count(pattern), 1, done.stderr)

    def test_words(self):
        done = run("--list", "{f64,f32} 8")
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 2))
        self.assertIn("--result", run("--help").stdout)
        heading, columns, row = run("--repetitions=1", "i8 50").stdout.splitlines()
        self.assertTrue(heading.startswith("axprod "))
        self.assertEqual((columns.split()[0], row.split()[0]), ("problem", "i8"))


if __name__ == "__main__":
    unittest.main()
