/*
 * check_purchase_options.c - models of purchases by their options: rows, sessions, classes, zones, and what
 * a model says that it was fitted with.
 */
#include <math.h>
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/loop.h"
#include "support/purchase.h"
#include "support/shop.h"
#include "support/suite.h"

START_TEST(rows_are_drawn_by_user) {
    random_seed(14);
    visits v = shop_make(4000, 800);
    const pmkt_events ev = visits_events(&v);
    pmkt_purchase *whole = purchase_fitted(&ev, NULL, NULL, 0);
    const int64_t all = purchase_facts_of(whole).rows;
    pmkt_purchase_options o = PMKT_PURCHASE_OPTIONS_INIT;
    for (int64_t share = 2; share <= 8; share *= 2) {
        o.rows = all / share;
        pmkt_purchase *part = purchase_fitted(&ev, NULL, &o, 0);
        const int64_t rows = purchase_facts_of(part).rows;
        ck_assert((double)rows > 0.7 * (double)all / (double)share);
        ck_assert((double)rows < 1.3 * (double)all / (double)share);
        pmkt_intent_facts a = PMKT_INTENT_FACTS_INIT, b = PMKT_INTENT_FACTS_INIT;
        ck_assert_int_eq(pmkt_intent_info(pmkt_purchase_chains(part), &a, NULL), PMKT_OK);
        ck_assert_int_eq(pmkt_intent_info(pmkt_purchase_chains(whole), &b, NULL), PMKT_OK);
        ck_assert(a.sessions == b.sessions && a.contexts == b.contexts);
        pmkt_purchase_release(part);
    }
    o.rows = all;
    pmkt_purchase *same = purchase_fitted(&ev, NULL, &o, 0);
    scores a = scores_of(whole, &v), b = scores_of(same, &v);
    for (int64_t i = 0; i < v.n; i++) REQUIRE(scores_same_row(&a, i, &b, i));
    scores_free(&a);
    scores_free(&b);
    pmkt_purchase_release(same);
    o.rows = 1; /* most likely nobody, and then there is no model; but chains there are */
    same = purchase_fitted(&ev, NULL, &o, 0);
    ck_assert_int_lt(purchase_facts_of(same).rows, all / 20);
    pmkt_purchase_release(same);
    pmkt_purchase_release(whole);
    visits_free(&v);
}
END_TEST

/* Sessions by the column are those that a gap would make. */
START_TEST(sessions_by_a_column) {
    random_seed(15);
    visits v = shop_make(600, 70);
    const pmkt_events ev = visits_events(&v);
    pmkt_intent_options gap = PMKT_INTENT_OPTIONS_INIT, column = PMKT_INTENT_OPTIONS_INIT;
    gap.gap_ms = HOUR;
    column.gap_ms = 24 * DAY, column.by_session = 1;
    pmkt_purchase *a = purchase_fitted(&ev, &gap, NULL, 0),
                  *b = purchase_fitted(&ev, &column, NULL, 0);
    scores x = scores_as(a, &ev, 0), y = scores_as(b, &ev, 0);
    for (int64_t i = 0; i < v.n; i++) REQUIRE(scores_same_row(&x, i, &y, i));
    scores_free(&y);
    pmkt_events without = ev;
    without.session = NULL;
    pmkt_error err;
    const pmkt_purchase_scores out = scores_room(&y, v.n);
    ck_assert_int_eq(pmkt_purchase_score(b, &without, NULL, NULL, &out, &err), PMKT_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "by_session"));
    scores_free(&x);
    scores_free(&y);
    pmkt_purchase_release(a);
    pmkt_purchase_release(b);
    visits_free(&v);
}
END_TEST

/* A class by a column of one's own is the same as one by the category. */
START_TEST(classes_by_a_column) {
    random_seed(16);
    visits v = shop_make(600, 70);
    pmkt_events ev = visits_events(&v);
    static const uint64_t classes[] = {2, 4};
    pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
    o.classes = classes, o.n_classes = 2;
    pmkt_purchase *a = purchase_fitted(&ev, &o, NULL, 0);
    scores x = scores_as(a, &ev, 0);
    pmkt_column column;
    memset(&column, 0, sizeof column);
    column.name = "page", column.type = PMKT_TYPE_UINT64, column.data = v.category;
    ev.extra = &column, ev.n_extra = 1;
    o.class_column = "page";
    pmkt_purchase *b = purchase_fitted(&ev, &o, NULL, 0);
    scores y = scores_as(b, &ev, 0);
    for (int64_t i = 0; i < v.n; i++) REQUIRE(scores_same_row(&x, i, &y, i));
    scores_free(&y);
    /* The model asks for its column. */
    scores s;
    ev.n_extra = 0;
    const pmkt_purchase_scores out = scores_room(&s, v.n);
    ck_assert_int_eq(pmkt_purchase_score(b, &ev, NULL, NULL, &out, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_purchase_explain(b, 0, &ev, NULL, v.n, NULL, NULL, NULL, NULL),
                     PMKT_E_INVALID);
    char name[300];
    memset(name, 'x', sizeof name);
    name[299] = 0, column.name = o.class_column = name, ev.n_extra = 1;
    pmkt_purchase *none = NULL;
    ck_assert_int_eq(pmkt_purchase_fit(&ev, &o, NULL, NULL, NULL, &none, NULL), PMKT_E_LIMIT);
    ck_assert_ptr_null(none);
    scores_free(&s);
    scores_free(&x);
    pmkt_purchase_release(a);
    pmkt_purchase_release(b);
    visits_free(&v);
}
END_TEST

/* A table that says nothing else than an offset does, and one that does. */
START_TEST(zones_are_tables_too) {
    random_seed(17);
    visits v = shop_make(600, 70);
    const pmkt_events ev = visits_events(&v);
    pmkt_transition table[2] = {{date(2000, 1, 1), 60, 0}, {date(2024, 3, 10), 60, 0}};
    pmkt_zone offset = PMKT_ZONE_INIT, zone = PMKT_ZONE_INIT;
    offset.offset_minutes = 60, zone.transitions = table, zone.n_transitions = 2;
    pmkt_purchase_options a = PMKT_PURCHASE_OPTIONS_INIT, b = PMKT_PURCHASE_OPTIONS_INIT;
    a.zone = &offset, b.zone = &zone;
    pmkt_purchase *x = purchase_fitted(&ev, NULL, &a, 0), *y = purchase_fitted(&ev, NULL, &b, 0);
    memset(table, 0xff, sizeof table); /* the model has a copy */
    scores s = scores_as(x, &ev, 0), t = scores_as(y, &ev, 0);
    for (int64_t i = 0; i < v.n; i++) REQUIRE(scores_same_row(&s, i, &t, i));
    scores_free(&t);
    pmkt_purchase_release(y);
    y = NULL;
    ck_assert_int_eq(pmkt_purchase_fit(&ev, NULL, &b, NULL, NULL, &y, NULL), PMKT_E_INVALID);
    table[0] = (pmkt_transition){date(2000, 1, 1), 60, 0};
    table[1] = (pmkt_transition){date(2024, 3, 10), 600, 0};
    y = purchase_fitted(&ev, NULL, &b, 0);
    t = scores_as(y, &ev, 0);
    int64_t different = 0;
    for (int64_t i = 0; i < v.n; i++) different += !scores_same_row(&s, i, &t, i);
    ck_assert_int_gt(different, v.n / 2);
    scores_free(&s);
    scores_free(&t);
    pmkt_purchase_release(x);
    pmkt_purchase_release(y);
    visits_free(&v);
}
END_TEST

/* What a model was fitted with fits the same model again, also once it was loaded. */
START_TEST(settings_fit_the_same_again) {
    random_seed(22);
    visits v = shop_make(500, 60);
    pmkt_events ev = visits_events(&v);
    const pmkt_column column = {"page", v.category, PMKT_TYPE_UINT64, 0};
    ev.extra = &column, ev.n_extra = 1;
    static const uint64_t classes[] = {2, 4};
    static const pmkt_transition table[] = {{INT64_C(1709600000000), 60, 0}};
    const pmkt_zone zone = {sizeof zone, -60, table, 1};
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT, x = PMKT_INTENT_OPTIONS_INIT;
    pmkt_purchase_options o = PMKT_PURCHASE_OPTIONS_INIT, y = PMKT_PURCHASE_OPTIONS_INIT;
    for (int round = 0; round < 2; round++) {
        pmkt_purchase *model = purchase_fitted(&ev, &chains, &o, 0), *loaded = NULL;
        file_bytes f = purchase_bytes(model);
        pmkt_error err;
        ck_assert_ok(pmkt_purchase_load_memory(f.at, f.n, NULL, NULL, &loaded, &err), err);
        ck_assert_ok(pmkt_purchase_settings(loaded, &y, &x, &err), err);
        ck_assert(y.rows == (round ? 900 : 250000) && y.l2 == (round ? 3 : 1));
        ck_assert(y.cart_ms == (round ? HOUR : 72 * HOUR) && y.calibration == round);
        ck_assert(x.n_classes == 2 * round && x.by_session == round && x.order == (round ? 2 : 3));
        pmkt_purchase *again = purchase_fitted(&ev, &x, &y, 0);
        purchase_check_same(model, again);
        pmkt_purchase_release(again);
        ck_assert_int_eq(pmkt_purchase_settings(loaded, NULL, NULL, NULL), PMKT_OK);
        ck_assert_int_eq(pmkt_purchase_settings(NULL, &y, &x, NULL), PMKT_E_INVALID);
        pmkt_purchase_release(loaded);
        pmkt_purchase_release(model);
        file_free(&f);
        chains.classes = classes, chains.n_classes = 2, chains.class_column = "page";
        chains.by_session = 1, chains.order = 2, chains.gap_ms = HOUR;
        o.zone = &zone, o.calibration = PMKT_CALIBRATION_ISOTONIC, o.l2 = 3, o.rows = 900;
        o.cart_ms = HOUR;
    }
    visits_free(&v);
}
END_TEST

START_TEST(impossible_options_are_refused) {
    random_seed(18);
    visits v = shop_make(100, 10);
    const pmkt_events ev = visits_events(&v);
    const pmkt_purchase_options good = PMKT_PURCHASE_OPTIONS_INIT;
    pmkt_purchase_options bad[9];
    for (int i = 0; i < 9; i++) bad[i] = good;
    bad[0].calibration = -1, bad[1].calibration = 3, bad[2].l2 = -1, bad[3].l2 = NAN;
    bad[4].l2 = INFINITY, bad[5].rows = -1, bad[6].cart_ms = -1, bad[7].cart_ms = 365 * DAY + 1;
    bad[8].struct_size = 3;
    for (int i = 0; i < 9; i++) {
        pmkt_purchase *model = NULL;
        ck_assert_int_eq(pmkt_purchase_fit(&ev, NULL, &bad[i], NULL, NULL, &model, NULL),
                         PMKT_E_INVALID);
        ck_assert_ptr_null(model);
    }
    pmkt_purchase_options most = good;
    most.cart_ms = 365 * DAY, most.rows = INT64_MAX, most.l2 = 1e100;
    pmkt_purchase_release(purchase_fitted(&ev, NULL, &most, 0));
    visits_free(&v);
}
END_TEST

int main(void) {
    Suite *s = suite_create("purchase_options");
    TOPIC(s, "options", rows_are_drawn_by_user, sessions_by_a_column, classes_by_a_column,
          zones_are_tables_too, settings_fit_the_same_again, impossible_options_are_refused);
    return suite_run(s);
}
