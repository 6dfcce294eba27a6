/*
 * data_table.h - a hash table that numbers ids in the order in which they come.
 *
 * A bucket is a cache line with five ids, all compared at once: nearly every look costs one line and no
 * wrong guess of the processor. What does not fit goes to the next bucket that has room.
 */
#ifndef PMKTI_CF_DATA_TABLE_H
#define PMKTI_CF_DATA_TABLE_H

#include <stdbool.h>

#include "core/hash.h"
#include "pmkt/base.h"

#define PMKTI_CF_SLOTS 5

typedef struct pmkti_cf_bucket {
    uint64_t id[PMKTI_CF_SLOTS]; /* 0 where empty; PMKT_ID_NONE is not looked for */
    uint32_t place[PMKTI_CF_SLOTS];
    uint32_t n;
} pmkti_cf_bucket;

/* All zero: no room for anything. */
typedef struct pmkti_cf_table {
    pmkti_cf_bucket *bucket; /* [1 << bits], each in one cache line */
    pmkti_cf_bucket *block;  /* what was allocated: one more */
    int bits;
    int64_t n; /* ids; their places are 0 to n - 1 */
} pmkti_cf_table;

/* Makes room for `more` ids: PMKT_OK, PMKT_E_NOMEM, or PMKT_E_LIMIT for about 2^32. On failure the table is
   as before. */
pmkt_status pmkti_cf_table_reserve(const pmkt_allocator *allocator, pmkti_cf_table *t,
                                   int64_t more);
void pmkti_cf_table_free(const pmkt_allocator *allocator, pmkti_cf_table *t);

static inline int64_t pmkti_cf_table_room(int bits) {
    return (INT64_C(3) * PMKTI_CF_SLOTS << bits) >> 2;
}

static inline bool pmkti_cf_table_fits(const pmkti_cf_table *t, int64_t more) {
    return t->bucket && t->n + more <= pmkti_cf_table_room(t->bits);
}

static inline void pmkti_cf_table_fetch(const pmkti_cf_table *t, uint64_t hash) {
    __builtin_prefetch(&t->bucket[hash >> (64 - t->bits)]);
}

/* The bucket of an id, whose hash is pmkti_mix(id), and its slot there; PMKTI_CF_SLOTS: the table does not
   have it, and there is room for it in that bucket. */
static inline pmkti_cf_bucket *pmkti_cf_table_find(const pmkti_cf_table *t, uint64_t id,
                                                   uint64_t hash, int *slot) {
    const uint64_t mask = (UINT64_C(1) << t->bits) - 1;
    for (uint64_t i = hash >> (64 - t->bits);; i = (i + 1) & mask) {
        pmkti_cf_bucket *b = &t->bucket[i];
        uint32_t found = UINT32_C(1) << PMKTI_CF_SLOTS;
        for (int k = 0; k < PMKTI_CF_SLOTS; k++) found |= (uint32_t)(b->id[k] == id) << k;
        *slot = __builtin_ctz(found);
        if (*slot < PMKTI_CF_SLOTS || b->n < PMKTI_CF_SLOTS) return b;
    }
}

static inline void pmkti_cf_table_put(pmkti_cf_bucket *b, uint64_t id, uint32_t place) {
    b->id[b->n] = id;
    b->place[b->n++] = place;
}

/* The place of an id, a new one if need be; the table must fit one more. */
static inline uint32_t pmkti_cf_table_place(pmkti_cf_table *t, uint64_t id, uint64_t hash) {
    int slot;
    pmkti_cf_bucket *b = pmkti_cf_table_find(t, id, hash, &slot);
    if (slot < PMKTI_CF_SLOTS) return b->place[slot];
    pmkti_cf_table_put(b, id, (uint32_t)t->n);
    return (uint32_t)t->n++;
}

#endif
