/*
 * step.h - the automaton of rules: what one event, or the passing of time, does to the little that is kept of
 * a user. It allocates nothing; whoever has the state, a batch or something live, brings its memory.
 *
 * Of each rule and key, and of each number of events matched (the stage), the best partial match is kept. One
 * is as good as another, or better, if it began later (its `within` ends later), and if the present step's
 * time runs from a later event, where these matter. Times only grow, so without `different` one partial match
 * is better than all others of its stage. With it, what the last event was matters too; two whose last events
 * differ are as good as all that are no better otherwise, for what follows differs from one of them.
 */
#ifndef PMKTI_RULES_STEP_H
#define PMKTI_RULES_STEP_H

#include "intent/rules/rules.h"

/* A partial match, or a cooldown. */
typedef struct pmkti_rules_entry {
    int64_t start;  /* time of the first event; of a cooldown: when it is over */
    int64_t mark;   /* from when the time of the present step runs; of a cooldown: when it began */
    uint32_t key;   /* of what must be the same */
    uint32_t other; /* of what must differ from the last event */
    uint32_t stamp; /* of the event at which it was made */
    uint16_t stage; /* events matched */
    uint8_t rule;   /* of a cooldown: the intent */
    uint8_t is_cooldown;
} pmkti_rules_entry;

/* All zero but `entry`, `room` and `due` = PMKTI_RULES_NEVER begins a user. */
typedef struct pmkti_rules_state {
    pmkti_rules_entry *entry; /* [room], at least 1 */
    int32_t n, room;
    uint32_t stamp;
    int64_t due; /* nothing that waits is over before this */
    int64_t suppressed, outranked, dropped;
} pmkti_rules_state;

#define PMKTI_RULES_NEVER INT64_MAX

typedef struct pmkti_rules_event {
    int64_t time;
    uint64_t id[PMKTI_RULES_IDS];
    const pmkti_value
        *fields; /* [PMKTI_RULES_FIELDS + columns], if rules.conditions has the slot */
    int32_t slot;
} pmkti_rules_event;

/*
 * One event, at state.due or earlier: bring what is due before it first. Writes the rules that fire to `fired`,
 * which has room for PMKTI_RULES_MOST, and returns how many.
 */
int32_t pmkti_rules_step_event(const pmkt_rules *r, pmkti_rules_state *s,
                               const pmkti_rules_event *e, uint8_t *fired);

/*
 * What fires at the instant state.due, once the clock is past it; *time is that instant. Call it while
 * state.due is before the clock.
 */
int32_t pmkti_rules_step_due(const pmkt_rules *r, pmkti_rules_state *s, int64_t *time,
                             uint8_t *fired);

#endif
