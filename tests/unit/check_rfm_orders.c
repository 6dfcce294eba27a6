/*
 * What counts as an order: lines, refunds and cancellations, in every arrangement that comes in.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/rfm.h"
#include "support/suite.h"

#define ORDER PMKT_KIND_ORDER
#define REFUND PMKT_KIND_REFUND
#define CANCEL PMKT_KIND_CANCEL
#define NULL_AMOUNT PMKT_AMOUNT_NULL
#define NO_ORDER PMKT_ID_NONE

/* Days of May 2024 at noon; questions are asked on July 1st. */
#define MAY(day) clock_at(2024, 5, day, 12, 0)
#define AS_OF date(2024, 7, 1)
#define DAYS_SINCE_MAY(day) (62 - (day)) /* until then */

static customer only_at(pmkt_rfm *rfm, int64_t as_of) {
    return customer_at(rfm, as_of, NULL, 1);
}

static customer only(pmkt_rfm *rfm) {
    return only_at(rfm, AS_OF);
}

/* What a customer has of orders who has none. */
static void check_no_orders(customer c, int64_t revenue) {
    ck_assert_int_eq(c.orders, 0);
    ck_assert_int_eq(c.recency_days, -1);
    ck_assert_double_eq(c.orders_per_month, 0);
    ck_assert_int_eq(c.average_order, 0);
    ck_assert_int_eq(c.revenue, revenue);
    ck_assert_uint_eq(c.r | c.f | c.m, 0);
    ck_assert_uint_eq(c.activity, PMKT_RFM_BAND_NONE);
    ck_assert_uint_eq(c.segment, PMKT_RFM_NO_ORDER);
    ck_assert_uint_eq(c.flags & PMKT_RFM_FLAG_PROSPECT, PMKT_RFM_FLAG_PROSPECT);
}

static void check_orders(customer c, int64_t orders, int64_t revenue, int32_t last_day) {
    ck_assert_int_eq(c.orders, orders);
    ck_assert_int_eq(c.revenue, revenue);
    ck_assert_int_eq(c.recency_days, DAYS_SINCE_MAY(last_day));
    ck_assert_uint_eq(c.flags & PMKT_RFM_FLAG_PROSPECT, 0);
}

/* -------------------------------------------------------------------- lines */

START_TEST(lines_with_one_id_are_one_order_at_its_earliest_line) {
    pmkt_rfm *rfm = rfm_history();
    batch b = {0};
    batch_order(&b, 1, MAY(20), 7, 100);
    batch_order(&b, 1, MAY(10), 7, 30);
    batch_order(&b, 1, MAY(15), 7, 5);
    rfm_take(rfm, &b);
    check_orders(only(rfm), 1, 135, 10);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(lines_find_their_order_across_calls_and_compacting) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(20), 7, 100);
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
    rfm_add_order(rfm, 1, MAY(9), 8, 1);
    rfm_add_order(rfm, 1, MAY(10), 7, 30);
    check_orders(only(rfm), 2, 131, 10);
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
    check_orders(only(rfm), 2, 131, 10);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(lines_find_their_order_across_merges) {
    pmkt_rfm *a = rfm_history(), *b = rfm_history();
    rfm_add_order(a, 1, MAY(20), 7, 100);
    rfm_add_order(b, 1, MAY(10), 7, 30);
    rfm_add_row(b, 1, MAY(21), REFUND, 7, 130);
    rfm_merge(a, b);
    check_no_orders(only(a), 0);
    ck_assert_int_eq(only_at(a, MAY(21)).orders, 1);
    ck_assert_int_eq(only_at(a, MAY(21)).revenue, 130);
    ck_assert_int_eq(only_at(a, MAY(21)).recency_days, 11);
    pmkt_rfm_free(a);
    pmkt_rfm_free(b);
}
END_TEST

START_TEST(an_order_is_worth_all_its_lines_once_it_has_happened) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_order(rfm, 1, MAY(20), 7, 100);
    ck_assert_int_eq(only_at(rfm, MAY(15)).revenue, 200);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(rows_without_an_id_are_an_order_each) {
    pmkt_rfm *rfm = rfm_history();
    batch b = {0};
    for (int i = 0; i < 5; i++) batch_order(&b, 1, MAY(10), NO_ORDER, 100);
    rfm_take(rfm, &b);
    rfm_add_order(rfm, 1, MAY(10), NO_ORDER, 100);
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
    check_orders(only(rfm), 6, 600, 10);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(one_id_at_two_users_is_two_orders) {
    pmkt_rfm *rfm = rfm_history();
    batch b = {0};
    batch_order(&b, 1, MAY(10), 7, 100);
    batch_order(&b, 2, MAY(10), 7, 100);
    batch_order(&b, 1, MAY(10), 7, 100);
    batch_row(&b, 2, MAY(11), CANCEL, 7, NULL_AMOUNT);
    rfm_take(rfm, &b);
    check_orders(only(rfm), 1, 200, 10);
    check_no_orders(customer_at(rfm, AS_OF, NULL, 2), 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(the_largest_ids_are_ids_like_any_other) {
    pmkt_rfm *rfm = rfm_history();
    batch b = {0};
    batch_order(&b, UINT64_MAX, MAY(10), UINT64_MAX, 100);
    batch_event(&b, UINT64_MAX, MAY(8), PMKT_KIND_VIEW);
    batch_order(&b, UINT64_MAX, MAY(11), UINT64_MAX, 20);
    batch_event(&b, UINT64_MAX, MAY(12), PMKT_KIND_CART);
    batch_row(&b, UINT64_MAX, MAY(13), REFUND, UINT64_MAX, 50);
    batch_event(&b, UINT64_MAX, MAY(7), PMKT_KIND_REGISTER);
    rfm_take(rfm, &b);
    for (int round = 0; round < 2; round++) {
        const customer c = customer_at(rfm, AS_OF, NULL, UINT64_MAX);
        check_orders(c, 1, 70, 10);
        ck_assert_int_eq(c.tenure_days, DAYS_SINCE_MAY(7));
        ck_assert_uint_ne(c.flags & PMKT_RFM_FLAG_REGISTERED, 0);
        ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
    }
    pmkt_rfm_free(rfm);
}
END_TEST

/* ----------------------------------------------------------------- refunds */

START_TEST(a_refund_lowers_its_order_and_the_revenue) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_row(rfm, 1, MAY(12), REFUND, 7, 40);
    const customer c = only(rfm);
    check_orders(c, 1, 60, 10);
    ck_assert_int_eq(c.average_order, 60);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(the_sign_of_a_refund_does_not_matter) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_row(rfm, 1, MAY(12), REFUND, 7, -40);
    rfm_add_row(rfm, 1, MAY(12), CANCEL, 7, -30);
    check_orders(only(rfm), 1, 30, 10);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(an_order_counts_while_anything_is_left_of_it) {
    static const struct {
        int64_t back, orders;
    } CASES[] = {{98, 1}, {99, 1}, {100, 0}, {101, 0}, {100000, 0}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        pmkt_rfm *rfm = rfm_history();
        rfm_add_order(rfm, 1, MAY(10), 7, 100);
        rfm_add_row(rfm, 1, MAY(12), REFUND, 7, CASES[i].back);
        if (CASES[i].orders) {
            check_orders(only(rfm), 1, 100 - CASES[i].back, 10);
        } else {
            check_no_orders(only(rfm), 100 - CASES[i].back);
        }
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(an_order_of_nothing_is_not_counted) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 0);
    rfm_add_order(rfm, 1, MAY(11), NO_ORDER, 0);
    check_no_orders(only(rfm), 0);
    rfm_add_order(rfm, 1, MAY(12), 7, 1); /* a line that costs something */
    check_orders(only(rfm), 1, 1, 10);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(an_order_given_back_is_neither_frequency_nor_recency) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(1), 6, 100);
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    check_orders(only(rfm), 2, 200, 10);
    rfm_add_row(rfm, 1, MAY(12), REFUND, 7, 100);
    const customer c = only(rfm);
    check_orders(c, 1, 100, 1);
    ck_assert_int_eq(c.average_order, 100);
    ck_assert_double_eq(c.orders_per_month, 1);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_refund_is_seen_from_its_own_date_on) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_row(rfm, 1, MAY(12), REFUND, 7, 100);
    ck_assert_int_eq(only_at(rfm, MAY(12)).orders, 1); /* as_of is exclusive */
    ck_assert_int_eq(only_at(rfm, MAY(12)).revenue, 100);
    ck_assert_int_eq(only_at(rfm, MAY(12) + 1).orders, 0);
    ck_assert_int_eq(only_at(rfm, MAY(12) + 1).revenue, 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(several_refunds_of_one_order_add_up) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    for (int32_t day = 11; day <= 14; day++) rfm_add_row(rfm, 1, MAY(day), REFUND, 7, 25);
    for (int32_t day = 11; day <= 14; day++) {
        ck_assert_int_eq(only_at(rfm, MAY(day)).revenue, 100 - 25 * (day - 11));
        ck_assert_int_eq(only_at(rfm, MAY(day)).orders, 1);
    }
    check_no_orders(only(rfm), 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(equal_refunds_are_two_refunds) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    for (int i = 0; i < 2; i++) {
        rfm_add_row(rfm, 1, MAY(11), REFUND, 7, 20);
        rfm_add_row(rfm, 1, MAY(11), REFUND, NO_ORDER, 5);
    }
    check_orders(only(rfm), 1, 50, 10);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_refund_that_comes_in_before_its_order_finds_it) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_row(rfm, 1, MAY(12), REFUND, 7, 100);
    check_no_orders(only(rfm), -100);
    rfm_add_order(rfm, 1, MAY(10), 7, 150);
    check_orders(only(rfm), 1, 50, 10);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_refund_dated_before_its_order_still_lowers_it) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_row(rfm, 1, MAY(5), REFUND, 7, 40);
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    check_no_orders(only_at(rfm, MAY(10)), -40);
    check_orders(only(rfm), 1, 60, 10);
    ck_assert_int_eq(only(rfm).tenure_days, DAYS_SINCE_MAY(5));
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_refund_without_order_lowers_what_was_spent_and_no_order) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_row(rfm, 1, MAY(12), REFUND, NO_ORDER, 300);
    rfm_add_row(rfm, 1, MAY(12), REFUND, 999, 300); /* an id that no order has */
    const customer c = only(rfm);
    check_orders(c, 1, -500, 10);
    ck_assert_int_eq(c.average_order, -500);
    ck_assert_uint_eq(c.m, PMKT_RFM_BAND_LOW);
    ck_assert_int_eq(c.tier_spend, -500);
    ck_assert_uint_eq(c.tier, 0);
    ck_assert_int_eq(c.to_next_tier, 500500);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_customer_of_refunds_only_is_known_and_nothing_is_lost) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_row(rfm, 1, MAY(12), REFUND, 999, 50);
    const customer c = only(rfm);
    check_no_orders(c, -50);
    ck_assert_int_eq(c.tenure_days, DAYS_SINCE_MAY(12));
    ck_assert_int_eq(c.tier_spend, -50);
    pmkt_rfm_free(rfm);
}
END_TEST

/* ----------------------------------------------------------- cancellations */

START_TEST(a_cancellation_without_amount_takes_back_its_whole_order) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_order(rfm, 1, MAY(10), 7, 50);
    rfm_add_row(rfm, 1, MAY(12), CANCEL, 7, NULL_AMOUNT);
    ck_assert_int_eq(only_at(rfm, MAY(12)).orders, 1);
    ck_assert_int_eq(only_at(rfm, MAY(12)).revenue, 150);
    check_no_orders(only(rfm), 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_cancellation_with_an_amount_is_a_refund) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_row(rfm, 1, MAY(12), CANCEL, 7, 60);
    check_orders(only(rfm), 1, 40, 10);
    rfm_add_row(rfm, 1, MAY(13), CANCEL, 7, 0); /* zero is an amount */
    check_orders(only(rfm), 1, 40, 10);
    rfm_add_row(rfm, 1, MAY(13), CANCEL, NO_ORDER, 15);
    check_orders(only(rfm), 1, 25, 10);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_cancellation_gives_back_what_refunds_have_left) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(9), 6, 10);
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_row(rfm, 1, MAY(11), REFUND, 7, 30);
    rfm_add_row(rfm, 1, MAY(12), CANCEL, 7, NULL_AMOUNT);
    check_orders(only(rfm), 1, 10, 9);
    pmkt_rfm_free(rfm);

    rfm = rfm_history(); /* refunds beyond the order stay what they are */
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_row(rfm, 1, MAY(11), REFUND, 7, 130);
    rfm_add_row(rfm, 1, MAY(12), CANCEL, 7, NULL_AMOUNT);
    check_no_orders(only(rfm), -30);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(canceling_twice_is_canceling_once_at_the_first_date) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_row(rfm, 1, MAY(20), CANCEL, 7, NULL_AMOUNT);
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_row(rfm, 1, MAY(12), CANCEL, 7, NULL_AMOUNT);
    rfm_add_row(rfm, 1, MAY(15), CANCEL, 7, NULL_AMOUNT);
    ck_assert_int_eq(only_at(rfm, MAY(12)).orders, 1);
    check_no_orders(only_at(rfm, MAY(13)), 0);
    check_no_orders(only(rfm), 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_cancellation_of_an_unknown_order_waits_for_it) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_row(rfm, 1, MAY(12), CANCEL, 7, NULL_AMOUNT);
    check_no_orders(only(rfm), 0);
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_order(rfm, 1, MAY(9), 8, 100);
    check_orders(only(rfm), 1, 100, 9);
    pmkt_rfm_free(rfm);
}
END_TEST

/* ---------------------------------------------------------------- unpriced */

static pmkt_rfm *unpriced(void) {
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.unpriced = 1;
    return rfm_with(&options);
}

START_TEST(without_prices_orders_count_and_amounts_are_ignored) {
    pmkt_rfm *rfm = unpriced();
    rfm_add_order(rfm, 1, MAY(10), 7, NULL_AMOUNT);
    rfm_add_order(rfm, 1, MAY(11), 7, NULL_AMOUNT);
    rfm_add_order(rfm, 1, MAY(12), 8, 5000000);
    rfm_add_order(rfm, 1, MAY(13), NO_ORDER, 0);
    const customer c = only(rfm);
    check_orders(c, 3, 0, 13);
    ck_assert_int_eq(c.average_order, 0);
    ck_assert_int_eq(c.tier_spend, 0);
    ck_assert_uint_eq(c.m, PMKT_RFM_BAND_LOW);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(without_prices_a_refund_or_cancellation_takes_back_its_order) {
    static const int64_t AMOUNTS[] = {PMKT_AMOUNT_NULL, 0, 1, -1};
    static const int32_t KINDS[] = {PMKT_KIND_REFUND, PMKT_KIND_CANCEL};
    for (int64_t i = 0; i < LENGTH(AMOUNTS) * LENGTH(KINDS); i++) {
        pmkt_rfm *rfm = unpriced();
        rfm_add_order(rfm, 1, MAY(10), 7, NULL_AMOUNT);
        rfm_add_order(rfm, 1, MAY(12), 8, NULL_AMOUNT);
        rfm_add_row(rfm, 1, MAY(13), KINDS[i % 2], 8, AMOUNTS[i / 2]);
        ck_assert_int_eq(only_at(rfm, MAY(13)).orders, 2);
        check_orders(only(rfm), 1, 0, 10);
        rfm_add_row(rfm, 1, MAY(13), KINDS[i % 2], 7, AMOUNTS[i / 2]);
        check_no_orders(only(rfm), 0);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm orders");
    TOPIC(suite, "lines", lines_with_one_id_are_one_order_at_its_earliest_line,
          lines_find_their_order_across_calls_and_compacting, lines_find_their_order_across_merges,
          an_order_is_worth_all_its_lines_once_it_has_happened,
          rows_without_an_id_are_an_order_each, one_id_at_two_users_is_two_orders,
          the_largest_ids_are_ids_like_any_other);
    TOPIC(suite, "refunds", a_refund_lowers_its_order_and_the_revenue,
          the_sign_of_a_refund_does_not_matter, an_order_counts_while_anything_is_left_of_it,
          an_order_of_nothing_is_not_counted, an_order_given_back_is_neither_frequency_nor_recency,
          a_refund_is_seen_from_its_own_date_on, several_refunds_of_one_order_add_up,
          equal_refunds_are_two_refunds, a_refund_that_comes_in_before_its_order_finds_it,
          a_refund_dated_before_its_order_still_lowers_it,
          a_refund_without_order_lowers_what_was_spent_and_no_order,
          a_customer_of_refunds_only_is_known_and_nothing_is_lost);
    TOPIC(suite, "cancellations", a_cancellation_without_amount_takes_back_its_whole_order,
          a_cancellation_with_an_amount_is_a_refund,
          a_cancellation_gives_back_what_refunds_have_left,
          canceling_twice_is_canceling_once_at_the_first_date,
          a_cancellation_of_an_unknown_order_waits_for_it);
    TOPIC(suite, "unpriced", without_prices_orders_count_and_amounts_are_ignored,
          without_prices_a_refund_or_cancellation_takes_back_its_order);
    return suite_run(suite);
}
