#include "intent/rules/step.h"

#include "core/hash.h"

/* Rules that match at one instant, in the order of the text, and how often each. */
typedef struct pmkti_rules_ready {
    int32_t n;
    uint8_t rule[PMKTI_RULES_MOST];
    uint16_t times[PMKTI_RULES_MOST];
} pmkti_rules_ready;

/* ------------------------------------------------------------------- events */

static bool is(const pmkti_rules_what *what, const pmkti_rules_event *e) {
    if (!(what->kinds >> e->slot & 1)) return false;
    return !what->where || pmkti_expr_row(what->where, e->fields, NULL, NULL, 0).i == PMKTI_TRUE;
}

/* 32 bits, none of them zero alone. */
static uint32_t fold(uint64_t h) {
    const uint32_t bits = (uint32_t)(h ^ h >> 32);
    return bits ? bits : 1;
}

/* The key of an event to a rule: 0 if it lacks one of its ids. */
static uint32_t key_of(const pmkti_rule *rule, const pmkti_rules_event *e) {
    uint64_t h = 1;
    for (int32_t i = 0; i < PMKTI_RULES_IDS; i++) {
        if (!(rule->same >> i & 1)) continue;
        if (e->id[i] == PMKT_ID_NONE) return 0;
        h = pmkti_mix(h ^ pmkti_mix(e->id[i]));
    }
    return fold(h);
}

static uint32_t other_of(const pmkti_rule *rule, const pmkti_rules_event *e) {
    if (!rule->different) return 1;
    const uint64_t id = e->id[rule->different - 1];
    return id == PMKT_ID_NONE ? 0 : fold(pmkti_mix(id));
}

/* The steps of which an event can be, as bits. */
static uint32_t steps_of(const pmkt_rules *r, const pmkti_rule *rule, const pmkti_rules_event *e) {
    const pmkti_rules_step *step = (const pmkti_rules_step *)r->steps.at + rule->first_step;
    uint32_t steps = 0;
    for (int32_t k = 0; k < rule->n_steps; k++) steps |= (uint32_t)is(&step[k].what, e) << k;
    return steps;
}

/* ------------------------------------------------------------------ entries */

static void drop(pmkti_rules_state *s, int32_t i) {
    s->entry[i] = s->entry[--s->n];
}

static bool is_of(const pmkti_rules_entry *x, int32_t rule) {
    return x->rule == rule && !x->is_cooldown;
}

/* Ends the partial matches of a key, or (0) of all keys, of a stage or further. */
static void end(pmkti_rules_state *s, int32_t rule, uint32_t key, int32_t stage) {
    for (int32_t i = s->n - 1; i >= 0; i--) {
        const pmkti_rules_entry *x = &s->entry[i];
        if (is_of(x, rule) && (key == 0 || x->key == key) && x->stage >= stage) drop(s, i);
    }
}

/* The step of the event that would take a partial match from this stage to the next. */
static int32_t step_at(const pmkt_rules *r, const pmkti_rule *rule, int32_t stage) {
    return ((const uint8_t *)r->step_of.at)[rule->first_stage + stage];
}

/* Within how long of its mark that event must come; 0: any time. */
static int64_t gap_at(const pmkt_rules *r, const pmkti_rule *rule, int32_t stage) {
    const pmkti_rules_step *step = (const pmkti_rules_step *)r->steps.at + rule->first_step;
    return step[step_at(r, rule, stage)].within_ms;
}

/* Whether it can never go on. One that waits is over only when its time has come. */
static bool is_over(const pmkt_rules *r, const pmkti_rules_entry *x, int64_t time) {
    if (x->is_cooldown) return time >= x->start;
    const pmkti_rule *rule = pmkti_rules_at(r, x->rule);
    if (x->stage == rule->n_stages) return false;
    if (rule->within_ms && time - x->start > rule->within_ms) return true;
    const int64_t gap = gap_at(r, rule, x->stage);
    return gap > 0 && time - x->mark > gap;
}

/* Makes room: of what is over, else of what has gone on least lately. */
static pmkti_rules_entry *make_room(const pmkt_rules *r, pmkti_rules_state *s, int64_t time) {
    if (s->n < s->room) return &s->entry[s->n++];
    for (int32_t i = s->n - 1; i >= 0; i--) {
        if (is_over(r, &s->entry[i], time)) drop(s, i);
    }
    if (s->n < s->room) return &s->entry[s->n++];
    pmkti_rules_entry *oldest = s->entry;
    for (int32_t i = 1; i < s->n; i++) {
        const pmkti_rules_entry *x = &s->entry[i];
        if (x->mark < oldest->mark || (x->mark == oldest->mark && x->stage < oldest->stage)) {
            oldest = &s->entry[i];
        }
    }
    s->dropped++;
    return oldest;
}

/* Whether x is as good as y, of the same rule and key, but for what the last events were. */
static bool covers(const pmkt_rules *r, const pmkti_rule *rule, const pmkti_rules_entry *x,
                   const pmkti_rules_entry *y) {
    if (x->stage != y->stage) return rule->is_single && x->stage > y->stage;
    if (x->stage == rule->n_stages) return x->mark <= y->mark; /* the first wait ends all */
    if (rule->within_ms && x->start < y->start) return false;
    return x->mark >= y->mark || gap_at(r, rule, x->stage) == 0;
}

/* Whether `new`, which is not in the state, is no better than what is there. */
static bool is_covered(const pmkt_rules *r, const pmkti_rules_state *s, const pmkti_rule *rule,
                       const pmkti_rules_entry *new) {
    const bool alike = !rule->different || new->stage == rule->n_stages;
    uint32_t other = 0;
    for (int32_t i = 0; i < s->n; i++) {
        const pmkti_rules_entry *x = &s->entry[i];
        if (!is_of(x, new->rule) || x->key != new->key || !covers(r, rule, x, new)) continue;
        if (alike || x->other == new->other || (other && x->other != other)) return true;
        other = x->other;
    }
    return false;
}

/* Whether what is there besides i covers it together with `new`. */
static bool is_covered_besides(const pmkt_rules *r, const pmkti_rules_state *s,
                               const pmkti_rule *rule, const pmkti_rules_entry *new, int32_t i) {
    const pmkti_rules_entry *y = &s->entry[i];
    if (!rule->different || y->stage == rule->n_stages || y->other == new->other) return true;
    for (int32_t k = 0; k < s->n; k++) {
        const pmkti_rules_entry *x = &s->entry[k];
        if (k == i || !is_of(x, new->rule) || x->key != new->key) continue;
        if (x->other != new->other && covers(r, rule, x, y)) return true;
    }
    return false;
}

static void put(const pmkt_rules *r, pmkti_rules_state *s, const pmkti_rule *rule, int64_t time,
                const pmkti_rules_entry *new) {
    if (is_covered(r, s, rule, new)) return;
    for (int32_t i = s->n - 1; i >= 0; i--) {
        const pmkti_rules_entry *y = &s->entry[i];
        if (!is_of(y, new->rule) || y->key != new->key || !covers(r, rule, new, y)) continue;
        if (is_covered_besides(r, s, rule, new, i)) drop(s, i);
    }
    *make_room(r, s, time) = *new;
    if (new->stage == rule->n_stages &&new->mark + rule->absent_ms < s->due) {
        s->due = new->mark + rule->absent_ms;
    }
}

/* --------------------------------------------------------------- one event */

/* What an event is to a rule. */
typedef struct sight {
    const pmkt_rules *r;
    const pmkti_rule *rule;
    const pmkti_rules_event *e;
    uint32_t key, other, steps;
    int32_t number; /* of the rule */
} sight;

static bool goes_on(const sight *v, const pmkti_rules_entry *x) {
    if (x->key != v->key || x->stage == v->rule->n_stages || v->steps == 0) return false;
    if (!(v->steps >> step_at(v->r, v->rule, x->stage) & 1)) return false;
    return !(v->rule->different && x->other == v->other) && !is_over(v->r, x, v->e->time);
}

/* The partial match with this event as its last. */
static pmkti_rules_entry advanced(const sight *v, const pmkti_rules_entry *x, uint32_t stamp) {
    pmkti_rules_entry to = *x;
    const bool is_last = ++to.stage == v->rule->n_stages;
    if (is_last || step_at(v->r, v->rule, to.stage) != step_at(v->r, v->rule, x->stage)) {
        to.mark = v->e->time;
    }
    to.other = v->other;
    to.stamp = stamp;
    return to;
}

/* Whether a later event could make something better of the same partial match than this one did. */
static bool stays(const sight *v, const pmkti_rules_entry *to) {
    const pmkti_rule *rule = v->rule;
    if (rule->in_a_row) return false;
    if (to->stage == rule->n_stages) return rule->restarts;
    return rule->different || (to->mark == v->e->time && gap_at(v->r, rule, to->stage) > 0);
}

/* Takes the partial matches of one stage on; true if one is complete and does not wait. Downwards, for then
   whatever changes its place has been looked at. `next` becomes the stage to look at after this. */
static bool take_stage_on(const sight *v, pmkti_rules_state *s, int32_t stage, int32_t *next) {
    const pmkti_rule *rule = v->rule;
    *next = 0;
    for (int32_t i = s->n - 1; i >= 0; i--) {
        if (i >= s->n) continue;
        const pmkti_rules_entry *x = &s->entry[i];
        if (!is_of(x, v->number) || x->stamp == s->stamp) continue;
        if (x->stage != stage) {
            if (x->stage < stage && x->stage > *next) *next = x->stage;
            continue;
        }
        if (!goes_on(v, x)) {
            if (rule->in_a_row || is_over(v->r, x, v->e->time)) drop(s, i);
            continue;
        }
        const pmkti_rules_entry to = advanced(v, x, s->stamp);
        if (to.stage == rule->n_stages && rule->absent_ms == 0) return true;
        if (!stays(v, &to)) drop(s, i);
        put(v->r, s, rule, v->e->time, &to);
    }
    return false;
}

/* The furthest first: what comes to a stage is compared with what has not left it. */
static bool take_on(const sight *v, pmkti_rules_state *s) {
    int32_t stage = 0;
    for (int32_t i = 0; i < s->n; i++) {
        const pmkti_rules_entry *x = &s->entry[i];
        if (is_of(x, v->number) && x->stage > stage) stage = x->stage;
    }
    while (stage > 0) {
        int32_t next = 0;
        if (take_stage_on(v, s, stage, &next)) return true;
        stage = next;
    }
    return false;
}

/* Begins a partial match. True if one event is all that it takes. */
static bool begin(const sight *v, pmkti_rules_state *s) {
    const pmkti_rule *rule = v->rule;
    if (!(v->steps & 1)) return false;
    if (rule->n_stages == 1 && rule->absent_ms == 0) return true;
    const int64_t now = v->e->time;
    const pmkti_rules_entry new = {.start = now,
                                   .mark = now,
                                   .key = v->key,
                                   .other = v->other,
                                   .stamp = s->stamp,
                                   .stage = 1,
                                   .rule = (uint8_t)v->number};
    put(v->r, s, rule, now, &new);
    return false;
}

/* One rule. True if it matches. */
static bool follow(const pmkt_rules *r, pmkti_rules_state *s, int32_t number,
                   const pmkti_rules_event *e) {
    const pmkti_rule *rule = pmkti_rules_at(r, number);
    sight v = {r, rule, e, key_of(rule, e), other_of(rule, e), 0, number};
    const bool is_kind = rule->kinds >> e->slot & 1;
    if (is(&rule->unless, e)) {
        end(s, number, rule->in_a_row && is_kind ? 0 : v.key, 0);
        return false;
    }
    if (is_kind && v.key && v.other) v.steps = steps_of(r, rule, e);
    if (rule->absent_ms && is(&rule->absent, e)) {
        end(s, number, v.key, v.steps ? rule->n_stages : 0);
    }
    if (!is_kind || (v.steps == 0 && !rule->in_a_row)) return false;
    if (!take_on(&v, s) && !begin(&v, s)) return false;
    end(s, number, v.key, 0); /* in a row, all that is left is of this key */
    return true;
}

/* ------------------------------------------------------------------- firing */

static pmkti_rules_entry *cooldown_of(const pmkti_rules_state *s, int32_t intent) {
    for (int32_t i = 0; i < s->n; i++) {
        if (s->entry[i].is_cooldown && s->entry[i].rule == intent) return &s->entry[i];
    }
    return NULL;
}

/* Rule `best` fires, unless its intent is cooling down; `times` rules of it match. */
static bool fire(const pmkt_rules *r, pmkti_rules_state *s, int32_t best, int64_t times,
                 int64_t time) {
    const pmkti_rule *rule = pmkti_rules_at(r, best);
    pmkti_rules_entry *cooldown = cooldown_of(s, rule->intent);
    if (cooldown && time < cooldown->start) {
        s->suppressed += times;
        return false;
    }
    s->outranked += times - 1;
    if (rule->cooldown_ms == 0) return true;
    if (!cooldown) cooldown = make_room(r, s, time);
    *cooldown = (pmkti_rules_entry){.start = time + rule->cooldown_ms,
                                    .mark = time,
                                    .stamp = s->stamp,
                                    .rule = (uint8_t)rule->intent,
                                    .is_cooldown = 1};
    return true;
}

/* Of the rules of each intent the strongest, then the first. */
static int32_t fire_all(const pmkt_rules *r, pmkti_rules_state *s, const pmkti_rules_ready *ready,
                        int64_t time, uint8_t *fired) {
    int32_t n = 0;
    bool done[PMKTI_RULES_MOST];
    for (int32_t i = 0; i < ready->n; i++) done[i] = false;
    for (int32_t i = 0; i < ready->n; i++) {
        if (done[i]) continue;
        int32_t best = ready->rule[i];
        int64_t times = ready->times[i];
        for (int32_t k = i + 1; k < ready->n; k++) {
            const pmkti_rule *other = pmkti_rules_at(r, ready->rule[k]);
            if (other->intent != pmkti_rules_at(r, best)->intent) continue;
            done[k] = true;
            times += ready->times[k];
            if (other->strength > pmkti_rules_at(r, best)->strength) best = ready->rule[k];
        }
        if (fire(r, s, best, times, time)) fired[n++] = (uint8_t)best;
    }
    return n;
}

int32_t pmkti_rules_step_event(const pmkt_rules *r, pmkti_rules_state *s,
                               const pmkti_rules_event *e, uint8_t *fired) {
    const uint8_t *concerned = r->of_slot.at;
    pmkti_rules_ready now;
    now.n = 0;
    s->stamp++;
    for (int32_t i = r->slot_at[e->slot]; i < r->slot_at[e->slot + 1]; i++) {
        if (!follow(r, s, concerned[i], e)) continue;
        now.rule[now.n] = concerned[i];
        now.times[now.n++] = 1;
    }
    return now.n > 0 ? fire_all(r, s, &now, e->time, fired) : 0;
}

/* The end of a wait, or never. */
static int64_t due_of(const pmkt_rules *r, const pmkti_rules_entry *x) {
    if (x->is_cooldown) return PMKTI_RULES_NEVER;
    const pmkti_rule *rule = pmkti_rules_at(r, x->rule);
    return x->stage == rule->n_stages ? x->mark + rule->absent_ms : PMKTI_RULES_NEVER;
}

int32_t pmkti_rules_step_due(const pmkt_rules *r, pmkti_rules_state *s, int64_t *time,
                             uint8_t *fired) {
    pmkti_rules_ready now;
    now.n = 0;
    *time = s->due;
    for (int32_t number = 0; number < r->rules.n; number++) {
        if (pmkti_rules_at(r, number)->absent_ms == 0) continue;
        uint16_t times = 0;
        for (int32_t i = 0; i < s->n; i++) {
            const pmkti_rules_entry *x = &s->entry[i];
            if (!is_of(x, number) || due_of(r, x) != *time) continue;
            end(s, number, x->key, 0);
            times++;
            i = -1; /* all have new places */
        }
        if (times == 0) continue;
        now.rule[now.n] = (uint8_t)number;
        now.times[now.n++] = times;
    }
    s->due = PMKTI_RULES_NEVER;
    for (int32_t i = 0; i < s->n; i++) {
        const int64_t due = due_of(r, &s->entry[i]);
        if (due < s->due) s->due = due;
    }
    return now.n > 0 ? fire_all(r, s, &now, *time, fired) : 0;
}
