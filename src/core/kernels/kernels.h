/*
 * kernels.h - inner loops over columns, compiled once for each instruction set.
 *
 * The loops are plain C in loops.h. baseline.c, avx2.c and avx512.c include it, each compiled with the
 * flags of its instruction set, and each makes one table of functions. dispatch.c chooses the table
 * when it is first asked for. Every table gives the same answers, bit for bit.
 *
 * On x86-64 baseline is what the build was told to assume (SSE2 by default); on aarch64 it is the only
 * one, and has NEON.
 */
#ifndef PMKTI_KERNELS_H
#define PMKTI_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Comparisons. */
enum {
    PMKTI_EQUAL,
    PMKTI_UNEQUAL,
    PMKTI_LESS,
    PMKTI_AT_MOST,
    PMKTI_GREATER,
    PMKTI_AT_LEAST
};

/*
 * Counts are of elements, not negative. A bitmap has a bit for each element, the lowest bit of a byte
 * first; it may begin at any bit. Null of a signed column is INT64_MIN. Where a loop reads one array and
 * writes another of the same type, both may be the same array, but must not overlap otherwise.
 */
typedef struct pmkti_kernels {
    const char *isa; /* as pmkt_isa says it */

    /* Writes `null` wherever the bitmap, from bit `first_bit` on, has a 0. */
    void (*fill_nulls)(uint64_t *values, int64_t n, const uint8_t *valid, int64_t first_bit,
                       uint64_t null);

    /* To 64 bits, from wherever the values are aligned. */
    void (*widen_i8)(const void *values, int64_t n, int64_t *out);
    void (*widen_i16)(const void *values, int64_t n, int64_t *out);
    void (*widen_i32)(const void *values, int64_t n, int64_t *out);
    void (*widen_u8)(const void *values, int64_t n, int64_t *out);
    void (*widen_u16)(const void *values, int64_t n, int64_t *out);
    void (*widen_u32)(const void *values, int64_t n, int64_t *out);

    /* By a factor of at least 1. What leaves 64 bits becomes INT64_MAX or -INT64_MAX, which no time and
       no amount can be, and then the answer is false. Null stays null. */
    bool (*multiply)(const int64_t *in, int64_t n, int64_t factor, int64_t *out);

    /* Rounded down, also below zero. Null stays null. */
    void (*divide_1000)(const int64_t *in, int64_t n, int64_t *out);
    void (*divide_1000000)(const int64_t *in, int64_t n, int64_t *out);

    /* True if every value is `null` or lies from `low` to `high`, both included. */
    bool (*all_within)(const int64_t *values, int64_t n, int64_t low, int64_t high, int64_t null);

    /* True if no value is 0; if every value is 0. */
    bool (*none_zero)(const uint64_t *values, int64_t n);
    bool (*all_zero)(const uint8_t *values, int64_t n);

    /* True if every value is a kind that exists: from 1 up to, not including, `end`, or from `custom`
       on. `end` is at least 1 and at most `custom`. */
    bool (*all_kinds)(const uint16_t *values, int64_t n, uint16_t end, uint16_t custom);

    /* How (PMKTI_EQUAL, ...) `a` compares with `b`, or with *b for all rows if `one`: 2 = true, 0 =
       false, 1 = unknown, for a side is null. Null is INT64_MIN, 0 or NaN. `out` is apart. */
    void (*compare_i64)(int how, const int64_t *a, const int64_t *b, bool one, int64_t n,
                        uint8_t *out);
    void (*compare_u64)(int how, const uint64_t *a, const uint64_t *b, bool one, int64_t n,
                        uint8_t *out);
    void (*compare_f64)(int how, const double *a, const double *b, bool one, int64_t n,
                        uint8_t *out);
} pmkti_kernels;

/* The table to use; always the same one in a process. Any thread. */
const pmkti_kernels *pmkti_kernels_get(void);

/* Which table that is, for modules with tables of their own: 0 = baseline, 1 = AVX2 with FMA and BMI2,
   2 = AVX-512 F, BW, DQ, VL. Any thread. */
int pmkti_isa_level(void);

/* Whether the CPU also has AVX-512 VNNI (multiply-add of bytes), whatever was chosen. Any thread. */
bool pmkti_cpu_has_vnni(void);

/* ------------------------------------------------------------- for the tests */

enum {
    PMKTI_MOST_ISAS = 3
};

/* The tables that this CPU can run, the least first; how many, at least 1. */
int pmkti_kernels_usable(const pmkti_kernels *usable[PMKTI_MOST_ISAS]);

/* The best of them that is not above `cap`, the name of an instruction set. NULL and names that this
   build does not know cap nothing. */
const pmkti_kernels *pmkti_kernels_choose(const char *cap);

/* The names of all tables that the build has, the least first; how many. */
int pmkti_kernels_built(const char *names[PMKTI_MOST_ISAS]);

/* The tables themselves; the last two exist on x86-64 only. */
extern const pmkti_kernels pmkti_kernels_baseline;
extern const pmkti_kernels pmkti_kernels_avx2;
extern const pmkti_kernels pmkti_kernels_avx512;

#endif
