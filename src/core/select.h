/*
 * select.h - exact order statistics by counting: the value at given ranks without sorting.
 */
#ifndef PMKTI_SELECT_H
#define PMKTI_SELECT_H

#include "pmkt/base.h"

/*
 * values[i] = the key at ranks[i] (from 0, below n, ascending) if keys were sorted. Radix
 * selection: a histogram of the highest bits that differ, then the same within the bins that hold a
 * rank, which are few; O(n) per 16 bits, and one pass where the range is below 65,536.
 * PMKT_OK or PMKT_E_NOMEM (up to 8 bytes a key besides 512 KiB).
 */
pmkt_status pmkti_select(const pmkt_allocator *allocator, const uint64_t *keys, size_t n,
                         const size_t *ranks, size_t n_ranks, uint64_t *values);

#endif
