# SPDX-License-Identifier: BSD-3-Clause
"""The arithmetic of scaling studies on made-up measurements. AXPROD_SCRIPTS: the folder scripts.

Usage: python3 test_tables.py [-v] [TEST]...
"""

import math
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["AXPROD_SCRIPTS"], "scaling.d"))
import common  # noqa: E402
import launch  # noqa: E402
import results  # noqa: E402
import tables  # noqa: E402


def point(series, cores, seconds, mode="strong", read=10.0):
    return {"series": series, "cores": cores, "seconds": seconds, "mode": mode, "read_gb_per_s": read}


class Arithmetic(unittest.TestCase):
    def test_serial_fraction(self):
        """Times by Amdahl's law give its fraction back; noise moves it little; one number of cores says nothing."""
        for fraction in 0, 0.05, 0.3, 1:
            times = [(p, 7 * (fraction + (1 - fraction) / p)) for p in (1, 2, 4, 16, 64)]
            self.assertAlmostEqual(tables.serial_fraction(times), fraction)
            noisy = [(p, t * (1 + 0.01 * (-1) ** i)) for i, (p, t) in enumerate(times)]
            self.assertLess(abs(tables.serial_fraction(noisy) - fraction), 0.02)
        self.assertAlmostEqual(tables.serial_fraction([(2, 5.5), (4, 3.25)]), 0.1)
        self.assertLess(tables.serial_fraction([(1, 8), (2, 3.5)]), 0)
        self.assertIsNone(tables.serial_fraction([(2, 5)]))
        self.assertIsNone(tables.serial_fraction([(2, 5), (2, 6)]))

    def test_complete(self):
        points = tables.complete(
            [
                point("threads", 1, 8.0),
                point("threads", 4, 2.5, read=30.0),
                point("ranks", 1, 9.0),
                point("ranks", 2, 4.5),
                point("ranks of 2 threads", 4, 3.0),
            ]
        )
        self.assertEqual([p["speedup"] for p in points], [1, 3.2, 1, 2, 3])
        self.assertEqual([p["efficiency"] for p in points], [1, 0.8, 1, 1, 0.75])
        self.assertEqual([p["ideal_seconds"] for p in points], [8, 2, 9, 4.5, 2.25])
        self.assertEqual(points[1]["read_speedup"], 3)

    def test_weak(self):
        points = tables.complete([point("ranks", 1, 2.0, "weak"), point("ranks", 8, 2.5, "weak")])
        self.assertEqual([p["efficiency"] for p in points], [1, 0.8])
        self.assertEqual([p["ideal_seconds"] for p in points], [2, 2])
        self.assertEqual(points[1]["speedup"], 6.4)

    def test_base(self):
        """Without one core, the fewest cores count as that many."""
        points = tables.complete([point("ranks", 4, 2.0), point("ranks", 8, 1.25)])
        self.assertEqual([p["speedup"] for p in points], [4, 6.4])
        self.assertEqual([p["efficiency"] for p in points], [1, 0.8])

    def test_fits(self):
        strong = [point("threads", p, 4 * (0.1 + 0.9 / p)) for p in (1, 2, 4)] + [point("ranks of 2 threads", 2, 2.4)]
        (threads, a), (hybrid, b) = tables.fits(strong)
        self.assertEqual((threads, hybrid), ("threads", "ranks of 2 threads"))
        self.assertAlmostEqual(a, 0.1)
        self.assertAlmostEqual(b, 0.2)  # with one core of the threads

    def test_crossing(self):
        """A power law is straight on logarithmic axes, so that interpolation is exact."""
        curve = [(n, 1e-6 * n**0.5) for n in (1, 10, 100, 10000)]
        self.assertAlmostEqual(tables.crossing(curve, 4e-5), 1600)
        self.assertAlmostEqual(tables.crossing(curve[::-1], 1e-5), 100)
        self.assertEqual(tables.crossing(curve, 1), math.inf)
        self.assertEqual(tables.crossing(curve, 1e-7), -math.inf)
        self.assertEqual(tables.crossing([], 1), math.inf)
        dented = [(1, 1), (10, 3), (100, 2), (1000, 4)]
        self.assertTrue(100 < tables.crossing(dented, 2.5) < 1000)

    def test_half_text(self):
        made = results.Tables.__new__(results.Tables)
        made.counts = [{"outputs": 1}, {"outputs": 1000000}]
        self.assertEqual(
            [made.half_text(count) for count in (None, 12345.6, math.inf, -math.inf)],
            ["-", "12,000", "more than 1,000,000", "less than 1"],
        )

    def test_rounds(self):
        merged = tables.merge_rounds(
            [
                {"seconds": s, "fraction": s / 10, "bits": "b", "gb_per_s": 1 / s, "bytes": 8, "repetitions": 5}
                for s in (3, 1, 9)
            ]
        )
        self.assertEqual((merged["seconds"], merged["fraction"], merged["gb_per_s"]), (3, 0.3, 1 / 3))
        self.assertEqual((merged["rounds"], merged["repetitions"], merged["bytes"]), (3, 15, 8))
        self.assertEqual(tables.median([4, 1, 2, 3]), 2.5)

    def test_bits(self):
        same = [{"problem": "p", "bits": "1"}, {"problem": "q", "bits": "2"}, {"problem": "p", "bits": "1"}]
        self.assertEqual(tables.differing(same), [])
        self.assertEqual(tables.differing(same + [{"problem": "q", "bits": "1"}]), ["q"])


class Words(unittest.TestCase):
    def test_numbers(self):
        self.assertEqual(common.parse_numbers("--ranks", "4,1,2,4"), [1, 2, 4])
        self.assertEqual(common.parse_numbers("--ranks", "none"), [])
        self.assertEqual([common.parse_size(text) for text in ("7", "16KiB", "2GiB")], [7, 16384, 2 << 30])
        for function, text in [
            (common.parse_size, "1GB"),
            (common.parse_size, "0"),
            (lambda t: common.parse_numbers("--ranks", t), "1,,2"),
            (lambda t: common.parse_numbers("--ranks", t), "0"),
        ]:
            with self.assertRaises(common.Refusal):
                function(text)
        self.assertEqual([common.powers_up_to(n) for n in (0, 1, 2, 6)], [[], [1], [1, 2], [1, 2, 4, 6]])

    def test_units(self):
        self.assertEqual(
            [common.seconds_text(s) for s in (1.234, 0.0456, 7.89e-5, 8e-8)], ["1.23 s", "45.6 ms", "78.9 us", "80 ns"]
        )
        self.assertEqual([common.bytes_text(s) for s in (512 << 20, 1000 << 30, 100)], ["512 MiB", "1000 GiB", "100 B"])

    def test_progress(self):
        """What is left is corrected by how long the jobs before took."""
        clock = [0.0]
        progress = common.Progress([10, 10, 20], lambda: clock[0])
        self.assertEqual(progress.remaining(), 40)
        progress.began = 0.0
        clock[0] = 5.0
        progress.finish(10)
        self.assertEqual(progress.remaining(), 15)


class Launching(unittest.TestCase):
    def test_hosts(self):
        self.assertEqual(launch.parse_hosts("# two\na slots=4 max_slots=9\nb:2 # b\n\nc\nb\n"), (3, 8))
        with self.assertRaises(common.Refusal):
            launch.parse_hosts("a:many")

    def test_slurm(self):
        self.assertEqual(launch.slurm_room({"SLURM_JOB_CPUS_PER_NODE": "72(x2),36"}, 1), (3, 180))
        self.assertEqual(launch.slurm_room({"SLURM_JOB_CPUS_PER_NODE": "8"}, 1), (1, 8))
        self.assertEqual(launch.slurm_room({"SLURM_JOB_CPUS_PER_NODE": "16(x2)"}, 2), (2, 16))
        self.assertIsNone(launch.slurm_room({}, 1))

    def launcher(self, kind, **settings):
        made = launch.Launcher.__new__(launch.Launcher)
        values = dict(words=["start"], hostfile=None, oversubscribe=False, template=False, kind=kind, nodes=1, slots=4)
        made.__dict__.update(dict(values, **settings))
        return made

    def test_commands(self):
        self.assertEqual(
            self.launcher("srun").command(4, 2),
            ["start", "-n", "4", "--cpus-per-task=2", "--threads-per-core=1", "--cpu-bind=cores"],
        )
        self.assertEqual(
            self.launcher("mpich", hostfile="h").command(3, 1), ["start", "-n", "3", "-f", "h", "-bind-to", "core:1"]
        )
        self.assertEqual(
            self.launcher("openmpi").command(2, 2)[:7],
            ["start", "-n", "2", "--map-by", "slot:PE=2", "--bind-to", "core"],
        )
        self.assertEqual(
            self.launcher("openmpi", oversubscribe=True).command(8, 1)[3:6], ["--oversubscribe", "--bind-to", "none"]
        )
        template = self.launcher(
            "other", template=True, hostfile="h", words=["run", "-p{ranks}x{threads}", "{hostfile}"]
        )
        self.assertEqual(template.command(8, 3), ["run", "-p8x3", "h"])

    def test_root(self):
        """Only root's environment is another."""
        for user, expected in (0, "1"), (1000, None):
            real, os.geteuid = os.geteuid, lambda user=user: user
            try:
                environment = self.launcher("openmpi").environment(2)
            finally:
                os.geteuid = real
            if "OMPI_ALLOW_RUN_AS_ROOT" not in os.environ:
                self.assertEqual(environment.get("OMPI_ALLOW_RUN_AS_ROOT"), expected)
            self.assertEqual(environment["OMP_NUM_THREADS"], "2")

    def test_room(self):
        self.launcher("openmpi").check(2, 2)
        with self.assertRaisesRegex(common.Refusal, "8 cores, and there are 4"):
            self.launcher("openmpi").check(4, 2)
        self.launcher("openmpi", oversubscribe=True).check(4, 2)


if __name__ == "__main__":
    unittest.main()
