# SPDX-License-Identifier: BSD-3-Clause
"""The command line of axprod-bench. Usage: AXPROD_BENCH=build/tests/axprod-bench python3 test_bench.py [-v] [TEST]...

AXPROD_BENCH may be a command with arguments (an emulator before the path).
"""

import json
import os
import shlex
import subprocess
import tempfile
import unittest

COMMAND = shlex.split(os.environ.get("AXPROD_BENCH", "axprod-bench"))


def run(*arguments, **keywords):
    return subprocess.run(COMMAND + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, timeout=300, **keywords)


class Bench(unittest.TestCase):
    def succeed(self, *arguments, **keywords):
        done = run(*arguments, **keywords)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout.splitlines()

    def test_refusals(self):
        """Whatever is wrong, nothing is measured, not even what stands before it."""
        for pattern, *arguments in [
            (r'column 7 of "f64 3 axes=1 data=neutral"', "f64 8", "f64 3 axes=1"),
            (r"column 1 of .*: a problem begins with a dtype", "no.txt"),
            ("no problem is named",),
            ("braces come in pairs", "{f64,f32 8"),
            ("braces come in pairs", "{f64,{f32,f16}} 8"),
            ("no element to measure", "f64 8x0"),
            ("larger than this machine's memory", "f64 *", "--size=1048576GiB"),
            ("larger than this machine's memory", "f64 8 strides=4611686018427387904"),
            ("multiples of the element's size", "f64 * strides=9", "--size=2MiB"),
            ("cannot be stored in", "c64 8 out=f32"),
            ("--size needs sizes", "f64 *", "--size=16kb"),
            ("--data knows no 'ugly'", "f64 *", "--data=ugly"),
            ("--call knows execute and once", "f64 8", "--call=twice"),
            ("--users needs a number from 1", "f64 8", "--users=0"),
            ("--threads needs a number from 0", "f64 8", "--threads=x"),
            ("--min-time needs seconds", "f64 8", "--min-time=soon"),
            ("--repetitions needs a number from 1", "f64 8", "--repetitions=0"),
            ("instruction set mmx", "f64 8", "--isa=mmx"),
            ("no problem is left", "f64 8", "--only=f32*"),
            ("nowhere.txt: No such file", "--file=nowhere.txt"),
        ]:
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertRegex(done.stderr, "axprod-bench: ")
            self.assertRegex(done.stderr, pattern)

    def test_place_in_file(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("# a comment\n\nf64 8 # another\nf64 8 pad=-1\n")
            file.flush()
            done = run("--file=" + file.name)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn(file.name + ":4: column 7 of ", done.stderr)

    def test_list(self):
        """Braces, sizes and kinds of data multiply; what a problem says itself stays."""
        lines = self.succeed("--list", "{f64,f32} *x4 axes={0,1}", "--size=1KiB,2KiB", "--data=wild,ones")
        self.assertEqual(len(set(lines)), 16)
        self.assertIn("f32 128x4 axes=1 out=f32 threads=1 data=ones seed=0", lines)
        self.assertEqual(self.succeed("--list", "f64 * size=1KiB data=ones", "--size=2KiB", "--data=wild"),
                         ["f64 128 axes=all out=f64 threads=1 data=ones seed=0"])
        self.assertEqual(self.succeed("--list", "f64 8", "f32 8", "--only=f32*"),
                         ["f32 8 axes=all out=f32 threads=1 data=neutral seed=0"])
        self.assertEqual(self.succeed("--list", "--file=-", input="\n f64 8 threads=3  # three\n"),
                         ["f64 8 axes=all out=f64 threads=3 data=neutral seed=0"])

    def test_threads(self):
        """One for what caches hold, as many as are useful for more; or as is said."""
        small, large = self.succeed("--list", "f64 *", "--size=63MiB,64MiB")
        self.assertIn(" threads=1 ", small)
        self.assertNotIn(" threads=", large)
        for line in self.succeed("--list", "f64 *", "--size=63MiB,64MiB", "--threads=2"):
            self.assertIn(" threads=2 ", line)

    def test_json(self):
        machine, *results = map(json.loads, self.succeed("--json", "f64 50x8 axes=1", "--call=execute,once",
                                                         "--users=1,2", "--repetitions=3"))
        self.assertEqual(set(machine), {"axprod", "isa", "processor", "os", "compiler"})
        self.assertEqual([(r["users"], r["call"]) for r in results],
                         [(1, "execute"), (1, "once"), (2, "execute"), (2, "once")])
        for r in results:
            self.assertEqual((r["bytes"], r["outputs"], r["factors"], r["repetitions"]), (3200, 50, 8, 3))
            self.assertGreaterEqual(r["calls"], 1)
            self.assertLessEqual(r["best_seconds"], r["seconds"])
            self.assertAlmostEqual(r["gb_per_s"], r["users"] * 3200e-9 / r["seconds"], delta=2e-3)
            self.assertGreater(r["fraction"], 0)

    def test_bits(self):
        """The digest tells results apart, and not the number of threads or the layout."""
        results = [json.loads(line)["bits"] for line in self.succeed(
            "--json", "f64 60x50 axes=0 threads={1,2} data={wild,balanced}", "f64 60x50 axes=0 data=wild order=1,0 seed=0",
            "f64 60x50 axes=0 data=wild seed=1", "--repetitions=1")[1:]]
        self.assertEqual([results.index(bits) for bits in results], [0, 1, 0, 1, 0, 5])

    def test_table(self):
        heading, columns, *rows = self.succeed("{f64,i8} 50", "--repetitions=1")
        self.assertTrue(heading.startswith("axprod "))
        self.assertEqual(columns.split()[0], "problem")
        self.assertEqual([row.split()[0] for row in rows], ["f64", "i8"])


if __name__ == "__main__":
    unittest.main()
