/*
 * fit.c - a model from events, or from paths.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "intent/classes.h"
#include "intent/fit.h"
#include "intent/sessions.h"
#include "intent/tally.h"

#define SORTED 0.7  /* of the work: events into sessions */
#define COUNTED 0.9 /* and counted */
#define CHUNK 65536 /* events to cross at once */

/* Events whose kinds are crossed with their classes. */
typedef struct crossing {
    const pmkt_intent *model;
    const pmkti_sessions *s;
    pmkti_class_column column; /* in the order of the sessions */
    uint32_t *action;          /* [rows] out */
} crossing;

static pmkt_status cross_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const crossing *c = ctx;
    const int64_t next = (chunk + 1) * CHUNK, end = next < c->s->rows ? next : c->s->rows;
    for (int64_t i = chunk * CHUNK; i < end; i++) {
        c->action[i] = pmkti_action_at(c->model, c->s->kind[i], &c->column, i);
    }
    return PMKT_OK;
}

/* Counts sessions whose rows have their class in s->extra. */
static pmkt_status count_crossed(pmkt_intent *m, const pmkti_sessions *s, uint64_t null,
                                 const pmkti_run *run, pmkt_error *err) {
    const double crossed = (SORTED + COUNTED) / 2;
    const size_t rows = (size_t)s->rows;
    crossing c = {.model = m, .s = s, .column = {s->extra, null}};
    c.action = pmkti_alloc(&m->allocator, rows, sizeof *c.action);
    if (!c.action && rows) return pmkti_no_memory(err, rows * sizeof *c.action);
    pmkt_status status = pmkti_parallel(run, (pmkti_stage){"classes", SORTED, crossed}, cross_chunk,
                                        &c, (s->rows + CHUNK - 1) / CHUNK);
    const pmkti_sequences from = {
        .n = s->sessions, .at = s->session_at, .action = c.action, .time = s->time};
    status = status ? pmkti_stopped(err, status)
                    : pmkti_count_sequences(m, &from, run,
                                            (pmkti_stage){"counting", crossed, COUNTED}, err);
    pmkti_free(&m->allocator, c.action, rows, sizeof *c.action);
    return status;
}

static pmkt_status count_events(pmkt_intent *m, const pmkt_events *ev,
                                const pmkt_intent_options *options, const pmkti_run *run,
                                pmkt_report *report, pmkt_error *err) {
    pmkti_class_column column;
    pmkt_status status = pmkti_class_column_find(m, ev, options->class_column, &column, err);
    if (status) return status;
    const pmkti_sessions_plan plan = {
        .gap_ms = options->gap_ms, .by_column = options->by_session == 1, .extra = column.at};
    pmkti_sessions s;
    memset(&s, 0, sizeof s);
    status = pmkti_sessions_make(ev, &plan, &m->allocator, run,
                                 (pmkti_stage){"sessions", 0, SORTED}, report, &s, err);
    if (status) return status;
    const pmkti_sequences from = {
        .n = s.sessions, .at = s.session_at, .kind = s.kind, .time = s.time};
    status = s.extra ? count_crossed(m, &s, column.null, run, err)
                     : pmkti_count_sequences(m, &from, run,
                                             (pmkti_stage){"counting", SORTED, COUNTED}, err);
    pmkti_sessions_free(&s);
    return status;
}

pmkt_status pmkt_intent_fit(const pmkt_events *events, const pmkt_intent_options *options,
                            const pmkt_run *run, pmkt_report *report, pmkt_intent **model,
                            pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    pmkt_events ev;
    pmkt_report mine;
    pmkti_run how;
    pmkt_intent_options chosen;
    pmkt_intent *m = NULL;
    pmkt_status status = pmkti_events_in(events, &ev, err);
    if (!status) status = pmkti_run_check(run, ev.rows, &how, err);
    if (!status) status = pmkti_report_begin(report, ev.rows, &mine, err);
    if (!status) status = pmkti_intent_begin(options, &chosen, &m, err);
    if (status) return status;
    status = count_events(m, &ev, &chosen, &how, &mine, err);
    const bool told = !status || status == PMKT_E_BAD_ROW;
    status = pmkti_intent_end(m, status, &how, (pmkti_stage){"solving", COUNTED, 1}, model, err);
    if (told && (!status || status == PMKT_E_BAD_ROW)) pmkti_report_end(report, &mine);
    return status;
}

pmkt_status pmkt_intent_fit_paths(const pmkt_intent_paths *paths,
                                  const pmkt_intent_options *options, const pmkt_run *run,
                                  pmkt_intent **model, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    pmkt_intent_paths p;
    pmkti_run how;
    pmkt_intent_options chosen;
    pmkt_intent *m = NULL;
    pmkt_status status = pmkti_intent_paths_in(paths, &p, err);
    if (!status) status = pmkti_run_check(run, p.n > 0 ? p.at[p.n] : 0, &how, err);
    if (!status) status = pmkti_intent_begin(options, &chosen, &m, err);
    if (status) return status;
    const pmkti_sequences from = {
        .n = p.n, .at = p.at, .action = p.action, .dwell = p.dwell, .bought = p.bought};
    status = pmkti_count_sequences(m, &from, &how, (pmkti_stage){"counting", 0, COUNTED}, err);
    return pmkti_intent_end(m, status, &how, (pmkti_stage){"solving", COUNTED, 1}, model, err);
}
