/*
 * model.h - how a model lies in memory. Its arrays are its own, or parts of a file that it has mapped;
 * then what they hold is checked where it is used as an index.
 */
#ifndef PMKTI_CF_MODEL_H
#define PMKTI_CF_MODEL_H

#include <stdatomic.h>

#include "cf/index.h"
#include "core/container.h"
#include "pmkt/cf.h"

struct pmkt_cf {
    pmkt_allocator allocator;
    _Atomic int64_t owners;
    pmkti_container *file; /* that the arrays lie in, or NULL: each is an allocation of its own */
    pmkt_cf_facts facts;   /* kind, users, items, options; `bytes` is what the arrays take */

    const uint64_t *user_id; /* [users] ascending */
    const uint64_t *item_id; /* [items] ascending */

    /* Who had what; NULL if facts.has_seen is 0. */
    int64_t n_seen;
    const int64_t *seen_at;   /* [users + 1] */
    const int32_t *seen;      /* [n_seen] items, ascending in each row */
    const float *seen_weight; /* kNN only */

    const uint64_t *category; /* [items], or NULL */
    const float *popularity;  /* [items], or NULL: the sum of an item's entries above zero, or their
                                  number (popularity models of PMKT_CF_BY_USERS) */
    const int32_t *by_popularity; /* [items] the most popular first, then by id; NULL likewise */

    /* ALS */
    const float *user_factors; /* [users * factors] */
    const float *item_factors; /* [items * factors] */
    const float *gram;         /* [factors * factors] of item_factors, for fold-in; symmetric */
    pmkti_cf_index index;      /* of item_factors */

    /* kNN: the neighbors of item i, most similar first, from near_at[i] on */
    int64_t n_near;
    const int64_t *near_at;  /* [items + 1] */
    const int32_t *near;     /* [n_near] */
    const float *similarity; /* [n_near] */
};

/*
 * A new model with one owner, of a kind, with what every kind takes over from the data: ids, categories,
 * popularity, and (unless drop_seen) who had what, with weights for kNN. The rest is zero, for
 * the fit to fill; pmkt_cf_release frees it, also half filled. `allocator` is the caller's, or NULL.
 * PMKT_E_INVALID, PMKT_E_NOMEM.
 */
pmkt_status pmkti_cf_model_new(const pmkt_cf_data *data, int32_t kind, bool drop_seen,
                               const pmkt_allocator *allocator, pmkt_cf **model, pmkt_error *err);

/* The same without data: no ids yet, nothing seen, no popularity. */
pmkt_status pmkti_cf_model_empty(int32_t kind, const pmkt_allocator *allocator, pmkt_cf **model,
                                 pmkt_error *err);

/* The sum of an item's entries above zero, within the range of float. */
float pmkti_cf_popularity_of(const pmkt_cf_data *data, int64_t item);

/* by_popularity, anew, for the popularity that is there. PMKT_E_NOMEM: then it is as it was. */
pmkt_status pmkti_cf_order_by_popularity(pmkt_cf *model, pmkt_error *err);

/* A copy of n elements in memory of the model; NULL on failure, and for n == 0. */
void *pmkti_cf_copy(const pmkt_cf *model, const void *from, int64_t n, size_t size);

/* The last thing a fit does: counts the bytes. */
void pmkti_cf_model_done(pmkt_cf *model);

#endif
