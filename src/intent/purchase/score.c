/*
 * score.c - every event of a batch: what is likely to come.
 */
#include <math.h>

#include "core/error.h"
#include "core/structs.h"
#include "intent/purchase/walk.h"

typedef struct scoring {
    const pmkt_purchase *model;
    pmkt_purchase_scores out;
} scoring;

static void put_outlook(const scoring *s, int64_t row, const pmkti_outlook *o) {
    if (s->out.time_ms) s->out.time_ms[row] = o->time_ms;
    for (int k = 0; k < PMKT_INTENT_TOP; k++) {
        if (s->out.next) s->out.next[row * PMKT_INTENT_TOP + k] = o->next[k];
        if (s->out.next_p) s->out.next_p[row * PMKT_INTENT_TOP + k] = o->p[k];
    }
}

static void put_nothing(const scoring *s, int64_t row, double p, double time_ms) {
    const pmkti_outlook nothing = {.time_ms = time_ms};
    put_outlook(s, row, &nothing);
    if (s->out.p_goal) s->out.p_goal[row] = p;
    if (s->out.p_cart) s->out.p_cart[row] = (double)NAN;
}

static double probability(const pmkt_logistic *logistic, const double *x) {
    return pmkti_calibrated(&logistic->calibration, pmkti_logistic_z(logistic, x));
}

static void score(void *ctx, const pmkti_visitor *v, int64_t row, uint16_t kind) {
    const scoring *s = ctx;
    const pmkt_purchase *m = s->model;
    const pmkt_logistic *cart = m->logistic[PMKT_PURCHASE_CART];
    if (!v || v->past) {
        put_nothing(s, row, v ? 1 : (double)NAN, v ? 0 : (double)NAN);
        return;
    }
    put_outlook(s, row, &m->reader.outlook[v->node]);
    const bool asked = s->out.p_cart && cart && kind == PMKT_KIND_CART;
    if (s->out.p_cart && !asked) s->out.p_cart[row] = (double)NAN;
    if (!s->out.p_goal && !asked) return;
    double x[PMKTI_FEATURES_MOST];
    pmkti_features_of(&m->features, &m->reader, v, x);
    if (s->out.p_goal) s->out.p_goal[row] = probability(m->logistic[PMKT_PURCHASE_SESSION], x);
    if (asked) s->out.p_cart[row] = probability(cart, x);
}

pmkt_status pmkt_purchase_score(const pmkt_purchase *model, const pmkt_events *events,
                                const pmkt_run *run, pmkt_report *report,
                                const pmkt_purchase_scores *out, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!out) return pmkti_null(err, "out");
    scoring s = {.model = model, .out = PMKT_PURCHASE_SCORES_INIT};
    pmkt_status status = pmkti_struct_in(&s.out, sizeof s.out, out, sizeof s.out, "out", err);
    if (status) return status;
    if (s.out.reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "out.reserved is not 0");
    if (s.out.p_goal && !model->logistic[PMKT_PURCHASE_SESSION]) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "the model has no p_goal: it was fitted to no session, or to no session "
                          "without, that reaches the goal");
    }
    return pmkti_purchase_walk(model, events, run, report, score, &s, err);
}
