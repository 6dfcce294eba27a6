/*
 * fold.h - makes the folded form of a partition out of folded parts and pending rows.
 */
#ifndef PMKTI_RFM_FOLD_H
#define PMKTI_RFM_FOLD_H

#include "rfm/state.h"

#define PMKTI_SORT_BITS 14 /* of the key, for buckets; more would leave the cache */
#define PMKTI_SORT_COUNTS ((1 << PMKTI_SORT_BITS) + 1)

/* Memory that folds reuse; one a worker. All-zero to begin with. */
typedef struct pmkti_fold_scratch {
    PMKTI_ARRAY(pmkti_row) sorted; /* n is not used */
    PMKTI_ARRAY(pmkti_row) spare;
    uint32_t *counts;
    bool roomy;        /* leave results some room to grow */
    pmkti_part result; /* before it is copied out: fresh memory costs more than a copy in cache */
} pmkti_fold_scratch;

pmkti_fold_scratch *pmkti_fold_scratch_new(const pmkt_allocator *allocator, int workers);
void pmkti_fold_scratch_free(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch,
                             int workers);

/*
 * Folds `a`, and `b` unless it is NULL, with their pending rows, into the folded arrays of `out`,
 * which may be all-zero, or have arrays that are used again where they have room, or be `a` itself.
 * Its pending rows and tombs are left alone. Tombs are not looked at. On failure `out` is as it
 * was.
 */
pmkt_status pmkti_fold(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch, int32_t mode,
                       const pmkti_part *a, const pmkti_part *b, pmkti_part *out);

/* Folds a partition in place, tombs kept. On failure it is as it was. */
pmkt_status pmkti_fold_in_place(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch,
                                int32_t mode, pmkti_part *part);

/* Puts a folded partition in the place of an old one, whose tombs it takes over. */
void pmkti_part_replace(const pmkt_allocator *allocator, pmkti_part *part, pmkti_part *folded);

/* The two modes; `rows` is sorted; the result overwrites `out`, which is the scratch's. For
   pmkti_fold alone. */
pmkt_status pmkti_fold_history(const pmkt_allocator *allocator, const pmkti_part *a,
                               const pmkti_part *b, const pmkti_row *rows, size_t n_rows,
                               pmkti_part *out);
pmkt_status pmkti_fold_summary(const pmkt_allocator *allocator, const pmkti_part *a,
                               const pmkti_part *b, const pmkti_row *rows, size_t n_rows,
                               pmkti_part *out);

/* A new array for n elements in the place of one whose content is not needed; NULL, and no room, if
   there is no memory. */
void *pmkti_renew(const pmkt_allocator *allocator, void *at, size_t *room, size_t n, size_t size);

/* Makes room for n elements in such an array; true if there is. */
#define PMKTI_MAKE_ROOM(allocator, array, n) \
    ((n) <= (array).room || ((array).at = pmkti_renew(allocator, (array).at, &(array).room, n, \
                                                      sizeof *(array).at)) != NULL)

/*
 * Removes from a partition without pending rows what its tombs forget; never fails. Returns how
 * many customers lost something.
 */
int64_t pmkti_part_bury(pmkti_part *part, int32_t mode);

/*
 * Sorts rows of one partition from `in` to `out` (not overlapping): by key, order, stamp and
 * amount, or, with `keys_only`, by key alone, rows of one key staying as they came. O(n) for evenly
 * spread keys, O(n log n) at worst. PMKT_OK or PMKT_E_NOMEM.
 */
pmkt_status pmkti_sort_rows(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch,
                            const pmkti_row *in, pmkti_row *out, size_t n, bool keys_only);

#endif
