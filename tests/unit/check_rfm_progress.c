/*
 * Long calls: they tell of their progress on the caller's thread, can be canceled at every call of
 * the callback without a trace, and start threads only where there is work for them.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/rfm.h"
#include "support/rfm_dump.h"
#include "support/suite.h"
#include "support/threads.h"

#define T date(2024, 5, 1)
#define LARGE 40000 /* rows enough to be folded at once, by threads */

/* ------------------------------------------------------------------ the calls */

/* Everything that a long call may touch. */
typedef struct scene {
    faulty memory;
    pmkt_rfm *rfm, *other;
    pmkt_rfm_scores *before, *after;
    pmkt_rfm_scores *scores;       /* out */
    pmkt_rfm_migration *migration; /* out */
    pmkt_report report;            /* out */
    batch few, many;
} scene;

static pmkt_status add(scene *s, const batch *b, const pmkt_run *run) {
    const pmkt_events events = batch_events(b);
    return pmkt_rfm_add(s->rfm, &events, run, &s->report, NULL);
}

static pmkt_status add_few(scene *s, const pmkt_run *run) {
    return add(s, &s->few, run);
}

static pmkt_status add_many(scene *s, const pmkt_run *run) {
    return add(s, &s->many, run);
}

static pmkt_status merge(scene *s, const pmkt_run *run) {
    return pmkt_rfm_merge(s->rfm, s->other, run, NULL);
}

static pmkt_status compact(scene *s, const pmkt_run *run) {
    return pmkt_rfm_compact(s->rfm, run, NULL);
}

static pmkt_status score(scene *s, const pmkt_run *run, int32_t scheme, int32_t collapse) {
    pmkt_rfm_score_options o = PMKT_RFM_SCORE_OPTIONS_INIT;
    o.scheme = scheme;
    o.collapse = collapse;
    o.previous = collapse == PMKT_RFM_HYSTERESIS ? s->before : NULL;
    return pmkt_rfm_score(s->rfm, T + 100 * DAY, &o, run, &s->scores, NULL);
}

static pmkt_status score_by_bounds(scene *s, const pmkt_run *run) {
    return score(s, run, PMKT_RFM_THRESHOLD, PMKT_RFM_HYSTERESIS);
}

static pmkt_status score_by_median(scene *s, const pmkt_run *run) {
    return score(s, run, PMKT_RFM_THRESHOLD, PMKT_RFM_MEDIAN);
}

static pmkt_status score_by_quantiles(scene *s, const pmkt_run *run) {
    return score(s, run, PMKT_RFM_QUANTILE, 0);
}

static pmkt_status migrate_them(scene *s, const pmkt_run *run) {
    return pmkt_rfm_migrate(s->before, s->after, PMKT_RFM_BY_SEGMENT, run, &s->migration, NULL);
}

static const struct {
    const char *name;
    pmkt_status (*run)(scene *s, const pmkt_run *run);
} calls[] = {
    {"add of few rows", add_few},
    {"add of many rows", add_many},
    {"merge", merge},
    {"compact", compact},
    {"score by bounds", score_by_bounds},
    {"score by median", score_by_median},
    {"score by quantiles", score_by_quantiles},
    {"migrate", migrate_them},
};

static batch random_rows(int64_t n, int64_t users, uint64_t seed) {
    batch b = {0};
    random_seed(seed);
    for (int64_t i = 0; i < n; i++) {
        batch_order(&b, (uint64_t)random_below(users) + 1, T + random_below(60 * DAY),
                    (uint64_t)random_below(4), random_below(1000) + 1);
    }
    return b;
}

static scene *scene_of(int64_t rows) {
    scene *s = calloc(1, sizeof *s);
    ck_assert_ptr_nonnull(s);
    const pmkt_allocator allocator = faulty_allocator(&s->memory);
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.allocator = &allocator;
    s->rfm = rfm_with(&options);
    s->other = rfm_with(&options);
    s->few = random_rows(100, 50, 1);
    s->many = random_rows(rows, rows / 2 + 1, 2);
    rfm_add(s->rfm, &s->few);
    s->before = rfm_score(s->rfm, T + 30 * DAY, NULL);
    batch base = random_rows(rows / 4, rows / 4, 3); /* beside which `many` is large */
    rfm_take(s->rfm, &base);
    rfm_add(s->other, &s->many);
    rfm_add(s->rfm, &s->few); /* waits */
    s->after = rfm_score(s->rfm, T + 90 * DAY, NULL);
    pmkt_report_init(&s->report);
    return s;
}

static void scene_free(scene *s) {
    pmkt_rfm_migration_free(s->migration);
    pmkt_rfm_scores_free(s->scores);
    pmkt_rfm_scores_free(s->before);
    pmkt_rfm_scores_free(s->after);
    pmkt_rfm_free(s->rfm);
    pmkt_rfm_free(s->other);
    faulty_check_empty(&s->memory);
    batch_clear(&s->few);
    batch_clear(&s->many);
    free(s);
}

/* ------------------------------------------------------------------- progress */

typedef struct watcher {
    pthread_t caller;
    int64_t calls, cancel_at; /* answers non-zero at this call and from then on; 0 = never */
    double last;
    bool wrong; /* another thread, a fall, a place outside 0 to 1, or no stage */
} watcher;

static int watch(void *ctx, double done, const char *stage) {
    watcher *w = ctx;
    w->calls++;
    w->wrong |= !pthread_equal(pthread_self(), w->caller) || !stage || !stage[0];
    w->wrong |= !(done >= w->last && done <= 1);
    w->last = done;
    return w->cancel_at > 0 && w->calls >= w->cancel_at;
}

START_TEST(progress_rises_from_0_to_1_on_the_callers_thread) {
    for (int64_t i = 0; i < LENGTH(calls); i++) {
        for (int32_t threads = 1; threads <= 4; threads += 3) {
            scene *s = scene_of(scaled(100000, 40000));
            watcher w = {.caller = pthread_self()};
            const pmkt_run run = {sizeof run, threads, {watch, &w}};
            ck_assert_int_eq(calls[i].run(s, &run), PMKT_OK);
            ck_assert_msg(!w.wrong, "%s on %d threads", calls[i].name, threads);
            ck_assert_int_ge(w.calls, 1);
            scene_free(s);
        }
    }
}
END_TEST

static bool same_counters(pmkt_rfm_counters a, pmkt_rfm_counters b, bool compacting) {
    a.bytes = b.bytes; /* spare room may have grown */
    if (compacting) {  /* and what is compacted stays so */
        a.rows_pending = b.rows_pending;
        a.customers = b.customers;
        a.orders = b.orders;
    }
    return memcmp(&a, &b, sizeof a) == 0;
}

/* What the state knows after the call. */
static dump knowledge_after(int64_t call) {
    scene *s = scene_of(LARGE);
    ck_assert_int_eq(calls[call].run(s, NULL), PMKT_OK);
    const dump knows = rfm_dump(s->rfm);
    scene_free(s);
    return knows;
}

/* Cancels the call at the given call of the callback; false if it came to its end before. */
static bool cancel_at(int64_t call, int64_t at, int32_t threads, const dump *expected) {
    scene *s = scene_of(LARGE);
    dump before = rfm_dump(s->rfm);
    const pmkt_rfm_counters counters = rfm_stats(s->rfm);
    const pmkt_report report = s->report;
    watcher w = {.caller = pthread_self(), .cancel_at = at};
    const pmkt_run run = {sizeof run, threads, {watch, &w}};
    const pmkt_status status = calls[call].run(s, &run);
    const bool canceled = status != PMKT_OK;
    if (canceled) {
        ck_assert_msg(status == PMKT_E_CANCELED, "%s", calls[call].name);
        ck_assert_msg(same_counters(rfm_stats(s->rfm), counters, calls[call].run == compact), "%s",
                      calls[call].name);
        ck_assert_ptr_null(s->scores);
        ck_assert_ptr_null(s->migration);
        ck_assert_mem_eq(&report, &s->report, sizeof report);
        dump_check_equal(before, rfm_dump(s->rfm));
        ck_assert_int_eq(calls[call].run(s, NULL), PMKT_OK);
    } else {
        dump_free(&before);
        ck_assert_int_lt(w.calls, at); /* it was never told to stop */
    }
    dump after = rfm_dump(s->rfm);
    ck_assert_msg(dump_equal(&after, expected), "%s", calls[call].name);
    dump_free(&after);
    scene_free(s);
    return canceled;
}

START_TEST(a_cancel_changes_nothing_whenever_it_comes) {
    for (int64_t i = 0; i < LENGTH(calls); i++) {
        dump expected = knowledge_after(i);
        int64_t at = 1;
        while (cancel_at(i, at, 1, &expected)) at += at < 4 ? 1 : at / 2;
        ck_assert_int_gt(at, 1);
        dump_free(&expected);
    }
}
END_TEST

START_TEST(a_cancel_on_many_threads_changes_nothing) {
    for (int64_t i = 0; i < LENGTH(calls); i++) {
        dump expected = knowledge_after(i);
        for (int64_t at = 1; at <= 4; at++) (void)cancel_at(i, at, 4, &expected);
        dump_free(&expected);
    }
}
END_TEST

/* -------------------------------------------------------------------- threads */

START_TEST(small_work_starts_no_threads) {
    if (!threads_watched("small_work_starts_no_threads")) return;
    scene *s = scene_of(200);
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 8;
    threads_watch(INT64_MAX);
    for (int64_t i = 0; i < LENGTH(calls); i++) {
        pmkt_rfm_scores_free(s->scores);
        s->scores = NULL;
        ck_assert_int_eq(calls[i].run(s, &run), PMKT_OK);
        ck_assert_msg(threads_started() == 0, "%s started threads", calls[i].name);
    }
    scene_free(s);
}
END_TEST

START_TEST(one_thread_starts_no_other) {
    if (!threads_watched("one_thread_starts_no_other")) return;
    scene *s = scene_of(scaled(300000, 70000));
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 1;
    threads_watch(INT64_MAX);
    for (int64_t i = 0; i < LENGTH(calls); i++) {
        pmkt_rfm_scores_free(s->scores);
        s->scores = NULL;
        ck_assert_int_eq(calls[i].run(s, &run), PMKT_OK);
    }
    const uint64_t user = 1;
    ck_assert_int_eq(pmkt_rfm_forget(s->rfm, &user, 1, T, NULL, NULL), PMKT_OK);
    ck_assert_int_eq(threads_started(), 0);
    scene_free(s);
}
END_TEST

START_TEST(threads_that_cannot_be_started_change_no_answer) {
    if (!threads_watched("threads_that_cannot_be_started_change_no_answer")) return;
    const int64_t rows = scaled(300000, 140000);
    batch b = random_rows(rows, rows / 2, 7);
    const pmkt_events events = batch_events(&b);
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 4;
    pmkt_rfm *alone = rfm_history(), *helped = rfm_history();
    threads_watch(INT64_MAX);
    ck_assert_int_eq(pmkt_rfm_add(helped, &events, &run, NULL, NULL), PMKT_OK);
    ck_assert_int_gt(threads_started(), 0);
    threads_watch(0);
    ck_assert_int_eq(pmkt_rfm_add(alone, &events, &run, NULL, NULL), PMKT_OK);
    ck_assert_int_eq(threads_started(), 0);
    ck_assert_int_gt(threads_refused(), 0);
    ck_assert(rfm_equal(alone, helped));
    pmkt_rfm_free(alone);
    pmkt_rfm_free(helped);
    batch_clear(&b);
}
END_TEST

/* Any number of threads may read a const state at once. */
typedef struct reader {
    const pmkt_rfm *rfm;
    const pmkt_rfm_scores *expected;
    bool equal;
} reader;

static void *read_state(void *arg) {
    reader *r = arg;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2;
    pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    r->equal = true;
    for (int i = 0; i < 5; i++) {
        pmkt_rfm_scores *scores = NULL;
        r->equal &= pmkt_rfm_score(r->rfm, T + 90 * DAY, NULL, &run, &scores, NULL) == PMKT_OK;
        r->equal &= pmkt_rfm_stats(r->rfm, &counters, NULL) == PMKT_OK;
        r->equal &= scores && scores_equal(scores, r->expected);
        pmkt_rfm_migration *m = NULL;
        r->equal &= pmkt_rfm_migrate(r->expected, scores, 0, &run, &m, NULL) == PMKT_OK;
        pmkt_rfm_migration_free(m);
        pmkt_rfm_scores_free(scores);
    }
    return NULL;
}

START_TEST(a_state_can_be_read_by_many_threads_at_once) {
    scene *s = scene_of(scaled(40000, 5000));
    pthread_t threads[4];
    reader readers[4];
    for (int i = 0; i < 4; i++) {
        readers[i] = (reader){s->rfm, s->after, false};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_state, &readers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert(readers[i].equal);
    }
    scene_free(s);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm progress");
    TOPIC(suite, "progress", progress_rises_from_0_to_1_on_the_callers_thread,
          a_cancel_changes_nothing_whenever_it_comes, a_cancel_on_many_threads_changes_nothing);
    TOPIC(suite, "threads", small_work_starts_no_threads, one_thread_starts_no_other,
          threads_that_cannot_be_started_change_no_answer,
          a_state_can_be_read_by_many_threads_at_once);
    return suite_run(suite);
}
