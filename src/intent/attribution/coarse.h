/*
 * coarse.h - the part of the error that sweeps are slow with.
 *
 * A sweep mends what neighboring states disagree about; what it leaves is an error that is about the same
 * everywhere, and the longer paths are, the longer it stays. So between sweeps states are lumped by their last
 * channel into a few classes, and the error of each class is solved for: the residuals of its states,
 * summed, are what the flow between classes must explain (a Galerkin correction; Wesseling, "An
 * Introduction to Multigrid Methods", 1992, chapter 2).
 */
#ifndef PMKTI_ATTRIBUTION_COARSE_H
#define PMKTI_ATTRIBUTION_COARSE_H

#include "intent/attribution/solve.h"

#define PMKTI_ATTRIBUTION_CLASSES 32 /* the channels met most often, and the others */

/* Of a flow. */
typedef struct pmkti_attribution_coarse {
    int32_t classes;
    int32_t *class_of; /* [channels] */
    double *flow;      /* [classes][classes] from the second to the first */
    double *start;     /* [classes] from the start */
    double *into;      /* [channels][classes] into a channel from each class */
    double *out;       /* [channels][classes] out of a channel into each class */
    double *loop;      /* [channels] from a channel to itself, between different states */
    double *first;     /* [channels] from the start */
} pmkti_attribution_coarse;

pmkt_status pmkti_attribution_coarse_make(const pmkti_attribution_chain *chain,
                                          const pmkti_attribution_flow *flow,
                                          pmkti_attribution_coarse *coarse);
void pmkti_attribution_coarse_clear(const pmkti_attribution_chain *chain,
                                    pmkti_attribution_coarse *coarse);

/* The class systems of a block of channels, side by side, eliminated. */
typedef struct pmkti_attribution_lumped {
    double off[PMKTI_ATTRIBUTION_CLASSES][PMKTI_ATTRIBUTION_CLASSES][PMKTI_ATTRIBUTION_LANES];
    double pivot[PMKTI_ATTRIBUTION_CLASSES][PMKTI_ATTRIBUTION_LANES]; /* its inverse, or 0 */
} pmkti_attribution_lumped;

void pmkti_attribution_lump(const pmkti_attribution_chain *chain,
                            const pmkti_attribution_coarse *coarse, int32_t first_channel,
                            pmkti_attribution_lumped *lumped);

/* Turns the residuals of the classes into their errors. */
void pmkti_attribution_lumped_solve(const pmkti_attribution_lumped *lumped, int32_t classes,
                                    double x[PMKTI_ATTRIBUTION_CLASSES][PMKTI_ATTRIBUTION_LANES]);

#endif
