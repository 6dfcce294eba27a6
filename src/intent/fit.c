/*
 * fit.c - a model from events, or from paths.
 */
#include "intent/fit.h"
#include "core/error.h"
#include "core/events.h"
#include "intent/visits.h"

#define SORTED 0.7  /* of the work: events into sessions */
#define COUNTED 0.9 /* and counted */

static pmkt_status count_events(pmkt_intent *m, const pmkt_events *ev,
                                const pmkt_intent_options *options, const pmkti_run *run,
                                pmkt_report *report, pmkt_error *err) {
    const pmkti_sessions_plan plan = {.gap_ms = options->gap_ms,
                                      .by_column = options->by_session == 1};
    pmkti_visits v;
    pmkt_status status = pmkti_visits_make(m, ev, plan, options->class_column, run,
                                           (pmkti_stage){"sessions", 0, SORTED}, report, &v, err);
    if (status) return status;
    const pmkti_sequences from = pmkti_visits_sequences(&v, 0, v.s.sessions);
    status = pmkti_count_sequences(m, &from, run, (pmkti_stage){"counting", SORTED, COUNTED}, err);
    pmkti_visits_free(&v);
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
