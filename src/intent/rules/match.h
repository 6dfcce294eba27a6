/*
 * match.h - matching a batch: its parts, and the order of what fired.
 */
#ifndef PMKTI_RULES_MATCH_H
#define PMKTI_RULES_MATCH_H

#include "intent/rules/step.h"
#include "intent/sessions.h"

#define PMKTI_RULES_PARTIALS 32 /* the default, and the most */
#define PMKTI_RULES_PARTIALS_MOST 1024

/* Something that fired. */
typedef struct pmkti_rules_shot {
    int64_t time;
    uint64_t user;
    int64_t row;   /* of the batch, or -1 */
    int64_t since; /* time of the first event of the match */
    int64_t rule;
} pmkti_rules_shot;

/* What fired in a part of the users. */
typedef struct pmkti_rules_part {
    pmkti_rules_shot *at;
    int64_t n, room;
    int64_t suppressed, outranked, dropped;
} pmkti_rules_part;

struct pmkt_rules_matches {
    pmkt_allocator allocator;
    pmkt_rules_matches_columns columns;
    int64_t *row, *time, *since;
    uint64_t *user;
    int32_t *rule;
    double *strength;
};

/* Puts what fired in n parts into its order, and into `out`. PMKT_OK, PMKT_E_NOMEM. */
pmkt_status pmkti_rules_gather(const pmkt_rules *r, const pmkti_rules_part *parts, int64_t n,
                               pmkt_rules_matches *out);

#endif
