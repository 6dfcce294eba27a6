#include "support/rfm.h"

#include "support/suite.h"

pmkt_rfm *rfm_with(const pmkt_rfm_options *options) {
    pmkt_rfm *rfm = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_new(options, &rfm, &err), err);
    ck_assert_ptr_nonnull(rfm);
    return rfm;
}

pmkt_rfm *rfm_history(void) {
    return rfm_with(NULL);
}

pmkt_rfm *rfm_summary(void) {
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = PMKT_RFM_SUMMARY;
    return rfm_with(&options);
}

void rfm_add(pmkt_rfm *rfm, const batch *b) {
    const pmkt_events events = batch_events(b);
    pmkt_report report = PMKT_REPORT_INIT;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_add(rfm, &events, NULL, &report, &err), err);
    ck_assert_int_eq(report.accepted, b->rows);
}

void rfm_take(pmkt_rfm *rfm, batch *b) {
    rfm_add(rfm, b);
    batch_clear(b);
}

void rfm_add_row(pmkt_rfm *rfm, uint64_t user, int64_t time, int32_t kind, uint64_t order,
                 int64_t amount) {
    batch b = {0};
    batch_row(&b, user, time, kind, order, amount);
    rfm_take(rfm, &b);
}

void rfm_add_order(pmkt_rfm *rfm, uint64_t user, int64_t time, uint64_t order, int64_t amount) {
    rfm_add_row(rfm, user, time, PMKT_KIND_ORDER, order, amount);
}

void rfm_add_event(pmkt_rfm *rfm, uint64_t user, int64_t time, int32_t kind) {
    rfm_add_row(rfm, user, time, kind, PMKT_ID_NONE, PMKT_AMOUNT_NULL);
}

void rfm_add_buyer(pmkt_rfm *rfm, uint64_t user, int64_t as_of, int32_t recency, int32_t span,
                   int64_t orders, int64_t total) {
    const int64_t last = as_of - as_of % DAY - recency * DAY + 12 * HOUR;
    const int64_t each = total / orders, rest = total % orders;
    batch b = {0};
    for (int64_t i = 0; i < orders; i++) {
        const int64_t time = i == 0 && orders > 1 ? last - span * DAY : last;
        batch_order(&b, user, time, PMKT_ID_NONE, i == 0 ? each + rest : each);
    }
    rfm_take(rfm, &b);
}

int64_t rfm_forget_one(pmkt_rfm *rfm, uint64_t user, int64_t when_ms) {
    int64_t found = -1;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_forget(rfm, &user, 1, when_ms, &found, &err), err);
    return found;
}

void rfm_merge(pmkt_rfm *into, const pmkt_rfm *from) {
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_merge(into, from, NULL, &err), err);
}

pmkt_rfm_counters rfm_stats(const pmkt_rfm *rfm) {
    pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_stats(rfm, &counters, &err), err);
    return counters;
}

pmkt_rfm_scores *rfm_score(const pmkt_rfm *rfm, int64_t as_of,
                           const pmkt_rfm_score_options *options) {
    pmkt_rfm_scores *scores = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_score(rfm, as_of, options, NULL, &scores, &err), err);
    ck_assert_ptr_nonnull(scores);
    return scores;
}

pmkt_rfm_columns columns_of(const pmkt_rfm_scores *scores) {
    pmkt_rfm_columns columns = PMKT_RFM_COLUMNS_INIT;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_scores_columns(scores, &columns, &err), err);
    return columns;
}

int64_t row_of(const pmkt_rfm_scores *scores, uint64_t user) {
    int64_t row = -2;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_scores_find(scores, &user, 1, &row, &err), err);
    return row;
}

customer customer_of(const pmkt_rfm_scores *scores, uint64_t user) {
    const pmkt_rfm_columns c = columns_of(scores);
    const int64_t i = row_of(scores, user);
    ck_assert_int_ge(i, 0);
    ck_assert_uint_eq(c.user[i], user);
    return (customer){
        .recency_days = c.recency_days[i],
        .tenure_days = c.tenure_days[i],
        .orders = c.orders[i],
        .average_order = c.average_order[i],
        .revenue = c.revenue[i],
        .tier_spend = c.tier_spend[i],
        .to_next_tier = c.to_next_tier[i],
        .orders_per_month = c.orders_per_month[i],
        .r = c.r[i],
        .f = c.f[i],
        .m = c.m[i],
        .segment = c.segment[i],
        .activity = c.activity[i],
        .lifecycle = c.lifecycle[i],
        .brand_stage = c.brand_stage[i],
        .tier = c.tier[i],
        .flags = c.flags[i],
    };
}

customer customer_at(const pmkt_rfm *rfm, int64_t as_of, const pmkt_rfm_score_options *options,
                     uint64_t user) {
    pmkt_rfm_scores *scores = rfm_score(rfm, as_of, options);
    const customer c = customer_of(scores, user);
    pmkt_rfm_scores_free(scores);
    return c;
}

int is_known(const pmkt_rfm *rfm, int64_t as_of, uint64_t user) {
    pmkt_rfm_scores *scores = rfm_score(rfm, as_of, NULL);
    const int64_t row = row_of(scores, user);
    pmkt_rfm_scores_free(scores);
    return row >= 0;
}

pmkt_rfm_migration *migrate(const pmkt_rfm_scores *before, const pmkt_rfm_scores *after,
                            int32_t by) {
    pmkt_rfm_migration *migration = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_migrate(before, after, by, NULL, &migration, &err), err);
    ck_assert_ptr_nonnull(migration);
    return migration;
}
