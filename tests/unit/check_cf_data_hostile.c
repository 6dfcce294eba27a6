/*
 * check_cf_data_hostile.c - training data: calls that make no sense, structs of other releases, and shapes
 * that no shop has but some caller will.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/loop.h"
#include "support/random.h"
#include "support/suite.h"

/* Checks that a call was refused as invalid, that it said why, and that it does so without `err`. */
#define CHECK_INVALID(call_with_err) \
    do { \
        pmkt_error error_ = {0}, *err = &error_; \
        ck_assert_int_eq((call_with_err), PMKT_E_INVALID); \
        ck_assert_int_eq(error_.code, PMKT_E_INVALID); \
        ck_assert_uint_gt(strlen(error_.message), 0); \
        err = NULL; \
        ck_assert_int_eq((call_with_err), PMKT_E_INVALID); \
    } while (0)

static pmkt_cf_matrix by_user_of(const pmkt_cf_data *d) {
    pmkt_cf_matrix u = PMKT_CF_MATRIX_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_matrix(d, &u, NULL, &err), err);
    return u;
}

static pmkt_cf_data_counts counts_of(const pmkt_cf_data *d) {
    pmkt_cf_data_counts c = PMKT_CF_DATA_COUNTS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_info(d, &c, &err), err);
    return c;
}

/* --------------------------------------------------------------------- NULL */

START_TEST(calls_need_their_pointers) {
    const pmkt_events events = PMKT_EVENTS_INIT;
    const pmkt_cf_matrix matrix = PMKT_CF_MATRIX_INIT;
    pmkt_cf_data_counts counts = PMKT_CF_DATA_COUNTS_INIT;
    pmkt_cf_builder *b = NULL;
    pmkt_cf_data *d = NULL;
    pmkt_error e;
    ck_assert_ok(pmkt_cf_builder_new(NULL, 0, &b, &e), e);
    CHECK_INVALID(pmkt_cf_data_from_events(NULL, NULL, NULL, NULL, &d, err));
    CHECK_INVALID(pmkt_cf_data_from_events(&events, NULL, NULL, NULL, NULL, err));
    CHECK_INVALID(pmkt_cf_builder_new(NULL, 0, NULL, err));
    CHECK_INVALID(pmkt_cf_builder_new(NULL, -1, &b, err));
    CHECK_INVALID(pmkt_cf_builder_add(NULL, &events, NULL, NULL, err));
    CHECK_INVALID(pmkt_cf_builder_add(b, NULL, NULL, NULL, err));
    CHECK_INVALID(pmkt_cf_builder_build(NULL, NULL, NULL, &d, err));
    CHECK_INVALID(pmkt_cf_builder_build(b, NULL, NULL, NULL, err));
    CHECK_INVALID(pmkt_cf_data_from_matrix(NULL, NULL, NULL, &d, err));
    CHECK_INVALID(pmkt_cf_data_from_matrix(&matrix, NULL, NULL, NULL, err));
    CHECK_INVALID(pmkt_cf_data_matrix(NULL, NULL, NULL, err));
    CHECK_INVALID(pmkt_cf_data_info(NULL, &counts, err));
    ck_assert_ok(pmkt_cf_builder_build(b, NULL, NULL, &d, &e), e);
    CHECK_INVALID(pmkt_cf_data_info(d, NULL, err));
    ck_assert_ok(pmkt_cf_data_matrix(d, NULL, NULL, &e), e);
    ck_assert_ptr_null(pmkt_cf_data_retain(NULL));
    pmkt_cf_data_release(d);
    pmkt_cf_builder_free(b);
}
END_TEST

START_TEST(a_matrix_needs_its_columns) {
    const int64_t at[] = {0, 1};
    pmkt_cf_data *d = NULL;
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = m.items = 1;
    CHECK_INVALID(pmkt_cf_data_from_matrix(&m, NULL, NULL, &d, err));
    m.at = at;
    CHECK_INVALID(pmkt_cf_data_from_matrix(&m, NULL, NULL, &d, err));
    m.users = -1;
    CHECK_INVALID(pmkt_cf_data_from_matrix(&m, NULL, NULL, &d, err));
    m.users = 1, m.items = -1;
    CHECK_INVALID(pmkt_cf_data_from_matrix(&m, NULL, NULL, &d, err));
    ck_assert_ptr_null(d);
}
END_TEST

/* ------------------------------------------------------------ other releases */

/* Each struct with room behind it, as a caller of a later release has. */
START_TEST(a_struct_of_a_later_release_is_taken_if_its_tail_is_zero) {
    struct {
        pmkt_cf_data_options o;
        uint8_t tail[16];
    } options = {PMKT_CF_DATA_OPTIONS_INIT, {0}};
    struct {
        pmkt_cf_matrix m;
        uint8_t tail[16];
    } matrix = {PMKT_CF_MATRIX_INIT, {0}}, out;
    struct {
        pmkt_cf_data_counts c;
        uint8_t tail[16];
    } counts;
    const pmkt_events none = PMKT_EVENTS_INIT;
    pmkt_cf_data *d = NULL;
    pmkt_error e;
    options.o.struct_size = sizeof options;
    ck_assert_ok(pmkt_cf_data_from_events(&none, &options.o, NULL, NULL, &d, &e), e);
    memset(&counts, 0xee, sizeof counts);
    counts.c.struct_size = sizeof counts;
    ck_assert_ok(pmkt_cf_data_info(d, &counts.c, &e), e);
    memset(&out, 0xee, sizeof out);
    out.m.struct_size = sizeof out;
    ck_assert_ok(pmkt_cf_data_matrix(d, &out.m, NULL, &e), e);
    ck_assert_uint_eq(counts.c.struct_size, sizeof counts);
    ck_assert_uint_eq(out.m.struct_size, sizeof out);
    for (int i = 0; i < 16; i++) REQUIRE(counts.tail[i] == 0 && out.tail[i] == 0);
    pmkt_cf_data_release(d);
    d = NULL;
    matrix.m.struct_size = sizeof matrix;
    ck_assert_ok(pmkt_cf_data_from_matrix(&matrix.m, NULL, NULL, &d, &e), e);
    pmkt_cf_data_release(d);
    d = NULL;
    options.tail[3] = matrix.tail[3] = 1;
    ck_assert_int_eq(pmkt_cf_data_from_events(&none, &options.o, NULL, NULL, &d, &e),
                     PMKT_E_UNSUPPORTED);
    ck_assert_int_eq(pmkt_cf_data_from_matrix(&matrix.m, NULL, NULL, &d, &e), PMKT_E_UNSUPPORTED);
    ck_assert_ptr_null(d);
}
END_TEST

START_TEST(a_struct_that_is_too_short_is_refused_and_nothing_written) {
    const pmkt_events none = PMKT_EVENTS_INIT;
    pmkt_cf_data *d = NULL;
    pmkt_error e;
    ck_assert_ok(pmkt_cf_data_from_events(&none, NULL, NULL, NULL, &d, &e), e);
    pmkt_cf_data_counts c = PMKT_CF_DATA_COUNTS_INIT;
    c.struct_size = 3;
    CHECK_INVALID(pmkt_cf_data_info(d, &c, err));
    pmkt_cf_matrix u = PMKT_CF_MATRIX_INIT, i = PMKT_CF_MATRIX_INIT;
    i.struct_size = 3;
    CHECK_INVALID(pmkt_cf_data_matrix(d, &u, &i, err));
    ck_assert_ptr_null(u.at);
    pmkt_cf_data_options o = PMKT_CF_DATA_OPTIONS_INIT;
    o.struct_size = 0;
    CHECK_INVALID(pmkt_cf_data_from_events(&none, &o, NULL, NULL, &d, err));
    pmkt_cf_data_release(d);
}
END_TEST

/* ------------------------------------------------------------------- reports */

START_TEST(the_report_tells_every_row_that_is_bad) {
    enum {
        N = 20000
    };
    uint64_t *user = malloc(N * 8), *item = malloc(N * 8);
    int64_t *time = calloc(N, 8);
    uint8_t expected[(N + 7) / 8] = {0}, bits[(N + 7) / 8];
    int64_t bad = 0, without = 0;
    random_seed(3);
    for (int i = 0; i < N; i++) {
        user[i] =
            i / 7000 == 1 ? 1 : (uint64_t)random_below(50); /* some blocks are without fault */
        item[i] = (uint64_t)random_below(50);
        if (user[i] == 0) expected[i / 8] |= (uint8_t)(1u << (i % 8));
        bad += user[i] == 0;
        without += user[i] != 0 && item[i] == 0;
    }
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = N, ev.user = user, ev.item = item, ev.time = time, ev.every_kind = PMKT_KIND_VIEW;
    ev.on_bad = PMKT_ON_BAD_SKIP;
    pmkt_report r = PMKT_REPORT_INIT;
    r.rejected_bits = bits;
    pmkt_cf_data *d = NULL;
    pmkt_error e;
    memset(bits, 0xff, sizeof bits);
    ck_assert_ok(pmkt_cf_data_from_events(&ev, NULL, NULL, &r, &d, &e), e);
    ck_assert_mem_eq(bits, expected, sizeof bits);
    ck_assert(r.rows == N && r.rejected == bad && r.ignored == without);
    ck_assert_int_eq(r.accepted, N - bad - without);
    pmkt_cf_data_release(d);
    d = NULL;
    pmkt_cf_builder *b = NULL;
    ck_assert_ok(pmkt_cf_builder_new(NULL, 0, &b, &e), e);
    memset(bits, 0xff, sizeof bits);
    ck_assert_ok(pmkt_cf_builder_add(b, &ev, NULL, &r, &e), e);
    ck_assert_mem_eq(bits, expected, sizeof bits);
    ck_assert_int_eq(r.accepted, N - bad - without);
    ev.on_bad = PMKT_ON_BAD_FAIL;
    ck_assert_int_eq(pmkt_cf_data_from_events(&ev, NULL, NULL, &r, &d, &e), PMKT_E_BAD_ROW);
    ck_assert_ptr_null(d);
    ck_assert(r.accepted == 0 && r.ignored == 0 && r.rejected == bad);
    ck_assert_uint_eq(user[r.first_bad], 0);
    ck_assert_int_eq(e.where, r.first_bad);
    pmkt_cf_builder_free(b);
    free(user), free(item), free(time);
}
END_TEST

START_TEST(what_says_more_of_liking_weighs_more) {
    static const int32_t ASCENDING[] = {PMKT_KIND_IMPRESSION, PMKT_KIND_VIEW, PMKT_KIND_SEARCH,
                                        PMKT_KIND_FAVORITE,   PMKT_KIND_CART, PMKT_KIND_ORDER};
    for (int64_t i = 1; i < LENGTH(ASCENDING); i++) {
        ck_assert(pmkt_cf_default_weight(ASCENDING[i]) > pmkt_cf_default_weight(ASCENDING[i - 1]));
    }
    ck_assert(pmkt_cf_default_weight(PMKT_KIND_IMPRESSION) > 0);
    ck_assert(pmkt_cf_default_weight(PMKT_KIND_REFUND) < 0);
    /* What is given back leaves nothing of the order. */
    ck_assert(pmkt_cf_default_weight(PMKT_KIND_REFUND) + pmkt_cf_default_weight(PMKT_KIND_ORDER) ==
              0);
    ck_assert(pmkt_cf_default_weight(PMKT_KIND_PAY) == 0);
    ck_assert(pmkt_cf_default_weight(-1) == 0 && pmkt_cf_default_weight(INT32_MAX) == 0);
}
END_TEST

/* -------------------------------------------------------------------- shapes */

/* One user who has everything, who is capped, and items of which nothing is left. */
START_TEST(one_user_may_have_very_many_items) {
    const int64_t n = scaled(100000, 40000);
    uint64_t *user = malloc((size_t)n * 8), *item = malloc((size_t)n * 8);
    int64_t *time = malloc((size_t)n * 8);
    for (int64_t i = 0; i < n; i++) user[i] = 9, item[i] = (uint64_t)(n - i), time[i] = i / 2;
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = n, ev.user = user, ev.item = item, ev.time = time, ev.every_kind = PMKT_KIND_VIEW;
    pmkt_cf_data_options o = PMKT_CF_DATA_OPTIONS_INIT;
    pmkt_cf_data *d = NULL;
    pmkt_error e;
    ck_assert_ok(pmkt_cf_data_from_events(&ev, &o, NULL, NULL, &d, &e), e);
    pmkt_cf_matrix u = by_user_of(d);
    ck_assert(u.users == 1 && u.items == n && u.at[1] == n);
    for (int64_t i = 0; i < n; i++) REQUIRE(u.item[i] == i && u.weight[i] == 1);
    pmkt_cf_data_release(d);
    o.max_items_per_user = 5;
    ck_assert_ok(pmkt_cf_data_from_events(&ev, &o, NULL, NULL, &d, &e), e);
    u = by_user_of(d);
    ck_assert(u.users == 1 && u.items == n && u.at[1] == 5);
    /* The latest, which have the lowest ids; of the third pair the lower id alone is kept. */
    for (int64_t i = 0; i < 5; i++) ck_assert_uint_eq(u.item_id[u.item[i]], (uint64_t)i + 1);
    ck_assert_int_eq(counts_of(d).capped, n - 5);
    pmkt_cf_data_release(d);
    free(user), free(item), free(time);
}
END_TEST

START_TEST(a_catalog_may_be_far_larger_than_what_is_known_of_it) {
    const int64_t items = scaled(5000000, 500000), at[] = {0, 2, 2, 3};
    const int32_t item[] = {(int32_t)items - 1, 0, (int32_t)items / 2};
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT, u = PMKT_CF_MATRIX_INIT, t = PMKT_CF_MATRIX_INIT;
    m.users = 3, m.items = items, m.at = at, m.item = item;
    pmkt_cf_data *d = NULL;
    pmkt_error e;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &d, &e), e);
    ck_assert_ok(pmkt_cf_data_matrix(d, &u, &t, &e), e);
    ck_assert(u.users == 3 && u.items == items && t.users == items);
    ck_assert(u.item[0] == 0 && u.item[1] == items - 1 && u.item[2] == items / 2);
    ck_assert(t.at[1] == 1 && t.at[items / 2] == 1 && t.at[items / 2 + 1] == 2);
    ck_assert(t.at[items] == 3 && t.item[1] == 2 && t.item[2] == 0);
    ck_assert(u.item_id[items - 1] == (uint64_t)items);
    pmkt_cf_data_release(d);
}
END_TEST

#define SIDE 12

/* Looks each pair up in a table of sums, by ids. */
static void check_against(const pmkt_cf_matrix *m, const pmkt_cf_data *d) {
    double sum[SIDE][SIDE] = {{0}};
    int known[SIDE][SIDE] = {{0}};
    int64_t pairs = 0, seen = 0;
    for (int64_t r = 0; r < m->users; r++) {
        for (int64_t i = m->at[r]; i < m->at[r + 1]; i++) {
            sum[r][m->item[i]] += m->weight ? (double)m->weight[i] : 1;
            pairs += known[r][m->item[i]]++ == 0;
        }
    }
    const pmkt_cf_matrix u = by_user_of(d);
    REQUIRE(u.users == m->users && u.items == m->items && u.at[u.users] == pairs);
    for (int64_t r = 0; r < m->users; r++) {
        const uint64_t user = m->user_id ? m->user_id[r] : (uint64_t)r + 1;
        int64_t row = 0;
        while (u.user_id[row] != user) REQUIRE(++row < u.users);
        REQUIRE(row == 0 || u.user_id[row] > u.user_id[row - 1]);
        for (int64_t i = u.at[row]; i < u.at[row + 1]; i++, seen++) {
            int64_t c = 0;
            const uint64_t id = u.item_id[u.item[i]];
            while ((m->item_id ? m->item_id[c] : (uint64_t)c + 1) != id) REQUIRE(++c < m->items);
            REQUIRE(i == u.at[row] || u.item[i] > u.item[i - 1]);
            REQUIRE(known[r][c] > 0 && u.weight[i] == (float)sum[r][c]);
            if (u.category) REQUIRE(u.category[u.item[i]] == m->category[c]);
        }
    }
    REQUIRE(seen == pairs);
    REQUIRE(counts_of(d).entries == pairs && counts_of(d).rows == 0);
    REQUIRE(counts_of(d).as_of_ms == PMKT_TIME_NULL);
}

START_TEST(any_matrix_is_kept_as_it_was_given) {
    for (uint64_t seed = 1; seed <= (uint64_t)scaled(5000, 200); seed++) {
        random_seed(seed);
        int64_t at[SIDE + 1] = {0}, order[SIDE];
        int32_t item[SIDE * SIDE * 2];
        float weight[SIDE * SIDE * 2];
        uint64_t user_id[SIDE], item_id[SIDE], category[SIDE];
        pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
        m.users = random_below(SIDE + 1), m.items = random_between(1, SIDE + 1);
        for (int64_t r = 0; r < m.users; r++) {
            at[r + 1] = at[r] + (random_below(3) ? random_below(2 * SIDE) : 0);
        }
        for (int64_t i = 0; i < at[m.users]; i++) {
            item[i] = (int32_t)random_below(m.items);
            weight[i] = (float)random_between(-40, 40) / 4; /* sums of these are exact */
        }
        for (int64_t i = 0; i < SIDE; i++) order[i] = i;
        random_shuffle(order, SIDE);
        for (int64_t i = 0; i < SIDE; i++) {
            user_id[i] = (uint64_t)(order[i] + 1) * UINT64_C(0x1234567890abcde);
            item_id[i] = UINT64_MAX - (uint64_t)order[i];
            category[i] = (uint64_t)random_below(3);
        }
        m.at = at, m.item = item;
        if (random_below(4)) m.weight = weight;
        if (random_below(3)) m.user_id = user_id;
        if (random_below(3)) m.item_id = item_id;
        if (random_below(2)) m.category = category;
        pmkt_cf_data *d = NULL;
        pmkt_error e;
        ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &d, &e), e);
        check_against(&m, d);
        /* What it tells is a matrix that makes the same. */
        const pmkt_cf_matrix out = by_user_of(d);
        pmkt_cf_data *again = NULL;
        ck_assert_ok(pmkt_cf_data_from_matrix(&out, NULL, NULL, &again, &e), e);
        REQUIRE(counts_of(again).hash == counts_of(d).hash);
        pmkt_cf_data_release(again);
        pmkt_cf_data_release(d);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cf_data_hostile");
    TOPIC(suite, "calls", calls_need_their_pointers, a_matrix_needs_its_columns,
          a_struct_of_a_later_release_is_taken_if_its_tail_is_zero,
          a_struct_that_is_too_short_is_refused_and_nothing_written,
          the_report_tells_every_row_that_is_bad, what_says_more_of_liking_weighs_more);
    TOPIC(suite, "shapes", one_user_may_have_very_many_items,
          a_catalog_may_be_far_larger_than_what_is_known_of_it, any_matrix_is_kept_as_it_was_given);
    return suite_run(suite);
}
