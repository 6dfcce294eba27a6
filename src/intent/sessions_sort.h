/*
 * sessions_sort.h - sorts rows of a few users by user and time.
 */
#ifndef PMKTI_SESSIONS_SORT_H
#define PMKTI_SESSIONS_SORT_H

#include "pmkt/base.h"

#define PMKTI_VISIT_KIND_BITS 16

/* A row on its way. */
typedef struct pmkti_visit {
    uint64_t key;  /* pmkti_mix(user) */
    uint64_t time; /* with the sign bit turned, so that it ascends as an unsigned number */
    uint64_t what; /* row << PMKTI_VISIT_KIND_BITS | kind */
} pmkti_visit;

#define PMKTI_VISIT_BUCKET_BITS 13
#define PMKTI_VISIT_COUNTS ((size_t)(1 << PMKTI_VISIT_BUCKET_BITS) + 1)

/*
 * Sorts by key and time; equal rows keep their order. `skip` bits at the top of the keys are known to be
 * the same, or nearly. `spare` has room for n rows, `counts` for PMKTI_VISIT_COUNTS numbers. O(n).
 */
void pmkti_visits_sort(pmkti_visit *rows, pmkti_visit *spare, int64_t *counts, int64_t n, int skip);

#endif
