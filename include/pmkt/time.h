/*
 * time.h - instants, zones and calendar days.
 *
 * An instant is an int64_t: milliseconds since 1970-01-01T00:00:00Z, no leap seconds. The library
 * never asks the system for the time: "now" and "as of" are always arguments.
 *
 * A calendar day is an int32_t: days since 1970-01-01 in the proleptic Gregorian calendar of a
 * zone. A day may have 23 or 25 hours where clocks change; days are counted on the calendar, never
 * by dividing hours.
 */
#ifndef PMKT_TIME_H
#define PMKT_TIME_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Event times lie in [PMKT_TIME_MIN, PMKT_TIME_MAX): the years 1700 to 2999. This catches
   microseconds or nanoseconds that were passed as milliseconds. */
#define PMKT_TIME_MIN INT64_C(-8520336000000)
#define PMKT_TIME_MAX INT64_C(32503680000000)

/* No time: the null of every time column. */
#define PMKT_TIME_NULL INT64_MIN

/* From this instant on, local time is UTC + offset_minutes. */
typedef struct pmkt_transition {
    int64_t from_ms;        /* within [PMKT_TIME_MIN, PMKT_TIME_MAX) */
    int32_t offset_minutes; /* within +-1,440 */
    int32_t reserved;       /* 0 */
} pmkt_transition;

/*
 * A zone: a fixed offset, or the caller's table of transitions, strictly ascending by from_ms, with
 * offset_minutes holding before the first. All zero but struct_size is UTC; NULL in its place is
 * UTC too. Names such as Europe/London mean nothing to the library: examples/rfm_report/zone.c makes
 * a table of what the system knows by a name. A handle that takes a zone copies the table. Handles, and calls for arrays, check the
 * whole table (an error's `where` is its row); a call for a single instant trusts it.
 */
typedef struct pmkt_zone {
    uint32_t struct_size; /* sizeof(pmkt_zone) */
    int32_t offset_minutes;
    const pmkt_transition *transitions; /* borrowed; NULL if n_transitions is 0 */
    int64_t n_transitions;              /* at most 100,000 */
} pmkt_zone;

#define PMKT_ZONE_INIT \
    { sizeof(pmkt_zone), 0, NULL, 0 }

static inline void pmkt_zone_init(pmkt_zone *zone) {
    const pmkt_zone utc = PMKT_ZONE_INIT;
    *zone = utc;
}

/*
 * The calendar day of each of `n` instants.
 *
 *   ms   [n]  instants; a PMKT_TIME_NULL or one outside the range gives INT32_MIN
 *   day  [n]  out: days since 1970-01-01 in the zone
 *
 * Errors: PMKT_E_INVALID. Any thread. O(transitions + n log transitions). Since 0.1.
 */
PMKT_API pmkt_status pmkt_zone_days(const pmkt_zone *zone, const int64_t *ms, int64_t n,
                                    int32_t *day, pmkt_error *err);

/*
 * The instant at which a calendar day begins in the zone: its 00:00, or, where the clocks skip
 * midnight, the first instant that exists; where midnight happens twice, the first; for a day that
 * was skipped whole, the start of the next.
 *
 * Errors: PMKT_E_INVALID for a day outside the years 1700 to 3000. Any thread. Since 0.1.
 */
PMKT_API pmkt_status pmkt_zone_day_start(const pmkt_zone *zone, int32_t day, int64_t *ms,
                                         pmkt_error *err);

/*
 * Wall-clock times of the zone, as `n` milliseconds since 1970-01-01T00:00 *local*, to instants.
 * A time that happens twice (clocks set back) is its first occurrence; a time that does not exist
 * (clocks set forward) moves forward by the length of the gap. PMKT_TIME_NULL stays null, and a
 * time outside the range becomes null. `ms` may be the same array as `local_ms`.
 *
 * Errors: PMKT_E_INVALID. Any thread. O(transitions + n log transitions). Since 0.1.
 */
PMKT_API pmkt_status pmkt_zone_to_utc(const pmkt_zone *zone, const int64_t *local_ms, int64_t n,
                                      int64_t *ms, pmkt_error *err);

/*
 * Reads one date or time, in ASCII and whatever the locale:
 *
 *   2011-12-10   2011-12-10 08:26   2011-12-10T08:26:30   2011-12-10T08:26:30.5
 *   and any of the last three followed by Z, +08:00, +0800 or +08; also 20111210
 *
 * Without an offset the time is wall-clock time in `zone`, read as by pmkt_zone_to_utc, and a date
 * is the start of that day there. Digits beyond milliseconds are cut. Spaces and tabs around the
 * text are allowed.
 *
 * Errors: PMKT_E_PARSE (where = the byte) for anything else, an impossible date, or a time outside
 * the range; PMKT_E_INVALID. Any thread. Since 0.1.
 */
PMKT_API pmkt_status pmkt_time_parse(const char *text, size_t length, const pmkt_zone *zone,
                                     int64_t *ms, pmkt_error *err);

/*
 * Writes an instant as "2011-12-10 08:26:30" in the zone's wall-clock time, with ".123" appended if
 * the milliseconds are not zero; the text ends in a NUL. `text` has room for 32 bytes.
 *
 * Errors: PMKT_E_INVALID, also for an instant outside the range. Any thread. Since 0.1.
 */
PMKT_API pmkt_status pmkt_time_format(int64_t ms, const pmkt_zone *zone, char text[32],
                                      pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
