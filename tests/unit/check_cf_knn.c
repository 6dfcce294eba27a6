/*
 * Item-kNN against a dense table in double precision: every similarity, shrinkage and K; what its answers
 * add up to; popularity of both sorts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/random.h"
#include "support/suite.h"

#define USERS 60
#define ITEMS 40

/* w[u][i]; NaN where there is no entry. */
static float w[USERS][ITEMS];

static pmkt_cf_data *make(int64_t users, int64_t items, int64_t percent, uint64_t seed) {
    static int64_t at[USERS + 1];
    static int32_t item[USERS * ITEMS];
    static float weight[USERS * ITEMS];
    int64_t n = 0;
    random_seed(seed);
    at[0] = 0;
    for (int64_t u = 0; u < users; u++) {
        for (int64_t i = 0; i < items; i++) {
            w[u][i] = NAN;
            if (random_below(100) >= percent) continue;
            const int64_t what = random_below(10);
            w[u][i] = what == 0 ? -1.0f : what == 1 ? 0.0f : (float)(1 + random_below(4));
            item[n] = (int32_t)i;
            weight[n++] = w[u][i];
        }
        at[u + 1] = n;
    }
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = users, m.items = items, m.at = at, m.item = item, m.weight = weight;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
    return data;
}

static pmkt_cf *fit(const pmkt_cf_data *data, const pmkt_cf_knn_options *o, int32_t threads) {
    pmkt_run run = PMKT_RUN_INIT;
    pmkt_cf *model = NULL;
    pmkt_error err;
    run.threads = threads;
    ck_assert_ok(pmkt_cf_knn_fit(data, o, &run, &model, &err), err);
    return model;
}

static double value(const pmkt_cf_knn_options *o, int u, int i) {
    if (!(w[u][i] > 0)) return 0;
    const double x = (double)w[u][i];
    if (o->similarity == PMKT_CF_COSINE) return x;
    int entries = 0;
    for (int j = 0; j < ITEMS; j++) entries += w[u][j] > 0;
    const double idf = log(1 + (double)ITEMS / entries);
    if (o->similarity == PMKT_CF_TFIDF) return sqrt(x) * idf;
    double length = 0, all = 0;
    for (int v = 0; v < USERS; v++) {
        for (int j = 0; j < ITEMS; j++) {
            if (w[v][j] > 0) all += (double)w[v][j];
            if (j == i && w[v][j] > 0) length += (double)w[v][j];
        }
    }
    const double k1 = o->k1 == 0 ? 1.2 : o->k1;
    const double b = o->b == 0 ? 0.75 : o->b < 0 ? 0 : o->b;
    return x * (k1 + 1) / (k1 * (1 - b + b * length / (all / ITEMS)) + x) * idf;
}

static double similarity(const pmkt_cf_knn_options *o, int a, int b) {
    double dot = 0, aa = 0, bb = 0, common = 0;
    for (int u = 0; u < USERS; u++) {
        const double x = value(o, u, a), y = value(o, u, b);
        dot += x * y, aa += x * x, bb += y * y;
        common += x > 0 && y > 0;
    }
    return common > 0 ? dot / (sqrt(aa) * sqrt(bb)) / (1 + o->shrinkage / common) : 0;
}

/* Checks the neighbors of every item, and returns how many there are. */
static int64_t check_neighbors(const pmkt_cf *model, const pmkt_cf_knn_options *o,
                               double s[ITEMS][ITEMS]) {
    const int32_t most = o->neighbors ? o->neighbors : 100;
    int64_t all = 0;
    for (int i = 0; i < ITEMS; i++) {
        uint64_t ids[ITEMS];
        float scores[ITEMS];
        int32_t count, others = 0;
        pmkt_cf_query q = PMKT_CF_QUERY_INIT;
        pmkt_cf_answer a = PMKT_CF_ANSWER_INIT;
        pmkt_error err;
        const uint64_t id = (uint64_t)i + 1;
        q.k = ITEMS;
        a.ids = ids, a.scores = scores, a.counts = &count;
        ck_assert_ok(pmkt_cf_similar_items(model, &id, 1, &q, NULL, &a, &err), err);
        for (int j = 0; j < ITEMS; j++) others += j != i && s[i][j] > 0;
        ck_assert_int_eq(count, others < most ? others : most);
        bool kept[ITEMS] = {false};
        for (int r = 0; r < count; r++) {
            const int j = (int)ids[r] - 1;
            ck_assert_int_ne(j, i);
            ck_assert(!kept[j]);
            kept[j] = true;
            ck_assert_double_eq_tol((double)scores[r], s[i][j], 1e-6 * s[i][j]);
            if (r > 0) {
                ck_assert(scores[r] < scores[r - 1] ||
                          (scores[r] == scores[r - 1] && ids[r] > ids[r - 1]));
            }
        }
        for (int j = 0; j < ITEMS && count > 0; j++) {
            if (j != i && !kept[j]) ck_assert(s[i][j] <= (double)scores[count - 1] * (1 + 1e-6));
        }
        all += count;
    }
    return all;
}

START_TEST(neighbors_are_those_of_a_dense_table) {
    static const double SHRINKAGE[] = {0, 1, 50};
    static const int32_t NEIGHBORS[] = {0, 1, 5};
    static double s[ITEMS][ITEMS];
    for (int64_t percent = scaled(3, 40); percent <= 40; percent += 37) { /* few entries and many */
        pmkt_cf_data *data = make(USERS, ITEMS, percent, 1);
        for (int32_t kind = 0; kind < 3; kind++) {
            for (int h = 0; h < 3; h++) {
                for (int n = 0; n < 3; n++) {
                    if ((kind + h + n) % scaled(1, 3) != 0) continue;
                    pmkt_cf_knn_options o = PMKT_CF_KNN_OPTIONS_INIT;
                    o.similarity = kind, o.shrinkage = SHRINKAGE[h], o.neighbors = NEIGHBORS[n];
                    if (n == 1) o.k1 = 2, o.b = 0.3;
                    if (n == 2) o.b = PMKT_CF_ZERO;
                    for (int i = 0; i < ITEMS; i++) {
                        for (int j = 0; j < ITEMS; j++) s[i][j] = similarity(&o, i, j);
                    }
                    pmkt_cf *model = fit(data, &o, 1);
                    ck_assert_int_gt(check_neighbors(model, &o, s), 10);
                    pmkt_cf_release(model);
                }
            }
        }
        pmkt_cf_data_release(data);
    }
}
END_TEST

START_TEST(recommendations_add_up_what_the_user_has) {
    static double s[ITEMS][ITEMS];
    pmkt_cf_data *data = make(USERS, ITEMS, 20, 2);
    pmkt_cf_knn_options o = PMKT_CF_KNN_OPTIONS_INIT;
    pmkt_cf *model = fit(data, &o, 1);
    for (int i = 0; i < ITEMS; i++) {
        for (int j = 0; j < ITEMS; j++) s[i][j] = i == j ? 0 : (double)(float)similarity(&o, i, j);
    }
    for (int u = 0; u < USERS; u++) {
        uint64_t ids[ITEMS], id = (uint64_t)u + 1;
        float scores[ITEMS];
        int32_t count, candidates = 0;
        pmkt_cf_query q = PMKT_CF_QUERY_INIT;
        pmkt_cf_answer a = PMKT_CF_ANSWER_INIT;
        pmkt_error err;
        q.k = ITEMS;
        a.ids = ids, a.scores = scores, a.counts = &count;
        ck_assert_ok(pmkt_cf_recommend(model, &id, 1, &q, NULL, &a, &err), err);
        for (int j = 0; j < ITEMS; j++) {
            bool near = false;
            for (int i = 0; i < ITEMS; i++) near |= !isnan(w[u][i]) && s[i][j] > 0;
            candidates += near && isnan(w[u][j]);
        }
        ck_assert_int_eq(count, candidates);
        for (int r = 0; r < count; r++) {
            const int j = (int)ids[r] - 1;
            double sum = 0;
            for (int i = 0; i < ITEMS; i++) sum += isnan(w[u][i]) ? 0 : (double)w[u][i] * s[i][j];
            ck_assert(isnan(w[u][j]));
            ck_assert_double_eq_tol((double)scores[r], sum, 1e-5);
            if (r > 0) ck_assert(scores[r] <= scores[r - 1]);
        }
    }
    pmkt_cf_release(model);
    pmkt_cf_data_release(data);
}
END_TEST

/* A matrix that is large enough for threads. */
static pmkt_cf_data *large(void) {
    enum {
        N = 4000,
        EACH = 20,
        WIDE = 900
    };
    int64_t *at = malloc((N + 1) * sizeof *at);
    int32_t *item = malloc(N * EACH * sizeof *item);
    float *weight = malloc(N * EACH * sizeof *weight);
    ck_assert(at && item && weight);
    random_seed(7);
    for (int64_t u = 0; u <= N; u++) at[u] = u * EACH;
    for (int64_t e = 0; e < N * EACH; e++) {
        item[e] = (int32_t)(random_below(WIDE) * random_below(WIDE) / WIDE);
        weight[e] = (float)(1 + random_below(9)) / 3.0f;
    }
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = N, m.items = WIDE, m.at = at, m.item = item, m.weight = weight;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
    free(at), free(item), free(weight);
    return data;
}

START_TEST(threads_do_not_change_a_byte) {
    enum {
        ROWS = 900,
        K = 30
    };
    static uint64_t ids[3][ROWS * K], asked[ROWS];
    static float scores[3][ROWS * K];
    static int32_t counts[3][ROWS];
    static const int32_t THREADS[] = {1, 2, 4};
    pmkt_cf_data *data = large();
    pmkt_cf_knn_options o = PMKT_CF_KNN_OPTIONS_INIT;
    o.similarity = PMKT_CF_BM25, o.shrinkage = 3, o.neighbors = K;
    for (int i = 0; i < ROWS; i++) asked[i] = (uint64_t)i + 1;
    for (int t = 0; t < 3; t++) {
        pmkt_cf *model = fit(data, &o, THREADS[t]);
        pmkt_cf_query q = PMKT_CF_QUERY_INIT;
        pmkt_cf_answer a = PMKT_CF_ANSWER_INIT;
        pmkt_error err;
        q.k = K;
        a.ids = ids[t], a.scores = scores[t], a.counts = counts[t];
        ck_assert_ok(pmkt_cf_similar_items(model, asked, ROWS, &q, NULL, &a, &err), err);
        pmkt_cf_release(model);
        ck_assert_int_eq(memcmp(ids[0], ids[t], sizeof ids[0]), 0);
        ck_assert_int_eq(memcmp(scores[0], scores[t], sizeof scores[0]), 0);
    }
    ck_assert_int_eq(counts[0][0], K);
    pmkt_cf_data_release(data);
}
END_TEST

START_TEST(options_out_of_range_are_refused) {
    static const pmkt_cf_knn_options GOOD = PMKT_CF_KNN_OPTIONS_INIT;
    pmkt_cf_data *data = make(3, 3, 50, 3);
    pmkt_cf_knn_options bad[10];
    for (int i = 0; i < 10; i++) bad[i] = GOOD;
    bad[0].similarity = 3, bad[1].similarity = -1, bad[2].neighbors = -1;
    bad[3].neighbors = 10001, bad[4].shrinkage = -2, bad[5].shrinkage = NAN;
    bad[6].k1 = INFINITY, bad[7].b = 1.01, bad[8].drop_seen = 2, bad[9].struct_size = 4;
    for (int i = 0; i < 10; i++) {
        pmkt_cf *model = NULL;
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_cf_knn_fit(data, &bad[i], NULL, &model, &err), PMKT_E_INVALID);
        ck_assert_int_eq(err.code, PMKT_E_INVALID);
        ck_assert_ptr_null(model);
    }
    pmkt_cf *model = NULL;
    ck_assert_int_eq(pmkt_cf_knn_fit(NULL, NULL, NULL, &model, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_knn_fit(data, NULL, NULL, NULL, NULL), PMKT_E_INVALID);
    pmkt_cf_data_release(data);
}
END_TEST

START_TEST(nothing_at_all_one_user_and_one_item_are_fine) {
    static const int64_t SIZES[][2] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}, {1, ITEMS}, {USERS, 1}};
    for (int64_t i = 0; i < LENGTH(SIZES); i++) {
        pmkt_cf_data *data = make(SIZES[i][0], SIZES[i][1], 100, 5);
        pmkt_cf *model = fit(data, NULL, 1);
        uint64_t id = 1, ids[5];
        int32_t count = -1;
        pmkt_cf_query q = PMKT_CF_QUERY_INIT;
        pmkt_cf_answer a = PMKT_CF_ANSWER_INIT;
        pmkt_error err;
        q.k = 5;
        a.ids = ids, a.counts = &count;
        ck_assert_ok(pmkt_cf_similar_items(model, &id, 1, &q, NULL, &a, &err), err);
        ck_assert_int_eq(count, SIZES[i][1] == ITEMS ? 5 : 0);
        ck_assert_ok(pmkt_cf_recommend(model, &id, 1, &q, NULL, &a, &err), err);
        ck_assert_int_eq(count, 0); /* whoever is there has all items */
        pmkt_cf_release(model);
        pmkt_cf_data_release(data);
    }
}
END_TEST

START_TEST(what_is_popular_by_weight_and_by_users) {
    for (int32_t by = 0; by < 2; by++) {
        pmkt_cf_data *data = make(USERS, ITEMS, 30, 5);
        pmkt_cf_popularity_options o = PMKT_CF_POPULARITY_OPTIONS_INIT;
        pmkt_cf *model = NULL;
        pmkt_error err;
        uint64_t id = 1, ids[ITEMS];
        float scores[ITEMS];
        int32_t count;
        o.by = by;
        ck_assert_ok(pmkt_cf_popularity_fit(data, &o, NULL, &model, &err), err);
        pmkt_cf_query q = PMKT_CF_QUERY_INIT;
        pmkt_cf_answer a = PMKT_CF_ANSWER_INIT;
        q.k = ITEMS, q.keep_seen = 1;
        a.ids = ids, a.scores = scores, a.counts = &count;
        ck_assert_ok(pmkt_cf_recommend(model, &id, 1, &q, NULL, &a, &err), err);
        ck_assert_int_eq(count, ITEMS);
        for (int r = 0; r < ITEMS; r++) {
            float sum = 0;
            for (int u = 0; u < USERS; u++) {
                const float x = w[u][ids[r] - 1];
                if (x > 0) sum += by == PMKT_CF_BY_USERS ? 1 : x;
            }
            ck_assert(scores[r] == sum);
            if (r > 0) {
                ck_assert(scores[r] < scores[r - 1] ||
                          (scores[r] == scores[r - 1] && ids[r] > ids[r - 1]));
            }
        }
        pmkt_cf_release(model);
        o.by = 2;
        model = NULL;
        ck_assert_int_eq(pmkt_cf_popularity_fit(data, &o, NULL, &model, NULL), PMKT_E_INVALID);
        ck_assert_ptr_null(model);
        pmkt_cf_data_release(data);
    }
}
END_TEST

int main(void) {
    Suite *s = suite_create("cf_knn");
    TOPIC(s, "values", neighbors_are_those_of_a_dense_table,
          recommendations_add_up_what_the_user_has, threads_do_not_change_a_byte);
    TOPIC(s, "calls", options_out_of_range_are_refused,
          nothing_at_all_one_user_and_one_item_are_fine);
    TOPIC(s, "popularity", what_is_popular_by_weight_and_by_users);
    return suite_run(s);
}
