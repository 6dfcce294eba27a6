/*
 * add.c - pmkt_rfm_add: takes a batch, all of it or none.
 *
 * Two passes over the rows, both in parallel by chunks. The first decides what each row is and
 * counts rows per chunk and partition; then every chunk knows where to write, and the second pass
 * writes. Rows stand in a partition in the order of the batch, whatever the number of threads. A
 * small batch is appended to the pending rows, here; a large one is folded at once, in add_large.c.
 * Either way nothing is visible until all that can fail is done.
 */
#include "rfm/add.h"

#include "core/alloc.h"
#include "core/error.h"
#include "rfm/files.h"
#include "rfm/fold.h"

#define FOLD_AT_LEAST 64 /* pending rows of a partition that may wait */

/* ------------------------------------------------------------------- checks */

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
    uint64_t sum = b->rfm->amounts + b->amounts_before;
    int64_t i = b->from;
    for (; i < b->to; i++) {
        if (b->where.at[i - b->from] != PMKTI_NOWHERE) sum += pmkti_row_size(b, i);
        if (sum > INT64_MAX) break;
    }
    return pmkti_fail_at(err, PMKT_E_OVERFLOW, PMKT_WHERE_ROW, i,
                         "with row %lld the sizes of all amounts of the state exceed 2^63 - 1",
                         (long long)i);
}

pmkt_status pmkti_check_amounts(const pmkti_batch *b, pmkt_error *err) {
    const bool fits = b->total.amounts <= (uint64_t)INT64_MAX - b->rfm->amounts;
    return fits ? PMKT_OK : overflow(b, err);
}

pmkt_status pmkti_check_rows(pmkti_batch *b, pmkt_error *err) {
    pmkt_report *report = &b->total.report;
    if (report->rejected == 0 || b->ev.on_bad == PMKT_ON_BAD_SKIP) return PMKT_OK;
    int32_t fault = -1;
    (void)pmkti_place(b, report->first_bad, &fault);
    report->accepted = report->ignored = 0;
    return pmkti_report_fail(report, fault, err);
}

pmkt_status pmkti_check_bytes(const pmkt_rfm *rfm, size_t bytes, pmkt_error *err) {
    if (rfm->max_bytes == 0 || bytes <= (size_t)rfm->max_bytes) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_LIMIT, "the state would need %zu bytes; max_bytes is %lld", bytes,
                      (long long)rfm->max_bytes);
}

void pmkti_commit(const pmkti_batch *b) {
    pmkt_rfm *rfm = b->rfm;
    const pmkti_chunk *total = &b->total;
    rfm->amounts += total->amounts;
    pmkti_count_up(&rfm->rows_accepted, total->report.accepted);
    pmkti_count_up(&rfm->rows_rejected, total->report.rejected);
    pmkti_count_up(&rfm->rows_ignored, total->report.ignored);
    if (total->first_ms < rfm->first_ms) rfm->first_ms = total->first_ms;
    if (total->last_ms > rfm->last_ms) rfm->last_ms = total->last_ms;
    if (b->ev.currency[0]) {
        memcpy(rfm->currency, b->ev.currency, sizeof rfm->currency);
        rfm->currency_exponent = b->ev.currency_exponent;
    }
    rfm->generation++;
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
    pmkt_status status = pmkti_check_bytes(rfm, bytes, err);
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
        b->dest[p] = b->coming[p] ? part->rows.at + part->rows.n : NULL;
    }
    return PMKT_OK;
}

/* Folds the partitions whose pending rows may wait no longer, or all of them. */
static void fold_waiting(pmkt_rfm *rfm, bool all) {
    pmkti_fold_scratch *scratch = NULL;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        pmkti_part *part = &rfm->parts[p];
        if (!all && part->rows.n < may_wait(part)) continue;
        if (part->rows.n > 0 && pmkti_part_ready(rfm, p)) continue; /* nor with damage below */
        if (!scratch) scratch = pmkti_fold_scratch_new(&rfm->allocator, 1);
        /* Without memory for it the rows just wait: they are taken all the same. */
        if (scratch) (void)pmkti_fold_in_place(&rfm->allocator, scratch, rfm->mode, part);
        if (all) pmkti_part_trim(&rfm->allocator, part);
    }
    pmkti_fold_scratch_free(&rfm->allocator, scratch, 1);
}

static pmkt_status append_rows(pmkti_batch *b, const pmkti_run *run, pmkt_error *err) {
    pmkt_status status = reserve(b, err);
    if (status == PMKT_E_LIMIT) { /* what waits is counted at its largest: see how large it is */
        fold_waiting(b->rfm, true);
        status = reserve(b, err);
    }
    if (status) return status;
    status = pmkti_write_slice(b, run, (pmkti_stage){"sorting out", 0.5, 1});
    return pmkti_stopped(err, status);
}

/* The partitions that this batch makes due for folding must not be damaged: it is better to hear of
   it now, while nothing has been taken. */
static pmkt_status check_due(const pmkti_batch *b, pmkt_error *err) {
    const pmkt_rfm *rfm = b->rfm;
    pmkt_status status = PMKT_OK;
    for (int p = 0; rfm->origin && p < PMKTI_PARTITIONS && !status; p++) {
        const pmkti_part *part = &rfm->parts[p];
        if (b->coming[p] > 0 && part->rows.n + b->coming[p] >= may_wait(part)) {
            status = pmkti_part_ready(rfm, p);
        }
    }
    return pmkti_rfm_stopped(err, rfm, status);
}

static pmkt_status append(pmkti_batch *b, const pmkti_run *run, pmkt_error *err) {
    pmkt_rfm *rfm = b->rfm;
    pmkt_status status = pmkti_place_slice(b, run, (pmkti_stage){"reading", 0, 0.5}, 0, b->ev.rows);
    if (status) return pmkti_stopped(err, status);
    status = pmkti_check_rows(b, err);
    if (!status) status = pmkti_check_amounts(b, err);
    if (!status) status = check_due(b, err);
    if (status) return status;
    status = append_rows(b, run, err);
    if (status) { /* not even the room stays */
        for (int p = 0; p < PMKTI_PARTITIONS; p++) pmkti_part_trim(&rfm->allocator, &rfm->parts[p]);
        return status;
    }
    for (int p = 0; p < PMKTI_PARTITIONS; p++) rfm->parts[p].rows.n += b->coming[p];
    pmkti_commit(b);
    fold_waiting(rfm, false);
    return PMKT_OK;
}

/* -------------------------------------------------------------------- call */

static bool is_large(const pmkt_rfm *rfm, int64_t rows) {
    size_t pending = 0, waiting = 0;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        pending += rfm->parts[p].rows.n;
        waiting += may_wait(&rfm->parts[p]);
    }
    return (size_t)rows >= waiting && (size_t)rows > pending;
}

pmkt_status pmkt_rfm_add(pmkt_rfm *rfm, const pmkt_events *events, const pmkt_run *run,
                         pmkt_report *report, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    pmkti_batch b = {.rfm = rfm, .total = {.first_ms = INT64_MAX, .last_ms = INT64_MIN}};
    pmkti_run how;
    pmkt_status status = pmkti_events_in(events, &b.ev, err);
    if (!status) status = pmkti_run_check(run, b.ev.rows, &how, err);
    if (!status) status = check_currency(rfm, &b.ev, err);
    if (!status) status = pmkti_report_begin(report, b.ev.rows, &b.total.report, err);
    if (status) return status;
    for (int p = 0; p < PMKTI_PARTITIONS && !status; p++) {
        b.any_forgotten |= rfm->parts[p].tombs.n > 0;
        status = pmkti_tombs_ready(rfm, p); /* which every row is looked up in */
    }
    if (status) return pmkti_rfm_stopped(err, rfm, status);

    if (b.ev.rows > 0) {
        status = is_large(rfm, b.ev.rows) ? pmkti_add_large(&b, &how, err) : append(&b, &how, err);
    }
    pmkti_batch_clear(&b);
    if (!status || status == PMKT_E_BAD_ROW) pmkti_report_end(report, &b.total.report);
    return status;
}
