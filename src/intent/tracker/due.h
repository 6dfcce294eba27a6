/*
 * due.h - who is to be woken when: a binary heap by time. A user has one entry that counts, the one that their
 * record speaks of (`queued`); others are left over from times that are no longer true, and are passed over.
 */
#ifndef PMKTI_TRACKER_DUE_H
#define PMKTI_TRACKER_DUE_H

#include <stdint.h>

#include "pmkt/base.h"

typedef struct pmkti_due {
    int64_t time;
    uint32_t number; /* of the record */
    uint32_t reserved;
} pmkti_due;

typedef struct pmkti_due_heap {
    pmkti_due *at;
    uint32_t n, room;
} pmkti_due_heap;

/* The entries that so many users are given: a quarter more, for those left over. */
static inline uint32_t pmkti_due_room(uint32_t users) {
    return users + users / 4 + 4;
}

/* PMKT_OK, PMKT_E_NOMEM. */
pmkt_status pmkti_due_reserve(pmkti_due_heap *heap, const pmkt_allocator *allocator, uint32_t room);
void pmkti_due_free(pmkti_due_heap *heap, const pmkt_allocator *allocator);

/* Where there is room. */
void pmkti_due_push(pmkti_due_heap *heap, int64_t time, uint32_t number);

/* The earliest; of those of one time any. The heap is not empty. */
pmkti_due pmkti_due_pop(pmkti_due_heap *heap);

/* Keeps the entries for which `counts` says so, in O(n). */
void pmkti_due_sift(pmkti_due_heap *heap, int (*counts)(void *ctx, const pmkti_due *entry),
                    void *ctx);

#endif
