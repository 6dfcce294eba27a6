/*
 * ids.h - 64-bit ids.
 *
 * Users, items, orders, sessions and the rest are uint64_t everywhere in the library. Numbers can
 * be used as they are; strings become ids by a frozen hash, the same in every process, language and
 * release, so that results join. 0 is no id.
 */
#ifndef PMKT_IDS_H
#define PMKT_IDS_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* No id: the null of every id column. */
#define PMKT_ID_NONE UINT64_C(0)

/*
 * The id of a string: XXH3-64 of its bytes, seed 0, where a hash of 0 becomes 1. An empty string is
 * a string like any other. Two different strings get the same id with a chance of about 3 in a
 * million at 10 million strings, unless somebody crafts them. This is not a keyed hash: it neither
 * hides a phone number nor withstands whoever can choose the strings.
 *
 * bytes may be NULL only if length is 0 (else the result is PMKT_ID_NONE). Any thread, no
 * allocation, O(length). Since 0.1.
 */
PMKT_API uint64_t pmkt_id_of_bytes(const void *bytes, size_t length);

/*
 * The ids of `n` strings that lie one after another (the layout of an Arrow string column).
 *
 *   bytes    the strings' bytes; may be NULL if all are empty
 *   offsets  [n + 1]  string i is bytes[offsets[i]] up to, not including, bytes[offsets[i + 1]];
 *            must start at 0 or above and never fall
 *   id       [n]  out
 *
 * Errors: PMKT_E_INVALID (where = the row of a falling offset, and nothing is written).
 * Any thread. O(bytes). Since 0.1.
 */
PMKT_API pmkt_status pmkt_ids_of_strings(const char *bytes, const int64_t *offsets, int64_t n,
                                         uint64_t *id, pmkt_error *err);

/*
 * Ids that a dataframe holds as floating-point numbers, as pandas does once a column has a gap:
 * an integer from 1 to 2^53 is that id; NaN is PMKT_ID_NONE. Anything else is bad: a fraction,
 * zero, a negative number, or more than 2^53, where neighboring numbers merge.
 *
 *   on_bad  PMKT_ON_BAD_FAIL: the first bad value ends the call; PMKT_ON_BAD_SKIP: it becomes
 *           PMKT_ID_NONE, which whoever reads the batch then counts as missing
 *   n_bad   out, or NULL: how many values were bad (and skipped)
 *
 * Errors: PMKT_E_BAD_ROW (where = the row; `id` is filled up to it); PMKT_E_INVALID.
 * Any thread. O(n). Since 0.1.
 */
PMKT_API pmkt_status pmkt_ids_of_doubles(const double *value, int64_t n, int32_t on_bad,
                                         uint64_t *id, int64_t *n_bad, pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
