#include "intent/tracker/pool.h"

#include <string.h>

#define LINK 8 /* where an item that was given back says which is next */

void pmkti_pool_begin(pmkti_pool *pool, size_t size, uint32_t base) {
    memset(pool, 0, sizeof *pool);
    pool->size = size;
    pool->top = base - 1;
    pool->spare = PMKTI_POOL_NONE;
}

/* Items of a whole chunk. */
static uint64_t whole(const pmkti_pool *pool, int32_t chunk) {
    return ((uint64_t)pool->top + 1) << chunk;
}

uint32_t pmkti_pool_next(const pmkti_pool *pool) {
    if (pool->chunks == PMKTI_POOL_CHUNKS) return 0;
    const uint64_t all =
        whole(pool, pool->chunks) - whole(pool, 0); /* of the chunks so far, if whole */
    const uint64_t next = whole(pool, pool->chunks);
    if (pool->room < all || all + next >= PMKTI_POOL_NONE) return 0;
    return (uint32_t)next;
}

size_t pmkti_pool_bytes(const pmkti_pool *pool, uint32_t items) {
    return pmkti_arena_cost(items * pool->size);
}

pmkt_status pmkti_pool_grow(pmkti_pool *pool, pmkti_arena *arena, const pmkt_allocator *allocator,
                            uint32_t items) {
    unsigned char *at = pmkti_arena_take(arena, allocator, items * pool->size);
    if (!at) return PMKT_E_NOMEM;
    atomic_store_explicit(&pool->at[pool->chunks], at, memory_order_release);
    pool->chunks++;
    pool->room += items;
    return PMKT_OK;
}

uint32_t pmkti_pool_take(pmkti_pool *pool) {
    uint32_t item = pool->spare;
    if (item != PMKTI_POOL_NONE) {
        unsigned char *at = pmkti_pool_at(pool, item);
        memcpy(&pool->spare, at + LINK, sizeof pool->spare);
    } else if (pool->n < pool->room) {
        item = pool->n++;
    } else {
        return PMKTI_POOL_NONE;
    }
    pool->used++;
    return item;
}

void pmkti_pool_give(pmkti_pool *pool, uint32_t item) {
    unsigned char *at = pmkti_pool_at(pool, item);
    memset(at, 0, LINK);
    memcpy(at + LINK, &pool->spare, sizeof pool->spare);
    pool->spare = item;
    pool->used--;
}
