#include "support/learner.h"

#include <string.h>

#include "intent/chain.h"
#include "support/batch.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"

/* ------------------------------------------------------------------------ models */

pmkt_tracker_options learner_options(void) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.learn = 1;
    return o;
}

pmkt_purchase *learner_learn(pmkt_tracker *t, int64_t half_life) {
    pmkt_purchase *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_tracker_learn(t, half_life, NULL, &model, &err), err);
    pmkt_purchase *now = pmkt_tracker_model(t);
    ck_assert_ptr_eq(now, model);
    pmkt_purchase_release(now);
    return model;
}

pmkt_intent_facts chains_facts(const pmkt_purchase *model) {
    pmkt_intent_facts f = PMKT_INTENT_FACTS_INIT;
    ck_assert_int_eq(pmkt_intent_info(pmkt_purchase_chains(model), &f, NULL), PMKT_OK);
    return f;
}

pmkt_intent *chains_fitted(const visits *v, const pmkt_intent_options *options) {
    const pmkt_events ev = visits_events(v);
    pmkt_intent *m = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_fit(&ev, options, NULL, NULL, &m, &err), err);
    return m;
}

static pmkt_intent *merged(const pmkt_intent *a, const pmkt_intent *b) {
    const pmkt_intent *const both[] = {a, b};
    pmkt_intent *m = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_merge(both, 2, NULL, &m, &err), err);
    return m;
}

pmkt_intent *chains_joined(const pmkt_intent *a, pmkt_intent *b) {
    pmkt_intent *m = merged(a, b);
    pmkt_intent_release(b);
    return m;
}

void chains_check(const pmkt_purchase *learned, pmkt_intent *expected) {
    pmkt_buffer *x = NULL, *y = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_save_memory(pmkt_purchase_chains(learned), NULL, NULL, &x, &err), err);
    ck_assert_ok(pmkt_intent_save_memory(expected, NULL, NULL, &y, &err), err);
    ck_assert_uint_eq(pmkt_buffer_size(x), pmkt_buffer_size(y));
    ck_assert(memcmp(pmkt_buffer_data(x), pmkt_buffer_data(y), pmkt_buffer_size(x)) == 0);
    pmkt_buffer_free(x), pmkt_buffer_free(y);
    pmkt_intent_release(expected);
}

void learner_check_loads(const pmkt_purchase *model) {
    file_bytes f = purchase_bytes(model);
    pmkt_purchase *again = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_purchase_load_memory(f.at, f.n, NULL, NULL, &again, &err), err);
    purchase_check_same(model, again);
    pmkt_purchase_release(again);
    file_free(&f);
}

/* -------------------------------------------------------------------------- data */

void visits_put(visits *to, const visits *from, int64_t i) {
    const int64_t at = to->n++;
    to->user[at] = from->user[i], to->time[at] = from->time[i], to->kind[at] = from->kind[i];
    to->item[at] = from->item[i], to->category[at] = from->category[i];
    to->channel[at] = from->channel[i], to->session[at] = from->session[i];
}

halves halves_make(int64_t count, int64_t users) {
    visits v = shop_make(count, users);
    halves h = {visits_random(v.n, 1, 1, 1), visits_random(v.n, 1, 1, 1)};
    h.first.n = h.second.n = 0;
    bool late = false;
    for (int64_t i = 0; i < v.n; i++) {
        if (i == 0 || v.session[i] != v.session[i - 1])
            late = v.time[i] > date(2024, 3, 11) || random_below(4) == 0;
        visits_put(late ? &h.second : &h.first, &v, i);
    }
    visits_free(&v);
    const halves sorted = {visits_in_time(&h.first), visits_in_time(&h.second)};
    visits_free(&h.first), visits_free(&h.second);
    return sorted;
}

void halves_free(halves *h) {
    visits_free(&h->first), visits_free(&h->second);
}

pmkt_purchase *halves_model(const halves *h, const pmkt_intent_options *options) {
    const pmkt_events ev = visits_events(&h->first);
    return purchase_fitted(&ev, options, NULL, 1);
}

void learner_observe(pmkt_tracker *t, const visits *v, int64_t from, int64_t end) {
    pmkt_column extra[1];
    const pmkt_events ev = visits_events(v), part = events_slice(&ev, from, end - from, extra);
    pmkt_error err;
    ck_assert_ok(pmkt_tracker_observe(t, &part, NULL, NULL, &err), err);
}

void learner_clock(pmkt_tracker *t, int64_t clock) {
    pmkt_tracker_fired fired[16];
    int64_t n = 0;
    pmkt_error err;
    do ck_assert_ok(pmkt_tracker_advance(t, clock, fired, 16, &n, &err), err);
    while (n > 0);
}

int64_t chains_count(const pmkt_purchase *model, uint64_t key) {
    const pmkt_intent *m = pmkt_purchase_chains(model);
    for (int64_t i = 0; i < m->n_counts; i++) {
        if (m->counts[i].key == key) return m->counts[i].buyers + m->counts[i].others;
    }
    return 0;
}

/* --------------------------------------------------------------------- one session */

learner learner_begin_with(int64_t count) {
    random_seed(6);
    halves h = halves_make(count, count / 10);
    learner o = {.model = halves_model(&h, NULL)};
    const pmkt_tracker_options options = learner_options();
    o.t = tracker_of(o.model, NULL, &options);
    halves_free(&h);
    return o;
}

learner learner_begin(void) {
    return learner_begin_with(300);
}

void learner_end(learner *o) {
    pmkt_purchase_release(o->model), pmkt_purchase_release(o->last);
    pmkt_tracker_free(o->t);
}

void learner_see(const learner *o, uint64_t user, int64_t after, uint16_t kind) {
    tracker_see(o->t, (deed){.user = user, .time = LEARNER_T0 + after, .kind = kind, .item = 1},
                NULL);
}

void learner_check_more(learner *o, int64_t sessions, int64_t buyers, int64_t counted) {
    pmkt_purchase *before = pmkt_tracker_model(o->t);
    const pmkt_intent_facts a = chains_facts(before);
    pmkt_purchase_release(o->last);
    o->last = learner_learn(o->t, 0);
    const pmkt_intent_facts b = chains_facts(o->last);
    ck_assert_int_eq(b.sessions - a.sessions, sessions);
    ck_assert_int_eq(b.buyers - a.buyers, buyers);
    ck_assert_int_eq(b.counted - a.counted, counted);
    pmkt_purchase_release(before);
}
