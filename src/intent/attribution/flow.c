/*
 * flow.c - how many went each step, from the counts of the paths.
 */
#include <string.h>

#include "core/alloc.h"
#include "intent/attribution/chain.h"

pmkt_status pmkti_attribution_flow_make(const pmkti_attribution_chain *chain,
                                        pmkti_attribution_flow *flow) {
    const pmkt_allocator *a = chain->in->allocator;
    const size_t states = (size_t)chain->states, steps = (size_t)chain->steps;
    *flow = (pmkti_attribution_flow){0};
    flow->step = pmkti_alloc(a, steps, sizeof *flow->step);
    flow->share = pmkti_alloc(a, steps, sizeof *flow->share);
    flow->later = pmkti_alloc(a, steps, sizeof *flow->later);
    flow->through = pmkti_alloc(a, states, sizeof *flow->through);
    flow->conversions = pmkti_alloc(a, states, sizeof *flow->conversions);
    if (chain->in->values) flow->values = pmkti_alloc(a, states, sizeof *flow->values);
    const bool has_room = flow->step && flow->share && flow->later && flow->through &&
                          flow->conversions && (flow->values || !chain->in->values);
    return has_room ? PMKT_OK : PMKT_E_NOMEM;
}

void pmkti_attribution_flow_clear(const pmkti_attribution_chain *chain,
                                  pmkti_attribution_flow *flow) {
    if (!chain->in) return;
    const pmkt_allocator *a = chain->in->allocator;
    const size_t states = (size_t)chain->states, steps = (size_t)chain->steps;
    pmkti_free(a, flow->step, steps, sizeof *flow->step);
    pmkti_free(a, flow->share, steps, sizeof *flow->share);
    pmkti_free(a, flow->later, steps, sizeof *flow->later);
    pmkti_free(a, flow->through, states, sizeof *flow->through);
    pmkti_free(a, flow->conversions, states, sizeof *flow->conversions);
    pmkti_free(a, flow->values, states, sizeof *flow->values);
    *flow = (pmkti_attribution_flow){0};
}

static void count(const pmkti_attribution_chain *chain, pmkti_attribution_counts counts,
                  pmkti_attribution_flow *flow) {
    const pmkti_attribution_input *in = chain->in;
    memset(flow->step, 0, (size_t)chain->steps * sizeof *flow->step);
    memset(flow->conversions, 0, (size_t)chain->states * sizeof *flow->conversions);
    if (flow->values) memset(flow->values, 0, (size_t)chain->states * sizeof *flow->values);
    for (int64_t j = 0; j < in->paths; j++) {
        const double all = counts.conversions[j] + counts.nulls[j];
        if (all == 0) continue;
        flow->conversions[chain->end[j]] += counts.conversions[j];
        if (flow->values) flow->values[chain->end[j]] += counts.values[j];
        for (int64_t i = in->at[j]; i < in->at[j + 1]; i++) flow->step[chain->step_of[i]] += all;
    }
}

void pmkti_attribution_flow_fill(const pmkti_attribution_chain *chain,
                                 pmkti_attribution_counts counts, pmkti_attribution_flow *flow) {
    count(chain, counts, flow);
    for (int32_t t = 0; t < chain->states; t++) {
        double through = 0;
        for (int32_t e = chain->into[t]; e < chain->into[t + 1]; e++) {
            if (chain->from[e] != t) through += flow->step[e];
        }
        flow->through[t] = through;
        const double whole = through > 0 ? through : 1;
        for (int32_t e = chain->into[t]; e < chain->into[t + 1]; e++) {
            flow->share[e] = chain->from[e] == t ? 0 : flow->step[e] / whole;
        }
    }
    for (int32_t e = 0; e < chain->later[chain->states]; e++) {
        flow->later[e] = flow->step[chain->step[e]];
    }
    flow->conversions[0] = 0; /* paths without a touch are not in the chain */
    if (flow->values) flow->values[0] = 0;
}
