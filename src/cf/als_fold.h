/*
 * als_fold.h - the factors of one row of the matrix, solved for exactly with the items' factors fixed.
 */
#ifndef PMKTI_CF_ALS_FOLD_H
#define PMKTI_CF_ALS_FOLD_H

#include "cf/model.h"
#include "cf/scratch.h"

/* gram [d * d] = sum of v v' over the n vectors: in double precision by fixed blocks, then rounded. */
pmkt_status pmkti_cf_gram(const float *vectors, int64_t n, int32_t d, const pmkti_run *run,
                          const pmkt_allocator *allocator, float *gram, pmkt_error *err);

/*
 * The factors [d] of who has these items (numbers below model's items, each once) with these weights:
 * the minimum of the model's loss over x alone. Without an entry other than zero they are zeros, and
 * *known is false. Allocates in scratch alone. PMKT_E_NOMEM; PMKT_E_OVERFLOW.
 */
pmkt_status pmkti_cf_als_fold(const pmkt_cf *model, const int32_t *item, const float *weight,
                              int64_t n, pmkt_cf_scratch *scratch, float *factors, bool *known,
                              pmkt_error *err);

/* The last step to a model with factors: its gram matrix, its index, its size. PMKT_E_NOMEM,
   PMKT_E_CANCELED. */
pmkt_status pmkti_cf_als_finish(pmkt_cf *model, const pmkti_run *run, pmkti_stage stage,
                                pmkt_error *err);

#endif
