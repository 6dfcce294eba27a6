/*
 * find.h - from an id to its number.
 */
#ifndef PMKTI_CF_FIND_H
#define PMKTI_CF_FIND_H

#include <stdint.h>

/* The place of an id in an ascending list, or -1; in a list that does not ascend, some answer. O(log n), and
   O(1) where ids are numbered without gaps, as those of a matrix are. The search has no branches that depend
   on the data. */
static inline int64_t pmkti_cf_find(const uint64_t *ids, int64_t n, uint64_t id) {
    const uint64_t guess = n > 0 ? id - ids[0] : 0;
    if (n > 0 && guess < (uint64_t)n && ids[guess] == id) return (int64_t)guess;
    int64_t from = 0, left = n;
    while (left > 1) {
        const int64_t half = left / 2;
        from += ids[from + half - 1] < id ? half : 0;
        left -= half;
    }
    return left == 1 && ids[from] == id ? from : -1;
}

#endif
