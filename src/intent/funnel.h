/*
 * funnel.h (private) - a funnel under way: what to follow, and what each user or session came to.
 */
#ifndef PMKTI_INTENT_FUNNEL_H
#define PMKTI_INTENT_FUNNEL_H

#include "core/parallel.h"
#include "intent/sessions.h"
#include "intent/sessions_sort.h"
#include "pmkt/funnel.h"

#define PMKTI_FUNNEL_STEPS 32
#define PMKTI_FUNNEL_KINDS 65536

struct pmkt_funnel {
    pmkt_allocator allocator;
    pmkt_funnel_columns columns;
    int64_t *counts;    /* [4 * steps] reached, entered, continued, lost */
    double *shares;     /* [5 * steps] conversion, overall, quartiles */
    int32_t *next_step; /* [n_next] */
    int32_t *next_kind; /* [n_next] */
    int64_t *next_n;    /* [n_next] */
    uint64_t *user;     /* [attempts] */
    int32_t *first;     /* [attempts] */
    int32_t *last;      /* [attempts] */
    int64_t *begin_ms;  /* [attempts] */
};

/* The attempt that counts of a user or session. */
typedef struct pmkti_attempt {
    int32_t first, last; /* steps; last < 0: none */
    int32_t next_kind;   /* of the event right after; PMKT_KIND_NONE: nothing more */
    int32_t reserved;
    int64_t begin; /* the row */
    uint64_t user;
} pmkti_attempt;

typedef struct pmkti_following {
    pmkt_events ev;
    pmkt_funnel_options o;
    pmkt_allocator allocator;
    pmkti_run run;
    const pmkt_funnel_step *steps;
    int32_t n_steps;
    uint32_t conditions;  /* a bit for each step that names an id */
    uint32_t *kind_steps; /* [PMKTI_FUNNEL_KINDS] a bit for each step that a kind matches */
    pmkti_sessions s;
    int64_t units;
    pmkti_attempt *attempt; /* [units] */
    int64_t *elapsed;       /* [units * (n_steps - 1)] from step k to k + 1, where reached */
} pmkti_following;

/* Follows every user or session; PMKT_OK, PMKT_E_NOMEM or PMKT_E_CANCELED. */
pmkt_status pmkti_funnel_follow(pmkti_following *f, pmkti_stage stage);

/* Adds up what they came to. */
pmkt_status pmkti_funnel_sum(pmkti_following *f, pmkt_funnel *out);

#endif
