/*
 * swap.c - another model, or other rules, under live users: shard after shard, each as a whole.
 */
#include "intent/tracker/swap.h"

#include "core/error.h"
#include "intent/tracker/learn.h"

typedef void (*each)(void *ctx, pmkti_shard *s, uint32_t number);

static void each_user(pmkti_shard *s, each fn, void *ctx) {
    for (uint32_t i = 0; i < s->users.n; i++) {
        if (pmkti_record_at(s, i)->user != PMKT_ID_NONE) fn(ctx, s, i);
    }
}

/* --------------------------------------------------------------------- model */

static pmkt_status check_model(const pmkt_tracker *t, const pmkt_purchase *model, pmkt_error *err) {
    if (!t->model) return pmkti_fail(err, PMKT_E_UNSUPPORTED, "the tracker began without a model");
    const int32_t actions = model->chains->facts.actions;
    if (actions > t->options.actions) {
        return pmkti_fail(err, PMKT_E_LIMIT,
                          "the model has %d actions; the tracker has room for %d (options.actions)",
                          (int)actions, (int)t->options.actions);
    }
    if (model->by_session != t->model->by_session) {
        return pmkti_fail(
            err, PMKT_E_MISMATCH,
            "of the two models one cuts sessions by events.session, the other does not");
    }
    return PMKT_OK;
}

typedef struct move {
    const pmkt_purchase *to;
} move;

static void move_user(void *ctx, pmkti_shard *s, uint32_t number) {
    const move *m = ctx;
    pmkti_visitor *v = pmkti_record_visitor(pmkti_record_at(s, number));
    pmkti_visitor_move(v, &s->model->reader, &m->to->reader);
}

void pmkti_swap_shard(const pmkt_tracker *t, pmkti_shard *s, const pmkt_purchase *model) {
    move m = {model};
    each_user(s, move_user, &m);
    s->model = model;
    s->swaps = t->swaps;
}

pmkt_status pmkt_tracker_swap(pmkt_tracker *tracker, const pmkt_purchase *model, pmkt_error *err) {
    pmkt_status status = pmkti_tracker_check(tracker, err);
    if (status) return status;
    if (!model) return pmkti_null(err, "model");
    pmkti_lock_take(&tracker->control);
    const pmkt_purchase *old = tracker->model;
    status = check_model(tracker, model, err);
    tracker->swaps += status == PMKT_OK;
    for (int32_t i = 0; i < tracker->options.shards && !status; i++) {
        pmkti_shard *s = &tracker->shard[i];
        pmkti_lock_take(&s->lock);
        pmkti_learn_forget(tracker, s);
        pmkti_swap_shard(tracker, s, model);
        pmkti_lock_give(&s->lock);
    }
    if (!status) {
        tracker->model = pmkt_purchase_retain(model);
        tracker->learned_ms = INT64_MIN;
        tracker->models++;
    }
    pmkti_lock_give(&tracker->control);
    if (!status) pmkt_purchase_release(old);
    return status;
}

/* --------------------------------------------------------------------- rules */

typedef struct exchange {
    pmkt_tracker *t;
    const pmkt_rules *old, *new; /* or NULL */
    const pmkti_rules_plan *plan;
    pmkti_rules_state state;
    pmkti_rules_entry entry[PMKTI_TRACKER_PARTIALS];
} exchange;

void pmkti_trail_swap(const pmkti_rules_plan *plan, pmkti_trail *trail) {
    for (int i = 0; i < PMKTI_TRACKER_FIRES; i++) {
        pmkti_trail_fire *f = &trail->fire[i];
        if (f->turn > 0 && f->rule >= 0) f->rule = plan ? plan->rule[f->rule] : -1;
    }
    for (int i = 0; i < trail->n; i++) {
        uint64_t took = trail->event[i].took, now = 0;
        for (; took && plan; took &= took - 1) { /* several rules may share a bit */
            for (int k = __builtin_ctzll(took); k < PMKTI_RULES_MOST; k += 64) {
                if (plan->rule[k] >= 0) now |= UINT64_C(1) << (plan->rule[k] & 63);
            }
        }
        trail->event[i].took = now;
    }
}

static void exchange_user(void *ctx, pmkti_shard *s, uint32_t number) {
    exchange *x = ctx;
    pmkti_record *u = pmkti_record_at(s, number);
    pmkti_live *live = pmkti_record_live(x->t, u);
    pmkti_trail *trail = pmkti_record_trail(x->t, u);
    if (trail) pmkti_trail_swap(x->new ? x->plan : NULL, trail);
    if (!x->new) live->queued = PMKTI_RULES_NEVER;
    if (live->n == 0) return;
    pmkti_live_load(x->t, s, u, &x->state);
    if (x->new) {
        s->sums.ended += pmkti_rules_swap(x->plan, x->new, &x->state);
    } else {
        for (int32_t i = 0; i < x->state.n; i++) s->sums.ended += !x->state.entry[i].is_cooldown;
        pmkti_rules_begin(&x->state);
    }
    s->rules = x->new; /* whose entries they are now */
    pmkti_live_settle(x->t, s, number, &x->state);
    s->rules = x->old;
}

static int64_t exchange_shard(exchange *x, pmkti_shard *s) {
    pmkti_lock_take(&s->lock);
    const int64_t before = s->sums.ended;
    if (s->rules) each_user(s, exchange_user, x);
    if (!x->new) s->heap.n = 0; /* nobody waits */
    const int64_t ended = s->sums.ended - before;
    s->rules = x->new;
    s->generation = x->t->generation;
    s->swaps = x->t->swaps;
    pmkti_lock_give(&s->lock);
    return ended;
}

pmkt_status pmkt_tracker_swap_rules(pmkt_tracker *tracker, const pmkt_rules *rules, int64_t *ended,
                                    pmkt_error *err) {
    exchange x;
    pmkti_rules_plan plan;
    int64_t n = 0;
    const pmkt_status status = pmkti_tracker_check(tracker, err);
    if (status) return status;
    x.t = tracker, x.old = tracker->rules, x.new = rules, x.plan = &plan;
    x.state = (pmkti_rules_state){.entry = x.entry, .room = tracker->options.partials};
    pmkti_lock_take(&tracker->control);
    const pmkt_rules *old = tracker->rules;
    if (old && rules) pmkti_rules_plan_make(old, rules, &plan);
    tracker->generation++;
    tracker->swaps++;
    tracker->rules = pmkt_rules_retain(rules);
    for (int32_t i = 0; i < tracker->options.shards; i++) {
        n += exchange_shard(&x, &tracker->shard[i]);
    }
    pmkti_lock_give(&tracker->control);
    pmkt_rules_release(old);
    if (ended) *ended = n;
    return PMKT_OK;
}
