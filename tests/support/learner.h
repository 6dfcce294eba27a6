/*
 * learner.h - trackers that learn on, and what they should know: chains fitted to the same.
 */
#ifndef PMKT_TEST_LEARNER_H
#define PMKT_TEST_LEARNER_H

#include "support/tracker.h"

/* Defaults, and learn. */
pmkt_tracker_options learner_options(void);

/* A call that must succeed; the tracker goes on with what it returns. */
pmkt_purchase *learner_learn(pmkt_tracker *t, int64_t half_life);

/* Some rows, in the order of time of each user; a clock, with whatever waits. */
void learner_observe(pmkt_tracker *t, const visits *v, int64_t from, int64_t end);
void learner_clock(pmkt_tracker *t, int64_t clock);

/* A learned model is saved, loads and is the same. */
void learner_check_loads(const pmkt_purchase *model);

/* ------------------------------------------------------------------------ chains */

pmkt_intent_facts chains_facts(const pmkt_purchase *model);
pmkt_intent *chains_fitted(const visits *v, const pmkt_intent_options *options);

/* The merge of two, whose second is released. */
pmkt_intent *chains_joined(const pmkt_intent *a, pmkt_intent *b);

/* The chains of a model are these to the byte, which are released. */
void chains_check(const pmkt_purchase *learned, pmkt_intent *expected);

/* How often the last step of a key followed the others. */
int64_t chains_count(const pmkt_purchase *model, uint64_t key);

/* -------------------------------------------------------------------------- data */

/* Some visits to a shop, and others of the same users, most of them later; both in the order of time. */
typedef struct halves {
    visits first, second;
} halves;

halves halves_make(int64_t count, int64_t users);
void halves_free(halves *h);

/* A model of the first. */
pmkt_purchase *halves_model(const halves *h, const pmkt_intent_options *options);

/* Appends row i of others, for which there is room. */
void visits_put(visits *to, const visits *from, int64_t i);

/* --------------------------------------------------------------------- one of them */

#define LEARNER_T0 (date(2024, 6, 1))

typedef struct learner {
    pmkt_purchase *model, *last; /* that it began with, and that it learned, or NULL */
    pmkt_tracker *t;
} learner;

/* With a model of a few visits, or of so many. */
learner learner_begin(void);
learner learner_begin_with(int64_t count);
void learner_end(learner *o);

/* An event so long after LEARNER_T0. */
void learner_see(const learner *o, uint64_t user, int64_t after, uint16_t kind);

/* Learns, and checks how many sessions, goals and counts more there are. */
void learner_check_more(learner *o, int64_t sessions, int64_t buyers, int64_t counted);

#endif
