# SPDX-License-Identifier: BSD-3-Clause
"""The page of a study: one file of HTML with its plots inside, for browsers and for paper."""

import html
import os
import re

import simulate
from common import bytes_text, in_units, seconds_text

STYLE = """
body { font: 15px/1.45 Helvetica, Arial, sans-serif; color: #111; max-width: 1340px; margin: 1.5em auto;
  padding: 0 1em; }
h1 { font-size: 1.6em; } h2 { font-size: 1.25em; margin-top: 1.6em; border-bottom: 1px solid #999; }
table { border-collapse: collapse; margin: 0.8em 0; font-size: 0.85em; }
th, td { padding: 0.2em 0.55em; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th { border-bottom: 1px solid #555; vertical-align: bottom; white-space: normal; }
th.left, td.left { text-align: left; }
table.wide td { white-space: normal; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(520px, 1fr)); gap: 1em; }
figure { margin: 0; break-inside: avoid; } figure svg { width: 100%; height: auto; }
figcaption { font-weight: bold; font-size: 0.95em; } .scroll { overflow-x: auto; }
.good { border-left: 5px solid #009E73; padding-left: 0.7em; }
.bad { border-left: 5px solid #D55E00; padding-left: 0.7em;
  font-weight: bold; } .simulated { border: 2px dashed #777; padding: 0 1em 1em; }
@media print { body { font-size: 9.5pt; max-width: none; margin: 0; } .plots { grid-template-columns: 1fr 1fr; }
  h2, h3 { break-after: avoid; } table, tr { break-inside: avoid; } .scroll { overflow: visible; }
  table { font-size: 7pt; } th, td { padding: 0.1em 0.4em; } @page { margin: 14mm; } }
"""


def escape(text):
    return html.escape(str(text))


def table(header, rows, left=1, kind=""):
    """The first columns, `left` of them, are text; kind: of the style sheet."""

    def line(cells, tag):
        return "<tr>%s</tr>" % "".join(
            "<%s%s>%s</%s>" % (tag, ' class="left"' if i < left else "", escape(cell), tag)
            for i, cell in enumerate(cells)
        )

    return '<div class="scroll"><table class="%s"><thead>%s</thead><tbody>%s</tbody></table></div>' % (
        kind,
        line(header, "th"),
        "".join(line(row, "td") for row in rows),
    )


def figure(caption, path):
    if path is None:
        return ""
    with open(path, encoding="utf-8") as file:
        svg = re.sub(r"^.*?(?=<svg)", "", file.read(), flags=re.DOTALL)
    return '<figure role="img" aria-label="%s"><figcaption>%s</figcaption>%s</figure>' % (
        escape(caption),
        escape(caption),
        svg,
    )


def figures_block(figures):
    return '<div class="plots">%s</div>' % "".join(figure(*item) for item in figures)


def seconds_or_dash(point, key):
    return seconds_text(point[key]) if key in point else "-"


def point_rows(points):
    for p in points:
        yield (
            p["series"],
            p["cores"],
            "%d x %d" % (p["ranks"], p["threads"]),
            bytes_text(p["bytes"]),
            seconds_text(p["seconds"]),
            seconds_text(p["ideal_seconds"]),
            "%.2f" % p["speedup"],
            "%.2f" % p["efficiency"],
            "%.1f" % p["gb_per_s"],
            "%.1f" % p["read_gb_per_s"],
            "%.2f" % p["fraction"],
            seconds_or_dash(p, "local_seconds"),
            seconds_or_dash(p, "rest_seconds"),
            seconds_or_dash(p, "hand_seconds"),
            seconds_or_dash(p, "allreduce_seconds"),
            p["bits"][:8],
        )


POINT_HEADER = [
    "",
    "cores",
    "ranks x threads",
    "elements",
    "time",
    "ideal time",
    "speed-up",
    "efficiency",
    "GB/s",
    "pure read GB/s",
    "fraction",
    "local",
    "rest",
    "loop + MPI_PROD",
    "MPI_PROD",
    "bits",
]


def problem_section(tables, index, figures):
    fits = ", ".join("%s %.3f" % item for item in tables.fits(index))
    parts = ["<h2>%s</h2>" % escape(tables.texts[index]), figures_block(figures)]
    if fits:
        parts.append("<p>Serial fraction (Amdahl's law fitted to the fixed problem's times): %s.</p>" % escape(fits))
    for mode, words in [("strong", "Strong scaling: a fixed problem"), ("weak", "Weak scaling: a fixed size per core")]:
        parts.append("<h3>%s</h3>%s" % (words, table(POINT_HEADER, point_rows(tables.select(index, mode)))))
    return "\n".join(parts)


def counts_section(tables, path):
    if not tables.counts:
        return ""
    rows = [
        (
            "{:,}".format(r["outputs"]),
            seconds_text(r["seconds"]),
            seconds_text(r["allreduce_seconds"]),
            "%.2f" % (r["seconds"] / r["allreduce_seconds"]),
            r["bits"][:8],
        )
        for r in tables.counts
    ]
    half = [
        (label, seconds_text(local), tables.half_text(ours), tables.half_text(plain))
        for label, local, ours, plain in tables.half_counts()
    ]
    return "\n".join(
        [
            "<h2>Reductions over %d ranks, by the number of outputs</h2>" % tables.counts[0]["ranks"],
            '<div class="plots">%s<div>%s</div></div>'
            % (figure("Time of a reduction", path), table(["outputs", "axprod", "MPI_PROD", "ratio", "bits"], rows, 0)),
            "<p>axprod is the whole call: doubles in, correctly rounded doubles out, partial products of 24 bytes in "
            "between. MPI_PROD is MPI_Allreduce on as many doubles. The outputs at which messages take half of the "
            "time, for fixed problems on these ranks:</p>",
            table(["problem", "local work of a rank", "outputs: axprod", "outputs: loop + MPI_PROD"], half),
        ]
    )


def simulated_section(simulation, figures):
    if not simulation:
        return ""
    model = simulation["model"]
    rows = [
        (
            simulate.TOPOLOGIES[p["topology"]],
            p["ranks"],
            "{:,}".format(p["count"]),
            seconds_text(p["seconds"]),
            seconds_text(p["plain_seconds"]),
            seconds_text(p["total_seconds"]),
            seconds_text(p["plain_total_seconds"]),
            "%d of %d" % (p["right_ranks"], p["ranks"]),
            "%d of %d" % (p["plain_right_ranks"], p["ranks"]),
        )
        for p in simulation["points"]
    ]
    return "\n".join(
        [
            '<section class="simulated"><h2>Simulated: larger clusters</h2>',
            "<p><b>These times are simulated, by SimGrid; no such cluster was used.</b> A product of %s in all; a node "
            "multiplies %s, as measured (%s); merging a partial takes %s, multiplying two doubles %s, finishing %s.</p>"
            % tuple(
                map(
                    escape,
                    (
                        bytes_text(model["bytes"]),
                        in_units(model["bytes_per_second"], [(1e9, "GB/s"), (1, "B/s")]),
                        model["rate_source"],
                        seconds_text(model["merge_seconds"]),
                        seconds_text(model["multiply_seconds"]),
                        seconds_text(model["finish_seconds"]),
                    ),
                )
            ),
            "<ul>%s</ul>" % "".join("<li>%s</li>" % escape(sentence) for sentence in simulation["does"]),
            figures_block(figures),
            table(
                [
                    "cluster",
                    "ranks",
                    "outputs",
                    "axprod",
                    "MPI_PROD",
                    "axprod, whole",
                    "MPI_PROD, whole",
                    "ranks with one process' bits: axprod",
                    "MPI_PROD",
                ],
                rows,
            ),
            "</section>",
        ]
    )


def machine_table(d):
    rows = [
        ("date", d["date"]),
        ("host", d["host"]),
        ("processor", d["processor"]),
        ("topology", d["topology_text"]),
        ("system", d["os"]),
        ("axprod", "%s, instruction set %s, commit %s" % (d["axprod"], d["isa"], d["commit"])),
        ("compiler", d["compiler"]),
        ("MPI", d["mpi"] or "not used"),
        ("launcher", d["launcher"] or "not used"),
        ("binding of ranks", d["rank_binding"] or "-"),
        ("binding of threads", d["thread_binding"]),
        ("settings", ", ".join("%s=%s" % item for item in d["settings"].items())),
    ]
    return table(["", ""], rows, 2, "wide")


READING = """<p>Times are medians of the slowest rank, or of the process. <b>Ideal</b>: one core's time divided by the
cores (strong scaling: a fixed problem), or one core's time (weak scaling: a fixed size per core). <b>Pure read</b>: as
many bytes read, not multiplied, by the same threads of the same ranks in the same run; <b>fraction</b> is its time by
the product's. Where the memory is what limits, speed-up follows the pure read and not the ideal. <b>Local</b> is the
multiplication of a rank's elements, <b>rest</b> what the product takes beyond it: messages and rounding (below zero it
is noise). <b>Loop + MPI_PROD</b> is what one would write instead, one thread on each rank (f64 alone).</p>"""


def write(folder, tables, simulation, figures):
    """The page's path."""
    sentences = tables.bits_sentences() + ([simulate.bits_sentence(simulation)] if simulation else [])
    good = not tables.differing() and (not simulation or simulate.agrees(simulation))
    body = [
        "<h1>How axprod scales on %s</h1>" % escape(tables.description["host"]),
        '<p class="%s">%s</p>' % ("good" if good else "bad", "<br>".join(map(escape, sentences))),
        READING,
    ]
    body += [problem_section(tables, index, figures["problems"][index]) for index in range(len(tables.texts))]
    body += [
        counts_section(tables, figures["allreduce"]),
        simulated_section(simulation, figures["simulated"]),
        "<h2>How to repeat it</h2>",
        machine_table(tables.description),
    ]
    path = os.path.join(folder, "index.html")
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>axprod: scaling on %s</title>'
            '<meta name="viewport" content="width=device-width"><style>%s</style></head><body>\n%s\n</body></html>\n'
            % (escape(tables.description["host"]), STYLE, "\n".join(body))
        )
    return path
