/*
 * popular.h - the most popular items through a filter.
 */
#ifndef PMKTI_CF_POPULAR_H
#define PMKTI_CF_POPULAR_H

#include "cf/filter.h"
#include "cf/model.h"

/* As in topk.h: up to k ids and scores (or NULL), best first, the rest padded. O(items) at worst.
   PMKT_E_CORRUPT for a mapped model with a number that is no item's. */
pmkt_status pmkti_cf_popular(const pmkt_cf *model, const pmkti_cf_filter *filter,
                             const pmkti_cf_without *without, int64_t k, uint64_t *ids,
                             float *scores, int32_t *count, pmkt_error *err);

#endif
