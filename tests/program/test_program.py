# SPDX-License-Identifier: BSD-3-Clause
"""All tests of the axprod program. Usage: AXPROD_PROGRAM=build/axprod python3 test_program.py [-v] [TEST]...

TEST: for example test_values, or test_values.Values.test_threads. With an emulator:
AXPROD_PROGRAM="qemu-aarch64 -L /usr/aarch64-linux-gnu build/axprod".
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import test_commandline
import test_files
import test_hostile
import test_text
import test_values


def load_tests(loader, tests, pattern):
    """Called by unittest: the tests are those of the files beside this one."""
    del tests, pattern
    modules = [test_values, test_text, test_files, test_hostile, test_commandline]
    return unittest.TestSuite(map(loader.loadTestsFromModule, modules))


if __name__ == "__main__":
    unittest.main()
