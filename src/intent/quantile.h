/*
 * quantile.h - exact quartiles of times.
 */
#ifndef PMKTI_INTENT_QUANTILE_H
#define PMKTI_INTENT_QUANTILE_H

#include "pmkt/base.h"

/* The quartiles of n numbers, linear between two neighbors (Hyndman & Fan 1996, type 7); NaN of none.
   PMKT_OK or PMKT_E_NOMEM. O(n). */
pmkt_status pmkti_quartiles(const pmkt_allocator *allocator, const uint64_t *numbers, int64_t n,
                            double quartile[3]);

#endif
