/*
 * funnel.c - pmkt_funnel_new and its handle: checks, the stages, the end.
 */
#include "intent/funnel.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/structs.h"

static pmkt_status check_flag(int32_t flag, int32_t most, const char *name, pmkt_error *err) {
    if (flag >= 0 && flag <= most) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.%s is %d, but must be 0 to %d", name, (int)flag,
                      (int)most);
}

static pmkt_status check_options(pmkti_following *f, pmkt_error *err) {
    pmkt_funnel_options *o = &f->o;
    pmkt_status status = check_flag(o->open, 1, "open", err);
    if (!status) status = check_flag(o->strict, 1, "strict", err);
    if (!status) status = check_flag(o->hold, PMKT_FUNNEL_SAME_CATEGORY, "hold", err);
    if (!status) status = check_flag(o->count, PMKT_FUNNEL_SESSIONS, "count", err);
    if (!status) status = check_flag(o->by_session, 1, "by_session", err);
    if (status) return status;
    if (o->window_ms < 0) return pmkti_fail(err, PMKT_E_INVALID, "options.window_ms is negative");
    if (o->gap_ms < 0) return pmkti_fail(err, PMKT_E_INVALID, "options.gap_ms is negative");
    if (o->gap_ms == 0) o->gap_ms = PMKTI_SESSIONS_GAP_MS;
    if (f->ev.rows == 0) return PMKT_OK;
    if (o->hold == PMKT_FUNNEL_SAME_ITEM && !f->ev.item) {
        return pmkti_fail(err, PMKT_E_INVALID, "events.item is NULL, but options.hold needs items");
    }
    if (o->hold == PMKT_FUNNEL_SAME_CATEGORY && !f->ev.category) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "events.category is NULL, but options.hold needs categories");
    }
    if (o->by_session && !f->ev.session) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "events.session is NULL, but options.by_session needs it");
    }
    return PMKT_OK;
}

static pmkt_status check_step(const pmkti_following *f, int64_t k, pmkt_error *err) {
    const pmkt_funnel_step *s = &f->steps[k];
    if (s->n_kinds < 0 || s->n_kinds > PMKTI_FUNNEL_KINDS ||
        (s->kinds == NULL) != (s->n_kinds == 0)) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "steps[%lld] needs n_kinds of 0 to 65,536 and as many kinds",
                          (long long)k);
    }
    for (int64_t i = 0; i < s->n_kinds; i++) {
        if (pmkti_kind_exists(s->kinds[i]) && s->kinds[i] <= UINT16_MAX) continue;
        return pmkti_fail(err, PMKT_E_INVALID, "steps[%lld].kinds[%lld] is %d, which is no kind",
                          (long long)k, (long long)i, (int)s->kinds[i]);
    }
    if (f->ev.rows > 0 && ((s->item && !f->ev.item) || (s->category && !f->ev.category) ||
                           (s->channel && !f->ev.channel))) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "steps[%lld] names an id of a column that the events lack", (long long)k);
    }
    return PMKT_OK;
}

static pmkt_status check_steps(pmkti_following *f, int64_t n, pmkt_error *err) {
    if (!f->steps) return pmkti_null(err, "steps");
    if (n < 1 || n > PMKTI_FUNNEL_STEPS) {
        return pmkti_fail(err, PMKT_E_INVALID, "n_steps is %lld, but must be 1 to %d", (long long)n,
                          PMKTI_FUNNEL_STEPS);
    }
    f->n_steps = (int32_t)n;
    for (int64_t k = 0; k < n; k++) {
        const pmkt_status status = check_step(f, k, err);
        if (status) return status;
        const pmkt_funnel_step *s = &f->steps[k];
        if (s->item || s->category || s->channel) f->conditions |= UINT32_C(1) << k;
    }
    return PMKT_OK;
}

static pmkt_status make_kinds(pmkti_following *f) {
    f->kind_steps = pmkti_alloc_zero(&f->allocator, PMKTI_FUNNEL_KINDS, sizeof *f->kind_steps);
    if (!f->kind_steps) return PMKT_E_NOMEM;
    for (int32_t k = 0; k < f->n_steps; k++) {
        const pmkt_funnel_step *s = &f->steps[k];
        const uint32_t bit = UINT32_C(1) << k;
        for (int64_t i = 0; i < s->n_kinds; i++) f->kind_steps[s->kinds[i]] |= bit;
        for (int32_t i = 0; !s->kinds && i < PMKTI_FUNNEL_KINDS; i++) f->kind_steps[i] |= bit;
    }
    return PMKT_OK;
}

static pmkti_sessions_plan plan_of(const pmkti_following *f) {
    pmkti_sessions_plan plan = {.gap_ms = f->o.gap_ms, .by_column = f->o.by_session != 0};
    plan.item = f->o.hold == PMKT_FUNNEL_SAME_ITEM;
    plan.category = f->o.hold == PMKT_FUNNEL_SAME_CATEGORY;
    for (int32_t k = 0; k < f->n_steps; k++) {
        plan.item |= f->steps[k].item != PMKT_ID_NONE;
        plan.category |= f->steps[k].category != PMKT_ID_NONE;
        plan.channel |= f->steps[k].channel != PMKT_ID_NONE;
    }
    return plan;
}

static pmkt_status make(pmkti_following *f, pmkt_report *report, pmkt_funnel *out,
                        pmkt_error *err) {
    const pmkti_sessions_plan plan = plan_of(f);
    pmkt_status status = pmkti_sessions_make(&f->ev, &plan, &f->allocator, &f->run,
                                             (pmkti_stage){"sessions", 0, 0.6}, report, &f->s, err);
    if (status) return status;
    status = make_kinds(f);
    if (!status) status = pmkti_funnel_follow(f, (pmkti_stage){"following", 0.6, 0.95});
    if (!status) status = pmkti_funnel_sum(f, out);
    if (!status && pmkti_canceled(&f->run, 1, "following")) status = PMKT_E_CANCELED;
    if (status == PMKT_E_NOMEM) {
        return pmkti_no_memory(err, (size_t)f->units * sizeof *f->attempt);
    }
    return pmkti_stopped(err, status);
}

static void clear(pmkti_following *f) {
    const pmkt_allocator *a = &f->allocator;
    const size_t units = (size_t)f->units;
    pmkti_free(a, f->kind_steps, PMKTI_FUNNEL_KINDS, sizeof *f->kind_steps);
    pmkti_free(a, f->attempt, units, sizeof *f->attempt);
    pmkti_free(a, f->elapsed, units * (size_t)(f->n_steps - 1), sizeof *f->elapsed);
    pmkti_sessions_free(&f->s);
}

pmkt_status pmkt_funnel_new(const pmkt_events *events, const pmkt_funnel_step *steps,
                            int64_t n_steps, const pmkt_funnel_options *options,
                            const pmkt_run *run, pmkt_report *report, pmkt_funnel **funnel,
                            pmkt_error *err) {
    pmkti_following f = {.o = PMKT_FUNNEL_OPTIONS_INIT, .steps = steps};
    pmkt_report mine;
    pmkt_status status = pmkti_events_in(events, &f.ev, err);
    if (!status) {
        status = pmkti_struct_in(&f.o, sizeof f.o, options, sizeof f.o, "options", err);
    }
    if (!status) status = check_options(&f, err);
    if (!status) status = check_steps(&f, n_steps, err);
    if (!status) status = pmkti_allocator_check(f.o.allocator, &f.allocator, err);
    if (!status && !funnel) status = pmkti_null(err, "funnel");
    if (!status) status = pmkti_run_check(run, f.ev.rows, &f.run, err);
    if (!status) status = pmkti_report_begin(report, f.ev.rows, &mine, err);
    if (status) return status;
    pmkt_funnel *out = pmkti_alloc_zero(&f.allocator, 1, sizeof *out);
    if (!out) return pmkti_no_memory(err, sizeof *out);
    out->allocator = f.allocator;
    pmkt_funnel_columns_init(&out->columns);
    status = make(&f, &mine, out, err);
    clear(&f);
    if (!status || status == PMKT_E_BAD_ROW) pmkti_report_end(report, &mine);
    if (status) {
        pmkt_funnel_free(out);
        return status;
    }
    *funnel = out;
    return PMKT_OK;
}

void pmkt_funnel_free(pmkt_funnel *funnel) {
    if (!funnel) return;
    const pmkt_allocator a = funnel->allocator;
    const size_t steps = (size_t)funnel->columns.steps, n = (size_t)funnel->columns.attempts;
    const size_t n_next = (size_t)funnel->columns.n_next;
    pmkti_free(&a, funnel->counts, 4 * steps, sizeof *funnel->counts);
    pmkti_free(&a, funnel->shares, 5 * steps, sizeof *funnel->shares);
    pmkti_free(&a, funnel->next_step, n_next, sizeof *funnel->next_step);
    pmkti_free(&a, funnel->next_kind, n_next, sizeof *funnel->next_kind);
    pmkti_free(&a, funnel->next_n, n_next, sizeof *funnel->next_n);
    pmkti_free(&a, funnel->user, n, sizeof *funnel->user);
    pmkti_free(&a, funnel->first, n, sizeof *funnel->first);
    pmkti_free(&a, funnel->last, n, sizeof *funnel->last);
    pmkti_free(&a, funnel->begin_ms, n, sizeof *funnel->begin_ms);
    pmkti_free(&a, funnel, 1, sizeof *funnel);
}

pmkt_status pmkt_funnel_columns_of(const pmkt_funnel *funnel, pmkt_funnel_columns *out,
                                   pmkt_error *err) {
    if (!funnel) return pmkti_null(err, "funnel");
    return pmkti_struct_out(out, &funnel->columns, sizeof funnel->columns, sizeof funnel->columns,
                            "out", err);
}
