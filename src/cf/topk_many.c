/*
 * topk_many.c - many rows: some of them together, so that what is read of the index is used more than once,
 * and on more than one thread.
 *
 * The rows of a chunk depend on counts alone, and a row's answer does not depend on its neighbors.
 */
#include <math.h>

#include "cf/kernels/score.h"
#include "cf/topk_rows.h"
#include "core/alloc.h"
#include "core/error.h"

#define CHUNKS 16           /* at least, if there are rows enough */
#define HEAP_ROOM (1 << 16) /* candidates in the heaps of a chunk, unless one row wants more */
#define INDEX_ROWS 24       /* so many rows are worth an index for themselves */
#define INDEX_VECTORS 1024  /* of so many vectors */

typedef struct batch {
    const pmkti_cf_topk *topk;
    const float *queries;
    const int64_t *row;
    const pmkti_cf_without *without;
    int64_t rows;
    int64_t chunk_rows;
    pmkti_cf_allowed allowed;
    pmkt_cf_scratch *scratch; /* [workers] */
    uint64_t *ids;
    float *scores;
    int32_t *counts;
} batch;

static void write_row(const batch *b, int64_t i, pmkti_cf_heap *heap) {
    const int64_t at = i * b->topk->k;
    pmkti_cf_write_row(b->topk, heap, b->ids + at, b->scores ? b->scores + at : NULL,
                       &b->counts[i]);
}

static pmkt_status answer_chunk(void *ctx, int64_t chunk, int worker) {
    const batch *b = ctx;
    pmkti_cf_row rows[PMKTI_CF_ROWS];
    int64_t number[PMKTI_CF_ROWS];
    int n = 0;
    const int64_t first = chunk * b->chunk_rows, left = b->rows - first;
    const int64_t end = left < b->chunk_rows ? b->rows : first + b->chunk_rows;
    for (int64_t i = first; i < end; i++) {
        if (b->row[i] >= 0) {
            rows[n] = (pmkti_cf_row){.query = b->queries + b->row[i] * b->topk->d,
                                     .without = &b->without[i]};
            number[n++] = i;
        } else {
            pmkti_cf_heap none = {0};
            write_row(b, i, &none);
        }
    }
    if (n == 0) return PMKT_OK;
    const pmkt_status status =
        pmkti_cf_find_rows(b->topk, &b->allowed, rows, n, &b->scratch[worker]);
    if (status) return status;
    for (int i = 0; i < n; i++) write_row(b, number[i], &rows[i].heap);
    return PMKT_OK;
}

/* Rows of a chunk: as many as the heaps have room for, if there are enough for some chunks; scanned by
   PMKTI_CF_TOGETHER, if there are so many. */
static int64_t rows_of_chunk(const batch *b) {
    const int64_t room = b->topk->k < b->topk->n ? b->topk->k : b->topk->n;
    int64_t most = PMKTI_CF_ROWS;
    if (room > 0 && HEAP_ROOM / room < most) most = HEAP_ROOM / room;
    if (b->rows / CHUNKS < most) most = b->rows / CHUNKS;
    const int64_t whole = most / PMKTI_CF_TOGETHER * PMKTI_CF_TOGETHER;
    return whole > 0 ? whole : most > 0 ? most : 1;
}

static pmkt_status answer_all(batch *b, const pmkt_allocator *allocator, const pmkti_run *run,
                              pmkti_stage stage) {
    b->chunk_rows = rows_of_chunk(b);
    const int64_t chunks = (b->rows + b->chunk_rows - 1) / b->chunk_rows;
    const size_t workers = (size_t)pmkti_workers(run, chunks);
    b->scratch = pmkti_alloc(allocator, workers, sizeof *b->scratch);
    if (!b->scratch) return PMKT_E_NOMEM;
    for (size_t i = 0; i < workers; i++) pmkti_cf_scratch_init(&b->scratch[i], allocator);
    const pmkt_status status = pmkti_parallel(run, stage, answer_chunk, b, chunks);
    for (size_t i = 0; i < workers; i++) pmkti_cf_scratch_clear(&b->scratch[i]);
    pmkti_free(allocator, b->scratch, workers, sizeof *b->scratch);
    return status;
}

/* Whether vectors without an index had better have one for this call. */
static bool wants_index(const batch *b) {
    return !b->topk->index && !b->allowed.number && b->rows >= INDEX_ROWS &&
           b->topk->n >= INDEX_VECTORS && b->topk->k < b->topk->n / 4;
}

static pmkt_status with_index(const batch *given, const pmkt_allocator *allocator,
                              const pmkti_run *run, pmkt_error *err) {
    batch b = *given;
    pmkti_cf_topk topk = *b.topk;
    pmkti_cf_index index = {0};
    pmkti_share part = {run->progress, 0.0, 0.1};
    const pmkti_run making = {run->threads, pmkti_share_progress(&part)};
    pmkt_status status =
        pmkti_cf_index_new(topk.vectors, topk.n, topk.d, allocator, &making, &index, err);
    if (status) return status;
    topk.index = &index;
    b.topk = &topk;
    const pmkti_stage stage = {"scores", 0.1, 1.0};
    status = pmkti_cf_topk_failed(answer_all(&b, allocator, run, stage), err);
    pmkti_cf_index_clear(&index, allocator);
    return status;
}

pmkt_status pmkti_cf_topk_many(const pmkti_cf_topk *topk, const float *queries, const int64_t *row,
                               const pmkti_cf_without *without, int64_t rows,
                               const pmkt_allocator *allocator, const pmkti_run *run, uint64_t *ids,
                               float *scores, int32_t *counts, pmkt_error *err) {
    if (rows <= 0) return PMKT_OK;
    batch b = {.topk = topk,
               .queries = queries,
               .row = row,
               .without = without,
               .rows = rows,
               .ids = ids,
               .scores = scores,
               .counts = counts};
    pmkt_cf_scratch shared;
    pmkti_cf_scratch_init(&shared, allocator);
    pmkt_status status = pmkti_cf_list_allowed(topk, &shared, &b.allowed);
    if (status) {
        status = pmkti_cf_topk_failed(status, err);
    } else if (wants_index(&b)) {
        status = with_index(&b, allocator, run, err);
    } else {
        const pmkti_stage stage = {"scores", 0.0, 1.0};
        status = pmkti_cf_topk_failed(answer_all(&b, allocator, run, stage), err);
    }
    pmkti_cf_scratch_clear(&shared);
    return status;
}
