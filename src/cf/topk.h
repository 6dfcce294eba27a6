/*
 * topk.h - the k best of all candidates by dot product or cosine, exactly.
 *
 * A score is the dot product in double precision, added up in an order that is fixed for a width (see
 * kernels/score.h), for a cosine divided by both lengths, rounded to float. Candidates are ranked by the
 * score as answered (the float), then by number, which is the order of ids. What narrows the candidates
 * down before is bounded, so that it cannot lose one.
 */
#ifndef PMKTI_CF_TOPK_H
#define PMKTI_CF_TOPK_H

#include "cf/filter.h"
#include "cf/index.h"
#include "cf/scratch.h"
#include "core/parallel.h"

typedef struct pmkti_cf_topk {
    const float
        *vectors; /* [n * d] of the candidates; finite, or so a damaged file: then any answer */
    int64_t n;
    int32_t d;
    bool cosine;                 /* a vector of zeros has the cosine 0 */
    const pmkti_cf_index *index; /* of the vectors, or NULL: without it */
    const pmkti_cf_filter *filter;
    int64_t k; /* at least 1; also above n */
} pmkti_cf_topk;

/* One row, on the calling thread: up to k ids and scores (or NULL), best first, the rest padded; the
   count in *count. Allocates in scratch alone. PMKT_E_NOMEM, PMKT_E_CORRUPT. */
pmkt_status pmkti_cf_topk_one(const pmkti_cf_topk *topk, const float *query,
                              const pmkti_cf_without *without, pmkt_cf_scratch *scratch,
                              uint64_t *ids, float *scores, int32_t *count, pmkt_error *err);

/*
 * Many rows: row i is the vector at queries + row[i] * d, or none (count 0) where row[i] < 0. Ids,
 * scores (or NULL) and counts as pmkt_cf_answer has them, with a stride of k; `without` [rows]. The same
 * answers as pmkti_cf_topk_one, whatever way it chooses. PMKT_E_NOMEM, PMKT_E_CANCELED, PMKT_E_CORRUPT.
 */
pmkt_status pmkti_cf_topk_many(const pmkti_cf_topk *topk, const float *queries, const int64_t *row,
                               const pmkti_cf_without *without, int64_t rows,
                               const pmkt_allocator *allocator, const pmkti_run *run, uint64_t *ids,
                               float *scores, int32_t *counts, pmkt_error *err);

/* The score of one pair, as all of the above answer it. */
float pmkti_cf_score(const float *a, const float *b, int32_t d, bool cosine);

#endif
