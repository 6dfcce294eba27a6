/*
 * compare.h - the comparisons of kernels.h, a part of loops.h: a column with a column or with one value.
 *
 * An answer is 2 (true), 0 (false) or 1 (unknown, because one side is missing), without a branch.
 */

#define ANSWER(known, yes) ((uint8_t)(((uint64_t)((known) & (yes)) << 1) | (uint64_t) !(known)))

#define COMPARE_ALL(b_i, sign) \
    for (int64_t i = 0; i < n; i++) { \
        const int known = KNOWN(a[i]) & KNOWN(b_i), yes = a[i] sign(b_i); \
        out[i] = ANSWER(known, yes); \
    } \
    break

#define COMPARE_CASES(b_i) \
    switch (how) { \
        case PMKTI_EQUAL: \
            COMPARE_ALL(b_i, ==); \
        case PMKTI_UNEQUAL: \
            COMPARE_ALL(b_i, !=); \
        case PMKTI_LESS: \
            COMPARE_ALL(b_i, <); \
        case PMKTI_AT_MOST: \
            COMPARE_ALL(b_i, <=); \
        case PMKTI_GREATER: \
            COMPARE_ALL(b_i, >); \
        default: \
            COMPARE_ALL(b_i, >=); \
    }

#define COMPARE(name, type) \
    static void name(int how, const type *restrict a, const type *restrict b, bool one, int64_t n, \
                     uint8_t *restrict out) { \
        if (one) { \
            const type value = *b; \
            COMPARE_CASES(value) \
        } else { \
            COMPARE_CASES(b[i]) \
        } \
    }

#define KNOWN(x) ((x) != INT64_MIN)
COMPARE(compare_i64, int64_t)
#undef KNOWN
#define KNOWN(x) ((x) != 0)
COMPARE(compare_u64, uint64_t)
#undef KNOWN
#define KNOWN(x) ((x) == (x))
COMPARE(compare_f64, double)
#undef KNOWN
