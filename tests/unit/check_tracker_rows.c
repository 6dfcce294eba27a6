/*
 * check_tracker_rows.c - what a batch may hold: rows that are late, bad or of kinds that nobody knows, and columns
 * that are wanting.
 */
#include <math.h>
#include <stdlib.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define T0 INT64_C(1700000000000)
#define SECOND INT64_C(1000)

static pmkt_tracker *of_text(const char *text, const pmkt_tracker_options *options) {
    pmkt_rules *rules = rules_of(text);
    pmkt_tracker *t = tracker_of(NULL, rules, options);
    pmkt_rules_release(rules);
    return t;
}

static int32_t see(pmkt_tracker *t, uint64_t user, int64_t after, uint16_t kind, uint64_t item,
                   shots *out) {
    return tracker_see(t, (deed){.user = user, .time = T0 + after, .kind = kind, .item = item},
                       out);
}

/* ------------------------------------------------------------------------ late */

START_TEST(late_events_are_ignored_and_counted) {
    pmkt_tracker *t = of_text("intent a { when view then cart }", NULL);
    shots s = {0};
    see(t, 1, 10, PMKT_KIND_VIEW, 5, &s);
    ck_assert_int_eq(see(t, 1, 9, PMKT_KIND_CART, 5, &s), -1);
    ck_assert_int_eq(s.n, 0);
    pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert_int_eq(c.late, 1);
    ck_assert_int_eq(c.events, 1);
    see(t, 2, 0, PMKT_KIND_VIEW, 5, &s); /* time is each user's own */
    ck_assert_int_eq(see(t, 1, 10, PMKT_KIND_CART, 5, &s), 0);
    c = tracker_counts_of(t);
    ck_assert_int_eq(c.late, 1);
    ck_assert_int_eq(c.events, 3);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

START_TEST(a_little_late_is_as_if_at_the_same_time) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.late_ms = 7;
    for (int64_t late = 6; late <= 8; late++) {
        pmkt_tracker *t = of_text(
            "intent a { when view then cart }"
            "intent b { when cart where (dwell = 0 s) }"
            "intent c { when cart then no order for 3 ms }",
            &o);
        shots s = {0};
        see(t, 1, 100, PMKT_KIND_VIEW, 5, &s);
        see(t, 1, 100 - late, PMKT_KIND_CART, 5, &s);
        ck_assert_int_eq(s.n, late <= 7 ? 2 : 0);
        if (s.n) ck_assert(s.at[0].time == T0 + 100 && s.at[0].since == T0 + 100);
        see(t, 1, 104, PMKT_KIND_VIEW, 5, &s);
        ck_assert_int_eq(s.n, late <= 7 ? 3 : 0);
        if (s.n) ck_assert_int_eq(s.at[2].time, T0 + 103);
        ck_assert_int_eq(tracker_counts_of(t).late, late > 7);
        pmkt_tracker_free(t);
        shots_free(&s);
    }
}
END_TEST

/* A row that is late says nothing, and is `ignored`; those of a stream in no order are exactly the ones that
   are older than the user's latest. */
START_TEST(late_rows_say_nothing) {
    random_seed(1);
    visits shop = shop_make(200, 20), v = visits_random(3000, 9, 500, 8);
    pmkt_purchase *model = purchase_of(&shop);
    pmkt_rules *rules = rules_of(pmkt_rules_builtin());
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.late_ms = 20;
    pmkt_tracker *t = tracker_of(model, rules, &o);
    const pmkt_events ev = visits_events(&v);
    scores s;
    const pmkt_purchase_scores room = scores_room(&s, v.n);
    int32_t *rule = malloc((size_t)v.n * sizeof *rule);
    pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
    out.p_goal = room.p_goal, out.p_cart = room.p_cart, out.time_ms = room.time_ms;
    out.next = room.next, out.next_p = room.next_p, out.rule = rule;
    pmkt_report report = PMKT_REPORT_INIT;
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, &report, &out, NULL), PMKT_OK);
    int64_t last[10] = {0}, late = 0;
    for (int64_t i = 0; i < v.n; i++) {
        int64_t *at = &last[v.user[i]];
        const bool is_late = *at - v.time[i] > 20;
        late += is_late;
        if (v.time[i] > *at) *at = v.time[i];
        REQUIRE(isnan(s.p_goal[i]) == is_late && isnan(s.time[i]) == is_late);
        if (is_late)
            REQUIRE(isnan(s.p_cart[i]) && s.next[i * PMKT_INTENT_TOP] == 0 && rule[i] == -1);
    }
    ck_assert_int_gt(late, 100);
    ck_assert_int_eq(report.ignored, late);
    ck_assert_int_eq(report.accepted, v.n - late);
    ck_assert_int_eq(tracker_counts_of(t).late, late);
    scores_free(&s);
    free(rule);
    pmkt_tracker_free(t);
    pmkt_rules_release(rules);
    pmkt_purchase_release(model);
    visits_free(&v), visits_free(&shop);
}
END_TEST

START_TEST(a_clock_that_is_behind_changes_nothing) {
    pmkt_tracker *t = of_text("intent a { when cart then no order for 90 s }", NULL);
    shots s = {0};
    ck_assert_int_eq(tracker_counts_of(t).clock_ms, INT64_MIN);
    tracker_clock(t, T0 + HOUR, 5, &s);
    see(t, 1, 0, PMKT_KIND_CART, 5, &s); /* older than the clock: time is the events' */
    int64_t n = 7;
    pmkt_tracker_fired fired[5];
    ck_assert_int_eq(pmkt_tracker_advance(t, T0 + HOUR - 1, fired, 5, &n, NULL), PMKT_OK);
    ck_assert_int_eq(n, 0);
    pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert_int_eq(c.clocks_back, 1);
    ck_assert_int_eq(c.clock_ms, T0 + HOUR);
    ck_assert_int_eq(c.waiting, 1);
    tracker_clock(t, T0 + HOUR, 5, &s); /* the same again is not behind */
    ck_assert_int_eq(s.n, 1);
    ck_assert_int_eq(s.at[0].time, T0 + 90 * SECOND);
    ck_assert_int_eq(tracker_counts_of(t).clocks_back, 1);
    static const int64_t NEVER[] = {INT64_MIN, INT64_MAX, PMKT_TIME_MAX, PMKT_TIME_MIN - 1};
    for (int i = 0; i < LENGTH(NEVER); i++) {
        ck_assert_int_eq(pmkt_tracker_advance(t, NEVER[i], fired, 5, &n, NULL), PMKT_E_INVALID);
    }
    ck_assert_int_eq(tracker_counts_of(t).clock_ms, T0 + HOUR);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* ------------------------------------------------------------------------- bad */

static pmkt_tracker_answers answers_of(scores *s, int32_t *rule) {
    pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
    out.p_goal = s->p_goal, out.p_cart = s->p_cart, out.time_ms = s->time, out.next = s->next;
    out.next_p = s->next_p, out.rule = rule;
    return out;
}

/* What bad rows do to one batch, and what they do not do to the rows between them. */
START_TEST(bad_rows_are_skipped_or_refused) {
    random_seed(2);
    visits shop = shop_make(300, 30), bad = visits_spoiled(&shop);
    pmkt_purchase *model = purchase_of(&shop);
    pmkt_tracker *t = tracker_of(model, NULL, NULL);
    pmkt_events ev = visits_events(&bad);
    scores s, whole;
    (void)scores_room(&s, bad.n);
    uint8_t *bits = malloc((size_t)bad.n / 8 + 1);
    pmkt_report report = PMKT_REPORT_INIT;
    report.rejected_bits = bits;
    pmkt_tracker_answers out = answers_of(&s, NULL);
    pmkt_error err;
    ev.on_bad = PMKT_ON_BAD_FAIL;
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, &report, &out, &err), PMKT_E_BAD_ROW);
    visits_check_report(&bad, &report, false);
    ck_assert_int_eq(err.where, report.first_bad);
    ck_assert_int_eq(tracker_counts_of(t).users, 0);
    ck_assert_int_eq(tracker_counts_of(t).events, 0);
    ev.on_bad = PMKT_ON_BAD_SKIP;
    whole = scores_as(model, &ev, 1);
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, &report, &out, &err), PMKT_OK);
    visits_check_report(&bad, &report, true);
    for (int64_t i = 0; i < bad.n; i++) REQUIRE(scores_same_row(&s, i, &whole, i));
    const pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert_int_eq(c.events, shop.n);
    ck_assert_int_eq(c.bad, bad.n - shop.n);
    ck_assert_int_eq(c.users, 30);
    scores_free(&s), scores_free(&whole);
    free(bits);
    pmkt_tracker_free(t);
    pmkt_purchase_release(model);
    visits_free(&bad), visits_free(&shop);
}
END_TEST

/* A call that goes on says what became of its own rows, and touches no others. */
START_TEST(a_resumed_call_reports_its_rows) {
    pmkt_tracker *t = of_text("intent a { when cart }", NULL);
    uint64_t user[40];
    int64_t time[40], taken = 0, rejected = 0, ignored = 0, calls = 0;
    int32_t rule[40];
    for (int i = 0; i < 40; i++) {
        user[i] = i % 7 == 3 ? 0 : 1, time[i] = T0 + (i % 5 == 4 ? 0 : i), rule[i] = 99;
    }
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 40, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_CART;
    ev.on_bad = PMKT_ON_BAD_SKIP;
    pmkt_tracker_fired fired[3];
    pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
    uint8_t bits[5];
    pmkt_report r = PMKT_REPORT_INIT;
    r.rejected_bits = bits;
    out.fired = fired, out.room = 3, out.rule = rule;
    while (out.from < 40) {
        ck_assert_int_eq(pmkt_tracker_observe(t, &ev, &r, &out, NULL), PMKT_OK);
        ck_assert_int_eq(r.rows, out.done - out.from);
        ck_assert_int_eq(r.rows, r.accepted + r.rejected + r.ignored);
        for (int64_t i = 0; i < 40; i++) {
            const bool mine = i >= out.from && i < out.done;
            REQUIRE((bits[i / 8] >> i % 8 & 1) == (mine && user[i] == 0));
            if (i >= out.done) REQUIRE(rule[i] == 99);
            if (mine) {
                REQUIRE(rule[i] == (user[i] == 0 || (i > 0 && time[i] == T0) ? -1 : 0));
                rule[i] = 5; /* who touches it again is seen */
            }
            if (i < out.from) REQUIRE(rule[i] == 5);
        }
        taken += r.accepted, rejected += r.rejected, ignored += r.ignored, calls++;
        out.from = out.done;
    }
    const pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert_int_gt(calls, 3);
    ck_assert_int_eq(taken + rejected + ignored, 40);
    ck_assert(c.events == taken && c.bad == rejected && c.late == ignored && c.fired == taken);
    out.from = 40; /* none are left */
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, &r, &out, NULL), PMKT_OK);
    ck_assert_int_eq(r.rows, 0);
    ck_assert_int_eq(out.done, 40);
    out.from = 41;
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, &r, &out, NULL), PMKT_E_INVALID);
    out.from = 36, ev.on_bad = PMKT_ON_BAD_FAIL; /* bad rows before these are of no concern */
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, &r, &out, NULL), PMKT_E_BAD_ROW);
    ck_assert_int_eq(r.first_bad, 38);
    ck_assert_int_eq(r.rejected, 1);
    out.from = 39;
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, &r, &out, NULL), PMKT_OK);
    pmkt_tracker_free(t);
}
END_TEST

/* Kinds of one's own, and actions that the model does not know, are events like others. */
START_TEST(kinds_that_nobody_knows_are_events) {
    random_seed(3);
    visits shop = shop_make(200, 20);
    pmkt_purchase *model = purchase_of(&shop);
    pmkt_tracker *t = tracker_of(model, NULL, NULL);
    pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
    pmkt_tracker_event event[3];
    e.event = event, e.room = 3;
    see(t, 1, 0, PMKT_KIND_VIEW, 5, NULL);
    see(t, 1, 1, 40000, 5, NULL);
    see(t, 1, 2, PMKT_KIND_LEAVE, 5, NULL);
    ck_assert_int_eq(pmkt_tracker_explain(t, 1, NULL, &e, NULL), PMKT_OK);
    ck_assert_int_eq(e.n, 3);
    ck_assert_int_eq(e.session, 3);
    ck_assert_int_eq(event[1].kind, 40000);
    ck_assert(event[0].log_odds != 0 && event[1].log_odds == 0 && event[2].log_odds == 0);
    pmkt_tracker_free(t);
    pmkt_purchase_release(model);
    visits_free(&shop);
}
END_TEST

/* ----------------------------------------------------------------------- asking */

START_TEST(what_cannot_be_told_is_refused) {
    random_seed(6);
    visits shop = shop_make(100, 10);
    for (int64_t i = 0; i < shop.n; i++) {
        if (shop.kind[i] == PMKT_KIND_ORDER) shop.kind[i] = PMKT_KIND_VIEW;
    }
    pmkt_purchase *model = purchase_of(&shop); /* nobody buys, so it knows nothing of it */
    pmkt_tracker *t = tracker_of(model, NULL, NULL),
                 *rules = of_text("intent a { when cart }", NULL);
    const pmkt_events ev = visits_events(&shop);
    scores s;
    (void)scores_room(&s, shop.n);
    const pmkt_tracker_answers all = answers_of(&s, NULL);
    for (int i = 0; i < 5; i++) {
        pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
        if (i == 0) out.p_goal = all.p_goal;
        if (i == 1) out.p_cart = all.p_cart;
        if (i == 2) out.time_ms = all.time_ms;
        if (i == 3) out.next = all.next;
        if (i == 4) out.next_p = all.next_p;
        ck_assert_int_eq(pmkt_tracker_observe(rules, &ev, NULL, &out, NULL), PMKT_E_UNSUPPORTED);
        ck_assert_int_eq(pmkt_tracker_observe(t, &ev, NULL, &out, NULL),
                         i == 0 ? PMKT_E_UNSUPPORTED : PMKT_OK);
    }
    ck_assert_int_eq(tracker_counts_of(rules).events, 0);
    scores_free(&s);
    pmkt_tracker_free(t), pmkt_tracker_free(rules);
    pmkt_purchase_release(model);
    visits_free(&shop);
}
END_TEST

/* What is asked is looked at before anything is taken. */
START_TEST(answers_are_looked_at_first) {
    pmkt_tracker *t = of_text("intent a { when cart } intent b { when cart }", NULL);
    uint64_t user[] = {1};
    int64_t time[] = {T0};
    pmkt_tracker_fired fired[2];
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 1, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_CART;
    for (int i = 0; i < 7; i++) {
        pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
        out.fired = fired, out.room = 2, out.done = 5, out.n_fired = 6;
        if (i == 0) out.reserved = 1;
        if (i == 1) out.room = 1;
        if (i == 2) out.room = -1;
        if (i == 3) out.from = -1;
        if (i == 4) out.from = 2;
        if (i == 5) out.from = INT64_MAX;
        if (i == 6) out.struct_size = 8;
        pmkt_error err;
        ck_assert_int_eq(pmkt_tracker_observe(t, &ev, NULL, &out, &err), PMKT_E_INVALID);
        ck_assert_int_eq(err.code, PMKT_E_INVALID);
        ck_assert(out.done == 5 && out.n_fired == 6);
    }
    ck_assert_int_eq(tracker_counts_of(t).events, 0);
    ck_assert_int_eq(tracker_counts_of(t).users, 0);
    pmkt_tracker_free(t);
}
END_TEST

/* A batch without what the model or the rules need is refused as a whole. */
START_TEST(columns_that_are_needed_must_be_there) {
    random_seed(7);
    static const uint64_t CLASSES[] = {2, 3};
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    visits shop = shop_make(200, 20);
    pmkt_events ev = visits_events(&shop);
    chains.by_session = 1, chains.classes = CLASSES, chains.n_classes = 2;
    pmkt_purchase *model = purchase_fitted(&ev, &chains, NULL, 1);
    pmkt_rules *rules = rules_of("columns stock int intent a { when view where (stock > 0) }");
    pmkt_tracker *t = tracker_of(model, rules, NULL);
    double wrong[] = {1};
    pmkt_column stock = {"stock", wrong, PMKT_TYPE_DOUBLE, 0};
    pmkt_events some = ev;
    some.session = NULL;
    ck_assert_int_eq(pmkt_tracker_observe(t, &some, NULL, NULL, NULL), PMKT_E_INVALID);
    some = ev, some.category = NULL;
    ck_assert_int_eq(pmkt_tracker_observe(t, &some, NULL, NULL, NULL), PMKT_E_INVALID);
    some = ev, some.rows = 1, some.extra = &stock, some.n_extra = 1;
    ck_assert_int_eq(pmkt_tracker_observe(t, &some, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(tracker_counts_of(t).events, 0);
    some.n_extra = 0; /* without a column its rules do not fire */
    ck_assert_int_eq(pmkt_tracker_observe(t, &some, NULL, NULL, NULL), PMKT_OK);
    ck_assert_int_eq(tracker_counts_of(t).events, 1);
    pmkt_tracker_free(t);
    pmkt_rules_release(rules);
    pmkt_purchase_release(model);
    visits_free(&shop);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tracker rows");
    TOPIC(suite, "late", late_events_are_ignored_and_counted,
          a_little_late_is_as_if_at_the_same_time, late_rows_say_nothing,
          a_clock_that_is_behind_changes_nothing);
    TOPIC(suite, "bad", bad_rows_are_skipped_or_refused, a_resumed_call_reports_its_rows,
          kinds_that_nobody_knows_are_events);
    TOPIC(suite, "asking", what_cannot_be_told_is_refused, answers_are_looked_at_first,
          columns_that_are_needed_must_be_there);
    return suite_run(suite);
}
