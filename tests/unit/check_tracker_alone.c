/*
 * check_tracker_alone.c - people do not notice one another: whatever happens to the others (they come, are late, are
 * forgotten, expire, wait), everybody is told what a tracker of their own would say.
 */
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/diary.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define T0 INT64_C(1700000000000)
#define USERS 30
#define RULES 4
#define ROOM 64
#define LATE \
    40 /* events come so late, and clocks are behind all of them: else who has expired might be known or not */

typedef struct lives {
    pmkt_tracker *all, *own[USERS + 1];
    pmkt_rules *rules[3]; /* sets to swap to; of two the texts overlap */
    pmkt_purchase *model[2];
    shots together, alone;
    int64_t now, ttl;
} lives;

/* ------------------------------------------------------------------- what happens */

/* One event, for all and alone: the same answers. */
static void event(lives *l) {
    static const uint16_t KIND[] = {1, 2, 3, 4, 5, 6, 7, 8, PMKT_KIND_ORDER, 1063, 5000};
    uint64_t user = 1 + (uint64_t)random_below(USERS), id[3];
    int64_t time = l->now - (random_below(5) == 0 ? random_below(LATE) : 0);
    int64_t amount = random_below(4);
    uint16_t kind = KIND[random_below(LENGTH(KIND))];
    double p[2], q[2], ms[2];
    uint32_t next[2][PMKT_INTENT_TOP];
    pmkt_tracker_fired fired[2][ROOM];
    pmkt_tracker_answers out[2];
    pmkt_report report[2];
    for (int i = 0; i < 3; i++) id[i] = (uint64_t)random_below(4);
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 1, ev.user = &user, ev.time = &time, ev.kind = &kind, ev.amount = &amount;
    ev.item = &id[0], ev.category = &id[1], ev.channel = &id[2];
    for (int i = 0; i < 2; i++) {
        pmkt_tracker_answers_init(&out[i]);
        pmkt_report_init(&report[i]);
        out[i].p_goal = &p[i], out[i].p_cart = &q[i], out[i].time_ms = &ms[i];
        out[i].next = next[i], out[i].fired = fired[i], out[i].room = ROOM;
        pmkt_error err;
        ck_assert_ok(
            pmkt_tracker_observe(i ? l->own[user] : l->all, &ev, &report[i], &out[i], &err), err);
        REQUIRE(out[i].done == 1);
    }
    REQUIRE(report[0].accepted == report[1].accepted && report[0].ignored == report[1].ignored);
    REQUIRE(out[0].n_fired == out[1].n_fired);
    REQUIRE(memcmp(fired[0], fired[1], (size_t)out[0].n_fired * sizeof **fired) == 0);
    REQUIRE(memcmp(&p[0], &p[1], 8) == 0 && memcmp(&q[0], &q[1], 8) == 0);
    REQUIRE(memcmp(&ms[0], &ms[1], 8) == 0 && memcmp(next[0], next[1], sizeof next[0]) == 0);
}

static void advance(lives *l) {
    const int64_t clock = l->now - LATE - random_below(3);
    const int64_t n = l->together.n;
    tracker_clock(l->all, clock, ROOM, &l->together);
    for (int u = 1; u <= USERS; u++) tracker_clock(l->own[u], clock, ROOM, &l->alone);
    shots_sort(&l->together), shots_sort(&l->alone);
    if (!shots_same(&l->together, &l->alone)) {
        ck_abort_msg("%lld waits fired and not %lld", (long long)(l->together.n - n),
                     (long long)(l->alone.n - n));
    }
}

static void forget(lives *l) {
    const uint64_t user = 1 + (uint64_t)random_below(USERS);
    ck_assert_int_eq(pmkt_tracker_forget(l->all, user, NULL, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_tracker_forget(l->own[user], user, NULL, NULL), PMKT_OK);
}

static void swap_all(lives *l) {
    const pmkt_purchase *model = l->model[random_below(2)];
    const int64_t which = random_below(4);
    const pmkt_rules *rules = which < 3 ? l->rules[which] : NULL;
    int64_t ended = 0, sum = 0;
    for (int u = 0; u <= USERS; u++) {
        pmkt_tracker *t = u ? l->own[u] : l->all;
        int64_t *n = u ? &ended : &sum;
        if (which % 2) ck_assert_int_eq(pmkt_tracker_swap(t, model, NULL), PMKT_OK);
        ck_assert_int_eq(pmkt_tracker_swap_rules(t, rules, n, NULL), PMKT_OK);
        if (u) sum -= ended;
    }
    REQUIRE(sum == 0 || l->ttl < DAY); /* of who has expired, they may be gone already */
}

/* Who has expired may be known a little longer here or there. */
static void ask(lives *l) {
    static const char *const INTENT[] = {NULL, "i0", "i1", "i2"};
    const uint64_t user = 1 + (uint64_t)random_below(USERS);
    const char *intent = INTENT[random_below(4)];
    pmkt_tracker_event event[2][9];
    pmkt_tracker_evidence e[2];
    for (int i = 0; i < 2; i++) {
        pmkt_tracker_evidence_init(&e[i]);
        e[i].event = event[i], e[i].room = 9;
        ck_assert_int_eq(pmkt_tracker_explain(i ? l->own[user] : l->all, user, intent, &e[i], NULL),
                         PMKT_OK);
        e[i].event = NULL;
    }
    if (e[0].n == 0 || e[1].n == 0) return;
    REQUIRE(memcmp(&e[0], &e[1], sizeof e[0]) == 0);
    REQUIRE(memcmp(event[0], event[1], (size_t)e[0].n * sizeof **event) == 0);
}

/* ------------------------------------------------------------------------ lives */

static void make(lives *l, const pmkt_tracker_options *o) {
    slow_rule rule[RULES + 2];
    static char text[8192];
    for (int k = 0; k < RULES + 2; k++) rule[k] = slow_rule_random(1, 8, 60);
    l->rules[0] = slow_rules_parse(rule, RULES, text, sizeof text);
    l->rules[1] = slow_rules_parse(rule + 2, RULES, text, sizeof text);
    l->rules[2] = slow_rules_parse(rule + 1, 1, text, sizeof text);
    for (int u = 0; u <= USERS; u++) {
        pmkt_tracker_options mine = *o;
        if (u) mine.shards = 1;
        *(u ? &l->own[u] : &l->all) = tracker_of(l->model[0], l->rules[0], &mine);
    }
    l->now = T0;
}

static void drop(lives *l) {
    for (int u = 0; u <= USERS; u++) pmkt_tracker_free(u ? l->own[u] : l->all);
    for (int i = 0; i < 3; i++) pmkt_rules_release(l->rules[i]);
    shots_free(&l->together), shots_free(&l->alone);
}

/* What is counted of all is the sum of what is counted of each; who has expired may still be among them. */
static void check_counts(lives *l) {
    pmkt_tracker_counts all = tracker_counts_of(l->all), sum = PMKT_TRACKER_COUNTS_INIT;
    for (int u = 1; u <= USERS; u++) {
        const pmkt_tracker_counts c = tracker_counts_of(l->own[u]);
        sum.events += c.events, sum.late += c.late, sum.fired += c.fired, sum.ended += c.ended;
        sum.suppressed += c.suppressed, sum.outranked += c.outranked, sum.dropped += c.dropped;
    }
    REQUIRE(all.events == sum.events && all.late == sum.late && all.fired == sum.fired);
    REQUIRE(all.suppressed == sum.suppressed && all.outranked == sum.outranked);
    REQUIRE(all.dropped == sum.dropped && all.unheard == 0 && all.evicted == 0);
}

static void check_lives(const pmkt_purchase *a, const pmkt_purchase *b, bool swaps) {
    static const int32_t SHARDS[] = {1, 2, 16};
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.shards = SHARDS[random_below(3)], o.partials = (int32_t)random_between(1, 30);
    o.ttl_ms = random_below(2) ? 300 : DAY, o.late_ms = random_below(30);
    o.history = random_below(2) ? 8 : 1;
    lives l = {.ttl = o.ttl_ms, .model = {pmkt_purchase_retain(a), pmkt_purchase_retain(b)}};
    make(&l, &o);
    for (int64_t i = 0; i < 1500; i++) {
        const int64_t what = random_below(100);
        l.now += random_below(40) == 0 ? random_below(400) : random_below(4);
        if (what < 80)
            event(&l);
        else if (what < 85)
            advance(&l);
        else if (what < 90)
            ask(&l);
        else if (what < 92)
            forget(&l);
        else if (what < 93 && swaps)
            swap_all(&l);
    }
    check_counts(&l);
    l.now += 20 * DAY;
    advance(&l);
    const pmkt_tracker_counts c = tracker_counts_of(l.all);
    REQUIRE(c.waiting == 0 && c.users == 0); /* after so long a time all are gone */
    drop(&l);
    pmkt_purchase_release(a), pmkt_purchase_release(b);
}

static void check_many(uint64_t seed, bool swaps) {
    random_seed(seed);
    visits v = shop_make(300, 30), w = shop_make(300, 30);
    pmkt_purchase *a = purchase_of(&v), *b = purchase_of(&w);
    for (int64_t i = 0; i < scaled(60, 4); i++) check_lives(a, b, swaps);
    pmkt_purchase_release(a), pmkt_purchase_release(b);
    visits_free(&v), visits_free(&w);
}

START_TEST(nobody_notices_the_others) {
    check_many(1, false);
}
END_TEST

START_TEST(swaps_are_the_same_for_everybody) {
    check_many(2, true);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tracker alone");
    TOPIC(suite, "lives", nobody_notices_the_others, swaps_are_the_same_for_everybody);
    return suite_run(suite);
}
