/*
 * tally.h - counting what follows what: a table by key for one worker, and sequences to read it
 * from.
 */
#ifndef PMKTI_TALLY_H
#define PMKTI_TALLY_H

#include "intent/chain.h"

/* Counts by key: open addressing, the key 0 being none. */
typedef struct pmkti_tally {
    pmkt_allocator allocator;
    pmkti_count *slot; /* [size], a power of two */
    int64_t size, used;
} pmkti_tally;

/* Adds to the count of a key. PMKT_E_NOMEM: then nothing has changed. */
pmkt_status pmkti_tally_add(pmkti_tally *t, uint64_t key, int64_t buyers, int64_t others);

/* Makes room for so many more keys, so that adding them cannot fail. PMKT_OK, PMKT_E_NOMEM. */
pmkt_status pmkti_tally_reserve(pmkti_tally *t, int64_t keys);

/* The size that this takes. */
int64_t pmkti_tally_size(const pmkti_tally *t, int64_t keys);

/* All that another one holds. */
pmkt_status pmkti_tally_merge(pmkti_tally *t, const pmkti_tally *from);

/* The counts by key, in a new array of t->used. NULL if there is no memory, or nothing counted. */
pmkti_count *pmkti_tally_sorted(const pmkti_tally *t);

/* Nothing is counted any more; the room stays. */
void pmkti_tally_clear(pmkti_tally *t);

void pmkti_tally_free(pmkti_tally *t);

/* Adds a time to those of a pair. Shorter than a second counts as a second in the logarithm. */
void pmkti_dwell_add(pmkti_dwell *d, int64_t ms);
void pmkti_dwell_merge(pmkti_dwell *d, const pmkti_dwell *from);

/* Sequences, of sessions or of paths. */
typedef struct pmkti_sequences {
    int64_t n;
    const int64_t *at;      /* [n + 1] */
    const uint16_t *kind;   /* [at[n]], or */
    const uint32_t *action; /* [at[n]] */
    const int64_t *time;    /* when each was, or */
    const int64_t *dwell;   /* how long after the one before, or neither */
    const uint8_t *bought;  /* or NULL */
} pmkti_sequences;

/* Counts them all into a model that is new but for order, goal and gap. */
pmkt_status pmkti_count_sequences(pmkt_intent *m, const pmkti_sequences *from, const pmkti_run *run,
                                  pmkti_stage stage, pmkt_error *err);

#endif
