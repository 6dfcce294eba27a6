/*
 * data_entries.c - sorts rows by user and item and adds equal ones up.
 *
 * First all rows go to parts, ranges of users so small that a part's rows lie in the cache; then each part
 * is sorted and added up for itself. Chunks of rows write to their own places in each part, in
 * the order of the rows, and what is added up are integers: neither threads nor batches make a difference.
 */
#include "cf/data_entries.h"

#include "cf/data_number.h"
#include "cf/data_sort.h"
#include "core/alloc.h"

#define PART_ROWS 4096 /* at the least, on average; two parts of twice as many lie in the cache */
#define MAX_PARTS 1024

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
    const uint32_t *user = m->user;
    const int shift = m->parts.shift;
    int64_t *next = s->next + chunk * m->parts.parts;
    const int64_t end = end_of(m, chunk);
    for (int64_t i = chunk * PMKTI_CF_CHUNK; i < end; i++) {
        if (user[i] != PMKTI_CF_OUT) next[user[i] >> shift]++;
    }
    return PMKT_OK;
}

static pmkt_status write(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const sorting *s = ctx;
    const pmkti_cf_making *m = s->m;
    const pmkti_cf_plan plan = *m->plan; /* copies, which no store can change */
    const pmkt_events ev = m->rows->ev;
    const pmkti_cf_parts p = m->parts;
    const uint32_t *user = m->user, *item = m->item, in_part = (UINT32_C(1) << p.shift) - 1;
    int64_t *next = s->next + chunk * p.parts;
    const int64_t end = end_of(m, chunk);
    for (int64_t i = chunk * PMKTI_CF_CHUNK; i < end; i++) {
        if (user[i] == PMKTI_CF_OUT) continue;
        const int64_t to = next[user[i] >> p.shift]++;
        const int64_t units = pmkti_cf_units(&plan, &ev, i);
        p.records[to] = pmkti_cf_row(user[i] & in_part, item[i], units);
        if (p.time) p.time[to] = ev.time[i];
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
    const bool timed = m->plan->o.max_items_per_user > 0 || m->plan->o.max_users_per_item > 0;
    p->n = m->d->counts.rows;
    if (p->n > INT64_C(1) << PMKTI_CF_ROW_BITS) return PMKT_E_LIMIT;
    choose_parts(m, p);
    const int64_t chunks = chunks_of(m);
    const size_t room = (size_t)(chunks * p->parts);
    s.next = pmkti_alloc_zero(a, room, sizeof *s.next);
    p->records = pmkti_alloc(a, (size_t)p->n, sizeof *p->records);
    if (timed) p->time = pmkti_alloc(a, (size_t)p->n, sizeof *p->time);
    p->begin = pmkti_alloc(a, (size_t)p->parts + 1, sizeof *p->begin);
    p->kept = pmkti_alloc_zero(a, (size_t)p->parts, sizeof *p->kept);
    p->capped = pmkti_alloc_zero(a, (size_t)p->parts, sizeof *p->capped);
    const bool ready =
        s.next && p->records && (p->time || !timed) && p->begin && p->kept && p->capped;
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

/* What a worker needs; rivals only if a cap wants them. */
typedef struct room {
    pmkti_cf_sorter sorter;
    pmkti_cf_rival *rivals;
    size_t n;
} room;

typedef struct adding {
    pmkti_cf_making *m;
    int bits; /* of an item's number */
    room *rooms;
} adding;

static void free_rivals(const pmkt_allocator *a, room *r) {
    pmkti_free(a, r->rivals, r->n, sizeof *r->rivals);
    r->rivals = NULL;
    r->n = 0;
}

static bool reserve(const adding *g, room *r, size_t n) {
    const pmkt_allocator *a = &g->m->d->allocator;
    const pmkti_cf_parts *p = &g->m->parts;
    if (!pmkti_cf_sorter_reserve(a, &r->sorter, n, (size_t)1 << p->shift, p->time != NULL)) {
        return false;
    }
    if (g->m->plan->o.max_items_per_user == 0 || n <= r->n) return true;
    free_rivals(a, r);
    r->rivals = pmkti_alloc(a, n, sizeof *r->rivals);
    if (r->rivals) r->n = n;
    return r->rivals != NULL;
}

/* The entry of a sum in units. The sum comes in two halves, which cannot overflow; together they are
   rounded once. */
static float entry_of(const pmkti_cf_making *m, int64_t high, int64_t low) {
    double w = ((double)high * 0x1p32 + (double)low) / PMKTI_CF_UNIT;
    if (m->plan->o.scale == PMKT_CF_LOG) w = copysign(log1p(fabs(w)), w);
    return (float)w + 0.0f; /* no -0 */
}

/* Makes one entry of each run of equal rows, sorted as they are; returns how many. `first` is the first
   user of the part. */
static int64_t merge(const pmkti_cf_making *m, const pmkti_cf_sorter *sorted, int64_t n,
                     uint32_t first, pmkti_cf_record *entries, int64_t *time) {
    const pmkti_cf_record *r = sorted->at;
    int64_t to = 0;
    for (int64_t i = 0; i < n; to++) {
        const uint32_t user = pmkti_cf_row_user(&r[i]), item = r[i].item;
        const int64_t begin = i;
        int64_t high = 0, low = 0;
        for (; i < n && r[i].item == item && pmkti_cf_row_user(&r[i]) == user; i++) {
            const int64_t units = pmkti_cf_row_units(&r[i]);
            high += units >> 32;
            low += units & INT64_C(0xffffffff);
        }
        entries[to].item = item;
        entries[to].of.entry.user = first + user;
        entries[to].of.entry.weight = entry_of(m, high, low);
        if (!time) continue;
        time[to] = sorted->time[begin];
        for (int64_t j = begin + 1; j < i; j++) {
            if (sorted->time[j] > time[to]) time[to] = sorted->time[j];
        }
    }
    return to;
}

/* Counts the entries of each user by the ends of its run: what is in a register need not be stored. */
static void count_users(const pmkti_cf_record *r, int64_t n, int64_t *entries) {
    for (int64_t i = 0, end; i < n; i = end) {
        const uint32_t user = r[i].of.entry.user;
        for (end = i + 1; end < n && r[end].of.entry.user == user;) end++;
        entries[user] = end - i;
    }
}

/* No other part has these users. */
static pmkt_status add_up_part(void *ctx, int64_t part, int worker) {
    const adding *g = ctx;
    pmkti_cf_making *m = g->m;
    pmkti_cf_parts *p = &m->parts;
    const int64_t begin = p->begin[part], n = p->begin[part + 1] - begin;
    pmkti_cf_record *r = p->records + begin;
    int64_t *time = p->time ? p->time + begin : NULL;
    room *mine = &g->rooms[worker];
    if (n == 0) return PMKT_OK;
    if (!reserve(g, mine, (size_t)n)) return PMKT_E_NOMEM;
    pmkti_cf_sort_rows(&mine->sorter, r, time, n, g->bits);
    const uint32_t first = (uint32_t)(part << p->shift);
    const int64_t all = merge(m, &mine->sorter, n, first, r, time);
    const int64_t cap = m->plan->o.max_items_per_user;
    p->kept[part] = cap > 0 ? pmkti_cf_cap_users(r, time, all, cap, mine->rivals) : all;
    p->capped[part] = all - p->kept[part];
    count_users(r, p->kept[part], m->d->item_at + 1);
    return PMKT_OK;
}

pmkt_status pmkti_cf_add_up(pmkti_cf_making *m, pmkti_stage stage) {
    const pmkt_allocator *a = &m->d->allocator;
    const int workers = pmkti_workers(m->run, m->parts.parts);
    adding g = {.m = m};
    while (((m->d->items - 1) >> g.bits) > 0) g.bits++;
    g.rooms = pmkti_alloc_zero(a, (size_t)workers, sizeof *g.rooms);
    m->d->item_at = pmkti_alloc_zero(a, (size_t)m->d->users + 1, sizeof *m->d->item_at);
    pmkt_status status = g.rooms && m->d->item_at ? PMKT_OK : PMKT_E_NOMEM;
    if (!status) status = pmkti_parallel(m->run, stage, add_up_part, &g, m->parts.parts);
    for (int w = 0; g.rooms && w < workers; w++) {
        pmkti_cf_sorter_free(a, &g.rooms[w].sorter);
        free_rivals(a, &g.rooms[w]);
    }
    pmkti_free(a, g.rooms, (size_t)workers, sizeof *g.rooms);
    for (int64_t part = 0; part < m->parts.parts; part++) {
        m->d->counts.capped += m->parts.capped[part];
    }
    return status;
}
