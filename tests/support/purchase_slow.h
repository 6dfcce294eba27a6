/*
 * purchase_slow.h - what a model of purchases must see in events, by obvious code: every number is a
 * pass over the user's events.
 */
#ifndef PMKT_TEST_PURCHASE_SLOW_H
#define PMKT_TEST_PURCHASE_SLOW_H

#include <stdbool.h>

#include "pmkt.h"
#include "support/visits.h"

#define SLOW_FEATURES 96 /* at least as many as there are */

/* Events in the library's order, as a model with such options reads them. */
typedef struct slow_shop {
    const visits *v; /* sorted, none of them bad */
    const pmkt_intent *chains;
    int64_t gap_ms;
    bool by_session;
    int32_t offset_minutes;
    const uint64_t *classes; /* of the category */
    int64_t n_classes;
} slow_shop;

/* The first row of row i's session, the row after its last one, and the first row of the user. */
int64_t slow_begin(const slow_shop *s, int64_t i);
int64_t slow_end(const slow_shop *s, int64_t i);
int64_t slow_user(const slow_shop *s, int64_t i);

/* The action of row i; whether its session has reached the goal by then. */
uint32_t slow_action(const slow_shop *s, int64_t i);
bool slow_past(const slow_shop *s, int64_t i);

/* The features right after row i, which is not past; how many there are. `by` NULL: by the chains of
   the shop; else the first two are by these. */
int32_t slow_features(const slow_shop *s, int64_t i, const pmkt_intent *by, double *x);

#endif
