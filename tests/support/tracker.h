/*
 * tracker.h - trackers in tests: made, fed with batches cut anywhere or event by event, and all that they fire.
 */
#ifndef PMKT_TEST_TRACKER_H
#define PMKT_TEST_TRACKER_H

#include "pmkt.h"
#include "support/purchase.h"

/* Rules of a text; aborts the test if it does not parse. */
pmkt_rules *rules_of(const char *text);

/* A tracker that must be; options may be NULL. */
pmkt_tracker *tracker_of(const pmkt_purchase *model, const pmkt_rules *rules,
                         const pmkt_tracker_options *options);

pmkt_tracker_counts tracker_counts_of(pmkt_tracker *t);

/* What fired, growing; begin with {0}. */
typedef struct shots {
    pmkt_tracker_fired *at; /* malloc'ed */
    int64_t n, room;
} shots;

void shots_free(shots *s);

/* By time, user, rule and row. */
void shots_sort(shots *s);

/* Whether two sorted lists are the same, but for generations. */
bool shots_same(const shots *a, const shots *b);

/* n rows of a batch from `from` on; `extra` has room for its columns. */
pmkt_events events_slice(const pmkt_events *ev, int64_t from, int64_t n, pmkt_column *extra);

/* What is asked of a whole batch, row by row; columns may be NULL. */
typedef struct asked {
    scores *s;     /* room for all rows, or NULL */
    int32_t *rule; /* [rows], or NULL */
} asked;

/* Observes some rows of a batch with `room` for what fires, as often as it takes; rows of what fired are those of
   the whole batch. */
void tracker_feed(pmkt_tracker *t, const pmkt_events *ev, int64_t from, int64_t n, const asked *a,
                  int64_t room, shots *out);

/* Sets the clock, with `room`, as often as it takes. */
void tracker_clock(pmkt_tracker *t, int64_t clock, int64_t room, shots *out);

/* One event; ids may be PMKT_ID_NONE. */
typedef struct deed {
    uint64_t user;
    int64_t time;
    uint16_t kind;
    uint64_t item, category, channel, session;
    int64_t amount;
} deed;

/* Observes it; what fired is appended to `out`, if that is not NULL. The strongest rule, or -1. */
int32_t tracker_see(pmkt_tracker *t, deed e, shots *out);

#endif
