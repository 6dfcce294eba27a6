/*
 * purchase.h - models of purchases in tests: made, compared, and all that they say of a batch.
 */
#ifndef PMKT_TEST_PURCHASE_H
#define PMKT_TEST_PURCHASE_H

#include <stdbool.h>

#include "pmkt.h"
#include "support/files.h"
#include "support/visits.h"

/* A model of a batch, or, with defaults, of visits. */
pmkt_purchase *purchase_fitted(const pmkt_events *ev, const pmkt_intent_options *chains,
                               const pmkt_purchase_options *options, int32_t threads);
pmkt_purchase *purchase_of(const visits *v);

pmkt_purchase_facts purchase_facts_of(const pmkt_purchase *model);

/* What is saved of a model, for file_free; that two models save the same. */
file_bytes purchase_bytes(const pmkt_purchase *model);
void purchase_check_same(const pmkt_purchase *a, const pmkt_purchase *b);

/* Everything that is said of a batch. */
typedef struct scores {
    int64_t n;
    double *p_goal, *p_cart, *time, *next_p;
    uint32_t *next;
} scores;

/* Room for what is said of n events, and the struct that lends it to a call. */
pmkt_purchase_scores scores_room(scores *s, int64_t n);

scores scores_as(const pmkt_purchase *model, const pmkt_events *ev, int32_t threads);
scores scores_of(const pmkt_purchase *model, const visits *v);
void scores_free(scores *s);

/* Whether row i of a says what row j of b does, to the bit. */
bool scores_same_row(const scores *a, int64_t i, const scores *b, int64_t j);

#endif
