/*
 * tally.c - the table of counts, and sums of times.
 */
#include "intent/tally.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "intent/keyed.h"

#define FIRST_SIZE 256
#define LEAST_MS 1000 /* clocks of whole seconds say 0 where a second is meant */
#define LN_UNIT 1048576.0

/* ------------------------------------------------------------------- counts */

/* Where a key is, or where it goes. The table is never full. */
static pmkti_count *find(pmkti_count *slot, int64_t size, uint64_t key) {
    const uint64_t mask = (uint64_t)size - 1;
    uint64_t i = pmkti_mix(key) & mask;
    while (slot[i].key != 0 && slot[i].key != key) i = (i + 1) & mask;
    return &slot[i];
}

int64_t pmkti_tally_size(const pmkti_tally *t, int64_t keys) {
    int64_t size = t->size ? t->size : FIRST_SIZE;
    while ((t->used + keys) * 2 > size) size *= 2;
    return size;
}

pmkt_status pmkti_tally_reserve(pmkti_tally *t, int64_t keys) {
    const int64_t size = pmkti_tally_size(t, keys);
    if (size == t->size) return PMKT_OK;
    pmkti_count *slot = pmkti_alloc_zero(&t->allocator, (size_t)size, sizeof *slot);
    if (!slot) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < t->size; i++) {
        if (t->slot[i].key) *find(slot, size, t->slot[i].key) = t->slot[i];
    }
    pmkti_free(&t->allocator, t->slot, (size_t)t->size, sizeof *t->slot);
    t->slot = slot, t->size = size;
    return PMKT_OK;
}

pmkt_status pmkti_tally_add(pmkti_tally *t, uint64_t key, int64_t buyers, int64_t others) {
    if ((t->used + 1) * 2 > t->size) {
        const pmkt_status status = pmkti_tally_reserve(t, 1);
        if (status) return status;
    }
    pmkti_count *c = find(t->slot, t->size, key);
    if (c->key == 0) {
        c->key = key;
        t->used++;
    }
    c->buyers += buyers, c->others += others;
    return PMKT_OK;
}

pmkt_status pmkti_tally_merge(pmkti_tally *t, const pmkti_tally *from) {
    pmkt_status status = PMKT_OK;
    for (int64_t i = 0; i < from->size && !status; i++) {
        const pmkti_count *c = &from->slot[i];
        if (c->key) status = pmkti_tally_add(t, c->key, c->buyers, c->others);
    }
    return status;
}

pmkti_count *pmkti_tally_sorted(const pmkti_tally *t) {
    const pmkt_allocator *a = &t->allocator;
    const size_t n = (size_t)t->used;
    pmkti_count *sorted = pmkti_alloc(a, n, sizeof *sorted);
    pmkti_keyed *keyed = pmkti_alloc(a, 2 * n, sizeof *keyed);
    if (sorted && keyed) {
        int64_t to = 0;
        for (int64_t i = 0; i < t->size; i++) {
            if (t->slot[i].key) keyed[to++] = (pmkti_keyed){t->slot[i].key, i};
        }
        pmkti_keyed_sort(keyed, keyed + n, to);
        for (int64_t i = 0; i < to; i++) sorted[i] = t->slot[keyed[i].at];
    } else {
        pmkti_free(a, sorted, n, sizeof *sorted);
        sorted = NULL;
    }
    pmkti_free(a, keyed, 2 * n, sizeof *keyed);
    return sorted;
}

void pmkti_tally_clear(pmkti_tally *t) {
    if (t->used > 0) memset(t->slot, 0, (size_t)t->size * sizeof *t->slot);
    t->used = 0;
}

void pmkti_tally_free(pmkti_tally *t) {
    pmkti_free(&t->allocator, t->slot, (size_t)t->size, sizeof *t->slot);
    t->slot = NULL, t->size = t->used = 0;
}

/* -------------------------------------------------------------------- times */

void pmkti_dwell_add(pmkti_dwell *d, int64_t ms) {
    if (ms > PMKTI_MOST_DWELL) ms = PMKTI_MOST_DWELL;
    const int64_t ln = llrint(log((double)(ms < LEAST_MS ? LEAST_MS : ms)) * LN_UNIT);
    d->n++;
    d->ms += ms;
    d->ln += ln;
    d->square += (ln * ln) >> 20;
}

void pmkti_dwell_merge(pmkti_dwell *d, const pmkti_dwell *from) {
    d->n += from->n, d->ms += from->ms, d->ln += from->ln, d->square += from->square;
}
