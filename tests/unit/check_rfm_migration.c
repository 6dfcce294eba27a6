/*
 * Customers summed by group, and how they moved between two dates.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/random.h"
#include "support/rfm.h"
#include "support/suite.h"

#define BEFORE date(2024, 4, 1)
#define AFTER date(2024, 7, 1) /* 91 days later */

/* ------------------------------------------------------------------ summary */

START_TEST(groups_hold_what_their_customers_hold) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_buyer(rfm, 1, AFTER, 10, 0, 3, 90000); /* active-high-high */
    rfm_add_buyer(rfm, 2, AFTER, 20, 0, 3, 60000); /* the same */
    rfm_add_buyer(rfm, 3, AFTER, 200, 0, 2, 2000); /* dormant-low-low */
    rfm_add_order(rfm, 4, AFTER - 5 * DAY, 7, 900);
    rfm_add_row(rfm, 4, AFTER - 4 * DAY, PMKT_KIND_REFUND, 7, 1900); /* no order is left */
    pmkt_rfm_scores *scores = rfm_score(rfm, AFTER, NULL);
    pmkt_rfm_group g[9];
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_summary(scores, PMKT_RFM_BY_SEGMENT, g, sizeof *g, 9, &err), err);
    for (int32_t i = 0; i < 9; i++) {
        ck_assert_int_eq(g[i].code, i);
        ck_assert_int_eq(g[i].reserved, 0);
    }
    const pmkt_rfm_group *best = &g[PMKT_RFM_ACTIVE_HIGH_HIGH];
    ck_assert_int_eq(best->customers, 2);
    ck_assert_int_eq(best->orders, 6);
    ck_assert_int_eq(best->revenue, 150000);
    ck_assert_double_eq(best->customer_share, 0.5);
    ck_assert_double_eq(best->order_share, 0.75);
    ck_assert_double_eq(best->revenue_share, 150000.0 / 151000.0);
    ck_assert_double_eq(best->average_order, 25000);
    ck_assert_double_eq(best->average_revenue, 75000);
    ck_assert_double_eq(best->average_recency, 15);
    ck_assert_double_eq(best->orders_per_month, 3);
    const pmkt_rfm_group *worst = &g[PMKT_RFM_DORMANT_LOW_LOW];
    ck_assert_int_eq(worst->customers, 1);
    ck_assert_double_eq(worst->orders_per_month, 2);
    ck_assert_double_eq(worst->average_order, 1000);
    const pmkt_rfm_group *none = &g[PMKT_RFM_NO_ORDER];
    ck_assert_int_eq(none->customers, 1);
    ck_assert_int_eq(none->orders, 0);
    ck_assert_int_eq(none->revenue, -1000);
    ck_assert_double_eq(none->revenue_share, -1000.0 / 151000.0);
    ck_assert_double_eq(none->average_order, 0);
    ck_assert_double_eq(none->average_revenue, -1000);
    ck_assert_double_eq(none->average_recency, -1);
    ck_assert_double_eq(none->orders_per_month, 0);
    const pmkt_rfm_group *empty = &g[PMKT_RFM_ACTIVE_LOW_LOW];
    ck_assert_int_eq(empty->customers, 0);
    ck_assert_double_eq(empty->customer_share, 0);
    ck_assert_double_eq(empty->average_revenue, 0);
    ck_assert_double_eq(empty->average_recency, -1);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

static pmkt_rfm *random_state(uint64_t seed, int64_t users) {
    pmkt_rfm *rfm = rfm_history();
    batch b = {0};
    random_seed(seed);
    for (int64_t i = 0; i < 6 * users; i++) {
        const uint64_t user = (uint64_t)random_below(users) + 1;
        const int64_t time = date(2023, 3, 1) + random_below(488 * DAY);
        const int64_t what = random_below(10);
        if (what < 7) batch_order(&b, user, time, 0, random_below(300000) + 1);
        if (what == 7) batch_row(&b, user, time, PMKT_KIND_REFUND, 0, random_below(100000));
        if (what > 7) batch_event(&b, user, time, what == 8 ? PMKT_KIND_VIEW : PMKT_KIND_CART);
    }
    rfm_take(rfm, &b);
    return rfm;
}

START_TEST(shares_and_sums_of_every_grouping_are_those_of_all) {
    pmkt_rfm *rfm = random_state(1, 2000);
    for (int32_t scheme = PMKT_RFM_THRESHOLD; scheme <= PMKT_RFM_QUANTILE; scheme++) {
        pmkt_rfm_score_options o = PMKT_RFM_SCORE_OPTIONS_INIT;
        o.scheme = scheme;
        pmkt_rfm_scores *scores = rfm_score(rfm, AFTER, &o);
        const pmkt_rfm_columns c = columns_of(scores);
        int64_t orders = 0, revenue = 0;
        for (int64_t i = 0; i < c.rows; i++) {
            orders += c.orders[i];
            revenue += c.revenue[i];
        }
        for (int32_t by = PMKT_RFM_BY_SEGMENT; by <= PMKT_RFM_BY_CELL; by++) {
            pmkt_rfm_group groups[216];
            const int32_t codes = pmkt_rfm_scores_codes(scores, by);
            ck_assert_int_eq(pmkt_rfm_summary(scores, by, groups, sizeof *groups, 216, NULL),
                             PMKT_OK);
            pmkt_rfm_group all = {0};
            for (int32_t i = 0; i < codes; i++) {
                all.customers += groups[i].customers;
                all.orders += groups[i].orders;
                all.revenue += groups[i].revenue;
                all.customer_share += groups[i].customer_share;
                all.order_share += groups[i].order_share;
                all.revenue_share += groups[i].revenue_share;
            }
            ck_assert_int_eq(all.customers, c.rows);
            ck_assert_int_eq(all.orders, orders);
            ck_assert_int_eq(all.revenue, revenue);
            ck_assert_double_eq_tol(all.customer_share, 1, 1e-12);
            ck_assert_double_eq_tol(all.order_share, 1, 1e-12);
            ck_assert_double_eq_tol(all.revenue_share, 1, 1e-12);
        }
        pmkt_rfm_scores_free(scores);
    }
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(no_customers_have_no_shares) {
    pmkt_rfm *rfm = rfm_history();
    pmkt_rfm_scores *scores = rfm_score(rfm, AFTER, NULL);
    pmkt_rfm_group groups[9];
    ck_assert_int_eq(pmkt_rfm_summary(scores, 0, groups, sizeof *groups, 9, NULL), PMKT_OK);
    for (int32_t i = 0; i < 9; i++) {
        const pmkt_rfm_group expected = {.code = i, .average_recency = -1};
        ck_assert_mem_eq(&groups[i], &expected, sizeof expected);
    }
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(a_total_that_is_not_positive_has_no_shares_of_revenue) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, AFTER - DAY, 0, 100);
    rfm_add_row(rfm, 2, AFTER - DAY, PMKT_KIND_REFUND, 0, 100);
    pmkt_rfm_scores *scores = rfm_score(rfm, AFTER, NULL);
    pmkt_rfm_group groups[9];
    ck_assert_int_eq(pmkt_rfm_summary(scores, 0, groups, sizeof *groups, 9, NULL), PMKT_OK);
    for (int32_t i = 0; i < 9; i++) ck_assert_double_eq(groups[i].revenue_share, 0);
    ck_assert_double_eq(groups[PMKT_RFM_NO_ORDER].customer_share, 0.5);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(too_little_room_is_refused_untouched) {
    pmkt_rfm *rfm = rfm_history();
    pmkt_rfm_scores *scores = rfm_score(rfm, AFTER, NULL);
    pmkt_rfm_group groups[9], before[9];
    memset(groups, 0x55, sizeof groups);
    memcpy(before, groups, sizeof before);
    static const int64_t CAPACITIES[] = {8, 0, -1, INT64_MIN};
    for (int64_t i = 0; i < LENGTH(CAPACITIES); i++) {
        ck_assert_int_eq(pmkt_rfm_summary(scores, 0, groups, sizeof *groups, CAPACITIES[i], NULL),
                         PMKT_E_INVALID);
    }
    static const int32_t BAD[] = {-1, 6, INT32_MIN, INT32_MAX};
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        ck_assert_int_eq(pmkt_rfm_summary(scores, BAD[i], groups, sizeof *groups, 9, NULL),
                         PMKT_E_INVALID);
    }
    ck_assert_mem_eq(groups, before, sizeof groups);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

/* -------------------------------------------------------------------- matrix */

typedef struct pair {
    pmkt_rfm_scores *before, *after;
} pair;

static pair scored(const pmkt_rfm *a, const pmkt_rfm *b, const pmkt_rfm_score_options *o) {
    return (pair){rfm_score(a, BEFORE, o), rfm_score(b, AFTER, o)};
}

static void pair_free(pair p) {
    pmkt_rfm_scores_free(p.before);
    pmkt_rfm_scores_free(p.after);
}

/* The code of a user in a grouping, by the columns; "absent" if there is no row. */
static int32_t code_of(const pmkt_rfm_scores *scores, int32_t by, uint64_t user) {
    const int64_t row = row_of(scores, user);
    const int32_t codes = pmkt_rfm_scores_codes(scores, by);
    if (row < 0) return codes;
    const pmkt_rfm_columns c = columns_of(scores);
    const int32_t base = c.bins ? c.bins + 1 : 4;
    switch (by) {
        case PMKT_RFM_BY_SEGMENT:
            return c.segment[row];
        case PMKT_RFM_BY_LIFECYCLE:
            return c.lifecycle[row];
        case PMKT_RFM_BY_TIER:
            return c.tier[row] == PMKT_RFM_TIER_UNKNOWN ? codes - 1 : c.tier[row];
        case PMKT_RFM_BY_BRAND_STAGE:
            return c.brand_stage[row];
        case PMKT_RFM_BY_ACTIVITY:
            return c.activity[row];
        default:
            return (c.r[row] * base + c.f[row]) * base + c.m[row];
    }
}

/* Checks the matrix and the users of its cells against the columns of both scorings. */
static void check_migration(pair p, int32_t by) {
    pmkt_rfm_migration *m = migrate(p.before, p.after, by);
    int32_t codes = -1;
    const int64_t *matrix = pmkt_rfm_migration_matrix(m, &codes);
    ck_assert_int_eq(codes, pmkt_rfm_scores_codes(p.before, by) + 1);
    const int32_t absent = codes - 1;
    int64_t listed = 0, in_before = 0, in_after = 0, wrong = 0;
    for (int32_t from = 0; from < codes; from++) {
        for (int32_t to = 0; to < codes; to++) {
            int64_t n = -1;
            const uint64_t *users = pmkt_rfm_migration_users(m, from, to, &n);
            ck_assert_int_eq(n, matrix[from * codes + to]);
            ck_assert(n == 0 || users);
            listed += n;
            in_before += from == absent ? 0 : n;
            in_after += to == absent ? 0 : n;
            for (int64_t i = 0; i < n; i++) {
                wrong +=
                    code_of(p.before, by, users[i]) != from || code_of(p.after, by, users[i]) != to;
                const int64_t row = row_of(p.after, users[i]);
                if (i > 0 && row >= 0) wrong += row <= row_of(p.after, users[i - 1]);
            }
        }
    }
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(in_before, columns_of(p.before).rows);
    ck_assert_int_eq(in_after, columns_of(p.after).rows);
    ck_assert_int_eq(matrix[absent * codes + absent], 0);
    int64_t both = 0;
    for (int64_t i = 0; i < columns_of(p.before).rows; i++) {
        both += row_of(p.after, columns_of(p.before).user[i]) >= 0;
    }
    ck_assert_int_eq(listed, in_before + in_after - both); /* every user stands once */
    pmkt_rfm_migration_free(m);
}

START_TEST(every_user_stands_in_the_cell_of_their_codes) {
    pmkt_rfm *a = random_state(2, scaled(400, 100)), *b = random_state(3, scaled(300, 80));
    (void)rfm_forget_one(b, 7, AFTER);
    for (int32_t scheme = PMKT_RFM_THRESHOLD; scheme <= PMKT_RFM_QUANTILE; scheme++) {
        pmkt_rfm_score_options o = PMKT_RFM_SCORE_OPTIONS_INIT;
        o.scheme = scheme;
        const pair p = scored(a, b, &o);
        for (int32_t by = PMKT_RFM_BY_SEGMENT; by <= PMKT_RFM_BY_CELL; by++) check_migration(p, by);
        pair_free(p);
    }
    pmkt_rfm_free(a);
    pmkt_rfm_free(b);
}
END_TEST

START_TEST(names_are_those_of_the_grouping_and_absent) {
    pmkt_rfm *rfm = random_state(4, 50);
    const pair p = scored(rfm, rfm, NULL);
    pmkt_rfm_migration *m = migrate(p.before, p.after, PMKT_RFM_BY_LIFECYCLE);
    pair_free(p); /* the migration keeps copies only */
    pmkt_rfm_free(rfm);
    static const char *const NAMES[] = {"new", "growth", "mature", "churned", "absent"};
    int32_t codes = 0;
    ck_assert_ptr_nonnull(pmkt_rfm_migration_matrix(m, &codes));
    ck_assert_int_eq(codes, 5);
    for (int32_t i = 0; i < 5; i++) ck_assert_str_eq(pmkt_rfm_migration_name(m, i), NAMES[i]);
    static const int32_t BAD[] = {-1, 5, INT32_MIN, INT32_MAX};
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        int64_t n = 77;
        ck_assert_ptr_null(pmkt_rfm_migration_name(m, BAD[i]));
        ck_assert_ptr_null(pmkt_rfm_migration_users(m, BAD[i], 0, &n));
        ck_assert_int_eq(n, 0);
        n = 77;
        ck_assert_ptr_null(pmkt_rfm_migration_users(m, 0, BAD[i], &n));
        ck_assert_int_eq(n, 0);
    }
    pmkt_rfm_migration_free(m);
}
END_TEST

START_TEST(two_empty_scorings_have_an_empty_matrix) {
    pmkt_rfm *rfm = rfm_history();
    const pair p = scored(rfm, rfm, NULL);
    for (int32_t by = PMKT_RFM_BY_SEGMENT; by <= PMKT_RFM_BY_CELL; by++) check_migration(p, by);
    pmkt_rfm_migration *m = migrate(p.before, p.after, PMKT_RFM_BY_SEGMENT);
    pmkt_rfm_rates r = PMKT_RFM_RATES_INIT;
    const pmkt_rfm_rates nothing = PMKT_RFM_RATES_INIT;
    ck_assert_int_eq(pmkt_rfm_migration_rates(m, &r, NULL), PMKT_OK);
    ck_assert_mem_eq(&r, &nothing, sizeof r);
    for (int32_t list = 0; list < 2; list++) {
        int64_t n = 77;
        (void)pmkt_rfm_migration_list(m, list, &n);
        ck_assert_int_eq(n, 0);
    }
    pmkt_rfm_migration_free(m);
    pair_free(p);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(scorings_with_different_names_do_not_compare) {
    pmkt_rfm *rfm = random_state(5, 50);
    static const pmkt_rfm_tier TIERS[2] = {{"silver", 0}, {"platinum", 500000}};
    static const pmkt_rfm_tier BOUNDS[2] = {{"silver", 0}, {"gold", 700000}};
    pmkt_rfm_score_options other = PMKT_RFM_SCORE_OPTIONS_INIT;
    other.tiers = TIERS;
    other.n_tiers = 2;
    pmkt_rfm_score_options bounds = other;
    bounds.tiers = BOUNDS;
    pmkt_rfm_score_options quantile = PMKT_RFM_SCORE_OPTIONS_INIT;
    quantile.scheme = PMKT_RFM_QUANTILE;
    pmkt_rfm_scores *plain = rfm_score(rfm, BEFORE, NULL), *named = rfm_score(rfm, AFTER, &other);
    pmkt_rfm_scores *same = rfm_score(rfm, AFTER, &bounds);
    pmkt_rfm_scores *q = rfm_score(rfm, AFTER, &quantile);
    pmkt_rfm_migration *m = NULL;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_migrate(plain, named, PMKT_RFM_BY_TIER, NULL, &m, &err),
                     PMKT_E_MISMATCH);
    ck_assert_uint_gt(strlen(err.message), 0);
    ck_assert_int_eq(pmkt_rfm_migrate(plain, q, PMKT_RFM_BY_SEGMENT, NULL, &m, NULL),
                     PMKT_E_MISMATCH);
    ck_assert_int_eq(pmkt_rfm_migrate(plain, q, PMKT_RFM_BY_CELL, NULL, &m, NULL), PMKT_E_MISMATCH);
    ck_assert_ptr_null(m);
    pmkt_rfm_migration_free(migrate(plain, named, PMKT_RFM_BY_SEGMENT));
    pmkt_rfm_migration_free(migrate(plain, same, PMKT_RFM_BY_TIER));
    pmkt_rfm_scores_free(plain);
    pmkt_rfm_scores_free(named);
    pmkt_rfm_scores_free(same);
    pmkt_rfm_scores_free(q);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(groupings_that_do_not_exist_are_refused) {
    pmkt_rfm *rfm = random_state(6, 20);
    pmkt_rfm_score_options six = PMKT_RFM_SCORE_OPTIONS_INIT;
    six.scheme = PMKT_RFM_QUANTILE;
    six.bins = 6;
    const pair p = scored(rfm, rfm, &six);
    pmkt_rfm_migration *m = NULL;
    static const int32_t BAD[] = {-1, 6, INT32_MIN, INT32_MAX, PMKT_RFM_BY_CELL};
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_rfm_migrate(p.before, p.after, BAD[i], NULL, &m, &err),
                         PMKT_E_INVALID);
        ck_assert_uint_gt(strlen(err.message), 0);
        ck_assert_ptr_null(m);
    }
    pair_free(p);
    pmkt_rfm_free(rfm);
}
END_TEST

/* ------------------------------------------------------------- rates and lists */

/* Orders such that activity is known by hand: `before` and `after` days before each date, or -1. */
static void add_mover(pmkt_rfm *rfm, uint64_t user, int32_t before, int32_t after, int64_t amount) {
    if (before >= 0) rfm_add_order(rfm, user, BEFORE - before * DAY, 0, amount);
    if (after >= 0) rfm_add_order(rfm, user, AFTER - after * DAY, 0, amount);
}

START_TEST(rates_are_those_of_a_hand_made_case) {
    pmkt_rfm *rfm = rfm_history();
    add_mover(rfm, 1, 120, 5, 100);  /* dormant, then active */
    add_mover(rfm, 2, 120, -1, 100); /* dormant, then dormant and churned (211 days) */
    add_mover(rfm, 3, 300, 50, 100); /* churned, then cooling */
    add_mover(rfm, 4, 5, -1, 100);   /* active, then dormant (96 days) */
    add_mover(rfm, 5, 5, 5, 100);    /* active, still active */
    add_mover(rfm, 6, 60, -1, 100);  /* cooling, then dormant (151 days) */
    add_mover(rfm, 7, -1, 5, 100);   /* new */
    add_mover(rfm, 8, 300, -1, 100); /* churned, and still */
    rfm_add_event(rfm, 9, BEFORE - DAY, PMKT_KIND_VIEW); /* no buyer at either date */
    add_mover(rfm, 10, 89, -1, 100);                     /* cooling, then churned (180 days) */
    const pair p = scored(rfm, rfm, NULL);
    pmkt_rfm_migration *m = migrate(p.before, p.after, PMKT_RFM_BY_ACTIVITY);
    pmkt_rfm_rates r = PMKT_RFM_RATES_INIT;
    ck_assert_int_eq(pmkt_rfm_migration_rates(m, &r, NULL), PMKT_OK);
    ck_assert_int_eq(r.customers, 9);         /* all but user 7 */
    ck_assert_int_eq(r.moved, 5);             /* 1, 3, 4, 6, 10 */
    ck_assert_int_eq(r.dormant_before, 4);    /* 1, 2, 3, 8 */
    ck_assert_int_eq(r.dormant_to_active, 1); /* 1 */
    ck_assert_int_eq(r.active_before, 2);     /* 4, 5 */
    ck_assert_int_eq(r.active_to_dormant, 1); /* 4 */
    ck_assert_int_eq(r.buyers_before, 8);     /* all but 7 and 9 */
    ck_assert_int_eq(r.churned_before, 2);    /* 3, 8 */
    ck_assert_int_eq(r.newly_churned, 2);     /* 2, 10 */
    ck_assert_double_eq(r.moved_rate, 5.0 / 9);
    ck_assert_double_eq(r.dormant_to_active_rate, 0.25);
    ck_assert_double_eq(r.active_to_dormant_rate, 0.5);
    ck_assert_double_eq(r.churn_rate, 2.0 / 6);
    int64_t n = 0;
    const uint64_t *fresh = pmkt_rfm_migration_users(m, 4, PMKT_RFM_BAND_HIGH, &n);
    ck_assert_int_eq(n, 1);
    ck_assert_uint_eq(fresh[0], 7);
    pmkt_rfm_migration_free(m);
    pair_free(p);
    pmkt_rfm_free(rfm);
}
END_TEST

START_TEST(who_is_gone_counts_at_the_first_date_only) {
    pmkt_rfm *a = rfm_history(), *b = rfm_history();
    add_mover(a, 1, 120, -1, 100);
    add_mover(a, 2, 5, -1, 100);
    const pair p = scored(a, b, NULL);
    pmkt_rfm_migration *m = migrate(p.before, p.after, PMKT_RFM_BY_SEGMENT);
    pmkt_rfm_rates r = PMKT_RFM_RATES_INIT;
    ck_assert_int_eq(pmkt_rfm_migration_rates(m, &r, NULL), PMKT_OK);
    ck_assert_int_eq(r.customers, 0);
    ck_assert_int_eq(r.moved, 0);
    ck_assert_int_eq(r.dormant_before, 1);
    ck_assert_int_eq(r.active_before, 1);
    ck_assert_int_eq(r.buyers_before, 2);
    ck_assert_int_eq(r.newly_churned, 0);
    ck_assert_double_eq(r.moved_rate, 0);
    ck_assert_double_eq(r.churn_rate, 0);
    pmkt_rfm_migration_free(m);
    pair_free(p);
    pmkt_rfm_free(a);
    pmkt_rfm_free(b);
}
END_TEST

START_TEST(the_lists_hold_whom_to_win_back_and_who_was_by_revenue_then_id) {
    pmkt_rfm *rfm = rfm_history();
    add_mover(rfm, 1, 5, -1, 100);    /* active before */
    add_mover(rfm, 2, 60, -1, 900);   /* cooling before */
    add_mover(rfm, 3, 7, -1, 100);    /* as much as user 1, of a higher id */
    add_mover(rfm, 4, 120, -1, 5000); /* was dormant already */
    add_mover(rfm, 5, 5, 50, 5000);   /* only cooling now */
    add_mover(rfm, 6, 120, 5, 100);   /* came back */
    add_mover(rfm, 7, 400, 30, 700);  /* and more of it */
    add_mover(rfm, 8, 120, 31, 700);  /* cooling: not yet won back */
    add_mover(rfm, 9, -1, 5, 700);    /* new */
    add_mover(rfm, 20, 8, -1, 0);     /* an order of nothing is none */
    const pair p = scored(rfm, rfm, NULL);
    for (int32_t by = PMKT_RFM_BY_SEGMENT; by <= PMKT_RFM_BY_CELL; by++) {
        pmkt_rfm_migration *m = migrate(p.before, p.after, by);
        int64_t n = -1;
        const uint64_t *lost = pmkt_rfm_migration_list(m, PMKT_RFM_LIST_WIN_BACK, &n);
        static const uint64_t LOST[] = {2, 1, 3};
        ck_assert_int_eq(n, LENGTH(LOST));
        ck_assert_mem_eq(lost, LOST, sizeof LOST);
        const uint64_t *won = pmkt_rfm_migration_list(m, PMKT_RFM_LIST_WON_BACK, &n);
        static const uint64_t WON[] = {7, 6};
        ck_assert_int_eq(n, LENGTH(WON));
        ck_assert_mem_eq(won, WON, sizeof WON);
        static const int32_t BAD[] = {-1, 2, INT32_MIN, INT32_MAX};
        for (int64_t i = 0; i < LENGTH(BAD); i++) {
            n = 77;
            ck_assert_ptr_null(pmkt_rfm_migration_list(m, BAD[i], &n));
            ck_assert_int_eq(n, 0);
        }
        pmkt_rfm_migration_free(m);
    }
    pair_free(p);
    pmkt_rfm_free(rfm);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm migration");
    TOPIC(suite, "summary", groups_hold_what_their_customers_hold,
          shares_and_sums_of_every_grouping_are_those_of_all, no_customers_have_no_shares,
          a_total_that_is_not_positive_has_no_shares_of_revenue,
          too_little_room_is_refused_untouched);
    TOPIC(suite, "matrix", every_user_stands_in_the_cell_of_their_codes,
          names_are_those_of_the_grouping_and_absent, two_empty_scorings_have_an_empty_matrix,
          scorings_with_different_names_do_not_compare, groupings_that_do_not_exist_are_refused);
    TOPIC(suite, "rates and lists", rates_are_those_of_a_hand_made_case,
          who_is_gone_counts_at_the_first_date_only,
          the_lists_hold_whom_to_win_back_and_who_was_by_revenue_then_id);
    return suite_run(suite);
}
