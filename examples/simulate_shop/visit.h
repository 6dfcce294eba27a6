/*
 * visit.h - one visit of one customer: why they come, what they do, and what they had in mind.
 *
 * The scripts are of people, not of rules: somebody who cannot make up their mind looks the thing up again and
 * again. What is planted is noted by the script that plays it, where an observer could first know. Beside each
 * script stand its near misses, which begin alike and end otherwise, and its slips: what a log does not show, such
 * as an order by telephone, or a mistyped search.
 */
#ifndef SIMULATE_SHOP_VISIT_H
#define SIMULATE_SHOP_VISIT_H

#include "log.h"
#include "world.h"

/* A visit in progress. */
typedef struct visit {
    world *all;
    logs *to;
    customer *who;
    int32_t number; /* of the customer */
    int32_t channel;
    int64_t now;         /* second */
    int32_t pieces;      /* of the last order */
    int64_t compared_at; /* when the last comparison was noted; long ago if never */
} visit;

/* visit.c: makes the visit; who->away_until tells when the customer is free again. */
void visit_make(world *all, logs *to, int32_t customer, int64_t start);

/* What the scripts are made of. Lets time pass, then does a thing. */
void wait_for(visit *v, int64_t low, int64_t high);
void act(visit *v, deed what, int32_t product, page where);
void note(visit *v, intent what, cause why, int32_t product, bool real);

/* looking.c: nothing is bought, unless a comparison leads there. */
void browse(visit *v);
void compare(visit *v);
void hesitate(visit *v);
void hesitate_on(visit *v); /* the next day */
void prepare(visit *v);

/* buying.c */
void want(visit *v, int32_t product, bool by_search); /* finds it, and buys it or does not */
void buy(visit *v, int32_t product);                  /* cart to payment */
void buy_or_not(visit *v, int32_t product);           /* from the product's page on */

#endif
