# SPDX-License-Identifier: BSD-3-Clause
"""The values of results: each dtype, order, version of the file and set of axes, against exact arithmetic."""

import decimal
import itertools
import math
from fractions import Fraction

import numpy as np
import reference
import transmission
from program import ProgramTest
from reference import COMPLEX, FLOATS, INTEGERS, NUMPY


def axis_option(axes):
    return "--axis=" + ",".join(map(str, axes))


def input_options(dtype):
    return ["--input-dtype=bf16"] if dtype == "bf16" else []


def random_array(random, dtype, shape, specials=False):
    """Random elements: floats over most of the range of exponents, with NaN, infinities and zeros on request."""
    if dtype == "bool":
        return random.random(shape) < 0.8
    if dtype in INTEGERS:
        info = np.iinfo(NUMPY[dtype])
        narrow = random.integers(max(info.min, -9), 10, shape)
        wide = random.integers(info.min, info.max, shape, dtype=NUMPY[dtype], endpoint=True)
        return np.where(random.random(shape) < 0.5, narrow, wide).astype(NUMPY[dtype])
    if dtype in COMPLEX:
        parts = random.uniform(-2, 2, (2,) + shape) * 2.0 ** random.integers(-9, 10, (2,) + shape)
        return (parts[0] + 1j * parts[1]).astype(NUMPY[dtype])
    precision, least, overflow = reference.FORMATS[dtype]
    exponents = random.integers(least // 2, overflow // 2, shape)
    values = np.ldexp(random.uniform(1, 2, shape), exponents) * random.choice([-1, 1], shape)
    if specials:
        chosen = random.choice([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0], shape)
        values = np.where(random.random(shape) < 0.1, chosen, values)
    if dtype == "bf16":
        with np.errstate(over="ignore"):
            return (values.astype("<f4").view("<u4") >> 16).astype("<u2").view("V2")
    return values.astype(NUMPY[dtype])


class Values(ProgramTest):
    def check_bits(self, got, expected, context):
        self.assertEqual(got.dtype, expected.dtype, context)
        self.assertEqual(got.shape, expected.shape, context)
        self.assertEqual(got.tobytes(), expected.tobytes(), (context, got, expected))

    def expected(self, array, dtype, axes, out, keepdims=False):
        products = map(reference.exact_product, reference.groups(reference.elements(array, dtype), axes))
        flat = [reference.to_result(p, out) for p in products]
        shape = reference.result_shape(array.shape, axes, keepdims)
        return np.array(flat, NUMPY[out]).reshape(shape)

    def check_complex(self, got, array, axes, context):
        values = reference.elements(array, "c128")
        unit = Fraction(1, 2 ** (24 if got.dtype == np.complex64 else 53))
        for result, group in itertools.zip_longest(got.ravel(), reference.groups(values, axes)):
            re, im = Fraction(1), Fraction(0)
            for z in group:
                a, b = Fraction(z.real), Fraction(z.imag)
                re, im = re * a - im * b, re * b + im * a
            error = (Fraction(float(result.real)) - re) ** 2 + (Fraction(float(result.imag)) - im) ** 2
            bound = unit * (1 + Fraction(1, 2 ** 20))
            self.assertLessEqual(error, bound ** 2 * (re ** 2 + im ** 2), context)

    def test_dtypes_orders_versions_axes(self):
        random = np.random.default_rng(1)
        versions = itertools.cycle([(1, 0), (2, 0), (3, 0)])
        for dtype, order, axes in itertools.product(reference.ALL, "CF", reference.subsets(3)):
            array = random_array(random, dtype, (2, 3, 4), specials=order == "F")
            path = self.save(np.array(array, order=order), version=next(versions))
            keepdims = bool(random.integers(2))
            signed = [a - 3 if random.integers(2) else a for a in axes]
            options = input_options(dtype) + [axis_option(signed)] + ["--keepdims"] * keepdims
            got, context = self.result(path, *options), (dtype, order, options)
            if dtype in COMPLEX:
                self.assertEqual(got.shape, reference.result_shape(array.shape, axes, keepdims), context)
                self.check_complex(got, array, axes, context)
            else:
                out = "i64" if dtype == "bool" else dtype
                self.check_bits(got, self.expected(array, dtype, axes, out, keepdims), context)

    def test_result_dtypes(self):
        random = np.random.default_rng(2)
        for dtype in reference.ALL:
            allowed = COMPLEX if dtype in COMPLEX else FLOATS if dtype in FLOATS else INTEGERS + FLOATS
            array = random_array(random, dtype, (5, 6))
            path = self.save(array)
            for out in reference.ALL:
                options = input_options(dtype) + ["--axis=0", "--dtype=" + out]
                if out not in allowed:
                    self.fail_with(1, r"x\.npy: ", *options, path)
                elif out in COMPLEX:
                    self.check_complex(self.result(path, *options), array, [0], options)
                else:
                    self.check_bits(self.result(path, *options), self.expected(array, dtype, [0], out), options)

    def test_all_axes_by_default(self):
        array = np.arange(1, 25).reshape(2, 3, 4)
        path = self.save(array)
        got = self.result(path, "--keepdims")
        self.check_bits(got, np.array([[[math.factorial(24) % 2 ** 64]]], "<u8").view("<i8"), "keepdims")
        self.assertEqual(self.result(path).shape, ())

    def test_empty_and_scalar(self):
        for shape, axes in [((0,), [0]), ((0, 3), [0]), ((3, 0), [0]), ((0, 2, 0), [1]), ((0, 2, 0), [0, 2]), ((), [])]:
            for order in "CF":
                array = np.full(shape, 7.5, order=order)
                got = self.result(self.save(array), axis_option(axes))
                self.check_bits(got, self.expected(array, "f64", axes, "f64"), (shape, axes))
        self.assertEqual(self.succeed(self.save(np.array(-2.5))).splitlines()[1:], ["-2.5"])
        self.assertEqual(self.succeed("--axis=0", self.save(np.zeros((3, 0)))).splitlines()[1:], ["[]"])

    def test_many_dimensions(self):
        shape = (2,) + (1,) * 29 + (3, 2)
        array = np.arange(1.0, 13).reshape(shape)
        got = self.result(self.save(array), "--axis=0,-1")
        self.check_bits(got, array.prod(axis=(0, -1)), shape)
        header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }" % (b"1, " * 63 + b"2")
        content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
        path = self.write("y.npy", content + np.array([3.0, 5.0]).tobytes())
        self.assertEqual(self.succeed(path).splitlines()[1:], ["15"])

    def test_unaligned_and_longer_data(self):
        header = b"{'descr':'<f8','fortran_order':False,'shape':(3,)}"
        content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
        path = self.write("x.npy", content + np.array([3.0, 5.0, 0.5]).tobytes() + b"more than is needed")
        self.assertEqual(self.succeed(path).splitlines()[1:], ["7.5"])

    def test_scaled_and_log(self):
        random = np.random.default_rng(3)
        e, s = self.path("e.npy"), self.path("s.npy")
        for dtype, axes in itertools.product(INTEGERS + FLOATS + ["bool"], reference.subsets(2)):
            array = random_array(random, dtype, (4, 5), specials=bool(random.integers(2)))
            path, options = self.save(array), input_options(dtype) + [axis_option(axes)]
            products = list(map(reference.exact_product, reference.groups(reference.elements(array, dtype), axes)))
            shape = reference.result_shape(array.shape, axes, False)
            significands = self.result(path, "--scaled", "--exponent-output", e, *options)
            scaled = [reference.to_scaled(p) for p in products]
            self.check_bits(np.load(e), np.array([x for _, x in scaled], "<i8").reshape(shape), (dtype, axes))
            expected = np.array([m for m, _ in scaled]).reshape(shape)
            np.testing.assert_array_equal(significands, expected)
            logarithms = self.result(path, "--log", "--sign-output", s, *options)
            self.assertEqual(logarithms.shape, shape)
            self.check_logarithms(logarithms.ravel(), np.load(s).ravel(), products)

    def check_logarithms(self, logarithms, signs, products):
        for logarithm, sign, product in itertools.zip_longest(logarithms, signs, products):
            if isinstance(product, float) or product == 0:
                with np.errstate(divide="ignore"):
                    np.testing.assert_array_equal([sign, logarithm], [np.sign(product), np.log(abs(float(product)))])
                continue
            self.assertEqual(sign, 1 if product > 0 else -1)
            error = abs(decimal.Decimal(float(logarithm)) - reference.logarithm(product))
            self.assertLessEqual(error, 2 * decimal.Decimal(math.ulp(float(logarithm))))

    def test_intermediate_range(self):
        path = self.save(np.array([1e300, 1e300, 1e-300, 1e-300]))
        self.assertEqual(self.succeed(path).splitlines()[1:], ["1.0000000000000002"])
        self.assertEqual(self.succeed(self.save(np.array([1e300, 1e300, -0.0]))).splitlines()[1:], ["-0"])

    def test_threads(self):
        array = random_array(np.random.default_rng(4), "f64", (40, 50))
        path = self.save(array)
        for threads in "0", "1", "2", "3":
            got = self.result(path, "--axis", "1", "--threads", threads)
            self.check_bits(got, self.expected(array, "f64", [1], "f64"), threads)

    def test_example(self):
        """The file in tests/data is what its formula says."""
        array = transmission.transmission()
        self.check_bits(np.load(transmission.PATH), array, "formula")
        self.check_bits(self.result(transmission.PATH, "--axis=1"), self.expected(array, "f64", [1], "f64"), "product")
        text = self.succeed("--axis=1", "--scaled", transmission.PATH)
        products = map(reference.exact_product, reference.groups(array.astype(object), [1]))
        body = text.split("\n", 1)[1].strip("[]\n")
        expected = ["%r * 2^%d" % reference.to_scaled(p) for p in products]
        self.assertEqual([" ".join(item.split()) for item in body.split(",")], expected)
