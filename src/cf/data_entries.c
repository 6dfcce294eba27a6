/*
 * data_entries.c - sorts rows by user and item and adds equal ones up.
 *
 * First all rows go to parts, ranges of users so small that a part's rows lie in the cache; then each part
 * is sorted by radix and added up for itself. Chunks of rows write to their own places in each part, in
 * the order of the rows, and what is added up are integers: neither threads nor batches make a difference.
 */
#include "cf/data_entries.h"

#include <string.h>

#include "cf/data_number.h"
#include "core/alloc.h"
#include "core/sort.h"

#define PART_ROWS 16384
#define MAX_PARTS 1024
#define DIGIT 11 /* bits of a pass of the radix sort */

/* ------------------------------------------------------------------ sorting out */

typedef struct sorting {
    pmkti_cf_making *m;
    int64_t *next; /* [chunks * parts] counts, then where to write */
} sorting;

static int64_t chunks_of(const pmkti_cf_making *m) {
    return (m->rows->ev.rows + PMKTI_CF_CHUNK - 1) / PMKTI_CF_CHUNK;
}

static int64_t end_of(const pmkti_cf_making *m, int64_t chunk) {
    const int64_t end = (chunk + 1) * PMKTI_CF_CHUNK;
    return end < m->rows->ev.rows ? end : m->rows->ev.rows;
}

static pmkt_status count(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const sorting *s = ctx;
    const pmkti_cf_making *m = s->m;
    int64_t *next = s->next + chunk * m->parts.parts;
    const int64_t end = end_of(m, chunk);
    for (int64_t i = chunk * PMKTI_CF_CHUNK; i < end; i++) {
        if (m->user[i] != PMKTI_CF_OUT) next[m->user[i] >> m->parts.shift]++;
    }
    return PMKT_OK;
}

static pmkt_status write(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const sorting *s = ctx;
    const pmkti_cf_making *m = s->m;
    int64_t *next = s->next + chunk * m->parts.parts;
    const int64_t end = end_of(m, chunk);
    for (int64_t i = chunk * PMKTI_CF_CHUNK; i < end; i++) {
        if (m->user[i] == PMKTI_CF_OUT) continue;
        pmkti_cf_record *to = &m->parts.records[next[m->user[i] >> m->parts.shift]++];
        to->user = m->user[i];
        to->item = m->item[i];
        to->says.units = pmkti_cf_units(m->plan, &m->rows->ev, i);
        to->time = m->rows->ev.time[i];
    }
    return PMKT_OK;
}

static void sum_up(const sorting *s, int64_t chunks) {
    pmkti_cf_parts *p = &s->m->parts;
    int64_t at = 0;
    for (int64_t part = 0; part < p->parts; part++) {
        p->begin[part] = at;
        for (int64_t c = 0; c < chunks; c++) {
            int64_t *next = &s->next[c * p->parts + part];
            const int64_t n = *next;
            *next = at;
            at += n;
        }
    }
    p->begin[p->parts] = at;
}

/* The number of parts depends on the data alone. */
static void choose_parts(const pmkti_cf_making *m, pmkti_cf_parts *p) {
    int64_t most = p->n / PART_ROWS;
    most = most < 1 ? 1 : most > MAX_PARTS ? MAX_PARTS : most;
    p->shift = 0;
    while (((m->d->users - 1) >> p->shift) >= most) p->shift++;
    p->parts = ((m->d->users - 1) >> p->shift) + 1;
}

pmkt_status pmkti_cf_sort_out(pmkti_cf_making *m, pmkti_stage stage) {
    const pmkt_allocator *a = &m->d->allocator;
    pmkti_cf_parts *p = &m->parts;
    sorting s = {.m = m};
    p->n = m->d->counts.rows;
    choose_parts(m, p);
    const int64_t chunks = chunks_of(m);
    const size_t room = (size_t)(chunks * p->parts);
    s.next = pmkti_alloc_zero(a, room, sizeof *s.next);
    p->records = pmkti_alloc(a, (size_t)p->n, sizeof *p->records);
    p->begin = pmkti_alloc(a, (size_t)p->parts + 1, sizeof *p->begin);
    p->kept = pmkti_alloc_zero(a, (size_t)p->parts, sizeof *p->kept);
    p->capped = pmkti_alloc_zero(a, (size_t)p->parts, sizeof *p->capped);
    const bool ready = s.next && p->records && p->begin && p->kept && p->capped;
    pmkt_status status = ready ? PMKT_OK : PMKT_E_NOMEM;
    const double middle = stage.from + (stage.to - stage.from) * 0.2;
    const pmkti_stage counting = {stage.name, stage.from, middle};
    const pmkti_stage writing = {stage.name, middle, stage.to};
    if (!status) status = pmkti_parallel(m->run, counting, count, &s, chunks);
    if (!status) {
        sum_up(&s, chunks);
        status = pmkti_parallel(m->run, writing, write, &s, chunks);
    }
    pmkti_free(a, s.next, room, sizeof *s.next);
    return status;
}

/* -------------------------------------------------------------------- adding up */

/* A worker's second place for the rows of a part. */
typedef struct room {
    pmkti_cf_record *at;
    size_t n;
} room;

typedef struct adding {
    pmkti_cf_making *m;
    int bits; /* of an item's number */
    room *rooms;
} adding;

static bool reserve(const pmkt_allocator *a, room *r, size_t n) {
    if (n <= r->n) return true;
    pmkti_free(a, r->at, r->n, sizeof *r->at);
    r->at = pmkti_alloc(a, n, sizeof *r->at);
    r->n = r->at ? n : 0;
    return r->at != NULL;
}

/* User and item as one number, without the users before the part. */
static uint64_t key_of(const adding *g, const pmkti_cf_record *r) {
    const uint64_t user = r->user & ((UINT64_C(1) << g->m->parts.shift) - 1);
    return user << g->bits | r->item;
}

static void radix_pass(const adding *g, const pmkti_cf_record *from, pmkti_cf_record *to, int64_t n,
                       int shift) {
    int64_t next[1 << DIGIT] = {0};
    const uint64_t mask = (1 << DIGIT) - 1;
    for (int64_t i = 0; i < n; i++) next[key_of(g, &from[i]) >> shift & mask]++;
    int64_t at = 0;
    for (int64_t d = 0; d < 1 << DIGIT; d++) {
        const int64_t here = next[d];
        next[d] = at;
        at += here;
    }
    for (int64_t i = 0; i < n; i++) to[next[key_of(g, &from[i]) >> shift & mask]++] = from[i];
}

static void sort_part(const adding *g, pmkti_cf_record *records, pmkti_cf_record *other,
                      int64_t n) {
    pmkti_cf_record *from = records, *to = other;
    for (int shift = 0; shift < g->m->parts.shift + g->bits; shift += DIGIT) {
        radix_pass(g, from, to, n, shift);
        pmkti_cf_record *was = from;
        from = to;
        to = was;
    }
    if (from != records) memcpy(records, from, (size_t)n * sizeof *records);
}

/* The entry of a sum in units. The sum comes in two halves, which cannot overflow; together they are
   rounded once. */
static double entry_of(const pmkti_cf_making *m, int64_t high, int64_t low) {
    double w = ((double)high * 0x1p32 + (double)low) / PMKTI_CF_UNIT;
    if (m->plan->o.scale == PMKT_CF_LOG) w = copysign(log1p(fabs(w)), w);
    return (double)(float)w + 0.0; /* no -0 */
}

/* Makes one entry of each run of equal rows, at the beginning; returns how many. */
static int64_t merge(const pmkti_cf_making *m, pmkti_cf_record *r, int64_t n) {
    int64_t to = 0;
    for (int64_t i = 0; i < n;) {
        pmkti_cf_record e = r[i];
        int64_t high = 0, low = 0;
        for (; i < n && r[i].user == e.user && r[i].item == e.item; i++) {
            high += r[i].says.units >> 32;
            low += r[i].says.units & INT64_C(0xffffffff);
            if (r[i].time > e.time) e.time = r[i].time;
        }
        e.says.weight = entry_of(m, high, low);
        r[to++] = e;
    }
    return to;
}

static bool rather(const void *a, const void *b) {
    const pmkti_cf_record *x = a, *y = b;
    return pmkti_cf_rather(x->says.weight, x->time, x->item, y->says.weight, y->time, y->item);
}

static bool by_item(const void *a, const void *b) {
    return ((const pmkti_cf_record *)a)->item < ((const pmkti_cf_record *)b)->item;
}

/* Leaves at most `cap` entries of each user; returns how many are left in all. */
static int64_t cap_users(pmkti_cf_record *r, int64_t n, int64_t cap) {
    int64_t to = 0;
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        while (end < n && r[end].user == r[i].user) end++;
        int64_t keep = end - i;
        if (keep > cap) {
            pmkti_sort(r + i, (size_t)keep, sizeof *r, rather);
            keep = cap;
            pmkti_sort(r + i, (size_t)keep, sizeof *r, by_item);
        }
        memmove(r + to, r + i, (size_t)keep * sizeof *r);
        to += keep;
        i = end;
    }
    return to;
}

static pmkt_status add_up_part(void *ctx, int64_t part, int worker) {
    const adding *g = ctx;
    pmkti_cf_parts *p = &g->m->parts;
    pmkti_cf_record *records = p->records + p->begin[part];
    const int64_t n = p->begin[part + 1] - p->begin[part];
    room *other = &g->rooms[worker];
    if (n == 0) return PMKT_OK;
    if (!reserve(&g->m->d->allocator, other, (size_t)n)) return PMKT_E_NOMEM;
    sort_part(g, records, other->at, n);
    p->kept[part] = merge(g->m, records, n);
    const int64_t cap = g->m->plan->o.max_items_per_user;
    if (cap > 0) {
        const int64_t all = p->kept[part];
        p->kept[part] = cap_users(records, all, cap);
        p->capped[part] = all - p->kept[part];
    }
    return PMKT_OK;
}

pmkt_status pmkti_cf_add_up(pmkti_cf_making *m, pmkti_stage stage) {
    const pmkt_allocator *a = &m->d->allocator;
    const int workers = pmkti_workers(m->run, m->parts.parts);
    adding g = {.m = m};
    while (((m->d->items - 1) >> g.bits) > 0) g.bits++;
    g.rooms = pmkti_alloc_zero(a, (size_t)workers, sizeof *g.rooms);
    if (!g.rooms) return PMKT_E_NOMEM;
    const pmkt_status status = pmkti_parallel(m->run, stage, add_up_part, &g, m->parts.parts);
    for (int w = 0; w < workers; w++) {
        pmkti_free(a, g.rooms[w].at, g.rooms[w].n, sizeof *g.rooms[w].at);
    }
    pmkti_free(a, g.rooms, (size_t)workers, sizeof *g.rooms);
    for (int64_t part = 0; part < m->parts.parts; part++) {
        m->d->counts.capped += m->parts.capped[part];
    }
    return status;
}
