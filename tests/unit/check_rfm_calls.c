/*
 * Malformed calls: each pointer that may not be NULL, each number that makes no sense. They are
 * refused with a sentence and have no effect.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/rfm.h"
#include "support/rfm_dump.h"
#include "support/suite.h"

#define AS_OF date(2024, 7, 1)

static const pmkt_rfm_score_options defaults = PMKT_RFM_SCORE_OPTIONS_INIT;

/* Checks that a call was refused as invalid, that it said why, and that it does so without `err`. */
#define CHECK_INVALID(call_with_err) \
    do { \
        pmkt_error error_ = {0}, *err = &error_; \
        ck_assert_int_eq((call_with_err), PMKT_E_INVALID); \
        ck_assert_int_eq(error_.code, PMKT_E_INVALID); \
        ck_assert_uint_gt(strlen(error_.message), 0); \
        err = NULL; \
        ck_assert_int_eq((call_with_err), PMKT_E_INVALID); \
    } while (0)

typedef struct handles {
    pmkt_rfm *rfm;
    pmkt_rfm_scores *scores;
    pmkt_rfm_migration *migration;
} handles;

static handles some_handles(void) {
    handles h = {rfm_history(), NULL, NULL};
    rfm_add_order(h.rfm, 1, AS_OF - DAY, 7, 100);
    h.scores = rfm_score(h.rfm, AS_OF, NULL);
    h.migration = migrate(h.scores, h.scores, PMKT_RFM_BY_SEGMENT);
    return h;
}

static void handles_free(handles h) {
    pmkt_rfm_migration_free(h.migration);
    pmkt_rfm_scores_free(h.scores);
    pmkt_rfm_free(h.rfm);
}

/* --------------------------------------------------------------------- NULL */

START_TEST(calls_on_a_state_need_their_pointers) {
    const handles h = some_handles();
    const pmkt_events events = PMKT_EVENTS_INIT;
    const uint64_t user = 1;
    pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    pmkt_rfm_scores *scores = NULL;
    CHECK_INVALID(pmkt_rfm_new(NULL, NULL, err));
    CHECK_INVALID(pmkt_rfm_add(NULL, &events, NULL, NULL, err));
    CHECK_INVALID(pmkt_rfm_add(h.rfm, NULL, NULL, NULL, err));
    CHECK_INVALID(pmkt_rfm_merge(NULL, h.rfm, NULL, err));
    CHECK_INVALID(pmkt_rfm_merge(h.rfm, NULL, NULL, err));
    CHECK_INVALID(pmkt_rfm_merge(NULL, NULL, NULL, err));
    CHECK_INVALID(pmkt_rfm_merge(h.rfm, h.rfm, NULL, err));
    CHECK_INVALID(pmkt_rfm_forget(NULL, &user, 1, 0, NULL, err));
    CHECK_INVALID(pmkt_rfm_forget(h.rfm, NULL, 1, 0, NULL, err));
    CHECK_INVALID(pmkt_rfm_compact(NULL, NULL, err));
    CHECK_INVALID(pmkt_rfm_stats(NULL, &counters, err));
    CHECK_INVALID(pmkt_rfm_stats(h.rfm, NULL, err));
    CHECK_INVALID(pmkt_rfm_score(NULL, AS_OF, NULL, NULL, &scores, err));
    CHECK_INVALID(pmkt_rfm_score(h.rfm, AS_OF, NULL, NULL, NULL, err));
    ck_assert_ptr_null(scores);
    handles_free(h);
}
END_TEST

START_TEST(calls_on_scores_need_their_pointers) {
    const handles h = some_handles();
    const uint64_t user = 1;
    int64_t row = 77;
    pmkt_rfm_columns columns = PMKT_RFM_COLUMNS_INIT;
    pmkt_rfm_group groups[9];
    pmkt_rfm_migration *migration = NULL;
    CHECK_INVALID(pmkt_rfm_scores_columns(NULL, &columns, err));
    CHECK_INVALID(pmkt_rfm_scores_columns(h.scores, NULL, err));
    CHECK_INVALID(pmkt_rfm_scores_find(NULL, &user, 1, &row, err));
    CHECK_INVALID(pmkt_rfm_scores_find(h.scores, NULL, 1, &row, err));
    CHECK_INVALID(pmkt_rfm_scores_find(h.scores, &user, 1, NULL, err));
    CHECK_INVALID(pmkt_rfm_summary(NULL, 0, groups, sizeof *groups, 9, err));
    CHECK_INVALID(pmkt_rfm_summary(h.scores, 0, NULL, sizeof *groups, 9, err));
    CHECK_INVALID(pmkt_rfm_migrate(NULL, h.scores, 0, NULL, &migration, err));
    CHECK_INVALID(pmkt_rfm_migrate(h.scores, NULL, 0, NULL, &migration, err));
    CHECK_INVALID(pmkt_rfm_migrate(h.scores, h.scores, 0, NULL, NULL, err));
    ck_assert_ptr_null(migration);
    ck_assert_int_eq(row, 77);
    handles_free(h);
}
END_TEST

START_TEST(calls_on_a_migration_need_their_pointers) {
    const handles h = some_handles();
    pmkt_rfm_rates rates = PMKT_RFM_RATES_INIT;
    CHECK_INVALID(pmkt_rfm_migration_rates(NULL, &rates, err));
    CHECK_INVALID(pmkt_rfm_migration_rates(h.migration, NULL, err));
    int32_t codes = 77;
    int64_t n = 77;
    ck_assert_ptr_null(pmkt_rfm_migration_matrix(NULL, &codes));
    ck_assert_int_eq(codes, 0);
    ck_assert_ptr_null(pmkt_rfm_migration_matrix(NULL, NULL));
    ck_assert_ptr_nonnull(pmkt_rfm_migration_matrix(h.migration, NULL));
    ck_assert_ptr_null(pmkt_rfm_migration_name(NULL, 0));
    ck_assert_ptr_null(pmkt_rfm_migration_users(NULL, 0, 0, &n));
    ck_assert_int_eq(n, 0);
    n = 77;
    ck_assert_ptr_null(pmkt_rfm_migration_list(NULL, 0, &n));
    ck_assert_int_eq(n, 0);
    ck_assert_ptr_null(pmkt_rfm_migration_users(NULL, 0, 0, NULL));
    ck_assert_ptr_null(pmkt_rfm_migration_list(NULL, 0, NULL));
    (void)pmkt_rfm_migration_users(h.migration, 0, 0, NULL);
    (void)pmkt_rfm_migration_list(h.migration, 0, NULL);
    handles_free(h);
}
END_TEST

/* ------------------------------------------------------------------ numbers */

START_TEST(negative_counts_are_refused) {
    const handles h = some_handles();
    const uint64_t user = 1;
    int64_t row = 77, found = 77;
    static const int64_t BAD[] = {-1, INT64_MIN};
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        CHECK_INVALID(pmkt_rfm_forget(h.rfm, &user, BAD[i], 0, &found, err));
        CHECK_INVALID(pmkt_rfm_scores_find(h.scores, &user, BAD[i], &row, err));
        pmkt_events events = PMKT_EVENTS_INIT;
        events.rows = BAD[i];
        CHECK_INVALID(pmkt_rfm_add(h.rfm, &events, NULL, NULL, err));
    }
    ck_assert_int_eq(row, 77);
    ck_assert_int_eq(found, 77);
    handles_free(h);
}
END_TEST

START_TEST(a_count_that_no_memory_holds_is_no_memory) {
    const handles h = some_handles();
    const uint64_t user = 1;
    int64_t found = 77;
    dump before = rfm_dump(h.rfm);
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_forget(h.rfm, &user, INT64_MAX / 16, 0, &found, &err), PMKT_E_NOMEM);
    ck_assert_int_eq(err.code, PMKT_E_NOMEM);
    ck_assert_int_eq(found, 77);
    dump_check_equal(before, rfm_dump(h.rfm));
    handles_free(h);
}
END_TEST

START_TEST(impossible_runs_are_refused_by_every_call) {
    const handles h = some_handles();
    pmkt_rfm *other = rfm_history();
    pmkt_rfm_scores *scores = NULL;
    pmkt_rfm_migration *migration = NULL;
    batch b = {0};
    batch_order(&b, 5, AS_OF, 0, 100);
    const pmkt_events events = batch_events(&b);
    const pmkt_rfm_counters before = rfm_stats(h.rfm);
    const pmkt_run runs[] = {{sizeof(pmkt_run), -1, {NULL, NULL}},
                             {sizeof(pmkt_run), 1025, {NULL, NULL}},
                             {0, 1, {NULL, NULL}}};
    for (int64_t i = 0; i < LENGTH(runs); i++) {
        CHECK_INVALID(pmkt_rfm_add(h.rfm, &events, &runs[i], NULL, err));
        CHECK_INVALID(pmkt_rfm_merge(h.rfm, other, &runs[i], err));
        CHECK_INVALID(pmkt_rfm_compact(h.rfm, &runs[i], err));
        CHECK_INVALID(pmkt_rfm_score(h.rfm, AS_OF, NULL, &runs[i], &scores, err));
        CHECK_INVALID(pmkt_rfm_migrate(h.scores, h.scores, 0, &runs[i], &migration, err));
    }
    const pmkt_rfm_counters after = rfm_stats(h.rfm);
    ck_assert_mem_eq(&before, &after, sizeof after);
    ck_assert_ptr_null(scores);
    ck_assert_ptr_null(migration);
    pmkt_rfm_free(other);
    batch_clear(&b);
    handles_free(h);
}
END_TEST

/* Scores with options and expects a refusal that names the option. */
static void check_option(const pmkt_rfm_score_options *o, const char *name) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, AS_OF - DAY, 7, 100);
    pmkt_rfm_scores *scores = NULL;
    pmkt_error err = {0};
    ck_assert_msg(pmkt_rfm_score(rfm, AS_OF, o, NULL, &scores, &err) == PMKT_E_INVALID, "%s", name);
    ck_assert_msg(strstr(err.message, name) != NULL, "\"%s\" does not name %s", err.message, name);
    ck_assert_ptr_null(scores);
    pmkt_rfm_free(rfm);
}

/* Checks that an option refuses each of the values, which are of the type `kind`. */
#define CHECK_OPTION(kind, field, ...) \
    do { \
        const kind values_[] = {__VA_ARGS__}; \
        for (size_t i_ = 0; i_ < sizeof values_ / sizeof *values_; i_++) { \
            pmkt_rfm_score_options o_ = defaults; \
            o_.field = values_[i_]; \
            check_option(&o_, #field); \
        } \
    } while (0)

START_TEST(every_option_has_its_range) {
    CHECK_OPTION(int32_t, scheme, -1, 2, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, bins, -1, 1, 101, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, collapse, -1, 5, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, frequency, -1, 3, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, monetary, -1, 3, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, active_days, -2, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, dormant_days, -2, 30, INT32_MAX, INT32_MIN); /* 30 is active by default */
    CHECK_OPTION(int64_t, m_low, -2, INT64_MIN);
    CHECK_OPTION(int64_t, m_high, -2, 4999, INT64_MAX);
    CHECK_OPTION(int32_t, month_days, -1, -2, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, f_window_days, -1, -2, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, growth_days, -2, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, mature_days, -2, 6, INT32_MAX, INT32_MIN); /* 6 is new by default */
    CHECK_OPTION(int32_t, churn_days, -2, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, at_risk_days, -2, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int32_t, loyal_orders, -1, -2, INT32_MIN);
    CHECK_OPTION(int32_t, tier_days, -1, -2, INT32_MAX, INT32_MIN);
    CHECK_OPTION(int64_t, n_tiers, -1, 65, INT64_MAX);
    CHECK_OPTION(int64_t, n_segments, -1, 201, INT64_MAX);
    CHECK_OPTION(double, f_low, -0.5, -2, 3.5, (double)INFINITY, (double)NAN);
    CHECK_OPTION(double, f_high, -0.5, -2, 0.5, (double)INFINITY, (double)NAN);
}
END_TEST

/* What collides with a default that the caller did not give is hard to see without its name. */
START_TEST(a_refusal_names_the_other_option) {
    pmkt_rfm_score_options o = defaults;
    o.m_high = PMKT_RFM_ZERO;
    check_option(&o, "options.m_high is 0, but must be m_low (5000) to ");
    o = defaults;
    o.dormant_days = 30;
    check_option(&o, "options.dormant_days is 30, but must be active_days + 1 (31) to 1000000");
    o = defaults;
    o.mature_days = PMKT_RFM_ZERO;
    check_option(&o, "options.mature_days is 0, but must be growth_days (7) to 1000000");
    o = defaults;
    o.f_high = 0.5;
    check_option(&o, "options.f_low is 1 and f_high is 0.5, but");
    o = defaults;
    o.bins = 1;
    check_option(&o, "options.bins is 1, but must be 2 to 100");
}
END_TEST

START_TEST(the_ends_of_the_ranges_are_allowed) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, AS_OF - DAY, 7, 100);
    pmkt_rfm_score_options o = defaults;
    o.active_days = 999999;
    o.dormant_days = o.month_days = o.f_window_days = o.growth_days = o.mature_days = 1000000;
    o.churn_days = o.at_risk_days = o.tier_days = 1000000;
    o.loyal_orders = INT32_MAX;
    o.m_low = o.m_high = PMKT_AMOUNT_MAX;
    o.f_low = o.f_high = 1e300;
    o.bins = 100;
    const customer c = customer_at(rfm, AS_OF, &o, 1);
    ck_assert_uint_eq(c.r, PMKT_RFM_BAND_HIGH);
    ck_assert_uint_eq(c.f, PMKT_RFM_BAND_LOW);
    ck_assert_uint_eq(c.m, PMKT_RFM_BAND_LOW);
    ck_assert_uint_eq(c.lifecycle, PMKT_RFM_NEW);
    ck_assert_uint_eq(c.brand_stage, PMKT_RFM_BUYER);
    o.scheme = PMKT_RFM_QUANTILE;
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 1).r, 1);
    pmkt_rfm_free(rfm);
}
END_TEST

/* ------------------------------------------------------------------- tables */

static void check_tiers(const pmkt_rfm_tier *tiers, int64_t n) {
    pmkt_rfm_score_options o = defaults;
    o.tiers = tiers;
    o.n_tiers = n;
    check_option(&o, "tiers");
}

START_TEST(a_table_of_tiers_begins_at_zero_and_rises) {
    char long_name[65];
    memset(long_name, 'x', 64);
    long_name[64] = '\0';
    const pmkt_rfm_tier good[2] = {{"a", 0}, {"b", 1}}, late[2] = {{"a", 1}, {"b", 2}};
    const pmkt_rfm_tier equal[2] = {{"a", 0}, {"b", 0}},
                        falling[3] = {{"a", 0}, {"b", 5}, {"c", 4}};
    const pmkt_rfm_tier negative[2] = {{"a", -1}, {"b", 2}}, unnamed[2] = {{"a", 0}, {NULL, 5}};
    const pmkt_rfm_tier nameless[2] = {{"", 0}, {"b", 5}}, too_long[2] = {{"a", 0}, {long_name, 5}};
    check_tiers(good, 0);
    check_tiers(NULL, 2);
    check_tiers(late, 2);
    check_tiers(equal, 2);
    check_tiers(falling, 3);
    check_tiers(negative, 2);
    check_tiers(unnamed, 2);
    check_tiers(nameless, 2);
    check_tiers(too_long, 2);
}
END_TEST

static void check_segment(pmkt_rfm_segment segment) {
    const pmkt_rfm_segment table[2] = {{"good", 1, 5, 1, 5, 1, 5, {0, 0}}, segment};
    pmkt_rfm_score_options o = defaults;
    o.scheme = PMKT_RFM_QUANTILE;
    o.segments = table;
    o.n_segments = 2;
    check_option(&o, "segments[1]");
}

START_TEST(a_table_of_segments_has_ranges_of_scores) {
    char long_name[65];
    memset(long_name, 'x', 64);
    long_name[64] = '\0';
    check_segment((pmkt_rfm_segment){NULL, 0, 0, 0, 0, 0, 0, {0, 0}});
    check_segment((pmkt_rfm_segment){"", 0, 0, 0, 0, 0, 0, {0, 0}});
    check_segment((pmkt_rfm_segment){long_name, 0, 0, 0, 0, 0, 0, {0, 0}});
    check_segment((pmkt_rfm_segment){"x", 6, 0, 0, 0, 0, 0, {0, 0}});
    check_segment((pmkt_rfm_segment){"x", 0, 6, 0, 0, 0, 0, {0, 0}});
    check_segment((pmkt_rfm_segment){"x", 0, 0, 6, 0, 0, 0, {0, 0}});
    check_segment((pmkt_rfm_segment){"x", 0, 0, 0, 255, 0, 0, {0, 0}});
    check_segment((pmkt_rfm_segment){"x", 0, 0, 0, 0, 6, 0, {0, 0}});
    check_segment((pmkt_rfm_segment){"x", 0, 0, 0, 0, 0, 6, {0, 0}});
    check_segment((pmkt_rfm_segment){"x", 3, 2, 0, 0, 0, 0, {0, 0}});
    check_segment((pmkt_rfm_segment){"x", 0, 0, 5, 1, 0, 0, {0, 0}});
    check_segment((pmkt_rfm_segment){"x", 0, 0, 0, 0, 2, 1, {0, 0}});
    check_segment((pmkt_rfm_segment){"x", 0, 0, 0, 0, 0, 0, {1, 0}});
    check_segment((pmkt_rfm_segment){"x", 0, 0, 0, 0, 0, 0, {0, 1}});
    pmkt_rfm_score_options o = defaults;
    o.scheme = PMKT_RFM_QUANTILE;
    o.n_segments = 1; /* without a table */
    check_option(&o, "segments");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm calls");
    TOPIC(suite, "NULL", calls_on_a_state_need_their_pointers, calls_on_scores_need_their_pointers,
          calls_on_a_migration_need_their_pointers);
    TOPIC(suite, "numbers", negative_counts_are_refused, a_count_that_no_memory_holds_is_no_memory,
          impossible_runs_are_refused_by_every_call, every_option_has_its_range,
          a_refusal_names_the_other_option, the_ends_of_the_ranges_are_allowed);
    TOPIC(suite, "tables", a_table_of_tiers_begins_at_zero_and_rises,
          a_table_of_segments_has_ranges_of_scores);
    return suite_run(suite);
}
