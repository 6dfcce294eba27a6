/*
 * check_cf_questions.c - what models of every kind answer, against slow code that scores and sorts all there is:
 * filters, exclusions, fallback, ties, reasons, one row or many, on any number of threads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"
#include "support/threads.h"

#define USERS 12
#define ITEMS 40
#define D 4
#define ROWS 40
#define MAX_K 60
#define NOTHING_YET 3 /* the user without an entry */

/* Factors and weights are small whole numbers, so that scores are exact and many are equal. */
typedef struct world {
    double weight[USERS][ITEMS]; /* NaN: no entry */
    float x[USERS * D], y[ITEMS * D];
    uint64_t user_id[USERS], item_id[ITEMS], category[ITEMS];
    double similarity[ITEMS][ITEMS]; /* of kNN; NaN: no neighbor */
    pmkt_cf *als, *knn, *popular;
} world;

typedef struct answers {
    uint64_t ids[ROWS * MAX_K];
    float scores[ROWS * MAX_K];
    int32_t counts[ROWS];
    uint8_t reasons[ROWS];
} answers;

static pmkt_cf_answer room_in(answers *a) {
    memset(a, 0x55, sizeof *a);
    return (pmkt_cf_answer){sizeof(pmkt_cf_answer), 0, a->ids, a->scores, a->counts, a->reasons};
}

static pmkt_cf_data *random_data(world *w, const pmkt_allocator *allocator) {
    int64_t at[USERS + 1] = {0}, n = 0;
    int32_t item[USERS * ITEMS];
    float weight[USERS * ITEMS];
    for (int64_t i = 0; i < ITEMS; i++) {
        w->item_id[i] = (uint64_t)(3 * (i + 1));
        w->category[i] = (uint64_t)(7 + random_below(3));
        for (int j = 0; j < D; j++) w->y[i * D + j] = (float)(random_between(-2, 3) + (j == 0) * 3);
    }
    for (int64_t u = 0; u < USERS; u++) {
        w->user_id[u] = (uint64_t)(2 * (u + 1));
        for (int j = 0; j < D; j++) {
            w->x[u * D + j] = u == NOTHING_YET ? 0 : (float)(random_between(-2, 3) + (j == 1) * 3);
        }
        for (int32_t i = 0; i < ITEMS; i++) {
            w->weight[u][i] = NAN;
            if (u == NOTHING_YET || random_below(3)) continue;
            w->weight[u][i] = (double)random_between(-1, 6);
            item[n] = i;
            weight[n++] = (float)w->weight[u][i];
        }
        at[u + 1] = n;
    }
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = USERS, m.items = ITEMS, m.at = at, m.item = item, m.weight = weight;
    m.user_id = w->user_id, m.item_id = w->item_id, m.category = w->category;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, allocator, NULL, &data, &err), err);
    return data;
}

/* The neighbors as the model has them; check_cf_knn says whether they are right. */
static void take_neighbors(world *w) {
    static answers a;
    pmkt_cf_answer out = room_in(&a);
    pmkt_cf_query q = PMKT_CF_QUERY_INIT;
    q.k = ITEMS;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_similar_items(w->knn, w->item_id, ITEMS, &q, NULL, &out, &err), err);
    for (int64_t i = 0; i < ITEMS; i++) {
        for (int64_t j = 0; j < ITEMS; j++) w->similarity[i][j] = NAN;
        for (int64_t e = 0; e < a.counts[i]; e++) {
            const int64_t j = (int64_t)a.ids[i * ITEMS + e] / 3 - 1;
            w->similarity[i][j] = (double)a.scores[i * ITEMS + e];
        }
    }
}

static world *a_world(uint64_t seed, const pmkt_allocator *allocator) {
    world *w = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    random_seed(seed);
    pmkt_cf_data *data = random_data(w, allocator);
    pmkt_cf_factors f = {sizeof f, D, USERS, ITEMS, w->user_id, w->item_id, w->x, w->y};
    pmkt_cf_als_options als = PMKT_CF_ALS_OPTIONS_INIT;
    pmkt_cf_knn_options knn = PMKT_CF_KNN_OPTIONS_INIT;
    pmkt_cf_popularity_options popular = PMKT_CF_POPULARITY_OPTIONS_INIT;
    als.allocator = knn.allocator = popular.allocator = allocator;
    knn.neighbors = 10;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_from_factors(&f, data, &als, NULL, &w->als, &err), err);
    ck_assert_ok(pmkt_cf_knn_fit(data, &knn, NULL, &w->knn, &err), err);
    ck_assert_ok(pmkt_cf_popularity_fit(data, &popular, NULL, &w->popular, &err), err);
    pmkt_cf_data_release(data);
    take_neighbors(w);
    return w;
}

static void free_world(world *w) {
    pmkt_cf_release(w->als);
    pmkt_cf_release(w->knn);
    pmkt_cf_release(w->popular);
    free(w);
}

/* ---------------------------------------------------------------- slow code */

typedef struct ranked {
    uint64_t id;
    float score;
} ranked;

static int compare(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static double popularity(const world *w, int64_t i) {
    double sum = 0;
    for (int64_t u = 0; u < USERS; u++) sum += w->weight[u][i] > 0 ? w->weight[u][i] : 0;
    return sum;
}

static double dot(const float *a, const float *b) {
    double sum = 0;
    for (int j = 0; j < D; j++) sum += (double)a[j] * (double)b[j];
    return sum;
}

/* The score of item i for one with these weights and factors; NaN: it cannot be an answer. */
static double score_of(const world *w, const pmkt_cf *model, const double *had, const float *x,
                       int64_t i) {
    if (model == w->als) return dot(x, &w->y[i * D]);
    if (model == w->popular) return popularity(w, i);
    double sum = 0;
    bool any = false;
    for (int64_t j = 0; j < ITEMS; j++) {
        if (isnan(had[j]) || isnan(w->similarity[j][i])) continue;
        any = true;
        sum += had[j] * w->similarity[j][i];
    }
    return any ? sum : NAN;
}

static bool passes(const world *w, const pmkt_cf_query *q, int64_t row, uint64_t id, bool user) {
    if (q->allow && !pmkt_idset_contains(q->allow, id)) return false;
    if (q->deny && pmkt_idset_contains(q->deny, id)) return false;
    if (!user && q->category && w->category[id / 3 - 1] != q->category) return false;
    for (int64_t e = q->exclude_at ? q->exclude_at[row] : 0;
         q->exclude_at && e < q->exclude_at[row + 1]; e++) {
        if (q->exclude[e] == id) return false;
    }
    return true;
}

/* Requires that row `row` is the best of n candidates, of which it may have those with a score. */
static void require_row(const answers *a, int64_t row, const pmkt_cf_query *q, ranked *all,
                        int64_t n) {
    const int64_t k = q->k ? q->k : 10;
    qsort(all, (size_t)n, sizeof *all, compare);
    const int64_t count = n < k ? n : k;
    REQUIRE(a->counts[row] == count);
    for (int64_t j = 0; j < k; j++) {
        const uint64_t id = a->ids[row * k + j];
        const float score = a->scores[row * k + j];
        if (j < count) {
            REQUIRE(id == all[j].id);
            REQUIRE(score == all[j].score);
        } else {
            REQUIRE(id == PMKT_ID_NONE);
            REQUIRE(isnan(score));
        }
    }
}

/* A row about items, of one who had `had` and, with ALS, is `x`; reason is what the model's own is. */
static void require_items(const world *w, const pmkt_cf *model, const pmkt_cf_query *q,
                          const answers *a, int64_t row, const double *had, const float *x,
                          uint8_t reason) {
    ranked all[ITEMS];
    int64_t n = 0;
    const bool popular = reason != PMKT_CF_ANSWERED && q->fallback == PMKT_CF_POPULAR;
    REQUIRE(a->reasons[row] == (popular ? PMKT_CF_FELL_BACK : reason));
    for (int64_t i = 0; i < ITEMS && (popular || reason == PMKT_CF_ANSWERED); i++) {
        if (!q->keep_seen && had && !isnan(had[i])) continue;
        if (!passes(w, q, row, w->item_id[i], false)) continue;
        const double score = popular ? popularity(w, i) : score_of(w, model, had, x, i);
        if (isnan(score)) continue;
        if (!popular && q->has_min_score && (float)score < q->min_score) continue;
        all[n++] = (ranked){w->item_id[i], (float)score};
    }
    require_row(a, row, q, all, n);
}

/* ------------------------------------------------------------------ queries */

typedef struct asked {
    pmkt_cf_query query;
    pmkt_idset *allow, *deny;
    int64_t exclude_at[ROWS + 1];
    uint64_t exclude[ROWS * 5];
} asked;

static pmkt_idset *random_set(int64_t n) {
    uint64_t ids[ITEMS];
    pmkt_idset *set = NULL;
    pmkt_error err;
    for (int64_t i = 0; i < n; i++) ids[i] = (uint64_t)random_between(1, 3 * ITEMS + 9);
    ck_assert_ok(pmkt_idset_new(ids, n, NULL, &set, &err), err);
    return set;
}

static asked *random_query(bool category) {
    static const int32_t ks[] = {0, 1, 10, MAX_K};
    asked *r = calloc(1, sizeof *r);
    ck_assert_ptr_nonnull(r);
    pmkt_cf_query_init(&r->query);
    r->query.k = ks[random_below(LENGTH(ks))];
    r->query.keep_seen = random_below(2) != 0;
    r->query.fallback = random_below(2) ? PMKT_CF_POPULAR : PMKT_CF_NOTHING;
    if (random_below(3) == 0) r->query.allow = r->allow = random_set(random_below(ITEMS));
    if (random_below(3) == 0) r->query.deny = r->deny = random_set(random_below(ITEMS));
    if (category && random_below(3) == 0) r->query.category = (uint64_t)(7 + random_below(4));
    if (random_below(3) == 0) {
        r->query.has_min_score = 1;
        r->query.min_score = (float)random_between(-4, 12) / 4;
    }
    if (random_below(2)) {
        int64_t n = 0;
        for (int64_t i = 0; i < ROWS; i++) {
            for (int64_t e = random_below(6); e > 0; e--) {
                r->exclude[n++] = (uint64_t)random_below(3 * ITEMS + 9);
            }
            r->exclude_at[i + 1] = n;
        }
        r->query.exclude_at = r->exclude_at, r->query.exclude = r->exclude;
    }
    return r;
}

static void free_query(asked *r) {
    pmkt_idset_free(r->allow);
    pmkt_idset_free(r->deny);
    free(r);
}

/* A question of any of four kinds, about rows [from, from + n) of the same lists. */
enum {
    RECOMMEND,
    HISTORY,
    SIMILAR_ITEMS,
    SIMILAR_USERS,
    QUESTIONS
};

typedef struct lists {
    uint64_t id[ROWS]; /* of users, or of items */
    int64_t at[ROWS + 1];
    uint64_t item[ROWS * 6];
    float weight[ROWS * 6];
} lists;

static pmkt_status put(const pmkt_cf *model, int question, const lists *l, int64_t n,
                       const pmkt_cf_query *q, const pmkt_run *run, const pmkt_cf_answer *out,
                       pmkt_error *err) {
    const pmkt_cf_history h = {sizeof h, 0, n, l->at, l->item, l->weight};
    switch (question) {
        case RECOMMEND:
            return pmkt_cf_recommend(model, l->id, n, q, run, out, err);
        case HISTORY:
            return pmkt_cf_recommend_history(model, &h, q, run, out, err);
        case SIMILAR_ITEMS:
            return pmkt_cf_similar_items(model, l->id, n, q, run, out, err);
        default:
            return pmkt_cf_similar_users(model, l->id, n, q, run, out, err);
    }
}

static void random_lists(lists *l, int question) {
    const int64_t step = question == SIMILAR_ITEMS ? 3 : 2;
    const int64_t most = question == SIMILAR_ITEMS ? ITEMS : USERS;
    int64_t n = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        l->id[i] = (uint64_t)(random_below(8) ? step * random_between(1, most + 1) : 1);
        l->at[i] = n;
        for (int64_t e = random_below(7); e > 0; e--) {
            l->weight[n] = (float)random_between(-1, 4);
            l->item[n++] = (uint64_t)(random_below(5) ? 3 * random_between(1, ITEMS + 1) : 2);
        }
        l->at[i + 1] = n;
    }
}

/* ------------------------------------------------------------ row by row */

static void require_user(const world *w, const pmkt_cf *model, const lists *l,
                         const pmkt_cf_query *q, const answers *a, int64_t row) {
    const int64_t u = l->id[row] % 2 ? -1 : (int64_t)l->id[row] / 2 - 1;
    const bool zero = u == NOTHING_YET && model == w->als;
    require_items(w, model, q, a, row, u < 0 ? NULL : w->weight[u], u < 0 ? NULL : &w->x[u * D],
                  u < 0  ? PMKT_CF_UNKNOWN
                  : zero ? PMKT_CF_NO_FACTORS
                         : PMKT_CF_ANSWERED);
}

static void require_history(const world *w, const pmkt_cf *model, const lists *l,
                            const pmkt_cf_query *q, const answers *a, int64_t row) {
    double had[ITEMS];
    float x[D] = {0};
    bool any = false, none_positive = true;
    for (int64_t i = 0; i < ITEMS; i++) had[i] = NAN;
    for (int64_t e = l->at[row]; e < l->at[row + 1]; e++) {
        if (l->item[e] % 3) continue;
        double *sum = &had[l->item[e] / 3 - 1];
        *sum = (isnan(*sum) ? 0 : *sum) + (double)l->weight[e];
        any = true;
    }
    for (int64_t i = 0; i < ITEMS; i++) none_positive = none_positive && !(had[i] > 0);
    uint8_t reason = any ? PMKT_CF_ANSWERED : PMKT_CF_UNKNOWN;
    if (model == w->als && any) {
        const int64_t n = l->at[row + 1] - l->at[row], at[2] = {0, n};
        const pmkt_cf_history h = {
            sizeof h, 0, 1, at, l->item + l->at[row], l->weight + l->at[row]};
        REQUIRE(pmkt_cf_fold_in(model, &h, NULL, NULL, x, NULL) == PMKT_OK);
        if (none_positive) reason = PMKT_CF_NO_FACTORS;
    }
    require_items(w, model, q, a, row, had, x, reason);
}

static void require_similar(const world *w, const pmkt_cf *model, bool users, const lists *l,
                            const pmkt_cf_query *q, const answers *a, int64_t row) {
    ranked all[ITEMS];
    const int64_t step = users ? 2 : 3, most = users ? USERS : ITEMS;
    const float *v = users ? w->x : w->y;
    const int64_t me = l->id[row] % (uint64_t)step ? -1 : (int64_t)l->id[row] / step - 1;
    const bool zero = users && me == NOTHING_YET;
    int64_t n = 0;
    REQUIRE(a->reasons[row] ==
            (me < 0 ? PMKT_CF_UNKNOWN : (zero ? PMKT_CF_NO_FACTORS : PMKT_CF_ANSWERED)));
    for (int64_t i = 0; i < most && me >= 0 && !zero; i++) {
        const uint64_t id = (uint64_t)(step * (i + 1));
        if (i == me || !passes(w, q, row, id, users)) continue;
        double score;
        if (model == w->knn) {
            score = w->similarity[me][i];
        } else {
            const double sizes =
                sqrt(dot(v + me * D, v + me * D)) * sqrt(dot(v + i * D, v + i * D));
            score = sizes > 0 ? dot(v + me * D, v + i * D) / sizes : 0;
        }
        if (isnan(score) || (q->has_min_score && (float)score < q->min_score)) continue;
        all[n++] = (ranked){id, (float)score};
    }
    require_row(a, row, q, all, n);
}

/* Asks one way in all ways: at once, on more threads, one by one with a scratch; then checks each row. */
static void try_question(const world *w, const pmkt_cf *model, int question,
                         pmkt_cf_scratch *scratch) {
    static answers a, b;
    static lists l;
    random_lists(&l, question);
    asked *r = random_query(question != SIMILAR_USERS);
    const size_t k = (size_t)(r->query.k ? r->query.k : 10);
    pmkt_cf_answer out = room_in(&a);
    pmkt_run run = PMKT_RUN_INIT;
    pmkt_error err;
    run.threads = 1;
    ck_assert_ok(put(model, question, &l, ROWS, &r->query, &run, &out, &err), err);
    for (run.threads = 2; run.threads <= 4; run.threads += 2) {
        out = room_in(&b);
        ck_assert_ok(put(model, question, &l, ROWS, &r->query, &run, &out, &err), err);
        REQUIRE(memcmp(&a, &b, sizeof a) == 0);
    }
    for (int64_t i = 0; i < ROWS; i++) {
        lists one = {.id = {l.id[i]}, .at = {0, l.at[i + 1] - l.at[i]}};
        memcpy(one.item, l.item + l.at[i], (size_t)one.at[1] * sizeof *one.item);
        memcpy(one.weight, l.weight + l.at[i], (size_t)one.at[1] * sizeof *one.weight);
        pmkt_cf_query q = r->query;
        const int64_t from = q.exclude_at ? q.exclude_at[i] : 0;
        const int64_t at[2] = {0, q.exclude_at ? q.exclude_at[i + 1] - from : 0};
        if (q.exclude_at) q.exclude_at = at, q.exclude += from;
        q.scratch = scratch;
        out = room_in(&b);
        ck_assert_ok(put(model, question, &one, 1, &q, NULL, &out, &err), err);
        REQUIRE(memcmp(a.ids + (size_t)i * k, b.ids, k * sizeof *b.ids) == 0);
        REQUIRE(memcmp(a.scores + (size_t)i * k, b.scores, k * sizeof *b.scores) == 0);
        REQUIRE(a.counts[i] == b.counts[0] && a.reasons[i] == b.reasons[0]);
        if (question == RECOMMEND) require_user(w, model, &l, &r->query, &a, i);
        if (question == HISTORY) require_history(w, model, &l, &r->query, &a, i);
        if (question >= SIMILAR_ITEMS) {
            require_similar(w, model, question == SIMILAR_USERS, &l, &r->query, &a, i);
        }
    }
    free_query(r);
}

static void try_all(int question, int models) {
    pmkt_cf_scratch *scratch = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_scratch_new(NULL, &scratch, &err), err);
    for (int64_t t = 0; t < scaled(100, 6); t++) {
        world *w = a_world((uint64_t)t + 1, NULL);
        const pmkt_cf *each[] = {w->als, w->knn, w->popular};
        for (int m = 0; m < models; m++) try_question(w, each[m], question, scratch);
        free_world(w);
    }
    pmkt_cf_scratch_free(scratch);
}

START_TEST(recommendations_are_the_best_of_all_that_pass) {
    try_all(RECOMMEND, 3);
}
END_TEST

START_TEST(answers_to_histories_are_the_best_of_all_that_pass) {
    try_all(HISTORY, 3);
}
END_TEST

START_TEST(similar_items_are_the_best_of_all_that_pass) {
    try_all(SIMILAR_ITEMS, 2);
}
END_TEST

START_TEST(similar_users_are_the_best_of_all_that_pass) {
    try_all(SIMILAR_USERS, 1);
}
END_TEST

/* --------------------------------------------------------------------- rank */

/* A row of a ranking: the known items of the list, each once, whatever was seen. */
static void require_ranked(const world *w, const pmkt_cf *model, const lists *l, const answers *a,
                           int64_t row) {
    ranked all[6];
    const int64_t from = l->at[row], u = l->id[row] % 2 ? -1 : (int64_t)l->id[row] / 2 - 1;
    const bool zero = model == w->als && u == NOTHING_YET;
    int64_t n = 0;
    REQUIRE(a->reasons[row] ==
            (u < 0 ? PMKT_CF_UNKNOWN : (zero ? PMKT_CF_NO_FACTORS : PMKT_CF_ANSWERED)));
    for (int64_t i = 0; i < ITEMS && u >= 0 && !zero; i++) {
        bool given = false;
        for (int64_t e = from; e < l->at[row + 1]; e++) given |= l->item[e] == w->item_id[i];
        if (!given) continue;
        const double score = score_of(w, model, w->weight[u], &w->x[u * D], i);
        all[n++] = (ranked){w->item_id[i], isnan(score) ? 0 : (float)score};
    }
    qsort(all, (size_t)n, sizeof *all, compare);
    REQUIRE(a->counts[row] == n);
    for (int64_t j = 0; from + j < l->at[row + 1]; j++) {
        REQUIRE(a->ids[from + j] == (j < n ? all[j].id : PMKT_ID_NONE));
        REQUIRE(j < n ? a->scores[from + j] == all[j].score : isnan(a->scores[from + j]));
    }
}

START_TEST(ranking_orders_what_is_given) {
    static answers a, b;
    static lists l;
    pmkt_error err;
    for (int64_t t = 0; t < scaled(100, 6); t++) {
        world *w = a_world((uint64_t)t + 1, NULL);
        const pmkt_cf *each[] = {w->als, w->knn, w->popular};
        for (int m = 0; m < 3; m++) {
            random_lists(&l, RECOMMEND);
            pmkt_run run = PMKT_RUN_INIT;
            run.threads = 1;
            pmkt_cf_answer out = room_in(&a);
            ck_assert_ok(pmkt_cf_rank(each[m], l.id, ROWS, l.at, l.item, NULL, &run, &out, &err),
                         err);
            run.threads = 4;
            out = room_in(&b);
            ck_assert_ok(pmkt_cf_rank(each[m], l.id, ROWS, l.at, l.item, NULL, &run, &out, &err),
                         err);
            REQUIRE(memcmp(&a, &b, sizeof a) == 0);
            for (int64_t row = 0; row < ROWS; row++) require_ranked(w, each[m], &l, &a, row);
        }
        free_world(w);
    }
}
END_TEST

/* -------------------------------------------------------------------- edges */

START_TEST(a_warm_scratch_allocates_nothing_and_starts_no_thread) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    world *w = a_world(1, &allocator);
    const pmkt_cf *each[] = {w->als, w->knn, w->popular};
    static answers a, b;
    lists l = {.id = {6}, .at = {0, 3}, .item = {6, 9, 6}, .weight = {1, 2, 3}};
    const int64_t exclude_at[] = {0, 2};
    const uint64_t exclude[] = {12, 15};
    pmkt_error err;
    const bool watched = threads_watched("a warm scratch starts no thread");
    for (int m = 0; m < 3; m++) {
        pmkt_cf_query q = PMKT_CF_QUERY_INIT;
        q.exclude_at = exclude_at, q.exclude = exclude;
        ck_assert_ok(pmkt_cf_scratch_new(&allocator, &q.scratch, &err), err);
        for (int question = 0; question < (m == 0 ? QUESTIONS : m == 1 ? 3 : 2); question++) {
            pmkt_cf_answer out = room_in(&a);
            ck_assert_ok(put(each[m], question, &l, 1, &q, NULL, &out, &err), err);
            out = room_in(&b);
            faulty_arm(&memory, 1, true);
            if (watched) threads_watch(0);
            ck_assert_ok(put(each[m], question, &l, 1, &q, NULL, &out, &err), err);
            ck_assert_int_eq(memory.calls, 0);
            if (watched) ck_assert_int_eq(threads_started() + threads_refused(), 0);
            faulty_disarm(&memory);
            ck_assert_mem_eq(&a, &b, sizeof a);
        }
        pmkt_cf_answer out = room_in(&a);
        ck_assert_ok(pmkt_cf_rank(each[m], l.id, 1, l.at, l.item, q.scratch, NULL, &out, &err),
                     err);
        faulty_arm(&memory, 1, true);
        ck_assert_ok(pmkt_cf_rank(each[m], l.id, 1, l.at, l.item, q.scratch, NULL, &out, &err),
                     err);
        ck_assert_int_eq(memory.calls, 0);
        faulty_disarm(&memory);
        pmkt_cf_scratch_free(q.scratch);
    }
    free_world(w);
    faulty_check_empty(&memory);
}
END_TEST

#define REFUSED(code, call) ck_assert_int_eq(call, code)

START_TEST(a_hostile_question_is_refused) {
    world *w = a_world(1, NULL);
    const pmkt_cf *each[] = {w->als, w->knn, w->popular};
    static answers a;
    lists l = {.id = {6, 8}, .at = {0, 1, 2}, .item = {6, 9}, .weight = {1, 2}};
    for (int m = 0; m < 3; m++) {
        for (int question = 0; question < (m == 0 ? QUESTIONS : m == 1 ? 3 : 2); question++) {
            const pmkt_cf_answer out = room_in(&a);
            const pmkt_cf_query fresh = PMKT_CF_QUERY_INIT;
            pmkt_cf_query q = fresh;
            const int64_t falls[] = {0, 2, 1}, late[] = {1, 2, 2};
            const uint64_t exclude[] = {3, 6};
            ck_assert_int_eq(put(each[m], question, &l, 2, &q, NULL, &out, NULL), PMKT_OK);
            REFUSED(PMKT_E_INVALID, put(NULL, question, &l, 2, &q, NULL, &out, NULL));
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, 2, &q, NULL, NULL, NULL));
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, -1, &q, NULL, &out, NULL));
            q.k = -1;
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, 2, &q, NULL, &out, NULL));
            q = fresh, q.has_min_score = 1, q.min_score = NAN;
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, 2, &q, NULL, &out, NULL));
            q = fresh, q.fallback = 2;
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, 2, &q, NULL, &out, NULL));
            q = fresh, q.exclude_at = falls, q.exclude = exclude;
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, 2, &q, NULL, &out, NULL));
            q.exclude_at = late;
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, 2, &q, NULL, &out, NULL));
            q.exclude_at = NULL;
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, 2, &q, NULL, &out, NULL));
            q = fresh, q.struct_size = 0;
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, 2, &q, NULL, &out, NULL));
            pmkt_cf_answer without = out;
            without.ids = NULL;
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, 2, NULL, NULL, &without, NULL));
            without = out, without.counts = NULL;
            REFUSED(PMKT_E_INVALID, put(each[m], question, &l, 2, NULL, NULL, &without, NULL));
            without = out, without.scores = NULL, without.reasons = NULL;
            ck_assert_int_eq(put(each[m], question, &l, 2, NULL, NULL, &without, NULL), PMKT_OK);
        }
    }
    free_world(w);
}
END_TEST

START_TEST(a_hostile_history_or_ranking_is_refused) {
    world *w = a_world(1, NULL);
    static answers a;
    const pmkt_cf_answer out = room_in(&a);
    lists l = {.id = {6, 8}, .at = {0, 1, 2}, .item = {6, 9}, .weight = {1, INFINITY}};
    pmkt_error err;
    REFUSED(PMKT_E_BAD_ROW, put(w->knn, HISTORY, &l, 2, NULL, NULL, &out, &err));
    ck_assert_int_eq(err.where, 1);
    l.weight[0] = NAN;
    REFUSED(PMKT_E_BAD_ROW, put(w->als, HISTORY, &l, 2, NULL, NULL, &out, &err));
    ck_assert_int_eq(err.where, 0);
    const int64_t falls[] = {0, 2, 1};
    const pmkt_cf_history h = {sizeof h, 0, 2, falls, l.item, NULL};
    REFUSED(PMKT_E_INVALID, pmkt_cf_recommend_history(w->als, &h, NULL, NULL, &out, &err));
    REFUSED(PMKT_E_INVALID, pmkt_cf_recommend_history(w->als, NULL, NULL, NULL, &out, &err));
    REFUSED(PMKT_E_INVALID, pmkt_cf_rank(w->als, l.id, 2, falls, l.item, NULL, NULL, &out, &err));
    REFUSED(PMKT_E_INVALID, pmkt_cf_rank(w->als, l.id, 2, NULL, l.item, NULL, NULL, &out, &err));
    REFUSED(PMKT_E_INVALID, pmkt_cf_rank(w->als, l.id, 2, l.at, NULL, NULL, NULL, &out, &err));
    REFUSED(PMKT_E_INVALID, pmkt_cf_rank(w->als, NULL, 2, l.at, l.item, NULL, NULL, &out, &err));
    REFUSED(PMKT_E_INVALID, pmkt_cf_rank(NULL, l.id, 2, l.at, l.item, NULL, NULL, &out, &err));
    REFUSED(PMKT_E_INVALID, pmkt_cf_rank(w->als, l.id, 2, l.at, l.item, NULL, NULL, NULL, &err));
    REFUSED(PMKT_E_INVALID, pmkt_cf_recommend(w->als, NULL, 2, NULL, NULL, &out, &err));
    free_world(w);
}
END_TEST

START_TEST(what_a_model_cannot_know_is_unsupported) {
    world *w = a_world(1, NULL);
    static answers a;
    const pmkt_cf_answer out = room_in(&a);
    const lists l = {.id = {6}, .at = {0, 1}, .item = {6}, .weight = {1}};
    pmkt_cf_factors f = {sizeof f, D, USERS, ITEMS, w->user_id, w->item_id, w->x, w->y};
    pmkt_cf *bare = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_from_factors(&f, NULL, NULL, NULL, &bare, &err), err);
    pmkt_cf_query q = PMKT_CF_QUERY_INIT;
    REFUSED(PMKT_E_UNSUPPORTED, put(bare, RECOMMEND, &l, 1, &q, NULL, &out, &err));
    q.keep_seen = 1;
    ck_assert_ok(put(bare, RECOMMEND, &l, 1, &q, NULL, &out, &err), err);
    q.category = 7;
    REFUSED(PMKT_E_UNSUPPORTED, put(bare, RECOMMEND, &l, 1, &q, NULL, &out, &err));
    REFUSED(PMKT_E_UNSUPPORTED, put(w->als, SIMILAR_USERS, &l, 1, &q, NULL, &out, &err));
    q.category = PMKT_ID_NONE, q.fallback = PMKT_CF_POPULAR;
    REFUSED(PMKT_E_UNSUPPORTED, put(bare, HISTORY, &l, 1, &q, NULL, &out, &err));
    REFUSED(PMKT_E_UNSUPPORTED, put(w->popular, SIMILAR_ITEMS, &l, 1, NULL, NULL, &out, &err));
    REFUSED(PMKT_E_UNSUPPORTED, put(w->knn, SIMILAR_USERS, &l, 1, NULL, NULL, &out, &err));
    pmkt_cf_release(bare);
    free_world(w);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cf questions");
    TOPIC(suite, "answers", recommendations_are_the_best_of_all_that_pass,
          answers_to_histories_are_the_best_of_all_that_pass,
          similar_items_are_the_best_of_all_that_pass, similar_users_are_the_best_of_all_that_pass);
    TOPIC(suite, "ranking", ranking_orders_what_is_given);
    TOPIC(suite, "edges", a_warm_scratch_allocates_nothing_and_starts_no_thread,
          a_hostile_question_is_refused, a_hostile_history_or_ranking_is_refused,
          what_a_model_cannot_know_is_unsupported);
    return suite_run(suite);
}
