/*
 * funnel.h - funnels and paths: how far people come, where they leave, what they do next, and when.
 *
 *     pmkt_funnel_step steps[3] = {{view, 1, 0, 0, 0}, {cart, 1, 0, 0, 0}, {order, 1, 0, 0, 0}};
 *     pmkt_funnel_new(&events, steps, 3, NULL, NULL, NULL, &funnel, &err);
 *     pmkt_funnel_columns_of(funnel, &c, &err);   // c.reached[2] of c.reached[0] ordered
 *
 *     pmkt_paths_new(&events, NULL, NULL, NULL, &paths, &err);
 *     pmkt_paths_columns_of(paths, &p, &err);     // the 20 paths that most sessions take
 *
 * The decision stages search, compare, buy, review are a funnel of four steps: {search}, {view, favorite},
 * {order}, {review}.
 *
 * Events may come in any order: each user's are sorted by time, and those of one instant by row. A session
 * ends where a user is idle for longer than the gap.
 */
#ifndef PMKT_FUNNEL_H
#define PMKT_FUNNEL_H

#include "events.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ funnels */

/* A step: events of one of the kinds, and of the item, category and channel where those are named. */
typedef struct pmkt_funnel_step {
    const int32_t *kinds; /* [n_kinds] PMKT_KIND_...; NULL and 0: every kind */
    int64_t n_kinds;      /* 0 to 65,536 */
    uint64_t item;        /* PMKT_ID_NONE: any, and none */
    uint64_t category;
    uint64_t channel;
} pmkt_funnel_step;

/* What all events of an attempt must have in common. */
enum {
    PMKT_FUNNEL_ANYTHING = 0,
    PMKT_FUNNEL_SAME_ITEM = 1,    /* events without an item are not seen */
    PMKT_FUNNEL_SAME_CATEGORY = 2 /* the same of the category */
};

/* What is counted. */
enum {
    PMKT_FUNNEL_USERS = 0,
    PMKT_FUNNEL_SESSIONS = 1 /* each on its own: an attempt does not go on in the next */
};

/* How to follow. */
typedef struct pmkt_funnel_options {
    uint32_t struct_size; /* sizeof(pmkt_funnel_options) */
    int32_t open;         /* 1: an attempt may begin at any step; 0: at the first */
    int32_t strict;       /* 1: no other event in between; 0: any */
    int32_t hold;         /* PMKT_FUNNEL_ANYTHING */
    int32_t count;        /* PMKT_FUNNEL_USERS */
    int32_t by_session;   /* 1: a session ends where events.session changes, too */
    int64_t window_ms;    /* all steps within so long of the attempt's first; 0 = any time */
    int64_t gap_ms;       /* 1,800,000 (30 minutes): idle for longer ends a session */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_funnel_options;

#define PMKT_FUNNEL_OPTIONS_INIT \
    { sizeof(pmkt_funnel_options), 0, 0, 0, 0, 0, 0, 0, NULL }

static inline void pmkt_funnel_options_init(pmkt_funnel_options *options) {
    const pmkt_funnel_options defaults = PMKT_FUNNEL_OPTIONS_INIT;
    *options = defaults;
}

/* A funnel that was followed (immutable). */
typedef struct pmkt_funnel pmkt_funnel;

/*
 * Follows a funnel of 1 to 32 steps.
 *
 * An attempt begins at an event that matches a step (the first, or with `open` any), and goes on with the
 * first later event that matches the next step, and so on, while that lies within the window; with `strict`
 * only the very next event may match. Held constant, each item (category) is followed on its own. One event
 * is one step. Of all the attempts of a user (session) one counts: that which reaches furthest; among those
 * the one that began at the earliest step; among those the one that began first.
 *
 * Errors: PMKT_E_INVALID, also for a condition on a column that the events lack; PMKT_E_BAD_ROW;
 * PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread. O(rows * steps), with `open` O(rows * steps^2); up to about
 * 70 bytes a row meanwhile. Since 0.3.
 */
PMKT_API pmkt_status pmkt_funnel_new(const pmkt_events *events, const pmkt_funnel_step *steps,
                                     int64_t n_steps, const pmkt_funnel_options *options,
                                     const pmkt_run *run, pmkt_report *report, pmkt_funnel **funnel,
                                     pmkt_error *err);

/* Frees a funnel; its columns go with it. Since 0.3. */
PMKT_API void pmkt_funnel_free(pmkt_funnel *funnel);

/*
 * What a funnel found; borrowed until _free. `conversion` is continued / reached of the step before, NaN at
 * the first step and of none; `overall` is reached / attempts. Times are from the step before: quartiles,
 * exact, linear between two (Hyndman and Fan's type 7), NaN where nobody continued. `next` is what those who
 * were lost did right after (with PMKT_FUNNEL_USERS in whatever session), by step, then the most frequent
 * first. Attempts stand in an order that is the same in every process.
 */
typedef struct pmkt_funnel_columns {
    uint32_t struct_size; /* in: sizeof(pmkt_funnel_columns) */
    int32_t reserved;
    int64_t steps;
    const int64_t *reached;   /* [steps] attempts with this step */
    const int64_t *entered;   /* [steps] of these, who began here */
    const int64_t *continued; /* [steps] of these, who came from the step before */
    const int64_t *lost;      /* [steps] who got no further than here; 0 at the last */
    const double *conversion; /* [steps] */
    const double *overall;    /* [steps] */
    const double *p25_ms;     /* [steps] */
    const double *median_ms;  /* [steps] */
    const double *p75_ms;     /* [steps] */
    int64_t n_next;
    const int32_t *next_step; /* [n_next] from 0 */
    const int32_t *next_kind; /* [n_next] PMKT_KIND_NONE: nothing more */
    const int64_t *next_n;    /* [n_next] */
    int64_t attempts;         /* one of each user (session) who has any */
    const uint64_t *user;     /* [attempts] */
    const int32_t *first;     /* [attempts] the step at which it began */
    const int32_t *last;      /* [attempts] the step that it reached */
    const int64_t *begin_ms;  /* [attempts] when it began */
    int64_t units;            /* users (sessions), with and without an attempt */
} pmkt_funnel_columns;

#define PMKT_FUNNEL_COLUMNS_INIT \
    { \
        sizeof(pmkt_funnel_columns), 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
            0, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 0 \
    }

static inline void pmkt_funnel_columns_init(pmkt_funnel_columns *columns) {
    const pmkt_funnel_columns empty = PMKT_FUNNEL_COLUMNS_INIT;
    *columns = empty;
}

/* Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_funnel_columns_of(const pmkt_funnel *funnel, pmkt_funnel_columns *out,
                                            pmkt_error *err);

/* -------------------------------------------------------------------- paths */

/* What a page is. */
enum {
    PMKT_PATHS_BY_KIND = 0,
    PMKT_PATHS_BY_ITEM = 1,
    PMKT_PATHS_BY_CATEGORY = 2
};

/* What to look at. */
typedef struct pmkt_paths_options {
    uint32_t struct_size;  /* sizeof(pmkt_paths_options) */
    int32_t top;           /* 20: so many paths; to 100,000 */
    int32_t max_length;    /* 10: of a session's actions the first so many are its path; to 1,000 */
    int32_t collapse;      /* 1: an action that repeats is one */
    int32_t goal;          /* PMKT_KIND_ORDER: a session with this kind converts */
    int32_t page;          /* PMKT_PATHS_BY_KIND */
    int32_t top_pages;     /* 100: so many pages; to 100,000 */
    int32_t by_session;    /* 1: a session ends where events.session changes, too */
    int32_t user_hours;    /* 1: the hours of each user, too */
    int32_t reserved;      /* 0 */
    int64_t gap_ms;        /* 1,800,000 (30 minutes): idle for longer ends a session */
    int64_t soon_ms;       /* 10,000: left within this is left too soon */
    const pmkt_zone *zone; /* of the hours; NULL = UTC */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_paths_options;

#define PMKT_PATHS_OPTIONS_INIT \
    { sizeof(pmkt_paths_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL }

static inline void pmkt_paths_options_init(pmkt_paths_options *options) {
    const pmkt_paths_options defaults = PMKT_PATHS_OPTIONS_INIT;
    *options = defaults;
}

/* What sessions look like (immutable). */
typedef struct pmkt_paths pmkt_paths;

/*
 * Counts the paths of sessions, the moves from action to action, the pages that are left, and the hours.
 *
 * Errors: PMKT_E_INVALID, also for pages of a column that the events lack; PMKT_E_LIMIT for more than 255
 * different kinds; PMKT_E_BAD_ROW; PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread. O(rows + sessions * top) at
 * the worst, O(rows) as a rule; up to about 130 bytes a row meanwhile. Since 0.3.
 */
PMKT_API pmkt_status pmkt_paths_new(const pmkt_events *events, const pmkt_paths_options *options,
                                    const pmkt_run *run, pmkt_report *report, pmkt_paths **paths,
                                    pmkt_error *err);

/* Frees the paths; their columns go with them. Since 0.3. */
PMKT_API void pmkt_paths_free(pmkt_paths *paths);

/*
 * What was found; borrowed until _free.
 *
 * Paths: the most frequent first, of equally frequent ones the lesser first. Moves: by `from`, then `to`. A
 * stay is a run of events on one page within a session, and lasts until the next event elsewhere; that with
 * which the session ends is an exit, whose length nobody knows. Pages: most stays first, then the least page.
 * Medians are exact, NaN of none. Hours are weekday * 24 + hour, Monday being 0; those of users stand in an
 * order of users that is the same in every process, ascending in each.
 */
typedef struct pmkt_paths_columns {
    uint32_t struct_size; /* in: sizeof(pmkt_paths_columns) */
    int32_t reserved;
    int64_t sessions;
    int64_t users;
    int64_t converted; /* sessions with the goal */
    int64_t distinct;  /* different paths, of which these are the most frequent: */
    int64_t n;
    const int64_t *at;          /* [n + 1] where each path begins in `kind` */
    const int32_t *kind;        /* [at[n]] the actions of the paths */
    const int64_t *count;       /* [n] sessions */
    const int64_t *path_users;  /* [n] users with such a session */
    const int64_t *conversions; /* [n] of these sessions, with the goal anywhere in them */
    int64_t n_moves;
    const int32_t *from;   /* [n_moves] PMKT_KIND_NONE: the session begins */
    const int32_t *to;     /* [n_moves] PMKT_KIND_NONE: it ends */
    const int64_t *moves;  /* [n_moves] */
    const double *share;   /* [n_moves] of the moves from there */
    const double *move_ms; /* [n_moves] median time; NaN of beginnings and ends */
    int64_t n_pages;
    const uint64_t *page;       /* [n_pages] a kind, or an id */
    const int64_t *stays;       /* [n_pages] */
    const int64_t *exits;       /* [n_pages] */
    const int64_t *soon;        /* [n_pages] of the others, those left within soon_ms */
    const double *stay_ms;      /* [n_pages] median of the others */
    const int64_t *hours;       /* [168] events */
    int64_t n_user_hours;       /* with user_hours, else 0 */
    const uint64_t *hour_user;  /* [n_user_hours] */
    const int32_t *hour;        /* [n_user_hours] */
    const int64_t *hour_events; /* [n_user_hours] */
} pmkt_paths_columns;

#define PMKT_PATHS_COLUMNS_INIT \
    { \
        sizeof(pmkt_paths_columns), 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, \
            NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL \
    }

static inline void pmkt_paths_columns_init(pmkt_paths_columns *columns) {
    const pmkt_paths_columns empty = PMKT_PATHS_COLUMNS_INIT;
    *columns = empty;
}

/* Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_paths_columns_of(const pmkt_paths *paths, pmkt_paths_columns *out,
                                           pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
