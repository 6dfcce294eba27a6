/* Money from doubles and from text: exact, rounded half away from zero, bounded. */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/loop.h"
#include "support/random.h"
#include "support/suite.h"

/* ------------------------------------------------------------------ doubles */

static int64_t from_double(double value, int32_t exponent) {
    int64_t minor = 777;
    ck_assert_int_eq(
        pmkt_money_from_double(&value, NULL, 1, exponent, PMKT_ON_BAD_FAIL, &minor, NULL, NULL),
        PMKT_OK);
    return minor;
}

START_TEST(a_price_becomes_minor_units_of_its_currency) {
    ck_assert_int_eq(from_double(200.0, 2), 20000);
    ck_assert_int_eq(from_double(2.55, 2), 255);
    ck_assert_int_eq(from_double(-11062.06, 2), -1106206);
    ck_assert_int_eq(from_double(1980.0, 0), 1980);
    ck_assert_int_eq(from_double(1.234, 3), 1234);
    ck_assert_int_eq(from_double(0.000001, 6), 1);
    ck_assert_int_eq(from_double(-0.0, 2), 0);
    ck_assert_int_eq(from_double(1e-320, 2), 0);
}
END_TEST

START_TEST(halves_round_away_from_zero) {
    ck_assert_int_eq(from_double(0.5, 0), 1);
    ck_assert_int_eq(from_double(-0.5, 0), -1);
    ck_assert_int_eq(from_double(1.5, 0), 2);
    ck_assert_int_eq(from_double(2.5, 0), 3);
    ck_assert_int_eq(from_double(-2.5, 0), -3);
    ck_assert_int_eq(from_double(0.125, 2), 13);
    ck_assert_int_eq(from_double(-0.125, 2), -13);
    ck_assert_int_eq(from_double(2251799813685248.5, 0), INT64_C(2251799813685249));
}
END_TEST

START_TEST(what_is_just_below_a_half_rounds_down) {
    ck_assert_int_eq(from_double(0x1.fffffffffffffp-2, 0), 0);
    ck_assert_int_eq(from_double(-0x1.fffffffffffffp-2, 0), 0);
    ck_assert_int_eq(from_double(0.285, 2), 28); /* the nearest double lies below 0.285 */
    ck_assert_int_eq(from_double(4503599627370495.0 + 0.5, 0), INT64_C(4503599627370496));
    ck_assert_int_eq(from_double(4503599627370497.0, 0), INT64_C(4503599627370497));
}
END_TEST

START_TEST(the_largest_amount_is_taken_and_the_next_is_not) {
    ck_assert_int_eq(from_double(9007199254740991.0, 0), PMKT_AMOUNT_MAX);
    ck_assert_int_eq(from_double(-9007199254740991.0, 0), -PMKT_AMOUNT_MAX);
    ck_assert_int_eq(from_double(90071992547409.91, 2), PMKT_AMOUNT_MAX);
    static const double BAD[] = {9007199254740992.0, -9007199254740992.0, 1e300, INFINITY,
                                 -INFINITY};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        const double value[] = {1.0, BAD[i], 2.0};
        int64_t minor[] = {7, 7, 7}, n_bad = -1;
        pmkt_error err;
        ck_assert_int_eq(
            pmkt_money_from_double(value, NULL, 3, 0, PMKT_ON_BAD_SKIP, minor, &n_bad, &err),
            PMKT_OK);
        ck_assert_int_eq(n_bad, 1);
        ck_assert_int_eq(minor[0], 1);
        ck_assert_int_eq(minor[1], PMKT_AMOUNT_NULL);
        ck_assert_int_eq(minor[2], 2);
    }
}
END_TEST

static void expect_bad(double value, double quantity, const char *why) {
    const double values[] = {1.0, value}, quantities[] = {3.0, quantity};
    int64_t minor[] = {7, 7}, n_bad = -1;
    pmkt_error err;
    ck_assert_int_eq(
        pmkt_money_from_double(values, quantities, 2, 2, PMKT_ON_BAD_FAIL, minor, &n_bad, &err),
        PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_int_eq(err.where, 1);
    ck_assert_int_eq(minor[0], 300);
    ck_assert_int_eq(n_bad, -1);
    ck_assert_msg(strstr(err.message, why) != NULL, "%s", err.message);
}

START_TEST(the_first_bad_value_ends_the_call_at_its_row_and_says_why) {
    expect_bad(INFINITY, 1.0, "value is infinite");
    expect_bad(-INFINITY, 0.0, "value is infinite");
    expect_bad(1.0, INFINITY, "quantity is infinite");
    expect_bad(0.0, -INFINITY, "quantity is infinite");
    expect_bad(1e200, 1e200, "beyond 2^53 - 1");
    expect_bad(90071992547409.92, 1.0, "beyond 2^53 - 1");
}
END_TEST

START_TEST(nan_is_a_missing_amount_and_not_a_bad_one) {
    const double value[] = {NAN, 1.0, NAN, NAN, INFINITY};
    const double quantity[] = {1.0, NAN, NAN, INFINITY, NAN};
    int64_t minor[] = {7, 7, 7, 7, 7}, n_bad = -1;
    ck_assert_int_eq(
        pmkt_money_from_double(value, quantity, 5, 2, PMKT_ON_BAD_FAIL, minor, &n_bad, NULL),
        PMKT_OK);
    for (int i = 0; i < 5; i++) ck_assert_int_eq(minor[i], PMKT_AMOUNT_NULL);
    ck_assert_int_eq(n_bad, 0);
    ck_assert_int_eq(from_double(NAN, 6), PMKT_AMOUNT_NULL);
}
END_TEST

START_TEST(a_quantity_multiplies_before_rounding) {
    const double value[] = {0.335, 2.55, 4.25, 1.0}, quantity[] = {3.0, 6.0, -2.0, 0.0};
    int64_t minor[4];
    ck_assert_int_eq(
        pmkt_money_from_double(value, quantity, 4, 2, PMKT_ON_BAD_FAIL, minor, NULL, NULL),
        PMKT_OK);
    ck_assert_int_eq(minor[0], 101); /* 1.005 by the doubles; 3 * 34 cents would be 102 */
    ck_assert_int_eq(minor[1], 1530);
    ck_assert_int_eq(minor[2], -850);
    ck_assert_int_eq(minor[3], 0);
}
END_TEST

START_TEST(a_malformed_call_is_refused) {
    const double value = 1.0;
    int64_t minor = 7;
    ck_assert_int_eq(pmkt_money_from_double(&value, NULL, -1, 2, 0, &minor, NULL, NULL),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_money_from_double(NULL, NULL, 1, 2, 0, &minor, NULL, NULL),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_money_from_double(&value, NULL, 1, 2, 0, NULL, NULL, NULL),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_money_from_double(&value, NULL, 1, 7, 0, &minor, NULL, NULL),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_money_from_double(&value, NULL, 1, -1, 0, &minor, NULL, NULL),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_money_from_double(&value, NULL, 1, 2, 2, &minor, NULL, NULL),
                     PMKT_E_INVALID);
    ck_assert_int_eq(minor, 7);
    int64_t n_bad = -1;
    ck_assert_int_eq(pmkt_money_from_double(NULL, NULL, 0, 2, 0, NULL, &n_bad, NULL), PMKT_OK);
    ck_assert_int_eq(n_bad, 0);
}
END_TEST

START_TEST(any_double_rounds_as_the_c_library_does) {
    random_seed(1);
    for (int i = 0; i < 200000; i++) {
        const uint64_t bits = random_bits();
        const double scale = ldexp(1.0, (int)(random_bits() % 60) - 8);
        double value = (double)(int64_t)bits / 9223372036854775808.0 * scale;
        if (i % 4 == 0) value = floor(value) + 0.5;
        const double rounded = round(value);
        int64_t minor = 7;
        const pmkt_status status =
            pmkt_money_from_double(&value, NULL, 1, 0, PMKT_ON_BAD_FAIL, &minor, NULL, NULL);
        REQUIRE(status == PMKT_OK);
        REQUIRE((double)minor == rounded);
    }
}
END_TEST

/* --------------------------------------------------------------------- text */

static int64_t parse(const char *text, int32_t exponent) {
    int64_t minor = 777;
    pmkt_error err;
    const pmkt_status status = pmkt_money_parse(text, strlen(text), exponent, &minor, &err);
    ck_assert_msg(status == PMKT_OK, "%s: %s", text, err.message);
    return minor;
}

static void expect_parse_error(const char *text, int32_t exponent, int64_t where) {
    int64_t minor = 777;
    pmkt_error err;
    ck_assert_msg(pmkt_money_parse(text, strlen(text), exponent, &minor, &err) == PMKT_E_PARSE,
                  "%s", text);
    ck_assert_int_eq(err.code, PMKT_E_PARSE);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_BYTE);
    ck_assert_msg(err.where == where, "%s: at %d", text, (int)err.where);
    ck_assert_int_eq(minor, 777);
}

START_TEST(a_decimal_text_is_read_exactly) {
    ck_assert_int_eq(parse("-1234.5", 2), -123450);
    ck_assert_int_eq(parse("0.285", 3), 285);
    ck_assert_int_eq(parse("+7", 2), 700);
    ck_assert_int_eq(parse("  12.30\t", 2), 1230);
    ck_assert_int_eq(parse(".5", 2), 50);
    ck_assert_int_eq(parse("5.", 2), 500);
    ck_assert_int_eq(parse("0", 6), 0);
    ck_assert_int_eq(parse("-0.00", 2), 0);
    ck_assert_int_eq(parse("1980", 0), 1980);
    ck_assert_int_eq(parse("00000000000000000000000000000000000012.3400000000000000000", 2), 1234);
}
END_TEST

START_TEST(digits_beyond_the_exponent_round_half_away_from_zero) {
    ck_assert_int_eq(parse("0.285", 2), 29); /* exact, where the double is not */
    ck_assert_int_eq(parse("-0.285", 2), -29);
    ck_assert_int_eq(parse("0.2849999999999999999999999", 2), 28);
    ck_assert_int_eq(parse("0.295", 2), 30);
    ck_assert_int_eq(parse("0.5", 0), 1);
    ck_assert_int_eq(parse("-0.5", 0), -1);
    ck_assert_int_eq(parse("0.49999", 0), 0);
    ck_assert_int_eq(parse("-0.49999", 0), 0);
    ck_assert_int_eq(parse("999.995", 2), 100000);
}
END_TEST

START_TEST(the_bound_of_a_text_is_exact_too) {
    ck_assert_int_eq(parse("9007199254740991", 0), PMKT_AMOUNT_MAX);
    ck_assert_int_eq(parse("-90071992547409.91", 2), -PMKT_AMOUNT_MAX);
    ck_assert_int_eq(parse("9007199254740991.4999", 0), PMKT_AMOUNT_MAX);
    expect_parse_error("9007199254740992", 0, 0);
    expect_parse_error("  -9007199254740991.5", 0, 2);
    expect_parse_error("90071992547409.915", 2, 0);
    expect_parse_error("9007199254740991", 1, 0);
    expect_parse_error("9007199255", 6, 0);
    expect_parse_error("18446744073709551617", 0, 0); /* 2^64 + 1 must not wrap to 1 */
    expect_parse_error("99999999999999999999999999999999999999999999", 2, 0);
}
END_TEST

START_TEST(what_is_no_number_is_refused_at_its_byte) {
    expect_parse_error("", 2, 0);
    expect_parse_error("   ", 2, 3);
    expect_parse_error(".", 2, 1);
    expect_parse_error("-", 2, 1);
    expect_parse_error("+-1", 2, 1);
    expect_parse_error("- 1", 2, 1);
    expect_parse_error("1,234.50", 2, 1);
    expect_parse_error("1.2.3", 2, 3);
    expect_parse_error("1e3", 2, 1);
    expect_parse_error(" $5", 2, 1);
    expect_parse_error("5 EUR", 2, 1);
    expect_parse_error("nan", 2, 0);
    expect_parse_error("0x10", 2, 1);
    expect_parse_error("12\n", 2, 2);
    expect_parse_error("\xef\xbc\x95", 2, 0); /* a full-width 5 */
}
END_TEST

START_TEST(a_malformed_parse_is_refused) {
    int64_t minor = 7;
    pmkt_error err;
    ck_assert_int_eq(pmkt_money_parse(NULL, 1, 2, &minor, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_money_parse("1", 1, 2, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_money_parse("1", 1, 7, &minor, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_money_parse("1", 1, -1, &minor, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_money_parse(NULL, 0, 2, &minor, &err), PMKT_E_PARSE);
    ck_assert_int_eq(err.where, 0);
    ck_assert_int_eq(minor, 7);
    ck_assert_int_eq(pmkt_money_parse("12", 1, 0, &minor, NULL),
                     PMKT_OK); /* only the length counts */
    ck_assert_int_eq(minor, 1);
}
END_TEST

/* -------------------------------------------------------------- text, at random */

/*
 * The slow way: the digits of a decimal as a string of `whole` and `decimals`, shifted by hand,
 * incremented by carrying. False if the amount is too large.
 */
static bool slow_minor(const char *whole, const char *decimals, int32_t exponent, int64_t *minor) {
    char digits[128] = "0"; /* room for a carry */
    strcat(digits, whole);
    const size_t n_decimals = strlen(decimals);
    char *end = digits + strlen(digits);
    for (size_t i = 0; i < (size_t)exponent; i++) *end++ = i < n_decimals ? decimals[i] : '0';
    *end = '\0';
    if (n_decimals > (size_t)exponent && decimals[exponent] >= '5') {
        size_t i = strlen(digits) - 1;
        while (digits[i] == '9') digits[i--] = '0';
        digits[i]++;
    }
    const char *first = digits + strspn(digits, "0");
    const size_t length = strlen(first);
    if (length > 16 || (length == 16 && strcmp(first, "9007199254740991") > 0)) return false;
    *minor = strtoll(digits, NULL, 10);
    return true;
}

static void random_digits(char *out, size_t length) {
    const bool are_nines = random_bits() % 4 == 0;
    for (size_t i = 0; i < length; i++) {
        out[i] = are_nines ? '9' : (char)('0' + random_bits() % 10);
    }
    out[length] = '\0';
}

START_TEST(random_decimals_read_as_the_slow_way_does) {
    random_seed(2);
    int taken = 0, refused = 0;
    for (int i = 0; i < 200000; i++) {
        char whole[32], decimals[32], text[128] = "";
        const int32_t exponent = (int32_t)(random_bits() % 7);
        random_digits(whole, random_bits() % 19);
        random_digits(decimals, random_bits() % 10 + (whole[0] == '\0'));
        const bool is_negative = random_bits() % 2;
        if (is_negative) strcat(text, "-");
        strcat(text, whole);
        if (decimals[0]) strcat(text, ".");
        strcat(text, decimals);
        int64_t want = 0, minor = 0;
        const bool fits = slow_minor(whole, decimals, exponent, &want);
        const pmkt_status status = pmkt_money_parse(text, strlen(text), exponent, &minor, NULL);
        const bool is_right = fits ? status == PMKT_OK && minor == (is_negative ? -want : want)
                                   : status == PMKT_E_PARSE;
        if (!is_right) ck_abort_msg("%s", text);
        taken += fits;
        refused += !fits;
    }
    ck_assert_int_gt(taken, 10000);
    ck_assert_int_gt(refused, 10000);
}
END_TEST

START_TEST(random_bytes_are_read_or_refused_within_the_text) {
    static const char LIKELY[] = "0123456789.-+ ,e";
    random_seed(3);
    int taken = 0;
    for (int i = 0; i < 200000; i++) {
        const size_t length = random_bits() % 24;
        /* A block of exactly this length, so that the sanitizer sees a read beyond it. */
        char *text = malloc(length ? length : 1);
        REQUIRE(text);
        for (size_t k = 0; k < length; k++) {
            text[k] = i % 4 ? LIKELY[random_bits() % (sizeof LIKELY - 1)] : (char)random_bits();
        }
        int64_t minor = 7;
        pmkt_error err;
        const pmkt_status status = pmkt_money_parse(text, length, (int32_t)(i % 7), &minor, &err);
        if (status == PMKT_OK) {
            REQUIRE(minor >= -PMKT_AMOUNT_MAX && minor <= PMKT_AMOUNT_MAX);
            taken++;
        } else {
            REQUIRE(status == PMKT_E_PARSE);
            REQUIRE(err.where_kind == PMKT_WHERE_BYTE);
            REQUIRE(err.where >= 0 && (size_t)err.where <= length);
            REQUIRE(memchr(err.message, '\0', sizeof err.message));
            REQUIRE(minor == 7);
        }
        free(text);
    }
    ck_assert_int_gt(taken, 1000);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("money");
    TOPIC(suite, "doubles", a_price_becomes_minor_units_of_its_currency,
          halves_round_away_from_zero, what_is_just_below_a_half_rounds_down,
          the_largest_amount_is_taken_and_the_next_is_not,
          the_first_bad_value_ends_the_call_at_its_row_and_says_why,
          nan_is_a_missing_amount_and_not_a_bad_one, a_quantity_multiplies_before_rounding,
          a_malformed_call_is_refused, any_double_rounds_as_the_c_library_does);
    TOPIC(suite, "text", a_decimal_text_is_read_exactly,
          digits_beyond_the_exponent_round_half_away_from_zero, the_bound_of_a_text_is_exact_too,
          what_is_no_number_is_refused_at_its_byte, a_malformed_parse_is_refused);
    TOPIC(suite, "text at random", random_decimals_read_as_the_slow_way_does,
          random_bytes_are_read_or_refused_within_the_text);
    return suite_run(suite);
}
