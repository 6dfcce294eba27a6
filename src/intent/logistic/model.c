/*
 * model.c - the handle: its memory, what it says of itself, and what it says of rows.
 */
#include "intent/logistic/model.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"

#define CHUNK 4096 /* rows */
#define LANES 4    /* sums side by side, so that none waits for another; their order is fixed */

pmkt_logistic *pmkti_logistic_new(const pmkt_allocator *allocator, int32_t columns) {
    pmkt_logistic *m = pmkti_alloc_zero(allocator, 1, sizeof *m);
    if (!m) return NULL;
    const size_t width = (size_t)columns + 1;
    m->allocator = *allocator;
    atomic_init(&m->owners, 1);
    m->facts.struct_size = sizeof m->facts;
    m->facts.columns = columns;
    m->calibration = (pmkti_calibration){.kind = PMKT_CALIBRATION_NONE, .slope = 1};
    m->coefficient = pmkti_alloc_zero(allocator, width, sizeof *m->coefficient);
    m->error = pmkti_alloc_zero(allocator, width, sizeof *m->error);
    m->mean = pmkti_alloc_zero(allocator, width, sizeof *m->mean);
    m->deviation = pmkti_alloc_zero(allocator, width, sizeof *m->deviation);
    if (m->coefficient && m->error && m->mean && m->deviation) return m;
    pmkt_logistic_release(m);
    return NULL;
}

static void destroy(pmkt_logistic *m) {
    const pmkt_allocator a = m->allocator;
    const size_t width = (size_t)m->facts.columns + 1;
    pmkti_free(&a, m->coefficient, width, sizeof *m->coefficient);
    pmkti_free(&a, m->error, width, sizeof *m->error);
    pmkti_free(&a, m->mean, width, sizeof *m->mean);
    pmkti_free(&a, m->deviation, width, sizeof *m->deviation);
    pmkti_calibration_free(&a, &m->calibration);
    pmkti_free(&a, m, 1, sizeof *m);
}

pmkt_logistic *pmkt_logistic_retain(const pmkt_logistic *model) {
    pmkt_logistic *counted = (pmkt_logistic *)model; /* its count changes, nothing that one sees */
    if (counted) atomic_fetch_add_explicit(&counted->owners, 1, memory_order_relaxed);
    return counted;
}

void pmkt_logistic_release(const pmkt_logistic *model) {
    pmkt_logistic *counted = (pmkt_logistic *)model;
    /* Whoever frees must have seen all that the other owners did before they let go. */
    if (counted && atomic_fetch_sub_explicit(&counted->owners, 1, memory_order_acq_rel) == 1) {
        destroy(counted);
    }
}

int64_t pmkti_logistic_bytes(const pmkt_logistic *m) {
    if (!m) return 0;
    const int64_t doubles = 4 * ((int64_t)m->facts.columns + 1) + 2 * m->calibration.n;
    return (int64_t)sizeof *m + doubles * (int64_t)sizeof(double);
}

double pmkti_logistic_z(const pmkt_logistic *m, const double *x) {
    const int32_t columns = m->facts.columns;
    double lane[LANES] = {0}, z = m->coefficient[columns];
    int32_t j = 0;
    for (; j + LANES <= columns; j += LANES) {
        for (int32_t l = 0; l < LANES; l++) {
            lane[l] += m->coefficient[j + l] * (x[j + l] - m->mean[j + l]);
        }
    }
    for (; j < columns; j++) z += m->coefficient[j] * (x[j] - m->mean[j]);
    return z + ((lane[0] + lane[1]) + (lane[2] + lane[3]));
}

/* --------------------------------------------------------------------- predict */

typedef struct prediction {
    const pmkt_logistic *model;
    const double *x;
    int64_t n;
    double *p;
} prediction;

static bool is_finite(const double *x, int32_t n) {
    double sum = 0; /* of zeros, or of NaNs */
    for (int32_t j = 0; j < n; j++) sum += x[j] * 0;
    return sum == 0;
}

static pmkt_status predict_chunk(void *ctx, int64_t chunk, int worker) {
    const prediction *q = ctx;
    const pmkt_logistic *m = q->model;
    (void)worker;
    const int64_t end = (chunk + 1) * CHUNK < q->n ? (chunk + 1) * CHUNK : q->n;
    for (int64_t i = chunk * CHUNK; i < end; i++) {
        const double *x = q->x + i * m->facts.columns;
        const double z = is_finite(x, m->facts.columns) ? pmkti_logistic_z(m, x) : (double)NAN;
        q->p[i] = isnan(z) ? z : pmkti_calibrated(&m->calibration, z);
    }
    return PMKT_OK;
}

pmkt_status pmkt_logistic_predict(const pmkt_logistic *model, const double *x, int64_t n,
                                  const pmkt_run *run, double *p, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    pmkti_run how;
    pmkt_status status = pmkti_count_check(n, "n", err);
    if (!status) status = pmkti_run_check(run, n, &how, err);
    if (status || n == 0) return status;
    if (!x) return pmkti_null(err, "x");
    if (!p) return pmkti_null(err, "p");
    prediction q = {model, x, n, p};
    return pmkti_stopped(err, pmkti_parallel(&how, (pmkti_stage){"predicting", 0, 1}, predict_chunk,
                                             &q, (n + CHUNK - 1) / CHUNK));
}

/* ----------------------------------------------------------------------- facts */

pmkt_status pmkt_logistic_info(const pmkt_logistic *model, pmkt_logistic_facts *out,
                               pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!out) return pmkti_null(err, "out");
    return pmkti_struct_out(out, &model->facts, sizeof model->facts, sizeof(uint64_t), "out", err);
}

pmkt_status pmkt_logistic_coefficients(const pmkt_logistic *model, const pmkt_logistic_table *out,
                                       pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!out) return pmkti_null(err, "out");
    pmkt_logistic_table to = PMKT_LOGISTIC_TABLE_INIT;
    const pmkt_status status = pmkti_struct_in(&to, sizeof to, out, sizeof to, "out", err);
    if (status) return status;
    if (to.reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "out.reserved is not 0");
    const int32_t columns = model->facts.columns;
    double intercept = model->coefficient[columns];
    for (int32_t j = 0; j < columns; j++) intercept -= model->coefficient[j] * model->mean[j];
    for (int32_t j = 0; j <= columns; j++) {
        if (to.coefficient) to.coefficient[j] = j < columns ? model->coefficient[j] : intercept;
        if (to.standard_error) to.standard_error[j] = model->error[j];
        if (to.mean) to.mean[j] = model->mean[j];
        if (to.deviation) to.deviation[j] = model->deviation[j];
    }
    return PMKT_OK;
}
