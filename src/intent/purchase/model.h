/*
 * model.h - a model of purchases: chains, what they look like prepared, and two logistic models.
 */
#ifndef PMKTI_PURCHASE_MODEL_H
#define PMKTI_PURCHASE_MODEL_H

#include <stdatomic.h>

#include "intent/logistic/model.h"
#include "intent/purchase/features.h"
#include "intent/visits.h"
#include "pmkt/purchase.h"

#define PMKTI_CART_MS_MOST (INT64_C(365) * 24 * 3600 * 1000)
#define PMKTI_COLUMN_NAME 256 /* of the class column, with the NUL */

struct pmkt_purchase {
    pmkt_allocator allocator;
    _Atomic int64_t owners;
    pmkt_purchase_facts facts; /* but for bytes */
    pmkt_intent *chains;
    pmkt_logistic *logistic[2];    /* by PMKT_PURCHASE_...; the cart's may be NULL */
    pmkt_purchase_options options; /* that it was fitted with, but for the zone */
    int32_t by_session;
    char class_column[PMKTI_COLUMN_NAME]; /* empty: events.category */

    /* What follows from it. */
    pmkti_reader reader;
    pmkti_features features;
};

/* A new model with one owner that owns `chains` from then on, or, without memory, NULL. */
pmkt_purchase *pmkti_purchase_new(const pmkt_allocator *allocator, pmkt_intent *chains);

/* Makes all that follows from the rest. PMKT_OK, PMKT_E_NOMEM. */
pmkt_status pmkti_purchase_finish(pmkt_purchase *m, const pmkt_zone *zone);

/* The memory of a model that is finished. */
int64_t pmkti_purchase_bytes(const pmkt_purchase *m);

/* A batch in the order of its users, with the actions that its rows are to the model's chains. */
pmkt_status pmkti_purchase_visits(const pmkt_purchase *m, const pmkt_events *ev,
                                  const pmkti_run *run, pmkti_stage stage, pmkt_report *report,
                                  pmkti_visits *out, pmkt_error *err);

/* Row i of the visits to a visitor. */
pmkti_step pmkti_purchase_step(const pmkt_intent *chains, const pmkti_visits *v, int64_t i);

#endif
