/*
 * fields.h - what conditions look at: the fields of one event of a batch.
 */
#ifndef PMKTI_RULES_FIELDS_H
#define PMKTI_RULES_FIELDS_H

#include "intent/rules/rules.h"

typedef struct pmkti_rules_fields {
    const pmkt_rules *rules;
    const pmkt_events *events;
    const void *column[PMKTI_RULES_COLUMNS]; /* the data of each declared one, or NULL */
    pmkti_value value[PMKTI_RULES_FIELDS + PMKTI_RULES_COLUMNS];
} pmkti_rules_fields;

/* Finds the columns of a batch, borrowed, that the rules declare. PMKT_E_INVALID for one of another type. */
pmkt_status pmkti_rules_fields_find(const pmkt_rules *r, const pmkt_events *ev,
                                    pmkti_rules_fields *f, pmkt_error *err);

/* What is known of the event beyond its row. */
typedef struct pmkti_rules_row {
    int64_t time, row;
    int64_t before;      /* the time of the user's event before, or missing */
    int64_t cart_amount; /* of their latest cart, or missing */
    const uint64_t *id;  /* [PMKTI_RULES_IDS] */
    int32_t kind;
} pmkti_rules_row;

void pmkti_rules_fields_fill(pmkti_rules_fields *f, const pmkti_rules_row *e);

#endif
