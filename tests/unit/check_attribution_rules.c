/*
 * check_attribution_rules.c - rules of single paths by hand, Shapley values by all permutations, credit per
 * touch, and calls that are refused.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/loop.h"
#include "support/suite.h"

static pmkt_attribution *compute(const pmkt_attribution_paths *p, const pmkt_attribution_options *o,
                                 pmkt_attribution_table *t) {
    pmkt_attribution *a = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_attribution_compute(p, o, NULL, &a, &err), err);
    pmkt_attribution_table_init(t);
    ck_assert_ok(pmkt_attribution_columns(a, t, &err), err);
    return a;
}

static double credit_of(const pmkt_attribution_table *t, uint64_t channel) {
    for (int64_t i = 0; i < t->rows; i++) {
        if (t->channel[i] == channel) return t->conversions[i];
    }
    return NAN;
}

/* One path of `n` touches with four conversions, by one model. */
static void expect_path(const pmkt_attribution_options *o, int64_t n, const int64_t *time,
                        const double *share) {
    static const uint64_t channel[] = {11, 12, 13, 14, 15};
    const int64_t at[] = {0, n};
    const double conversions[] = {4}, values[] = {-100};
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = 1, p.at = at, p.channel = channel, p.time = time;
    p.conversions = conversions, p.values = values;
    pmkt_attribution_table t;
    pmkt_attribution *a = compute(&p, o, &t);
    const double *touch = NULL, *value = NULL;
    int64_t touches = 0;
    pmkt_error err;
    ck_assert_ok(pmkt_attribution_touches(a, &touch, &value, &touches, &err), err);
    ck_assert_int_eq(touches, n);
    ck_assert(t.removal_effect == NULL && t.low == NULL && t.order == 0);
    for (int64_t i = 0; i < n; i++) {
        ck_assert_double_eq_tol(credit_of(&t, channel[i]), 4 * share[i], 1e-14);
        ck_assert_double_eq_tol(touch[i], 4 * share[i], 1e-14);
        ck_assert_double_eq_tol(value[i], -100 * share[i], 1e-12);
    }
    pmkt_attribution_free(a);
}

START_TEST(each_rule_shares_a_path_as_its_name_says) {
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    o.model = PMKT_ATTRIBUTION_FIRST;
    expect_path(&o, 3, NULL, (const double[]){1, 0, 0});
    o.model = PMKT_ATTRIBUTION_LAST;
    expect_path(&o, 3, NULL, (const double[]){0, 0, 1});
    o.model = PMKT_ATTRIBUTION_LINEAR;
    expect_path(&o, 4, NULL, (const double[]){0.25, 0.25, 0.25, 0.25});
    o.model = PMKT_ATTRIBUTION_POSITION;
    expect_path(&o, 1, NULL, (const double[]){1});
    expect_path(&o, 2, NULL, (const double[]){0.5, 0.5});
    expect_path(&o, 4, NULL, (const double[]){0.4, 0.1, 0.1, 0.4});
    o.first_share = 0.6, o.last_share = 0.2;
    expect_path(&o, 2, NULL, (const double[]){0.75, 0.25});
    expect_path(&o, 3, NULL, (const double[]){0.6, 0.2, 0.2});
    o.first_share = 1, o.last_share = 0;
    expect_path(&o, 3, NULL, (const double[]){1, 0, 0});
    o.model = PMKT_ATTRIBUTION_SHAPLEY_PATHS;
    expect_path(&o, 4, NULL, (const double[]){0.25, 0.25, 0.25, 0.25});
}
END_TEST

START_TEST(time_decay_halves_by_time_or_by_touch) {
    const int64_t day = 86400000, week = 7 * day;
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    o.model = PMKT_ATTRIBUTION_TIME_DECAY;
    expect_path(&o, 3, NULL, (const double[]){1.0 / 7, 2.0 / 7, 4.0 / 7});
    expect_path(&o, 3, (const int64_t[]){0, week, 2 * week},
                (const double[]){1.0 / 7, 2.0 / 7, 4.0 / 7});
    o.half_life_ms = day;
    expect_path(&o, 2, (const int64_t[]){-2 * day, 0}, (const double[]){0.2, 0.8});
    expect_path(&o, 2, (const int64_t[]){0, 10000 * day}, (const double[]){0, 1});
    o.half_life_touches = 0.5;
    expect_path(&o, 2, NULL, (const double[]){0.2, 0.8});
}
END_TEST

/* ---------------------------------------------------------------------- Shapley */

#define CHANNELS 5

/* Conversions of the order-1 chain in which only the channels of `mask` are left, by walking on until
   hardly anybody is left: flow of counts, 3,000 touches deep. */
static double slow_worth(const double flow[CHANNELS + 1][CHANNELS], const double *conversions,
                         const double *nulls, uint32_t mask) {
    double at[CHANNELS], worth = 0;
    for (int c = 0; c < CHANNELS; c++) at[c] = mask >> c & 1 ? flow[CHANNELS][c] : 0;
    for (int i = 0; i < 3000; i++) {
        double next[CHANNELS] = {0};
        for (int c = 0; c < CHANNELS; c++) {
            double out = conversions[c] + nulls[c];
            for (int b = 0; b < CHANNELS; b++) out += flow[c][b];
            if (out == 0) continue;
            worth += at[c] * conversions[c] / out;
            for (int b = 0; b < CHANNELS; b++) {
                if (mask >> b & 1) next[b] += at[c] * flow[c][b] / out;
            }
        }
        memcpy(at, next, sizeof at);
    }
    return worth;
}

/* The mean of what a channel adds over all orders in which channels can come. */
static void by_permutations(const double *worth, double *value) {
    int order[CHANNELS] = {0, 1, 2, 3, 4}, count[CHANNELS] = {0}, done = 0;
    memset(value, 0, CHANNELS * sizeof *value);
    for (int i = 0; i < CHANNELS;) { /* Heap's algorithm; the first order too */
        if (done == 0 || count[i] < i) {
            if (done) {
                const int j = i % 2 ? count[i] : 0, other = order[j];
                order[j] = order[i], order[i] = other;
                count[i]++, i = 0;
            }
            uint32_t mask = 0;
            for (int k = 0; k < CHANNELS; k++) {
                const uint32_t with = mask | 1u << order[k];
                value[order[k]] += worth[with] - worth[mask];
                mask = with;
            }
            done++;
        } else {
            count[i++] = 0;
        }
    }
    ck_assert_int_eq(done, 120);
    for (int c = 0; c < CHANNELS; c++) value[c] /= done;
}

typedef struct some_paths {
    int64_t at[31];
    uint64_t channel[200];
    double conversions[30], nulls[30];
} some_paths;

static some_paths make_paths(uint64_t seed) {
    random_seed(seed);
    some_paths w = {.at = {0}};
    for (int64_t j = 0; j < 30; j++) {
        const int64_t n = random_between(0, 6);
        w.at[j + 1] = w.at[j] + n;
        for (int64_t i = w.at[j]; i < w.at[j + 1]; i++) {
            w.channel[i] = 1 + (uint64_t)random_below(CHANNELS);
        }
        w.conversions[j] = (double)random_below(3), w.nulls[j] = (double)random_below(3);
    }
    return w;
}

static pmkt_attribution_paths paths_of(const some_paths *w) {
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = 30, p.at = w->at, p.channel = w->channel;
    p.conversions = w->conversions, p.nulls = w->nulls;
    return p;
}

static void expect_shapley(const some_paths *w, int32_t model, const double *worth) {
    const pmkt_attribution_paths p = paths_of(w);
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    o.model = model;
    pmkt_attribution_table t;
    pmkt_attribution *a = compute(&p, &o, &t);
    double value[CHANNELS];
    by_permutations(worth, value);
    for (int c = 0; c < CHANNELS; c++) {
        const double given = credit_of(&t, (uint64_t)c + 1);
        ck_assert_double_eq_tol(isnan(given) ? 0 : given, value[c], 1e-10);
    }
    pmkt_attribution_free(a);
}

START_TEST(shapley_of_the_chain_is_the_mean_over_permutations) {
    for (uint64_t seed = 1; seed <= (uint64_t)scaled(30, 4); seed++) {
        const some_paths w = make_paths(seed);
        double flow[CHANNELS + 1][CHANNELS] = {{0}}, conversions[CHANNELS] = {0};
        double nulls[CHANNELS] = {0}, worth[1 << CHANNELS];
        for (int64_t j = 0; j < 30; j++) {
            int64_t from = CHANNELS;
            for (int64_t i = w.at[j]; i < w.at[j + 1]; i++) {
                const int64_t to = (int64_t)w.channel[i] - 1;
                flow[from][to] += w.conversions[j] + w.nulls[j];
                from = to;
            }
            if (from == CHANNELS) continue;
            conversions[from] += w.conversions[j];
            nulls[from] += w.nulls[j];
        }
        for (uint32_t mask = 0; mask < 1 << CHANNELS; mask++) {
            worth[mask] = slow_worth((const double(*)[CHANNELS])flow, conversions, nulls, mask);
        }
        expect_shapley(&w, PMKT_ATTRIBUTION_SHAPLEY, worth);
    }
}
END_TEST

START_TEST(shapley_of_the_paths_is_the_mean_over_permutations) {
    for (uint64_t seed = 1; seed <= 100; seed++) {
        const some_paths w = make_paths(seed);
        double worth[1 << CHANNELS] = {0};
        for (uint32_t mask = 0; mask < 1 << CHANNELS; mask++) {
            for (int64_t j = 0; j < 30; j++) {
                uint32_t of_path = 0;
                for (int64_t i = w.at[j]; i < w.at[j + 1]; i++) of_path |= 1u << (w.channel[i] - 1);
                if (of_path && (of_path & ~mask) == 0) worth[mask] += w.conversions[j];
            }
        }
        expect_shapley(&w, PMKT_ATTRIBUTION_SHAPLEY_PATHS, worth);
    }
}
END_TEST

START_TEST(shapley_stops_at_sixteen_channels_and_says_what_to_do) {
    int64_t at[18];
    uint64_t channel[17];
    for (int64_t i = 0; i < 18; i++) at[i] = i;
    for (uint64_t i = 0; i < 17; i++) channel[i] = i + 1;
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = 16, p.at = at, p.channel = channel;
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    o.model = PMKT_ATTRIBUTION_SHAPLEY;
    pmkt_attribution_table t;
    pmkt_attribution *a = compute(&p, &o, &t);
    for (int64_t i = 0; i < 16; i++) ck_assert_double_eq_tol(t.conversions[i], 1, 1e-12);
    pmkt_attribution_free(a);
    pmkt_error err;
    p.paths = 17, a = NULL;
    ck_assert_int_eq(pmkt_attribution_compute(&p, &o, NULL, &a, &err), PMKT_E_LIMIT);
    ck_assert(strstr(err.message, "17 channels") && strstr(err.message, "SHAPLEY_PATHS"));
    ck_assert_ptr_null(a);
    o.model = PMKT_ATTRIBUTION_SHAPLEY_PATHS;
    pmkt_attribution_free(compute(&p, &o, &t));
    ck_assert_int_eq(t.rows, 17);
}
END_TEST

/* ---------------------------------------------------------------------- touches */

START_TEST(touches_add_up_to_paths_and_where_promised_to_channels) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const some_paths w = make_paths(seed);
        pmkt_attribution_paths p = paths_of(&w);
        p.values = w.conversions;
        for (int32_t model = 0; model < PMKT_ATTRIBUTION_MODELS_; model++) {
            pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
            o.model = model;
            pmkt_attribution_table t;
            pmkt_attribution *a = compute(&p, &o, &t);
            const double *touch = NULL, *value = NULL;
            double by_channel[CHANNELS + 1] = {0}, all = 0;
            int64_t n = 0;
            pmkt_error err;
            ck_assert_ok(pmkt_attribution_touches(a, &touch, &value, &n, &err), err);
            ck_assert_int_eq(n, w.at[30]);
            for (int64_t j = 0; j < 30; j++) {
                double path = 0;
                for (int64_t i = w.at[j]; i < w.at[j + 1]; i++) {
                    path += touch[i];
                    by_channel[w.channel[i]] += touch[i];
                    REQUIRE(value[i] == touch[i]);
                }
                const bool is_empty = w.at[j] == w.at[j + 1];
                ck_assert_double_eq_tol(path, is_empty ? 0 : w.conversions[j], 1e-13);
            }
            for (int64_t i = 0; i < t.rows; i++) {
                all += t.conversions[i];
                if (t.removal_effect) continue;
                ck_assert_double_eq_tol(by_channel[t.channel[i]], t.conversions[i], 1e-12);
            }
            const double given = t.total_conversions - t.unattributed_conversions;
            ck_assert_double_eq_tol(all, given, 1e-12);
            pmkt_attribution_free(a);
        }
    }
}
END_TEST

/* ----------------------------------------------------------------------- edges */

START_TEST(nothing_gives_an_empty_table) {
    const int64_t at[] = {0, 0, 0};
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    o.bootstrap = 10;
    for (int64_t paths = 0; paths <= 2; paths++) {
        for (o.model = 0; o.model < PMKT_ATTRIBUTION_MODELS_; o.model++) {
            p.paths = paths, p.at = at;
            pmkt_attribution_table t;
            pmkt_attribution *a = compute(&p, &o, &t);
            ck_assert_int_eq(t.rows, 0);
            ck_assert_double_eq(t.unattributed_conversions, (double)paths);
            pmkt_attribution_free(a);
        }
    }
    pmkt_attribution_free(NULL);
}
END_TEST

START_TEST(without_conversions_nobody_has_credit) {
    const some_paths w = make_paths(5);
    const double none[30] = {0};
    pmkt_attribution_paths p = paths_of(&w);
    p.conversions = p.values = none;
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    o.bootstrap = 5;
    for (o.model = 0; o.model < PMKT_ATTRIBUTION_MODELS_; o.model++) {
        for (o.order = 1; o.order <= (o.model == 0 ? 4 : 1); o.order++) {
            pmkt_attribution_table t;
            pmkt_attribution *a = compute(&p, &o, &t);
            ck_assert_int_eq(t.rows, CHANNELS);
            for (int64_t i = 0; i < t.rows; i++) {
                ck_assert_double_eq(t.conversions[i], 0);
                ck_assert_double_eq(t.value[i], 0);
                ck_assert_double_eq(t.low[i], 0);
                ck_assert_double_eq(t.high[i], 0);
            }
            pmkt_attribution_free(a);
        }
    }
}
END_TEST

static void expect_bad(const pmkt_attribution_paths *p, int64_t where) {
    pmkt_attribution *a = NULL;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_attribution_compute(p, NULL, NULL, &a, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.where, where);
    ck_assert_ptr_null(a);
    pmkt_attribution_orders orders = PMKT_ATTRIBUTION_ORDERS_INIT;
    ck_assert_int_eq(pmkt_attribution_order(p, NULL, NULL, &orders, &err), PMKT_E_BAD_ROW);
}

START_TEST(bad_rows_are_named) {
    const int64_t at[] = {0, 2, 3, 4}, times[] = {5, 5, 9, 1};
    const uint64_t channel[] = {1, 2, 3, 4}, hole[] = {1, 2, 0, 4};
    const double one[] = {1, 1, 1}, zero[] = {0, 0, 0};
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = 3, p.at = at, p.channel = channel, p.time = times;
    pmkt_attribution_table t;
    pmkt_attribution_free(compute(&p, NULL, &t));
    const double bad[] = {-1, NAN, INFINITY, 1e300, -0.001};
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        for (int64_t row = 0; row < 3; row++) {
            double numbers[] = {1, 1, 1};
            numbers[row] = bad[i];
            pmkt_attribution_paths q = p;
            q.conversions = numbers;
            expect_bad(&q, row);
            q.conversions = NULL, q.nulls = numbers;
            expect_bad(&q, row);
            q.nulls = NULL, q.values = numbers;
            if (!isfinite(bad[i])) expect_bad(&q, row);
        }
    }
    pmkt_attribution_paths q = p;
    q.channel = hole;
    expect_bad(&q, 1);
    q = p, q.time = (const int64_t[]){5, 4, 9, 1};
    expect_bad(&q, 0);
    q.time = (const int64_t[]){5, 5, 9, INT64_MIN};
    expect_bad(&q, 2);
    q = p, q.conversions = zero, q.values = one;
    expect_bad(&q, 0);
    q = p, q.values = (const double[]){1e308, 1e308, -1e308};
    pmkt_attribution *a = NULL;
    pmkt_error err;
    ck_assert_int_eq(pmkt_attribution_compute(&q, NULL, NULL, &a, &err), PMKT_E_OVERFLOW);
}
END_TEST

START_TEST(bad_calls_are_refused) {
    const int64_t at[] = {0, 2, 3}, falls[] = {0, 2, 1}, late[] = {1, 2, 3};
    const uint64_t channel[] = {1, 2, 3};
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = 2, p.at = at, p.channel = channel;
    pmkt_attribution *a = NULL;
    pmkt_error err;
    pmkt_attribution_paths q = p;
    q.at = falls;
    ck_assert_int_eq(pmkt_attribution_compute(&q, NULL, NULL, &a, &err), PMKT_E_INVALID);
    q.at = late;
    ck_assert_int_eq(pmkt_attribution_compute(&q, NULL, NULL, &a, &err), PMKT_E_INVALID);
    q.at = NULL;
    ck_assert_int_eq(pmkt_attribution_compute(&q, NULL, NULL, &a, &err), PMKT_E_INVALID);
    q = p, q.channel = NULL;
    ck_assert_int_eq(pmkt_attribution_compute(&q, NULL, NULL, &a, &err), PMKT_E_INVALID);
    const pmkt_attribution_options bad[] = {
        {.model = -1},
        {.model = PMKT_ATTRIBUTION_MODELS_},
        {.order = 5},
        {.order = -1},
        {.model = 1, .order = 2},
        {.ignore_nulls = 2},
        {.first_share = -1},
        {.first_share = 0.6, .last_share = 0.6},
        {.first_share = NAN},
        {.half_life_ms = -1},
        {.half_life_touches = -1},
        {.half_life_touches = NAN},
        {.bootstrap = -1},
        {.bootstrap = 1000001},
        {.level = 1},
        {.level = NAN},
        {.reserved = 1},
    };
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        pmkt_attribution_options o = bad[i];
        o.struct_size = sizeof o;
        ck_assert_int_eq(pmkt_attribution_compute(&p, &o, NULL, &a, &err), PMKT_E_INVALID);
    }
    ck_assert_ptr_null(a);
    ck_assert_str_eq(pmkt_attribution_model_name(PMKT_ATTRIBUTION_TIME_DECAY), "time_decay");
    ck_assert_ptr_null(pmkt_attribution_model_name(PMKT_ATTRIBUTION_MODELS_));
    ck_assert_ptr_null(pmkt_attribution_model_name(-1));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("attribution rules");
    TOPIC(suite, "rules", each_rule_shares_a_path_as_its_name_says,
          time_decay_halves_by_time_or_by_touch);
    TOPIC(suite, "Shapley", shapley_of_the_chain_is_the_mean_over_permutations,
          shapley_of_the_paths_is_the_mean_over_permutations,
          shapley_stops_at_sixteen_channels_and_says_what_to_do);
    TOPIC(suite, "touches", touches_add_up_to_paths_and_where_promised_to_channels);
    TOPIC(suite, "edges", nothing_gives_an_empty_table, without_conversions_nobody_has_credit,
          bad_rows_are_named, bad_calls_are_refused);
    return suite_run(suite);
}
