/*
 * transitions.c - the table of single steps.
 */
#include <math.h>

#include "core/error.h"
#include "core/structs.h"
#include "intent/chain.h"

static uint32_t action_of(const pmkt_intent *m, uint32_t step) {
    switch (step) {
        case PMKTI_START:
            return PMKT_INTENT_START;
        case PMKTI_LEAVE:
            return PMKT_INTENT_LEAVE;
        case PMKTI_GOAL:
            return PMKT_INTENT_GOAL;
        default:
            return m->action[step - 1];
    }
}

static double median_of(const pmkt_intent *m, uint32_t from, uint32_t to) {
    if (from == PMKTI_START || to == PMKTI_LEAVE) return (double)NAN;
    const pmkti_dwell *d = &m->dwell[pmkti_dwell_at(m, from, to)];
    return d->n ? exp((double)d->ln / (double)d->n / 1048576.0) : (double)NAN;
}

static void fill_row(const pmkt_intent *m, const pmkt_intent_table *out, int64_t i, int64_t all) {
    const pmkti_count *c = &m->pairs[i];
    const uint32_t from = (uint32_t)(c->key >> PMKTI_STEP_BITS);
    const uint32_t to = (uint32_t)(c->key & PMKTI_STEP_MASK);
    if (out->from) out->from[i] = action_of(m, from);
    if (out->to) out->to[i] = action_of(m, to);
    if (out->count) out->count[i] = c->buyers + c->others;
    if (out->buyers) out->buyers[i] = c->buyers;
    if (out->probability) out->probability[i] = (double)(c->buyers + c->others) / (double)all;
    if (out->median_ms) out->median_ms[i] = median_of(m, from, to);
}

pmkt_status pmkt_intent_transitions(const pmkt_intent *model, const pmkt_intent_table *out,
                                    pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!out) return pmkti_null(err, "out");
    pmkt_intent_table mine = PMKT_INTENT_TABLE_INIT;
    const pmkt_status status = pmkti_struct_in(&mine, sizeof mine, out, sizeof mine, "out", err);
    if (status) return status;
    if (mine.reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "out.reserved is not 0");
    if (mine.room < model->n_pairs) {
        return pmkti_fail(err, PMKT_E_INVALID, "out.room is %lld; there are %lld transitions",
                          (long long)mine.room, (long long)model->n_pairs);
    }
    for (int64_t i = 0; i < model->n_pairs;) {
        int64_t end = i, all = 0;
        const uint64_t from = model->pairs[i].key >> PMKTI_STEP_BITS;
        for (; end < model->n_pairs && model->pairs[end].key >> PMKTI_STEP_BITS == from; end++) {
            all += model->pairs[end].buyers + model->pairs[end].others;
        }
        for (; i < end; i++) fill_row(model, &mine, i, all);
    }
    return PMKT_OK;
}
