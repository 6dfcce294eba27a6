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

/* Actions ascend by their numbers. */
void pmkti_reader_translate(const pmkt_intent *chain, const uint32_t *action, int32_t n,
                            uint8_t *step) {
    memset(step, 0, PMKTI_STEP_MASK + 1);
    int32_t at = 0;
    for (int32_t k = 0; k < n; k++) {
        while (at < chain->facts.actions && chain->action[at] < action[k]) at++;
        const bool same = at < chain->facts.actions && chain->action[at] == action[k];
        step[k + 1] = same ? (uint8_t)(at + 1) : 0;
    }
}

pmkt_status pmkti_reader_make(const pmkt_intent *chain, const pmkt_intent *model, bool outlook,
                              pmkti_reader *out) {
    const pmkt_allocator *a = &chain->allocator;
    const size_t nodes = (size_t)chain->n_nodes, edges = (size_t)chain->n_edges;
    *out = (pmkti_reader){.chain = chain};
    out->by = pmkti_alloc(a, edges, sizeof *out->by);
    out->way = pmkti_alloc(a, edges, sizeof *out->way);
    out->context = pmkti_alloc(a, nodes, sizeof *out->context);
    if (outlook) out->outlook = pmkti_alloc(a, nodes, sizeof *out->outlook);
    const bool fine = edges == 0 || (out->by && out->way);
    if (!fine || !out->context || (outlook && !out->outlook)) {
        pmkti_reader_free(out);
        return PMKT_E_NOMEM;
    }
    out->actions = model->facts.actions;
    pmkti_reader_translate(chain, model->action, model->facts.actions, out->step);
    for (int32_t i = 0; i < chain->n_nodes; i++) {
        const double goal = fmin(fmax(chain->goal[i], LEAST), 1 - LEAST);
        const pmkti_node *node = &chain->nodes[i];
        out->context[i] = (pmkti_context){log(goal) - log1p(-goal), node->first, node->end};
        if (outlook) look_out(chain, i, &out->outlook[i]);
        for (int32_t e = node->first; e < node->end; e++) {
            const pmkti_edge *edge = &chain->edges[e];
            out->by[e] = (uint8_t)edge->step;
            out->way[e] = (pmkti_way){evidence_of(chain, i, (uint32_t)edge->step), edge->to, 0};
        }
    }
    return PMKT_OK;
}

void pmkti_reader_free(pmkti_reader *r) {
    if (!r->chain) return;
    const pmkt_allocator *a = &r->chain->allocator;
    pmkti_free(a, r->by, (size_t)r->chain->n_edges, sizeof *r->by);
    pmkti_free(a, r->way, (size_t)r->chain->n_edges, sizeof *r->way);
    pmkti_free(a, r->context, (size_t)r->chain->n_nodes, sizeof *r->context);
    pmkti_free(a, r->outlook, (size_t)r->chain->n_nodes, sizeof *r->outlook);
    *r = (pmkti_reader){.chain = NULL};
}

int32_t pmkti_reader_go(const pmkti_reader *r, int32_t node, uint32_t step, double *evidence) {
    const pmkt_intent *m = r->chain;
    const uint32_t known = r->step[step];
    if (known == 0) return node;
    const pmkti_context *c = &r->context[node];
    const uint8_t *from = r->by + c->first;
    const uint8_t *at =
        c->end > c->first ? memchr(from, (int)known, (size_t)(c->end - c->first)) : NULL;
    if (at) {
        const pmkti_way *way = &r->way[at - r->by];
        *evidence += way->evidence;
        return way->to;
    }
    *evidence += evidence_of(m, node, known);
    return pmkti_chain_go(m, node, known);
}
