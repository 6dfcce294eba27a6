/*
 * data_transpose.c - a sparse matrix by columns, from one by rows, by counting.
 *
 * The rows are cut into blocks with about as many entries each, the columns into bands. First all entries
 * go to their bands, in the order of the blocks; then each band, whose part of the answer is so small that
 * it lies in the cache, counts its columns and puts every entry in its place. Neither writes where another
 * does, and the order in a column is always that of the rows.
 *
 * Where there is no room for all entries on their way, the bands are taken in turns, for each of which the rows
 * are read again.
 */
#include "cf/data_build.h"
#include "core/alloc.h"

#define BLOCKS 64
#define BLOCK_ENTRIES 16384 /* below, a block is not worth its counts */
#define BANDS 256
#define BAND_ENTRIES 4096
#define TURNS 4 /* about, without room that is lent */

typedef struct transposing {
    const pmkti_cf_sparse *from;
    pmkti_cf_sparse *to;
    int64_t blocks, bands;
    int shift;                 /* a column's band is the column >> shift */
    int64_t begin[BLOCKS + 1]; /* rows */
    int64_t *next;             /* [blocks * bands] counts, then where to write */
    int64_t *band;             /* [bands + 1] where a band begins */
    pmkti_cf_entry *entries;   /* [room] those of the turn's bands, by band */
    int64_t room;
    int64_t first, last; /* the turn's bands: up to, not including, the last */
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
    const int64_t first = t->first, last = t->last, start = t->band[first];
    int64_t *next = t->next + block * t->bands;
    for (int64_t row = t->begin[block]; row < t->begin[block + 1]; row++) {
        for (int64_t i = m.at[row], end = m.at[row + 1]; i < end; i++) {
            const int32_t column = m.column[i], band = column >> shift;
            if (band < first || band >= last) continue;
            const int64_t at = next[band]++ - start;
            entries[at] = (pmkti_cf_entry){(int32_t)row, column, m.weight[i]};
        }
    }
    return PMKT_OK;
}

/* While a band is written, next[c] = at[c + 1] is where column c goes on; in the end that is its end. */
static pmkt_status scatter(void *ctx, int64_t of_turn, int worker) {
    (void)worker;
    const transposing *t = ctx;
    const pmkti_cf_sparse to = *t->to;
    const int64_t band = t->first + of_turn;
    const pmkti_cf_entry *e = t->entries + (t->band[band] - t->band[t->first]);
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

/* A part of a stage. */
static pmkti_stage part_of(pmkti_stage stage, double from, double to) {
    const double length = stage.to - stage.from;
    return (pmkti_stage){stage.name, stage.from + length * from, stage.from + length * to};
}

/* As many bands from t->first on as there is room for, one at least. */
static void choose_turn(transposing *t) {
    t->last = t->first + 1;
    while (t->last < t->bands && t->band[t->last + 1] - t->band[t->first] <= t->room) t->last++;
}

static pmkt_status move(transposing *t, const pmkti_run *run, pmkti_stage stage) {
    const double n = (double)t->band[t->bands];
    t->to->at[0] = 0;
    for (t->first = 0; t->first < t->bands; t->first = t->last) {
        choose_turn(t);
        const double from = (double)t->band[t->first] / n, to = (double)t->band[t->last] / n;
        const double middle = (from + to) / 2;
        pmkt_status status =
            pmkti_parallel(run, part_of(stage, from, middle), sort_out, t, t->blocks);
        if (status) return status;
        const int64_t bands = t->last - t->first;
        status = pmkti_parallel(run, part_of(stage, middle, to), scatter, t, bands);
        if (status) return status;
    }
    return PMKT_OK;
}

/* The room of a turn: TURNS of about the same size, unless a band is larger. */
static int64_t room_of(const transposing *t) {
    int64_t room = t->band[t->bands] / TURNS + 1;
    for (int64_t b = 0; b < t->bands; b++) {
        const int64_t mine = t->band[b + 1] - t->band[b];
        if (mine > room) room = mine;
    }
    return room;
}

static pmkt_status transpose(transposing *t, const pmkt_allocator *allocator, const pmkti_run *run,
                             pmkti_stage stage) {
    pmkt_status status = pmkti_parallel(run, part_of(stage, 0, 0.2), count, t, t->blocks);
    if (status) return status;
    sum_up(t);
    if (t->entries) {
        t->room = t->band[t->bands];
        return move(t, run, part_of(stage, 0.2, 1));
    }
    t->room = room_of(t);
    t->entries = pmkti_alloc(allocator, (size_t)t->room, sizeof *t->entries);
    status = t->entries ? move(t, run, part_of(stage, 0.2, 1)) : PMKT_E_NOMEM;
    pmkti_free(allocator, t->entries, (size_t)t->room, sizeof *t->entries);
    return status;
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
    const pmkt_status status =
        t.next && t.band ? transpose(&t, allocator, run, stage) : PMKT_E_NOMEM;
    pmkti_free(allocator, t.next, counts, sizeof *t.next);
    pmkti_free(allocator, t.band, borders, sizeof *t.band);
    return status;
}
