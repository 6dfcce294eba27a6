/*
 * paths_hours.c - at which hours of the week people are there, all together and each.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/zone.h"
#include "intent/paths.h"

#define HOURS PMKTI_PATHS_HOURS
#define HOUR_MS (PMKTI_DAY_MS / 24)

typedef struct timing {
    pmkti_looking *l;
    int64_t *hours; /* [groups * HOURS] */
    int64_t *at;    /* [parts + 1] rows of users' hours */
} timing;

/* Monday, 0 to 1 o'clock, is 0. 1970-01-01 was a Thursday. */
static inline int32_t hour_of(const pmkt_zone *zone, int64_t ms) {
    const int64_t hour = pmkti_floor_div(pmkti_zone_local(zone, ms), HOUR_MS) + INT64_C(3) * 24;
    const int64_t rest = hour % HOURS;
    return (int32_t)(rest < 0 ? rest + HOURS : rest);
}

static pmkt_status count_group(void *ctx, int64_t group, int worker) {
    (void)worker;
    const timing *t = ctx;
    const pmkti_sessions *s = &t->l->s;
    int64_t from, end;
    pmkti_paths_group(s, group, &from, &end);
    int64_t *hours = t->hours + group * HOURS;
    const int64_t last = pmkti_sessions_begin(s, s->part_at[end]);
    for (int64_t row = pmkti_sessions_begin(s, s->part_at[from]); row < last; row++) {
        hours[hour_of(&t->l->zone, s->time[row])]++;
    }
    return PMKT_OK;
}

/* Counts the hours of the users of a part and, with `writes`, writes them down. */
static int64_t hours_of_part(const timing *t, int64_t part, bool writes) {
    const pmkti_sessions *s = &t->l->s;
    const pmkt_paths *out = t->l->out;
    int64_t n = writes ? t->at[part] : 0;
    for (int64_t u = s->part_at[part]; u < s->part_at[part + 1]; u++) {
        int64_t hours[HOURS] = {0};
        const int64_t end = pmkti_sessions_begin(s, u + 1);
        for (int64_t row = pmkti_sessions_begin(s, u); row < end; row++) {
            hours[hour_of(&t->l->zone, s->time[row])]++;
        }
        for (int32_t h = 0; h < HOURS; h++) {
            if (hours[h] == 0) continue;
            if (writes) {
                out->hour_user[n] = s->user[u];
                out->hour[n] = h;
                out->hour_events[n] = hours[h];
            }
            n++;
        }
    }
    return n;
}

static pmkt_status count_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    const timing *t = ctx;
    t->at[part] = hours_of_part(t, part, false);
    return PMKT_OK;
}

static pmkt_status write_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    (void)hours_of_part(ctx, part, true);
    return PMKT_OK;
}

static pmkt_status each_user(const timing *t, pmkti_stage stage) {
    const pmkti_run *run = &t->l->run;
    const int64_t parts = t->l->s.parts;
    const double middle = stage.from + (stage.to - stage.from) / 2;
    pmkt_status status = pmkti_parallel(run, (pmkti_stage){stage.name, stage.from, middle},
                                        count_part, (void *)t, parts);
    if (status) return status;
    int64_t n = 0;
    for (int64_t p = 0; p < parts; p++) {
        const int64_t here = t->at[p];
        t->at[p] = n;
        n += here;
    }
    if (n == 0) return PMKT_OK;
    pmkt_paths *out = t->l->out;
    const pmkt_allocator *a = &out->allocator;
    out->columns.n_user_hours = n;
    out->hour_user = pmkti_alloc(a, (size_t)n, sizeof *out->hour_user);
    out->hour = pmkti_alloc(a, (size_t)n, sizeof *out->hour);
    out->hour_events = pmkti_alloc(a, (size_t)n, sizeof *out->hour_events);
    if (!out->hour_user || !out->hour || !out->hour_events) return PMKT_E_NOMEM;
    return pmkti_parallel(run, (pmkti_stage){stage.name, middle, stage.to}, write_part, (void *)t,
                          parts);
}

pmkt_status pmkti_paths_hours(pmkti_looking *l, pmkti_stage stage) {
    const pmkt_allocator *a = &l->allocator;
    timing t = {.l = l};
    const double middle = stage.from + (stage.to - stage.from) / 3;
    l->out->hours = pmkti_alloc_zero(&l->out->allocator, HOURS, sizeof *l->out->hours);
    if (!l->out->hours) return PMKT_E_NOMEM;
    if (l->s.rows == 0) return PMKT_OK;
    t.hours = pmkti_alloc_zero(a, (size_t)PMKTI_PATHS_GROUPS * HOURS, sizeof *t.hours);
    t.at = pmkti_alloc(a, (size_t)l->s.parts, sizeof *t.at);
    pmkt_status status = t.hours && t.at ? PMKT_OK : PMKT_E_NOMEM;
    if (!status) {
        status = pmkti_parallel(&l->run, (pmkti_stage){stage.name, stage.from, middle}, count_group,
                                &t, PMKTI_PATHS_GROUPS);
    }
    for (int64_t i = 0; !status && i < (int64_t)PMKTI_PATHS_GROUPS * HOURS; i++) {
        l->out->hours[i % HOURS] += t.hours[i];
    }
    if (!status && l->o.user_hours) {
        status = each_user(&t, (pmkti_stage){stage.name, middle, stage.to});
    }
    pmkti_free(a, t.hours, (size_t)PMKTI_PATHS_GROUPS * HOURS, sizeof *t.hours);
    pmkti_free(a, t.at, (size_t)l->s.parts, sizeof *t.at);
    return status;
}
