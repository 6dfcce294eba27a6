/*
 * data_number.c - one look into a hash table a row.
 *
 * Every worker has a table of its own of the ids that it came across, and writes for each row the place in
 * its list. Which worker sees which row is chance, but the union of the lists is not: sorted, it gives the
 * numbers, and a second pass turns places into numbers by a table for each worker.
 */
#include "cf/data_number.h"

#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/sort_ids.h"

#define FIRST_BITS 10

/* A slot holds a part of the hash and the place in the list plus 1; all zero is an empty one. */
typedef struct slot {
    uint32_t tag, place;
} slot;

typedef struct table {
    slot *slots; /* [1 << bits] */
    int bits;
    int64_t n;        /* ids in the list */
    uint64_t *list;   /* [room(bits)] */
    uint32_t *number; /* [n] of each */
} table;

typedef struct numbering {
    pmkti_cf_numbering *job;
    const pmkt_allocator *allocator;
    table *tables;   /* [workers] */
    int32_t *worker; /* [chunks] who read it */
} numbering;

/* How many ids a table of so many bits takes: three quarters. */
static int64_t room(int bits) {
    return INT64_C(3) << (bits - 2);
}

static void put(table *t, uint64_t hash, int64_t place) {
    const uint64_t mask = (UINT64_C(1) << t->bits) - 1;
    uint64_t i = hash >> (64 - t->bits);
    while (t->slots[i].place) i = (i + 1) & mask;
    t->slots[i] = (slot){(uint32_t)hash, (uint32_t)place + 1};
}

static pmkt_status grow(const pmkt_allocator *a, table *t) {
    const int bits = t->slots ? t->bits + 1 : FIRST_BITS;
    if (room(bits) > INT64_C(3) << 30) return PMKT_E_LIMIT;
    const size_t slots = (size_t)1 << bits, list = (size_t)room(bits);
    uint64_t *longer =
        pmkti_resize(a, t->list, t->list ? (size_t)room(t->bits) : 0, list, sizeof *longer);
    if (!longer) return PMKT_E_NOMEM;
    t->list = longer;
    if (t->slots) pmkti_free(a, t->slots, (size_t)1 << t->bits, sizeof *t->slots);
    t->slots = pmkti_alloc_zero(a, slots, sizeof *t->slots);
    t->bits = bits;
    if (!t->slots) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < t->n; i++) put(t, pmkti_mix(t->list[i]), i);
    return PMKT_OK;
}

/* The place of an id in the list, where it is put if it is new; or -1 if there is no room. */
static inline int64_t place_of(table *t, uint64_t id) {
    const uint64_t hash = pmkti_mix(id), mask = (UINT64_C(1) << t->bits) - 1;
    for (uint64_t i = hash >> (64 - t->bits);; i = (i + 1) & mask) {
        const slot s = t->slots[i];
        if (s.place == 0) {
            if (t->n == room(t->bits)) return -1;
            t->slots[i] = (slot){(uint32_t)hash, (uint32_t)t->n + 1};
            t->list[t->n] = id;
            return t->n++;
        }
        if (s.tag == (uint32_t)hash && t->list[s.place - 1] == id) return s.place - 1;
    }
}

static int64_t chunks_of(int64_t rows) {
    return (rows + PMKTI_CF_CHUNK - 1) / PMKTI_CF_CHUNK;
}

static int64_t end_of(int64_t chunk, int64_t rows) {
    const int64_t end = (chunk + 1) * PMKTI_CF_CHUNK;
    return end < rows ? end : rows;
}

static pmkt_status read(void *ctx, int64_t chunk, int worker) {
    const numbering *m = ctx;
    const pmkti_cf_numbering *j = m->job;
    table *t = &m->tables[worker];
    m->worker[chunk] = worker;
    const int64_t end = end_of(chunk, j->rows);
    for (int64_t i = chunk * PMKTI_CF_CHUNK; i < end; i++) {
        if (!j->wanted(j->ctx, i, chunk)) {
            j->number[i] = PMKTI_CF_OUT;
            continue;
        }
        int64_t place = t->slots ? place_of(t, j->column[i]) : -1;
        while (place < 0) {
            const pmkt_status status = grow(m->allocator, t);
            if (status) return status;
            place = place_of(t, j->column[i]);
        }
        j->number[i] = (uint32_t)place;
    }
    return PMKT_OK;
}

static pmkt_status turn(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const numbering *m = ctx;
    const uint32_t *number = m->tables[m->worker[chunk]].number;
    uint32_t *to = m->job->number;
    const int64_t end = end_of(chunk, m->job->rows);
    for (int64_t i = chunk * PMKTI_CF_CHUNK; i < end; i++) {
        if (to[i] != PMKTI_CF_OUT) to[i] = number[to[i]];
    }
    return PMKT_OK;
}

/* The number of an id that is there. */
static uint32_t find(const uint64_t *ids, int64_t n, uint64_t id) {
    int64_t low = 0;
    while (n > 1) {
        const int64_t half = n / 2;
        if (ids[low + half] <= id) low += half;
        n -= half;
    }
    return (uint32_t)low;
}

/* Sorts the lists together and leaves each id once. */
static pmkt_status unite(const numbering *m, int workers) {
    pmkti_cf_numbering *j = m->job;
    int64_t all = 0, n = 0;
    for (int w = 0; w < workers; w++) {
        table *t = &m->tables[w];
        if (t->slots) pmkti_free(m->allocator, t->slots, (size_t)1 << t->bits, sizeof *t->slots);
        t->slots = NULL;
        all += t->n;
    }
    if (all == 0) return PMKT_OK;
    uint64_t *ids = pmkti_alloc(m->allocator, (size_t)all, sizeof *ids);
    if (!ids) return PMKT_E_NOMEM;
    for (int w = 0; w < workers; w++) {
        const table *t = &m->tables[w];
        if (t->n > 0) memcpy(ids + n, t->list, (size_t)t->n * sizeof *ids);
        n += t->n;
    }
    pmkti_sort_ids(ids, (size_t)all);
    n = 1;
    for (int64_t i = 1; i < all; i++) {
        if (ids[i] != ids[n - 1]) ids[n++] = ids[i];
    }
    j->ids = pmkti_alloc(m->allocator, (size_t)n, sizeof *j->ids); /* no longer than it must be */
    if (j->ids) memcpy(j->ids, ids, (size_t)n * sizeof *ids);
    pmkti_free(m->allocator, ids, (size_t)all, sizeof *ids);
    j->n = n;
    return !j->ids ? PMKT_E_NOMEM : n > INT32_MAX ? PMKT_E_LIMIT : PMKT_OK;
}

static pmkt_status number_lists(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const numbering *m = ctx;
    table *t = &m->tables[chunk];
    if (t->n == 0) return PMKT_OK;
    t->number = pmkti_alloc(m->allocator, (size_t)t->n, sizeof *t->number);
    if (!t->number) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < t->n; i++) t->number[i] = find(m->job->ids, m->job->n, t->list[i]);
    return PMKT_OK;
}

static void clear(const numbering *m, int workers, int64_t chunks) {
    const pmkt_allocator *a = m->allocator;
    for (int w = 0; m->tables && w < workers; w++) {
        table *t = &m->tables[w];
        if (t->slots) pmkti_free(a, t->slots, (size_t)1 << t->bits, sizeof *t->slots);
        if (t->list) pmkti_free(a, t->list, (size_t)room(t->bits), sizeof *t->list);
        pmkti_free(a, t->number, (size_t)t->n, sizeof *t->number);
    }
    pmkti_free(a, m->tables, (size_t)workers, sizeof *m->tables);
    pmkti_free(a, m->worker, (size_t)chunks, sizeof *m->worker);
}

pmkt_status pmkti_cf_number(const pmkt_allocator *allocator, const pmkti_run *run,
                            pmkti_stage stage, pmkti_cf_numbering *job) {
    job->ids = NULL;
    job->n = 0;
    const int64_t chunks = chunks_of(job->rows);
    if (chunks == 0) return PMKT_OK;
    const int workers = pmkti_workers(run, chunks);
    numbering m = {.job = job, .allocator = allocator};
    m.tables = pmkti_alloc_zero(allocator, (size_t)workers, sizeof *m.tables);
    m.worker = pmkti_alloc(allocator, (size_t)chunks, sizeof *m.worker);
    pmkt_status status = m.tables && m.worker ? PMKT_OK : PMKT_E_NOMEM;
    const double read_to = stage.from + (stage.to - stage.from) * 0.7;
    const double unite_to = stage.from + (stage.to - stage.from) * 0.8;
    const pmkti_stage reading = {stage.name, stage.from, read_to};
    const pmkti_stage listing = {stage.name, read_to, unite_to};
    const pmkti_stage turning = {stage.name, unite_to, stage.to};
    if (!status) status = pmkti_parallel(run, reading, read, &m, chunks);
    if (!status) status = unite(&m, workers);
    if (!status && job->n > 0) {
        status = pmkti_parallel(run, listing, number_lists, &m, workers);
        if (!status) status = pmkti_parallel(run, turning, turn, &m, chunks);
    }
    clear(&m, workers, chunks);
    if (status && job->ids) {
        pmkti_free(allocator, job->ids, (size_t)job->n, sizeof *job->ids);
        job->ids = NULL;
    }
    return status;
}
