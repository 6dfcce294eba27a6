/*
 * evaluate_figures.c - from the metrics of every user to the rows of the figures; then the users in the
 * order of their ids.
 */
#include <math.h>
#include <string.h>

#include "cf/evaluate.h"
#include "core/alloc.h"
#include "core/error.h"

#define ANSWERED 0.8 /* of the call's progress */

static int64_t row_of(const pmkti_cf_evaluating *e, int32_t group, int32_t j) {
    return (((int64_t)group + 1) * e->o.n_k + j) * PMKT_CF_METRICS_;
}

void pmkti_cf_evaluate_name(const pmkti_cf_evaluating *e) {
    pmkt_cf_evaluation *out = e->out;
    int64_t row = 0;
    for (int32_t g = -1; g < e->o.n_groups; g++) {
        for (int32_t j = 0; j < e->o.n_k; j++) {
            for (int32_t metric = 0; metric < PMKT_CF_METRICS_; metric++, row++) {
                out->group[row] = g;
                out->figure_k[row] = out->k[j];
                out->metric[row] = metric;
                out->value[row] = out->low[row] = out->high[row] = NAN;
            }
        }
    }
}

static void write_means(const pmkti_cf_evaluating *e, int32_t group, int64_t first, int64_t n) {
    pmkt_cf_evaluation *out = e->out;
    for (int32_t j = 0; j < e->o.n_k; j++) {
        const int64_t row = row_of(e, group, j);
        for (int32_t metric = 0; metric < PMKT_CF_METRICS_; metric++) {
            out->n[row + metric] = n;
            if (metric >= PMKTI_CF_USER_METRICS) continue;
            const double *value = out->user_value +
                                  ((int64_t)j * PMKTI_CF_USER_METRICS + metric) * out->users +
                                  first;
            double sum = 0;
            for (int64_t i = 0; i < n; i++) sum += value[i];
            out->value[row + metric] = sum / (double)n;
        }
    }
}

/* Means and intervals of a group, whose users are together. */
static pmkt_status write_group(const pmkti_cf_evaluating *e, int32_t group, int64_t first,
                               int64_t n, double *bounds, pmkt_error *err) {
    pmkt_cf_evaluation *out = e->out;
    write_means(e, group, first, n);
    if (e->o.bootstrap < 0) return PMKT_OK;
    const int64_t metrics = (int64_t)e->o.n_k * PMKTI_CF_USER_METRICS;
    const double groups = (double)e->o.n_groups + 1, step = (1 - ANSWERED) / groups;
    const double from = ANSWERED + step * ((double)group + 1);
    const pmkti_stage stage = {"intervals", from, from + step};
    const pmkt_status status =
        pmkti_cf_bootstrap(e, group, first, n, stage, bounds, bounds + metrics, err);
    for (int64_t m = 0; m < metrics && !status; m++) {
        const int64_t row = row_of(e, group, (int32_t)(m / PMKTI_CF_USER_METRICS));
        out->low[row + m % PMKTI_CF_USER_METRICS] = bounds[m];
        out->high[row + m % PMKTI_CF_USER_METRICS] = bounds[metrics + m];
    }
    return status;
}

static pmkt_status write_groups(const pmkti_cf_evaluating *e, double *bounds, pmkt_error *err) {
    const int64_t users = e->out->users;
    pmkt_status status = users > 0 ? write_group(e, -1, 0, users, bounds, err) : PMKT_OK;
    for (int64_t first = 0, n; first < users && !status; first += n) {
        const int32_t group = e->judge[first].group;
        for (n = 1; first + n < users && e->judge[first + n].group == group; n++) {
        }
        if (group >= 0) status = write_group(e, group, first, n, bounds, err);
    }
    return status;
}

/* Users were taken by group; now each column is put in the order of ids. */
static void order_users(const pmkti_cf_evaluating *e, int32_t *rank, double *column) {
    pmkt_cf_evaluation *out = e->out;
    const int64_t users = out->users, test = e->test->users;
    for (int64_t u = 0; u < test; u++) rank[u] = 0;
    for (int64_t i = 0; i < users; i++) rank[e->judge[i].user] = 1;
    for (int64_t u = 0, n = 0; u < test; u++) {
        if (rank[u]) out->user[n] = e->test->user_id[u];
        n += rank[u];
        rank[u] = (int32_t)(n - rank[u]);
    }
    if (e->o.n_groups == 0) return;
    for (int64_t m = 0; m < (int64_t)e->o.n_k * PMKTI_CF_USER_METRICS; m++) {
        double *values = out->user_value + m * users;
        for (int64_t i = 0; i < users; i++) column[rank[e->judge[i].user]] = values[i];
        memcpy(values, column, (size_t)users * sizeof *values);
    }
}

pmkt_status pmkti_cf_evaluate_finish(pmkti_cf_evaluating *e, pmkt_error *err) {
    pmkt_cf_evaluation *out = e->out;
    const size_t users = (size_t)out->users, test = (size_t)e->test->users;
    const size_t bounds_n = 2 * (size_t)e->o.n_k * PMKTI_CF_USER_METRICS;
    pmkti_cf_evaluate_items(e);
    if (users > 0) pmkti_cf_evaluate_all_items(e);
    double *bounds = pmkti_alloc(&e->allocator, bounds_n, sizeof *bounds);
    double *column = users > 0 ? pmkti_alloc(&e->allocator, users, sizeof *column) : NULL;
    int32_t *rank = test > 0 ? pmkti_alloc(&e->allocator, test, sizeof *rank) : NULL;
    pmkt_status status = PMKT_OK;
    if (!bounds || (users > 0 && !column) || (test > 0 && !rank)) {
        status = pmkti_no_memory(err, users * sizeof *column + test * sizeof *rank);
    }
    if (!status) status = write_groups(e, bounds, err);
    if (!status && pmkti_canceled(&e->run, 1, "intervals")) {
        status = pmkti_stopped(err, PMKT_E_CANCELED);
    }
    if (!status && users > 0) order_users(e, rank, column);
    pmkti_free(&e->allocator, bounds, bounds_n, sizeof *bounds);
    pmkti_free(&e->allocator, column, users, sizeof *column);
    pmkti_free(&e->allocator, rank, test, sizeof *rank);
    if (status) return status;
    pmkt_cf_figures *f = &out->figures;
    f->group = out->group, f->k = out->figure_k, f->metric = out->metric;
    f->value = out->value, f->low = out->low, f->high = out->high, f->users = out->n;
    return PMKT_OK;
}
