/*
 * index.h - from the hash of a user to the number of a record. Open addressing with linear probing; an entry is
 * 32 bits of the hash and 32 of the number, so that a wrong record is hardly ever looked at.
 *
 * One thread at a time, but for pmkti_index_hint, which any may call at any time to know what to prefetch: so
 * a table that became too small stays in the arena. All of those are smaller than the present one together.
 */
#ifndef PMKTI_TRACKER_INDEX_H
#define PMKTI_TRACKER_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/hash.h"
#include "intent/tracker/arena.h"

typedef struct pmkti_index_table {
    uint64_t mask;            /* entries - 1 */
    _Atomic uint64_t entry[]; /* hash << 32 | number + 1; 0 is free */
} pmkti_index_table;

typedef struct pmkti_index {
    uint64_t seed; /* so that nobody who may choose ids knows which of them meet */
    _Atomic(pmkti_index_table *) table; /* NULL: no entries */
} pmkti_index;

/* The hash of an id here. */
static inline uint32_t pmkti_index_hash(const pmkti_index *index, uint64_t id) {
    return (uint32_t)pmkti_mix(id ^ index->seed);
}

/* Bytes of the new table that room for so many numbers takes; 0: there is room. */
size_t pmkti_index_bytes(const pmkti_index *index, uint32_t numbers);

/* Makes room for so many numbers. PMKT_OK, PMKT_E_NOMEM. */
pmkt_status pmkti_index_reserve(pmkti_index *index, pmkti_arena *arena,
                                const pmkt_allocator *allocator, uint32_t numbers);

/* Puts what is not there, for which there is room. */
void pmkti_index_put(pmkti_index *index, uint32_t hash, uint32_t number);

/* Takes out what is there. */
void pmkti_index_drop(pmkti_index *index, uint32_t hash, uint32_t number);

/* The entries of one hash, one after the other: begin with *at = hash; false when there are no more. */
static inline bool pmkti_index_next(const pmkti_index *index, uint32_t hash, uint64_t *at,
                                    uint32_t *number) {
    const pmkti_index_table *t = atomic_load_explicit(&index->table, memory_order_relaxed);
    for (; t; ++*at) {
        const uint64_t e = atomic_load_explicit(&t->entry[*at & t->mask], memory_order_relaxed);
        if (e == 0) return false;
        if (e >> 32 != hash) continue;
        *number = (uint32_t)e - 1;
        ++*at;
        return true;
    }
    return false;
}

/* Asks for the cache line where a hash begins. */
static inline void pmkti_index_prefetch(const pmkti_index *index, uint32_t hash) {
    const pmkti_index_table *t = atomic_load_explicit(&index->table, memory_order_acquire);
    if (t) __builtin_prefetch((const void *)&t->entry[hash & t->mask]);
}

/* Likely the number of a hash, UINT32_MAX if there is none: a guess, for it may be changing now. */
static inline uint32_t pmkti_index_hint(const pmkti_index *index, uint32_t hash) {
    const pmkti_index_table *t = atomic_load_explicit(&index->table, memory_order_acquire);
    if (!t) return UINT32_MAX;
    for (uint64_t at = hash, end = at + 8; at < end; at++) {
        const uint64_t e = atomic_load_explicit(&t->entry[at & t->mask], memory_order_relaxed);
        if (e >> 32 == hash || e == 0) return (uint32_t)e - 1;
    }
    return UINT32_MAX;
}

#endif
