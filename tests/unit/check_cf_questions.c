/*
 * check_cf_questions.c - questions to models of every kind, against a slow reading of the header: score
 * all items, drop what the filters drop, sort, cut.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"
#include "support/threads.h"

#define USERS 25
#define ITEMS 60
#define D 6

/* The items are 10, 20, ... in three categories, the users 7, 14, ...; user 21 has nothing but a zero. */
typedef struct world {
    float w[USERS][ITEMS]; /* NaN: no entry */
    pmkt_cf_data *data;
    pmkt_cf *model;
    pmkt_cf_factors f; /* of ALS */
} world;

static uint64_t user_id(int64_t u) {
    return 7 * ((uint64_t)u + 1);
}

static uint64_t item_id(int64_t i) {
    return 10 * ((uint64_t)i + 1);
}

static pmkt_cf_data *data_of(world *v) {
    static uint64_t users[USERS], items[ITEMS], category[ITEMS];
    int64_t at[USERS + 1] = {0};
    int32_t item[USERS * ITEMS];
    float weight[USERS * ITEMS];
    int64_t n = 0;
    for (int64_t u = 0; u < USERS; u++) {
        users[u] = user_id(u);
        for (int64_t i = 0; i < ITEMS; i++) {
            v->w[u][i] = NAN;
            if (u == 2 ? i != 5 : random_below(6) > 0) continue;
            v->w[u][i] = u == 2 ? 0 : (float)(random_below(9) - 1) / 2;
            item[n] = (int32_t)i;
            weight[n++] = v->w[u][i];
        }
        at[u + 1] = n;
    }
    for (int64_t i = 0; i < ITEMS; i++) items[i] = item_id(i), category[i] = 1 + (uint64_t)i % 3;
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = USERS, m.items = ITEMS, m.at = at, m.item = item, m.weight = weight;
    m.user_id = users, m.item_id = items, m.category = category;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
    return data;
}

static world a_world(int32_t kind, uint64_t seed) {
    world v = {.f = PMKT_CF_FACTORS_INIT};
    pmkt_error err;
    random_seed(seed);
    v.data = data_of(&v);
    if (kind == PMKT_CF_ALS) {
        pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
        o.factors = D, o.iterations = 3, o.seed = seed;
        ck_assert_ok(pmkt_cf_als_fit(v.data, &o, NULL, &v.model, &err), err);
        ck_assert_ok(pmkt_cf_get_factors(v.model, &v.f, &err), err);
    } else if (kind == PMKT_CF_KNN) {
        ck_assert_ok(pmkt_cf_knn_fit(v.data, NULL, NULL, &v.model, &err), err);
    } else {
        ck_assert_ok(pmkt_cf_popularity_fit(v.data, NULL, NULL, &v.model, &err), err);
    }
    return v;
}

static void free_world(world *v) {
    pmkt_cf_release(v->model);
    pmkt_cf_data_release(v->data);
}

/* ---------------------------------------------------------------- slow code */

static double popularity(const world *v, int64_t i) {
    double sum = 0;
    for (int64_t u = 0; u < USERS; u++) sum += v->w[u][i] > 0 ? (double)v->w[u][i] : 0;
    return sum;
}

static double cosine_of_columns(const world *v, int64_t a, int64_t b) {
    double ab = 0, aa = 0, bb = 0;
    for (int64_t u = 0; u < USERS; u++) {
        const double x = v->w[u][a] > 0 ? (double)v->w[u][a] : 0;
        const double y = v->w[u][b] > 0 ? (double)v->w[u][b] : 0;
        ab += x * y, aa += x * x, bb += y * y;
    }
    return ab > 0 ? ab / sqrt(aa) / sqrt(bb) : 0;
}

/* The score of an item for who had `had` (NaN: not), or whose factors are x; NaN: no candidate. */
static double slow_score(const world *v, int32_t kind, const float *had, const float *x,
                         int64_t i) {
    if (kind == PMKT_CF_POPULARITY) return popularity(v, i);
    if (kind == PMKT_CF_ALS) {
        double s = 0;
        for (int64_t j = 0; j < D; j++) s += (double)x[j] * (double)v->f.item_factors[i * D + j];
        return s;
    }
    double s = 0;
    bool any = false;
    for (int64_t j = 0; j < ITEMS; j++) {
        const double c = j == i || isnan(had[j]) ? 0 : cosine_of_columns(v, i, j);
        s += c > 0 ? (double)had[j] * c : 0;
        any = any || c > 0;
    }
    return any ? s : NAN;
}

/* What a query asks, in the slow way. */
typedef struct filters {
    bool allowed[ITEMS], denied[ITEMS], excluded[ITEMS];
    uint64_t category;
    bool keep_seen, has_min;
    float min;
} filters;

static bool passes(const filters *f, const float *had, int64_t i) {
    return f->allowed[i] && !f->denied[i] && !f->excluded[i] &&
           (f->category == 0 || f->category == 1 + (uint64_t)i % 3) &&
           (f->keep_seen || !had || isnan(had[i]));
}

typedef struct answer {
    int64_t n;
    uint64_t ids[ITEMS];
    double scores[ITEMS];
} answer;

/* All candidates that pass, best first. */
static answer slow_answer(const world *v, int32_t kind, const filters *f, const float *had,
                          const float *x, bool min_applies) {
    answer a = {0};
    bool taken[ITEMS] = {false};
    for (;;) {
        int64_t best = -1;
        double most = 0;
        for (int64_t i = 0; i < ITEMS; i++) {
            if (taken[i] || !passes(f, had, i)) continue;
            const double s = slow_score(v, kind, had, x, i);
            if (isnan(s) || (min_applies && f->has_min && (float)s < f->min)) continue;
            if (best < 0 || s > most + 1e-9) best = i, most = s;
        }
        if (best < 0) return a;
        taken[best] = true;
        a.ids[a.n] = item_id(best);
        a.scores[a.n++] = most;
    }
}

/* The same ids where scores differ, the same scores everywhere. */
static void same(const answer *slow, int64_t k, const uint64_t *ids, const float *scores,
                 int32_t count) {
    REQUIRE(count == (k < slow->n ? k : slow->n));
    for (int64_t i = 0; i < k; i++) {
        if (i >= count) {
            REQUIRE(ids[i] == PMKT_ID_NONE && isnan(scores[i]));
            continue;
        }
        REQUIRE(fabs((double)scores[i] - slow->scores[i]) < 1e-5 * (1 + fabs(slow->scores[i])));
        const bool near_tie = (i > 0 && slow->scores[i - 1] - slow->scores[i] < 1e-5) ||
                              (i + 1 < slow->n && slow->scores[i] - slow->scores[i + 1] < 1e-5);
        if (!near_tie) REQUIRE(ids[i] == slow->ids[i]);
    }
}

/* ---------------------------------------------------------------- recommend */

/* A random query, fast and slow. */
typedef struct asked {
    pmkt_cf_query q;
    filters f;
    pmkt_idset *allow, *deny;
    int64_t at[USERS + 2];
    uint64_t exclude[4];
} asked;

static pmkt_idset *a_set(bool *in) {
    uint64_t ids[ITEMS + 1] = {5}; /* no item of the model's */
    int64_t n = 1;
    for (int64_t i = 0; i < ITEMS; i++) {
        in[i] = random_below(3) > 0;
        if (in[i]) ids[n++] = item_id(i);
    }
    pmkt_idset *set = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_idset_new(ids, n, NULL, &set, &err), err);
    return set;
}

static void ask_at_random(asked *a, int64_t rows) {
    memset(a, 0, sizeof *a);
    pmkt_cf_query_init(&a->q);
    const int32_t ks[] = {1, 3, 10, ITEMS + 5};
    a->q.k = ks[random_below(LENGTH(ks))];
    for (int64_t i = 0; i < ITEMS; i++) a->f.allowed[i] = true;
    if (random_below(2)) a->q.allow = a->allow = a_set(a->f.allowed);
    if (random_below(2)) a->q.deny = a->deny = a_set(a->f.denied);
    if (random_below(3) == 0) a->q.category = a->f.category = 1 + (uint64_t)random_below(3);
    a->f.keep_seen = random_below(2);
    a->q.keep_seen = a->f.keep_seen;
    if (random_below(3) == 0) {
        a->f.has_min = true, a->f.min = (float)random_below(100) / 100;
        a->q.has_min_score = 1, a->q.min_score = a->f.min;
    }
    a->q.fallback = random_below(2) ? PMKT_CF_POPULAR : PMKT_CF_NOTHING;
    if (random_below(2)) {
        /* The first row alone excludes something: the rest of the rows must not. */
        for (int64_t i = 0; i < 4; i++) {
            const int64_t item = random_below(ITEMS + 1);
            a->exclude[i] = item < ITEMS ? item_id(item) : 3;
        }
        for (int64_t r = 1; r <= rows; r++) a->at[r] = 4;
        a->q.exclude_at = a->at, a->q.exclude = a->exclude;
    }
}

static filters of_row(const asked *a, int64_t row) {
    filters f = a->f;
    for (int64_t i = 0; row == 0 && a->q.exclude_at && i < 4; i++) {
        if (a->exclude[i] != 3) f.excluded[a->exclude[i] / 10 - 1] = true;
    }
    return f;
}

static void forget(asked *a) {
    pmkt_idset_free(a->allow);
    pmkt_idset_free(a->deny);
}

typedef struct given {
    uint64_t ids[(USERS + 1) * (ITEMS + 5)];
    float scores[(USERS + 1) * (ITEMS + 5)];
    int32_t counts[USERS + 1];
    uint8_t reasons[USERS + 1];
} given;

static pmkt_cf_answer into(given *g) {
    memset(g, 1, sizeof *g);
    pmkt_cf_answer a = PMKT_CF_ANSWER_INIT;
    a.ids = g->ids, a.scores = g->scores, a.counts = g->counts, a.reasons = g->reasons;
    return a;
}

static void check_rows(const world *v, int32_t kind, const asked *a, const given *g) {
    const int64_t k = a->q.k;
    for (int64_t r = 0; r <= USERS; r++) {
        const filters f = of_row(a, r);
        const bool is_stranger = r == USERS, is_empty = kind == PMKT_CF_ALS && r == 2;
        const float *had = is_stranger ? NULL : v->w[r];
        answer slow = {0};
        uint8_t reason = PMKT_CF_ANSWERED;
        if (is_stranger || is_empty) {
            reason = is_stranger ? PMKT_CF_UNKNOWN : PMKT_CF_NO_FACTORS;
            if (a->q.fallback == PMKT_CF_POPULAR) {
                reason = PMKT_CF_FELL_BACK;
                slow = slow_answer(v, PMKT_CF_POPULARITY, &f, had, NULL, false);
            }
        } else {
            slow = slow_answer(v, kind, &f, had,
                               v->f.user_factors ? v->f.user_factors + r * D : NULL, true);
        }
        REQUIRE(g->reasons[r] == reason);
        same(&slow, k, g->ids + r * k, g->scores + r * k, g->counts[r]);
    }
}

START_TEST(recommend_is_all_items_filtered_and_sorted) {
    static given many, one;
    for (int32_t kind = PMKT_CF_ALS; kind <= PMKT_CF_POPULARITY; kind++) {
        world v = a_world(kind, (uint64_t)kind);
        uint64_t users[USERS + 1];
        for (int64_t u = 0; u < USERS; u++) users[u] = user_id(u);
        users[USERS] = 8; /* nobody */
        pmkt_error err;
        for (int64_t round = 0; round < scaled(60, 10); round++) {
            asked a;
            ask_at_random(&a, USERS + 1);
            const pmkt_cf_answer to = into(&many);
            ck_assert_ok(pmkt_cf_recommend(v.model, users, USERS + 1, &a.q, NULL, &to, &err), err);
            check_rows(&v, kind, &a, &many);
            /* One by one, the same bytes. */
            for (int64_t r = 0; r <= USERS; r++) {
                pmkt_cf_query q = a.q;
                if (r > 0) q.exclude_at = NULL, q.exclude = NULL;
                const pmkt_cf_answer alone = into(&one);
                ck_assert_ok(pmkt_cf_recommend(v.model, &users[r], 1, &q, NULL, &alone, &err), err);
                const size_t k = (size_t)q.k, from = (size_t)r * k;
                REQUIRE(memcmp(one.ids, many.ids + from, k * sizeof *one.ids) == 0);
                REQUIRE(memcmp(one.scores, many.scores + from, k * sizeof *one.scores) == 0);
                REQUIRE(one.counts[0] == many.counts[r] && one.reasons[0] == many.reasons[r]);
            }
            forget(&a);
        }
        free_world(&v);
    }
}
END_TEST

/* ------------------------------------------------------------------ history */

START_TEST(a_history_is_answered_as_its_factors_are) {
    static given g;
    for (int32_t kind = PMKT_CF_ALS; kind <= PMKT_CF_POPULARITY; kind++) {
        world v = a_world(kind, 40 + (uint64_t)kind);
        pmkt_error err;
        for (int64_t round = 0; round < scaled(60, 10); round++) {
            asked a;
            ask_at_random(&a, 1);
            float had[ITEMS];
            uint64_t items[9] = {77}; /* unknown */
            float weights[9] = {2};
            const int64_t at[] = {0, 1 + random_below(9)};
            for (int64_t i = 0; i < ITEMS; i++) had[i] = NAN;
            for (int64_t e = 1; e < at[1]; e++) {
                const int64_t i = random_below(ITEMS);
                items[e] = item_id(i);
                weights[e] = (float)(1 + random_below(8)) / 4;
                had[i] = isnan(had[i]) ? weights[e] : had[i] + weights[e];
            }
            pmkt_cf_history h = PMKT_CF_HISTORY_INIT;
            h.rows = 1, h.at = at, h.items = items, h.weights = weights;
            float x[D] = {0};
            if (kind == PMKT_CF_ALS) {
                ck_assert_ok(pmkt_cf_fold_in(v.model, &h, NULL, NULL, x, &err), err);
            }
            const pmkt_cf_answer to = into(&g);
            ck_assert_ok(pmkt_cf_recommend_history(v.model, &h, &a.q, NULL, &to, &err), err);
            const filters f = of_row(&a, 0);
            const bool unknown = at[1] == 1, falls = a.q.fallback == PMKT_CF_POPULAR;
            answer slow = {0};
            if (!unknown)
                slow = slow_answer(&v, kind, &f, had, x, true);
            else if (falls)
                slow = slow_answer(&v, PMKT_CF_POPULARITY, &f, had, x, false);
            REQUIRE(g.reasons[0] == (!unknown ? PMKT_CF_ANSWERED
                                     : falls  ? PMKT_CF_FELL_BACK
                                              : PMKT_CF_UNKNOWN));
            same(&slow, a.q.k, g.ids, g.scores, g.counts[0]);
            forget(&a);
        }
        free_world(&v);
    }
}
END_TEST

/* --------------------------------------------------------- similar and rank */

START_TEST(similar_items_are_those_of_the_least_angle) {
    world v = a_world(PMKT_CF_ALS, 50);
    pmkt_error err;
    for (int64_t i = 0; i < ITEMS; i++) {
        const uint64_t id = item_id(i);
        uint64_t ids[ITEMS];
        float scores[ITEMS];
        int32_t count = 0;
        pmkt_cf_answer to = PMKT_CF_ANSWER_INIT;
        to.ids = ids, to.scores = scores, to.counts = &count;
        pmkt_cf_query q = PMKT_CF_QUERY_INIT;
        q.k = ITEMS;
        ck_assert_ok(pmkt_cf_similar_items(v.model, &id, 1, &q, NULL, &to, &err), err);
        bool is_zero = true; /* nobody had it but with a weight of zero */
        for (int64_t j = 0; j < D; j++) is_zero = is_zero && v.f.item_factors[i * D + j] == 0;
        ck_assert_int_eq(count, is_zero ? 0 : ITEMS - 1);
        for (int32_t r = 0; r < count; r++) {
            const float *a = v.f.item_factors + i * D;
            const float *b = v.f.item_factors + (int64_t)(ids[r] / 10 - 1) * D;
            double ab = 0, aa = 0, bb = 0;
            for (int64_t j = 0; j < D; j++) {
                ab += (double)a[j] * (double)b[j];
                aa += (double)a[j] * (double)a[j], bb += (double)b[j] * (double)b[j];
            }
            const double cosine = bb > 0 ? ab / sqrt(aa) / sqrt(bb) : 0;
            REQUIRE(ids[r] != id && fabs((double)scores[r] - cosine) < 1e-6);
            REQUIRE(r == 0 || scores[r] < scores[r - 1] ||
                    (scores[r] == scores[r - 1] && ids[r] > ids[r - 1]));
        }
    }
    free_world(&v);
}
END_TEST

START_TEST(rank_orders_what_is_given) {
    for (int32_t kind = PMKT_CF_ALS; kind <= PMKT_CF_POPULARITY; kind++) {
        world v = a_world(kind, 60 + (uint64_t)kind);
        pmkt_error err;
        const uint64_t users[] = {user_id(4), 8, user_id(9)};
        const int64_t at[] = {0, 6, 8, 8};
        const uint64_t items[] = {item_id(3), 77,          item_id(50), item_id(3),
                                  item_id(0), item_id(20), item_id(1),  item_id(2)};
        uint64_t ids[8];
        float scores[8];
        int32_t counts[3];
        uint8_t reasons[3];
        pmkt_cf_answer to = PMKT_CF_ANSWER_INIT;
        to.ids = ids, to.scores = scores, to.counts = counts, to.reasons = reasons;
        ck_assert_ok(pmkt_cf_rank(v.model, users, 3, at, items, NULL, NULL, &to, &err), err);
        ck_assert_int_eq(counts[0], 4);
        ck_assert_int_eq(counts[1], 0);
        ck_assert_int_eq(counts[2], 0);
        ck_assert_int_eq(reasons[1], PMKT_CF_UNKNOWN);
        for (int32_t r = 0; r < 4; r++) {
            const int64_t i = (int64_t)(ids[r] / 10) - 1;
            REQUIRE(i == 3 || i == 50 || i == 0 || i == 20);
            double s =
                slow_score(&v, kind, v.w[4], v.f.user_factors ? v.f.user_factors + 4 * D : NULL, i);
            if (isnan(s)) s = 0; /* without a neighbor among what the user has */
            REQUIRE(fabs((double)scores[r] - s) < 1e-5 * (1 + fabs(s)));
            REQUIRE(r == 0 || scores[r] < scores[r - 1] ||
                    (scores[r] == scores[r - 1] && ids[r] > ids[r - 1]));
        }
        for (int32_t r = 4; r < 8; r++) REQUIRE(ids[r] == PMKT_ID_NONE && isnan(scores[r]));
        free_world(&v);
    }
}
END_TEST

/* ------------------------------------------------- threads and allocations */

START_TEST(one_row_starts_no_thread_and_allocates_nothing) {
    const bool watched = threads_watched("one_row_starts_no_thread_and_allocates_nothing");
    for (int32_t kind = PMKT_CF_ALS; kind <= PMKT_CF_POPULARITY; kind++) {
        world v = a_world(kind, 70);
        faulty f = {0};
        const pmkt_allocator allocator = faulty_allocator(&f);
        pmkt_cf_scratch *scratch = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_cf_scratch_new(&allocator, &scratch, &err), err);
        const uint64_t user = user_id(4), items[] = {item_id(1), item_id(9)}, without = item_id(2);
        const int64_t at[] = {0, 2}, exclude_at[] = {0, 1};
        pmkt_cf_history h = PMKT_CF_HISTORY_INIT;
        h.rows = 1, h.at = at, h.items = items;
        pmkt_cf_query q = PMKT_CF_QUERY_INIT;
        q.scratch = scratch, q.exclude_at = exclude_at, q.exclude = &without;
        uint64_t ids[10];
        int32_t count;
        pmkt_cf_answer to = PMKT_CF_ANSWER_INIT;
        to.ids = ids, to.counts = &count;
        if (watched) threads_watch(0);
        for (int round = 0; round < 2; round++) {
            if (round == 1) faulty_arm(&f, 1, true); /* warm: nothing more may be asked for */
            ck_assert_ok(pmkt_cf_recommend(v.model, &user, 1, &q, NULL, &to, &err), err);
            ck_assert_ok(pmkt_cf_recommend_history(v.model, &h, &q, NULL, &to, &err), err);
            ck_assert_ok(pmkt_cf_rank(v.model, &user, 1, at, items, scratch, NULL, &to, &err), err);
        }
        ck_assert_int_eq(f.calls, 0);
        if (watched) ck_assert_int_eq(threads_started() + threads_refused(), 0);
        faulty_disarm(&f);
        pmkt_cf_scratch_free(scratch);
        faulty_check_empty(&f);
        free_world(&v);
    }
}
END_TEST

/* ----------------------------------------------------------------- bad calls */

START_TEST(bad_questions_are_refused) {
    world v = a_world(PMKT_CF_ALS, 80);
    const uint64_t user = user_id(1);
    uint64_t ids[20];
    int32_t counts[2];
    pmkt_error err;
    pmkt_cf_answer to = PMKT_CF_ANSWER_INIT;
    to.ids = ids, to.counts = counts;
    pmkt_cf_query q = PMKT_CF_QUERY_INIT;
    q.k = -1;
    ck_assert_int_eq(pmkt_cf_recommend(v.model, &user, 1, &q, NULL, &to, &err), PMKT_E_INVALID);
    q.k = 3, q.has_min_score = 1, q.min_score = NAN;
    ck_assert_int_eq(pmkt_cf_recommend(v.model, &user, 1, &q, NULL, &to, &err), PMKT_E_INVALID);
    pmkt_cf_query_init(&q);
    q.fallback = 2;
    ck_assert_int_eq(pmkt_cf_recommend(v.model, &user, 1, &q, NULL, &to, &err), PMKT_E_INVALID);
    pmkt_cf_query_init(&q);
    const int64_t falls[] = {0, 2, 1}, late[] = {1, 1}, good[] = {0, 1};
    const uint64_t exclude[] = {10, 20}, users[] = {user, user};
    q.exclude_at = falls, q.exclude = exclude;
    ck_assert_int_eq(pmkt_cf_recommend(v.model, users, 2, &q, NULL, &to, &err), PMKT_E_INVALID);
    q.exclude_at = late;
    ck_assert_int_eq(pmkt_cf_recommend(v.model, &user, 1, &q, NULL, &to, &err), PMKT_E_INVALID);
    q.exclude_at = good, q.exclude = NULL;
    ck_assert_int_eq(pmkt_cf_recommend(v.model, &user, 1, &q, NULL, &to, &err), PMKT_E_INVALID);
    q.exclude_at = NULL, q.exclude = exclude;
    ck_assert_int_eq(pmkt_cf_recommend(v.model, &user, 1, &q, NULL, &to, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_recommend(v.model, &user, -1, NULL, NULL, &to, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_recommend(v.model, NULL, 1, NULL, NULL, &to, &err), PMKT_E_INVALID);
    to.counts = NULL;
    ck_assert_int_eq(pmkt_cf_recommend(v.model, &user, 1, NULL, NULL, &to, &err), PMKT_E_INVALID);
    to.counts = counts;
    ck_assert_ok(pmkt_cf_recommend(v.model, NULL, 0, NULL, NULL, &to, &err), err);

    const float bad_weight[] = {NAN};
    pmkt_cf_history h = PMKT_CF_HISTORY_INIT;
    h.rows = 1, h.at = good, h.items = exclude, h.weights = bad_weight;
    ck_assert_int_eq(pmkt_cf_recommend_history(v.model, &h, NULL, NULL, &to, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where, 0);
    pmkt_cf_query_init(&q);
    q.category = 1;
    ck_assert_int_eq(pmkt_cf_similar_users(v.model, &user, 1, &q, NULL, &to, &err),
                     PMKT_E_UNSUPPORTED);
    free_world(&v);

    v = a_world(PMKT_CF_POPULARITY, 81);
    float x[D];
    h.weights = NULL;
    ck_assert_int_eq(pmkt_cf_fold_in(v.model, &h, NULL, NULL, x, &err), PMKT_E_UNSUPPORTED);
    ck_assert_int_eq(pmkt_cf_similar_items(v.model, exclude, 1, NULL, NULL, &to, &err),
                     PMKT_E_UNSUPPORTED);
    pmkt_cf_factors f = PMKT_CF_FACTORS_INIT;
    ck_assert_int_eq(pmkt_cf_get_factors(v.model, &f, &err), PMKT_E_UNSUPPORTED);
    free_world(&v);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cf_questions");
    TOPIC(suite, "recommend", recommend_is_all_items_filtered_and_sorted,
          a_history_is_answered_as_its_factors_are);
    TOPIC(suite, "similar and rank", similar_items_are_those_of_the_least_angle,
          rank_orders_what_is_given);
    TOPIC(suite, "one row", one_row_starts_no_thread_and_allocates_nothing);
    TOPIC(suite, "bad calls", bad_questions_are_refused);
    return suite_run(suite);
}
