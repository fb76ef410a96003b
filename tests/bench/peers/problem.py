# SPDX-License-Identifier: BSD-3-Clause
"""Problems, in the canonical strings that axprod-bench --list prints, as NumPy arrays."""

import numpy as np

BLOCK_BYTES = 1 << 20

NUMPY_NAMES = {"f16": "float16", "f32": "float32", "f64": "float64", "i32": "int32", "i64": "int64",
               "c64": "complex64", "c128": "complex128"}


def numpy_dtype(name):
    if name == "bf16":
        import ml_dtypes  # comes with JAX and TensorFlow
        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(NUMPY_NAMES[name])


class Problem:
    """text: "f64 16x128 axes=1 out=f64 order=1,0 pad=1 threads=1 data=neutral seed=0"."""

    def __init__(self, text):
        dtype, shape, *words = text.split()
        values = dict(word.split("=") for word in words)
        unknown = set(values) - {"axes", "out", "order", "pad", "threads", "data", "seed"}
        if unknown or values["out"] != dtype:
            raise ValueError("peers have no equivalent of \"%s\"" % text)
        self.text, self.dtype, self.data = text, dtype, values["data"]
        self.shape = tuple(int(extent) for extent in shape.split("x"))
        ndim = len(self.shape)
        self.axes = tuple(range(ndim)) if values["axes"] == "all" else tuple(
            int(axis) % ndim for axis in values["axes"].split(","))
        self.order = [int(axis) for axis in values["order"].split(",")] if "order" in values else list(range(ndim))
        self.pad = int(values.get("pad", 0))
        self.threads = int(values.get("threads", 0))
        self.seed = int(values["seed"])
        self.out_shape = tuple(extent for axis, extent in enumerate(self.shape) if axis not in self.axes)
        self.count = int(np.prod(self.shape))
        self.factors = self.count // max(1, int(np.prod(self.out_shape)))

    @property
    def label(self):
        """Without what goes without saying."""
        return " ".join(word for word in self.text.split() if not word.startswith(("out=", "seed=", "threads=")))

    def strides(self, itemsize):
        strides, stride = [0] * len(self.shape), itemsize
        for axis in reversed(self.order):
            strides[axis] = stride
            stride = stride * self.shape[axis] + self.pad * itemsize
        return strides, stride

    @property
    def nest(self):
        """("KRK", [2, 3, 5]): kept and reduced axes, neighbours of a kind merged. None with gaps or another order."""
        if self.pad or self.order != sorted(self.order):
            return None
        kinds, extents = "", []
        for axis, extent in enumerate(self.shape):
            kind = "R" if axis in self.axes else "K"
            if kinds.endswith(kind):
                extents[-1] *= extent
            elif extent > 1:
                kinds += kind
                extents.append(extent)
        return kinds, extents

    @property
    def rows(self):
        """(rows, row stride, count, stride) in bytes where each output is one run of elements with one stride."""
        strides, _ = self.strides(numpy_dtype(self.dtype).itemsize)
        axes = [axis for axis, extent in enumerate(self.shape) if extent > 1]
        kept = [axis for axis in axes if axis not in self.axes]
        reduced = [axis for axis in axes if axis in self.axes]
        if len(kept) > 1 or len(reduced) != 1:
            return None
        row = (self.shape[kept[0]], strides[kept[0]]) if kept else (1, 0)
        return row + (self.shape[reduced[0]], strides[reduced[0]])

    def array(self):
        """The input: a block of random elements again and again, turned, in memory that begins at a cache line."""
        dtype = numpy_dtype(self.dtype)
        strides, span = self.strides(dtype.itemsize)
        raw = np.empty(span + 64, np.uint8)
        memory = raw[-raw.ctypes.data % 64:][:span]
        block = self.elements(dtype, BLOCK_BYTES // dtype.itemsize).view(np.uint8)
        for at in range(0, span, BLOCK_BYTES):
            part = memory[at:at + BLOCK_BYTES]
            part[:] = np.roll(block, at // BLOCK_BYTES * 2654435761 % BLOCK_BYTES // 64 * 64)[:len(part)]
        return np.ndarray(self.shape, dtype, memory, 0, strides)

    def elements(self, dtype, count):
        rng = np.random.default_rng(self.seed)
        if dtype.kind == "c":
            real = np.dtype("float%d" % (dtype.itemsize * 4))
            return self.reals(rng, real, 2 * count).view(dtype)
        return self.reals(rng, dtype, count)

    def reals(self, rng, dtype, count):
        signs = rng.choice([-1.0, 1.0], count)
        if dtype.kind == "i" or self.data == "smallint":
            return (signs * rng.integers(1, 10 if self.data == "smallint" else 4, count)).astype(dtype)
        if self.data == "neutral":  # the mean of log2 is zero
            return (signs * rng.uniform(0.5, 1, count) * rng.choice([1, 2], count, p=[0.557, 0.443])).astype(dtype)
        if self.data == "shrinking":
            return (signs * rng.uniform(0.25, 0.75, count)).astype(dtype)
        if self.data == "wild":
            elements = rng.integers(0, 256, count * dtype.itemsize, np.uint8).view(dtype)
            finite = np.isfinite(elements.astype(np.float64) if dtype.itemsize < 8 else elements) & (elements != 0)
            return np.where(finite, elements, dtype.type(1))
        raise ValueError("peers have no data=%s" % self.data)
