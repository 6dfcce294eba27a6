/*
 * paths_pages.c - how long people stay on a page, and whether they leave.
 *
 * A stay becomes a page and a time, that of a stay which ends the session being longer than any; sorted, the
 * stays of a page stand together, the shortest first, and the median is read off. Kinds are so few that
 * they need no sorting: the times of each go to a place of its own.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "intent/paths.h"
#include "intent/quantile.h"

#define EXIT (UINT64_C(1) << 46) /* ms: longer than there are years, and few digits to sort by */

typedef struct page {
    uint64_t page;
    int64_t stays, exits, soon;
    double median;
} page;

typedef struct staying {
    pmkti_looking *l;
    int64_t *at;        /* [parts + 1] stays */
    pmkti_visit *visit; /* [stays] */
    pmkti_visit *spare; /* [stays] */
    int64_t *counts;    /* [PMKTI_VISIT_COUNTS] */
    page *top;          /* [room] most stays first */
    int64_t n, room;
} staying;

static inline uint64_t page_of(const pmkti_looking *l, int64_t row) {
    return l->o.page == PMKT_PATHS_BY_ITEM ? l->s.item[row] : l->s.category[row];
}

/* Writes the stays of a part, unless `to` is NULL; returns how many. */
static int64_t stays_of(const pmkti_looking *l, int64_t part, pmkti_visit *to) {
    const pmkti_sessions *s = &l->s;
    int64_t n = 0;
    const int64_t last = s->user_at[s->part_at[part + 1]];
    for (int64_t i = s->user_at[s->part_at[part]]; i < last; i++) {
        const int64_t end = s->session_at[i + 1];
        for (int64_t row = s->session_at[i], next; row < end; row = next) {
            const uint64_t here = page_of(l, row);
            for (next = row + 1; next < end && page_of(l, next) == here;) next++;
            if (here == PMKT_ID_NONE) continue;
            const uint64_t time = next < end ? (uint64_t)(s->time[next] - s->time[row]) : EXIT;
            if (to) to[n] = (pmkti_visit){pmkti_mix(here), time, 0};
            n++;
        }
    }
    return n;
}

static pmkt_status count_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    const staying *t = ctx;
    t->at[part] = stays_of(t->l, part, NULL);
    return PMKT_OK;
}

static pmkt_status write_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    const staying *t = ctx;
    (void)stays_of(t->l, part, t->visit + t->at[part]);
    return PMKT_OK;
}

static bool before(const page *a, const page *b) {
    return a->stays != b->stays ? a->stays > b->stays : a->page < b->page;
}

static void offer(staying *t, const page *p) {
    if (t->n == t->room && !before(p, &t->top[t->n - 1])) return;
    int64_t low = 0, high = t->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (before(&t->top[middle], p))
            low = middle + 1;
        else
            high = middle;
    }
    if (t->n < t->room) t->n++;
    memmove(&t->top[low + 1], &t->top[low], (size_t)(t->n - 1 - low) * sizeof *t->top);
    t->top[low] = *p;
}

static void count_pages(staying *t, int64_t stays) {
    const pmkti_visit *v = t->visit;
    for (int64_t i = 0, next; i < stays; i = next) {
        page p = {.page = pmkti_unmix(v[i].key), .median = NAN};
        for (next = i; next < stays && v[next].key == v[i].key; next++) {
            p.exits += v[next].time == EXIT;
            p.soon += v[next].time != EXIT && v[next].time <= (uint64_t)t->l->o.soon_ms;
        }
        p.stays = next - i;
        const int64_t timed = p.stays - p.exits;
        if (timed > 0) {
            const int64_t lower = i + (timed - 1) / 2, upper = i + timed / 2;
            const double low = (double)v[lower].time, high = (double)v[upper].time;
            p.median = low + (high - low) / 2;
        }
        offer(t, &p);
    }
}

static pmkt_status write_pages(const staying *t) {
    pmkt_paths *out = t->l->out;
    const pmkt_allocator *a = &out->allocator;
    const int64_t n = t->n;
    if (n == 0) return PMKT_OK;
    out->columns.n_pages = n;
    out->page = pmkti_alloc(a, (size_t)n, sizeof *out->page);
    out->stays = pmkti_alloc(a, 3 * (size_t)n, sizeof *out->stays);
    out->stay_ms = pmkti_alloc(a, (size_t)n, sizeof *out->stay_ms);
    if (!out->page || !out->stays || !out->stay_ms) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < n; i++) {
        const page *p = &t->top[i];
        out->page[i] = p->page;
        out->stays[i] = p->stays;
        out->stays[n + i] = p->exits;
        out->stays[2 * n + i] = p->soon;
        out->stay_ms[i] = p->median;
    }
    return PMKT_OK;
}

static pmkt_status by_id(staying *t, pmkti_stage stage) {
    const pmkt_allocator *a = &t->l->allocator;
    const pmkti_run *run = &t->l->run;
    const int64_t parts = t->l->s.parts;
    const double middle = stage.from + (stage.to - stage.from) / 2;
    t->at = pmkti_alloc(a, (size_t)parts + 1, sizeof *t->at);
    if (!t->at) return PMKT_E_NOMEM;
    pmkt_status status =
        pmkti_parallel(run, (pmkti_stage){stage.name, stage.from, middle}, count_part, t, parts);
    if (status) return status;
    int64_t stays = 0;
    for (int64_t p = 0; p <= parts; p++) {
        const int64_t here = p < parts ? t->at[p] : 0;
        t->at[p] = stays;
        stays += here;
    }
    if (stays == 0) return PMKT_OK;
    t->room = t->l->o.top_pages < stays ? t->l->o.top_pages : stays;
    t->visit = pmkti_alloc(a, (size_t)stays, sizeof *t->visit);
    t->spare = pmkti_alloc(a, (size_t)stays, sizeof *t->spare);
    t->counts = pmkti_alloc(a, PMKTI_VISIT_COUNTS, sizeof *t->counts);
    t->top = pmkti_alloc(a, (size_t)t->room, sizeof *t->top);
    if (!t->visit || !t->spare || !t->counts || !t->top) return PMKT_E_NOMEM;
    status = pmkti_parallel(run, (pmkti_stage){stage.name, middle, stage.to}, write_part, t, parts);
    if (status) return status;
    pmkti_visits_sort(t->visit, t->spare, t->counts, stays, 0);
    count_pages(t, stays);
    return write_pages(t);
}

/* --------------------------------------------------------------------- kinds */

/* The stays of a kind in a group of parts. */
typedef struct tally {
    int64_t stays, exits, soon;
    int64_t next; /* where the next time goes */
} tally;

typedef struct kinds {
    const pmkti_looking *l;
    tally *tally;   /* [groups * slots] */
    uint64_t *time; /* [stays that are no exits] by kind */
} kinds;

/* Counts the stays of a group, or writes their times. */
static void walk(const kinds *k, int64_t group, bool writes) {
    const pmkti_looking *l = k->l;
    const pmkti_sessions *s = &l->s;
    tally *tallies = k->tally + group * l->slots;
    int64_t from, to;
    pmkti_paths_group(s, group, &from, &to);
    const int64_t last = s->user_at[s->part_at[to]];
    for (int64_t i = s->user_at[s->part_at[from]]; i < last; i++) {
        const int64_t end = s->session_at[i + 1];
        int64_t begin = s->session_at[i];
        for (int64_t row = begin + 1; row < end; row++) {
            if (s->kind[row] == s->kind[begin]) continue;
            const int64_t time = s->time[row] - s->time[begin];
            tally *t = &tallies[l->slot[s->kind[begin]]];
            if (writes)
                k->time[t->next++] = (uint64_t)time;
            else
                t->stays++, t->soon += time <= l->o.soon_ms;
            begin = row;
        }
        if (!writes) tallies[l->slot[s->kind[begin]]].exits++;
    }
}

static pmkt_status count_group(void *ctx, int64_t group, int worker) {
    (void)worker;
    walk(ctx, group, false);
    return PMKT_OK;
}

static pmkt_status write_group(void *ctx, int64_t group, int worker) {
    (void)worker;
    walk(ctx, group, true);
    return PMKT_OK;
}

/* Adds up the groups of each kind, and finds its median: its times end where those of its last group do. */
static pmkt_status offer_kinds(const kinds *k, staying *t) {
    const pmkti_looking *l = k->l;
    for (int64_t slot = 1; slot < l->slots; slot++) {
        page p = {.page = (uint64_t)l->kind[slot]};
        for (int64_t g = 0; g < PMKTI_PATHS_GROUPS; g++) {
            const tally *here = &k->tally[g * l->slots + slot];
            p.stays += here->stays, p.exits += here->exits, p.soon += here->soon;
        }
        const int64_t end = k->tally[(PMKTI_PATHS_GROUPS - 1) * l->slots + slot].next;
        const uint64_t *time = p.stays > 0 ? k->time + (end - p.stays) : NULL;
        double q[3];
        const pmkt_status status = pmkti_quartiles(&l->allocator, time, p.stays, q);
        if (status) return status;
        p.median = q[1];
        p.stays += p.exits;
        offer(t, &p);
    }
    return PMKT_OK;
}

/* Turns counts into places; returns how many times there are. */
static int64_t place(const kinds *k) {
    int64_t at = 0;
    for (int64_t slot = 0; slot < k->l->slots; slot++) {
        for (int64_t g = 0; g < PMKTI_PATHS_GROUPS; g++) {
            tally *here = &k->tally[g * k->l->slots + slot];
            here->next = at;
            at += here->stays;
        }
    }
    return at;
}

static pmkt_status by_kind(staying *t, pmkti_stage stage) {
    const pmkti_looking *l = t->l;
    const pmkt_allocator *a = &l->allocator;
    const double middle = stage.from + (stage.to - stage.from) / 2;
    const size_t tallies = (size_t)(PMKTI_PATHS_GROUPS * l->slots);
    kinds k = {.l = l, .tally = pmkti_alloc_zero(a, tallies, sizeof *k.tally)};
    t->room = l->o.top_pages < l->slots ? l->o.top_pages : l->slots;
    t->top = pmkti_alloc(a, (size_t)t->room, sizeof *t->top);
    pmkt_status status = k.tally && t->top ? PMKT_OK : PMKT_E_NOMEM;
    if (!status) {
        status = pmkti_parallel(&l->run, (pmkti_stage){stage.name, stage.from, middle}, count_group,
                                &k, PMKTI_PATHS_GROUPS);
    }
    const int64_t times = status ? 0 : place(&k);
    k.time = pmkti_alloc(a, (size_t)times, sizeof *k.time);
    if (times > 0 && !k.time) status = PMKT_E_NOMEM;
    if (!status) {
        status = pmkti_parallel(&l->run, (pmkti_stage){stage.name, middle, stage.to}, write_group,
                                &k, PMKTI_PATHS_GROUPS);
    }
    if (!status) status = offer_kinds(&k, t);
    pmkti_free(a, k.time, (size_t)times, sizeof *k.time);
    pmkti_free(a, k.tally, tallies, sizeof *k.tally);
    return status ? status : write_pages(t);
}

/* ---------------------------------------------------------------------- all */

pmkt_status pmkti_paths_pages(pmkti_looking *l, pmkti_stage stage) {
    staying t = {.l = l};
    if (l->s.rows == 0) return PMKT_OK;
    const bool few = l->o.page == PMKT_PATHS_BY_KIND;
    const pmkt_status status = few ? by_kind(&t, stage) : by_id(&t, stage);
    const pmkt_allocator *a = &l->allocator;
    const size_t stays = t.at ? (size_t)t.at[l->s.parts] : 0;
    pmkti_free(a, t.visit, stays, sizeof *t.visit);
    pmkti_free(a, t.spare, stays, sizeof *t.spare);
    pmkti_free(a, t.counts, PMKTI_VISIT_COUNTS, sizeof *t.counts);
    pmkti_free(a, t.top, (size_t)t.room, sizeof *t.top);
    pmkti_free(a, t.at, (size_t)l->s.parts + 1, sizeof *t.at);
    return status;
}
