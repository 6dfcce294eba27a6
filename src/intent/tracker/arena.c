#include "intent/tracker/arena.h"

#include <stdint.h>

#include "core/alloc.h"

#define LINE 64
#define LEAST ((size_t)64 << 10) /* of a region; each is as large as all before it */
#define MOST ((size_t)8 << 20)

struct pmkti_region {
    pmkti_region *former;
    size_t bytes; /* with this */
};

static size_t lines(size_t bytes) {
    return (bytes + LINE - 1) / LINE * LINE;
}

/* With the region's head and its first cache line, wherever that begins. */
size_t pmkti_arena_cost(size_t bytes) {
    return lines(bytes) + 2 * (size_t)LINE;
}

/* Where the first piece of a region begins. */
static size_t first_of(const pmkti_region *r) {
    return lines((uintptr_t)r + sizeof *r) - (uintptr_t)r;
}

static pmkt_status add(pmkti_arena *arena, const pmkt_allocator *allocator, size_t bytes) {
    pmkti_region *r = pmkti_alloc(allocator, bytes, 1);
    if (!r) return PMKT_E_NOMEM;
    r->former = arena->last;
    r->bytes = bytes;
    arena->last = r;
    arena->used = first_of(r);
    arena->total += bytes;
    return PMKT_OK;
}

pmkt_status pmkti_arena_reserve(pmkti_arena *arena, const pmkt_allocator *allocator, size_t bytes) {
    return add(arena, allocator, pmkti_arena_cost(bytes));
}

static size_t region_for(const pmkti_arena *arena, size_t bytes) {
    const size_t least = pmkti_arena_cost(bytes);
    if (arena->exact) return least;
    const size_t size = arena->total < LEAST ? LEAST : arena->total < MOST ? arena->total : MOST;
    return size > least ? size : least;
}

void *pmkti_arena_take(pmkti_arena *arena, const pmkt_allocator *allocator, size_t bytes) {
    void *piece = NULL;
    bytes = lines(bytes);
    pmkti_lock_take(&arena->lock);
    const bool fits = arena->last && bytes <= arena->last->bytes - arena->used;
    if (fits || !add(arena, allocator, region_for(arena, bytes))) {
        piece = (unsigned char *)arena->last + arena->used;
        arena->used += bytes;
    }
    pmkti_lock_give(&arena->lock);
    return piece;
}

size_t pmkti_arena_total(pmkti_arena *arena) {
    pmkti_lock_take(&arena->lock);
    const size_t total = arena->total;
    pmkti_lock_give(&arena->lock);
    return total;
}

void pmkti_arena_free(pmkti_arena *arena, const pmkt_allocator *allocator) {
    while (arena->last) {
        pmkti_region *former = arena->last->former;
        pmkti_free(allocator, arena->last, arena->last->bytes, 1);
        arena->last = former;
    }
}
