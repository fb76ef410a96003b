# SPDX-License-Identifier: BSD-3-Clause
"""Files that lie: each is read exactly or refused in one line, and none ends the program by a signal."""

import concurrent.futures
import os
import threading

import numpy as np
from program import EMULATED, ProgramTest, run

MUTATIONS = int(os.environ.get("AXPROD_TEST_MUTATIONS", "300" if EMULATED else "3000"))

GOOD = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"
DATA = np.arange(1.0, 7).tobytes()


def npy(header, data=DATA, version=1, length=None):
    """A file with this text as its header."""
    text = header if isinstance(header, bytes) else header.encode("utf-8")
    size = 2 if version == 1 else 4
    length = len(text) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + length.to_bytes(size, "little") + text + data


def described(descr):
    """A file of 8-byte elements with this text in the place of the type."""
    return npy("{'descr': %s, 'fortran_order': False, 'shape': (6,), }" % descr)


def shaped(shape, data=DATA):
    return npy("{'descr': '<f8', 'fortran_order': False, 'shape': %s, }" % shape, data)


class Hostile(ProgramTest):
    def read_value(self, content, *options):
        return self.succeed(*options, self.write("x.npy", content)).split("\n", 1)[1].strip()

    def refuse(self, content, pattern, *options):
        self.fail_with(1, r"\Aaxprod: [^:]*x\.npy: [^\n]*" + pattern, *options, self.write("x.npy", content))

    def test_spellings_that_numpy_accepts(self):
        for header in [
            GOOD,
            "{'shape':(2,3),'fortran_order':False,'descr':'<f8'}",
            '{"descr": "<f8", "fortran_order": False, "shape": (2, 3)}',
            "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 3L), }",
            "  \t\n{ 'descr' : '<f8' ,'fortran_order' : False , 'shape' : ( 2 , 3 , ) , } \n \n",
            "{'fortran_order': False, 'shape': (6,), 'descr': 'f8'}",
            "{'fortran_order': False, 'shape': (6, 1), 'descr': '=f8'}",
            "{'fortran_order': False, 'shape': (6,), 'descr': '|f8'}",
            "{'fortran_order': True, 'shape': (3, 2), 'descr': '<f8'}",
            GOOD + " " * 60000 + "\n",
        ]:
            for version in 1, 2, 3:
                self.assertEqual(self.read_value(npy(header, version=version)), "720", header[:80])
        content = npy("{'fortran_order': True, 'shape': (3, 2), 'descr': '<f8'}")
        self.assertEqual(self.read_value(content, "--axis=0"), "[  6, 120]")
        for descr in "'|i1'", "'>i1'", "'<i1'", "'i1'", "'=i1'":
            content = npy("{'descr': %s, 'fortran_order': False, 'shape': (3,), }" % descr, b"\x02\x03\xff")
            self.assertEqual(self.read_value(content), "-6")
        for descr in "'|V2'", "'<V2'", "'V2'", "'=V2'", "'<u2'":
            content = npy("{'descr': %s, 'fortran_order': False, 'shape': (2,), }" % descr, b"\x40\x40\x00\x40")
            self.assertEqual(self.read_value(content, "--input-dtype=bf16"), "6", descr)

    def test_types(self):
        big = "big-endian"
        for descr, pattern in [
            ("'>f8'", big), ("'>i2'", big), ("'>c16'", big), ("'>V2'", big), ("'|O'", "holds Python objects"),
            ("'O'", "holds Python objects"), ("'|S8'", "byte strings"), ("'<U2'", "strings"), ("'>U2'", "strings"),
            ("'<M8[ns]'", "dates"), ("'<m8[D]'", "time differences"), ("'<f16'", "long doubles"),
            ("'<c32'", "long doubles"), ("'|V8'", "raw bytes"), ("'|V2'", "say --input-dtype=bf16"),
            ("'<V2'", "say --input-dtype=bf16"), ("[('a', '<f8')]", "structured"), ("[]", "structured"),
            ("('<f8', (2,))", "structured"), ("[('\u00e9', '<f8')]", "structured"), ("'<f3'", "no element type"),
            ("''", "no element type"), ("'<'", "no element type"), ("'<<f8'", "no element type"),
            ("'<f88'", "no element type"),
            ("'<f8 '", "no element type"), ("'<q'", "no element type"),
            ("'" + "x" * 10000 + "'", "'x{40}' is no element type"),
            ("'\\x66\\x38'", "cannot be in a string"), ("'\u00e9'", "cannot be in a string"),
            ("'\x1b[31m'", "cannot be in a string"),
            ("'<f8", "'<f8, ' is no element type"), ("b'<f8'", "the string after"), ("None", "the string after"),
        ]:
            self.refuse(described(descr), pattern)
        self.refuse(described("'<f8'"), "holds f64, so --input-dtype=bf16 cannot be right", "--input-dtype=bf16")
        self.refuse(described("'<f2'"), "holds f16, so --input-dtype=bf16 cannot be right", "--input-dtype=bf16")

    def test_shapes(self):
        for shape, pattern in [
            ("(-1,)", "negative"), ("(2, -3)", "negative"), ("(9223372036854775808,)", "too large for 64 bits"),
            ("(%s,)" % ("9" * 1000), "too large for 64 bits"),
            ("(9223372036854775807,)", "more elements than memory"),
            ("(4294967296, 4294967296)", "more elements than memory"), ("(2305843009213693952, 8)", "more elements"),
            ("(7,)", "needs 56 bytes of data, and there are only 48"), ("(1152921504606846975,)", "is cut off"),
            ("(%s)" % ("1, " * 65), "more than 64 dimensions"), ("(6)", "a ','"), ("6", r"the '\('"),
            ("[6]", r"the '\('"),
            ("(,)", "an extent"), ("(6,,)", "an extent"), ("(6 1)", "a ','"), ("(6.0,)", "a ','"),
            ("(0x6,)", "a ','"),
            ("(True,)", "an extent"), ("((6,),)", "an extent"), ("(6LL,)", "a ','"), ("(6,", "an extent|end"),
            ("(+6,)", "an extent"),
            ("(1_0,)", "a ','"), ("('6',)", "an extent"), ("None", r"the '\('"),
        ]:
            self.refuse(shaped(shape), pattern)

    def test_extents_beside_zero(self):
        for shape in "(0, 9223372036854775807)", "(9223372036854775807, 0)", "(4294967296, 0, 4294967296, 4294967296)":
            done = run("--axis=0,1", self.write("x.npy", shaped(shape, b"")))
            self.assertIn(done.returncode, (0, 1))
            done = run("--axis=0", self.write("x.npy", shaped(shape, b"")))
            self.assertIn(done.returncode, (0, 1))
        self.refuse(shaped("(0, 9223372036854775807)", b""), ".", "--axis=0")

    def test_dicts(self):
        for header, pattern in [
            ("", "ends where the '{'"), ("{", "ends where a key"), ("{}", "lacks the key 'descr'"), ("()", "the '{'"),
            ("None", "the '{'"),
            ("{'descr': '<f8', 'shape': (6,)}", "lacks the key 'fortran_order'"),
            ("{'descr': '<f8', 'fortran_order': False}", "lacks the key 'shape'"),
            (GOOD.replace("}", "'shape': (6,)}"), "'shape' twice"),
            (GOOD.replace("}", "'descr': '<f4'}"), "'descr' twice"),
            (GOOD.replace("}", "'extra': 1}"), "unknown key 'extra'"),
            (GOOD.replace("}", "'': 1}"), "unknown key ''"),
            (GOOD.replace("False", "false"), "True or False"), (GOOD.replace("False", "0"), "True or False"),
            (GOOD.replace("False", "'F'"), "True or False"),
            (GOOD.replace("False", "Falsely"), "a ','"), (GOOD.replace("<f8',", "<f8'"), "a ','"),
            (GOOD.replace("':", "'", 1), "a ':'"),
            (GOOD + "}", "the end of the header"), (GOOD + "\0", "the end of the header"),
            (GOOD + GOOD, "the end of the header"),
            (GOOD + "# comment", "the end of the header"), (GOOD[:-1], "ends where a key"),
            (GOOD.replace("{", "{,"), "a key"), (GOOD.replace("'shape'", "shape"), "a key"),
            (GOOD.replace(", }", ",, }"), "a key"), (GOOD.replace("'descr'", "b'descr'"), "a key"),
            (GOOD.replace(" ", "\u00a0"), "not"),
            (b"\xff\xfe" + GOOD.encode(), "the '{'"), ("{'descr\0': 1}", "cannot be in a string"),
            ("{" * 60000, "a key"), ("(" * 60000, "the '{'"),
            (GOOD.replace("'shape'", "'shape\u00e9'"), "cannot be in a string"),
            ("\x1b]0;title\x07" + GOOD, "the '{'"), ("{'\x1b[31m': 1}", "cannot be"),
        ]:
            for version in 1, 2, 3:
                self.refuse(npy(header, version=version), pattern)

    def test_beginnings(self):
        good = npy(GOOD)
        self.refuse(b"", "is empty")
        for length in range(1, len(good)):
            self.refuse(good[:length], "is cut off")
        for content, pattern in [
            (b"\x93NUMPZ" + good[6:], "does not begin with"), (b"PK\x03\x04", "does not begin with"),
            (b"\x93NUMPY\x00\x00" + good[8:], "version 0.0"),
            (b"\x93NUMPY\x04\x00" + good[8:], "version 4.0"), (b"\x93NUMPY\x01\x01" + good[8:], "version 1.1"),
            (b"\x93NUMPY\xff\xff" + good[8:], "version 255.255"),
            (npy(GOOD, length=65535), "needs 65535 bytes"),
            (npy(GOOD, version=2, length=2 ** 32 - 1), "needs 4294967295 bytes"),
            (npy(GOOD, version=3, length=2 ** 31), "needs 2147483648"),
            (npy(GOOD, length=0), "the header ends"), (npy(GOOD, length=len(GOOD) + 8), "the end of the header"),
            (npy(GOOD, b""), "needs 48 bytes of data, and there are only 0"),
        ]:
            self.refuse(content, pattern)

    def test_no_regular_file(self):
        os.mkfifo(self.path("fifo"))
        self.fail_with(1, "fifo: is no regular file", self.path("fifo"), timeout=60)
        self.fail_with(1, "is no regular file", "/dev/zero")
        self.fail_with(1, "is no regular file", "/dev/stdin")

    def mutant(self, random, contents):
        """A valid file after a few random changes, most of them within its first 130 bytes."""
        content = bytearray(contents[random.integers(len(contents))])
        for _ in range(random.integers(1, 5)):
            at = int(random.integers(min(len(content), 130 if random.random() < 0.9 else 1 << 20)))
            kind = random.integers(5)
            if kind == 0:
                content[at] = random.integers(256)
            elif kind == 1:
                content[at] ^= 1 << int(random.integers(8))
            elif kind == 2:
                del content[at:at + int(random.integers(1, 8))]
            elif kind == 3:
                content[at:at] = random.choice([b"0", b"9", b",", b"'", b"(", b"-1", b"L", b" ", b"}", b"\0"])
            else:
                other = int(random.integers(len(content)))
                content[at:at + 4] = content[other:other + 4]
            if not content:
                break
        return bytes(content)

    def test_mutations(self):
        random = np.random.default_rng(7)
        contents = []
        for dtype in "<f8", "<f2", "|b1", "<i4", "<c8", "|V2":
            for shape in (), (5,), (2, 3), (2, 0, 3), (2, 3, 2):
                count = int(np.prod(shape))
                array = np.frombuffer(random.bytes(count * np.dtype(dtype).itemsize), dtype).reshape(shape)
                self.save(np.asfortranarray(array) if len(contents) % 2 else array)
                contents.append(self.read("x.npy"))
        mutants = [self.mutant(random, contents) for _ in range(MUTATIONS)]
        names = threading.local()

        def attempt(number):
            if not hasattr(names, "path"):
                names.path = self.path("mutant-%d" % threading.get_ident())
            with open(names.path, "wb") as file:
                file.write(mutants[number])
            return number, run(names.path, *(["--input-dtype=bf16"] if b"V2" in mutants[number] else []))

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            statuses = set()
            for number, done in pool.map(attempt, range(MUTATIONS)):
                if done.returncode == 0:
                    self.assertEqual(done.stderr, b"", mutants[number])
                else:
                    self.check_failure(done, 1)
                statuses.add(done.returncode)
        self.assertEqual(statuses, {0, 1})
