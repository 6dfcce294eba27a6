#include <math.h>

#include "cf/topk_answer.h"
#include "core/alloc.h"
#include "core/error.h"

typedef struct batch {
    const pmkti_cf_topk *topk;
    const float *queries;
    const int64_t *row;
    const pmkti_cf_without *without;
    pmkt_cf_scratch *scratch; /* [workers] */
    uint64_t *ids;
    float *scores;
    int32_t *counts;
} batch;

static void answer_nothing(const batch *b, int64_t i) {
    const int64_t k = b->topk->k;
    for (int64_t j = 0; j < k; j++) {
        b->ids[i * k + j] = PMKT_ID_NONE;
        if (b->scores) b->scores[i * k + j] = NAN;
    }
    b->counts[i] = 0;
}

static pmkt_status answer_row(void *ctx, int64_t i, int worker) {
    const batch *b = ctx;
    const int64_t k = b->topk->k;
    if (b->row[i] < 0) {
        answer_nothing(b, i);
        return PMKT_OK;
    }
    return pmkti_cf_topk_one(b->topk, b->queries + b->row[i] * b->topk->d, &b->without[i],
                             &b->scratch[worker], b->ids + i * k,
                             b->scores ? b->scores + i * k : NULL, &b->counts[i], NULL);
}

pmkt_status pmkti_cf_topk_many(const pmkti_cf_topk *topk, const float *queries, const int64_t *row,
                               const pmkti_cf_without *without, int64_t rows,
                               const pmkt_allocator *allocator, const pmkti_run *run, uint64_t *ids,
                               float *scores, int32_t *counts, pmkt_error *err) {
    const size_t workers = (size_t)pmkti_workers(run, rows);
    pmkt_cf_scratch *scratch = pmkti_alloc(allocator, workers, sizeof *scratch);
    if (!scratch) return pmkti_no_memory(err, workers * sizeof *scratch);
    for (size_t i = 0; i < workers; i++) pmkti_cf_scratch_init(&scratch[i], allocator);
    batch b = {topk, queries, row, without, scratch, ids, scores, counts};
    const pmkti_stage stage = {"scores", 0.0, 1.0};
    const pmkt_status status = pmkti_parallel(run, stage, answer_row, &b, rows);
    for (size_t i = 0; i < workers; i++) pmkti_cf_scratch_clear(&scratch[i]);
    pmkti_free(allocator, scratch, workers, sizeof *scratch);
    return status == PMKT_E_CORRUPT
               ? pmkti_fail(err, status, "the index of the model has a number that is no vector's")
               : pmkti_stopped(err, status);
}
