/*
 * Evaluation: metrics worked out by hand, a model against its own answers, groups, intervals, bad calls.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/random.h"
#include "support/suite.h"

#define NO_BOOTSTRAP (-1)

static pmkt_cf_data *data_of(int64_t users, int64_t items, const int64_t *at, const int32_t *item,
                             const float *weight) {
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = users, m.items = items, m.at = at, m.item = item, m.weight = weight;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
    return data;
}

static pmkt_cf_figures columns(const pmkt_cf_evaluation *evaluation) {
    pmkt_cf_figures f = PMKT_CF_FIGURES_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_evaluation_columns(evaluation, &f, &err), err);
    return f;
}

/* The row of a group, k and metric. */
static int64_t row_of(const pmkt_cf_figures *f, int32_t group, int32_t k, int32_t metric) {
    int64_t found = -1;
    for (int64_t i = 0; i < f->rows; i++) {
        if (f->group[i] != group || f->k[i] != k || f->metric[i] != metric) continue;
        ck_assert_int_eq(found, -1);
        found = i;
    }
    ck_assert_int_ge(found, 0);
    return found;
}

static double figure(const pmkt_cf_figures *f, int32_t group, int32_t k, int32_t metric) {
    return f->value[row_of(f, group, k, metric)];
}

/*
 * Four users in training (each has one of five items, item 5 nobody): 1 has 1, 2 has 2, 3 has 1 and 2, 4
 * has 4. In the test user 1 wants 2, 3 and (had already) 1; user 2 wants 4 and 9, which is not in
 * training; user 3 has only a negative entry; user 4 wants 1; user 5, who was not answered, wants 1.
 */
static pmkt_cf_data *small_train(void) {
    static const int64_t AT[] = {0, 1, 2, 4, 5};
    static const int32_t ITEM[] = {0, 1, 0, 1, 3};
    return data_of(4, 5, AT, ITEM, NULL);
}

static pmkt_cf_data *small_test(void) {
    static const int64_t AT[] = {0, 3, 5, 6, 7, 8};
    static const int32_t ITEM[] = {0, 1, 2, 3, 8, 0, 0, 0};
    static const float WEIGHT[] = {1, 1, 2, 1, 1, -1, 1, 1};
    return data_of(5, 9, AT, ITEM, WEIGHT);
}

static const uint64_t SMALL_USERS[] = {4, 2, 1}; /* in any order */
static const uint64_t SMALL_IDS[] = {2, 3, 5, /**/ 5, 4, 3, /**/ 3, 1, 2};
static const int32_t SMALL_COUNTS[] = {0, 2, 3};

START_TEST(metrics_worked_out_by_hand) {
    static const int32_t K[] = {1, 3}, GROUP[] = {0, 1, 0, 1, 2};
    pmkt_cf_data *train = small_train(), *test = small_test();
    pmkt_cf_evaluate_options o = PMKT_CF_EVALUATE_OPTIONS_INIT;
    pmkt_cf_evaluation *evaluation = NULL;
    pmkt_error err;
    o.n_k = 2, o.k = K, o.train = train, o.bootstrap = NO_BOOTSTRAP;
    o.n_groups = 3, o.group = GROUP;
    ck_assert_ok(pmkt_cf_evaluate_answers(SMALL_USERS, 3, SMALL_IDS, SMALL_COUNTS, 3, test, &o,
                                          NULL, &evaluation, &err),
                 err);
    const pmkt_cf_figures f = columns(evaluation);
    ck_assert_int_eq(f.rows, 4 * 2 * PMKT_CF_METRICS_);
    ck_assert_int_eq(f.evaluated, 3);
    ck_assert_int_eq(f.unknown, 1);          /* user 5 */
    ck_assert_int_eq(f.nothing_relevant, 1); /* user 3 */
    ck_assert_int_eq(f.cold_items, 1);       /* item 9 */
    /* User 1 is answered 3 (a hit), 1 (had: a miss), 2 (a hit), of 2 relevant. */
    const double ndcg1 = (1 + 0.5) / (1 + 1 / log2(3));
    ck_assert_double_eq_tol(figure(&f, 0, 1, PMKT_CF_PRECISION), 1, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 0, 1, PMKT_CF_RECALL), 0.5, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 0, 1, PMKT_CF_RECALL_CAPPED), 1, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 0, 1, PMKT_CF_NDCG), 1, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 0, 1, PMKT_CF_MAP), 0.5, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 0, 3, PMKT_CF_PRECISION), 2.0 / 3, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 0, 3, PMKT_CF_RECALL), 1, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 0, 3, PMKT_CF_NDCG), ndcg1, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 0, 3, PMKT_CF_MAP), (1 + 2.0 / 3) / 2, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 0, 3, PMKT_CF_MRR), 1, 1e-12);
    /* User 2 is answered 5, 4 (a hit), of 4 and the unknown 9; user 4 is answered nothing. */
    ck_assert_double_eq_tol(figure(&f, 1, 1, PMKT_CF_HIT), 0, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 1, 3, PMKT_CF_HIT), 0.5, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 1, 3, PMKT_CF_MRR), 0.25, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 1, 3, PMKT_CF_RECALL), 0.25, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 1, 3, PMKT_CF_PRECISION), 1.0 / 6, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 1, 3, PMKT_CF_NDCG), 1 / log2(3) / (1 + 1 / log2(3)) / 2,
                            1e-12);
    /* Novelty: 5 as if of one user of 4, 4 of one of 4: 2 bits each; user 4: 0. */
    ck_assert_double_eq_tol(figure(&f, 1, 3, PMKT_CF_NOVELTY), 1, 1e-12);
    /* 3 is of nobody: 2 bits; 1 and 2 of two of 4: 1 bit each. */
    ck_assert_double_eq_tol(figure(&f, 0, 3, PMKT_CF_NOVELTY), 4.0 / 3, 1e-12);
    /* All five items are answered once at 3; at 1 only 3 and 5 are. */
    ck_assert_double_eq_tol(figure(&f, -1, 3, PMKT_CF_COVERAGE), 1, 1e-12);
    ck_assert_double_eq_tol(figure(&f, -1, 3, PMKT_CF_GINI), 0, 1e-12);
    ck_assert_double_eq_tol(figure(&f, -1, 1, PMKT_CF_COVERAGE), 0.4, 1e-12);
    ck_assert_double_eq_tol(figure(&f, -1, 1, PMKT_CF_GINI), (2 * 9.0 / 2 - 6) / 4, 1e-12);
    ck_assert_double_eq_tol(figure(&f, 0, 1, PMKT_CF_GINI), 1, 1e-12); /* one item */
    ck_assert_double_eq_tol(figure(&f, 1, 3, PMKT_CF_COVERAGE), 0.4, 1e-12);
    ck_assert_double_eq_tol(figure(&f, -1, 3, PMKT_CF_MRR), (1 + 0.5 + 0) / 3, 1e-12);
    /* Nobody of group 2 counts. */
    for (int32_t m = 0; m < PMKT_CF_METRICS_; m++) {
        const int64_t row = row_of(&f, 2, 1, m);
        ck_assert(isnan(f.value[row]) && isnan(f.low[row]) && isnan(f.high[row]));
        ck_assert_int_eq(f.users[row], 0);
        ck_assert_int_eq(f.users[row_of(&f, 1, 3, m)], 2);
    }
    const uint64_t *users;
    const double *values;
    int64_t n;
    ck_assert_ok(pmkt_cf_evaluation_users(evaluation, 3, PMKT_CF_MRR, &users, &values, &n, &err),
                 err);
    ck_assert_int_eq(n, 3);
    static const uint64_t EXPECTED[] = {1, 2, 4};
    static const double MRR[] = {1, 0.5, 0}; /* by id, though the groups were taken otherwise */
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(users[i], EXPECTED[i]);
        ck_assert_double_eq_tol(values[i], MRR[i], 1e-12);
    }
    pmkt_cf_evaluation_free(evaluation);
    pmkt_cf_data_release(train);
    pmkt_cf_data_release(test);
}
END_TEST

/* ------------------------------------------------------------- a larger sample */

enum {
    USERS = 6000,
    ITEMS = 300,
    EACH = 12,
    K = 20
};

static pmkt_cf_data *sample(uint64_t seed, int64_t users) {
    int64_t *at = malloc((size_t)(users + 1) * sizeof *at);
    int32_t *item = malloc((size_t)users * EACH * sizeof *item);
    ck_assert(at && item);
    random_seed(seed);
    for (int64_t u = 0; u <= users; u++) at[u] = u * EACH;
    for (int64_t e = 0; e < users * EACH; e++) {
        item[e] = (int32_t)(random_below(ITEMS) * random_below(ITEMS) / ITEMS);
    }
    pmkt_cf_data *data = data_of(users, ITEMS, at, item, NULL);
    free(at), free(item);
    return data;
}

static pmkt_cf_evaluation *evaluate(const pmkt_cf *model, const pmkt_cf_data *test,
                                    const pmkt_cf_evaluate_options *o, int32_t threads) {
    pmkt_run run = PMKT_RUN_INIT;
    pmkt_cf_evaluation *evaluation = NULL;
    pmkt_error err;
    run.threads = threads;
    ck_assert_ok(pmkt_cf_evaluate(model, test, o, &run, &evaluation, &err), err);
    return evaluation;
}

static void assert_same(const pmkt_cf_evaluation *a, const pmkt_cf_evaluation *b) {
    const pmkt_cf_figures x = columns(a), y = columns(b);
    const size_t bytes = (size_t)x.rows * sizeof *x.value;
    ck_assert_int_eq(x.rows, y.rows);
    ck_assert_int_eq(memcmp(x.value, y.value, bytes), 0);
    ck_assert_int_eq(memcmp(x.low, y.low, bytes), 0);
    ck_assert_int_eq(memcmp(x.high, y.high, bytes), 0);
    ck_assert_int_eq(memcmp(x.users, y.users, bytes), 0);
    ck_assert_int_eq(x.evaluated, y.evaluated);
}

typedef struct world {
    pmkt_cf_data *train, *test;
    pmkt_cf *model;
} world;

static world make_world(void) {
    world w = {sample(1, USERS), sample(2, USERS + 10), NULL};
    pmkt_error err;
    ck_assert_ok(pmkt_cf_knn_fit(w.train, NULL, NULL, &w.model, &err), err);
    return w;
}

static void free_world(world *w) {
    pmkt_cf_release(w->model);
    pmkt_cf_data_release(w->train);
    pmkt_cf_data_release(w->test);
}

START_TEST(threads_and_the_way_of_asking_do_not_change_a_byte) {
    world w = make_world();
    pmkt_cf_evaluate_options o = PMKT_CF_EVALUATE_OPTIONS_INIT;
    o.bootstrap = 100;
    pmkt_cf_evaluation *one = evaluate(w.model, w.test, &o, 1);
    const pmkt_cf_figures f = columns(one);
    ck_assert_int_eq(f.unknown, 10);
    ck_assert_int_gt(f.evaluated, USERS - 10);
    ck_assert_double_gt(figure(&f, -1, 10, PMKT_CF_RECALL), 0.02);
    for (int32_t threads = 2; threads <= 4; threads += 2) {
        pmkt_cf_evaluation *more = evaluate(w.model, w.test, &o, threads);
        assert_same(one, more);
        pmkt_cf_evaluation_free(more);
    }
    /* `train` says the same as the model knows; so do its answers as answers from elsewhere. */
    o.train = w.train;
    pmkt_cf_evaluation *same = evaluate(w.model, w.test, &o, 2);
    assert_same(one, same);
    pmkt_cf_evaluation_free(same);
    static uint64_t users[USERS], ids[USERS * 100];
    static int32_t counts[USERS];
    pmkt_cf_query q = PMKT_CF_QUERY_INIT;
    pmkt_cf_answer a = PMKT_CF_ANSWER_INIT;
    pmkt_error err;
    q.k = 100;
    a.ids = ids, a.counts = counts;
    for (int i = 0; i < USERS; i++) users[i] = (uint64_t)(USERS - i);
    ck_assert_ok(pmkt_cf_recommend(w.model, users, USERS, &q, NULL, &a, &err), err);
    ck_assert_ok(
        pmkt_cf_evaluate_answers(users, USERS, ids, counts, 100, w.test, &o, NULL, &same, &err),
        err);
    assert_same(one, same);
    pmkt_cf_evaluation_free(same);
    o.fold_in = 1; /* of kNN a history is what the model knows of the user */
    same = evaluate(w.model, w.test, &o, 2);
    assert_same(one, same);
    pmkt_cf_evaluation_free(same);
    o.fold_in = 0, o.fallback = PMKT_CF_POPULAR;
    same = evaluate(w.model, w.test, &o, 2);
    const pmkt_cf_figures g = columns(same);
    ck_assert_int_eq(g.unknown, 10);
    ck_assert_int_eq(g.evaluated, f.evaluated + 10);
    pmkt_cf_evaluation_free(same);
    pmkt_cf_evaluation_free(one);
    free_world(&w);
}
END_TEST

START_TEST(intervals_are_about_those_of_the_normal_approximation) {
    world w = make_world();
    pmkt_cf_evaluate_options o = PMKT_CF_EVALUATE_OPTIONS_INIT;
    o.bootstrap = (int32_t)scaled(1000, 200);
    const double within = o.bootstrap < 1000 ? 0.3 : 0.15; /* fewer resamples, wider bounds */
    pmkt_cf_evaluation *evaluation = evaluate(w.model, w.test, &o, 2);
    const pmkt_cf_figures f = columns(evaluation);
    for (int32_t m = 0; m < PMKT_CF_NOVELTY + 1; m++) {
        const uint64_t *users;
        const double *values;
        int64_t n;
        pmkt_error err;
        ck_assert_ok(pmkt_cf_evaluation_users(evaluation, 20, m, &users, &values, &n, &err), err);
        double mean = 0, square = 0;
        for (int64_t i = 0; i < n; i++) mean += values[i] / (double)n;
        for (int64_t i = 0; i < n; i++) square += (values[i] - mean) * (values[i] - mean);
        const double half = 1.959964 * sqrt(square / (double)n / (double)n);
        const int64_t row = row_of(&f, -1, 20, m);
        ck_assert_double_eq_tol(f.value[row], mean, 1e-12);
        ck_assert_double_eq_tol(f.low[row], mean - half, within * half);
        ck_assert_double_eq_tol(f.high[row], mean + half, within * half);
    }
    ck_assert(isnan(f.low[row_of(&f, -1, 20, PMKT_CF_GINI)]));
    o.seed = 1; /* other resamples, about the same bounds */
    pmkt_cf_evaluation *other = evaluate(w.model, w.test, &o, 2);
    const pmkt_cf_figures g = columns(other);
    const int64_t row = row_of(&f, -1, 10, PMKT_CF_NDCG);
    ck_assert(f.low[row] != g.low[row]);
    ck_assert_double_eq_tol(f.low[row], g.low[row], 0.05 * f.low[row]);
    pmkt_cf_evaluation_free(evaluation);
    pmkt_cf_evaluation_free(other);
    free_world(&w);
}
END_TEST

/* ----------------------------------------------------------------- bad calls */

START_TEST(bad_options_are_refused) {
    static const int32_t FALLING[] = {5, 3}, TWICE[] = {5, 5}, ZERO[] = {0}, HUGE_K[] = {10001};
    static const int32_t GROUP[] = {0, 0, -2, 0, 0}, HIGH[] = {0, 0, 2, 0, 0};
    static const pmkt_cf_evaluate_options GOOD = PMKT_CF_EVALUATE_OPTIONS_INIT;
    pmkt_cf_data *train = small_train(), *test = small_test();
    pmkt_cf *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_popularity_fit(train, NULL, NULL, &model, &err), err);
    pmkt_cf_evaluate_options bad[18];
    for (int64_t i = 0; i < LENGTH(bad); i++) bad[i] = GOOD;
    bad[0].k = FALLING, bad[0].n_k = 2, bad[1].k = TWICE, bad[1].n_k = 2;
    bad[2].k = ZERO, bad[2].n_k = 1, bad[3].k = HUGE_K, bad[3].n_k = 1;
    bad[4].n_k = 1, bad[5].k = FALLING, bad[6].level = NAN, bad[7].level = 1, bad[8].level = -0.5;
    bad[9].n_groups = 1, bad[10].n_groups = 65537, bad[11].n_groups = -1;
    bad[12].n_groups = 2, bad[12].group = GROUP, bad[13].n_groups = 2, bad[13].group = HIGH;
    bad[14].bootstrap = -2, bad[15].fold_in = 1, bad[16].fallback = 2, bad[17].struct_size = 8;
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        pmkt_cf_evaluation *evaluation = NULL;
        ck_assert_int_eq(pmkt_cf_evaluate(model, test, &bad[i], NULL, &evaluation, &err),
                         PMKT_E_INVALID);
        ck_assert_ptr_null(evaluation);
    }
    pmkt_cf_evaluation *none = NULL;
    ck_assert_int_eq(pmkt_cf_evaluate(NULL, test, NULL, NULL, &none, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_evaluate(model, NULL, NULL, NULL, &none, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_evaluate(model, test, NULL, NULL, NULL, NULL), PMKT_E_INVALID);
    pmkt_cf_release(model);
    pmkt_cf_data_release(train);
    pmkt_cf_data_release(test);
}
END_TEST

START_TEST(answers_with_anything_twice_are_refused) {
    static const uint64_t TWO[] = {1, 1}, ONE[] = {1, 2}, IDS[] = {1, 2, 3, 3},
                          NONE[] = {1, 0, 3, 4};
    static const int32_t COUNTS[] = {2, 2}, HIGH[] = {2, 3}, LOW[] = {2, -1}, SHORT[] = {1, 1};
    static const uint64_t GOOD[] = {1, 2, 3, 4};
    pmkt_cf_data *train = small_train(), *test = small_test();
    pmkt_cf_evaluate_options o = PMKT_CF_EVALUATE_OPTIONS_INIT;
    pmkt_cf_evaluation *e = NULL;
    pmkt_error err;
    ck_assert_int_eq(pmkt_cf_evaluate_answers(ONE, 2, GOOD, COUNTS, 2, test, NULL, NULL, &e, &err),
                     PMKT_E_INVALID); /* without train */
    o.train = train;
    ck_assert_int_eq(pmkt_cf_evaluate_answers(TWO, 2, GOOD, COUNTS, 2, test, &o, NULL, &e, &err),
                     PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where, 1);
    ck_assert_int_eq(pmkt_cf_evaluate_answers(ONE, 2, IDS, COUNTS, 2, test, &o, NULL, &e, &err),
                     PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where, 1);
    ck_assert_int_eq(pmkt_cf_evaluate_answers(ONE, 2, NONE, COUNTS, 2, test, &o, NULL, &e, &err),
                     PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where, 0);
    ck_assert_int_eq(pmkt_cf_evaluate_answers(ONE, 2, GOOD, HIGH, 2, test, &o, NULL, &e, &err),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_evaluate_answers(ONE, 2, GOOD, LOW, 2, test, &o, NULL, &e, &err),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_evaluate_answers(ONE, 2, NULL, COUNTS, 2, test, &o, NULL, &e, &err),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_evaluate_answers(ONE, -1, GOOD, COUNTS, 2, test, &o, NULL, &e, &err),
                     PMKT_E_INVALID);
    ck_assert_ptr_null(e);
    /* What lies beyond a count is nobody's business. */
    ck_assert_ok(pmkt_cf_evaluate_answers(ONE, 2, IDS, SHORT, 2, test, &o, NULL, &e, &err), err);
    pmkt_cf_evaluation_free(e);
    pmkt_cf_data_release(train);
    pmkt_cf_data_release(test);
}
END_TEST

START_TEST(nothing_to_evaluate_is_no_error) {
    static const int64_t AT[] = {0};
    pmkt_cf_data *empty = data_of(0, 0, AT, NULL, NULL), *test = small_test();
    pmkt_cf *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_popularity_fit(empty, NULL, NULL, &model, &err), err);
    for (int full = 0; full < 2; full++) {
        pmkt_cf_evaluation *evaluation = evaluate(model, full ? test : empty, NULL, 1);
        const pmkt_cf_figures f = columns(evaluation);
        ck_assert_int_eq(f.rows, 3 * PMKT_CF_METRICS_);
        ck_assert_int_eq(f.evaluated, 0);
        ck_assert_int_eq(f.unknown, full ? 4 : 0);
        for (int64_t i = 0; i < f.rows; i++) ck_assert(isnan(f.value[i]));
        const uint64_t *users;
        const double *values;
        int64_t n = -1;
        ck_assert_ok(
            pmkt_cf_evaluation_users(evaluation, 10, PMKT_CF_HIT, &users, &values, &n, &err), err);
        ck_assert_int_eq(n, 0);
        ck_assert_int_eq(
            pmkt_cf_evaluation_users(evaluation, 11, PMKT_CF_HIT, &users, &values, &n, &err),
            PMKT_E_INVALID);
        ck_assert_int_eq(
            pmkt_cf_evaluation_users(evaluation, 10, PMKT_CF_GINI, &users, &values, &n, &err),
            PMKT_E_INVALID);
        pmkt_cf_evaluation_free(evaluation);
    }
    pmkt_cf_release(model);
    pmkt_cf_data_release(empty);
    pmkt_cf_data_release(test);
}
END_TEST

START_TEST(metrics_have_names) {
    ck_assert_str_eq(pmkt_cf_metric_name(PMKT_CF_PRECISION), "precision");
    ck_assert_str_eq(pmkt_cf_metric_name(PMKT_CF_NDCG), "ndcg");
    ck_assert_str_eq(pmkt_cf_metric_name(PMKT_CF_GINI), "gini");
    ck_assert_ptr_null(pmkt_cf_metric_name(-1));
    ck_assert_ptr_null(pmkt_cf_metric_name(PMKT_CF_METRICS_));
}
END_TEST

int main(void) {
    Suite *s = suite_create("cf_evaluate");
    TOPIC(s, "values", metrics_worked_out_by_hand, metrics_have_names);
    TOPIC(s, "samples", threads_and_the_way_of_asking_do_not_change_a_byte,
          intervals_are_about_those_of_the_normal_approximation);
    TOPIC(s, "calls", bad_options_are_refused, answers_with_anything_twice_are_refused,
          nothing_to_evaluate_is_no_error);
    return suite_run(s);
}
