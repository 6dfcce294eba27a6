/*
 * bootstrap.c - percentile intervals: the customers are drawn anew many times, and credit given anew.
 *
 * A customer drawn with replacement from many is there a number of times that is Poisson with mean 1, and
 * so the conversions of a row are Poisson with their number as mean (Chamandy, Muralidharan, Najmi, Naidu,
 * "Estimating uncertainty for massive data streams", Google, 2012). No row need know of another, and each
 * draw is a hash of seed, resample and row.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/interval.h"
#include "intent/attribution/credit.h"
#include "intent/attribution/poisson.h"

#define TOLERANCE 1e-7

/* Of one worker. */
typedef struct scratch {
    double *counts; /* [3][paths]: conversions, nulls, values */
    double *effect; /* [2][channels] */
    pmkti_attribution_flow flow;
} scratch;

typedef struct resampling {
    const pmkti_attribution_job *job;
    scratch *scratch;   /* [workers] */
    const double *zero; /* [2][paths] exp(-mean) of conversions, nulls */
    double *drawn;      /* [resamples][2][channels] credit */
} resampling;

/* ------------------------------------------------------------------- resamples */

static void draw(const resampling *r, int64_t resample, double *counts) {
    const pmkti_attribution_input *in = &r->job->in;
    const uint64_t key = pmkti_mix(pmkti_mix(r->job->o.seed + 1) + (uint64_t)resample + 1);
    double *conversions = counts, *nulls = counts + in->paths, *values = nulls + in->paths;
    for (int64_t j = 0; j < in->paths; j++) {
        pmkti_attribution_stream s = {pmkti_mix(key + (uint64_t)j + 1), 0};
        conversions[j] = pmkti_attribution_poisson(&s, in->conversions[j], r->zero[j]);
        nulls[j] = pmkti_attribution_poisson(&s, in->nulls[j], r->zero[in->paths + j]);
        if (!in->values) continue;
        values[j] = conversions[j] > 0 ? in->values[j] / in->conversions[j] * conversions[j] : 0;
    }
}

static pmkt_status resample_once(void *ctx, int64_t resample, int worker) {
    const resampling *r = ctx;
    const pmkti_attribution_job *job = r->job;
    const pmkti_attribution_input *in = &job->in;
    const int64_t channels = in->channels;
    scratch *s = &r->scratch[worker];
    draw(r, resample, s->counts);
    double *drawn = r->drawn + resample * 2 * channels;
    memset(drawn, 0, (size_t)(2 * channels) * sizeof *drawn);
    pmkti_attribution_credit credit = {drawn, NULL, s->effect, NULL};
    if (in->values) credit.values = drawn + channels;
    if (in->values && s->effect) credit.value_effect = s->effect + channels;
    const pmkti_run alone = {1, {NULL, NULL}};
    const double *values = in->values ? s->counts + 2 * in->paths : NULL;
    const pmkti_attribution_giving giving = {
        .counts = {s->counts, s->counts + in->paths, values},
        .flow = &s->flow,
        .run = &alone,
        .tolerance = TOLERANCE,
        .begin = job->solution,
    };
    return pmkti_attribution_give(job, &giving, &credit);
}

/* ------------------------------------------------------------------- intervals */

static void intervals(const resampling *r, double *sorted) {
    const pmkti_attribution_job *job = r->job;
    const int64_t n = job->o.bootstrap, columns = (int64_t)2 * job->in.channels;
    for (int64_t c = 0; c < columns; c++) {
        for (int64_t b = 0; b < n; b++) sorted[b] = r->drawn[b * columns + c];
        pmkti_interval(sorted, n, job->o.level, &job->low[c], &job->high[c]);
    }
}

/* ------------------------------------------------------------------------ room */

static void clear(const resampling *r, size_t workers) {
    const pmkti_attribution_job *job = r->job;
    const pmkt_allocator *a = &job->allocator;
    for (size_t w = 0; w < workers && r->scratch; w++) {
        scratch *s = &r->scratch[w];
        pmkti_free(a, s->counts, 3 * (size_t)job->in.paths, sizeof *s->counts);
        pmkti_free(a, s->effect, 2 * (size_t)job->in.channels, sizeof *s->effect);
        pmkti_attribution_flow_clear(&job->chain, &s->flow);
    }
    pmkti_free(a, r->scratch, workers, sizeof *r->scratch);
}

static pmkt_status make(resampling *r, size_t workers) {
    const pmkti_attribution_job *job = r->job;
    const pmkt_allocator *a = &job->allocator;
    r->scratch = pmkti_alloc_zero(a, workers, sizeof *r->scratch);
    for (size_t w = 0; w < workers && r->scratch; w++) {
        scratch *s = &r->scratch[w];
        s->counts = pmkti_alloc(a, 3 * (size_t)job->in.paths, sizeof *s->counts);
        if (!s->counts) return PMKT_E_NOMEM;
        if (!pmkti_attribution_has_chain(job)) continue;
        s->effect = pmkti_alloc(a, 2 * (size_t)job->in.channels, sizeof *s->effect);
        if (!s->effect || pmkti_attribution_flow_make(&job->chain, &s->flow)) return PMKT_E_NOMEM;
    }
    return r->scratch ? PMKT_OK : PMKT_E_NOMEM;
}

pmkt_status pmkti_attribution_bootstrap(pmkti_attribution_job *job, pmkti_stage stage) {
    const pmkt_allocator *a = &job->allocator;
    const size_t n = (size_t)job->o.bootstrap, paths = (size_t)job->in.paths;
    const size_t columns = 2 * (size_t)job->in.channels;
    const size_t workers = (size_t)pmkti_workers(&job->run, (int64_t)n);
    resampling r = {.job = job};
    double *zero = pmkti_alloc(a, 2 * paths, sizeof *zero);
    double *sorted = pmkti_alloc(a, n, sizeof *sorted);
    r.drawn = pmkti_alloc(a, n * columns, sizeof *r.drawn);
    pmkt_status status = zero && sorted && r.drawn ? make(&r, workers) : PMKT_E_NOMEM;
    if (!status) {
        for (size_t j = 0; j < paths; j++) {
            zero[j] = exp(-job->in.conversions[j]);
            zero[paths + j] = exp(-job->in.nulls[j]);
        }
        r.zero = zero;
        status = pmkti_parallel(&job->run, stage, resample_once, &r, (int64_t)n);
    }
    if (!status) intervals(&r, sorted);
    clear(&r, workers);
    pmkti_free(a, r.drawn, n * columns, sizeof *r.drawn);
    pmkti_free(a, sorted, n, sizeof *sorted);
    pmkti_free(a, zero, 2 * paths, sizeof *zero);
    return status;
}
