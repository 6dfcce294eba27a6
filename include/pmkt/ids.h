/*
 * ids.h - 64-bit ids.
 *
 * Users, items, orders, sessions and the rest are uint64_t everywhere in the library. Numbers can
 * be used as they are; strings become ids by a frozen hash, the same in every process, language and
 * release, so that results join. 0 is no id. The number 17850 and the string "17850" are different
 * ids: programs that share a state must agree on which of the two a customer is.
 */
#ifndef PMKT_IDS_H
#define PMKT_IDS_H

#include "base.h"
#include "file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------- hash */

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

/* --------------------------------------------------------------- dictionary */

/*
 * The way back from ids to the strings that they were made of. The rest of the library holds ids
 * only; keep a dictionary where answers must name people and things, save it beside the models, and
 * leave it out where they must not.
 *
 *     pmkt_ids *ids = NULL;
 *     pmkt_ids_new(NULL, &ids, &err);
 *     pmkt_ids_encode(ids, bytes, offsets, n, NULL, id, &err);      // strings in, ids out
 *     const char *name = pmkt_ids_name(ids, id[0], &length);        // and back
 */
typedef struct pmkt_ids pmkt_ids;

/* How to make a dictionary. */
typedef struct pmkt_ids_options {
    uint32_t struct_size;            /* sizeof(pmkt_ids_options) */
    int32_t one_way;                 /* 1: encode, but keep nothing, tombstones neither: there is
                                        no way back, and nothing to leak; collisions go unseen */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
    int64_t max_bytes;               /* refuse what would make the dictionary larger; 0 = no limit.
                                        A forgetting is never refused */
} pmkt_ids_options;

#define PMKT_IDS_OPTIONS_INIT \
    { sizeof(pmkt_ids_options), 0, NULL, 0 }

static inline void pmkt_ids_options_init(pmkt_ids_options *options) {
    const pmkt_ids_options defaults = PMKT_IDS_OPTIONS_INIT;
    *options = defaults;
}

/* A new, empty dictionary in *ids. `options` NULL = defaults. Errors: PMKT_E_INVALID,
   PMKT_E_NOMEM. Any thread. Since 0.2. */
PMKT_API pmkt_status pmkt_ids_new(const pmkt_ids_options *options, pmkt_ids **ids, pmkt_error *err);

/* Frees a dictionary, and a mapping that it uses. Since 0.2. */
PMKT_API void pmkt_ids_free(pmkt_ids *ids);

/*
 * The ids of `n` strings, which the dictionary remembers from then on. Repeats are fine. A string
 * that was forgotten is learned anew, and its tombstone goes: whoever encodes old data once more
 * must leave out the forgotten (pmkt_ids_forgotten), for this call cannot know how old a string is.
 * The readers of arrow.h can, and leave them out themselves.
 *
 *   bytes, offsets  as in pmkt_ids_of_strings
 *   run             NULL = all allowed threads, no progress
 *   id              [n]  out, or NULL: only remember
 *
 * Errors: PMKT_E_COLLISION if a string has the id of a different one, known or of the same call;
 * the message quotes both, where = the row; nothing was learned. The id of a collision is
 * ambiguous: rename one of the two. PMKT_E_INVALID; PMKT_E_LIMIT; PMKT_E_CANCELED; PMKT_E_NOMEM;
 * PMKT_E_CORRUPT if a mapped file is damaged where the string would be. `id` is scratch until the
 * call succeeds. One thread at a time. O(bytes). Since 0.2.
 */
PMKT_API pmkt_status pmkt_ids_encode(pmkt_ids *ids, const char *bytes, const int64_t *offsets,
                                     int64_t n, const pmkt_run *run, uint64_t *id, pmkt_error *err);

/*
 * The string of one id and, in *length (or NULL), its bytes; not NUL-terminated. NULL, and a length
 * of 0, if it is not known. Borrowed until the dictionary is next changed. Any number of threads; no
 * allocation. O(1), of a mapped file O(log n). Since 0.2.
 */
PMKT_API const char *pmkt_ids_name(const pmkt_ids *ids, uint64_t id, size_t *length);

/*
 * The strings of `n` ids, one after another. Ask for the size first, with bytes NULL.
 *
 *   bytes    [room]   out, or NULL
 *   offsets  [n + 1]  out: string i is bytes[offsets[i]] up to bytes[offsets[i + 1]]
 *   known    [n]      out, or NULL: 1, or 0 for an id that is not known, whose string is empty
 *
 * Errors: PMKT_E_LIMIT if bytes is not NULL and `room` is less than offsets[n], which is filled all
 * the same, and so is `known`; PMKT_E_CORRUPT if a mapped file is damaged there (where = the row);
 * PMKT_E_OVERFLOW; PMKT_E_INVALID. After any other error what was written is scratch. Any number
 * of threads. O(n + bytes). Since 0.2.
 */
PMKT_API pmkt_status pmkt_ids_decode(const pmkt_ids *ids, const uint64_t *id, int64_t n,
                                     char *bytes, int64_t room, int64_t *offsets, uint8_t *known,
                                     pmkt_error *err);

/*
 * The ids of all strings that are known, ascending.
 *
 *   id    [room]  out, or NULL if room is 0
 *   n     out: how many there are
 *
 * Errors: PMKT_E_LIMIT if `room` is less than *n and not 0, and then only *n is written;
 * PMKT_E_INVALID; PMKT_E_NOMEM; PMKT_E_CORRUPT if a mapped file is damaged, and then `id` is
 * scratch. Any number of threads. O(n). Since 0.2.
 */
PMKT_API pmkt_status pmkt_ids_list(const pmkt_ids *ids, uint64_t *id, int64_t room, int64_t *n,
                                   pmkt_error *err);

/*
 * Adds all strings of `from` to `into`; `from` stays as it is. What either of the two has forgotten
 * is unknown in `into` afterwards, whatever the other knows, and whenever it learned it.
 *
 * Errors: PMKT_E_COLLISION, and then `into` is as it was; PMKT_E_MISMATCH if one of them is one-way
 * and the other not; PMKT_E_INVALID for a dictionary with itself; PMKT_E_LIMIT; PMKT_E_CANCELED;
 * PMKT_E_CORRUPT if one of them uses a damaged file; PMKT_E_NOMEM. One thread at a time for `into`,
 * no writer of `from`. O(both). Since 0.2.
 */
PMKT_API pmkt_status pmkt_ids_merge(pmkt_ids *into, const pmkt_ids *from, const pmkt_run *run,
                                    pmkt_error *err);

/*
 * Forgets strings: their bytes are overwritten now, and a tombstone with the date `when_ms` (the
 * caller's now) stays for each id, so that neither merging an old dictionary nor reading an old
 * dataframe (arrow.h) brings them back. Ids that are not known get a tombstone as well. A mapped
 * file is not written to: what was forgotten is gone from this handle, and from the next file that
 * it saves.
 *
 *   id     [n]  in any order, repeats allowed; PMKT_ID_NONE is skipped
 *   found  out, or NULL: how many different ids were known
 *
 * Errors: PMKT_E_INVALID (also when_ms outside [PMKT_TIME_MIN, PMKT_TIME_MAX]); PMKT_E_NOMEM.
 * One thread at a time. O(n log n + tombstones), so forget many in one call. 16 bytes a tombstone.
 * Since 0.2.
 */
PMKT_API pmkt_status pmkt_ids_forget(pmkt_ids *ids, const uint64_t *id, int64_t n, int64_t when_ms,
                                     int64_t *found, pmkt_error *err);

/*
 * The tombstones, ascending by id: to show what was forgotten, or to forget it elsewhere too.
 *
 *   id       [room]  out, or NULL if room is 0
 *   when_ms  [room]  out, or NULL if room is 0: the date of each
 *   n        out: how many there are; 0 if the dictionary is one-way
 *
 * Errors: PMKT_E_LIMIT if `room` is less than *n and not 0, and then only *n is written;
 * PMKT_E_INVALID; PMKT_E_CORRUPT if a mapped file is damaged there, and then `id` and `when_ms` are
 * scratch. Any number of threads; no allocation. O(tombstones). Since 0.2.
 */
PMKT_API pmkt_status pmkt_ids_forgotten(const pmkt_ids *ids, uint64_t *id, int64_t *when_ms,
                                        int64_t room, int64_t *n, pmkt_error *err);

/* What a dictionary holds; filled by pmkt_ids_stats. */
typedef struct pmkt_ids_counters {
    uint32_t struct_size; /* in: sizeof(pmkt_ids_counters) */
    int32_t one_way;
    int64_t generation;   /* rises with every call that changed the dictionary */
    int64_t strings;      /* known now */
    int64_t string_bytes; /* of them, together */
    int64_t forgotten;    /* tombstones */
    int64_t bytes;        /* memory of the dictionary now, without a mapping */
    int64_t bytes_mapped; /* of the file that it uses in place */
} pmkt_ids_counters;

#define PMKT_IDS_COUNTERS_INIT \
    { sizeof(pmkt_ids_counters), 0, 0, 0, 0, 0, 0, 0 }

static inline void pmkt_ids_counters_init(pmkt_ids_counters *counters) {
    const pmkt_ids_counters empty = PMKT_IDS_COUNTERS_INIT;
    *counters = empty;
}

/* Reads the counters. Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.2. */
PMKT_API pmkt_status pmkt_ids_stats(const pmkt_ids *ids, pmkt_ids_counters *out, pmkt_error *err);

/*
 * Saves, loads, maps and verifies a dictionary; see file.h for what each promises. `run` NULL = all
 * allowed threads. A loaded or mapped dictionary can be changed like any other; a mapped one keeps
 * what is new in memory. _verify also sees that every id is that of its string; what is in memory
 * only is verified at once.
 *
 * Errors: PMKT_E_IO; PMKT_E_FORMAT; PMKT_E_CORRUPT; PMKT_E_UNSUPPORTED (mapping a compressed file,
 * or a build without zstd); PMKT_E_LIMIT; PMKT_E_INVALID; PMKT_E_CANCELED; PMKT_E_NOMEM. Any number
 * of threads may save or verify. O(bytes), but _map O(1). Since 0.2.
 */
PMKT_API pmkt_status pmkt_ids_save(const pmkt_ids *ids, const char *path,
                                   const pmkt_save_options *options, const pmkt_run *run,
                                   pmkt_error *err);
PMKT_API pmkt_status pmkt_ids_save_memory(const pmkt_ids *ids, const pmkt_save_options *options,
                                          const pmkt_run *run, pmkt_buffer **buffer,
                                          pmkt_error *err);
PMKT_API pmkt_status pmkt_ids_load(const char *path, const pmkt_load_options *options,
                                   const pmkt_run *run, pmkt_ids **ids, pmkt_error *err);
PMKT_API pmkt_status pmkt_ids_load_memory(const void *bytes, size_t size,
                                          const pmkt_load_options *options, const pmkt_run *run,
                                          pmkt_ids **ids, pmkt_error *err);
PMKT_API pmkt_status pmkt_ids_map(const char *path, const pmkt_load_options *options,
                                  pmkt_ids **ids, pmkt_error *err);
PMKT_API pmkt_status pmkt_ids_verify(const pmkt_ids *ids, const pmkt_run *run, pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
