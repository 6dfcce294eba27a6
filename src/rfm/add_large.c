/*
 * add_large.c - a batch that is large beside the state: folded at once, slice by slice, into
 * partitions that are built beside the old ones and take their place at the end.
 *
 * A slice is as large as what is folded already, so that copying that for each slice costs no more
 * than a constant number of passes; but at least so many rows (a history, which keeps the rows
 * anyway, gains little memory from small slices and pays for them with copies of all its orders).
 */
#include "core/alloc.h"
#include "core/error.h"
#include "rfm/add.h"
#include "rfm/files.h"
#include "rfm/fold.h"

#define SUMMARY_SLICE 2000000
#define HISTORY_SLICE 16000000

typedef struct large {
    pmkti_batch *b;
    PMKTI_ARRAY(pmkti_row) rows; /* of a slice, one partition after another */
    pmkti_part *folded;          /* [PMKTI_PARTITIONS] the new partitions */
    bool begun;                  /* the new ones hold all that the old ones do */
    pmkti_fold_scratch *scratch; /* [workers] */
} large;

static size_t folded_records(const large *l) {
    size_t n = 0;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        const pmkti_part *part = l->begun ? &l->folded[p] : &l->b->rfm->parts[p];
        n += part->customers.n + part->orders.n + part->entries.n;
    }
    return n;
}

/* The end of a slice from `from` on: never between two lines of one order. */
static int64_t slice_end(const large *l, int64_t from) {
    const int64_t rows = l->b->ev.rows, records = (int64_t)folded_records(l);
    const bool summary = l->b->rfm->mode == PMKT_RFM_SUMMARY;
    const int64_t least = summary ? SUMMARY_SLICE : HISTORY_SLICE;
    const int64_t length = records > least ? records : least;
    if (rows - from <= length) return rows;
    int64_t to = from + length;
    while (to < rows && pmkti_row_joins(&l->b->ev, to)) to++;
    return to;
}

static pmkt_status fold_part(void *ctx, int64_t p, int worker) {
    const large *l = ctx;
    const pmkt_rfm *rfm = l->b->rfm;
    if (l->begun && l->b->coming[p] == 0) return PMKT_OK;
    const pmkt_status status = pmkti_part_ready(rfm, p);
    if (status) return status;
    pmkti_part coming;
    memset(&coming, 0, sizeof coming);
    coming.rows.at = l->b->dest[p];
    coming.rows.n = l->b->coming[p];
    const pmkti_part *before = l->begun ? &l->folded[p] : &rfm->parts[p];
    return pmkti_fold(&rfm->allocator, &l->scratch[worker], rfm->mode, before, &coming,
                      &l->folded[p]);
}

static pmkt_status fold_slice(large *l, const pmkti_run *run, double begin, double end) {
    pmkti_batch *b = l->b;
    if (b->n_coming && !PMKTI_MAKE_ROOM(&b->rfm->allocator, l->rows, b->n_coming)) {
        return PMKT_E_NOMEM;
    }
    pmkti_row *dest = l->rows.at;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        b->dest[p] = dest;
        if (b->coming[p]) dest += b->coming[p];
    }
    const double third = (end - begin) / 3;
    pmkt_status status =
        pmkti_write_slice(b, run, (pmkti_stage){"sorting out", begin + third, begin + 2 * third});
    if (status) return status;
    status = pmkti_parallel(run, (pmkti_stage){"folding", begin + 2 * third, end}, fold_part, l,
                            PMKTI_PARTITIONS);
    if (!status) l->begun = true;
    return status;
}

static pmkt_status take_slices(large *l, const pmkti_run *run, pmkt_error *err) {
    pmkti_batch *b = l->b;
    const double rows = (double)b->ev.rows;
    for (int64_t from = 0, to; from < b->ev.rows; from = to) {
        to = slice_end(l, from);
        const double begin = (double)from / rows, end = (double)to / rows;
        const pmkti_stage reading = {"reading", begin, begin + (end - begin) / 3};
        pmkt_status status = pmkti_place_slice(b, run, reading, from, to);
        if (status) return pmkti_stopped(err, status);
        /* Once it is lost, the rest is only read for the report. */
        if (b->total.report.rejected > 0 && b->ev.on_bad == PMKT_ON_BAD_FAIL) continue;
        status = pmkti_check_amounts(b, err);
        if (status) return status;
        status = fold_slice(l, run, begin, end);
        if (status) return pmkti_rfm_stopped(err, b->rfm, status);
    }
    return pmkti_check_rows(b, err);
}

static pmkt_status check_limit(const large *l, pmkt_error *err) {
    const pmkt_rfm *rfm = l->b->rfm;
    size_t bytes = pmkti_rfm_fixed_bytes(rfm);
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        pmkti_part_trim(&rfm->allocator, &l->folded[p]); /* slices left room to grow */
        bytes += pmkti_part_bytes(&l->folded[p]) + rfm->parts[p].tombs.room * sizeof(pmkti_tomb);
    }
    return pmkti_check_bytes(rfm, bytes, err);
}

pmkt_status pmkti_add_large(pmkti_batch *b, const pmkti_run *run, pmkt_error *err) {
    pmkt_rfm *rfm = b->rfm;
    const pmkt_allocator *allocator = &rfm->allocator;
    const int workers = pmkti_workers(run, PMKTI_PARTITIONS);
    large l = {.b = b};
    l.folded = pmkti_alloc_zero(allocator, PMKTI_PARTITIONS, sizeof *l.folded);
    l.scratch = pmkti_fold_scratch_new(allocator, workers);
    for (int w = 0; l.scratch && w < workers; w++) l.scratch[w].roomy = true;
    pmkt_status status =
        l.folded && l.scratch ? take_slices(&l, run, err) : pmkti_stopped(err, PMKT_E_NOMEM);
    pmkti_free(allocator, l.rows.at, l.rows.room, sizeof *l.rows.at);
    pmkti_fold_scratch_free(allocator, l.scratch, workers);
    if (!status) status = check_limit(&l, err);
    for (int p = 0; l.folded && p < PMKTI_PARTITIONS; p++) {
        if (status)
            pmkti_part_clear(allocator, &l.folded[p]);
        else
            pmkti_part_replace(allocator, &rfm->parts[p], &l.folded[p]);
    }
    pmkti_free(allocator, l.folded, PMKTI_PARTITIONS, sizeof *l.folded);
    if (!status) pmkti_commit(b);
    return status;
}
