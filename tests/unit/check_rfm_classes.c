/*
 * The 27 cells, and how they fall into eight classes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/random.h"
#include "support/rfm.h"
#include "support/suite.h"

#define AS_OF date(2024, 7, 1)
#define BEFORE(days) (AS_OF - (days)*DAY)
#define LOW PMKT_RFM_BAND_LOW
#define MIDDLE PMKT_RFM_BAND_MIDDLE
#define HIGH PMKT_RFM_BAND_HIGH

static const pmkt_rfm_score_options defaults = PMKT_RFM_SCORE_OPTIONS_INIT;

/* By band: days since the last order, orders within a month, average order. */
static const int32_t recency_of[] = {0, 200, 60, 10};
static const int64_t orders_of[] = {0, 1, 2, 3};
static const int64_t average_of[] = {0, 4000, 10000, 30000};

/* One customer a cell; the user is 100 * r + 10 * f + m. */
static uint64_t user_of_cell(int r, int f, int m) {
    return (uint64_t)(100 * r + 10 * f + m);
}

static pmkt_rfm *all_cells(void) {
    pmkt_rfm *rfm = rfm_history();
    for (int r = LOW; r <= HIGH; r++) {
        for (int f = LOW; f <= HIGH; f++) {
            for (int m = LOW; m <= HIGH; m++) {
                rfm_add_buyer(rfm, user_of_cell(r, f, m), AS_OF, recency_of[r], 0, orders_of[f],
                              orders_of[f] * average_of[m]);
            }
        }
    }
    return rfm;
}

static uint8_t class_of(bool active, bool frequent, bool valuable) {
    return (uint8_t)(4 * !active + 2 * !frequent + !valuable);
}

/* Checks every cell's class, where an axis is high from `least` on. */
static void check_all_cells(int32_t collapse, int least) {
    pmkt_rfm *rfm = all_cells();
    pmkt_rfm_score_options o = defaults;
    o.collapse = collapse;
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
    for (int r = LOW; r <= HIGH; r++) {
        for (int f = LOW; f <= HIGH; f++) {
            for (int m = LOW; m <= HIGH; m++) {
                const customer c = customer_of(scores, user_of_cell(r, f, m));
                ck_assert_int_eq(c.r, r);
                ck_assert_int_eq(c.f, f);
                ck_assert_int_eq(c.m, m);
                ck_assert_uint_eq(c.segment, class_of(r >= least, f >= least, m >= least));
            }
        }
    }
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}

START_TEST(strictly_only_the_high_band_is_high) {
    check_all_cells(PMKT_RFM_STRICT, HIGH);
}
END_TEST

START_TEST(the_middle_can_count_as_high) {
    check_all_cells(PMKT_RFM_MIDDLE_HIGH, MIDDLE);
}
END_TEST

START_TEST(the_numbers_of_the_classes_are_frozen) {
    ck_assert_int_eq(PMKT_RFM_ACTIVE_HIGH_HIGH, class_of(true, true, true));
    ck_assert_int_eq(PMKT_RFM_ACTIVE_HIGH_LOW, class_of(true, true, false));
    ck_assert_int_eq(PMKT_RFM_ACTIVE_LOW_HIGH, class_of(true, false, true));
    ck_assert_int_eq(PMKT_RFM_ACTIVE_LOW_LOW, class_of(true, false, false));
    ck_assert_int_eq(PMKT_RFM_DORMANT_HIGH_HIGH, class_of(false, true, true));
    ck_assert_int_eq(PMKT_RFM_DORMANT_HIGH_LOW, class_of(false, true, false));
    ck_assert_int_eq(PMKT_RFM_DORMANT_LOW_HIGH, class_of(false, false, true));
    ck_assert_int_eq(PMKT_RFM_DORMANT_LOW_LOW, class_of(false, false, false));
    ck_assert_int_eq(PMKT_RFM_NO_ORDER, 8);
}
END_TEST

/* -------------------------------------------------------------- mean, median */

typedef struct buyer {
    int32_t recency;
    int64_t orders, average;
} buyer;

/* The class of each buyer (users 1, 2, ...) under a policy, beside someone who never bought. */
static void classes_of(int32_t collapse, const buyer *buyers, int n, uint8_t *classes) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_event(rfm, 999, BEFORE(500), PMKT_KIND_VIEW); /* has no say in means and medians */
    for (int i = 0; i < n; i++) {
        rfm_add_buyer(rfm, (uint64_t)i + 1, AS_OF, buyers[i].recency, 0, buyers[i].orders,
                      buyers[i].orders * buyers[i].average);
    }
    pmkt_rfm_score_options o = defaults;
    o.collapse = collapse;
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
    for (int i = 0; i < n; i++) classes[i] = customer_of(scores, (uint64_t)i + 1).segment;
    ck_assert_uint_eq(customer_of(scores, 999).segment, PMKT_RFM_NO_ORDER);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}

START_TEST(high_can_mean_as_good_as_the_mean) {
    /* means: 20 days, 4 orders a month, 300 */
    static const buyer BUYERS[3] = {{10, 3, 100}, {20, 4, 300}, {30, 5, 500}};
    uint8_t classes[3];
    classes_of(PMKT_RFM_MEAN, BUYERS, 3, classes);
    ck_assert_uint_eq(classes[0], class_of(true, false, false));
    ck_assert_uint_eq(classes[1], class_of(true, true, true)); /* exactly the mean */
    ck_assert_uint_eq(classes[2], class_of(false, true, true));
}
END_TEST

START_TEST(means_are_not_rounded) {
    /* means: 10 1/3 days, 2 1/3 orders, 100 1/3 */
    static const buyer BUYERS[3] = {{10, 2, 100}, {10, 2, 100}, {11, 3, 101}};
    uint8_t classes[3];
    classes_of(PMKT_RFM_MEAN, BUYERS, 3, classes);
    ck_assert_uint_eq(classes[0], class_of(true, false, false));
    ck_assert_uint_eq(classes[2], class_of(false, true, true));
}
END_TEST

START_TEST(who_are_all_alike_are_all_as_good_as_the_mean) {
    for (int32_t span = 31; span < 120; span++) { /* frequencies that no double holds exactly */
        pmkt_rfm *rfm = rfm_history();
        for (uint64_t user = 1; user <= 7; user++) {
            rfm_add_buyer(rfm, user, AS_OF, 10, span, 2, 333);
        }
        for (int32_t collapse = PMKT_RFM_MEAN; collapse <= PMKT_RFM_MEDIAN; collapse++) {
            pmkt_rfm_score_options o = defaults;
            o.collapse = collapse;
            ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 1).segment, PMKT_RFM_ACTIVE_HIGH_HIGH);
        }
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(high_can_mean_as_good_as_the_median) {
    static const buyer ODD[3] = {{10, 3, 100}, {11, 4, 300}, {300, 50, 90000}};
    uint8_t classes[4];
    classes_of(PMKT_RFM_MEDIAN, ODD, 3, classes);
    ck_assert_uint_eq(classes[0], class_of(true, false, false));
    ck_assert_uint_eq(classes[1], class_of(true, true, true));
    ck_assert_uint_eq(classes[2], class_of(false, true, true));
    /* of an even number the mean of the two middle ones: 15 days, 4.5 orders, 250 */
    static const buyer EVEN[4] = {{10, 3, 100}, {14, 4, 249}, {16, 5, 251}, {99, 9, 999}};
    classes_of(PMKT_RFM_MEDIAN, EVEN, 4, classes);
    ck_assert_uint_eq(classes[0], class_of(true, false, false));
    ck_assert_uint_eq(classes[1], class_of(true, false, false));
    ck_assert_uint_eq(classes[2], class_of(false, true, true));
    ck_assert_uint_eq(classes[3], class_of(false, true, true));
    static const buyer TIED[4] = {{10, 3, 100}, {15, 4, 250}, {15, 4, 250}, {99, 9, 999}};
    classes_of(PMKT_RFM_MEDIAN, TIED, 4, classes);
    ck_assert_uint_eq(classes[1], class_of(true, true, true));
    ck_assert_uint_eq(classes[2], class_of(true, true, true));
}
END_TEST

START_TEST(one_buyer_is_as_good_as_the_mean_and_the_median) {
    static const buyer ONE[1] = {{500, 1, 1}};
    uint8_t classes[1];
    for (int32_t collapse = PMKT_RFM_MEAN; collapse <= PMKT_RFM_MEDIAN; collapse++) {
        classes_of(collapse, ONE, 1, classes);
        ck_assert_uint_eq(classes[0], PMKT_RFM_ACTIVE_HIGH_HIGH);
        classes_of(collapse, ONE, 0, classes); /* and nobody does no harm */
    }
}
END_TEST

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median as everybody computes it: sorted, the middle one or the mean of the two. */
static double median_of(const double *values, int64_t n) {
    double *sorted = malloc((size_t)n * sizeof *sorted);
    ck_assert_ptr_nonnull(sorted);
    memcpy(sorted, values, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, compare_doubles);
    const double m = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    free(sorted);
    return m;
}

START_TEST(the_median_policy_follows_its_definition_on_random_customers) {
    random_seed(9);
    for (int64_t n = 1; n <= 40; n++) {
        pmkt_rfm *rfm = rfm_history();
        for (int64_t i = 0; i < n; i++) {
            const int64_t orders = 1 + random_below(4);
            rfm_add_buyer(rfm, (uint64_t)i + 1, AS_OF, 1 + (int32_t)random_below(20),
                          (int32_t)random_below(90), orders, orders * (1 + random_below(10)));
        }
        pmkt_rfm_score_options o = defaults;
        o.collapse = PMKT_RFM_MEDIAN;
        pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
        const pmkt_rfm_columns c = columns_of(scores);
        double recency[40], frequency[40], average[40];
        for (int64_t i = 0; i < n; i++) {
            recency[i] = c.recency_days[i];
            frequency[i] = c.orders_per_month[i];
            average[i] = (double)c.average_order[i];
        }
        const double r = median_of(recency, n), f = median_of(frequency, n);
        const double m = median_of(average, n);
        for (int64_t i = 0; i < n; i++) {
            ck_assert_uint_eq(c.segment[i],
                              class_of(recency[i] <= r, frequency[i] >= f, average[i] >= m));
        }
        pmkt_rfm_scores_free(scores);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

/* ------------------------------------------------------------------ hysteresis */

START_TEST(the_middle_stays_what_it_was) {
    /* Before: users 1 to 8 of every class. After: all of them in the middle of every axis. */
    pmkt_rfm *before = rfm_history(), *after = rfm_history();
    for (int class = 0; class < 8; class ++) {
        const int r = class & 4 ? LOW : HIGH, f = class & 2 ? LOW : HIGH,
                  m = class & 1 ? LOW : HIGH;
        const uint64_t user = (uint64_t) class + 1;
        rfm_add_buyer(before, user, AS_OF, recency_of[r], 0, orders_of[f],
                      orders_of[f] * average_of[m]);
        rfm_add_buyer(after, user, AS_OF, recency_of[MIDDLE], 0, 2, 2 * average_of[MIDDLE]);
    }
    rfm_add_event(before, 9, BEFORE(100), PMKT_KIND_VIEW); /* known, without an order */
    rfm_add_buyer(after, 9, AS_OF, recency_of[MIDDLE], 0, 2, 2 * average_of[MIDDLE]);
    rfm_add_buyer(after, 10, AS_OF, recency_of[MIDDLE], 0, 3, 3 * average_of[MIDDLE]);
    pmkt_rfm_scores *previous = rfm_score(before, AS_OF, NULL);
    pmkt_rfm_score_options o = defaults;
    o.collapse = PMKT_RFM_HYSTERESIS;
    o.previous = previous;
    pmkt_rfm_scores *scores = rfm_score(after, AS_OF, &o);
    pmkt_rfm_scores_free(previous); /* no longer needed */
    for (uint64_t user = 1; user <= 8; user++) {
        ck_assert_uint_eq(customer_of(scores, user).segment, user - 1);
        ck_assert_uint_eq(customer_of(scores, user).r, MIDDLE);
    }
    ck_assert_uint_eq(customer_of(scores, 9).segment, PMKT_RFM_DORMANT_LOW_LOW);
    ck_assert_uint_eq(customer_of(scores, 10).segment, PMKT_RFM_DORMANT_HIGH_LOW);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(before);
    pmkt_rfm_free(after);
}
END_TEST

START_TEST(beyond_the_middle_the_past_has_no_say) {
    pmkt_rfm *cells = all_cells(), *before = rfm_history();
    for (int r = LOW; r <= HIGH; r++) {
        for (int f = LOW; f <= HIGH; f++) {
            for (int m = LOW; m <= HIGH; m++) { /* all were of the worst class */
                rfm_add_buyer(before, user_of_cell(r, f, m), AS_OF, 400, 0, 1, 1);
            }
        }
    }
    pmkt_rfm_scores *previous = rfm_score(before, AS_OF, NULL);
    pmkt_rfm_score_options o = defaults;
    o.collapse = PMKT_RFM_HYSTERESIS;
    o.previous = previous;
    pmkt_rfm_scores *scores = rfm_score(cells, AS_OF, &o), *strict = rfm_score(cells, AS_OF, NULL);
    const pmkt_rfm_columns a = columns_of(scores), b = columns_of(strict);
    ck_assert_mem_eq(a.segment, b.segment, 27); /* low before is as strict as can be */
    pmkt_rfm_scores_free(previous);
    previous = scores;
    o.previous = previous; /* itself again: nothing moves */
    scores = rfm_score(cells, AS_OF, &o);
    ck_assert_mem_eq(columns_of(scores).segment, columns_of(previous).segment, 27);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_scores_free(previous);
    pmkt_rfm_scores_free(strict);
    pmkt_rfm_free(cells);
    pmkt_rfm_free(before);
}
END_TEST

START_TEST(hysteresis_needs_earlier_scores_of_the_same_scheme) {
    pmkt_rfm *rfm = all_cells();
    pmkt_rfm_score_options o = defaults;
    o.collapse = PMKT_RFM_HYSTERESIS;
    pmkt_rfm_scores *scores = NULL;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_score(rfm, AS_OF, &o, NULL, &scores, &err), PMKT_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "previous"));
    pmkt_rfm_score_options quantile = defaults;
    quantile.scheme = PMKT_RFM_QUANTILE;
    pmkt_rfm_scores *other = rfm_score(rfm, AS_OF, &quantile);
    o.previous = other;
    ck_assert_int_eq(pmkt_rfm_score(rfm, AS_OF, &o, NULL, &scores, &err), PMKT_E_MISMATCH);
    ck_assert_ptr_null(scores);
    pmkt_rfm_scores_free(other);
    pmkt_rfm_free(rfm);
}
END_TEST

/* ---------------------------------------------------------------------- names */

START_TEST(classes_have_their_names) {
    static const char *const NAMES[] = {"active-high-high", "active-high-low",   "active-low-high",
                                        "active-low-low",   "dormant-high-high", "dormant-high-low",
                                        "dormant-low-high", "dormant-low-low",   "no-order"};
    static const char *const CHINESE[] = {"重要价值", "一般价值", "重要发展", "一般发展",
                                          "重要保持", "一般保持", "重要挽留", "一般挽留"};
    pmkt_rfm *rfm = rfm_history();
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, NULL);
    ck_assert_int_eq(pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_SEGMENT), 9);
    for (int32_t i = 0; i < 9; i++) {
        ck_assert_str_eq(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_SEGMENT, i), NAMES[i]);
    }
    for (int32_t i = 0; i < 8; i++) ck_assert_str_eq(pmkt_rfm_class_name_zh(i), CHINESE[i]);
    ck_assert_ptr_nonnull(pmkt_rfm_class_name_zh(PMKT_RFM_NO_ORDER));
    ck_assert_ptr_null(pmkt_rfm_class_name_zh(9));
    ck_assert_ptr_null(pmkt_rfm_class_name_zh(-1));
    ck_assert_ptr_null(pmkt_rfm_class_name_zh(INT32_MAX));
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

static void check_names(const pmkt_rfm_scores *scores, int32_t by, const char *const *names,
                        int32_t n) {
    ck_assert_int_eq(pmkt_rfm_scores_codes(scores, by), n);
    for (int32_t i = 0; i < n; i++) ck_assert_str_eq(pmkt_rfm_scores_name(scores, by, i), names[i]);
    static const int32_t BAD[] = {-1, INT32_MIN, INT32_MAX};
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        ck_assert_ptr_null(pmkt_rfm_scores_name(scores, by, BAD[i]));
    }
    ck_assert_ptr_null(pmkt_rfm_scores_name(scores, by, n));
}

START_TEST(groupings_have_names_for_all_their_codes) {
    static const char *const LIFECYCLE[] = {"new", "growth", "mature", "churned"};
    static const char *const TIERS[] = {"silver", "gold", "unknown"};
    static const char *const STAGES[] = {"not-observed", "unaware", "aware",
                                         "interested",   "buyer",   "loyal"};
    static const char *const ACTIVITY[] = {"no-order", "dormant", "cooling", "active"};
    pmkt_rfm *rfm = rfm_history();
    for (int32_t scheme = PMKT_RFM_THRESHOLD; scheme <= PMKT_RFM_QUANTILE; scheme++) {
        pmkt_rfm_score_options o = defaults;
        o.scheme = scheme;
        pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
        check_names(scores, PMKT_RFM_BY_LIFECYCLE, LIFECYCLE, 4);
        check_names(scores, PMKT_RFM_BY_TIER, TIERS, 3);
        check_names(scores, PMKT_RFM_BY_BRAND_STAGE, STAGES, 6);
        check_names(scores, PMKT_RFM_BY_ACTIVITY, ACTIVITY, 4);
        static const int32_t BAD[] = {-1, PMKT_RFM_BY_CELL + 1, INT32_MIN, INT32_MAX};
        for (int64_t i = 0; i < LENGTH(BAD); i++) {
            ck_assert_int_eq(pmkt_rfm_scores_codes(scores, BAD[i]), -1);
            ck_assert_ptr_null(pmkt_rfm_scores_name(scores, BAD[i], 0));
        }
        pmkt_rfm_scores_free(scores);
    }
    ck_assert_int_eq(pmkt_rfm_scores_codes(NULL, PMKT_RFM_BY_SEGMENT), -1);
    ck_assert_ptr_null(pmkt_rfm_scores_name(NULL, PMKT_RFM_BY_SEGMENT, 0));
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(every_cell_is_named_after_its_bands) {
    static const char *const R[] = {"", "dormant", "cooling", "active"};
    static const char *const BANDS[] = {"", "low", "medium", "high"};
    pmkt_rfm *rfm = all_cells();
    rfm_add_event(rfm, 999, BEFORE(5), PMKT_KIND_VIEW);
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, NULL);
    ck_assert_int_eq(pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_CELL), 64);
    pmkt_rfm_group groups[64];
    ck_assert_int_eq(pmkt_rfm_summary(scores, PMKT_RFM_BY_CELL, groups, sizeof *groups, 64, NULL),
                     PMKT_OK);
    int64_t in_cells = 0;
    for (int r = LOW; r <= HIGH; r++) {
        for (int f = LOW; f <= HIGH; f++) {
            for (int m = LOW; m <= HIGH; m++) {
                const int32_t code = (r * 4 + f) * 4 + m;
                char name[64];
                (void)snprintf(name, sizeof name, "%s-%s-%s", R[r], BANDS[f], BANDS[m]);
                ck_assert_str_eq(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_CELL, code), name);
                ck_assert_int_eq(groups[code].customers, 1);
                in_cells++;
            }
        }
    }
    ck_assert_int_eq(in_cells, 27);
    ck_assert_int_eq(groups[0].customers, 1);
    for (int32_t code = 0; code < 64; code++) {
        ck_assert_ptr_nonnull(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_CELL, code));
    }
    ck_assert_str_eq(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_CELL, (2 * 4 + 2) * 4 + 3),
                     "cooling-medium-high");
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm classes");
    TOPIC(suite, "fixed policies", strictly_only_the_high_band_is_high,
          the_middle_can_count_as_high, the_numbers_of_the_classes_are_frozen);
    TOPIC(suite, "mean and median", high_can_mean_as_good_as_the_mean, means_are_not_rounded,
          who_are_all_alike_are_all_as_good_as_the_mean, high_can_mean_as_good_as_the_median,
          one_buyer_is_as_good_as_the_mean_and_the_median,
          the_median_policy_follows_its_definition_on_random_customers);
    TOPIC(suite, "hysteresis", the_middle_stays_what_it_was, beyond_the_middle_the_past_has_no_say,
          hysteresis_needs_earlier_scores_of_the_same_scheme);
    TOPIC(suite, "names", classes_have_their_names, groupings_have_names_for_all_their_codes,
          every_cell_is_named_after_its_bands);
    return suite_run(suite);
}
