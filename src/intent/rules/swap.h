/*
 * swap.h - other rules for a user who has partial matches.
 *
 * A rule stays if the new set has one of the same bytes whose conditions mean the same: columns of the same name
 * and type, wherever they stand, and dates of the same zone. Of several alike, the first goes on as the first. Its
 * partial matches go on as if nothing had been swapped; those of rules that do not stay end. A cooldown goes on
 * while there is an intent of its name.
 */
#ifndef PMKTI_RULES_SWAP_H
#define PMKTI_RULES_SWAP_H

#include "intent/rules/step.h"

/* What becomes of the numbers of old rules and intents: new ones, or -1. */
typedef struct pmkti_rules_plan {
    int16_t rule[PMKTI_RULES_MOST];
    int16_t intent[PMKTI_RULES_MOST];
} pmkti_rules_plan;

/* Plans the way from one set to another, once for all users. O(old rules * new rules), mostly to find that their
   lengths differ. */
void pmkti_rules_plan_make(const pmkt_rules *old, const pmkt_rules *new, pmkti_rules_plan *plan);

/* A state of the old rules becomes one of the new; how many partial matches ended. state.due is set anew. */
int32_t pmkti_rules_swap(const pmkti_rules_plan *plan, const pmkt_rules *new, pmkti_rules_state *s);

#endif
