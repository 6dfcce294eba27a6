/*
 * data.h - how training data lies in memory: one sparse matrix, by rows and by columns; and the steps by
 * which events or a matrix become that.
 *
 *     data_rows.c      events -> what each row says: user, item, size, time      (or builder.c)
 *     data_numbers.c   ids -> numbers in the order of ids
 *     data_entries.c   rows -> entries: sorted, added up, capped
 *     data_columns.c   entries by row -> by column
 *     data.c           the handle
 */
#ifndef PMKTI_CF_DATA_H
#define PMKTI_CF_DATA_H

#include <stdatomic.h>

#include "core/parallel.h"
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
    int64_t *user_at;              /* [items + 1]: where the users of an item begin */
    int32_t *user;                 /* [entries] ascending in each row */
    float *user_weight;            /* [entries] the same entries by item */
    pmkt_cf_data_counts counts;
};

/* Empty, with one owner; `allocator` is checked. pmkt_cf_data_release frees it, also half filled. */
pmkt_status pmkti_cf_data_empty(const pmkt_allocator *allocator, pmkt_cf_data **data,
                                pmkt_error *err);

/* Room for `entries` entries by row: item, item_weight. They are empty until then. */
pmkt_status pmkti_cf_data_room(pmkt_cf_data *data, int64_t entries, pmkt_error *err);

/* The columns from the rows, in parallel. PMKT_E_NOMEM, PMKT_E_CANCELED. */
pmkt_status pmkti_cf_data_columns(pmkt_cf_data *data, const pmkti_run *run, pmkti_stage stage,
                                  pmkt_error *err);

/* The last step: counts, bytes, hash. */
void pmkti_cf_data_done(pmkt_cf_data *data);

#endif
