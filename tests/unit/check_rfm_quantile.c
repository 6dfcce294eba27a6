/*
 * Scores by equal shares: against the definition, on data full of ties; the cuts that explain them;
 * segments by a table of ranges.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/random.h"
#include "support/rfm.h"
#include "support/suite.h"

#define AS_OF date(2024, 7, 1)
#define BEFORE(days) (AS_OF - (days)*DAY)

static pmkt_rfm_score_options quantile(int32_t bins) {
    pmkt_rfm_score_options o = PMKT_RFM_SCORE_OPTIONS_INIT;
    o.scheme = PMKT_RFM_QUANTILE;
    o.bins = bins;
    return o;
}

/* -------------------------------------------------------------- definition */

/* An axis of the columns as a number that is higher for the better. */
static double goodness(const pmkt_rfm_columns *c, const pmkt_rfm_score_options *o, int axis,
                       int64_t i) {
    if (axis == 0) return -c->recency_days[i];
    if (axis == 1) {
        return o->frequency == PMKT_RFM_F_PER_MONTH ? c->orders_per_month[i] : (double)c->orders[i];
    }
    return (double)(o->monetary == PMKT_RFM_M_AVERAGE ? c->average_order[i] : c->revenue[i]);
}

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How many of n sorted numbers are below x. */
static int64_t below(const double *sorted, int64_t n, double x) {
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (sorted[middle] < x) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Whether the value is beyond exactly the cuts that its score says, by the words of the header. */
static bool agrees_with_cuts(const pmkt_rfm_columns *c, int axis, int32_t bins, double good,
                             int64_t score) {
    for (int32_t j = 0; j + 1 < bins; j++) {
        const double cut = axis == 0   ? c->r_cuts[j]
                           : axis == 1 ? c->f_cuts[j]
                                       : (double)c->m_cuts[j];
        const bool beyond = axis == 0 ? -good < cut : good > cut;
        if (beyond != (score > j + 1)) return false;
    }
    return true;
}

/* Checks every score against 1 + floor(bins * worse / n), and against the cuts. */
static void check_definition(const pmkt_rfm *rfm, const pmkt_rfm_score_options *o) {
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, o);
    const pmkt_rfm_columns c = columns_of(scores);
    const uint8_t *const given[3] = {c.r, c.f, c.m};
    ck_assert_int_eq(c.scheme, PMKT_RFM_QUANTILE);
    ck_assert_int_eq(c.bins, o->bins);
    double *sorted = malloc((size_t)(c.rows + 1) * sizeof *sorted);
    ck_assert_ptr_nonnull(sorted);
    int64_t wrong = 0; /* asserted at once: an assertion is slow */
    for (int axis = 0; axis < 3; axis++) {
        int64_t n = 0;
        for (int64_t i = 0; i < c.rows; i++) {
            if (c.orders[i] > 0) sorted[n++] = goodness(&c, o, axis, i);
        }
        qsort(sorted, (size_t)n, sizeof *sorted, compare_doubles);
        for (int64_t i = 0; i < c.rows; i++) {
            if (c.orders[i] == 0) {
                wrong += given[axis][i] != 0;
                continue;
            }
            const double good = goodness(&c, o, axis, i);
            const int64_t score = 1 + o->bins * below(sorted, n, good) / n;
            wrong += given[axis][i] != score || !agrees_with_cuts(&c, axis, o->bins, good, score);
        }
    }
    ck_assert_int_eq(wrong, 0);
    free(sorted);
    pmkt_rfm_scores_free(scores);
}

static const int32_t all_bins[] = {2, 3, 4, 5, 7, 10, 31, 99, 100};

/* Customers at random, of whom few values differ where `ties` is small. */
static pmkt_rfm *random_customers(int64_t n, int64_t ties, uint64_t seed) {
    pmkt_rfm *rfm = rfm_history();
    random_seed(seed);
    batch b = {0};
    for (int64_t i = 0; i < n; i++) {
        const uint64_t user = (uint64_t)i + 1;
        const int64_t orders = random_below(ties < 6 ? ties : 6);
        batch_event(&b, user, BEFORE(500), PMKT_KIND_VIEW);
        for (int64_t j = 0; j < orders; j++) {
            batch_order(&b, user, BEFORE(1 + random_below(ties)), PMKT_ID_NONE,
                        1 + random_below(ties));
        }
        if (random_below(10) == 0) {
            batch_row(&b, user, BEFORE(1), PMKT_KIND_REFUND, PMKT_ID_NONE, random_below(3 * ties));
        }
    }
    if (b.rows) rfm_add(rfm, &b);
    batch_clear(&b);
    return rfm;
}

START_TEST(scores_follow_their_definition_whatever_the_ties) {
    static const int64_t TIES[] = {2, 3, 10, 400};
    const int64_t sizes[] = {1, 2, 3, 4, 5, 6, 9, 50, 101, 1000, scaled(20000, 300)};
    for (int64_t s = 0; s < LENGTH(sizes); s++) {
        for (int64_t t = 0; t < LENGTH(TIES); t++) {
            pmkt_rfm *rfm = random_customers(sizes[s], TIES[t], (uint64_t)(s * 10 + t));
            for (int64_t b = 0; b < LENGTH(all_bins); b++) {
                const pmkt_rfm_score_options o = quantile(all_bins[b]);
                check_definition(rfm, &o);
            }
            pmkt_rfm_free(rfm);
        }
    }
}
END_TEST

START_TEST(the_axes_can_be_the_pace_and_the_average) {
    pmkt_rfm *rfm = random_customers(scaled(5000, 500), 30, 77);
    for (int32_t f = PMKT_RFM_F_PER_MONTH; f <= PMKT_RFM_F_ORDERS; f++) {
        for (int32_t m = PMKT_RFM_M_AVERAGE; m <= PMKT_RFM_M_REVENUE; m++) {
            pmkt_rfm_score_options o = quantile(5);
            o.frequency = f;
            o.monetary = m;
            check_definition(rfm, &o);
            o.f_window_days = 20;
            check_definition(rfm, &o);
        }
    }
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(the_usual_axes_are_orders_and_revenue) {
    pmkt_rfm *rfm = random_customers(300, 30, 5);
    const pmkt_rfm_score_options usual = quantile(5);
    pmkt_rfm_score_options named = usual;
    named.frequency = PMKT_RFM_F_ORDERS;
    named.monetary = PMKT_RFM_M_REVENUE;
    pmkt_rfm_scores *a = rfm_score(rfm, AS_OF, &usual), *b = rfm_score(rfm, AS_OF, &named);
    ck_assert_mem_eq(columns_of(a).f, columns_of(b).f, 300);
    ck_assert_mem_eq(columns_of(a).m, columns_of(b).m, 300);
    pmkt_rfm_scores_free(a);
    pmkt_rfm_scores_free(b);
    pmkt_rfm_free(rfm);
}
END_TEST

/* -------------------------------------------------------------- by hand */

/* Ten customers; the i-th ordered i times, for 100 each time, last 11 - i days ago. */
static pmkt_rfm *ten_customers(void) {
    pmkt_rfm *rfm = rfm_history();
    for (int32_t i = 1; i <= 10; i++) rfm_add_buyer(rfm, (uint64_t)i, AS_OF, 11 - i, 0, i, 100 * i);
    return rfm;
}

START_TEST(ten_different_customers_fall_into_five_pairs) {
    pmkt_rfm *rfm = ten_customers();
    const pmkt_rfm_score_options o = quantile(0); /* five is the default */
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
    for (uint64_t user = 1; user <= 10; user++) {
        const customer c = customer_of(scores, user);
        ck_assert_uint_eq(c.r, (user + 1) / 2);
        ck_assert_uint_eq(c.f, (user + 1) / 2);
        ck_assert_uint_eq(c.m, (user + 1) / 2);
    }
    const pmkt_rfm_columns c = columns_of(scores);
    for (int j = 0; j < 4; j++) { /* the worse one of each border: users 2, 4, 6, 8 */
        ck_assert_double_eq(c.r_cuts[j], 9 - 2 * j);
        ck_assert_double_eq(c.f_cuts[j], 2 + 2 * j);
        ck_assert_int_eq(c.m_cuts[j], 200 + 200 * j);
    }
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(equal_customers_get_the_lowest_score_all_of_them) {
    pmkt_rfm *rfm = rfm_history();
    for (uint64_t user = 1; user <= 10; user++) rfm_add_buyer(rfm, user, AS_OF, 5, 0, 2, 200);
    const pmkt_rfm_score_options o = quantile(5);
    for (uint64_t user = 1; user <= 10; user++) {
        const customer c = customer_at(rfm, AS_OF, &o, user);
        ck_assert_uint_eq(c.r, 1);
        ck_assert_uint_eq(c.f, 1);
        ck_assert_uint_eq(c.m, 1);
    }
    rfm_add_buyer(rfm, 11, AS_OF, 4, 0, 3, 300); /* better than ten of eleven */
    ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 11).r, 5);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(one_customer_and_none_are_no_special_case) {
    pmkt_rfm *rfm = rfm_history();
    for (int64_t b = 0; b < LENGTH(all_bins); b++) {
        const pmkt_rfm_score_options o = quantile(all_bins[b]);
        check_definition(rfm, &o);
    }
    rfm_add_event(rfm, 2, BEFORE(5), PMKT_KIND_VIEW); /* a row, but no buyer */
    const pmkt_rfm_score_options five = quantile(5);
    check_definition(rfm, &five);
    rfm_add_order(rfm, 1, BEFORE(5), 0, 100);
    for (int64_t b = 0; b < LENGTH(all_bins); b++) {
        const pmkt_rfm_score_options o = quantile(all_bins[b]);
        check_definition(rfm, &o);
        ck_assert_uint_eq(customer_at(rfm, AS_OF, &o, 1).r, 1);
    }
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(the_threshold_columns_are_those_of_the_other_scheme) {
    pmkt_rfm *rfm = random_customers(500, 300, 6);
    const pmkt_rfm_score_options o = quantile(5);
    pmkt_rfm_scores *q = rfm_score(rfm, AS_OF, &o), *t = rfm_score(rfm, AS_OF, NULL);
    const pmkt_rfm_columns cq = columns_of(q), ct = columns_of(t);
    ck_assert_int_eq(cq.rows, ct.rows);
    const size_t n = (size_t)cq.rows;
    ck_assert_mem_eq(cq.user, ct.user, n * sizeof *cq.user);
    ck_assert_mem_eq(cq.activity, ct.activity, n);
    ck_assert_mem_eq(cq.activity, ct.r, n);
    ck_assert_mem_eq(cq.lifecycle, ct.lifecycle, n);
    ck_assert_mem_eq(cq.tier, ct.tier, n);
    ck_assert_mem_eq(cq.orders_per_month, ct.orders_per_month, n * sizeof(double));
    pmkt_rfm_scores_free(q);
    pmkt_rfm_scores_free(t);
    pmkt_rfm_free(rfm);
}
END_TEST

/* ------------------------------------------------------------------ segments */

static const char *segment_name(const pmkt_rfm_scores *scores, uint64_t user) {
    return pmkt_rfm_scores_name(scores, PMKT_RFM_BY_SEGMENT, customer_of(scores, user).segment);
}

START_TEST(the_first_range_that_fits_names_the_segment) {
    static const pmkt_rfm_segment TABLE[] = {
        {"best", 5, 5, 5, 5, 5, 5, {0, 0}},
        {"upper", 4, 0, 0, 0, 0, 0, {0, 0}},  /* open above; best lies within */
        {"center", 2, 3, 2, 3, 0, 3, {0, 0}}, /* open below */
        {"nobody", 1, 1, 5, 5, 0, 0, {0, 0}},
        {"upper", 1, 1, 1, 1, 1, 0, {0, 0}}, /* a name may stand twice */
    };
    pmkt_rfm_score_options o = quantile(5);
    o.segments = TABLE;
    o.n_segments = LENGTH(TABLE);
    pmkt_rfm *rfm = ten_customers();
    rfm_add_event(rfm, 99, BEFORE(5), PMKT_KIND_VIEW);
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
    static const char *const NAMES[] = {"",       "upper", "upper", "center", "center", "center",
                                        "center", "upper", "upper", "best",   "best"};
    for (uint64_t user = 1; user <= 10; user++) {
        ck_assert_str_eq(segment_name(scores, user), NAMES[user]);
    }
    ck_assert_uint_eq(customer_of(scores, 1).segment, 4);
    ck_assert_str_eq(segment_name(scores, 99), "no-order");
    ck_assert_int_eq(pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_SEGMENT), 7);
    ck_assert_str_eq(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_SEGMENT, 5), "other");
    ck_assert_str_eq(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_SEGMENT, 6), "no-order");
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(what_no_range_fits_is_other) {
    static const pmkt_rfm_segment TABLE[] = {{"best", 5, 5, 0, 0, 0, 0, {0, 0}}};
    pmkt_rfm_score_options o = quantile(5);
    o.segments = TABLE;
    o.n_segments = 1;
    pmkt_rfm *rfm = ten_customers();
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
    ck_assert_str_eq(segment_name(scores, 8), "other");
    ck_assert_str_eq(segment_name(scores, 9), "best");
    pmkt_rfm_scores_free(scores);
    o.n_segments = 0; /* a table without rows: everybody is other */
    scores = rfm_score(rfm, AS_OF, &o);
    ck_assert_int_eq(pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_SEGMENT), 2);
    ck_assert_str_eq(segment_name(scores, 9), "other");
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(the_built_in_table_is_for_five_bins) {
    pmkt_rfm *rfm = ten_customers();
    pmkt_rfm_score_options o = quantile(5);
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
    ck_assert_str_eq(segment_name(scores, 10), "champions");
    ck_assert_str_eq(segment_name(scores, 8), "champions");
    ck_assert_str_eq(segment_name(scores, 1), "lost");
    ck_assert_int_gt(pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_SEGMENT), 2);
    pmkt_rfm_scores_free(scores);
    o.bins = 4;
    scores = rfm_score(rfm, AS_OF, &o);
    ck_assert_int_eq(pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_SEGMENT), 2);
    ck_assert_str_eq(segment_name(scores, 10), "other");
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

/* Which of the 125 triples the built-in table leaves to "other" is a matter of taste; that the
   names of the field stand where the field puts them is not. */
START_TEST(the_built_in_table_uses_the_words_of_the_field) {
    static const struct {
        int32_t recency;
        int64_t orders, each;
        const char *name;
    } CASES[] = {{1, 9, 90, "champions"},
                 {1, 1, 5, "new"},
                 {90, 9, 90, "cannot-lose"},
                 {90, 1, 1, "lost"},
                 {45, 9, 90, "loyal"}};
    for (int64_t i = 0; i < LENGTH(CASES); i++) {
        pmkt_rfm *rfm = rfm_history(); /* twenty others, from poor to good on every axis */
        for (int32_t k = 0; k < 20; k++) {
            rfm_add_buyer(rfm, (uint64_t)k + 10, AS_OF, 85 - 4 * k, 0, 1 + k / 3,
                          (1 + k / 3) * (2 + k));
        }
        rfm_add_buyer(rfm, 1, AS_OF, CASES[i].recency, 0, CASES[i].orders,
                      CASES[i].orders * CASES[i].each);
        const pmkt_rfm_score_options o = quantile(5);
        pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
        ck_assert_str_eq(segment_name(scores, 1), CASES[i].name);
        pmkt_rfm_scores_free(scores);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(a_table_of_200_segments_is_allowed_and_its_names_are_copied) {
    enum {
        MOST = 200
    };
    static pmkt_rfm_segment table[MOST + 1];
    static char names[MOST + 1][64];
    for (int i = 0; i <= MOST; i++) {
        memset(names[i], 'a' + i % 26, 63);
        names[i][63] = '\0';
        table[i] = (pmkt_rfm_segment){names[i], 100, 100, 100, 100, 100, 100, {0, 0}};
    }
    table[MOST - 1] = (pmkt_rfm_segment){names[MOST - 1], 0, 0, 0, 0, 0, 0, {0, 0}};
    pmkt_rfm_score_options o = quantile(100);
    o.segments = table;
    o.n_segments = MOST;
    pmkt_rfm *rfm = ten_customers();
    rfm_add_event(rfm, 99, BEFORE(5), PMKT_KIND_VIEW);
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
    memset(names[MOST - 1], 'X', 63);
    ck_assert_uint_eq(customer_of(scores, 1).segment, MOST - 1);
    ck_assert_int_eq(segment_name(scores, 1)[0], 'a' + (MOST - 1) % 26);
    ck_assert_uint_eq(customer_of(scores, 99).segment, MOST + 1);
    ck_assert_int_eq(pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_SEGMENT), MOST + 2);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(cells_have_names_up_to_five_bins) {
    pmkt_rfm *rfm = ten_customers();
    for (int32_t bins = 2; bins <= 6; bins++) {
        const pmkt_rfm_score_options o = quantile(bins);
        pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, &o);
        const int32_t base = bins + 1, codes = pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_CELL);
        if (bins > 5) {
            pmkt_rfm_group group;
            ck_assert_int_eq(codes, -1);
            ck_assert_ptr_null(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_CELL, 0));
            ck_assert_int_eq(
                pmkt_rfm_summary(scores, PMKT_RFM_BY_CELL, &group, sizeof group, 1000, NULL),
                PMKT_E_INVALID);
        } else {
            ck_assert_int_eq(codes, base * base * base);
            ck_assert_str_eq(
                pmkt_rfm_scores_name(scores, PMKT_RFM_BY_CELL, (1 * base + 2) * base + 1), "1-2-1");
            ck_assert_str_eq(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_CELL, 0), "no-order");
        }
        pmkt_rfm_scores_free(scores);
    }
    pmkt_rfm_free(rfm);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm quantile");
    TOPIC(suite, "definition", scores_follow_their_definition_whatever_the_ties,
          the_axes_can_be_the_pace_and_the_average, the_usual_axes_are_orders_and_revenue);
    TOPIC(suite, "by hand", ten_different_customers_fall_into_five_pairs,
          equal_customers_get_the_lowest_score_all_of_them,
          one_customer_and_none_are_no_special_case,
          the_threshold_columns_are_those_of_the_other_scheme);
    TOPIC(suite, "segments", the_first_range_that_fits_names_the_segment,
          what_no_range_fits_is_other, the_built_in_table_is_for_five_bins,
          the_built_in_table_uses_the_words_of_the_field,
          a_table_of_200_segments_is_allowed_and_its_names_are_copied,
          cells_have_names_up_to_five_bins);
    return suite_run(suite);
}
