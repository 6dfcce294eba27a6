/*
 * Memory that runs out in the making of a model, its merging, saving and loading, at every
 * allocation: the call says so, leaves nothing behind, and the same call succeeds afterwards.
 */
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/suite.h"

#define ROWS 600

typedef struct world {
    faulty memory;
    pmkt_allocator allocator;
    pmkt_run run;
    pmkt_intent *other;
    pmkt_buffer *buffer;
} world;

static uint64_t user[ROWS];
static int64_t when[ROWS], at[ROWS / 6 + 1];
static uint16_t kind[ROWS];
static uint32_t action[ROWS];

typedef pmkt_status (*call_fn)(world *w, void **made, pmkt_error *err);

static pmkt_status fit(world *w, void **made, pmkt_error *err) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = ROWS, ev.user = user, ev.time = when, ev.kind = kind, ev.category = user;
    static const uint64_t classes[] = {3, 7};
    pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
    o.allocator = &w->allocator, o.classes = classes, o.n_classes = LENGTH(classes);
    return pmkt_intent_fit(&ev, &o, &w->run, NULL, (pmkt_intent **)made, err);
}

static pmkt_status fit_paths(world *w, void **made, pmkt_error *err) {
    const pmkt_intent_paths p = {sizeof p, 0, ROWS / 6, at, action, when, NULL};
    pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
    o.allocator = &w->allocator, o.order = 5;
    return pmkt_intent_fit_paths(&p, &o, &w->run, (pmkt_intent **)made, err);
}

static pmkt_status merge(world *w, void **made, pmkt_error *err) {
    const pmkt_intent *const both[] = {w->other, w->other};
    return pmkt_intent_merge(both, 2, &w->run, (pmkt_intent **)made, err);
}

static pmkt_status load(world *w, void **made, pmkt_error *err) {
    pmkt_load_options o = PMKT_LOAD_OPTIONS_INIT;
    o.allocator = &w->allocator;
    return pmkt_intent_load_memory(pmkt_buffer_data(w->buffer), pmkt_buffer_size(w->buffer), &o,
                                   &w->run, (pmkt_intent **)made, err);
}

static pmkt_status save(world *w, void **made, pmkt_error *err) {
    return pmkt_intent_save_memory(w->other, NULL, &w->run, (pmkt_buffer **)made, err);
}

static void make(world *w, int32_t threads) {
    memset(w, 0, sizeof *w);
    w->allocator = faulty_allocator(&w->memory);
    pmkt_run_init(&w->run);
    w->run.threads = threads;
    random_seed(1);
    for (int i = 0; i < ROWS; i++) {
        user[i] = 1 + (uint64_t)random_below(50), when[i] = random_below(10000000);
        kind[i] = (uint16_t)(2 + random_below(9)), action[i] = kind[i];
        at[(i + 6) / 6] = i + 1;
    }
    pmkt_error err;
    void *made = NULL;
    ck_assert_ok(fit(w, &made, &err), err);
    w->other = made;
    ck_assert_ok(pmkt_intent_save_memory(w->other, NULL, NULL, &w->buffer, &err), err);
}

static void run_out(call_fn call, bool gives_buffer) {
    for (int32_t threads = 1; threads <= 2; threads++) {
        world w;
        make(&w, threads);
        const int64_t blocks = w.memory.blocks;
        pmkt_status status = PMKT_E_NOMEM;
        int64_t nth = 1;
        for (; status == PMKT_E_NOMEM; nth++) {
            void *made = NULL;
            pmkt_error err = {0};
            faulty_arm(&w.memory, nth, nth % 2);
            status = call(&w, &made, &err);
            faulty_disarm(&w.memory);
            ck_assert(status == PMKT_OK || status == PMKT_E_NOMEM);
            ck_assert((status == PMKT_OK) == (made != NULL));
            ck_assert_int_eq(err.code, status);
            if (gives_buffer)
                pmkt_buffer_free(made);
            else
                pmkt_intent_release(made);
            faulty_check(&w.memory);
            ck_assert_int_eq(w.memory.blocks, blocks);
        }
        ck_assert_int_gt(nth, 2);
        pmkt_buffer_free(w.buffer);
        pmkt_intent_release(w.other);
        faulty_check_empty(&w.memory);
    }
}

START_TEST(fits_of_events) {
    run_out(fit, false);
}
END_TEST
START_TEST(fits_of_paths) {
    run_out(fit_paths, false);
}
END_TEST
START_TEST(merges) {
    run_out(merge, false);
}
END_TEST
START_TEST(loads) {
    run_out(load, false);
}
END_TEST
START_TEST(saves) {
    run_out(save, true);
}
END_TEST

START_TEST(questions_allocate_nothing) {
    world w;
    make(&w, 1);
    const pmkt_intent_paths p = {sizeof p, 0, ROWS / 6, at, action, NULL, NULL};
    static double goal[ROWS], next[ROWS * 66], odds[ROWS];
    pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
    out.goal = goal, out.log_all = odds, out.next_p = next;
    faulty_arm(&w.memory, 1, true);
    ck_assert_int_eq(pmkt_intent_ask(w.other, &p, &w.run, &out, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_intent_next(w.other, &p, NULL, &w.run, next, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_intent_explain(w.other, &p, &w.run, odds, NULL), PMKT_OK);
    ck_assert_int_eq(w.memory.calls, 0);
    faulty_disarm(&w.memory);
    pmkt_buffer_free(w.buffer);
    pmkt_intent_release(w.other);
    faulty_check_empty(&w.memory);
}
END_TEST

int main(void) {
    Suite *s = suite_create("fault_intent");
    TOPIC(s, "memory", fits_of_events, fits_of_paths, merges, loads, saves,
          questions_allocate_nothing);
    return suite_run(s);
}
