/*
 * evidence.c - why an intent fired, told from the trail of a user.
 */
#include <string.h>

#include "core/error.h"
#include "core/structs.h"
#include "intent/tracker/tracker.h"

/* The firing that is asked for, or NULL. */
static const pmkti_trail_fire *find(const pmkt_rules *r, const pmkti_trail *trail,
                                    const char *intent) {
    const pmkti_trail_fire *found = NULL;
    for (int i = 0; i < PMKTI_TRACKER_FIRES && r; i++) {
        const pmkti_trail_fire *f = &trail->fire[i];
        if (f->turn == 0 || f->rule < 0) continue;
        const char *name = pmkti_rules_chars(r, pmkti_rules_at(r, f->rule)->name);
        if (intent && strcmp(name, intent) != 0) continue;
        if (!found || f->turn > found->turn) found = f;
    }
    return found;
}

/* Whether an event was a step of a match. Of more rules than there are bits, its kind has to tell. */
static bool is_matched(const pmkt_rules *r, const pmkti_trail_fire *f, const pmkti_trail_event *e) {
    if (!f || e->time < f->since || e->time > f->time) return false;
    if (!(e->took >> (f->rule & 63) & 1)) return false;
    const pmkti_rule *rule = pmkti_rules_at(r, f->rule);
    if (!(rule->kinds >> pmkti_rules_slot(r, e->kind) & 1)) return false;
    return pmkti_rules_key(e->id, rule->same) == f->key;
}

static void tell_events(const pmkt_tracker *t, const pmkt_rules *r, const pmkti_trail *trail,
                        const pmkti_trail_fire *f, pmkt_tracker_evidence *out) {
    const int32_t history = t->options.history;
    const int64_t n = out->event ? (trail->n < out->room ? trail->n : out->room) : 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t back = n - i; /* the latest are the ones before `next` */
        const pmkti_trail_event *e = &trail->event[(trail->next + history - back) % history];
        out->event[i] = (pmkt_tracker_event){.time = e->time,
                                             .item = e->id[0],
                                             .category = e->id[1],
                                             .channel = e->id[2],
                                             .log_odds = (double)e->log_odds,
                                             .kind = e->kind,
                                             .matched = is_matched(r, f, e)};
    }
    out->n = n;
}

static void tell(const pmkt_tracker *t, const pmkti_shard *s, pmkti_record *u, const char *intent,
                 pmkt_tracker_evidence *out) {
    const pmkti_trail *trail = pmkti_record_trail(t, u);
    const pmkti_visitor *v = pmkti_record_visitor(u);
    const pmkti_trail_fire *f = find(s->rules, trail, intent);
    if (f) out->rule = f->rule, out->time = f->time, out->since = f->since;
    if (s->model) out->session = v->events, out->evidence = v->evidence;
    tell_events(t, s->rules, trail, f, out);
}

pmkt_status pmkt_tracker_explain(pmkt_tracker *tracker, uint64_t user, const char *intent,
                                 pmkt_tracker_evidence *out, pmkt_error *err) {
    pmkt_tracker_evidence told = PMKT_TRACKER_EVIDENCE_INIT;
    pmkt_status status = pmkti_tracker_check(tracker, err);
    if (!status && !out) status = pmkti_null(err, "out");
    if (!status) status = pmkti_struct_in(&told, sizeof told, out, sizeof told, "out", err);
    if (!status) status = pmkti_count_check(told.room, "out.room", err);
    if (status) return status;
    if (!tracker->trail_at) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED, "options.history is -1: no evidence is kept");
    }
    told.rule = -1, told.n = 0, told.time = told.since = told.session = 0, told.evidence = 0;
    told.reserved = 0;
    const uint64_t hash = pmkti_tracker_hash(user);
    pmkti_shard *s = pmkti_tracker_shard(tracker, hash);
    pmkti_lock_take(&s->lock);
    const uint32_t number = user ? pmkti_users_find(s, user) : PMKTI_POOL_NONE;
    told.generation = s->generation;
    if (number != PMKTI_POOL_NONE) tell(tracker, s, pmkti_record_at(s, number), intent, &told);
    pmkti_lock_give(&s->lock);
    return pmkti_struct_out(out, &told, sizeof told, sizeof told, "out", err);
}
