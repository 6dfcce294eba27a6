/*
 * visitor.h - what is remembered of one user: the session so far, and a little of what was before.
 *
 * A few hundred bytes that one event after the other changes, so that scores of a whole batch and of a
 * live stream come from the same state, and from it alone.
 */
#ifndef PMKTI_PURCHASE_VISITOR_H
#define PMKTI_PURCHASE_VISITOR_H

#include <stdbool.h>

#include "intent/purchase/reader.h"

#define PMKTI_MEMORY 4 /* things remembered: on real data as good as 32 */

/* How often a thing was met, and what was done with it. */
typedef struct pmkti_seen {
    uint8_t here;   /* in this session */
    uint8_t before; /* in earlier ones */
    uint8_t flags;
} pmkti_seen;

#define PMKTI_SEEN_CART 1u
#define PMKTI_SEEN_FAVORITE 2u

/* The latest things; a new one takes the place of the one that was met longest ago. */
typedef struct pmkti_memory {
    uint32_t key[PMKTI_MEMORY];
    uint32_t met[PMKTI_MEMORY]; /* when last, by `clock`; 0: a free place */
    pmkti_seen seen[PMKTI_MEMORY];
    uint32_t clock;
    uint32_t different; /* met in this session */
    uint32_t repeats;   /* events of this session with one that had been met in it */
} pmkti_memory;

typedef struct pmkti_visitor {
    int64_t began, last; /* of the session: its first and its latest event */
    int64_t ended;       /* the latest event of the session before, if there was one */
    int64_t ordered;     /* the latest goal, if there was one */
    uint32_t sessions;   /* before this one */
    uint32_t buys;       /* of them, with a goal */
    uint32_t orders;     /* goals so far */
    uint32_t events;     /* of this session */
    double since, rate;  /* features that the whole session has: since_session, buying_rate */
    double evidence;
    double dwell, dwell_sum; /* ln seconds */
    int32_t node;
    bool past;                 /* the session has reached its goal */
    pmkti_seen item, category; /* what was known of the latest event's before it */
    pmkti_memory items, categories;
    uint8_t count[PMKT_INTENT_MAX_ACTIONS]; /* of the model's actions */
} pmkti_visitor;

/* One event to a visitor. */
typedef struct pmkti_step {
    int64_t time;
    uint64_t item, category; /* or PMKT_ID_NONE */
    uint32_t step;           /* of the model's: an action, GOAL, or UNKNOWN */
    uint16_t kind;
} pmkti_step;

/* A user of whom nothing is known. */
void pmkti_visitor_new(pmkti_visitor *v);

/* A session begins with an event at `time`. */
void pmkti_visitor_session(pmkti_visitor *v, const pmkti_reader *r, int64_t time);

/* The next event of the session. */
void pmkti_visitor_see(pmkti_visitor *v, const pmkti_reader *r, const pmkti_step *e);

#endif
