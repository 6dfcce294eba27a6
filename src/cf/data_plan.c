/*
 * data_plan.c - checks the options of pmkt_cf_data_from_events.
 */
#include "cf/data_plan.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"

static pmkt_status check_numbers(const pmkt_cf_data_options *o, pmkt_error *err) {
    if (o->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    if (o->scale != PMKT_CF_LINEAR && o->scale != PMKT_CF_LOG) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.scale is %d, but must be PMKT_CF_LINEAR or PMKT_CF_LOG",
                          (int)o->scale);
    }
    if (o->only_weights != 0 && o->only_weights != 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.only_weights is %d, but must be 0 or 1",
                          (int)o->only_weights);
    }
    if (o->half_life_ms < 0 || o->max_items_per_user < 0 || o->max_users_per_item < 0) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.half_life_ms, max_items_per_user or max_users_per_item is "
                          "negative");
    }
    /* 0 is a sentinel of both and lies within. */
    if (o->as_of_ms < PMKT_TIME_MIN || o->as_of_ms > PMKT_TIME_MAX || o->since_ms < PMKT_TIME_MIN ||
        o->since_ms > PMKT_TIME_MAX) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.as_of_ms or since_ms is outside the years 1700 to 2999");
    }
    if (o->n_weights < 0 || o->n_weights > PMKTI_CF_KINDS) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.n_weights is %lld, but must be 0 to %d",
                          (long long)o->n_weights, PMKTI_CF_KINDS);
    }
    return o->n_weights > 0 && !o->weights ? pmkti_null(err, "options.weights") : PMKT_OK;
}

/* The table while it is filled: a kind without a weight of the caller's is NaN. */
static pmkt_status take_weights(pmkti_cf_plan *plan, pmkt_error *err) {
    for (int64_t i = 0; i < plan->o.n_weights; i++) {
        const pmkt_cf_weight *w = &plan->o.weights[i];
        if (!pmkti_kind_exists(w->kind) || w->kind > UINT16_MAX || w->reserved != 0) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "options.weights[%lld] is of %d, which is no kind, or reserved is "
                              "not 0",
                              (long long)i, (int)w->kind);
        }
        if (!(w->weight >= -1000 && w->weight <= 1000)) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "options.weights[%lld] must be from -1,000 to 1,000", (long long)i);
        }
        if (!isnan(plan->weight[w->kind])) {
            return pmkti_fail(err, PMKT_E_INVALID, "options.weights names kind %d twice",
                              (int)w->kind);
        }
        plan->weight[w->kind] = w->weight;
    }
    return PMKT_OK;
}

pmkt_status pmkti_cf_plan_make(const pmkt_cf_data_options *given, pmkti_cf_plan *plan,
                               pmkt_error *err) {
    const pmkt_cf_data_options defaults = PMKT_CF_DATA_OPTIONS_INIT;
    plan->o = defaults;
    plan->weight = NULL;
    pmkt_status status =
        pmkti_struct_in(&plan->o, sizeof plan->o, given, sizeof plan->o, "options", err);
    if (!status) status = check_numbers(&plan->o, err);
    if (!status) status = pmkti_allocator_check(plan->o.allocator, &plan->allocator, err);
    if (status) return status;
    plan->weight = pmkti_alloc(&plan->allocator, PMKTI_CF_KINDS, sizeof *plan->weight);
    if (!plan->weight) return pmkti_no_memory(err, PMKTI_CF_KINDS * sizeof *plan->weight);
    for (int32_t kind = 0; kind < PMKTI_CF_KINDS; kind++) plan->weight[kind] = NAN;
    status = take_weights(plan, err);
    if (status) {
        pmkti_cf_plan_clear(plan);
        return status;
    }
    for (int32_t kind = 0; kind < PMKTI_CF_KINDS; kind++) {
        if (!isnan(plan->weight[kind])) continue;
        plan->weight[kind] = plan->o.only_weights ? 0 : pmkt_cf_default_weight(kind);
    }
    return PMKT_OK;
}

void pmkti_cf_plan_clear(pmkti_cf_plan *plan) {
    pmkti_free(&plan->allocator, plan->weight, PMKTI_CF_KINDS, sizeof *plan->weight);
    plan->weight = NULL;
}
