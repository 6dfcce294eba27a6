/*
 * compute.c - pmkt_attribution_compute, from the call to the handle.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"
#include "intent/attribution/credit.h"

#define TOLERANCE 2e-15
#define MOST_KEPT ((int64_t)1 << 24) /* numbers of a solution that is kept for resamples */
#define WORK 64                      /* rows of other calls that a touch is worth */

static void clear(pmkti_attribution_job *job) {
    const pmkt_allocator *a = &job->allocator;
    const size_t channels = (size_t)job->in.channels;
    pmkti_attribution_chain_clear(&job->chain);
    pmkti_free(a, job->share, (size_t)job->in.touches, sizeof *job->share);
    pmkti_free(a, job->solution_room, job->solution_size, sizeof *job->solution_room);
    pmkti_free(a, job->credit.conversions, channels, sizeof(double));
    pmkti_free(a, job->credit.values, channels, sizeof(double));
    pmkti_free(a, job->credit.effect, channels, sizeof(double));
    pmkti_free(a, job->credit.value_effect, channels, sizeof(double));
    pmkti_free(a, job->low, 2 * channels, sizeof *job->low);
    pmkti_free(a, job->high, 2 * channels, sizeof *job->high);
    pmkti_attribution_input_clear(&job->in);
}

static pmkt_status make_room(pmkti_attribution_job *job) {
    const pmkt_allocator *a = &job->allocator;
    const size_t channels = (size_t)job->in.channels;
    const bool has_chain = pmkti_attribution_has_chain(job), has_values = job->in.values;
    const bool has_bounds = job->o.bootstrap > 0;
    pmkti_attribution_credit *c = &job->credit;
    job->share = pmkti_alloc(a, (size_t)job->in.touches, sizeof *job->share);
    c->conversions = pmkti_alloc_zero(a, channels, sizeof(double));
    if (has_values) c->values = pmkti_alloc_zero(a, channels, sizeof(double));
    if (has_chain) c->effect = pmkti_alloc_zero(a, channels, sizeof(double));
    if (has_chain && has_values) c->value_effect = pmkti_alloc_zero(a, channels, sizeof(double));
    if (has_bounds) job->low = pmkti_alloc_zero(a, 2 * channels, sizeof *job->low);
    if (has_bounds) job->high = pmkti_alloc_zero(a, 2 * channels, sizeof *job->high);
    const bool has_room =
        job->share && c->conversions && (c->values || !has_values) && (c->effect || !has_chain) &&
        (c->value_effect || !has_chain || !has_values) && ((job->low && job->high) || !has_bounds);
    return has_room ? PMKT_OK : PMKT_E_NOMEM;
}

/* The solution is worth keeping if resamples will want it, and it is swept for. */
static pmkt_status make_chain(pmkti_attribution_job *job) {
    const pmkt_status status = pmkti_attribution_chain_make(&job->chain, &job->in, job->o.order);
    if (status || job->o.bootstrap == 0 || job->o.model != PMKT_ATTRIBUTION_MARKOV ||
        pmkti_attribution_is_direct(&job->chain)) {
        return status;
    }
    const int64_t size = pmkti_attribution_block_size(&job->chain);
    if (pmkti_attribution_blocks(&job->chain) > MOST_KEPT / size) return PMKT_OK;
    const int64_t room = size * pmkti_attribution_blocks(&job->chain) + PMKTI_ATTRIBUTION_LANES;
    job->solution_room = pmkti_alloc(&job->allocator, (size_t)room, sizeof *job->solution_room);
    if (!job->solution_room) return PMKT_E_NOMEM;
    job->solution_size = (size_t)room;
    job->solution = pmkti_attribution_align(job->solution_room);
    return PMKT_OK;
}

static pmkt_status give_own(pmkti_attribution_job *job, pmkti_stage stage) {
    const pmkti_attribution_input *in = &job->in;
    const bool has_chain = pmkti_attribution_has_chain(job);
    pmkti_attribution_flow flow = {0};
    pmkt_status status = has_chain ? pmkti_attribution_flow_make(&job->chain, &flow) : PMKT_OK;
    if (!status && !has_chain) status = pmkti_attribution_share(job);
    if (!status) {
        const pmkti_attribution_giving giving = {
            .counts = {in->conversions, in->nulls, in->values},
            .flow = &flow,
            .run = &job->run,
            .stage = stage,
            .tolerance = TOLERANCE,
            .keep = job->solution,
        };
        status = pmkti_attribution_give(job, &giving, &job->credit);
    }
    pmkti_attribution_flow_clear(&job->chain, &flow);
    return status;
}

static pmkt_status attribute(pmkti_attribution_job *job) {
    const double half = job->o.bootstrap > 0 ? 0.3 : 0.95;
    const bool has_chain = pmkti_attribution_has_chain(job);
    pmkt_status status = pmkti_canceled(&job->run, 0, "states") ? PMKT_E_CANCELED : PMKT_OK;
    if (status || job->in.channels == 0) return status;
    status = make_room(job);
    if (!status && has_chain) status = make_chain(job);
    if (!status) status = give_own(job, (pmkti_stage){"solving", 0.1, half});
    if (!status && job->o.bootstrap > 0) {
        status = pmkti_attribution_bootstrap(job, (pmkti_stage){"resamples", half, 0.95});
    }
    if (!status && has_chain) {
        status = pmkti_attribution_share_by(&job->in, job->credit.conversions, job->share);
    }
    if (!status && pmkti_canceled(&job->run, 0.95, "table")) status = PMKT_E_CANCELED;
    return status;
}

/* A message that fits what went wrong. */
static pmkt_status tell(const pmkti_attribution_job *job, pmkt_status status, pmkt_error *err) {
    if (status == PMKT_E_NOMEM) {
        return pmkti_no_memory(err, (size_t)job->in.touches * sizeof(double));
    }
    if (status != PMKT_E_LIMIT) return pmkti_stopped(err, status);
    return pmkti_fail(err, status,
                      "the chain is too close to never ending, and its %d states are too many, to "
                      "be solved; try a lower order",
                      (int)job->chain.states - 1);
}

static pmkt_status check_channels(const pmkti_attribution_job *job, pmkt_error *err) {
    const int most = PMKTI_ATTRIBUTION_MOST_SHAPLEY;
    if (job->o.model != PMKT_ATTRIBUTION_SHAPLEY || job->in.channels <= most) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_LIMIT,
                      "there are %d channels, but PMKT_ATTRIBUTION_SHAPLEY goes through all "
                      "coalitions of at most %d; merge small channels, or take "
                      "PMKT_ATTRIBUTION_SHAPLEY_PATHS or MARKOV, which have no limit",
                      (int)job->in.channels, most);
}

pmkt_status pmkt_attribution_compute(const pmkt_attribution_paths *paths,
                                     const pmkt_attribution_options *options, const pmkt_run *run,
                                     pmkt_attribution **attribution, pmkt_error *err) {
    if (!attribution) return pmkti_null(err, "attribution");
    pmkti_attribution_job job = {.o = PMKT_ATTRIBUTION_OPTIONS_INIT};
    pmkt_status status =
        pmkti_struct_in(&job.o, sizeof job.o, options, sizeof job.o, "options", err);
    if (!status) status = pmkti_attribution_options_check(&job.o, err);
    if (!status) status = pmkti_allocator_check(job.o.allocator, &job.allocator, err);
    if (!status) status = pmkti_run_check(run, 0, &job.run, err);
    if (!status) {
        status = pmkti_attribution_input_make(&job.in, paths, job.o.ignore_nulls != 0,
                                              &job.allocator, err);
    }
    if (status) return status;
    const int64_t work = job.in.touches * WORK * (1 + (int64_t)job.o.bootstrap);
    status = pmkti_run_check(run, work, &job.run, err);
    if (!status) status = check_channels(&job, err);
    pmkt_attribution *made = NULL;
    if (!status) {
        status = attribute(&job);
        if (!status) status = pmkti_attribution_table_make(&job, &made);
        if (status) (void)tell(&job, status, err);
    }
    clear(&job);
    if (!status) *attribution = made;
    return status;
}
