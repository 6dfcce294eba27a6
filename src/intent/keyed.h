/*
 * keyed.h - sorting by 64-bit keys that hold few different bits, stable.
 */
#ifndef PMKTI_INTENT_KEYED_H
#define PMKTI_INTENT_KEYED_H

#include "pmkt/base.h"

/* A key, and what it is of. */
typedef struct pmkti_keyed {
    uint64_t key;
    int64_t at;
} pmkti_keyed;

/* Ascending by key; equal ones keep their order. `spare` has room for n. O(n). */
void pmkti_keyed_sort(pmkti_keyed *rows, pmkti_keyed *spare, int64_t n);

#endif
