/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The floating-point environment of one thread, saved and put back as one register. Every thread that computes does
 * so between enter and leave; the arithmetic itself lies behind function pointers, so it cannot be moved out.
 */
#ifndef AXP_FPENV_H
#define AXP_FPENV_H

#include <stdint.h>

typedef struct axp_fpenv {
    uint64_t control, status;
} axp_fpenv;

#if defined(__x86_64__)
#include <xmmintrin.h>

/* Round to nearest, exceptions masked, subnormals kept, flags clear: the value after reset. Flags may be set inside. */
#define AXP_MXCSR_DEFAULT 0x1f80u

#define AXP_MXCSR_FLAGS 0x3fu

/* Writing the register takes longer than a product of a few elements, so it is done only where something changes. */
static inline axp_fpenv axp_fpenv_enter(void) {
    axp_fpenv saved = {_mm_getcsr(), 0};
    if ((saved.control & ~AXP_MXCSR_FLAGS) != AXP_MXCSR_DEFAULT)
        _mm_setcsr(AXP_MXCSR_DEFAULT);
    return saved;
}

static inline void axp_fpenv_leave(axp_fpenv saved) {
    if (_mm_getcsr() != saved.control)
        _mm_setcsr((unsigned)saved.control);
}

#elif defined(__aarch64__)

static inline axp_fpenv axp_fpenv_enter(void) {
    axp_fpenv saved;
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved.control)::"memory");
    __asm__ volatile("mrs %0, fpsr" : "=r"(saved.status)::"memory");
    __asm__ volatile("msr fpcr, %0" ::"r"(UINT64_C(0)) : "memory");
    return saved;
}

static inline void axp_fpenv_leave(axp_fpenv saved) {
    __asm__ volatile("msr fpsr, %0" ::"r"(saved.status) : "memory");
    __asm__ volatile("msr fpcr, %0" ::"r"(saved.control) : "memory");
}

#else
#error "axprod needs to know how this processor keeps its floating-point environment"
#endif

#endif
