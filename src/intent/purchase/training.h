/*
 * training.h - the rows that the logistic models learn from: users drawn by a hash, every event of
 * theirs before a session's goal.
 */
#ifndef PMKTI_PURCHASE_TRAINING_H
#define PMKTI_PURCHASE_TRAINING_H

#include "intent/purchase/features.h"
#include "intent/purchase/folds.h"

typedef struct pmkti_training {
    const pmkti_visits *visits;
    const pmkti_folds *folds;
    const pmkti_features *features;
    int64_t most, cart_ms; /* options: rows, about; horizon */

    int64_t n, carts; /* rows */
    int64_t *part_at; /* [parts] the first row of each part of the sessions */
    double *x;        /* [n][features] */
    double *weight;   /* [n] */
    uint64_t *user;   /* [n] */
    uint8_t *y;       /* [n] the goal comes in the session */
    uint8_t *cart;    /* [n] 1 + whether the goal comes within cart_ms of this cart; 0: no cart, or
                         nobody knows */
} pmkti_training;

/* Fills what is below the options. PMKT_OK, PMKT_E_NOMEM, PMKT_E_CANCELED: then it is empty. */
pmkt_status pmkti_training_make(pmkti_training *t, const pmkti_run *run, pmkti_stage stage);
void pmkti_training_free(pmkti_training *t);

/* Moves the rows of carts to the front, with their own outcomes in y and weight 1: the session's rows
   are gone. */
void pmkti_training_carts(pmkti_training *t);

#endif
