/*
 * from_factors.c - pmkt_cf_from_factors: a model from factors that were made elsewhere.
 */
#include <math.h>
#include <string.h>

#include "cf/als_fold.h"
#include "cf/als_options.h"
#include "cf/data.h"
#include "cf/find.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/sort.h"
#include "core/structs.h"

/* An id and the row that it stands for. */
typedef struct place {
    uint64_t id;
    int64_t at;
} place;

static bool is_before(const void *a, const void *b) {
    const place *x = a, *y = b;
    return x->id != y->id ? x->id < y->id : x->at < y->at;
}

/* ------------------------------------------------------------------- checks */

static pmkt_status check_shape(const pmkt_cf_factors *f, pmkt_error *err) {
    if (f->factors < 1 || f->factors > 1024) {
        return pmkti_fail(err, PMKT_E_INVALID, "factors.factors is %d; it must be from 1 to 1,024",
                          (int)f->factors);
    }
    pmkt_status status = pmkti_count_check(f->users, "factors.users", err);
    if (!status) status = pmkti_count_check(f->items, "factors.items", err);
    if (status) return status;
    if (f->users > INT32_MAX || f->items > INT32_MAX) {
        return pmkti_fail(err, PMKT_E_LIMIT, "a model has at most 2^31 - 1 users and items");
    }
    if (f->users > 0 && !f->user_factors) return pmkti_null(err, "factors.user_factors");
    return f->items > 0 && !f->item_factors ? pmkti_null(err, "factors.item_factors") : PMKT_OK;
}

static pmkt_status check_finite(const float *factors, int64_t n, int32_t d, int64_t first,
                                pmkt_error *err) {
    for (int64_t i = 0; i < n * d; i++) {
        if (isfinite(factors[i])) continue;
        return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, first + i / d,
                             "a factor of row %lld is not finite", (long long)(first + i / d));
    }
    return PMKT_OK;
}

/* ---------------------------------------------------------------- one side */

/* Users or items: ids and factors in the order of ids. */
static pmkt_status take_side(const pmkt_cf *m, const uint64_t *ids, const float *factors, int64_t n,
                             int64_t first, const uint64_t **id_out, const float **factors_out,
                             pmkt_error *err) {
    if (n == 0) return PMKT_OK;
    const size_t d = (size_t)m->facts.factors;
    place *places = pmkti_alloc(&m->allocator, (size_t)n, sizeof *places);
    uint64_t *id = pmkti_alloc(&m->allocator, (size_t)n, sizeof *id);
    float *to = pmkti_alloc(&m->allocator, (size_t)n * d, sizeof *to);
    *id_out = id; /* the model's from here on, whatever happens */
    *factors_out = to;
    pmkt_status status = places && id && to ? PMKT_OK : pmkti_no_memory(err, (size_t)n * d * 4);
    bool ascends = true;
    for (int64_t i = 0; !status && i < n; i++) {
        places[i] = (place){ids ? ids[i] : (uint64_t)i + 1, i};
        ascends = ascends && (i == 0 || places[i - 1].id < places[i].id);
    }
    if (!status && !ascends) pmkti_sort(places, (size_t)n, sizeof *places, is_before);
    for (int64_t i = 0; !status && i < n; i++) {
        const int64_t row = first + places[i].at;
        if (places[i].id == PMKT_ID_NONE || (i > 0 && places[i].id == places[i - 1].id)) {
            status =
                pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, row, "the id of row %lld is %s",
                              (long long)row, places[i].id ? "there twice" : "PMKT_ID_NONE");
            break;
        }
        id[i] = places[i].id;
        memcpy(to + (size_t)i * d, factors + (size_t)places[i].at * d, d * sizeof *to);
    }
    pmkti_free(&m->allocator, places, (size_t)n, sizeof *places);
    return status;
}

/* --------------------------------------------------------------------- seen */

/* Numbers of the data's items in the model, or -1. Both lists ascend. */
static void match_items(const pmkt_cf *m, const pmkt_cf_data *data, int32_t *item_to) {
    int64_t j = 0;
    for (int64_t i = 0; i < data->items; i++) {
        while (j < m->facts.items && m->item_id[j] < data->item_id[i]) j++;
        const bool same = j < m->facts.items && m->item_id[j] == data->item_id[i];
        item_to[i] = same ? (int32_t)j : -1;
    }
}

/* Visits the entries of the data in the order of the model's users; `seen` NULL: counts only. */
static int64_t copy_seen(const pmkt_cf *m, const pmkt_cf_data *data, const int32_t *item_to,
                         int64_t *seen_at, int32_t *seen) {
    int64_t n = 0, v = 0;
    for (int64_t u = 0; u < m->facts.users; u++) {
        if (seen_at) seen_at[u] = n;
        while (v < data->users && data->user_id[v] < m->user_id[u]) v++;
        if (v == data->users || data->user_id[v] != m->user_id[u]) continue;
        for (int64_t e = data->item_at[v]; e < data->item_at[v + 1]; e++) {
            if (item_to[data->item[e]] < 0) continue;
            if (seen) seen[n] = item_to[data->item[e]];
            n++;
        }
    }
    if (seen_at) seen_at[m->facts.users] = n;
    return n;
}

static void take_columns(const pmkt_cf_data *data, const int32_t *item_to, float *popularity,
                         uint64_t *category) {
    for (int64_t i = 0; i < data->items; i++) {
        if (item_to[i] < 0) continue;
        popularity[item_to[i]] = pmkti_cf_popularity_of(data, i);
        if (category) category[item_to[i]] = data->category[i];
    }
}

static pmkt_status take_seen(pmkt_cf *m, const pmkt_cf_data *data, bool drop_seen,
                             pmkt_error *err) {
    const size_t items = (size_t)m->facts.items;
    int32_t *item_to = pmkti_alloc(&m->allocator, (size_t)data->items, sizeof *item_to);
    if (!item_to && data->items > 0) return pmkti_no_memory(err, (size_t)data->items * 4);
    match_items(m, data, item_to);
    bool all = true;
    if (items > 0) {
        float *popularity = pmkti_alloc_zero(&m->allocator, items, sizeof *popularity);
        uint64_t *category =
            data->category ? pmkti_alloc_zero(&m->allocator, items, sizeof *category) : NULL;
        m->popularity = popularity;
        m->category = category;
        all = popularity && (category || !data->category);
        if (all) take_columns(data, item_to, popularity, category);
    }
    if (all && !drop_seen) {
        m->n_seen = copy_seen(m, data, item_to, NULL, NULL);
        int64_t *seen_at = pmkti_alloc(&m->allocator, (size_t)m->facts.users + 1, sizeof *seen_at);
        int32_t *seen = pmkti_alloc(&m->allocator, (size_t)m->n_seen, sizeof *seen);
        m->seen_at = seen_at;
        m->seen = seen;
        all = seen_at && (seen || m->n_seen == 0);
        if (all) copy_seen(m, data, item_to, seen_at, seen);
        m->facts.has_seen = 1;
    }
    pmkti_free(&m->allocator, item_to, (size_t)data->items, sizeof *item_to);
    if (!all) return pmkti_no_memory(err, items * 8 + (size_t)m->n_seen * 4);
    return items > 0 ? pmkti_cf_order_by_popularity(m, err) : PMKT_OK;
}

/* ----------------------------------------------------------------- the call */

static pmkt_status make(pmkt_cf *m, const pmkt_cf_factors *f, const pmkt_cf_data *seen,
                        const pmkt_cf_als_options *o, const pmkti_run *run, pmkt_error *err) {
    m->facts.users = f->users;
    m->facts.items = f->items;
    pmkt_status status =
        take_side(m, f->user_id, f->user_factors, f->users, 0, &m->user_id, &m->user_factors, err);
    if (!status) {
        status = take_side(m, f->item_id, f->item_factors, f->items, f->users, &m->item_id,
                           &m->item_factors, err);
    }
    if (!status && seen) {
        m->facts.entries = seen->entries;
        m->facts.as_of_ms = seen->counts.as_of_ms;
        m->facts.data_hash = seen->counts.hash;
        status = take_seen(m, seen, o->drop_seen != 0, err);
    }
    return status ? status : pmkti_cf_als_finish(m, run, (pmkti_stage){"index", 0, 1}, err);
}

pmkt_status pmkt_cf_from_factors(const pmkt_cf_factors *factors, const pmkt_cf_data *seen,
                                 const pmkt_cf_als_options *options, const pmkt_run *run,
                                 pmkt_cf **model, pmkt_error *err) {
    pmkt_cf_factors f = PMKT_CF_FACTORS_INIT;
    pmkt_cf_als_options o;
    pmkti_run checked;
    pmkt_cf *made = NULL;
    if (!factors) return pmkti_null(err, "factors");
    if (!model) return pmkti_null(err, "model");
    pmkt_status status = pmkti_struct_in(&f, sizeof f, factors, sizeof f, "factors", err);
    if (!status) status = pmkti_cf_als_options_in(options, seen, &o, err);
    if (!status) status = check_shape(&f, err);
    if (!status) status = check_finite(f.user_factors, f.users, f.factors, 0, err);
    if (!status) status = check_finite(f.item_factors, f.items, f.factors, f.users, err);
    if (!status) status = pmkti_run_check(run, f.items * f.factors, &checked, err);
    if (!status) status = pmkti_cf_model_empty(PMKT_CF_ALS, o.allocator, &made, err);
    if (status) return status;
    o.factors = f.factors;
    pmkti_cf_als_facts(&o, &made->facts);
    status = make(made, &f, seen, &o, &checked, err);
    if (status) {
        pmkt_cf_release(made);
        return status;
    }
    *model = made;
    return PMKT_OK;
}
