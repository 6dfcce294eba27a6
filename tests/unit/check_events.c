/*
 * Batches of events: which rows are bad, why, and how that is reported.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/random.h"
#include "support/suite.h"

#define NOON clock_at(2024, 5, 1, 12, 0)

/* ------------------------------------------------------------------- kinds */

START_TEST(every_kind_has_a_name_that_leads_back_to_it) {
    for (int32_t kind = 1; kind < PMKT_KIND_COUNT_; kind++) {
        const char *name = pmkt_kind_name(kind);
        ck_assert_ptr_nonnull(name);
        ck_assert_int_eq(pmkt_kind_from_name(name), kind);
    }
    ck_assert_str_eq(pmkt_kind_name(PMKT_KIND_IMPRESSION), "impression");
    ck_assert_str_eq(pmkt_kind_name(PMKT_KIND_VIEW), "view");
    ck_assert_str_eq(pmkt_kind_name(PMKT_KIND_CART), "cart");
    ck_assert_str_eq(pmkt_kind_name(PMKT_KIND_ORDER), "order");
    ck_assert_str_eq(pmkt_kind_name(PMKT_KIND_REFUND), "refund");
    ck_assert_str_eq(pmkt_kind_name(PMKT_KIND_REGISTER), "register");
}
END_TEST

START_TEST(the_callers_own_kinds_are_custom_and_other_numbers_have_no_name) {
    ck_assert_str_eq(pmkt_kind_name(PMKT_KIND_CUSTOM), "custom");
    ck_assert_str_eq(pmkt_kind_name(UINT16_MAX), "custom");
    static const int32_t NUMBERS[] = {PMKT_KIND_NONE, PMKT_KIND_COUNT_, 255, UINT16_MAX + 1, -1,
                                      INT32_MIN,      INT32_MAX};
    for (int64_t i = 0; i < LENGTH(NUMBERS); i++) ck_assert_ptr_null(pmkt_kind_name(NUMBERS[i]));
}
END_TEST

START_TEST(a_name_must_be_exact) {
    static const char *const NAMES[] = {"",       "Order", "ORDER",  " order",
                                        "orders", "orde",  "custom", "none"};
    for (int64_t i = 0; i < LENGTH(NAMES); i++) {
        ck_assert_int_eq(pmkt_kind_from_name(NAMES[i]), PMKT_KIND_NONE);
    }
    ck_assert_int_eq(pmkt_kind_from_name(NULL), PMKT_KIND_NONE);
}
END_TEST

START_TEST(every_reason_has_a_phrase_of_its_own) {
    for (int32_t i = 0; i <= PMKT_BAD_VECTOR; i++) {
        ck_assert_ptr_nonnull(pmkt_bad_reason(i));
        for (int32_t j = 0; j < i; j++) {
            ck_assert_str_ne(pmkt_bad_reason(i), pmkt_bad_reason(j));
        }
    }
    ck_assert_str_eq(pmkt_bad_reason(PMKT_BAD_USER), "no user");
    ck_assert_ptr_null(pmkt_bad_reason(-1));
    ck_assert_ptr_null(pmkt_bad_reason(PMKT_BAD_VECTOR + 1));
    ck_assert_ptr_null(pmkt_bad_reason(PMKT_BAD_REASONS));
}
END_TEST

/* -------------------------------------------------------------------- rows */

/* The reason why a row is rejected, or -1. */
static int32_t reason_of(uint64_t user, int64_t time, int32_t kind, int64_t amount) {
    batch b = {0};
    batch_row(&b, user, time, kind, PMKT_ID_NONE, amount);
    pmkt_events events = batch_events(&b);
    events.on_bad = PMKT_ON_BAD_SKIP;
    pmkt_report report = PMKT_REPORT_INIT;
    ck_assert_int_eq(pmkt_events_check(&events, &report, NULL), PMKT_OK);
    batch_clear(&b);
    int32_t reason = -1;
    for (int32_t i = 0; i < PMKT_BAD_REASONS; i++) {
        if (report.by_reason[i] == 0) continue;
        ck_assert_int_eq(reason, -1); /* one reason only */
        ck_assert_int_eq(report.by_reason[i], 1);
        reason = i;
    }
    ck_assert_int_eq(report.rejected, reason >= 0);
    ck_assert_int_eq(report.accepted, reason < 0);
    ck_assert_int_eq(report.first_bad, reason < 0 ? -1 : 0);
    return reason;
}

#define VIEW PMKT_KIND_VIEW
#define ORDER PMKT_KIND_ORDER
#define NULL_AMOUNT PMKT_AMOUNT_NULL

START_TEST(a_row_needs_a_user) {
    ck_assert_int_eq(reason_of(PMKT_ID_NONE, NOON, VIEW, NULL_AMOUNT), PMKT_BAD_USER);
    ck_assert_int_eq(reason_of(1, NOON, VIEW, NULL_AMOUNT), -1);
    ck_assert_int_eq(reason_of(UINT64_MAX, NOON, VIEW, NULL_AMOUNT), -1);
}
END_TEST

START_TEST(a_row_needs_a_time_within_1700_to_2999) {
    ck_assert_int_eq(PMKT_TIME_MIN, date(1700, 1, 1));
    ck_assert_int_eq(PMKT_TIME_MAX, date(3000, 1, 1));
    ck_assert_int_eq(reason_of(1, PMKT_TIME_MIN, VIEW, NULL_AMOUNT), -1);
    ck_assert_int_eq(reason_of(1, PMKT_TIME_MIN - 1, VIEW, NULL_AMOUNT), PMKT_BAD_TIME);
    ck_assert_int_eq(reason_of(1, PMKT_TIME_MAX - 1, VIEW, NULL_AMOUNT), -1);
    ck_assert_int_eq(reason_of(1, PMKT_TIME_MAX, VIEW, NULL_AMOUNT), PMKT_BAD_TIME);
    ck_assert_int_eq(reason_of(1, PMKT_TIME_NULL, VIEW, NULL_AMOUNT), PMKT_BAD_TIME);
    ck_assert_int_eq(reason_of(1, INT64_MAX, VIEW, NULL_AMOUNT), PMKT_BAD_TIME);
    ck_assert_int_eq(reason_of(1, NOON * 1000, VIEW, NULL_AMOUNT), PMKT_BAD_TIME); /* in us */
}
END_TEST

START_TEST(a_row_needs_a_kind_that_exists) {
    ck_assert_int_eq(reason_of(1, NOON, PMKT_KIND_NONE, NULL_AMOUNT), PMKT_BAD_KIND);
    for (int32_t kind = 1; kind < PMKT_KIND_COUNT_; kind++) {
        ck_assert_int_eq(reason_of(1, NOON, kind, NULL_AMOUNT), -1);
    }
    for (int32_t kind = PMKT_KIND_COUNT_; kind < PMKT_KIND_CUSTOM; kind++) {
        ck_assert_int_eq(reason_of(1, NOON, kind, NULL_AMOUNT), PMKT_BAD_KIND);
    }
    ck_assert_int_eq(reason_of(1, NOON, PMKT_KIND_CUSTOM, NULL_AMOUNT), -1);
    ck_assert_int_eq(reason_of(1, NOON, UINT16_MAX, NULL_AMOUNT), -1);
}
END_TEST

START_TEST(an_amount_is_within_53_bits) {
    ck_assert_int_eq(reason_of(1, NOON, ORDER, PMKT_AMOUNT_MAX), -1);
    ck_assert_int_eq(reason_of(1, NOON, ORDER, PMKT_AMOUNT_MAX + 1), PMKT_BAD_AMOUNT_RANGE);
    ck_assert_int_eq(reason_of(1, NOON, ORDER, INT64_MAX), PMKT_BAD_AMOUNT_RANGE);
    ck_assert_int_eq(reason_of(1, NOON, PMKT_KIND_REFUND, -PMKT_AMOUNT_MAX), -1);
    ck_assert_int_eq(reason_of(1, NOON, PMKT_KIND_REFUND, -PMKT_AMOUNT_MAX - 1),
                     PMKT_BAD_AMOUNT_RANGE);
    ck_assert_int_eq(reason_of(1, NOON, ORDER, INT64_MIN + 1), PMKT_BAD_AMOUNT_RANGE);
}
END_TEST

START_TEST(only_refunds_and_cancellations_are_negative) {
    for (int32_t kind = 1; kind < PMKT_KIND_COUNT_; kind++) {
        const bool may = kind == PMKT_KIND_REFUND || kind == PMKT_KIND_CANCEL;
        ck_assert_int_eq(reason_of(1, NOON, kind, -1), may ? -1 : PMKT_BAD_AMOUNT_NEGATIVE);
        ck_assert_int_eq(reason_of(1, NOON, kind, 0), -1);
        ck_assert_int_eq(reason_of(1, NOON, kind, 1), -1);
    }
    ck_assert_int_eq(reason_of(1, NOON, PMKT_KIND_CUSTOM, -1), PMKT_BAD_AMOUNT_NEGATIVE);
}
END_TEST

START_TEST(what_only_some_handles_need_is_not_looked_at) {
    ck_assert_int_eq(reason_of(1, NOON, ORDER, NULL_AMOUNT), -1);
    ck_assert_int_eq(reason_of(1, NOON, PMKT_KIND_REFUND, NULL_AMOUNT), -1);
    ck_assert_int_eq(reason_of(1, NOON, PMKT_KIND_CANCEL, NULL_AMOUNT), -1);
}
END_TEST

START_TEST(a_row_counts_under_the_first_reason_that_holds) {
    const int64_t large = PMKT_AMOUNT_MAX + 1;
    ck_assert_int_eq(reason_of(0, PMKT_TIME_NULL, 0, large), PMKT_BAD_USER);
    ck_assert_int_eq(reason_of(1, PMKT_TIME_NULL, 0, large), PMKT_BAD_TIME);
    ck_assert_int_eq(reason_of(1, NOON, 0, large), PMKT_BAD_KIND);
    ck_assert_int_eq(reason_of(1, NOON, ORDER, -large), PMKT_BAD_AMOUNT_RANGE);
    ck_assert_int_eq(reason_of(1, NOON, ORDER, -1), PMKT_BAD_AMOUNT_NEGATIVE);
}
END_TEST

/* ----------------------------------------------------------------- reports */

START_TEST(a_bad_row_fails_the_batch_and_is_named) {
    batch b = {0};
    batch_event(&b, 1, NOON, VIEW);
    batch_event(&b, 2, NOON, VIEW);
    batch_event(&b, 0, NOON, VIEW);
    batch_event(&b, 1, PMKT_TIME_NULL, VIEW);
    const pmkt_events events = batch_events(&b);
    pmkt_report report = PMKT_REPORT_INIT;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_events_check(&events, &report, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.code, PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.where, 2);
    ck_assert_ptr_nonnull(strstr(err.message, "row 2"));
    ck_assert_ptr_nonnull(strstr(err.message, "no user"));
    ck_assert_int_eq(report.rows, 4);
    ck_assert_int_eq(report.accepted, 0);
    ck_assert_int_eq(report.ignored, 0);
    ck_assert_int_eq(report.rejected, 2);
    ck_assert_int_eq(report.first_bad, 2);
    ck_assert_int_eq(report.by_reason[PMKT_BAD_USER], 1);
    ck_assert_int_eq(report.by_reason[PMKT_BAD_TIME], 1);
    ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_E_BAD_ROW);
    batch_clear(&b);
}
END_TEST

START_TEST(a_good_batch_is_accepted_whole) {
    batch b = {0};
    for (uint64_t user = 1; user <= 100; user++) batch_order(&b, user, NOON, 0, 5);
    const pmkt_events events = batch_events(&b);
    pmkt_report report = PMKT_REPORT_INIT;
    report.rejected = report.first_bad = report.by_reason[3] = 77; /* from an earlier call */
    ck_assert_int_eq(pmkt_events_check(&events, &report, NULL), PMKT_OK);
    ck_assert_int_eq(report.rows, 100);
    ck_assert_int_eq(report.accepted, 100);
    ck_assert_int_eq(report.rejected, 0);
    ck_assert_int_eq(report.ignored, 0);
    ck_assert_int_eq(report.first_bad, -1);
    for (int i = 0; i < PMKT_BAD_REASONS; i++) ck_assert_int_eq(report.by_reason[i], 0);
    ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_OK);
    batch_clear(&b);
}
END_TEST

START_TEST(a_batch_without_rows_needs_no_columns) {
    pmkt_events events = PMKT_EVENTS_INIT;
    pmkt_report report = PMKT_REPORT_INIT;
    ck_assert_int_eq(pmkt_events_check(&events, &report, NULL), PMKT_OK);
    ck_assert_int_eq(report.rows, 0);
    ck_assert_int_eq(report.accepted, 0);
    ck_assert_int_eq(report.first_bad, -1);
}
END_TEST

START_TEST(the_bitmap_marks_the_rejected_rows_and_no_other_bit) {
    random_seed(1);
    for (int64_t rows = 0; rows <= 67; rows++) {
        batch b = {0};
        uint8_t bits[16], expected[16];
        memset(bits, 0xFF, sizeof bits);
        memset(expected, 0xFF, sizeof expected);
        memset(expected, 0, (size_t)(rows + 7) / 8);
        for (int64_t i = 0; i < rows; i++) {
            const bool bad = random_below(3) == 0;
            batch_event(&b, bad ? PMKT_ID_NONE : 1, NOON, VIEW);
            if (bad) expected[i / 8] |= (uint8_t)(1u << (i % 8));
        }
        pmkt_events events = batch_events(&b);
        events.on_bad = PMKT_ON_BAD_SKIP;
        pmkt_report report = PMKT_REPORT_INIT;
        report.rejected_bits = bits;
        ck_assert_int_eq(pmkt_events_check(&events, &report, NULL), PMKT_OK);
        ck_assert_mem_eq(bits, expected, sizeof bits);
        ck_assert_ptr_eq(report.rejected_bits, bits);
        batch_clear(&b);
    }
}
END_TEST

START_TEST(the_bitmap_is_filled_also_if_the_batch_fails) {
    batch b = {0};
    for (int i = 0; i < 10; i++) batch_event(&b, i == 3 || i == 9 ? 0 : 1, NOON, VIEW);
    const pmkt_events events = batch_events(&b);
    uint8_t bits[2] = {0xFF, 0xFF};
    pmkt_report report = PMKT_REPORT_INIT;
    report.rejected_bits = bits;
    ck_assert_int_eq(pmkt_events_check(&events, &report, NULL), PMKT_E_BAD_ROW);
    ck_assert_uint_eq(bits[0], 1 << 3);
    ck_assert_uint_eq(bits[1], 1 << 1);
    batch_clear(&b);
}
END_TEST

/* Rows are looked at by the thousand; a single bad one must be seen wherever it is. */
START_TEST(a_bad_row_is_found_anywhere_in_a_long_batch) {
    enum {
        ROWS = 2500
    };
    static uint8_t reject[ROWS], bits[(ROWS + 7) / 8];
    batch b = {0};
    for (int64_t i = 0; i < ROWS; i++) batch_row(&b, 1, NOON, PMKT_KIND_ORDER, 1, i);
    pmkt_events events = batch_events(&b);
    events.on_bad = PMKT_ON_BAD_SKIP;
    events.reject = reject;
    for (int64_t i = 0; i < ROWS; i += 1 + (i % 1024 > 3 && i % 1024 < 1020) * 16) {
        const int32_t reason = (int32_t)(i % 5);
        if (reason == PMKT_BAD_USER) b.user[i] = PMKT_ID_NONE;
        if (reason == PMKT_BAD_TIME) b.time[i] = PMKT_TIME_MAX;
        if (reason == PMKT_BAD_KIND) b.kind[i] = PMKT_KIND_COUNT_;
        if (reason == PMKT_BAD_AMOUNT_RANGE) b.amount[i] = PMKT_AMOUNT_MAX + 1;
        if (reason == PMKT_BAD_AMOUNT_NEGATIVE) reject[i] = 1 + PMKT_BAD_AMOUNT_NEGATIVE;
        pmkt_report report = PMKT_REPORT_INIT;
        report.rejected_bits = bits;
        ck_assert_int_eq(pmkt_events_check(&events, &report, NULL), PMKT_OK);
        ck_assert_int_eq(report.rejected, 1);
        ck_assert_int_eq(report.accepted, ROWS - 1);
        ck_assert_int_eq(report.first_bad, i);
        ck_assert_int_eq(report.by_reason[reason], 1);
        ck_assert_uint_eq(bits[i / 8], 1u << (i % 8));
        b.user[i] = 1, b.time[i] = NOON, b.kind[i] = PMKT_KIND_ORDER, b.amount[i] = i;
        reject[i] = 0;
    }
    batch_clear(&b);
}
END_TEST

START_TEST(one_kind_for_all_rows_works_like_a_column_of_it) {
    batch b = {0};
    batch_row(&b, 1, NOON, 0, 0, -5);
    pmkt_events events = batch_events(&b);
    events.kind = NULL;
    events.every_kind = PMKT_KIND_REFUND;
    ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_OK);
    events.every_kind = ORDER;
    ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_E_BAD_ROW);
    events.amount = NULL;
    events.order = NULL;
    ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_OK);
    events.every_kind = UINT16_MAX;
    ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_OK);
    batch_clear(&b);
}
END_TEST

/* ---------------------------------------------------------- malformed calls */

static void check_refused(const pmkt_events *events) {
    pmkt_report report, before;
    memset(&report, 0x33, sizeof report);
    report.struct_size = sizeof report;
    report.rejected_bits = NULL;
    before = report;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_events_check(events, &report, &err), PMKT_E_INVALID);
    ck_assert_int_eq(err.code, PMKT_E_INVALID);
    ck_assert_uint_gt(strlen(err.message), 0);
    ck_assert_mem_eq(&report, &before, sizeof report);
    ck_assert_int_eq(pmkt_events_check(events, NULL, NULL), PMKT_E_INVALID);
}

static pmkt_events one_view(void) {
    static const uint64_t user = 1;
    static const int64_t time = 1000;
    pmkt_events events = PMKT_EVENTS_INIT;
    events.rows = 1;
    events.user = &user;
    events.time = &time;
    events.every_kind = VIEW;
    return events;
}

START_TEST(a_batch_without_required_columns_is_malformed) {
    check_refused(NULL);
    pmkt_events events = one_view();
    ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_OK);
    events.user = NULL;
    check_refused(&events);
    events = one_view();
    events.time = NULL;
    check_refused(&events);
    events = one_view();
    events.every_kind = 0;
    check_refused(&events);
}
END_TEST

START_TEST(numbers_that_make_no_sense_are_malformed) {
    static const int64_t ROWS[] = {-1, INT64_MIN};
    for (int64_t i = 0; i < LENGTH(ROWS); i++) {
        pmkt_events events = one_view();
        events.rows = ROWS[i];
        check_refused(&events);
    }
    static const int32_t ON_BAD[] = {-1, 2, INT32_MIN, INT32_MAX};
    for (int64_t i = 0; i < LENGTH(ON_BAD); i++) {
        pmkt_events events = one_view();
        events.on_bad = ON_BAD[i];
        check_refused(&events);
    }
    static const int32_t KINDS[] = {-1,        PMKT_KIND_COUNT_, 255, UINT16_MAX + 1,
                                    INT32_MIN, INT32_MAX};
    for (int64_t i = 0; i < LENGTH(KINDS); i++) {
        pmkt_events events = one_view();
        events.every_kind = KINDS[i];
        check_refused(&events);
    }
}
END_TEST

START_TEST(a_kind_column_and_one_kind_for_all_contradict_each_other) {
    const uint16_t kind = VIEW;
    pmkt_events events = one_view();
    events.kind = &kind;
    check_refused(&events);
    events.every_kind = 0;
    ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_OK);
}
END_TEST

START_TEST(a_currency_is_three_capitals_and_an_exponent) {
    static const struct {
        char code[8];
        int32_t exponent;
        bool good;
    } CASES[] = {
        {"CNY", 2, true},   {"JPY", 0, true},     {"KWD", 3, true},   {"XXX", 6, true},
        {"", 0, true},      {"", 2, false},       {"CNY", -1, false}, {"CNY", 7, false},
        {"cny", 2, false},  {"CN", 2, false},     {"CNYX", 2, false}, {"CN1", 2, false},
        {"\0NY", 0, false}, {"CNY\0X", 2, false}, {"C\0Y", 2, false}, {"CNYCNYC", 2, false},
    };
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        pmkt_events events = one_view();
        memcpy(events.currency, CASES[i].code, sizeof events.currency);
        events.currency_exponent = CASES[i].exponent;
        if (CASES[i].good) {
            ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_OK);
        } else {
            check_refused(&events);
        }
    }
}
END_TEST

START_TEST(extra_columns_need_names_data_and_types) {
    const int64_t numbers[1] = {5};
    const pmkt_column good[2] = {{"price", numbers, PMKT_TYPE_INT64, 0},
                                 {"score", numbers, PMKT_TYPE_DOUBLE, 0}};
    pmkt_events events = one_view();
    events.extra = good;
    events.n_extra = 2;
    ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_OK);
    const pmkt_column bad[] = {
        {NULL, numbers, PMKT_TYPE_INT64, 0},
        {"", numbers, PMKT_TYPE_INT64, 0},
        {"a", NULL, PMKT_TYPE_INT64, 0},
        {"a", numbers, 0, 0},
        {"a", numbers, 4, 0},
        {"a", numbers, -1, 0},
        {"a", numbers, PMKT_TYPE_INT64, 1},
    };
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        events.extra = &bad[i];
        events.n_extra = 1;
        check_refused(&events);
    }
    const pmkt_column twice[2] = {{"price", numbers, PMKT_TYPE_INT64, 0},
                                  {"price", numbers, PMKT_TYPE_UINT64, 0}};
    events.extra = twice;
    events.n_extra = 2;
    check_refused(&events);
    events.extra = NULL;
    check_refused(&events);
    events.extra = good;
    events.n_extra = -1;
    check_refused(&events);
    events.n_extra = INT64_MAX;
    check_refused(&events);
}
END_TEST

START_TEST(a_long_column_name_fits_the_message) {
    char name[2000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const int64_t numbers[1] = {5};
    const pmkt_column twice[2] = {{name, numbers, PMKT_TYPE_INT64, 0},
                                  {name, numbers, PMKT_TYPE_INT64, 0}};
    pmkt_events events = one_view();
    events.extra = twice;
    events.n_extra = 2;
    check_refused(&events);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("events");
    TOPIC(suite, "kinds", every_kind_has_a_name_that_leads_back_to_it,
          the_callers_own_kinds_are_custom_and_other_numbers_have_no_name, a_name_must_be_exact,
          every_reason_has_a_phrase_of_its_own);
    TOPIC(suite, "rows", a_row_needs_a_user, a_row_needs_a_time_within_1700_to_2999,
          a_row_needs_a_kind_that_exists, an_amount_is_within_53_bits,
          only_refunds_and_cancellations_are_negative, what_only_some_handles_need_is_not_looked_at,
          a_row_counts_under_the_first_reason_that_holds);
    TOPIC(suite, "reports", a_bad_row_fails_the_batch_and_is_named, a_good_batch_is_accepted_whole,
          a_batch_without_rows_needs_no_columns,
          the_bitmap_marks_the_rejected_rows_and_no_other_bit,
          the_bitmap_is_filled_also_if_the_batch_fails, a_bad_row_is_found_anywhere_in_a_long_batch,
          one_kind_for_all_rows_works_like_a_column_of_it);
    TOPIC(suite, "malformed", a_batch_without_required_columns_is_malformed,
          numbers_that_make_no_sense_are_malformed,
          a_kind_column_and_one_kind_for_all_contradict_each_other,
          a_currency_is_three_capitals_and_an_exponent, extra_columns_need_names_data_and_types,
          a_long_column_name_fits_the_message);
    return suite_run(suite);
}
