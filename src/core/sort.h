/*
 * sort.h - sorting without memory and without a worst case, where speed is not the point: the C
 * library's qsort may allocate behind our back.
 */
#ifndef PMKTI_SORT_H
#define PMKTI_SORT_H

#include <stdbool.h>
#include <stddef.h>

#define PMKTI_SORT_SIZE 64 /* the largest element */

/* Heap sort, O(n log n), in place, not stable: give a total order. `size` <= PMKTI_SORT_SIZE. */
void pmkti_sort(void *base, size_t n, size_t size, bool (*before)(const void *a, const void *b));

#endif
