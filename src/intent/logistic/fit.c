/*
 * fit.c - a logistic model: the minimum, its standard errors, and opinions of rows not seen to
 * calibrate it by.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"
#include "intent/logistic/model.h"

#define FOUND 0.5  /* of the work: the minimum */
#define ERRORS 0.6 /* standard errors */

static pmkt_status check(const pmkt_logistic_options *o, pmkt_error *err) {
    if (o->calibration < PMKT_CALIBRATION_PLATT || o->calibration > PMKT_CALIBRATION_NONE) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.calibration is %d, which is none",
                          (int)o->calibration);
    }
    if (!(o->l2 > 0) || !(o->l2 <= PMKTI_LOGISTIC_MOST_L2)) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.l2 must be positive, and at most 1e100");
    }
    if (o->folds < 2 || o->folds > 20) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.folds is %d; it must lie between 2 and 20",
                          (int)o->folds);
    }
    if (o->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    return PMKT_OK;
}

pmkt_status pmkti_logistic_options_in(const pmkt_logistic_options *given,
                                      pmkt_logistic_options *mine, pmkt_error *err) {
    pmkt_logistic_options_init(mine);
    const pmkt_status status =
        pmkti_struct_in(mine, sizeof *mine, given, sizeof *mine, "options", err);
    if (status) return status;
    if (mine->l2 == 0) mine->l2 = 1;
    if (mine->folds == 0) mine->folds = 5;
    return check(mine, err);
}

/* ----------------------------------------------------------------- calibration */

/* Whether the rows outside a fold are of both kinds. */
static bool both_without(const pmkti_newton *n, int32_t folds, int32_t fold) {
    const pmkt_logistic_data *d = n->rows->data;
    bool seen[2] = {false, false};
    for (int64_t i = 0; i < d->rows && !(seen[0] && seen[1]); i++) {
        const int64_t row = pmkti_logistic_row(n->rows, i);
        if (d->weight && d->weight[row] <= 0) continue;
        if (pmkti_fold(n->rows->key[i], folds) != fold) seen[d->y[row]] = true;
    }
    return seen[0] && seen[1];
}

/* What is thought of the rows of a fold goes to z and y; how many there are then. */
static int64_t take_opinions(const pmkti_newton *n, int32_t folds, int32_t fold, double *z,
                             uint8_t *y, int64_t at) {
    const pmkt_logistic_data *d = n->rows->data;
    for (int64_t i = 0; i < d->rows; i++) {
        const int64_t row = pmkti_logistic_row(n->rows, i);
        if (pmkti_fold(n->rows->key[i], folds) != fold) continue;
        if (d->weight && d->weight[row] <= 0) continue;
        z[at] = pmkti_newton_z(n, i);
        y[at++] = d->y[row];
    }
    return at;
}

static pmkt_status opinions(pmkti_newton *n, const pmkt_logistic_options *o, pmkti_stage stage,
                            const double *best, double *z, uint8_t *y, int64_t *count) {
    for (int32_t fold = 0; fold < o->folds; fold++) {
        if (!both_without(n, o->folds, fold)) continue;
        memcpy(n->beta, best, (size_t)n->width * sizeof *best);
        const double width = (stage.to - stage.from) / o->folds, from = stage.from + fold * width;
        const pmkt_status status =
            pmkti_newton_find(n, o->folds, fold, (pmkti_stage){stage.name, from, from + width});
        if (status) return status;
        *count = take_opinions(n, o->folds, fold, z, y, *count);
    }
    return PMKT_OK;
}

static pmkt_status calibrate(pmkt_logistic *m, pmkti_newton *n, const pmkt_logistic_options *o,
                             pmkti_stage stage) {
    if (o->calibration == PMKT_CALIBRATION_NONE) {
        return pmkti_calibrate(o->calibration, NULL, NULL, 0, &m->allocator, &m->calibration);
    }
    const size_t rows = (size_t)n->rows->data->rows, width = (size_t)n->width;
    const pmkt_allocator *a = &m->allocator;
    double *best = pmkti_alloc(a, width, sizeof *best), *z = pmkti_alloc(a, rows, sizeof *z);
    uint8_t *y = pmkti_alloc(a, rows, sizeof *y);
    int64_t count = 0;
    pmkt_status status = best && z && y ? PMKT_OK : PMKT_E_NOMEM;
    if (!status) {
        memcpy(best, n->beta, width * sizeof *best);
        status = opinions(n, o, stage, best, z, y, &count);
    }
    if (!status) status = pmkti_calibrate(o->calibration, z, y, count, a, &m->calibration);
    pmkti_free(a, best, width, sizeof *best);
    pmkti_free(a, z, rows, sizeof *z);
    pmkti_free(a, y, rows, sizeof *y);
    return status;
}

/* ----------------------------------------------------------------------- model */

/* Coefficients a unit of x, and their errors, from what is standardized. */
static void take_coefficients(pmkt_logistic *m, const pmkti_newton *n) {
    const pmkti_logistic_rows *r = n->rows;
    const int32_t columns = n->width - 1;
    const size_t width = (size_t)n->width;
    for (int32_t j = 0; j < columns; j++) {
        m->mean[j] = r->mean[j], m->deviation[j] = r->deviation[j];
        m->coefficient[j] = n->beta[j] * r->inverse[j];
        /* Below 0 by rounding, where columns follow from one another and l2 is next to nothing. */
        m->error[j] = sqrt(fmax(n->square[(size_t)j * width + (size_t)j], 0)) * r->inverse[j];
    }
    m->coefficient[columns] = n->beta[columns];
    /* The intercept at x = 0 is beta_0 - sum mean_j / deviation_j beta_j: a form of the covariance. */
    double variance = 0;
    for (int32_t j = 0; j <= columns; j++) {
        const double a = j < columns ? -r->mean[j] * r->inverse[j] : 1;
        for (int32_t k = 0; k <= columns; k++) {
            const double b = k < columns ? -r->mean[k] * r->inverse[k] : 1;
            variance += a * b * n->square[(size_t)j * width + (size_t)k];
        }
    }
    m->error[columns] = sqrt(variance > 0 ? variance : 0);
}

static void take_facts(pmkt_logistic *m, const pmkti_newton *n, const pmkt_logistic_options *o) {
    const pmkti_logistic_rows *r = n->rows;
    double steepest = 0, penalty = 0;
    for (int32_t j = 0; j < n->width; j++) {
        if (fabs(n->gradient[j]) > steepest) steepest = fabs(n->gradient[j]);
        if (j < n->width - 1) penalty += 0.5 * n->l2 * n->beta[j] * n->beta[j];
    }
    pmkt_logistic_facts *f = &m->facts;
    f->columns = n->width - 1, f->rows = r->data->rows, f->positives = r->positives;
    f->clusters = r->clusters, f->steps = n->steps, f->l2 = o->l2;
    f->log_loss = (n->loss - penalty) / r->weight;
    f->gradient = steepest / r->weight;
}

static pmkt_status fit(pmkt_logistic *m, const pmkti_logistic_rows *rows,
                       const pmkt_logistic_options *o, const pmkti_run *run, pmkti_stage stage) {
    pmkti_newton n = {.rows = NULL};
    const double length = stage.to - stage.from, found = stage.from + FOUND * length;
    const double errors = stage.from + ERRORS * length;
    pmkt_status status = pmkti_newton_new(rows, &m->allocator, run, o->l2, &n);
    if (!status) {
        status = pmkti_newton_find(&n, o->folds, -1, (pmkti_stage){stage.name, stage.from, found});
    }
    if (!status) {
        status = pmkti_newton_covariance(&n, (pmkti_stage){stage.name, found, errors});
    }
    if (!status) {
        take_coefficients(m, &n);
        take_facts(m, &n, o);
        status = calibrate(m, &n, o, (pmkti_stage){stage.name, errors, stage.to});
    }
    pmkti_newton_free(&n);
    if (status) return status;
    m->facts.calibration = m->calibration.kind;
    m->facts.slope = m->calibration.slope, m->facts.shift = m->calibration.shift;
    m->facts.curve_size = m->calibration.n;
    return PMKT_OK;
}

pmkt_status pmkti_logistic_make(const pmkt_logistic_data *data,
                                const pmkt_logistic_options *options,
                                const pmkt_allocator *allocator, const pmkti_run *run,
                                pmkti_stage stage, pmkt_logistic **model, pmkt_error *err) {
    pmkti_logistic_rows rows;
    pmkt_status status = pmkti_logistic_rows_make(data, allocator, &rows, err);
    if (status) return status;
    pmkt_logistic *m = pmkti_logistic_new(allocator, data->columns);
    status = pmkti_stopped(err, m ? fit(m, &rows, options, run, stage) : PMKT_E_NOMEM);
    pmkti_logistic_rows_free(allocator, &rows);
    if (status)
        pmkt_logistic_release(m);
    else
        *model = m;
    return status;
}

pmkt_status pmkt_logistic_fit(const pmkt_logistic_data *data, const pmkt_logistic_options *options,
                              const pmkt_run *run, pmkt_logistic **model, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!data) return pmkti_null(err, "data");
    pmkt_logistic_data mine = PMKT_LOGISTIC_DATA_INIT;
    pmkt_logistic_options chosen;
    pmkt_allocator allocator;
    pmkti_run how;
    pmkt_status status = pmkti_struct_in(&mine, sizeof mine, data, sizeof mine, "data", err);
    if (!status) status = pmkti_logistic_options_in(options, &chosen, err);
    if (!status) status = pmkti_allocator_check(chosen.allocator, &allocator, err);
    if (!status) status = pmkti_run_check(run, mine.rows, &how, err);
    if (status) return status;
    return pmkti_logistic_make(&mine, &chosen, &allocator, &how, (pmkti_stage){"fitting", 0, 1},
                               model, err);
}
