/*
 * The promises of base.h: names, versions, error details, structs of other releases; and the two
 * hashes that the rest stands on.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/structs.h"
#include "core/text.h"
#include "pmkt.h"
#include "support/loop.h"
#include "support/suite.h"

/* ------------------------------------------------------------------- names */

START_TEST(every_status_has_the_name_of_its_constant) {
    static const char *const NAMES[] = {
        "PMKT_OK",         "PMKT_E_INVALID",   "PMKT_E_NOMEM",       "PMKT_E_BAD_ROW",
        "PMKT_E_OVERFLOW", "PMKT_E_MISMATCH",  "PMKT_E_UNSUPPORTED", "PMKT_E_LIMIT",
        "PMKT_E_CANCELED", "PMKT_E_PARSE",     "PMKT_E_IO",          "PMKT_E_CORRUPT",
        "PMKT_E_FORMAT",   "PMKT_E_COLLISION", "PMKT_E_FORKED"};
    for (int32_t i = 0; i <= PMKT_E_FORKED; i++) ck_assert_str_eq(pmkt_status_name(i), NAMES[i]);
}
END_TEST

START_TEST(a_number_that_is_no_status_still_has_a_name) {
    ck_assert_str_eq(pmkt_status_name(-1), "PMKT_E_?");
    ck_assert_str_eq(pmkt_status_name(PMKT_E_FORKED + 1), "PMKT_E_?");
    ck_assert_str_eq(pmkt_status_name(INT32_MIN), "PMKT_E_?");
}
END_TEST

START_TEST(the_version_is_the_same_as_text_and_as_number) {
    char *end = NULL;
    const long major = strtol(pmkt_version(), &end, 10);
    ck_assert_int_eq(*end, '.');
    const long minor = strtol(end + 1, &end, 10);
    ck_assert_int_eq(*end, '.');
    const long patch = strtol(end + 1, &end, 10);
    ck_assert_int_eq(*end, '\0');
    ck_assert_int_eq(pmkt_version_number(), major * 1000000 + minor * 1000 + patch);
    ck_assert_int_eq(major, PMKT_VERSION_MAJOR);
    ck_assert_int_eq(minor, PMKT_VERSION_MINOR);
    ck_assert_int_eq(patch, PMKT_VERSION_PATCH);
}
END_TEST

START_TEST(the_build_info_is_one_line_that_names_version_compiler_and_sanitizers) {
    const char *info = pmkt_build_info();
    ck_assert_ptr_nonnull(strstr(info, pmkt_version()));
    ck_assert(strstr(info, "gcc ") || strstr(info, "clang "));
    const char *sanitizers = strstr(info, "sanitizers: ");
    ck_assert_ptr_nonnull(sanitizers);
    ck_assert_uint_gt(strlen(sanitizers), strlen("sanitizers: "));
    ck_assert_ptr_null(strchr(info, '\n'));
    ck_assert_ptr_null(strstr(info, ", ,"));
}
END_TEST

/* ------------------------------------------------------------------- errors */

START_TEST(the_structs_of_the_abi_have_no_hidden_padding) {
    ck_assert_uint_eq(sizeof(pmkt_error), 256);
    ck_assert_uint_eq(sizeof(pmkt_zone), 24);
    ck_assert_uint_eq(sizeof(pmkt_transition), 16);
    ck_assert_uint_eq(sizeof(pmkt_run), 24);
}
END_TEST

START_TEST(a_failure_fills_the_whole_error) {
    pmkt_error err;
    memset(&err, 0xAA, sizeof err);
    ck_assert_int_eq(pmkti_fail_at(&err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, 7, "row %d", 7),
                     PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.code, PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.sys_errno, 0);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.reserved, 0);
    ck_assert_int_eq(err.where, 7);
    ck_assert_str_eq(err.message, "row 7");
    ck_assert_int_eq(pmkti_no_memory(&err, 4096), PMKT_E_NOMEM);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_NONE);
    ck_assert_ptr_nonnull(strstr(err.message, "4096"));
    ck_assert_int_eq(pmkti_null(&err, "events"), PMKT_E_INVALID);
    ck_assert_str_eq(err.message, "events is NULL");
}
END_TEST

START_TEST(a_message_that_is_too_long_is_cut_and_ends_in_nul) {
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    pmkt_error err;
    ck_assert_int_eq(pmkti_fail(&err, PMKT_E_LIMIT, "%s", longer), PMKT_E_LIMIT);
    ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
}
END_TEST

START_TEST(a_failure_needs_no_error_and_leaves_errno_alone) {
    errno = EDOM;
    ck_assert_int_eq(pmkti_fail(NULL, PMKT_E_LIMIT, "%d", 1), PMKT_E_LIMIT);
    pmkt_error err;
    ck_assert_int_eq(pmkti_fail(&err, PMKT_E_LIMIT, "%d", 1), PMKT_E_LIMIT);
    ck_assert_int_eq(errno, EDOM);
}
END_TEST

/* ------------------------------------------------- structs of other releases */

typedef struct {
    uint32_t struct_size;
    int32_t first;
    int64_t second;
} sample;

typedef struct {
    sample known;
    int64_t later;
} newer_sample;

START_TEST(an_older_callers_struct_leaves_the_rest_at_the_defaults) {
    sample mine = {sizeof mine, 1, 2};
    const sample theirs = {8, 10, 20};
    ck_assert_int_eq(pmkti_struct_in(&mine, sizeof mine, &theirs, 8, "s", NULL), PMKT_OK);
    ck_assert_int_eq(mine.first, 10);
    ck_assert_int_eq(mine.second, 2);
    ck_assert_int_eq(pmkti_struct_in(&mine, sizeof mine, NULL, 8, "s", NULL), PMKT_OK);
    ck_assert_int_eq(mine.first, 10);
}
END_TEST

START_TEST(a_newer_callers_struct_is_taken_unless_it_asks_for_something_new) {
    sample mine = {sizeof mine, 1, 2};
    newer_sample theirs = {{sizeof theirs, 10, 20}, 0};
    pmkt_error err;
    ck_assert_int_eq(pmkti_struct_in(&mine, sizeof mine, &theirs, 8, "s", &err), PMKT_OK);
    ck_assert_int_eq(mine.second, 20);
    theirs.later = 1;
    theirs.known.second = 30;
    ck_assert_int_eq(pmkti_struct_in(&mine, sizeof mine, &theirs, 8, "s", &err),
                     PMKT_E_UNSUPPORTED);
    ck_assert_int_eq(mine.second, 20);
    ck_assert_ptr_nonnull(strstr(err.message, pmkt_version()));
}
END_TEST

START_TEST(a_size_that_makes_no_sense_is_refused) {
    sample mine = {sizeof mine, 1, 2};
    static const uint32_t SIZES[] = {0, 7, 4097, UINT32_MAX};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        sample theirs = {SIZES[i], 10, 20};
        ck_assert_int_eq(pmkti_struct_in(&mine, sizeof mine, &theirs, 8, "s", NULL),
                         PMKT_E_INVALID);
        ck_assert_int_eq(pmkti_struct_out(&theirs, &mine, sizeof mine, 8, "s", NULL),
                         PMKT_E_INVALID);
        ck_assert_int_eq(theirs.first, 10);
    }
    ck_assert_int_eq(mine.first, 1);
    ck_assert_int_eq(pmkti_struct_out(NULL, &mine, sizeof mine, 8, "s", NULL), PMKT_E_INVALID);
}
END_TEST

START_TEST(an_output_struct_keeps_its_size_and_gets_zeros_beyond_what_is_known) {
    const sample mine = {sizeof mine, 1, 2};
    newer_sample theirs = {{sizeof theirs, 10, 20}, 30};
    ck_assert_int_eq(pmkti_struct_out(&theirs, &mine, sizeof mine, 8, "s", NULL), PMKT_OK);
    ck_assert_uint_eq(theirs.known.struct_size, sizeof theirs);
    ck_assert_int_eq(theirs.known.first, 1);
    ck_assert_int_eq(theirs.known.second, 2);
    ck_assert_int_eq(theirs.later, 0);
    sample older = {8, 10, 20};
    ck_assert_int_eq(pmkti_struct_out(&older, &mine, sizeof mine, 8, "s", NULL), PMKT_OK);
    ck_assert_int_eq(older.first, 1);
    ck_assert_int_eq(older.second, 20);
}
END_TEST

/* ------------------------------------------------------------------ hashes */

START_TEST(mixing_gives_the_known_values) {
    /* The outputs of Vigna's splitmix64.c for the state 0, which it increments before mixing. */
    const uint64_t increment = UINT64_C(0x9e3779b97f4a7c15);
    ck_assert_uint_eq(pmkti_mix(increment), UINT64_C(0xe220a8397b1dcdaf));
    ck_assert_uint_eq(pmkti_mix(increment * 2), UINT64_C(0x6e789e6aa1b965f4));
    ck_assert_uint_eq(pmkti_mix(increment * 3), UINT64_C(0x06c45d188009454f));
    ck_assert_uint_eq(pmkti_mix(0), 0);
}
END_TEST

START_TEST(unmixing_undoes_mixing) {
    for (uint32_t bit = 0; bit < 64; bit++) {
        const uint64_t x = UINT64_C(1) << bit;
        REQUIRE(pmkti_unmix(pmkti_mix(x)) == x);
        REQUIRE(pmkti_unmix(pmkti_mix(~x)) == ~x);
        REQUIRE(pmkti_mix(pmkti_unmix(x)) == x);
    }
    for (uint64_t i = 0, x = 1; i < 100000; i++) {
        REQUIRE(pmkti_unmix(pmkti_mix(i)) == i);
        x = x * UINT64_C(6364136223846793005) + 1;
        REQUIRE(pmkti_unmix(pmkti_mix(x)) == x);
    }
}
END_TEST

START_TEST(xxh3_takes_null_for_no_bytes) {
    ck_assert_uint_eq(pmkti_xxh3(NULL, 0), pmkti_xxh3("", 0));
    ck_assert_uint_ne(pmkti_xxh3("", 1), pmkti_xxh3("", 0));
}
END_TEST

/* ----------------------------------------------------------- reading of texts */

START_TEST(a_quoted_text_is_short_and_printable) {
    char text[200];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i + 1);
    pmkt_error err;
    const pmkti_reader in = pmkti_reader_begin(text, sizeof text);
    ck_assert_int_eq(pmkti_reader_fail(&in, 150, "a time", "a digit", &err), PMKT_E_PARSE);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_BYTE);
    ck_assert_int_eq(err.where, 150);
    ck_assert_ptr_nonnull(
        strstr(err.message, "...\" is not a time: at byte 150, expected a digit"));
    for (const char *c = err.message; *c; c++) ck_assert(*c >= ' ' && *c <= '~');
}
END_TEST

START_TEST(spaces_and_tabs_around_a_text_are_passed_over) {
    pmkti_reader in = pmkti_reader_begin(" \t1 \t", 5);
    ck_assert_uint_eq(in.at, 2);
    ck_assert(!pmkti_reader_done(&in));
    ck_assert(!pmkti_reader_take(&in, '2'));
    ck_assert_int_eq(pmkti_reader_digit(&in), 1);
    ck_assert(pmkti_reader_done(&in));
    ck_assert(!pmkti_reader_take(&in, ' '));
    ck_assert_int_eq(pmkti_reader_digit(&in), -1);
    in = pmkti_reader_begin("  ", 2);
    ck_assert(pmkti_reader_done(&in));
    in = pmkti_reader_begin(NULL, 0);
    ck_assert(pmkti_reader_done(&in));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("base");
    TOPIC(suite, "names", every_status_has_the_name_of_its_constant,
          a_number_that_is_no_status_still_has_a_name,
          the_version_is_the_same_as_text_and_as_number,
          the_build_info_is_one_line_that_names_version_compiler_and_sanitizers);
    TOPIC(suite, "errors", the_structs_of_the_abi_have_no_hidden_padding,
          a_failure_fills_the_whole_error, a_message_that_is_too_long_is_cut_and_ends_in_nul,
          a_failure_needs_no_error_and_leaves_errno_alone);
    TOPIC(suite, "structs", an_older_callers_struct_leaves_the_rest_at_the_defaults,
          a_newer_callers_struct_is_taken_unless_it_asks_for_something_new,
          a_size_that_makes_no_sense_is_refused,
          an_output_struct_keeps_its_size_and_gets_zeros_beyond_what_is_known);
    TOPIC(suite, "hashes", mixing_gives_the_known_values, unmixing_undoes_mixing,
          xxh3_takes_null_for_no_bytes);
    TOPIC(suite, "texts", a_quoted_text_is_short_and_printable,
          spaces_and_tabs_around_a_text_are_passed_over);
    return suite_run(suite);
}
