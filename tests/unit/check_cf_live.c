/*
 * check_cf_live.c - the place of the current model: readers that take it while another swaps, and no model
 * freed too early, twice or never.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "pmkt.h"
#include "support/cf_model.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"

#define READERS 8
#define MODELS 4
#define K 5

/* What one model answers to user 2. */
typedef struct reply {
    uint64_t ids[K];
    float scores[K];
    int32_t count;
} reply;

typedef struct scene {
    pmkt_cf_live *live;
    pmkt_allocator allocator;
    uint64_t hashes[MODELS]; /* of the models' data, by which a reader knows what it got */
    reply expected[MODELS];
    _Atomic bool over;
    _Atomic int64_t got;
    _Atomic int64_t wrong;
} scene;

static reply ask(const pmkt_cf *model, pmkt_cf_scratch *scratch) {
    reply r;
    memset(&r, 0, sizeof r);
    const uint64_t user = 2;
    pmkt_cf_answer out = {sizeof out, 0, r.ids, r.scores, &r.count, NULL};
    pmkt_cf_query q = PMKT_CF_QUERY_INIT;
    q.k = K, q.scratch = scratch;
    if (pmkt_cf_recommend(model, &user, 1, &q, NULL, &out, NULL)) r.count = -1;
    return r;
}

static uint64_t hash_of(const pmkt_cf *model) {
    pmkt_cf_facts facts = PMKT_CF_FACTS_INIT;
    return pmkt_cf_info(model, &facts, NULL) ? 0 : facts.data_hash;
}

static bool is_right(const scene *s, const pmkt_cf *model, pmkt_cf_scratch *scratch) {
    const uint64_t hash = hash_of(model);
    const reply r = ask(model, scratch);
    for (int i = 0; i < MODELS; i++) {
        if (hash == s->hashes[i]) return memcmp(&r, &s->expected[i], sizeof r) == 0;
    }
    return false;
}

/* libcheck's asserts are not for threads: what is wrong is counted. */
static void *read_on(void *ctx) {
    scene *s = ctx;
    pmkt_cf_scratch *scratch = NULL;
    if (pmkt_cf_scratch_new(&s->allocator, &scratch, NULL)) atomic_fetch_add(&s->wrong, 1);
    do {
        pmkt_cf *model = pmkt_cf_live_get(s->live);
        if (!model || !is_right(s, model, scratch)) atomic_fetch_add(&s->wrong, 1);
        pmkt_cf_release(model);
        atomic_fetch_add(&s->got, 1);
        (void)sched_yield(); /* valgrind runs one thread at a time: let the swapper have its turn */
    } while (!atomic_load(&s->over));
    pmkt_cf_scratch_free(scratch);
    return NULL;
}

START_TEST(readers_get_whole_models_while_another_swaps) {
    faulty memory = {0};
    scene s = {.allocator = faulty_allocator(&memory)};
    file_bytes bytes[MODELS];
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.allocator = &s.allocator;
    pmkt_cf *model = NULL;
    pmkt_error err;
    for (int i = 0; i < MODELS; i++) {
        model = small_model(MODEL_ALS, (uint64_t)i + 1, &s.allocator);
        bytes[i] = model_bytes(model);
        s.hashes[i] = hash_of(model);
        s.expected[i] = ask(model, NULL);
        ck_assert_int_eq(s.expected[i].count, K);
        for (int j = 0; j < i; j++) ck_assert_uint_ne(s.hashes[i], s.hashes[j]);
        if (i + 1 < MODELS) pmkt_cf_release(model);
    }
    ck_assert_ok(pmkt_cf_live_new(model, &s.allocator, &s.live, &err), err);
    pmkt_cf_release(model);
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, &s), 0);
    }
    /* Each swap brings a model of its own, which nobody but the place and its readers then has. */
    const int64_t swaps = scaled(1000, 12);
    for (int64_t i = 0; i < swaps; i++) {
        const file_bytes *from = &bytes[i % MODELS];
        ck_assert_ok(pmkt_cf_load_memory(from->at, from->n, &options, NULL, &model, &err), err);
        ck_assert_ok(pmkt_cf_live_swap(s.live, model, &err), err);
        pmkt_cf_release(model);
    }
    atomic_store(&s.over, true);
    for (int i = 0; i < READERS; i++) ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(s.wrong, 0);
    ck_assert_int_ge(s.got, READERS);
    pmkt_cf_live_free(s.live);
    faulty_check_empty(&memory);
    for (int i = 0; i < MODELS; i++) file_free(&bytes[i]);
}
END_TEST

START_TEST(a_swap_frees_what_nobody_has_and_spares_what_somebody_has) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_cf_live *live = NULL;
    pmkt_error err;
    pmkt_cf *first = small_model(MODEL_KNN, 1, &allocator);
    const reply expected = ask(first, NULL);
    const int64_t blocks = memory.blocks;
    ck_assert_ok(pmkt_cf_live_new(first, NULL, &live, &err), err);
    pmkt_cf_release(first);
    ck_assert_int_eq(memory.blocks, blocks);
    pmkt_cf *got = pmkt_cf_live_get(live);
    ck_assert_ptr_eq(got, first);
    ck_assert_ok(pmkt_cf_live_swap(live, NULL, &err), err);
    ck_assert_ptr_null(pmkt_cf_live_get(live));
    ck_assert_int_eq(memory.blocks, blocks);
    const reply after = ask(got, NULL);
    ck_assert_mem_eq(&after, &expected, sizeof after);
    pmkt_cf_release(got);
    faulty_check_empty(&memory);
    pmkt_cf_live_free(live);
}
END_TEST

START_TEST(the_same_model_can_be_put_in_its_own_place) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_cf_live *live = NULL;
    pmkt_error err;
    pmkt_cf *model = small_model(MODEL_POPULARITY, 1, &allocator);
    ck_assert_ok(pmkt_cf_live_new(model, &allocator, &live, &err), err);
    pmkt_cf_release(model);
    for (int i = 0; i < 3; i++) ck_assert_ok(pmkt_cf_live_swap(live, model, &err), err);
    pmkt_cf *got = pmkt_cf_live_get(live);
    ck_assert_ptr_eq(got, model);
    pmkt_cf_live_free(live);
    ck_assert_int_gt(memory.blocks, 0);
    ck_assert_int_eq(ask(got, NULL).count, K);
    pmkt_cf_release(got);
    faulty_check_empty(&memory);
}
END_TEST

START_TEST(an_empty_place_has_no_model) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_cf_live *live = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_live_new(NULL, &allocator, &live, &err), err);
    ck_assert_int_eq(memory.blocks, 1);
    ck_assert_ptr_null(pmkt_cf_live_get(live));
    ck_assert_ok(pmkt_cf_live_swap(live, NULL, &err), err);
    ck_assert_ptr_null(pmkt_cf_live_get(live));
    pmkt_cf_live_free(live);
    faulty_check_empty(&memory);
}
END_TEST

START_TEST(null_is_said_or_passed_over) {
    pmkt_error err;
    ck_assert_int_eq(pmkt_cf_live_new(NULL, NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(err.code, PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_live_swap(NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(err.code, PMKT_E_INVALID);
    ck_assert_ptr_null(pmkt_cf_live_get(NULL));
    pmkt_cf_live_free(NULL);
}
END_TEST

START_TEST(a_failed_allocation_makes_no_place_and_no_owner) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_cf *model = small_model(MODEL_ALS, 1, &allocator);
    pmkt_cf_live *live = (pmkt_cf_live *)&memory;
    pmkt_error err;
    faulty_arm(&memory, 1, false);
    ck_assert_int_eq(pmkt_cf_live_new(model, &allocator, &live, &err), PMKT_E_NOMEM);
    ck_assert_int_eq(memory.refused, 1);
    faulty_disarm(&memory);
    ck_assert_int_eq(err.code, PMKT_E_NOMEM);
    ck_assert_ptr_eq(live, &memory);
    pmkt_cf_release(model);
    faulty_check_empty(&memory);
}
END_TEST

START_TEST(getting_and_swapping_allocate_nothing) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_cf *model = small_model(MODEL_ALS, 1, &allocator);
    pmkt_cf_live *live = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_live_new(NULL, &allocator, &live, &err), err);
    faulty_arm(&memory, 1, true);
    ck_assert_ok(pmkt_cf_live_swap(live, model, &err), err);
    pmkt_cf *got = pmkt_cf_live_get(live);
    ck_assert_ptr_eq(got, model);
    ck_assert_int_eq(memory.calls, 0);
    faulty_disarm(&memory);
    pmkt_cf_release(got);
    pmkt_cf_release(model);
    pmkt_cf_live_free(live);
    faulty_check_empty(&memory);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cf live");
    TOPIC(suite, "readers", readers_get_whole_models_while_another_swaps,
          a_swap_frees_what_nobody_has_and_spares_what_somebody_has,
          the_same_model_can_be_put_in_its_own_place);
    TOPIC(suite, "edges", an_empty_place_has_no_model, null_is_said_or_passed_over,
          a_failed_allocation_makes_no_place_and_no_owner, getting_and_swapping_allocate_nothing);
    return suite_run(suite);
}
