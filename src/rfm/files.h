/*
 * files.h - how an RFM state lies in a file, and what a state that uses a file in place keeps of it.
 *
 *   HEAD    one pmkti_rfm_head
 *   ZONE    the transitions of the zone, may be empty
 *   DATA    one partition after another, folded: its customers and then its orders (history), or
 *           its entries (summary), as state.h has them
 *   TOMBS   one partition after another
 *   INDEX   one pmkti_rfm_index for each partition that is not empty, ascending: where its parts are
 *           follows from those before it
 *
 * What is not saved: pending rows are folded; `generation`, limits and spare room are of the handle.
 * So states that know the same, and counted the same rows on the way, are the same bytes.
 */
#ifndef PMKTI_RFM_FILES_H
#define PMKTI_RFM_FILES_H

#include <stdatomic.h>

#include "core/container.h"
#include "rfm/state.h"

enum {
    PMKTI_RFM_HEAD = 1,
    PMKTI_RFM_ZONE = 2,
    PMKTI_RFM_DATA = 3,
    PMKTI_RFM_TOMBS = 4,
    PMKTI_RFM_INDEX = 5
};

#define PMKTI_RFM_VERSION 1 /* of each of them */

typedef struct pmkti_rfm_head {
    int32_t mode;
    int32_t unpriced;
    char currency[8];
    int32_t currency_exponent;
    int32_t zone_offset_minutes;
    int64_t rows_accepted, rows_rejected, rows_ignored;
    int64_t first_ms, last_ms; /* INT64_MAX and INT64_MIN if no row was accepted */
    uint64_t amounts;
} pmkti_rfm_head;

typedef struct pmkti_rfm_index {
    uint32_t partition;
    uint32_t customers; /* or entries */
    uint32_t orders;    /* 0 in a summary */
    uint32_t tombs;
    uint64_t amounts; /* the sizes of all amounts (history) or revenues (summary) in it */
} pmkti_rfm_index;

_Static_assert(sizeof(pmkti_rfm_head) == 72, "a head is 72 bytes");
_Static_assert(sizeof(pmkti_rfm_index) == 24, "an index is 24 bytes a partition");

/* What was checked of a partition of a file. */
enum {
    PMKTI_UNCHECKED = 0,
    PMKTI_TOMBS_CHECKED = 1,
    PMKTI_ALL_CHECKED = 2
};

/* Where a state came from: while it is loaded, or as long as it lives if it is mapped. */
typedef struct pmkti_origin {
    pmkti_container *container;
    pmkti_span data, tombs;
    size_t data_at[PMKTI_PARTITIONS + 1]; /* bytes into the sections */
    size_t tombs_at[PMKTI_PARTITIONS + 1];
    uint64_t amounts[PMKTI_PARTITIONS];
    _Atomic uint8_t checked[PMKTI_PARTITIONS];
    _Atomic int32_t bad; /* a partition that is damaged, plus 1; 0: none was seen */
} pmkti_origin;

/*
 * Checks everything about a partition that the code which reads it relies on, so that no damage can
 * lead out of an array or a sum out of its bits: order, ranges, and that the amounts are as many as
 * the index says. PMKT_E_CORRUPT (where = the byte).
 */
pmkt_status pmkti_part_check(const pmkt_rfm *rfm, const pmkti_origin *origin, int64_t p,
                             pmkt_error *err);
pmkt_status pmkti_tombs_check(const pmkt_rfm *rfm, const pmkti_origin *origin, int64_t p,
                              pmkt_error *err);

/* Must be PMKT_OK before a partition (or its tombs alone) is read: the first time, a mapped one is
   checked. Any number of threads. PMKT_E_CORRUPT without a message. */
pmkt_status pmkti_origin_ready(const pmkt_rfm *rfm, int64_t p, uint8_t what);

static inline pmkt_status pmkti_part_ready(const pmkt_rfm *rfm, int64_t p) {
    return rfm->origin ? pmkti_origin_ready(rfm, p, PMKTI_ALL_CHECKED) : PMKT_OK;
}
static inline pmkt_status pmkti_tombs_ready(const pmkt_rfm *rfm, int64_t p) {
    return rfm->origin ? pmkti_origin_ready(rfm, p, PMKTI_TOMBS_CHECKED) : PMKT_OK;
}

/* Whether a mapped state came upon damage. */
bool pmkti_rfm_damaged(const pmkt_rfm *rfm);

/* The message for what work on a state ended with, damage included; PMKT_OK passes. */
pmkt_status pmkti_rfm_stopped(pmkt_error *err, const pmkt_rfm *rfm, pmkt_status status);

/* Gives back what a mapped state holds of its file. */
void pmkti_origin_free(const pmkt_allocator *allocator, pmkti_origin *origin);

#endif
