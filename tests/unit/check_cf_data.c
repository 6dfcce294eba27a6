/*
 * check_cf_data.c - training data from events, builders and matrices, against a slow reading of cf.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/random.h"
#include "support/suite.h"

#define ROWS 300
#define PAIRS 400

/* A small world, in which everything meets often; some rows are bad, some have no item. */
typedef struct world {
    int64_t rows;
    uint64_t user[ROWS], item[ROWS], category[ROWS];
    int64_t time[ROWS];
    uint16_t kind[ROWS];
} world;

static world a_world(uint64_t seed) {
    static const uint16_t KINDS[] = {
        PMKT_KIND_VIEW,      PMKT_KIND_ORDER, PMKT_KIND_REFUND, PMKT_KIND_PAY, 300,
        PMKT_KIND_IMPRESSION};
    random_seed(seed);
    world w = {.rows = random_between(0, ROWS)};
    const int64_t users = random_between(2, 20), items = random_between(2, 20);
    for (int64_t i = 0; i < w.rows; i++) {
        const uint64_t user = (uint64_t)random_below(users), item = (uint64_t)random_below(items);
        w.user[i] = user * UINT64_C(0x9e3779b97f4a7c15);
        w.item[i] = item * UINT64_C(0xc2b2ae3d27d4eb4f);
        w.category[i] = (uint64_t)random_below(4);
        w.time[i] = 1000 + random_below(random_below(2) ? 20 : 100000);
        w.kind[i] = random_below(40) ? KINDS[random_below(6)] : 99;
    }
    return w;
}

static pmkt_events events_of(const world *w, int64_t from, int64_t n) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.on_bad = PMKT_ON_BAD_SKIP;
    ev.rows = n;
    ev.user = w->user + from, ev.item = w->item + from, ev.category = w->category + from;
    ev.time = w->time + from, ev.kind = w->kind + from;
    return ev;
}

/* ------------------------------------------------------------------ reference */

typedef struct entry {
    uint64_t user, item;
    int64_t units, time;
    float weight;
    bool dropped;
} entry;

typedef struct truth {
    entry at[PAIRS];
    int64_t n;
    pmkt_cf_data_counts counts;
} truth;

static double weight_of(const pmkt_cf_data_options *o, int32_t kind) {
    for (int64_t i = 0; i < o->n_weights; i++) {
        if (o->weights[i].kind == kind) return o->weights[i].weight;
    }
    return o->only_weights ? 0 : pmkt_cf_default_weight(kind);
}

static int by_user_and_item(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->user != y->user) return x->user < y->user ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* Whether `a` is kept before `b` among the entries of one user (or item). */
static bool better(const entry *a, const entry *b, bool of_item) {
    if (fabsf(a->weight) != fabsf(b->weight)) return fabsf(a->weight) > fabsf(b->weight);
    if (a->time != b->time) return a->time > b->time;
    return of_item ? a->user < b->user : a->item < b->item;
}

static void cap(truth *t, int64_t most, bool of_item) {
    bool drop[PAIRS] = {0};
    for (int64_t i = 0; most > 0 && i < t->n; i++) {
        int64_t before = 0;
        for (int64_t j = 0; j < t->n; j++) {
            const bool rival =
                of_item ? t->at[i].item == t->at[j].item : t->at[i].user == t->at[j].user;
            before += rival && !t->at[j].dropped && better(&t->at[j], &t->at[i], of_item);
        }
        drop[i] = !t->at[i].dropped && before >= most;
    }
    for (int64_t i = 0; i < t->n; i++) {
        t->counts.capped += drop[i];
        t->at[i].dropped |= drop[i];
    }
}

static bool bad(const world *w, int64_t i) {
    return w->user[i] == 0 || w->kind[i] == 99;
}

static void add_row(truth *t, const world *w, const pmkt_cf_data_options *o, int64_t as_of,
                    int64_t i) {
    double weight = weight_of(o, w->kind[i]);
    if (o->half_life_ms) {
        weight *= exp2(-((double)(as_of - w->time[i]) / (double)o->half_life_ms));
    }
    int64_t p = 0;
    while (p < t->n && (t->at[p].user != w->user[i] || t->at[p].item != w->item[i])) p++;
    if (p == t->n) t->at[t->n++] = (entry){w->user[i], w->item[i], 0, INT64_MIN, 0, false};
    t->at[p].units += llrint(weight * 0x1p30);
    if (w->time[i] > t->at[p].time) t->at[p].time = w->time[i];
}

static void find_truth(truth *t, const world *w, const pmkt_cf_data_options *o) {
    memset(t, 0, sizeof *t);
    int64_t last = PMKT_TIME_NULL;
    for (int64_t i = 0; i < w->rows; i++) {
        if (!bad(w, i) && w->item[i] != 0 && w->time[i] > last) last = w->time[i];
    }
    int64_t as_of = o->as_of_ms ? o->as_of_ms : last + 1;
    t->counts.as_of_ms = o->as_of_ms || last != PMKT_TIME_NULL ? as_of : PMKT_TIME_NULL;
    for (int64_t i = 0; i < w->rows; i++) {
        if (bad(w, i)) continue;
        if (w->item[i] == 0)
            t->counts.no_item++;
        else if (o->users && !pmkt_idset_contains(o->users, w->user[i]))
            t->counts.no_consent++;
        else if (w->time[i] >= as_of || (o->since_ms && w->time[i] < o->since_ms))
            t->counts.out_of_time++;
        else if (weight_of(o, w->kind[i]) == 0)
            t->counts.no_weight++;
        else {
            add_row(t, w, o, as_of, i);
            t->counts.rows++;
        }
    }
    qsort(t->at, (size_t)t->n, sizeof *t->at, by_user_and_item);
    for (int64_t i = 0; i < t->n; i++) {
        const double sum = (double)t->at[i].units / 0x1p30;
        t->at[i].weight = (float)(o->scale ? copysign(log1p(fabs(sum)), sum) : sum);
    }
    cap(t, o->max_items_per_user, false);
    cap(t, o->max_users_per_item, true);
}

/* The most frequent category of an item among the rows that count, the lowest among equals. */
static uint64_t category_of(const world *w, const pmkt_cf_data_options *o, int64_t as_of,
                            uint64_t item) {
    int64_t n[4] = {0};
    uint64_t best = 0;
    for (int64_t i = 0; i < w->rows; i++) {
        if (bad(w, i) || w->item[i] != item || weight_of(o, w->kind[i]) == 0) continue;
        if (o->users && !pmkt_idset_contains(o->users, w->user[i])) continue;
        if (w->time[i] >= as_of || (o->since_ms && w->time[i] < o->since_ms)) continue;
        n[w->category[i]]++;
    }
    for (uint64_t c = 1; c < 4; c++) {
        if (n[c] > n[best] || (best == 0 && n[c] > 0)) best = n[c] > 0 ? c : best;
    }
    return best;
}

/* ------------------------------------------------------------------ comparison */

static void check_counts(const pmkt_cf_data *d, const truth *t, int64_t entries, int64_t negative) {
    pmkt_cf_data_counts c = PMKT_CF_DATA_COUNTS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_info(d, &c, &err), err);
    REQUIRE(c.entries == entries && c.negative == negative);
    REQUIRE(c.rows == t->counts.rows && c.no_item == t->counts.no_item);
    REQUIRE(c.no_consent == t->counts.no_consent && c.out_of_time == t->counts.out_of_time);
    REQUIRE(c.no_weight == t->counts.no_weight && c.capped == t->counts.capped);
    REQUIRE(c.as_of_ms == t->counts.as_of_ms && c.bytes > 0);
}

/* Both directions hold the same entries, sorted. */
static void check_directions(const pmkt_cf_matrix *u, const pmkt_cf_matrix *m) {
    REQUIRE(m->users == u->items && m->items == u->users);
    REQUIRE(m->at[m->users] == u->at[u->users] && m->category == NULL);
    int64_t *next = malloc((size_t)(m->users + 1) * sizeof *next);
    memcpy(next, m->at, (size_t)(m->users + 1) * sizeof *next);
    for (int64_t r = 0; r < u->users; r++) {
        REQUIRE(u->at[r] <= u->at[r + 1] && (r == 0 || u->user_id[r] > u->user_id[r - 1]));
        for (int64_t i = u->at[r]; i < u->at[r + 1]; i++) {
            REQUIRE(i == u->at[r] || u->item[i] > u->item[i - 1]);
            const int64_t at = next[u->item[i]]++;
            REQUIRE(m->item[at] == r && memcmp(&m->weight[at], &u->weight[i], 4) == 0);
        }
    }
    for (int64_t c = 0; c < m->users; c++) REQUIRE(next[c] == m->at[c + 1]);
    free(next);
}

static void check_data(const pmkt_cf_data *d, const truth *t, const world *w,
                       const pmkt_cf_data_options *o) {
    pmkt_cf_matrix u = PMKT_CF_MATRIX_INIT, m = PMKT_CF_MATRIX_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_matrix(d, &u, &m, &err), err);
    check_directions(&u, &m);
    int64_t users = 0, at = 0, negative = 0;
    bool any_category = false;
    for (int64_t i = 0; i < t->n; i++) {
        users += i == 0 || t->at[i].user != t->at[i - 1].user;
        REQUIRE(u.user_id[users - 1] == t->at[i].user);
        any_category |= category_of(w, o, t->counts.as_of_ms, t->at[i].item) != 0;
        if (t->at[i].dropped) continue;
        REQUIRE(at >= u.at[users - 1] && at < u.at[users]);
        REQUIRE(u.item_id[u.item[at]] == t->at[i].item);
        REQUIRE(u.weight[at] == t->at[i].weight && !(u.weight[at] == 0 && signbit(u.weight[at])));
        negative += u.weight[at++] < 0;
    }
    REQUIRE(users == u.users && at == u.at[u.users]);
    check_counts(d, t, at, negative);
    REQUIRE((u.category != NULL) == any_category);
    for (int64_t i = 0; any_category && i < u.items; i++) {
        REQUIRE(u.category[i] == category_of(w, o, t->counts.as_of_ms, u.item_id[i]));
    }
}

static uint64_t hash_of(const pmkt_cf_data *d) {
    pmkt_cf_data_counts c = PMKT_CF_DATA_COUNTS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_info(d, &c, &err), err);
    return c.hash;
}

/* ------------------------------------------------------------------ from events */

static const pmkt_cf_weight WEIGHTS[] = {
    {300, 0, 2.5}, {PMKT_KIND_VIEW, 0, -0.75}, {PMKT_KIND_ORDER, 0, 0}, {PMKT_KIND_PAY, 0, 1000}};

static pmkt_cf_data_options some_options(const pmkt_idset *set) {
    pmkt_cf_data_options o = PMKT_CF_DATA_OPTIONS_INIT;
    if (random_below(2)) o.scale = PMKT_CF_LOG;
    if (random_below(3) == 0) o.as_of_ms = 1000 + random_below(60000);
    if (random_below(3) == 0) o.since_ms = 1000 + random_below(60000);
    if (random_below(2)) o.half_life_ms = 1 + random_below(50000);
    if (random_below(2)) o.weights = WEIGHTS, o.n_weights = random_between(1, LENGTH(WEIGHTS) + 1);
    o.only_weights = o.n_weights > 0 && random_below(2);
    if (random_below(3) == 0) o.max_items_per_user = random_between(1, 6);
    if (random_below(3) == 0) o.max_users_per_item = random_between(1, 6);
    if (random_below(3) == 0) o.users = set;
    return o;
}

static pmkt_idset *some_users(void) {
    pmkt_idset *set = NULL;
    pmkt_error err;
    uint64_t ids[10];
    for (uint64_t i = 0; i < 10; i++) ids[i] = (2 * i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    ck_assert_ok(pmkt_idset_new(ids, 10, NULL, &set, &err), err);
    return set;
}

START_TEST(test_events_make_the_matrix_that_the_header_says) {
    pmkt_idset *set = some_users();
    for (uint64_t seed = 1; seed <= (uint64_t)scaled(3000, 60); seed++) {
        const world w = a_world(seed);
        const pmkt_cf_data_options o = some_options(set);
        static truth t;
        find_truth(&t, &w, &o);
        const pmkt_events ev = events_of(&w, 0, w.rows);
        pmkt_report report = PMKT_REPORT_INIT;
        pmkt_cf_data *d = NULL, *built = NULL;
        pmkt_cf_builder *b = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_cf_data_from_events(&ev, &o, NULL, &report, &d, &err), err);
        check_data(d, &t, &w, &o);
        REQUIRE(report.accepted == t.counts.rows && report.rows == w.rows);
        REQUIRE(report.accepted + report.ignored + report.rejected == w.rows);
        /* In batches it is the same. */
        ck_assert_ok(pmkt_cf_builder_new(NULL, 0, &b, &err), err);
        for (int64_t from = 0, n; from < w.rows; from += n) {
            n = random_between(1, w.rows - from + 1);
            const pmkt_events part = events_of(&w, from, n);
            ck_assert_ok(pmkt_cf_builder_add(b, &part, NULL, NULL, &err), err);
        }
        ck_assert_ok(pmkt_cf_builder_build(b, &o, NULL, &built, &err), err);
        check_data(built, &t, &w, &o);
        REQUIRE(hash_of(built) == hash_of(d));
        pmkt_cf_builder_free(b);
        pmkt_cf_data_release(built);
        pmkt_cf_data_release(d);
    }
    pmkt_idset_free(set);
}
END_TEST

typedef struct large {
    int64_t n;
    uint64_t *user, *item, *category;
    int64_t *time;
} large;

static large a_large(int64_t n, int64_t users, int64_t items) {
    const size_t bytes = (size_t)n * 8;
    large l = {n, malloc(bytes), malloc(bytes), malloc(bytes), malloc(bytes)};
    random_seed(7);
    for (int64_t i = 0; i < n; i++) {
        l.user[i] = 1 + (uint64_t)(random_below(users) * random_below(users) / users) * 77;
        l.item[i] = 1 + (uint64_t)(random_below(items) * random_below(items) / items) * 99;
        l.category[i] = 1 + (uint64_t)random_below(5);
        l.time[i] = random_below(1000000);
    }
    return l;
}

static void large_free(large *l) {
    free(l->user), free(l->item), free(l->category), free(l->time);
}

static pmkt_events large_events(const large *l) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = l->n, ev.user = l->user, ev.item = l->item, ev.category = l->category;
    ev.time = l->time, ev.every_kind = PMKT_KIND_VIEW;
    return ev;
}

static int by_pair(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    if (x[0] != y[0]) return x[0] < y[0] ? -1 : 1;
    return x[1] < y[1] ? -1 : x[1] > y[1];
}

static void check_views(int64_t users, int64_t items) {
    large l = a_large(scaled(70000, 40000), users, items);
    uint64_t(*pair)[2] = malloc((size_t)l.n * sizeof *pair);
    for (int64_t i = 0; i < l.n; i++) pair[i][0] = l.user[i], pair[i][1] = l.item[i];
    qsort(pair, (size_t)l.n, sizeof *pair, by_pair);
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2;
    pmkt_cf_data *d = NULL;
    pmkt_error err;
    const pmkt_events ev = large_events(&l);
    ck_assert_ok(pmkt_cf_data_from_events(&ev, NULL, &run, NULL, &d, &err), err);
    pmkt_cf_matrix u = PMKT_CF_MATRIX_INIT, m = PMKT_CF_MATRIX_INIT;
    ck_assert_ok(pmkt_cf_data_matrix(d, &u, &m, &err), err);
    check_directions(&u, &m);
    int64_t at = 0;
    for (int64_t user = 0; user < u.users; user++) {
        for (int64_t i = u.at[user]; i < u.at[user + 1]; i++) {
            const int64_t first = at;
            while (at < l.n && pair[at][0] == u.user_id[user] &&
                   pair[at][1] == u.item_id[u.item[i]]) {
                at++;
            }
            REQUIRE(at > first && u.weight[i] == (float)(at - first));
        }
    }
    ck_assert_int_eq(at, l.n);
    pmkt_cf_data_release(d);
    free(pair);
    large_free(&l);
}

/* Of users and items together one pass by a digit does, or two; or they are sorted one after the other. */
START_TEST(test_an_entry_counts_the_views_of_a_pair_however_many_users_and_items) {
    check_views(1, 1);
    check_views(1, 40000);
    check_views(20000, 1);
    check_views(3000, 2000);
    check_views(20000, 5000);
    check_views(40000, 30000);
}
END_TEST

static void check_threads_and_order(int64_t users, int64_t items, int64_t cap,
                                    int64_t half_life_ms) {
    large l = a_large(scaled(400000, 70000), users, items);
    pmkt_cf_data_options o = PMKT_CF_DATA_OPTIONS_INIT;
    o.half_life_ms = half_life_ms;
    o.max_items_per_user = cap;
    o.max_users_per_item = cap * 3 / 5;
    uint64_t first = 0;
    for (int32_t threads = 1; threads <= 8; threads *= 2) {
        pmkt_run run = PMKT_RUN_INIT;
        run.threads = threads;
        pmkt_cf_data *d = NULL;
        pmkt_error err;
        const pmkt_events ev = large_events(&l);
        ck_assert_ok(pmkt_cf_data_from_events(&ev, &o, &run, NULL, &d, &err), err);
        pmkt_cf_matrix u = PMKT_CF_MATRIX_INIT, m = PMKT_CF_MATRIX_INIT;
        ck_assert_ok(pmkt_cf_data_matrix(d, &u, &m, &err), err);
        check_directions(&u, &m);
        ck_assert_int_gt(u.at[u.users], 1000);
        if (threads == 1) first = hash_of(d);
        ck_assert_uint_eq(hash_of(d), first);
        pmkt_cf_data_release(d);
        /* The rows backwards, for the next round. */
        for (int64_t i = 0, j = l.n - 1; i < j; i++, j--) {
            const uint64_t user = l.user[i], item = l.item[i];
            const int64_t time = l.time[i];
            l.user[i] = l.user[j], l.item[i] = l.item[j], l.time[i] = l.time[j];
            l.user[j] = user, l.item[j] = item, l.time[j] = time;
        }
    }
    large_free(&l);
}

START_TEST(test_threads_and_the_order_of_rows_make_no_difference) {
    check_threads_and_order(3000, 2000, 100, 77777);
    /* Without decay many entries are equal, so that a cap asks for their times. */
    check_threads_and_order(40000, 30000, 10, 0);
    check_threads_and_order(3000, 2000, 100, 0);
}
END_TEST

static int stop_at(void *ctx, double done, const char *stage) {
    (void)done, (void)stage;
    return --*(int *)ctx == 0;
}

START_TEST(test_a_cancel_at_any_time_leaves_nothing) {
    large l = a_large(scaled(200000, 70000), 3000, 2000);
    const pmkt_events ev = large_events(&l);
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_cf_data_options o = PMKT_CF_DATA_OPTIONS_INIT;
    o.allocator = &allocator;
    pmkt_status status = PMKT_E_CANCELED;
    int canceled = 0;
    for (int at = 1; status != PMKT_OK; at++) {
        int left = at;
        pmkt_run run = PMKT_RUN_INIT;
        run.threads = 2;
        run.progress = (pmkt_progress){stop_at, &left};
        pmkt_cf_data *d = NULL;
        pmkt_error err;
        status = pmkt_cf_data_from_events(&ev, &o, &run, NULL, &d, &err);
        if (status) {
            ck_assert_int_eq(status, PMKT_E_CANCELED);
            ck_assert_ptr_null(d);
            canceled++;
        }
        pmkt_cf_data_release(d);
        faulty_check_empty(&memory);
    }
    ck_assert_int_gt(canceled, 15);
    large_free(&l);
}
END_TEST

START_TEST(test_no_row_is_an_empty_matrix) {
    const pmkt_events none = PMKT_EVENTS_INIT;
    pmkt_cf_data *d = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_events(&none, NULL, NULL, NULL, &d, &err), err);
    pmkt_cf_matrix u = PMKT_CF_MATRIX_INIT;
    ck_assert_ok(pmkt_cf_data_matrix(d, &u, NULL, &err), err);
    ck_assert_int_eq(u.users + u.items, 0);
    ck_assert_int_eq(u.at[0], 0);
    pmkt_cf_data_release(d);
    pmkt_cf_data_release(NULL);
}
END_TEST

/* Large sums of one pair do not overflow: they are as exact as a float. */
START_TEST(test_a_pair_of_many_large_weights_is_added_up_without_overflow) {
    const int64_t n = INT64_C(1) << 23;
    uint64_t *ones = malloc((size_t)n * 8);
    for (int64_t i = 0; i < n; i++) ones[i] = 1;
    int64_t *time = calloc((size_t)n, 8);
    const pmkt_cf_weight weight = {PMKT_KIND_VIEW, 0, 1000};
    pmkt_cf_data_options o = PMKT_CF_DATA_OPTIONS_INIT;
    o.weights = &weight, o.n_weights = 1;
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = n, ev.user = ones, ev.item = ones, ev.time = time, ev.every_kind = PMKT_KIND_VIEW;
    pmkt_cf_data *d = NULL;
    pmkt_cf_matrix u = PMKT_CF_MATRIX_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_events(&ev, &o, NULL, NULL, &d, &err), err);
    ck_assert_ok(pmkt_cf_data_matrix(d, &u, NULL, &err), err);
    ck_assert_int_eq(u.at[1], 1);
    ck_assert(u.weight[0] == 1000.0f * (float)n);
    pmkt_cf_data_release(d);
    free(ones), free(time);
}
END_TEST

/* ---------------------------------------------------------------- bad arguments */

static pmkt_status with(pmkt_cf_data_options o) {
    const pmkt_events none = PMKT_EVENTS_INIT;
    pmkt_cf_data *d = NULL;
    pmkt_error err;
    const pmkt_status status = pmkt_cf_data_from_events(&none, &o, NULL, NULL, &d, &err);
    ck_assert(status == PMKT_OK || d == NULL);
    pmkt_cf_data_release(d);
    return status;
}

START_TEST(test_options_that_cannot_be_are_refused) {
    const pmkt_cf_data_options fine = PMKT_CF_DATA_OPTIONS_INIT;
    const double bads[] = {1000.1, -1001, NAN, INFINITY};
    pmkt_cf_data_options o = fine;
    pmkt_cf_weight twice[2] = {{300, 0, 1}, {300, 0, 1}};
    ck_assert_int_eq(with(o), PMKT_OK);
    o.weights = twice, o.n_weights = 1;
    ck_assert_int_eq(with(o), PMKT_OK);
    o.n_weights = 2;
    ck_assert_int_eq(with(o), PMKT_E_INVALID);
    o.n_weights = 1;
    for (int i = 0; i < 4; i++) {
        twice[0].weight = bads[i];
        ck_assert_int_eq(with(o), PMKT_E_INVALID);
    }
    twice[0] = (pmkt_cf_weight){PMKT_KIND_COUNT_, 0, 1};
    ck_assert_int_eq(with(o), PMKT_E_INVALID);
    twice[0] = (pmkt_cf_weight){65536, 0, 1};
    ck_assert_int_eq(with(o), PMKT_E_INVALID);
    o = fine, o.n_weights = 1;
    ck_assert_int_eq(with(o), PMKT_E_INVALID);
    o = fine, o.scale = 2;
    ck_assert_int_eq(with(o), PMKT_E_INVALID);
    o = fine, o.half_life_ms = -1;
    ck_assert_int_eq(with(o), PMKT_E_INVALID);
    o = fine, o.only_weights = 2;
    ck_assert_int_eq(with(o), PMKT_E_INVALID);
    o = fine, o.max_items_per_user = -1;
    ck_assert_int_eq(with(o), PMKT_E_INVALID);
    o = fine, o.max_users_per_item = -1;
    ck_assert_int_eq(with(o), PMKT_E_INVALID);
    o = fine, o.reserved = 1;
    ck_assert_int_eq(with(o), PMKT_E_INVALID);
}
END_TEST

/* ----------------------------------------------------------------- from a matrix */

START_TEST(test_a_matrix_is_sorted_and_added_up) {
    const int64_t at[] = {0, 4, 4, 6};
    const int32_t item[] = {2, 0, 2, 1, 1, 0};
    const float weight[] = {1, 2, 4, -8, 16, 32};
    const uint64_t users[] = {30, 10, 20}, items[] = {7, 5, 6}, category[] = {70, 0, 60};
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = m.items = 3, m.at = at, m.item = item, m.weight = weight;
    m.user_id = users, m.item_id = items, m.category = category;
    pmkt_cf_data *d = NULL;
    pmkt_cf_matrix u = PMKT_CF_MATRIX_INIT, t = PMKT_CF_MATRIX_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &d, &err), err);
    ck_assert_ok(pmkt_cf_data_matrix(d, &u, &t, &err), err);
    check_directions(&u, &t);
    const int64_t borders[] = {0, 0, 2, 5};
    const int32_t columns[] = {0, 2, 0, 1, 2};
    const float sums[] = {16, 32, -8, 5, 2};
    ck_assert_mem_eq(u.at, borders, sizeof borders);
    ck_assert_mem_eq(u.item, columns, sizeof columns);
    ck_assert_mem_eq(u.weight, sums, sizeof sums);
    ck_assert_uint_eq(u.item_id[0], 5);
    ck_assert_uint_eq(u.category[1], 60);
    ck_assert_uint_eq(u.category[2], 70);
    pmkt_cf_data *again = pmkt_cf_data_retain(d);
    pmkt_cf_data_release(d);
    ck_assert_uint_ne(hash_of(again), 0);
    pmkt_cf_data_release(again);
}
END_TEST

/* Data of 3 x 4 in order, as the flag says, with its matrix and bytes. */
static pmkt_cf_data *in_order(const int32_t *item, const float *weight, int32_t borrow,
                              pmkt_cf_matrix *u, int64_t *bytes) {
    static const int64_t at[] = {0, 2, 2, 5};
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT, t = PMKT_CF_MATRIX_INIT;
    m.users = 3, m.items = 4, m.at = at, m.item = item, m.weight = weight, m.borrow = borrow;
    pmkt_cf_data *d = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &d, &err), err);
    ck_assert_ok(pmkt_cf_data_matrix(d, u, &t, &err), err);
    check_directions(u, &t);
    pmkt_cf_data_counts c = PMKT_CF_DATA_COUNTS_INIT;
    ck_assert_ok(pmkt_cf_data_info(d, &c, &err), err);
    *bytes = c.bytes;
    return d;
}

START_TEST(test_a_matrix_in_order_is_read_where_it_lies) {
    const int32_t item[] = {0, 3, 1, 2, 3}, other[] = {3, 0, 1, 2, 3};
    const float weight[] = {1, 2, -3, 0, 5}, minus[] = {1, 2, -3, -0.0f, 5};
    pmkt_cf_matrix u = PMKT_CF_MATRIX_INIT, copied = PMKT_CF_MATRIX_INIT;
    int64_t bytes, bytes_copied;
    pmkt_cf_data *copy = in_order(item, weight, 0, &copied, &bytes_copied);
    pmkt_cf_data *d = in_order(item, weight, 1, &u, &bytes);
    ck_assert(u.item == item && u.weight == weight);
    ck_assert(copied.item != item && copied.weight != weight);
    ck_assert_int_eq(bytes_copied - bytes, 5 * 8);
    ck_assert_uint_eq(hash_of(d), hash_of(copy));
    pmkt_cf_data_release(d);
    d = in_order(item, NULL, 1, &u, &bytes); /* weights of 1 are its own */
    ck_assert(u.item == item);
    ck_assert_int_eq(bytes_copied - bytes, 5 * 4);
    ck_assert_float_eq(u.weight[4], 1);
    pmkt_cf_data_release(d);
    d = in_order(item, minus, 1, &u, &bytes); /* a zero of another sign would be another hash */
    ck_assert(u.item == item && u.weight != minus);
    ck_assert_uint_eq(hash_of(d), hash_of(copy));
    pmkt_cf_data_release(d);
    d = in_order(item, minus, 0, &u, &bytes);
    ck_assert_uint_eq(hash_of(d), hash_of(copy));
    pmkt_cf_data_release(d);
    d = in_order(other, weight, 1, &u, &bytes); /* sorted, and so a copy */
    ck_assert(u.item != other && u.item[0] == 0 && other[0] == 3);
    ck_assert_int_eq(bytes, bytes_copied);
    pmkt_cf_data_release(d);
    pmkt_cf_data_release(copy);
}
END_TEST

static pmkt_status from(const pmkt_cf_matrix *m, int64_t *where) {
    pmkt_cf_data *d = NULL;
    pmkt_error err = {0};
    const pmkt_status status = pmkt_cf_data_from_matrix(m, NULL, NULL, &d, &err);
    ck_assert(status == PMKT_OK || d == NULL);
    *where = err.where;
    pmkt_cf_data_release(d);
    return status;
}

START_TEST(test_a_matrix_that_cannot_be_is_refused) {
    int64_t at[] = {0, 2, 3}, where;
    int32_t item[] = {0, 0, 1};
    float weight[] = {3e38f, 1, 1};
    uint64_t ids[] = {4, 4};
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = m.items = 2, m.at = at, m.item = item, m.weight = weight;
    ck_assert_int_eq(from(&m, &where), PMKT_OK);
    weight[1] = 3e38f; /* the sum is no float */
    ck_assert_int_eq(from(&m, &where), PMKT_E_OVERFLOW);
    weight[1] = NAN;
    ck_assert_int_eq(from(&m, &where), PMKT_E_BAD_ROW);
    ck_assert_int_eq(where, 1);
    weight[1] = 1, item[2] = 2;
    ck_assert_int_eq(from(&m, &where), PMKT_E_BAD_ROW);
    ck_assert_int_eq(where, 2);
    item[2] = -1;
    ck_assert_int_eq(from(&m, &where), PMKT_E_BAD_ROW);
    item[2] = 1, m.user_id = ids;
    ck_assert_int_eq(from(&m, &where), PMKT_E_INVALID);
    ids[1] = 0;
    ck_assert_int_eq(from(&m, &where), PMKT_E_INVALID);
    m.user_id = NULL, at[1] = 4;
    ck_assert_int_eq(from(&m, &where), PMKT_E_INVALID);
    at[0] = 1;
    ck_assert_int_eq(from(&m, &where), PMKT_E_INVALID);
    m.users = INT64_C(1) << 31;
    ck_assert_int_eq(from(&m, &where), PMKT_E_LIMIT);
    m.borrow = 2;
    ck_assert_int_eq(from(&m, &where), PMKT_E_INVALID);
}
END_TEST

/* ---------------------------------------------------------------------- builder */

START_TEST(test_a_batch_is_taken_whole_or_not_at_all) {
    world w = a_world(5);
    ck_assert_int_gt(w.rows, 10);
    pmkt_cf_builder *b = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_builder_new(NULL, 1000, &b, &err), err);
    const int64_t before = pmkt_cf_builder_bytes(b);
    pmkt_events ev = events_of(&w, 0, w.rows);
    ck_assert_int_eq(pmkt_cf_builder_add(b, &ev, NULL, NULL, &err), PMKT_E_LIMIT);
    ev.on_bad = PMKT_ON_BAD_FAIL;
    w.user[3] = 0;
    ck_assert_int_eq(pmkt_cf_builder_add(b, &ev, NULL, NULL, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(pmkt_cf_builder_bytes(b), before);
    pmkt_cf_data *d = NULL;
    ck_assert_ok(pmkt_cf_builder_build(b, NULL, NULL, &d, &err), err);
    pmkt_cf_data_counts c = PMKT_CF_DATA_COUNTS_INIT;
    ck_assert_ok(pmkt_cf_data_info(d, &c, &err), err);
    ck_assert_int_eq(c.rows + c.no_item + c.users, 0);
    pmkt_cf_data_release(d);
    pmkt_cf_builder_free(b);
    pmkt_cf_builder_free(NULL);
    ck_assert_int_eq(pmkt_cf_builder_bytes(NULL), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cf_data");
    TOPIC(suite, "events", test_events_make_the_matrix_that_the_header_says,
          test_an_entry_counts_the_views_of_a_pair_however_many_users_and_items,
          test_threads_and_the_order_of_rows_make_no_difference,
          test_a_cancel_at_any_time_leaves_nothing, test_no_row_is_an_empty_matrix,
          test_a_pair_of_many_large_weights_is_added_up_without_overflow,
          test_options_that_cannot_be_are_refused);
    TOPIC(suite, "matrix", test_a_matrix_is_sorted_and_added_up,
          test_a_matrix_in_order_is_read_where_it_lies, test_a_matrix_that_cannot_be_is_refused);
    TOPIC(suite, "builder", test_a_batch_is_taken_whole_or_not_at_all);
    return suite_run(suite);
}
