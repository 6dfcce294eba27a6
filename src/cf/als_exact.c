#include "cf/als_exact.h"

#include <math.h>
#include <string.h>

/* The base is in float. What it knows of a direction less than this share of its diagonal is rounding, and
   nothing might hold a factor back there: so this is added to lambda. */
#define RIDGE 0x1p-18

typedef struct exact {
    int32_t d;
    double *m; /* [d * d] the upper triangle of A, then U with A = U'U */
    double *b; /* [d] */
    double *x; /* [d] */
} exact;

static double *row_of(const exact *e, int32_t i) {
    return e->m + (ptrdiff_t)i * e->d;
}

static double base_at(const pmkti_cf_rule *rule, int32_t i, int32_t j) {
    return (double)rule->gram_by * (double)rule->gram[(ptrdiff_t)i * rule->d + j];
}

static void lay_base(const exact *e, const pmkti_cf_rule *rule, double lambda) {
    for (int32_t i = 0; i < e->d; i++) {
        for (int32_t j = i; j < e->d; j++) row_of(e, i)[j] = base_at(rule, i, j);
        row_of(e, i)[i] += lambda + RIDGE * base_at(rule, i, i);
    }
    memset(e->b, 0, (size_t)e->d * sizeof *e->b);
}

static void add_entry(const exact *e, const pmkti_cf_rule *rule, const float *y, double weight) {
    const pmkti_cf_pull pull = pmkti_cf_pull_of(rule, weight);
    for (int32_t i = 0; i < e->d; i++) {
        const double by = pull.a * (double)y[i];
        double *row = row_of(e, i);
        for (int32_t j = i; j < e->d; j++) row[j] += by * (double)y[j];
        e->b[i] += pull.t * (double)y[i];
    }
}

/*
 * The factor, in place. A pivot that is no more than rounding made of it stands for a coordinate that nothing determines: its row becomes 0.
 */
static void factorize(const exact *e, const pmkti_cf_rule *rule) {
    for (int32_t k = 0; k < e->d; k++) {
        double *u = row_of(e, k);
        const double noise = RIDGE / 4 * base_at(rule, k, k) + 1e-13 * e->x[k];
        const double by = u[k] > noise ? 1.0 / sqrt(u[k]) : 0.0;
        for (int32_t j = k; j < e->d; j++) u[j] *= by;
        for (int32_t i = k + 1; i < e->d; i++) {
            double *row = row_of(e, i);
            for (int32_t j = i; j < e->d; j++) row[j] -= u[i] * u[j];
        }
    }
}

/* U' z = b going down, U x = z going up. */
static void substitute(const exact *e) {
    double *x = e->x;
    memcpy(x, e->b, (size_t)e->d * sizeof *x);
    for (int32_t k = 0; k < e->d; k++) {
        const double *u = row_of(e, k);
        x[k] = u[k] > 0 ? x[k] / u[k] : 0.0;
        for (int32_t i = k + 1; i < e->d; i++) x[i] -= u[i] * x[k];
    }
    for (int32_t k = e->d - 1; k >= 0; k--) {
        const double *u = row_of(e, k);
        double sum = x[k];
        for (int32_t i = k + 1; i < e->d; i++) sum -= u[i] * x[i];
        x[k] = u[k] > 0 ? sum / u[k] : 0.0;
    }
}

/* |U x|^2 - 2 b.x */
static double value_of(const exact *e, const float *x) {
    double value = 0;
    for (int32_t k = 0; k < e->d; k++) {
        double sum = 0;
        for (int32_t i = k; i < e->d; i++) sum += row_of(e, k)[i] * (double)x[i];
        value += sum * sum - 2.0 * e->b[k] * (double)x[k];
    }
    return value;
}

double pmkti_cf_solve_exact(const pmkti_cf_rule *rule, double lambda, const int32_t *item,
                            const float *weight, int64_t n, double *room, float *x) {
    const size_t d = (size_t)rule->d;
    const exact e = {rule->d, room, room + d * d, room + d * d + d};
    lay_base(&e, rule, lambda);
    for (int64_t j = 0; j < n; j++) {
        const float *y = rule->fixed + (ptrdiff_t)item[j] * rule->d;
        add_entry(&e, rule, y, weight ? (double)weight[j] : 1.0);
    }
    for (int32_t k = 0; k < e.d; k++) e.x[k] = row_of(&e, k)[k]; /* the diagonal as it was */
    factorize(&e, rule);
    substitute(&e);
    for (int32_t k = 0; k < e.d; k++) x[k] = (float)e.x[k];
    return value_of(&e, x);
}
