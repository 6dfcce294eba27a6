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
    uint16_t stage; /* events matched */
    uint8_t rule;   /* of a cooldown: the intent */
    uint8_t is_cooldown;
} pmkti_rules_entry;

/*
 * What is kept of a user: partial matches by rule, those of one rule in the order in which they were made, then
 * cooldowns. All zero but `entry`, `room` and `due` = PMKTI_RULES_NEVER begins the first user,
 * pmkti_rules_begin a further one.
 */
typedef struct pmkti_rules_state {
    pmkti_rules_entry *entry; /* [room], at least 1 */
    int32_t n, room;
    int64_t due; /* nothing that waits is over before this */
    uint64_t alive
        [PMKTI_RULES_WORDS]; /* bits of rules that may have partial matches; others have none */
    uint64_t
        took; /* of the last event: bit (rule & 63) of rules that it matched, began or took on */
    int64_t suppressed, outranked, dropped; /* of all users */
} pmkti_rules_state;

#define PMKTI_RULES_NEVER INT64_MAX

static inline void pmkti_rules_begin(pmkti_rules_state *s) {
    s->n = 0;
    s->due = PMKTI_RULES_NEVER;
    s->took = 0;
}

/* A rule that fires. */
typedef struct pmkti_rules_fire {
    int64_t since; /* time of the first event of the match, or of one of several that end here */
    uint32_t key;  /* of what its events have in common; 1 if nothing must be the same */
    uint8_t rule;
} pmkti_rules_fire;

typedef struct pmkti_rules_event {
    int64_t time;
    uint64_t id[PMKTI_RULES_IDS];
    const pmkti_value
        *fields; /* [PMKTI_RULES_FIELDS + columns], if rules.conditions has the slot */
    int32_t slot;
} pmkti_rules_event;

/*
 * One event, at state.due or earlier: bring what is due before it first. Writes what fires to `fire`, which has
 * room for PMKTI_RULES_MOST, and returns how many.
 *
 * An event that would make a partial match no better than one that is kept is not among `took`: what is kept is
 * of other events.
 */
int32_t pmkti_rules_step_event(const pmkt_rules *r, pmkti_rules_state *s,
                               const pmkti_rules_event *e, pmkti_rules_fire *fire);

/*
 * What fires at the instant state.due, once the clock is past it; *time is that instant. Call it while
 * state.due is before the clock.
 */
int32_t pmkti_rules_step_due(const pmkt_rules *r, pmkti_rules_state *s, int64_t *time,
                             pmkti_rules_fire *fire);

/* What events of a rule have in common, of the ids that must be the same (rule.same); 1 if nothing must, 0 for an
   event that lacks one of them. */
uint32_t pmkti_rules_key(const uint64_t *id, uint32_t same);

/* Sets state.due by the entries: for whoever brings these from elsewhere. */
void pmkti_rules_due(const pmkt_rules *r, pmkti_rules_state *s);

#endif
