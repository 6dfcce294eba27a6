/*
 * data_transpose.c - a sparse matrix by columns, from one by rows, by counting.
 *
 * The rows are cut into blocks with about as many entries each. Every block counts its entries of each
 * column; sums over the blocks then say where in each column a block begins to write, so that blocks
 * write at once and the order is still that of the rows.
 */
#include "cf/data_build.h"
#include "core/alloc.h"

#define BLOCKS 16
#define BLOCK_ENTRIES 65536 /* below, a block is not worth its counts */

typedef struct transposing {
    const pmkti_cf_sparse *from;
    pmkti_cf_sparse *to;
    int64_t blocks;
    int64_t begin[BLOCKS + 1]; /* rows */
    int64_t *next;             /* [blocks * columns] counts, then where to write */
} transposing;

/* The first row whose entries begin at or beyond `entry`. */
static int64_t row_at(const pmkti_cf_sparse *m, int64_t entry) {
    int64_t low = 0, high = m->rows;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (m->at[middle] < entry)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void cut(transposing *t) {
    const int64_t n = t->from->at[t->from->rows];
    /* No more counts than entries, unless one block has them all. */
    int64_t blocks = n / BLOCK_ENTRIES, most = n / (t->to->rows + 1);
    if (blocks > most) blocks = most;
    t->blocks = blocks < 1 ? 1 : blocks > BLOCKS ? BLOCKS : blocks;
    for (int64_t b = 0; b < t->blocks; b++) t->begin[b] = row_at(t->from, n / t->blocks * b);
    t->begin[0] = 0;
    t->begin[t->blocks] = t->from->rows;
}

static pmkt_status count(void *ctx, int64_t block, int worker) {
    (void)worker;
    const transposing *t = ctx;
    const pmkti_cf_sparse *m = t->from;
    int64_t *next = t->next + block * t->to->rows;
    const int64_t end = m->at[t->begin[block + 1]];
    for (int64_t i = m->at[t->begin[block]]; i < end; i++) next[m->column[i]]++;
    return PMKT_OK;
}

static void sum_up(const transposing *t) {
    int64_t at = 0;
    for (int64_t c = 0; c < t->to->rows; c++) {
        t->to->at[c] = at;
        for (int64_t b = 0; b < t->blocks; b++) {
            int64_t *next = &t->next[b * t->to->rows + c];
            const int64_t n = *next;
            *next = at;
            at += n;
        }
    }
    t->to->at[t->to->rows] = at;
}

static pmkt_status scatter(void *ctx, int64_t block, int worker) {
    (void)worker;
    const transposing *t = ctx;
    const pmkti_cf_sparse *m = t->from;
    int64_t *next = t->next + block * t->to->rows;
    for (int64_t row = t->begin[block]; row < t->begin[block + 1]; row++) {
        for (int64_t i = m->at[row]; i < m->at[row + 1]; i++) {
            const int64_t to = next[m->column[i]]++;
            t->to->column[to] = (int32_t)row;
            t->to->weight[to] = m->weight[i];
        }
    }
    return PMKT_OK;
}

pmkt_status pmkti_cf_transpose(const pmkt_allocator *allocator, const pmkti_run *run,
                               pmkti_stage stage, const pmkti_cf_sparse *from,
                               pmkti_cf_sparse *to) {
    transposing t = {.from = from, .to = to};
    if (from->at[from->rows] == 0) {
        for (int64_t c = 0; c <= to->rows; c++) to->at[c] = 0;
        return PMKT_OK;
    }
    cut(&t);
    const size_t room = (size_t)(t.blocks * to->rows);
    t.next = pmkti_alloc_zero(allocator, room, sizeof *t.next);
    if (!t.next) return PMKT_E_NOMEM;
    const double middle = stage.from + (stage.to - stage.from) * 0.4;
    pmkt_status status =
        pmkti_parallel(run, (pmkti_stage){stage.name, stage.from, middle}, count, &t, t.blocks);
    if (!status) {
        sum_up(&t);
        status =
            pmkti_parallel(run, (pmkti_stage){stage.name, middle, stage.to}, scatter, &t, t.blocks);
    }
    pmkti_free(allocator, t.next, room, sizeof *t.next);
    return status;
}
