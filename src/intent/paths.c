/*
 * paths.c - pmkt_paths_new and its handle: checks, the stages, the end.
 */
#include "intent/paths.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/structs.h"
#include "core/zone.h"

/* A number of the options, or its default for 0. */
static pmkt_status check(int32_t *value, int32_t otherwise, int32_t most, const char *name,
                         pmkt_error *err) {
    if (*value == 0) *value = otherwise;
    if (*value >= 0 && *value <= most) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.%s is %d, but must be 0 to %d", name,
                      (int)*value, (int)most);
}

static pmkt_status check_numbers(pmkt_paths_options *o, pmkt_error *err) {
    pmkt_status status = check(&o->top, 20, 100000, "top", err);
    if (!status) status = check(&o->max_length, 10, 1000, "max_length", err);
    if (!status) status = check(&o->collapse, 0, 1, "collapse", err);
    if (!status) status = check(&o->page, 0, PMKT_PATHS_BY_CATEGORY, "page", err);
    if (!status) status = check(&o->top_pages, 100, 100000, "top_pages", err);
    if (!status) status = check(&o->by_session, 0, 1, "by_session", err);
    if (!status) status = check(&o->user_hours, 0, 1, "user_hours", err);
    if (!status) status = check(&o->reserved, 0, 0, "reserved", err);
    return status;
}

static pmkt_status check_options(pmkti_looking *l, pmkt_error *err) {
    pmkt_paths_options *o = &l->o;
    pmkt_status status = check_numbers(o, err);
    if (status) return status;
    if (o->goal == 0) o->goal = PMKT_KIND_ORDER;
    if (!pmkti_kind_exists(o->goal) || o->goal > UINT16_MAX) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.goal is %d, which is no kind",
                          (int)o->goal);
    }
    if (o->gap_ms < 0) return pmkti_fail(err, PMKT_E_INVALID, "options.gap_ms is negative");
    if (o->soon_ms < 0) return pmkti_fail(err, PMKT_E_INVALID, "options.soon_ms is negative");
    if (o->gap_ms == 0) o->gap_ms = PMKTI_SESSIONS_GAP_MS;
    if (o->soon_ms == 0) o->soon_ms = 10000;
    status = pmkti_zone_check(o->zone, &l->zone, err);
    if (status || l->ev.rows == 0) return status;
    if (o->page == PMKT_PATHS_BY_ITEM && !l->ev.item) {
        return pmkti_fail(err, PMKT_E_INVALID, "events.item is NULL, but options.page needs items");
    }
    if (o->page == PMKT_PATHS_BY_CATEGORY && !l->ev.category) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "events.category is NULL, but options.page needs categories");
    }
    if (o->by_session && !l->ev.session) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "events.session is NULL, but options.by_session needs it");
    }
    return PMKT_OK;
}

static void point(const pmkt_paths *p, pmkt_paths_columns *c) {
    c->at = p->at, c->kind = p->kind;
    c->count = p->counts;
    c->path_users = p->counts ? p->counts + c->n : NULL;
    c->conversions = p->counts ? p->counts + 2 * c->n : NULL;
    c->from = p->ends, c->to = p->ends ? p->ends + c->n_moves : NULL;
    c->moves = p->moves, c->share = p->of_move;
    c->move_ms = p->of_move ? p->of_move + c->n_moves : NULL;
    c->page = p->page, c->stays = p->stays;
    c->exits = p->stays ? p->stays + c->n_pages : NULL;
    c->soon = p->stays ? p->stays + 2 * c->n_pages : NULL;
    c->stay_ms = p->stay_ms;
    c->hours = p->hours;
    c->hour_user = p->hour_user, c->hour = p->hour, c->hour_events = p->hour_events;
}

static pmkt_status make(pmkti_looking *l, pmkt_report *report, pmkt_error *err) {
    const pmkti_sessions_plan plan = {.gap_ms = l->o.gap_ms,
                                      .by_column = l->o.by_session != 0,
                                      .item = l->o.page == PMKT_PATHS_BY_ITEM,
                                      .category = l->o.page == PMKT_PATHS_BY_CATEGORY};
    pmkt_status status = pmkti_sessions_make(&l->ev, &plan, &l->allocator, &l->run,
                                             (pmkti_stage){"sessions", 0, 0.4}, report, &l->s, err);
    if (status) return status;
    l->out->columns.sessions = l->s.sessions;
    l->out->columns.users = l->s.users;
    status = pmkti_paths_slots(l);
    if (!status) status = pmkti_paths_count(l, (pmkti_stage){"paths", 0.4, 0.55});
    if (!status) status = pmkti_paths_moves(l, (pmkti_stage){"moves", 0.55, 0.7});
    if (!status) status = pmkti_paths_pages(l, (pmkti_stage){"pages", 0.7, 0.85});
    if (!status) status = pmkti_paths_hours(l, (pmkti_stage){"hours", 0.85, 1});
    if (status == PMKT_E_NOMEM)
        return pmkti_no_memory(err, (size_t)l->s.rows * sizeof(pmkti_visit));
    if (status == PMKT_E_LIMIT) {
        return pmkti_fail(err, status, "the events are of more than %d different kinds",
                          PMKTI_PATHS_SLOTS - 1);
    }
    return pmkti_stopped(err, status);
}

pmkt_status pmkt_paths_new(const pmkt_events *events, const pmkt_paths_options *options,
                           const pmkt_run *run, pmkt_report *report, pmkt_paths **paths,
                           pmkt_error *err) {
    pmkti_looking l = {.o = PMKT_PATHS_OPTIONS_INIT};
    pmkt_report mine;
    pmkt_status status = pmkti_events_in(events, &l.ev, err);
    if (!status) {
        status = pmkti_struct_in(&l.o, sizeof l.o, options, sizeof l.o, "options", err);
    }
    if (!status) status = check_options(&l, err);
    if (!status) status = pmkti_allocator_check(l.o.allocator, &l.allocator, err);
    if (!status && !paths) status = pmkti_null(err, "paths");
    if (!status) status = pmkti_run_check(run, l.ev.rows, &l.run, err);
    if (!status) status = pmkti_report_begin(report, l.ev.rows, &mine, err);
    if (status) return status;
    l.out = pmkti_alloc_zero(&l.allocator, 1, sizeof *l.out);
    if (!l.out) return pmkti_no_memory(err, sizeof *l.out);
    l.out->allocator = l.allocator;
    pmkt_paths_columns_init(&l.out->columns);
    status = make(&l, &mine, err);
    pmkti_sessions_free(&l.s);
    pmkti_free(&l.allocator, l.slot, PMKTI_PATHS_KINDS, sizeof *l.slot);
    if (!status || status == PMKT_E_BAD_ROW) pmkti_report_end(report, &mine);
    if (status) {
        pmkt_paths_free(l.out);
        return status;
    }
    point(l.out, &l.out->columns);
    *paths = l.out;
    return PMKT_OK;
}

void pmkt_paths_free(pmkt_paths *paths) {
    if (!paths) return;
    const pmkt_allocator a = paths->allocator;
    const pmkt_paths_columns *c = &paths->columns;
    const size_t n = (size_t)c->n, moves = (size_t)c->n_moves, pages = (size_t)c->n_pages;
    const size_t hours = (size_t)c->n_user_hours;
    pmkti_free(&a, paths->at, n + 1, sizeof *paths->at);
    pmkti_free(&a, paths->kind, (size_t)paths->n_kinds, sizeof *paths->kind);
    pmkti_free(&a, paths->counts, 3 * n, sizeof *paths->counts);
    pmkti_free(&a, paths->ends, 2 * moves, sizeof *paths->ends);
    pmkti_free(&a, paths->moves, moves, sizeof *paths->moves);
    pmkti_free(&a, paths->of_move, 2 * moves, sizeof *paths->of_move);
    pmkti_free(&a, paths->page, pages, sizeof *paths->page);
    pmkti_free(&a, paths->stays, 3 * pages, sizeof *paths->stays);
    pmkti_free(&a, paths->stay_ms, pages, sizeof *paths->stay_ms);
    pmkti_free(&a, paths->hours, PMKTI_PATHS_HOURS, sizeof *paths->hours);
    pmkti_free(&a, paths->hour_user, hours, sizeof *paths->hour_user);
    pmkti_free(&a, paths->hour, hours, sizeof *paths->hour);
    pmkti_free(&a, paths->hour_events, hours, sizeof *paths->hour_events);
    pmkti_free(&a, paths, 1, sizeof *paths);
}

pmkt_status pmkt_paths_columns_of(const pmkt_paths *paths, pmkt_paths_columns *out,
                                  pmkt_error *err) {
    if (!paths) return pmkti_null(err, "paths");
    return pmkti_struct_out(out, &paths->columns, sizeof paths->columns, sizeof paths->columns,
                            "out", err);
}
