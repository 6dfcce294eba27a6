/*
 * rows.h - what the rows of a batch are, and where in a state they belong.
 */
#ifndef PMKTI_RFM_ROWS_H
#define PMKTI_RFM_ROWS_H

#include "core/events.h"
#include "core/parallel.h"
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

/*
 * A batch on its way in, taken slice by slice: a small one whole, a large one in slices, so that
 * the memory for rows on their way does not grow with the batch. Chunks lie at multiples of
 * PMKTI_CHUNK_ROWS of the batch, wherever a slice begins.
 */
typedef struct pmkti_batch {
    pmkt_rfm *rfm;
    pmkt_events ev;
    pmkti_chunk total; /* over all slices so far */
    bool any_forgotten;
    int64_t from, to;                /* the slice */
    uint64_t amounts_before;         /* total.amounts before this slice */
    PMKTI_ARRAY(uint16_t) where;     /* [to - from] */
    PMKTI_ARRAY(pmkti_chunk) chunks; /* those of the slice */
    size_t n_coming;
    uint32_t coming[PMKTI_PARTITIONS]; /* rows for each partition, neighbors joined */
    pmkti_row *dest[PMKTI_PARTITIONS]; /* where they go */
} pmkti_batch;

/* Where row i goes; *fault becomes why it is rejected (PMKT_BAD_...), or -1. */
uint16_t pmkti_place(const pmkti_batch *batch, int64_t i, int32_t *fault);

/* The size of a row's amount; 0 if it has none or the state looks at none. */
uint64_t pmkti_row_size(const pmkti_batch *batch, int64_t i);

/* True if row i, i > 0, has the user and the order of the row before: a slice must not begin there.
   */
bool pmkti_row_joins(const pmkt_events *ev, int64_t i);

/*
 * Pass one: makes rows [from, to) the slice, decides where each goes, and counts them by partition
 * and into the total. PMKT_OK, PMKT_E_NOMEM or PMKT_E_CANCELED.
 */
pmkt_status pmkti_place_slice(pmkti_batch *batch, const pmkti_run *run, pmkti_stage stage,
                              int64_t from, int64_t to);

/* Pass two: writes the rows of the slice to `dest`. PMKT_OK or PMKT_E_CANCELED. */
pmkt_status pmkti_write_slice(pmkti_batch *batch, const pmkti_run *run, pmkti_stage stage);

void pmkti_batch_clear(pmkti_batch *batch);

#endif
