/*
 * data_matrix.c - training data from a sparse matrix of the caller's.
 *
 * Ids are sorted first, which gives every row and column its place. The entries are then written in the
 * new order of rows and, unless they are in order, transposed twice, which sorts the columns of each row
 * by counting; equal ones stand side by side then and are added up. What is in order and may be borrowed
 * stays where it is. Transposed once more, it is there by columns.
 */
#include <math.h>
#include <string.h>

#include "cf/data_build.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/sort.h"
#include "core/structs.h"

/* An id and where it stood. */
typedef struct place {
    uint64_t id;
    int64_t from;
} place;

typedef struct making {
    pmkt_cf_matrix m;
    pmkti_run run;
    pmkt_allocator allocator;
    pmkt_cf_data *d;
    place *rows;         /* [users] in the new order; NULL: as given */
    int32_t *new_column; /* [items]; NULL: as given */
} making;

/* --------------------------------------------------------------------- checks */

static pmkt_status check_borders(const pmkt_cf_matrix *m, pmkt_error *err) {
    if (m->at[0] != 0) return pmkti_fail(err, PMKT_E_INVALID, "matrix.at[0] is not 0");
    for (int64_t u = 0; u < m->users; u++) {
        if (m->at[u + 1] < m->at[u]) {
            return pmkti_fail(err, PMKT_E_INVALID, "matrix.at descends at %lld", (long long)u + 1);
        }
    }
    return pmkti_count_check(m->at[m->users], "matrix.at", err);
}

static pmkt_status check_entries(const pmkt_cf_matrix *m, pmkt_error *err) {
    const int64_t n = m->at[m->users];
    if (n > 0 && !m->item) return pmkti_null(err, "matrix.item");
    for (int64_t i = 0; i < n; i++) {
        if (m->item[i] < 0 || m->item[i] >= m->items) {
            return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, i,
                                 "entry %lld is of column %d; the matrix has %lld", (long long)i,
                                 (int)m->item[i], (long long)m->items);
        }
        if (m->weight && !isfinite(m->weight[i])) {
            return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, i,
                                 "the weight of entry %lld is not finite", (long long)i);
        }
    }
    return PMKT_OK;
}

static pmkt_status check(const pmkt_cf_matrix *m, pmkt_error *err) {
    if (m->borrow != 0 && m->borrow != 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "matrix.borrow is neither 0 nor 1");
    }
    pmkt_status status = pmkti_count_check(m->users, "matrix.users", err);
    if (!status) status = pmkti_count_check(m->items, "matrix.items", err);
    if (status) return status;
    if (m->users > INT32_MAX || m->items > INT32_MAX) {
        return pmkti_fail(err, PMKT_E_LIMIT, "the matrix has more than 2^31 - 1 users or items");
    }
    if (!m->at) {
        return m->users ? pmkti_null(err, "matrix.at") : PMKT_OK;
    }
    status = check_borders(m, err);
    return status ? status : check_entries(m, err);
}

/* ------------------------------------------------------------------------ ids */

static bool lower(const void *a, const void *b) {
    const place *x = a, *y = b;
    return x->id != y->id ? x->id < y->id : x->from < y->from;
}

/* The ids in order with where each stood, or numbers from 1; *places stays NULL if they ascend already. */
static pmkt_status order_ids(const making *k, const uint64_t *given, int64_t n, const char *name,
                             uint64_t *ids, place **places, pmkt_error *err) {
    bool ascends = true;
    for (int64_t i = 0; i < n; i++) {
        ids[i] = given ? given[i] : (uint64_t)i + 1;
        if (ids[i] == PMKT_ID_NONE) {
            return pmkti_fail(err, PMKT_E_INVALID, "matrix.%s[%lld] is PMKT_ID_NONE", name,
                              (long long)i);
        }
        ascends &= i == 0 || ids[i] > ids[i - 1];
    }
    if (ascends) return PMKT_OK;
    *places = pmkti_alloc(&k->allocator, (size_t)n, sizeof **places);
    if (!*places) return pmkti_no_memory(err, (size_t)n * sizeof **places);
    for (int64_t i = 0; i < n; i++) (*places)[i] = (place){ids[i], i};
    pmkti_sort(*places, (size_t)n, sizeof **places, lower);
    for (int64_t i = 0; i < n; i++) {
        ids[i] = (*places)[i].id;
        if (i > 0 && ids[i] == ids[i - 1]) {
            return pmkti_fail(err, PMKT_E_INVALID, "matrix.%s[%lld] stands at %lld already", name,
                              (long long)(*places)[i].from, (long long)(*places)[i - 1].from);
        }
    }
    return PMKT_OK;
}

static pmkt_status order_users(making *k, pmkt_error *err) {
    pmkt_cf_data *d = k->d;
    if (d->users == 0) return PMKT_OK;
    d->user_id = pmkti_alloc(&k->allocator, (size_t)d->users, sizeof *d->user_id);
    if (!d->user_id) return pmkti_no_memory(err, (size_t)d->users * sizeof *d->user_id);
    return order_ids(k, k->m.user_id, d->users, "user_id", d->user_id, &k->rows, err);
}

static pmkt_status order_items(making *k, pmkt_error *err) {
    pmkt_cf_data *d = k->d;
    if (d->items == 0) return PMKT_OK;
    const size_t n = (size_t)d->items;
    const bool has_category = k->m.category != NULL;
    d->item_id = pmkti_alloc(&k->allocator, n, sizeof *d->item_id);
    if (has_category) d->category = pmkti_alloc(&k->allocator, n, sizeof *d->category);
    if (!d->item_id || (has_category && !d->category)) {
        return pmkti_no_memory(err, n * sizeof *d->item_id);
    }
    place *places = NULL;
    pmkt_status status = order_ids(k, k->m.item_id, d->items, "item_id", d->item_id, &places, err);
    if (!status && places) {
        k->new_column = pmkti_alloc(&k->allocator, n, sizeof *k->new_column);
        if (!k->new_column) status = pmkti_no_memory(err, n * sizeof *k->new_column);
    }
    if (!status) {
        bool any = false;
        for (int64_t i = 0; i < d->items; i++) {
            const int64_t from = places ? places[i].from : i;
            if (places) k->new_column[from] = (int32_t)i;
            if (has_category) any |= (d->category[i] = k->m.category[from]) != PMKT_ID_NONE;
        }
        if (has_category && !any) {
            pmkti_free(&k->allocator, d->category, n, sizeof *d->category);
            d->category = NULL;
        }
    }
    pmkti_free(&k->allocator, places, n, sizeof *places);
    return status;
}

/* -------------------------------------------------------------------- entries */

/* Rows stay where they are, and the columns of each ascend. */
static bool in_order(const making *k) {
    if (k->rows || k->new_column) return false;
    for (int64_t u = 0; u < k->m.users; u++) {
        for (int64_t i = k->m.at[u] + 1; i < k->m.at[u + 1]; i++) {
            if (k->m.item[i] <= k->m.item[i - 1]) return false;
        }
    }
    return true;
}

/* Data has no negative zeros, so that equal data has equal bytes. */
static bool has_negative_zero(const float *weight, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        if (weight[i] == 0 && signbit(weight[i])) return true;
    }
    return false;
}

/* Takes the caller's arrays for the data's, which only reads them from then on. */
static void borrow_entries(const making *k) {
    pmkt_cf_data *d = k->d;
    d->item = (int32_t *)k->m.item;
    d->item_lent = true;
    if (k->m.weight && !has_negative_zero(k->m.weight, d->entries)) {
        d->item_weight = (float *)k->m.weight;
        d->weight_lent = true;
    }
}

static void copy_entries(const making *k) {
    pmkt_cf_data *d = k->d;
    int64_t at = 0;
    for (int64_t u = 0; u < d->users; u++) {
        const int64_t from = k->rows ? k->rows[u].from : u;
        d->item_at[u] = at;
        for (int64_t i = k->m.at[from]; i < k->m.at[from + 1]; i++, at++) {
            if (!d->item_lent) {
                d->item[at] = k->new_column ? k->new_column[k->m.item[i]] : k->m.item[i];
            }
            if (!d->weight_lent) {
                d->item_weight[at] = k->m.weight ? k->m.weight[i] + 0.0f : 1.0f; /* -0 + 0 is 0 */
            }
        }
    }
    d->item_at[d->users] = at;
}

static bool less(const void *a, const void *b) {
    return *(const float *)a < *(const float *)b;
}

/* Adds up equal columns, smallest weight first, so that their order is nothing; false if a sum is not
   finite. The arrays keep their length until they are cut. */
static bool add_up(pmkt_cf_data *d) {
    int64_t to = 0, i = 0;
    for (int64_t u = 0; u < d->users; u++) {
        const int64_t end = d->item_at[u + 1];
        d->item_at[u] = to;
        while (i < end) {
            int64_t next = i + 1;
            while (next < end && d->item[next] == d->item[i]) next++;
            if (next - i > 1)
                pmkti_sort(d->item_weight + i, (size_t)(next - i), sizeof(float), less);
            double sum = 0; /* which also makes -0 a plain 0 */
            for (int64_t j = i; j < next; j++) sum += (double)d->item_weight[j];
            d->item[to] = d->item[i];
            d->item_weight[to] = (float)sum;
            if (!isfinite(d->item_weight[to++])) return false;
            i = next;
        }
    }
    d->item_at[d->users] = to;
    return true;
}

/* Cuts the arrays of entries to `n` > 0, if some were added up. */
static pmkt_status cut_entries(pmkt_cf_data *d, int64_t n, pmkt_error *err) {
    const size_t old = (size_t)d->entries;
    const pmkt_allocator *a = &d->allocator;
    if (n == d->entries) return PMKT_OK;
    /* What was by item is made anew anyway; what cannot be cut would be freed by the wrong size. */
    int32_t *item = pmkti_alloc(a, (size_t)n, sizeof *item);
    float *weight = pmkti_alloc(a, (size_t)n, sizeof *weight);
    if (!item || !weight) {
        pmkti_free(a, item, (size_t)n, sizeof *item);
        pmkti_free(a, weight, (size_t)n, sizeof *weight);
        return pmkti_no_memory(err, (size_t)n * sizeof *item);
    }
    memcpy(item, d->item, (size_t)n * sizeof *item);
    memcpy(weight, d->item_weight, (size_t)n * sizeof *weight);
    pmkti_free(a, d->item, old, sizeof *d->item);
    pmkti_free(a, d->item_weight, old, sizeof *d->item_weight);
    pmkti_free(a, d->user, old, sizeof *d->user);
    pmkti_free(a, d->user_weight, old, sizeof *d->user_weight);
    d->entries = n;
    d->item = item;
    d->item_weight = weight;
    d->user = pmkti_alloc(a, (size_t)n, sizeof *d->user);
    d->user_weight = pmkti_alloc(a, (size_t)n, sizeof *d->user_weight);
    return d->user && d->user_weight ? PMKT_OK : pmkti_no_memory(err, (size_t)n * 4);
}

/* Writes the entries, whose rows are in order, by item too. */
static pmkt_status turn_over(making *k, pmkti_stage stage, pmkt_error *err) {
    const pmkti_cf_sparse users = pmkti_cf_by_user(k->d);
    pmkti_cf_sparse items = pmkti_cf_by_item(k->d);
    return pmkti_stopped(err,
                         pmkti_cf_transpose(&k->allocator, &k->run, stage, &users, &items, NULL));
}

/* Sorts the entries of each row and adds equal ones up. */
static pmkt_status sort_entries(making *k, pmkt_error *err) {
    pmkt_cf_data *d = k->d;
    pmkt_status status = turn_over(k, (pmkti_stage){"sorting", 0.1, 0.4}, err);
    if (status) return status;
    pmkti_cf_sparse users = pmkti_cf_by_user(d);
    const pmkti_cf_sparse items = pmkti_cf_by_item(d);
    const pmkti_stage back = {"sorting", 0.4, 0.7};
    status = pmkti_cf_transpose(&k->allocator, &k->run, back, &items, &users, NULL);
    if (status) return pmkti_stopped(err, status);
    if (!add_up(d)) {
        return pmkti_fail(err, PMKT_E_OVERFLOW, "entries of one pair add up to more than a float");
    }
    return cut_entries(d, d->item_at[d->users], err);
}

static pmkt_status make_entries(making *k, pmkt_error *err) {
    pmkt_cf_data *d = k->d;
    d->entries = k->m.at ? k->m.at[k->m.users] : 0;
    const bool ordered = d->entries == 0 || in_order(k);
    if (d->entries > 0 && ordered && k->m.borrow) borrow_entries(k);
    if (!pmkti_cf_data_room(d)) return pmkti_no_memory(err, (size_t)d->entries * 16);
    if (!k->m.at || d->entries == 0) return PMKT_OK;
    copy_entries(k);
    pmkt_status status = ordered ? PMKT_OK : sort_entries(k, err);
    if (!status) status = turn_over(k, (pmkti_stage){"sorting", ordered ? 0.1 : 0.7, 1}, err);
    return status;
}

/* ----------------------------------------------------------------------- call */

pmkt_status pmkt_cf_data_from_matrix(const pmkt_cf_matrix *matrix, const pmkt_allocator *allocator,
                                     const pmkt_run *run, pmkt_cf_data **data, pmkt_error *err) {
    if (!matrix) return pmkti_null(err, "matrix");
    if (!data) return pmkti_null(err, "data");
    making k = {.m = PMKT_CF_MATRIX_INIT};
    pmkt_status status = pmkti_struct_in(&k.m, sizeof k.m, matrix, sizeof k.m, "matrix", err);
    if (!status) status = pmkti_allocator_check(allocator, &k.allocator, err);
    if (!status) status = check(&k.m, err);
    if (!status) status = pmkti_run_check(run, k.m.at ? k.m.at[k.m.users] : 0, &k.run, err);
    if (!status && pmkti_canceled(&k.run, 0, "sorting"))
        status = pmkti_stopped(err, PMKT_E_CANCELED);
    if (status) return status;
    k.d = pmkti_cf_data_new(&k.allocator);
    if (!k.d) return pmkti_no_memory(err, sizeof *k.d);
    k.d->users = k.m.users;
    k.d->items = k.m.items;
    status = order_users(&k, err);
    if (!status) status = order_items(&k, err);
    if (!status) status = make_entries(&k, err);
    pmkti_free(&k.allocator, k.rows, (size_t)k.m.users, sizeof *k.rows);
    pmkti_free(&k.allocator, k.new_column, (size_t)k.m.items, sizeof *k.new_column);
    if (status) {
        pmkt_cf_data_release(k.d);
        return status;
    }
    pmkti_cf_data_finish(k.d);
    *data = k.d;
    return PMKT_OK;
}
