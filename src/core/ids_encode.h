/*
 * ids_encode.h - how strings come in: one after another, or, where there are many, by partition.
 */
#ifndef PMKTI_IDS_ENCODE_H
#define PMKTI_IDS_ENCODE_H

#include "core/ids_state.h"

/* A checked batch of strings. */
typedef struct pmkti_strings {
    const unsigned char *bytes; /* may be NULL if all are empty */
    const int64_t *offsets;
    int64_t n;
} pmkti_strings;

static inline pmkti_string pmkti_string_at(const pmkti_strings *strings, int64_t i) {
    static const unsigned char EMPTY[1] = {0};
    if (!strings->bytes) return (pmkti_string){EMPTY, 0}; /* all of them are */
    const int64_t from = strings->offsets[i];
    return (pmkti_string){strings->bytes + from, (size_t)(strings->offsets[i + 1] - from)};
}

/*
 * Learns up to PMKTI_IDS_BLOCK strings, in order. If one fails, *done is how many came before it.
 * With `part` NULL they may be of any partition.
 */
pmkt_status pmkti_ids_learn_block(pmkt_ids *ids, pmkti_ids_part *part, const uint64_t *id,
                                  const pmkti_string *string, size_t n, size_t *done);

/*
 * pmkt_ids_encode for whoever reads data that may be old: a string that has a tombstone is learned
 * only if one of its dates, `when_ms` [n], is at or after that of the tombstone. PMKT_TIME_NULL is
 * no date; `when_ms` NULL: no string has one. All get their ids.
 */
pmkt_status pmkti_ids_encode_dated(pmkt_ids *ids, const char *bytes, const int64_t *offsets,
                                   int64_t n, const int64_t *when_ms, const pmkt_run *run,
                                   uint64_t *id, pmkt_error *err);

/* Marks with 1, in `open` [n_tombs], the tombstones that dated strings may take away. */
pmkt_status pmkti_ids_open_tombs(const pmkt_ids *ids, const pmkti_strings *strings,
                                 const int64_t *when_ms, const pmkti_run *run,
                                 _Atomic uint8_t *open);

/* The ids of the strings, in `id`, and nothing else. */
pmkt_status pmkti_ids_hash(const pmkti_strings *strings, const pmkti_run *run, uint64_t *id);

/* Learns strings by partition, on many threads, between pmkti_ids_begin and _end. `id` may be
   NULL. */
pmkt_status pmkti_ids_learn_many(pmkt_ids *ids, const pmkti_strings *strings, const pmkti_run *run,
                                 uint64_t *id);

#endif
