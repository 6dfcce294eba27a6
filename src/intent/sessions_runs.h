/*
 * sessions_runs.h - batches whose users stand together already, each in the order of time: runs of rows are
 * put in order instead of rows.
 */
#ifndef PMKTI_SESSIONS_RUNS_H
#define PMKTI_SESSIONS_RUNS_H

#include <stdbool.h>

#include "core/parallel.h"
#include "intent/sessions_sort.h"
#include "pmkt/events.h"

/* How the rows of a chunk follow each other. */
typedef struct pmkti_follows {
    int64_t runs;   /* rows whose user is not that of the row before */
    bool goes_back; /* a row of the same user as the one before is earlier */
} pmkti_follows;

/* Adds rows [from, end). */
void pmkti_follows_count(const pmkt_events *ev, int64_t from, int64_t end, pmkti_follows *f);

/* Rows of one user that stand together. */
typedef struct pmkti_runs {
    pmkt_allocator allocator;
    int64_t n, room;
    pmkti_visit
        *run; /* [n] mixed user; its first row, `time`; its rows, `what`. By user, then by row */
} pmkti_runs;

/*
 * Finds the runs of a batch without bad rows, of which chunks of `chunk_rows` follow each other as `follows`
 * says. out->n is 0 if they are too many to gain by it, or if the rows of a user are not in order, one run
 * after the other. PMKT_OK; PMKT_E_NOMEM, PMKT_E_CANCELED; `out` is to be freed in any case.
 */
pmkt_status pmkti_runs_find(const pmkt_events *ev, const pmkti_follows *follows, int64_t chunk_rows,
                            const pmkt_allocator *allocator, const pmkti_run *run,
                            pmkti_stage stage, pmkti_runs *out);
void pmkti_runs_free(pmkti_runs *runs);

/* The first run whose user is at or above `key`. O(log n) */
int64_t pmkti_runs_at(const pmkti_runs *runs, uint64_t key);

#endif
