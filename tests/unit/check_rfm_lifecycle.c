/*
 * Ages and nearness: lifecycle, flags, brand stages, and the calendar of a zone behind them.
 */
#include <stdlib.h>

#include "pmkt.h"
#include "support/rfm.h"
#include "support/suite.h"

#define AS_OF date(2024, 7, 1)
#define BEFORE(days) (AS_OF - (days)*DAY) /* 00:00 so many days ago */
#define AT_RISK PMKT_RFM_FLAG_AT_RISK
#define PROSPECT PMKT_RFM_FLAG_PROSPECT
#define REGISTERED PMKT_RFM_FLAG_REGISTERED

static const pmkt_rfm_score_options defaults = PMKT_RFM_SCORE_OPTIONS_INIT;

/* A customer first seen `age` days ago (0: only by orders) who last ordered `idle` days ago (-1:
   never). */
static customer seen(const pmkt_rfm_score_options *options, int32_t first_kind, int32_t age,
                     int32_t idle) {
    pmkt_rfm *rfm = rfm_history();
    if (first_kind) rfm_add_event(rfm, 1, BEFORE(age), first_kind);
    if (idle >= 0) rfm_add_order(rfm, 1, idle ? BEFORE(idle) : AS_OF - 1, 0, 100);
    const customer c = customer_at(rfm, idle ? AS_OF : AS_OF + 1, options, 1);
    pmkt_rfm_free(rfm);
    return c;
}

/* ---------------------------------------------------------------- lifecycle */

START_TEST(growing_from_7_days_and_mature_from_90) {
    static const struct {
        int32_t age;
        uint8_t stage;
    } CASES[] = {{1, PMKT_RFM_NEW},     {6, PMKT_RFM_NEW},      {7, PMKT_RFM_GROWTH},
                 {8, PMKT_RFM_GROWTH},  {89, PMKT_RFM_GROWTH},  {90, PMKT_RFM_MATURE},
                 {91, PMKT_RFM_MATURE}, {5000, PMKT_RFM_MATURE}};
    static const int32_t KINDS[] = {PMKT_KIND_REGISTER, PMKT_KIND_VIEW, PMKT_KIND_CART,
                                    PMKT_KIND_PAY, PMKT_KIND_CUSTOM + 5};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        for (int64_t k = 0; k < LENGTH(KINDS); k++) {
            const customer c = seen(NULL, KINDS[k], CASES[i].age, 1);
            ck_assert_int_eq(c.tenure_days, CASES[i].age);
            ck_assert_uint_eq(c.lifecycle, CASES[i].stage);
        }
    }
}
END_TEST

START_TEST(churned_from_180_days_without_an_order_whatever_the_age) {
    ck_assert_uint_eq(seen(NULL, PMKT_KIND_VIEW, 400, 179).lifecycle, PMKT_RFM_MATURE);
    ck_assert_uint_eq(seen(NULL, PMKT_KIND_VIEW, 400, 180).lifecycle, PMKT_RFM_CHURNED);
    ck_assert_uint_eq(seen(NULL, PMKT_KIND_VIEW, 400, 181).lifecycle, PMKT_RFM_CHURNED);
    ck_assert_uint_eq(seen(NULL, 0, 0, 179).lifecycle, PMKT_RFM_MATURE);
    ck_assert_uint_eq(seen(NULL, 0, 0, 180).lifecycle, PMKT_RFM_CHURNED);
    pmkt_rfm_score_options o = defaults;
    o.churn_days = 3; /* even a new customer */
    ck_assert_uint_eq(seen(&o, 0, 0, 3).lifecycle, PMKT_RFM_CHURNED);
    ck_assert_uint_eq(seen(&o, 0, 0, 2).lifecycle, PMKT_RFM_NEW);
}
END_TEST

START_TEST(who_never_ordered_is_idle_since_their_first_event) {
    static const struct {
        int32_t age;
        uint8_t stage, flags;
    } CASES[] = {{1, PMKT_RFM_NEW, PROSPECT},
                 {7, PMKT_RFM_GROWTH, PROSPECT},
                 {89, PMKT_RFM_GROWTH, PROSPECT},
                 {90, PMKT_RFM_MATURE, PROSPECT | AT_RISK},
                 {179, PMKT_RFM_MATURE, PROSPECT | AT_RISK},
                 {180, PMKT_RFM_CHURNED, PROSPECT}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        customer c = seen(NULL, PMKT_KIND_VIEW, CASES[i].age, -1);
        ck_assert_uint_eq(c.lifecycle, CASES[i].stage);
        ck_assert_uint_eq(c.flags, CASES[i].flags);
        c = seen(NULL, PMKT_KIND_REGISTER, CASES[i].age, -1);
        ck_assert_uint_eq(c.lifecycle, CASES[i].stage);
        ck_assert_uint_eq(c.flags, CASES[i].flags | REGISTERED);
        ck_assert_int_eq(c.recency_days, -1);
        ck_assert_int_eq(c.tenure_days, CASES[i].age);
    }
}
END_TEST

START_TEST(at_risk_from_90_days_up_to_churn) {
    static const struct {
        int32_t idle;
        uint8_t flags;
    } CASES[] = {{1, 0}, {89, 0}, {90, AT_RISK}, {91, AT_RISK}, {179, AT_RISK}, {180, 0}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        ck_assert_uint_eq(seen(NULL, 0, 0, CASES[i].idle).flags, CASES[i].flags);
    }
}
END_TEST

START_TEST(the_days_of_the_lifecycle_are_options) {
    pmkt_rfm_score_options o = defaults;
    o.growth_days = 2;
    o.mature_days = 4;
    o.churn_days = 6;
    o.at_risk_days = 5;
    static const uint8_t STAGES[] = {PMKT_RFM_NEW,    PMKT_RFM_NEW,    PMKT_RFM_GROWTH,
                                     PMKT_RFM_GROWTH, PMKT_RFM_MATURE, PMKT_RFM_MATURE,
                                     PMKT_RFM_CHURNED};
    for (int32_t age = 1; age <= 6; age++) {
        const customer c = seen(&o, 0, 0, age);
        ck_assert_uint_eq(c.lifecycle, STAGES[age]);
        ck_assert_uint_eq(c.flags, age == 5 ? AT_RISK : 0);
    }
    o = defaults;
    o.growth_days = PMKT_RFM_ZERO; /* nobody is new */
    ck_assert_uint_eq(seen(&o, 0, 0, 1).lifecycle, PMKT_RFM_GROWTH);
    o.mature_days = PMKT_RFM_ZERO; /* and nobody growing */
    ck_assert_uint_eq(seen(&o, 0, 0, 1).lifecycle, PMKT_RFM_MATURE);
    o.at_risk_days = PMKT_RFM_ZERO;
    ck_assert_uint_eq(seen(&o, 0, 0, 1).flags, AT_RISK);
    o.churn_days = PMKT_RFM_ZERO; /* everybody is churned */
    ck_assert_uint_eq(seen(&o, 0, 0, 1).lifecycle, PMKT_RFM_CHURNED);
    ck_assert_uint_eq(seen(&o, 0, 0, 1).flags, 0);
    ck_assert_uint_eq(seen(&o, 0, 0, 0).lifecycle, PMKT_RFM_CHURNED);
}
END_TEST

START_TEST(the_age_counts_from_the_registration_if_there_is_one) {
    pmkt_rfm *rfm = rfm_history(), *sums = rfm_summary();
    pmkt_rfm *both[2] = {rfm, sums};
    for (int i = 0; i < 2; i++) {
        rfm_add_event(both[i], 1, BEFORE(100), PMKT_KIND_VIEW);
        rfm_add_event(both[i], 1, BEFORE(50), PMKT_KIND_REGISTER);
        rfm_add_event(both[i], 1, BEFORE(40), PMKT_KIND_REGISTER);
        rfm_add_order(both[i], 1, BEFORE(60), 0, 100);
        const customer c = customer_at(both[i], AS_OF, NULL, 1);
        ck_assert_int_eq(c.tenure_days, 50); /* the first registration */
        ck_assert_uint_eq(c.flags, REGISTERED);
        ck_assert_int_eq(c.recency_days, 60);
    }
    pmkt_rfm_free(rfm);
    pmkt_rfm_free(sums);
}
END_TEST

START_TEST(a_registration_in_the_future_is_not_known_yet) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_event(rfm, 1, BEFORE(100), PMKT_KIND_VIEW);
    rfm_add_event(rfm, 1, AS_OF, PMKT_KIND_REGISTER);
    rfm_add_event(rfm, 2, AS_OF, PMKT_KIND_REGISTER);
    const customer c = customer_at(rfm, AS_OF, NULL, 1);
    ck_assert_int_eq(c.tenure_days, 100);
    ck_assert_uint_eq(c.flags & REGISTERED, 0);
    ck_assert(!is_known(rfm, AS_OF, 2));
    ck_assert_int_eq(customer_at(rfm, AS_OF + 1, NULL, 1).tenure_days, 0);
    ck_assert_uint_ne(customer_at(rfm, AS_OF + 1, NULL, 1).flags & REGISTERED, 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(any_first_event_makes_a_user_known) {
    for (int32_t kind = 1; kind < PMKT_KIND_COUNT_; kind++) {
        pmkt_rfm *rfm = rfm_history();
        rfm_add_row(rfm, 1, BEFORE(10), kind, 7, 100);
        const customer c = customer_at(rfm, AS_OF, NULL, 1);
        ck_assert_int_eq(c.tenure_days, 10);
        ck_assert_int_eq(c.orders, kind == PMKT_KIND_ORDER);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

/* ------------------------------------------------------------- brand stages */

START_TEST(without_behavior_nothing_is_said_of_those_who_did_not_buy) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_event(rfm, 1, BEFORE(10), PMKT_KIND_REGISTER);
    rfm_add_row(rfm, 2, BEFORE(10), PMKT_KIND_REFUND, 0, 5);
    rfm_add_order(rfm, 3, BEFORE(10), 7, 100);
    rfm_add_row(rfm, 3, BEFORE(9), PMKT_KIND_CANCEL, 7, PMKT_AMOUNT_NULL);
    rfm_add_order(rfm, 4, BEFORE(10), 7, 100);
    for (uint64_t user = 1; user <= 3; user++) {
        ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, user).brand_stage, PMKT_RFM_NOT_OBSERVED);
    }
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 4).brand_stage, PMKT_RFM_BUYER);
    /* Somebody is observed: of the others, who only registered is unaware; who bought is not. */
    rfm_add_event(rfm, 5, BEFORE(3), PMKT_KIND_VIEW);
    for (uint64_t user = 1; user <= 3; user++) {
        ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, user).brand_stage,
                          user == 1 ? PMKT_RFM_UNAWARE : PMKT_RFM_AWARE);
    }
    ck_assert_uint_eq(customer_at(rfm, BEFORE(3), NULL, 1).brand_stage, PMKT_RFM_NOT_OBSERVED);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(kinds_show_awareness_or_interest) {
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        for (int32_t kind = 1; kind <= PMKT_KIND_COUNT_; kind++) {
            if (kind == PMKT_KIND_ORDER || kind == PMKT_KIND_REFUND || kind == PMKT_KIND_CANCEL ||
                kind == PMKT_KIND_REGISTER) {
                continue;
            }
            const bool interest = kind == PMKT_KIND_FAVORITE || kind == PMKT_KIND_FOLLOW ||
                                  kind == PMKT_KIND_CART || kind == PMKT_KIND_CHECKOUT;
            pmkt_rfm *rfm = mode == PMKT_RFM_HISTORY ? rfm_history() : rfm_summary();
            rfm_add_event(rfm, 1, BEFORE(5), kind == PMKT_KIND_COUNT_ ? 40000 : kind);
            ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 1).brand_stage,
                              interest ? PMKT_RFM_INTERESTED : PMKT_RFM_AWARE);
            pmkt_rfm_free(rfm);
        }
    }
}
END_TEST

START_TEST(the_stage_rises_with_what_happens_and_is_that_of_the_date) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_event(rfm, 1, BEFORE(50), PMKT_KIND_REGISTER);
    rfm_add_event(rfm, 2, BEFORE(50), PMKT_KIND_VIEW);
    rfm_add_event(rfm, 1, BEFORE(40), PMKT_KIND_SEARCH);
    rfm_add_event(rfm, 1, BEFORE(30), PMKT_KIND_CART);
    rfm_add_order(rfm, 1, BEFORE(20), 7, 100);
    rfm_add_order(rfm, 1, BEFORE(10), 8, 100);
    static const struct {
        int32_t days;
        uint8_t stage;
    } CASES[] = {{45, PMKT_RFM_UNAWARE},    {40, PMKT_RFM_UNAWARE}, {35, PMKT_RFM_AWARE},
                 {25, PMKT_RFM_INTERESTED}, {15, PMKT_RFM_BUYER},   {5, PMKT_RFM_LOYAL}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        ck_assert_uint_eq(customer_at(rfm, BEFORE(CASES[i].days), NULL, 1).brand_stage,
                          CASES[i].stage);
    }
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(loyal_buyers_order_often_and_are_not_churned) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_buyer(rfm, 1, AS_OF, 179, 0, 2, 200);
    rfm_add_buyer(rfm, 2, AS_OF, 180, 0, 2, 200);
    rfm_add_buyer(rfm, 3, AS_OF, 5, 0, 1, 200);
    rfm_add_buyer(rfm, 4, AS_OF, 5, 0, 3, 200);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 1).brand_stage, PMKT_RFM_LOYAL);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 2).brand_stage, PMKT_RFM_BUYER);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 3).brand_stage, PMKT_RFM_BUYER);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 4).brand_stage, PMKT_RFM_LOYAL);
    pmkt_rfm_score_options o = defaults;
    o.loyal_orders = 3;
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 1).brand_stage, PMKT_RFM_BUYER);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 4).brand_stage, PMKT_RFM_LOYAL);
    o.loyal_orders = 1;
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 3).brand_stage, PMKT_RFM_LOYAL);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 2).brand_stage, PMKT_RFM_BUYER);
    pmkt_rfm_free(rfm);
}
END_TEST

/* --------------------------------------------------------------------- zones */

static pmkt_rfm *in_zone(const pmkt_zone *zone) {
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.zone = zone;
    return rfm_with(&options);
}

START_TEST(days_begin_at_midnight_of_the_zone) {
    pmkt_zone shanghai = PMKT_ZONE_INIT;
    shanghai.offset_minutes = 480;
    pmkt_rfm *rfm = in_zone(&shanghai);
    rfm_add_order(rfm, 1, clock_at(2024, 6, 30, 15, 59), 0, 100); /* 23:59 */
    rfm_add_order(rfm, 2, clock_at(2024, 6, 30, 16, 0), 0, 100);  /* 00:00 of July 1st */
    const int64_t as_of = clock_at(2024, 7, 1, 4, 0);             /* noon */
    ck_assert_int_eq(customer_at(rfm, as_of, NULL, 1).recency_days, 1);
    ck_assert_int_eq(customer_at(rfm, as_of, NULL, 2).recency_days, 0);
    ck_assert_int_eq(customer_at(rfm, clock_at(2024, 7, 1, 15, 59), NULL, 2).recency_days, 0);
    ck_assert_int_eq(customer_at(rfm, clock_at(2024, 7, 1, 16, 0), NULL, 2).recency_days, 1);
    pmkt_rfm_free(rfm);

    pmkt_zone honolulu = PMKT_ZONE_INIT;
    honolulu.offset_minutes = -600;
    rfm = in_zone(&honolulu);
    rfm_add_order(rfm, 1, clock_at(2024, 6, 30, 9, 59), 0, 100); /* 23:59 of June 29th */
    ck_assert_int_eq(customer_at(rfm, clock_at(2024, 7, 1, 10, 0), NULL, 1).recency_days, 2);
    pmkt_rfm_free(rfm);
}
END_TEST

/* London: clocks go forward on 2011-03-27 at 01:00 UTC and back on 2011-10-30 at 01:00 UTC. */
static pmkt_rfm *in_london(void) {
    static const pmkt_transition TABLE[2] = {{INT64_C(1301187600000), 60, 0},
                                             {INT64_C(1319936400000), 0, 0}};
    const pmkt_zone zone = {sizeof zone, 0, TABLE, 2};
    return in_zone(&zone);
}

START_TEST(a_day_of_23_hours_is_a_day) {
    pmkt_rfm *rfm = in_london();
    rfm_add_order(rfm, 1, clock_at(2011, 3, 26, 23, 30), 0, 100); /* the evening before */
    rfm_add_order(rfm, 2, clock_at(2011, 3, 27, 0, 0), 0, 100);   /* its first instant */
    rfm_add_order(rfm, 3, clock_at(2011, 3, 27, 22, 59), 0, 100); /* its last minute */
    rfm_add_order(rfm, 4, clock_at(2011, 3, 27, 23, 0), 0, 100);  /* 00:00 of March 28th */
    const int64_t as_of = clock_at(2011, 3, 27, 23, 30);          /* 00:30 of March 28th */
    static const int32_t DAYS[] = {0, 2, 1, 1, 0};
    for (uint64_t user = 1; user <= 4; user++) {
        ck_assert_int_eq(customer_at(rfm, as_of, NULL, user).recency_days, DAYS[user]);
        ck_assert_int_eq(customer_at(rfm, as_of, NULL, user).tenure_days, DAYS[user]);
    }
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_day_of_25_hours_is_a_day) {
    pmkt_rfm *rfm = in_london();
    rfm_add_order(rfm, 1, clock_at(2011, 10, 29, 22, 59), 0, 100); /* 23:59 BST */
    rfm_add_order(rfm, 2, clock_at(2011, 10, 29, 23, 0), 0, 100);  /* 00:00 BST */
    rfm_add_order(rfm, 3, clock_at(2011, 10, 30, 23, 59), 0, 100); /* 23:59 GMT */
    rfm_add_order(rfm, 4, clock_at(2011, 10, 31, 0, 0), 0, 100);
    const int64_t as_of = clock_at(2011, 10, 31, 0, 1);
    static const int32_t DAYS[] = {0, 2, 1, 1, 0};
    for (uint64_t user = 1; user <= 4; user++) {
        ck_assert_int_eq(customer_at(rfm, as_of, NULL, user).recency_days, DAYS[user]);
    }
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(bounds_hold_across_a_change_of_clocks) {
    pmkt_rfm *rfm = in_london();
    rfm_add_order(rfm, 1, clock_at(2011, 3, 25, 23, 59), 0, 100); /* March 25th */
    rfm_add_order(rfm, 2, clock_at(2011, 3, 26, 0, 1), 0, 100);
    const int64_t as_of = clock_at(2011, 4, 24, 23, 0); /* 00:00 of April 25th */
    ck_assert_int_eq(customer_at(rfm, as_of, NULL, 1).recency_days, 31);
    ck_assert_int_eq(customer_at(rfm, as_of, NULL, 2).recency_days, 30);
    ck_assert_uint_eq(customer_at(rfm, as_of, NULL, 1).r, PMKT_RFM_BAND_MIDDLE);
    ck_assert_uint_eq(customer_at(rfm, as_of, NULL, 2).r, PMKT_RFM_BAND_HIGH);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(windows_begin_at_midnight_of_the_zone) {
    pmkt_rfm *rfm = in_london();
    const int64_t as_of = clock_at(2011, 6, 1, 11, 0);               /* 12:00 BST */
    rfm_add_order(rfm, 1, clock_at(2011, 5, 21, 23, 0), 0, 100);     /* 00:00 of May 22nd */
    rfm_add_order(rfm, 2, clock_at(2011, 5, 21, 23, 0) - 1, 0, 100); /* just before */
    rfm_add_order(rfm, 3, clock_at(2011, 3, 23, 0, 0), 0, 100);      /* 00:00 GMT, 70 days ago */
    rfm_add_order(rfm, 4, clock_at(2011, 3, 23, 0, 0) - 1, 0, 100);
    pmkt_rfm_score_options o = defaults;
    for (int32_t days = 10; days <= 70; days += 60) {
        o.tier_days = days;
        o.f_window_days = days;
        const uint64_t in = days == 10 ? 1 : 3, out = in + 1;
        ck_assert_int_eq(customer_at(rfm, as_of, &o, in).tier_spend, 100);
        ck_assert_int_eq(customer_at(rfm, as_of, &o, out).tier_spend, 0);
        ck_assert_double_gt(customer_at(rfm, as_of, &o, in).orders_per_month, 0);
        ck_assert_double_eq(customer_at(rfm, as_of, &o, out).orders_per_month, 0);
    }
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(windows_longer_than_history_see_everything) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, PMKT_TIME_MIN, 0, 100);
    pmkt_rfm_score_options o = defaults;
    o.tier_days = 1000000;
    o.f_window_days = 1000000;
    ck_assert_int_eq(customer_at(rfm, AS_OF, &o, 1).tier_spend, 100);
    ck_assert_double_gt(customer_at(rfm, AS_OF, &o, 1).orders_per_month, 0);
    ck_assert_int_eq(customer_at(rfm, PMKT_TIME_MIN + 1, &o, 1).tier_spend, 100);
    pmkt_rfm_free(rfm);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm lifecycle");
    TOPIC(suite, "lifecycle", growing_from_7_days_and_mature_from_90,
          churned_from_180_days_without_an_order_whatever_the_age,
          who_never_ordered_is_idle_since_their_first_event, at_risk_from_90_days_up_to_churn,
          the_days_of_the_lifecycle_are_options,
          the_age_counts_from_the_registration_if_there_is_one,
          a_registration_in_the_future_is_not_known_yet, any_first_event_makes_a_user_known);
    TOPIC(suite, "brand stage", without_behavior_nothing_is_said_of_those_who_did_not_buy,
          kinds_show_awareness_or_interest,
          the_stage_rises_with_what_happens_and_is_that_of_the_date,
          loyal_buyers_order_often_and_are_not_churned);
    TOPIC(suite, "zones", days_begin_at_midnight_of_the_zone, a_day_of_23_hours_is_a_day,
          a_day_of_25_hours_is_a_day, bounds_hold_across_a_change_of_clocks,
          windows_begin_at_midnight_of_the_zone, windows_longer_than_history_see_everything);
    return suite_run(suite);
}
