/*
 * metrics.h - the metrics of one user's answers, and of a group's as a whole.
 */
#ifndef PMKTI_CF_METRICS_H
#define PMKTI_CF_METRICS_H

#include <stdbool.h>

#include "pmkt/cf_evaluate.h"

enum {
    PMKTI_CF_USER_METRICS = PMKT_CF_NOVELTY + 1 /* those that are means over users come first */
};

/* What all users are measured by. */
typedef struct pmkti_cf_ruler {
    const int32_t *k; /* [n_k] ascending */
    int32_t n_k;
    const double *ideal; /* [greatest k + 1] the DCG of so many hits at the top */
} pmkti_cf_ruler;

/* ideal[n] = sum of 1 / log2(1 + r) for r from 1 to n. */
void pmkti_cf_ideal(double *ideal, int32_t most);

/*
 * The metrics of one user: `hit` and `surprise` [n] say of each answer whether it is relevant and
 * how novel it is; `relevant` > 0 counts R. values[(j * PMKTI_CF_USER_METRICS + metric) * stride] is for
 * k[j].
 */
void pmkti_cf_measure(const pmkti_cf_ruler *ruler, const bool *hit, const double *surprise,
                      int64_t n, int64_t relevant, double *values, int64_t stride);

/* The Gini coefficient of a catalogue of which m items were answered so often (ascending), and all
   others never; NaN if nothing was answered, 0 of one item. */
double pmkti_cf_gini(const uint64_t *times, int64_t m, int64_t catalogue);

#endif
