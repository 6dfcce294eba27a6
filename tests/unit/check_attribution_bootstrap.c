/*
 * check_attribution_bootstrap.c - intervals, the same bytes on any number of threads, and the choice of an
 * order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "intent/attribution/poisson.h"
#include "pmkt.h"
#include "support/loop.h"
#include "support/suite.h"

/* Customers of a chain with a known order. */
typedef struct shop {
    int64_t paths;
    int64_t *at;
    uint64_t *channel;
    double *conversions, *nulls, *values;
} shop;

/* With `order` 2, where one goes depends on the last two touches; with 1, on the last. */
static shop make_shop(uint64_t seed, int64_t paths, int order, int64_t channels) {
    random_seed(seed);
    shop s = {paths, NULL, NULL, NULL, NULL, NULL};
    s.at = calloc((size_t)paths + 1, sizeof *s.at);
    s.channel = malloc((size_t)paths * 20 * sizeof *s.channel);
    s.conversions = calloc((size_t)paths, sizeof(double));
    s.nulls = calloc((size_t)paths, sizeof(double));
    s.values = calloc((size_t)paths, sizeof(double));
    ck_assert(s.at && s.channel && s.conversions && s.nulls && s.values);
    for (int64_t j = 0; j < paths; j++) {
        int64_t last = 0, before = 0, n = s.at[j];
        do {
            const int64_t pull = order == 2 ? before : last;
            const int64_t next = random_below(3) ? (pull + 1) % channels : random_below(channels);
            before = last, last = next;
            s.channel[n++] = (uint64_t)next + 1;
        } while (n - s.at[j] < 20 && random_below(4));
        s.at[j + 1] = n;
        s.conversions[j] = random_below(10) < 2 + last % 3;
        s.nulls[j] = 1 - s.conversions[j];
        s.values[j] = s.conversions[j] * (double)random_between(1, 100);
    }
    return s;
}

static void free_shop(shop *s) {
    free(s->at), free(s->channel), free(s->conversions), free(s->nulls), free(s->values);
}

static pmkt_attribution_paths paths_of(const shop *s) {
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = s->paths, p.at = s->at, p.channel = s->channel;
    p.conversions = s->conversions, p.nulls = s->nulls, p.values = s->values;
    return p;
}

static pmkt_attribution *compute(const pmkt_attribution_paths *p, const pmkt_attribution_options *o,
                                 int32_t threads, pmkt_attribution_table *t) {
    pmkt_attribution *a = NULL;
    pmkt_error err;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    ck_assert_ok(pmkt_attribution_compute(p, o, &run, &a, &err), err);
    pmkt_attribution_table_init(t);
    ck_assert_ok(pmkt_attribution_columns(a, t, &err), err);
    return a;
}

/* -------------------------------------------------------------------- intervals */

static void expect_equal(const pmkt_attribution_table *t, const pmkt_attribution_table *u) {
    const double *a[] = {t->conversions, t->value,     t->removal_effect, t->low,
                         t->high,        t->value_low, t->value_high};
    const double *b[] = {u->conversions, u->value,     u->removal_effect, u->low,
                         u->high,        u->value_low, u->value_high};
    ck_assert_int_eq(t->rows, u->rows);
    ck_assert_mem_eq(t->channel, u->channel, (size_t)t->rows * 8);
    for (int64_t i = 0; i < LENGTH(a); i++) {
        REQUIRE((a[i] == NULL) == (b[i] == NULL));
        if (a[i]) ck_assert_mem_eq(a[i], b[i], (size_t)t->rows * 8);
    }
}

START_TEST(any_number_of_threads_gives_the_same_bytes) {
    shop s = make_shop(3, scaled(3000, 700), 2, 11);
    const pmkt_attribution_paths p = paths_of(&s);
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    o.bootstrap = 30, o.seed = 9;
    const int32_t models[] = {PMKT_ATTRIBUTION_MARKOV, PMKT_ATTRIBUTION_POSITION,
                              PMKT_ATTRIBUTION_SHAPLEY};
    for (int64_t m = 0; m < LENGTH(models); m++) {
        for (int32_t order = 1; order <= (m == 0 ? 4 : 1); order++) {
            o.model = models[m], o.order = order;
            pmkt_attribution_table t, u;
            pmkt_attribution *one = compute(&p, &o, 1, &t);
            for (int32_t threads = 2; threads <= 4; threads += 2) {
                pmkt_attribution *more = compute(&p, &o, threads, &u);
                expect_equal(&t, &u);
                pmkt_attribution_free(more);
            }
            for (int64_t i = 0; i < t.rows; i++) {
                REQUIRE(t.low[i] <= t.conversions[i] && t.conversions[i] <= t.high[i]);
                REQUIRE(t.value_low[i] <= t.value[i] && t.value[i] <= t.value_high[i]);
                REQUIRE(t.low[i] < t.high[i]);
            }
            pmkt_attribution_free(one);
        }
    }
    free_shop(&s);
}
END_TEST

START_TEST(another_seed_draws_otherwise_and_a_higher_level_is_wider) {
    shop s = make_shop(4, 500, 1, 4);
    const pmkt_attribution_paths p = paths_of(&s);
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    o.bootstrap = 100;
    pmkt_attribution_table t, u, v;
    pmkt_attribution *a = compute(&p, &o, 1, &t);
    o.seed = 1;
    pmkt_attribution *b = compute(&p, &o, 1, &u);
    o.level = 0.5;
    pmkt_attribution *c = compute(&p, &o, 1, &v);
    for (int64_t i = 0; i < t.rows; i++) {
        REQUIRE(t.low[i] != u.low[i]);
        REQUIRE(u.low[i] < v.low[i] && v.high[i] < u.high[i]);
    }
    pmkt_attribution_free(a), pmkt_attribution_free(b), pmkt_attribution_free(c);
    free_shop(&s);
}
END_TEST

/* Of many shops of one world, about the level have an interval that holds the truth: what a very large shop
   says. */
START_TEST(intervals_hold_the_truth_as_often_as_they_say) {
    enum {
        CHANNELS = 4
    };
    const int64_t shops = scaled(200, 20), customers = 400;
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    o.level = 0.9;
    shop large = make_shop(77, scaled(400000, 40000), 1, CHANNELS);
    pmkt_attribution_paths p = paths_of(&large);
    pmkt_attribution_table t;
    pmkt_attribution *a = compute(&p, &o, 0, &t);
    double truth[CHANNELS + 1];
    for (int64_t i = 0; i < t.rows; i++) {
        truth[t.channel[i]] = t.conversions[i] / (double)large.paths;
    }
    pmkt_attribution_free(a);
    free_shop(&large);
    int64_t held = 0;
    o.bootstrap = 200;
    for (int64_t k = 0; k < shops; k++) {
        shop s = make_shop(1000 + (uint64_t)k, customers, 1, CHANNELS);
        p = paths_of(&s);
        o.seed = (uint64_t)k;
        a = compute(&p, &o, 0, &t);
        for (int64_t i = 0; i < t.rows; i++) {
            const double expected = truth[t.channel[i]] * (double)customers;
            held += t.low[i] <= expected && expected <= t.high[i];
        }
        pmkt_attribution_free(a);
        free_shop(&s);
    }
    /* The four of a shop hang together: a shop counts as one draw. */
    const double share = (double)held / (double)(shops * CHANNELS);
    ck_assert_double_lt(fabs(share - 0.9), 4 * sqrt(0.09 / (double)shops));
}
END_TEST

/* Means below and above the border between the two ways to draw; fractions too. */
START_TEST(draws_have_mean_and_variance_of_poisson) {
    const double means[] = {0.3, 1, 7.5, 9.99, 10, 12.5, 100, 1e4, 1e9};
    const int64_t n = scaled(100000, 5000);
    for (int64_t m = 0; m < LENGTH(means); m++) {
        const double mean = means[m], zero = exp(-mean);
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) {
            pmkti_attribution_stream s = {pmkti_mix((uint64_t)(m * n + i + 1)), 0};
            const double x = pmkti_attribution_poisson(&s, mean, zero);
            REQUIRE(x >= 0 && x == floor(x));
            sum += x - mean;
            squares += (x - mean) * (x - mean);
        }
        const double deviations = sum / sqrt(mean * (double)n);
        ck_assert_double_lt(fabs(deviations), 4.5);
        /* The variance of a squared deviation is 2 mean^2 + mean. */
        const double of_variance = sqrt((2 * mean * mean + mean) / (double)n);
        ck_assert_double_lt(fabs(squares / (double)n - mean), 4.5 * of_variance);
    }
    pmkti_attribution_stream s = {1, 0};
    ck_assert_double_eq(pmkti_attribution_poisson(&s, 0, 1), 0);
}
END_TEST

/* ----------------------------------------------------------------------- orders */

START_TEST(the_order_that_made_the_paths_foretells_them_best) {
    for (int order = 1; order <= 2; order++) {
        shop s = make_shop(8, 4000, order, 5);
        const pmkt_attribution_paths p = paths_of(&s);
        pmkt_attribution_orders one = PMKT_ATTRIBUTION_ORDERS_INIT, four = one;
        pmkt_run run = PMKT_RUN_INIT;
        pmkt_error err;
        run.threads = 1;
        ck_assert_ok(pmkt_attribution_order(&p, NULL, &run, &one, &err), err);
        run.threads = 4;
        ck_assert_ok(pmkt_attribution_order(&p, NULL, &run, &four, &err), err);
        ck_assert_mem_eq(&one, &four, sizeof one);
        ck_assert_int_eq(one.best, order);
        ck_assert_double_eq(one.transitions, (double)(s.at[s.paths] + s.paths));
        for (int k = 0; k <= 4; k++) {
            REQUIRE(one.log_likelihood[k] < 0 && one.log_likelihood[k] > -log(7) - 0.5);
        }
        pmkt_attribution_order_options o = PMKT_ATTRIBUTION_ORDER_OPTIONS_INIT;
        o.max_order = 1, o.folds = 2, o.seed = 3;
        ck_assert_ok(pmkt_attribution_order(&p, &o, NULL, &four, &err), err);
        ck_assert_int_eq(four.best, 1);
        ck_assert(isnan(four.log_likelihood[2]) && !isnan(four.log_likelihood[0]));
        free_shop(&s);
    }
}
END_TEST

/* Two folds, one row of two customers who convert and one row of two who do not: each fold has one of each,
   so that both say the same. By hand. */
START_TEST(the_likelihood_of_a_small_case_is_as_worked_by_hand) {
    const int64_t at[] = {0, 1, 2};
    const uint64_t channel[] = {5, 5};
    const double conversions[] = {2, 0}, nulls[] = {0, 2};
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = 2, p.at = at, p.channel = channel, p.conversions = conversions, p.nulls = nulls;
    pmkt_attribution_order_options o = PMKT_ATTRIBUTION_ORDER_OPTIONS_INIT;
    o.folds = 2, o.max_order = 2;
    pmkt_attribution_orders out = PMKT_ATTRIBUTION_ORDERS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_attribution_order(&p, &o, NULL, &out, &err), err);
    /* Seen: the touch twice, either end once; three kinds among four; evenly it would be 1/3. */
    const double touch0 = (2 + 3 * (1.0 / 3)) / 7, end0 = (1 + 3 * (1.0 / 3)) / 7;
    /* After the start: the touch twice, one kind. After the touch: either end once, two kinds. */
    const double touch1 = (2 + touch0) / 3, end1 = (1 + 2 * end0) / 4;
    /* After the start and the touch the same again; the start has no more to tell. */
    const double end2 = (1 + 2 * end1) / 4;
    ck_assert_double_eq(out.transitions, 8);
    ck_assert_double_eq_tol(out.log_likelihood[0], (log(touch0) + log(end0)) / 2, 1e-14);
    ck_assert_double_eq_tol(out.log_likelihood[1], (log(touch1) + log(end1)) / 2, 1e-14);
    ck_assert_double_eq_tol(out.log_likelihood[2], (log(touch1) + log(end2)) / 2, 1e-14);
    ck_assert(isnan(out.log_likelihood[3]));
}
END_TEST

START_TEST(orders_of_nothing_and_bad_calls) {
    const int64_t at[] = {0, 0};
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = 1, p.at = at;
    pmkt_attribution_orders out = PMKT_ATTRIBUTION_ORDERS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_attribution_order(&p, NULL, NULL, &out, &err), err);
    ck_assert(out.best == 0 && isnan(out.log_likelihood[1]) && out.transitions == 0);
    const pmkt_attribution_order_options bad[] = {
        {.max_order = 5}, {.max_order = -1}, {.folds = 1}, {.folds = 21}, {.ignore_nulls = 2}};
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        pmkt_attribution_order_options o = bad[i];
        o.struct_size = sizeof o;
        ck_assert_int_eq(pmkt_attribution_order(&p, &o, NULL, &out, &err), PMKT_E_INVALID);
    }
    ck_assert_int_eq(pmkt_attribution_order(&p, NULL, NULL, NULL, &err), PMKT_E_INVALID);
}
END_TEST

/* ---------------------------------------------------------------------- progress */

static int stop_at(void *ctx, double done, const char *stage) {
    int64_t *left = ctx;
    REQUIRE(done >= 0 && done <= 1 && stage);
    return --*left < 0;
}

START_TEST(a_cancel_at_any_word_gives_nothing) {
    shop s = make_shop(6, 300, 1, 12);
    const pmkt_attribution_paths p = paths_of(&s);
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    o.order = 2, o.bootstrap = 3;
    pmkt_error err;
    int64_t words = 0;
    for (;; words++) {
        int64_t left = words;
        pmkt_run run = PMKT_RUN_INIT;
        run.progress.fn = stop_at, run.progress.ctx = &left;
        pmkt_attribution *a = NULL;
        const pmkt_status status = pmkt_attribution_compute(&p, &o, &run, &a, &err);
        if (status == PMKT_OK) {
            pmkt_attribution_free(a);
            break;
        }
        ck_assert_int_eq(status, PMKT_E_CANCELED);
        ck_assert_ptr_null(a);
    }
    ck_assert_int_gt(words, 3); /* how many depends on the time that steps take */
    int64_t left = 0;
    pmkt_run run = PMKT_RUN_INIT;
    run.progress.fn = stop_at, run.progress.ctx = &left;
    pmkt_attribution_orders out = PMKT_ATTRIBUTION_ORDERS_INIT;
    ck_assert_int_eq(pmkt_attribution_order(&p, NULL, &run, &out, &err), PMKT_E_CANCELED);
    free_shop(&s);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("attribution bootstrap");
    TOPIC(suite, "intervals", any_number_of_threads_gives_the_same_bytes,
          another_seed_draws_otherwise_and_a_higher_level_is_wider,
          intervals_hold_the_truth_as_often_as_they_say, draws_have_mean_and_variance_of_poisson);
    TOPIC(suite, "orders", the_order_that_made_the_paths_foretells_them_best,
          the_likelihood_of_a_small_case_is_as_worked_by_hand, orders_of_nothing_and_bad_calls);
    TOPIC(suite, "progress", a_cancel_at_any_word_gives_nothing);
    return suite_run(suite);
}
