/*
 * kinds.h - what the texts and numbers of a kind column mean.
 */
#ifndef PMKTI_ARROW_KINDS_H
#define PMKTI_ARROW_KINDS_H

#include "pmkt/arrow.h"

typedef struct pmkti_kind_slot {
    uint64_t key; /* hash of the text, or the number */
    int32_t kind; /* PMKT_KIND_NONE: an empty slot */
    uint32_t length;
    char *text; /* ours; NULL for a number */
} pmkti_kind_slot;

/* Open addressing; texts and numbers in one table. */
typedef struct pmkti_arrow_kinds {
    pmkti_kind_slot *slots; /* [room], a power of two */
    size_t room;
    int32_t by_table; /* the caller gave labels: numbers mean what these say */
} pmkti_arrow_kinds;

/* Reads the caller's labels, or without any the names of events.h. PMKT_E_INVALID, PMKT_E_NOMEM. */
pmkt_status pmkti_arrow_kinds_init(pmkti_arrow_kinds *kinds, const pmkt_allocator *allocator,
                                   const pmkt_kind_label *labels, int64_t n, pmkt_error *err);
void pmkti_arrow_kinds_clear(pmkti_arrow_kinds *kinds, const pmkt_allocator *allocator);

/* The kind of a text or number; PMKT_KIND_NONE if it means none. */
int32_t pmkti_arrow_kind_of_text(const pmkti_arrow_kinds *kinds, const char *text, size_t length);
int32_t pmkti_arrow_kind_of_number(const pmkti_arrow_kinds *kinds, int64_t number);

#endif
