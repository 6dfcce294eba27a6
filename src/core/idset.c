#include "core/idset.h"

#include "core/alloc.h"
#include "core/error.h"

#define LEAST_ROOM 16
#define FEW 16 /* ids that are found by looking at all of them */

/* -------------------------------------------------------------------- tables */

/* Slots for n ids: at most five eighths are used, so that a probe is short. */
static size_t room_for(size_t n) {
    size_t room = LEAST_ROOM;
    while (room / 8 * 5 < n && room < SIZE_MAX / 4) room *= 2;
    return room;
}

static size_t table_size(size_t room) {
    return sizeof(pmkti_idset_table) + room * sizeof(uint64_t);
}

static pmkti_idset_table *new_table(const pmkt_allocator *allocator, size_t room) {
    if (room > PTRDIFF_MAX / 16) return NULL;
    pmkti_idset_table *table = pmkti_alloc_zero(allocator, 1, table_size(room));
    if (!table) return NULL;
    table->room = room;
    table->shift = 64;
    for (size_t left = room; left > 1; left /= 2) table->shift--;
    return table;
}

static void free_tables(const pmkt_allocator *allocator, pmkti_idset_table *table) {
    for (pmkti_idset_table *kept; table; table = kept) {
        kept = table->kept;
        pmkti_free(allocator, table, 1, table_size(table->room));
    }
}

/* The updater's own view: nobody else changes what it reads. */
static pmkti_idset_table *own_table(const pmkt_idset *set) {
    return atomic_load_explicit(&set->table, memory_order_relaxed);
}

static uint64_t own_slot(const pmkti_idset_table *table, size_t i) {
    return atomic_load_explicit(&table->slots[i], memory_order_relaxed);
}

static void store(pmkti_idset_table *table, size_t i, uint64_t id) {
    atomic_store_explicit(&table->slots[i], id, memory_order_release);
}

/* Puts an id into a table; false if it is there. */
static bool put(pmkti_idset_table *table, uint64_t id) {
    size_t i = pmkti_idset_home(table, id), free_slot = SIZE_MAX;
    for (uint64_t found; (found = own_slot(table, i)) != PMKT_ID_NONE;
         i = (i + 1) & (table->room - 1)) {
        if (found == id) return false;
        if (found == PMKTI_IDSET_GONE && free_slot == SIZE_MAX) free_slot = i;
    }
    table->used += free_slot == SIZE_MAX;
    store(table, free_slot == SIZE_MAX ? i : free_slot, id);
    return true;
}

static bool take(pmkti_idset_table *table, uint64_t id) {
    size_t i = pmkti_idset_home(table, id);
    for (uint64_t found; (found = own_slot(table, i)) != PMKT_ID_NONE;
         i = (i + 1) & (table->room - 1)) {
        if (found != id) continue;
        store(table, i, PMKTI_IDSET_GONE);
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------------- sets */

pmkt_idset *pmkti_idset_new(const pmkt_allocator *allocator, size_t n) {
    pmkt_idset *set = pmkti_alloc_zero(allocator, 1, sizeof *set);
    pmkti_idset_table *table = set ? new_table(allocator, room_for(n)) : NULL;
    if (!table) {
        pmkti_free(allocator, set, 1, sizeof *set);
        return NULL;
    }
    set->allocator = *allocator;
    atomic_init(&set->table, table);
    atomic_init(&set->version, 0);
    atomic_init(&set->has_last, false);
    atomic_init(&set->n, 0);
    atomic_init(&set->bytes, (int64_t)(sizeof *set + table_size(table->room)));
    return set;
}

static void count(pmkt_idset *set, int64_t more) {
    const int64_t n = atomic_load_explicit(&set->n, memory_order_relaxed);
    atomic_store_explicit(&set->n, n + more, memory_order_relaxed);
}

void pmkti_idset_put(pmkt_idset *set, uint64_t id) {
    bool is_new;
    if (id == PMKT_ID_NONE) return;
    if (id == PMKTI_IDSET_GONE) {
        is_new = !atomic_load_explicit(&set->has_last, memory_order_relaxed);
        atomic_store_explicit(&set->has_last, true, memory_order_release);
    } else {
        is_new = put(own_table(set), id);
    }
    if (is_new) count(set, 1);
}

static void set_take(pmkt_idset *set, uint64_t id) {
    bool was_there;
    if (id == PMKT_ID_NONE) return;
    if (id == PMKTI_IDSET_GONE) {
        was_there = atomic_load_explicit(&set->has_last, memory_order_relaxed);
        atomic_store_explicit(&set->has_last, false, memory_order_release);
    } else {
        was_there = take(own_table(set), id);
    }
    if (was_there) count(set, -1);
}

static pmkt_status check_list(const uint64_t *ids, int64_t n, const char *name, const char *count,
                              pmkt_error *err) {
    const pmkt_status status = pmkti_count_check(n, count, err);
    if (status) return status;
    return n > 0 && !ids ? pmkti_null(err, name) : PMKT_OK;
}

pmkt_status pmkt_idset_new(const uint64_t *ids, int64_t n, const pmkt_allocator *allocator,
                           pmkt_idset **set, pmkt_error *err) {
    if (!set) return pmkti_null(err, "set");
    pmkt_allocator mine;
    pmkt_status status = check_list(ids, n, "ids", "n", err);
    if (!status) status = pmkti_allocator_check(allocator, &mine, err);
    if (status) return status;
    pmkt_idset *made = pmkti_idset_new(&mine, (size_t)n);
    if (!made) return pmkti_no_memory(err, table_size(room_for((size_t)n)));
    for (int64_t i = 0; i < n; i++) pmkti_idset_put(made, ids[i]);
    *set = made;
    return PMKT_OK;
}

void pmkt_idset_free(pmkt_idset *set) {
    if (!set) return;
    const pmkt_allocator allocator = set->allocator;
    free_tables(&allocator, own_table(set));
    free_tables(&allocator, set->kept);
    pmkti_free(&allocator, set, 1, sizeof *set);
}

/* -------------------------------------------------------------------- update */

/* An emptied table of the kept ones with so much room, or a new one. */
static pmkti_idset_table *spare(pmkt_idset *set, size_t room) {
    for (pmkti_idset_table **at = &set->kept; *at; at = &(*at)->kept) {
        pmkti_idset_table *table = *at;
        if (table->room != room) continue;
        *at = table->kept;
        for (size_t i = 0; i < room; i++) store(table, i, PMKT_ID_NONE);
        table->used = 0;
        table->kept = NULL;
        return table;
    }
    pmkti_idset_table *table = new_table(&set->allocator, room);
    if (table) {
        atomic_fetch_add_explicit(&set->bytes, (int64_t)table_size(room), memory_order_relaxed);
    }
    return table;
}

/* Sees to it that n more ids have room; the ids of the set stay as they are. */
static pmkt_status reserve(pmkt_idset *set, size_t n) {
    pmkti_idset_table *old = own_table(set);
    if (n <= old->room / 8 * 5 - old->used) return PMKT_OK;
    const size_t live = (size_t)atomic_load_explicit(&set->n, memory_order_relaxed);
    size_t room = room_for(live + live / 4 + n); /* not full of gone ids again at once */
    if (room < old->room) room = old->room;
    pmkti_idset_table *table = spare(set, room);
    if (!table) return PMKT_E_NOMEM;
    for (size_t i = 0; i < old->room; i++) {
        const uint64_t id = own_slot(old, i);
        if (id != PMKT_ID_NONE && id != PMKTI_IDSET_GONE) (void)put(table, id);
    }
    const uint64_t version = atomic_load_explicit(&set->version, memory_order_relaxed);
    atomic_store_explicit(&set->table, table, memory_order_release);
    atomic_store_explicit(&set->version, version + 1, memory_order_release);
    old->kept = set->kept;
    set->kept = old;
    return PMKT_OK;
}

/* How many of the ids, at most, are not in the set. */
static size_t count_new(const pmkt_idset *set, const uint64_t *ids, int64_t n) {
    size_t absent = 0;
    for (int64_t i = 0; i < n; i++) absent += !pmkti_idset_has(set, ids[i]);
    return absent;
}

static bool listed(const uint64_t *ids, int64_t n, uint64_t id) {
    for (int64_t i = 0; i < n; i++) {
        if (ids[i] == id) return true;
    }
    return false;
}

/* Takes out what is not put in again at once, which readers would see as gone for a moment. The ids
   to add are in `coming`, or, where that is NULL, few. */
static void take_all(pmkt_idset *set, const uint64_t *remove, int64_t n_remove, const uint64_t *add,
                     int64_t n_add, const pmkt_idset *coming) {
    for (int64_t i = 0; i < n_remove; i++) {
        const uint64_t id = remove[i];
        if (coming ? !pmkti_idset_has(coming, id) : !listed(add, n_add, id)) set_take(set, id);
    }
}

pmkt_status pmkt_idset_update(pmkt_idset *set, const uint64_t *remove, int64_t n_remove,
                              const uint64_t *add, int64_t n_add, pmkt_error *err) {
    if (!set) return pmkti_null(err, "set");
    pmkt_status status = check_list(remove, n_remove, "remove", "n_remove", err);
    if (!status) status = check_list(add, n_add, "add", "n_add", err);
    if (status) return status;
    pmkt_idset *coming = NULL;
    if (n_remove > 0 && n_add > FEW) {
        coming = pmkti_idset_new(&set->allocator, (size_t)n_add);
        if (!coming) return pmkti_no_memory(err, table_size(room_for((size_t)n_add)));
        for (int64_t i = 0; i < n_add; i++) pmkti_idset_put(coming, add[i]);
    }
    status = reserve(set, count_new(set, add, n_add));
    if (!status) {
        take_all(set, remove, n_remove, add, n_add, coming);
        for (int64_t i = 0; i < n_add; i++) pmkti_idset_put(set, add[i]);
    }
    pmkt_idset_free(coming);
    return status ? pmkti_no_memory(err, table_size(own_table(set)->room)) : PMKT_OK;
}
