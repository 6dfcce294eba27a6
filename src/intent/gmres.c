/*
 * gmres.c - Arnoldi's process by modified Gram-Schmidt, the small least-squares problem by
 * rotations. Chains of people who leave after some tens of steps need a few tens of vectors. One
 * that hardly ever ends has an eigenvalue near 1, which a long enough basis takes care of: where a
 * restart gains too little, the basis grows.
 */
#include "intent/gmres.h"

#include <math.h>

#include "core/alloc.h"

#define FIRST_BASIS 40
#define LAST_BASIS 320
#define BEARABLE 1e-12
#define MOST_RESTARTS 1000

typedef struct solver {
    const pmkti_linear *system;
    const double *b;
    double *x;
    int64_t basis;    /* vectors at most, before a restart */
    double *vectors;  /* [basis + 1][n] */
    double *h;        /* [basis][basis + 1] columns; triangular once rotated */
    double *rotation; /* [basis][2] cosine, sine */
    double *g;        /* [basis + 1] the right side of the small problem */
    double scale;     /* the largest of x, and of b while that is larger */
    double share;     /* the residual as a share of it */
} solver;

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static double largest(const double *a, int64_t n) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(a[i]));
    return most;
}

/* r = b + Q x - x, and its share of x. */
static void find_residual(solver *s, double *r) {
    const int64_t n = s->system->n;
    s->system->q(s->system->ctx, s->x, r);
    for (int64_t i = 0; i < n; i++) r[i] = s->b[i] + (r[i] - s->x[i]);
    s->scale = fmax(largest(s->x, n), largest(s->b, n));
    s->share = s->scale > 0 ? largest(r, n) / s->scale : 0;
}

static void rotate(solver *s, int64_t k) {
    double *column = s->h + k * (s->basis + 1);
    for (int64_t j = 0; j < k; j++) {
        const double c = s->rotation[2 * j], d = s->rotation[2 * j + 1];
        const double upper = column[j], lower = column[j + 1];
        column[j] = c * upper + d * lower;
        column[j + 1] = c * lower - d * upper;
    }
    const double size = hypot(column[k], column[k + 1]);
    const double c = size > 0 ? column[k] / size : 1, d = size > 0 ? column[k + 1] / size : 0;
    s->rotation[2 * k] = c, s->rotation[2 * k + 1] = d;
    column[k] = size, column[k + 1] = 0;
    s->g[k + 1] = -d * s->g[k];
    s->g[k] *= c;
}

/* The next vector of the basis; false if there is none, and then the answer is in the basis. */
static bool extend(solver *s, int64_t k) {
    const int64_t n = s->system->n;
    const double *v = s->vectors + k * n;
    double *w = s->vectors + (k + 1) * n, *column = s->h + k * (s->basis + 1);
    s->system->q(s->system->ctx, v, w);
    for (int64_t i = 0; i < n; i++) w[i] = v[i] - w[i];
    for (int64_t j = 0; j <= k; j++) {
        const double *u = s->vectors + j * n;
        column[j] = dot(u, w, n);
        for (int64_t i = 0; i < n; i++) w[i] -= column[j] * u[i];
    }
    column[k + 1] = sqrt(dot(w, w, n));
    const bool is_new = column[k + 1] > 0;
    for (int64_t i = 0; i < n && is_new; i++) w[i] /= column[k + 1];
    rotate(s, k);
    return is_new;
}

/* x += the best combination of the first k vectors. */
static void combine(solver *s, int64_t k) {
    const int64_t n = s->system->n;
    for (int64_t i = k; i-- > 0;) {
        double y = s->g[i];
        for (int64_t j = i + 1; j < k; j++) y -= s->h[j * (s->basis + 1) + i] * s->g[j];
        const double diagonal = s->h[i * (s->basis + 1) + i];
        s->g[i] = diagonal > 0 ? y / diagonal : 0;
    }
    for (int64_t j = 0; j < k; j++) {
        const double *v = s->vectors + j * n;
        for (int64_t i = 0; i < n; i++) s->x[i] += s->g[j] * v[i];
    }
}

/* One restart, from the residual, which lies in the first vector. It ends early where the residual, by
   its length, is small enough: no element of it is larger than that. */
static void cycle(solver *s) {
    const int64_t n = s->system->n;
    double *r = s->vectors;
    const double size = sqrt(dot(r, r, n));
    for (int64_t i = 0; i < n; i++) r[i] /= size;
    s->g[0] = size;
    int64_t k = 0;
    while (k < s->basis) {
        const bool more = extend(s, k++);
        if (!more || fabs(s->g[k]) <= s->scale * (PMKTI_ENOUGH / 4)) break;
    }
    combine(s, k);
    find_residual(s, r);
}

static pmkt_status solve(solver *s) {
    const pmkti_linear *l = s->system;
    find_residual(s, s->vectors);
    double kept = INFINITY;
    for (int i = 0; i < MOST_RESTARTS && s->share > PMKTI_ENOUGH; i++) {
        if (pmkti_canceled(l->run, l->stage.from, l->stage.name)) return PMKT_E_CANCELED;
        if (!(s->share < kept / 2)) break;
        kept = s->share;
        cycle(s);
    }
    return s->share <= BEARABLE ? PMKT_OK : PMKT_E_UNSUPPORTED;
}

static pmkt_status solve_with(solver *s, int64_t basis) {
    const pmkt_allocator *a = s->system->allocator;
    const size_t n = (size_t)s->system->n, k = (size_t)basis;
    s->basis = basis;
    s->vectors = pmkti_alloc(a, (k + 1) * n, sizeof *s->vectors);
    s->h = pmkti_alloc_zero(a, k * (k + 1), sizeof *s->h);
    s->rotation = pmkti_alloc(a, 2 * k, sizeof *s->rotation);
    s->g = pmkti_alloc(a, k + 1, sizeof *s->g);
    const bool have = s->vectors && s->h && s->rotation && s->g;
    const pmkt_status status = have ? solve(s) : PMKT_E_NOMEM;
    pmkti_free(a, s->vectors, (k + 1) * n, sizeof *s->vectors);
    pmkti_free(a, s->h, k * (k + 1), sizeof *s->h);
    pmkti_free(a, s->rotation, 2 * k, sizeof *s->rotation);
    pmkti_free(a, s->g, k + 1, sizeof *s->g);
    return status;
}

pmkt_status pmkti_gmres(const pmkti_linear *system, const double *b, double *x, double *residual) {
    solver s = {.system = system, .b = b, .x = x};
    pmkt_status status = PMKT_E_UNSUPPORTED;
    for (int64_t basis = FIRST_BASIS; basis <= LAST_BASIS && status == PMKT_E_UNSUPPORTED;
         basis *= 2) {
        status = solve_with(&s, basis < system->n ? basis : system->n);
    }
    *residual = s.share;
    return status;
}
