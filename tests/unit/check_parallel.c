/*
 * Work spread over threads: each chunk once, failures and cancels end it, and nobody outside notices.
 */
#define _POSIX_C_SOURCE 200809L /* sigset_t, clock_gettime */

#include "core/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/error.h"
#include "support/suite.h"
#include "support/threads.h"

#define MOST_CHUNKS 1000
#define MOST_WORKERS 64

static const pmkti_stage whole = {"testing", 0, 1};

static pmkti_run run_with(int threads) {
    return (pmkti_run){threads, {NULL, NULL}};
}

/* ------------------------------------------------------------------- chunks */

typedef struct tally {
    int threads;
    int64_t chunks;
    _Atomic int seen[MOST_CHUNKS];
    _Atomic int busy[MOST_WORKERS];
    _Atomic int strange; /* a worker or chunk out of range, or one worker at two chunks at once */
} tally;

static pmkt_status count_chunk(void *ctx, int64_t chunk, int worker) {
    tally *t = ctx;
    if (worker < 0 || worker >= t->threads || chunk < 0 || chunk >= t->chunks) {
        atomic_fetch_add(&t->strange, 1);
        return PMKT_OK;
    }
    if (atomic_fetch_add(&t->busy[worker], 1) != 0) atomic_fetch_add(&t->strange, 1);
    atomic_fetch_add(&t->seen[chunk], 1);
    atomic_fetch_sub(&t->busy[worker], 1);
    return PMKT_OK;
}

START_TEST(every_chunk_is_done_once_at_any_number_of_threads) {
    static const int THREADS[] = {1, 2, 3, 7, MOST_WORKERS};
    static const int64_t CHUNKS[] = {0, 1, 2, 6, 7, 8, MOST_CHUNKS};
    for (int64_t i = 0; i < LENGTH(THREADS); i++) {
        for (int64_t j = 0; j < LENGTH(CHUNKS); j++) {
            tally *t = calloc(1, sizeof *t);
            ck_assert_ptr_nonnull(t);
            t->threads = THREADS[i];
            t->chunks = CHUNKS[j];
            const pmkti_run run = run_with(THREADS[i]);
            ck_assert_int_eq(pmkti_parallel(&run, whole, count_chunk, t, CHUNKS[j]), PMKT_OK);
            ck_assert_int_eq(t->strange, 0);
            for (int64_t c = 0; c < MOST_CHUNKS; c++) {
                ck_assert_int_eq(t->seen[c], c < CHUNKS[j] ? 1 : 0);
            }
            free(t);
        }
    }
}
END_TEST

START_TEST(there_are_never_more_workers_than_chunks) {
    const pmkti_run four = run_with(4);
    ck_assert_int_eq(pmkti_workers(&four, 1000), 4);
    ck_assert_int_eq(pmkti_workers(&four, 4), 4);
    ck_assert_int_eq(pmkti_workers(&four, 3), 3);
    ck_assert_int_eq(pmkti_workers(&four, 1), 1);
    ck_assert_int_eq(pmkti_workers(&four, 0), 1);
}
END_TEST

START_TEST(only_the_threads_that_have_work_are_started) {
    if (!threads_watched("only_the_threads_that_have_work_are_started")) return;
    static const struct {
        int threads;
        int64_t chunks, started;
    } CASES[] = {{1, 100, 0}, {4, 100, 3}, {4, 2, 1}, {4, 1, 0}, {4, 0, 0}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        tally *t = calloc(1, sizeof *t);
        ck_assert_ptr_nonnull(t);
        t->threads = CASES[i].threads;
        t->chunks = CASES[i].chunks;
        const pmkti_run run = run_with(CASES[i].threads);
        threads_watch(INT64_MAX);
        ck_assert_int_eq(pmkti_parallel(&run, whole, count_chunk, t, t->chunks), PMKT_OK);
        ck_assert_int_eq(threads_started(), CASES[i].started);
        free(t);
    }
}
END_TEST

START_TEST(threads_that_cannot_be_started_are_done_without) {
    if (!threads_watched("threads_that_cannot_be_started_are_done_without")) return;
    for (int64_t allowed = 0; allowed < 3; allowed++) {
        tally *t = calloc(1, sizeof *t);
        ck_assert_ptr_nonnull(t);
        t->threads = 4;
        t->chunks = MOST_CHUNKS;
        const pmkti_run run = run_with(4);
        threads_watch(allowed);
        ck_assert_int_eq(pmkti_parallel(&run, whole, count_chunk, t, MOST_CHUNKS), PMKT_OK);
        ck_assert_int_eq(threads_started(), allowed);
        ck_assert_int_eq(threads_refused(), 1);
        ck_assert_int_eq(t->strange, 0);
        for (int c = 0; c < MOST_CHUNKS; c++) ck_assert_int_eq(t->seen[c], 1);
        free(t);
    }
}
END_TEST

/* ----------------------------------------------------------------- failures */

typedef struct failing {
    int64_t first_bad; /* chunks from here on fail with a status of their own */
    _Atomic int64_t done;
} failing;

static pmkt_status fail_late(void *ctx, int64_t chunk, int worker) {
    failing *f = ctx;
    (void)worker;
    atomic_fetch_add(&f->done, 1);
    if (chunk < f->first_bad) return PMKT_OK;
    return chunk == f->first_bad ? PMKT_E_NOMEM : PMKT_E_LIMIT;
}

START_TEST(on_one_thread_the_first_failure_ends_the_work) {
    failing f = {.first_bad = 10};
    const pmkti_run run = run_with(1);
    ck_assert_int_eq(pmkti_parallel(&run, whole, fail_late, &f, 100), PMKT_E_NOMEM);
    ck_assert_int_eq(f.done, 11);
}
END_TEST

START_TEST(on_many_threads_a_failure_ends_the_work_with_its_status) {
    for (int round = 0; round < 200; round++) {
        failing f = {.first_bad = 50};
        const pmkti_run run = run_with(4);
        const pmkt_status status = pmkti_parallel(&run, whole, fail_late, &f, 100000);
        ck_assert(status == PMKT_E_NOMEM || status == PMKT_E_LIMIT);
        ck_assert_int_ge(f.done, 51);
        ck_assert_int_le(f.done, 50 + 4); /* each thread can meet one failure */
    }
}
END_TEST

START_TEST(a_failure_of_the_last_chunk_is_not_lost) {
    for (int threads = 1; threads <= 4; threads++) {
        failing f = {.first_bad = 7};
        const pmkti_run run = run_with(threads);
        ck_assert_int_eq(pmkti_parallel(&run, whole, fail_late, &f, 8), PMKT_E_NOMEM);
        ck_assert_int_eq(f.done, 8);
    }
}
END_TEST

/* ----------------------------------------------------------------- progress */

typedef struct watcher {
    pthread_t caller;
    int64_t calls, cancel_at; /* answers non-zero from this call on; 0 = never */
    double last, least, most;
    bool foreign, fell, other_stage;
} watcher;

static int watch(void *ctx, double done, const char *stage) {
    watcher *w = ctx;
    w->calls++;
    w->foreign |= !pthread_equal(pthread_self(), w->caller);
    w->fell |= w->calls > 1 && done < w->last;
    w->other_stage |= strcmp(stage, "testing") != 0;
    if (w->calls == 1 || done < w->least) w->least = done;
    if (done > w->most) w->most = done;
    w->last = done;
    return w->cancel_at > 0 && w->calls >= w->cancel_at;
}

static watcher watcher_canceling_at(int64_t call) {
    return (watcher){.caller = pthread_self(), .cancel_at = call};
}

START_TEST(progress_rises_through_its_stage_on_the_callers_thread) {
    for (int threads = 1; threads <= 4; threads++) {
        watcher w = watcher_canceling_at(0);
        const pmkti_run run = {threads, {watch, &w}};
        failing f = {.first_bad = 1000};
        const pmkti_stage half = {"testing", 0.25, 0.5};
        ck_assert_int_eq(pmkti_parallel(&run, half, fail_late, &f, 1000), PMKT_OK);
        ck_assert(!w.foreign);
        ck_assert(!w.fell);
        ck_assert(!w.other_stage);
        ck_assert_int_ge(w.calls, 1);
        ck_assert_double_eq(w.least, 0.25);
        ck_assert_double_le(w.most, 0.5);
        if (threads == 1) ck_assert_double_eq(w.last, 0.5);
    }
}
END_TEST

START_TEST(a_cancel_before_the_first_chunk_does_nothing) {
    watcher w = watcher_canceling_at(1);
    const pmkti_run run = {4, {watch, &w}};
    failing f = {.first_bad = 1000};
    ck_assert_int_eq(pmkti_parallel(&run, whole, fail_late, &f, 1000), PMKT_E_CANCELED);
    ck_assert_int_eq(f.done, 0);
    ck_assert_int_eq(w.calls, 1);
}
END_TEST

START_TEST(a_cancel_on_the_way_stops_the_work) {
    watcher w = watcher_canceling_at(6);
    const pmkti_run run = {1, {watch, &w}};
    failing f = {.first_bad = 1000};
    ck_assert_int_eq(pmkti_parallel(&run, whole, fail_late, &f, 1000), PMKT_E_CANCELED);
    ck_assert_int_eq(f.done, 5);
    ck_assert_int_eq(w.calls, 6);
}
END_TEST

START_TEST(work_of_no_chunks_can_be_canceled_too) {
    watcher w = watcher_canceling_at(1);
    const pmkti_run run = {2, {watch, &w}};
    ck_assert_int_eq(pmkti_parallel(&run, whole, fail_late, NULL, 0), PMKT_E_CANCELED);
}
END_TEST

START_TEST(nobody_to_ask_is_nobody_who_cancels) {
    const pmkti_run run = run_with(1);
    ck_assert(!pmkti_canceled(&run, 0.5, "testing"));
}
END_TEST

/* ------------------------------------------------------------------ signals */

/* Two threads that meet, each in its own chunk, so that both certainly run. */
typedef struct meeting {
    _Atomic int arrived;
    _Atomic int unblocked; /* signals that a worker thread would have taken */
    _Atomic int others;    /* chunks done by a thread other than the caller's */
} meeting;

static double now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static pmkt_status meet(void *ctx, int64_t chunk, int worker) {
    meeting *m = ctx;
    (void)chunk;
    atomic_fetch_add(&m->arrived, 1);
    const double deadline = now() + 60;
    while (atomic_load(&m->arrived) < 2) {
        if (now() > deadline) return PMKT_E_LIMIT;
        (void)sched_yield();
    }
    if (worker == 0) return PMKT_OK;
    atomic_fetch_add(&m->others, 1);
    sigset_t mask;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &mask);
    for (int signal = 1; signal < 32; signal++) {
        if (signal == SIGKILL || signal == SIGSTOP) continue; /* nobody can block these */
        if (!sigismember(&mask, signal)) atomic_fetch_add(&m->unblocked, 1);
    }
    return PMKT_OK;
}

START_TEST(worker_threads_block_all_signals_and_the_caller_keeps_its_own) {
    sigset_t before, after;
    (void)sigemptyset(&before);
    (void)sigaddset(&before, SIGUSR2);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    meeting m = {0, 0, 0};
    const pmkti_run run = run_with(2);
    ck_assert_int_eq(pmkti_parallel(&run, whole, meet, &m, 2), PMKT_OK);
    ck_assert_int_eq(m.others, 1);
    ck_assert_int_eq(m.unblocked, 0);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    for (int signal = 1; signal < 32; signal++) {
        ck_assert_int_eq(sigismember(&after, signal), signal == SIGUSR2);
    }
}
END_TEST

/* ---------------------------------------------------------------------- run */

START_TEST(no_run_is_all_allowed_threads_and_nobody_to_ask) {
    pmkti_run mine = {0, {watch, NULL}};
    ck_assert_int_eq(pmkti_run_check(NULL, PMKTI_SERIAL, &mine, NULL), PMKT_OK);
    ck_assert_int_eq(mine.threads, pmkt_default_threads());
    ck_assert(!mine.progress.fn);
    pmkt_run run = PMKT_RUN_INIT;
    ck_assert_int_eq(pmkti_run_check(&run, PMKTI_SERIAL, &mine, NULL), PMKT_OK);
    ck_assert_int_eq(mine.threads, pmkt_default_threads());
}
END_TEST

START_TEST(a_run_says_how_many_threads_and_whom_to_ask) {
    watcher w = watcher_canceling_at(0);
    pmkti_run mine;
    for (int32_t threads = 1; threads <= 1024; threads += 1023) {
        const pmkt_run run = {sizeof run, threads, {watch, &w}};
        ck_assert_int_eq(pmkti_run_check(&run, PMKTI_SERIAL, &mine, NULL), PMKT_OK);
        ck_assert_int_eq(mine.threads, threads);
        ck_assert(mine.progress.fn == watch);
        ck_assert_ptr_eq(mine.progress.ctx, &w);
    }
}
END_TEST

START_TEST(an_impossible_number_of_threads_is_refused) {
    static const int32_t THREADS[] = {-1, INT32_MIN, 1025, INT32_MAX};
    for (int64_t i = 0; i < LENGTH(THREADS); i++) {
        const pmkt_run run = {sizeof run, THREADS[i], {NULL, NULL}};
        pmkti_run mine = run_with(5);
        pmkt_error err = {0};
        ck_assert_int_eq(pmkti_run_check(&run, PMKTI_SERIAL, &mine, &err), PMKT_E_INVALID);
        ck_assert_ptr_nonnull(strstr(err.message, "run.threads"));
        ck_assert_int_eq(mine.threads, 5);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("parallel");
    TOPIC(suite, "chunks", every_chunk_is_done_once_at_any_number_of_threads,
          there_are_never_more_workers_than_chunks, only_the_threads_that_have_work_are_started,
          threads_that_cannot_be_started_are_done_without);
    TOPIC(suite, "failures", on_one_thread_the_first_failure_ends_the_work,
          on_many_threads_a_failure_ends_the_work_with_its_status,
          a_failure_of_the_last_chunk_is_not_lost);
    TOPIC(suite, "progress", progress_rises_through_its_stage_on_the_callers_thread,
          a_cancel_before_the_first_chunk_does_nothing, a_cancel_on_the_way_stops_the_work,
          work_of_no_chunks_can_be_canceled_too, nobody_to_ask_is_nobody_who_cancels);
    TOPIC(suite, "signals", worker_threads_block_all_signals_and_the_caller_keeps_its_own);
    TOPIC(suite, "run", no_run_is_all_allowed_threads_and_nobody_to_ask,
          a_run_says_how_many_threads_and_whom_to_ask, an_impossible_number_of_threads_is_refused);
    return suite_run(suite);
}
