/*
 * visits.h - the rows of a shop as visits: whose they are, when they begin, and where they order.
 *
 * The library cuts visits the same way and shows how they went (funnel.h). The program needs them one
 * by one, to part the past from the rest and to know how each guess came out.
 */
#ifndef INTENT_AHEAD_VISITS_H
#define INTENT_AHEAD_VISITS_H

#include "../shop/shop.h"

typedef struct visit {
    uint64_t user;
    int64_t begins;     /* milliseconds */
    int64_t first, end; /* places in visits.row */
    int64_t goal;       /* the place of its first order; `end` if there is none */
} visit;

typedef struct visits {
    int64_t *row; /* [rows] those of the shop, by user, then time, then row */
    visit *visit; /* [n] */
    int64_t n;
} visits;

/* Cuts visits where a customer was idle for longer than gap_ms; false if there is no memory. */
bool visits_cut(visits *all, const shop *from, int64_t gap_ms);

void visits_free(visits *all);

/* Whether it ended in an order. */
static inline bool visit_ordered(const visit *one) {
    return one->goal < one->end;
}

#endif
