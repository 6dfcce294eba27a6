/*
 * Ids of strings and of floating-point columns. The known hashes come from an independent
 * implementation (the PyPI package xxhash, xxh3_64_intdigest): they are frozen, and a change of one
 * of them would make every stored id wrong.
 */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/hash.h"
#include "pmkt.h"
#include "support/loop.h"
#include "support/suite.h"

static void fill(unsigned char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) bytes[i] = (unsigned char)(i * 7 + 3);
}

/* ------------------------------------------------------------- known answers */

START_TEST(the_ids_of_known_strings_are_frozen) {
    ck_assert_uint_eq(pmkt_id_of_bytes("", 0), UINT64_C(0x2d06800538d394c2));
    ck_assert_uint_eq(pmkt_id_of_bytes("a", 1), UINT64_C(0xe6c632b61e964e1f));
    ck_assert_uint_eq(pmkt_id_of_bytes("abc", 3), UINT64_C(0x78af5f94892f3950));
    ck_assert_uint_eq(pmkt_id_of_bytes("17850", 5), UINT64_C(0x54b331012e93d836));
    ck_assert_uint_eq(pmkt_id_of_bytes("\xe5\xae\xa2\xe6\x88\xb7\xe4\xb8\x80", 9),
                      UINT64_C(0x3ddd20d78aa9e8be));
    unsigned char bytes[300];
    fill(bytes, sizeof bytes);
    ck_assert_uint_eq(pmkt_id_of_bytes(bytes, sizeof bytes), UINT64_C(0xfd9aa0f0d62e0227));
}
END_TEST

/* XXH3 takes another path in each of these ranges of length. */
START_TEST(every_range_of_lengths_has_its_frozen_hash) {
    static const struct {
        size_t length;
        uint64_t id;
    } KNOWN[] = {
        {3, UINT64_C(0xa9088dda485b481c)},    {4, UINT64_C(0x6d9253b16c8b1ed3)},
        {8, UINT64_C(0x60539db630471163)},    {9, UINT64_C(0xfeff668361d723a8)},
        {16, UINT64_C(0xb8c859b0f030b585)},   {17, UINT64_C(0x714a04408e79b80f)},
        {128, UINT64_C(0x67425a03650261bf)},  {129, UINT64_C(0xc664bf3311c6abc4)},
        {240, UINT64_C(0x64556dc6b462a6cf)},  {241, UINT64_C(0x8beadd3a8874fe17)},
        {1024, UINT64_C(0x9b81661c641c72b1)}, {5000, UINT64_C(0x799aaddd7339581d)},
    };
    unsigned char bytes[5000];
    fill(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        ck_assert_uint_eq(pmkt_id_of_bytes(bytes, KNOWN[i].length), KNOWN[i].id);
    }
}
END_TEST

START_TEST(an_id_does_not_depend_on_where_the_bytes_lie) {
    unsigned char bytes[300 + 64], moved[300 + 64];
    fill(bytes, 300);
    for (size_t shift = 0; shift < 64; shift++) {
        memcpy(moved + shift, bytes, 300);
        ck_assert_uint_eq(pmkt_id_of_bytes(moved + shift, 300), UINT64_C(0xfd9aa0f0d62e0227));
    }
}
END_TEST

START_TEST(null_is_an_empty_string_or_no_id) {
    ck_assert_uint_eq(pmkt_id_of_bytes(NULL, 0), pmkt_id_of_bytes("", 0));
    ck_assert_uint_eq(pmkt_id_of_bytes(NULL, 3), PMKT_ID_NONE);
}
END_TEST

/* ------------------------------------------------------------------ strings */

START_TEST(a_column_of_strings_gets_the_id_of_each) {
    const char bytes[] = "xxaabc";
    const int64_t offsets[] = {2, 3, 3, 6};
    uint64_t id[3] = {0, 0, 0};
    ck_assert_int_eq(pmkt_ids_of_strings(bytes, offsets, 3, id, NULL), PMKT_OK);
    ck_assert_uint_eq(id[0], pmkt_id_of_bytes("a", 1));
    ck_assert_uint_eq(id[1], pmkt_id_of_bytes("", 0));
    ck_assert_uint_eq(id[2], pmkt_id_of_bytes("abc", 3));
}
END_TEST

START_TEST(empty_strings_need_no_bytes_and_an_empty_column_needs_nothing) {
    const int64_t offsets[] = {0, 0, 0};
    uint64_t id[2] = {0, 0};
    ck_assert_int_eq(pmkt_ids_of_strings(NULL, offsets, 2, id, NULL), PMKT_OK);
    ck_assert_uint_eq(id[0], pmkt_id_of_bytes("", 0));
    ck_assert_uint_eq(id[1], id[0]);
    const int64_t later[] = {5, 5};
    ck_assert_int_eq(pmkt_ids_of_strings(NULL, later, 1, id, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_ids_of_strings(NULL, NULL, 0, NULL, NULL), PMKT_OK);
}
END_TEST

START_TEST(a_malformed_column_of_strings_is_refused_and_nothing_is_written) {
    const int64_t offsets[] = {0, 2, 1, 3}, negative[] = {-1, 0};
    uint64_t id[3] = {7, 7, 7};
    pmkt_error err;
    ck_assert_int_eq(pmkt_ids_of_strings("abc", offsets, 3, id, &err), PMKT_E_INVALID);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.where, 1);
    ck_assert_int_eq(pmkt_ids_of_strings("abc", negative, 1, id, &err), PMKT_E_INVALID);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.where, 0);
    ck_assert_int_eq(pmkt_ids_of_strings("abc", offsets, -1, id, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_of_strings("abc", NULL, 1, id, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_of_strings("abc", offsets, 1, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_of_strings(NULL, offsets, 1, id, &err), PMKT_E_INVALID);
    for (int i = 0; i < 3; i++) ck_assert_uint_eq(id[i], 7);
}
END_TEST

/* ------------------------------------------------------------------ doubles */

START_TEST(whole_numbers_are_ids_and_nan_is_none) {
    const double value[] = {1.0, 17850.0, NAN, 9007199254740992.0, 4503599627370497.0};
    uint64_t id[5] = {9, 9, 9, 9, 9};
    int64_t n_bad = -1;
    ck_assert_int_eq(pmkt_ids_of_doubles(value, 5, PMKT_ON_BAD_FAIL, id, &n_bad, NULL), PMKT_OK);
    ck_assert_uint_eq(id[0], 1);
    ck_assert_uint_eq(id[1], 17850);
    ck_assert_uint_eq(id[2], PMKT_ID_NONE);
    ck_assert_uint_eq(id[3], UINT64_C(1) << 53);
    ck_assert_uint_eq(id[4], (UINT64_C(1) << 52) + 1);
    ck_assert_int_eq(n_bad, 0);
}
END_TEST

static const double BAD[] = {0.0,
                             -0.0,
                             -1.0,
                             0.5,
                             1.5,
                             -1e300,
                             9007199254740994.0,
                             1e19,
                             INFINITY,
                             -INFINITY,
                             4.9e-324,
                             2251799813685248.5};
enum {
    N_BAD = sizeof BAD / sizeof *BAD
};

START_TEST(what_is_no_whole_number_is_skipped_and_counted) {
    uint64_t id[N_BAD];
    memset(id, 0xFF, sizeof id);
    int64_t n_bad = 0;
    ck_assert_int_eq(pmkt_ids_of_doubles(BAD, N_BAD, PMKT_ON_BAD_SKIP, id, &n_bad, NULL), PMKT_OK);
    ck_assert_int_eq(n_bad, N_BAD);
    for (int i = 0; i < N_BAD; i++) ck_assert_uint_eq(id[i], PMKT_ID_NONE);
    ck_assert_int_eq(pmkt_ids_of_doubles(BAD, N_BAD, PMKT_ON_BAD_SKIP, id, NULL, NULL), PMKT_OK);
}
END_TEST

START_TEST(the_first_bad_number_ends_the_call_at_its_row) {
    for (int i = 0; i < N_BAD; i++) {
        const double value[] = {5.0, BAD[i], 6.0};
        uint64_t id[3] = {9, 9, 9};
        int64_t n_bad = -1;
        pmkt_error err;
        ck_assert_int_eq(pmkt_ids_of_doubles(value, 3, PMKT_ON_BAD_FAIL, id, &n_bad, &err),
                         PMKT_E_BAD_ROW);
        ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
        ck_assert_int_eq(err.where, 1);
        ck_assert_uint_eq(id[0], 5);
        ck_assert_uint_eq(id[1], 9);
        ck_assert_uint_eq(id[2], 9);
        ck_assert_int_eq(n_bad, -1);
    }
}
END_TEST

static void expect_bad(double value, const char *why) {
    uint64_t id = 0;
    pmkt_error err;
    ck_assert_int_eq(pmkt_ids_of_doubles(&value, 1, PMKT_ON_BAD_FAIL, &id, NULL, &err),
                     PMKT_E_BAD_ROW);
    ck_assert_msg(strstr(err.message, why) != NULL, "%s", err.message);
}

START_TEST(the_message_says_why_a_number_is_no_id) {
    expect_bad(1.5, "fraction");
    expect_bad(0.25, "fraction");
    expect_bad(0.0, "zero or less");
    expect_bad(-2.0, "zero or less");
    expect_bad(1e18, "more than 2^53");
}
END_TEST

START_TEST(a_malformed_call_for_doubles_is_refused) {
    const double value = 1.0;
    uint64_t id = 9;
    ck_assert_int_eq(pmkt_ids_of_doubles(&value, -1, 0, &id, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_of_doubles(NULL, 1, 0, &id, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_of_doubles(&value, 1, 0, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_of_doubles(&value, 1, 2, &id, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_of_doubles(&value, 1, -1, &id, NULL, NULL), PMKT_E_INVALID);
    ck_assert_uint_eq(id, 9);
    int64_t n_bad = -1;
    ck_assert_int_eq(pmkt_ids_of_doubles(NULL, 0, 0, NULL, &n_bad, NULL), PMKT_OK);
    ck_assert_int_eq(n_bad, 0);
}
END_TEST

START_TEST(any_bits_are_an_id_that_converts_back_or_none) {
    for (uint64_t i = 1; i <= 200000; i++) {
        /* Half of them any bits, half of them near whole numbers. */
        const uint64_t bits = pmkti_mix(i);
        double value = 0.0;
        memcpy(&value, &bits, sizeof value);
        if (i % 2) value = (double)(bits >> (bits % 64)) * (i % 3 ? 1.0 : 0.5);
        uint64_t id = 0;
        int64_t n_bad = 0;
        REQUIRE(pmkt_ids_of_doubles(&value, 1, PMKT_ON_BAD_SKIP, &id, &n_bad, NULL) == PMKT_OK);
        const bool is_whole = value >= 1.0 && value <= 0x1p53 && floor(value) == value;
        REQUIRE(n_bad == (!is_whole && !isnan(value)));
        if (is_whole) {
            REQUIRE((double)id == value);
        } else {
            REQUIRE(id == PMKT_ID_NONE);
        }
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ids");
    TOPIC(suite, "known answers", the_ids_of_known_strings_are_frozen,
          every_range_of_lengths_has_its_frozen_hash, an_id_does_not_depend_on_where_the_bytes_lie,
          null_is_an_empty_string_or_no_id);
    TOPIC(suite, "strings", a_column_of_strings_gets_the_id_of_each,
          empty_strings_need_no_bytes_and_an_empty_column_needs_nothing,
          a_malformed_column_of_strings_is_refused_and_nothing_is_written);
    TOPIC(suite, "doubles", whole_numbers_are_ids_and_nan_is_none,
          what_is_no_whole_number_is_skipped_and_counted,
          the_first_bad_number_ends_the_call_at_its_row, the_message_says_why_a_number_is_no_id,
          a_malformed_call_for_doubles_is_refused, any_bits_are_an_id_that_converts_back_or_none);
    return suite_run(suite);
}
