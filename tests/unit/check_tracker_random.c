/*
 * check_tracker_random.c - what a tracker says of a stream, however it is cut, is what rules and models say of it
 * as one batch, and what rules mean the slow way.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/diary.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define RULES 4
#define KINDS 7

/* ------------------------------------------------------------------ both ways */

/* A stream in the order of time, and what is asked of it. */
typedef struct stream {
    const pmkt_rules *rules;    /* or NULL */
    const pmkt_purchase *model; /* or NULL */
    const pmkt_events *ev;
    int32_t partials;
    int64_t until; /* the last clock */
    const char *text;
} stream;

static int64_t intents_of(const pmkt_rules *rules) {
    pmkt_rules_facts facts = PMKT_RULES_FACTS_INIT;
    if (rules) ck_assert_int_eq(pmkt_rules_info(rules, &facts, NULL), PMKT_OK);
    return facts.intents;
}

/* Cut at random places, with clocks in between that are not past the next event. */
static void feed(pmkt_tracker *t, const stream *s, const asked *a, shots *out) {
    const int64_t least = intents_of(s->rules), n = s->ev->rows;
    const int64_t largest = random_below(3) ? 1 + random_below(n + 1) : 1;
    for (int64_t i = 0, next; i < n; i = next) {
        next = i + 1 + random_below(largest);
        if (next > n) next = n;
        const int64_t room = least + (random_below(2) ? random_below(20) : random_below(2 * n));
        tracker_feed(t, s->ev, i, next - i, a, room + (room == 0), out);
        if (next == n || random_below(3)) continue;
        const int64_t last = s->ev->time[next - 1], to = s->ev->time[next];
        tracker_clock(t, random_between(last, to + 1), least + 1 + random_below(9), out);
    }
    if (n > 0) tracker_clock(t, s->until, least + 1 + random_below(9), out);
    shots_sort(out);
}

/* The same as one batch. */
static pmkt_rules_matches_columns match(const stream *s, pmkt_rules_matches **matches) {
    pmkt_rules_matches_columns c = PMKT_RULES_MATCHES_COLUMNS_INIT;
    pmkt_rules_match_options o = PMKT_RULES_MATCH_OPTIONS_INIT;
    pmkt_error err;
    o.partials = s->partials, o.until_ms = s->until;
    ck_assert_ok(pmkt_rules_match(s->rules, s->ev, &o, NULL, NULL, matches, &err), err);
    ck_assert_ok(pmkt_rules_matches_columns_of(*matches, &c, &err), err);
    return c;
}

static bool same_shots(const shots *live, const pmkt_rules_matches_columns *c) {
    if (live->n != c->n) return false;
    for (int64_t i = 0; i < c->n; i++) {
        const pmkt_tracker_fired *f = &live->at[i];
        if (f->time != c->time[i] || f->user != c->user[i] || f->rule != c->rule[i] ||
            f->row != c->row[i] || f->since != c->since[i] || f->strength != c->strength[i] ||
            f->generation != 1) {
            return false;
        }
    }
    return true;
}

/* The strongest that fired at each row, of equals the first. */
static void check_strongest(const stream *s, const pmkt_rules_matches_columns *c,
                            const int32_t *rule) {
    const int64_t n = s->ev->rows;
    int32_t *best = malloc((size_t)n * sizeof *best + 1);
    double *strength = malloc((size_t)n * sizeof *strength + 1);
    for (int64_t i = 0; i < n; i++) best[i] = -1;
    for (int64_t i = 0; i < c->n; i++) {
        const int64_t row = c->row[i];
        if (row < 0) continue;
        if (best[row] >= 0 && (c->strength[i] < strength[row] ||
                               (c->strength[i] == strength[row] && c->rule[i] > best[row]))) {
            continue;
        }
        best[row] = c->rule[i], strength[row] = c->strength[i];
    }
    for (int64_t i = 0; i < n; i++) {
        if (rule[i] == best[i]) continue;
        ck_abort_msg("row %lld says rule %d and not %d:\n%s", (long long)i, (int)rule[i],
                     (int)best[i], s->text);
    }
    free(best);
    free(strength);
}

static void compare_rules(const stream *s, const shots *live, const int32_t *rule,
                          const pmkt_tracker_counts *k, const slow_result *slow) {
    pmkt_rules_matches *matches = NULL;
    const pmkt_rules_matches_columns c = match(s, &matches);
    if (!same_shots(live, &c) || k->suppressed != c.suppressed || k->outranked != c.outranked ||
        k->dropped != c.dropped) {
        ck_abort_msg(
            "%lld fired and not %lld, %lld suppressed and not %lld, %lld outranked and not "
            "%lld, %lld dropped and not %lld:\n%s",
            (long long)live->n, (long long)c.n, (long long)k->suppressed, (long long)c.suppressed,
            (long long)k->outranked, (long long)c.outranked, (long long)k->dropped,
            (long long)c.dropped, s->text);
    }
    check_strongest(s, &c, rule);
    for (int64_t i = 0; slow && i < c.n; i++) {
        const slow_shot *x = &slow->shot[i];
        REQUIRE(live->n == slow->n && x->time == c.time[i] && x->user == c.user[i]);
        REQUIRE(x->rule == c.rule[i] && x->row == c.row[i]);
        REQUIRE(diary_may_begin(slow, x, live->at[i].since));
    }
    pmkt_rules_matches_free(matches);
}

static void compare_scores(const stream *s, const scores *live) {
    scores whole = scores_as(s->model, s->ev, 1);
    for (int64_t i = 0; i < s->ev->rows; i++) {
        if (scores_same_row(live, i, &whole, i)) continue;
        ck_abort_msg("row %lld of %lld, of kind %d, is scored otherwise", (long long)i,
                     (long long)s->ev->rows, s->ev->kind[i]);
    }
    scores_free(&whole);
}

static int64_t users_in(const pmkt_events *ev) {
    uint64_t *seen = malloc((size_t)ev->rows * 8 + 8);
    int64_t n = 0;
    for (int64_t i = 0, k; i < ev->rows; i++) {
        for (k = n; k > 0 && seen[k - 1] != ev->user[i]; k--) {
        }
        if (k == 0) seen[n++] = ev->user[i];
    }
    free(seen);
    return n;
}

static void check_stream(const stream *s, int32_t shards, int32_t history,
                         const slow_result *slow) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.partials = s->partials, o.shards = shards, o.history = history;
    o.ttl_ms = INT64_C(36500) * DAY, o.capacity = random_below(3) * 100;
    pmkt_tracker *t = tracker_of(s->model, s->rules, &o);
    const int64_t n = s->ev->rows;
    int32_t *rule = malloc((size_t)n * sizeof *rule + 1);
    shots live = {0};
    scores said;
    (void)scores_room(&said, n);
    feed(t, s, &(asked){s->model ? &said : NULL, rule}, &live);
    const pmkt_tracker_counts k = tracker_counts_of(t);
    REQUIRE(k.events == n && k.bad == 0 && k.late == 0 && k.fired == live.n && k.unheard == 0);
    REQUIRE(k.evicted == 0 && k.expired == 0 && k.ended == 0 && k.clocks_back == 0);
    if (n < 1000) REQUIRE(k.users == users_in(s->ev));
    if (s->rules) compare_rules(s, &live, rule, &k, slow);
    if (s->model) compare_scores(s, &said);
    scores_free(&said);
    shots_free(&live);
    free(rule);
    pmkt_tracker_free(t);
}

static int32_t shards_random(void) {
    static const int32_t SHARDS[] = {1, 2, 64};
    return SHARDS[random_below(3)];
}

static int32_t history_random(void) {
    static const int32_t HISTORY[] = {-1, 1, 8, 64};
    return HISTORY[random_below(4)];
}

/* ---------------------------------------------------------------------- rules */

/* Milliseconds, or months, of which some times take more room at rest than others. */
static int64_t span_random(int64_t most) {
    return random_between(1, most) * (random_below(3) ? 1 : 4 * DAY);
}

static void check_rules(int64_t n, int64_t users, int64_t span, int n_rules, int32_t partials) {
    static char text[8192];
    const int kinds = (int)random_between(2, KINDS + 1);
    slow_rule rules[RULES];
    for (int k = 0; k < n_rules; k++) rules[k] = slow_rule_random(8 - kinds, 8, span / 6 + 1);
    pmkt_rules *made = slow_rules_parse(rules, n_rules, text, sizeof text);
    diary l = diary_random(n, users, span, kinds);
    diary_sort(&l);
    const pmkt_events ev = diary_events(&l);
    stream s = {.rules = made, .ev = &ev, .partials = partials, .text = text};
    s.until = (n > 0 ? l.time[n - 1] : 0) + random_below(2) * (1 + random_below(span));
    if (s.until == 0) s.until = 1; /* to the batch, 0 is none */
    slow_result slow = {0};
    if (partials == 1024) slow = diary_match(&l, rules, n_rules, (uint64_t)users, s.until);
    check_stream(&s, shards_random(), history_random(), partials == 1024 ? &slow : NULL);
    free(slow.shot), free(slow.start);
    pmkt_rules_release(made);
    diary_free(&l);
}

START_TEST(one_rule_fires_as_in_a_batch) {
    random_seed(1);
    for (int64_t i = 0; i < scaled(6000, 300); i++) {
        check_rules(random_below(20), 1, span_random(40), 1, 1024);
    }
}
END_TEST

START_TEST(rules_fire_as_in_a_batch) {
    random_seed(2);
    for (int64_t i = 0; i < scaled(4000, 200); i++) {
        check_rules(random_below(60), random_between(1, 6), span_random(80),
                    (int)random_between(1, RULES + 1), 1024);
    }
}
END_TEST

/* With little room the same partial matches go. */
START_TEST(few_partials_drop_what_a_batch_drops) {
    random_seed(3);
    for (int64_t i = 0; i < scaled(4000, 200); i++) {
        check_rules(random_below(80), random_between(1, 4), span_random(80),
                    (int)random_between(1, RULES + 1), (int32_t)random_between(1, 12));
    }
}
END_TEST

START_TEST(many_users_fire_as_in_a_batch) {
    random_seed(4);
    for (int64_t i = 0; i < scaled(6, 1); i++) check_rules(20000, 3000, 200, RULES, 1024);
}
END_TEST

/* ------------------------------------------------------------------ extra columns */

START_TEST(extra_columns_are_read_as_in_a_batch) {
    random_seed(5);
    pmkt_rules *rules = rules_of(pmkt_rules_builtin());
    for (int64_t i = 0; i < scaled(60, 5); i++) {
        diary l = diary_random(random_below(2000), random_between(1, 30), 5 * HOUR, KINDS);
        int64_t *stock = malloc((size_t)l.n * 8 + 8);
        uint64_t *page = malloc((size_t)l.n * 8 + 8);
        const uint64_t coupon = pmkt_id_of_bytes("coupon", 6);
        for (int64_t k = 0; k < l.n; k++) {
            static const uint16_t KIND[] = {PMKT_KIND_VIEW,     PMKT_KIND_VIEW, PMKT_KIND_SEARCH,
                                            PMKT_KIND_FAVORITE, PMKT_KIND_CART, PMKT_KIND_CHECKOUT,
                                            PMKT_KIND_ORDER};
            l.kind[k] = KIND[random_below(LENGTH(KIND))];
            stock[k] = random_below(4) ? random_below(3) : INT64_MIN;
            page[k] = random_below(9) ? 0 : coupon;
        }
        diary_sort(&l);
        pmkt_column extra[] = {{"stock", stock, PMKT_TYPE_INT64, 0},
                               {"page", page, PMKT_TYPE_UINT64, 0}};
        pmkt_events ev = diary_events(&l);
        ev.extra = extra, ev.n_extra = random_below(3);
        const int64_t until = (l.n > 0 ? l.time[l.n - 1] : 0) + random_below(3 * HOUR) + 1;
        const stream s = {.rules = rules, .ev = &ev, .partials = 32, .until = until, .text = ""};
        check_stream(&s, shards_random(), history_random(), NULL);
        free(stock), free(page);
        diary_free(&l);
    }
    pmkt_rules_release(rules);
}
END_TEST

/* --------------------------------------------------------------------- models */

static void check_model(const pmkt_purchase *model, const visits *v, const pmkt_rules *rules) {
    visits sorted = visits_in_time(v);
    pmkt_events ev = visits_events(&sorted);
    const pmkt_column page = {"page", sorted.category, PMKT_TYPE_UINT64, 0};
    ev.extra = &page, ev.n_extra = 1;
    stream s = {.model = model, .rules = rules, .ev = &ev, .partials = 32, .text = "builtin"};
    s.until = sorted.n > 0 ? sorted.time[sorted.n - 1] + DAY : 1;
    check_stream(&s, shards_random(), history_random(), NULL);
    visits_free(&sorted);
}

static void check_models(int by_session, bool classes, const char *column) {
    static const uint64_t CLASSES[] = {2, 3};
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    chains.by_session = by_session, chains.order = 3;
    if (classes) chains.classes = CLASSES, chains.n_classes = LENGTH(CLASSES);
    chains.class_column = column;
    visits v = shop_make(scaled(1500, 300), scaled(150, 40));
    pmkt_events ev = visits_events(&v);
    const pmkt_column page = {"page", v.category, PMKT_TYPE_UINT64, 0};
    ev.extra = &page, ev.n_extra = 1;
    pmkt_purchase *model = purchase_fitted(&ev, &chains, NULL, 1);
    pmkt_rules *rules = rules_of(pmkt_rules_builtin());
    check_model(model, &v, NULL);
    check_model(model, &v, rules);
    for (int64_t i = 0; i < scaled(60, 6);
         i++) { /* ties, kinds and items that the model does not know */
        const int64_t span = random_below(2) ? 50 : 9 * HOUR;
        visits odd = visits_random(random_below(3000), random_between(1, 40), span, 14);
        check_model(model, &odd, random_below(2) ? rules : NULL);
        visits_free(&odd);
    }
    pmkt_rules_release(rules);
    pmkt_purchase_release(model);
    visits_free(&v);
}

START_TEST(scores_are_those_of_a_batch) {
    random_seed(6);
    check_models(0, false, NULL);
}
END_TEST

START_TEST(with_classes_too) {
    random_seed(7);
    check_models(0, true, NULL);
    check_models(0, true, "page");
}
END_TEST

START_TEST(with_sessions_that_are_told_too) {
    random_seed(8);
    check_models(1, false, NULL);
    check_models(1, true, NULL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tracker random");
    TOPIC(suite, "rules", one_rule_fires_as_in_a_batch, rules_fire_as_in_a_batch,
          few_partials_drop_what_a_batch_drops, many_users_fire_as_in_a_batch,
          extra_columns_are_read_as_in_a_batch);
    TOPIC(suite, "models", scores_are_those_of_a_batch, with_classes_too,
          with_sessions_that_are_told_too);
    return suite_run(suite);
}
