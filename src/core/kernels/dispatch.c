/*
 * dispatch.c - which of the tables of kernels.h to use: what the CPU and the system can, capped by the
 * environment variable PMKT_ISA.
 *
 * The CPU is asked by hand, for the compilers' __builtin_cpu_supports brings a constructor along, and a
 * library that is opened as a plug-in should run nothing before it is called.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "pmkt/base.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* Feature bits, as the processors' manuals name them. */
#define OSXSAVE (1u << 27)                                 /* leaf 1, ecx */
#define FMA (1u << 12)                                     /* leaf 1, ecx */
#define AVX2 (1u << 5 | 1u << 8)                           /* leaf 7, ebx: with BMI2 */
#define VNNI (1u << 11)                                    /* leaf 7, ecx */
#define AVX512 (1u << 16 | 1u << 17 | 1u << 30 | 1u << 31) /* leaf 7, ebx: F, DQ, BW, VL */

/* Registers that the system saves when it switches threads: bits of XCR0. */
#define YMM_STATE 0x06u
#define ZMM_STATE 0xE6u

static unsigned saved_state(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    (void)high;
    return low;
}

/* How many of the tables can be run. */
static int count_usable(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & OSXSAVE) || !(c & FMA)) return 1;
    const unsigned state = saved_state();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 1;
    if ((b & AVX2) != AVX2 || (state & YMM_STATE) != YMM_STATE) return 1;
    return (b & AVX512) == AVX512 && (state & ZMM_STATE) == ZMM_STATE ? 3 : 2;
}

static bool ask_for_vnni(void) {
    unsigned a, b, c, d;
    return count_usable() == 3 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & VNNI);
}

/* Asked once: under a hypervisor, to ask takes longer than many a question about one user. Threads that
   come here at once find the same. */
bool pmkti_cpu_has_vnni(void) {
    enum {
        NOBODY_ASKED,
        NO,
        YES
    };
    static _Atomic int known;
    int has = atomic_load_explicit(&known, memory_order_relaxed);
    if (has == NOBODY_ASKED) {
        has = ask_for_vnni() ? YES : NO;
        atomic_store_explicit(&known, has, memory_order_relaxed);
    }
    return has == YES;
}

enum {
    TABLES = 3
};

static const pmkti_kernels *const tables[TABLES] = {&pmkti_kernels_baseline, &pmkti_kernels_avx2,
                                                    &pmkti_kernels_avx512};

#else

static int count_usable(void) {
    return 1;
}

bool pmkti_cpu_has_vnni(void) {
    return false;
}

enum {
    TABLES = 1
};

static const pmkti_kernels *const tables[TABLES] = {&pmkti_kernels_baseline};

#endif

int pmkti_kernels_built(const char *names[PMKTI_MOST_ISAS]) {
    for (int i = 0; i < TABLES; i++) names[i] = tables[i]->isa;
    return TABLES;
}

int pmkti_kernels_usable(const pmkti_kernels *usable[PMKTI_MOST_ISAS]) {
    const int n = count_usable();
    for (int i = 0; i < n; i++) usable[i] = tables[i];
    return n;
}

const pmkti_kernels *pmkti_kernels_choose(const char *cap) {
    int n = count_usable();
    for (int i = 0; i < TABLES && cap; i++) {
        if (strcmp(cap, tables[i]->isa) == 0 && i + 1 < n) n = i + 1;
    }
    return tables[n - 1];
}

const pmkti_kernels *pmkti_kernels_get(void) {
    /* Threads that come here at once choose the same table. It is constant data, so that nothing
       needs to be ordered. */
    static _Atomic(const pmkti_kernels *) chosen;
    const pmkti_kernels *kernels = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!kernels) {
        kernels = pmkti_kernels_choose(getenv("PMKT_ISA"));
        const pmkti_kernels *none = NULL;
        if (!atomic_compare_exchange_strong_explicit(&chosen, &none, kernels, memory_order_relaxed,
                                                     memory_order_relaxed)) {
            kernels = none; /* another thread was first; its environment counts */
        }
    }
    return kernels;
}

int pmkti_isa_level(void) {
    const pmkti_kernels *chosen = pmkti_kernels_get();
    int level = 0;
    while (level < TABLES - 1 && tables[level] != chosen) level++;
    return level;
}

const char *pmkt_isa(void) {
    return pmkti_kernels_get()->isa;
}
