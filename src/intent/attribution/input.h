/*
 * input.h - the caller's paths, checked, with channels as small numbers and every count written out.
 */
#ifndef PMKTI_ATTRIBUTION_INPUT_H
#define PMKTI_ATTRIBUTION_INPUT_H

#include <stdbool.h>

#include "pmkt/attribution.h"

typedef struct pmkti_attribution_input {
    const pmkt_allocator *allocator;
    int64_t paths, touches;
    int32_t channels;
    const int64_t *at;    /* the caller's; never NULL if there are paths */
    const int64_t *time;  /* the caller's, or NULL */
    uint64_t *channel_id; /* [channels] ascending */
    int32_t *touch;       /* [touches] the number of the channel */
    double *conversions;  /* [paths] */
    double *nulls;        /* [paths] */
    double *values;       /* [paths], or NULL */
    double total_conversions, total_values, total_nulls;
    double empty_conversions, empty_values; /* of paths without a touch */
} pmkti_attribution_input;

/* Checks and copies; what fails, fails here. The allocator must stay. */
pmkt_status pmkti_attribution_input_make(pmkti_attribution_input *in,
                                         const pmkt_attribution_paths *paths, bool ignore_nulls,
                                         const pmkt_allocator *allocator, pmkt_error *err);
void pmkti_attribution_input_clear(pmkti_attribution_input *in);

#endif
