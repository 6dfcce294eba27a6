/*
 * features.h - what the logistic models look at: numbers read off a visitor right after an event.
 */
#ifndef PMKTI_PURCHASE_FEATURES_H
#define PMKTI_PURCHASE_FEATURES_H

#include "core/zone.h"
#include "intent/purchase/visitor.h"

#define PMKTI_FEATURES_MOST (PMKT_INTENT_MAX_ACTIONS + 32)
#define PMKTI_FEATURE_NAME 40 /* with the NUL */
#define PMKTI_LN_TABLE 256
#define PMKTI_RATE_BUYS 8
#define PMKTI_RATE_SESSIONS 64

/* What is the same for all visitors. */
typedef struct pmkti_features {
    int32_t actions, n;                                /* n: features */
    pmkt_zone zone;                                    /* with a table of its own */
    double ln1p[PMKTI_LN_TABLE];                       /* ln(1 + i) */
    double rate[PMKTI_RATE_BUYS][PMKTI_RATE_SESSIONS]; /* buying_rate */
    double clock[1440][2]; /* sine and cosine of each minute of the day */
    double week[7][2];     /* of each day of the week */
    char name[PMKTI_FEATURES_MOST][PMKTI_FEATURE_NAME];
} pmkti_features;

/* Of a model's actions, in a zone that is checked; its table is copied by `allocator`. PMKT_OK,
   PMKT_E_NOMEM. */
pmkt_status pmkti_features_make(const pmkt_intent *model, const pmkt_zone *zone,
                                const pmkt_allocator *allocator, pmkti_features *out);
void pmkti_features_free(const pmkt_allocator *allocator, pmkti_features *f);

/* The features of a visitor who is not past the goal, right after an event, [f->n]. */
void pmkti_features_of(const pmkti_features *f, const pmkti_reader *r, const pmkti_visitor *v,
                       const pmkti_glance *glance, double *x);

#endif
