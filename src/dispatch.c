/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chooses the table of kernels, once: the best instruction set that the processor has and the operating system saves
 * the registers of, or the one that AXPROD_ISA names.
 */
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

/* GCC and Clang ask CPUID, and XGETBV for the registers that the operating system saves. */
static bool has_x86_64_v2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
}
static bool has_avx2(void) {
    unsigned a, b, c, d;
    __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(1), "c"(0));
    bool f16c = c >> 29 & 1;
    return has_x86_64_v2() && f16c && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
/* The best first. */
#define ISA_LIST(X) X(avx512, has_avx512) X(avx2, has_avx2) X(x86_64_v2, has_x86_64_v2)

#elif defined(__aarch64__)

/* part of the architecture */
static bool has_neon(void) {
    return true;
}
#define ISA_LIST(X) X(neon, has_neon)
#endif

#define X(isa, has) extern const axp_kernels axp_kernels_##isa;
ISA_LIST(X)
#undef X

static const struct {
    const axp_kernels *kernels;
    bool (*has)(void);
} isas[] = {
#define X(isa, has) {&axp_kernels_##isa, has},
    ISA_LIST(X)
#undef X
};
enum {
    ISAS = sizeof isas / sizeof *isas
};

static const axp_kernels *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;
/* Why there is none: the name that was asked for, and whether it is known at all. */
static char refused[64];
static bool refused_is_known;

static void choose(void) {
    const char *forced = getenv("AXPROD_ISA");
    for (int i = 0; i < ISAS && !chosen; i++) {
        bool named = forced && *forced && strcmp(forced, isas[i].kernels->isa) == 0;
        refused_is_known |= named;
        if ((named || !forced || !*forced) && isas[i].has())
            chosen = isas[i].kernels;
    }
    if (!chosen && forced)
        strncpy(refused, forced, sizeof refused - 1);
}

const axp_kernels *axp_kernels_get(void) {
    pthread_once(&once, choose);
    if (!chosen && refused_is_known)
        axp_fail(AXPROD_ERROR_ISA, "AXPROD_ISA is '%s', which this processor or operating system does not have",
                 refused);
    else if (!chosen && *refused)
        axp_fail(AXPROD_ERROR_ISA, "AXPROD_ISA is '%s', which is no instruction set that this library was built for",
                 refused);
    else if (!chosen)
        axp_fail(AXPROD_ERROR_ISA, "this processor lacks %s, the least that this library needs",
                 isas[ISAS - 1].kernels->isa);
    return chosen;
}

const axp_kernels *axp_kernels_any(void) {
    pthread_once(&once, choose);
    return chosen ? chosen : isas[ISAS - 1].kernels;
}

const char *axprod_isa(void) {
    pthread_once(&once, choose);
    return chosen ? chosen->isa : NULL;
}
