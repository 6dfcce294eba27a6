/*
 * score.h - the inner loops of exact top-k, compiled once for each instruction set.
 *
 * All of them give the same answers, bit for bit.
 *
 * Scores are dot products of floats in double precision. The product of two floats is exact in double,
 * whatever their size, so that a fused multiply-add changes nothing. Product j is added to lane j % 8,
 * in order of j; then the lanes are added up as ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
 *
 * A scan tells which vectors of a block of an index (cf/index.h) may be good enough for a query. All it
 * adds up are integers.
 */
#ifndef PMKTI_CF_SCORE_H
#define PMKTI_CF_SCORE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PMKTI_CF_TOGETHER = 4, /* queries of one scan of many */

    /* Sums of up to so many groups of 8 coordinates are kept in 16 bits by some of the loops, where
       one lane takes the coordinates 0, 1, 4, 5 of each group, another the rest. A query's codes are
       small enough for that: in each such lane the sum of their sizes is at most PMKTI_CF_LANE_SUM. */
    PMKTI_CF_SPAN = 16,
    PMKTI_CF_LANE_SUM = 32767 / 15
};

/* What a block's vectors must reach. */
typedef struct pmkti_cf_limit {
    float reach;
    float limit;
} pmkti_cf_limit;

/* A query, for some blocks. */
typedef struct pmkti_cf_probe {
    const int8_t *codes;          /* [8 * groups], each from -127 to 127, 0 beyond d */
    int32_t bias;                 /* 8 * their sum */
    const pmkti_cf_limit *limits; /* [blocks] */
    uint32_t *masks;              /* [blocks] out */
} pmkti_cf_probe;

/*
 * Bit i of a block's mask says whether not
 *
 *     step[i] * ((sum over j of codes[j] * code of j of vector i) - bias + reach) < limit,
 *
 * so that it is set for what is not a number, too. `blocks` are the records of `n` blocks one
 * after another, and `groups` is d / 8, rounded up.
 */
typedef void (*pmkti_cf_scan)(const uint8_t *blocks, int64_t n, int32_t groups,
                              const pmkti_cf_probe *probe);

typedef struct pmkti_cf_scorer {
    double (*dot)(const float *a, const float *b, int32_t d);
    /* The sum of query[j] * codes[j], which 32 bits hold; `width` is a multiple of 8. */
    int32_t (*fine)(const int16_t *query, const int8_t *codes, int32_t width);
    pmkti_cf_scan scan_one;  /* for one query */
    pmkti_cf_scan scan_many; /* for PMKTI_CF_TOGETHER */
} pmkti_cf_scorer;

/* For the instruction set of this process. Any thread. */
const pmkti_cf_scorer *pmkti_cf_scorer_get(void);

/* For an instruction set by pmkti_isa_level, with VNNI or without, which the CPU must have. */
const pmkti_cf_scorer *pmkti_cf_scorer_of(int level, bool vnni);

extern const pmkti_cf_scorer pmkti_cf_scorer_portable;
extern const pmkti_cf_scorer pmkti_cf_scorer_avx2; /* these three on x86-64 only */
extern const pmkti_cf_scorer pmkti_cf_scorer_avx512;
extern const pmkti_cf_scorer pmkti_cf_scorer_vnni;

/* How the lanes are added up. */
static inline double pmkti_cf_lanes_sum(const double lane[8]) {
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

#endif
