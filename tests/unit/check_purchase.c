/*
 * check_purchase.c - models of purchases: what they promise of any batch, order of rows and number of
 * threads, and what they refuse.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/loop.h"
#include "support/purchase.h"
#include "support/shop.h"
#include "support/suite.h"

#define NEAR(a, b, by) REQUIRE(fabs((double)(a) - (double)(b)) <= (by))
#define TOP PMKT_INTENT_TOP

/* ------------------------------------------------------------------------ scores */

/* Past the goal all is known; p_cart is of carts alone; the rest are probabilities. */
START_TEST(scores_are_what_they_are_called) {
    random_seed(1);
    visits v = shop_make(1500, 150);
    pmkt_purchase *model = purchase_of(&v);
    ck_assert(purchase_facts_of(model).rows > 1000 && purchase_facts_of(model).cart_rows > 50);
    scores s = scores_of(model, &v);
    bool past = false;
    double sum = 0, rows = 0, yes = 0;
    for (int64_t i = v.n - 1; i >= 0; i--) { /* whether the goal comes, from the end */
        const bool last = i + 1 == v.n || v.session[i + 1] != v.session[i];
        past = !last && (past || v.kind[i + 1] == PMKT_KIND_ORDER);
        s.next[i * TOP] |= past ? 1u << 31 : 0;
    }
    for (int64_t i = 0; i < v.n; i++) {
        const bool first = i == 0 || v.session[i] != v.session[i - 1];
        past = (!first && past) || v.kind[i] == PMKT_KIND_ORDER;
        const bool comes = s.next[i * TOP] >> 31;
        if (past) {
            REQUIRE(s.p_goal[i] == 1 && isnan(s.p_cart[i]) && s.time[i] == 0);
            REQUIRE((s.next[i * TOP] & INT32_MAX) == 0 && s.next_p[i * TOP] == 0);
            continue;
        }
        REQUIRE(s.p_goal[i] > 0 && s.p_goal[i] < 1 && s.time[i] > 0);
        REQUIRE(s.next_p[i * TOP] >= s.next_p[i * TOP + 1] && s.next_p[i * TOP] <= 1);
        if (v.kind[i] == PMKT_KIND_CART)
            REQUIRE(s.p_cart[i] > 0 && s.p_cart[i] < 1);
        else
            REQUIRE(isnan(s.p_cart[i]));
        sum += s.p_goal[i], rows++, yes += comes;
    }
    NEAR(sum / rows, yes / rows, 0.02);
    scores_free(&s);
    pmkt_purchase_release(model);
    visits_free(&v);
}
END_TEST

/* It can be told who will buy, and the model tells. */
START_TEST(the_model_is_of_use) {
    random_seed(2);
    visits v = shop_make(2000, 200), other = shop_make(1000, 100);
    pmkt_purchase *model = purchase_of(&v);
    scores s = scores_of(model, &other);
    double *p = malloc((size_t)other.n * sizeof *p);
    uint8_t *y = malloc((size_t)other.n);
    int64_t n = 0;
    for (int64_t i = 0; i < other.n; i++) {
        if (s.p_goal[i] == 1) continue;
        p[n] = s.p_goal[i], y[n] = 0;
        for (int64_t j = i; j < other.n && other.session[j] == other.session[i]; j++) {
            y[n] |= other.kind[j] == PMKT_KIND_ORDER;
        }
        n++;
    }
    pmkt_binary_result r = PMKT_BINARY_RESULT_INIT;
    ck_assert_int_eq(pmkt_binary_evaluate(y, p, n, NULL, NULL, &r, NULL), PMKT_OK);
    ck_assert(r.auc.value > 0.75 && r.ece.value < 0.05);
    free(p), free(y);
    scores_free(&s);
    pmkt_purchase_release(model);
    visits_free(&v);
    visits_free(&other);
}
END_TEST

START_TEST(the_order_of_rows_does_not_matter) {
    random_seed(3);
    visits v = shop_make(800, 90);
    int64_t *at = malloc((size_t)v.n * sizeof *at);
    visits mixed = shop_shuffled(&v, at);
    pmkt_purchase *a = purchase_of(&v), *b = purchase_of(&mixed);
    purchase_check_same(a, b);
    scores x = scores_of(a, &v), y = scores_of(a, &mixed);
    for (int64_t i = 0; i < v.n; i++) REQUIRE(scores_same_row(&y, i, &x, at[i]));
    scores_free(&x);
    scores_free(&y);
    pmkt_purchase_release(a);
    pmkt_purchase_release(b);
    free(at);
    visits_free(&v);
    visits_free(&mixed);
}
END_TEST

START_TEST(threads_change_no_byte) {
    random_seed(4);
    visits v = shop_make(scaled(9000, 3000), scaled(2000, 500));
    const pmkt_events ev = visits_events(&v);
    pmkt_purchase *one = purchase_fitted(&ev, NULL, NULL, 1);
    scores x = scores_as(one, &ev, 1);
    for (int32_t threads = 2; threads <= 5; threads++) {
        pmkt_purchase *more = purchase_fitted(&ev, NULL, NULL, threads);
        purchase_check_same(one, more);
        scores y = scores_as(more, &ev, threads);
        for (int64_t i = 0; i < v.n; i++) REQUIRE(scores_same_row(&x, i, &y, i));
        scores_free(&y);
        pmkt_purchase_release(more);
    }
    scores_free(&x);
    pmkt_purchase_release(one);
    visits_free(&v);
}
END_TEST

/* What a user does later changes nothing of what was said before: no score looks ahead. */
START_TEST(no_score_looks_ahead) {
    random_seed(5);
    visits v = shop_make(300, 10);
    pmkt_purchase *model = purchase_of(&v);
    scores whole = scores_of(model, &v);
    for (int round = 0; round < 40; round++) {
        visits part = visits_random(v.n, 1, 1, 1);
        const int64_t until = v.time[random_below(v.n)];
        int64_t *row = malloc((size_t)v.n * sizeof *row);
        part.n = 0;
        for (int64_t i = 0; i < v.n; i++) {
            if (v.time[i] > until) continue;
            const int64_t to = part.n++;
            row[to] = i, part.user[to] = v.user[i], part.time[to] = v.time[i];
            part.kind[to] = v.kind[i], part.item[to] = v.item[i];
            part.category[to] = v.category[i];
        }
        scores s = scores_of(model, &part);
        for (int64_t i = 0; i < part.n; i++) REQUIRE(scores_same_row(&s, i, &whole, row[i]));
        scores_free(&s);
        free(row);
        visits_free(&part);
    }
    scores_free(&whole);
    pmkt_purchase_release(model);
    visits_free(&v);
}
END_TEST

/* Columns that are not there know nothing, and may be left out everywhere. */
START_TEST(items_and_categories_may_be_missing) {
    random_seed(6);
    visits v = shop_make(500, 60);
    pmkt_events ev = visits_events(&v);
    ev.item = ev.category = ev.session = NULL;
    pmkt_purchase *model = purchase_fitted(&ev, NULL, NULL, 1);
    scores without = scores_as(model, &ev, 1);
    for (int64_t i = 0; i < v.n; i++) v.item[i] = v.category[i] = PMKT_ID_NONE;
    scores none = scores_of(model, &v);
    for (int64_t i = 0; i < v.n; i++) REQUIRE(scores_same_row(&without, i, &none, i));
    scores_free(&without);
    scores_free(&none);
    pmkt_purchase_release(model);
    visits_free(&v);
}
END_TEST

/* An array that is not asked for may be NULL, in every combination. */
START_TEST(arrays_may_be_left_out) {
    random_seed(7);
    visits v = shop_make(200, 20);
    const pmkt_events ev = visits_events(&v);
    pmkt_purchase *model = purchase_of(&v);
    scores all = scores_of(model, &v);
    for (unsigned mask = 0; mask < 32; mask++) {
        scores s;
        pmkt_purchase_scores out = scores_room(&s, v.n);
        if (!(mask & 1)) out.p_goal = NULL;
        if (!(mask & 2)) out.p_cart = NULL;
        if (!(mask & 4)) out.time_ms = NULL;
        if (!(mask & 8)) out.next = NULL;
        if (!(mask & 16)) out.next_p = NULL;
        ck_assert_int_eq(pmkt_purchase_score(model, &ev, NULL, NULL, &out, NULL), PMKT_OK);
        const size_t n = (size_t)v.n;
        ck_assert(!out.p_goal || memcmp(out.p_goal, all.p_goal, n * 8) == 0);
        ck_assert(!out.p_cart || memcmp(out.p_cart, all.p_cart, n * 8) == 0);
        ck_assert(!out.time_ms || memcmp(out.time_ms, all.time, n * 8) == 0);
        ck_assert(!out.next || memcmp(out.next, all.next, n * TOP * 4) == 0);
        ck_assert(!out.next_p || memcmp(out.next_p, all.next_p, n * TOP * 8) == 0);
        scores_free(&s);
    }
    scores_free(&all);
    pmkt_purchase_release(model);
    visits_free(&v);
}
END_TEST

/* ---------------------------------------------------------------------- explaining */

static void check_sums(const pmkt_purchase *model, const visits *v, int32_t which) {
    const pmkt_events ev = visits_events(v);
    const int32_t n = purchase_facts_of(model).features;
    const size_t rows = (size_t)v->n;
    double *odds = malloc(rows * ((size_t)n + 1) * sizeof *odds);
    double *x = malloc(rows * (size_t)n * sizeof *x), *p = malloc(rows * sizeof *p);
    pmkt_error err;
    ck_assert_ok(pmkt_purchase_explain(model, which, &ev, NULL, v->n, NULL, x, odds, &err), err);
    const pmkt_logistic *l = pmkt_purchase_logistic(model, which);
    ck_assert_ok(pmkt_logistic_predict(l, x, v->n, NULL, p, &err), err);
    scores s = scores_of(model, v);
    const double *said = which == PMKT_PURCHASE_CART ? s.p_cart : s.p_goal;
    pmkt_logistic_facts facts = PMKT_LOGISTIC_FACTS_INIT;
    ck_assert_ok(pmkt_logistic_info(l, &facts, &err), err);
    for (int64_t i = 0; i < v->n; i++) {
        double sum = 0;
        for (int32_t j = 0; j <= n; j++) sum += odds[i * (n + 1) + j];
        REQUIRE(isnan(sum) == (s.p_goal[i] == 1));
        if (isnan(sum)) {
            for (int32_t j = 0; j < n; j++) REQUIRE(isnan(x[i * n + j]));
            for (int32_t j = 0; j <= n; j++) REQUIRE(isnan(odds[i * (n + 1) + j]));
            continue;
        }
        REQUIRE(isnan(said[i]) || said[i] == p[i]);
        if (facts.calibration != PMKT_CALIBRATION_ISOTONIC) NEAR(sum, log(p[i] / (1 - p[i])), 1e-9);
    }
    scores_free(&s);
    free(odds), free(x), free(p);
}

START_TEST(log_odds_sum_to_the_score) {
    random_seed(8);
    visits v = shop_make(1200, 100);
    const pmkt_events ev = visits_events(&v);
    for (int32_t kind = 0; kind <= PMKT_CALIBRATION_NONE; kind++) {
        pmkt_purchase_options o = PMKT_PURCHASE_OPTIONS_INIT;
        o.calibration = kind;
        pmkt_purchase *model = purchase_fitted(&ev, NULL, &o, 0);
        check_sums(model, &v, PMKT_PURCHASE_SESSION);
        check_sums(model, &v, PMKT_PURCHASE_CART);
        pmkt_purchase_release(model);
    }
    visits_free(&v);
}
END_TEST

START_TEST(rows_are_explained_in_any_order) {
    random_seed(9);
    visits v = shop_make(300, 30);
    const pmkt_events ev = visits_events(&v);
    pmkt_purchase *model = purchase_of(&v);
    const int32_t n = purchase_facts_of(model).features;
    double *all = malloc((size_t)v.n * (size_t)n * sizeof *all), some[1];
    ck_assert_int_eq(pmkt_purchase_explain(model, 0, &ev, NULL, v.n, NULL, all, NULL, NULL),
                     PMKT_OK);
    int64_t row[40];
    for (int i = 0; i < 40; i++) row[i] = random_below(v.n);
    row[3] = row[30] = row[39]; /* some twice */
    double *x = malloc(40 * (size_t)n * sizeof *x);
    ck_assert_int_eq(pmkt_purchase_explain(model, 0, &ev, row, 40, NULL, x, NULL, NULL), PMKT_OK);
    for (int i = 0; i < 40; i++) {
        REQUIRE(memcmp(x + i * n, all + row[i] * n, (size_t)n * sizeof *x) == 0);
    }
    some[0] = 5;
    ck_assert_int_eq(pmkt_purchase_explain(model, 0, &ev, row, 0, NULL, some, some, NULL), PMKT_OK);
    ck_assert(some[0] == 5);
    ck_assert_int_eq(pmkt_purchase_explain(model, 0, &ev, row, 40, NULL, NULL, NULL, NULL),
                     PMKT_OK);
    pmkt_error err = {0};
    row[17] = v.n;
    ck_assert_int_eq(pmkt_purchase_explain(model, 0, &ev, row, 40, NULL, x, NULL, &err),
                     PMKT_E_INVALID);
    ck_assert(err.where_kind == PMKT_WHERE_ROW && err.where == 17);
    row[17] = -1;
    ck_assert_int_eq(pmkt_purchase_explain(model, 0, &ev, row, 40, NULL, x, NULL, NULL),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_purchase_explain(model, 0, &ev, NULL, 40, NULL, x, NULL, NULL),
                     PMKT_E_INVALID);
    for (int32_t which = -1; which <= 2; which += 3) {
        ck_assert_int_eq(pmkt_purchase_explain(model, which, &ev, NULL, v.n, NULL, x, NULL, NULL),
                         PMKT_E_INVALID);
    }
    free(all), free(x);
    pmkt_purchase_release(model);
    visits_free(&v);
}
END_TEST

/* ------------------------------------------------------------------- what is missing */

/* Nobody buys, or everybody: there is no session's model, but all the rest answers. */
static void check_without(const visits *v) {
    const pmkt_events ev = visits_events(v);
    pmkt_purchase *model = purchase_of(v);
    const pmkt_purchase_facts facts = purchase_facts_of(model);
    ck_assert(facts.rows == 0 && facts.cart_rows == 0 && facts.features > 20 && facts.bytes > 0);
    for (int32_t which = -1; which <= 2; which++) {
        ck_assert_ptr_null(pmkt_purchase_logistic(model, which));
    }
    scores s;
    pmkt_purchase_scores out = scores_room(&s, v->n);
    ck_assert_int_eq(pmkt_purchase_score(model, &ev, NULL, NULL, &out, NULL), PMKT_E_UNSUPPORTED);
    out.p_goal = NULL;
    ck_assert_int_eq(pmkt_purchase_score(model, &ev, NULL, NULL, &out, NULL), PMKT_OK);
    for (int64_t i = 0; i < v->n; i++) REQUIRE(isnan(s.p_cart[i]));
    for (int32_t which = 0; which <= 1; which++) {
        ck_assert_int_eq(
            pmkt_purchase_explain(model, which, &ev, NULL, v->n, NULL, NULL, NULL, NULL),
            PMKT_E_UNSUPPORTED);
    }
    scores_free(&s);
    pmkt_purchase_release(model);
}

START_TEST(nobody_buys) {
    random_seed(10);
    visits v = shop_make(300, 30);
    for (int64_t i = 0; i < v.n; i++) {
        if (v.kind[i] == PMKT_KIND_ORDER) v.kind[i] = PMKT_KIND_CHECKOUT;
    }
    check_without(&v);
    visits_free(&v);
}
END_TEST

START_TEST(everybody_buys) {
    random_seed(11);
    visits v = shop_make(300, 30);
    for (int64_t i = 0; i < v.n; i++) {
        const bool last = i + 1 == v.n || v.session[i + 1] != v.session[i];
        v.kind[i] = last ? PMKT_KIND_ORDER : PMKT_KIND_VIEW;
    }
    check_without(&v);
    /* Nor is anything learned where the goal comes first. */
    for (int64_t i = 0; i < v.n; i++) {
        const bool first = i == 0 || v.session[i - 1] != v.session[i];
        v.kind[i] = first ? PMKT_KIND_ORDER : PMKT_KIND_CART;
    }
    check_without(&v);
    visits_free(&v);
}
END_TEST

START_TEST(nobody_comes) {
    visits v = visits_random(0, 1, 1, 1);
    check_without(&v);
    random_seed(12);
    visits some = shop_make(300, 30);
    pmkt_purchase *model = purchase_of(&some);
    scores s = scores_of(model, &v);
    scores_free(&s);
    const pmkt_events ev = visits_events(&v);
    ck_assert_int_eq(pmkt_purchase_explain(model, 0, &ev, NULL, 0, NULL, NULL, NULL, NULL),
                     PMKT_OK);
    pmkt_purchase_release(model);
    visits_free(&v);
    visits_free(&some);
}
END_TEST

/* A handful of users: some folds have no buyers, some nobody at all. */
START_TEST(a_handful_is_enough) {
    random_seed(13);
    int learned = 0;
    for (int round = 0; round < 150; round++) {
        visits v = shop_make(random_between(1, 12), random_between(1, 5));
        pmkt_purchase *model = purchase_of(&v);
        const pmkt_events ev = visits_events(&v);
        scores s;
        pmkt_purchase_scores out = scores_room(&s, v.n);
        if (purchase_facts_of(model).rows == 0) out.p_goal = NULL;
        learned += purchase_facts_of(model).rows > 0;
        REQUIRE(pmkt_purchase_score(model, &ev, NULL, NULL, &out, NULL) == PMKT_OK);
        for (int64_t i = 0; i < v.n && out.p_goal; i++) {
            REQUIRE(s.p_goal[i] >= 0 && s.p_goal[i] <= 1);
        }
        scores_free(&s);
        pmkt_purchase_release(model);
        visits_free(&v);
    }
    REQUIRE(learned > 30);
}
END_TEST

/* A cart's model takes 50 carts, 5 of either kind: a buyer, and many who are not. */
START_TEST(a_carts_model_takes_enough_carts) {
    for (int64_t carts = 48; carts <= 52; carts++) {
        for (int64_t buyers = 4; buyers <= 6; buyers++) {
            visits v = visits_random(3 * carts, 1, 1, 1);
            v.n = 0;
            for (int64_t u = 0; u < carts; u++) {
                const bool buys = u < buyers;
                for (int64_t k = 0; k < (buys ? 3 : 2); k++) {
                    const int64_t i = v.n++;
                    v.user[i] = (uint64_t)u + 1, v.time[i] = k * MINUTE;
                    v.kind[i] = k == 0 ? PMKT_KIND_CART : k == 1 ? PMKT_KIND_VIEW : PMKT_KIND_ORDER;
                }
            }
            v.time[0] += 100 * DAY, v.time[1] += 100 * DAY, v.time[2] += 100 * DAY; /* unknown */
            pmkt_purchase *model = purchase_of(&v);
            ck_assert_int_eq(purchase_facts_of(model).cart_rows,
                             carts - 1 >= 50 && buyers - 1 >= 5 ? carts - 1 : 0);
            pmkt_purchase_release(model);
            visits_free(&v);
        }
    }
}
END_TEST

/* What came of each event is what its session holds later; to ask for it changes no score. */
START_TEST(outcomes_are_those_of_the_sessions) {
    random_seed(23);
    visits v = shop_make(700, 80);
    const pmkt_events ev = visits_events(&v);
    pmkt_purchase *model = purchase_of(&v);
    scores s;
    pmkt_purchase_scores out = scores_room(&s, v.n);
    double *outcome = malloc((size_t)v.n * sizeof *outcome);
    out.outcome = outcome;
    pmkt_error err;
    ck_assert_ok(pmkt_purchase_score(model, &ev, NULL, NULL, &out, &err), err);
    scores plain = scores_of(model, &v);
    for (int64_t i = 0; i < v.n; i++) {
        REQUIRE(scores_same_row(&s, i, &plain, i));
        bool before = false, after = false;
        for (int64_t j = 0; j < v.n; j++) {
            if (v.session[j] != v.session[i] || v.kind[j] != PMKT_KIND_ORDER) continue;
            before = before || j <= i;
            after = after || j > i;
        }
        if (before)
            REQUIRE(isnan(outcome[i]));
        else
            REQUIRE(outcome[i] == after);
    }
    free(outcome);
    scores_free(&s);
    scores_free(&plain);
    pmkt_purchase_release(model);
    visits_free(&v);
}
END_TEST

/* ------------------------------------------------------------------------ bad rows */

START_TEST(bad_rows_are_reported) {
    random_seed(19);
    visits v = shop_make(600, 70), spoiled = visits_spoiled(&v);
    pmkt_events good = visits_events(&v), bad = visits_events(&spoiled);
    pmkt_report report = PMKT_REPORT_INIT;
    uint8_t *bits = calloc((size_t)spoiled.n / 8 + 1, 1);
    report.rejected_bits = bits;
    pmkt_purchase *model = NULL, *a = purchase_fitted(&good, NULL, NULL, 0);
    pmkt_error err;
    ck_assert_int_eq(pmkt_purchase_fit(&bad, NULL, NULL, NULL, &report, &model, &err),
                     PMKT_E_BAD_ROW);
    ck_assert_ptr_null(model);
    visits_check_report(&spoiled, &report, false);
    bad.on_bad = PMKT_ON_BAD_SKIP;
    memset(bits, 0, (size_t)spoiled.n / 8 + 1);
    ck_assert_ok(pmkt_purchase_fit(&bad, NULL, NULL, NULL, &report, &model, &err), err);
    visits_check_report(&spoiled, &report, true);
    purchase_check_same(a, model);
    scores x = scores_as(a, &good, 0), y;
    const pmkt_purchase_scores out = scores_room(&y, spoiled.n);
    memset(bits, 0, (size_t)spoiled.n / 8 + 1);
    ck_assert_ok(pmkt_purchase_score(model, &bad, NULL, &report, &out, &err), err);
    visits_check_report(&spoiled, &report, true);
    int64_t at = 0;
    for (int64_t i = 0; i < spoiled.n; i++) {
        if (!(bits[i / 8] >> i % 8 & 1)) {
            REQUIRE(scores_same_row(&y, i, &x, at++));
            continue;
        }
        REQUIRE(isnan(y.p_goal[i]) && isnan(y.p_cart[i]) && isnan(y.time[i]));
        for (int k = 0; k < TOP; k++)
            REQUIRE(y.next[i * TOP + k] == 0 && y.next_p[i * TOP + k] == 0);
    }
    ck_assert_int_eq(at, v.n);
    double *odds = malloc((size_t)spoiled.n * 100 * sizeof *odds);
    const int32_t n = purchase_facts_of(model).features;
    ck_assert_ok(pmkt_purchase_explain(model, 0, &bad, NULL, spoiled.n, NULL, NULL, odds, &err),
                 err);
    for (int64_t i = 0; i < spoiled.n; i++) {
        REQUIRE(!(bits[i / 8] >> i % 8 & 1) || isnan(odds[i * (n + 1) + n]));
    }
    bad.on_bad = PMKT_ON_BAD_FAIL;
    memset(bits, 0, (size_t)spoiled.n / 8 + 1);
    for (int64_t i = 0; i < spoiled.n; i++) y.p_goal[i] = y.p_cart[i] = y.time[i] = 42;
    ck_assert_int_eq(pmkt_purchase_score(model, &bad, NULL, &report, &out, &err), PMKT_E_BAD_ROW);
    for (int64_t i = 0; i < spoiled.n; i++) {
        REQUIRE(y.p_goal[i] == 42 && y.p_cart[i] == 42 && y.time[i] == 42);
    }
    visits_check_report(&spoiled, &report, false);
    ck_assert_int_eq(pmkt_purchase_explain(model, 0, &bad, NULL, spoiled.n, NULL, NULL, odds, &err),
                     PMKT_E_BAD_ROW);
    free(odds), free(bits);
    scores_free(&x);
    scores_free(&y);
    pmkt_purchase_release(a);
    pmkt_purchase_release(model);
    visits_free(&v);
    visits_free(&spoiled);
}
END_TEST

/* --------------------------------------------------------------------------- calls */

START_TEST(owners_are_counted) {
    random_seed(20);
    visits v = shop_make(300, 30);
    pmkt_purchase *model = purchase_of(&v);
    pmkt_intent *chains = pmkt_intent_retain(pmkt_purchase_chains(model));
    pmkt_logistic *l = pmkt_logistic_retain(pmkt_purchase_logistic(model, PMKT_PURCHASE_SESSION));
    ck_assert_ptr_eq(pmkt_purchase_retain(model), model);
    pmkt_purchase_release(model);
    scores s = scores_of(model, &v);
    scores_free(&s);
    pmkt_purchase_release(model);
    pmkt_logistic_facts facts = PMKT_LOGISTIC_FACTS_INIT;
    pmkt_intent_facts of = PMKT_INTENT_FACTS_INIT;
    ck_assert_int_eq(pmkt_logistic_info(l, &facts, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_intent_info(chains, &of, NULL), PMKT_OK);
    ck_assert(facts.rows > 0 && of.sessions > 0);
    pmkt_logistic_release(l);
    pmkt_intent_release(chains);
    pmkt_purchase_release(NULL);
    ck_assert_ptr_null(pmkt_purchase_retain(NULL));
    ck_assert_ptr_null(pmkt_purchase_chains(NULL));
    ck_assert_ptr_null(pmkt_purchase_logistic(NULL, 0));
    visits_free(&v);
}
END_TEST

static int cancels(void *ctx, double share, const char *stage) {
    (void)stage;
    double *at = ctx;
    REQUIRE(share >= 0 && share <= 1);
    REQUIRE(share >= at[1] - 1e-12); /* never back */
    at[1] = share;
    return --at[0] < 0;
}

START_TEST(everything_can_be_canceled) {
    random_seed(21);
    visits v = shop_make(400, 50);
    const pmkt_events ev = visits_events(&v);
    pmkt_purchase *whole = purchase_of(&v);
    scores s;
    const pmkt_purchase_scores out = scores_room(&s, v.n);
    for (int call = 0; call < 3; call++) {
        pmkt_status status = PMKT_E_CANCELED;
        int calls = 0;
        for (; status == PMKT_E_CANCELED; calls++) {
            double at[2] = {calls, 0};
            pmkt_run run = PMKT_RUN_INIT;
            run.threads = 1, run.progress.fn = cancels, run.progress.ctx = at;
            pmkt_purchase *m = NULL;
            pmkt_error err = {0};
            if (call == 0) status = pmkt_purchase_fit(&ev, NULL, NULL, &run, NULL, &m, &err);
            if (call == 1) status = pmkt_purchase_score(whole, &ev, &run, NULL, &out, &err);
            if (call == 2) {
                status = pmkt_purchase_explain(whole, 0, &ev, NULL, v.n, &run, NULL, NULL, &err);
            }
            REQUIRE((call == 0 && status == PMKT_OK) == (m != NULL));
            REQUIRE(err.code == status);
            pmkt_purchase_release(m);
        }
        ck_assert_int_eq(status, PMKT_OK);
        ck_assert_int_gt(calls, call == 0 ? 5 : 1);
    }
    scores_free(&s);
    pmkt_purchase_release(whole);
    visits_free(&v);
}
END_TEST

int main(void) {
    Suite *s = suite_create("purchase");
    TOPIC(s, "scores", outcomes_are_those_of_the_sessions, scores_are_what_they_are_called,
          the_model_is_of_use, the_order_of_rows_does_not_matter, threads_change_no_byte,
          no_score_looks_ahead, items_and_categories_may_be_missing, arrays_may_be_left_out);
    TOPIC(s, "explaining", log_odds_sum_to_the_score, rows_are_explained_in_any_order);
    TOPIC(s, "what is missing", nobody_buys, everybody_buys, nobody_comes, a_handful_is_enough,
          a_carts_model_takes_enough_carts);
    TOPIC(s, "calls", bad_rows_are_reported, owners_are_counted, everything_can_be_canceled);
    return suite_run(s);
}
