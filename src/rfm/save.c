/*
 * save.c - a state as a file. Partitions are folded a few at a time, so that saving takes little
 * memory beside the state, and written in their order, whatever the number of threads.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/parallel.h"
#include "rfm/files.h"
#include "rfm/fold.h"

#define TOGETHER 32 /* partitions that are folded, then written */

typedef struct saver {
    const pmkt_rfm *rfm;
    pmkti_writer *writer;
    pmkti_fold_scratch *scratch;
    int64_t first; /* of the partitions that are together */
    pmkti_part folded[TOGETHER];
    pmkti_rfm_index index[PMKTI_PARTITIONS];
} saver;

/* The folded form of a partition: its own if nothing is pending. */
static const pmkti_part *part_of(const saver *s, int64_t p) {
    return s->rfm->parts[p].rows.n ? &s->folded[p - s->first] : &s->rfm->parts[p];
}

static uint64_t amounts_of(const pmkti_part *part) {
    uint64_t sum = 0;
    for (size_t i = 0; i < part->orders.n; i++) sum += (uint64_t)part->orders.at[i].amount;
    for (size_t i = 0; i < part->entries.n; i++) {
        const int64_t revenue = part->entries.at[i].revenue;
        sum += revenue < 0 ? -(uint64_t)revenue : (uint64_t)revenue;
    }
    return sum;
}

static pmkt_status prepare_part(void *ctx, int64_t n, int worker) {
    saver *s = ctx;
    const pmkt_rfm *rfm = s->rfm;
    const int64_t p = s->first + n;
    const pmkti_part *part = &rfm->parts[p];
    pmkt_status status = pmkti_part_ready(rfm, p);
    if (!status && part->rows.n) {
        status =
            pmkti_fold(&rfm->allocator, &s->scratch[worker], rfm->mode, part, NULL, &s->folded[n]);
    }
    if (status) return status;
    const pmkti_part *folded = part_of(s, p);
    const size_t customers = folded->customers.n + folded->entries.n;
    if (customers > UINT32_MAX || folded->orders.n > UINT32_MAX || part->tombs.n > UINT32_MAX) {
        return PMKT_E_OVERFLOW;
    }
    s->index[p] = (pmkti_rfm_index){(uint32_t)p, (uint32_t)customers, (uint32_t)folded->orders.n,
                                    (uint32_t)part->tombs.n, amounts_of(folded)};
    return PMKT_OK;
}

static pmkt_status put_part(const saver *s, int64_t p, pmkt_error *err) {
    const pmkti_part *part = part_of(s, p);
    pmkti_writer *w = s->writer;
    pmkt_status status = pmkti_writer_put(w, part->customers.at,
                                          part->customers.n * sizeof *part->customers.at, err);
    if (!status) {
        status =
            pmkti_writer_put(w, part->orders.at, part->orders.n * sizeof *part->orders.at, err);
    }
    if (!status) {
        status =
            pmkti_writer_put(w, part->entries.at, part->entries.n * sizeof *part->entries.at, err);
    }
    return status;
}

static pmkt_status put_data(saver *s, const pmkti_run *run, pmkt_error *err) {
    const double all = PMKTI_PARTITIONS;
    pmkt_status status = pmkti_writer_section(s->writer, PMKTI_RFM_DATA, 1, true, err);
    for (s->first = 0; !status && s->first < PMKTI_PARTITIONS; s->first += TOGETHER) {
        const pmkti_stage stage = {"saving", (double)s->first / all,
                                   (double)(s->first + TOGETHER) / all};
        status = pmkti_parallel(run, stage, prepare_part, s, TOGETHER);
        if (status) status = pmkti_rfm_stopped(err, s->rfm, status);
        for (int64_t n = 0; n < TOGETHER; n++) {
            if (!status) status = put_part(s, s->first + n, err);
            pmkti_part_clear(&s->rfm->allocator, &s->folded[n]);
        }
    }
    return status;
}

static pmkt_status put_head(const saver *s, pmkt_error *err) {
    const pmkt_rfm *rfm = s->rfm;
    pmkti_rfm_head head = {
        .mode = rfm->mode,
        .unpriced = rfm->unpriced,
        .currency_exponent = rfm->currency_exponent,
        .zone_offset_minutes = rfm->zone.offset_minutes,
        .rows_accepted = rfm->rows_accepted,
        .rows_rejected = rfm->rows_rejected,
        .rows_ignored = rfm->rows_ignored,
        .first_ms = rfm->first_ms,
        .last_ms = rfm->last_ms,
        .amounts = rfm->amounts,
    };
    memcpy(head.currency, rfm->currency, sizeof head.currency);
    const size_t zone = (size_t)rfm->zone.n_transitions * sizeof *rfm->zone.transitions;
    pmkt_status status = pmkti_writer_section(s->writer, PMKTI_RFM_HEAD, 1, true, err);
    if (!status) status = pmkti_writer_put(s->writer, &head, sizeof head, err);
    if (!status) status = pmkti_writer_section(s->writer, PMKTI_RFM_ZONE, 1, true, err);
    if (!status) status = pmkti_writer_put(s->writer, rfm->zone.transitions, zone, err);
    return status;
}

static pmkt_status put_tombs(const saver *s, pmkt_error *err) {
    pmkt_status status = pmkti_writer_section(s->writer, PMKTI_RFM_TOMBS, 1, true, err);
    for (int64_t p = 0; p < PMKTI_PARTITIONS && !status; p++) {
        const pmkti_part *part = &s->rfm->parts[p];
        status = pmkti_writer_put(s->writer, part->tombs.at, part->tombs.n * sizeof *part->tombs.at,
                                  err);
    }
    return status;
}

static pmkt_status put_index(const saver *s, pmkt_error *err) {
    pmkt_status status = pmkti_writer_section(s->writer, PMKTI_RFM_INDEX, 1, true, err);
    for (int p = 0; p < PMKTI_PARTITIONS && !status; p++) {
        const pmkti_rfm_index *i = &s->index[p];
        if (i->customers == 0 && i->tombs == 0) continue;
        status = pmkti_writer_put(s->writer, i, sizeof *i, err);
    }
    return status;
}

static pmkt_status save(const pmkt_rfm *rfm, const char *path, const pmkt_save_options *options,
                        const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    const pmkt_allocator *allocator = &rfm->allocator;
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, pmkti_rfm_records(rfm), &how, err);
    if (status) return status;
    const int workers = pmkti_workers(&how, TOGETHER);
    saver *s = pmkti_alloc_zero(allocator, 1, sizeof *s);
    if (!s) return pmkti_no_memory(err, sizeof *s);
    s->rfm = rfm;
    s->scratch = pmkti_fold_scratch_new(allocator, workers);
    status = s->scratch ? pmkti_writer_new(allocator, path, PMKT_FILE_RFM, options, &s->writer, err)
                        : pmkti_stopped(err, PMKT_E_NOMEM);
    if (!status) status = put_head(s, err);
    if (!status) status = put_data(s, &how, err);
    if (!status) status = put_tombs(s, err);
    if (!status) status = put_index(s, err);
    if (!status && pmkti_canceled(&how, 1, "saving")) status = pmkti_stopped(err, PMKT_E_CANCELED);
    if (!status)
        status = pmkti_writer_commit(s->writer, buffer, err);
    else
        pmkti_writer_abort(s->writer);
    pmkti_fold_scratch_free(allocator, s->scratch, workers);
    pmkti_free(allocator, s, 1, sizeof *s);
    return status;
}

pmkt_status pmkt_rfm_save(const pmkt_rfm *rfm, const char *path, const pmkt_save_options *options,
                          const pmkt_run *run, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    if (!path) return pmkti_null(err, "path");
    return save(rfm, path, options, run, NULL, err);
}

pmkt_status pmkt_rfm_save_memory(const pmkt_rfm *rfm, const pmkt_save_options *options,
                                 const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    if (!buffer) return pmkti_null(err, "buffer");
    return save(rfm, NULL, options, run, buffer, err);
}
