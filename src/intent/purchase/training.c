#include "intent/purchase/training.h"

#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "intent/logistic/model.h"
#include "intent/purchase/model.h"

#define DRAW UINT64_C(0x6a09e667f3bcc909) /* so that who is drawn does not follow the folds */

typedef struct making {
    pmkti_training *t;
    double share; /* of users to draw */
    int64_t last; /* the latest event of all */
} making;

/* ---------------------------------------------------------------------- counting */

static int64_t goal_of(const pmkti_training *t, int64_t session) {
    return pmkti_visits_goal(t->visits, t->folds->chains->facts.goal, session);
}

static bool is_drawn(const making *m, int64_t user) {
    const uint64_t x = pmkti_mix(m->t->visits->s.user[user] ^ DRAW);
    return (double)(x >> 11) * 0x1p-53 < m->share;
}

static pmkt_status count_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    const making *m = ctx;
    const pmkti_sessions *s = &m->t->visits->s;
    int64_t n = 0;
    for (int64_t u = s->part_at[part]; u < s->part_at[part + 1]; u++) {
        if (!is_drawn(m, u)) continue;
        for (int64_t q = s->user_at[u]; q < s->user_at[u + 1]; q++) {
            n += goal_of(m->t, q) - s->session_at[q];
        }
    }
    m->t->part_at[part] = n;
    return PMKT_OK;
}

static pmkt_status count_rows(making *m, const pmkti_run *run, pmkti_stage stage) {
    pmkti_training *t = m->t;
    const pmkt_status status = pmkti_parallel(run, stage, count_part, m, t->visits->s.parts);
    if (status) return status;
    t->n = 0;
    for (int64_t p = 0; p < t->visits->s.parts; p++) {
        const int64_t here = t->part_at[p];
        t->part_at[p] = t->n;
        t->n += here;
    }
    return PMKT_OK;
}

/* ----------------------------------------------------------------------- filling */

/* Where the goals of a user are: the next one moves along with the rows. */
typedef struct ahead {
    int64_t row, end;
} ahead;

static bool goal_within(const pmkti_training *t, ahead *a, int64_t i) {
    const uint32_t goal = t->folds->chains->facts.goal;
    const int64_t *time = t->visits->s.time;
    if (a->row <= i) a->row = i + 1;
    while (a->row < a->end && pmkti_visits_action(t->visits, a->row) != goal) a->row++;
    return a->row < a->end && time[a->row] - time[i] <= t->cart_ms;
}

static void fill_row(const making *m, const pmkti_reader *r, const pmkti_visitor *v,
                     const pmkti_glance *glance, int64_t i, ahead *a, int64_t at) {
    const pmkti_training *t = m->t;
    const pmkti_sessions *s = &t->visits->s;
    pmkti_features_of(t->features, r, v, glance, t->x + at * t->features->n);
    t->cart[at] = 0;
    if (s->kind[i] != PMKT_KIND_CART || s->time[i] > m->last - t->cart_ms) return;
    t->cart[at] = goal_within(t, a, i) ? 2 : 1;
}

static int64_t fill_user(const making *m, int64_t u, pmkti_visitor *v, int64_t at) {
    const pmkti_training *t = m->t;
    const pmkti_sessions *s = &t->visits->s;
    const pmkti_reader *r = &t->folds->reader[pmkti_fold(pmkti_mix(s->user[u]), PMKTI_FOLDS)];
    ahead a = {0, pmkti_sessions_begin(s, u + 1)};
    pmkti_visitor_new(v);
    for (int64_t q = s->user_at[u]; q < s->user_at[u + 1]; q++) {
        const int64_t begin = s->session_at[q], end = s->session_at[q + 1], goal = goal_of(t, q);
        pmkti_visitor_session(v, r, s->time[begin]);
        for (int64_t i = begin; i < end; i++) {
            const pmkti_step e = pmkti_purchase_step(t->folds->chains, t->visits, i);
            pmkti_glance glance;
            pmkti_visitor_see(v, r, &e, &glance);
            if (i >= goal) continue;
            fill_row(m, r, v, &glance, i, &a, at);
            t->y[at] = goal < end;
            t->weight[at] = 1 / (double)(goal - begin);
            t->user[at++] = s->user[u];
        }
    }
    return at;
}

static pmkt_status fill_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    const making *m = ctx;
    const pmkti_sessions *s = &m->t->visits->s;
    pmkti_visitor_room room;
    int64_t at = m->t->part_at[part];
    for (int64_t u = s->part_at[part]; u < s->part_at[part + 1]; u++) {
        if (is_drawn(m, u)) at = fill_user(m, u, &room.v, at);
    }
    return PMKT_OK;
}

/* ------------------------------------------------------------------------ driver */

static bool reserve(pmkti_training *t) {
    const pmkt_allocator *a = &t->visits->s.allocator;
    const size_t n = (size_t)t->n;
    t->x = pmkti_alloc(a, n * (size_t)t->features->n, sizeof *t->x);
    t->weight = pmkti_alloc(a, n, sizeof *t->weight);
    t->user = pmkti_alloc(a, n, sizeof *t->user);
    t->y = pmkti_alloc(a, n, sizeof *t->y);
    t->cart = pmkti_alloc(a, n, sizeof *t->cart);
    return n == 0 || (t->x && t->weight && t->user && t->y && t->cart);
}

static pmkt_status make(making *m, const pmkti_run *run, pmkti_stage stage) {
    pmkti_training *t = m->t;
    const pmkti_sessions *s = &t->visits->s;
    const double length = stage.to - stage.from, counted = stage.from + 0.1 * length;
    const double drawn = stage.from + 0.2 * length;
    t->part_at = pmkti_alloc(&s->allocator, (size_t)s->parts, sizeof *t->part_at);
    if (!t->part_at) return PMKT_E_NOMEM;
    pmkt_status status = count_rows(m, run, (pmkti_stage){stage.name, stage.from, counted});
    if (!status && t->n > t->most) {
        m->share = (double)t->most / (double)t->n;
        status = count_rows(m, run, (pmkti_stage){stage.name, counted, drawn});
    }
    if (status) return status;
    if (!reserve(t)) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < s->rows; i++) {
        if (i == 0 || s->time[i] > m->last) m->last = s->time[i];
    }
    status =
        pmkti_parallel(run, (pmkti_stage){stage.name, drawn, stage.to}, fill_part, m, s->parts);
    for (int64_t i = 0; i < t->n && !status; i++) t->carts += t->cart[i] > 0;
    return status;
}

pmkt_status pmkti_training_make(pmkti_training *t, const pmkti_run *run, pmkti_stage stage) {
    making m = {.t = t, .share = 2};
    const pmkt_status status = make(&m, run, stage);
    if (status) pmkti_training_free(t);
    return status;
}

void pmkti_training_free(pmkti_training *t) {
    const pmkt_allocator a = t->visits->s.allocator;
    const size_t n = (size_t)t->n;
    pmkti_free(&a, t->part_at, (size_t)t->visits->s.parts, sizeof *t->part_at);
    pmkti_free(&a, t->x, n * (size_t)t->features->n, sizeof *t->x);
    pmkti_free(&a, t->weight, n, sizeof *t->weight);
    pmkti_free(&a, t->user, n, sizeof *t->user);
    pmkti_free(&a, t->y, n, sizeof *t->y);
    pmkti_free(&a, t->cart, n, sizeof *t->cart);
    t->part_at = NULL, t->x = t->weight = NULL, t->user = NULL, t->y = t->cart = NULL;
    t->n = t->carts = 0;
}

void pmkti_training_carts(pmkti_training *t) {
    const size_t width = (size_t)t->features->n;
    int64_t to = 0;
    for (int64_t i = 0; i < t->n; i++) {
        if (t->cart[i] == 0) continue;
        memmove(t->x + (size_t)to * width, t->x + (size_t)i * width, width * sizeof *t->x);
        t->user[to] = t->user[i], t->weight[to] = 1, t->y[to] = t->cart[i] == 2;
        to++;
    }
}
