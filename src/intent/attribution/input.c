#include "intent/attribution/input.h"

#include <math.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/sort_ids.h"
#include "core/structs.h"
#include "intent/attribution/numbers.h"

#define MOST_COUNT 9007199254740992.0 /* 2^53: whole numbers are exact up to here */

static pmkt_status bad(pmkt_error *err, int64_t path, const char *what) {
    return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, path, "path %lld is bad: %s",
                         (long long)path, what);
}

/* --------------------------------------------------------------------- checks */

static pmkt_status check_borders(const pmkt_attribution_paths *p, pmkt_error *err) {
    const pmkt_status status = pmkti_count_check(p->paths, "paths.paths", err);
    if (status || p->paths == 0) return status;
    if (!p->at) return pmkti_null(err, "paths.at");
    if (p->at[0] != 0) return pmkti_fail(err, PMKT_E_INVALID, "paths.at must begin with 0");
    for (int64_t j = 0; j < p->paths; j++) {
        if (p->at[j + 1] >= p->at[j]) continue;
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, j,
                             "paths.at must not descend, but does after path %lld", (long long)j);
    }
    if (p->at[p->paths] > 0 && !p->channel) return pmkti_null(err, "paths.channel");
    if (p->at[p->paths] < INT32_MAX && p->paths < INT32_MAX) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_LIMIT, "there are 2^31 - 1 paths or touches or more");
}

static bool in_time(int64_t ms) {
    return ms >= PMKT_TIME_MIN && ms < PMKT_TIME_MAX;
}

static const char *fault_of_times(const pmkt_attribution_paths *p, int64_t j) {
    const int64_t from = p->at[j], to = p->at[j + 1];
    for (int64_t i = from; i < to; i++) {
        if (!in_time(p->time[i])) return "a time outside the years 1700 to 2999";
        if (i > from && p->time[i] < p->time[i - 1]) return "a touch before the one before it";
    }
    return NULL;
}

static bool is_count(double x) {
    return x >= 0 && x <= MOST_COUNT;
}

/* What is wrong with a path, or NULL. */
static const char *fault(const pmkt_attribution_paths *p, int64_t j) {
    if (p->conversions && !is_count(p->conversions[j])) {
        return "its conversions must lie from 0 to 2^53";
    }
    if (p->nulls && !is_count(p->nulls[j])) return "its nulls must lie from 0 to 2^53";
    if (p->values && !isfinite(p->values[j])) return "its value is not finite";
    if (p->values && p->conversions && p->conversions[j] == 0 && p->values[j] != 0) {
        return "a value, but no conversion";
    }
    for (int64_t i = p->at[j]; i < p->at[j + 1]; i++) {
        if (p->channel[i] == PMKT_ID_NONE) return "a touch has no channel";
    }
    return p->time ? fault_of_times(p, j) : NULL;
}

/* -------------------------------------------------------------------- channels */

/* Numbers the channels by first appearance; then sorts them. */
static pmkt_status number_touches(pmkti_attribution_input *in, const uint64_t *channel,
                                  pmkti_attribution_numbers *m) {
    pmkt_status status = pmkti_attribution_numbers_begin(m, in->allocator);
    for (int64_t i = 0; i < in->touches && !status; i++) {
        int64_t number = 0;
        status = pmkti_attribution_number(m, channel[i], &number);
        in->touch[i] = (int32_t)number;
    }
    return status;
}

static int32_t place(const uint64_t *ids, int32_t n, uint64_t id) {
    int32_t low = 0;
    while (n > 1) {
        const int32_t half = n / 2;
        if (ids[low + half] <= id) low += half;
        n -= half;
    }
    return low;
}

static pmkt_status number_channels(pmkti_attribution_input *in, const uint64_t *channel) {
    const pmkt_allocator *a = in->allocator;
    pmkti_attribution_numbers m = {0};
    int32_t *to = NULL;
    pmkt_status status = number_touches(in, channel, &m);
    const size_t n = (size_t)m.n;
    if (!status && n > 0) {
        in->channel_id = pmkti_alloc(a, n, sizeof *in->channel_id);
        to = pmkti_alloc(a, n, sizeof *to);
        status = in->channel_id && to ? PMKT_OK : PMKT_E_NOMEM;
        in->channels = (int32_t)n;
    }
    if (!status && n > 0) {
        size_t at = 0;
        for (size_t i = 0; i < m.room; i++) {
            if (m.slots[i].key) in->channel_id[at++] = m.slots[i].key;
        }
        pmkti_sort_ids(in->channel_id, n);
        for (size_t i = 0; i < m.room; i++) {
            if (!m.slots[i].key) continue;
            to[m.slots[i].number] = place(in->channel_id, in->channels, m.slots[i].key);
        }
        for (int64_t i = 0; i < in->touches; i++) in->touch[i] = to[in->touch[i]];
    }
    pmkti_free(a, to, n, sizeof *to);
    pmkti_attribution_numbers_end(&m);
    return status;
}

/* ---------------------------------------------------------------------- counts */

static pmkt_status copy_counts(pmkti_attribution_input *in, const pmkt_attribution_paths *p,
                               bool ignore_nulls) {
    const size_t n = (size_t)in->paths;
    in->conversions = pmkti_alloc(in->allocator, n, sizeof *in->conversions);
    in->nulls = pmkti_alloc(in->allocator, n, sizeof *in->nulls);
    if (p->values) in->values = pmkti_alloc(in->allocator, n, sizeof *in->values);
    if (!in->conversions || !in->nulls || (p->values && !in->values)) return PMKT_E_NOMEM;
    double size = 0;
    for (size_t j = 0; j < n; j++) {
        in->conversions[j] = p->conversions ? p->conversions[j] : 1;
        in->nulls[j] = p->nulls && !ignore_nulls ? p->nulls[j] : 0;
        in->total_conversions += in->conversions[j];
        in->total_nulls += in->nulls[j];
        if (p->values) in->total_values += in->values[j] = p->values[j];
        if (p->values) size += fabs(p->values[j]);
        if (p->at[j] < p->at[j + 1]) continue;
        in->empty_conversions += in->conversions[j];
        if (p->values) in->empty_values += in->values[j];
    }
    return isfinite(size) ? PMKT_OK : PMKT_E_OVERFLOW;
}

static pmkt_status check(const pmkt_attribution_paths *p, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    if (p->reserved != 0) status = pmkti_fail(err, PMKT_E_INVALID, "paths.reserved is not 0");
    if (!status) status = check_borders(p, err);
    for (int64_t j = 0; j < p->paths && !status; j++) {
        const char *what = fault(p, j);
        if (what) status = bad(err, j, what);
    }
    return status;
}

pmkt_status pmkti_attribution_input_make(pmkti_attribution_input *in,
                                         const pmkt_attribution_paths *paths, bool ignore_nulls,
                                         const pmkt_allocator *allocator, pmkt_error *err) {
    if (!paths) return pmkti_null(err, "paths");
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    pmkt_status status = pmkti_struct_in(&p, sizeof p, paths, sizeof p, "paths", err);
    if (!status) status = check(&p, err);
    if (status) return status;
    *in = (pmkti_attribution_input){.allocator = allocator, .paths = p.paths};
    if (p.paths == 0) return PMKT_OK;
    in->at = p.at, in->time = p.time;
    in->touches = p.at[p.paths];
    if (in->touches > 0) {
        in->touch = pmkti_alloc(allocator, (size_t)in->touches, sizeof *in->touch);
        status = in->touch ? number_channels(in, p.channel) : PMKT_E_NOMEM;
    }
    if (!status) status = copy_counts(in, &p, ignore_nulls);
    if (!status) return PMKT_OK;
    pmkti_attribution_input_clear(in);
    if (status == PMKT_E_OVERFLOW) {
        return pmkti_fail(err, status, "the values add up to more than a double holds");
    }
    return pmkti_no_memory(err, (size_t)p.paths * 3 * sizeof(double));
}

void pmkti_attribution_input_clear(pmkti_attribution_input *in) {
    const pmkt_allocator *a = in->allocator;
    const size_t n = (size_t)in->paths;
    if (!a) return;
    pmkti_free(a, in->channel_id, (size_t)in->channels, sizeof *in->channel_id);
    pmkti_free(a, in->touch, (size_t)in->touches, sizeof *in->touch);
    pmkti_free(a, in->conversions, n, sizeof *in->conversions);
    pmkti_free(a, in->nulls, n, sizeof *in->nulls);
    pmkti_free(a, in->values, n, sizeof *in->values);
    *in = (pmkti_attribution_input){0};
}
