/*
 * evaluate.c - pmkt_cf_evaluate: asks the model, through the calls that everybody uses, for one block of
 * users after another.
 */
#include "cf/evaluate.h"

#include "cf/find.h"
#include "core/alloc.h"
#include "core/error.h"

#define ANSWERS (1 << 20) /* of a block, at most (if it is more than one user) */
#define BLOCK 4096        /* users of a block, at most */
#define ANSWERED 0.8      /* of the call's progress */

/* The users of a block, and what they had. */
typedef struct asked {
    int64_t room, items_room;
    uint64_t *user;  /* [room] */
    int64_t *at;     /* [room + 1] */
    uint64_t *item;  /* [items_room] */
    float *weight;   /* [items_room] */
    uint64_t *ids;   /* [room * most] */
    int32_t *counts; /* [room] */
} asked;

static int64_t had_by(const pmkti_cf_evaluating *e, int64_t i, int64_t *row) {
    const pmkt_cf_data *train = e->o.train;
    *row = pmkti_cf_find(train->user_id, train->users, e->test->user_id[e->judge[i].user]);
    return *row < 0 ? 0 : train->item_at[*row + 1] - train->item_at[*row];
}

/* The most items that the users of any block had. */
static int64_t most_had(const pmkti_cf_evaluating *e, int64_t room) {
    int64_t most = 0, n = 0, row;
    for (int64_t i = 0; i < e->out->users && e->o.train; i++) {
        if (i % room == 0) n = 0;
        n += had_by(e, i, &row);
        most = n > most ? n : most;
    }
    return most;
}

static void clear(const pmkti_cf_evaluating *e, asked *a) {
    const size_t room = (size_t)a->room, items = (size_t)a->items_room;
    pmkti_free(&e->allocator, a->user, room, sizeof *a->user);
    pmkti_free(&e->allocator, a->at, room + 1, sizeof *a->at);
    pmkti_free(&e->allocator, a->item, items, sizeof *a->item);
    pmkti_free(&e->allocator, a->weight, items, sizeof *a->weight);
    pmkti_free(&e->allocator, a->ids, room * (size_t)e->most, sizeof *a->ids);
    pmkti_free(&e->allocator, a->counts, room, sizeof *a->counts);
}

static pmkt_status make(const pmkti_cf_evaluating *e, asked *a, pmkt_error *err) {
    a->room = ANSWERS / e->most < BLOCK ? ANSWERS / e->most : BLOCK;
    if (a->room > e->out->users) a->room = e->out->users;
    const int64_t had = most_had(e, a->room);
    a->items_room = had > 0 ? had : 1;
    const size_t room = (size_t)a->room, items = (size_t)a->items_room;
    a->user = pmkti_alloc(&e->allocator, room, sizeof *a->user);
    a->at = pmkti_alloc(&e->allocator, room + 1, sizeof *a->at);
    a->item = pmkti_alloc(&e->allocator, items, sizeof *a->item);
    a->weight = pmkti_alloc(&e->allocator, items, sizeof *a->weight);
    a->ids = pmkti_alloc(&e->allocator, room * (size_t)e->most, sizeof *a->ids);
    a->counts = pmkti_alloc(&e->allocator, room, sizeof *a->counts);
    if (a->user && a->at && a->item && a->weight && a->ids && a->counts) return PMKT_OK;
    clear(e, a);
    return pmkti_no_memory(err, room * (size_t)e->most * sizeof *a->ids);
}

/* Who they are, and what they had in `train`. */
static void list(const pmkti_cf_evaluating *e, int64_t first, int64_t n, asked *a) {
    const pmkt_cf_data *train = e->o.train;
    a->at[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        a->user[i] = e->test->user_id[e->judge[first + i].user];
        int64_t row = -1, had = train ? had_by(e, first + i, &row) : 0;
        a->at[i + 1] = a->at[i] + had;
        for (int64_t k = 0; k < had; k++) {
            const int64_t from = train->item_at[row] + k;
            a->item[a->at[i] + k] = train->item_id[train->item[from]];
            a->weight[a->at[i] + k] = train->item_weight[from];
        }
    }
}

static pmkt_status ask(const pmkti_cf_evaluating *e, int64_t n, const asked *a, const pmkt_run *run,
                       pmkt_error *err) {
    pmkt_cf_query query = PMKT_CF_QUERY_INIT;
    query.k = e->most;
    query.keep_seen = e->o.keep_seen;
    query.fallback = e->o.fallback;
    query.allow = e->o.allow;
    pmkt_cf_answer answer = PMKT_CF_ANSWER_INIT;
    answer.ids = a->ids;
    answer.counts = a->counts;
    if (e->o.fold_in) {
        pmkt_cf_history history = PMKT_CF_HISTORY_INIT;
        history.rows = n;
        history.at = a->at;
        history.items = a->item;
        history.weights = a->weight;
        return pmkt_cf_recommend_history(e->model, &history, &query, run, &answer, err);
    }
    if (e->o.train && !e->o.keep_seen) {
        query.keep_seen = 1; /* `train` says what they had, whatever the model knows */
        query.exclude_at = a->at;
        query.exclude = a->item;
    }
    return pmkt_cf_recommend(e->model, a->user, n, &query, run, &answer, err);
}

static pmkt_status ask_all(pmkti_cf_evaluating *e, asked *a, pmkt_error *err) {
    const int64_t users = e->out->users;
    pmkt_status status = PMKT_OK;
    for (int64_t first = 0; first < users && !status; first += a->room) {
        const int64_t n = users - first < a->room ? users - first : a->room;
        pmkti_share share = {e->run.progress, ANSWERED * (double)first / (double)users,
                             ANSWERED * (double)(first + n) / (double)users};
        const pmkt_run run = {sizeof run, e->run.threads, pmkti_share_progress(&share)};
        list(e, first, n, a);
        status = ask(e, n, a, &run, err);
        if (!status) status = pmkti_cf_evaluate_take(e, first, n, a->ids, a->counts, e->most, err);
    }
    return status;
}

static pmkt_status check(const pmkti_cf_evaluating *e, pmkt_error *err) {
    if (e->o.fold_in && !e->o.train) return pmkti_null(err, "options.train, with fold_in,");
    if (!e->o.train && !e->o.keep_seen && !e->model->facts.has_seen) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                          "the model does not know who had what; set options.train or keep_seen");
    }
    return PMKT_OK;
}

static pmkt_status evaluate(pmkti_cf_evaluating *e, pmkt_error *err) {
    e->item_id = e->model->item_id;
    e->items = e->model->facts.items;
    pmkt_status status = check(e, err);
    if (!status && pmkti_canceled(&e->run, 0, "answers")) {
        status = pmkti_stopped(err, PMKT_E_CANCELED);
    }
    if (!status) status = pmkti_cf_evaluate_relevant(e, err);
    if (!status && e->out->users > 0) {
        asked a = {0};
        status = make(e, &a, err);
        if (status) return status;
        status = ask_all(e, &a, err);
        clear(e, &a);
    }
    return status ? status : pmkti_cf_evaluate_finish(e, err);
}

pmkt_status pmkt_cf_evaluate(const pmkt_cf *model, const pmkt_cf_data *test,
                             const pmkt_cf_evaluate_options *options, const pmkt_run *run,
                             pmkt_cf_evaluation **evaluation, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!evaluation) return pmkti_null(err, "evaluation");
    pmkti_cf_evaluating e;
    pmkt_status status = pmkti_cf_evaluate_begin(&e, test, options, run, err);
    if (!status) {
        e.model = model;
        status = evaluate(&e, err);
    }
    pmkti_cf_evaluate_end(&e, status != PMKT_OK);
    if (!status) *evaluation = e.out;
    return status;
}
