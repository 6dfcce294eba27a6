/*
 * rank.c - given items in a user's order.
 */
#include <math.h>
#include <string.h>

#include "cf/find.h"
#include "cf/knn.h"
#include "cf/question.h"
#include "cf/topk.h"
#include "core/error.h"
#include "core/sort_ids.h"
#include "core/structs.h"

/* A question of lists; its first part is what the rows' functions get. */
typedef struct ranking {
    pmkti_cf_question q;
    const uint64_t *users, *items;
    const int64_t *at;
} ranking;

/* Memory of a row. */
typedef struct row_of {
    uint64_t *key;
    int32_t *number; /* ascending, each once */
    float *score;
    int64_t n;
} row_of;

static pmkt_status find_items(const ranking *r, int64_t row, pmkt_cf_scratch *scratch, row_of *out,
                              pmkt_error *err) {
    const int64_t from = r->at[row], to = r->at[row + 1];
    const size_t room = (size_t)(to - from);
    const size_t each = sizeof *out->key + sizeof *out->number + sizeof *out->score;
    out->key = pmkti_cf_scratch_take(scratch, PMKTI_CF_RANK_ROW, room, each);
    if (!out->key) return pmkti_no_memory(err, room * each);
    out->number = (int32_t *)(void *)(out->key + room);
    out->score = (float *)(void *)(out->number + room);
    size_t n = 0;
    for (int64_t e = from; e < to; e++) {
        const int64_t number = pmkti_cf_find(r->q.filter.id, r->q.filter.n, r->items[e]);
        if (number >= 0) out->key[n++] = (uint64_t)number;
    }
    pmkti_sort_ids(out->key, n);
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && out->key[i] == out->key[i - 1]) continue;
        out->number[out->n++] = (int32_t)out->key[i];
    }
    return PMKT_OK;
}

static pmkt_status score_items(const ranking *r, int64_t user, pmkt_cf_scratch *scratch,
                               row_of *row, pmkt_error *err) {
    const pmkt_cf *m = r->q.model;
    const int64_t d = m->facts.factors;
    if (m->facts.kind == PMKT_CF_KNN) {
        pmkti_cf_had had;
        const pmkt_status status = pmkti_cf_seen_of(m, user, &had, err);
        if (status) return status;
        return pmkti_cf_knn_rank(m, had.item, had.weight, had.n, row->number, row->n, scratch,
                                 row->score, err);
    }
    for (int64_t i = 0; i < row->n; i++) {
        const int64_t item = row->number[i];
        row->score[i] = m->facts.kind == PMKT_CF_ALS
                            ? pmkti_cf_score(m->user_factors + user * d, m->item_factors + item * d,
                                             (int32_t)d, false)
                            : m->popularity[item];
    }
    return PMKT_OK;
}

/* A word for a score, the higher the earlier. */
static uint32_t falling(float score) {
    uint32_t bits;
    score += 0.0f; /* no -0, which is as good as 0 */
    memcpy(&bits, &score, sizeof bits);
    return bits >> 31 ? bits : ~(bits | UINT32_C(1) << 31);
}

static float score_of(uint32_t word) {
    float score;
    const uint32_t bits = word >> 31 ? word : ~word & UINT32_MAX >> 1;
    memcpy(&score, &bits, sizeof score);
    return score;
}

/* Scores that are NaN, of a damaged file, are left out. */
static int64_t sort_items(row_of *row) {
    size_t n = 0;
    for (int64_t i = 0; i < row->n; i++) {
        if (isnan(row->score[i])) continue;
        row->key[n++] = (uint64_t)falling(row->score[i]) << 32 | (uint32_t)row->number[i];
    }
    pmkti_sort_ids(row->key, n);
    return (int64_t)n;
}

static pmkt_status rank_row(const pmkti_cf_question *q, int64_t i, pmkt_cf_scratch *scratch,
                            pmkt_error *err) {
    const ranking *r = (const ranking *)(const void *)q;
    const pmkt_cf *m = q->model;
    const int64_t from = r->at[i], room = r->at[i + 1] - from, d = m->facts.factors;
    const int64_t user = pmkti_cf_find(m->user_id, m->facts.users, r->users[i]);
    uint8_t reason = user < 0 ? PMKT_CF_UNKNOWN : PMKT_CF_ANSWERED;
    if (user >= 0 && m->user_factors && pmkti_cf_is_zero(m->user_factors + user * d, (int32_t)d)) {
        reason = PMKT_CF_NO_FACTORS;
    }
    int64_t n = 0;
    row_of row = {NULL, NULL, NULL, 0};
    if (reason == PMKT_CF_ANSWERED && room > 0) {
        pmkt_status status = find_items(r, i, scratch, &row, err);
        if (!status) status = score_items(r, user, scratch, &row, err);
        if (status) return status;
        n = sort_items(&row);
    }
    for (int64_t j = 0; j < room; j++) {
        const bool is_there = j < n;
        q->answer.ids[from + j] =
            is_there ? m->item_id[(uint32_t)row.key[j]] : (uint64_t)PMKT_ID_NONE;
        if (q->answer.scores) {
            q->answer.scores[from + j] = is_there ? score_of((uint32_t)(row.key[j] >> 32)) : NAN;
        }
    }
    q->answer.counts[i] = (int32_t)n;
    if (q->answer.reasons) q->answer.reasons[i] = reason;
    return PMKT_OK;
}

static pmkt_status check(const ranking *r, const pmkt_cf *model, int64_t n, pmkt_error *err) {
    if (n > 0 && !r->users) return pmkti_null(err, "users");
    const pmkt_status status = pmkti_cf_offsets_check(r->at, r->items, n, "items", err);
    if (status) return status;
    if (n > 0 && r->at[n] > 0 && !r->q.answer.ids) return pmkti_null(err, "answer.ids");
    if (n > 0 && !r->q.answer.counts) return pmkti_null(err, "answer.counts");
    if (model->facts.kind != PMKT_CF_KNN || model->facts.has_seen) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                      "a kNN model that does not know who had what cannot rank for users");
}

pmkt_status pmkt_cf_rank(const pmkt_cf *model, const uint64_t *users, int64_t n, const int64_t *at,
                         const uint64_t *items, pmkt_cf_scratch *scratch, const pmkt_run *run,
                         const pmkt_cf_answer *answer, pmkt_error *err) {
    ranking r;
    memset(&r, 0, sizeof r);
    if (!model) return pmkti_null(err, "model");
    if (!answer) return pmkti_null(err, "answer");
    pmkt_cf_answer mine = PMKT_CF_ANSWER_INIT;
    r.users = users, r.items = items, r.at = at;
    pmkt_status status = pmkti_count_check(n, "n", err);
    if (!status) status = pmkti_struct_in(&mine, sizeof mine, answer, sizeof mine, "answer", err);
    r.q.answer = mine;
    if (!status) status = check(&r, model, n, err);
    if (!status) status = pmkti_cf_question_bare(&r.q, model, false, n, scratch, run, err);
    if (status) return status;
    r.q.answer = mine;
    status = pmkti_cf_question_each(&r.q, rank_row, err);
    pmkti_cf_question_end(&r.q);
    return status;
}
