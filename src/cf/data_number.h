/*
 * data_number.h - from ids to dense numbers that ascend as the ids do.
 */
#ifndef PMKTI_CF_DATA_NUMBER_H
#define PMKTI_CF_DATA_NUMBER_H

#include "core/parallel.h"

#define PMKTI_CF_CHUNK 65536    /* rows */
#define PMKTI_CF_GROUP 32       /* rows that are asked for at once */
#define PMKTI_CF_OUT UINT32_MAX /* the number of a row that does not count */

/* Which of the `n` rows from `from` on count: a bit each, the lowest for the first. `from` is a multiple of
   the group, and all are of one chunk. A pass may call it for rows of different chunks at once. */
typedef uint32_t (*pmkti_cf_wanted)(void *ctx, int64_t from, int n, int64_t chunk);

typedef struct pmkti_cf_numbering {
    const uint64_t *column; /* [rows] the ids */
    int64_t rows;
    pmkti_cf_wanted wanted;
    void *ctx;
    uint32_t *number; /* [rows] out: the number of each row's id, or PMKTI_CF_OUT */
    uint64_t *ids;    /* [n] out: the distinct ids, ascending; NULL if there is none */
    int64_t n;
} pmkti_cf_numbering;

/* PMKT_OK, PMKT_E_NOMEM, PMKT_E_CANCELED, or PMKT_E_LIMIT for more than 2^31 - 1 ids. On failure `ids` is
   NULL. `number` is the caller's. */
pmkt_status pmkti_cf_number(const pmkt_allocator *allocator, const pmkti_run *run,
                            pmkti_stage stage, pmkti_cf_numbering *job);

#endif
