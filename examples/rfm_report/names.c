#include "names.h"

#include <stdlib.h>
#include <string.h>

void names_free(name_table *table) {
    free(table->bytes);
    free(table->slot);
    memset(table, 0, sizeof *table);
}

static size_t entry_size(size_t length) {
    return (sizeof(name_entry) + length + 7) & ~(size_t)7;
}

static name_entry *entry_at(const name_table *table, size_t place) {
    return (name_entry *)(void *)(table->bytes + place);
}

const name_entry *names_next(const name_table *table, size_t *at) {
    if (*at >= table->used) return NULL;
    const name_entry *entry = entry_at(table, *at);
    *at += entry_size(entry->length);
    return entry;
}

/* The slot of an id, or the free one where it belongs. The ids are hashes already. */
static size_t find_slot(const name_table *table, uint64_t id) {
    size_t mask = table->slots - 1;
    size_t at = (size_t)id & mask;
    while (table->slot[at] != 0 && entry_at(table, table->slot[at] - 1)->id != id) {
        at = (at + 1) & mask;
    }
    return at;
}

/* Keeps at least half of the slots free. */
static int grow_slots(name_table *table) {
    if (table->slots != 0 && table->count + 1 <= table->slots / 2) return 1;
    size_t slots = table->slots == 0 ? 1024 : table->slots * 2;
    size_t *slot = calloc(slots, sizeof *slot);
    if (slot == NULL) return 0;
    free(table->slot);
    table->slot = slot;
    table->slots = slots;
    for (size_t next = 0, place = 0; place < table->used; place = next) {
        const name_entry *entry = names_next(table, &next);
        slot[find_slot(table, entry->id)] = place + 1;
    }
    return 1;
}

static int grow_bytes(name_table *table, size_t size) {
    if (size <= table->capacity - table->used) return 1;
    size_t capacity = table->capacity == 0 ? 16384 : table->capacity * 2;
    while (capacity - table->used < size) capacity *= 2;
    char *bytes = realloc(table->bytes, capacity);
    if (bytes == NULL) return 0;
    table->bytes = bytes;
    table->capacity = capacity;
    return 1;
}

names_result names_add(name_table *table, uint64_t id, const char *text, size_t length,
                       const name_entry **other) {
    if (table->slots != 0) {
        size_t place = table->slot[find_slot(table, id)];
        if (place != 0) {
            *other = entry_at(table, place - 1);
            int same = (*other)->length == length && memcmp((*other)->text, text, length) == 0;
            return same ? NAMES_OK : NAMES_COLLISION;
        }
    }
    size_t size = entry_size(length);
    if (!grow_slots(table) || !grow_bytes(table, size)) return NAMES_FULL;
    name_entry *entry = entry_at(table, table->used);
    entry->id = id;
    entry->length = length;
    memcpy(entry->text, text, length);
    table->slot[find_slot(table, id)] = table->used + 1;
    table->used += size;
    table->count++;
    return NAMES_OK;
}
