/*
 * funnel_sum.c - adds up the attempts that count.
 */
#include <math.h>

#include "core/alloc.h"
#include "core/sort.h"
#include "core/sort_ids.h"
#include "intent/funnel.h"
#include "intent/quantile.h"

static void count(const pmkti_following *f, const pmkt_funnel *out) {
    const int32_t n = f->n_steps;
    int64_t *reached = out->counts, *entered = reached + n, *continued = entered + n;
    int64_t *lost = continued + n;
    for (int64_t i = 0; i < f->units; i++) {
        const pmkti_attempt *a = &f->attempt[i];
        if (a->last < 0) continue;
        for (int32_t k = a->first; k <= a->last; k++) reached[k]++;
        for (int32_t k = a->first + 1; k <= a->last; k++) continued[k]++;
        entered[a->first]++;
        if (a->last < n - 1) lost[a->last]++;
    }
}

static pmkt_status make_shares(const pmkti_following *f, const pmkt_funnel *out) {
    const int32_t n = f->n_steps;
    const pmkt_allocator *a = &f->allocator;
    const int64_t *reached = out->counts, *continued = reached + (int64_t)2 * n;
    double *conversion = out->shares, *overall = conversion + n, *quartiles = overall + n;
    const int64_t attempts = out->columns.attempts;
    uint64_t *times = pmkti_alloc(a, (size_t)attempts + 1, sizeof *times);
    if (!times) return PMKT_E_NOMEM;
    pmkt_status status = PMKT_OK;
    for (int32_t k = 0; k < n && !status; k++) {
        int64_t n_times = 0;
        for (int64_t i = 0; k > 0 && i < f->units; i++) {
            const pmkti_attempt *t = &f->attempt[i];
            if (t->last < k || t->first >= k) continue;
            times[n_times++] = (uint64_t)f->elapsed[i * (n - 1) + k - 1];
        }
        double q[3];
        status = pmkti_quartiles(a, times, n_times, q);
        for (int j = 0; j < 3; j++) quartiles[j * n + k] = q[j];
        const bool has = k > 0 && reached[k - 1] > 0;
        conversion[k] = has ? (double)continued[k] / (double)reached[k - 1] : NAN;
        overall[k] = attempts > 0 ? (double)reached[k] / (double)attempts : NAN;
    }
    pmkti_free(a, times, (size_t)attempts + 1, sizeof *times);
    return status;
}

/* What so many did after a step. */
typedef struct next {
    int32_t step, kind;
    int64_t n;
} next;

static bool before(const void *a, const void *b) {
    const next *x = a, *y = b;
    if (x->step != y->step) return x->step < y->step;
    return x->n != y->n ? x->n > y->n : x->kind < y->kind;
}

static pmkt_status write_next(const pmkti_following *f, pmkt_funnel *out, next *list, int64_t n) {
    const pmkt_allocator *a = &f->allocator;
    pmkti_sort(list, (size_t)n, sizeof *list, before);
    out->columns.n_next = n; /* what frees the columns reads it */
    out->next_step = pmkti_alloc(a, (size_t)n, sizeof *out->next_step);
    out->next_kind = pmkti_alloc(a, (size_t)n, sizeof *out->next_kind);
    out->next_n = pmkti_alloc(a, (size_t)n, sizeof *out->next_n);
    if (n > 0 && (!out->next_step || !out->next_kind || !out->next_n)) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < n; i++) {
        out->next_step[i] = list[i].step;
        out->next_kind[i] = list[i].kind;
        out->next_n[i] = list[i].n;
    }
    return PMKT_OK;
}

/* Counts where those who were lost went. */
static pmkt_status make_next(const pmkti_following *f, pmkt_funnel *out) {
    const pmkt_allocator *a = &f->allocator;
    const size_t room = (size_t)out->columns.attempts;
    if (room == 0) return PMKT_OK;
    uint64_t *keys = pmkti_alloc(a, room, sizeof *keys);
    if (!keys) return PMKT_E_NOMEM;
    int64_t n = 0, runs = 0;
    for (int64_t i = 0; i < f->units; i++) {
        const pmkti_attempt *t = &f->attempt[i];
        if (t->last < 0 || t->last == f->n_steps - 1) continue;
        keys[n++] = (uint64_t)t->last << 32 | (uint64_t)t->next_kind;
    }
    pmkti_sort_ids(keys, (size_t)n);
    for (int64_t i = 0; i < n; i++) runs += i == 0 || keys[i] != keys[i - 1];
    next *list = pmkti_alloc(a, (size_t)runs, sizeof *list);
    pmkt_status status = list || runs == 0 ? PMKT_OK : PMKT_E_NOMEM;
    int64_t at = -1;
    for (int64_t i = 0; list && i < n; i++) {
        if (i == 0 || keys[i] != keys[i - 1]) {
            list[++at] = (next){(int32_t)(keys[i] >> 32), (int32_t)(uint32_t)keys[i], 0};
        }
        list[at].n++;
    }
    if (!status && runs > 0) status = write_next(f, out, list, runs);
    pmkti_free(a, list, (size_t)runs, sizeof *list);
    pmkti_free(a, keys, room, sizeof *keys);
    return status;
}

static pmkt_status write_attempts(const pmkti_following *f, pmkt_funnel *out) {
    const pmkt_allocator *a = &f->allocator;
    int64_t n = 0;
    for (int64_t i = 0; i < f->units; i++) n += f->attempt[i].last >= 0;
    out->columns.units = f->units;
    out->columns.attempts = n;
    if (n == 0) return PMKT_OK;
    out->user = pmkti_alloc(a, (size_t)n, sizeof *out->user);
    out->first = pmkti_alloc(a, (size_t)n, sizeof *out->first);
    out->last = pmkti_alloc(a, (size_t)n, sizeof *out->last);
    out->begin_ms = pmkti_alloc(a, (size_t)n, sizeof *out->begin_ms);
    if (!out->user || !out->first || !out->last || !out->begin_ms) return PMKT_E_NOMEM;
    n = 0;
    for (int64_t i = 0; i < f->units; i++) {
        const pmkti_attempt *t = &f->attempt[i];
        if (t->last < 0) continue;
        out->user[n] = t->user;
        out->first[n] = t->first;
        out->last[n] = t->last;
        out->begin_ms[n++] = f->s.time[t->begin];
    }
    return PMKT_OK;
}

static void point(const pmkt_funnel *out, int64_t n, pmkt_funnel_columns *c) {
    c->reached = out->counts, c->entered = out->counts + n;
    c->continued = out->counts + 2 * n, c->lost = out->counts + 3 * n;
    c->conversion = out->shares, c->overall = out->shares + n;
    c->p25_ms = out->shares + 2 * n, c->median_ms = out->shares + 3 * n;
    c->p75_ms = out->shares + 4 * n;
    c->next_step = out->next_step, c->next_kind = out->next_kind, c->next_n = out->next_n;
    c->user = out->user, c->first = out->first, c->last = out->last;
    c->begin_ms = out->begin_ms;
}

pmkt_status pmkti_funnel_sum(pmkti_following *f, pmkt_funnel *out) {
    const size_t n = (size_t)f->n_steps;
    out->columns.steps = f->n_steps;
    out->counts = pmkti_alloc_zero(&f->allocator, 4 * n, sizeof *out->counts);
    out->shares = pmkti_alloc(&f->allocator, 5 * n, sizeof *out->shares);
    if (!out->counts || !out->shares) return PMKT_E_NOMEM;
    pmkt_status status = write_attempts(f, out);
    if (status) return status;
    count(f, out);
    status = make_shares(f, out);
    if (!status) status = make_next(f, out);
    if (!status) point(out, f->n_steps, &out->columns);
    return status;
}
