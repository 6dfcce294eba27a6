/*
 * calibrate.c - from what a model thinks to what happens: Platt's sigmoid, or an isotonic curve.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/sort.h"
#include "intent/logistic/model.h"

#define MOST_STEPS 100

/* ----------------------------------------------------------------------- Platt */

/* Loss, gradient and Hessian of a sigmoid. */
typedef struct sums {
    double loss, da, db, daa, dab, dbb;
} sums;

static sums sum_up(const double *z, const uint8_t *y, int64_t n, const double target[2], double a,
                   double b) {
    sums s = {0};
    for (int64_t i = 0; i < n; i++) {
        const double odds = a * z[i] + b, p = pmkti_sigmoid(odds), t = target[y[i]];
        const double slope = p - t, curvature = p * (1 - p);
        s.loss += pmkti_softplus(odds) - t * odds;
        s.da += slope * z[i], s.db += slope;
        s.daa += curvature * z[i] * z[i], s.dab += curvature * z[i], s.dbb += curvature;
    }
    return s;
}

/* Newton's method with halved steps, as Lin, Lin & Weng, "A note on Platt's probabilistic outputs for
   support vector machines", Machine Learning 68, 2007, advise. */
static void platt(const double *z, const uint8_t *y, int64_t n, pmkti_calibration *out) {
    int64_t yes = 0;
    for (int64_t i = 0; i < n; i++) yes += y[i];
    const double target[2] = {1 / ((double)(n - yes) + 2), ((double)yes + 1) / ((double)yes + 2)};
    /* Where every row still has a curvature: at 1, 0 opinions far from 0 have none, and no step helps. */
    double a = 0, b = log(((double)yes + 1) / ((double)(n - yes) + 1));
    sums s = sum_up(z, y, n, target, a, b);
    for (int i = 0; i < MOST_STEPS; i++) {
        const double ridge = 1e-12 * (double)n, aa = s.daa + ridge, bb = s.dbb + ridge;
        const double det = aa * bb - s.dab * s.dab;
        double step_a = (bb * s.da - s.dab * s.db) / det, step_b = (aa * s.db - s.dab * s.da) / det;
        sums next = sum_up(z, y, n, target, a - step_a, b - step_b);
        for (int halved = 0; !(next.loss <= s.loss) && halved < 40; halved++) {
            step_a *= 0.5, step_b *= 0.5;
            next = sum_up(z, y, n, target, a - step_a, b - step_b);
        }
        if (!(next.loss < s.loss)) break;
        a -= step_a, b -= step_b;
        s = next;
    }
    out->slope = a, out->shift = b;
    if (a >= 0) return;
    /* A model that knows nothing: without a fold's yeses it thinks less of that fold, so that opinions of
       rows not seen fall where outcomes rise. That is no reason to turn the model around: as an
       isotonic curve would be, the sigmoid is flat. The minimum at slope 0 is the mean target. */
    const double mean = ((double)yes * target[1] + (double)(n - yes) * target[0]) / (double)n;
    out->slope = 0, out->shift = log(mean) - log1p(-mean);
}

/* -------------------------------------------------------------------- isotonic */

typedef struct opinion {
    double z;
    int64_t yes;
} opinion;

static bool is_before(const void *a, const void *b) {
    const opinion *x = a, *y = b;
    return x->z != y->z ? x->z < y->z : x->yes < y->yes;
}

/* Rows that share one probability. */
typedef struct pool {
    double z; /* sum */
    double yes, n;
} pool;

/* Not rising, or too close for their means, which are rounded, to ascend. */
static bool falls(const pool *a, const pool *b) {
    return a->yes * b->n >= b->yes * a->n || a->z / a->n >= b->z / b->n;
}

/* Pools adjacent violators; how many pools are left. Rows of equal z are one from the start. */
static int64_t pool_all(const opinion *o, int64_t n, pool *pools) {
    int64_t used = 0;
    for (int64_t i = 0; i < n;) {
        pool next = {0, 0, 0};
        for (const double z = o[i].z; i < n && o[i].z == z; i++) {
            next.z += o[i].z, next.yes += (double)o[i].yes, next.n++;
        }
        while (used > 0 && falls(&pools[used - 1], &next)) {
            const pool *last = &pools[--used];
            next = (pool){last->z + next.z, last->yes + next.yes, last->n + next.n};
        }
        pools[used++] = next;
    }
    return used;
}

/* A corner at the middle of each pool; never quite 0 or 1, which n rows cannot prove. */
static pmkt_status corners(const pool *pools, int64_t n, double rows, const pmkt_allocator *a,
                           pmkti_calibration *out) {
    out->z = pmkti_alloc(a, (size_t)n, sizeof *out->z);
    out->p = pmkti_alloc(a, (size_t)n, sizeof *out->p);
    out->n = n;
    if (!out->z || !out->p) {
        pmkti_calibration_free(a, out);
        return PMKT_E_NOMEM;
    }
    const double least = 1 / (rows + 2);
    for (int64_t i = 0; i < n; i++) {
        const double p = pools[i].yes / pools[i].n;
        out->z[i] = pools[i].z / pools[i].n;
        out->p[i] = p < least ? least : p > 1 - least ? 1 - least : p;
    }
    return PMKT_OK;
}

static pmkt_status isotonic(const double *z, const uint8_t *y, int64_t n, const pmkt_allocator *a,
                            pmkti_calibration *out) {
    opinion *opinions = pmkti_alloc(a, (size_t)n, sizeof *opinions);
    pool *pools = pmkti_alloc(a, (size_t)n, sizeof *pools);
    pmkt_status status = opinions && pools ? PMKT_OK : PMKT_E_NOMEM;
    if (!status) {
        for (int64_t i = 0; i < n; i++) opinions[i] = (opinion){z[i], y[i]};
        pmkti_sort(opinions, (size_t)n, sizeof *opinions, is_before);
        status = corners(pools, pool_all(opinions, n, pools), (double)n, a, out);
    }
    pmkti_free(a, opinions, (size_t)n, sizeof *opinions);
    pmkti_free(a, pools, (size_t)n, sizeof *pools);
    return status;
}

/* ------------------------------------------------------------------------- use */

pmkt_status pmkti_calibrate(int32_t kind, const double *z, const uint8_t *y, int64_t n,
                            const pmkt_allocator *allocator, pmkti_calibration *out) {
    *out = (pmkti_calibration){.kind = kind, .slope = 1};
    if (n == 0 || kind == PMKT_CALIBRATION_NONE) {
        out->kind = PMKT_CALIBRATION_NONE;
        return PMKT_OK;
    }
    if (kind == PMKT_CALIBRATION_ISOTONIC) return isotonic(z, y, n, allocator, out);
    platt(z, y, n, out);
    return PMKT_OK;
}

double pmkti_calibrated(const pmkti_calibration *c, double z) {
    if (c->kind != PMKT_CALIBRATION_ISOTONIC) return pmkti_sigmoid(c->slope * z + c->shift);
    int64_t low = 0, high = c->n; /* the first corner above z */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (c->z[middle] <= z)
            low = middle + 1;
        else
            high = middle;
    }
    if (isnan(z)) return z;
    if (low == 0) return c->p[0];
    if (low == c->n) return c->p[c->n - 1];
    const double share = (z - c->z[low - 1]) / (c->z[low] - c->z[low - 1]);
    return c->p[low - 1] + share * (c->p[low] - c->p[low - 1]);
}

void pmkti_calibration_free(const pmkt_allocator *allocator, pmkti_calibration *c) {
    pmkti_free(allocator, c->z, (size_t)c->n, sizeof *c->z);
    pmkti_free(allocator, c->p, (size_t)c->n, sizeof *c->p);
    c->z = c->p = NULL;
    c->n = 0;
}
