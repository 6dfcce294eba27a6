/*
 * index.h - what exact top-k wants to know of a matrix of vectors besides the vectors: codes of 8 bits,
 * norms, an order by norm. It is made once, with the model, and saved with it.
 */
#ifndef PMKTI_CF_INDEX_H
#define PMKTI_CF_INDEX_H

#include "pmkt/base.h"

typedef struct pmkti_cf_index {
    int64_t n;
} pmkti_cf_index;

#endif
