/*
 * explain.c - chosen events of a batch: what each feature is, and what it says.
 */
#include <math.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/sort.h"
#include "intent/purchase/walk.h"

/* A row that was asked for, and where its answer goes. */
typedef struct wanted {
    int64_t row, to;
} wanted;

typedef struct explaining {
    const pmkt_purchase *model;
    const pmkt_logistic *logistic;
    const wanted *wanted; /* [n] by row; NULL: all rows */
    int64_t n;
    double *value, *log_odds;
} explaining;

static bool is_before(const void *a, const void *b) {
    const wanted *x = a, *y = b;
    return x->row != y->row ? x->row < y->row : x->to < y->to;
}

/* What each feature adds; of NaNs, NaNs. */
static void weigh(const explaining *e, const double *x, double *log_odds) {
    const pmkt_logistic *l = e->logistic;
    const int32_t n = l->facts.columns;
    const double slope = l->calibration.slope;
    for (int32_t j = 0; j < n; j++) {
        log_odds[j] = slope * (l->coefficient[j] * (x[j] - l->mean[j]));
    }
    log_odds[n] = x[0] * 0 + (slope * l->coefficient[n] + l->calibration.shift);
}

static void answer(const explaining *e, const double *x, int64_t to) {
    const int32_t n = e->model->features.n;
    for (int32_t j = 0; j < n && e->value; j++) e->value[to * n + j] = x[j];
    if (e->log_odds) weigh(e, x, e->log_odds + to * (n + 1));
}

/* The first place of a row among those that are wanted. */
static int64_t find(const explaining *e, int64_t row) {
    int64_t low = 0, high = e->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (e->wanted[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void look(void *ctx, const pmkti_visitor *v, const pmkti_sight *at) {
    const explaining *e = ctx;
    const int64_t row = at->row;
    const int64_t first = e->wanted ? find(e, row) : row;
    if (e->wanted && (first == e->n || e->wanted[first].row != row)) return;
    double x[PMKTI_FEATURES_MOST] = {0};
    if (v && !v->past)
        pmkti_features_of(&e->model->features, &e->model->reader, v, at->glance, x);
    else
        for (int32_t j = 0; j < e->model->features.n; j++) x[j] = (double)NAN;
    if (!e->wanted) {
        answer(e, x, row);
        return;
    }
    for (int64_t k = first; k < e->n && e->wanted[k].row == row; k++) answer(e, x, e->wanted[k].to);
}

static pmkt_status check(explaining *e, int32_t which, const pmkt_events *events,
                         const int64_t *row, int64_t n, pmkt_error *err) {
    pmkt_events ev;
    pmkt_status status = pmkti_events_in(events, &ev, err);
    if (!status) status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (which < PMKT_PURCHASE_SESSION || which > PMKT_PURCHASE_CART) {
        return pmkti_fail(err, PMKT_E_INVALID, "which is %d; there are 0 and 1", (int)which);
    }
    e->logistic = e->model->logistic[which];
    if (!e->logistic) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                          "the model has no such part: what it was fitted to was too little");
    }
    if (!row && n != ev.rows) {
        return pmkti_fail(err, PMKT_E_INVALID, "row is NULL, so n must be events.rows, %lld",
                          (long long)ev.rows);
    }
    for (int64_t i = 0; i < n && row; i++) {
        if (row[i] >= 0 && row[i] < ev.rows) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "row[%lld] is %lld; the batch has %lld rows", (long long)i,
                             (long long)row[i], (long long)ev.rows);
    }
    return PMKT_OK;
}

pmkt_status pmkt_purchase_explain(const pmkt_purchase *model, int32_t which,
                                  const pmkt_events *events, const int64_t *row, int64_t n,
                                  const pmkt_run *run, double *value, double *log_odds,
                                  pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    explaining e = {.model = model, .n = n, .value = value, .log_odds = log_odds};
    pmkt_status status = check(&e, which, events, row, n, err);
    if (status) return status;
    wanted *all = row ? pmkti_alloc(&model->allocator, (size_t)n, sizeof *all) : NULL;
    if (row && n > 0 && !all) return pmkti_stopped(err, PMKT_E_NOMEM);
    for (int64_t i = 0; i < n && row; i++) all[i] = (wanted){row[i], i};
    if (all) pmkti_sort(all, (size_t)n, sizeof *all, is_before);
    e.wanted = all;
    if (n > 0) status = pmkti_purchase_walk(model, events, run, NULL, look, NULL, &e, err);
    pmkti_free(&model->allocator, all, (size_t)n, sizeof *all);
    return status;
}
