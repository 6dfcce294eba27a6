/*
 * credit.c - the credit of every channel, by one set of counts.
 */
#include "intent/attribution/credit.h"

/* Along the shares of the touches. */
static void by_share(const pmkti_attribution_job *job, pmkti_attribution_counts counts,
                     pmkti_attribution_credit *credit) {
    const pmkti_attribution_input *in = &job->in;
    for (int64_t j = 0; j < in->paths; j++) {
        const double conversions = counts.conversions[j];
        const double value = counts.values ? counts.values[j] : 0;
        if (conversions == 0) continue;
        for (int64_t i = in->at[j]; i < in->at[j + 1]; i++) {
            credit->conversions[in->touch[i]] += conversions * job->share[i];
            if (counts.values) credit->values[in->touch[i]] += value * job->share[i];
        }
    }
}

/* Gives out a total in proportion to effects, or (where these add up to nothing) to others. */
static void by_effect(double total, const double *effect, const double *others, int32_t n,
                      double *credit) {
    double sum = 0;
    for (int32_t c = 0; c < n; c++) sum += effect[c];
    if (sum == 0) {
        effect = others;
        for (int32_t c = 0; c < n; c++) sum += effect[c];
    }
    for (int32_t c = 0; c < n; c++) credit[c] = sum != 0 ? total * (effect[c] / sum) : 0;
}

static pmkt_status by_chain(const pmkti_attribution_job *job,
                            const pmkti_attribution_giving *giving,
                            pmkti_attribution_credit *credit) {
    const pmkti_attribution_chain *chain = &job->chain;
    pmkti_attribution_flow *flow = giving->flow;
    pmkti_attribution_flow_fill(chain, giving->counts, flow);
    if (job->o.model == PMKT_ATTRIBUTION_SHAPLEY) {
        return pmkti_attribution_shapley(chain, flow, giving->counts, credit);
    }
    const pmkti_attribution_solving solving = {
        chain,         flow,         giving->run,    giving->stage,        giving->tolerance,
        giving->begin, giving->keep, credit->effect, credit->value_effect,
    };
    const pmkt_status status = pmkti_attribution_solve(&solving);
    if (status) return status;
    double conversions = 0, values = 0;
    for (int32_t t = 1; t < chain->states; t++) {
        conversions += flow->conversions[t];
        if (credit->values) values += flow->values[t];
    }
    const int32_t n = job->in.channels;
    by_effect(conversions, credit->effect, credit->effect, n, credit->conversions);
    if (credit->values) {
        by_effect(values, credit->value_effect, credit->effect, n, credit->values);
    }
    return PMKT_OK;
}

pmkt_status pmkti_attribution_give(const pmkti_attribution_job *job,
                                   const pmkti_attribution_giving *giving,
                                   pmkti_attribution_credit *credit) {
    if (pmkti_attribution_has_chain(job)) return by_chain(job, giving, credit);
    by_share(job, giving->counts, credit);
    return PMKT_OK;
}
