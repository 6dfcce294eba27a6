/*
 * rfm_dump.h - states and scores as bytes, to say that two are equal.
 *
 * The canonical bytes of a state are what it knows: its mode, and of every partition, folded, the
 * customers, orders, entries and tombs. How much of it is pending, spare room and counters are not
 * part of it, so that two ways to the same knowledge give the same bytes.
 */
#ifndef PMKT_TEST_RFM_DUMP_H
#define PMKT_TEST_RFM_DUMP_H

#include <stdbool.h>

#include "pmkt.h"

/* Free `at` with free(). */
typedef struct dump {
    unsigned char *at;
    size_t n, room;
} dump;

/* The canonical bytes of a state. */
dump rfm_dump(const pmkt_rfm *rfm);

/* Every column and cut of scores. */
dump scores_dump(const pmkt_rfm_scores *scores);

void dump_free(dump *d);

/* Whether two dumps are the same bytes. */
bool dump_equal(const dump *a, const dump *b);

/* Asserts that two dumps are the same bytes, and frees both. */
void dump_check_equal(dump a, dump b);

/* Whether two states have the same canonical bytes. */
bool rfm_equal(const pmkt_rfm *a, const pmkt_rfm *b);

/* Whether two scores have the same columns. */
bool scores_equal(const pmkt_rfm_scores *a, const pmkt_rfm_scores *b);

#endif
