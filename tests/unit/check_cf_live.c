/*
 * check_cf_live.c - a model that is swapped while many read: nobody sees half a model or one that is gone, and all
 * are freed in the end.
 */
#include <pthread.h>

#include "pmkt.h"
#include "support/cf_model.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"

#define READERS 8
#define MODELS 5

typedef struct shop {
    pmkt_cf_live *live;
    _Atomic bool closed;
    _Atomic int64_t asked;
} shop;

/* Takes the model, asks it, gives it back, until the shop closes. */
static void *reader(void *ctx) {
    shop *s = ctx;
    pmkt_cf_scratch *scratch = NULL;
    REQUIRE(pmkt_cf_scratch_new(NULL, &scratch, NULL) == PMKT_OK);
    pmkt_cf_query query = PMKT_CF_QUERY_INIT;
    query.k = 3, query.scratch = scratch;
    int64_t asked = 0;
    while (!s->closed || asked == 0) {
        pmkt_cf *model = pmkt_cf_live_get(s->live);
        REQUIRE(model);
        pmkt_cf_facts facts = PMKT_CF_FACTS_INIT;
        REQUIRE(pmkt_cf_info(model, &facts, NULL) == PMKT_OK);
        REQUIRE(facts.users == MODEL_USERS && facts.items == MODEL_ITEMS);
        const uint64_t user = 4;
        uint64_t ids[3];
        int32_t count = -1;
        pmkt_cf_answer answer = PMKT_CF_ANSWER_INIT;
        answer.ids = ids, answer.counts = &count;
        REQUIRE(pmkt_cf_recommend(model, &user, 1, &query, NULL, &answer, NULL) == PMKT_OK);
        REQUIRE(count >= 0 && count <= 3);
        for (int32_t i = 0; i < count; i++)
            REQUIRE(ids[i] >= 3 && ids[i] <= 120 && ids[i] % 3 == 0);
        pmkt_cf_release(model);
        asked++;
    }
    s->asked += asked;
    pmkt_cf_scratch_free(scratch);
    return NULL;
}

START_TEST(readers_while_models_are_swapped) {
    const int64_t swaps = scaled(1000, 100);
    faulty f = {0};
    const pmkt_allocator allocator = faulty_allocator(&f);
    pmkt_error err;
    pmkt_cf *model[MODELS];
    for (uint64_t i = 0; i < MODELS; i++) {
        model[i] = small_model(i % 2 ? MODEL_KNN : MODEL_ALS, i + 1, &allocator);
    }
    shop s = {0};
    ck_assert_ok(pmkt_cf_live_new(model[0], &allocator, &s.live, &err), err);
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, &s), 0);
    }
    for (int64_t i = 0; i < swaps; i++) {
        /* Half of the time a model that nobody else owns: the swap after it frees it. */
        if (i % 2) {
            ck_assert_ok(pmkt_cf_live_swap(s.live, model[i % MODELS], &err), err);
            continue;
        }
        pmkt_cf *fresh = small_model(MODEL_POPULARITY, (uint64_t)i + 100, &allocator);
        ck_assert_ok(pmkt_cf_live_swap(s.live, fresh, &err), err);
        pmkt_cf_release(fresh);
    }
    s.closed = true;
    for (int i = 0; i < READERS; i++) ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_ge(s.asked, READERS);
    pmkt_cf_live_free(s.live);
    for (int i = 0; i < MODELS; i++) pmkt_cf_release(model[i]);
    faulty_check_empty(&f);
}
END_TEST

START_TEST(an_empty_place_and_bad_calls) {
    faulty f = {0};
    const pmkt_allocator allocator = faulty_allocator(&f);
    pmkt_error err;
    pmkt_cf_live *live = NULL;
    ck_assert_int_eq(pmkt_cf_live_new(NULL, &allocator, NULL, &err), PMKT_E_INVALID);
    faulty_arm(&f, 1, false);
    ck_assert_int_eq(pmkt_cf_live_new(NULL, &allocator, &live, &err), PMKT_E_NOMEM);
    ck_assert_ptr_null(live);
    faulty_disarm(&f);
    ck_assert_ok(pmkt_cf_live_new(NULL, &allocator, &live, &err), err);
    ck_assert_ptr_null(pmkt_cf_live_get(live));
    ck_assert_ptr_null(pmkt_cf_live_get(NULL));
    ck_assert_int_eq(pmkt_cf_live_swap(NULL, NULL, &err), PMKT_E_INVALID);
    pmkt_cf *model = small_model(MODEL_ALS, 1, &allocator);
    ck_assert_ok(pmkt_cf_live_swap(live, model, &err), err);
    pmkt_cf *got = pmkt_cf_live_get(live);
    ck_assert_ptr_eq(got, model);
    ck_assert_ok(pmkt_cf_live_swap(live, NULL, &err), err);
    ck_assert_ptr_null(pmkt_cf_live_get(live));
    pmkt_cf_release(got); /* it lived on */
    pmkt_cf_release(model);
    pmkt_cf_live_free(live);
    pmkt_cf_live_free(NULL);
    faulty_check_empty(&f);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cf_live");
    TOPIC(suite, "live", readers_while_models_are_swapped, an_empty_place_and_bad_calls);
    return suite_run(suite);
}
