/*
 * What a tracker asks of rules, on rules and events by chance: a state that is packed after every event does what
 * one that is kept does; rules that stay do not notice that others come and go; what fires tells where it began.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intent/rules/pack.h"
#include "intent/rules/swap.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/rules_slow.h"
#include "support/suite.h"

#define RULES 5
#define ROOM 512
#define EVENTS 60
#define SHOTS 4096

/* What one event or instant fired. */
typedef struct shot {
    int64_t time, since;
    int32_t event; /* -1: a wait ended */
    uint32_t key;
    int32_t rule;
} shot;

/* A user under way. */
typedef struct walk {
    const pmkt_rules *r;
    pmkti_rules_state s;
    pmkti_rules_entry entry[ROOM];
    pmkti_value fields[PMKTI_RULES_FIELDS];
    uint64_t took[EVENTS];
    shot shot[SHOTS];
    int32_t n;
} walk;

static void walk_begin(walk *w, const pmkt_rules *r, int32_t room) {
    memset(w, 0, sizeof *w);
    w->r = r;
    w->s = (pmkti_rules_state){.entry = w->entry, .room = room, .due = PMKTI_RULES_NEVER};
}

static void walk_fired(walk *w, int64_t time, int32_t event, const pmkti_rules_fire *fire,
                       int32_t n) {
    REQUIRE(w->n + n <= SHOTS);
    for (int32_t i = 0; i < n; i++) {
        w->shot[w->n++] = (shot){time, fire[i].since, event, fire[i].key, fire[i].rule};
    }
}

static void walk_pass(walk *w, int64_t clock) {
    pmkti_rules_fire fire[PMKTI_RULES_MOST];
    while (w->s.due < clock) {
        int64_t time = 0;
        const int32_t n = pmkti_rules_step_due(w->r, &w->s, &time, fire);
        walk_fired(w, time, -1, fire, n);
    }
}

static void walk_see(walk *w, const slow_event *e, int32_t i) {
    pmkti_rules_fire fire[PMKTI_RULES_MOST];
    pmkti_rules_event x = {.time = e->time, .id = {e->id[0], e->id[1], e->id[2]}, .slot = e->kind};
    walk_pass(w, e->time);
    w->fields[PMKTI_RULES_AMOUNT].i = e->amount;
    w->fields[PMKTI_RULES_DWELL].i = e->dwell;
    w->fields[PMKTI_RULES_CART_AMOUNT].i = e->cart_amount;
    x.fields = w->fields;
    const int32_t n = pmkti_rules_step_event(w->r, &w->s, &x, fire);
    walk_fired(w, e->time, i, fire, n);
    w->took[i] = w->s.took;
}

static int events_random(slow_event *e, int64_t span, int64_t origin) {
    const int n = (int)random_below(EVENTS + 1);
    int64_t time = origin, cart = INT64_MIN;
    for (int i = 0; i < n; i++) {
        time += random_below(3) ? random_below(2 * span / EVENTS + 2) : 0;
        e[i] = (slow_event){.time = time,
                            .row = i,
                            .amount = random_below(5) == 0 ? INT64_MIN : random_below(4),
                            .dwell = i > 0 ? time - e[i - 1].time : INT64_MIN,
                            .id = {(uint64_t)random_below(4), (uint64_t)random_below(3), 1},
                            .kind = (int)random_between(3, 8)};
        if (e[i].kind == PMKT_KIND_CART) cart = e[i].amount;
        e[i].cart_amount = cart;
    }
    return n;
}

static pmkt_rules *parse(const char *text, size_t length) {
    pmkt_rules *made = NULL;
    pmkt_error err;
    if (pmkt_rules_parse(text, length, NULL, &made, &err)) {
        ck_abort_msg("%s\n%s", err.message, text);
    }
    return made;
}

/* Rules by chance, and each as a text of its own. */
typedef struct book {
    slow_rule rule[RULES];
    char text[RULES][1024];
    size_t length[RULES];
} book;

static void book_random(book *b, int64_t span) {
    for (int k = 0; k < RULES; k++) {
        b->rule[k] = slow_rule_random(3, 8, span / 6 + 1);
        b->rule[k].intent = k; /* rules do not outrank one another, and no two have the same text */
        b->length[k] = slow_rule_print(&b->rule[k], b->text[k], sizeof b->text[k]);
    }
}

/* The set of n rules of a book. */
static pmkt_rules *book_parse(const book *b, const int *which, int n) {
    char text[RULES * 1024];
    size_t at = 0;
    for (int k = 0; k < n; k++) {
        memcpy(text + at, b->text[which[k]], b->length[which[k]]);
        at += b->length[which[k]];
    }
    return parse(text, at);
}

static bool same_shot(const shot *a, const shot *b) {
    return a->time == b->time && a->since == b->since && a->event == b->event && a->key == b->key;
}

/* ------------------------------------------------------------------------ pack */

static void repack(walk *w) {
    pmkti_rules_packed packed[ROOM], again[ROOM];
    pmkti_rules_entry entry[ROOM];
    const int32_t n = w->s.n;
    const int64_t dropped = w->s.dropped;
    pmkti_rules_pack(&w->s, packed);
    memcpy(entry, w->entry, sizeof entry);
    memset(w->entry, 0x5a, sizeof w->entry);
    w->s.due = 4, w->s.n = 7, w->s.took = 9;
    pmkti_rules_unpack(w->r, packed, n, &w->s);
    REQUIRE(w->s.n == n && w->s.dropped == dropped);
    for (int32_t i = 0; i < n; i++) {
        const pmkti_rules_entry *x = &entry[i], *y = &w->entry[i];
        REQUIRE(x->start == y->start && x->mark == y->mark && x->key == y->key);
        REQUIRE(x->other == y->other && x->stage == y->stage && x->rule == y->rule);
        REQUIRE(x->is_cooldown == y->is_cooldown);
    }
    pmkti_rules_pack(&w->s, again);
    REQUIRE(n == 0 || memcmp(packed, again, (size_t)n * sizeof *packed) == 0);
}

START_TEST(packing_is_invisible) {
    static const int ALL[RULES] = {0, 1, 2, 3, 4};
    static walk kept, packed;
    static const int64_t ORIGINS[] = {0, PMKT_TIME_MIN, PMKT_TIME_MAX - 100000, -50};
    int64_t fired = 0;
    random_seed(11);
    for (int64_t round = 0; round < scaled(20000, 500); round++) {
        book b;
        slow_event e[EVENTS];
        const int64_t span = random_between(6, 200);
        book_random(&b, span);
        const int n = events_random(e, span, ORIGINS[round % LENGTH(ORIGINS)]);
        const int32_t room = random_below(3) == 0 ? 1 + (int32_t)random_below(6) : ROOM;
        pmkt_rules *r = book_parse(&b, ALL, RULES);
        walk_begin(&kept, r, room);
        walk_begin(&packed, r, room);
        for (int i = 0; i < n; i++) {
            walk_see(&kept, &e[i], i);
            walk_see(&packed, &e[i], i);
            repack(&packed);
            REQUIRE(kept.s.n == packed.s.n && kept.took[i] == packed.took[i]);
        }
        walk_pass(&kept, INT64_MAX);
        walk_pass(&packed, INT64_MAX);
        REQUIRE(kept.n == packed.n);
        for (int32_t i = 0; i < kept.n; i++) {
            REQUIRE(same_shot(&kept.shot[i], &packed.shot[i]));
            REQUIRE(kept.shot[i].rule == packed.shot[i].rule);
        }
        REQUIRE(kept.s.suppressed == packed.s.suppressed && kept.s.dropped == packed.s.dropped);
        fired += kept.n;
        pmkt_rules_release(r);
    }
    ck_assert_int_gt(fired, 0);
}
END_TEST

START_TEST(the_longest_times_fit) {
    char text[] = "intent a { when view then no order for 36500 days cooldown 36500 days }";
    pmkt_rules *r = parse(text, strlen(text));
    static walk w;
    walk_begin(&w, r, ROOM);
    const slow_event late = {.time = PMKT_TIME_MAX - 1, .kind = PMKT_KIND_VIEW};
    walk_see(&w, &late, 0);
    repack(&w);
    ck_assert_int_eq(w.s.due, PMKT_TIME_MAX - 1 + PMKTI_RULES_LONGEST);
    walk_pass(&w, INT64_MAX);
    ck_assert_int_eq(w.n, 1);
    ck_assert_int_eq(w.shot[0].since, PMKT_TIME_MAX - 1);
    repack(&w);
    ck_assert_int_eq(w.entry[0].start, PMKT_TIME_MAX - 1 + 2 * PMKTI_RULES_LONGEST);
    pmkt_rules_release(r);
}
END_TEST

/* ------------------------------------------------------------------------ swap */

/* A choice of some rules of a book in any order. */
static int choose(int *which) {
    int n = 0;
    for (int k = 0; k < RULES; k++) {
        if (random_below(3) == 0) continue;
        const int to = (int)random_below(n + 1);
        which[n] = which[to];
        which[to] = k;
        n++;
    }
    return n;
}

static int place_of(const int *which, int n, int rule) {
    for (int k = 0; k < n; k++) {
        if (which[k] == rule) return k;
    }
    return -1;
}

static int32_t partials_of(const pmkti_rules_state *s, int rule) {
    int32_t n = 0;
    for (int32_t i = 0; i < s->n; i++) n += !s->entry[i].is_cooldown && s->entry[i].rule == rule;
    return n;
}

/* A rule alone, against it among others that come and go; how often it fired. */
static int check_swaps(const book *b, const slow_event *e, int n) {
    static walk one, many;
    const int rule = (int)random_below(RULES);
    int which[RULES] = {rule};
    int n_rules = 1, shots = 0;
    pmkt_rules *alone = book_parse(b, &rule, 1);
    pmkt_rules *r = book_parse(b, which, 1);
    walk_begin(&one, alone, ROOM);
    walk_begin(&many, r, ROOM);
    for (int i = 0; i <= n; i++) {
        if (i == n) walk_pass(&one, INT64_MAX), walk_pass(&many, INT64_MAX);
        if (i < n) walk_see(&one, &e[i], i), walk_see(&many, &e[i], i);
        for (int32_t k = 0; k < many.n; k++) {
            if (which[many.shot[k].rule] != rule) continue;
            REQUIRE(shots < one.n && same_shot(&many.shot[k], &one.shot[shots]));
            shots++;
        }
        many.n = 0;
        REQUIRE(shots == one.n);
        if (random_below(3)) continue;
        int next[RULES];
        const int n_next = choose(next);
        if (place_of(next, n_next, rule) < 0) continue;
        pmkt_rules *new = book_parse(b, next, n_next);
        pmkti_rules_plan plan;
        pmkti_rules_plan_make(r, new, &plan);
        int32_t gone = 0;
        for (int k = 0; k < n_rules; k++) {
            REQUIRE(plan.rule[k] == place_of(next, n_next, which[k]));
            if (plan.rule[k] < 0) gone += partials_of(&many.s, k);
        }
        REQUIRE(pmkti_rules_swap(&plan, new, &many.s) == gone);
        pmkt_rules_release(r);
        many.r = r = new;
        memcpy(which, next, sizeof which);
        n_rules = n_next;
    }
    pmkt_rules_release(r);
    pmkt_rules_release(alone);
    return shots;
}

START_TEST(rules_that_stay_notice_nothing) {
    int64_t fired = 0;
    random_seed(12);
    for (int64_t round = 0; round < scaled(20000, 500); round++) {
        book b;
        slow_event e[EVENTS];
        const int64_t span = random_between(6, 200);
        book_random(&b, span);
        const int n = events_random(e, span, 0);
        fired += check_swaps(&b, e, n);
    }
    ck_assert_int_gt(fired, 0);
}
END_TEST

/* The old rules' dates are so many minutes ahead of UTC. */
static void plan_of(const char *before, const char *after, int32_t ahead, pmkti_rules_plan *plan) {
    pmkt_rules *old = NULL, *new = parse(after, strlen(after));
    pmkt_zone zone = PMKT_ZONE_INIT;
    pmkt_rules_options o = PMKT_RULES_OPTIONS_INIT;
    pmkt_error err;
    zone.offset_minutes = ahead;
    o.zone = &zone;
    ck_assert_ok(pmkt_rules_parse(before, strlen(before), &o, &old, &err), err);
    pmkti_rules_plan_make(old, new, plan);
    pmkt_rules_release(old);
    pmkt_rules_release(new);
}

START_TEST(what_is_the_same_rule) {
    const char *rule = "intent a { when view where (x > 1) then cart }";
    const char *dated = "intent a { when view where (time > date '2024-01-01') then cart }";
    char before[400], after[400];
    pmkti_rules_plan plan;
    /* Columns may stand elsewhere, but must be of the same type. */
    (void)snprintf(before, sizeof before, "columns x int %s", rule);
    (void)snprintf(after, sizeof after, "columns y int, x int # more\n intent b { when view } %s",
                   rule);
    plan_of(before, after, 0, &plan);
    ck_assert_int_eq(plan.rule[0], 1);
    ck_assert_int_eq(plan.intent[0], 1);
    (void)snprintf(after, sizeof after, "columns x double %s", rule);
    plan_of(before, after, 0, &plan);
    ck_assert_int_eq(plan.rule[0], -1);
    ck_assert_int_eq(plan.intent[0], 0);
    /* A date is another instant in another zone. */
    plan_of(dated, dated, 0, &plan);
    ck_assert_int_eq(plan.rule[0], 0);
    plan_of(dated, dated, 60, &plan);
    ck_assert_int_eq(plan.rule[0], -1);
    /* Of several alike, each goes on as one. */
    plan_of("intent a { when view } intent a { when view } intent a { when view }",
            "intent b { when cart } intent a { when view } intent a { when view }", 0, &plan);
    ck_assert_int_eq(plan.rule[0], 1);
    ck_assert_int_eq(plan.rule[1], 2);
    ck_assert_int_eq(plan.rule[2], -1);
    plan_of("intent a { when view }", "intent b { when view }", 0, &plan);
    ck_assert_int_eq(plan.rule[0], -1);
    ck_assert_int_eq(plan.intent[0], -1);
    plan_of("intent a { when view }", "", 0, &plan);
    ck_assert_int_eq(plan.intent[0], -1);
}
END_TEST

START_TEST(cooldowns_are_of_intents) {
    const char *old = "intent a { when view cooldown 10 s } intent b { when 2 view cooldown 10 s }";
    const char *new = "intent c { when cart } intent b { when view }";
    static walk w;
    pmkti_rules_plan plan;
    pmkt_rules *r = parse(old, strlen(old)), *next = parse(new, strlen(new));
    slow_event e = {.time = 1, .kind = PMKT_KIND_VIEW};
    walk_begin(&w, r, ROOM);
    walk_see(&w, &e, 0);
    walk_see(&w, &e, 1);
    ck_assert_int_eq(w.n, 2); /* both */
    walk_see(&w, &e, 2);      /* half of b, and a is cooling down */
    ck_assert_int_eq(w.n, 2);
    ck_assert_int_eq(w.s.n, 3);
    pmkti_rules_plan_make(r, next, &plan);
    ck_assert_int_eq(pmkti_rules_swap(&plan, next, &w.s), 1);
    ck_assert_int_eq(w.s.n, 1); /* the cooldown of b */
    w.r = next;
    e.time = 10000;
    walk_see(&w, &e, 3);
    ck_assert_int_eq(w.n, 2);
    e.time = 10001;
    walk_see(&w, &e, 4);
    ck_assert_int_eq(w.n, 3);
    pmkt_rules_release(r);
    pmkt_rules_release(next);
}
END_TEST

START_TEST(what_an_event_was_to_rules) {
    const char *text =
        "intent a { when view then cart same item } intent b { when cart }"
        "intent c { when 2 click }";
    pmkt_rules *r = parse(text, strlen(text));
    static walk w;
    const slow_event e[] = {
        {.time = 1, .kind = PMKT_KIND_VIEW, .id = {7, 0, 0}},
        {.time = 2, .kind = PMKT_KIND_VIEW, .id = {7, 0, 0}}, /* no better than the first */
        {.time = 3, .kind = PMKT_KIND_CART, .id = {8, 0, 0}},
        {.time = 4, .kind = PMKT_KIND_CLICK},
        {.time = 5, .kind = PMKT_KIND_CLICK},
        {.time = 6, .kind = PMKT_KIND_CART, .id = {7, 0, 0}},
        {.time = 7, .kind = PMKT_KIND_ORDER},
    };
    const uint64_t took[] = {1, 0, 2, 4, 4, 3, 0};
    walk_begin(&w, r, ROOM);
    for (int i = 0; i < (int)LENGTH(e); i++) {
        walk_see(&w, &e[i], i);
        ck_assert_uint_eq(w.took[i], took[i]);
    }
    const int64_t since[] = {3, 4, 1, 6};
    ck_assert_int_eq(w.n, LENGTH(since));
    for (int i = 0; i < w.n; i++) ck_assert_int_eq(w.shot[i].since, since[i]);
    ck_assert_uint_eq(w.shot[0].key, w.shot[1].key); /* of nothing in common */
    ck_assert_uint_ne(w.shot[2].key, w.shot[3].key);
    pmkt_rules_release(r);
}
END_TEST

/* A rule beyond the first 64, and the 128th, among others that have partial matches, too. */
START_TEST(many_rules) {
    static walk one, many;
    static char text[40000];
    int64_t fired = 0;
    random_seed(13);
    for (int64_t round = 0; round < scaled(1000, 50); round++) {
        book b;
        slow_event e[EVENTS];
        const int64_t span = random_between(6, 200);
        const int at = (int)random_below(200);
        size_t length = 0;
        book_random(&b, span);
        const int n = events_random(e, span, 0);
        for (int k = 0; k < 200; k++) {
            if (k == at) {
                memcpy(text + length, b.text[0], b.length[0]);
                length += b.length[0];
            }
            length += (size_t)snprintf(text + length, sizeof text - length,
                                       "intent f%d { when %d event then 2 view }\n", k, 1 + k % 4);
        }
        pmkt_rules *alone = parse(b.text[0], b.length[0]), *r = parse(text, length);
        walk_begin(&one, alone, ROOM);
        walk_begin(&many, r, ROOM);
        for (int i = 0; i <= n; i++) {
            if (i == n) walk_pass(&one, INT64_MAX), walk_pass(&many, INT64_MAX);
            if (i < n) walk_see(&one, &e[i], i), walk_see(&many, &e[i], i);
            int32_t shots = 0;
            for (int32_t k = 0; k < many.n; k++) {
                if (many.shot[k].rule != at) continue;
                REQUIRE(shots < one.n && same_shot(&many.shot[k], &one.shot[shots]));
                shots++;
            }
            REQUIRE(shots == one.n && many.s.dropped == 0);
            fired += shots;
            many.n = one.n = 0;
        }
        pmkt_rules_release(alone);
        pmkt_rules_release(r);
    }
    ck_assert_int_gt(fired, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rules live");
    TOPIC(suite, "pack", packing_is_invisible, the_longest_times_fit);
    TOPIC(suite, "swap", rules_that_stay_notice_nothing, what_is_the_same_rule,
          cooldowns_are_of_intents);
    TOPIC(suite, "took", what_an_event_was_to_rules, many_rules);
    return suite_run(suite);
}
