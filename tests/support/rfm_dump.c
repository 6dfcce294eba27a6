#include "support/rfm_dump.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "rfm/fold.h"

static void put(dump *d, const void *bytes, size_t n) {
    if (n == 0) return;
    if (d->n + n > d->room) {
        d->room = 2 * d->room + n;
        d->at = realloc(d->at, d->room);
        if (!d->at) abort();
    }
    memcpy(d->at + d->n, bytes, n);
    d->n += n;
}

/* A column with its length before it, so that no two layouts give the same bytes. */
static void put_array(dump *d, const void *at, size_t n, size_t size) {
    const uint64_t length = n;
    put(d, &length, sizeof length);
    put(d, at, n * size);
}

dump rfm_dump(const pmkt_rfm *rfm) {
    dump d = {NULL, 0, 0};
    pmkt_allocator heap;
    if (pmkti_allocator_check(NULL, &heap, NULL)) abort();
    pmkti_fold_scratch *scratch = pmkti_fold_scratch_new(&heap, 1);
    put(&d, &rfm->mode, sizeof rfm->mode);
    for (int p = 0; p < PMKTI_PARTITIONS; p++) {
        const pmkti_part *part = &rfm->parts[p];
        pmkti_part copy; /* without pending rows, in memory of our own */
        memset(&copy, 0, sizeof copy);
        if (!scratch || pmkti_fold(&heap, scratch, rfm->mode, part, NULL, &copy)) abort();
        put_array(&d, copy.customers.at, copy.customers.n, sizeof *copy.customers.at);
        put_array(&d, copy.orders.at, copy.orders.n, sizeof *copy.orders.at);
        put_array(&d, copy.entries.at, copy.entries.n, sizeof *copy.entries.at);
        put_array(&d, part->tombs.at, part->tombs.n, sizeof *part->tombs.at);
        pmkti_part_clear(&heap, &copy);
    }
    pmkti_fold_scratch_free(&heap, scratch, 1);
    return d;
}

dump scores_dump(const pmkt_rfm_scores *scores) {
    dump d = {NULL, 0, 0};
    pmkt_rfm_columns c = PMKT_RFM_COLUMNS_INIT;
    if (pmkt_rfm_scores_columns(scores, &c, NULL)) abort();
    const size_t n = (size_t)c.rows, cuts = c.bins ? (size_t)c.bins - 1 : 0;
    put(&d, &c.scheme, sizeof c.scheme);
    put(&d, &c.as_of_ms, sizeof c.as_of_ms);
    put_array(&d, c.user, n, sizeof *c.user);
    put_array(&d, c.recency_days, n, sizeof *c.recency_days);
    put_array(&d, c.orders, n, sizeof *c.orders);
    put_array(&d, c.orders_per_month, n, sizeof *c.orders_per_month);
    put_array(&d, c.average_order, n, sizeof *c.average_order);
    put_array(&d, c.revenue, n, sizeof *c.revenue);
    put_array(&d, c.tenure_days, n, sizeof *c.tenure_days);
    const uint8_t *const bytes[] = {c.r,         c.f,           c.m,    c.segment, c.activity,
                                    c.lifecycle, c.brand_stage, c.tier, c.flags};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) put_array(&d, bytes[i], n, 1);
    put_array(&d, c.tier_spend, n, sizeof *c.tier_spend);
    put_array(&d, c.to_next_tier, n, sizeof *c.to_next_tier);
    put_array(&d, c.r_cuts, cuts, sizeof *c.r_cuts);
    put_array(&d, c.f_cuts, cuts, sizeof *c.f_cuts);
    put_array(&d, c.m_cuts, cuts, sizeof *c.m_cuts);
    return d;
}

void dump_free(dump *d) {
    free(d->at);
    *d = (dump){NULL, 0, 0};
}

bool dump_equal(const dump *a, const dump *b) {
    return a->n == b->n && (a->n == 0 || memcmp(a->at, b->at, a->n) == 0);
}

static bool equal_and_free(dump a, dump b) {
    const bool equal = dump_equal(&a, &b);
    dump_free(&a);
    dump_free(&b);
    return equal;
}

void dump_check_equal(dump a, dump b) {
    ck_assert_uint_eq(a.n, b.n);
    ck_assert(equal_and_free(a, b));
}

bool rfm_equal(const pmkt_rfm *a, const pmkt_rfm *b) {
    return equal_and_free(rfm_dump(a), rfm_dump(b));
}

bool scores_equal(const pmkt_rfm_scores *a, const pmkt_rfm_scores *b) {
    return equal_and_free(scores_dump(a), scores_dump(b));
}
