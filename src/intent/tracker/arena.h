/*
 * arena.h - memory that is taken in pieces and given back only as a whole, in regions large enough for huge pages:
 * live state is read all over, and with pages of 4 KiB finding the page takes longer than reading it.
 */
#ifndef PMKTI_TRACKER_ARENA_H
#define PMKTI_TRACKER_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/lock.h"
#include "pmkt/base.h"

typedef struct pmkti_region pmkti_region;

typedef struct pmkti_arena {
    pmkti_lock lock;
    bool
        exact; /* every piece is a region of its own, so that nothing is taken that nobody asked for */
    pmkti_region *last;
    size_t used;  /* of the last region */
    size_t total; /* of all regions */
} pmkti_arena;

/* What a piece takes at most, beside the slack of regions, which `exact` avoids. */
size_t pmkti_arena_cost(size_t bytes);

/* A region that has room for pieces of so many bytes. PMKT_OK, PMKT_E_NOMEM. */
pmkt_status pmkti_arena_reserve(pmkti_arena *arena, const pmkt_allocator *allocator, size_t bytes);

/* A piece, at the beginning of a cache line, whatever is in it; NULL if there is no memory. Any thread. */
void *pmkti_arena_take(pmkti_arena *arena, const pmkt_allocator *allocator, size_t bytes);

/* Bytes of all regions. */
size_t pmkti_arena_total(pmkti_arena *arena);

void pmkti_arena_free(pmkti_arena *arena, const pmkt_allocator *allocator);

#endif
