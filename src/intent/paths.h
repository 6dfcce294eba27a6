/*
 * paths.h (private) - what is known while the paths of sessions are counted.
 */
#ifndef PMKTI_INTENT_PATHS_H
#define PMKTI_INTENT_PATHS_H

#include "core/parallel.h"
#include "intent/sessions.h"
#include "intent/sessions_sort.h"
#include "pmkt/funnel.h"

#define PMKTI_PATHS_KINDS 65536
#define PMKTI_PATHS_SLOTS 256 /* kinds that a batch may have, and none */
#define PMKTI_PATHS_HOURS 168
#define PMKTI_PATHS_GROUPS 16 /* parts are counted in so many tables */

struct pmkt_paths {
    pmkt_allocator allocator;
    pmkt_paths_columns columns;
    int64_t n_kinds;      /* of all the paths */
    int64_t *at;          /* [n + 1] */
    int32_t *kind;        /* [n_kinds] */
    int64_t *counts;      /* [3 * n] */
    int32_t *ends;        /* [2 * n_moves] from, to */
    int64_t *moves;       /* [n_moves] */
    double *of_move;      /* [2 * n_moves] share, median */
    uint64_t *page;       /* [n_pages] */
    int64_t *stays;       /* [3 * n_pages] */
    double *stay_ms;      /* [n_pages] */
    int64_t *hours;       /* [168] */
    uint64_t *hour_user;  /* [n_user_hours] */
    int32_t *hour;        /* [n_user_hours] */
    int64_t *hour_events; /* [n_user_hours] */
};

typedef struct pmkti_looking {
    pmkt_events ev;
    pmkt_paths_options o;
    pmkt_zone zone;
    pmkt_allocator allocator;
    pmkti_run run;
    pmkti_sessions s;
    pmkt_paths *out;
    uint8_t *slot; /* [PMKTI_PATHS_KINDS] of each kind, ascending; 0: not seen */
    int32_t kind[PMKTI_PATHS_SLOTS];
    int64_t slots; /* with that of none, 0 */
} pmkti_looking;

/* Gives slots to the kinds that there are; PMKT_E_NOMEM, PMKT_E_LIMIT. `slot` is to be freed. */
pmkt_status pmkti_paths_slots(pmkti_looking *l);

/* Each fills its columns: PMKT_OK, PMKT_E_NOMEM, PMKT_E_CANCELED. What they have made so far is freed
   with the handle. */
pmkt_status pmkti_paths_count(pmkti_looking *l, pmkti_stage stage);
pmkt_status pmkti_paths_moves(pmkti_looking *l, pmkti_stage stage);
pmkt_status pmkti_paths_pages(pmkti_looking *l, pmkti_stage stage);
pmkt_status pmkti_paths_hours(pmkti_looking *l, pmkti_stage stage);

/* The parts of group g: from *from to *end. */
static inline void pmkti_paths_group(const pmkti_sessions *s, int64_t g, int64_t *from,
                                     int64_t *end) {
    *from = s->parts * g / PMKTI_PATHS_GROUPS;
    *end = s->parts * (g + 1) / PMKTI_PATHS_GROUPS;
}

#endif
