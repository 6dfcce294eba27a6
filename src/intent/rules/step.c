#include "intent/rules/step.h"

#include "core/hash.h"

/* An event under way, and what it finds. */
typedef struct seen {
    uint32_t key
        [1
         << PMKTI_RULES_IDS]; /* of the event, by the ids that must be the same; 0: it lacks one */
    uint64_t alive[PMKTI_RULES_WORDS];   /* bits of rules that have partial matches */
    uint64_t kin[PMKTI_RULES_WORDS];     /* the same, of the event's key */
    uint16_t to[64 * PMKTI_RULES_WORDS]; /* of those: where their partial matches end */
    int32_t n;                           /* entries */
} seen;

/*
 * What an event is to a rule, and where the rule's partial matches are: entry[from, to) of the state, of which
 * those from `fresh` on were made at this event. `at` is where a loop over the others stands, downwards, so
 * that entries can come and go meanwhile.
 */
typedef struct sight {
    const pmkt_rules *r;
    pmkti_rules_state *s;
    const pmkti_rules_event *e;
    const pmkti_rule *rule;
    const pmkti_rules_step *step; /* the rule's */
    const uint8_t *step_of;       /* the same: by the stage before it */
    int64_t since;                /* if it matches: the time of its first event */
    uint32_t key, other;
    uint32_t steps, asked; /* bits of steps of which the event is; of those still to be asked */
    int32_t number;        /* of the rule */
    int32_t from, fresh, to, at;
    bool has_kin; /* whether some of the rule's partial matches are of the event's key */
} sight;

/* Rules that match at one instant, in the order of the text, and how often each. */
typedef struct ready {
    int32_t n;
    pmkti_rules_fire fire[PMKTI_RULES_MOST];
    uint16_t times[PMKTI_RULES_MOST];
} ready;

/* ------------------------------------------------------------------- events */

/* Whether the condition holds for an event of one of the kinds. */
static bool holds(const pmkti_rules_what *what, const pmkti_rules_event *e) {
    if (!what->where) return true;
    if (what->is_range) return e->fields[what->field].id - what->least <= what->span;
    return pmkti_expr_row(what->where, e->fields, NULL, NULL, 0).i == PMKTI_TRUE;
}

/* 32 bits, none of them zero alone. */
static uint32_t fold(uint64_t h) {
    const uint32_t bits = (uint32_t)(h ^ h >> 32);
    return bits ? bits : 1;
}

uint32_t pmkti_rules_key(const uint64_t *id, uint32_t same) {
    uint64_t h = 1;
    for (int32_t i = 0; i < PMKTI_RULES_IDS; i++) {
        if (!(same >> i & 1)) continue;
        if (id[i] == PMKT_ID_NONE) return 0;
        h = pmkti_mix(h ^ pmkti_mix(id[i]));
    }
    return fold(h);
}

static uint32_t other_of(const pmkti_rule *rule, const pmkti_rules_event *e) {
    if (!rule->different) return 1;
    const uint64_t id = e->id[rule->different - 1];
    return id == PMKT_ID_NONE ? 0 : fold(pmkti_mix(id));
}

/* Whether the event is of a step. Conditions are asked when they matter, and once. */
static bool is_step(sight *v, int32_t k) {
    const uint32_t bit = 1U << k;
    if (v->asked & bit) {
        v->asked &= ~bit;
        if (!holds(&v->step[k].what, v->e)) v->steps &= ~bit;
    }
    return v->steps & bit;
}

static bool is_any_step(sight *v) {
    for (int32_t k = 0; k < v->rule->n_steps; k++) {
        if (is_step(v, k)) return true;
    }
    return false;
}

/* ------------------------------------------------------------------ entries */

/* Within how long of its mark the next event of a partial match must come; 0: any time. */
static int64_t gap_at(const pmkt_rules *r, const pmkti_rule *rule, int32_t stage) {
    if (!rule->has_gaps) return 0;
    const int32_t step = ((const uint8_t *)r->step_of.at)[rule->first_stage + stage];
    return ((const pmkti_rules_step *)r->steps.at)[rule->first_step + step].within_ms;
}

/* Whether the time of its present step is over. */
static bool is_late(const pmkt_rules *r, const pmkti_rules_entry *x, int64_t time) {
    const pmkti_rule *rule = pmkti_rules_at(r, x->rule);
    if (x->stage == rule->n_stages) return false;
    const int64_t gap = gap_at(r, rule, x->stage);
    return gap > 0 && time - x->mark > gap;
}

/* Whether an entry has no effect any more. A partial match that waits is over only when its time has come. */
static bool is_over(const pmkt_rules *r, const pmkti_rules_entry *x, int64_t time) {
    if (x->is_cooldown) return time >= x->start;
    const pmkti_rules_brief *rule = &r->brief[x->rule];
    if (time - x->start > rule->life_ms && x->stage != rule->n_stages) return true;
    return is_late(r, x, time);
}

/*
 * One pass over all entries: drops what is over, and notes which rules have partial matches, where, and whether
 * of the event's key; of an event without one, all may be concerned. Almost without branches, for little here can
 * be foretold.
 */
static void survey(const pmkt_rules *r, pmkti_rules_state *s, int64_t time, seen *x) {
    pmkti_rules_entry *entry = s->entry;
    int32_t i = 0, n = 0, word = 0;
    uint64_t alive = 0, kin = 0;
    for (int32_t w = 0; w < PMKTI_RULES_WORDS; w++) x->alive[w] = x->kin[w] = 0;
    for (; i < s->n && !entry[i].is_cooldown; i++) {
        const int32_t number = entry[i].rule;
        const pmkti_rules_brief *rule = &r->brief[number];
        const uint32_t key = x->key[rule->same];
        const bool ends =
            (time - entry[i].start > rule->life_ms) & (entry[i].stage != rule->n_stages);
        const bool stays = !(ends | (rule->has_gaps && is_late(r, &entry[i], time)));
        const bool is_kin = stays & ((key == entry[i].key) | (key == 0));
        if (number >> 6 != word) {
            x->alive[word] = alive, x->kin[word] = kin;
            alive = kin = 0;
            word = number >> 6;
        }
        alive |= (uint64_t)stays << (number & 63);
        kin |= (uint64_t)is_kin << (number & 63);
        if (n < i) entry[n] = entry[i];
        n += stays;
        x->to[number] = (uint16_t)n;
    }
    x->alive[word] = alive, x->kin[word] = kin;
    for (; i < s->n; i++) {
        entry[n] = entry[i];
        n += time < entry[i].start;
    }
    s->n = x->n = n;
}

/* Turns to a rule. */
static void turn_to(sight *v, int32_t number) {
    v->number = number;
    v->rule = pmkti_rules_at(v->r, number);
    v->step = (const pmkti_rules_step *)v->r->steps.at + v->rule->first_step;
    v->step_of = (const uint8_t *)v->r->step_of.at + v->rule->first_stage;
}

/* Finds the partial matches of the rule by going through all entries. */
static void search(sight *v) {
    const pmkti_rules_state *s = v->s;
    int32_t i = 0;
    while (i < s->n && !s->entry[i].is_cooldown && s->entry[i].rule < v->number) i++;
    v->from = v->at = i;
    while (i < s->n && !s->entry[i].is_cooldown && s->entry[i].rule == v->number) i++;
    v->fresh = v->to = i;
}

/* Finds them by the survey; all that changed since is before them, and made `grown` entries more. */
static void find(sight *v, const seen *x, int32_t grown) {
    int32_t word = v->number >> 6;
    const uint64_t bit = UINT64_C(1) << (v->number & 63);
    uint64_t before = x->alive[word] & (bit - 1);
    const bool is_alive = x->alive[word] & bit;
    while (before == 0 && word > 0) before = x->alive[--word];
    v->from = before ? x->to[64 * word + 63 - __builtin_clzll(before)] : 0;
    v->to = is_alive ? x->to[v->number] : v->from;
    v->from += grown, v->to += grown;
    v->fresh = v->to;
    v->at = v->from;
}

/* Takes an entry out; all others keep their order. */
static void drop(sight *v, int32_t i) {
    pmkti_rules_state *s = v->s;
    s->n--;
    for (int32_t k = i; k < s->n; k++) s->entry[k] = s->entry[k + 1];
    v->from -= i < v->from;
    v->fresh -= i < v->fresh;
    v->to -= i < v->to;
    v->at -= i < v->at;
}

/* Ends the partial matches of a key, or (0) of all keys, of a stage or further. */
static void end(sight *v, uint32_t key, int32_t stage) {
    for (int32_t i = v->to - 1; i >= v->from; i--) {
        const pmkti_rules_entry *x = &v->s->entry[i];
        if ((key == 0 || x->key == key) && x->stage >= stage) drop(v, i);
    }
}

/* Drops what is over, of all rules. */
static void sweep(sight *v) {
    for (int32_t i = v->s->n - 1; i >= 0; i--) {
        if (is_over(v->r, &v->s->entry[i], v->e->time)) drop(v, i);
    }
}

/* Drops what has gone on least lately. */
static void drop_oldest(sight *v) {
    const pmkti_rules_entry *entry = v->s->entry;
    int32_t oldest = 0;
    for (int32_t i = 1; i < v->s->n; i++) {
        const pmkti_rules_entry *x = &entry[i], *y = &entry[oldest];
        if (x->mark < y->mark || (x->mark == y->mark && x->stage < y->stage)) oldest = i;
    }
    drop(v, oldest);
    v->s->dropped++;
}

/* Puts an entry behind those of the rule, or (a cooldown) behind all. */
static void insert(sight *v, const pmkti_rules_entry *new) {
    pmkti_rules_state *s = v->s;
    if (s->n == s->room) sweep(v);
    if (s->n == s->room) drop_oldest(v);
    const int32_t i = new->is_cooldown ? s->n : v->to++;
    for (int32_t k = s->n++; k > i; k--) s->entry[k] = s->entry[k - 1]; /* few, as a rule */
    s->entry[i] = *new;
}

/* Whether x is as good as y, of the same rule and key, but for what the last events were. */
static bool covers(const sight *v, const pmkti_rules_entry *x, const pmkti_rules_entry *y) {
    const pmkti_rule *rule = v->rule;
    if (x->stage != y->stage) return rule->is_single && x->stage > y->stage;
    if (x->stage == rule->n_stages) return x->mark <= y->mark; /* the first wait ends all */
    if (rule->within_ms && x->start < y->start) return false;
    return x->mark >= y->mark || gap_at(v->r, rule, x->stage) == 0;
}

/* Whether `new`, which is not in the state, is no better than what is there. */
static bool is_covered(const sight *v, const pmkti_rules_entry *new) {
    const bool alike = !v->rule->different || new->stage == v->rule->n_stages;
    uint32_t other = 0;
    for (int32_t i = v->from; i < v->to; i++) {
        const pmkti_rules_entry *x = &v->s->entry[i];
        if (x->key != new->key || !covers(v, x, new)) continue;
        if (alike || x->other == new->other || (other && x->other != other)) return true;
        other = x->other;
    }
    return false;
}

/* Whether what is there besides i covers it together with `new`. */
static bool is_covered_besides(const sight *v, const pmkti_rules_entry *new, int32_t i) {
    const pmkti_rules_entry *y = &v->s->entry[i];
    if (!v->rule->different || y->stage == v->rule->n_stages || y->other == new->other) return true;
    for (int32_t k = v->from; k < v->to; k++) {
        const pmkti_rules_entry *x = &v->s->entry[k];
        if (k == i || x->key != new->key) continue;
        if (x->other != new->other && covers(v, x, y)) return true;
    }
    return false;
}

/* Drops what is no better than `new`; false, with nothing dropped, if `new` is no better itself. */
static bool make_way(sight *v, const pmkti_rules_entry *new) {
    if (is_covered(v, new)) return false;
    for (int32_t i = v->to - 1; i >= v->from; i--) {
        const pmkti_rules_entry *y = &v->s->entry[i];
        if (y->key != new->key || !covers(v, new, y)) continue;
        if (is_covered_besides(v, new, i)) drop(v, i);
    }
    return true;
}

/* Keeps a partial match, unless there are better ones. */
static void put(sight *v, const pmkti_rules_entry *new) {
    pmkti_rules_state *s = v->s;
    if (v->has_kin && !make_way(v, new)) return;
    insert(v, new);
    s->took |= UINT64_C(1) << (v->number & 63);
    if (new->stage == v->rule->n_stages &&new->mark + v->rule->absent_ms < s->due) {
        s->due = new->mark + v->rule->absent_ms;
    }
}

/* --------------------------------------------------------------- one event */

/* Whether the event takes a partial match on. */
static bool goes_on(sight *v, const pmkti_rules_entry *x) {
    if (x->key != v->key || x->stage == v->rule->n_stages || v->steps == 0) return false;
    if (v->rule->different && x->other == v->other) return false;
    return is_step(v, v->step_of[x->stage]);
}

/* The partial match with this event as its last. */
static pmkti_rules_entry advanced(const sight *v, const pmkti_rules_entry *x) {
    pmkti_rules_entry to = *x;
    const bool is_last = ++to.stage == v->rule->n_stages;
    if (is_last || v->step_of[to.stage] != v->step_of[x->stage]) to.mark = v->e->time;
    to.other = v->other;
    return to;
}

/* Whether a later event could make something better of the same partial match than this one did. */
static bool stays(const sight *v, const pmkti_rules_entry *to) {
    const pmkti_rule *rule = v->rule;
    if (rule->in_a_row) return false;
    if (to->stage == rule->n_stages) return rule->restarts;
    return rule->different || (to->mark == v->e->time && gap_at(v->r, rule, to->stage) > 0);
}

/* The furthest stage that goes on now, or 0. In a row, drops what does not go on. */
static int32_t furthest(sight *v) {
    int32_t stage = 0;
    for (int32_t i = v->to - 1; i >= v->from; i--) {
        const pmkti_rules_entry *x = &v->s->entry[i];
        if (goes_on(v, x)) {
            if (x->stage > stage) stage = x->stage;
        } else if (v->rule->in_a_row) {
            drop(v, i);
        }
    }
    return stage;
}

/* Takes the partial matches of one stage on; true if one is complete and does not wait. `next` becomes the
   stage to look at after this. */
static bool take_stage_on(sight *v, int32_t stage, int32_t *next) {
    const pmkti_rule *rule = v->rule;
    *next = 0;
    for (v->at = v->fresh; v->at-- > v->from;) {
        const pmkti_rules_entry *x = &v->s->entry[v->at];
        if (x->stage > stage || x->stage <= *next || !goes_on(v, x)) continue;
        if (x->stage < stage) {
            *next = x->stage;
            continue;
        }
        const pmkti_rules_entry to = advanced(v, x);
        if (to.stage == rule->n_stages && rule->absent_ms == 0) return v->since = x->start, true;
        if (!stays(v, &to)) drop(v, v->at);
        put(v, &to);
    }
    return false;
}

/* The furthest first: what comes to a stage is compared with what has not left it. */
static bool take_on(sight *v) {
    for (int32_t stage = furthest(v), next = 0; stage > 0; stage = next) {
        if (take_stage_on(v, stage, &next)) return true;
    }
    return false;
}

/* Begins a partial match. True if one event is all that it takes. */
static bool begin(sight *v) {
    const int64_t now = v->e->time;
    if (!is_step(v, 0)) return false;
    v->since = now;
    if (v->rule->n_stages == 1 && v->rule->absent_ms == 0) return true;
    const pmkti_rules_entry new = {.start = now,
                                   .mark = now,
                                   .key = v->key,
                                   .other = v->other,
                                   .stage = 1,
                                   .rule = (uint8_t)v->number};
    put(v, &new);
    return false;
}

/* One rule. True if it matches. */
static bool follow(sight *v, const pmkti_rules_turn *turn) {
    const pmkti_rule *rule = v->rule;
    const bool is_kind = turn->steps != 0;
    if (turn->unless && holds(&rule->unless, v->e)) {
        end(v, rule->in_a_row && is_kind ? 0 : v->key, 0);
        return false;
    }
    v->steps = v->key && v->other ? turn->steps : 0;
    v->asked = v->steps & turn->asked;
    if (turn->absent && holds(&rule->absent, v->e)) {
        end(v, v->key, is_any_step(v) ? rule->n_stages : 0);
    }
    if (!is_kind) return false;
    if (!((v->has_kin || rule->in_a_row) && take_on(v)) && !begin(v)) return false;
    v->s->took |= UINT64_C(1) << (v->number & 63);
    end(v, v->key, 0); /* in a row, all that is left is of this key */
    return true;
}

/* ------------------------------------------------------------------- firing */

static pmkti_rules_entry *cooldown_of(const pmkti_rules_state *s, int32_t intent) {
    for (int32_t i = s->n - 1; i >= 0 && s->entry[i].is_cooldown; i--) {
        if (s->entry[i].rule == intent) return &s->entry[i];
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
    const pmkti_rules_entry new = {.start = time + rule->cooldown_ms,
                                   .mark = time,
                                   .rule = (uint8_t)rule->intent,
                                   .is_cooldown = 1};
    if (cooldown) {
        *cooldown = new;
    } else {
        const pmkti_rules_event now = {.time = time};
        insert(&(sight){.r = r, .s = s, .e = &now}, &new);
    }
    return true;
}

/* Of the rules of each intent the strongest, then the first. */
static int32_t fire_all(const pmkt_rules *r, pmkti_rules_state *s, const ready *now, int64_t time,
                        pmkti_rules_fire *out) {
    int32_t n = 0;
    bool done[PMKTI_RULES_MOST];
    for (int32_t i = 0; i < now->n; i++) done[i] = false;
    for (int32_t i = 0; i < now->n; i++) {
        if (done[i]) continue;
        int32_t best = i;
        int64_t times = now->times[i];
        for (int32_t k = i + 1; k < now->n; k++) {
            const pmkti_rule *strongest = pmkti_rules_at(r, now->fire[best].rule);
            const pmkti_rule *other = pmkti_rules_at(r, now->fire[k].rule);
            if (other->intent != strongest->intent) continue;
            done[k] = true;
            times += now->times[k];
            if (other->strength > strongest->strength) best = k;
        }
        if (fire(r, s, now->fire[best].rule, times, time)) out[n++] = now->fire[best];
    }
    return n;
}

/* Notes that a rule matches, so many times. */
static void note(ready *now, const sight *v, uint16_t times) {
    now->fire[now->n] = (pmkti_rules_fire){v->since, v->key, (uint8_t)v->number};
    now->times[now->n++] = times;
}

/* The rules of a word of bits on which an event has an effect: those that it begins, those that have something of
   its key, and in a row those that have anything. */
static uint64_t affected(const pmkt_rules *r, const seen *x, int32_t slot, int32_t word) {
    const pmkti_rules_slots *of = &r->of_slot[slot];
    return of->begins[word] | (of->concerns[word] & x->kin[word]) |
           (of->in_a_row[word] & x->alive[word]);
}

int32_t pmkti_rules_step_event(const pmkt_rules *r, pmkti_rules_state *s,
                               const pmkti_rules_event *e, pmkti_rules_fire *fire) {
    ready now;
    seen x;
    sight v;
    s->took = 0;
    if (!(r->kinds >> e->slot & 1)) return 0;
    for (int32_t i = 0; i < r->n_sames; i++)
        x.key[r->sames[i]] = pmkti_rules_key(e->id, r->sames[i]);
    survey(r, s, e->time, &x);
    now.n = 0;
    v.r = r, v.s = s, v.e = e;
    const int64_t dropped = s->dropped;
    for (int32_t word = 0; word < r->n_words; word++) {
        for (uint64_t left = affected(r, &x, e->slot, word); left; left &= left - 1) {
            const int32_t number = 64 * word + __builtin_ctzll(left);
            turn_to(&v, number);
            if (s->dropped == dropped) {
                find(&v, &x, s->n - x.n);
            } else {
                search(&v);
            }
            v.has_kin = x.kin[word] >> (number & 63) & 1;
            v.key = x.key[v.rule->same];
            v.other = other_of(v.rule, e);
            if (follow(&v, pmkti_rules_turn_at(r, e->slot, number))) note(&now, &v, 1);
        }
    }
    return now.n > 0 ? fire_all(r, s, &now, e->time, fire) : 0;
}

/* The end of a wait, or never. */
static int64_t due_of(const pmkt_rules *r, const pmkti_rules_entry *x) {
    if (x->is_cooldown) return PMKTI_RULES_NEVER;
    const pmkti_rule *rule = pmkti_rules_at(r, x->rule);
    return x->stage == rule->n_stages ? x->mark + rule->absent_ms : PMKTI_RULES_NEVER;
}

void pmkti_rules_due(const pmkt_rules *r, pmkti_rules_state *s) {
    s->due = PMKTI_RULES_NEVER;
    for (int32_t i = 0; i < s->n; i++) {
        const int64_t due = due_of(r, &s->entry[i]);
        if (due < s->due) s->due = due;
    }
}

/* Ends the partial matches of the rule whose wait ends at `time`, with all of their keys; how many. */
static uint16_t finish(sight *v, int64_t time) {
    uint16_t times = 0;
    for (int32_t i = v->from; i < v->to; i++) {
        const pmkti_rules_entry *x = &v->s->entry[i];
        if (due_of(v->r, x) != time) continue;
        if (times++ == 0) v->since = x->start, v->key = x->key;
        end(v, x->key, 0);
        i = v->from - 1; /* all have new places */
    }
    return times;
}

int32_t pmkti_rules_step_due(const pmkt_rules *r, pmkti_rules_state *s, int64_t *time,
                             pmkti_rules_fire *fire) {
    ready now;
    sight v = {.r = r, .s = s};
    now.n = 0;
    *time = s->due;
    for (int32_t i = 0; i < s->n; i++) {
        if (due_of(r, &s->entry[i]) != *time) continue;
        turn_to(&v, s->entry[i].rule);
        search(&v);
        const uint16_t times = finish(&v, *time);
        note(&now, &v, times);
        i = v.from - 1;
    }
    pmkti_rules_due(r, s);
    return now.n > 0 ? fire_all(r, s, &now, *time, fire) : 0;
}
