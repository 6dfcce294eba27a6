/*
 * check_tracker_learn.c - a tracker that learns on knows what a fit to all would know: the same counts, whatever ends a
 * session and whenever it learns; what is old fades; what nobody can know is not counted.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "intent/chain.h"
#include "pmkt.h"
#include "support/batch.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define LONGER 40 /* steps of a path that none is longer than, below the limit of 48 */
#define GAP (30 * MINUTE)
#define LATER (date(2030, 1, 1))

/* ------------------------------------------------------------------------ models */

static pmkt_tracker_options learning(void) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.learn = 1;
    return o;
}

static pmkt_purchase *learn(pmkt_tracker *t, int64_t half_life) {
    pmkt_purchase *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_tracker_learn(t, half_life, NULL, &model, &err), err);
    pmkt_purchase *now = pmkt_tracker_model(t);
    ck_assert_ptr_eq(now, model);
    pmkt_purchase_release(now);
    return model;
}

static pmkt_intent_facts facts_of(const pmkt_purchase *model) {
    pmkt_intent_facts f = PMKT_INTENT_FACTS_INIT;
    ck_assert_int_eq(pmkt_intent_info(pmkt_purchase_chains(model), &f, NULL), PMKT_OK);
    return f;
}

static pmkt_intent *fitted(const visits *v, const pmkt_intent_options *options) {
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

/* The merge of two, whose second is released. */
static pmkt_intent *joined(const pmkt_intent *a, pmkt_intent *b) {
    pmkt_intent *m = merged(a, b);
    pmkt_intent_release(b);
    return m;
}

static void check_chains(const pmkt_purchase *learned, pmkt_intent *expected) {
    pmkt_buffer *x = NULL, *y = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_save_memory(pmkt_purchase_chains(learned), NULL, NULL, &x, &err), err);
    ck_assert_ok(pmkt_intent_save_memory(expected, NULL, NULL, &y, &err), err);
    ck_assert_uint_eq(pmkt_buffer_size(x), pmkt_buffer_size(y));
    ck_assert(memcmp(pmkt_buffer_data(x), pmkt_buffer_data(y), pmkt_buffer_size(x)) == 0);
    pmkt_buffer_free(x), pmkt_buffer_free(y);
    pmkt_intent_release(expected);
}

static void check_loads(const pmkt_purchase *model) {
    file_bytes f = purchase_bytes(model);
    pmkt_purchase *again = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_purchase_load_memory(f.at, f.n, NULL, NULL, &again, &err), err);
    purchase_check_same(model, again);
    pmkt_purchase_release(again);
    file_free(&f);
}

/* -------------------------------------------------------------------------- data */

/* A shop's visits in two: those that begin before the median and those after, both in the order of time. */
typedef struct halves {
    visits first, second;
} halves;

static void put(visits *to, const visits *from, int64_t i) {
    const int64_t at = to->n++;
    to->user[at] = from->user[i], to->time[at] = from->time[i], to->kind[at] = from->kind[i];
    to->item[at] = from->item[i], to->category[at] = from->category[i];
    to->channel[at] = from->channel[i], to->session[at] = from->session[i];
}

static halves halve(int64_t count, int64_t users) {
    visits v = shop_make(count, users);
    halves h = {visits_random(v.n, 1, 1, 1), visits_random(v.n, 1, 1, 1)};
    h.first.n = h.second.n = 0;
    bool late = false;
    for (int64_t i = 0; i < v.n; i++) {
        if (i == 0 || v.session[i] != v.session[i - 1])
            late = v.time[i] > date(2024, 3, 11) || random_below(4) == 0;
        put(late ? &h.second : &h.first, &v, i);
    }
    visits_free(&v);
    const halves sorted = {visits_in_time(&h.first), visits_in_time(&h.second)};
    visits_free(&h.first), visits_free(&h.second);
    return sorted;
}

static void halves_free(halves *h) {
    visits_free(&h->first), visits_free(&h->second);
}

static pmkt_purchase *first_model(const halves *h, const pmkt_intent_options *options) {
    const pmkt_events ev = visits_events(&h->first);
    return purchase_fitted(&ev, options, NULL, 1);
}

static void observe(pmkt_tracker *t, const visits *v, int64_t from, int64_t end) {
    pmkt_column extra[1];
    const pmkt_events ev = visits_events(v), part = events_slice(&ev, from, end - from, extra);
    pmkt_error err;
    ck_assert_ok(pmkt_tracker_observe(t, &part, NULL, NULL, &err), err);
}

static void set_clock(pmkt_tracker *t, int64_t clock) {
    pmkt_tracker_fired fired[16];
    int64_t n = 0;
    pmkt_error err;
    do ck_assert_ok(pmkt_tracker_advance(t, clock, fired, 16, &n, &err), err);
    while (n > 0);
}

/* All of it, learning in between as often as `every` rows say, with clocks or without. */
static void observe_all(pmkt_tracker *t, const visits *v, int64_t every) {
    for (int64_t i = 0, next; i < v->n; i = next) {
        next = every ? i + 1 + random_below(every) : v->n;
        if (next > v->n) next = v->n;
        observe(t, v, i, next);
        if (next == v->n || !every) continue;
        if (random_below(2)) set_clock(t, random_between(v->time[next - 1], v->time[next] + 1));
        if (random_below(2)) pmkt_purchase_release(learn(t, 0));
    }
}

/* ------------------------------------------------------------------------ a fit to all */

static void check_fit(const halves *h, const pmkt_intent_options *chains, pmkt_tracker_options o,
                      int64_t every) {
    pmkt_purchase *model = first_model(h, chains);
    pmkt_tracker *t = tracker_of(model, NULL, &o);
    observe_all(t, &h->second, every);
    set_clock(t, LATER);
    pmkt_purchase *last = learn(t, 0);
    check_chains(last, joined(pmkt_purchase_chains(model), fitted(&h->second, chains)));
    check_loads(last);
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
        pmkt_tracker_options o = learning();
        halves h = halve(800, 60);
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
        halves h = halve(1500, 150);
        check_fit(&h, &chains, learning(), i * 100);
        halves_free(&h);
    }
}
END_TEST

START_TEST(of_sessions_that_are_told_too) {
    random_seed(3);
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    chains.by_session = 1, chains.gap_ms = DAY;
    for (int i = 0; i < 3; i++) {
        halves h = halve(1500, 150);
        check_fit(&h, &chains, learning(), i * 100);
        halves_free(&h);
    }
}
END_TEST

/* Who was away for longer than ttl_ms expires at the next event, at a clock, or when a wait is over. */
START_TEST(of_users_who_expire_too) {
    static const char text[] = "intent a { when view or cart then no order for 7 d }";
    random_seed(4);
    for (int i = 0; i < 4; i++) {
        halves h = halve(1000, 100);
        pmkt_tracker_options o = learning();
        pmkt_rules *rules = i & 1 ? rules_of(text) : NULL;
        o.ttl_ms = 2 * HOUR, o.shards = 4;
        pmkt_purchase *model = first_model(&h, NULL);
        pmkt_tracker *t = tracker_of(model, rules, &o);
        for (int64_t k = 0; k < h.second.n; k += 50) {
            const int64_t end = k + 50 < h.second.n ? k + 50 : h.second.n;
            observe(t, &h.second, k, end);
            if (i & 2) set_clock(t, h.second.time[end - 1]);
        }
        set_clock(t, h.second.time[h.second.n - 1] + DAY);
        set_clock(t, LATER);
        ck_assert_int_eq(tracker_counts_of(t).users, 0);
        pmkt_intent *second = fitted(&h.second, NULL);
        pmkt_intent_facts f = PMKT_INTENT_FACTS_INIT;
        ck_assert_int_eq(pmkt_intent_info(second, &f, NULL), PMKT_OK);
        ck_assert_int_eq(tracker_counts_of(t).learned, f.sessions);
        pmkt_purchase *last = learn(t, 0);
        check_chains(last, joined(pmkt_purchase_chains(model), second));
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
    halves h = halve(400, 40);
    pmkt_purchase *model = first_model(&h, NULL);
    int64_t compared = 0;
    for (int64_t i = 0; i < scaled(400, 40); i++) {
        const int64_t span = random_between(1, 40) * HOUR;
        visits any = visits_random(random_below(1500), random_between(10, 200), span, 14);
        visits v = visits_in_time(&any);
        int64_t longest = 0;
        paths p = paths_of(&v, pmkt_purchase_chains(model), &longest);
        if (longest <= LONGER) {
            const pmkt_tracker_options options = learning();
            pmkt_tracker *t = tracker_of(model, NULL, &options);
            observe_all(t, &v, random_below(2) * 200);
            set_clock(t, LATER);
            pmkt_purchase *last = learn(t, 0);
            check_chains(last, joined(pmkt_purchase_chains(model), fitted_slowly(&p)));
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

#define T0 (date(2024, 6, 1))

typedef struct one {
    pmkt_purchase *model, *last;
    pmkt_tracker *t;
} one;

static one begin_with(int64_t count) {
    random_seed(6);
    halves h = halve(count, count / 10);
    one o = {.model = first_model(&h, NULL)};
    const pmkt_tracker_options options = learning();
    o.t = tracker_of(o.model, NULL, &options);
    halves_free(&h);
    return o;
}

static one begin_one(void) {
    return begin_with(300);
}

static void end_one(one *o) {
    pmkt_purchase_release(o->model), pmkt_purchase_release(o->last);
    pmkt_tracker_free(o->t);
}

static void see(const one *o, uint64_t user, int64_t after, uint16_t kind) {
    tracker_see(o->t, (deed){.user = user, .time = T0 + after, .kind = kind, .item = 1}, NULL);
}

/* How many sessions, goals and counts more there are now. */
static void check_more(one *o, int64_t sessions, int64_t buyers, int64_t counted) {
    pmkt_purchase *before = pmkt_tracker_model(o->t);
    const pmkt_intent_facts a = facts_of(before);
    pmkt_purchase_release(o->last);
    o->last = learn(o->t, 0);
    const pmkt_intent_facts b = facts_of(o->last);
    ck_assert_int_eq(b.sessions - a.sessions, sessions);
    ck_assert_int_eq(b.buyers - a.buyers, buyers);
    ck_assert_int_eq(b.counted - a.counted, counted);
    pmkt_purchase_release(before);
}

/* How often a step followed a context. */
static int64_t count_of(const pmkt_purchase *model, uint64_t key) {
    const pmkt_intent *m = pmkt_purchase_chains(model);
    for (int64_t i = 0; i < m->n_counts; i++) {
        if (m->counts[i].key == key) return m->counts[i].buyers + m->counts[i].others;
    }
    return 0;
}

static uint64_t key_of(const pmkt_purchase *model, const uint16_t *kind, int n, uint32_t step) {
    uint64_t key = 0;
    for (int i = 0; i < n; i++) {
        key = key << PMKTI_STEP_BITS | pmkti_chain_step(pmkt_purchase_chains(model), kind[i]);
    }
    return key << PMKTI_STEP_BITS | step;
}

START_TEST(a_session_ends_once) {
    one o = begin_one();
    see(&o, 1, 0, PMKT_KIND_VIEW);
    see(&o, 1, 1000, PMKT_KIND_CART);
    check_more(&o, 0, 0, 0); /* under way */
    see(&o, 1, 2000, PMKT_KIND_ORDER);
    ck_assert_int_eq(tracker_counts_of(o.t).learned, 1);
    check_more(&o, 1, 1, 3);
    see(&o, 1, 3000, PMKT_KIND_VIEW); /* past the goal */
    see(&o, 1, 4000, PMKT_KIND_ORDER);
    check_more(&o, 0, 0, 0);
    see(&o, 1, 4000 + GAP, PMKT_KIND_VIEW); /* still */
    check_more(&o, 0, 0, 0);
    see(&o, 1, 4001 + 2 * GAP, PMKT_KIND_ORDER); /* a session of a goal alone */
    check_more(&o, 1, 1, 1);
    see(&o, 1, 9 * HOUR, PMKT_KIND_VIEW);
    see(&o, 1, 18 * HOUR, PMKT_KIND_VIEW);
    check_more(&o, 1, 0, 2);
    end_one(&o);
}
END_TEST

/* By a clock, once the gap is over and not before. */
START_TEST(a_clock_ends_a_session) {
    one o = begin_one();
    see(&o, 1, 0, PMKT_KIND_VIEW);
    see(&o, 2, 9 * HOUR, PMKT_KIND_VIEW); /* the time of others says nothing */
    check_more(&o, 0, 0, 0);
    see(&o, 3, 10 * HOUR, PMKT_KIND_SHARE); /* of an action that the model does not know */
    set_clock(o.t, T0 + 9 * HOUR + GAP);
    check_more(&o, 1, 0, 2);
    set_clock(o.t, T0 + 9 * HOUR + GAP + 1);
    check_more(&o, 1, 0, 2);
    set_clock(o.t, T0 + 11 * HOUR);
    check_more(&o, 0, 0, 0);
    see(&o, 1, 12 * HOUR, PMKT_KIND_VIEW);
    check_more(&o, 0, 0, 0);
    see(&o, 1, 12 * HOUR, PMKT_KIND_ORDER);
    check_more(&o, 1, 1, 2);
    ck_assert_int_eq(tracker_counts_of(o.t).unlearned, 0);
    end_one(&o);
}
END_TEST

/* Of a long session: the first 48 actions, and the end after the last ones. */
START_TEST(a_long_session_is_counted_in_part) {
    for (int goal = 0; goal < 2; goal++) {
        static const uint16_t CLICKS[] = {PMKT_KIND_CLICK, PMKT_KIND_CLICK, PMKT_KIND_CLICK};
        one o = begin_one();
        const uint32_t end = goal ? PMKTI_GOAL : PMKTI_LEAVE;
        const uint64_t key = key_of(o.model, CLICKS, 3, end);
        const uint64_t inside =
            key_of(o.model, CLICKS, 3, pmkti_chain_step(pmkt_purchase_chains(o.model), CLICKS[0]));
        const int64_t ends = count_of(o.model, key), before = count_of(o.model, inside);
        for (int i = 0; i < 47; i++) see(&o, 1, i * 1000, PMKT_KIND_VIEW);
        for (int i = 47; i < 60; i++) see(&o, 1, i * 1000, PMKT_KIND_CLICK);
        if (goal) see(&o, 1, 61000, PMKT_KIND_ORDER);
        set_clock(o.t, T0 + DAY);
        check_more(&o, 1, goal, 49);
        ck_assert_int_eq(count_of(o.last, key), ends + 1);
        ck_assert_int_eq(count_of(o.last, inside), before);
        check_loads(o.last);
        end_one(&o);
    }
}
END_TEST

/* Very many times of a session that never ends are no reason not to load a model. */
START_TEST(times_are_counted_at_once) {
    one o = begin_one();
    const pmkti_dwell before = pmkt_purchase_chains(o.model)->pooled;
    for (int i = 0; i < 20000; i++) see(&o, 1, i * 1000, PMKT_KIND_VIEW);
    check_more(&o, 0, 0, 0);
    const pmkti_dwell after = pmkt_purchase_chains(o.last)->pooled;
    ck_assert_int_eq(after.n, before.n + 19999);
    ck_assert_int_eq(after.ms, before.ms + 19999000);
    check_loads(o.last);
    end_one(&o);
}
END_TEST

/* ---------------------------------------------------------------------- half-lives */

/* All visits of somebody else, too. */
static visits doubled(const visits *v) {
    visits to = visits_random(2 * v->n, 1, 1, 1);
    to.n = 0;
    for (int64_t i = 0; i < v->n; i++) {
        put(&to, v, i);
        put(&to, v, i);
        to.user[to.n - 1] += 1000000;
    }
    return to;
}

START_TEST(half_is_left_after_a_half_life) {
    random_seed(7);
    halves h = halve(900, 90), next = halve(200, 40);
    halves twice = {doubled(&h.first), doubled(&h.second)};
    pmkt_purchase *model = first_model(&twice, NULL);
    const pmkt_tracker_options options = learning();
    pmkt_tracker *t = tracker_of(model, NULL, &options);
    visits later = visits_in_time(&next.second);
    for (int64_t i = 0; i < later.n; i++) later.time[i] += 100 * DAY, later.user[i] += 5000000;
    observe(t, &twice.second, 0, twice.second.n);
    set_clock(t, later.time[0] - 1);
    pmkt_purchase *early = learn(t, 1); /* the first takes nothing off */
    check_chains(early, joined(pmkt_purchase_chains(model), fitted(&twice.second, NULL)));
    observe(t, &later, 0, later.n);
    set_clock(t, LATER);
    pmkt_purchase *late = learn(t, later.time[later.n - 1] - h.second.time[h.second.n - 1]);
    pmkt_intent *once = fitted(&h.first, NULL);
    pmkt_intent *half = joined(once, fitted(&h.second, NULL));
    check_chains(late, joined(half, fitted(&later, NULL)));
    check_loads(late);
    pmkt_purchase *again = learn(t, 1); /* no time has passed */
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
    one o = begin_with(3000);
    const pmkt_intent_facts before = facts_of(o.model);
    const pmkt_intent *m = pmkt_purchase_chains(o.model);
    int64_t single = 0, left = 0;
    for (int64_t i = 0; i < m->n_counts; i++) {
        single += m->counts[i].buyers + m->counts[i].others == 1;
    }
    ck_assert_int_gt(single, 50);
    for (int i = 0; i <= 200;
         i++) { /* one session under way: an event takes nothing to the counts */
        see(&o, 1, i * 20 * MINUTE, PMKT_KIND_VIEW);
        pmkt_purchase_release(o.last);
        o.last = learn(o.t, 200 * 20 * MINUTE);
    }
    const pmkt_intent_facts after = facts_of(o.last);
    const pmkt_intent *now = pmkt_purchase_chains(o.last);
    for (int64_t i = 0; i < m->n_counts; i++) {
        const bool was = m->counts[i].buyers + m->counts[i].others == 1;
        left += was && count_of(o.last, m->counts[i].key) == 1;
    }
    ck_assert_double_eq_tol((double)after.counted / (double)before.counted, 0.5, 0.05);
    ck_assert_double_eq_tol((double)after.sessions / (double)before.sessions, 0.5, 0.08);
    ck_assert_double_eq_tol((double)left / (double)single, 0.5, 0.15);
    const int64_t times = m->pooled.n + 200; /* and the session's own, which fade less */
    ck_assert_int_gt(now->pooled.n, times * 45 / 100);
    ck_assert_int_lt(now->pooled.n, times * 60 / 100);
    check_loads(o.last);
    end_one(&o);
}
END_TEST

/* With nearly nothing left every action is still one, and there is an answer. */
START_TEST(everything_may_fade) {
    one o = begin_one();
    see(&o, 1, 0, PMKT_KIND_VIEW);
    pmkt_purchase_release(learn(o.t, 1));
    see(&o, 1, MINUTE, PMKT_KIND_VIEW);
    o.last = learn(o.t, 1);
    const pmkt_intent_facts f = facts_of(o.last);
    ck_assert_int_eq(f.actions, facts_of(o.model).actions);
    ck_assert_int_eq(f.counted, f.actions);
    check_loads(o.last);
    halves h = halve(50, 5);
    scores s = scores_of(o.last, &h.second);
    for (int64_t i = 0; i < s.n; i++) ck_assert(s.p_goal[i] >= 0 && s.p_goal[i] <= 1);
    scores_free(&s);
    halves_free(&h);
    end_one(&o);
}
END_TEST

/* Equal trackers learn the same, whatever their shards. */
START_TEST(chance_is_the_same_in_equal_trackers) {
    random_seed(8);
    halves h = halve(900, 90);
    pmkt_purchase *model = first_model(&h, NULL), *made[2];
    for (int i = 0; i < 2; i++) {
        pmkt_tracker_options o = learning();
        o.shards = i ? 1 : 64;
        pmkt_tracker *t = tracker_of(model, NULL, &o);
        for (int64_t k = 0; k < h.second.n; k += 500) {
            observe(t, &h.second, k, k + 500 < h.second.n ? k + 500 : h.second.n);
            pmkt_purchase_release(learn(t, 5 * DAY));
        }
        made[i] = learn(t, 5 * DAY);
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
    one o = begin_one();
    see(&o, 1, 0, PMKT_KIND_VIEW);
    pmkt_purchase_release(learn(o.t, 1));
    see(&o, 1, 0, PMKT_KIND_ORDER);
    see(&o, 2, DAY, PMKT_KIND_VIEW);
    ck_assert_int_eq(tracker_counts_of(o.t).learned, 1);
    ck_assert_int_eq(pmkt_tracker_swap(o.t, o.model, NULL), PMKT_OK);
    ck_assert_int_eq(tracker_counts_of(o.t).learned, 0);
    see(&o, 2, DAY + MINUTE, PMKT_KIND_ORDER); /* its session was under way */
    see(&o, 3, DAY + MINUTE, PMKT_KIND_VIEW);
    o.last = learn(o.t, 1);
    check_chains(o.last, pmkt_intent_retain(pmkt_purchase_chains(o.model)));
    see(&o, 3, DAY + 2 * MINUTE, PMKT_KIND_ORDER);
    see(&o, 2, 2 * DAY, PMKT_KIND_ORDER);
    check_more(&o, 2, 2, 3);
    end_one(&o);
}
END_TEST

/* ------------------------------------------------------------------------ as if swapped */

START_TEST(it_goes_on_as_if_swapped) {
    random_seed(9);
    for (int i = 0; i < 6; i++) {
        halves h = halve(1200, 100);
        pmkt_purchase *model = first_model(&h, NULL), *last = NULL;
        pmkt_rules *rules = rules_of(pmkt_rules_builtin());
        const pmkt_tracker_options options = learning();
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
            last = learn(a, random_below(2) * DAY);
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

/* A callback may ask the tracker anything, and swap models: then learning begins anew, in the end with its lock taken. */
typedef struct meddling {
    one *o;
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
        one o = begin_one();
        meddling m = {&o, 0, most * most};
        pmkt_run run = PMKT_RUN_INIT;
        pmkt_error err;
        run.progress = (pmkt_progress){meddle, &m};
        see(&o, 1, 0, PMKT_KIND_VIEW);
        see(&o, 1, 1000, PMKT_KIND_ORDER);
        ck_assert_ok(pmkt_tracker_learn(o.t, 0, &run, &o.last, &err), err);
        ck_assert_int_gt(m.calls, 0);
        ck_assert_int_eq(facts_of(o.last).sessions - facts_of(o.model).sessions, most == 0);
        pmkt_purchase *now = pmkt_tracker_model(o.t);
        ck_assert_ptr_eq(now, o.last);
        pmkt_purchase_release(now);
        end_one(&o);
    }
}
END_TEST

/* ---------------------------------------------------------------------- not counted */

START_TEST(who_is_forgotten_is_not_counted) {
    one o = begin_one();
    for (uint64_t u = 1; u <= 50; u++) see(&o, u, 0, PMKT_KIND_VIEW);
    for (uint64_t u = 1; u <= 20; u++)
        ck_assert_int_eq(pmkt_tracker_forget(o.t, u, NULL, NULL), PMKT_OK);
    set_clock(o.t, T0 + DAY);
    check_more(&o, 30, 0, 60);
    end_one(&o);
}
END_TEST

START_TEST(who_is_evicted_is_not_counted) {
    one o = begin_one();
    pmkt_tracker_options options = learning();
    pmkt_tracker_free(o.t);
    options.shards = 1, options.max_bytes = 300000;
    o.t = tracker_of(o.model, NULL, &options);
    for (uint64_t u = 1; u <= 5000; u++) see(&o, u, (int64_t)u, PMKT_KIND_VIEW);
    const pmkt_tracker_counts c = tracker_counts_of(o.t);
    ck_assert_int_gt(c.evicted, 3000);
    ck_assert_int_eq(c.users + c.evicted, 5000);
    set_clock(o.t, T0 + DAY);
    check_more(&o, 0, 0, 0); /* memory is full of users */
    ck_assert_int_eq(tracker_counts_of(o.t).unlearned, c.users);
    end_one(&o);
}
END_TEST

/* Sessions of all sorts until nothing new has room; what was learned leaves room again. */
START_TEST(at_the_limit_sessions_are_not_counted) {
    static const uint16_t KIND[] = {PMKT_KIND_VIEW, PMKT_KIND_CLICK, PMKT_KIND_FAVORITE,
                                    PMKT_KIND_CART, PMKT_KIND_UNCART};
    one o = begin_one();
    pmkt_tracker_options options = learning();
    pmkt_tracker_free(o.t);
    options.shards = 1, options.max_bytes = 60000, options.history = -1;
    o.t = tracker_of(o.model, NULL, &options);
    int64_t ended = 0, counted = 0;
    for (int round = 0; round < 3; round++) {
        const int64_t before = tracker_counts_of(o.t).unlearned;
        for (int k = 0; k < 300; k++, ended++) {
            for (int i = 0; i < 10; i++) see(&o, 1, ended * HOUR + i, KIND[random_below(5)]);
            see(&o, 1, ended * HOUR + 10, PMKT_KIND_ORDER);
            REQUIRE(tracker_counts_of(o.t).bytes <= options.max_bytes);
        }
        const pmkt_tracker_counts c = tracker_counts_of(o.t);
        ck_assert_int_gt(c.learned, 20);
        ck_assert_int_gt(c.unlearned, before + 20);
        counted += c.learned;
        ck_assert_int_eq(counted + c.unlearned, ended);
        check_more(&o, c.learned, c.learned, 11 * c.learned);
    }
    end_one(&o);
}
END_TEST

START_TEST(too_little_memory_is_refused) {
    one o = begin_one();
    pmkt_tracker_options options = learning();
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
    end_one(&o);
}
END_TEST

START_TEST(what_was_under_way_in_a_snapshot_is_not_counted) {
    one o = begin_one();
    pmkt_buffer *saved = NULL;
    pmkt_error err;
    see(&o, 1, 0, PMKT_KIND_VIEW);
    see(&o, 2, 0, PMKT_KIND_VIEW);
    see(&o, 2, 1, PMKT_KIND_ORDER);
    ck_assert_ok(pmkt_tracker_save_memory(o.t, NULL, NULL, &saved, &err), err);
    const pmkt_tracker_options options = learning();
    pmkt_tracker_free(o.t);
    o.t = tracker_of(o.model, NULL, &options);
    ck_assert_ok(pmkt_tracker_restore_memory(o.t, pmkt_buffer_data(saved), pmkt_buffer_size(saved),
                                             NULL, &err),
                 err);
    see(&o, 1, 2, PMKT_KIND_ORDER);
    check_more(&o, 0, 0, 0);
    see(&o, 1, HOUR, PMKT_KIND_ORDER);
    set_clock(o.t, T0 + DAY);
    check_more(&o, 1, 1, 1);
    pmkt_buffer_free(saved);
    end_one(&o);
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
        observe(w->t, &w->v, i, i + 7 < w->v.n ? i + 7 : w->v.n);
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
    halves h = halve(scaled(4000, 800), 400);
    pmkt_purchase *model = first_model(&h, NULL);
    pmkt_tracker_options options = learning();
    options.shards = 4;
    pmkt_tracker *t = tracker_of(model, NULL, &options);
    worker w[THREADS];
    pthread_t id[THREADS], learner[2];
    _Atomic int left = THREADS;
    for (int k = 0; k < THREADS; k++) {
        w[k] = (worker){t, visits_random(h.second.n, 1, 1, 1), &left};
        w[k].v.n = 0;
        for (int64_t i = 0; i < h.second.n; i++) {
            if (h.second.user[i] % THREADS == (uint64_t)k) put(&w[k].v, &h.second, i);
        }
    }
    for (int k = 0; k < THREADS; k++)
        ck_assert_int_eq(pthread_create(&id[k], NULL, work, &w[k]), 0);
    for (int k = 0; k < 2; k++) {
        ck_assert_int_eq(pthread_create(&learner[k], NULL, learn_on, &w[0]), 0);
    }
    for (int k = 0; k < THREADS; k++) ck_assert_int_eq(pthread_join(id[k], NULL), 0);
    for (int k = 0; k < 2; k++) ck_assert_int_eq(pthread_join(learner[k], NULL), 0);
    set_clock(t, LATER);
    pmkt_purchase *last = learn(t, 0);
    check_chains(last, joined(pmkt_purchase_chains(model), fitted(&h.second, NULL)));
    for (int k = 0; k < THREADS; k++) visits_free(&w[k].v);
    pmkt_purchase_release(model), pmkt_purchase_release(last);
    pmkt_tracker_free(t);
    halves_free(&h);
}
END_TEST

/* --------------------------------------------------------------------------- errors */

static int cancel(void *ctx, double done, const char *stage) {
    (void)ctx, (void)done, (void)stage;
    return 1;
}

START_TEST(errors_change_nothing) {
    one o = begin_one();
    pmkt_purchase *model = (pmkt_purchase *)&o, *now;
    pmkt_error err;
    pmkt_run run = PMKT_RUN_INIT;
    see(&o, 1, 0, PMKT_KIND_ORDER);
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
    ck_assert_int_eq(facts_of(now).sessions, facts_of(o.model).sessions + 1);
    pmkt_purchase_release(now);
    end_one(&o);
}
END_TEST

START_TEST(a_tracker_must_be_told_to_learn) {
    one o = begin_one();
    pmkt_rules *rules = rules_of("intent a { when view }");
    pmkt_tracker_options options = learning();
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
    end_one(&o);
}
END_TEST

int main(void) {
    Suite *s = suite_create("tracker learn");
    TOPIC(s, "a fit to all", counts_are_those_of_a_fit_to_all, of_actions_with_classes_too,
          of_sessions_that_are_told_too, of_users_who_expire_too, of_any_events);
    TOPIC(s, "sessions", a_session_ends_once, a_clock_ends_a_session,
          a_long_session_is_counted_in_part, times_are_counted_at_once);
    TOPIC(s, "half-lives", half_is_left_after_a_half_life, what_is_rare_fades_as_fast,
          everything_may_fade, chance_is_the_same_in_equal_trackers, a_swap_begins_anew);
    TOPIC(s, "going on", it_goes_on_as_if_swapped, models_may_be_swapped_meanwhile);
    TOPIC(s, "not counted", who_is_forgotten_is_not_counted, who_is_evicted_is_not_counted,
          at_the_limit_sessions_are_not_counted, too_little_memory_is_refused,
          what_was_under_way_in_a_snapshot_is_not_counted);
    TOPIC(s, "threads", threads_lose_nothing);
    TOPIC(s, "errors", errors_change_nothing, a_tracker_must_be_told_to_learn);
    return suite_run(s);
}
