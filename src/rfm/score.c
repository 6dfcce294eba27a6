/*
 * score.c - pmkt_rfm_score: reads every customer's facts as of an instant into columns, then lets
 * the scheme fill in bands, scores and segments.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"
#include "core/zone.h"
#include "rfm/facts.h"
#include "rfm/files.h"
#include "rfm/fold.h"
#include "rfm/scores.h"

typedef struct scoring {
    const pmkt_rfm *rfm;
    pmkt_rfm_scores *scores;
    pmkti_asof as_of;
    int32_t as_of_day;
    bool all_known;     /* every event is before as_of */
    bool behavior_seen; /* some event other than orders, refunds and registrations */
    pmkti_part *folded; /* [PMKTI_PARTITIONS] temporary folds where rows are pending */
    pmkti_fold_scratch *scratch;
    size_t first_row[PMKTI_PARTITIONS + 1];
    bool behavior[PMKTI_PARTITIONS];
} scoring;

static const pmkti_part *part_of(const scoring *s, int64_t p) {
    return s->rfm->parts[p].rows.n ? &s->folded[p] : &s->rfm->parts[p];
}

/* ------------------------------------------------------------- counting rows */

static size_t count_customers(const scoring *s, const pmkti_part *part, bool *behavior) {
    size_t n = part->entries.n, begin = 0;
    for (size_t i = 0; i < part->entries.n; i++) {
        *behavior |= (part->entries.at[i].flags & PMKTI_IS_AWARE) != 0;
    }
    for (size_t i = 0; i < part->customers.n; i++) {
        const pmkti_customer *c = &part->customers.at[i];
        const pmkti_order *orders = pmkti_part_orders(part, begin);
        n += s->all_known || pmkti_known_history(&s->as_of, c, orders, c->end - begin);
        *behavior |= pmkti_when_ms(c->aware) < s->as_of.ms;
        begin = c->end;
    }
    return n;
}

static pmkt_status count_part(void *ctx, int64_t p, int worker) {
    scoring *s = ctx;
    const pmkt_rfm *rfm = s->rfm;
    pmkt_status status = pmkti_part_ready(rfm, p);
    if (!status && rfm->parts[p].rows.n) {
        status = pmkti_fold(&rfm->allocator, &s->scratch[worker], rfm->mode, &rfm->parts[p], NULL,
                            &s->folded[p]);
    }
    if (status) return status;
    s->first_row[p + 1] = count_customers(s, part_of(s, p), &s->behavior[p]);
    return PMKT_OK;
}

/* ------------------------------------------------------------------ one row */

/* a / b, b > 0, rounded half away from zero */
static int64_t rounded(int64_t a, int64_t b) {
    const int64_t q = a / b, rest = a % b;
    const int64_t size = rest < 0 ? -rest : rest;
    if (size < b - size) return q;
    return a < 0 ? q - 1 : q + 1;
}

/* Calendar days from an instant to as_of. Clocks that are set back over midnight make the later of
   two instants the earlier day; that is still today. */
static int32_t days_ago(const scoring *s, int64_t ms) {
    const int32_t days = s->as_of_day - pmkti_zone_day(&s->rfm->zone, ms);
    return days > 0 ? days : 0;
}

static double per_month(const scoring *s, const pmkti_facts *f, int32_t tenure_days) {
    const pmkt_rfm_score_options *o = &s->scores->options;
    int64_t span, orders = f->orders;
    if (o->f_window_days > 0) {
        /* Orders may be older than the registration that the age counts from. */
        const int32_t buying = days_ago(s, f->first_ms);
        const int32_t age = tenure_days > buying ? tenure_days : buying;
        span = age < o->f_window_days ? age : o->f_window_days;
        orders = f->window_orders;
    } else {
        span =
            pmkti_zone_day(&s->rfm->zone, f->last_ms) - pmkti_zone_day(&s->rfm->zone, f->first_ms);
    }
    if (span < o->month_days) span = o->month_days;
    return (double)(orders * o->month_days) / (double)span; /* one rounding: exact at bounds */
}

static uint8_t lifecycle_of(const pmkt_rfm_score_options *o, int32_t age, int32_t idle) {
    if (idle >= o->churn_days) return PMKT_RFM_CHURNED;
    if (age >= o->mature_days) return PMKT_RFM_MATURE;
    return age >= o->growth_days ? PMKT_RFM_GROWTH : PMKT_RFM_NEW;
}

static uint8_t stage_of(const scoring *s, const pmkti_facts *f, uint8_t lifecycle) {
    if (f->orders > 0) {
        const bool keeps_buying =
            f->orders >= s->scores->options.loyal_orders && lifecycle != PMKT_RFM_CHURNED;
        return keeps_buying ? PMKT_RFM_LOYAL : PMKT_RFM_BUYER;
    }
    if (f->interested) return PMKT_RFM_INTERESTED;
    if (f->aware) return PMKT_RFM_AWARE;
    if (!s->behavior_seen) return PMKT_RFM_NOT_OBSERVED;
    return f->acted ? PMKT_RFM_AWARE : PMKT_RFM_UNAWARE;
}

static void write_tier(const pmkt_rfm_scores *s, size_t row, const pmkti_facts *f) {
    const pmkti_columns *c = &s->col;
    c->tier_spend[row] = f->tier_spend;
    c->to_next_tier[row] = 0;
    c->tier[row] = PMKT_RFM_TIER_UNKNOWN;
    if (!f->tier_known) return;
    int32_t tier = 0;
    while (tier + 1 < s->n_tiers && f->tier_spend >= s->tier_from[tier + 1]) tier++;
    c->tier[row] = (uint8_t)tier;
    int64_t missing = 0; /* refunds of far more than was paid could take it out of 64 bits */
    if (tier + 1 < s->n_tiers &&
        __builtin_sub_overflow(s->tier_from[tier + 1], f->tier_spend, &missing)) {
        missing = INT64_MAX;
    }
    c->to_next_tier[row] = missing;
}

static void write_row(const scoring *s, size_t row, const pmkti_facts *f) {
    const pmkt_rfm_score_options *o = &s->scores->options;
    const pmkti_columns *c = &s->scores->col;
    const bool buyer = f->orders > 0;
    const int32_t tenure = days_ago(s, f->origin_ms);
    const int32_t recency = buyer ? days_ago(s, f->last_ms) : -1;
    const int32_t idle = buyer ? recency : tenure;
    c->user[row] = pmkti_user_of_key(f->key);
    c->recency_days[row] = recency;
    c->orders[row] = f->orders;
    c->orders_per_month[row] = buyer ? per_month(s, f, tenure) : 0.0;
    c->average_order[row] = buyer ? rounded(f->revenue, f->orders) : 0;
    c->revenue[row] = f->revenue;
    c->tenure_days[row] = tenure;
    c->activity[row] = pmkti_activity(o, recency);
    c->lifecycle[row] = lifecycle_of(o, tenure, idle);
    c->brand_stage[row] = stage_of(s, f, c->lifecycle[row]);
    const bool at_risk = idle >= o->at_risk_days && idle < o->churn_days;
    c->flags[row] =
        (uint8_t)((buyer ? 0 : PMKT_RFM_FLAG_PROSPECT) | (at_risk ? PMKT_RFM_FLAG_AT_RISK : 0) |
                  (f->registered ? PMKT_RFM_FLAG_REGISTERED : 0));
    write_tier(s->scores, row, f);
}

static pmkt_status write_part(void *ctx, int64_t p, int worker) {
    const scoring *s = ctx;
    const pmkti_part *part = part_of(s, p);
    size_t row = s->first_row[p], begin = 0;
    pmkti_facts facts;
    (void)worker;
    for (size_t i = 0; i < part->entries.n; i++) {
        pmkti_facts_summary(&s->as_of, &part->entries.at[i], &facts);
        write_row(s, row++, &facts);
    }
    for (size_t i = 0; i < part->customers.n; i++) {
        const pmkti_customer *c = &part->customers.at[i];
        const pmkti_order *orders = pmkti_part_orders(part, begin);
        const size_t n = c->end - begin;
        begin = c->end;
        if (!s->all_known && !pmkti_known_history(&s->as_of, c, orders, n)) continue;
        pmkti_facts_history(&s->as_of, c, orders, n, &facts);
        write_row(s, row++, &facts);
    }
    return PMKT_OK;
}

/* ------------------------------------------------------------------ columns */

/* Wide columns first, so that every column is aligned. */
static pmkt_status make_columns(pmkt_rfm_scores *s) {
    pmkti_columns *c = &s->col;
    int64_t **wide[] = {&c->orders, &c->average_order, &c->revenue, &c->tier_spend,
                        &c->to_next_tier};
    int32_t **half[] = {&c->recency_days, &c->tenure_days};
    uint8_t **bytes[] = {&c->r,         &c->f,           &c->m,    &c->segment, &c->activity,
                         &c->lifecycle, &c->brand_stage, &c->tier, &c->flags};
    const size_t row_bytes = sizeof *c->user + sizeof *c->orders_per_month +
                             sizeof wide / sizeof wide[0] * sizeof(int64_t) +
                             sizeof half / sizeof half[0] * sizeof(int32_t) +
                             sizeof bytes / sizeof bytes[0];
    const size_t n = s->rows;
    s->block = pmkti_alloc(&s->allocator, n ? n : 1, row_bytes);
    if (!s->block) return PMKT_E_NOMEM;
    s->block_bytes = (n ? n : 1) * row_bytes;
    unsigned char *at = s->block;
    c->user = (uint64_t *)(void *)at;
    at += n * sizeof *c->user;
    c->orders_per_month = (double *)(void *)at;
    at += n * sizeof *c->orders_per_month;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++, at += n * sizeof(int64_t)) {
        *wide[i] = (int64_t *)(void *)at;
    }
    for (size_t i = 0; i < sizeof half / sizeof half[0]; i++, at += n * sizeof(int32_t)) {
        *half[i] = (int32_t *)(void *)at;
    }
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++, at += n) *bytes[i] = at;
    return PMKT_OK;
}

/* ------------------------------------------------------------------- driver */

/* The start of the day `days` before as_of's, or the beginning of time. */
static int64_t days_back(const pmkt_zone *zone, int32_t as_of_day, int32_t days) {
    const int32_t day = as_of_day - days;
    return day > PMKT_TIME_MIN / PMKTI_DAY_MS ? pmkti_zone_midnight(zone, day) : PMKT_TIME_MIN;
}

static pmkt_status check_question(const pmkt_rfm *rfm, int64_t as_of_ms,
                                  const pmkt_rfm_score_options *o, pmkt_error *err) {
    if (as_of_ms < PMKT_TIME_MIN ||
        as_of_ms > PMKT_TIME_MAX) { /* exclusive, so that all can be seen */
        return pmkti_fail(err, PMKT_E_INVALID, "as_of_ms is outside the years 1700 to 2999");
    }
    if (rfm->mode != PMKT_RFM_SUMMARY) return PMKT_OK;
    if (as_of_ms <= rfm->last_ms) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                          "a summary cannot look back: as_of_ms is %lld, but the last event is at "
                          "%lld; keep the history for earlier dates",
                          (long long)as_of_ms, (long long)rfm->last_ms);
    }
    if (o->f_window_days > 0) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                          "a summary cannot count the orders of a window (f_window_days)");
    }
    return PMKT_OK;
}

static pmkt_status fill(scoring *s, const pmkti_run *run) {
    pmkt_status status =
        pmkti_parallel(run, (pmkti_stage){"counting", 0, 0.3}, count_part, s, PMKTI_PARTITIONS);
    if (status) return status;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        s->first_row[p + 1] += s->first_row[p];
        s->behavior_seen |= s->behavior[p];
    }
    s->scores->rows = s->first_row[PMKTI_PARTITIONS];
    status = make_columns(s->scores);
    if (status) return status;
    status =
        pmkti_parallel(run, (pmkti_stage){"reading", 0.3, 0.6}, write_part, s, PMKTI_PARTITIONS);
    if (status) return status;
    return s->scores->options.scheme == PMKT_RFM_THRESHOLD ? pmkti_score_threshold(s->scores, run)
                                                           : pmkti_score_quantile(s->scores, run);
}

static pmkt_status score(const pmkt_rfm *rfm, pmkt_rfm_scores *scores, const pmkti_run *run,
                         pmkt_error *err) {
    const pmkt_rfm_score_options *o = &scores->options;
    const pmkt_zone *zone = &rfm->zone;
    scoring s = {.rfm = rfm, .scores = scores};
    s.as_of_day = pmkti_zone_day(zone, scores->as_of_ms);
    s.as_of.ms = scores->as_of_ms;
    s.all_known = rfm->last_ms < scores->as_of_ms;
    s.as_of.unpriced = rfm->unpriced;
    s.as_of.tier_ms = days_back(zone, s.as_of_day, o->tier_days);
    s.as_of.window_ms = days_back(zone, s.as_of_day, o->f_window_days);
    const int workers = pmkti_workers(run, PMKTI_PARTITIONS);
    s.folded = pmkti_alloc_zero(&rfm->allocator, PMKTI_PARTITIONS, sizeof *s.folded);
    s.scratch = pmkti_fold_scratch_new(&rfm->allocator, workers);
    const pmkt_status status = s.folded && s.scratch ? fill(&s, run) : PMKT_E_NOMEM;
    for (int p = 0; s.folded && p < PMKTI_PARTITIONS; p++) {
        pmkti_part_clear(&rfm->allocator, &s.folded[p]);
    }
    pmkti_free(&rfm->allocator, s.folded, PMKTI_PARTITIONS, sizeof *s.folded);
    pmkti_fold_scratch_free(&rfm->allocator, s.scratch, workers);
    return pmkti_rfm_stopped(err, rfm, status);
}

pmkt_status pmkt_rfm_score(const pmkt_rfm *rfm, int64_t as_of_ms,
                           const pmkt_rfm_score_options *options, const pmkt_run *run,
                           pmkt_rfm_scores **scores, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    if (!scores) return pmkti_null(err, "scores");
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, pmkti_rfm_records(rfm), &how, err);
    if (status) return status;
    pmkt_rfm_scores *s = pmkti_alloc_zero(&rfm->allocator, 1, sizeof *s);
    if (!s) return pmkti_no_memory(err, sizeof *s);
    s->allocator = rfm->allocator;
    atomic_init(&s->references, 1);
    s->as_of_ms = as_of_ms;
    memcpy(s->currency, rfm->currency, sizeof s->currency);
    s->currency_exponent = rfm->currency_exponent;
    status = pmkti_score_options(options, s, err);
    if (!status) status = check_question(rfm, as_of_ms, &s->options, err);
    if (!status) status = score(rfm, s, &how, err);
    if (status) {
        pmkt_rfm_scores_free(s);
        return status;
    }
    pmkti_score_names(s);
    *scores = s;
    return PMKT_OK;
}

void pmkt_rfm_scores_free(pmkt_rfm_scores *scores) {
    if (!scores) return;
    if (atomic_fetch_sub_explicit(&scores->references, 1, memory_order_acq_rel) > 1) return;
    const pmkt_allocator allocator = scores->allocator;
    pmkti_free(&allocator, scores->block, scores->block_bytes, 1);
    pmkti_free(&allocator, scores, 1, sizeof *scores);
}
