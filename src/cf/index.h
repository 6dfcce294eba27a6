/*
 * index.h - what exact top-k wants to know of a matrix of vectors besides the vectors: codes of 8 bits,
 * norms, an order by norm. It is made once, with the model, and saved with it; mapped, its arrays lie in
 * the file, and numbers in them are checked where they are used.
 */
#ifndef PMKTI_CF_INDEX_H
#define PMKTI_CF_INDEX_H

#include "core/parallel.h"
#include "pmkt/base.h"

typedef struct pmkti_cf_index {
    int64_t n; /* vectors; 0: there is no index, and pmkti_cf_index_use says NULL */
    int32_t d;
    int32_t stride; /* bytes from one vector's codes to the next */
    /* By falling norm, among equals by number: */
    const int32_t *order; /* [n] numbers of the vectors */
    const int8_t *codes;  /* [n * stride] */
    const float *scale;   /* [n] of the codes */
    const float *norm;    /* [n] rounded up */
} pmkti_cf_index;

/* Makes the index of n finite vectors; its arrays come from `allocator`. O(n * d + n log n).
   PMKT_E_NOMEM, PMKT_E_CANCELED. */
pmkt_status pmkti_cf_index_new(const float *vectors, int64_t n, int32_t d,
                               const pmkt_allocator *allocator, const pmkti_run *run,
                               pmkti_cf_index *index, pmkt_error *err);

/* Frees the arrays of one that was made (not of one in a mapped file), and empties it. */
void pmkti_cf_index_clear(pmkti_cf_index *index, const pmkt_allocator *allocator);

#endif
