/*
 * Forgetting: what is gone, what stays gone, and what of a new customer is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "rfm/state.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/rfm.h"
#include "support/rfm_dump.h"
#include "support/suite.h"

#define AS_OF date(2024, 7, 1)
#define MAY(day) date(2024, 5, day)
#define WHEN MAY(15)

static pmkt_rfm *state_of(int32_t mode) {
    return mode == PMKT_RFM_HISTORY ? rfm_history() : rfm_summary();
}

#define EACH_MODE(mode) \
    int32_t mode = PMKT_RFM_HISTORY; \
    mode <= PMKT_RFM_SUMMARY; \
    mode++

/* -------------------------------------------------------------------- now */

START_TEST(what_was_known_from_before_is_gone) {
    for (EACH_MODE(mode)) {
        pmkt_rfm *rfm = state_of(mode);
        rfm_add_event(rfm, 1, MAY(1), PMKT_KIND_REGISTER);
        rfm_add_event(rfm, 1, MAY(2), PMKT_KIND_CART);
        rfm_add_order(rfm, 1, MAY(3), 7, 100);
        rfm_add_row(rfm, 1, MAY(4), PMKT_KIND_REFUND, 7, 10);
        rfm_add_order(rfm, 2, MAY(3), 7, 100);
        ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
        ck_assert_int_eq(rfm_stats(rfm).customers, 2);
        ck_assert_int_eq(rfm_forget_one(rfm, 1, WHEN), 1);
        ck_assert(!is_known(rfm, AS_OF, 1));
        ck_assert(is_known(rfm, AS_OF, 2));
        ck_assert_int_eq(rfm_stats(rfm).customers, 1);
        ck_assert_int_eq(rfm_stats(rfm).forgotten, 1);
        ck_assert_int_eq(rfm_forget_one(rfm, 1, WHEN), 0);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(rows_that_still_wait_are_forgotten_too) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(3), 7, 100);
    ck_assert_int_eq(rfm_stats(rfm).rows_pending, 1);
    ck_assert_int_eq(rfm_forget_one(rfm, 1, WHEN), 1);
    ck_assert_int_eq(rfm_stats(rfm).rows_pending, 0);
    ck_assert(!is_known(rfm, AS_OF, 1));
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(the_date_itself_belongs_to_the_new_customer) {
    for (EACH_MODE(mode)) {
        pmkt_rfm *rfm = state_of(mode);
        rfm_add_order(rfm, 1, WHEN - 1, 0, 100);
        rfm_add_order(rfm, 2, WHEN, 0, 100);
        rfm_add_order(rfm, 3, WHEN + 1, 0, 100);
        const uint64_t users[3] = {1, 2, 3};
        int64_t found = -1;
        ck_assert_int_eq(pmkt_rfm_forget(rfm, users, 3, WHEN, &found, NULL), PMKT_OK);
        ck_assert_int_eq(found, 1);
        ck_assert(!is_known(rfm, AS_OF, 1));
        ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 2).orders, 1);
        ck_assert_int_eq(customer_at(rfm, AS_OF, NULL, 3).orders, 1);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(later_orders_stay_and_earlier_ones_go) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(3), PMKT_ID_NONE, 1);
    rfm_add_order(rfm, 1, MAY(4), 7, 10);
    rfm_add_order(rfm, 1, MAY(20), 8, 100);
    rfm_add_order(rfm, 1, MAY(21), PMKT_ID_NONE, 1000);
    rfm_add_row(rfm, 1, MAY(22), PMKT_KIND_REFUND, 8, 50);
    rfm_add_row(rfm, 1, MAY(5), PMKT_KIND_REFUND, PMKT_ID_NONE, 7);
    ck_assert_int_eq(rfm_forget_one(rfm, 1, WHEN), 1);
    const customer c = customer_at(rfm, AS_OF, NULL, 1);
    ck_assert_int_eq(c.orders, 2);
    ck_assert_int_eq(c.revenue, 1050);
    ck_assert_int_eq(c.tenure_days, (AS_OF - MAY(20)) / DAY);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(an_order_that_began_before_goes_whole) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(10), 7, 100);
    rfm_add_order(rfm, 1, MAY(20), 7, 100);
    rfm_add_row(rfm, 1, MAY(21), PMKT_KIND_REFUND, 7, 30);
    rfm_add_row(rfm, 1, MAY(22), PMKT_KIND_CANCEL, 7, PMKT_AMOUNT_NULL);
    rfm_add_order(rfm, 1, MAY(23), 8, 5);
    ck_assert_int_eq(rfm_forget_one(rfm, 1, WHEN), 1);
    const customer c = customer_at(rfm, AS_OF, NULL, 1);
    ck_assert_int_eq(c.orders, 1);
    ck_assert_int_eq(c.revenue, 5);
    ck_assert_int_eq(c.tenure_days, (AS_OF - MAY(23)) / DAY);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(facts_that_reach_back_go_and_later_ones_stay) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_event(rfm, 1, MAY(1), PMKT_KIND_VIEW);
    rfm_add_event(rfm, 1, MAY(20), PMKT_KIND_VIEW); /* hidden behind the first */
    rfm_add_event(rfm, 1, MAY(21), PMKT_KIND_CART);
    rfm_add_event(rfm, 2, MAY(1), PMKT_KIND_CART);
    rfm_add_event(rfm, 2, MAY(20), PMKT_KIND_REGISTER);
    const uint64_t users[2] = {1, 2};
    int64_t found = -1;
    ck_assert_int_eq(pmkt_rfm_forget(rfm, users, 2, WHEN, &found, NULL), PMKT_OK);
    ck_assert_int_eq(found, 2);
    const customer one = customer_at(rfm, AS_OF, NULL, 1), two = customer_at(rfm, AS_OF, NULL, 2);
    ck_assert_uint_eq(one.brand_stage, PMKT_RFM_INTERESTED);
    ck_assert_int_eq(one.tenure_days, (AS_OF - MAY(21)) / DAY);
    ck_assert_uint_eq(two.brand_stage, PMKT_RFM_UNAWARE);
    ck_assert_int_eq(two.tenure_days, (AS_OF - MAY(20)) / DAY);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(sums_that_reach_back_go_whole) {
    static const int32_t FIRST[] = {PMKT_KIND_VIEW, PMKT_KIND_CART, PMKT_KIND_ORDER,
                                    PMKT_KIND_REFUND};
    for (int64_t i = 0; i < LENGTH(FIRST); i++) {
        pmkt_rfm *rfm = rfm_summary();
        rfm_add_row(rfm, 1, MAY(1), FIRST[i], 0, 5);
        rfm_add_order(rfm, 1, MAY(21), 0, 100);
        ck_assert_int_eq(rfm_forget_one(rfm, 1, WHEN), 1);
        ck_assert(!is_known(rfm, AS_OF, 1));
        ck_assert_int_eq(rfm_stats(rfm).customers, 0);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(a_registration_has_its_own_date_beside_the_sums) {
    pmkt_rfm *rfm = rfm_summary();
    rfm_add_event(rfm, 1, MAY(1), PMKT_KIND_VIEW); /* the sums reach back, the registration not */
    rfm_add_event(rfm, 1, MAY(20), PMKT_KIND_REGISTER);
    rfm_add_order(rfm, 1, MAY(21), 0, 100);
    rfm_add_event(rfm, 2, MAY(1), PMKT_KIND_REGISTER); /* the other way round */
    rfm_add_order(rfm, 2, MAY(21), 0, 100);
    ck_assert_int_eq(rfm_forget_one(rfm, 1, WHEN), 1);
    ck_assert_int_eq(rfm_forget_one(rfm, 2, WHEN), 1);
    const customer one = customer_at(rfm, AS_OF, NULL, 1), two = customer_at(rfm, AS_OF, NULL, 2);
    ck_assert_int_eq(one.orders, 0);
    ck_assert_int_eq(one.revenue, 0);
    ck_assert_uint_eq(one.brand_stage, PMKT_RFM_NOT_OBSERVED);
    ck_assert_int_eq(one.tenure_days, (AS_OF - MAY(20)) / DAY);
    ck_assert_int_eq(two.orders, 1);
    ck_assert_int_eq(two.revenue, 100);
    ck_assert_uint_eq(two.flags & PMKT_RFM_FLAG_REGISTERED, 0);
    ck_assert_int_eq(two.tenure_days, (AS_OF - MAY(21)) / DAY);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(unknown_repeated_and_missing_users_are_fine) {
    pmkt_rfm *rfm = rfm_history();
    for (uint64_t user = 1; user <= 9; user++) rfm_add_order(rfm, user, MAY(3), 0, 100);
    const uint64_t users[] = {5, 3, 77, 5, PMKT_ID_NONE, 3, 5, 78, PMKT_ID_NONE};
    int64_t found = -1;
    ck_assert_int_eq(pmkt_rfm_forget(rfm, users, LENGTH(users), WHEN, &found, NULL), PMKT_OK);
    ck_assert_int_eq(found, 2);
    const pmkt_rfm_counters c = rfm_stats(rfm);
    ck_assert_int_eq(c.forgotten, 4);
    ck_assert_int_eq(c.customers + c.rows_pending, 7);
    ck_assert_int_eq(pmkt_rfm_forget(rfm, users, LENGTH(users), WHEN, NULL, NULL), PMKT_OK);
    ck_assert_int_eq(rfm_stats(rfm).forgotten, 4);
    const uint64_t none[2] = {PMKT_ID_NONE, PMKT_ID_NONE};
    ck_assert_int_eq(pmkt_rfm_forget(rfm, none, 2, WHEN, &found, NULL), PMKT_OK);
    ck_assert_int_eq(found, 0);
    ck_assert_int_eq(pmkt_rfm_forget(rfm, NULL, 0, WHEN, &found, NULL), PMKT_OK);
    ck_assert_int_eq(found, 0);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_date_out_of_range_is_refused) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, MAY(3), 0, 100);
    const uint64_t user = 1;
    static const int64_t BAD[] = {PMKT_TIME_NULL, PMKT_TIME_MIN - 1, PMKT_TIME_MAX + 1, INT64_MAX};
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        int64_t found = 77;
        ck_assert_int_eq(pmkt_rfm_forget(rfm, &user, 1, BAD[i], &found, NULL), PMKT_E_INVALID);
        ck_assert_int_eq(found, 77);
    }
    ck_assert(is_known(rfm, AS_OF, 1));
    ck_assert_int_eq(rfm_stats(rfm).forgotten, 0);
    pmkt_rfm_free(rfm);
}
END_TEST

/* How often a number stands in an array, at any multiple of eight bytes. */
static int64_t count_words(const void *at, size_t bytes, uint64_t word) {
    int64_t n = 0;
    for (size_t i = 0; i + sizeof word <= bytes; i += sizeof word) {
        n += memcmp((const char *)at + i, &word, sizeof word) == 0;
    }
    return n;
}

#define COUNT_IN(array, word) count_words((array).at, (array).room * sizeof *(array).at, word)

/* What is not in the fields of the records must not be left in their memory either. */
START_TEST(the_memory_itself_is_erased) {
    static const uint64_t secret = UINT64_C(0x1234567811223344);
    for (EACH_MODE(mode)) {
        for (int compacted = 0; compacted < 2; compacted++) {
            faulty f = {0}; /* whose memory is never unset */
            const pmkt_allocator allocator = faulty_allocator(&f);
            pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
            options.mode = mode;
            options.allocator = &allocator;
            pmkt_rfm *rfm = rfm_with(&options);
            for (int i = 0; i < 20; i++) rfm_add_order(rfm, 7, MAY(3), secret, 4242);
            if (compacted) ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
            ck_assert_int_eq(rfm_forget_one(rfm, 7, WHEN), 1);
            const uint64_t key = pmkti_key_of_user(7);
            const pmkti_part *part = &rfm->parts[pmkti_partition_of_key(key)];
            const uint64_t words[] = {secret, key, 4242};
            for (int64_t i = 0; i < LENGTH(words); i++) {
                ck_assert_int_eq(COUNT_IN(part->rows, words[i]), 0);
                ck_assert_int_eq(COUNT_IN(part->orders, words[i]), 0);
                ck_assert_int_eq(COUNT_IN(part->customers, words[i]), 0);
                ck_assert_int_eq(COUNT_IN(part->entries, words[i]), 0);
            }
            pmkt_rfm_free(rfm);
            faulty_check_empty(&f);
        }
    }
}
END_TEST

/* -------------------------------------------------------------------- later */

START_TEST(late_rows_from_before_are_ignored_and_counted) {
    for (EACH_MODE(mode)) {
        pmkt_rfm *rfm = state_of(mode);
        (void)rfm_forget_one(rfm, 1, WHEN);
        batch b = {0};
        batch_order(&b, 1, WHEN - 1, 0, 100);
        batch_order(&b, 1, WHEN, 0, 50);
        batch_event(&b, 1, MAY(1), PMKT_KIND_REGISTER);
        batch_order(&b, 2, MAY(1), 0, 100);
        const pmkt_events events = batch_events(&b);
        uint8_t bits = 0xFF;
        pmkt_report report = PMKT_REPORT_INIT;
        report.rejected_bits = &bits;
        ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, &report, NULL), PMKT_OK);
        ck_assert_int_eq(report.ignored, 2);
        ck_assert_int_eq(report.accepted, 2);
        ck_assert_int_eq(report.rejected, 0);
        ck_assert_uint_eq(bits, 0);
        ck_assert_int_eq(rfm_stats(rfm).rows_ignored, 2);
        ck_assert_int_eq(rfm_stats(rfm).first_event_ms, MAY(1));
        const customer c = customer_at(rfm, AS_OF, NULL, 1);
        ck_assert_int_eq(c.orders, 1);
        ck_assert_int_eq(c.revenue, 50);
        ck_assert_uint_eq(c.flags & PMKT_RFM_FLAG_REGISTERED, 0);
        pmkt_rfm_free(rfm);
        batch_clear(&b);
    }
}
END_TEST

START_TEST(the_later_of_two_dates_holds) {
    static const int64_t DATES[2][2] = {{0, 1}, {1, 0}};
    for (int i = 0; i < 2; i++) {
        pmkt_rfm *rfm = rfm_history();
        for (int j = 0; j < 2; j++) (void)rfm_forget_one(rfm, 1, DATES[i][j] ? WHEN : MAY(5));
        ck_assert_int_eq(rfm_stats(rfm).forgotten, 1);
        batch b = {0};
        batch_order(&b, 1, MAY(10), 0, 100);
        const pmkt_events events = batch_events(&b);
        pmkt_report report = PMKT_REPORT_INIT;
        ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, &report, NULL), PMKT_OK);
        ck_assert_int_eq(report.ignored, 1);
        pmkt_rfm_free(rfm);
        batch_clear(&b);
    }
}
END_TEST

START_TEST(an_old_state_merged_in_brings_nobody_back) {
    for (EACH_MODE(mode)) {
        for (int direction = 0; direction < 2; direction++) {
            for (int compacted = 0; compacted < 2; compacted++) {
                pmkt_rfm *old = state_of(mode), *rfm = state_of(mode);
                rfm_add_order(old, 1, MAY(3), 7, 100);
                rfm_add_order(old, 2, MAY(3), 7, 100);
                if (compacted) ck_assert_int_eq(pmkt_rfm_compact(old, NULL, NULL), PMKT_OK);
                (void)rfm_forget_one(rfm, 1, WHEN);
                pmkt_rfm *into = direction ? old : rfm;
                rfm_merge(into, direction ? rfm : old);
                ck_assert(!is_known(into, AS_OF, 1));
                ck_assert(is_known(into, AS_OF, 2));
                ck_assert_int_eq(rfm_stats(into).forgotten, 1);
                rfm_add_order(into, 1, MAY(20), 7, 100);
                ck_assert_int_eq(customer_at(into, AS_OF, NULL, 1).orders, 1);
                pmkt_rfm_free(old);
                pmkt_rfm_free(rfm);
            }
        }
    }
}
END_TEST

START_TEST(merging_keeps_the_later_date) {
    pmkt_rfm *a = rfm_history(), *b = rfm_history();
    (void)rfm_forget_one(a, 1, MAY(5));
    (void)rfm_forget_one(b, 1, WHEN);
    (void)rfm_forget_one(a, 2, WHEN);
    (void)rfm_forget_one(b, 2, MAY(5));
    rfm_add_order(a, 1, MAY(10), 7, 100);
    rfm_add_order(b, 2, MAY(10), 7, 100);
    rfm_merge(a, b);
    ck_assert(!is_known(a, AS_OF, 1));
    ck_assert(!is_known(a, AS_OF, 2));
    ck_assert_int_eq(rfm_stats(a).forgotten, 2);
    pmkt_rfm_free(a);
    pmkt_rfm_free(b);
}
END_TEST

/* ---------------------------------------------------------------- any sequence */

/*
 * Rows of users who are forgotten at WHEN, such that nothing straddles that date: facts lie before
 * it, ids of orders before it are odd, and after it even. In a summary the odd users lie before
 * it whole, the even ones after it.
 */
static batch rows_around_the_date(int32_t mode, int64_t n, int64_t users) {
    batch b = {0};
    for (int64_t i = 0; i < n; i++) {
        const uint64_t user = (uint64_t)random_below(users) + 1;
        const bool sums = mode == PMKT_RFM_SUMMARY;
        const bool before = sums ? user % 2 == 1 : random_below(2) == 0;
        const int64_t time =
            before ? MAY(1) + random_below(WHEN - MAY(1)) : WHEN + random_below(20 * DAY);
        const uint64_t order = sums ? PMKT_ID_NONE : (uint64_t)(2 * random_below(4) + before);
        switch (random_below(before ? 5 : 3)) {
            case 0:
                batch_row(&b, user, time, PMKT_KIND_REFUND, order, random_below(100));
                break;
            case 3:
                batch_event(&b, user, time, PMKT_KIND_CART);
                break;
            case 4:
                batch_event(&b, user, time, PMKT_KIND_REGISTER);
                break;
            default:
                batch_order(&b, user, time, order, random_below(1000));
        }
    }
    return b;
}

START_TEST(forgetting_adding_and_merging_commute) {
    enum {
        USERS = 60,
        SHARDS = 3
    };
    for (EACH_MODE(mode)) {
        for (uint64_t round = 0; round < (uint64_t)scaled(60, 10); round++) {
            random_seed(1000 + round);
            batch rows = rows_around_the_date(mode, 600, USERS);
            uint64_t gone[USERS];
            int64_t n_gone = 0;
            for (uint64_t user = 1; user <= USERS; user++) {
                if (random_below(2)) gone[n_gone++] = user;
            }
            pmkt_rfm *first = state_of(mode); /* forgets before it sees anything */
            ck_assert_int_eq(pmkt_rfm_forget(first, gone, n_gone, WHEN, NULL, NULL), PMKT_OK);
            const pmkt_events all = batch_events(&rows);
            ck_assert_int_eq(pmkt_rfm_add(first, &all, NULL, NULL, NULL), PMKT_OK);

            pmkt_rfm *shard[SHARDS];
            for (int s = 0; s < SHARDS; s++) shard[s] = state_of(mode);
            for (int64_t i = 0; i < rows.rows; i++) {
                const pmkt_events one = batch_slice(&rows, i, 1);
                ck_assert_int_eq(pmkt_rfm_add(shard[random_below(SHARDS)], &one, NULL, NULL, NULL),
                                 PMKT_OK);
                if (n_gone > 0 && random_below(10) == 0) { /* each user somewhere, some time */
                    pmkt_rfm *where = shard[random_below(SHARDS)];
                    const uint64_t user = gone[--n_gone];
                    ck_assert_int_eq(pmkt_rfm_forget(where, &user, 1, WHEN, NULL, NULL), PMKT_OK);
                }
            }
            ck_assert_int_eq(pmkt_rfm_forget(shard[0], gone, n_gone, WHEN, NULL, NULL), PMKT_OK);
            rfm_merge(shard[1], shard[2]);
            rfm_merge(shard[0], shard[1]);
            ck_assert(rfm_equal(first, shard[0]));
            for (int s = 0; s < SHARDS; s++) pmkt_rfm_free(shard[s]);
            pmkt_rfm_free(first);
            batch_clear(&rows);
        }
    }
}
END_TEST

START_TEST(very_many_users_can_be_forgotten_at_once) {
    const int64_t n = scaled(200000, 20000);
    uint64_t *users = malloc((size_t)n * sizeof *users);
    ck_assert_ptr_nonnull(users);
    pmkt_rfm *rfm = rfm_history();
    batch b = {0};
    for (int64_t i = 0; i < n; i++) {
        users[i] = (uint64_t)(n - i);
        if (i % 2) batch_order(&b, users[i], MAY(3), 0, 100);
    }
    rfm_take(rfm, &b);
    int64_t found = -1;
    ck_assert_int_eq(pmkt_rfm_forget(rfm, users, n, WHEN, &found, NULL), PMKT_OK);
    ck_assert_int_eq(found, n / 2);
    ck_assert_int_eq(rfm_stats(rfm).forgotten, n);
    ck_assert_int_eq(rfm_stats(rfm).customers, 0);
    pmkt_rfm_free(rfm);
    free(users);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm forget");
    TOPIC(suite, "now", what_was_known_from_before_is_gone, rows_that_still_wait_are_forgotten_too,
          the_date_itself_belongs_to_the_new_customer, later_orders_stay_and_earlier_ones_go,
          an_order_that_began_before_goes_whole, facts_that_reach_back_go_and_later_ones_stay,
          sums_that_reach_back_go_whole, a_registration_has_its_own_date_beside_the_sums,
          unknown_repeated_and_missing_users_are_fine, a_date_out_of_range_is_refused,
          the_memory_itself_is_erased);
    TOPIC(suite, "later", late_rows_from_before_are_ignored_and_counted,
          the_later_of_two_dates_holds, an_old_state_merged_in_brings_nobody_back,
          merging_keeps_the_later_date);
    TOPIC(suite, "any sequence", forgetting_adding_and_merging_commute,
          very_many_users_can_be_forgotten_at_once);
    return suite_run(suite);
}
