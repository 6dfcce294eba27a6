/*
 * data.c - the handle of training data.
 */
#include "cf/data.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/structs.h"

/* ------------------------------------------------------- beginning and end */

pmkt_status pmkti_cf_data_empty(const pmkt_allocator *allocator, pmkt_cf_data **data,
                                pmkt_error *err) {
    pmkt_cf_data *made = pmkti_alloc_zero(allocator, 1, sizeof *made);
    if (!made) return pmkti_no_memory(err, sizeof *made);
    made->allocator = *allocator;
    atomic_init(&made->owners, 1);
    pmkt_cf_data_counts_init(&made->counts);
    made->counts.as_of_ms = PMKT_TIME_NULL;
    *data = made;
    return PMKT_OK;
}

pmkt_cf_data *pmkt_cf_data_retain(const pmkt_cf_data *data) {
    pmkt_cf_data *counted = (pmkt_cf_data *)(uintptr_t)data; /* nothing that one sees changes */
    if (counted) atomic_fetch_add_explicit(&counted->owners, 1, memory_order_relaxed);
    return counted;
}

static void destroy(pmkt_cf_data *d) {
    const pmkt_allocator allocator = d->allocator;
    const size_t users = (size_t)d->users, items = (size_t)d->items, n = (size_t)d->entries;
    pmkti_free(&allocator, d->user_id, users, sizeof *d->user_id);
    pmkti_free(&allocator, d->item_id, items, sizeof *d->item_id);
    pmkti_free(&allocator, d->category, items, sizeof *d->category);
    pmkti_free(&allocator, d->item_at, users + 1, sizeof *d->item_at);
    pmkti_free(&allocator, d->item, n, sizeof *d->item);
    pmkti_free(&allocator, d->item_weight, n, sizeof *d->item_weight);
    pmkti_free(&allocator, d->user_at, items + 1, sizeof *d->user_at);
    pmkti_free(&allocator, d->user, n, sizeof *d->user);
    pmkti_free(&allocator, d->user_weight, n, sizeof *d->user_weight);
    pmkti_free(&allocator, d, 1, sizeof *d);
}

void pmkt_cf_data_release(const pmkt_cf_data *data) {
    pmkt_cf_data *counted = (pmkt_cf_data *)(uintptr_t)data;
    /* Whoever frees must have seen all that the other owners did before they let go. */
    if (counted && atomic_fetch_sub_explicit(&counted->owners, 1, memory_order_acq_rel) == 1) {
        destroy(counted);
    }
}

pmkt_status pmkti_cf_data_room(pmkt_cf_data *d, int64_t entries, pmkt_error *err) {
    d->entries = entries;
    if (entries == 0) return PMKT_OK;
    const size_t n = (size_t)entries;
    d->item = pmkti_alloc(&d->allocator, n, sizeof *d->item);
    d->item_weight = d->item ? pmkti_alloc(&d->allocator, n, sizeof *d->item_weight) : NULL;
    return d->item_weight ? PMKT_OK : pmkti_no_memory(err, n * 8);
}

/* --------------------------------------------------------------- the answer */

static uint64_t hash_of(const pmkt_cf_data *d) {
    pmkti_hasher hasher;
    const int64_t shape[] = {d->users, d->items, d->entries, d->category != NULL};
    pmkti_hasher_begin(&hasher);
    pmkti_hasher_add(&hasher, shape, sizeof shape);
    pmkti_hasher_add(&hasher, d->user_id, (size_t)d->users * sizeof *d->user_id);
    pmkti_hasher_add(&hasher, d->item_id, (size_t)d->items * sizeof *d->item_id);
    if (d->category) {
        pmkti_hasher_add(&hasher, d->category, (size_t)d->items * sizeof *d->category);
    }
    pmkti_hasher_add(&hasher, d->item_at, ((size_t)d->users + 1) * sizeof *d->item_at);
    pmkti_hasher_add(&hasher, d->item, (size_t)d->entries * sizeof *d->item);
    pmkti_hasher_add(&hasher, d->item_weight, (size_t)d->entries * sizeof *d->item_weight);
    return pmkti_hasher_end(&hasher);
}

void pmkti_cf_data_done(pmkt_cf_data *d) {
    pmkt_cf_data_counts *c = &d->counts;
    c->users = d->users, c->items = d->items, c->entries = d->entries;
    c->negative = 0;
    for (int64_t e = 0; e < d->entries; e++) c->negative += d->item_weight[e] < 0;
    c->bytes = (int64_t)sizeof *d + (d->users + d->items) * 16 + 16 + d->entries * 16 +
               (d->category ? d->items * 8 : 0);
    c->hash = hash_of(d);
}

pmkt_status pmkt_cf_data_matrix(const pmkt_cf_data *data, pmkt_cf_matrix *by_user,
                                pmkt_cf_matrix *by_item, pmkt_error *err) {
    if (!data) return pmkti_null(err, "data");
    const pmkt_cf_matrix rows = {.users = data->users,
                                 .items = data->items,
                                 .at = data->item_at,
                                 .item = data->item,
                                 .weight = data->item_weight,
                                 .user_id = data->user_id,
                                 .item_id = data->item_id,
                                 .category = data->category};
    const pmkt_cf_matrix columns = {.users = data->items,
                                    .items = data->users,
                                    .at = data->user_at,
                                    .item = data->user,
                                    .weight = data->user_weight,
                                    .user_id = data->item_id,
                                    .item_id = data->user_id};
    uint32_t size = 0; /* both are looked at before either is written */
    pmkt_status status = PMKT_OK;
    if (by_user) status = pmkti_struct_size(by_user, sizeof rows, "by_user", &size, err);
    if (!status && by_item) {
        status = pmkti_struct_size(by_item, sizeof columns, "by_item", &size, err);
    }
    if (!status && by_user) {
        status = pmkti_struct_out(by_user, &rows, sizeof rows, sizeof rows, "by_user", err);
    }
    if (!status && by_item) {
        status =
            pmkti_struct_out(by_item, &columns, sizeof columns, sizeof columns, "by_item", err);
    }
    return status;
}

pmkt_status pmkt_cf_data_info(const pmkt_cf_data *data, pmkt_cf_data_counts *out, pmkt_error *err) {
    if (!data) return pmkti_null(err, "data");
    if (!out) return pmkti_null(err, "out");
    return pmkti_struct_out(out, &data->counts, sizeof data->counts, sizeof data->counts, "out",
                            err);
}
