#define _POSIX_C_SOURCE 200809L /* sigset_t, pthread_sigmask */

#include "core/parallel.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "core/error.h"
#include "core/structs.h"

#define MAX_THREADS 1024

pmkt_status pmkti_run_check(const pmkt_run *run, int64_t work, pmkti_run *mine, pmkt_error *err) {
    pmkt_run known = PMKT_RUN_INIT;
    const pmkt_status status =
        pmkti_struct_in(&known, sizeof known, run, offsetof(pmkt_run, progress), "run", err);
    if (status) return status;
    if (known.threads < 0 || known.threads > MAX_THREADS) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "run.threads is %d, but must be 0 (all allowed) to %d",
                          (int)known.threads, MAX_THREADS);
    }
    int32_t threads = 1;
    if (work >= PMKTI_SERIAL) threads = known.threads ? known.threads : pmkt_default_threads();
    mine->threads = threads < MAX_THREADS ? threads : MAX_THREADS;
    mine->progress = known.progress;
    return PMKT_OK;
}

bool pmkti_canceled(const pmkti_run *run, double done, const char *stage) {
    return run->progress.fn && run->progress.fn(run->progress.ctx, done, stage) != 0;
}

static int tell_share(void *ctx, double done, const char *stage) {
    const pmkti_share *share = ctx;
    const double all = share->from + (share->to - share->from) * done;
    return share->progress.fn(share->progress.ctx, all, stage);
}

pmkt_progress pmkti_share_progress(pmkti_share *share) {
    const pmkt_progress none = {NULL, NULL}, mine = {tell_share, share};
    return share->progress.fn ? mine : none;
}

int pmkti_workers(const pmkti_run *run, int64_t chunks) {
    return chunks < run->threads ? (int)(chunks > 0 ? chunks : 1) : run->threads;
}

/* What the threads of one call share. */
typedef struct team {
    pmkti_task task;
    void *ctx;
    int64_t chunks;
    _Atomic int64_t next;
    _Atomic pmkt_status status; /* the first failure; stops the handing out of chunks */
} team;

typedef struct member {
    team *team;
    int worker;
} member;

static void fail(team *t, pmkt_status status) {
    pmkt_status ok = PMKT_OK;
    atomic_compare_exchange_strong(&t->status, &ok, status);
}

/* The next chunk, or -1 if there is none or the team has failed. */
static int64_t take(team *t) {
    if (atomic_load_explicit(&t->status, memory_order_relaxed)) return -1;
    const int64_t chunk = atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed);
    return chunk < t->chunks ? chunk : -1;
}

static bool work_once(team *t, int worker) {
    const int64_t chunk = take(t);
    if (chunk < 0) return false;
    const pmkt_status status = t->task(t->ctx, chunk, worker);
    if (status) fail(t, status);
    return true;
}

static void *work(void *arg) {
    const member *m = arg;
    while (work_once(m->team, m->worker)) {
    }
    return NULL;
}

/* Starts up to n - 1 threads with all signals blocked, so that the caller's handlers run on the
   caller's threads; returns how many started. */
static int start(team *t, int n, pthread_t *threads, member *members) {
    const int saved_errno = errno;
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before)) return 0;
    int started = 0;
    while (started < n - 1) {
        members[started] = (member){t, started + 1};
        if (pthread_create(&threads[started], NULL, work, &members[started])) break;
        started++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved_errno;
    return started;
}

/* Tells how many chunks are taken; true if the callback wants to stop. */
static bool tell(const pmkti_run *run, pmkti_stage stage, int64_t taken, int64_t chunks) {
    const double share = (double)taken / (double)chunks;
    return pmkti_canceled(run, stage.from + (stage.to - stage.from) * share, stage.name);
}

pmkt_status pmkti_parallel(const pmkti_run *run, pmkti_stage stage, pmkti_task task, void *ctx,
                           int64_t chunks) {
    team t = {.task = task, .ctx = ctx, .chunks = chunks};
    pthread_t threads[MAX_THREADS];
    member members[MAX_THREADS];
    if (pmkti_canceled(run, stage.from, stage.name)) return PMKT_E_CANCELED;

    const int started = start(&t, pmkti_workers(run, chunks), threads, members);
    int64_t told = 0;
    while (work_once(&t, 0)) {
        told = atomic_load_explicit(&t.next, memory_order_relaxed);
        if (told > chunks) told = chunks;
        if (tell(run, stage, told, chunks)) fail(&t, PMKT_E_CANCELED);
    }
    for (int i = 0; i < started; i++) (void)pthread_join(threads[i], NULL);
    /* Another thread may have taken the last chunks; the end is told all the same. */
    const bool is_done = told < chunks && atomic_load(&t.status) == PMKT_OK;
    if (is_done && tell(run, stage, chunks, chunks)) return PMKT_E_CANCELED;
    return atomic_load(&t.status);
}
