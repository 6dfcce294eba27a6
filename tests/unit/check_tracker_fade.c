/*
 * check_tracker_fade.c - what a tracker that learns on forgets: old counts by their half-life, rare ones as fast as
 * others, and what nobody can know. Else it goes on as if it had been given the model.
 */
#include "intent/chain.h"
#include "pmkt.h"
#include "support/batch.h"
#include "support/learner.h"
#include "support/loop.h"
#include "support/suite.h"

#define LATER (date(2030, 1, 1))

/* ---------------------------------------------------------------------- half-lives */

/* All visits of somebody else, too. */
static visits doubled(const visits *v) {
    visits to = visits_random(2 * v->n, 1, 1, 1);
    to.n = 0;
    for (int64_t i = 0; i < v->n; i++) {
        visits_put(&to, v, i);
        visits_put(&to, v, i);
        to.user[to.n - 1] += 1000000;
    }
    return to;
}

START_TEST(half_is_left_after_a_half_life) {
    random_seed(7);
    halves h = halves_make(900, 90), next = halves_make(200, 40);
    halves twice = {doubled(&h.first), doubled(&h.second)};
    pmkt_purchase *model = halves_model(&twice, NULL);
    const pmkt_tracker_options options = learner_options();
    pmkt_tracker *t = tracker_of(model, NULL, &options);
    visits later = visits_in_time(&next.second);
    for (int64_t i = 0; i < later.n; i++) later.time[i] += 100 * DAY, later.user[i] += 5000000;
    learner_observe(t, &twice.second, 0, twice.second.n);
    learner_clock(t, later.time[0] - 1);
    pmkt_purchase *early = learner_learn(t, 1); /* the first takes nothing off */
    chains_check(early,
                 chains_joined(pmkt_purchase_chains(model), chains_fitted(&twice.second, NULL)));
    learner_observe(t, &later, 0, later.n);
    learner_clock(t, LATER);
    pmkt_purchase *late = learner_learn(t, later.time[later.n - 1] - h.second.time[h.second.n - 1]);
    pmkt_intent *once = chains_fitted(&h.first, NULL);
    pmkt_intent *half = chains_joined(once, chains_fitted(&h.second, NULL));
    chains_check(late, chains_joined(half, chains_fitted(&later, NULL)));
    learner_check_loads(late);
    pmkt_purchase *again = learner_learn(t, 1); /* no time has passed */
    purchase_check_same(late, again);
    pmkt_intent_release(once), pmkt_intent_release(half);
    pmkt_purchase_release(model), pmkt_purchase_release(early);
    pmkt_purchase_release(late), pmkt_purchase_release(again);
    pmkt_tracker_free(t);
    visits_free(&later);
    halves_free(&h), halves_free(&next), halves_free(&twice);
}
END_TEST

/* Whoever learns often forgets as fast, also what was counted once. */
START_TEST(what_is_rare_fades_as_fast) {
    learner o = learner_begin_with(3000);
    const pmkt_intent_facts before = chains_facts(o.model);
    const pmkt_intent *m = pmkt_purchase_chains(o.model);
    int64_t single = 0, left = 0;
    for (int64_t i = 0; i < m->n_counts; i++) {
        single += m->counts[i].buyers + m->counts[i].others == 1;
    }
    ck_assert_int_gt(single, 50);
    for (int i = 0; i <= 200;
         i++) { /* one session under way: an event takes nothing to the counts */
        learner_see(&o, 1, i * 20 * MINUTE, PMKT_KIND_VIEW);
        pmkt_purchase_release(o.last);
        o.last = learner_learn(o.t, 200 * 20 * MINUTE);
    }
    const pmkt_intent_facts after = chains_facts(o.last);
    const pmkt_intent *now = pmkt_purchase_chains(o.last);
    for (int64_t i = 0; i < m->n_counts; i++) {
        const bool was = m->counts[i].buyers + m->counts[i].others == 1;
        left += was && chains_count(o.last, m->counts[i].key) == 1;
    }
    ck_assert_double_eq_tol((double)after.counted / (double)before.counted, 0.5, 0.05);
    ck_assert_double_eq_tol((double)after.sessions / (double)before.sessions, 0.5, 0.08);
    ck_assert_double_eq_tol((double)left / (double)single, 0.5, 0.15);
    const int64_t times = m->pooled.n + 200; /* and the session's own, which fade less */
    ck_assert_int_gt(now->pooled.n, times * 45 / 100);
    ck_assert_int_lt(now->pooled.n, times * 60 / 100);
    learner_check_loads(o.last);
    learner_end(&o);
}
END_TEST

/* With nearly nothing left every action is still one, and there is an answer. */
START_TEST(everything_may_fade) {
    learner o = learner_begin();
    learner_see(&o, 1, 0, PMKT_KIND_VIEW);
    pmkt_purchase_release(learner_learn(o.t, 1));
    learner_see(&o, 1, MINUTE, PMKT_KIND_VIEW);
    o.last = learner_learn(o.t, 1);
    const pmkt_intent_facts f = chains_facts(o.last);
    ck_assert_int_eq(f.actions, chains_facts(o.model).actions);
    ck_assert_int_eq(f.counted, f.actions);
    learner_check_loads(o.last);
    halves h = halves_make(50, 5);
    scores s = scores_of(o.last, &h.second);
    for (int64_t i = 0; i < s.n; i++) ck_assert(s.p_goal[i] >= 0 && s.p_goal[i] <= 1);
    scores_free(&s);
    halves_free(&h);
    learner_end(&o);
}
END_TEST

/* Equal trackers learn the same, whatever their shards. */
START_TEST(chance_is_the_same_in_equal_trackers) {
    random_seed(8);
    halves h = halves_make(900, 90);
    pmkt_purchase *model = halves_model(&h, NULL), *made[2];
    for (int i = 0; i < 2; i++) {
        pmkt_tracker_options o = learner_options();
        o.shards = i ? 1 : 64;
        pmkt_tracker *t = tracker_of(model, NULL, &o);
        for (int64_t k = 0; k < h.second.n; k += 500) {
            learner_observe(t, &h.second, k, k + 500 < h.second.n ? k + 500 : h.second.n);
            pmkt_purchase_release(learner_learn(t, 5 * DAY));
        }
        made[i] = learner_learn(t, 5 * DAY);
        pmkt_tracker_free(t);
    }
    purchase_check_same(made[0], made[1]);
    pmkt_purchase_release(made[0]), pmkt_purchase_release(made[1]);
    pmkt_purchase_release(model);
    halves_free(&h);
}
END_TEST

/* Where an old model was swapped for, what it counted is whole at the next call. */
START_TEST(a_swap_begins_anew) {
    learner o = learner_begin();
    learner_see(&o, 1, 0, PMKT_KIND_VIEW);
    pmkt_purchase_release(learner_learn(o.t, 1));
    learner_see(&o, 1, 0, PMKT_KIND_ORDER);
    learner_see(&o, 2, DAY, PMKT_KIND_VIEW);
    ck_assert_int_eq(tracker_counts_of(o.t).learned, 1);
    ck_assert_int_eq(pmkt_tracker_swap(o.t, o.model, NULL), PMKT_OK);
    ck_assert_int_eq(tracker_counts_of(o.t).learned, 0);
    learner_see(&o, 2, DAY + MINUTE, PMKT_KIND_ORDER); /* its session was under way */
    learner_see(&o, 3, DAY + MINUTE, PMKT_KIND_VIEW);
    o.last = learner_learn(o.t, 1);
    chains_check(o.last, pmkt_intent_retain(pmkt_purchase_chains(o.model)));
    learner_see(&o, 3, DAY + 2 * MINUTE, PMKT_KIND_ORDER);
    learner_see(&o, 2, 2 * DAY, PMKT_KIND_ORDER);
    learner_check_more(&o, 2, 2, 3);
    learner_end(&o);
}
END_TEST

/* ------------------------------------------------------------------------ as if swapped */

START_TEST(it_goes_on_as_if_swapped) {
    random_seed(9);
    for (int i = 0; i < 6; i++) {
        halves h = halves_make(1200, 100);
        pmkt_purchase *model = halves_model(&h, NULL), *last = NULL;
        pmkt_rules *rules = rules_of(pmkt_rules_builtin());
        const pmkt_tracker_options options = learner_options();
        pmkt_tracker *a = tracker_of(model, rules, &options), *b = tracker_of(model, rules, NULL);
        const pmkt_events ev = visits_events(&h.second);
        scores x, y;
        shots fired_a = {0}, fired_b = {0};
        (void)scores_room(&x, h.second.n), (void)scores_room(&y, h.second.n);
        for (int64_t k = 0, next; k < ev.rows; k = next) {
            next = k + 1 + random_below(ev.rows / 4);
            if (next > ev.rows) next = ev.rows;
            tracker_feed(a, &ev, k, next - k, &(asked){&x, NULL}, 100, &fired_a);
            tracker_feed(b, &ev, k, next - k, &(asked){&y, NULL}, 100, &fired_b);
            pmkt_purchase_release(last);
            last = learner_learn(a, random_below(2) * DAY);
            ck_assert_int_eq(pmkt_tracker_swap(b, last, NULL), PMKT_OK);
        }
        for (int64_t k = 0; k < ev.rows; k++) REQUIRE(scores_same_row(&x, k, &y, k));
        shots_sort(&fired_a), shots_sort(&fired_b);
        ck_assert(shots_same(&fired_a, &fired_b) && fired_a.n > 0);
        scores_free(&x), scores_free(&y);
        shots_free(&fired_a), shots_free(&fired_b);
        pmkt_tracker_free(a), pmkt_tracker_free(b);
        pmkt_purchase_release(model), pmkt_purchase_release(last);
        pmkt_rules_release(rules);
        halves_free(&h);
    }
}
END_TEST

/* A callback may ask the tracker anything, and swap models: then learning begins anew, in the end with its lock
   taken. */
typedef struct meddling {
    learner *o;
    int calls, most;
} meddling;

static int meddle(void *ctx, double done, const char *stage) {
    (void)done, (void)stage;
    meddling *m = ctx;
    pmkt_purchase *now = pmkt_tracker_model(m->o->t);
    if (m->calls++ < m->most)
        ck_assert_int_eq(pmkt_tracker_swap(m->o->t, m->o->model, NULL), PMKT_OK);
    pmkt_purchase_release(now);
    return 0;
}

START_TEST(models_may_be_swapped_meanwhile) {
    for (int most = 0; most < 9; most += 4) {
        learner o = learner_begin();
        meddling m = {&o, 0, most * most};
        pmkt_run run = PMKT_RUN_INIT;
        pmkt_error err;
        run.progress = (pmkt_progress){meddle, &m};
        learner_see(&o, 1, 0, PMKT_KIND_VIEW);
        learner_see(&o, 1, 1000, PMKT_KIND_ORDER);
        ck_assert_ok(pmkt_tracker_learn(o.t, 0, &run, &o.last, &err), err);
        ck_assert_int_gt(m.calls, 0);
        ck_assert_int_eq(chains_facts(o.last).sessions - chains_facts(o.model).sessions, most == 0);
        pmkt_purchase *now = pmkt_tracker_model(o.t);
        ck_assert_ptr_eq(now, o.last);
        pmkt_purchase_release(now);
        learner_end(&o);
    }
}
END_TEST

/* ---------------------------------------------------------------------- not counted */

START_TEST(who_is_forgotten_is_not_counted) {
    learner o = learner_begin();
    for (uint64_t u = 1; u <= 50; u++) learner_see(&o, u, 0, PMKT_KIND_VIEW);
    for (uint64_t u = 1; u <= 20; u++)
        ck_assert_int_eq(pmkt_tracker_forget(o.t, u, NULL, NULL), PMKT_OK);
    learner_clock(o.t, LEARNER_T0 + DAY);
    learner_check_more(&o, 30, 0, 60);
    learner_end(&o);
}
END_TEST

START_TEST(who_is_evicted_is_not_counted) {
    learner o = learner_begin();
    pmkt_tracker_options options = learner_options();
    pmkt_tracker_free(o.t);
    options.shards = 1, options.max_bytes = 300000;
    o.t = tracker_of(o.model, NULL, &options);
    for (uint64_t u = 1; u <= 5000; u++) learner_see(&o, u, (int64_t)u, PMKT_KIND_VIEW);
    const pmkt_tracker_counts c = tracker_counts_of(o.t);
    ck_assert_int_gt(c.evicted, 3000);
    ck_assert_int_eq(c.users + c.evicted, 5000);
    learner_clock(o.t, LEARNER_T0 + DAY);
    learner_check_more(&o, 0, 0, 0); /* memory is full of users */
    ck_assert_int_eq(tracker_counts_of(o.t).unlearned, c.users);
    learner_end(&o);
}
END_TEST

/* Sessions of all sorts until nothing new has room; what was learned leaves room again. */
START_TEST(at_the_limit_sessions_are_not_counted) {
    static const uint16_t KIND[] = {PMKT_KIND_VIEW, PMKT_KIND_CLICK, PMKT_KIND_FAVORITE,
                                    PMKT_KIND_CART, PMKT_KIND_UNCART};
    learner o = learner_begin();
    pmkt_tracker_options options = learner_options();
    pmkt_tracker_free(o.t);
    options.shards = 1, options.max_bytes = 60000, options.history = -1;
    o.t = tracker_of(o.model, NULL, &options);
    int64_t ended = 0, counted = 0;
    for (int round = 0; round < 3; round++) {
        const int64_t before = tracker_counts_of(o.t).unlearned;
        for (int k = 0; k < 300; k++, ended++) {
            for (int i = 0; i < 10; i++)
                learner_see(&o, 1, ended * HOUR + i, KIND[random_below(5)]);
            learner_see(&o, 1, ended * HOUR + 10, PMKT_KIND_ORDER);
            REQUIRE(tracker_counts_of(o.t).bytes <= options.max_bytes);
        }
        const pmkt_tracker_counts c = tracker_counts_of(o.t);
        ck_assert_int_gt(c.learned, 20);
        ck_assert_int_gt(c.unlearned, before + 20);
        counted += c.learned;
        ck_assert_int_eq(counted + c.unlearned, ended);
        learner_check_more(&o, c.learned, c.learned, 11 * c.learned);
    }
    learner_end(&o);
}
END_TEST

START_TEST(too_little_memory_is_refused) {
    learner o = learner_begin();
    pmkt_tracker_options options = learner_options();
    pmkt_tracker *t = NULL;
    options.shards = 1, options.history = -1;
    int64_t least = 0;
    for (options.max_bytes = 1000; !least; options.max_bytes += 100) {
        const pmkt_status status = pmkt_tracker_new(o.model, NULL, &options, &t, NULL);
        if (status == PMKT_OK) least = options.max_bytes;
        if (status) ck_assert_int_eq(status, PMKT_E_LIMIT);
    }
    ck_assert_int_gt(least, 16 * 17 * 32);
    ck_assert_int_le(tracker_counts_of(t).bytes, least);
    pmkt_tracker_free(t);
    learner_end(&o);
}
END_TEST

START_TEST(what_was_under_way_in_a_snapshot_is_not_counted) {
    learner o = learner_begin();
    pmkt_buffer *saved = NULL;
    pmkt_error err;
    learner_see(&o, 1, 0, PMKT_KIND_VIEW);
    learner_see(&o, 2, 0, PMKT_KIND_VIEW);
    learner_see(&o, 2, 1, PMKT_KIND_ORDER);
    ck_assert_ok(pmkt_tracker_save_memory(o.t, NULL, NULL, &saved, &err), err);
    const pmkt_tracker_options options = learner_options();
    pmkt_tracker_free(o.t);
    o.t = tracker_of(o.model, NULL, &options);
    ck_assert_ok(pmkt_tracker_restore_memory(o.t, pmkt_buffer_data(saved), pmkt_buffer_size(saved),
                                             NULL, &err),
                 err);
    learner_see(&o, 1, 2, PMKT_KIND_ORDER);
    learner_check_more(&o, 0, 0, 0);
    learner_see(&o, 1, HOUR, PMKT_KIND_ORDER);
    learner_clock(o.t, LEARNER_T0 + DAY);
    learner_check_more(&o, 1, 1, 1);
    pmkt_buffer_free(saved);
    learner_end(&o);
}
END_TEST

/* --------------------------------------------------------------------------- errors */

static int cancel(void *ctx, double done, const char *stage) {
    (void)ctx, (void)done, (void)stage;
    return 1;
}

START_TEST(errors_change_nothing) {
    learner o = learner_begin();
    pmkt_purchase *model = (pmkt_purchase *)&o, *now;
    pmkt_error err;
    pmkt_run run = PMKT_RUN_INIT;
    learner_see(&o, 1, 0, PMKT_KIND_ORDER);
    ck_assert_int_eq(pmkt_tracker_learn(NULL, 0, NULL, &model, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_tracker_learn(o.t, -1, NULL, &model, &err), PMKT_E_INVALID);
    ck_assert_str_eq(err.message, "half_life_ms is -1, but must not be negative");
    run.threads = -1;
    ck_assert_int_eq(pmkt_tracker_learn(o.t, 0, &run, &model, &err), PMKT_E_INVALID);
    run.threads = 0, run.progress.fn = cancel;
    ck_assert_int_eq(pmkt_tracker_learn(o.t, 0, &run, &model, &err), PMKT_E_CANCELED);
    ck_assert_ptr_eq(model, &o);
    now = pmkt_tracker_model(o.t);
    ck_assert_ptr_eq(now, o.model);
    pmkt_purchase_release(now);
    ck_assert_int_eq(tracker_counts_of(o.t).learned, 1);
    ck_assert_int_eq(pmkt_tracker_learn(o.t, INT64_MAX, NULL, NULL, NULL), PMKT_OK);
    now = pmkt_tracker_model(o.t);
    ck_assert_int_eq(chains_facts(now).sessions, chains_facts(o.model).sessions + 1);
    pmkt_purchase_release(now);
    learner_end(&o);
}
END_TEST

START_TEST(a_tracker_must_be_told_to_learn) {
    learner o = learner_begin();
    pmkt_rules *rules = rules_of("intent a { when view }");
    pmkt_tracker_options options = learner_options();
    pmkt_tracker *quiet = tracker_of(o.model, rules, NULL),
                 *plain = tracker_of(NULL, rules, &options);
    pmkt_tracker *none = NULL;
    pmkt_error err;
    ck_assert_int_eq(pmkt_tracker_learn(quiet, 0, NULL, NULL, &err), PMKT_E_UNSUPPORTED);
    ck_assert_int_eq(pmkt_tracker_learn(plain, 0, NULL, NULL, &err), PMKT_E_UNSUPPORTED);
    ck_assert_int_eq(tracker_counts_of(quiet).learned, 0);
    for (options.learn = -1; options.learn <= 2; options.learn += 3) {
        ck_assert_int_eq(pmkt_tracker_new(o.model, NULL, &options, &none, &err), PMKT_E_INVALID);
        ck_assert_ptr_null(none);
    }
    pmkt_tracker_free(quiet), pmkt_tracker_free(plain);
    pmkt_rules_release(rules);
    learner_end(&o);
}
END_TEST

int main(void) {
    Suite *s = suite_create("tracker fade");
    TOPIC(s, "half-lives", half_is_left_after_a_half_life, what_is_rare_fades_as_fast,
          everything_may_fade, chance_is_the_same_in_equal_trackers, a_swap_begins_anew);
    TOPIC(s, "going on", it_goes_on_as_if_swapped, models_may_be_swapped_meanwhile);
    TOPIC(s, "not counted", who_is_forgotten_is_not_counted, who_is_evicted_is_not_counted,
          at_the_limit_sessions_are_not_counted, too_little_memory_is_refused,
          what_was_under_way_in_a_snapshot_is_not_counted);
    TOPIC(s, "errors", errors_change_nothing, a_tracker_must_be_told_to_learn);
    return suite_run(s);
}
