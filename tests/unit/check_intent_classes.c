/*
 * check_intent_classes.c - kinds crossed with classes: events against paths whose actions were made
 * by hand.
 */
#include <stdlib.h>
#include <string.h>

#include "intent/classes.h"
#include "pmkt.h"
#include "support/files.h"
#include "support/loop.h"
#include "support/suite.h"

enum {
    USERS = 300,
    ROWS = 12000
};

#define NULL_BITS (UINT64_C(1) << 63) /* of an int64_t column */

/* Rows in the order of their users, and the same once more in any order. */
typedef struct world {
    int64_t at[ROWS + 1], sessions;
    uint32_t action[ROWS];
    int64_t dwell[ROWS];
    uint64_t user[ROWS], category[ROWS], number[ROWS];
    int64_t time[ROWS];
    uint16_t kind[ROWS];
} world;

static const uint64_t LIST[] = {9, NULL_BITS, 5, UINT64_MAX};
static const uint64_t VALUES[] = {0, 5, 7, 9, 11, UINT64_MAX, NULL_BITS};

/* The action of a row, by hand. */
static uint32_t slow_action(uint16_t kind, uint64_t value, uint64_t null, uint32_t goal) {
    if (kind == goal || value == null) return kind;
    for (uint32_t k = 0; k < LENGTH(LIST); k++) {
        if (LIST[k] == value) return kind + 65536 * (k + 1);
    }
    return kind;
}

static void swap_rows(world *w, int64_t i, int64_t k) {
    const uint64_t user = w->user[i], category = w->category[i];
    const int64_t time = w->time[i];
    const uint16_t kind = w->kind[i];
    w->user[i] = w->user[k], w->category[i] = w->category[k];
    w->time[i] = w->time[k], w->kind[i] = w->kind[k];
    w->user[k] = user, w->category[k] = category, w->time[k] = time, w->kind[k] = kind;
}

static world *make_world(uint64_t null, uint32_t goal) {
    world *w = calloc(1, sizeof *w);
    random_seed(5);
    for (int64_t n = 0; n < ROWS; n++) {
        const bool first = n % (ROWS / USERS) == 0;
        const int64_t step = random_below(8) ? random_below(300000) : 2000000;
        w->user[n] = (uint64_t)(n / (ROWS / USERS)) + 1;
        w->time[n] = first ? step : w->time[n - 1] + step;
        w->kind[n] = (uint16_t)(random_below(20) ? 1 + random_below(5) : PMKT_KIND_ORDER);
        w->category[n] = VALUES[random_below(LENGTH(VALUES))];
        w->action[n] = slow_action(w->kind[n], w->category[n], null, goal), w->dwell[n] = step;
        if (first || step > 1800000) w->at[w->sessions++] = n;
    }
    w->at[w->sessions] = ROWS;
    for (int64_t i = ROWS - 1; i > 0; i--) swap_rows(w, i, random_below(i + 1));
    return w;
}

static pmkt_intent_paths paths_of(const world *w) {
    const pmkt_intent_paths p = {sizeof p, 0, w->sessions, w->at, w->action, w->dwell, NULL};
    return p;
}

static pmkt_events events_of(const world *w) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = ROWS, ev.user = w->user, ev.time = w->time, ev.kind = w->kind;
    return ev;
}

static pmkt_intent_options options_of(const char *column) {
    pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
    o.classes = LIST, o.n_classes = LENGTH(LIST), o.class_column = column;
    return o;
}

static file_bytes bytes_of(const pmkt_intent *model) {
    pmkt_buffer *buffer = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_save_memory(model, NULL, NULL, &buffer, &err), err);
    file_bytes f = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return f;
}

static void check_same(const pmkt_intent *a, const pmkt_intent *b) {
    file_bytes x = bytes_of(a), y = bytes_of(b);
    ck_assert_uint_eq(x.n, y.n);
    ck_assert(memcmp(x.at, y.at, x.n) == 0);
    file_free(&x);
    file_free(&y);
}

/* ---------------------------------------------------------------------- counts */

static void check_events(const world *w, const pmkt_events *ev, const pmkt_intent_options *o) {
    const pmkt_intent_paths paths = paths_of(w);
    pmkt_intent_options plain = *o; /* of paths no column is read */
    pmkt_intent *a = NULL, *b = NULL;
    pmkt_error err;
    for (int32_t threads = 1; threads <= 3; threads++) {
        const pmkt_run run = {sizeof run, threads, {NULL, NULL}};
        plain.class_column = threads == 1 ? "of no batch" : NULL;
        ck_assert_ok(pmkt_intent_fit(ev, o, &run, NULL, &a, &err), err);
        ck_assert_ok(pmkt_intent_fit_paths(&paths, &plain, &run, &b, &err), err);
        check_same(a, b);
        pmkt_intent_release(a);
        pmkt_intent_release(b);
    }
}

START_TEST(categories_cross_kinds) {
    world *w = make_world(0, PMKT_KIND_ORDER);
    pmkt_events ev = events_of(w);
    ev.category = w->category;
    const pmkt_intent_options o = options_of(NULL);
    check_events(w, &ev, &o);
    free(w);
}
END_TEST

START_TEST(extra_columns_cross_kinds) {
    for (int32_t type = PMKT_TYPE_INT64; type <= PMKT_TYPE_UINT64; type++) {
        world *w = make_world(type == PMKT_TYPE_INT64 ? NULL_BITS : 0, PMKT_KIND_ORDER);
        const pmkt_column extra[] = {{"width", w->time, PMKT_TYPE_INT64, 0},
                                     {"page", w->category, type, 0}};
        pmkt_events ev = events_of(w);
        ev.category = w->user, ev.extra = extra, ev.n_extra = LENGTH(extra);
        const pmkt_intent_options o = options_of("page");
        check_events(w, &ev, &o);
        free(w);
    }
}
END_TEST

START_TEST(a_goal_may_be_crossed_itself) {
    /* Views of class 5 are the goal; plain orders are actions like any other. */
    const uint32_t goal = PMKT_INTENT_ACTION(PMKT_KIND_VIEW, 2);
    world *w = make_world(0, goal);
    pmkt_events ev = events_of(w);
    ev.category = w->category;
    pmkt_intent_options o = options_of(NULL);
    o.goal = goal;
    check_events(w, &ev, &o);
    free(w);
}
END_TEST

START_TEST(an_order_is_the_goal_whatever_its_class) {
    const uint64_t user[] = {1, 1, 1}, category[] = {5, 5, 9};
    const int64_t time[] = {0, 1000, 2000};
    const uint16_t kind[] = {PMKT_KIND_VIEW, PMKT_KIND_ORDER, PMKT_KIND_VIEW};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 3, ev.user = user, ev.time = time, ev.kind = kind, ev.category = category;
    const pmkt_intent_options o = options_of(NULL);
    pmkt_intent *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_fit(&ev, &o, NULL, NULL, &model, &err), err);
    const uint32_t *actions = NULL;
    int64_t n = 0;
    ck_assert_ok(pmkt_intent_actions(model, &actions, &n, &err), err);
    ck_assert_int_eq(n, 1);
    ck_assert_uint_eq(actions[0], PMKT_INTENT_ACTION(PMKT_KIND_VIEW, 2));
    pmkt_intent_facts facts = PMKT_INTENT_FACTS_INIT;
    ck_assert_ok(pmkt_intent_info(model, &facts, &err), err);
    ck_assert_int_eq(facts.buyers, 1);
    ck_assert_int_eq(facts.classes, LENGTH(LIST));
    pmkt_intent_release(model);
}
END_TEST

START_TEST(rejected_rows_and_empty_batches_have_no_class) {
    const uint64_t user[] = {0, 0}, category[] = {5, 9};
    const int64_t time[] = {1, 2};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 2, ev.user = user, ev.time = time, ev.category = category;
    ev.every_kind = PMKT_KIND_VIEW, ev.on_bad = PMKT_ON_BAD_SKIP;
    const pmkt_events empty = PMKT_EVENTS_INIT;
    for (int k = 0; k < 2; k++) {
        const pmkt_intent_options o = options_of(k ? "page" : NULL);
        pmkt_intent *model = NULL;
        pmkt_error err;
        pmkt_report report = PMKT_REPORT_INIT;
        ck_assert_ok(pmkt_intent_fit(k ? &empty : &ev, &o, NULL, &report, &model, &err), err);
        ck_assert_int_eq(report.rejected, k ? 0 : 2);
        pmkt_intent_release(model);
    }
}
END_TEST

START_TEST(each_of_many_classes_is_found) {
    uint64_t *list = malloc(PMKT_INTENT_MAX_CLASSES * sizeof *list);
    for (int64_t k = 0; k < PMKT_INTENT_MAX_CLASSES; k++) {
        list[k] = k % 2 ? pmkti_mix((uint64_t)k + 1) : (uint64_t)k + 1;
    }
    for (int64_t n = 1; n <= PMKT_INTENT_MAX_CLASSES; n = n < 40 ? n + 1 : n + 32747) {
        pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
        o.classes = list, o.n_classes = n;
        const pmkt_intent_paths none = PMKT_INTENT_PATHS_INIT;
        pmkt_intent *model = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_intent_fit_paths(&none, &o, NULL, &model, &err), err);
        for (int64_t k = 0; k < PMKT_INTENT_MAX_CLASSES; k++) {
            const uint32_t action = pmkti_action_of(model, PMKT_KIND_VIEW, list[k]);
            REQUIRE(action == (k < n ? PMKT_INTENT_ACTION(PMKT_KIND_VIEW, k) : PMKT_KIND_VIEW));
            REQUIRE(pmkti_action_of(model, 65535, list[k]) < PMKT_INTENT_START);
            REQUIRE(pmkti_action_of(model, PMKT_KIND_ORDER, list[k]) == PMKT_KIND_ORDER);
        }
        REQUIRE(pmkti_action_of(model, PMKT_KIND_VIEW, 0) == PMKT_KIND_VIEW);
        const uint64_t *classes = NULL;
        int64_t m = 0;
        ck_assert_ok(pmkt_intent_classes(model, &classes, &m, &err), err);
        ck_assert_int_eq(m, n);
        ck_assert(memcmp(classes, list, (size_t)n * sizeof *list) == 0);
        ck_assert_ok(pmkt_intent_classes(model, NULL, NULL, &err), err);
        pmkt_intent_release(model);
    }
    free(list);
}
END_TEST

START_TEST(merged_is_whole) {
    world *w = make_world(0, PMKT_KIND_ORDER);
    const pmkt_intent_options o = options_of(NULL);
    const pmkt_intent_paths all = paths_of(w);
    pmkt_intent_paths first = all, rest = all;
    first.n = 700, rest.n = all.n - 700;
    int64_t *at = malloc((size_t)(rest.n + 1) * sizeof *at);
    for (int64_t i = 0; i <= rest.n; i++) at[i] = w->at[700 + i] - w->at[700];
    rest.at = at, rest.action = w->action + w->at[700], rest.dwell = w->dwell + w->at[700];
    pmkt_intent *whole = NULL, *a = NULL, *b = NULL, *merged = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_fit_paths(&all, &o, NULL, &whole, &err), err);
    ck_assert_ok(pmkt_intent_fit_paths(&first, &o, NULL, &a, &err), err);
    ck_assert_ok(pmkt_intent_fit_paths(&rest, &o, NULL, &b, &err), err);
    const pmkt_intent *const both[] = {a, b};
    ck_assert_ok(pmkt_intent_merge(both, 2, NULL, &merged, &err), err);
    check_same(whole, merged);
    pmkt_intent_facts x = PMKT_INTENT_FACTS_INIT, y = PMKT_INTENT_FACTS_INIT;
    ck_assert_ok(pmkt_intent_info(whole, &x, &err), err);
    ck_assert_ok(pmkt_intent_info(merged, &y, &err), err);
    ck_assert(memcmp(&x, &y, sizeof x) == 0);
    pmkt_intent_release(whole);
    pmkt_intent_release(merged);
    pmkt_intent_release(a);
    pmkt_intent_release(b);
    free(at);
    free(w);
}
END_TEST

/* ------------------------------------------------------------------- bad calls */

START_TEST(models_of_other_classes_do_not_merge) {
    static const uint64_t same[] = {5, 9}, turned[] = {9, 5}, other[] = {5, 8};
    const struct {
        const uint64_t *list;
        int64_t n;
        pmkt_status status;
    } with[] = {{same, 2, PMKT_OK},
                {turned, 2, PMKT_E_MISMATCH},
                {other, 2, PMKT_E_MISMATCH},
                {same, 1, PMKT_E_MISMATCH},
                {NULL, 0, PMKT_E_MISMATCH}};
    const pmkt_intent_paths none = PMKT_INTENT_PATHS_INIT;
    for (int64_t i = 0; i < LENGTH(with); i++) {
        pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
        pmkt_intent *a = NULL, *b = NULL, *merged = NULL;
        o.classes = same, o.n_classes = 2;
        ck_assert_int_eq(pmkt_intent_fit_paths(&none, &o, NULL, &a, NULL), PMKT_OK);
        o.classes = with[i].list, o.n_classes = with[i].n;
        ck_assert_int_eq(pmkt_intent_fit_paths(&none, &o, NULL, &b, NULL), PMKT_OK);
        const pmkt_intent *const both[] = {a, b};
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_intent_merge(both, 2, NULL, &merged, &err), with[i].status);
        ck_assert((merged != NULL) == (with[i].status == PMKT_OK));
        if (with[i].status) ck_assert(strstr(err.message, "classes"));
        pmkt_intent_release(merged);
        pmkt_intent_release(a);
        pmkt_intent_release(b);
    }
}
END_TEST

START_TEST(lists_that_are_none_are_refused) {
    static const uint64_t zero[] = {4, 0}, twice[] = {4, 5, 6, 4}, good[] = {4};
    const struct {
        const uint64_t *list;
        int64_t n;
        const char *column;
        int64_t where;
    } bad[] = {{zero, 2, NULL, 1},         {twice, 4, NULL, 3},
               {NULL, 1, NULL, 0},         {good, -1, NULL, 0},
               {good, 1, "", 0},           {NULL, 0, "page", 0},
               {good, INT64_MAX, NULL, 0}, {good, PMKT_INTENT_MAX_CLASSES + 1, NULL, 0}};
    const pmkt_intent_paths none = PMKT_INTENT_PATHS_INIT;
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
        o.classes = bad[i].list, o.n_classes = bad[i].n, o.class_column = bad[i].column;
        pmkt_intent *model = NULL;
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_intent_fit_paths(&none, &o, NULL, &model, &err), PMKT_E_INVALID);
        ck_assert_ptr_null(model);
        ck_assert_int_eq(err.where, bad[i].where);
    }
}
END_TEST

START_TEST(a_batch_without_the_column_is_refused) {
    const uint64_t user[] = {1};
    const int64_t time[] = {1};
    const double weight[] = {5};
    const pmkt_column extra[] = {{"weight", weight, PMKT_TYPE_DOUBLE, 0}};
    const struct {
        const char *column, *named;
    } bad[] = {{NULL, "events.category"}, {"page", "\"page\""}, {"weight", "\"weight\""}};
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        pmkt_events ev = PMKT_EVENTS_INIT;
        ev.rows = 1, ev.user = user, ev.time = time, ev.every_kind = PMKT_KIND_VIEW;
        ev.extra = extra, ev.n_extra = 1;
        const pmkt_intent_options o = options_of(bad[i].column);
        pmkt_intent *model = NULL;
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_intent_fit(&ev, &o, NULL, NULL, &model, &err), PMKT_E_INVALID);
        ck_assert_ptr_null(model);
        ck_assert_msg(strstr(err.message, bad[i].named) != NULL, "%s", err.message);
    }
}
END_TEST

static int stop_at_once(void *ctx, double done, const char *stage) {
    (void)done, (void)stage;
    return --*(int *)ctx < 0;
}

START_TEST(a_fit_can_be_canceled_at_every_stage) {
    world *w = make_world(0, PMKT_KIND_ORDER);
    pmkt_events ev = events_of(w);
    ev.category = w->category;
    const pmkt_intent_options o = options_of(NULL);
    pmkt_status status = PMKT_E_CANCELED;
    int calls = 0;
    for (; status == PMKT_E_CANCELED; calls++) {
        int left = calls;
        const pmkt_run run = {sizeof run, 1, {stop_at_once, &left}};
        pmkt_intent *model = NULL;
        status = pmkt_intent_fit(&ev, &o, &run, NULL, &model, NULL);
        ck_assert((status == PMKT_OK) == (model != NULL));
        pmkt_intent_release(model);
    }
    ck_assert_int_eq(status, PMKT_OK);
    ck_assert_int_gt(calls, 6);
    free(w);
}
END_TEST

int main(void) {
    Suite *s = suite_create("intent_classes");
    TOPIC(s, "counts", categories_cross_kinds, extra_columns_cross_kinds,
          a_goal_may_be_crossed_itself, an_order_is_the_goal_whatever_its_class,
          rejected_rows_and_empty_batches_have_no_class, each_of_many_classes_is_found,
          merged_is_whole);
    TOPIC(s, "bad calls", models_of_other_classes_do_not_merge, lists_that_are_none_are_refused,
          a_batch_without_the_column_is_refused, a_fit_can_be_canceled_at_every_stage);
    return suite_run(s);
}
