/*
 * rows.c - the two passes over the rows of a batch.
 */
#include "rfm/rows.h"

#include "core/alloc.h"
#include "rfm/fold.h"

/* ----------------------------------------------------------- what a row is */

/* Money given back, or a whole order. Without prices it can only be the order; in a summary, which
   has no orders to undo, it can only be money. */
static int32_t tag_of_refund(const pmkt_rfm *rfm, const pmkt_events *ev, int64_t i, int32_t kind,
                             int32_t *fault) {
    const bool summary = rfm->mode == PMKT_RFM_SUMMARY;
    if (rfm->unpriced && summary) return PMKTI_REFUND;
    if (!rfm->unpriced && pmkti_event_amount(ev, i) != PMKT_AMOUNT_NULL) return PMKTI_REFUND;
    const bool whole = kind == PMKT_KIND_CANCEL || rfm->unpriced;
    if (!whole || summary) {
        *fault = PMKT_BAD_AMOUNT_MISSING;
    } else if (!ev->order || ev->order[i] == PMKT_ID_NONE) {
        *fault = PMKT_BAD_ORDER_MISSING;
    }
    return PMKTI_CANCEL;
}

/* The tag of row i; *fault becomes a PMKT_BAD_ reason or -1. */
static int32_t tag_of(const pmkt_rfm *rfm, const pmkt_events *ev, int64_t i, int32_t *fault) {
    *fault = pmkti_event_fault(ev, i);
    if (*fault >= 0) return PMKTI_LINE;
    const int32_t kind = pmkti_event_kind(ev, i);
    switch (kind) {
        case PMKT_KIND_ORDER:
            if (!rfm->unpriced && pmkti_event_amount(ev, i) == PMKT_AMOUNT_NULL) {
                *fault = PMKT_BAD_AMOUNT_MISSING;
            }
            return PMKTI_LINE;
        case PMKT_KIND_REFUND:
        case PMKT_KIND_CANCEL:
            return tag_of_refund(rfm, ev, i, kind, fault);
        case PMKT_KIND_REGISTER:
            return PMKTI_REGISTER;
        case PMKT_KIND_FAVORITE:
        case PMKT_KIND_FOLLOW:
        case PMKT_KIND_CART:
        case PMKT_KIND_CHECKOUT:
            return PMKTI_INTEREST;
        default:
            return PMKTI_AWARE;
    }
}

uint64_t pmkti_row_size(const pmkti_batch *b, int64_t i) {
    const int64_t amount = pmkti_event_amount(&b->ev, i);
    if (amount == PMKT_AMOUNT_NULL || b->rfm->unpriced) return 0;
    return (uint64_t)(amount < 0 ? -amount : amount);
}

uint16_t pmkti_place(const pmkti_batch *b, int64_t i, int32_t *fault) {
    const int32_t tag = tag_of(b->rfm, &b->ev, i, fault);
    if (*fault >= 0) return PMKTI_NOWHERE;
    const uint64_t key = pmkti_key_of_user(b->ev.user[i]);
    const uint32_t p = pmkti_partition_of_key(key);
    if (b->any_forgotten && b->ev.time[i] < pmkti_part_forgotten(&b->rfm->parts[p], key)) {
        return PMKTI_NOWHERE;
    }
    return (uint16_t)(p << 3 | (uint32_t)tag);
}

static bool is_line(uint16_t where) {
    return where < PMKTI_JOINED && (where & 7) == PMKTI_LINE;
}

bool pmkti_row_joins(const pmkt_events *ev, int64_t i) {
    return ev->order && ev->order[i] != PMKT_ID_NONE && ev->order[i] == ev->order[i - 1] &&
           ev->user[i] == ev->user[i - 1];
}

/* The rows of the slice's n-th chunk. */
static int64_t chunk_begin(const pmkti_batch *b, int64_t n) {
    const int64_t begin = (b->from / PMKTI_CHUNK_ROWS + n) * PMKTI_CHUNK_ROWS;
    return begin > b->from ? begin : b->from;
}
static int64_t chunk_end(const pmkti_batch *b, int64_t n) {
    const int64_t end = (b->from / PMKTI_CHUNK_ROWS + n + 1) * PMKTI_CHUNK_ROWS;
    return end < b->to ? end : b->to;
}

/* ---------------------------------------------------------------- pass one */

static void count_accepted(pmkti_chunk *c, const pmkti_batch *b, int64_t i) {
    const pmkt_events *ev = &b->ev;
    c->report.accepted++;
    if (__builtin_add_overflow(c->amounts, pmkti_row_size(b, i), &c->amounts)) {
        c->amounts = UINT64_MAX;
    }
    if (ev->time[i] < c->first_ms) c->first_ms = ev->time[i];
    if (ev->time[i] > c->last_ms) c->last_ms = ev->time[i];
}

static pmkt_status place_chunk(void *ctx, int64_t n, int worker) {
    pmkti_batch *b = ctx;
    pmkti_chunk *c = &b->chunks.at[n];
    const int64_t from = chunk_begin(b, n), to = chunk_end(b, n);
    uint8_t *bits = b->total.report.rejected_bits;
    int32_t fault = -1;
    (void)worker;
    bool after_line = from > 0 && is_line(pmkti_place(b, from - 1, &fault));
    for (int64_t i = from; i < to; i++) {
        uint16_t where = pmkti_place(b, i, &fault);
        const bool line = is_line(where);
        if (fault >= 0) {
            pmkti_report_reject(&c->report, i, fault);
            if (bits) bits[i / 8] |= (uint8_t)(1u << (i % 8));
        } else if (where == PMKTI_NOWHERE) {
            c->report.ignored++;
        } else {
            count_accepted(c, b, i);
            if (line && after_line && pmkti_row_joins(&b->ev, i))
                where = PMKTI_JOINED;
            else
                c->at[where >> 3]++;
        }
        after_line = line;
        b->where.at[i - b->from] = where;
    }
    return PMKT_OK;
}

static void add_up(pmkti_chunk *total, const pmkti_chunk *c) {
    pmkti_report_add(&total->report, &c->report);
    if (__builtin_add_overflow(total->amounts, c->amounts, &total->amounts)) {
        total->amounts = UINT64_MAX;
    }
    if (c->first_ms < total->first_ms) total->first_ms = c->first_ms;
    if (c->last_ms > total->last_ms) total->last_ms = c->last_ms;
}

/* Turns the counts of the chunks into places within their partition's rows. */
static void lay_out(pmkti_batch *b) {
    b->n_coming = 0;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        uint32_t next = 0; /* a slice has less than 2^32 rows */
        for (size_t c = 0; c < b->chunks.n; c++) {
            const uint32_t rows = b->chunks.at[c].at[p];
            b->chunks.at[c].at[p] = next;
            next += rows;
        }
        b->coming[p] = next;
        b->n_coming += next;
    }
}

pmkt_status pmkti_place_slice(pmkti_batch *b, const pmkti_run *run, pmkti_stage stage, int64_t from,
                              int64_t to) {
    b->from = from;
    b->to = to;
    const int64_t chunks = (to - 1) / PMKTI_CHUNK_ROWS - from / PMKTI_CHUNK_ROWS + 1;
    if (to - from > UINT32_MAX) return PMKT_E_OVERFLOW; /* one order of 2^32 lines */
    const pmkt_allocator *allocator = &b->rfm->allocator;
    if (!PMKTI_MAKE_ROOM(allocator, b->where, (size_t)(to - from)) ||
        !PMKTI_MAKE_ROOM(allocator, b->chunks, (size_t)chunks)) {
        return PMKT_E_NOMEM;
    }
    b->chunks.n = (size_t)chunks;
    memset(b->chunks.at, 0, b->chunks.n * sizeof *b->chunks.at);
    for (size_t n = 0; n < b->chunks.n; n++) {
        b->chunks.at[n].report.first_bad = -1;
        b->chunks.at[n].first_ms = INT64_MAX;
        b->chunks.at[n].last_ms = INT64_MIN;
    }
    const pmkt_status status = pmkti_parallel(run, stage, place_chunk, b, chunks);
    if (status) return status;
    b->amounts_before = b->total.amounts;
    for (size_t n = 0; n < b->chunks.n; n++) add_up(&b->total, &b->chunks.at[n]);
    lay_out(b);
    return PMKT_OK;
}

void pmkti_batch_clear(pmkti_batch *b) {
    const pmkt_allocator *allocator = &b->rfm->allocator;
    pmkti_free(allocator, b->where.at, b->where.room, sizeof *b->where.at);
    pmkti_free(allocator, b->chunks.at, b->chunks.room, sizeof *b->chunks.at);
}

/* ---------------------------------------------------------------- pass two */

static pmkti_row make_row(const pmkti_batch *b, int64_t i, uint32_t tag) {
    const pmkt_events *ev = &b->ev;
    pmkti_row row = {pmkti_key_of_user(ev->user[i]), {UINT64_MAX, 0, 0}};
    int64_t ms = ev->time[i];
    if (tag <= PMKTI_CANCEL) { /* facts keep the highest order id, so that they sort last */
        row.what.order = ev->order ? ev->order[i] : PMKT_ID_NONE;
        row.what.amount = tag == PMKTI_CANCEL ? 0 : (int64_t)pmkti_row_size(b, i);
    }
    if (tag == PMKTI_LINE) {
        for (int64_t j = i + 1; j < b->to && b->where.at[j - b->from] == PMKTI_JOINED; j++) {
            row.what.amount += (int64_t)pmkti_row_size(b, j);
            if (ev->time[j] < ms) ms = ev->time[j];
        }
        /* Sums cannot uncount an order later: in summary mode an order worth nothing is not one,
           but the event of giving nothing back, which only dates the customer. */
        if (b->rfm->mode == PMKT_RFM_SUMMARY && !b->rfm->unpriced && row.what.amount == 0) {
            tag = PMKTI_REFUND;
        }
    }
    row.what.stamp = pmkti_stamp(tag, ms);
    return row;
}

static pmkt_status write_chunk(void *ctx, int64_t n, int worker) {
    const pmkti_batch *b = ctx;
    pmkti_chunk *c = &b->chunks.at[n];
    (void)worker;
    for (int64_t i = chunk_begin(b, n); i < chunk_end(b, n); i++) {
        const uint16_t where = b->where.at[i - b->from];
        if (where >= PMKTI_JOINED) continue;
        b->dest[where >> 3][c->at[where >> 3]++] = make_row(b, i, where & 7);
    }
    return PMKT_OK;
}

pmkt_status pmkti_write_slice(pmkti_batch *b, const pmkti_run *run, pmkti_stage stage) {
    return pmkti_parallel(run, stage, write_chunk, b, (int64_t)b->chunks.n);
}
