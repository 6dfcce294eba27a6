/*
 * check_binary.c - figures of probabilities by their definitions, pair by pair; intervals that are the
 * same every time, and that hold what they should.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"

#define NEAR(a, b, by) REQUIRE(fabs((double)(a) - (double)(b)) <= (by))
#define MOST 400

static double p[MOST], rival[MOST];
static uint8_t y[MOST];
static uint64_t cluster[MOST];

static double uniform(void) {
    return (double)(random_bits() >> 11) * 0x1p-53;
}

/* Outcomes that follow p, in so many clusters; p has so many values, 0: all different. */
static void world(int64_t n, int64_t values, int64_t clusters) {
    for (int64_t i = 0; i < n; i++) {
        p[i] = values ? (double)random_below(values + 1) / (double)values : uniform();
        rival[i] = 0.5 * p[i] + 0.5 * uniform();
        y[i] = uniform() < p[i];
        cluster[i] = clusters ? (uint64_t)random_below(clusters) : (uint64_t)i;
    }
}

static pmkt_binary_result evaluated(int64_t n, const pmkt_binary_options *o, int32_t threads) {
    pmkt_binary_result r = PMKT_BINARY_RESULT_INIT;
    pmkt_run run = PMKT_RUN_INIT;
    pmkt_error err;
    run.threads = threads;
    ck_assert_ok(pmkt_binary_evaluate(y, p, n, o, &run, &r, &err), err);
    return r;
}

/* -------------------------------------------------------------------- definitions */

static double slow_auc(const double *of, int64_t n) {
    double pairs = 0, good = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            if (!y[i] || y[j]) continue;
            pairs++, good += of[i] > of[j] ? 1 : of[i] == of[j] ? 0.5 : 0;
        }
    }
    return good / pairs;
}

static double slow_ap(const double *of, int64_t n) {
    double sum = 0, yes = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!y[i]) continue;
        double above = 0, all = 0;
        for (int64_t j = 0; j < n; j++) {
            if (of[j] >= of[i]) all++, above += y[j];
        }
        yes++, sum += above / all;
    }
    return sum / yes;
}

static double slow_brier(const double *of, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (of[i] - y[i]) * (of[i] - y[i]);
    return sum / (double)n;
}

static double slow_log_loss(const double *of, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum -= log(fmax(y[i] ? of[i] : 1 - of[i], 0x1p-52));
    }
    return sum / (double)n;
}

static bool same(double a, double b) {
    return isnan(a) ? isnan(b) : fabs(a - b) <= 1e-12;
}

START_TEST(figures_are_what_they_are_called) {
    random_seed(1);
    for (int round = 0; round < 300; round++) {
        const int64_t n = random_between(1, 120);
        static const int64_t values[] = {0, 1, 2, 7, 30};
        world(n, values[round % LENGTH(values)], round % 3 ? 9 : 0);
        pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
        o.rival = rival, o.cluster = cluster;
        const pmkt_binary_result r = evaluated(n, &o, 1);
        int64_t yes = 0;
        for (int64_t i = 0; i < n; i++) yes += y[i];
        REQUIRE(r.rows == n && r.positives == yes && r.clusters >= 1 && r.clusters <= n);
        REQUIRE(same(r.auc.value, slow_auc(p, n)) && same(r.ap.value, slow_ap(p, n)));
        REQUIRE(same(r.brier.value, slow_brier(p, n)));
        REQUIRE(same(r.log_loss.value, slow_log_loss(p, n)));
        REQUIRE(same(r.rival_auc.value, slow_auc(rival, n)));
        REQUIRE(same(r.rival_ap.value, slow_ap(rival, n)));
        REQUIRE(same(r.rival_brier.value, slow_brier(rival, n)));
        REQUIRE(same(r.rival_log_loss.value, slow_log_loss(rival, n)));
        REQUIRE(same(r.auc_gain.value, slow_auc(p, n) - slow_auc(rival, n)));
        REQUIRE(same(r.ap_gain.value, slow_ap(p, n) - slow_ap(rival, n)));
        REQUIRE(same(r.brier_gain.value, slow_brier(rival, n) - slow_brier(p, n)));
        REQUIRE(same(r.log_loss_gain.value, slow_log_loss(rival, n) - slow_log_loss(p, n)));
        REQUIRE(isnan(r.auc.low) && isnan(r.log_loss_gain.high) && r.ece.value >= 0);
    }
}
END_TEST

/* Two bins: of 0.1 and 0.3 one of two came, of 0.6 and 0.8 both. */
START_TEST(calibration_errors_by_hand) {
    const double of[4] = {0.6, 0.1, 0.8, 0.3};
    const uint8_t came[4] = {1, 0, 1, 1};
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    pmkt_binary_result r = PMKT_BINARY_RESULT_INIT;
    o.bins = 2;
    ck_assert_int_eq(pmkt_binary_evaluate(came, of, 4, &o, NULL, &r, NULL), PMKT_OK);
    NEAR(r.ece.value, 0.3, 1e-15);
    NEAR(r.ece_debiased.value, 0.3 - sqrt(2 / acos(-1)) * (sqrt(0.3) + sqrt(0.4)) / 4, 1e-14);
    /* More bins than rows: each row is one. */
    o.bins = 1000;
    ck_assert_int_eq(pmkt_binary_evaluate(came, of, 4, &o, NULL, &r, NULL), PMKT_OK);
    NEAR(r.ece.value, (0.1 + 0.7 + 0.4 + 0.2) / 4, 1e-15);
    NEAR(r.ece_debiased.value,
         0.35 - sqrt(2 / acos(-1)) * (0.3 + sqrt(0.21) + sqrt(0.24) + 0.4) / 4, 1e-14);
}
END_TEST

/* Where p is right, chance alone makes the error; what is left is next to nothing. */
START_TEST(a_right_p_has_hardly_an_error) {
    random_seed(2);
    double raw = 0, left = 0;
    for (int round = 0; round < 200; round++) {
        world(MOST, 0, 0);
        const pmkt_binary_result r = evaluated(MOST, NULL, 1);
        raw += r.ece.value / 200, left += r.ece_debiased.value / 200;
    }
    REQUIRE(raw > 0.035 && raw < 0.065);
    REQUIRE(left < 0.25 * raw);
}
END_TEST

START_TEST(certainty_costs_what_it_should) {
    const double of[2] = {1, 0};
    const uint8_t right[2] = {1, 0}, wrong[2] = {0, 1};
    pmkt_binary_result r = PMKT_BINARY_RESULT_INIT;
    ck_assert_int_eq(pmkt_binary_evaluate(right, of, 2, NULL, NULL, &r, NULL), PMKT_OK);
    ck_assert(r.auc.value == 1 && r.ap.value == 1 && r.brier.value == 0);
    NEAR(r.log_loss.value, 0, 1e-15);
    ck_assert_int_eq(pmkt_binary_evaluate(wrong, of, 2, NULL, NULL, &r, NULL), PMKT_OK);
    ck_assert(r.auc.value == 0 && r.ap.value == 0.5 && r.brier.value == 1);
    NEAR(r.log_loss.value, 52 * log(2), 1e-12);
}
END_TEST

/* ------------------------------------------------------------- what cannot be told */

static void check_unknown(const pmkt_binary_result *r) {
    const pmkt_binary_figure *f = &r->auc;
    for (int i = 0; i < 14; i++) {
        REQUIRE(isnan(f[i].value) && isnan(f[i].low) && isnan(f[i].high));
    }
}

START_TEST(no_rows_have_no_figures) {
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    for (o.resamples = 0; o.resamples <= 20; o.resamples += 20) {
        pmkt_binary_result r = PMKT_BINARY_RESULT_INIT;
        o.cluster = NULL, o.rival = NULL;
        ck_assert_int_eq(pmkt_binary_evaluate(NULL, NULL, 0, &o, NULL, &r, NULL), PMKT_OK);
        check_unknown(&r);
        o.cluster = cluster, o.rival = rival;
        ck_assert_int_eq(pmkt_binary_evaluate(y, p, 0, &o, NULL, &r, NULL), PMKT_OK);
        check_unknown(&r);
        ck_assert(r.rows == 0 && r.positives == 0 && r.clusters == 0);
    }
}
END_TEST

START_TEST(one_kind_of_outcome_has_no_auc) {
    random_seed(3);
    world(50, 0, 0);
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    o.resamples = 50;
    memset(y, 0, sizeof y);
    pmkt_binary_result r = evaluated(50, &o, 1);
    ck_assert(isnan(r.auc.value) && isnan(r.auc.low) && isnan(r.ap.value) && isnan(r.ap.high));
    ck_assert(r.brier.low <= r.brier.value && r.brier.value <= r.brier.high);
    ck_assert(isnan(r.rival_brier.value) && isnan(r.brier_gain.low));
    memset(y, 1, sizeof y);
    r = evaluated(50, &o, 1);
    ck_assert(isnan(r.auc.value) && isnan(r.auc.low) && r.ap.value == 1 && r.ap.low == 1);
}
END_TEST

/* A single row: resamples without it say nothing. */
START_TEST(one_row_is_enough_for_some) {
    p[0] = 0.25, y[0] = 1;
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    o.resamples = 100;
    const pmkt_binary_result r = evaluated(1, &o, 1);
    ck_assert(r.brier.value == 0.5625 && r.brier.low == 0.5625 && r.brier.high == 0.5625);
    ck_assert(r.ece.value == 0.75 && isnan(r.auc.value) && r.clusters == 1);
}
END_TEST

/* ------------------------------------------------------------------------ intervals */

START_TEST(the_same_seed_is_the_same_interval) {
    random_seed(4);
    world(MOST, 20, 60);
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    o.resamples = 101, o.cluster = cluster, o.rival = rival, o.seed = 5;
    const pmkt_binary_result first = evaluated(MOST, &o, 1);
    for (int32_t threads = 1; threads <= 5; threads++) {
        const pmkt_binary_result again = evaluated(MOST, &o, threads);
        ck_assert(memcmp(&first, &again, sizeof first) == 0);
    }
    o.seed = UINT64_MAX;
    const pmkt_binary_result other = evaluated(MOST, &o, 1);
    ck_assert(other.auc.value == first.auc.value && other.auc.low != first.auc.low);
}
END_TEST

/* Rows in another order, of the same clusters, are the same resamples. */
START_TEST(the_order_of_rows_does_not_matter) {
    random_seed(5);
    world(MOST, 0, 40);
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    o.resamples = 50, o.cluster = cluster, o.rival = rival;
    const pmkt_binary_result one = evaluated(MOST, &o, 1);
    for (int64_t i = 0; i < MOST / 2; i++) {
        const int64_t j = MOST - 1 - i;
        const double of = p[i], r = rival[i];
        const uint64_t c = cluster[i];
        const uint8_t came = y[i];
        p[i] = p[j], rival[i] = rival[j], cluster[i] = cluster[j], y[i] = y[j];
        p[j] = of, rival[j] = r, cluster[j] = c, y[j] = came;
    }
    const pmkt_binary_result two = evaluated(MOST, &o, 1);
    ck_assert_int_eq(one.clusters, two.clusters);
    const pmkt_binary_figure *a = &one.auc, *b = &two.auc;
    for (int f = 0; f < 14; f++) {
        NEAR(a[f].value, b[f].value, 1e-12);
        NEAR(a[f].low, b[f].low, 1e-12);
        NEAR(a[f].high, b[f].high, 1e-12);
    }
}
END_TEST

/* Nor does it where all have the same p: a right one has no error, however yes and no are sorted. */
START_TEST(ties_count_as_one) {
    enum {
        N = MOST
    };
    for (int64_t i = 0; i < N; i++) p[i] = 0.3, y[i] = i >= 280;
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    o.bins = 7;
    pmkt_binary_result r = PMKT_BINARY_RESULT_INIT;
    ck_assert_int_eq(pmkt_binary_evaluate(y, p, N, &o, NULL, &r, NULL), PMKT_OK);
    NEAR(r.ece.value, 0, 1e-12);
    double observed[7];
    pmkt_binary_diagram to = PMKT_BINARY_DIAGRAM_INIT;
    to.bins = 7, to.observed = observed;
    ck_assert_int_eq(pmkt_binary_reliability(y, p, N, NULL, &to, NULL), PMKT_OK);
    for (int b = 0; b < 7; b++) NEAR(observed[b], 0.3, 1e-12);
    for (int64_t i = 0; i < N; i++)
        p[i] = i < 200 ? 0.1 : 0.5; /* of 0.1 none, of 0.5 three fifths */
    o.bins = 3;
    ck_assert_int_eq(pmkt_binary_evaluate(y, p, N, &o, NULL, &r, NULL), PMKT_OK);
    /* 134 of 0.1; 66 of 0.1 and 67 of 0.5; 133 of 0.5 */
    NEAR(r.ece.value, (134 * 0.1 + (67 - 66) * 0.1 + 133 * 0.1) / N, 1e-12);
}
END_TEST

/* Rows that stand there four times in one cluster tell no more than they did once. */
START_TEST(clusters_are_resampled_whole) {
    random_seed(6);
    world(MOST / 4, 0, 0);
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    o.resamples = 200, o.cluster = cluster;
    const pmkt_binary_result once = evaluated(MOST / 4, &o, 1);
    for (int64_t i = MOST / 4; i < MOST; i++) {
        const int64_t from = i % (MOST / 4);
        p[i] = p[from], y[i] = y[from], cluster[i] = cluster[from];
    }
    const pmkt_binary_result four = evaluated(MOST, &o, 1);
    ck_assert_int_eq(four.clusters, MOST / 4);
    NEAR(once.auc.low, four.auc.low, 1e-12);
    NEAR(once.brier.high, four.brier.high, 1e-12);
    o.cluster = NULL;
    const pmkt_binary_result alone = evaluated(MOST, &o, 1);
    ck_assert_int_eq(alone.clusters, MOST);
    REQUIRE(alone.brier.high - alone.brier.low < 0.7 * (four.brier.high - four.brier.low));
}
END_TEST

/* p is uniform and right, so that the Brier score is 1 / 6 and the AUC 5 / 6. */
START_TEST(intervals_hold_the_truth) {
    random_seed(7);
    int brier = 0, auc = 0, narrow = 0;
    const int rounds = (int)scaled(300, 60);
    for (int round = 0; round < rounds; round++) {
        world(200, 0, 0);
        pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
        o.resamples = 200, o.seed = (uint64_t)round;
        const pmkt_binary_result wide = evaluated(200, &o, 1);
        o.level = 0.5;
        const pmkt_binary_result half = evaluated(200, &o, 1);
        REQUIRE(half.brier.low > wide.brier.low && half.brier.high < wide.brier.high);
        brier += wide.brier.low <= 1.0 / 6 && 1.0 / 6 <= wide.brier.high;
        auc += wide.auc.low <= 5.0 / 6 && 5.0 / 6 <= wide.auc.high;
        narrow += half.brier.low <= 1.0 / 6 && 1.0 / 6 <= half.brier.high;
    }
    REQUIRE(brier >= 0.88 * rounds && auc >= 0.88 * rounds);
    REQUIRE(narrow >= 0.35 * rounds && narrow <= 0.65 * rounds);
}
END_TEST

/* Both models are compared on the same resamples: a model is exactly as good as itself. */
START_TEST(gains_are_paired) {
    random_seed(8);
    world(MOST, 0, 30);
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    o.resamples = 100, o.cluster = cluster, o.rival = p;
    const pmkt_binary_result itself = evaluated(MOST, &o, 1);
    const pmkt_binary_figure *f = &itself.auc_gain;
    for (int k = 0; k < 4; k++) ck_assert(f[k].value == 0 && f[k].low == 0 && f[k].high == 0);
    o.rival = rival;
    const pmkt_binary_result mine = evaluated(MOST, &o, 1);
    ck_assert(mine.auc_gain.low > 0 && mine.brier_gain.low > 0 && mine.log_loss_gain.value > 0);
    /* Narrower than the two apart. */
    ck_assert(mine.auc_gain.high - mine.auc_gain.low <
              mine.auc.high - mine.auc.low + mine.rival_auc.high - mine.rival_auc.low);
    double keep[MOST];
    memcpy(keep, p, sizeof p);
    memcpy(p, rival, sizeof p);
    o.rival = keep;
    const pmkt_binary_result theirs = evaluated(MOST, &o, 1);
    NEAR(theirs.auc_gain.value, -mine.auc_gain.value, 1e-15);
    NEAR(theirs.auc_gain.low, -mine.auc_gain.high, 1e-12);
    NEAR(theirs.brier_gain.high, -mine.brier_gain.low, 1e-12);
    ck_assert(theirs.auc.low == mine.rival_auc.low && theirs.rival_ap.high == mine.ap.high);
}
END_TEST

/* ---------------------------------------------------------------------- reliability */

/* The same share of the same count has Wilson's known interval. */
START_TEST(wilson_is_as_in_the_tables) {
    const struct {
        int yes;
        double low, high;
    } known[] = {
        {0, 0, 0.277533}, {1, 0.017876, 0.404150}, {8, 0.490162, 0.943318}, {10, 0.722467, 1}};
    for (int64_t k = 0; k < LENGTH(known); k++) {
        for (int i = 0; i < 10; i++) p[i] = 0.1 * i, y[i] = i < known[k].yes;
        double predicted, observed, low, high;
        int64_t n;
        const pmkt_binary_diagram d = {sizeof d, 1, &predicted, &observed, &low, &high, &n};
        ck_assert_int_eq(pmkt_binary_reliability(y, p, 10, NULL, &d, NULL), PMKT_OK);
        NEAR(predicted, 0.45, 1e-15);
        NEAR(observed, known[k].yes / 10.0, 1e-15);
        NEAR(low, known[k].low, 1e-6);
        NEAR(high, known[k].high, 1e-6);
        ck_assert_int_eq(n, 10);
    }
}
END_TEST

START_TEST(bins_share_the_rows_out) {
    random_seed(9);
    for (int round = 0; round < 200; round++) {
        const int64_t rows = random_below(60);
        const int32_t bins = (int32_t)random_between(1, 80);
        world(rows, round % 2 ? 5 : 0, 0);
        double predicted[80], observed[80], low[80], high[80], sum = 0, yes = 0, last = -1;
        int64_t n[80], all = 0;
        const pmkt_binary_diagram d = {sizeof d, bins, predicted, observed, low, high, n};
        REQUIRE(pmkt_binary_reliability(y, p, rows, NULL, &d, NULL) == PMKT_OK);
        for (int32_t b = 0; b < bins; b++) {
            REQUIRE(n[b] == rows / bins || n[b] == rows / bins + 1);
            all += n[b];
            if (n[b] == 0) {
                REQUIRE(isnan(predicted[b]) && isnan(observed[b]));
                REQUIRE(isnan(low[b]) && isnan(high[b]));
                continue;
            }
            REQUIRE(predicted[b] >= last - 1e-15);
            REQUIRE(0 <= low[b] && low[b] <= observed[b] && observed[b] <= high[b]);
            REQUIRE(high[b] <= 1);
            last = predicted[b];
            sum += predicted[b] * (double)n[b], yes += observed[b] * (double)n[b];
        }
        REQUIRE(all == rows);
        for (int64_t i = 0; i < rows; i++) sum -= p[i], yes -= y[i];
        NEAR(sum, 0, 1e-12);
        NEAR(yes, 0, 1e-12);
    }
    const pmkt_binary_diagram nothing = {sizeof nothing, 3, NULL, NULL, NULL, NULL, NULL};
    ck_assert_int_eq(pmkt_binary_reliability(y, p, 10, NULL, &nothing, NULL), PMKT_OK);
}
END_TEST

/* ------------------------------------------------------------------------- bad calls */

static void refused(const pmkt_binary_options *o, int64_t n, int64_t where) {
    pmkt_binary_result r = PMKT_BINARY_RESULT_INIT;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_binary_evaluate(y, p, n, o, NULL, &r, &err), PMKT_E_INVALID);
    if (where < 0) return;
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.where, where);
}

START_TEST(impossible_numbers_are_refused) {
    random_seed(10);
    world(20, 0, 0);
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    double share = 0;
    const pmkt_binary_diagram d = {sizeof d, 1, &share, NULL, NULL, NULL, NULL};
    static const double never[] = {NAN, -1e-300, 1.0000000000000002, INFINITY, -INFINITY};
    o.rival = rival;
    for (int64_t k = 0; k < LENGTH(never); k++) {
        const double keep = p[7], other = rival[19];
        p[7] = never[k];
        refused(NULL, 20, 7);
        ck_assert_int_eq(pmkt_binary_reliability(y, p, 20, NULL, &d, NULL), PMKT_E_INVALID);
        p[7] = keep, rival[19] = never[k];
        refused(&o, 20, 19);
        rival[19] = other;
    }
    y[3] = 2;
    refused(NULL, 20, 3);
    ck_assert_int_eq(pmkt_binary_reliability(y, p, 20, NULL, &d, NULL), PMKT_E_INVALID);
    y[3] = 1;
    refused(NULL, -1, -1);
}
END_TEST

START_TEST(impossible_options_are_refused) {
    random_seed(11);
    world(20, 0, 0);
    static const int32_t bins[] = {-1, 1, 1001, INT32_MIN, INT32_MAX};
    static const int32_t resamples[] = {-1, 100001, INT32_MIN, INT32_MAX};
    static const double levels[] = {-0.1, 1, 2, NAN, INFINITY};
    for (int64_t k = 0; k < 5; k++) {
        pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
        o.bins = bins[k];
        refused(&o, 20, -1);
        o.bins = 0, o.level = levels[k];
        refused(&o, 20, -1);
        o.level = 0, o.resamples = resamples[k % 4];
        refused(&o, 20, -1);
        o.resamples = 0, o.reserved = 1;
        refused(&o, 20, -1);
        const pmkt_binary_diagram d = {sizeof d, k == 1 ? 0 : bins[k], NULL, NULL, NULL, NULL,
                                       NULL};
        ck_assert_int_eq(pmkt_binary_reliability(y, p, 20, NULL, &d, NULL), PMKT_E_INVALID);
    }
    ck_assert_int_eq(pmkt_binary_evaluate(y, p, 20, NULL, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_binary_reliability(y, p, 20, NULL, NULL, NULL), PMKT_E_INVALID);
}
END_TEST

/* Memory that runs out, at every allocation. */
START_TEST(memory_may_run_out) {
    random_seed(12);
    world(MOST, 9, 50);
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    o.cluster = cluster, o.rival = rival, o.resamples = 10, o.allocator = &allocator;
    double low[5];
    const pmkt_binary_diagram d = {sizeof d, 5, NULL, NULL, low, NULL, NULL};
    for (int diagram = 0; diagram < 2; diagram++) {
        pmkt_status status = PMKT_E_NOMEM;
        int64_t nth = 1;
        for (; status == PMKT_E_NOMEM; nth++) {
            pmkt_binary_result r = PMKT_BINARY_RESULT_INIT;
            pmkt_error err = {0};
            faulty_arm(&memory, nth, nth % 2);
            status = diagram ? pmkt_binary_reliability(y, p, MOST, &allocator, &d, &err)
                             : pmkt_binary_evaluate(y, p, MOST, &o, NULL, &r, &err);
            faulty_disarm(&memory);
            ck_assert(status == PMKT_OK || status == PMKT_E_NOMEM);
            ck_assert_int_eq(err.code, status);
            ck_assert(diagram || (status == PMKT_OK) == (r.rows == MOST));
            faulty_check_empty(&memory);
        }
        ck_assert_int_gt(nth, 5);
    }
}
END_TEST

int main(void) {
    Suite *s = suite_create("binary");
    TOPIC(s, "figures", figures_are_what_they_are_called, calibration_errors_by_hand,
          a_right_p_has_hardly_an_error, certainty_costs_what_it_should, no_rows_have_no_figures,
          one_kind_of_outcome_has_no_auc, one_row_is_enough_for_some);
    TOPIC(s, "intervals", the_same_seed_is_the_same_interval, the_order_of_rows_does_not_matter,
          ties_count_as_one, clusters_are_resampled_whole, intervals_hold_the_truth,
          gains_are_paired);
    TOPIC(s, "reliability", wilson_is_as_in_the_tables, bins_share_the_rows_out);
    TOPIC(s, "bad calls", impossible_numbers_are_refused, impossible_options_are_refused,
          memory_may_run_out);
    return suite_run(s);
}
