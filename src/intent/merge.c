/*
 * merge.c - one model of what several have counted: actions are numbered anew, counts are added.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "intent/classes.h"
#include "intent/fit.h"
#include "intent/tally.h"

static pmkt_status check(const pmkt_intent *const *models, int64_t n, pmkt_error *err) {
    if (n < 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "n is %lld; a merge takes one model or more",
                          (long long)n);
    }
    const pmkt_status status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (!models) return pmkti_null(err, "models");
    for (int64_t i = 0; i < n; i++) {
        if (!models[i]) return pmkti_null(err, "models[i]");
        const pmkt_intent_facts *a = &models[0]->facts, *b = &models[i]->facts;
        const bool same = a->order == b->order && a->gap_ms == b->gap_ms && a->goal == b->goal;
        if (same && pmkti_classes_same(models[0], models[i])) continue;
        return pmkti_fail(err, PMKT_E_MISMATCH, "models[%lld] has %s than models[0]", (long long)i,
                          same ? "other classes" : "another order, gap or goal");
    }
    return PMKT_OK;
}

static pmkt_status add_actions(pmkt_intent *m, const pmkt_intent *from, pmkt_error *err) {
    for (int32_t k = 0; k < from->facts.actions; k++) {
        int32_t at = 0;
        while (at < m->facts.actions && m->action[at] < from->action[k]) at++;
        if (at < m->facts.actions && m->action[at] == from->action[k]) continue;
        if (m->facts.actions == PMKT_INTENT_MAX_ACTIONS) {
            return pmkti_fail(err, PMKT_E_LIMIT, "there are more than %d different actions in all",
                              PMKT_INTENT_MAX_ACTIONS);
        }
        memmove(m->action + at + 1, m->action + at,
                (size_t)(m->facts.actions - at) * sizeof *m->action);
        m->action[at] = from->action[k];
        m->facts.actions++;
    }
    return PMKT_OK;
}

/* What each step of a model is in the merged one. */
static void translate(const pmkt_intent *m, const pmkt_intent *from, uint32_t *step) {
    for (uint32_t k = 0; k <= PMKTI_STEP_MASK; k++) step[k] = k;
    int32_t at = 0;
    for (int32_t k = 0; k < from->facts.actions; k++) {
        while (m->action[at] != from->action[k]) at++;
        step[k + 1] = (uint32_t)at + 1;
    }
}

static pmkt_status add_counts(pmkt_intent *m, pmkti_tally *tally, const pmkt_intent *from) {
    uint32_t step[PMKTI_STEP_MASK + 1];
    translate(m, from, step);
    pmkt_status status = PMKT_OK;
    for (int64_t i = 0; i < from->n_counts && !status; i++) {
        const pmkti_count *c = &from->counts[i];
        uint64_t key = 0;
        for (int bits = 0; c->key >> bits; bits += PMKTI_STEP_BITS) {
            key |= (uint64_t)step[(c->key >> bits) & PMKTI_STEP_MASK] << bits;
        }
        status = pmkti_tally_add(tally, key, c->buyers, c->others);
    }
    for (uint32_t a = 1; a <= (uint32_t)from->facts.actions; a++) {
        for (uint32_t b = 1; b <= (uint32_t)from->facts.actions; b++) {
            pmkti_dwell_merge(&m->dwell[pmkti_dwell_at(m, step[a], step[b])],
                              &from->dwell[pmkti_dwell_at(from, a, b)]);
        }
        pmkti_dwell_merge(&m->dwell[pmkti_dwell_at(m, step[a], PMKTI_GOAL)],
                          &from->dwell[pmkti_dwell_at(from, a, PMKTI_GOAL)]);
    }
    m->facts.sessions += from->facts.sessions, m->facts.buyers += from->facts.buyers;
    m->facts.counted += from->facts.counted;
    return status;
}

static int64_t times_of(const pmkt_intent *m, size_t pairs) {
    int64_t n = 0;
    for (size_t i = 0; i < pairs; i++) n += m->dwell[i].n;
    return n;
}

static pmkt_status add_all(pmkt_intent *m, pmkti_tally *tally, const pmkt_intent *const *models,
                           int64_t n, const pmkti_run *run, pmkti_stage stage, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    for (int64_t i = 0; i < n && !status; i++) status = add_actions(m, models[i], err);
    if (status) return status;
    const size_t pairs = (size_t)m->facts.actions * (size_t)(m->facts.actions + 1);
    m->dwell = pmkti_alloc_zero(&m->allocator, pairs, sizeof *m->dwell);
    if (!m->dwell && pairs) return pmkti_stopped(err, PMKT_E_NOMEM);
    for (int64_t i = 0; i < n && !status; i++) {
        const double done = (double)i / (double)n;
        status = pmkti_canceled(run, stage.from + done * (stage.to - stage.from), stage.name)
                     ? PMKT_E_CANCELED
                     : add_counts(m, tally, models[i]);
        if (status) return pmkti_stopped(err, status);
        if (m->facts.counted > PMKTI_MOST_COUNTED || times_of(m, pairs) > PMKTI_MOST_COUNTED) {
            return pmkti_fail(err, PMKT_E_LIMIT,
                              "the models counted more than 2^31 actions and ends");
        }
    }
    m->counts = pmkti_tally_sorted(tally);
    if (!m->counts && tally->used) return pmkti_stopped(err, PMKT_E_NOMEM);
    m->n_counts = tally->used;
    return PMKT_OK;
}

pmkt_status pmkti_intent_add_up(const pmkt_intent *const *models, int64_t n, const pmkti_run *run,
                                pmkti_stage stage, pmkt_intent **model, pmkt_error *err) {
    const double added = (stage.from + stage.to) / 2;
    pmkt_intent *m = pmkti_intent_new(&models[0]->allocator);
    if (!m) return pmkti_no_memory(err, sizeof *m);
    m->facts.order = models[0]->facts.order;
    m->facts.gap_ms = models[0]->facts.gap_ms;
    m->facts.goal = models[0]->facts.goal;
    pmkti_tally tally = {.allocator = m->allocator};
    int64_t bad = 0;
    pmkt_status status = pmkti_classes_set(m, models[0]->classes, models[0]->facts.classes, &bad);
    status = status ? pmkti_stopped(err, status)
                    : add_all(m, &tally, models, n, run,
                              (pmkti_stage){"merging", stage.from, added}, err);
    pmkti_tally_free(&tally);
    return pmkti_intent_end(m, status, run, (pmkti_stage){"solving", added, stage.to}, model, err);
}

pmkt_status pmkt_intent_merge(const pmkt_intent *const *models, int64_t n, const pmkt_run *run,
                              pmkt_intent **model, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    pmkti_run how;
    pmkt_status status = check(models, n, err);
    if (!status) status = pmkti_run_check(run, 0, &how, err);
    if (status) return status;
    return pmkti_intent_add_up(models, n, &how, (pmkti_stage){NULL, 0, 1}, model, err);
}
