/* SPDX-License-Identifier: BSD-3-Clause */
/* Eigen's Tensor module with its pool of threads, for elements of TYPE: as a peer in benchmarks. Contiguous tensors. */
#define EIGEN_USE_THREADS
#include <complex>
#include <cstdint>
#include <unsupported/Eigen/CXX11/Tensor>

using Index = Eigen::DenseIndex;
template <int N> using View = Eigen::TensorMap<Eigen::Tensor<TYPE, N, Eigen::RowMajor>>;
template <int N> using ConstView = Eigen::TensorMap<Eigen::Tensor<const TYPE, N, Eigen::RowMajor>>;

static Eigen::ThreadPool *pool;
static Eigen::ThreadPoolDevice *device;

extern "C" void start(int threads) {
    pool = new Eigen::ThreadPool(threads);
    device = new Eigen::ThreadPoolDevice(pool, threads);
}

extern "C" void stop() {
    delete device;
    delete pool;
}

/* All elements. */
extern "C" void prod_all(const TYPE *x, TYPE *out, int64_t count) {
    View<0>(out).device(*device) = ConstView<1>(x, Index(count)).prod();
}

/* Axes of a tensor of two or three dimensions; the type of a list of axes is part of Eigen's kernels. */
extern "C" void prod_rows(const TYPE *x, TYPE *out, int64_t rows, int64_t count) {
    const Eigen::IndexList<Eigen::type2index<1>> axes;
    View<1>(out, Index(rows)).device(*device) = ConstView<2>(x, Index(rows), Index(count)).prod(axes);
}

extern "C" void prod_columns(const TYPE *x, TYPE *out, int64_t outer, int64_t count, int64_t width) {
    if (outer == 1) {
        const Eigen::IndexList<Eigen::type2index<0>> axes;
        View<1>(out, Index(width)).device(*device) = ConstView<2>(x, Index(count), Index(width)).prod(axes);
    } else {
        const Eigen::IndexList<Eigen::type2index<1>> axes;
        View<2>(out, Index(outer), Index(width)).device(*device) =
            ConstView<3>(x, Index(outer), Index(count), Index(width)).prod(axes);
    }
}

extern "C" void prod_both(const TYPE *x, TYPE *out, int64_t outer, int64_t width, int64_t count) {
    const Eigen::IndexList<Eigen::type2index<0>, Eigen::type2index<2>> axes;
    View<1>(out, Index(width)).device(*device) = ConstView<3>(x, Index(outer), Index(width), Index(count)).prod(axes);
}
