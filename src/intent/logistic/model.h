/*
 * model.h - what a logistic model is, and the parts of which fitting one consists.
 *
 * Inside, columns are standardized and a constant 1 is the last of them, so that the intercept is a
 * coefficient like the others, but for the penalty. `width` is columns + 1 everywhere.
 */
#ifndef PMKTI_LOGISTIC_MODEL_H
#define PMKTI_LOGISTIC_MODEL_H

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/parallel.h"
#include "pmkt/logistic.h"

/* A curve from log-odds to probability. */
typedef struct pmkti_calibration {
    int32_t kind; /* PMKT_CALIBRATION_... */
    double slope, shift;
    int64_t n;
    double *z, *p; /* isotonic: [n] corners, z ascending strictly */
} pmkti_calibration;

struct pmkt_logistic {
    pmkt_allocator allocator;
    _Atomic int64_t owners;
    pmkt_logistic_facts facts;
    double *coefficient; /* [width] a unit of x - mean; the last is the value at the means */
    double *error;       /* [width] standard errors, the last that of the intercept at x = 0 */
    double *mean;        /* [width] */
    double *deviation;   /* [width] 0: the column never changes */
    pmkti_calibration calibration;
};

/* The rows of a fit, in the order of pmkti_mix(cluster), so that clusters stand together and folds
   are ranges. */
typedef struct pmkti_logistic_rows {
    const pmkt_logistic_data *data;
    int64_t *at;            /* [data->rows] row; NULL: as they are */
    uint64_t *key;          /* [data->rows] pmkti_mix of the cluster, in that order */
    double *mean, *inverse; /* [columns] standardized = (x - mean) * inverse */
    double *deviation;      /* [columns] 0: the column never changes; then inverse is 0 too */
    double weight;          /* of all */
    int64_t positives, clusters;
} pmkti_logistic_rows;

static inline int64_t pmkti_logistic_row(const pmkti_logistic_rows *r, int64_t i) {
    return r->at ? r->at[i] : i;
}

/* The fold of a key: an equal share of all keys. */
static inline int32_t pmkti_fold(uint64_t key, int32_t folds) {
    return (int32_t)((key >> 32) * (uint64_t)folds >> 32);
}

/* 1 / (1 + exp(-z)) without overflow. */
static inline double pmkti_sigmoid(double z) {
    if (z >= 0) return 1 / (1 + exp(-z));
    const double e = exp(z);
    return e / (1 + e);
}

/* ln(1 + exp(z)) without overflow. */
static inline double pmkti_softplus(double z) {
    return z > 0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

/* Checks the caller's data, orders its rows, and measures the columns. On failure `rows` is empty. */
pmkt_status pmkti_logistic_rows_make(const pmkt_logistic_data *data,
                                     const pmkt_allocator *allocator, pmkti_logistic_rows *rows,
                                     pmkt_error *err);
void pmkti_logistic_rows_free(const pmkt_allocator *allocator, pmkti_logistic_rows *rows);

/* Scratch of the sums over rows, and what they came to. */
typedef struct pmkti_newton {
    const pmkti_logistic_rows *rows;
    const pmkt_allocator *allocator;
    const pmkti_run *run;
    double l2;
    int32_t width, steps;
    int32_t folds, without; /* rows of fold `without` do not count; -1: all count */
    int64_t chunks;
    int workers;
    double *row;      /* [workers * 2 * PMKTI_LOGISTIC_BLOCK * width] */
    double *sums;     /* [chunks * size] of each chunk: loss, gradient, Hessian's lower triangle */
    double *beta;     /* [width] */
    double *trial;    /* [width] */
    double *hessian;  /* [width * width] the Cholesky factor of the Hessian at beta */
    double *square;   /* [width * width] the covariance of beta, once it was asked for */
    double *gradient; /* [width] of beta */
    double loss;      /* of beta, with the penalty */
} pmkti_newton;

#define PMKTI_LOGISTIC_MOST_L2 1e100
#define PMKTI_LOGISTIC_BLOCK 4 /* rows that go into the Hessian at once */

pmkt_status pmkti_newton_new(const pmkti_logistic_rows *rows, const pmkt_allocator *allocator,
                             const pmkti_run *run, double l2, pmkti_newton *n);
void pmkti_newton_free(pmkti_newton *n);

/* The minimum without fold `without`, from the beta that is there. PMKT_OK, PMKT_E_CANCELED. */
pmkt_status pmkti_newton_find(pmkti_newton *n, int32_t folds, int32_t without, pmkti_stage stage);

/* The covariance of beta, the minimum that was found last, all rows counting. PMKT_OK,
   PMKT_E_CANCELED. */
pmkt_status pmkti_newton_covariance(pmkti_newton *n, pmkti_stage stage);

/* The log-odds of row i of the order, standardized. */
double pmkti_newton_z(const pmkti_newton *n, int64_t i);

/* Fits a calibration to n opinions z with outcomes y; of none, it is no calibration. PMKT_OK,
   PMKT_E_NOMEM. */
pmkt_status pmkti_calibrate(int32_t kind, const double *z, const uint8_t *y, int64_t n,
                            const pmkt_allocator *allocator, pmkti_calibration *out);
double pmkti_calibrated(const pmkti_calibration *c, double z);
void pmkti_calibration_free(const pmkt_allocator *allocator, pmkti_calibration *c);

/* The caller's options, checked, with their defaults. */
pmkt_status pmkti_logistic_options_in(const pmkt_logistic_options *given,
                                      pmkt_logistic_options *mine, pmkt_error *err);

/* A model of data that are checked like a caller's. */
pmkt_status pmkti_logistic_make(const pmkt_logistic_data *data,
                                const pmkt_logistic_options *options,
                                const pmkt_allocator *allocator, const pmkti_run *run,
                                pmkti_stage stage, pmkt_logistic **model, pmkt_error *err);

/* A new model of so many columns with one owner. NULL without memory. */
pmkt_logistic *pmkti_logistic_new(const pmkt_allocator *allocator, int32_t columns);

/* Bytes that a model holds; 0 for NULL. */
int64_t pmkti_logistic_bytes(const pmkt_logistic *m);

/* The log-odds of a row before calibration; NaN if a number is not finite. */
double pmkti_logistic_z(const pmkt_logistic *m, const double *x);

#endif
