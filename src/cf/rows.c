#include "cf/rows.h"

#include "core/alloc.h"
#include "core/error.h"

#define CHUNK 16 /* rows that a worker takes at once */

typedef struct rows {
    int64_t n;
    pmkti_cf_row_fn fn;
    void *ctx;
    pmkt_cf_scratch *scratch; /* [workers] */
} rows;

static pmkt_status run_chunk(void *ctx, int64_t chunk, int worker) {
    const rows *r = ctx;
    const int64_t end = (chunk + 1) * CHUNK < r->n ? (chunk + 1) * CHUNK : r->n;
    for (int64_t i = chunk * CHUNK; i < end; i++) {
        const pmkt_status status = r->fn(r->ctx, i, &r->scratch[worker], NULL);
        if (status) return status;
    }
    return PMKT_OK;
}

static pmkt_status failed(pmkt_status status, pmkt_error *err) {
    if (status == PMKT_E_CORRUPT) {
        return pmkti_fail(err, status, "the model has a number that is no item's");
    }
    if (status == PMKT_E_OVERFLOW) {
        return pmkti_fail(err, status, "the factors of a row leave the range of float");
    }
    return pmkti_stopped(err, status);
}

pmkt_status pmkti_cf_each_row(int64_t n, pmkti_cf_row_fn fn, void *ctx, pmkt_cf_scratch *scratch,
                              const pmkt_allocator *allocator, const pmkti_run *run,
                              const char *stage, pmkt_error *err) {
    if (n <= 1) return n == 1 ? fn(ctx, 0, scratch, err) : PMKT_OK;
    const int64_t chunks = (n + CHUNK - 1) / CHUNK;
    const size_t workers = (size_t)pmkti_workers(run, chunks);
    rows r = {n, fn, ctx, pmkti_alloc(allocator, workers, sizeof *r.scratch)};
    if (!r.scratch) return pmkti_no_memory(err, workers * sizeof *r.scratch);
    for (size_t i = 0; i < workers; i++) pmkti_cf_scratch_init(&r.scratch[i], allocator);
    const pmkt_status status =
        pmkti_parallel(run, (pmkti_stage){stage, 0, 1}, run_chunk, &r, chunks);
    for (size_t i = 0; i < workers; i++) pmkti_cf_scratch_clear(&r.scratch[i]);
    pmkti_free(allocator, r.scratch, workers, sizeof *r.scratch);
    return failed(status, err);
}
