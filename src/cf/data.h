/*
 * data.h - how training data lies in memory: one sparse matrix, by rows and by columns.
 */
#ifndef PMKTI_CF_DATA_H
#define PMKTI_CF_DATA_H

#include <stdatomic.h>
#include <stdbool.h>

#include "pmkt/cf.h"

struct pmkt_cf_data {
    pmkt_allocator allocator;
    _Atomic int64_t owners;
    int64_t users, items, entries; /* users and items fit in an int32_t */
    uint64_t *user_id;             /* [users] ascending */
    uint64_t *item_id;             /* [items] ascending */
    uint64_t *category;            /* [items], or NULL */
    int64_t *item_at;              /* [users + 1]: where the items of a user begin */
    int32_t *item;                 /* [entries] ascending in each row */
    float *item_weight;            /* [entries] finite */
    bool item_lent, weight_lent;   /* the two are somebody else's: neither written nor freed */
    int64_t *user_at;              /* [items + 1]: where the users of an item begin */
    int32_t *user;                 /* [entries] ascending in each row */
    float *user_weight;            /* [entries] the same entries by item */
    pmkt_cf_data_counts counts;
};

#endif
