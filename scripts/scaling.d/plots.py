# SPDX-License-Identifier: BSD-3-Clause
"""Plots by gnuplot, each as SVG and PNG. Lines differ in colour, dashes and marks, so that colour is not needed."""

import os
import shutil
import subprocess

import simulate
from common import Failure, Refusal, seconds_text

# The colours of Okabe and Ito, which colour-blind readers can tell apart, dark ones first.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
FULL_MARKS, OPEN_MARKS = [7, 5, 9, 13, 11, 15], [6, 4, 8, 12, 10, 14]
REFERENCE = "lc '#555555' dt 2 lw 1.5"
READ = "lc '#000000' dt 3 lw 2"


def check():
    if not shutil.which("gnuplot"):
        raise Refusal("gnuplot is not found: scripts/setup installs it (package gnuplot-nox)")


class Line:
    """points: [(x, y)]; style: gnuplot's; marks: at the points."""

    def __init__(self, label, points, style, marks=True):
        self.label, self.points = label, sorted(points)
        self.style = ("linespoints " if marks else "lines ") + style


def style_of(number, second=False):
    """Of a colour and mark each; second: the other line of a pair, dashed, its marks open and around the first's."""
    i = number % len(COLOURS)
    return "lc '%s' dt %s lw 2 pt %d ps %s" % (
        COLOURS[i],
        "(8,5)" if second else "1",
        (OPEN_MARKS if second else FULL_MARKS)[i],
        "1.7" if second else "1",
    )


def quoted(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def script_of(name, title, labels, lines, extra):
    """labels: of x and y; extra: lines of gnuplot."""
    blocks = [
        "$data%d << END\n%s\nEND" % (i, "\n".join("%.9g %.9g" % point for point in line.points))
        for i, line in enumerate(lines)
    ]
    curves = ", ".join(
        "$data%d using 1:2 with %s title %s" % (i, line.style, quoted(line.label)) for i, line in enumerate(lines)
    )
    settings = [
        "set title %s noenhanced" % quoted(title),
        "set xlabel %s" % quoted(labels[0] + "\n"),  # and a line before the legend
        "set ylabel %s" % quoted(labels[1]),
        "set grid lc '#dddddd' lt 1 lw 0.5",
        "set border 3",
        "set tics nomirror",
        "set key noenhanced below Left reverse maxcols 2 samplen 3.5 spacing 1.15",
        "set offsets graph 0.03, graph 0.03, 0, 0",
    ] + extra
    outputs = []
    for kind, terminal in [
        ("svg", "svg size 640,460 dynamic background 'white' font 'Helvetica,13' name '%s'" % name.replace("-", "_")),
        ("png", "pngcairo size 1280,920 background 'white' font 'Sans,11' fontscale 2 linewidth 2 pointscale 2"),
    ]:
        outputs += ["set terminal " + terminal, "set output '%s.%s'" % (name, kind), "plot " + curves]
    return "\n".join(blocks + settings + outputs + ["set output"]) + "\n"


def draw(folder, name, title, labels, lines, extra):
    """The path of the SVG, or None where there is nothing to see."""
    lines = [line for line in lines if line.points]
    if not lines:
        return None
    script = script_of(name, title, labels, lines, extra)
    said = subprocess.run(
        ["gnuplot"], input=script, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False
    )
    if said.returncode != 0:
        raise Failure("%sgnuplot could not draw %s" % (said.stderr, name))
    return os.path.join(folder, name + ".svg")


def of_series(points, value):
    """[(series, [(cores, value)])]"""
    found = {}
    for p in points:
        found.setdefault(p["series"], []).append((p["cores"], p[value]))
    return list(found.items())


def core_axis(points):
    cores = sorted({p["cores"] for p in points})
    return [
        "set logscale x 2",
        "set xtics (%s)" % ", ".join(map(str, cores)),
        "set xrange [%g:%g]" % (cores[0] / 1.15, cores[-1] * 1.15),
    ]


CORES = "cores (ranks x threads of each)"


def reads(points, value):
    """The pure read of the series with most numbers of cores."""
    longest = max(of_series(points, value), key=lambda item: len(item[1]))
    return Line("pure read (%s)" % longest[0], longest[1], READ + " pt 4 ps 1")


def draw_problem(folder, tables, index):
    """Speed-up, efficiency, bandwidth and its fraction of one problem: [(caption, path)]."""
    strong, weak = tables.select(index, "strong"), tables.select(index, "weak")
    text, axis, stem = tables.texts[index], core_axis(strong), "problem-%d" % (index + 1)
    cores = sorted({p["cores"] for p in strong})
    ideal = Line("ideal", [(c, c) for c in cores], REFERENCE, False)
    speed = [ideal, reads(strong, "read_speedup")] + [
        Line(name, points, style_of(i)) for i, (name, points) in enumerate(of_series(strong, "speedup"))
    ]
    share = [Line("ideal", [(c, 1) for c in cores], REFERENCE, False)]
    for second, (mode, points) in enumerate([("strong", strong), ("weak", weak)]):
        share += [
            Line("%s, %s" % (name, mode), values, style_of(i, second == 1))
            for i, (name, values) in enumerate(of_series(points, "efficiency"))
        ]
    rate = [reads(strong, "read_gb_per_s")] + [
        Line(name, points, style_of(i)) for i, (name, points) in enumerate(of_series(strong, "gb_per_s"))
    ]
    part = [Line("pure read", [(c, 1) for c in cores], READ, False)] + [
        Line(name, points, style_of(i)) for i, (name, points) in enumerate(of_series(strong, "fraction"))
    ]
    zero = ["set yrange [0:*]"]
    return [
        (
            "Speed-up (strong scaling)",
            draw(folder, stem + "-speedup", text, (CORES, "speed-up over one core"), speed, axis + zero),
        ),
        (
            "Parallel efficiency (strong and weak)",
            draw(
                folder,
                stem + "-efficiency",
                text,
                (CORES, "parallel efficiency"),
                share,
                axis + ["set yrange [0:1.2<*]"],
            ),
        ),
        (
            "Bandwidth beside the pure read",
            draw(folder, stem + "-bandwidth", text, (CORES, "GB of elements / s"), rate, axis + zero),
        ),
        (
            "Fraction of the memory's bandwidth",
            draw(
                folder,
                stem + "-fraction",
                text,
                (CORES, "fraction of the pure read"),
                part,
                axis + ["set yrange [0:1.1<*]"],
            ),
        ),
    ]


LOGARITHMIC = ["set logscale xy", "set format y '10^{%T}'", "set xtics format '10^{%T}'"]


def draw_counts(folder, tables):
    ours, plain = tables.count_curves()
    lines = [
        Line("axprod: product of f64 over ranks", ours, style_of(0)),
        Line("MPI_Allreduce with MPI_PROD on doubles", plain, style_of(1)),
    ]
    for label, local, _, _ in tables.half_counts():
        lines.append(
            Line(
                "local work of %s (%s)" % (label.split(" axes")[0], seconds_text(local)),
                [(min(ours)[0], local), (max(ours)[0], local)],
                [REFERENCE, READ][len(lines) % 2],
                False,
            )
        )
    # Marks at the least time are not to be cut by the axis.
    least = min((y for _, y in ours + plain), default=1)
    ranks = tables.counts[0]["ranks"] if tables.counts else 0
    return draw(
        folder,
        "allreduce",
        "reduction of one factor from each of %d ranks" % ranks,
        ("outputs (doubles)", "time / s"),
        lines if ours else [],
        LOGARITHMIC + ["set yrange [%g:*]" % (least / 2)],
    )


def rank_axis(points):
    ranks = sorted({p["ranks"] for p in points})
    return [
        "set logscale x 2",
        "set xtics (%s)" % ", ".join(map(str, ranks)),
        "set xrange [%g:%g]" % (ranks[0] / 1.15, ranks[-1] * 1.15),
    ]


def simulated_lines(points, ours, plain):
    """ours, plain: values of a point."""
    lines = []
    for i, count in enumerate(sorted({p["count"] for p in points})):
        mine = [p for p in points if p["count"] == count]
        what = "{:,} output{}".format(count, "s" if count > 1 else "")
        lines.append(Line("axprod, " + what, [(p["ranks"], ours(p)) for p in mine], style_of(i)))
        lines.append(Line("MPI_PROD, " + what, [(p["ranks"], plain(p)) for p in mine], style_of(i, True)))
    return lines


def draw_simulated(folder, simulation):
    """[(caption, path)]: times of the reduction in each cluster, and efficiencies with the local work."""
    figures = []
    for topology, name in simulate.TOPOLOGIES.items() if simulation else ():
        points = [p for p in simulation["points"] if p["topology"] == topology]
        labels, axis, title = "simulated ranks (one on each node)", rank_axis(points), "simulated " + name
        times = simulated_lines(points, lambda p: 1e6 * p["seconds"], lambda p: 1e6 * p["plain_seconds"])
        path = draw(
            folder,
            "simulated-%s-reduction" % topology,
            title,
            (labels, "simulated time / us"),
            times,
            axis + ["set logscale y", "set yrange [1:*]"],
        )
        figures.append(("Simulated, %s: MPI_Allreduce" % name, path))
        shares = simulated_lines(
            points,
            lambda p: p["local_seconds"] / p["total_seconds"],
            lambda p: p["local_seconds"] / p["plain_total_seconds"],
        )
        ideal = Line("ideal", [(p["ranks"], 1) for p in points], REFERENCE, False)
        path = draw(
            folder,
            "simulated-%s-efficiency" % topology,
            title,
            (labels, "simulated parallel efficiency"),
            [ideal] + shares,
            axis + ["set yrange [0:1.1<*]"],
        )
        figures.append(("Simulated, %s: efficiency of the whole product" % name, path))
    return figures


def draw_all(folder, tables, simulation):
    """{"problems": [[(caption, path), ...] for each problem], "allreduce": path or None, "simulated": [...]}"""
    return {
        "problems": [draw_problem(folder, tables, index) for index in range(len(tables.texts))],
        "allreduce": draw_counts(folder, tables),
        "simulated": draw_simulated(folder, simulation),
    }
