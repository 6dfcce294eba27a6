#include "cf/question.h"

#include <math.h>
#include <string.h>

#include "cf/find.h"
#include "cf/popular.h"
#include "cf/topk.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/sort.h"
#include "core/structs.h"

/* ------------------------------------------------------------------- checks */

static pmkt_status check_query(pmkti_cf_question *q, bool users, pmkt_error *err) {
    const pmkt_cf_query *query = &q->query;
    const pmkt_cf *model = q->model;
    if (query->k < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "query.k is %d; it must be positive", (int)query->k);
    }
    q->k = query->k ? query->k : 10;
    if (q->rows > INT64_MAX / (int64_t)sizeof(uint64_t) / q->k) {
        return pmkti_fail(err, PMKT_E_INVALID, "%lld rows of %lld answers are too many",
                          (long long)q->rows, (long long)q->k);
    }
    if (query->fallback != PMKT_CF_NOTHING && query->fallback != PMKT_CF_POPULAR) {
        return pmkti_fail(err, PMKT_E_INVALID, "query.fallback is %d, which is none",
                          (int)query->fallback);
    }
    if (query->has_min_score && isnan(query->min_score)) {
        return pmkti_fail(err, PMKT_E_INVALID, "query.min_score is not a number");
    }
    if (query->category != PMKT_ID_NONE &&
        (users || (!model->category && model->facts.items > 0))) {
        return pmkti_fail(
            err, PMKT_E_UNSUPPORTED,
            users ? "users have no category" : "the model was made without categories of items");
    }
    if (!query->exclude_at) {
        return query->exclude ? pmkti_null(err, "query.exclude_at") : PMKT_OK;
    }
    return pmkti_cf_offsets_check(query->exclude_at, query->exclude, q->rows, "query.exclude", err);
}

static pmkt_status check_answer(const pmkti_cf_question *q, pmkt_error *err) {
    if (q->answer.reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "answer.reserved is not 0");
    if (q->rows == 0) return PMKT_OK;
    if (!q->answer.ids) return pmkti_null(err, "answer.ids");
    if (!q->answer.counts) return pmkti_null(err, "answer.counts");
    return PMKT_OK;
}

pmkt_status pmkti_cf_offsets_check(const int64_t *at, const void *list, int64_t n, const char *name,
                                   pmkt_error *err) {
    if (!at) {
        return n == 0 ? PMKT_OK
                      : pmkti_fail(err, PMKT_E_INVALID, "%s has no offsets for its rows", name);
    }
    int64_t before = 0;
    for (int64_t i = 0; i <= n; i++) {
        if (at[i] < before || (i == 0 && at[0] != 0)) {
            return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                                 "the offsets of %s must ascend from 0; number %lld is %lld", name,
                                 (long long)i, (long long)at[i]);
        }
        before = at[i];
    }
    if (before > 0 && !list) {
        return pmkti_fail(err, PMKT_E_INVALID, "%s is NULL, but its offsets are not 0", name);
    }
    return PMKT_OK;
}

/* ------------------------------------------------------- beginning and end */

static pmkt_status make_room(pmkti_cf_question *q, pmkt_error *err) {
    const size_t n = (size_t)q->rows;
    if (q->rows <= 1) {
        q->asker = &q->one_asker;
        q->without = &q->one_without;
        return PMKT_OK;
    }
    const pmkt_allocator *allocator = &q->model->allocator;
    q->asker = pmkti_alloc_zero(allocator, n, sizeof *q->asker);
    q->without = pmkti_alloc_zero(allocator, n, sizeof *q->without);
    if (q->asker && q->without) return PMKT_OK;
    pmkti_cf_question_end(q);
    return pmkti_no_memory(err, n * (sizeof *q->asker + sizeof *q->without));
}

static void set_filter(pmkti_cf_question *q, bool users) {
    const pmkt_cf *m = q->model;
    q->filter = (pmkti_cf_filter){.id = users ? m->user_id : m->item_id,
                                  .n = users ? m->facts.users : m->facts.items,
                                  .allow = q->query.allow,
                                  .deny = q->query.deny,
                                  .category = users ? NULL : m->category,
                                  .wanted = q->query.category,
                                  .has_min_score = q->query.has_min_score != 0,
                                  .min_score = q->query.min_score};
}

/* A measure of the work, by which one row never starts a thread. */
static int64_t work_of(const pmkti_cf_question *q) {
    if (q->rows <= 1) return 0;
    const int64_t each = 1 + q->filter.n * (1 + q->model->facts.factors / 8);
    return q->rows > INT64_MAX / each ? INT64_MAX : q->rows * each;
}

pmkt_status pmkti_cf_question_begin(pmkti_cf_question *q, const pmkt_cf *model, bool users,
                                    int64_t rows, const pmkt_cf_query *query, const pmkt_run *run,
                                    const pmkt_cf_answer *answer, pmkt_error *err) {
    memset(q, 0, sizeof *q);
    const pmkt_cf_query defaults = PMKT_CF_QUERY_INIT;
    q->query = defaults;
    q->model = model;
    q->rows = rows;
    if (!model) return pmkti_null(err, "model");
    if (!answer) return pmkti_null(err, "answer");
    pmkt_status status = pmkti_count_check(rows, "n", err);
    if (!status) {
        status = pmkti_struct_in(&q->query, sizeof q->query, query, sizeof q->query, "query", err);
    }
    if (!status) {
        status =
            pmkti_struct_in(&q->answer, sizeof q->answer, answer, sizeof q->answer, "answer", err);
    }
    if (!status) status = check_query(q, users, err);
    if (!status) status = check_answer(q, err);
    if (status) return status;
    set_filter(q, users);
    status = pmkti_run_check(run, work_of(q), &q->run, err);
    if (status) return status;
    pmkti_cf_scratch_init(&q->own, &model->allocator);
    q->scratch = q->query.scratch ? q->query.scratch : &q->own;
    return make_room(q, err);
}

void pmkti_cf_question_end(pmkti_cf_question *q) {
    const pmkt_allocator *allocator = &q->model->allocator;
    pmkti_cf_scratch_clear(&q->own);
    if (q->rows <= 1) return;
    pmkti_free(allocator, q->asker, (size_t)q->rows, sizeof *q->asker);
    pmkti_free(allocator, q->without, (size_t)q->rows, sizeof *q->without);
    pmkti_free(allocator, q->excluded, (size_t)q->n_excluded, sizeof *q->excluded);
}

/* --------------------------------------------------------------------- rows */

static bool is_less(const void *a, const void *b) {
    return *(const int32_t *)a < *(const int32_t *)b;
}

void pmkti_cf_sort_numbers(int32_t *numbers, int64_t n) {
    pmkti_sort(numbers, (size_t)n, sizeof *numbers, is_less);
}

pmkt_status pmkti_cf_question_exclude(pmkti_cf_question *q, pmkt_error *err) {
    const int64_t *at = q->query.exclude_at;
    const int64_t n = at ? at[q->rows] : 0;
    if (n == 0) return PMKT_OK;
    const size_t bytes = (size_t)n * sizeof *q->excluded;
    if (q->rows == 1) {
        q->excluded =
            pmkti_cf_scratch_take(q->scratch, PMKTI_CF_EXCLUDED, (size_t)n, sizeof *q->excluded);
    } else {
        q->excluded = pmkti_alloc(&q->model->allocator, (size_t)n, sizeof *q->excluded);
    }
    if (!q->excluded) return pmkti_no_memory(err, bytes);
    q->n_excluded = n;
    int64_t used = 0;
    for (int64_t i = 0; i < q->rows; i++) {
        const int64_t begin = used;
        for (int64_t e = at[i]; e < at[i + 1]; e++) {
            const int64_t number = pmkti_cf_find(q->filter.id, q->filter.n, q->query.exclude[e]);
            if (number >= 0) q->excluded[used++] = (int32_t)number;
        }
        pmkti_cf_sort_numbers(q->excluded + begin, used - begin);
        q->without[i].excluded = q->excluded + begin;
        q->without[i].n_excluded = used - begin;
    }
    return PMKT_OK;
}

pmkt_status pmkti_cf_seen_of(const pmkt_cf *model, int64_t user, pmkti_cf_had *had,
                             pmkt_error *err) {
    const int64_t from = model->seen_at[user], to = model->seen_at[user + 1];
    if (from < 0 || from > to || to > model->n_seen) {
        return pmkti_fail(err, PMKT_E_CORRUPT, "the model's list of who had what makes no sense");
    }
    had->item = from < to ? model->seen + from : NULL;
    had->weight = from < to && model->seen_weight ? model->seen_weight + from : NULL;
    had->n = to - from;
    return PMKT_OK;
}

bool pmkti_cf_is_zero(const float *vector, int32_t d) {
    for (int32_t j = 0; j < d; j++) {
        if (vector[j] != 0) return false;
    }
    return true;
}

uint64_t *pmkti_cf_question_ids(const pmkti_cf_question *q, int64_t row) {
    return q->answer.ids + row * q->k;
}

float *pmkti_cf_question_scores(const pmkti_cf_question *q, int64_t row) {
    return q->answer.scores ? q->answer.scores + row * q->k : NULL;
}

/* ------------------------------------------------------------------ answers */

static pmkt_status vectors_of_many(pmkti_cf_question *q, const pmkti_cf_topk *topk,
                                   const float *vectors, pmkt_error *err) {
    const pmkt_allocator *allocator = &q->model->allocator;
    int64_t *row = pmkti_alloc(allocator, (size_t)q->rows, sizeof *row);
    if (!row) return pmkti_no_memory(err, (size_t)q->rows * sizeof *row);
    for (int64_t i = 0; i < q->rows; i++) row[i] = q->asker[i].number;
    const pmkt_status status =
        pmkti_cf_topk_many(topk, vectors, row, q->without, q->rows, allocator, &q->run,
                           q->answer.ids, q->answer.scores, q->answer.counts, err);
    pmkti_free(allocator, row, (size_t)q->rows, sizeof *row);
    return status;
}

pmkt_status pmkti_cf_question_by_vector(pmkti_cf_question *q, const float *vectors,
                                        const float *candidates, bool cosine, pmkt_error *err) {
    const pmkt_cf *m = q->model;
    const bool of_items = candidates == m->item_factors;
    const pmkti_cf_topk topk = {.vectors = candidates,
                                .n = q->filter.n,
                                .d = m->facts.factors,
                                .cosine = cosine,
                                .index = of_items && m->index.n > 0 ? &m->index : NULL,
                                .filter = &q->filter,
                                .k = q->k};
    if (q->rows > 1) return vectors_of_many(q, &topk, vectors, err);
    if (q->rows == 0 || q->asker->number < 0) return PMKT_OK; /* padded by _fall_back */
    return pmkti_cf_topk_one(&topk, vectors + q->asker->number * topk.d, q->without, q->scratch,
                             q->answer.ids, q->answer.scores, q->answer.counts, err);
}

pmkt_status pmkti_cf_question_each(pmkti_cf_question *q, pmkti_cf_row_fn fn, pmkt_error *err) {
    return pmkti_cf_each_row(q->rows, fn, q, q->scratch, &q->model->allocator, &q->run, "answering",
                             err);
}

/* ----------------------------------------------------------------- fallback */

static pmkt_status fall_back_row(void *ctx, int64_t row, pmkt_cf_scratch *scratch,
                                 pmkt_error *err) {
    const pmkti_cf_question *q = ctx;
    (void)scratch;
    if (q->asker[row].number >= 0) return PMKT_OK;
    uint64_t *ids = pmkti_cf_question_ids(q, row);
    float *scores = pmkti_cf_question_scores(q, row);
    if (q->asker[row].reason == PMKT_CF_FELL_BACK) {
        pmkti_cf_filter filter = q->filter;
        filter.has_min_score = false;
        return pmkti_cf_popular(q->model, &filter, &q->without[row], q->k, ids, scores,
                                &q->answer.counts[row], err);
    }
    for (int64_t j = 0; j < q->k; j++) {
        ids[j] = PMKT_ID_NONE;
        if (scores) scores[j] = NAN;
    }
    q->answer.counts[row] = 0;
    return PMKT_OK;
}

pmkt_status pmkti_cf_question_fall_back(pmkti_cf_question *q, pmkt_error *err) {
    bool any = false;
    for (int64_t i = 0; i < q->rows; i++) {
        if (q->asker[i].number >= 0) continue;
        any = true;
        if (q->query.fallback == PMKT_CF_POPULAR) q->asker[i].reason = PMKT_CF_FELL_BACK;
    }
    const pmkt_status status = any ? pmkti_cf_question_each(q, fall_back_row, err) : PMKT_OK;
    if (status) return status;
    for (int64_t i = 0; i < q->rows && q->answer.reasons; i++) {
        q->answer.reasons[i] = q->asker[i].reason;
    }
    return PMKT_OK;
}
