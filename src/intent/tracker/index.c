#include "intent/tracker/index.h"

#include <string.h>

#define LEAST 64

static pmkti_index_table *table_of(const pmkti_index *index) {
    return atomic_load_explicit(&index->table, memory_order_relaxed);
}

static size_t bytes_of(uint64_t entries) {
    return sizeof(pmkti_index_table) + entries * sizeof(uint64_t);
}

static uint64_t get(const pmkti_index_table *t, uint64_t at) {
    return atomic_load_explicit(&t->entry[at & t->mask], memory_order_relaxed);
}

static void set(pmkti_index_table *t, uint64_t at, uint64_t entry) {
    atomic_store_explicit(&t->entry[at & t->mask], entry, memory_order_relaxed);
}

/* Entries for so many numbers: at most 3 of 4 are taken. */
static uint64_t entries_for(uint32_t numbers) {
    uint64_t entries = LEAST;
    while (entries * 3 < (uint64_t)numbers * 4) entries *= 2;
    return entries;
}

size_t pmkti_index_bytes(const pmkti_index *index, uint32_t numbers) {
    const pmkti_index_table *t = table_of(index);
    const uint64_t entries = entries_for(numbers);
    return t && t->mask + 1 >= entries ? 0 : pmkti_arena_cost(bytes_of(entries));
}

static void put(pmkti_index_table *t, uint64_t entry) {
    uint64_t at = entry >> 32;
    while (get(t, at) != 0) at++;
    set(t, at, entry);
}

pmkt_status pmkti_index_reserve(pmkti_index *index, pmkti_arena *arena,
                                const pmkt_allocator *allocator, uint32_t numbers) {
    pmkti_index_table *old = table_of(index);
    if (pmkti_index_bytes(index, numbers) == 0) return PMKT_OK;
    const size_t bytes = bytes_of(entries_for(numbers));
    pmkti_index_table *t = pmkti_arena_take(arena, allocator, bytes);
    if (!t) return PMKT_E_NOMEM;
    memset(t, 0, bytes);
    t->mask = entries_for(numbers) - 1;
    for (uint64_t i = 0; old && i <= old->mask; i++) {
        if (get(old, i) != 0) put(t, get(old, i));
    }
    atomic_store_explicit(&index->table, t, memory_order_release);
    return PMKT_OK;
}

void pmkti_index_put(pmkti_index *index, uint32_t hash, uint32_t number) {
    put(table_of(index), (uint64_t)hash << 32 | (number + 1));
}

/* Whoever stands behind the gap moves into it, if the gap is on the way from where it belongs. */
void pmkti_index_drop(pmkti_index *index, uint32_t hash, uint32_t number) {
    pmkti_index_table *t = table_of(index);
    const uint64_t entry = (uint64_t)hash << 32 | (number + 1);
    uint64_t gap = hash;
    while (get(t, gap) != entry) gap++;
    for (uint64_t at = gap + 1; get(t, at) != 0; at++) {
        const uint64_t way = (at - (get(t, at) >> 32)) & t->mask;
        if (way < ((at - gap) & t->mask)) continue;
        set(t, gap, get(t, at));
        gap = at;
    }
    set(t, gap, 0);
}
