# SPDX-License-Identifier: BSD-3-Clause
"""What the programs of scaling studies share: refusals, folders, numbers with units."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Refusal(Exception):
    """A sentence for the user: what is wrong, and what to do. Exit status 2, before anything has run."""


class Failure(Exception):
    """A sentence for the user: what went wrong on the way. Exit status 1."""


def main_of(name, function):
    """Runs a program's main function, and turns its exceptions into sentences and exit statuses."""
    try:
        sys.exit(function())
    except (Refusal, Failure) as error:
        print("%s: %s" % (name, error), file=sys.stderr)
        sys.exit(2 if isinstance(error, Refusal) else 1)
    except KeyboardInterrupt:
        print("\n%s: interrupted; the same command goes on from here" % name, file=sys.stderr)
        sys.exit(130)


def run(command, **keywords):
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **keywords
    )


def parse_size(text):
    """Bytes of 16KiB, 512MiB, 2GiB or a plain number."""
    match = re.fullmatch(r"(\d+)(B|KiB|MiB|GiB|)", text)
    if not match or int(match.group(1)) == 0:
        raise Refusal("'%s' is no size: 16KiB, 512MiB and 2GiB are" % text)
    return int(match.group(1)) << {"": 0, "B": 0, "KiB": 10, "MiB": 20, "GiB": 30}[match.group(2)]


def parse_numbers(option, text):
    """[1, 2, 4] of "1,2,4"; [] of "none"."""
    if text == "none":
        return []
    words = text.split(",")
    if not all(re.fullmatch(r"[1-9]\d{0,8}", word) for word in words):
        raise Refusal("%s needs numbers from 1 on with commas between them, or none, not '%s'" % (option, text))
    return sorted(set(map(int, words)))


def in_units(value, units, digits=3):
    """A number with the largest of the units (a list of (factor, name)) that it reaches."""
    for factor, name in units:
        if abs(value) >= factor:
            break
    return "%.*g %s" % (max(digits, len(str(int(abs(value) / factor)))), value / factor, name)


def seconds_text(seconds):
    return in_units(seconds, [(1, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")])


def bytes_text(size):
    return in_units(size, [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B")])


def powers_up_to(most):
    """1, 2, 4, ... and most itself."""
    return sorted({1 << k for k in range(most.bit_length())} | {most}) if most > 0 else []


class Progress:
    """How far a list of jobs is, and how long the rest will take: a bar on a terminal, else a line for each job."""

    def __init__(self, weights, now):
        """weights: expected seconds of the jobs; now: a clock."""
        self.left, self.done, self.now, self.spent = sum(weights), 0.0, now, 0.0
        self.total, self.finished, self.began = len(weights), 0, None
        self.terminal = sys.stderr.isatty()

    def remaining(self):
        """Seconds: expectations, corrected by how the ones before went."""
        return self.left * (self.spent / self.done if self.done else 1.0)

    def start(self, what):
        self.began = self.now()
        left = int(self.remaining() + 0.5)
        text = "%d of %d, %d:%02d left: %s" % (self.finished + 1, self.total, left // 60, left % 60, what)
        if self.terminal:
            filled = 20 * self.finished // self.total
            print(
                "\r\x1b[K[%s%s] %s" % ("#" * filled, "." * (20 - filled), text[:90]),
                end="",
                file=sys.stderr,
                flush=True,
            )
        else:
            print(text, file=sys.stderr, flush=True)

    def finish(self, weight):
        self.spent += self.now() - self.began
        self.done += weight
        self.left -= weight
        self.finished += 1
        if self.terminal and self.finished == self.total:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
