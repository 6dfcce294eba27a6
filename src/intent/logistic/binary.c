/*
 * binary.c - figures of probabilities, their intervals, and the reliability diagram.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/interval.h"
#include "core/parallel.h"
#include "core/sort.h"
#include "core/structs.h"
#include "intent/logistic/ranked.h"

#define RIVAL PMKTI_RANKED_FIGURES /* its first figure: the calibration errors are not asked */
#define GAIN (RIVAL + PMKTI_ECE)   /* and the first gain */
#define FIGURES (GAIN + PMKTI_ECE) /* in the order of pmkt_binary_result */
#define RESAMPLES_MOST 100000

_Static_assert(offsetof(pmkt_binary_result, auc) + FIGURES * sizeof(pmkt_binary_figure) ==
                   sizeof(pmkt_binary_result),
               "a result ends with its figures");

typedef struct evaluating {
    pmkt_binary_options o;
    pmkti_ranked mine, rival; /* rival.n == 0: none */
    int workers;
    uint8_t *drawn;  /* [workers][rows] how often the cluster of each */
    double *figures; /* [FIGURES][resamples] */
} evaluating;

/* ---------------------------------------------------------------------- checks */

static pmkt_status check_options(const pmkt_binary_options *o, pmkt_error *err) {
    if (o->bins < 2 || o->bins > 1000) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.bins is %d; it must lie between 2 and 1,000", (int)o->bins);
    }
    if (o->resamples < 0 || o->resamples > RESAMPLES_MOST) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.resamples is %d; it must lie between 0 and 100,000",
                          (int)o->resamples);
    }
    if (!(o->level > 0 && o->level < 1)) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.level must lie between 0 and 1");
    }
    if (o->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    return PMKT_OK;
}

static pmkt_status check_p(const double *p, int64_t n, const char *name, pmkt_error *err) {
    for (int64_t i = 0; i < n; i++) {
        if (p[i] >= 0 && p[i] <= 1) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "%s[%lld] is no probability: it must lie between 0 and 1", name,
                             (long long)i);
    }
    return PMKT_OK;
}

static pmkt_status check_rows(const uint8_t *y, const double *p, int64_t n, pmkt_error *err) {
    const pmkt_status status = pmkti_count_check(n, "n", err);
    if (status || n == 0) return status;
    if (!y) return pmkti_null(err, "y");
    if (!p) return pmkti_null(err, "p");
    for (int64_t i = 0; i < n; i++) {
        if (y[i] <= 1) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "y[%lld] is %d; it must be 0 or 1", (long long)i, (int)y[i]);
    }
    return check_p(p, n, "p", err);
}

/* -------------------------------------------------------------------- evaluate */

/* Figure f of resample i is figures[f * step + i]. */
static void figures_of(const evaluating *e, uint64_t seed, int worker, double *figures,
                       int64_t step) {
    double mine[PMKTI_RANKED_FIGURES], rival[PMKTI_RANKED_FIGURES];
    uint8_t *drawn = e->mine.n > 0 ? e->drawn + (int64_t)worker * e->mine.n : NULL;
    pmkti_ranked_figures(&e->mine, e->o.bins, seed, drawn, mine);
    for (int f = 0; f < PMKTI_RANKED_FIGURES; f++)
        figures[f * step] = mine[f], rival[f] = (double)NAN;
    if (e->rival.n > 0) pmkti_ranked_figures(&e->rival, e->o.bins, seed, drawn, rival);
    for (int f = 0; f < PMKTI_ECE; f++) {
        const bool is_loss = f == PMKTI_BRIER || f == PMKTI_LOG_LOSS;
        figures[(RIVAL + f) * step] = rival[f];
        figures[(GAIN + f) * step] = is_loss ? rival[f] - mine[f] : mine[f] - rival[f];
    }
}

static pmkt_status resample(void *ctx, int64_t chunk, int worker) {
    const evaluating *e = ctx;
    const uint64_t seed = pmkti_mix(pmkti_mix(e->o.seed + 1) + (uint64_t)chunk + 1);
    figures_of(e, seed ? seed : 1, worker, e->figures + chunk, e->o.resamples);
    return PMKT_OK;
}

/* The interval of one figure; resamples that cannot tell it are left out. */
static void interval(double *values, int64_t n, double level, pmkt_binary_figure *figure) {
    int64_t known = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(values[i])) values[known++] = values[i];
    }
    if (known == 0) return;
    pmkti_interval(values, known, level, &figure->low, &figure->high);
}

static bool is_before(const void *a, const void *b) {
    return *(const uint64_t *)a < *(const uint64_t *)b;
}

/* How many different clusters there are. */
static pmkt_status count_clusters(const evaluating *e, const pmkt_allocator *a, int64_t *clusters) {
    const size_t n = (size_t)e->mine.n;
    *clusters = e->mine.n;
    if (!e->o.cluster || n == 0) return PMKT_OK;
    uint64_t *key = pmkti_alloc(a, n, sizeof *key);
    if (!key) return PMKT_E_NOMEM;
    memcpy(key, e->mine.key, n * sizeof *key);
    pmkti_sort(key, n, sizeof *key, is_before);
    for (size_t i = 1; i < n; i++) *clusters -= key[i] == key[i - 1];
    pmkti_free(a, key, n, sizeof *key);
    return PMKT_OK;
}

static pmkt_status evaluate(evaluating *e, const pmkt_allocator *a, const pmkti_run *run,
                            pmkt_binary_result *result) {
    pmkt_binary_figure figures[FIGURES];
    double values[FIGURES];
    const int64_t resamples = e->o.resamples;
    e->workers = pmkti_workers(run, resamples > 0 ? resamples : 1);
    pmkt_status status = count_clusters(e, a, &result->clusters);
    if (!status && e->mine.n > 0) {
        e->drawn = pmkti_alloc(a, (size_t)e->workers * (size_t)e->mine.n, sizeof *e->drawn);
        if (!e->drawn) status = PMKT_E_NOMEM;
    }
    if (!status && resamples > 0) {
        e->figures = pmkti_alloc(a, (size_t)resamples * FIGURES, sizeof *e->figures);
        if (!e->figures) status = PMKT_E_NOMEM;
    }
    if (!status) {
        status = pmkti_parallel(run, (pmkti_stage){"resampling", 0, 1}, resample, e, resamples);
    }
    if (status) return status;
    figures_of(e, 0, 0, values, 1);
    for (int f = 0; f < FIGURES; f++) {
        figures[f] = (pmkt_binary_figure){values[f], (double)NAN, (double)NAN};
        if (resamples > 0) interval(e->figures + f * resamples, resamples, e->o.level, &figures[f]);
    }
    result->rows = e->mine.n;
    for (int64_t i = 0; i < e->mine.n; i++) result->positives += e->mine.y[i];
    memcpy((char *)result + offsetof(pmkt_binary_result, auc), figures, sizeof figures);
    return PMKT_OK;
}

static pmkt_status rank_and_evaluate(evaluating *e, const uint8_t *y, const double *p, int64_t n,
                                     const pmkt_allocator *a, const pmkti_run *run,
                                     pmkt_binary_result *result) {
    pmkt_status status = pmkti_ranked_make(y, p, e->o.cluster, n, a, &e->mine);
    if (!status && e->o.rival) {
        status = pmkti_ranked_make(y, e->o.rival, e->o.cluster, n, a, &e->rival);
    }
    if (!status) status = evaluate(e, a, run, result);
    pmkti_free(a, e->figures, (size_t)e->o.resamples * FIGURES, sizeof *e->figures);
    pmkti_free(a, e->drawn, (size_t)e->workers * (size_t)n, sizeof *e->drawn);
    pmkti_ranked_free(a, &e->mine);
    pmkti_ranked_free(a, &e->rival);
    return status;
}

pmkt_status pmkt_binary_evaluate(const uint8_t *y, const double *p, int64_t n,
                                 const pmkt_binary_options *options, const pmkt_run *run,
                                 pmkt_binary_result *out, pmkt_error *err) {
    if (!out) return pmkti_null(err, "out");
    evaluating e = {.o = PMKT_BINARY_OPTIONS_INIT};
    pmkt_binary_result result = PMKT_BINARY_RESULT_INIT;
    pmkt_allocator allocator;
    pmkti_run how;
    pmkt_status status = pmkti_struct_in(&e.o, sizeof e.o, options, sizeof e.o, "options", err);
    if (status) return status;
    if (e.o.bins == 0) e.o.bins = 10;
    if (e.o.level == 0) e.o.level = 0.95;
    status = check_options(&e.o, err);
    if (!status) status = pmkti_allocator_check(e.o.allocator, &allocator, err);
    if (!status) status = check_rows(y, p, n, err);
    if (!status && e.o.rival) status = check_p(e.o.rival, n, "options.rival", err);
    if (!status) status = pmkti_run_check(run, n + (e.o.resamples > 0 ? n * 10 : 0), &how, err);
    if (status) return status;
    status = pmkti_stopped(err, rank_and_evaluate(&e, y, p, n, &allocator, &how, &result));
    if (status) return status;
    return pmkti_struct_out(out, &result, sizeof result, sizeof(uint64_t), "out", err);
}

/* ----------------------------------------------------------------- reliability */

/* Wilson's interval of a share of n. */
static void wilson(double share, double n, double *low, double *high) {
    const double z = 1.95996398454005423552, square = z * z / n;
    const double middle = (share + square / 2) / (1 + square);
    const double half = z * sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square);
    /* At 0 and 1 the interval ends there; what rounding makes of that may lie inside. */
    *low = share > 0 ? fmax(middle - half, 0) : 0;
    *high = share < 1 ? fmin(middle + half, 1) : 1;
}

static void fill_bin(const pmkti_bin *sum, int32_t bin, const pmkt_binary_diagram *out) {
    double p = (double)NAN, share = p, low = p, high = p;
    if (sum->n > 0) {
        p = sum->p / sum->n, share = sum->yes / sum->n;
        wilson(share, sum->n, &low, &high);
    }
    if (out->predicted) out->predicted[bin] = p;
    if (out->observed) out->observed[bin] = share;
    if (out->low) out->low[bin] = low;
    if (out->high) out->high[bin] = high;
    if (out->n) out->n[bin] = (int64_t)sum->n;
}

static pmkt_status fill(const uint8_t *y, const double *p, int64_t n, const pmkt_allocator *a,
                        const pmkt_binary_diagram *out) {
    pmkti_ranked r;
    const pmkt_status status = pmkti_ranked_make(y, p, NULL, n, a, &r);
    if (status) return status;
    uint8_t *once = pmkti_alloc(a, (size_t)n, sizeof *once);
    if (once) memset(once, 1, (size_t)n);
    pmkti_ties ties = {0, 0};
    for (int32_t b = 0; b < out->bins && (once || n == 0); b++) {
        const pmkti_bin sum = pmkti_ranked_bin(&r, once, out->bins, b, &ties);
        fill_bin(&sum, b, out);
    }
    const bool fine = once || n == 0;
    pmkti_free(a, once, (size_t)n, sizeof *once);
    pmkti_ranked_free(a, &r);
    return fine ? PMKT_OK : PMKT_E_NOMEM;
}

pmkt_status pmkt_binary_reliability(const uint8_t *y, const double *p, int64_t n,
                                    const pmkt_allocator *allocator, const pmkt_binary_diagram *out,
                                    pmkt_error *err) {
    if (!out) return pmkti_null(err, "out");
    pmkt_binary_diagram to = PMKT_BINARY_DIAGRAM_INIT;
    pmkt_allocator a;
    pmkt_status status = pmkti_struct_in(&to, sizeof to, out, sizeof to, "out", err);
    if (status) return status;
    if (to.bins < 1 || to.bins > 1000) {
        return pmkti_fail(err, PMKT_E_INVALID, "out.bins is %d; it must lie between 1 and 1,000",
                          (int)to.bins);
    }
    status = check_rows(y, p, n, err);
    if (!status) status = pmkti_allocator_check(allocator, &a, err);
    return status ? status : pmkti_stopped(err, fill(y, p, n, &a, &to));
}
