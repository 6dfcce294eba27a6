/*
 * poisson.h - Poisson random numbers out of a stream that is a function of its key alone.
 */
#ifndef PMKTI_ATTRIBUTION_POISSON_H
#define PMKTI_ATTRIBUTION_POISSON_H

#include "core/hash.h"

/* Number i of a stream is a hash of the key and i. */
typedef struct pmkti_attribution_stream {
    uint64_t key, drawn;
} pmkti_attribution_stream;

/* Evenly from [0, 1). */
static inline double pmkti_attribution_uniform(pmkti_attribution_stream *s) {
    const uint64_t x = pmkti_mix(s->key + ++s->drawn * UINT64_C(0x9e3779b97f4a7c15));
    return (double)(x >> 11) * 0x1p-53;
}

/* `zero` is exp(-mean), which a caller who draws often from one mean need not compute anew. */
double pmkti_attribution_poisson(pmkti_attribution_stream *s, double mean, double zero);

#endif
