/*
 * files.c - a model as a section: one summary, then doubles: coefficients, standard errors, means,
 * deviations, [columns + 1] each, and the corners of an isotonic curve, z and p. How many columns
 * there are follows from how many doubles. In a file of its own:
 *
 *   1 MODEL  the model
 */
#include "intent/logistic/files.h"

#include <string.h>

#include "core/alloc.h"
#include "core/error.h"

enum {
    MODEL = 1
};

#define VERSION 1 /* of the section, whatever its id */

typedef struct summary {
    int64_t rows, positives, clusters, corners;
    int32_t calibration, steps;
    double l2, log_loss, gradient, slope, shift;
} summary;

_Static_assert(sizeof(summary) == 80, "a summary has no holes");

/* -------------------------------------------------------------------- saving */

pmkt_status pmkti_logistic_put(const pmkt_logistic *m, pmkti_writer *w, uint32_t id,
                               pmkt_error *err) {
    const pmkt_logistic_facts *f = &m->facts;
    const pmkti_calibration *c = &m->calibration;
    const summary s = {f->rows, f->positives, f->clusters, c->n,     c->kind, f->steps,
                       f->l2,   f->log_loss,  f->gradient, c->slope, c->shift};
    const size_t width = ((size_t)f->columns + 1) * sizeof(double);
    const size_t corners = (size_t)c->n * sizeof(double);
    pmkt_status status = pmkti_writer_section(w, id, VERSION, true, err);
    if (!status) status = pmkti_writer_put(w, &s, sizeof s, err);
    if (!status) status = pmkti_writer_put(w, m->coefficient, width, err);
    if (!status) status = pmkti_writer_put(w, m->error, width, err);
    if (!status) status = pmkti_writer_put(w, m->mean, width, err);
    if (!status) status = pmkti_writer_put(w, m->deviation, width, err);
    if (!status && c->n > 0) status = pmkti_writer_put(w, c->z, corners, err);
    if (!status && c->n > 0) status = pmkti_writer_put(w, c->p, corners, err);
    return status;
}

static pmkt_status save(const pmkt_logistic *m, const char *path, const pmkt_save_options *options,
                        const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    pmkti_run how;
    pmkti_writer *writer = NULL;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (!status) {
        status = pmkti_writer_new(&m->allocator, path, PMKT_FILE_LOGISTIC, options, &writer, err);
    }
    if (status) return status;
    status = pmkti_logistic_put(m, writer, MODEL, err);
    if (!status && pmkti_canceled(&how, 1, "saving")) status = pmkti_stopped(err, PMKT_E_CANCELED);
    if (!status) return pmkti_writer_commit(writer, buffer, err);
    pmkti_writer_abort(writer);
    return status;
}

pmkt_status pmkt_logistic_save(const pmkt_logistic *model, const char *path,
                               const pmkt_save_options *options, const pmkt_run *run,
                               pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!path) return pmkti_null(err, "path");
    return save(model, path, options, run, NULL, err);
}

pmkt_status pmkt_logistic_save_memory(const pmkt_logistic *model, const pmkt_save_options *options,
                                      const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!buffer) return pmkti_null(err, "buffer");
    return save(model, NULL, options, run, buffer, err);
}

/* ------------------------------------------------------------------- loading */

static bool is_summary(const summary *s) {
    const bool curved = s->calibration == PMKT_CALIBRATION_ISOTONIC;
    return s->rows >= 2 && s->positives >= 0 && s->positives <= s->rows && s->clusters >= 1 &&
           s->clusters <= s->rows && s->calibration >= PMKT_CALIBRATION_PLATT &&
           s->calibration <= PMKT_CALIBRATION_NONE && s->corners >= 0 &&
           curved == (s->corners > 0) && isfinite(s->slope) && isfinite(s->shift) && s->l2 > 0 &&
           isfinite(s->l2) && s->steps >= 0 && isfinite(s->log_loss) && isfinite(s->gradient);
}

static bool all_finite(const double *x, size_t n, bool positive) {
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]) || (positive && x[i] < 0)) return false;
    }
    return true;
}

static bool is_curve(const double *z, const double *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(z[i]) || !(p[i] >= 0 && p[i] <= 1)) return false;
        if (i > 0 && (z[i] <= z[i - 1] || p[i] < p[i - 1])) return false;
    }
    return true;
}

static bool are_numbers(const double *x, size_t width, size_t corners) {
    return all_finite(x, width, false) && all_finite(x + width, width, true) &&
           all_finite(x + 2 * width, width, false) && all_finite(x + 3 * width, width, true) &&
           is_curve(x + 4 * width, x + 4 * width + corners, corners);
}

/* Columns of a section of so many doubles and corners; 0: it cannot be. */
static int32_t columns_of(uint64_t doubles, uint64_t corners) {
    if (corners > doubles / 2) return 0;
    const uint64_t rest = doubles - 2 * corners,
                   most = 4 * (PMKT_LOGISTIC_MAX_COLUMNS + UINT64_C(1));
    return rest % 4 || rest < 8 || rest > most ? 0 : (int32_t)(rest / 4 - 1);
}

static pmkt_status fill(pmkt_logistic *m, const summary *s, const double *x, pmkt_error *err) {
    const size_t width = (size_t)m->facts.columns + 1, n = (size_t)s->corners;
    pmkt_logistic_facts *f = &m->facts;
    f->rows = s->rows, f->positives = s->positives, f->clusters = s->clusters;
    f->calibration = s->calibration, f->steps = s->steps, f->l2 = s->l2;
    f->log_loss = s->log_loss, f->gradient = s->gradient;
    f->slope = s->slope, f->shift = s->shift, f->curve_size = s->corners;
    memcpy(m->coefficient, x, width * sizeof *x);
    memcpy(m->error, x + width, width * sizeof *x);
    memcpy(m->mean, x + 2 * width, width * sizeof *x);
    memcpy(m->deviation, x + 3 * width, width * sizeof *x);
    m->calibration =
        (pmkti_calibration){.kind = s->calibration, .slope = s->slope, .shift = s->shift};
    if (n == 0) return PMKT_OK;
    m->calibration.z = pmkti_alloc(&m->allocator, n, sizeof *x);
    m->calibration.p = pmkti_alloc(&m->allocator, n, sizeof *x);
    m->calibration.n = s->corners;
    if (!m->calibration.z || !m->calibration.p) return pmkti_no_memory(err, n * sizeof *x);
    memcpy(m->calibration.z, x + 4 * width, n * sizeof *x);
    memcpy(m->calibration.p, x + 4 * width + n, n * sizeof *x);
    return PMKT_OK;
}

pmkt_status pmkti_logistic_take(pmkti_container *file, uint32_t id, int32_t columns,
                                pmkt_logistic **model, pmkt_error *err) {
    summary s;
    pmkti_span span = {.at = NULL};
    pmkt_status status = pmkti_container_section(file, id, VERSION, sizeof(double), &span, err);
    if (status) return status;
    if (span.size < sizeof s) return pmkti_corrupt(&span, 0, "the summary is not one", err);
    memcpy(&s, span.at, sizeof s);
    if (!is_summary(&s)) return pmkti_corrupt(&span, 0, "the summary makes no sense", err);
    const double *x = (const void *)(span.at + sizeof s);
    const int32_t found = columns_of((span.size - sizeof s) / sizeof *x, (uint64_t)s.corners);
    if (found == 0 || (columns != 0 && found != columns)) {
        return pmkti_corrupt(&span, sizeof s, "there are not as many numbers as columns", err);
    }
    const size_t width = (size_t)found + 1;
    if (!are_numbers(x, width, (size_t)s.corners)) {
        return pmkti_corrupt(&span, sizeof s, "these cannot be the numbers of a model", err);
    }
    pmkt_logistic *m = pmkti_logistic_new(pmkti_container_allocator(file), found);
    if (!m) return pmkti_no_memory(err, 4 * width * sizeof *x);
    status = fill(m, &s, x, err);
    if (status)
        pmkt_logistic_release(m);
    else
        *model = m;
    return status;
}

static pmkt_status read_all(pmkti_container *file, const pmkti_run *run, pmkt_logistic **model,
                            pmkt_error *err) {
    if (pmkti_canceled(run, 0, "loading")) return pmkti_stopped(err, PMKT_E_CANCELED);
    pmkt_logistic *m = NULL;
    const pmkt_status status = pmkti_logistic_take(file, MODEL, 0, &m, err);
    if (status) return status;
    const int64_t most = pmkti_container_max_bytes(file), bytes = pmkti_logistic_bytes(m);
    if (most == 0 || bytes <= most) {
        *model = m;
        return PMKT_OK;
    }
    pmkt_logistic_release(m);
    return pmkti_fail(err, PMKT_E_LIMIT, "the model needs %lld bytes; max_bytes is %lld",
                      (long long)bytes, (long long)most);
}

static pmkt_status load(const pmkti_source *source, const pmkt_load_options *options,
                        const pmkt_run *run, pmkt_logistic **model, pmkt_error *err) {
    static const uint32_t known[] = {MODEL};
    const pmkti_schema schema = {PMKT_FILE_LOGISTIC, known, sizeof known / sizeof *known};
    pmkti_container *file = NULL;
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (!status) status = pmkti_container_open(source, &schema, options, &file, err);
    if (status) return status;
    status = read_all(file, &how, model, err);
    pmkti_container_close(file);
    return status;
}

pmkt_status pmkt_logistic_load(const char *path, const pmkt_load_options *options,
                               const pmkt_run *run, pmkt_logistic **model, pmkt_error *err) {
    if (!path) return pmkti_null(err, "path");
    if (!model) return pmkti_null(err, "model");
    return load(&(pmkti_source){.path = path}, options, run, model, err);
}

pmkt_status pmkt_logistic_load_memory(const void *bytes, size_t size,
                                      const pmkt_load_options *options, const pmkt_run *run,
                                      pmkt_logistic **model, pmkt_error *err) {
    if (!bytes) return pmkti_null(err, "bytes");
    if (!model) return pmkti_null(err, "model");
    return load(&(pmkti_source){.bytes = bytes, .size = size}, options, run, model, err);
}
