#include "intent/tracker/pool.h"

#include <string.h>

#include "core/alloc.h"

#define LINE 64
#define LINK 8 /* where an item that was given back says which is next */

void pmkti_pool_begin(pmkti_pool *pool, size_t size, uint32_t base) {
    memset(pool, 0, sizeof *pool);
    pool->size = size;
    pool->base = base;
    pool->spare = PMKTI_POOL_NONE;
}

void pmkti_pool_free(pmkti_pool *pool, const pmkt_allocator *allocator) {
    for (int32_t i = 0; i < pool->chunks; i++) {
        pmkti_free(allocator, pool->chunk[i].block, pool->chunk[i].bytes, 1);
    }
    pool->chunks = 0;
}

/* Items of a whole chunk. */
static uint64_t whole(const pmkti_pool *pool, int32_t chunk) {
    return (uint64_t)pool->base << chunk;
}

uint32_t pmkti_pool_next(const pmkti_pool *pool) {
    if (pool->chunks == PMKTI_POOL_CHUNKS) return 0;
    const uint64_t all =
        whole(pool, pool->chunks) - pool->base; /* of the chunks so far, if whole */
    const uint64_t next = whole(pool, pool->chunks);
    if (pool->room < all || all + next >= PMKTI_POOL_NONE) return 0;
    return (uint32_t)next;
}

size_t pmkti_pool_bytes(const pmkti_pool *pool, uint32_t items) {
    return items * pool->size + LINE;
}

pmkt_status pmkti_pool_grow(pmkti_pool *pool, const pmkt_allocator *allocator, uint32_t items) {
    const size_t bytes = pmkti_pool_bytes(pool, items);
    unsigned char *block = pmkti_alloc_zero(allocator, bytes, 1);
    if (!block) return PMKT_E_NOMEM;
    unsigned char *at = block + (LINE - (uintptr_t)block % LINE) % LINE;
    pool->chunk[pool->chunks] = (pmkti_chunk){block, bytes};
    atomic_store_explicit(&pool->at[pool->chunks], at, memory_order_release);
    pool->chunks++;
    pool->room += items;
    return PMKT_OK;
}

void pmkti_pool_adopt(pmkti_pool *pool, unsigned char *at, uint32_t items) {
    atomic_store_explicit(&pool->at[0], at, memory_order_release);
    pool->chunks = 1;
    pool->room = items;
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
