/*
 * folds.h - chains of everybody, and for each fold of users chains of everybody else.
 */
#ifndef PMKTI_PURCHASE_FOLDS_H
#define PMKTI_PURCHASE_FOLDS_H

#include "intent/purchase/reader.h"
#include "intent/visits.h"

#define PMKTI_FOLDS 5

typedef struct pmkti_folds {
    pmkt_intent *chains; /* of all: the model's */
    pmkt_intent *without[PMKTI_FOLDS];
    pmkti_reader reader[PMKTI_FOLDS]; /* of each of these */
} pmkti_folds;

/* Counts the visits. `like` is an empty model with the options. On failure `out` is empty. */
pmkt_status pmkti_folds_make(const pmkti_visits *v, const pmkt_intent *like, const pmkti_run *run,
                             pmkti_stage stage, pmkti_folds *out, pmkt_error *err);
void pmkti_folds_free(pmkti_folds *f);

#endif
