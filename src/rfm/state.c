/*
 * state.c - the life of an RFM state, and what it tells about itself.
 */
#include "rfm/state.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/structs.h"
#include "core/zone.h"
#include "rfm/files.h"
#include "rfm/fold.h"

static pmkt_status check_options(const pmkt_rfm_options *given, pmkt_rfm_options *mine,
                                 pmkt_zone *zone, pmkt_allocator *allocator, pmkt_error *err) {
    pmkt_status status = pmkti_struct_in(mine, sizeof *mine, given, sizeof *mine, "options", err);
    if (status) return status;
    if (mine->mode != PMKT_RFM_HISTORY && mine->mode != PMKT_RFM_SUMMARY) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "options.mode is %d, but must be PMKT_RFM_HISTORY or PMKT_RFM_SUMMARY",
                          (int)mine->mode);
    }
    if (mine->max_bytes < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.max_bytes is negative");
    }
    if (mine->unpriced != 0 && mine->unpriced != 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.unpriced is %d, but must be 0 or 1",
                          (int)mine->unpriced);
    }
    if (mine->reserved != 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    }
    status = pmkti_zone_check(mine->zone, zone, err);
    if (!status) status = pmkti_allocator_check(mine->allocator, allocator, err);
    return status;
}

pmkt_status pmkt_rfm_new(const pmkt_rfm_options *options, pmkt_rfm **rfm, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    pmkt_rfm_options o = PMKT_RFM_OPTIONS_INIT;
    pmkt_zone zone;
    pmkt_allocator allocator;
    const pmkt_status status = check_options(options, &o, &zone, &allocator, err);
    if (status) return status;

    pmkt_rfm *r = pmkti_alloc_zero(&allocator, 1, sizeof *r);
    if (!r) return pmkti_no_memory(err, sizeof *r);
    r->allocator = allocator;
    r->mode = o.mode;
    r->unpriced = o.unpriced;
    r->max_bytes = o.max_bytes;
    r->zone = zone;
    r->zone.transitions = NULL;
    r->first_ms = INT64_MAX;
    r->last_ms = INT64_MIN;
    if (zone.n_transitions > 0) {
        const size_t n = (size_t)zone.n_transitions;
        pmkt_transition *table = pmkti_alloc(&allocator, n, sizeof *table);
        if (!table) {
            pmkti_free(&allocator, r, 1, sizeof *r);
            return pmkti_no_memory(err, n * sizeof *table);
        }
        memcpy(table, zone.transitions, n * sizeof *table);
        r->zone.transitions = table;
    }
    *rfm = r;
    return PMKT_OK;
}

void pmkt_rfm_free(pmkt_rfm *rfm) {
    if (!rfm) return;
    const pmkt_allocator allocator = rfm->allocator;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) pmkti_part_clear(&allocator, &rfm->parts[p]);
    pmkti_origin_free(&allocator, rfm->origin); /* when nothing borrows from it any more */
    pmkti_free_const(&allocator, rfm->zone.transitions, (size_t)rfm->zone.n_transitions,
                     sizeof *rfm->zone.transitions);
    pmkti_free(&allocator, rfm, 1, sizeof *rfm);
}

size_t pmkti_rfm_fixed_bytes(const pmkt_rfm *rfm) {
    const size_t origin = rfm->origin ? sizeof *rfm->origin : 0;
    return sizeof *rfm + origin + (size_t)rfm->zone.n_transitions * sizeof *rfm->zone.transitions;
}

int64_t pmkti_rfm_records(const pmkt_rfm *rfm) {
    size_t n = 0;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        const pmkti_part *part = &rfm->parts[p];
        n += part->customers.n + part->orders.n + part->entries.n + part->rows.n;
    }
    return (int64_t)n;
}

size_t pmkti_rfm_bytes(const pmkt_rfm *rfm) {
    size_t bytes = pmkti_rfm_fixed_bytes(rfm);
    for (int p = 0; p < PMKTI_PARTITIONS; p++) bytes += pmkti_part_bytes(&rfm->parts[p]);
    return bytes;
}

pmkt_status pmkt_rfm_stats(const pmkt_rfm *rfm, pmkt_rfm_counters *out, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    pmkt_rfm_counters c = PMKT_RFM_COUNTERS_INIT;
    c.mode = rfm->mode;
    c.generation = rfm->generation;
    c.rows_accepted = rfm->rows_accepted;
    c.rows_rejected = rfm->rows_rejected;
    c.rows_ignored = rfm->rows_ignored;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        const pmkti_part *part = &rfm->parts[p];
        c.rows_pending += (int64_t)part->rows.n;
        c.customers += (int64_t)(part->customers.n + part->entries.n);
        c.orders += (int64_t)part->orders.n;
        c.forgotten += (int64_t)part->tombs.n;
        for (size_t i = 0; i < part->entries.n; i++) c.orders += part->entries.at[i].orders;
    }
    c.bytes = (int64_t)pmkti_rfm_bytes(rfm);
    const bool any = rfm->first_ms <= rfm->last_ms;
    c.first_event_ms = any ? rfm->first_ms : PMKT_TIME_NULL;
    c.last_event_ms = any ? rfm->last_ms : PMKT_TIME_NULL;
    memcpy(c.currency, rfm->currency, sizeof c.currency);
    c.currency_exponent = rfm->currency_exponent;
    return pmkti_struct_out(out, &c, sizeof c, offsetof(pmkt_rfm_counters, generation), "out", err);
}

pmkt_status pmkt_rfm_settings(const pmkt_rfm *rfm, pmkt_rfm_options *out, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    pmkt_rfm_options o = PMKT_RFM_OPTIONS_INIT;
    o.mode = rfm->mode;
    o.zone = &rfm->zone;
    o.allocator = &rfm->allocator;
    o.max_bytes = rfm->max_bytes;
    o.unpriced = rfm->unpriced;
    return pmkti_struct_out(out, &o, sizeof o, sizeof o, "out", err);
}

typedef struct compaction {
    pmkt_rfm *rfm;
    pmkti_fold_scratch *scratch;
} compaction;

static pmkt_status compact_part(void *ctx, int64_t p, int worker) {
    const compaction *c = ctx;
    pmkt_rfm *rfm = c->rfm;
    pmkti_part *part = &rfm->parts[p];
    if (part->rows.n == 0) { /* and so none of the file is read */
        pmkti_part_trim(&rfm->allocator, part);
        return PMKT_OK;
    }
    pmkt_status status = pmkti_part_ready(rfm, p);
    if (!status) {
        status = pmkti_fold_in_place(&rfm->allocator, &c->scratch[worker], rfm->mode, part);
    }
    if (!status) pmkti_part_trim(&rfm->allocator, part);
    return status;
}

pmkt_status pmkt_rfm_compact(pmkt_rfm *rfm, const pmkt_run *run, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, pmkti_rfm_records(rfm), &how, err);
    if (status) return status;
    const int workers = pmkti_workers(&how, PMKTI_PARTITIONS);
    compaction c = {rfm, pmkti_fold_scratch_new(&rfm->allocator, workers)};
    status = c.scratch ? pmkti_parallel(&how, (pmkti_stage){"compacting", 0, 1}, compact_part, &c,
                                        PMKTI_PARTITIONS)
                       : PMKT_E_NOMEM;
    pmkti_fold_scratch_free(&rfm->allocator, c.scratch, workers);
    return pmkti_rfm_stopped(err, rfm, status);
}
