/*
 * check_purchase_file.c - models of purchases as files: what comes back is what was saved, and no
 * damage is more than a status or a wrong answer. Run it under the sanitizers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/faulty.h"
#include "support/files.h"
#include "support/loop.h"
#include "support/shop.h"
#include "support/suite.h"

enum {
    HEAD = 16,
    TRANSITIONS = 17,
    SESSION = 18,
    CART = 19
};

#define SUMMARY 80 /* bytes before the numbers of a logistic model */

/* Kinds of models: with curves, zone and classes, or without. */
enum {
    PLAIN,
    CURVED,
    ZONED,
    CHAINS, /* nobody buys */
    KINDS
};

static pmkt_purchase *small_model(int how, const pmkt_allocator *allocator) {
    static const uint64_t classes[] = {3, 1};
    static const pmkt_transition table[] = {{INT64_C(1000), 60, 0},
                                            {INT64_C(1709600000000), 120, 0}};
    random_seed(31);
    visits v = shop_make(300, 40);
    pmkt_events ev = visits_events(&v);
    const pmkt_column column = {"page", v.item, PMKT_TYPE_UINT64, 0};
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    pmkt_purchase_options o = PMKT_PURCHASE_OPTIONS_INIT;
    pmkt_zone zone = PMKT_ZONE_INIT;
    chains.order = 2, chains.allocator = allocator;
    if (how == CURVED) o.calibration = PMKT_CALIBRATION_ISOTONIC;
    if (how == ZONED) {
        zone.offset_minutes = -90, zone.transitions = table, zone.n_transitions = 2;
        o.zone = &zone, o.calibration = PMKT_CALIBRATION_NONE, o.cart_ms = HOUR;
        chains.classes = classes, chains.n_classes = 2, chains.class_column = "page";
        chains.by_session = 1, ev.extra = &column, ev.n_extra = 1;
    }
    for (int64_t i = 0; i < v.n && how == CHAINS; i++) {
        if (v.kind[i] == PMKT_KIND_ORDER) v.kind[i] = PMKT_KIND_PAY;
    }
    pmkt_purchase *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_purchase_fit(&ev, &chains, &o, NULL, NULL, &model, &err), err);
    visits_free(&v);
    return model;
}

static file_bytes bytes_of(const pmkt_purchase *model, const pmkt_save_options *options) {
    pmkt_buffer *buffer = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_purchase_save_memory(model, options, NULL, &buffer, &err), err);
    file_bytes f = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return f;
}

static file_bytes small_file(int how) {
    pmkt_purchase *model = small_model(how, NULL);
    file_bytes f = bytes_of(model, NULL);
    pmkt_purchase_release(model);
    return f;
}

/* Everything that a model says of some events; a digest of it goes to `said`, if it is asked for. */
static void ask(const pmkt_purchase *model, double *said) {
    enum {
        ROWS = 40
    };
    uint64_t user[ROWS], item[ROWS];
    int64_t time[ROWS];
    uint16_t kind[ROWS];
    for (int i = 0; i < ROWS; i++) {
        user[i] = 1 + (uint64_t)(i / 20), item[i] = (uint64_t)(i * i % 7);
        time[i] = INT64_C(1709500000000) + i * INT64_C(9000000) / (1 + i % 3);
        kind[i] = (uint16_t)(i % 13 == 12 ? 300 : 2 + i % 9);
    }
    pmkt_events ev = PMKT_EVENTS_INIT;
    const pmkt_column column = {"page", item, PMKT_TYPE_UINT64, 0};
    ev.rows = ROWS, ev.user = user, ev.time = time, ev.kind = kind, ev.item = ev.category = item;
    ev.extra = &column, ev.n_extra = 1;
    double p[5][ROWS * PMKT_INTENT_TOP] = {{0}};
    uint32_t next[ROWS * PMKT_INTENT_TOP];
    pmkt_purchase_facts facts = PMKT_PURCHASE_FACTS_INIT;
    REQUIRE(pmkt_purchase_info(model, &facts, NULL) == PMKT_OK);
    pmkt_purchase_scores out = PMKT_PURCHASE_SCORES_INIT;
    if (facts.rows > 0) out.p_goal = p[0];
    out.p_cart = p[1], out.time_ms = p[2], out.next_p = p[3], out.next = next;
    const pmkt_status status = pmkt_purchase_score(model, &ev, NULL, NULL, &out, NULL);
    REQUIRE(status == PMKT_OK || status == PMKT_E_INVALID); /* a forged name of a column */
    double *odds = malloc((size_t)ROWS * ((size_t)facts.features + 1) * sizeof *odds);
    for (int32_t which = 0; which < 2; which++) {
        const pmkt_logistic *l = pmkt_purchase_logistic(model, which);
        REQUIRE((l != NULL) == ((which ? facts.cart_rows : facts.rows) > 0));
        if (!l) continue;
        pmkt_logistic_facts of = PMKT_LOGISTIC_FACTS_INIT;
        REQUIRE(pmkt_logistic_info(l, &of, NULL) == PMKT_OK && of.columns == facts.features);
        REQUIRE(pmkt_purchase_explain(model, which, &ev, NULL, ROWS, NULL, NULL, odds, NULL) ==
                status);
    }
    free(odds);
    for (int32_t i = 0; i < facts.features; i++) REQUIRE(pmkt_purchase_feature(model, i)[0]);
    if (said) memcpy(said, p, sizeof p);
}

static pmkt_status load_status(const file_bytes *f) {
    pmkt_purchase *model = NULL;
    const pmkt_status status = pmkt_purchase_load_memory(f->at, f->n, NULL, NULL, &model, NULL);
    REQUIRE((status == PMKT_OK) == (model != NULL));
    if (status) return status;
    ask(model, NULL);
    pmkt_purchase_release(model);
    return PMKT_OK;
}

/* ------------------------------------------------------------------ round trips */

static void check_same_settings(const pmkt_purchase *a, const pmkt_purchase *b) {
    pmkt_purchase_options p = PMKT_PURCHASE_OPTIONS_INIT, q = PMKT_PURCHASE_OPTIONS_INIT;
    pmkt_intent_options x = PMKT_INTENT_OPTIONS_INIT, y = PMKT_INTENT_OPTIONS_INIT;
    ck_assert_int_eq(pmkt_purchase_settings(a, &p, &x, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_purchase_settings(b, &q, &y, NULL), PMKT_OK);
    ck_assert(p.calibration == q.calibration && p.l2 == q.l2 && p.rows == q.rows);
    ck_assert(p.cart_ms == q.cart_ms && p.zone->offset_minutes == q.zone->offset_minutes);
    ck_assert_int_eq(p.zone->n_transitions, q.zone->n_transitions);
    ck_assert(x.order == y.order && x.gap_ms == y.gap_ms && x.goal == y.goal);
    ck_assert(x.by_session == y.by_session && x.n_classes == y.n_classes);
    ck_assert(!x.class_column == !y.class_column);
    ck_assert(!x.class_column || strcmp(x.class_column, y.class_column) == 0);
}

static void check_same(const pmkt_purchase *a, const pmkt_purchase *b) {
    static double x[5 * 40 * PMKT_INTENT_TOP], y[5 * 40 * PMKT_INTENT_TOP];
    ask(a, x), ask(b, y);
    ck_assert(memcmp(x, y, sizeof x) == 0);
    pmkt_purchase_facts of_a = PMKT_PURCHASE_FACTS_INIT, of_b = PMKT_PURCHASE_FACTS_INIT;
    ck_assert_int_eq(pmkt_purchase_info(a, &of_a, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_purchase_info(b, &of_b, NULL), PMKT_OK);
    ck_assert(memcmp(&of_a, &of_b, sizeof of_a) == 0);
    check_same_settings(a, b);
    for (int32_t which = 0; which < 2; which++) {
        const pmkt_logistic *l = pmkt_purchase_logistic(a, which);
        pmkt_logistic_facts p = PMKT_LOGISTIC_FACTS_INIT, q = PMKT_LOGISTIC_FACTS_INIT;
        if (!l) continue;
        ck_assert_int_eq(pmkt_logistic_info(l, &p, NULL), PMKT_OK);
        ck_assert_int_eq(pmkt_logistic_info(pmkt_purchase_logistic(b, which), &q, NULL), PMKT_OK);
        ck_assert(memcmp(&p, &q, sizeof p) == 0);
        double tables[8][100];
        const pmkt_logistic_table s = {sizeof s, 0, tables[0], tables[1], tables[2], tables[3]};
        const pmkt_logistic_table t = {sizeof t, 0, tables[4], tables[5], tables[6], tables[7]};
        memset(tables, 0, sizeof tables);
        ck_assert_int_eq(pmkt_logistic_coefficients(l, &s, NULL), PMKT_OK);
        ck_assert_int_eq(pmkt_logistic_coefficients(pmkt_purchase_logistic(b, which), &t, NULL),
                         PMKT_OK);
        ck_assert(memcmp(tables, tables + 4, sizeof tables / 2) == 0);
    }
}

START_TEST(what_is_loaded_is_what_was_saved) {
    for (int how = 0; how < KINDS; how++) {
        const char *path = scratch_path("purchase");
        pmkt_purchase *model = small_model(how, NULL), *loaded = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_purchase_save(model, path, NULL, NULL, &err), err);
        ck_assert_ok(pmkt_purchase_load(path, NULL, NULL, &loaded, &err), err);
        file_bytes x = bytes_of(model, NULL), y = bytes_of(loaded, NULL);
        ck_assert_uint_eq(x.n, y.n);
        ck_assert(memcmp(x.at, y.at, x.n) == 0);
        ck_assert(file_is(path, x.at, x.n));
        check_same(model, loaded);
        pmkt_file_info info = PMKT_FILE_INFO_INIT;
        ck_assert_ok(pmkt_file_inspect(path, &info, &err), err);
        ck_assert_int_eq(info.kind, PMKT_FILE_PURCHASE);
        pmkt_purchase_release(model);
        pmkt_purchase_release(loaded);
        file_free(&x);
        file_free(&y);
    }
}
END_TEST

START_TEST(compressed_is_the_same) {
    pmkt_save_options o = PMKT_SAVE_OPTIONS_INIT;
    o.compression = 3;
    pmkt_purchase *model = small_model(CURVED, NULL), *loaded = NULL;
    pmkt_buffer *buffer = NULL;
    const pmkt_status status = pmkt_purchase_save_memory(model, &o, NULL, &buffer, NULL);
    if (status == PMKT_OK) {
        ck_assert_int_eq(
            pmkt_purchase_load_memory(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer), NULL,
                                      NULL, &loaded, NULL),
            PMKT_OK);
        check_same(model, loaded);
    } else {
        ck_assert_int_eq(status, PMKT_E_UNSUPPORTED);
    }
    pmkt_buffer_free(buffer);
    pmkt_purchase_release(loaded);
    pmkt_purchase_release(model);
}
END_TEST

START_TEST(max_bytes_is_the_models_bytes) {
    for (int how = 0; how < KINDS; how++) {
        faulty memory = {0};
        const pmkt_allocator allocator = faulty_allocator(&memory);
        pmkt_purchase *model = small_model(how, &allocator), *again = NULL;
        pmkt_purchase_facts facts = PMKT_PURCHASE_FACTS_INIT;
        ck_assert_int_eq(pmkt_purchase_info(model, &facts, NULL), PMKT_OK);
        ck_assert_int_eq(facts.bytes, memory.bytes);
        file_bytes f = bytes_of(model, NULL);
        pmkt_load_options o = PMKT_LOAD_OPTIONS_INIT;
        o.max_bytes = facts.bytes - 1;
        ck_assert_int_eq(pmkt_purchase_load_memory(f.at, f.n, &o, NULL, &again, NULL),
                         PMKT_E_LIMIT);
        ck_assert_ptr_null(again);
        o.max_bytes = facts.bytes;
        ck_assert_int_eq(pmkt_purchase_load_memory(f.at, f.n, &o, NULL, &again, NULL), PMKT_OK);
        pmkt_purchase_release(again);
        pmkt_purchase_release(model);
        faulty_check_empty(&memory);
        file_free(&f);
    }
}
END_TEST

/* A file of one kind is not one of another. */
START_TEST(kinds_of_files_are_told_apart) {
    pmkt_purchase *model = small_model(PLAIN, NULL), *loaded = NULL;
    pmkt_intent *chains = NULL;
    pmkt_buffer *buffer = NULL;
    ck_assert_int_eq(
        pmkt_intent_save_memory(pmkt_purchase_chains(model), NULL, NULL, &buffer, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_purchase_load_memory(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer),
                                               NULL, NULL, &loaded, NULL),
                     PMKT_E_FORMAT);
    pmkt_buffer_free(buffer);
    file_bytes f = bytes_of(model, NULL);
    ck_assert_int_eq(pmkt_intent_load_memory(f.at, f.n, NULL, NULL, &chains, NULL), PMKT_E_FORMAT);
    ck_assert_ptr_null(loaded);
    ck_assert_ptr_null(chains);
    file_free(&f);
    pmkt_purchase_release(model);
}
END_TEST

/* ----------------------------------------------------------------------- damage */

START_TEST(no_part_of_a_file_is_a_model) {
    file_bytes f = small_file(ZONED);
    for (size_t n = 0; n < f.n; n += (size_t)scaled(1, 7)) {
        file_bytes part = file_copy(f.at, n);
        const pmkt_status status = load_status(&part);
        REQUIRE(status == PMKT_E_FORMAT || status == PMKT_E_CORRUPT || status == PMKT_E_INVALID);
        file_free(&part);
    }
    file_free(&f);
}
END_TEST

START_TEST(no_changed_byte_is_loaded) {
    for (int how = 0; how < KINDS; how++) {
        file_bytes f = small_file(how);
        for (size_t i = 0; i < f.n; i += (size_t)scaled(3, 31)) {
            f.at[i] ^= (unsigned char)(1u << i % 8);
            const pmkt_status status = load_status(&f);
            REQUIRE(status == PMKT_E_FORMAT || status == PMKT_E_CORRUPT);
            f.at[i] ^= (unsigned char)(1u << i % 8);
        }
        ck_assert_int_eq(load_status(&f), PMKT_OK);
        file_free(&f);
    }
}
END_TEST

static void forge(const file_bytes *f, size_t i, unsigned char with) {
    file_bytes forged = file_copy(f->at, f->n);
    forged.at[i] = with;
    file_sign(&forged);
    const pmkt_status status = load_status(&forged);
    REQUIRE(status == PMKT_OK || status == PMKT_E_CORRUPT || status == PMKT_E_FORMAT ||
            status == PMKT_E_UNSUPPORTED);
    file_free(&forged);
}

/* Every byte of this module's sections, and some of the chains'. */
START_TEST(forged_files_do_no_harm) {
    static const unsigned char with[] = {0x00, 0x01, 0x41, 0x7f, 0x80, 0xff};
    for (int how = 0; how < KINDS; how++) {
        file_bytes f = small_file(how);
        size_t length = 0;
        const size_t own = file_section(&f, HEAD, &length);
        for (size_t i = 0; i < own; i += (size_t)scaled(61, 997)) {
            for (size_t k = 0; k < sizeof with; k++) forge(&f, i, with[k]);
        }
        for (size_t i = own; i < f.n; i += (size_t)scaled(5, 53)) {
            for (size_t k = 0; k < sizeof with; k++) forge(&f, i, with[k]);
        }
        file_free(&f);
    }
}
END_TEST

typedef struct wrong {
    int how;
    uint32_t section;
    size_t at;
    uint64_t value;
    int bits;
} wrong;

static void check_wrong(const wrong *bad, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        file_bytes forged = small_file(bad[i].how);
        ck_assert_int_eq(load_status(&forged), PMKT_OK);
        size_t length = 0;
        const size_t at = file_section(&forged, bad[i].section, &length) + bad[i].at;
        ck_assert_uint_lt(bad[i].at, length);
        if (bad[i].bits == 32)
            set32(&forged, at, (uint32_t)bad[i].value);
        else
            set64(&forged, at, bad[i].value);
        file_sign(&forged);
        const pmkt_status status = load_status(&forged);
        ck_assert_msg(status == PMKT_E_CORRUPT, "case %d: %d", (int)i, (int)status);
        file_free(&forged);
    }
}

#define DOUBLE_NAN UINT64_C(0x7ff8000000000000)
#define DOUBLE_INF UINT64_C(0x7ff0000000000000)
#define DOUBLE_MINUS UINT64_C(0xbff0000000000000)

/* Numbers that make no sense, one at a time: section, offset, bytes. */
START_TEST(each_rule_of_the_head_is_checked) {
    const wrong bad[] = {
        {PLAIN, HEAD, 0, UINT64_MAX, 64},
        {PLAIN, HEAD, 0, 0, 64}, /* but there is a model of the session */
        {PLAIN, HEAD, 8, UINT64_MAX, 64},
        {PLAIN, HEAD, 8, 0, 64},
        {CHAINS, HEAD, 0, 7, 64}, /* but there is none */
        {CHAINS, HEAD, 8, 7, 64},
        {PLAIN, HEAD, 16, 0, 64}, /* cart_ms */
        {PLAIN, HEAD, 16, UINT64_MAX, 64},
        {PLAIN, HEAD, 24, 0, 64}, /* rows that were asked for */
        {PLAIN, HEAD, 24, UINT64_MAX, 64},
        {PLAIN, HEAD, 32, 0, 64}, /* l2 */
        {PLAIN, HEAD, 32, DOUBLE_NAN, 64},
        {PLAIN, HEAD, 32, DOUBLE_INF, 64},
        {PLAIN, HEAD, 32, DOUBLE_MINUS, 64},
        {PLAIN, HEAD, 40, 2, 32},
        {PLAIN, HEAD, 40, UINT32_MAX, 32},
        {PLAIN, HEAD, 44, 30, 32},
        {PLAIN, HEAD, 44, UINT32_MAX, 32},
        {PLAIN, HEAD, 48, 100000, 32}, /* no zone is so far away */
        {PLAIN, HEAD, 52, 3, 32},
        {PLAIN, HEAD, 52, UINT32_MAX, 32},
        {ZONED, TRANSITIONS, 0, UINT64_C(1709600000000), 64}, /* not ascending */
        {ZONED, TRANSITIONS, 8, 100000, 32},
        {ZONED, TRANSITIONS, 12, 1, 32},
    };
    check_wrong(bad, LENGTH(bad));
    file_bytes f = small_file(PLAIN);
    size_t length = 0;
    const size_t at = file_section(&f, HEAD, &length);
    memset(f.at + at + 56, 'x', 256); /* a name without an end */
    file_sign(&f);
    ck_assert_int_eq(load_status(&f), PMKT_E_CORRUPT);
    file_free(&f);
}
END_TEST

/* check_logistic_file.c has the rules of a model; here both of them are checked, and their columns. */
START_TEST(both_logistic_models_are_checked) {
    pmkt_purchase *model = small_model(CURVED, NULL);
    pmkt_logistic_facts facts = PMKT_LOGISTIC_FACTS_INIT;
    ck_assert_int_eq(pmkt_logistic_info(pmkt_purchase_logistic(model, 0), &facts, NULL), PMKT_OK);
    pmkt_purchase_release(model);
    const uint64_t corners = (uint64_t)facts.curve_size;
    ck_assert_uint_gt(corners, 2);
    const wrong bad[] = {
        {PLAIN, SESSION, 0, 1, 64}, /* rows */
        {PLAIN, CART, 24, UINT64_MAX, 64},
        {PLAIN, SESSION, SUMMARY, DOUBLE_NAN, 64},
        {PLAIN, CART, SUMMARY + 8, DOUBLE_INF, 64},
        {CURVED, SESSION, 24, corners + 2, 64}, /* as of a model of one column less */
        {CURVED, SESSION, 24, corners - 2, 64},
        {CURVED, CART, 24, INT64_MAX, 64},
    };
    check_wrong(bad, LENGTH(bad));
}
END_TEST

START_TEST(what_is_no_file_is_refused) {
    pmkt_purchase *model = NULL;
    ck_assert_int_eq(pmkt_purchase_load(scratch_path("nothing"), NULL, NULL, &model, NULL),
                     PMKT_E_IO);
    ck_assert_int_eq(pmkt_purchase_load_memory("", 0, NULL, NULL, &model, NULL), PMKT_E_FORMAT);
    ck_assert_ptr_null(model);
}
END_TEST

int main(void) {
    Suite *s = suite_create("purchase_file");
    TOPIC(s, "round trips", what_is_loaded_is_what_was_saved, compressed_is_the_same,
          max_bytes_is_the_models_bytes, kinds_of_files_are_told_apart);
    TOPIC(s, "damage", no_part_of_a_file_is_a_model, no_changed_byte_is_loaded,
          forged_files_do_no_harm, each_rule_of_the_head_is_checked,
          both_logistic_models_are_checked, what_is_no_file_is_refused);
    return suite_run(s);
}
