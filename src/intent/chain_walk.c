/*
 * chain_walk.c - reading a chain: one step's edge, its probability, and where it leads.
 */
#include "intent/chain.h"

int32_t pmkti_chain_edge(const pmkt_intent *m, int32_t node, uint32_t step) {
    int32_t low = m->nodes[node].first, high = m->nodes[node].end;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if ((uint32_t)m->edges[middle].step < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low < m->nodes[node].end && (uint32_t)m->edges[low].step == step ? low : -1;
}

double pmkti_chain_p(const pmkt_intent *m, int32_t node, uint32_t step, int chain) {
    double p = 0, weight = 1;
    for (int32_t i = node; i >= 0; i = m->nodes[i].up) {
        const int32_t edge = pmkti_chain_edge(m, i, step);
        if (edge >= 0) p += weight * m->edges[edge].share[chain];
        weight *= m->nodes[i].rest[chain];
    }
    return p + weight / m->alphabet;
}

void pmkti_chain_all(const pmkt_intent *m, int32_t node, double *p) {
    double weight = 1;
    for (int32_t k = 0; k < m->alphabet; k++) p[k] = 0;
    for (int32_t i = node; i >= 0; i = m->nodes[i].up) {
        for (int32_t e = m->nodes[i].first; e < m->nodes[i].end; e++) {
            p[pmkti_chain_column(m, (uint32_t)m->edges[e].step)] +=
                weight * m->edges[e].share[PMKTI_ALL];
        }
        weight *= m->nodes[i].rest[PMKTI_ALL];
    }
    for (int32_t k = 0; k < m->alphabet; k++) p[k] += weight / m->alphabet;
}

int32_t pmkti_chain_go(const pmkt_intent *m, int32_t node, uint32_t step) {
    for (int32_t i = node; i >= 0; i = m->nodes[i].up) {
        const int32_t edge = pmkti_chain_edge(m, i, step);
        if (edge >= 0) return m->edges[edge].to;
    }
    return 0; /* an action that the model knows always follows the empty context */
}

uint32_t pmkti_chain_step(const pmkt_intent *m, uint32_t action) {
    if (action == m->facts.goal) return PMKTI_GOAL;
    int32_t low = 0, high = m->facts.actions;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (m->action[middle] < action)
            low = middle + 1;
        else
            high = middle;
    }
    const bool found = low < m->facts.actions && m->action[low] == action;
    return found ? (uint32_t)low + 1 : PMKTI_NO_STEP;
}

static uint32_t action_in(const pmkt_intent *m, int32_t column) {
    if (column == m->alphabet - 2) return PMKT_INTENT_LEAVE;
    return column == m->alphabet - 1 ? PMKT_INTENT_GOAL : m->action[column];
}

void pmkti_chain_top(const pmkt_intent *m, int32_t node, uint32_t *next, double *p) {
    double all[PMKT_INTENT_MAX_ACTIONS + 2] = {0};
    pmkti_chain_all(m, node, all);
    for (int k = 0; k < PMKT_INTENT_TOP; k++) {
        int32_t best = -1;
        for (int32_t c = 0; c < m->alphabet; c++) {
            if (all[c] > 0 && (best < 0 || all[c] > all[best])) best = c;
        }
        next[k] = best < 0 ? 0 : action_in(m, best);
        p[k] = best < 0 ? 0 : all[best];
        if (best >= 0) all[best] = 0;
    }
}
