/*
 * rank.c - pmkt_cf_rank: given items in the order in which a user would like them.
 */
#include <math.h>

#include "cf/find.h"
#include "cf/heap.h"
#include "cf/knn.h"
#include "cf/question.h"
#include "cf/topk.h"
#include "core/error.h"
#include "core/sort.h"
#include "core/structs.h"

typedef struct ranking {
    const pmkt_cf *model;
    const uint64_t *users;
    int64_t n;
    const int64_t *at;
    const uint64_t *items;
    pmkt_cf_answer answer;
} ranking;

static bool comes_first(const void *a, const void *b) {
    return pmkti_cf_before(*(const pmkti_cf_ranked *)a, *(const pmkti_cf_ranked *)b);
}

/* The known ones among a row's items, ascending, each once. */
static int64_t find_given(const ranking *r, int64_t row, int32_t *given) {
    int64_t n = 0, each = 0;
    for (int64_t e = r->at[row]; e < r->at[row + 1]; e++) {
        const int64_t item = pmkti_cf_find(r->model->item_id, r->model->facts.items, r->items[e]);
        if (item >= 0) given[n++] = (int32_t)item;
    }
    pmkti_cf_sort_numbers(given, n);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || given[i] != given[i - 1]) given[each++] = given[i];
    }
    return each;
}

/* Their scores for a user, by the kind of the model. */
static pmkt_status score(const pmkt_cf *m, int64_t user, const int32_t *given, int64_t n,
                         pmkt_cf_scratch *scratch, float *scores, pmkt_error *err) {
    const int32_t d = m->facts.factors;
    if (m->facts.kind == PMKT_CF_KNN) {
        pmkti_cf_had had = {0};
        const pmkt_status status = pmkti_cf_seen_of(m, user, &had, err);
        if (status) return status;
        return pmkti_cf_knn_rank(m, had.item, had.weight, had.n, given, n, scratch, scores, err);
    }
    for (int64_t i = 0; i < n; i++) {
        scores[i] = m->facts.kind == PMKT_CF_ALS
                        ? pmkti_cf_score(m->user_factors + user * d,
                                         m->item_factors + (int64_t)given[i] * d, d, false)
                        : m->popularity[given[i]];
    }
    return PMKT_OK;
}

static uint8_t reason_of(const pmkt_cf *m, int64_t user) {
    const int32_t d = m->facts.factors;
    if (user < 0) return PMKT_CF_UNKNOWN;
    const bool zero = m->user_factors && pmkti_cf_is_zero(m->user_factors + user * d, d);
    return zero ? PMKT_CF_NO_FACTORS : PMKT_CF_ANSWERED;
}

static void write_row(const ranking *r, int64_t row, const pmkti_cf_ranked *best, int64_t n) {
    const int64_t from = r->at[row], room = r->at[row + 1] - from;
    for (int64_t i = 0; i < room; i++) {
        r->answer.ids[from + i] = i < n ? r->model->item_id[best[i].number] : PMKT_ID_NONE;
        if (r->answer.scores) r->answer.scores[from + i] = i < n ? best[i].score : NAN;
    }
    r->answer.counts[row] = (int32_t)n;
}

static pmkt_status rank_row(void *ctx, int64_t row, pmkt_cf_scratch *scratch, pmkt_error *err) {
    const ranking *r = ctx;
    const pmkt_cf *m = r->model;
    const size_t room = (size_t)(r->at[row + 1] - r->at[row]);
    const int64_t user = pmkti_cf_find(m->user_id, m->facts.users, r->users[row]);
    const uint8_t reason = reason_of(m, user);
    if (r->answer.reasons) r->answer.reasons[row] = reason;
    if (room == 0 || reason != PMKT_CF_ANSWERED) {
        write_row(r, row, NULL, 0);
        return PMKT_OK;
    }
    const size_t each = sizeof(pmkti_cf_ranked) + sizeof(int32_t) + sizeof(float);
    pmkti_cf_ranked *best = pmkti_cf_scratch_take(scratch, PMKTI_CF_RANK_ROW, room, each);
    if (!best) return pmkti_no_memory(err, room * each);
    int32_t *given = (int32_t *)(void *)(best + room);
    float *scores = (float *)(void *)(given + room);
    const int64_t n = find_given(r, row, given);
    const pmkt_status status = score(m, user, given, n, scratch, scores, err);
    if (status) return status;
    for (int64_t i = 0; i < n; i++) best[i] = (pmkti_cf_ranked){scores[i], given[i]};
    pmkti_sort(best, (size_t)n, sizeof *best, comes_first);
    write_row(r, row, best, n);
    return PMKT_OK;
}

static pmkt_status check(const ranking *r, pmkt_error *err) {
    const pmkt_cf *m = r->model;
    if (r->answer.reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "answer.reserved is not 0");
    if (r->n > 0 && !r->users) return pmkti_null(err, "users");
    pmkt_status status = pmkti_cf_offsets_check(r->at, r->items, r->n, "items", err);
    if (status || r->n == 0) return status;
    if (r->at[r->n] > 0 && !r->answer.ids) return pmkti_null(err, "answer.ids");
    if (!r->answer.counts) return pmkti_null(err, "answer.counts");
    for (int64_t i = 0; i < r->n; i++) {
        if (r->at[i + 1] - r->at[i] > INT32_MAX) {
            return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                                 "row %lld has more than 2^31 - 1 items", (long long)i);
        }
    }
    if (m->facts.kind == PMKT_CF_KNN && !m->facts.has_seen) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                          "a kNN model that does not know who had what cannot rank for users");
    }
    return PMKT_OK;
}

pmkt_status pmkt_cf_rank(const pmkt_cf *model, const uint64_t *users, int64_t n, const int64_t *at,
                         const uint64_t *items, pmkt_cf_scratch *scratch, const pmkt_run *run,
                         const pmkt_cf_answer *answer, pmkt_error *err) {
    ranking r = {.model = model,
                 .users = users,
                 .n = n,
                 .at = at,
                 .items = items,
                 .answer = PMKT_CF_ANSWER_INIT};
    if (!model) return pmkti_null(err, "model");
    if (!answer) return pmkti_null(err, "answer");
    pmkti_run checked;
    pmkt_status status = pmkti_count_check(n, "n", err);
    if (!status) {
        status =
            pmkti_struct_in(&r.answer, sizeof r.answer, answer, sizeof r.answer, "answer", err);
    }
    if (!status) status = check(&r, err);
    if (!status) status = pmkti_run_check(run, n <= 1 ? 0 : at[n] + n, &checked, err);
    if (status || n == 0) return status;
    pmkt_cf_scratch own;
    pmkti_cf_scratch_init(&own, &model->allocator);
    status = pmkti_cf_each_row(n, rank_row, &r, scratch ? scratch : &own, &model->allocator,
                               &checked, "ranking", err);
    pmkti_cf_scratch_clear(&own);
    return status;
}
