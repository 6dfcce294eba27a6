/*
 * Memory that runs out, at every allocation of every call: the call says so, the state knows what
 * it knew before, outputs are untouched, nothing leaks, and the same call succeeds afterwards.
 *
 * A world is a state on the way through a life of twelve steps. For every step and every number N,
 * a world is led up to that step, and the step's N-th allocation fails - once, or it and all later
 * ones - until a run needs fewer than N allocations.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "rfm/state.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/rfm.h"
#include "support/rfm_dump.h"
#include "support/suite.h"

#define T date(2024, 5, 1)
#define USERS 60
#define CROWD 6 /* partitions that the users share, so that each has something to fold */

typedef struct world {
    int32_t mode;
    faulty memory, other_memory;
    pmkt_allocator allocator;
    pmkt_run run;
    pmkt_rfm *rfm, *other;
    pmkt_rfm_scores *before, *scores, *quantiles;
    pmkt_rfm_migration *migration;
    pmkt_report report;
    int64_t found;
} world;

static uint64_t users[USERS];

static void choose_users(void) {
    int n = 0;
    for (uint64_t user = 1; n < USERS; user++) {
        if (pmkti_partition_of_key(pmkti_key_of_user(user)) < CROWD) users[n++] = user;
    }
}

/* Rows of every kind; in a summary without order ids, so that the state does not depend on which
   rows are neighbors. */
static batch rows_for(int32_t mode, int64_t n, uint64_t seed) {
    batch b = {0};
    random_seed(seed);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t user = users[random_below(USERS)];
        const int64_t time = T + random_below(50 * DAY);
        const uint64_t order = mode == PMKT_RFM_HISTORY ? (uint64_t)random_below(50) : PMKT_ID_NONE;
        const int64_t what = random_below(12);
        if (what < 8) {
            batch_order(&b, user, time, order, random_below(1000));
        } else if (what == 8) {
            batch_row(&b, user, time, PMKT_KIND_REFUND, order, random_below(100));
        } else if (what == 9 && order) {
            batch_row(&b, user, time, PMKT_KIND_CANCEL, order, PMKT_AMOUNT_NULL);
        } else {
            batch_event(&b, user, time, what == 10 ? PMKT_KIND_VIEW : PMKT_KIND_REGISTER);
        }
    }
    return b;
}

/* Batches are made once; worlds borrow them. */
static batch first_rows[2], second_rows[2], many_rows[2], last_rows[2], other_rows[2];

static void make_batches(void) {
    choose_users();
    for (int32_t mode = 0; mode < 2; mode++) {
        first_rows[mode] = rows_for(mode, 200, 1);                 /* waits */
        second_rows[mode] = rows_for(mode, 900, 2);                /* is due for folding */
        many_rows[mode] = rows_for(mode, scaled(70000, 36000), 3); /* is folded at once */
        last_rows[mode] = rows_for(mode, 150, 4);                  /* waits over what is folded */
        other_rows[mode] = rows_for(mode, 400, 5); /* of the state that is merged in */
    }
}

static void free_batches(void) {
    for (int mode = 0; mode < 2; mode++) {
        batch_clear(&first_rows[mode]);
        batch_clear(&second_rows[mode]);
        batch_clear(&many_rows[mode]);
        batch_clear(&last_rows[mode]);
        batch_clear(&other_rows[mode]);
    }
}

/* ------------------------------------------------------------------ the steps */

static pmkt_status make(world *w, pmkt_error *err) {
    static const pmkt_transition TABLE[2] = {{INT64_C(1301187600000), 60, 0},
                                             {INT64_C(1319936400000), 0, 0}};
    const pmkt_zone zone = {sizeof zone, 0, TABLE, 2};
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = w->mode;
    options.zone = &zone;
    options.allocator = &w->allocator;
    return pmkt_rfm_new(&options, &w->rfm, err);
}

static pmkt_status add(world *w, const batch *b, pmkt_error *err) {
    pmkt_events events = batch_events(b);
    memcpy(events.currency, "CNY", 3);
    events.currency_exponent = 2;
    return pmkt_rfm_add(w->rfm, &events, &w->run, &w->report, err);
}

static pmkt_status add_first(world *w, pmkt_error *err) {
    return add(w, &first_rows[w->mode], err);
}

static pmkt_status add_second(world *w, pmkt_error *err) {
    return add(w, &second_rows[w->mode], err);
}

static pmkt_status add_many(world *w, pmkt_error *err) {
    return add(w, &many_rows[w->mode], err);
}

static pmkt_status add_last(world *w, pmkt_error *err) {
    return add(w, &last_rows[w->mode], err);
}

static pmkt_status merge(world *w, pmkt_error *err) {
    return pmkt_rfm_merge(w->rfm, w->other, &w->run, err);
}

static pmkt_status forget(world *w, pmkt_error *err) {
    return pmkt_rfm_forget(w->rfm, users, USERS / 3, T + 40 * DAY, &w->found, err);
}

static pmkt_status compact(world *w, pmkt_error *err) {
    return pmkt_rfm_compact(w->rfm, &w->run, err);
}

static pmkt_status score_before(world *w, pmkt_error *err) {
    pmkt_rfm_score_options o = PMKT_RFM_SCORE_OPTIONS_INIT;
    o.collapse = PMKT_RFM_MEDIAN;
    return pmkt_rfm_score(w->rfm, T + 60 * DAY, &o, &w->run, &w->before, err);
}

static pmkt_status score_after(world *w, pmkt_error *err) {
    pmkt_rfm_score_options o = PMKT_RFM_SCORE_OPTIONS_INIT;
    o.collapse = PMKT_RFM_HYSTERESIS;
    o.previous = w->before;
    return pmkt_rfm_score(w->rfm, T + 150 * DAY, &o, &w->run, &w->scores, err);
}

static pmkt_status score_quantiles(world *w, pmkt_error *err) {
    pmkt_rfm_score_options o = PMKT_RFM_SCORE_OPTIONS_INIT;
    o.scheme = PMKT_RFM_QUANTILE;
    return pmkt_rfm_score(w->rfm, T + 150 * DAY, &o, &w->run, &w->quantiles, err);
}

static pmkt_status compare(world *w, pmkt_error *err) {
    return pmkt_rfm_migrate(w->before, w->scores, PMKT_RFM_BY_SEGMENT, &w->run, &w->migration, err);
}

static const struct {
    const char *name;
    pmkt_status (*run)(world *w, pmkt_error *err);
    bool heavy; /* on one thread a world goes without it, unless it is the step to fail */
} steps[] = {
    {"new", make, false},
    {"add that waits", add_first, false},
    {"add that is folded", add_second, false},
    {"add of many rows", add_many, true},
    {"add over folded rows", add_last, false},
    {"score with waiting rows", score_before, false},
    {"merge", merge, false},
    {"forget", forget, false},
    {"add again", add_first, false},
    {"compact", compact, false},
    {"score by hysteresis", score_after, false},
    {"score by quantiles", score_quantiles, false},
    {"migrate", compare, false},
};

#define STEPS LENGTH(steps)

/* ------------------------------------------------------------------ the world */

/* A world in which all went well up to a step. The state that is merged in is made as ours is, in
   memory of its own. */
static world *world_before(int64_t step, int32_t mode, int32_t threads) {
    world *w = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    w->mode = mode;
    pmkt_run_init(&w->run);
    w->run.threads = threads;
    pmkt_report_init(&w->report);
    pmkt_error err = {0};
    w->allocator = faulty_allocator(&w->other_memory);
    ck_assert_ok(make(w, &err), err);
    w->other = w->rfm;
    rfm_add(w->other, &other_rows[mode]);
    (void)rfm_forget_one(w->other, users[USERS - 1], T + 20 * DAY);
    w->allocator = faulty_allocator(&w->memory);
    w->rfm = NULL;
    for (int64_t i = 0; i < step; i++) {
        if (threads > 1 || !steps[i].heavy) ck_assert_ok(steps[i].run(w, &err), err);
    }
    return w;
}

static void world_end(world *w) {
    pmkt_rfm_migration_free(w->migration);
    pmkt_rfm_scores_free(w->before);
    pmkt_rfm_scores_free(w->scores);
    pmkt_rfm_scores_free(w->quantiles);
    pmkt_rfm_free(w->rfm);
    pmkt_rfm_free(w->other);
    faulty_check_empty(&w->memory);
    faulty_check_empty(&w->other_memory);
    free(w);
}

static bool same_outputs(const world *a, const world *b) {
    return a->before == b->before && a->scores == b->scores && a->quantiles == b->quantiles &&
           a->migration == b->migration && a->rfm == b->rfm && a->found == b->found &&
           memcmp(&a->report, &b->report, sizeof a->report) == 0;
}

static dump knowledge(const world *w) {
    return w->rfm ? rfm_dump(w->rfm) : (dump){NULL, 0, 0};
}

/* Whether two counters are equal but for the memory: spare room may have grown. */
static bool same_counters(pmkt_rfm_counters a, const pmkt_rfm_counters *b) {
    a.bytes = b->bytes;
    a.rows_pending = b->rows_pending; /* compacting may have got half way */
    a.customers = b->customers;
    a.orders = b->orders;
    return memcmp(&a, b, sizeof a) == 0;
}

/* Runs a step whose nth allocation fails; false once it needs fewer than that. */
static bool fail_step(int64_t step, int64_t nth, bool sticky, int32_t mode, int32_t threads,
                      const dump *expected) {
    world *w = world_before(step, mode, threads);
    dump before = knowledge(w);
    const world kept = *w;
    const pmkt_rfm_counters counters = w->rfm ? rfm_stats(w->rfm) : (pmkt_rfm_counters){0};
    const int64_t live = w->memory.blocks;
    pmkt_error err = {0};

    faulty_arm(&w->memory, nth, sticky);
    const pmkt_status status = steps[step].run(w, &err);
    const bool failed = w->memory.refused > 0;
    faulty_disarm(&w->memory);
    faulty_check(&w->memory);

    if (status != PMKT_OK) {
        ck_assert_msg(status == PMKT_E_NOMEM && failed, "%s: %s", steps[step].name, err.message);
        ck_assert_int_eq(err.code, PMKT_E_NOMEM);
        ck_assert_msg(same_outputs(&kept, w), "%s changed an output", steps[step].name);
        dump_check_equal(before, knowledge(w));
        if (w->rfm) ck_assert(same_counters(rfm_stats(w->rfm), &counters));
        if (!w->rfm) ck_assert_int_eq(w->memory.blocks, live);
        ck_assert_ok(steps[step].run(w, &err), err);
    } else {
        dump_free(&before); /* what failed was not needed now: folding, or giving memory back */
    }
    dump after = knowledge(w);
    ck_assert_msg(dump_equal(&after, expected), "%s, allocation %lld", steps[step].name,
                  (long long)nth);
    dump_free(&after);
    world_end(w);
    return failed;
}

static void fail_every_allocation(int32_t mode, int32_t threads) {
    make_batches();
    for (int64_t step = 0; step < STEPS; step++) {
        world *w = world_before(step, mode, threads);
        pmkt_error err = {0};
        ck_assert_ok(steps[step].run(w, &err), err);
        dump expected = knowledge(w);
        world_end(w);
        for (int sticky = 0; sticky < 2; sticky++) {
            int64_t nth = 1;
            while (fail_step(step, nth, sticky, mode, threads, &expected)) {
                nth += nth < 10 ? 1 : scaled(1, 5);
            }
            ck_assert_msg(nth > 1, "%s allocates nothing", steps[step].name);
        }
        dump_free(&expected);
    }
    free_batches();
}

START_TEST(a_history_survives_on_one_thread) {
    fail_every_allocation(PMKT_RFM_HISTORY, 1);
}
END_TEST

START_TEST(a_history_survives_on_four_threads) {
    fail_every_allocation(PMKT_RFM_HISTORY, 4);
}
END_TEST

START_TEST(a_summary_survives_on_one_thread) {
    fail_every_allocation(PMKT_RFM_SUMMARY, 1);
}
END_TEST

START_TEST(a_summary_survives_on_four_threads) {
    fail_every_allocation(PMKT_RFM_SUMMARY, 4);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fault rfm");
    TOPIC(suite, "allocations", a_history_survives_on_one_thread,
          a_history_survives_on_four_threads, a_summary_survives_on_one_thread,
          a_summary_survives_on_four_threads);
    return suite_run(suite);
}
