/*
 * zones.h - zones to test with. The tables are literal excerpts of the IANA time zone database,
 * chosen where clocks do something awkward.
 */
#ifndef PMKT_TESTS_ZONES_H
#define PMKT_TESTS_ZONES_H

#include <check.h>
#include <string.h>

#include "pmkt.h"
#include "support/suite.h"

static inline pmkt_zone fixed(int32_t offset_minutes) {
    pmkt_zone zone = PMKT_ZONE_INIT;
    zone.offset_minutes = offset_minutes;
    return zone;
}

static inline pmkt_zone table(int32_t before, const pmkt_transition *transitions, int64_t n) {
    pmkt_zone zone = PMKT_ZONE_INIT;
    zone.offset_minutes = before;
    zone.transitions = transitions;
    zone.n_transitions = n;
    return zone;
}

/* Clocks go from 01:00 to 02:00 and back: the everyday case. */
static inline pmkt_zone london(void) {
    static const pmkt_transition TABLE[] = {
        {INT64_C(1301187600000), 60, 0},
        {INT64_C(1319936400000), 0, 0},
        {INT64_C(1332637200000), 60, 0},
        {INT64_C(1351386000000), 0, 0},
    };
    return table(0, TABLE, LENGTH(TABLE));
}

/* Clocks go forward at 00:00: 2017-10-15 and 2018-11-04 begin at 01:00. */
static inline pmkt_zone sao_paulo(void) {
    static const pmkt_transition TABLE[] = {
        {INT64_C(1508036400000), -120, 0},
        {INT64_C(1518919200000), -180, 0},
        {INT64_C(1541300400000), -120, 0},
        {INT64_C(1550368800000), -180, 0},
    };
    return table(-180, TABLE, LENGTH(TABLE));
}

/* Clocks go back from 01:00 to 00:00: 2018-11-04 has two midnights, 2018-03-11 has none. */
static inline pmkt_zone havana(void) {
    static const pmkt_transition TABLE[] = {
        {INT64_C(1520744400000), -240, 0},
        {INT64_C(1541307600000), -300, 0},
    };
    return table(-300, TABLE, LENGTH(TABLE));
}

/* Clocks go back at 00:01: Sunday runs for a minute, then Saturday comes again for an hour. */
static inline pmkt_zone st_johns(void) {
    static const pmkt_transition TABLE[] = {
        {INT64_C(1268537460000), -150, 0},
        {INT64_C(1289097060000), -210, 0},
    };
    return table(-210, TABLE, LENGTH(TABLE));
}

/* Across the date line: there was no 2011-12-30. */
static inline pmkt_zone apia(void) {
    static const pmkt_transition TABLE[] = {
        {INT64_C(1301752800000), -660, 0}, {INT64_C(1316872800000), -600, 0},
        {INT64_C(1325239200000), 840, 0},  {INT64_C(1333202400000), 780, 0},
        {INT64_C(1348927200000), 840, 0},
    };
    return table(-600, TABLE, LENGTH(TABLE));
}

/* Clocks went from 23:30 to 00:30, before 1970: 1919-03-31 began at 00:30. */
static inline pmkt_zone toronto(void) {
    static const pmkt_transition TABLE[] = {
        {INT64_C(-1601753400000), -240, 0},
        {INT64_C(-1583697600000), -300, 0},
    };
    return table(-300, TABLE, LENGTH(TABLE));
}

/* Half an hour of daylight saving. */
static inline pmkt_zone lord_howe(void) {
    static const pmkt_transition TABLE[] = {
        {INT64_C(1522508400000), 630, 0},
        {INT64_C(1538839800000), 660, 0},
    };
    return table(660, TABLE, LENGTH(TABLE));
}

/* A quarter of an hour, once: 1986 began at 00:15. */
static inline pmkt_zone kathmandu(void) {
    static const pmkt_transition TABLE[] = {{INT64_C(504901800000), 345, 0}};
    return table(330, TABLE, LENGTH(TABLE));
}

/* What a text says, which must be a time. */
static inline int64_t parse_in(const char *text, const pmkt_zone *zone) {
    int64_t ms = 777;
    pmkt_error err;
    const pmkt_status status = pmkt_time_parse(text, strlen(text), zone, &ms, &err);
    if (status != PMKT_OK) ck_abort_msg("%s: %s", text, err.message);
    return ms;
}

static inline int64_t utc(const char *text) {
    return parse_in(text, NULL);
}

static inline int32_t day_of(const char *date) {
    return (int32_t)(utc(date) / INT64_C(86400000));
}

/* An instant is written like this. */
static inline void expect_format(int64_t ms, const pmkt_zone *zone, const char *want) {
    char text[32];
    memset(text, 'x', sizeof text);
    ck_assert_int_eq(pmkt_time_format(ms, zone, text, NULL), PMKT_OK);
    ck_assert_str_eq(text, want);
}

#endif
