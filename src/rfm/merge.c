/*
 * merge.c - pmkt_rfm_merge: every partition of the result is built beside the old ones, and only
 * when all are there do they take their place.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/parallel.h"
#include "rfm/files.h"
#include "rfm/fold.h"

typedef struct merger {
    pmkt_rfm *into;
    const pmkt_rfm *from;
    pmkti_part *parts; /* [PMKTI_PARTITIONS] the results */
    pmkti_fold_scratch *scratch;
} merger;

static bool same_zone(const pmkt_zone *a, const pmkt_zone *b) {
    if (a->offset_minutes != b->offset_minutes || a->n_transitions != b->n_transitions)
        return false;
    for (int64_t i = 0; i < a->n_transitions; i++) {
        if (a->transitions[i].from_ms != b->transitions[i].from_ms ||
            a->transitions[i].offset_minutes != b->transitions[i].offset_minutes) {
            return false;
        }
    }
    return true;
}

static pmkt_status check_pair(const pmkt_rfm *into, const pmkt_rfm *from, pmkt_error *err) {
    if (!into) return pmkti_null(err, "into");
    if (!from) return pmkti_null(err, "from");
    if (into == from) return pmkti_fail(err, PMKT_E_INVALID, "a state cannot merge into itself");
    if (into->mode != from->mode) {
        return pmkti_fail(err, PMKT_E_MISMATCH,
                          "one state keeps the history and the other a summary");
    }
    if (into->unpriced != from->unpriced) {
        return pmkti_fail(err, PMKT_E_MISMATCH, "one state has prices and the other has none");
    }
    if (!same_zone(&into->zone, &from->zone)) {
        return pmkti_fail(err, PMKT_E_MISMATCH, "the states are in different time zones");
    }
    if (into->currency[0] && from->currency[0] &&
        (memcmp(into->currency, from->currency, sizeof into->currency) != 0 ||
         into->currency_exponent != from->currency_exponent)) {
        return pmkti_fail(err, PMKT_E_MISMATCH,
                          "one state is in %s with %d decimals, the other in %s with %d",
                          into->currency, (int)into->currency_exponent, from->currency,
                          (int)from->currency_exponent);
    }
    if (from->amounts > (uint64_t)INT64_MAX - into->amounts) {
        return pmkti_fail(err, PMKT_E_OVERFLOW,
                          "the sizes of all amounts of both states exceed 2^63 - 1");
    }
    return PMKT_OK;
}

/* The tombs of both, the later date where a key is in both. */
static pmkt_status merge_tombs(const pmkt_allocator *allocator, const pmkti_part *a,
                               const pmkti_part *b, pmkti_part *out) {
    const size_t room = a->tombs.n + b->tombs.n;
    if (room == 0) return PMKT_OK;
    pmkti_tomb *at = pmkti_alloc(allocator, room, sizeof *at);
    if (!at) return PMKT_E_NOMEM;
    size_t i = 0, j = 0, n = 0;
    while (i < a->tombs.n && j < b->tombs.n) {
        const pmkti_tomb *x = &a->tombs.at[i], *y = &b->tombs.at[j];
        i += x->key <= y->key;
        j += y->key <= x->key;
        if (x->key == y->key)
            at[n++] = x->when_ms > y->when_ms ? *x : *y;
        else
            at[n++] = x->key < y->key ? *x : *y;
    }
    while (i < a->tombs.n) at[n++] = a->tombs.at[i++];
    while (j < b->tombs.n) at[n++] = b->tombs.at[j++];
    out->tombs.at = at;
    out->tombs.n = n;
    out->tombs.room = room;
    return PMKT_OK;
}

/* A folded copy without what `tombs` forgets. */
static pmkt_status cleaned(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch,
                           int32_t mode, const pmkti_part *part, const pmkti_part *tombs,
                           pmkti_part *out) {
    const pmkt_status status = pmkti_fold(allocator, scratch, mode, part, NULL, out);
    if (status) return status;
    out->tombs.at = tombs->tombs.at;
    out->tombs.n = tombs->tombs.n;
    (void)pmkti_part_bury(out, mode);
    out->tombs.at = NULL; /* borrowed */
    out->tombs.n = 0;
    return PMKT_OK;
}

/* Each side is cleaned by the tombs of both before they are joined, so that what is later than a
   forgetting on one side does not go with what is earlier on the other. */
static pmkt_status fold_cleaned(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch,
                                int32_t mode, const pmkti_part *a, const pmkti_part *b,
                                pmkti_part *out) {
    pmkti_part tombs, clean_a, clean_b;
    memset(&tombs, 0, sizeof tombs);
    memset(&clean_a, 0, sizeof clean_a);
    memset(&clean_b, 0, sizeof clean_b);
    pmkt_status status = merge_tombs(allocator, a, b, &tombs);
    if (!status) status = cleaned(allocator, scratch, mode, a, &tombs, &clean_a);
    if (!status) status = cleaned(allocator, scratch, mode, b, &tombs, &clean_b);
    if (!status) status = pmkti_fold(allocator, scratch, mode, &clean_a, &clean_b, out);
    if (!status) {
        out->tombs.at = tombs.tombs.at;
        out->tombs.n = tombs.tombs.n;
        out->tombs.room = tombs.tombs.room;
    } else {
        pmkti_part_clear(allocator, &tombs);
    }
    pmkti_part_clear(allocator, &clean_a);
    pmkti_part_clear(allocator, &clean_b);
    return status;
}

static pmkt_status merge_part(void *ctx, int64_t n, int worker) {
    const merger *m = ctx;
    const pmkt_allocator *allocator = &m->into->allocator;
    const pmkti_part *a = &m->into->parts[n], *b = &m->from->parts[n];
    pmkti_fold_scratch *scratch = &m->scratch[worker];
    const int32_t mode = m->into->mode;
    pmkt_status status = pmkti_part_ready(m->into, n);
    if (!status) status = pmkti_part_ready(m->from, n);
    if (status) return status;
    if (a->tombs.n + b->tombs.n == 0) {
        return pmkti_fold(allocator, scratch, mode, a, b, &m->parts[n]);
    }
    return fold_cleaned(allocator, scratch, mode, a, b, &m->parts[n]);
}

static void take_over(pmkt_rfm *into, const pmkt_rfm *from, pmkti_part *parts) {
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        pmkti_part_clear(&into->allocator, &into->parts[p]);
        into->parts[p] = parts[p];
    }
    into->amounts += from->amounts;
    pmkti_count_up(&into->rows_accepted, from->rows_accepted);
    pmkti_count_up(&into->rows_rejected, from->rows_rejected);
    pmkti_count_up(&into->rows_ignored, from->rows_ignored);
    if (from->first_ms < into->first_ms) into->first_ms = from->first_ms;
    if (from->last_ms > into->last_ms) into->last_ms = from->last_ms;
    if (!into->currency[0]) {
        memcpy(into->currency, from->currency, sizeof into->currency);
        into->currency_exponent = from->currency_exponent;
    }
    into->generation++;
}

/* The old partitions go once the new ones are in place, so the limit is on the new ones. */
static pmkt_status check_limit(const pmkt_rfm *into, const pmkti_part *parts, pmkt_error *err) {
    size_t bytes = pmkti_rfm_fixed_bytes(into);
    for (int p = 0; p < PMKTI_PARTITIONS; p++) bytes += pmkti_part_bytes(&parts[p]);
    if (into->max_bytes == 0 || bytes <= (size_t)into->max_bytes) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_LIMIT, "the merged state would need %zu bytes; max_bytes is %lld",
                      bytes, (long long)into->max_bytes);
}

pmkt_status pmkt_rfm_merge(pmkt_rfm *into, const pmkt_rfm *from, const pmkt_run *run,
                           pmkt_error *err) {
    pmkti_run how;
    pmkt_status status = check_pair(into, from, err);
    if (status) return status;
    const int64_t records = pmkti_rfm_records(into) + pmkti_rfm_records(from);
    status = pmkti_run_check(run, records, &how, err);
    if (status) return status;
    const pmkt_allocator *allocator = &into->allocator;
    const int workers = pmkti_workers(&how, PMKTI_PARTITIONS);
    pmkti_part *parts = pmkti_alloc_zero(allocator, PMKTI_PARTITIONS, sizeof *parts);
    if (!parts) return pmkti_no_memory(err, PMKTI_PARTITIONS * sizeof *parts);

    merger m = {into, from, parts, pmkti_fold_scratch_new(allocator, workers)};
    status = m.scratch ? pmkti_parallel(&how, (pmkti_stage){"merging", 0, 1}, merge_part, &m,
                                        PMKTI_PARTITIONS)
                       : PMKT_E_NOMEM;
    pmkti_fold_scratch_free(allocator, m.scratch, workers);
    if (status == PMKT_E_CORRUPT && pmkti_rfm_damaged(from)) {
        status = pmkti_rfm_stopped(err, from, status);
    } else if (status) {
        status = pmkti_rfm_stopped(err, into, status);
    } else {
        status = check_limit(into, parts, err);
    }
    if (!status) {
        take_over(into, from, parts);
    } else {
        for (int p = 0; p < PMKTI_PARTITIONS; p++) pmkti_part_clear(allocator, &parts[p]);
    }
    pmkti_free(allocator, parts, PMKTI_PARTITIONS, sizeof *parts);
    return status;
}
