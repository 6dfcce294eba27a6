/*
 * visits.h - sessions whose rows are actions of a model: kinds, crossed with its classes if it has any.
 */
#ifndef PMKTI_INTENT_VISITS_H
#define PMKTI_INTENT_VISITS_H

#include "intent/chain.h"
#include "intent/sessions.h"
#include "intent/tally.h"

typedef struct pmkti_visits {
    pmkti_sessions s;
    uint32_t *action; /* [s.rows]; NULL: they are s.kind */
} pmkti_visits;

/*
 * Reads a batch that pmkti_events_in has passed. `plan` says what to keep; its extra column is that of
 * the classes, which `class_column` names (NULL: events.category). On failure `out` is empty. Errors
 * as pmkti_sessions_make, and PMKT_E_INVALID for a batch without the column.
 */
pmkt_status pmkti_visits_make(const pmkt_intent *m, const pmkt_events *ev, pmkti_sessions_plan plan,
                              const char *class_column, const pmkti_run *run, pmkti_stage stage,
                              pmkt_report *report, pmkti_visits *out, pmkt_error *err);
void pmkti_visits_free(pmkti_visits *v);

/* n sessions from `first` on, to be counted. */
pmkti_sequences pmkti_visits_sequences(const pmkti_visits *v, int64_t first, int64_t n);

/* The first row of session q that is the goal, or its end. */
int64_t pmkti_visits_goal(const pmkti_visits *v, uint32_t goal, int64_t q);

/* The action of row i. */
static inline uint32_t pmkti_visits_action(const pmkti_visits *v, int64_t i) {
    return v->action ? v->action[i] : v->s.kind[i];
}

#endif
