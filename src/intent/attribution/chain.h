/*
 * chain.h - the absorbing Markov chain of paths, as all models of it see it.
 *
 * The shape (states and the steps between them) comes from the paths alone and is made once; the flow (how
 * many went each step) also from the counts, which a resample draws anew.
 *
 * Everything is solved backwards. Who goes along the paths and is killed at a channel c fails to convert;
 * so the share that c takes away is the chance that a walker who starts at the conversions and goes
 * *back*, from each state to the one before it in proportion to the flow, meets c before the start. With
 * v(t) that chance from state t,
 *
 *     v(t) = sum over s of flow(s, t) / flow into t * v(s),    v(start) = 0,  v(t) = 1 if t holds c,
 *     removal effect of c = sum over t of conversions(t) v(t) / sum of conversions.
 *
 * This is the same number as from the forward chain, in better shape: the flow of paths is balanced, so
 * that nothing else need be solved for the whole chain; every v is an average of others, so that nothing
 * is subtracted; the effects on conversions and on value are two sums over one solution; and where
 * channels remove a tiny share, it is that share that is computed, not one less something near one.
 */
#ifndef PMKTI_ATTRIBUTION_CHAIN_H
#define PMKTI_ATTRIBUTION_CHAIN_H

#include "intent/attribution/input.h"

#define PMKTI_ATTRIBUTION_MOST_ORDER 4

/* The shape. State 0 is the start; steps are sorted by the state that they lead to. */
typedef struct pmkti_attribution_chain {
    const pmkti_attribution_input *in;
    int32_t order;
    int32_t states; /* with the start */
    int32_t steps;
    int32_t *step_of; /* [touches] the step into a touch */
    int32_t *end;     /* [paths] the state that a path ends in */
    int32_t *into;    /* [states + 1] where the steps into a state begin */
    int32_t *from;    /* [steps] the state that a step comes from */
    int32_t *holds;   /* [states * order] the channels of a state, the last touch first, or -1 */
    int32_t *later; /* [states + 1] where the steps from a state to earlier ones begin in these: */
    int32_t *reached; /* [steps] the last channel of the state that it leads to */
    int32_t *step;    /* [steps] the step itself */
} pmkti_attribution_chain;

/* PMKT_E_NOMEM. */
pmkt_status pmkti_attribution_chain_make(pmkti_attribution_chain *chain,
                                         const pmkti_attribution_input *in, int32_t order);
void pmkti_attribution_chain_clear(pmkti_attribution_chain *chain);

/*
 * Rewrites number[i], the state of touch i if a state remembers k - 1 touches, to that for k touches:
 * the pair of the state before and the channel. Numbers begin with 1; 0 is the start, also of k = 0, for
 * which number[i] is 0 before the first touch only. *n becomes one more than the greatest. PMKT_E_NOMEM.
 */
pmkt_status pmkti_attribution_extend(const pmkti_attribution_input *in, int32_t *number,
                                     int64_t *n);

/* The flow. */
typedef struct pmkti_attribution_flow {
    double *step;        /* [steps] how many went it */
    double *share;       /* [steps] its share of the flow into its state, less that from itself */
    double *later;       /* [steps] `step` in the order of the chain's `later` */
    double *through;     /* [states] the flow into a state, less that from itself */
    double *conversions; /* [states] that ended there */
    double *values;      /* [states], or NULL */
} pmkti_attribution_flow;

/* Room for a flow. PMKT_E_NOMEM. */
pmkt_status pmkti_attribution_flow_make(const pmkti_attribution_chain *chain,
                                        pmkti_attribution_flow *flow);
void pmkti_attribution_flow_clear(const pmkti_attribution_chain *chain,
                                  pmkti_attribution_flow *flow);

/* Counts of the paths: the input's, or a resample's. `values` NULL if there are none. */
typedef struct pmkti_attribution_counts {
    const double *conversions, *nulls, *values; /* [paths] */
} pmkti_attribution_counts;

void pmkti_attribution_flow_fill(const pmkti_attribution_chain *chain,
                                 pmkti_attribution_counts counts, pmkti_attribution_flow *flow);

#endif
