/*
 * scratch.h - working memory for one thread's questions: a few buffers that grow and stay.
 *
 * Each user of a buffer has its own place in the list below, so that nothing it holds is lost to another
 * while a question is answered.
 */
#ifndef PMKTI_CF_SCRATCH_H
#define PMKTI_CF_SCRATCH_H

#include "pmkt/cf.h"

enum {
    PMKTI_CF_FOLD_ROW,     /* a history's items and weights, merged (history.c) */
    PMKTI_CF_FOLD_SYSTEM,  /* the matrix and right-hand side of a fold-in (als_fold.c) */
    PMKTI_CF_QUERY_VECTOR, /* factors of a row (fold-in) */
    PMKTI_CF_EXCLUDED,     /* sorted item numbers that a row leaves out */
    PMKTI_CF_TOPK_CODES,   /* queries as codes (topk_scan.c) */
    PMKTI_CF_TOPK_HEAP,    /* the best so far */
    PMKTI_CF_TOPK_ALLOW,   /* numbers that a small set allows */
    PMKTI_CF_TOPK_FOUND,   /* candidates that a scan lets through */
    PMKTI_CF_KNN_SCORES,   /* a sum and a mark an item (knn_recommend.c) */
    PMKTI_CF_RANK_ROW,     /* given items and their scores (rank.c) */
    PMKTI_CF_BUFFERS
};

struct pmkt_cf_scratch {
    pmkt_allocator allocator;
    void *block[PMKTI_CF_BUFFERS];  /* as allocated: room + 64 bytes */
    void *buffer[PMKTI_CF_BUFFERS]; /* in it, aligned to 64 */
    size_t room[PMKTI_CF_BUFFERS];
};

/* An empty one, on the stack of a call that was given none, or for a worker; then _clear it. */
void pmkti_cf_scratch_init(pmkt_cf_scratch *scratch, const pmkt_allocator *allocator);
void pmkti_cf_scratch_clear(pmkt_cf_scratch *scratch);

/* At least n * size bytes for `buffer`, aligned to 64, what is in them is lost or left; NULL on failure
   or overflow. A growing buffer grows by half at least. */
void *pmkti_cf_scratch_take(pmkt_cf_scratch *scratch, int buffer, size_t n, size_t size);

#endif
