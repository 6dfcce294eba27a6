#include "pmkt/time.h"

#include "core/error.h"
#include "core/text.h"
#include "core/zone.h"

/* ----------------------------------------------------------------- calendar */

/*
 * Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (civil_from_days, days_from_civil).
 * Years begin in March, so that the leap day is a year's last and months follow one formula; an era
 * is 400 years, after which the calendar repeats; 719,468 days lie between 0000-03-01 and
 * 1970-01-01.
 */
#define DAYS_OF_ERA 146097
#define DAYS_TO_1970 719468

pmkti_civil pmkti_civil_from_days(int32_t days) {
    const int64_t shifted = (int64_t)days + DAYS_TO_1970;
    const int64_t era = pmkti_floor_div(shifted, DAYS_OF_ERA);
    const int32_t day_of_era = (int32_t)(shifted - era * DAYS_OF_ERA);
    const int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int32_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int32_t month_from_march = (5 * day_of_year + 2) / 153;
    const int32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const pmkti_civil date = {
        .year = (int32_t)(era * 400) + year_of_era + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
    return date;
}

int32_t pmkti_days_from_civil(pmkti_civil date) {
    const int64_t year = (int64_t)date.year - (date.month <= 2);
    const int64_t era = pmkti_floor_div(year, 400);
    const int32_t year_of_era = (int32_t)(year - era * 400);
    const int32_t month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
    const int32_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    const int32_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int32_t)(era * DAYS_OF_ERA + day_of_era - DAYS_TO_1970);
}

static int32_t days_of_month(int32_t year, int32_t month) {
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2) return is_leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* ------------------------------------------------------------------ reading */

/* What a text says, before a zone makes it an instant. */
typedef struct {
    int32_t day;            /* since 1970-01-01 */
    int64_t ms_of_day;      /* milliseconds since 00:00 */
    int32_t offset_minutes; /* if has_offset */
    bool has_clock;
    bool has_offset;
} moment;

static pmkt_status expected(const pmkti_reader *in, size_t where, const char *what,
                            pmkt_error *err) {
    return pmkti_reader_fail(in, where, "a time", what, err);
}

/* Reads exactly `count` digits as a number from `low` to `high`; `what` names it in the message. */
static pmkt_status read_number(pmkti_reader *in, int count, int32_t low, int32_t high,
                               const char *what, int32_t *number, pmkt_error *err) {
    const size_t where = in->at;
    int32_t value = 0;
    for (int i = 0; i < count; i++) {
        const int32_t digit = pmkti_reader_digit(in);
        if (digit < 0) return expected(in, in->at, what, err);
        value = value * 10 + digit;
    }
    if (value < low || value > high) return expected(in, where, what, err);
    *number = value;
    return PMKT_OK;
}

/* YYYY-MM-DD, or YYYYMMDD with *is_compact. */
static pmkt_status read_date(pmkti_reader *in, moment *out, bool *is_compact, pmkt_error *err) {
    pmkti_civil date = {0, 0, 0};
    pmkt_status status = read_number(in, 4, 0, 9999, "a year of four digits", &date.year, err);
    if (status) return status;
    *is_compact = !pmkti_reader_take(in, '-');
    status = read_number(in, 2, 1, 12, "a month from 01 to 12 (YYYY-MM-DD or YYYYMMDD)",
                         &date.month, err);
    if (status) return status;
    if (!*is_compact && !pmkti_reader_take(in, '-')) {
        return expected(in, in->at, "'-' before the day (YYYY-MM-DD)", err);
    }
    status = read_number(in, 2, 1, days_of_month(date.year, date.month),
                         "a day of two digits that the month has", &date.day, err);
    if (status) return status;
    out->day = pmkti_days_from_civil(date);
    return PMKT_OK;
}

/* The digits of a second's fraction; those beyond milliseconds are cut. */
static pmkt_status read_fraction(pmkti_reader *in, moment *out, pmkt_error *err) {
    int32_t digit = pmkti_reader_digit(in);
    if (digit < 0) return expected(in, in->at, "a digit after the point", err);
    for (int64_t unit = 100; digit >= 0; unit /= 10, digit = pmkti_reader_digit(in)) {
        out->ms_of_day += digit * unit;
    }
    return PMKT_OK;
}

/* HH:MM, HH:MM:SS or HH:MM:SS.fraction. */
static pmkt_status read_clock(pmkti_reader *in, moment *out, pmkt_error *err) {
    int32_t hour = 0, minute = 0, second = 0;
    pmkt_status status = read_number(in, 2, 0, 23, "an hour from 00 to 23", &hour, err);
    if (status) return status;
    if (!pmkti_reader_take(in, ':')) return expected(in, in->at, "':' before the minutes", err);
    status = read_number(in, 2, 0, 59, "minutes from 00 to 59", &minute, err);
    if (status) return status;
    out->has_clock = true;
    const bool has_seconds = pmkti_reader_take(in, ':');
    if (has_seconds) {
        status = read_number(in, 2, 0, 59, "seconds from 00 to 59", &second, err);
        if (status) return status;
    }
    out->ms_of_day = ((hour * 60 + minute) * INT64_C(60) + second) * 1000;
    return has_seconds && pmkti_reader_take(in, '.') ? read_fraction(in, out, err) : PMKT_OK;
}

/* Z, +HH:MM, +HHMM or +HH, if there is any. */
static pmkt_status read_offset(pmkti_reader *in, moment *out, pmkt_error *err) {
    if (pmkti_reader_take(in, 'Z')) {
        out->has_offset = true;
        return PMKT_OK;
    }
    const bool is_west = pmkti_reader_take(in, '-');
    if (!is_west && !pmkti_reader_take(in, '+')) return PMKT_OK;
    const size_t where = in->at;
    int32_t hours = 0, minutes = 0;
    pmkt_status status = read_number(in, 2, 0, 24, "an offset from 00 to 24 hours", &hours, err);
    if (status) return status;
    if (pmkti_reader_take(in, ':') || !pmkti_reader_done(in)) {
        status = read_number(in, 2, 0, 59, "minutes of the offset, 00 to 59", &minutes, err);
        if (status) return status;
    }
    const int32_t offset = hours * 60 + minutes;
    if (offset > PMKTI_OFFSET_MAX) return expected(in, where, "an offset up to 24:00", err);
    out->offset_minutes = is_west ? -offset : offset;
    out->has_offset = true;
    return PMKT_OK;
}

static pmkt_status read_moment(pmkti_reader *in, moment *out, pmkt_error *err) {
    bool is_compact = false;
    pmkt_status status = read_date(in, out, &is_compact, err);
    if (status) return status;
    if (!is_compact && (pmkti_reader_take(in, ' ') || pmkti_reader_take(in, 'T'))) {
        status = read_clock(in, out, err);
        if (!status) status = read_offset(in, out, err);
        if (status) return status;
    }
    return pmkti_reader_done(in) ? PMKT_OK : expected(in, in->at, "the end", err);
}

pmkt_status pmkt_time_parse(const char *text, size_t length, const pmkt_zone *zone, int64_t *ms,
                            pmkt_error *err) {
    pmkt_zone checked = PMKT_ZONE_INIT;
    if (!ms) return pmkti_null(err, "ms");
    pmkt_status status = pmkti_text_check(text, length, err);
    if (!status) status = pmkti_zone_glance(zone, &checked, err);
    if (status) return status;

    pmkti_reader in = pmkti_reader_begin(text, length);
    const size_t begin = in.at;
    moment m = {0, 0, 0, false, false};
    status = read_moment(&in, &m, err);
    if (status) return status;
    const int64_t local = m.day * PMKTI_DAY_MS + m.ms_of_day;
    int64_t result = 0;
    if (m.has_offset) {
        result = local - m.offset_minutes * PMKTI_MINUTE_MS;
    } else if (m.has_clock) {
        result = pmkti_zone_instant(&checked, local);
    } else {
        result = pmkti_zone_midnight(&checked, m.day); /* where 00:00 is skipped, the day's begin */
    }
    if (!pmkti_time_is_valid(result)) {
        return expected(&in, begin, "a time of the years 1700 to 2999 (UTC)", err);
    }
    *ms = result;
    return PMKT_OK;
}

/* ------------------------------------------------------------------ writing */

/* Writes `digits` digits and then `after`. */
static char *put(char *to, int32_t number, int digits, char after) {
    for (int i = digits - 1; i >= 0; i--, number /= 10) to[i] = (char)('0' + number % 10);
    to[digits] = after;
    return to + digits + 1;
}

pmkt_status pmkt_time_format(int64_t ms, const pmkt_zone *zone, char text[32], pmkt_error *err) {
    pmkt_zone checked = PMKT_ZONE_INIT;
    if (!text) return pmkti_null(err, "text");
    const pmkt_status status = pmkti_zone_glance(zone, &checked, err);
    if (status) return status;
    if (!pmkti_time_is_valid(ms)) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "ms is %lld, not milliseconds of the years 1700 to 2999", (long long)ms);
    }
    const int64_t local = pmkti_zone_local(&checked, ms);
    const int32_t day = (int32_t)pmkti_floor_div(local, PMKTI_DAY_MS);
    const int32_t rest = (int32_t)(local - day * PMKTI_DAY_MS);
    const int32_t fraction = rest % 1000;
    const pmkti_civil date = pmkti_civil_from_days(day);
    char *to = put(text, date.year, 4, '-'); /* 1699 to 3000: four digits */
    to = put(to, date.month, 2, '-');
    to = put(to, date.day, 2, ' ');
    to = put(to, rest / 3600000, 2, ':');
    to = put(to, rest / 60000 % 60, 2, ':');
    to = put(to, rest / 1000 % 60, 2, fraction ? '.' : '\0');
    if (fraction) put(to, fraction, 3, '\0');
    return PMKT_OK;
}
