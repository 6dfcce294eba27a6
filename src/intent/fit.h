/*
 * fit.h - what fits share: options, and paths of the caller.
 */
#ifndef PMKTI_INTENT_FIT_H
#define PMKTI_INTENT_FIT_H

#include "intent/chain.h"

/* The caller's options, checked, with their defaults; and a new model that has them. */
pmkt_status pmkti_intent_begin(const pmkt_intent_options *given, pmkt_intent_options *mine,
                               pmkt_intent **model, pmkt_error *err);

/* The caller's paths, checked. O(actions) */
pmkt_status pmkti_intent_paths_in(const pmkt_intent_paths *given, pmkt_intent_paths *mine,
                                  pmkt_error *err);

/* The finished model of what n models with the same options have counted; they need not be finished. */
pmkt_status pmkti_intent_add_up(const pmkt_intent *const *models, int64_t n, const pmkti_run *run,
                                pmkti_stage stage, pmkt_intent **model, pmkt_error *err);

/* What is not finished is released; what is goes to the caller. */
pmkt_status pmkti_intent_end(pmkt_intent *made, pmkt_status status, const pmkti_run *run,
                             pmkti_stage stage, pmkt_intent **model, pmkt_error *err);

#endif
