/*
 * Dictionaries: what was learned is found again, exactly; what is wrong changes nothing.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/ids_state.h"
#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/strings.h"
#include "support/suite.h"

#define NAME(ids, id, text) \
    do { \
        size_t name_length = 0; \
        const char *name = pmkt_ids_name(ids, id, &name_length); \
        ck_assert(name != NULL); \
        ck_assert_uint_eq(name_length, strlen(text)); \
        ck_assert(memcmp(name, text, name_length) == 0); \
    } while (0)

static uint64_t id_of(const char *text) {
    return pmkt_id_of_bytes(text, strlen(text));
}

static void learn_text(pmkt_ids *ids, const char *text) {
    const int64_t offsets[2] = {0, (int64_t)strlen(text)};
    pmkt_error err;
    ck_assert_ok(pmkt_ids_encode(ids, text, offsets, 1, NULL, NULL, &err), err);
}

/* ------------------------------------------------------------------ learning */

START_TEST(what_was_learned_is_found_again) {
    const char bytes[] = "annbobann";
    const int64_t offsets[] = {0, 3, 6, 9};
    uint64_t id[3];
    pmkt_ids *ids = ids_empty(NULL);
    ck_assert_int_eq(pmkt_ids_encode(ids, bytes, offsets, 3, NULL, id, NULL), PMKT_OK);
    ck_assert_uint_eq(id[0], id_of("ann"));
    ck_assert_uint_eq(id[1], id_of("bob"));
    ck_assert_uint_eq(id[2], id[0]);
    NAME(ids, id[0], "ann");
    NAME(ids, id[1], "bob");
    ck_assert_ptr_null(pmkt_ids_name(ids, id_of("eve"), NULL));
    ck_assert_ptr_null(pmkt_ids_name(ids, PMKT_ID_NONE, NULL));
    const pmkt_ids_counters counters = ids_counters(ids);
    ck_assert_int_eq(counters.strings, 2);
    ck_assert_int_eq(counters.string_bytes, 6);
    ck_assert_int_eq(counters.generation, 1);
    ck_assert_int_gt(counters.bytes, 0);
    learn_text(ids, "ann"); /* known: no change */
    ck_assert_int_eq(ids_counters(ids).generation, 1);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(strings_of_every_length_and_byte_come_back) {
    strings s = {0};
    static char text[70000];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i * 31 + i / 256);
    for (size_t length = 0; length < 300; length++) strings_add(&s, text + length, length);
    strings_add(&s, text, 65535);
    strings_add(&s, text, 65536);
    strings_add(&s, text, sizeof text);
    strings_add(&s, "\0", 1);
    strings_add(&s, "\0\0", 2);
    strings_add(&s, "\xff\xfe\xed\xa0\x80", 5);
    uint64_t *id = calloc((size_t)s.n, sizeof *id);
    pmkt_ids *ids = ids_empty(NULL);
    pmkt_error err;
    ck_assert_ok(ids_learn(ids, &s, 1, id, &err), err);
    int64_t *offsets = calloc((size_t)s.n + 1, sizeof *offsets);
    char *bytes = malloc((size_t)s.offsets[s.n]);
    uint8_t *known = calloc((size_t)s.n, 1);
    ck_assert_ok(pmkt_ids_decode(ids, id, s.n, bytes, s.offsets[s.n], offsets, known, &err), err);
    ck_assert(memcmp(offsets, s.offsets, ((size_t)s.n + 1) * sizeof *offsets) == 0);
    ck_assert(memcmp(bytes, s.bytes, (size_t)s.offsets[s.n]) == 0);
    for (int64_t i = 0; i < s.n; i++) REQUIRE(known[i] == 1);
    ck_assert_ok(ids_learn(ids, &s, 1, id, &err), err); /* compares each with itself */
    ck_assert_int_eq(ids_counters(ids).strings, s.n);
    free(known);
    free(bytes);
    free(offsets);
    free(id);
    strings_free(&s);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(a_string_of_100000_bytes_repeats_and_differs_at_its_end) {
    strings s = {0};
    char *text = malloc(100000);
    memset(text, 'x', 100000);
    for (int i = 0; i < 3; i++) strings_add(&s, text, 100000);
    text[99999] = 'y';
    strings_add(&s, text, 100000);
    pmkt_ids *ids = ids_of(&s, NULL);
    ck_assert_int_eq(ids_counters(ids).strings, 2);
    ck_assert_int_eq(ids_counters(ids).string_bytes, 200000);
    size_t length;
    const char *name = pmkt_ids_name(ids, pmkt_id_of_bytes(text, 100000), &length);
    ck_assert_uint_eq(length, 100000);
    ck_assert(memcmp(name, text, length) == 0);
    free(text);
    strings_free(&s);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(empty_strings_need_no_bytes_and_an_empty_column_needs_nothing) {
    pmkt_ids *ids = ids_empty(NULL);
    const int64_t offsets[] = {5, 5, 5};
    uint64_t id[2] = {0, 0};
    ck_assert_int_eq(pmkt_ids_encode(ids, NULL, offsets, 2, NULL, id, NULL), PMKT_OK);
    ck_assert_uint_eq(id[1], id_of(""));
    ck_assert_int_eq(pmkt_ids_encode(ids, NULL, NULL, 0, NULL, NULL, NULL), PMKT_OK);
    size_t length = 7;
    ck_assert_ptr_nonnull(pmkt_ids_name(ids, id[0], &length));
    ck_assert_uint_eq(length, 0);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(threads_and_order_do_not_show_in_the_state) {
    const int64_t n = scaled(120000, 40000);
    strings s = {0}, again = {0};
    strings_numbered(&s, 0, n);
    strings_numbered(&s, n / 2, n / 2); /* repeats */
    for (int64_t i = n - 1; i >= 0; i--) {
        char text[64];
        strings_add(&again, text, numbered(i, text));
    }
    uint64_t *one = malloc((size_t)s.n * sizeof *one), *four = malloc((size_t)s.n * sizeof *four);
    pmkt_ids *ids = ids_empty(NULL), *other = ids_empty(NULL), *third = ids_empty(NULL);
    pmkt_error err;
    ck_assert_ok(ids_learn(ids, &s, 1, one, &err), err);
    ck_assert_ok(ids_learn(other, &s, 4, four, &err), err);
    for (int64_t i = 0; i < again.n; i += 1000) { /* in batches, the last first */
        const int64_t m = again.n - i < 1000 ? again.n - i : 1000;
        ck_assert_ok(pmkt_ids_encode(third, again.bytes, again.offsets + i, m, NULL, NULL, &err),
                     err);
    }
    ck_assert(memcmp(one, four, (size_t)s.n * sizeof *one) == 0);
    for (int64_t i = 0; i < s.n; i++) {
        const size_t length = (size_t)(s.offsets[i + 1] - s.offsets[i]);
        REQUIRE(one[i] == pmkt_id_of_bytes(s.bytes + s.offsets[i], length));
    }
    ck_assert_int_eq(ids_counters(ids).strings, n);
    file_bytes bytes = ids_bytes(ids), same = ids_bytes(ids);
    ck_assert(ids_is(other, &bytes));
    ck_assert(ids_is(third, &same));
    pmkt_ids_free(ids);
    pmkt_ids_free(other);
    pmkt_ids_free(third);
    free(one);
    free(four);
    strings_free(&s);
    strings_free(&again);
}
END_TEST

START_TEST(a_known_string_costs_no_memory) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_ids *ids = ids_empty(&allocator);
    learn_text(ids, "ann");
    faulty_arm(&memory, 1, true);
    learn_text(ids, "ann");
    size_t length;
    ck_assert_ptr_nonnull(pmkt_ids_name(ids, id_of("ann"), &length));
    ck_assert_int_eq(atomic_load(&memory.calls), 0);
    pmkt_ids_free(ids);
    faulty_check_empty(&memory);
}
END_TEST

/* ---------------------------------------------------------------- collisions */

START_TEST(two_strings_with_one_id_are_an_error_that_names_both) {
    unsigned char a[16], b[16];
    strings_collide(0x6162636465, a, b);
    ck_assert(memcmp(a, b, 16) != 0);
    ck_assert_uint_eq(pmkt_id_of_bytes(a, 16), pmkt_id_of_bytes(b, 16));

    strings s = {0};
    strings_numbered(&s, 0, 100);
    strings_add(&s, a, 16);
    pmkt_ids *ids = ids_of(&s, NULL);
    file_bytes before = ids_bytes(ids);
    strings more = {0};
    strings_add(&more, "new", 3);
    strings_add(&more, a, 16);
    strings_add(&more, b, 16);
    pmkt_error err;
    ck_assert_int_eq(ids_learn(ids, &more, 1, NULL, &err), PMKT_E_COLLISION);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.where, 2);
    ck_assert_ptr_nonnull(strstr(err.message, "have the same id"));
    ck_assert_ptr_nonnull(strstr(err.message, "\\x"));
    ck_assert_ptr_null(pmkt_ids_name(ids, id_of("new"), NULL));
    ck_assert(ids_is(ids, &before));
    pmkt_ids_free(ids);
    strings_free(&s);
    strings_free(&more);
}
END_TEST

START_TEST(in_a_large_batch_the_first_collision_is_named_whatever_the_threads) {
    for (int32_t threads = 1; threads <= 4; threads += 3) {
        strings s = {0}, known = {0};
        unsigned char a[16], b[16];
        strings_numbered(&known, 0, 1000);
        strings_numbered(&s, 0, 40000);
        int64_t first = 0;
        for (uint64_t pair = 0; pair < 5; pair++) {
            strings_collide(pair * 977, a, b);
            strings_add(&s, b, 16);
            strings_numbered(&s, 40000 + 1000 * (int64_t)pair, 1000);
            strings_add(&s, a, 16);
            if (pair == 0) first = s.n - 1;
        }
        pmkt_ids *ids = ids_of(&known, NULL);
        const pmkt_ids_counters counters = ids_counters(ids);
        file_bytes before = ids_bytes(ids);
        pmkt_error err;
        ck_assert_int_eq(ids_learn(ids, &s, threads, NULL, &err), PMKT_E_COLLISION);
        ck_assert_int_eq(err.where, first);
        ck_assert(ids_is(ids, &before));
        const pmkt_ids_counters after = ids_counters(ids);
        ck_assert(memcmp(&counters, &after, sizeof after) == 0);
        pmkt_ids_free(ids);
        strings_free(&s);
        strings_free(&known);
    }
}
END_TEST

static int watch(void *ctx, double done, const char *stage) {
    double *last = ctx;
    if (done < *last || done > 1) ck_abort_msg("%s: from %f to %f", stage, *last, done);
    *last = done;
    return 0;
}

/* What collides in a large batch is looked for a second time; that is no second beginning. */
START_TEST(progress_does_not_fall_when_a_collision_is_looked_for) {
    strings s = {0};
    unsigned char a[16], b[16];
    strings_numbered(&s, 0, 100000);
    strings_collide(1, a, b);
    strings_add(&s, a, 16);
    strings_add(&s, b, 16);
    pmkt_ids *ids = ids_empty(NULL);
    double last = 0;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2;
    run.progress = (pmkt_progress){watch, &last};
    pmkt_error err;
    ck_assert_int_eq(pmkt_ids_encode(ids, s.bytes, s.offsets, s.n, &run, NULL, &err),
                     PMKT_E_COLLISION);
    ck_assert_int_eq(err.where, s.n - 1);
    pmkt_ids_free(ids);
    strings_free(&s);
}
END_TEST

START_TEST(a_long_string_is_cut_in_the_message) {
    char text[1000];
    memset(text, 'x', sizeof text);
    memset(text + 10, '\n', 10);
    const pmkti_string known = {(const unsigned char *)text, sizeof text};
    const pmkti_string other = {(const unsigned char *)"say \"hi\"\xe5\xae", 11};
    pmkt_error err;
    ck_assert_int_eq(pmkti_ids_collision(known, other, 7, &err), PMKT_E_COLLISION);
    ck_assert_ptr_nonnull(strstr(err.message, "\"xxxxxxxxxx\\x0a\\x0a"));
    ck_assert_ptr_nonnull(strstr(err.message, "\"... and, at row 7, \"say \\x22hi\\x22\\xe5"));
    ck_assert_ptr_nonnull(strstr(err.message, "rename one of them"));
    memset(text, 1, sizeof text); /* as long as it can be */
    ck_assert_int_eq(pmkti_ids_collision(known, known, INT64_MAX, &err), PMKT_E_COLLISION);
    ck_assert_ptr_nonnull(strstr(err.message, "have the same id"));
}
END_TEST

/* ------------------------------------------------------------------- limits */

START_TEST(a_limit_refuses_what_would_be_larger_and_changes_nothing) {
    for (int64_t n = 1000; n <= 40000; n *= 40) {
        strings few = {0}, s = {0};
        strings_numbered(&few, 0, 10);
        strings_numbered(&s, 5, n);
        pmkt_ids *free_of_limits = ids_of(&few, NULL);
        pmkt_ids_options options = PMKT_IDS_OPTIONS_INIT;
        options.max_bytes = ids_counters(free_of_limits).bytes;
        pmkt_ids_free(free_of_limits);
        pmkt_ids *ids = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_ids_new(&options, &ids, &err), err);
        ck_assert_ok(ids_learn(ids, &few, 1, NULL, &err), err);
        const pmkt_ids_counters counters = ids_counters(ids);
        file_bytes before = ids_bytes(ids);
        ck_assert_int_eq(ids_learn(ids, &s, 2, NULL, &err), PMKT_E_LIMIT);
        ck_assert_ptr_nonnull(strstr(err.message, "max_bytes"));
        const pmkt_ids_counters after = ids_counters(ids);
        ck_assert(memcmp(&counters, &after, sizeof after) == 0);
        ck_assert(ids_is(ids, &before));
        int64_t found = 0;
        const uint64_t known = pmkt_id_of_bytes("thing-1", 7);
        ck_assert_ok(pmkt_ids_forget(ids, &known, 1, 0, &found, &err), err); /* never refused */
        ck_assert_int_eq(found, 1);
        pmkt_ids_free(ids);
        strings_free(&few);
        strings_free(&s);
    }
}
END_TEST

static int cancel_late(void *ctx, double done, const char *stage) {
    (void)stage;
    return done > *(const double *)ctx;
}

START_TEST(a_canceled_call_changes_nothing) {
    strings few = {0}, s = {0};
    strings_numbered(&few, 0, 10);
    strings_numbered(&s, 5, 100000);
    for (double at = 0.0; at < 0.95; at += 0.13) {
        pmkt_ids *ids = ids_of(&few, NULL);
        const pmkt_ids_counters counters = ids_counters(ids);
        pmkt_run run = PMKT_RUN_INIT;
        run.threads = 2;
        run.progress = (pmkt_progress){cancel_late, &at};
        pmkt_error err;
        ck_assert_int_eq(pmkt_ids_encode(ids, s.bytes, s.offsets, s.n, &run, NULL, &err),
                         PMKT_E_CANCELED);
        const pmkt_ids_counters after = ids_counters(ids);
        ck_assert(memcmp(&counters, &after, sizeof after) == 0);
        pmkt_ids_free(ids);
    }
    strings_free(&few);
    strings_free(&s);
}
END_TEST

/* ------------------------------------------------------------------ one way */

START_TEST(a_one_way_dictionary_keeps_nothing) {
    pmkt_ids_options options = PMKT_IDS_OPTIONS_INIT;
    options.one_way = 1;
    pmkt_ids *ids = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_new(&options, &ids, &err), err);
    const int64_t empty = ids_counters(ids).bytes;
    strings s = {0};
    strings_numbered(&s, 0, 70000);
    uint64_t *id = calloc((size_t)s.n, sizeof *id);
    ck_assert_ok(ids_learn(ids, &s, 2, id, &err), err);
    ck_assert_ok(ids_learn(ids, &s, 2, NULL, &err), err);
    ck_assert_uint_eq(id[1], id_of("thing-1"));
    ck_assert_uint_eq(id[69999], id_of("thing-69999"));
    ck_assert_ptr_null(pmkt_ids_name(ids, id[1], NULL));
    int64_t found = 7;
    ck_assert_ok(pmkt_ids_forget(ids, id, 5, 0, &found, &err), err);
    ck_assert_int_eq(found, 0);
    const pmkt_ids_counters counters = ids_counters(ids);
    ck_assert_int_eq(counters.one_way, 1);
    ck_assert_int_eq(counters.strings, 0);
    ck_assert_int_eq(counters.forgotten, 0);
    ck_assert_int_eq(counters.bytes, empty);
    pmkt_ids *two_way = ids_empty(NULL);
    ck_assert_int_eq(pmkt_ids_merge(two_way, ids, NULL, &err), PMKT_E_MISMATCH);
    ck_assert_int_eq(pmkt_ids_merge(ids, two_way, NULL, &err), PMKT_E_MISMATCH);
    pmkt_ids_free(two_way);
    pmkt_ids_free(ids);
    strings_free(&s);
    free(id);
}
END_TEST

/* ------------------------------------------------------------------ reading */

START_TEST(decoding_says_how_much_room_it_needs) {
    pmkt_ids *ids = ids_empty(NULL);
    learn_text(ids, "ann");
    learn_text(ids, "robert");
    const uint64_t id[] = {id_of("robert"), 12345, PMKT_ID_NONE, id_of("ann"), id_of("robert")};
    int64_t offsets[6];
    uint8_t known[5];
    pmkt_error err;
    ck_assert_ok(pmkt_ids_decode(ids, id, 5, NULL, 0, offsets, known, &err), err);
    static const int64_t EXPECTED[] = {0, 6, 6, 6, 9, 15};
    static const uint8_t KNOWN[] = {1, 0, 0, 1, 1};
    ck_assert(memcmp(offsets, EXPECTED, sizeof offsets) == 0);
    ck_assert(memcmp(known, KNOWN, sizeof known) == 0);
    char bytes[15];
    memset(offsets, 0, sizeof offsets);
    ck_assert_int_eq(pmkt_ids_decode(ids, id, 5, bytes, 14, offsets, NULL, &err), PMKT_E_LIMIT);
    ck_assert(memcmp(offsets, EXPECTED, sizeof offsets) == 0);
    ck_assert_ok(pmkt_ids_decode(ids, id, 5, bytes, 15, offsets, NULL, &err), err);
    ck_assert(memcmp(bytes, "robertannrobert", 15) == 0);
    ck_assert_ok(pmkt_ids_decode(ids, NULL, 0, NULL, 0, offsets, NULL, &err), err);
    ck_assert_int_eq(offsets[0], 0);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(a_list_is_ascending_and_complete) {
    strings s = {0};
    strings_numbered(&s, 0, 5000);
    pmkt_ids *ids = ids_of(&s, NULL);
    uint64_t id[5000];
    int64_t n = 0;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_list(ids, NULL, 0, &n, &err), err);
    ck_assert_int_eq(n, 5000);
    n = 0;
    ck_assert_int_eq(pmkt_ids_list(ids, id, 4999, &n, &err), PMKT_E_LIMIT);
    ck_assert_int_eq(n, 5000);
    ck_assert_ok(pmkt_ids_list(ids, id, 5000, &n, &err), err);
    for (int i = 1; i < 5000; i++) REQUIRE(id[i] > id[i - 1]);
    for (int i = 0; i < 5000; i++) REQUIRE(pmkt_ids_name(ids, id[i], NULL) != NULL);
    pmkt_ids_free(ids);
    strings_free(&s);
}
END_TEST

START_TEST(tombstones_are_listed_ascending_with_their_dates) {
    strings s = {0};
    strings_numbered(&s, 0, 300);
    pmkt_ids *ids = ids_of(&s, NULL), *blind = NULL;
    uint64_t id[301], listed[301] = {0};
    int64_t when[301] = {0}, n = -1;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_forgotten(ids, NULL, NULL, 0, &n, &err), err);
    ck_assert_int_eq(n, 0);
    for (int64_t i = 0; i < 300; i++) { /* in the order of numbers, which is not that of ids */
        char text[64];
        id[i] = pmkt_id_of_bytes(text, numbered(i, text));
        ck_assert_ok(pmkt_ids_forget(ids, &id[i], 1, 1000 + i, NULL, &err), err);
    }
    ck_assert_ok(pmkt_ids_forget(ids, id, 2, 5000, NULL, &err), err);    /* once more, later */
    ck_assert_ok(pmkt_ids_forget(ids, id + 2, 1, 500, NULL, &err), err); /* and earlier */
    ck_assert_ok(pmkt_ids_forgotten(ids, NULL, NULL, 0, &n, &err), err);
    ck_assert_int_eq(n, 300);
    n = 0;
    ck_assert_int_eq(pmkt_ids_forgotten(ids, listed, when, 299, &n, &err), PMKT_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.message, "300 ids are forgotten, but room is 299"));
    ck_assert_int_eq(n, 300);
    ck_assert(listed[0] == 0 && when[0] == 0);
    ck_assert_ok(pmkt_ids_forgotten(ids, listed, when, 301, &n, &err), err);
    ck_assert_int_eq(n, 300);
    ck_assert_uint_eq(listed[300], 0);
    for (int64_t i = 0; i < 300; i++) {
        REQUIRE(i == 0 || listed[i] > listed[i - 1]);
        int64_t number = 0;
        while (number < 300 && id[number] != listed[i]) number++;
        REQUIRE(number < 300);
        REQUIRE(when[i] == (number < 2 ? 5000 : 1000 + number));
    }
    ck_assert_ok(ids_learn(ids, &s, 1, NULL, &err), err); /* the caller's own call: all are back */
    ck_assert_ok(pmkt_ids_forgotten(ids, listed, when, 301, &n, &err), err);
    ck_assert_int_eq(n, 0);
    pmkt_ids_options options = PMKT_IDS_OPTIONS_INIT;
    options.one_way = 1;
    ck_assert_ok(pmkt_ids_new(&options, &blind, &err), err);
    ck_assert_ok(pmkt_ids_forget(blind, id, 3, 0, NULL, &err), err);
    ck_assert_ok(pmkt_ids_forgotten(blind, listed, when, 301, &n, &err), err);
    ck_assert_int_eq(n, 0);
    pmkt_ids_free(blind);
    pmkt_ids_free(ids);
    strings_free(&s);
}
END_TEST

/* ---------------------------------------------------------------- bad calls */

#define REFUSED(call, text) \
    do { \
        pmkt_error refused_err = {0}; \
        pmkt_error *err = &refused_err; \
        ck_assert_int_eq(call, PMKT_E_INVALID); \
        ck_assert_msg(strstr(refused_err.message, text) != NULL, "%s", refused_err.message); \
    } while (0)

START_TEST(malformed_calls_say_what_is_wrong) {
    pmkt_ids *ids = ids_empty(NULL), *none = NULL;
    const int64_t falling[] = {0, 3, 2}, negative[] = {-1, 3}, fine[] = {0, 3};
    int64_t offsets[2], n;
    uint64_t id[2] = {1, 2};
    REFUSED(pmkt_ids_new(NULL, NULL, err), "ids");
    pmkt_ids_options options = PMKT_IDS_OPTIONS_INIT;
    options.one_way = 2;
    REFUSED(pmkt_ids_new(&options, &none, err), "one_way");
    options = (pmkt_ids_options)PMKT_IDS_OPTIONS_INIT;
    options.max_bytes = -1;
    REFUSED(pmkt_ids_new(&options, &none, err), "max_bytes");
    options = (pmkt_ids_options)PMKT_IDS_OPTIONS_INIT;
    options.struct_size = 3;
    REFUSED(pmkt_ids_new(&options, &none, err), "struct_size");
    ck_assert_ptr_null(none);

    REFUSED(pmkt_ids_encode(NULL, "abc", fine, 1, NULL, id, err), "ids");
    REFUSED(pmkt_ids_encode(ids, "abc", fine, -1, NULL, id, err), "n is -1");
    REFUSED(pmkt_ids_encode(ids, "abc", NULL, 1, NULL, id, err), "offsets");
    REFUSED(pmkt_ids_encode(ids, NULL, fine, 1, NULL, id, err), "bytes");
    REFUSED(pmkt_ids_encode(ids, "abc", negative, 1, NULL, id, err), "negative");
    REFUSED(pmkt_ids_encode(ids, "abc", falling, 2, NULL, id, err), "fall");
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = -1;
    REFUSED(pmkt_ids_encode(ids, "abc", fine, 1, &run, id, err), "threads");

    REFUSED(pmkt_ids_decode(NULL, id, 1, NULL, 0, offsets, NULL, err), "ids");
    REFUSED(pmkt_ids_decode(ids, NULL, 1, NULL, 0, offsets, NULL, err), "id");
    REFUSED(pmkt_ids_decode(ids, id, -1, NULL, 0, offsets, NULL, err), "n is -1");
    REFUSED(pmkt_ids_decode(ids, id, 1, NULL, -1, offsets, NULL, err), "room");
    REFUSED(pmkt_ids_decode(ids, id, 1, NULL, 5, offsets, NULL, err), "bytes");
    REFUSED(pmkt_ids_decode(ids, id, 1, NULL, 0, NULL, NULL, err), "offsets");
    REFUSED(pmkt_ids_list(NULL, id, 1, &n, err), "ids");
    REFUSED(pmkt_ids_list(ids, id, 1, NULL, err), "n is NULL");
    REFUSED(pmkt_ids_list(ids, id, -1, &n, err), "room");
    REFUSED(pmkt_ids_list(ids, NULL, 1, &n, err), "id");
    REFUSED(pmkt_ids_forget(NULL, id, 1, 0, NULL, err), "ids");
    REFUSED(pmkt_ids_forget(ids, NULL, 1, 0, NULL, err), "id");
    REFUSED(pmkt_ids_forget(ids, id, -1, 0, NULL, err), "n is -1");
    REFUSED(pmkt_ids_forget(ids, id, 1, PMKT_TIME_MAX + 1, NULL, err), "when_ms");
    REFUSED(pmkt_ids_forget(ids, id, 1, PMKT_TIME_MIN - 1, NULL, err), "when_ms");
    int64_t when[1];
    REFUSED(pmkt_ids_forgotten(NULL, id, when, 1, &n, err), "ids");
    REFUSED(pmkt_ids_forgotten(ids, NULL, when, 1, &n, err), "id");
    REFUSED(pmkt_ids_forgotten(ids, id, NULL, 1, &n, err), "when_ms");
    REFUSED(pmkt_ids_forgotten(ids, id, when, -1, &n, err), "room");
    REFUSED(pmkt_ids_forgotten(ids, id, when, 1, NULL, err), "n is NULL");
    REFUSED(pmkt_ids_merge(NULL, ids, NULL, err), "into");
    REFUSED(pmkt_ids_merge(ids, NULL, NULL, err), "from");
    REFUSED(pmkt_ids_merge(ids, ids, NULL, err), "itself");
    pmkt_ids_counters counters = PMKT_IDS_COUNTERS_INIT;
    REFUSED(pmkt_ids_stats(NULL, &counters, err), "ids");
    REFUSED(pmkt_ids_stats(ids, NULL, err), "out");
    ck_assert_ptr_null(pmkt_ids_name(NULL, 1, NULL));
    pmkt_ids_free(NULL);
    ck_assert_int_eq(ids_counters(ids).strings, 0);
    ck_assert_int_eq(ids_counters(ids).generation, 0);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(older_and_newer_callers_are_understood) {
    struct {
        pmkt_ids_options known;
        int64_t later;
    } newer = {PMKT_IDS_OPTIONS_INIT, 0};
    newer.known.struct_size = sizeof newer;
    newer.known.one_way = 1;
    pmkt_ids *ids = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_new(&newer.known, &ids, &err), err);
    ck_assert_int_eq(ids_counters(ids).one_way, 1);
    pmkt_ids_free(ids);
    newer.later = 1;
    ck_assert_int_eq(pmkt_ids_new(&newer.known, &ids, &err), PMKT_E_UNSUPPORTED);
    pmkt_ids_options older = PMKT_IDS_OPTIONS_INIT;
    older.struct_size = offsetof(pmkt_ids_options, max_bytes);
    older.max_bytes = -5; /* beyond what an older caller has */
    ck_assert_ok(pmkt_ids_new(&older, &ids, &err), err);
    pmkt_ids_counters counters = PMKT_IDS_COUNTERS_INIT;
    counters.struct_size = offsetof(pmkt_ids_counters, bytes_mapped);
    counters.bytes_mapped = 77;
    ck_assert_ok(pmkt_ids_stats(ids, &counters, &err), err);
    ck_assert_int_eq(counters.bytes_mapped, 77);
    pmkt_ids_free(ids);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ids dictionary");
    TOPIC(suite, "learning", what_was_learned_is_found_again,
          strings_of_every_length_and_byte_come_back,
          a_string_of_100000_bytes_repeats_and_differs_at_its_end,
          empty_strings_need_no_bytes_and_an_empty_column_needs_nothing,
          threads_and_order_do_not_show_in_the_state, a_known_string_costs_no_memory);
    TOPIC(suite, "collisions", two_strings_with_one_id_are_an_error_that_names_both,
          in_a_large_batch_the_first_collision_is_named_whatever_the_threads,
          progress_does_not_fall_when_a_collision_is_looked_for,
          a_long_string_is_cut_in_the_message);
    TOPIC(suite, "limits", a_limit_refuses_what_would_be_larger_and_changes_nothing,
          a_canceled_call_changes_nothing);
    TOPIC(suite, "one way", a_one_way_dictionary_keeps_nothing);
    TOPIC(suite, "reading", decoding_says_how_much_room_it_needs, a_list_is_ascending_and_complete,
          tombstones_are_listed_ascending_with_their_dates);
    TOPIC(suite, "bad calls", malformed_calls_say_what_is_wrong,
          older_and_newer_callers_are_understood);
    return suite_run(suite);
}
