# SPDX-License-Identifier: BSD-3-Clause
"""The arithmetic of a study: from measured times to what the tables say. No file and no program is touched here."""

import math


def median(values):
    values, middle = sorted(values), len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def speedup(base_cores, base_seconds, seconds):
    """Of a fixed problem, where base_cores cores that took base_seconds count as base_cores."""
    return base_cores * base_seconds / seconds


def efficiency(strong, base_cores, base_seconds, cores, seconds):
    """1 where a fixed problem takes a time in proportion to 1 / cores, or one fixed per core always the same time."""
    if strong:
        return speedup(base_cores, base_seconds, seconds) / cores
    return base_seconds / seconds


def serial_fraction(times):
    """Amdahl's law t(p) = a + b / p fitted to [(p, t)] by least squares of relative errors: a / (a + b).

    None where all p are the same. Negative where times shrink faster than in proportion.
    """
    if len({p for p, _ in times}) < 2:
        return None
    # minimises sum((a / t + b / (p t) - 1)^2)
    rows = [(1 / t, 1 / (p * t)) for p, t in times]
    aa, ab, bb = (
        sum(x * y for x, y in pairs) for pairs in ([(u, u) for u, _ in rows], rows, [(v, v) for _, v in rows])
    )
    ra, rb = sum(u for u, _ in rows), sum(v for _, v in rows)
    determinant = aa * bb - ab * ab
    a, b = (ra * bb - rb * ab) / determinant, (rb * aa - ra * ab) / determinant
    return a / (a + b)


def crossing(curve, level):
    """Where a rising curve [(x, y)] passes level, interpolated on logarithmic axes.

    -inf where it begins above, +inf where it ends below.
    """
    curve = sorted(curve)
    if not curve or curve[-1][1] < level:
        return math.inf
    if curve[0][1] >= level:
        return -math.inf
    # the last passage: a curve that is not quite smooth may have several
    at = max(i for i in range(1, len(curve)) if curve[i - 1][1] < level <= curve[i][1])
    (x0, y0), (x1, y1) = curve[at - 1], curve[at]
    part = math.log(level / y0) / math.log(y1 / y0)
    return math.exp(math.log(x0) + part * math.log(x1 / x0))


def group_bits(points):
    """{problem: {digest: [point, ...]}} of points with "problem" and "bits"."""
    groups = {}
    for point in points:
        groups.setdefault(point["problem"], {}).setdefault(point["bits"], []).append(point)
    return groups


def differing(points):
    """The problems of which not all points have the same bits."""
    return [problem for problem, digests in group_bits(points).items() if len(digests) > 1]


def merge_rounds(rounds):
    """One point of its measurements in several rounds: medians of numbers that vary; "bits" of all."""
    merged = dict(rounds[0])
    for key in rounds[0]:
        if key.endswith("seconds") or key.endswith("gb_per_s") or key in ("fraction", "speedup"):
            merged[key] = median([r[key] for r in rounds])
    merged["rounds"] = len(rounds)
    merged["repetitions"] = sum(r["repetitions"] for r in rounds)
    return merged


def base_of(points, series, all_points):
    """What a series' speed-up counts from: its point on one core, else that of any other series, else its first."""
    alone = [p for p in points if p["cores"] == 1] or [
        p for name in ("ranks", "threads") for p in all_points if p["series"] == name and p["cores"] == 1
    ]
    return alone[0] if alone else min(points, key=lambda p: p["cores"])


def complete(points):
    """Adds speed-ups, efficiencies and ideal times to the points of one problem and mode (strong or weak)."""
    for series in sorted({p["series"] for p in points}):
        mine = [p for p in points if p["series"] == series]
        base = base_of(mine, series, points)
        for p in mine:
            strong = p["mode"] == "strong"
            p["efficiency"] = efficiency(strong, base["cores"], base["seconds"], p["cores"], p["seconds"])
            p["speedup"] = p["efficiency"] * p["cores"]
            p["ideal_seconds"] = p["seconds"] * p["efficiency"]
            p["read_speedup"] = base["cores"] * p["read_gb_per_s"] / base["read_gb_per_s"]
    return points


def fits(points):
    """The serial fraction of each series with several numbers of cores: [(series, fraction)] of one problem's strong
    points. A series without a point on one core begins at its base."""
    found = []
    for series in dict.fromkeys(p["series"] for p in points):
        mine = [p for p in points if p["series"] == series]
        base = base_of(mine, series, points)
        fraction = serial_fraction(sorted({(p["cores"], p["seconds"]) for p in mine + [base]}))
        if fraction is not None:
            found.append((series, fraction))
    return found
