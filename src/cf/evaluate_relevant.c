/*
 * evaluate_relevant.c - what is relevant for whom, and who has what: all that does not depend on answers.
 */
#include <math.h>
#include <string.h>

#include "cf/evaluate.h"
#include "cf/find.h"
#include "cf/question.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/idset.h"
#include "core/sort.h"

/* What a user had in training: items by number, ascending, with the ids that the numbers are of. */
typedef struct had_items {
    const uint64_t *id;
    int64_t items;
    pmkti_cf_had had;
} had_items;

static pmkt_status had_of(const pmkti_cf_evaluating *e, uint64_t user, had_items *h,
                          pmkt_error *err) {
    const pmkt_cf_data *train = e->o.train;
    memset(h, 0, sizeof *h);
    if (train) {
        const int64_t row = pmkti_cf_find(train->user_id, train->users, user);
        h->id = train->item_id, h->items = train->items;
        if (row < 0) return PMKT_OK;
        h->had.n = train->item_at[row + 1] - train->item_at[row];
        h->had.item = h->had.n > 0 ? train->item + train->item_at[row] : NULL;
        return PMKT_OK;
    }
    const pmkt_cf *m = e->model;
    h->id = m->item_id, h->items = m->facts.items;
    const int64_t row = pmkti_cf_find(m->user_id, m->facts.users, user);
    return row < 0 ? PMKT_OK : pmkti_cf_seen_of(m, row, &h->had, err);
}

static bool has(const had_items *h, uint64_t item) {
    if (h->had.n == 0) return false;
    const int64_t number = pmkti_cf_find(h->id, h->items, item);
    int64_t low = 0, high = h->had.n;
    while (number >= 0 && low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (h->had.item[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return number >= 0 && low < h->had.n && h->had.item[low] == number;
}

/* --------------------------------------------------------------------- users */

/* Whether a user's answers come from what is known of them; with answers from elsewhere, their row. */
static bool is_known(const pmkti_cf_evaluating *e, uint64_t user, int64_t *row) {
    *row = 0;
    if (!e->model) {
        const int64_t at = pmkti_cf_find(e->answered, e->n_answered, user);
        if (at >= 0) *row = e->answered_row[at];
        return at >= 0;
    }
    if (!e->o.fold_in) return pmkti_cf_find(e->model->user_id, e->model->facts.users, user) >= 0;
    const pmkt_cf_data *train = e->o.train;
    const int64_t u = pmkti_cf_find(train->user_id, train->users, user);
    for (int64_t i = u < 0 ? 0 : train->item_at[u]; u >= 0 && i < train->item_at[u + 1]; i++) {
        if (pmkti_cf_find(e->item_id, e->items, train->item_id[train->item[i]]) >= 0) return true;
    }
    return false;
}

/* Writes a user's relevant items to e->relevant from `at` on. */
static pmkt_status judge_user(pmkti_cf_evaluating *e, int64_t u, int64_t at, int64_t *n,
                              pmkt_error *err) {
    const pmkt_cf_data *t = e->test;
    had_items had = {0};
    *n = 0;
    if (!e->o.keep_seen) {
        const pmkt_status status = had_of(e, t->user_id[u], &had, err);
        if (status) return status;
    }
    for (int64_t i = t->item_at[u]; i < t->item_at[u + 1]; i++) {
        const uint64_t id = t->item_id[t->item[i]];
        if (!(t->item_weight[i] > 0) || has(&had, id)) continue;
        e->relevant[at + (*n)++] = id;
        e->out->figures.cold_items += pmkti_cf_find(e->item_id, e->items, id) < 0;
    }
    return PMKT_OK;
}

static bool by_group(const void *a, const void *b) {
    const pmkti_cf_judge *x = a, *y = b;
    return x->group != y->group ? x->group < y->group : x->user < y->user;
}

static pmkt_status judge_users(pmkti_cf_evaluating *e, pmkt_error *err) {
    pmkt_cf_figures *figures = &e->out->figures;
    const int32_t *group = e->o.n_groups > 0 ? e->o.group : NULL;
    int64_t at = 0, users = 0;
    for (int64_t u = 0; u < e->test->users; u++) {
        int64_t n, row;
        const pmkt_status status = judge_user(e, u, at, &n, err);
        if (status) return status;
        if (n == 0) {
            figures->nothing_relevant++;
            continue;
        }
        const bool known = is_known(e, e->test->user_id[u], &row);
        figures->unknown += !known;
        if (!known && !(e->model && e->o.fallback == PMKT_CF_POPULAR)) continue;
        e->judge[users++] = (pmkti_cf_judge){group ? group[u] : -1, (int32_t)u, at, n, row};
        at += n;
    }
    e->out->users = users;
    figures->evaluated = users;
    if (group) pmkti_sort(e->judge, (size_t)users, sizeof *e->judge, by_group);
    return PMKT_OK;
}

/* ----------------------------------------------------------------- catalogue */

/* How many users have each item of the catalogue, in e->surprise, and how many users there are. */
static pmkt_status count_owners(pmkti_cf_evaluating *e, int64_t *users, pmkt_error *err) {
    const pmkt_cf_data *train = e->o.train;
    memset(e->surprise, 0, (size_t)e->items * sizeof *e->surprise);
    if (train) {
        *users = train->users;
        for (int64_t i = 0; i < train->items; i++) {
            const int64_t at = pmkti_cf_find(e->item_id, e->items, train->item_id[i]);
            if (at >= 0) e->surprise[at] = (double)(train->user_at[i + 1] - train->user_at[i]);
        }
        return PMKT_OK;
    }
    *users = e->model->facts.has_seen ? e->model->facts.users : 0;
    for (int64_t u = 0; u < *users; u++) {
        pmkti_cf_had had = {0};
        const pmkt_status status = pmkti_cf_seen_of(e->model, u, &had, err);
        if (status) return status;
        for (int64_t i = 0; i < had.n; i++) {
            if (had.item[i] < 0 || had.item[i] >= e->items) {
                return pmkti_fail(err, PMKT_E_CORRUPT, "the model has a number that is no item's");
            }
            e->surprise[had.item[i]]++;
        }
    }
    return PMKT_OK;
}

static pmkt_status know_catalogue(pmkti_cf_evaluating *e, pmkt_error *err) {
    int64_t users = 0;
    if (e->items == 0) return PMKT_OK;
    const pmkt_status status = count_owners(e, &users, err);
    if (status) return status;
    for (int64_t i = 0; i < e->items; i++) {
        const double owners = e->surprise[i] > 0 ? e->surprise[i] : 1;
        e->surprise[i] = users > 0 ? log2((double)users / owners) : NAN;
        e->catalogue += !e->o.allow || pmkti_idset_has(e->o.allow, e->item_id[i]);
        e->met_by[i] = -1;
    }
    return PMKT_OK;
}

/* -------------------------------------------------------------------- memory */

static bool make_figures(pmkti_cf_evaluating *e) {
    pmkt_cf_evaluation *out = e->out;
    const int64_t rows = ((int64_t)e->o.n_groups + 1) * e->o.n_k * PMKT_CF_METRICS_;
    const size_t n = (size_t)rows;
    out->figures.struct_size = sizeof out->figures;
    out->figures.rows = rows;
    out->group = pmkti_alloc(&e->allocator, n, sizeof *out->group);
    out->figure_k = pmkti_alloc(&e->allocator, n, sizeof *out->figure_k);
    out->metric = pmkti_alloc(&e->allocator, n, sizeof *out->metric);
    out->value = pmkti_alloc(&e->allocator, n, sizeof *out->value);
    out->low = pmkti_alloc(&e->allocator, n, sizeof *out->low);
    out->high = pmkti_alloc(&e->allocator, n, sizeof *out->high);
    out->n = pmkti_alloc_zero(&e->allocator, n, sizeof *out->n);
    return out->group && out->figure_k && out->metric && out->value && out->low && out->high &&
           out->n;
}

static bool make_counts(pmkti_cf_evaluating *e) {
    const pmkt_allocator *a = &e->allocator;
    const size_t items = (size_t)e->items, n_k = (size_t)e->o.n_k;
    e->ideal = pmkti_alloc(a, (size_t)e->most + 1, sizeof *e->ideal);
    if (!e->ideal) return false;
    pmkti_cf_ideal(e->ideal, e->most);
    if (items == 0) return true;
    e->surprise = pmkti_alloc(a, items, sizeof *e->surprise);
    e->times = pmkti_alloc_zero(a, 2 * n_k * items, sizeof *e->times);
    e->met_by = pmkti_alloc(a, items, sizeof *e->met_by);
    e->met = pmkti_alloc(a, items, sizeof *e->met);
    e->sorted = pmkti_alloc(a, items, sizeof *e->sorted);
    return e->surprise && e->times && e->met_by && e->met && e->sorted;
}

static bool make_users(pmkti_cf_evaluating *e) {
    pmkt_cf_evaluation *out = e->out;
    const size_t users = (size_t)out->users;
    if (users == 0) return true;
    out->user = pmkti_alloc(&e->allocator, users, sizeof *out->user);
    out->user_value = pmkti_alloc(&e->allocator, (size_t)e->o.n_k * PMKTI_CF_USER_METRICS * users,
                                  sizeof *out->user_value);
    return out->user && out->user_value;
}

pmkt_status pmkti_cf_evaluate_relevant(pmkti_cf_evaluating *e, pmkt_error *err) {
    const size_t users = (size_t)e->test->users, entries = (size_t)e->test->entries;
    if (users > 0) e->judge = pmkti_alloc(&e->allocator, users, sizeof *e->judge);
    if (entries > 0) e->relevant = pmkti_alloc(&e->allocator, entries, sizeof *e->relevant);
    if ((users > 0 && !e->judge) || (entries > 0 && !e->relevant)) {
        return pmkti_no_memory(err, users * sizeof *e->judge + entries * sizeof *e->relevant);
    }
    pmkt_status status = judge_users(e, err);
    if (status) return status;
    if (!make_figures(e) || !make_counts(e) || !make_users(e)) {
        return pmkti_no_memory(err, users * sizeof *e->out->user_value);
    }
    pmkti_cf_evaluate_name(e);
    return know_catalogue(e, err);
}
