/*
 * data_number.c - one look into a hash table a row.
 *
 * Every worker has a table of its own of the ids that it came across, and writes for each row the place of
 * its id: how many came before it. Which worker sees which row is chance, but the union of the tables is
 * not: sorted, it gives the numbers, and a second pass turns places into numbers by a list for each worker.
 */
#include "cf/data_number.h"

#include <string.h>

#include "cf/data_table.h"
#include "core/alloc.h"
#include "core/sort_ids.h"
#include "pmkt/ids.h"

#define GROUP PMKTI_CF_GROUP

/* What a worker came across. */
typedef struct finds {
    pmkti_cf_table table;
    uint64_t *ids;    /* [table.n] sorted */
    uint32_t *number; /* [table.n] of each place */
} finds;

typedef struct numbering {
    pmkti_cf_numbering *job;
    const pmkt_allocator *allocator;
    finds *finds;    /* [workers] */
    int32_t *worker; /* [chunks] who read it */
} numbering;

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
static void collect(const pmkti_cf_numbering *j, pmkti_cf_table t, int64_t from, int n,
                    int64_t chunk, group *g) {
    const uint64_t *column = j->column + from;
    uint32_t *number = j->number + from;
    g->from = from;
    g->counts = j->wanted(j->ctx, from, n, chunk);
    for (int i = 0; i < n; i++) {
        const uint64_t hash = pmkti_mix(column[i]);
        pmkti_cf_table_fetch(&t, hash);
        g->hash[i] = hash;
    }
    for (int i = 0; i < n; i++) number[i] = PMKTI_CF_OUT;
}

/* Writes the places of the rows of a group; the table has room for as many new ids. */
static void take(const pmkti_cf_numbering *j, pmkti_cf_table *t, const group *g) {
    const uint64_t *column = j->column + g->from;
    uint32_t *number = j->number + g->from;
    pmkti_cf_table mine = *t;
    uint64_t last = PMKT_ID_NONE; /* no row that counts has it; a user often comes twice in a row */
    uint32_t place = 0;
    for (uint32_t left = g->counts; left != 0; left &= left - 1) {
        const int i = __builtin_ctz(left);
        if (column[i] != last) place = pmkti_cf_table_place(&mine, column[i], g->hash[i]);
        last = column[i];
        number[i] = place;
    }
    t->n = mine.n;
}

static pmkt_status read(void *ctx, int64_t chunk, int worker) {
    const numbering *m = ctx;
    pmkti_cf_table *t = &m->finds[worker].table;
    m->worker[chunk] = worker;
    const int64_t end = end_of(chunk, m->job->rows);
    group g;
    for (int64_t from = chunk * PMKTI_CF_CHUNK; from < end; from += GROUP) {
        const int n = end - from < GROUP ? (int)(end - from) : GROUP;
        const pmkt_status status = pmkti_cf_table_reserve(m->allocator, t, n);
        if (status) return status;
        collect(m->job, *t, from, n, chunk, &g);
        take(m->job, t, &g);
    }
    return PMKT_OK;
}

static pmkt_status turn(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const numbering *m = ctx;
    const uint32_t *number = m->finds[m->worker[chunk]].number;
    uint32_t *to = m->job->number;
    const int64_t end = end_of(chunk, m->job->rows);
    for (int64_t i = chunk * PMKTI_CF_CHUNK; i < end; i++) {
        if (to[i] != PMKTI_CF_OUT) to[i] = number[to[i]];
    }
    return PMKT_OK;
}

/* Sorts what a worker found. */
static pmkt_status list(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const numbering *m = ctx;
    finds *f = &m->finds[chunk];
    const pmkti_cf_table *t = &f->table;
    if (t->n == 0) return PMKT_OK;
    f->ids = pmkti_alloc(m->allocator, (size_t)t->n, sizeof *f->ids);
    if (!f->ids) return PMKT_E_NOMEM;
    int64_t n = 0;
    for (int64_t i = 0; i < INT64_C(1) << t->bits; i++) {
        for (uint32_t k = 0; k < t->bucket[i].n; k++) f->ids[n++] = t->bucket[i].id[k];
    }
    pmkti_sort_ids(f->ids, (size_t)n);
    return PMKT_OK;
}

/* Writes what is in either of two ascending lists, unless `to` is NULL; returns how much that is. */
static int64_t merge(const uint64_t *a, int64_t n_a, const uint64_t *b, int64_t n_b, uint64_t *to) {
    int64_t i = 0, j = 0, n = 0;
    while (i < n_a && j < n_b) {
        const uint64_t x = a[i], y = b[j];
        if (to) to[n] = x < y ? x : y;
        i += x <= y;
        j += y <= x;
        n++;
    }
    const int64_t left = n_a - i + n_b - j;
    if (to && i < n_a) memcpy(to + n, a + i, (size_t)left * sizeof *to);
    if (to && j < n_b) memcpy(to + n, b + j, (size_t)left * sizeof *to);
    return n + left;
}

/* Adds the list of each worker to that of all. */
static pmkt_status unite(const numbering *m, int workers) {
    pmkti_cf_numbering *j = m->job;
    for (int w = 0; w < workers; w++) {
        const finds f = m->finds[w];
        const int64_t n = merge(j->ids, j->n, f.ids, f.table.n, NULL);
        if (n > INT32_MAX) return PMKT_E_LIMIT;
        if (n == j->n) continue;
        uint64_t *ids = pmkti_alloc(m->allocator, (size_t)n, sizeof *ids);
        if (!ids) return PMKT_E_NOMEM;
        (void)merge(j->ids, j->n, f.ids, f.table.n, ids);
        pmkti_free(m->allocator, j->ids, (size_t)j->n, sizeof *j->ids);
        j->ids = ids;
        j->n = n;
    }
    return PMKT_OK;
}

/* Looks all ids up in a worker's table: the number of each place of it. */
static pmkt_status number_places(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const numbering *m = ctx;
    const pmkti_cf_numbering *j = m->job;
    finds *f = &m->finds[chunk];
    const pmkti_cf_table t = f->table;
    if (t.n == 0) return PMKT_OK;
    f->number = pmkti_alloc(m->allocator, (size_t)t.n, sizeof *f->number);
    if (!f->number) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < j->n; i++) {
        if (i + GROUP < j->n) pmkti_cf_table_fetch(&t, pmkti_mix(j->ids[i + GROUP]));
        int slot;
        const uint64_t hash = pmkti_mix(j->ids[i]);
        const pmkti_cf_bucket *b = pmkti_cf_table_find(&t, j->ids[i], hash, &slot);
        if (slot < PMKTI_CF_SLOTS) f->number[b->place[slot]] = (uint32_t)i;
    }
    pmkti_cf_table_free(m->allocator, &f->table);
    return PMKT_OK;
}

static void clear(const numbering *m, int workers, int64_t chunks) {
    const pmkt_allocator *a = m->allocator;
    for (int w = 0; m->finds && w < workers; w++) {
        finds *f = &m->finds[w];
        pmkti_cf_table_free(a, &f->table);
        pmkti_free(a, f->ids, (size_t)f->table.n, sizeof *f->ids);
        pmkti_free(a, f->number, (size_t)f->table.n, sizeof *f->number);
    }
    pmkti_free(a, m->finds, (size_t)workers, sizeof *m->finds);
    pmkti_free(a, m->worker, (size_t)chunks, sizeof *m->worker);
}

static pmkt_status number(numbering *m, const pmkti_run *run, pmkti_stage stage, int workers,
                          int64_t chunks) {
    const double length = stage.to - stage.from;
    const double at[5] = {stage.from, stage.from + length * 0.65, stage.from + length * 0.75,
                          stage.from + length * 0.85, stage.to};
    pmkt_status status =
        pmkti_parallel(run, (pmkti_stage){stage.name, at[0], at[1]}, read, m, chunks);
    if (status) return status;
    status = pmkti_parallel(run, (pmkti_stage){stage.name, at[1], at[2]}, list, m, workers);
    if (!status) status = unite(m, workers);
    for (int w = 0; w < workers; w++) {
        pmkti_free(m->allocator, m->finds[w].ids, (size_t)m->finds[w].table.n, sizeof(uint64_t));
        m->finds[w].ids = NULL;
    }
    if (status || m->job->n == 0) return status;
    status =
        pmkti_parallel(run, (pmkti_stage){stage.name, at[2], at[3]}, number_places, m, workers);
    if (status) return status;
    return pmkti_parallel(run, (pmkti_stage){stage.name, at[3], at[4]}, turn, m, chunks);
}

pmkt_status pmkti_cf_number(const pmkt_allocator *allocator, const pmkti_run *run,
                            pmkti_stage stage, pmkti_cf_numbering *job) {
    job->ids = NULL;
    job->n = 0;
    const int64_t chunks = chunks_of(job->rows);
    if (chunks == 0) return PMKT_OK;
    const int workers = pmkti_workers(run, chunks);
    numbering m = {.job = job, .allocator = allocator};
    m.finds = pmkti_alloc_zero(allocator, (size_t)workers, sizeof *m.finds);
    m.worker = pmkti_alloc(allocator, (size_t)chunks, sizeof *m.worker);
    pmkt_status status = m.finds && m.worker ? PMKT_OK : PMKT_E_NOMEM;
    if (!status) status = number(&m, run, stage, workers, chunks);
    clear(&m, workers, chunks);
    if (status && job->ids) {
        pmkti_free(allocator, job->ids, (size_t)job->n, sizeof *job->ids);
        job->ids = NULL;
    }
    return status;
}
