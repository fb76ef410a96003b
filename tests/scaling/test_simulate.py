# SPDX-License-Identifier: BSD-3-Clause
"""A few simulated ranks. AXPROD_SCRIPTS: the folder scripts; AXPROD_BUILD: a build.

Usage: python3 test_simulate.py [-v] [TEST]...
"""

import json
import os
import subprocess
import tempfile
import unittest

SIMULATE = os.path.join(os.environ["AXPROD_SCRIPTS"], "simulate")


def run(*arguments):
    return subprocess.run(
        [SIMULATE, "--build=" + os.environ["AXPROD_BUILD"], *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=200,
    )


class Simulations(unittest.TestCase):
    def test_small(self):
        """Every rank has the bits of one process; times grow with outputs; the local work is what was asked for."""
        with tempfile.TemporaryDirectory() as folder:
            done = run("--ranks=5,16", "--counts=1,2000", "--rate=10", "--size=1GiB", "--folder=" + folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(os.path.join(folder, "simulated.json"), encoding="utf-8") as file:
                simulation = json.load(file)
        points = {(p["topology"], p["ranks"], p["count"]): p for p in simulation["points"]}
        self.assertEqual(len(points), 8)
        for (topology, ranks, count), p in points.items():
            self.assertEqual(p["right_ranks"], ranks)
            self.assertAlmostEqual(p["local_seconds"], (1 << 30) / ranks / 10e9, delta=1e-6)
            self.assertAlmostEqual(p["total_seconds"], p["local_seconds"] + p["seconds"], delta=1e-6)
            self.assertGreaterEqual(p["seconds"], points[topology, ranks, 1]["seconds"])
            # partials are three times as long as doubles, and dearer to multiply
            self.assertTrue(count == 1 or 1 < p["seconds"] / p["plain_seconds"] < 20)

    def test_refusals(self):
        for pattern, *arguments in [
            ("2 to 4096 nodes", "--ranks=5000"),
            ("2 to 4096 nodes", "--ranks=1"),
            ("needs numbers", "--ranks=a"),
            ("need a number each", "--counts=none"),
            ("of memory", "--ranks=4096", "--counts=900000000"),
            ("--rate is more", "--rate=0"),
            ("name its folder", "--build=/no/such/build"),
        ]:
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertIn(pattern, done.stderr)


if __name__ == "__main__":
    unittest.main()
