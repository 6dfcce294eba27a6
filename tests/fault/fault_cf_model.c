/*
 * Memory that runs out in the making of a model and in each question, at every allocation: the call says so,
 * leaves nothing behind, and the same call with the same scratch answers rightly afterwards.
 */
#include <string.h>

#include "pmkt.h"
#include "support/cf_model.h"
#include "support/faulty.h"
#include "support/suite.h"

#define ROWS 40
#define K 7
#define D 6 /* factors of the small models */

/* What calls write; compared whole. */
typedef struct answers {
    uint64_t ids[ROWS * K];
    float scores[ROWS * K];
    int32_t counts[ROWS];
    uint8_t reasons[ROWS];
    float factors[ROWS * D];
} answers;

typedef struct world {
    faulty memory;
    pmkt_allocator allocator;
    pmkt_cf *model;
    pmkt_cf_data *data;
    pmkt_cf_factors factors;
    pmkt_run run;
    pmkt_idset *allow;
    int64_t rows;
    pmkt_cf_scratch *scratch; /* NULL: the calls allocate */
    answers got;
} world;

typedef pmkt_status (*call_fn)(world *w, pmkt_error *err);

static uint64_t users[ROWS], items[ROWS], history[2 * ROWS];
static int64_t at[ROWS + 1];

static void make_lists(void) {
    for (int i = 0; i < ROWS; i++) {
        users[i] = (uint64_t)(2 * (i % (MODEL_USERS + 1) + 1)); /* the last one is unknown */
        items[i] = (uint64_t)(3 * (i + 1));
        history[2 * i] = items[i], history[2 * i + 1] = 120;
        at[i + 1] = 2 * (i + 1);
    }
}

/* ---------------------------------------------------------------- questions */

static pmkt_cf_answer room_in(world *w) {
    memset(&w->got, 0x55, sizeof w->got);
    return (pmkt_cf_answer){sizeof(pmkt_cf_answer), 0, w->got.ids, w->got.scores, w->got.counts,
                            w->got.reasons};
}

static pmkt_cf_query query_of(const world *w) {
    pmkt_cf_query q = PMKT_CF_QUERY_INIT;
    q.k = K, q.fallback = PMKT_CF_POPULAR, q.allow = w->allow, q.scratch = w->scratch;
    q.exclude_at = at, q.exclude = history;
    return q;
}

static pmkt_cf_history history_of(const world *w) {
    return (pmkt_cf_history){sizeof(pmkt_cf_history), 0, w->rows, at, history, NULL};
}

static pmkt_status recommend(world *w, pmkt_error *err) {
    const pmkt_cf_query q = query_of(w);
    const pmkt_cf_answer out = room_in(w);
    return pmkt_cf_recommend(w->model, users, w->rows, &q, &w->run, &out, err);
}

static pmkt_status recommend_history(world *w, pmkt_error *err) {
    const pmkt_cf_query q = query_of(w);
    const pmkt_cf_history h = history_of(w);
    const pmkt_cf_answer out = room_in(w);
    return pmkt_cf_recommend_history(w->model, &h, &q, &w->run, &out, err);
}

static pmkt_status similar_items(world *w, pmkt_error *err) {
    const pmkt_cf_query q = query_of(w);
    const pmkt_cf_answer out = room_in(w);
    return pmkt_cf_similar_items(w->model, items, w->rows, &q, &w->run, &out, err);
}

static pmkt_status similar_users(world *w, pmkt_error *err) {
    const pmkt_cf_query q = query_of(w);
    const pmkt_cf_answer out = room_in(w);
    return pmkt_cf_similar_users(w->model, users, w->rows, &q, &w->run, &out, err);
}

static pmkt_status rank_items(world *w, pmkt_error *err) {
    const pmkt_cf_answer out = room_in(w);
    return pmkt_cf_rank(w->model, users, w->rows, at, history, w->scratch, &w->run, &out, err);
}

static pmkt_status fold_in(world *w, pmkt_error *err) {
    const pmkt_cf_history h = history_of(w);
    (void)room_in(w);
    return pmkt_cf_fold_in(w->model, &h, w->scratch, &w->run, w->got.factors, err);
}

/* A call whose nth allocation fails; false once it needs fewer than that. */
static bool fail_call(world *w, call_fn call, int64_t nth, const answers *expected) {
    pmkt_error err = {0};
    const bool own = w->scratch != NULL;
    if (own) {
        pmkt_cf_scratch_free(w->scratch);
        ck_assert_ok(pmkt_cf_scratch_new(&w->allocator, &w->scratch, &err), err);
    }
    const int64_t live = w->memory.blocks;
    faulty_arm(&w->memory, nth, false);
    const pmkt_status status = call(w, &err);
    const bool failed = w->memory.refused > 0;
    faulty_disarm(&w->memory);
    faulty_check(&w->memory);
    ck_assert_int_eq(status, failed ? PMKT_E_NOMEM : PMKT_OK);
    if (failed) ck_assert_int_eq(err.code, PMKT_E_NOMEM);
    if (!own) ck_assert_int_eq(w->memory.blocks, live);
    if (failed) ck_assert_ok(call(w, &err), err);
    ck_assert_mem_eq(&w->got, expected, sizeof *expected);
    return failed;
}

static void fail_question(world *w, call_fn call) {
    pmkt_error err;
    for (int way = 0; way < 4; way++) {
        const bool with_scratch = way == 3;
        w->rows = way == 0 || with_scratch ? 1 : ROWS;
        w->run.threads = way == 2 ? 3 : 1;
        ck_assert_ok(call(w, &err), err);
        const answers expected = w->got;
        if (with_scratch) {
            ck_assert_ok(pmkt_cf_scratch_new(&w->allocator, &w->scratch, &err), err);
        }
        int64_t nth = 1;
        while (fail_call(w, call, nth, &expected)) nth++;
        ck_assert_msg(nth > 1 || w->rows == 1, "nothing is allocated for many rows");
        pmkt_cf_scratch_free(w->scratch);
        w->scratch = NULL;
    }
}

static void fail_questions(int kind, const call_fn *calls, int64_t n) {
    world w = {0};
    const uint64_t few[] = {3, 9, 12, 30, 33, 60, 90, 120};
    pmkt_error err;
    make_lists();
    w.allocator = faulty_allocator(&w.memory);
    pmkt_run_init(&w.run);
    w.model = small_model(kind, 1, &w.allocator);
    for (int filtered = 0; filtered < 2; filtered++) {
        if (filtered) ck_assert_ok(pmkt_idset_new(few, LENGTH(few), NULL, &w.allow, &err), err);
        for (int64_t i = 0; i < n; i++) fail_question(&w, calls[i]);
    }
    pmkt_idset_free(w.allow);
    pmkt_cf_release(w.model);
    faulty_check_empty(&w.memory);
}

START_TEST(questions_of_als_survive) {
    const call_fn calls[] = {recommend,     recommend_history, similar_items,
                             similar_users, rank_items,        fold_in};
    fail_questions(MODEL_ALS, calls, LENGTH(calls));
}
END_TEST

START_TEST(questions_of_knn_survive) {
    const call_fn calls[] = {recommend, recommend_history, similar_items, rank_items};
    fail_questions(MODEL_KNN, calls, LENGTH(calls));
}
END_TEST

START_TEST(questions_of_popularity_survive) {
    const call_fn calls[] = {recommend, recommend_history, rank_items};
    fail_questions(MODEL_POPULARITY, calls, LENGTH(calls));
}
END_TEST

/* ------------------------------------------------------------------- models */

static pmkt_status make_als(const world *w, pmkt_cf **model, pmkt_error *err) {
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.factors = D, o.iterations = 2, o.allocator = &w->allocator;
    return pmkt_cf_als_fit(w->data, &o, &w->run, model, err);
}

static pmkt_status make_exact_als(const world *w, pmkt_cf **model, pmkt_error *err) {
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.factors = D, o.iterations = 2, o.solver = PMKT_CF_CHOLESKY, o.loss = PMKT_CF_CLASSIC;
    o.allocator = &w->allocator;
    return pmkt_cf_als_fit(w->data, &o, &w->run, model, err);
}

static pmkt_status make_from_factors(const world *w, pmkt_cf **model, pmkt_error *err) {
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.allocator = &w->allocator;
    return pmkt_cf_from_factors(&w->factors, w->data, &o, &w->run, model, err);
}

static pmkt_status make_from_factors_alone(const world *w, pmkt_cf **model, pmkt_error *err) {
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.allocator = &w->allocator;
    return pmkt_cf_from_factors(&w->factors, NULL, &o, &w->run, model, err);
}

static pmkt_cf_data *some_data(void) {
    static int32_t item[4 * ROWS];
    static uint64_t category[ROWS];
    int64_t from[ROWS + 1];
    for (int32_t e = 0; e < 4 * ROWS; e++) item[e] = e * 7 % ROWS;
    for (int64_t i = 0; i <= ROWS; i++) from[i] = 4 * i;
    for (int i = 0; i < ROWS; i++) category[i] = 1;
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = m.items = ROWS, m.at = from, m.item = item, m.category = category;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
    return data;
}

START_TEST(making_a_model_survives) {
    pmkt_status (*const makers[])(const world *w, pmkt_cf **model, pmkt_error *err) = {
        make_als, make_exact_als, make_from_factors, make_from_factors_alone};
    world w = {0};
    pmkt_error err;
    make_lists();
    w.allocator = faulty_allocator(&w.memory);
    w.data = some_data();
    pmkt_run_init(&w.run);
    pmkt_cf *source = small_model(MODEL_ALS, 1, NULL);
    w.factors = (pmkt_cf_factors)PMKT_CF_FACTORS_INIT;
    ck_assert_ok(pmkt_cf_get_factors(source, &w.factors, &err), err);
    for (int64_t i = 0; i < LENGTH(makers); i++) {
        for (w.run.threads = 1; w.run.threads < 4; w.run.threads += 2) {
            bool failed = true;
            int64_t nth = 1;
            for (; failed; nth++) {
                pmkt_cf *model = NULL;
                faulty_arm(&w.memory, nth, false);
                const pmkt_status status = makers[i](&w, &model, &err);
                failed = w.memory.refused > 0;
                faulty_disarm(&w.memory);
                ck_assert_int_eq(status, failed ? PMKT_E_NOMEM : PMKT_OK);
                ck_assert_int_eq(model == NULL, failed);
                pmkt_cf_release(model);
                faulty_check_empty(&w.memory);
            }
            ck_assert_int_gt(nth, 5);
        }
    }
    pmkt_cf_release(source);
    pmkt_cf_data_release(w.data);
}
END_TEST

START_TEST(a_scratch_that_cannot_be_had_is_none) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_cf_scratch *scratch = NULL;
    pmkt_error err;
    faulty_arm(&memory, 1, false);
    ck_assert_int_eq(pmkt_cf_scratch_new(&allocator, &scratch, &err), PMKT_E_NOMEM);
    ck_assert_int_eq(memory.refused, 1);
    ck_assert_ptr_null(scratch);
    faulty_check_empty(&memory);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fault cf model");
    TOPIC(suite, "questions", questions_of_als_survive, questions_of_knn_survive,
          questions_of_popularity_survive, a_scratch_that_cannot_be_had_is_none);
    TOPIC(suite, "models", making_a_model_survives);
    return suite_run(suite);
}
