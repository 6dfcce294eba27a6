#include "intent/bicgstab.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

#define CHUNK 16384 /* sums are made of these, so that they do not depend on threads */
#define MOST_STEPS 1000
#define PATIENCE 60 /* steps without a smaller residual */
#define MOST_RESTARTS 10

/* What a pass over vectors finds. */
typedef struct found {
    double sum, square; /* of products */
    double r, scale;    /* the largest */
} found;

enum {
    R,     /* the residual */
    FIRST, /* that with which this run began */
    P,     /* the direction */
    V,     /* (1 - Q) p */
    T,     /* (1 - Q) r */
    VECTORS
};

typedef struct solver {
    const pmkti_linear *system;
    pmkti_run run; /* that tells nobody */
    const double *b;
    double *x;
    double *v[VECTORS];
    double alpha, beta, omega;
    found *found; /* [chunks] */
    int64_t chunks;
} solver;

typedef void (*pass)(const solver *s, int64_t from, int64_t end, found *f);

typedef struct passing {
    const solver *s;
    pass pass;
} passing;

static pmkt_status pass_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const passing *p = ctx;
    const int64_t from = chunk * CHUNK, n = p->s->system->n;
    p->s->found[chunk] = (found){0, 0, 0, 0};
    p->pass(p->s, from, n - from < CHUNK ? n : from + CHUNK, &p->s->found[chunk]);
    return PMKT_OK;
}

static found run_pass(const solver *s, pass what) {
    passing p = {s, what};
    (void)pmkti_parallel(&s->run, (pmkti_stage){"", 0, 0}, pass_chunk, &p, s->chunks);
    found all = {0, 0, 0, 0};
    for (int64_t i = 0; i < s->chunks; i++) {
        all.sum += s->found[i].sum;
        all.square += s->found[i].square;
        all.r = fmax(all.r, s->found[i].r);
        all.scale = fmax(all.scale, s->found[i].scale);
    }
    return all;
}

static void apply(const solver *s, const double *x, double *y) {
    s->system->q(s->system->ctx, x, y);
}

/* -------------------------------------------------------------------- passes */

static inline double larger(double a, double b) {
    return a > b ? a : b;
}

/* What x leaves, from Q x in R; the run begins with it. */
static void begin(const solver *s, int64_t from, int64_t end, found *f) {
    double *r = s->v[R];
    for (int64_t i = from; i < end; i++) {
        r[i] = s->b[i] + (r[i] - s->x[i]);
        s->v[FIRST][i] = r[i];
        s->v[P][i] = s->v[V][i] = 0;
        f->sum += r[i] * r[i];
        f->r = fmax(f->r, fabs(r[i]));
        f->scale = larger(f->scale, larger(fabs(s->x[i]), fabs(s->b[i])));
    }
}

static void turn(const solver *s, int64_t from, int64_t end, found *f) {
    (void)f;
    const double *r = s->v[R], *v = s->v[V];
    double *p = s->v[P];
    for (int64_t i = from; i < end; i++) p[i] = r[i] + s->beta * (p[i] - s->omega * v[i]);
}

/* From Q p in V. */
static void along(const solver *s, int64_t from, int64_t end, found *f) {
    const double *p = s->v[P], *first = s->v[FIRST];
    double *v = s->v[V];
    for (int64_t i = from; i < end; i++) {
        v[i] = p[i] - v[i];
        f->sum += first[i] * v[i];
    }
}

static void half_step(const solver *s, int64_t from, int64_t end, found *f) {
    (void)f;
    const double *v = s->v[V];
    double *r = s->v[R];
    for (int64_t i = from; i < end; i++) r[i] -= s->alpha * v[i];
}

/* From Q r in T. */
static void across(const solver *s, int64_t from, int64_t end, found *f) {
    const double *r = s->v[R];
    double *t = s->v[T];
    for (int64_t i = from; i < end; i++) {
        t[i] = r[i] - t[i];
        f->sum += t[i] * r[i];
        f->square += t[i] * t[i];
    }
}

static void step(const solver *s, int64_t from, int64_t end, found *f) {
    const double *p = s->v[P], *t = s->v[T], *first = s->v[FIRST];
    double *r = s->v[R];
    for (int64_t i = from; i < end; i++) {
        s->x[i] += s->alpha * p[i] + s->omega * r[i];
        r[i] -= s->omega * t[i];
        f->sum += first[i] * r[i];
        f->r = larger(f->r, fabs(r[i]));
        f->scale = larger(f->scale, larger(fabs(s->x[i]), fabs(s->b[i])));
    }
}

/* -------------------------------------------------------------------- driver */

/* Steps from the residual that is there until it is small enough, by what the steps say of it, or grows. */
static pmkt_status steps(solver *s, found now, double enough) {
    const pmkti_linear *l = s->system;
    double rho = now.sum, least = now.r;
    s->beta = 0, s->omega = 0;
    for (int i = 0, waited = 0; i < MOST_STEPS && waited < PATIENCE; i++) {
        if (pmkti_canceled(l->run, l->stage.from, l->stage.name)) return PMKT_E_CANCELED;
        (void)run_pass(s, turn);
        apply(s, s->v[P], s->v[V]);
        const double ahead = run_pass(s, along).sum;
        if (!(fabs(ahead) > 0)) break;
        s->alpha = rho / ahead;
        (void)run_pass(s, half_step);
        apply(s, s->v[R], s->v[T]);
        const found t = run_pass(s, across);
        s->omega = t.square > 0 ? t.sum / t.square : 0;
        now = run_pass(s, step);
        if (!(now.r > now.scale * enough) || !(fabs(s->omega * rho) > 0)) break;
        s->beta = now.sum / rho * (s->alpha / s->omega);
        rho = now.sum;
        waited = now.r < least ? 0 : waited + 1;
        least = larger(least, 0) < now.r ? least : now.r;
    }
    return PMKT_OK;
}

static pmkt_status solve(solver *s, double *residual) {
    double kept = INFINITY;
    for (int i = 0; i <= MOST_RESTARTS; i++) {
        apply(s, s->x, s->v[R]);
        const found now = run_pass(s, begin);
        const double share = now.scale > 0 ? now.r / now.scale : 0;
        *residual = share;
        if (share <= PMKTI_ENOUGH || i == MOST_RESTARTS || !(share < kept / 2)) break;
        kept = share;
        const pmkt_status status = steps(s, now, PMKTI_ENOUGH / 2);
        if (status) return status;
    }
    if (*residual <= 1) return PMKT_OK; /* not so if it is no number */
    memset(s->x, 0, (size_t)s->system->n * sizeof *s->x);
    *residual = 1;
    return PMKT_OK;
}

pmkt_status pmkti_bicgstab(const pmkti_linear *system, const double *b, double *x,
                           double *residual) {
    const pmkt_allocator *a = system->allocator;
    const size_t n = (size_t)system->n, chunks = (n + CHUNK - 1) / CHUNK;
    solver s = {.system = system, .b = b, .x = x, .chunks = (int64_t)chunks};
    s.run = (pmkti_run){.threads = system->run->threads};
    memset(x, 0, n * sizeof *x);
    double *vectors = pmkti_alloc(a, VECTORS * n, sizeof *vectors);
    s.found = pmkti_alloc(a, chunks, sizeof *s.found);
    pmkt_status status = PMKT_E_NOMEM;
    if (vectors && s.found) {
        for (size_t k = 0; k < VECTORS; k++) s.v[k] = vectors + k * n;
        status = solve(&s, residual);
    }
    pmkti_free(a, vectors, VECTORS * n, sizeof *vectors);
    pmkti_free(a, s.found, chunks, sizeof *s.found);
    return status;
}
