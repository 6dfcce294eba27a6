/*
 * check_tracker.c - a tracker event by event: what fires and when, every boundary, who expires or is forgotten, and
 * that the counts add up.
 */
#include "pmkt.h"
#include "support/batch.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define T0 INT64_C(1700000000000)
#define SECOND INT64_C(1000)

/* A tracker of rules alone. */
static pmkt_tracker *of_text(const char *text, const pmkt_tracker_options *options) {
    pmkt_rules *rules = rules_of(text);
    pmkt_tracker *t = tracker_of(NULL, rules, options);
    pmkt_rules_release(rules);
    return t;
}

static pmkt_tracker_options ttl_of(int64_t ms) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.ttl_ms = ms;
    return o;
}

static int32_t see(pmkt_tracker *t, uint64_t user, int64_t after, uint16_t kind, uint64_t item,
                   shots *out) {
    return tracker_see(t, (deed){.user = user, .time = T0 + after, .kind = kind, .item = item},
                       out);
}

/* What fired since it was last asked, by one line: its intent and cause. */
static void check_last(pmkt_tracker *t, const shots *s, int64_t n, const char *intent,
                       const char *cause, int64_t time, int64_t since, int64_t row) {
    ck_assert_int_eq(s->n, n);
    const pmkt_tracker_fired *f = &s->at[n - 1];
    pmkt_rules *rules = pmkt_tracker_rules(t, NULL);
    pmkt_rule rule = PMKT_RULE_INIT;
    ck_assert_int_eq(pmkt_rules_rule(rules, f->rule, &rule, NULL), PMKT_OK);
    ck_assert_str_eq(rule.intent, intent);
    ck_assert_str_eq(rule.cause ? rule.cause : "", cause);
    ck_assert(f->strength == rule.strength);
    ck_assert_int_eq(f->time, T0 + time);
    ck_assert_int_eq(f->since, T0 + since);
    ck_assert_int_eq(f->row, row);
    ck_assert_uint_eq(f->generation, 1);
    ck_assert_uint_eq(f->user, 1);
    pmkt_rules_release(rules);
}

/* ------------------------------------------------------------------- the six */

START_TEST(six_actions_of_one_user) {
    pmkt_tracker *t = of_text(pmkt_rules_builtin(), NULL);
    shots s = {0};
    /* search, search, search: hesitating */
    ck_assert_int_eq(see(t, 1, 0, PMKT_KIND_SEARCH, 5, &s), -1);
    ck_assert_int_eq(see(t, 1, 60 * SECOND, PMKT_KIND_SEARCH, 5, &s), -1);
    ck_assert_int_eq(see(t, 1, 120 * SECOND, PMKT_KIND_SEARCH, 5, &s), 0);
    check_last(t, &s, 1, "hesitating", "", 120 * SECOND, 0, 0);
    /* a favorite: preparing */
    ck_assert_int_eq(see(t, 1, 180 * SECOND, PMKT_KIND_FAVORITE, 5, &s), 1);
    check_last(t, &s, 2, "preparing", "", 180 * SECOND, 120 * SECOND, 0);
    /* a cart, and the page of the item again; then nothing for half an hour */
    ck_assert_int_eq(see(t, 1, 240 * SECOND, PMKT_KIND_CART, 5, &s), -1);
    ck_assert_int_eq(see(t, 1, 300 * SECOND, PMKT_KIND_VIEW, 5, &s), -1);
    tracker_clock(t, T0 + 300 * SECOND + 30 * MINUTE, 10, &s);
    ck_assert_int_eq(s.n, 2);
    ck_assert_int_eq(tracker_counts_of(t).waiting, 1);
    tracker_clock(t, T0 + 300 * SECOND + 30 * MINUTE + 1, 10, &s);
    check_last(t, &s, 3, "abandoning", "price", 300 * SECOND + 30 * MINUTE, 240 * SECOND, -1);
    /* the reminder would be due half an hour later, but the intent cools down */
    tracker_clock(t, T0 + 2 * HOUR, 10, &s);
    ck_assert_int_eq(s.n, 3);
    ck_assert_int_eq(tracker_counts_of(t).suppressed, 1);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* A cart and silence, told by the user's own next event. */
START_TEST(a_wait_ends_with_the_next_event) {
    pmkt_tracker *t = of_text(pmkt_rules_builtin(), NULL);
    shots s = {0};
    see(t, 1, 0, PMKT_KIND_CART, 5, &s);
    see(t, 2, 5 * HOUR, PMKT_KIND_VIEW, 5, &s); /* of somebody else: nothing */
    ck_assert_int_eq(s.n, 0);
    ck_assert_int_eq(see(t, 1, 5 * HOUR, PMKT_KIND_SEARCH, 5, &s), -1);
    check_last(t, &s, 1, "abandoning", "", HOUR, 0, -1);
    ck_assert_int_eq(tracker_counts_of(t).waiting, 0);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

START_TEST(views_compare_and_browse) {
    pmkt_tracker *t = of_text(pmkt_rules_builtin(), NULL);
    shots s = {0};
    for (int i = 0; i < 3; i++) {
        const deed e = {.user = 1,
                        .time = T0 + i * MINUTE,
                        .kind = PMKT_KIND_VIEW,
                        .item = 5 + (uint64_t)i % 2,
                        .category = 3};
        tracker_see(t, e, &s);
    }
    check_last(t, &s, 1, "comparing", "", 2 * MINUTE, 0, 0);
    for (int i = 0; i < 6; i++) see(t, 1, HOUR + i * SECOND, PMKT_KIND_VIEW, 9, &s);
    ck_assert_int_eq(s.n, 1); /* the first one was not short */
    see(t, 1, HOUR + 6 * SECOND, PMKT_KIND_VIEW, 9, &s);
    check_last(t, &s, 2, "browsing", "", HOUR + 6 * SECOND, HOUR + SECOND, 0);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* The column `rule`: the strongest that fired at the event, of equals the first in the text. */
START_TEST(the_strongest_rule_is_told) {
    static const char text[] =
        "intent a { when view strength 0.5 }"
        "intent b { when view strength 0.9 }"
        "intent a { when view strength 0.9 }"
        "intent c { when view or cart strength 0.2 }"
        "intent d { when cart strength 0.2 }";
    pmkt_tracker *t = of_text(text, NULL);
    shots s = {0};
    ck_assert_int_eq(see(t, 1, 0, PMKT_KIND_VIEW, 5, &s), 1);
    ck_assert_int_eq(s.n, 3); /* of b, a and c, each once */
    ck_assert_int_eq(tracker_counts_of(t).outranked, 1);
    ck_assert_int_eq(see(t, 1, 0, PMKT_KIND_CART, 5, &s), 3);
    ck_assert_int_eq(see(t, 1, 0, PMKT_KIND_ORDER, 5, &s), -1);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* What waits fires by time, then user, then rule, whatever the shard. */
START_TEST(waits_fire_in_order) {
    static const char text[] =
        "intent a { when cart then no order for 2 s }"
        "intent b { when cart then no order for 2 s }"
        "intent c { when cart then no order for 1 s }";
    pmkt_tracker *t = of_text(text, NULL);
    shots s = {0};
    for (uint64_t u = 1; u <= 300; u++) see(t, u, (int64_t)(u * 7 % 10), PMKT_KIND_CART, 1, NULL);
    tracker_clock(t, T0 + MINUTE, 1000, &s); /* tracker_clock looks at the order */
    ck_assert_int_eq(s.n, 900);
    ck_assert_int_eq(s.at[0].time, T0 + SECOND);
    ck_assert_int_eq(s.at[299].time, T0 + SECOND + 9);
    ck_assert_int_eq(s.at[300].rule, 0);
    ck_assert_int_eq(s.at[301].rule, 1);
    ck_assert_uint_eq(s.at[300].user, 10);
    ck_assert_uint_eq(s.at[301].user, 10);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* Three at a time, until there are none. */
START_TEST(a_little_room_is_enough) {
    static const char text[] =
        "intent a { when cart then no order for 2 s }"
        "intent b { when cart then no order for 1 s }"
        "intent c { when cart }";
    pmkt_tracker *t = of_text(text, NULL);
    shots s = {0};
    uint64_t user[200];
    int64_t time[200], n = 0;
    pmkt_events ev = PMKT_EVENTS_INIT;
    for (int i = 0; i < 200; i++) user[i] = (uint64_t)i / 2 + 1, time[i] = T0 + i % 2 * HOUR;
    ev.rows = 200, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_CART;
    tracker_feed(t, &ev, 0, 200, NULL, 3, &s);
    ck_assert_int_eq(s.n, 200 + 200);
    shots waits = {0};
    tracker_clock(t, T0 + 2 * HOUR, 3, &waits);
    ck_assert_int_eq(waits.n, 200);
    pmkt_tracker_fired fired[3];
    pmkt_error err;
    ck_assert_int_eq(pmkt_tracker_advance(t, T0 + 3 * HOUR, fired, 2, &n, &err), PMKT_E_INVALID);
    pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
    out.fired = fired, out.room = 2;
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, NULL, &out, &err), PMKT_E_INVALID);
    ck_assert_int_eq(tracker_counts_of(t).clock_ms, T0 + 2 * HOUR);
    ck_assert_int_eq(tracker_counts_of(t).events, 200);
    pmkt_tracker_free(t);
    shots_free(&s);
    shots_free(&waits);
}
END_TEST

/* ------------------------------------------------------------------- boundaries */

/* How many fire of two events of a rule, so long after one another. */
static int64_t fires(const char *text, int64_t after) {
    pmkt_tracker *t = of_text(text, NULL);
    shots s = {0};
    see(t, 1, 0, PMKT_KIND_VIEW, 5, &s);
    see(t, 1, after, PMKT_KIND_CART, 5, &s);
    const int64_t n = s.n;
    pmkt_tracker_free(t);
    shots_free(&s);
    return n;
}

START_TEST(within_ends_exactly) {
    static const char *const TEXT[] = {"intent a { when view then cart same item within 90 s }",
                                       "intent a { when view then cart within 90 s }"};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(fires(TEXT[i], 0), 1);
        ck_assert_int_eq(fires(TEXT[i], 90 * SECOND), 1);
        ck_assert_int_eq(fires(TEXT[i], 90 * SECOND + 1), 0);
    }
}
END_TEST

START_TEST(cooldown_ends_exactly) {
    for (int64_t off = -1; off <= 1; off++) {
        pmkt_tracker *t = of_text("intent a { when view cooldown 90 s }", NULL);
        shots s = {0};
        see(t, 1, 0, PMKT_KIND_VIEW, 5, &s);
        see(t, 2, 0, PMKT_KIND_VIEW, 5, &s); /* another user has another cooldown */
        ck_assert_int_eq(s.n, 2);
        see(t, 1, 90 * SECOND + off, PMKT_KIND_VIEW, 5, &s);
        ck_assert_int_eq(s.n, off < 0 ? 2 : 3);
        ck_assert_int_eq(tracker_counts_of(t).suppressed, off < 0);
        pmkt_tracker_free(t);
        shots_free(&s);
    }
}
END_TEST

START_TEST(counts_begin_anew_after_what_ends_them) {
    pmkt_tracker *t = of_text("intent a { when 3 search same item unless order }", NULL);
    shots s = {0};
    static const uint16_t KIND[] = {PMKT_KIND_SEARCH, PMKT_KIND_SEARCH, PMKT_KIND_ORDER,
                                    PMKT_KIND_SEARCH, PMKT_KIND_SEARCH, PMKT_KIND_SEARCH,
                                    PMKT_KIND_SEARCH, PMKT_KIND_SEARCH, PMKT_KIND_SEARCH};
    for (int i = 0; i < LENGTH(KIND); i++) {
        see(t, 1, i, KIND[i], 5, &s);
        ck_assert_int_eq(s.n, i < 5 ? 0 : i < 8 ? 1 : 2);
    }
    ck_assert_int_eq(s.at[0].since, T0 + 3);
    ck_assert_int_eq(s.at[1].since, T0 + 6);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* An order ends the wait at its last instant; a clock has to be past it; so has an event of the user. */
START_TEST(a_wait_is_over_exactly) {
    static const char text[] = "intent a { when cart then no order for 90 s }";
    static const uint16_t KIND[] = {PMKT_KIND_ORDER, PMKT_KIND_VIEW};
    for (int64_t off = -1; off <= 1; off++) {
        for (int k = 0; k < 2; k++) {
            pmkt_tracker *t = of_text(text, NULL);
            shots s = {0};
            see(t, 1, 0, PMKT_KIND_CART, 5, &s);
            see(t, 1, 90 * SECOND + off, KIND[k], 5, &s);
            ck_assert_int_eq(s.n, off > 0);
            tracker_clock(t, T0 + 90 * SECOND, 5, &s);
            ck_assert_int_eq(s.n, off > 0);
            tracker_clock(t, T0 + 90 * SECOND + 1, 5, &s);
            ck_assert_int_eq(s.n, off > 0 || k == 1);
            tracker_clock(t, T0 + HOUR, 5, &s);
            ck_assert_int_eq(s.n, off > 0 || k == 1);
            if (s.n) ck_assert_int_eq(s.at[0].time, T0 + 90 * SECOND);
            pmkt_tracker_free(t);
            shots_free(&s);
        }
    }
}
END_TEST

/* `waiting`: users for whom something waits. */
START_TEST(who_waits_is_counted) {
    pmkt_tracker *t = of_text("intent a { when cart then no order for 90 s }", NULL);
    shots s = {0};
    for (uint64_t u = 1; u <= 40; u++) see(t, u, 0, PMKT_KIND_CART, 5, &s);
    ck_assert_int_eq(tracker_counts_of(t).waiting, 40);
    for (uint64_t u = 1; u <= 10; u++) see(t, u, 1, PMKT_KIND_CART, 6, &s);
    ck_assert_int_eq(tracker_counts_of(t).waiting, 40);
    for (uint64_t u = 1; u <= 20; u++) see(t, u, 2, PMKT_KIND_ORDER, 5, &s);
    ck_assert_int_eq(tracker_counts_of(t).waiting, 20);
    int32_t known = 0;
    ck_assert_int_eq(pmkt_tracker_forget(t, 25, &known, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_tracker_forget(t, 5, &known, NULL), PMKT_OK);
    ck_assert_int_eq(tracker_counts_of(t).waiting, 19);
    tracker_clock(t, T0 + HOUR, 50, &s);
    ck_assert_int_eq(s.n, 19);
    ck_assert_int_eq(tracker_counts_of(t).waiting, 0);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* ------------------------------------------------------------------------- ttl */

/* So long after the last event nothing is known any more: not what began, not the cart, not the time before. */
START_TEST(after_ttl_a_user_is_unknown_again) {
    const pmkt_tracker_options o = ttl_of(HOUR);
    for (int64_t off = 0; off <= 1; off++) {
        pmkt_tracker *t = of_text(
            "intent a { when view then cart }"
            "intent b { when cart where (dwell is missing) }",
            &o);
        shots s = {0};
        see(t, 1, 0, PMKT_KIND_VIEW, 5, &s);
        ck_assert_int_eq(see(t, 1, HOUR + off, PMKT_KIND_CART, 5, &s), (int32_t)off);
        ck_assert_int_eq(s.n, 1);
        const pmkt_tracker_counts c = tracker_counts_of(t);
        ck_assert(c.expired == off && c.users == 1 && c.events == 2);
        pmkt_tracker_free(t);
        shots_free(&s);
    }
}
END_TEST

/* What waited, and was over before the user was forgotten, fires; what would have been over later does not,
   whether a clock, a sweep or an event of the user comes first. */
START_TEST(waits_before_the_end_still_fire) {
    const pmkt_tracker_options o = ttl_of(HOUR);
    for (int way = 0; way < 4; way++) {
        pmkt_tracker *t = of_text(
            "intent a { when cart then no order for 50 min }"
            "intent b { when cart then no order for 60 min }"
            "intent c { when cart then no order for 61 min }",
            &o);
        shots s = {0};
        see(t, 1, 0, PMKT_KIND_CART, 5, &s);
        for (int i = 1; way == 1 && i < 20; i++) tracker_clock(t, T0 + i * HOUR, 5, &s);
        if (way == 2) tracker_clock(t, T0 + 20 * HOUR, 5, &s);
        if (way == 3) tracker_clock(t, T0 + 55 * MINUTE, 5, &s);
        see(t, 1, 20 * HOUR, PMKT_KIND_VIEW, 5, &s);
        ck_assert_int_eq(s.n, 2);
        ck_assert_int_eq(s.at[0].time, T0 + 50 * MINUTE);
        ck_assert_int_eq(s.at[1].time, T0 + 60 * MINUTE);
        ck_assert_int_eq(tracker_counts_of(t).expired, 1);
        ck_assert_int_eq(tracker_counts_of(t).waiting, 0);
        ck_assert_int_eq(tracker_counts_of(t).users, 1);
        pmkt_tracker_free(t);
        shots_free(&s);
    }
}
END_TEST

/* By and by means: within one ttl of further clocks. */
START_TEST(clocks_sweep_who_has_expired) {
    const pmkt_tracker_options o = ttl_of(HOUR);
    pmkt_tracker *t = of_text("intent a { when cart }", &o);
    shots s = {0};
    for (uint64_t u = 1; u <= 5000; u++) see(t, u, (int64_t)u, PMKT_KIND_VIEW, 5, NULL);
    for (uint64_t u = 1; u <= 100; u++) see(t, u, HOUR, PMKT_KIND_VIEW, 5, NULL);
    for (int i = 0; i <= 60; i++) tracker_clock(t, T0 + i * MINUTE, 5, &s);
    ck_assert_int_eq(tracker_counts_of(t).users, 5000);
    for (int i = 61; i <= 120; i++) tracker_clock(t, T0 + i * MINUTE, 5, &s);
    pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert_int_eq(c.users, 100);
    ck_assert_int_eq(c.expired, 4900);
    const int64_t bytes = c.bytes;
    for (uint64_t u = 6001; u <= 10900; u++) see(t, u, 2 * HOUR, PMKT_KIND_VIEW, 5, NULL);
    ck_assert_int_le(tracker_counts_of(t).bytes,
                     bytes + bytes / 4);    /* who comes takes their room */
    tracker_clock(t, T0 + 9 * HOUR, 5, &s); /* at once, too */
    ck_assert_int_eq(tracker_counts_of(t).users, 0);
    ck_assert_int_eq(tracker_counts_of(t).expired, 4900 + 100 + 4900);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* A model alone has users who expire, too. */
START_TEST(without_rules_users_expire_as_well) {
    random_seed(4);
    visits shop = shop_make(200, 20);
    pmkt_purchase *model = purchase_of(&shop);
    const pmkt_tracker_options o = ttl_of(HOUR);
    pmkt_tracker *t = tracker_of(model, NULL, &o);
    shots s = {0};
    for (uint64_t u = 1; u <= 50; u++) see(t, u, 0, PMKT_KIND_VIEW, 5, NULL);
    tracker_clock(t, T0, 0, &s);
    tracker_clock(t, T0 + 5 * HOUR, 0, &s);
    ck_assert_int_eq(tracker_counts_of(t).users, 0);
    pmkt_tracker_free(t);
    pmkt_purchase_release(model);
    visits_free(&shop);
}
END_TEST

/* With the user the session ends, whichever way that is found out. */
START_TEST(the_session_of_who_expires_is_learned) {
    random_seed(8);
    visits shop = shop_make(200, 20);
    pmkt_purchase *model = purchase_of(&shop);
    pmkt_rules *rules = rules_of("intent a { when cart then no order for 2 h }");
    pmkt_tracker_options o = ttl_of(HOUR);
    o.learn = 1;
    for (int way = 0; way < 3; way++) {
        pmkt_tracker *t = tracker_of(model, rules, &o);
        shots s = {0};
        tracker_clock(t, T0, 5, &s);
        see(t, 1, 0, way == 0 ? PMKT_KIND_CART : PMKT_KIND_VIEW, 5, &s);
        ck_assert_int_eq(tracker_counts_of(t).learned, 0);
        if (way == 2) see(t, 1, 20 * HOUR, PMKT_KIND_VIEW, 5, &s);
        if (way < 2) tracker_clock(t, T0 + 20 * HOUR, 5, &s);
        ck_assert_int_eq(tracker_counts_of(t).expired, 1);
        ck_assert_int_eq(tracker_counts_of(t).learned, 1);
        ck_assert_int_eq(s.n, 0);
        pmkt_tracker_free(t);
        shots_free(&s);
    }
    pmkt_rules_release(rules);
    pmkt_purchase_release(model);
    visits_free(&shop);
}
END_TEST

/* -------------------------------------------------------------------- sessions */

static int64_t session_of(pmkt_tracker *t, uint64_t user) {
    pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
    ck_assert_int_eq(pmkt_tracker_explain(t, user, NULL, &e, NULL), PMKT_OK);
    return e.session;
}

START_TEST(a_session_ends_after_exactly_the_gap) {
    random_seed(5);
    visits shop = shop_make(200, 20);
    pmkt_purchase *model = purchase_of(&shop);
    for (int64_t off = 0; off <= 1; off++) {
        pmkt_tracker *t = tracker_of(model, NULL, NULL);
        see(t, 1, 0, PMKT_KIND_VIEW, 5, NULL);
        see(t, 1, 30 * MINUTE + off, PMKT_KIND_VIEW, 5, NULL);
        ck_assert_int_eq(session_of(t, 1), 2 - off);
        pmkt_tracker_free(t);
    }
    pmkt_purchase_release(model);
    visits_free(&shop);
}
END_TEST

/* ---------------------------------------------------------- forgetting, counting */

START_TEST(a_forgotten_user_is_as_new) {
    pmkt_tracker *t = of_text(
        "intent a { when view then cart }"
        "intent b { when view then no order for 1 s cooldown 1 h }",
        NULL);
    shots s = {0};
    int32_t known = 7;
    see(t, 1, 0, PMKT_KIND_VIEW, 5, &s);
    see(t, 2, 0, PMKT_KIND_VIEW, 5, &s);
    ck_assert_int_eq(pmkt_tracker_forget(t, 1, &known, NULL), PMKT_OK);
    ck_assert_int_eq(known, 1);
    ck_assert_int_eq(pmkt_tracker_forget(t, 1, &known, NULL), PMKT_OK);
    ck_assert_int_eq(known, 0);
    ck_assert_int_eq(pmkt_tracker_forget(t, 99, NULL, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_tracker_forget(t, PMKT_ID_NONE, &known, NULL), PMKT_OK);
    ck_assert_int_eq(known, 0);
    pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert(c.users == 1 && c.forgotten == 1 && c.waiting == 1);
    see(t, 1, -HOUR, PMKT_KIND_CART, 5, &s); /* not late either: nothing of before is known */
    ck_assert_int_eq(s.n, 0);
    tracker_clock(t, T0 + HOUR, 5, &s);
    ck_assert_int_eq(s.n, 1);
    ck_assert_uint_eq(s.at[0].user, 2);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

START_TEST(what_nobody_listened_to_is_counted) {
    pmkt_tracker *t = of_text(
        "intent a { when cart then no order for 1 s }"
        "intent b { when cart }",
        NULL);
    uint64_t user[] = {1, 1, 2, 1};
    int64_t time[] = {T0, T0 + MINUTE, T0, T0 + HOUR};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 4, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_CART;
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, NULL, NULL, NULL), PMKT_OK);
    pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert(c.fired == 6 && c.unheard == 6 && c.events == 4);
    pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
    out.from = 2;
    for (int i = 0; i < 4; i++) time[i] += 2 * HOUR;
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, NULL, &out, NULL), PMKT_OK);
    ck_assert_int_eq(out.n_fired, 4); /* also if there is no array */
    ck_assert_int_eq(out.done, 4);
    shots s = {0};
    tracker_clock(t, T0 + DAY, 5, &s);
    c = tracker_counts_of(t);
    ck_assert(c.fired == 12 && c.unheard == 10 && c.events == 6 && s.n == 2);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tracker");
    TOPIC(suite, "firing", six_actions_of_one_user, a_wait_ends_with_the_next_event,
          views_compare_and_browse, the_strongest_rule_is_told, waits_fire_in_order,
          a_little_room_is_enough);
    TOPIC(suite, "boundaries", within_ends_exactly, cooldown_ends_exactly,
          counts_begin_anew_after_what_ends_them, a_wait_is_over_exactly, who_waits_is_counted);
    TOPIC(suite, "ttl", after_ttl_a_user_is_unknown_again, waits_before_the_end_still_fire,
          clocks_sweep_who_has_expired, without_rules_users_expire_as_well,
          the_session_of_who_expires_is_learned, a_session_ends_after_exactly_the_gap);
    TOPIC(suite, "users", a_forgotten_user_is_as_new, what_nobody_listened_to_is_counted);
    return suite_run(suite);
}
