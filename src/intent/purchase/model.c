/*
 * model.c - the handle: how a model begins, who owns it, what it says of itself, how it ends.
 */
#include "intent/purchase/model.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"

pmkt_purchase *pmkti_purchase_new(const pmkt_allocator *allocator, pmkt_intent *chains) {
    pmkt_purchase *m = pmkti_alloc_zero(allocator, 1, sizeof *m);
    if (!m) return NULL;
    m->allocator = *allocator;
    atomic_init(&m->owners, 1);
    m->facts.struct_size = sizeof m->facts;
    m->chains = chains;
    return m;
}

int64_t pmkti_purchase_bytes(const pmkt_purchase *m) {
    const pmkt_intent *c = m->chains;
    const pmkt_zone *zone = &m->features.zone;
    const int64_t node = sizeof *m->reader.context + sizeof *m->reader.outlook;
    const int64_t edge = sizeof *m->reader.by + sizeof *m->reader.way;
    return (int64_t)sizeof *m + c->facts.bytes + c->n_nodes * node + c->n_edges * edge +
           zone->n_transitions * (int64_t)sizeof *zone->transitions +
           pmkti_logistic_bytes(m->logistic[PMKT_PURCHASE_SESSION]) +
           pmkti_logistic_bytes(m->logistic[PMKT_PURCHASE_CART]);
}

pmkt_status pmkti_purchase_finish(pmkt_purchase *m, const pmkt_zone *zone) {
    pmkt_status status = pmkti_features_make(m->chains, zone, &m->allocator, &m->features);
    if (!status) status = pmkti_reader_make(m->chains, m->chains, true, &m->reader);
    m->facts.features = m->features.n;
    return status;
}

static void destroy(pmkt_purchase *m) {
    const pmkt_allocator a = m->allocator;
    pmkti_reader_free(&m->reader);
    pmkti_features_free(&a, &m->features);
    pmkt_logistic_release(m->logistic[PMKT_PURCHASE_SESSION]);
    pmkt_logistic_release(m->logistic[PMKT_PURCHASE_CART]);
    pmkt_intent_release(m->chains);
    pmkti_free(&a, m, 1, sizeof *m);
}

pmkt_purchase *pmkt_purchase_retain(const pmkt_purchase *model) {
    pmkt_purchase *counted = (pmkt_purchase *)model; /* its count changes, nothing that one sees */
    if (counted) atomic_fetch_add_explicit(&counted->owners, 1, memory_order_relaxed);
    return counted;
}

void pmkt_purchase_release(const pmkt_purchase *model) {
    pmkt_purchase *counted = (pmkt_purchase *)model;
    /* Whoever frees must have seen all that the other owners did before they let go. */
    if (counted && atomic_fetch_sub_explicit(&counted->owners, 1, memory_order_acq_rel) == 1) {
        destroy(counted);
    }
}

const pmkt_intent *pmkt_purchase_chains(const pmkt_purchase *model) {
    return model ? model->chains : NULL;
}

const pmkt_logistic *pmkt_purchase_logistic(const pmkt_purchase *model, int32_t which) {
    if (!model || which < PMKT_PURCHASE_SESSION || which > PMKT_PURCHASE_CART) return NULL;
    return model->logistic[which];
}

pmkt_status pmkt_purchase_info(const pmkt_purchase *model, pmkt_purchase_facts *out,
                               pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!out) return pmkti_null(err, "out");
    pmkt_purchase_facts facts = model->facts;
    facts.bytes = pmkti_purchase_bytes(model);
    return pmkti_struct_out(out, &facts, sizeof facts, sizeof(uint64_t), "out", err);
}

pmkt_status pmkt_purchase_settings(const pmkt_purchase *model, pmkt_purchase_options *options,
                                   pmkt_intent_options *chains, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    pmkt_purchase_options o = model->options;
    o.zone = &model->features.zone;
    const pmkt_intent_facts *f = &model->chains->facts;
    pmkt_intent_options c = PMKT_INTENT_OPTIONS_INIT;
    c.order = f->order, c.gap_ms = f->gap_ms, c.goal = f->goal, c.by_session = model->by_session;
    c.allocator = &model->allocator;
    c.classes = model->chains->classes, c.n_classes = f->classes;
    c.class_column = model->class_column[0] ? model->class_column : NULL;
    uint32_t size;
    pmkt_status status = PMKT_OK; /* of both, before either is written to */
    if (options) status = pmkti_struct_size(options, sizeof o, "options", &size, err);
    if (!status && chains) status = pmkti_struct_size(chains, sizeof c, "chains", &size, err);
    if (status) return status;
    if (options) (void)pmkti_struct_out(options, &o, sizeof o, sizeof o, "options", err);
    if (chains) (void)pmkti_struct_out(chains, &c, sizeof c, sizeof c, "chains", err);
    return PMKT_OK;
}

const char *pmkt_purchase_feature(const pmkt_purchase *model, int32_t i) {
    return model && i >= 0 && i < model->features.n ? model->features.name[i] : NULL;
}

/* ---------------------------------------------------------------------- visits */

pmkt_status pmkti_purchase_visits(const pmkt_purchase *m, const pmkt_events *ev,
                                  const pmkti_run *run, pmkti_stage stage, pmkt_report *report,
                                  pmkti_visits *out, pmkt_error *err) {
    const pmkti_sessions_plan plan = {.gap_ms = m->chains->facts.gap_ms,
                                      .by_column = m->by_session == 1,
                                      .item = true,
                                      .category = true,
                                      .row = true};
    const char *column = m->class_column[0] ? m->class_column : NULL;
    return pmkti_visits_make(m->chains, ev, plan, column, run, stage, report, out, err);
}

pmkti_step pmkti_purchase_step(const pmkt_intent *chains, const pmkti_visits *v, int64_t i) {
    return (pmkti_step){.time = v->s.time[i],
                        .item = v->s.item ? v->s.item[i] : PMKT_ID_NONE,
                        .category = v->s.category ? v->s.category[i] : PMKT_ID_NONE,
                        .step = pmkti_chain_step(chains, pmkti_visits_action(v, i)),
                        .kind = v->s.kind[i]};
}
