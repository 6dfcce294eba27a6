/*
 * rows.h - what the rows of a batch are, and where in a state they belong.
 */
#ifndef PMKTI_RFM_ROWS_H
#define PMKTI_RFM_ROWS_H

#include "core/events.h"
#include "rfm/state.h"

#define PMKTI_CHUNK_ROWS 65536 /* a multiple of 8, so that chunks share no byte of the bitmap */

/* What pass one says of a row: partition * 8 + tag, or one of these. */
#define PMKTI_NOWHERE UINT16_MAX      /* rejected or ignored */
#define PMKTI_JOINED (UINT16_MAX - 1) /* a further line of the order of the row before */

/* The account of a chunk of rows. */
typedef struct pmkti_chunk {
    pmkt_report report;
    uint64_t amounts; /* sum of sizes, saturating */
    int64_t first_ms, last_ms;
    uint32_t at[PMKTI_PARTITIONS]; /* rows for each partition; then where to write the next */
} pmkti_chunk;

/* A batch on its way in. */
typedef struct pmkti_batch {
    pmkt_rfm *rfm;
    pmkt_events ev;
    bool any_forgotten;
    uint16_t *where; /* [rows] */
    pmkti_chunk *chunks;
    int64_t n_chunks;
    uint32_t coming[PMKTI_PARTITIONS]; /* rows for each partition, neighbors joined */
    pmkti_row *to[PMKTI_PARTITIONS];   /* where they go */
} pmkti_batch;

/* Where row i goes; *fault becomes why it is rejected (PMKT_BAD_...), or -1. */
uint16_t pmkti_place(const pmkti_batch *batch, int64_t i, int32_t *fault);

/* The size of a row's amount; 0 if it has none or the state looks at none. */
uint64_t pmkti_row_size(const pmkti_batch *batch, int64_t i);

/* Pass one, a pmkti_task: places the rows of a chunk and counts them by partition. */
pmkt_status pmkti_place_chunk(void *batch, int64_t n, int worker);

/* Pass two, a pmkti_task: writes the rows of a chunk to their places, which chunks[n].at and `to`
   say. */
pmkt_status pmkti_write_chunk(void *batch, int64_t n, int worker);

#endif
