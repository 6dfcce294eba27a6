/*
 * Corners where two dates meet: cancellations and later refunds, clocks set back over midnight,
 * orders older than the registration, and money in currencies without two decimals.
 */
#include <string.h>

#include "pmkt.h"
#include "support/rfm.h"
#include "support/suite.h"

#define AS_OF date(2020, 7, 1)

/* ------------------------------------------------- cancellations, then refunds */

/* An order of 1,000 on 2019-01-01 that is canceled the next day. */
static pmkt_rfm *canceled_order(void) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_row(rfm, 1, date(2019, 1, 1), PMKT_KIND_ORDER, 7, 1000);
    rfm_add_row(rfm, 1, date(2019, 1, 2), PMKT_KIND_CANCEL, 7, PMKT_AMOUNT_NULL);
    return rfm;
}

START_TEST(a_refund_pays_out_an_earlier_cancellation) {
    pmkt_rfm *rfm = canceled_order();
    rfm_add_row(rfm, 1, date(2020, 6, 5), PMKT_KIND_REFUND, 7, 1000);
    const customer c = customer_at(rfm, AS_OF, NULL, 1);
    ck_assert_int_eq(c.revenue, 0);
    ck_assert_int_eq(c.tier_spend, 0); /* all of it was given back outside the last year */
    ck_assert_int_eq(c.orders, 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(only_what_a_later_refund_gives_beyond_the_order_counts) {
    pmkt_rfm *rfm = canceled_order();
    rfm_add_row(rfm, 1, date(2020, 6, 5), PMKT_KIND_REFUND, 7, 700);
    rfm_add_row(rfm, 1, date(2020, 6, 6), PMKT_KIND_REFUND, 7, 500);
    const customer c = customer_at(rfm, AS_OF, NULL, 1);
    ck_assert_int_eq(c.revenue, -200);
    ck_assert_int_eq(c.tier_spend, -200);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_refund_before_the_cancellation_leaves_it_less_to_give_back) {
    pmkt_rfm *rfm = canceled_order();
    rfm_add_row(rfm, 1, date(2019, 1, 1) + 1, PMKT_KIND_REFUND, 7, 400);
    const customer c = customer_at(rfm, date(2019, 1, 3), NULL, 1);
    ck_assert_int_eq(c.revenue, 0);
    ck_assert_int_eq(customer_at(rfm, date(2019, 1, 2), NULL, 1).revenue, 600);
    pmkt_rfm_free(rfm);
}
END_TEST

/* ------------------------------------------------------------------- calendars */

/* One hour back at 00:01, to 23:01 of the day before, as in Newfoundland until 2011. */
START_TEST(clocks_set_back_over_midnight_make_no_negative_days) {
    const int64_t change = date(2008, 11, 2) + 151 * INT64_C(60000); /* 00:01 at UTC-02:30 */
    const pmkt_transition back = {change, -210, 0};
    pmkt_zone zone = PMKT_ZONE_INIT;
    zone.offset_minutes = -150;
    zone.transitions = &back;
    zone.n_transitions = 1;
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.zone = &zone;
    pmkt_rfm *rfm = rfm_with(&options);
    rfm_add_order(rfm, 1, change - 1000, 7, 100);                  /* at 00:00:59 of November 2 */
    const customer c = customer_at(rfm, change + 600000, NULL, 1); /* at 23:11 of November 1 */
    ck_assert_int_eq(c.recency_days, 0);
    ck_assert_int_eq(c.tenure_days, 0);
    ck_assert_int_eq(c.activity, PMKT_RFM_BAND_HIGH);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_late_registration_does_not_shorten_the_window_of_orders) {
    pmkt_rfm *rfm = rfm_history();
    for (int64_t month = 0; month < 10; month++) {
        rfm_add_order(rfm, 1, AS_OF - (300 - month * 30) * DAY, 0, 100);
    }
    rfm_add_event(rfm, 1, AS_OF - 5 * DAY, PMKT_KIND_REGISTER);
    pmkt_rfm_score_options options = PMKT_RFM_SCORE_OPTIONS_INIT;
    options.f_window_days = 300;
    const customer c = customer_at(rfm, AS_OF, &options, 1);
    ck_assert_int_eq(c.tenure_days, 5);
    ck_assert_double_eq(c.orders_per_month, 1.0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(what_lies_at_the_last_instant_can_be_scored_and_forgotten) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, PMKT_TIME_MAX - 1, 7, 100);
    ck_assert_int_eq(customer_at(rfm, PMKT_TIME_MAX, NULL, 1).orders, 1);
    ck_assert_int_eq(rfm_forget_one(rfm, 1, PMKT_TIME_MAX), 1);
    ck_assert(!is_known(rfm, PMKT_TIME_MAX, 1));
    pmkt_rfm_free(rfm);
}
END_TEST

/* ------------------------------------------------------------------ currencies */

static void add_in(pmkt_rfm *rfm, const char *currency, int32_t exponent, int64_t amount) {
    const uint64_t user = 1;
    const int64_t time = AS_OF - DAY;
    pmkt_events events = PMKT_EVENTS_INIT;
    events.rows = 1;
    events.user = &user;
    events.time = &time;
    events.amount = &amount;
    events.every_kind = PMKT_KIND_ORDER;
    memcpy(events.currency, currency, 3);
    events.currency_exponent = exponent;
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, NULL, NULL), PMKT_OK);
}

START_TEST(default_bounds_are_in_units_of_the_currency) {
    static const struct {
        const char *currency;
        int32_t exponent;
        int64_t unit;
    } CASES[] = {{"JPY", 0, 1}, {"CNY", 2, 100}, {"KWD", 3, 1000}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        const int64_t unit = CASES[i].unit;
        pmkt_rfm *rfm = rfm_history();
        add_in(rfm, CASES[i].currency, CASES[i].exponent, 200 * unit);
        const customer high = customer_at(rfm, AS_OF, NULL, 1);
        ck_assert_int_eq(high.m, PMKT_RFM_BAND_HIGH);
        ck_assert_int_eq(high.to_next_tier, 4800 * unit);
        pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, NULL);
        ck_assert_str_eq(columns_of(scores).currency, CASES[i].currency);
        ck_assert_int_eq(columns_of(scores).currency_exponent, CASES[i].exponent);
        pmkt_rfm_scores_free(scores);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(scorings_in_two_currencies_or_in_the_wrong_order_are_not_compared) {
    pmkt_rfm *yuan = rfm_history(), *yen = rfm_history();
    add_in(yuan, "CNY", 2, 100);
    add_in(yen, "JPY", 0, 100);
    pmkt_rfm_scores *a = rfm_score(yuan, AS_OF, NULL), *b = rfm_score(yen, AS_OF, NULL);
    pmkt_rfm_scores *later = rfm_score(yuan, AS_OF + 1, NULL);
    pmkt_rfm_migration *m = NULL;
    ck_assert_int_eq(pmkt_rfm_migrate(a, b, 0, NULL, &m, NULL), PMKT_E_MISMATCH);
    ck_assert_int_eq(pmkt_rfm_migrate(later, a, 0, NULL, &m, NULL), PMKT_E_INVALID);
    ck_assert_ptr_null(m);
    ck_assert_int_eq(pmkt_rfm_migrate(a, later, 0, NULL, &m, NULL), PMKT_OK);
    pmkt_rfm_migration_free(m);
    pmkt_rfm_scores_free(a);
    pmkt_rfm_scores_free(b);
    pmkt_rfm_scores_free(later);
    pmkt_rfm_free(yuan);
    pmkt_rfm_free(yen);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm edges");
    TOPIC(suite, "cancellations", a_refund_pays_out_an_earlier_cancellation,
          only_what_a_later_refund_gives_beyond_the_order_counts,
          a_refund_before_the_cancellation_leaves_it_less_to_give_back);
    TOPIC(suite, "calendars", clocks_set_back_over_midnight_make_no_negative_days,
          a_late_registration_does_not_shorten_the_window_of_orders,
          what_lies_at_the_last_instant_can_be_scored_and_forgotten);
    TOPIC(suite, "currencies", default_bounds_are_in_units_of_the_currency,
          scorings_in_two_currencies_or_in_the_wrong_order_are_not_compared);
    return suite_run(suite);
}
