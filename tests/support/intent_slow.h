/*
 * intent_slow.h - what a model of intent must answer, by obvious code: every count is a pass over
 * all sequences, every chain a dense system.
 */
#ifndef PMKT_TEST_INTENT_SLOW_H
#define PMKT_TEST_INTENT_SLOW_H

#include <stdbool.h>
#include <stdint.h>

/* Steps: actions are 1 to `actions`; these are beside them. */
enum {
    SLOW_START = 100,
    SLOW_LEAVE = 101,
    SLOW_GOAL = 102,
    SLOW_ORDER = 5
};

typedef struct slow_path {
    int n;
    int step[64]; /* actions */
    int64_t dwell[64];
    int64_t goal_dwell; /* before the goal, or -1 */
    bool bought;
} slow_path;

typedef struct slow_chain {
    int order, actions, n;
    const slow_path *paths;
    double discount[3][SLOW_ORDER + 1][3];
} slow_chain;

/* The discounts; the rest is set by the caller. */
void slow_prepare(slow_chain *c);

/* P(next | context); chain 0 = all, 1 = buyers, 2 = the others. */
double slow_p(const slow_chain *c, const int *context, int n, int next, int chain);

/* The longest suffix of a history that was seen: how many steps. */
int slow_known(const slow_chain *c, const int *history, int n);

/* P(goal), steps and time (both if the goal is reached) from a history, by Gauss. */
void slow_ends(const slow_chain *c, const int *history, int n, double out[3]);

#endif
