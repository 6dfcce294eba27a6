/*
 * history.c - questions of those whom the model need not know: what they had comes with the question.
 *
 * A row's items become numbers and are added up first. Key and weight share a word while they are sorted, so
 * that neither the order in which items come nor that of equal ones can change the sum.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cf/als_fold.h"
#include "cf/find.h"
#include "cf/question.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/sort_ids.h"
#include "core/structs.h"

/* A question of histories; its first part is what the rows' functions get. */
typedef struct asking {
    pmkti_cf_question q;
    pmkt_cf_history history;
    uint64_t *key;  /* [entries] number, then the bits of the weight */
    int32_t *item;  /* [entries] merged: a row's begin at its offset */
    float *weight;  /* [entries] */
    float *vectors; /* [rows * factors], or NULL: no fold-in */
} asking;

static const asking *asking_of(const pmkti_cf_question *q) {
    return (const asking *)(const void *)q;
}

/* ------------------------------------------------------------------- checks */

static pmkt_status history_in(const pmkt_cf_history *given, pmkt_cf_history *mine,
                              pmkt_error *err) {
    const pmkt_cf_history empty = PMKT_CF_HISTORY_INIT;
    *mine = empty;
    if (!given) return pmkti_null(err, "history");
    pmkt_status status = pmkti_struct_in(mine, sizeof *mine, given, sizeof *mine, "history", err);
    if (!status) status = pmkti_count_check(mine->rows, "history.rows", err);
    if (!status) {
        status = pmkti_cf_offsets_check(mine->at, mine->items, mine->rows, "history.items", err);
    }
    return status;
}

static int64_t entries_of(const pmkt_cf_history *h) {
    return h->rows > 0 ? h->at[h->rows] : 0;
}

static pmkt_status check_weights(const pmkt_cf_history *h, pmkt_error *err) {
    const int64_t n = h->weights ? entries_of(h) : 0;
    for (int64_t e = 0; e < n; e++) {
        if (isfinite(h->weights[e])) continue;
        return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, e,
                             "weight %lld of the history is not finite", (long long)e);
    }
    return PMKT_OK;
}

/* ------------------------------------------------------------------- memory */

static pmkt_status make_room(asking *a, bool fold, pmkt_error *err) {
    const size_t n = (size_t)entries_of(&a->history), rows = (size_t)a->q.rows;
    const size_t d = (size_t)a->q.model->facts.factors;
    const pmkt_allocator *allocator = &a->q.model->allocator;
    if (rows == 1) {
        const size_t each = sizeof *a->key + sizeof *a->item + sizeof *a->weight;
        a->key = pmkti_cf_scratch_take(a->q.scratch, PMKTI_CF_FOLD_ROW, n, each);
        if (!a->key) return pmkti_no_memory(err, n * each);
        a->item = (int32_t *)(void *)(a->key + n);
        a->weight = (float *)(void *)(a->item + n);
        if (!fold) return PMKT_OK;
        a->vectors =
            pmkti_cf_scratch_take(a->q.scratch, PMKTI_CF_QUERY_VECTOR, d, sizeof *a->vectors);
        return a->vectors ? PMKT_OK : pmkti_no_memory(err, d * sizeof *a->vectors);
    }
    a->key = pmkti_alloc(allocator, n, sizeof *a->key);
    a->item = pmkti_alloc(allocator, n, sizeof *a->item);
    a->weight = pmkti_alloc(allocator, n, sizeof *a->weight);
    if (n > 0 && !(a->key && a->item && a->weight)) return pmkti_no_memory(err, n * 16);
    if (!fold || rows == 0) return PMKT_OK;
    a->vectors = pmkti_alloc(allocator, rows * d, sizeof *a->vectors);
    return a->vectors ? PMKT_OK : pmkti_no_memory(err, rows * d * sizeof *a->vectors);
}

static void clear(asking *a, bool fold) {
    const size_t n = (size_t)entries_of(&a->history), rows = (size_t)a->q.rows;
    const pmkt_allocator *allocator = &a->q.model->allocator;
    if (rows != 1) {
        pmkti_free(allocator, a->key, n, sizeof *a->key);
        pmkti_free(allocator, a->item, n, sizeof *a->item);
        pmkti_free(allocator, a->weight, n, sizeof *a->weight);
        if (fold) {
            pmkti_free(allocator, a->vectors, rows * (size_t)a->q.model->facts.factors,
                       sizeof *a->vectors);
        }
    }
    pmkti_cf_question_end(&a->q);
}

/* --------------------------------------------------------------------- rows */

static float within_float(double sum) {
    if (sum > (double)FLT_MAX) return FLT_MAX;
    return sum < -(double)FLT_MAX ? -FLT_MAX : (float)sum;
}

/* The row's items as numbers, ascending, each once. */
static void merge(const asking *a, int64_t row) {
    const pmkt_cf_history *h = &a->history;
    const int64_t from = h->at[row], to = h->at[row + 1];
    int64_t n = 0, used = 0;
    if (from == to) return;
    uint64_t *key = a->key + from;
    for (int64_t e = from; e < to; e++) {
        const float weight = h->weights ? h->weights[e] : 1.0f;
        const int64_t number = pmkti_cf_find(a->q.filter.id, a->q.filter.n, h->items[e]);
        uint32_t bits;
        memcpy(&bits, &weight, sizeof bits);
        if (number >= 0) key[n++] = (uint64_t)number << 32 | bits;
    }
    pmkti_sort_ids(key, (size_t)n);
    for (int64_t i = 0; i < n;) {
        const uint64_t number = key[i] >> 32;
        double sum = 0;
        for (; i < n && key[i] >> 32 == number; i++) {
            const uint32_t bits = (uint32_t)key[i];
            float weight;
            memcpy(&weight, &bits, sizeof weight);
            sum += (double)weight;
        }
        a->item[from + used] = (int32_t)number;
        a->weight[from + used++] = within_float(sum);
    }
    a->q.asker[row].had = (pmkti_cf_had){a->item + from, a->weight + from, used};
}

static pmkt_status prepare_row(const pmkti_cf_question *q, int64_t row, pmkt_cf_scratch *scratch,
                               pmkt_error *err) {
    const asking *a = asking_of(q);
    pmkti_cf_asker *asker = &q->asker[row];
    merge(a, row);
    asker->number = row;
    asker->reason = PMKT_CF_ANSWERED;
    bool known = asker->had.n > 0;
    if (!known) asker->reason = PMKT_CF_UNKNOWN;
    if (a->vectors) {
        const int64_t d = q->model->facts.factors;
        float *vector = a->vectors + row * d;
        if (!known) {
            memset(vector, 0, (size_t)d * sizeof *vector);
        } else {
            const pmkti_cf_had *had = &asker->had;
            const pmkt_status status = pmkti_cf_als_fold(q->model, had->item, had->weight, had->n,
                                                         scratch, vector, &known, err);
            if (status) return status;
            if (!known) asker->reason = PMKT_CF_NO_FACTORS;
        }
    }
    if (!known) asker->number = -1;
    if (!q->query.keep_seen) {
        q->without[row].seen = asker->had.item;
        q->without[row].n_seen = asker->had.n;
    }
    return PMKT_OK;
}

/* ---------------------------------------------------------------- questions */

pmkt_status pmkt_cf_recommend_history(const pmkt_cf *model, const pmkt_cf_history *history,
                                      const pmkt_cf_query *query, const pmkt_run *run,
                                      const pmkt_cf_answer *answer, pmkt_error *err) {
    asking a;
    memset(&a, 0, sizeof a);
    if (!model) return pmkti_null(err, "model");
    const bool fold = model->facts.kind == PMKT_CF_ALS;
    pmkt_status status = history_in(history, &a.history, err);
    if (!status) status = check_weights(&a.history, err);
    if (status) return status;
    status = pmkti_cf_question_begin(&a.q, model, false, a.history.rows, query, run, answer, err);
    if (status) return status;
    status = make_room(&a, fold, err);
    if (!status) status = pmkti_cf_question_each(&a.q, prepare_row, err);
    if (!status) status = pmkti_cf_question_answer(&a.q, a.vectors, err);
    clear(&a, fold);
    return status;
}

pmkt_status pmkt_cf_fold_in(const pmkt_cf *model, const pmkt_cf_history *history,
                            pmkt_cf_scratch *scratch, const pmkt_run *run, float *factors,
                            pmkt_error *err) {
    asking a;
    memset(&a, 0, sizeof a);
    if (!model) return pmkti_null(err, "model");
    if (model->facts.kind != PMKT_CF_ALS) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED, "only a model of ALS has factors");
    }
    pmkt_status status = history_in(history, &a.history, err);
    if (status) return status;
    if (a.history.rows > 0 && !factors) return pmkti_null(err, "factors");
    status = check_weights(&a.history, err);
    if (!status) {
        status = pmkti_cf_question_bare(&a.q, model, false, a.history.rows, scratch, run, err);
    }
    if (status) return status;
    status = make_room(&a, true, err);
    if (!status) status = pmkti_cf_question_each(&a.q, prepare_row, err);
    if (!status && a.q.rows > 0) {
        /* Only now, so that a call that fails leaves them alone. */
        memcpy(factors, a.vectors,
               (size_t)a.q.rows * (size_t)model->facts.factors * sizeof *factors);
    }
    clear(&a, true);
    return status;
}
