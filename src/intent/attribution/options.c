#include "core/error.h"
#include "intent/attribution/credit.h"

#define MOST_RESAMPLES 1000000
#define WEEK (INT64_C(7) * 24 * 3600 * 1000)

const char *pmkt_attribution_model_name(int32_t model) {
    static const char *const names[PMKT_ATTRIBUTION_MODELS_] = {
        "markov", "first", "last", "linear", "position", "time_decay", "shapley", "shapley_paths"};
    return model >= 0 && model < PMKT_ATTRIBUTION_MODELS_ ? names[model] : NULL;
}

static pmkt_status check_shares(pmkt_attribution_options *o, pmkt_error *err) {
    if (o->first_share == 0 && o->last_share == 0) o->first_share = o->last_share = 0.4;
    if (o->first_share >= 0 && o->last_share >= 0 && o->first_share + o->last_share <= 1) {
        return PMKT_OK;
    }
    return pmkti_fail(err, PMKT_E_INVALID,
                      "options.first_share and last_share must not be negative, nor more than 1 "
                      "together");
}

static pmkt_status check_decay(pmkt_attribution_options *o, pmkt_error *err) {
    if (o->half_life_ms == 0) o->half_life_ms = WEEK;
    if (o->half_life_ms < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.half_life_ms is %lld; it must be positive",
                          (long long)o->half_life_ms);
    }
    if (o->half_life_touches == 0) o->half_life_touches = 1;
    if (o->half_life_touches > 0 && o->half_life_touches <= INT32_MAX) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.half_life_touches must be positive and finite");
}

static pmkt_status check_bootstrap(pmkt_attribution_options *o, pmkt_error *err) {
    if (o->bootstrap < 0 || o->bootstrap > MOST_RESAMPLES) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.bootstrap is %d; it must lie from 0 to %d",
                          (int)o->bootstrap, MOST_RESAMPLES);
    }
    if (o->level == 0) o->level = 0.95;
    if (o->level > 0 && o->level < 1) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.level must lie between 0 and 1");
}

pmkt_status pmkti_attribution_options_check(pmkt_attribution_options *o, pmkt_error *err) {
    if (o->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    if (o->model < 0 || o->model >= PMKT_ATTRIBUTION_MODELS_) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.model is %d, which is none", (int)o->model);
    }
    if (o->order == 0) o->order = 1;
    if (o->order < 1 || o->order > PMKTI_ATTRIBUTION_MOST_ORDER) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.order is %d; it must lie from 1 to %d",
                          (int)o->order, PMKTI_ATTRIBUTION_MOST_ORDER);
    }
    if (o->model != PMKT_ATTRIBUTION_MARKOV && o->order > 1) {
        return pmkti_fail(
            err, PMKT_E_INVALID,
            "options.order is %d, but only PMKT_ATTRIBUTION_MARKOV has another than 1",
            (int)o->order);
    }
    if (o->ignore_nulls != 0 && o->ignore_nulls != 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.ignore_nulls is %d; it must be 0 or 1",
                          (int)o->ignore_nulls);
    }
    pmkt_status status = check_shares(o, err);
    if (!status) status = check_decay(o, err);
    return status ? status : check_bootstrap(o, err);
}
