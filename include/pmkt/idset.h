/*
 * idset.h - sets of ids: what selections return and filters take.
 *
 * A set can be changed while others read it, which is what a list of items in stock needs: one
 * thread updates, any number of threads ask, none waits for another longer than it takes to look up
 * one id. Operations on whole sets (union, intersection, difference) give new sets.
 */
#ifndef PMKT_IDSET_H
#define PMKT_IDSET_H

#include "base.h"
#include "ids.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A set of ids. */
typedef struct pmkt_idset pmkt_idset;

/*
 * A set of `n` ids, in any order, repeats allowed; PMKT_ID_NONE is skipped, for it is no id.
 * `allocator` NULL = the C heap; copied.
 *
 * Errors: PMKT_E_INVALID, PMKT_E_NOMEM. Any thread. O(n). Since 0.2.
 */
PMKT_API pmkt_status pmkt_idset_new(const uint64_t *ids, int64_t n, const pmkt_allocator *allocator,
                                    pmkt_idset **set, pmkt_error *err);

/* Frees a set, which nobody may use any more. Since 0.2. */
PMKT_API void pmkt_idset_free(pmkt_idset *set);

/*
 * Takes ids out and puts ids in: an id in both lists is in the set afterwards, and no reader misses
 * one meanwhile that was there before, so that a whole list can be given in place of another.
 * Readers see each id change at once, and those of one call one after another. PMKT_ID_NONE is
 * skipped; adding what is there and removing what is not changes nothing. Memory that readers may
 * still look at is kept for the next growth, until the set is freed; a copy (the union of the set
 * with itself) has none of it.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_NOMEM, and then nothing has changed. One updater at a time; any
 * number of readers meanwhile. O(n), amortized; up to 26 bytes an id to add meanwhile, where both
 * lists have ids. Since 0.2.
 */
PMKT_API pmkt_status pmkt_idset_update(pmkt_idset *set, const uint64_t *remove, int64_t n_remove,
                                       const uint64_t *add, int64_t n_add, pmkt_error *err);

/*
 * 1 if the id is in the set, else 0; 0 for NULL. Any number of threads, also during an update; no
 * allocation. O(1). Since 0.2.
 */
PMKT_API int32_t pmkt_idset_contains(const pmkt_idset *set, uint64_t id);

/*
 * The same for many: `in` [n] gets 1 or 0 for each. Faster than one by one, for the memory of later
 * ids is fetched while earlier ones are looked up.
 *
 * Errors: PMKT_E_INVALID. Any number of threads, also during an update. O(n). Since 0.2.
 */
PMKT_API pmkt_status pmkt_idset_contains_many(const pmkt_idset *set, const uint64_t *ids, int64_t n,
                                              uint8_t *in, pmkt_error *err);

/* How many ids are in the set; 0 for NULL. Any number of threads, also during an update. O(1).
   Since 0.2. */
PMKT_API int64_t pmkt_idset_count(const pmkt_idset *set);

/*
 * The ids of the set, ascending.
 *
 *   ids   [room]  out, or NULL if room is 0
 *   n     out: how many there are
 *
 * Errors: PMKT_E_LIMIT if `room` is less than *n and not 0, and then `ids` is scratch;
 * PMKT_E_INVALID. Any number of threads; during an update each id is the old or the new state of
 * that id. O(n). Since 0.2.
 */
PMKT_API pmkt_status pmkt_idset_list(const pmkt_idset *set, uint64_t *ids, int64_t room, int64_t *n,
                                     pmkt_error *err);

/*
 * New sets: what is in one of the two, in both, in `a` but not in `b`. The new set has the
 * allocator of `a`, and lives on its own. Both may be the same set.
 *
 * Errors: PMKT_E_INVALID, PMKT_E_NOMEM. Any number of threads, no update of `a` or `b` meanwhile.
 * O(a + b). Since 0.2.
 */
PMKT_API pmkt_status pmkt_idset_union(const pmkt_idset *a, const pmkt_idset *b, pmkt_idset **set,
                                      pmkt_error *err);
PMKT_API pmkt_status pmkt_idset_intersect(const pmkt_idset *a, const pmkt_idset *b,
                                          pmkt_idset **set, pmkt_error *err);
PMKT_API pmkt_status pmkt_idset_difference(const pmkt_idset *a, const pmkt_idset *b,
                                           pmkt_idset **set, pmkt_error *err);

/* Memory of the set now, in bytes; 0 for NULL. Any number of threads. O(1). Since 0.2. */
PMKT_API int64_t pmkt_idset_bytes(const pmkt_idset *set);

#ifdef __cplusplus
}
#endif

#endif
