#include "intent/visits.h"

#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "intent/classes.h"

#define SORTED 0.9  /* of the work: events into sessions */
#define CHUNK 65536 /* events to cross at once */

/* Events whose kinds are crossed with their classes. */
typedef struct crossing {
    const pmkt_intent *model;
    pmkti_visits *v;
    pmkti_class_column column; /* in the order of the sessions */
} crossing;

static pmkt_status cross_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const crossing *c = ctx;
    const pmkti_sessions *s = &c->v->s;
    const int64_t next = (chunk + 1) * CHUNK, end = next < s->rows ? next : s->rows;
    for (int64_t i = chunk * CHUNK; i < end; i++) {
        c->v->action[i] = pmkti_action_at(c->model, s->kind[i], &c->column, i);
    }
    return PMKT_OK;
}

static pmkt_status cross(const pmkt_intent *m, pmkti_visits *v, uint64_t null, const pmkti_run *run,
                         pmkti_stage stage, pmkt_error *err) {
    const size_t rows = (size_t)v->s.rows;
    v->action = pmkti_alloc(&m->allocator, rows, sizeof *v->action);
    if (!v->action && rows) return pmkti_no_memory(err, rows * sizeof *v->action);
    crossing c = {.model = m, .v = v, .column = {v->s.extra, null}};
    return pmkti_stopped(
        err, pmkti_parallel(run, stage, cross_chunk, &c, (v->s.rows + CHUNK - 1) / CHUNK));
}

pmkt_status pmkti_visits_make(const pmkt_intent *m, const pmkt_events *ev, pmkti_sessions_plan plan,
                              const char *class_column, const pmkti_run *run, pmkti_stage stage,
                              pmkt_report *report, pmkti_visits *out, pmkt_error *err) {
    pmkti_class_column column;
    memset(out, 0, sizeof *out);
    if (plan.by_column && ev->rows > 0 && !ev->session) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "events.session is NULL, but options.by_session needs it");
    }
    pmkt_status status = pmkti_class_column_find(m, ev, class_column, &column, err);
    if (status) return status;
    plan.extra = column.at;
    const double sorted = column.at ? stage.from + SORTED * (stage.to - stage.from) : stage.to;
    status =
        pmkti_sessions_make(ev, &plan, &m->allocator, run,
                            (pmkti_stage){stage.name, stage.from, sorted}, report, &out->s, err);
    if (status || !out->s.extra) return status;
    status = cross(m, out, column.null, run, (pmkti_stage){"classes", sorted, stage.to}, err);
    if (status) pmkti_visits_free(out);
    return status;
}

void pmkti_visits_free(pmkti_visits *v) {
    const pmkt_allocator a = v->s.allocator;
    if (v->action) pmkti_free(&a, v->action, (size_t)v->s.rows, sizeof *v->action);
    v->action = NULL;
    pmkti_sessions_free(&v->s);
}

pmkti_sequences pmkti_visits_sequences(const pmkti_visits *v, int64_t first, int64_t n) {
    return (pmkti_sequences){.n = n,
                             .at = v->s.session_at + first,
                             .kind = v->action ? NULL : v->s.kind,
                             .action = v->action,
                             .time = v->s.time};
}

int64_t pmkti_visits_goal(const pmkti_visits *v, uint32_t goal, int64_t q) {
    const int64_t end = v->s.session_at[q + 1];
    int64_t i = v->s.session_at[q];
    while (i < end && pmkti_visits_action(v, i) != goal) i++;
    return i;
}
