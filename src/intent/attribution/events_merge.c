/*
 * events_merge.c - one row for all who went the same way.
 */
#include <string.h>

#include "core/alloc.h"
#include "intent/attribution/events.h"
#include "intent/attribution/numbers.h"

static bool is_same_path(const pmkt_attribution_data *d, int64_t j, int64_t k) {
    const int64_t n = d->at[j + 1] - d->at[j];
    if (n != d->at[k + 1] - d->at[k]) return false;
    return n == 0 || memcmp(d->channel + d->at[j], d->channel + d->at[k],
                            (size_t)n * sizeof *d->channel) == 0;
}

/* Moves path j to row k, which is not later. */
static void move(pmkt_attribution_data *d, int64_t j, int64_t k) {
    const int64_t n = d->at[j + 1] - d->at[j];
    memmove(d->channel + d->at[k], d->channel + d->at[j], (size_t)n * sizeof *d->channel);
    d->at[k + 1] = d->at[k] + n;
    d->conversions[k] = d->conversions[j];
    d->values[k] = d->values[j];
    d->nulls[k] = d->nulls[j];
}

static void add(pmkt_attribution_data *d, int64_t j, int64_t k) {
    d->conversions[k] += d->conversions[j];
    d->values[k] += d->values[j];
    d->nulls[k] += d->nulls[j];
}

/* The number of a path: that of its hash or, where different paths share a hash, of the next key that is
   free or its own. Rows are moved as they are numbered, so that row and number are one. */
static pmkt_status merge_path(pmkt_attribution_data *d, pmkti_attribution_numbers *m, int64_t j,
                              int64_t *kept) {
    const int64_t begin = d->at[j], n = d->at[j + 1] - begin;
    uint64_t key = pmkti_xxh3(d->channel + begin, (size_t)n * sizeof *d->channel);
    for (;; key++) {
        int64_t row = 0;
        const pmkt_status status = pmkti_attribution_number(m, key ? key : 1, &row);
        if (status) return status;
        if (row == *kept) {
            /* d->at[row + 1] of a row before j may be overwritten: nobody reads it as a source again. */
            move(d, j, (*kept)++);
            return PMKT_OK;
        }
        if (is_same_path(d, j, row)) {
            add(d, j, row);
            return PMKT_OK;
        }
    }
}

pmkt_status pmkti_attribution_merge(pmkt_attribution_data *data) {
    pmkti_attribution_numbers m = {0};
    int64_t kept = 0;
    pmkt_status status = pmkti_attribution_numbers_begin(&m, &data->allocator);
    for (int64_t j = 0; j < data->paths.paths && !status; j++) {
        status = merge_path(data, &m, j, &kept);
    }
    pmkti_attribution_numbers_end(&m);
    if (!status) data->paths.paths = kept;
    return status;
}
