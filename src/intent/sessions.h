/*
 * sessions.h - events in the order in which each user went through them, cut into sessions.
 *
 * Whatever looks at what people do one after the other (chains, funnels, paths) begins here. A batch comes in
 * any order; what comes out are columns sorted by user, time and row of the batch, with the borders of users
 * and sessions. Users stand in the order of pmkti_mix(id), which spreads work evenly; it is the same in every
 * process.
 */
#ifndef PMKTI_SESSIONS_H
#define PMKTI_SESSIONS_H

#include <stdbool.h>

#include "core/parallel.h"
#include "pmkt/events.h"

#define PMKTI_SESSIONS_GAP_MS (INT64_C(30) * 60 * 1000) /* the default */
#define PMKTI_SESSIONS_NEVER INT64_MAX                  /* a gap that nobody makes */

/* What to keep of each row, and where a session ends. */
typedef struct pmkti_sessions_plan {
    int64_t gap_ms; /* idle for longer than this: a new session; positive */
    bool by_column; /* events.session differs from that of the row before: a new session too */
    bool item, category, channel, row; /* columns to fill */
    const uint64_t *extra;             /* one more column of the batch to carry along, or NULL */
} pmkti_sessions_plan;

/* All arrays are of `allocator`. Columns that are not asked for, or that the batch lacks, are NULL. */
typedef struct pmkti_sessions {
    pmkt_allocator allocator;
    int64_t rows, users, sessions, parts;
    int64_t *time;       /* [rows] */
    uint16_t *kind;      /* [rows] */
    uint64_t *item;      /* [rows] */
    uint64_t *category;  /* [rows] */
    uint64_t *channel;   /* [rows] */
    uint64_t *extra;     /* [rows] */
    int64_t *row;        /* [rows] where each stands in the batch */
    uint64_t *user;      /* [users] */
    int64_t *user_at;    /* [users + 1] the first session of each user */
    int64_t *session_at; /* [sessions + 1] the first row of each session */
    int64_t *part_at;    /* [parts + 1] the first user of each part: chunks of much the same work */
} pmkti_sessions;

/*
 * Reads a batch that pmkti_events_in has passed, and counts its rows in `report`, which was begun. On failure
 * `out` is empty. PMKT_OK, PMKT_E_BAD_ROW, PMKT_E_NOMEM, PMKT_E_CANCELED. O(rows) whatever the order.
 */
pmkt_status pmkti_sessions_make(const pmkt_events *ev, const pmkti_sessions_plan *plan,
                                const pmkt_allocator *allocator, const pmkti_run *run,
                                pmkti_stage stage, pmkt_report *report, pmkti_sessions *out,
                                pmkt_error *err);

/* Frees the arrays; all zero is fine. */
void pmkti_sessions_free(pmkti_sessions *s);

/* The row at which user u begins; of u == users, the number of rows. */
static inline int64_t pmkti_sessions_begin(const pmkti_sessions *s, int64_t u) {
    return s->session_at[s->user_at[u]];
}

#endif
