/*
 * strings.h - columns of strings for tests of dictionaries, pairs of strings that have the same id,
 * and a dictionary as bytes, to see that two are the same.
 */
#ifndef PMKT_TEST_STRINGS_H
#define PMKT_TEST_STRINGS_H

#include "pmkt.h"
#include "support/files.h"

typedef struct strings {
    char *bytes;
    int64_t *offsets; /* [n + 1] */
    int64_t n;
    int64_t room, rows; /* of the arrays */
} strings;

void strings_add(strings *s, const void *bytes, size_t length);
void strings_free(strings *s);

/* "thing-<number>" for n numbers from `from` on, of growing length now and then. */
void strings_numbered(strings *s, int64_t from, int64_t n);

/* Number `number` of them; its length. */
size_t numbered(int64_t number, char out[64]);

/* Two different strings of 16 bytes with the same id; other numbers give other pairs. */
void strings_collide(uint64_t number, unsigned char a[16], unsigned char b[16]);

/* An empty dictionary, and one that has learned a column; the test fails if it cannot be. */
pmkt_ids *ids_empty(const pmkt_allocator *allocator);
pmkt_ids *ids_of(const strings *s, const pmkt_allocator *allocator);

/* Learns a column, on so many threads, and returns the status. */
pmkt_status ids_learn(pmkt_ids *ids, const strings *s, int32_t threads, uint64_t *id,
                      pmkt_error *err);

/* A dictionary in its canonical form. */
file_bytes ids_bytes(const pmkt_ids *ids);

/* Whether a dictionary has just this form; frees the bytes. */
bool ids_is(const pmkt_ids *ids, file_bytes *bytes);

pmkt_ids_counters ids_counters(const pmkt_ids *ids);

#endif
