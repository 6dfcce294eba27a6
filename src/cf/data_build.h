/*
 * data_build.h - what the makers of training data share: from events, a builder, a matrix.
 */
#ifndef PMKTI_CF_DATA_BUILD_H
#define PMKTI_CF_DATA_BUILD_H

#include <stdbool.h>

#include "cf/data.h"
#include "core/parallel.h"

/* --------------------------------------------------------------- life (data.c) */

/* Empty data with one owner, or NULL. */
pmkt_cf_data *pmkti_cf_data_new(const pmkt_allocator *allocator);

/* Room for users, items and entries as counted in `d`, but for an item_at that is there and for what is
   lent; false without memory: release it then. */
bool pmkti_cf_data_room(pmkt_cf_data *d);

/* Fills what the counts say of the finished matrix. */
void pmkti_cf_data_finish(pmkt_cf_data *d);

/* ---------------------------------------------------- transposing (data_transpose.c) */

/* One direction of a sparse matrix: the columns of row r are those from at[r] up to at[r + 1]. */
typedef struct pmkti_cf_sparse {
    int64_t rows;
    int64_t *at;     /* [rows + 1] */
    int32_t *column; /* [at[rows]] */
    float *weight;   /* [at[rows]] */
} pmkti_cf_sparse;

/* An entry on its way. */
typedef struct pmkti_cf_entry {
    int32_t row, column;
    float weight;
} pmkti_cf_entry;

/*
 * Writes `from` by columns into `to`, whose arrays have room and whose `rows` are the columns of `from`.
 * In each row of `to` the order is that of the rows of `from`, and then of their entries. `room` is for as
 * many entries as there are, lent because fresh memory costs more than what is done with it; or NULL: then
 * it does with about a quarter of that.
 */
pmkt_status pmkti_cf_transpose(const pmkt_allocator *allocator, const pmkti_run *run,
                               pmkti_stage stage, const pmkti_cf_sparse *from, pmkti_cf_sparse *to,
                               pmkti_cf_entry *room);

/* The two directions of data. */
static inline pmkti_cf_sparse pmkti_cf_by_user(const pmkt_cf_data *d) {
    return (pmkti_cf_sparse){d->users, d->item_at, d->item, d->item_weight};
}
static inline pmkti_cf_sparse pmkti_cf_by_item(const pmkt_cf_data *d) {
    return (pmkti_cf_sparse){d->items, d->user_at, d->user, d->user_weight};
}

#endif
