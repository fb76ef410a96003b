/* SPDX-License-Identifier: BSD-3-Clause */
/* The header compiles as C++ and links with C's names. */
#include "axprod.h"

static_assert(sizeof(axprod_partial) == 24, "to be sent as it is");
static_assert(sizeof(axprod_packed_partial) == 16, "to be sent as it is");
static_assert(sizeof(axprod_complex_partial) == 40, "to be sent as it is");

int main() {
    double elements[] = {1e300, 1e300, 1e-300, 1e-300}, result = 0;
    const int64_t shape[] = {4};
    const axprod_tensor x = {elements, AXPROD_F64, 1, shape, nullptr}, out = {&result, AXPROD_F64, 0, nullptr, nullptr};
    const axprod_options options = AXPROD_OPTIONS_INIT;
    axprod_partial partial = AXPROD_PARTIAL_IDENTITY;
    axprod_partial_merge(&partial, &partial, 1);
    const axprod_packed_partial packed = AXPROD_PACKED_PARTIAL_IDENTITY;
    axprod_complex_partial complex = AXPROD_COMPLEX_PARTIAL_IDENTITY;
    axprod_complex_partial_merge(&complex, &complex, 1);
    const bool good = axprod_prod(&x, nullptr, 0, &options, &out) == AXPROD_OK;
    return good && result == 1.0000000000000002 && partial.hi == 1 && complex.re.hi == 1 && packed.words[0] != 0 ? 0
                                                                                                                 : 1;
}
