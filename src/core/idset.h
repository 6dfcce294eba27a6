/*
 * idset.h - how a set of ids lies in memory, and the inline test for filters inside the library.
 *
 * An open-addressing table of the ids themselves, with the home of an id chosen by a hash, so that
 * small numbers in a row spread as well. Two values are no ids: 0, a slot never used, and
 * PMKTI_IDSET_GONE, a slot whose id was taken out and that later ones may use. The id that looks like
 * the latter has a flag of its own.
 *
 * Readers write nothing: not to slots, not to a count of readers. How that is safe while one thread
 * updates:
 *
 *  - Within a table an id never moves, and a slot that was used never becomes unused. So a probe for
 *    an id that is in the set finds it, whatever changes around it; each change is one store.
 *  - A table that is full (or full of gone ids) is replaced: a new one is filled, `table` points to
 *    it, then `version` rises, and only then may the old one be used for anything else. Its memory
 *    is not given back but kept as the next replacement, or, if too small, until the set is freed.
 *    So a late reader of an old table may read what is not meant for it, but never freed memory.
 *  - A reader takes `version` before `table` and looks again after its probe. If it is the same, the
 *    table was not yet used for anything else. Proof: slots are stored with release and loaded with
 *    acquire. A probe that has seen a store of the table's next life has therefore also got all that
 *    was stored before it, the risen version too, and cannot find the version that it began with.
 *    Otherwise it probes again, in the new table.
 *
 * On x86-64 all of these are plain loads and stores. The price is memory: at most what the tables of
 * all sizes below the present one took, twice, together no more than three times the present one.
 */
#ifndef PMKTI_IDSET_H
#define PMKTI_IDSET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/hash.h"
#include "pmkt/idset.h"

#define PMKTI_IDSET_GONE UINT64_MAX

typedef struct pmkti_idset_table {
    struct pmkti_idset_table *kept; /* an older one */
    size_t room;                    /* a power of two */
    int shift;                      /* 64 less its logarithm */
    size_t used;                    /* slots that are not 0; the updater's */
    _Atomic uint64_t slots[];
} pmkti_idset_table;

struct pmkt_idset {
    pmkt_allocator allocator;
    _Atomic(pmkti_idset_table *) table;
    _Atomic uint64_t version;
    _Atomic bool has_last; /* whether the id that is PMKTI_IDSET_GONE is in the set */
    _Atomic int64_t n;
    _Atomic int64_t bytes;
    pmkti_idset_table *kept; /* tables that readers may still be in; the updater's */
};

static inline size_t pmkti_idset_home(const pmkti_idset_table *table, uint64_t id) {
    return (size_t)(pmkti_mix(id) >> table->shift);
}

/* One probe; the answer holds if the table is still valid afterwards. A table in its next life is
   never quite full, but it may be while one looks: `left` ends the search. */
static inline bool pmkti_idset_probe(const pmkti_idset_table *table, uint64_t id) {
    size_t i = pmkti_idset_home(table, id);
    for (size_t left = table->room; left > 0; left--) {
        const uint64_t found = atomic_load_explicit(&table->slots[i], memory_order_acquire);
        if (found == id) return true;
        if (found == PMKT_ID_NONE) return false;
        i = (i + 1) & (table->room - 1);
    }
    return false;
}

/* pmkt_idset_contains for a set that is there. */
static inline bool pmkti_idset_has(const pmkt_idset *set, uint64_t id) {
    if (id == PMKT_ID_NONE) return false;
    if (id == PMKTI_IDSET_GONE) return atomic_load_explicit(&set->has_last, memory_order_acquire);
    uint64_t version = atomic_load_explicit(&set->version, memory_order_acquire);
    for (;;) {
        const pmkti_idset_table *table = atomic_load_explicit(&set->table, memory_order_acquire);
        const bool found = pmkti_idset_probe(table, id);
        const uint64_t now = atomic_load_explicit(&set->version, memory_order_acquire);
        if (now == version) return found;
        version = now;
    }
}

/* Fetches the memory that a test of an id will read. */
static inline void pmkti_idset_prefetch(const pmkt_idset *set, uint64_t id) {
    const pmkti_idset_table *table = atomic_load_explicit(&set->table, memory_order_acquire);
    __builtin_prefetch((const void *)&table->slots[pmkti_idset_home(table, id)]);
}

/* A set with room for n ids, to be filled with pmkti_idset_put; NULL if there is no memory. */
pmkt_idset *pmkti_idset_new(const pmkt_allocator *allocator, size_t n);

/* Puts an id in, for which there is room. */
void pmkti_idset_put(pmkt_idset *set, uint64_t id);

#endif
