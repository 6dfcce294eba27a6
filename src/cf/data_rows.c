/*
 * data_rows.c - one parallel pass over a batch, block by block; a block without a fault is asked only once.
 */
#include "cf/data_rows.h"

#include "core/alloc.h"
#include "core/error.h"

#define CHUNK_BLOCKS 64
#define CHUNK ((int64_t)CHUNK_BLOCKS * PMKTI_EVENTS_BLOCK)

/* What one chunk finds. */
typedef struct finding {
    pmkt_report report;
    int64_t last_ms;
} finding;

typedef struct checking {
    const pmkt_events *ev;
    uint8_t *plain;
    uint8_t *bits; /* of the rejected, or NULL; chunks begin at a whole byte */
    finding *findings;
} checking;

static void look_at(const checking *c, int64_t from, int64_t to, bool plain, finding *f) {
    const pmkt_events *ev = c->ev;
    for (int64_t i = from; i < to; i++) {
        const int32_t reason = plain ? -1 : pmkti_event_fault(ev, i);
        if (reason >= 0) {
            pmkti_report_reject(&f->report, i, reason);
            if (c->bits) c->bits[i / 8] |= (uint8_t)(1u << (i % 8));
        } else if (!ev->item || ev->item[i] == PMKT_ID_NONE) {
            f->report.ignored++;
        } else if (ev->time[i] > f->last_ms) {
            f->last_ms = ev->time[i];
        }
    }
}

static pmkt_status check_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const checking *c = ctx;
    finding *f = &c->findings[chunk];
    f->report.first_bad = -1;
    f->last_ms = INT64_MIN;
    const int64_t begin = chunk * CHUNK, left = c->ev->rows - begin;
    const int64_t end = begin + (left < CHUNK ? left : CHUNK);
    for (int64_t from = begin; from < end; from += PMKTI_EVENTS_BLOCK) {
        const int64_t n = end - from < PMKTI_EVENTS_BLOCK ? end - from : PMKTI_EVENTS_BLOCK;
        const bool plain = pmkti_events_plain(c->ev, from, n);
        c->plain[from / PMKTI_EVENTS_BLOCK] = plain;
        look_at(c, from, from + n, plain, f);
    }
    return PMKT_OK;
}

pmkt_status pmkti_cf_rows_check(pmkti_cf_rows *rows, const pmkt_allocator *allocator,
                                const pmkti_run *run, pmkti_stage stage, uint8_t **plain,
                                pmkt_report *report, pmkt_error *err) {
    const int64_t chunks = (rows->ev.rows + CHUNK - 1) / CHUNK;
    const size_t blocks = pmkti_cf_blocks(rows->ev.rows);
    checking c = {.ev = &rows->ev, .bits = report->rejected_bits};
    if (chunks == 0) return PMKT_OK;
    *plain = c.plain = pmkti_alloc(allocator, blocks, sizeof *c.plain);
    c.findings = pmkti_alloc_zero(allocator, (size_t)chunks, sizeof *c.findings);
    pmkt_status status = PMKT_OK;
    if (!c.plain || !c.findings) {
        status = pmkti_no_memory(err, (size_t)chunks * sizeof *c.findings + blocks);
    } else {
        status = pmkti_stopped(err, pmkti_parallel(run, stage, check_chunk, &c, chunks));
    }
    for (int64_t i = 0; !status && i < chunks; i++) {
        pmkti_report_add(report, &c.findings[i].report);
        if (c.findings[i].last_ms > rows->last_ms) rows->last_ms = c.findings[i].last_ms;
    }
    pmkti_free(allocator, c.findings, (size_t)chunks, sizeof *c.findings);
    rows->plain = c.plain;
    if (status || report->rejected == 0 || rows->ev.on_bad == PMKT_ON_BAD_SKIP) return status;
    report->accepted = report->ignored = 0;
    return pmkti_report_fail(report, pmkti_event_fault(&rows->ev, report->first_bad), err);
}
