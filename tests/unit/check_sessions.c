/*
 * Events in order and cut into sessions, against a slow obvious sort of the same rows.
 */
#include "intent/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "core/events.h"
#include "core/hash.h"
#include "core/sort.h"
#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"

/* Random events. */
typedef struct rows {
    int64_t n;
    uint64_t *user, *item, *category, *channel, *session, *extra;
    int64_t *time;
    uint16_t *kind;
} rows;

static rows make_rows(int64_t n, int64_t users, int64_t span) {
    rows r = {.n = n};
    const size_t bytes = (size_t)n * 8 + 8;
    r.user = malloc(bytes), r.item = malloc(bytes), r.category = malloc(bytes);
    r.channel = malloc(bytes), r.session = malloc(bytes), r.time = malloc(bytes);
    r.kind = malloc(bytes), r.extra = malloc(bytes);
    for (int64_t i = 0; i < n; i++) {
        r.user[i] = 1 + (uint64_t)random_below(users);
        r.time[i] = random_below(span) - span / 2;
        r.kind[i] = (uint16_t)random_between(1, PMKT_KIND_COUNT_);
        r.item[i] = (uint64_t)random_below(9);
        r.category[i] = (uint64_t)random_below(5);
        r.channel[i] = (uint64_t)random_below(3);
        r.session[i] = (uint64_t)random_below(2);
        r.extra[i] = (uint64_t)random_below(1000);
    }
    return r;
}

static void free_rows(rows *r) {
    free(r->user), free(r->item), free(r->category), free(r->channel), free(r->session);
    free(r->time), free(r->kind), free(r->extra);
}

static pmkt_events events_of(const rows *r) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = r->n, ev.user = r->user, ev.time = r->time, ev.kind = r->kind, ev.item = r->item;
    ev.category = r->category, ev.channel = r->channel, ev.session = r->session;
    ev.on_bad = PMKT_ON_BAD_SKIP;
    return ev;
}

static pmkt_status make(const pmkt_events *given, const pmkti_sessions_plan *plan, int threads,
                        pmkt_allocator a, pmkt_report *report, pmkti_sessions *s, pmkt_error *err) {
    pmkt_events ev;
    ck_assert_ok(pmkti_events_in(given, &ev, err), *err);
    pmkt_report begun;
    ck_assert_ok(pmkti_report_begin(report, ev.rows, &begun, err), *err);
    const pmkti_run run = {.threads = threads};
    const pmkt_status status =
        pmkti_sessions_make(&ev, plan, &a, &run, (pmkti_stage){"s", 0, 1}, &begun, s, err);
    if (report) pmkti_report_end(report, &begun);
    return status;
}

typedef struct slow {
    uint64_t user, key;
    int64_t time, row;
} slow;

static bool slow_before(const void *a, const void *b) {
    const slow *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key;
    if (x->time != y->time) return x->time < y->time;
    return x->row < y->row;
}

static void check_columns(const rows *r, const pmkti_sessions *s, const slow *sorted) {
    for (int64_t i = 0; i < s->rows; i++) {
        const int64_t row = sorted[i].row;
        REQUIRE(s->row[i] == row);
        REQUIRE(s->time[i] == r->time[row] && s->kind[i] == r->kind[row]);
        REQUIRE(s->item[i] == r->item[row] && s->category[i] == r->category[row]);
        REQUIRE(s->channel[i] == r->channel[row] && s->extra[i] == r->extra[row]);
    }
}

static void check_borders(const rows *r, const pmkti_sessions *s, const slow *sorted,
                          const pmkti_sessions_plan *plan) {
    int64_t users = 0, sessions = 0;
    for (int64_t i = 0; i < s->rows; i++) {
        const slow *x = &sorted[i];
        const bool user = i == 0 || x->user != x[-1].user;
        const bool session = user || x->time - x[-1].time > plan->gap_ms ||
                             (plan->by_column && r->session[x->row] != r->session[x[-1].row]);
        if (user) REQUIRE(s->user[users] == x->user && s->user_at[users] == sessions);
        if (session) REQUIRE(s->session_at[sessions] == i);
        users += user, sessions += session;
    }
    REQUIRE(s->users == users && s->sessions == sessions);
    REQUIRE(s->user_at[users] == sessions && s->session_at[sessions] == s->rows);
    REQUIRE(s->part_at[0] == 0 && s->part_at[s->parts] == users);
    for (int64_t p = 0; p < s->parts; p++) REQUIRE(s->part_at[p] <= s->part_at[p + 1]);
}

static void check_rows(rows *r, const pmkti_sessions_plan *given, int threads) {
    pmkti_sessions_plan with = *given;
    with.extra = r->extra;
    const pmkti_sessions_plan *plan = &with;
    faulty f = {0};
    pmkti_sessions s;
    pmkt_error err;
    pmkt_report report = PMKT_REPORT_INIT;
    const pmkt_events ev = events_of(r);
    ck_assert_ok(make(&ev, plan, threads, faulty_allocator(&f), &report, &s, &err), err);
    slow *sorted = malloc((size_t)r->n * sizeof *sorted + 1);
    int64_t n = 0;
    for (int64_t i = 0; i < r->n; i++) {
        if (pmkti_event_fault(&ev, i) >= 0) continue;
        sorted[n++] = (slow){r->user[i], pmkti_mix(r->user[i]), r->time[i], i};
    }
    pmkti_sort(sorted, (size_t)n, sizeof *sorted, slow_before);
    ck_assert_int_eq(s.rows, n);
    ck_assert_int_eq(report.accepted, n);
    ck_assert_int_eq(report.rejected, r->n - n);
    check_columns(r, &s, sorted);
    check_borders(r, &s, sorted, plan);
    free(sorted);
    pmkti_sessions_free(&s);
    faulty_check_empty(&f);
}

static const pmkti_sessions_plan ALL = {PMKTI_SESSIONS_GAP_MS, false, true, true, true, true, NULL};
static const pmkti_sessions_plan BY_COLUMN = {1000, true, true, true, true, true, NULL};

START_TEST(random_events_are_sorted_and_cut_as_by_the_slow_way) {
    random_seed(1);
    for (int64_t round = 0; round < 300; round++) {
        rows r = make_rows(random_below(200), random_between(1, 30),
                           INT64_C(1) << random_between(1, 34));
        if (random_below(2)) {
            for (int64_t i = 0; i < r.n; i++) {
                if (random_below(5)) continue;
                if (random_below(2))
                    r.user[i] = PMKT_ID_NONE;
                else
                    r.time[i] = PMKT_TIME_NULL;
            }
        }
        check_rows(&r, random_below(2) ? &ALL : &BY_COLUMN, 1);
        free_rows(&r);
    }
}
END_TEST

START_TEST(many_parts_and_threads_change_nothing) {
    random_seed(2);
    const int64_t n = scaled(300000, 80000);
    rows r = make_rows(n, n / 40, INT64_C(1) << 33);
    check_rows(&r, &ALL, 1);
    check_rows(&r, &BY_COLUMN, 3);
    free_rows(&r);
}
END_TEST

/* Every way to sort a bucket: in order, by insertion, by merging, by counting. */
START_TEST(one_user_with_all_the_rows_is_sorted) {
    random_seed(3);
    static const int64_t SIZES[] = {1, 2, 32, 33, 500, 1023, 1024, 5000, 70000};
    for (int64_t i = 0; i < LENGTH(SIZES); i++) {
        for (int order = 0; order < 3; order++) {
            rows r = make_rows(SIZES[i], 1, order == 2 ? 1 : INT64_C(1) << 40);
            for (int64_t k = 0; order == 1 && k < r.n; k++) r.time[k] = -k; /* a clock going back */
            check_rows(&r, &ALL, 2);
            free_rows(&r);
        }
    }
}
END_TEST

/* Users chosen so that their hashes begin alike: all in one part and one bucket. */
START_TEST(users_whose_hashes_collide_are_sorted) {
    random_seed(4);
    rows r = make_rows(40000, 1, 1 << 20);
    for (int64_t i = 0; i < r.n; i++) {
        r.user[i] = pmkti_unmix(UINT64_C(0x123456789) << 28 | (uint64_t)random_below(3000));
    }
    check_rows(&r, &ALL, 2);
    check_rows(&r, &BY_COLUMN, 2);
    free_rows(&r);
}
END_TEST

/* Users that stand together, each in the order of time; some come twice, and of these some again too early. */
START_TEST(users_that_stand_together_are_kept_so) {
    random_seed(5);
    for (int64_t round = 0; round < 200; round++) {
        rows r = make_rows(random_below(4) ? random_below(300) : scaled(150000, 70000), 1, 1);
        const bool again = random_below(2), early = random_below(3) == 0;
        uint64_t user = 1000;
        for (int64_t i = 0, end; i < r.n; i = end) {
            end = i + random_between(1, 40);
            if (end > r.n) end = r.n;
            user = again && i > 0 && random_below(8) == 0 ? r.user[random_below(i)] : user + 1;
            int64_t time = early && random_below(9) == 0 ? 0 : INT64_C(100000) * i;
            for (int64_t k = i; k < end; k++) {
                r.user[k] = user;
                r.time[k] = time += random_below(3) ? random_below(2000) : 0;
            }
        }
        check_rows(&r, random_below(2) ? &ALL : &BY_COLUMN, (int)random_between(1, 3));
        free_rows(&r);
    }
}
END_TEST

START_TEST(a_gap_of_exactly_the_limit_does_not_part) {
    uint64_t user[] = {7, 7, 7};
    int64_t time[] = {0, 1000, 2001};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 3, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_VIEW;
    faulty f = {0};
    pmkti_sessions s;
    pmkt_error err;
    const pmkti_sessions_plan plan = {.gap_ms = 1000, .item = true};
    ck_assert_ok(make(&ev, &plan, 1, faulty_allocator(&f), NULL, &s, &err), err);
    ck_assert_int_eq(s.sessions, 2);
    ck_assert_int_eq(s.session_at[1], 2);
    ck_assert(s.item == NULL && s.row == NULL); /* the batch has none; nobody asked */
    pmkti_sessions_free(&s);
    const pmkti_sessions_plan never = {.gap_ms = PMKTI_SESSIONS_NEVER};
    ck_assert_ok(make(&ev, &never, 1, faulty_allocator(&f), NULL, &s, &err), err);
    ck_assert_int_eq(s.sessions, 1);
    pmkti_sessions_free(&s);
    faulty_check_empty(&f);
}
END_TEST

START_TEST(nothing_is_no_session) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    faulty f = {0};
    pmkti_sessions s;
    pmkt_error err;
    ck_assert_ok(make(&ev, &ALL, 1, faulty_allocator(&f), NULL, &s, &err), err);
    ck_assert(s.rows == 0 && s.users == 0 && s.sessions == 0);
    ck_assert_int_eq(s.session_at[0], 0);
    pmkti_sessions_free(&s);
    faulty_check_empty(&f);
}
END_TEST

START_TEST(a_bad_row_fails_the_batch_that_wants_it) {
    uint64_t user[] = {7, 0};
    int64_t time[] = {0, 1000};
    uint8_t bits[1] = {0xff};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 2, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_VIEW;
    faulty f = {0};
    pmkti_sessions s;
    pmkt_error err;
    pmkt_report report = PMKT_REPORT_INIT;
    report.rejected_bits = bits;
    ck_assert_int_eq(make(&ev, &ALL, 1, faulty_allocator(&f), &report, &s, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where, 1);
    ck_assert_int_eq(report.accepted, 0);
    ck_assert_int_eq(report.rejected, 1);
    ck_assert_int_eq(bits[0], 2);
    faulty_check_empty(&f);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sessions");
    TOPIC(suite, "order", random_events_are_sorted_and_cut_as_by_the_slow_way,
          many_parts_and_threads_change_nothing, one_user_with_all_the_rows_is_sorted,
          users_whose_hashes_collide_are_sorted, users_that_stand_together_are_kept_so);
    TOPIC(suite, "borders", a_gap_of_exactly_the_limit_does_not_part, nothing_is_no_session,
          a_bad_row_fails_the_batch_that_wants_it);
    return suite_run(suite);
}
