/*
 * Limits of a state: 64 bits of money, one currency, max_bytes. What is refused changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "rfm/state.h"
#include "support/random.h"
#include "support/rfm.h"
#include "support/rfm_dump.h"
#include "support/suite.h"

#define T date(2024, 5, 1)

/* Adds and expects a refusal that leaves state and counters as they were. */
static pmkt_error check_refused(pmkt_rfm *rfm, const pmkt_events *events, pmkt_status expected) {
    dump before = rfm_dump(rfm);
    const pmkt_rfm_counters counters = rfm_stats(rfm);
    pmkt_report report, untouched;
    memset(&report, 0x33, sizeof report);
    report.struct_size = sizeof report;
    report.rejected_bits = NULL;
    untouched = report;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_add(rfm, events, NULL, &report, &err), expected);
    ck_assert_int_eq(err.code, expected);
    ck_assert_mem_eq(&report, &untouched, sizeof report);
    const pmkt_rfm_counters after = rfm_stats(rfm);
    ck_assert_mem_eq(&after, &counters, sizeof after);
    dump_check_equal(before, rfm_dump(rfm));
    return err;
}

/* The same for merging. */
static pmkt_error check_merge_refused(pmkt_rfm *into, const pmkt_rfm *from, pmkt_status expected) {
    dump before = rfm_dump(into), other = rfm_dump(from);
    const pmkt_rfm_counters counters = rfm_stats(into);
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_merge(into, from, NULL, &err), expected);
    ck_assert_int_eq(err.code, expected);
    const pmkt_rfm_counters after = rfm_stats(into);
    ck_assert_mem_eq(&after, &counters, sizeof after);
    dump_check_equal(before, rfm_dump(into));
    dump_check_equal(other, rfm_dump(from));
    return err;
}

/* ----------------------------------------------------------------- overflow */

#define FULL_ROWS 1024 /* so many of the largest amount are 2^63 - 1024 */

/* Rows whose sizes sum to INT64_MAX exactly. */
static batch full_batch(uint64_t user) {
    batch b = {0};
    for (int i = 0; i < FULL_ROWS; i++) batch_order(&b, user, T + i, 0, PMKT_AMOUNT_MAX);
    batch_order(&b, user, T + FULL_ROWS, 0, 1023);
    return b;
}

START_TEST(amounts_may_sum_to_exactly_the_largest_number) {
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
        options.mode = mode;
        pmkt_rfm *rfm = rfm_with(&options);
        batch b = full_batch(1);
        rfm_take(rfm, &b);
        const customer c = customer_at(rfm, T + DAY, NULL, 1);
        ck_assert_int_eq(c.revenue, INT64_MAX);
        ck_assert_int_eq(c.orders, FULL_ROWS + 1);
        ck_assert_int_eq(c.average_order, INT64_MAX / (FULL_ROWS + 1)); /* the rest is 7 */
        ck_assert_int_eq(c.tier_spend, INT64_MAX);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(one_unit_more_overflows_and_the_row_is_named) {
    pmkt_rfm *rfm = rfm_history();
    batch b = full_batch(1), one = {0};
    rfm_take(rfm, &b);
    batch_order(&one, 2, T, 0, 0);
    batch_row(&one, 2, T, PMKT_KIND_REFUND, 0, -1); /* a refund counts by its size */
    batch_order(&one, 2, T, 0, 0);
    const pmkt_events events = batch_events(&one);
    const pmkt_error err = check_refused(rfm, &events, PMKT_E_OVERFLOW);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.where, 1);
    one.amount[1] = 0;
    rfm_take(rfm, &one);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_sum_beyond_even_unsigned_numbers_is_named_at_the_first_row_too_many) {
    batch b = {0};
    const int64_t rows = scaled(200000, 70000); /* 2^64 is passed many times */
    for (int64_t i = 0; i < rows; i++) batch_order(&b, (uint64_t)i + 1, T, 0, PMKT_AMOUNT_MAX);
    const pmkt_events events = batch_events(&b);
    pmkt_rfm *rfm = rfm_history();
    ck_assert_int_eq(check_refused(rfm, &events, PMKT_E_OVERFLOW).where, FULL_ROWS);
    pmkt_rfm_free(rfm);
    batch_clear(&b);
}
END_TEST

START_TEST(rows_that_are_not_taken_do_not_count) {
    pmkt_rfm *rfm = rfm_history();
    (void)rfm_forget_one(rfm, 8, T + DAY);
    batch b = full_batch(1);
    for (int i = 0; i < 10; i++) {
        batch_order(&b, PMKT_ID_NONE, T, 0, PMKT_AMOUNT_MAX); /* rejected */
        batch_order(&b, 8, T, 0, PMKT_AMOUNT_MAX);            /* ignored */
    }
    pmkt_events events = batch_events(&b);
    events.on_bad = PMKT_ON_BAD_SKIP;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_add(rfm, &events, NULL, NULL, &err), err);
    batch_order(&b, 1, T, 0, 1);
    const pmkt_events more = batch_slice(&b, b.rows - 1, 1);
    ck_assert_int_eq(check_refused(rfm, &more, PMKT_E_OVERFLOW).where, 0);
    pmkt_rfm_free(rfm);
    batch_clear(&b);
}
END_TEST

START_TEST(what_was_ever_taken_counts_also_when_it_is_forgotten) {
    pmkt_rfm *rfm = rfm_history();
    batch b = full_batch(1), one = {0};
    rfm_take(rfm, &b);
    ck_assert_int_eq(rfm_forget_one(rfm, 1, T + DAY), 1);
    batch_order(&one, 2, T, 0, 1);
    const pmkt_events events = batch_events(&one);
    (void)check_refused(rfm, &events, PMKT_E_OVERFLOW);
    pmkt_rfm_free(rfm);
    batch_clear(&one);
}
END_TEST

START_TEST(an_unpriced_state_never_overflows) {
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.unpriced = 1;
    pmkt_rfm *rfm = rfm_with(&options);
    for (int i = 0; i < 3; i++) {
        batch b = full_batch(1);
        rfm_take(rfm, &b);
    }
    ck_assert_int_eq(customer_at(rfm, T + DAY, NULL, 1).revenue, 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(merging_overflows_at_the_same_bound) {
    pmkt_rfm *full = rfm_history(), *empty = rfm_history(), *one = rfm_history();
    batch b = full_batch(1);
    rfm_take(full, &b);
    rfm_add_order(one, 2, T, 0, 1);
    rfm_merge(empty, full);
    (void)check_merge_refused(full, one, PMKT_E_OVERFLOW);
    (void)check_merge_refused(empty, one, PMKT_E_OVERFLOW);
    pmkt_rfm *almost = rfm_history();
    b = full_batch(1);
    b.amount[FULL_ROWS]--;
    rfm_take(almost, &b);
    rfm_merge(almost, one);
    ck_assert_int_eq(customer_at(almost, T + DAY, NULL, 1).revenue, INT64_MAX - 1);
    (void)check_merge_refused(almost, one, PMKT_E_OVERFLOW);
    pmkt_rfm_free(full);
    pmkt_rfm_free(empty);
    pmkt_rfm_free(one);
    pmkt_rfm_free(almost);
}
END_TEST

START_TEST(the_most_that_can_be_given_back_is_counted_exactly) {
    pmkt_rfm *rfm = rfm_history();
    batch b = full_batch(1);
    for (int64_t i = 0; i < b.rows; i++) b.kind[i] = PMKT_KIND_REFUND;
    rfm_take(rfm, &b);
    const customer c = customer_at(rfm, T + DAY, NULL, 1);
    ck_assert_int_eq(c.revenue, -INT64_MAX);
    ck_assert_int_eq(c.orders, 0);
    ck_assert_int_eq(c.tier_spend, -INT64_MAX);
    ck_assert_int_eq(c.to_next_tier, INT64_MAX); /* which is all that 64 bits can say */
    pmkt_rfm_scores *scores = rfm_score(rfm, T + DAY, NULL);
    pmkt_rfm_group groups[9];
    ck_assert_int_eq(pmkt_rfm_summary(scores, 0, groups, sizeof *groups, 9, NULL), PMKT_OK);
    ck_assert_int_eq(groups[PMKT_RFM_NO_ORDER].revenue, -INT64_MAX);
    ck_assert_double_eq(groups[PMKT_RFM_NO_ORDER].revenue_share, 0);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(money_that_just_fits_can_be_scored_by_every_policy) {
    pmkt_rfm *rfm = rfm_history();
    batch b = full_batch(1);
    for (int64_t i = 0; i < b.rows; i++) b.user[i] = (uint64_t)i % 3 + 1;
    rfm_take(rfm, &b);
    for (int32_t collapse = PMKT_RFM_STRICT; collapse <= PMKT_RFM_MEDIAN; collapse++) {
        for (int32_t m = PMKT_RFM_M_AVERAGE; m <= PMKT_RFM_M_REVENUE; m++) {
            pmkt_rfm_score_options options = PMKT_RFM_SCORE_OPTIONS_INIT;
            options.collapse = collapse;
            options.monetary = m;
            options.m_high = PMKT_AMOUNT_MAX;
            /* the average of user 1 is exactly the bound; user 2 has the one small order */
            const customer one = customer_at(rfm, T + DAY, &options, 1);
            const customer two = customer_at(rfm, T + DAY, &options, 2);
            const bool revenue = m == PMKT_RFM_M_REVENUE;
            ck_assert_uint_eq(one.m, PMKT_RFM_BAND_HIGH);
            ck_assert_uint_eq(two.m, revenue ? PMKT_RFM_BAND_HIGH : PMKT_RFM_BAND_MIDDLE);
        }
    }
    pmkt_rfm_free(rfm);
}
END_TEST

/* ----------------------------------------------------------------- currency */

static pmkt_status add_in(pmkt_rfm *rfm, const char *code, int32_t exponent, pmkt_error *err) {
    batch b = {0};
    batch_order(&b, 1, T, 0, 100);
    pmkt_events events = batch_events(&b);
    memcpy(events.currency, code, strlen(code));
    events.currency_exponent = exponent;
    const pmkt_status status = pmkt_rfm_add(rfm, &events, NULL, NULL, err);
    batch_clear(&b);
    return status;
}

START_TEST(a_state_keeps_the_currency_that_a_batch_names_and_refuses_another) {
    pmkt_rfm *rfm = rfm_history();
    pmkt_error err = {0};
    ck_assert_ok(add_in(rfm, "", 0, &err), err);
    ck_assert_str_eq(rfm_stats(rfm).currency, "");
    ck_assert_ok(add_in(rfm, "CNY", 2, &err), err);
    ck_assert_str_eq(rfm_stats(rfm).currency, "CNY");
    ck_assert_int_eq(rfm_stats(rfm).currency_exponent, 2);
    ck_assert_ok(add_in(rfm, "CNY", 2, &err), err);
    ck_assert_ok(add_in(rfm, "", 0, &err), err);
    const pmkt_rfm_counters before = rfm_stats(rfm);
    ck_assert_int_eq(add_in(rfm, "USD", 2, &err), PMKT_E_MISMATCH);
    ck_assert_ptr_nonnull(strstr(err.message, "USD"));
    ck_assert_ptr_nonnull(strstr(err.message, "CNY"));
    ck_assert_int_eq(add_in(rfm, "CNY", 3, &err), PMKT_E_MISMATCH);
    ck_assert_int_eq(add_in(rfm, "CNY", 0, &err), PMKT_E_MISMATCH);
    const pmkt_rfm_counters after = rfm_stats(rfm);
    ck_assert_mem_eq(&after, &before, sizeof after);
    ck_assert_int_eq(after.rows_accepted, 4);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(an_empty_batch_changes_nothing_not_even_the_currency) {
    pmkt_rfm *rfm = rfm_history();
    pmkt_events events = PMKT_EVENTS_INIT;
    memcpy(events.currency, "CNY", 3);
    const pmkt_rfm_counters before = rfm_stats(rfm);
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, NULL, NULL), PMKT_OK);
    const pmkt_rfm_counters after = rfm_stats(rfm);
    ck_assert_mem_eq(&after, &before, sizeof after);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(merging_joins_equal_currencies_and_refuses_different_ones) {
    pmkt_rfm *plain = rfm_history(), *cny = rfm_history(), *usd = rfm_history();
    pmkt_error err = {0};
    ck_assert_ok(add_in(cny, "CNY", 2, &err), err);
    ck_assert_ok(add_in(usd, "USD", 2, &err), err);
    rfm_add_order(plain, 3, T, 0, 100);
    err = check_merge_refused(cny, usd, PMKT_E_MISMATCH);
    ck_assert_ptr_nonnull(strstr(err.message, "USD"));
    rfm_merge(cny, plain);
    ck_assert_str_eq(rfm_stats(cny).currency, "CNY");
    rfm_merge(plain, cny);
    ck_assert_str_eq(rfm_stats(plain).currency, "CNY");
    ck_assert_int_eq(rfm_stats(plain).currency_exponent, 2);
    (void)check_merge_refused(plain, usd, PMKT_E_MISMATCH);
    pmkt_rfm *tenths = rfm_history(); /* the same currency in other units */
    ck_assert_ok(add_in(tenths, "CNY", 1, &err), err);
    (void)check_merge_refused(cny, tenths, PMKT_E_MISMATCH);
    pmkt_rfm_free(tenths);
    pmkt_rfm_free(plain);
    pmkt_rfm_free(cny);
    pmkt_rfm_free(usd);
}
END_TEST

START_TEST(merging_needs_the_same_mode_zone_and_prices) {
    pmkt_rfm *plain = rfm_history(), *summary = rfm_summary();
    (void)check_merge_refused(plain, summary, PMKT_E_MISMATCH);
    (void)check_merge_refused(summary, plain, PMKT_E_MISMATCH);
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.unpriced = 1;
    pmkt_rfm *unpriced = rfm_with(&options);
    (void)check_merge_refused(plain, unpriced, PMKT_E_MISMATCH);
    const pmkt_transition tables[4][2] = {{{0, 60, 0}, {DAY, 0, 0}},
                                          {{0, 60, 0}, {DAY, 1, 0}},
                                          {{0, 60, 0}, {DAY + 1, 0, 0}},
                                          {{0, 60, 0}, {DAY, 0, 0}}};
    const pmkt_zone zones[6] = {{sizeof *zones, 1, NULL, 0},      {sizeof *zones, 0, tables[0], 2},
                                {sizeof *zones, 0, tables[1], 2}, {sizeof *zones, 0, tables[2], 2},
                                {sizeof *zones, 0, tables[0], 1}, {sizeof *zones, 0, tables[3], 2}};
    pmkt_rfm *zoned[6];
    for (int i = 0; i < 6; i++) {
        pmkt_rfm_options o = PMKT_RFM_OPTIONS_INIT;
        o.zone = &zones[i];
        zoned[i] = rfm_with(&o);
        (void)check_merge_refused(plain, zoned[i], PMKT_E_MISMATCH);
    }
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < i; j++) (void)check_merge_refused(zoned[i], zoned[j], PMKT_E_MISMATCH);
    }
    rfm_merge(zoned[1], zoned[5]); /* another table of the same content */
    const pmkt_zone utc = PMKT_ZONE_INIT;
    pmkt_rfm_options o = PMKT_RFM_OPTIONS_INIT;
    o.zone = &utc;
    pmkt_rfm *explicit_utc = rfm_with(&o);
    rfm_merge(plain, explicit_utc);
    pmkt_rfm_free(explicit_utc);
    for (int i = 0; i < 6; i++) pmkt_rfm_free(zoned[i]);
    pmkt_rfm_free(unpriced);
    pmkt_rfm_free(plain);
    pmkt_rfm_free(summary);
}
END_TEST

/* ---------------------------------------------------------------- max_bytes */

static pmkt_rfm *limited(int32_t mode, int64_t max_bytes, const pmkt_zone *zone) {
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = mode;
    options.max_bytes = max_bytes;
    options.zone = zone;
    return rfm_with(&options);
}

#define ROOM 400000 /* bytes that a limited state has for customers and orders */

/* User i of a crowd that shares one partition, or of all. */
static uint64_t user_number(int64_t i, bool crowded) {
    const uint64_t key = pmkti_mix((uint64_t)i + 1) >> PMKTI_PARTITION_BITS;
    return crowded ? pmkti_user_of_key(key) : (uint64_t)i + 1;
}

static batch orders_of_users(int64_t n, int64_t users, bool crowded) {
    batch b = {0};
    for (int64_t i = 0; i < n; i++) {
        batch_order(&b, user_number(i % users, crowded), T + i, 0, 10);
    }
    return b;
}

/*
 * Fills a limited state with orders in steps of that size (0: of a third of what it has), until it
 * is full even when nothing waits to be compacted. Returns the bytes used then of those allowed.
 */
static int64_t fill_to_limit(int32_t mode, int64_t users, bool crowded, int64_t step_rows) {
    pmkt_rfm *empty = limited(mode, 0, NULL);
    const int64_t least = rfm_stats(empty).bytes, limit = least + ROOM;
    pmkt_rfm_free(empty);
    pmkt_rfm *rfm = limited(mode, limit, NULL);
    batch b = orders_of_users(scaled(100000, 30000), users, crowded);
    pmkt_error err = {0};
    for (int64_t taken = 0; taken < b.rows;) {
        int64_t step = step_rows > 0 ? step_rows : taken / 3 + 1;
        if (step > b.rows - taken) step = b.rows - taken;
        const pmkt_events events = batch_slice(&b, taken, step);
        const pmkt_status status = pmkt_rfm_add(rfm, &events, NULL, NULL, &err);
        ck_assert_int_le(rfm_stats(rfm).bytes, limit);
        if (!status) {
            taken += step;
            continue;
        }
        (void)check_refused(rfm, &events, PMKT_E_LIMIT);
        ck_assert_ptr_nonnull(strstr(err.message, "max_bytes"));
        if (rfm_stats(rfm).rows_pending == 0) break;
        ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
        ck_assert_int_le(rfm_stats(rfm).bytes, limit);
    }
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
    const int64_t used = rfm_stats(rfm).bytes - least;
    ck_assert_int_le(used, ROOM);
    pmkt_rfm_free(rfm);
    batch_clear(&b);
    return used;
}

START_TEST(a_state_never_grows_beyond_its_limit) {
    static const int64_t STEPS[] = {0, 7, 1000};
    for (int64_t i = 0; i < LENGTH(STEPS); i++) {
        for (int crowded = 0; crowded < 2; crowded++) {
            for (int64_t users = 1500; users <= 100000; users += 98500) {
                const int64_t h = fill_to_limit(PMKT_RFM_HISTORY, users, crowded, STEPS[i]);
                const int64_t s = fill_to_limit(PMKT_RFM_SUMMARY, users, crowded, STEPS[i]);
                ck_assert_int_gt(h, ROOM / 2); /* and made use of it */
                if (users > 1500) ck_assert_int_gt(s, ROOM / 2);
                if (users == 1500) ck_assert_int_eq(s, 1500 * 48); /* all of them fit */
            }
        }
    }
}
END_TEST

START_TEST(the_limit_is_exact_for_what_a_batch_becomes) {
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        const pmkt_transition table[2] = {{0, 60, 0}, {DAY, 0, 0}};
        const pmkt_zone zone = {sizeof zone, 0, table, 2};
        pmkt_rfm *free_state = limited(mode, 0, &zone);
        const int64_t empty = rfm_stats(free_state).bytes;
        pmkt_rfm_free(free_state);
        const int64_t need = mode == PMKT_RFM_HISTORY ? 24 + 32 : 48;
        batch b = orders_of_users(1, 1, false);
        const pmkt_events events = batch_events(&b);
        pmkt_rfm *enough = limited(mode, empty + need, &zone);
        pmkt_rfm *short_of_one = limited(mode, empty + need - 1, &zone);
        pmkt_error err = {0};
        ck_assert_ok(pmkt_rfm_add(enough, &events, NULL, NULL, &err), err);
        (void)check_refused(short_of_one, &events, PMKT_E_LIMIT);
        ck_assert_int_eq(pmkt_rfm_compact(enough, NULL, NULL), PMKT_OK);
        ck_assert_int_eq(rfm_stats(enough).bytes, empty + need);

        pmkt_rfm *from = limited(mode, 0, &zone), *into = limited(mode, empty + need, &zone);
        rfm_add(from, &b);
        (void)check_merge_refused(short_of_one, from, PMKT_E_LIMIT);
        rfm_merge(into, from);
        ck_assert_int_eq(rfm_stats(into).bytes, empty + need);
        pmkt_rfm_free(enough);
        pmkt_rfm_free(short_of_one);
        pmkt_rfm_free(from);
        pmkt_rfm_free(into);
        batch_clear(&b);
    }
}
END_TEST

START_TEST(forgetting_works_also_at_the_limit) {
    pmkt_rfm *rfm = limited(PMKT_RFM_HISTORY, 1, NULL); /* not even an empty state fits */
    batch b = orders_of_users(1, 1, false);
    const pmkt_events events = batch_events(&b);
    (void)check_refused(rfm, &events, PMKT_E_LIMIT);
    ck_assert_int_eq(rfm_forget_one(rfm, 1, T), 0);
    ck_assert_int_eq(rfm_stats(rfm).forgotten, 1);
    pmkt_rfm_free(rfm);
    batch_clear(&b);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm limits");
    TOPIC(suite, "overflow", amounts_may_sum_to_exactly_the_largest_number,
          one_unit_more_overflows_and_the_row_is_named,
          a_sum_beyond_even_unsigned_numbers_is_named_at_the_first_row_too_many,
          rows_that_are_not_taken_do_not_count,
          what_was_ever_taken_counts_also_when_it_is_forgotten, an_unpriced_state_never_overflows,
          merging_overflows_at_the_same_bound, the_most_that_can_be_given_back_is_counted_exactly,
          money_that_just_fits_can_be_scored_by_every_policy);
    TOPIC(suite, "currency", a_state_keeps_the_currency_that_a_batch_names_and_refuses_another,
          an_empty_batch_changes_nothing_not_even_the_currency,
          merging_joins_equal_currencies_and_refuses_different_ones,
          merging_needs_the_same_mode_zone_and_prices);
    TOPIC(suite, "max_bytes", a_state_never_grows_beyond_its_limit,
          the_limit_is_exact_for_what_a_batch_becomes, forgetting_works_also_at_the_limit);
    return suite_run(suite);
}
