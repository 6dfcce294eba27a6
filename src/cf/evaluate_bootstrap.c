/*
 * evaluate_bootstrap.c - percentile intervals: the users are drawn anew, with replacement, many times.
 *
 * Which user a draw takes is a hash of the seed, the group, the resample and the draw, so that resamples can
 * be made in any order. A resample is how often each user was drawn; all metrics are then weighted
 * sums, which run over memory in order.
 */
#include <math.h>
#include <string.h>

#include "cf/evaluate.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/interval.h"

#define CHUNK 8 /* resamples that a worker takes at once */
#define LANES 8 /* sums that run side by side, in an order that is fixed */

typedef struct resampling {
    const pmkti_cf_evaluating *e;
    int64_t first, n, metrics;
    uint64_t seed;
    float *drawn; /* [workers * n] how often */
    double *mean; /* [metrics * bootstrap] */
} resampling;

static void draw(const resampling *r, int64_t resample, float *drawn) {
    const uint64_t seed = pmkti_mix(r->seed + (uint64_t)resample + 1);
    memset(drawn, 0, (size_t)r->n * sizeof *drawn);
    for (int64_t i = 0; i < r->n; i++) {
        const uint64_t x = pmkti_mix(seed + (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15));
        drawn[(int64_t)((double)(x >> 11) * 0x1p-53 * (double)r->n)] += 1;
    }
}

static double weighted(const float *drawn, const double *value, int64_t n) {
    double lane[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++) lane[l] += (double)drawn[i + l] * value[i + l];
    }
    for (int l = 0; l < LANES; l++) sum += lane[l];
    for (; i < n; i++) sum += (double)drawn[i] * value[i];
    return sum;
}

static pmkt_status resample_chunk(void *ctx, int64_t chunk, int worker) {
    const resampling *r = ctx;
    const int64_t all = r->e->o.bootstrap, users = r->e->out->users;
    const int64_t end = (chunk + 1) * CHUNK < all ? (chunk + 1) * CHUNK : all;
    float *drawn = r->drawn + (int64_t)worker * r->n;
    for (int64_t b = chunk * CHUNK; b < end; b++) {
        draw(r, b, drawn);
        for (int64_t m = 0; m < r->metrics; m++) {
            const double *value = r->e->out->user_value + m * users + r->first;
            r->mean[m * all + b] = weighted(drawn, value, r->n) / (double)r->n;
        }
    }
    return PMKT_OK;
}

static pmkt_status intervals(const resampling *r, double *low, double *high) {
    const int64_t n = r->e->o.bootstrap;
    for (int64_t m = 0; m < r->metrics; m++) {
        double *mean = r->mean + m * n;
        if (isnan(mean[0])) {
            low[m] = high[m] = NAN;
            continue;
        }
        pmkti_interval(mean, n, r->e->o.level, &low[m], &high[m]);
    }
    return PMKT_OK;
}

pmkt_status pmkti_cf_bootstrap(const pmkti_cf_evaluating *e, int32_t group, int64_t first,
                               int64_t n, pmkti_stage stage, double *low, double *high,
                               pmkt_error *err) {
    const int64_t chunks = ((int64_t)e->o.bootstrap + CHUNK - 1) / CHUNK;
    const size_t workers = (size_t)pmkti_workers(&e->run, chunks);
    resampling r = {.e = e, .first = first, .n = n};
    r.metrics = (int64_t)e->o.n_k * PMKTI_CF_USER_METRICS;
    r.seed = pmkti_mix(pmkti_mix(e->o.seed + 1) + (uint64_t)((int64_t)group + 2));
    const size_t means = (size_t)r.metrics * (size_t)e->o.bootstrap;
    r.drawn = pmkti_alloc(&e->allocator, workers * (size_t)n, sizeof *r.drawn);
    r.mean = pmkti_alloc(&e->allocator, means, sizeof *r.mean);
    pmkt_status status = PMKT_OK;
    if (!r.drawn || !r.mean) {
        status =
            pmkti_no_memory(err, workers * (size_t)n * sizeof *r.drawn + means * sizeof *r.mean);
    }
    if (!status) {
        status = pmkti_stopped(err, pmkti_parallel(&e->run, stage, resample_chunk, &r, chunks));
    }
    if (!status) status = intervals(&r, low, high);
    pmkti_free(&e->allocator, r.drawn, workers * (size_t)n, sizeof *r.drawn);
    pmkti_free(&e->allocator, r.mean, means, sizeof *r.mean);
    return status;
}
