# SPDX-License-Identifier: BSD-3-Clause
"""axprod and its peers behind one interface: what is bound to a problem is a function without arguments.

bind(problem, x) returns (call, fetch): call computes the product and returns when it is there, fetch gives the last
result as a NumPy array; or None where the library cannot take the problem as it lies in memory. Nothing is copied or
allocated inside call that the library does not itself copy or allocate.
"""

import ctypes
import os
import subprocess

import numpy as np

I64 = ctypes.c_int64
P = ctypes.c_void_p


def address(array):
    return array.ctypes.data


class Tensor(ctypes.Structure):
    _fields_ = [("data", P), ("dtype", ctypes.c_int), ("ndim", ctypes.c_int), ("shape", ctypes.POINTER(I64)),
                ("strides", ctypes.POINTER(I64))]


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("num_threads", ctypes.c_int), ("progress", P), ("context", P)]


class Axprod:
    name = "axprod"

    def __init__(self, threads, folder):
        self.library = ctypes.CDLL(os.environ["AXPROD_LIBRARY"])
        self.library.axprod_version.restype = ctypes.c_char_p
        self.library.axprod_isa.restype = ctypes.c_char_p
        self.library.axprod_last_error.restype = ctypes.c_char_p
        self.library.axprod_plan_execute.argtypes = [P, P, P]
        self.threads = threads
        self.version = "%s (%s)" % (self.library.axprod_version().decode(), self.library.axprod_isa().decode())

    def tensor(self, problem, array):
        shape = (I64 * max(array.ndim, 1))(*array.shape)
        strides = (I64 * max(array.ndim, 1))(*array.strides)
        dtype = self.library.axprod_dtype_from_name(problem.dtype.encode())
        return Tensor(address(array), dtype, array.ndim, shape, strides)

    def bind(self, problem, x):
        out = np.empty(problem.out_shape, x.dtype)
        plan = P()
        axes = (ctypes.c_int * len(problem.axes))(*problem.axes)
        options = Options(ctypes.sizeof(Options), self.threads, None, None)
        status = self.library.axprod_plan_create(ctypes.byref(plan), ctypes.byref(self.tensor(problem, x)), axes,
                                                 len(problem.axes), ctypes.byref(options),
                                                 ctypes.byref(self.tensor(problem, out)))
        if status:
            raise RuntimeError(self.library.axprod_last_error().decode())
        execute, data, result = self.library.axprod_plan_execute, address(x), address(out)
        return lambda: execute(plan, data, result), lambda: out


class NumPy:
    name = "NumPy"

    def __init__(self, threads, folder):
        self.version = np.__version__

    def bind(self, problem, x):
        out = np.empty(problem.out_shape, x.dtype)
        return lambda: np.multiply.reduce(x, axis=problem.axes, dtype=x.dtype, out=out), lambda: out


class PyTorch:
    name = "PyTorch"

    def __init__(self, threads, folder):
        import torch
        self.torch, self.version = torch, torch.__version__
        torch.set_num_threads(threads)

    def bind(self, problem, x):
        torch = self.torch
        if problem.dtype == "bf16":  # of which NumPy, and so from_numpy, knows nothing
            tensor = torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)
        else:
            tensor = torch.from_numpy(x)
        last = [None]

        def call():
            if len(problem.axes) == x.ndim:
                last[0] = torch.prod(tensor, dtype=tensor.dtype)
                return
            last[0] = tensor
            for axis in sorted(problem.axes, reverse=True):  # one axis at a time is what it has
                last[0] = torch.prod(last[0], axis, dtype=tensor.dtype)

        def fetch():
            if problem.dtype == "bf16":
                return last[0].view(torch.int16).numpy().view(x.dtype)
            return last[0].numpy()

        return call, fetch


class TensorFlow:
    """What axprod's semantics start from: tf.keras.backend.prod."""
    name = "TensorFlow"

    def __init__(self, threads, folder):
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        import tensorflow
        self.tensorflow, self.version = tensorflow, tensorflow.__version__
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)

    def bind(self, problem, x):
        if not x.flags.c_contiguous:
            return None
        tensor, prod, axes, last = self.tensorflow.constant(x), self.tensorflow.keras.backend.prod, list(
            problem.axes), [None]

        def call():
            last[0] = prod(tensor, axis=axes)

        return call, lambda: last[0].numpy()


class Jax:
    name = "JAX"

    def __init__(self, threads, folder):
        os.environ["JAX_PLATFORMS"] = "cpu"
        import jax
        jax.config.update("jax_enable_x64", True)
        self.jax, self.version = jax, jax.__version__

    def bind(self, problem, x):
        if not x.flags.c_contiguous:
            return None
        tensor, last = self.jax.numpy.asarray(x), [None]
        prod = self.jax.jit(lambda t: self.jax.numpy.prod(t, axis=problem.axes, dtype=t.dtype))

        def call():
            last[0] = prod(tensor).block_until_ready()

        return call, lambda: np.asarray(last[0])


class Compiled:
    """A C or C++ source beside this file, compiled once for each dtype."""
    flags = ["-O3", "-march=native", "-DNDEBUG", "-fopenmp", "-fPIC"]

    def __init__(self, threads, folder):
        self.threads, self.folder, self.libraries = threads, folder, {}

    def compiler_version(self):
        return "%s %s" % (self.compiler, subprocess.run([self.compiler, "-dumpfullversion"], check=True,
                                                         capture_output=True, text=True).stdout.strip())

    def library(self, dtype):
        if dtype not in self.libraries:
            stem = os.path.join(self.folder, "%s_%s" % (self.name.replace(" ", ""), dtype))
            source = os.path.join(os.path.dirname(__file__), self.source)
            subprocess.run([self.compiler, *self.flags, "-DTYPE=" + self.types[dtype], "-c", source, "-o", stem + ".o"],
                           check=True)
            # linked without -ffast-math, which would switch the whole process to flush subnormals
            subprocess.run([self.compiler, "-shared", "-fopenmp", stem + ".o", "-o", stem + ".so"], check=True)
            self.libraries[dtype] = self.start(ctypes.CDLL(stem + ".so"))
        return self.libraries[dtype]

    def start(self, library):
        return library

    def arguments(self, problem, x):
        """The function in the source and its numbers, strides in elements; None where there is no loop for them."""
        raise NotImplementedError

    def bind(self, problem, x):
        if problem.dtype not in self.types:
            return None
        out = np.empty(problem.out_shape, x.dtype)
        arguments = self.arguments(problem, x)
        if arguments is None:
            return None
        function = getattr(self.library(problem.dtype), arguments[0])
        parameters = [P(address(x)), P(address(out)), *(I64(n) for n in arguments[1:])]
        return lambda: function(*parameters), lambda: out


class OpenMP(Compiled):
    name, source, compiler = "OpenMP loop", "openmp.c", "gcc"
    types = {"f32": "float", "f64": "double", "i32": "int32_t", "i64": "int64_t", "c64": "float _Complex",
             "c128": "double _Complex"}

    def __init__(self, threads, folder):
        super().__init__(threads, folder)
        self.version = self.compiler_version()

    def arguments(self, problem, x):
        size, nest = x.itemsize, problem.nest
        if nest is None and problem.rows:
            rows, row_stride, count, stride = problem.rows
            return ("prod_rows", rows, row_stride // size, count, stride // size)
        if nest is None:
            return None
        kinds, extents = nest
        if kinds == "R":
            return ("prod_all", extents[0], 1)
        if kinds == "KR":
            return ("prod_rows", extents[0], extents[1], extents[1], 1)
        if kinds in ("RK", "KRK"):
            return ("prod_columns", *([1] + extents)[-3:])
        return ("prod_both", *extents) if kinds == "RKR" else None


class FastOpenMP(OpenMP):
    name, flags = "OpenMP loop, -ffast-math", Compiled.flags + ["-ffast-math"]


class Eigen(Compiled):
    name, source, compiler = "Eigen", "eigen.cpp", "g++"
    types = {"f32": "float", "f64": "double", "i32": "int32_t", "i64": "int64_t", "f16": "Eigen::half",
             "bf16": "Eigen::bfloat16", "c64": "std::complex<float>", "c128": "std::complex<double>"}
    include = "/usr/include/eigen3"
    flags = Compiled.flags + ["-I" + include]

    def __init__(self, threads, folder):
        super().__init__(threads, folder)
        if not os.path.exists(os.path.join(self.include, "unsupported/Eigen/CXX11/Tensor")):
            raise ImportError("no Eigen in %s" % self.include)
        macros = open(os.path.join(self.include, "Eigen/src/Core/util/Macros.h"), encoding="ascii").read().split()
        self.version = ".".join(macros[macros.index("EIGEN_%s_VERSION" % part) + 1]
                                for part in ("WORLD", "MAJOR", "MINOR")) + ", " + self.compiler_version()

    def start(self, library):
        library.start(self.threads)
        return library

    def arguments(self, problem, x):
        if problem.nest is None:
            return None
        kinds, extents = problem.nest
        if kinds == "R":
            return ("prod_all", extents[0])
        if kinds == "KR":
            return ("prod_rows", *extents)
        if kinds in ("RK", "KRK"):
            return ("prod_columns", *([1] + extents)[-3:])
        return ("prod_both", *extents) if kinds == "RKR" else None


PEERS = [NumPy, PyTorch, TensorFlow, Jax, Eigen, OpenMP, FastOpenMP]
