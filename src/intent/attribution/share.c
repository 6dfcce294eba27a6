/*
 * share.c - what part of its path's conversions a touch has, by rules that look at one path at a time. The
 * parts of a path add up to one.
 */
#include <math.h>

#include "core/alloc.h"
#include "intent/attribution/credit.h"

static void by_position(const pmkt_attribution_options *o, int64_t n, double *share) {
    const double ends = o->first_share + o->last_share;
    for (int64_t i = 1; i + 1 < n; i++) share[i] = (1 - ends) / (double)(n - 2);
    share[0] = n == 1 ? 1 : n == 2 ? o->first_share / ends : o->first_share;
    if (n > 1) share[n - 1] = n == 2 ? o->last_share / ends : o->last_share;
}

/* Ages count from the last touch, whose weight is 1: so no path is too old for a double. */
static void by_age(const pmkt_attribution_options *o, const int64_t *time, int64_t n,
                   double *share) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double age = time ? (double)(time[n - 1] - time[i]) / (double)o->half_life_ms
                                : (double)(n - 1 - i) / o->half_life_touches;
        sum += share[i] = exp2(-age);
    }
    for (int64_t i = 0; i < n; i++) share[i] /= sum;
}

static void share_path(const pmkti_attribution_job *job, int64_t first, int64_t n, double *share) {
    switch (job->o.model) {
        case PMKT_ATTRIBUTION_FIRST:
        case PMKT_ATTRIBUTION_LAST:
            for (int64_t i = 0; i < n; i++) share[i] = 0;
            share[job->o.model == PMKT_ATTRIBUTION_FIRST ? 0 : n - 1] = 1;
            break;
        case PMKT_ATTRIBUTION_LINEAR:
            for (int64_t i = 0; i < n; i++) share[i] = 1 / (double)n;
            break;
        case PMKT_ATTRIBUTION_POSITION:
            by_position(&job->o, n, share);
            break;
        default: /* PMKT_ATTRIBUTION_TIME_DECAY */
            by_age(&job->o, job->in.time ? job->in.time + first : NULL, n, share);
    }
}

pmkt_status pmkti_attribution_share(const pmkti_attribution_job *job) {
    if (job->o.model == PMKT_ATTRIBUTION_SHAPLEY_PATHS) {
        return pmkti_attribution_share_by(&job->in, NULL, job->share);
    }
    for (int64_t j = 0; j < job->in.paths; j++) {
        const int64_t first = job->in.at[j], n = job->in.at[j + 1] - first;
        if (n > 0) share_path(job, first, n, job->share + first);
    }
    return PMKT_OK;
}

/* What share_by keeps of each channel: the last path that it was met in, and how often there. */
typedef struct meeting {
    int64_t path; /* plus 1 */
    int64_t touches;
} meeting;

pmkt_status pmkti_attribution_share_by(const pmkti_attribution_input *in, const double *weight,
                                       double *share) {
    meeting *met = pmkti_alloc_zero(in->allocator, (size_t)in->channels, sizeof *met);
    if (!met) return in->channels > 0 ? PMKT_E_NOMEM : PMKT_OK;
    for (int64_t j = 0; j < in->paths; j++) {
        double all = 0;
        int64_t different = 0;
        for (int64_t i = in->at[j]; i < in->at[j + 1]; i++) {
            const int32_t c = in->touch[i];
            if (met[c].path != j + 1) {
                met[c] = (meeting){j + 1, 0};
                all += weight ? weight[c] : 1;
                different++;
            }
            met[c].touches++;
        }
        for (int64_t i = in->at[j]; i < in->at[j + 1]; i++) {
            const int32_t c = in->touch[i];
            const double part = all > 0 && weight ? weight[c] / all : 1 / (double)different;
            share[i] = part / (double)met[c].touches;
        }
    }
    pmkti_free(in->allocator, met, (size_t)in->channels, sizeof *met);
    return PMKT_OK;
}
