#include "intent/purchase/walk.h"

#include "core/error.h"
#include "core/events.h"

#define SORTED 0.5 /* of the work: events into sessions */
#define WALKED 0.9
#define CHUNK 65536 /* rows to do something with afterwards */

typedef struct walk {
    const pmkt_purchase *model;
    pmkti_visits visits;
    pmkti_onlooker look;
    pmkti_afterwards after;
    int64_t rows; /* of the batch */
    void *ctx;
} walk;

static void walk_user(const walk *w, int64_t user, pmkti_visitor *v) {
    const pmkti_sessions *s = &w->visits.s;
    const pmkti_reader *r = &w->model->reader;
    pmkti_visitor_new(v);
    for (int64_t q = s->user_at[user]; q < s->user_at[user + 1]; q++) {
        const int64_t begin = s->session_at[q], end = s->session_at[q + 1];
        const bool buyer = pmkti_visits_goal(&w->visits, w->model->chains->facts.goal, q) < end;
        pmkti_visitor_session(v, r, s->time[begin]);
        for (int64_t i = begin; i < end; i++) {
            const pmkti_step e = pmkti_purchase_step(w->model->chains, &w->visits, i);
            pmkti_glance glance;
            pmkti_visitor_see(v, r, &e, &glance);
            w->look(w->ctx, v, &(pmkti_sight){s->row[i], s->kind[i], buyer, &glance});
        }
    }
}

static pmkt_status walk_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    const walk *w = ctx;
    pmkti_visitor_room room;
    for (int64_t u = w->visits.s.part_at[part]; u < w->visits.s.part_at[part + 1]; u++) {
        walk_user(w, u, &room.v);
    }
    return PMKT_OK;
}

static pmkt_status after_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const walk *w = ctx;
    const int64_t next = (chunk + 1) * CHUNK;
    w->after(w->ctx, chunk * CHUNK, next < w->rows ? next : w->rows);
    return PMKT_OK;
}

static pmkt_status walk_all(walk *w, const pmkti_run *run) {
    const int64_t chunks = w->after ? (w->rows + CHUNK - 1) / CHUNK : 0;
    const pmkt_status status = pmkti_parallel(run, (pmkti_stage){"scoring", SORTED, WALKED},
                                              walk_part, w, w->visits.s.parts);
    if (status) return status;
    return pmkti_parallel(run, (pmkti_stage){"scoring", WALKED, 1}, after_chunk, w, chunks);
}

/* Rows that no visitor has. */
static void show_bad(const walk *w, const pmkt_events *ev) {
    for (int64_t i = 0; i < ev->rows; i++) {
        if (pmkti_event_fault(ev, i) >= 0) w->look(w->ctx, NULL, &(pmkti_sight){i, 0, false, NULL});
    }
}

pmkt_status pmkti_purchase_walk(const pmkt_purchase *m, const pmkt_events *events,
                                const pmkt_run *run, pmkt_report *report, pmkti_onlooker look,
                                pmkti_afterwards after, void *ctx, pmkt_error *err) {
    walk w = {.model = m, .look = look, .after = after, .ctx = ctx};
    pmkt_events ev;
    pmkt_report mine;
    pmkti_run how;
    pmkt_status status = pmkti_events_in(events, &ev, err);
    if (!status) status = pmkti_run_check(run, ev.rows, &how, err);
    if (!status) status = pmkti_report_begin(report, ev.rows, &mine, err);
    if (status) return status;
    status = pmkti_purchase_visits(m, &ev, &how, (pmkti_stage){"sessions", 0, SORTED}, &mine,
                                   &w.visits, err);
    if (!status) {
        if (mine.rejected > 0) show_bad(&w, &ev);
        w.rows = ev.rows;
        status = pmkti_stopped(err, walk_all(&w, &how));
        pmkti_visits_free(&w.visits);
    }
    if (!status || status == PMKT_E_BAD_ROW) pmkti_report_end(report, &mine);
    return status;
}
