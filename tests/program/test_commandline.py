# SPDX-License-Identifier: BSD-3-Clause
"""The command line: what is understood, what is refused with status 2, and help."""

import re

import numpy as np
from program import ProgramTest, run


class CommandLine(ProgramTest):
    def setUp(self):
        super().setUp()
        self.x = self.save(np.arange(1.0, 7).reshape(2, 3))

    def values(self, *arguments):
        return self.succeed(*arguments).split("\n", 1)[1].strip()

    def test_order_and_spelling(self):
        for arguments in [["--axis=1", self.x], ["--axis", "1", self.x], [self.x, "--axis=1"], ["--axis", "-1", self.x],
                          [self.x, "--axis", "-1"], ["--axis=1", "--", self.x], ["--ax=1", self.x]]:
            self.assertEqual(self.values(*arguments), "[  6, 120]", arguments)
        self.assertEqual(self.values("--axis=0,1", self.x), "720")
        self.assertEqual(self.values("--axis=-1,0", self.x), "720")
        self.assertEqual(self.values("--axis", "", self.x), "[[1, 2, 3],\n [4, 5, 6]]")

    def test_usage_errors(self):
        for pattern, *arguments in [
            ("is missing",),
            ("one file at a time", self.x, "b.npy"),
            ("there is no option --frobnicate", "--frobnicate", self.x),
            ("there is no option -z", "-z", self.x),
            ("there is no option -z", "-zV", self.x),
            ("short for several", "--s", self.x),
            ("--keepdims takes no value", "--keepdims=1", self.x),
            ("--help takes no value", "--help=1"),
            ("--axis needs a value", self.x, "--axis"),
            ("--scaled and --log", "--scaled", "--log", self.x),
            ("--dtype and --scaled", "--dtype=f64", "--scaled", self.x),
            ("--dtype and --log", "--dtype=f64", "--log", self.x),
            ("--exponent-output needs --scaled", "--exponent-output=e.npy", self.x),
            ("--exponent-output needs --scaled", "--log", "--exponent-output=e.npy", self.x),
            ("--sign-output needs --log", "--sign-output=s.npy", self.x),
            ("--sign-output needs --log", "--scaled", "--sign-output=s.npy", self.x),
            ("cannot both be", "--scaled", "--output=r.npy", "--exponent-output=r.npy", self.x),
            ("--output needs the name", "--output=", self.x),
            ("--output is given twice", "--output=a.npy", "--output=b.npy", self.x),
            ("--axis is given twice", "--axis=0", "--axis=1", self.x),
            ("--grid is for ranks", "--grid=2", self.x),
            ("--demo takes no file", "--demo", self.x),
            ("--dtype knows no 'f65'", "--dtype=f65", self.x),
            ("--dtype knows no ''", "--dtype=", self.x),
            ("--dtype knows no 'none'", "--dtype=none", self.x),
            ("--input-dtype can only be bf16", "--input-dtype=f16", self.x),
            ("--progress can be", "--progress=often", self.x),
            ("more than 64 axes", "--axis=" + ",".join("0" * 65), self.x),
        ]:
            self.fail_with(2, re.escape(pattern), *arguments)
        for text in "1,", ",1", "1,,2", "x", "1x", " 1", "1 ", "+1", "--1", "1.5", "0x1", "99999999999", "-99999999999":
            self.fail_with(2, "--axis needs integers", "--axis=" + text, self.x)
        for text in "", "-1", "x", "1x", "1.5", "99999999999", " 2":
            self.fail_with(2, "--threads needs a number", "--threads=" + text, self.x)

    def test_library_errors(self):
        self.fail_with(1, r"x\.npy: .*axis 2 ", "--axis=2", self.x)
        self.fail_with(1, r"x\.npy: .*axis -3 ", "--axis=-3", self.x)
        self.fail_with(1, r"x\.npy: .*repeated|twice", "--axis=1,-1", self.x)
        self.fail_with(1, r"x\.npy: .", "--dtype=i32", self.x)
        self.fail_with(1, r"x\.npy: .", "--scaled", self.save(np.ones(3, "<c16")))

    def test_file_errors(self):
        self.fail_with(1, r"missing\.npy: No such file", self.path("missing.npy"))
        self.fail_with(1, "is a directory", self.directory)
        self.fail_with(1, r"Not a directory", self.x + "/y.npy")
        self.fail_with(1, r"name\?with\?\?\?\?control", self.path("name\nwith\x1b\x07\r\x7fcontrol"))

    def test_help_and_version(self):
        for arguments in ["--help"], ["-h"], ["--help", "--frobnicate"], [self.x, "--help"]:
            text = self.succeed(*arguments)
            self.assertTrue(text.startswith("Usage: axprod [OPTION]... FILE.npy\n"))
        for option in ("axis keepdims dtype input-dtype scaled log threads output exponent-output sign-output verbose "
                       "progress demo help version").split():
            self.assertIn("--" + option, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 120)
        for arguments in ["--version"], ["-V"]:
            self.assertRegex(self.succeed(*arguments), r"\Aaxprod \d+\.\d+\.\d+ \(\w+\)\n\Z")

    def test_verbose(self):
        done = run("--verbose", "--axis=1", self.x)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr.decode(), r"\Aplan: .+\ntime: [\d.]+ s for 0\.000000 GB, [\d.]+ GB/s\n\Z")
        self.assertEqual(done.stdout.decode().split("\n", 1)[1], "[  6, 120]\n")
