/*
 * convert_time.c - timestamps, dates and integers to milliseconds.
 */
#include "core/arrow/convert.h"
#include "core/kernels/kernels.h"
#include "core/zone.h"

#define MS_PER_SECOND INT64_C(1000)

/* What counts of a unit are in milliseconds, rounded down. Seconds too many for 64 bits become the
   largest number, which is no time. */
static void to_milliseconds(int64_t *time, int64_t n, int32_t unit) {
    const pmkti_kernels *k = pmkti_kernels_get();
    switch (unit) {
        case PMKT_UNIT_SECONDS:
            (void)k->multiply(time, n, MS_PER_SECOND, time);
            return;
        case PMKT_UNIT_MICROSECONDS:
            k->divide_1000(time, n, time);
            return;
        case PMKT_UNIT_NANOSECONDS:
            k->divide_1000000(time, n, time);
            return;
        default:
            return;
    }
}

/* Times that there cannot be make their rows bad, unless they are null. */
static void reject_times(const pmkti_conversion *c, int64_t from, int64_t to) {
    int64_t *out = c->out;
    if (pmkti_kernels_get()->all_within(out + from, to - from, PMKT_TIME_MIN, PMKT_TIME_MAX - 1,
                                        PMKT_TIME_MIN)) {
        return;
    }
    for (int64_t i = from; i < to; i++) {
        if (pmkti_time_is_valid(out[i])) continue;
        out[i] = PMKT_TIME_NULL;
        if (pmkti_known(c->in.valid, i)) pmkti_convert_bad(c, i, c->reason);
    }
}

static int64_t start_of_day(const pmkt_zone *zone, int64_t day) {
    const pmkt_zone utc = PMKT_ZONE_INIT;
    if (day < PMKT_TIME_MIN / PMKTI_DAY_MS - 1 || day > PMKT_TIME_MAX / PMKTI_DAY_MS + 1) {
        return PMKT_TIME_NULL;
    }
    return pmkti_zone_midnight(zone ? zone : &utc, (int32_t)day);
}

/* Wall-clock times and dates to instants; PMKT_TIME_NULL where there is none. */
static void to_instants(const pmkti_conversion *c, int64_t *time, int64_t n) {
    const pmkti_arrow_type *type = &c->in.view.type;
    if (type->kind == PMKTI_ARROW_DATE32) {
        for (int64_t i = 0; i < n; i++) time[i] = start_of_day(c->rules->zone, time[i]);
    } else if (type->kind == PMKTI_ARROW_DATE64) {
        for (int64_t i = 0; i < n; i++) {
            time[i] = start_of_day(c->rules->zone, pmkti_floor_div(time[i], PMKTI_DAY_MS));
        }
    } else if (type->kind == PMKTI_ARROW_TIMESTAMP && !type->has_zone) {
        for (int64_t i = 0; i < n; i++) time[i] = pmkti_zone_instant(c->rules->zone, time[i]);
    }
}

void pmkti_convert_times(const pmkti_conversion *c, int64_t from, int64_t to) {
    const pmkti_arrow_type *type = &c->in.view.type;
    int64_t *out = c->out;
    pmkti_load_integers(&c->in.view, type->kind, from, to - from, out + from);
    if (type->kind == PMKTI_ARROW_TIMESTAMP) {
        to_milliseconds(out + from, to - from, type->unit);
    } else if (pmkti_arrow_is_integer(type->kind)) {
        if (type->kind == PMKTI_ARROW_UINT64) { /* beyond 63 bits is beyond every year */
            for (int64_t i = from; i < to; i++) out[i] = out[i] < 0 ? INT64_MAX : out[i];
        }
        to_milliseconds(out + from, to - from, c->rules->time_unit);
    }
    to_instants(c, out + from, to - from);
    reject_times(c, from, to);
    if (c->in.valid) {
        pmkti_fill_null64(c->out, c->in.valid, from, to, (uint64_t)PMKT_TIME_NULL);
    }
}
