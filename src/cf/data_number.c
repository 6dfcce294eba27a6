/*
 * data_number.c - one look into a hash table a row.
 *
 * Every worker has a table of its own of the ids that it came across, and writes for each row the place of
 * its id: how many came before it. Which worker sees which row is chance, but the union of the tables is
 * not: sorted, it gives the numbers, and a second pass turns places into numbers by a list for each worker.
 */
#include "cf/data_number.h"

#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/sort_ids.h"

#define FIRST_BITS 10
#define GROUP PMKTI_CF_GROUP

/* Id and place share a cache line; no row that counts has the id 0. */
typedef struct slot {
    uint64_t id; /* 0 = empty */
    uint32_t place;
    uint32_t unused;
} slot;

typedef struct table {
    slot *slots; /* [1 << bits] */
    int bits;
    int64_t n;        /* ids */
    uint32_t *number; /* [n] of each place */
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

static void free_slots(const pmkt_allocator *a, slot *slots, int bits) {
    if (slots) pmkti_free(a, slots, (size_t)1 << bits, sizeof *slots);
}

/* The slot of an id, or the empty one where it belongs. */
static inline slot *slot_of(const table *t, uint64_t id, uint64_t hash) {
    const uint64_t mask = (UINT64_C(1) << t->bits) - 1;
    uint64_t i = hash >> (64 - t->bits);
    while (t->slots[i].id != id && t->slots[i].id != 0) i = (i + 1) & mask;
    return &t->slots[i];
}

static inline void fetch(const table *t, uint64_t hash) {
    __builtin_prefetch(&t->slots[hash >> (64 - t->bits)]);
}

/* Makes a first table, or one twice as large. */
static pmkt_status grow(const pmkt_allocator *a, table *t) {
    const table old = *t;
    const int bits = old.slots ? old.bits + 1 : FIRST_BITS;
    if (room(bits) > INT64_C(3) << 30) return PMKT_E_LIMIT;
    slot *slots = pmkti_alloc_zero(a, (size_t)1 << bits, sizeof *slots);
    if (!slots) return PMKT_E_NOMEM;
    t->slots = slots;
    t->bits = bits;
    for (int64_t i = 0; old.slots && i < INT64_C(1) << old.bits; i++) {
        const uint64_t id = old.slots[i].id;
        if (id != 0) *slot_of(t, id, pmkti_mix(id)) = old.slots[i];
    }
    free_slots(a, old.slots, old.bits);
    return PMKT_OK;
}

static int64_t chunks_of(int64_t rows) {
    return (rows + PMKTI_CF_CHUNK - 1) / PMKTI_CF_CHUNK;
}

static int64_t end_of(int64_t chunk, int64_t rows) {
    const int64_t end = (chunk + 1) * PMKTI_CF_CHUNK;
    return end < rows ? end : rows;
}

/* The rows of a group, whose slots are fetched together, so that none waits for another. */
typedef struct group {
    int64_t from;
    uint32_t counts; /* a bit for each row */
    uint64_t hash[GROUP];
} group;

/* Asks of `n` rows whether they count, and for their slots. */
static void collect(const pmkti_cf_numbering *j, table t, int64_t from, int n, int64_t chunk,
                    group *g) {
    const uint64_t *column = j->column + from;
    uint32_t *number = j->number + from;
    g->from = from;
    g->counts = j->wanted(j->ctx, from, n, chunk);
    for (int i = 0; i < n; i++) {
        const uint64_t hash = pmkti_mix(column[i]);
        fetch(&t, hash);
        g->hash[i] = hash;
    }
    for (int i = 0; i < n; i++) number[i] = PMKTI_CF_OUT;
}

/* Writes the places of the rows of a group; the table has room for as many new ids. */
static void take(const pmkti_cf_numbering *j, table *t, const group *g) {
    const uint64_t *column = j->column + g->from;
    uint32_t *number = j->number + g->from;
    table mine = *t;
    for (uint32_t left = g->counts; left != 0; left &= left - 1) {
        const int i = __builtin_ctz(left);
        slot *s = slot_of(&mine, column[i], g->hash[i]);
        if (s->id == 0) *s = (slot){column[i], (uint32_t)mine.n++, 0};
        number[i] = s->place;
    }
    t->n = mine.n;
}

static pmkt_status read(void *ctx, int64_t chunk, int worker) {
    const numbering *m = ctx;
    table *t = &m->tables[worker];
    m->worker[chunk] = worker;
    const int64_t end = end_of(chunk, m->job->rows);
    group g;
    for (int64_t from = chunk * PMKTI_CF_CHUNK; from < end; from += GROUP) {
        pmkt_status status = PMKT_OK;
        while (!status && (!t->slots || t->n + GROUP > room(t->bits))) {
            status = grow(m->allocator, t);
        }
        if (status) return status;
        const int n = end - from < GROUP ? (int)(end - from) : GROUP;
        collect(m->job, *t, from, n, chunk, &g);
        take(m->job, t, &g);
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

/* Writes the ids of all tables side by side. */
static void copy_ids(const numbering *m, int workers, uint64_t *ids) {
    int64_t n = 0;
    for (int w = 0; w < workers; w++) {
        const table *t = &m->tables[w];
        for (int64_t i = 0; t->slots && i < INT64_C(1) << t->bits; i++) {
            if (t->slots[i].id != 0) ids[n++] = t->slots[i].id;
        }
    }
}

/* Sorts the ids of all tables together and leaves each once. */
static pmkt_status unite(const numbering *m, int workers) {
    pmkti_cf_numbering *j = m->job;
    int64_t all = 0, n = 1;
    for (int w = 0; w < workers; w++) all += m->tables[w].n;
    if (all == 0) return PMKT_OK;
    uint64_t *ids = pmkti_alloc(m->allocator, (size_t)all, sizeof *ids);
    if (!ids) return PMKT_E_NOMEM;
    copy_ids(m, workers, ids);
    pmkti_sort_ids(ids, (size_t)all);
    for (int64_t i = 1; i < all; i++) {
        if (ids[i] != ids[n - 1]) ids[n++] = ids[i];
    }
    j->n = n;
    if (n == all) {
        j->ids = ids;
    } else {
        j->ids = pmkti_alloc(m->allocator, (size_t)n, sizeof *j->ids); /* no longer than it must */
        if (j->ids) memcpy(j->ids, ids, (size_t)n * sizeof *ids);
        pmkti_free(m->allocator, ids, (size_t)all, sizeof *ids);
    }
    return !j->ids ? PMKT_E_NOMEM : n > INT32_MAX ? PMKT_E_LIMIT : PMKT_OK;
}

/* Looks all ids up in a worker's table: the number of each place of it. */
static pmkt_status number_places(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const numbering *m = ctx;
    const pmkti_cf_numbering *j = m->job;
    table *t = &m->tables[chunk];
    if (t->n == 0) return PMKT_OK;
    t->number = pmkti_alloc(m->allocator, (size_t)t->n, sizeof *t->number);
    if (!t->number) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < j->n; i++) {
        if (i + GROUP < j->n) fetch(t, pmkti_mix(j->ids[i + GROUP]));
        const slot *s = slot_of(t, j->ids[i], pmkti_mix(j->ids[i]));
        if (s->id != 0) t->number[s->place] = (uint32_t)i;
    }
    free_slots(m->allocator, t->slots, t->bits);
    t->slots = NULL;
    return PMKT_OK;
}

static void clear(const numbering *m, int workers, int64_t chunks) {
    const pmkt_allocator *a = m->allocator;
    for (int w = 0; m->tables && w < workers; w++) {
        table *t = &m->tables[w];
        free_slots(a, t->slots, t->bits);
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
        status = pmkti_parallel(run, listing, number_places, &m, workers);
        if (!status) status = pmkti_parallel(run, turning, turn, &m, chunks);
    }
    clear(&m, workers, chunks);
    if (status && job->ids) {
        pmkti_free(allocator, job->ids, (size_t)job->n, sizeof *job->ids);
        job->ids = NULL;
    }
    return status;
}
