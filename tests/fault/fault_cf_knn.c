/*
 * Memory that runs out in a kNN or popularity fit and in an evaluation, at every allocation; and a callback
 * that cancels, each time it is told something.
 */
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/suite.h"

enum {
    USERS = 700,
    ITEMS = 60,
    EACH = 8
};

typedef struct world {
    faulty memory;
    pmkt_allocator allocator;
    pmkt_cf_data *train, *test;
    pmkt_cf *model; /* in memory of its own, which fails likewise */
    pmkt_run run;
    int64_t told, cancel_at;
} world;

static int tell(void *ctx, double done, const char *stage) {
    world *w = ctx;
    ck_assert(done >= 0 && done <= 1);
    ck_assert_ptr_nonnull(stage);
    return ++w->told == w->cancel_at;
}

static pmkt_cf_data *data_of(uint64_t seed) {
    static int64_t at[USERS + 1];
    static int32_t item[USERS * EACH];
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    random_seed(seed);
    for (int64_t u = 0; u <= USERS; u++) at[u] = u * EACH;
    for (int64_t e = 0; e < USERS * EACH; e++) item[e] = (int32_t)random_below(ITEMS);
    m.users = USERS, m.items = ITEMS, m.at = at, m.item = item;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
    return data;
}

static pmkt_status fit_knn(world *w, pmkt_cf **model, pmkt_error *err) {
    pmkt_cf_knn_options o = PMKT_CF_KNN_OPTIONS_INIT;
    o.similarity = PMKT_CF_BM25, o.shrinkage = 2, o.neighbors = 10, o.allocator = &w->allocator;
    return pmkt_cf_knn_fit(w->train, &o, &w->run, model, err);
}

static pmkt_status fit_popularity(world *w, pmkt_cf **model, pmkt_error *err) {
    pmkt_cf_popularity_options o = PMKT_CF_POPULARITY_OPTIONS_INIT;
    o.by = PMKT_CF_BY_USERS, o.allocator = &w->allocator;
    return pmkt_cf_popularity_fit(w->train, &o, &w->run, model, err);
}

typedef pmkt_status (*step_fn)(world *w, pmkt_error *err);

static pmkt_status step_knn(world *w, pmkt_error *err) {
    pmkt_cf *model = NULL;
    const pmkt_status status = fit_knn(w, &model, err);
    ck_assert_int_eq(model == NULL, status != PMKT_OK);
    pmkt_cf_release(model);
    return status;
}

static pmkt_status step_popularity(world *w, pmkt_error *err) {
    pmkt_cf *model = NULL;
    const pmkt_status status = fit_popularity(w, &model, err);
    ck_assert_int_eq(model == NULL, status != PMKT_OK);
    pmkt_cf_release(model);
    return status;
}

static pmkt_cf_evaluate_options options_of(const world *w, bool fold_in) {
    static const int32_t K[] = {2, 5};
    static int32_t group[USERS];
    for (int u = 0; u < USERS; u++) group[u] = u % 3 - 1;
    pmkt_cf_evaluate_options o = PMKT_CF_EVALUATE_OPTIONS_INIT;
    o.n_k = 2, o.k = K, o.bootstrap = 20, o.n_groups = 2, o.group = group;
    o.train = w->train, o.fold_in = fold_in, o.allocator = &w->allocator;
    return o;
}

static pmkt_status evaluate(world *w, bool fold_in, pmkt_error *err) {
    const pmkt_cf_evaluate_options o = options_of(w, fold_in);
    pmkt_cf_evaluation *e = NULL;
    const pmkt_status status = pmkt_cf_evaluate(w->model, w->test, &o, &w->run, &e, err);
    ck_assert_int_eq(e == NULL, status != PMKT_OK);
    pmkt_cf_evaluation_free(e);
    return status;
}

static pmkt_status step_evaluate(world *w, pmkt_error *err) {
    return evaluate(w, false, err);
}

static pmkt_status step_fold_in(world *w, pmkt_error *err) {
    return evaluate(w, true, err);
}

static pmkt_status step_answers(world *w, pmkt_error *err) {
    static uint64_t users[USERS], ids[USERS * 3];
    static int32_t counts[USERS];
    for (int u = 0; u < USERS; u++) {
        users[u] = (uint64_t)u + 1;
        counts[u] = 3;
        for (int r = 0; r < 3; r++) ids[u * 3 + r] = (uint64_t)((u + r) % ITEMS) + 1;
    }
    const pmkt_cf_evaluate_options o = options_of(w, false);
    pmkt_cf_evaluation *e = NULL;
    const pmkt_status status =
        pmkt_cf_evaluate_answers(users, USERS, ids, counts, 3, w->test, &o, &w->run, &e, err);
    ck_assert_int_eq(e == NULL, status != PMKT_OK);
    pmkt_cf_evaluation_free(e);
    return status;
}

static const step_fn STEPS[] = {step_knn, step_popularity, step_evaluate, step_fold_in,
                                step_answers};

static void begin(world *w, bool with_model) {
    memset(w, 0, sizeof *w);
    w->allocator = faulty_allocator(&w->memory);
    pmkt_run_init(&w->run);
    w->run.threads = 2;
    w->run.progress.fn = tell;
    w->run.progress.ctx = w;
    w->train = data_of(1);
    w->test = data_of(2);
    pmkt_error err;
    if (with_model) ck_assert_ok(fit_knn(w, &w->model, &err), err);
    w->told = 0;
}

static void end(world *w) {
    pmkt_cf_release(w->model);
    pmkt_cf_data_release(w->train);
    pmkt_cf_data_release(w->test);
    faulty_check_empty(&w->memory);
}

START_TEST(every_allocation_may_fail) {
    const step_fn step = STEPS[_i];
    for (int sticky = 0; sticky < 2; sticky++) {
        world w;
        begin(&w, _i >= 2);
        int64_t n = 1, live = w.memory.blocks;
        for (;; n++) {
            pmkt_error err = {0};
            faulty_arm(&w.memory, n, sticky != 0);
            const pmkt_status status = step(&w, &err);
            const bool refused = w.memory.refused > 0;
            faulty_disarm(&w.memory);
            ck_assert_int_eq(w.memory.blocks, live);
            if (!refused) {
                ck_assert_ok(status, err);
                break;
            }
            ck_assert_int_eq(status, PMKT_E_NOMEM);
            ck_assert_int_eq(err.code, PMKT_E_NOMEM);
        }
        ck_assert_int_gt(n, 5);
        end(&w);
    }
}
END_TEST

START_TEST(every_word_of_progress_may_cancel) {
    const step_fn step = STEPS[_i];
    world w;
    begin(&w, _i >= 2);
    const int64_t live = w.memory.blocks;
    int64_t n = 1;
    for (;; n++) {
        pmkt_error err = {0};
        w.told = 0, w.cancel_at = n;
        const pmkt_status status = step(&w, &err);
        ck_assert_int_eq(w.memory.blocks, live);
        if (w.told < n) {
            ck_assert_ok(status, err);
            break;
        }
        ck_assert_int_eq(status, PMKT_E_CANCELED);
        ck_assert_int_eq(err.code, PMKT_E_CANCELED);
        ck_assert_int_eq(w.told, n); /* and is not asked again */
    }
    ck_assert_int_gt(n, 2);
    end(&w);
}
END_TEST

int main(void) {
    Suite *s = suite_create("fault_cf_knn");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, every_allocation_may_fail, 0, (int)LENGTH(STEPS));
    tcase_add_loop_test(c, every_word_of_progress_may_cancel, 0, (int)LENGTH(STEPS));
    suite_add_tcase(s, c);
    return suite_run(s);
}
