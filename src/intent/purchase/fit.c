/*
 * fit.c - a model from events: sessions, chains by folds, rows to learn from, two logistic models.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/structs.h"
#include "intent/fit.h"
#include "intent/purchase/model.h"
#include "intent/purchase/training.h"

#define SORTED 0.2  /* of the work: events into sessions */
#define CHAINED 0.5 /* counted and solved */
#define FILLED 0.6  /* and rows to learn from */
#define LEARNED 0.9 /* the session's model */

#define ROWS INT64_C(250000)
#define CART_MS (INT64_C(72) * 3600 * 1000)
#define CART_ROWS 50 /* at least, for a model */
#define CART_EACH 5  /* of either outcome */

/* All that a fit was asked for. */
typedef struct asked {
    pmkt_events ev;
    pmkt_intent_options chains;
    pmkt_purchase_options o;
    pmkt_logistic_options logistic;
    pmkt_zone zone;
    pmkti_run run;
    pmkt_intent *like; /* an empty model with the options of the chains */
} asked;

/* --------------------------------------------------------------------- options */

static pmkt_status check(asked *a, const pmkt_purchase_options *given, pmkt_error *err) {
    pmkt_purchase_options *o = &a->o;
    pmkt_purchase_options_init(o);
    pmkt_status status = pmkti_struct_in(o, sizeof *o, given, sizeof *o, "options", err);
    if (status) return status;
    o->struct_size = sizeof *o;
    if (o->rows == 0) o->rows = ROWS;
    if (o->cart_ms == 0) o->cart_ms = CART_MS;
    if (o->rows < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.rows is %lld; it must not be negative",
                          (long long)o->rows);
    }
    if (o->cart_ms < 0 || o->cart_ms > PMKTI_CART_MS_MOST) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.cart_ms is %lld; it must lie between 1 and 365 days",
                          (long long)o->cart_ms);
    }
    pmkt_logistic_options wanted = PMKT_LOGISTIC_OPTIONS_INIT;
    wanted.calibration = o->calibration, wanted.l2 = o->l2, wanted.folds = PMKTI_FOLDS;
    status = pmkti_logistic_options_in(&wanted, &a->logistic, err);
    o->l2 = a->logistic.l2;
    return status ? status : pmkti_zone_check(o->zone, &a->zone, err);
}

static pmkt_status check_column(const pmkt_intent_options *chains, pmkt_error *err) {
    const char *name = chains->class_column;
    if (!name || chains->n_classes == 0 || strlen(name) < PMKTI_COLUMN_NAME) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_LIMIT, "chains.class_column is longer than %d bytes",
                      PMKTI_COLUMN_NAME - 1);
}

/* -------------------------------------------------------------------- learning */

static int64_t count_yes(const uint8_t *y, int64_t n) {
    int64_t yes = 0;
    for (int64_t i = 0; i < n; i++) yes += y[i];
    return yes;
}

/* A model of the first n rows, if they are enough. */
static pmkt_status learn_one(const asked *a, const pmkti_training *t, int64_t n, int64_t least,
                             int64_t each, pmkti_stage stage, pmkt_purchase *m, int32_t which,
                             int64_t *rows, pmkt_error *err) {
    const int64_t yes = count_yes(t->y, n);
    if (n < least || yes < each || n - yes < each) return PMKT_OK;
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    d.rows = n, d.columns = t->features->n;
    d.x = t->x, d.y = t->y, d.weight = t->weight, d.cluster = t->user;
    *rows = n;
    return pmkti_logistic_make(&d, &a->logistic, &m->allocator, &a->run, stage, &m->logistic[which],
                               err);
}

static pmkt_status learn(const asked *a, const pmkti_visits *v, const pmkti_folds *folds,
                         pmkt_purchase *m, pmkt_error *err) {
    pmkti_training t = {.visits = v,
                        .folds = folds,
                        .features = &m->features,
                        .most = a->o.rows,
                        .cart_ms = a->o.cart_ms};
    pmkt_status status = pmkti_stopped(
        err, pmkti_training_make(&t, &a->run, (pmkti_stage){"learning", CHAINED, FILLED}));
    if (status) return status;
    status = learn_one(a, &t, t.n, 2, 1, (pmkti_stage){"learning", FILLED, LEARNED}, m,
                       PMKT_PURCHASE_SESSION, &m->facts.rows, err);
    pmkti_training_carts(&t);
    if (!status) {
        status =
            learn_one(a, &t, t.carts, CART_ROWS, CART_EACH, (pmkti_stage){"learning", LEARNED, 1},
                      m, PMKT_PURCHASE_CART, &m->facts.cart_rows, err);
    }
    pmkti_training_free(&t);
    return status;
}

/* ----------------------------------------------------------------------- model */

static pmkt_status make(const asked *a, const pmkti_visits *v, pmkt_purchase **model,
                        pmkt_error *err) {
    pmkti_folds folds;
    pmkt_status status = pmkti_folds_make(v, a->like, &a->run,
                                          (pmkti_stage){"chains", SORTED, CHAINED}, &folds, err);
    if (status) return status;
    pmkt_purchase *m = pmkti_purchase_new(&a->like->allocator, folds.chains);
    status = m ? PMKT_OK : PMKT_E_NOMEM;
    if (m) {
        pmkt_intent_retain(folds.chains);
        m->by_session = a->chains.by_session;
        m->options = a->o;
        m->facts.cart_ms = a->o.cart_ms;
        if (a->chains.class_column && a->chains.n_classes > 0) {
            memcpy(m->class_column, a->chains.class_column, strlen(a->chains.class_column));
        }
        status = pmkti_purchase_finish(m, &a->zone);
    }
    status = status ? pmkti_stopped(err, status) : learn(a, v, &folds, m, err);
    pmkti_folds_free(&folds);
    if (status)
        pmkt_purchase_release(m);
    else
        *model = m;
    return status;
}

static pmkt_status fit(const asked *a, pmkt_report *report, pmkt_purchase **model,
                       pmkt_error *err) {
    const pmkti_sessions_plan plan = {.gap_ms = a->chains.gap_ms,
                                      .by_column = a->chains.by_session == 1,
                                      .item = true,
                                      .category = true};
    pmkti_visits v;
    pmkt_status status = pmkti_visits_make(a->like, &a->ev, plan, a->chains.class_column, &a->run,
                                           (pmkti_stage){"sessions", 0, SORTED}, report, &v, err);
    if (status) return status;
    status = make(a, &v, model, err);
    pmkti_visits_free(&v);
    return status;
}

pmkt_status pmkt_purchase_fit(const pmkt_events *events, const pmkt_intent_options *chains,
                              const pmkt_purchase_options *options, const pmkt_run *run,
                              pmkt_report *report, pmkt_purchase **model, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    asked a;
    memset(&a, 0, sizeof a);
    pmkt_report mine;
    pmkt_status status = pmkti_events_in(events, &a.ev, err);
    if (!status) status = pmkti_run_check(run, a.ev.rows, &a.run, err);
    if (!status) status = pmkti_report_begin(report, a.ev.rows, &mine, err);
    if (!status) status = check(&a, options, err);
    if (!status) status = pmkti_intent_begin(chains, &a.chains, &a.like, err);
    if (status) return status;
    status = check_column(&a.chains, err);
    if (!status) status = fit(&a, &mine, model, err);
    pmkt_intent_release(a.like);
    if (!status || status == PMKT_E_BAD_ROW) pmkti_report_end(report, &mine);
    return status;
}
