/*
 * knn.h - answers of an item-kNN model for one row.
 */
#ifndef PMKTI_CF_KNN_H
#define PMKTI_CF_KNN_H

#include "cf/filter.h"
#include "cf/model.h"
#include "cf/scratch.h"

/*
 * The best k items for who has these (numbers, ascending, each once, with weights or NULL for 1): the
 * score of an item is the sum over them of weight * similarity, in double precision, in the order of
 * `item`, rounded. Only items with a neighbor among them are candidates. Ids, scores (or NULL) and count as in
 * topk.h. PMKT_E_NOMEM; PMKT_E_CORRUPT where a mapped model holds a number that is none.
 */
pmkt_status pmkti_cf_knn_recommend(const pmkt_cf *model, const int32_t *item, const float *weight,
                                   int64_t n, const pmkti_cf_filter *filter,
                                   const pmkti_cf_without *without, int64_t k,
                                   pmkt_cf_scratch *scratch, uint64_t *ids, float *scores,
                                   int32_t *count, pmkt_error *err);

/* The scores of the given m items for who has those n: as above, 0 for no neighbor. */
pmkt_status pmkti_cf_knn_rank(const pmkt_cf *model, const int32_t *item, const float *weight,
                              int64_t n, const int32_t *given, int64_t m, pmkt_cf_scratch *scratch,
                              float *scores, pmkt_error *err);

/* An item's neighbors through a filter. */
pmkt_status pmkti_cf_knn_similar(const pmkt_cf *model, int32_t item, const pmkti_cf_filter *filter,
                                 const pmkti_cf_without *without, int64_t k, uint64_t *ids,
                                 float *scores, int32_t *count, pmkt_error *err);

#endif
