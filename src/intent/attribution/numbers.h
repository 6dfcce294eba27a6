/*
 * numbers.h - small numbers for large keys, in the order of first appearance: 0, 1, 2, ...
 *
 * An open-addressing table that doubles when it is half full.
 */
#ifndef PMKTI_ATTRIBUTION_NUMBERS_H
#define PMKTI_ATTRIBUTION_NUMBERS_H

#include "core/hash.h"
#include "pmkt/base.h"

typedef struct pmkti_attribution_slot {
    uint64_t key; /* 0 = free */
    int64_t number;
} pmkti_attribution_slot;

typedef struct pmkti_attribution_numbers {
    const pmkt_allocator *allocator;
    pmkti_attribution_slot *slots;
    size_t room; /* a power of two */
    int shift;   /* 64 less its logarithm */
    int64_t n;
} pmkti_attribution_numbers;

pmkt_status pmkti_attribution_numbers_begin(pmkti_attribution_numbers *m,
                                            const pmkt_allocator *allocator);
void pmkti_attribution_numbers_end(pmkti_attribution_numbers *m);

/* Gives a key that is not there the next number. PMKT_E_NOMEM. */
pmkt_status pmkti_attribution_numbers_add(pmkti_attribution_numbers *m, uint64_t key,
                                          int64_t *number);

/* The number of a key that is not 0. */
static inline pmkt_status pmkti_attribution_number(pmkti_attribution_numbers *m, uint64_t key,
                                                   int64_t *number) {
    for (size_t i = pmkti_mix(key) >> m->shift;; i = (i + 1) & (m->room - 1)) {
        if (m->slots[i].key == key) {
            *number = m->slots[i].number;
            return PMKT_OK;
        }
        if (m->slots[i].key == 0) return pmkti_attribution_numbers_add(m, key, number);
    }
}

#endif
