/* The calendar, and times as text. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/zone.h"
#include "pmkt.h"
#include "support/loop.h"
#include "support/random.h"
#include "support/suite.h"
#include "support/zones.h"

#define MINUTE PMKTI_MINUTE_MS
#define HOUR (60 * MINUTE)
#define DAY PMKTI_DAY_MS

/* ----------------------------------------------------------------- calendar */

START_TEST(days_and_dates_convert_both_ways_for_every_day_of_1600_years) {
    /* Counts the calendar by hand, day by day. */
    pmkti_civil date = {1600, 1, 1};
    for (int32_t day = -135140; date.year < 3200; day++) {
        const pmkti_civil got = pmkti_civil_from_days(day);
        REQUIRE(got.year == date.year && got.month == date.month && got.day == date.day);
        REQUIRE(pmkti_days_from_civil(date) == day);
        static const int32_t MONTH[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        const bool is_leap = (date.year % 4 == 0 && date.year % 100 != 0) || date.year % 400 == 0;
        if (++date.day <= MONTH[date.month - 1] + (is_leap && date.month == 2)) continue;
        date.day = 1;
        if (++date.month <= 12) continue;
        date.month = 1;
        date.year++;
    }
}
END_TEST

START_TEST(any_day_number_converts_back) {
    static const int32_t DAYS[] = {INT32_MIN, INT32_MIN + 1, -719469,  -719468, -1, 0,
                                   1,         376200,        INT32_MAX};
    for (size_t i = 0; i < sizeof DAYS / sizeof *DAYS; i++) {
        ck_assert_int_eq(pmkti_days_from_civil(pmkti_civil_from_days(DAYS[i])), DAYS[i]);
    }
}
END_TEST

START_TEST(the_range_of_times_is_the_years_1700_to_2999) {
    ck_assert_int_eq(utc("1700-01-01"), PMKT_TIME_MIN);
    ck_assert_int_eq(utc("2999-12-31T23:59:59.999"), PMKT_TIME_MAX - 1);
}
END_TEST

/* ------------------------------------------------------------------- reading */

START_TEST(every_form_of_a_time_is_read) {
    const int64_t day = INT64_C(1323475200000); /* 2011-12-10 */
    ck_assert_int_eq(utc("2011-12-10"), day);
    ck_assert_int_eq(utc("20111210"), day);
    ck_assert_int_eq(utc("2011-12-10 08:26"), day + 8 * HOUR + 26 * MINUTE);
    ck_assert_int_eq(utc("2011-12-10T08:26"), day + 8 * HOUR + 26 * MINUTE);
    ck_assert_int_eq(utc("2011-12-10T08:26:30"), day + 8 * HOUR + 26 * MINUTE + 30000);
    ck_assert_int_eq(utc("2011-12-10 08:26:30.5"), day + 8 * HOUR + 26 * MINUTE + 30500);
    ck_assert_int_eq(utc("2011-12-10T08:26:30.1239999"), day + 8 * HOUR + 26 * MINUTE + 30123);
    ck_assert_int_eq(utc("2011-12-10T08:26:30.009"), day + 8 * HOUR + 26 * MINUTE + 30009);
    ck_assert_int_eq(utc("  2011-12-10\t"), day);
    ck_assert_int_eq(utc("1969-12-31T23:59:59.999"), -1);
    ck_assert_int_eq(utc("1899-12-31T23:59:59.9999"), utc("1900-01-01") - 1); /* cut, not rounded */
}
END_TEST

START_TEST(an_offset_in_the_text_wins_over_the_zone) {
    const pmkt_zone zone = fixed(480);
    const int64_t noon = utc("2011-12-10T12:00");
    ck_assert_int_eq(parse_in("2011-12-10T20:00", &zone), noon);
    ck_assert_int_eq(parse_in("2011-12-10T12:00Z", &zone), noon);
    ck_assert_int_eq(parse_in("2011-12-10T12:00:00.000Z", &zone), noon);
    ck_assert_int_eq(parse_in("2011-12-10T14:00+02", &zone), noon);
    ck_assert_int_eq(parse_in("2011-12-10 14:30:00+0230", &zone), noon);
    ck_assert_int_eq(parse_in("2011-12-10T06:15:00.0-05:45", &zone), noon);
    ck_assert_int_eq(parse_in("2011-12-10T12:00-00:00", &zone), noon);
    ck_assert_int_eq(parse_in("2011-12-11T12:00+24:00", &zone), noon);
}
END_TEST

static void expect_parse_error(const char *text, int64_t where) {
    int64_t ms = 777;
    pmkt_error err;
    ck_assert_msg(pmkt_time_parse(text, strlen(text), NULL, &ms, &err) == PMKT_E_PARSE, "%s", text);
    ck_assert_int_eq(err.code, PMKT_E_PARSE);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_BYTE);
    ck_assert_msg(err.where == where, "%s: at %d (%s)", text, (int)err.where, err.message);
    ck_assert_int_eq(ms, 777);
}

START_TEST(what_is_no_date_is_refused_at_its_byte) {
    expect_parse_error("", 0);
    expect_parse_error("  ", 2);
    expect_parse_error("12/10/2011", 2);
    expect_parse_error("2011", 4);
    expect_parse_error("2011-1-2", 6);
    expect_parse_error("2011-12", 7);
    expect_parse_error("2011-1210", 7);
    expect_parse_error("2011/12/10", 4);
    expect_parse_error("201112-10", 6);
    expect_parse_error("2011-13-01", 5);
    expect_parse_error("2011-00-01", 5);
    expect_parse_error("2011-12-00", 8);
    expect_parse_error("2011-12-32", 8);
    expect_parse_error("2011-04-31", 8);
    expect_parse_error("2011-02-29", 8);
    expect_parse_error("1900-02-29", 8);
    expect_parse_error("20110229", 6);
    expect_parse_error("2011-12-10x", 10);
    expect_parse_error("20111210 08:26", 8);
    expect_parse_error("2011-12-10Z", 10);
    expect_parse_error("-2011-12-10", 0);
    expect_parse_error("  2011-12-1O", 11);
    ck_assert_int_eq(utc("2012-02-29"), utc("2012-02-28") + DAY);
    ck_assert_int_eq(utc("2000-02-29"), utc("2000-02-28") + DAY);
}
END_TEST

START_TEST(what_is_no_clock_or_offset_is_refused_at_its_byte) {
    expect_parse_error("2011-12-10T", 11);
    expect_parse_error("2011-12-10  08:26", 11);
    expect_parse_error("2011-12-10t08:26", 10);
    expect_parse_error("2011-12-10 8:26", 12);
    expect_parse_error("2011-12-10 24:00", 11);
    expect_parse_error("2011-12-10 08", 13);
    expect_parse_error("2011-12-10 0826", 13);
    expect_parse_error("2011-12-10 08:60", 14);
    expect_parse_error("2011-12-10 08:26:60", 17);
    expect_parse_error("2011-12-10 08:26:", 17);
    expect_parse_error("2011-12-10 08:26:30.", 20);
    expect_parse_error("2011-12-10 08:26:30,5", 19);
    expect_parse_error("2011-12-10 08:26.5", 16);
    expect_parse_error("2011-12-10 08:26 PM", 16);
    expect_parse_error("2011-12-10 08:26+", 17);
    expect_parse_error("2011-12-10 08:26+8", 18);
    expect_parse_error("2011-12-10 08:26+25", 17);
    expect_parse_error("2011-12-10 08:26+24:01", 17);
    expect_parse_error("2011-12-10 08:26+08:", 20);
    expect_parse_error("2011-12-10 08:26+08:60", 20);
    expect_parse_error("2011-12-10 08:26+080", 20);
    expect_parse_error("2011-12-10 08:26Z+01", 17);
    expect_parse_error("2011-12-10 08:26-08:00x", 22);
}
END_TEST

START_TEST(a_time_out_of_range_is_refused_at_its_beginning) {
    expect_parse_error(" 1699-12-31", 1);
    expect_parse_error("3000-01-01", 0);
    expect_parse_error("0000-01-01 00:00", 0);
    expect_parse_error("9999-12-31T23:59:59.999", 0);
    expect_parse_error("1700-01-01T00:00+00:01", 0);
    expect_parse_error("2999-12-31T23:59-00:01", 0);
    const pmkt_zone zone = fixed(480);
    int64_t ms = 7;
    ck_assert_int_eq(pmkt_time_parse("1700-01-01", 10, &zone, &ms, NULL), PMKT_E_PARSE);
    ck_assert_int_eq(pmkt_time_parse("1700-01-01 07:59", 16, &zone, &ms, NULL), PMKT_E_PARSE);
    ck_assert_int_eq(ms, 7);
    ck_assert_int_eq(parse_in("1700-01-01 08:00", &zone), PMKT_TIME_MIN);
}
END_TEST

START_TEST(a_message_quotes_the_text_and_says_what_was_expected) {
    int64_t ms = 7;
    pmkt_error err;
    ck_assert_int_eq(pmkt_time_parse("12/10/2011 8:26", 15, NULL, &ms, &err), PMKT_E_PARSE);
    ck_assert_str_eq(
        err.message,
        "\"12/10/2011 8:26\" is not a time: at byte 2, expected a year of four digits");
    ck_assert_int_eq(pmkt_time_parse(NULL, 0, NULL, &ms, &err), PMKT_E_PARSE);
    ck_assert_int_eq(err.where, 0);
}
END_TEST

/* ------------------------------------------------------------------- writing */

START_TEST(a_time_is_written_in_the_clock_of_its_zone) {
    const pmkt_zone beijing = fixed(480), early = fixed(-1440), late = fixed(1440);
    expect_format(0, NULL, "1970-01-01 00:00:00");
    expect_format(-1, NULL, "1969-12-31 23:59:59.999");
    expect_format(7, NULL, "1970-01-01 00:00:00.007");
    expect_format(utc("2011-12-10T08:26:30.5"), NULL, "2011-12-10 08:26:30.500");
    expect_format(utc("2011-12-10T18:26:30"), &beijing, "2011-12-11 02:26:30");
    expect_format(PMKT_TIME_MIN, &early, "1699-12-31 00:00:00");
    expect_format(PMKT_TIME_MAX - 1, &late, "3000-01-01 23:59:59.999");
}
END_TEST

START_TEST(a_time_out_of_range_is_not_written) {
    static const int64_t BAD[] = {PMKT_TIME_NULL, PMKT_TIME_MIN - 1, PMKT_TIME_MAX, INT64_MAX};
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        char text[32] = "text";
        ck_assert_int_eq(pmkt_time_format(BAD[i], NULL, text, NULL), PMKT_E_INVALID);
        ck_assert_str_eq(text, "text");
    }
}
END_TEST

/* ---------------------------------------------------------------- at random */

START_TEST(what_is_written_reads_back_unless_the_clock_shows_it_twice) {
    const pmkt_zone zones[] = {fixed(0),    fixed(-1440), fixed(345), london(),
                               sao_paulo(), havana(),     st_johns(), apia(),
                               toronto(),   lord_howe(),  kathmandu()};
    random_seed(1);
    int64_t repeated = 0;
    for (int i = 0; i < 200000; i++) {
        const pmkt_zone *zone = &zones[random_bits() % (uint64_t)LENGTH(zones)];
        int64_t ms = random_between(PMKT_TIME_MIN + 2 * DAY, PMKT_TIME_MAX - 2 * DAY);
        if (zone->n_transitions > 0 && i % 2) {
            const int64_t k = random_between(0, zone->n_transitions);
            ms = zone->transitions[k].from_ms + random_between(-2 * HOUR, 2 * HOUR);
        }
        char text[32];
        REQUIRE(pmkt_time_format(ms, zone, text, NULL) == PMKT_OK);
        const int64_t back = parse_in(text, zone);
        if (back == ms) continue;
        /* Then it is an earlier instant at which the clock showed the same. */
        char again[32];
        REQUIRE(pmkt_time_format(back, zone, again, NULL) == PMKT_OK);
        REQUIRE(strcmp(again, text) == 0);
        REQUIRE(back < ms);
        repeated++;
    }
    ck_assert_int_gt(repeated, 1000);
}
END_TEST

/* Half of the texts are random, half are times with a few bytes changed or cut. */
static size_t random_text(char *out, size_t room) {
    static const char *const SEEDS[] = {
        "2011-12-10", "2011-12-10 08:26", "2011-12-10T08:26:30.125Z", "2011-12-10 08:26:30+08:00",
        "20111210",   " 1999-02-28 \t"};
    static const char LIKELY[] = "0123456789-:T .+Z";
    size_t length = random_bits() % room;
    for (size_t i = 0; i < length; i++) out[i] = (char)random_bits();
    if (random_bits() % 2) return length;
    const char *seed = SEEDS[random_bits() % (sizeof SEEDS / sizeof *SEEDS)];
    length = strlen(seed) - random_bits() % 3;
    memcpy(out, seed, length);
    for (uint64_t changes = random_bits() % 4; changes > 0; changes--) {
        out[random_bits() % length] = LIKELY[random_bits() % (sizeof LIKELY - 1)];
    }
    return length;
}

START_TEST(random_bytes_are_read_or_refused_within_the_text) {
    const pmkt_zone zones[] = {fixed(0), london(), apia()};
    random_seed(3);
    int taken = 0;
    for (int i = 0; i < 300000; i++) {
        char draft[40];
        const size_t length = random_text(draft, sizeof draft);
        /* A block of exactly this length, so that the sanitizer sees a read beyond it. */
        char *text = malloc(length ? length : 1);
        REQUIRE(text);
        memcpy(text, draft, length);
        int64_t ms = 777;
        pmkt_error err;
        const pmkt_status status = pmkt_time_parse(text, length, &zones[i % 3], &ms, &err);
        free(text);
        if (status == PMKT_OK) {
            char written[32];
            REQUIRE(pmkt_time_format(ms, NULL, written, NULL) == PMKT_OK);
            REQUIRE(utc(written) == ms);
            taken++;
        } else {
            REQUIRE(status == PMKT_E_PARSE);
            REQUIRE(err.where_kind == PMKT_WHERE_BYTE);
            REQUIRE(err.where >= 0 && (size_t)err.where <= length);
            REQUIRE(memchr(err.message, '\0', sizeof err.message));
            REQUIRE(ms == 777);
        }
    }
    ck_assert_int_gt(taken, 10000);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("time");
    TOPIC(suite, "calendar", days_and_dates_convert_both_ways_for_every_day_of_1600_years,
          any_day_number_converts_back, the_range_of_times_is_the_years_1700_to_2999);
    TOPIC(suite, "reading", every_form_of_a_time_is_read, an_offset_in_the_text_wins_over_the_zone,
          what_is_no_date_is_refused_at_its_byte, what_is_no_clock_or_offset_is_refused_at_its_byte,
          a_time_out_of_range_is_refused_at_its_beginning,
          a_message_quotes_the_text_and_says_what_was_expected);
    TOPIC(suite, "writing", a_time_is_written_in_the_clock_of_its_zone,
          a_time_out_of_range_is_not_written);
    TOPIC(suite, "at random", what_is_written_reads_back_unless_the_clock_shows_it_twice,
          random_bytes_are_read_or_refused_within_the_text);
    return suite_run(suite);
}
