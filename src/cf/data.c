/*
 * data.c - the life of training data, and what it tells about itself.
 */
#include "cf/data.h"

#include "cf/data_build.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/structs.h"

pmkt_cf_data *pmkti_cf_data_new(const pmkt_allocator *allocator) {
    pmkt_cf_data *d = pmkti_alloc_zero(allocator, 1, sizeof *d);
    if (!d) return NULL;
    d->allocator = *allocator;
    atomic_init(&d->owners, 1);
    const pmkt_cf_data_counts none = PMKT_CF_DATA_COUNTS_INIT;
    d->counts = none;
    d->counts.as_of_ms = PMKT_TIME_NULL;
    return d;
}

bool pmkti_cf_data_room(pmkt_cf_data *d) {
    const pmkt_allocator *a = &d->allocator;
    const size_t users = (size_t)d->users, items = (size_t)d->items, n = (size_t)d->entries;
    if (!d->item_at) d->item_at = pmkti_alloc_zero(a, users + 1, sizeof *d->item_at);
    d->user_at = pmkti_alloc_zero(a, items + 1, sizeof *d->user_at);
    if (!d->item_lent) d->item = pmkti_alloc(a, n, sizeof *d->item);
    if (!d->weight_lent) d->item_weight = pmkti_alloc(a, n, sizeof *d->item_weight);
    d->user = pmkti_alloc(a, n, sizeof *d->user);
    d->user_weight = pmkti_alloc(a, n, sizeof *d->user_weight);
    return d->item_at && d->user_at &&
           (n == 0 || (d->item && d->item_weight && d->user && d->user_weight));
}

static void destroy(pmkt_cf_data *d) {
    const pmkt_allocator a = d->allocator;
    const size_t users = (size_t)d->users, items = (size_t)d->items, n = (size_t)d->entries;
    pmkti_free(&a, d->user_id, users, sizeof *d->user_id);
    pmkti_free(&a, d->item_id, items, sizeof *d->item_id);
    pmkti_free(&a, d->category, items, sizeof *d->category);
    pmkti_free(&a, d->item_at, users + 1, sizeof *d->item_at);
    pmkti_free(&a, d->user_at, items + 1, sizeof *d->user_at);
    if (!d->item_lent) pmkti_free(&a, d->item, n, sizeof *d->item);
    if (!d->weight_lent) pmkti_free(&a, d->item_weight, n, sizeof *d->item_weight);
    pmkti_free(&a, d->user, n, sizeof *d->user);
    pmkti_free(&a, d->user_weight, n, sizeof *d->user_weight);
    pmkti_free(&a, d, 1, sizeof *d);
}

/* The handle is const to all who read it; only the count of its owners changes. */
static pmkt_cf_data *ours(const pmkt_cf_data *data) {
    return (pmkt_cf_data *)data;
}

pmkt_cf_data *pmkt_cf_data_retain(const pmkt_cf_data *data) {
    pmkt_cf_data *d = ours(data);
    if (d) (void)atomic_fetch_add_explicit(&d->owners, 1, memory_order_relaxed);
    return d;
}

void pmkt_cf_data_release(const pmkt_cf_data *data) {
    pmkt_cf_data *d = ours(data);
    if (d && atomic_fetch_sub_explicit(&d->owners, 1, memory_order_acq_rel) == 1) destroy(d);
}

/* ------------------------------------------------------------------ finishing */

static int64_t bytes_of(const pmkt_cf_data *d) {
    const size_t users = (size_t)d->users, items = (size_t)d->items;
    const size_t ids = (users + items + (d->category ? items : 0)) * sizeof *d->user_id;
    const size_t borders = (users + items + 2) * sizeof *d->item_at;
    const size_t items_of = sizeof *d->item * (d->item_lent ? 1 : 2);
    const size_t weights_of = sizeof *d->item_weight * (d->weight_lent ? 1 : 2);
    const size_t entries = (size_t)d->entries * (items_of + weights_of);
    return (int64_t)(sizeof *d + ids + borders + entries);
}

static uint64_t hash_of(const pmkt_cf_data *d) {
    const int64_t size[3] = {d->users, d->items, d->entries};
    const size_t users = (size_t)d->users, items = (size_t)d->items, n = (size_t)d->entries;
    pmkti_hasher h;
    pmkti_hasher_begin(&h);
    pmkti_hasher_add(&h, size, sizeof size);
    pmkti_hasher_add(&h, d->user_id, users * sizeof *d->user_id);
    pmkti_hasher_add(&h, d->item_id, items * sizeof *d->item_id);
    pmkti_hasher_add(&h, d->item_at, (users + 1) * sizeof *d->item_at);
    pmkti_hasher_add(&h, d->item, n * sizeof *d->item);
    pmkti_hasher_add(&h, d->item_weight, n * sizeof *d->item_weight);
    return pmkti_hasher_end(&h);
}

void pmkti_cf_data_finish(pmkt_cf_data *d) {
    int64_t negative = 0;
    for (int64_t i = 0; i < d->entries; i++) negative += d->item_weight[i] < 0;
    d->counts.users = d->users;
    d->counts.items = d->items;
    d->counts.entries = d->entries;
    d->counts.negative = negative;
    d->counts.bytes = bytes_of(d);
    d->counts.hash = hash_of(d);
}

/* -------------------------------------------------------------------- telling */

pmkt_status pmkt_cf_data_matrix(const pmkt_cf_data *data, pmkt_cf_matrix *by_user,
                                pmkt_cf_matrix *by_item, pmkt_error *err) {
    if (!data) return pmkti_null(err, "data");
    const pmkt_cf_matrix users = {sizeof users,      0,
                                  data->users,       data->items,
                                  data->item_at,     data->item,
                                  data->item_weight, data->user_id,
                                  data->item_id,     data->category};
    const pmkt_cf_matrix items = {sizeof items,  0,          data->items,       data->users,
                                  data->user_at, data->user, data->user_weight, data->item_id,
                                  data->user_id, NULL};
    uint32_t size = 0; /* both are looked at before either is written */
    pmkt_status status = PMKT_OK;
    if (by_user) status = pmkti_struct_size(by_user, sizeof users, "by_user", &size, err);
    if (!status && by_item) {
        status = pmkti_struct_size(by_item, sizeof items, "by_item", &size, err);
    }
    if (status) return status;
    if (by_user)
        (void)pmkti_struct_out(by_user, &users, sizeof users, sizeof users, "by_user", err);
    if (by_item)
        (void)pmkti_struct_out(by_item, &items, sizeof items, sizeof items, "by_item", err);
    return PMKT_OK;
}

pmkt_status pmkt_cf_data_info(const pmkt_cf_data *data, pmkt_cf_data_counts *out, pmkt_error *err) {
    if (!data) return pmkti_null(err, "data");
    if (!out) return pmkti_null(err, "out");
    return pmkti_struct_out(out, &data->counts, sizeof data->counts, sizeof data->counts, "out",
                            err);
}
