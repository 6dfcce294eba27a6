/*
 * fire.c - rules that fire: to the caller's array, and into the trail that evidence is told from.
 */
#include "intent/tracker/tracker.h"

/* Where a trail remembers a rule: in place of an earlier one of the intent, else of the oldest. */
static pmkti_trail_fire *place_of(const pmkt_rules *r, pmkti_trail *trail, int32_t rule) {
    const int32_t intent = pmkti_rules_at(r, rule)->intent;
    pmkti_trail_fire *oldest = trail->fire;
    for (int i = 0; i < PMKTI_TRACKER_FIRES; i++) {
        pmkti_trail_fire *f = &trail->fire[i];
        if (f->turn && f->rule >= 0 && pmkti_rules_at(r, f->rule)->intent == intent) return f;
        if (f->turn < oldest->turn) oldest = f;
    }
    return oldest;
}

/* Turns are 1, 2, ..., without a gap. */
static void remember(const pmkt_rules *r, pmkti_trail *trail, int64_t time,
                     const pmkti_rules_fire *fire) {
    pmkti_trail_fire *to = place_of(r, trail, fire->rule);
    const uint16_t turn = to->turn;
    uint16_t latest = 0;
    for (int i = 0; i < PMKTI_TRACKER_FIRES; i++) {
        pmkti_trail_fire *f = &trail->fire[i];
        if (turn && f->turn > turn) f->turn--;
        if (f != to && f->turn > latest) latest = f->turn;
    }
    *to = (pmkti_trail_fire){time, fire->since, fire->key, (int16_t)fire->rule,
                             (uint16_t)(latest + 1)};
}

void pmkti_tracker_fire(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u, int64_t time,
                        int64_t row, const pmkti_rules_fire *fire, int32_t n,
                        pmkti_tracker_out *out) {
    pmkti_trail *trail = pmkti_record_trail(t, u);
    s->sums.fired += n;
    if (!out->at) s->sums.unheard += n;
    for (int32_t i = 0; i < n; i++) {
        const pmkti_rules_fire *f = &fire[i];
        if (trail) remember(s->rules, trail, time, f);
        if (out->at) {
            out->at[out->n] =
                (pmkt_tracker_fired){.user = u->user,
                                     .time = time,
                                     .since = f->since,
                                     .row = row,
                                     .strength = pmkti_rules_at(s->rules, f->rule)->strength,
                                     .rule = f->rule,
                                     .generation = s->generation};
        }
        out->n++;
    }
}

void pmkti_tracker_pass(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u,
                        pmkti_rules_state *state, int64_t clock, pmkti_tracker_out *out) {
    pmkti_rules_fire fire[PMKTI_RULES_MOST];
    const int64_t end = pmkti_record_last(t, u);
    if (clock > end + 1) clock = end + 1;
    while (state->due < clock && pmkti_tracker_has_room(out, s->rules)) {
        int64_t time = 0;
        const int32_t n = pmkti_rules_step_due(s->rules, state, &time, fire);
        pmkti_tracker_fire(t, s, u, time, -1, fire, n, out);
    }
}
