#include "cf/data_table.h"

#include "core/alloc.h"

#define LINE 64
#define FIRST_BITS 8
#define MOST_BITS 30 /* so that places are below UINT32_MAX */

_Static_assert(sizeof(pmkti_cf_bucket) == LINE, "a bucket is a cache line");

static size_t blocks(int bits) {
    return ((size_t)1 << bits) + 1;
}

void pmkti_cf_table_free(const pmkt_allocator *allocator, pmkti_cf_table *t) {
    if (t->block) pmkti_free(allocator, t->block, blocks(t->bits), sizeof *t->block);
    t->block = t->bucket = NULL;
}

/* Puts all of `old` into `t`, which is empty and has room. */
static void take_over(pmkti_cf_table *t, const pmkti_cf_table *old) {
    for (int64_t i = 0; i < INT64_C(1) << old->bits; i++) {
        const pmkti_cf_bucket *b = &old->bucket[i];
        for (uint32_t k = 0; k < b->n; k++) {
            int none;
            const uint64_t hash = pmkti_mix(b->id[k]);
            pmkti_cf_table_put(pmkti_cf_table_find(t, b->id[k], hash, &none), b->id[k],
                               b->place[k]);
        }
    }
}

pmkt_status pmkti_cf_table_reserve(const pmkt_allocator *allocator, pmkti_cf_table *t,
                                   int64_t more) {
    if (pmkti_cf_table_fits(t, more)) return PMKT_OK;
    pmkti_cf_table fresh = {.bits = t->bucket ? t->bits + 1 : FIRST_BITS, .n = t->n};
    while (pmkti_cf_table_room(fresh.bits) < t->n + more) fresh.bits++;
    if (fresh.bits > MOST_BITS) return PMKT_E_LIMIT;
    fresh.block = pmkti_alloc_zero(allocator, blocks(fresh.bits), sizeof *fresh.block);
    if (!fresh.block) return PMKT_E_NOMEM;
    const size_t over = (uintptr_t)fresh.block % LINE;
    fresh.bucket = (void *)((char *)fresh.block + (over ? LINE - over : 0));
    if (t->bucket) take_over(&fresh, t);
    pmkti_cf_table_free(allocator, t);
    *t = fresh;
    return PMKT_OK;
}
