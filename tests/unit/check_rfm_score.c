/*
 * Scores by fixed bounds: each bound exactly at, below and above; ages, stages, tiers.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/rfm.h"
#include "support/suite.h"

#define AS_OF date(2024, 7, 1)
#define BEFORE(days) (AS_OF - (days)*DAY) /* 00:00 so many days ago */
#define NONE PMKT_RFM_BAND_NONE
#define LOW PMKT_RFM_BAND_LOW
#define MIDDLE PMKT_RFM_BAND_MIDDLE
#define HIGH PMKT_RFM_BAND_HIGH
#define NULL_AMOUNT PMKT_AMOUNT_NULL

static const pmkt_rfm_score_options defaults = PMKT_RFM_SCORE_OPTIONS_INIT;

/* A customer with such orders, scored. */
static customer buyer(const pmkt_rfm_score_options *options, int32_t recency, int32_t span,
                      int64_t orders, int64_t total) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_buyer(rfm, 1, AS_OF, recency, span, orders, total);
    const customer c = customer_at(rfm, AS_OF, options, 1);
    ck_assert_int_eq(c.recency_days, recency);
    ck_assert_int_eq(c.orders, orders);
    ck_assert_int_eq(c.revenue, total);
    pmkt_rfm_free(rfm);
    return c;
}

/* ------------------------------------------------------------------ recency */

START_TEST(active_up_to_30_days_and_dormant_from_90_on) {
    static const struct {
        int32_t days;
        uint8_t band;
    } CASES[] = {{1, HIGH},    {29, HIGH}, {30, HIGH}, {31, MIDDLE}, {60, MIDDLE},
                 {89, MIDDLE}, {90, LOW},  {91, LOW},  {3000, LOW}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        const customer c = buyer(NULL, CASES[i].days, 0, 1, 100);
        ck_assert_uint_eq(c.r, CASES[i].band);
        ck_assert_uint_eq(c.activity, CASES[i].band);
    }
}
END_TEST

START_TEST(the_days_of_activity_are_options) {
    pmkt_rfm_score_options o = defaults;
    o.active_days = 3;
    o.dormant_days = 5;
    static const uint8_t BANDS[] = {NONE, HIGH, HIGH, HIGH, MIDDLE, LOW, LOW};
    for (int32_t days = 1; days <= 6; days++) {
        ck_assert_uint_eq(buyer(&o, days, 0, 1, 100).r, BANDS[days]);
    }
    o.active_days = PMKT_RFM_ZERO; /* today only */
    o.dormant_days = 1;            /* no day between */
    ck_assert_uint_eq(buyer(&o, 1, 0, 1, 100).r, LOW);
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, AS_OF, 0, 100);
    ck_assert_uint_eq(customer_at(rfm, AS_OF + 1, &o, 1).r, HIGH);
    ck_assert_int_eq(customer_at(rfm, AS_OF + DAY - 1, &o, 1).recency_days, 0);
    ck_assert_uint_eq(customer_at(rfm, AS_OF + DAY, &o, 1).r, LOW);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(days_are_counted_on_the_calendar) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, AS_OF - 1, 0, 100);          /* 23:59:59.999 yesterday */
    rfm_add_order(rfm, 2, BEFORE(1), 0, 100);          /* 00:00 yesterday */
    rfm_add_order(rfm, 3, BEFORE(1) - MINUTE, 0, 100); /* 23:59 of the day before */
    ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 1).recency_days, 1);
    ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 2).recency_days, 1);
    ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 3).recency_days, 2);
    ck_assert_int_eq(customer_at(rfm, AS_OF + DAY - 1, NULL, 1).recency_days, 1);
    ck_assert_int_eq(customer_at(rfm, AS_OF + DAY, NULL, 1).recency_days, 2);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(what_happens_at_the_instant_asked_for_is_not_seen) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, BEFORE(5), 0, 100);
    rfm_add_order(rfm, 1, BEFORE(2), 0, 100);
    rfm_add_event(rfm, 2, BEFORE(2), PMKT_KIND_VIEW);
    ck_assert(!is_known(rfm, BEFORE(5), 1));
    ck_assert(is_known(rfm, BEFORE(5) + 1, 1));
    ck_assert(!is_known(rfm, BEFORE(2), 2));
    ck_assert(is_known(rfm, BEFORE(2) + 1, 2));
    ck_assert_int_eq(customer_at(rfm, BEFORE(2), NULL, 1).orders, 1);
    ck_assert_int_eq(customer_at(rfm, BEFORE(2), NULL, 1).recency_days, 3);
    ck_assert_int_eq(customer_at(rfm, BEFORE(2) + 1, NULL, 1).orders, 2);
    ck_assert_int_eq(customer_at(rfm, BEFORE(2) + 1, NULL, 1).recency_days, 0);
    pmkt_rfm_free(rfm);
}
END_TEST

/* ---------------------------------------------------------------- frequency */

START_TEST(frequency_is_the_pace_while_they_bought) {
    static const struct {
        int32_t span;
        int64_t orders;
        double per_month;
        uint8_t band;
    } CASES[] = {
        {0, 1, 1.0, LOW},
        {0, 2, 2.0, MIDDLE},
        {0, 3, 3.0, HIGH},
        {29, 3, 3.0, HIGH},
        {30, 3, 3.0, HIGH},
        {31, 3, 90.0 / 31, MIDDLE},
        {90, 9, 3.0, HIGH},
        {91, 9, 270.0 / 91, MIDDLE},
        {89, 9, 270.0 / 89, HIGH},
        {60, 2, 1.0, LOW},
        {59, 2, 60.0 / 59, MIDDLE},
        {61, 2, 60.0 / 61, LOW},
        {70, 7, 3.0, HIGH},
        {210, 7, 1.0, LOW},
        {209, 7, 210.0 / 209, MIDDLE},
        {3650, 366, 10980.0 / 3650, HIGH},
    };
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        const customer c = buyer(NULL, 400, CASES[i].span, CASES[i].orders, 100000);
        ck_assert_double_eq(c.orders_per_month, CASES[i].per_month);
        ck_assert_msg(c.f == CASES[i].band, "case %d: band %d", (int)i, c.f);
    }
}
END_TEST

START_TEST(a_dormant_customer_can_be_of_high_frequency) {
    const customer c = buyer(NULL, 200, 30, 3, 90000);
    ck_assert_uint_eq(c.r, LOW);
    ck_assert_uint_eq(c.f, HIGH);
    ck_assert_uint_eq(c.segment, PMKT_RFM_DORMANT_HIGH_HIGH);
}
END_TEST

START_TEST(the_bounds_of_frequency_are_exact) {
    pmkt_rfm_score_options o = defaults;
    o.f_low = 0.1; /* 2 orders in 600 days are 0.1 a month, as near as a double can say it */
    o.f_high = 0.3;
    ck_assert_uint_eq(buyer(&o, 5, 600, 2, 100).f, LOW);
    ck_assert_uint_eq(buyer(&o, 5, 599, 2, 100).f, MIDDLE);
    ck_assert_uint_eq(buyer(&o, 5, 200, 2, 100).f, HIGH);
    ck_assert_uint_eq(buyer(&o, 5, 201, 2, 100).f, MIDDLE);
    o.f_low = o.f_high = 0.3; /* no middle: at both bounds, high wins */
    ck_assert_uint_eq(buyer(&o, 5, 200, 2, 100).f, HIGH);
    ck_assert_uint_eq(buyer(&o, 5, 201, 2, 100).f, LOW);
}
END_TEST

START_TEST(the_month_is_an_option) {
    pmkt_rfm_score_options o = defaults;
    o.month_days = 7;
    ck_assert_double_eq(buyer(&o, 5, 14, 4, 100).orders_per_month, 2);
    ck_assert_double_eq(buyer(&o, 5, 6, 4, 100).orders_per_month, 4);
    ck_assert_double_eq(buyer(&o, 5, 8, 4, 100).orders_per_month, 3.5);
    o.month_days = 1;
    ck_assert_double_eq(buyer(&o, 5, 0, 4, 100).orders_per_month, 4);
}
END_TEST

START_TEST(frequency_can_be_the_number_of_orders) {
    pmkt_rfm_score_options o = defaults;
    o.frequency = PMKT_RFM_F_ORDERS;
    o.f_high = 5;
    o.f_low = 2;
    static const uint8_t BANDS[] = {NONE, LOW, LOW, MIDDLE, MIDDLE, HIGH, HIGH};
    for (int64_t orders = 1; orders <= 6; orders++) {
        ck_assert_uint_eq(buyer(&o, 5, 300, orders, 1000).f, BANDS[orders]);
    }
}
END_TEST

START_TEST(zero_bounds_can_be_asked_for) {
    pmkt_rfm_score_options o = defaults;
    o.f_low = o.f_high = PMKT_RFM_ZERO;
    o.m_low = o.m_high = PMKT_RFM_ZERO;
    customer c = buyer(&o, 5, 0, 1, 1);
    ck_assert_uint_eq(c.f, HIGH);
    ck_assert_uint_eq(c.m, HIGH);
    o = defaults;
    o.m_low = PMKT_RFM_ZERO;
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, BEFORE(5), 0, 10);
    rfm_add_row(rfm, 1, BEFORE(5), PMKT_KIND_REFUND, 0, 9);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 1).m, MIDDLE);
    rfm_add_row(rfm, 1, BEFORE(5), PMKT_KIND_REFUND, 0, 1);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 1).m, LOW);
    rfm_add_row(rfm, 1, BEFORE(5), PMKT_KIND_REFUND, 0, 1);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 1).m, LOW);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_window_counts_the_orders_of_its_days_only) {
    pmkt_rfm_score_options o = defaults;
    o.f_window_days = 90;
    pmkt_rfm *rfm = rfm_history();
    batch b = {0};
    batch_order(&b, 1, BEFORE(400), 0, 100);
    batch_order(&b, 1, BEFORE(90) - 1, 0, 100); /* one millisecond too early */
    batch_order(&b, 1, BEFORE(90), 0, 100);
    batch_order(&b, 1, BEFORE(50), 0, 100);
    batch_order(&b, 1, AS_OF - 1, 0, 100);
    batch_order(&b, 1, AS_OF, 0, 100); /* too late */
    batch_order(&b, 2, BEFORE(400), 0, 100);
    rfm_take(rfm, &b);
    const customer one = customer_at(rfm, AS_OF, &o, 1), two = customer_at(rfm, AS_OF, &o, 2);
    ck_assert_double_eq(one.orders_per_month, 1);
    ck_assert_int_eq(one.orders, 5); /* which stay all */
    ck_assert_double_eq(two.orders_per_month, 0);
    ck_assert_uint_eq(two.f, LOW);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_window_is_no_longer_than_the_users_age_and_no_shorter_than_a_month) {
    pmkt_rfm_score_options o = defaults;
    o.f_window_days = 90;
    static const struct {
        int32_t age;
        double per_month;
    } CASES[] = {{10, 3},         {30, 3}, {31, 90.0 / 31}, {45, 2},
                 {89, 90.0 / 89}, {90, 1}, {91, 1},         {500, 1}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        pmkt_rfm *rfm = rfm_history();
        rfm_add_event(rfm, 1, BEFORE(CASES[i].age), PMKT_KIND_VIEW);
        rfm_add_buyer(rfm, 1, AS_OF, 5, 0, 3, 300);
        const customer c = customer_at(rfm, AS_OF, &o, 1);
        ck_assert_int_eq(c.tenure_days, CASES[i].age);
        ck_assert_double_eq(c.orders_per_month, CASES[i].per_month);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

/* ------------------------------------------------------------------ monetary */

START_TEST(value_is_the_average_order_compared_without_rounding) {
    static const struct {
        int64_t orders, total, average;
        uint8_t band;
    } CASES[] = {
        {1, 20000, 20000, HIGH}, {1, 19999, 19999, MIDDLE}, {1, 20001, 20001, HIGH},
        {3, 60000, 20000, HIGH}, {3, 59999, 20000, MIDDLE}, {2, 39999, 20000, MIDDLE},
        {3, 60001, 20000, HIGH}, {1, 5000, 5000, LOW},      {1, 5001, 5001, MIDDLE},
        {1, 4999, 4999, LOW},    {3, 15000, 5000, LOW},     {3, 15001, 5000, MIDDLE},
        {3, 14999, 5000, LOW},   {1, 0 + 1, 1, LOW},        {7, 7 * 20000 - 1, 20000, MIDDLE},
    };
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        const customer c = buyer(NULL, 5, 0, CASES[i].orders, CASES[i].total);
        ck_assert_int_eq(c.average_order, CASES[i].average);
        ck_assert_msg(c.m == CASES[i].band, "case %d: band %d", (int)i, c.m);
    }
}
END_TEST

START_TEST(value_can_be_the_revenue) {
    pmkt_rfm_score_options o = defaults;
    o.monetary = PMKT_RFM_M_REVENUE;
    ck_assert_uint_eq(buyer(&o, 5, 0, 4, 20000).m, HIGH);
    ck_assert_uint_eq(buyer(&o, 5, 0, 4, 19999).m, MIDDLE);
    ck_assert_uint_eq(buyer(&o, 5, 0, 4, 5001).m, MIDDLE);
    ck_assert_uint_eq(buyer(&o, 5, 0, 4, 5000).m, LOW);
    o.m_low = o.m_high = 7000;
    ck_assert_uint_eq(buyer(&o, 5, 0, 4, 7000).m, HIGH);
    ck_assert_uint_eq(buyer(&o, 5, 0, 4, 6999).m, LOW);
}
END_TEST

START_TEST(the_average_order_is_rounded_half_away_from_zero) {
    static const struct {
        int64_t orders, total, back, average;
    } CASES[] = {{2, 5, 0, 3},   {2, 4, 0, 2},  {3, 7, 0, 2},   {3, 8, 0, 3},   {4, 6, 0, 2},
                 {2, 5, 10, -3}, {2, 5, 8, -2}, {3, 8, 16, -3}, {3, 8, 15, -2}, {3, 8, 8, 0}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        pmkt_rfm *rfm = rfm_history();
        rfm_add_buyer(rfm, 1, AS_OF, 5, 0, CASES[i].orders, CASES[i].total);
        rfm_add_row(rfm, 1, BEFORE(4), PMKT_KIND_REFUND, 0, CASES[i].back);
        const customer c = customer_at(rfm, AS_OF, NULL, 1);
        ck_assert_int_eq(c.orders, CASES[i].orders);
        ck_assert_int_eq(c.revenue, CASES[i].total - CASES[i].back);
        ck_assert_msg(c.average_order == CASES[i].average, "case %d: %lld", (int)i,
                      (long long)c.average_order);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

/* --------------------------------------------------------------------- tiers */

START_TEST(gold_begins_at_exactly_5000) {
    static const struct {
        int64_t total;
        uint8_t tier;
        int64_t missing;
    } CASES[] = {{1, 0, 499999}, {499999, 0, 1}, {500000, 1, 0}, {500001, 1, 0}, {100000000, 1, 0}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        const customer c = buyer(NULL, 5, 0, 1, CASES[i].total);
        ck_assert_uint_eq(c.tier, CASES[i].tier);
        ck_assert_int_eq(c.tier_spend, CASES[i].total);
        ck_assert_int_eq(c.to_next_tier, CASES[i].missing);
    }
}
END_TEST

START_TEST(the_spend_of_the_last_365_days_decides_the_tier) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, BEFORE(365), 0, 500000);
    rfm_add_order(rfm, 2, BEFORE(365) - 1, 0, 500000);
    rfm_add_order(rfm, 3, AS_OF - 1, 0, 500000);
    rfm_add_order(rfm, 4, BEFORE(366), 7, 500000); /* the refund alone lies in the window */
    rfm_add_row(rfm, 4, BEFORE(10), PMKT_KIND_REFUND, 7, 200);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 1).tier, 1);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 2).tier, 0);
    ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 2).tier_spend, 0);
    ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 2).revenue, 500000);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 3).tier, 1);
    ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 4).tier_spend, -200);
    ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 4).to_next_tier, 500200);
    pmkt_rfm_score_options o = defaults;
    o.tier_days = 366;
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 2).tier, 1);
    ck_assert_int_eq(customer_at(rfm, AS_OF, &o, 4).tier_spend, 499800);
    o.tier_days = 1;
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 1).tier, 0);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 3).tier, 1);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_canceled_order_is_not_spend) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, BEFORE(20), 7, 500000);
    rfm_add_order(rfm, 1, BEFORE(20), 8, 100);
    rfm_add_row(rfm, 1, BEFORE(10), PMKT_KIND_CANCEL, 7, NULL_AMOUNT);
    ck_assert_int_eq(customer_at(rfm, BEFORE(10), NULL, 1).tier_spend, 500100);
    ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 1).tier_spend, 100);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(tiers_are_a_table_of_up_to_64) {
    pmkt_rfm_tier table[65];
    char names[65][64];
    for (int i = 0; i < 65; i++) {
        memset(names[i], 'a' + i % 26, 63); /* the longest name */
        names[i][63] = '\0';
        table[i] = (pmkt_rfm_tier){names[i], i * 1000};
    }
    pmkt_rfm_score_options o = defaults;
    o.tiers = table;
    o.n_tiers = 64;
    pmkt_rfm *rfm = rfm_history();
    for (int i = 0; i < 64; i++) {
        rfm_add_order(rfm, (uint64_t)i + 1, BEFORE(5), 0, i * 1000 + 999);
        rfm_add_order(rfm, (uint64_t)i + 101, BEFORE(5), 0, i * 1000);
    }
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
    ck_assert_int_eq(pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_TIER), 65);
    for (int i = 0; i < 64; i++) {
        const customer below = customer_of(scores, (uint64_t)i + 1);
        const customer at = customer_of(scores, (uint64_t)i + 101);
        ck_assert_int_eq(below.tier, i);
        ck_assert_int_eq(at.tier, i);
        ck_assert_int_eq(below.to_next_tier, i < 63 ? 1 : 0);
        ck_assert_int_eq(at.to_next_tier, i < 63 ? 1000 : 0);
        ck_assert_str_eq(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_TIER, i), names[i]);
    }
    pmkt_rfm_scores_free(scores);
    const pmkt_rfm_tier one = {"all", 0};
    o.tiers = &one;
    o.n_tiers = 1;
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 64).tier, 0);
    ck_assert_int_eq(customer_at(rfm, AS_OF, &o, 64).to_next_tier, 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(tier_names_are_copied) {
    char name[] = "bronze";
    pmkt_rfm_tier table[1] = {{name, 0}};
    pmkt_rfm_score_options o = defaults;
    o.tiers = table;
    o.n_tiers = 1;
    pmkt_rfm *rfm = rfm_history();
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
    memset(name, 'x', sizeof name - 1);
    memset(table, 0, sizeof table);
    pmkt_rfm_free(rfm); /* scores live on */
    ck_assert_str_eq(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_TIER, 0), "bronze");
    pmkt_rfm_scores_free(scores);
}
END_TEST

/* ------------------------------------------------------------------ questions */

START_TEST(dates_before_the_data_and_empty_states_give_no_rows) {
    pmkt_rfm *rfm = rfm_history();
    for (int round = 0; round < 2; round++) {
        static const int64_t DATES[] = {PMKT_TIME_MIN, PMKT_TIME_MIN + 1, 0};
        for (int64_t i = 0; i < LENGTH(DATES); i++) {
            pmkt_rfm_scores *scores = rfm_score(rfm, DATES[i], NULL);
            const pmkt_rfm_columns c = columns_of(scores);
            ck_assert_int_eq(c.rows, 0);
            ck_assert_int_eq(c.as_of_ms, DATES[i]);
            ck_assert_int_eq(row_of(scores, 1), -1);
            pmkt_rfm_scores_free(scores);
        }
        rfm_add_order(rfm, 1, 0, 0, 100);
    }
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(the_whole_range_of_times_can_be_asked_for_and_nothing_beyond) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, PMKT_TIME_MIN, 0, 100);
    rfm_add_order(rfm, 2, PMKT_TIME_MAX - 1, 0, 100);
    ck_assert(is_known(rfm, PMKT_TIME_MIN + 1, 1));
    pmkt_rfm_scores *scores = rfm_score(rfm, PMKT_TIME_MAX, NULL);
    ck_assert_int_eq(customer_of(scores, 1).recency_days, (PMKT_TIME_MAX - PMKT_TIME_MIN) / DAY);
    ck_assert_int_eq(customer_of(scores, 2).recency_days, 1);
    pmkt_rfm_scores_free(scores);
    static const int64_t BAD[] = {PMKT_TIME_NULL, PMKT_TIME_MIN - 1, PMKT_TIME_MAX + 1, INT64_MAX};
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        scores = NULL;
        ck_assert_int_eq(pmkt_rfm_score(rfm, BAD[i], NULL, NULL, &scores, NULL), PMKT_E_INVALID);
        ck_assert_ptr_null(scores);
    }
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(dates_before_1970_are_dates_like_any_other) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, date(1969, 12, 31) + 23 * HOUR, 0, 100);
    rfm_add_order(rfm, 2, date(1850, 3, 1) - 1, 0, 100);
    ck_assert_int_eq(customer_at(rfm, 1, NULL, 1).recency_days, 1);
    ck_assert_int_eq(customer_at(rfm, 0, NULL, 1).recency_days, 1);
    ck_assert_int_eq(customer_at(rfm, -1, NULL, 1).recency_days, 0);
    ck_assert_int_eq(customer_at(rfm, date(1850, 3, 1), NULL, 2).recency_days, 1);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(users_are_found_and_others_are_not) {
    pmkt_rfm *rfm = rfm_history();
    batch b = {0};
    for (uint64_t user = 2; user <= 2000; user += 2) batch_order(&b, user, BEFORE(5), 0, 100);
    rfm_take(rfm, &b);
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, NULL);
    const pmkt_rfm_columns c = columns_of(scores);
    ck_assert_int_eq(c.rows, 1000);
    uint64_t users[2002];
    int64_t rows[2002];
    for (uint64_t i = 0; i < 2001; i++) users[i] = i;
    users[2001] = UINT64_MAX;
    ck_assert_int_eq(pmkt_rfm_scores_find(scores, users, 2002, rows, NULL), PMKT_OK);
    for (uint64_t i = 0; i < 2001; i++) {
        if (i > 0 && i % 2 == 0) {
            ck_assert_int_ge(rows[i], 0);
            ck_assert_uint_eq(c.user[rows[i]], i);
        } else {
            ck_assert_int_eq(rows[i], -1);
        }
    }
    ck_assert_int_eq(rows[2001], -1);
    ck_assert_int_eq(pmkt_rfm_scores_find(scores, NULL, 0, NULL, NULL), PMKT_OK);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(rows_stand_in_an_order_of_the_users_alone) {
    pmkt_rfm *a = rfm_history(), *b = rfm_summary();
    for (uint64_t user = 1; user <= 300; user++) rfm_add_order(a, user, BEFORE(9), 0, 100);
    for (uint64_t user = 300; user >= 1; user--) rfm_add_event(b, user, BEFORE(2), PMKT_KIND_VIEW);
    pmkt_rfm_scores *sa = rfm_score(a, AS_OF, NULL), *sb = rfm_score(b, AS_OF, NULL);
    const pmkt_rfm_columns ca = columns_of(sa), cb = columns_of(sb);
    ck_assert_int_eq(ca.rows, 300);
    ck_assert_int_eq(cb.rows, 300);
    ck_assert_mem_eq(ca.user, cb.user, 300 * sizeof *ca.user);
    pmkt_rfm_scores_free(sa);
    pmkt_rfm_scores_free(sb);
    pmkt_rfm_free(a);
    pmkt_rfm_free(b);
}
END_TEST

START_TEST(the_columns_say_what_they_are) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, BEFORE(5), 0, 100);
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, NULL);
    const pmkt_rfm_columns c = columns_of(scores);
    ck_assert_int_eq(c.scheme, PMKT_RFM_THRESHOLD);
    ck_assert_int_eq(c.as_of_ms, AS_OF);
    ck_assert_int_eq(c.bins, 0);
    ck_assert_ptr_null(c.r_cuts);
    ck_assert_ptr_null(c.f_cuts);
    ck_assert_ptr_null(c.m_cuts);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm score");
    TOPIC(suite, "recency", active_up_to_30_days_and_dormant_from_90_on,
          the_days_of_activity_are_options, days_are_counted_on_the_calendar,
          what_happens_at_the_instant_asked_for_is_not_seen);
    TOPIC(suite, "frequency", frequency_is_the_pace_while_they_bought,
          a_dormant_customer_can_be_of_high_frequency, the_bounds_of_frequency_are_exact,
          the_month_is_an_option, frequency_can_be_the_number_of_orders,
          zero_bounds_can_be_asked_for, a_window_counts_the_orders_of_its_days_only,
          a_window_is_no_longer_than_the_users_age_and_no_shorter_than_a_month);
    TOPIC(suite, "monetary", value_is_the_average_order_compared_without_rounding,
          value_can_be_the_revenue, the_average_order_is_rounded_half_away_from_zero);
    TOPIC(suite, "tiers", gold_begins_at_exactly_5000,
          the_spend_of_the_last_365_days_decides_the_tier, a_canceled_order_is_not_spend,
          tiers_are_a_table_of_up_to_64, tier_names_are_copied);
    TOPIC(suite, "questions", dates_before_the_data_and_empty_states_give_no_rows,
          the_whole_range_of_times_can_be_asked_for_and_nothing_beyond,
          dates_before_1970_are_dates_like_any_other, users_are_found_and_others_are_not,
          rows_stand_in_an_order_of_the_users_alone, the_columns_say_what_they_are);
    return suite_run(suite);
}
