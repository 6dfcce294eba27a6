/*
 * check_tracker_swap.c - another model, and other rules, under live users.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intent/tracker/take.h"
#include "pmkt.h"
#include "support/batch.h"
#include "support/diary.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define T0 INT64_C(1700000000000)
#define RULES 4

static int64_t swap_rules(pmkt_tracker *t, const pmkt_rules *rules) {
    pmkt_error err;
    int64_t ended = -1;
    ck_assert_ok(pmkt_tracker_swap_rules(t, rules, &ended, &err), err);
    return ended;
}

/* To rules of a text, which the tracker alone owns then. */
static int64_t swap_text(pmkt_tracker *t, const char *text) {
    pmkt_rules *rules = rules_of(text);
    const int64_t ended = swap_rules(t, rules);
    pmkt_rules_release(rules);
    return ended;
}

static pmkt_tracker *of_text(const char *text) {
    pmkt_rules *rules = rules_of(text);
    pmkt_tracker *t = tracker_of(NULL, rules, NULL);
    pmkt_rules_release(rules);
    return t;
}

static int32_t see(pmkt_tracker *t, uint64_t user, int64_t after, uint16_t kind, uint64_t item,
                   shots *out) {
    return tracker_see(t, (deed){.user = user, .time = T0 + after, .kind = kind, .item = item},
                       out);
}

/* ----------------------------------------------------------------------- rules */

/* So many rules before the others that nothing concerns. */
static pmkt_rules *behind(int inert, const char *text) {
    static char all[20000];
    size_t n = 0;
    for (int i = 0; i < inert; i++) {
        n += (size_t)snprintf(all + n, sizeof all - n, "intent x%d { when 60000 } # %d\n", i, i);
    }
    (void)snprintf(all + n, sizeof all - n, "%s", text);
    return rules_of(all);
}

/* Swaps at random to the same rules, with others before them: nobody notices but by numbers and generations. */
static void check_invisible(void) {
    static char text[8192];
    slow_rule rules[RULES];
    for (int k = 0; k < RULES; k++) rules[k] = slow_rule_random(1, 8, 12);
    pmkt_rules *made = slow_rules_parse(rules, RULES, text, sizeof text);
    diary l = diary_random(random_below(200), 5, 80, 7);
    diary_sort(&l);
    for (int64_t i = 0; i < l.n; i++) l.time[i] += T0;
    const pmkt_events ev = diary_events(&l);
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.shards = 2, o.partials = (int32_t)random_between(1, 60);
    pmkt_tracker *a = tracker_of(NULL, made, &o), *b = tracker_of(NULL, made, &o);
    shots x = {0}, y = {0};
    uint32_t generation = 1;
    int inert = 0;
    for (int64_t i = 0; i < l.n; i++) {
        if (random_below(9) == 0) {
            inert = (int)random_below(100);
            pmkt_rules *same = behind(inert, text);
            REQUIRE(swap_rules(b, same) == 0);
            pmkt_rules_release(same);
            generation++;
        }
        const int64_t n = y.n;
        tracker_feed(a, &ev, i, 1, NULL, 20, &x);
        tracker_feed(b, &ev, i, 1, NULL, 120, &y);
        if (random_below(4) == 0) {
            tracker_clock(a, l.time[i], 120, &x);
            tracker_clock(b, l.time[i], 120, &y);
        }
        for (int64_t k = n; k < y.n; k++) {
            REQUIRE(y.at[k].generation == generation);
            y.at[k].rule -= inert, y.at[k].generation = 1;
        }
    }
    const pmkt_tracker_counts c = tracker_counts_of(a), d = tracker_counts_of(b);
    REQUIRE(d.generation == generation && c.generation == 1 && d.ended == 0);
    REQUIRE(c.waiting == d.waiting && c.dropped == d.dropped && c.suppressed == d.suppressed);
    shots_sort(&x), shots_sort(&y);
    if (!shots_same(&x, &y)) ck_abort_msg("%d, %d:\n%s", (int)x.n, (int)y.n, text);
    shots_free(&x), shots_free(&y);
    pmkt_tracker_free(a), pmkt_tracker_free(b);
    pmkt_rules_release(made);
    diary_free(&l);
}

START_TEST(the_same_rules_are_invisible) {
    random_seed(1);
    for (int64_t i = 0; i < scaled(500, 40); i++) check_invisible();
}
END_TEST

START_TEST(an_edited_rule_begins_anew) {
    pmkt_tracker *t = of_text(
        "intent a { when view then cart }\n"
        "intent b { when view then cart then order }\n"
        "intent c { when click then no order for 9 s }");
    shots s = {0};
    for (uint64_t u = 1; u <= 10; u++) see(t, u, 0, PMKT_KIND_VIEW, 5, &s);
    see(t, 3, 1, PMKT_KIND_CLICK, 5, &s);
    ck_assert_int_eq(tracker_counts_of(t).waiting, 1);
    /* a is as it was, but stands elsewhere; b has become another; c is gone */
    ck_assert_int_eq(swap_text(t,
                               "intent b { when view then cart then order } # the same\n"
                               "  intent a { when view then  cart }"),
                     10 + 1);
    pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert(c.ended == 11 && c.generation == 2 && c.waiting == 0);
    for (uint64_t u = 1; u <= 10; u++) see(t, u, 2, PMKT_KIND_CART, 5, &s);
    ck_assert_int_eq(s.n, 0); /* that of a was another text, by one space */
    for (uint64_t u = 1; u <= 10; u++) see(t, u, 3, PMKT_KIND_ORDER, 5, &s);
    ck_assert_int_eq(s.n, 10);
    ck_assert(s.at[0].rule == 0 && s.at[0].since == T0 && s.at[0].generation == 2);
    tracker_clock(t, T0 + HOUR, 5, &s);
    ck_assert_int_eq(s.n, 10);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* A condition of the same text on a column of another type is another condition. */
START_TEST(a_column_of_another_type_is_another_rule) {
    pmkt_tracker *t =
        of_text("columns x int, y int intent a { when view where (x > 1) then cart }");
    int64_t x[] = {2}, time[] = {T0};
    uint64_t user[] = {1};
    pmkt_column extra[] = {{"x", x, PMKT_TYPE_INT64, 0}};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 1, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_VIEW;
    ev.extra = extra, ev.n_extra = 1;
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, NULL, NULL, NULL), PMKT_OK);
    ck_assert_int_eq(
        swap_text(t, "columns y int, x int intent a { when view where (x > 1) then cart }"), 0);
    ck_assert_int_eq(
        swap_text(t, "columns x double intent a { when view where (x > 1) then cart }"), 1);
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, NULL, NULL, NULL), PMKT_E_INVALID);
    ev.n_extra = 0;
    ck_assert_int_eq(pmkt_tracker_observe(t, &ev, NULL, NULL, NULL), PMKT_OK);
    pmkt_tracker_free(t);
}
END_TEST

START_TEST(cooldowns_stay_with_the_intent) {
    pmkt_tracker *t =
        of_text("intent a { when view cooldown 1 h } intent b { when click cooldown 1 h }");
    shots s = {0};
    see(t, 1, 0, PMKT_KIND_VIEW, 5, &s);
    see(t, 1, 0, PMKT_KIND_CLICK, 5, &s);
    ck_assert_int_eq(s.n, 2);
    ck_assert_int_eq(swap_text(t, "intent c { when click } intent a { when cart cooldown 2 h }"),
                     0);
    see(t, 1, HOUR - 1, PMKT_KIND_CART, 5, &s);
    ck_assert_int_eq(s.n, 2);
    ck_assert_int_eq(tracker_counts_of(t).suppressed, 1);
    see(t, 1, HOUR - 1, PMKT_KIND_CLICK, 5, &s); /* another intent */
    ck_assert_int_eq(s.n, 3);
    see(t, 1, HOUR, PMKT_KIND_CART, 5, &s); /* as long as it was when it began */
    ck_assert_int_eq(s.n, 4);
    ck_assert_int_eq(s.at[3].rule, 1);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

START_TEST(without_rules_and_back) {
    pmkt_tracker *t =
        of_text("intent a { when view then cart } intent b { when cart then no order for 1 s }");
    shots s = {0};
    uint32_t generation = 0;
    see(t, 1, 0, PMKT_KIND_VIEW, 5, &s);
    see(t, 2, 0, PMKT_KIND_CART, 5, &s);
    ck_assert_int_eq(swap_rules(t, NULL), 2);
    ck_assert_ptr_null(pmkt_tracker_rules(t, &generation));
    ck_assert_uint_eq(generation, 2);
    see(t, 1, 1, PMKT_KIND_CART, 5, &s);
    tracker_clock(t, T0 + HOUR, 0, &s);
    ck_assert_int_eq(s.n, 0);
    ck_assert_int_eq(tracker_counts_of(t).waiting, 0);
    pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
    ck_assert_int_eq(pmkt_tracker_explain(t, 1, NULL, &e, NULL), PMKT_OK);
    ck_assert(e.rule == -1 && e.generation == 2);
    ck_assert_int_eq(swap_rules(t, NULL), 0);
    ck_assert_int_eq(
        swap_text(t,
                  "intent a { when view then cart } intent b { when cart then no order for 1 s }"),
        0);
    pmkt_rules *rules = pmkt_tracker_rules(t, &generation);
    ck_assert_ptr_nonnull(rules);
    ck_assert_uint_eq(generation, 4);
    pmkt_rules_release(rules);
    see(t, 1, 2 * HOUR, PMKT_KIND_CART, 5, &s);
    ck_assert_int_eq(s.n, 0);
    see(t, 1, 2 * HOUR, PMKT_KIND_VIEW, 5, &s);
    see(t, 1, 2 * HOUR, PMKT_KIND_CART, 5, &s);
    see(t, 2, 2 * HOUR, PMKT_KIND_CART, 5, &s); /* who waited before waits anew */
    tracker_clock(t, T0 + 3 * HOUR, 5, &s);
    ck_assert_int_eq(s.n, 3);
    ck_assert_uint_eq(s.at[0].generation, 4);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* What fired is told by its new number; of a rule that is gone, no more. Steps stay marked. */
START_TEST(evidence_is_of_the_rules_in_force) {
    static char text[40000];
    static const char rule[] = "intent late { when view then cart }\n";
    pmkt_tracker *t = of_text(rule);
    pmkt_tracker_event event[8];
    pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
    int32_t inert[] = {0, 100, 65, 7, 130};
    see(t, 1, 0, PMKT_KIND_VIEW, 5, NULL);
    see(t, 1, 1, PMKT_KIND_CLICK, 5, NULL);
    see(t, 1, 2, PMKT_KIND_CART, 5, NULL);
    for (int i = 0; i < LENGTH(inert); i++) {
        pmkt_rules *other = behind(inert[i], rule);
        ck_assert_int_eq(swap_rules(t, other), 0);
        e.event = event, e.room = 8;
        ck_assert_int_eq(pmkt_tracker_explain(t, 1, "late", &e, NULL), PMKT_OK);
        ck_assert_int_eq(e.rule, inert[i]);
        ck_assert(e.time == T0 + 2 && e.since == T0);
        ck_assert(event[0].matched == 1 && event[1].matched == 0 && event[2].matched == 1);
        pmkt_rules_release(other);
    }
    (void)snprintf(text, sizeof text, "intent late { when view }");
    swap_text(t, text);
    ck_assert_int_eq(pmkt_tracker_explain(t, 1, NULL, &e, NULL), PMKT_OK);
    ck_assert(e.rule == -1 && e.n == 3 && !event[0].matched);
    pmkt_tracker_free(t);
}
END_TEST

/* Rules with more intents than a batch under way has room for: it says so, and goes on with more room. */
START_TEST(more_intents_need_more_room) {
    pmkt_tracker *t = of_text("intent a { when view }");
    pmkt_tracker_fired fired[3];
    int64_t n = 0;
    shots s = {0};
    see(t, 1, 0, PMKT_KIND_VIEW, 5, &s);
    swap_text(t,
              "intent a { when view } intent b { when view } intent c { when view then no cart for "
              "1 s }");
    ck_assert_int_eq(pmkt_tracker_advance(t, T0, fired, 2, &n, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(tracker_counts_of(t).clock_ms, INT64_MIN);
    ck_assert_int_eq(pmkt_tracker_advance(t, T0, fired, 3, &n, NULL), PMKT_OK);
    see(t, 1, 0, PMKT_KIND_VIEW, 5, &s);
    ck_assert_int_eq(s.n, 3);
    pmkt_tracker_free(t);
    shots_free(&s);
}
END_TEST

/* An allocator for one set of rules at a time, each of which lies where the one before did. */
typedef struct arena {
    unsigned char at[1 << 20];
    size_t n;
    int64_t blocks;
} arena;

static void *serve(void *ctx, void *p, size_t old, size_t size, size_t align) {
    arena *a = ctx;
    if (size == 0) {
        if (--a->blocks == 0) a->n = 0;
        return NULL;
    }
    a->n = (a->n + align - 1) / align * align;
    unsigned char *new = a->at + a->n;
    a->n += size;
    if (a->n > sizeof a->at) return NULL;
    if (p) memcpy(new, p, old < size ? old : size);
    a->blocks += !p;
    return new;
}

static pmkt_rules *parse_in(arena *a, const char *text) {
    const pmkt_allocator allocator = {serve, a};
    pmkt_rules_options o = PMKT_RULES_OPTIONS_INIT;
    pmkt_rules *rules = NULL;
    o.allocator = &allocator;
    ck_assert_int_eq(pmkt_rules_parse(text, strlen(text), &o, &rules, NULL), PMKT_OK);
    return rules;
}

/* A batch under way meets rules that lie where those did that it has met before. */
START_TEST(rules_at_the_same_address_are_others) {
    static arena a;
    static pmkti_taking k;
    int64_t x[] = {2, 2}, y[] = {0, 0}, time[] = {T0, T0};
    uint64_t user[] = {1, 2};
    pmkt_column extra[] = {{"x", x, PMKT_TYPE_INT64, 0}, {"y", y, PMKT_TYPE_INT64, 0}};
    pmkt_rules *rules = parse_in(&a, "columns x int intent a { when view where (x > 1) }");
    pmkt_tracker *t = tracker_of(NULL, rules, NULL);
    pmkt_status status = PMKT_OK;
    pmkt_error err;
    const void *was = rules;
    k.t = t;
    k.out = (pmkt_tracker_answers)PMKT_TRACKER_ANSWERS_INIT;
    k.ev = (pmkt_events)PMKT_EVENTS_INIT;
    k.ev.rows = 2, k.ev.user = user, k.ev.time = time, k.ev.every_kind = PMKT_KIND_VIEW;
    k.ev.extra = extra, k.ev.n_extra = 2;
    k.swaps = PMKTI_TAKING_UNBOUND;
    k.state = (pmkti_rules_state){.entry = k.entry, .room = 32};
    ck_assert_int_eq(pmkti_take(&k, 0, &status, &err), PMKTI_TAKEN);
    ck_assert_int_eq(k.fired.n, 1);
    pmkt_rules_release(rules);
    swap_rules(t, NULL);
    ck_assert_int_eq(a.blocks, 0);
    rules = parse_in(&a, "columns y int intent a { when view where (y > 1) }");
    ck_assert_ptr_eq(rules, was);
    swap_rules(t, rules);
    ck_assert_int_eq(pmkti_take(&k, 1, &status, &err), PMKTI_TAKEN);
    ck_assert_int_eq(k.fired.n, 1);
    pmkt_rules_release(rules);
    pmkt_tracker_free(t);
}
END_TEST

/* ----------------------------------------------------------------------- models */

static pmkt_purchase *model_of(const visits *v, int by_session, int64_t classes) {
    uint64_t some[40];
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    const pmkt_events ev = visits_events(v);
    for (int64_t i = 0; i < classes; i++) some[i] = (uint64_t)i + 1;
    chains.by_session = by_session, chains.classes = some, chains.n_classes = classes;
    return purchase_fitted(&ev, &chains, NULL, 1);
}

/* The scores of the rows of a stream, with a swap to `to` (or NULL) before row `at`. */
static scores live_scores(const pmkt_purchase *from, const pmkt_purchase *to, int64_t at,
                          const pmkt_events *ev) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    pmkt_error err;
    o.actions = 64, o.ttl_ms = INT64_C(36500) * DAY;
    pmkt_tracker *t = tracker_of(from, NULL, &o);
    scores s;
    shots none = {0};
    (void)scores_room(&s, ev->rows);
    const asked a = {&s, NULL};
    if (at > 0) tracker_feed(t, ev, 0, at, &a, 0, &none);
    if (to) ck_assert_ok(pmkt_tracker_swap(t, to, &err), err);
    if (at < ev->rows) tracker_feed(t, ev, at, ev->rows - at, &a, 0, &none);
    pmkt_purchase *now = pmkt_tracker_model(t);
    ck_assert_ptr_eq(now, to ? to : from);
    pmkt_purchase_release(now);
    pmkt_tracker_free(t);
    return s;
}

/* From a user's next session on all is as if the new model had been there from the beginning; the session under way
   goes on in the same context, so what comes next is what the new chains say of the whole of it. */
static void check_swap(const pmkt_purchase *from, const pmkt_purchase *to, const visits *v) {
    const pmkt_events ev = visits_events(v);
    const int64_t at = random_below(v->n + 1);
    scores old = live_scores(from, NULL, at, &ev), new = live_scores(to, NULL, at, &ev);
    scores swapped = live_scores(from, to, at, &ev), same = live_scores(from, from, at, &ev);
    int64_t later = 0;
    for (int64_t i = 0; i < v->n; i++) {
        REQUIRE(scores_same_row(&same, i, &old, i));
        if (i < at) REQUIRE(scores_same_row(&swapped, i, &old, i));
        if (i < at) continue;
        bool begun = false; /* the session, before the swap */
        for (int64_t k = 0; k < at && !begun; k++) begun = v->session[k] == v->session[i];
        later += !begun;
        if (begun || scores_same_row(&swapped, i, &new, i)) continue;
        ck_abort_msg("row %lld of %lld, swapped before %lld", (long long)i, (long long)v->n,
                     (long long)at);
    }
    if (at < v->n / 2) REQUIRE(later > 0);
    scores_free(&old), scores_free(&new), scores_free(&swapped), scores_free(&same);
}

START_TEST(another_model_from_the_next_session_on) {
    random_seed(2);
    visits a = shop_make(300, 40), b = shop_make(300, 40), v = shop_make(150, 15);
    visits stream = visits_in_time(&v);
    for (int64_t i = 0; i < b.n; i++) { /* other actions */
        if (b.kind[i] == PMKT_KIND_CLICK) b.kind[i] = PMKT_KIND_SHARE;
    }
    for (int by_session = 0; by_session < 2; by_session++) {
        pmkt_purchase *model[] = {model_of(&a, by_session, 0), model_of(&b, by_session, 0),
                                  model_of(&a, by_session, 5), model_of(&b, by_session, 2)};
        for (int64_t i = 0; i < scaled(40, 4); i++) {
            check_swap(model[random_below(4)], model[random_below(4)], &stream);
        }
        for (int i = 0; i < 4; i++) pmkt_purchase_release(model[i]);
    }
    visits_free(&a), visits_free(&b), visits_free(&v), visits_free(&stream);
}
END_TEST

/* The evidence of a session under way is that of the old chains so far; then the new ones add to it. */
START_TEST(a_session_keeps_its_evidence) {
    random_seed(3);
    visits a = shop_make(300, 40), b = shop_make(400, 40);
    pmkt_purchase *old = model_of(&a, 0, 0), *new = model_of(&b, 0, 0);
    pmkt_tracker *t = tracker_of(old, NULL, NULL), *fresh = tracker_of(new, NULL, NULL);
    pmkt_tracker_evidence before = PMKT_TRACKER_EVIDENCE_INIT, after = before, all = before;
    pmkt_tracker_event event[8], other[8];
    static const uint16_t KIND[] = {PMKT_KIND_VIEW, PMKT_KIND_CLICK, PMKT_KIND_CART};
    for (int i = 0; i < 3; i++) {
        see(t, 1, i * MINUTE, KIND[i], 5, NULL);
        see(fresh, 1, i * MINUTE, KIND[i], 5, NULL);
    }
    ck_assert_int_eq(pmkt_tracker_explain(t, 1, NULL, &before, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_tracker_swap(t, new, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_tracker_explain(t, 1, NULL, &after, NULL), PMKT_OK);
    ck_assert(before.evidence == after.evidence && before.session == 3 && after.session == 3);
    see(t, 1, 3 * MINUTE, PMKT_KIND_FAVORITE, 5, NULL);
    see(fresh, 1, 3 * MINUTE, PMKT_KIND_FAVORITE, 5, NULL);
    after.event = event, all.event = other, after.room = all.room = 8;
    ck_assert_int_eq(pmkt_tracker_explain(t, 1, NULL, &after, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_tracker_explain(fresh, 1, NULL, &all, NULL), PMKT_OK);
    ck_assert(event[3].log_odds == other[3].log_odds); /* in the context of the whole session */
    ck_assert(event[2].log_odds != other[2].log_odds);
    ck_assert_double_eq_tol(after.evidence, before.evidence + event[3].log_odds, 1e-6);
    pmkt_tracker_free(t), pmkt_tracker_free(fresh);
    pmkt_purchase_release(old), pmkt_purchase_release(new);
    visits_free(&a), visits_free(&b);
}
END_TEST

START_TEST(models_that_do_not_fit_are_refused) {
    random_seed(4);
    visits v = shop_make(400, 40);
    pmkt_purchase *small = model_of(&v, 0, 0), *large = model_of(&v, 0, 5);
    pmkt_purchase *sessions = model_of(&v, 1, 0);
    pmkt_intent_facts facts = PMKT_INTENT_FACTS_INIT;
    ck_assert_int_eq(pmkt_intent_info(pmkt_purchase_chains(large), &facts, NULL), PMKT_OK);
    ck_assert_int_gt(facts.actions, 16);
    pmkt_tracker *t = tracker_of(small, NULL, NULL);
    see(t, 1, 0, PMKT_KIND_VIEW, 5, NULL);
    ck_assert_int_eq(pmkt_tracker_swap(t, large, NULL), PMKT_E_LIMIT);
    ck_assert_int_eq(pmkt_tracker_swap(t, sessions, NULL), PMKT_E_MISMATCH);
    ck_assert_int_eq(pmkt_tracker_swap(t, NULL, NULL), PMKT_E_INVALID);
    pmkt_purchase *now = pmkt_tracker_model(t);
    ck_assert_ptr_eq(now, small);
    pmkt_purchase_release(now);
    pmkt_tracker_free(t);
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.actions = facts.actions; /* rounded up */
    t = tracker_of(small, NULL, &o);
    ck_assert_int_eq(pmkt_tracker_swap(t, large, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_tracker_swap(t, small, NULL), PMKT_OK);
    pmkt_tracker_free(t);
    o.actions = facts.actions - 1;
    pmkt_error err;
    ck_assert_int_eq(pmkt_tracker_new(large, NULL, &o, &t, &err), PMKT_E_INVALID);
    t = tracker_of(large, NULL, NULL); /* as many as this one has */
    ck_assert_int_eq(pmkt_tracker_swap(t, small, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_tracker_swap(t, large, NULL), PMKT_OK);
    pmkt_tracker_free(t);
    t = of_text("intent a { when view }");
    ck_assert_int_eq(pmkt_tracker_swap(t, small, NULL), PMKT_E_UNSUPPORTED);
    ck_assert_ptr_null(pmkt_tracker_model(t));
    pmkt_tracker_free(t);
    pmkt_purchase_release(small), pmkt_purchase_release(large), pmkt_purchase_release(sessions);
    visits_free(&v);
}
END_TEST

/* Neither the model nor the rules need their makers any more, and nothing leaks (asan says so). */
START_TEST(what_a_tracker_uses_it_owns) {
    random_seed(5);
    visits v = shop_make(200, 20);
    pmkt_purchase *model = model_of(&v, 0, 0);
    pmkt_rules *rules = rules_of("intent a { when view }");
    pmkt_tracker *t = tracker_of(model, rules, NULL);
    pmkt_purchase_release(model);
    pmkt_rules_release(rules);
    shots s = {0};
    see(t, 1, 0, PMKT_KIND_VIEW, 5, &s);
    ck_assert_int_eq(s.n, 1);
    model = pmkt_tracker_model(t);
    uint32_t generation = 0;
    rules = pmkt_tracker_rules(t, &generation);
    ck_assert_uint_eq(generation, 1);
    pmkt_tracker_free(t);
    t = tracker_of(model, rules, NULL);
    pmkt_purchase_release(model);
    pmkt_rules_release(rules);
    swap_rules(t, NULL);
    pmkt_tracker_free(t);
    shots_free(&s);
    visits_free(&v);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tracker swap");
    TOPIC(suite, "rules", the_same_rules_are_invisible, an_edited_rule_begins_anew,
          a_column_of_another_type_is_another_rule, cooldowns_stay_with_the_intent,
          without_rules_and_back, evidence_is_of_the_rules_in_force, more_intents_need_more_room,
          rules_at_the_same_address_are_others);
    TOPIC(suite, "models", another_model_from_the_next_session_on, a_session_keeps_its_evidence,
          models_that_do_not_fit_are_refused, what_a_tracker_uses_it_owns);
    return suite_run(suite);
}
