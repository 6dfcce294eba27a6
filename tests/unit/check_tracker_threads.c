/*
 * check_tracker_threads.c - many threads in one tracker: who has users of their own gets what one thread alone
 * would, and whatever goes on at a time, nothing is lost from the counts. Run it under tsan.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define T0 INT64_C(1700000000000)
#define THREADS 8
#define ROOM 64

static void start(pthread_t *thread, void *(*fn)(void *), void *ctx) {
    ck_assert_int_eq(pthread_create(thread, NULL, fn, ctx), 0);
}

/* A few thousandths of users who look, put into the cart and order; by thread, if they are to have their own. */
typedef struct crowd {
    int64_t n;
    uint64_t *user, *item;
    int64_t *time;
    uint16_t *kind;
} crowd;

static crowd crowd_make(int64_t n, int64_t first, int64_t users) {
    static const uint16_t KIND[] = {PMKT_KIND_VIEW, PMKT_KIND_VIEW,     PMKT_KIND_SEARCH,
                                    PMKT_KIND_CART, PMKT_KIND_FAVORITE, PMKT_KIND_ORDER};
    crowd c = {n, malloc((size_t)n * 8), malloc((size_t)n * 8), malloc((size_t)n * 8),
               malloc((size_t)n * 2)};
    for (int64_t i = 0; i < n; i++) {
        c.user[i] = (uint64_t)(first + random_below(users)),
        c.item[i] = (uint64_t)random_below(5) + 1;
        c.time[i] = T0 + i * MINUTE / 10, c.kind[i] = KIND[random_below(LENGTH(KIND))];
    }
    return c;
}

static void crowd_free(crowd *c) {
    free(c->user), free(c->item), free(c->time), free(c->kind);
}

static pmkt_events crowd_events(const crowd *c) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = c->n, ev.user = c->user, ev.item = ev.category = c->item;
    ev.time = c->time, ev.kind = c->kind;
    return ev;
}

/* --------------------------------------------------------------------- disjoint */

typedef struct alone {
    pmkt_tracker *t;
    crowd c;
    shots fired;
    scores said;
} alone;

/* No check asserts in a thread but REQUIRE, which ends the program. */
static void *feed(void *ctx) {
    alone *a = ctx;
    const pmkt_events ev = crowd_events(&a->c);
    const asked what = {&a->said, NULL};
    for (int64_t i = 0, next; i < ev.rows; i = next) {
        next = i + 100 < ev.rows ? i + 100 : ev.rows;
        tracker_feed(a->t, &ev, i, next - i, &what, ROOM, &a->fired);
    }
    return NULL;
}

static void check_disjoint(const pmkt_purchase *model, const pmkt_rules *rules, int32_t shards) {
    alone all[THREADS], serial;
    pthread_t thread[THREADS];
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.shards = shards;
    pmkt_tracker *t = tracker_of(model, rules, &o), *one = tracker_of(model, rules, &o);
    for (int i = 0; i < THREADS; i++) {
        all[i] = (alone){.t = t, .c = crowd_make(scaled(4000, 400), i * 1000 + 1, 150)};
        (void)scores_room(&all[i].said, all[i].c.n);
    }
    for (int i = 0; i < THREADS; i++) start(&thread[i], feed, &all[i]);
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        serial = (alone){.t = one, .c = all[i].c};
        (void)scores_room(&serial.said, serial.c.n);
        feed(&serial);
        for (int64_t k = 0; k < serial.c.n; k++) {
            REQUIRE(scores_same_row(&serial.said, k, &all[i].said, k));
        }
        shots_sort(&serial.fired), shots_sort(&all[i].fired);
        REQUIRE(serial.fired.n >= scaled(10, 1) && shots_same(&serial.fired, &all[i].fired));
        scores_free(&serial.said), scores_free(&all[i].said);
        shots_free(&serial.fired), shots_free(&all[i].fired);
        crowd_free(&all[i].c);
    }
    const pmkt_tracker_counts c = tracker_counts_of(t), d = tracker_counts_of(one);
    REQUIRE(c.events == d.events && c.fired == d.fired && c.users == d.users);
    REQUIRE(c.waiting == d.waiting && c.suppressed == d.suppressed);
    shots x = {0}, y = {0};
    tracker_clock(t, T0 + 20 * DAY, ROOM, &x), tracker_clock(one, T0 + 20 * DAY, ROOM, &y);
    shots_sort(&x), shots_sort(&y);
    REQUIRE(x.n >= scaled(10, 1) && shots_same(&x, &y));
    shots_free(&x), shots_free(&y);
    pmkt_tracker_free(t), pmkt_tracker_free(one);
}

START_TEST(users_of_ones_own_are_as_alone) {
    random_seed(1);
    visits v = shop_make(300, 30);
    pmkt_purchase *model = purchase_of(&v);
    pmkt_rules *rules = rules_of(pmkt_rules_builtin());
    check_disjoint(model, rules, 1);
    check_disjoint(model, rules, 64);
    pmkt_rules_release(rules);
    pmkt_purchase_release(model);
    visits_free(&v);
}
END_TEST

/* ---------------------------------------------------------------------- everything */

typedef struct party {
    pmkt_tracker *t;
    pmkt_purchase *model[2];
    crowd c[THREADS];
    _Atomic int64_t accepted, ignored, rejected, fired, forgotten, ended, back, observing;
    _Atomic int32_t next;
    int64_t users;
} party;

/* Batches of the crowd, with a bad row now and then. */
static void *observe(void *ctx) {
    party *p = ctx;
    const int32_t me = atomic_fetch_add(&p->next, 1);
    pmkt_events all = crowd_events(&p->c[me]);
    all.on_bad = PMKT_ON_BAD_SKIP;
    pmkt_tracker_fired fired[ROOM];
    double p_goal[97];
    uint32_t next[97 * PMKT_INTENT_TOP];
    pmkt_column extra[1];
    for (int64_t i = 0; i < all.rows; i += 97) {
        const pmkt_events ev = events_slice(&all, i, i + 97 < all.rows ? 97 : all.rows - i, extra);
        pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
        out.fired = fired, out.room = ROOM;
        out.p_goal = p_goal, out.next = next;
        do {
            pmkt_report r = PMKT_REPORT_INIT;
            pmkt_error err;
            if (pmkt_tracker_observe(p->t, &ev, &r, &out, &err)) ck_abort_msg("%s", err.message);
            p->accepted += r.accepted;
            p->ignored += r.ignored;
            p->rejected += r.rejected;
            p->fired += out.n_fired;
            out.from = out.done;
        } while (out.done < ev.rows);
    }
    p->observing--;
    return NULL;
}

static void *advance(void *ctx) {
    party *p = ctx;
    pmkt_tracker_fired fired[ROOM];
    for (int64_t i = 0; p->observing > 0; i++) {
        int64_t n = 0;
        REQUIRE(pmkt_tracker_advance(p->t, T0 + i % 1000 * MINUTE, fired, ROOM, &n, NULL) ==
                PMKT_OK);
        p->fired += n;
    }
    return NULL;
}

static void *forget(void *ctx) {
    party *p = ctx;
    for (uint64_t i = 1; p->observing > 0; i = i * 69069 % 65537) {
        int32_t known = 0;
        REQUIRE(pmkt_tracker_forget(p->t, i % (uint64_t)p->users + 1, &known, NULL) == PMKT_OK);
        p->forgotten += known;
    }
    return NULL;
}

static void *ask(void *ctx) {
    party *p = ctx;
    pmkt_tracker_event event[8];
    for (uint64_t i = 1; p->observing > 0; i++) {
        pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
        pmkt_tracker_counts c = PMKT_TRACKER_COUNTS_INIT;
        const uint64_t user = i % (uint64_t)p->users + 1;
        e.event = event, e.room = 8;
        REQUIRE(pmkt_tracker_explain(p->t, user, i % 2 ? "hesitating" : NULL, &e, NULL) == PMKT_OK);
        REQUIRE(e.n >= 0 && e.n <= 8);
        for (int64_t k = 1; k < e.n; k++) REQUIRE(event[k].time >= event[k - 1].time);
        if (i % 64) continue;
        REQUIRE(pmkt_tracker_stats(p->t, &c, NULL) == PMKT_OK);
        REQUIRE(c.users >= 0 && c.users <= p->users && c.waiting <= p->users);
        uint32_t generation = 0;
        pmkt_rules *rules = pmkt_tracker_rules(p->t, &generation);
        REQUIRE(rules || generation > 1);
        pmkt_rules_release(rules);
        pmkt_purchase *model = pmkt_tracker_model(p->t);
        REQUIRE(model == p->model[0] || model == p->model[1]);
        pmkt_purchase_release(model);
    }
    return NULL;
}

/* Rules that are parsed anew each time, and freed as soon as nobody reads them. */
static void *swap(void *ctx) {
    party *p = ctx;
    static const char *const TEXT[] = {
        NULL, "columns stock int intent a { when view where (stock > 0) } intent b { when view }",
        "columns x int, y int, stock double intent hesitating { when 2 search where (y is missing) "
        "cooldown 1 min } intent c { when cart then no order for 5 min same item }"};
    for (int i = 0; p->observing > 0; i++) {
        const int which = i % 4;
        int64_t ended = 0;
        if (which < 3) {
            pmkt_rules *rules = TEXT[which] ? rules_of(TEXT[which]) : NULL;
            REQUIRE(pmkt_tracker_swap_rules(p->t, rules, &ended, NULL) == PMKT_OK);
            pmkt_rules_release(rules);
        } else {
            pmkt_rules *rules = rules_of(pmkt_rules_builtin());
            REQUIRE(pmkt_tracker_swap_rules(p->t, rules, &ended, NULL) == PMKT_OK);
            pmkt_rules_release(rules);
        }
        p->ended += ended;
        REQUIRE(pmkt_tracker_swap(p->t, p->model[i / 3 % 2], NULL) == PMKT_OK);
    }
    return NULL;
}

/* What is counted, against what each thread was told. */
static void check_counts(party *p) {
    const pmkt_tracker_counts c = tracker_counts_of(p->t);
    pmkt_tracker_fired fired[ROOM];
    int64_t rows = 0, known = 0, n = 0;
    for (int i = 0; i < THREADS; i++) rows += p->c[i].n;
    ck_assert_int_eq(p->accepted + p->ignored + p->rejected, rows);
    ck_assert(c.events == p->accepted && c.late == p->ignored && c.bad == p->rejected);
    ck_assert(c.fired == p->fired && c.forgotten == p->forgotten && c.ended == p->ended);
    ck_assert_int_eq(c.unheard, 0);
    for (int64_t u = 1; u <= p->users; u++) {
        pmkt_tracker_event event;
        pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
        e.event = &event, e.room = 1;
        ck_assert_int_eq(pmkt_tracker_explain(p->t, (uint64_t)u, NULL, &e, NULL), PMKT_OK);
        known += e.n;
    }
    ck_assert_int_eq(known, c.users);
    ck_assert_int_eq(pmkt_tracker_swap_rules(p->t, NULL, NULL, NULL), PMKT_OK);
    ck_assert_int_eq(tracker_counts_of(p->t).waiting, 0);
    for (int i = 1; i <= 2; i++) { /* the first clock of all only says from when on time passes */
        const int64_t clock = T0 + i * 900 * DAY;
        ck_assert_int_eq(pmkt_tracker_advance(p->t, clock, fired, ROOM, &n, NULL), PMKT_OK);
        ck_assert_int_eq(n, 0);
    }
    ck_assert_int_eq(tracker_counts_of(p->t).users, 0);
}

static void check_party(const pmkt_tracker_options *o) {
    static void *(*const OTHERS[])(void *) = {advance, advance, forget, ask, ask, swap};
    party p = {.users = 500};
    pthread_t thread[THREADS], other[LENGTH(OTHERS)];
    visits v = shop_make(300, 30), w = shop_make(400, 30);
    p.model[0] = purchase_of(&v), p.model[1] = purchase_of(&w);
    pmkt_rules *rules = rules_of(pmkt_rules_builtin());
    p.t = tracker_of(p.model[0], rules, o);
    pmkt_rules_release(rules);
    p.observing = THREADS;
    for (int i = 0; i < THREADS; i++) {
        p.c[i] = crowd_make(scaled(20000, 1000), 1, p.users);
        for (int64_t k = 3; k < p.c[i].n; k += 50) p.c[i].user[k] = PMKT_ID_NONE;
    }
    for (int i = 0; i < THREADS; i++) start(&thread[i], observe, &p);
    for (int i = 0; i < LENGTH(OTHERS); i++) start(&other[i], OTHERS[i], &p);
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < LENGTH(OTHERS); i++) pthread_join(other[i], NULL);
    check_counts(&p);
    pmkt_tracker_free(p.t);
    for (int i = 0; i < THREADS; i++) crowd_free(&p.c[i]);
    pmkt_purchase_release(p.model[0]), pmkt_purchase_release(p.model[1]);
    visits_free(&v), visits_free(&w);
}

START_TEST(everything_at_a_time) {
    random_seed(2);
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.shards = 4;
    check_party(&o);
    o.shards = 1, o.late_ms = HOUR;
    check_party(&o);
}
END_TEST

/* And people expire and are evicted. */
START_TEST(with_little_time_and_room) {
    random_seed(3);
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.shards = 2, o.ttl_ms = 10 * MINUTE, o.max_bytes = 150000, o.late_ms = HOUR;
    check_party(&o);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tracker threads");
    TOPIC(suite, "threads", users_of_ones_own_are_as_alone, everything_at_a_time,
          with_little_time_and_room);
    return suite_run(suite);
}
