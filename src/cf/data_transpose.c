/*
 * data_transpose.c - a sparse matrix by columns, from one by rows, by counting.
 *
 * The rows are cut into blocks with about as many entries each, the columns into bands. First all entries
 * go to their bands, in the order of the blocks; then each band, whose part of the answer is so small that
 * it lies in the cache, counts its columns and puts every entry in its place. Neither writes where another
 * does, and the order in a column is always that of the rows.
 */
#include "cf/data_build.h"
#include "core/alloc.h"

#define BLOCKS 64
#define BLOCK_ENTRIES 16384 /* below, a block is not worth its counts */
#define BANDS 256
#define BAND_ENTRIES 4096

typedef struct transposing {
    const pmkti_cf_sparse *from;
    pmkti_cf_sparse *to;
    int64_t blocks, bands;
    int shift;                 /* a column's band is the column >> shift */
    int64_t begin[BLOCKS + 1]; /* rows */
    int64_t *next;             /* [blocks * bands] counts, then where to write */
    int64_t *band;             /* [bands + 1] where a band begins */
    pmkti_cf_entry *entries;   /* [n] by band */
} transposing;

/* The first row whose entries begin at or beyond entry `n`. */
static int64_t row_at(const pmkti_cf_sparse *m, int64_t n) {
    int64_t low = 0, high = m->rows;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (m->at[middle] < n)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t within(int64_t n, int64_t most) {
    return n < 1 ? 1 : n > most ? most : n;
}

/* Blocks and bands depend on the data alone. */
static void cut(transposing *t, int64_t n) {
    t->blocks = within(n / BLOCK_ENTRIES, BLOCKS);
    for (int64_t b = 0; b < t->blocks; b++) t->begin[b] = row_at(t->from, n / t->blocks * b);
    t->begin[0] = 0;
    t->begin[t->blocks] = t->from->rows;
    const int64_t last = t->to->rows - 1, bands = within(n / BAND_ENTRIES, BANDS);
    while (last >> t->shift >= bands) t->shift++;
    t->bands = (last >> t->shift) + 1;
}

static pmkt_status count(void *ctx, int64_t block, int worker) {
    (void)worker;
    const transposing *t = ctx;
    const pmkti_cf_sparse *m = t->from;
    int64_t *next = t->next + block * t->bands;
    const int32_t *column = m->column;
    const int shift = t->shift;
    const int64_t end = m->at[t->begin[block + 1]];
    for (int64_t i = m->at[t->begin[block]]; i < end; i++) next[column[i] >> shift]++;
    return PMKT_OK;
}

static void sum_up(const transposing *t) {
    int64_t at = 0;
    for (int64_t band = 0; band < t->bands; band++) {
        t->band[band] = at;
        for (int64_t b = 0; b < t->blocks; b++) {
            int64_t *next = &t->next[b * t->bands + band];
            const int64_t n = *next;
            *next = at;
            at += n;
        }
    }
    t->band[t->bands] = at;
}

static pmkt_status sort_out(void *ctx, int64_t block, int worker) {
    (void)worker;
    const transposing *t = ctx;
    const pmkti_cf_sparse m = *t->from; /* copies, which no store can change */
    pmkti_cf_entry *entries = t->entries;
    const int shift = t->shift;
    int64_t *next = t->next + block * t->bands;
    for (int64_t row = t->begin[block]; row < t->begin[block + 1]; row++) {
        for (int64_t i = m.at[row], end = m.at[row + 1]; i < end; i++) {
            const int32_t column = m.column[i];
            entries[next[column >> shift]++] = (pmkti_cf_entry){(int32_t)row, column, m.weight[i]};
        }
    }
    return PMKT_OK;
}

/* While a band is written, next[c] = at[c + 1] is where column c goes on; in the end that is its end. */
static pmkt_status scatter(void *ctx, int64_t band, int worker) {
    (void)worker;
    const transposing *t = ctx;
    const pmkti_cf_sparse to = *t->to;
    const pmkti_cf_entry *e = t->entries + t->band[band];
    const int64_t n = t->band[band + 1] - t->band[band];
    int64_t *next = to.at + 1;
    const int64_t first = band << t->shift, beyond = (band + 1) << t->shift;
    const int64_t end = beyond < to.rows ? beyond : to.rows;
    for (int64_t c = first; c < end; c++) next[c] = 0;
    for (int64_t i = 0; i < n; i++) next[e[i].column]++;
    int64_t at = t->band[band];
    for (int64_t c = first; c < end; c++) {
        const int64_t here = next[c];
        next[c] = at;
        at += here;
    }
    for (int64_t i = 0; i < n; i++) {
        const int64_t here = next[e[i].column]++;
        to.column[here] = e[i].row;
        to.weight[here] = e[i].weight;
    }
    return PMKT_OK;
}

static pmkt_status transpose(transposing *t, const pmkti_run *run, pmkti_stage stage) {
    const double length = stage.to - stage.from;
    const double counted = stage.from + length * 0.2, sorted = stage.from + length * 0.6;
    const pmkti_stage counting = {stage.name, stage.from, counted};
    const pmkti_stage sorting = {stage.name, counted, sorted};
    const pmkti_stage writing = {stage.name, sorted, stage.to};
    pmkt_status status = pmkti_parallel(run, counting, count, t, t->blocks);
    if (status) return status;
    sum_up(t);
    status = pmkti_parallel(run, sorting, sort_out, t, t->blocks);
    if (status) return status;
    t->to->at[0] = 0;
    return pmkti_parallel(run, writing, scatter, t, t->bands);
}

pmkt_status pmkti_cf_transpose(const pmkt_allocator *allocator, const pmkti_run *run,
                               pmkti_stage stage, const pmkti_cf_sparse *from, pmkti_cf_sparse *to,
                               pmkti_cf_entry *room) {
    transposing t = {.from = from, .to = to, .entries = room};
    const int64_t n = from->at[from->rows];
    if (n == 0) {
        for (int64_t c = 0; c <= to->rows; c++) to->at[c] = 0;
        return PMKT_OK;
    }
    cut(&t, n);
    const size_t counts = (size_t)(t.blocks * t.bands), borders = (size_t)t.bands + 1;
    t.next = pmkti_alloc_zero(allocator, counts, sizeof *t.next);
    t.band = pmkti_alloc(allocator, borders, sizeof *t.band);
    const pmkt_status status = t.next && t.band ? transpose(&t, run, stage) : PMKT_E_NOMEM;
    pmkti_free(allocator, t.next, counts, sizeof *t.next);
    pmkti_free(allocator, t.band, borders, sizeof *t.band);
    return status;
}
