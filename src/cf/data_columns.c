/*
 * data_columns.c - from the rows of the matrix to its columns: counting, then placing.
 *
 * Users are cut into a few segments with about as many entries each. For each a count an item says where its
 * entries begin in the item's column; segments then write side by side, and the users of a column ascend.
 */
#include "cf/data.h"
#include "core/alloc.h"
#include "core/error.h"

#define SEGMENTS 8
#define SEGMENT_LEAST 65536 /* entries */

typedef struct transposition {
    pmkt_cf_data *data;
    int64_t first_user[SEGMENTS + 1];
    int64_t segments;
    int64_t *at; /* [segments * items]: counts, then places */
} transposition;

static void cut(transposition *t) {
    const pmkt_cf_data *d = t->data;
    const int64_t most = d->entries / SEGMENT_LEAST + 1;
    t->segments = most < SEGMENTS ? most : SEGMENTS;
    int64_t u = 0;
    for (int64_t s = 0; s < t->segments; s++) {
        t->first_user[s] = u;
        const int64_t to = (s + 1) * d->entries / t->segments;
        while (u < d->users && d->item_at[u + 1] <= to) u++;
    }
    t->first_user[t->segments] = d->users;
}

static pmkt_status count(void *ctx, int64_t s, int worker) {
    (void)worker;
    const transposition *t = ctx;
    const pmkt_cf_data *d = t->data;
    int64_t *at = t->at + s * d->items;
    for (int64_t e = d->item_at[t->first_user[s]]; e < d->item_at[t->first_user[s + 1]]; e++) {
        at[d->item[e]]++;
    }
    return PMKT_OK;
}

/* From counts to places. */
static void place_all(const transposition *t) {
    pmkt_cf_data *d = t->data;
    int64_t sum = 0;
    for (int64_t i = 0; i < d->items; i++) {
        d->user_at[i] = sum;
        for (int64_t s = 0; s < t->segments; s++) {
            const int64_t n = t->at[s * d->items + i];
            t->at[s * d->items + i] = sum;
            sum += n;
        }
    }
    d->user_at[d->items] = sum;
}

static pmkt_status move(void *ctx, int64_t s, int worker) {
    (void)worker;
    const transposition *t = ctx;
    const pmkt_cf_data *d = t->data;
    int64_t *at = t->at + s * d->items;
    for (int64_t u = t->first_user[s]; u < t->first_user[s + 1]; u++) {
        for (int64_t e = d->item_at[u]; e < d->item_at[u + 1]; e++) {
            const int64_t to = at[d->item[e]]++;
            d->user[to] = (int32_t)u;
            d->user_weight[to] = d->item_weight[e];
        }
    }
    return PMKT_OK;
}

static pmkt_status make(pmkt_cf_data *d, pmkt_error *err) {
    const size_t items = (size_t)d->items, n = (size_t)d->entries;
    d->user_at = pmkti_alloc_zero(&d->allocator, items + 1, sizeof *d->user_at);
    if (!d->user_at) return pmkti_no_memory(err, (items + 1) * sizeof *d->user_at);
    if (n == 0) return PMKT_OK;
    d->user = pmkti_alloc(&d->allocator, n, sizeof *d->user);
    d->user_weight = d->user ? pmkti_alloc(&d->allocator, n, sizeof *d->user_weight) : NULL;
    return d->user_weight ? PMKT_OK : pmkti_no_memory(err, n * 8);
}

pmkt_status pmkti_cf_data_columns(pmkt_cf_data *d, const pmkti_run *run, pmkti_stage stage,
                                  pmkt_error *err) {
    pmkt_status status = make(d, err);
    if (status || d->entries == 0) return status;
    transposition t = {.data = d};
    cut(&t);
    const size_t n = (size_t)(t.segments * d->items);
    t.at = pmkti_alloc_zero(&d->allocator, n, sizeof *t.at);
    if (!t.at) return pmkti_no_memory(err, n * sizeof *t.at);
    const double middle = (stage.from + stage.to) / 2;
    status =
        pmkti_parallel(run, (pmkti_stage){stage.name, stage.from, middle}, count, &t, t.segments);
    if (!status) {
        place_all(&t);
        status =
            pmkti_parallel(run, (pmkti_stage){stage.name, middle, stage.to}, move, &t, t.segments);
    }
    pmkti_free(&d->allocator, t.at, n, sizeof *t.at);
    return pmkti_stopped(err, status);
}
