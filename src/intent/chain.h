/*
 * chain.h - how a model lies in memory: what was counted, in integers, and the chain made from it.
 *
 * A context is packed into 7 bits a step, the latest step lowest, and a count's key is the context
 * followed by what came next. So a suffix is a mask, its length follows from the highest step, and
 * contexts in order of their keys are in order of their length.
 */
#ifndef PMKTI_CHAIN_H
#define PMKTI_CHAIN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/parallel.h"
#include "pmkt/intent.h"

/* Steps. Actions are 1 to 64, in the order of their numbers. */
#define PMKTI_NO_STEP 0u /* an action that the model does not know */
#define PMKTI_STEP_BITS 7
#define PMKTI_STEP_MASK 127u
#define PMKTI_START 65u
#define PMKTI_LEAVE 66u
#define PMKTI_GOAL 67u

#define PMKTI_MOST_COUNTED (INT64_C(1) << 31)
#define PMKTI_MOST_DWELL INT32_MAX

enum {
    PMKTI_ALL,
    PMKTI_BUYERS,
    PMKTI_OTHERS,
    PMKTI_CHAINS
};

/* How often the last step of the key followed the others, the longest context that there was. */
typedef struct pmkti_count {
    uint64_t key;
    int64_t buyers, others;
} pmkti_count;

/*
 * The times of one pair of steps. Logarithms are of milliseconds, a second at least, in units of
 * 2^-20, and their squares too: integers, so that sums do not depend on their order. 2^31 of them
 * do not overflow.
 */
typedef struct pmkti_dwell {
    int64_t n, ms, ln, square;
} pmkti_dwell;

/* One step that was seen after a context. */
typedef struct pmkti_edge {
    double share[PMKTI_CHAINS]; /* what the context itself says of it, discounted */
    double p;                   /* P(step | context), chain of all */
    int32_t step;
    int32_t up; /* the same step after the next shorter context; -1 after the empty one */
    int32_t to; /* the context that it leads to; -1 for an end */
    int32_t reserved;
} pmkti_edge;

typedef struct pmkti_node {
    uint64_t key;
    double rest[PMKTI_CHAINS]; /* g: what is left to the shorter context */
    int32_t up;                /* the context without its oldest step; -1 of the empty one */
    int32_t length;
    int32_t first, end; /* edges, by step */
} pmkti_node;

struct pmkt_intent {
    pmkt_allocator allocator;
    _Atomic int64_t owners;
    pmkt_intent_facts facts;

    /* What was counted: all that is saved. */
    uint32_t action[PMKT_INTENT_MAX_ACTIONS]; /* [facts.actions] ascending */
    int64_t n_counts;
    pmkti_count *counts; /* by key; of maximal contexts only */
    pmkti_dwell
        *dwell;        /* [actions][actions + 1] from, to; the last is GOAL; NULL without actions */
    uint64_t *classes; /* [facts.classes] as they were given; NULL without */

    /* What follows from it. */
    uint32_t *class_slots; /* [2^(64 - class_shift)] 1 + place of a class, or 0; see classes.h */
    int64_t n_nodes, n_edges;
    pmkti_node *nodes; /* by length, then key */
    pmkti_edge *edges; /* of node after node */
    int64_t n_pairs;
    pmkti_count *pairs; /* contexts of one step, START or an action, and what followed; by key */
    double *goal;       /* [nodes] P(goal) */
    double *steps;      /* [nodes] E(steps; goal) */
    double *time;       /* [nodes] E(time; goal); NULL if no time is known */
    double *mean;       /* [actions][actions + 1] mean times of pairs; NULL likewise */
    pmkti_dwell pooled; /* of all pairs */
    int32_t start;      /* the node of START, or 0 */
    int32_t alphabet;   /* actions + 2 */
    int32_t class_shift;
};

/* A new model with one owner and nothing counted; `allocator` is checked. NULL without memory. */
pmkt_intent *pmkti_intent_new(const pmkt_allocator *allocator);

/* Makes all that follows from the counts; the last part of every fit, merge and load. */
pmkt_status pmkti_chain_finish(pmkt_intent *m, const pmkti_run *run, pmkti_stage stage,
                               pmkt_error *err);

/* The chain itself: nodes and edges. PMKT_E_NOMEM, PMKT_E_LIMIT. */
pmkt_status pmkti_chain_build(pmkt_intent *m, pmkt_error *err);

/* goal, steps and time, of the chain that is there. */
pmkt_status pmkti_chain_solve(pmkt_intent *m, const pmkti_run *run, pmkti_stage stage,
                              pmkt_error *err);

/* The edge of a step after a context, or -1. */
int32_t pmkti_chain_edge(const pmkt_intent *m, int32_t node, uint32_t step);

/* P(step | context) in a chain. */
double pmkti_chain_p(const pmkt_intent *m, int32_t node, uint32_t step, int chain);

/* P of every step, [alphabet]: actions, LEAVE, GOAL. */
void pmkti_chain_all(const pmkt_intent *m, int32_t node, double *p);

/* The context after a step that is an action. */
int32_t pmkti_chain_go(const pmkt_intent *m, int32_t node, uint32_t step);

/* The step of an action: GOAL if it is the goal, UNKNOWN if the model has not seen it. */
uint32_t pmkti_chain_step(const pmkt_intent *m, uint32_t action);

/* The likeliest steps after a context, by probability and then by column, as actions: [TOP], 0 where
   there are fewer. */
void pmkti_chain_top(const pmkt_intent *m, int32_t node, uint32_t *next, double *p);

/* The place of a step in a row of the alphabet. */
static inline int32_t pmkti_chain_column(const pmkt_intent *m, uint32_t step) {
    if (step == PMKTI_LEAVE) return m->alphabet - 2;
    return step == PMKTI_GOAL ? m->alphabet - 1 : (int32_t)step - 1;
}

/* The times between two steps. `from` is an action, `to` an action or GOAL. */
static inline int64_t pmkti_dwell_at(const pmkt_intent *m, uint32_t from, uint32_t to) {
    const int64_t width = m->facts.actions + 1;
    return (int64_t)(from - 1) * width + (to == PMKTI_GOAL ? width - 1 : (int64_t)to - 1);
}

static inline uint64_t pmkti_steps_mask(int32_t length) {
    return (UINT64_C(1) << (PMKTI_STEP_BITS * length)) - 1;
}

#endif
