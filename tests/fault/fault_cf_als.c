/*
 * Memory that runs out in a fit of ALS and in fold-in, at every allocation; and a callback that cancels, each
 * time it is told something. All memory of a fit comes from the allocator of its options.
 */
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/suite.h"

enum {
    USERS = 700,
    ITEMS = 60,
    EACH = 8,
    FACTORS = 20
};

typedef struct world {
    faulty memory;
    pmkt_allocator allocator;
    pmkt_cf_data *data; /* in the C heap */
    pmkt_cf *model;     /* to fold into */
    pmkt_run run;
    int64_t told, cancel_at;
} world;

static int tell(void *ctx, double done, const char *stage) {
    world *w = ctx;
    ck_assert(done >= 0 && done <= 1);
    ck_assert_ptr_nonnull(stage);
    return ++w->told == w->cancel_at;
}

static pmkt_cf_data *some_data(void) {
    static int64_t at[USERS + 1];
    static int32_t item[USERS * EACH];
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    random_seed(5);
    for (int64_t u = 0; u <= USERS; u++) at[u] = u * EACH;
    for (int64_t e = 0; e < USERS * EACH; e++) item[e] = (int32_t)random_below(ITEMS);
    m.users = USERS, m.items = ITEMS, m.at = at, m.item = item;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
    return data;
}

static pmkt_status fit(world *w, int32_t solver, pmkt_cf **model, pmkt_error *err) {
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.factors = FACTORS, o.iterations = 2, o.solver = solver, o.allocator = &w->allocator;
    return pmkt_cf_als_fit(w->data, &o, &w->run, model, err);
}

static pmkt_status fit_and_drop(world *w, int32_t solver, pmkt_error *err) {
    pmkt_cf *model = NULL;
    const pmkt_status status = fit(w, solver, &model, err);
    ck_assert_int_eq(model == NULL, status != PMKT_OK);
    pmkt_cf_release(model);
    return status;
}

static pmkt_status step_gradient(world *w, pmkt_error *err) {
    return fit_and_drop(w, PMKT_CF_CG, err);
}

static pmkt_status step_cholesky(world *w, pmkt_error *err) {
    return fit_and_drop(w, PMKT_CF_CHOLESKY, err);
}

/* One row, with a scratch that is new each time. */
static pmkt_status step_fold(world *w, pmkt_error *err) {
    static const uint64_t ITEM[] = {3, 1, 44, 3, 999};
    static const int64_t AT[] = {0, 5};
    float factors[FACTORS];
    pmkt_cf_history h = PMKT_CF_HISTORY_INIT;
    h.rows = 1, h.at = AT, h.items = ITEM;
    pmkt_cf_scratch *scratch = NULL;
    pmkt_status status = pmkt_cf_scratch_new(&w->allocator, &scratch, err);
    if (!status) status = pmkt_cf_fold_in(w->model, &h, scratch, NULL, factors, err);
    pmkt_cf_scratch_free(scratch);
    return status;
}

typedef pmkt_status (*step_fn)(world *w, pmkt_error *err);

static const step_fn STEPS[] = {step_gradient, step_cholesky, step_fold};

static void begin(world *w) {
    memset(w, 0, sizeof *w);
    w->allocator = faulty_allocator(&w->memory);
    pmkt_run_init(&w->run);
    w->run.threads = 2;
    w->run.progress.fn = tell;
    w->run.progress.ctx = w;
    w->data = some_data();
    pmkt_error err;
    ck_assert_ok(fit(w, PMKT_CF_CHOLESKY, &w->model, &err), err);
}

static void end(world *w) {
    pmkt_cf_release(w->model);
    pmkt_cf_data_release(w->data);
    faulty_check_empty(&w->memory);
}

START_TEST(every_allocation_may_fail) {
    for (int sticky = 0; sticky < 2; sticky++) {
        world w;
        begin(&w);
        const int64_t live = w.memory.blocks;
        int64_t n = 1;
        for (;; n++) {
            pmkt_error err = {0};
            faulty_arm(&w.memory, n, sticky != 0);
            const pmkt_status status = STEPS[_i](&w, &err);
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
        ck_assert_int_gt(n, STEPS[_i] == step_fold ? 3 : 12);
        end(&w);
    }
}
END_TEST

START_TEST(every_word_of_progress_may_cancel_a_fit) {
    world w;
    begin(&w);
    const int64_t live = w.memory.blocks;
    int64_t n = 1;
    for (;; n++) {
        pmkt_error err = {0};
        w.told = 0, w.cancel_at = n;
        const pmkt_status status = STEPS[_i](&w, &err);
        ck_assert_int_eq(w.memory.blocks, live);
        if (w.told < n) {
            ck_assert_ok(status, err);
            break;
        }
        ck_assert_int_eq(status, PMKT_E_CANCELED);
        ck_assert_int_eq(err.code, PMKT_E_CANCELED);
        ck_assert_int_eq(w.told, n); /* and is not asked again */
    }
    ck_assert_int_gt(n, 8);
    end(&w);
}
END_TEST

START_TEST(a_warm_scratch_folds_without_an_allocation) {
    static const uint64_t ITEM[] = {7, 2, 5, 60};
    static const int64_t AT[] = {0, 4};
    float cold[FACTORS], warm[FACTORS];
    world w;
    begin(&w);
    pmkt_cf_history h = PMKT_CF_HISTORY_INIT;
    h.rows = 1, h.at = AT, h.items = ITEM;
    pmkt_cf_scratch *scratch = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_scratch_new(&w.allocator, &scratch, &err), err);
    ck_assert_ok(pmkt_cf_fold_in(w.model, &h, scratch, NULL, cold, &err), err);
    faulty_arm(&w.memory, 1, true);
    ck_assert_ok(pmkt_cf_fold_in(w.model, &h, scratch, NULL, warm, &err), err);
    ck_assert_int_eq(w.memory.calls, 0);
    faulty_disarm(&w.memory);
    ck_assert_mem_eq(cold, warm, sizeof cold);
    ck_assert(cold[0] != 0);
    pmkt_cf_scratch_free(scratch);
    end(&w);
}
END_TEST

int main(void) {
    Suite *s = suite_create("fault_cf_als");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, every_allocation_may_fail, 0, (int)LENGTH(STEPS));
    tcase_add_loop_test(c, every_word_of_progress_may_cancel_a_fit, 0, 2);
    tcase_add_test(c, a_warm_scratch_folds_without_an_allocation);
    suite_add_tcase(s, c);
    return suite_run(s);
}
