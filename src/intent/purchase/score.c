/*
 * score.c - every event of a batch: what is likely to come.
 */
#include <math.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/structs.h"
#include "intent/purchase/walk.h"

#define PAST (-1) /* in place of a context: the goal is reached */
#define BAD (-2)

typedef struct scoring {
    const pmkt_purchase *model;
    pmkt_purchase_scores out;
    int32_t *context; /* [rows] where each row has come to, twice, and 1 more if it is a cart; NULL:
                         nobody asks for what follows from that */
} scoring;

static double probability(const pmkt_logistic *logistic, const double *x) {
    return pmkti_calibrated(&logistic->calibration, pmkti_logistic_z(logistic, x));
}

/* Users stand in another order than rows, so that what is written here is written all over the batch:
   as little as can be. */
static void score(void *ctx, const pmkti_visitor *v, const pmkti_sight *at) {
    const scoring *s = ctx;
    const pmkt_purchase *m = s->model;
    const int64_t row = at->row;
    const bool open = v && !v->past, is_cart = at->kind == PMKT_KIND_CART;
    if (s->context) s->context[row] = open ? (int32_t)v->node * 2 + is_cart : v ? PAST : BAD;
    if (s->out.outcome) s->out.outcome[row] = open ? at->buyer : (double)NAN;
    if (!open) {
        if (s->out.p_goal) s->out.p_goal[row] = v ? 1 : (double)NAN;
        return;
    }
    const bool cart = s->out.p_cart && is_cart && m->logistic[PMKT_PURCHASE_CART];
    if (!s->out.p_goal && !cart) return;
    double x[PMKTI_FEATURES_MOST];
    pmkti_features_of(&m->features, &m->reader, v, at->glance, x);
    if (s->out.p_goal) s->out.p_goal[row] = probability(m->logistic[PMKT_PURCHASE_SESSION], x);
    if (cart) s->out.p_cart[row] = probability(m->logistic[PMKT_PURCHASE_CART], x);
}

/* What follows from the context alone, row after row. */
static void look_out(void *ctx, int64_t from, int64_t end) {
    static const pmkti_outlook past = {.time_ms = 0}, bad = {.time_ms = (double)NAN};
    const scoring *s = ctx;
    const bool carts = s->model->logistic[PMKT_PURCHASE_CART] != NULL;
    for (int64_t row = from; row < end; row++) {
        const int32_t at = s->context[row];
        const pmkti_outlook *o = at == PAST  ? &past
                                 : at == BAD ? &bad
                                             : &s->model->reader.outlook[at / 2];
        if (s->out.time_ms) s->out.time_ms[row] = o->time_ms;
        if (s->out.p_cart && !(carts && at >= 0 && at % 2 == 1)) s->out.p_cart[row] = (double)NAN;
        for (int k = 0; k < PMKT_INTENT_TOP; k++) {
            if (s->out.next) s->out.next[row * PMKT_INTENT_TOP + k] = o->next[k];
            if (s->out.next_p) s->out.next_p[row * PMKT_INTENT_TOP + k] = o->p[k];
        }
    }
}

static pmkt_status score_all(scoring *s, const pmkt_events *events, int64_t rows,
                             const pmkt_run *run, pmkt_report *report, pmkt_error *err) {
    const pmkt_allocator *a = &s->model->allocator;
    const pmkt_purchase_scores *out = &s->out;
    const bool after = out->p_cart || out->time_ms || out->next || out->next_p;
    if (after) s->context = pmkti_alloc(a, (size_t)rows, sizeof *s->context);
    if (after && rows > 0 && !s->context) return pmkti_stopped(err, PMKT_E_NOMEM);
    const pmkt_status status =
        pmkti_purchase_walk(s->model, events, run, report, score, after ? look_out : NULL, s, err);
    pmkti_free(a, s->context, (size_t)rows, sizeof *s->context);
    return status;
}

pmkt_status pmkt_purchase_score(const pmkt_purchase *model, const pmkt_events *events,
                                const pmkt_run *run, pmkt_report *report,
                                const pmkt_purchase_scores *out, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!out) return pmkti_null(err, "out");
    scoring s = {.model = model, .out = PMKT_PURCHASE_SCORES_INIT};
    pmkt_events ev;
    pmkt_status status = pmkti_events_in(events, &ev, err);
    if (!status) status = pmkti_struct_in(&s.out, sizeof s.out, out, sizeof s.out, "out", err);
    if (status) return status;
    if (s.out.reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "out.reserved is not 0");
    if (s.out.p_goal && !model->logistic[PMKT_PURCHASE_SESSION]) {
        return pmkti_fail(
            err, PMKT_E_UNSUPPORTED,
            "the model cannot tell p_goal: of the sessions that it learned from none, "
            "or every one, reaches the goal after another action");
    }
    return score_all(&s, events, ev.rows, run, report, err);
}
