# SPDX-License-Identifier: BSD-3-Clause
"""An exact reference: products as fractions, rounded once by integer arithmetic."""

import decimal
import itertools
from fractions import Fraction

import numpy as np

INTEGERS = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"]
FLOATS = ["f16", "bf16", "f32", "f64"]
COMPLEX = ["c64", "c128"]
ALL = INTEGERS + FLOATS + COMPLEX + ["bool"]

NUMPY = {
    "i8": "<i1", "i16": "<i2", "i32": "<i4", "i64": "<i8", "u8": "<u1", "u16": "<u2", "u32": "<u4", "u64": "<u8",
    "f16": "<f2", "bf16": "V2", "f32": "<f4", "f64": "<f8", "c64": "<c8", "c128": "<c16", "bool": "?",
}

# Bits of the significand, exponent of the least subnormal number, least power of two that overflows.
FORMATS = {"f16": (11, -24, 16), "bf16": (8, -133, 128), "f32": (24, -149, 128), "f64": (53, -1074, 1024)}


def round_to(value, dtype):
    """The float of that dtype nearest to a fraction, ties to even, as a Python float."""
    precision, least, overflow = FORMATS[dtype]
    magnitude = abs(value)
    if magnitude == 0:
        return 0.0
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude >= Fraction(2) ** exponent:
        exponent += 1  # now 2^(exponent - 1) <= magnitude < 2^exponent
    unit = Fraction(2) ** max(exponent - precision, least)
    quotient, rest = divmod(magnitude, unit)
    if 2 * rest > unit or (2 * rest == unit and quotient % 2 == 1):
        quotient += 1
    rounded = quotient * unit
    result = float("inf") if rounded >= 2 ** overflow else float(rounded)
    return -result if value < 0 else result


def bf16_to_float(array):
    """The values of an array of bf16 (V2) as float32."""
    return (array.view("<u2").astype("<u4") << 16).view("<f4")


def float_to_bf16(value):
    """The bits of a float that is a bf16."""
    return np.uint16(np.float32(value).view("<u4") >> 16)


def product_of_specials(values):
    """The product of floats where one of them is NaN, infinite or zero; None where none is."""
    negative = sum(bool(np.signbit(v)) for v in values) % 2 == 1
    infinite, zero = any(np.isinf(v) for v in values), any(v == 0 for v in values)
    if any(np.isnan(v) for v in values) or (infinite and zero):
        return float("nan")
    if infinite or zero:
        magnitude = float("inf") if infinite else 0.0
        return -magnitude if negative else magnitude
    return None


def exact_product(values):
    """The product of Python ints or floats, as a fraction, or as a float if it is NaN, infinite or a zero of floats."""
    if values and isinstance(values[0], float):
        special = product_of_specials(values)
        if special is not None:
            return special
    product = Fraction(1)
    for value in values:
        product *= Fraction(value)
    return product


def to_result(product, dtype):
    """The bits of a product in a real dtype, as an array without dimensions."""
    if dtype in INTEGERS:
        bits = 8 * np.dtype(NUMPY[dtype]).itemsize
        return np.array(int(product) % 2 ** bits, "<u%d" % (bits // 8)).view(NUMPY[dtype])
    rounded = product if isinstance(product, float) else round_to(product, dtype)
    if dtype == "bf16":
        return np.array(0x7FC0 if np.isnan(rounded) else float_to_bf16(rounded), "<u2").view("V2")
    return np.array(abs(rounded) if np.isnan(rounded) else rounded, NUMPY[dtype])


def to_scaled(product):
    """(significand, exponent) of a product."""
    if isinstance(product, float) or product == 0:
        return float(product), 0
    exponent = abs(product.numerator).bit_length() - product.denominator.bit_length()
    exponent += abs(product) >= Fraction(2) ** exponent
    significand = round_to(product / Fraction(2) ** exponent, "f64")
    return (significand / 2, exponent + 1) if abs(significand) == 1 else (significand, exponent)


def logarithm(product):
    """ln|P| of a nonzero fraction, to 60 digits or more."""
    with decimal.localcontext(decimal.Context(prec=100)):
        return decimal.Decimal(abs(product.numerator)).ln() - decimal.Decimal(product.denominator).ln()


def elements(array, dtype):
    """The elements as Python numbers, in an array of objects."""
    values = bf16_to_float(array) if dtype == "bf16" else array
    values = values.astype("<i8") if dtype == "bool" else values
    objects = np.empty(values.shape, object)
    for index in np.ndindex(values.shape):
        objects[index] = values[index].item()
    return objects


def groups(objects, axes):
    """For each element of the result, in C order, the list of the elements multiplied into it."""
    ndim = objects.ndim
    reduced = {a % ndim for a in axes} if ndim else set()
    kept = [range(n) for i, n in enumerate(objects.shape) if i not in reduced]
    for index in itertools.product(*kept):
        at = iter(index)
        key = tuple(slice(None) if i in reduced else next(at) for i in range(ndim))
        part = objects[key]
        yield list(part.ravel()) if isinstance(part, np.ndarray) else [part]


def subsets(ndim):
    """All sets of axes."""
    for count in range(ndim + 1):
        yield from itertools.combinations(range(ndim), count)


def result_shape(shape, axes, keepdims):
    reduced = {a % len(shape) for a in axes} if shape else set()
    if keepdims:
        return tuple(1 if i in reduced else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in reduced)
