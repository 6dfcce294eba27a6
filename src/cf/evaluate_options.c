#include <math.h>

#include "cf/evaluate.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"

#define MOST_K 10000
#define MOST_GROUPS 65536
#define RESAMPLES 1000
#define MOST_RESAMPLES 1000000
#define LEVEL 0.95

static pmkt_status check_flag(int32_t flag, const char *name, pmkt_error *err) {
    if (flag == 0 || flag == 1) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.%s is %d; it must be 0 or 1", name, (int)flag);
}

static pmkt_status check_k(pmkt_cf_evaluate_options *o, pmkt_error *err) {
    static const int32_t USUAL[] = {10, 20, 100};
    if (!o->k && o->n_k == 0) {
        o->k = USUAL;
        o->n_k = (int32_t)(sizeof USUAL / sizeof USUAL[0]);
    }
    if (!o->k) return pmkti_null(err, "options.k");
    if (o->n_k < 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.n_k is %d; it must be positive",
                          (int)o->n_k);
    }
    for (int32_t j = 0; j < o->n_k; j++) {
        if (o->k[j] >= 1 && o->k[j] <= MOST_K && (j == 0 || o->k[j] > o->k[j - 1])) continue;
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.k must ascend and lie from 1 to %d; number %d is %d", MOST_K,
                          (int)j, (int)o->k[j]);
    }
    return PMKT_OK;
}

static pmkt_status check_groups(const pmkt_cf_evaluate_options *o, int64_t users, pmkt_error *err) {
    if (o->n_groups < 0 || o->n_groups > MOST_GROUPS) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.n_groups is %d; it must lie from 0 to %d",
                          (int)o->n_groups, MOST_GROUPS);
    }
    if (!o->group) return o->n_groups > 0 && users > 0 ? pmkti_null(err, "options.group") : PMKT_OK;
    for (int64_t u = 0; u < users; u++) {
        if (o->group[u] >= -1 && o->group[u] < o->n_groups) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, u,
                             "options.group of user %lld is %d; it must lie from -1 to %d",
                             (long long)u, (int)o->group[u], (int)o->n_groups - 1);
    }
    return PMKT_OK;
}

static pmkt_status check_bootstrap(pmkt_cf_evaluate_options *o, pmkt_error *err) {
    if (o->bootstrap == 0) o->bootstrap = RESAMPLES;
    if (o->bootstrap < -1 || o->bootstrap > MOST_RESAMPLES) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.bootstrap is %d; it must lie from -1 to %d",
                          (int)o->bootstrap, MOST_RESAMPLES);
    }
    if (o->level == 0) o->level = LEVEL;
    if (o->level > 0 && o->level < 1) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.level must lie between 0 and 1");
}

static pmkt_status check(pmkt_cf_evaluate_options *o, int64_t users, pmkt_error *err) {
    pmkt_status status = check_k(o, err);
    if (!status) status = check_flag(o->keep_seen, "keep_seen", err);
    if (!status) status = check_flag(o->fold_in, "fold_in", err);
    if (!status && o->reserved != 0) {
        status = pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    }
    if (!status && o->fallback != PMKT_CF_NOTHING && o->fallback != PMKT_CF_POPULAR) {
        status = pmkti_fail(err, PMKT_E_INVALID, "options.fallback is %d, which is none",
                            (int)o->fallback);
    }
    if (!status) status = check_groups(o, users, err);
    return status ? status : check_bootstrap(o, err);
}

/* The evaluation itself keeps the k of the options. */
static pmkt_status make_out(pmkti_cf_evaluating *e, pmkt_error *err) {
    const size_t n = (size_t)e->o.n_k;
    pmkt_cf_evaluation *out = pmkti_alloc_zero(&e->allocator, 1, sizeof *out);
    if (!out) return pmkti_no_memory(err, sizeof *out);
    e->out = out;
    out->allocator = e->allocator;
    out->n_k = e->o.n_k;
    out->k = pmkti_alloc(&e->allocator, n, sizeof *out->k);
    if (!out->k) return pmkti_no_memory(err, n * sizeof *out->k);
    for (size_t j = 0; j < n; j++) out->k[j] = e->o.k[j];
    e->most = out->k[n - 1];
    return PMKT_OK;
}

pmkt_status pmkti_cf_evaluate_begin(pmkti_cf_evaluating *e, const pmkt_cf_data *test,
                                    const pmkt_cf_evaluate_options *options, const pmkt_run *run,
                                    pmkt_error *err) {
    const pmkt_cf_evaluate_options defaults = PMKT_CF_EVALUATE_OPTIONS_INIT;
    *e = (pmkti_cf_evaluating){.o = defaults, .test = test, .counting = -1};
    if (!test) return pmkti_null(err, "test");
    pmkt_status status = pmkti_struct_in(&e->o, sizeof e->o, options, sizeof e->o, "options", err);
    if (!status) status = check(&e->o, test->users, err);
    if (!status) status = pmkti_allocator_check(e->o.allocator, &e->allocator, err);
    /* What one user takes is worth a thread or more. */
    if (!status) status = pmkti_run_check(run, test->users * 64, &e->run, err);
    return status ? status : make_out(e, err);
}
