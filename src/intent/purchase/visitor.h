/*
 * visitor.h - what is remembered of one user: the session so far, and a little of what was before.
 *
 * A hundred bytes and one for each action, which one event after the other changes, so that scores of a
 * whole batch and of a live stream come from the same state, and from it alone. With the id of the user
 * and 16 actions it is two cache lines. So counts stop (header of purchase.h), and what can be told from
 * the rest is not kept. What is only true right after an event stands apart, in a glance.
 */
#ifndef PMKTI_PURCHASE_VISITOR_H
#define PMKTI_PURCHASE_VISITOR_H

#include <stdbool.h>
#include <stddef.h>

#include "intent/purchase/reader.h"

#define PMKTI_MEMORY 4 /* things remembered: on real data as good as 32 */

/* What things are. */
enum {
    PMKTI_ITEM,
    PMKTI_CATEGORY,
    PMKTI_THINGS
};

/* Where counts and times stop. */
#define PMKTI_COUNT_MOST UINT16_MAX              /* sessions, buys, orders, events */
#define PMKTI_ELAPSED_MOST UINT32_MAX            /* ms: 49 days */
#define PMKTI_AGO_MOST ((UINT64_C(1) << 40) - 1) /* ms: 34 years */

/*
 * The latest four items and categories stand in the order in which they were met, the latest first; a
 * new one takes the place of the last. Of words that all four share, the lowest bits are of the first.
 */
typedef struct pmkti_visitor {
    int64_t last;               /* event */
    double evidence;            /* of the session, up to its goal */
    double dwell_sum;           /* ln seconds, of the session's counted events */
    uint64_t met[PMKTI_THINGS]; /* how often each: 8 bits in this session, 8 in earlier ones */
    uint64_t since : 40;        /* ms from the end of the session before to this one; 0: none was */
    uint64_t sessions : 16;     /* before this one */
    uint64_t cart : 8;          /* of 4 items, 4 categories: it is in the cart */
    uint64_t since_order : 40;  /* ms from the last goal to the last event; 0: none was */
    uint64_t buys : 16;         /* sessions before this one, with a goal */
    uint64_t favorite : 8;      /* as cart; of categories nobody asks */
    uint32_t node : 31;         /* of the chain, after the last action before the goal */
    uint32_t past : 1;          /* the session has reached its goal */
    uint32_t elapsed;           /* ms from the session's first event to the last */
    uint32_t key[PMKTI_THINGS][PMKTI_MEMORY]; /* 32 bits of a hash; 0: a free place */
    uint16_t orders;                          /* goals so far */
    uint16_t events;                          /* of this session; 0: there is none */
    uint8_t events_with[PMKTI_THINGS][2]; /* one new to this session; one that had been met in it */
    uint8_t count[]; /* [actions of the model] in this session, before its goal */
} pmkti_visitor;

/* Bytes of a visitor to a model of so many actions. */
#define PMKTI_VISITOR_SIZE(actions) (offsetof(pmkti_visitor, count) + (size_t)(actions))

_Static_assert(PMKTI_VISITOR_SIZE(16) + sizeof(uint64_t) == 128, "with an id, two cache lines");
_Static_assert(sizeof(pmkti_visitor) == PMKTI_VISITOR_SIZE(0), "nothing is padded");

/* A visitor with room for any model's actions. */
typedef union pmkti_visitor_room {
    pmkti_visitor v;
    uint8_t bytes[PMKTI_VISITOR_SIZE(PMKT_INTENT_MAX_ACTIONS)];
} pmkti_visitor_room;

/* How often a thing was met, and what was done with it. */
typedef struct pmkti_seen {
    uint8_t here;   /* in this session */
    uint8_t before; /* in earlier ones */
    bool cart, favorite;
} pmkti_seen;

/* The latest event: what only it tells. */
typedef struct pmkti_glance {
    double dwell;                  /* ln seconds since the event before */
    pmkti_seen seen[PMKTI_THINGS]; /* what was known of its item and category before it */
} pmkti_glance;

/* One event to a visitor. */
typedef struct pmkti_step {
    int64_t time;            /* not before the last */
    uint64_t item, category; /* or PMKT_ID_NONE */
    uint32_t step;           /* of the model's: an action, GOAL, or UNKNOWN */
    uint16_t kind;
} pmkti_step;

/* A user of whom nothing is known, until a session begins. */
void pmkti_visitor_new(pmkti_visitor *v);

/* A session begins with an event at `time`, which is not before the last. */
void pmkti_visitor_session(pmkti_visitor *v, const pmkti_reader *r, int64_t time);

/* The next event of the session. */
void pmkti_visitor_see(pmkti_visitor *v, const pmkti_reader *r, const pmkti_step *e,
                       pmkti_glance *glance);

/*
 * A visitor, with room for the actions of both, goes from one model's chains to another's in the middle
 * of a session: to the context of the same actions, but for those that the new one does not know, with
 * the counts of the actions that both know. What the old chains said, as evidence, stays.
 */
void pmkti_visitor_move(pmkti_visitor *v, const pmkti_reader *from, const pmkti_reader *to);

/* Where a visitor is in chains, told without them. */
typedef struct pmkti_whereabouts {
    uint64_t context; /* as the key of a pmkti_node; its longest shift is below 64 */
    int32_t actions;
    uint8_t count[PMKT_INTENT_MAX_ACTIONS];
} pmkti_whereabouts;

/* The part of pmkti_visitor_move that needs no old chains: `step` is what pmkti_reader_translate says of their
   actions. */
void pmkti_visitor_place(pmkti_visitor *v, const pmkt_intent *to, const pmkti_whereabouts *was,
                         const uint8_t *step);

#endif
