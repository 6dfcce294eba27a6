/*
 * check_purchase_visitor.c - what is remembered of a user: in as few bytes as it says, where its numbers
 * stop, and how it goes from one model to another.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "intent/purchase/model.h"
#include "support/batch.h"
#include "support/loop.h"
#include "support/purchase.h"
#include "support/suite.h"

#define SECOND INT64_C(1000)
#define YEAR (365 * DAY)
#define NEAR(a, b) ck_assert_double_eq_tol(a, b, 1e-9)

/* A model of random visits with kinds 1 to `kinds`. */
static pmkt_purchase *some_model(int64_t n, int kinds) {
    visits v = visits_random(n, n / 20, 40 * HOUR, kinds);
    pmkt_purchase *model = purchase_of(&v);
    visits_free(&v);
    return model;
}

/* A user who is followed by a model, and the latest event. */
typedef struct guest {
    const pmkt_purchase *model;
    pmkti_visitor *v; /* with room for any model's actions */
    pmkti_glance glance;
} guest;

static guest *guest_of(const pmkt_purchase *model) {
    guest *g = calloc(1, sizeof *g);
    g->model = model;
    g->v = calloc(1, sizeof(pmkti_visitor_room));
    pmkti_visitor_new(g->v);
    return g;
}

static void guest_free(guest *g) {
    free(g->v);
    free(g);
}

static void begin(guest *g, int64_t time) {
    pmkti_visitor_session(g->v, &g->model->reader, time);
}

static void see(guest *g, int64_t time, uint16_t kind, uint64_t item) {
    const pmkti_step e = {.time = time,
                          .item = item,
                          .category = PMKT_ID_NONE,
                          .step = pmkti_chain_step(g->model->chains, kind),
                          .kind = kind};
    pmkti_visitor_see(g->v, &g->model->reader, &e, &g->glance);
}

static double feature(const guest *g, const char *name) {
    double x[PMKTI_FEATURES_MOST];
    pmkti_features_of(&g->model->features, &g->model->reader, g->v, &g->glance, x);
    for (int32_t i = 0; i < g->model->features.n; i++) {
        if (strcmp(g->model->features.name[i], name) == 0) return x[i];
    }
    ck_abort_msg("there is no feature %s", name);
}

/* --------------------------------------------------------------------------- sizes */

/* A visitor in just as many bytes as it needs does the same as one with room for all, and leaves the
   bytes behind it alone. */
START_TEST(a_visitor_needs_no_more_than_it_says) {
    random_seed(1);
    pmkt_purchase *model = some_model(2000, 12);
    const pmkti_reader *r = &model->reader;
    const size_t size = PMKTI_VISITOR_SIZE(r->actions);
    ck_assert_int_eq(r->actions, model->chains->facts.actions);
    ck_assert_int_gt(r->actions, 5);
    ck_assert_uint_eq(sizeof(pmkti_visitor) + PMKT_INTENT_MAX_ACTIONS,
                      PMKTI_VISITOR_SIZE(PMKT_INTENT_MAX_ACTIONS));
    uint8_t *bytes = malloc(size + 8);
    memset(bytes, 0xa5, size + 8);
    pmkti_visitor *v = (pmkti_visitor *)(void *)bytes;
    guest *g = guest_of(model);
    pmkti_visitor_new(v);
    int64_t time = 0;
    for (int i = 0; i < 3000; i++) {
        time += random_between(0, MINUTE);
        if (i == 0 || random_below(20) == 0) {
            pmkti_visitor_session(v, r, time);
            begin(g, time);
        }
        const uint16_t kind = (uint16_t)random_between(1, 14);
        const uint64_t item = (uint64_t)random_below(7);
        const pmkti_step e = {time, item, PMKT_ID_NONE, pmkti_chain_step(model->chains, kind),
                              kind};
        pmkti_glance glance;
        pmkti_visitor_see(v, r, &e, &glance);
        see(g, time, kind, item);
        ck_assert(memcmp(v, g->v, size) == 0);
        ck_assert_double_eq(glance.dwell, g->glance.dwell);
    }
    for (size_t i = size; i < size + 8; i++) ck_assert_uint_eq(bytes[i], 0xa5);
    free(bytes);
    guest_free(g);
    pmkt_purchase_release(model);
}
END_TEST

/* --------------------------------------------------------------------------- limits */

/* The mean is of the events that are counted, and of all their times. */
START_TEST(events_stop) {
    random_seed(2);
    pmkt_purchase *model = some_model(2000, 12);
    guest *g = guest_of(model);
    begin(g, 0);
    int64_t time = 0;
    for (int i = 0; i < 65535; i++, time += 2 * SECOND) see(g, time, PMKT_KIND_VIEW, 1);
    NEAR(feature(g, "dwell_mean"), log(2));
    for (int i = 0; i < 5000; i++) see(g, time += 5 * SECOND, PMKT_KIND_VIEW, 1);
    ck_assert_uint_eq(g->v->events, 65535);
    NEAR(feature(g, "dwell"), log(5));
    NEAR(feature(g, "dwell_mean"), log(2));
    NEAR(feature(g, "elapsed"), log1p(2 * 65534 + 2 + 25000));
    NEAR(feature(g, "item"), log(256));
    NEAR(feature(g, "items"), log(2));
    NEAR(feature(g, "item_repeats"), log(256));
    NEAR(feature(g, "first"), 0);
    guest_free(g);
    pmkt_purchase_release(model);
}
END_TEST

/* Sessions with as many goals: the first `without` have none. */
static guest *regular(const pmkt_purchase *model, int sessions, int without, int goals) {
    guest *g = guest_of(model);
    for (int i = 0; i < sessions; i++) {
        begin(g, i * HOUR);
        see(g, i * HOUR, PMKT_KIND_VIEW, 1);
        for (int k = 0; k < goals && i >= without; k++) see(g, i * HOUR, PMKT_KIND_ORDER, 1);
    }
    begin(g, sessions * HOUR);
    see(g, sessions * HOUR, PMKT_KIND_VIEW, 1);
    return g;
}

START_TEST(sessions_and_orders_stop) {
    random_seed(3);
    pmkt_purchase *model = some_model(2000, 12);
    static const struct {
        int sessions, without, goals;
        double s, buys, orders;
    } cases[] = {{65534, 0, 1, 65534, 65534, 65534},    {65535, 0, 1, 65535, 65535, 65535},
                 {66000, 0, 1, 65535, 65535, 65535},    {66000, 65530, 1, 65535, 5, 470},
                 {66000, 65990, 1, 65535, 0, 10},       {30000, 0, 2, 30000, 30000, 60000},
                 {40000, 10000, 3, 40000, 30000, 65535}};
    for (int i = 0; i < LENGTH(cases); i++) {
        guest *g = regular(model, cases[i].sessions, cases[i].without, cases[i].goals);
        NEAR(feature(g, "sessions"), log1p(cases[i].s));
        NEAR(feature(g, "buys"), log1p(cases[i].buys));
        NEAR(feature(g, "orders"), log1p(cases[i].orders));
        NEAR(feature(g, "buying_rate"), log((cases[i].buys + 0.5) / (cases[i].s + 5)));
        NEAR(feature(g, "since_session"), log(61));
        NEAR(feature(g, "since_order"), log(61));
        NEAR(feature(g, "item_before"), log(256));
        NEAR(feature(g, "new") + feature(g, "never"), 0);
        guest_free(g);
    }
    pmkt_purchase_release(model);
}
END_TEST

/* Small counts are looked up, larger ones are not: the same. */
START_TEST(buying_rates_are_what_they_are_called) {
    random_seed(4);
    pmkt_purchase *model = some_model(2000, 12);
    for (int sessions = 0; sessions < 70; sessions++) {
        for (int buys = 0; buys <= sessions && buys < 12; buys++) {
            guest *g = regular(model, sessions, sessions - buys, 1);
            NEAR(feature(g, "buying_rate"), log((buys + 0.5) / (sessions + 5)));
            guest_free(g);
        }
    }
    pmkt_purchase_release(model);
}
END_TEST

START_TEST(times_stop) {
    random_seed(5);
    pmkt_purchase *model = some_model(2000, 12);
    guest *g = guest_of(model);
    const int64_t longest = INT64_C(0xffffffff), ago = (INT64_C(1) << 40) - 1;
    begin(g, -5 * YEAR);
    see(g, -5 * YEAR, PMKT_KIND_VIEW, 1);
    NEAR(feature(g, "since_session") + feature(g, "since_order") + feature(g, "elapsed"), 0);
    see(g, -5 * YEAR + longest - 2, PMKT_KIND_VIEW, 1);
    NEAR(feature(g, "elapsed"), log1p((double)(longest - 2) / 1000));
    see(g, -5 * YEAR + longest + 9, PMKT_KIND_VIEW, 1);
    NEAR(feature(g, "elapsed"), log1p((double)longest / 1000));
    see(g, -5 * YEAR + 80 * DAY, PMKT_KIND_ORDER, 1);
    int64_t last = -5 * YEAR + 80 * DAY;
    static const int64_t years[] = {20, 14, 1, 50, 200};
    int64_t since = 0;
    for (int i = 0; i < LENGTH(years); i++) {
        const int64_t gap = years[i] * YEAR + 1;
        begin(g, last += gap);
        see(g, last, PMKT_KIND_VIEW, 1);
        since += gap;
        NEAR(feature(g, "since_session"), log1p((double)(gap < ago ? gap : ago) / MINUTE));
        NEAR(feature(g, "since_order"), log1p((double)(since < ago ? since : ago) / MINUTE));
        NEAR(feature(g, "elapsed"), 0);
    }
    ck_assert_int_gt(since, ago);
    begin(g, last += 7 * MINUTE); /* and what has stopped begins anew */
    see(g, last, PMKT_KIND_ORDER, 1);
    begin(g, last += 9 * MINUTE);
    see(g, last, PMKT_KIND_VIEW, 1);
    NEAR(feature(g, "since_session"), log(10));
    NEAR(feature(g, "since_order"), log(10));
    guest_free(g);
    pmkt_purchase_release(model);
}
END_TEST

/* ---------------------------------------------------------------------------- moves */

/* The actions of a context by their numbers, the oldest first, 0 for the start: how many. */
static int context_of(const pmkt_intent *m, int32_t node, uint32_t *action) {
    int n = 0;
    for (uint64_t key = m->nodes[node].key; key; key /= 128) n++;
    uint64_t key = m->nodes[node].key;
    for (int i = n - 1; i >= 0; i--, key /= 128) {
        action[i] = key % 128 == PMKTI_START ? 0 : m->action[key % 128 - 1];
    }
    return n;
}

static uint32_t count_of(const pmkt_intent *m, const pmkti_visitor *v, uint32_t action) {
    const uint32_t step = pmkti_chain_step(m, action);
    return step == PMKTI_NO_STEP || step == PMKTI_GOAL ? 0 : v->count[step - 1];
}

/* A guest in the middle of a session. */
static guest *wanderer(const pmkt_purchase *model, int kinds) {
    guest *g = guest_of(model);
    int64_t time = random_below(DAY);
    for (int64_t sessions = random_between(1, 3); sessions > 0; sessions--, time += HOUR) {
        begin(g, time);
        for (int64_t n = random_between(1, 12); n > 0; n--, time += random_below(MINUTE)) {
            const uint16_t kind = (uint16_t)random_between(1, kinds + 1);
            if (kind == PMKT_KIND_ORDER && random_below(4)) continue;
            see(g, time, kind, (uint64_t)random_below(9));
        }
    }
    return g;
}

/* All but the context and the counts stays. */
static void check_rest(const pmkti_visitor *was, const pmkti_visitor *now) {
    pmkti_visitor copy;
    memcpy(&copy, now, sizeof copy);
    copy.node = was->node;
    ck_assert(memcmp(was, &copy, sizeof copy) == 0);
}

/* The context's actions that the new model knows, or, of those, as many of the latest as it has seen
   one after the other: `all`: they all are. */
static void check_move(const pmkt_purchase *from, const pmkt_purchase *to, int kinds, bool all) {
    int starts = 0, long_ones = 0;
    for (int i = 0; i < 400; i++) {
        guest *g = wanderer(from, kinds);
        pmkti_visitor_room was;
        memcpy(&was, g->v, sizeof was);
        pmkti_visitor_move(g->v, &from->reader, &to->reader);
        check_rest(&was.v, g->v);
        uint32_t before[8], after[8];
        int n = context_of(from->chains, (int32_t)was.v.node, before), known = 0;
        const int m = context_of(to->chains, (int32_t)g->v->node, after);
        for (int k = 0; k < n; k++) {
            const uint32_t step = pmkti_chain_step(to->chains, before[k]);
            if (before[k] == 0 || step != PMKTI_NO_STEP) before[known++] = before[k];
        }
        ck_assert_int_le(m, known);
        if (all) ck_assert_int_eq(m, known);
        for (int k = 0; k < m; k++) ck_assert_uint_eq(after[k], before[known - m + k]);
        for (int32_t k = 0; k < to->chains->facts.actions; k++) {
            const uint32_t action = to->chains->action[k];
            ck_assert_uint_eq(g->v->count[k], count_of(from->chains, &was.v, action));
        }
        starts += m > 0 && after[0] == 0, long_ones += m >= 3;
        guest_free(g);
    }
    ck_assert_int_gt(starts, 10);
    ck_assert_int_gt(long_ones, 10);
}

/* Visits, and those with strangers who do something else, with numbers between. */
START_TEST(a_visitor_goes_to_another_model) {
    random_seed(6);
    visits v = visits_random(6000, 200, 60 * HOUR, 12),
           more = visits_random(8000, 260, 60 * HOUR, 12);
    for (int64_t i = 0; i < more.n; i++) {
        if (i < v.n) {
            more.user[i] = v.user[i], more.time[i] = v.time[i], more.kind[i] = v.kind[i];
        } else {
            more.user[i] = UINT64_C(1) << 40 | (uint64_t)(i % 60);
            more.kind[i] = (uint16_t)(i % 3 == 0 ? 300 : i % 3 == 1 ? 13 : more.kind[i]);
        }
    }
    for (int64_t i = 0; i < v.n; i++) {
        if (v.kind[i] == 5)
            v.kind[i] = more.kind[i] = 1; /* one that the larger model alone knows */
    }
    pmkt_purchase *small = purchase_of(&v), *large = purchase_of(&more);
    ck_assert_int_gt(large->reader.actions, small->reader.actions + 1);
    ck_assert_uint_eq(pmkti_chain_step(small->chains, 5), PMKTI_NO_STEP);
    check_move(small, large, 12, true);
    check_move(large, small, 14, false);
    check_move(large, large, 12, true);
    pmkt_purchase_release(small);
    pmkt_purchase_release(large);
    visits_free(&v);
    visits_free(&more);
}
END_TEST

int main(void) {
    Suite *s = suite_create("purchase_visitor");
    TOPIC(s, "sizes", a_visitor_needs_no_more_than_it_says);
    TOPIC(s, "limits", events_stop, sessions_and_orders_stop, buying_rates_are_what_they_are_called,
          times_stop);
    TOPIC(s, "moves", a_visitor_goes_to_another_model);
    return suite_run(s);
}
