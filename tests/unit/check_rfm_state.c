/*
 * The state: what it takes and refuses, and what it tells about itself.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/rfm.h"
#include "support/rfm_dump.h"
#include "support/suite.h"

#define T date(2024, 5, 1)
#define NULL_AMOUNT PMKT_AMOUNT_NULL
#define CHUNK 65536 /* rows that the library looks at together */

/* ---------------------------------------------------------------------- new */

START_TEST(options_that_make_no_sense_are_refused) {
    pmkt_rfm_options good = PMKT_RFM_OPTIONS_INIT, bad[9];
    for (int i = 0; i < 9; i++) bad[i] = good;
    bad[0].mode = -1;
    bad[1].mode = 2;
    bad[2].max_bytes = -1;
    bad[3].unpriced = 2;
    bad[4].unpriced = -1;
    const pmkt_allocator no_function = {NULL, NULL};
    bad[5].allocator = &no_function;
    pmkt_zone zone = PMKT_ZONE_INIT;
    zone.offset_minutes = 1441;
    bad[6].zone = &zone;
    bad[7].max_bytes = INT64_MIN;
    bad[8].mode = INT32_MAX;
    for (int i = 0; i < 9; i++) {
        pmkt_rfm *rfm = NULL;
        pmkt_error err = {0};
        ck_assert_msg(pmkt_rfm_new(&bad[i], &rfm, &err) == PMKT_E_INVALID, "options %d", i);
        ck_assert_int_eq(err.code, PMKT_E_INVALID);
        ck_assert_ptr_null(rfm);
    }
    ck_assert_int_eq(pmkt_rfm_new(NULL, NULL, NULL), PMKT_E_INVALID);
}
END_TEST

START_TEST(a_reserved_field_that_is_set_is_refused) {
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.reserved = 1;
    pmkt_rfm *rfm = NULL;
    ck_assert_int_eq(pmkt_rfm_new(&options, &rfm, NULL), PMKT_E_INVALID);
    ck_assert_ptr_null(rfm);
}
END_TEST

START_TEST(the_zone_and_the_allocator_are_copied) {
    faulty f = {0};
    pmkt_allocator *allocator = malloc(sizeof *allocator);
    pmkt_transition *table = malloc(sizeof *table);
    pmkt_zone *zone = malloc(sizeof *zone);
    ck_assert(allocator && table && zone);
    *allocator = faulty_allocator(&f);
    *table = (pmkt_transition){T, 60, 0};
    *zone = (pmkt_zone){sizeof *zone, 0, table, 1};
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.zone = zone;
    options.allocator = allocator;
    pmkt_rfm *rfm = rfm_with(&options);
    free(zone);
    free(table);
    free(allocator);
    rfm_add_order(rfm, 1, T + 23 * HOUR, 0, 100); /* 00:00 of the next day, local */
    ck_assert_int_eq(customer_at(rfm, T + 30 * HOUR, NULL, 1).recency_days, 0);
    ck_assert_int_gt(f.blocks, 0);
    pmkt_rfm_free(rfm);
    faulty_check_empty(&f);
}
END_TEST

START_TEST(freeing_nothing_is_fine) {
    pmkt_rfm_free(NULL);
    pmkt_rfm_scores_free(NULL);
    pmkt_rfm_migration_free(NULL);
}
END_TEST

/* ----------------------------------------------------------------- bad rows */

enum {
    PRICED,
    UNPRICED
};

/* The reason why a row is rejected by a state of that kind, or -1. */
static int32_t reason_of(int32_t mode, int32_t unpriced, int32_t kind, uint64_t order,
                         int64_t amount) {
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = mode;
    options.unpriced = unpriced;
    pmkt_rfm *rfm = rfm_with(&options);
    batch b = {0};
    batch_row(&b, 1, T, kind, order, amount);
    pmkt_events events = batch_events(&b);
    events.on_bad = PMKT_ON_BAD_SKIP;
    pmkt_report report = PMKT_REPORT_INIT;
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, &report, NULL), PMKT_OK);
    ck_assert_int_eq(rfm_stats(rfm).rows_accepted, report.accepted);
    ck_assert_int_eq(rfm_stats(rfm).rows_rejected, report.rejected);
    pmkt_rfm_free(rfm);
    batch_clear(&b);
    int32_t reason = -1;
    for (int32_t i = 0; i < PMKT_BAD_REASONS; i++) {
        if (report.by_reason[i]) reason = i;
    }
    ck_assert_int_eq(report.rejected, reason >= 0);
    return reason;
}

#define ORDER PMKT_KIND_ORDER
#define REFUND PMKT_KIND_REFUND
#define CANCEL PMKT_KIND_CANCEL
#define HISTORY PMKT_RFM_HISTORY
#define SUMMARY PMKT_RFM_SUMMARY

START_TEST(orders_and_refunds_need_an_amount) {
    for (int32_t mode = HISTORY; mode <= SUMMARY; mode++) {
        ck_assert_int_eq(reason_of(mode, PRICED, ORDER, 7, NULL_AMOUNT), PMKT_BAD_AMOUNT_MISSING);
        ck_assert_int_eq(reason_of(mode, PRICED, ORDER, 0, NULL_AMOUNT), PMKT_BAD_AMOUNT_MISSING);
        ck_assert_int_eq(reason_of(mode, PRICED, REFUND, 7, NULL_AMOUNT), PMKT_BAD_AMOUNT_MISSING);
        ck_assert_int_eq(reason_of(mode, PRICED, REFUND, 0, NULL_AMOUNT), PMKT_BAD_AMOUNT_MISSING);
        ck_assert_int_eq(reason_of(mode, PRICED, ORDER, 0, 0), -1);
        ck_assert_int_eq(reason_of(mode, PRICED, REFUND, 0, 0), -1);
        ck_assert_int_eq(reason_of(mode, PRICED, REFUND, 0, -5), -1);
    }
}
END_TEST

START_TEST(a_cancellation_needs_an_amount_or_the_order_that_it_cancels) {
    ck_assert_int_eq(reason_of(HISTORY, PRICED, CANCEL, 0, NULL_AMOUNT), PMKT_BAD_ORDER_MISSING);
    ck_assert_int_eq(reason_of(HISTORY, PRICED, CANCEL, 7, NULL_AMOUNT), -1);
    ck_assert_int_eq(reason_of(HISTORY, PRICED, CANCEL, 0, 5), -1);
    ck_assert_int_eq(reason_of(HISTORY, PRICED, CANCEL, 0, -5), -1);
    ck_assert_int_eq(reason_of(HISTORY, PRICED, CANCEL, 7, 5), -1);
}
END_TEST

START_TEST(sums_need_the_amount_of_a_cancellation) {
    ck_assert_int_eq(reason_of(SUMMARY, PRICED, CANCEL, 0, NULL_AMOUNT), PMKT_BAD_AMOUNT_MISSING);
    ck_assert_int_eq(reason_of(SUMMARY, PRICED, CANCEL, 7, NULL_AMOUNT), PMKT_BAD_AMOUNT_MISSING);
    ck_assert_int_eq(reason_of(SUMMARY, PRICED, CANCEL, 0, 5), -1);
}
END_TEST

START_TEST(an_unpriced_state_looks_at_no_amount_but_needs_the_order_of_a_refund) {
    static const int64_t AMOUNTS[] = {PMKT_AMOUNT_NULL, 0, 5};
    for (int64_t i = 0; i < LENGTH(AMOUNTS); i++) {
        ck_assert_int_eq(reason_of(HISTORY, UNPRICED, ORDER, 0, AMOUNTS[i]), -1);
        ck_assert_int_eq(reason_of(SUMMARY, UNPRICED, ORDER, 0, AMOUNTS[i]), -1);
        static const int32_t BACK[] = {PMKT_KIND_REFUND, PMKT_KIND_CANCEL};
        for (int64_t j = 0; j < LENGTH(BACK); j++) {
            ck_assert_int_eq(reason_of(HISTORY, UNPRICED, BACK[j], 7, AMOUNTS[i]), -1);
            ck_assert_int_eq(reason_of(HISTORY, UNPRICED, BACK[j], 0, AMOUNTS[i]),
                             PMKT_BAD_ORDER_MISSING);
            ck_assert_int_eq(reason_of(SUMMARY, UNPRICED, BACK[j], 7, AMOUNTS[i]), -1);
        }
    }
}
END_TEST

START_TEST(other_kinds_need_nothing) {
    for (int32_t kind = 1; kind < PMKT_KIND_COUNT_; kind++) {
        if (kind == ORDER || kind == REFUND || kind == CANCEL) continue;
        ck_assert_int_eq(reason_of(HISTORY, PRICED, kind, 0, NULL_AMOUNT), -1);
        ck_assert_int_eq(reason_of(SUMMARY, PRICED, kind, 0, NULL_AMOUNT), -1);
    }
    ck_assert_int_eq(reason_of(HISTORY, PRICED, PMKT_KIND_CUSTOM, 0, NULL_AMOUNT), -1);
    ck_assert_int_eq(reason_of(HISTORY, PRICED, PMKT_KIND_NONE, 0, 5), PMKT_BAD_KIND);
    ck_assert_int_eq(reason_of(HISTORY, PRICED, ORDER, 0, -5), PMKT_BAD_AMOUNT_NEGATIVE);
    ck_assert_int_eq(reason_of(HISTORY, PRICED, ORDER, 0, PMKT_AMOUNT_MAX + 1),
                     PMKT_BAD_AMOUNT_RANGE);
}
END_TEST

START_TEST(a_batch_without_an_amount_column_has_no_amounts) {
    const uint64_t user = 1;
    const int64_t time = T;
    pmkt_events events = PMKT_EVENTS_INIT;
    events.rows = 1;
    events.user = &user;
    events.time = &time;
    events.every_kind = ORDER;
    pmkt_rfm *rfm = rfm_history();
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, NULL, &err), PMKT_E_BAD_ROW);
    ck_assert_ptr_nonnull(strstr(err.message, pmkt_bad_reason(PMKT_BAD_AMOUNT_MISSING)));
    events.every_kind = PMKT_KIND_VIEW;
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, NULL, &err), PMKT_OK);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_bad_row_fails_the_batch_and_nothing_is_taken) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, T, 7, 100);
    const pmkt_rfm_counters counters = rfm_stats(rfm);
    dump before = rfm_dump(rfm);
    batch b = {0};
    for (uint64_t user = 1; user <= 20; user++) batch_order(&b, user, T, 0, 5);
    b.amount[13] = PMKT_AMOUNT_NULL;
    b.user[17] = PMKT_ID_NONE;
    pmkt_events events = batch_events(&b);
    memcpy(events.currency, "CNY", 3);
    uint8_t bits[3] = {0xFF, 0xFF, 0xFF};
    pmkt_report report = PMKT_REPORT_INIT;
    report.rejected_bits = bits;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, &report, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.where, 13);
    ck_assert_ptr_nonnull(strstr(err.message, pmkt_bad_reason(PMKT_BAD_AMOUNT_MISSING)));
    ck_assert_int_eq(report.rows, 20);
    ck_assert_int_eq(report.accepted, 0);
    ck_assert_int_eq(report.ignored, 0);
    ck_assert_int_eq(report.rejected, 2);
    ck_assert_int_eq(report.first_bad, 13);
    ck_assert_uint_eq(bits[0], 0);
    ck_assert_uint_eq(bits[1], 1 << 5);
    ck_assert_uint_eq(bits[2], 1 << 1);
    const pmkt_rfm_counters after = rfm_stats(rfm);
    ck_assert_mem_eq(&after, &counters, sizeof after);
    dump_check_equal(before, rfm_dump(rfm));
    pmkt_rfm_free(rfm);
    batch_clear(&b);
}
END_TEST

/* Rows of every fate at random, and what must be said of them. */
START_TEST(reports_and_bitmaps_are_right_across_chunks_at_any_number_of_threads) {
    const int64_t rows = scaled(3 * CHUNK + 1001, CHUNK + 101);
    const size_t bytes = (size_t)(rows + 7) / 8;
    static const int32_t THREADS[] = {1, 2, 3, 7};
    uint8_t *bits = malloc(bytes), *expected = calloc(1, bytes);
    ck_assert(bits && expected);
    random_seed(11);
    batch b = {0};
    pmkt_report want = PMKT_REPORT_INIT;
    want.rows = rows;
    for (int64_t i = 0; i < rows; i++) {
        const bool border = i % CHUNK < 3 || i % CHUNK > CHUNK - 4;
        const int64_t fate = random_below(border ? 4 : 50);
        batch_order(&b, (uint64_t)random_below(5000) + 1, T + i, 0, 10);
        int32_t reason = -1;
        if (fate == 0) {
            b.user[i] = PMKT_ID_NONE;
            reason = PMKT_BAD_USER;
        } else if (fate == 1) {
            b.time[i] = PMKT_TIME_NULL;
            reason = PMKT_BAD_TIME;
        } else if (fate == 2) {
            b.user[i] = 9999; /* forgotten below */
        }
        if (reason < 0) {
            want.accepted += fate != 2;
            want.ignored += fate == 2;
            continue;
        }
        want.rejected++;
        want.by_reason[reason]++;
        if (want.first_bad < 0) want.first_bad = i;
        expected[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    pmkt_events events = batch_events(&b);
    events.on_bad = PMKT_ON_BAD_SKIP;
    for (int64_t t = 0; t < LENGTH(THREADS); t++) {
        pmkt_rfm *rfm = rfm_history();
        (void)rfm_forget_one(rfm, 9999, T + rows + 1);
        memset(bits, 0xFF, bytes);
        pmkt_report report = PMKT_REPORT_INIT;
        report.rejected_bits = bits;
        pmkt_run run = PMKT_RUN_INIT;
        run.threads = THREADS[t];
        ck_assert_int_eq(pmkt_rfm_add(rfm, &events, &run, &report, NULL), PMKT_OK);
        want.rejected_bits = bits;
        ck_assert_mem_eq(&report, &want, sizeof report);
        ck_assert_mem_eq(bits, expected, bytes);
        const pmkt_rfm_counters c = rfm_stats(rfm);
        ck_assert_int_eq(c.rows_accepted, want.accepted);
        ck_assert_int_eq(c.rows_rejected, want.rejected);
        ck_assert_int_eq(c.rows_ignored, want.ignored);
        pmkt_rfm_free(rfm);
    }
    batch_clear(&b);
    free(bits);
    free(expected);
}
END_TEST

/* ------------------------------------------------------------------ counters */

START_TEST(an_empty_state_counts_nothing) {
    pmkt_rfm *rfm = rfm_summary();
    const pmkt_rfm_counters c = rfm_stats(rfm);
    ck_assert_int_eq(c.mode, PMKT_RFM_SUMMARY);
    ck_assert_int_eq(c.rows_accepted, 0);
    ck_assert_int_eq(c.rows_rejected, 0);
    ck_assert_int_eq(c.rows_ignored, 0);
    ck_assert_int_eq(c.rows_pending, 0);
    ck_assert_int_eq(c.customers, 0);
    ck_assert_int_eq(c.orders, 0);
    ck_assert_int_eq(c.forgotten, 0);
    ck_assert_int_gt(c.bytes, 0);
    ck_assert_int_le(c.bytes, 64 * 1024); /* a state is cheap to have */
    ck_assert_int_eq(c.first_event_ms, PMKT_TIME_NULL);
    ck_assert_int_eq(c.last_event_ms, PMKT_TIME_NULL);
    ck_assert_str_eq(c.currency, "");
    ck_assert_int_eq(c.currency_exponent, 0);
    ck_assert_int_eq(c.reserved, 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(the_counters_follow_what_happens) {
    pmkt_rfm *rfm = rfm_history();
    batch b = {0};
    batch_order(&b, 1, T + 5, 7, 100);
    batch_order(&b, 1, T + 2, 7, 100);
    batch_order(&b, 2, T + 9, 0, 100);
    batch_row(&b, 2, T + 10, REFUND, 0, 30);
    batch_event(&b, 3, T + 1, PMKT_KIND_VIEW);
    rfm_take(rfm, &b);
    pmkt_rfm_counters c = rfm_stats(rfm);
    ck_assert_int_eq(c.rows_accepted, 5);
    ck_assert_int_eq(c.first_event_ms, T + 1);
    ck_assert_int_eq(c.last_event_ms, T + 10);
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
    c = rfm_stats(rfm);
    ck_assert_int_eq(c.rows_pending, 0);
    ck_assert_int_eq(c.customers, 3);
    ck_assert_int_eq(c.orders, 3); /* two lines are one order; and a refund */
    ck_assert_int_eq(rfm_forget_one(rfm, 2, T + DAY), 1);
    c = rfm_stats(rfm);
    ck_assert_int_eq(c.customers, 2);
    ck_assert_int_eq(c.orders, 1);
    ck_assert_int_eq(c.forgotten, 1);
    ck_assert_int_eq(c.rows_accepted, 5);
    pmkt_rfm_free(rfm);

    rfm = rfm_summary();
    for (int i = 0; i < 3; i++) rfm_add_order(rfm, 1, T + i, 0, 100);
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
    c = rfm_stats(rfm);
    ck_assert_int_eq(c.customers, 1);
    ck_assert_int_eq(c.orders, 3);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(the_generation_rises_with_every_change_and_only_then) {
    pmkt_rfm *rfm = rfm_history(), *other = rfm_history();
    rfm_add_order(other, 9, T, 0, 100);
    int64_t generation = rfm_stats(rfm).generation;
    rfm_add_order(rfm, 1, T, 0, 100);
    ck_assert_int_gt(rfm_stats(rfm).generation, generation);
    generation = rfm_stats(rfm).generation;
    rfm_merge(rfm, other);
    ck_assert_int_gt(rfm_stats(rfm).generation, generation);
    generation = rfm_stats(rfm).generation;
    (void)rfm_forget_one(rfm, 1, T + 1);
    ck_assert_int_gt(rfm_stats(rfm).generation, generation);
    generation = rfm_stats(rfm).generation;

    pmkt_events events = PMKT_EVENTS_INIT;
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, NULL, NULL), PMKT_OK);
    events.rows = -1;
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_merge(rfm, rfm, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_forget(rfm, NULL, 0, T, NULL, NULL), PMKT_OK);
    pmkt_rfm_scores_free(rfm_score(rfm, T + DAY, NULL));
    ck_assert_int_eq(rfm_stats(rfm).generation, generation);
    pmkt_rfm_free(rfm);
    pmkt_rfm_free(other);
}
END_TEST

static void add_many(pmkt_rfm *rfm, int64_t rows, int64_t users, uint64_t seed) {
    batch b = {0};
    random_seed(seed);
    for (int64_t i = 0; i < rows; i++) {
        batch_order(&b, (uint64_t)random_below(users) + 1, T + i, 0, 10);
    }
    rfm_take(rfm, &b);
}

START_TEST(the_bytes_are_those_of_the_allocator) {
    for (int32_t mode = HISTORY; mode <= SUMMARY; mode++) {
        faulty f = {0}, g = {0};
        const pmkt_allocator mine = faulty_allocator(&f), theirs = faulty_allocator(&g);
        const pmkt_transition table[2] = {{0, 60, 0}, {DAY, 0, 0}};
        const pmkt_zone zone = {sizeof zone, 0, table, 2};
        pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
        options.mode = mode;
        options.zone = &zone;
        options.allocator = &mine;
        pmkt_rfm *rfm = rfm_with(&options);
        options.allocator = &theirs;
        pmkt_rfm *other = rfm_with(&options);
        add_many(other, 5000, 700, 2);
        ck_assert_int_eq(rfm_stats(rfm).bytes, f.bytes);
        for (int round = 0; round < 20; round++) {
            add_many(rfm, round * 100, 1000, (uint64_t)round);
            ck_assert_int_eq(rfm_stats(rfm).bytes, f.bytes);
        }
        rfm_merge(rfm, other);
        ck_assert_int_eq(rfm_stats(rfm).bytes, f.bytes);
        for (uint64_t user = 1; user < 50; user++) (void)rfm_forget_one(rfm, user, T + 500);
        ck_assert_int_eq(rfm_stats(rfm).bytes, f.bytes);
        pmkt_rfm_scores_free(rfm_score(rfm, T + DAY, NULL));
        ck_assert_int_eq(rfm_stats(rfm).bytes, f.bytes);
        ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
        ck_assert_int_eq(rfm_stats(rfm).bytes, f.bytes);
        pmkt_rfm_free(rfm);
        pmkt_rfm_free(other);
        faulty_check_empty(&f);
        faulty_check_empty(&g);
    }
}
END_TEST

START_TEST(a_compacted_state_is_as_small_as_promised) {
    pmkt_rfm *history = rfm_history(), *summary = rfm_summary();
    const int64_t h0 = rfm_stats(history).bytes, s0 = rfm_stats(summary).bytes;
    for (uint64_t i = 0; i < 7; i++) {
        add_many(history, 20000, 8000, i);
        add_many(summary, 20000, 8000, i);
    }
    for (uint64_t user = 1; user <= 100; user++) {
        (void)rfm_forget_one(history, user, T);
        (void)rfm_forget_one(summary, user, T);
    }
    ck_assert_int_eq(pmkt_rfm_compact(history, NULL, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_compact(summary, NULL, NULL), PMKT_OK);
    const pmkt_rfm_counters h = rfm_stats(history), s = rfm_stats(summary);
    ck_assert_int_eq(h.orders, 140000);
    ck_assert_int_eq(s.orders, 140000);
    ck_assert_int_le(h.bytes - h0, 24 * h.orders + 32 * h.customers + 16 * h.forgotten);
    ck_assert_int_le(s.bytes - s0, 48 * s.customers + 16 * s.forgotten);
    pmkt_rfm_free(history);
    pmkt_rfm_free(summary);
}
END_TEST

START_TEST(compacting_gives_spare_memory_back) {
    for (int32_t mode = HISTORY; mode <= SUMMARY; mode++) {
        pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
        options.mode = mode;
        pmkt_rfm *rfm = rfm_with(&options);
        const int64_t empty = rfm_stats(rfm).bytes;
        add_many(rfm, 20000, 5000, 1);
        for (uint64_t user = 1; user <= 5000; user++) (void)rfm_forget_one(rfm, user, T + DAY);
        ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
        const pmkt_rfm_counters c = rfm_stats(rfm);
        ck_assert_int_eq(c.customers, 0);
        ck_assert_int_eq(c.orders, 0);
        ck_assert_int_eq(c.forgotten, 5000);
        ck_assert_int_eq(c.bytes, empty + 16 * c.forgotten);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

/* What a mode promises for what it holds, once compacted. */
static int64_t promised(const pmkt_rfm_counters *c) {
    const int64_t records =
        c->mode == PMKT_RFM_HISTORY ? 24 * c->orders + 32 * c->customers : 48 * c->customers;
    return records + 16 * c->forgotten;
}

START_TEST(rows_that_wait_are_at_most_a_third_more) {
    for (int32_t mode = HISTORY; mode <= SUMMARY; mode++) {
        pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
        options.mode = mode;
        pmkt_rfm *rfm = rfm_with(&options);
        const int64_t empty = rfm_stats(rfm).bytes;
        add_many(rfm, 100000, 20000, 1);
        for (uint64_t i = 0; i < 300; i++) {
            add_many(rfm, 1000, 20000 + 100 * (int64_t)i, i + 5);
            const int64_t waiting = rfm_stats(rfm).bytes - empty;
            if (i % 30) continue;
            ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
            const pmkt_rfm_counters c = rfm_stats(rfm);
            const int64_t few = 512 * 64 * 32; /* that may wait in any case */
            ck_assert_int_le(c.bytes - empty, promised(&c));
            ck_assert_int_le(3 * waiting, 4 * promised(&c) + 3 * few);
        }
        pmkt_rfm_free(rfm);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm state");
    TOPIC(suite, "new", options_that_make_no_sense_are_refused,
          a_reserved_field_that_is_set_is_refused, the_zone_and_the_allocator_are_copied,
          freeing_nothing_is_fine);
    TOPIC(suite, "bad rows", orders_and_refunds_need_an_amount,
          a_cancellation_needs_an_amount_or_the_order_that_it_cancels,
          sums_need_the_amount_of_a_cancellation,
          an_unpriced_state_looks_at_no_amount_but_needs_the_order_of_a_refund,
          other_kinds_need_nothing, a_batch_without_an_amount_column_has_no_amounts,
          a_bad_row_fails_the_batch_and_nothing_is_taken,
          reports_and_bitmaps_are_right_across_chunks_at_any_number_of_threads);
    TOPIC(suite, "counters", an_empty_state_counts_nothing, the_counters_follow_what_happens,
          the_generation_rises_with_every_change_and_only_then,
          the_bytes_are_those_of_the_allocator, a_compacted_state_is_as_small_as_promised,
          compacting_gives_spare_memory_back, rows_that_wait_are_at_most_a_third_more);
    return suite_run(suite);
}
