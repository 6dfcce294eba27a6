/*
 * live.h - what the parts of live share.
 */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include <pmkt.h>

#include "options.h"
#include "rulebook.h"
#include "stopwatch.h"
#include "stream.h"

#define LIVE_ROOM 256  /* intents that one call gives; rules are 250 at the most */
#define LIVE_EVENTS 32 /* that are remembered of a customer, for evidence */

/* Everything that must be freed at the end, whatever happened. */
typedef struct live {
    command asked;
    pmkt_ids *names;
    pmkt_purchase *model; /* or NULL */
    bool guesses;         /* the model has P(order) */
    rulebook book;
    pmkt_tracker *tracker;
    stream in;
    bool quiet;      /* it is the past: nothing is printed */
    uint64_t who;    /* whose actions to print; PMKT_ID_NONE: nobody's */
    bool seen;       /* they have come */
    int64_t clock;   /* the latest event */
    stopwatch calls; /* of pmkt_tracker_observe */
    double us;       /* that the last call took */
    /* What the last event was answered with. */
    double p, next_p[PMKT_INTENT_TOP];
    uint32_t next[PMKT_INTENT_TOP];
    pmkt_tracker_fired fired[LIVE_ROOM];
} live;

/* print.c. Both headings are of what follows: actions of one customer, or intents of all. */
void print_heading(const live *it);
void print_action_of(const live *it);
int print_fired(const live *it, const pmkt_tracker_fired *fired);
int print_stats(const live *it);

/* Complains about a failed call of the library. */
int failed(const pmkt_error *err);

#endif
