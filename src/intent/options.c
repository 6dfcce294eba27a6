/*
 * options.c - the caller's options and paths.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"
#include "intent/classes.h"
#include "intent/fit.h"
#include "intent/sessions.h"

#define LAST_CODE (PMKT_INTENT_START - 1)

static pmkt_status check(const pmkt_intent_options *o, pmkt_error *err) {
    if (o->order < 1 || o->order > PMKT_INTENT_MAX_ORDER) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.order is %d; it must lie between 1 and %d",
                          (int)o->order, PMKT_INTENT_MAX_ORDER);
    }
    if (o->gap_ms < 1 || o->gap_ms > PMKTI_MOST_DWELL) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.gap_ms is %lld; it must lie between 1 and %d (24 days)",
                          (long long)o->gap_ms, PMKTI_MOST_DWELL);
    }
    if (o->goal > LAST_CODE) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.goal is %lu; no action has that number",
                          (unsigned long)o->goal);
    }
    if (o->by_session != 0 && o->by_session != 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.by_session is %d; it must be 0 or 1",
                          (int)o->by_session);
    }
    if (o->n_classes < 0 || o->n_classes > PMKT_INTENT_MAX_CLASSES) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.n_classes is %lld; it must lie between 0 and %d",
                          (long long)o->n_classes, PMKT_INTENT_MAX_CLASSES);
    }
    if (o->n_classes > 0 && !o->classes) return pmkti_null(err, "options.classes");
    if (o->class_column && o->n_classes == 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.class_column is given, and no classes");
    }
    if (o->class_column && !o->class_column[0]) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.class_column is empty");
    }
    return PMKT_OK;
}

static pmkt_status take_classes(pmkt_intent *m, const pmkt_intent_options *o, pmkt_error *err) {
    int64_t bad = 0;
    const pmkt_status status = pmkti_classes_set(m, o->classes, o->n_classes, &bad);
    if (status == PMKT_E_NOMEM)
        return pmkti_no_memory(err, (size_t)o->n_classes * sizeof *o->classes);
    if (!status) return PMKT_OK;
    return pmkti_fail_at(err, status, PMKT_WHERE_ROW, bad, "options.classes[%lld] is %s",
                         (long long)bad,
                         o->classes[bad] ? "there twice" : "0, which no class can be");
}

pmkt_status pmkti_intent_begin(const pmkt_intent_options *given, pmkt_intent_options *mine,
                               pmkt_intent **model, pmkt_error *err) {
    pmkt_intent_options_init(mine);
    pmkt_status status = pmkti_struct_in(mine, sizeof *mine, given, sizeof *mine, "options", err);
    if (status) return status;
    if (mine->order == 0) mine->order = 3;
    if (mine->gap_ms == 0) mine->gap_ms = PMKTI_SESSIONS_GAP_MS;
    if (mine->goal == 0) mine->goal = PMKT_KIND_ORDER;
    pmkt_allocator allocator;
    status = check(mine, err);
    if (!status) status = pmkti_allocator_check(mine->allocator, &allocator, err);
    if (status) return status;
    pmkt_intent *m = pmkti_intent_new(&allocator);
    if (!m) return pmkti_no_memory(err, sizeof *m);
    m->facts.order = mine->order;
    m->facts.gap_ms = mine->gap_ms;
    m->facts.goal = mine->goal;
    status = take_classes(m, mine, err);
    if (status)
        pmkt_intent_release(m);
    else
        *model = m;
    return status;
}

pmkt_status pmkti_intent_paths_in(const pmkt_intent_paths *given, pmkt_intent_paths *mine,
                                  pmkt_error *err) {
    if (!given) return pmkti_null(err, "paths");
    pmkt_intent_paths_init(mine);
    pmkt_status status = pmkti_struct_in(mine, sizeof *mine, given, sizeof *mine, "paths", err);
    if (!status) status = pmkti_count_check(mine->n, "paths.n", err);
    if (status) return status;
    if (mine->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "paths.reserved is not 0");
    if (mine->n == 0) return PMKT_OK;
    if (!mine->at) return pmkti_null(err, "paths.at");
    if (mine->at[0] != 0) return pmkti_fail(err, PMKT_E_INVALID, "paths.at does not begin at 0");
    for (int64_t i = 0; i < mine->n; i++) {
        if (mine->at[i + 1] >= mine->at[i]) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "paths.at falls after path %lld", (long long)i);
    }
    const int64_t all = mine->at[mine->n];
    status = pmkti_count_check(all, "paths.at[n]", err);
    if (status) return status;
    if (all > 0 && !mine->action) return pmkti_null(err, "paths.action");
    for (int64_t i = 0; i < all; i++) {
        if (mine->action[i] >= 1 && mine->action[i] <= LAST_CODE) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "paths.action[%lld] is %lu, which no action can be", (long long)i,
                             (unsigned long)mine->action[i]);
    }
    return PMKT_OK;
}

pmkt_status pmkti_intent_end(pmkt_intent *made, pmkt_status status, const pmkti_run *run,
                             pmkti_stage stage, pmkt_intent **model, pmkt_error *err) {
    if (!status) status = pmkti_chain_finish(made, run, stage, err);
    if (status)
        pmkt_intent_release(made);
    else
        *model = made;
    return status;
}
