#include "core/zone.h"

#include "core/error.h"
#include "core/structs.h"

#define LARGEST_TABLE 100000

/* ------------------------------------------------------------------ checking */

static bool is_offset(int32_t minutes) {
    return minutes >= -PMKTI_OFFSET_MAX && minutes <= PMKTI_OFFSET_MAX;
}

static pmkt_status bad_transition(const pmkt_transition *row, int64_t i, pmkt_error *err) {
    if (!is_offset(row->offset_minutes)) {
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "zone.transitions[%lld].offset_minutes is %d, but must be within "
                             "+-1,440",
                             (long long)i, (int)row->offset_minutes);
    }
    if (!pmkti_time_is_valid(row->from_ms)) {
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "zone.transitions[%lld].from_ms is %lld, not milliseconds of the "
                             "years 1700 to 2999",
                             (long long)i, (long long)row->from_ms);
    }
    if (row->reserved != 0) {
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                             "zone.transitions[%lld].reserved is not 0", (long long)i);
    }
    return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                         "zone.transitions[%lld].from_ms is not above the one before it",
                         (long long)i);
}

static pmkt_status check_table(const pmkt_transition *table, int64_t n, pmkt_error *err) {
    int64_t before = INT64_MIN;
    for (int64_t i = 0; i < n; i++) {
        const pmkt_transition *row = &table[i];
        const bool is_good = is_offset(row->offset_minutes) && pmkti_time_is_valid(row->from_ms) &&
                             row->reserved == 0 && row->from_ms > before;
        if (!is_good) return bad_transition(row, i, err);
        before = row->from_ms;
    }
    return PMKT_OK;
}

pmkt_status pmkti_zone_glance(const pmkt_zone *zone, pmkt_zone *normalized, pmkt_error *err) {
    pmkt_zone mine = PMKT_ZONE_INIT;
    pmkt_status status = pmkti_struct_in(&mine, sizeof mine, zone, sizeof mine, "zone", err);
    if (status) return status;
    if (!is_offset(mine.offset_minutes)) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "zone.offset_minutes is %d, but must be within +-1,440",
                          (int)mine.offset_minutes);
    }
    if (mine.n_transitions < 0 || mine.n_transitions > LARGEST_TABLE) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "zone.n_transitions is %lld, but must be from 0 to 100,000",
                          (long long)mine.n_transitions);
    }
    if (mine.n_transitions > 0 && !mine.transitions) return pmkti_null(err, "zone.transitions");
    mine.struct_size = sizeof mine;
    if (mine.n_transitions == 0) mine.transitions = NULL; /* an empty array may have an address */
    *normalized = mine;
    return PMKT_OK;
}

pmkt_status pmkti_zone_check(const pmkt_zone *zone, pmkt_zone *normalized, pmkt_error *err) {
    pmkt_zone mine = PMKT_ZONE_INIT;
    pmkt_status status = pmkti_zone_glance(zone, &mine, err);
    if (!status) status = check_table(mine.transitions, mine.n_transitions, err);
    if (!status) *normalized = mine;
    return status;
}

/* -------------------------------------------------------------- conversions */

/*
 * Within a segment, local time runs along with UTC; where two segments meet it jumps forward (a
 * gap: local times that do not exist) or back (a fold: local times that happen twice).
 *
 *   UTC      ----- segment k -----|-- segment k + 1 --
 *   local    ..., 01:58, 01:59    | 03:00, 03:01, ...      gap
 *   local    ..., 02:58, 02:59    | 02:00, 02:01, ...      fold
 *
 * Offsets are within a day, so the segments that can hold a local time are those that reach into
 * the day before it or the day after it, both read as UTC: with real tables one or two.
 */
int64_t pmkti_zone_instant(const pmkt_zone *zone, int64_t local_ms) {
    int64_t result = PMKT_TIME_NULL;
    if (local_ms < PMKT_TIME_MIN - PMKTI_DAY_MS || local_ms >= PMKT_TIME_MAX + PMKTI_DAY_MS) {
        return result;
    }
    int64_t begin = PMKT_TIME_NULL;
    for (int64_t k = pmkti_zone_segment(zone, local_ms - PMKTI_DAY_MS);; k++) {
        const int64_t ms = local_ms - pmkti_zone_segment_offset(zone, k) * PMKTI_MINUTE_MS;
        const bool is_last = k == zone->n_transitions;
        const int64_t end = is_last ? INT64_MAX : zone->transitions[k].from_ms;
        if (ms >= begin && ms < end) {
            result = ms; /* segments rise, so this is the first occurrence */
            break;
        }
        if (is_last || end > local_ms + PMKTI_DAY_MS) break;
        /* Not reached before this segment's end, but passed after it: in the gap between them. The
           old offset still counts, which moves the time forward by the length of the gap. */
        const int64_t after = local_ms - pmkti_zone_segment_offset(zone, k + 1) * PMKTI_MINUTE_MS;
        if (result == PMKT_TIME_NULL && ms >= end && after < end) result = ms;
        begin = end;
    }
    return pmkti_time_is_valid(result) ? result : PMKT_TIME_NULL;
}

/* A segment shows a local time of midnight or later from `ms` on; the first such instant wins. */
int64_t pmkti_zone_midnight(const pmkt_zone *zone, int32_t day) {
    const int64_t midnight = day * PMKTI_DAY_MS;
    int64_t begin = INT64_MIN;
    for (int64_t k = pmkti_zone_segment(zone, midnight - PMKTI_DAY_MS);; k++) {
        const int64_t ms = midnight - pmkti_zone_segment_offset(zone, k) * PMKTI_MINUTE_MS;
        const int64_t first = ms > begin ? ms : begin;
        if (k == zone->n_transitions || first < zone->transitions[k].from_ms) return first;
        begin = zone->transitions[k].from_ms;
    }
}

/* --------------------------------------------------------------------- public */

static pmkt_status check_columns(const void *in, const char *in_name, int64_t n, const void *out,
                                 const char *out_name, pmkt_error *err) {
    const pmkt_status status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (n > 0 && !in) return pmkti_null(err, in_name);
    if (n > 0 && !out) return pmkti_null(err, out_name);
    return PMKT_OK;
}

pmkt_status pmkt_zone_days(const pmkt_zone *zone, const int64_t *ms, int64_t n, int32_t *day,
                           pmkt_error *err) {
    pmkt_zone checked = PMKT_ZONE_INIT;
    pmkt_status status = check_columns(ms, "ms", n, day, "day", err);
    if (!status) status = pmkti_zone_check(zone, &checked, err);
    if (status) return status;
    for (int64_t i = 0; i < n; i++) {
        day[i] = pmkti_time_is_valid(ms[i]) ? pmkti_zone_day(&checked, ms[i]) : INT32_MIN;
    }
    return PMKT_OK;
}

pmkt_status pmkt_zone_day_start(const pmkt_zone *zone, int32_t day, int64_t *ms, pmkt_error *err) {
    pmkt_zone checked = PMKT_ZONE_INIT;
    if (!ms) return pmkti_null(err, "ms");
    const pmkt_status status = pmkti_zone_glance(zone, &checked, err);
    if (status) return status;
    const pmkti_civil date = pmkti_civil_from_days(day);
    if (date.year < 1700 || date.year > 3000) {
        return pmkti_fail(err, PMKT_E_INVALID, "day %d is in the year %d, outside 1700 to 3000",
                          (int)day, (int)date.year);
    }
    *ms = pmkti_zone_midnight(&checked, day);
    return PMKT_OK;
}

pmkt_status pmkt_zone_to_utc(const pmkt_zone *zone, const int64_t *local_ms, int64_t n, int64_t *ms,
                             pmkt_error *err) {
    pmkt_zone checked = PMKT_ZONE_INIT;
    pmkt_status status = check_columns(local_ms, "local_ms", n, ms, "ms", err);
    if (!status) status = pmkti_zone_check(zone, &checked, err);
    if (status) return status;
    for (int64_t i = 0; i < n; i++) ms[i] = pmkti_zone_instant(&checked, local_ms[i]);
    return PMKT_OK;
}
