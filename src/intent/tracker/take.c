/*
 * take.c - one event: first its rules, for which memory or room may be wanting, then what the model looks at,
 * for which it cannot, so that an event is taken as a whole or not at all.
 */
#include "intent/tracker/take.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/events.h"
#include "intent/tracker/learn.h"

/* One event of one user, whose shard is locked. */
typedef struct event {
    pmkti_shard *s;
    pmkti_record *u;
    pmkti_visitor *v;
    pmkti_live *live;
    int64_t row, time;
    uint64_t id[PMKTI_RULES_IDS];
    int32_t kind, rule; /* rule: the strongest that fired, or -1 */
    uint32_t number;    /* of the record */
    uint64_t took;      /* rules that it was a step of */
} event;

static uint64_t at(const uint64_t *column, int64_t i) {
    return column ? column[i] : PMKT_ID_NONE;
}

/* -------------------------------------------------------------------- columns */

static pmkt_status bind_model(pmkti_taking *k, const pmkt_purchase *m, pmkt_error *err) {
    const char *name = m->class_column[0] ? m->class_column : NULL;
    if (m->by_session && k->ev.rows > 0 && !k->ev.session) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "events.session is NULL, but the model's sessions need it");
    }
    if (k->out.p_goal && !m->logistic[PMKT_PURCHASE_SESSION]) {
        return pmkti_fail(
            err, PMKT_E_UNSUPPORTED,
            "the model cannot tell p_goal: of the sessions that it learned from none, "
            "or every one, reaches the goal after another action");
    }
    return pmkti_class_column_find(m->chains, &k->ev, name, &k->classes, err);
}

pmkt_status pmkti_take_bind(pmkti_taking *k, const pmkti_shard *s, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    if (s->model) status = bind_model(k, s->model, err);
    if (!status && s->rules) status = pmkti_rules_fields_find(s->rules, &k->ev, &k->fields, err);
    if (status) return status;
    k->swaps = s->swaps;
    k->intents = pmkti_tracker_intents(s->rules);
    return PMKT_OK;
}

/* ---------------------------------------------------------------------- rules */

static void note_fired(event *e, const pmkti_rules_fire *fire, int32_t n) {
    const pmkt_rules *r = e->s->rules;
    for (int32_t i = 0; i < n; i++) {
        const int32_t rule = fire[i].rule;
        const double strength = pmkti_rules_at(r, rule)->strength;
        const double best = e->rule < 0 ? -1 : pmkti_rules_at(r, e->rule)->strength;
        if (strength > best || (!(strength < best) && rule < e->rule)) e->rule = rule;
    }
}

static void step(pmkti_taking *k, event *e, pmkti_rules_fire *fire, int32_t *n) {
    const pmkt_rules *r = e->s->rules;
    pmkti_rules_event step = {.time = e->time, .slot = pmkti_rules_slot(r, e->kind)};
    memcpy(step.id, e->id, sizeof step.id);
    step.fields = k->fields.value;
    if (r->conditions >> step.slot & 1) {
        const pmkti_rules_row row = {.time = e->time,
                                     .row = e->row,
                                     .before = e->live->known ? e->v->last : PMKTI_INT_MISSING,
                                     .cart_amount = e->live->cart_amount,
                                     .id = e->id,
                                     .kind = e->kind};
        pmkti_rules_fields_fill(&k->fields, &row);
    }
    *n = pmkti_rules_step_event(r, &k->state, &step, fire);
    e->took = k->state.took;
    if (k->state.due != PMKTI_RULES_NEVER)
        pmkti_rules_due(r, &k->state); /* what waited may have ended */
}

/* Nothing has changed if that fails: the latest cart was one of `cart_amount`. */
static pmkt_status store(pmkti_taking *k, const event *e, int64_t cart_amount) {
    const pmkt_status status = pmkti_live_store(k->t, e->s, e->number, e->time, &k->state);
    if (!status) return PMKT_OK;
    e->live->cart_amount = cart_amount;
    k->state.suppressed = k->state.outranked = k->state.dropped = 0;
    return status;
}

/* Loads the state and fires waits that are over, whatever becomes of the event. True if there is room for more. */
static bool pass(pmkti_taking *k, const event *e) {
    pmkti_live_load(k->t, e->s, e->u, &k->state);
    if (k->state.due < e->time) {
        pmkti_tracker_pass(k->t, e->s, e->u, &k->state, e->time, &k->fired);
        pmkti_live_settle(k->t, e->s, e->number, &k->state);
    }
    return pmkti_tracker_has_room(&k->fired, e->s->rules);
}

/* Waits, then the event. */
static pmkti_taken take_rules(pmkti_taking *k, event *e, pmkt_status *status) {
    pmkti_rules_fire fire[PMKTI_RULES_MOST];
    int32_t n = 0;
    if (!pass(k, e)) return PMKTI_TAKEN_FULL;
    const int64_t cart_amount = e->live->cart_amount;
    if (e->kind == PMKT_KIND_CART && k->ev.amount) e->live->cart_amount = k->ev.amount[e->row];
    step(k, e, fire, &n);
    *status = store(k, e, cart_amount);
    if (*status) return PMKTI_TAKEN_NOT;
    if (n == 0) return PMKTI_TAKEN;
    note_fired(e, fire, n);
    pmkti_tracker_fire(k->t, e->s, e->u, e->time, e->row, fire, n, &k->fired);
    return PMKTI_TAKEN;
}

/* Who was away for too long is unknown again; but what was waiting has been over before that. */
static pmkti_taken renew(pmkti_taking *k, const event *e) {
    if (!e->live->known || e->time <= pmkti_record_last(k->t, e->u)) return PMKTI_TAKEN;
    if (e->s->rules && !pass(k, e)) return PMKTI_TAKEN_FULL;
    pmkti_users_renew(k->t, e->s, e->u);
    e->s->sums.expired++;
    return PMKTI_TAKEN;
}

/* ---------------------------------------------------------------------- model */

static bool begins_session(const pmkti_taking *k, const event *e) {
    const pmkt_purchase *m = e->s->model;
    if (e->v->events == 0 || e->time - e->v->last > m->chains->facts.gap_ms) return true;
    return m->by_session && (uint32_t)pmkti_mix(k->ev.session[e->row]) != e->live->session;
}

static void see(const pmkti_taking *k, event *e, pmkti_glance *glance, double *log_odds) {
    const pmkt_purchase *m = e->s->model;
    const uint32_t action = pmkti_action_at(m->chains, (uint32_t)e->kind, &k->classes, e->row);
    const pmkti_step step = {.time = e->time,
                             .item = e->id[0],
                             .category = e->id[1],
                             .step = pmkti_chain_step(m->chains, action),
                             .kind = (uint16_t)e->kind};
    const bool begins = begins_session(k, e);
    pmkti_learn_event(k->t, e->s, e->u, &step, begins);
    if (begins) pmkti_visitor_session(e->v, &m->reader, e->time);
    if (m->by_session) e->live->session = (uint32_t)pmkti_mix(k->ev.session[e->row]);
    const double evidence = e->v->evidence;
    pmkti_visitor_see(e->v, &m->reader, &step, glance);
    *log_odds = e->v->evidence - evidence;
}

static void remember(const pmkti_taking *k, const event *e, double log_odds) {
    pmkti_trail *trail = pmkti_record_trail(k->t, e->u);
    if (!trail) return;
    const uint16_t history = (uint16_t)k->t->options.history;
    pmkti_trail_event *to = &trail->event[trail->next];
    *to = (pmkti_trail_event){
        .time = e->time, .took = e->took, .log_odds = (float)log_odds, .kind = (uint16_t)e->kind};
    memcpy(to->id, e->id, sizeof to->id);
    trail->next = (uint16_t)(trail->next + 1 < history ? trail->next + 1 : 0);
    if (trail->n < history) trail->n++;
}

/* -------------------------------------------------------------------- answers */

static double probability(const pmkt_logistic *l, const double *x) {
    return pmkti_calibrated(&l->calibration, pmkti_logistic_z(l, x));
}

static void tell_next(const pmkti_taking *k, int64_t i, const pmkti_outlook *o) {
    const pmkt_tracker_answers *out = &k->out;
    if (out->time_ms) out->time_ms[i] = o->time_ms;
    if (out->next) memcpy(out->next + i * PMKT_INTENT_TOP, o->next, sizeof o->next);
    if (out->next_p) memcpy(out->next_p + i * PMKT_INTENT_TOP, o->p, sizeof o->p);
}

static void tell(const pmkti_taking *k, int64_t i, double p_goal, double p_cart, int32_t rule,
                 const pmkti_outlook *o) {
    if (k->out.p_goal) k->out.p_goal[i] = p_goal;
    if (k->out.p_cart) k->out.p_cart[i] = p_cart;
    if (k->out.rule) k->out.rule[i] = rule;
    tell_next(k, i, o);
}

void pmkti_take_nothing(const pmkti_taking *k, int64_t i) {
    static const pmkti_outlook none = {.time_ms = (double)NAN};
    tell(k, i, (double)NAN, (double)NAN, -1, &none);
}

static void answer(const pmkti_taking *k, const event *e, const pmkti_glance *glance) {
    static const pmkti_outlook past = {.time_ms = 0};
    const pmkt_purchase *m = e->s->model;
    double p_goal = 1, p_cart = (double)NAN;
    if (!m) {
        if (k->out.rule) k->out.rule[e->row] = e->rule;
        return;
    }
    if (e->v->past) {
        tell(k, e->row, p_goal, p_cart, e->rule, &past);
        return;
    }
    const pmkt_logistic *carts = m->logistic[PMKT_PURCHASE_CART];
    const bool cart = k->out.p_cart && e->kind == PMKT_KIND_CART && carts;
    if (k->out.p_goal || cart) {
        double x[PMKTI_FEATURES_MOST];
        pmkti_features_of(&m->features, &m->reader, e->v, glance, x);
        if (k->out.p_goal) p_goal = probability(m->logistic[PMKT_PURCHASE_SESSION], x);
        if (cart) p_cart = probability(carts, x);
    }
    tell(k, e->row, p_goal, p_cart, e->rule, &m->reader.outlook[e->v->node]);
}

/* ------------------------------------------------------------------ one event */

/* The user's record, made if there is none; late events are found out here. */
static pmkti_taken find(const pmkti_taking *k, event *e, pmkt_status *status) {
    const uint64_t user = k->ev.user[e->row];
    e->number = pmkti_users_find(e->s, user);
    if (e->number == PMKTI_POOL_NONE) {
        *status = pmkti_users_add(k->t, e->s, user, &e->number);
        if (*status) return PMKTI_TAKEN_NOT;
    }
    e->u = pmkti_record_at(e->s, e->number);
    e->v = pmkti_record_visitor(e->u);
    e->live = pmkti_record_live(k->t, e->u);
    if (!e->live->known || e->time >= e->v->last) return PMKTI_TAKEN;
    if (e->v->last - e->time > k->t->options.late_ms) return PMKTI_TAKEN_LATE;
    e->time = e->v->last;
    return PMKTI_TAKEN;
}

static pmkti_taken take(pmkti_taking *k, event *e, pmkt_status *status) {
    pmkti_glance glance;
    double log_odds = 0;
    pmkti_taken taken = find(k, e, status);
    if (taken == PMKTI_TAKEN_LATE) {
        e->s->sums.late++;
        pmkti_take_nothing(k, e->row);
    }
    if (!taken) taken = renew(k, e);
    if (!taken && e->s->rules) taken = take_rules(k, e, status);
    if (!taken) {
        if (e->s->model)
            see(k, e, &glance, &log_odds);
        else
            e->v->last = e->time;
        e->live->known = true;
        e->s->sums.events++;
        remember(k, e, log_odds);
        answer(k, e, &glance);
    } else if (e->number != PMKTI_POOL_NONE && !e->live->known) {
        pmkti_users_drop(k->t, e->s, e->number); /* who came with this event */
    }
    return taken;
}

pmkti_taken pmkti_take(pmkti_taking *k, int64_t i, pmkt_status *status, pmkt_error *err) {
    const uint64_t hash = pmkti_tracker_hash(k->ev.user[i]);
    event e = {.s = pmkti_tracker_shard(k->t, hash),
               .row = i,
               .time = k->ev.time[i],
               .id = {at(k->ev.item, i), at(k->ev.category, i), at(k->ev.channel, i)},
               .kind = pmkti_event_kind(&k->ev, i),
               .rule = -1,
               .number = PMKTI_POOL_NONE};
    pmkti_taken taken = PMKTI_TAKEN_NOT;
    pmkti_lock_take(&e.s->lock);
    *status = PMKT_OK;
    if (e.s->swaps != k->swaps) *status = pmkti_take_bind(k, e.s, err);
    if (*status == PMKT_OK) {
        taken = take(k, &e, status);
        if (*status == PMKT_E_NOMEM) (void)pmkti_no_memory(err, k->t->stride);
    }
    pmkti_lock_give(&e.s->lock);
    return taken;
}
