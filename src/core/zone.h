/*
 * zone.h - calendar days and offsets of instants, for inner loops.
 *
 * A module checks the caller's zone once with pmkti_zone_check and then keeps the normalized
 * pmkt_zone, with its own copy of the table if it outlives the call. Everything else here trusts
 * such a zone: never NULL, full size, ascending, offsets within a day.
 *
 * A table of n transitions cuts time into n + 1 segments: segment 0 lies before the first
 * transition, segment k from transition k - 1 up to transition k.
 */
#ifndef PMKTI_ZONE_H
#define PMKTI_ZONE_H

#include <stdbool.h>

#include "pmkt/time.h"

#define PMKTI_MINUTE_MS INT64_C(60000)
#define PMKTI_DAY_MS INT64_C(86400000)

/* Offsets are within a day of UTC, either way. */
#define PMKTI_OFFSET_MAX 1440

/*
 * Checks a zone of the caller's (NULL is UTC) and gives it in full size. The table stays borrowed.
 * Errors: PMKT_E_INVALID (where = the row of the table), PMKT_E_UNSUPPORTED for a newer caller's
 * option; *normalized is then untouched.
 */
pmkt_status pmkti_zone_check(const pmkt_zone *zone, pmkt_zone *normalized, pmkt_error *err);

/* The same but for the rows of the table, so that a call for one instant does not read them all.
   What follows is memory-safe for any table; a wrong one gives a wrong answer. */
pmkt_status pmkti_zone_glance(const pmkt_zone *zone, pmkt_zone *normalized, pmkt_error *err);

/* Whether an instant lies in [PMKT_TIME_MIN, PMKT_TIME_MAX). PMKT_TIME_NULL does not. */
static inline bool pmkti_time_is_valid(int64_t ms) {
    return ms >= PMKT_TIME_MIN && ms < PMKT_TIME_MAX;
}

/* a / b rounded down, for b > 0; C rounds toward zero, which puts 1969 into 1970. */
static inline int64_t pmkti_floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/*
 * The segment of an instant: how many transitions are at or before it. Halving without a branch
 * that depends on the data: instants of a batch are in no order, and a mispredicted branch costs
 * more than the step.
 */
static inline int64_t pmkti_zone_segment(const pmkt_zone *zone, int64_t ms) {
    const pmkt_transition *table = zone->transitions;
    int64_t found = 0;
    for (int64_t left = zone->n_transitions; left > 0;) {
        const int64_t half = (left + 1) / 2;
        found += half * (table[found + half - 1].from_ms <= ms);
        left -= half;
    }
    return found;
}

static inline int32_t pmkti_zone_segment_offset(const pmkt_zone *zone, int64_t segment) {
    return segment > 0 ? zone->transitions[segment - 1].offset_minutes : zone->offset_minutes;
}

/* Minutes that local time is ahead of UTC at an instant. */
static inline int32_t pmkti_zone_offset(const pmkt_zone *zone, int64_t ms) {
    if (zone->n_transitions == 0) return zone->offset_minutes;
    return pmkti_zone_segment_offset(zone, pmkti_zone_segment(zone, ms));
}

/* What the clocks of the zone show, as milliseconds since 1970-01-01T00:00 local. */
static inline int64_t pmkti_zone_local(const pmkt_zone *zone, int64_t ms) {
    return ms + pmkti_zone_offset(zone, ms) * PMKTI_MINUTE_MS;
}

/* The calendar day of a valid instant, as days since 1970-01-01. */
static inline int32_t pmkti_zone_day(const pmkt_zone *zone, int64_t ms) {
    return (int32_t)pmkti_floor_div(pmkti_zone_local(zone, ms), PMKTI_DAY_MS);
}

/* The instant of a wall-clock time by the rules of pmkt_zone_to_utc, or PMKT_TIME_NULL. */
int64_t pmkti_zone_instant(const pmkt_zone *zone, int64_t local_ms);

/* The instant at which a day begins, by the rules of pmkt_zone_day_start. */
int64_t pmkti_zone_midnight(const pmkt_zone *zone, int32_t day);

/* A date of the proleptic Gregorian calendar; month and day count from 1. */
typedef struct pmkti_civil {
    int32_t year;
    int32_t month;
    int32_t day;
} pmkti_civil;

/* The date of a day since 1970-01-01, and back. Exact for all years from -5,000,000 to 5,000,000.
   */
pmkti_civil pmkti_civil_from_days(int32_t days);
int32_t pmkti_days_from_civil(pmkti_civil date);

#endif
