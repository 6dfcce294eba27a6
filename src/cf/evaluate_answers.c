/*
 * evaluate_answers.c - pmkt_cf_evaluate_answers: the same of answers that are there.
 */
#include <string.h>

#include "cf/evaluate.h"
#include "cf/find.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/sort.h"
#include "core/sort_ids.h"

#define BLOCK 256 /* users at a time */

typedef struct given {
    const uint64_t *users, *ids;
    const int32_t *counts;
    int64_t n, room;
} given;

typedef struct place {
    uint64_t user;
    int64_t row;
} place;

static bool is_before(const void *a, const void *b) {
    const place *x = a, *y = b;
    return x->user != y->user ? x->user < y->user : x->row < y->row;
}

static pmkt_status bad_row(pmkt_error *err, int64_t row, const char *what) {
    return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, row, "row %lld has %s",
                         (long long)row, what);
}

/* -------------------------------------------------------------------- checks */

static pmkt_status check_call(const given *g, pmkt_error *err) {
    pmkt_status status = pmkti_count_check(g->n, "n", err);
    if (!status) status = pmkti_count_check(g->room, "room", err);
    if (status || g->n == 0) return status;
    if (!g->users) return pmkti_null(err, "users");
    if (!g->counts) return pmkti_null(err, "counts");
    if (!g->ids && g->room > 0) return pmkti_null(err, "ids");
    if (g->room > 0 && g->n > INT64_MAX / 8 / g->room) {
        return pmkti_fail(err, PMKT_E_INVALID, "%lld rows of %lld answers are too many",
                          (long long)g->n, (long long)g->room);
    }
    for (int64_t i = 0; i < g->n; i++) {
        if (g->counts[i] >= 0 && g->counts[i] <= g->room) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "counts of row %lld is %d; it must lie from 0 to room", (long long)i,
                             (int)g->counts[i]);
    }
    return PMKT_OK;
}

static pmkt_status check_items(const given *g, uint64_t *sorted, pmkt_error *err) {
    for (int64_t i = 0; i < g->n; i++) {
        const size_t count = (size_t)g->counts[i];
        if (count == 0) continue;
        memcpy(sorted, g->ids + i * g->room, count * sizeof *sorted);
        pmkti_sort_ids(sorted, count);
        for (size_t k = 0; k < count; k++) {
            if (sorted[k] == PMKT_ID_NONE) return bad_row(err, i, "an item without an id");
            if (k > 0 && sorted[k] == sorted[k - 1]) return bad_row(err, i, "an item twice");
        }
    }
    return PMKT_OK;
}

/* Users ascending, and where each one's row is. */
static pmkt_status sort_users(const given *g, place *places, uint64_t *user, int64_t *row,
                              pmkt_error *err) {
    for (int64_t i = 0; i < g->n; i++) places[i] = (place){g->users[i], i};
    pmkti_sort(places, (size_t)g->n, sizeof *places, is_before);
    for (int64_t i = 0; i < g->n; i++) {
        user[i] = places[i].user;
        row[i] = places[i].row;
        if (user[i] == PMKT_ID_NONE) return bad_row(err, row[i], "a user without an id");
        if (i > 0 && user[i] == user[i - 1]) return bad_row(err, row[i], "a user who came before");
    }
    return PMKT_OK;
}

/* ------------------------------------------------------------------- answers */

/* The answers of a block's users, side by side. */
typedef struct gathered {
    int64_t room;    /* of a row: no more than are looked at */
    uint64_t *ids;   /* [BLOCK * room] */
    int32_t *counts; /* [BLOCK] */
} gathered;

static pmkt_status take_block(pmkti_cf_evaluating *e, const given *g, const gathered *b,
                              int64_t first, pmkt_error *err) {
    const int64_t left = e->out->users - first, n = left < BLOCK ? left : BLOCK;
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = e->judge[first + i].row;
        b->counts[i] = g->counts[row] < b->room ? g->counts[row] : (int32_t)b->room;
        if (b->counts[i] == 0) continue;
        memcpy(b->ids + i * b->room, g->ids + row * g->room, (size_t)b->counts[i] * sizeof *b->ids);
    }
    return pmkti_cf_evaluate_take(e, first, n, b->ids, b->counts, b->room, err);
}

static pmkt_status take_all(pmkti_cf_evaluating *e, const given *g, pmkt_error *err) {
    gathered b = {.room = g->room < e->most ? g->room : e->most};
    const size_t cells = b.room > 0 ? BLOCK * (size_t)b.room : 1;
    b.ids = pmkti_alloc(&e->allocator, cells, sizeof *b.ids);
    b.counts = pmkti_alloc(&e->allocator, BLOCK, sizeof *b.counts);
    pmkt_status status = PMKT_OK;
    if (!b.ids || !b.counts) status = pmkti_no_memory(err, cells * sizeof *b.ids);
    for (int64_t first = 0; first < e->out->users && !status; first += BLOCK) {
        const double done = 0.8 * (double)first / (double)e->out->users;
        if (pmkti_canceled(&e->run, done, "metrics")) {
            status = pmkti_stopped(err, PMKT_E_CANCELED);
        } else {
            status = take_block(e, g, &b, first, err);
        }
    }
    pmkti_free(&e->allocator, b.ids, cells, sizeof *b.ids);
    pmkti_free(&e->allocator, b.counts, BLOCK, sizeof *b.counts);
    return status;
}

static pmkt_status evaluate(pmkti_cf_evaluating *e, const given *g, pmkt_error *err) {
    const size_t n = (size_t)g->n, room = (size_t)g->room;
    if (!e->o.train) return pmkti_null(err, "options.train");
    e->item_id = e->o.train->item_id;
    e->items = e->o.train->items;
    uint64_t *user = n > 0 ? pmkti_alloc(&e->allocator, n, sizeof *user) : NULL;
    int64_t *row = n > 0 ? pmkti_alloc(&e->allocator, n, sizeof *row) : NULL;
    place *places = n > 0 ? pmkti_alloc(&e->allocator, n, sizeof *places) : NULL;
    uint64_t *sorted = room > 0 ? pmkti_alloc(&e->allocator, room, sizeof *sorted) : NULL;
    pmkt_status status = PMKT_OK;
    if ((n > 0 && (!user || !row || !places)) || (room > 0 && !sorted)) {
        status = pmkti_no_memory(err, n * sizeof *places + room * sizeof *sorted);
    }
    if (!status) status = check_items(g, sorted, err);
    if (!status) status = sort_users(g, places, user, row, err);
    e->answered = user, e->answered_row = row, e->n_answered = g->n;
    if (!status) status = pmkti_cf_evaluate_relevant(e, err);
    if (!status) status = take_all(e, g, err);
    if (!status) status = pmkti_cf_evaluate_finish(e, err);
    pmkti_free(&e->allocator, user, n, sizeof *user);
    pmkti_free(&e->allocator, row, n, sizeof *row);
    pmkti_free(&e->allocator, places, n, sizeof *places);
    pmkti_free(&e->allocator, sorted, room, sizeof *sorted);
    return status;
}

pmkt_status pmkt_cf_evaluate_answers(const uint64_t *users, int64_t n, const uint64_t *ids,
                                     const int32_t *counts, int64_t room, const pmkt_cf_data *test,
                                     const pmkt_cf_evaluate_options *options, const pmkt_run *run,
                                     pmkt_cf_evaluation **evaluation, pmkt_error *err) {
    if (!evaluation) return pmkti_null(err, "evaluation");
    const given g = {users, ids, counts, n, room};
    pmkt_status status = check_call(&g, err);
    if (status) return status;
    pmkti_cf_evaluating e;
    status = pmkti_cf_evaluate_begin(&e, test, options, run, err);
    if (!status) status = evaluate(&e, &g, err);
    pmkti_cf_evaluate_end(&e, status != PMKT_OK);
    if (!status) *evaluation = e.out;
    return status;
}
