/*
 * solve.c - where a chain ends: P(goal), and the steps and the time until it, for every context.
 *
 * With Q the steps between contexts and x for goal, steps, time, all of them together with the
 * event that the goal is reached, so that they add up over steps:
 *
 *     goal  = Q goal + P(GOAL | .)
 *     steps = Q steps + goal                      each step counts for those who reach the goal
 *     time  = Q time + sum P(w | .) mean(., w) goal(after w)
 */
#include <math.h>

#include "core/alloc.h"
#include "core/error.h"
#include "intent/bicgstab.h"
#include "intent/chain.h"
#include "intent/gmres.h"
#include "intent/matrix.h"

/* --------------------------------------------------------------------- times */

static void find_means(pmkt_intent *m) {
    const int64_t pairs = (int64_t)m->facts.actions * (m->facts.actions + 1);
    const double all = (double)m->pooled.ms / (double)m->pooled.n;
    for (int64_t k = 0; k < pairs; k++) {
        m->mean[k] = m->dwell[k].n ? (double)m->dwell[k].ms / (double)m->dwell[k].n : all;
    }
}

/* The mean time of a step; after START nothing has passed, of an unknown past it is that of all. */
static double mean_of(const pmkt_intent *m, const pmkti_node *node, uint32_t step) {
    if (node->length == 0) return (double)m->pooled.ms / (double)m->pooled.n;
    const uint32_t last = (uint32_t)(node->key & PMKTI_STEP_MASK);
    return last == PMKTI_START ? 0 : m->mean[pmkti_dwell_at(m, last, step)];
}

/* What is reached by an edge: the goal itself, or what the context there is worth. */
static double worth(const pmkt_intent *m, const pmkti_edge *edge) {
    return edge->step == (int32_t)PMKTI_GOAL ? 1 : m->goal[edge->to];
}

/* The time of the next step, of those who then reach the goal; every step for itself. */
static double next_time(const pmkt_intent *m, int32_t i) {
    const pmkti_node *node = &m->nodes[i];
    double sum = pmkti_chain_p(m, i, PMKTI_GOAL, PMKTI_ALL) * mean_of(m, node, PMKTI_GOAL);
    for (uint32_t a = 1; a <= (uint32_t)m->facts.actions; a++) {
        sum += pmkti_chain_p(m, i, a, PMKTI_ALL) * mean_of(m, node, a) *
               m->goal[pmkti_chain_go(m, i, a)];
    }
    return sum;
}

/* The right side for times. Contexts of two steps or more end like the next shorter one. */
static void fill_times(const pmkt_intent *m, double *b) {
    for (int64_t i = 0; i < m->n_nodes; i++) {
        const pmkti_node *node = &m->nodes[i];
        if (node->length < 2) {
            b[i] = next_time(m, (int32_t)i);
            continue;
        }
        const double rest = node->rest[PMKTI_ALL];
        double sum = rest * b[node->up];
        for (int32_t e = node->first; e < node->end; e++) {
            const pmkti_edge *edge = &m->edges[e], *shorter = &m->edges[edge->up];
            if (edge->step == (int32_t)PMKTI_LEAVE) continue;
            sum += mean_of(m, node, (uint32_t)edge->step) *
                   (edge->p * worth(m, edge) - rest * shorter->p * worth(m, shorter));
        }
        b[i] = sum;
    }
}

/* -------------------------------------------------------------------- driver */

typedef struct solving {
    pmkt_intent *m;
    const pmkti_matrix *q;
    const pmkti_run *run;
    pmkti_stage stage;
} solving;

static pmkt_status solve_one(const solving *s, const double *b, double *x, pmkt_error *err) {
    const pmkti_linear system = {s->m->n_nodes, pmkti_matrix_apply, s->q, &s->m->allocator, s->run,
                                 s->stage};
    double share = 0;
    pmkt_status status = pmkti_bicgstab(&system, b, x, &share);
    if (!status && !(share <= PMKTI_ENOUGH)) status = pmkti_gmres(&system, b, x, &share);
    s->m->facts.residual = fmax(s->m->facts.residual, share);
    if (status == PMKT_E_UNSUPPORTED) {
        return pmkti_fail(
            err, status, "the chain ends so rarely that its answers cannot be solved to 12 digits");
    }
    return status ? pmkti_stopped(err, status) : PMKT_OK;
}

/* P(GOAL | .): the last edge of a context, if it has one. */
static void fill_goals(const pmkt_intent *m, double *b) {
    for (int64_t i = 0; i < m->n_nodes; i++) {
        const pmkti_node *node = &m->nodes[i];
        const pmkti_edge *last = node->end > node->first ? &m->edges[node->end - 1] : NULL;
        const double shorter = node->up < 0 ? 1.0 / m->alphabet : b[node->up];
        b[i] = node->rest[PMKTI_ALL] * shorter;
        if (last && last->step == (int32_t)PMKTI_GOAL) b[i] += last->share[PMKTI_ALL];
    }
}

static pmkt_status solve_all(const solving *s, double *b, pmkt_error *err) {
    pmkt_intent *m = s->m;
    m->facts.residual = 0;
    fill_goals(m, b);
    pmkt_status status = solve_one(s, b, m->goal, err);
    for (int64_t i = 0; i < m->n_nodes && !status;
         i++) { /* a last bit too many is no probability */
        m->goal[i] = fmin(fmax(m->goal[i], 0), 1);
    }
    if (!status) status = solve_one(s, m->goal, m->steps, err);
    if (status || !m->time) return status;
    find_means(m);
    fill_times(m, b);
    return solve_one(s, b, m->time, err);
}

static pmkt_status solve_with(pmkt_intent *m, const pmkti_run *run, pmkti_stage stage, double *b,
                              pmkt_error *err) {
    pmkti_matrix q;
    pmkt_status status = pmkti_matrix_make(m, run, &q);
    if (status)
        status = pmkti_stopped(err, status);
    else
        status = solve_all(&(solving){m, &q, run, stage}, b, err);
    pmkti_matrix_free(&q);
    return status;
}

pmkt_status pmkti_chain_solve(pmkt_intent *m, const pmkti_run *run, pmkti_stage stage,
                              pmkt_error *err) {
    const size_t n = (size_t)m->n_nodes;
    const int64_t pairs = (int64_t)m->facts.actions * (m->facts.actions + 1);
    m->pooled = (pmkti_dwell){0, 0, 0, 0};
    for (int64_t k = 0; k < pairs; k++) {
        const pmkti_dwell *d = &m->dwell[k];
        m->pooled.n += d->n, m->pooled.ms += d->ms;
        m->pooled.ln += d->ln, m->pooled.square += d->square;
    }
    const bool timed = m->pooled.n > 0;
    double *b = pmkti_alloc(&m->allocator, n, sizeof *b);
    m->goal = pmkti_alloc(&m->allocator, n, sizeof *m->goal);
    m->steps = pmkti_alloc(&m->allocator, n, sizeof *m->steps);
    m->time = timed ? pmkti_alloc(&m->allocator, n, sizeof *m->time) : NULL;
    m->mean = timed ? pmkti_alloc(&m->allocator, (size_t)pairs, sizeof *m->mean) : NULL;
    const bool have = b && m->goal && m->steps && (!timed || (m->time && m->mean));
    const pmkt_status status =
        have ? solve_with(m, run, stage, b, err) : pmkti_stopped(err, PMKT_E_NOMEM);
    pmkti_free(&m->allocator, b, n, sizeof *b);
    return status;
}
