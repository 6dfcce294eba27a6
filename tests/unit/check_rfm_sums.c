/*
 * The summary mode: what sums can answer, what they cannot, and that they say so.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/random.h"
#include "support/rfm.h"
#include "support/rfm_dump.h"
#include "support/suite.h"

#define MAY(day) clock_at(2024, 5, day, 12, 0)
#define AS_OF date(2024, 7, 1)
#define DAYS_SINCE_MAY(day) (62 - (day)) /* until then */
#define CHUNK 65536                      /* rows that the library looks at together */

static void check_sums(pmkt_rfm *rfm, uint64_t user, int64_t orders, int64_t revenue) {
    const customer c = customer_at(rfm, AS_OF, NULL, user);
    ck_assert_int_eq(c.orders, orders);
    ck_assert_int_eq(c.revenue, revenue);
}

/* ------------------------------------------------------------------ neighbors */

START_TEST(neighboring_rows_of_one_order_are_one_order_at_its_earliest_line) {
    pmkt_rfm *rfm = rfm_summary();
    batch b = {0};
    batch_order(&b, 1, MAY(12), 7, 100);
    batch_order(&b, 1, MAY(10), 7, 50);
    batch_order(&b, 1, MAY(11), 7, 1);
    batch_order(&b, 1, MAY(9), 8, 1);
    rfm_take(rfm, &b);
    const customer c = customer_at(rfm, AS_OF, NULL, 1);
    ck_assert_int_eq(c.orders, 2);
    ck_assert_int_eq(c.revenue, 152);
    ck_assert_int_eq(c.recency_days, DAYS_SINCE_MAY(10));
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(rows_that_are_not_neighbors_are_orders_each) {
    pmkt_rfm *rfm = rfm_summary();
    batch b = {0};
    batch_order(&b, 1, MAY(12), 7, 100);
    batch_order(&b, 2, MAY(12), 7, 100); /* another user */
    batch_order(&b, 1, MAY(12), 7, 100);
    batch_order(&b, 1, MAY(12), 8, 100); /* another order */
    batch_order(&b, 1, MAY(12), 7, 100);
    batch_event(&b, 1, MAY(12), PMKT_KIND_VIEW); /* no order */
    batch_order(&b, 1, MAY(12), 7, 100);
    rfm_take(rfm, &b);
    check_sums(rfm, 1, 5, 500);
    check_sums(rfm, 2, 1, 100);
    rfm_add_order(rfm, 1, MAY(12), 7, 100); /* another call */
    check_sums(rfm, 1, 6, 600);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(neighbors_without_an_id_are_orders_each) {
    pmkt_rfm *rfm = rfm_summary();
    batch b = {0};
    for (int i = 0; i < 4; i++) batch_order(&b, 1, MAY(12), PMKT_ID_NONE, 100);
    rfm_take(rfm, &b);
    check_sums(rfm, 1, 4, 400);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(neighbors_across_the_inner_border_of_a_batch_are_one_order) {
    static const int32_t THREADS[] = {1, 2, 7};
    for (int64_t before = 0; before <= 4; before++) {
        batch b = {0};
        for (int64_t i = 0; i < CHUNK - before; i++) {
            batch_order(&b, (uint64_t)i + 10, MAY(1), (uint64_t)i + 1, 1);
        }
        for (int i = 0; i < 4; i++) batch_order(&b, 1, MAY(12) - i, 7, 100);
        batch_order(&b, 1, MAY(3), 8, 5);
        const pmkt_events events = batch_events(&b);
        for (int64_t t = 0; t < LENGTH(THREADS); t++) {
            pmkt_rfm *rfm = rfm_summary();
            pmkt_run run = PMKT_RUN_INIT;
            run.threads = THREADS[t];
            ck_assert_int_eq(pmkt_rfm_add(rfm, &events, &run, NULL, NULL), PMKT_OK);
            check_sums(rfm, 1, 2, 405);
            pmkt_rfm_free(rfm);
        }
        batch_clear(&b);
    }
}
END_TEST

START_TEST(one_order_of_more_lines_than_a_chunk_is_one_order) {
    batch b = {0};
    const int64_t lines = 2 * CHUNK + 100;
    for (int64_t i = 0; i < lines; i++) batch_order(&b, 1, MAY(20) - i, 7, 2);
    pmkt_rfm *rfm = rfm_summary();
    rfm_take(rfm, &b);
    check_sums(rfm, 1, 1, 2 * lines);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(an_order_of_nothing_is_not_counted_but_dates_the_customer) {
    pmkt_rfm *rfm = rfm_summary();
    batch b = {0};
    batch_order(&b, 1, MAY(1), 6, 0);
    batch_order(&b, 1, MAY(2), PMKT_ID_NONE, 0);
    batch_order(&b, 1, MAY(3), 8, 0); /* two lines, of which one costs */
    batch_order(&b, 1, MAY(4), 8, 9);
    rfm_take(rfm, &b);
    const customer c = customer_at(rfm, AS_OF, NULL, 1);
    ck_assert_int_eq(c.orders, 1);
    ck_assert_int_eq(c.revenue, 9);
    ck_assert_int_eq(c.recency_days, DAYS_SINCE_MAY(3));
    ck_assert_int_eq(c.tenure_days, DAYS_SINCE_MAY(1));
    pmkt_rfm_free(rfm);
}
END_TEST

/* -------------------------------------------------------------------- prices */

START_TEST(a_refund_lowers_what_was_spent_but_undoes_no_order) {
    pmkt_rfm *rfm = rfm_summary();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_row(rfm, 1, MAY(11), PMKT_KIND_REFUND, 7, -100);
    check_sums(rfm, 1, 1, 0);
    rfm_add_row(rfm, 1, MAY(12), PMKT_KIND_CANCEL, 7, 30);
    check_sums(rfm, 1, 1, -30);
    ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 1).recency_days, DAYS_SINCE_MAY(10));
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(without_prices_refunds_and_cancellations_are_only_events) {
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = PMKT_RFM_SUMMARY;
    options.unpriced = 1;
    pmkt_rfm *rfm = rfm_with(&options);
    rfm_add_row(rfm, 1, MAY(5), PMKT_KIND_REFUND, 7, 5);
    rfm_add_row(rfm, 1, MAY(6), PMKT_KIND_CANCEL, 7, PMKT_AMOUNT_NULL);
    rfm_add_row(rfm, 1, MAY(6), PMKT_KIND_CANCEL, PMKT_ID_NONE, PMKT_AMOUNT_NULL);
    rfm_add_order(rfm, 1, MAY(10), 7, PMKT_AMOUNT_NULL);
    rfm_add_order(rfm, 1, MAY(11), 8, 100);
    rfm_add_order(rfm, 1, MAY(12), 9, 0);
    const customer c = customer_at(rfm, AS_OF, NULL, 1);
    ck_assert_int_eq(c.orders, 3);
    ck_assert_int_eq(c.revenue, 0);
    ck_assert_int_eq(c.recency_days, DAYS_SINCE_MAY(12));
    ck_assert_int_eq(c.tenure_days, DAYS_SINCE_MAY(5));
    pmkt_rfm_free(rfm);
}
END_TEST

/* ------------------------------------------------------------------ questions */

START_TEST(a_date_at_or_before_the_last_event_is_refused) {
    pmkt_rfm *rfm = rfm_summary();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_event(rfm, 2, MAY(20), PMKT_KIND_VIEW);
    static const int64_t BACK[] = {0, 1, DAY};
    for (int64_t i = 0; i < LENGTH(BACK); i++) {
        pmkt_rfm_scores *scores = NULL;
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_rfm_score(rfm, MAY(20) - BACK[i], NULL, NULL, &scores, &err),
                         PMKT_E_UNSUPPORTED);
        ck_assert_ptr_null(scores);
        ck_assert_uint_gt(strlen(err.message), 0);
    }
    ck_assert_int_eq(customer_at(rfm, MAY(20) + 1, NULL, 1).orders, 1);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_merged_state_looks_back_no_further_than_its_parts) {
    pmkt_rfm *a = rfm_summary(), *b = rfm_summary();
    rfm_add_order(a, 1, MAY(10), 7, 100);
    rfm_add_order(b, 1, MAY(20), 8, 100);
    pmkt_rfm_scores *scores = rfm_score(a, MAY(15), NULL);
    pmkt_rfm_scores_free(scores);
    rfm_merge(a, b);
    ck_assert_int_eq(pmkt_rfm_score(a, MAY(15), NULL, NULL, &scores, NULL), PMKT_E_UNSUPPORTED);
    pmkt_rfm_free(a);
    pmkt_rfm_free(b);
}
END_TEST

START_TEST(an_empty_summary_answers_any_date) {
    pmkt_rfm *rfm = rfm_summary();
    pmkt_rfm_scores *scores = rfm_score(rfm, PMKT_TIME_MIN, NULL);
    ck_assert_int_eq(columns_of(scores).rows, 0);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_window_of_orders_is_refused) {
    pmkt_rfm *rfm = rfm_summary();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    pmkt_rfm_score_options options = PMKT_RFM_SCORE_OPTIONS_INIT;
    options.f_window_days = 90;
    pmkt_rfm_scores *scores = NULL;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_score(rfm, AS_OF, &options, NULL, &scores, &err), PMKT_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.message, "f_window_days"));
    ck_assert_ptr_null(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(the_tier_is_known_of_users_whose_first_order_lies_in_the_window) {
    const int64_t window = date(2023, 7, 2); /* 365 days before 2024-07-01: a leap year */
    pmkt_rfm *rfm = rfm_summary();
    batch b = {0};
    batch_order(&b, 1, window, 1, 600000);
    batch_order(&b, 2, window - 1, 1, 600000);
    batch_order(&b, 2, MAY(1), 2, 600000);
    batch_order(&b, 3, MAY(1), 1, 499999);
    batch_event(&b, 4, window - 10 * DAY, PMKT_KIND_VIEW);
    batch_event(&b, 5, window - 10 * DAY, PMKT_KIND_VIEW);
    batch_order(&b, 5, MAY(1), 1, 500000);
    rfm_take(rfm, &b);
    const customer in = customer_at(rfm, AS_OF, NULL, 1), out = customer_at(rfm, AS_OF, NULL, 2);
    ck_assert_uint_eq(in.tier, 1);
    ck_assert_int_eq(in.tier_spend, 600000);
    ck_assert_uint_eq(out.tier, PMKT_RFM_TIER_UNKNOWN);
    ck_assert_int_eq(out.tier_spend, 1200000); /* all that is known */
    ck_assert_int_eq(out.to_next_tier, 0);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 3).tier, 0);
    ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 3).to_next_tier, 1);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 4).tier, 0);
    ck_assert_uint_eq(customer_at(rfm, AS_OF, NULL, 5).tier, 1);
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, NULL);
    pmkt_rfm_group groups[3];
    ck_assert_int_eq(pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_TIER), 3);
    ck_assert_str_eq(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_TIER, 2), "unknown");
    ck_assert_int_eq(pmkt_rfm_summary(scores, PMKT_RFM_BY_TIER, groups, sizeof *groups, 3, NULL),
                     PMKT_OK);
    ck_assert_int_eq(groups[0].customers, 2);
    ck_assert_int_eq(groups[1].customers, 2);
    ck_assert_int_eq(groups[2].customers, 1);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

/* Where every order has an id of its own and nothing is given back, both modes know the same. */
START_TEST(sums_and_history_agree_on_orders_without_lines_and_refunds) {
    pmkt_rfm *history = rfm_history(), *summary = rfm_summary();
    static const int32_t KINDS[] = {PMKT_KIND_REGISTER, PMKT_KIND_VIEW, PMKT_KIND_CART,
                                    PMKT_KIND_PAY, PMKT_KIND_CUSTOM};
    random_seed(5);
    for (int round = 0; round < 30; round++) {
        batch b = {0};
        const int64_t rows = random_below(300);
        for (int64_t i = 0; i < rows; i++) {
            const uint64_t user = (uint64_t)random_below(400) + 1;
            const int64_t time = date(2023, 8, 1) + random_below(300 * DAY);
            if (random_below(4)) {
                batch_order(&b, user, time, PMKT_ID_NONE, random_below(3) * random_below(30000));
            } else {
                batch_event(&b, user, time, KINDS[random_below(LENGTH(KINDS))]);
            }
        }
        rfm_add(history, &b);
        rfm_take(summary, &b);
    }
    for (int32_t scheme = PMKT_RFM_THRESHOLD; scheme <= PMKT_RFM_QUANTILE; scheme++) {
        pmkt_rfm_score_options options = PMKT_RFM_SCORE_OPTIONS_INIT;
        options.scheme = scheme;
        pmkt_rfm_scores *h = rfm_score(history, AS_OF, &options);
        pmkt_rfm_scores *s = rfm_score(summary, AS_OF, &options);
        ck_assert(scores_equal(h, s));
        pmkt_rfm_scores_free(h);
        pmkt_rfm_scores_free(s);
    }
    pmkt_rfm_free(history);
    pmkt_rfm_free(summary);
}
END_TEST

START_TEST(users_at_both_ends_of_the_keys_are_kept) {
    pmkt_rfm *rfm = rfm_summary();
    const uint64_t users[3] = {UINT64_MAX, 1, UINT64_C(1) << 63};
    for (int i = 0; i < 3; i++) rfm_add_order(rfm, users[i], MAY(1), 0, 10 + i);
    for (int i = 0; i < 3; i++) check_sums(rfm, users[i], 1, 10 + i);
    pmkt_rfm_free(rfm);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm sums");
    TOPIC(suite, "neighbors", neighboring_rows_of_one_order_are_one_order_at_its_earliest_line,
          rows_that_are_not_neighbors_are_orders_each, neighbors_without_an_id_are_orders_each,
          neighbors_across_the_inner_border_of_a_batch_are_one_order,
          one_order_of_more_lines_than_a_chunk_is_one_order,
          an_order_of_nothing_is_not_counted_but_dates_the_customer);
    TOPIC(suite, "prices", a_refund_lowers_what_was_spent_but_undoes_no_order,
          without_prices_refunds_and_cancellations_are_only_events);
    TOPIC(suite, "questions", a_date_at_or_before_the_last_event_is_refused,
          a_merged_state_looks_back_no_further_than_its_parts, an_empty_summary_answers_any_date,
          a_window_of_orders_is_refused,
          the_tier_is_known_of_users_whose_first_order_lies_in_the_window,
          sums_and_history_agree_on_orders_without_lines_and_refunds,
          users_at_both_ends_of_the_keys_are_kept);
    return suite_run(suite);
}
