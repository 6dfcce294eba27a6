/*
 * index.h - what exact top-k wants to know of a matrix of vectors besides the vectors: small codes that
 * bound every dot product, in order of falling norm. It is made once, with the model, and saved with
 * it; mapped, its arrays lie in the file. `order` is checked where it is used; what else a damaged file
 * may hold leads to wrong answers, not to wrong addresses.
 *
 * Vectors stand in blocks of PMKTI_CF_BLOCK. First come the heads of all blocks, one after another, then,
 * from a multiple of 64 bytes on, their records, of pmkti_cf_block_bytes(d) bytes each:
 *
 *     float step[32]         of the vectors' codes, in units of the block
 *     uint8_t codes[][32][4] 8 coordinates of each of the 32 vectors, then the next 8 ...
 *
 * A coordinate x of a vector is about unit * step * (code - 8), with a code from 1 to 15. Byte j of the
 * four has the codes of the coordinates j (low half) and j + 4 (high half) of the eight. What is beyond d
 * has the code 8, and what is beyond n the step 0.
 *
 * Half a byte a coordinate, for the scan of one query waits for memory: one with whole bytes would lose
 * more time to reading than it saves on what the coarser bound lets through. For what it lets through
 * there is a second set of codes, of a byte a coordinate and vector by vector: x is about
 * unit * step / PMKTI_CF_FINER * code, with a code from -112 to 112 (0 beyond d).
 */
#ifndef PMKTI_CF_INDEX_H
#define PMKTI_CF_INDEX_H

#include <string.h>

#include "core/parallel.h"
#include "pmkt/base.h"

enum {
    PMKTI_CF_BLOCK = 32,
    PMKTI_CF_FINER = 16 /* steps of the finer codes in one of the others */
};

typedef struct pmkti_cf_block_head {
    double per_unit;  /* 1 / unit; the unit is a power of two, and no norm in the block is larger */
    float norm;       /* the largest of the block, in units, rounded up */
    float least_norm; /* the smallest, rounded down */
    float spread;     /* the largest of |error of a vector's codes| / its step, rounded up */
    float reserved[3];
} pmkti_cf_block_head;

typedef struct pmkti_cf_index {
    int64_t n; /* vectors; 0: there is no index */
    int32_t d;
    int32_t reserved;
    const int32_t *order;  /* [n] numbers of the vectors: by falling norm, among equals by number */
    const uint8_t *blocks; /* [pmkti_cf_index_bytes(n, d)] aligned to 16 at least */
    const int8_t *fine;    /* [n * pmkti_cf_fine_width(d)] in the order of `order` */
} pmkti_cf_index;

enum {
    PMKTI_CF_CODES_AT = PMKTI_CF_BLOCK * sizeof(float) /* in a record, bytes */
};

static inline size_t pmkti_cf_block_bytes(int32_t d) {
    return PMKTI_CF_CODES_AT + ((size_t)d + 7) / 8 * 4 * PMKTI_CF_BLOCK;
}

/* d, rounded up to whole groups. */
static inline int32_t pmkti_cf_fine_width(int32_t d) {
    return (d + 7) / 8 * 8;
}

static inline int64_t pmkti_cf_index_blocks(int64_t n) {
    return (n + PMKTI_CF_BLOCK - 1) / PMKTI_CF_BLOCK;
}

static inline size_t pmkti_cf_heads_bytes(int64_t n) {
    return ((size_t)pmkti_cf_index_blocks(n) * sizeof(pmkti_cf_block_head) + 63) / 64 * 64;
}

/* Size of `blocks`; n fits in an int32_t, d is 1 to 1,024. */
static inline size_t pmkti_cf_index_bytes(int64_t n, int32_t d) {
    return pmkti_cf_heads_bytes(n) + (size_t)pmkti_cf_index_blocks(n) * pmkti_cf_block_bytes(d);
}

static inline pmkti_cf_block_head pmkti_cf_index_head(const pmkti_cf_index *index, int64_t block) {
    pmkti_cf_block_head head;
    memcpy(&head, index->blocks + (size_t)block * sizeof head, sizeof head);
    return head;
}

/* The record of a block; those of the next follow. */
static inline const uint8_t *pmkti_cf_index_record(const pmkti_cf_index *index, int64_t block) {
    return index->blocks + pmkti_cf_heads_bytes(index->n) +
           (size_t)block * pmkti_cf_block_bytes(index->d);
}

/* Makes the index of n finite vectors; its arrays come from `allocator`. The same bytes at any number of
   threads. O(n * d + n log n). PMKT_E_NOMEM, PMKT_E_CANCELED: then *index is untouched. */
pmkt_status pmkti_cf_index_new(const float *vectors, int64_t n, int32_t d,
                               const pmkt_allocator *allocator, const pmkti_run *run,
                               pmkti_cf_index *index, pmkt_error *err);

/* Frees the arrays of one that was made (not of one in a mapped file), and empties it. */
void pmkti_cf_index_clear(pmkti_cf_index *index, const pmkt_allocator *allocator);

#endif
