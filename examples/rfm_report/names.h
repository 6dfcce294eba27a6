/*
 * names.h - the way back from the library's 64-bit ids to the texts of the file.
 *
 * The library knows a customer by the hash of their id. Two texts with one hash would be one
 * customer to it, so every text is kept and compared: a collision is found, not guessed away.
 */
#ifndef RFM_REPORT_NAMES_H
#define RFM_REPORT_NAMES_H

#include <stddef.h>
#include <stdint.h>

/*
 * The entries stand one behind the other in the order in which they were first seen, each with its
 * text right behind it (so that a look-up touches memory twice: slot and entry), padded to 8 bytes:
 *
 *     id | length | t e x t . . . | id | length | t e x t ...
 */
typedef struct name_entry {
    uint64_t id;
    size_t length;
    char text[]; /* not NUL-terminated */
} name_entry;

typedef struct name_table {
    char *bytes;
    size_t used, capacity;
    size_t *slot;        /* the place of an entry + 1, 0 = free; open addressing by the id */
    size_t slots, count; /* slots: a power of two, or 0 */
} name_table;

typedef enum names_result {
    NAMES_OK,
    NAMES_COLLISION,
    NAMES_FULL
} names_result;

/*
 * Remembers the text of an id. NAMES_COLLISION: the id belongs to another text, in *other;
 * NAMES_FULL: no memory.
 */
names_result names_add(name_table *table, uint64_t id, const char *text, size_t length,
                       const name_entry **other);

/* The entry behind *at, which begins at 0 and moves on; NULL at the end. */
const name_entry *names_next(const name_table *table, size_t *at);

void names_free(name_table *table);

#endif
