/*
 * Memory that runs out, at every allocation of every call of attribution: the call says so, outputs are
 * untouched, nothing leaks.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/suite.h"

#define PATHS 60
#define TOUCHES 300

static struct given {
    int64_t at[PATHS + 1];
    uint64_t channel[TOUCHES], user[TOUCHES];
    int64_t time[TOUCHES];
    uint16_t kind[TOUCHES];
    double conversions[PATHS], nulls[PATHS];
    pmkt_attribution_paths paths;
    pmkt_events events;
} given;

static void make_given(int64_t channels) {
    random_seed(5);
    for (int64_t j = 0; j < PATHS; j++) {
        given.at[j + 1] = (j + 1) * TOUCHES / PATHS;
        given.conversions[j] = (double)random_below(3), given.nulls[j] = (double)random_below(3);
    }
    for (int64_t i = 0; i < TOUCHES; i++) {
        given.channel[i] = 1 + (uint64_t)random_below(channels);
        given.user[i] = 1 + (uint64_t)random_below(50);
        given.time[i] = random_below(1000000000);
        given.kind[i] = random_below(4) ? PMKT_KIND_VIEW : PMKT_KIND_ORDER;
    }
    pmkt_attribution_paths_init(&given.paths);
    given.paths.paths = PATHS, given.paths.at = given.at, given.paths.channel = given.channel;
    given.paths.conversions = given.paths.values = given.conversions;
    given.paths.nulls = given.nulls;
    pmkt_events_init(&given.events);
    given.events.rows = TOUCHES, given.events.user = given.user, given.events.time = given.time;
    given.events.kind = given.kind, given.events.channel = given.channel;
}

/* What a call is and gives. */
typedef struct trial {
    faulty memory;
    pmkt_allocator allocator;
    int32_t model, order;
    pmkt_attribution *attribution;
    pmkt_attribution_data *data;
    pmkt_attribution_orders orders;
    pmkt_report report;
} trial;

typedef pmkt_status (*call)(trial *w, pmkt_error *err);

static pmkt_status compute(trial *w, pmkt_error *err) {
    pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2;
    o.model = w->model, o.order = w->order, o.bootstrap = 3, o.allocator = &w->allocator;
    return pmkt_attribution_compute(&given.paths, &o, &run, &w->attribution, err);
}

static pmkt_status order(trial *w, pmkt_error *err) {
    pmkt_attribution_order_options o = PMKT_ATTRIBUTION_ORDER_OPTIONS_INIT;
    o.allocator = &w->allocator;
    return pmkt_attribution_order(&given.paths, &o, NULL, &w->orders, err);
}

static pmkt_status from_events(trial *w, pmkt_error *err) {
    pmkt_attribution_data_options o = PMKT_ATTRIBUTION_DATA_OPTIONS_INIT;
    o.allocator = &w->allocator, o.merge = 1;
    return pmkt_attribution_data_from_events(&given.events, &o, NULL, &w->report, &w->data, err);
}

static bool fail_once(call run, int32_t model, int32_t of_order, int64_t nth, bool sticky) {
    trial w;
    memset(&w, 0, sizeof w);
    w.allocator = faulty_allocator(&w.memory);
    w.model = model, w.order = of_order;
    pmkt_attribution_orders_init(&w.orders);
    pmkt_report_init(&w.report);
    const pmkt_attribution_orders before = w.orders;
    const pmkt_report report = w.report;
    pmkt_error err = {0};
    faulty_arm(&w.memory, nth, sticky);
    const pmkt_status status = run(&w, &err);
    const bool refused = w.memory.refused > 0;
    faulty_disarm(&w.memory);
    ck_assert_msg(status == (refused ? PMKT_E_NOMEM : PMKT_OK), "allocation %lld: %s",
                  (long long)nth, pmkt_status_name(status));
    if (refused) {
        ck_assert_int_eq(err.code, PMKT_E_NOMEM);
        ck_assert(w.attribution == NULL && w.data == NULL);
        ck_assert_mem_eq(&w.orders, &before, sizeof before);
        ck_assert_mem_eq(&w.report, &report, sizeof report);
        faulty_check_empty(&w.memory);
        ck_assert_ok(run(&w, &err), err);
    }
    pmkt_attribution_free(w.attribution);
    pmkt_attribution_data_free(w.data);
    faulty_check_empty(&w.memory);
    return refused;
}

static void fail_everywhere(call run, int32_t model, int32_t of_order, int64_t at_least) {
    for (int sticky = 0; sticky < 2; sticky++) {
        int64_t nth = 1;
        while (fail_once(run, model, of_order, nth, sticky)) nth++;
        ck_assert_int_gt(nth, at_least);
    }
}

START_TEST(every_call_survives) {
    make_given(9);
    fail_everywhere(compute, PMKT_ATTRIBUTION_MARKOV, 1, 40);
    fail_everywhere(compute, PMKT_ATTRIBUTION_MARKOV, 3, 50);
    fail_everywhere(compute, PMKT_ATTRIBUTION_SHAPLEY, 0, 40);
    fail_everywhere(compute, PMKT_ATTRIBUTION_TIME_DECAY, 0, 20);
    fail_everywhere(compute, PMKT_ATTRIBUTION_SHAPLEY_PATHS, 0, 20);
    fail_everywhere(order, 0, 0, 40);
    fail_everywhere(from_events, 0, 0, 13);
}
END_TEST

/* Ids by the hundred, for tables that grow. */
START_TEST(many_channels_survive) {
    make_given(140);
    fail_everywhere(compute, PMKT_ATTRIBUTION_MARKOV, 2, 50);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fault attribution");
    TOPIC(suite, "allocations", every_call_survives, many_channels_survive);
    return suite_run(suite);
}
