/*
 * pool.h - items of one size that stay where they are: taken and given back by number, in chunks that double,
 * so that memory for the first ones does not move when there are many. Chunks are of an arena and end with it.
 */
#ifndef PMKTI_TRACKER_POOL_H
#define PMKTI_TRACKER_POOL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "intent/tracker/arena.h"

#define PMKTI_POOL_NONE UINT32_MAX
#define PMKTI_POOL_CHUNKS 26

typedef struct pmkti_pool {
    size_t size;   /* of an item, 16 at least */
    uint32_t top;  /* the last item of the first chunk */
    uint32_t room; /* items for which there is memory */
    uint32_t n;    /* of them, that were ever taken */
    uint32_t used; /* of them, that are taken */
    uint32_t
        spare; /* the first of those given back: each knows the next, and begins with 8 zeros */
    int32_t chunks;
    _Atomic(unsigned char *) at[PMKTI_POOL_CHUNKS]; /* read also by who only wants to prefetch */
} pmkti_pool;

void pmkti_pool_begin(pmkti_pool *pool, size_t size, uint32_t base);

/* How many items the next chunk has, if memory suffices; 0: there can be no more. */
uint32_t pmkti_pool_next(const pmkti_pool *pool);

/* What a chunk of so many takes. */
size_t pmkti_pool_bytes(const pmkti_pool *pool, uint32_t items);

/* One more chunk, of `items`, at most as many as pmkti_pool_next says; with fewer it is the last one. PMKT_OK,
   PMKT_E_NOMEM. */
pmkt_status pmkti_pool_grow(pmkti_pool *pool, pmkti_arena *arena, const pmkt_allocator *allocator,
                            uint32_t items);

/* An item, whatever was in it, or NONE where there is no memory left. */
uint32_t pmkti_pool_take(pmkti_pool *pool);
void pmkti_pool_give(pmkti_pool *pool, uint32_t item);

/* Item i, i < n. */
static inline unsigned char *pmkti_pool_at(const pmkti_pool *pool, uint32_t i) {
    if (i <= pool->top) { /* so mostly, where there was an estimate */
        return atomic_load_explicit(&pool->at[0], memory_order_relaxed) + i * pool->size;
    }
    const uint64_t base = (uint64_t)pool->top + 1, lot = i / base + 1;
    const int chunk = 63 - __builtin_clzll(lot);
    const uint64_t first = ((UINT64_C(1) << chunk) - 1) * base;
    return atomic_load_explicit(&pool->at[chunk], memory_order_relaxed) + (i - first) * pool->size;
}

#endif
