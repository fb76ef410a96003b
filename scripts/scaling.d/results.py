# SPDX-License-Identifier: BSD-3-Clause
"""The tables of a study: measurements as points, CSV and JSON."""

import csv
import json
import math
import os

import simulate
import tables

COLUMNS = [
    "label",
    "mode",
    "series",
    "ranks",
    "threads",
    "cores",
    "bytes",
    "outputs",
    "seconds",
    "ideal_seconds",
    "gb_per_s",
    "read_gb_per_s",
    "reader",
    "fraction",
    "speedup",
    "efficiency",
    "read_speedup",
    "local_seconds",
    "rest_seconds",
    "hand_seconds",
    "allreduce_seconds",
    "bits",
    "rounds",
    "repetitions",
    "problem",
]


class Tables:
    """points: of all problems, with everything that COLUMNS names; counts: MPI_Allreduce by the number of outputs."""

    def __init__(self, description, texts, points, jobs, found):
        """points: without times; found: what the jobs have measured, by their keys."""
        self.description, self.texts = description, texts
        measured = {}
        for job in jobs:
            for result, problem in zip(found[job.key]["results"], job.problems):
                measured.setdefault((job.program, job.ranks, job.threads, problem.text), []).append(result)
        self.all_bits = [
            {"problem": key[3], "bits": result["bits"]} for key, results in measured.items() for result in results
        ]
        self.points = []
        for point in points:
            rounds = measured[point["program"], point["ranks"], point["threads"], point["problem"]]
            # "speedup" of axprod-mpi-bench is that over the loop by hand
            merged = {k: v for k, v in tables.merge_rounds(rounds).items() if k not in ("problem", "text", "speedup")}
            self.points.append(dict(merged, **point, label=texts[point["index"]]))
        for index in range(len(texts)):
            for mode in "strong", "weak":
                tables.complete(self.select(index, mode))
        self.counts = [
            tables.merge_rounds(measured[job.program, job.ranks, job.threads, problem.text])
            for job in jobs
            if job.tag == "counts" and job.round == 1
            for problem in job.problems
        ]

    def select(self, index, mode):
        return [p for p in self.points if p["index"] == index and p["mode"] == mode]

    def series(self):
        return list(dict.fromkeys(p["series"] for p in self.points))

    # ------------------------------------------------------------------------------------------------- what they say

    def fits(self, index):
        return tables.fits(self.select(index, "strong"))

    def differing(self):
        return tables.differing(self.all_bits)

    def bits_sentences(self):
        """One sentence, and one for each problem that has several results."""
        groups = tables.group_bits(self.all_bits)
        wrong = self.differing()
        if not wrong:
            return [
                "Bits: all %d measurements of the %d problems gave one result each, the same on all threads and ranks."
                % (len(self.all_bits), len(groups))
            ]
        return ["Bits: DIFFERENT results of the same problem, in %d of %d problems:" % (len(wrong), len(groups))] + [
            "    %s: %s" % (problem, ", ".join(sorted(groups[problem]))) for problem in wrong
        ]

    def count_curves(self):
        """[(outputs, seconds)] of axprod and of MPI_PROD."""
        return (
            [(r["outputs"], r["seconds"]) for r in self.counts],
            [(r["outputs"], r["allreduce_seconds"]) for r in self.counts],
        )

    def half_counts(self):
        """(problem, local seconds, outputs at which axprod's messages take as long, the same of the loop and MPI_PROD)
        for each problem's fixed size on the ranks that the counts were measured on."""
        if not self.counts:
            return []
        ours, plain = self.count_curves()
        rows = []
        for p in self.points:
            if p["mode"] == "strong" and p["series"] == "ranks" and p["ranks"] == self.counts[0]["ranks"]:
                loop = p["hand_seconds"] - p["allreduce_seconds"] if "hand_seconds" in p else None
                rows.append(
                    (
                        p["label"],
                        p["local_seconds"],
                        tables.crossing(ours, p["local_seconds"]),
                        tables.crossing(plain, loop) if loop and loop > 0 else None,
                    )
                )
        return rows

    def half_text(self, count):
        """An interpolated count, or on which side of what was measured it lies."""
        if count is None:
            return "-"
        measured = sorted(r["outputs"] for r in self.counts)
        if math.isinf(count):
            return "more than {:,}".format(measured[-1]) if count > 0 else "less than {:,}".format(measured[0])
        return "{:,}".format(int(float("%.2g" % count)))

    def local_rate(self):
        """What a simulated rank is taken to do: bytes per second of the first problem on as many cores as threads were
        tried on, and in words what that is."""
        strong = [p for p in self.points if p["mode"] == "strong" and p["program"] == "bench"] or self.points
        best = max(strong, key=lambda p: (p["cores"], -p["index"]))
        return best["gb_per_s"] * 1e9, "%s on %d cores here" % (best["label"], best["cores"])

    # ------------------------------------------------------------------------------------------------------- as files

    def write(self, folder, simulation):
        with open(os.path.join(folder, "points.csv"), "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self.points)
        with open(os.path.join(folder, "allreduce.csv"), "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["outputs", "ranks", "axprod_seconds", "mpi_prod_seconds", "bits"])
            writer.writerows(
                [r["outputs"], r["ranks"], r["seconds"], r["allreduce_seconds"], r["bits"]] for r in self.counts
            )
        half = [
            {
                "problem": label,
                "local_seconds": local,
                "axprod_outputs": self.half_text(ours),
                "mpi_prod_outputs": self.half_text(plain),
            }
            for label, local, ours, plain in self.half_counts()
        ]
        document = {
            "study": self.description,
            "bits": self.bits_sentences(),
            "same_bits": not self.differing(),
            "points": self.points,
            "allreduce": self.counts,
            "half_counts": half,
            "serial_fractions": {text: dict(self.fits(i)) for i, text in enumerate(self.texts)},
            "simulated": simulation and dict(simulation, bits=simulate.bits_sentence(simulation)),
        }
        with open(os.path.join(folder, "study.json"), "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
