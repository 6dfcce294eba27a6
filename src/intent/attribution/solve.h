/*
 * solve.h - removal effects of a chain: see chain.h for what is solved.
 *
 * Channels are solved for eight at a time, side by side, so that one step is read once for all eight. Three
 * ways lead to the same numbers:
 *
 *   direct.c   order 1, where channels are few or steps many: one elimination serves all channels
 *   solve.c    else: Gauss-Seidel sweeps, between them the coarse correction of coarse.c
 *   direct.c   again, channel by channel, where the sweeps do not get there
 */
#ifndef PMKTI_ATTRIBUTION_SOLVE_H
#define PMKTI_ATTRIBUTION_SOLVE_H

#include "core/parallel.h"
#include "intent/attribution/chain.h"

#define PMKTI_ATTRIBUTION_LANES 8 /* channels side by side */

/* What a call for all removal effects is given, and gives. */
typedef struct pmkti_attribution_solving {
    const pmkti_attribution_chain *chain;
    const pmkti_attribution_flow *flow;
    const pmkti_run *run;
    pmkti_stage stage;
    double tolerance;     /* of the mean error of a state */
    const double *begin;  /* [blocks][states][LANES] where to begin, or NULL */
    double *keep;         /* the same, aligned: where to leave the solution, or NULL */
    double *effect;       /* out: [channels] */
    double *value_effect; /* out: [channels], or NULL */
} pmkti_attribution_solving;

static inline int64_t pmkti_attribution_blocks(const pmkti_attribution_chain *chain) {
    return (chain->in->channels + PMKTI_ATTRIBUTION_LANES - 1) / PMKTI_ATTRIBUTION_LANES;
}

/* Doubles of a solution of one block. */
static inline int64_t pmkti_attribution_block_size(const pmkti_attribution_chain *chain) {
    return (int64_t)chain->states * PMKTI_ATTRIBUTION_LANES;
}

/* The first multiple of 64 from `p` on, at most LANES - 1 doubles behind it: a row of lanes is then one
   line of the cache, not parts of two. */
static inline double *pmkti_attribution_align(double *p) {
    return p + (64 - (uintptr_t)p % 64) % 64 / sizeof(double);
}

/* PMKT_E_NOMEM; PMKT_E_CANCELED; PMKT_E_LIMIT: there is no way to a solution. */
pmkt_status pmkti_attribution_solve(const pmkti_attribution_solving *s);

/* Whether one elimination for all channels is the better way, and it. Neither reads begin or keep. */
bool pmkti_attribution_is_direct(const pmkti_attribution_chain *chain);
pmkt_status pmkti_attribution_direct(const pmkti_attribution_solving *s);

/* The solution v [states][LANES] of one lane by elimination. PMKT_E_NOMEM; PMKT_E_LIMIT. */
pmkt_status pmkti_attribution_direct_lane(const pmkti_attribution_solving *s, int32_t channel,
                                          int lane, double *v);

/* Whether a state holds a channel. */
static inline bool pmkti_attribution_holds(const pmkti_attribution_chain *chain, int32_t state,
                                           int32_t channel) {
    for (int32_t k = 0; k < chain->order; k++) {
        if (chain->holds[(int64_t)state * chain->order + k] == channel) return true;
    }
    return false;
}

#endif
