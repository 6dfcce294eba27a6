/*
 * learn.h - sessions that end are counted, as a fit counts them, so that chains can learn on.
 */
#ifndef PMKTI_TRACKER_LEARN_H
#define PMKTI_TRACKER_LEARN_H

#include "intent/tracker/tracker.h"

/* An event of a user is about to change the visitor. `begins` a session. Where the last one ended, it is counted. */
void pmkti_learn_event(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u, const pmkti_step *e,
                       bool begins);

/* A user leaves for good, or for so long that the session is over. */
void pmkti_learn_end(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u);

/* Counts the sessions that are over at `clock`, INT64_MIN being none. PMKT_E_NOMEM: not all of them, but the others
   stay as they are. */
pmkt_status pmkti_learn_over(const pmkt_tracker *t, pmkti_shard *s, int64_t clock);

/* What was counted is gone, and sessions under way are not counted any more. */
void pmkti_learn_forget(const pmkt_tracker *t, pmkti_shard *s);

/* Frees what a shard counted. */
void pmkti_learn_free(const pmkt_tracker *t, pmkti_shard *s);

#endif
