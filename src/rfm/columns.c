/*
 * columns.c - reading scores.
 */
#include "core/error.h"
#include "core/structs.h"
#include "rfm/scores.h"

pmkt_status pmkt_rfm_scores_columns(const pmkt_rfm_scores *scores, pmkt_rfm_columns *out,
                                    pmkt_error *err) {
    if (!scores) return pmkti_null(err, "scores");
    const pmkti_columns *c = &scores->col;
    const bool quantile = scores->options.scheme == PMKT_RFM_QUANTILE;
    pmkt_rfm_columns all = PMKT_RFM_COLUMNS_INIT;
    all.scheme = scores->options.scheme;
    all.rows = (int64_t)scores->rows;
    all.as_of_ms = scores->as_of_ms;
    all.user = c->user;
    all.recency_days = c->recency_days;
    all.orders = c->orders;
    all.orders_per_month = c->orders_per_month;
    all.average_order = c->average_order;
    all.revenue = c->revenue;
    all.tenure_days = c->tenure_days;
    all.r = c->r;
    all.f = c->f;
    all.m = c->m;
    all.segment = c->segment;
    all.activity = c->activity;
    all.lifecycle = c->lifecycle;
    all.brand_stage = c->brand_stage;
    all.tier = c->tier;
    all.flags = c->flags;
    all.tier_spend = c->tier_spend;
    all.to_next_tier = c->to_next_tier;
    all.bins = quantile ? scores->options.bins : 0;
    all.r_cuts = quantile ? scores->r_cuts : NULL;
    all.f_cuts = quantile ? scores->f_cuts : NULL;
    all.m_cuts = quantile ? scores->m_cuts : NULL;
    memcpy(all.currency, scores->currency, sizeof all.currency);
    all.currency_exponent = scores->currency_exponent;
    return pmkti_struct_out(out, &all, sizeof all, offsetof(pmkt_rfm_columns, user), "out", err);
}

static int64_t find(const pmkt_rfm_scores *s, uint64_t user) {
    const uint64_t key = pmkti_key_of_user(user);
    size_t low = 0, high = s->rows;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (pmkti_key_of_user(s->col.user[middle]) < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < s->rows && s->col.user[low] == user ? (int64_t)low : -1;
}

pmkt_status pmkt_rfm_scores_find(const pmkt_rfm_scores *scores, const uint64_t *users, int64_t n,
                                 int64_t *row, pmkt_error *err) {
    if (!scores) return pmkti_null(err, "scores");
    const pmkt_status status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (n > 0 && !users) return pmkti_null(err, "users");
    if (n > 0 && !row) return pmkti_null(err, "row");
    for (int64_t i = 0; i < n; i++) row[i] = find(scores, users[i]);
    return PMKT_OK;
}
