# SPDX-License-Identifier: BSD-3-Clause
"""The manual pages against the programs and the headers, in both directions. Run by CTest: docs.pages."""

import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from documents import HEADERS, OVERVIEW, PAGES, PROGRAMS, functions, read

# Pages that leave options to another page to explain.
EXPLAINED_ELSEWHERE = {"axprod-mpi": "axprod", "axprod-mpi-bench": "axprod-bench"}


def options_of_help(program):
    """Those that begin a line of --help, as in '  -f, --file=FILE'."""
    text = subprocess.run([program, "--help"], stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout
    found = set()
    for short, name in re.findall(r"^ {2,6}(-[^-\s])?(?:, )?(--[a-z-]+)?", text, re.MULTILINE):
        found |= {short, name} - {""}
    return found


def options_of_page(page, lines=r"\..*"):
    """All that a macro names on these lines, as in '.It Fl f , Fl -file Ns = Ns Ar file'."""
    text = "\n".join(re.findall(rf"^{lines}$", read(page), re.MULTILINE))
    return {"-" + name for name in re.findall(r"\bFl (?:\\&)?(\S+)", text)}


class Pages(unittest.TestCase):
    def test_options(self):
        for name, page in PAGES.items():
            listed = options_of_help(PROGRAMS[name])
            self.assertGreater(len(listed), 10, name)
            self.assertEqual(options_of_page(page), listed, page)
            explained = options_of_page(page, r"\.It Fl .*")
            if name in EXPLAINED_ELSEWHERE:
                explained |= options_of_page(PAGES[EXPLAINED_ELSEWHERE[name]], r"\.It Fl .*")
            self.assertEqual(listed - explained, set(), page)

    def test_kinds_of_data(self):
        kinds = re.findall(r"^    X\([A-Z]+, (\w+), ", read("tests/data.h"), re.MULTILINE)
        page = read(PAGES["axprod-bench"])
        listed = page[page.index("Kinds of data are:"):page.index(".Sh ENVIRONMENT")]
        self.assertEqual(re.findall(r"^\.It Li (\S+)", listed, re.MULTILINE), kinds)

    def test_words_of_problems(self):
        """The language, as the header of its parser has it."""
        header, page = read("tests/problem.h"), read(PAGES["axprod-bench"])
        words = re.findall(r"^ \*     ([a-z]+)(?=[= ])", header, re.MULTILINE)
        listed = page[page.index(".Sh PROBLEMS"):page.index("out-order=")]
        self.assertEqual(re.findall(r"^\.It Li ([a-z]+)", listed, re.MULTILINE), words)

    def test_functions(self):
        declared = set().union(*map(functions, HEADERS))
        self.assertGreater(len(declared), 40)
        self.assertEqual(set(re.findall(r"\bFn (axprod_\w+)", read(OVERVIEW))), declared)


if __name__ == "__main__":
    unittest.main()
