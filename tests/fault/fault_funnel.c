/*
 * Memory that runs out, at every allocation of funnels and paths: the call says so, outputs are untouched,
 * nothing leaks, and the same call then succeeds with the same result.
 */
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/suite.h"
#include "support/visits.h"

typedef struct world {
    faulty memory;
    pmkt_allocator allocator;
    visits v;
    pmkt_run run;
    pmkt_report report;
    pmkt_funnel *funnel;
    pmkt_paths *paths;
} world;

static pmkt_status follow(world *w, pmkt_error *err) {
    static const int32_t kinds[] = {1, 2, 3};
    static const pmkt_funnel_step steps[] = {
        {kinds, 1, 0, 0, 0}, {kinds + 1, 1, 0, 1, 0}, {kinds + 2, 1, 0, 0, 1}};
    pmkt_funnel_options o = PMKT_FUNNEL_OPTIONS_INIT;
    o.allocator = &w->allocator, o.hold = PMKT_FUNNEL_SAME_ITEM, o.gap_ms = 50;
    const pmkt_events ev = visits_events(&w->v);
    return pmkt_funnel_new(&ev, steps, 3, &o, &w->run, &w->report, &w->funnel, err);
}

static pmkt_status look(world *w, pmkt_error *err) {
    pmkt_paths_options o = PMKT_PATHS_OPTIONS_INIT;
    o.allocator = &w->allocator, o.page = PMKT_PATHS_BY_ITEM, o.user_hours = 1, o.gap_ms = 50;
    const pmkt_events ev = visits_events(&w->v);
    return pmkt_paths_new(&ev, &o, &w->run, &w->report, &w->paths, err);
}

typedef pmkt_status (*call)(world *w, pmkt_error *err);

/* Something of what was found. */
static int64_t known(const world *w) {
    pmkt_funnel_columns f = PMKT_FUNNEL_COLUMNS_INIT;
    pmkt_paths_columns p = PMKT_PATHS_COLUMNS_INIT;
    if (w->funnel && pmkt_funnel_columns_of(w->funnel, &f, NULL) == PMKT_OK) {
        return f.reached[0] * 1000000 + f.reached[1] * 1000 + f.reached[2];
    }
    if (w->paths && pmkt_paths_columns_of(w->paths, &p, NULL) == PMKT_OK) {
        return p.count[0] * 1000000 + p.moves[0] * 1000 + p.stays[0];
    }
    return -1;
}

static int64_t fail_call(call run, int64_t rows, int threads, int64_t nth, bool sticky) {
    random_seed(5);
    world w = {.v = visits_random(rows, rows / 10, 1000, 4)};
    w.allocator = faulty_allocator(&w.memory);
    pmkt_run_init(&w.run);
    w.run.threads = threads;
    pmkt_report_init(&w.report);
    const pmkt_report before = w.report;
    pmkt_error err = {0};
    faulty_arm(&w.memory, nth, sticky);
    const pmkt_status status = run(&w, &err);
    const bool refused = w.memory.refused > 0;
    faulty_disarm(&w.memory);
    ck_assert_int_eq(status, refused ? PMKT_E_NOMEM : PMKT_OK);
    if (refused) {
        ck_assert_int_eq(err.code, PMKT_E_NOMEM);
        ck_assert(!w.funnel && !w.paths);
        ck_assert_mem_eq(&w.report, &before, sizeof before);
        ck_assert_int_eq(w.memory.blocks, 0);
        ck_assert_ok(run(&w, &err), err);
    }
    const int64_t found = known(&w);
    pmkt_funnel_free(w.funnel);
    pmkt_paths_free(w.paths);
    faulty_check_empty(&w.memory);
    visits_free(&w.v);
    return refused ? found : -2 - found;
}

static void fail_everywhere(call run, int64_t rows, int threads, int64_t at_least) {
    const int64_t right = -2 - fail_call(run, rows, threads, 0, false);
    for (int sticky = 0; sticky < 2; sticky++) {
        int64_t nth = 1, found;
        while ((found = fail_call(run, rows, threads, nth, sticky)) >= 0) {
            ck_assert_int_eq(found, right);
            nth++;
        }
        ck_assert_int_eq(-2 - found, right);
        ck_assert_int_gt(nth, at_least);
    }
}

START_TEST(funnels_survive_it) {
    fail_everywhere(follow, 1000, 1, 30);
    fail_everywhere(follow, 40000, 3, 30);
}
END_TEST

START_TEST(paths_survive_it) {
    fail_everywhere(look, 1000, 1, 50);
    fail_everywhere(look, 40000, 3, 50);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fault funnel");
    TOPIC(suite, "allocations", funnels_survive_it, paths_survive_it);
    return suite_run(suite);
}
