/*
 * check_attribution_events.c - paths from events, by hand and against a slow reading of the header.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/loop.h"
#include "support/suite.h"

#define ROWS 120
#define DAY INT64_C(86400000)

typedef struct world {
    int64_t rows;
    uint64_t user[ROWS], channel[ROWS], order[ROWS];
    int64_t time[ROWS], amount[ROWS];
    uint16_t kind[ROWS];
} world;

static pmkt_events events_of(const world *w) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = w->rows;
    ev.user = w->user, ev.time = w->time, ev.kind = w->kind;
    ev.channel = w->channel, ev.order = w->order, ev.amount = w->amount;
    return ev;
}

static pmkt_attribution_data *make(const pmkt_events *ev, const pmkt_attribution_data_options *o,
                                   pmkt_report *report, pmkt_attribution_paths *p) {
    pmkt_attribution_data *d = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_attribution_data_from_events(ev, o, NULL, report, &d, &err), err);
    pmkt_attribution_paths_init(p);
    ck_assert_ok(pmkt_attribution_data_paths(d, p, &err), err);
    return d;
}

static void add(world *w, uint64_t user, int64_t time, uint16_t kind, uint64_t channel,
                uint64_t order, int64_t amount) {
    const int64_t i = w->rows++;
    w->user[i] = user, w->time[i] = time, w->kind[i] = kind, w->channel[i] = channel;
    w->order[i] = order, w->amount[i] = amount;
}

/* A path as text, such as "1 2 |1 0 500". */
static void expect_path(const pmkt_attribution_paths *p, int64_t j, const char *expected) {
    char text[256] = "";
    size_t n = 0;
    for (int64_t i = p->at[j]; i < p->at[j + 1]; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%d ", (int)p->channel[i]);
    }
    (void)snprintf(text + n, sizeof text - n, "|%d %d %d", (int)p->conversions[j], (int)p->nulls[j],
                   (int)p->values[j]);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_day_of_two_customers) {
    world w = {.rows = 0};
    const uint16_t view = PMKT_KIND_VIEW, order = PMKT_KIND_ORDER;
    add(&w, 7, 5 * DAY, order, 0, 900, 300); /* the first line of an order */
    add(&w, 7, 1 * DAY, view, 1, 0, 0);
    add(&w, 7, 3 * DAY, PMKT_KIND_CLICK, 2, 0, 0);
    add(&w, 7, 3 * DAY + 60000, view, 2, 0, 0);   /* the same touch still */
    add(&w, 7, 6 * DAY, view, 3, 0, 0);           /* a new path */
    add(&w, 7, 7 * DAY, order, 0, 900, 200);      /* the second line: no conversion of its own */
    add(&w, 7, 8 * DAY, order, 0, 0, 50);         /* an order without an id */
    add(&w, 3, 9 * DAY, PMKT_KIND_CART, 1, 0, 0); /* no touching kind */
    add(&w, 3, 10 * DAY, order, 4, 0, 20); /* nothing before it; its own channel is no touch */
    add(&w, 3, 11 * DAY, view, 0, 0, 0);   /* no channel */
    add(&w, 3, 12 * DAY, view, 9, 0, 0);
    const pmkt_events ev = events_of(&w);
    pmkt_attribution_paths p;
    pmkt_report report = PMKT_REPORT_INIT;
    pmkt_attribution_data *d = make(&ev, NULL, &report, &p);
    ck_assert_int_eq(p.paths, 4);
    expect_path(&p, 0, "|1 0 20");
    expect_path(&p, 1, "9 |0 1 0");
    expect_path(&p, 2, "1 2 |1 0 500");
    expect_path(&p, 3, "3 |1 0 50");
    ck_assert_int_eq(p.time[2], 3 * DAY);
    ck_assert_int_eq(report.accepted, 9);
    ck_assert_int_eq(report.ignored, 2);
    pmkt_attribution_data_free(d);

    pmkt_attribution_data_options o = PMKT_ATTRIBUTION_DATA_OPTIONS_INIT;
    o.same_touch_ms = -1, o.window_ms = DAY, o.as_of_ms = 8 * DAY;
    d = make(&ev, &o, NULL, &p);
    ck_assert_int_eq(p.paths, 4);
    expect_path(&p, 0, "1 |0 1 0"); /* too long ago for the next, and for the order */
    expect_path(&p, 1, "2 2 |0 1 0");
    expect_path(&p, 2, "|1 0 500");
    expect_path(&p, 3, "3 |0 1 0");
    pmkt_attribution_data_free(d);
}
END_TEST

/* ------------------------------------------------------------------ slow reading */

static world a_world(uint64_t seed) {
    random_seed(seed);
    world w = {.rows = random_between(0, ROWS)};
    const uint16_t kinds[] = {PMKT_KIND_VIEW, PMKT_KIND_CLICK, PMKT_KIND_ORDER, PMKT_KIND_CART};
    for (int64_t i = 0; i < w.rows; i++) {
        w.user[i] = (uint64_t)random_below(5); /* 0 is a bad row */
        w.channel[i] = (uint64_t)random_below(4);
        w.order[i] = (uint64_t)random_below(6);
        w.time[i] = random_below(50);
        w.amount[i] = random_below(4) ? random_below(100) : PMKT_AMOUNT_NULL;
        w.kind[i] = kinds[random_below(4)];
    }
    return w;
}

/* The rows of a user in the order of time, which is all that a slow reader needs. */
static int64_t rows_of(const world *w, uint64_t user, int64_t *rows) {
    int64_t n = 0;
    for (int64_t time = 0; time < 50; time++) {
        for (int64_t i = 0; i < w->rows; i++) {
            if (w->user[i] == user && w->time[i] == time) rows[n++] = i;
        }
    }
    return n;
}

/* The touches that count among `n` rows up to, not including, number `end`, with those that repeat the
   channel before within `same` left out; only those after row number `after`. */
static int64_t touches_of(const world *w, const int64_t *rows, int64_t after, int64_t end,
                          int64_t same, int64_t *touch) {
    int64_t n = 0;
    for (int64_t k = after + 1; k < end; k++) {
        const int64_t i = rows[k];
        if ((w->kind[i] != PMKT_KIND_VIEW && w->kind[i] != PMKT_KIND_CLICK) || !w->channel[i]) {
            continue;
        }
        if (n > 0 && w->channel[touch[n - 1]] == w->channel[i] &&
            w->time[i] - w->time[touch[n - 1]] < same) {
            continue;
        }
        touch[n++] = i;
    }
    return n;
}

static void expect_row(const pmkt_attribution_paths *p, int64_t j, const world *w,
                       const int64_t *touch, int64_t n, bool converts, double value) {
    REQUIRE(j < p->paths);
    REQUIRE(p->at[j + 1] - p->at[j] == n);
    for (int64_t i = 0; i < n; i++) {
        REQUIRE(p->channel[p->at[j] + i] == w->channel[touch[i]]);
        REQUIRE(p->time[p->at[j] + i] == w->time[touch[i]]);
    }
    REQUIRE(p->conversions[j] == converts && p->nulls[j] == !converts && p->values[j] == value);
}

/* Paths in vain of touches 0 to n: the last has what is within the window before touch n - 1, and so on. */
static void expect_vain(const pmkt_attribution_paths *p, int64_t *j, const world *w,
                        const int64_t *touch, int64_t n, int64_t window) {
    if (n == 0) return;
    int64_t from = n - 1;
    while (from > 0 && w->time[touch[n - 1]] - w->time[touch[from - 1]] <= window) from--;
    expect_vain(p, j, w, touch, from, window);
    expect_row(p, (*j)++, w, touch + from, n - from, false, 0);
}

static void expect_user(const pmkt_attribution_paths *p, int64_t *j, const world *w, uint64_t user,
                        int64_t window, int64_t same) {
    int64_t rows[ROWS], touch[ROWS], after = -1;
    const int64_t n = rows_of(w, user, rows);
    for (int64_t k = 0; k < n; k++) {
        const int64_t i = rows[k];
        bool is_first = w->kind[i] == PMKT_KIND_ORDER;
        double value = 0;
        for (int64_t l = 0; l < n && is_first; l++) {
            const int64_t other = rows[l];
            if (w->kind[other] != PMKT_KIND_ORDER || other == i) continue;
            if (w->order[i] == 0 || w->order[other] != w->order[i]) continue;
            if (l < k) is_first = false;
            if (w->amount[other] != PMKT_AMOUNT_NULL) value += (double)w->amount[other];
        }
        if (!is_first) continue;
        if (w->amount[i] != PMKT_AMOUNT_NULL) value += (double)w->amount[i];
        const int64_t met = touches_of(w, rows, after, k, same, touch);
        int64_t from = met;
        while (from > 0 && w->time[i] - w->time[touch[from - 1]] <= window) from--;
        expect_vain(p, j, w, touch, from, window);
        expect_row(p, (*j)++, w, touch + from, met - from, true, value);
        after = k;
    }
    expect_vain(p, j, w, touch, touches_of(w, rows, after, n, same, touch), window);
}

START_TEST(paths_are_those_of_a_slow_reader) {
    for (uint64_t seed = 1; seed <= (uint64_t)scaled(2000, 100); seed++) {
        const world w = a_world(seed);
        pmkt_events ev = events_of(&w);
        ev.on_bad = PMKT_ON_BAD_SKIP;
        pmkt_attribution_data_options o = PMKT_ATTRIBUTION_DATA_OPTIONS_INIT;
        o.window_ms = random_between(1, 30), o.same_touch_ms = random_between(1, 10);
        if (random_below(3) == 0) o.same_touch_ms = -1;
        pmkt_attribution_paths p;
        pmkt_report report = PMKT_REPORT_INIT;
        pmkt_attribution_data *d = make(&ev, &o, &report, &p);
        int64_t j = 0;
        for (uint64_t user = 1; user < 5; user++) {
            expect_user(&p, &j, &w, user, o.window_ms, o.same_touch_ms);
        }
        REQUIRE(j == p.paths);
        REQUIRE(report.accepted + report.ignored + report.rejected == w.rows);
        pmkt_attribution_data_free(d);
    }
}
END_TEST

START_TEST(merged_paths_are_the_sums_of_equal_ones) {
    for (uint64_t seed = 1; seed <= (uint64_t)scaled(300, 30); seed++) {
        const world w = a_world(seed);
        pmkt_events ev = events_of(&w);
        ev.on_bad = PMKT_ON_BAD_SKIP;
        pmkt_attribution_data_options o = PMKT_ATTRIBUTION_DATA_OPTIONS_INIT;
        o.window_ms = 20, o.same_touch_ms = 5;
        pmkt_attribution_paths p, q;
        pmkt_attribution_data *d = make(&ev, &o, NULL, &p);
        o.merge = 1;
        pmkt_attribution_data *m = make(&ev, &o, NULL, &q);
        REQUIRE(q.time == NULL);
        int64_t row = 0;
        for (int64_t j = 0; j < p.paths; j++) {
            double conversions = 0, values = 0, nulls = 0;
            int64_t first = -1;
            const size_t n = (size_t)(p.at[j + 1] - p.at[j]);
            for (int64_t k = 0; k < p.paths; k++) {
                if ((size_t)(p.at[k + 1] - p.at[k]) != n) continue;
                if (n && memcmp(p.channel + p.at[j], p.channel + p.at[k], n * 8) != 0) continue;
                if (first < 0) first = k;
                conversions += p.conversions[k], values += p.values[k], nulls += p.nulls[k];
            }
            if (first < j) continue;
            REQUIRE((size_t)(q.at[row + 1] - q.at[row]) == n);
            REQUIRE(n == 0 || memcmp(p.channel + p.at[j], q.channel + q.at[row], n * 8) == 0);
            REQUIRE(q.conversions[row] == conversions && q.nulls[row] == nulls);
            REQUIRE(q.values[row] == values);
            row++;
        }
        REQUIRE(row == q.paths);
        pmkt_attribution_data_free(d);
        pmkt_attribution_data_free(m);
    }
}
END_TEST

/* ------------------------------------------------------------------------- edges */

START_TEST(options_decide_who_and_what_counts) {
    world w = {.rows = 0};
    add(&w, 1, 0, PMKT_KIND_CART, 5, 0, 0);
    add(&w, 1, 10, PMKT_KIND_CUSTOM, 0, 0, 0);
    add(&w, 2, 0, PMKT_KIND_CART, 5, 0, 0);
    pmkt_events ev = events_of(&w);
    ev.amount = NULL;
    const int32_t kinds[] = {PMKT_KIND_CART};
    const uint64_t user = 1;
    pmkt_error err;
    pmkt_idset *only = NULL;
    ck_assert_ok(pmkt_idset_new(&user, 1, NULL, &only, &err), err);
    pmkt_attribution_data_options o = PMKT_ATTRIBUTION_DATA_OPTIONS_INIT;
    o.conversion = PMKT_KIND_CUSTOM, o.touch_kinds = kinds, o.n_touch_kinds = 1, o.users = only;
    pmkt_attribution_paths p;
    pmkt_attribution_data *d = make(&ev, &o, NULL, &p);
    ck_assert_int_eq(p.paths, 1);
    ck_assert_ptr_null(p.values);
    ck_assert_double_eq(p.conversions[0], 1);
    pmkt_attribution *a = NULL;
    ck_assert_ok(pmkt_attribution_compute(&p, NULL, NULL, &a, &err), err);
    pmkt_attribution_free(a);
    pmkt_attribution_data_free(d);
    pmkt_idset_free(only);
}
END_TEST

START_TEST(bad_calls_are_refused) {
    world w = {.rows = 0};
    add(&w, 1, 0, PMKT_KIND_VIEW, 5, 0, 0);
    add(&w, 0, 0, PMKT_KIND_VIEW, 5, 0, 0);
    pmkt_events ev = events_of(&w);
    pmkt_attribution_data *d = NULL;
    pmkt_error err;
    pmkt_report report = PMKT_REPORT_INIT;
    ck_assert_int_eq(pmkt_attribution_data_from_events(&ev, NULL, NULL, &report, &d, &err),
                     PMKT_E_BAD_ROW);
    ck_assert_int_eq(report.first_bad, 1);
    ck_assert_int_eq(report.accepted, 0);
    ev.rows = 1;
    const int32_t wrong[] = {99}, converting[] = {PMKT_KIND_ORDER};
    const pmkt_attribution_data_options bad[] = {
        {.conversion = 99},
        {.conversion = -1},
        {.window_ms = -1},
        {.merge = 2},
        {.same_touch_ms = -2},
        {.reserved = 1},
        {.n_touch_kinds = 1},
        {.n_touch_kinds = -1},
        {.touch_kinds = wrong, .n_touch_kinds = 1},
        {.touch_kinds = converting, .n_touch_kinds = 1},
    };
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        pmkt_attribution_data_options o = bad[i];
        o.struct_size = sizeof o;
        ck_assert_int_eq(pmkt_attribution_data_from_events(&ev, &o, NULL, NULL, &d, &err),
                         PMKT_E_INVALID);
    }
    ck_assert_int_eq(pmkt_attribution_data_from_events(NULL, NULL, NULL, NULL, &d, &err),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_attribution_data_from_events(&ev, NULL, NULL, NULL, NULL, &err),
                     PMKT_E_INVALID);
    ck_assert_ptr_null(d);
    const pmkt_events none = PMKT_EVENTS_INIT;
    pmkt_attribution_paths p;
    pmkt_attribution_data_options o = PMKT_ATTRIBUTION_DATA_OPTIONS_INIT;
    for (o.merge = 0; o.merge < 2; o.merge++) {
        d = make(&none, &o, NULL, &p);
        ck_assert_int_eq(p.paths, 0);
        pmkt_attribution_data_free(d);
    }
    pmkt_attribution_data_free(NULL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("attribution events");
    TOPIC(suite, "paths", a_day_of_two_customers, paths_are_those_of_a_slow_reader,
          merged_paths_are_the_sums_of_equal_ones);
    TOPIC(suite, "edges", options_decide_who_and_what_counts, bad_calls_are_refused);
    return suite_run(suite);
}
