/*
 * credit.h - what the files of one call of pmkt_attribution_compute share.
 *
 * options.c checks the options; input.c the paths. credit.c gives each channel its credit by any set of
 * counts: once by the paths' own, then (bootstrap.c) by those of each resample. table.c makes of it what
 * the caller sees.
 */
#ifndef PMKTI_ATTRIBUTION_CREDIT_H
#define PMKTI_ATTRIBUTION_CREDIT_H

#include "intent/attribution/solve.h"

#define PMKTI_ATTRIBUTION_MOST_SHAPLEY 16 /* channels */

/* Per channel, by number. */
typedef struct pmkti_attribution_credit {
    double *conversions;
    double *values;       /* NULL without values */
    double *effect;       /* NULL unless the model has a chain */
    double *value_effect; /* NULL unless it has one and there are values */
} pmkti_attribution_credit;

/* One call. */
typedef struct pmkti_attribution_job {
    pmkt_allocator allocator;
    pmkt_attribution_options o;
    pmkti_run run;
    pmkti_attribution_input in;
    pmkti_attribution_chain chain;   /* of the models that have one */
    double *share;                   /* [touches] of its path's conversions */
    double *solution;                /* the chain's, for resamples to begin with; or NULL */
    double *solution_room;           /* where it lies, aligned */
    size_t solution_size;            /* of the room */
    pmkti_attribution_credit credit; /* [channels] */
    double *low, *high;              /* [2][channels]: of conversions, then of values */
} pmkti_attribution_job;

/* Checks the options and fills in the defaults. */
pmkt_status pmkti_attribution_options_check(pmkt_attribution_options *o, pmkt_error *err);

static inline bool pmkti_attribution_has_chain(const pmkti_attribution_job *job) {
    return job->o.model == PMKT_ATTRIBUTION_MARKOV || job->o.model == PMKT_ATTRIBUTION_SHAPLEY;
}

/* How one set of counts is to be given out. */
typedef struct pmkti_attribution_giving {
    pmkti_attribution_counts counts;
    pmkti_attribution_flow *flow; /* room, if the model has a chain */
    const pmkti_run *run;
    pmkti_stage stage;
    double tolerance;
    const double *begin; /* see solve.h */
    double *keep;
} pmkti_attribution_giving;

/* Fills `credit` (all zero before). PMKT_E_NOMEM; PMKT_E_CANCELED; PMKT_E_LIMIT. */
pmkt_status pmkti_attribution_give(const pmkti_attribution_job *job,
                                   const pmkti_attribution_giving *giving,
                                   pmkti_attribution_credit *credit);

/* Shapley values of the chain's game. PMKT_E_NOMEM. */
pmkt_status pmkti_attribution_shapley(const pmkti_attribution_chain *chain,
                                      const pmkti_attribution_flow *flow,
                                      pmkti_attribution_counts counts,
                                      pmkti_attribution_credit *credit);

/* The shares of a path's touches in it, by a rule of the path alone. PMKT_E_NOMEM. */
pmkt_status pmkti_attribution_share(const pmkti_attribution_job *job);

/* The same in proportion to a weight of the different channels, or evenly over these if it is NULL. */
pmkt_status pmkti_attribution_share_by(const pmkti_attribution_input *in, const double *weight,
                                       double *share);

/* Fills job->low and high. */
pmkt_status pmkti_attribution_bootstrap(pmkti_attribution_job *job, pmkti_stage stage);

/* What the caller gets. PMKT_E_NOMEM. */
pmkt_status pmkti_attribution_table_make(const pmkti_attribution_job *job,
                                         pmkt_attribution **attribution);

#endif
