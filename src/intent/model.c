/*
 * model.c - the handle: how a model begins, who owns it, what it says of itself, how it ends.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"
#include "intent/chain.h"
#include "intent/classes.h"

pmkt_intent *pmkti_intent_new(const pmkt_allocator *allocator) {
    pmkt_intent *m = pmkti_alloc_zero(allocator, 1, sizeof *m);
    if (!m) return NULL;
    m->allocator = *allocator;
    atomic_init(&m->owners, 1);
    m->facts.struct_size = sizeof m->facts;
    return m;
}

static int64_t pairs_of(const pmkt_intent *m) {
    return (int64_t)m->facts.actions * (m->facts.actions + 1);
}

static void destroy(pmkt_intent *m) {
    const pmkt_allocator a = m->allocator;
    const size_t nodes = (size_t)m->n_nodes, pairs = (size_t)pairs_of(m);
    pmkti_free(&a, m->counts, (size_t)m->n_counts, sizeof *m->counts);
    pmkti_free(&a, m->dwell, pairs, sizeof *m->dwell);
    pmkti_classes_free(m);
    pmkti_free(&a, m->nodes, nodes, sizeof *m->nodes);
    pmkti_free(&a, m->edges, (size_t)m->n_edges, sizeof *m->edges);
    pmkti_free(&a, m->pairs, (size_t)m->n_pairs, sizeof *m->pairs);
    pmkti_free(&a, m->goal, nodes, sizeof *m->goal);
    pmkti_free(&a, m->steps, nodes, sizeof *m->steps);
    pmkti_free(&a, m->time, nodes, sizeof *m->time);
    pmkti_free(&a, m->mean, pairs, sizeof *m->mean);
    pmkti_free(&a, m, 1, sizeof *m);
}

pmkt_intent *pmkt_intent_retain(const pmkt_intent *model) {
    pmkt_intent *counted = (pmkt_intent *)model; /* its count changes, nothing that one sees */
    if (counted) atomic_fetch_add_explicit(&counted->owners, 1, memory_order_relaxed);
    return counted;
}

void pmkt_intent_release(const pmkt_intent *model) {
    pmkt_intent *counted = (pmkt_intent *)model;
    /* Whoever frees must have seen all that the other owners did before they let go. */
    if (counted && atomic_fetch_sub_explicit(&counted->owners, 1, memory_order_acq_rel) == 1) {
        destroy(counted);
    }
}

/* The memory of a model that is finished. */
static int64_t bytes_of(const pmkt_intent *m) {
    const int64_t answers = m->time ? 3 : 2, pairs = pairs_of(m);
    return (int64_t)sizeof *m + pmkti_classes_bytes(m) +
           (m->n_counts + m->n_pairs) * (int64_t)sizeof *m->counts +
           (m->dwell ? pairs * (int64_t)sizeof *m->dwell : 0) +
           m->n_nodes * (int64_t)(sizeof *m->nodes + (size_t)answers * sizeof(double)) +
           m->n_edges * (int64_t)sizeof *m->edges + (m->mean ? pairs * (int64_t)sizeof(double) : 0);
}

pmkt_status pmkti_chain_finish(pmkt_intent *m, const pmkti_run *run, pmkti_stage stage,
                               pmkt_error *err) {
    pmkt_status status = pmkti_chain_build(m, err);
    if (!status) status = pmkti_chain_solve(m, run, stage, err);
    if (!status && pmkti_canceled(run, stage.to, stage.name)) {
        status = pmkti_stopped(err, PMKT_E_CANCELED);
    }
    if (status) return status;
    m->facts.contexts = m->n_nodes;
    m->facts.transitions = m->n_pairs;
    m->facts.bytes = bytes_of(m);
    return PMKT_OK;
}

pmkt_status pmkt_intent_info(const pmkt_intent *model, pmkt_intent_facts *out, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!out) return pmkti_null(err, "out");
    return pmkti_struct_out(out, &model->facts, sizeof model->facts, sizeof(uint64_t), "out", err);
}

pmkt_status pmkt_intent_actions(const pmkt_intent *model, const uint32_t **actions, int64_t *n,
                                pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (actions) *actions = model->action;
    if (n) *n = model->facts.actions;
    return PMKT_OK;
}

pmkt_status pmkt_intent_classes(const pmkt_intent *model, const uint64_t **classes, int64_t *n,
                                pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (classes) *classes = model->classes;
    if (n) *n = model->facts.classes;
    return PMKT_OK;
}
