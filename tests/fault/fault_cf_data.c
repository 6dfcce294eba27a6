/*
 * Memory that runs out, at every allocation of every call that makes training data: the call says so,
 * what was there is as before, outputs are untouched, nothing leaks, and the same call then succeeds
 * with the result of one that never failed.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/suite.h"

#define FEW 500

/* What every call reads; it is made once. */
static struct rows {
    int64_t n;
    uint64_t *user, *item, *category;
    int64_t *time;
    int32_t threads;
    pmkt_idset *consent;
    /* The same as a matrix, of FEW entries: ids in no order, pairs twice. */
    int64_t at[51];
    int32_t column[FEW];
    uint64_t user_id[50], item_id[50], of_item[50];
} given;

static void make_rows(int64_t n, int32_t threads) {
    random_seed(11);
    given.n = n, given.threads = threads;
    given.user = malloc((size_t)n * 8), given.item = malloc((size_t)n * 8);
    given.category = malloc((size_t)n * 8), given.time = malloc((size_t)n * 8);
    for (int64_t i = 0; i < n; i++) {
        given.user[i] = 1 + (uint64_t)random_below(n / 20) * 7;
        given.item[i] = (uint64_t)random_below(n / 20) * UINT64_C(0x9e3779b97f4a7c15);
        given.category[i] = (uint64_t)random_below(2000);
        given.time[i] = random_below(100000);
    }
    uint64_t *some = malloc((size_t)n * 8);
    for (int64_t i = 0; i < n / 40; i++) some[i] = 1 + (uint64_t)i * 7;
    pmkt_error err;
    ck_assert_ok(pmkt_idset_new(some, n / 40, NULL, &given.consent, &err), err);
    free(some);
    for (int64_t i = 0; i <= 50; i++) given.at[i] = i * FEW / 50;
    for (int64_t i = 0; i < FEW; i++) given.column[i] = (int32_t)random_below(50);
    for (uint64_t i = 0; i < 50; i++) {
        given.user_id[i] = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        given.item_id[i] = 100 - i;
        given.of_item[i] = i % 3;
    }
}

static void free_rows(void) {
    free(given.user), free(given.item), free(given.category), free(given.time);
    pmkt_idset_free(given.consent);
    memset(&given, 0, sizeof given);
}

static pmkt_events events_of(int64_t from, int64_t n) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = n, ev.every_kind = PMKT_KIND_VIEW;
    ev.user = given.user + from, ev.item = given.item + from, ev.time = given.time + from;
    ev.category = given.category + from;
    return ev;
}

/* ------------------------------------------------------------------ the calls */

typedef struct world {
    faulty memory;
    pmkt_allocator allocator;
    pmkt_run run;
    pmkt_report report;
    pmkt_cf_builder *builder, *fresh;
    pmkt_cf_data *data;
} world;

static pmkt_status from_events(world *w, pmkt_error *err) {
    pmkt_cf_data_options o = PMKT_CF_DATA_OPTIONS_INIT;
    o.allocator = &w->allocator, o.users = given.consent;
    o.half_life_ms = 1000, o.max_items_per_user = 12, o.max_users_per_item = 3;
    const pmkt_events ev = events_of(0, given.n);
    return pmkt_cf_data_from_events(&ev, &o, &w->run, &w->report, &w->data, err);
}

static pmkt_status new_builder(world *w, pmkt_error *err) {
    return pmkt_cf_builder_new(&w->allocator, 0, &w->fresh, err);
}

static pmkt_status add_more(world *w, pmkt_error *err) {
    const pmkt_events ev = events_of(given.n / 2, given.n - given.n / 2);
    return pmkt_cf_builder_add(w->builder, &ev, &w->run, &w->report, err);
}

static pmkt_status build(world *w, pmkt_error *err) {
    pmkt_cf_data_options o = PMKT_CF_DATA_OPTIONS_INIT;
    o.allocator = &w->allocator, o.max_items_per_user = 3;
    return pmkt_cf_builder_build(w->builder, &o, &w->run, &w->data, err);
}

static pmkt_status from_matrix(world *w, pmkt_error *err) {
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = m.items = 50, m.at = given.at, m.item = given.column;
    m.user_id = given.user_id, m.item_id = given.item_id, m.category = given.of_item;
    return pmkt_cf_data_from_matrix(&m, &w->allocator, &w->run, &w->data, err);
}

static pmkt_status borrow_matrix(world *w, pmkt_error *err) {
    static const int64_t at[] = {0, 3, 5};
    static const int32_t column[] = {0, 1, 4, 2, 3};
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = 2, m.items = 5, m.at = at, m.item = column, m.borrow = 1;
    return pmkt_cf_data_from_matrix(&m, &w->allocator, &w->run, &w->data, err);
}

typedef pmkt_status (*call)(world *w, pmkt_error *err);

/* --------------------------------------------------------------------- a world */

static void world_begin(world *w) {
    memset(w, 0, sizeof *w);
    w->allocator = faulty_allocator(&w->memory);
    pmkt_run_init(&w->run);
    w->run.threads = given.threads;
    pmkt_report_init(&w->report);
    pmkt_error err;
    ck_assert_ok(pmkt_cf_builder_new(&w->allocator, 0, &w->builder, &err), err);
    const pmkt_events ev = events_of(0, given.n / 2);
    ck_assert_ok(pmkt_cf_builder_add(w->builder, &ev, NULL, NULL, &err), err);
}

static void world_end(world *w) {
    pmkt_cf_data_release(w->data);
    pmkt_cf_builder_free(w->builder);
    pmkt_cf_builder_free(w->fresh);
    faulty_check_empty(&w->memory);
}

static uint64_t hash_of(const pmkt_cf_data *d) {
    pmkt_cf_data_counts c = PMKT_CF_DATA_COUNTS_INIT;
    pmkt_error err;
    if (!d) return 0;
    ck_assert_ok(pmkt_cf_data_info(d, &c, &err), err);
    return c.hash;
}

/* The matrix of what the builder has. */
static uint64_t knowledge(const world *w) {
    pmkt_cf_data *d = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_builder_build(w->builder, NULL, NULL, &d, &err), err);
    const uint64_t hash = hash_of(d);
    pmkt_cf_data_release(d);
    return hash;
}

/* A call whose nth allocation fails, once or with all after it; false once it needs fewer than that. */
static bool fail_call(const char *name, call run, int64_t nth, bool sticky, uint64_t data,
                      uint64_t known, uint64_t after) {
    world w;
    world_begin(&w);
    const world before = w;
    const int64_t live = w.memory.blocks, builder = pmkt_cf_builder_bytes(w.builder);
    pmkt_error err = {0};
    faulty_arm(&w.memory, nth, sticky);
    const pmkt_status status = run(&w, &err);
    const bool refused = w.memory.refused > 0;
    faulty_disarm(&w.memory);
    faulty_check(&w.memory);
    ck_assert_msg(status == (refused ? PMKT_E_NOMEM : PMKT_OK), "%s, allocation %lld: %s", name,
                  (long long)nth, pmkt_status_name(status));
    if (refused) {
        ck_assert_int_eq(err.code, PMKT_E_NOMEM);
        ck_assert(w.data == NULL && w.fresh == NULL && w.builder == before.builder);
        ck_assert_mem_eq(&w.report, &before.report, sizeof w.report);
        ck_assert_int_eq(w.memory.blocks, live);
        ck_assert_int_eq(pmkt_cf_builder_bytes(w.builder), builder);
        if (run == add_more) ck_assert_uint_eq(knowledge(&w), known);
        ck_assert_ok(run(&w, &err), err);
    }
    ck_assert_uint_eq(hash_of(w.data), data);
    if (run == add_more) ck_assert_uint_eq(knowledge(&w), after);
    world_end(&w);
    return refused;
}

static void fail_everywhere(const char *name, call run, int64_t at_least) {
    world w;
    world_begin(&w);
    pmkt_error err;
    const uint64_t known = knowledge(&w);
    ck_assert_ok(run(&w, &err), err);
    const uint64_t data = hash_of(w.data), after = knowledge(&w);
    world_end(&w);
    ck_assert((known != after) == (run == add_more)); /* the others leave the builder alone */
    for (int sticky = 0; sticky < 2; sticky++) {
        int64_t nth = 1;
        while (fail_call(name, run, nth, sticky, data, known, after)) nth++;
        ck_assert_msg(nth > at_least, "%s allocates only %lld times", name, (long long)nth - 1);
    }
}

static void fail_all_calls(int64_t rows, int32_t threads) {
    make_rows(rows, threads);
    fail_everywhere("from_events", from_events, 25);
    fail_everywhere("builder_new", new_builder, 1);
    fail_everywhere("builder_add", add_more, 3);
    fail_everywhere("builder_build", build, 20);
    fail_everywhere("from_matrix", from_matrix, 15);
    fail_everywhere("borrow_matrix", borrow_matrix, 8);
    free_rows();
}

START_TEST(a_few_rows_survive_on_one_thread) {
    fail_all_calls(3000, 1);
}
END_TEST

/* So many that threads start and that parts are several. */
START_TEST(many_rows_survive_on_four_threads) {
    fail_all_calls(scaled(70000, 33000), 4);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fault cf data");
    TOPIC(suite, "allocations", a_few_rows_survive_on_one_thread,
          many_rows_survive_on_four_threads);
    return suite_run(suite);
}
