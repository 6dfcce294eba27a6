#include "support/cf_model.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "support/loop.h"
#include "support/random.h"
#include "support/suite.h"

static pmkt_cf_data *small_data(int64_t users, int64_t items, uint64_t seed,
                                const pmkt_allocator *allocator) {
    uint64_t user_id[MODEL_USERS], item_id[MODEL_ITEMS], category[MODEL_ITEMS];
    int64_t at[MODEL_USERS + 1] = {0};
    int32_t item[MODEL_USERS * MODEL_ITEMS];
    float weight[MODEL_USERS * MODEL_ITEMS];
    int64_t n = 0;
    random_seed(seed);
    for (int64_t i = 0; i < items; i++) {
        item_id[i] = (uint64_t)(3 * (i + 1));
        category[i] = (uint64_t)(7 + i % 3);
    }
    for (int64_t u = 0; u < users; u++) {
        user_id[u] = (uint64_t)(2 * (u + 1));
        for (int32_t i = 0; i < items; i++) {
            if (random_below(3)) continue;
            item[n] = i;
            weight[n++] = (float)random_between(-1, 6);
        }
        at[u + 1] = n;
    }
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = users, m.items = items, m.at = at, m.item = item, m.weight = weight;
    m.user_id = user_id, m.item_id = item_id, m.category = category;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, allocator, NULL, &data, &err), err);
    return data;
}

pmkt_cf *small_model(int kind, uint64_t seed, const pmkt_allocator *allocator) {
    const bool empty = kind == MODEL_EMPTY;
    pmkt_cf_data *data =
        small_data(empty ? 0 : MODEL_USERS, empty ? 0 : MODEL_ITEMS, seed, allocator);
    pmkt_cf *model = NULL;
    pmkt_error err;
    pmkt_status status;
    if (kind == MODEL_ALS || kind == MODEL_UNSEEN) {
        pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
        o.factors = 6, o.iterations = 3, o.seed = seed, o.allocator = allocator;
        o.drop_seen = kind == MODEL_UNSEEN;
        status = pmkt_cf_als_fit(data, &o, NULL, &model, &err);
    } else if (kind == MODEL_KNN) {
        pmkt_cf_knn_options o = PMKT_CF_KNN_OPTIONS_INIT;
        o.neighbors = 8, o.allocator = allocator;
        status = pmkt_cf_knn_fit(data, &o, NULL, &model, &err);
    } else {
        pmkt_cf_popularity_options o = PMKT_CF_POPULARITY_OPTIONS_INIT;
        o.allocator = allocator;
        status = pmkt_cf_popularity_fit(data, &o, NULL, &model, &err);
    }
    ck_assert_ok(status, err);
    pmkt_cf_data_release(data);
    return model;
}

file_bytes model_bytes(const pmkt_cf *model) {
    pmkt_buffer *buffer = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_save_memory(model, NULL, NULL, &buffer, &err), err);
    file_bytes f = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return f;
}

#define ROWS 3
#define K 7

/* Answers as bytes: a failure counts as itself. */
typedef struct answers {
    uint64_t ids[ROWS * K];
    float scores[ROWS * K];
    int32_t counts[ROWS];
    uint8_t reasons[ROWS];
} answers;

static uint64_t fold(uint64_t hash, const void *bytes, size_t n) {
    pmkti_hasher hasher;
    pmkti_hasher_begin(&hasher);
    pmkti_hasher_add(&hasher, &hash, sizeof hash);
    pmkti_hasher_add(&hasher, bytes, n);
    return pmkti_hasher_end(&hasher);
}

static uint64_t take(uint64_t hash, const answers *a, pmkt_status status, bool *damaged) {
    REQUIRE(status == PMKT_OK || status == PMKT_E_UNSUPPORTED || status == PMKT_E_OVERFLOW ||
            status == PMKT_E_CORRUPT);
    *damaged |= status == PMKT_E_CORRUPT;
    hash = fold(hash, &status, sizeof status);
    if (status) return hash;
    hash = fold(hash, a->ids, sizeof a->ids);
    hash = fold(hash, a->scores, sizeof a->scores);
    hash = fold(hash, a->counts, sizeof a->counts);
    return fold(hash, a->reasons, sizeof a->reasons);
}

uint64_t ask_everything(const pmkt_cf *model, bool *damaged) {
    static const uint64_t users[] = {2, 5, 18}, items[] = {3, 60, 61};
    static const uint64_t had[] = {3, 9, 3, 60, 1, 120};
    static const int64_t at[] = {0, 3, 5, 6};
    uint64_t hash = 0;
    for (int way = 0; way < 4; way++) {
        answers a;
        memset(&a, 0, sizeof a);
        pmkt_cf_answer out = {sizeof out, 0, a.ids, a.scores, a.counts, a.reasons};
        pmkt_cf_query q = PMKT_CF_QUERY_INIT;
        const int64_t n = way & 1 ? ROWS : 1;
        q.k = K;
        if (way & 2) q.fallback = PMKT_CF_POPULAR, q.keep_seen = 1;
        pmkt_cf_history h = {sizeof h, 0, n, at, had, NULL};
        hash = take(hash, &a, pmkt_cf_recommend(model, users, n, &q, NULL, &out, NULL), damaged);
        hash = take(hash, &a, pmkt_cf_recommend_history(model, &h, &q, NULL, &out, NULL), damaged);
        hash =
            take(hash, &a, pmkt_cf_similar_items(model, items, n, &q, NULL, &out, NULL), damaged);
        hash =
            take(hash, &a, pmkt_cf_similar_users(model, users, n, &q, NULL, &out, NULL), damaged);
        hash =
            take(hash, &a, pmkt_cf_rank(model, users, n, at, had, NULL, NULL, &out, NULL), damaged);
    }
    return hash;
}
