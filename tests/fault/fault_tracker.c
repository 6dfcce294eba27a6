/*
 * fault_tracker.c - memory that runs out in a tracker, at every allocation: the call says so, the row is not taken,
 * nothing leaks, and going on from there comes to the same as if nothing had happened.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define USERS 90
#define ROWS 1200
#define ROOM 16

/* Each item begins partial matches of its own, so users need room apart; and there are waits and cooldowns. */
static const char TEXT[] =
    "intent a { when view then click then order same item }"
    "intent b { when view then no order for 40 s same item strength 0.4 }"
    "intent c { when 2 cart same category cooldown 20 s }";

typedef struct world {
    faulty memory;
    pmkt_allocator allocator;
    pmkt_purchase *model;
    pmkt_rules *rules;
    uint64_t user[ROWS], item[ROWS], category[ROWS];
    int64_t time[ROWS];
    uint16_t kind[ROWS];
    pmkt_events ev;
    int32_t learn;
    pmkt_tracker *t;
    shots fired;
} world;

static void make(world *w) {
    memset(w, 0, sizeof *w);
    random_seed(1);
    visits shop = shop_make(200, 20);
    w->model = purchase_of(&shop);
    visits_free(&shop);
    w->rules = rules_of(TEXT);
    w->allocator = faulty_allocator(&w->memory);
    for (int i = 0; i < ROWS; i++) {
        static const uint16_t KIND[] = {PMKT_KIND_VIEW, PMKT_KIND_VIEW, PMKT_KIND_CLICK,
                                        PMKT_KIND_CART, PMKT_KIND_ORDER};
        w->user[i] = 1 + (uint64_t)random_below(1 + USERS * (i + 1) / ROWS);
        w->item[i] = 1 + (uint64_t)random_below(40), w->category[i] = w->item[i] % 2 + 1;
        w->kind[i] = KIND[random_below(LENGTH(KIND))];
        w->time[i] = date(2024, 1, 1) + i * 200;
    }
    w->ev = (pmkt_events)PMKT_EVENTS_INIT;
    w->ev.rows = ROWS, w->ev.user = w->user, w->ev.item = w->item, w->ev.category = w->category;
    w->ev.time = w->time, w->ev.kind = w->kind;
}

static pmkt_status begin(world *w, int64_t max_bytes, pmkt_error *err) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.allocator = &w->allocator, o.shards = 2, o.partials = 100, o.max_bytes = max_bytes;
    o.learn = w->learn;
    return pmkt_tracker_new(w->model, w->rules, &o, &w->t, err);
}

static void end(world *w) {
    pmkt_tracker_free(w->t);
    w->t = NULL;
    shots_free(&w->fired);
    faulty_check_empty(&w->memory);
}

static void drop(world *w) {
    pmkt_purchase_release(w->model);
    pmkt_rules_release(w->rules);
}

/* What is counted, but for bytes, which may have come early. */
static pmkt_tracker_counts counts_of(world *w) {
    pmkt_tracker_counts c = tracker_counts_of(w->t);
    c.bytes = 0;
    return c;
}

/* ----------------------------------------------------------------------- begin */

START_TEST(beginning_survives_it) {
    world w;
    make(&w);
    w.learn = 1;
    for (int sticky = 0; sticky < 2; sticky++) {
        int64_t nth = 1;
        for (;; nth++) {
            pmkt_error err = {0};
            faulty_arm(&w.memory, nth, sticky);
            const pmkt_status status = begin(&w, sticky ? 1 << 20 : 0, &err);
            const bool refused = w.memory.refused > 0;
            faulty_disarm(&w.memory);
            ck_assert_int_eq(status, refused ? PMKT_E_NOMEM : PMKT_OK);
            ck_assert_int_eq(err.code, status);
            if (!refused) break;
            ck_assert_ptr_null(w.t);
            faulty_check_empty(&w.memory);
        }
        ck_assert_int_gt(nth, 4);
        end(&w);
    }
    drop(&w);
}
END_TEST

/* --------------------------------------------------------------------- observe */

/* One call from row `from` on; the row to go on with. */
static int64_t observe(world *w, int64_t from, pmkt_status *status) {
    pmkt_tracker_fired fired[ROOM];
    pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
    pmkt_report report = PMKT_REPORT_INIT;
    pmkt_error err = {0};
    out.fired = fired, out.room = ROOM, out.from = from, out.done = -1;
    *status = pmkt_tracker_observe(w->t, &w->ev, &report, &out, &err);
    ck_assert_int_eq(err.code, *status);
    REQUIRE(out.done >= from && out.done <= ROWS && report.accepted == out.done - from);
    for (int64_t i = 0; i < out.n_fired; i++) REQUIRE(fired[i].row < out.done);
    const int64_t n = w->fired.n + out.n_fired;
    w->fired.at = realloc(w->fired.at, (size_t)n * sizeof *fired + 1);
    memcpy(w->fired.at + w->fired.n, fired, (size_t)out.n_fired * sizeof *fired);
    w->fired.n = w->fired.room = n;
    return out.done;
}

/* Evidence is of what was told to have fired, and of rows that were taken. */
static void check_evidence(world *w, uint64_t user, int64_t done) {
    pmkt_tracker_event event[8];
    pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
    const pmkt_tracker_fired *last = NULL;
    int64_t latest = INT64_MIN;
    e.event = event, e.room = 8;
    ck_assert_int_eq(pmkt_tracker_explain(w->t, user, NULL, &e, NULL), PMKT_OK);
    for (int64_t i = 0; i < w->fired.n; i++) {
        if (w->fired.at[i].user == user) last = &w->fired.at[i];
    }
    for (int64_t i = 0; i < done; i++) {
        if (w->user[i] == user) latest = w->time[i];
    }
    ck_assert_int_eq(e.rule, last ? last->rule : -1);
    if (last) ck_assert(e.time == last->time && e.since == last->since);
    ck_assert_int_eq(e.n > 0 ? event[e.n - 1].time : INT64_MIN, latest);
}

/* The whole stream, with the nth allocation failing, and later ones too if it is to stay so for a while; how
   many failed. */
static int64_t run(world *w, int64_t max_bytes, int64_t nth, bool sticky) {
    int64_t from = 0, failures = 0;
    pmkt_error err;
    ck_assert_ok(begin(w, max_bytes, &err), err);
    faulty_arm(&w->memory, nth, sticky);
    while (from < ROWS) {
        pmkt_status status;
        const int64_t done = observe(w, from, &status);
        ck_assert(status == PMKT_OK || status == PMKT_E_NOMEM);
        from = done;
        if (status == PMKT_OK) continue;
        failures++;
        const pmkt_tracker_counts c = counts_of(w);
        ck_assert_int_eq(c.events, done);
        ck_assert_int_eq(c.fired, w->fired.n);
        check_evidence(w, w->user[done], done);
        if (sticky) { /* again, and still not */
            ck_assert_int_eq(observe(w, from, &status), done);
            ck_assert_int_eq(status, PMKT_E_NOMEM);
            const pmkt_tracker_counts again = counts_of(w);
            ck_assert_mem_eq(&again, &c, sizeof c);
            check_evidence(w, w->user[done], done);
        }
        faulty_disarm(&w->memory);
    }
    faulty_disarm(&w->memory);
    faulty_check(&w->memory);
    shots_sort(&w->fired);
    return failures;
}

static void survive(int64_t max_bytes, int64_t at_least) {
    world w;
    make(&w);
    ck_assert_int_eq(run(&w, max_bytes, 0, false), 0);
    const shots right = w.fired;
    const pmkt_tracker_counts counts = counts_of(&w);
    const int64_t bytes = tracker_counts_of(w.t).bytes;
    w.fired = (shots){0};
    end(&w);
    ck_assert_int_gt(right.n, 100);
    for (int sticky = 0; sticky < 2; sticky++) {
        int64_t nth = 1;
        while (run(&w, max_bytes, nth, sticky) > 0) {
            const pmkt_tracker_counts c = counts_of(&w);
            ck_assert_mem_eq(&c, &counts, sizeof c);
            ck_assert_int_eq(tracker_counts_of(w.t).bytes, bytes);
            ck_assert(shots_same(&w.fired, &right));
            end(&w);
            nth++;
        }
        end(&w);
        ck_assert_int_gt(nth, at_least);
    }
    free(right.at);
    drop(&w);
}

START_TEST(observing_survives_it) {
    survive(0, 3);
}
END_TEST

/* At the limit somebody is evicted, not the call refused. */
START_TEST(observing_near_the_limit_survives_it) {
    survive(60000, 1);
}
END_TEST

/* ---------------------------------------------------------------------- learning */

/* A tracker that learns, of a model that fails with it, after the whole stream. */
static pmkt_purchase *begin_learning(world *w, const pmkt_rules *rules) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    pmkt_error err;
    chains.allocator = o.allocator = &w->allocator;
    o.shards = 2, o.learn = 1, o.history = -1;
    random_seed(2);
    visits shop = shop_make(200, 20);
    const pmkt_events ev = visits_events(&shop);
    pmkt_purchase *model = purchase_fitted(&ev, &chains, NULL, 1);
    visits_free(&shop);
    ck_assert_ok(pmkt_tracker_new(model, rules, &o, &w->t, &err), err);
    return model;
}

static void observe_all(world *w) {
    pmkt_status status;
    for (int64_t from = 0; from < ROWS;) from = observe(w, from, &status);
}

/* Whenever it fails the model stays, and all that was counted is there for the next call. */
START_TEST(learning_survives_it) {
    world w;
    make(&w);
    file_bytes right = {0};
    for (int sticky = 0; sticky < 2; sticky++) {
        int64_t nth = 0; /* the first time to know what is right */
        for (bool refused = true; refused; nth++) {
            pmkt_tracker_fired fired[ROOM];
            pmkt_purchase *before = begin_learning(&w, w.rules), *now, *model = NULL;
            pmkt_error err = {0};
            int64_t n = 1;
            observe_all(&w);
            while (n > 0) {
                const int64_t end = w.time[ROWS - 1] + DAY; /* many sessions end by the call */
                ck_assert_ok(pmkt_tracker_advance(w.t, end, fired, ROOM, &n, &err), err);
            }
            const pmkt_tracker_counts was = counts_of(&w);
            faulty_arm(&w.memory, nth, sticky);
            const pmkt_status status = pmkt_tracker_learn(w.t, 0, NULL, &model, &err);
            refused = nth == 0 || w.memory.refused > 0;
            faulty_disarm(&w.memory);
            if (nth > 0) ck_assert_int_eq(status, refused ? PMKT_E_NOMEM : PMKT_OK);
            ck_assert_int_eq(err.code, status);
            if (status) {
                ck_assert_ptr_null(model);
                now = pmkt_tracker_model(w.t);
                ck_assert_ptr_eq(now, before);
                pmkt_purchase_release(now);
                ck_assert_int_ge(counts_of(&w).learned, was.learned);
                ck_assert_ok(pmkt_tracker_learn(w.t, 0, NULL, &model, &err), err);
            }
            ck_assert_int_eq(counts_of(&w).unlearned, 0);
            file_bytes made = purchase_bytes(model);
            if (nth > 0 || sticky)
                ck_assert(made.n == right.n && memcmp(made.at, right.at, made.n) == 0);
            if (right.at)
                file_free(&made);
            else
                right = made;
            pmkt_purchase_release(before), pmkt_purchase_release(model);
            end(&w);
        }
        ck_assert_int_gt(nth, 30);
    }
    file_free(&right);
    drop(&w);
}
END_TEST

/* Events are taken all the same; of sessions that cannot be counted it is told. */
START_TEST(counting_survives_it) {
    world w;
    make(&w);
    for (int64_t nth = 1; nth < 4; nth++) {
        pmkt_purchase *model = begin_learning(&w, NULL);
        for (int i = 0; i < ROWS; i++) w.user[i] = 1 + w.user[i] % 16; /* who has room anyway */
        faulty_arm(&w.memory, nth, true);
        observe_all(&w);
        faulty_disarm(&w.memory);
        const pmkt_tracker_counts c = counts_of(&w);
        int64_t ends = 0;
        for (int i = 0; i < ROWS;
             i++) { /* all within one session of each user: the first goal ends it */
            bool first = w.kind[i] == PMKT_KIND_ORDER;
            for (int k = 0; k < i && first; k++) {
                first = w.user[k] != w.user[i] || w.kind[k] != PMKT_KIND_ORDER;
            }
            ends += first;
        }
        ck_assert_int_eq(c.events, ROWS);
        ck_assert_int_eq(c.learned + c.unlearned, ends);
        if (nth == 1) ck_assert_int_eq(c.learned, 0);
        if (nth == 2) ck_assert(c.learned > 0 && c.unlearned > 0);
        if (nth == 3) ck_assert_int_eq(c.unlearned, 0);
        pmkt_purchase_release(model);
        end(&w);
    }
    drop(&w);
}
END_TEST

/* ---------------------------------------------------------------- without memory */

/* Who is known costs nothing, nor does anything else. */
START_TEST(the_rest_allocates_nothing) {
    world w;
    make(&w);
    pmkt_error err;
    pmkt_rules *other =
        rules_of("intent a { when view } intent d { when cart then no order for 9 s }");
    pmkt_status status;
    int64_t n = 0;
    ck_assert_ok(begin(&w, 0, &err), err);
    for (int64_t from = 0; from < ROWS;) from = observe(&w, from, &status);
    ck_assert_ok(pmkt_tracker_swap_rules(w.t, other, NULL, &err), err);
    faulty_arm(&w.memory, 1, true);
    for (int i = 0; i < ROWS; i++) w.time[i] += HOUR;
    for (int64_t from = 0; from < ROWS;) from = observe(&w, from, &status);
    pmkt_tracker_fired fired[ROOM];
    do {
        ck_assert_ok(pmkt_tracker_advance(w.t, w.time[ROWS - 1] + 5000, fired, ROOM, &n, &err),
                     err);
    } while (n > 0);
    ck_assert_ok(pmkt_tracker_swap(w.t, w.model, &err), err);
    ck_assert_ok(pmkt_tracker_swap_rules(w.t, w.rules, NULL, &err), err);
    ck_assert_ok(pmkt_tracker_swap_rules(w.t, NULL, NULL, &err), err);
    ck_assert_ok(pmkt_tracker_swap_rules(w.t, other, NULL, &err), err);
    ck_assert_ok(pmkt_tracker_forget(w.t, 5, NULL, &err), err);
    for (int64_t from = 0;
         from < ROWS;) { /* the one who was forgotten takes the room that is free */
        for (int i = 0; i < ROWS && from == 0; i++) w.time[i] += HOUR;
        from = observe(&w, from, &status);
        ck_assert_int_eq(status, PMKT_OK);
    }
    check_evidence(&w, w.user[7], ROWS);
    ck_assert_int_eq(tracker_counts_of(w.t).events, 3 * ROWS);
    ck_assert_int_eq(w.memory.calls, 0);
    faulty_disarm(&w.memory);
    end(&w);
    pmkt_rules_release(other);
    drop(&w);
}
END_TEST

int main(void) {
    Suite *s = suite_create("fault_tracker");
    TOPIC(s, "allocations", beginning_survives_it, observing_survives_it,
          observing_near_the_limit_survives_it, the_rest_allocates_nothing);
    TOPIC(s, "learning", learning_survives_it, counting_survives_it);
    return suite_run(s);
}
