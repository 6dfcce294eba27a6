/*
 * check_purchase_features.c - what a model of purchases sees, against code that reads it off the events
 * in the plainest way, and a story whose numbers were worked out by hand.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "intent/logistic/model.h"
#include "pmkt.h"
#include "support/batch.h"
#include "support/loop.h"
#include "support/purchase_slow.h"
#include "support/suite.h"

#define NEAR(a, b, by) REQUIRE(fabs((double)(a) - (double)(b)) <= (by))

static pmkt_purchase *fitted(const visits *v, const pmkt_intent_options *chains,
                             const pmkt_purchase_options *options) {
    const pmkt_events ev = visits_events(v);
    pmkt_purchase *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_purchase_fit(&ev, chains, options, NULL, NULL, &model, &err), err);
    return model;
}

static int32_t features_of(const pmkt_purchase *model) {
    pmkt_purchase_facts facts = PMKT_PURCHASE_FACTS_INIT;
    ck_assert_int_eq(pmkt_purchase_info(model, &facts, NULL), PMKT_OK);
    return facts.features;
}

static int32_t feature(const pmkt_purchase *model, const char *name) {
    for (int32_t i = 0; pmkt_purchase_feature(model, i); i++) {
        if (strcmp(pmkt_purchase_feature(model, i), name) == 0) return i;
    }
    ck_abort_msg("there is no feature %s", name);
}

/* The features of all rows, [n][features], for free. */
static double *explained(const pmkt_purchase *model, const visits *v) {
    const pmkt_events ev = visits_events(v);
    double *x = malloc((size_t)v->n * (size_t)features_of(model) * sizeof *x + 8);
    pmkt_error err;
    ck_assert_ok(
        pmkt_purchase_explain(model, PMKT_PURCHASE_SESSION, &ev, NULL, v->n, NULL, x, NULL, &err),
        err);
    return x;
}

/* Random events of few users, with items enough to be forgotten. */
static visits shop_random(int64_t n, int64_t users, int64_t span, int kinds) {
    visits v = visits_random(n, users, span, kinds);
    for (int64_t i = 0; i < n; i++) {
        v.item[i] = random_below(9) ? 100 + (uint64_t)random_below(14) : PMKT_ID_NONE;
        v.session[i] = (uint64_t)(v.time[i] / (2 * HOUR));
        v.category[i] = random_below(9) ? 7 + (uint64_t)random_below(11) : PMKT_ID_NONE;
        if (random_below(3) > 0 && v.kind[i] == PMKT_KIND_ORDER) v.kind[i] = PMKT_KIND_CART;
    }
    return v;
}

static void check_all(const slow_shop *s, const pmkt_purchase *model) {
    const int32_t n = features_of(model);
    double *x = explained(model, s->v), slow[SLOW_FEATURES];
    for (int64_t i = 0; i < s->v->n; i++) {
        const double *mine = x + i * n;
        if (slow_past(s, i)) {
            for (int32_t j = 0; j < n; j++) REQUIRE(isnan(mine[j]));
            continue;
        }
        REQUIRE(slow_features(s, i, NULL, slow) == n);
        for (int32_t j = 0; j < n; j++) {
            if (fabs(mine[j] - slow[j]) <= 1e-9) continue;
            ck_abort_msg("row %d, %s", (int)i, pmkt_purchase_feature(model, j));
        }
    }
    free(x);
}

START_TEST(features_are_what_they_are_called) {
    random_seed(1);
    int checked = 0;
    for (int round = 0; round < scaled(24, 6); round++) {
        visits some = shop_random(random_between(900, 1500), random_between(25, 60),
                                  random_between(8, 40) * HOUR, round % 2 ? 10 : 14);
        for (int64_t i = 0; i < some.n; i++) some.time[i] -= round % 3 == 2 ? 12 * HOUR : 0;
        visits v = visits_sorted(&some);
        static const uint64_t classes[] = {9, 8};
        pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
        pmkt_purchase_options o = PMKT_PURCHASE_OPTIONS_INIT;
        pmkt_zone zone = PMKT_ZONE_INIT;
        chains.order = round % 5 + 1;
        chains.gap_ms = random_between(5, 30) * MINUTE;
        chains.by_session = round % 4 == 0;
        zone.offset_minutes = (int32_t)random_between(-700, 700);
        if (round % 2) o.zone = &zone;
        if (round % 3 == 0) chains.classes = classes, chains.n_classes = 2;
        pmkt_purchase *model = fitted(&v, &chains, &o);
        const slow_shop s = {&v,
                             pmkt_purchase_chains(model),
                             chains.gap_ms,
                             chains.by_session,
                             round % 2 ? zone.offset_minutes : 0,
                             classes,
                             chains.n_classes};
        const bool learned = pmkt_purchase_logistic(model, PMKT_PURCHASE_SESSION) != NULL;
        if (learned) check_all(&s, model);
        checked += learned;
        pmkt_purchase_release(model);
        visits_free(&v);
        visits_free(&some);
    }
    ck_assert_int_ge(checked, scaled(16, 4));
}
END_TEST

/* Others than those whom the model was fitted to, who do what it has never seen. */
START_TEST(features_of_strangers) {
    random_seed(2);
    visits some = shop_random(900, 30, 20 * HOUR, 11), other = shop_random(700, 9, 20 * HOUR, 12);
    for (int64_t i = 0; i < other.n; i += 5) other.kind[i] = (uint16_t)(300 + i % 3);
    visits v = visits_sorted(&other);
    pmkt_purchase *model = fitted(&some, NULL, NULL);
    const slow_shop s = {&v, pmkt_purchase_chains(model), 30 * MINUTE, false, 0, NULL, 0};
    check_all(&s, model);
    pmkt_purchase_release(model);
    visits_free(&v);
    visits_free(&some);
    visits_free(&other);
}
END_TEST

/* ------------------------------------------------------------------------- a story */

#define MS INT64_C(1)
#define SECOND (1000 * MS)

typedef struct scene {
    int64_t time;
    uint16_t kind;
    uint64_t item, category;
} scene;

/* What features with these names are right after each scene of one user. */
static void tell(const scene *scenes, int64_t n, double *x, const char *const *names,
                 int64_t wide) {
    random_seed(3);
    visits some = shop_random(2000, 50, 30 * HOUR, 10);
    pmkt_purchase *model = fitted(&some, NULL, NULL);
    visits v = visits_random(n, 1, 1, 1);
    for (int64_t i = 0; i < n; i++) {
        v.time[i] = scenes[i].time, v.kind[i] = scenes[i].kind;
        v.item[i] = scenes[i].item, v.category[i] = scenes[i].category;
    }
    double *all = explained(model, &v);
    const int32_t features = features_of(model);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < wide; k++) {
            x[i * wide + k] = all[i * features + feature(model, names[k])];
        }
    }
    free(all);
    visits_free(&v);
    visits_free(&some);
    pmkt_purchase_release(model);
}

enum {
    VIEW = PMKT_KIND_VIEW,
    CART = PMKT_KIND_CART,
    UNCART = PMKT_KIND_UNCART,
    LIKE = PMKT_KIND_FAVORITE,
    ORDER = PMKT_KIND_ORDER
};

/* Wednesday the 3rd of January 2024, from half past nine; a day of the week later two more visits. */
START_TEST(a_story) {
    const int64_t t = clock_at(2024, 1, 3, 9, 30), later = clock_at(2024, 1, 4, 0, 0);
    const scene scenes[] = {
        {t, VIEW, 5, 50},
        {t + 10 * SECOND, CART, 5, 50},
        {t + 10 * SECOND + 30 * MINUTE, VIEW, 6, 50},      /* idle for just the gap */
        {t + 10 * SECOND + 60 * MINUTE + MS, VIEW, 5, 50}, /* and a millisecond longer */
        {t + 11 * SECOND + 60 * MINUTE + MS, ORDER, 5, 50},
        {t + 12 * SECOND + 60 * MINUTE + MS, VIEW, 6, 50}, /* past it, but history */
        {later, LIKE, 6, 51},
        {later + 500 * MS, VIEW, 5, 51}, /* less than a second is one */
        {later + 5 * SECOND, VIEW, 6, 51},
        {later + 5 * SECOND, VIEW, PMKT_ID_NONE, PMKT_ID_NONE},
    };
    static const char *const names[] = {"first",
                                        "dwell",
                                        "elapsed",
                                        "sessions",
                                        "new",
                                        "orders",
                                        "buys",
                                        "buying_rate",
                                        "never",
                                        "item",
                                        "item_before",
                                        "item_cart",
                                        "item_favorite",
                                        "items",
                                        "item_repeats",
                                        "category",
                                        "category_before",
                                        "category_cart"};
    const double l2 = log(2), l3 = log(3), l4 = log(4), none = NAN;
    const double minutes30 = log(1800), until = log1p(1810), new = log(0.1);
    const double second = log(0.5 / 6), third = log(1.5 / 7);
    const double want[][LENGTH(names)] = {
        {1, 0, 0, 0, 1, 0, 0, new, 1, 0, 0, 0, 0, l2, 0, 0, 0, 0},
        {0, log(10), log(11), 0, 1, 0, 0, new, 1, l2, 0, 0, 0, l2, l2, l2, 0, 0},
        {0, minutes30, until, 0, 1, 0, 0, new, 1, 0, 0, 0, 0, l3, l2, l3, 0, 1},
        {1, 0, 0, l2, 0, 0, 0, second, 1, 0, l3, 1, 0, l2, 0, 0, l4, 1},
        {none},
        {none},
        {1, 0, 0, l3, 0, l2, l2, third, 0, 0, l3, 0, 0, l2, 0, 0, 0, 0},
        {0, 0, log(1.5), l3, 0, l2, l2, third, 0, 0, log(5), 0, 0, l3, 0, l2, 0, 0},
        {0, log(4.5), log(6), l3, 0, l2, l2, third, 0, l2, l3, 0, 1, l3, l2, l3, 0, 0},
        {0, 0, log(6), l3, 0, l2, l2, third, 0, 0, 0, 0, 0, l3, l2, 0, 0, 0},
    };
    double x[LENGTH(scenes) * LENGTH(names)];
    tell(scenes, LENGTH(scenes), x, names, LENGTH(names));
    for (int64_t i = 0; i < LENGTH(scenes); i++) {
        for (int64_t k = 0; k < LENGTH(names); k++) {
            const double mine = x[i * LENGTH(names) + k];
            if (isnan(want[i][0]) ? isnan(mine) : fabs(mine - want[i][k]) < 1e-12) continue;
            ck_abort_msg("scene %d, %s", (int)i, names[k]);
        }
    }
}
END_TEST

/* What the clock says, and how long it is since this and that. */
START_TEST(a_story_of_time) {
    const int64_t thursday = clock_at(1970, 1, 1, 0, 0), friday = clock_at(1970, 1, 2, 6, 0);
    const scene scenes[] = {{thursday, ORDER, 1, 1},
                            {thursday + 9 * MINUTE, ORDER, 1, 1},
                            {friday, VIEW, 1, 1},
                            {friday + 59 * SECOND, VIEW, 1, 1},
                            {friday + 119 * SECOND, VIEW, 1, 1}};
    static const char *const names[] = {"hour_sin",    "hour_cos",      "weekday_sin",
                                        "weekday_cos", "since_session", "since_order",
                                        "orders",      "buys",          "dwell_mean"};
    const double day = 2 * acos(-1) / 7, hours = 30 * 60;
    const double want[3][LENGTH(names)] = {
        {1, 0, sin(day), cos(day), log1p(hours - 9), log1p(hours - 9), log(3), log(2), 0},
        {1, 0, sin(day), cos(day), log1p(hours - 9), log1p(hours - 9 + 59.0 / 60), log(3), log(2),
         log(59)},
        {sin(day * 7 * 361 / 1440), cos(day * 7 * 361 / 1440), sin(day), cos(day), log1p(hours - 9),
         log1p(hours - 9 + 119.0 / 60), log(3), log(2), (log(59) + log(60)) / 2}};
    double x[LENGTH(scenes) * LENGTH(names)];
    tell(scenes, LENGTH(scenes), x, names, LENGTH(names));
    for (int64_t i = 0; i < 3; i++) {
        for (int64_t k = 0; k < LENGTH(names); k++) {
            const double mine = x[(i + 2) * LENGTH(names) + k];
            if (fabs(mine - want[i][k]) < 1e-12) continue;
            ck_abort_msg("scene %d, %s", (int)i, names[k]);
        }
    }
}
END_TEST

/* Eight things are remembered; the ninth takes the place of the one met longest ago. */
START_TEST(a_story_of_forgetting) {
    scene scenes[20];
    int64_t n = 0;
    for (uint64_t item = 1; item <= 4; item++, n++) scenes[n] = (scene){n, CART, item, item};
    scenes[4] = (scene){4, VIEW, 1, 1}; /* known: now 2 is the oldest */
    scenes[5] = (scene){5, VIEW, 9, 9}; /* 2 is gone */
    scenes[6] = (scene){6, VIEW, 2, 2}; /* and new again; 3 is gone */
    scenes[7] = (scene){7, VIEW, 1, 1};
    scenes[8] = (scene){8, UNCART, 1, 1};
    scenes[9] = (scene){9, VIEW, 1, 1};
    scenes[10] = (scene){10, VIEW, 4, 4};
    for (int64_t i = 0; i < 11; i++) scenes[i].time *= MINUTE;
    static const char *const names[] = {"item", "item_cart", "items", "item_repeats", "categories"};
    double x[11 * 5];
    tell(scenes, 11, x, names, 5);
    const double want[][5] = {
        {log(2), 1, log(5), log(2), log(5)}, {0, 0, log(6), log(2), log(6)},
        {0, 0, log(7), log(2), log(7)},      {log(3), 1, log(7), log(3), log(7)},
        {log(4), 1, log(7), log(4), log(7)}, {log(5), 0, log(7), log(5), log(7)},
        {log(2), 1, log(7), log(6), log(7)}};
    for (int i = 0; i < 7; i++) {
        for (int k = 0; k < 5; k++) {
            if (fabs(x[(i + 4) * 5 + k] - want[i][k]) < 1e-12) continue;
            ck_abort_msg("scene %d, %s", i + 4, names[k]);
        }
    }
}
END_TEST

/* Counts stop at 255. */
START_TEST(a_story_without_an_end) {
    enum {
        LONG = 700
    };
    static scene scenes[2 * LONG];
    for (int64_t i = 0; i < 2 * LONG; i++) {
        scenes[i] = (scene){i * SECOND + (i < LONG ? 0 : DAY), VIEW, 1, 1};
    }
    static const char *const names[] = {"count:view", "item", "item_before", "item_repeats",
                                        "items"};
    static double x[2 * LONG * 5];
    tell(scenes, LENGTH(scenes), x, names, 5);
    const double *last = x + (LENGTH(scenes) - 1) * 5;
    NEAR(last[0], log(256), 1e-12);
    NEAR(last[1], log(256), 1e-12);
    NEAR(last[2], log(256), 1e-12);
    NEAR(last[3], log(256), 1e-12);
    NEAR(last[4], log(2), 1e-12);
}
END_TEST

/* --------------------------------------------------------------------------- names */

START_TEST(features_have_names) {
    random_seed(4);
    visits v = shop_random(900, 40, 20 * HOUR, 11);
    for (int64_t i = 0; i < v.n; i += 7) v.kind[i] = 65535;
    static const uint64_t classes[] = {9, 8};
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    chains.classes = classes, chains.n_classes = 2;
    pmkt_purchase *model = fitted(&v, &chains, NULL);
    const int32_t n = features_of(model);
    ck_assert_str_eq(pmkt_purchase_feature(model, 0), "evidence");
    ck_assert_str_eq(pmkt_purchase_feature(model, 1), "context");
    ck_assert_str_eq(pmkt_purchase_feature(model, n - 1), "category_repeats");
    ck_assert_ptr_null(pmkt_purchase_feature(model, n));
    ck_assert_ptr_null(pmkt_purchase_feature(model, -1));
    ck_assert_ptr_null(pmkt_purchase_feature(NULL, 0));
    ck_assert(feature(model, "count:view") > 1 && feature(model, "count:cart:2") > 1);
    ck_assert(feature(model, "count:65535") > 1 && feature(model, "count:65535:1") > 1);
    for (int32_t i = 0; i < n; i++) {
        ck_assert_int_eq(feature(model, pmkt_purchase_feature(model, i)), i); /* all different */
    }
    pmkt_purchase_release(model);
    visits_free(&v);
}
END_TEST

/* As many actions as chains may have; a class with the longest number. */
START_TEST(as_many_actions_as_there_may_be) {
    random_seed(5);
    visits v = shop_random(4000, 100, 40 * HOUR, 10);
    for (int64_t i = 0; i < v.n; i++) {
        if (v.kind[i] != PMKT_KIND_ORDER) v.kind[i] = (uint16_t)(65535 - random_below(64));
    }
    pmkt_purchase *model = fitted(&v, NULL, NULL);
    ck_assert_int_eq(features_of(model), 64 + 29);
    pmkt_purchase_release(model);
    for (int64_t i = 0; i < v.n; i += 50) {
        if (v.kind[i] != PMKT_KIND_ORDER) v.kind[i] = 300;
    }
    const pmkt_events ev = visits_events(&v);
    model = NULL;
    ck_assert_int_eq(pmkt_purchase_fit(&ev, NULL, NULL, NULL, NULL, &model, NULL), PMKT_E_LIMIT);
    ck_assert_ptr_null(model);
    visits_free(&v);
}
END_TEST

/* ---------------------------------------------------------------------- what is learned */

/* The features that the model was fitted to: the chains' by everybody outside the user's fold; each
   session weighs the same. The model knows their means. */
START_TEST(a_fold_is_told_by_others) {
    random_seed(6);
    visits some = shop_random(1500, 80, 20 * HOUR, 11), v = visits_sorted(&some);
    pmkt_purchase *model = fitted(&v, NULL, NULL);
    const slow_shop s = {&v, pmkt_purchase_chains(model), 30 * MINUTE, false, 0, NULL, 0};
    pmkt_intent *without[5] = {NULL};
    for (int fold = 0; fold < 5; fold++) {
        visits rest = visits_sorted(&some);
        rest.n = 0;
        for (int64_t i = 0; i < v.n; i++) {
            if (pmkti_fold(pmkti_mix(v.user[i]), 5) == fold) continue;
            const int64_t to = rest.n++;
            rest.user[to] = v.user[i], rest.time[to] = v.time[i], rest.kind[to] = v.kind[i];
        }
        const pmkt_events ev = visits_events(&rest);
        ck_assert_int_eq(pmkt_intent_fit(&ev, NULL, NULL, NULL, &without[fold], NULL), PMKT_OK);
        visits_free(&rest);
    }
    double sum[SLOW_FEATURES] = {0}, weight = 0, x[SLOW_FEATURES];
    int64_t rows = 0, yes = 0;
    const int32_t n = features_of(model);
    for (int64_t i = 0; i < v.n; i++) {
        if (slow_past(&s, i)) continue;
        int64_t goal = slow_begin(&s, i);
        const int64_t begin = goal, end = slow_end(&s, i);
        while (goal < end && v.kind[goal] != PMKT_KIND_ORDER) goal++;
        slow_features(&s, i, without[pmkti_fold(pmkti_mix(v.user[i]), 5)], x);
        const double w = 1 / (double)(goal - begin);
        for (int32_t j = 0; j < n; j++) sum[j] += w * x[j];
        weight += w, rows++, yes += goal < end;
    }
    const pmkt_logistic *l = pmkt_purchase_logistic(model, PMKT_PURCHASE_SESSION);
    pmkt_logistic_facts facts = PMKT_LOGISTIC_FACTS_INIT;
    double mean[SLOW_FEATURES];
    pmkt_logistic_table t = PMKT_LOGISTIC_TABLE_INIT;
    t.mean = mean;
    ck_assert_int_eq(pmkt_logistic_info(l, &facts, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_logistic_coefficients(l, &t, NULL), PMKT_OK);
    ck_assert_int_eq(facts.rows, rows);
    ck_assert_int_eq(facts.positives, yes);
    for (int32_t j = 0; j < n; j++) NEAR(mean[j], sum[j] / weight, 1e-9);
    for (int fold = 0; fold < 5; fold++) pmkt_intent_release(without[fold]);
    pmkt_purchase_release(model);
    visits_free(&v);
    visits_free(&some);
}
END_TEST

/* Carts before the goal, but for the last of the batch: how many, and how many led to the goal. */
START_TEST(carts_are_those_whose_outcome_is_known) {
    random_seed(7);
    visits some = shop_random(3000, 60, 200 * HOUR, 11), v = visits_sorted(&some);
    int enough = 0;
    for (int round = 0; round < 4; round++) {
        pmkt_purchase_options o = PMKT_PURCHASE_OPTIONS_INIT;
        static const int64_t horizons[] = {0, HOUR, 30 * HOUR, 100 * HOUR};
        o.cart_ms = horizons[round];
        const int64_t horizon = o.cart_ms ? o.cart_ms : 72 * HOUR;
        pmkt_purchase *model = fitted(&v, NULL, &o);
        const slow_shop s = {&v, pmkt_purchase_chains(model), 30 * MINUTE, false, 0, NULL, 0};
        int64_t last = 0, rows = 0, yes = 0;
        for (int64_t i = 0; i < v.n; i++) last = v.time[i] > last ? v.time[i] : last;
        for (int64_t i = 0; i < v.n; i++) {
            if (v.kind[i] != PMKT_KIND_CART || slow_past(&s, i)) continue;
            if (v.time[i] > last - horizon) continue;
            rows++;
            for (int64_t j = i + 1; j < v.n && v.user[j] == v.user[i]; j++) {
                if (v.kind[j] != PMKT_KIND_ORDER) continue;
                yes += v.time[j] - v.time[i] <= horizon;
                break;
            }
        }
        pmkt_purchase_facts facts = PMKT_PURCHASE_FACTS_INIT;
        pmkt_logistic_facts cart = PMKT_LOGISTIC_FACTS_INIT;
        ck_assert_int_eq(pmkt_purchase_info(model, &facts, NULL), PMKT_OK);
        ck_assert_int_eq(facts.cart_ms, horizon);
        ck_assert_int_gt(rows, 50);
        if (yes < 5 || rows - yes < 5) rows = 0; /* too few to learn from */
        enough += rows > 0;
        ck_assert_int_eq(facts.cart_rows, rows);
        const pmkt_logistic *l = pmkt_purchase_logistic(model, PMKT_PURCHASE_CART);
        ck_assert((rows > 0) == (l != NULL));
        if (l) ck_assert_int_eq(pmkt_logistic_info(l, &cart, NULL), PMKT_OK);
        ck_assert_int_eq(cart.rows, rows);
        ck_assert_int_eq(cart.positives, rows ? yes : 0);
        pmkt_purchase_release(model);
    }
    ck_assert_int_ge(enough, 2);
    visits_free(&v);
    visits_free(&some);
}
END_TEST

int main(void) {
    Suite *s = suite_create("purchase_features");
    TOPIC(s, "by slow code", features_are_what_they_are_called, features_of_strangers);
    TOPIC(s, "by hand", a_story, a_story_of_time, a_story_of_forgetting, a_story_without_an_end);
    TOPIC(s, "names", features_have_names, as_many_actions_as_there_may_be);
    TOPIC(s, "learned", a_fold_is_told_by_others, carts_are_those_whose_outcome_is_known);
    return suite_run(s);
}
