/*
 * check_cf_split.c - splits of events, against a slow reading of the header.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/random.h"
#include "support/suite.h"

#define ROWS 200

/* A small world, in which users, items, times and kinds meet often; some rows are bad. */
typedef struct world {
    int64_t rows;
    uint64_t user[ROWS], item[ROWS];
    int64_t time[ROWS];
    uint16_t kind[ROWS];
} world;

static world a_world(uint64_t seed) {
    random_seed(seed);
    world w = {.rows = random_between(0, ROWS)};
    const int64_t times = random_between(1, 60);
    for (int64_t i = 0; i < w.rows; i++) {
        w.user[i] = (uint64_t)random_below(9); /* 0 is a bad row */
        w.item[i] = (uint64_t)random_below(12);
        w.time[i] = 1000 + random_below(times);
        w.kind[i] = (uint16_t)(random_below(3) ? PMKT_KIND_VIEW : PMKT_KIND_ORDER);
    }
    return w;
}

static pmkt_events events_of(const world *w) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = w->rows;
    ev.user = w->user, ev.item = w->item, ev.time = w->time, ev.kind = w->kind;
    return ev;
}

static bool counts(const world *w, int64_t i) {
    return w->user[i] != 0 && w->item[i] != 0;
}

static bool is_kind(const world *w, int64_t i, int32_t kind) {
    return kind == 0 || w->kind[i] == kind;
}

static void split(const world *w, const pmkt_cf_split_options *o, uint8_t *part) {
    pmkt_error err;
    const pmkt_events ev = events_of(w);
    memset(part, 77, ROWS);
    ck_assert_ok(pmkt_cf_split(&ev, o, part, &err), err);
    for (int64_t i = w->rows; i < ROWS; i++) REQUIRE(part[i] == 77);
}

/* ----------------------------------------------------------------- temporal */

START_TEST(temporal_takes_the_latest_and_parts_no_instant) {
    for (uint64_t seed = 1; seed <= 400; seed++) {
        const world w = a_world(seed);
        pmkt_cf_split_options o = PMKT_CF_SPLIT_OPTIONS_INIT;
        o.test = 0.05 + 0.9 * (double)random_below(1000) / 1000;
        o.kind = random_below(2) ? PMKT_KIND_ORDER : 0;
        uint8_t part[ROWS];
        split(&w, &o, part);

        /* The cut that the parts tell of. */
        int64_t latest_train = INT64_MIN, first_test = INT64_MAX, n = 0, test = 0;
        for (int64_t i = 0; i < w.rows; i++) {
            if (!counts(&w, i)) {
                REQUIRE(part[i] == PMKT_CF_NEITHER);
                continue;
            }
            n += is_kind(&w, i, o.kind);
            test += part[i] == PMKT_CF_TEST;
            if (part[i] == PMKT_CF_TRAIN && w.time[i] > latest_train) latest_train = w.time[i];
            if (part[i] == PMKT_CF_TEST && w.time[i] < first_test) first_test = w.time[i];
            if (part[i] == PMKT_CF_TEST) REQUIRE(is_kind(&w, i, o.kind));
            if (part[i] == PMKT_CF_NEITHER) REQUIRE(!is_kind(&w, i, o.kind));
        }
        REQUIRE(test == 0 || latest_train < first_test);
        for (int64_t i = 0; i < w.rows; i++) {
            if (counts(&w, i) && !is_kind(&w, i, o.kind) && test > 0 && w.time[i] >= first_test) {
                REQUIRE(part[i] == PMKT_CF_NEITHER);
            }
        }
        /* No other cut comes nearer to the share. */
        const double missed = fabs((double)test - floor((double)n * o.test + 0.5));
        for (int64_t cut = 1000; cut <= 1061; cut++) {
            int64_t other = 0;
            for (int64_t i = 0; i < w.rows; i++) {
                other += counts(&w, i) && is_kind(&w, i, o.kind) && w.time[i] >= cut;
            }
            const double its = fabs((double)other - floor((double)n * o.test + 0.5));
            REQUIRE(missed <= its || test == n);
        }
    }
}
END_TEST

START_TEST(temporal_takes_a_time_in_place_of_a_share) {
    int64_t seen[3] = {0};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const world w = a_world(seed);
        pmkt_cf_split_options o = PMKT_CF_SPLIT_OPTIONS_INIT;
        o.from_ms = 1010;
        uint8_t part[ROWS];
        split(&w, &o, part);
        for (int64_t i = 0; i < w.rows; i++) {
            uint8_t expected = w.time[i] >= 1010 ? PMKT_CF_TEST : PMKT_CF_TRAIN;
            if (!counts(&w, i)) expected = PMKT_CF_NEITHER;
            REQUIRE(part[i] == expected);
            seen[expected]++;
        }
    }
    ck_assert(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
}
END_TEST

/* --------------------------------------------------------------- leave last */

/* Whether row j of the same user comes after row i. */
static bool later(const world *w, int64_t j, int64_t i) {
    if (w->time[j] != w->time[i]) return w->time[j] > w->time[i];
    if (w->item[j] != w->item[i]) return w->item[j] > w->item[i];
    return j > i;
}

START_TEST(leave_last_takes_the_latest_of_each_user) {
    for (uint64_t seed = 1; seed <= 400; seed++) {
        const world w = a_world(seed);
        pmkt_cf_split_options o = PMKT_CF_SPLIT_OPTIONS_INIT;
        o.how = PMKT_CF_LEAVE_LAST;
        o.last = random_below(5);
        o.kind = random_below(2) ? PMKT_KIND_VIEW : 0;
        const int64_t last = o.last ? o.last : 1;
        uint8_t part[ROWS];
        split(&w, &o, part);
        for (int64_t i = 0; i < w.rows; i++) {
            if (!counts(&w, i)) {
                REQUIRE(part[i] == PMKT_CF_NEITHER);
                continue;
            }
            int64_t of_user = 0, after = 0, first_test = INT64_MAX;
            for (int64_t j = 0; j < w.rows; j++) {
                if (!counts(&w, j) || w.user[j] != w.user[i]) continue;
                of_user += is_kind(&w, j, o.kind);
                after += is_kind(&w, j, o.kind) && later(&w, j, i);
                if (part[j] == PMKT_CF_TEST && w.time[j] < first_test) first_test = w.time[j];
            }
            uint8_t expected = PMKT_CF_TRAIN;
            if (is_kind(&w, i, o.kind)) {
                if (of_user > last && after < last) expected = PMKT_CF_TEST;
            } else if (w.time[i] >= first_test) {
                expected = PMKT_CF_NEITHER;
            }
            REQUIRE(part[i] == expected);
        }
    }
}
END_TEST

/* ------------------------------------------------------------------- random */

START_TEST(random_takes_pairs_whole_and_about_the_share) {
    enum {
        USERS = 300,
        ITEMS = 50,
        TWICE = 2
    };
    const int64_t rows = (int64_t)USERS * ITEMS * TWICE;
    uint64_t *user = malloc((size_t)rows * sizeof *user);
    uint64_t *item = malloc((size_t)rows * sizeof *item);
    int64_t *time = calloc((size_t)rows, sizeof *time);
    uint8_t *part = malloc((size_t)rows), *again = malloc((size_t)rows);
    ck_assert(user && item && time && part && again);
    for (int64_t i = 0; i < rows; i++) {
        user[i] = 1 + (uint64_t)(i % USERS);
        item[i] = 1 + (uint64_t)(i / USERS % ITEMS);
    }
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = rows, ev.user = user, ev.item = item, ev.time = time;
    ev.every_kind = PMKT_KIND_ORDER;
    pmkt_cf_split_options o = PMKT_CF_SPLIT_OPTIONS_INIT;
    o.how = PMKT_CF_RANDOM, o.test = 0.3, o.seed = 4;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_split(&ev, &o, part, &err), err);
    int64_t test = 0, of_first = 0;
    for (int64_t i = 0; i < rows; i++) {
        REQUIRE(part[i] == PMKT_CF_TRAIN || part[i] == PMKT_CF_TEST);
        REQUIRE(part[i] == part[(i + (int64_t)USERS * ITEMS) % rows]); /* the pair's other event */
        test += part[i] == PMKT_CF_TEST;
        of_first += part[i] == PMKT_CF_TEST && user[i] == 1;
    }
    /* A binomial share lies within five deviations. */
    const double pairs = (double)USERS * ITEMS;
    ck_assert_double_lt(fabs((double)test / TWICE - 0.3 * pairs), 5 * sqrt(0.21 * pairs));
    ck_assert(of_first > 0 && of_first < (int64_t)ITEMS * TWICE);

    /* A row's part depends on nothing around it; another seed draws otherwise. */
    ev.rows = 1000, ev.user += 500, ev.item += 500, ev.time += 500;
    ck_assert_ok(pmkt_cf_split(&ev, &o, again, &err), err);
    ck_assert_mem_eq(again, part + 500, 1000);
    o.seed = 5;
    ck_assert_ok(pmkt_cf_split(&ev, &o, again, &err), err);
    ck_assert_mem_ne(again, part + 500, 1000);
    /* What is not of the kind trains. */
    o.kind = PMKT_KIND_VIEW;
    ck_assert_ok(pmkt_cf_split(&ev, &o, again, &err), err);
    for (int64_t i = 0; i < 1000; i++) REQUIRE(again[i] == PMKT_CF_TRAIN);
    free(user), free(item), free(time), free(part), free(again);
}
END_TEST

/* ----------------------------------------------------------------- bad calls */

START_TEST(bad_calls_are_refused_and_change_nothing) {
    const world w = a_world(3);
    const pmkt_events ev = events_of(&w);
    uint8_t part[ROWS];
    pmkt_error err;
    memset(part, 7, sizeof part);
    ck_assert_int_eq(pmkt_cf_split(NULL, NULL, part, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_split(&ev, NULL, NULL, &err), PMKT_E_INVALID);
    pmkt_events without = ev;
    without.item = NULL;
    ck_assert_int_eq(pmkt_cf_split(&without, NULL, part, &err), PMKT_E_INVALID);
    const double shares[] = {-0.1, 1, 2, NAN, INFINITY};
    for (int64_t i = 0; i < LENGTH(shares); i++) {
        pmkt_cf_split_options o = PMKT_CF_SPLIT_OPTIONS_INIT;
        o.test = shares[i];
        ck_assert_int_eq(pmkt_cf_split(&ev, &o, part, &err), PMKT_E_INVALID);
    }
    pmkt_cf_split_options o = PMKT_CF_SPLIT_OPTIONS_INIT;
    o.how = 3;
    ck_assert_int_eq(pmkt_cf_split(&ev, &o, part, &err), PMKT_E_INVALID);
    o.how = PMKT_CF_LEAVE_LAST, o.last = -1;
    ck_assert_int_eq(pmkt_cf_split(&ev, &o, part, &err), PMKT_E_INVALID);
    o.last = 1, o.kind = 99;
    ck_assert_int_eq(pmkt_cf_split(&ev, &o, part, &err), PMKT_E_INVALID);
    o.kind = PMKT_KIND_CUSTOM, o.reserved = 1;
    ck_assert_int_eq(pmkt_cf_split(&ev, &o, part, &err), PMKT_E_INVALID);
    for (int64_t i = 0; i < ROWS; i++) REQUIRE(part[i] == 7);
    pmkt_events empty = PMKT_EVENTS_INIT;
    ck_assert_ok(pmkt_cf_split(&empty, NULL, NULL, &err), err);
}
END_TEST

START_TEST(a_failed_allocation_changes_nothing) {
    const world w = a_world(8);
    const pmkt_events ev = events_of(&w);
    for (int32_t how = PMKT_CF_TEMPORAL; how <= PMKT_CF_LEAVE_LAST; how++) {
        faulty f = {0};
        const pmkt_allocator allocator = faulty_allocator(&f);
        pmkt_cf_split_options o = PMKT_CF_SPLIT_OPTIONS_INIT;
        o.how = how, o.allocator = &allocator;
        int64_t at = 1;
        for (;; at++) {
            uint8_t part[ROWS];
            memset(part, 7, sizeof part);
            faulty_arm(&f, at, false);
            pmkt_error err;
            const pmkt_status status = pmkt_cf_split(&ev, &o, part, &err);
            faulty_check_empty(&f);
            if (status == PMKT_OK) break;
            ck_assert_int_eq(status, PMKT_E_NOMEM);
            for (int64_t i = 0; i < ROWS; i++) REQUIRE(part[i] == 7);
        }
        ck_assert_int_gt(at, 1);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cf_split");
    TOPIC(suite, "temporal", temporal_takes_the_latest_and_parts_no_instant,
          temporal_takes_a_time_in_place_of_a_share);
    TOPIC(suite, "leave last", leave_last_takes_the_latest_of_each_user);
    TOPIC(suite, "random", random_takes_pairs_whole_and_about_the_share);
    TOPIC(suite, "bad calls", bad_calls_are_refused_and_change_nothing,
          a_failed_allocation_changes_nothing);
    return suite_run(suite);
}
