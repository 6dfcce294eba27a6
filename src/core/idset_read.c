/*
 * idset_read.c - what any number of threads may ask a set, also during an update.
 */
#include "core/error.h"
#include "core/idset.h"
#include "core/sort_ids.h"

#define BLOCK 32 /* ids whose memory is fetched together */

int32_t pmkt_idset_contains(const pmkt_idset *set, uint64_t id) {
    return set && pmkti_idset_has(set, id);
}

pmkt_status pmkt_idset_contains_many(const pmkt_idset *set, const uint64_t *ids, int64_t n,
                                     uint8_t *in, pmkt_error *err) {
    if (!set) return pmkti_null(err, "set");
    const pmkt_status status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (n > 0 && !ids) return pmkti_null(err, "ids");
    if (n > 0 && !in) return pmkti_null(err, "in");
    for (int64_t i = 0; i < n; i += BLOCK) {
        const int64_t end = n - i < BLOCK ? n : i + BLOCK;
        for (int64_t j = i; j < end; j++) pmkti_idset_prefetch(set, ids[j]);
        for (int64_t j = i; j < end; j++) in[j] = pmkti_idset_has(set, ids[j]);
    }
    return PMKT_OK;
}

int64_t pmkt_idset_count(const pmkt_idset *set) {
    return set ? atomic_load_explicit(&set->n, memory_order_relaxed) : 0;
}

int64_t pmkt_idset_bytes(const pmkt_idset *set) {
    return set ? atomic_load_explicit(&set->bytes, memory_order_relaxed) : 0;
}

/* Writes the ids of a table as far as there is room; returns how many there are. */
static size_t collect(const pmkti_idset_table *table, uint64_t *ids, size_t room) {
    size_t n = 0;
    for (size_t i = 0; i < table->room; i++) {
        const uint64_t id = atomic_load_explicit(&table->slots[i], memory_order_acquire);
        if (id == PMKT_ID_NONE || id == PMKTI_IDSET_GONE) continue;
        if (n < room) ids[n] = id;
        n++;
    }
    return n;
}

/* All ids, in no order, of one table as it was while it was read. */
static size_t collect_all(const pmkt_idset *set, uint64_t *ids, size_t room) {
    size_t n = 0;
    uint64_t version = atomic_load_explicit(&set->version, memory_order_acquire), before;
    do {
        before = version;
        n = collect(atomic_load_explicit(&set->table, memory_order_acquire), ids, room);
        version = atomic_load_explicit(&set->version, memory_order_acquire);
    } while (version != before);
    if (atomic_load_explicit(&set->has_last, memory_order_acquire)) {
        if (n < room) ids[n] = PMKTI_IDSET_GONE;
        n++;
    }
    return n;
}

/* An id that an update took out and put in again may have been seen in both of its slots. */
static size_t drop_repeats(uint64_t *ids, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || ids[i] != ids[i - 1]) ids[kept++] = ids[i];
    }
    return kept;
}

pmkt_status pmkt_idset_list(const pmkt_idset *set, uint64_t *ids, int64_t room, int64_t *n,
                            pmkt_error *err) {
    if (!set) return pmkti_null(err, "set");
    if (!n) return pmkti_null(err, "n");
    if (room < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "room is %lld, below zero", (long long)room);
    }
    if (room > 0 && !ids) return pmkti_null(err, "ids");
    if (room == 0) {
        *n = pmkt_idset_count(set);
        return PMKT_OK;
    }
    const size_t there = collect_all(set, ids, (size_t)room);
    if (there > (size_t)room) {
        *n = (int64_t)there;
        return pmkti_fail(err, PMKT_E_LIMIT, "the set has %lld ids, but room is %lld",
                          (long long)there, (long long)room);
    }
    pmkti_sort_ids(ids, there);
    *n = (int64_t)drop_repeats(ids, there);
    return PMKT_OK;
}
