#include "intent/attribution/events.h"

#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/idset.h"
#include "core/structs.h"

#define KINDS 65536
#define MINUTE (INT64_C(60) * 1000)
#define DAY (INT64_C(24) * 60 * MINUTE)

/* --------------------------------------------------------------------- options */

static pmkt_status check_kind(int32_t kind, const char *what, pmkt_error *err) {
    if (pmkti_kind_exists(kind) && kind < KINDS) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "%s is %d, which is no kind", what, (int)kind);
}

static pmkt_status check_touch_kinds(const pmkt_attribution_data_options *o, pmkt_error *err) {
    pmkt_status status = pmkti_count_check(o->n_touch_kinds, "options.n_touch_kinds", err);
    if (!status && !o->touch_kinds) {
        return o->n_touch_kinds > 0 ? pmkti_null(err, "options.touch_kinds") : PMKT_OK;
    }
    for (int64_t i = 0; i < o->n_touch_kinds && !status; i++) {
        status = check_kind(o->touch_kinds[i], "one of options.touch_kinds", err);
        if (!status && o->touch_kinds[i] == o->conversion) {
            status =
                pmkti_fail(err, PMKT_E_INVALID, "options.touch_kinds holds the converting kind");
        }
    }
    return status;
}

static pmkt_status check_options(pmkt_attribution_data_options *o, pmkt_error *err) {
    static const int32_t USUAL[] = {PMKT_KIND_IMPRESSION, PMKT_KIND_CLICK, PMKT_KIND_VIEW,
                                    PMKT_KIND_SEARCH};
    if (o->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    if (o->merge != 0 && o->merge != 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.merge is %d; it must be 0 or 1",
                          (int)o->merge);
    }
    if (o->window_ms < 0 || o->same_touch_ms < -1) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.window_ms must not be negative, nor same_touch_ms below -1");
    }
    if (o->window_ms == 0) o->window_ms = 30 * DAY;
    if (o->same_touch_ms == 0) o->same_touch_ms = 30 * MINUTE;
    if (o->conversion == 0) o->conversion = PMKT_KIND_ORDER;
    pmkt_status status = check_kind(o->conversion, "options.conversion", err);
    if (!status) status = check_touch_kinds(o, err);
    if (!o->touch_kinds) {
        o->touch_kinds = USUAL;
        o->n_touch_kinds = (int64_t)(sizeof USUAL / sizeof USUAL[0]);
    }
    return status;
}

static pmkt_status mark_kinds(pmkti_attribution_reading *r) {
    r->touches = pmkti_alloc_zero(&r->allocator, KINDS, sizeof *r->touches);
    if (!r->touches) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < r->o.n_touch_kinds; i++) r->touches[r->o.touch_kinds[i]] = 1;
    r->touches[r->o.conversion] = 0; /* one of the usual may convert */
    return PMKT_OK;
}

/* ------------------------------------------------------------------------ rows */

static bool counts(const pmkti_attribution_reading *r, int64_t i) {
    const pmkt_events *ev = &r->ev;
    const int32_t kind = pmkti_event_kind(ev, i);
    if (r->o.as_of_ms != 0 && ev->time[i] >= r->o.as_of_ms) return false;
    if (kind != r->o.conversion) {
        if (!r->touches[kind] || !ev->channel || ev->channel[i] == PMKT_ID_NONE) return false;
    }
    return !r->o.users || pmkt_idset_contains(r->o.users, ev->user[i]);
}

/* Looks at every row, twice: to count, and (with room) to take those that count. */
static void look(pmkti_attribution_reading *r, bool take) {
    int64_t n = 0;
    for (int64_t i = 0; i < r->ev.rows; i++) {
        const int32_t reason = pmkti_event_fault(&r->ev, i);
        if (reason >= 0) {
            if (take) continue;
            pmkti_report_reject(&r->report, i, reason);
            if (r->report.rejected_bits) {
                r->report.rejected_bits[i / 8] |= (uint8_t)(1u << (i % 8));
            }
        } else if (counts(r, i)) {
            if (take) {
                r->records[n] = (pmkti_attribution_record){r->ev.user[i], r->ev.time[i], i};
            }
            n++;
        }
    }
    r->n = n;
}

static bool comes_before(const pmkti_attribution_record *a, const pmkti_attribution_record *b) {
    if (a->user != b->user) return a->user < b->user;
    if (a->time != b->time) return a->time < b->time;
    return a->row < b->row;
}

/* Merges two sorted runs. */
static void merge_runs(const pmkti_attribution_record *a, int64_t n_a,
                       const pmkti_attribution_record *b, int64_t n_b,
                       pmkti_attribution_record *out) {
    int64_t i = 0, j = 0;
    while (i < n_a && j < n_b) {
        if (comes_before(&b[j], &a[i]))
            *out++ = b[j++];
        else
            *out++ = a[i++];
    }
    if (i < n_a) memcpy(out, a + i, (size_t)(n_a - i) * sizeof *out);
    if (j < n_b) memcpy(out, b + j, (size_t)(n_b - j) * sizeof *out);
}

/* Merge sort, from the bottom up: rows that come in order are only copied. */
static pmkt_status sort_records(pmkti_attribution_reading *r) {
    const size_t n = (size_t)r->n;
    pmkti_attribution_record *other = pmkti_alloc(&r->allocator, n, sizeof *other);
    if (!other) return PMKT_E_NOMEM;
    for (int64_t width = 1; width < r->n; width *= 2) {
        if (pmkti_canceled(&r->run, 0.1 + 0.4 * (double)width / (double)r->n, "sorting")) {
            pmkti_free(&r->allocator, other, n, sizeof *other);
            return PMKT_E_CANCELED;
        }
        for (int64_t at = 0; at < r->n; at += 2 * width) {
            const int64_t left = r->n - at, n_a = left < width ? left : width;
            const int64_t n_b = left - n_a < width ? left - n_a : width;
            merge_runs(r->records + at, n_a, r->records + at + n_a, n_b, other + at);
        }
        pmkti_attribution_record *sorted = other;
        other = r->records;
        r->records = sorted;
    }
    pmkti_free(&r->allocator, other, n, sizeof *other);
    return PMKT_OK;
}

/* ------------------------------------------------------------------------ data */

void pmkt_attribution_data_free(pmkt_attribution_data *data) {
    if (!data) return;
    const pmkt_allocator a = data->allocator;
    const size_t paths = (size_t)data->paths_room, touches = (size_t)data->touches_room;
    pmkti_free(&a, data->at, paths + 1, sizeof *data->at);
    pmkti_free(&a, data->channel, touches, sizeof *data->channel);
    pmkti_free(&a, data->time, touches, sizeof *data->time);
    pmkti_free(&a, data->conversions, paths, sizeof *data->conversions);
    pmkti_free(&a, data->values, paths, sizeof *data->values);
    pmkti_free(&a, data->nulls, paths, sizeof *data->nulls);
    pmkti_free(&a, data, 1, sizeof *data);
}

pmkt_status pmkt_attribution_data_paths(const pmkt_attribution_data *data,
                                        pmkt_attribution_paths *out, pmkt_error *err) {
    if (!data) return pmkti_null(err, "data");
    return pmkti_struct_out(out, &data->paths, sizeof data->paths, sizeof data->paths, "out", err);
}

/* Every record is a touch or an end of a path, so that there is room for all. */
static pmkt_status make_data(pmkti_attribution_reading *r) {
    const pmkt_allocator *a = &r->allocator;
    pmkt_attribution_data *d = pmkti_alloc_zero(a, 1, sizeof *d);
    if (!d) return PMKT_E_NOMEM;
    const pmkt_attribution_paths empty = PMKT_ATTRIBUTION_PATHS_INIT;
    const size_t n = (size_t)r->n;
    r->out = d;
    d->allocator = r->allocator;
    d->paths = empty;
    d->paths_room = d->touches_room = r->n;
    d->at = pmkti_alloc_zero(a, n + 1, sizeof *d->at);
    d->paths.at = d->at;
    if (!d->at || n == 0) return d->at ? PMKT_OK : PMKT_E_NOMEM;
    d->channel = pmkti_alloc(a, n, sizeof *d->channel);
    d->time = pmkti_alloc(a, n, sizeof *d->time);
    d->conversions = pmkti_alloc(a, n, sizeof *d->conversions);
    d->values = pmkti_alloc(a, n, sizeof *d->values);
    d->nulls = pmkti_alloc(a, n, sizeof *d->nulls);
    const bool has_room = d->channel && d->time && d->conversions && d->values && d->nulls;
    return has_room ? PMKT_OK : PMKT_E_NOMEM;
}

static void show(pmkt_attribution_data *d, bool has_amounts, bool merged) {
    d->paths.channel = d->channel;
    d->paths.time = merged ? NULL : d->time;
    d->paths.conversions = d->conversions;
    d->paths.values = has_amounts ? d->values : NULL;
    d->paths.nulls = d->nulls;
}

/* ------------------------------------------------------------------------ call */

static pmkt_status read_all(pmkti_attribution_reading *r) {
    if (pmkti_canceled(&r->run, 0.1, "sorting")) return PMKT_E_CANCELED;
    if (r->n >= INT32_MAX) return PMKT_E_LIMIT;
    pmkt_status status = PMKT_OK;
    if (r->n > 0) {
        r->records = pmkti_alloc(&r->allocator, (size_t)r->n, sizeof *r->records);
        if (!r->records) return PMKT_E_NOMEM;
        look(r, true);
        status = sort_records(r);
    }
    if (!status) status = make_data(r);
    if (!status && r->n > 0) status = pmkti_attribution_walk(r);
    if (!status && r->o.merge && r->out->paths.paths > 0) {
        status = pmkti_attribution_merge(r->out);
    }
    if (!status) show(r->out, r->ev.amount, r->o.merge);
    return status;
}

static pmkt_status tell(const pmkti_attribution_reading *r, pmkt_status status, pmkt_error *err) {
    if (status == PMKT_E_NOMEM) {
        return pmkti_no_memory(err, (size_t)r->n * sizeof *r->records);
    }
    if (status == PMKT_E_LIMIT) {
        return pmkti_fail(err, status, "2^31 - 1 rows or more are touches or conversions");
    }
    return pmkti_stopped(err, status);
}

static void clear(pmkti_attribution_reading *r, bool failed) {
    pmkti_free(&r->allocator, r->records, (size_t)r->n, sizeof *r->records);
    pmkti_free(&r->allocator, r->touches, KINDS, sizeof *r->touches);
    if (failed) pmkt_attribution_data_free(r->out);
}

static pmkt_status read_rows(pmkti_attribution_reading *r, pmkt_report *report, pmkt_error *err) {
    pmkt_status status = mark_kinds(r);
    if (!status && pmkti_canceled(&r->run, 0, "reading")) status = PMKT_E_CANCELED;
    if (status) return tell(r, status, err);
    look(r, false);
    if (r->report.rejected > 0 && r->ev.on_bad == PMKT_ON_BAD_FAIL) {
        pmkti_report_end(report, &r->report);
        return pmkti_report_fail(&r->report, pmkti_event_fault(&r->ev, r->report.first_bad), err);
    }
    r->report.accepted = r->n;
    r->report.ignored = r->report.rows - r->report.rejected - r->n;
    status = read_all(r);
    return status ? tell(r, status, err) : PMKT_OK;
}

pmkt_status pmkt_attribution_data_from_events(const pmkt_events *events,
                                              const pmkt_attribution_data_options *options,
                                              const pmkt_run *run, pmkt_report *report,
                                              pmkt_attribution_data **data, pmkt_error *err) {
    if (!events) return pmkti_null(err, "events");
    if (!data) return pmkti_null(err, "data");
    pmkti_attribution_reading r = {.o = PMKT_ATTRIBUTION_DATA_OPTIONS_INIT};
    pmkt_status status = pmkti_events_in(events, &r.ev, err);
    if (!status) status = pmkti_struct_in(&r.o, sizeof r.o, options, sizeof r.o, "options", err);
    if (!status) status = check_options(&r.o, err);
    if (!status) status = pmkti_allocator_check(r.o.allocator, &r.allocator, err);
    if (!status) status = pmkti_run_check(run, 0, &r.run, err);
    if (!status) status = pmkti_report_begin(report, r.ev.rows, &r.report, err);
    if (status) return status;
    status = read_rows(&r, report, err);
    clear(&r, status != PMKT_OK);
    if (status) return status;
    pmkti_report_end(report, &r.report);
    *data = r.out;
    return PMKT_OK;
}
