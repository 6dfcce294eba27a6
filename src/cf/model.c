/*
 * model.c - the handle: how a model begins, who owns it, how it ends.
 */
#include "cf/model.h"

#include <float.h>
#include <string.h>

#include "cf/data.h"
#include "cf/parts.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/sort_ids.h"

/* --------------------------------------------------------- beginning and end */

pmkt_status pmkti_cf_model_empty(int32_t kind, const pmkt_allocator *allocator, pmkt_cf **model,
                                 pmkt_error *err) {
    pmkt_allocator mine;
    const pmkt_status status = pmkti_allocator_check(allocator, &mine, err);
    if (status) return status;
    pmkt_cf *made = pmkti_alloc_zero(&mine, 1, sizeof *made);
    if (!made) return pmkti_no_memory(err, sizeof *made);
    made->allocator = mine;
    atomic_init(&made->owners, 1);
    made->facts.struct_size = sizeof made->facts;
    made->facts.kind = kind;
    made->facts.as_of_ms = PMKT_TIME_NULL;
    *model = made;
    return PMKT_OK;
}

pmkt_cf *pmkt_cf_retain(const pmkt_cf *model) {
    pmkt_cf *counted = (pmkt_cf *)model; /* its count changes, nothing that one sees */
    if (counted) atomic_fetch_add_explicit(&counted->owners, 1, memory_order_relaxed);
    return counted;
}

static void destroy(pmkt_cf *model) {
    for (int i = 0; i < PMKTI_CF_PARTS; i++) {
        const pmkti_cf_part *part = &pmkti_cf_parts[i];
        const void *at = model->file ? NULL : pmkti_cf_part_at(model, part);
        if (!at) continue;
        pmkti_free_const(&model->allocator, at, (size_t)pmkti_cf_part_length(model, part),
                         part->element);
    }
    pmkti_container_close(model->file);
    const pmkt_allocator allocator = model->allocator;
    pmkti_free(&allocator, model, 1, sizeof *model);
}

void pmkt_cf_release(const pmkt_cf *model) {
    pmkt_cf *counted = (pmkt_cf *)model;
    /* Whoever frees must have seen all that the other owners did before they let go. */
    if (counted && atomic_fetch_sub_explicit(&counted->owners, 1, memory_order_acq_rel) == 1) {
        destroy(counted);
    }
}

void *pmkti_cf_copy(const pmkt_cf *model, const void *from, int64_t n, size_t size) {
    void *copy = pmkti_alloc(&model->allocator, (size_t)n, size);
    if (copy) memcpy(copy, from, (size_t)n * size);
    return copy;
}

void pmkti_cf_model_done(pmkt_cf *model) {
    int64_t bytes = (int64_t)sizeof *model;
    for (int i = 0; i < PMKTI_CF_PARTS && !model->file; i++) {
        const pmkti_cf_part *part = &pmkti_cf_parts[i];
        if (!pmkti_cf_part_at(model, part)) continue;
        bytes += pmkti_cf_part_length(model, part) * (int64_t)part->element;
    }
    model->facts.bytes = bytes;
}

/* --------------------------------------------------------------- popularity */

pmkt_status pmkti_cf_order_by_popularity(pmkt_cf *model, pmkt_error *err) {
    const size_t n = (size_t)model->facts.items;
    if (n == 0) return PMKT_OK;
    uint64_t *keys = pmkti_alloc(&model->allocator, n, sizeof *keys);
    int32_t *order = keys ? pmkti_alloc(&model->allocator, n, sizeof *order) : NULL;
    if (!order) {
        pmkti_free(&model->allocator, keys, n, sizeof *keys);
        return pmkti_no_memory(err, n * sizeof *keys);
    }
    for (size_t i = 0; i < n; i++) {
        /* Of floats that are not negative the bits are in the order of the values. */
        uint32_t bits;
        memcpy(&bits, &model->popularity[i], sizeof bits);
        keys[i] = (uint64_t)~bits << 32 | i;
    }
    pmkti_sort_ids(keys, n);
    for (size_t i = 0; i < n; i++) order[i] = (int32_t)(uint32_t)keys[i];
    pmkti_free(&model->allocator, keys, n, sizeof *keys);
    pmkti_free_const(&model->allocator, model->by_popularity, n, sizeof *order);
    model->by_popularity = order;
    return PMKT_OK;
}

float pmkti_cf_popularity_of(const pmkt_cf_data *data, int64_t item) {
    double sum = 0;
    for (int64_t e = data->user_at[item]; e < data->user_at[item + 1]; e++) {
        if (data->user_weight[e] > 0) sum += (double)data->user_weight[e];
    }
    return sum < (double)FLT_MAX ? (float)sum : FLT_MAX;
}

/* ---------------------------------------------------------------- from data */

/* Every array that there should be; false if one could not be had. */
static bool take_over(pmkt_cf *m, const pmkt_cf_data *data) {
    const int64_t users = data->users, items = data->items;
    bool all = true;
    if (users > 0) all = (m->user_id = pmkti_cf_copy(m, data->user_id, users, sizeof *m->user_id));
    if (items > 0) {
        float *popularity = pmkti_alloc(&m->allocator, (size_t)items, sizeof *popularity);
        for (int64_t i = 0; popularity && i < items; i++) {
            popularity[i] = pmkti_cf_popularity_of(data, i);
        }
        m->popularity = popularity;
        m->item_id = pmkti_cf_copy(m, data->item_id, items, sizeof *m->item_id);
        all = all && m->popularity && m->item_id;
        if (data->category) {
            m->category = pmkti_cf_copy(m, data->category, items, sizeof *m->category);
            all = all && m->category;
        }
    }
    if (!m->facts.has_seen) return all;
    m->n_seen = data->entries;
    m->seen_at = pmkti_cf_copy(m, data->item_at, users + 1, sizeof *m->seen_at);
    all = all && m->seen_at;
    if (m->n_seen == 0) return all;
    m->seen = pmkti_cf_copy(m, data->item, m->n_seen, sizeof *m->seen);
    all = all && m->seen;
    if (m->facts.kind != PMKT_CF_KNN) return all;
    m->seen_weight = pmkti_cf_copy(m, data->item_weight, m->n_seen, sizeof *m->seen_weight);
    return all && m->seen_weight;
}

pmkt_status pmkti_cf_model_new(const pmkt_cf_data *data, int32_t kind, bool drop_seen,
                               const pmkt_allocator *allocator, pmkt_cf **model, pmkt_error *err) {
    pmkt_cf *made = NULL;
    pmkt_status status = pmkti_cf_model_empty(kind, allocator, &made, err);
    if (status) return status;
    pmkt_cf_facts *f = &made->facts;
    f->users = data->users, f->items = data->items, f->entries = data->entries;
    f->as_of_ms = data->counts.as_of_ms, f->data_hash = data->counts.hash;
    f->has_seen = !drop_seen;
    if (!take_over(made, data)) {
        status = pmkti_no_memory(err, (size_t)(data->users + data->items + data->entries) * 8);
    }
    if (!status) status = pmkti_cf_order_by_popularity(made, err);
    if (status) {
        pmkt_cf_release(made);
        return status;
    }
    *model = made;
    return PMKT_OK;
}
