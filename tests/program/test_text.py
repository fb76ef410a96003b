# SPDX-License-Identifier: BSD-3-Clause
"""What is printed: digits that read back exactly, layout, summaries, the demonstration."""

import math
import re
from fractions import Fraction

import numpy as np
import reference
from program import EMULATED, ProgramTest, run


def items(text):
    """The elements printed after the title."""
    body = text.split("\n", 1)[1]
    return [item for item in re.split(r"[\[\],\s]+", body) if item]


def digits(text):
    """How many significant digits a number is written with."""
    return len(re.sub(r"e.*|[-.]", "", text).lstrip("0").rstrip("0"))


def most_digits(value):
    """The digits allowed: those of NumPy's shortest form; integers may be exact, powers of two get one more."""
    shortest = digits(np.format_float_scientific(value, unique=True))
    if value == int(value) and abs(value) < 1e17:
        return max(shortest, digits(str(int(value))))
    return shortest + (abs(np.frexp(value)[0]) == 0.5)


def nearest(text, dtype):
    """The float of that dtype nearest to the decimal number."""
    if text in ("nan", "inf", "-inf") or Fraction(text) == 0:
        return float(text)
    return reference.round_to(Fraction(text), dtype)


class Text(ProgramTest):
    def check_numbers(self, array, values, dtype, *options):
        """Each printed number reads back as itself and has hardly more digits than it needs."""
        with np.errstate(invalid="ignore"):
            values = values.astype("<f8")
        step = 1000
        for begin in range(0, array.size, step):
            path = self.save(array[begin:begin + step])
            texts = items(self.succeed("--axis=", *options, path))
            part = values[begin:begin + step]
            self.assertEqual(len(texts), len(part))
            back = np.array([nearest(t, dtype) for t in texts])
            np.testing.assert_array_equal(np.isnan(back), np.isnan(part))
            known = ~np.isnan(part)
            self.assertEqual(back[known].tobytes(), part[known].tobytes())
            for text, value in zip(texts, part):
                # NumPy cannot say how many digits a bf16 needs.
                if np.isfinite(value) and dtype != "bf16":
                    self.assertLessEqual(digits(text), most_digits(np.dtype(reference.NUMPY[dtype]).type(value)), text)

    def test_all_f16(self):
        bits = np.arange(0, 65536, 41 if EMULATED else 1, dtype="<u2")
        self.check_numbers(bits.view("<f2"), bits.view("<f2"), "f16")

    def test_all_bf16(self):
        bits = np.arange(0, 65536, 41 if EMULATED else 1, dtype="<u2")
        array = bits.view("V2")
        self.check_numbers(array, reference.bf16_to_float(array), "bf16", "--input-dtype=bf16")

    def test_f32_and_f64(self):
        random = np.random.default_rng(5)
        for dtype, bits in ("f32", "<u4"), ("f64", "<u8"):
            floats = reference.NUMPY[dtype]
            info = np.finfo(floats)
            edges = [0.0, -0.0, info.max, -info.max, info.tiny, info.smallest_subnormal, 1.0, 0.1, 1e15, 1e22]
            count = np.iinfo(bits).max
            values = np.concatenate([random.integers(0, count, 990, bits, endpoint=True).view(floats),
                                     np.array(edges, floats)])
            self.check_numbers(values, values, dtype)

    def test_complex(self):
        for dtype in "<c8", "<c16":
            values = np.array([1 + 2j, -0.0 - 0.0j, 1e-30 - 0.1j, 3.0000000000000004 + 1e22j], dtype)
            texts = items(self.succeed("--axis=", self.save(values)))
            # A zero as an element gives +0 + 0i.
            values[1] = 0
            self.assertEqual(np.array([complex(t) for t in texts], dtype).tobytes(), values.tobytes())

    def test_integers(self):
        for dtype in reference.INTEGERS:
            info = np.iinfo(reference.NUMPY[dtype])
            values = np.array([info.min, info.max, 0, 1], reference.NUMPY[dtype])
            texts = items(self.succeed("--axis=", self.save(values)))
            self.assertEqual(texts, [str(v) for v in values])

    def test_title(self):
        path = self.save(np.ones((2, 3), "<f4"))
        for options, title in [
            ([], "f32 (): product of %s, f32 (2, 3), along all axes"),
            (["--axis=-1"], "f32 (2,): product of %s, f32 (2, 3), along axis -1"),
            (["--axis=0,1", "--keepdims"], "f32 (1, 1): product of %s, f32 (2, 3), along axes 0, 1"),
            (["--axis=", "--dtype=f64"], "f64 (2, 3): product of %s, f32 (2, 3), along no axis"),
            (["--scaled"], "f64 * 2^i64 (): product of %s, f32 (2, 3), along all axes"),
            (["--log"], "(sign f64, ln f64) (): product of %s, f32 (2, 3), along all axes"),
        ]:
            self.assertEqual(self.succeed(*options, path).splitlines()[0], title % path)

    def test_forms(self):
        path = self.save(np.array([[4.0, -3.0], [0.0, 1.0], [2.0, np.inf]]))
        self.assertEqual(items(self.succeed("--axis=1", "--dtype=f16", path)), ["-12", "0", "inf"])
        scaled = self.succeed("--axis=1", "--scaled", path).split("\n", 1)[1]
        self.assertEqual(re.sub(r"\s+", " ", scaled), "[-0.75 * 2^4, 0 * 2^0, inf * 2^0] ")
        log = self.succeed("--axis=1", "--log", path).split("\n", 1)[1]
        self.assertEqual(re.sub(r"\s+", " ", log), "[(-1, %r), (0, -inf), (1, inf)] " % math.log(12))

    def test_layout(self):
        path = self.save(np.arange(12, dtype="<i4").reshape(2, 3, 2))
        expected = "[[[ 0,  1],\n  [ 2,  3],\n  [ 4,  5]],\n\n [[ 6,  7],\n  [ 8,  9],\n  [10, 11]]]\n"
        self.assertEqual(self.succeed("--axis=", path).split("\n", 1)[1], expected)

    def test_summary(self):
        path = self.save(np.arange(1000, dtype="<i4"))
        self.assertEqual(len(items(self.succeed("--axis=", path))), 1000)
        path = self.save(np.arange(1001, dtype="<i4"))
        expected = ["0", "1", "2", "...", "998", "999", "1000"]
        self.assertEqual(items(self.succeed("--axis=", path)), expected)
        path = self.save(np.arange(7000, dtype="<i4").reshape(1000, 7))
        text = self.succeed("--axis=", path)
        self.assertEqual(len(text.splitlines()), 8)
        self.assertIn("[   0,    1,    2, ...,    4,    5,    6],\n", text)
        self.assertIn(" ...,\n", text)
        path = self.save(np.arange(6 * 200, dtype="<i4").reshape(6, 200))
        self.assertEqual(len(items(self.succeed("--axis=", path))), 6 * 7)

    def test_lines_are_short(self):
        path = self.save(np.random.default_rng(6).uniform(size=(3, 100)))
        for form in "--scaled", "--log", "--dtype=f64":
            for line in self.succeed("--axis=", form, path).splitlines()[1:]:
                self.assertLessEqual(len(line), 103)

    def test_demo(self):
        done = run("--demo")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        lines = done.stdout.decode().splitlines()
        self.assertEqual(len(lines), 6)
        self.assertRegex(lines[1], r"^1e300 \* 1e300 \* 1e-300 \* 1e-300 +inf +1\.0000000000000002$")
        self.assertRegex(lines[2], r"^1e-300 \* 1e-300 \* 1e300 \* 1e300 +0 +1\.0000000000000002$")
        factor = Fraction(1.3)
        self.assertEqual(lines[3].split()[-2:], [repr(1.3 * 1.3 * 1.3), repr(float(factor ** 3))])
        significand, exponent = reference.to_scaled(Fraction(math.factorial(1000)))
        self.assertTrue(lines[4].endswith("inf                  %r * 2^%d" % (significand, exponent)))
        self.assertRegex(lines[5], r" -inf +\(1, -1733\.8\d+\)$")
