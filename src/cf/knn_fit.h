/*
 * knn_fit.h - what the files of the kNN fit share: checked options, and entries as the similarity sees
 * them.
 */
#ifndef PMKTI_CF_KNN_FIT_H
#define PMKTI_CF_KNN_FIT_H

#include "cf/data.h"

/* The options with defaults filled in. PMKT_E_INVALID. */
pmkt_status pmkti_cf_knn_options_in(const pmkt_cf_knn_options *options, pmkt_cf_knn_options *mine,
                                    pmkt_error *err);

/* Entries above zero, by user, as the similarity sees them. */
typedef struct pmkti_cf_knn_entries {
    pmkt_allocator allocator;
    const pmkt_cf_data *data;
    pmkt_cf_knn_options options;
    int64_t n;       /* entries */
    int64_t *at;     /* [users + 1] */
    int32_t *item;   /* [n] ascending in each row */
    double *value;   /* [n] */
    double *idf;     /* [users] 1 for the cosine */
    double *length;  /* [items] of BM25: k1 (1 - b + b * L_i / mean L); else 0 */
    double *square;  /* [items] the sum of value squared */
    double *inverse; /* [items] 1 / sqrt(square), or 0: to pass over most items quickly */
} pmkti_cf_knn_entries;

/* Fills one in, for _clear. O(entries). PMKT_E_NOMEM. */
pmkt_status pmkti_cf_knn_entries_make(const pmkt_cf_data *data, const pmkt_cf_knn_options *options,
                                      const pmkt_allocator *allocator, pmkti_cf_knn_entries *e,
                                      pmkt_error *err);
void pmkti_cf_knn_entries_clear(pmkti_cf_knn_entries *e);

/* What an entry of weight w > 0 counts. */
double pmkti_cf_knn_value(const pmkti_cf_knn_entries *e, int64_t user, int64_t item, float w);

#endif
