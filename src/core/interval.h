/*
 * interval.h - what a bootstrap ends with: the percentile interval of many values of one figure.
 */
#ifndef PMKTI_INTERVAL_H
#define PMKTI_INTERVAL_H

#include <stdint.h>

/* Sorts n values, n > 0, none NaN; the quantiles (1 - level) / 2 and 1 less that, linear between two of
   them (Hyndman & Fan 1996, type 7). */
void pmkti_interval(double *values, int64_t n, double level, double *low, double *high);

#endif
