# SPDX-License-Identifier: BSD-3-Clause
"""A miniature of a scaling study, and what scripts/scaling refuses. AXPROD_SCRIPTS: the folder scripts; AXPROD_BUILD: a
build with MPI; AXPROD_LAUNCHER: that MPI's mpiexec.

Usage: python3 test_study.py [-v] [TEST]...
"""

import csv
import json
import os
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as tree

SCALING = os.path.join(os.environ["AXPROD_SCRIPTS"], "scaling")
BUILD, LAUNCHER = os.environ["AXPROD_BUILD"], os.environ["AXPROD_LAUNCHER"]
SMALL = [
    "--build=" + BUILD,
    "--launcher=" + LAUNCHER,
    "--oversubscribe",
    "--threads=1,2",
    "--ranks=1,2",
    "--hybrid=2",
    "--size=256KiB",
    "--core-size=128KiB",
    "--counts=1,50,3000",
    "--rounds=1",
    "--min-time=0.01",
    "--simulate=none",
    "f64 *x32 axes=0",
]


def run(*arguments, **environment):
    return subprocess.run(
        [SCALING, *arguments],
        env=dict(os.environ, **environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=200,
    )


class Miniature(unittest.TestCase):
    """One study, whose files are looked at, then cut and broken."""

    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.folder = self.place.name
        self.addCleanup(self.place.cleanup)

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def study(self, status=0):
        done = run(*SMALL, "--folder=" + self.folder)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_study(self):
        done = self.study()
        self.assertIn("one result each, the same on all threads and ranks", done.stdout)
        self.check_points()
        self.check_page()
        self.check_resumption()
        self.check_bits()

    def check_points(self):
        study = json.loads(self.read("study.json"))
        with open(self.path("points.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), len(study["points"]))
        for row in rows:
            strong = row["mode"] == "strong"
            self.assertEqual(int(row["bytes"]), 256 << 10 if strong else int(row["cores"]) * (128 << 10))
            self.assertEqual(int(row["cores"]), int(row["ranks"]) * int(row["threads"]))
            (base,) = [
                r
                for r in rows
                if r["mode"] == row["mode"]
                and r["cores"] == "1"
                and r["series"] == ("threads" if row["series"] == "threads" else "ranks")
            ]
            expected = float(base["seconds"]) / float(row["seconds"]) / (int(row["cores"]) if strong else 1)
            self.assertAlmostEqual(float(row["efficiency"]), expected)
            self.assertEqual("" != row["hand_seconds"], row["series"] != "threads")
        self.assertEqual(
            {(r["series"], r["cores"]) for r in rows} - {("ranks of 2 threads", c) for c in "24"},
            {("threads", "1"), ("threads", "2"), ("ranks", "1"), ("ranks", "2")},
        )
        self.assertEqual([r["outputs"] for r in study["allreduce"]], [1, 50, 3000])
        self.assertTrue(study["same_bits"])
        for key in "date", "processor", "compiler", "mpi", "commit", "rank_binding", "thread_binding", "settings":
            self.assertTrue(study["study"][key], key)

    def check_page(self):
        page = self.read("index.html")
        self.assertEqual(page.count("<svg"), 5)
        self.assertEqual(page.count("<svg"), page.count("</svg>"))
        for outside in 'src="', "<link", "@import", 'href="http':
            self.assertNotIn(outside, page)
        for name in os.listdir(self.folder):
            if name.endswith(".svg"):
                texts = "".join(tree.parse(self.path(name)).getroot().itertext())
                self.assertRegex(texts, "cores|outputs", name)
                with open(self.path(name[:-3] + "png"), "rb") as file:
                    self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")

    def check_resumption(self):
        """What a killed study has left, with half a line at its end, is not measured again."""
        lines = self.read("measurements.jsonl").splitlines(True)
        with open(self.path("measurements.jsonl"), "w", encoding="utf-8") as file:
            file.writelines(lines[:-2] + [lines[-2][:40]])
        done = self.study()
        self.assertIn("going on: %d of %d" % (len(lines) - 3, len(lines) - 1), done.stdout)
        self.assertEqual(self.read("measurements.jsonl").splitlines(True)[:-2], lines[:-2])
        other = run(*SMALL, "--rounds=2", "--folder=" + self.folder)
        self.assertEqual(other.returncode, 2)
        self.assertIn("another study", other.stderr)

    def check_bits(self):
        """One digest that differs fails the study and stands on the page."""
        head, first, *others = self.read("measurements.jsonl").splitlines(True)
        point = json.loads(first)
        point["results"][0]["bits"] = "0" * 16
        with open(self.path("measurements.jsonl"), "w", encoding="utf-8") as file:
            file.writelines([head, json.dumps(point) + "\n"] + others)
        self.assertIn("DIFFERENT", self.study(1).stdout)
        self.assertIn('class="bad"', self.read("index.html"))


class Refusals(unittest.TestCase):
    """Whatever is missing or wrong is said before anything has run, with what to do."""

    def refuse(self, pattern, *arguments, **environment):
        with tempfile.TemporaryDirectory() as folder:
            done = run(
                "--build=" + BUILD,
                "--launcher=" + LAUNCHER,
                "--simulate=none",
                "--folder=" + folder,
                *arguments,
                **environment
            )
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertRegex(done.stderr, pattern)
            self.assertEqual(os.listdir(folder), [])

    def test_refusals(self):
        self.refuse("--ranks=none", "--launcher=no-such-launcher")
        self.refuse("--oversubscribe", "--ranks=4096")
        self.refuse("--oversubscribe", "--threads=4096")
        self.refuse("smaller --size", "--size=1000000GiB")
        self.refuse("smaller --size or --core-size", "--core-size=1000000GiB")
        self.refuse("no size", "--size=many")
        self.refuse("needs numbers", "--ranks=few")
        self.refuse("host file", "--hostfile=/no/such/file")
        self.refuse("1 on with", "--threads=0")
        self.refuse("nothing is to be measured", "--threads=none", "--ranks=none", "--hybrid=none")
        self.refuse("AXPROD_TESTS=ON", "--build=/no/such/build")
        self.refuse("begins with a dtype", "g64 *", "--ranks=1")
        self.refuse("names 2 problems", "{f64,f32} *", "--ranks=1")
        self.refuse("smaller --counts", "--counts=999999999", "--ranks=2", "--oversubscribe")
        self.refuse("no extent", "f64 scalar")
        self.refuse("cannot be cut", "f64 1x* axes=0", "--ranks=2", "--oversubscribe")
        self.refuse("rounds begins at 1", "--rounds=0")
        self.refuse("2 to 4096 nodes|smpicc of SimGrid", "--simulate=5000", "--ranks=1")

    def test_missing_programs(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in "python3", "sh", "git":
                os.symlink("/usr/bin/" + name, os.path.join(folder, name))
            self.refuse("scripts/setup", "--ranks=none", "--hybrid=none", PATH=folder)
        with tempfile.TemporaryDirectory() as build:
            os.makedirs(os.path.join(build, "tests"))
            os.symlink(os.path.join(BUILD, "tests", "axprod-bench"), os.path.join(build, "tests", "axprod-bench"))
            self.refuse("AXPROD_MPI=ON", "--build=" + build, "--ranks=1")


if __name__ == "__main__":
    unittest.main()
