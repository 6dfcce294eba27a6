/*
 * add.c - pmkt_rfm_add: takes a batch, all of it or none.
 *
 * Two passes over the batch, both in parallel by chunks of rows. The first decides what each row is
 * and counts rows per chunk and partition; then every chunk knows where to write, and the second
 * pass writes. Rows stand in a partition in the order of the batch, whatever the number of threads.
 * A small batch is appended to the pending rows, a large one is folded at once beside the old
 * state. Either way nothing is visible until all that can fail is done.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/parallel.h"
#include "rfm/fold.h"
#include "rfm/rows.h"

#define FOLD_AT_LEAST 64 /* pending rows of a partition that may wait */

/* ---------------------------------------------------------------- accounts */

static pmkt_status check_currency(const pmkt_rfm *rfm, const pmkt_events *ev, pmkt_error *err) {
    if (!ev->currency[0] || !rfm->currency[0]) return PMKT_OK;
    if (memcmp(ev->currency, rfm->currency, sizeof ev->currency) == 0 &&
        ev->currency_exponent == rfm->currency_exponent) {
        return PMKT_OK;
    }
    return pmkti_fail(
        err, PMKT_E_MISMATCH, "the batch is in %s with %d decimals, but the state is in %s with %d",
        ev->currency, (int)ev->currency_exponent, rfm->currency, (int)rfm->currency_exponent);
}

/* The row at which the sum of all sizes leaves 64 bits. */
static pmkt_status overflow(const pmkti_batch *b, pmkt_error *err) {
    uint64_t sum = b->rfm->amounts;
    int64_t i = 0;
    for (; i < b->ev.rows; i++) {
        if (b->where[i] != PMKTI_NOWHERE) sum += pmkti_row_size(b, i);
        if (sum > INT64_MAX) break;
    }
    return pmkti_fail_at(err, PMKT_E_OVERFLOW, PMKT_WHERE_ROW, i,
                         "with row %lld the sizes of all amounts of the state exceed 2^63 - 1",
                         (long long)i);
}

/* Adds up the chunks and says whether the batch can be taken. */
static pmkt_status judge(pmkti_batch *b, pmkti_chunk *total, pmkt_error *err) {
    for (int64_t n = 0; n < b->n_chunks; n++) {
        const pmkti_chunk *c = &b->chunks[n];
        pmkti_report_add(&total->report, &c->report);
        if (__builtin_add_overflow(total->amounts, c->amounts, &total->amounts)) {
            total->amounts = UINT64_MAX;
        }
        if (c->first_ms < total->first_ms) total->first_ms = c->first_ms;
        if (c->last_ms > total->last_ms) total->last_ms = c->last_ms;
    }
    if (total->report.rejected > 0 && b->ev.on_bad == PMKT_ON_BAD_FAIL) {
        int32_t fault = -1;
        (void)pmkti_place(b, total->report.first_bad, &fault);
        total->report.accepted = total->report.ignored = 0;
        return pmkti_report_fail(&total->report, fault, err);
    }
    if (total->amounts > (uint64_t)INT64_MAX - b->rfm->amounts) return overflow(b, err);
    return PMKT_OK;
}

/* Turns the counts of the chunks into places within their partition's rows. */
static pmkt_status lay_out(pmkti_batch *b, pmkt_error *err) {
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        uint64_t next = 0;
        for (int64_t c = 0; c < b->n_chunks; c++) {
            const uint32_t rows = b->chunks[c].at[p];
            b->chunks[c].at[p] = (uint32_t)next;
            next += rows;
        }
        if (next + b->rfm->parts[p].rows.n > UINT32_MAX) {
            return pmkti_fail(err, PMKT_E_LIMIT,
                              "the batch has more rows for one partition than 32 bits count; split "
                              "it");
        }
        b->coming[p] = (uint32_t)next;
    }
    return PMKT_OK;
}

static void commit(pmkt_rfm *rfm, const pmkt_events *ev, const pmkti_chunk *total) {
    rfm->amounts += total->amounts;
    rfm->rows_accepted += total->report.accepted;
    rfm->rows_rejected += total->report.rejected;
    rfm->rows_ignored += total->report.ignored;
    if (total->first_ms < rfm->first_ms) rfm->first_ms = total->first_ms;
    if (total->last_ms > rfm->last_ms) rfm->last_ms = total->last_ms;
    if (ev->currency[0]) {
        memcpy(rfm->currency, ev->currency, sizeof rfm->currency);
        rfm->currency_exponent = ev->currency_exponent;
    }
    rfm->generation++;
}

static pmkt_status over_limit(const pmkt_rfm *rfm, size_t bytes, pmkt_error *err) {
    if (rfm->max_bytes == 0 || bytes <= (size_t)rfm->max_bytes) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_LIMIT, "the state would need %zu bytes; max_bytes is %lld", bytes,
                      (long long)rfm->max_bytes);
}

/* ------------------------------------------- a small batch: append, fold later */

/* How many pending rows may wait in a partition: a fold copies all that is folded already. A
   quarter of the records of a history; half of the entries of a summary, which are larger and
   fewer. */
static size_t may_wait(const pmkti_part *part) {
    return FOLD_AT_LEAST + (part->customers.n + part->orders.n) / 4 + part->entries.n / 2;
}

/* Room for `need` rows: exact at first, then growing by halves, so that appending is O(1). */
static size_t room_for(size_t room, size_t need) {
    const size_t grown = room + room / 2;
    return grown > need ? grown : need;
}

/* What a pending row can become: a new customer with an order. */
static size_t folded_row(int32_t mode) {
    return mode == PMKT_RFM_SUMMARY ? sizeof(pmkti_entry)
                                    : sizeof(pmkti_customer) + sizeof(pmkti_order);
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static pmkt_status reserve(pmkti_batch *b, pmkt_error *err) {
    pmkt_rfm *rfm = b->rfm;
    size_t bytes = pmkti_rfm_bytes(rfm);
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        const pmkti_part *part = &rfm->parts[p];
        const size_t need = part->rows.n + b->coming[p], room = part->rows.room;
        const size_t waiting = need > room ? room_for(room, need) : room;
        bytes += larger(waiting * sizeof *part->rows.at, need * folded_row(rfm->mode)) -
                 room * sizeof *part->rows.at;
    }
    pmkt_status status = over_limit(rfm, bytes, err);
    if (status) return status;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        pmkti_part *part = &rfm->parts[p];
        const size_t need = part->rows.n + b->coming[p];
        if (need > part->rows.room) {
            const size_t room = room_for(part->rows.room, need);
            void *at = pmkti_resize(&rfm->allocator, part->rows.at, part->rows.room, room,
                                    sizeof *part->rows.at);
            if (!at) return pmkti_no_memory(err, room * sizeof *part->rows.at);
            part->rows.at = at;
            part->rows.room = room;
        }
        b->to[p] = b->coming[p] ? part->rows.at + part->rows.n : NULL;
    }
    return PMKT_OK;
}

static void fold_where_due(pmkt_rfm *rfm) {
    pmkti_fold_scratch *scratch = NULL;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        pmkti_part *part = &rfm->parts[p];
        if (part->rows.n < may_wait(part)) continue;
        if (!scratch) scratch = pmkti_fold_scratch_new(&rfm->allocator, 1);
        /* Without memory for it the rows just wait: they are taken all the same. */
        if (scratch) (void)pmkti_fold_in_place(&rfm->allocator, scratch, rfm->mode, part);
    }
    pmkti_fold_scratch_free(&rfm->allocator, scratch, 1);
}

static pmkt_status append(pmkti_batch *b, const pmkti_run *run, const pmkti_chunk *total,
                          pmkt_error *err) {
    pmkt_status status = reserve(b, err);
    if (status) return status;
    status = pmkti_parallel(run, (pmkti_stage){"sorting out", 0.5, 1}, pmkti_write_chunk, b,
                            b->n_chunks);
    if (status) return pmkti_stopped(err, status);
    for (int p = 0; p < PMKTI_PARTITIONS; p++) b->rfm->parts[p].rows.n += b->coming[p];
    commit(b->rfm, &b->ev, total);
    fold_where_due(b->rfm);
    return PMKT_OK;
}

/* ------------------------------------------------- a large batch: fold at once */

typedef struct bulk {
    const pmkt_rfm *rfm;
    const pmkti_batch *b;
    pmkti_part *folded; /* [PMKTI_PARTITIONS] */
    pmkti_fold_scratch *scratch;
} bulk;

static pmkt_status fold_part(void *ctx, int64_t p, int worker) {
    const bulk *k = ctx;
    pmkti_part coming;
    memset(&coming, 0, sizeof coming);
    coming.rows.at = k->b->to[p];
    coming.rows.n = k->b->coming[p];
    return pmkti_fold(&k->rfm->allocator, &k->scratch[worker], k->rfm->mode, &k->rfm->parts[p],
                      &coming, &k->folded[p]);
}

/* Writes the rows to `rows`, one partition after another, and folds all partitions beside the old.
   */
static pmkt_status fold_beside(bulk *k, pmkti_batch *b, const pmkti_run *run, pmkti_row *rows) {
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        b->to[p] = rows;
        rows += b->coming[p];
    }
    const pmkt_status status = pmkti_parallel(run, (pmkti_stage){"sorting out", 0.2, 0.5},
                                              pmkti_write_chunk, b, b->n_chunks);
    if (status) return status;
    return pmkti_parallel(run, (pmkti_stage){"folding", 0.5, 1}, fold_part, k, PMKTI_PARTITIONS);
}

static pmkt_status fold_at_once(pmkti_batch *b, const pmkti_run *run, const pmkti_chunk *total,
                                size_t n, pmkt_error *err) {
    pmkt_rfm *rfm = b->rfm;
    const pmkt_allocator *allocator = &rfm->allocator;
    const int workers = pmkti_workers(run, PMKTI_PARTITIONS);
    pmkti_row *rows = pmkti_alloc(allocator, n, sizeof *rows);
    bulk k = {rfm, b, pmkti_alloc_zero(allocator, PMKTI_PARTITIONS, sizeof *k.folded),
              pmkti_fold_scratch_new(allocator, workers)};
    pmkt_status status =
        rows && k.folded && k.scratch ? fold_beside(&k, b, run, rows) : PMKT_E_NOMEM;
    status = pmkti_stopped(err, status);
    pmkti_free(allocator, rows, n, sizeof *rows);
    pmkti_fold_scratch_free(allocator, k.scratch, workers);
    size_t bytes = pmkti_rfm_fixed_bytes(rfm);
    for (int p = 0; !status && p < PMKTI_PARTITIONS; p++) {
        bytes += pmkti_part_bytes(&k.folded[p]) + rfm->parts[p].tombs.room * sizeof(pmkti_tomb);
    }
    if (!status) status = over_limit(rfm, bytes, err);
    for (int p = 0; k.folded && p < PMKTI_PARTITIONS; p++) {
        if (status)
            pmkti_part_clear(allocator, &k.folded[p]);
        else
            pmkti_part_replace(allocator, &rfm->parts[p], &k.folded[p]);
    }
    pmkti_free(allocator, k.folded, PMKTI_PARTITIONS, sizeof *k.folded);
    if (!status) commit(rfm, &b->ev, total);
    return status;
}

/* -------------------------------------------------------------------- call */

static pmkt_status take(pmkti_batch *b, const pmkti_run *run, pmkti_chunk *total, pmkt_error *err) {
    pmkt_status status =
        pmkti_parallel(run, (pmkti_stage){"reading", 0, 0.2}, pmkti_place_chunk, b, b->n_chunks);
    if (status) return pmkti_stopped(err, status);
    status = judge(b, total, err);
    if (!status) status = lay_out(b, err);
    if (status) return status;
    size_t coming = 0, pending = 0, waiting = 0;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        coming += b->coming[p];
        pending += b->rfm->parts[p].rows.n;
        waiting += may_wait(&b->rfm->parts[p]);
    }
    const bool large = coming > pending && coming >= waiting;
    return large ? fold_at_once(b, run, total, coming, err) : append(b, run, total, err);
}

static pmkt_status add(pmkti_batch *b, const pmkti_run *run, pmkti_chunk *total, pmkt_error *err) {
    const pmkt_allocator *allocator = &b->rfm->allocator;
    const size_t rows = (size_t)b->ev.rows, chunks = (size_t)b->n_chunks;
    b->where = pmkti_alloc(allocator, rows, sizeof *b->where);
    b->chunks = pmkti_alloc_zero(allocator, chunks, sizeof *b->chunks);
    pmkt_status status = PMKT_OK;
    if (!b->where || !b->chunks) {
        status = pmkti_no_memory(err, rows * sizeof *b->where + chunks * sizeof *b->chunks);
    } else {
        for (size_t n = 0; n < chunks; n++) {
            b->chunks[n].report.first_bad = -1;
            b->chunks[n].report.rejected_bits = total->report.rejected_bits;
            b->chunks[n].first_ms = INT64_MAX;
            b->chunks[n].last_ms = INT64_MIN;
        }
        status = take(b, run, total, err);
    }
    pmkti_free(allocator, b->where, rows, sizeof *b->where);
    pmkti_free(allocator, b->chunks, chunks, sizeof *b->chunks);
    return status;
}

pmkt_status pmkt_rfm_add(pmkt_rfm *rfm, const pmkt_events *events, const pmkt_run *run,
                         pmkt_report *report, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    pmkti_batch b = {.rfm = rfm};
    pmkti_chunk total = {.first_ms = INT64_MAX, .last_ms = INT64_MIN};
    pmkti_run how;
    pmkt_status status = pmkti_events_in(events, &b.ev, err);
    if (!status) status = pmkti_run_check(run, &how, err);
    if (!status) status = check_currency(rfm, &b.ev, err);
    if (!status) status = pmkti_report_begin(report, b.ev.rows, &total.report, err);
    if (status) return status;
    if (b.ev.rows < PMKTI_SERIAL) how.threads = 1;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) b.any_forgotten |= rfm->parts[p].tombs.n > 0;
    b.n_chunks = b.ev.rows / PMKTI_CHUNK_ROWS + (b.ev.rows % PMKTI_CHUNK_ROWS != 0);

    if (b.ev.rows > 0) status = add(&b, &how, &total, err);
    if (!status || status == PMKT_E_BAD_ROW) pmkti_report_end(report, &total.report);
    return status;
}
