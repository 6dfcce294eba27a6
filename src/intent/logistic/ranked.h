/*
 * ranked.h - probabilities in their order, and what can be read from that.
 */
#ifndef PMKTI_LOGISTIC_RANKED_H
#define PMKTI_LOGISTIC_RANKED_H

#include <stdbool.h>

#include "pmkt/binary.h"

/* Rows by p, ascending, then by row. */
typedef struct pmkti_ranked {
    int64_t n;
    double *p;
    double *loss;  /* -ln P(y) */
    uint64_t *key; /* pmkti_mix of the cluster */
    uint8_t *y;
} pmkti_ranked;

/* Figures of one model; the two calibration errors last. */
enum {
    PMKTI_AUC,
    PMKTI_AP,
    PMKTI_BRIER,
    PMKTI_LOG_LOSS,
    PMKTI_ECE,
    PMKTI_ECE_DEBIASED,
    PMKTI_RANKED_FIGURES
};

/* y and p, which are checked; cluster NULL: each row alone. PMKT_OK, PMKT_E_NOMEM: `out` is empty. */
pmkt_status pmkti_ranked_make(const uint8_t *y, const double *p, const uint64_t *cluster, int64_t n,
                              const pmkt_allocator *allocator, pmkti_ranked *out);
void pmkti_ranked_free(const pmkt_allocator *allocator, pmkti_ranked *r);

/* The figures; in resample `seed` clusters count as often as is drawn for them, with 0 all count
   once. `drawn` is scratch, [r->n]. */
void pmkti_ranked_figures(const pmkti_ranked *r, int32_t bins, uint64_t seed, uint8_t *drawn,
                          double *figures);

/* The first row of bin `bin` of so many of equal count. */
static inline int64_t pmkti_bin_begin(int64_t n, int32_t bins, int32_t bin) {
    return n / bins * bin + (n % bins < bin ? n % bins : bin);
}

/* Sums of a bin: rows, p, yes, and p (1 - p) by the square of how often a row counts. */
typedef struct pmkti_bin {
    double n, p, yes, variance;
} pmkti_bin;

/* Which rows of equal p were looked at last: each counts as their share of yes, so that it does not
   matter which of them fall into which bin. */
typedef struct pmkti_ties {
    int64_t end;
    double share;
} pmkti_ties;

/* The bins come in order; `ties` is zero before the first. */
pmkti_bin pmkti_ranked_bin(const pmkti_ranked *r, const uint8_t *drawn, int32_t bins, int32_t bin,
                           pmkti_ties *ties);

#endif
