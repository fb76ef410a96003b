/* SPDX-License-Identifier: BSD-3-Clause */
/* The dtype table and the public questions about dtypes. */
#include "dtype.h"

#include <string.h>

#define F16_FORMAT                                                                                                     \
    { 11, -14, 15 }
#define BF16_FORMAT                                                                                                    \
    { 8, -126, 127 }
#define F32_FORMAT                                                                                                     \
    { 24, -126, 127 }
#define F64_FORMAT                                                                                                     \
    { 53, -1022, 1023 }
#define NO_FORMAT                                                                                                      \
    { 0, 0, 0 }

const axp_dtype_info axp_dtypes[AXP_DTYPES] = {
    [AXPROD_DTYPE_NONE] = {"none", 0, AXP_KIND_NONE, 0, NO_FORMAT},
    [AXPROD_I8] = {"i8", 1, AXP_KIND_SIGNED, 8, NO_FORMAT},
    [AXPROD_I16] = {"i16", 2, AXP_KIND_SIGNED, 16, NO_FORMAT},
    [AXPROD_I32] = {"i32", 4, AXP_KIND_SIGNED, 32, NO_FORMAT},
    [AXPROD_I64] = {"i64", 8, AXP_KIND_SIGNED, 64, NO_FORMAT},
    [AXPROD_U8] = {"u8", 1, AXP_KIND_UNSIGNED, 8, NO_FORMAT},
    [AXPROD_U16] = {"u16", 2, AXP_KIND_UNSIGNED, 16, NO_FORMAT},
    [AXPROD_U32] = {"u32", 4, AXP_KIND_UNSIGNED, 32, NO_FORMAT},
    [AXPROD_U64] = {"u64", 8, AXP_KIND_UNSIGNED, 64, NO_FORMAT},
    [AXPROD_F16] = {"f16", 2, AXP_KIND_FLOAT, 11, F16_FORMAT},
    [AXPROD_BF16] = {"bf16", 2, AXP_KIND_FLOAT, 8, BF16_FORMAT},
    [AXPROD_F32] = {"f32", 4, AXP_KIND_FLOAT, 24, F32_FORMAT},
    [AXPROD_F64] = {"f64", 8, AXP_KIND_FLOAT, 53, F64_FORMAT},
    [AXPROD_C64] = {"c64", 8, AXP_KIND_COMPLEX, 24, F32_FORMAT},
    [AXPROD_C128] = {"c128", 16, AXP_KIND_COMPLEX, 53, F64_FORMAT},
    /* Powers of two need no bits: a product of ones and zeros is always exact. */
    [AXPROD_BOOL] = {"bool", 1, AXP_KIND_BOOL, 0, NO_FORMAT},
};

#define AXP_CHECK_SIZE(NAME, text, bytes, type) _Static_assert(sizeof(type) == (bytes), "bytes of " #type);
AXPROD_DTYPE_LIST(AXP_CHECK_SIZE)

void axp_dtype_identity(axprod_dtype dtype, unsigned char element[16]) {
    memset(element, 0, 16);
    if (dtype == AXPROD_F16)
        memcpy(element, &(uint16_t){0x3c00}, 2);
    else if (dtype == AXPROD_BF16)
        memcpy(element, &(uint16_t){0x3f80}, 2);
    else if (dtype == AXPROD_F32 || dtype == AXPROD_C64)
        memcpy(element, &(float){1}, 4);
    else if (dtype == AXPROD_F64 || dtype == AXPROD_C128)
        memcpy(element, &(double){1}, 8);
    else
        memcpy(element, &(uint64_t){1}, 8); /* little endian: the low bytes come first */
}

const char *axprod_dtype_name(axprod_dtype dtype) {
    return axp_dtypes[axp_dtype_known(dtype) ? dtype : AXPROD_DTYPE_NONE].name;
}

axprod_dtype axprod_dtype_from_name(const char *name) {
    for (int dtype = 1; name && dtype < AXP_DTYPES; dtype++)
        if (strcmp(name, axp_dtypes[dtype].name) == 0)
            return (axprod_dtype)dtype;
    return AXPROD_DTYPE_NONE;
}

size_t axprod_dtype_size(axprod_dtype dtype) {
    return (size_t)axp_dtypes[axp_dtype_known(dtype) ? dtype : AXPROD_DTYPE_NONE].bytes;
}

axprod_dtype axprod_result_dtype(axprod_dtype x) {
    if (!axp_dtype_known(x))
        return AXPROD_DTYPE_NONE;
    return x == AXPROD_BOOL ? AXPROD_I64 : x;
}
