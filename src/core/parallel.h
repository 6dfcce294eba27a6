/*
 * parallel.h - one heavy call spread over threads that live only as long as the call.
 *
 * Work is cut into chunks whose borders depend on the data alone, never on the number of threads;
 * each chunk writes to its own place. So the answer is the same bytes at any thread count.
 */
#ifndef PMKTI_PARALLEL_H
#define PMKTI_PARALLEL_H

#include <stdbool.h>

#include "pmkt/base.h"

/* A checked copy of the caller's pmkt_run. */
typedef struct pmkti_run {
    int threads; /* at least 1 */
    pmkt_progress progress;
} pmkti_run;

/* Rows or records below which threads are not worth their start, nor asking the system for them. */
#define PMKTI_SERIAL 32768

/* NULL is PMKT_RUN_INIT. `work` counts the rows or records of the call. */
pmkt_status pmkti_run_check(const pmkt_run *run, int64_t work, pmkti_run *mine, pmkt_error *err);

/*
 * What to do with one chunk. `worker` is below the number of threads and no two calls with the same
 * worker run at once: use it to find scratch memory, never to decide what is computed. A status
 * other than PMKT_OK ends the whole call.
 */
typedef pmkt_status (*pmkti_task)(void *ctx, int64_t chunk, int worker);

/* A part of a call for the progress callback: this share of it, under this name. */
typedef struct pmkti_stage {
    const char *name;
    double from, to;
} pmkti_stage;

/*
 * Runs task(ctx, 0 .. chunks - 1) on up to run->threads threads, of which the caller's is one, and
 * returns when no task runs any more: the status of a chunk that failed, PMKT_E_CANCELED if the
 * progress callback said so, else PMKT_OK. Threads that cannot be started are done without.
 */
pmkt_status pmkti_parallel(const pmkti_run *run, pmkti_stage stage, pmkti_task task, void *ctx,
                           int64_t chunks);

/* True if the progress callback, told so far, wants to stop. */
bool pmkti_canceled(const pmkti_run *run, double done, const char *stage);

/* A part of a call that is a call of its own: what `progress` is told runs from `from` to `to`. */
typedef struct pmkti_share {
    pmkt_progress progress;
    double from, to;
} pmkti_share;

/* The progress for that part; `share` must outlive it. */
pmkt_progress pmkti_share_progress(pmkti_share *share);

/* A worker count for `chunks` chunks: what pmkti_parallel will use at most. */
int pmkti_workers(const pmkti_run *run, int64_t chunks);

#endif
