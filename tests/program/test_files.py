# SPDX-License-Identifier: BSD-3-Clause
"""Output files: they appear complete or not at all, and take nothing away when a run fails."""

import io
import os
import shutil
import signal
import subprocess
import threading
import time
import unittest

import numpy as np
from program import ENVIRONMENT, COMMAND, ProgramTest, run, start

PRECIOUS = b"what was there before"


class Files(ProgramTest):
    def setUp(self):
        super().setUp()
        self.x = self.save(np.array([[1.5, 2.0, 3.0], [4.0, 5.0, 6.0]]))

    def test_bytes_are_those_of_numpy(self):
        for shape in (), (0,), (7,), (2, 3), (10 ** 6,), (1,) * 32:
            array = np.arange(int(np.prod(shape)), dtype="<i8").reshape(shape)
            path = self.save(array)
            self.succeed("--axis=", "--output", self.path("r.npy"), path)
            self.assertEqual(self.read("r.npy"), self.read("x.npy"), shape)
            header = self.read("r.npy").index(b"\n") + 1
            self.assertEqual(header % 64, 0)

    def test_bf16_and_one_byte(self):
        path = self.save(np.array([0x4040, 0x3F80], "<u2"))
        self.succeed("--input-dtype=bf16", "--axis=", "--output", self.path("r.npy"), path)
        self.assertIn(b"'descr': '<V2'", self.read("r.npy"))
        self.assertEqual(np.load(self.path("r.npy")).view("<u2").tolist(), [0x4040, 0x3F80])
        self.succeed("--axis=0", "--dtype=i8", "--output", self.path("r.npy"), self.save(np.array([True, True])))
        self.assertEqual(np.load(self.path("r.npy")).tolist(), 1)
        self.assertIn(b"'descr': '|i1'", self.read("r.npy"))

    def test_report(self):
        r, e = self.path("r.npy"), self.path("e.npy")
        text = self.succeed("--axis=0", "--output=" + r, self.x)
        self.assertEqual(text.splitlines()[1:], ["product: " + r])
        text = self.succeed("--axis=0", "--scaled", "--output=" + r, "--exponent-output=" + e, self.x)
        self.assertEqual(text.splitlines()[1:], ["significands: " + r, "exponents: " + e])
        text = self.succeed("--axis=0", "--log", "--output=" + r, "--sign-output=" + e, self.x)
        self.assertEqual(text.splitlines()[1:], ["signs: " + e, "logarithms: " + r])
        self.assertEqual((np.load(r).dtype, np.load(e).dtype), (np.float64, np.float64))

    def test_permissions_and_links(self):
        r = self.write("r.npy", PRECIOUS)
        os.symlink(r, self.path("link.npy"))
        old = os.umask(0o027)
        try:
            self.succeed("--output=" + self.path("link.npy"), self.x)
            self.succeed("--output=" + self.path("new.npy"), self.x)
        finally:
            os.umask(old)
        self.assertTrue(os.path.islink(self.path("link.npy")))
        self.assertEqual(np.load(r), 1080.0)
        self.assertEqual(os.stat(self.path("new.npy")).st_mode & 0o7777, 0o640)

    def test_output_is_the_input(self):
        self.succeed("--axis=1", "--output=" + self.x, self.x)
        np.testing.assert_array_equal(np.load(self.x), [9.0, 120.0])

    def test_relative_path(self):
        self.succeed("--output=r.npy", "x.npy", cwd=self.directory)
        self.assertEqual(np.load(self.path("r.npy")), 1080.0)

    def test_long_name(self):
        name = "n" * 251 + ".npy"
        self.succeed("--output=" + self.path(name), self.x)
        self.assertEqual(np.load(self.path(name)), 1080.0)

    def test_pipes_and_devices(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        received = []

        def receive():
            with open(fifo, "rb") as file:
                received.append(file.read())

        reader = threading.Thread(target=receive)
        reader.start()
        self.succeed("--axis=0", "--output", fifo, self.x)
        reader.join()
        np.testing.assert_array_equal(np.load(io.BytesIO(received[0])), [6.0, 10.0, 18.0])
        self.succeed("--output=/dev/null", self.x)

    def test_standard_output(self):
        """As a file, standard output gets nothing but the file."""
        done = run("--axis=0", "--output=/dev/stdout", self.x)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        np.testing.assert_array_equal(np.load(io.BytesIO(done.stdout)), [6.0, 10.0, 18.0])
        with open(self.path("r.npy"), "wb") as file:
            self.succeed("--axis=0", "--output=/dev/stdout", self.x, stdout=file)
        np.testing.assert_array_equal(np.load(self.path("r.npy")), [6.0, 10.0, 18.0])

    def check_kept(self, pattern, *options, **keywords):
        """The run fails, and all files in the directory are as before."""
        self.write("r.npy", PRECIOUS)
        before = sorted(os.listdir(self.directory))
        done = run("--output=" + self.path("r.npy"), *options, **keywords)
        self.check_failure(done, 1, pattern)
        self.assertEqual(self.read("r.npy"), PRECIOUS, options)
        self.assertEqual(sorted(os.listdir(self.directory)), before)

    def test_failing_runs_keep_the_output(self):
        self.check_kept("No such file", self.path("missing.npy"))
        self.check_kept("axis 2 is out of range", "--axis=2", self.x)
        self.check_kept(r"x\.npy: .", "--dtype=c64", self.x)
        self.check_kept("is not a .npy file", self.write("y.npy", b"no npy file at all"))
        self.check_kept("No space left", "--scaled", "--exponent-output=/dev/full", self.x)
        self.check_kept("No such file", "--scaled", "--exponent-output=" + self.path("no/e.npy"), self.x)
        self.check_kept("Is a directory", "--log", "--sign-output=" + self.directory, self.x)
        with open("/dev/full", "wb") as full:
            self.check_kept("standard output: No space left", self.x, stdout=full)

    def test_outputs_that_cannot_be(self):
        for path, pattern in [("/dev/full", "/dev/full: cannot be written: No space left"),
                              (self.path("no/r.npy"), "No such file"), (self.x + "/r.npy", "Not a directory"),
                              (self.directory, "Is a directory"), (self.path("new/"), "Is a directory|No such file"),
                              ("/proc/r.npy", "/proc/r.npy: cannot be written"), ("n" * 300, "File name too long")]:
            done = run("--output=" + path, self.x)
            self.check_failure(done, 1, pattern)
        os.symlink("r.npy", self.path("link.npy"))
        self.write("r.npy", PRECIOUS)
        self.fail_with(1, "are the same file", "--scaled", "--output", self.path("r.npy"),
                       "--exponent-output", self.path("link.npy"), self.x)
        self.assertEqual(self.read("r.npy"), PRECIOUS)

    @unittest.skipIf(os.geteuid() == 0, "the superuser may write anywhere")
    def test_protected(self):
        r = self.write("r.npy", PRECIOUS)
        os.chmod(r, 0o444)
        self.fail_with(1, "Permission denied", "--output", r, self.x)
        self.assertEqual(self.read("r.npy"), PRECIOUS)
        os.chmod(self.directory, 0o555)
        self.addCleanup(os.chmod, self.directory, 0o755)
        self.fail_with(1, "Permission denied", "--output", self.path("new.npy"), self.x)

    def test_standard_output_fails(self):
        with open("/dev/full", "wb") as full:
            for arguments in [self.x], ["--help"], ["--version"], ["--demo"]:
                self.check_failure(run(*arguments, stdout=full), 1, "standard output: No space left")
        receiving, sending = os.pipe()
        os.close(receiving)
        self.check_failure(run(self.x, stdout=sending), 1, "standard output: Broken pipe")
        os.close(sending)
        closed = subprocess.run(["/bin/sh", "-c", 'exec "$@" >&-', "sh"] + COMMAND + [self.x], env=ENVIRONMENT,
                                stderr=subprocess.PIPE, check=False)
        self.check_failure(closed, 1, "standard output: Bad file descriptor")


class LongRuns(ProgramTest):
    """Runs that are long enough to be disturbed. Their input takes no room on the disk: it is one hole."""

    def hole(self, gibibytes):
        count = gibibytes << 27
        header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }" % count
        path = self.write("hole.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
        try:
            os.truncate(path, 10 + len(header) + 8 * count)
        except OSError as error:
            self.skipTest("no room for a file with a hole: %s" % error)
        return path

    def try_sizes(self, attempt):
        """Calls attempt with longer and longer work until it says that the work was long enough."""
        if shutil.disk_usage(self.directory).free < 1 << 30:
            self.skipTest("too little room")
        for gibibytes in 1, 2, 4:
            if attempt(self.hole(gibibytes)):
                return
        self.skipTest("this machine is too fast")

    def start_and_wait_for_temporary(self, path):
        self.write("r.npy", PRECIOUS)
        process = start("--threads=1", "--output=" + self.path("r.npy"), path)
        while process.poll() is None and not any(n.startswith(".axprod-") for n in os.listdir(self.directory)):
            time.sleep(0.001)
        time.sleep(0.05)
        return process

    def test_file_becomes_shorter(self):
        def attempt(path):
            process = self.start_and_wait_for_temporary(path)
            os.truncate(path, 4096)
            output, errors = process.communicate()
            if process.returncode == 0:
                return False
            self.assertEqual((process.returncode, output), (1, b""), errors)
            self.assertRegex(errors.decode(), r"\Aaxprod: [^\n]*hole\.npy: [^\n]*became shorter[^\n]*\n\Z")
            self.assertEqual(self.read("r.npy"), PRECIOUS)
            return True
        self.try_sizes(attempt)

    def test_signals(self):
        for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
            def attempt(path, number=number):
                process = self.start_and_wait_for_temporary(path)
                process.send_signal(number)
                process.communicate()
                if process.returncode == 0:
                    return False
                self.assertEqual(process.returncode, -number)
                self.assertEqual(self.read("r.npy"), PRECIOUS)
                self.check_no_temporary()
                return True
            self.try_sizes(attempt)

    def test_progress(self):
        def attempt(path):
            begin = time.monotonic()
            done = run("--threads=1", "--progress=always", path)
            if time.monotonic() - begin < 1:
                return False
            self.assertEqual(done.returncode, 0)
            text = done.stderr.decode()
            self.assertRegex(text, r"\A\r *\d+% \[[#.]+\] \d+\.\d\d of \d+\.\d\d GB, \d+\.\d\d GB/s, \d+:\d\d left")
            self.assertRegex(text, r"\r +\r\Z")
            fractions = [int(line.split("%")[0]) for line in text.split("\r") if "%" in line]
            self.assertEqual(fractions, sorted(fractions))
            self.assertNotIn("\n", text)
            for when in "auto", "never":
                self.succeed("--progress=" + when, path)
            return True
        self.try_sizes(attempt)

    def test_progress_on_a_terminal(self):
        def attempt(path):
            terminal, device = os.openpty()
            begin = time.monotonic()
            process = start("--threads=1", path, stderr=device)
            os.close(device)
            text = b""
            while True:
                try:
                    piece = os.read(terminal, 4096)
                except OSError:  # the other end is closed
                    break
                if not piece:
                    break
                text += piece
            process.communicate()
            os.close(terminal)
            if time.monotonic() - begin < 1:
                return False
            self.assertEqual(process.returncode, 0)
            self.assertIn(b"% [", text)
            return True
        self.try_sizes(attempt)
