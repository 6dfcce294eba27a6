/*
 * take.h - one event after the other, of a batch that pmkt_tracker_observe has checked.
 */
#ifndef PMKTI_TRACKER_TAKE_H
#define PMKTI_TRACKER_TAKE_H

#include "intent/classes.h"
#include "intent/rules/fields.h"
#include "intent/tracker/tracker.h"

/* What became of a row. */
typedef enum pmkti_taken {
    PMKTI_TAKEN,
    PMKTI_TAKEN_LATE, /* ignored */
    PMKTI_TAKEN_FULL, /* not yet, for what fires has no more room */
    PMKTI_TAKEN_NOT   /* an error */
} pmkti_taken;

#define PMKTI_TAKING_UNBOUND UINT64_MAX

/* A batch under way. */
typedef struct pmkti_taking {
    const pmkt_tracker *t;
    pmkt_events ev;
    pmkt_tracker_answers out;
    pmkti_tracker_out fired;

    /* What was found for the model and the rules that were last met: they may be swapped meanwhile. */
    uint64_t swaps;  /* as of the shard; begins with PMKTI_TAKING_UNBOUND */
    int32_t intents; /* of the rules */
    pmkti_class_column classes;
    pmkti_rules_fields fields;

    pmkti_rules_state state;
    pmkti_rules_entry entry[PMKTI_TRACKER_PARTIALS];
} pmkti_taking;

/* Takes row i, which is no bad one. PMKTI_TAKEN_NOT: see *err; nothing has changed. */
pmkti_taken pmkti_take(pmkti_taking *k, int64_t i, pmkt_status *status, pmkt_error *err);

/* Finds the columns for the model and the rules of a shard, which is locked. */
pmkt_status pmkti_take_bind(pmkti_taking *k, const pmkti_shard *s, pmkt_error *err);

/* The answers of a row that is not taken. */
void pmkti_take_nothing(const pmkti_taking *k, int64_t i);

#endif
