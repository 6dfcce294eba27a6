/*
 * filter.h - what may be answered: the filters of a query, and those of one row of it.
 *
 * Candidates are the items of a model (or its users, in similar_users), by number.
 */
#ifndef PMKTI_CF_FILTER_H
#define PMKTI_CF_FILTER_H

#include <stdbool.h>

#include "pmkt/cf.h"

/* The same for all rows. */
typedef struct pmkti_cf_filter {
    const uint64_t *id; /* [n] of the candidates, ascending */
    int64_t n;
    const pmkt_idset *allow;  /* or NULL */
    const pmkt_idset *deny;   /* or NULL */
    const uint64_t *category; /* [n] of the candidates, or NULL: `wanted` is none */
    uint64_t wanted;          /* PMKT_ID_NONE: every category */
    bool has_min_score;
    float min_score; /* compared with the score as it is answered */
} pmkti_cf_filter;

/* Of one row: candidates to leave out. Both lists ascend; numbers that are out of range in a damaged
   file do no harm. */
typedef struct pmkti_cf_without {
    const int32_t *seen;
    int64_t n_seen;
    const int32_t *excluded;
    int64_t n_excluded;
} pmkti_cf_without;

/* Whether a candidate passes all but the minimal score. O(log(n_seen) + log(n_excluded)) */
bool pmkti_cf_passes(const pmkti_cf_filter *filter, const pmkti_cf_without *without, int32_t item);

#endif
