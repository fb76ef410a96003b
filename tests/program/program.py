# SPDX-License-Identifier: BSD-3-Clause
"""Runs the axprod program. AXPROD_PROGRAM is its path, or a command with arguments (an emulator before the path)."""

import os
import shlex
import shutil
import subprocess
import tempfile
import unittest

import numpy as np

COMMAND = shlex.split(os.environ.get("AXPROD_PROGRAM", "axprod"))
EMULATED = len(COMMAND) > 1

# A sanitizer that finds something must not look like an ordinary failure, whose exit status is 1, too.
ENVIRONMENT = dict(os.environ)
for _name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
    ENVIRONMENT[_name] = (ENVIRONMENT.get(_name, "") + ":exitcode=99").lstrip(":")

TIMEOUT = 300


def run(*arguments, **keywords):
    """Runs axprod with these arguments; keywords as subprocess.run."""
    keywords.setdefault("stdout", subprocess.PIPE)
    keywords.setdefault("stderr", subprocess.PIPE)
    keywords.setdefault("stdin", subprocess.DEVNULL)
    keywords.setdefault("timeout", TIMEOUT)
    return subprocess.run(COMMAND + [str(a) for a in arguments], env=ENVIRONMENT, check=False, **keywords)


def start(*arguments, **keywords):
    """Starts axprod and does not wait."""
    keywords.setdefault("stdout", subprocess.PIPE)
    keywords.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen(COMMAND + [str(a) for a in arguments], env=ENVIRONMENT, **keywords)


class ProgramTest(unittest.TestCase):
    """A test with a directory of its own, in which no run may leave a temporary file."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="axprod-test-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.addCleanup(self.check_no_temporary)

    def path(self, name):
        return os.path.join(self.directory, name)

    def check_no_temporary(self):
        left = [n for n in os.listdir(self.directory) if n.startswith(".")]
        self.assertEqual(left, [], "temporary files are left")

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def save(self, array, name="x.npy", version=(1, 0)):
        with open(self.path(name), "wb") as file:
            np.lib.format.write_array(file, array, version=version)
        return self.path(name)

    def succeed(self, *arguments, **keywords):
        """The standard output of a run that must succeed in silence."""
        done = run(*arguments, **keywords)
        self.assertEqual((done.returncode, done.stderr or b""), (0, b""), arguments)
        return (done.stdout or b"").decode()

    def check_failure(self, done, status, pattern="axprod"):
        """The run failed with this status and one line of explanation."""
        text = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, text)
        self.assertRegex(text, r"\Aaxprod: [^\n]+\n\Z")
        self.assertRegex(text, pattern)
        self.assertTrue(text.rstrip("\n").isprintable() or not text.isascii(), repr(text))

    def fail_with(self, status, pattern, *arguments, **keywords):
        done = run(*arguments, **keywords)
        self.check_failure(done, status, pattern)
        self.assertEqual(done.stdout or b"", b"")

    def result(self, path, *options):
        """The array that --output gives."""
        self.succeed(*options, "--output=" + self.path("r.npy"), path)
        return np.load(self.path("r.npy"))
