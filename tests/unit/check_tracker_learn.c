/*
 * check_tracker_learn.c - a tracker that learns on knows what a fit to all would know: the same counts, whatever ends a
 * session, whenever it learns, and whoever observes meanwhile.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "intent/chain.h"
#include "pmkt.h"
#include "support/batch.h"
#include "support/learner.h"
#include "support/loop.h"
#include "support/suite.h"

#define LONGER 40 /* steps of a path that none is longer than, below the limit of 48 */
#define GAP (30 * MINUTE)
#define LATER (date(2030, 1, 1))

/* All of it, learning in between as often as `every` rows say, with clocks or without. */
static void observe_all(pmkt_tracker *t, const visits *v, int64_t every) {
    for (int64_t i = 0, next; i < v->n; i = next) {
        next = every ? i + 1 + random_below(every) : v->n;
        if (next > v->n) next = v->n;
        learner_observe(t, v, i, next);
        if (next == v->n || !every) continue;
        if (random_below(2)) learner_clock(t, random_between(v->time[next - 1], v->time[next] + 1));
        if (random_below(2)) pmkt_purchase_release(learner_learn(t, 0));
    }
}

/* ------------------------------------------------------------------------ a fit to all */

static void check_fit(const halves *h, const pmkt_intent_options *chains, pmkt_tracker_options o,
                      int64_t every) {
    pmkt_purchase *model = halves_model(h, chains);
    pmkt_tracker *t = tracker_of(model, NULL, &o);
    observe_all(t, &h->second, every);
    learner_clock(t, LATER);
    pmkt_purchase *last = learner_learn(t, 0);
    chains_check(last,
                 chains_joined(pmkt_purchase_chains(model), chains_fitted(&h->second, chains)));
    learner_check_loads(last);
    for (int which = 0; which < 2; which++) {
        ck_assert_ptr_eq(pmkt_purchase_logistic(last, which), pmkt_purchase_logistic(model, which));
    }
    const pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert_int_eq(c.learned, 0);
    ck_assert_int_eq(c.unlearned, 0);
    pmkt_purchase_release(model), pmkt_purchase_release(last);
    pmkt_tracker_free(t);
}

START_TEST(counts_are_those_of_a_fit_to_all) {
    random_seed(1);
    for (int order = 1; order <= PMKT_INTENT_MAX_ORDER; order++) {
        pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
        pmkt_tracker_options o = learner_options();
        halves h = halves_make(800, 60);
        chains.order = order;
        check_fit(&h, &chains, o, 0);
        o.shards = 1, o.history = -1;
        check_fit(&h, &chains, o, 300);
        halves_free(&h);
    }
}
END_TEST

START_TEST(of_actions_with_classes_too) {
    static const uint64_t CLASSES[] = {2, 3};
    random_seed(2);
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    chains.classes = CLASSES, chains.n_classes = LENGTH(CLASSES);
    for (int i = 0; i < 3; i++) {
        halves h = halves_make(1500, 150);
        check_fit(&h, &chains, learner_options(), i * 100);
        halves_free(&h);
    }
}
END_TEST

START_TEST(of_sessions_that_are_told_too) {
    random_seed(3);
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    chains.by_session = 1, chains.gap_ms = DAY;
    for (int i = 0; i < 3; i++) {
        halves h = halves_make(1500, 150);
        check_fit(&h, &chains, learner_options(), i * 100);
        halves_free(&h);
    }
}
END_TEST

/* Who was away for longer than ttl_ms expires at the next event, at a clock, or when a wait is over. */
START_TEST(of_users_who_expire_too) {
    static const char text[] = "intent a { when view or cart then no order for 7 d }";
    random_seed(4);
    for (int i = 0; i < 4; i++) {
        halves h = halves_make(1000, 100);
        pmkt_tracker_options o = learner_options();
        pmkt_rules *rules = i & 1 ? rules_of(text) : NULL;
        o.ttl_ms = 2 * HOUR, o.shards = 4;
        pmkt_purchase *model = halves_model(&h, NULL);
        pmkt_tracker *t = tracker_of(model, rules, &o);
        for (int64_t k = 0; k < h.second.n; k += 50) {
            const int64_t end = k + 50 < h.second.n ? k + 50 : h.second.n;
            learner_observe(t, &h.second, k, end);
            if (i & 2) learner_clock(t, h.second.time[end - 1]);
        }
        learner_clock(t, h.second.time[h.second.n - 1] + DAY);
        learner_clock(t, LATER);
        ck_assert_int_eq(tracker_counts_of(t).users, 0);
        pmkt_intent *second = chains_fitted(&h.second, NULL);
        pmkt_intent_facts f = PMKT_INTENT_FACTS_INIT;
        ck_assert_int_eq(pmkt_intent_info(second, &f, NULL), PMKT_OK);
        ck_assert_int_eq(tracker_counts_of(t).learned, f.sessions);
        pmkt_purchase *last = learner_learn(t, 0);
        chains_check(last, chains_joined(pmkt_purchase_chains(model), second));
        pmkt_purchase_release(model), pmkt_purchase_release(last);
        pmkt_rules_release(rules);
        pmkt_tracker_free(t);
        halves_free(&h);
    }
}
END_TEST

/* ------------------------------------------------------------------- the slow way */

/* Paths of sessions, of what a model knows. */
typedef struct paths {
    int64_t n, *at, *dwell;
    uint32_t *action;
} paths;

static bool is_known(const pmkt_intent *m, uint16_t kind) {
    return pmkti_chain_step(m, kind) != PMKTI_NO_STEP;
}

/* Sessions are cut where all events of a user say so; then only what is known stays. */
static paths paths_of(const visits *v, const pmkt_intent *m, int64_t *longest) {
    visits s = visits_sorted(v);
    const size_t room = (size_t)s.n + 1;
    paths p = {0, calloc(room, 8), malloc(room * 8), malloc(room * 4)};
    int64_t at = 0, last = 0;
    *longest = 0;
    for (int64_t i = 0; i < s.n; i++) {
        const bool begins = i == 0 || s.user[i] != s.user[i - 1] || s.time[i] - s.time[i - 1] > GAP;
        if (begins && p.at[p.n] < at) p.at[++p.n] = at;
        if (!is_known(m, s.kind[i])) continue;
        p.action[at] = s.kind[i], p.dwell[at++] = s.time[i] - last;
        last = s.time[i];
        if (at - p.at[p.n] > *longest) *longest = at - p.at[p.n];
    }
    if (p.at[p.n] < at) p.at[++p.n] = at;
    visits_free(&s);
    return p;
}

static pmkt_intent *fitted_slowly(const paths *p) {
    pmkt_intent_paths in = PMKT_INTENT_PATHS_INIT;
    pmkt_intent *m = NULL;
    pmkt_error err;
    in.n = p->n, in.at = p->at, in.action = p->action, in.dwell = p->dwell;
    ck_assert_ok(pmkt_intent_fit_paths(&in, NULL, NULL, &m, &err), err);
    return m;
}

/* Ties, kinds that the model does not know, goals one after the other. */
START_TEST(of_any_events) {
    random_seed(5);
    halves h = halves_make(400, 40);
    pmkt_purchase *model = halves_model(&h, NULL);
    int64_t compared = 0;
    for (int64_t i = 0; i < scaled(400, 40); i++) {
        const int64_t span = random_between(1, 40) * HOUR;
        visits any = visits_random(random_below(1500), random_between(10, 200), span, 14);
        visits v = visits_in_time(&any);
        int64_t longest = 0;
        paths p = paths_of(&v, pmkt_purchase_chains(model), &longest);
        if (longest <= LONGER) {
            const pmkt_tracker_options options = learner_options();
            pmkt_tracker *t = tracker_of(model, NULL, &options);
            observe_all(t, &v, random_below(2) * 200);
            learner_clock(t, LATER);
            pmkt_purchase *last = learner_learn(t, 0);
            chains_check(last, chains_joined(pmkt_purchase_chains(model), fitted_slowly(&p)));
            pmkt_purchase_release(last);
            pmkt_tracker_free(t);
            compared++;
        }
        free(p.at), free(p.dwell), free(p.action);
        visits_free(&any), visits_free(&v);
    }
    ck_assert_int_gt(compared, scaled(200, 10));
    pmkt_purchase_release(model);
    halves_free(&h);
}
END_TEST

/* --------------------------------------------------------------------- one session */

static uint64_t key_of(const pmkt_purchase *model, const uint16_t *kind, int n, uint32_t step) {
    uint64_t key = 0;
    for (int i = 0; i < n; i++) {
        key = key << PMKTI_STEP_BITS | pmkti_chain_step(pmkt_purchase_chains(model), kind[i]);
    }
    return key << PMKTI_STEP_BITS | step;
}

START_TEST(a_session_ends_once) {
    learner o = learner_begin();
    learner_see(&o, 1, 0, PMKT_KIND_VIEW);
    learner_see(&o, 1, 1000, PMKT_KIND_CART);
    learner_check_more(&o, 0, 0, 0); /* under way */
    learner_see(&o, 1, 2000, PMKT_KIND_ORDER);
    ck_assert_int_eq(tracker_counts_of(o.t).learned, 1);
    learner_check_more(&o, 1, 1, 3);
    learner_see(&o, 1, 3000, PMKT_KIND_VIEW); /* past the goal */
    learner_see(&o, 1, 4000, PMKT_KIND_ORDER);
    learner_check_more(&o, 0, 0, 0);
    learner_see(&o, 1, 4000 + GAP, PMKT_KIND_VIEW); /* still */
    learner_check_more(&o, 0, 0, 0);
    learner_see(&o, 1, 4001 + 2 * GAP, PMKT_KIND_ORDER); /* a session of a goal alone */
    learner_check_more(&o, 1, 1, 1);
    learner_see(&o, 1, 9 * HOUR, PMKT_KIND_VIEW);
    learner_see(&o, 1, 18 * HOUR, PMKT_KIND_VIEW);
    learner_check_more(&o, 1, 0, 2);
    learner_end(&o);
}
END_TEST

/* By a clock, once the gap is over and not before. */
START_TEST(a_clock_ends_a_session) {
    learner o = learner_begin();
    learner_see(&o, 1, 0, PMKT_KIND_VIEW);
    learner_see(&o, 2, 9 * HOUR, PMKT_KIND_VIEW); /* the time of others says nothing */
    learner_check_more(&o, 0, 0, 0);
    learner_see(&o, 3, 10 * HOUR, PMKT_KIND_SHARE); /* of an action that the model does not know */
    learner_clock(o.t, LEARNER_T0 + 9 * HOUR + GAP);
    learner_check_more(&o, 1, 0, 2);
    learner_clock(o.t, LEARNER_T0 + 9 * HOUR + GAP + 1);
    learner_check_more(&o, 1, 0, 2);
    learner_clock(o.t, LEARNER_T0 + 11 * HOUR);
    learner_check_more(&o, 0, 0, 0);
    learner_see(&o, 1, 12 * HOUR, PMKT_KIND_VIEW);
    learner_check_more(&o, 0, 0, 0);
    learner_see(&o, 1, 12 * HOUR, PMKT_KIND_ORDER);
    learner_check_more(&o, 1, 1, 2);
    ck_assert_int_eq(tracker_counts_of(o.t).unlearned, 0);
    learner_end(&o);
}
END_TEST

/* Of a long session: the first 48 actions, and the end after the last of all. */
START_TEST(a_long_session_is_counted_in_part) {
    for (int goal = 0; goal < 2; goal++) {
        static const uint16_t CLICKS[] = {PMKT_KIND_CLICK, PMKT_KIND_CLICK, PMKT_KIND_CLICK};
        learner o = learner_begin();
        const uint32_t end = goal ? PMKTI_GOAL : PMKTI_LEAVE;
        const uint64_t key = key_of(o.model, CLICKS, 3, end);
        const uint64_t inside =
            key_of(o.model, CLICKS, 3, pmkti_chain_step(pmkt_purchase_chains(o.model), CLICKS[0]));
        const int64_t ends = chains_count(o.model, key), before = chains_count(o.model, inside);
        for (int i = 0; i < 47; i++) learner_see(&o, 1, i * 1000, PMKT_KIND_VIEW);
        for (int i = 47; i < 60; i++) learner_see(&o, 1, i * 1000, PMKT_KIND_CLICK);
        if (goal) learner_see(&o, 1, 61000, PMKT_KIND_ORDER);
        learner_clock(o.t, LEARNER_T0 + DAY);
        learner_check_more(&o, 1, goal, 49);
        ck_assert_int_eq(chains_count(o.last, key), ends + 1);
        ck_assert_int_eq(chains_count(o.last, inside), before);
        learner_check_loads(o.last);
        learner_end(&o);
    }
}
END_TEST

/* Very many times of a session that never ends are no reason not to load a model. */
START_TEST(times_are_counted_at_once) {
    learner o = learner_begin();
    const pmkti_dwell before = pmkt_purchase_chains(o.model)->pooled;
    for (int i = 0; i < 20000; i++) learner_see(&o, 1, i * 1000, PMKT_KIND_VIEW);
    learner_check_more(&o, 0, 0, 0);
    const pmkti_dwell after = pmkt_purchase_chains(o.last)->pooled;
    ck_assert_int_eq(after.n, before.n + 19999);
    ck_assert_int_eq(after.ms, before.ms + 19999000);
    learner_check_loads(o.last);
    learner_end(&o);
}
END_TEST

/* -------------------------------------------------------------------------- threads */

#define THREADS 4

typedef struct worker {
    pmkt_tracker *t;
    visits v;
    _Atomic int *left;
} worker;

static void *work(void *ctx) {
    const worker *w = ctx;
    for (int64_t i = 0; i < w->v.n; i += 7)
        learner_observe(w->t, &w->v, i, i + 7 < w->v.n ? i + 7 : w->v.n);
    --*w->left;
    return NULL;
}

static void *learn_on(void *ctx) {
    const worker *w = ctx;
    pmkt_error err;
    do ck_assert_ok(pmkt_tracker_learn(w->t, 0, NULL, NULL, &err), err);
    while (*w->left > 0);
    return NULL;
}

START_TEST(threads_lose_nothing) {
    random_seed(10);
    halves h = halves_make(scaled(4000, 800), 400);
    pmkt_purchase *model = halves_model(&h, NULL);
    pmkt_tracker_options options = learner_options();
    options.shards = 4;
    pmkt_tracker *t = tracker_of(model, NULL, &options);
    worker w[THREADS];
    pthread_t id[THREADS], asking[2];
    _Atomic int left = THREADS;
    for (int k = 0; k < THREADS; k++) {
        w[k] = (worker){t, visits_random(h.second.n, 1, 1, 1), &left};
        w[k].v.n = 0;
        for (int64_t i = 0; i < h.second.n; i++) {
            if (h.second.user[i] % THREADS == (uint64_t)k) visits_put(&w[k].v, &h.second, i);
        }
    }
    for (int k = 0; k < THREADS; k++)
        ck_assert_int_eq(pthread_create(&id[k], NULL, work, &w[k]), 0);
    for (int k = 0; k < 2; k++) {
        ck_assert_int_eq(pthread_create(&asking[k], NULL, learn_on, &w[0]), 0);
    }
    for (int k = 0; k < THREADS; k++) ck_assert_int_eq(pthread_join(id[k], NULL), 0);
    for (int k = 0; k < 2; k++) ck_assert_int_eq(pthread_join(asking[k], NULL), 0);
    learner_clock(t, LATER);
    pmkt_purchase *last = learner_learn(t, 0);
    chains_check(last, chains_joined(pmkt_purchase_chains(model), chains_fitted(&h.second, NULL)));
    for (int k = 0; k < THREADS; k++) visits_free(&w[k].v);
    pmkt_purchase_release(model), pmkt_purchase_release(last);
    pmkt_tracker_free(t);
    halves_free(&h);
}
END_TEST

static void *swap_on(void *ctx) {
    const worker *w = ctx;
    pmkt_purchase *model = pmkt_tracker_model(w->t);
    pmkt_error err;
    do {
        pmkt_buffer *saved = NULL;
        ck_assert_ok(pmkt_tracker_swap(w->t, model, &err), err);
        ck_assert_ok(pmkt_tracker_save_memory(w->t, NULL, NULL, &saved, &err), err);
        pmkt_buffer_free(saved);
    } while (*w->left > 0);
    pmkt_purchase_release(model);
    return NULL;
}

/* Of what is swapped meanwhile nothing is counted twice, nor less than nothing. */
START_TEST(threads_may_swap_meanwhile) {
    random_seed(11);
    for (int64_t i = 0; i < scaled(10, 2); i++) {
        halves h = halves_make(1000, 100);
        pmkt_purchase *model = halves_model(&h, NULL);
        pmkt_tracker_options options = learner_options();
        options.shards = 4;
        _Atomic int left = 1;
        const worker w = {tracker_of(model, NULL, &options), h.second, &left};
        void *(*const task[])(void *) = {work, learn_on, swap_on};
        pthread_t id[3];
        for (int k = 0; k < 3; k++) {
            ck_assert_int_eq(pthread_create(&id[k], NULL, task[k], (void *)&w), 0);
        }
        for (int k = 0; k < 3; k++) ck_assert_int_eq(pthread_join(id[k], NULL), 0);
        learner_clock(w.t, LATER);
        pmkt_purchase *last = learner_learn(w.t, 0);
        pmkt_intent *all =
            chains_joined(pmkt_purchase_chains(model), chains_fitted(&h.second, NULL));
        pmkt_intent_facts f = PMKT_INTENT_FACTS_INIT;
        ck_assert_int_eq(pmkt_intent_info(all, &f, NULL), PMKT_OK);
        learner_check_loads(last);
        ck_assert_int_ge(chains_facts(last).sessions, chains_facts(model).sessions);
        ck_assert_int_le(chains_facts(last).sessions, f.sessions);
        ck_assert_int_eq(tracker_counts_of(w.t).learned, 0);
        pmkt_intent_release(all);
        pmkt_purchase_release(model), pmkt_purchase_release(last);
        pmkt_tracker_free(w.t);
        halves_free(&h);
    }
}
END_TEST

/* ------------------------------------------------------------------ swaps meanwhile */

/* An allocator of which one call swaps the model for itself. */
typedef struct swapping {
    learner *o;
    int left;
} swapping;

static void *swap_and_allocate(void *ctx, void *p, size_t old, size_t size, size_t align) {
    (void)old, (void)align;
    swapping *s = ctx;
    if (size == 0) return free(p), NULL;
    if (s->left > 0 && --s->left == 0) {
        ck_assert_int_eq(pmkt_tracker_swap(s->o->t, s->o->model, NULL), PMKT_OK);
    }
    return realloc(p, size);
}

/* It is one model for another, even of the same address: what was counted is gone, and nothing fails for it. */
START_TEST(the_same_model_may_come_meanwhile) {
    for (int at = 1; at < 10; at++) {
        learner o = learner_begin();
        swapping s = {&o, 0};
        const pmkt_allocator allocator = {swap_and_allocate, &s};
        pmkt_tracker_options options = learner_options();
        options.allocator = &allocator, options.shards = 1;
        pmkt_tracker_free(o.t);
        o.t = tracker_of(o.model, NULL, &options);
        learner_see(&o, 1, 0, PMKT_KIND_VIEW);
        learner_see(&o, 1, MINUTE, PMKT_KIND_ORDER);
        ck_assert_int_eq(tracker_counts_of(o.t).learned, 1);
        s.left = at;
        pmkt_purchase_release(learner_learn(o.t, 0));
        ck_assert_int_eq(tracker_counts_of(o.t).learned, 0);
        learner_end(&o);
    }
}
END_TEST

int main(void) {
    Suite *s = suite_create("tracker learn");
    TOPIC(s, "a fit to all", counts_are_those_of_a_fit_to_all, of_actions_with_classes_too,
          of_sessions_that_are_told_too, of_users_who_expire_too, of_any_events);
    TOPIC(s, "sessions", a_session_ends_once, a_clock_ends_a_session,
          a_long_session_is_counted_in_part, times_are_counted_at_once);
    TOPIC(s, "threads", threads_lose_nothing, threads_may_swap_meanwhile);
    TOPIC(s, "swaps meanwhile", the_same_model_may_come_meanwhile);
    return suite_run(s);
}
