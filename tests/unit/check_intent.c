/*
 * check_intent.c - models of intent against obvious code: probabilities, ends, logarithms; that
 * merged is whole, and that events and paths are one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/files.h"
#include "support/intent_slow.h"
#include "support/loop.h"
#include "support/suite.h"
#include "support/visits.h"

#define PATHS 60
#define GOAL_CODE 10
#define MOST (PATHS * 16)

/* Sequences in both forms. Action k of the slow code is 20 + 3 k. */
typedef struct world {
    slow_path slow[PATHS];
    slow_chain chain;
    int64_t at[PATHS + 1];
    uint32_t action[MOST];
    int64_t dwell[MOST];
    uint8_t bought[PATHS];
    pmkt_intent_paths paths;
} world;

static uint32_t code_of(int step) {
    return step == SLOW_GOAL    ? PMKT_INTENT_GOAL
           : step == SLOW_LEAVE ? PMKT_INTENT_LEAVE
                                : (uint32_t)(20 + 3 * step);
}

static void flatten(world *w) {
    int64_t n = 0;
    for (int i = 0; i < PATHS; i++) {
        slow_path *p = &w->slow[i];
        w->at[i] = n;
        for (int k = 0; k < p->n; k++) {
            w->action[n] = code_of(p->step[k]);
            w->dwell[n++] = p->dwell[k];
        }
        /* Half of the goals are actions, which have a time; the others are said by `bought`. */
        w->bought[i] = p->bought && i % 2;
        p->goal_dwell = p->n > 0 && p->bought && !w->bought[i] ? 5000 + i : -1;
        if (p->bought && !w->bought[i]) {
            w->action[n] = GOAL_CODE, w->dwell[n++] = p->goal_dwell < 0 ? 0 : p->goal_dwell;
            if (i % 4 == 0) w->action[n] = 999999, w->dwell[n++] = 3; /* after the goal: not seen */
        }
    }
    w->at[PATHS] = n;
    w->paths =
        (pmkt_intent_paths){sizeof w->paths, 0, PATHS, w->at, w->action, w->dwell, w->bought};
}

static void make_world(world *w, uint64_t seed, int order, int actions) {
    memset(w, 0, sizeof *w);
    random_seed(seed);
    for (int i = 0; i < PATHS; i++) {
        slow_path *p = &w->slow[i];
        p->n = (int)random_below(7);
        for (int k = 0; k < p->n; k++) {
            const int same = k > 0 && random_below(2);
            p->step[k] = same ? p->step[k - 1] : 1 + (int)random_below(actions);
            p->dwell[k] = k == 0 ? 777777 : random_below(10) ? random_below(90000) : -1;
        }
        if (i < actions) p->n = p->n ? p->n : 1, p->step[0] = i + 1; /* so that all occur */
        p->bought = random_below(3) == 0;
    }
    flatten(w);
    w->chain = (slow_chain){.order = order, .actions = actions, .n = PATHS, .paths = w->slow};
    slow_prepare(&w->chain);
}

static pmkt_intent *fit(const world *w, const pmkt_allocator *allocator) {
    pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
    o.order = w->chain.order, o.allocator = allocator;
    pmkt_intent *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_fit_paths(&w->paths, &o, NULL, &model, &err), err);
    return model;
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

/* A history without START as a path of its own, and with it for the slow code. */
static int history_of(int64_t number, int actions, int *history, uint32_t *action) {
    int n = 1;
    history[0] = SLOW_START;
    for (; number > 0; number /= actions + 1) {
        const int step = (int)(number % (actions + 1));
        if (step == 0) return 0; /* as of a shorter number */
        history[n] = step;
        action[n - 1] = code_of(step);
        n++;
    }
    return n;
}

/* ------------------------------------------------------------- probabilities */

/* Actions that nobody has done before are passed over: all answers are those of the path without. */
START_TEST(what_is_not_known_is_passed_over) {
    world *w = calloc(1, sizeof *w);
    make_world(w, 12, 3, 3);
    pmkt_intent *model = fit(w, NULL);
    const uint32_t action[] = {code_of(1), code_of(2), 777777,     code_of(1),
                               777777,     code_of(1), code_of(2), code_of(1)};
    const int64_t at[] = {0, 5, 8, 9, 9}, waited[] = {60000, 60000, 60000, 60000};
    uint32_t last[9];
    memcpy(last, action, sizeof action);
    last[8] = 777777;
    const pmkt_intent_paths paths = {sizeof paths, 0, 4, at, last, NULL, NULL};
    double goal[4], steps[4], log_all[4], p[4 * 5], odds[9];
    pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
    out.goal = goal, out.steps = steps, out.log_all = log_all;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_ask(model, &paths, NULL, &out, &err), err);
    ck_assert_ok(pmkt_intent_next(model, &paths, waited, NULL, p, &err), err);
    ck_assert_ok(pmkt_intent_explain(model, &paths, NULL, odds, &err), err);
    for (int i = 0; i < 4; i += 2) {
        REQUIRE(goal[i] == goal[i + 1] && steps[i] == steps[i + 1] && log_all[i] == log_all[i + 1]);
        for (int k = 0; k < 5; k++) REQUIRE(p[5 * i + k] == p[5 * (i + 1) + k]);
    }
    REQUIRE(odds[2] == 0 && odds[4] == 0 && odds[8] == 0);
    REQUIRE(odds[0] == odds[5] && odds[1] == odds[6] && odds[3] == odds[7]);
    pmkt_intent_release(model);
    free(w);
}
END_TEST

static void check_histories(uint64_t seed, int order, int actions, int most) {
    world *w = calloc(1, sizeof *w);
    make_world(w, seed, order, actions);
    pmkt_intent *model = fit(w, NULL);
    pmkt_error err;
    int64_t histories = 1;
    for (int i = 0; i < most; i++) histories *= actions + 1;
    for (int64_t number = 0; number < histories; number++) {
        int h[16];
        uint32_t action[16];
        const int n = history_of(number, actions, h, action);
        if (n == 0) continue;
        const int64_t at[2] = {0, n - 1};
        const pmkt_intent_paths one = {sizeof one, 0, 1, at, action, NULL, NULL};
        double p[16], sum = 0;
        int32_t context = -1;
        pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
        out.context = &context;
        ck_assert_ok(pmkt_intent_next(model, &one, NULL, NULL, p, &err), err);
        ck_assert_ok(pmkt_intent_ask(model, &one, NULL, &out, &err), err);
        const int known = slow_known(&w->chain, h, n);
        REQUIRE(context == known);
        for (int k = 0; k < actions + 2; k++) {
            const int next = k < actions ? k + 1 : k == actions ? SLOW_LEAVE : SLOW_GOAL;
            const double q = slow_p(&w->chain, h + n - known, known, next, 0);
            REQUIRE(fabs(p[k] - q) < 1e-14);
            REQUIRE(p[k] > 0);
            sum += p[k];
        }
        REQUIRE(fabs(sum - 1) < 1e-14);
    }
    pmkt_intent_release(model);
    free(w);
}

START_TEST(probabilities_are_those_of_kneser_and_ney) {
    for (int order = 1; order <= 5; order++) check_histories((uint64_t)order, order, 2, 6);
    for (int order = 1; order <= 3; order++) check_histories((uint64_t)order, order, 4, 4);
}
END_TEST

START_TEST(paths_are_as_likely_as_the_product_of_their_steps) {
    world *w = calloc(1, sizeof *w);
    make_world(w, 11, 3, 3);
    pmkt_intent *model = fit(w, NULL);
    double logs[3][PATHS], odds[MOST];
    pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
    out.log_all = logs[0], out.log_buyer = logs[1], out.log_other = logs[2];
    pmkt_error err;
    ck_assert_ok(pmkt_intent_ask(model, &w->paths, NULL, &out, &err), err);
    ck_assert_ok(pmkt_intent_explain(model, &w->paths, NULL, odds, &err), err);
    for (int i = 0; i < PATHS; i++) {
        const slow_path *path = &w->slow[i];
        const bool shown = path->bought && !w->bought[i]; /* the goal is in the path */
        double sum[3] = {0, 0, 0}, all = 0;
        int h[64] = {SLOW_START};
        for (int k = 0; k < path->n + shown; k++) {
            const int step = k < path->n ? path->step[k] : SLOW_GOAL;
            const int known = slow_known(&w->chain, h, k + 1);
            double ln[3];
            for (int c = 0; c < 3; c++) {
                ln[c] = log(slow_p(&w->chain, h + k + 1 - known, known, step, c));
                sum[c] += ln[c];
            }
            h[k + 1] = step;
            REQUIRE(fabs(odds[w->at[i] + k] - (ln[1] - ln[2])) < 1e-12);
        }
        for (int64_t k = w->at[i]; k < w->at[i + 1]; k++) all += odds[k];
        for (int c = 0; c < 3; c++) REQUIRE(fabs(logs[c][i] - sum[c]) < 1e-12);
        REQUIRE(fabs(all - (logs[1][i] - logs[2][i])) < 1e-12);
    }
    pmkt_intent_release(model);
    free(w);
}
END_TEST

/* ---------------------------------------------------------------------- ends */

static void check_ends(uint64_t seed, int order, int actions, int64_t histories) {
    world *w = calloc(1, sizeof *w);
    make_world(w, seed, order, actions);
    pmkt_intent *model = fit(w, NULL);
    pmkt_error err;
    for (int64_t number = 0; number < histories; number++) {
        int h[16];
        uint32_t action[16];
        const int n = history_of(number, actions, h, action);
        if (n == 0) continue;
        const int64_t at[2] = {0, n - 1};
        const pmkt_intent_paths one = {sizeof one, 0, 1, at, action, NULL, NULL};
        double goal, leave, steps, time, slow[3];
        pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
        out.goal = &goal, out.leave = &leave, out.steps = &steps, out.time_ms = &time;
        ck_assert_ok(pmkt_intent_ask(model, &one, NULL, &out, &err), err);
        slow_ends(&w->chain, h, n, slow);
        REQUIRE(fabs(goal - slow[0]) < 1e-13);
        REQUIRE(goal + leave == 1);
        REQUIRE(fabs(steps / slow[1] - 1) < 1e-12);
        REQUIRE(fabs(time / slow[2] - 1) < 1e-11);
        REQUIRE(steps >= 1);
    }
    pmkt_intent_facts facts = PMKT_INTENT_FACTS_INIT;
    ck_assert_ok(pmkt_intent_info(model, &facts, &err), err);
    ck_assert(facts.residual <= 1e-14);
    pmkt_intent_release(model);
    free(w);
}

START_TEST(ends_are_those_of_a_dense_system) {
    check_ends(1, 1, 3, 16);
    check_ends(2, 2, 3, scaled(64, 16));
    check_ends(3, 3, 2, scaled(27, 9));
    check_ends(4, 4, 2, 4);
}
END_TEST

START_TEST(one_endless_session_still_has_its_ends) {
    /* A million views, a second each, and then the goal. */
    enum {
        VIEWS = 1000000
    };
    uint32_t *action = malloc(VIEWS * sizeof *action);
    int64_t *dwell = malloc(VIEWS * sizeof *dwell);
    for (int i = 0; i < VIEWS; i++) action[i] = PMKT_KIND_VIEW, dwell[i] = 1000;
    const int64_t at[] = {0, VIEWS, VIEWS};
    const uint8_t bought[] = {1, 0};
    const pmkt_intent_paths paths = {sizeof paths, 0, 2, at, action, dwell, bought};
    const int64_t asked_at[] = {0, 5};
    const pmkt_intent_paths asked = {sizeof asked, 0, 1, asked_at, action, NULL, NULL};
    pmkt_intent *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_fit_paths(&paths, NULL, NULL, &model, &err), err);
    double goal, steps, time;
    pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
    out.goal = &goal, out.steps = &steps, out.time_ms = &time;
    ck_assert_ok(pmkt_intent_ask(model, &asked, NULL, &out, &err), err);
    ck_assert(goal > 0.3 && goal < 1);
    ck_assert(steps > 1e5 && steps < 1e7);
    ck_assert(fabs(time / steps - 1000) < 1);
    pmkt_intent_release(model);
    free(action);
    free(dwell);
}
END_TEST

/* A thousand actions in an order of chance, again and again: each context is followed by one action
   only, and nothing but smoothing ever leaves the circle. */
START_TEST(a_chain_that_hardly_ever_ends_is_refused) {
    enum {
        ROUND = 1000,
        ROUNDS = 2000
    };
    uint32_t *action = malloc(ROUND * ROUNDS * sizeof *action);
    random_seed(1);
    for (int i = 0; i < ROUND; i++) action[i] = 20 + (uint32_t)random_below(64);
    for (int i = ROUND; i < ROUND * ROUNDS; i++) action[i] = action[i - ROUND];
    const int64_t at[] = {0, ROUND * ROUNDS};
    const pmkt_intent_paths paths = {sizeof paths, 0, 1, at, action, NULL, NULL};
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
    o.allocator = &allocator;
    pmkt_intent *model = NULL;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_intent_fit_paths(&paths, &o, NULL, &model, &err), PMKT_E_UNSUPPORTED);
    ck_assert_ptr_null(model);
    ck_assert(strstr(err.message, "ends so rarely") != NULL);
    faulty_check_empty(&memory);
    free(action);
}
END_TEST

START_TEST(a_model_of_nothing_knows_nothing) {
    const pmkt_intent_paths none = PMKT_INTENT_PATHS_INIT;
    const int64_t at[] = {0, 0, 1};
    const uint32_t action[] = {3};
    const pmkt_intent_paths asked = {sizeof asked, 0, 2, at, action, NULL, NULL};
    pmkt_intent *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_fit_paths(&none, NULL, NULL, &model, &err), err);
    double goal[2], steps[2], time[2], p[4], next_p[6];
    uint32_t next[6];
    pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
    out.goal = goal, out.steps = steps, out.time_ms = time, out.next = next, out.next_p = next_p;
    ck_assert_ok(pmkt_intent_ask(model, &asked, NULL, &out, &err), err);
    ck_assert_ok(pmkt_intent_next(model, &asked, NULL, NULL, p, &err), err);
    for (int i = 0; i < 2; i++) {
        ck_assert_double_eq(goal[i], 0.5);
        ck_assert_double_eq(steps[i], 1);
        ck_assert(isnan(time[i]));
        ck_assert_double_eq(p[2 * i], 0.5);
        ck_assert_uint_eq(next[3 * i], PMKT_INTENT_LEAVE);
        ck_assert_uint_eq(next[3 * i + 1], PMKT_INTENT_GOAL);
        ck_assert_uint_eq(next[3 * i + 2], 0);
        ck_assert_double_eq(next_p[3 * i + 2], 0);
    }
    pmkt_intent_table table = PMKT_INTENT_TABLE_INIT;
    ck_assert_ok(pmkt_intent_transitions(model, &table, &err), err);
    pmkt_intent_release(model);
}
END_TEST

START_TEST(past_the_goal_is_past_the_goal) {
    world *w = calloc(1, sizeof *w);
    make_world(w, 5, 2, 3);
    pmkt_intent *model = fit(w, NULL);
    const int64_t at[] = {0, 3};
    const uint32_t action[] = {code_of(1), GOAL_CODE, code_of(2)};
    const pmkt_intent_paths asked = {sizeof asked, 0, 1, at, action, NULL, NULL};
    double goal, leave, steps, time, p[5], odds[3] = {7, 7, 7};
    uint32_t next[3] = {1, 1, 1};
    pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
    out.goal = &goal, out.leave = &leave, out.steps = &steps, out.time_ms = &time, out.next = next;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_ask(model, &asked, NULL, &out, &err), err);
    ck_assert_ok(pmkt_intent_next(model, &asked, NULL, NULL, p, &err), err);
    ck_assert_ok(pmkt_intent_explain(model, &asked, NULL, odds, &err), err);
    ck_assert(goal == 1 && leave == 0 && steps == 0 && time == 0 && next[0] == 0);
    ck_assert(p[4] == 1 && p[0] == 0 && p[3] == 0);
    ck_assert(odds[1] > 0 && odds[2] == 0);
    pmkt_intent_release(model);
    free(w);
}
END_TEST

/* ------------------------------------------------------------------- waiting */

START_TEST(who_waits_longer_has_more_likely_left) {
    world *w = calloc(1, sizeof *w);
    make_world(w, 6, 2, 3);
    pmkt_intent *model = fit(w, NULL);
    const int64_t at[] = {0, 1, 2, 3, 4, 4};
    const uint32_t action[] = {code_of(1), code_of(1), code_of(1), code_of(1)};
    const int64_t waited[] = {0, 20000, 200000, INT64_MAX, 100000};
    const pmkt_intent_paths asked = {sizeof asked, 0, 5, at, action, NULL, NULL};
    double p[5][5], plain[5][5];
    pmkt_error err;
    ck_assert_ok(pmkt_intent_next(model, &asked, waited, NULL, p[0], &err), err);
    ck_assert_ok(pmkt_intent_next(model, &asked, NULL, NULL, plain[0], &err), err);
    for (int i = 0; i < 5; i++) {
        double sum = 0;
        for (int k = 0; k < 5; k++) sum += p[i][k];
        ck_assert(fabs(sum - 1) < 1e-14);
    }
    ck_assert(memcmp(p[0], plain[0], sizeof p[0]) == 0);
    ck_assert(memcmp(p[4], plain[4], sizeof p[4]) == 0); /* nothing is waited for after START */
    for (int i = 1; i < 4; i++) ck_assert(p[i][3] > p[i - 1][3]);
    ck_assert(p[3][3] > 1 - 1e-6);
    pmkt_intent_release(model);
    free(w);
}
END_TEST

START_TEST(waiting_follows_the_log_normal_law) {
    /* After 5: to 6 in 2 and 8 seconds, so that mu = ln 4 s and sigma = ln 2; to 7 in 1 and 64. */
    const int64_t at[] = {0, 2, 4, 6, 8};
    const uint32_t action[] = {5, 6, 5, 6, 5, 7, 5, 7};
    const int64_t dwell[] = {0, 2000, 0, 8000, 0, 1000, 0, 64000};
    const pmkt_intent_paths paths = {sizeof paths, 0, 4, at, action, dwell, NULL};
    const int64_t asked_at[] = {0, 1}, waited = 16000;
    const pmkt_intent_paths asked = {sizeof asked, 0, 1, asked_at, action, NULL, NULL};
    pmkt_intent *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_fit_paths(&paths, NULL, NULL, &model, &err), err);
    double p[5], q[5]; /* 5, 6, 7, LEAVE, GOAL */
    ck_assert_ok(pmkt_intent_next(model, &asked, NULL, NULL, p, &err), err);
    ck_assert_ok(pmkt_intent_next(model, &asked, &waited, NULL, q, &err), err);
    const double to6 = 0.5 * erfc(log(16.0 / 4) / log(2) / sqrt(2));
    const double to7 = 0.5 * erfc(log(16.0 / 8) / log(8) / sqrt(2));
    ck_assert(fabs(q[1] / q[3] - p[1] / p[3] * to6) < 1e-6);
    ck_assert(fabs(q[2] / q[3] - p[2] / p[3] * to7) < 1e-6);
    pmkt_intent_release(model);
}
END_TEST

/* ------------------------------------------------------------ merged, events */

START_TEST(merged_is_whole) {
    for (uint64_t seed = 1; seed <= 10; seed++) {
        world *w = calloc(1, sizeof *w);
        make_world(w, seed, 1 + (int)(seed % 5), 2 + (int)(seed % 3));
        pmkt_intent *whole = fit(w, NULL), *part[3] = {NULL, NULL, NULL}, *merged = NULL;
        pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
        o.order = w->chain.order;
        pmkt_error err;
        for (int k = 0; k < 3; k++) {
            /* The first one has only a few paths, and not all of the actions. */
            const int from = k == 0 ? 0 : k == 1 ? 2 : 30, to = k == 0 ? 2 : k == 1 ? 30 : PATHS;
            int64_t at[PATHS + 1];
            for (int i = from; i <= to; i++) at[i - from] = w->at[i] - w->at[from];
            const pmkt_intent_paths p = {
                sizeof p,        0, to - from, at, w->action + w->at[from], w->dwell + w->at[from],
                w->bought + from};
            ck_assert_ok(pmkt_intent_fit_paths(&p, &o, NULL, &part[k], &err), err);
        }
        const pmkt_intent *const models[] = {part[1], part[0], part[2]};
        ck_assert_ok(pmkt_intent_merge(models, 3, NULL, &merged, &err), err);
        check_same(whole, merged);
        pmkt_intent_facts a = PMKT_INTENT_FACTS_INIT, b = PMKT_INTENT_FACTS_INIT;
        ck_assert_ok(pmkt_intent_info(whole, &a, &err), err);
        ck_assert_ok(pmkt_intent_info(merged, &b, &err), err);
        ck_assert(memcmp(&a, &b, sizeof a) == 0);
        ck_assert_int_eq(a.sessions, PATHS);
        pmkt_intent_release(merged);
        pmkt_intent_release(whole);
        for (int k = 0; k < 3; k++) pmkt_intent_release(part[k]);
        free(w);
    }
}
END_TEST

START_TEST(events_are_the_paths_of_their_sessions) {
    enum {
        USERS = 500,
        ROWS = 20000
    };
    uint64_t *user = malloc(ROWS * sizeof *user);
    int64_t *time = malloc(ROWS * sizeof *time);
    uint16_t *kind = malloc(ROWS * sizeof *kind);
    uint32_t *action = malloc(ROWS * sizeof *action);
    int64_t *dwell = malloc(ROWS * sizeof *dwell), *at = malloc((ROWS + 1) * sizeof *at);
    int64_t *clock = calloc(USERS, sizeof *clock), n = 0, sessions = 0;
    random_seed(3);
    for (int u = 0; u < USERS; u++) { /* user after user for the paths */
        for (int k = 0; k < ROWS / USERS; k++, n++) {
            const int64_t step = random_below(8) ? random_below(300000) : 2000000;
            user[n] = (uint64_t)u + 1, time[n] = clock[u] += step;
            kind[n] = (uint16_t)(random_below(20) ? 1 + random_below(8) : PMKT_KIND_ORDER);
            action[n] = kind[n], dwell[n] = step;
            if (k == 0 || step > 1800000) at[sessions++] = n;
        }
    }
    at[sessions] = n;
    for (int64_t i = ROWS - 1; i > 0; i--) { /* and in any order for the events */
        const int64_t k = random_below(i + 1);
        const uint64_t u = user[i];
        const int64_t t = time[i];
        const uint16_t a = kind[i];
        user[i] = user[k], time[i] = time[k], kind[i] = kind[k];
        user[k] = u, time[k] = t, kind[k] = a;
    }
    const pmkt_intent_paths paths = {sizeof paths, 0, sessions, at, action, dwell, NULL};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = ROWS, ev.user = user, ev.time = time, ev.kind = kind;
    pmkt_intent *a = NULL, *b = NULL;
    pmkt_error err;
    pmkt_report report = PMKT_REPORT_INIT;
    for (int threads = 1; threads <= 3; threads++) {
        const pmkt_run run = {sizeof run, threads, {NULL, NULL}};
        ck_assert_ok(pmkt_intent_fit(&ev, NULL, &run, &report, &a, &err), err);
        ck_assert_int_eq(report.accepted, ROWS);
        ck_assert_ok(pmkt_intent_fit_paths(&paths, NULL, &run, &b, &err), err);
        check_same(a, b);
        pmkt_intent_release(a);
        pmkt_intent_release(b);
    }
    free(user), free(time), free(kind), free(action), free(dwell), free(at), free(clock);
}
END_TEST

START_TEST(sessions_end_where_the_column_changes) {
    uint64_t user[] = {7, 7, 7, 7}, session[] = {1, 2, 2, 0};
    int64_t time[] = {0, 10, 20, 30};
    uint16_t kind[] = {PMKT_KIND_VIEW, PMKT_KIND_CART, PMKT_KIND_ORDER, PMKT_KIND_VIEW};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 4, ev.user = user, ev.time = time, ev.kind = kind, ev.session = session;
    for (int32_t by = 0; by < 2; by++) {
        pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
        o.by_session = by;
        pmkt_intent *model = NULL;
        pmkt_error err;
        pmkt_intent_facts facts = PMKT_INTENT_FACTS_INIT;
        ck_assert_ok(pmkt_intent_fit(&ev, &o, NULL, NULL, &model, &err), err);
        ck_assert_ok(pmkt_intent_info(model, &facts, &err), err);
        ck_assert_int_eq(facts.sessions, by ? 3 : 1);
        ck_assert_int_eq(facts.buyers, 1);
        ck_assert_int_eq(facts.counted, by ? 6 : 3); /* after the order nothing counts */
        pmkt_intent_release(model);
    }
}
END_TEST

START_TEST(bad_rows_are_left_out_or_fail_the_call) {
    random_seed(4);
    for (int round = 0; round < 50; round++) {
        visits v = visits_random(40, 4, 10000000, 12), bad = visits_spoiled(&v);
        pmkt_events whole = visits_events(&v), ev = visits_events(&bad);
        uint8_t bits[16];
        pmkt_report report = PMKT_REPORT_INIT;
        report.rejected_bits = bits;
        pmkt_intent *a = NULL, *b = NULL;
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_intent_fit(&ev, NULL, NULL, &report, &a, &err),
                         bad.n > v.n ? PMKT_E_BAD_ROW : PMKT_OK);
        visits_check_report(&bad, &report, bad.n == v.n);
        ck_assert((a == NULL) == (bad.n > v.n));
        if (bad.n > v.n) ck_assert_int_eq(err.where, report.first_bad);
        pmkt_intent_release(a);
        ev.on_bad = PMKT_ON_BAD_SKIP;
        ck_assert_ok(pmkt_intent_fit(&ev, NULL, NULL, &report, &a, &err), err);
        visits_check_report(&bad, &report, true);
        ck_assert_ok(pmkt_intent_fit(&whole, NULL, NULL, NULL, &b, &err), err);
        check_same(a, b);
        pmkt_intent_release(a);
        pmkt_intent_release(b);
        visits_free(&bad);
        visits_free(&v);
    }
}
END_TEST

START_TEST(transitions_are_counted) {
    world *w = calloc(1, sizeof *w);
    make_world(w, 8, 3, 3);
    pmkt_intent *model = fit(w, NULL);
    pmkt_intent_facts facts = PMKT_INTENT_FACTS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_info(model, &facts, &err), err);
    uint32_t from[64], to[64];
    int64_t count[64], buyers[64], all = 0, starts = 0;
    double p[64], median[64];
    const pmkt_intent_table table = {sizeof table, 0, 64, from, to, count, buyers, p, median};
    ck_assert_ok(pmkt_intent_transitions(model, &table, &err), err);
    for (int64_t i = 0; i < facts.transitions; i++) {
        int64_t n = 0, n_buyers = 0, of_from = 0, timed = 0;
        for (int k = 0; k < PATHS; k++) {
            const slow_path *s = &w->slow[k];
            for (int j = 0; j <= s->n; j++) {
                const uint32_t a = j ? code_of(s->step[j - 1]) : PMKT_INTENT_START;
                const uint32_t b = code_of(j < s->n    ? s->step[j]
                                           : s->bought ? SLOW_GOAL
                                                       : SLOW_LEAVE);
                of_from += a == from[i];
                if (a != from[i] || b != to[i]) continue;
                n++, n_buyers += s->bought;
                timed += j > 0 && (j < s->n ? s->dwell[j] >= 0 : s->goal_dwell >= 0);
            }
        }
        ck_assert_int_eq(count[i], n);
        ck_assert_int_eq(buyers[i], n_buyers);
        ck_assert(p[i] == (double)n / (double)of_from);
        ck_assert(isnan(median[i]) == (timed == 0));
        all += n, starts += from[i] == PMKT_INTENT_START ? n : 0;
    }
    ck_assert_int_eq(all, facts.counted);
    ck_assert_int_eq(starts, PATHS);
    pmkt_intent_table small = table;
    small.room = facts.transitions - 1;
    ck_assert_int_eq(pmkt_intent_transitions(model, &small, &err), PMKT_E_INVALID);
    pmkt_intent_release(model);
    free(w);
}
END_TEST

/* ----------------------------------------------------------------- bad calls */

START_TEST(malformed_paths_are_refused) {
    const int64_t good[] = {0, 1, 2}, late[] = {1, 1, 2}, falls[] = {0, 2, 1},
                  huge[] = {0, 0, INT64_MAX};
    const uint32_t action[] = {1, 2}, zero[] = {1, 0}, beyond[] = {1, PMKT_INTENT_START};
    const struct {
        int64_t n;
        const int64_t *at;
        const uint32_t *action;
        int64_t where;
    } bad[] = {{-1, good, action, 0}, {2, NULL, action, 0}, {2, late, action, 0},
               {2, falls, action, 1}, {2, huge, action, 0}, {2, good, NULL, 0},
               {2, good, zero, 1},    {2, good, beyond, 1}};
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        const pmkt_intent_paths p = {sizeof p, 0, bad[i].n, bad[i].at, bad[i].action, NULL, NULL};
        pmkt_intent *model = NULL;
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_intent_fit_paths(&p, NULL, NULL, &model, &err), PMKT_E_INVALID);
        ck_assert_ptr_null(model);
        ck_assert_int_eq(err.where, bad[i].where);
    }
}
END_TEST

START_TEST(options_out_of_range_are_refused) {
    const pmkt_intent_options bad[] = {
        {sizeof *bad, 6, 0, 0, 0, NULL, NULL, 0, NULL},
        {sizeof *bad, -1, 0, 0, 0, NULL, NULL, 0, NULL},
        {sizeof *bad, 0, -1, 0, 0, NULL, NULL, 0, NULL},
        {sizeof *bad, 0, INT64_C(1) << 31, 0, 0, NULL, NULL, 0, NULL},
        {sizeof *bad, 0, 0, PMKT_INTENT_LEAVE, 0, NULL, NULL, 0, NULL},
        {sizeof *bad, 0, 0, 0, 2, NULL, NULL, 0, NULL},
    };
    const pmkt_intent_paths none = PMKT_INTENT_PATHS_INIT;
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        pmkt_intent *model = NULL;
        ck_assert_int_eq(pmkt_intent_fit_paths(&none, &bad[i], NULL, &model, NULL), PMKT_E_INVALID);
        ck_assert_ptr_null(model);
    }
}
END_TEST

START_TEST(more_than_64_actions_are_too_many) {
    uint32_t action[66];
    for (uint32_t i = 0; i < 66; i++) action[i] = i < 65 ? 1000 + i * 77777 : PMKT_KIND_ORDER;
    for (int64_t n = 64; n <= 65; n++) {
        const int64_t at[] = {0, n};
        const pmkt_intent_paths p = {sizeof p, 0, 1, at, action, NULL, NULL};
        pmkt_intent *model = NULL;
        const pmkt_status status = pmkt_intent_fit_paths(&p, NULL, NULL, &model, NULL);
        ck_assert_int_eq(status, n == 64 ? PMKT_OK : PMKT_E_LIMIT);
        pmkt_intent_release(model);
    }
}
END_TEST

START_TEST(models_of_other_options_do_not_merge) {
    const pmkt_intent_paths none = PMKT_INTENT_PATHS_INIT;
    pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
    pmkt_intent *a = NULL, *b = NULL, *merged = NULL;
    o.goal = 77;
    ck_assert_int_eq(pmkt_intent_fit_paths(&none, NULL, NULL, &a, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_intent_fit_paths(&none, &o, NULL, &b, NULL), PMKT_OK);
    const pmkt_intent *const both[] = {a, b};
    ck_assert_int_eq(pmkt_intent_merge(both, 2, NULL, &merged, NULL), PMKT_E_MISMATCH);
    ck_assert_int_eq(pmkt_intent_merge(both, 0, NULL, &merged, NULL), PMKT_E_INVALID);
    ck_assert_ptr_null(merged);
    pmkt_intent_release(a);
    pmkt_intent_release(b);
}
END_TEST

static int stop_at_once(void *ctx, double done, const char *stage) {
    (void)done, (void)stage;
    return --*(int *)ctx < 0;
}

START_TEST(a_fit_can_be_canceled_at_every_stage) {
    world *w = calloc(1, sizeof *w);
    make_world(w, 9, 3, 3);
    pmkt_status status = PMKT_E_CANCELED;
    int calls = 0;
    for (; status == PMKT_E_CANCELED; calls++) {
        int left = calls;
        const pmkt_run run = {sizeof run, 1, {stop_at_once, &left}};
        pmkt_intent *model = NULL;
        status = pmkt_intent_fit_paths(&w->paths, NULL, &run, &model, NULL);
        ck_assert((status == PMKT_OK) == (model != NULL));
        pmkt_intent_release(model);
    }
    ck_assert_int_eq(status, PMKT_OK);
    ck_assert_int_gt(calls, 4);
    free(w);
}
END_TEST

int main(void) {
    Suite *s = suite_create("intent");
    TOPIC(s, "probabilities", what_is_not_known_is_passed_over,
          probabilities_are_those_of_kneser_and_ney,
          paths_are_as_likely_as_the_product_of_their_steps);
    TOPIC(s, "ends", ends_are_those_of_a_dense_system, one_endless_session_still_has_its_ends,
          a_chain_that_hardly_ever_ends_is_refused, a_model_of_nothing_knows_nothing,
          past_the_goal_is_past_the_goal);
    TOPIC(s, "waiting", who_waits_longer_has_more_likely_left, waiting_follows_the_log_normal_law);
    TOPIC(s, "counts", merged_is_whole, events_are_the_paths_of_their_sessions,
          sessions_end_where_the_column_changes, bad_rows_are_left_out_or_fail_the_call,
          transitions_are_counted);
    TOPIC(s, "bad calls", malformed_paths_are_refused, options_out_of_range_are_refused,
          more_than_64_actions_are_too_many, models_of_other_options_do_not_merge,
          a_fit_can_be_canceled_at_every_stage);
    return suite_run(s);
}
