/*
 * data_matrix.c - pmkt_cf_data_from_matrix: rows and columns into the order of their ids, what comes twice
 * added up.
 */
#include <math.h>
#include <string.h>

#include "cf/data.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/sort.h"
#include "core/structs.h"

/* An id and where it stands. */
typedef struct place {
    uint64_t id;
    int64_t at;
} place;

/* An entry of a row; `at` keeps equal items in their order. */
typedef struct cell {
    int32_t item;
    float weight;
    int64_t at;
} cell;

typedef struct maker {
    pmkt_cf_matrix m;
    pmkt_cf_data *data;
    place *user;      /* [users] ascending */
    int32_t *item_to; /* [items] the number of a column; NULL: its own */
    cell *row;        /* [longest] */
    int64_t longest;
} maker;

/* ------------------------------------------------------------------- checks */

static pmkt_status check_shape(const pmkt_cf_matrix *m, pmkt_error *err) {
    if (m->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "matrix.reserved is not 0");
    pmkt_status status = pmkti_count_check(m->users, "matrix.users", err);
    if (!status) status = pmkti_count_check(m->items, "matrix.items", err);
    if (status) return status;
    if (m->users > INT32_MAX || m->items > INT32_MAX) {
        return pmkti_fail(err, PMKT_E_LIMIT, "a matrix has at most 2^31 - 1 users and items");
    }
    if (!m->at) return m->users == 0 ? PMKT_OK : pmkti_null(err, "matrix.at");
    for (int64_t u = 0; u <= m->users; u++) {
        if (u == 0 ? m->at[0] != 0 : m->at[u] < m->at[u - 1]) {
            return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, u,
                                 "matrix.at must ascend from 0; number %lld is %lld", (long long)u,
                                 (long long)m->at[u]);
        }
    }
    return m->at[m->users] > 0 && !m->item ? pmkti_null(err, "matrix.item") : PMKT_OK;
}

static pmkt_status check_entries(const pmkt_cf_matrix *m, pmkt_error *err) {
    const int64_t n = m->users > 0 ? m->at[m->users] : 0;
    for (int64_t e = 0; e < n; e++) {
        if (m->item[e] < 0 || m->item[e] >= m->items) {
            return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, e,
                                 "entry %lld is of column %d, but there are %lld", (long long)e,
                                 (int)m->item[e], (long long)m->items);
        }
        if (m->weight && !isfinite(m->weight[e])) {
            return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, e,
                                 "the weight of entry %lld is not finite", (long long)e);
        }
    }
    return PMKT_OK;
}

/* ---------------------------------------------------------------------- ids */

static bool is_before(const void *a, const void *b) {
    const place *x = a, *y = b;
    return x->id < y->id;
}

/* Ids in ascending order with their places; `ids` NULL = 1, 2, ... */
static pmkt_status sort_places(const pmkt_cf_data *d, const uint64_t *ids, int64_t n,
                               const char *what, place **out, pmkt_error *err) {
    *out = NULL;
    if (n == 0) return PMKT_OK;
    place *at = pmkti_alloc(&d->allocator, (size_t)n, sizeof *at);
    if (!at) return pmkti_no_memory(err, (size_t)n * sizeof *at);
    *out = at;
    bool ascends = true;
    for (int64_t i = 0; i < n; i++) {
        at[i] = (place){ids ? ids[i] : (uint64_t)i + 1, i};
        ascends = ascends && (i == 0 || at[i - 1].id < at[i].id);
    }
    if (!ascends) pmkti_sort(at, (size_t)n, sizeof *at, is_before);
    for (int64_t i = 0; i < n; i++) {
        if (at[i].id == PMKT_ID_NONE || (i > 0 && at[i].id == at[i - 1].id)) {
            return pmkti_fail(err, PMKT_E_INVALID, "an id of %s is %s", what,
                              at[i].id == PMKT_ID_NONE ? "PMKT_ID_NONE" : "there twice");
        }
    }
    return PMKT_OK;
}

static pmkt_status take_users(maker *k, pmkt_error *err) {
    pmkt_cf_data *d = k->data;
    pmkt_status status = sort_places(d, k->m.user_id, k->m.users, "users", &k->user, err);
    if (status) return status;
    d->users = k->m.users;
    d->item_at = pmkti_alloc_zero(&d->allocator, (size_t)d->users + 1, sizeof *d->item_at);
    if (!d->item_at) return pmkti_no_memory(err, (size_t)d->users * 8);
    if (d->users == 0) return PMKT_OK;
    d->user_id = pmkti_alloc(&d->allocator, (size_t)d->users, sizeof *d->user_id);
    if (!d->user_id) return pmkti_no_memory(err, (size_t)d->users * 8);
    for (int64_t u = 0; u < d->users; u++) d->user_id[u] = k->user[u].id;
    return PMKT_OK;
}

static pmkt_status take_items(maker *k, pmkt_error *err) {
    pmkt_cf_data *d = k->data;
    const size_t n = (size_t)k->m.items;
    place *at = NULL;
    pmkt_status status = sort_places(d, k->m.item_id, k->m.items, "items", &at, err);
    if (!status && n > 0) {
        d->items = k->m.items;
        d->item_id = pmkti_alloc(&d->allocator, n, sizeof *d->item_id);
        k->item_to = pmkti_alloc(&d->allocator, n, sizeof *k->item_to);
        if (k->m.category) d->category = pmkti_alloc(&d->allocator, n, sizeof *d->category);
        const bool all = d->item_id && k->item_to && (d->category || !k->m.category);
        if (!all) status = pmkti_no_memory(err, n * 20);
        for (int64_t i = 0; all && i < d->items; i++) {
            d->item_id[i] = at[i].id;
            k->item_to[at[i].at] = (int32_t)i;
            if (d->category) d->category[i] = k->m.category[at[i].at];
        }
    }
    pmkti_free(&d->allocator, at, n, sizeof *at);
    return status;
}

/* --------------------------------------------------------------------- rows */

static bool comes_first(const void *a, const void *b) {
    const cell *x = a, *y = b;
    return x->item != y->item ? x->item < y->item : x->at < y->at;
}

/* Row u of the data: its entries at `to`, ascending; how many in *n. */
static pmkt_status fill_row(const maker *k, int64_t u, int64_t to, int64_t *n, pmkt_error *err) {
    const pmkt_cf_matrix *m = &k->m;
    pmkt_cf_data *d = k->data;
    const int64_t from = m->at[k->user[u].at], length = m->at[k->user[u].at + 1] - from;
    bool ascends = true;
    for (int64_t i = 0; i < length; i++) {
        const int64_t e = from + i;
        k->row[i] = (cell){k->item_to[m->item[e]], m->weight ? m->weight[e] : 1.0f, e};
        ascends = ascends && (i == 0 || k->row[i - 1].item <= k->row[i].item);
    }
    if (!ascends) pmkti_sort(k->row, (size_t)length, sizeof *k->row, comes_first);
    *n = 0;
    for (int64_t i = 0; i < length;) {
        double sum = 0;
        const int64_t first = i;
        for (; i < length && k->row[i].item == k->row[first].item; i++) {
            sum += (double)k->row[i].weight;
        }
        const float weight = (float)sum;
        if (!isfinite(weight)) {
            return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, k->row[first].at,
                                 "the weights of entry %lld and its repetitions are too large",
                                 (long long)k->row[first].at);
        }
        d->item[to + *n] = k->row[first].item;
        d->item_weight[to + *n] = weight;
        ++*n;
    }
    return PMKT_OK;
}

static pmkt_status fill_rows(maker *k, const pmkti_run *run, pmkt_error *err) {
    pmkt_cf_data *d = k->data;
    const int64_t before = d->users > 0 ? k->m.at[d->users] : 0;
    pmkt_status status = pmkti_cf_data_room(d, before, err);
    for (int64_t u = 0; !status && u < d->users; u++) {
        const int64_t length = k->m.at[u + 1] - k->m.at[u];
        if (length > k->longest) k->longest = length;
    }
    if (!status && k->longest > 0) {
        k->row = pmkti_alloc(&d->allocator, (size_t)k->longest, sizeof *k->row);
        if (!k->row) status = pmkti_no_memory(err, (size_t)k->longest * sizeof *k->row);
    }
    for (int64_t u = 0; !status && u < d->users; u++) {
        int64_t n = 0;
        if (u % 4096 == 0 && pmkti_canceled(run, 0.6 * (double)u / (double)d->users, "matrix")) {
            return pmkti_stopped(err, PMKT_E_CANCELED);
        }
        status = fill_row(k, u, d->item_at[u], &n, err);
        d->item_at[u + 1] = d->item_at[u] + n;
    }
    return status;
}

/* Gives back what repetitions have left unused. */
static pmkt_status shrink(pmkt_cf_data *d, pmkt_error *err) {
    const int64_t n = d->item_at[d->users], before = d->entries;
    if (n == before) return PMKT_OK;
    void *item = pmkti_resize(&d->allocator, d->item, (size_t)before, (size_t)n, sizeof *d->item);
    if (!item) return pmkti_no_memory(err, (size_t)n * sizeof *d->item);
    d->item = item;
    void *weight =
        pmkti_resize(&d->allocator, d->item_weight, (size_t)before, (size_t)n, sizeof(float));
    if (!weight) {
        /* One array is short already, so each is freed with its own length. */
        pmkti_free(&d->allocator, d->item_weight, (size_t)before, sizeof *d->item_weight);
        d->item_weight = NULL;
        d->entries = n;
        return pmkti_no_memory(err, (size_t)n * sizeof(float));
    }
    d->item_weight = weight;
    d->entries = n;
    return PMKT_OK;
}

pmkt_status pmkt_cf_data_from_matrix(const pmkt_cf_matrix *matrix, const pmkt_allocator *allocator,
                                     const pmkt_run *run, pmkt_cf_data **data, pmkt_error *err) {
    if (!matrix) return pmkti_null(err, "matrix");
    if (!data) return pmkti_null(err, "data");
    maker k = {.m = PMKT_CF_MATRIX_INIT};
    pmkt_allocator mine;
    pmkti_run checked;
    pmkt_status status = pmkti_struct_in(&k.m, sizeof k.m, matrix, sizeof k.m, "matrix", err);
    if (!status) status = pmkti_allocator_check(allocator, &mine, err);
    if (!status) status = check_shape(&k.m, err);
    if (!status) status = check_entries(&k.m, err);
    if (status) return status;
    const int64_t entries = k.m.users > 0 ? k.m.at[k.m.users] : 0;
    status = pmkti_run_check(run, entries, &checked, err);
    if (!status) status = pmkti_cf_data_empty(&mine, &k.data, err);
    if (status) return status;
    status = take_users(&k, err);
    if (!status) status = take_items(&k, err);
    if (!status) status = fill_rows(&k, &checked, err);
    pmkti_free(&mine, k.row, (size_t)k.longest, sizeof *k.row);
    pmkti_free(&mine, k.item_to, (size_t)k.m.items, sizeof *k.item_to);
    pmkti_free(&mine, k.user, (size_t)k.m.users, sizeof *k.user);
    if (!status) status = shrink(k.data, err);
    if (!status) {
        status = pmkti_cf_data_columns(k.data, &checked, (pmkti_stage){"columns", 0.6, 1}, err);
    }
    if (status) {
        pmkt_cf_data_release(k.data);
        return status;
    }
    pmkti_cf_data_done(k.data);
    *data = k.data;
    return PMKT_OK;
}
