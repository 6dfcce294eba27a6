/* Zones: the calendar days of instants, the instants of wall clocks, and where days begin. */
#include <check.h>
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

/* Wall-clock time in a zone is this instant. */
static void expect_instant(const pmkt_zone *zone, const char *local, const char *want) {
    const int64_t local_ms = utc(local);
    int64_t ms = 777;
    ck_assert_int_eq(pmkt_zone_to_utc(zone, &local_ms, 1, &ms, NULL), PMKT_OK);
    ck_assert_msg(ms == utc(want), "%s is %lld, expected %s", local, (long long)ms, want);
    ck_assert_int_eq(parse_in(local, zone), ms);
}

/* A date in a zone begins at this instant, whose clock then shows `clock`. */
static void expect_start(const pmkt_zone *zone, const char *date, const char *want,
                         const char *clock) {
    int64_t ms = 777;
    ck_assert_int_eq(pmkt_zone_day_start(zone, day_of(date), &ms, NULL), PMKT_OK);
    ck_assert_msg(ms == utc(want), "%s begins at %lld, expected %s", date, (long long)ms, want);
    ck_assert_int_eq(parse_in(date, zone), ms);
    expect_format(ms, zone, clock);
}

/* --------------------------------------------------------------------- days */

START_TEST(a_fixed_offset_shifts_the_day) {
    const int64_t ms[] = {0, -1, DAY - 1, DAY, utc("2011-12-09T16:00"), utc("2011-12-09T15:59")};
    int32_t day[6];
    ck_assert_int_eq(pmkt_zone_days(NULL, ms, 6, day, NULL), PMKT_OK);
    ck_assert_int_eq(day[0], 0);
    ck_assert_int_eq(day[1], -1);
    ck_assert_int_eq(day[2], 0);
    ck_assert_int_eq(day[3], 1);
    const pmkt_zone beijing = fixed(480);
    ck_assert_int_eq(pmkt_zone_days(&beijing, ms, 6, day, NULL), PMKT_OK);
    ck_assert_int_eq(day[4], day_of("2011-12-10"));
    ck_assert_int_eq(day[5], day_of("2011-12-09"));
    const pmkt_zone west = fixed(-480);
    ck_assert_int_eq(pmkt_zone_days(&west, ms, 6, day, NULL), PMKT_OK);
    ck_assert_int_eq(day[0], -1);
    ck_assert_int_eq(day[1], -1);
}
END_TEST

START_TEST(no_time_and_times_out_of_range_have_no_day) {
    const int64_t ms[] = {PMKT_TIME_NULL,    INT64_MAX,     PMKT_TIME_MIN - 1,       PMKT_TIME_MIN,
                          PMKT_TIME_MAX - 1, PMKT_TIME_MAX, utc("2011-12-10") * 1000};
    int32_t day[7];
    const pmkt_zone zones[] = {fixed(0), london()};
    for (int z = 0; z < 2; z++) {
        ck_assert_int_eq(pmkt_zone_days(&zones[z], ms, 7, day, NULL), PMKT_OK);
        ck_assert_int_eq(day[0], INT32_MIN);
        ck_assert_int_eq(day[1], INT32_MIN);
        ck_assert_int_eq(day[2], INT32_MIN);
        ck_assert_int_eq(day[3], -98615);
        ck_assert_int_eq(day[4], 376199);
        ck_assert_int_eq(day[5], INT32_MIN);
        ck_assert_int_eq(day[6], INT32_MIN);
    }
}
END_TEST

START_TEST(daylight_saving_moves_the_border_between_days) {
    const pmkt_zone zone = london();
    const int64_t ms[] = {utc("2011-01-31T23:30"), utc("2011-07-31T22:59:59.999"),
                          utc("2011-07-31T23:00"), utc("2012-11-30T23:59"),
                          utc("1999-07-31T23:30"), utc("2012-07-31T23:30")};
    int32_t day[6];
    ck_assert_int_eq(pmkt_zone_days(&zone, ms, 6, day, NULL), PMKT_OK);
    ck_assert_int_eq(day[0], day_of("2011-01-31"));
    ck_assert_int_eq(day[1], day_of("2011-07-31"));
    ck_assert_int_eq(day[2], day_of("2011-08-01"));
    ck_assert_int_eq(day[3], day_of("2012-11-30"));
    ck_assert_int_eq(day[4], day_of("1999-07-31")); /* before the table: its first offset */
    ck_assert_int_eq(day[5], day_of("2012-08-01"));
}
END_TEST

START_TEST(the_offset_of_a_transition_holds_from_its_very_millisecond) {
    const pmkt_zone zone = london();
    for (int64_t i = 0; i < zone.n_transitions; i++) {
        const pmkt_transition *t = &zone.transitions[i];
        ck_assert_int_eq(pmkti_zone_offset(&zone, t->from_ms), t->offset_minutes);
        ck_assert_int_eq(pmkti_zone_offset(&zone, t->from_ms - 1), 60 - t->offset_minutes);
    }
}
END_TEST

/* -------------------------------------------------------------- wall clocks */

START_TEST(a_wall_clock_time_that_happens_twice_is_its_first_occurrence) {
    const pmkt_zone zones[] = {london(), havana(), st_johns(), lord_howe()};
    expect_instant(&zones[0], "2011-10-30T00:59:59.999", "2011-10-29T23:59:59.999");
    expect_instant(&zones[0], "2011-10-30T01:00", "2011-10-30T00:00");
    expect_instant(&zones[0], "2011-10-30T01:59:59.999", "2011-10-30T00:59:59.999");
    expect_instant(&zones[0], "2011-10-30T02:00", "2011-10-30T02:00");
    expect_instant(&zones[1], "2018-11-04T00:30", "2018-11-04T04:30");
    expect_instant(&zones[1], "2018-11-04T01:00", "2018-11-04T06:00");
    expect_instant(&zones[2], "2010-11-07T00:00:30", "2010-11-07T02:30:30");
    expect_instant(&zones[2], "2010-11-06T23:30", "2010-11-07T02:00");
    expect_instant(&zones[2], "2010-11-07T00:01", "2010-11-07T03:31");
    expect_instant(&zones[3], "2018-04-01T01:45", "2018-03-31T14:45");
}
END_TEST

START_TEST(a_wall_clock_time_that_does_not_exist_moves_forward_by_the_gap) {
    const pmkt_zone zones[] = {london(), sao_paulo(), apia(), kathmandu(), lord_howe()};
    expect_instant(&zones[0], "2011-03-27T00:59:59.999", "2011-03-27T00:59:59.999");
    expect_instant(&zones[0], "2011-03-27T01:00", "2011-03-27T01:00"); /* reads 02:00 */
    expect_instant(&zones[0], "2011-03-27T01:30", "2011-03-27T01:30");
    expect_instant(&zones[0], "2011-03-27T02:00", "2011-03-27T01:00");
    expect_instant(&zones[1], "2018-11-04T00:30", "2018-11-04T03:30"); /* reads 01:30 */
    expect_instant(&zones[2], "2011-12-30T12:00", "2011-12-30T22:00"); /* a day later */
    expect_instant(&zones[3], "1986-01-01T00:10", "1985-12-31T18:40"); /* reads 00:25 */
    expect_instant(&zones[4], "2018-10-07T02:15", "2018-10-06T15:45"); /* reads 02:45 */
}
END_TEST

START_TEST(no_time_stays_no_time_and_times_out_of_range_become_none) {
    const pmkt_zone east = fixed(480), west = fixed(-480);
    int64_t ms[] = {
        PMKT_TIME_NULL,      INT64_MAX, PMKT_TIME_MIN, PMKT_TIME_MIN + 8 * HOUR, PMKT_TIME_MAX - 1,
        PMKT_TIME_MAX + DAY, 0};
    ck_assert_int_eq(pmkt_zone_to_utc(&east, ms, 7, ms, NULL), PMKT_OK); /* in place */
    ck_assert_int_eq(ms[0], PMKT_TIME_NULL);
    ck_assert_int_eq(ms[1], PMKT_TIME_NULL);
    ck_assert_int_eq(ms[2], PMKT_TIME_NULL); /* 1699 in UTC */
    ck_assert_int_eq(ms[3], PMKT_TIME_MIN);
    ck_assert_int_eq(ms[4], PMKT_TIME_MAX - 1 - 8 * HOUR);
    ck_assert_int_eq(ms[5], PMKT_TIME_NULL);
    ck_assert_int_eq(ms[6], -8 * HOUR);
    const int64_t late = PMKT_TIME_MAX - 1;
    ck_assert_int_eq(pmkt_zone_to_utc(&west, &late, 1, ms, NULL), PMKT_OK);
    ck_assert_int_eq(ms[0], PMKT_TIME_NULL);
}
END_TEST

/* ---------------------------------------------------------------- day starts */

START_TEST(a_day_begins_at_its_midnight) {
    const pmkt_zone zones[] = {fixed(0), fixed(480), fixed(-1440), london()};
    expect_start(&zones[0], "2011-12-10", "2011-12-10", "2011-12-10 00:00:00");
    expect_start(&zones[1], "2011-12-10", "2011-12-09T16:00", "2011-12-10 00:00:00");
    expect_start(&zones[2], "2011-12-10", "2011-12-11", "2011-12-10 00:00:00");
    expect_start(&zones[3], "2011-12-10", "2011-12-10", "2011-12-10 00:00:00");
    expect_start(&zones[3], "2011-07-10", "2011-07-09T23:00", "2011-07-10 00:00:00");
    expect_start(&zones[3], "2011-03-27", "2011-03-27", "2011-03-27 00:00:00");
    expect_start(&zones[3], "2011-03-28", "2011-03-27T23:00", "2011-03-28 00:00:00");
}
END_TEST

START_TEST(a_day_without_midnight_begins_with_its_first_instant) {
    const pmkt_zone zones[] = {sao_paulo(), havana(), toronto(), kathmandu(), apia()};
    expect_start(&zones[0], "2018-11-04", "2018-11-04T03:00", "2018-11-04 01:00:00");
    expect_start(&zones[0], "2018-11-05", "2018-11-05T02:00", "2018-11-05 00:00:00");
    expect_start(&zones[1], "2018-03-11", "2018-03-11T05:00", "2018-03-11 01:00:00");
    expect_start(&zones[2], "1919-03-31", "1919-03-31T04:30", "1919-03-31 00:30:00");
    expect_start(&zones[3], "1986-01-01", "1985-12-31T18:30", "1986-01-01 00:15:00");
    /* A day that was left out altogether begins, empty, where the next one does. */
    expect_start(&zones[4], "2011-12-30", "2011-12-30T10:00", "2011-12-31 00:00:00");
    expect_start(&zones[4], "2011-12-31", "2011-12-30T10:00", "2011-12-31 00:00:00");
    expect_start(&zones[4], "2011-12-29", "2011-12-29T10:00", "2011-12-29 00:00:00");
}
END_TEST

START_TEST(a_day_with_two_midnights_begins_with_the_first) {
    const pmkt_zone zones[] = {havana(), st_johns(), sao_paulo()};
    expect_start(&zones[0], "2018-11-04", "2018-11-04T04:00", "2018-11-04 00:00:00");
    expect_start(&zones[1], "2010-11-07", "2010-11-07T02:30", "2010-11-07 00:00:00");
    /* Back from 00:00 to 23:00: midnight itself comes once, after the hour was repeated. */
    expect_start(&zones[2], "2018-02-18", "2018-02-18T03:00", "2018-02-18 00:00:00");
}
END_TEST

START_TEST(days_of_the_years_1700_to_3000_have_a_start) {
    int64_t ms = 7;
    pmkt_error err;
    const pmkt_zone zone = fixed(1440);
    ck_assert_int_eq(pmkt_zone_day_start(&zone, -98615, &ms, &err), PMKT_OK);
    ck_assert_int_eq(ms, PMKT_TIME_MIN - DAY);
    ck_assert_int_eq(pmkt_zone_day_start(NULL, 376200, &ms, &err), PMKT_OK);
    ck_assert_int_eq(ms, PMKT_TIME_MAX); /* an exclusive end of everything */
    ck_assert_int_eq(pmkt_zone_day_start(NULL, 376564, &ms, &err), PMKT_OK);
    static const int32_t BAD[] = {-98616, 376565, INT32_MIN, INT32_MAX};
    ms = 7;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        ck_assert_int_eq(pmkt_zone_day_start(NULL, BAD[i], &ms, &err), PMKT_E_INVALID);
    }
    ck_assert_int_eq(ms, 7);
}
END_TEST

/* ------------------------------------------------------------- bad zones, calls */

static void expect_bad_zone(const pmkt_zone *zone, pmkt_status want, int64_t row) {
    pmkt_error err;
    pmkt_zone normalized = fixed(77);
    ck_assert_int_eq(pmkti_zone_check(zone, &normalized, &err), want);
    ck_assert_int_eq(err.code, want);
    ck_assert_int_eq(err.where_kind, row < 0 ? PMKT_WHERE_NONE : PMKT_WHERE_ROW);
    if (row >= 0) ck_assert_int_eq(err.where, row);
    ck_assert_int_eq(normalized.offset_minutes, 77);
    /* Every function that takes arrays refuses it, and writes nothing; those for one instant do so
       too, but for the rows of the table, which they do not all read. */
    int64_t ms = 5;
    int32_t day = 6;
    char text[32] = "text";
    ck_assert_int_eq(pmkt_zone_days(zone, &ms, 1, &day, &err), want);
    ck_assert_int_eq(pmkt_zone_to_utc(zone, &ms, 1, &ms, &err), want);
    ck_assert_int_eq(day, 6);
    ck_assert_int_eq(ms, 5);
    const pmkt_status for_one = row < 0 ? want : PMKT_OK;
    ck_assert_int_eq(pmkt_zone_day_start(zone, 0, &ms, &err), for_one);
    ck_assert_int_eq(pmkt_time_format(0, zone, text, &err), for_one);
    const pmkt_status parsed = pmkt_time_parse("2011-12-10", 10, zone, &ms, &err);
    if (row < 0) {
        ck_assert_int_eq(parsed, want);
        ck_assert_int_eq(ms, 5);
        ck_assert_str_eq(text, "text");
    }
}

START_TEST(a_malformed_zone_is_refused) {
    pmkt_zone zone = fixed(1441);
    expect_bad_zone(&zone, PMKT_E_INVALID, -1);
    zone = fixed(INT32_MIN);
    expect_bad_zone(&zone, PMKT_E_INVALID, -1);
    zone = fixed(0);
    zone.struct_size = 0;
    expect_bad_zone(&zone, PMKT_E_INVALID, -1);
    zone = fixed(0);
    zone.n_transitions = 1; /* and no table */
    expect_bad_zone(&zone, PMKT_E_INVALID, -1);
    const pmkt_transition one = {0, 60, 0};
    zone = table(0, &one, -1);
    expect_bad_zone(&zone, PMKT_E_INVALID, -1);
    zone = table(0, &one, 100001);
    expect_bad_zone(&zone, PMKT_E_INVALID, -1);
}
END_TEST

START_TEST(a_malformed_table_is_refused_at_its_row) {
    static const pmkt_transition BAD[] = {
        {HOUR, 60, 0},            /* not above the one before it */
        {0, 60, 0},               /* below it */
        {2 * HOUR, 1441, 0},      /* more than a day off */
        {2 * HOUR, INT32_MIN, 0}, /* much more */
        {2 * HOUR, 60, 1},        /* a reserved field */
        {PMKT_TIME_MAX, 60, 0},   /* microseconds, for instance */
        {PMKT_TIME_NULL, 60, 0},  /* the null */
        {INT64_C(1301187600000000), 60, 0},
    };
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        const pmkt_transition rows[] = {{-HOUR, 0, 0}, {HOUR, 60, 0}, BAD[i], {9 * HOUR, 0, 0}};
        const pmkt_zone zone = table(0, rows, 4);
        expect_bad_zone(&zone, PMKT_E_INVALID, 2);
    }
}
END_TEST

START_TEST(a_zone_of_another_release_is_taken_if_it_asks_for_nothing_new) {
    struct {
        pmkt_zone known;
        int64_t later;
    } newer = {fixed(480), 0};
    newer.known.struct_size = sizeof newer;
    pmkt_zone normalized;
    ck_assert_int_eq(pmkti_zone_check(&newer.known, &normalized, NULL), PMKT_OK);
    ck_assert_int_eq(normalized.offset_minutes, 480);
    ck_assert_uint_eq(normalized.struct_size, sizeof(pmkt_zone));
    newer.later = 1;
    expect_bad_zone(&newer.known, PMKT_E_UNSUPPORTED, -1);
}
END_TEST

START_TEST(no_zone_is_utc_and_an_empty_table_is_dropped) {
    pmkt_zone normalized;
    ck_assert_int_eq(pmkti_zone_check(NULL, &normalized, NULL), PMKT_OK);
    ck_assert_uint_eq(normalized.struct_size, sizeof(pmkt_zone));
    ck_assert_int_eq(normalized.offset_minutes, 0);
    const pmkt_transition one = {0, 60, 0};
    const pmkt_zone zone = table(30, &one, 0);
    ck_assert_int_eq(pmkti_zone_check(&zone, &normalized, NULL), PMKT_OK);
    ck_assert_ptr_null(normalized.transitions);
    ck_assert_int_eq(pmkti_zone_offset(&normalized, HOUR), 30);
    pmkt_zone initialized;
    memset(&initialized, 0xAA, sizeof initialized);
    pmkt_zone_init(&initialized);
    ck_assert_int_eq(pmkti_zone_check(&initialized, &normalized, NULL), PMKT_OK);
}
END_TEST

START_TEST(a_table_may_have_a_hundred_thousand_rows) {
    pmkt_transition *rows = calloc(100000, sizeof *rows);
    ck_assert_ptr_nonnull(rows);
    for (int32_t i = 0; i < 100000; i++) {
        rows[i].from_ms = i * DAY;
        rows[i].offset_minutes = i % 2 * 60;
    }
    const pmkt_zone zone = table(0, rows, 100000);
    const int64_t ms[] = {-1, 0, DAY, 54321 * DAY + 5, 99999 * DAY + HOUR * 23, 200000 * DAY};
    int32_t day[6];
    ck_assert_int_eq(pmkt_zone_days(&zone, ms, 6, day, NULL), PMKT_OK);
    static const int32_t WANT[] = {-1, 0, 1, 54321, 100000, 200000};
    for (int i = 0; i < 6; i++) ck_assert_int_eq(day[i], WANT[i]);
    free(rows);
}
END_TEST

START_TEST(a_malformed_call_is_refused) {
    int64_t ms = 5;
    int32_t day = 6;
    pmkt_error err;
    ck_assert_int_eq(pmkt_zone_days(NULL, &ms, -1, &day, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_zone_days(NULL, NULL, 1, &day, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_zone_days(NULL, &ms, 1, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_zone_days(NULL, NULL, 0, NULL, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_zone_to_utc(NULL, &ms, -1, &ms, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_zone_to_utc(NULL, NULL, 1, &ms, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_zone_to_utc(NULL, &ms, 1, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_zone_to_utc(NULL, NULL, 0, NULL, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_zone_day_start(NULL, 0, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_time_parse(NULL, 1, NULL, &ms, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_time_parse("2011-12-10", 10, NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_time_format(0, NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(ms, 5);
    ck_assert_int_eq(day, 6);
}
END_TEST

/* ------------------------------------------------------------------ at random */

/* The local time of a minute, the slow way: look at every transition. */
static int64_t slow_local(const pmkt_zone *zone, int64_t ms) {
    int32_t offset = zone->offset_minutes;
    for (int64_t i = 0; i < zone->n_transitions; i++) {
        if (zone->transitions[i].from_ms <= ms) offset = zone->transitions[i].offset_minutes;
    }
    return ms + offset * MINUTE;
}

/*
 * The instant of a local time, the slow way: look at every minute of the days around it. Where the
 * clock never shows it, the last minute before it was passed says how far off the clock was.
 */
static int64_t slow_instant(const pmkt_zone *zone, int64_t local) {
    int64_t in_gap = PMKT_TIME_NULL;
    int64_t before = slow_local(zone, local - DAY - MINUTE);
    for (int64_t ms = local - DAY; ms <= local + DAY; ms += MINUTE) {
        const int64_t shown = slow_local(zone, ms);
        if (shown == local) return ms;
        if (in_gap == PMKT_TIME_NULL && before < local && shown > local) {
            in_gap = ms + local - (before + MINUTE);
        }
        before = shown;
    }
    return in_gap;
}

static int64_t slow_midnight(const pmkt_zone *zone, int32_t day) {
    int64_t ms = day * DAY - DAY;
    while (slow_local(zone, ms) < day * DAY) ms += MINUTE;
    return ms;
}

START_TEST(any_table_gives_the_same_answers_as_looking_at_every_minute) {
    random_seed(2);
    for (int i = 0; i < 1500; i++) {
        /* Wilder than any real zone: up to six jumps of up to two days, within three days. */
        pmkt_transition rows[6];
        const int64_t n = random_between(0, 7);
        for (int64_t k = 0; k < n; k++) {
            const int64_t from = k ? rows[k - 1].from_ms : -2 * DAY;
            rows[k].from_ms = from + random_between(1, 800) * MINUTE;
            rows[k].offset_minutes = (int32_t)random_between(-1440, 1441);
            rows[k].reserved = 0;
        }
        const pmkt_zone zone = table((int32_t)random_between(-1440, 1441), rows, n);
        for (int j = 0; j < 4; j++) {
            const int64_t local = random_between(-4 * 1440, 4 * 1440) * MINUTE;
            int64_t ms = 777;
            REQUIRE(pmkt_zone_to_utc(&zone, &local, 1, &ms, NULL) == PMKT_OK);
            REQUIRE(ms == slow_instant(&zone, local));
        }
        const int32_t day = (int32_t)random_between(-4, 5);
        int64_t start = 777;
        REQUIRE(pmkt_zone_day_start(&zone, day, &start, NULL) == PMKT_OK);
        REQUIRE(start == slow_midnight(&zone, day));
        const int64_t ms = random_between(-4 * DAY, 4 * DAY);
        REQUIRE(pmkti_zone_local(&zone, ms) == slow_local(&zone, ms));
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("zone");
    TOPIC(suite, "days", a_fixed_offset_shifts_the_day, no_time_and_times_out_of_range_have_no_day,
          daylight_saving_moves_the_border_between_days,
          the_offset_of_a_transition_holds_from_its_very_millisecond);
    TOPIC(suite, "wall clocks", a_wall_clock_time_that_happens_twice_is_its_first_occurrence,
          a_wall_clock_time_that_does_not_exist_moves_forward_by_the_gap,
          no_time_stays_no_time_and_times_out_of_range_become_none);
    TOPIC(suite, "day starts", a_day_begins_at_its_midnight,
          a_day_without_midnight_begins_with_its_first_instant,
          a_day_with_two_midnights_begins_with_the_first,
          days_of_the_years_1700_to_3000_have_a_start);
    TOPIC(suite, "bad zones and calls", a_malformed_zone_is_refused,
          a_malformed_table_is_refused_at_its_row,
          a_zone_of_another_release_is_taken_if_it_asks_for_nothing_new,
          no_zone_is_utc_and_an_empty_table_is_dropped, a_table_may_have_a_hundred_thousand_rows,
          a_malformed_call_is_refused);
    TOPIC(suite, "at random", any_table_gives_the_same_answers_as_looking_at_every_minute);
    return suite_run(suite);
}
