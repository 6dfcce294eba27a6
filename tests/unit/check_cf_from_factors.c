/*
 * check_cf_from_factors.c - models from factors that were made elsewhere: ids in any order, what is refused,
 * and what the data beside them gives.
 */
#include <math.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/suite.h"

#define D 2

static const uint64_t user_id[] = {50, 7, 20}, item_id[] = {9, 300, 4, 80};
static const float user_factors[] = {1, 2, 3, 4, 5, 6};
static const float item_factors[] = {10, 0, 0, 20, 1, 1, -1, 3};

static pmkt_cf_factors the_factors(void) {
    return (pmkt_cf_factors){
        sizeof(pmkt_cf_factors), D, 3, 4, user_id, item_id, user_factors, item_factors};
}

static pmkt_cf *made(const pmkt_cf_factors *f, const pmkt_cf_data *seen, bool drop_seen) {
    pmkt_cf *model = NULL;
    pmkt_error err;
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.drop_seen = drop_seen;
    ck_assert_ok(pmkt_cf_from_factors(f, seen, &o, NULL, &model, &err), err);
    return model;
}

static void require_factors(const pmkt_cf *model) {
    static const uint64_t users[] = {7, 20, 50}, items[] = {4, 9, 80, 300};
    static const float of_users[] = {3, 4, 5, 6, 1, 2}, of_items[] = {1, 1, 10, 0, -1, 3, 0, 20};
    pmkt_cf_factors f = PMKT_CF_FACTORS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_get_factors(model, &f, &err), err);
    ck_assert_int_eq(f.factors, D);
    ck_assert_int_eq(f.users, 3);
    ck_assert_int_eq(f.items, 4);
    ck_assert_mem_eq(f.user_id, users, sizeof users);
    ck_assert_mem_eq(f.item_id, items, sizeof items);
    ck_assert_mem_eq(f.user_factors, of_users, sizeof of_users);
    ck_assert_mem_eq(f.item_factors, of_items, sizeof of_items);
}

START_TEST(factors_come_back_in_the_order_of_ids) {
    const pmkt_cf_factors f = the_factors();
    pmkt_cf *model = made(&f, NULL, false);
    require_factors(model);
    pmkt_cf_factors out = PMKT_CF_FACTORS_INIT;
    ck_assert_int_eq(pmkt_cf_get_factors(model, &out, NULL), PMKT_OK);
    pmkt_cf *again = made(&out, NULL, false);
    pmkt_cf_release(model);
    require_factors(again);
    pmkt_cf_release(again);
}
END_TEST

START_TEST(without_ids_rows_are_numbered_from_one) {
    pmkt_cf_factors f = the_factors();
    f.user_id = f.item_id = NULL;
    pmkt_cf *model = made(&f, NULL, false);
    const uint64_t *users = NULL, *items = NULL;
    int64_t n_users = 0, n_items = 0;
    ck_assert_int_eq(pmkt_cf_ids(model, &users, &n_users, &items, &n_items, NULL), PMKT_OK);
    ck_assert_int_eq(n_users, 3);
    ck_assert_int_eq(n_items, 4);
    for (uint64_t i = 0; i < 3; i++) ck_assert_uint_eq(users[i], i + 1);
    for (uint64_t i = 0; i < 4; i++) ck_assert_uint_eq(items[i], i + 1);
    pmkt_cf_release(model);
}
END_TEST

/* Data whose user 8 and item 5 the factors do not have. */
static pmkt_cf_data *some_data(void) {
    static const uint64_t users[] = {7, 8, 50}, items[] = {4, 5, 300};
    static const uint64_t category[] = {70, 71, 72};
    static const int64_t at[] = {0, 2, 4, 6};
    static const int32_t item[] = {0, 1, 1, 2, 0, 2};
    static const float weight[] = {2, 3, 4, 5, -6, 7};
    pmkt_cf_matrix m = {sizeof m, 0, 3, 3, at, item, weight, users, items, category};
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
    return data;
}

static void require_answer(const pmkt_cf *model, uint64_t user, const pmkt_cf_query *q,
                           const uint64_t *ids, const float *scores, int32_t n) {
    uint64_t got[10];
    float score[10];
    int32_t count = -1;
    const pmkt_cf_answer out = {sizeof out, 0, got, score, &count, NULL};
    pmkt_error err;
    ck_assert_ok(pmkt_cf_recommend(model, &user, 1, q, NULL, &out, &err), err);
    ck_assert_int_eq(count, n);
    for (int32_t i = 0; i < n; i++) {
        ck_assert_uint_eq(got[i], ids[i]);
        ck_assert_float_eq(score[i], scores[i]);
    }
}

START_TEST(seen_data_gives_exclusions_popularity_and_categories) {
    pmkt_cf_data *data = some_data();
    const pmkt_cf_factors f = the_factors();
    pmkt_cf *model = made(&f, data, false);
    pmkt_cf_data_counts counts = PMKT_CF_DATA_COUNTS_INIT;
    ck_assert_int_eq(pmkt_cf_data_info(data, &counts, NULL), PMKT_OK);
    pmkt_cf_data_release(data);
    require_factors(model);
    pmkt_cf_facts facts = PMKT_CF_FACTS_INIT;
    ck_assert_int_eq(pmkt_cf_info(model, &facts, NULL), PMKT_OK);
    ck_assert_int_eq(facts.kind, PMKT_CF_ALS);
    ck_assert_int_eq(facts.has_seen, 1);
    ck_assert_int_eq(facts.entries, 6);
    ck_assert_uint_eq(facts.data_hash, counts.hash);
    pmkt_cf_query q = PMKT_CF_QUERY_INIT;
    /* 7 = (3, 4) had item 4; 50 = (1, 2) had 4 and 300; of 20 = (5, 6) the data knows nothing. */
    require_answer(model, 7, &q, (const uint64_t[]){300, 9, 80}, (const float[]){80, 30, 9}, 3);
    require_answer(model, 50, &q, (const uint64_t[]){9, 80}, (const float[]){10, 5}, 2);
    require_answer(model, 20, &q, (const uint64_t[]){300, 9, 80, 4},
                   (const float[]){120, 50, 13, 11}, 4);
    q.category = 72;
    require_answer(model, 20, &q, (const uint64_t[]){300}, (const float[]){120}, 1);
    q.category = 71;
    require_answer(model, 20, &q, NULL, NULL, 0);
    q.category = PMKT_ID_NONE, q.fallback = PMKT_CF_POPULAR;
    require_answer(model, 8, &q, (const uint64_t[]){300, 4, 9, 80}, (const float[]){12, 2, 0, 0},
                   4);
    pmkt_cf_release(model);
}
END_TEST

START_TEST(dropped_seen_data_gives_popularity_alone) {
    pmkt_cf_data *data = some_data();
    const pmkt_cf_factors f = the_factors();
    pmkt_cf *model = made(&f, data, true);
    pmkt_cf_data_release(data);
    const uint64_t user = 7;
    uint64_t ids[10];
    int32_t count = 0;
    const pmkt_cf_answer out = {sizeof out, 0, ids, NULL, &count, NULL};
    ck_assert_int_eq(pmkt_cf_recommend(model, &user, 1, NULL, NULL, &out, NULL),
                     PMKT_E_UNSUPPORTED);
    pmkt_cf_query q = PMKT_CF_QUERY_INIT;
    q.keep_seen = 1, q.fallback = PMKT_CF_POPULAR;
    require_answer(model, 7, &q, (const uint64_t[]){300, 9, 80, 4}, (const float[]){80, 30, 9, 7},
                   4);
    require_answer(model, 8, &q, (const uint64_t[]){300, 4, 9, 80}, (const float[]){12, 2, 0, 0},
                   4);
    pmkt_cf_release(model);
}
END_TEST

static void require_refused(const pmkt_cf_factors *f, pmkt_status status, int64_t where) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.allocator = &allocator;
    pmkt_cf *model = (pmkt_cf *)&memory;
    pmkt_error err;
    ck_assert_int_eq(pmkt_cf_from_factors(f, NULL, &o, NULL, &model, &err), status);
    ck_assert_int_eq(err.code, status);
    if (status == PMKT_E_BAD_ROW) ck_assert_int_eq(err.where, where);
    ck_assert_ptr_eq(model, &memory);
    faulty_check_empty(&memory);
}

START_TEST(bad_rows_are_named) {
    static const uint64_t twice[] = {9, 4, 30, 9}, none[] = {8, PMKT_ID_NONE, 7};
    pmkt_cf_factors f = the_factors();
    f.item_id = twice;
    require_refused(&f, PMKT_E_BAD_ROW, 3 + 3);
    f = the_factors(), f.user_id = none;
    require_refused(&f, PMKT_E_BAD_ROW, 1);
    float factors[8];
    memcpy(factors, item_factors, sizeof factors);
    factors[5] = NAN;
    f = the_factors(), f.item_factors = factors;
    require_refused(&f, PMKT_E_BAD_ROW, 3 + 2);
    factors[5] = 1, factors[1] = -INFINITY;
    f = the_factors(), f.user_factors = factors;
    require_refused(&f, PMKT_E_BAD_ROW, 0);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused) {
    pmkt_cf_factors f = the_factors();
    f.factors = 0;
    require_refused(&f, PMKT_E_INVALID, 0);
    f.factors = 1025;
    require_refused(&f, PMKT_E_INVALID, 0);
    f = the_factors(), f.users = -1;
    require_refused(&f, PMKT_E_INVALID, 0);
    f = the_factors(), f.items = INT64_C(1) << 31;
    require_refused(&f, PMKT_E_LIMIT, 0);
    f = the_factors(), f.user_factors = NULL;
    require_refused(&f, PMKT_E_INVALID, 0);
    f = the_factors(), f.item_factors = NULL;
    require_refused(&f, PMKT_E_INVALID, 0);
    f = the_factors(), f.struct_size = 0;
    require_refused(&f, PMKT_E_INVALID, 0);
    require_refused(NULL, PMKT_E_INVALID, 0);
    f = the_factors();
    ck_assert_int_eq(pmkt_cf_from_factors(&f, NULL, NULL, NULL, NULL, NULL), PMKT_E_INVALID);
}
END_TEST

START_TEST(no_users_is_a_model_for_histories) {
    pmkt_cf_factors f = the_factors();
    f.users = 0, f.user_id = NULL, f.user_factors = NULL;
    pmkt_cf *model = made(&f, NULL, false);
    const int64_t at[] = {0, 1};
    const uint64_t had = 300;
    const pmkt_cf_history h = {sizeof h, 0, 1, at, &had, NULL};
    uint64_t ids[10];
    int32_t count = 0;
    uint8_t reason = 9;
    const pmkt_cf_answer out = {sizeof out, 0, ids, NULL, &count, &reason};
    pmkt_error err;
    ck_assert_ok(pmkt_cf_recommend_history(model, &h, NULL, NULL, &out, &err), err);
    ck_assert_int_eq(count, 3); /* all but what was had */
    ck_assert_uint_eq(reason, PMKT_CF_ANSWERED);
    for (int32_t i = 0; i < count; i++) ck_assert_uint_ne(ids[i], had);
    pmkt_cf_release(model);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cf from factors");
    TOPIC(suite, "ids", factors_come_back_in_the_order_of_ids,
          without_ids_rows_are_numbered_from_one, no_users_is_a_model_for_histories);
    TOPIC(suite, "seen", seen_data_gives_exclusions_popularity_and_categories,
          dropped_seen_data_gives_popularity_alone);
    TOPIC(suite, "refused", bad_rows_are_named, what_makes_no_sense_is_refused);
    return suite_run(suite);
}
