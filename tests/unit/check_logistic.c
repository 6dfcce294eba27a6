/*
 * check_logistic.c - logistic regression: the minimum is one by its own gradient, small examples have
 * the numbers of paper and pencil, and no data, however odd, give more than a status.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/loop.h"
#include "support/suite.h"

#define NEAR(a, b, by) REQUIRE(fabs((double)(a) - (double)(b)) <= (by))

static double uniform(void) {
    return (double)(random_bits() >> 11) * 0x1p-53;
}

/* Rows of a world with known coefficients, for tests that need some. */
typedef struct rows {
    int64_t n;
    int32_t columns;
    double *x, *weight;
    uint8_t *y;
    uint64_t *cluster;
} rows;

static rows rows_random(int64_t n, int32_t columns) {
    rows r = {.n = n, .columns = columns};
    r.x = malloc((size_t)n * (size_t)columns * sizeof *r.x);
    r.weight = malloc((size_t)n * sizeof *r.weight);
    r.y = malloc((size_t)n);
    r.cluster = malloc((size_t)n * sizeof *r.cluster);
    for (int64_t i = 0; i < n; i++) {
        double z = -0.5;
        for (int32_t j = 0; j < columns; j++) {
            const double x = uniform() + uniform() + uniform() - 1.5;
            r.x[i * columns + j] = x;
            z += (j % 3 - 1) * x;
        }
        r.y[i] = uniform() < 1 / (1 + exp(-z));
        r.weight[i] = uniform() < 0.1 ? 0 : 3 * uniform();
        r.cluster[i] = (uint64_t)random_below(n / 3 + 1);
    }
    r.y[0] = 0, r.y[1] = 1, r.weight[0] = r.weight[1] = 1;
    return r;
}

static void rows_free(rows *r) {
    free(r->x), free(r->weight), free(r->y), free(r->cluster);
}

static pmkt_logistic_data data_of(const rows *r) {
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    d.rows = r->n, d.columns = r->columns, d.x = r->x, d.y = r->y;
    d.weight = r->weight, d.cluster = r->cluster;
    return d;
}

static pmkt_logistic *fitted(const pmkt_logistic_data *d, double l2, int32_t calibration) {
    pmkt_logistic_options o = PMKT_LOGISTIC_OPTIONS_INIT;
    o.l2 = l2, o.calibration = calibration;
    pmkt_logistic *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_logistic_fit(d, &o, NULL, &model, &err), err);
    return model;
}

typedef struct numbers {
    pmkt_logistic_facts facts;
    double coefficient[PMKT_LOGISTIC_MAX_COLUMNS + 1], error[PMKT_LOGISTIC_MAX_COLUMNS + 1];
    double mean[PMKT_LOGISTIC_MAX_COLUMNS + 1], deviation[PMKT_LOGISTIC_MAX_COLUMNS + 1];
} numbers;

static void read_numbers(const pmkt_logistic *model, numbers *n) {
    pmkt_logistic_table t = PMKT_LOGISTIC_TABLE_INIT;
    memset(n, 0, sizeof *n);
    pmkt_logistic_facts_init(&n->facts);
    t.coefficient = n->coefficient, t.standard_error = n->error;
    t.mean = n->mean, t.deviation = n->deviation;
    ck_assert_int_eq(pmkt_logistic_coefficients(model, &t, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_logistic_info(model, &n->facts, NULL), PMKT_OK);
}

static numbers fit_numbers(const pmkt_logistic_data *d, double l2) {
    static numbers n;
    pmkt_logistic *model = fitted(d, l2, PMKT_CALIBRATION_NONE);
    read_numbers(model, &n);
    pmkt_logistic_release(model);
    return n;
}

/* ------------------------------------------------------------------- the minimum */

/* The gradient of the penalized loss at what a model says, by its definition. */
static double gradient_of(const pmkt_logistic_data *d, double l2, const numbers *n, int32_t j) {
    double sum = 0;
    for (int64_t i = 0; i < d->rows; i++) {
        const double *x = d->x + i * d->columns;
        double z = n->coefficient[d->columns];
        for (int32_t k = 0; k < d->columns; k++) z += n->coefficient[k] * x[k];
        const double w = d->weight ? d->weight[i] : 1;
        const double s = j == d->columns ? 1 : (x[j] - n->mean[j]) / n->deviation[j];
        sum += w * (1 / (1 + exp(-z)) - d->y[i]) * s;
    }
    return j == d->columns ? sum : sum + l2 * n->coefficient[j] * n->deviation[j];
}

static double loss_of(const pmkt_logistic_data *d, const numbers *n) {
    double sum = 0, all = 0;
    for (int64_t i = 0; i < d->rows; i++) {
        double z = n->coefficient[d->columns];
        for (int32_t k = 0; k < d->columns; k++) {
            z += n->coefficient[k] * d->x[i * d->columns + k];
        }
        const double w = d->weight ? d->weight[i] : 1;
        sum -= w * log(1 / (1 + exp(d->y[i] ? -z : z))), all += w;
    }
    return sum / all;
}

START_TEST(the_gradient_is_zero) {
    random_seed(1);
    for (int round = 0; round < 40; round++) {
        rows r = rows_random(random_between(2, 400), (int32_t)random_between(1, 9));
        pmkt_logistic_data d = data_of(&r);
        if (round % 3 == 0) d.weight = NULL;
        if (round % 2 == 0) d.cluster = NULL;
        const double l2 = pow(10, (double)random_between(-3, 4));
        const numbers n = fit_numbers(&d, l2);
        double weight = 0;
        for (int64_t i = 0; i < r.n; i++) weight += d.weight ? r.weight[i] : 1;
        for (int32_t j = 0; j <= d.columns; j++) {
            if (j < d.columns && n.deviation[j] == 0) continue; /* few rows that count */
            NEAR(gradient_of(&d, l2, &n, j) / weight, 0, 1e-7);
        }
        NEAR(n.facts.log_loss, loss_of(&d, &n), 1e-10);
        REQUIRE(n.facts.gradient >= 0 && n.facts.gradient <= 1e-7);
        REQUIRE(n.facts.steps >= 0 && n.facts.steps < 60);
        rows_free(&r);
    }
}
END_TEST

/* Of 8 rows 2 are yes, and the only column says nothing. */
START_TEST(a_constant_column_leaves_the_share) {
    static const double levels[] = {0, 1, -1e150, 0.1, 1e-300};
    for (int64_t k = 0; k < LENGTH(levels); k++) {
        double x[8];
        const uint8_t y[8] = {0, 1, 0, 0, 1, 0, 0, 0};
        for (int i = 0; i < 8; i++) x[i] = levels[k];
        pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
        d.rows = 8, d.columns = 1, d.x = x, d.y = y;
        const numbers n = fit_numbers(&d, 1);
        ck_assert(n.coefficient[0] == 0 && n.error[0] == 0 && n.deviation[0] == 0);
        NEAR(n.coefficient[1], log(1.0 / 3), 1e-12);
        NEAR(n.error[1], sqrt(1 / 1.5), 1e-12);
        NEAR(n.facts.log_loss, -0.25 * log(0.25) - 0.75 * log(0.75), 1e-12);
        ck_assert_int_eq(n.facts.positives, 2);
        ck_assert_int_eq(n.facts.clusters, 8);
    }
}
END_TEST

/* Odds of 1 to 3 and of 3 to 1: the coefficient is ln 9, and the sandwich's variance 1 / npq of both. */
START_TEST(two_groups_have_their_log_odds) {
    const double x[8] = {0, 0, 0, 0, 1, 1, 1, 1};
    const uint8_t y[8] = {1, 0, 0, 0, 1, 1, 1, 0};
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    d.rows = 8, d.columns = 1, d.x = x, d.y = y;
    numbers n = fit_numbers(&d, 1e-9);
    NEAR(n.coefficient[0], 2 * log(3), 1e-7);
    NEAR(n.coefficient[1], -log(3), 1e-7);
    NEAR(n.error[0], sqrt(2 / 0.75), 1e-6);
    NEAR(n.error[1], sqrt(1 / 0.75), 1e-6);
    NEAR(n.mean[0], 0.5, 1e-15);
    NEAR(n.deviation[0], 0.5, 1e-15);
    ck_assert(n.mean[1] == 0 && n.deviation[1] == 0);
    /* Each group one cluster: its gradients cancel, so that nothing varies. */
    const uint64_t cluster[8] = {7, 7, 7, 7, 9, 9, 9, 9};
    d.cluster = cluster;
    n = fit_numbers(&d, 1e-9);
    NEAR(n.error[0], 0, 1e-6);
    ck_assert_int_eq(n.facts.clusters, 2);
    /* All rows three times, each triple a cluster: as if there were one of each. */
    double x3[24];
    uint8_t y3[24];
    uint64_t c3[24];
    for (int i = 0; i < 24; i++) x3[i] = x[i % 8], y3[i] = y[i % 8], c3[i] = (uint64_t)i % 8;
    d.rows = 24, d.x = x3, d.y = y3, d.cluster = c3;
    n = fit_numbers(&d, 1e-9);
    NEAR(n.error[0], sqrt(2 / 0.75), 1e-6);
}
END_TEST

/* With the penalty the slope of the standardized column solves 4 (1 - 2 / (1 + e^-b)) ... = l2 b. */
START_TEST(a_penalty_shrinks_as_it_says) {
    const double x[4] = {-1, -1, 1, 1};
    const uint8_t y[4] = {0, 0, 1, 1};
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    d.rows = 4, d.columns = 1, d.x = x, d.y = y;
    double last = INFINITY;
    for (double l2 = 1e-6; l2 < 1e7; l2 *= 10) {
        const double b = fit_numbers(&d, l2).coefficient[0];
        NEAR(4 / (1 + exp(b)), l2 * b, 1e-8);
        REQUIRE(b > 0 && b < last);
        last = b;
    }
}
END_TEST

/* ------------------------------------------------------------------ odd columns */

static void scaled_by(const rows *r, int power) {
    pmkt_logistic_data d = data_of(r);
    const numbers one = fit_numbers(&d, 1);
    const size_t size = (size_t)r->n * (size_t)r->columns;
    double *x = malloc(size * sizeof *x);
    for (size_t i = 0; i < size; i++) x[i] = ldexp(r->x[i], power);
    d.x = x;
    const numbers other = fit_numbers(&d, 1);
    for (int32_t j = 0; j < r->columns; j++) {
        REQUIRE(other.coefficient[j] == ldexp(one.coefficient[j], -power));
        REQUIRE(other.error[j] == ldexp(one.error[j], -power));
        REQUIRE(other.mean[j] == ldexp(one.mean[j], power));
    }
    REQUIRE(other.coefficient[r->columns] == one.coefficient[r->columns]);
    REQUIRE(other.error[r->columns] == one.error[r->columns]);
    free(x);
}

/* Columns are standardized: a power of two changes no bit. */
START_TEST(scales_do_not_matter) {
    random_seed(2);
    rows r = rows_random(300, 3);
    static const int powers[] = {1, -1, 40, -40, 300, -300, 480, -480};
    for (int64_t i = 0; i < LENGTH(powers); i++) scaled_by(&r, powers[i]);
    rows_free(&r);
}
END_TEST

/* What cannot be squared is refused, or does not vary; neither harms the other columns. */
START_TEST(scales_have_an_end) {
    const double huge[8] = {1e200, 0, -1e200, 1, 1e200, 2, 3, 4};
    const double tiny[8] = {1e-320, 1, 0, 2, 3e-310, 1, 0, 4};
    const uint8_t y[4] = {0, 1, 0, 1};
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    d.rows = 4, d.columns = 2, d.x = huge, d.y = y;
    pmkt_logistic *model = NULL;
    ck_assert_int_eq(pmkt_logistic_fit(&d, NULL, NULL, &model, NULL), PMKT_E_OVERFLOW);
    ck_assert_ptr_null(model);
    d.x = tiny;
    const numbers n = fit_numbers(&d, 1);
    ck_assert(n.coefficient[0] == 0 && isfinite(n.coefficient[1]) && isfinite(n.error[1]));
    ck_assert(isfinite(n.coefficient[2]) && isfinite(n.error[2]));
}
END_TEST

/* Columns that differ in the last place only, far from zero. */
START_TEST(far_from_zero_is_no_trouble) {
    double x[64];
    uint8_t y[64];
    random_seed(3);
    for (int i = 0; i < 64; i++) x[i] = 1e15 + (double)(i % 4), y[i] = random_below(4) <= i % 4;
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    d.rows = 64, d.columns = 1, d.x = x, d.y = y;
    pmkt_logistic *model = fitted(&d, 1, PMKT_CALIBRATION_NONE);
    double p[64], near[64];
    ck_assert_int_eq(pmkt_logistic_predict(model, x, 64, NULL, p, NULL), PMKT_OK);
    pmkt_logistic_release(model);
    for (int i = 0; i < 64; i++) x[i] -= 1e15;
    model = fitted(&d, 1, PMKT_CALIBRATION_NONE);
    ck_assert_int_eq(pmkt_logistic_predict(model, x, 64, NULL, near, NULL), PMKT_OK);
    pmkt_logistic_release(model);
    for (int i = 0; i < 64; i++) NEAR(p[i], near[i], 1e-6);
}
END_TEST

/* A row that does not count may be anything finite. */
START_TEST(a_row_of_no_weight_does_not_count) {
    random_seed(4);
    rows r = rows_random(200, 3);
    pmkt_logistic_data d = data_of(&r);
    d.cluster = NULL;
    for (int64_t i = 0; i < 200; i++) r.weight[i] = 1;
    d.rows = 150;
    const numbers without = fit_numbers(&d, 1);
    for (int64_t i = 150; i < 200; i++) r.weight[i] = 0;
    d.rows = 200;
    numbers with = fit_numbers(&d, 1);
    ck_assert(memcmp(with.coefficient, without.coefficient, sizeof with.coefficient) == 0);
    ck_assert(memcmp(with.mean, without.mean, sizeof with.mean) == 0);
    for (int j = 0; j < 4; j++) NEAR(with.error[j], without.error[j], 1e-12);
    ck_assert(with.facts.log_loss == without.facts.log_loss);
    for (int64_t i = 150 * 3; i < 200 * 3; i++) r.x[i] = i % 2 ? 1e140 : -1e140;
    with = fit_numbers(&d, 1);
    ck_assert(memcmp(with.coefficient, without.coefficient, sizeof with.coefficient) == 0);
    /* Beside columns so small that such a row is beyond infinity there. */
    for (int64_t i = 0; i < 150 * 3; i++) r.x[i] *= 1e-150;
    for (int64_t i = 150 * 3; i < 200 * 3; i++) r.x[i] = i % 2 ? 1e190 : -1e190;
    with = fit_numbers(&d, 1);
    for (int j = 0; j < 4; j++) ck_assert(isfinite(with.coefficient[j]) && isfinite(with.error[j]));
    rows_free(&r);
}
END_TEST

START_TEST(weights_are_repetitions) {
    random_seed(5);
    rows r = rows_random(120, 2), twice = rows_random(240, 2);
    for (int64_t i = 0; i < 120; i++) r.weight[i] = i < 60 ? 2 : 1, r.cluster[i] = (uint64_t)i;
    int64_t n = 0;
    for (int64_t i = 0; i < 120; i++) {
        for (int k = i < 60 ? 2 : 1; k > 0; k--, n++) {
            memcpy(twice.x + 2 * n, r.x + 2 * i, 2 * sizeof(double));
            twice.y[n] = r.y[i], twice.cluster[n] = (uint64_t)i;
        }
    }
    twice.n = n;
    const pmkt_logistic_data a = data_of(&r);
    pmkt_logistic_data b = data_of(&twice);
    b.weight = NULL;
    const numbers x = fit_numbers(&a, 2), y = fit_numbers(&b, 2);
    for (int j = 0; j < 3; j++) {
        NEAR(x.coefficient[j], y.coefficient[j], 1e-9);
        NEAR(x.error[j], y.error[j], 1e-9);
    }
    rows_free(&r);
    rows_free(&twice);
}
END_TEST

/* Any order of the rows: clusters stay together all the same, and so do folds. */
START_TEST(clusters_need_no_order) {
    random_seed(6);
    rows r = rows_random(900, 3);
    int64_t order[900];
    for (int i = 0; i < 900; i++) order[i] = i;
    random_shuffle(order, 900);
    rows s = rows_random(900, 3);
    for (int i = 0; i < 900; i++) {
        const int64_t from = order[i];
        memcpy(s.x + 3 * i, r.x + 3 * from, 3 * sizeof(double));
        s.y[i] = r.y[from], s.weight[i] = r.weight[from], s.cluster[i] = r.cluster[from];
    }
    const pmkt_logistic_data a = data_of(&r), b = data_of(&s);
    for (int32_t kind = 0; kind <= PMKT_CALIBRATION_NONE; kind++) {
        pmkt_logistic *x = fitted(&a, 1, kind), *y = fitted(&b, 1, kind);
        static numbers of_x, of_y;
        read_numbers(x, &of_x), read_numbers(y, &of_y);
        ck_assert_int_eq(of_x.facts.clusters, of_y.facts.clusters);
        ck_assert_int_lt(of_x.facts.clusters, 302);
        ck_assert_int_eq(of_x.facts.curve_size, of_y.facts.curve_size);
        NEAR(of_x.facts.slope, of_y.facts.slope, 1e-8);
        for (int j = 0; j < 4; j++) {
            NEAR(of_x.coefficient[j], of_y.coefficient[j], 1e-9);
            NEAR(of_x.error[j], of_y.error[j], 1e-9);
        }
        pmkt_logistic_release(x), pmkt_logistic_release(y);
    }
    rows_free(&r);
    rows_free(&s);
}
END_TEST

START_TEST(separable_data_have_a_minimum) {
    double x[60];
    uint8_t y[60];
    for (int i = 0; i < 60; i++) x[i] = i, y[i] = i >= 30;
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    d.rows = 60, d.columns = 1, d.x = x, d.y = y;
    static const double penalties[] = {1e-12, 1e-6, 1, 10, 1e6};
    for (int64_t k = 0; k < LENGTH(penalties); k++) {
        const numbers n = fit_numbers(&d, penalties[k]);
        REQUIRE(isfinite(n.coefficient[0]) && n.coefficient[0] > 0 && isfinite(n.error[0]));
        NEAR(gradient_of(&d, penalties[k], &n, 0) / 60, 0, 1e-8);
        for (int32_t kind = 0; kind <= PMKT_CALIBRATION_NONE; kind++) {
            double p[60];
            pmkt_logistic *m = fitted(&d, penalties[k], kind);
            REQUIRE(pmkt_logistic_predict(m, x, 60, NULL, p, NULL) == PMKT_OK);
            for (int i = 1; i < 60; i++) REQUIRE(p[i] >= p[i - 1]);
            REQUIRE(k == 4 || (p[0] < 0.5 && p[59] > 0.5)); /* nothing is left of a coefficient */
            pmkt_logistic_release(m);
        }
    }
}
END_TEST

/* Columns that repeat others leave the Hessian singular but for the penalty. */
START_TEST(columns_may_repeat_each_other) {
    random_seed(7);
    rows r = rows_random(500, 4), one = rows_random(500, 1);
    for (int64_t i = 0; i < 500; i++) {
        const double x = r.x[i * 4];
        one.x[i] = x, one.y[i] = r.y[i], one.weight[i] = r.weight[i];
        one.cluster[i] = r.cluster[i];
        for (int j = 1; j < 4; j++) r.x[i * 4 + j] = j == 3 ? -2 * x + 5 : x;
    }
    const pmkt_logistic_data d = data_of(&r), single = data_of(&one);
    static const double penalties[] = {1e-300, 1e-12, 1e-6};
    for (int64_t k = 0; k < LENGTH(penalties); k++) {
        const numbers n = fit_numbers(&d, penalties[k]), s = fit_numbers(&single, penalties[k]);
        for (int j = 0; j < 5; j++) REQUIRE(isfinite(n.coefficient[j]) && isfinite(n.error[j]));
        NEAR(n.coefficient[0] + n.coefficient[1] + n.coefficient[2] - 2 * n.coefficient[3],
             s.coefficient[0], 1e-5);
        NEAR(n.facts.log_loss, s.facts.log_loss, 1e-9);
    }
    rows_free(&r);
    rows_free(&one);
}
END_TEST

START_TEST(columns_have_limits) {
    random_seed(8);
    const int32_t most = (int32_t)scaled(PMKT_LOGISTIC_MAX_COLUMNS, 200);
    rows r = rows_random(40, most);
    pmkt_logistic_data d = data_of(&r);
    const numbers n = fit_numbers(&d, 10);
    NEAR(gradient_of(&d, 10, &n, 0), 0, 1e-6);
    NEAR(gradient_of(&d, 10, &n, most - 1), 0, 1e-6);
    ck_assert_int_eq(n.facts.columns, most);
    pmkt_logistic *model = NULL;
    static const int32_t bad[] = {0, -1, PMKT_LOGISTIC_MAX_COLUMNS + 1, INT32_MAX, INT32_MIN};
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        d.columns = bad[i];
        ck_assert_int_eq(pmkt_logistic_fit(&d, NULL, NULL, &model, NULL), PMKT_E_INVALID);
    }
    ck_assert_ptr_null(model);
    rows_free(&r);
}
END_TEST

/* -------------------------------------------------------------------- calibration */

/* Without either kind in the rest there is nobody to ask, and without any opinion no curve. */
START_TEST(folds_of_one_kind_say_nothing) {
    const double x[2] = {0, 1};
    const uint8_t y[2] = {0, 1};
    const uint64_t cluster[2] = {5, 5};
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    d.rows = 2, d.columns = 1, d.x = x, d.y = y;
    for (int32_t kind = 0; kind <= PMKT_CALIBRATION_NONE; kind++) {
        for (int alone = 0; alone < 2; alone++) {
            static numbers n;
            d.cluster = alone ? NULL : cluster;
            pmkt_logistic *m = fitted(&d, 1, kind);
            read_numbers(m, &n);
            double p[2];
            ck_assert_int_eq(pmkt_logistic_predict(m, x, 2, NULL, p, NULL), PMKT_OK);
            ck_assert(p[0] > 0 && p[0] < 1 && p[1] > 0 && p[1] < 1);
            if (!alone) ck_assert_int_eq(n.facts.calibration, PMKT_CALIBRATION_NONE);
            if (n.facts.calibration == PMKT_CALIBRATION_NONE) {
                ck_assert(n.facts.slope == 1 && n.facts.shift == 0 && n.facts.curve_size == 0);
            }
            pmkt_logistic_release(m);
        }
    }
}
END_TEST

/* A share that only one fold has: every number of folds there is, and some that there are not. */
START_TEST(folds_are_two_to_twenty) {
    random_seed(9);
    rows r = rows_random(60, 2);
    const pmkt_logistic_data d = data_of(&r);
    pmkt_logistic_options o = PMKT_LOGISTIC_OPTIONS_INIT;
    for (o.folds = -1; o.folds <= 22; o.folds++) {
        pmkt_logistic *m = NULL;
        const bool good = o.folds == 0 || (o.folds >= 2 && o.folds <= 20);
        ck_assert_int_eq(pmkt_logistic_fit(&d, &o, NULL, &m, NULL),
                         good ? PMKT_OK : PMKT_E_INVALID);
        pmkt_logistic_release(m);
    }
    rows_free(&r);
}
END_TEST

/* Calibrated probabilities mean what they say: where they are learned, their mean is the share. */
START_TEST(calibrated_is_what_happens) {
    random_seed(10);
    rows r = rows_random(20000, 4);
    for (int64_t i = 0; i < r.n; i++) r.weight[i] = r.y[i] ? 5 : 1; /* the fit is off */
    const pmkt_logistic_data d = data_of(&r);
    double *p = malloc(20000 * sizeof *p), yes = 0;
    for (int64_t i = 0; i < r.n; i++) yes += r.y[i];
    for (int32_t kind = 0; kind <= PMKT_CALIBRATION_NONE; kind++) {
        pmkt_logistic *m = fitted(&d, 1, kind);
        ck_assert_int_eq(pmkt_logistic_predict(m, r.x, r.n, NULL, p, NULL), PMKT_OK);
        double mean = 0;
        for (int64_t i = 0; i < r.n; i++) mean += p[i] / 20000;
        if (kind == PMKT_CALIBRATION_NONE)
            ck_assert(mean > yes / 20000 + 0.1);
        else
            NEAR(mean, yes / 20000, 0.01);
        pmkt_logistic_release(m);
    }
    free(p);
    rows_free(&r);
}
END_TEST

/* ------------------------------------------------------------------------ predict */

START_TEST(rows_that_are_not_finite_have_no_probability) {
    random_seed(11);
    rows r = rows_random(100, 3);
    const pmkt_logistic_data d = data_of(&r);
    for (int32_t kind = 0; kind <= PMKT_CALIBRATION_NONE; kind++) {
        pmkt_logistic *m = fitted(&d, 1, kind);
        double x[18] = {0, 0, NAN, INFINITY, 0, 0, 0, -INFINITY, 0, 0, 0, 0, 1e300, 0, 0, -1e300};
        double p[7] = {-1, -1, -1, -1, -1, -1, -1};
        ck_assert_int_eq(pmkt_logistic_predict(m, x, 6, NULL, p, NULL), PMKT_OK);
        for (int i = 0; i < 3; i++) ck_assert(isnan(p[i]));
        for (int i = 3; i < 6; i++) ck_assert(p[i] >= 0 && p[i] <= 1);
        ck_assert(p[6] == -1);
        ck_assert_int_eq(pmkt_logistic_predict(m, NULL, 0, NULL, NULL, NULL), PMKT_OK);
        ck_assert_int_eq(pmkt_logistic_predict(m, x, -1, NULL, p, NULL), PMKT_E_INVALID);
        pmkt_logistic_release(m);
    }
    rows_free(&r);
}
END_TEST

START_TEST(owners_are_counted) {
    random_seed(12);
    rows r = rows_random(50, 2);
    const pmkt_logistic_data d = data_of(&r);
    pmkt_logistic *m = fitted(&d, 1, PMKT_CALIBRATION_ISOTONIC);
    ck_assert_ptr_eq(pmkt_logistic_retain(m), m);
    pmkt_logistic_release(m);
    double p;
    ck_assert_int_eq(pmkt_logistic_predict(m, r.x, 1, NULL, &p, NULL), PMKT_OK);
    pmkt_logistic_release(m);
    pmkt_logistic_release(NULL);
    ck_assert_ptr_null(pmkt_logistic_retain(NULL));
    rows_free(&r);
}
END_TEST

/* ------------------------------------------------------------------------ threads */

START_TEST(threads_change_no_byte) {
    random_seed(13);
    rows r = rows_random(scaled(30000, 9000), 5);
    pmkt_logistic_data d = data_of(&r);
    for (int32_t kind = 0; kind <= PMKT_CALIBRATION_NONE; kind++) {
        static numbers first, other;
        double *p = malloc((size_t)r.n * sizeof *p), *q = malloc((size_t)r.n * sizeof *q);
        for (int32_t threads = 1; threads <= 7; threads += 2) {
            pmkt_run run = PMKT_RUN_INIT;
            pmkt_logistic_options o = PMKT_LOGISTIC_OPTIONS_INIT;
            run.threads = threads, o.calibration = kind;
            pmkt_logistic *m = NULL;
            pmkt_error err;
            ck_assert_ok(pmkt_logistic_fit(&d, &o, &run, &m, &err), err);
            read_numbers(m, threads == 1 ? &first : &other);
            ck_assert_ok(pmkt_logistic_predict(m, r.x, r.n, &run, threads == 1 ? p : q, &err), err);
            pmkt_logistic_release(m);
            if (threads == 1) continue;
            ck_assert(memcmp(&first, &other, sizeof first) == 0);
            ck_assert(memcmp(p, q, (size_t)r.n * sizeof *p) == 0);
        }
        free(p), free(q);
    }
    rows_free(&r);
}
END_TEST

static int cancels(void *ctx, double share, const char *stage) {
    (void)stage;
    double *at = ctx;
    REQUIRE(share >= at[1] && share <= 1); /* it rises */
    at[1] = share;
    return --at[0] < 0;
}

START_TEST(a_fit_can_be_canceled) {
    random_seed(14);
    rows r = rows_random(9000, 3);
    const pmkt_logistic_data d = data_of(&r);
    pmkt_status status = PMKT_E_CANCELED;
    int calls = 0;
    for (; status == PMKT_E_CANCELED; calls++) {
        double at[2] = {calls, 0};
        pmkt_run run = PMKT_RUN_INIT;
        run.threads = 1, run.progress.fn = cancels, run.progress.ctx = at;
        pmkt_logistic *m = NULL;
        status = pmkt_logistic_fit(&d, NULL, &run, &m, NULL);
        REQUIRE((status == PMKT_OK) == (m != NULL));
        pmkt_logistic_release(m);
    }
    ck_assert_int_eq(status, PMKT_OK);
    ck_assert_int_gt(calls, 1);
    rows_free(&r);
}
END_TEST

/* ----------------------------------------------------------------------- bad data */

static void refused(const pmkt_logistic_data *d, pmkt_status status, int64_t where) {
    pmkt_logistic *m = NULL;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_logistic_fit(d, NULL, NULL, &m, &err), status);
    ck_assert_ptr_null(m);
    if (where < 0) return;
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.where, where);
}

START_TEST(impossible_numbers_are_refused) {
    random_seed(15);
    rows r = rows_random(50, 2);
    const pmkt_logistic_data d = data_of(&r);
    static const double never[] = {NAN, INFINITY, -INFINITY};
    for (int64_t k = 0; k < LENGTH(never); k++) {
        const double x = r.x[31], w = r.weight[17];
        r.x[31] = never[k];
        refused(&d, PMKT_E_INVALID, 15);
        r.x[31] = x, r.weight[17] = never[k];
        refused(&d, PMKT_E_INVALID, 17);
        r.weight[17] = w;
    }
    const double w = r.weight[3];
    r.weight[3] = -1e-300;
    refused(&d, PMKT_E_INVALID, 3);
    r.weight[3] = 1e300;
    refused(&d, PMKT_E_OVERFLOW, -1);
    r.weight[3] = w;
    const uint8_t y = r.y[49];
    r.y[49] = 2;
    refused(&d, PMKT_E_INVALID, 49);
    r.y[49] = y;
    for (int i = 0; i < 50; i++) r.weight[i] *= 1e-200;
    refused(&d, PMKT_E_OVERFLOW, -1);
    for (int i = 0; i < 50; i++) r.weight[i] = 0;
    refused(&d, PMKT_E_INVALID, -1);
    for (int i = 0; i < 50; i++) r.weight[i] = r.y[i]; /* no 0 counts */
    refused(&d, PMKT_E_INVALID, -1);
    rows_free(&r);
}
END_TEST

START_TEST(bad_shapes_are_refused) {
    random_seed(16);
    rows r = rows_random(50, 2);
    pmkt_logistic_data d = data_of(&r);
    static const int64_t counts[] = {-1, 0, 1, INT64_MIN, INT64_MAX};
    for (int64_t i = 0; i < LENGTH(counts); i++) {
        d.rows = counts[i];
        pmkt_logistic *m = NULL;
        const pmkt_status status = pmkt_logistic_fit(&d, NULL, NULL, &m, NULL);
        ck_assert(status == PMKT_E_INVALID || status == PMKT_E_LIMIT);
    }
    d = data_of(&r), d.x = NULL;
    refused(&d, PMKT_E_INVALID, -1);
    d = data_of(&r), d.y = NULL;
    refused(&d, PMKT_E_INVALID, -1);
    d = data_of(&r), d.struct_size = 7;
    refused(&d, PMKT_E_INVALID, -1);
    static const double penalties[] = {-1, NAN, INFINITY, 1e101};
    d = data_of(&r);
    for (int64_t i = 0; i < LENGTH(penalties); i++) {
        pmkt_logistic_options o = PMKT_LOGISTIC_OPTIONS_INIT;
        pmkt_logistic *m = NULL;
        o.l2 = penalties[i];
        ck_assert_int_eq(pmkt_logistic_fit(&d, &o, NULL, &m, NULL), PMKT_E_INVALID);
    }
    rows_free(&r);
}
END_TEST

int main(void) {
    Suite *s = suite_create("logistic");
    TOPIC(s, "minimum", the_gradient_is_zero, a_constant_column_leaves_the_share,
          two_groups_have_their_log_odds, a_penalty_shrinks_as_it_says);
    TOPIC(s, "data", scales_do_not_matter, scales_have_an_end, far_from_zero_is_no_trouble,
          a_row_of_no_weight_does_not_count, weights_are_repetitions, clusters_need_no_order,
          separable_data_have_a_minimum, columns_may_repeat_each_other, columns_have_limits);
    TOPIC(s, "calibration", folds_of_one_kind_say_nothing, folds_are_two_to_twenty,
          calibrated_is_what_happens);
    TOPIC(s, "use", rows_that_are_not_finite_have_no_probability, owners_are_counted,
          threads_change_no_byte, a_fit_can_be_canceled);
    TOPIC(s, "bad data", impossible_numbers_are_refused, bad_shapes_are_refused);
    return suite_run(s);
}
