/*
 * evaluation.c - the handle of a finished evaluation: its columns and its end.
 */
#include "cf/evaluate.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"

void pmkt_cf_evaluation_free(pmkt_cf_evaluation *evaluation) {
    if (!evaluation) return;
    const pmkt_allocator a = evaluation->allocator;
    const size_t rows = (size_t)evaluation->figures.rows, users = (size_t)evaluation->users;
    const size_t n_k = (size_t)evaluation->n_k;
    pmkti_free(&a, evaluation->group, rows, sizeof *evaluation->group);
    pmkti_free(&a, evaluation->figure_k, rows, sizeof *evaluation->figure_k);
    pmkti_free(&a, evaluation->metric, rows, sizeof *evaluation->metric);
    pmkti_free(&a, evaluation->value, rows, sizeof *evaluation->value);
    pmkti_free(&a, evaluation->low, rows, sizeof *evaluation->low);
    pmkti_free(&a, evaluation->high, rows, sizeof *evaluation->high);
    pmkti_free(&a, evaluation->n, rows, sizeof *evaluation->n);
    pmkti_free(&a, evaluation->k, n_k, sizeof *evaluation->k);
    pmkti_free(&a, evaluation->user, users, sizeof *evaluation->user);
    pmkti_free(&a, evaluation->user_value, n_k * PMKTI_CF_USER_METRICS * users,
               sizeof *evaluation->user_value);
    pmkti_free(&a, evaluation, 1, sizeof *evaluation);
}

pmkt_status pmkt_cf_evaluation_columns(const pmkt_cf_evaluation *evaluation, pmkt_cf_figures *out,
                                       pmkt_error *err) {
    if (!evaluation) return pmkti_null(err, "evaluation");
    return pmkti_struct_out(out, &evaluation->figures, sizeof evaluation->figures,
                            sizeof evaluation->figures, "out", err);
}

pmkt_status pmkt_cf_evaluation_users(const pmkt_cf_evaluation *evaluation, int32_t k,
                                     int32_t metric, const uint64_t **users, const double **values,
                                     int64_t *n, pmkt_error *err) {
    if (!evaluation) return pmkti_null(err, "evaluation");
    if (!users || !values || !n) {
        return pmkti_null(err, !users ? "users" : !values ? "values" : "n");
    }
    if (metric < 0 || metric >= PMKTI_CF_USER_METRICS) {
        return pmkti_fail(err, PMKT_E_INVALID, "metric %d is no mean over users", (int)metric);
    }
    int32_t j = 0;
    while (j < evaluation->n_k && evaluation->k[j] != k) j++;
    if (j == evaluation->n_k) {
        return pmkti_fail(err, PMKT_E_INVALID, "the evaluation has no k of %d", (int)k);
    }
    const int64_t column = (int64_t)j * PMKTI_CF_USER_METRICS + metric;
    *users = evaluation->user;
    *values = evaluation->user_value ? evaluation->user_value + column * evaluation->users : NULL;
    *n = evaluation->users;
    return PMKT_OK;
}

void pmkti_cf_evaluate_end(pmkti_cf_evaluating *e, bool failed) {
    const pmkt_allocator *a = &e->allocator;
    const size_t items = (size_t)e->items, n_k = (size_t)e->o.n_k;
    if (!e->out) return; /* it failed before there was anything */
    pmkti_free(a, e->judge, (size_t)e->test->users, sizeof *e->judge);
    pmkti_free(a, e->relevant, (size_t)e->test->entries, sizeof *e->relevant);
    pmkti_free(a, e->ideal, (size_t)e->most + 1, sizeof *e->ideal);
    pmkti_free(a, e->surprise, items, sizeof *e->surprise);
    pmkti_free(a, e->times, 2 * n_k * items, sizeof *e->times);
    pmkti_free(a, e->met_by, items, sizeof *e->met_by);
    pmkti_free(a, e->met, items, sizeof *e->met);
    pmkti_free(a, e->sorted, items, sizeof *e->sorted);
    if (!failed) return;
    pmkt_cf_evaluation_free(e->out);
    e->out = NULL;
}
