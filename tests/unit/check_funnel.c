/*
 * Funnels against a slow obvious way: every attempt is tried from every event.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/sort.h"
#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"
#include "support/visits.h"

#define STEPS 4
#define GAP 50

/* What one unit came to, the slow way. */
typedef struct best {
    int first, last, next;
    int64_t begin, place; /* time, and row of the sorted events */
    int64_t elapsed[STEPS];
} best;

static bool matches(const visits *v, int64_t i, const pmkt_funnel_step *s) {
    bool kind = s->n_kinds == 0;
    for (int64_t k = 0; k < s->n_kinds; k++) kind |= v->kind[i] == s->kinds[k];
    return kind && (s->item == 0 || v->item[i] == s->item) &&
           (s->category == 0 || v->category[i] == s->category) &&
           (s->channel == 0 || v->channel[i] == s->channel);
}

static uint64_t held(const visits *v, const pmkt_funnel_options *o, int64_t i) {
    if (o->hold == PMKT_FUNNEL_ANYTHING) return 1;
    return o->hold == PMKT_FUNNEL_SAME_ITEM ? v->item[i] : v->category[i];
}

/* The next event after i of the same item, or `end`. */
static int64_t after(const visits *v, const pmkt_funnel_options *o, int64_t i, int64_t end) {
    int64_t j = i + 1;
    while (j < end && held(v, o, j) != held(v, o, i)) j++;
    return j;
}

static best attempt(const visits *v, const pmkt_funnel_options *o, const pmkt_funnel_step *steps,
                    int n, int first, int64_t i, int64_t end) {
    best b = {.first = first, .last = first, .begin = v->time[i], .place = i};
    int64_t at = i;
    while (b.last + 1 < n) {
        int64_t j = after(v, o, at, end);
        while (!o->strict && j < end && !matches(v, j, &steps[b.last + 1])) j = after(v, o, j, end);
        if (j == end || !matches(v, j, &steps[b.last + 1])) break;
        if (o->window_ms > 0 && v->time[j] - b.begin > o->window_ms) break;
        b.elapsed[++b.last] = v->time[j] - v->time[at];
        at = j;
    }
    b.next = at + 1 < end ? v->kind[at + 1] : PMKT_KIND_NONE;
    return b;
}

static bool beats(const best *a, const best *b) {
    if (a->last != b->last) return a->last > b->last;
    if (a->first != b->first) return a->first < b->first;
    return a->place < b->place;
}

static best best_of(const visits *v, const pmkt_funnel_options *o, const pmkt_funnel_step *steps,
                    int n, int64_t from, int64_t end) {
    best found = {.last = -1};
    for (int64_t i = from; i < end; i++) {
        if (held(v, o, i) == PMKT_ID_NONE) continue;
        for (int first = 0; first < (o->open ? n : 1); first++) {
            if (!matches(v, i, &steps[first])) continue;
            const best b = attempt(v, o, steps, n, first, i, end);
            if (beats(&b, &found)) found = b;
        }
    }
    return found;
}

static bool less(const void *a, const void *b) {
    return *(const int64_t *)a < *(const int64_t *)b;
}

static double quantile(const int64_t *sorted, int64_t n, double q) {
    if (n == 0) return NAN;
    const double at = q * (double)(n - 1);
    const int64_t low = (int64_t)floor(at), high = low + 1 < n ? low + 1 : low;
    return (double)sorted[low] + (at - floor(at)) * (double)(sorted[high] - sorted[low]);
}

static void check_step(const pmkt_funnel_columns *c, const best *all, int64_t n, int steps, int k) {
    int64_t reached = 0, entered = 0, continued = 0, lost = 0, before = 0;
    int64_t *times = malloc((size_t)n * 8 + 8);
    for (int64_t i = 0; i < n; i++) {
        const best *b = &all[i];
        reached += b->first <= k && b->last >= k;
        before += k > 0 && b->first <= k - 1 && b->last >= k - 1;
        entered += b->first == k;
        lost += b->last == k && k < steps - 1;
        if (b->first < k && b->last >= k) times[continued++] = b->elapsed[k];
    }
    pmkti_sort(times, (size_t)continued, 8, less);
    REQUIRE(c->reached[k] == reached && c->entered[k] == entered);
    REQUIRE(c->continued[k] == continued && c->lost[k] == lost);
    const double *made[3] = {c->p25_ms, c->median_ms, c->p75_ms};
    for (int q = 0; q < 3; q++) {
        const double want = quantile(times, continued, (q + 1) / 4.0);
        REQUIRE(isnan(want) ? isnan(made[q][k]) : made[q][k] == want);
    }
    if (before > 0)
        REQUIRE(c->conversion[k] == (double)continued / (double)before);
    else
        REQUIRE(isnan(c->conversion[k]));
    REQUIRE(n > 0 ? c->overall[k] == (double)reached / (double)n : isnan(c->overall[k]));
    free(times);
}

static void check_next(const pmkt_funnel_columns *c, const best *all, int64_t n, int steps) {
    int64_t lost = 0, told = 0;
    for (int64_t i = 0; i < c->n_next; i++) {
        int64_t count = 0;
        for (int64_t j = 0; j < n; j++) {
            count += all[j].last == c->next_step[i] && all[j].next == c->next_kind[i];
        }
        REQUIRE(count > 0 && count == c->next_n[i] && c->next_step[i] < steps - 1);
        told += count;
        if (i == 0 || c->next_step[i] != c->next_step[i - 1]) continue;
        REQUIRE(c->next_n[i] < c->next_n[i - 1] ||
                (c->next_n[i] == c->next_n[i - 1] && c->next_kind[i] > c->next_kind[i - 1]));
    }
    for (int k = 0; k < steps; k++) lost += c->lost[k];
    REQUIRE(told == lost);
}

/* Whether a session ends before event i of a user. */
static bool parts(const visits *v, const pmkt_funnel_options *o, int64_t i) {
    return v->time[i] - v->time[i - 1] > GAP ||
           (o->by_session && v->session[i] != v->session[i - 1]);
}

static void check_funnel(const visits *v, const pmkt_funnel_options *o,
                         const pmkt_funnel_step *steps, int n, int threads) {
    const bool spoiled = random_below(3) == 0;
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    pmkt_funnel_options options = *o;
    options.allocator = &a;
    pmkt_funnel *funnel = NULL;
    pmkt_funnel_columns c = PMKT_FUNNEL_COLUMNS_INIT;
    pmkt_error err;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    visits given = spoiled ? visits_spoiled(v) : *v;
    pmkt_events ev = visits_events(&given);
    ev.on_bad = spoiled ? PMKT_ON_BAD_SKIP : PMKT_ON_BAD_FAIL;
    pmkt_report report = PMKT_REPORT_INIT;
    report.rejected_bits = calloc((size_t)given.n / 8 + 1, 1);
    ck_assert_ok(pmkt_funnel_new(&ev, steps, n, &options, &run, &report, &funnel, &err), err);
    visits_check_report(&given, &report, true);
    free(report.rejected_bits);
    if (spoiled) visits_free(&given);
    ck_assert_ok(pmkt_funnel_columns_of(funnel, &c, &err), err);
    visits sorted = visits_sorted(v);
    best *all = malloc((size_t)v->n * sizeof *all + 1);
    int64_t found = 0, units = 0;
    for (int64_t from = 0, end; from < v->n; from = end) {
        for (end = from + 1; end < v->n && sorted.user[end] == sorted.user[from]; end++) {
            if (o->count == PMKT_FUNNEL_SESSIONS && parts(&sorted, o, end)) break;
        }
        units++;
        const best b = best_of(&sorted, o, steps, n, from, end);
        if (b.last < 0) continue;
        REQUIRE(c.attempts > found && c.user[found] == sorted.user[from]);
        REQUIRE(c.first[found] == b.first && c.last[found] == b.last);
        REQUIRE(c.begin_ms[found] == b.begin);
        all[found++] = b;
    }
    REQUIRE(c.steps == n && c.attempts == found && c.units == units);
    for (int k = 0; k < n; k++) check_step(&c, all, found, n, k);
    check_next(&c, all, found, n);
    free(all);
    visits_free(&sorted);
    pmkt_funnel_free(funnel);
    faulty_check_empty(&f);
}

static const int32_t KINDS[] = {1, 2, 3, 4, 5, 6};

static pmkt_funnel_step random_step(void) {
    pmkt_funnel_step s = {KINDS + random_below(4), 1 + random_below(2), 0, 0, 0};
    if (random_below(12) == 0) s.kinds = NULL, s.n_kinds = 0;
    if (random_below(6) == 0) s.item = 1 + (uint64_t)random_below(3);
    if (random_below(8) == 0) s.category = 1 + (uint64_t)random_below(2);
    if (random_below(8) == 0) s.channel = 1 + (uint64_t)random_below(2);
    return s;
}

static pmkt_funnel_options random_options(void) {
    pmkt_funnel_options o = PMKT_FUNNEL_OPTIONS_INIT;
    o.gap_ms = GAP;
    o.open = (int32_t)random_below(2), o.strict = (int32_t)random_below(2);
    o.hold = (int32_t)random_below(3), o.count = (int32_t)random_below(2);
    o.by_session = random_below(3) == 0;
    if (random_below(2)) o.window_ms = random_between(1, 300);
    return o;
}

START_TEST(random_funnels_are_as_by_the_slow_way) {
    random_seed(1);
    const int64_t rounds = scaled(4000, 300);
    for (int64_t round = 0; round < rounds; round++) {
        visits v =
            visits_random(random_below(120), random_between(1, 8), random_between(1, 2000), 5);
        pmkt_funnel_step steps[STEPS];
        for (int k = 0; k < STEPS; k++) steps[k] = random_step();
        const pmkt_funnel_options o = random_options();
        check_funnel(&v, &o, steps, (int)random_between(1, STEPS + 1), 1);
        visits_free(&v);
    }
}
END_TEST

START_TEST(many_events_on_threads_are_as_by_the_slow_way) {
    random_seed(2);
    const int64_t n = 70000;
    visits v = visits_random(n, n / 20, 100000, 5);
    const pmkt_funnel_step steps[] = {
        {KINDS, 1, 0, 0, 0}, {KINDS + 1, 2, 0, 0, 0}, {KINDS + 3, 1, 0, 0, 0}};
    for (int round = 0; round < 4; round++) {
        const pmkt_funnel_options o = random_options();
        check_funnel(&v, &o, steps, 3, 3);
    }
    visits_free(&v);
}
END_TEST

/* One user, one endless session: it must not take the square of the time. */
START_TEST(an_endless_session_takes_no_longer) {
    const int64_t n = scaled(2000000, 200000);
    visits v = visits_random(n, 1, 10, 2);
    pmkt_events ev = visits_events(&v);
    const pmkt_funnel_step steps[] = {
        {KINDS, 1, 0, 0, 0}, {KINDS + 1, 1, 0, 0, 0}, {KINDS + 5, 1, 0, 0, 0}};
    for (int hold = 0; hold < 2; hold++) {
        pmkt_funnel_options o = PMKT_FUNNEL_OPTIONS_INIT;
        o.hold = hold, o.open = 1;
        pmkt_funnel *funnel = NULL;
        pmkt_error err;
        pmkt_funnel_columns c = PMKT_FUNNEL_COLUMNS_INIT;
        ck_assert_ok(pmkt_funnel_new(&ev, steps, 3, &o, NULL, NULL, &funnel, &err), err);
        ck_assert_ok(pmkt_funnel_columns_of(funnel, &c, &err), err);
        ck_assert_int_eq(c.attempts, 1);
        ck_assert_int_eq(c.last[0], 1); /* nobody does the third */
        pmkt_funnel_free(funnel);
    }
    visits_free(&v);
}
END_TEST

START_TEST(the_attempt_that_reaches_furthest_counts) {
    uint64_t user[] = {7, 7, 7, 7, 7, 9};
    int64_t time[] = {0, 10, 1000, 1010, 1030, 5};
    uint16_t kind[] = {3, 7, 3, 7, 10, 3}; /* view cart | view cart order; view */
    const int32_t view = 3, cart = 7, order = 10;
    const pmkt_funnel_step steps[] = {
        {&view, 1, 0, 0, 0}, {&cart, 1, 0, 0, 0}, {&order, 1, 0, 0, 0}};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 6, ev.user = user, ev.time = time, ev.kind = kind;
    pmkt_funnel_options o = PMKT_FUNNEL_OPTIONS_INIT;
    o.window_ms = 500;
    pmkt_funnel *funnel = NULL;
    pmkt_error err;
    pmkt_funnel_columns c = PMKT_FUNNEL_COLUMNS_INIT;
    ck_assert_ok(pmkt_funnel_new(&ev, steps, 3, &o, NULL, NULL, &funnel, &err), err);
    ck_assert_ok(pmkt_funnel_columns_of(funnel, &c, &err), err);
    ck_assert_int_eq(c.reached[0], 2);
    ck_assert_int_eq(c.reached[1], 1);
    ck_assert_int_eq(c.reached[2], 1);
    ck_assert_int_eq(c.lost[0], 1);
    ck_assert(c.conversion[1] == 0.5 && c.overall[2] == 0.5 && isnan(c.conversion[0]));
    ck_assert(c.median_ms[1] == 10 && c.median_ms[2] == 20);
    ck_assert_int_eq(c.n_next, 1);
    ck_assert(c.next_step[0] == 0 && c.next_kind[0] == PMKT_KIND_NONE && c.next_n[0] == 1);
    pmkt_funnel_free(funnel);
}
END_TEST

static void refuse(const pmkt_funnel_step *steps, int64_t n, pmkt_funnel_options o,
                   const char *why) {
    uint64_t user[] = {7};
    int64_t time[] = {0};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 1, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_VIEW;
    pmkt_funnel *funnel = NULL;
    pmkt_error err;
    ck_assert_int_eq(pmkt_funnel_new(&ev, steps, n, &o, NULL, NULL, &funnel, &err), PMKT_E_INVALID);
    ck_assert_msg(strstr(err.message, why) != NULL, "%s", err.message);
    ck_assert_ptr_null(funnel);
}

START_TEST(what_cannot_be_followed_is_refused) {
    const int32_t none = 99, view = 3;
    pmkt_funnel_step s = {&view, 1, 0, 0, 0};
    const pmkt_funnel_options o = PMKT_FUNNEL_OPTIONS_INIT;
    refuse(&s, 0, o, "n_steps");
    refuse(&s, 33, o, "n_steps");
    refuse(NULL, 1, o, "steps");
    s.item = 5;
    refuse(&s, 1, o, "column");
    s = (pmkt_funnel_step){&none, 1, 0, 0, 0};
    refuse(&s, 1, o, "no kind");
    s = (pmkt_funnel_step){NULL, 1, 0, 0, 0};
    refuse(&s, 1, o, "n_kinds");
    s = (pmkt_funnel_step){NULL, 0, 0, 0, 0};
    pmkt_funnel_options bad = o;
    bad.hold = PMKT_FUNNEL_SAME_ITEM;
    refuse(&s, 1, bad, "needs items");
    bad = o, bad.by_session = 1;
    refuse(&s, 1, bad, "by_session");
    bad = o, bad.window_ms = -1;
    refuse(&s, 1, bad, "window_ms");
}
END_TEST

START_TEST(a_bad_row_fails_the_call) {
    random_seed(3);
    for (int round = 0; round < 50; round++) {
        visits v = visits_random(30, 3, 1000, 5), bad = visits_spoiled(&v);
        const pmkt_events ev = visits_events(&bad);
        const pmkt_funnel_step step = {KINDS, 1, 0, 0, 0};
        uint8_t bits[8];
        pmkt_report report = PMKT_REPORT_INIT;
        report.rejected_bits = bits;
        pmkt_funnel *funnel = NULL;
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_funnel_new(&ev, &step, 1, NULL, NULL, &report, &funnel, &err),
                         bad.n > v.n ? PMKT_E_BAD_ROW : PMKT_OK);
        visits_check_report(&bad, &report, bad.n == v.n);
        ck_assert((funnel == NULL) == (bad.n > v.n));
        if (bad.n > v.n) ck_assert_int_eq(err.where, report.first_bad);
        pmkt_funnel_free(funnel);
        visits_free(&bad);
        visits_free(&v);
    }
}
END_TEST

/* A session is a session by its column too: the cart is not of the visit that has the view. */
START_TEST(sessions_end_where_the_column_changes) {
    uint64_t user[] = {7, 7, 7}, session[] = {1, 2, 2};
    int64_t time[] = {0, 10, 20};
    uint16_t kind[] = {3, 7, 10};
    const int32_t view = 3, cart = 7;
    const pmkt_funnel_step steps[] = {{&view, 1, 0, 0, 0}, {&cart, 1, 0, 0, 0}};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 3, ev.user = user, ev.time = time, ev.kind = kind, ev.session = session;
    for (int32_t by = 0; by < 2; by++) {
        pmkt_funnel_options o = PMKT_FUNNEL_OPTIONS_INIT;
        o.count = PMKT_FUNNEL_SESSIONS, o.by_session = by;
        pmkt_funnel *funnel = NULL;
        pmkt_error err;
        pmkt_funnel_columns c = PMKT_FUNNEL_COLUMNS_INIT;
        ck_assert_ok(pmkt_funnel_new(&ev, steps, 2, &o, NULL, NULL, &funnel, &err), err);
        ck_assert_ok(pmkt_funnel_columns_of(funnel, &c, &err), err);
        ck_assert_int_eq(c.units, by ? 2 : 1);
        ck_assert_int_eq(c.reached[1], by ? 0 : 1);
        pmkt_funnel_free(funnel);
    }
}
END_TEST

static int stop(void *ctx, double done, const char *stage) {
    (void)done, (void)stage;
    int *left = ctx;
    return (*left)-- == 0;
}

START_TEST(it_can_be_canceled_at_every_stage) {
    visits v = visits_random(500, 20, 1000, 5);
    const pmkt_events ev = visits_events(&v);
    const pmkt_funnel_step step = {KINDS, 1, 0, 0, 0};
    for (int after_calls = 0;; after_calls++) {
        int left = after_calls;
        pmkt_run run = PMKT_RUN_INIT;
        run.progress = (pmkt_progress){stop, &left};
        pmkt_funnel *funnel = NULL;
        const pmkt_status status = pmkt_funnel_new(&ev, &step, 1, NULL, &run, NULL, &funnel, NULL);
        if (status == PMKT_OK) {
            pmkt_funnel_free(funnel);
            ck_assert_int_gt(after_calls, 8);
            break;
        }
        ck_assert_int_eq(status, PMKT_E_CANCELED);
        ck_assert_ptr_null(funnel);
    }
    visits_free(&v);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("funnel");
    TOPIC(suite, "against the slow way", random_funnels_are_as_by_the_slow_way,
          many_events_on_threads_are_as_by_the_slow_way);
    TOPIC(suite, "by hand", the_attempt_that_reaches_furthest_counts,
          an_endless_session_takes_no_longer, sessions_end_where_the_column_changes,
          a_bad_row_fails_the_call, what_cannot_be_followed_is_refused,
          it_can_be_canceled_at_every_stage);
    return suite_run(suite);
}
