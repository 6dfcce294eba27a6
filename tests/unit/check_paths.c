/*
 * Paths, moves, pages and hours against slow obvious counting.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/sort.h"
#include "pmkt.h"
#include "support/batch.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"
#include "support/visits.h"

#define GAP 50
#define GOAL 3

/* The sorted events, and where sessions end. */
typedef struct slow {
    visits v;
    int64_t n; /* sessions */
    int64_t *at;
    pmkt_paths_options o;
} slow;

static slow slow_make(const visits *given, const pmkt_paths_options *o) {
    slow s = {.v = visits_sorted(given), .o = *o};
    s.at = malloc((size_t)given->n * 8 + 8);
    for (int64_t i = 0; i < given->n; i++) {
        const visits *v = &s.v;
        if (i == 0 || v->user[i] != v->user[i - 1] || v->time[i] - v->time[i - 1] > GAP ||
            (o->by_session && v->session[i] != v->session[i - 1])) {
            s.at[s.n++] = i;
        }
    }
    s.at[s.n] = given->n;
    return s;
}

static void slow_free(slow *s) {
    visits_free(&s->v);
    free(s->at);
}

/* The path of a session; returns its length. */
static int path_of(const slow *s, int64_t session, int32_t *path) {
    int n = 0;
    for (int64_t i = s->at[session]; i < s->at[session + 1] && n < s->o.max_length; i++) {
        if (s->o.collapse && i > s->at[session] && s->v.kind[i] == s->v.kind[i - 1]) continue;
        path[n++] = s->v.kind[i];
    }
    return n;
}

static bool converts(const slow *s, int64_t session) {
    for (int64_t i = s->at[session]; i < s->at[session + 1]; i++) {
        if (s->v.kind[i] == GOAL) return true;
    }
    return false;
}

static int compare(const int32_t *a, int64_t n_a, const int32_t *b, int64_t n_b) {
    for (int64_t i = 0; i < n_a && i < n_b; i++) {
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    }
    return n_a < n_b ? -1 : n_a > n_b;
}

/* Sessions with a path that is at most the given one; also how often it is taken, and by whom. */
static void check_path(const slow *s, const int32_t *path, int64_t n, int64_t want[3]) {
    uint64_t user = 0;
    for (int64_t i = 0; i < s->n; i++) {
        int32_t mine[1000];
        const int length = path_of(s, i, mine);
        if (compare(mine, length, path, n) != 0) continue;
        want[0]++;
        want[1] += s->v.user[s->at[i]] != user;
        want[2] += converts(s, i);
        user = s->v.user[s->at[i]];
    }
}

static int64_t count_distinct(const slow *s) {
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++) {
        int32_t a[1000], b[1000];
        const int n_a = path_of(s, i, a);
        bool seen = false;
        for (int64_t j = 0; j < i && !seen; j++) {
            const int n_b = path_of(s, j, b);
            seen = compare(a, n_a, b, n_b) == 0;
        }
        n += !seen;
    }
    return n;
}

static void check_paths(const slow *s, const pmkt_paths_columns *c) {
    int64_t converted = 0;
    for (int64_t i = 0; i < s->n; i++) converted += converts(s, i);
    REQUIRE(c->sessions == s->n && c->converted == converted);
    const int64_t distinct = count_distinct(s);
    REQUIRE(c->distinct == distinct && c->n == (distinct < s->o.top ? distinct : s->o.top));
    for (int64_t i = 0; i < c->n; i++) {
        const int32_t *path = c->kind + c->at[i];
        const int64_t n = c->at[i + 1] - c->at[i];
        int64_t want[3] = {0, 0, 0};
        check_path(s, path, n, want);
        REQUIRE(want[0] == c->count[i] && want[1] == c->path_users[i]);
        REQUIRE(want[2] == c->conversions[i]);
        if (i == 0) continue;
        const int order = compare(c->kind + c->at[i - 1], c->at[i] - c->at[i - 1], path, n);
        REQUIRE(c->count[i - 1] > c->count[i] || (c->count[i - 1] == c->count[i] && order < 0));
    }
    /* None that is left out is more frequent than the last. */
    for (int64_t i = 0; i < s->n && c->n > 0; i++) {
        int32_t mine[1000];
        int64_t want[3] = {0, 0, 0};
        const int n = path_of(s, i, mine);
        check_path(s, mine, n, want);
        const int64_t last = c->n - 1;
        if (want[0] > c->count[last]) continue;
        const int order = compare(mine, n, c->kind + c->at[last], c->at[last + 1] - c->at[last]);
        REQUIRE(c->n == distinct || want[0] < c->count[last] || order >= 0 ||
                want[0] == c->count[last]);
    }
}

static bool less(const void *a, const void *b) {
    return *(const int64_t *)a < *(const int64_t *)b;
}

static double median(int64_t *times, int64_t n) {
    if (n == 0) return NAN;
    pmkti_sort(times, (size_t)n, 8, less);
    return ((double)times[(n - 1) / 2] + (double)times[n / 2]) / 2;
}

static bool same(double a, double b) {
    return isnan(a) ? isnan(b) : a == b;
}

/* Counts one move; its times go to `times`. */
static int64_t count_move(const slow *s, int from, int to, int64_t *times, int64_t *n_times) {
    int64_t n = 0;
    *n_times = 0;
    for (int64_t i = 0; i < s->n; i++) {
        int at = PMKT_KIND_NONE;
        for (int64_t row = s->at[i]; row < s->at[i + 1]; row++) {
            const int kind = s->v.kind[row];
            if (s->o.collapse && kind == at) continue;
            if (at == from && kind == to) {
                n++;
                if (at) times[(*n_times)++] = s->v.time[row] - s->v.time[row - 1];
            }
            at = kind;
        }
        n += at == from && to == PMKT_KIND_NONE;
    }
    return n;
}

static void check_moves(const slow *s, const pmkt_paths_columns *c, int kinds) {
    int64_t at = 0;
    int64_t *times = malloc((size_t)s->v.n * 8 + 8), n_times;
    for (int from = 0; from <= kinds; from++) {
        int64_t all = 0;
        for (int to = 0; to <= kinds; to++) all += count_move(s, from, to, times, &n_times);
        for (int to = 0; to <= kinds; to++) {
            const int64_t n = count_move(s, from, to, times, &n_times);
            if (n == 0) continue;
            REQUIRE(at < c->n_moves && c->from[at] == from && c->to[at] == to && c->moves[at] == n);
            REQUIRE(c->share[at] == (double)n / (double)all);
            REQUIRE(same(c->move_ms[at], median(times, n_times)));
            at++;
        }
    }
    REQUIRE(at == c->n_moves);
    free(times);
}

static uint64_t page_of(const slow *s, int64_t row) {
    if (s->o.page == PMKT_PATHS_BY_KIND) return s->v.kind[row];
    return s->o.page == PMKT_PATHS_BY_ITEM ? s->v.item[row] : s->v.category[row];
}

static void check_pages(const slow *s, const pmkt_paths_columns *c) {
    int64_t *times = malloc((size_t)s->v.n * 8 + 8), pages = 0;
    for (uint64_t page = 1; page < 10; page++) {
        int64_t stays = 0, exits = 0, soon = 0, n = 0;
        for (int64_t i = 0; i < s->n; i++) {
            for (int64_t row = s->at[i]; row < s->at[i + 1]; row++) {
                if (page_of(s, row) != page) continue;
                if (row > s->at[i] && page_of(s, row - 1) == page) continue;
                int64_t next = row;
                while (next < s->at[i + 1] && page_of(s, next) == page) next++;
                stays++;
                exits += next == s->at[i + 1];
                if (next == s->at[i + 1]) continue;
                times[n++] = s->v.time[next] - s->v.time[row];
                soon += times[n - 1] <= s->o.soon_ms;
            }
        }
        if (stays == 0) continue;
        pages++;
        int64_t i = 0;
        while (i < c->n_pages && c->page[i] != page) i++;
        if (i == c->n_pages) {
            REQUIRE(c->n_pages == s->o.top_pages && c->stays[i - 1] >= stays);
            continue;
        }
        REQUIRE(c->stays[i] == stays && c->exits[i] == exits && c->soon[i] == soon);
        REQUIRE(same(c->stay_ms[i], median(times, n)));
        if (i > 0)
            REQUIRE(c->stays[i - 1] > stays || (c->stays[i - 1] == stays && c->page[i - 1] < page));
    }
    REQUIRE(c->n_pages == (pages < s->o.top_pages ? pages : s->o.top_pages));
    free(times);
}

static void check_hours(const slow *s, const pmkt_paths_columns *c) {
    int64_t all[168] = {0}, at = 0;
    for (int64_t from = 0, end; from < s->v.n; from = end) {
        int64_t hours[168] = {0};
        for (end = from; end < s->v.n && s->v.user[end] == s->v.user[from]; end++) {
            /* 1970-01-05 was a Monday; times here are later */
            hours[(s->v.time[end] - 4 * DAY) / HOUR % 168]++;
        }
        for (int h = 0; h < 168; h++) {
            all[h] += hours[h];
            if (hours[h] == 0 || !s->o.user_hours) continue;
            REQUIRE(at < c->n_user_hours && c->hour_user[at] == s->v.user[from]);
            REQUIRE(c->hour[at] == h && c->hour_events[at] == hours[h]);
            at++;
        }
    }
    REQUIRE(at == c->n_user_hours);
    REQUIRE(memcmp(all, c->hours, sizeof all) == 0);
}

static void check_all(const visits *v, const pmkt_paths_options *given, int kinds, int threads) {
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    pmkt_paths_options o = *given;
    o.allocator = &a, o.gap_ms = GAP, o.goal = GOAL;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    pmkt_paths *paths = NULL;
    pmkt_error err;
    pmkt_paths_columns c = PMKT_PATHS_COLUMNS_INIT;
    const bool spoiled = random_below(3) == 0;
    visits rows = spoiled ? visits_spoiled(v) : *v;
    pmkt_events ev = visits_events(&rows);
    ev.on_bad = spoiled ? PMKT_ON_BAD_SKIP : PMKT_ON_BAD_FAIL;
    pmkt_report report = PMKT_REPORT_INIT;
    report.rejected_bits = calloc((size_t)rows.n / 8 + 1, 1);
    ck_assert_ok(pmkt_paths_new(&ev, &o, &run, &report, &paths, &err), err);
    visits_check_report(&rows, &report, true);
    free(report.rejected_bits);
    if (spoiled) visits_free(&rows);
    ck_assert_ok(pmkt_paths_columns_of(paths, &c, &err), err);
    if (o.top == 0) o.top = 20;
    if (o.max_length == 0) o.max_length = 10;
    if (o.top_pages == 0) o.top_pages = 100;
    if (o.soon_ms == 0) o.soon_ms = 10000;
    slow s = slow_make(v, &o);
    if (v->n < 1000) check_paths(&s, &c);
    check_moves(&s, &c, kinds);
    check_pages(&s, &c);
    check_hours(&s, &c);
    slow_free(&s);
    pmkt_paths_free(paths);
    faulty_check_empty(&f);
}

static pmkt_paths_options random_options(void) {
    pmkt_paths_options o = PMKT_PATHS_OPTIONS_INIT;
    o.top = (int32_t)random_below(12), o.max_length = (int32_t)random_below(5);
    o.collapse = (int32_t)random_below(2), o.page = (int32_t)random_below(3);
    o.top_pages = (int32_t)random_below(4), o.user_hours = (int32_t)random_below(2);
    o.soon_ms = random_below(30), o.by_session = random_below(3) == 0;
    return o;
}

static void move_to_a_week(visits *v) {
    for (int64_t i = 0; i < v->n; i++) v->time[i] += 7 * DAY + HOUR * (int64_t)(v->user[i] % 50);
}

START_TEST(random_sessions_are_as_by_the_slow_way) {
    random_seed(1);
    const int64_t rounds = scaled(1500, 100);
    for (int64_t round = 0; round < rounds; round++) {
        const int kinds = (int)random_between(1, 6);
        visits v =
            visits_random(random_below(120), random_between(1, 12), random_between(1, 3000), kinds);
        move_to_a_week(&v);
        const pmkt_paths_options o = random_options();
        check_all(&v, &o, kinds, 1);
        visits_free(&v);
    }
}
END_TEST

START_TEST(many_events_on_threads_are_as_by_the_slow_way) {
    random_seed(2);
    visits v = visits_random(60000, 3000, 30000, 4);
    move_to_a_week(&v);
    for (int round = 0; round < 3; round++) {
        const pmkt_paths_options o = random_options();
        check_all(&v, &o, 4, 3);
    }
    visits_free(&v);
}
END_TEST

/* Wednesday and Friday from 20 to 22 o'clock in Shanghai, before 1970 too. */
START_TEST(hours_are_those_of_the_zone) {
    uint64_t user[] = {7, 7, 7};
    int64_t time[] = {date(2024, 5, 1) + 12 * HOUR, date(2024, 5, 3) + 13 * HOUR,
                      date(1969, 12, 29) - 8 * HOUR};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 3, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_VIEW;
    pmkt_zone zone = PMKT_ZONE_INIT;
    zone.offset_minutes = 480;
    pmkt_paths_options o = PMKT_PATHS_OPTIONS_INIT;
    o.zone = &zone, o.user_hours = 1;
    pmkt_paths *paths = NULL;
    pmkt_error err;
    pmkt_paths_columns c = PMKT_PATHS_COLUMNS_INIT;
    ck_assert_ok(pmkt_paths_new(&ev, &o, NULL, NULL, &paths, &err), err);
    ck_assert_ok(pmkt_paths_columns_of(paths, &c, &err), err);
    ck_assert_int_eq(c.hours[2 * 24 + 20], 1);
    ck_assert_int_eq(c.hours[4 * 24 + 21], 1);
    ck_assert_int_eq(c.hours[0], 1); /* Monday, midnight */
    ck_assert_int_eq(c.n_user_hours, 3);
    ck_assert_int_eq(c.hour[1], 2 * 24 + 20);
    pmkt_paths_free(paths);
}
END_TEST

START_TEST(more_than_255_kinds_are_refused) {
    enum {
        N = 257
    };
    uint64_t user[N];
    int64_t time[N];
    uint16_t kind[N];
    for (int i = 0; i < N; i++) user[i] = 1, time[i] = i, kind[i] = (uint16_t)(256 + i);
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 256, ev.user = user, ev.time = time, ev.kind = kind;
    pmkt_paths *paths = NULL;
    pmkt_error err;
    ck_assert_int_eq(pmkt_paths_new(&ev, NULL, NULL, NULL, &paths, &err), PMKT_E_LIMIT);
    ck_assert_ptr_null(paths);
    ev.rows = 255;
    ck_assert_ok(pmkt_paths_new(&ev, NULL, NULL, NULL, &paths, &err), err);
    pmkt_paths_free(paths);
}
END_TEST

START_TEST(what_cannot_be_counted_is_refused) {
    uint64_t user[] = {7};
    int64_t time[] = {0};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 1, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_VIEW;
    const pmkt_paths_options good = PMKT_PATHS_OPTIONS_INIT;
    pmkt_paths_options bad[9];
    for (int i = 0; i < 9; i++) bad[i] = good;
    bad[0].top = -1, bad[1].top = 100001, bad[2].max_length = 1001, bad[3].page = 3;
    bad[4].page = PMKT_PATHS_BY_ITEM, bad[5].goal = 99, bad[6].gap_ms = -1, bad[7].soon_ms = -1;
    bad[8].by_session = 1;
    for (int i = 0; i < 9; i++) {
        pmkt_paths *paths = NULL;
        ck_assert_int_eq(pmkt_paths_new(&ev, &bad[i], NULL, NULL, &paths, NULL), PMKT_E_INVALID);
        ck_assert_ptr_null(paths);
    }
}
END_TEST

START_TEST(a_bad_row_fails_the_call) {
    random_seed(3);
    for (int round = 0; round < 50; round++) {
        visits v = visits_random(30, 3, 1000, 5), bad = visits_spoiled(&v);
        const pmkt_events ev = visits_events(&bad);
        uint8_t bits[8];
        pmkt_report report = PMKT_REPORT_INIT;
        report.rejected_bits = bits;
        pmkt_paths *paths = NULL;
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_paths_new(&ev, NULL, NULL, &report, &paths, &err),
                         bad.n > v.n ? PMKT_E_BAD_ROW : PMKT_OK);
        visits_check_report(&bad, &report, bad.n == v.n);
        ck_assert((paths == NULL) == (bad.n > v.n));
        if (bad.n > v.n) ck_assert_int_eq(err.where, report.first_bad);
        pmkt_paths_free(paths);
        visits_free(&bad);
        visits_free(&v);
    }
}
END_TEST

/* One visit by the clock is two by the column. */
START_TEST(sessions_end_where_the_column_changes) {
    uint64_t user[] = {7, 7, 7}, session[] = {1, 2, 2};
    int64_t time[] = {0, 10, 20};
    uint16_t kind[] = {3, 7, 10};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 3, ev.user = user, ev.time = time, ev.kind = kind, ev.session = session;
    for (int32_t by = 0; by < 2; by++) {
        pmkt_paths_options o = PMKT_PATHS_OPTIONS_INIT;
        o.by_session = by;
        pmkt_paths *paths = NULL;
        pmkt_error err;
        pmkt_paths_columns c = PMKT_PATHS_COLUMNS_INIT;
        ck_assert_ok(pmkt_paths_new(&ev, &o, NULL, NULL, &paths, &err), err);
        ck_assert_ok(pmkt_paths_columns_of(paths, &c, &err), err);
        ck_assert_int_eq(c.sessions, by ? 2 : 1);
        ck_assert_int_eq(c.n, by ? 2 : 1);
        ck_assert_int_eq(c.at[1], by ? 1 : 3);
        ck_assert_int_eq(c.converted, 1);
        pmkt_paths_free(paths);
    }
}
END_TEST

static int stop(void *ctx, double done, const char *stage) {
    (void)done, (void)stage;
    int *left = ctx;
    return (*left)-- == 0;
}

START_TEST(it_can_be_canceled_at_every_stage) {
    visits v = visits_random(300, 20, 1000, 5);
    const pmkt_events ev = visits_events(&v);
    pmkt_paths_options o = PMKT_PATHS_OPTIONS_INIT;
    o.user_hours = 1;
    int calls = 0;
    for (;; calls++) {
        int left = calls;
        pmkt_run run = PMKT_RUN_INIT;
        run.progress = (pmkt_progress){stop, &left};
        pmkt_paths *paths = NULL;
        const pmkt_status status = pmkt_paths_new(&ev, &o, &run, NULL, &paths, NULL);
        pmkt_paths_free(paths);
        if (status == PMKT_OK) break;
        ck_assert_int_eq(status, PMKT_E_CANCELED);
        ck_assert_ptr_null(paths);
    }
    ck_assert_int_gt(calls, 20);
    visits_free(&v);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("paths");
    TOPIC(suite, "against the slow way", random_sessions_are_as_by_the_slow_way,
          many_events_on_threads_are_as_by_the_slow_way);
    TOPIC(suite, "by hand", hours_are_those_of_the_zone, more_than_255_kinds_are_refused,
          sessions_end_where_the_column_changes, a_bad_row_fails_the_call,
          what_cannot_be_counted_is_refused, it_can_be_canceled_at_every_stage);
    return suite_run(suite);
}
