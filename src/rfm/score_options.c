/*
 * score_options.c - the caller's scoring options, checked and with their defaults filled in.
 */
#define _POSIX_C_SOURCE 200809L /* strnlen */
#include <math.h>

#include "core/error.h"
#include "core/structs.h"
#include "rfm/scores.h"

/* In whole units of the currency. */
#define M_HIGH 200
#define M_LOW 50
static const pmkt_rfm_tier default_tiers[] = {{"silver", 0}, {"gold", 5000}};

/* Names in the usage of the field, for scores of 1 to 5; the first row that fits wins. */
static const pmkt_rfm_segment default_segments[] = {
    {"champions", 4, 5, 4, 5, 4, 5, {0, 0}},
    {"loyal", 3, 5, 4, 5, 0, 0, {0, 0}},
    {"new", 5, 5, 1, 1, 0, 0, {0, 0}},
    {"promising", 4, 4, 1, 1, 0, 0, {0, 0}},
    {"potential-loyal", 4, 5, 2, 3, 0, 0, {0, 0}},
    {"needs-attention", 3, 3, 2, 3, 0, 0, {0, 0}},
    {"about-to-sleep", 3, 3, 1, 1, 0, 0, {0, 0}},
    {"cannot-lose", 1, 2, 5, 5, 4, 5, {0, 0}},
    {"at-risk", 1, 2, 3, 5, 0, 0, {0, 0}},
    {"hibernating", 2, 2, 1, 2, 0, 0, {0, 0}},
    {"lost", 1, 1, 1, 2, 0, 0, {0, 0}},
};

static int32_t days_or(int32_t given, int32_t otherwise) {
    if (given == 0) return otherwise;
    return given == PMKT_RFM_ZERO ? 0 : given;
}

static int64_t money_or(int64_t given, int64_t otherwise) {
    if (given == 0) return otherwise;
    return given == PMKT_RFM_ZERO ? 0 : given;
}

static double rate_or(double given, double otherwise) {
    if (given == 0.0) return otherwise;
    return given == (double)PMKT_RFM_ZERO ? 0.0 : given;
}

/* Minor units of one unit of the state's currency; two decimals where none is named. */
static int64_t unit_of(const pmkt_rfm_scores *s) {
    int64_t unit = 1;
    for (int32_t i = 0; i < (s->currency[0] ? s->currency_exponent : 2); i++) unit *= 10;
    return unit;
}

static void fill_defaults(pmkt_rfm_score_options *o, int64_t unit) {
    const bool threshold = o->scheme == PMKT_RFM_THRESHOLD;
    if (o->bins == 0) o->bins = 5;
    if (o->frequency == 0) o->frequency = threshold ? PMKT_RFM_F_PER_MONTH : PMKT_RFM_F_ORDERS;
    if (o->monetary == 0) o->monetary = threshold ? PMKT_RFM_M_AVERAGE : PMKT_RFM_M_REVENUE;
    o->active_days = days_or(o->active_days, 30);
    o->dormant_days = days_or(o->dormant_days, 90);
    o->f_high = rate_or(o->f_high, 3.0);
    o->f_low = rate_or(o->f_low, 1.0);
    o->m_high = money_or(o->m_high, M_HIGH * unit);
    o->m_low = money_or(o->m_low, M_LOW * unit);
    if (o->month_days == 0) o->month_days = 30;
    o->growth_days = days_or(o->growth_days, 7);
    o->mature_days = days_or(o->mature_days, 90);
    o->churn_days = days_or(o->churn_days, 180);
    o->at_risk_days = days_or(o->at_risk_days, 90);
    if (o->loyal_orders == 0) o->loyal_orders = 2;
    if (o->tier_days == 0) o->tier_days = 365;
}

/* A range check in one line of a table. */
typedef struct bound {
    const char *name;
    int64_t value, least, most;
    const char *floor; /* the option that `least` comes from, or NULL */
} bound;

#define MANY_DAYS 1000000

static pmkt_status check_bounds(const pmkt_rfm_score_options *o, pmkt_error *err) {
    const bound bounds[] = {
        {"scheme", o->scheme, PMKT_RFM_THRESHOLD, PMKT_RFM_QUANTILE, NULL},
        {"bins", o->bins, 2, PMKTI_MAX_BINS, NULL},
        {"collapse", o->collapse, PMKT_RFM_STRICT, PMKT_RFM_HYSTERESIS, NULL},
        {"frequency", o->frequency, PMKT_RFM_F_PER_MONTH, PMKT_RFM_F_ORDERS, NULL},
        {"monetary", o->monetary, PMKT_RFM_M_AVERAGE, PMKT_RFM_M_REVENUE, NULL},
        {"active_days", o->active_days, 0, MANY_DAYS, NULL},
        {"dormant_days", o->dormant_days, (int64_t)o->active_days + 1, MANY_DAYS,
         "active_days + 1"},
        {"m_low", o->m_low, 0, PMKT_AMOUNT_MAX, NULL},
        {"m_high", o->m_high, o->m_low, PMKT_AMOUNT_MAX, "m_low"},
        {"month_days", o->month_days, 1, MANY_DAYS, NULL},
        {"f_window_days", o->f_window_days, 0, MANY_DAYS, NULL},
        {"growth_days", o->growth_days, 0, MANY_DAYS, NULL},
        {"mature_days", o->mature_days, o->growth_days, MANY_DAYS, "growth_days"},
        {"churn_days", o->churn_days, 0, MANY_DAYS, NULL},
        {"at_risk_days", o->at_risk_days, 0, MANY_DAYS, NULL},
        {"loyal_orders", o->loyal_orders, 1, INT32_MAX, NULL},
        {"tier_days", o->tier_days, 1, MANY_DAYS, NULL},
        {"n_tiers", o->n_tiers, 0, PMKTI_MAX_TIERS, NULL},
        {"n_segments", o->n_segments, 0, PMKTI_MAX_SEGMENTS, NULL},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        const bound *b = &bounds[i];
        if (b->value >= b->least && b->value <= b->most) continue;
        const long long value = b->value, least = b->least, most = b->most;
        if (b->floor) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "options.%s is %lld, but must be %s (%lld) to %lld", b->name, value,
                              b->floor, least, most);
        }
        return pmkti_fail(err, PMKT_E_INVALID, "options.%s is %lld, but must be %lld to %lld",
                          b->name, value, least, most);
    }
    if (!isfinite(o->f_high) || !isfinite(o->f_low) || o->f_low < 0 || o->f_high < o->f_low) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.f_low is %g and f_high is %g, but they must be finite, with "
                          "0 <= f_low <= f_high",
                          o->f_low, o->f_high);
    }
    if (o->collapse == PMKT_RFM_HYSTERESIS && !o->previous) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.previous is needed for PMKT_RFM_HYSTERESIS");
    }
    if (o->previous && o->previous->options.scheme != PMKT_RFM_THRESHOLD) {
        return pmkti_fail(err, PMKT_E_MISMATCH,
                          "options.previous was not scored by the threshold scheme");
    }
    return PMKT_OK;
}

static pmkt_status copy_name(pmkti_name *to, const char *from, const char *table, int64_t row,
                             pmkt_error *err) {
    const size_t length = from ? strnlen(from, PMKTI_NAME_ROOM) : 0;
    if (length == 0 || length == PMKTI_NAME_ROOM) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.%s[%lld].name must have 1 to %d bytes",
                          table, (long long)row, PMKTI_NAME_ROOM - 1);
    }
    memcpy(to->text, from, length);
    return PMKT_OK;
}

static pmkt_status take_tiers(pmkt_rfm_scores *s, pmkt_error *err) {
    const pmkt_rfm_score_options *o = &s->options;
    const pmkt_rfm_tier *tiers = o->tiers ? o->tiers : default_tiers;
    const size_t defaults = sizeof default_tiers / sizeof default_tiers[0];
    const int64_t n = o->tiers ? o->n_tiers : (int64_t)defaults;
    if (!o->tiers && o->n_tiers) return pmkti_null(err, "options.tiers");
    if (n == 0 || tiers[0].from_minor != 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.tiers must begin with a tier from 0");
    }
    for (int64_t i = 0; i < n; i++) {
        if (i > 0 && tiers[i].from_minor <= tiers[i - 1].from_minor) {
            return pmkti_fail(err, PMKT_E_INVALID, "options.tiers[%lld] does not rise",
                              (long long)i);
        }
        const pmkt_status status = copy_name(&s->tier_names[i], tiers[i].name, "tiers", i, err);
        if (status) return status;
        s->tier_from[i] = tiers[i].from_minor * (o->tiers ? 1 : unit_of(s));
    }
    s->n_tiers = (int32_t)n;
    return PMKT_OK;
}

static bool range_is_sound(uint8_t low, uint8_t high, int32_t bins) {
    return low <= bins && high <= bins && (high == 0 || low <= high);
}

static pmkt_status take_segments(pmkt_rfm_scores *s, pmkt_error *err) {
    const pmkt_rfm_score_options *o = &s->options;
    const pmkt_rfm_segment *table = o->segments ? o->segments : default_segments;
    int64_t n = o->n_segments;
    if (!o->segments && n) return pmkti_null(err, "options.segments");
    if (!o->segments && o->bins == 5) n = sizeof default_segments / sizeof default_segments[0];
    for (int64_t i = 0; i < n; i++) {
        const pmkt_rfm_segment *g = &table[i];
        if (!range_is_sound(g->r_min, g->r_max, o->bins) ||
            !range_is_sound(g->f_min, g->f_max, o->bins) ||
            !range_is_sound(g->m_min, g->m_max, o->bins) || g->reserved[0] || g->reserved[1]) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "options.segments[%lld]: bounds are 0 (open) or 1 to %d, low to high",
                              (long long)i, (int)o->bins);
        }
        const pmkt_status status = copy_name(&s->segment_names[i], g->name, "segments", i, err);
        if (status) return status;
        s->segments[i] = *g;
        s->segments[i].name = NULL;
    }
    s->n_segments = (int32_t)n;
    return PMKT_OK;
}

pmkt_status pmkti_score_options(const pmkt_rfm_score_options *given, pmkt_rfm_scores *scores,
                                pmkt_error *err) {
    const pmkt_rfm_score_options zero = PMKT_RFM_SCORE_OPTIONS_INIT;
    pmkt_rfm_score_options *o = &scores->options;
    *o = zero;
    pmkt_status status = pmkti_struct_in(o, sizeof *o, given, sizeof *o, "options", err);
    if (status) return status;
    fill_defaults(o, unit_of(scores));
    status = check_bounds(o, err);
    if (!status) status = take_tiers(scores, err);
    if (!status && o->scheme == PMKT_RFM_QUANTILE) status = take_segments(scores, err);
    o->tiers = NULL; /* ours from here on */
    o->segments = NULL;
    return status;
}
