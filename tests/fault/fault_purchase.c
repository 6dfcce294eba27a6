/*
 * Memory that runs out in models of purchases, in logistic models, and in the figures of
 * probabilities, at every allocation: the call says so, leaves nothing behind, and the same call
 * succeeds afterwards.
 */
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/shop.h"
#include "support/suite.h"

#define COLUMNS 3
#define EXPLAINED 20

typedef struct world {
    faulty memory;
    pmkt_allocator allocator;
    pmkt_run run;
    int32_t calibration;
    pmkt_purchase *model;
    pmkt_buffer *buffer, *logistic; /* saved */
    pmkt_events events;
    visits shop;
} world;

static double x[4096 * COLUMNS], p[4096];
static uint8_t y[4096];
static uint64_t cluster[4096];

typedef pmkt_status (*call_fn)(world *w, void **made, pmkt_error *err);
typedef void (*end_fn)(void *made);

/* ------------------------------------------------------------------------- calls */

static pmkt_status fit(world *w, void **made, pmkt_error *err) {
    static const uint64_t classes[] = {3, 2};
    static const pmkt_transition table[] = {{INT64_C(1000), 60, 0}};
    const pmkt_zone zone = {sizeof zone, 0, table, 1};
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    pmkt_purchase_options o = PMKT_PURCHASE_OPTIONS_INIT;
    chains.allocator = &w->allocator, chains.order = 2;
    chains.classes = classes, chains.n_classes = LENGTH(classes);
    o.calibration = w->calibration, o.zone = &zone, o.cart_ms = INT64_C(3600000);
    return pmkt_purchase_fit(&w->events, &chains, &o, &w->run, NULL, (pmkt_purchase **)made, err);
}

static pmkt_status load(world *w, void **made, pmkt_error *err) {
    pmkt_load_options o = PMKT_LOAD_OPTIONS_INIT;
    o.allocator = &w->allocator;
    return pmkt_purchase_load_memory(pmkt_buffer_data(w->buffer), pmkt_buffer_size(w->buffer), &o,
                                     &w->run, (pmkt_purchase **)made, err);
}

static pmkt_status save(world *w, void **made, pmkt_error *err) {
    return pmkt_purchase_save_memory(w->model, NULL, &w->run, (pmkt_buffer **)made, err);
}

static pmkt_status score(world *w, void **made, pmkt_error *err) {
    pmkt_purchase_scores out = PMKT_PURCHASE_SCORES_INIT;
    out.p_goal = p;
    (void)made;
    return pmkt_purchase_score(w->model, &w->events, &w->run, NULL, &out, err);
}

static pmkt_status explain(world *w, void **made, pmkt_error *err) {
    static double odds[EXPLAINED * 200];
    int64_t row[EXPLAINED];
    for (int i = 0; i < EXPLAINED; i++) row[i] = (7 * i) % w->shop.n;
    (void)made;
    return pmkt_purchase_explain(w->model, PMKT_PURCHASE_SESSION, &w->events, row, EXPLAINED,
                                 &w->run, NULL, odds, err);
}

static pmkt_status fit_logistic(world *w, void **made, pmkt_error *err) {
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    pmkt_logistic_options o = PMKT_LOGISTIC_OPTIONS_INIT;
    d.rows = 4096, d.columns = COLUMNS, d.x = x, d.y = y, d.cluster = cluster;
    o.calibration = w->calibration, o.allocator = &w->allocator;
    return pmkt_logistic_fit(&d, &o, &w->run, (pmkt_logistic **)made, err);
}

static pmkt_status save_logistic(world *w, void **made, pmkt_error *err) {
    return pmkt_logistic_save_memory(pmkt_purchase_logistic(w->model, PMKT_PURCHASE_CART), NULL,
                                     &w->run, (pmkt_buffer **)made, err);
}

static pmkt_status load_logistic(world *w, void **made, pmkt_error *err) {
    pmkt_load_options o = PMKT_LOAD_OPTIONS_INIT;
    o.allocator = &w->allocator;
    return pmkt_logistic_load_memory(pmkt_buffer_data(w->logistic), pmkt_buffer_size(w->logistic),
                                     &o, &w->run, (pmkt_logistic **)made, err);
}

static pmkt_status evaluate(world *w, void **made, pmkt_error *err) {
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    pmkt_binary_result r = PMKT_BINARY_RESULT_INIT;
    o.cluster = cluster, o.rival = x, o.resamples = 3, o.allocator = &w->allocator;
    (void)made;
    return pmkt_binary_evaluate(y, x, 4096, &o, &w->run, &r, err);
}

static pmkt_status reliability(world *w, void **made, pmkt_error *err) {
    double observed[4];
    pmkt_binary_diagram d = PMKT_BINARY_DIAGRAM_INIT;
    d.bins = 4, d.observed = observed;
    (void)made;
    return pmkt_binary_reliability(y, x, 4096, &w->allocator, &d, err);
}

static void end_purchase(void *made) {
    pmkt_purchase_release(made);
}

static void end_buffer(void *made) {
    pmkt_buffer_free(made);
}

static void end_logistic(void *made) {
    pmkt_logistic_release(made);
}

/* ------------------------------------------------------------------------- world */

static void make(world *w, int32_t calibration, int32_t threads) {
    memset(w, 0, sizeof *w);
    w->allocator = faulty_allocator(&w->memory);
    pmkt_run_init(&w->run);
    w->run.threads = threads, w->calibration = calibration;
    random_seed(1);
    for (int i = 0; i < 4096; i++) {
        for (int j = 0; j < COLUMNS; j++) {
            x[i * COLUMNS + j] = (double)random_below(1000) / 1000;
        }
        y[i] = (double)random_below(1000) < 1000 * x[i * COLUMNS],
        cluster[i] = (uint64_t)random_below(99);
    }
    w->shop = shop_make(250, 40);
    w->events = visits_events(&w->shop);
    pmkt_error err;
    void *made = NULL;
    ck_assert_ok(fit(w, &made, &err), err);
    w->model = made;
    ck_assert_ptr_nonnull(pmkt_purchase_logistic(w->model, PMKT_PURCHASE_CART));
    ck_assert_ok(pmkt_purchase_save_memory(w->model, NULL, NULL, &w->buffer, &err), err);
    made = NULL;
    ck_assert_ok(save_logistic(w, &made, &err), err);
    w->logistic = made;
}

static void drop(world *w) {
    pmkt_buffer_free(w->buffer);
    pmkt_buffer_free(w->logistic);
    pmkt_purchase_release(w->model);
    visits_free(&w->shop);
    faulty_check_empty(&w->memory);
}

/* The nth allocation fails, and every one after it if it is to stay so. */
static pmkt_status once(world *w, call_fn call, end_fn end, int64_t nth, bool sticky) {
    const int64_t blocks = w->memory.blocks, bytes = w->memory.bytes;
    void *made = NULL;
    pmkt_error err = {0};
    faulty_arm(&w->memory, nth, sticky);
    const pmkt_status status = call(w, &made, &err);
    faulty_disarm(&w->memory);
    ck_assert(status == PMKT_OK || status == PMKT_E_NOMEM);
    ck_assert_int_eq(err.code, status);
    if (end) {
        ck_assert((status == PMKT_OK) == (made != NULL));
        end(made);
    }
    faulty_check(&w->memory);
    ck_assert_int_eq(w->memory.blocks, blocks);
    ck_assert_int_eq(w->memory.bytes, bytes);
    return status;
}

static void run_out(call_fn call, end_fn end, int64_t least) {
    for (int32_t kind = 0; kind <= PMKT_CALIBRATION_ISOTONIC; kind++) {
        for (int32_t threads = 1; threads <= 2; threads++) {
            world w;
            make(&w, kind, threads);
            int64_t nth = 1;
            while (once(&w, call, end, nth, false) == PMKT_E_NOMEM) {
                ck_assert_int_eq(once(&w, call, end, nth++, true), PMKT_E_NOMEM);
            }
            ck_assert_int_gt(nth, least);
            drop(&w);
        }
    }
}

START_TEST(fits) {
    run_out(fit, end_purchase, 100);
}
END_TEST
START_TEST(loads) {
    run_out(load, end_purchase, 20);
}
END_TEST
START_TEST(saves) {
    run_out(save, end_buffer, 1);
}
END_TEST
START_TEST(scores) {
    run_out(score, NULL, 5);
}
END_TEST
START_TEST(explains) {
    run_out(explain, NULL, 6);
}
END_TEST
START_TEST(fits_of_logistic_models) {
    run_out(fit_logistic, end_logistic, 15);
}
END_TEST
START_TEST(loads_of_logistic_models) {
    run_out(load_logistic, end_logistic, 7);
}
END_TEST
START_TEST(saves_of_logistic_models) {
    run_out(save_logistic, end_buffer, 1);
}
END_TEST
START_TEST(evaluations) {
    run_out(evaluate, NULL, 10);
}
END_TEST
START_TEST(diagrams) {
    run_out(reliability, NULL, 4);
}
END_TEST

START_TEST(predictions_allocate_nothing) {
    world w;
    make(&w, PMKT_CALIBRATION_ISOTONIC, 1);
    void *made = NULL;
    pmkt_error err;
    ck_assert_ok(fit_logistic(&w, &made, &err), err);
    pmkt_logistic_facts facts = PMKT_LOGISTIC_FACTS_INIT;
    pmkt_purchase_facts of = PMKT_PURCHASE_FACTS_INIT;
    pmkt_logistic_table table = PMKT_LOGISTIC_TABLE_INIT;
    double coefficient[COLUMNS + 1];
    table.coefficient = coefficient;
    faulty_arm(&w.memory, 1, true);
    ck_assert_int_eq(pmkt_logistic_predict(made, x, 4096, &w.run, p, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_logistic_info(made, &facts, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_logistic_coefficients(made, &table, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_purchase_info(w.model, &of, NULL), PMKT_OK);
    pmkt_purchase_release(pmkt_purchase_retain(w.model));
    ck_assert_int_eq(w.memory.calls, 0);
    faulty_disarm(&w.memory);
    pmkt_logistic_release(made);
    drop(&w);
}
END_TEST

int main(void) {
    Suite *s = suite_create("fault_purchase");
    TOPIC(s, "purchase", fits, loads, saves, scores, explains);
    TOPIC(s, "logistic", fits_of_logistic_models, loads_of_logistic_models,
          saves_of_logistic_models, evaluations, diagrams, predictions_allocate_nothing);
    return suite_run(s);
}
