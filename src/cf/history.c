/*
 * history.c - questions of somebody whom the model need not know: pmkt_cf_recommend_history and
 * pmkt_cf_fold_in.
 */
#include "cf/history.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "cf/als_fold.h"
#include "cf/find.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/sort_ids.h"
#include "core/structs.h"

/* --------------------------------------------------------------------- rows */

pmkt_status pmkti_cf_history_in(const pmkt_cf_history *given, pmkt_cf_history *mine,
                                pmkt_error *err) {
    const pmkt_cf_history none = PMKT_CF_HISTORY_INIT;
    *mine = none;
    if (!given) return pmkti_null(err, "history");
    pmkt_status status = pmkti_struct_in(mine, sizeof *mine, given, sizeof *mine, "history", err);
    if (status) return status;
    if (mine->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "history.reserved is not 0");
    status = pmkti_count_check(mine->rows, "history.rows", err);
    if (!status) status = pmkti_cf_offsets_check(mine->at, mine->items, mine->rows, "history", err);
    if (status) return status;
    for (int64_t i = 0; i < mine->rows; i++) {
        if (mine->at[i + 1] - mine->at[i] <= INT32_MAX) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "row %lld has more than 2^31 - 1 items", (long long)i);
    }
    const int64_t n = mine->rows > 0 && mine->weights ? mine->at[mine->rows] : 0;
    for (int64_t e = 0; e < n; e++) {
        if (!isfinite(mine->weights[e])) {
            return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, e,
                                 "the weight of entry %lld is not finite", (long long)e);
        }
    }
    return PMKT_OK;
}

static float as_float(double x) {
    return x > (double)FLT_MAX ? FLT_MAX : x < -(double)FLT_MAX ? -FLT_MAX : (float)x;
}

int64_t pmkti_cf_history_row(const pmkt_cf *model, const pmkt_cf_history *history, int64_t row,
                             uint64_t *keys, int32_t *item, float *weight) {
    const int64_t from = history->at[row], to = history->at[row + 1];
    int64_t n = 0, merged = 0;
    for (int64_t e = from; e < to; e++) {
        const int64_t number = pmkti_cf_find(model->item_id, model->facts.items, history->items[e]);
        /* By item, then by place, by which equal items keep their order. */
        if (number >= 0 && keys) keys[n++] = (uint64_t)number << 32 | (uint64_t)(e - from);
    }
    pmkti_sort_ids(keys, (size_t)n);
    for (int64_t i = 0; i < n; merged++) {
        double sum = 0;
        item[merged] = (int32_t)(keys[i] >> 32);
        for (; i < n && (int32_t)(keys[i] >> 32) == item[merged]; i++) {
            const int64_t e = from + (int64_t)(keys[i] & UINT32_MAX);
            sum += history->weights ? (double)history->weights[e] : 1.0;
        }
        weight[merged] = as_float(sum);
    }
    return merged;
}

/* The histories of a call. */
typedef struct histories {
    const pmkt_cf *model;
    pmkt_cf_history given;
    uint64_t *keys;        /* [entries] */
    int32_t *item;         /* [entries] */
    float *weight;         /* [entries] */
    float *factors;        /* [rows * d], of ALS */
    pmkti_cf_asker *asker; /* [rows] */
} histories;

#define ENTRY_BYTES (sizeof(uint64_t) + sizeof(int32_t) + sizeof(float))

/* Room for all rows, in one piece: of the scratch for one row, else of the allocator. */
static pmkt_status make_room(histories *h, pmkt_cf_scratch *scratch, pmkt_error *err) {
    const size_t rows = (size_t)h->given.rows;
    const size_t n = rows > 0 ? (size_t)h->given.at[rows] : 0;
    const bool als = h->model->facts.kind == PMKT_CF_ALS;
    const size_t d = als ? (size_t)h->model->facts.factors : 0;
    if (n > SIZE_MAX / ENTRY_BYTES) return pmkti_no_memory(err, SIZE_MAX);
    unsigned char *room = NULL;
    if (n > 0) {
        room = rows == 1 ? pmkti_cf_scratch_take(scratch, PMKTI_CF_FOLD_ROW, n, ENTRY_BYTES)
                         : pmkti_alloc(&h->model->allocator, n, ENTRY_BYTES);
        if (!room) return pmkti_no_memory(err, n * ENTRY_BYTES);
    }
    h->keys = (uint64_t *)(void *)room;
    h->item = room ? (int32_t *)(void *)(room + n * sizeof *h->keys) : NULL;
    h->weight = room ? (float *)(void *)(h->item + n) : NULL;
    if (rows == 0 || d == 0 || h->factors) return PMKT_OK;
    h->factors = rows == 1 ? pmkti_cf_scratch_take(scratch, PMKTI_CF_QUERY_VECTOR, d, sizeof(float))
                           : pmkti_alloc(&h->model->allocator, rows, d * sizeof(float));
    return h->factors ? PMKT_OK : pmkti_no_memory(err, rows * d * sizeof(float));
}

static void give_back(histories *h, bool own_factors) {
    const size_t rows = (size_t)h->given.rows;
    if (rows <= 1) return;
    pmkti_free(&h->model->allocator, h->keys, (size_t)h->given.at[rows], ENTRY_BYTES);
    if (!own_factors) return;
    pmkti_free(&h->model->allocator, h->factors, rows,
               (size_t)h->model->facts.factors * sizeof(float));
}

/* Finds the items of a row and, with ALS, solves for its factors. */
static pmkt_status take_row(void *ctx, int64_t row, pmkt_cf_scratch *scratch, pmkt_error *err) {
    histories *h = ctx;
    const int64_t from = h->given.at[row];
    pmkti_cf_asker *asker = &h->asker[row];
    int64_t n = 0;
    if (h->given.at[row + 1] > from) {
        n = pmkti_cf_history_row(h->model, &h->given, row, h->keys + from, h->item + from,
                                 h->weight + from);
        asker->had = (pmkti_cf_had){h->item + from, h->weight + from, n};
    }
    asker->number = n > 0 ? row : -1;
    asker->reason = n > 0 ? PMKT_CF_ANSWERED : PMKT_CF_UNKNOWN;
    if (h->model->facts.kind != PMKT_CF_ALS) return PMKT_OK;
    const int32_t d = h->model->facts.factors;
    float *factors = h->factors + row * d;
    bool known = false;
    memset(factors, 0, (size_t)d * sizeof *factors);
    if (n == 0) return PMKT_OK;
    const pmkt_status status = pmkti_cf_als_fold(h->model, h->item + from, h->weight + from, n,
                                                 scratch, factors, &known, err);
    if (!status && !known) {
        asker->number = -1;
        asker->reason = PMKT_CF_NO_FACTORS;
    }
    return status;
}

static pmkt_status take_rows(histories *h, const pmkti_run *run, pmkt_cf_scratch *scratch,
                             pmkt_error *err) {
    return pmkti_cf_each_row(h->given.rows, take_row, h, scratch, &h->model->allocator, run,
                             "folding in", err);
}

/* -------------------------------------------------------------------- calls */

pmkt_status pmkt_cf_recommend_history(const pmkt_cf *model, const pmkt_cf_history *history,
                                      const pmkt_cf_query *query, const pmkt_run *run,
                                      const pmkt_cf_answer *answer, pmkt_error *err) {
    histories h = {.model = model};
    pmkti_cf_question q;
    pmkt_status status = pmkti_cf_history_in(history, &h.given, err);
    if (status) return status;
    status = pmkti_cf_question_begin(&q, model, false, h.given.rows, query, run, answer, err);
    if (status) return status;
    h.asker = q.asker;
    status = make_room(&h, q.scratch, err);
    if (!status) status = take_rows(&h, &q.run, q.scratch, err);
    for (int64_t i = 0; !status && !q.query.keep_seen && i < q.rows; i++) {
        q.without[i].seen = q.asker[i].had.item;
        q.without[i].n_seen = q.asker[i].had.n;
    }
    if (!status) status = pmkti_cf_question_answer(&q, h.factors, err);
    give_back(&h, true);
    pmkti_cf_question_end(&q);
    return status;
}

/* A measure of the work, by which one row never starts a thread. */
static int64_t work_of(const pmkt_cf *model, const pmkt_cf_history *history) {
    const int64_t d = model->facts.factors;
    if (history->rows <= 1) return 0;
    return history->rows > INT64_MAX / (d * d) ? INT64_MAX : history->rows * d * d;
}

pmkt_status pmkt_cf_fold_in(const pmkt_cf *model, const pmkt_cf_history *history,
                            pmkt_cf_scratch *scratch, const pmkt_run *run, float *factors,
                            pmkt_error *err) {
    histories h = {.model = model, .factors = factors};
    if (!model) return pmkti_null(err, "model");
    if (model->facts.kind != PMKT_CF_ALS) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED, "only a model of ALS has factors");
    }
    pmkt_status status = pmkti_cf_history_in(history, &h.given, err);
    if (status || h.given.rows == 0) return status;
    if (!factors) return pmkti_null(err, "factors");
    pmkti_run checked;
    status = pmkti_run_check(run, work_of(model, &h.given), &checked, err);
    if (status) return status;
    pmkt_cf_scratch own;
    pmkti_cf_asker one = {0};
    const size_t rows = (size_t)h.given.rows;
    pmkti_cf_scratch_init(&own, &model->allocator);
    h.asker = rows == 1 ? &one : pmkti_alloc_zero(&model->allocator, rows, sizeof *h.asker);
    status = h.asker ? make_room(&h, scratch ? scratch : &own, err)
                     : pmkti_no_memory(err, rows * sizeof *h.asker);
    if (!status) status = take_rows(&h, &checked, scratch ? scratch : &own, err);
    give_back(&h, false);
    if (rows > 1) pmkti_free(&model->allocator, h.asker, rows, sizeof *h.asker);
    pmkti_cf_scratch_clear(&own);
    return status;
}
