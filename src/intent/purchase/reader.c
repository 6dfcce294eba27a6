#include "intent/purchase/reader.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

#define LEAST 1e-12 /* a probability is told from 0 and 1 by no less */

/* ln P(step | context, buyers) / P(step | context, others). */
static double evidence_of(const pmkt_intent *m, int32_t node, uint32_t step) {
    return log(pmkti_chain_p(m, node, step, PMKTI_BUYERS)) -
           log(pmkti_chain_p(m, node, step, PMKTI_OTHERS));
}

static void look_out(const pmkt_intent *m, int32_t node, pmkti_outlook *out) {
    pmkti_chain_top(m, node, out->next, out->p);
    out->time_ms = m->time ? m->time[node] / m->goal[node] : (double)NAN;
}

/* Both chains' actions ascend by their numbers. */
void pmkti_reader_translate(const pmkt_intent *chain, const pmkt_intent *other, uint8_t *step) {
    memset(step, 0, PMKTI_STEP_MASK + 1);
    int32_t at = 0;
    for (int32_t k = 0; k < other->facts.actions; k++) {
        while (at < chain->facts.actions && chain->action[at] < other->action[k]) at++;
        const bool same = at < chain->facts.actions && chain->action[at] == other->action[k];
        step[k + 1] = same ? (uint8_t)(at + 1) : 0;
    }
}

pmkt_status pmkti_reader_make(const pmkt_intent *chain, const pmkt_intent *model, bool outlook,
                              pmkti_reader *out) {
    const pmkt_allocator *a = &chain->allocator;
    const size_t nodes = (size_t)chain->n_nodes, edges = (size_t)chain->n_edges;
    *out = (pmkti_reader){.chain = chain};
    out->by = pmkti_alloc(a, edges, sizeof *out->by);
    out->to = pmkti_alloc(a, edges, sizeof *out->to);
    out->evidence = pmkti_alloc(a, edges, sizeof *out->evidence);
    out->context = pmkti_alloc(a, nodes, sizeof *out->context);
    if (outlook) out->outlook = pmkti_alloc(a, nodes, sizeof *out->outlook);
    const bool fine = edges == 0 || (out->by && out->to && out->evidence);
    if (!fine || !out->context || (outlook && !out->outlook)) {
        pmkti_reader_free(out);
        return PMKT_E_NOMEM;
    }
    out->actions = model->facts.actions;
    pmkti_reader_translate(chain, model, out->step);
    for (int32_t i = 0; i < chain->n_nodes; i++) {
        const double goal = fmin(fmax(chain->goal[i], LEAST), 1 - LEAST);
        out->context[i] = log(goal) - log1p(-goal);
        if (outlook) look_out(chain, i, &out->outlook[i]);
        for (int32_t e = chain->nodes[i].first; e < chain->nodes[i].end; e++) {
            out->by[e] = (uint8_t)chain->edges[e].step;
            out->to[e] = chain->edges[e].to;
            out->evidence[e] = evidence_of(chain, i, (uint32_t)chain->edges[e].step);
        }
    }
    return PMKT_OK;
}

void pmkti_reader_free(pmkti_reader *r) {
    if (!r->chain) return;
    const pmkt_allocator *a = &r->chain->allocator;
    pmkti_free(a, r->by, (size_t)r->chain->n_edges, sizeof *r->by);
    pmkti_free(a, r->to, (size_t)r->chain->n_edges, sizeof *r->to);
    pmkti_free(a, r->evidence, (size_t)r->chain->n_edges, sizeof *r->evidence);
    pmkti_free(a, r->context, (size_t)r->chain->n_nodes, sizeof *r->context);
    pmkti_free(a, r->outlook, (size_t)r->chain->n_nodes, sizeof *r->outlook);
    *r = (pmkti_reader){.chain = NULL};
}

int32_t pmkti_reader_go(const pmkti_reader *r, int32_t node, uint32_t step, double *evidence) {
    const pmkt_intent *m = r->chain;
    const uint32_t known = r->step[step];
    if (known == 0) return node;
    const pmkti_node *n = &m->nodes[node];
    const uint8_t *from = r->by + n->first;
    const uint8_t *at =
        n->end > n->first ? memchr(from, (int)known, (size_t)(n->end - n->first)) : NULL;
    if (at) {
        const int64_t edge = at - r->by;
        *evidence += r->evidence[edge];
        return r->to[edge];
    }
    *evidence += evidence_of(m, node, known);
    return pmkti_chain_go(m, node, known);
}
