/*
 * match.c - pmkt_rules_match: each user of a batch, from the beginning, through the automaton.
 */
#include "intent/rules/match.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/structs.h"
#include "core/zone.h"
#include "intent/rules/fields.h"

/* Matching under way. */
typedef struct matching {
    const pmkt_rules *r;
    pmkt_rules_match_options o;
    pmkt_allocator allocator;
    pmkti_run run;
    pmkt_events ev;
    pmkti_rules_fields fields; /* the columns found, and values that a walk fills in */
    pmkti_sessions s;
    int64_t until;
    pmkti_rules_entry *entries; /* [workers * partials] */
    pmkti_rules_part *part;     /* [s.parts] */
} matching;

/* A user under way. */
typedef struct walk {
    const matching *m;
    pmkti_rules_part *part;
    pmkti_rules_state state;
    uint64_t user;
    int64_t before, cart_amount; /* the time of the event before, or missing; of the latest cart */
    pmkti_rules_fields fields;
} walk;

/* -------------------------------------------------------------------- a user */

static pmkt_status shoot(walk *w, int64_t time, int64_t row, const pmkti_rules_fire *fire,
                         int32_t n) {
    pmkti_rules_part *part = w->part;
    const pmkt_allocator *a = &w->m->allocator;
    if (part->room - part->n < n) {
        const int64_t room = 2 * part->room + n + 64;
        const size_t old = (size_t)part->room, size = sizeof *part->at;
        pmkti_rules_shot *at = part->at ? pmkti_resize(a, part->at, old, (size_t)room, size)
                                        : pmkti_alloc(a, (size_t)room, size);
        if (!at) return PMKT_E_NOMEM;
        part->at = at;
        part->room = room;
    }
    for (int32_t i = 0; i < n; i++) {
        part->at[part->n++] = (pmkti_rules_shot){time, w->user, row, fire[i].since, fire[i].rule};
    }
    return PMKT_OK;
}

/* Lets the clock pass all instants before `clock`. */
static pmkt_status pass(walk *w, int64_t clock) {
    pmkti_rules_fire fire[PMKTI_RULES_MOST];
    pmkt_status status = PMKT_OK;
    while (!status && w->state.due < clock) {
        int64_t time = 0;
        const int32_t n = pmkti_rules_step_due(w->m->r, &w->state, &time, fire);
        status = shoot(w, time, -1, fire, n);
    }
    return status;
}

static uint64_t at(const uint64_t *column, int64_t i) {
    return column ? column[i] : PMKT_ID_NONE;
}

static pmkt_status see(walk *w, int64_t i) {
    const matching *m = w->m;
    const pmkti_sessions *s = &m->s;
    const int32_t kind = s->kind[i];
    pmkti_rules_event e = {.time = s->time[i], .slot = pmkti_rules_slot(m->r, kind)};
    pmkti_rules_fire fire[PMKTI_RULES_MOST];
    const pmkt_status status = pass(w, e.time);
    if (status) return status;
    if (kind == PMKT_KIND_CART && m->ev.amount) w->cart_amount = m->ev.amount[s->row[i]];
    e.id[0] = at(s->item, i), e.id[1] = at(s->category, i), e.id[2] = at(s->channel, i);
    e.fields = w->fields.value;
    if (m->r->conditions >> e.slot & 1) {
        const pmkti_rules_row row = {.time = e.time,
                                     .row = s->row[i],
                                     .before = w->before,
                                     .cart_amount = w->cart_amount,
                                     .id = e.id,
                                     .kind = kind};
        pmkti_rules_fields_fill(&w->fields, &row);
    }
    w->before = e.time;
    const int32_t n = pmkti_rules_step_event(m->r, &w->state, &e, fire);
    return n > 0 ? shoot(w, e.time, s->row[i], fire, n) : PMKT_OK;
}

static pmkt_status see_part(void *ctx, int64_t number, int worker) {
    const matching *m = ctx;
    const pmkti_sessions *s = &m->s;
    walk w;
    w.m = m;
    w.part = &m->part[number];
    w.state = (pmkti_rules_state){.entry = m->entries + (int64_t)worker * m->o.partials,
                                  .room = m->o.partials};
    w.fields = m->fields;
    pmkt_status status = PMKT_OK;
    for (int64_t u = s->part_at[number]; !status && u < s->part_at[number + 1]; u++) {
        w.user = s->user[u];
        w.before = w.cart_amount = PMKTI_INT_MISSING;
        pmkti_rules_begin(&w.state);
        const int64_t last = pmkti_sessions_begin(s, u + 1);
        for (int64_t i = pmkti_sessions_begin(s, u); !status && i < last; i++) status = see(&w, i);
        if (!status) status = pass(&w, m->until);
    }
    w.part->suppressed = w.state.suppressed;
    w.part->outranked = w.state.outranked;
    w.part->dropped = w.state.dropped;
    return status;
}

/* ------------------------------------------------------------------- a batch */

static pmkt_status check_options(matching *m, pmkt_error *err) {
    pmkt_rules_match_options *o = &m->o;
    if (o->partials < 0 || o->partials > PMKTI_RULES_PARTIALS_MOST) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.partials is %d, but must be 0 (%d) to %d",
                          (int)o->partials, PMKTI_RULES_PARTIALS, PMKTI_RULES_PARTIALS_MOST);
    }
    if (o->partials == 0) o->partials = PMKTI_RULES_PARTIALS;
    if (o->until_ms != 0 && !pmkti_time_is_valid(o->until_ms)) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.until_ms is no time of the years 1700 to "
                          "2999");
    }
    return PMKT_OK;
}

static pmkti_sessions_plan plan_of(const pmkt_rules *r) {
    return (pmkti_sessions_plan){.gap_ms = PMKTI_SESSIONS_NEVER,
                                 .item = r->fields >> PMKTI_RULES_ITEM & 1,
                                 .category = r->fields >> PMKTI_RULES_CATEGORY & 1,
                                 .channel = r->fields >> PMKTI_RULES_CHANNEL & 1,
                                 .row = true};
}

/* The clock at the end. */
static pmkt_status find_until(matching *m, pmkt_error *err) {
    const pmkti_sessions *s = &m->s;
    int64_t last = INT64_MIN;
    for (int64_t u = 0; u < s->users; u++) {
        const int64_t time = s->time[pmkti_sessions_begin(s, u + 1) - 1];
        if (time > last) last = time;
    }
    m->until = m->o.until_ms == 0 ? last : m->o.until_ms;
    if (m->until >= last) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.until_ms is %lld ms before the last event",
                      (long long)(last - m->until));
}

static pmkt_status walk_all(matching *m, pmkt_rules_matches *out) {
    const pmkt_allocator *a = &m->allocator;
    if (m->s.users == 0) return PMKT_OK;
    const size_t workers = (size_t)pmkti_workers(&m->run, m->s.parts);
    const size_t n = workers * (size_t)m->o.partials, parts = (size_t)m->s.parts;
    m->entries = pmkti_alloc(a, n, sizeof *m->entries);
    m->part = pmkti_alloc_zero(a, parts, sizeof *m->part);
    pmkt_status status = m->entries && m->part ? PMKT_OK : PMKT_E_NOMEM;
    if (!status) {
        status =
            pmkti_parallel(&m->run, (pmkti_stage){"matching", 0.6, 0.95}, see_part, m, m->s.parts);
    }
    if (!status) status = pmkti_rules_gather(m->r, m->part, m->s.parts, out);
    for (size_t p = 0; m->part && p < parts; p++) {
        pmkti_free(a, m->part[p].at, (size_t)m->part[p].room, sizeof *m->part[p].at);
    }
    pmkti_free(a, m->part, parts, sizeof *m->part);
    pmkti_free(a, m->entries, n, sizeof *m->entries);
    return status;
}

static pmkt_status make(matching *m, pmkt_report *report, pmkt_rules_matches *out,
                        pmkt_error *err) {
    const pmkti_sessions_plan plan = plan_of(m->r);
    pmkt_status status = pmkti_sessions_make(&m->ev, &plan, &m->allocator, &m->run,
                                             (pmkti_stage){"sessions", 0, 0.6}, report, &m->s, err);
    if (!status) status = find_until(m, err);
    if (status) return status;
    out->columns.users = m->s.users;
    status = walk_all(m, out);
    if (!status && pmkti_canceled(&m->run, 1, "matching")) status = PMKT_E_CANCELED;
    if (status == PMKT_E_NOMEM) return pmkti_no_memory(err, sizeof(pmkti_rules_shot));
    return pmkti_stopped(err, status);
}

pmkt_status pmkt_rules_match(const pmkt_rules *rules, const pmkt_events *events,
                             const pmkt_rules_match_options *options, const pmkt_run *run,
                             pmkt_report *report, pmkt_rules_matches **matches, pmkt_error *err) {
    matching m = {.r = rules, .o = PMKT_RULES_MATCH_OPTIONS_INIT};
    pmkt_report mine;
    if (!rules) return pmkti_null(err, "rules");
    if (!matches) return pmkti_null(err, "matches");
    pmkt_status status = pmkti_events_in(events, &m.ev, err);
    if (!status) {
        status = pmkti_struct_in(&m.o, sizeof m.o, options, sizeof m.o, "options", err);
    }
    if (!status) status = check_options(&m, err);
    if (!status) status = pmkti_rules_fields_find(rules, &m.ev, &m.fields, err);
    if (!status) status = pmkti_allocator_check(m.o.allocator, &m.allocator, err);
    if (!status) status = pmkti_run_check(run, m.ev.rows, &m.run, err);
    if (!status) status = pmkti_report_begin(report, m.ev.rows, &mine, err);
    if (status) return status;
    pmkt_rules_matches *out = pmkti_alloc_zero(&m.allocator, 1, sizeof *out);
    if (!out) return pmkti_no_memory(err, sizeof *out);
    out->allocator = m.allocator;
    pmkt_rules_matches_columns_init(&out->columns);
    status = make(&m, &mine, out, err);
    pmkti_sessions_free(&m.s);
    if (!status || status == PMKT_E_BAD_ROW) pmkti_report_end(report, &mine);
    if (status) {
        pmkt_rules_matches_free(out);
        return status;
    }
    *matches = out;
    return PMKT_OK;
}
