/*
 * ask.c - questions about paths. Each path is walked along the chain, step by step; the context
 * that it ends in has the answers.
 */
#include <math.h>

#include "core/error.h"
#include "core/structs.h"
#include "intent/fit.h"

#define CHUNK 1024 /* paths */

typedef struct question {
    const pmkt_intent *model;
    pmkt_intent_paths paths;
    pmkt_intent_answers out;
    const int64_t *waited_ms;
    double *p;        /* next */
    double *log_odds; /* explain */
} question;

/* Where a walk has come to. */
typedef struct place {
    int32_t node;
    uint32_t last; /* step that is known; PMKTI_GOAL: the walk is over */
} place;

/* What is not known is passed over: without it, the past says as much as before. */
static void move(const pmkt_intent *m, place *at, uint32_t step) {
    if (step == PMKTI_NO_STEP) return;
    at->node = step == PMKTI_GOAL ? 0 : pmkti_chain_go(m, at->node, step);
    at->last = step;
}

/* ----------------------------------------------------------------------- ask */

static void find_top(const question *q, int64_t i, place at) {
    uint32_t next[PMKT_INTENT_TOP] = {0};
    double p[PMKT_INTENT_TOP] = {0};
    if (at.last != PMKTI_GOAL) pmkti_chain_top(q->model, at.node, next, p);
    for (int k = 0; k < PMKT_INTENT_TOP; k++) {
        if (q->out.next) q->out.next[i * PMKT_INTENT_TOP + k] = next[k];
        if (q->out.next_p) q->out.next_p[i * PMKT_INTENT_TOP + k] = p[k];
    }
}

static void find_ends(const question *q, int64_t i, place at) {
    const pmkt_intent *m = q->model;
    const pmkt_intent_answers *out = &q->out;
    const bool past = at.last == PMKTI_GOAL;
    const double goal = past ? 1 : m->goal[at.node];
    if (out->goal) out->goal[i] = goal;
    if (out->leave) out->leave[i] = 1 - goal;
    if (out->steps) out->steps[i] = past ? 0 : m->steps[at.node] / goal;
    if (out->time_ms) {
        out->time_ms[i] = past ? 0 : !m->time ? (double)NAN : m->time[at.node] / goal;
    }
    if (out->context) out->context[i] = past ? 0 : m->nodes[at.node].length;
}

static pmkt_status ask_chunk(void *ctx, int64_t chunk, int worker) {
    const question *q = ctx;
    const pmkt_intent *m = q->model;
    const pmkt_intent_answers *out = &q->out;
    double *const logs[PMKTI_CHAINS] = {out->log_all, out->log_buyer, out->log_other};
    (void)worker;
    const int64_t end = (chunk + 1) * CHUNK < q->paths.n ? (chunk + 1) * CHUNK : q->paths.n;
    for (int64_t i = chunk * CHUNK; i < end; i++) {
        place at = {m->start, PMKTI_START};
        double sum[PMKTI_CHAINS] = {0, 0, 0};
        for (int64_t k = q->paths.at[i]; k < q->paths.at[i + 1] && at.last != PMKTI_GOAL; k++) {
            const uint32_t step = pmkti_chain_step(m, q->paths.action[k]);
            for (int c = 0; c < PMKTI_CHAINS && step != PMKTI_NO_STEP; c++) {
                if (logs[c]) sum[c] += log(pmkti_chain_p(m, at.node, step, c));
            }
            move(m, &at, step);
        }
        find_ends(q, i, at);
        if (out->next || out->next_p) find_top(q, i, at);
        for (int c = 0; c < PMKTI_CHAINS; c++) {
            if (logs[c]) logs[c][i] = sum[c];
        }
    }
    return PMKT_OK;
}

/* ---------------------------------------------------------------------- next */

/* The share of steps from `last` to `step` that take longer than this. */
static double lasting(const pmkt_intent *m, uint32_t last, uint32_t step, double ln_waited) {
    const double least = 0.05; /* of sigma: clocks are not exact */
    if (step == PMKTI_LEAVE) return 1;
    const pmkti_dwell *d = &m->dwell[pmkti_dwell_at(m, last, step)];
    if (d->n < 2) d = &m->pooled;
    if (d->n < 2) return 1;
    const double n = (double)d->n, mean = (double)d->ln / n / 1048576.0;
    const double variance = (double)d->square / n / 1048576.0 - mean * mean;
    const double sigma = variance > least * least ? sqrt(variance) : least;
    return 0.5 * erfc((ln_waited - mean) / (sigma * sqrt(2)));
}

/* Each p times its share, and scaled. LEAVE is always possible, so that the sum is positive. */
static void wait_for(const pmkt_intent *m, place at, int64_t waited_ms, double *p) {
    if (at.last == PMKTI_START || waited_ms < 1000) return;
    const double ln = log((double)waited_ms);
    double sum = 0;
    for (int32_t c = 0; c < m->alphabet; c++) {
        const uint32_t step = c == m->alphabet - 2   ? PMKTI_LEAVE
                              : c == m->alphabet - 1 ? PMKTI_GOAL
                                                     : (uint32_t)c + 1;
        p[c] *= lasting(m, at.last, step, ln);
        sum += p[c];
    }
    for (int32_t c = 0; c < m->alphabet; c++) p[c] /= sum;
}

static pmkt_status next_chunk(void *ctx, int64_t chunk, int worker) {
    const question *q = ctx;
    const pmkt_intent *m = q->model;
    (void)worker;
    const int64_t end = (chunk + 1) * CHUNK < q->paths.n ? (chunk + 1) * CHUNK : q->paths.n;
    for (int64_t i = chunk * CHUNK; i < end; i++) {
        place at = {m->start, PMKTI_START};
        for (int64_t k = q->paths.at[i]; k < q->paths.at[i + 1] && at.last != PMKTI_GOAL; k++) {
            move(m, &at, pmkti_chain_step(m, q->paths.action[k]));
        }
        double *p = q->p + i * m->alphabet;
        if (at.last == PMKTI_GOAL) {
            for (int32_t c = 0; c < m->alphabet; c++) p[c] = c == m->alphabet - 1;
            continue;
        }
        pmkti_chain_all(m, at.node, p);
        if (q->waited_ms) wait_for(m, at, q->waited_ms[i], p);
    }
    return PMKT_OK;
}

/* ------------------------------------------------------------------- explain */

static pmkt_status explain_chunk(void *ctx, int64_t chunk, int worker) {
    const question *q = ctx;
    const pmkt_intent *m = q->model;
    (void)worker;
    const int64_t end = (chunk + 1) * CHUNK < q->paths.n ? (chunk + 1) * CHUNK : q->paths.n;
    for (int64_t i = chunk * CHUNK; i < end; i++) {
        place at = {m->start, PMKTI_START};
        for (int64_t k = q->paths.at[i]; k < q->paths.at[i + 1]; k++) {
            q->log_odds[k] = 0;
            if (at.last == PMKTI_GOAL) continue;
            const uint32_t step = pmkti_chain_step(m, q->paths.action[k]);
            if (step != PMKTI_NO_STEP) {
                q->log_odds[k] = log(pmkti_chain_p(m, at.node, step, PMKTI_BUYERS)) -
                                 log(pmkti_chain_p(m, at.node, step, PMKTI_OTHERS));
            }
            move(m, &at, step);
        }
    }
    return PMKT_OK;
}

/* -------------------------------------------------------------------- driver */

static pmkt_status begin(question *q, const pmkt_intent *model, const pmkt_intent_paths *paths,
                         const pmkt_run *run, pmkti_run *how, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    q->model = model;
    pmkt_status status = pmkti_intent_paths_in(paths, &q->paths, err);
    if (status) return status;
    return pmkti_run_check(run, q->paths.n > 0 ? q->paths.at[q->paths.n] : 0, how, err);
}

static pmkt_status answer(question *q, pmkti_task task, const pmkti_run *how, pmkt_error *err) {
    const pmkt_status status = pmkti_parallel(how, (pmkti_stage){"asking", 0, 1}, task, q,
                                              (q->paths.n + CHUNK - 1) / CHUNK);
    return status ? pmkti_stopped(err, status) : PMKT_OK;
}

pmkt_status pmkt_intent_ask(const pmkt_intent *model, const pmkt_intent_paths *paths,
                            const pmkt_run *run, const pmkt_intent_answers *out, pmkt_error *err) {
    question q = {.p = NULL};
    pmkti_run how;
    pmkt_status status = begin(&q, model, paths, run, &how, err);
    if (status) return status;
    if (!out) return pmkti_null(err, "out");
    status = pmkti_struct_in(&q.out, sizeof q.out, out, sizeof q.out, "out", err);
    if (status) return status;
    if (q.out.reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "out.reserved is not 0");
    return answer(&q, ask_chunk, &how, err);
}

pmkt_status pmkt_intent_next(const pmkt_intent *model, const pmkt_intent_paths *paths,
                             const int64_t *waited_ms, const pmkt_run *run, double *p,
                             pmkt_error *err) {
    question q = {.p = p, .waited_ms = waited_ms};
    pmkti_run how;
    const pmkt_status status = begin(&q, model, paths, run, &how, err);
    if (status) return status;
    if (!p && q.paths.n > 0) return pmkti_null(err, "p");
    for (int64_t i = 0; i < q.paths.n && waited_ms; i++) {
        if (waited_ms[i] >= 0) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "waited_ms[%lld] is %lld; one cannot wait for less than nothing",
                             (long long)i, (long long)waited_ms[i]);
    }
    return answer(&q, next_chunk, &how, err);
}

pmkt_status pmkt_intent_explain(const pmkt_intent *model, const pmkt_intent_paths *paths,
                                const pmkt_run *run, double *log_odds, pmkt_error *err) {
    question q = {.log_odds = log_odds};
    pmkti_run how;
    const pmkt_status status = begin(&q, model, paths, run, &how, err);
    if (status) return status;
    if (!log_odds && q.paths.n > 0 && q.paths.at[q.paths.n] > 0) return pmkti_null(err, "log_odds");
    return answer(&q, explain_chunk, &how, err);
}
