/*
 * rows.c - the caller's rows: checked, put in the order of their clusters, their columns measured.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/sort.h"
#include "core/structs.h"
#include "intent/logistic/model.h"

#define LEAST_WEIGHT 1e-100 /* of all rows together */
#define MOST_WEIGHT 1e100

/* ---------------------------------------------------------------------- checks */

static pmkt_status check_shape(const pmkt_logistic_data *d, pmkt_error *err) {
    if (d->columns < 1 || d->columns > PMKT_LOGISTIC_MAX_COLUMNS) {
        return pmkti_fail(err, PMKT_E_INVALID, "data.columns is %d; it must lie between 1 and %d",
                          (int)d->columns, PMKT_LOGISTIC_MAX_COLUMNS);
    }
    const pmkt_status status = pmkti_count_check(d->rows, "data.rows", err);
    if (status) return status;
    if (!d->x) return pmkti_null(err, "data.x");
    return d->y ? PMKT_OK : pmkti_null(err, "data.y");
}

static pmkt_status check_row(const pmkt_logistic_data *d, int64_t i, pmkt_error *err) {
    const double *x = d->x + i * d->columns;
    for (int32_t j = 0; j < d->columns; j++) {
        if (isfinite(x[j])) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "data.x[%lld][%d] is not finite", (long long)i, (int)j);
    }
    if (d->y[i] > 1) {
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "data.y[%lld] is %d; it must be 0 or 1", (long long)i, (int)d->y[i]);
    }
    if (!d->weight || (isfinite(d->weight[i]) && d->weight[i] >= 0)) return PMKT_OK;
    return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                         "data.weight[%lld] is negative or not finite", (long long)i);
}

static inline double weight_of(const pmkt_logistic_data *d, int64_t i) {
    return d->weight ? d->weight[i] : 1;
}

static pmkt_status check_rows(const pmkt_logistic_data *d, pmkti_logistic_rows *r,
                              pmkt_error *err) {
    bool seen[2] = {false, false};
    for (int64_t i = 0; i < d->rows; i++) {
        const pmkt_status status = check_row(d, i, err);
        if (status) return status;
        r->weight += weight_of(d, i);
        r->positives += d->y[i];
        if (weight_of(d, i) > 0) seen[d->y[i]] = true;
    }
    if (!(seen[0] && seen[1])) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "data.y is the same in every row that counts: nothing to tell apart");
    }
    /* All sums are at most this weight times the columns. */
    if (r->weight >= LEAST_WEIGHT && r->weight <= MOST_WEIGHT) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_OVERFLOW,
                      "the sum of data.weight is not within 1e-100 and 1e100");
}

/* ----------------------------------------------------------------------- order */

typedef struct place {
    uint64_t key;
    int64_t row;
} place;

static bool is_before(const void *a, const void *b) {
    const place *x = a, *y = b;
    return x->key != y->key ? x->key < y->key : x->row < y->row;
}

static pmkt_status sort_rows(const pmkt_allocator *a, pmkti_logistic_rows *r) {
    const size_t n = (size_t)r->data->rows;
    place *places = pmkti_alloc(a, n, sizeof *places);
    r->at = pmkti_alloc(a, n, sizeof *r->at);
    if (places && r->at) {
        for (size_t i = 0; i < n; i++) places[i] = (place){r->key[i], (int64_t)i};
        pmkti_sort(places, n, sizeof *places, is_before);
        for (size_t i = 0; i < n; i++) r->key[i] = places[i].key, r->at[i] = places[i].row;
    }
    const bool fine = places && r->at;
    pmkti_free(a, places, n, sizeof *places);
    return fine ? PMKT_OK : PMKT_E_NOMEM;
}

static pmkt_status order(const pmkt_allocator *a, pmkti_logistic_rows *r) {
    const pmkt_logistic_data *d = r->data;
    r->key = pmkti_alloc(a, (size_t)d->rows, sizeof *r->key);
    if (!r->key) return PMKT_E_NOMEM;
    bool sorted = true;
    for (int64_t i = 0; i < d->rows; i++) {
        r->key[i] = pmkti_mix(d->cluster ? d->cluster[i] : (uint64_t)i + 1);
        sorted = sorted && (i == 0 || !d->cluster || r->key[i] >= r->key[i - 1]);
    }
    const pmkt_status status = sorted ? PMKT_OK : sort_rows(a, r);
    for (int64_t i = 0; i < d->rows && !status; i++) {
        r->clusters += i == 0 || r->key[i] != r->key[i - 1];
    }
    return status;
}

/* --------------------------------------------------------------------- columns */

static void means(pmkti_logistic_rows *r) {
    const pmkt_logistic_data *d = r->data;
    memset(r->mean, 0, (size_t)d->columns * sizeof *r->mean);
    for (int64_t i = 0; i < d->rows; i++) {
        const double w = weight_of(d, i) / r->weight, *x = d->x + i * d->columns;
        for (int32_t j = 0; j < d->columns; j++) r->mean[j] += w * x[j];
    }
}

/* Squares; the means are put right on the way, by what rounding left between them and the rows. */
static void deviations(const pmkti_logistic_rows *r) {
    const pmkt_logistic_data *d = r->data;
    double *off_mean = r->inverse; /* free until then */
    memset(r->deviation, 0, (size_t)d->columns * sizeof *r->deviation);
    memset(off_mean, 0, (size_t)d->columns * sizeof *off_mean);
    for (int64_t i = 0; i < d->rows; i++) {
        const double w = weight_of(d, i) / r->weight, *x = d->x + i * d->columns;
        for (int32_t j = 0; j < d->columns; j++) {
            const double off = x[j] - r->mean[j];
            r->deviation[j] += w * off * off, off_mean[j] += w * off;
        }
    }
    for (int32_t j = 0; j < d->columns; j++) {
        r->mean[j] += off_mean[j];
        r->deviation[j] -= off_mean[j] * off_mean[j];
    }
}

/* The rows that count are all the same there: then what is left of a deviation is rounding. */
static bool is_constant(const pmkt_logistic_data *d, int32_t column) {
    const double *x = d->x + column;
    int64_t first = 0;
    while (weight_of(d, first) <= 0) first++;
    for (int64_t i = first; i < d->rows; i++) {
        if (weight_of(d, i) > 0 && x[i * d->columns] != x[first * d->columns]) return false;
    }
    return true;
}

static pmkt_status measure(pmkti_logistic_rows *r, pmkt_error *err) {
    double *deviation = r->deviation;
    means(r);
    deviations(r);
    for (int32_t j = 0; j < r->data->columns; j++) {
        if (!isfinite(deviation[j])) {
            return pmkti_fail(err, PMKT_E_OVERFLOW,
                              "column %d of data.x has numbers too large to be squared", (int)j);
        }
        const bool constant = deviation[j] <= 0 || is_constant(r->data, j);
        deviation[j] = constant ? 0 : sqrt(deviation[j]);
        r->inverse[j] = constant ? 0 : 1 / deviation[j];
        if (!isfinite(r->inverse[j])) deviation[j] = r->inverse[j] = 0;
    }
    return PMKT_OK;
}

static pmkt_status make(const pmkt_allocator *a, pmkti_logistic_rows *r, pmkt_error *err) {
    const pmkt_logistic_data *d = r->data;
    pmkt_status status = check_shape(d, err);
    if (!status) status = check_rows(d, r, err);
    if (status) return status;
    r->mean = pmkti_alloc(a, (size_t)d->columns, sizeof *r->mean);
    r->inverse = pmkti_alloc(a, (size_t)d->columns, sizeof *r->inverse);
    r->deviation = pmkti_alloc(a, (size_t)d->columns, sizeof *r->deviation);
    if (!r->mean || !r->inverse || !r->deviation || order(a, r)) {
        return pmkti_stopped(err, PMKT_E_NOMEM);
    }
    return measure(r, err);
}

pmkt_status pmkti_logistic_rows_make(const pmkt_logistic_data *data,
                                     const pmkt_allocator *allocator, pmkti_logistic_rows *rows,
                                     pmkt_error *err) {
    *rows = (pmkti_logistic_rows){.data = data};
    const pmkt_status status = make(allocator, rows, err);
    if (status) pmkti_logistic_rows_free(allocator, rows);
    return status;
}

void pmkti_logistic_rows_free(const pmkt_allocator *allocator, pmkti_logistic_rows *rows) {
    if (!rows->data) return;
    const size_t n = (size_t)rows->data->rows, columns = (size_t)rows->data->columns;
    pmkti_free(allocator, rows->at, n, sizeof *rows->at);
    pmkti_free(allocator, rows->key, n, sizeof *rows->key);
    pmkti_free(allocator, rows->mean, columns, sizeof *rows->mean);
    pmkti_free(allocator, rows->inverse, columns, sizeof *rows->inverse);
    pmkti_free(allocator, rows->deviation, columns, sizeof *rows->deviation);
    *rows = (pmkti_logistic_rows){0};
}
