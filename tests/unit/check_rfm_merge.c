/*
 * However rows come in - in any order, in any batches, into any states, on any number of threads -
 * the state knows the same, byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/random.h"
#include "support/rfm.h"
#include "support/rfm_dump.h"
#include "support/suite.h"

#define T date(2024, 5, 1)
#define AS_OF date(2024, 7, 1)

static const int32_t all_threads[] = {1, 2, 3, 7};

static pmkt_rfm *state_of(int32_t mode) {
    return mode == PMKT_RFM_HISTORY ? rfm_history() : rfm_summary();
}

/* Rows of every kind. Orders have ids that repeat, or none in a summary, where lines do not join. */
static batch random_rows(int32_t mode, int64_t n, int64_t users, uint64_t seed) {
    batch b = {0};
    random_seed(seed);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t user = (uint64_t)random_below(users) + 1;
        const int64_t time = T + random_below(50) * DAY + random_below(3);
        const int64_t what = random_below(10), amount = random_below(1000);
        const uint64_t order = mode == PMKT_RFM_HISTORY ? (uint64_t)random_below(6) : PMKT_ID_NONE;
        if (what < 6) {
            batch_order(&b, user, time, order, amount);
        } else if (what == 6) {
            batch_row(&b, user, time, PMKT_KIND_REFUND, order, amount / 4);
        } else if (what == 7 && order) {
            batch_row(&b, user, time, PMKT_KIND_CANCEL, order, PMKT_AMOUNT_NULL);
        } else {
            static const int32_t KINDS[] = {PMKT_KIND_REGISTER, PMKT_KIND_VIEW, PMKT_KIND_CART,
                                            PMKT_KIND_PAY};
            batch_event(&b, user, time, KINDS[random_below(LENGTH(KINDS))]);
        }
    }
    return b;
}

static batch shuffled(const batch *b) {
    int64_t *order = malloc((size_t)(b->rows + 1) * sizeof *order);
    ck_assert_ptr_nonnull(order);
    for (int64_t i = 0; i < b->rows; i++) order[i] = i;
    random_shuffle(order, b->rows);
    batch out = {0};
    for (int64_t i = 0; i < b->rows; i++) batch_copy_row(&out, b, order[i]);
    free(order);
    return out;
}

/* Adds the batch in pieces of random length, now and then compacting. */
static void add_in_pieces(pmkt_rfm *rfm, const batch *b, int64_t longest, int32_t threads) {
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    for (int64_t from = 0, n; from < b->rows; from += n) {
        n = 1 + random_below(longest);
        if (n > b->rows - from) n = b->rows - from;
        const pmkt_events events = batch_slice(b, from, n);
        pmkt_error err = {0};
        ck_assert_ok(pmkt_rfm_add(rfm, &events, &run, NULL, &err), err);
        if (random_below(20) == 0) ck_assert_ok(pmkt_rfm_compact(rfm, &run, &err), err);
    }
}

/* ------------------------------------------------------------------- one state */

START_TEST(the_order_and_the_size_of_batches_do_not_matter) {
    const struct {
        int64_t rows, longest;
    } cases[] = {{scaled(5000, 1000), 1},
                 {scaled(40000, 3000), 10},
                 {scaled(40000, 3000), 1000},
                 {scaled(100000, 3000), 90000}};
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        for (int64_t i = 0; i < LENGTH(cases); i++) {
            batch b = random_rows(mode, cases[i].rows, 2000, (uint64_t)i), mixed = shuffled(&b);
            pmkt_rfm *whole = state_of(mode), *pieces = state_of(mode);
            rfm_take(whole, &b);
            add_in_pieces(pieces, &mixed, cases[i].longest, 1);
            ck_assert(rfm_equal(whole, pieces));
            pmkt_rfm_free(whole);
            pmkt_rfm_free(pieces);
            batch_clear(&mixed);
        }
    }
}
END_TEST

START_TEST(the_number_of_threads_does_not_matter) {
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        batch b = random_rows(mode, scaled(300000, 70000), 20000, 2);
        pmkt_rfm *first = NULL;
        for (int64_t t = 0; t < LENGTH(all_threads); t++) {
            for (int64_t longest = 50000; longest <= 400000; longest += 350000) {
                pmkt_rfm *rfm = state_of(mode);
                random_seed(3);
                add_in_pieces(rfm, &b, longest, all_threads[t]);
                if (!first) {
                    first = rfm;
                    continue;
                }
                ck_assert(rfm_equal(first, rfm));
                pmkt_rfm_free(rfm);
            }
        }
        pmkt_rfm_free(first);
        batch_clear(&b);
    }
}
END_TEST

START_TEST(a_customer_with_very_many_rows_is_a_customer_like_any_other) {
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        const int64_t n = scaled(60000, 3000);
        batch b = random_rows(mode, n, 1, 4), mixed = shuffled(&b);
        pmkt_rfm *whole = state_of(mode), *pieces = state_of(mode);
        rfm_take(whole, &b);
        add_in_pieces(pieces, &mixed, n / 7, 2);
        ck_assert(rfm_equal(whole, pieces));
        pmkt_rfm_free(whole);
        pmkt_rfm_free(pieces);
        batch_clear(&mixed);
    }
}
END_TEST

START_TEST(compacting_changes_no_answer) {
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        batch b = random_rows(mode, 3000, 500, 5);
        pmkt_rfm *rfm = state_of(mode);
        add_in_pieces(rfm, &b, 100, 1);
        rfm_take(rfm, &b);
        ck_assert_int_gt(rfm_stats(rfm).rows_pending, 0);
        pmkt_rfm_scores *before = rfm_score(rfm, AS_OF, NULL);
        dump bytes = rfm_dump(rfm);
        ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
        ck_assert_int_eq(rfm_stats(rfm).rows_pending, 0);
        pmkt_rfm_scores *after = rfm_score(rfm, AS_OF, NULL);
        dump_check_equal(bytes, rfm_dump(rfm));
        ck_assert(scores_equal(before, after));
        pmkt_rfm_scores_free(before);
        pmkt_rfm_scores_free(after);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

#define SLICE 2000000 /* rows of a large batch that a summary folds together */

/* Lines of one order lie across every inner border of a batch of several slices. */
START_TEST(a_batch_of_several_slices_is_taken_like_small_ones) {
    if (scaled(1, 0) == 0) return; /* too much for the small scale */
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        batch b = {0};
        random_seed(12);
        const int64_t n = 2 * SLICE + SLICE / 8;
        uint8_t *bits = malloc((size_t)n / 8 + 1);
        ck_assert_ptr_nonnull(bits);
        int64_t bad = 0;
        for (int64_t i = 0; i < n; i++) {
            const bool border = i % SLICE > SLICE - 50 || i % SLICE < 50;
            const uint64_t user = border ? 1 : (uint64_t)random_below(300000) + 2;
            const uint64_t order = border ? (uint64_t)(i / 100000) + 1 : (uint64_t)i + 1000;
            batch_order(&b, user, T + i % 1000, order, 1 + i % 7);
            if (i % 333333 == 0) b.user[i] = PMKT_ID_NONE;
            bad += i % 333333 == 0;
        }
        pmkt_rfm *whole = state_of(mode), *pieces = state_of(mode);
        pmkt_events events = batch_events(&b);
        events.on_bad = PMKT_ON_BAD_SKIP;
        pmkt_report report = PMKT_REPORT_INIT;
        report.rejected_bits = bits;
        pmkt_error err = {0};
        ck_assert_ok(pmkt_rfm_add(whole, &events, NULL, &report, &err), err);
        ck_assert_int_eq(report.accepted, n - bad);
        ck_assert_int_eq(report.rejected, bad);
        ck_assert_int_eq(report.first_bad, 0);
        int64_t wrong = 0;
        for (int64_t i = 0; i < n; i++) {
            wrong += (bits[i / 8] >> (i % 8) & 1) != (i % 333333 == 0);
        }
        ck_assert_int_eq(wrong, 0);
        for (int64_t from = 0; from < n;
             from += 333333) { /* where the bad rows are: no order is cut */
            const int64_t rows = n - from < 333333 ? n - from : 333333;
            pmkt_events piece = batch_slice(&b, from, rows);
            piece.on_bad = PMKT_ON_BAD_SKIP;
            ck_assert_ok(pmkt_rfm_add(pieces, &piece, NULL, NULL, &err), err);
        }
        ck_assert(rfm_equal(whole, pieces));
        pmkt_rfm_free(whole);
        pmkt_rfm_free(pieces);
        free(bits);
        batch_clear(&b);
    }
}
END_TEST

START_TEST(a_bad_row_in_a_later_slice_fails_the_whole_batch) {
    if (scaled(1, 0) == 0) return; /* too much for the small scale */
    batch b = {0};
    for (int64_t i = 0; i < SLICE + 1000; i++) batch_order(&b, (uint64_t)i % 5000 + 1, T, 0, 1);
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, T, 0, 5);
    dump before = rfm_dump(rfm);
    const pmkt_rfm_counters counters = rfm_stats(rfm);
    b.user[SLICE + 500] = b.user[SLICE + 700] = PMKT_ID_NONE;
    const pmkt_events events = batch_events(&b);
    pmkt_report report = PMKT_REPORT_INIT;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, &report, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where, SLICE + 500);
    ck_assert_int_eq(report.rejected, 2);
    ck_assert_int_eq(report.accepted, 0);
    b.user[10] = PMKT_ID_NONE; /* in the first slice too: the later ones are counted all the same */
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, &report, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where, 10);
    ck_assert_int_eq(report.rejected, 3);
    b.user[10] = b.user[SLICE + 500] = b.user[SLICE + 700] = 1;
    for (int64_t i = SLICE - 10; i < b.rows; i++) b.amount[i] = PMKT_AMOUNT_MAX;
    b.rows = SLICE + 1000;
    for (int64_t i = 0; i < 25; i++) b.amount[i] = PMKT_AMOUNT_MAX;
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, &report, &err), PMKT_E_OVERFLOW);
    ck_assert_int_eq(err.where, SLICE - 10 + 1024 - 25 - 1); /* the small ones fill one large */
    const pmkt_rfm_counters after = rfm_stats(rfm);
    ck_assert_mem_eq(&after, &counters, sizeof after);
    dump_check_equal(before, rfm_dump(rfm));
    pmkt_rfm_free(rfm);
    batch_clear(&b);
}
END_TEST

/* ----------------------------------------------------------------- many states */

START_TEST(merged_states_equal_one_state_that_took_everything) {
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        for (uint64_t round = 0; round < 24; round++) {
            batch rows = random_rows(mode, scaled(8000, 1000), 700, 100 + round);
            batch mixed = shuffled(&rows);
            const int32_t threads = all_threads[round % 4];
            pmkt_rfm *whole = state_of(mode), *shard[5];
            const int n = 2 + (int)random_below(4);
            batch part[5] = {{0}};
            for (int64_t i = 0; i < mixed.rows; i++) {
                batch_copy_row(&part[random_below(n)], &mixed, i);
            }
            for (int i = 0; i < n; i++) {
                shard[i] = state_of(mode);
                add_in_pieces(shard[i], &part[i], 3000, threads);
                batch_clear(&part[i]);
            }
            for (int left = n; left > 1; left--) { /* two at random become one */
                const int64_t a = random_below(left);
                pmkt_rfm *into = shard[a];
                shard[a] = shard[left - 1];
                const int64_t b = random_below(left - 1);
                pmkt_run run = PMKT_RUN_INIT;
                run.threads = threads;
                pmkt_error err = {0};
                ck_assert_ok(pmkt_rfm_merge(into, shard[b], &run, &err), err);
                pmkt_rfm_free(shard[b]);
                shard[b] = into;
            }
            rfm_add(whole, &rows);
            ck_assert(rfm_equal(whole, shard[0]));
            const pmkt_rfm_counters a = rfm_stats(whole), b = rfm_stats(shard[0]);
            ck_assert_int_eq(a.rows_accepted, b.rows_accepted);
            ck_assert_int_eq(a.first_event_ms, b.first_event_ms);
            ck_assert_int_eq(a.last_event_ms, b.last_event_ms);
            pmkt_rfm_free(whole);
            pmkt_rfm_free(shard[0]);
            batch_clear(&rows);
            batch_clear(&mixed);
        }
    }
}
END_TEST

START_TEST(merging_leaves_the_other_state_as_it_is) {
    batch a = random_rows(PMKT_RFM_HISTORY, 2000, 300, 6);
    batch b = random_rows(PMKT_RFM_HISTORY, 2000, 300, 7);
    pmkt_rfm *ab = rfm_history(), *ba = rfm_history(), *one = rfm_history(), *two = rfm_history();
    rfm_take(one, &a);
    rfm_take(two, &b);
    dump before = rfm_dump(two);
    const pmkt_rfm_counters counters = rfm_stats(two);
    rfm_merge(ab, one);
    rfm_merge(ab, two);
    rfm_merge(ba, two);
    rfm_merge(ba, one);
    ck_assert(rfm_equal(ab, ba));
    const pmkt_rfm_counters after = rfm_stats(two);
    ck_assert_mem_eq(&after, &counters, sizeof after);
    dump_check_equal(before, rfm_dump(two));
    pmkt_rfm_free(ab);
    pmkt_rfm_free(ba);
    pmkt_rfm_free(one);
    pmkt_rfm_free(two);
}
END_TEST

START_TEST(an_empty_state_adds_nothing) {
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        pmkt_rfm *empty = state_of(mode), *nothing = state_of(mode), *some = state_of(mode);
        rfm_merge(empty, nothing);
        ck_assert(rfm_equal(empty, nothing));
        ck_assert_int_eq(rfm_stats(empty).first_event_ms, PMKT_TIME_NULL);
        batch b = random_rows(mode, 100, 30, 8);
        rfm_take(some, &b);
        rfm_merge(empty, some);
        ck_assert(rfm_equal(empty, some));
        rfm_merge(some, nothing);
        ck_assert(rfm_equal(empty, some));
        pmkt_rfm_free(empty);
        pmkt_rfm_free(nothing);
        pmkt_rfm_free(some);
    }
}
END_TEST

START_TEST(the_counters_of_merged_states_add_up) {
    pmkt_rfm *a = rfm_history(), *b = rfm_history();
    rfm_add_order(a, 1, T + 5, 0, 100);
    rfm_add_order(b, 1, T + 2, 0, 100);
    rfm_add_order(b, 2, T + 3, 0, 100);
    batch bad = {0};
    batch_order(&bad, 0, T, 0, 100);
    pmkt_events events = batch_events(&bad);
    events.on_bad = PMKT_ON_BAD_SKIP;
    ck_assert_int_eq(pmkt_rfm_add(b, &events, NULL, NULL, NULL), PMKT_OK);
    (void)rfm_forget_one(b, 9, T);
    rfm_merge(a, b);
    const pmkt_rfm_counters c = rfm_stats(a);
    ck_assert_int_eq(c.rows_accepted, 3);
    ck_assert_int_eq(c.rows_rejected, 1);
    ck_assert_int_eq(c.first_event_ms, T + 2);
    ck_assert_int_eq(c.last_event_ms, T + 5);
    ck_assert_int_eq(c.customers, 2);
    ck_assert_int_eq(c.forgotten, 1);
    pmkt_rfm_free(a);
    pmkt_rfm_free(b);
    batch_clear(&bad);
}
END_TEST

/* ---------------------------------------------------------------------- scores */

START_TEST(scores_are_the_same_bytes_at_any_number_of_threads) {
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        batch b = random_rows(mode, scaled(200000, 5000), scaled(150000, 2000), 9);
        pmkt_rfm *rfm = state_of(mode);
        rfm_take(rfm, &b);
        b = random_rows(mode, 3000, 2000, 10); /* some rows wait */
        rfm_take(rfm, &b);
        pmkt_rfm_scores *previous = rfm_score(rfm, date(2024, 6, 25), NULL);
        for (int32_t policy = 0; policy <= 5; policy++) {
            pmkt_rfm_score_options o = PMKT_RFM_SCORE_OPTIONS_INIT;
            o.scheme = policy == 5 ? PMKT_RFM_QUANTILE : PMKT_RFM_THRESHOLD;
            o.collapse = policy % 5;
            o.previous = policy == PMKT_RFM_HYSTERESIS ? previous : NULL;
            pmkt_rfm_scores *first = NULL;
            for (int64_t t = 0; t < LENGTH(all_threads); t++) {
                pmkt_run run = PMKT_RUN_INIT;
                run.threads = all_threads[t];
                pmkt_rfm_scores *scores = NULL;
                ck_assert_int_eq(pmkt_rfm_score(rfm, AS_OF, &o, &run, &scores, NULL), PMKT_OK);
                if (!first) {
                    first = scores;
                    continue;
                }
                ck_assert(scores_equal(first, scores));
                pmkt_rfm_scores_free(scores);
            }
            pmkt_rfm_scores_free(first);
        }
        pmkt_rfm_scores_free(previous);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm merge");
    TOPIC(suite, "one state", the_order_and_the_size_of_batches_do_not_matter,
          the_number_of_threads_does_not_matter,
          a_customer_with_very_many_rows_is_a_customer_like_any_other, compacting_changes_no_answer,
          a_batch_of_several_slices_is_taken_like_small_ones,
          a_bad_row_in_a_later_slice_fails_the_whole_batch);
    TOPIC(suite, "many states", merged_states_equal_one_state_that_took_everything,
          merging_leaves_the_other_state_as_it_is, an_empty_state_adds_nothing,
          the_counters_of_merged_states_add_up);
    TOPIC(suite, "scores", scores_are_the_same_bytes_at_any_number_of_threads);
    return suite_run(suite);
}
