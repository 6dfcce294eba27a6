/*
 * ids_state.h - how a dictionary lies in memory.
 *
 * Ids are hashes, so they spread evenly: their top nine bits choose one of 512 partitions, small
 * enough that the table of one stays in the CPU's cache while a large batch goes through it.
 *
 *   partition
 *   ├── slots   a hash table [id | where its record is]; the id is the hash        16 B a slot
 *   └── blocks  records one after another, never moved: length, bytes              1 B + bytes
 *
 * The home of an id in the table is given by its next bits, so that a table read from start to end
 * is all but sorted by id. A record never moves, for then nothing is left behind in freed memory
 * when its bytes are overwritten, and a name can be borrowed.
 *
 * Beside the partitions there may be a base: the sorted ids of a mapped file, used in place. What
 * is forgotten of it is hidden by a bit; what is learned is in the partitions, which come first.
 *
 * A call that learns marks a partition before it first changes it, so that a failure can undo it.
 */
#ifndef PMKTI_IDS_STATE_H
#define PMKTI_IDS_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "core/container.h"
#include "pmkt/ids.h"

#define PMKTI_IDS_PART_BITS 9
#define PMKTI_IDS_PARTS (1 << PMKTI_IDS_PART_BITS)

/* How many strings are looked up together, so that the memory of all is fetched at once. */
#define PMKTI_IDS_BLOCK 32

/* ------------------------------------------------------------------ records */

#define PMKTI_IDS_LONG 255 /* the length byte of a record whose length follows in 8 bytes */

typedef struct pmkti_string {
    const unsigned char *at;
    size_t length;
} pmkti_string;

static inline size_t pmkti_record_size(size_t length) {
    return length < PMKTI_IDS_LONG ? 1 + length : 9 + length;
}

static inline pmkti_string pmkti_record_string(const unsigned char *record) {
    if (record[0] < PMKTI_IDS_LONG) return (pmkti_string){record + 1, record[0]};
    uint64_t length = 0;
    memcpy(&length, record + 1, sizeof length);
    return (pmkti_string){record + 9, (size_t)length};
}

/* Copies without a call where strings are short, as names are. Ranges do not overlap. */
static inline void pmkti_copy(unsigned char *to, const unsigned char *from, size_t n) {
    if (n > 32) {
        memcpy(to, from, n);
    } else if (n >= 16) {
        unsigned char head[16], tail[16];
        memcpy(head, from, 16);
        memcpy(tail, from + n - 16, 16);
        memcpy(to, head, 16);
        memcpy(to + n - 16, tail, 16);
    } else if (n >= 8) {
        uint64_t head, tail;
        memcpy(&head, from, 8);
        memcpy(&tail, from + n - 8, 8);
        memcpy(to, &head, 8);
        memcpy(to + n - 8, &tail, 8);
    } else if (n >= 4) {
        uint32_t head, tail;
        memcpy(&head, from, 4);
        memcpy(&tail, from + n - 4, 4);
        memcpy(to, &head, 4);
        memcpy(to + n - 4, &tail, 4);
    } else {
        for (size_t i = 0; i < n; i++) to[i] = from[i];
    }
}

/* Whether two ranges are the same, in the same manner. */
static inline bool pmkti_same(const unsigned char *a, const unsigned char *b, size_t n) {
    if (n > 16) return memcmp(a, b, n) == 0;
    if (n >= 8) {
        uint64_t x[2], y[2];
        memcpy(x, a, 8);
        memcpy(x + 1, a + n - 8, 8);
        memcpy(y, b, 8);
        memcpy(y + 1, b + n - 8, 8);
        return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

static inline void pmkti_record_write(unsigned char *record, pmkti_string string) {
    const uint64_t length = string.length;
    if (length < PMKTI_IDS_LONG) {
        record[0] = (unsigned char)length;
        pmkti_copy(record + 1, string.at, string.length);
    } else {
        record[0] = PMKTI_IDS_LONG;
        memcpy(record + 1, &length, sizeof length);
        memcpy(record + 9, string.at, string.length);
    }
}

/* --------------------------------------------------------------- partitions */

typedef struct pmkti_ids_slot {
    uint64_t id; /* PMKT_ID_NONE: empty */
    unsigned char *record;
} pmkti_ids_slot;

typedef struct pmkti_ids_block {
    struct pmkti_ids_block *before;
    size_t used, room;
    unsigned char bytes[];
} pmkti_ids_block;

/* What a partition was when a call began to change it. */
typedef struct pmkti_ids_mark {
    uint64_t call; /* the call; a mark of another one says nothing */
    pmkti_ids_block *last;
    size_t used;
    size_t n, slots;
    int64_t string_bytes;
    bool revived; /* the call has learned a string that was forgotten */
} pmkti_ids_mark;

typedef struct pmkti_ids_part {
    pmkti_ids_slot *slots;
    size_t room; /* slots: a power of two, or 0 */
    size_t n;    /* of them, taken */
    int64_t string_bytes;
    size_t wiped; /* bytes of records that were forgotten, still in the blocks */
    pmkti_ids_block *last;
    pmkti_ids_mark mark;
} pmkti_ids_part;

typedef struct pmkti_ids_tomb {
    uint64_t id;
    int64_t when_ms;
} pmkti_ids_tomb;

/* ----------------------------------------------------------------- the base */

/* The sections of a mapped file. They may be damaged: nothing in them is believed. */
typedef struct pmkti_ids_base {
    pmkti_container *container;
    size_t mapped;       /* bytes of the mapping */
    const uint64_t *id;  /* ascending */
    const uint64_t *end; /* string i ends there in `bytes`, where string i + 1 begins */
    size_t n;
    const unsigned char *bytes;
    size_t size;
    uint64_t *hidden; /* a bit for each string, or NULL; the forgotten */
    size_t n_hidden;
    int64_t hidden_bytes;
} pmkti_ids_base;

struct pmkt_ids {
    pmkt_allocator allocator;
    int32_t one_way;
    int64_t max_bytes;
    int64_t generation;
    uint64_t call;         /* number of the call that changes it now, or did last */
    _Atomic bool changed;  /* that call has marked a partition */
    _Atomic int64_t bytes; /* allocated, this struct included */
    pmkti_ids_base base;
    const pmkti_ids_tomb *tombs; /* ascending by id */
    size_t n_tombs;
    size_t tombs_room; /* 0: not ours, but in the file of the base */
    /* [n_tombs], while a call learns that leaves the forgotten forgotten: 1 for the tombstones that
       it may take away; else NULL */
    const _Atomic uint8_t *open_tombs;
    pmkti_ids_part parts[PMKTI_IDS_PARTS];
};

static inline size_t pmkti_ids_part_of(uint64_t id) {
    return (size_t)(id >> (64 - PMKTI_IDS_PART_BITS));
}

/* The slot where the search for an id begins; `room` > 1. */
static inline size_t pmkti_ids_home(const pmkti_ids_part *part, uint64_t id) {
    const uint64_t rest = id << PMKTI_IDS_PART_BITS >> 32;
    return (size_t)(rest * part->room >> 32);
}

/* The slot of an id, or the empty one where it would be; `room` > 0. */
static inline size_t pmkti_ids_slot_of(const pmkti_ids_part *part, uint64_t id) {
    size_t i = pmkti_ids_home(part, id);
    while (part->slots[i].id != id && part->slots[i].id != PMKT_ID_NONE) {
        i = (i + 1) & (part->room - 1);
    }
    return i;
}

/* The record of an id, or NULL. */
static inline const unsigned char *pmkti_ids_record(const pmkti_ids_part *part, uint64_t id) {
    if (part->room == 0 || id == PMKT_ID_NONE) return NULL;
    const pmkti_ids_slot *slot = &part->slots[pmkti_ids_slot_of(part, id)];
    return slot->id == id ? slot->record : NULL;
}

/* Fetches what a lookup of many ids will read: first the slots of all, then their records. */
void pmkti_ids_prefetch(const pmkt_ids *ids, const uint64_t *id, size_t n);

/* ---------------------------------------------------------------- ids_state.c */

/* A dictionary without a base; its options are checked. */
pmkt_ids *pmkti_ids_new(const pmkt_allocator *allocator, int32_t one_way, int64_t max_bytes);

/* Begins a call that learns. */
void pmkti_ids_begin(pmkt_ids *ids);

/*
 * Learns a string, or finds that it is known; `id` is its id, of this partition. One that stays
 * forgotten is passed over. Only one thread may be at a partition. PMKT_E_COLLISION: another string has the id; PMKT_E_CORRUPT: the base has it,
 * but where its string should be is nothing; PMKT_E_NOMEM, PMKT_E_LIMIT.
 */
pmkt_status pmkti_ids_learn(pmkt_ids *ids, pmkti_ids_part *part, uint64_t id, pmkti_string string);

/* Ends the call: with success, or, with any other status, by undoing it. Returns the status. */
pmkt_status pmkti_ids_end(pmkt_ids *ids, pmkt_status status);

/* Makes room for `n` more strings in a table. */
pmkt_status pmkti_ids_reserve(pmkt_ids *ids, pmkti_ids_part *part, size_t n);

/* Overwrites the string of an id and takes it out; false if the partition has none. */
bool pmkti_ids_wipe(pmkti_ids_part *part, uint64_t id);

/* Gives back the memory of wiped records, if it is worth it and there is memory for it. */
void pmkti_ids_tidy(pmkt_ids *ids, pmkti_ids_part *part);

/* The message for a status that learning ended with. */
pmkt_status pmkti_ids_failed(const pmkt_ids *ids, pmkt_status status, pmkt_error *err);

/* ---------------------------------------------------------------- ids_tombs.c */

/* Whether there is a tombstone for an id. */
bool pmkti_ids_is_forgotten(const pmkt_ids *ids, uint64_t id);

/* Whether there is one that the call that learns now must leave. */
bool pmkti_ids_stays_forgotten(const pmkt_ids *ids, uint64_t id);

/* Other tombstones, ours, in an array of so many, instead of those that are there. */
void pmkti_ids_set_tombs(pmkt_ids *ids, pmkti_ids_tomb *tombs, size_t n, size_t room);

/* ----------------------------------------------------------------- ids_base.c */

/* The row of an id in the base that is not hidden, or SIZE_MAX. */
size_t pmkti_ids_base_find(const pmkti_ids_base *base, uint64_t id);

/* The string of a row; false if the file is damaged there. */
bool pmkti_ids_base_string(const pmkti_ids_base *base, size_t row, pmkti_string *string);

/* The rows of a partition: from *from up to, not including, *to. */
void pmkti_ids_base_rows(const pmkti_ids_base *base, size_t part, size_t *from, size_t *to);

/* Closes the file, if there is one. */
void pmkti_ids_base_close(pmkti_ids_base *base, const pmkt_allocator *allocator);

static inline bool pmkti_ids_base_hidden(const pmkti_ids_base *base, size_t row) {
    return base->hidden && (base->hidden[row / 64] >> row % 64 & 1) != 0;
}

/* ------------------------------------------------------------- what is known */

/* The string of an id wherever it is; `at` NULL if it is not known. False if the base is damaged
   where the string should be. */
bool pmkti_ids_string(const pmkt_ids *ids, uint64_t id, pmkti_string *string);

/* A string that is known. */
typedef struct pmkti_ids_entry {
    uint64_t id;
    pmkti_string string;
} pmkti_ids_entry;

/* The most entries that any partition has. */
size_t pmkti_ids_largest_part(const pmkt_ids *ids);

/* All entries of a partition, ascending, from partition and base, in `entries`, which has room for
   twice that many; *n is how many. PMKT_E_CORRUPT if the base is damaged there. */
pmkt_status pmkti_ids_gather(const pmkt_ids *ids, size_t part, pmkti_ids_entry *entries, size_t *n);

/*
 * Visits all entries of a partition, in a scattered order: a table filled in the order of another
 * one would be crowded at its beginning long before it is full and grows. Ends with the first status
 * that is not PMKT_OK.
 */
typedef pmkt_status (*pmkti_ids_visitor)(void *ctx, uint64_t id, pmkti_string string);
pmkt_status pmkti_ids_visit(const pmkt_ids *ids, size_t part, pmkti_ids_visitor visit, void *ctx);

/* Strings, and their bytes, that are known. */
int64_t pmkti_ids_count(const pmkt_ids *ids, int64_t *string_bytes);

/* --------------------------------------------------------------- ids_forget.c */

/* All that burying needs, so that it cannot fail. */
typedef struct pmkti_ids_burial {
    const pmkti_ids_tomb *coming; /* ascending */
    size_t n_coming;
    pmkti_ids_tomb *tombs; /* those of the dictionary and the coming */
    size_t n, room;
    uint64_t *hidden; /* for a base that has none yet, or NULL */
} pmkti_ids_burial;

pmkt_status pmkti_ids_burial_prepare(const pmkt_ids *ids, const pmkti_ids_tomb *coming, size_t n,
                                     pmkti_ids_burial *burial);

/* Forgets; returns how many were known. */
int64_t pmkti_ids_bury(pmkt_ids *ids, const pmkti_ids_burial *burial);
void pmkti_ids_burial_cancel(const pmkt_ids *ids, const pmkti_ids_burial *burial);

/* ------------------------------------------------------------- ids_collision.c */

/* PMKT_E_COLLISION: two strings have one id; at a row, or row < 0. */
pmkt_status pmkti_ids_collision(pmkti_string known, pmkti_string other, int64_t row,
                                pmkt_error *err);

/* Another row in such a message and in `where`: rows may be counted from elsewhere than in the call
   that saw the collision. Nothing to do for other errors. */
void pmkti_ids_collision_move(pmkt_error *err, int64_t row);

/* --------------------------------------------------------------------- ids.c */

/* Whether n strings can be read there: see pmkt_ids_of_strings. */
pmkt_status pmkti_strings_check(const char *bytes, const int64_t *offsets, int64_t n,
                                pmkt_error *err);

#endif
