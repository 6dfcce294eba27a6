/*
 * rfm_file.h - states worth saving, and the calls that save and load with fewer arguments.
 */
#ifndef PMKT_TEST_RFM_FILE_H
#define PMKT_TEST_RFM_FILE_H

#include "support/files.h"
#include "support/rfm.h"

/* Kinds of state; every one has customers of each sort, and rows that are still pending. */
enum {
    SAVED_HISTORY,
    SAVED_SUMMARY,
    SAVED_UNPRICED,
    SAVED_UNPRICED_SUMMARY,
    SAVED_ZONE,  /* a history with a table of transitions and a currency */
    SAVED_TOMBS, /* a history with forgotten users, some of whom came back */
    SAVED_TOMBS_SUMMARY,
    SAVED_EMPTY,
    SAVED_KINDS
};

/* Options of such a state. */
pmkt_rfm_options saved_options(int kind);

/* A state of `users` users with about four rows each, in two batches; `seed` is for the rows. */
pmkt_rfm *saved_state(int kind, int64_t users, uint64_t seed);

/* More rows for such a state. */
batch saved_rows(int kind, int64_t users, int64_t rows, uint64_t seed);
void saved_add(pmkt_rfm *rfm, int kind, const batch *b);

/* An instant after all of their events. */
int64_t saved_as_of(void);

/* The state as bytes; it must be savable. */
file_bytes state_bytes(const pmkt_rfm *rfm);

void save_to(const pmkt_rfm *rfm, const char *path);
pmkt_rfm *load_from(const char *path);
pmkt_rfm *load_bytes(const file_bytes *f);
pmkt_rfm *map_from(const char *path);

/* Asserts that two states know and count the same: their files are the same bytes. */
void check_same_state(const pmkt_rfm *a, const pmkt_rfm *b);

#endif
