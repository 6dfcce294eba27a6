/*
 * sort_ids.h - sorting 64-bit numbers in place, fast, without memory.
 */
#ifndef PMKTI_SORT_IDS_H
#define PMKTI_SORT_IDS_H

#include <stddef.h>
#include <stdint.h>

/* Ascending. O(n), at most eight passes. */
void pmkti_sort_ids(uint64_t *ids, size_t n);

#endif
