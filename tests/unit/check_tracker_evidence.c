/*
 * check_tracker_evidence.c - why: the events that a tracker remembers, those that matched, and what they say.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/diary.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define T0 INT64_C(1700000000000)
#define MOST 64 /* events that can be remembered */

typedef struct told {
    pmkt_tracker_evidence e;
    pmkt_tracker_event event[MOST + 1];
} told;

/* The events are in `to`, which must stay where it is. */
static void explain(pmkt_tracker *t, uint64_t user, const char *intent, int64_t room, told *to) {
    pmkt_error err;
    memset(to->event, 0x77, sizeof to->event);
    to->e = (pmkt_tracker_evidence)PMKT_TRACKER_EVIDENCE_INIT;
    to->e.event = to->event, to->e.room = room;
    ck_assert_ok(pmkt_tracker_explain(t, user, intent, &to->e, &err), err);
    REQUIRE(to->e.event == to->event && to->e.room == room && to->e.n <= room);
    REQUIRE(to->event[to->e.n].kind == 0x77777777);
}

static pmkt_tracker *with_history(const pmkt_purchase *model, const pmkt_rules *rules,
                                  int32_t history) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.history = history, o.shards = 1, o.ttl_ms = INT64_C(36500) * DAY;
    return tracker_of(model, rules, &o);
}

static void see(pmkt_tracker *t, int64_t after, uint16_t kind, uint64_t item, uint64_t category) {
    tracker_see(t,
                (deed){.user = 1,
                       .time = T0 + after,
                       .kind = kind,
                       .item = item,
                       .category = category,
                       .channel = 9},
                NULL);
}

/* ---------------------------------------------------------------------- matches */

/* Which of the remembered events matched, as bits, the oldest the lowest. */
static uint64_t matched(const told *to) {
    uint64_t bits = 0;
    for (int64_t i = 0; i < to->e.n; i++) {
        ck_assert(to->event[i].matched == 0 || to->event[i].matched == 1);
        bits |= (uint64_t)to->event[i].matched << i;
    }
    return bits;
}

START_TEST(events_of_the_match_are_marked) {
    pmkt_rules *rules = rules_of(
        "intent a { when view then cart then order same item }"
        "intent b { when click or search same category }");
    pmkt_tracker *t = with_history(NULL, rules, 8);
    told to;
    see(t, 0, PMKT_KIND_VIEW, 6, 1);
    see(t, 1, PMKT_KIND_VIEW, 5, 1);
    see(t, 2, PMKT_KIND_CLICK, 5, 2);
    see(t, 3, PMKT_KIND_CART, 5, 1);
    explain(t, 1, "a", MOST, &to);
    ck_assert(to.e.rule == -1 && to.e.n == 4 && matched(&to) == 0);
    see(t, 4, PMKT_KIND_ORDER, 5, 3);
    explain(t, 1, NULL, MOST, &to);
    ck_assert(to.e.rule == 0 && to.e.time == T0 + 4 && to.e.since == T0 + 1);
    ck_assert_int_eq(to.e.n, 5);
    ck_assert_uint_eq(matched(&to), 1 << 1 | 1 << 3 | 1 << 4);
    ck_assert_uint_eq(to.e.generation, 1);
    explain(t, 1, "b", MOST, &to);
    ck_assert(to.e.rule == 1 && to.e.time == T0 + 2 && matched(&to) == 1 << 2);
    explain(t, 1, "c", MOST, &to);
    ck_assert(to.e.rule == -1 && to.e.n == 5 && matched(&to) == 0);
    const pmkt_tracker_event *e = &to.event[3];
    ck_assert(e->time == T0 + 3 && e->kind == PMKT_KIND_CART && e->item == 5);
    ck_assert(e->category == 1 && e->channel == 9 && e->log_odds == 0);
    ck_assert(to.e.evidence == 0); /* without a model */
    pmkt_tracker_free(t);
    pmkt_rules_release(rules);
}
END_TEST

/* A rule that waited marks what came before the wait. */
START_TEST(events_before_a_wait_are_marked) {
    pmkt_rules *rules = rules_of("intent a { when view then cart then no order for 1 s }");
    pmkt_tracker *t = with_history(NULL, rules, 8);
    told to;
    shots s = {0};
    see(t, 0, PMKT_KIND_VIEW, 6, 1);
    see(t, 1, PMKT_KIND_CART, 5, 1);
    see(t, 2, PMKT_KIND_CLICK, 5, 1);
    tracker_clock(t, T0 + 1002, 5, &s);
    explain(t, 1, "a", MOST, &to);
    ck_assert(to.e.rule == 0 && to.e.time == T0 + 1001 && to.e.since == T0);
    ck_assert_uint_eq(matched(&to), 3);
    see(t, 3000, PMKT_KIND_VIEW, 6, 1); /* of the next one */
    explain(t, 1, "a", MOST, &to);
    ck_assert_uint_eq(matched(&to), 3);
    shots_free(&s);
    pmkt_tracker_free(t);
    pmkt_rules_release(rules);
}
END_TEST

/* What is marked up to row i is told to a tracker of its own: the rule fires there as well, at row i, and only
   there. */
static void check_marked(const pmkt_rules *rules, const pmkt_events *ev, int64_t i, const told *to,
                         const char *text) {
    pmkt_tracker *alone = with_history(NULL, rules, -1);
    shots again = {0};
    int64_t last = -1;
    REQUIRE(to->e.n == i + 1);
    for (int64_t k = 0; k <= i; k++) {
        if (!to->event[k].matched) continue;
        REQUIRE(ev->time[k] >= to->e.since && (last >= 0 || ev->time[k] == to->e.since));
        tracker_feed(alone, ev, k, 1, NULL, 4, &again);
        last = k;
    }
    if (last != i || again.n != 1 || again.at[0].row != i) {
        ck_abort_msg("row %lld: %lld fire of what is marked:\n%s", (long long)i, (long long)again.n,
                     text);
    }
    shots_free(&again);
    pmkt_tracker_free(alone);
}

/* A choice by chance. Waits are left out, and conditions that look at the event before. */
static int64_t check_choice(void) {
    static char text[4096];
    slow_rule rule = slow_rule_random(2, 8, 20);
    slow_what *what[] = {&rule.step[0], &rule.step[1], &rule.step[2], &rule.unless};
    for (int i = 0; i < 4; i++) what[i]->cond = what[i]->cond == 1 ? 1 : 0;
    rule.wait = 0, rule.cooldown = 0;
    pmkt_rules *rules = slow_rules_parse(&rule, 1, text, sizeof text);
    pmkt_tracker *t = with_history(NULL, rules, MOST);
    diary l = diary_random(random_below(50), 1, 90, 6);
    int64_t fired = 0;
    for (int64_t i = 0; i < l.n; i++) l.time[i] = T0 + 2 * i + random_below(2);
    const pmkt_events ev = diary_events(&l);
    for (int64_t i = 0; i < l.n; i++) {
        shots s = {0};
        tracker_feed(t, &ev, i, 1, NULL, 4, &s);
        if (s.n > 0) {
            told to;
            explain(t, 1, NULL, MOST, &to);
            REQUIRE(to.e.rule == 0 && to.e.time == l.time[i] && to.e.since == s.at[0].since);
            check_marked(rules, &ev, i, &to, text);
            fired++;
        }
        shots_free(&s);
    }
    diary_free(&l);
    pmkt_tracker_free(t);
    pmkt_rules_release(rules);
    return fired;
}

START_TEST(what_is_marked_is_a_match) {
    random_seed(1);
    int64_t fired = 0;
    for (int64_t i = 0; i < scaled(3000, 100); i++) fired += check_choice();
    ck_assert_int_gt(fired, scaled(3000, 100));
}
END_TEST

/* With more rules than there are bits, an event of one is not taken for one of another whose kinds it is not. */
START_TEST(many_rules_are_told_apart) {
    static char text[20000];
    size_t n = 0;
    for (int i = 0; i < 130; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "intent i%d { when %d then %d }\n", i,
                              1000 + i % 20, 1000 + (i + 7) % 20);
    }
    pmkt_rules *rules = rules_of(text);
    pmkt_tracker *t = with_history(NULL, rules, 8);
    told to;
    see(t, 0, 1005, 1, 1); /* begins i65, and others */
    see(t, 1, 1001, 1, 1); /* begins i1, whose bit is that of i65, and others */
    see(t, 2, 1012, 1, 1); /* ends i65 */
    explain(t, 1, "i5", MOST, &to);
    ck_assert_int_eq(to.e.rule, -1); /* so many fired since */
    explain(t, 1, "i65", MOST, &to);
    if (to.e.rule < 0) explain(t, 1, NULL, MOST, &to);
    ck_assert_int_eq(to.e.rule % 20, 5);
    ck_assert_uint_eq(matched(&to), 1 << 0 | 1 << 2);
    pmkt_tracker_free(t);
    pmkt_rules_release(rules);
}
END_TEST

/* ------------------------------------------------------------------ the trail */

/* Intents in the order in which they fired last, the latest first. */
typedef struct order {
    int at[5], n, rule[5];
    int64_t time[5];
} order;

static int place_of(const order *o, int intent) {
    int place = 0;
    while (place < o->n && o->at[place] != intent) place++;
    return place;
}

static void fire(order *o, int intent, int rule, int64_t time) {
    const int place = place_of(o, intent);
    o->n += place == o->n;
    memmove(o->at + 1, o->at, (size_t)place * sizeof *o->at);
    o->at[0] = intent, o->time[intent] = time, o->rule[intent] = rule;
}

/* The latest four intents, each as of the last time. */
START_TEST(four_intents_are_remembered) {
    pmkt_rules *rules = rules_of(
        "intent a { when 1001 } intent b { when 1002 }"
        "intent c { when 1003 } intent d { when 1004 }"
        "intent e { when 1005 } intent a cause x { when 1006 }");
    static const char *const NAME[] = {"a", "b", "c", "d", "e"};
    random_seed(2);
    for (int round = 0; round < 20; round++) {
        pmkt_tracker *t = with_history(NULL, rules, 1);
        order o = {.n = 0};
        told to;
        for (int i = 0; i < 60; i++) {
            const int which = (int)random_below(6);
            see(t, i, (uint16_t)(1001 + which), 1, 1);
            fire(&o, which % 5, which, T0 + i);
            for (int k = 0; k < 5; k++) {
                const int place = place_of(&o, k);
                explain(t, 1, NAME[k], 1, &to);
                REQUIRE(to.e.rule == (place < 4 && place < o.n ? o.rule[k] : -1));
                if (to.e.rule >= 0) REQUIRE(to.e.time == o.time[k] && to.e.since == o.time[k]);
            }
            explain(t, 1, NULL, 1, &to);
            REQUIRE(to.e.rule == which && to.e.n == 1 && to.event[0].matched);
        }
        pmkt_tracker_free(t);
    }
    pmkt_rules_release(rules);
}
END_TEST

static void check_ring(pmkt_tracker *t, int64_t i, int32_t history, int64_t room) {
    told to;
    int64_t n = i + 1 < history ? i + 1 : history;
    if (n > room) n = room;
    explain(t, 1, NULL, room, &to);
    REQUIRE(to.e.n == n);
    for (int64_t k = 0; k < n; k++) {
        const int64_t of = i + 1 - n + k;
        REQUIRE(to.event[k].time == T0 + of && to.event[k].kind == 1000 + of);
        REQUIRE(to.event[k].item == (uint64_t)of);
    }
}

START_TEST(the_latest_events_are_remembered) {
    static const int32_t HISTORY[] = {1, 2, 8, 64};
    pmkt_rules *rules = rules_of("intent a { when cart }");
    for (int h = 0; h < LENGTH(HISTORY); h++) {
        pmkt_tracker *t = with_history(NULL, rules, HISTORY[h]);
        for (int64_t i = 0; i < 200; i++) {
            see(t, i, (uint16_t)(1000 + i), (uint64_t)i, 1);
            for (int64_t room = 0; room <= MOST; room += 1 + room / 2) {
                check_ring(t, i, HISTORY[h], room);
            }
        }
        pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT; /* no array */
        e.room = 3;
        ck_assert_int_eq(pmkt_tracker_explain(t, 1, NULL, &e, NULL), PMKT_OK);
        ck_assert_int_eq(e.n, 0);
        pmkt_tracker_free(t);
    }
    pmkt_rules_release(rules);
}
END_TEST

START_TEST(nothing_is_told_of_who_is_unknown) {
    pmkt_rules *rules = rules_of("intent a { when cart }");
    pmkt_tracker *t = with_history(NULL, rules, 0), *none = with_history(NULL, rules, -1);
    told to;
    see(t, 0, PMKT_KIND_CART, 1, 1);
    see(none, 0, PMKT_KIND_CART, 1, 1);
    for (uint64_t user = 0; user < 4; user++) {
        if (user == 1) continue;
        explain(t, user, NULL, 8, &to);
        ck_assert(to.e.n == 0 && to.e.rule == -1 && to.e.session == 0 && to.e.evidence == 0);
        ck_assert(to.e.time == 0 && to.e.since == 0 && to.e.generation == 1);
    }
    pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
    ck_assert_int_eq(pmkt_tracker_explain(none, 1, NULL, &e, NULL), PMKT_E_UNSUPPORTED);
    e.room = -1;
    ck_assert_int_eq(pmkt_tracker_explain(t, 1, NULL, &e, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_tracker_forget(t, 1, NULL, NULL), PMKT_OK);
    explain(t, 1, NULL, 8, &to);
    ck_assert(to.e.n == 0 && to.e.rule == -1);
    pmkt_tracker_free(t), pmkt_tracker_free(none);
    pmkt_rules_release(rules);
}
END_TEST

/* --------------------------------------------------------------------- log-odds */

/* What pmkt_intent_explain says of a session's kinds. */
static void path_odds(const pmkt_purchase *model, const uint16_t *kind, int64_t n, double *odds) {
    uint32_t action[512];
    const int64_t at[] = {0, n};
    pmkt_intent_paths paths = PMKT_INTENT_PATHS_INIT;
    pmkt_error err;
    for (int64_t i = 0; i < n; i++) action[i] = kind[i];
    paths.n = 1, paths.at = at, paths.action = action;
    ck_assert_ok(pmkt_intent_explain(pmkt_purchase_chains(model), &paths, NULL, odds, &err), err);
}

/* Each event's is that of the chains, as a float; those of the session sum to its evidence. The goal, and what
   comes after it, says nothing. */
static void check_session(pmkt_tracker *t, const pmkt_purchase *model, const visits *v,
                          int64_t first, int64_t n) {
    double odds[512], sum = 0;
    told to;
    bool past = false;
    path_odds(model, v->kind + first, n, odds);
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = first + i;
        tracker_see(t,
                    (deed){.user = v->user[row],
                           .time = v->time[row],
                           .kind = v->kind[row],
                           .item = v->item[row],
                           .category = v->category[row],
                           .session = v->session[row]},
                    NULL);
        past |= v->kind[row] == PMKT_KIND_ORDER;
        if (past) odds[i] = 0;
        sum += odds[i];
        explain(t, v->user[row], NULL, MOST, &to);
        REQUIRE(to.e.session == i + 1 && fabs(to.e.evidence - sum) < 1e-9);
        for (int64_t k = 0; k < to.e.n; k++) {
            const int64_t back = to.e.n - 1 - k; /* from the event that came just now */
            if (back > i) continue;
            const pmkt_tracker_event *e = &to.event[k];
            REQUIRE(e->kind == v->kind[row - back]);
            REQUIRE((float)e->log_odds == (float)odds[i - back]);
        }
    }
}

START_TEST(log_odds_are_those_of_the_chains) {
    random_seed(3);
    static const int32_t HISTORY[] = {1, 8, 64};
    visits v = shop_make(600, 60);
    pmkt_purchase *model = purchase_of(&v);
    for (int h = 0; h < LENGTH(HISTORY); h++) {
        pmkt_tracker *t = with_history(model, NULL, HISTORY[h]);
        for (int64_t i = 0, end; i < v.n; i = end) { /* visits are in order, an hour apart */
            for (end = i; end < v.n && v.session[end] == v.session[i]; end++) {
            }
            check_session(t, model, &v, i, end - i);
        }
        pmkt_tracker_free(t);
    }
    pmkt_purchase_release(model);
    visits_free(&v);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tracker evidence");
    TOPIC(suite, "matches", events_of_the_match_are_marked, events_before_a_wait_are_marked,
          what_is_marked_is_a_match, many_rules_are_told_apart);
    TOPIC(suite, "trail", four_intents_are_remembered, the_latest_events_are_remembered,
          nothing_is_told_of_who_is_unknown);
    TOPIC(suite, "log-odds", log_odds_are_those_of_the_chains);
    return suite_run(suite);
}
